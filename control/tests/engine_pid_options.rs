//! What a loop may have besides the ordinary, written as people write it: forms, filters, gap,
//! schedule, rates.
//!
//! TT-1 spans 200 K and TV-1 100 %, so KC = 1 makes 0.5 % of one kelvin. A scan is 10 ms.

mod support;

use model::{Mode, Quality};
use support::Harness;
use support::text_loop::{TUNED, running};

const DT: f64 = 0.01;

fn out(h: &Harness) -> f64 {
    h.value("TV-1")
}

fn pv(h: &mut Harness, value: f64) {
    let point = h.point("TT-1");
    h.set(point, value);
    h.scan();
}

#[test]
fn a_set_point_weight_on_the_derivative_kicks_as_much_as_it_says() {
    for (gamma, n) in [(0.0, 10.0), (0.5, 10.0), (1.0, 5.0)] {
        let text = format!("kc = 2\ntd = \"4 s\"\nsp = 100\ngamma = {gamma}\nn = {n}\n");
        let mut h = running(&text, 100.0, 0.0, 40.0);
        h.write("TIC-1.SP", 110.0).unwrap();
        let lag = DT / (4.0 / n + DT);
        let expected = 40.0 + 2.0 * 0.5 * (10.0 + n * gamma * 10.0 * (1.0 - lag));
        assert!((out(&h) - expected).abs() < 1e-9, "{gamma}: {} instead of {expected}", out(&h));
        // It decays with Td/N: nothing of it is left after ten time constants.
        h.run((10.0 * 4.0 / n / DT) as usize);
        assert!((out(&h) - 50.0).abs() < 0.01, "{}", out(&h));
    }
}

#[test]
fn a_set_point_that_changed_in_manual_makes_no_kick_afterwards() {
    let mut h = running("kc = 2\ntd = \"4 s\"\ngamma = 1.0\nsp = 100\n", 100.0, 0.0, 40.0);
    h.mode("TIC-1", Mode::Manual).unwrap();
    h.write("TIC-1.SP", 150.0).unwrap();
    h.mode("TIC-1", Mode::Auto).unwrap();
    for _ in 0..500 {
        assert!((out(&h) - 40.0).abs() < 1e-9, "{}", out(&h));
        h.scan();
    }
}

/// Poles at (-1 +- i)/T: 1 - exp(-t/T) (cos t/T + sin t/T).
#[test]
fn the_second_order_filter_answers_a_step_as_the_closed_form_says() {
    let mut h =
        running(&format!("{TUNED}filter = \"2 s\"\nfilter_order = 2\nmode = \"manual\"\n"), 20.0, 0.0, 0.0);
    let mut worst: f64 = 0.0;
    for k in 1..=1500 {
        pv(&mut h, 120.0);
        let t = f64::from(k) * DT / 2.0;
        let expected = 120.0 - 100.0 * (-t).exp() * (t.cos() + t.sin());
        worst = worst.max((h.value("TIC-1.PV") - expected).abs());
    }
    // First order in dt: dt/T of the step and a constant below one.
    assert!(worst < 100.0 * DT / 2.0, "{worst}");
    assert!((h.value("TIC-1.PV") - 120.0).abs() < 0.1);
}

#[test]
fn a_filter_of_second_order_is_stable_for_any_period_and_starts_afresh_after_a_bad_value() {
    let text = format!("{TUNED}filter = \"5 ms\"\nfilter_order = 2\nmode = \"manual\"\n");
    let mut h = running(&text, 20.0, 0.0, 0.0);
    for _ in 0..200 {
        pv(&mut h, 120.0);
        assert!((20.0..=140.0).contains(&h.value("TIC-1.PV")), "{}", h.value("TIC-1.PV"));
    }
    let point = h.point("TT-1");
    h.input(point, 0.0, Quality::BadSensorFailure);
    h.scan();
    for _ in 0..3 {
        pv(&mut h, 60.0);
        assert_eq!(h.value("TIC-1.PV"), 60.0, "nothing of the slope before is left");
    }
}

