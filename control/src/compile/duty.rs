//! Groups of motors with duty and standby.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{BlockId, PointId, Unit};

use super::blocks::Build;
use super::draft::{BlockDraft, Draft};
use super::fields::Fields;
use super::items::{Item, Kind};
use super::place::{Place, Text};
use super::report::Mistake;
use super::tree::{Node, Value};
use crate::blocks::duty::MOTORS;
use crate::plant::{DeviceKind, Duty, Member};

const WANTED: [&str; MOTORS] = ["RUN1", "RUN2", "RUN3", "RUN4"];

/// The names that a group lists.
pub(super) fn motors(item: &Item) -> Vec<&str> {
    match (item.kind, item.table.get("motors").map(|node| &node.value)) {
        (Kind::DutyStandby, Some(Value::List(names))) => {
            names.iter().filter_map(Node::text).map(Text::as_str).collect()
        }
        _ => Vec::new(),
    }
}

/// Units of a group's points.
pub(super) fn scale(index: usize, draft: &mut Draft) -> Vec<PointId> {
    let points = draft.blocks[index].points.clone();
    for (role, point) in &points {
        match *role {
            "CMD" => draft.set_words(*point, DeviceKind::Motor.words()),
            "FAIL" => draft.set_words(*point, ("ok", "FAILED")),
            "STATE" => draft.set_unit(*point, Unit::NONE, 0.0, 4.0, Some(0)),
            "DUTY" | "READY" => draft.set_unit(*point, Unit::NONE, 0.0, MOTORS as f64, Some(0)),
            _ => draft.set_words(*point, ("no", "wanted")),
        }
    }
    points.into_iter().map(|(_, point)| point).collect()
}

/// The point by which the group of the motor that is being built wants it, and where the group stands.
pub(super) fn wanted(build: &Build<'_, '_>) -> Option<(PointId, Place)> {
    let name = &build.draft.blocks[build.block].name;
    let (group, number, place) = build.draft.groups.get(name.as_str()).copied()?;
    let point = build.draft.blocks[group.index()].point(WANTED.get(number)?)?;
    Some((point, place))
}

pub(super) fn duty(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Duty> {
    if !fields.has("motors") {
        fields.missing("motors", "[\"P-311A\", \"P-311B\"]", build.report);
    }
    let names = fields.texts("motors", build.report);
    super::machines::without_alarm(build, fields);
    let alternate_ms = fields.time_ms("alternate", build.report).unwrap_or(0);
    let most = names.as_ref().map_or(1, |names| names.len().saturating_sub(1).max(1)) as i64;
    let on_duty = fields.integer("on_duty", 1, most, build.report).unwrap_or(1) as u8;
    let names = names?;
    if !(2..=MOTORS).contains(&names.len()) {
        build.report.add(
            Mistake::error("wrong-type", format!("{} has {} motors", fields.owner, names.len()))
                .at(fields.place_of("motors"), format!("two to {MOTORS} are possible"))
                .help("a single motor needs no group; divide a larger one"),
        );
        return None;
    }
    let mut members = Vec::with_capacity(names.len());
    for (number, name) in names.iter().enumerate() {
        members.push(member(build, name, number));
    }
    let role = build.role;
    let (command, duty) = (build.own("CMD"), build.own("DUTY"));
    build.draft.points[duty.index()].initial = 1.0;
    build.draft.points[duty.index()].high = names.len() as f64;
    build.draft.set_write(command, 0.0, 1.0, role);
    build.draft.set_write(duty, 1.0, names.len() as f64, role);
    Some(Duty {
        command,
        state: build.own("STATE"),
        fail: build.own("FAIL"),
        duty,
        ready: build.own("READY"),
        members: members.into_iter().collect::<Option<_>>()?,
        on_duty,
        alternate_ms,
    })
}

/// A motor of the group, by its name.
fn member(build: &mut Build<'_, '_>, name: &Text, number: usize) -> Option<Member> {
    let found = build.draft.names.get(name.as_str()).and_then(|named| named.block);
    let runs = |kind: Kind| matches!(kind, Kind::Motor | Kind::Drive);
    let motor = found.filter(|block| runs(build.draft.blocks[block.index()].kind));
    let Some(motor) = motor else {
        let known = build.draft.blocks.iter().filter(|block| runs(block.kind));
        let known: Vec<&str> = known.map(|block| block.name.as_str()).collect();
        let help = super::fields::one_of(name.as_str(), &known);
        build.report.add(
            Mistake::error("unknown-name", format!("no motor `{name}`"))
                .at(name.place, "a [motor] or [drive] of the plant is expected")
                .help(help),
        );
        return None;
    };
    let own = (BlockId(build.block as u32), number);
    if let Some((group, other, place)) = build.draft.groups.get(name.as_str()).copied()
        && (group, other) != own
    {
        build.report.add(
            Mistake::error("two-writers", format!("`{name}` belongs to a group already"))
                .at(name.place, "the second time")
                .related(place, "the first time")
                .help("a motor has one group and stands in it once"),
        );
        return None;
    }
    let part = |block: &BlockDraft, role| block.point(role);
    let block = &build.draft.blocks[motor.index()];
    Some(Member {
        wanted: build.draft.blocks[build.block].point(WANTED[number])?,
        command: part(block, "CMD")?,
        out: out_of(build.draft, motor)?,
        state: part(block, "STATE")?,
        fail: part(block, "FAIL")?,
        switch: part(block, "AUTO")?,
        ready: part(block, "READY")?,
    })
}

/// The output tag that the text of a motor names; what is wrong with it is said at the motor.
fn out_of(draft: &Draft, motor: BlockId) -> Option<PointId> {
    let name: &String = draft.outs.get(&motor)?;
    draft.names.get(name.as_str()).and_then(|named| named.point)
}
