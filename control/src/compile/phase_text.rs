//! The phase language: from the lines of a `*.phase` file to phases, sections and steps.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use model::{Dimension, Source, Unit, nearest};

use super::lexer::Unread;
use super::phase_lines::{STATEMENTS, first_word, lines};
use super::phase_ways::WayText;
use super::phase_words::{Number, NumberOrName, Read, Words};
use super::place::{Place, Text};
use super::quantity::parse_unit;
use super::report::{Mistake, Report};
use crate::plant::Otherwise;

/// More steps than this in one section are no sequence that a person can follow.
const STEPS: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Running,
    Holding,
    Restarting,
    Stopping,
    Aborting,
}

impl Section {
    pub(super) const ALL: [Self; 5] =
        [Self::Running, Self::Holding, Self::Restarting, Self::Stopping, Self::Aborting];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Holding => "HOLDING",
            Self::Restarting => "RESTARTING",
            Self::Stopping => "STOPPING",
            Self::Aborting => "ABORTING",
        }
    }
}

#[derive(Debug)]
pub(super) struct PhaseText {
    pub(super) name: Text,
    pub(super) unit: Text,
    pub(super) description: String,
    pub(super) parameters: Vec<ParameterText>,
    pub(super) sections: Vec<SectionText>,
}

#[derive(Debug)]
pub(super) struct ParameterText {
    pub(super) name: Text,
    pub(super) description: String,
    pub(super) unit: Unit,
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Unit and limits are as the text says; otherwise a mistake is reported already.
    pub(super) sure: bool,
}

#[derive(Debug)]
pub(super) struct SectionText {
    pub(super) section: Section,
    pub(super) place: Place,
    pub(super) steps: Vec<StepText>,
}

#[derive(Debug)]
pub(super) struct StepText {
    pub(super) name: Option<Text>,
    pub(super) title: String,
    pub(super) place: Place,
    pub(super) actions: Vec<ActionText>,
    pub(super) ways: Vec<WayText>,
    /// Where STAY stands.
    pub(super) stay: Option<Place>,
    pub(super) within: Option<WithinText>,
    /// A way out of it could not be read: where it leads is not known.
    pub(super) unread: bool,
}

impl StepText {
    fn new(name: Option<Text>, title: String, place: Place) -> Self {
        Self {
            name,
            title,
            place,
            actions: Vec::new(),
            ways: Vec::new(),
            stay: None,
            within: None,
            unread: false,
        }
    }
}

#[derive(Debug)]
pub(super) struct ActionText {
    pub(super) target: Text,
    pub(super) value: Text,
}

/// How long a step may take.
#[derive(Debug)]
pub(super) enum Limit {
    Ms(u32),
    /// As long as this parameter says.
    Of(Text),
}

#[derive(Debug)]
pub(super) struct WithinText {
    pub(super) limit: Limit,
    pub(super) otherwise: Otherwise,
    pub(super) why: String,
    pub(super) place: Place,
    /// Where HOLD, ABORT or ALARM stands.
    pub(super) word: Place,
}

pub(super) fn parse(index: u32, source: &Source, report: &mut Report) -> Vec<PhaseText> {
    let mut parser = Parser { index, text: &source.text, phases: Vec::new(), report };
    let mut lost = false;
    for line in lines(&source.text) {
        if let Err(unread) = parser.line(line.clone()) {
            parser.lose_way(&source.text[line]);
            // Without a phase every line is lost; one message says so.
            if core::mem::replace(&mut lost, parser.phases.is_empty()) {
                continue;
            }
            let place = Place::new(index, unread.span);
            parser
                .report
                .add(Mistake::error(unread.code, unread.message).at(place, "here").help(unread.help));
        }
    }
    parser.finish()
}

pub(super) struct Parser<'s, 'r> {
    index: u32,
    pub(super) text: &'s str,
    phases: Vec<PhaseText>,
    report: &'r mut Report,
}

