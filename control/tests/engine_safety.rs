//! Start, interlocks, devices, measurement blocks and alarms in the whole engine.

mod support;

use control::plant::{
    AlarmCondition, BlockBody, DeviceKind, DeviceState, Forcing, Op, Origin, Pick, ScanTiming,
};
use control::{Engine, Input, ScanOutput};
use model::{
    Action, AlarmId, AlarmState, EventBody, InterlockChange, InterlockId, LinkDoubt, Mode, PointId, Quality,
    Refusal, UserId,
};
use support::field::Field;
use support::{Builder, Harness, Loop, text_plant};

fn il(h: &mut Harness, number: u32) -> Result<f64, Refusal> {
    h.ask(Action::ResetInterlock { interlock: InterlockId(number) })
}

fn bypass(h: &mut Harness, number: u32, for_ms: u32) -> Result<f64, Refusal> {
    h.ask(Action::Bypass { interlock: InterlockId(number), for_ms })
}

/// A loop on VALVE, a pump P-1, an interlock on LEVEL that closes one and stops the other.
fn protected() -> Harness {
    let mut b = Builder::new();
    let (pv, level) = (b.input("PV"), b.input("LEVEL"));
    let valve = b.output("VALVE");
    b.pid("LIC", pv, &Loop { target: Some(valve), kc: 0.5, ..Loop::default() });
    let pump = b.machine("P-1", DeviceKind::Motor, None);
    let stop = b.force_off(pump);
    let close = Forcing { point: valve, device: None, value: 0.0, text: "VALVE := 0".into() };
    let cause = b.above(level, 80.0);
    b.interlock("IL-1", vec![cause], vec![close, stop], true);
    let mut h = b.finish();
    h.preset(valve, 45.0);
    h.all_good(50.0);
    h.run(2);
    h
}

fn level(h: &mut Harness, value: f64) {
    let point = h.point("LEVEL");
    h.set(point, value);
    h.scan();
}

#[test]
fn a_trip_wins_over_loop_device_and_operator_in_the_same_scan() {
    let mut h = protected();
    h.write("P-1.CMD", 1.0).unwrap();
    h.run(2);
    assert_eq!(h.value("P-1.OUTPUT"), 1.0);
    level(&mut h, 90.0);
    assert_eq!((h.value("VALVE"), h.value("P-1.CMD"), h.value("P-1.OUTPUT")), (0.0, 0.0, 0.0));
    assert!(h.out.events().iter().any(|event| matches!(
        event.body,
        EventBody::Interlock { change: InterlockChange::Tripped { cause: 0, .. }, .. }
    )));
    h.run(20);
    let pump = h.plant().find_block("P-1").unwrap();
    let dictated = h.events.iter().filter(|event| matches!(event.body, EventBody::Dictated { .. }));
    let bodies: Vec<_> = dictated.map(|event| event.body).collect();
    assert_eq!(bodies, [EventBody::Dictated { block: pump, on: false, interlock: InterlockId(0) }], "once");
    assert_eq!(h.write("P-1.CMD", 1.0), Err(Refusal::Interlocked));
    assert_eq!(h.actual("LIC"), Mode::Tracking);
    assert_eq!(h.value("LIC.OUT"), 0.0);
    h.mode("LIC", Mode::Manual).unwrap();
    assert_eq!(h.write("LIC.OUT", 20.0), Err(Refusal::Interlocked));
    assert_eq!(il(&mut h, 0), Err(Refusal::CauseStands));
    level(&mut h, 50.0);
    assert_eq!(h.value("VALVE"), 0.0, "latched");
    assert_eq!(il(&mut h, 0), Ok(1.0));
    h.run(5);
    assert_eq!((h.value("VALVE"), h.value("P-1.CMD")), (0.0, 0.0), "it stays where the trip put it");
    assert!(h.write("P-1.CMD", 1.0).is_ok() && h.write("LIC.OUT", 20.0).is_ok());
}

