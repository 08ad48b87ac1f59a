//! Phases: their parameters become points, their steps become assignments and conditions.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{BlockId, Mode, PhaseId, PointId, Unit};

use super::draft::{Draft, NewPoint, Part, check_within};
use super::emit::{self, Wanted, one_line};
use super::fields::Range;
use super::holds;
use super::items::duplicate;
use super::machines;
use super::phase_text::{ActionText, Limit, PhaseText, Section, StepText};
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use super::step_graph::StepGraph;
use crate::plant::{Assignment, Block, BlockBody, Origin, Otherwise, Phase, Step, Way, Within};

/// Gives every phase its number, and its parameters their points.
pub(super) fn declare(
    texts: &[PhaseText],
    draft: &mut Draft,
    report: &mut Report,
) -> BTreeMap<String, (PhaseId, Place)> {
    let mut names: BTreeMap<String, (PhaseId, Place)> = BTreeMap::new();
    for (index, text) in texts.iter().enumerate() {
        let id = PhaseId(index as u32);
        if let Some((_, first)) = names.get(text.name.as_str()) {
            report.add(duplicate("phase", &text.name, *first));
            continue;
        }
        names.insert(String::from(&text.name), (id, text.name.place));
        draft.check_unit(text.unit.as_str(), text.unit.place, report);
        let area = draft.units.iter().find(|unit| unit.name == text.unit.as_str());
        let area = area.map(|unit| unit.area.clone()).unwrap_or_default();
        for parameter in &text.parameters {
            let new = NewPoint {
                name: format!("{}.{}", text.name, parameter.name),
                description: parameter.description.clone(),
                area: area.clone(),
                place: parameter.name.place,
                part: Part::None,
                origin: Origin::Phase(id),
            };
            let point = draft.add_point(new, report);
            draft.set_unit(point, parameter.unit, parameter.low, parameter.high, None);
            draft.points[point.index()].initial = parameter.value;
            draft.facts[point.index()].sure = parameter.sure;
        }
    }
    names
}

/// What phases need to know of the rest of the plant.
pub(super) struct Phases<'d, 'r> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    pub(super) blocks: &'d [Option<Block>],
    /// Which block drives an output tag.
    pub(super) drivers: BTreeMap<PointId, BlockId>,
}

/// Compiles every phase. `written` gets every point that a phase writes, with the first place.
pub(super) fn compile(
    texts: &[PhaseText],
    phases: &mut Phases<'_, '_>,
    written: &mut BTreeMap<PointId, Place>,
) -> Vec<Phase> {
    texts.iter().map(|text| phases.phase(text, written)).collect()
}

impl Phases<'_, '_> {
    fn phase(&mut self, text: &PhaseText, written: &mut BTreeMap<PointId, Place>) -> Phase {
        let name = text.name.as_str();
        for parameter in &text.parameters {
            if let Some(named) = self.draft.names.get(parameter.name.as_str()) {
                let name = &parameter.name;
                self.report.add(
                    Mistake::error(
                        "hidden-name",
                        format!("`{name}` of the plant cannot be read in this phase"),
                    )
                    .at(name.place, "this parameter has its name")
                    .related(named.place, "what it hides")
                    .help("give the parameter another name"),
                );
            }
        }
        let parameters = text.parameters.iter().filter_map(|parameter| {
            self.draft.names.get(&format!("{name}.{}", parameter.name)).and_then(|named| named.point)
        });
        let mut phase = Phase {
            name: String::from(name),
            description: text.description.clone(),
            equipment: String::from(&text.unit),
            parameters: parameters.collect(),
            running: Vec::new(),
            holding: Vec::new(),
            restarting: Vec::new(),
            stopping: Vec::new(),
            aborting: Vec::new(),
            owns: Vec::new(),
        };
        for section in &text.sections {
            let mut graph = StepGraph::new(section, &text.sections, self.report);
            let mut steps = Vec::with_capacity(section.steps.len());
            for step in &section.steps {
                let compiled = self.step((name, section.section), step, &mut graph, written);
                for assignment in &compiled.actions {
                    if !phase.owns.contains(&assignment.point) {
                        phase.owns.push(assignment.point);
                    }
                }
                steps.push(compiled);
            }
            graph.check(self.report);
            match section.section {
                Section::Running => phase.running = steps,
                Section::Holding => phase.holding = steps,
                Section::Restarting => phase.restarting = steps,
                Section::Stopping => phase.stopping = steps,
                Section::Aborting => phase.aborting = steps,
            }
        }
        phase
    }

