//! Interlocks: causes, and what they dictate to outputs and devices.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{BlockId, InterlockId, PointId};

use super::draft::{Draft, NewPoint, Part, check_within};
use super::emit::{self, Wanted};
use super::fields::Fields;
use super::items::{Item, Items, Kind, duplicate};
use super::machines;
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use crate::plant::{Cause, Forcing, Interlock, Origin};

pub(super) struct Interlocks<'d, 'r> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    pub(super) drivers: &'d BTreeMap<PointId, BlockId>,
    /// What each output is forced to, by which interlock, and where that is written.
    pub(super) forced: BTreeMap<PointId, (f64, String, Place)>,
    /// By interlock: the phase that its trip starts, as written.
    pub(super) starts: BTreeMap<String, Text>,
}

/// Gives each interlock the point that says whether it has tripped: alarms, blocks and conditions may ask for it.
pub(super) fn declare(items: &Items, draft: &mut Draft, report: &mut Report) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    // What is wrong in its text is told when it is compiled.
    let mut unheard = Report::default();
    for item in items.of(Kind::Interlock) {
        let interlock = InterlockId(known.len() as u32);
        if !known.insert(item.name.as_str()) {
            continue;
        }
        let mut fields = item.fields();
        let description = fields.text("description", &mut unheard).map_or("interlock", |text| text.as_str());
        let new = NewPoint {
            name: format!("{}.TRIPPED", item.name),
            description: format!("{description}: tripped"),
            area: draft.area(item, &mut fields, &mut unheard),
            place: item.name.place,
            part: Part::Memory,
            origin: Origin::Interlock(interlock),
        };
        let point = draft.add_point(new, report);
        draft.set_words(point, ("healthy", "tripped"));
    }
}

/// Compiles all interlocks and gives their names with their numbers.
pub(super) fn compile(
    items: &Items,
    interlocks: &mut Interlocks<'_, '_>,
) -> (Vec<Interlock>, BTreeMap<String, InterlockId>) {
    let mut found = Vec::new();
    let mut names: BTreeMap<String, InterlockId> = BTreeMap::new();
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for item in items.of(Kind::Interlock) {
        let interlock = interlocks.interlock(item);
        if let Some(first) = first.get(item.name.as_str()) {
            interlocks.report.add(duplicate("interlock", &item.name, *first));
            continue;
        }
        first.insert(item.name.as_str(), item.name.place);
        names.insert(String::from(&item.name), InterlockId(found.len() as u32));
        found.push(interlock);
    }
    (found, names)
}

impl Interlocks<'_, '_> {
    fn interlock(&mut self, item: &Item) -> Interlock {
        let mut fields = item.fields();
        let description =
            fields.need_text("description", "\"Electrolyser trip\"", self.report).map(String::from);
        let area = self.draft.area(item, &mut fields, self.report);
        let equipment = self.draft.equipment(&mut fields, self.report);
        let latched = self.reset(&mut fields);
        let bypass = fields.role("bypass", self.report);
        let causes = self.causes(&mut fields);
        let actions = self.actions(&mut fields, item);
        if let Some(start) = fields.text("start", self.report) {
            self.starts.entry(String::from(&item.name)).or_insert_with(|| start.clone());
        }
        fields.finish(self.report);
        Interlock {
            name: String::from(&item.name),
            description: description.unwrap_or_default(),
            area,
            equipment,
            causes,
            actions,
            // Phases are read later: see `trip_phases`.
            start: None,
            latched,
            bypass,
        }
    }

    fn reset(&mut self, fields: &mut Fields<'_>) -> bool {
        if !fields.has("reset") {
            self.report.add(
                Mistake::error("missing-key", format!("{} has no `reset`", fields.owner))
                    .at(fields.place, "who lets it go after a trip?")
                    .help("add `reset = \"manual\"` (a person looks first), or \"auto\""),
            );
        }
        fields.choice("reset", &[("manual", true), ("auto", false)], self.report).unwrap_or(true)
    }

    fn causes(&mut self, fields: &mut Fields<'_>) -> Vec<Cause> {
        let list = fields.tables("trip", "a cause", self.report);
        fields.require_some("trip");
        if list.as_ref().is_none_or(Vec::is_empty) {
            self.report.add(
                Mistake::error("missing-key", format!("{} has no causes", fields.owner))
                    .at(fields.place, "what trips it?")
                    .help("add `trip = [ { when = \"AT-351 > 2 %vol FOR 2 s\", text = \"H2 in Cl2\" } ]`"),
            );
        }
        list.unwrap_or_default().iter_mut().filter_map(|cause| self.cause(cause)).collect()
    }