#[test]
fn in_the_parallel_form_the_gain_leaves_the_integral_alone() {
    for kc in [2.0, 0.5] {
        let text = format!("form = \"parallel\"\nkc = {kc}\nti = \"20 s\"\nsp = 100\n");
        let mut h = running(&text, 100.0, 0.0, 40.0);
        h.write("TIC-1.SP", 110.0).unwrap();
        for k in 1..=1000 {
            let expected = 40.0 + 5.0 * (kc + f64::from(k) * DT / 20.0);
            assert!((out(&h) - expected).abs() < 1e-9, "{kc}, scan {k}: {} {expected}", out(&h));
            h.scan();
        }
    }
}

#[test]
fn a_parallel_integral_works_without_any_gain_and_does_not_wind_up() {
    let mut h = running("form = \"parallel\"\nkc = 1\nti = \"20 s\"\nsp = 100\n", 100.0, 0.0, 40.0);
    h.write("TIC-1.KC", 0.0).unwrap();
    let before = out(&h);
    h.write("TIC-1.SP", 110.0).unwrap();
    h.run(999);
    assert!((out(&h) - before - 5.0 * 1000.0 * DT / 20.0).abs() < 1e-9, "{}", out(&h));
    h.run(60_000);
    assert_eq!(out(&h), 100.0);
    h.write("TIC-1.SP", 90.0).unwrap();
    h.scan();
    assert!(out(&h) < 100.0, "it comes back at once");
}

