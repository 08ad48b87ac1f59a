//! Recipes and phases from their text to the outputs, in every branch of the state model.

mod support;

use control::plant::{DeviceKind, Forcing, Op, Otherwise, Within};
use model::{Action, EventBody, Mode, ProcOrder, ProcState, Refusal};
use support::field::Field;
use support::{Builder, Harness, Loop, batch_state, phase_state, step, text_plant};

use ProcState::{Aborted, Complete, Held, Running, Stopped};

/// The test plant, ready, with a start-up batch on its unit.
fn prepared() -> (Harness, Field) {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 1.0);
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Prepare { recipe, batch: 412 }).unwrap();
    (h, field)
}

fn batch(h: &mut Harness, order: ProcOrder) -> Result<f64, Refusal> {
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Batch { recipe, order })
}

fn phase(h: &mut Harness, name: &str, order: ProcOrder) -> Result<f64, Refusal> {
    let phase = h.plant().find_phase(name).unwrap();
    h.ask(Action::Phase { phase, order })
}

fn ends(h: &mut Harness, field: &mut Field, seconds: f64, state: ProcState) {
    let reached = field.until(h, seconds, |h| batch_state(h, "EL-START") == state);
    assert!(reached, "{:?} instead of {state:?}", batch_state(h, "EL-START"));
}

#[test]
fn a_recipe_runs_from_its_parameters_to_complete() {
    let (mut h, mut field) = prepared();
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Parameter { recipe, parameter: 0, value: 45.0 }).unwrap();
    h.ask(Action::Parameter { recipe, parameter: 1, value: 2.0 }).unwrap();
    batch(&mut h, ProcOrder::Start).unwrap();
    ends(&mut h, &mut field, 200.0, Complete);
    assert!((45.0..47.0).contains(&field.level), "filled to its parameter: {}", field.level);
    assert!((1.8..2.3).contains(&field.current), "{}", field.current);
    assert_eq!(h.value("XV-311.CMD"), 0.0);
    assert_eq!(h.value("P-311.CMD"), 1.0);
    assert_eq!(h.actual("FIC-301"), Mode::Auto);
    assert_eq!(h.value("FIC-301.SP"), 3.0);
    assert_eq!(h.actual("IC-301"), Mode::Cascade);
    let steps: Vec<(u32, u16)> = h
        .events
        .iter()
        .filter_map(|event| match event.body {
            EventBody::Step { phase, batch: 412, step } => Some((phase.0, step)),
            _ => None,
        })
        .collect();
    let id = |name: &str| h.plant().find_phase(name).unwrap().0;
    let expected = [
        (id("Fill"), 0),
        (id("Fill"), 1),
        (id("Circulate"), 0),
        (id("Circulate"), 1),
        (id("Circulate"), 2),
        (id("Load"), 0),
        (id("Load"), 1),
    ];
    assert_eq!(steps, expected);
    // The phases have given everything back.
    assert!(h.write("P-311.CMD", 0.0).is_ok());
}

/// More moments of 1.7 s than the recipe has.
const MOMENTS: usize = 100;

#[test]
fn hold_and_restart_at_any_moment_end_in_complete_all_the_same() {
    for moment in 0..MOMENTS {
        let (mut h, mut field) = prepared();
        batch(&mut h, ProcOrder::Start).unwrap();
        field.run(&mut h, moment as f64 * 1.7);
        if batch_state(&h, "EL-START") == Complete {
            assert!(moment > 15, "most moments lie inside");
            break;
        }
        batch(&mut h, ProcOrder::Hold).unwrap();
        ends(&mut h, &mut field, 15.0, Held);
        assert_eq!(h.value("FY-321"), 0.0, "held is safe");
        field.run(&mut h, 2.0);
        assert_eq!(batch_state(&h, "EL-START"), Held, "and stays");
        batch(&mut h, ProcOrder::Restart).unwrap();
        ends(&mut h, &mut field, 200.0, Complete);
    }
}