    fn cause(&mut self, fields: &mut Fields<'_>) -> Option<Cause> {
        let when = fields.need_text("when", "\"AT-351 > 2 %vol FOR 2 s\"", self.report);
        let text = fields.need_text("text", "\"H2 in Cl2\"", self.report).map(String::from);
        let show = fields.text("show", self.report);
        let show = show.and_then(|show| self.draft.point_or_block(show, self.report)).map(|(point, _)| point);
        let words = [("trip", true), ("ignore", false)];
        let trips_on_bad = fields.choice("on_bad", &words, self.report).unwrap_or(true);
        fields.finish(self.report);
        let when = when?;
        self.report.protects = true;
        let emitted = emit::compile(self.draft, when, Wanted::Condition, None, self.report);
        self.report.protects = false;
        let emitted = emitted?;
        if let Some(value) = emitted.constant {
            let always = if value == 0.0 { "never trips" } else { "always trips" };
            self.report.add(
                Mistake::error("constant-condition", format!("a cause that {always}"))
                    .at(when.place, "always the same")
                    .help("write a condition of the plant"),
            );
        }
        Some(Cause { when: emitted.expr, text: text?, show, trips_on_bad })
    }

    fn actions(&mut self, fields: &mut Fields<'_>, item: &Item) -> Vec<Forcing> {
        let list = fields.texts("do", self.report);
        if list.as_ref().is_none_or(Vec::is_empty) && !fields.has("start") {
            self.report.add(
                Mistake::error("missing-key", format!("{} does nothing", fields.owner))
                    .at(fields.place, "what does it do?")
                    .help("add `do = [\"RF-301 := open\", \"FV-322 := 0 %\"]`, or `start` with the phase that it starts"),
            );
        }
        let mut forcings: Vec<Forcing> = Vec::new();
        for text in list.unwrap_or_default() {
            let Some((forcing, place)) = self.action(text) else { continue };
            if forcings.iter().any(|known| known.point == forcing.point) {
                self.report.add(
                    Mistake::error("two-actions", format!("{} acts on the same output twice", fields.owner))
                        .at(place, "the second time")
                        .help("keep one of the two actions"),
                );
            } else {
                self.agree(item, &forcing, place);
            }
            forcings.push(forcing);
        }
        forcings
    }

    /// Two interlocks that dictate different things would depend on their order.
    fn agree(&mut self, item: &Item, forcing: &Forcing, place: Place) {
        let point = &self.draft.point(forcing.point).name;
        match self.forced.get(&forcing.point) {
            Some((value, other, first)) if *value != forcing.value => self.report.add(
                Mistake::warning("interlocks-disagree", format!("`{}` and `{other}` drive `{point}` apart", item.name))
                    .at(place, "this way")
                    .related(*first, format!("`{other}` drives it the other way"))
                    .help("while both are tripped the first one in the text wins: make sure that it is the safer one"),
            ),
            Some(_) => {}
            None => {
                self.forced.insert(forcing.point, (forcing.value, String::from(&item.name), place));
            }
        }
    }

