//! Loops as people write them: every option is read, and nonsense is refused with a remedy.

mod support;

use control::plant::{BlockBody, PidForm, PidOptions, TracksIn};
use model::{Mode, Refusal};
use support::text_loop::{TUNED, running, source, text_loop};

/// Key lines of the loop, the code of the one mistake, a part of its remedy.
#[rustfmt::skip] // one row a mistake
const MISTAKES: &[(&str, &str, &str)] = &[
    ("kc = 0", "out-of-range", "form = \"integral\""),
    ("kc = 0.0005", "out-of-range", "a thousandth"),
    ("kc = -1", "out-of-range", "action = \"direct\""),
    ("kc = 1e9", "out-of-range", "both ranges"),
    ("kc = 1\nti = \"1e-9 s\"", "out-of-range", "1 ms"),
    ("kc = 1\nti = \"25 h\"", "out-of-range", "120 s"),
    ("kc = 1\nform = \"ideal\"", "unknown-word", "isa, parallel, series, integral"),
    ("kc = 1\nform = \"paralel\"", "unknown-word", "did you mean `parallel`?"),
    ("kc = 1\nform = \"integral\"", "missing-key", "add `ti"),
    ("kc = 1\nti = \"5 s\"\ntd = \"1 s\"\nform = \"integral\"", "contradiction", "form = \"isa\""),
    ("kc = 1\nti = \"5 s\"\nbeta = 0.5\nform = \"integral\"", "contradiction", "remove it"),
    ("kc = 1\nn = 0.5", "out-of-range", "1 to 100"),
    ("kc = 1\nn = \"5 s\"", "unit-mismatch", "without unit"),
    ("kc = 1\ngamma = 1.5", "out-of-range", "0 to 1"),
    ("kc = 1\nbeta = -1", "out-of-range", "0 to 1"),
    ("kc = 1\nfilter_order = 2", "contradiction", "filter = \"2 s\""),
    ("kc = 1\nfilter = \"2 s\"\nfilter_order = 3", "out-of-range", "1 to 2"),
    ("kc = 1\ngap = \"2 dK\"", "wrong-type", "table in braces"),
    ("kc = 1\ngap = { gain = 0.2 }", "missing-key", "add `band"),
    ("kc = 1\ngap = { band = \"2 degC\" }", "unit-mismatch", "dK"),
    ("kc = 1\ngap = { band = \"2 bar\" }", "unit-mismatch", "dK"),
    ("kc = 1\ngap = { band = \"0 dK\" }", "out-of-range", "above 0 to 200"),
    ("kc = 1\ngap = { band = \"300 dK\" }", "out-of-range", "above 0 to 200"),
    ("kc = 1\ngap = { band = \"2 dK\", gain = 2 }", "out-of-range", "0 to 1"),
    ("kc = 1\ngap = { band = \"2 dK\", gian = 0.2 }", "unknown-key", "did you mean `gain`?"),
    ("kc = 1\nbeta = 0.5\ngap = { band = \"2 dK\" }", "contradiction", "remove `beta`"),
    ("kc = 1\nbeta = 0.5\nlinearity = 0.3", "contradiction", "remove `beta`"),
    ("kc = 1\nlinearity = 3", "out-of-range", "0 to 1"),
    ("kc = 1\nout_rate = \"5 degC/s\"", "unit-mismatch", "%"),
    ("kc = 1\nout_rate = \"-5 %/s\"", "out-of-range", "without a sign"),
    ("kc = 1\nsp_rate_down = \"1 K/s\"", "contradiction", "give `sp_rate`"),
    ("kc = 1\nsp_tracks_pv = \"no\"", "wrong-type", "true or false"),
    ("kc = 1\nsp_tracks_in = [\"auto\"]", "unknown-word", "tracking"),
    ("kc = 1\nuncertain = \"hold\"", "unknown-word", "bad"),
    ("kc = 1\nlimit_hysteresis = \"11 %\"", "out-of-range", "0 to 10"),
    ("kc = 1\nff_as = \"factor\"", "contradiction", "add `ff"),
    ("kc = 1\nff = \"LT-2 / 50 %\"\nff_as = \"factor\"\nff_gain = 2", "contradiction", "write it into"),
    ("kc = 1\nlimits_in_manual = 0", "wrong-type", "true or false"),
    ("kc = 1\nff_gain = 0.5", "contradiction", "add `ff"),
    ("kc = 1\nff_when = \"P-1.RUN\"", "contradiction", "add `ff"),
    ("kc = 1\nff = \"LT-2\"\nff_gain = 500", "out-of-range", "-100 to 100"),
    ("kc = 1\nff = \"LT-2\"\nff_when = \"LT-2\"", "type-mismatch", "compare it"),
    ("kc = 1\ntrack = { when = \"P-1.RUN\" }", "missing-key", "add `value"),
    ("kc = 1\ntrack = { when = \"P-1.RUN\", value = \"20 degC\" }", "unit-mismatch", "%"),
    ("kc = 1\ntrack = { when = \"P-1.RUN\", value = \"200 %\" }", "outside-range", "0 to 100"),
    ("kc = 1\ntrack = { when = \"P-1.RUN\", value = \"150 % + LT-2 / 10\" }", "outside-range", "0 to 100"),
    ("kc = 1\ntrack = { when = \"LT-2\", value = \"20 %\" }", "type-mismatch", "compare it"),
    ("kc = 1\ntrack = { when = \"P-2.RUN\", value = \"20 %\" }", "unknown-name", "did you mean `P-1.RUN`?"),
    ("schedule = { by = \"LT-2\", ti = [[0, \"5 s\"], [50, \"9 s\"]] }", "missing-key", "add `kc"),
    ("kc = 1\nschedule = { by = \"LT-2\" }", "missing-key", "[[0, 1.0], [100, 2.0]]"),
    ("schedule = { by = \"LT-3\", kc = [[0, 1], [50, 2]] }", "unknown-name", "did you mean `LT-2`?"),
    ("schedule = { by = \"P-1.RUN\", kc = [[0, 1], [50, 2]] }", "wrong-kind", "measured"),
    ("schedule = { kc = [[0, 1], [50, 2]] }", "missing-key", "add `by"),
    ("kc = 1\nschedule = { by = \"LT-2\", kc = [[0, 1], [50, 2]] }", "contradiction", "keep one"),
    ("schedule = { by = \"LT-2\", kc = [[0, 1]] }", "wrong-type", "list of pairs"),
    ("schedule = { by = \"LT-2\", kc = [[0, 1], [50]] }", "wrong-type", "list of pairs"),
    ("schedule = { by = \"LT-2\", kc = [[0, 1], [50, 2], [40, 3]] }", "not-rising", "x rising"),
    ("schedule = { by = \"LT-2\", kc = [[0, 1], [150, 2]] }", "outside-range", "0 to 100"),
    ("schedule = { by = \"LT-2\", kc = [[0, 0], [50, 2]] }", "out-of-range", "0.001 to 100"),
    ("kc = 1\nschedule = { by = \"LT-2\", ti = [[0, 5], [50, \"9 s\"]] }", "missing-unit", "5 s"),
    ("kc = 1\nschedule = { by = \"LT-2\", ti = [[\"1 bar\", \"5 s\"], [50, \"9 s\"]] }", "unit-mismatch", "%"),
    ("kc = 1\nmodes = [\"manual\", \"auto\", \"remote_cascade\"]", "bad-mode", "add `remote"),
    ("kc = 1\nremote = { timeout = \"5 s\", shed = \"auto\" }", "bad-mode", "remote_output"),
    ("kc = 1\nmodes = [\"manual\", \"auto\", \"remote_output\"]\nremote = { timeout = \"5 s\", shed = \"cascade\" }", "bad-mode", "add it"),
    ("kc = 1\nmodes = [\"manual\", \"auto\", \"remote_output\"]\nremote = { shed = \"auto\" }", "missing-key", "add `timeout"),
    ("kc = 1\nmodes = [\"manual\", \"auto\", \"remote_output\"]\nremote = { timeout = \"0 s\", shed = \"auto\" }", "out-of-range", "100 ms"),
    ("kc = 1\nmodes = [\"manual\", \"auto\", \"remote\"]", "unknown-word", "remote_cascade"),
];

