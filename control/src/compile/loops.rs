//! PID loops: scales, limits, modes, cascade and the direction of action.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::wire::Role;
use model::{Mode, PointId, Unit};

use super::blocks::Build;
use super::draft::check_within;
use super::emit::{self, Wanted};
use super::fields::{Fields, Range};
use super::loop_options;
use super::quantity::Shown;
use super::report::Mistake;
use crate::plant::{OnBad, Pid, PidForm, PidOptions, Schedule};

/// Tf = Td / N, unless `n` says it.
const DERIVATIVE_N: f64 = 10.0;
/// Tuning beyond these is a slip of the keyboard. Without KC no form acts at all but the parallel one.
pub(super) const KC: (f64, f64) = (0.001, 100.0);
pub(super) const KC_PARALLEL: (f64, f64) = (0.0, 100.0);
pub(super) const SECONDS: (f64, f64) = (0.0, 86_400.0);
const SECONDS_IN_WORDS: &str = "24 h";

struct Scales {
    pv: Range,
    sp_limits: Range,
    out: Range,
    out_limits: Range,
}

/// `dt` is the seconds from run to run.
pub(super) fn pid(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, dt: f64) -> Option<Pid> {
    let pv_text = fields.need_text("pv", "\"TT-321\"", build.report);
    let input = pv_text.and_then(|text| build.value(text));
    let out_text = fields.text("out", build.report);
    let target = out_text.map(|text| build.output(text, false));
    build.depends_on(&[]);
    fields.has("out_unit");
    if let (Some(_), true) = (out_text, fields.has("out_unit")) {
        build.report.add(
            Mistake::error("unknown-key", "`out_unit` has no meaning beside `out`")
                .at(fields.place_of("out_unit"), "OUT has the unit of its tag")
                .help("remove `out_unit`"),
        );
    }
    describe(build, input);
    let scales = scales(build, fields);
    let direct = action(build, fields);
    let schedule = loop_options::schedule(build, fields);
    let ti = tuning(build, fields, schedule.as_ref());
    let sp = set_point(build, fields, &scales);
    let unit = build.draft.point(build.own("PV")).unit;
    let cascade = cascade(build, fields, unit);
    let (modes, normal_mode) = modes(build, fields, cascade.is_some())?;
    let feed_forward = feed_forward(build, fields);
    let on_bad_pv = on_bad(build, fields, &scales);
    if out_text.is_some() && !fields.has("on_bad_pv") {
        unsaid_bad_pv(build, fields);
    }
    let filter_s = fields.time_s("filter", build.report).unwrap_or(0.0);
    let beta = fraction(build, fields, "beta");
    build.depends_on(&["PV"]);
    let sp_rate = fields.rate("sp_rate", unit, build.report).unwrap_or(f64::INFINITY);
    let derivative_n = loop_options::derivative_n(build, fields, DERIVATIVE_N);
    let mut options = PidOptions { schedule, ..loop_options::options(build, fields, beta, &scales.pv) };
    if options.form == PidForm::Integral && ti == 0.0 {
        fields.missing("ti", "\"20 s\"", build.report);
    }
    fast_integral(build, fields, &options, ti, dt);
    let in_manual = fields.boolean("limits_in_manual", build.report).unwrap_or(true);
    let by_people = if in_manual { &scales.out_limits } else { &scales.out };
    initial(build, &scales, by_people, sp, normal_mode, target.flatten());
    options.remote = loop_options::remote(build, fields, &modes);
    options.bad_pv_delay_ms = loop_options::bad_pv_delay(build, fields, on_bad_pv);
    if target == Some(None) || cascade == Some(None) || feed_forward.is_none() {
        return None;
    }
    Some(Pid {
        input: input?,
        pv: build.own("PV"),
        sp: build.own("SP"),
        sp_working: build.own("SPW"),
        out: build.own("OUT"),
        mode: build.own("MODE"),
        kc: build.own("KC"),
        ti: build.own("TI"),
        td: build.own("TD"),
        ff: build.own("FF"),
        target: target.flatten(),
        secondary: None,
        pv_low: scales.pv.low,
        pv_high: scales.pv.high,
        out_low: scales.out.low,
        out_high: scales.out.high,
        out_limit_low: scales.out_limits.low,
        out_limit_high: scales.out_limits.high,
        sp_limit_low: scales.sp_limits.low,
        sp_limit_high: scales.sp_limits.high,
        sp_from_pv: sp.is_none(),
        sp_rate,
        direct: direct?,
        filter_s,
        beta,
        derivative_n,
        cascade: cascade.flatten(),
        feed_forward: feed_forward.flatten(),
        modes,
        normal_mode,
        on_bad_pv,
        options: Box::new(options),
    })
}

