//! Devices out of service: where they stand, whom they answer, what they fail, and how they come back.

mod support;

use std::sync::Arc;

use control::{Engine, StateView, service_status, why};
use model::{Action, EventBody, Mode, Quality, Refusal, UserId};
use support::text_loop::{TUNED, source, text_loop};
use support::{Dice, Harness};

/// A pump with a wish, a valve that opens when it fails with two switches, and a drive behind a loop. IL-9 stops the
/// pump and closes the valve while P-1 runs; IL-8, which supervisors may bypass, asks whether the pump has failed.
const PLANT: &str = r#"
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
travel = "5 s"
auto = "LT-2 > 30 %"
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
[tag."P-8.CMD"]
description = "Feed pump command"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 2 }
[tag.SY-8]
description = "Feed pump speed"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 8, raw = [0, 27648] }
[drive.P-8]
description = "Feed pump"
out = "P-8.CMD"
speed = "SY-8"
min_speed = "20 %"
[tag.NI-9]
description = "Out of service"
unit = ""
range = [0, 10]
scan = "out-of-service"
[interlock.IL-9]
description = "Stop"
reset = "manual"
bypass = "supervisor"
trip = [ { when = "P-1.RUN", text = "it runs" } ]
do = ["P-9 := stop", "XV-9 := close", "P-8 := stop"]
[interlock.IL-8]
description = "Pump lost"
reset = "manual"
bypass = "supervisor"
trip = [ { when = "P-9.FAIL FOR 1 s", text = "it has failed" } ]
do = ["XV-9 := close"]
"#;

