//! Blocks: first their names and points, then the units of these, then their bodies.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::wire::Role;
use model::{BlockId, PointId, Unit};

use super::draft::{BlockDraft, Draft, Named, NewPoint, Part};
use super::fields::Fields;
use super::items::{Item, Items, Kind};
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use super::{duty, loops, machines, position, shapes, signals, split};
use crate::plant::{Block, BlockBody, Origin};

/// How often a block runs when it does not say.
const TASK_MS: u32 = 100;
/// Slower is no task but a slip.
const SLOWEST_MS: u32 = 3_600_000;

/// Roles of the points of a block, what each is to it, and the word behind its description.
type Role3 = (&'static str, Part, &'static str);
type Roles = &'static [Role3];

fn roles(kind: Kind) -> Roles {
    match kind {
        Kind::Pid => &[
            ("PV", Part::Result, ""),
            ("SP", Part::Result, ", set point"),
            ("SPW", Part::Result, ", working set point"),
            ("OUT", Part::Result, ", output"),
            ("MODE", Part::Mode, ", mode"),
            ("KC", Part::Setting, ", gain"),
            ("TI", Part::Setting, ", integral time"),
            ("TD", Part::Setting, ", derivative time"),
            ("FF", Part::Result, ", feed-forward"),
        ],
        Kind::Ratio => &[
            ("IN", Part::Result, ", wild flow"),
            ("RATIO", Part::Factor, ", ratio"),
            ("BIAS", Part::Setting, ", bias"),
            ("OUT", Part::Result, ""),
        ],
        Kind::Ramp => &[("TARGET", Part::Setting, ", target"), ("OUT", Part::Result, "")],
        Kind::Selector => {
            &[("OUT", Part::Result, ""), ("SELECTED", Part::Result, ", number of the input taken")]
        }
        Kind::SplitRange => &[
            ("IN", Part::Result, ", signal"),
            ("OUT1", Part::Result, ", first valve"),
            ("OUT2", Part::Result, ", second valve"),
        ],
        Kind::AnalogOutput => &[("IN", Part::Result, ", signal"), ("OUT", Part::Result, ", valve")],
        Kind::Position => &[
            ("DEV", Part::Result, ", output less position"),
            ("RESULT", Part::Memory, ", stroke test: 1 runs, 2 passed, 3 failed, 4 aborted"),
            ("BREAK", Part::Memory, ", output until it moved"),
            ("JUMP", Part::Memory, ", slip jump"),
            ("TRAVEL", Part::Memory, ", time of the stroke"),
        ],
        Kind::Motor | Kind::Valve | Kind::Breaker => &[
            ("CMD", Part::Setting, ", command"),
            ("STATE", Part::State, ", state"),
            ("FAIL", Part::Memory, ", does not follow"),
            ("MODE", Part::Mode, ", mode"),
        ],
        Kind::Drive => &[
            ("CMD", Part::Setting, ", command"),
            ("STATE", Part::State, ", state"),
            ("FAIL", Part::Memory, ", does not follow"),
            ("MODE", Part::Mode, ", mode"),
            ("SP", Part::Setting, ", speed wanted"),
            ("OUT", Part::Result, ", speed told"),
        ],
        Kind::DutyStandby => &[
            ("CMD", Part::Setting, ", command"),
            ("STATE", Part::State, ", state"),
            ("FAIL", Part::Memory, ", none is ready"),
            ("DUTY", Part::Setting, ", number of the one that leads"),
            ("READY", Part::Memory, ", how many are ready"),
            ("RUN1", Part::Memory, ", first wanted"),
            ("RUN2", Part::Memory, ", second wanted"),
        ],
        _ => &[("", Part::Result, "")],
    }
}

