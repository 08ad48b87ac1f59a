//! PID loops: what one may have besides the ordinary, see [`PidOptions`].

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::wire::Role;
use model::{Mode, PointId, Unit};

use super::blocks::Build;
use super::bounds::Bounds;
use super::draft::check_within;
use super::emit::{self, Wanted};
use super::fields::{Fields, Range};
use super::loops::{KC, KC_PARALLEL, SECONDS};
use super::place::{Place, Text};
use super::quantity::Shown;
use super::report::Mistake;
use crate::plant::{Expr, Feedback, Gap, OnBad, PidForm, PidOptions, Remote, Schedule, Track, TracksIn};

/// FF may be taken with the opposite sign, and beyond this is a slip of the keyboard.
const FF_GAIN: (f64, f64) = (-100.0, 100.0);
/// Derivative filters outside of this are none, or let no derivative through.
const N: (f64, f64) = (1.0, 100.0);
/// A hysteresis or a band larger than this part of OUT's range would be half of the control.
const PART_MOST: f64 = 0.1;
/// A PV that is bad for longer is no moment of silence.
const BAD_PV_DELAY_MS: u32 = 3_600_000;
/// Of the range of OUT: what a healthy valve with its transmitter differs from its order, at rest.
const FEEDBACK_BAND: f64 = 0.005;

/// Two keys of which one makes the other meaningless.
fn contradiction(
    build: &mut Build<'_, '_>,
    fields: &Fields<'_>,
    key: &str,
    other: &str,
    why: &str,
    help: &str,
) {
    build.report.add(
        Mistake::error("contradiction", format!("`{key}` of {} does nothing: {why}", fields.owner))
            .at(fields.place_of(key), "this one")
            .related(fields.place_of(other), "because of this")
            .help(String::from(help)),
    );
}

fn out_of_range(build: &mut Build<'_, '_>, what: &str, value: f64, place: Place, possible: &str) {
    build.report.add(
        Mistake::error("out-of-range", format!("{what} is {}", Shown(value)))
            .at(place, format!("{possible} is possible"))
            .help(format!("write a value of {possible}")),
    );
}

/// A number within bounds, both included.
fn bounded(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    key: &'static str,
    (low, high): (f64, f64),
) -> Option<f64> {
    let value = fields.number(key, build.report)?;
    if value >= low && value <= high {
        return Some(value);
    }
    let what = format!("`{key}` of {}", fields.owner);
    out_of_range(build, &what, value, fields.place_of(key), &format!("{low} to {high}"));
    None
}

pub(super) fn derivative_n(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, default: f64) -> f64 {
    bounded(build, fields, "n", N).unwrap_or(default)
}

/// Everything but the schedule and the remote, which others need earlier.
pub(super) fn options(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    beta: f64,
    pv: &Range,
) -> PidOptions {
    let (pv_unit, out_unit) =
        (build.draft.point(build.own("PV")).unit, build.draft.point(build.own("OUT")).unit);
    let mut options = PidOptions {
        form: form(build, fields),
        gamma: bounded(build, fields, "gamma", (0.0, 1.0)).unwrap_or(0.0),
        second_order: second_order(build, fields),
        gap: gap(build, fields, pv_unit, pv),
        linearity: bounded(build, fields, "linearity", (0.0, 1.0)).unwrap_or(1.0),
        out_rate: rate(build, fields, "out_rate", "OUT").unwrap_or(f64::INFINITY),
        sp_tracks_pv: fields.boolean("sp_tracks_pv", build.report).unwrap_or(true),
        sp_rate_down: rate(build, fields, "sp_rate_down", "PV"),
        track: track(build, fields, out_unit),
        sp_tracks_in: tracks_in(build, fields),
        uncertain_is_bad: fields.choice("uncertain", &[("good", false), ("bad", true)], build.report)
            == Some(true),
        feedback: feedback(build, fields, out_unit),
        limit_hysteresis: part_of_out(build, fields, "limit_hysteresis", out_unit).unwrap_or(0.0),
        ..PidOptions::default()
    };
    if options.sp_rate_down.is_some() && !fields.has("sp_rate") {
        contradiction(
            build,
            fields,
            "sp_rate_down",
            "sp_rate_down",
            "there is no `sp_rate`",
            "give `sp_rate` as well: it is the rate upwards, and downwards when nothing else is said",
        );
    }
    for key in ["gap", "linearity"] {
        if fields.has(key) && beta < 1.0 {
            contradiction(
                build,
                fields,
                "beta",
                key,
                "a gain that depends on the error needs the whole error",
                "remove `beta`, and give the set point a ramp with `sp_rate` when its kick hurts",
            );
        }
    }
    feed_forward(build, fields, &mut options);
    options
}

