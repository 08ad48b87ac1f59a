//! Restart inhibit, run hours and starts of a motor.

mod support;

use std::sync::Arc;

use control::{Engine, StateView, why};
use model::{Refusal, StateWriter};
use support::Harness;
use support::text_loop::{TUNED, text_loop};

const MOTOR: &str = r#"
[tag."P-9.CMD"]
description = "Pump command"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 0 }
[motor.P-9]
description = "Pump"
out = "P-9.CMD"
task = "100 ms"
"#;

/// The motor with these keys; it was `on` when the controller began.
fn motor(keys: &str, on: f64) -> Harness {
    let mut h =
        text_loop(&format!("{TUNED}{MOTOR}{keys}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    h.preset(h.point("P-9.CMD"), on);
    h.run(20);
    h
}

fn command(h: &mut Harness, on: f64) -> Result<f64, Refusal> {
    let answer = h.write("P-9.CMD", on);
    h.run(10);
    answer
}

#[test]
fn a_motor_that_was_stopped_rests_before_it_starts_again() {
    let mut h = motor("min_off = \"30 s\"\n", 0.0);
    assert_eq!(h.value("P-9.REST"), 0.0, "nobody has stopped it");
    command(&mut h, 1.0).unwrap();
    command(&mut h, 0.0).unwrap();
    assert!((29.8..=30.0).contains(&h.value("P-9.REST")), "{}", h.value("P-9.REST"));
    assert_eq!(command(&mut h, 1.0), Err(Refusal::NotPermitted));
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let lines = why(&h.plant(), &view, "P-9").unwrap().lines;
    assert!(lines.iter().any(|line| line.text().contains("rests")), "{lines:?}");
    h.run(2_900);
    assert_eq!(command(&mut h, 1.0), Err(Refusal::NotPermitted));
    h.run(100);
    assert_eq!(h.value("P-9.REST"), 0.0);
    command(&mut h, 1.0).unwrap();
    assert_eq!(h.value("P-9.CMD"), 1.0);
}

#[test]
fn a_motor_starts_only_so_often_in_an_hour() {
    let mut h = motor("starts_per_hour = 2\n", 0.0);
    for _ in 0..2 {
        command(&mut h, 1.0).unwrap();
        command(&mut h, 0.0).unwrap();
    }
    assert_eq!(command(&mut h, 1.0), Err(Refusal::NotPermitted));
    let rest = h.value("P-9.REST");
    assert!((3590.0..3600.0).contains(&rest), "from the first of the two: {rest}");
    // A stall of the scan counts as time that has passed.
    h.scan_at(h.tick + 360_000);
    h.run(20);
    command(&mut h, 1.0).unwrap();
}

/// Scans until it is so, and gives the tick.
fn until(h: &mut Harness, so: impl Fn(&Harness) -> bool) -> u64 {
    for _ in 0..20 {
        if so(h) {
            return h.tick;
        }
        h.scan();
    }
    panic!("not within two runs of the motor");
}

/// To the scan of 10 ms: what switches it starts the clock.
#[test]
fn the_rest_counts_from_the_scan_that_switched_the_motor() {
    let mut h = motor("min_off = \"30 s\"\nstarts_per_hour = 1\ncount = true\n", 0.0);
    h.write("P-9.CMD", 1.0).unwrap();
    let started = until(&mut h, |h| h.value("P-9.STARTS") == 1.0);
    h.run(500);
    h.write("P-9.CMD", 0.0).unwrap();
    let stopped = until(&mut h, |h| h.value("P-9.REST") > 0.0);
    let hour = 3600.0 - (stopped - started) as f64 * 0.01;
    assert!((h.value("P-9.REST") - hour).abs() < 1e-9, "{} instead of {hour}", h.value("P-9.REST"));
    let mut h = motor("min_off = \"30 s\"\n", 0.0);
    command(&mut h, 1.0).unwrap();
    h.write("P-9.CMD", 0.0).unwrap();
    until(&mut h, |h| h.value("P-9.REST") > 0.0);
    assert_eq!(h.value("P-9.REST"), 30.0);
}

#[test]
fn what_runs_when_the_controller_begins_was_neither_started_nor_stopped() {
    let mut h = motor("min_off = \"30 s\"\nstarts_per_hour = 1\ncount = true\n", 1.0);
    assert_eq!((h.value("P-9.STARTS"), h.value("P-9.REST")), (0.0, 0.0));
    h.run(36_000);
    assert!((h.value("P-9.HOURS") - 0.1).abs() < 1e-3, "{}", h.value("P-9.HOURS"));
    command(&mut h, 0.0).unwrap();
    h.run(3_100);
    command(&mut h, 1.0).unwrap();
    assert_eq!(h.value("P-9.STARTS"), 1.0);
}

#[test]
fn hours_starts_and_rest_survive_a_restore() {
    let mut h = motor("min_off = \"30 s\"\ncount = true\n", 0.0);
    command(&mut h, 1.0).unwrap();
    h.run(5_000);
    command(&mut h, 0.0).unwrap();
    let mut writer = StateWriter::default();
    h.engine.save(&mut writer);
    let mut other = Engine::new(Arc::clone(h.engine.plant()));
    other.restore(&writer.0).unwrap();
    assert_eq!(other.state_hash(), h.engine.state_hash());
    h.engine = other;
    assert_eq!(command(&mut h, 1.0), Err(Refusal::NotPermitted));
    h.run(3_000);
    command(&mut h, 1.0).unwrap();
    assert_eq!(h.value("P-9.STARTS"), 2.0);
    assert!(h.value("P-9.HOURS") > 50.0 / 3600.0);
}