#[test]
fn the_series_form_is_the_standard_one_with_its_interaction() {
    let response = |tuning: &str| {
        let mut h = running(&format!("{tuning}sp = 100\n"), 100.0, 0.0, 40.0);
        let mut outs = vec![];
        for k in 0..1500 {
            pv(&mut h, 100.0 - 10.0 * (1.0 - (-f64::from(k) * 0.005).exp()));
            outs.push(out(&h));
        }
        outs
    };
    // Kc = K (1 + Td/Ti), Ti = Ti + Td, Td = Ti Td/(Ti + Td).
    let series = response("form = \"series\"\nkc = 1.6\nti = \"12 s\"\ntd = \"3 s\"\n");
    let standard = response("kc = 2.0\nti = \"15 s\"\ntd = \"2400 ms\"\n");
    for (a, b) in series.into_iter().zip(standard) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn an_integral_alone_does_not_jump_and_has_the_slope_of_its_gain() {
    let mut h = running("form = \"integral\"\nkc = 2\nti = \"20 s\"\nsp = 100\n", 100.0, 0.0, 40.0);
    h.write("TIC-1.SP", 120.0).unwrap();
    assert!((out(&h) - 40.0 - 20.0 * DT / 20.0).abs() < 1e-9, "no jump: {}", out(&h));
    h.run(999);
    assert!((out(&h) - 40.0 - 20.0 * 1000.0 * DT / 20.0).abs() < 1e-9, "{}", out(&h));
}

/// T8. Numbers at the end of what there is, in every form: OUT stays finite and within its limits, what is
/// in the state can be saved, and the loop controls again as soon as the numbers are sane.
#[test]
fn absurd_numbers_leave_no_mark() {
    let forms = [
        "",
        "form = \"parallel\"\n",
        "form = \"series\"\n",
        "form = \"integral\"\n",
        "filter = \"1 s\"\nfilter_order = 2\n",
        "filter = \"1 s\"\n",
        "linearity = 0.0\n",
        "gap = { band = \"5 dK\" }\n",
        "ff = \"LT-2\"\nff_gain = 100\n",
    ];
    for form in forms {
        // `gamma` and `td` contradict the integral form.
        let derivative = if form.contains("integral") { "" } else { "td = \"2 s\"\ngamma = 1\n" };
        let mut h = running(&format!("{TUNED}{derivative}{form}"), 100.0, 0.0, 40.0);
        let (temperature, load) = (h.point("TT-1"), h.point("LT-2"));
        for (kc, ti, td) in [(100.0, 1e-308, 86_400.0), (1e-3, 86_400.0, 86_400.0), (1.0, 10.0, 1.0)] {
            let derivative = if derivative.is_empty() { 0.0 } else { td };
            for (name, value) in [("TIC-1.KC", kc), ("TIC-1.TI", ti), ("TIC-1.TD", derivative)] {
                h.write(name, value).unwrap();
            }
            for mode in [Mode::Auto, Mode::Manual] {
                let _ = h.mode("TIC-1", mode);
                for value in [f64::MAX, -f64::MAX, f64::MAX, 1e-308, -1e150, 100.0] {
                    h.set(temperature, value);
                    h.set(load, value);
                    h.run(2);
                    let out = out(&h);
                    assert!(out.is_finite() && (0.0..=100.0).contains(&out), "{form} {value}: {out}");
                    let saved = h.save();
                    h.engine.restore(&saved).unwrap_or_else(|error| panic!("{form} {value}: {error}"));
                }
            }
        }
        let _ = h.mode("TIC-1", Mode::Manual);
        h.write("TIC-1.OUT", 40.0).unwrap();
        // A filter is linear and forgets 1e308 only in 700 of its times, but at once what was bad.
        h.input(temperature, 0.0, Quality::BadOutOfRange);
        h.scan();
        h.set(temperature, 100.0);
        h.run(3000);
        h.mode("TIC-1", Mode::Auto).unwrap();
        h.write("TIC-1.SP", 101.0).unwrap();
        h.run(100);
        assert!(out(&h) > 40.0 - 1e-9 && out(&h) < 60.0, "{form}: {}", out(&h));
    }
}

#[test]
fn error_squared_is_weak_near_the_set_point_and_full_at_a_span() {
    for (error, share) in [(2.0, 0.2 + 0.8 * 0.01), (100.0, 0.2 + 0.8 * 0.5)] {
        let mut h = running("kc = 1\nlinearity = 0.2\nsp = 100\n", 100.0, 0.0, 10.0);
        h.write("TIC-1.SP", 100.0 + error).unwrap();
        let expected = 10.0 + 0.5 * error * share;
        assert!((out(&h) - expected).abs() < 1e-9, "{error}: {} {expected}", out(&h));
    }
}

#[test]
fn a_scheduled_gain_follows_its_table_without_a_bump() {
    let text = "ti = \"10 h\"\nsp = 100\nschedule = { by = \"LT-2\", kc = [[20, 1], [60, 3], [80, 3.5]] }\n";
    let mut h = running(text, 90.0, 20.0, 40.0);
    let load = h.point("LT-2");
    assert_eq!(h.value("TIC-1.KC"), 1.0);
    for (x, kc) in [(0.0, 1.0), (30.0, 1.5), (60.0, 3.0), (70.0, 3.25), (100.0, 3.5)] {
        let before = out(&h);
        h.set(load, x);
        h.scan();
        assert!((h.value("TIC-1.KC") - kc).abs() < 1e-12, "{x}: {}", h.value("TIC-1.KC"));
        // 10 K of error: only the integral's ordinary step, 17.5 % * 10 ms / 10 h.
        assert!((out(&h) - before).abs() < 1e-5, "{x}: {before} -> {}", out(&h));
    }
    h.input(load, 30.0, Quality::BadSensorFailure);
    h.scan();
    assert_eq!(h.value("TIC-1.KC"), 3.5, "while what decides is bad the tuning stays");
    assert!(h.write("TIC-1.KC", 1.0).is_err(), "the table gives it");
}

/// A PV that rises at r: P falls at K r and D stands at -K TD r. Another TD moves D, and the integral takes that up.
#[test]
fn another_derivative_time_is_taken_without_a_bump_while_the_pv_moves() {
    let mut h = running("kc = 2\nti = \"0 s\"\ntd = \"4 s\"\nsp = 100\n", 100.0, 0.0, 80.0);
    let (gain, rate) = (2.0 * 0.5, 0.5);
    let mut value = 100.0;
    let mut ramp = |h: &mut Harness| {
        value += rate * DT;
        pv(h, value);
    };
    // 50 time constants TD/N of the filter.
    for _ in 0..2000 {
        ramp(&mut h);
    }
    let settled = 80.0 - gain * rate * (2000.0 * DT + 4.0);
    assert!((out(&h) - settled).abs() < 1e-9, "{} instead of {settled}", out(&h));
    let temperature = h.point("TT-1");
    h.set(temperature, 100.0 + 2001.0 * rate * DT);
    h.write("TIC-1.TD", 8.0).unwrap();
    let expected = settled - gain * rate * DT;
    assert!((out(&h) - expected).abs() < 1e-9, "{} instead of {expected}", out(&h));
}

#[test]
fn the_output_moves_no_faster_than_its_rate_and_the_integral_waits_for_it() {
    let mut h = running("kc = 4\nti = \"5 s\"\nsp = 100\nout_rate = \"10 %/s\"\n", 100.0, 0.0, 40.0);
    h.write("TIC-1.SP", 120.0).unwrap();
    let mut last = 40.0;
    for _ in 0..2000 {
        assert!((out(&h) - last).abs() <= 10.0 * DT + 1e-9, "{last} -> {}", out(&h));
        last = out(&h);
        h.scan();
    }
    assert_eq!(last, 100.0);
    // Back at once, at its rate.
    h.write("TIC-1.SP", 90.0).unwrap();
    assert!((last - out(&h) - 10.0 * DT).abs() < 1e-9);
    // A person's hand is not held back.
    h.mode("TIC-1", Mode::Manual).unwrap();
    h.write("TIC-1.OUT", 5.0).unwrap();
    assert_eq!(out(&h), 5.0);
}

#[test]
fn the_set_point_has_a_rate_of_its_own_downwards() {
    let text = format!("{TUNED}sp_rate = \"10 K/s\"\nsp_rate_down = \"2 K/s\"\n");
    let mut h = running(&text, 100.0, 0.0, 40.0);
    h.write("TIC-1.SP", 150.0).unwrap();
    assert!((h.value("TIC-1.SPW") - 100.0 - 10.0 * DT).abs() < 1e-9);
    h.write("TIC-1.SP", 50.0).unwrap();
    let from = h.value("TIC-1.SPW");
    h.scan();
    assert!((from - h.value("TIC-1.SPW") - 2.0 * DT).abs() < 1e-9);
}

#[test]
fn a_set_point_may_stay_where_it_is_in_manual() {
    for (option, expected) in [("", 80.0), ("sp_tracks_pv = false\n", 100.0)] {
        let mut h = running(&format!("{TUNED}{option}"), 100.0, 0.0, 40.0);
        h.mode("TIC-1", Mode::Manual).unwrap();
        pv(&mut h, 80.0);
        assert_eq!(h.value("TIC-1.SP"), expected, "{option}");
        let before = out(&h);
        h.mode("TIC-1", Mode::Auto).unwrap();
        assert!((out(&h) - before).abs() < 1e-9, "20 K of error and no bump");
    }
}

#[test]
fn a_person_may_go_beyond_the_limits_in_manual_where_the_text_allows_it() {
    let text = format!("{TUNED}out_limits = [20, 80]\nlimits_in_manual = false\nout_rate = \"10 %/s\"\n");
    let mut h = running(&text, 100.0, 0.0, 40.0);
    h.mode("TIC-1", Mode::Manual).unwrap();
    h.write("TIC-1.OUT", 95.0).unwrap();
    assert_eq!(out(&h), 95.0);
    // In auto it comes back to its limit, at its rate.
    h.mode("TIC-1", Mode::Auto).unwrap();
    assert!((out(&h) - 94.9).abs() < 1e-9, "{}", out(&h));
    h.run(300);
    assert!(out(&h) <= 80.0);
}

fn why(h: &Harness) -> String {
    let plant = h.plant();
    let mut view = control::StateView::new(&plant);
    h.engine.publish(&mut view);
    let lines = control::why(&plant, &view, "TIC-1").unwrap().lines;
    lines
        .into_iter()
        .map(|line| format!("{}{}\n", "  ".repeat(usize::from(line.indent)), line.text()))
        .collect()
}

#[test]
fn why_tells_what_of_the_options_is_at_work() {
    let text = "ti = \"10 s\"\nsp = 100\ngap = { band = \"5 dK\", gain = 0.1 }\nout_rate = \"1 %/s\"\n\
                schedule = { by = \"LT-2\", kc = [[0, 10], [100, 20]] }\nform = \"parallel\"\n\
                ff = \"LT-2\"\nff_when = \"P-1.RUN\"\n";
    let mut h = running(text, 100.0, 50.0, 40.0);
    let calm = why(&h);
    for part in [
        "within the gap of 5.0 dK: gain x 0.10",
        "tuning follows LT-2 50.0 %",
        "KC 15.000",
        "feed-forward acts while",
        "parallel form",
    ] {
        assert!(calm.contains(part), "{part} is missing in\n{calm}");
    }
    assert!(!calm.contains("on its way"), "{calm}");
    pv(&mut h, 90.0);
    let busy = why(&h);
    // 10 K less 4.5 K of gap: 5.5/10 of the gain.
    assert!(busy.contains("gain x 0.55 at this error"), "{busy}");
    assert!(busy.contains("OUT is on its way to 81."), "{busy}");
    assert!(busy.contains("at 1.0000 %/s"), "{busy}");
}

/// FF-891, CONTROL_OPTS: SP-PV track in LO or IMan, in ROut.
#[test]
fn a_set_point_follows_the_pv_in_the_modes_that_the_text_names() {
    let text = |option: &str| {
        format!("{TUNED}track = {{ when = \"P-1.RUN\", value = \"20 %\" }}\nsp_tracks_pv = false\n{option}")
    };
    for (option, expected) in [("", 100.0), ("sp_tracks_in = [\"tracking\"]\n", 80.0)] {
        let mut h = running(&text(option), 100.0, 0.0, 40.0);
        let run = h.point("P-1.RUN");
        h.set(run, 1.0);
        pv(&mut h, 80.0);
        assert_eq!((h.actual("TIC-1"), h.value("TIC-1.SP")), (Mode::Tracking, expected));
        h.set(run, 0.0);
        h.scan();
        assert_eq!((h.actual("TIC-1"), h.value("TIC-1.SP")), (Mode::Auto, expected));
        assert!((out(&h) - 20.0).abs() < 0.2, "no bump: {}", out(&h));
    }
    // Somebody who enters a set point there means it.
    let mut h = running(&text("sp_tracks_in = [\"tracking\"]\n"), 100.0, 0.0, 40.0);
    let run = h.point("P-1.RUN");
    h.set(run, 1.0);
    h.scan();
    h.write("TIC-1.SP", 110.0).unwrap();
    pv(&mut h, 80.0);
    assert_eq!(h.value("TIC-1.SP"), 110.0);
    h.set(run, 0.0);
    h.run(2);
    h.set(run, 1.0);
    h.scan();
    assert_eq!(h.value("TIC-1.SP"), 80.0, "the next time it follows again");
    // One for the control that goes on, which in this very scan it does not.
    h.set(run, 0.0);
    h.run(2);
    h.set(run, 1.0);
    h.write("TIC-1.SP", 120.0).unwrap();
    h.scan();
    assert_eq!((h.actual("TIC-1"), h.value("TIC-1.SP")), (Mode::Tracking, 80.0));
}

#[test]
fn a_set_point_follows_the_pv_in_remote_output_and_while_the_secondary_does_not_listen() {
    let remote = "modes = [\"manual\", \"auto\", \"remote_output\"]\nremote = { timeout = \"10 s\", shed = \"auto\" }\n";
    let mut h = running(&format!("{TUNED}{remote}sp_tracks_in = [\"remote_output\"]\n"), 100.0, 0.0, 40.0);
    h.mode("TIC-1", Mode::RemoteOutput).unwrap();
    pv(&mut h, 70.0);
    assert_eq!(h.value("TIC-1.SP"), 70.0);
    // What was entered there is not meant for manual, where it follows anew.
    h.write("TIC-1.SP", 110.0).unwrap();
    pv(&mut h, 75.0);
    assert_eq!(h.value("TIC-1.SP"), 110.0);
    h.mode("TIC-1", Mode::Manual).unwrap();
    assert_eq!(h.value("TIC-1.SP"), 75.0);
    let primary = "[pid.TIC-2]\npv = \"TT-1\"\naction = \"reverse\"\nkc = 1\nti = \"20 s\"\ntask = \"10 ms\"\nsp_tracks_in = [\"initialising\"]\n";
    let mut h = running(&format!("{TUNED}cascade = \"TIC-2.OUT\"\n{primary}"), 100.0, 0.0, 40.0);
    pv(&mut h, 90.0);
    h.scan();
    assert_eq!((h.actual("TIC-2"), h.value("TIC-2.SP")), (Mode::Initialising, 90.0));
    h.mode("TIC-1", Mode::Cascade).unwrap();
    h.run(2);
    assert_eq!((h.actual("TIC-2"), h.value("TIC-2.SP")), (Mode::Auto, 90.0));
}

/// FF-891, STATUS_OPTS.
#[test]
fn an_uncertain_pv_counts_as_a_bad_one_where_the_text_says_so() {
    for (option, mode) in [("", Mode::Auto), ("uncertain = \"bad\"\n", Mode::Manual)] {
        let mut h = running(&format!("{TUNED}{option}"), 100.0, 0.0, 40.0);
        let input = h.point("TT-1");
        h.input(input, 150.0, Quality::UncertainEngineeringRange);
        h.scan();
        assert_eq!(h.actual("TIC-1"), mode);
        if mode == Mode::Manual {
            assert_eq!((out(&h), h.value("TIC-1.PV")), (40.0, 100.0), "nothing of it comes through");
            assert_eq!(h.quality("TIC-1.PV"), Quality::UncertainLastUsable);
            assert!(h.mode("TIC-1", Mode::Auto).is_err(), "it would fall back at once");
        }
    }
    // Held, it resumes by itself and without a bump, as after a bad one.
    let mut h = running(&format!("{TUNED}uncertain = \"bad\"\non_bad_pv = \"hold\"\n"), 100.0, 0.0, 40.0);
    let input = h.point("TT-1");
    h.input(input, 150.0, Quality::UncertainSubNormal);
    h.run(5);
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::Manual, 40.0));
    pv(&mut h, 100.0);
    assert_eq!(h.actual("TIC-1"), Mode::Auto);
    assert!((out(&h) - 40.0).abs() < 1e-9);
}