#[test]
fn abort_at_any_moment_ends_aborted_with_safe_outputs_and_nothing_owned() {
    for moment in 0..MOMENTS {
        let (mut h, mut field) = prepared();
        batch(&mut h, ProcOrder::Start).unwrap();
        field.run(&mut h, moment as f64 * 1.7);
        if batch_state(&h, "EL-START") == Complete {
            assert!(moment > 15, "most moments lie inside");
            break;
        }
        let running = ["Fill", "Circulate", "Load"].map(|name| phase_state(&h, name).state == Running);
        batch(&mut h, ProcOrder::Abort).unwrap();
        ends(&mut h, &mut field, 5.0, Aborted);
        field.run(&mut h, 0.2);
        if running[0] {
            assert_eq!((h.value("FY-321"), h.value("XV-311.CMD")), (0.0, 0.0));
        }
        if running[1] {
            assert_eq!(h.value("P-311.CMD"), 0.0);
        }
        if running[2] {
            assert_eq!((h.value("RF-301.CMD"), h.actual("IC-301")), (0.0, Mode::Manual));
        }
        assert!(h.write("XV-311.CMD", 0.0).is_ok() && h.write("P-311.CMD", 0.0).is_ok());
        batch(&mut h, ProcOrder::Reset).unwrap();
        let recipe = h.plant().find_recipe("EL-RINSE").unwrap();
        h.ask(Action::Prepare { recipe, batch: 413 }).expect("the unit is free");
    }
}

#[test]
fn stop_at_any_moment_ends_stopped() {
    for moment in 0..MOMENTS / 4 {
        let (mut h, mut field) = prepared();
        batch(&mut h, ProcOrder::Start).unwrap();
        field.run(&mut h, moment as f64 * 5.0);
        if batch_state(&h, "EL-START") != Complete {
            batch(&mut h, ProcOrder::Stop).unwrap();
            ends(&mut h, &mut field, 5.0, Stopped);
        }
    }
}

#[test]
fn a_step_that_is_late_holds_the_batch_and_says_why() {
    let (mut h, mut field) = prepared();
    field.level_stuck = true;
    batch(&mut h, ProcOrder::Start).unwrap();
    ends(&mut h, &mut field, 60.0, Held);
    assert!(h.events.iter().any(|event| matches!(event.body, EventBody::StepLate { step: 0, .. })));
    let plant = h.plant();
    let mut view = control::StateView::new(&plant);
    h.engine.publish(&mut view);
    let status = control::batch_status(&plant, &view, &|tick| tick as i64 * 10);
    assert_eq!(status[0].cause.as_deref(), Some("Fill step 1, level does not rise"));
    // The valve was closed by HOLDING; restarting opens it again and fills.
    assert_eq!(h.value("XV-311.CMD"), 0.0);
    field.level_stuck = false;
    batch(&mut h, ProcOrder::Restart).unwrap();
    field.run(&mut h, 0.5);
    assert_eq!((h.value("XV-311.CMD"), h.value("FY-321")), (1.0, 60.0));
    ends(&mut h, &mut field, 200.0, Complete);
}

#[test]
fn a_pump_that_does_not_run_aborts_the_batch() {
    let (mut h, mut field) = prepared();
    field.pump_jammed = true;
    batch(&mut h, ProcOrder::Start).unwrap();
    ends(&mut h, &mut field, 100.0, Aborted);
    assert_eq!(h.value("P-311.CMD"), 0.0, "ABORTING has stopped it");
    assert!(h.events.iter().any(|event| matches!(event.body, EventBody::Device { failed: true, .. })));
}

#[test]
fn an_action_that_a_permissive_forbids_is_done_as_soon_as_it_may() {
    let (mut h, mut field) = prepared();
    field.temperature = 30.0;
    batch(&mut h, ProcOrder::Start).unwrap();
    assert!(field.until(&mut h, 100.0, |h| phase_state(h, "Load").state == Running));
    field.run(&mut h, 5.0);
    let memory = phase_state(&h, "Load");
    assert_eq!((memory.step, memory.refusal()), (0, Some(Refusal::NotPermitted)));
    assert_eq!(h.value("RF-301.CMD"), 0.0);
    field.temperature = 78.0;
    assert!(field.until(&mut h, 2.5, |h| h.value("RF-301.CMD") == 1.0), "two seconds of permissive");
    ends(&mut h, &mut field, 200.0, Complete);
}

