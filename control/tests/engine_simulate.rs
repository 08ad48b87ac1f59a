//! Simulated devices: feedbacks that follow the order, for a time, by hand.

mod support;

use std::sync::Arc;

use control::plant::DeviceKind;
use control::{Engine, StateView, Transfer, force_status, why};
use model::{Action, EventBody, ForceChange, ForceEnd, Mode, Quality, Refusal};
use support::text_loop::{TUNED, source, text_loop};
use support::{Builder, Dice, Harness};

/// A valve with two switches, a pump with one, a drive that is measured, a breaker without a feedback. IL-9 closes the
/// valve when the pump stands while the loop's load is high, IL-7 never may be bypassed and reads the drive.
const PLANT: &str = r#"
[tag."XV-9.OUT"]
description = "Vent"
words = ["closed", "open"]
fail = "open"
io = { device = "PLC", coil = 1 }
[tag."XV-9.ZSO"]
description = "Vent open"
words = ["no", "yes"]
io = { device = "PLC", discrete = 10 }
[tag."XV-9.ZSC"]
description = "Vent closed"
words = ["no", "yes"]
io = { device = "PLC", discrete = 11 }
[valve.XV-9]
description = "Vent"
out = "XV-9.OUT"
on = "XV-9.ZSO"
off = "XV-9.ZSC"
travel = "3 s"
[tag."P-9.CMD"]
description = "Pump command"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 0 }
[tag."P-9.RUN"]
description = "Pump runs"
words = ["stopped", "running"]
io = { device = "PLC", discrete = 9 }
[motor.P-9]
description = "Pump"
out = "P-9.CMD"
on = "P-9.RUN"
travel = "2 s"
permit = "XV-9.ZSO"
[tag."P-8.CMD"]
description = "Feed pump command"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 2 }
[tag."P-8.RUN"]
description = "Feed pump runs"
words = ["stopped", "running"]
io = { device = "PLC", discrete = 8 }
[tag.SY-8]
description = "Feed pump speed"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 8, raw = [0, 27648] }
[tag.ST-8]
description = "Feed pump speed measured"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 8, raw = [0, 27648] }
[drive.P-8]
description = "Feed pump"
out = "P-8.CMD"
on = "P-8.RUN"
speed = "SY-8"
actual = "ST-8"
[tag."Q-9.CMD"]
description = "Breaker"
words = ["open", "closed"]
fail = 0
io = { device = "PLC", coil = 3 }
[breaker.Q-9]
description = "Breaker"
out = "Q-9.CMD"
[tag.NI-9]
description = "Forced"
unit = ""
range = [0, 10]
scan = "forced"
[interlock.IL-9]
description = "Pump stands"
reset = "manual"
bypass = "engineer"
trip = [ { when = "(LT-2 > 50 % AND NOT P-9.RUN) FOR 1 s", text = "pump stands" } ]
do = ["XV-9 := close"]
"#;

const NEVER: &str = r#"
[interlock.IL-7]
description = "Speed"
reset = "manual"
trip = [ { when = "ST-8 > 95 %", text = "too fast" } ]
do = ["P-8 := stop"]
"#;