/// A loop without its own description has that of its measurement.
fn describe(build: &mut Build<'_, '_>, input: Option<PointId>) {
    let Some(input) = input else { return };
    let pv = build.own("PV");
    if !build.draft.point(pv).description.is_empty() {
        return;
    }
    let description = build.draft.point(input).description.clone();
    for index in 0..build.draft.blocks[build.block].points.len() {
        let (_, point) = build.draft.blocks[build.block].points[index];
        let words = core::mem::take(&mut build.draft.points[point.index()].description);
        build.draft.points[point.index()].description = format!("{description}{words}");
    }
}

fn scales(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Scales {
    let (pv_point, out_point) = (build.own("PV"), build.own("OUT"));
    let pv = build.draft.range_of(pv_point);
    let pv_unit = build.draft.point(pv_point).unit;
    let out_unit = build.draft.point(out_point).unit;
    let factor = fields.choice("ff_as", &[("term", false), ("factor", true)], build.report) == Some(true);
    build.depends_on(&["OUT"]);
    if let Some(range) = fields.range("out_range", out_unit, build.report) {
        for role in ["OUT", "FF", "ROUT"].into_iter().filter(|role| !(factor && *role == "FF")) {
            let Some(point) = build.draft.blocks[build.block].point(role) else { continue };
            build.draft.set_unit(point, out_unit, range.low, range.high, None);
        }
    }
    let mut out = build.draft.range_of(out_point);
    if fields.has("out_range") {
        out.place = fields.place_of("out_range");
    }
    let mut within = |key: &'static str, role: &str, unit: Unit, range: &Range, name: &str| {
        build.depends_on(&[role]);
        let Some(limits) = fields.range(key, unit, build.report) else { return *range };
        let what = format!("`{key}`");
        let _ = check_within(&what, limits.low, limits.place, range, name, build.report)
            && check_within(&what, limits.high, limits.place, range, name, build.report);
        limits
    };
    let sp_limits = within("sp_limits", "PV", pv_unit, &pv, "the range of the PV");
    let out_limits = within("out_limits", "OUT", out_unit, &out, "the range of OUT");
    build.depends_on(&[]);
    Scales { pv, sp_limits, out, out_limits }
}

