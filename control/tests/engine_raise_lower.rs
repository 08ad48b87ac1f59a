//! The three-point step output, from text through the engine: against its closed form, at its ends, with a transmitter,
//! under interlocks and below a loop.

mod support;

use std::sync::Arc;

use control::{Engine, Input, ScanOutput};
use model::{Mode, Quality, Source, StateWriter};
use proptest::prelude::*;
use support::{Dice, Harness};

/// Scan to scan, and from closed to open.
const DT: f64 = 0.01;
const RUN: f64 = 2.0;

const HEAD: &str = r#"
[plant]
name = "steps"
title = "STEPS"
period = "10 ms"
[area.100]
title = "A"
[device.PLC]
description = "I/O"
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"
[tag.TT-1]
description = "Temperature"
unit = "degC"
range = [0, 200]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.REF]
description = "Position wanted"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag.ZT-1]
description = "Position"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 2, raw = [0, 27648] }
[tag.ZSO-1]
description = "Open"
words = ["no", "open"]
io = { device = "PLC", discrete = 0 }
[tag.ZSC-1]
description = "Closed"
words = ["no", "closed"]
io = { device = "PLC", discrete = 1 }
[tag.TRIP]
description = "Trip"
words = ["no", "yes"]
io = { device = "PLC", discrete = 2 }
[tag."HV-1.OPEN"]
description = "Valve, raise"
words = ["off", "on"]
fail = "off"
io = { device = "PLC", coil = 0 }
[tag."HV-1.CLOSE"]
description = "Valve, lower"
words = ["off", "on"]
fail = "off"
io = { device = "PLC", coil = 1 }
"#;

const INTERLOCK: &str = r#"
[interlock.IL-1]
description = "Close"
reset = "auto"
trip = [ { when = "TRIP", text = "trip" } ]
do = ["HV-1.OPEN := off", "HV-1.CLOSE := on"]
"#;

fn block(input: &str, more: &str) -> String {
    format!(
        "[raise_lower.HY-1]\ninput = \"{input}\"\nraise = \"HV-1.OPEN\"\nlower = \"HV-1.CLOSE\"\nrun_time = \"2 s\"\n\
         dead_band = \"2 %\"\ntask = \"10 ms\"\n{more}{INTERLOCK}"
    )
}

fn plant(body: &str) -> Arc<control::plant::Plant> {
    let source = Source { path: "plant.toml".into(), text: format!("{HEAD}{body}") };
    Arc::new(control::compile(&[source]).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).plant)
}

/// At rest at the closed end, which the valve has found.
fn closed(body: &str) -> Harness {
    let mut h = Harness::new(Arc::unwrap_or_clone(plant(body)));
    h.all_good(0.0);
    h.run(300);
    h
}

/// What the contacts say: up, down, or neither. Never both.
fn contacts(h: &Harness) -> i32 {
    let [raise, lower] = ["HV-1.OPEN", "HV-1.CLOSE"].map(|name| h.value(name) >= 0.5);
    assert!(!(raise && lower), "both contacts at once");
    i32::from(raise) - i32::from(lower)
}

/// Scans until both contacts are open again, and how many of them had one closed.
fn pulses(h: &mut Harness, scans: usize) -> (usize, usize) {
    let (mut up, mut down) = (0, 0);
    for _ in 0..scans {
        h.scan();
        match contacts(h) {
            1 => up += 1,
            -1 => down += 1,
            _ => {}
        }
    }
    (up, down)
}

fn want(h: &mut Harness, value: f64) {
    h.set(h.point("REF"), value);
}

#[test]
fn a_step_is_one_pulse_of_its_share_of_the_run_time_and_the_position_a_ramp() {
    for step in [10.0_f64, 37.0, 50.0, 99.0] {
        let mut h = closed(&block("REF", ""));
        want(&mut h, step);
        let runs = (step / 100.0 * RUN / DT).round();
        for k in 0..400 {
            h.scan();
            let share = f64::from(k).min(runs) / runs;
            assert!((h.value("HY-1.POS") - step * share).abs() < 1e-9, "{step} % after {k} runs");
            assert_eq!(contacts(&h), i32::from(f64::from(k) < runs), "{step} % after {k} runs");
        }
        assert_eq!(h.quality("HY-1.POS"), Quality::Good);
    }
}

