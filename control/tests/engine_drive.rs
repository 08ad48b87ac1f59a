//! Variable-speed drives, from text through the engine.

mod support;

use control::{StateView, why};
use model::{Mode, Quality, Refusal};
use proptest::prelude::*;
use support::text_loop::{TUNED, text_loop};
use support::{Dice, Harness};

const DRIVE: &str = r#"
[tag."P-9.CMD"]
description = "Pump command"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 0 }
[tag."P-9.RUN"]
description = "Pump runs"
words = ["stopped", "running"]
io = { device = "PLC", discrete = 5 }
[tag."P-9.FLT"]
description = "Drive fault"
words = ["no", "FAULT"]
io = { device = "PLC", discrete = 6 }
[tag."P-9.LOC"]
description = "Drive in local"
words = ["remote", "local"]
io = { device = "PLC", discrete = 7 }
[tag.SY-9]
description = "Speed reference"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 9, raw = [0, 27648] }
[tag.ST-9]
description = "Speed"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 9, raw = [0, 27648] }
[drive.P-9]
description = "Pump"
out = "P-9.CMD"
on = "P-9.RUN"
fault = "P-9.FLT"
local = "P-9.LOC"
speed = "SY-9"
actual = "ST-9"
min_speed = "20 %"
ramp = "10 %/s"
travel = "1 s"
task = "10 ms"
"#;

const FLOW: &str = r#"
ref = "LIC-2.OUT"
[pid.LIC-2]
pv = "LT-2"
action = "reverse"
kc = 1.0
ti = "10 s"
sp = "50 %"
task = "10 ms"
[interlock.IL-1]
description = "Slow"
reset = "auto"
trip = [ { when = "P-1.RUN", text = "slow" } ]
do = ["SY-9 := 30 %"]
"#;

