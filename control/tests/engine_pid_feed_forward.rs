//! The feed-forward of a loop, as a term of OUT and as a factor of it.
//!
//! TT-1 spans 200 K and TV-1 100 %, so KC = 1 makes 0.5 % of one kelvin. A scan is 10 ms.

mod support;

use model::Quality;
use support::Harness;
use support::text_loop::{TUNED, running, text_loop};

const DT: f64 = 0.01;

fn out(h: &Harness) -> f64 {
    h.value("TV-1")
}

#[test]
fn the_feed_forward_comes_and_goes_without_a_bump() {
    let text = format!("{TUNED}ff = \"LT-2\"\nff_gain = 0.5\nff_when = \"P-1.RUN\"\n");
    let mut h = running(&text, 100.0, 30.0, 40.0);
    let (load, pump) = (h.point("LT-2"), h.point("P-1.RUN"));
    let same = |h: &Harness, expected: f64, why: &str| {
        assert!((out(h) - expected).abs() < 1e-9, "{why}: {}", out(h));
    };
    h.set(load, 50.0);
    h.scan();
    same(&h, 40.0, "it is off");
    assert_eq!(h.value("TIC-1.FF"), 0.0);
    h.set(pump, 1.0);
    h.scan();
    same(&h, 40.0, "switched on");
    h.set(load, 60.0);
    h.scan();
    same(&h, 45.0, "10 % by 0.5");
    h.write("TIC-1.FFGAIN", 2.0).unwrap();
    same(&h, 45.0, "another gain");
    h.set(load, 61.0);
    h.scan();
    same(&h, 47.0, "1 % by 2");
    h.input(load, 0.0, Quality::BadSensorFailure);
    h.scan();
    h.write("TIC-1.FFGAIN", 1.0).unwrap();
    h.set(load, 20.0);
    h.scan();
    same(&h, 47.0, "a bad load and another gain");
    h.set(pump, 0.0);
    h.scan();
    same(&h, 47.0, "switched off");
    h.set(load, 90.0);
    h.scan();
    same(&h, 47.0, "and it is off");
    h.input(pump, 1.0, Quality::BadSensorFailure);
    h.scan();
    same(&h, 47.0, "a bad condition does not switch it on");
}

/// The derivative of a PV that stands is zero, also after numbers that could not be worked with.
#[test]
fn what_the_derivative_remembers_of_a_sane_pv_outlives_an_absurd_feed_forward() {
    let mut h = running("kc = 1\nti = \"1 h\"\ntd = \"20 s\"\nsp = 160\nff = \"LT-2\"\n", 100.0, 0.0, 40.0);
    let load = h.point("LT-2");
    h.write("TIC-1.TI", 0.01).unwrap();
    h.set(load, f64::MAX);
    h.run(2);
    // Together with the integral, which has followed the first, this is beyond all numbers.
    h.set(load, -f64::MAX);
    h.scan();
    h.set(load, 0.0);
    h.write("TIC-1.TI", 3600.0).unwrap();
    let stands = out(&h);
    assert!((stands - 30.0).abs() < 0.1, "half a percent of each of 60 K: {stands}");
    for _ in 0..100 {
        h.scan();
        assert!((out(&h) - stands).abs() < 0.1, "{} from {stands}", out(&h));
    }
}

#[test]
fn a_feed_forward_that_multiplies_takes_out_and_gain_with_it() {
    let text = format!("{TUNED}ff = \"LT-2 / 50 %\"\nff_as = \"factor\"\n");
    let mut h = running(&text, 100.0, 50.0, 40.0);
    let load = h.point("LT-2");
    assert_eq!((out(&h), h.value("TIC-1.FF")), (40.0, 1.0));
    h.set(load, 75.0);
    h.scan();
    assert!((out(&h) - 60.0).abs() < 1e-9, "half as much again: {}", out(&h));
    h.set(load, 25.0);
    h.scan();
    assert!((out(&h) - 20.0).abs() < 1e-9, "{}", out(&h));
    // The loop's gain went with it: half of 0.5 % per kelvin.
    h.write("TIC-1.SP", 104.0).unwrap();
    let step = 4.0 * 0.25;
    assert!((out(&h) - 20.0 - step * (1.0 + DT / 10.0)).abs() < 1e-9, "{}", out(&h));
    // In proportion while it controls, too; of P as of I.
    let before = out(&h);
    h.set(load, 50.0);
    h.scan();
    assert!((out(&h) - 2.0 * before - 4.0 * 0.5 * DT / 10.0).abs() < 1e-9, "{} {before}", out(&h));
}