    fn step(
        &mut self,
        (phase, section): (&str, Section),
        text: &StepText,
        graph: &mut StepGraph<'_>,
        written: &mut BTreeMap<PointId, Place>,
    ) -> Step {
        let mut actions = Vec::with_capacity(text.actions.len());
        for action in &text.actions {
            if let Some(assignment) = self.action(phase, action) {
                self.once(&actions, &assignment, (text, action));
                written.entry(assignment.point).or_insert(action.target.place);
                actions.push(assignment);
            }
        }
        if text.actions.is_empty() && text.ways.is_empty() && text.stay.is_none() {
            self.report.add(
                Mistake::warning("empty-step", format!("step \"{}\" does nothing", text.title))
                    .at(text.place, "neither an assignment nor a way out")
                    .help("add what it does, or remove it"),
            );
        }
        let mut ways = Vec::with_capacity(text.ways.len());
        let targets = graph.targets();
        for (way, to) in text.ways.iter().zip(targets) {
            let emitted = way
                .when
                .as_ref()
                .map(|when| emit::compile(self.draft, when, Wanted::Way, Some(phase), self.report));
            graph.way(match &emitted {
                None => Some(1.0),
                Some(emitted) => emitted.as_ref().and_then(|emitted| emitted.constant),
            });
            if let Some(Some(emitted)) = emitted {
                ways.push(Way { when: Some(emitted.expr), to });
            } else if way.when.is_none() {
                ways.push(Way { when: None, to });
            }
        }
        let within = text.within.as_ref().map(|within| {
            self.otherwise(section, within.otherwise, within.word);
            if within.why.trim().is_empty() {
                self.report.add(
                    Mistake::error("missing-text", "WITHIN says not why")
                        .at(within.place, "the operator will read this")
                        .help("write what is probably wrong and where to look"),
                );
            }
            let (of, ms) = self.limit(phase, &within.limit);
            Within { ms, of, otherwise: within.otherwise, why: within.why.clone() }
        });
        Step {
            name: text.name.as_ref().map_or(String::new(), String::from),
            title: text.title.clone(),
            actions,
            ways,
            stays: text.stay.is_some(),
            within,
        }
    }

    /// How long a step may take: the parameter that says it and the milliseconds of its unit, or milliseconds alone.
    fn limit(&mut self, phase: &str, limit: &Limit) -> (Option<PointId>, u32) {
        let name = match limit {
            Limit::Ms(ms) => return (None, *ms),
            Limit::Of(name) => name,
        };
        let found = holds::parameter(self.draft, Some(phase), name.as_str(), name.place, self.report);
        // A mistake is reported.
        let Some((point, ms)) = found else { return (None, u32::MAX) };
        if self.draft.point(point).low * f64::from(ms) < 1.0 {
            let place = self.draft.facts[point.index()].place;
            self.report.add(
                Mistake::error(
                    "outside-range",
                    format!("`{name}` may be no time at all: the step would be late at once"),
                )
                .at(name.place, "how long the step may take")
                .related(place, "its limits are given here")
                .help("let its limits begin above 0"),
            );
        }
        (Some(point), ms)
    }

    /// A step orders at its entry, in order and without a wait: of two orders for one value only the last would count. A mode may be
    /// passed through on the way to another, when something is written in it.
    fn once(&mut self, before: &[Assignment], new: &Assignment, (step, action): (&StepText, &ActionText)) {
        let Some(at) = before.iter().rposition(|known| known.point == new.point) else { return };
        let used = |known: &Assignment| new.block.is_some() && known.block == new.block;
        if action.target.as_str().ends_with(".MODE") && before[at + 1..].iter().any(used) {
            return;
        }
        let first = &before[at];
        let earlier = step.actions.iter().take_while(|known| known.target.place != action.target.place);
        let same = earlier.filter(|known| known.target.as_str() == action.target.as_str()).last();
        let place = same.map_or(step.place, |known| known.target.place);
        self.report.add(
            Mistake::error(
                "two-actions",
                format!("step \"{}\" orders `{}` twice", step.title, action.target),
            )
            .at(action.target.place, "the second time")
            .related(place, format!("the first time: `{}`", first.text))
            .help("keep one of the two, or put the second one into a STEP of its own"),
        );
    }

    /// The state model allows no HOLD while holding, stopping or aborting, and no ABORT while aborting.
    fn otherwise(&mut self, section: Section, otherwise: Otherwise, place: Place) {
        let (word, allowed) = match (otherwise, section) {
            (Otherwise::Hold, Section::Holding | Section::Stopping) => ("HOLD", "ABORT or ALARM"),
            (Otherwise::Hold, Section::Aborting) => ("HOLD", "ALARM"),
            (Otherwise::Abort, Section::Aborting) => ("ABORT", "ALARM"),
            _ => return,
        };
        self.report.add(
            Mistake::error("bad-state", format!("{word} is impossible in {}", section.word()))
                .at(place, "the state model of ISA-88 forbids it")
                .help(format!("write {allowed}")),
        );
    }