/// Points that a block has only when its text asks for them.
fn of_options(item: &Item, member: bool) -> impl Iterator<Item = &'static Role3> {
    const FEED_FORWARD: Role3 = ("FFGAIN", Part::Setting, ", gain of the feed-forward");
    const SET_POINT: Role3 = ("RCAS", Part::Setting, ", remote set point");
    const OUTPUT: Role3 = ("ROUT", Part::Setting, ", remote output");
    const REST: Role3 = ("REST", Part::Memory, ", time until it may start");
    const HOURS: Role3 = ("HOURS", Part::Memory, ", hours on");
    const STARTS: Role3 = ("STARTS", Part::Memory, ", starts");
    const THIRD: Role3 = ("OUT3", Part::Result, ", third valve");
    const AUTO: Role3 = ("AUTO", Part::Setting, ", by itself");
    const READY: Role3 = ("READY", Part::Memory, ", ready for its group");
    const RUN3: Role3 = ("RUN3", Part::Memory, ", third wanted");
    const RUN4: Role3 = ("RUN4", Part::Memory, ", fourth wanted");
    const RESULT: Role3 = ("RESULT", Part::Memory, ", stroke test: 1 runs, 2 passed, 3 failed, 4 aborted");
    const OPENS: Role3 = ("OPENS", Part::Memory, ", time to open");
    const CLOSES: Role3 = ("CLOSES", Part::Memory, ", time to close");
    let pid = item.kind == Kind::Pid;
    let stroked = item.kind == Kind::Valve
        && ["stroke", "partial_stroke"].iter().any(|key| item.table.get(key).is_some());
    let device = matches!(item.kind, Kind::Motor | Kind::Valve | Kind::Breaker | Kind::Drive);
    let rests = device && ["min_off", "starts_per_hour"].iter().any(|key| item.table.get(key).is_some());
    let said = item.table.get("count").map(|node| &node.value);
    let counts = device && matches!(said, Some(super::tree::Value::Boolean(true)));
    let has = |key: &str| pid && item.table.get(key).is_some();
    let remote = |word: &str| {
        let modes = item.table.get("modes").map(|node| &node.value);
        has("remote")
            && matches!(modes, Some(super::tree::Value::List(modes))
                if modes.iter().any(|mode| mode.text().is_some_and(|text| text.as_str() == word)))
    };
    [
        (has("ff_gain"), &FEED_FORWARD),
        (remote("remote_cascade"), &SET_POINT),
        (remote("remote_output"), &OUTPUT),
        (rests, &REST),
        (counts, &HOURS),
        (counts, &STARTS),
        (split::valves(item) > 2, &THIRD),
        (device && (member || item.table.get("auto").is_some()), &AUTO),
        (device && member, &READY),
        (stroked, &RESULT),
        (stroked, &OPENS),
        (stroked, &CLOSES),
        (duty::motors(item).len() > 2, &RUN3),
        (duty::motors(item).len() > 3, &RUN4),
    ]
    .into_iter()
    .filter_map(|(wanted, role)| wanted.then_some(role))
}