#[test]
fn within_the_dead_band_nothing_moves_and_beyond_it_the_valve_goes_all_the_way() {
    let mut h = closed(&block("REF", ""));
    want(&mut h, 50.0);
    h.run(300);
    for inside in [51.9, 48.1, 50.0] {
        want(&mut h, inside);
        assert_eq!(pulses(&mut h, 200), (0, 0), "at {inside}");
    }
    want(&mut h, 53.0);
    assert_eq!(pulses(&mut h, 200), (6, 0), "3 % of 2 s");
    assert!((h.value("HY-1.POS") - 53.0).abs() < 1e-9);
    want(&mut h, 47.0);
    assert_eq!(pulses(&mut h, 200), (0, 12));
}

#[test]
fn a_pulse_that_would_be_shorter_than_the_least_waits_until_there_is_more_to_do() {
    let mut h = closed(&block("REF", "min_pulse = \"200 ms\"\n"));
    want(&mut h, 50.0);
    h.run(300);
    want(&mut h, 59.0);
    assert_eq!(pulses(&mut h, 200), (0, 0), "180 ms");
    want(&mut h, 61.0);
    assert_eq!(pulses(&mut h, 200), (22, 0));
    // A wish that is withdrawn in mid-pulse does not cut it short.
    want(&mut h, 90.0);
    h.run(3);
    want(&mut h, 61.0);
    assert_eq!(pulses(&mut h, 200), (17, 20), "of 20 three are over, and back again");
}

#[test]
fn the_motor_comes_to_rest_before_it_turns_round() {
    let mut h = closed(&block("REF", "pause = \"300 ms\"\n"));
    want(&mut h, 80.0);
    h.run(100);
    assert_eq!(contacts(&h), 1);
    want(&mut h, 20.0);
    let mut rested = 0;
    loop {
        h.scan();
        match contacts(&h) {
            0 => rested += 1,
            1 => panic!("it goes on the wrong way"),
            _ => break,
        }
    }
    assert_eq!(rested, 30);
    // On in the same direction there is nothing to wait for.
    h.run(20);
    let position = h.value("HY-1.POS");
    want(&mut h, position);
    h.scan();
    h.scan();
    assert_eq!(contacts(&h), 0);
    want(&mut h, 5.0);
    h.scan();
    assert_eq!(contacts(&h), -1);
}

#[test]
fn at_its_ends_the_contact_stays_closed_until_the_valve_is_there_for_certain() {
    let mut h = Harness::new(Arc::unwrap_or_clone(plant(&block("REF", "overrun = \"400 ms\"\n"))));
    h.all_good(0.0);
    h.scan();
    assert!(h.quality("HY-1.POS").is_uncertain(), "nobody knows where it stands");
    assert_eq!(pulses(&mut h, 400), (0, 239), "with the first one the whole way and 400 ms more");
    assert_eq!(h.quality("HY-1.POS"), Quality::Good);
    want(&mut h, 100.0);
    assert_eq!(pulses(&mut h, 400), (240, 0), "the run time, and 400 ms more");
    want(&mut h, 50.0);
    assert_eq!(pulses(&mut h, 400), (0, 100), "from the end, not from beyond it");

    let mut h = closed(&block("REF", "opened = \"ZSO-1\"\nclosed = \"ZSC-1\"\ninitial = \"30 %\"\n"));
    h.set(h.point("ZSC-1"), 1.0);
    want(&mut h, 100.0);
    h.scan();
    h.set(h.point("ZSC-1"), 0.0);
    h.run(100);
    h.set(h.point("ZSO-1"), 1.0);
    h.scan();
    assert_eq!((contacts(&h), h.value("HY-1.POS")), (0, 100.0), "the end switch has the word");
    assert_eq!(h.quality("HY-1.POS"), Quality::Good);
    assert_eq!(pulses(&mut h, 300), (0, 0));
}