#[test]
fn what_a_running_phase_writes_is_its_own_until_it_is_held() {
    let (mut h, mut field) = prepared();
    batch(&mut h, ProcOrder::Start).unwrap();
    field.run(&mut h, 1.0);
    assert_eq!(h.write("XV-311.CMD", 0.0), Err(Refusal::OwnedByPhase));
    assert!(h.write("P-311.CMD", 1.0).is_ok(), "not owned by this phase");
    assert_eq!(phase(&mut h, "Fill", ProcOrder::Hold), Err(Refusal::UnitBusy), "its batch commands it");
    assert_eq!(phase(&mut h, "Circulate", ProcOrder::Start), Err(Refusal::UnitBusy));
    let rinse = h.plant().find_recipe("EL-RINSE").unwrap();
    assert_eq!(h.ask(Action::Prepare { recipe: rinse, batch: 9 }), Err(Refusal::UnitBusy));
    batch(&mut h, ProcOrder::Hold).unwrap();
    ends(&mut h, &mut field, 10.0, Held);
    assert!(h.write("XV-311.CMD", 0.0).is_ok(), "held, people may work");
}

#[test]
fn a_single_phase_runs_by_hand_on_a_free_unit() {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 1.0);
    h.write("Fill.level", 42.0).expect_err("the plant text gives people no leave to write it");
    phase(&mut h, "Circulate", ProcOrder::Start).unwrap();
    assert_eq!(phase(&mut h, "Circulate", ProcOrder::Start), Err(Refusal::NotInThisState));
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Prepare { recipe, batch: 1 }).unwrap();
    assert_eq!(batch(&mut h, ProcOrder::Start), Err(Refusal::UnitBusy), "a phase runs by hand");
    assert!(field.until(&mut h, 30.0, |h| phase_state(h, "Circulate").state == Complete));
    phase(&mut h, "Circulate", ProcOrder::Reset).unwrap();
    batch(&mut h, ProcOrder::Start).unwrap();
    ends(&mut h, &mut field, 200.0, Complete);
}

#[test]
fn a_pause_lets_the_step_finish_and_resume_goes_on() {
    let (mut h, mut field) = prepared();
    batch(&mut h, ProcOrder::Start).unwrap();
    field.run(&mut h, 1.0);
    batch(&mut h, ProcOrder::Pause).unwrap();
    ends(&mut h, &mut field, 60.0, ProcState::Paused);
    assert!(field.level > 50.0, "the step went on to its end");
    assert_eq!(h.value("XV-311.CMD"), 1.0, "the next step has not begun");
    batch(&mut h, ProcOrder::Resume).unwrap();
    ends(&mut h, &mut field, 200.0, Complete);
}

/// A phase that writes the output of a loop itself.
fn seizing() -> Harness {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    b.pid("LIC", pv, &Loop { target: Some(valve), sp: 50.0, ..Loop::default() });
    let gate = b.entry("GATE", 0.0);
    let open = b.assign(valve, 60.0);
    let wait = b.above(gate, 0.5);
    let hold = b.assign(valve, 0.0);
    b.phase("Fill", vec![step("Open", vec![open], Some(wait))], vec![valve]);
    b.plant.phases[0].holding = vec![step("Close", vec![hold], None)];
    let mut h = b.finish();
    h.preset(valve, 30.0);
    h.all_good(50.0);
    h.run(3);
    h
}

