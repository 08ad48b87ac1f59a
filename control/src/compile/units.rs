//! Units and ranges of the points that blocks make, which follow from the values that the blocks read.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use model::{PointId, Unit};

use super::draft::Draft;
use super::items::{Item, Items, Kind};
use super::place::Place;
use super::report::{Mistake, Report};
use super::tags::scale;
use crate::plant::Origin;
use crate::plant::pid_options::FACTOR;

/// `to` get unit and range of `from`.
struct Flow {
    from: PointId,
    to: Vec<PointId>,
}

/// Finds the unit of every point, along the flow of values; a value that waits for itself keeps none.
pub(super) fn find(items: &Items, draft: &mut Draft, report: &mut Report) {
    let readers = readers(items, draft);
    let mut known: Vec<bool> =
        draft.points.iter().map(|point| !matches!(point.origin, Origin::Block(_))).collect();
    let mut flows: BTreeMap<PointId, Vec<Flow>> = BTreeMap::new();
    let mut ready: Vec<PointId> = Vec::new();
    for index in 0..draft.blocks.len() {
        let item = &items.items[draft.blocks[index].item];
        let mut settled = own(item, index, draft, report);
        for flow in from_others(item, index, draft, &readers, &mut settled, report) {
            if known[flow.from.index()] {
                pass(&flow, draft);
                settled.extend(flow.to);
            } else {
                flows.entry(flow.from).or_default().push(flow);
            }
        }
        for point in settled {
            known[point.index()] = true;
            ready.push(point);
        }
        while let Some(point) = ready.pop() {
            for flow in flows.remove(&point).unwrap_or_default() {
                pass(&flow, draft);
                for point in flow.to {
                    known[point.index()] = true;
                    ready.push(point);
                }
            }
        }
    }
    // What waits for itself is reported as a loop when the blocks are put in order.
    for flow in flows.into_values().flatten() {
        for point in flow.to {
            draft.facts[point.index()].sure = false;
        }
    }
}

fn pass(flow: &Flow, draft: &mut Draft) {
    let from = draft.point(flow.from);
    let (unit, low, high, decimals, normal) = (from.unit, from.low, from.high, from.decimals, from.normal);
    // A switch has no unit: whoever takes it for a value is told so when its body is built.
    let switch = from.words.is_some();
    let sure = draft.is_sure(flow.from) && !switch;
    for point in &flow.to {
        draft.facts[point.index()].sure &= sure;
    }
    for point in flow.to.iter().filter(|_| !switch) {
        draft.set_unit(*point, unit, low, high, Some(decimals));
        draft.points[point.index()].normal = normal;
    }
}

/// Who takes an OUT as its set point or trim: the unit of the OUT follows from that block.
fn readers(items: &Items, draft: &Draft) -> BTreeMap<PointId, PointId> {
    let mut readers = BTreeMap::new();
    for block in &draft.blocks {
        let (key, role) = match block.kind {
            Kind::Pid => ("cascade", "PV"),
            Kind::Ratio => ("trim", "OUT"),
            Kind::SplitRange | Kind::AnalogOutput => ("input", "IN"),
            Kind::Drive => ("ref", "SP"),
            _ => continue,
        };
        let text = items.items[block.item].table.get_text(key);
        let source = text.and_then(|text| draft.names.get(text.as_str())).and_then(|named| named.point);
        if let (Some(source), Some(point)) = (source, block.point(role)) {
            readers.entry(source).or_insert(point);
        }
    }
    readers
}