/// Direct: PV rises, OUT rises. With a declared gain of the process, the wrong one is found.
fn action(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<bool> {
    if !fields.has("action") {
        fields.missing("action", "\"reverse\"", build.report);
    }
    let direct = fields.choice("action", &[("direct", true), ("reverse", false)], build.report);
    let gain = fields.choice("gain", &[("positive", true), ("negative", false)], build.report);
    // More OUT makes more PV: a PV too high must lower OUT, and that is reverse action.
    if let (Some(direct), Some(positive)) = (direct, gain)
        && direct == positive
    {
        let (gain, action, right) =
            if positive { ("positive", "direct", "reverse") } else { ("negative", "reverse", "direct") };
        build.report.add(
            Mistake::error(
                "wrong-action",
                format!("{} would run away: {action} action on a {gain} gain", fields.owner),
            )
            .at(fields.place_of("action"), "this action")
            .related(fields.place_of("gain"), format!("the process gain is {gain}"))
            .help(format!("write `action = \"{right}\"`")),
        );
    }
    direct
}

/// Values of KC, TI and TD at the start, and who may change them; gives TI.
fn tuning(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, schedule: Option<&Schedule>) -> f64 {
    let first = |table: &[(f64, f64)]| table.first().map(|(_, value)| *value);
    let [scheduled_kc, scheduled_ti, scheduled_td] = schedule
        .map_or([None; 3], |schedule| [first(&schedule.kc), first(&schedule.ti), first(&schedule.td)]);
    let table = fields.node("schedule").and_then(|node| node.table());
    let kc_in_table = table.is_some_and(|table| table.get("kc").is_some());
    if !fields.has("kc") && !kc_in_table {
        fields.missing("kc", "1.0", build.report);
    }
    let kc = fields.number("kc", build.report);
    fields.may_be("kc", (f64::min(KC.0, KC_PARALLEL.0), f64::max(KC.1, KC_PARALLEL.1)));
    let parallel =
        fields.node("form").and_then(|node| node.text()).is_some_and(|form| form.as_str() == "parallel");
    let kc_range = if parallel { KC_PARALLEL } else { KC };
    if let Some(kc) = kc
        && !(kc >= kc_range.0 && kc <= kc_range.1)
    {
        let help = match kc {
            0.0 => {
                "for an integral alone write `form = \"integral\"` with `kc = 1` and `ti`; for a loop that waits, `mode = \"manual\"`"
            }
            kc if kc < 0.0 => "a gain is above zero; its direction is `action = \"direct\"` or \"reverse\"",
            kc if kc < 1.0 => {
                "with less than that a whole range of error moves OUT by less than a thousandth of its own"
            }
            _ => {
                "KC is per cent of the OUT range per per cent of the PV range: see that both ranges are those of the plant"
            }
        };
        build.report.add(
            Mistake::error("out-of-range", format!("`kc` of {} is {}", fields.owner, Shown(kc)))
                .at(fields.place_of("kc"), format!("{} to {} is possible", kc_range.0, kc_range.1))
                .help(help),
        );
    }
    let ti = fields.time_s_to("ti", (SECONDS.1, SECONDS_IN_WORDS), build.report);
    let td = fields.time_s_to("td", (SECONDS.1, SECONDS_IN_WORDS), build.report);
    let values = [
        ("KC", kc.unwrap_or(1.0), kc_range, scheduled_kc),
        ("TI", ti.unwrap_or(0.0), SECONDS, scheduled_ti),
        ("TD", td.unwrap_or(0.0), SECONDS, scheduled_td),
    ];
    for (role, value, (low, high), scheduled) in values {
        let point = build.own(role);
        build.draft.points[point.index()].initial = scheduled.unwrap_or(value);
        if scheduled.is_none() {
            build.draft.set_write(point, low, high, Role::Engineer);
        }
    }
    scheduled_ti.or(ti).unwrap_or(0.0)
}

/// The integral of one run goes all the way to the error at the most, so a shorter TI acts as the time from run to run.
/// In the parallel form TI stands for itself, and the time of the integral is KC times TI.
fn fast_integral(build: &mut Build<'_, '_>, fields: &Fields<'_>, options: &PidOptions, ti: f64, dt: f64) {
    let scheduled = options.schedule.iter().flat_map(|schedule| schedule.ti.iter().map(|(_, ti)| *ti));
    let shortest = scheduled.chain([ti]).filter(|ti| *ti > 0.0).fold(f64::INFINITY, f64::min);
    if options.form == PidForm::Parallel || shortest >= dt {
        return;
    }
    let key = if options.schedule.as_ref().is_some_and(|schedule| !schedule.ti.is_empty()) {
        "schedule"
    } else {
        "ti"
    };
    build.report.add(
        Mistake::warning(
            "fast-integral",
            format!("`ti` of {} is {shortest} s, shorter than its task of {dt} s", fields.owner),
        )
        .at(fields.place_of(key), format!("acts as {dt} s"))
        .help("write the time in which the integral repeats the proportional part, such as `ti = \"20 s\"`; 0 is no integral"),
    );
}

fn set_point(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, scales: &Scales) -> Option<f64> {
    build.depends_on(&["PV"]);
    let unit = build.draft.point(build.own("PV")).unit;
    let sp = fields.quantity("sp", unit, build.report)?;
    let place = fields.place_of("sp");
    let name = if fields.has("sp_limits") { "`sp_limits`" } else { "the range of the PV" };
    check_within("`sp`", sp, place, &scales.sp_limits, name, build.report);
    Some(sp)
}

/// The point that SP follows in Cascade. `Some(None)` stands for a mistake.
fn cascade(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, unit: Unit) -> Option<Option<PointId>> {
    let text = fields.text("cascade", build.report)?;
    let Some(point) = build.value(text) else { return Some(None) };
    if build.draft.blocks[build.block].points.iter().any(|(_, own)| *own == point) {
        build.report.add(
            Mistake::error("algebraic-loop", format!("{} takes its set point from itself", fields.owner))
                .at(text.place, "its own value")
                .help("name the OUT of the block above it"),
        );
        return Some(None);
    }
    let own = build.draft.point(point).unit;
    if own != unit && own.converts_to(unit) && build.draft.is_sure(point) {
        build.report.add(
            Mistake::error(
                "unit-mismatch",
                format!("`{text}` is in \"{own}\", the PV of {} in \"{unit}\"", fields.owner),
            )
            .at(text.place, format!("in \"{own}\""))
            .related(build.draft.facts[point.index()].place, format!("`{text}` is declared here"))
            .help(format!("give the block above `out_unit = \"{unit}\"`, or a range in {unit}")),
        );
        return Some(None);
    }
    Some(build.same_unit(text, point, unit, "the PV").then_some(point))
}

fn modes(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, cascade: bool) -> Option<(Vec<Mode>, Mode)> {
    const WORDS: [(&str, Mode); 6] = [
        ("manual", Mode::Manual),
        ("auto", Mode::Auto),
        ("cascade", Mode::Cascade),
        ("remote_cascade", Mode::RemoteCascade),
        ("remote_output", Mode::RemoteOutput),
        ("out_of_service", Mode::OutOfService),
    ];
    let mut modes = Vec::from([Mode::Manual, Mode::Auto]);
    if cascade {
        modes.push(Mode::Cascade);
    }
    let mut good = true;
    if let Some(texts) = fields.texts("modes", build.report) {
        let given = texts.iter().filter_map(|text| {
            let mode = WORDS.iter().find(|(word, _)| *word == text.as_str()).map(|(_, mode)| *mode);
            if mode.is_none() {
                fields.not_one_of("modes", text, &WORDS.map(|(word, _)| word), build.report);
                good = false;
            }
            mode
        });
        modes = given.collect();
    }
    let normal = match fields.choice("mode", &WORDS, build.report) {
        Some(mode) => mode,
        None if modes.contains(&Mode::Auto) => Mode::Auto,
        None => *modes.first()?,
    };
    let listed = if fields.has("modes") { fields.place_of("modes") } else { fields.place };
    if good && !modes.contains(&normal) {
        let word = WORDS.iter().find(|(_, mode)| *mode == normal).map_or("auto", |(word, _)| *word);
        build.report.add(
            Mistake::error("bad-mode", format!("the normal mode of {} is not among its modes", fields.owner))
                .at(fields.place_of("mode"), "this mode")
                .related(listed, "its modes")
                .help(format!("add \"{word}\" to `modes`, or choose another `mode`")),
        );
    }
    if good && modes.contains(&Mode::Cascade) != cascade {
        let mistake = if cascade {
            Mistake::error("bad-mode", format!("{} has `cascade`, but not the mode", fields.owner))
                .at(listed, "\"cascade\" is not among them")
                .help("add \"cascade\" to `modes`, or remove `cascade = ...`")
        } else {
            Mistake::error(
                "bad-mode",
                format!("{} has the mode cascade, and no set point for it", fields.owner),
            )
            .at(listed, "`cascade = ...` is missing")
            .help("add `cascade = \"FFC-301.OUT\"`, or remove \"cascade\" from `modes`")
        };
        build.report.add(mistake);
    }
    Some((modes, normal))
}

/// `Some(None)`: there is none. `None`: it has a mistake.
fn feed_forward(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Option<crate::plant::Expr>> {
    let Some(text) = fields.text("ff", build.report) else { return Some(None) };
    build.depends_on(&["FF"]);
    // In the unit of OUT, or without one when it is a factor.
    let unit = build.draft.point(build.own("FF")).unit;
    let emitted = emit::compile(build.draft, text, Wanted::Value(unit, None), None, build.report)?;
    for (point, place) in emitted.reads {
        // Its own working set point is known when the feed-forward is asked for.
        if !build.draft.blocks[build.block].points.iter().any(|(_, own)| *own == point) {
            build.reads(point, place);
        }
    }
    Some(Some(emitted.expr))
}

fn on_bad(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, scales: &Scales) -> OnBad {
    build.depends_on(&["OUT"]);
    let Some(node) = fields.node("on_bad_pv") else { return OnBad::Manual };
    match node.text().map(super::place::Text::as_str) {
        Some("manual") => return OnBad::Manual,
        Some("hold") => return OnBad::Hold,
        Some(word) if !word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => {
            build.report.add(
                Mistake::error("unknown-word", format!("`on_bad_pv` of {} is \"{word}\"", fields.owner))
                    .at(node.place, "not a word that is known here")
                    .help("write \"manual\", \"hold\", or where to drive OUT, such as \"0 %\""),
            );
            return OnBad::Manual;
        }
        _ => {}
    }
    let unit = build.draft.point(build.own("OUT")).unit;
    let Some(value) = fields.quantity("on_bad_pv", unit, build.report) else { return OnBad::Manual };
    check_within("`on_bad_pv`", value, node.place, &scales.out, "the range of OUT", build.report);
    OnBad::Drive(value)
}

/// What a valve does when its measurement fails is decided by whoever knows the process, not by a default.
fn unsaid_bad_pv(build: &mut Build<'_, '_>, fields: &Fields<'_>) {
    build.report.add(
        Mistake::warning("bad-pv-unsaid", format!("{} does not say what a bad PV does", fields.owner))
            .at(fields.place, "falls to manual with OUT as it stands, until a person takes it back")
            .help("write `on_bad_pv = \"hold\"` (OUT stays, and the loop goes on by itself), \"manual\", or where OUT goes, such as \"0 %\""),
    );
}

fn fraction(build: &mut Build<'_, '_>, fields: &mut Fields<'_>, key: &'static str) -> f64 {
    let Some(value) = fields.number(key, build.report) else { return 1.0 };
    if !(0.0..=1.0).contains(&value) {
        build.report.add(
            Mistake::error("out-of-range", format!("`{key}` of {} is {}", fields.owner, Shown(value)))
                .at(fields.place_of(key), "0 to 1 is possible")
                .help(String::from("write a number from 0 to 1")),
        );
    }
    value
}

/// Values before the first scan, and who may write them.
fn initial(
    build: &mut Build<'_, '_>,
    scales: &Scales,
    by_people: &Range,
    sp: Option<f64>,
    normal_mode: Mode,
    target: Option<PointId>,
) {
    let Scales { sp_limits, out_limits, .. } = scales;
    let rest = target.map_or(0.0, |target| build.draft.point(target).initial);
    let out = rest.max(out_limits.low).min(out_limits.high);
    let sp = sp.unwrap_or(sp_limits.low);
    for (role, value) in
        [("PV", scales.pv.low), ("SP", sp), ("SPW", sp), ("OUT", out), ("MODE", normal_mode.value())]
    {
        let point = build.own(role);
        build.draft.points[point.index()].initial = value;
    }
    let role = build.role;
    let (sp, out, mode) = (build.own("SP"), build.own("OUT"), build.own("MODE"));
    build.draft.set_write(sp, sp_limits.low, sp_limits.high, role);
    build.draft.set_write(out, by_people.low, by_people.high, role);
    build.draft.set_write(mode, 0.0, 7.0, role);
}
