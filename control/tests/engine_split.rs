//! Split range, switching outputs and function blocks between loops: from text through the engine.

mod support;

use std::sync::Arc;

use control::{Engine, ScanOutput};
use model::{Mode, Quality};
use proptest::prelude::*;
use support::{Dice, Harness};

const HEAD: &str = r#"
[plant]
name = "split"
title = "SPLIT"
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
[tag.LT-2]
description = "Level"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag.TRIP]
description = "Trip"
words = ["no", "yes"]
io = { device = "PLC", discrete = 0 }
[tag.TRIP-2]
description = "Second trip"
words = ["no", "yes"]
io = { device = "PLC", discrete = 1 }
[tag.CV-1]
description = "Cooling"
unit = "%"
range = [0, 100]
fail = 100
io = { device = "PLC", holding = 1, raw = [0, 27648] }
[tag.HV-1]
description = "Heating"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 2, raw = [0, 27648] }
[tag."E-1.ON"]
description = "Heater"
words = ["off", "on"]
fail = 0
io = { device = "PLC", coil = 0 }
"#;

const LOOP: &str = r#"
[pid.TIC-1]
pv = "TT-1"
action = "reverse"
kc = 1.0
ti = "10 s"
sp = "100 degC"
task = "10 ms"
"#;

const SPLIT: &str = r#"
[split_range.TY-1]
description = "Heating and cooling"
input = "TIC-1.OUT"
valves = [
  { out = "CV-1", from = [0, 48], to = [100, 0] },
  { out = "HV-1", from = [52, 100], to = [0, 100] },
]
task = "10 ms"
[interlock.IL-1]
description = "Heating off"
reset = "auto"
trip = [ { when = "TRIP", text = "trip" } ]
do = ["HV-1 := 0 %"]
[interlock.IL-2]
description = "Cooling open"
reset = "auto"
trip = [ { when = "TRIP-2", text = "trip" } ]
do = ["CV-1 := 100 %"]
"#;