const SWITCHES: &str = "opened = \"ZSO-1\"\nclosed = \"ZSC-1\"\n";

/// Where the valve really is, in seconds from the closed end, and its end switches, which may be stuck.
struct Valve {
    h: Harness,
    at: f64,
    stuck: [Option<f64>; 2],
}

impl Valve {
    fn new(more: &str, at: f64) -> Self {
        let mut h = Harness::new(Arc::unwrap_or_clone(plant(&block("REF", more))));
        h.all_good(0.0);
        Self { h, at, stuck: [None; 2] }
    }

    fn run(&mut self, scans: usize) {
        for _ in 0..scans {
            self.at = (self.at + f64::from(contacts(&self.h)) * DT).clamp(0.0, RUN);
            let ends = [self.at >= RUN - 0.01, self.at <= 0.01].map(|on| f64::from(u8::from(on)));
            for ((name, stuck), on) in ["ZSO-1", "ZSC-1"].into_iter().zip(self.stuck).zip(ends) {
                self.h.set(self.h.point(name), stuck.unwrap_or(on));
            }
            self.h.scan();
            let (said, is) = (self.h.value("HY-1.POS"), self.at / RUN * 100.0);
            let good = self.h.quality("HY-1.POS") == Quality::Good;
            assert!(!good || (said - is).abs() <= 2.5, "it says {said} % and is at {is} %");
        }
    }

    fn want(&mut self, value: f64) {
        want(&mut self.h, value);
    }

    /// Whether it has failed, and whether its position is good.
    fn says(&self) -> (f64, bool) {
        (self.h.value("HY-1.FAIL"), self.h.quality("HY-1.POS") == Quality::Good)
    }
}

#[test]
fn a_valve_that_stands_anywhere_at_the_first_start_is_known_when_it_has_been_driven_all_the_way() {
    for (more, at, wanted) in [
        ("", 0.6, 0.0),
        ("", 1.4, 0.0),
        (SWITCHES, 0.6, 0.0),
        (SWITCHES, 1.4, 0.0),
        ("", 0.6, 100.0),
        (SWITCHES, 0.6, 100.0),
    ] {
        let mut valve = Valve::new(more, at);
        valve.want(wanted);
        valve.run(50);
        assert_eq!((contacts(&valve.h) != 0, valve.says()), (true, (0.0, false)), "{more} from {at}");
        valve.run(300);
        assert_eq!((contacts(&valve.h), valve.says()), (0, (0.0, true)), "{more} from {at}");
        assert!((valve.at - wanted / 100.0 * RUN).abs() < 0.02, "{} s", valve.at);
        assert_eq!(valve.h.value("HY-1.POS"), wanted);
    }
    // On the way there is no end that would tell.
    let mut valve = Valve::new("", 0.6);
    valve.want(50.0);
    valve.run(400);
    assert_eq!((contacts(&valve.h), valve.says()), (0, (0.0, false)));
}

#[test]
fn an_end_switch_that_does_not_clear_is_a_failure_and_the_valve_goes_no_farther_than_it_is_wanted() {
    for (end, wanted) in [(0.0, 20.0), (100.0, 80.0)] {
        let mut valve = Valve::new(SWITCHES, 0.4);
        valve.want(end);
        valve.run(400);
        assert_eq!(valve.says(), (0.0, true));
        valve.stuck[usize::from(end == 0.0)] = Some(1.0);
        valve.want(wanted);
        valve.run(400);
        assert_eq!((contacts(&valve.h), valve.says()), (0, (1.0, false)), "at {wanted} %");
        assert!((valve.at / RUN * 100.0 - wanted).abs() < 2.5, "{} s", valve.at);
        valve.want(end);
        valve.run(400);
        assert_eq!(valve.at / RUN * 100.0, end, "a switch that is not believed stops nothing");
        assert_eq!(valve.says(), (1.0, false));
        valve.want(50.0);
        valve.run(200);
        valve.stuck = [None; 2];
        valve.run(200);
        assert_eq!(valve.says(), (0.0, true), "it has cleared");
    }
}