/// Gives every block its number, its name and its points.
pub(super) fn declare(items: &Items, draft: &mut Draft, report: &mut Report) {
    let members: BTreeSet<&str> = items.of(Kind::DutyStandby).flat_map(duty::motors).collect();
    for (index, item) in items.items.iter().enumerate() {
        if !item.kind.is_block() {
            continue;
        }
        let id = BlockId(draft.blocks.len() as u32);
        let named = Named { place: item.name.place, point: None, block: Some(id), device: None };
        draft.add_name(&item.name, named, report);
        let all: Vec<Role3> = match item.kind.shape() {
            Some(shape) => shapes::roles(shape).collect(),
            None => roles(item.kind).to_vec(),
        };
        let points = all.into_iter().map(|role| (role.0, declare_point(item, id, role, draft, report)));
        let mut points: Vec<(&'static str, PointId)> = points.collect();
        let member = members.contains(item.name.as_str());
        for role in of_options(item, member) {
            points.push((role.0, declare_point(item, id, *role, draft, report)));
        }
        if let Some(out) = item.table.get_text("out") {
            draft.outs.insert(id, String::from(out));
        }
        if item.kind == Kind::DutyStandby {
            for (number, motor) in duty::motors(item).into_iter().enumerate() {
                let place = item.name.place;
                draft.groups.entry(String::from(motor)).or_insert((id, number, place));
            }
        }
        draft.blocks.push(BlockDraft {
            name: item.name.clone(),
            kind: item.kind,
            item: index,
            points,
            reads: Vec::new(),
            writes: Vec::new(),
            phase_ticks: None,
        });
    }
}

fn declare_point(
    item: &Item,
    id: BlockId,
    (role, part, words): (&'static str, Part, &str),
    draft: &mut Draft,
    report: &mut Report,
) -> PointId {
    let name = if role.is_empty() { String::from(&item.name) } else { format!("{}.{role}", item.name) };
    let own_tag = role == "CMD" && item.table.get_text("out").is_some_and(|out| out.as_str() == name);
    if own_tag && let Some(tag) = draft.names.get(&name).and_then(|named| named.point) {
        return tag;
    }
    let said = |key| item.table.get_text(key).map(String::from).unwrap_or_default();
    let area = item.table.get_text("area").or(item.area.as_ref()).map(String::from).unwrap_or_default();
    let part = match part {
        // A target that is calculated is a result; one that people write is not.
        Part::Setting if role == "TARGET" && item.table.get("target").is_some() => Part::Result,
        Part::Setting if role == "SP" && item.table.get("ref").is_some() => Part::Result,
        part => part,
    };
    draft.add_point(
        NewPoint {
            name,
            description: format!("{}{words}", said("description")),
            area,
            place: item.name.place,
            part,
            origin: Origin::Block(id),
        },
        report,
    )
}

/// What a body is built with.
pub(super) struct Build<'d, 'r> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    /// The block that is being built.
    pub(super) block: usize,
    pub(super) role: Role,
}

impl Build<'_, '_> {
    pub(super) fn own(&self, role: &str) -> PointId {
        // Every role that is asked for was declared with the block.
        self.draft.blocks[self.block].point(role).unwrap_or(PointId(0))
    }

    /// What is read from here on depends on the unit or range of these own points, and of no others.
    pub(super) fn depends_on(&mut self, roles: &[&str]) {
        let doubtful = |role: &&str| !self.draft.is_sure(self.own(role));
        self.report.doubtful = roles.iter().any(doubtful);
    }

    pub(super) fn reads(&mut self, point: PointId, place: Place) {
        self.draft.blocks[self.block].reads.push((point, place));
    }

    pub(super) fn writes(&mut self, point: PointId, place: Place) {
        self.draft.blocks[self.block].writes.push((point, place));
    }

    /// A measured value by its name, not a switch; read in the same scan.
    pub(super) fn value(&mut self, text: &Text) -> Option<PointId> {
        let point = self.draft.find_point(text.as_str(), text.place, self.report)?;
        if self.draft.point(point).words.is_some() {
            self.report.add(
                Mistake::error("wrong-kind", format!("`{text}` is a switch where a value is expected"))
                    .at(text.place, "a switch")
                    .help("name a measured or calculated value"),
            );
            return None;
        }
        self.reads(point, text.place);
        Some(point)
    }

    /// A switch by its name; read in the same scan.
    pub(super) fn switch(&mut self, text: &Text) -> Option<PointId> {
        let point = self.draft.find_point(text.as_str(), text.place, self.report)?;
        if self.draft.point(point).words.is_none() {
            self.report.add(
                Mistake::error("wrong-kind", format!("`{text}` is a value where a switch is expected"))
                    .at(text.place, "a value")
                    .help("name a tag with `words`"),
            );
            return None;
        }
        self.reads(point, text.place);
        Some(point)
    }

    /// The output tag that the block drives.
    pub(super) fn output(&mut self, text: &Text, switch: bool) -> Option<PointId> {
        let point = self.draft.find_point(text.as_str(), text.place, self.report)?;
        if self.draft.facts[point.index()].lost {
            return None;
        }
        let found = self.draft.point(point);
        let (output, is_switch) = (matches!(found.origin, Origin::FieldOutput(_)), found.words.is_some());
        if output && is_switch == switch {
            self.writes(point, text.place);
            return Some(point);
        }
        let mistake = if output {
            let (is, wants) = if switch {
                ("a value", "a switch: a tag with `words`")
            } else {
                ("a switch", "a value with unit and range")
            };
            Mistake::error("wrong-kind", format!("`{text}` is {is}; this block drives {wants}"))
                .at(text.place, is)
                .help(format!("name an output that is {wants}"))
        } else {
            Mistake::error("direction", format!("`{text}` is no output"))
                .at(text.place, "only an output tag is driven")
                .related(self.draft.facts[point.index()].place, "declared here")
                .help("name a tag whose `io` is `holding`, `coil` or `write = true`")
        };
        self.report.add(mistake);
        None
    }

    /// The same unit is needed where values pass from block to block without a conversion.
    pub(super) fn same_unit(&mut self, text: &Text, point: PointId, unit: Unit, whose: &str) -> bool {
        let own = self.draft.point(point).unit;
        if own == unit || !self.draft.is_sure(point) {
            return true;
        }
        let help = if own.converts_to(unit) {
            format!("convert it in a [calc] with `unit = \"{unit}\"`, or give both the same unit")
        } else {
            super::quantity::unit_help(own, unit)
        };
        self.report.add(
            Mistake::error("unit-mismatch", format!("`{text}` is in \"{own}\", {whose} in \"{unit}\""))
                .at(text.place, format!("in \"{own}\""))
                .related(self.draft.facts[point.index()].place, format!("`{text}` is declared here"))
                .help(help),
        );
        false
    }
}

/// Builds the body of every block. `None` stands for one with mistakes.
pub(super) fn build(items: &Items, draft: &mut Draft, report: &mut Report) -> Vec<Option<Block>> {
    let mut blocks = Vec::with_capacity(draft.blocks.len());
    for index in 0..draft.blocks.len() {
        let item = &items.items[draft.blocks[index].item];
        blocks.push(block(item, index, draft, report));
    }
    blocks
}

fn block(item: &Item, index: usize, draft: &mut Draft, report: &mut Report) -> Option<Block> {
    let mut fields = item.fields();
    let description = fields.words("description", report);
    let area = draft.area(item, &mut fields, report);
    let equipment = draft.equipment(&mut fields, report);
    let role = fields.role("role", report).unwrap_or(Role::Operator);
    let period_ticks = task(&mut fields, draft.period_of(item), draft.period_ms, report);
    draft.blocks[index].phase_ticks = phase(&mut fields, period_ticks, draft.period_ms, report);
    report.doubtful = draft.blocks[index].points.iter().any(|(_, point)| !draft.is_sure(*point));
    let dt = f64::from(period_ticks.unwrap_or(1)) * f64::from(draft.period_ms) * 1e-3;
    let mut build = Build { draft, report, block: index, role };
    let body = match item.kind {
        Kind::Calc => signals::calc(&mut build, &mut fields).map(BlockBody::Calc),
        Kind::Filter => signals::filter(&mut build, &mut fields).map(BlockBody::Filter),
        Kind::Ratio => signals::ratio(&mut build, &mut fields).map(BlockBody::Ratio),
        Kind::Ramp => signals::ramp(&mut build, &mut fields).map(BlockBody::Ramp),
        Kind::Selector => signals::selector(&mut build, &mut fields).map(BlockBody::Selector),
        Kind::Function(kind) => {
            shapes::function(&mut build, usize::from(kind), &mut fields, dt).map(BlockBody::Function)
        }
        Kind::SplitRange => split::split(&mut build, &mut fields).map(BlockBody::Split),
        Kind::AnalogOutput => split::output(&mut build, &mut fields).map(BlockBody::Split),
        Kind::Position => position::position(&mut build, &mut fields).map(BlockBody::Position),
        Kind::Pid => loops::pid(&mut build, &mut fields, dt).map(BlockBody::Pid),
        Kind::DutyStandby => duty::duty(&mut build, &mut fields).map(BlockBody::Duty),
        kind => machines::device(&mut build, kind, &mut fields).map(BlockBody::Device),
    };
    fields.finish(report);
    report.doubtful = false;
    Some(Block {
        name: String::from(&item.name),
        description,
        area,
        equipment,
        role,
        // The number of the task follows when all periods are known.
        task: period_ticks?,
        body: body?,
    })
}

/// The period of a block in ticks of the base period. `own_ms` is the base period of its own plant, from
/// which the default follows: in a site it runs as often as alone.
fn task(fields: &mut Fields<'_>, own_ms: u32, period_ms: u32, report: &mut Report) -> Option<u32> {
    if !fields.has("task") {
        let ms = if TASK_MS.is_multiple_of(own_ms) { TASK_MS } else { own_ms };
        return Some(ms / period_ms);
    }
    let ms = fields.time_ms("task", report)?;
    if ms > SLOWEST_MS {
        report.add(
            Mistake::error("bad-task", format!("`task` of {} is longer than an hour", fields.owner))
                .at(fields.place_of("task"), "how often it runs")
                .help("write the time from run to run, such as \"1 s\"; what happens once a day belongs to a phase"),
        );
        return None;
    }
    if ms > 0 && ms.is_multiple_of(period_ms) {
        return Some(ms / period_ms);
    }
    report.add(
        Mistake::error("bad-task", format!("`task` of {} is {ms} ms", fields.owner))
            .at(fields.place_of("task"), format!("not a multiple of the base period of {period_ms} ms"))
            .help(format!(
                "write a multiple of {period_ms} ms, such as \"{} ms\" or \"1 s\"",
                ms.next_multiple_of(period_ms).max(period_ms)
            )),
    );
    None
}

/// In which tick of its period a block runs; `None` leaves it to [`super::flow::tasks`].
fn phase(
    fields: &mut Fields<'_>,
    period_ticks: Option<u32>,
    period_ms: u32,
    report: &mut Report,
) -> Option<u32> {
    if !fields.has("phase") {
        return None;
    }
    let ms = fields.time_ms("phase", report)?;
    // Without its task the phase cannot be judged.
    let task_ms = period_ticks?.saturating_mul(period_ms);
    if ms < task_ms && ms.is_multiple_of(period_ms) {
        return Some(ms / period_ms);
    }
    let last = task_ms - period_ms;
    let (label, help) = if ms >= task_ms {
        (
            format!("not before the next turn of a task of {task_ms} ms"),
            format!("write \"0 ms\" to \"{last} ms\""),
        )
    } else {
        let near = ms.next_multiple_of(period_ms).min(last);
        (
            format!("not a multiple of the base period of {period_ms} ms"),
            format!("write a multiple of {period_ms} ms, such as \"{near} ms\""),
        )
    };
    report.add(
        Mistake::error("bad-phase", format!("`phase` of {} is {ms} ms", fields.owner))
            .at(fields.place_of("phase"), label)
            .help(help),
    );
    None
}

/// A name of the list for messages: `A, B and C`.
pub(super) fn list_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_string(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