impl Parser<'_, '_> {
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.index, span)
    }

    pub(super) fn exact(&self, span: Range<usize>) -> Text {
        let value = self.text.get(span.clone()).unwrap_or_default().to_string();
        Text::exact(value, self.place(span.clone()), span.start)
    }

    /// A line that is no assignment and could not be read may have been a way out of its step.
    fn lose_way(&mut self, line: &str) {
        let word = first_word(line);
        let within = |phase: &mut PhaseText| {
            phase.sections.last_mut()?.steps.last_mut().map(|step| step.unread = true)
        };
        let others = ["PHASE", "PARAM", "STEP", "WITHIN"].into_iter().chain(Section::ALL.map(Section::word));
        if !line.contains(":=") && !others.into_iter().any(|other| other.eq_ignore_ascii_case(word)) {
            self.phases.last_mut().and_then(within);
        }
    }

    fn line(&mut self, span: Range<usize>) -> Read {
        let text = &self.text[span.clone()];
        let word = first_word(text);
        let rest = span.start + word.len()..span.end;
        let Some(statement) = STATEMENTS.into_iter().find(|statement| statement.eq_ignore_ascii_case(word))
        else {
            let near = nearest(word, STATEMENTS.into_iter());
            return match near {
                // Reported, and read as what was probably meant.
                Some(near) if !text.contains(":=") => {
                    let unread = self.no_statement(span.clone());
                    let _ = self.statement(near, span, rest);
                    Err(unread)
                }
                _ => self.action(span),
            };
        };
        // A tag may begin like a statement: `STOPPING-1 := ...` is an action.
        if let Some(assign) = text.find(":=")
            && text[word.len()..assign].trim().is_empty()
        {
            return self.action(span);
        }
        self.statement(statement, span, rest)
    }

    fn statement(&mut self, statement: &'static str, span: Range<usize>, rest: Range<usize>) -> Read {
        match statement {
            "PHASE" => self.phase(rest),
            "PARAM" => {
                let known = self.phases.last().map_or(0, |phase| phase.parameters.len());
                self.parameter(rest.clone()).inspect_err(|_| self.keep_parameter(rest, known))
            }
            "STEP" => self.step(span, rest),
            "WAIT" => self.wait(span, rest),
            "WHEN" => self.when(span, rest),
            "GOTO" => self.goto(span, rest),
            "STAY" => self.stay(span, rest),
            "WITHIN" => self.within(span, rest),
            section => self.section(section, span, rest),
        }
    }

    fn phase(&mut self, rest: Range<usize>) -> Read {
        let usage = "write `PHASE Fill ON EL-301 \"what it does\"`";
        let mut words = Words::new(self.text, rest);
        let name = words.name(usage)?;
        words.word("ON", usage)?;
        let unit = words.name(usage)?;
        let description = words.quoted(usage)?;
        words.end(usage)?;
        let (name, unit) = (self.exact(name), self.exact(unit));
        if name.as_str().contains(['-', '.']) {
            let help = "write one word, such as `Fill`: its parameters become `Fill.level`";
            let message = format!("`{name}` is no name for a phase");
            return Err(Unread { code: "bad-name", span: name.place.span(), message, help: help.into() });
        }
        self.phases.push(PhaseText { name, unit, description, parameters: Vec::new(), sections: Vec::new() });
        Ok(())
    }

    fn current(&mut self, span: &Range<usize>, what: &str) -> Result<&mut PhaseText, Unread> {
        self.phases.last_mut().ok_or_else(|| {
            Unread::new(
                span.clone(),
                format!("{what} before any PHASE"),
                "begin with `PHASE Fill ON EL-301 \"what it does\"`",
            )
        })
    }

    /// `PARAM level : % = 50 IN 30 .. 70 "level to fill to"`
    fn parameter(&mut self, rest: Range<usize>) -> Read {
        let usage = "write `PARAM level : % = 50 IN 30 .. 70 \"level to fill to\"`";
        let text = &self.text[rest.clone()];
        let bad = |message: &str| Unread::new(rest.clone(), message, usage);
        let colon = text.find(':').ok_or_else(|| bad("a parameter without unit"))?;
        let equals = colon + text[colon..].find('=').ok_or_else(|| bad("a parameter without value"))?;
        let mut head = Words::new(self.text, rest.start..rest.start + colon);
        let name = head.name(usage)?;
        head.end(usage)?;
        let between = &text[colon + 1..equals];
        let unit_start = rest.start + colon + 1 + (between.len() - between.trim_start().len());
        let unit_text = between.trim();
        let unit_place = self.place(unit_start..unit_start + unit_text.len());
        let unit = if unit_text == "\"\"" {
            Some(Unit::NONE)
        } else {
            parse_unit(unit_text, unit_place, self.report)
        };
        let mut words = Words::new(self.text, rest.start + equals + 1..rest.end);
        let value = words.number(usage)?;
        words.word("IN", usage)?;
        let low = words.number(usage)?;
        words.sign("..", usage)?;
        let high = words.number(usage)?;
        let description = words.quoted(usage)?;
        words.end(usage)?;
        let name = self.exact(name);
        let mut parameter = ParameterText {
            name,
            description,
            unit: unit.unwrap_or_default(),
            value: value.0,
            low: low.0,
            high: high.0,
            sure: false,
        };
        let checked = match unit {
            Some(unit) => limits(&mut parameter, unit, [value, low, high]),
            None => Ok(()),
        };
        parameter.sure = unit.is_some() && checked.is_ok();
        let phase = self.current(&rest, "a parameter")?;
        if let Some(section) = phase.sections.first() {
            let help = format!("move it above {}", section.section.word());
            return Err(Unread::new(rest, "a parameter after the first section", help));
        }
        phase.parameters.push(parameter);
        checked
    }

    /// A parameter that could not be read has its name all the same: who reads it makes no mistake.
    fn keep_parameter(&mut self, rest: Range<usize>, known: usize) {
        let Ok(name) = Words::new(self.text, rest).name("") else { return };
        let name = self.exact(name);
        let Some(phase) = self.phases.last_mut().filter(|phase| phase.parameters.len() == known) else {
            return;
        };
        let (description, unit) = (String::new(), Unit::NONE);
        phase.parameters.push(ParameterText {
            name,
            description,
            unit,
            value: 0.0,
            low: 0.0,
            high: 1.0,
            sure: false,
        });
    }

    fn section(&mut self, word: &str, span: Range<usize>, rest: Range<usize>) -> Read {
        let usage = format!("write `{word}` alone on its line");
        Words::new(self.text, rest).end(&usage)?;
        let place = self.place(span.clone());
        let Some(section) = Section::ALL.into_iter().find(|section| section.word() == word) else {
            return Ok(());
        };
        let phase = self.current(&span, "a section")?;
        if let Some(first) = phase.sections.iter().find(|known| known.section == section) {
            let mistake =
                Mistake::error("duplicate-name", format!("phase `{}` has {word} twice", phase.name))
                    .at(place, "the second time")
                    .related(first.place, "the first time")
                    .help("join the steps of both in one section");
            self.report.add(mistake);
            return Ok(());
        }
        phase.sections.push(SectionText { section, place, steps: Vec::new() });
        Ok(())
    }

    fn step(&mut self, span: Range<usize>, rest: Range<usize>) -> Read {
        let usage = "write `STEP \"what it does\"`, or `STEP Drain \"what it does\"` when a GOTO leads to it";
        let mut words = Words::new(self.text, rest.clone());
        let named = !self.text[rest].trim_start().starts_with('"');
        let mut name = None;
        let mut title = || -> Result<String, Unread> {
            if named {
                name = Some(self.step_name(words.name(usage)?)?);
            }
            let title = words.quoted(usage)?;
            words.end(usage)?;
            Ok(title)
        };
        // What follows belongs to it, also when its line has a mistake.
        let (title, read) = match title() {
            Ok(title) => (title, Ok(())),
            Err(unread) => (String::new(), Err(unread)),
        };
        let place = self.place(span.clone());
        let sections = &mut self.current(&span, "a step")?.sections;
        let Some(section) = sections.last_mut() else {
            // Reported once, and read as RUNNING.
            let steps = Vec::from([StepText::new(name, title, place)]);
            sections.push(SectionText { section: Section::Running, place, steps });
            let help = "begin with RUNNING (or HOLDING, RESTARTING, STOPPING, ABORTING)";
            return Err(Unread::new(span, "a step before any section", help));
        };
        if section.steps.len() >= STEPS {
            return Err(Unread::new(span, "more than 1000 steps in one section", "divide the phase"));
        }
        section.steps.push(StepText::new(name, title, place));
        read
    }

    pub(super) fn open_step(&mut self, span: &Range<usize>, what: &str) -> Result<&mut StepText, Unread> {
        let place = self.place(span.clone());
        let sections = &mut self.current(span, what)?.sections;
        let section = sections.last().map_or(Section::Running, |section| section.section);
        if sections.last().is_none_or(|section| section.steps.is_empty()) {
            // Reported once, and read as a step without title.
            let steps = Vec::from([StepText::new(None, String::new(), place)]);
            sections.retain(|known| known.section != section);
            sections.push(SectionText { section, place, steps });
            self.report.add(
                Mistake::error("expression", format!("{what} outside of a step"))
                    .at(place, "here")
                    .help("begin a step: `STEP \"what it does\"`"),
            );
        }
        let sections = &mut self.current(span, what)?.sections;
        let step = sections.last_mut().and_then(|section| section.steps.last_mut());
        step.ok_or_else(|| Unread::new(span.clone(), "no step", "begin a step: `STEP \"what it does\"`"))
    }

    fn action(&mut self, span: Range<usize>) -> Read {
        let text = &self.text[span.clone()];
        let Some(assign) = text.find(":=") else {
            return Err(self.no_statement(span));
        };
        let target = text[..assign].trim_end();
        let behind = &text[assign + 2..];
        let value_start = span.start + assign + 2 + (behind.len() - behind.trim_start().len());
        let action = ActionText {
            target: self.exact(span.start..span.start + target.len()),
            value: self.exact(value_start.min(span.end)..span.end),
        };
        if action.value.as_str().is_empty() || target.is_empty() {
            let help = "write `FV-322 := 60 %`, `FIC-301.MODE := AUTO` or `XV-322 := open`";
            return Err(Unread::new(span, "half an assignment", help));
        }
        let late = {
            let step = self.open_step(&span, "an assignment")?;
            !step.ways.is_empty() || step.stay.is_some() || step.within.is_some()
        };
        if late {
            let help = "a step writes at its entry and then waits: put the assignment above its ways out (WAIT, WHEN, GOTO), or begin a new STEP";
            return Err(Unread::new(span, "an assignment after a way out of the step", help));
        }
        self.open_step(&span, "an assignment")?.actions.push(action);
        Ok(())
    }

    fn no_statement(&self, span: Range<usize>) -> Unread {
        let text = &self.text[span.clone()];
        let word = first_word(text);
        let help = if let Some(near) = nearest(word, STATEMENTS.into_iter()) {
            format!("did you mean `{near}`?")
        } else if text.contains('=') {
            "an assignment is written with `:=`".into()
        } else {
            "a line is PHASE, PARAM, a section, STEP, an assignment, WAIT, WHEN, GOTO, STAY or WITHIN; comments begin with //"
                .into()
        };
        Unread::new(span, format!("`{word}` begins no line of a phase"), help)
    }

    fn within(&mut self, span: Range<usize>, rest: Range<usize>) -> Read {
        let usage = "write `WITHIN 30 min ELSE HOLD \"why\"`, with a time or a parameter that is one, and HOLD, ABORT or ALARM";
        let mut words = Words::new(self.text, rest);
        let limit = match words.number_or_name(usage)? {
            NumberOrName::Name(span) => Limit::Of(self.exact(span)),
            NumberOrName::Number((number, unit, at)) => {
                let ms = unit
                    .filter(|unit| unit.dimension() == Dimension::Time)
                    .and_then(|unit| unit.convert(number, Unit::parse("ms")?))
                    .filter(|ms| (1.0..=f64::from(u32::MAX)).contains(ms));
                let Some(ms) = ms else {
                    return Err(Unread::new(at, "no time that can pass", usage));
                };
                Limit::Ms(libm::round(ms) as u32)
            }
        };
        words.word("ELSE", usage)?;
        let word = words.name(usage)?;
        let otherwise = match self.text[word.clone()].to_ascii_uppercase().as_str() {
            "HOLD" => Otherwise::Hold,
            "ABORT" => Otherwise::Abort,
            "ALARM" => Otherwise::Alarm,
            _ => return Err(Unread::new(word, "neither HOLD nor ABORT nor ALARM", usage)),
        };
        let why = words.quoted(usage)?;
        words.end(usage)?;
        let within =
            WithinText { limit, otherwise, why, place: self.place(span.clone()), word: self.place(word) };
        let step = self.open_step(&span, "WITHIN")?;
        if step.ways.is_empty() && !step.unread {
            let help =
                "write the condition above it: `WAIT LT-321 > 50 %`, or `WHEN LT-321 > 50 % GOTO Drain`";
            let message = "WITHIN without WAIT: there is nothing to wait for";
            return Err(Unread {
                code: "within-without-wait",
                span,
                message: message.into(),
                help: help.into(),
            });
        }
        if step.within.is_some() {
            return Err(Unread::new(span, "a second WITHIN in one step", "keep one of the two"));
        }
        step.within = Some(within);
        Ok(())
    }

    fn finish(self) -> Vec<PhaseText> {
        for phase in &self.phases {
            let running = phase.sections.iter().find(|section| section.section == Section::Running);
            if running.is_none_or(|section| section.steps.is_empty()) {
                self.report.add(
                    Mistake::error(
                        "missing-running",
                        format!("phase `{}` has no RUNNING with steps", phase.name),
                    )
                    .at(phase.name.place, "this phase does nothing")
                    .help("add `RUNNING` and at least one `STEP \"...\"` below it"),
                );
            }
            for section in phase.sections.iter().filter(|section| section.section != Section::Running) {
                if section.steps.is_empty() {
                    let word = section.section.word();
                    self.report.add(
                        Mistake::warning(
                            "empty-section",
                            format!("{word} of phase `{}` is empty", phase.name),
                        )
                        .at(section.place, "no step follows")
                        .help(format!("add a step, or remove {word}: a missing section passes at once")),
                    );
                }
            }
        }
        self.phases
    }
}