/// A rate of change of PV or OUT.
fn rate(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, key: &'static str, role: &str) -> Option<f64> {
    build.depends_on(&[role]);
    let unit = build.draft.point(build.own(role)).unit;
    fields.rate(key, unit, build.report)
}

/// A distance on OUT, up to a tenth of its range.
fn part_of_out(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    key: &'static str,
    unit: Unit,
) -> Option<f64> {
    build.depends_on(&["OUT"]);
    let value = fields.quantity(key, unit.difference(), build.report)?;
    let range = build.draft.range_of(build.own("OUT"));
    let most = PART_MOST * (range.high - range.low);
    if value >= 0.0 && value <= most || build.report.doubtful {
        return Some(value);
    }
    let what = format!("`{key}` of {}", fields.owner);
    out_of_range(build, &what, value, fields.place_of(key), &format!("0 to {most}"));
    None
}

/// The measurement that the integral follows. It is that of the run: a secondary that runs later shows its last one.
fn feedback(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, unit: Unit) -> Option<Feedback> {
    build.depends_on(&["OUT"]);
    let band = part_of_out(build, fields, "feedback_band", unit);
    if fields.has("feedback_band") && !fields.has("feedback") {
        contradiction(
            build,
            fields,
            "feedback_band",
            "feedback_band",
            "there is no `feedback`",
            "add `feedback = \"ZT-301\"`, or remove it",
        );
    }
    let text = fields.text("feedback", build.report)?;
    let point = build.draft.find_point(text.as_str(), text.place, build.report)?;
    if build.draft.point(point).words.is_some() {
        build.report.add(
            Mistake::error("wrong-kind", format!("`{text}` is a switch where a value is expected"))
                .at(text.place, "a switch")
                .help("name the position transmitter of the valve, or the PV of the loop below"),
        );
        return None;
    }
    if build.draft.blocks[build.block].points.iter().any(|(_, own)| *own == point) {
        build.report.add(
            Mistake::error("algebraic-loop", format!("`feedback` of {} is its own value", fields.owner))
                .at(text.place, "says nothing of what OUT does")
                .help("name the position transmitter of the valve, or the PV of the loop below"),
        );
        return None;
    }
    let range = build.draft.range_of(build.own("OUT"));
    let band = band.unwrap_or(FEEDBACK_BAND * (range.high - range.low));
    build.same_unit(text, point, unit, "OUT").then_some(Feedback { point, band })
}

