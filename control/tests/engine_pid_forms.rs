//! What holds for every form of the law alike: no windup, no bump from tuning, no answer to what is no number.
//!
//! TT-1 spans 200 K and TV-1 100 %, so KC = 1 makes 0.5 % of one kelvin. A scan is 10 ms.

mod support;

use model::{Mode, Quality};
use proptest::prelude::*;
use support::Harness;
use support::text_loop::{TUNED, running};

const FORMS: [&str; 7] = [
    "form = \"isa\"\n",
    "form = \"parallel\"\n",
    "form = \"series\"\n",
    "form = \"integral\"\n",
    "gap = { band = \"10 dK\", gain = 0.2 }\n",
    "linearity = 0.3\n",
    "form = \"series\"\ngap = { band = \"5 dK\" }\nlinearity = 0.5\n",
];

fn pv(h: &mut Harness, value: f64) {
    let point = h.point("TT-1");
    h.set(point, value);
    h.scan();
}

fn integral(h: &Harness) -> f64 {
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    view.loops[0].integral
}

/// T4.
#[test]
fn in_every_form_the_integral_of_a_saturated_loop_stays_within_the_limits_and_lets_go_at_once() {
    for form in FORMS {
        let text = format!("{form}kc = 3\nti = \"1 s\"\nsp = 100\nout_limits = [10, 90]\n");
        let mut h = running(&text, 100.0, 0.0, 40.0);
        for (far, limit, back) in [(0.0, 90.0, 130.0), (200.0, 10.0, 70.0)] {
            for _ in 0..500 {
                pv(&mut h, far);
                h.run(20);
                let held = integral(&h);
                assert!((10.0 - 1e-9..=90.0 + 1e-9).contains(&held), "{form}: {held}");
            }
            assert_eq!(h.value("TV-1"), limit, "{form}: a hundred TI at the limit");
            pv(&mut h, back);
            h.run(100);
            assert!((h.value("TV-1") - limit).abs() > 1e-3, "{form}: it comes back within TI");
        }
    }
}

/// T5. The integral step of that scan is none: it is off, or there is no error.
#[test]
fn in_every_form_new_tuning_makes_no_bump() {
    for form in FORMS {
        let error = if form.contains("integral") { 0.0 } else { 14.0 };
        let mut h = running(&format!("{form}kc = 1.3\nti = \"8 s\"\nsp = 100\n"), 100.0, 0.0, 40.0);
        if error != 0.0 {
            h.write("TIC-1.TI", 0.0).unwrap();
        }
        pv(&mut h, 100.0 - error);
        h.run(2000);
        for (name, value) in [
            ("TIC-1.KC", 2.7),
            ("TIC-1.TD", 3.0),
            ("TIC-1.KC", 0.2),
            ("TIC-1.TD", 0.4),
            ("TIC-1.KC", 50.0),
            ("TIC-1.TD", 0.0),
        ] {
            let before = h.value("TV-1");
            h.write(name, value).unwrap();
            h.run(3);
            assert!((h.value("TV-1") - before).abs() < 1e-9, "{form}, {name} = {value}");
        }
    }
    // A set-point weight gives P something to lose at rest.
    for form in &FORMS[..3] {
        let mut h =
            running(&format!("{form}kc = 1.3\nti = \"8 s\"\nsp = 100\nbeta = 0.4\n"), 100.0, 0.0, 40.0);
        for (name, value) in [("TIC-1.KC", 2.7), ("TIC-1.TI", 1.0), ("TIC-1.TD", 3.0), ("TIC-1.TI", 500.0)] {
            h.write(name, value).unwrap();
            h.run(3);
            assert!((h.value("TV-1") - 40.0).abs() < 1e-9, "{form}, {name} = {value}: {}", h.value("TV-1"));
        }
    }
}

/// T7. Nor does the answer to a load depend on the weight of the set point in D.
#[test]
fn the_load_response_does_not_depend_on_the_derivatives_set_point_weight() {
    let response = |gamma: f64| {
        let text = format!("kc = 2\nti = \"15 s\"\ntd = \"2 s\"\nsp = 100\ngamma = {gamma}\n");
        let mut h = running(&text, 100.0, 0.0, 40.0);
        let mut outs = vec![];
        for k in 0..1500 {
            pv(&mut h, 100.0 - 10.0 * (1.0 - (-f64::from(k) * 0.005).exp()));
            outs.push(h.value("TV-1"));
        }
        outs
    };
    for (a, b) in response(0.0).into_iter().zip(response(1.0)) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

/// T8. What people and machines write is refused when it is no number, and limited when it is too large.
#[test]
fn no_written_value_leaves_the_output_without_a_number_or_outside_its_limits() {
    let text = format!(
        "{TUNED}out_limits = [5, 95]\nff = \"LT-2\"\nff_gain = 0.5\n\
         modes = [\"manual\", \"auto\", \"remote_cascade\", \"remote_output\"]\n\
         remote = {{ timeout = \"10 s\", shed = \"auto\" }}\n"
    );
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -f64::MAX, 1e12] {
        for (mode, name) in [
            (Mode::RemoteCascade, "TIC-1.RCAS"),
            (Mode::RemoteOutput, "TIC-1.ROUT"),
            (Mode::Auto, "TIC-1.FFGAIN"),
            (Mode::Auto, "TIC-1.SP"),
            (Mode::Manual, "TIC-1.OUT"),
            (Mode::Auto, "TIC-1.KC"),
        ] {
            let mut h = running(&text, 100.0, 30.0, 40.0);
            let _ = h.mode("TIC-1", mode);
            let before = h.value(name);
            assert!(h.write(name, value).is_err(), "{name} := {value}");
            h.run(5);
            assert_eq!((h.actual("TIC-1"), h.value(name)), (mode, before), "{name} := {value}");
            assert!((5.0..=95.0).contains(&h.value("TV-1")));
            let saved = h.save();
            h.engine.restore(&saved).unwrap();
        }
    }
}