#[test]
fn an_end_switch_that_does_not_come_is_a_failure_after_the_whole_way_and_the_motor_stops() {
    let mut valve = Valve::new(SWITCHES, 1.4);
    valve.stuck = [Some(0.0); 2];
    valve.run(1);
    let mut on = 1;
    while contacts(&valve.h) != 0 {
        assert_eq!(valve.says(), (0.0, false));
        valve.run(1);
        on += 1;
        assert!(on < 300, "it runs for ever");
    }
    assert!((205..=215).contains(&on), "the run time and the overrun: {on}");
    assert_eq!(valve.says(), (1.0, false));
    valve.run(300);
    assert_eq!((contacts(&valve.h), valve.says()), (0, (1.0, false)), "and does not try again");
    valve.stuck = [None; 2];
    valve.run(2);
    assert_eq!((valve.says(), valve.h.value("HY-1.POS")), ((0.0, true), 0.0));
}

#[test]
fn a_count_that_has_drifted_does_not_keep_the_motor_from_its_end_switch() {
    let mut valve = Valve::new(SWITCHES, 0.4);
    valve.run(300);
    valve.want(50.0);
    valve.run(300);
    // The motor needs longer than it should; nothing has told.
    let mut drifted = Valve { at: 1.4, ..valve };
    want(&mut drifted.h, 0.0);
    for _ in 0..300 {
        drifted.at = (drifted.at + f64::from(contacts(&drifted.h)) * DT).clamp(0.0, RUN);
        drifted.h.set(drifted.h.point("ZSC-1"), f64::from(u8::from(drifted.at <= 0.01)));
        drifted.h.scan();
    }
    assert!(drifted.at <= 0.02, "{} s", drifted.at);
    assert_eq!((contacts(&drifted.h), drifted.says(), drifted.h.value("HY-1.POS")), (0, (0.0, true), 0.0));
}

#[test]
fn both_end_switches_at_once_stop_the_motor_and_say_so() {
    let mut valve = Valve::new(SWITCHES, 0.4);
    valve.run(300);
    valve.want(60.0);
    valve.run(60);
    assert_eq!(contacts(&valve.h), 1);
    valve.stuck = [Some(1.0); 2];
    valve.run(3);
    assert_eq!((contacts(&valve.h), valve.says()), (0, (1.0, false)));
    valve.run(200);
    assert_eq!((contacts(&valve.h), valve.says()), (0, (1.0, false)));
    valve.stuck = [None; 2];
    valve.run(100);
    assert_eq!(valve.says(), (0.0, false), "nobody has seen where it is");
    valve.want(0.0);
    valve.run(300);
    assert_eq!((valve.says(), valve.at <= 0.01), ((0.0, true), true));
}

#[test]
fn a_switch_that_cannot_be_read_is_none() {
    let mut valve = Valve::new(SWITCHES, 0.4);
    valve.run(300);
    assert_eq!(valve.says(), (0.0, true));
    let mut h = valve.h;
    h.input(h.point("ZSC-1"), 0.0, Quality::BadSensorFailure);
    h.scan();
    want(&mut h, 30.0);
    h.run(200);
    want(&mut h, 0.0);
    h.run(400);
    assert_eq!((contacts(&h), h.value("HY-1.FAIL"), h.quality("HY-1.POS")), (0, 0.0, Quality::Good));
}

#[test]
fn a_switch_that_was_found_wrong_is_believed_when_it_says_otherwise_and_not_when_it_could_not_be_read() {
    let mut valve = Valve::new(SWITCHES, 0.4);
    valve.run(300);
    valve.stuck[1] = Some(1.0);
    valve.want(40.0);
    valve.run(200);
    assert_eq!(valve.says(), (1.0, false));
    for said in [(1.0, Quality::BadSensorFailure), (1.0, Quality::Good)] {
        valve.h.input(valve.h.point("ZSC-1"), said.0, said.1);
        valve.h.scan();
        assert_eq!(valve.says(), (1.0, false), "{said:?}");
    }
    valve.want(0.0);
    valve.run(400);
    assert_eq!((valve.at, valve.says()), (0.0, (1.0, false)), "it stops nothing");
    valve.want(40.0);
    valve.run(100);
    valve.stuck[1] = None;
    valve.run(200);
    assert_eq!(valve.says(), (0.0, true));
}

