//! Split ranges: one signal, and two or three valves with a part of it each. An analog output (FF-891: AO) is one
//! of a single valve, which by itself has the whole.

use alloc::format;
use alloc::vec::Vec;
use model::{PointId, Unit};

use super::blocks::Build;
use super::draft::{Draft, check_within};
use super::fields::{Fields, Range};
use super::items::{Item, Kind};
use super::place::Text;
use super::report::{Mistake, Report};
use super::tags::scale;
use super::tree::{Node, Value};
use crate::plant::{Split, SplitValve};

const EXAMPLE: &str = "[ { out = \"TV-321A\", from = [0, 50], to = [100, 0] }, { out = \"TV-321B\", from = [50, 100], to = [0, 100] } ]";
const ROLES: [&str; 3] = ["OUT1", "OUT2", "OUT3"];

/// How many valves the text of a split range lists.
pub(super) fn valves(item: &Item) -> usize {
    match (item.kind, item.table.get("valves").map(|node| &node.value)) {
        (Kind::SplitRange, Some(Value::List(valves))) => valves.len(),
        _ => 0,
    }
}

/// The names of the outputs, in order, as far as they are written.
pub(super) fn outs(item: &Item) -> Vec<Option<&str>> {
    match item.table.get("valves").map(|node| &node.value) {
        Some(Value::List(valves)) => valves.iter().map(|valve| out_of(valve)).collect(),
        _ => Vec::new(),
    }
}

fn out_of(valve: &Node) -> Option<&str> {
    valve.table()?.get_text("out").map(Text::as_str)
}

/// The signal is in per cent unless the text says otherwise.
pub(super) fn scale_signal(item: &Item, signal: PointId, draft: &mut Draft, report: &mut Report) {
    if item.table.get("unit").is_some() || item.table.get("range").is_some() {
        scale(&mut item.fields(), signal, draft, report);
    } else {
        draft.set_unit(signal, Unit::parse("%").unwrap_or(Unit::NONE), 0.0, 100.0, Some(1));
    }
}

/// The signal that comes in, when it is in the unit of the point IN.
fn input(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, signal: PointId) -> Option<PointId> {
    // Read when the units were found.
    for key in ["unit", "range"] {
        fields.has(key);
    }
    let unit = build.draft.point(signal).unit;
    let text = fields.need_text("input", "\"TIC-321.OUT\"", build.report)?;
    let point = build.value(text)?;
    let sure = build.draft.is_sure(point) && build.draft.is_sure(signal);
    (!sure || build.same_unit(text, point, unit, "the signal")).then_some(point)
}

/// One valve for the OUT of any block.
pub(super) fn output(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Split> {
    let signal = build.own("IN");
    let range = build.draft.range_of(signal);
    let unit = build.draft.point(signal).unit;
    let input = input(build, fields, signal);
    let valve = valve(build, fields, "OUT", (unit, &range));
    Some(Split { input: input?, signal, low: range.low, high: range.high, valves: Vec::from([valve?]) })
}

pub(super) fn split(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Split> {
    let signal = build.own("IN");
    let range = build.draft.range_of(signal);
    let unit = build.draft.point(signal).unit;
    let input = input(build, fields, signal);
    if !fields.has("valves") {
        fields.missing("valves", EXAMPLE, build.report);
    }
    let list = fields.tables("valves", "a valve", build.report)?;
    if !(2..=ROLES.len()).contains(&list.len()) {
        build.report.add(
            Mistake::error("wrong-type", format!("{} has {} valves", fields.owner, list.len()))
                .at(fields.place_of("valves"), "two or three are possible")
                .help("a single valve is the `out` of the loop or of an [analog_output]; for more than three put a second [split_range] behind a [calc]"),
        );
        return None;
    }
    let mut valves: Vec<Option<SplitValve>> = Vec::with_capacity(list.len());
    for (mut entry, role) in list.into_iter().zip(ROLES) {
        valves.push(valve(build, &mut entry, role, (unit, &range)));
        entry.finish(build.report);
    }
    let valves: Vec<SplitValve> = valves.into_iter().collect::<Option<_>>()?;
    Some(Split { input: input?, signal, low: range.low, high: range.high, valves })
}

fn valve(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    role: &str,
    (unit, signal): (Unit, &Range),
) -> Option<SplitValve> {
    // One valve alone has the whole signal and its whole stroke, unless the text says otherwise.
    let alone = role == "OUT";
    for (key, example) in [("from", "[50, 100]"), ("to", "[0, 100]")] {
        if !fields.has(key) && !alone {
            fields.missing(key, example, build.report);
        }
    }
    let from = if alone && !fields.has("from") {
        Some((signal.low, signal.high))
    } else {
        part(build, fields, (unit, signal))
    };
    let target =
        fields.need_text("out", "\"TV-321A\"", build.report).and_then(|text| build.output(text, false))?;
    let stroke = build.draft.range_of(target);
    let to = if alone && !fields.has("to") {
        (stroke.low, stroke.high)
    } else {
        ends(build, fields, target, &stroke)?
    };
    Some(SplitValve { target, out: build.own(role), from: from?, to, low: stroke.low, high: stroke.high })
}

/// The part of the signal over which a valve moves.
fn part(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    (unit, signal): (Unit, &Range),
) -> Option<(f64, f64)> {
    let from = fields.range("from", unit, build.report)?;
    let _ = check_within("`from`", from.low, from.place, signal, "the signal's range", build.report)
        && check_within("`from`", from.high, from.place, signal, "the signal's range", build.report);
    Some((from.low, from.high))
}

/// Where it stands at both ends of that part.
fn ends(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    target: PointId,
    stroke: &Range,
) -> Option<(f64, f64)> {
    let (first, last, place) = fields.pair("to", build.draft.point(target).unit, build.report)?;
    let _ = check_within("`to`", first, place, stroke, "the range of the valve", build.report)
        && check_within("`to`", last, place, stroke, "the range of the valve", build.report);
    if first == last {
        build.report.add(
            Mistake::error("out-of-range", format!("{} does not move", fields.owner))
                .at(place, "both ends are the same")
                .help("write where it stands at the low and at the high end of `from`: [0, 100], or [100, 0] for a reverse one"),
        );
        return None;
    }
    Some((first, last))
}