#[test]
fn a_loop_tracks_while_a_phase_writes_its_output_and_goes_on_from_there() {
    let mut h = seizing();
    let fill = model::PhaseId(0);
    h.ask(Action::Phase { phase: fill, order: ProcOrder::Start }).unwrap();
    h.run(20);
    assert_eq!((h.actual("LIC"), h.value("VALVE"), h.value("LIC.OUT")), (Mode::Tracking, 60.0, 60.0));
    h.ask(Action::Phase { phase: fill, order: ProcOrder::Hold }).unwrap();
    h.run(20);
    assert_eq!((h.actual("LIC"), h.value("VALVE")), (Mode::Tracking, 0.0), "held is held");
    // A person takes the output back with a mode.
    h.mode("LIC", Mode::Manual).unwrap();
    h.write("LIC.OUT", 15.0).unwrap();
    assert_eq!((h.actual("LIC"), h.value("VALVE")), (Mode::Manual, 15.0));
    h.mode("LIC", Mode::Auto).unwrap();
    h.ask(Action::Phase { phase: fill, order: ProcOrder::Restart }).unwrap();
    h.run(20);
    assert_eq!((h.actual("LIC"), h.value("VALVE")), (Mode::Tracking, 60.0));
    h.write("GATE", 1.0).unwrap();
    h.run(20);
    assert_eq!(h.actual("LIC"), Mode::Auto);
    assert!((h.value("VALVE") - 60.0).abs() < 0.1, "from where the phase left it");
}

#[test]
fn two_phases_cannot_own_the_same_output() {
    let mut b = Builder::new();
    let out = b.output("OUT");
    for name in ["A", "B"] {
        let action = b.assign(out, 10.0);
        let wait = b.expr(&[Op::Const(0.0)]);
        b.phase(name, vec![step("S", vec![action], Some(wait))], vec![out]);
    }
    let mut h = b.finish();
    h.all_good(0.0);
    h.scan();
    let (a, b) = (model::PhaseId(0), model::PhaseId(1));
    h.ask(Action::Phase { phase: a, order: ProcOrder::Start }).unwrap();
    assert_eq!(h.ask(Action::Phase { phase: b, order: ProcOrder::Start }), Err(Refusal::OwnedByPhase));
    h.ask(Action::Phase { phase: a, order: ProcOrder::Abort }).unwrap();
    h.run(20);
    assert!(h.ask(Action::Phase { phase: b, order: ProcOrder::Start }).is_ok());
}

/// A way to safety must not hang: an action that an interlock forbids, a step that never comes.
#[test]
fn aborting_passes_over_what_cannot_be_done() {
    let mut b = Builder::new();
    let out = b.output("OUT");
    let other = b.output("OTHER");
    let trip = b.input("TRIP");
    let (start, forbidden, last) = (b.assign(out, 50.0), b.assign(out, 20.0), b.assign(other, 7.0));
    let never = b.expr(&[Op::Const(0.0)]);
    let again = b.expr(&[Op::Const(0.0)]);
    b.phase("P", vec![step("Run", vec![start], Some(never))], vec![out, other]);
    let mut late = step("Forbidden", vec![forbidden], Some(again));
    late.within =
        Some(Within { ms: 8000, of: None, otherwise: Otherwise::Hold, why: "does not come".into() });
    b.plant.phases[0].aborting = vec![late, step("Last", vec![last], None)];
    let cause = b.above(trip, 0.5);
    let forcing = Forcing { point: out, device: None, value: 0.0, text: "OUT := 0".into() };
    b.interlock("IL", vec![cause], vec![forcing], true);
    let mut h = b.finish();
    h.all_good(0.0);
    h.scan();
    h.ask(Action::Phase { phase: model::PhaseId(0), order: ProcOrder::Start }).unwrap();
    h.run(20);
    let trip = h.point("TRIP");
    h.set(trip, 1.0);
    h.run(20);
    assert_eq!(h.value("OUT"), 0.0);
    h.ask(Action::Phase { phase: model::PhaseId(0), order: ProcOrder::Abort }).unwrap();
    h.run(400);
    assert_eq!(phase_state(&h, "P").refusal(), Some(Refusal::Interlocked));
    h.run(700);
    assert_eq!((phase_state(&h, "P").state, h.value("OTHER"), h.value("OUT")), (Aborted, 7.0, 0.0));
}