#[test]
fn a_switch_that_is_stuck_does_not_walk_the_valve_away_from_its_end_under_a_demand_that_comes_and_goes() {
    for (end, away, near) in [(0.0, 13.0, 3.0), (100.0, 87.0, 97.0)] {
        let mut valve = Valve::new(SWITCHES, 0.4);
        valve.want(end);
        valve.run(400);
        valve.stuck[usize::from(end == 0.0)] = Some(1.0);
        for _ in 0..10 {
            valve.want(away);
            valve.run(100);
            valve.want(near);
            valve.run(100);
        }
        assert!((valve.at / RUN * 100.0 - end).abs() < 15.0, "{} s", valve.at);
        valve.want(if end == 0.0 { 20.0 } else { 80.0 });
        valve.run(100);
        assert_eq!(valve.says(), (1.0, false), "and what is farther than a switch reaches finds it out");
    }
}

#[test]
fn a_valve_whose_measured_position_does_not_follow_the_motor_has_failed_and_the_motor_stops() {
    for stuck in [0.0, 50.0] {
        let mut h = closed(&block("REF", "position = \"ZT-1\"\n"));
        let zt = h.point("ZT-1");
        h.set(zt, stuck);
        want(&mut h, stuck);
        h.run(100);
        assert_eq!((h.value("HY-1.FAIL"), h.quality("HY-1.POS")), (0.0, Quality::Good));
        want(&mut h, 90.0);
        h.run(25);
        assert_eq!((contacts(&h), h.value("HY-1.FAIL")), (1, 0.0), "no farther than a switch reaches");
        h.run(10);
        assert_eq!((contacts(&h), h.value("HY-1.FAIL")), (1, 1.0));
        assert_eq!(h.quality("HY-1.POS"), Quality::UncertainSubNormal);
        assert!(pulses(&mut h, 400).0 < 200, "no more than the whole stroke");
        assert_eq!((contacts(&h), h.value("HY-1.FAIL")), (0, 1.0));
        // Freed.
        h.set(zt, stuck + 10.0);
        h.scan();
        assert_eq!((contacts(&h), h.value("HY-1.FAIL"), h.quality("HY-1.POS")), (1, 0.0, Quality::Good));
    }
    // At its end there is no way to go.
    let mut h = closed(&block("REF", "position = \"ZT-1\"\n"));
    h.set(h.point("ZT-1"), 95.0);
    want(&mut h, 100.0);
    h.run(400);
    assert_eq!(h.value("HY-1.FAIL"), 0.0);
}

#[test]
fn a_device_that_is_lost_while_the_motor_runs_leaves_the_place_of_the_valve_unknown() {
    let lost = |wanted: f64, scans: usize| {
        let mut h = closed(&block("REF", ""));
        want(&mut h, wanted);
        h.run(50);
        h.set(h.point("PLC.LINK"), 0.0);
        h.run(scans);
        h.set(h.point("PLC.LINK"), 1.0);
        let position = h.value("HY-1.POS");
        want(&mut h, position);
        h.run(50);
        h
    };
    assert_eq!(lost(10.0, 300).quality("HY-1.POS"), Quality::Good, "it stood still");
    assert_eq!(lost(80.0, 2).quality("HY-1.POS"), Quality::Good, "no more than the dead band");
    let mut h = lost(80.0, 300);
    assert_eq!(h.quality("HY-1.POS"), Quality::UncertainSubNormal);
    // The contact may have been on all the time, or dropped: from the nearer place it is the whole of the rest.
    want(&mut h, 100.0);
    h.run(50);
    assert!(contacts(&h) == 1 && h.quality("HY-1.POS").is_uncertain());
    h.run(200);
    assert_eq!((contacts(&h), h.quality("HY-1.POS"), h.value("HY-1.POS")), (0, Quality::Good, 100.0));
}

