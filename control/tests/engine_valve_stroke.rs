//! Stroke tests of on/off valves: all the way and back, off the seat, and what goes first.

mod support;

use control::{Engine, StateView, why};
use model::{
    Action, EventBody, Experiment, ExperimentChange, ExperimentEnd, ExperimentShape, Mode, Quality, Refusal,
    StrokeResult,
};
use proptest::prelude::*;
use support::text_loop::{TUNED, text_loop};
use support::{Dice, Harness};

/// A valve with two switches that opens while LT-2 allows it. IL-9 closes it; IL-8, which may be bypassed, watches its closed
/// switch.
const PLANT: &str = r#"
[tag."XV-9.OUT"]
description = "Valve"
words = ["closed", "open"]
fail = 0
io = { device = "PLC", coil = 1 }
[tag."XV-9.ZSO"]
description = "Open"
words = ["no", "yes"]
io = { device = "PLC", discrete = 10 }
[tag."XV-9.ZSC"]
description = "Closed"
words = ["no", "yes"]
io = { device = "PLC", discrete = 11 }
[valve.XV-9]
description = "Valve"
out = "XV-9.OUT"
on = "XV-9.ZSO"
off = "XV-9.ZSC"
travel = "3 s"
stroke = true
partial_stroke = "1 s"
permit = "LT-2 < 90 %"
[interlock.IL-9]
description = "Stop"
reset = "manual"
trip = [ { when = "P-1.RUN", text = "it runs" } ]
do = ["XV-9 := close"]
"#;

const WATCHED: &str = r#"
[tag.TV-9]
description = "Lamp"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 9, raw = [0, 27648] }
entry = { role = "operator" }
[interlock.IL-8]
description = "Vent"
reset = "auto"
bypass = "supervisor"
trip = [ { when = "NOT XV-9.ZSC", text = "not closed" } ]
do = ["TV-9 := 0 %"]
"#;

/// A real valve: what it is told, how fast it opens and closes per scan, and where it sticks.
struct Valve {
    at: f64,
    opens: f64,
    closes: f64,
    stuck: bool,
}

impl Valve {
    const OPEN: Self = Self { at: 1.0, opens: 0.005, closes: 0.01, stuck: false };
    const CLOSED: Self = Self { at: 0.0, ..Self::OPEN };
}

fn plant(valve: &Valve, more: &str) -> Harness {
    let mut h =
        text_loop(&format!("{TUNED}{PLANT}{more}")).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    h.preset(h.point("XV-9.OUT"), f64::from(u8::from(valve.at > 0.5)));
    tell(&mut h, valve);
    h.run(20);
    h
}

fn tell(h: &mut Harness, valve: &Valve) {
    for (name, on) in [("XV-9.ZSO", valve.at >= 0.98), ("XV-9.ZSC", valve.at <= 0.02)] {
        let point = h.point(name);
        h.set(point, f64::from(u8::from(on)));
    }
}

fn scans(h: &mut Harness, valve: &mut Valve, count: usize) {
    for _ in 0..count {
        h.scan();
        if !valve.stuck {
            let step = if h.value("XV-9.OUT") > 0.5 { valve.opens } else { -valve.closes };
            valve.at = (valve.at + step).clamp(0.0, 1.0);
        }
        tell(h, valve);
    }
}

fn stroke(h: &mut Harness, shape: ExperimentShape) -> Result<f64, Refusal> {
    let block = h.plant().find_block("XV-9").unwrap();
    let plan = Experiment { shape, amplitude: 0.0, bias: 0.0, hysteresis: 0.0, deviation: 0.0, for_ms: 0 };
    h.ask(Action::Experiment { block, plan })
}

/// The verdict and the end of the last test.
fn verdict(h: &Harness) -> Option<(StrokeResult, u32, u32, ExperimentEnd)> {
    let changes = h.events.iter().rev().filter_map(|event| match event.body {
        EventBody::Experiment { change, .. } => Some(change),
        _ => None,
    });
    let changes: Vec<_> = changes.take(2).collect();
    match changes[..] {
        [ExperimentChange::Ended { reason, .. }, ExperimentChange::Timed { result, away_ms, back_ms }] => {
            Some((result, away_ms, back_ms, reason))
        }
        _ => None,
    }
}

fn result(h: &Harness) -> StrokeResult {
    StrokeResult::from_value(h.value("XV-9.RESULT"))
}