/// Points whose unit is said in the block's own table, or is always the same.
fn own(item: &Item, index: usize, draft: &mut Draft, report: &mut Report) -> Vec<PointId> {
    let block = &draft.blocks[index];
    let at = |role: &str| block.point(role).unwrap_or(PointId(0));
    let seconds = Unit::parse("s").unwrap_or(Unit::NONE);
    match item.kind {
        Kind::Calc => {
            let point = at("");
            scale(&mut item.fields(), point, draft, report);
            Vec::from([point])
        }
        Kind::Ratio => {
            let (out, ratio, bias) = (at("OUT"), at("RATIO"), at("BIAS"));
            let mut settled = Vec::from([ratio, bias, out]);
            draft.points[ratio.index()].decimals = 3;
            if let Some(range) = scale(&mut item.fields(), out, draft, report) {
                let span = range.high - range.low;
                let (unit, decimals) = (draft.point(out).unit, draft.point(out).decimals);
                draft.set_unit(bias, unit, -span, span, Some(decimals));
            }
            settled.dedup();
            settled
        }
        Kind::Ramp => {
            let (target, out) = (at("TARGET"), at("OUT"));
            if let Some(range) = scale(&mut item.fields(), out, draft, report) {
                let (unit, decimals) = (draft.point(out).unit, draft.point(out).decimals);
                draft.set_unit(target, unit, range.low, range.high, Some(decimals));
            }
            Vec::from([target, out])
        }
        Kind::Function(_) => match item.kind.shape() {
            Some(shape) => super::shapes::own(shape, item, index, draft, report),
            None => Vec::new(),
        },
        Kind::SplitRange | Kind::AnalogOutput => {
            let signal = at("IN");
            super::split::scale_signal(item, signal, draft, report);
            Vec::from([signal])
        }
        Kind::Selector => {
            let selected = at("SELECTED");
            draft.set_unit(selected, Unit::NONE, 0.0, 255.0, Some(0));
            Vec::from([selected])
        }
        Kind::Pid => {
            let (mode, kc, ti, td, ff) = (at("MODE"), at("KC"), at("TI"), at("TD"), at("FF"));
            draft.set_unit(mode, Unit::NONE, 0.0, 7.0, Some(0));
            draft.set_unit(kc, Unit::NONE, 0.0, 100.0, Some(3));
            draft.set_unit(ti, seconds, 0.0, 86_400.0, Some(1));
            draft.set_unit(td, seconds, 0.0, 86_400.0, Some(1));
            let mut settled = Vec::from([mode, kc, ti, td]);
            if multiplies(item) {
                draft.set_unit(ff, Unit::NONE, FACTOR.0, FACTOR.1, Some(3));
                draft.points[ff.index()].initial = 1.0;
                settled.push(ff);
            }
            if let Some(gain) = draft.blocks[index].point("FFGAIN") {
                draft.set_unit(gain, Unit::NONE, -100.0, 100.0, Some(3));
                settled.push(gain);
            }
            settled
        }
        Kind::DutyStandby => super::duty::scale(index, draft),
        Kind::Position => super::position::scale(item, index, draft),
        Kind::Motor | Kind::Valve | Kind::Breaker | Kind::Drive => {
            let (command, state, fail, mode) = (at("CMD"), at("STATE"), at("FAIL"), at("MODE"));
            draft.set_unit(state, Unit::NONE, 0.0, 4.0, Some(0));
            draft.set_words(fail, ("ok", "FAILED"));
            draft.set_unit(mode, Unit::NONE, 0.0, 7.0, Some(0));
            if matches!(draft.point(command).origin, Origin::Block(_)) {
                let words = super::machines::kind_of(item.kind).words();
                draft.set_words(command, words);
            }
            let mut settled = Vec::from([command, state, fail, mode]);
            for (role, words) in [("AUTO", ("hand", "auto")), ("READY", ("no", "ready"))] {
                if let Some(point) = draft.blocks[index].point(role) {
                    draft.set_words(point, words);
                    settled.push(point);
                }
            }
            let hours = Unit::parse("h").unwrap_or(Unit::NONE);
            let counts = [
                ("REST", seconds, 86_400.0, 0),
                ("HOURS", hours, 1e6, 1),
                ("STARTS", Unit::NONE, 1e6, 0),
                ("RESULT", Unit::NONE, 4.0, 0),
                ("OPENS", seconds, 86_400.0, 1),
                ("CLOSES", seconds, 86_400.0, 1),
            ];
            for (role, unit, high, decimals) in counts {
                if let Some(point) = draft.blocks[index].point(role) {
                    draft.set_unit(point, unit, 0.0, high, Some(decimals));
                    settled.push(point);
                }
            }
            settled
        }
        _ => Vec::new(),
    }
}