fn compiled(body: &str) -> Harness {
    let text = format!("{HEAD}{body}");
    let source = model::Source { path: "plant.toml".into(), text };
    match control::compile(&[source]) {
        Ok(found) => Harness::new(found.plant),
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

/// Outputs that a plant does not use are entered by hand.
fn plant(body: &str) -> Harness {
    let mut text = String::from(body);
    for (tag, name) in [("CV-1", "[tag.CV-1]"), ("HV-1", "[tag.HV-1]"), ("E-1.ON", "[tag.\"E-1.ON\"]")] {
        assert!(HEAD.contains(name));
        if !body.contains(&format!("out = \"{tag}\"")) {
            text.push_str(&format!(
                "[on_off.Z-{0}]\npv = \"LT-2\"\nsp = \"50 %\"\ngap = \"5 %\"\naction = \"direct\"\n{1}",
                tag.replace('.', "-"),
                if tag == "E-1.ON" { "out = \"E-1.ON\"\n" } else { "" },
            ));
            if tag != "E-1.ON" {
                text.push_str(&format!(
                    "[pid.Y-{tag}]\npv = \"LT-2\"\nout = \"{tag}\"\naction = \"direct\"\nkc = 1\nmode = \"manual\"\n"
                ));
            }
        }
    }
    compiled(&text)
}

/// Running with PV, cooling and heating where they are said to stand.
fn running(body: &str, pv: f64, cooling: f64, heating: f64) -> Harness {
    let mut h = plant(body);
    h.all_good(0.0);
    let [tt, cv, hv] = ["TT-1", "CV-1", "HV-1"].map(|name| h.point(name));
    h.set(tt, pv);
    h.preset(cv, cooling);
    h.preset(hv, heating);
    h.run(3);
    h
}

fn split() -> Harness {
    running(&format!("{LOOP}{SPLIT}"), 100.0, 0.0, 60.0)
}

fn by_hand(h: &mut Harness, out: f64) {
    if h.actual("TIC-1") != Mode::Manual {
        h.mode("TIC-1", Mode::Manual).unwrap();
    }
    h.write("TIC-1.OUT", out).unwrap();
    h.run(2);
}

#[test]
fn each_valve_follows_its_own_part_of_the_signal() {
    let mut h = split();
    for (signal, cooling, heating) in [
        (0.0, 100.0, 0.0),
        (12.0, 75.0, 0.0),
        (24.0, 50.0, 0.0),
        (48.0, 0.0, 0.0),
        (50.0, 0.0, 0.0),
        (52.0, 0.0, 0.0),
        (76.0, 0.0, 50.0),
        (100.0, 0.0, 100.0),
    ] {
        by_hand(&mut h, signal);
        assert_eq!((h.value("CV-1"), h.value("HV-1")), (cooling, heating), "at {signal} %");
        assert_eq!((h.value("TY-1.OUT1"), h.value("TY-1.OUT2")), (cooling, heating));
    }
}

#[test]
fn a_loop_begins_at_the_signal_at_which_the_valves_stand() {
    for (cooling, heating, signal) in [(0.0, 60.0, 80.8), (75.0, 0.0, 12.0), (100.0, 0.0, 0.0)] {
        let h = running(&format!("{LOOP}{SPLIT}"), 100.0, cooling, heating);
        assert!((h.value("TIC-1.OUT") - signal).abs() < 1e-9, "{}", h.value("TIC-1.OUT"));
        assert!((h.value("CV-1") - cooling).abs() < 1e-9 && (h.value("HV-1") - heating).abs() < 1e-9);
        assert_eq!(h.actual("TIC-1"), Mode::Auto);
    }
}

/// Two ratios that drive nothing read OUT as well, beside a selector: what moves the valves is the split range.
#[test]
fn a_ratio_that_only_reads_the_signal_takes_no_loop_from_its_valves() {
    let ratio = |name: &str| {
        format!(
            "[ratio.{name}]\ndescription = \"share\"\ninput = \"TIC-1.OUT\"\nratio = 0.5\nratio_limits = [0.1, 2]\n\
             unit = \"%\"\nrange = [0, 100]\n"
        )
    };
    for ratios in [ratio("A-1"), format!("{}{}", ratio("A-1"), ratio("A-2"))] {
        let mut h = running(&format!("{LOOP}{ratios}{SPLIT}"), 100.0, 0.0, 60.0);
        assert!((h.value("TIC-1.OUT") - 80.8).abs() < 1e-9, "{}", h.value("TIC-1.OUT"));
        assert!((h.value("HV-1") - 60.0).abs() < 1e-9, "{}", h.value("HV-1"));
        // Above the range of its valve it knows that it is at its end.
        let tt = h.point("TT-1");
        h.set(tt, 20.0);
        h.run(20_000);
        assert_eq!((h.value("HV-1"), h.value("TIC-1.OUT")), (100.0, 100.0));
    }
}

#[test]
fn valves_that_fit_no_signal_stay_at_first_and_go_there_in_twenty_seconds() {
    let mut h = running(&format!("{LOOP}{SPLIT}"), 100.0, 30.0, 40.0);
    assert!((h.value("CV-1") - 30.0).abs() < 0.05 && (h.value("HV-1") - 40.0).abs() < 0.05);
    h.run(2100);
    let signal = h.value("TIC-1.OUT");
    let (cooling, heating) = (100.0 - signal / 48.0 * 100.0, (signal - 52.0) / 48.0 * 100.0);
    assert!((h.value("CV-1") - cooling.clamp(0.0, 100.0)).abs() < 1e-9);
    assert!((h.value("HV-1") - heating.clamp(0.0, 100.0)).abs() < 1e-9);
}

/// The controller is killed, and a minute later another takes its state up.
fn away(h: &mut Harness, seen: &str, value: f64) {
    let saved = h.save();
    let mut engine = Engine::new(h.plant());
    engine.restore(&saved).unwrap();
    engine.resume();
    h.engine = engine;
    h.tick += 6000;
    h.all_good(0.0);
    h.set(h.point(seen), value);
    h.scan();
    assert!(h.engine.is_ready());
}

#[test]
fn after_a_time_without_a_controller_the_valves_go_on_from_where_they_stand() {
    // A signal that is another one meanwhile.
    let body = SPLIT.replace("TIC-1.OUT", "SY-1");
    let body =
        format!("[calc.SY-1]\nvalue = \"LT-2\"\nunit = \"%\"\nrange = [0, 100]\ntask = \"10 ms\"\n{body}");
    let mut h = plant(&body);
    h.all_good(0.0);
    h.set(h.point("LT-2"), 80.8);
    h.run(2500);
    assert!((h.value("HV-1") - 60.0).abs() < 1e-9, "{}", h.value("HV-1"));
    away(&mut h, "LT-2", 66.4);
    assert!((h.value("HV-1") - 60.0).abs() < 0.05, "{}", h.value("HV-1"));
    h.run(1000);
    assert!((h.value("HV-1") - 45.0).abs() < 0.1, "half of the way in half of the time: {}", h.value("HV-1"));
    h.run(1100);
    assert!((h.value("HV-1") - 30.0).abs() < 1e-9, "{}", h.value("HV-1"));

    // And below a loop that has more to do than before.
    let mut h = split();
    let mut last = h.value("HV-1");
    away(&mut h, "TT-1", 90.0);
    for scan in 0..1000 {
        let now = h.value("HV-1");
        assert!((now - last).abs() < 0.1, "{scan}: from {last} to {now}");
        last = now;
        h.scan();
    }
    assert!(last > 65.0, "it heats more: {last}");
}

#[test]
fn a_valve_that_an_interlock_lets_go_begins_where_it_stands() {
    let mut h = split();
    let before = h.value("TIC-1.OUT");
    h.set(h.point("TRIP"), 1.0);
    h.run(200);
    assert_eq!(h.value("HV-1"), 0.0);
    assert_eq!(h.actual("TIC-1"), Mode::Auto, "cooling obeys still");
    assert!(h.value("TIC-1.OUT") < before, "the signal is led to where it works");
    h.set(h.point("TRIP"), 0.0);
    h.scan();
    let mut last = 0.0;
    for scan in 0..3000 {
        h.scan();
        let now = h.value("HV-1");
        assert!((now - last).abs() < 0.1, "{scan}: from {last} to {now}");
        last = now;
    }
    assert!((last - (h.value("TIC-1.OUT") - 52.0).max(0.0) / 48.0 * 100.0).abs() < 1e-9);
}

#[test]
fn a_loop_whose_valves_all_are_dictated_initialises_and_comes_back_without_a_bump() {
    let mut h = split();
    for trip in ["TRIP", "TRIP-2"] {
        h.set(h.point(trip), 1.0);
    }
    h.run(5);
    assert_eq!((h.value("CV-1"), h.value("HV-1")), (100.0, 0.0));
    assert_eq!(h.actual("TIC-1"), Mode::Initialising);
    assert!(h.value("TIC-1.OUT").abs() < 1e-9, "full cooling is the signal 0");
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let why = support::words(&control::why(&h.plant(), &view, "TIC-1").unwrap());
    assert!(why.contains("follows TY-1, which does not listen"), "{why}");
    let why = support::words(&control::why(&h.plant(), &view, "TY-1").unwrap());
    assert!(why.contains("IL-2") && why.contains("CV-1 from 100.0 to 0.0 over IN 0.0 to 48.0"), "{why}");
    for trip in ["TRIP", "TRIP-2"] {
        h.set(h.point(trip), 0.0);
    }
    h.run(3);
    assert_eq!(h.actual("TIC-1"), Mode::Auto);
    assert!((h.value("CV-1") - 100.0).abs() < 0.1 && h.value("HV-1") == 0.0);
}

#[test]
fn the_loop_does_not_wind_up_against_a_valve_that_does_not_obey() {
    let mut h = split();
    h.set(h.point("TRIP"), 1.0);
    h.set(h.point("TT-1"), 60.0);
    h.run(6000);
    // Full heat is wanted and cannot be had; a moment after the temperature turns, it cools.
    h.set(h.point("TT-1"), 110.0);
    h.run(100);
    assert!(h.value("CV-1") > 0.0, "{} at {}", h.value("CV-1"), h.value("TIC-1.OUT"));
}

#[test]
fn a_lost_device_is_taken_over_where_its_watchdog_put_it() {
    let mut h = split();
    let link = h.point("PLC.LINK");
    h.set(link, 0.0);
    h.run(10);
    assert_eq!(h.actual("TIC-1"), Mode::Initialising);
    let [cv, hv] = ["CV-1", "HV-1"].map(|name| h.point(name));
    h.preset(cv, 100.0);
    h.preset(hv, 0.0);
    h.set(link, 1.0);
    h.scan();
    assert_eq!((h.value("CV-1"), h.value("HV-1")), (100.0, 0.0));
    h.run(5);
    assert_eq!(h.actual("TIC-1"), Mode::Auto);
    assert!((h.value("CV-1") - 100.0).abs() < 0.5, "{}", h.value("CV-1"));
}

#[test]
fn a_bad_signal_leaves_the_valves_where_they_are() {
    let body = format!(
        "{}[calc.S]\nunit = \"%\"\nrange = [0, 100]\nvalue = \"LT-2\"\ntask = \"10 ms\"\n",
        SPLIT.replace("TIC-1.OUT", "S")
    );
    let mut h = running(&body, 100.0, 50.0, 0.0);
    h.set(h.point("LT-2"), 76.0);
    h.run(2100);
    assert_eq!((h.value("CV-1"), h.value("HV-1")), (0.0, 50.0));
    h.input(h.point("LT-2"), 0.0, Quality::BadSensorFailure);
    h.run(5);
    assert_eq!((h.value("CV-1"), h.value("HV-1")), (0.0, 50.0));
    assert!(h.quality("TY-1.OUT1").is_bad() && h.quality("TY-1.IN").is_bad() && h.quality("HV-1").is_good());
    h.set(h.point("LT-2"), 52.0);
    h.scan();
    assert!((h.value("HV-1") - 50.0).abs() < 0.1, "no jump when it comes back");
}

/// Heater by pulses of 1 s.
const PULSES: &str = r#"
out_unit = "%"
out_range = [0, 100]
[pulse_width.TX-1]
input = "TIC-1.OUT"
period = "1 s"
out = "E-1.ON"
task = "10 ms"
[interlock.IL-1]
description = "Heater"
reset = "auto"
trip = [ { when = "TRIP", text = "trip" } ]
do = ["E-1.ON := off"]
"#;

#[test]
fn pulses_drive_an_output_and_the_loop_above_knows_when_they_do_not() {
    let mut h = running(&format!("{LOOP}{PULSES}"), 100.0, 0.0, 0.0);
    by_hand(&mut h, 30.0);
    h.run(200);
    let on: f64 = (0..100)
        .map(|_| {
            h.scan();
            h.value("E-1.ON")
        })
        .sum();
    assert!((on - 30.0).abs() <= 1.0, "{on} of 100 scans");
    h.mode("TIC-1", Mode::Auto).unwrap();
    h.set(h.point("TT-1"), 90.0);
    h.set(h.point("TRIP"), 1.0);
    h.run(300);
    assert_eq!((h.value("E-1.ON"), h.value("TX-1.OUT")), (0.0, 0.0));
    assert_eq!(h.actual("TIC-1"), Mode::Initialising);
    assert_eq!(h.value("TIC-1.OUT"), 0.0, "no heat is a share of 0");
    h.set(h.point("TRIP"), 0.0);
    h.run(3);
    assert_eq!(h.actual("TIC-1"), Mode::Auto);
    assert!(h.value("TIC-1.OUT") < 1.0, "it begins at no heat: {}", h.value("TIC-1.OUT"));
}

#[test]
fn a_lost_device_leaves_the_share_of_a_pulse_as_it_was() {
    let mut h = running(&format!("{LOOP}{PULSES}"), 100.0, 0.0, 0.0);
    by_hand(&mut h, 30.0);
    h.mode("TIC-1", Mode::Auto).unwrap();
    h.run(50);
    h.set(h.point("PLC.LINK"), 0.0);
    h.run(200);
    assert!((h.value("TIC-1.OUT") - 30.0).abs() < 0.5, "{}", h.value("TIC-1.OUT"));
}

const SWITCH: &str = r#"
[on_off.LS-1]
pv = "LT-2"
sp = "50 %"
gap = "10 %"
action = "reverse"
out = "E-1.ON"
on_bad_pv = "off"
task = "10 ms"
[interlock.IL-1]
description = "Heater"
reset = "auto"
trip = [ { when = "TRIP", text = "trip" } ]
do = ["E-1.ON := off"]
"#;

#[test]
fn a_switch_drives_its_output_and_goes_on_from_what_an_interlock_did() {
    let mut h = running(SWITCH, 100.0, 0.0, 0.0);
    let level = h.point("LT-2");
    for (value, on) in [(44.0, 1.0), (50.0, 1.0), (55.5, 0.0), (50.0, 0.0), (44.0, 1.0), (50.0, 1.0)] {
        h.set(level, value);
        h.run(2);
        assert_eq!((h.value("E-1.ON"), h.value("LS-1.OUT")), (on, on), "at {value}");
    }
    h.set(h.point("TRIP"), 1.0);
    h.run(2);
    h.set(h.point("TRIP"), 0.0);
    h.run(5);
    assert_eq!((h.value("E-1.ON"), h.value("LS-1.OUT")), (0.0, 0.0), "inside the gap it stays off");
    h.set(level, 44.0);
    h.run(2);
    h.input(level, 0.0, Quality::BadSensorFailure);
    h.run(2);
    assert_eq!(h.value("E-1.ON"), 0.0, "a bad level switches off");
    assert!(h.quality("LS-1.OUT").is_bad());
}

/// A loop over a secondary, with one block between them.
fn between(block: &str) -> Harness {
    let text = format!(
        "[pid.TIC-1]\npv = \"TT-1\"\naction = \"reverse\"\nkc = 1.0\nti = \"10 s\"\nsp = \"100 degC\"\ntask = \"10 ms\"\n\
         out_unit = \"%\"\nout_range = [0, 100]\n{block}\ntask = \"10 ms\"\n\
         [pid.LIC-2]\npv = \"LT-2\"\nout = \"HV-1\"\naction = \"reverse\"\nkc = 1.0\nti = \"10 s\"\nsp = \"40 %\"\n\
         cascade = \"B.OUT\"\nmodes = [\"manual\", \"auto\", \"cascade\"]\nmode = \"auto\"\ntask = \"10 ms\"\n"
    );
    let mut h = running(&text, 100.0, 0.0, 20.0);
    h.set(h.point("LT-2"), 40.0);
    h.run(5);
    h
}

#[test]
fn a_loop_behind_a_function_block_begins_where_the_secondary_stands() {
    for (block, out) in [
        ("[bias.B]\ninput = \"TIC-1.OUT\"\nbias = \"15 %\"", 25.0),
        ("[rate_limit.B]\ninput = \"TIC-1.OUT\"\nrate = \"1 %/s\"", 40.0),
        ("[lead_lag.B]\ninput = \"TIC-1.OUT\"\nlead = \"5 s\"\nlag = \"10 s\"\ngain = 2", 20.0),
        (
            "[characteriser.B]\ninput = \"TIC-1.OUT\"\nunit = \"%\"\nrange = [0, 100]\npoints = [[0, 100], [50, 60], [100, 0]]",
            50.0 + 50.0 / 3.0,
        ),
    ] {
        let mut h = between(block);
        assert_eq!(h.actual("TIC-1"), Mode::Initialising, "{block}");
        assert!((h.value("TIC-1.OUT") - out).abs() < 1e-9, "{block}: {}", h.value("TIC-1.OUT"));
        h.mode("LIC-2", Mode::Cascade).unwrap();
        for _ in 0..20 {
            h.scan();
            assert!((h.value("LIC-2.SP") - 40.0).abs() < 1e-9, "{block}: {}", h.value("LIC-2.SP"));
        }
        assert_eq!(h.actual("TIC-1"), Mode::Auto);
        assert_eq!(h.actual("LIC-2"), Mode::Cascade);
    }
}

#[test]
fn a_loop_behind_a_function_block_learns_the_limits_below() {
    // The secondary stands at its limit: a reversing block turns up into down.
    for (block, up) in [
        ("[bias.B]\ninput = \"TIC-1.OUT\"", true),
        (
            "[characteriser.B]\ninput = \"TIC-1.OUT\"\nunit = \"%\"\nrange = [0, 100]\npoints = [[0, 100], [100, 0]]",
            false,
        ),
    ] {
        let mut h = between(block);
        h.mode("LIC-2", Mode::Cascade).unwrap();
        h.run(5);
        h.set(h.point("LT-2"), 0.0);
        h.run(9000);
        assert_eq!(h.value("HV-1"), 100.0, "{block}");
        let before = h.value("TIC-1.OUT");
        // More of the secondary's set point is wanted.
        h.set(h.point("TT-1"), if up { 99.0 } else { 101.0 });
        h.run(3000);
        let moved = (h.value("TIC-1.OUT") - before).abs();
        assert!(moved < 1.0, "{block}: the integral waits, but OUT moved by {moved}");
    }
}

#[test]
fn what_a_split_range_remembers_goes_through_a_snapshot() {
    let mut h = running(&format!("{LOOP}{SPLIT}"), 90.0, 30.0, 40.0);
    h.run(100);
    let saved = h.save();
    let mut other = Engine::new(h.plant());
    other.restore(&saved).unwrap();
    assert_eq!(other.state_hash(), h.engine.state_hash());
    let mut out = ScanOutput::with_capacity(64);
    for _ in 0..500 {
        h.scan();
        other.scan(h.engine.tick(), &[], &[], &mut out);
    }
    assert_eq!(other.state_hash(), h.engine.state_hash());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the field does: valves keep within their range, nothing is no number, and a valve
    /// that obeys moves no faster than the signal and its balance.
    #[test]
    fn valves_keep_their_range_and_never_jump_back_from_an_interlock(seed in any::<u64>()) {
        let mut h = split();
        let mut dice = Dice(seed | 1);
        let [pv, one, two] = ["TT-1", "TRIP", "TRIP-2"].map(|name| h.point(name));
        for _ in 0..400 {
            match dice.below(5) {
                0 => h.set(pv, 200.0 * dice.unit()),
                1 => h.input(pv, 0.0, Quality::BadSensorFailure),
                2 => h.set(one, dice.below(2) as f64),
                3 => h.set(two, dice.below(2) as f64),
                _ => {}
            }
            let before = [h.value("CV-1"), h.value("HV-1")];
            let signal = h.value("TIC-1.OUT");
            h.scan();
            let moved = (h.value("TIC-1.OUT") - signal).abs();
            let trips = [h.value("TRIP-2"), h.value("TRIP")];
            for ((tag, before), trip) in ["CV-1", "HV-1"].into_iter().zip(before).zip(trips) {
                let now = h.value(tag);
                prop_assert!((0.0..=100.0).contains(&now), "{} {}", tag, now);
                prop_assert!(h.quality(tag).is_good());
                if trip == 0.0 {
                    // 100 % over 48 % of the signal, and at most 100 % in 20 s.
                    let most = moved * 100.0 / 48.0 + 100.0 / 20.0 * 0.01 + 1e-9;
                    prop_assert!((now - before).abs() <= most, "{}: {} to {}, signal by {}", tag, before, now, moved);
                }
            }
        }
        let plant: Arc<control::plant::Plant> = h.plant();
        prop_assert!((0..plant.points.len()).all(|index| h.at(model::PointId(index as u32)).is_finite()));
    }
}