#[test]
fn a_whole_stroke_measures_both_ways_and_ends_where_it_began() {
    for mut valve in [Valve::CLOSED, Valve::OPEN] {
        let stood = valve.at;
        let mut h = plant(&valve, "");
        assert_eq!(stroke(&mut h, ExperimentShape::Stroke), Ok(stood));
        assert_eq!(result(&h), StrokeResult::Running);
        scans(&mut h, &mut valve, 600);
        assert_eq!((h.value("XV-9.OUT"), valve.at), (stood, stood));
        let (found, _, _, reason) = verdict(&h).unwrap();
        assert_eq!(
            (found, reason, result(&h)),
            (StrokeResult::Passed, ExperimentEnd::Done, StrokeResult::Passed)
        );
        // 98 % at 0.5 % and at 1 % a scan; on its way back it begins at its switch.
        assert!((1.9..2.0).contains(&h.value("XV-9.OPENS")), "{}", h.value("XV-9.OPENS"));
        assert!((h.value("XV-9.CLOSES") - 0.99).abs() < 0.05, "{}", h.value("XV-9.CLOSES"));
        assert_eq!(h.value("XV-9.FAIL"), 0.0);
        assert!(!h.events.iter().any(|event| matches!(event.body, EventBody::Device { .. })));
    }
}

#[test]
fn a_valve_that_is_late_or_stuck_fails_and_is_ordered_back() {
    let mut slow = Valve { opens: 0.002, ..Valve::CLOSED };
    let mut h = plant(&slow, "");
    stroke(&mut h, ExperimentShape::Stroke).unwrap();
    scans(&mut h, &mut slow, 800);
    let (found, away_ms, _, _) = verdict(&h).unwrap();
    assert_eq!(found, StrokeResult::Failed);
    assert!((3_000..3_100).contains(&away_ms), "{away_ms}");
    assert_eq!((h.value("XV-9.OUT"), slow.at), (0.0, 0.0), "it is back");

    let mut stuck = Valve { stuck: true, ..Valve::CLOSED };
    let mut h = plant(&stuck, "");
    stroke(&mut h, ExperimentShape::PartialStroke).unwrap();
    scans(&mut h, &mut stuck, 200);
    assert_eq!(verdict(&h).unwrap().0, StrokeResult::Failed, "it has not left its seat");
    assert_eq!(h.value("XV-9.OUT"), 0.0);
}

#[test]
fn a_partial_stroke_leaves_the_seat_and_comes_back_at_once() {
    for mut valve in [Valve::CLOSED, Valve::OPEN] {
        let stood = valve.at;
        let mut h = plant(&valve, "");
        assert_eq!(stroke(&mut h, ExperimentShape::PartialStroke), Ok(stood));
        let mut furthest: f64 = 0.0;
        for _ in 0..200 {
            scans(&mut h, &mut valve, 1);
            furthest = furthest.max((valve.at - stood).abs());
        }
        assert!((0.02..0.06).contains(&furthest), "{furthest}");
        assert_eq!((h.value("XV-9.OUT"), valve.at), (stood, stood));
        let (found, away_ms, ..) = verdict(&h).unwrap();
        assert_eq!(found, StrokeResult::Passed);
        assert!(away_ms < 100, "{away_ms}");
        assert_eq!(h.value("XV-9.OPENS"), 0.0, "it has measured no whole way");
    }
}

#[test]
fn a_trip_ends_it_in_its_scan_and_the_reset_moves_nothing() {
    let mut valve = Valve::CLOSED;
    let mut h = plant(&valve, "");
    stroke(&mut h, ExperimentShape::Stroke).unwrap();
    scans(&mut h, &mut valve, 50);
    assert_eq!(h.value("XV-9.OUT"), 1.0);
    let point = h.point("P-1.RUN");
    h.set(point, 1.0);
    scans(&mut h, &mut valve, 1);
    assert_eq!(h.value("XV-9.OUT"), 0.0, "the trip wins");
    assert_eq!(result(&h), StrokeResult::Aborted, "in the scan of the trip");
    assert_eq!(verdict(&h).map(|verdict| verdict.3), Some(ExperimentEnd::Interrupted));
    let told = h.events.iter().filter(|event| event.tick == h.tick);
    let trip = |body: &EventBody| matches!(body, EventBody::Interlock { .. });
    assert!(
        told.clone().next().is_some_and(|event| trip(&event.body)),
        "behind the trip that has cut it off"
    );
    assert_eq!(told.count(), 3, "the trip, the verdict and the end");
    h.set(point, 0.0);
    scans(&mut h, &mut valve, 500);
    assert_eq!(
        (verdict(&h).unwrap().0, verdict(&h).unwrap().3),
        (StrokeResult::Aborted, ExperimentEnd::Interrupted)
    );
    let interlock = h.plant().find_interlock("IL-9").unwrap();
    h.ask(Action::ResetInterlock { interlock }).unwrap();
    scans(&mut h, &mut valve, 500);
    assert_eq!(h.value("XV-9.OUT"), 0.0);
}