#[test]
fn bypasses_are_counted_while_they_stand_and_until_they_run_out_by_themselves() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    let count = b.point("NBYPASSED", Origin::Scan(ScanTiming::Bypassed));
    b.alarm("NBYPASSED.ON", AlarmCondition::Above { point: count, limit: 1.0, deadband: 0.0 });
    for name in ["IL-1", "IL-2"] {
        let cause = b.above(level, 80.0);
        b.interlock(name, vec![cause], vec![], true);
    }
    let mut h = b.finish();
    h.all_good(50.0);
    h.run(2);
    assert_eq!(h.value("NBYPASSED"), 0.0);
    bypass(&mut h, 0, 1_000).unwrap();
    assert_eq!((h.value("NBYPASSED"), h.engine.interlocks()[0].bypassed_by), (1.0, UserId(5)));
    h.run(1);
    assert_eq!(h.engine.alarms()[0].state, AlarmState::Unacked);
    bypass(&mut h, 1, 60_000).unwrap();
    assert_eq!(h.value("NBYPASSED"), 2.0);
    h.run(101);
    assert_eq!(h.value("NBYPASSED"), 1.0, "the first has run out");
    bypass(&mut h, 1, 0).unwrap();
    assert_eq!(h.value("NBYPASSED"), 0.0);
    h.run(1);
    assert_eq!(h.engine.alarms()[0].state, AlarmState::Returned);
}

/// The link goes, the pump having run; the field comes back with these outputs.
fn comes_back(valve: impl Fn(f64) -> f64, pump: f64) -> (Harness, f64) {
    let mut h = protected();
    h.write("P-1.CMD", 1.0).unwrap();
    h.run(2);
    let link = h.point("PLC.LINK");
    h.set(link, 0.0);
    h.run(300);
    let commanded = h.value("VALVE");
    for (name, value) in [("VALVE", valve(commanded)), ("P-1.OUTPUT", pump), ("PLC.LINK", 1.0)] {
        let point = h.point(name);
        h.set(point, value);
    }
    h.scan();
    (h, commanded)
}

fn taken_over(h: &Harness) -> Option<u16> {
    h.out.events().iter().find_map(|event| match event.body {
        EventBody::TakenOver { outputs, .. } => Some(outputs),
        _ => None,
    })
}

#[test]
fn a_device_that_comes_back_at_its_fail_positions_starts_nothing_by_itself() {
    let (mut h, _) = comes_back(|_| 0.0, 0.0);
    assert_eq!(taken_over(&h), Some(2));
    assert_eq!((h.value("P-1.CMD"), h.value("P-1.OUTPUT")), (0.0, 0.0));
    assert_eq!(h.actual("LIC"), Mode::Auto);
    assert!(h.value("VALVE") < 0.1, "the loop goes on from the shut valve: {}", h.value("VALVE"));
    h.run(100);
    assert_eq!(h.value("P-1.CMD"), 0.0);
    assert!(h.write("P-1.CMD", 1.0).is_ok(), "a person may start it");
}

#[test]
fn a_device_that_held_its_outputs_goes_on_as_if_nothing_had_been() {
    // What a 16-bit register makes of the command is the command.
    let (mut h, commanded) = comes_back(|value| value + 0.002, 1.0);
    assert_eq!(taken_over(&h), None);
    assert_eq!((h.value("P-1.CMD"), h.value("P-1.OUTPUT")), (1.0, 1.0));
    assert_eq!(h.value("VALVE"), commanded);
    // While the link stands, nobody but the writer moves an output.
    let pump = h.point("P-1.OUTPUT");
    h.set(pump, 0.0);
    h.scan();
    assert_eq!(h.value("P-1.OUTPUT"), 1.0);
}

#[test]
fn a_loop_in_auto_goes_on_from_where_the_trip_put_its_output() {
    let mut h = protected();
    level(&mut h, 90.0);
    h.run(1000);
    level(&mut h, 50.0);
    il(&mut h, 0).unwrap();
    h.scan();
    assert_eq!(h.actual("LIC"), Mode::Auto);
    assert!(h.value("VALVE") < 0.1, "no bump and no windup: {}", h.value("VALVE"));
}

