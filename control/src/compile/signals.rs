//! Calculations, filters, ratios, ramps and selectors.

use alloc::format;
use alloc::vec::Vec;
use model::Unit;

use super::blocks::Build;
use super::draft::check_within;
use super::emit::{self, Wanted};
use super::fields::Fields;
use super::quantity::Shown;
use super::report::Mistake;
use super::tags::normal;
use crate::plant::{Calc, Filter, Pick, Ramp, Ratio, Selector};

pub(super) fn calc(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Calc> {
    let out = build.own("");
    for key in ["unit", "range", "words"] {
        fields.has(key);
    }
    decimals(build, fields, out);
    let range = build.draft.range_of(out);
    normal(fields, out, Some(&range), build.draft, build.report);
    let text = fields.need_text("value", "\"TT-312 - TT-311\"", build.report)?;
    let wanted = if build.draft.point(out).words.is_some() {
        Wanted::Condition
    } else {
        Wanted::Value(build.draft.point(out).unit, Some(fields.place_of("unit")))
    };
    let emitted = emit::compile(build.draft, text, wanted, None, build.report)?;
    for (point, place) in emitted.reads {
        build.reads(point, place);
    }
    Some(Calc { out, value: emitted.expr })
}

fn decimals(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, point: model::PointId) {
    if let Some(decimals) = fields.integer("decimals", 0, 6, build.report) {
        build.draft.points[point.index()].decimals = decimals as u8;
    }
}

pub(super) fn filter(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Filter> {
    let out = build.own("");
    decimals(build, fields, out);
    let input = fields.need_text("input", "\"TT-311\"", build.report);
    if !fields.has("time") {
        fields.missing("time", "\"20 s\"", build.report);
    }
    let time_s = fields.time_s("time", build.report);
    let input_text = input?;
    let input = build.value(input_text)?;
    if build.draft.points[out.index()].description.is_empty() {
        build.draft.points[out.index()].description =
            format!("{}, filtered", build.draft.point(input).description);
    }
    Some(Filter { input, out, time_s: time_s? })
}

pub(super) fn ratio(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Ratio> {
    for key in ["unit", "range"] {
        fields.has(key);
    }
    let (wild, ratio, bias, out) = (build.own("IN"), build.own("RATIO"), build.own("BIAS"), build.own("OUT"));
    decimals(build, fields, out);
    let unit = build.draft.point(out).unit;
    let input = fields.need_text("input", "\"FT-301\"", build.report);
    for (key, example) in [("ratio", "0.35"), ("ratio_limits", "[0.2, 0.6]")] {
        if !fields.has(key) {
            fields.missing(key, example, build.report);
        }
    }
    let value = fields.number("ratio", build.report);
    let limits = fields.range("ratio_limits", Unit::NONE, build.report);
    if let (Some(value), Some(limits)) = (value, &limits) {
        let place = fields.place_of("ratio");
        check_within("`ratio`", value, place, limits, "`ratio_limits`", build.report);
        build.draft.points[ratio.index()].initial = value;
        build.draft.set_unit(ratio, Unit::NONE, limits.low, limits.high, Some(3));
        build.draft.set_write(ratio, limits.low, limits.high, build.role);
    }
    let bias_value = fields.quantity("bias", unit.difference(), build.report).unwrap_or(0.0);
    let span = build.draft.range_of(bias);
    build.draft.points[bias.index()].initial = bias_value;
    build.draft.set_write(bias, span.low, span.high, build.role);
    let trim = fields.text("trim", build.report).and_then(|text| {
        let point = build.value(text)?;
        build.same_unit(text, point, unit, "the ratio's output").then_some(point)
    });
    let range = build.draft.range_of(out);
    let input = build.value(input?)?;
    value?;
    limits?;
    Some(Ratio { input, wild, ratio, bias, out, trim, low: range.low, high: range.high, secondary: None })
}

pub(super) fn ramp(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Ramp> {
    for key in ["unit", "range"] {
        fields.has(key);
    }
    let (target, out) = (build.own("TARGET"), build.own("OUT"));
    decimals(build, fields, out);
    let unit = build.draft.point(out).unit;
    if !fields.has("rate") {
        fields.missing("rate", &format!("\"1 {}/min\"", unit.difference()), build.report);
    }
    let rate = fields.rate("rate", unit, build.report);
    let range = build.draft.range_of(out);
    let initial = fields.quantity("initial", unit, build.report);
    if let Some(initial) = initial {
        let place = fields.place_of("initial");
        check_within("`initial`", initial, place, &range, "the range", build.report);
    }
    let initial = initial.unwrap_or_else(|| 0.0_f64.clamp(range.low, range.high));
    for point in [target, out] {
        build.draft.points[point.index()].initial = initial;
    }
    let source = match fields.text("target", build.report) {
        Some(text) => {
            let wanted = Wanted::Value(unit, Some(fields.place_of("unit")));
            let emitted = emit::compile(build.draft, text, wanted, None, build.report)?;
            for (point, place) in emitted.reads {
                build.reads(point, place);
            }
            Some(emitted.expr)
        }
        None => {
            build.draft.set_write(target, range.low, range.high, build.role);
            None
        }
    };
    Some(Ramp { target, source, out, rate: rate?, low: range.low, high: range.high })
}

pub(super) fn selector(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Selector> {
    let (out, selected) = (build.own("OUT"), build.own("SELECTED"));
    decimals(build, fields, out);
    let unit = build.draft.point(out).unit;
    for (key, example) in [("inputs", "[\"TT-311A\", \"TT-311B\"]"), ("pick", "\"high\"")] {
        if !fields.has(key) {
            fields.missing(key, example, build.report);
        }
    }
    let words = [("high", Pick::High), ("low", Pick::Low), ("median", Pick::Median)];
    let pick = fields.choice("pick", &words, build.report);
    let deviation = fields.quantity("deviation", unit.difference(), build.report);
    let span = build.draft.range_of(out);
    if let Some(deviation) = deviation
        && build.draft.is_sure(out)
        && !(deviation > 0.0 && deviation < span.high - span.low)
    {
        let span = Shown(span.high - span.low);
        build.report.add(
            Mistake::error(
                "outside-range",
                format!("`deviation` of {} is {}", fields.owner, Shown(deviation)),
            )
            .at(fields.place_of("deviation"), format!("above 0 and below {span} is possible"))
            .help(format!("write a part of the range of {span} {}", unit.difference())),
        );
    }
    let texts = fields.texts("inputs", build.report)?;
    let least = if pick == Some(Pick::Median) { 3 } else { 2 };
    if texts.len() < least || texts.len() > 200 {
        build.report.add(
            Mistake::error("wrong-type", format!("{} has {} inputs", fields.owner, texts.len()))
                .at(fields.place_of("inputs"), format!("{least} to 200 are possible"))
                .help(if least == 3 {
                    "a median needs three inputs; with two, `pick = \"high\"` or \"low\""
                } else {
                    "name at least two inputs"
                }),
        );
    }
    let mut inputs = Vec::with_capacity(texts.len());
    for text in &texts {
        if let Some(point) = build.value(text)
            && build.same_unit(text, point, unit, "the first input")
        {
            if inputs.contains(&point) {
                build.report.add(
                    Mistake::error("duplicate-name", format!("`{text}` is an input twice"))
                        .at(text.place, "the second time")
                        .help("name every input once"),
                );
            }
            inputs.push(point);
        }
    }
    build.draft.points[selected.index()].high = inputs.len() as f64;
    Some(Selector { inputs, pick: pick?, out, selected, deviation })
}