/// Converts value and limits of a parameter to its unit, and compares them.
fn limits(parameter: &mut ParameterText, unit: Unit, numbers: [Number; 3]) -> Read {
    let value_span = numbers[0].2.clone();
    let limits_span = numbers[1].2.start..numbers[2].2.end;
    let mut converted = [0.0; 3];
    for ((number, own, span), converted) in numbers.into_iter().zip(&mut converted) {
        let own = own.unwrap_or(unit);
        *converted = own.convert(number, unit).ok_or_else(|| Unread {
            code: "unit-mismatch",
            span,
            message: format!("{own} for a parameter in {unit}"),
            help: format!("write it in {unit}, or as a number alone"),
        })?;
    }
    let [value, low, high] = converted;
    if low >= high {
        return Err(Unread {
            code: "low-above-high",
            span: limits_span,
            message: format!("limits from {low} to {high}"),
            help: format!("write the lower one first: `IN {} .. {}`", high.min(low), low.max(high)),
        });
    }
    if value < low || value > high {
        return Err(Unread {
            code: "outside-range",
            span: value_span,
            message: format!("{value} is outside of its limits"),
            help: format!("write a value from {low} to {high}, or widen the limits"),
        });
    }
    (parameter.value, parameter.low, parameter.high) = (value, low, high);
    Ok(())
}