#[test]
fn a_bypass_ends_by_itself_and_its_length_is_bounded() {
    let mut h = protected();
    let shift_ms = 8 * 3_600_000;
    assert_eq!(bypass(&mut h, 0, shift_ms + 1), Err(Refusal::AboveLimit));
    assert_eq!(bypass(&mut h, 0, 0), Err(Refusal::NothingToDo));
    bypass(&mut h, 0, shift_ms).unwrap();
    bypass(&mut h, 0, 1000).unwrap();
    level(&mut h, 90.0);
    assert_eq!(h.actual("LIC"), Mode::Auto);
    h.run(97);
    assert!(h.value("VALVE") > 0.0);
    h.run(3);
    assert_eq!(h.value("VALVE"), 0.0, "it acts again after its second");
    let mut b = Builder::new();
    let cause = b.expr(&[Op::Const(0.0)]);
    b.interlock("IL", vec![cause], vec![], true);
    b.plant.interlocks[0].bypass = None;
    let mut h = b.finish();
    h.all_good(0.0);
    h.scan();
    assert_eq!(bypass(&mut h, 0, 1000), Err(Refusal::NotPermitted));
}

#[test]
fn of_two_interlocks_on_one_output_the_first_in_the_plant_wins() {
    let mut b = Builder::new();
    let (a, c) = (b.input("A"), b.input("B"));
    let out = b.output("OUT");
    for (point, value) in [(a, 10.0), (c, 90.0)] {
        let cause = b.above(point, 0.5);
        let forcing = Forcing { point: out, device: None, value, text: String::new() };
        b.interlock("IL", vec![cause], vec![forcing], false);
    }
    let mut h = b.finish();
    h.all_good(1.0);
    h.run(2);
    assert_eq!(h.value("OUT"), 10.0);
    h.set(a, 0.0);
    h.scan();
    assert_eq!(h.value("OUT"), 90.0);
}

/// The interlock names the output tag, not the device.
#[test]
fn a_device_whose_output_was_forced_does_not_come_back_by_itself() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    b.machine("P-1", DeviceKind::Motor, None);
    let out = b.plant.find_point("P-1.OUTPUT").unwrap();
    let cause = b.above(level, 80.0);
    let off = Forcing { point: out, device: None, value: 0.0, text: String::new() };
    b.interlock("IL", vec![cause], vec![off], false);
    let mut h = b.finish();
    h.all_good(0.0);
    h.scan();
    h.write("P-1.CMD", 1.0).unwrap();
    h.set(level, 90.0);
    h.run(3);
    assert_eq!((h.at(out), h.value("P-1.CMD")), (0.0, 0.0));
    h.set(level, 10.0);
    h.run(10);
    assert_eq!((h.at(out), h.value("P-1.CMD")), (0.0, 0.0));
    h.write("P-1.CMD", 1.0).unwrap();
    h.scan();
    assert_eq!(h.at(out), 1.0);
}

#[test]
fn a_warm_plant_is_taken_over_without_a_trip() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    let valve = b.output("VALVE");
    let cause = b.above(level, 80.0);
    let close = Forcing { point: valve, device: None, value: 0.0, text: String::new() };
    b.interlock("IL", vec![cause], vec![close], true);
    let mut h = b.finish();
    h.preset(valve, 45.0);
    h.run(300);
    assert!(!h.engine.is_ready(), "three seconds without data");
    h.all_good(50.0);
    h.scan();
    assert!(h.engine.is_ready());
    assert_eq!(h.value("VALVE"), 45.0);
    assert!(!h.events.iter().any(|event| matches!(event.body, EventBody::Interlock { .. })));
}

#[test]
fn without_data_the_wait_ends_after_five_seconds_in_the_safe_state() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    let valve = b.output("VALVE");
    let cause = b.above(level, 80.0);
    let close = Forcing { point: valve, device: None, value: 0.0, text: String::new() };
    b.interlock("IL", vec![cause], vec![close], true);
    let mut h = b.finish();
    h.preset(valve, 45.0);
    h.run(500);
    assert!(!h.engine.is_ready());
    h.run(1);
    assert!(h.engine.is_ready());
    assert_eq!(h.value("VALVE"), 0.0, "a cause without data stands");
}

#[test]
fn one_device_that_answers_is_not_yet_the_field() {
    let mut b = Builder::new();
    b.input("A");
    let other = b.device("PLC-2");
    let mut h = b.finish();
    let (a, link) = (h.point("A"), h.point("PLC.LINK"));
    h.set(link, 1.0);
    h.scan();
    assert!(!h.engine.is_ready(), "the link is up, the data has not come");
    h.set(a, 1.0);
    h.scan();
    assert!(!h.engine.is_ready(), "the other device is missing");
    h.set(other, 1.0);
    h.scan();
    assert!(h.engine.is_ready());
}