#[test]
fn who_takes_the_valve_has_the_last_word_and_a_lost_switch_or_an_order_brings_it_back() {
    let under_way = || {
        let mut valve = Valve::CLOSED;
        let mut h = plant(&valve, "");
        stroke(&mut h, ExperimentShape::Stroke).unwrap();
        scans(&mut h, &mut valve, 50);
        (h, valve)
    };
    // An operator closes it himself.
    let (mut h, mut valve) = under_way();
    h.write("XV-9.CMD", 0.0).unwrap();
    scans(&mut h, &mut valve, 50);
    assert_eq!((verdict(&h).unwrap().3, h.value("XV-9.OUT")), (ExperimentEnd::TakenOver, 0.0));
    // Out of service it goes to its fail position.
    let (mut h, mut valve) = under_way();
    h.mode("XV-9", Mode::OutOfService).unwrap();
    scans(&mut h, &mut valve, 50);
    assert_eq!((verdict(&h).unwrap().3, h.value("XV-9.OUT")), (ExperimentEnd::TakenOver, 0.0));
    // A switch that cannot be read, or is forced, proves nothing.
    let (mut h, mut valve) = under_way();
    let point = h.point("XV-9.ZSO");
    h.ask(Action::Force { point, value: 1.0, for_ms: 60_000 }).unwrap();
    scans(&mut h, &mut valve, 5);
    assert_eq!((verdict(&h).unwrap().3, h.value("XV-9.OUT")), (ExperimentEnd::BadPosition, 0.0));
    // A person ends it.
    let (mut h, mut valve) = under_way();
    let block = h.plant().find_block("XV-9").unwrap();
    assert_eq!(h.ask(Action::EndExperiment { block }), Ok(1.0));
    scans(&mut h, &mut valve, 5);
    assert_eq!((verdict(&h).unwrap().3, h.value("XV-9.OUT")), (ExperimentEnd::Ordered, 0.0));
    assert_eq!(h.ask(Action::EndExperiment { block }), Err(Refusal::NothingToDo));
    // A restart: it stays where it is, for nobody knows what the field has made of it.
    let (mut h, _) = under_way();
    let bytes = h.save();
    let mut again = Engine::new(h.plant());
    again.restore(&bytes).unwrap();
    again.resume();
    let (plant, mut harness) = (h.plant(), Harness::new((*h.plant()).clone()));
    harness.engine = again;
    harness.tick = h.tick;
    harness.all_good(0.0);
    harness.run(5);
    assert_eq!(plant.blocks.len(), harness.plant().blocks.len());
    assert_eq!(harness.value("XV-9.OUT"), 1.0);
    assert_eq!(verdict(&harness).unwrap().3, ExperimentEnd::Interrupted);
}