/// Points whose unit follows from a point of another block or of the field.
fn from_others(
    item: &Item,
    index: usize,
    draft: &mut Draft,
    readers: &BTreeMap<PointId, PointId>,
    settled: &mut Vec<PointId>,
    report: &mut Report,
) -> Vec<Flow> {
    let mut flows = Vec::new();
    let mut unsure: Vec<PointId> = Vec::new();
    let mut flow = |draft: &Draft, source: Option<&str>, roles: &[&str]| {
        let to: Vec<PointId> = roles.iter().filter_map(|role| draft.blocks[index].point(role)).collect();
        match source.and_then(|name| draft.names.get(name)).and_then(|named| named.point) {
            Some(from) => flows.push(Flow { from, to }),
            // The unknown name is reported when the body is built.
            None => unsure.extend(to),
        }
    };
    let said = |key: &str| item.table.get_text(key).map(super::place::Text::as_str);
    match item.kind {
        Kind::Filter => flow(draft, said("input"), &[""]),
        Kind::Selector => {
            let first = item.table.get("inputs").and_then(|node| match &node.value {
                super::tree::Value::List(items) => items.first().and_then(super::tree::Node::text),
                _ => None,
            });
            flow(draft, first.map(super::place::Text::as_str), &["OUT"]);
        }
        Kind::Ratio => flow(draft, said("input"), &["IN"]),
        Kind::Drive => flow(draft, said("speed"), &["SP", "OUT"]),
        Kind::AnalogOutput => flow(draft, said("out"), &["OUT"]),
        Kind::SplitRange => {
            let outs = super::split::outs(item);
            for (number, role) in ["OUT1", "OUT2", "OUT3"].iter().enumerate() {
                flow(draft, outs.get(number).copied().flatten(), &[*role]);
            }
        }
        Kind::Function(_) => {
            if let Some((key, roles)) = item.kind.shape().and_then(super::shapes::follows) {
                flow(draft, said(key), &roles);
            }
        }
        Kind::Pid => {
            flow(draft, said("pv"), &["PV", "SP", "SPW", "RCAS"]);
            if out_of_text(item, index, draft, report) {
                settled.extend(like_out(item).iter().filter_map(|role| draft.blocks[index].point(role)));
            } else if said("out").is_some() {
                // Anything but an output is reported when the body is built.
                let named = said("out").and_then(|name| draft.names.get(name)).and_then(|named| named.point);
                let output =
                    named.filter(|point| matches!(draft.point(*point).origin, Origin::FieldOutput(_)));
                flow(draft, output.and(said("out")), like_out(item));
            } else {
                let reader = draft.blocks[index].point("OUT").and_then(|out| readers.get(&out)).copied();
                let to: Vec<PointId> =
                    like_out(item).iter().filter_map(|role| draft.blocks[index].point(role)).collect();
                match reader {
                    Some(from) => flows.push(Flow { from, to }),
                    None => {
                        report.add(nobody_reads(item, item.name.place));
                        unsure.extend::<Vec<PointId>>(to);
                    }
                }
            }
        }
        _ => {}
    }
    for point in unsure {
        draft.facts[point.index()].sure = false;
        settled.push(point);
    }
    flows
}

/// `out_unit` and `out_range` settle unit and range of OUT when both are there.
fn out_of_text(item: &Item, index: usize, draft: &mut Draft, report: &mut Report) -> bool {
    let mut fields = item.fields();
    let Some(unit) = fields.text("out_unit", report) else { return false };
    let Some(unit) = super::quantity::parse_unit(unit.as_str(), unit.place, report) else { return true };
    if fields.has("out") {
        return false;
    }
    if !fields.has("out_range") {
        fields.missing("out_range", "[0, 100]", report);
    }
    // Without a range the unit stands all the same, so that nothing else is found wrong with it.
    let range = fields.range("out_range", unit, report).map_or((0.0, 100.0), |range| (range.low, range.high));
    for role in like_out(item) {
        if let Some(point) = draft.blocks[index].point(role) {
            draft.set_unit(point, unit, range.0, range.1, None);
        }
    }
    true
}

/// The feed-forward of this loop is a factor, without a unit.
pub(super) fn multiplies(item: &Item) -> bool {
    item.table.get_text("ff_as").is_some_and(|text| text.as_str() == "factor")
}

/// Points of a loop in the unit and range of OUT.
fn like_out(item: &Item) -> &'static [&'static str] {
    if multiplies(item) { &["OUT", "ROUT"] } else { &["OUT", "FF", "ROUT"] }
}

fn nobody_reads(item: &Item, place: Place) -> Mistake {
    Mistake::error("missing-key", alloc::format!("pid `{}` has neither `out` nor `out_unit`", item.name))
        .at(place, "what is its output?")
        .help("add `out = \"FV-301\"`, or `out_unit = \"%\"` and `out_range = [0, 100]` when other blocks read it")
}