    pub(super) fn action(&mut self, phase: &str, action: &ActionText) -> Option<Assignment> {
        let target = &action.target;
        let named = self.draft.names.get(target.as_str()).copied();
        if let Some(block) = named.and_then(|named| named.block) {
            return self.command_block(block, action);
        }
        if let Some(parameter) = self.draft.names.get(&format!("{phase}.{target}")) {
            let place = parameter.place;
            return self.not_writable(target, "a parameter of this phase; the recipe sets it", place);
        }
        let point = self.draft.find_point(target.as_str(), target.place, self.report)?;
        let place = self.draft.facts[point.index()].place;
        match self.draft.point(point).origin {
            Origin::Field(_) => self.not_writable(target, "an input of the field", place),
            Origin::Link(_) => self.not_writable(target, "the state of a link", place),
            Origin::Interlock(_) => self.not_writable(target, "the state of an interlock", place),
            Origin::Scan(_) => self.not_writable(target, "a reading of the scan's own time", place),
            Origin::Phase(_) => {
                self.not_writable(target, "a parameter of a phase; the recipe sets it", place)
            }
            Origin::Entry => self.value(phase, point, None, action),
            Origin::FieldOutput(_) => match self.drivers.get(&point).copied() {
                None => self.value(phase, point, None, action),
                Some(block) => self.driven(block, point, action),
            },
            Origin::Block(block) => self.write_part(phase, block, point, action),
        }
    }

    fn not_writable(&mut self, target: &Text, what: &str, place: Place) -> Option<Assignment> {
        self.report.add(
            Mistake::error("not-writable", format!("`{target}` is {what}"))
                .at(target.place, "cannot be written")
                .related(place, "declared here")
                .help("write an output, a device, an entry, SP, OUT or MODE of a loop, or PT of a timer"),
        );
        None
    }

    /// `P-311 := start`
    fn command_block(&mut self, block: BlockId, action: &ActionText) -> Option<Assignment> {
        let draft = &self.draft.blocks[block.index()];
        let (target, value) = (&action.target, &action.value);
        let Some(command) = draft.point("CMD") else {
            let parts: Vec<&str> = ["SP", "OUT", "MODE", "RATIO", "BIAS", "TARGET", "PT", "PV", "RESET"]
                .into_iter()
                .filter(|role| draft.point(role).is_some_and(|point| self.draft.point(point).write.is_some()))
                .collect();
            let help = if parts.is_empty() {
                format!("a {} is calculated; write what it is calculated from", draft.kind.word())
            } else {
                format!(
                    "write {}",
                    parts.iter().map(|role| format!("`{target}.{role}`")).collect::<Vec<_>>().join(", ")
                )
            };
            let kind = draft.kind.word();
            self.report.add(
                Mistake::error("not-writable", format!("`{target}` is a {kind}, not a value"))
                    .at(target.place, "which of its values?")
                    .help(help),
            );
            return None;
        };
        let kind = machines::kind_of(draft.kind);
        let Some(number) = machines::command(kind, value.as_str()) else {
            self.report.add(
                Mistake::error(
                    "unknown-word",
                    format!("a {} does not understand `{value}`", machines::word(kind)),
                )
                .at(value.place, "this word")
                .help(machines::command_help(kind)),
            );
            return None;
        };
        let text = format!("{target} := {value}");
        let value = emit::constant(self.draft, number, Unit::NONE, String::from(value));
        Some(Assignment { point: command, block: Some(block), value, text })
    }

    /// An output that a block drives: only the block's own values may be written.
    fn driven(&mut self, block: BlockId, point: PointId, action: &ActionText) -> Option<Assignment> {
        let draft = &self.draft.blocks[block.index()];
        if draft.point("CMD") == Some(point) {
            return self.command_block(block, action);
        }
        let name = String::from(&draft.name);
        let own = draft.writes.iter().find(|(written, _)| *written == point);
        let place = own.map_or(draft.name.place, |(_, place)| *place);
        let help = if draft.point("CMD").is_some() {
            format!("command the device: `{name} := open` or another of its words")
        } else if draft.point("MODE").is_none() {
            format!(
                "write a set point or an output of what `{name}` reads; an interlock may drive the output itself"
            )
        } else {
            format!("write `{name}.MODE := MAN` and `{name}.OUT := {}`", action.value)
        };
        self.report.add(
            Mistake::error("two-writers", format!("`{}` is driven by `{name}`", action.target))
                .at(action.target.place, "a second writer")
                .related(place, "the first writer")
                .help(help),
        );
        None
    }