#[test]
fn a_controller_that_was_away_does_not_know_where_the_valve_is() {
    let mut h = closed(&block("REF", ""));
    want(&mut h, 50.0);
    h.run(200);
    assert_eq!(h.quality("HY-1.POS"), Quality::Good);
    let saved = h.save();
    h.engine = Engine::new(h.plant());
    h.engine.restore(&saved).unwrap();
    h.engine.resume();
    h.tick += 1000;
    h.all_good(0.0);
    want(&mut h, 50.0);
    h.run(100);
    assert_eq!((contacts(&h), h.value("HY-1.POS").round()), (0, 50.0));
    assert!(h.quality("HY-1.POS").is_uncertain());
}

#[test]
fn an_output_that_the_watchdog_switches_on_moves_a_valve_that_stood_still() {
    let text = block("REF", "");
    let head = HEAD.replacen("fail = \"off\"", "fail = \"on\"", 1);
    let source = Source { path: "plant.toml".into(), text: format!("{head}{text}") };
    let mut h = Harness::new(control::compile(&[source]).unwrap().plant);
    h.all_good(0.0);
    h.run(300);
    assert_eq!(h.quality("HY-1.POS"), Quality::Good);
    h.set(h.point("PLC.LINK"), 0.0);
    h.run(100);
    h.set(h.point("PLC.LINK"), 1.0);
    h.run(5);
    assert!(h.quality("HY-1.POS").is_uncertain());
}

#[test]
fn a_valve_with_a_transmitter_goes_where_it_is_wanted_whatever_its_run_time() {
    let mut h = closed(&block("REF", "position = \"ZT-1\"\n"));
    let (mut at, zt) = (0.0, h.point("ZT-1"));
    want(&mut h, 60.0);
    // It needs 4 s, not 2.
    for _ in 0..400 {
        h.set(zt, at);
        h.scan();
        at += f64::from(contacts(&h)) * 0.25;
    }
    assert!((at - 60.0).abs() <= 0.25 && contacts(&h) == 0, "{at}");
    assert_eq!(h.quality("HY-1.POS"), Quality::Good);

    h.input(zt, 0.0, Quality::BadSensorFailure);
    h.run(10);
    assert!((h.value("HY-1.POS") - at).abs() < 1e-9, "the last good one");
    assert_eq!(h.quality("HY-1.POS"), Quality::UncertainLastUsable);
    want(&mut h, 80.0);
    assert_eq!(pulses(&mut h, 200).1, 0);
    assert!((h.value("HY-1.POS") - 80.0).abs() < 1.0, "by the run time");
}

#[test]
fn a_bad_input_opens_both_contacts_and_the_valve_stays() {
    let mut h = closed(&block("REF", ""));
    want(&mut h, 80.0);
    h.run(50);
    let (position, input) = (h.value("HY-1.POS"), h.point("REF"));
    for (value, quality) in
        [(0.0, Quality::BadNoCommunication), (f64::NAN, Quality::Good), (f64::INFINITY, Quality::Good)]
    {
        h.input(input, value, quality);
        h.run(100);
        assert_eq!(contacts(&h), 0);
        assert!((h.value("HY-1.POS") - position).abs() <= 1.1 * 100.0 * DT / RUN, "{value}");
        assert!(h.quality("HY-1.RAISE").is_bad() && h.quality("HY-1.LOWER").is_bad());
    }
    want(&mut h, 80.0);
    h.run(300);
    assert!((h.value("HY-1.POS") - 80.0).abs() < 1e-9);
}

const LOOP: &str = r#"
[pid.TIC-1]
pv = "TT-1"
action = "reverse"
kc = 0.5
ti = "5 s"
sp = "100 degC"
out_unit = "%"
out_range = [0, 100]
task = "10 ms"
"#;

