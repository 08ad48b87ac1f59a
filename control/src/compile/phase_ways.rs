//! The ways out of a step as they are written: WAIT, WHEN ... GOTO, GOTO and STAY.

use core::ops::Range;

use super::lexer::Unread;
use super::phase_lines::goto_in;
use super::phase_text::{Parser, StepText};
use super::phase_words::{Read, Words};
use super::place::{Place, Text};

/// The word for the end of a section.
pub(super) const END: &str = "END";

/// More ways out of one step than this are none that a person can follow.
const WAYS: usize = 32;

#[derive(Debug)]
pub(super) struct WayText {
    /// Nothing: at once.
    pub(super) when: Option<Text>,
    /// Nothing: the next step.
    pub(super) to: Option<Text>,
    pub(super) place: Place,
}

impl Parser<'_, '_> {
    /// `WAIT LT-321 > level`: to the next step.
    pub(super) fn wait(&mut self, span: Range<usize>, rest: Range<usize>) -> Read {
        let condition = self.trimmed(rest);
        if condition.as_str().is_empty() {
            return Err(Unread::new(span, "WAIT for nothing", "write a condition: `WAIT LT-321 > 50 %`"));
        }
        let step = self.open_step(&span, "WAIT")?;
        if step.ways.iter().any(|way| way.to.is_none()) {
            let help = "join both conditions with AND, or begin a new STEP";
            return Err(Unread::new(span, "a second WAIT in one step", help));
        }
        self.way(span, Some(condition), None)
    }

    /// `WHEN LT-321 > level GOTO Drain`
    pub(super) fn when(&mut self, span: Range<usize>, rest: Range<usize>) -> Read {
        let usage = "write `WHEN LT-321 > 50 % GOTO Drain`, or `WAIT LT-321 > 50 %` for the next step";
        let Some(at) = goto_in(&self.text[rest.clone()]) else {
            return Err(Unread::new(span, "WHEN without GOTO", usage));
        };
        let condition = self.trimmed(rest.start..rest.start + at);
        if condition.as_str().is_empty() {
            return Err(Unread::new(span, "WHEN nothing", usage));
        }
        let to = self.target(rest.start + at + "GOTO".len()..rest.end, usage)?;
        self.way(span, Some(condition), Some(to))
    }

    /// `GOTO Drain`: at once, as the next run enters the next step.
    pub(super) fn goto(&mut self, span: Range<usize>, rest: Range<usize>) -> Read {
        let to = self.target(rest, "write `GOTO Drain`, the name of a step, or `GOTO END`")?;
        self.way(span, None, Some(to))
    }

    pub(super) fn stay(&mut self, span: Range<usize>, rest: Range<usize>) -> Read {
        let usage = "write `STAY` alone on its line";
        Words::new(self.text, rest).end(usage)?;
        let place = self.place(span.clone());
        let step = self.open_step(&span, "STAY")?;
        if !step.ways.is_empty() || step.stay.is_some() {
            return Err(Unread::new(span, "STAY beside a way out", "keep one of the two"));
        }
        step.stay = Some(place);
        Ok(())
    }

    fn target(&self, span: Range<usize>, usage: &str) -> Result<Text, Unread> {
        let mut words = Words::new(self.text, span);
        let name = words.name(usage)?;
        words.end(usage)?;
        Ok(self.exact(name))
    }

    fn trimmed(&self, span: Range<usize>) -> Text {
        let text = &self.text[span.clone()];
        let start = span.start + (text.len() - text.trim_start().len());
        self.exact(start..start + text.trim().len())
    }

    fn way(&mut self, span: Range<usize>, when: Option<Text>, to: Option<Text>) -> Read {
        let place = self.place(span.clone());
        let step = self.open_step(&span, "a way out")?;
        if let Some(problem) = late(step) {
            return Err(Unread::new(span, problem, "write WAIT, WHEN and GOTO first, then WITHIN"));
        }
        if step.ways.len() >= WAYS {
            return Err(Unread::new(span, "more than 32 ways out of one step", "divide the step"));
        }
        step.ways.push(WayText { when, to, place });
        Ok(())
    }

    /// The name of a step, which a GOTO writes.
    pub(super) fn step_name(&self, span: Range<usize>) -> Result<Text, Unread> {
        let name = self.exact(span.clone());
        if name.as_str().contains(['-', '.']) || name.as_str().eq_ignore_ascii_case(END) {
            let help = "write one word, such as `Drain`; END is the end of the section";
            let mut unread = Unread::new(span, "no name for a step", help);
            unread.code = "bad-name";
            return Err(unread);
        }
        Ok(name)
    }
}

fn late(step: &StepText) -> Option<&'static str> {
    if step.within.is_some() {
        Some("a way out after WITHIN")
    } else if step.stay.is_some() {
        Some("a way out beside STAY")
    } else {
        None
    }
}