fn plant() -> Harness {
    let mut h = text_loop(&format!("{TUNED}{PLANT}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    field(&mut h, &[("XV-9.ZSC", 1.0)]);
    h.run(20);
    h
}

fn field(h: &mut Harness, values: &[(&str, f64)]) {
    for (name, value) in values {
        let point = h.point(name);
        h.set(point, *value);
    }
}

fn simulate(h: &mut Harness, name: &str, for_ms: u32) -> Result<f64, Refusal> {
    let block = h.plant().find_block(name).unwrap();
    h.ask(Action::Simulate { block, for_ms })
}

const HOUR_MS: u32 = 3_600_000;

#[test]
fn the_switches_follow_the_order_after_the_travel_time_and_nothing_fails() {
    let mut h = plant();
    assert_eq!(simulate(&mut h, "XV-9", HOUR_MS), Ok(0.0));
    assert_eq!(h.quality("XV-9.ZSC"), Quality::GoodLocalOverride);
    h.write("XV-9.CMD", 1.0).unwrap();
    let begun = h.tick;
    h.run(2);
    assert_eq!((h.value("XV-9.ZSC"), h.value("XV-9.ZSO")), (0.0, 0.0), "it has left its seat");
    h.run(20);
    assert_eq!((h.value("XV-9.STATE"), h.quality("XV-9.STATE")), (2.0, Quality::GoodLocalOverride));
    while h.value("XV-9.ZSO") < 0.5 {
        h.scan();
        assert_eq!(h.value("XV-9.FAIL"), 0.0);
        assert!(h.tick - begun < 400, "it never arrives");
    }
    assert!((300..=320).contains(&(h.tick - begun)), "3 s: {}", h.tick - begun);
    h.run(20);
    assert_eq!((h.value("XV-9.STATE"), h.value("XV-9.FAIL")), (1.0, 0.0));
    // What the field says meanwhile counts for nothing.
    field(&mut h, &[("XV-9.ZSC", 1.0), ("XV-9.ZSO", 0.0)]);
    h.run(500);
    assert_eq!((h.value("XV-9.STATE"), h.value("XV-9.ZSC")), (1.0, 0.0));
    // A device that is lost neither.
    for name in ["XV-9.ZSC", "XV-9.ZSO"] {
        let point = h.point(name);
        h.input(point, 0.0, Quality::BadNoCommunication);
    }
    h.write("XV-9.CMD", 0.0).unwrap();
    h.run(330);
    assert_eq!(
        (h.value("XV-9.STATE"), h.value("XV-9.ZSC"), h.quality("XV-9.ZSC")),
        (0.0, 1.0, Quality::GoodLocalOverride)
    );
    assert!(!h.events.iter().any(|event| matches!(event.body, EventBody::Device { failed: true, .. })));
}

#[test]
fn one_feedback_turns_after_the_travel_time_and_a_measured_speed_follows_the_drive() {
    let mut h = plant();
    simulate(&mut h, "P-8", HOUR_MS).unwrap();
    h.write("P-8.SP", 60.0).unwrap();
    h.write("P-8.CMD", 1.0).unwrap();
    h.run(450);
    assert_eq!(h.value("P-8.RUN"), 0.0, "5 s are its travel time");
    assert_eq!(h.value("ST-8"), 60.0);
    h.run(70);
    assert_eq!((h.value("P-8.RUN"), h.value("P-8.STATE"), h.value("P-8.FAIL")), (1.0, 1.0, 0.0));
}

#[test]
fn permits_trips_and_other_devices_see_what_is_simulated() {
    let mut h = plant();
    assert_eq!(h.write("P-9.CMD", 1.0), Err(Refusal::NotPermitted), "the vent is closed");
    simulate(&mut h, "XV-9", HOUR_MS).unwrap();
    h.write("XV-9.CMD", 1.0).unwrap();
    h.run(350);
    simulate(&mut h, "P-9", HOUR_MS).unwrap();
    h.write("P-9.CMD", 1.0).unwrap();
    h.run(230);
    field(&mut h, &[("LT-2", 60.0)]);
    h.run(300);
    assert!(!h.engine.interlocks()[0].tripped, "the pump runs, though the field says that it does not");
    h.write("P-9.CMD", 0.0).unwrap();
    h.run(330);
    assert!(h.engine.interlocks()[0].tripped);
    assert_eq!(h.value("XV-9.OUT"), 0.0, "the trip wins");
    h.run(330);
    assert_eq!(h.value("XV-9.ZSC"), 1.0, "and the simulated valve follows it");
}

#[test]
fn it_is_listed_with_the_forces_counted_with_them_and_told_by_why_and_events() {
    let mut h = plant();
    simulate(&mut h, "XV-9", HOUR_MS).unwrap();
    h.write("XV-9.CMD", 1.0).unwrap();
    h.run(350);
    assert_eq!(h.value("NI-9"), 2.0, "both of its switches");
    let plant = h.plant();
    let mut view = StateView::new(&plant);
    h.engine.publish(&mut view);
    let listed = force_status(&plant, &view, &|tick| tick as i64, &|user| format!("{}", user.0));
    let block = plant.find_block("XV-9");
    let shown: Vec<_> = listed.iter().map(|status| (status.point, status.value, status.follows)).collect();
    assert_eq!(shown, [(h.point("XV-9.ZSO"), 1.0, block), (h.point("XV-9.ZSC"), 0.0, block)]);
    assert_eq!(listed[1].raw, Some(1.0), "the field still says that it is closed");
    let lines = why(&plant, &view, "XV-9").unwrap().lines;
    assert!(lines.iter().any(|line| line.text().starts_with("SIMULATED for another")), "{lines:?}");
    let began = |event: &model::Event| {
        matches!(event.body, EventBody::Force { change: ForceChange::Simulated { for_ms: HOUR_MS, .. }, .. })
    };
    assert_eq!(h.events.iter().filter(|event| began(event)).count(), 2);
}

#[test]
fn it_ends_by_order_by_release_of_one_tag_or_by_time_and_the_field_counts_again() {
    for way in 0..3 {
        let mut h = plant();
        simulate(&mut h, "XV-9", 10_000).unwrap();
        h.write("XV-9.CMD", 1.0).unwrap();
        h.run(400);
        assert_eq!(h.value("XV-9.STATE"), 1.0);
        match way {
            0 => assert_eq!(simulate(&mut h, "XV-9", 0), Ok(1.0)),
            1 => {
                let point = h.point("XV-9.ZSC");
                h.ask(Action::Unforce { point }).unwrap();
            }
            _ => h.run(600),
        }
        assert_eq!((h.value("XV-9.ZSC"), h.value("XV-9.ZSO")), (1.0, 0.0), "{way}: what the field says");
        assert_eq!(h.quality("XV-9.ZSO"), Quality::Good);
        assert_eq!(h.value("XV-9.OUT"), 1.0, "nothing moves");
        let reason = if way == 2 { ForceEnd::Expired } else { ForceEnd::Released };
        let ended = h.events.iter().filter(|event| matches!(event.body, EventBody::Force { change: ForceChange::Ended { reason: why }, .. } if why == reason));
        assert_eq!(ended.count(), 2);
        h.run(330);
        assert_eq!(h.value("XV-9.FAIL"), 1.0, "the real valve is closed");
        assert_eq!(simulate(&mut h, "XV-9", 0), Err(Refusal::NothingToDo));
    }
}

#[test]
fn what_cannot_be_simulated_says_why() {
    let mut h = plant();
    assert_eq!(simulate(&mut h, "Q-9", HOUR_MS), Err(Refusal::NoFeedback));
    assert_eq!(simulate(&mut h, "TIC-1", HOUR_MS), Err(Refusal::Unknown));
    assert_eq!(simulate(&mut h, "XV-9", 9 * HOUR_MS), Err(Refusal::ForceTime));
    assert_eq!(simulate(&mut h, "XV-9", 0), Err(Refusal::NothingToDo));
    let point = h.point("XV-9.ZSO");
    h.ask(Action::Force { point, value: 1.0, for_ms: HOUR_MS }).unwrap();
    assert_eq!(simulate(&mut h, "XV-9", HOUR_MS), Err(Refusal::Forced));
    h.ask(Action::Unforce { point }).unwrap();
    simulate(&mut h, "XV-9", HOUR_MS).unwrap();
    assert_eq!(h.ask(Action::Force { point, value: 1.0, for_ms: HOUR_MS }), Err(Refusal::Simulated));
    assert_eq!(simulate(&mut h, "XV-9", HOUR_MS), Ok(1.0), "its time may be prolonged");

    let mut h =
        text_loop(&format!("{TUNED}{PLANT}{NEVER}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(simulate(&mut h, "XV-9", HOUR_MS), Err(Refusal::NotReady));
    h.all_good(0.0);
    h.run(20);
    assert_eq!(simulate(&mut h, "P-8", HOUR_MS), Err(Refusal::DefeatsInterlock));
    let view = control::plant_view(&h.plant());
    let of = |name: &str| view.blocks.iter().find(|block| block.name == name).unwrap().simulate.clone();
    assert_eq!(of("P-8").unwrap().role, None);
    assert_eq!(of("P-9").unwrap().role, Some(model::wire::Role::Engineer), "as IL-9 asks");
    assert!(of("Q-9").is_none() && of("TIC-1").is_none());
}

#[test]
fn there_is_room_for_a_whole_device_or_for_none_of_it() {
    let mut b = Builder::new();
    for number in 0..control::FORCES {
        b.input(&format!("T-{number}"));
    }
    b.machine("P-1", DeviceKind::Motor, None);
    let mut h = b.finish();
    h.all_good(0.0);
    h.run(2);
    for number in 0..control::FORCES {
        let point = h.point(&format!("T-{number}"));
        h.ask(Action::Force { point, value: 1.0, for_ms: HOUR_MS }).unwrap();
    }
    assert_eq!(simulate(&mut h, "P-1", HOUR_MS), Err(Refusal::ForcesFull));
    assert_eq!(h.quality("P-1.ON"), Quality::Good);
}

#[test]
fn out_of_service_a_simulated_device_is_where_it_is_told_at_once() {
    let mut h = plant();
    simulate(&mut h, "XV-9", HOUR_MS).unwrap();
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.ZSO"), h.value("XV-9.STATE")), (1.0, 1.0, 1.0));
}

#[test]
fn it_survives_a_restart_bit_for_bit_and_a_change_of_the_plant() {
    let mut h = plant();
    simulate(&mut h, "XV-9", HOUR_MS).unwrap();
    h.write("XV-9.CMD", 1.0).unwrap();
    h.run(100);
    let bytes = h.save();
    let mut again = Engine::new(h.plant());
    again.restore(&bytes).unwrap();
    let mut out = control::ScanOutput::with_capacity(64);
    for tick in h.tick + 1..h.tick + 400 {
        h.engine.scan(tick, &[], &[], &mut out);
        again.scan(tick, &[], &[], &mut out);
        assert_eq!(h.engine.state_hash(), again.state_hash(), "tick {tick}");
    }
    assert_eq!(h.value("XV-9.ZSO"), 1.0);
    // One byte that no engine writes: a follower of what is no device.
    let follows = u64::from(h.plant().find_block("XV-9").unwrap().0 + 1).to_le_bytes();
    let places: Vec<usize> =
        (0..bytes.len() - 8).step_by(8).filter(|at| bytes[*at..*at + 8] == follows).collect();
    let mut refused = 0;
    for at in places {
        let mut wrong = bytes.clone();
        wrong[at] = 99;
        refused += usize::from(again.restore(&wrong).is_err());
    }
    assert!(refused >= 2, "both of its forces");

    let change = |from: &str, to: &str| {
        let text = format!("{TUNED}{PLANT}").replace(from, to);
        control::compile(&source(&text)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).plant
    };
    let new = change("travel = \"3 s\"", "travel = \"4 s\"");
    let mut transfer = Transfer::between(&h.plant(), &new).unwrap();
    assert!(transfer.is_free(&h.engine));
    let mut other = Engine::new(Arc::new(new));
    transfer.carry(&mut h.engine, &mut other);
    let mut view = StateView::new(other.plant());
    other.publish(&mut view);
    let block = other.plant().find_block("XV-9").unwrap();
    assert!(
        view.forces.all().len() == 2 && view.forces.all().iter().all(|force| force.follows == block.0 + 1)
    );
    // A valve that has lost a switch cannot stay simulated: the plan says so.
    let new = change("off = \"XV-9.ZSC\"\n", "");
    let transfer = Transfer::between(&h.plant(), &new).unwrap();
    assert!(transfer.obstacles(&h.engine)[0].contains("is forced"), "{:?}", transfer.obstacles(&h.engine));
}

/// Whatever is simulated, forced, bypassed and ordered: a trip that acts dictates in every scan.
#[test]
fn whatever_is_simulated_a_trip_wins() {
    for seed in 1..=30 {
        let mut dice = Dice(seed * 0x51_7cc1);
        let mut h = plant();
        for step in 0..500 {
            let name = ["XV-9", "P-9", "P-8"][dice.below(3) as usize];
            let block = h.plant().find_block(name).unwrap();
            let command = h.point(&format!("{name}.CMD"));
            let value = dice.below(2) as f64;
            match dice.below(6) {
                0 => h.order(Action::Simulate { block, for_ms: 300 * dice.below(3) as u32 }),
                1 | 2 => h.order(Action::Write { point: command, value }),
                3 => field(&mut h, &[("LT-2", 80.0 * value), ("P-9.RUN", dice.below(2) as f64)]),
                4 => {
                    let interlock = h.plant().find_interlock("IL-9").unwrap();
                    h.order(Action::ResetInterlock { interlock });
                }
                _ => {
                    let mode = if value > 0.0 { Mode::OutOfService } else { Mode::Manual };
                    h.order(Action::Mode { block, mode });
                }
            }
            h.scan_at(h.tick + 1 + dice.below(40));
            if h.engine.interlocks()[0].forces() {
                assert_eq!(h.value("XV-9.OUT"), 0.0, "seed {seed} step {step}");
            }
            let both = h.value("XV-9.ZSO") + h.value("XV-9.ZSC");
            let simulated = h.quality("XV-9.ZSO") == Quality::GoodLocalOverride;
            assert!(!simulated || both < 2.0, "seed {seed} step {step}: open and closed at once");
        }
    }
}