/// A stop after a trip finds everything shut already; a start finds it held.
#[test]
fn what_an_interlock_has_done_already_is_done_and_what_it_forbids_waits_for_its_reset() {
    let mut b = Builder::new();
    let (pv, trip, valve) = (b.input("PV"), b.input("TRIP"), b.output("VALVE"));
    b.pid("LIC", pv, &Loop { target: Some(valve), ..Loop::default() });
    let pump = b.machine("P-1", DeviceKind::Motor, None);
    let stop_pump = b.force_off(pump);
    let close = Forcing { point: valve, device: None, value: 0.0, text: "VALVE := 0".into() };
    let cause = b.above(trip, 0.5);
    b.interlock("IL", vec![cause], vec![close, stop_pump], true);
    let find = |b: &Builder, name: &str| b.plant.find_point(name).unwrap();
    let (out, pump) = (find(&b, "LIC.OUT"), find(&b, "P-1.CMD"));
    let shut = vec![b.assign(out, 0.0), b.assign(pump, 0.0)];
    b.phase("Stop", vec![step("Shut", shut, None)], vec![]);
    let run = vec![b.assign(pump, 1.0)];
    b.phase("Start", vec![step("Run", run, None)], vec![]);
    let mut h = b.finish();
    h.preset(valve, 30.0);
    h.all_good(0.0);
    h.run(3);
    h.mode("LIC", Mode::Manual).unwrap();
    h.write("P-1.CMD", 1.0).unwrap();
    let trip = h.point("TRIP");
    h.set(trip, 1.0);
    h.run(5);
    for phase in [0, 1] {
        h.ask(Action::Phase { phase: model::PhaseId(phase), order: ProcOrder::Start }).unwrap();
    }
    h.run(20);
    assert_eq!(phase_state(&h, "Stop").state, Complete);
    let start = phase_state(&h, "Start");
    assert_eq!((start.state, start.refusal()), (Running, Some(Refusal::Interlocked)));
    assert_eq!((h.value("VALVE"), h.value("P-1.CMD")), (0.0, 0.0));
    h.set(trip, 0.0);
    h.run(2);
    h.ask(Action::ResetInterlock { interlock: model::InterlockId(0) }).unwrap();
    h.run(20);
    assert_eq!((phase_state(&h, "Start").state, h.value("P-1.CMD")), (Complete, 1.0));
    assert_eq!((h.value("VALVE"), h.actual("LIC")), (0.0, Mode::Manual), "what was stopped stays so");
}

#[test]
fn a_wait_with_a_delay_begins_anew_every_time_the_step_is_entered() {
    let mut b = Builder::new();
    let switch = b.input("SWITCH");
    let wait = b.expr(&[Op::Load(switch), Op::OnDelay { timer: 0, ms: 1000 }]);
    b.phase("P", vec![step("Wait", vec![], Some(wait))], vec![]);
    let mut h = b.finish();
    h.all_good(1.0);
    h.scan();
    let phase = model::PhaseId(0);
    for _ in 0..3 {
        h.ask(Action::Phase { phase, order: ProcOrder::Start }).unwrap();
        h.run(95);
        assert_eq!(phase_state(&h, "P").state, Running, "not before its second is over");
        h.run(30);
        assert_eq!(phase_state(&h, "P").state, Complete);
        h.ask(Action::Phase { phase, order: ProcOrder::Reset }).unwrap();
        h.run(200);
    }
}

/// The last answer to a command, as the event list has it.
fn answer(h: &mut Harness, action: Action) -> String {
    assert!(h.ask(action).is_err(), "{action:?} is refused");
    let is_command = |event: &&model::Event| matches!(event.body, EventBody::Command { .. });
    let event = h.events.iter().rev().find(is_command).unwrap();
    control::describe(&h.plant(), event).2
}