#[test]
fn after_a_resumption_everything_waits_for_the_field_and_goes_on() {
    let mut h = protected();
    h.write("P-1.CMD", 1.0).unwrap();
    h.run(100);
    let valve = h.value("VALVE");
    let saved = h.save();
    let mut again = Harness::new((*h.plant()).clone());
    again.engine.restore(&saved).unwrap();
    again.engine.resume();
    again.tick = h.tick + 1000;
    again.run(10);
    assert!(!again.engine.is_ready());
    assert_eq!(again.quality("LEVEL"), Quality::BadWaitingForInitialData);
    again.all_good(50.0);
    again.scan();
    assert!(again.engine.is_ready());
    assert_eq!((again.value("VALVE"), again.value("P-1.OUTPUT")), (valve, 1.0));
    assert!(!again.events.iter().any(|event| matches!(event.body, EventBody::Interlock { .. })));
}

#[test]
fn inputs_that_are_no_numbers_turn_bad_and_keep_the_last_value() {
    let mut h = protected();
    let pv = h.point("PV");
    for (value, quality, expected) in [
        (f64::NAN, Quality::Good, (50.0, Quality::BadOutOfRange)),
        (f64::INFINITY, Quality::UncertainSubNormal, (50.0, Quality::BadOutOfRange)),
        (7.0, Quality::BadNoCommunication, (50.0, Quality::BadNoCommunication)),
        (f64::NAN, Quality::BadSensorFailure, (50.0, Quality::BadSensorFailure)),
        (60.0, Quality::UncertainLastUsable, (60.0, Quality::UncertainLastUsable)),
    ] {
        h.input(pv, value, quality);
        h.scan();
        assert_eq!((h.at(pv), h.quality("PV")), expected);
    }
    // Points that are not of the field, or of no plant at all.
    let (mode, out) = (h.point("LIC.MODE"), h.point("VALVE"));
    let before = (h.at(mode), h.at(out));
    h.input(mode, 3.0, Quality::Good);
    h.input(out, 99.0, Quality::Good);
    h.input(PointId(9999), 1.0, Quality::Good);
    h.scan();
    assert_eq!(h.at(mode), before.0);
    assert!((h.at(out) - before.1).abs() < 1.0);
}

#[test]
fn a_motor_follows_its_command_or_fails_after_its_travel_time() {
    let mut b = Builder::new();
    b.machine("P-1", DeviceKind::Motor, None);
    let mut h = b.finish();
    h.all_good(0.0);
    h.scan();
    let state = |h: &Harness| h.value("P-1.STATE") as u8;
    assert_eq!(state(&h), DeviceState::Off as u8);
    h.write("P-1.CMD", 1.0).unwrap();
    assert_eq!(state(&h), DeviceState::TurningOn as u8);
    let on = h.point("P-1.ON");
    h.set(on, 1.0);
    h.scan();
    assert_eq!(state(&h), DeviceState::On as u8);
    // It trips by itself.
    h.set(on, 0.0);
    h.run(501);
    assert_eq!((state(&h), h.value("P-1.FAIL")), (DeviceState::TurningOn as u8, 0.0));
    h.scan();
    assert_eq!((state(&h), h.value("P-1.FAIL")), (DeviceState::Failed as u8, 1.0));
    assert_eq!(h.value("P-1.CMD"), 0.0, "it would start by itself");
    assert!(h.out.events().iter().any(|event| matches!(event.body, EventBody::Device { failed: true, .. })));
    // Commanded anew it has its travel time again.
    h.write("P-1.CMD", 1.0).unwrap();
    assert_eq!(state(&h), DeviceState::TurningOn as u8);
    h.set(on, 1.0);
    h.scan();
    assert_eq!((state(&h), h.value("P-1.FAIL")), (DeviceState::On as u8, 0.0));
    // A bad feedback proves nothing.
    h.input(on, 0.0, Quality::BadNoCommunication);
    h.run(2000);
    assert_eq!((state(&h), h.value("P-1.FAIL")), (DeviceState::On as u8, 0.0));
}

