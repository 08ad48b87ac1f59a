//! Positions of control valves, and what their stroke test may do and must find.

use alloc::format;
use model::{BlockId, Unit};

use super::blocks::Build;
use super::draft::Draft;
use super::fields::Fields;
use super::items::{Item, Kind};
use super::report::Mistake;
use crate::experiment::AMPLITUDE_MOST;
use crate::plant::{Position, Stroke};

/// Ranges of the points: distances in the unit of the transmitter, time in seconds.
pub(super) fn scale(item: &Item, index: usize, draft: &mut Draft) -> alloc::vec::Vec<model::PointId> {
    let source = item.table.get_text("position").and_then(|text| draft.names.get(text.as_str()));
    let (unit, span) = source.and_then(|named| named.point).map_or((Unit::NONE, 100.0), |point| {
        let point = draft.point(point);
        (point.unit, point.high - point.low)
    });
    let seconds = Unit::parse("s").unwrap_or(Unit::NONE);
    let scales = [
        ("DEV", unit, -span, span, 1),
        ("RESULT", Unit::NONE, 0.0, 4.0, 0),
        ("BREAK", unit, 0.0, span, 2),
        ("JUMP", unit, 0.0, span, 2),
        ("TRAVEL", seconds, 0.0, 86_400.0, 1),
    ];
    let mut settled = alloc::vec::Vec::with_capacity(scales.len());
    for (role, unit, low, high, decimals) in scales {
        if let Some(point) = draft.blocks[index].point(role) {
            draft.set_unit(point, unit, low, high, Some(decimals));
            settled.push(point);
        }
    }
    settled
}

pub(super) fn position(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Position> {
    let (pid, target) = driven(build, fields).unzip();
    let text = fields.need_text("position", "\"ZT-301\"", build.report);
    let measured = text.and_then(|text| build.value(text).map(|point| (text, point)));
    let unit = measured.map_or(Unit::NONE, |(_, point)| build.draft.point(point).unit);
    if let (Some((text, point)), Some(target)) = (measured, target) {
        let of_valve = build.draft.point(target).unit;
        build.same_unit(text, point, of_valve, "the valve");
        build.reads(target, text.place);
    }
    let stroke = stroke(build, fields, unit, pid);
    Some(Position {
        pid: pid?,
        target: target?,
        position: measured?.1,
        deviation: build.own("DEV"),
        result: build.own("RESULT"),
        breakaway: build.own("BREAK"),
        jump: build.own("JUMP"),
        travel: build.own("TRAVEL"),
        stroke: stroke?,
    })
}

/// The loop, and the output tag that it drives.
fn driven(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<(BlockId, model::PointId)> {
    let text = fields.need_text("loop", "\"FIC-301\"", build.report)?;
    let block = build.draft.names.get(text.as_str()).and_then(|named| named.block);
    let pid = block.filter(|block| build.draft.blocks[block.index()].kind == Kind::Pid);
    let Some(pid) = pid else {
        build.report.add(
            Mistake::error(
                "unknown-name",
                format!("`loop` of {} is `{text}`, which is no [pid]", fields.owner),
            )
            .at(text.place, "the loop that drives the valve is expected")
            .help("name the loop whose `out` is the valve"),
        );
        return None;
    };
    let out = build.draft.outs.get(&pid).and_then(|out| build.draft.names.get(out));
    let target = out.and_then(|named| named.point);
    if target.is_none() {
        build.report.add(
            Mistake::error("wrong-kind", format!("`{text}` drives no valve itself"))
                .at(text.place, "it has no output tag")
                .help("a stroke test moves the valve through its loop: name a loop with `out`"),
        );
    }
    Some((pid, target?))
}

fn stroke(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    unit: Unit,
    pid: Option<BlockId>,
) -> Option<Stroke> {
    let pv = pid.and_then(|pid| build.draft.blocks[pid.index()].point("PV"));
    let pv_unit = pv.map_or(Unit::NONE, |point| build.draft.point(point).unit.difference());
    for (key, example) in [
        ("by", "\"10 %\"".into()),
        ("time", "\"20 s\"".into()),
        ("guard", format!("\"2 {}\"", pv_unit.symbol())),
        ("breakaway", "\"2 %\"".into()),
        ("jump", "\"1 %\"".into()),
        ("travel", "\"40 s\"".into()),
    ] {
        if !fields.has(key) {
            fields.missing(key, &example, build.report);
        }
    }
    let by = fields.quantity("by", unit, build.report);
    let ramp_ms = fields.time_ms("time", build.report);
    let guard = fields.quantity("guard", pv_unit, build.report);
    let breakaway = fields.quantity("breakaway", unit, build.report);
    let jump = fields.quantity("jump", unit, build.report);
    let travel_ms = fields.time_ms("travel", build.report);
    let moved = fields.quantity("moved", unit, build.report);
    let stroke = Stroke {
        by: by?,
        ramp_ms: ramp_ms?,
        guard: guard?,
        moved: moved.unwrap_or(MOVED),
        breakaway_most: breakaway?,
        jump_most: jump?,
        travel_most_ms: travel_ms?,
    };
    let range = build.draft.range_of(build.own("BREAK"));
    let most = AMPLITUDE_MOST * range.high;
    let wrong = if stroke.by == 0.0 || stroke.by.abs() > most {
        Some(("by", format!("more than 0 and at most {most} to either side is possible")))
    } else if stroke.guard <= 0.0 {
        Some(("guard", "PV must be allowed to move a little".into()))
    } else if stroke.moved <= 0.0 || stroke.moved >= stroke.breakaway_most {
        Some(("moved", "more than 0 and less than `breakaway` is possible".into()))
    } else if stroke.breakaway_most >= stroke.by.abs() {
        Some(("breakaway", "a valve that sticks so much would not move in this test: less than `by`".into()))
    } else if stroke.jump_most <= 0.0 {
        Some(("jump", "more than 0 is possible".into()))
    } else if stroke.ramp_ms < RAMP_LEAST_MS {
        Some(("time", "a ramp of a second at least is possible".into()))
    } else if stroke.travel_most_ms <= stroke.ramp_ms {
        Some(("travel", "the valve trails its output: more than `time` is possible".into()))
    } else {
        None
    };
    if let Some((key, help)) = wrong {
        build.report.add(
            Mistake::error(
                "out-of-range",
                format!("`{key}` of {} does not make a stroke test", fields.owner),
            )
            .at(fields.place_of(key), "outside of what is possible")
            .help(help),
        );
        return None;
    }
    Some(stroke)
}

/// A transmitter's noise is smaller, in its unit.
const MOVED: f64 = 0.5;
const RAMP_LEAST_MS: u32 = 1_000;