#[test]
fn a_number_that_a_batch_has_is_refused_to_every_other_and_free_again_after_its_reset() {
    let mut plant = text_plant();
    // On another unit, so that nothing but the number stands in the way.
    let rinse = plant.recipes.iter_mut().find(|recipe| recipe.name == "EL-RINSE").unwrap();
    rinse.equipment = "ANOTHER".into();
    let mut h = Harness::new(plant);
    h.scan();
    let [recipe, rinse] = ["EL-START", "EL-RINSE"].map(|name| h.plant().find_recipe(name).unwrap());
    h.ask(Action::Prepare { recipe, batch: 412 }).unwrap();
    let said = answer(&mut h, Action::Prepare { recipe: rinse, batch: 412 });
    assert!(said.ends_with("refused: B-0412 is a batch of EL-START already; give another number"), "{said}");
    h.ask(Action::Prepare { recipe: rinse, batch: 413 }).unwrap();
    h.ask(Action::Batch { recipe: rinse, order: ProcOrder::Reset }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Reset }).unwrap();
    h.ask(Action::Prepare { recipe: rinse, batch: 412 }).expect("412 is free again");
}

#[test]
fn a_refused_order_says_what_stands_against_it_and_what_would_be_taken() {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 1.0);
    let [recipe, rinse] = ["EL-START", "EL-RINSE"].map(|name| h.plant().find_recipe(name).unwrap());
    let order = |order| Action::Batch { recipe, order };
    let [fill, circulate] = ["Fill", "Circulate"].map(|name| h.plant().find_phase(name).unwrap());
    let mut said = |action: Action| answer(&mut h, action);

    assert_eq!(
        said(order(ProcOrder::Hold)),
        "hold refused: no batch of it stands on EL-301; prepare one first"
    );
    assert_eq!(
        said(Action::Phase { phase: fill, order: ProcOrder::Restart }),
        "Fill restart refused: it is IDLE: restart is not possible now; start is"
    );
    let early = said(Action::Parameter { recipe, parameter: 0, value: 1.0 });
    assert!(early.contains("a parameter is set between prepare and start"), "{early}");

    h.ask(Action::Prepare { recipe, batch: 412 }).unwrap();
    let mut said = |action: Action| answer(&mut h, action);
    let busy = said(Action::Prepare { recipe: rinse, batch: 9 });
    assert!(busy.contains("refused: B-0412 stands on EL-301") && busy.contains("reset"), "{busy}");
    assert_eq!(
        said(order(ProcOrder::Hold)),
        "hold refused: the batch is IDLE: hold is not possible now; start, reset are"
    );
    let high = said(Action::Parameter { recipe, parameter: 1, value: 99.0 });
    let parameter = h.plant().recipes[recipe.index()].parameters[1].clone();
    let limits = format!("above the high limit ({} to {}", parameter.low, parameter.high);
    assert!(high.contains(&limits), "{high}");

    phase(&mut h, "Circulate", ProcOrder::Start).unwrap();
    assert_eq!(
        answer(&mut h, order(ProcOrder::Start)),
        "start refused: phase Circulate runs on EL-301: let it end or stop it first"
    );
    phase(&mut h, "Circulate", ProcOrder::Abort).unwrap();
    assert!(field.until(&mut h, 60.0, |h| phase_state(h, "Circulate").state == Aborted));
    batch(&mut h, ProcOrder::Start).unwrap();
    field.run(&mut h, 1.0);
    let again = answer(&mut h, order(ProcOrder::Start));
    assert!(
        again.contains("the batch is RUNNING: start is not possible now; hold, pause, stop, abort are"),
        "{again}"
    );
    let owned = answer(&mut h, Action::Phase { phase: fill, order: ProcOrder::Hold });
    assert!(owned.contains("refused: B-0412 commands the phases of EL-301"), "{owned}");
    let other = answer(&mut h, Action::Phase { phase: circulate, order: ProcOrder::Start });
    assert!(other.contains("refused: B-0412 commands"), "{other}");
}