fn tracks_in(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> TracksIn {
    const WORDS: [&str; 3] = ["tracking", "initialising", "remote_output"];
    let mut found = TracksIn::default();
    for text in fields.texts("sp_tracks_in", build.report).unwrap_or_default() {
        match text.as_str() {
            "tracking" => found.tracking = true,
            "initialising" => found.initialising = true,
            "remote_output" => found.remote_output = true,
            _ => fields.not_one_of("sp_tracks_in", text, &WORDS, build.report),
        }
    }
    found
}

fn form(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> PidForm {
    let words = [
        ("isa", PidForm::Isa),
        ("parallel", PidForm::Parallel),
        ("series", PidForm::Series),
        ("integral", PidForm::Integral),
    ];
    let form = fields.choice("form", &words, build.report).unwrap_or(PidForm::Isa);
    if form == PidForm::Integral {
        for key in ["td", "beta", "gamma", "n"] {
            if fields.has(key) {
                contradiction(
                    build,
                    fields,
                    key,
                    "form",
                    "the integral acts alone",
                    "remove it, or write `form = \"isa\"`",
                );
            }
        }
    }
    form
}

fn second_order(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> bool {
    let order = fields.integer("filter_order", 1, 2, build.report);
    if order == Some(2) && !fields.has("filter") {
        contradiction(
            build,
            fields,
            "filter_order",
            "filter_order",
            "there is no `filter`",
            "add its time, such as `filter = \"2 s\"`",
        );
    }
    order == Some(2)
}

fn gap(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, unit: Unit, pv: &Range) -> Option<Gap> {
    build.depends_on(&["PV"]);
    let mut gap = fields.table("gap", build.report)?;
    if !gap.has("band") {
        gap.missing("band", "\"2 %\"", build.report);
    }
    let band = gap.quantity("band", unit.difference(), build.report);
    let gain = bounded(build, &mut gap, "gain", (0.0, 1.0)).unwrap_or(0.0);
    gap.finish(build.report);
    let band = band?;
    let span = pv.high - pv.low;
    if !(build.report.doubtful || band > 0.0 && band < span) {
        let what = format!("`band` of {}", gap.owner);
        out_of_range(build, &what, band, gap.place_of("band"), &format!("above 0 to {span}"));
        return None;
    }
    Some(Gap { band, gain })
}

fn expression(build: &mut Build<'_, '_>, text: &Text, wanted: Wanted) -> Option<Expr> {
    let emitted = emit::compile(build.draft, text, wanted, None, build.report)?;
    for (point, place) in emitted.reads {
        // Its own values are those that stand when it is asked.
        if !build.draft.blocks[build.block].points.iter().any(|(_, own)| *own == point) {
            build.reads(point, place);
        }
    }
    Some(emitted.expr)
}

fn track(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, unit: Unit) -> Option<Track> {
    build.depends_on(&["OUT"]);
    let mut track = fields.table("track", build.report)?;
    let when = track.need_text("when", "\"P-311.RUN\"", build.report);
    let value = track.need_text("value", "\"20 %\"", build.report);
    track.finish(build.report);
    let when = expression(build, when?, Wanted::Condition);
    let value_text = value?;
    let value = expression(build, value_text, Wanted::Value(unit, None))?;
    let (start, length) = (value.start as usize, value.len as usize);
    let reach = Bounds::of(build.draft, &build.draft.code.ops[start..start + length]);
    let range = build.draft.range_of(build.own("OUT"));
    // OUT stays within its range; a value that never lies there is a slip.
    if build.draft.is_sure(build.own("OUT")) {
        let outside = if reach.low > range.high { Some(reach.low) } else { None };
        let outside = outside.or((reach.high < range.low).then_some(reach.high));
        if let Some(outside) = outside {
            let what = format!("`value` of {}", track.owner);
            check_within(&what, outside, value_text.place, &range, "the range of OUT", build.report);
        }
    }
    Some(Track { when: when?, value })
}

fn feed_forward(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, options: &mut PidOptions) {
    let kind = fields.node("ff_as").and_then(super::tree::Node::text);
    options.ff_multiplies = kind.is_some_and(|text| text.as_str() == "factor");
    if options.ff_multiplies && fields.has("ff_gain") {
        contradiction(
            build,
            fields,
            "ff_gain",
            "ff_as",
            "a factor has no gain",
            "write it into `ff`, or make the feed-forward a term",
        );
    }
    for key in ["ff_gain", "ff_when", "ff_as"] {
        if fields.has(key) && !fields.has("ff") {
            contradiction(
                build,
                fields,
                key,
                key,
                "there is no feed-forward",
                "add `ff = \"...\"`, or remove it",
            );
        }
    }
    if fields.has("ff_gain") {
        let gain = bounded(build, fields, "ff_gain", FF_GAIN).unwrap_or(1.0);
        let point = build.own("FFGAIN");
        build.draft.points[point.index()].initial = gain;
        build.draft.set_write(point, FF_GAIN.0, FF_GAIN.1, Role::Engineer);
        options.ff_gain = Some(point);
    }
    if let Some(text) = fields.text("ff_when", build.report) {
        options.ff_when = expression(build, text, Wanted::Condition);
    }
}

/// The characteriser of the tuning.
pub(super) fn schedule(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Schedule> {
    let mut table = fields.table("schedule", build.report)?;
    let by = table.need_text("by", "\"LT-311\"", build.report).and_then(|text| by(build, text));
    if !(table.has("kc") || table.has("ti") || table.has("td")) {
        table.missing("kc", "[[0, 1.0], [100, 2.0]]", build.report);
    }
    let (unit, range) = match by {
        Some(point) => (build.draft.point(point).unit, Some(build.draft.range_of(point))),
        None => (Unit::NONE, None),
    };
    build.report.doubtful = by.is_some_and(|point| !build.draft.is_sure(point));
    let seconds = Unit::parse("s").unwrap_or(Unit::NONE);
    let parallel =
        fields.node("form").and_then(|node| node.text()).is_some_and(|form| form.as_str() == "parallel");
    let kc_range = if parallel { KC_PARALLEL } else { KC };
    let mut column = |key: &'static str, y_unit: Unit, (low, high): (f64, f64)| {
        // Without its measurement the unit of x is not known.
        table.has(key);
        let range = range.as_ref()?;
        let points = table.characteristic(key, unit, y_unit, build.report)?;
        for (x, y, place) in &points {
            check_within("x", *x, *place, range, "the range of what decides", build.report);
            if !(*y >= low && *y <= high) {
                let what = format!("`{key}` of {}", table.owner);
                let possible = if key == "kc" { format!("{low} to {high}") } else { "0 s to 24 h".into() };
                out_of_range(build, &what, *y, *place, &possible);
            }
        }
        if fields.has(key) {
            contradiction(build, fields, key, "schedule", "the schedule gives it", "keep one of the two");
        }
        Some(points.into_iter().map(|(x, y, _)| (x, y)).collect::<Vec<_>>())
    };
    let (kc, ti, td) =
        (column("kc", Unit::NONE, kc_range), column("ti", seconds, SECONDS), column("td", seconds, SECONDS));
    table.finish(build.report);
    build.depends_on(&[]);
    Some(Schedule {
        by: by?,
        kc: kc.unwrap_or_default(),
        ti: ti.unwrap_or_default(),
        td: td.unwrap_or_default(),
    })
}

/// What decides: any value, its own too (then that of the run before).
fn by(build: &mut Build<'_, '_>, text: &Text) -> Option<PointId> {
    let own = build.draft.names.get(text.as_str()).and_then(|named| named.point);
    match own {
        Some(point) if build.draft.blocks[build.block].points.iter().any(|(_, own)| *own == point) => {
            Some(point)
        }
        _ => build.value(text),
    }
}

/// How long a bad PV is borne. A loop that holds bears it for ever.
pub(super) fn bad_pv_delay(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, on_bad: OnBad) -> Option<u32> {
    let key = "bad_pv_delay";
    if fields.has(key) && on_bad == OnBad::Hold {
        contradiction(
            build,
            fields,
            key,
            "on_bad_pv",
            "with `on_bad_pv = \"hold\"` OUT stays for as long as the PV is bad, and the loop goes on by itself",
            "remove it, or write what the loop does afterwards: `on_bad_pv = \"manual\"`, or where OUT goes, such as \"0 %\"",
        );
    }
    let delay = fields.time_ms(key, build.report)?;
    if delay <= BAD_PV_DELAY_MS {
        return Some(delay);
    }
    let what = format!("`{key}` of {} in seconds", fields.owner);
    out_of_range(build, &what, f64::from(delay) / 1000.0, fields.place_of(key), "0 s to 1 h");
    None
}

/// Timeout and shedding of the remote modes; their points were declared when the modes are there.
pub(super) fn remote(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, modes: &[Mode]) -> Option<Remote> {
    let wanted: Vec<Mode> =
        [Mode::RemoteCascade, Mode::RemoteOutput].into_iter().filter(|mode| modes.contains(mode)).collect();
    if !fields.has("remote") {
        if !wanted.is_empty() {
            build.report.add(
                Mistake::error("bad-mode", format!("{} has a remote mode, and no `remote`", fields.owner))
                    .at(fields.place_of("modes"), "what when the remote falls silent?")
                    .help("add `remote = { timeout = \"10 s\", shed = \"auto\" }`"),
            );
        }
        return None;
    }
    let mut table = fields.table("remote", build.report)?;
    if !table.has("timeout") {
        table.missing("timeout", "\"10 s\"", build.report);
    }
    let timeout_ms = table.time_ms("timeout", build.report);
    let words = [("manual", Mode::Manual), ("auto", Mode::Auto), ("cascade", Mode::Cascade)];
    if !table.has("shed") {
        table.missing("shed", "\"auto\"", build.report);
    }
    let shed = table.choice("shed", &words, build.report);
    table.finish(build.report);
    if wanted.is_empty() {
        build.report.add(
            Mistake::error("bad-mode", format!("{} has `remote`, and no remote mode", fields.owner))
                .at(fields.place_of("remote"), "nobody can use it")
                .help("add \"remote_cascade\" or \"remote_output\" to `modes`"),
        );
    }
    if timeout_ms == Some(0) {
        let what = format!("`timeout` of {}", table.owner);
        out_of_range(build, &what, 0.0, table.place_of("timeout"), "100 ms to 49 d");
    }
    if let Some(shed) = shed
        && !modes.contains(&shed)
    {
        build.report.add(
            Mistake::error("bad-mode", format!("`shed` of {} is not among the modes", table.owner))
                .at(table.place_of("shed"), "this mode")
                .help("add it to `modes`, or shed to another"),
        );
    }
    let role = build.role;
    let mut point = |mode: Mode, role_of: &'static str, like: &'static str| {
        wanted.contains(&mode).then(|| {
            let (point, like) = (build.own(role_of), build.own(like));
            build.draft.points[point.index()].initial = build.draft.point(like).initial;
            if let Some(write) = build.draft.point(like).write {
                build.draft.set_write(point, write.low, write.high, role);
            }
            point
        })
    };
    let sp = point(Mode::RemoteCascade, "RCAS", "SP");
    let out = point(Mode::RemoteOutput, "ROUT", "OUT");
    Some(Remote { sp, out, timeout_ms: timeout_ms?, shed: shed? })
}