    /// `FIC-301.SP := 4 m3/h`, `FIC-301.MODE := AUTO`
    fn write_part(
        &mut self,
        phase: &str,
        block: BlockId,
        point: PointId,
        action: &ActionText,
    ) -> Option<Assignment> {
        let draft = &self.draft.blocks[block.index()];
        if draft.point("CMD") == Some(point) {
            return self.command_block(block, action);
        }
        let role = draft.points.iter().find(|(_, own)| *own == point).map_or("", |(role, _)| *role);
        let place = draft.name.place;
        match role {
            "MODE" if draft.point("CMD").is_some() => self.not_writable(
                &action.target,
                "ordered by people; a phase commands the device itself",
                place,
            ),
            "MODE" => self.mode(block, point, action),
            // Of a timer and a counter: what a recipe sets. PV of a loop is nobody's to write.
            "SP" | "OUT" | "RCAS" | "ROUT" | "RATIO" | "BIAS" | "TARGET" | "PT" | "PV" | "RESET"
                if self.draft.point(point).write.is_some() =>
            {
                self.value(phase, point, Some(block), action)
            }
            "KC" | "TI" | "TD" | "FFGAIN" => {
                self.not_writable(&action.target, "a tuning parameter, for engineers", place)
            }
            _ => self.not_writable(&action.target, "computed by its block", place),
        }
    }

    fn mode(&mut self, block: BlockId, point: PointId, action: &ActionText) -> Option<Assignment> {
        let value = &action.value;
        let wanted = [Mode::Manual, Mode::Auto, Mode::Cascade, Mode::RemoteCascade, Mode::RemoteOutput];
        let mode = Mode::parse(value.as_str()).filter(|mode| wanted.contains(mode));
        let Some(mode) = mode else {
            self.report.add(
                Mistake::error("unknown-word", format!("`{value}` is no mode"))
                    .at(value.place, "this word")
                    .help("write MAN, AUTO, CAS, RCAS or ROUT"),
            );
            return None;
        };
        if let Some(Some(Block { body: BlockBody::Pid(pid), name, .. })) = self.blocks.get(block.index())
            && !pid.modes.contains(&mode)
        {
            let words: Vec<&str> = pid.modes.iter().map(|mode| mode.short()).collect();
            let place = self.draft.blocks[block.index()].name.place;
            self.report.add(
                Mistake::error("bad-mode", format!("`{name}` has no mode {}", mode.short()))
                    .at(value.place, "this mode")
                    .related(place, "its modes are given here")
                    .help(format!("write {}", super::blocks::list_of(&words))),
            );
            return None;
        }
        let text = format!("{} := {value}", action.target);
        let value = emit::constant(self.draft, mode.value(), Unit::NONE, String::from(value));
        Some(Assignment { point, block: Some(block), value, text })
    }

    fn value(
        &mut self,
        phase: &str,
        point: PointId,
        block: Option<BlockId>,
        action: &ActionText,
    ) -> Option<Assignment> {
        let text = format!("{} := {}", action.target, one_line(action.value.as_str()));
        if let Some((low, high)) = &self.draft.point(point).words {
            let word = action.value.as_str();
            let number = if word.eq_ignore_ascii_case(low) {
                Some(0.0)
            } else if word.eq_ignore_ascii_case(high) {
                Some(1.0)
            } else {
                None
            };
            let value = match number {
                Some(number) => emit::constant(self.draft, number, Unit::NONE, String::from(word)),
                None => {
                    emit::compile(self.draft, &action.value, Wanted::Condition, Some(phase), self.report)?
                        .expr
                }
            };
            return Some(Assignment { point, block, value, text });
        }
        let place = self.draft.facts[point.index()].place;
        let wanted = Wanted::Value(self.draft.point(point).unit, Some(place));
        self.report.doubtful = !self.draft.is_sure(point);
        let emitted = emit::compile(self.draft, &action.value, wanted, Some(phase), self.report);
        self.report.doubtful = false;
        let emitted = emitted?;
        if let Some(value) = emitted.constant {
            let found = self.draft.point(point);
            let (low, high) = found.write.map_or((found.low, found.high), |write| (write.low, write.high));
            let range = Range { low, high, place };
            let what = format!("`{}`", action.target);
            let limits = format!("the limits of {what}");
            check_within(&what, value, action.value.place, &range, &limits, self.report);
        }
        Some(Assignment { point, block, value: emitted.expr, text })
    }
}
