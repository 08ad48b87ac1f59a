//! Forces of inputs and outputs: what the field says or is told, for a time, by hand.

mod support;

use std::sync::Arc;

use control::plant::{AlarmCondition, DeviceKind, Forcing, Origin, Pick, ScanTiming};
use control::{Engine, FORCE_MAX_MS, FORCES, Forces, ScanOutput, StateView};
use model::{
    Action, AlarmState, Event, EventBody, ForceChange, ForceEnd, InterlockId, Mode, PointId, Quality,
    Refusal, UserId,
};
use support::{Builder, Harness, Loop};

const MINUTE_MS: u32 = 60_000;

/// A loop on VALVE, a motor P-1, and interlocks: IL-1, which may be bypassed, reads LEVEL through a filter and
/// a selector; IL-2, which never may, reads TRIP. Both stop P-1 and close VALVE.
fn plant() -> Harness {
    let mut b = Builder::new();
    let (pv, level, trip) = (b.input("PV"), b.input("LEVEL"), b.input("TRIP"));
    b.input("SPARE");
    let valve = b.output("VALVE");
    b.output("LAMP");
    b.point("NFORCED", Origin::Scan(ScanTiming::Forced));
    b.pid("LIC", pv, &Loop { target: Some(valve), kc: 0.5, ..Loop::default() });
    let pump = b.machine("P-1", DeviceKind::Motor, None);
    let lagged = b.filter("LF", level, 0.0);
    let (chosen, _) = b.selector("LS", vec![lagged], Pick::High, None);
    for (name, cause) in [("IL-1", chosen), ("IL-2", trip)] {
        let when = b.above(cause, 80.0);
        let close = Forcing { point: valve, device: None, value: 0.0, text: "VALVE := 0".into() };
        let stop = b.force_off(pump);
        b.interlock(name, vec![when], vec![close, stop], true);
    }
    b.plant.interlocks[1].bypass = None;
    let mut h = b.finish();
    h.preset(valve, 45.0);
    h.all_good(50.0);
    h.run(2);
    h
}

fn force(h: &mut Harness, name: &str, value: f64) -> Result<f64, Refusal> {
    force_for(h, name, value, MINUTE_MS)
}

fn force_for(h: &mut Harness, name: &str, value: f64, for_ms: u32) -> Result<f64, Refusal> {
    let point = h.point(name);
    h.ask(Action::Force { point, value, for_ms })
}

fn unforce(h: &mut Harness, name: &str) -> Result<f64, Refusal> {
    let point = h.point(name);
    h.ask(Action::Unforce { point })
}

fn forces(h: &Harness) -> Forces {
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    view.forces
}

fn field(h: &mut Harness, name: &str, value: f64) {
    let point = h.point(name);
    h.set(point, value);
    h.scan();
}