fn drive(keys: &str) -> Harness {
    let mut h =
        text_loop(&format!("{TUNED}{DRIVE}{keys}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    h.set(h.point("LT-2"), 50.0);
    run(&mut h, 5);
    h
}

/// The motor follows its command, its speed the reference.
fn run(h: &mut Harness, scans: usize) {
    for _ in 0..scans {
        if h.value("P-9.LOC") < 0.5 {
            h.set(h.point("P-9.RUN"), h.value("P-9.CMD"));
            h.set(h.point("ST-9"), h.value("SY-9"));
        }
        h.scan();
    }
}

#[test]
fn a_drive_begins_at_its_least_speed_and_ramps() {
    let mut h = drive("");
    assert_eq!(h.value("SY-9"), 0.0, "at rest it is told nothing");
    h.write("P-9.SP", 60.0).unwrap();
    h.write("P-9.CMD", 1.0).unwrap();
    for k in 1..=500 {
        run(&mut h, 1);
        let wanted = (20.0 + 0.1 * f64::from(k + 1)).min(60.0);
        assert!((h.value("SY-9") - wanted).abs() < 1e-9, "{k}: {}", h.value("SY-9"));
    }
    assert_eq!(h.value("P-9.STATE"), 1.0);
    h.write("P-9.SP", 20.0).unwrap();
    run(&mut h, 99);
    assert!((h.value("SY-9") - 50.0).abs() < 1e-9, "down as well");
    assert_eq!(h.write("P-9.SP", 10.0), Err(Refusal::BelowLimit));
    h.write("P-9.CMD", 0.0).unwrap();
    run(&mut h, 2);
    assert_eq!(h.value("SY-9"), 0.0);
}

#[test]
fn a_fault_is_told_also_while_the_feedback_is_bad() {
    let mut h = drive("");
    h.write("P-9.CMD", 1.0).unwrap();
    run(&mut h, 50);
    let (runs, fault) = (h.point("P-9.RUN"), h.point("P-9.FLT"));
    h.input(runs, 1.0, Quality::BadSensorFailure);
    h.input(fault, 1.0, Quality::Good);
    for _ in 0..3 {
        h.scan();
    }
    assert_eq!((h.value("P-9.CMD"), h.value("P-9.FAIL"), h.value("P-9.STATE")), (0.0, 1.0, 4.0));
}

/// Another hand has moved the reference while this controller was away.
#[test]
fn after_a_restart_the_ramp_begins_at_the_output_that_stands() {
    let mut h = drive("");
    h.write("P-9.SP", 60.0).unwrap();
    h.write("P-9.CMD", 1.0).unwrap();
    run(&mut h, 600);
    assert_eq!(h.value("SY-9"), 60.0);
    h.engine.resume();
    h.input(h.point("P-9.CMD"), 1.0, Quality::Good);
    h.input(h.point("SY-9"), 30.0, Quality::Good);
    h.all_good(0.0);
    for link in h.plant().io.devices.iter().map(|device| device.link) {
        h.input(link, 1.0, Quality::Good);
    }
    run(&mut h, 20);
    assert!(h.value("SY-9") < 35.0, "no jump: {}", h.value("SY-9"));
    run(&mut h, 600);
    assert_eq!(h.value("SY-9"), 60.0, "it ramps from there");
}

#[test]
fn a_fault_stops_the_drive_and_it_stays_off() {
    let mut h = drive("");
    h.write("P-9.CMD", 1.0).unwrap();
    run(&mut h, 50);
    h.set(h.point("P-9.FLT"), 1.0);
    run(&mut h, 3);
    assert_eq!((h.value("P-9.CMD"), h.value("P-9.FAIL"), h.value("P-9.STATE")), (0.0, 1.0, 4.0));
    assert_eq!(h.write("P-9.CMD", 1.0), Err(Refusal::NotPermitted));
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let lines = support::words(&why(&h.plant(), &view, "P-9").unwrap());
    assert!(lines.contains("reports a fault") && lines.contains("told to SY-9, at least 20.0"), "{lines}");
    h.set(h.point("P-9.FLT"), 0.0);
    run(&mut h, 50);
    assert_eq!((h.value("P-9.CMD"), h.value("P-9.FAIL"), h.value("P-9.STATE")), (0.0, 0.0, 0.0));
    h.write("P-9.CMD", 1.0).unwrap();
    run(&mut h, 3);
    assert_eq!(h.value("P-9.STATE"), 1.0);
}

#[test]
fn a_loop_above_a_drive_begins_at_the_least_speed_and_waits_for_the_ramp() {
    let mut h = drive(FLOW);
    assert_eq!(h.actual("LIC-2"), Mode::Initialising);
    assert_eq!(h.value("LIC-2.OUT"), 20.0);
    h.write("P-9.CMD", 1.0).unwrap();
    run(&mut h, 3);
    assert_eq!(h.actual("LIC-2"), Mode::Auto);
    assert!((h.value("SY-9") - 20.0).abs() < 0.5);
    // Far below: OUT goes to its limit at once, and the integral waits for the ramp.
    h.set(h.point("LT-2"), 20.0);
    run(&mut h, 100);
    let (out, speed) = (h.value("LIC-2.OUT"), h.value("SY-9"));
    assert!((speed - 30.0).abs() < 0.5 && out > 45.0 && out < 60.0, "{out} {speed}");
    run(&mut h, 3000);
    assert_eq!(h.value("SY-9"), 100.0);
    h.set(h.point("LT-2"), 80.0);
    run(&mut h, 1500);
    assert_eq!((h.value("SY-9"), h.value("P-9.OUT")), (20.0, 20.0), "never below the least speed");
    assert_eq!(h.write("P-9.SP", 50.0), Err(Refusal::NotWritable), "the loop says it");
}

#[test]
fn an_interlock_on_the_speed_is_followed_and_left_with_the_ramp() {
    let mut h = drive(FLOW);
    h.write("P-9.CMD", 1.0).unwrap();
    h.set(h.point("LT-2"), 20.0);
    run(&mut h, 6000);
    assert_eq!(h.value("SY-9"), 100.0);
    h.set(h.point("P-1.RUN"), 1.0);
    run(&mut h, 5);
    assert_eq!(h.value("SY-9"), 30.0);
    assert_eq!(h.actual("LIC-2"), Mode::Initialising);
    assert_eq!(h.value("LIC-2.OUT"), 30.0);
    h.set(h.point("P-1.RUN"), 0.0);
    h.set(h.point("LT-2"), 50.0);
    let mut last = 30.0;
    for _ in 0..200 {
        run(&mut h, 1);
        let now = h.value("SY-9");
        assert!((now - last).abs() <= 0.1 + 1e-9, "{last} to {now}");
        last = now;
    }
}

#[test]
fn in_local_the_drive_is_followed_and_coming_back_makes_no_bump() {
    let mut h = drive(FLOW);
    let [local, runs, speed] = ["P-9.LOC", "P-9.RUN", "ST-9"].map(|name| h.point(name));
    h.set(local, 1.0);
    h.scan();
    h.set(runs, 1.0);
    h.set(speed, 47.0);
    run(&mut h, 5);
    assert_eq!((h.value("P-9.CMD"), h.value("SY-9"), h.value("P-9.STATE")), (1.0, 47.0, 1.0));
    assert_eq!(h.actual("LIC-2"), Mode::Initialising);
    assert_eq!(h.value("LIC-2.OUT"), 47.0);
    h.set(local, 0.0);
    for _ in 0..50 {
        run(&mut h, 1);
        assert!((h.value("SY-9") - 47.0).abs() < 0.2, "{}", h.value("SY-9"));
    }
    assert_eq!(h.actual("LIC-2"), Mode::Auto);
    h.set(local, 1.0);
    h.scan();
    h.set(runs, 0.0);
    run(&mut h, 5);
    assert_eq!(h.value("P-9.CMD"), 0.0, "stopped at the machine");
    assert_eq!(h.write("P-9.CMD", 1.0), Err(Refusal::NotPermitted));
}

/// Its set point is where it runs, whether a person or a loop gives it from then on.
#[test]
fn a_drive_that_runs_when_the_controller_begins_goes_on_at_its_speed() {
    for keys in ["", FLOW] {
        let text = format!("{TUNED}{DRIVE}{keys}");
        let mut h = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        h.all_good(0.0);
        h.set(h.point("LT-2"), 50.0);
        for (name, value) in [("P-9.CMD", 1.0), ("SY-9", 47.0)] {
            h.preset(h.point(name), value);
        }
        for (name, value) in [("P-9.RUN", 1.0), ("ST-9", 47.0)] {
            h.set(h.point(name), value);
        }
        h.scan();
        assert_eq!((h.value("P-9.SP"), h.value("SY-9"), h.value("P-9.STATE")), (47.0, 47.0, 1.0));
        run(&mut h, 20);
        assert!((h.value("SY-9") - 47.0).abs() < 0.1, "{}", h.value("SY-9"));
    }
}

#[test]
fn a_drive_follows_its_condition_in_remote_and_the_machine_in_local() {
    let mut h = drive("auto = \"LT-2 > 80 %\"\n");
    let [level, local, runs] = ["LT-2", "P-9.LOC", "P-9.RUN"].map(|name| h.point(name));
    let at = |h: &mut Harness, value: f64| {
        h.set(level, value);
        run(h, 3);
        h.value("P-9.CMD")
    };
    assert_eq!(at(&mut h, 50.0), 0.0);
    assert_eq!(at(&mut h, 90.0), 1.0, "remote: the condition has it");
    assert_eq!(at(&mut h, 50.0), 0.0);
    h.set(local, 1.0);
    h.set(runs, 0.0);
    assert_eq!(at(&mut h, 90.0), 0.0, "local: whoever stands there has it");
    h.set(runs, 1.0);
    assert_eq!(at(&mut h, 50.0), 1.0);
    h.set(local, 0.0);
    assert_eq!(at(&mut h, 50.0), 0.0, "remote again, and so is the condition");
}

#[test]
fn a_bad_reference_holds_the_speed() {
    let keys = "ref = \"S\"\n[calc.S]\nunit = \"%\"\nrange = [0, 100]\nvalue = \"LT-2\"\ntask = \"10 ms\"\n";
    let mut h = drive(keys);
    h.write("P-9.CMD", 1.0).unwrap();
    run(&mut h, 500);
    assert_eq!(h.value("SY-9"), 50.0);
    h.input(h.point("LT-2"), 0.0, Quality::BadSensorFailure);
    run(&mut h, 50);
    assert_eq!(h.value("SY-9"), 50.0);
    assert!(h.quality("P-9.SP").is_bad() && h.quality("SY-9").is_good());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever happens: within the range, at rest or at least the least speed, no faster than the ramp.
    #[test]
    fn the_speed_keeps_its_range_and_its_ramp(seed in any::<u64>()) {
        let mut h = drive(FLOW);
        let mut dice = Dice(seed | 1);
        let level = h.point("LT-2");
        for _ in 0..600 {
            match dice.below(8) {
                0 => h.set(level, 100.0 * dice.unit()),
                1 => h.input(level, 0.0, Quality::BadSensorFailure),
                2 => { let _ = h.write("P-9.CMD", dice.below(3).min(1) as f64); }
                3 => { let flt = h.point("P-9.FLT"); h.set(flt, (dice.below(4) / 3) as f64); }
                _ => {}
            }
            let before = h.value("SY-9");
            run(&mut h, 1);
            let (now, on) = (h.value("SY-9"), h.value("P-9.CMD") >= 0.5);
            prop_assert!((0.0..=100.0).contains(&now));
            let allowed = if on { now >= 20.0 } else { now == 0.0 };
            prop_assert!(allowed, "{}", now);
            prop_assert!(!on || before < 20.0 || (now - before).abs() <= 0.1 + 1e-9, "{} to {}", before, now);
            prop_assert!(h.quality("SY-9").is_good());
        }
    }
}

/// A rectifier is a drive whose speed is a current: the same keys, and a limit that others set.
const RECTIFIER: &str = r#"
[tag."RF-9.CMD"]
description = "Rectifier"
words = ["off", "on"]
fail = 0
io = { device = "PLC", coil = 0 }
[tag."RF-9.ON"]
description = "Rectifier on"
words = ["off", "on"]
io = { device = "PLC", discrete = 5 }
[tag.IY-9]
description = "Current wanted"
unit = "kA"
range = [0, 8]
fail = 0
io = { device = "PLC", holding = 9, raw = [0, 27648] }
[tag.IX-9]
description = "Current that the cells allow"
unit = "kA"
range = [0, 8]
io = { device = "PLC", input = 9, raw = [0, 27648] }
[drive.RF-9]
description = "Rectifier"
out = "RF-9.CMD"
on = "RF-9.ON"
speed = "IY-9"
limit = "IX-9"
ramp = "0.6 kA/min"
ramp_down = "6 kA/min"
min_off = "60 s"
task = "10 ms"
[interlock.IL-9]
description = "Trip"
reset = "manual"
trip = [ { when = "P-1.RUN", text = "it runs" } ]
do = ["RF-9 := stop"]
"#;

#[test]
fn a_rectifier_ramps_up_and_down_at_its_rates_up_to_its_limit_and_is_off_at_once_by_a_trip() {
    let text = format!("{TUNED}{RECTIFIER}");
    let mut h = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    h.set(h.point("IX-9"), 4.0);
    h.run(5);
    h.write("RF-9.SP", 6.0).unwrap();
    h.write("RF-9.CMD", 1.0).unwrap();
    h.set(h.point("RF-9.ON"), 1.0);
    h.run(6_000);
    assert!((h.value("IY-9") - 0.6).abs() < 0.001, "0.6 kA in a minute: {}", h.value("IY-9"));
    h.run(40_000);
    assert_eq!(h.value("IY-9"), 4.0, "the cells allow no more");
    h.set(h.point("IX-9"), 3.0);
    h.run(500);
    assert!((h.value("IY-9") - 3.5).abs() < 0.01, "6 kA/min down: {}", h.value("IY-9"));
    h.run(600);
    assert_eq!(h.value("IY-9"), 3.0);
    h.input(h.point("IX-9"), 0.0, Quality::BadSensorFailure);
    h.run(100);
    assert_eq!(h.value("IY-9"), 3.0, "a bad limit stays");
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let lines = why(&h.plant(), &view, "RF-9").unwrap().lines;
    assert!(lines.iter().any(|line| line.text().contains("no more than IX-9")), "{lines:?}");
    h.set(h.point("P-1.RUN"), 1.0);
    h.run(2);
    assert_eq!((h.value("RF-9.CMD"), h.value("IY-9")), (0.0, 0.0), "off, and without a ramp");
    h.set(h.point("P-1.RUN"), 0.0);
    h.set(h.point("RF-9.ON"), 0.0);
    h.run(2);
    let interlock = h.plant().find_interlock("IL-9").unwrap();
    h.ask(model::Action::ResetInterlock { interlock }).unwrap();
    h.run(10);
    assert_eq!(h.write("RF-9.CMD", 1.0), Err(Refusal::NotPermitted), "it rests");
}

#[test]
fn an_interlock_that_holds_command_and_speed_of_a_drive_is_told_once() {
    let stop = FLOW.replacen("[\"SY-9 := 30 %\"]", "[\"P-9 := stop\", \"SY-9 := 0 %\"]", 1);
    let mut h = drive(&stop);
    h.set(h.point("P-1.RUN"), 1.0);
    h.run(5);
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let lines = why(&h.plant(), &view, "P-9").unwrap().lines;
    let holds = |line: &&model::wire::WhyLine| matches!(line.fact, model::wire::WhyFact::ForcedBy { .. });
    assert_eq!(lines.iter().filter(holds).count(), 1, "{lines:#?}");
}