#[test]
fn the_time_of_a_bad_feedback_does_not_count_against_the_motor() {
    let mut b = Builder::new();
    b.machine("P-1", DeviceKind::Motor, None);
    let mut h = b.finish();
    h.all_good(0.0);
    h.scan();
    let state = |h: &Harness| h.value("P-1.STATE") as u8;
    h.write("P-1.CMD", 1.0).unwrap();
    h.run(100);
    let on = h.point("P-1.ON");
    h.input(on, 0.0, Quality::BadNoCommunication);
    h.run(1000);
    // Known again, and still standing: it has its whole travel time of 5 s.
    h.set(on, 0.0);
    h.run(500);
    assert_eq!(state(&h), DeviceState::TurningOn as u8);
    h.run(2);
    assert_eq!((state(&h), h.value("P-1.FAIL")), (DeviceState::Failed as u8, 1.0));
}

#[test]
fn a_valve_that_only_tells_when_it_is_closed_is_open_when_it_is_not() {
    let mut b = Builder::new();
    let valve = b.machine("XV-1", DeviceKind::Valve, None);
    let BlockBody::Device(device) = &mut b.plant.blocks[valve.index()].body else { unreachable!() };
    (device.on, device.off) = (None, device.on);
    let closed = device.off.unwrap();
    let mut h = b.finish();
    h.all_good(1.0);
    h.preset(h.point("XV-1.OUTPUT"), 0.0);
    h.run(2);
    let state = |h: &Harness| h.value("XV-1.STATE") as u8;
    assert_eq!(state(&h), DeviceState::Off as u8);
    h.write("XV-1.CMD", 1.0).unwrap();
    assert_eq!(state(&h), DeviceState::TurningOn as u8);
    h.set(closed, 0.0);
    h.scan();
    assert_eq!(state(&h), DeviceState::On as u8);
    h.write("XV-1.CMD", 0.0).unwrap();
    assert_eq!(state(&h), DeviceState::TurningOff as u8);
}

#[test]
fn a_permissive_is_needed_to_switch_on_and_not_to_stay_on() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    let permit = b.above(level, 15.0);
    b.machine("P-1", DeviceKind::Motor, Some(permit));
    let mut h = b.finish();
    h.all_good(10.0);
    h.scan();
    assert_eq!(h.write("P-1.CMD", 1.0), Err(Refusal::NotPermitted));
    h.set(level, 20.0);
    h.scan();
    assert!(h.write("P-1.CMD", 1.0).is_ok());
    h.set(level, 10.0);
    h.run(10);
    assert_eq!(h.value("P-1.OUTPUT"), 1.0);
    h.input(level, 0.0, Quality::BadSensorFailure);
    h.scan();
    assert_eq!(h.write("P-1.CMD", 1.0), Err(Refusal::NotPermitted), "unknown is not permitted");
    assert!(h.write("P-1.CMD", 0.0).is_ok());
}

#[test]
fn a_selector_leaves_bad_inputs_out_and_doubts_what_differs() {
    let pick = |pick: Pick, inputs: &[(f64, Quality)]| {
        let mut b = Builder::new();
        let points: Vec<PointId> = (0..inputs.len()).map(|index| b.input(&format!("I-{index}"))).collect();
        b.selector("S", points.clone(), pick, Some(5.0));
        let mut h = b.finish();
        h.all_good(1.0);
        for (point, (value, quality)) in points.iter().zip(inputs) {
            h.input(*point, *value, *quality);
        }
        h.scan();
        (h.value("S.OUT"), h.quality("S.OUT"), h.value("S.SELECTED"))
    };
    let (good, bad, doubt) = (Quality::Good, Quality::BadSensorFailure, Quality::UncertainSubNormal);
    let three = [(3.0, good), (1.0, good), (2.0, good)];
    assert_eq!(pick(Pick::Median, &three), (2.0, good, 3.0));
    assert_eq!(pick(Pick::High, &three), (3.0, good, 1.0));
    assert_eq!(pick(Pick::Low, &three), (1.0, good, 2.0));
    assert_eq!(pick(Pick::Median, &[(3.0, good), (1.0, bad), (2.0, good)]), (2.5, good, 3.0));
    assert_eq!(pick(Pick::Median, &[(3.0, bad), (1.0, bad), (2.0, good)]), (2.0, good, 3.0));
    assert_eq!(pick(Pick::Median, &[(9.0, good), (3.0, good), (4.0, good)]), (4.0, doubt, 3.0));
    assert_eq!(pick(Pick::Median, &[(2.0, good), (2.0, good), (2.0, good)]), (2.0, good, 2.0));
    let four = [(14.0, good), (12.0, good), (10.0, good), (13.0, good)];
    assert_eq!(pick(Pick::Median, &four), (12.5, good, 2.0), "the lower of the two in the middle is shown");
    assert_eq!(
        pick(Pick::Low, &[(2.0, good), (1.0, good), (1.0, good)]),
        (1.0, good, 2.0),
        "the first of two"
    );
    let (_, quality, selected) = pick(Pick::High, &[(3.0, bad), (1.0, bad)]);
    assert_eq!((quality, selected), (Quality::BadCalculation, 0.0));
}