/// Why forces have ended, and by whom, as far as the last scan says.
fn ended(events: &[Event]) -> Vec<(ForceEnd, UserId)> {
    let end = |event: &Event| match event.body {
        EventBody::Force { change: ForceChange::Ended { reason }, user, .. } => Some((reason, user)),
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

#[test]
fn a_forced_output_stands_where_it_was_forced_and_its_loop_tracks_it_and_goes_on_without_a_bump() {
    let mut h = plant();
    assert!(force(&mut h, "VALVE", 73.25).is_ok());
    field(&mut h, "PV", 20.0);
    h.run(300);
    assert_eq!((h.value("VALVE"), h.quality("VALVE")), (73.25, Quality::GoodLocalOverride));
    assert_eq!((h.actual("LIC"), h.value("LIC.OUT")), (Mode::Tracking, 73.25));
    // Where the loop's integral ends is not where it began: only what it does from now on counts.
    field(&mut h, "PV", 50.0);
    h.run(5);
    assert_eq!(unforce(&mut h, "VALVE"), Ok(73.25));
    assert!((h.value("VALVE") - 73.25).abs() < 1e-7, "{}", h.value("VALVE"));
    assert_eq!((h.actual("LIC"), h.quality("VALVE")), (Mode::Auto, Quality::Good));
    field(&mut h, "PV", 40.0);
    h.run(100);
    assert!(h.value("VALVE") > 74.0, "and it controls again: {}", h.value("VALVE"));
}

#[test]
fn what_drives_a_forced_output_is_not_commanded_meanwhile_and_says_why() {
    let mut h = plant();
    force(&mut h, "P-1.OUTPUT", 1.0).unwrap();
    h.run(3);
    assert_eq!((h.value("P-1.OUTPUT"), h.value("P-1.CMD")), (1.0, 1.0), "the command follows");
    assert_eq!(h.write("P-1.CMD", 0.0), Err(Refusal::Forced));
    force(&mut h, "VALVE", 10.0).unwrap();
    h.mode("LIC", Mode::Manual).unwrap();
    assert_eq!(h.write("LIC.OUT", 20.0), Err(Refusal::Forced));
    unforce(&mut h, "P-1.OUTPUT").unwrap();
    h.run(10);
    assert_eq!((h.value("P-1.OUTPUT"), h.value("P-1.CMD")), (1.0, 1.0), "and stays until somebody commands");
    assert!(h.write("P-1.CMD", 0.0).is_ok());
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let why = control::why(&h.plant(), &view, "LIC").unwrap();
    assert!(why.lines.iter().any(|line| line.text().contains("a person forces the output")), "{why:?}");
}

#[test]
fn a_tripped_interlock_wins_over_a_force_in_its_scan_and_nothing_starts_again_when_it_is_reset() {
    let mut h = plant();
    force(&mut h, "P-1.OUTPUT", 1.0).unwrap();
    force(&mut h, "VALVE", 60.0).unwrap();
    h.run(3);
    field(&mut h, "TRIP", 90.0);
    assert_eq!((h.value("P-1.OUTPUT"), h.value("VALVE")), (0.0, 0.0));
    let interlock = InterlockId(1);
    assert_eq!(ended(h.out.events()), [(ForceEnd::Interlocked { interlock }, UserId::SYSTEM); 2]);
    assert_eq!(force(&mut h, "VALVE", 60.0), Err(Refusal::Interlocked));
    field(&mut h, "TRIP", 50.0);
    assert!(h.ask(Action::ResetInterlock { interlock }).is_ok());
    h.run(20);
    assert_eq!((h.value("P-1.OUTPUT"), h.value("P-1.CMD")), (0.0, 0.0));
    assert!(forces(&h).all().is_empty());
}

#[test]
fn a_forced_input_is_what_blocks_see_and_the_field_is_back_at_once_when_it_is_released() {
    let mut h = plant();
    assert_eq!(force(&mut h, "PV", 12.5), Ok(50.0));
    assert_eq!((h.value("LIC.PV"), h.quality("PV")), (12.5, Quality::GoodLocalOverride));
    field(&mut h, "PV", 61.0);
    assert_eq!(h.value("PV"), 12.5);
    assert_eq!(forces(&h).find(h.point("PV")).unwrap().raw, 61.0, "the field is heard beside it");
    assert_eq!(unforce(&mut h, "PV"), Ok(12.5));
    assert_eq!((h.value("PV"), h.quality("PV"), h.value("LIC.PV")), (61.0, Quality::Good, 61.0));
    assert_eq!(ended(h.out.events()), [(ForceEnd::Released, UserId(5))]);
    assert_eq!(unforce(&mut h, "PV"), Err(Refusal::NothingToDo));
}

#[test]
fn an_input_that_is_bad_can_be_forced_good_and_is_bad_again_afterwards() {
    let mut h = plant();
    let pv = h.point("PV");
    h.input(pv, 0.0, Quality::BadNoCommunication);
    h.scan();
    force(&mut h, "PV", 40.0).unwrap();
    assert!(h.quality("PV").is_good());
    h.input(pv, f64::NAN, Quality::Good);
    h.scan();
    h.input(pv, 0.0, Quality::BadSensorFailure);
    h.scan();
    assert_eq!((h.value("PV"), h.quality("PV")), (40.0, Quality::GoodLocalOverride));
    unforce(&mut h, "PV").unwrap();
    assert_eq!((h.value("PV"), h.quality("PV")), (50.0, Quality::BadSensorFailure));
}

#[test]
fn an_input_that_interlocks_read_by_any_way_is_forced_only_when_all_of_them_may_be_bypassed() {
    let mut h = plant();
    assert_eq!(force(&mut h, "TRIP", 10.0), Err(Refusal::DefeatsInterlock));
    let refused = control::describe(&h.plant(), h.out.events().last().unwrap()).2;
    assert!(refused.contains("may not be bypassed reads it (IL-2)"), "{refused}");
    force(&mut h, "LEVEL", 10.0).unwrap();
    let forced = h.out.events().iter().find(|event| matches!(event.body, EventBody::Force { .. })).unwrap();
    let text = control::describe(&h.plant(), forced).2;
    assert_eq!(text, "FORCED to 10.0 % for 1 min, defeats IL-1");
    field(&mut h, "LEVEL", 95.0);
    h.run(3);
    assert!(!h.engine.interlocks()[0].tripped, "the interlock sees what is forced");
    unforce(&mut h, "LEVEL").unwrap();
    h.run(2);
    assert!(h.engine.interlocks()[0].tripped, "and the field again");
}

#[test]
fn what_clients_are_told_of_a_tag_is_whom_a_force_needs_and_which_interlocks_it_defeats() {
    use model::wire::Role;
    let h = plant();
    let view = control::plant_view(&h.plant());
    let of = |name: &str| view.points[h.point(name).index()].force.clone().map(|f| (f.role, f.defeats));
    assert_eq!(of("PV"), Some((Some(Role::Supervisor), vec![])));
    assert_eq!(of("LEVEL"), Some((Some(Role::Supervisor), vec![InterlockId(0)])));
    assert_eq!(of("TRIP"), Some((None, vec![InterlockId(1)])));
    assert_eq!(of("VALVE"), Some((Some(Role::Supervisor), vec![])));
    assert_eq!(of("LIC.SP"), None);
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    let output = b.output("V");
    let when = b.above(level, 80.0);
    let close = Forcing { point: output, device: None, value: 0.0, text: String::new() };
    b.interlock("IL-9", vec![when], vec![close], true);
    b.plant.interlocks[0].bypass = Some(Role::Engineer);
    let force = control::plant_view(&b.plant).points[level.index()].force.clone().unwrap();
    assert_eq!(force.role, Some(Role::Engineer), "as much as the bypass asks");
}

#[test]
fn a_force_ends_by_itself_when_its_time_is_up_and_not_a_scan_earlier() {
    let mut h = plant();
    force_for(&mut h, "VALVE", 70.0, 1000).unwrap();
    force_for(&mut h, "PV", 50.0, 2000).unwrap();
    let began = h.tick;
    h.run(98);
    assert_eq!(forces(&h).all().len(), 2, "100 scans of 10 ms are not over");
    h.scan();
    assert_eq!(ended(h.out.events()), [(ForceEnd::Expired, UserId::SYSTEM)]);
    assert_eq!(forces(&h).find(h.point("VALVE")), None);
    // The machine stalls: what is over is over before anything acts on it.
    field(&mut h, "PV", 90.0);
    h.scan_at(began + 10_000);
    assert_eq!((h.value("PV"), h.value("LIC.PV")), (90.0, 90.0));
}

#[test]
fn a_tag_can_be_forced_to_either_end_of_its_range_and_for_a_whole_shift() {
    let mut h = plant();
    for (value, for_ms) in [(0.0, MINUTE_MS), (100.0, 8 * 60 * MINUTE_MS)] {
        force_for(&mut h, "PV", value, for_ms).unwrap();
        assert_eq!((h.value("PV"), h.quality("PV")), (value, Quality::GoodLocalOverride));
    }
}

#[test]
fn a_forced_switch_is_on_or_off_and_nothing_between() {
    let mut b = Builder::new();
    let lamp = b.output("LAMP");
    b.at(lamp).words = Some(("off".into(), "on".into()));
    let mut h = b.finish();
    h.all_good(0.0);
    h.run(2);
    for (asked, stands) in [(1.0, 1.0), (0.0, 0.0), (0.5, 1.0), (0.4, 0.0)] {
        force(&mut h, "LAMP", asked).unwrap();
        h.run(2);
        assert_eq!(h.value("LAMP"), stands, "{asked}");
        assert_eq!(forces(&h).all()[0].value, stands, "{asked}");
    }
}

/// A loop that is out of service tracks nothing: it writes where its output stands, as its own.
#[test]
fn a_forced_output_says_that_it_is_also_when_its_loop_is_out_of_service() {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    let modes = vec![Mode::Manual, Mode::Auto, Mode::OutOfService];
    b.pid("LIC", pv, &Loop { target: Some(valve), modes, ..Loop::default() });
    let mut h = b.finish();
    h.preset(valve, 45.0);
    h.all_good(50.0);
    h.run(2);
    h.mode("LIC", Mode::OutOfService).unwrap();
    force(&mut h, "VALVE", 60.0).unwrap();
    h.run(3);
    assert_eq!(h.actual("LIC"), Mode::OutOfService);
    assert_eq!((h.at(valve), h.quality("VALVE")), (60.0, Quality::GoodLocalOverride));
    unforce(&mut h, "VALVE").unwrap();
    h.run(3);
    assert_eq!((h.at(valve), h.quality("VALVE")), (60.0, Quality::Good), "it stays where it was put");
}

#[test]
fn a_force_that_makes_no_sense_is_refused_with_its_reason() {
    let mut h = plant();
    for (name, value, for_ms, refusal) in [
        ("PV", f64::NAN, 1000, Refusal::NotANumber),
        ("PV", f64::INFINITY, 1000, Refusal::NotANumber),
        ("PV", -0.1, 1000, Refusal::BelowLimit),
        ("VALVE", 100.1, 1000, Refusal::AboveLimit),
        ("PV", 1.0, 0, Refusal::ForceTime),
        ("PV", 1.0, FORCE_MAX_MS + 1, Refusal::ForceTime),
        ("LIC.SP", 1.0, 1000, Refusal::NotForceable),
        ("PLC.LINK", 0.0, 1000, Refusal::NotForceable),
        ("NFORCED", 0.0, 1000, Refusal::NotForceable),
    ] {
        assert_eq!(force_for(&mut h, name, value, for_ms), Err(refusal), "{name} {value} {for_ms}");
    }
    let nowhere = Action::Force { point: PointId(9999), value: 0.0, for_ms: 1 };
    assert_eq!(h.ask(nowhere), Err(Refusal::Unknown));
    assert!(forces(&h).all().is_empty());
    force(&mut h, "VALVE", 100.1).unwrap_err();
    let text = control::describe(&h.plant(), h.out.events().last().unwrap()).2;
    assert_eq!(text, "force 100.1 % for 1 min refused: above the high limit (0.0 to 100.0 %)");
}

#[test]
fn a_second_force_takes_the_place_of_the_first_and_the_field_beside_it_is_not_lost() {
    let mut h = plant();
    force_for(&mut h, "PV", 10.0, 1000).unwrap();
    field(&mut h, "PV", 66.0);
    assert_eq!(force_for(&mut h, "PV", 20.0, 5000), Ok(10.0));
    h.run(200);
    assert_eq!((h.value("PV"), forces(&h).all().len()), (20.0, 1), "the first one's end has no more say");
    unforce(&mut h, "PV").unwrap();
    assert_eq!(h.value("PV"), 66.0);
}

#[test]
fn a_full_table_refuses_the_next_force_and_says_so() {
    let mut b = Builder::new();
    let tags: Vec<PointId> = (0..=FORCES).map(|number| b.input(&format!("T-{number}"))).collect();
    let mut h = b.finish();
    h.all_good(5.0);
    h.scan();
    let order = |point: &PointId| Action::Force { point: *point, value: 1.0, for_ms: MINUTE_MS };
    for tag in &tags[..FORCES] {
        h.ask(order(tag)).unwrap();
    }
    assert_eq!(h.ask(order(&tags[FORCES])), Err(Refusal::ForcesFull));
    let text = control::describe(&h.plant(), h.out.events().last().unwrap()).2;
    assert!(text.ends_with("release one first (32 are)"), "{text}");
    assert!(h.ask(order(&tags[3])).is_ok(), "another value for one that is forced needs no room");
    unforce(&mut h, "T-0").unwrap();
    assert!(h.ask(order(&tags[FORCES])).is_ok());
    let names: Vec<u32> = forces(&h).all().iter().map(|force| force.point.0).collect();
    let expected: Vec<u32> = tags[1..].iter().map(|tag| tag.0).collect();
    assert_eq!(names, expected, "in the order in which they were forced");
}

#[test]
fn nothing_is_forced_before_the_field_has_delivered_and_a_restart_waits_for_what_the_field_says() {
    let mut b = Builder::new();
    let (pv, out) = (b.input("PV"), b.output("OUT"));
    b.input("OTHER");
    let mut h = b.finish();
    h.scan();
    let order = Action::Force { point: pv, value: 7.0, for_ms: MINUTE_MS };
    assert_eq!(h.ask(order), Err(Refusal::NotReady));
    h.all_good(5.0);
    h.scan();
    h.ask(order).unwrap();
    h.ask(Action::Force { point: out, value: 33.0, for_ms: MINUTE_MS }).unwrap();
    h.engine.resume();
    let link = h.point("PLC.LINK");
    h.set(link, 1.0);
    let other = h.point("OTHER");
    h.set(other, 5.0);
    h.scan();
    assert!(!h.engine.is_ready(), "what is forced is no word of the field");
    assert_eq!(h.value("PV"), 7.0);
    h.set(pv, 6.0);
    h.scan();
    assert!(h.engine.is_ready());
    assert_eq!((h.value("PV"), h.value("OUT")), (7.0, 33.0), "then the forces stand again");
    unforce(&mut h, "PV").unwrap();
    assert_eq!(h.value("PV"), 6.0);
}

#[test]
fn a_device_that_comes_back_with_a_forced_output_elsewhere_ends_the_force() {
    let mut h = plant();
    force(&mut h, "P-1.OUTPUT", 1.0).unwrap();
    force(&mut h, "LAMP", 40.0).unwrap();
    h.run(2);
    let link = h.point("PLC.LINK");
    h.set(link, 0.0);
    h.run(10);
    for (name, value) in [("P-1.OUTPUT", 0.0), ("LAMP", 40.0), ("PLC.LINK", 1.0)] {
        let point = h.point(name);
        h.set(point, value);
    }
    h.scan();
    assert_eq!(ended(h.out.events()), [(ForceEnd::TakenOver, UserId::SYSTEM)]);
    h.run(10);
    assert_eq!((h.value("P-1.OUTPUT"), h.value("P-1.CMD")), (0.0, 0.0), "nothing starts by itself");
    assert_eq!((h.value("LAMP"), forces(&h).all().len()), (40.0, 1), "what stayed in place stays forced");
}

#[test]
fn an_output_that_nobody_drives_stays_where_it_was_forced() {
    let mut h = plant();
    force(&mut h, "LAMP", 40.0).unwrap();
    unforce(&mut h, "LAMP").unwrap();
    h.run(5);
    assert_eq!((h.value("LAMP"), h.quality("LAMP")), (40.0, Quality::Good));
}

#[test]
fn a_tag_of_the_plant_counts_what_is_forced_so_that_an_alarm_can_stand_on_it() {
    let mut h = plant();
    assert_eq!(h.value("NFORCED"), 0.0);
    force(&mut h, "PV", 1.0).unwrap();
    force_for(&mut h, "SPARE", 1.0, 100).unwrap();
    assert_eq!(h.value("NFORCED"), 2.0);
    h.run(20);
    assert_eq!(h.value("NFORCED"), 1.0);
    unforce(&mut h, "PV").unwrap();
    assert_eq!(h.value("NFORCED"), 0.0);
}

#[test]
fn a_snapshot_knows_the_forces_and_goes_on_with_them_bit_for_bit() {
    let mut h = plant();
    force_for(&mut h, "PV", 12.0, 3000).unwrap();
    force_for(&mut h, "VALVE", 70.0, 2000).unwrap();
    h.run(50);
    let bytes = h.save();
    let mut twin = Engine::new(Arc::clone(h.engine.plant()));
    twin.restore(&bytes).unwrap();
    let mut out = ScanOutput::with_capacity(1024);
    for _ in 0..400 {
        h.scan();
        twin.scan(h.tick, &[], &[], &mut out);
        assert_eq!(twin.state_hash(), h.engine.state_hash());
        assert_eq!(twin.scan_hash(), h.engine.scan_hash());
        assert_eq!(out.events(), h.out.events());
    }
    assert!(forces(&h).all().is_empty(), "both ended on the way");
}

#[test]
fn the_alarm_that_something_is_forced_goes_when_an_interlock_ends_the_force() {
    let mut b = Builder::new();
    let trip = b.input("TRIP");
    let valve = b.output("VALVE");
    let count = b.point("NFORCED", Origin::Scan(ScanTiming::Forced));
    b.alarm("FORCED", AlarmCondition::Above { point: count, limit: 1.0, deadband: 0.0 });
    let when = b.above(trip, 80.0);
    let close = Forcing { point: valve, device: None, value: 0.0, text: "VALVE := 0".into() };
    b.interlock("IL-1", vec![when], vec![close], true);
    let mut h = b.finish();
    h.all_good(50.0);
    h.run(2);
    force(&mut h, "VALVE", 60.0).unwrap();
    h.run(2);
    assert_eq!(h.engine.alarms()[0].state, AlarmState::Unacked);
    field(&mut h, "TRIP", 90.0);
    h.scan();
    assert_eq!((h.value("NFORCED"), h.value("VALVE")), (0.0, 0.0));
    assert_eq!(h.engine.alarms()[0].state, AlarmState::Returned);
}