/// The pump runs, the valve is closed, and the feedbacks say so.
fn plant() -> Harness {
    let mut h = text_loop(&format!("{TUNED}{PLANT}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    for (name, value) in
        [("P-9.CMD", 1.0), ("P-9.RUN", 1.0), ("LT-2", 50.0), ("XV-9.OUT", 0.0), ("XV-9.ZSC", 1.0)]
    {
        let point = h.point(name);
        h.set(point, value);
    }
    h.run(20);
    assert_eq!((h.value("P-9.STATE"), h.value("XV-9.STATE")), (1.0, 0.0));
    h
}

fn field(h: &mut Harness, values: &[(&str, f64)]) {
    for (name, value) in values {
        let point = h.point(name);
        h.set(point, *value);
    }
}

fn trip(h: &mut Harness) {
    field(h, &[("P-1.RUN", 1.0)]);
    h.run(3);
    field(h, &[("P-1.RUN", 0.0)]);
    h.run(2);
}

fn reset(h: &mut Harness) {
    let interlock = h.plant().find_interlock("IL-9").unwrap();
    h.ask(Action::ResetInterlock { interlock }).unwrap();
    h.run(20);
}

#[test]
fn it_goes_to_its_fail_position_at_once_and_nobody_can_command_it() {
    let mut h = plant();
    assert_eq!(h.mode("P-9", Mode::OutOfService), Ok(Mode::Auto.value()));
    assert_eq!((h.value("P-9.CMD"), h.value("P-9.AUTO")), (0.0, 0.0), "in the scan of the order");
    assert_eq!(h.mode("XV-9", Mode::OutOfService), Ok(Mode::Manual.value()));
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.CMD")), (1.0, 1.0), "it fails open");
    h.run(20);
    assert_eq!((h.actual("P-9"), h.actual("XV-9")), (Mode::OutOfService, Mode::OutOfService));
    assert_eq!(h.write("P-9.CMD", 1.0), Err(Refusal::OutOfService));
    assert_eq!(h.write("XV-9.CMD", 0.0), Err(Refusal::OutOfService));
    assert_eq!(h.write("P-9.AUTO", 1.0), Err(Refusal::OutOfService));
    assert_eq!(h.mode("P-9", Mode::Auto), Err(Refusal::OutOfService));
    assert_eq!(h.mode("P-9", Mode::OutOfService), Err(Refusal::NothingToDo));
    assert_eq!(h.mode("XV-9", Mode::Auto), Err(Refusal::ModeNotPermitted), "it has no wish");
    assert_eq!(h.mode("XV-9", Mode::Cascade), Err(Refusal::ModeNotPermitted));
    h.run(1_000);
    assert_eq!((h.value("P-9.CMD"), h.value("XV-9.OUT")), (0.0, 1.0), "its wish does not count either");
}

#[test]
fn it_is_counted_and_listed_with_since_when_and_by_whom_and_why_says_so() {
    let mut h = plant();
    assert_eq!(h.value("NI-9"), 0.0);
    h.mode("P-9", Mode::OutOfService).unwrap();
    let since = h.tick;
    h.run(20);
    assert_eq!(h.value("NI-9"), 1.0);
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let plant = h.plant();
    let listed = service_status(&plant, &view, &|tick| tick as i64, &|user| format!("{}", user.0));
    assert_eq!(listed.len(), 1);
    assert_eq!(plant.blocks[listed[0].block.index()].name, "P-9");
    assert_eq!((listed[0].since_ms, listed[0].by.as_deref()), (Some(since as i64), Some("5")));
    let lines = why(&plant, &view, "P-9").unwrap().lines;
    assert!(lines.iter().any(|line| line.text().starts_with("OUT OF SERVICE")), "{lines:?}");
    h.mode("P-9", Mode::Manual).unwrap();
    h.run(20);
    assert_eq!(h.value("NI-9"), 0.0);
}

#[test]
fn nothing_that_its_feedback_says_is_a_failure_and_a_failure_of_before_is_gone() {
    let mut h = plant();
    field(&mut h, &[("XV-9.ZSC", 0.0)]);
    h.run(400);
    assert_eq!((h.value("XV-9.FAIL"), h.value("XV-9.STATE")), (1.0, 4.0));
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    assert_eq!(
        (h.value("XV-9.FAIL"), h.value("XV-9.STATE")),
        (0.0, 2.0),
        "between its switches, told to open"
    );
    h.run(2_000);
    assert_eq!(h.value("XV-9.FAIL"), 0.0);
    field(&mut h, &[("XV-9.ZSC", 1.0)]);
    h.run(20);
    assert_eq!(h.value("XV-9.STATE"), 0.0, "the state is what the feedback says");
    // The pump runs on though it is told to stop: IL-8 does not trip.
    h.mode("P-9", Mode::OutOfService).unwrap();
    h.run(2_000);
    assert!(h.engine.interlocks().iter().all(|interlock| !interlock.tripped));
    let event = h.events.iter().any(|event| matches!(event.body, EventBody::Device { failed: true, block } if h.plant().blocks[block.index()].name == "P-9"));
    assert!(!event);
    // Back in service it has its travel time again, and then it fails.
    h.mode("XV-9", Mode::Manual).unwrap();
    h.run(290);
    assert_eq!(h.value("XV-9.FAIL"), 0.0);
    h.run(40);
    assert_eq!(h.value("XV-9.FAIL"), 1.0);
}

#[test]
fn a_bad_feedback_leaves_the_state_of_what_is_out_of_service_as_it_was() {
    for (runs, state) in [(1.0, 1.0), (0.0, 0.0)] {
        let mut h = plant();
        h.mode("P-9", Mode::OutOfService).unwrap();
        field(&mut h, &[("P-9.RUN", runs)]);
        h.run(20);
        assert_eq!(h.value("P-9.STATE"), state);
        let feedback = h.point("P-9.RUN");
        h.input(feedback, 0.0, Quality::BadSensorFailure);
        h.run(20);
        assert_eq!((h.value("P-9.STATE"), h.value("P-9.FAIL")), (state, 0.0));
    }
}

#[test]
fn it_comes_back_by_a_person_alone_by_hand_and_without_moving() {
    let mut h = plant();
    for name in ["P-9", "XV-9"] {
        h.mode(name, Mode::OutOfService).unwrap();
    }
    field(&mut h, &[("P-9.RUN", 0.0), ("XV-9.ZSC", 0.0), ("XV-9.ZSO", 1.0)]);
    h.run(100);
    for name in ["P-9", "XV-9"] {
        assert_eq!(h.mode(name, Mode::Manual), Ok(0.0));
    }
    h.run(1_000);
    assert_eq!((h.value("P-9.CMD"), h.value("XV-9.OUT")), (0.0, 1.0));
    assert_eq!((h.actual("P-9"), h.value("P-9.AUTO")), (Mode::Manual, 0.0), "its wish waits for a person");
    h.write("XV-9.CMD", 0.0).unwrap();
    assert_eq!(h.mode("P-9", Mode::Auto), Ok(Mode::Manual.value()));
    h.run(20);
    assert_eq!((h.value("P-9.CMD"), h.value("XV-9.OUT")), (1.0, 0.0));
    assert_eq!(h.actual("P-9"), Mode::Auto);
}

#[test]
fn a_trip_moves_it_and_the_reset_does_not() {
    let mut h = plant();
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    assert_eq!(h.value("XV-9.OUT"), 1.0);
    trip(&mut h);
    assert_eq!(h.value("XV-9.OUT"), 0.0, "the trip wins");
    reset(&mut h);
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.CMD")), (0.0, 0.0), "a reset moves nothing");
    // What a trip holds stays there when it goes out of service.
    h.mode("XV-9", Mode::Manual).unwrap();
    field(&mut h, &[("P-1.RUN", 1.0)]);
    h.run(3);
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    assert_eq!(h.value("XV-9.OUT"), 0.0);
}

#[test]
fn a_force_tries_it_and_leaves_it_where_it_was() {
    let mut h = plant();
    let point = h.point("XV-9.OUT");
    h.ask(Action::Force { point, value: 1.0, for_ms: 60_000 }).unwrap();
    assert_eq!(h.mode("XV-9", Mode::OutOfService), Err(Refusal::Forced), "first the force");
    h.ask(Action::Unforce { point }).unwrap();
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    h.ask(Action::Force { point, value: 0.0, for_ms: 1_000 }).unwrap();
    h.run(50);
    assert_eq!(h.value("XV-9.OUT"), 0.0);
    h.run(100);
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.CMD")), (1.0, 1.0), "the force is over");
    // Who comes back before the valve has run again finds it where it was, too.
    h.ask(Action::Force { point, value: 0.0, for_ms: 60_000 }).unwrap();
    h.run(50);
    h.ask(Action::Unforce { point }).unwrap();
    h.mode("XV-9", Mode::Manual).unwrap();
    h.run(20);
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.CMD")), (1.0, 1.0));
}

#[test]
fn a_force_in_the_very_scan_of_the_order_leaves_it_at_its_fail_position_too() {
    let mut h = plant();
    let (point, block) = (h.point("XV-9.OUT"), h.plant().find_block("XV-9").unwrap());
    h.order(Action::Mode { block, mode: Mode::OutOfService });
    h.ask(Action::Force { point, value: 0.0, for_ms: 1_000 }).unwrap();
    h.run(50);
    assert_eq!(h.value("XV-9.OUT"), 0.0);
    h.run(100);
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.CMD")), (1.0, 1.0));
}

#[test]
fn a_lost_valve_that_comes_back_elsewhere_stays_there() {
    let mut h = plant();
    let point = h.point("XV-9.OUT");
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    h.ask(Action::Force { point, value: 1.0, for_ms: 60_000 }).unwrap();
    h.run(20);
    field(&mut h, &[("PLC.LINK", 0.0)]);
    h.run(10);
    field(&mut h, &[("XV-9.OUT", 0.0), ("PLC.LINK", 1.0)]);
    h.run(30);
    assert_eq!((h.value("XV-9.OUT"), h.value("XV-9.CMD")), (0.0, 0.0));
}

#[test]
fn a_drive_out_of_service_is_told_to_stop_and_its_speed_to_go_to_its_fail_value() {
    let mut h = plant();
    h.write("P-8.SP", 60.0).unwrap();
    h.write("P-8.CMD", 1.0).unwrap();
    h.run(20);
    assert_eq!(h.value("SY-8"), 60.0);
    h.mode("P-8", Mode::OutOfService).unwrap();
    h.run(10);
    assert_eq!((h.value("P-8.CMD"), h.value("SY-8")), (0.0, 0.0));
    h.mode("P-8", Mode::Manual).unwrap();
    h.run(20);
    assert_eq!((h.value("P-8.CMD"), h.value("SY-8")), (0.0, 0.0));
    h.write("P-8.CMD", 1.0).unwrap();
    h.run(20);
    assert_eq!(h.value("SY-8"), 60.0);
}

#[test]
fn an_interlock_that_may_not_be_bypassed_and_asks_for_its_failure_forbids_it() {
    let text = PLANT.replacen(
        "[interlock.IL-8]\ndescription = \"Pump lost\"\nreset = \"manual\"\nbypass = \"supervisor\"",
        "[interlock.IL-8]\ndescription = \"Pump lost\"\nreset = \"manual\"",
        1,
    );
    assert_ne!(text, PLANT);
    let mut h = text_loop(&format!("{TUNED}{text}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    h.run(20);
    assert_eq!(h.mode("P-9", Mode::OutOfService), Err(Refusal::DefeatsInterlock));
    assert!(h.told().ends_with("an interlock that may not be bypassed reads it (IL-8)"), "{}", h.told());
    h.mode("XV-9", Mode::OutOfService).unwrap();
    let view = control::plant_view(&h.plant());
    let service =
        |name: &str| view.blocks.iter().find(|block| block.name == name).unwrap().service.clone().unwrap();
    assert_eq!((service("P-9").role, service("P-9").defeats.len()), (None, 1));
    assert_eq!(service("XV-9").role, Some(model::wire::Role::Supervisor));
    assert!(view.blocks.iter().find(|block| block.name == "TIC-1").unwrap().service.is_none());
}

#[test]
fn before_the_field_has_delivered_it_is_refused() {
    let mut h = text_loop(&format!("{TUNED}{PLANT}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(h.mode("P-9", Mode::OutOfService), Err(Refusal::NotReady));
}

#[test]
fn it_survives_a_restart_and_a_change_of_the_plant() {
    let mut h = plant();
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.run(20);
    let bytes = h.save();
    let mut again = Engine::new(h.plant());
    again.restore(&bytes).unwrap();
    again.resume();
    let mut view = StateView::new(&h.plant());
    again.publish(&mut view);
    let block = h.plant().find_block("XV-9").unwrap();
    assert_eq!(view.loops[block.index()].out_of_service, Some((21, UserId(5))));

    let text = format!("{TUNED}{PLANT}").replace("travel = \"3 s\"", "travel = \"4 s\"");
    let new = control::compile(&source(&text)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).plant;
    let mut transfer = control::Transfer::between(&h.plant(), &new).unwrap();
    let mut other = Engine::new(Arc::new(new));
    transfer.carry(&mut h.engine, &mut other);
    other.publish(&mut view);
    let block = other.plant().find_block("XV-9").unwrap();
    assert!(view.loops[block.index()].out_of_service.is_some());
}

/// Whatever people, phases of the field and forces do: what a trip dictates is there in every scan, and a device
/// out of service moves by nobody but a trip, a force and its own order. When a force ends it is back where it was before,
/// in the same scan, unless a trip has moved it meanwhile.
#[test]
fn whatever_happens_a_trip_wins_and_nothing_else_moves_what_is_out_of_service() {
    let mut came_back = 0;
    for seed in 1..=40 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let mut h = plant();
        let devices = [("P-9", "P-9.CMD"), ("XV-9", "XV-9.OUT"), ("P-8", "P-8.CMD")];
        // Where each stands while it is out of service and nobody forces it, and for how long nobody has.
        let mut rest: [Option<f64>; 3] = [None; 3];
        let mut quiet = [0_u32; 3];
        for step in 0..400 {
            let (name, out) = devices[dice.below(3) as usize];
            let block = h.plant().find_block(name).unwrap();
            let (point, command) = (h.point(out), h.point(&format!("{name}.CMD")));
            let value = dice.below(2) as f64;
            let modes = [Mode::OutOfService, Mode::Manual, Mode::Auto];
            match dice.below(8) {
                0 | 1 => h.order(Action::Mode { block, mode: modes[dice.below(3) as usize] }),
                2 | 3 => h.order(Action::Write { point: command, value }),
                4 => h.order(Action::Force { point, value, for_ms: 50 }),
                5 => field(&mut h, &[("P-1.RUN", value)]),
                6 => {
                    let interlock = h.plant().find_interlock("IL-9").unwrap();
                    h.order(Action::ResetInterlock { interlock });
                }
                _ => field(&mut h, &[("LT-2", value * 60.0), ("XV-9.ZSO", value), ("P-9.RUN", value)]),
            }
            let before = devices.map(|(name, _)| h.actual(name));
            h.scan();
            let tripped = h.engine.interlocks().iter().any(|one| one.tripped);
            for (at, ((name, out), mode)) in devices.iter().zip(before).enumerate() {
                let now = h.value(out);
                if h.engine.interlocks()[0].forces() {
                    assert_eq!(now, 0.0, "seed {seed} step {step}: {out} and a trip");
                }
                let forced = h.quality(out) == Quality::GoodLocalOverride;
                quiet[at] = if forced { 0 } else { quiet[at] + 1 };
                let stays = mode == Mode::OutOfService && h.actual(name) == Mode::OutOfService;
                if !stays || tripped {
                    rest[at] = None;
                } else if quiet[at] > 0 {
                    came_back += u32::from(quiet[at] == 1 && rest[at].is_some());
                    let was = *rest[at].get_or_insert(now);
                    assert_eq!(now, was, "seed {seed} step {step}: {name} has moved by itself");
                }
            }
        }
    }
    assert!(came_back > 50, "the sweep has seen only {came_back} forces end");
}

const PHASES: &str = r#"
PHASE Vent ON U-1 "Vent and pump"

RUNNING
  STEP "Vent shut"
    XV-9 := close
    WAIT XV-9.ZSC
    WITHIN 20 s ELSE HOLD "the vent does not close"
  STEP "Pump off"
    P-9 := stop

STOPPING
  STEP "Vent open"
    XV-9 := open
"#;

/// A phase that meets a device out of service says so at once, waits for it, and goes on when it is back; where the
/// device stands already as the phase wants it, it goes through.
#[test]
fn a_phase_waits_for_what_is_out_of_service_says_so_and_goes_on() {
    let mut sources = source(&format!("{TUNED}{PLANT}[unit.U-1]\ndescription = \"Unit\"\narea = \"100\"\n"));
    sources.push(model::Source { path: "vent.phase".into(), text: PHASES.into() });
    let compiled = control::compile(&sources).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let mut h = Harness::new(compiled.plant);
    h.all_good(0.0);
    field(&mut h, &[("P-9.CMD", 0.0), ("LT-2", 50.0), ("XV-9.OUT", 0.0), ("XV-9.ZSC", 1.0)]);
    h.run(20);
    // Both go to their fail positions: the vent opens, the pump stops.
    for name in ["XV-9", "P-9"] {
        h.mode(name, Mode::OutOfService).unwrap();
    }
    field(&mut h, &[("XV-9.ZSC", 0.0), ("XV-9.ZSO", 1.0)]);
    h.run(20);
    let phase = h.plant().find_phase("Vent").unwrap();
    h.ask(Action::Phase { phase, order: model::ProcOrder::Start }).unwrap();
    h.run(150);
    let told = |h: &Harness| {
        let events = h.events.iter().map(|event| control::describe(&h.plant(), event).2);
        events.filter(|text| text.contains("in step")).collect::<Vec<_>>()
    };
    let text = "Vent refused in step 1: Vent shut: XV-9 := close: it is out of service: order manual first";
    assert_eq!(told(&h), [text]);
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let answer = why(&h.plant(), &view, "Vent").unwrap();
    let missing = answer.missing.unwrap();
    assert_eq!((missing.goal.as_str(), missing.lines.len()), ("next step", 1));
    assert_eq!(missing.lines[0].text(), "XV-9 := close: XV-9 is out of service");
    assert_eq!(support::phase_state(&h, "Vent").state, model::ProcState::Running);
    // Held, it may be put back in service; restarted, the phase closes it. The pump stands as the phase wants it and may stay out.
    assert_eq!(h.mode("XV-9", Mode::Manual), Err(Refusal::OwnedByPhase));
    h.ask(Action::Phase { phase, order: model::ProcOrder::Hold }).unwrap();
    h.run(20);
    h.mode("XV-9", Mode::Manual).unwrap();
    h.run(20);
    assert_eq!(h.value("XV-9.OUT"), 1.0, "coming back moves nothing");
    h.ask(Action::Phase { phase, order: model::ProcOrder::Restart }).unwrap();
    h.run(20);
    assert_eq!(h.value("XV-9.OUT"), 0.0, "the order was tried again");
    field(&mut h, &[("XV-9.ZSC", 1.0), ("XV-9.ZSO", 0.0)]);
    h.run(40);
    assert_eq!(support::phase_state(&h, "Vent").state, model::ProcState::Complete);
    assert_eq!(h.actual("P-9"), Mode::OutOfService);
    assert_eq!(told(&h).len(), 1);
    // It holds when it waits too long, and the cause is what was refused.
    field(&mut h, &[("XV-9.ZSC", 0.0)]);
    h.mode("XV-9", Mode::OutOfService).unwrap();
    h.ask(Action::Phase { phase, order: model::ProcOrder::Reset }).unwrap();
    h.ask(Action::Phase { phase, order: model::ProcOrder::Start }).unwrap();
    h.run(2_100);
    assert_eq!(support::phase_state(&h, "Vent").state, model::ProcState::Held);
    let late = "Vent late in step 1: Vent shut: XV-9 := close: it is out of service: order manual first";
    assert_eq!(told(&h).last().map(String::as_str), Some(late));
    h.engine.publish(&mut view);
    let lines = why(&h.plant(), &view, "Vent").unwrap().lines;
    let cause = "cause: Vent step 1, XV-9 := close: it is out of service: order manual first";
    assert!(lines.iter().any(|line| line.text() == cause), "{lines:?}");
    // On the way to safety it passes what it may not move, after its patience.
    h.ask(Action::Phase { phase, order: model::ProcOrder::Stop }).unwrap();
    h.run(600);
    assert_eq!(support::phase_state(&h, "Vent").state, model::ProcState::Stopped);
}