#[test]
fn a_calculation_holds_its_last_good_value() {
    let mut b = Builder::new();
    let (a, c) = (b.input("A"), b.input("B"));
    let value = b.expr(&[Op::Load(a), Op::Load(c), Op::Divide]);
    b.calc("Q", value);
    let mut h = b.finish();
    h.all_good(8.0);
    h.set(c, 2.0);
    h.scan();
    assert_eq!((h.value("Q"), h.quality("Q")), (4.0, Quality::Good));
    h.set(c, 0.0);
    h.scan();
    assert_eq!((h.value("Q"), h.quality("Q")), (4.0, Quality::BadCalculation));
    h.input(c, 4.0, Quality::UncertainLastUsable);
    h.scan();
    assert_eq!((h.value("Q"), h.quality("Q")), (2.0, Quality::UncertainSubNormal));
}

#[test]
fn a_filter_starts_afresh_behind_bad_data() {
    let mut b = Builder::new();
    let input = b.input("I");
    b.filter("F", input, 10.0);
    let mut h = b.finish();
    h.all_good(20.0);
    h.scan();
    assert_eq!(h.value("F.OUT"), 20.0, "it begins at its input");
    h.set(input, 30.0);
    h.run(100);
    let expected = 20.0 + 10.0 * (1.0 - (-0.1_f64).exp());
    assert!((h.value("F.OUT") - expected).abs() < 0.01);
    h.input(input, 0.0, Quality::BadSensorFailure);
    h.run(100);
    assert_eq!(h.quality("F.OUT"), Quality::BadSensorFailure);
    h.set(input, 50.0);
    h.scan();
    assert_eq!((h.value("F.OUT"), h.quality("F.OUT")), (50.0, Quality::Good));
}

#[test]
fn a_ramp_keeps_its_rate_and_follows_the_loop_that_does_not_listen() {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    let (_, out) = b.ramp("HY", 2.0, None);
    b.pid("IC", pv, &Loop { cascade: Some(out), target: Some(valve), sp: 30.0, ..Loop::default() });
    let mut h = b.finish();
    h.all_good(30.0);
    h.write("HY.TARGET", 40.0).unwrap();
    h.run(100);
    assert_eq!(h.value("HY.OUT"), 30.0, "it follows the set point");
    h.mode("IC", Mode::Cascade).unwrap();
    let mut last = h.value("IC.SP");
    for _ in 0..600 {
        h.scan();
        let now = h.value("IC.SP");
        assert!((0.0..=0.02 + 1e-9).contains(&(now - last)));
        last = now;
    }
    assert_eq!(last, 40.0);
}