#[test]
fn it_is_refused_where_it_could_do_harm_or_prove_nothing() {
    let valve = Valve::CLOSED;
    let full = ExperimentShape::Stroke;
    let mut h = plant(&valve, "");
    let point = h.point("LT-2");
    h.set(point, 95.0);
    h.run(20);
    assert_eq!(stroke(&mut h, full), Err(Refusal::NotPermitted));
    h.set(point, 0.0);
    h.set(h.point("P-1.RUN"), 1.0);
    h.run(20);
    assert_eq!(stroke(&mut h, full), Err(Refusal::Interlocked));

    let mut h = plant(&valve, "");
    stroke(&mut h, full).unwrap();
    h.run(20);
    assert_eq!(stroke(&mut h, full), Err(Refusal::NotInThisState), "one runs already");

    let text =
        format!("{TUNED}{}", PLANT.replacen("stroke = true", "stroke = true\nauto = \"LT-2 > 50 %\"", 1));
    let mut h = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    tell(&mut h, &valve);
    h.run(20);
    assert_eq!(stroke(&mut h, full), Err(Refusal::WrongMode), "in automatic demand");
    h.mode("XV-9", Mode::Manual).unwrap();
    h.run(20);
    stroke(&mut h, full).unwrap();

    let mut h = plant(&valve, WATCHED);
    assert_eq!(stroke(&mut h, full), Err(Refusal::WouldTrip));
    let refused = "stroke test refused: an interlock watches it and could trip; bypass that first";
    assert_eq!(h.told(), format!("{refused} (IL-8)"));
    let interlock = h.plant().find_interlock("IL-8").unwrap();
    h.ask(Action::Bypass { interlock, for_ms: 60_000 }).unwrap();
    stroke(&mut h, full).unwrap();

    let mut h = plant(&valve, &WATCHED.replacen("bypass = \"supervisor\"\n", "", 1));
    assert_eq!(stroke(&mut h, full), Err(Refusal::WouldTrip));
    assert_eq!(h.told(), format!("{refused} (IL-8, which has no bypass)"));

    let mut h = plant(&valve, "");
    let block = h.plant().find_block("XV-9").unwrap();
    h.ask(Action::Simulate { block, for_ms: 60_000 }).unwrap();
    assert_eq!(stroke(&mut h, full), Err(Refusal::Forced));
    h.ask(Action::Simulate { block, for_ms: 0 }).unwrap();
    let point = h.point("XV-9.ZSC");
    h.input(point, 1.0, Quality::BadSensorFailure);
    h.run(2);
    assert_eq!(stroke(&mut h, full), Err(Refusal::NotPermitted));
    h.mode("XV-9", Mode::OutOfService).unwrap();
    assert_eq!(stroke(&mut h, full), Err(Refusal::OutOfService));
    let plan =
        Experiment { shape: full, amplitude: 5.0, bias: 0.0, hysteresis: 0.0, deviation: 0.0, for_ms: 0 };
    assert_eq!(h.ask(Action::Experiment { block, plan }), Err(Refusal::AboveLimit));
    assert_eq!(stroke(&mut h, ExperimentShape::Step), Err(Refusal::NoTest));
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let lines = why(&h.plant(), &view, "XV-9").unwrap().lines;
    assert!(lines.iter().any(|line| line.text() == "stroke test: not tested"), "{lines:?}");
}

#[test]
fn a_text_that_makes_no_test_is_told_where() {
    let mistake = |from: &str, to: &str| {
        let text = format!("{TUNED}{}", PLANT.replacen(from, to, 1));
        let mistakes = text_loop(&text).err().unwrap_or_else(|| panic!("{to} compiles"));
        mistakes.iter().map(|mistake| mistake.code.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(mistake("on = \"XV-9.ZSO\"\noff = \"XV-9.ZSC\"\n", ""), ["out-of-range"]);
    assert_eq!(mistake("partial_stroke = \"1 s\"", "partial_stroke = \"3 s\""), ["out-of-range"]);
    assert_eq!(mistake("stroke = true", "stroke = true\nmin_off = \"10 s\""), ["out-of-range"]);
    assert_eq!(mistake("stroke = true", "stroke = 5"), ["wrong-type"]);
}

proptest! {
    /// A trip at any moment, of a valve that sticks now and then: it has the valve in every scan in which it acts, and
    /// nothing opens it again.
    #[test]
    fn a_trip_has_the_valve_whatever_a_test_does(seed in 1_u64..1_000_000, open: bool, partial: bool) {
        let mut dice = Dice(seed);
        let mut valve = if open { Valve::OPEN } else { Valve::CLOSED };
        let mut h = plant(&valve, "");
        let shape = if partial { ExperimentShape::PartialStroke } else { ExperimentShape::Stroke };
        let trip = dice.below(700);
        let _ = stroke(&mut h, shape);
        for step in 0..900 {
            if step == trip {
                h.set(h.point("P-1.RUN"), 1.0);
            }
            if step == trip + 30 {
                h.set(h.point("P-1.RUN"), 0.0);
            }
            if dice.below(200) == 0 {
                valve.stuck = !valve.stuck;
            }
            scans(&mut h, &mut valve, 1);
            if h.engine.interlocks()[0].forces() {
                prop_assert!(h.value("XV-9.OUT") == 0.0, "step {step}");
            }
        }
        prop_assert!(verdict(&h).is_some(), "every test ends");
        prop_assert_eq!(h.value("XV-9.OUT"), 0.0, "the trip has closed it, and nothing opens it again");
    }
}