/// OUT is an order and no measurement: FF-891 gives it Good, constant, in Man.
#[test]
fn out_is_good_in_every_mode_also_while_a_bad_pv_holds_it() {
    for on_bad in ["manual", "hold", "20 %"] {
        let mut h = running(&format!("{TUNED}on_bad_pv = \"{on_bad}\"\n"), 100.0, 0.0, 40.0);
        let input = h.point("TT-1");
        h.input(input, 0.0, Quality::BadSensorFailure);
        h.run(3);
        assert_eq!((h.actual("TIC-1"), h.quality("TIC-1.OUT")), (Mode::Manual, Quality::Good));
        assert!(h.quality("TIC-1.PV").is_bad(), "and the PV says what is the matter");
    }
}

/// FF-891: BKCAL_HYS.
#[test]
fn the_loop_above_hears_of_room_when_out_has_left_its_limit_by_the_hysteresis() {
    let primary = "[pid.TIC-2]\npv = \"LT-2\"\naction = \"reverse\"\nkc = 1\nti = \"20 s\"\nsp = 50\ntask = \"10 ms\"\n";
    let moved = |option: &str| {
        let body = format!("kc = 1\nti = 0\nmode = \"cascade\"\ncascade = \"TIC-2.OUT\"\n{option}{primary}");
        let mut h = running(&body, 100.0, 0.0, 99.5);
        // OUT of the secondary goes to its high limit, then 1 % away from it; the primary wants more all the time.
        pv(&mut h, 80.0);
        h.run(3);
        assert_eq!(out(&h), 100.0);
        let sp = h.value("TIC-2.OUT");
        h.run(100);
        assert!((h.value("TIC-2.OUT") - sp).abs() < 1e-9, "blocked at the limit");
        pv(&mut h, 101.0);
        h.run(3);
        let (left, sp) = (out(&h), h.value("TIC-2.OUT"));
        assert!(left < 100.0 && left > 95.0, "{left}");
        h.run(2);
        h.value("TIC-2.OUT") - sp
    };
    assert!(moved("") > 0.0);
    assert_eq!(moved("limit_hysteresis = \"5 %\"\n"), 0.0);
}

/// KC e/TI: 2 K per % of load, 5 % of it, in 20 s.
#[test]
fn a_loop_with_a_hysteresis_leaves_the_loop_above_free_both_ways_between_its_limits() {
    let primary = "[pid.TIC-2]\npv = \"LT-2\"\naction = \"reverse\"\nkc = 1\nti = \"20 s\"\nsp = 50\ntask = \"10 ms\"\n";
    let body = format!(
        "kc = 1\nti = 0\nmode = \"cascade\"\ncascade = \"TIC-2.OUT\"\nlimit_hysteresis = \"5 %\"\n{primary}"
    );
    for (value, rate) in [(45.0, 0.5), (55.0, -0.5)] {
        let mut h = running(&body, 100.0, 50.0, 50.0);
        h.run(5);
        let load = h.point("LT-2");
        h.set(load, value);
        h.run(5);
        let before = h.value("TIC-2.OUT");
        h.run(100);
        let moved = h.value("TIC-2.OUT") - before;
        assert!((moved - rate).abs() < 0.02, "{moved} in a second at a load of {value} %");
    }
}