#[test]
fn the_loop_above_follows_a_valve_that_an_interlock_closes_and_goes_on_without_a_bump() {
    let mut h = closed(&format!("{LOOP}{}", block("TIC-1.OUT", "")));
    h.set(h.point("TT-1"), 100.0);
    h.mode("TIC-1", Mode::Manual).unwrap();
    h.write("TIC-1.OUT", 60.0).unwrap();
    h.run(300);
    h.mode("TIC-1", Mode::Auto).unwrap();
    h.run(50);
    assert!((h.value("TIC-1.OUT") - 60.0).abs() < 1e-6 && contacts(&h) == 0);
    h.set(h.point("TRIP"), 1.0);
    h.run(60);
    assert_eq!((contacts(&h), h.actual("TIC-1")), (-1, Mode::Initialising));
    assert!(h.value("HY-1.POS") < 35.0, "the estimate counts what the interlock does");
    assert!((h.value("TIC-1.OUT") - h.value("HY-1.POS")).abs() < 2.0);
    h.set(h.point("TRIP"), 0.0);
    h.run(3);
    let (out, position) = (h.value("TIC-1.OUT"), h.value("HY-1.POS"));
    assert_eq!((h.actual("TIC-1"), contacts(&h)), (Mode::Auto, 0));
    assert!((out - position).abs() <= 1.0, "two runs of the motor: {out} {position}");
    assert_eq!(pulses(&mut h, 100), (0, 0));
}

#[test]
fn a_lost_device_stops_the_estimate() {
    let mut h = closed(&block("REF", ""));
    want(&mut h, 80.0);
    h.run(50);
    h.set(h.point("PLC.LINK"), 0.0);
    h.run(5);
    let position = h.value("HY-1.POS");
    h.run(100);
    assert_eq!(h.value("HY-1.POS"), position);
}

/// First-order process under a valve that is slower than it is said to be, in steps of 10 ms.
#[test]
fn a_loop_settles_within_the_dead_band_and_leaves_the_contacts_alone() {
    let mut h = Harness::new(Arc::unwrap_or_clone(plant(&format!("{LOOP}{}", block("TIC-1.OUT", "")))));
    h.all_good(0.0);
    let (mut valve, mut pv, tt) = (0.0_f64, 60.0_f64, h.point("TT-1"));
    let (mut starts, mut before) = (0, 0);
    for k in 0..20_000 {
        valve = (valve + f64::from(contacts(&h)) * 100.0 * DT / (1.05 * RUN)).clamp(0.0, 100.0);
        pv += (2.0 * valve - pv) * DT / 5.0;
        h.set(tt, pv);
        h.scan();
        let now = contacts(&h);
        starts += i32::from(k > 10_000 && now != 0 && before == 0);
        before = now;
    }
    // The process makes 4 degC of the dead band.
    assert!((pv - 100.0).abs() < 4.0, "{pv}");
    assert!(starts <= 20, "{starts} starts in 100 s");
}

#[test]
fn why_tells_both_contacts_and_the_text_is_told_what_cannot_be() {
    let mut h = closed(&block("REF", ""));
    h.run(2);
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let why = support::words(&control::why(&h.plant(), &view, "HY-1").unwrap());
    assert!(why.contains("drives HV-1.OPEN") && why.contains("drives HV-1.CLOSE"), "{why}");
    assert!(why.contains("until POS has come to the input"), "{why}");

    let text = block("REF", "").replace("do = [\"HV-1.OPEN := off\", ", "do = [");
    let source = Source { path: "plant.toml".into(), text: format!("{HEAD}{text}") };
    let warnings = control::compile(&[source]).unwrap().warnings;
    let [warning] = &warnings[..] else { panic!("{warnings:#?}") };
    assert_eq!(warning.code, "one-contact");
    assert!(warning.help.contains("HV-1.OPEN := off"), "{}", warning.help);
}