    /// `RF-301 := open` or `FV-322 := 0 %`
    fn action(&mut self, text: &Text) -> Option<(Forcing, Place)> {
        let Some((left, right)) = text.as_str().split_once(":=") else {
            self.report.add(
                Mistake::error("bad-action", format!("\"{text}\" is no action"))
                    .at(text.place, "`:=` is missing")
                    .help("write `RF-301 := open` for a device, `FV-322 := 0 %` for an output"),
            );
            return None;
        };
        let target_start = left.len() - left.trim_start().len();
        let target = text.slice(target_start..left.trim_end().len().max(target_start));
        let value_start = text.as_str().len() - right.trim_start().len();
        let value_end = text.as_str().trim_end().len().max(value_start);
        let value = text.slice(value_start..value_end);
        let named = self.draft.names.get(target.as_str()).copied();
        if let Some(block) = named.and_then(|named| named.block).filter(|block| self.is_device(*block)) {
            return self.device(block, &value, text);
        }
        if let Some(named) = named
            && let (Some(block), None) = (named.block, named.point)
        {
            return self.no_output(&target, block);
        }
        let point = self.draft.find_point(target.as_str(), target.place, self.report)?;
        let switched = |block: &BlockId| {
            self.is_device(*block)
                && self.draft.outs.get(block).is_some_and(|out| *out == self.draft.point(point).name)
        };
        if let Some(block) = self.drivers.get(&point).copied().filter(switched) {
            return self.device(block, &value, text);
        }
        match self.draft.point(point).origin {
            Origin::FieldOutput(_) => self.output(point, &value, text),
            Origin::Block(block) if self.draft.blocks[block.index()].point("CMD") == Some(point) => {
                self.device(block, &value, text)
            }
            Origin::Block(block) => self.no_output(&target, block),
            _ if self.draft.facts[point.index()].lost => None,
            _ => {
                let place = self.draft.facts[point.index()].place;
                self.report.add(
                    Mistake::error("not-an-output", format!("`{target}` is neither an output nor a device"))
                        .at(target.place, "an interlock cannot drive this")
                        .related(place, "declared here")
                        .help("name a motor, valve or breaker, or an output tag"),
                );
                None
            }
        }
    }

    fn is_device(&self, block: BlockId) -> bool {
        self.draft.blocks[block.index()].point("CMD").is_some()
    }

    fn no_output(&mut self, target: &Text, block: BlockId) -> Option<(Forcing, Place)> {
        let draft = &self.draft.blocks[block.index()];
        let help = match draft.writes.first() {
            Some((out, _)) => format!(
                "drive its output: `{} := ...`; `{}` then tracks",
                self.draft.point(*out).name,
                draft.name
            ),
            None => "name a motor, valve or breaker, or an output tag".into(),
        };
        let kind = draft.kind.word();
        self.report.add(
            Mistake::error(
                "not-an-output",
                format!("`{target}` belongs to a {kind}; it is neither an output nor a device"),
            )
            .at(target.place, "an interlock cannot drive this")
            .help(help),
        );
        None
    }

    fn device(&mut self, block: BlockId, value: &Text, text: &Text) -> Option<(Forcing, Place)> {
        let draft = &self.draft.blocks[block.index()];
        let kind = machines::kind_of(draft.kind);
        let number = machines::command(kind, value.as_str());
        if number.is_none() {
            self.report.add(
                Mistake::error(
                    "unknown-word",
                    format!("a {} does not understand `{value}`", machines::word(kind)),
                )
                .at(value.place, "this word")
                .help(machines::command_help(kind)),
            );
        }
        if draft.kind == Kind::DutyStandby && number == Some(1.0) {
            self.report.add(
                Mistake::error("bad-action", format!("an interlock cannot start `{}`", draft.name))
                    .at(value.place, "who of the group would it be?")
                    .help("stop the group, or start one of its motors"),
            );
            return None;
        }
        let forcing = Forcing {
            point: draft.point("CMD")?,
            device: Some(block),
            value: number?,
            text: emit::one_line(text.as_str()),
        };
        Some((forcing, text.place))
    }

    fn output(&mut self, point: PointId, value: &Text, text: &Text) -> Option<(Forcing, Place)> {
        let found = self.draft.point(point);
        let words = found.words.clone();
        let number = match &words {
            Some((low, _)) if value.as_str().eq_ignore_ascii_case(low) => 0.0,
            Some((_, high)) if value.as_str().eq_ignore_ascii_case(high) => 1.0,
            Some((low, high)) => {
                self.report.add(
                    Mistake::error("unknown-word", format!("`{value}` is no word of this output"))
                        .at(value.place, "this word")
                        .help(format!("write `{low}` or `{high}`")),
                );
                return None;
            }
            None => {
                let unit = found.unit;
                let quantity = super::quantity::parse_quantity(value.as_str(), value.place, self.report)?;
                self.report.doubtful = !self.draft.is_sure(point);
                let number = quantity.value_in(unit, self.report);
                let range = self.draft.range_of(point);
                if let Some(number) = number {
                    let name = "the range of the output";
                    check_within("this", number, value.place, &range, name, self.report);
                }
                self.report.doubtful = false;
                number?
            }
        };
        let forcing = Forcing { point, device: None, value: number, text: emit::one_line(text.as_str()) };
        Some((forcing, text.place))
    }
}