#[test]
fn alarms_ring_are_acknowledged_and_shelved_by_command() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    b.alarm("LEVEL.H", AlarmCondition::Above { point: level, limit: 80.0, deadband: 1.0 });
    let mut h = b.finish();
    h.all_good(90.0);
    h.scan();
    let alarm = AlarmId(0);
    let moved = |h: &Harness, from, to| {
        h.out.events().iter().any(
            |event| matches!(event.body, EventBody::Alarm { from: f, to: t, .. } if f == from && t == to),
        )
    };
    assert!(moved(&h, AlarmState::Normal, AlarmState::Unacked));
    assert_eq!(h.ask(Action::Acknowledge { alarm }), Ok(1.0));
    assert!(moved(&h, AlarmState::Unacked, AlarmState::Acked));
    assert_eq!(h.ask(Action::Acknowledge { alarm }), Err(Refusal::NothingToDo));
    let half_a_day_ms = 12 * 3_600_000;
    assert_eq!(h.ask(Action::Shelve { alarm, for_ms: half_a_day_ms + 1 }), Err(Refusal::AboveLimit));
    assert_eq!(h.ask(Action::Shelve { alarm, for_ms: 100 }), Ok(2.0));
    assert!(moved(&h, AlarmState::Acked, AlarmState::Shelved));
    h.run(9);
    assert!(!moved(&h, AlarmState::Shelved, AlarmState::Unacked));
    h.scan();
    assert!(moved(&h, AlarmState::Shelved, AlarmState::Unacked), "off the shelf by itself");
    h.set(level, 10.0);
    h.scan();
    assert!(moved(&h, AlarmState::Unacked, AlarmState::Returned));
    h.ask(Action::Shelve { alarm, for_ms: half_a_day_ms }).unwrap();
    h.ask(Action::Shelve { alarm, for_ms: 0 }).unwrap();
    assert!(moved(&h, AlarmState::Shelved, AlarmState::Normal));
}

#[test]
fn a_lost_link_is_an_event_and_an_alarm_and_makes_its_inputs_bad() {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 2.0);
    let plant = h.plant();
    let link = h.point("PLC-300.LINK");
    h.set(link, 0.0);
    for io in plant.io.points.iter().filter(|io| io.direction == model::Direction::Input) {
        h.input(io.point, 0.0, Quality::BadNoCommunication);
    }
    h.scan();
    assert!(h.out.events().iter().any(|event| matches!(event.body, EventBody::Link { up: false, .. })));
    let fault = plant.find_alarm("PLC-300.FAULT").unwrap();
    assert!(h.out.events().iter().any(
        |event| matches!(event.body, EventBody::Alarm { alarm, to: AlarmState::Unacked, .. } if alarm == fault)
    ));
    h.run(200);
    assert_eq!(h.actual("IC-301"), Mode::Tracking, "the device that it drives is lost");
    // A pump protection with bad level trips; its delay-free cause stands at once.
    let protection = plant.find_interlock("IL-311").unwrap();
    assert!(h.events.iter().any(|event| matches!(
        event.body,
        EventBody::Interlock { interlock, change: InterlockChange::Tripped { .. } } if interlock == protection
    )));
}

#[test]
fn a_device_that_refuses_outputs_raises_the_alarm_of_its_link_and_its_loops_go_on() {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 2.0);
    let (link, mode) = (h.point("PLC-300.LINK"), h.actual("IC-301"));
    let (valve, stood) = (h.point("FV-301"), h.value("FV-301"));
    let fault = h.plant().find_alarm("PLC-300.FAULT").unwrap();
    let doubted = |h: &Harness| {
        h.out.events().iter().find_map(|event| match event.body {
            EventBody::Doubted { doubt, .. } => Some(doubt),
            _ => None,
        })
    };
    let told = |h: &Harness| {
        let link = h.out.events().iter().filter(|event| matches!(event.body, EventBody::Doubted { .. }));
        link.map(|event| control::describe(&h.plant(), event).2).collect::<String>()
    };
    let raised = |h: &Harness| {
        h.out.events().iter().any(|event| {
            matches!(event.body, EventBody::Alarm { alarm, to: AlarmState::Unacked, .. } if alarm == fault)
        })
    };
    h.input(valve, 90.0, Quality::BadDeviceFailure);
    h.input(link, 1.0, Quality::UncertainSubNormal);
    h.scan();
    assert_eq!((doubted(&h), raised(&h)), (Some(Some(LinkDoubt::Refuses)), true));
    assert!(told(&h).contains("refuses outputs"), "{}", told(&h));
    let named =
        |event: &model::Event| matches!(event.body, EventBody::OutputRefused { point } if point == valve);
    assert!(h.out.events().iter().any(named));
    assert!((h.value("FV-301") - stood).abs() < 1.0, "nothing is taken over");
    assert_eq!(h.value("PLC-300.LINK"), 1.0);
    assert_eq!(h.engine.image().quality(link), Quality::UncertainSubNormal, "a mark behind its state");
    h.input(link, 1.0, Quality::UncertainSubNormal);
    h.scan();
    assert_eq!((doubted(&h), raised(&h)), (None, false), "once");
    h.run(200);
    assert_eq!(h.actual("IC-301"), mode);

    h.set(link, 1.0);
    h.scan();
    assert_eq!((doubted(&h), raised(&h)), (Some(None), false));
    assert_eq!(h.engine.image().quality(link), Quality::Good);

    h.input(link, 1.0, Quality::UncertainSubNormal);
    h.scan();
    h.input(link, 1.0, Quality::UncertainLastUsable);
    h.scan();
    assert_eq!(doubted(&h), Some(Some(LinkDoubt::Contested)), "another reason is told as well");
    assert!(told(&h).contains("another client drives it too"), "{}", told(&h));
    h.set(link, 1.0);
    h.scan();

    h.input(link, 1.0, Quality::UncertainSubNormal);
    h.scan();
    h.set(link, 0.0);
    h.scan();
    assert_eq!(doubted(&h), None, "a link that is down is no longer one that refuses");
    assert_eq!((h.value("PLC-300.LINK"), h.engine.image().quality(link)), (0.0, Quality::Good));
}