#[test]
fn a_valve_that_is_saved_and_restored_in_mid_pulse_goes_on_bit_for_bit() {
    let plant = plant(&block("REF", "min_pulse = \"60 ms\"\nopened = \"ZSO-1\"\n"));
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(4096);
    let mut dice = Dice(0x57e9);
    let [input, open, trip] = ["REF", "ZSO-1", "TRIP"].map(|name| plant.find_point(name).unwrap());
    let mut twin: Option<Engine> = None;
    for tick in 1..3000 {
        let good = |point, value| Input { point, value, quality: Quality::Good };
        let mut inputs = vec![good(plant.io.devices[0].link, 1.0)];
        if tick % 40 == 0 {
            inputs.push(good(input, 120.0 * dice.unit() - 10.0));
            inputs.push(good(open, f64::from(u8::from(dice.below(4) == 0))));
            inputs.push(good(trip, f64::from(u8::from(dice.below(8) == 0))));
        }
        engine.scan(tick, &inputs, &[], &mut out);
        if let Some(twin) = &mut twin {
            twin.scan(tick, &inputs, &[], &mut out);
            assert_eq!(twin.state_hash(), engine.state_hash(), "tick {tick}");
        }
        if tick % 97 == 0 {
            let mut writer = StateWriter::default();
            engine.save(&mut writer);
            let mut other = Engine::new(Arc::clone(&plant));
            other.restore(&writer.0).unwrap();
            twin = Some(other);
        }
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Want(f64, Quality),
    Switch(&'static str, bool),
    Run(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let number =
        prop_oneof![8 => 0.0..100.0, 1 => Just(100.0), 1 => Just(0.0), 1 => Just(f64::NAN), 1 => -1e12..1e12];
    let quality = prop::sample::select(vec![
        Quality::Good,
        Quality::Good,
        Quality::UncertainSubNormal,
        Quality::BadNoCommunication,
    ]);
    let switch = prop::sample::select(vec!["ZSO-1", "ZSC-1", "TRIP"]);
    prop_oneof![
        5 => (number, quality).prop_map(|(value, quality)| Deed::Want(value, quality)),
        1 => (switch, any::<bool>()).prop_map(|(name, on)| Deed::Switch(name, on)),
        4 => (1..200u8).prop_map(Deed::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The motor is spared by whatever comes in, and found where it is wanted in the end.
    #[test]
    fn pulses_and_pauses_have_their_least_length_and_the_valve_comes_to_its_place(
        deeds in prop::collection::vec(deed(), 1..40),
        place in 5.0..95.0,
    ) {
        let more = "min_pulse = \"80 ms\"\npause = \"150 ms\"\nopened = \"ZSO-1\"\nclosed = \"ZSC-1\"\n";
        let mut h = closed(&block("REF", more));
        // What the contacts do, since when, and whether somebody else had a hand in it.
        let (mut now, mut runs, mut cut, mut last) = (0, 1_000, true, 0);
        let mut scan = |h: &mut Harness, apart: bool| {
            h.scan();
            let next = contacts(h);
            let position = h.value("HY-1.POS");
            prop_assert!((0.0..=100.0).contains(&position), "{}", position);
            cut |= apart;
            if next == now {
                runs += 1;
                return Ok(());
            }
            if now != 0 {
                prop_assert!(cut || runs >= 8, "a pulse of {} runs", runs);
                last = now;
            } else if next != last && last != 0 {
                prop_assert!(cut || runs >= 15, "a pause of {} runs", runs);
            }
            (now, runs, cut) = (next, 1, apart);
            Ok(())
        };
        let mut apart = false;
        for deed in deeds {
            match deed {
                Deed::Want(value, quality) => {
                    h.input(h.point("REF"), value, quality);
                    // A bad input stops the motor at once, in mid-pulse.
                    apart |= quality.is_bad() || !value.is_finite() || !(-20.0..=120.0).contains(&value);
                }
                Deed::Switch(name, on) => { h.set(h.point(name), f64::from(u8::from(on))); apart = true; }
                Deed::Run(count) => for _ in 0..count {
                    let other = ["ZSO-1", "ZSC-1", "TRIP"].iter().any(|name| h.value(name) >= 0.5);
                    scan(&mut h, apart || other)?;
                    apart = false;
                }
            }
        }
        for name in ["ZSO-1", "ZSC-1", "TRIP"] {
            h.set(h.point(name), 0.0);
        }
        want(&mut h, place);
        h.run(400);
        prop_assert_eq!(contacts(&h), 0);
        // The dead band, or a pulse of 80 ms.
        prop_assert!((h.value("HY-1.POS") - place).abs() <= 4.0 + 0.5, "{} at {}", place, h.value("HY-1.POS"));
    }
}