#[test]
fn a_feed_forward_that_multiplies_comes_goes_and_fails_without_a_bump() {
    let text = format!("{TUNED}ff = \"LT-2 / 50 %\"\nff_as = \"factor\"\nff_when = \"P-1.RUN\"\n");
    let mut h = running(&text, 100.0, 80.0, 40.0);
    let (load, pump) = (h.point("LT-2"), h.point("P-1.RUN"));
    let same = |h: &Harness, why: &str| assert!((out(h) - 40.0).abs() < 1e-9, "{why}: {}", out(h));
    same(&h, "it is off");
    assert_eq!(h.value("TIC-1.FF"), 1.0);
    h.set(pump, 1.0);
    h.scan();
    same(&h, "switched on");
    assert_eq!(h.value("TIC-1.FF"), 1.6);
    h.input(load, 0.0, Quality::BadSensorFailure);
    h.scan();
    same(&h, "its calculation is bad");
    assert_eq!((h.value("TIC-1.FF"), h.quality("TIC-1.FF")), (1.6, Quality::BadCalculation));
    h.set(load, 20.0);
    h.scan();
    same(&h, "it comes back with another value");
    h.set(load, 0.0);
    h.scan();
    assert!((out(&h) - 40.0 * 0.05 / 0.4).abs() < 1e-9, "a factor of nothing is a twentieth: {}", out(&h));
    h.set(load, 20.0);
    h.scan();
    same(&h, "and comes back from there");
    h.set(pump, 0.0);
    h.scan();
    same(&h, "switched off");
}

/// Before its first value it has nothing to multiply with: P alone makes 0.5 % of each of the 20 K.
#[test]
fn a_feed_forward_that_multiplies_counts_as_one_until_its_first_value() {
    let mut h = text_loop("kc = 1\nti = 0\nsp = 100\nff = \"LT-2 / 50 %\"\nff_as = \"factor\"\n").unwrap();
    h.all_good(0.0);
    let (temperature, load, valve) = (h.point("TT-1"), h.point("LT-2"), h.point("TV-1"));
    h.set(temperature, 100.0);
    h.input(load, 0.0, Quality::BadSensorFailure);
    h.set(valve, 40.0);
    h.scan();
    h.write("TIC-1.SP", 120.0).unwrap();
    assert!((out(&h) - 50.0).abs() < 1e-9, "{}", out(&h));
}

/// The independent integral, which works without any KC, goes with the load as well: OUT' = 0.5 %/K FF e / TI.
#[test]
fn a_factor_multiplies_an_integral_that_stands_alone() {
    let text =
        "form = \"parallel\"\nkc = 1\nti = \"20 s\"\nsp = 100\nff = \"LT-2 / 50 %\"\nff_as = \"factor\"\n";
    for factor in [0.5, 1.0, 1.5] {
        let mut h = running(text, 100.0, 50.0 * factor, 40.0);
        h.write("TIC-1.KC", 0.0).unwrap();
        h.write("TIC-1.SP", 110.0).unwrap();
        h.run(999);
        let expected = 40.0 + 0.5 * factor * 10.0 * 1000.0 * DT / 20.0;
        assert!((out(&h) - expected).abs() < 1e-9, "{factor}: {} instead of {expected}", out(&h));
    }
}

/// OUT = I + 30 % and stands at 100 %: the integral is at 70 %, and one step of -40 K takes 20 %/s/TI of it.
#[test]
fn an_integral_beside_a_feed_forward_leaves_its_limit_as_soon_as_the_error_turns() {
    let mut h =
        running("form = \"integral\"\nkc = 1\nti = \"5 s\"\nsp = 100\nff = \"LT-2\"\n", 100.0, 0.0, 40.0);
    let load = h.point("LT-2");
    h.set(load, 30.0);
    h.write("TIC-1.SP", 180.0).unwrap();
    h.run(3000);
    assert_eq!(out(&h), 100.0);
    h.write("TIC-1.SP", 60.0).unwrap();
    let expected = 100.0 - 0.5 * 40.0 * DT / 5.0;
    assert!((out(&h) - expected).abs() < 1e-9, "{} instead of {expected}", out(&h));
}