#[test]
fn what_finds_no_room_is_counted_and_the_scan_goes_on() {
    let plant = std::sync::Arc::new(text_plant());
    let mut engine = Engine::new(std::sync::Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(1);
    let inputs: Vec<Input> =
        [1.0, 0.0, 1.0, 0.0].map(|value| Input { point: PointId(0), value, quality: Quality::Good }).into();
    engine.scan(1, &inputs, &[], &mut out);
    assert_eq!((out.events().len(), out.dropped()), (1, 3));
    engine.scan(2, &[], &[], &mut out);
    assert_eq!((out.events().len(), out.dropped()), (0, 0));
}

#[test]
fn an_interlock_holds_what_its_device_moves_while_it_is_away_in_the_same_scan() {
    let mut b = Builder::new();
    let level = b.input("LEVEL");
    let valve = b.output("VALVE");
    let close = Forcing { point: valve, device: None, value: 0.0, text: "VALVE := 0".into() };
    let cause = b.above(level, 80.0);
    b.interlock("IL-1", vec![cause], vec![close], true);
    let mut h = b.finish();
    h.all_good(90.0);
    h.run(2);
    let link = h.point("PLC.LINK");
    h.set(link, 0.0);
    h.run(10);
    // The watchdog has moved the valve, and nothing else changes.
    h.set(valve, 70.0);
    h.scan();
    assert_eq!(h.value("VALVE"), 0.0);
}

#[test]
fn a_ramp_begins_at_the_set_point_of_its_loop_and_stands_while_its_source_is_bad() {
    let mut b = Builder::new();
    let (pv, demand) = (b.input("PV"), b.input("DEMAND"));
    let source = b.expr(&[Op::Load(demand)]);
    let (_, out) = b.ramp("HY", 2.0, Some(source));
    // Its task comes after that of the loop.
    let later = b.task(1, 0) as usize;
    let ramp = b.plant.tasks[0].blocks.pop().unwrap();
    b.plant.tasks[later].blocks.push(ramp);
    let valve = b.output("VALVE");
    let ordinary =
        Loop { cascade: Some(out), target: Some(valve), normal_mode: Mode::Cascade, ..Loop::default() };
    b.pid("IC", pv, &Loop { sp: 30.0, ..ordinary });
    let mut h = b.finish();
    h.all_good(80.0);
    h.scan();
    assert!((h.value("HY.OUT") - 30.0).abs() < 0.1, "{}", h.value("HY.OUT"));
    assert_eq!(h.value("IC.SP"), 30.0);
    h.run(100);
    assert!(h.value("HY.OUT") > 31.5, "it is on its way: {}", h.value("HY.OUT"));
    h.input(demand, 0.0, Quality::BadSensorFailure);
    h.scan();
    let stands = h.value("HY.OUT");
    h.run(100);
    assert_eq!(h.value("HY.OUT"), stands);
    assert_eq!(h.quality("HY.OUT"), Quality::UncertainLastUsable);
    h.set(demand, 80.0);
    h.run(100);
    assert!(h.value("HY.OUT") > stands + 1.5, "and goes on: {}", h.value("HY.OUT"));
}