#[test]
fn every_mistake_in_an_option_is_found_alone_with_its_remedy() {
    let mut failures = String::new();
    for (body, code, help) in MISTAKES {
        let Err(found) = text_loop(body) else {
            failures += &format!("{body}\n  not found\n");
            continue;
        };
        let [only] = found.as_slice() else {
            failures += &format!("{body}\n  {} mistakes: {found:#?}\n", found.len());
            continue;
        };
        if only.code != *code || !only.help.contains(help) || only.primary.is_none() {
            failures += &format!("{body}\n  {code} expected: {only:#?}\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn options(body: &str) -> (PidOptions, Vec<Mode>, f64) {
    let h = text_loop(body).unwrap_or_else(|found| panic!("{body}: {found:#?}"));
    let plant = h.plant();
    let BlockBody::Pid(pid) = &plant.blocks[plant.find_block("TIC-1").unwrap().index()].body else {
        panic!("a pid")
    };
    ((*pid.options).clone(), pid.modes.clone(), pid.derivative_n)
}

#[test]
fn a_loop_without_options_has_none() {
    let (options, modes, n) = options(TUNED);
    assert!(options.is_plain());
    assert_eq!((options, n), (PidOptions::default(), 10.0));
    assert_eq!(modes, [Mode::Manual, Mode::Auto]);
}

#[test]
fn every_option_arrives_in_the_units_of_the_engine() {
    let (read, modes, n) = options(
        r#"
        ti = "10 s"
        n = 8
        gamma = 0.25
        form = "series"
        filter = "2 s"
        filter_order = 2
        gap = { band = "3.6 dK", gain = 0.1 }
        linearity = 0.5
        out_rate = "120 %/min"
        sp_rate = "60 K/min"
        sp_rate_down = "2 K/s"
        sp_tracks_pv = false
        ff = "LT-2"
        ff_gain = -0.5
        ff_when = "P-1.RUN"
        schedule = { by = "LT-2", kc = [[20, 1], [80, 3]], td = [[0, 0], [100, "1 min"]] }
        track = { when = "P-1.RUN", value = "25 %" }
        uncertain = "bad"
        sp_tracks_in = ["tracking", "remote_output"]
        feedback = "LT-2"
        feedback_band = "2 %"
        limit_hysteresis = "1 %"
        modes = ["manual", "auto", "remote_cascade", "remote_output", "out_of_service"]
        remote = { timeout = "10 s", shed = "manual" }
        "#,
    );
    assert_eq!((n, read.gamma, read.form, read.second_order), (8.0, 0.25, PidForm::Series, true));
    let gap = read.gap.unwrap();
    assert_eq!((gap.band, gap.gain, read.linearity), (3.6, 0.1, 0.5));
    assert_eq!((read.out_rate, read.sp_rate_down, read.sp_tracks_pv), (2.0, Some(2.0), false));
    let schedule = read.schedule.unwrap();
    assert_eq!(schedule.kc, [(20.0, 1.0), (80.0, 3.0)]);
    assert_eq!((schedule.ti, schedule.td), (vec![], vec![(0.0, 0.0), (100.0, 60.0)]));
    assert!(read.track.is_some() && read.ff_gain.is_some() && read.ff_when.is_some());
    let tracks_in = TracksIn { tracking: true, initialising: false, remote_output: true };
    assert_eq!((read.sp_tracks_in, read.uncertain_is_bad, read.ff_multiplies), (tracks_in, true, false));
    assert_eq!((read.feedback.unwrap().band, read.limit_hysteresis), (2.0, 1.0));
    let remote = read.remote.unwrap();
    assert_eq!((remote.timeout_ms, remote.shed), (10_000, Mode::Manual));
    assert!(remote.sp.is_some() && remote.out.is_some());
    assert_eq!(modes.len(), 5);
}

#[test]
fn limits_need_not_bind_a_person_in_manual() {
    let limits = format!("{TUNED}out_limits = [20, 80]\n");
    let high = |body: &str| {
        let h = text_loop(body).unwrap();
        h.plant().point(h.point("TIC-1.OUT")).write.unwrap().high
    };
    assert_eq!(high(&limits), 80.0);
    assert_eq!(high(&format!("{limits}limits_in_manual = false\n")), 100.0);
}

#[test]
fn a_scheduled_gain_is_nobodys_to_write_and_points_come_only_when_asked_for() {
    let h = text_loop("ti = \"5 s\"\nschedule = { by = \"LT-2\", kc = [[0, 2], [100, 4]] }\n").unwrap();
    let plant = h.plant();
    assert!(plant.point(h.point("TIC-1.KC")).write.is_none());
    assert!(plant.point(h.point("TIC-1.TI")).write.is_some());
    for name in ["TIC-1.FFGAIN", "TIC-1.RCAS", "TIC-1.ROUT"] {
        assert_eq!(plant.find_point(name), None, "{name}");
    }
}

#[test]
fn an_integral_faster_than_its_loop_is_a_warning_and_acts_as_one_run() {
    let warned = |body: &str| {
        let found =
            control::compile(&source(body)).unwrap_or_else(|found| panic!("{body}: {found:#?}")).warnings;
        found.iter().filter(|warning| warning.code == "fast-integral").count()
    };
    assert_eq!(warned("kc = 1\nti = \"1 ms\""), 1);
    assert_eq!(warned("kc = 1\nti = \"9 ms\""), 1);
    assert_eq!(warned("kc = 1\nschedule = { by = \"LT-2\", ti = [[0, \"5 s\"], [50, \"1 ms\"]] }"), 1);
    // One run is the least; no integral, and the gain of an integral that stands alone, are no mistakes.
    for sound in ["ti = \"10 ms\"", "ti = 0", "", "ti = \"1 ms\"\nform = \"parallel\""] {
        assert_eq!(warned(&format!("kc = 1\n{sound}")), 0, "{sound}");
    }
    let out = |ti: &str| {
        let mut h = running(&format!("kc = 0.2\nti = \"{ti}\"\nsp = \"100 degC\"\n"), 90.0, 0.0, 20.0);
        h.run(5);
        h.value("TIC-1.OUT")
    };
    assert_eq!(out("1 ms"), out("10 ms"));
    assert_ne!(out("10 ms"), out("1 s"));
}

#[test]
fn only_the_parallel_form_can_be_left_without_gain() {
    for form in ["isa", "series", "integral", "parallel"] {
        let mut h = running(&format!("kc = 1\nti = \"10 s\"\nform = \"{form}\"\n"), 100.0, 50.0, 50.0);
        let wanted = if form == "parallel" { Ok(1.0) } else { Err(Refusal::BelowLimit) };
        assert_eq!(h.write("TIC-1.KC", 0.0), wanted, "{form}");
    }
    assert!(text_loop("kc = 0\nti = \"10 s\"\nform = \"parallel\"\n").is_ok());
}
