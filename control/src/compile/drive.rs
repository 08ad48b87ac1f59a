//! The speed of a motor behind a frequency converter.

use alloc::format;
use model::Unit;

use super::blocks::Build;
use super::draft::check_within;
use super::fields::Fields;
use super::report::Mistake;
use crate::plant::Drive;

pub(super) fn drive(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Drive> {
    let (set_point, out) = (build.own("SP"), build.own("OUT"));
    let unit = build.draft.point(out).unit;
    let range = build.draft.range_of(out);
    let speed = fields.need_text("speed", "\"SY-312\"", build.report).map(|text| build.output(text, false));
    let source = fields.text("ref", build.report).map(|text| {
        let point = build.value(text)?;
        let sure = build.draft.is_sure(point) && build.draft.is_sure(out);
        (!sure || build.same_unit(text, point, unit, "the speed")).then_some(point)
    });
    let actual = fields.text("actual", build.report).map(|text| {
        let point = build.value(text)?;
        let sure = build.draft.is_sure(point) && build.draft.is_sure(out);
        (!sure || build.same_unit(text, point, unit, "the speed")).then_some(point)
    });
    let fault = fields.text("fault", build.report).map(|text| build.switch(text));
    let local = fields.text("local", build.report).map(|text| build.switch(text));
    let limit = fields.text("limit", build.report).map(|text| {
        let point = build.value(text)?;
        let sure = build.draft.is_sure(point) && build.draft.is_sure(out);
        (!sure || build.same_unit(text, point, unit, "the speed")).then_some(point)
    });
    let min = least(build, fields, unit);
    let ramp = fields.rate("ramp", unit, build.report);
    let ramp_down = fields.rate("ramp_down", unit, build.report);
    let initial = min.max(range.low);
    build.draft.points[set_point.index()].initial = initial;
    if source.is_none() {
        build.draft.set_write(set_point, min, range.high, build.role);
    }
    let whole = |found: Option<Option<model::PointId>>| found != Some(None);
    if !(whole(source) && whole(limit) && whole(actual) && whole(fault) && whole(local)) {
        return None;
    }
    Some(Drive {
        set_point,
        out,
        speed: speed??,
        source: source.flatten(),
        actual: actual.flatten(),
        fault: fault.flatten(),
        local: local.flatten(),
        min,
        low: range.low,
        high: range.high,
        limit: limit.flatten(),
        ramp: ramp.unwrap_or(f64::INFINITY),
        ramp_down: ramp_down.or(ramp).unwrap_or(f64::INFINITY),
    })
}

/// The speed below which a running motor is not told to go.
fn least(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, unit: Unit) -> f64 {
    let range = build.draft.range_of(build.own("OUT"));
    let Some(min) = fields.quantity("min_speed", unit, build.report) else { return range.low };
    let place = fields.place_of("min_speed");
    if check_within("`min_speed`", min, place, &range, "the range of the speed", build.report)
        && min >= range.high
    {
        build.report.add(
            Mistake::error("out-of-range", format!("{} has one speed alone", fields.owner))
                .at(place, "the highest speed")
                .help("write a least speed below the highest, or use a [motor]"),
        );
    }
    min
}