const CASCADE: &str = r#"
cascade = "LIC-2.OUT"
mode = "cascade"
out_limits = [5, 95]
[pid.LIC-2]
pv = "LT-2"
action = "reverse"
kc = 2
ti = "20 s"
sp = "50 %"
task = "10 ms"
"#;

/// T8. The handshake of a secondary whose measurement is no number.
#[test]
fn a_secondary_without_a_number_takes_its_primary_along_and_gives_it_back() {
    for value in [f64::NAN, f64::INFINITY, -f64::MAX, f64::MAX] {
        for quality in [Quality::Good, Quality::UncertainSubNormal, Quality::BadSensorFailure] {
            let mut h = running(
                &format!("kc = 0.5\nti = \"5 s\"\non_bad_pv = \"hold\"\n{CASCADE}"),
                100.0,
                50.0,
                40.0,
            );
            h.run(3);
            let input = h.point("TT-1");
            h.input(input, value, quality);
            h.run(4);
            let lost = quality.is_bad() || !value.is_finite();
            let expected =
                if lost { (Mode::Manual, Mode::Initialising) } else { (Mode::Cascade, Mode::Auto) };
            assert_eq!((h.actual("TIC-1"), h.actual("LIC-2")), expected, "{value} {quality:?}");
            for name in ["TV-1", "TIC-1.OUT", "TIC-1.SP", "LIC-2.OUT", "LIC-2.SP"] {
                assert!(h.value(name).is_finite(), "{name} after {value} {quality:?}");
            }
            h.set(input, 100.0);
            h.run(6);
            assert_eq!((h.actual("TIC-1"), h.actual("LIC-2")), (Mode::Cascade, Mode::Auto));
        }
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Mode(&'static str, Mode),
    Write(&'static str, f64),
    Field(&'static str, f64),
    Bad(&'static str),
    Run(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let modes = |name| {
        let all = vec![Mode::Manual, Mode::Auto, Mode::Cascade];
        proptest::sample::select(all).prop_map(move |mode| Deed::Mode(name, mode))
    };
    prop_oneof![
        3 => modes("TIC-1"),
        2 => modes("LIC-2"),
        1 => (0.1..20.0).prop_map(|kc| Deed::Write("TIC-1.KC", kc)),
        1 => (0.1..20.0).prop_map(|kc| Deed::Write("LIC-2.KC", kc)),
        1 => (0.0..200.0).prop_map(|sp| Deed::Write("TIC-1.SP", sp)),
        1 => (0.0..100.0).prop_map(|sp| Deed::Write("LIC-2.SP", sp)),
        1 => (5.0..95.0).prop_map(|out| Deed::Write("TIC-1.OUT", out)),
        2 => (0.0..200.0).prop_map(|pv| Deed::Field("TT-1", pv)),
        2 => (0.0..100.0).prop_map(|pv| Deed::Field("LT-2", pv)),
        1 => proptest::sample::select(vec!["TT-1", "LT-2"]).prop_map(Deed::Bad),
        2 => (1..60u8).prop_map(Deed::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// T5, in cascade: no order of a mode moves the valve, whichever of the two loops it is for.
    #[test]
    fn no_change_of_mode_in_a_cascade_moves_its_valve(deeds in proptest::collection::vec(deed(), 1..60)) {
        // Without integrals nothing but a bump can move the valve.
        let text = format!("kc = 1\nti = 0\n{}", CASCADE.replace("\"20 s\"", "0"));
        let mut h = running(&text, 100.0, 50.0, 40.0);
        h.run(3);
        for deed in deeds {
            let before = h.value("TV-1");
            let mut ordered = None;
            match deed {
                Deed::Mode(name, mode) => ordered = h.mode(name, mode).is_ok().then_some(name),
                Deed::Write(name, value) => { let _ = h.write(name, value); }
                Deed::Field(name, value) => { let point = h.point(name); h.set(point, value); h.scan(); }
                Deed::Bad(name) => {
                    let point = h.point(name);
                    h.input(point, f64::NAN, Quality::BadSensorFailure);
                    h.scan();
                }
                Deed::Run(scans) => h.run(usize::from(scans)),
            }
            let out = h.value("TV-1");
            prop_assert!(out.is_finite() && (5.0..=95.0).contains(&out), "{out}");
            for name in ["TIC-1.SP", "LIC-2.OUT", "LIC-2.SP"] {
                prop_assert!(h.value(name).is_finite(), "{name}");
            }
            if let Some(name) = ordered {
                prop_assert!((out - before).abs() < 1e-7, "{name}: {before} -> {out}");
            }
        }
    }
}
