//! How values are limited, as the outside is told: FF-891's limit bits of a status.

mod support;

use control::StateView;
use control::plant::{BlockBody, Pick};
use model::wire::{LimitedPoint, WhyFact};
use model::{Action, Limited, Mode, Quality};
use support::text_loop::{TUNED, VALVE, bare, text_loop};
use support::{Builder, Harness, Loop};

fn seen(harness: &Harness) -> StateView {
    let plant = harness.engine.plant();
    let mut view = StateView::new(plant);
    harness.engine.publish(&mut view);
    view
}

fn in_view(harness: &Harness, view: &StateView, name: &str) -> Limited {
    let point = harness.engine.plant().find_point(name).unwrap();
    let all = control::limit_status(harness.engine.plant(), view);
    all.iter()
        .find(|LimitedPoint(id, _)| *id == point)
        .map_or(Limited::No, |LimitedPoint(_, limited)| *limited)
}

fn limited(harness: &Harness, name: &str) -> Limited {
    in_view(harness, &seen(harness), name)
}

/// TIC (PV1) over FIC (PV2), which drives VALVE; the set point of TIC goes no further than 80.
fn cascade() -> Harness {
    let mut b = Builder::new();
    let (pv1, pv2) = (b.input("PV1"), b.input("PV2"));
    let valve = b.output("VALVE");
    let primary = b.pid("TIC", pv1, &Loop { sp: 50.0, kc: 0.1, sp_limits: (10.0, 80.0), ..Loop::default() });
    let BlockBody::Pid(pid) = &b.plant.blocks[primary.index()].body else { unreachable!() };
    let secondary = Loop {
        cascade: Some(pid.out),
        target: Some(valve),
        out_limits: (5.0, 60.0),
        normal_mode: Mode::Cascade,
        ..Loop::default()
    };
    let secondary = b.pid("FIC", pv2, &secondary);
    let BlockBody::Pid(pid) = &mut b.plant.blocks[primary.index()].body else { unreachable!() };
    pid.secondary = Some(secondary);
    let mut h = b.finish();
    h.preset(valve, 42.0);
    h.all_good(50.0);
    h.run(5);
    h
}

fn feed(h: &mut Harness, name: &str, value: f64, quality: Quality) {
    let point = h.point(name);
    h.input(point, value, quality);
    h.run(2);
}

#[test]
fn an_output_at_its_limit_limits_the_loop_and_the_master_above_it() {
    let mut h = cascade();
    for name in ["TIC.OUT", "FIC.OUT", "VALVE", "TIC.SP", "TIC.PV", "PV1"] {
        assert_eq!(limited(&h, name), Limited::No, "{name} moves freely");
    }
    // The flow is lost to the valve: FIC opens it as far as it may.
    feed(&mut h, "PV2", 0.0, Quality::Good);
    h.run(2000);
    assert_eq!(h.value("VALVE"), 60.0);
    for name in ["FIC.OUT", "VALVE", "TIC.OUT"] {
        assert_eq!(limited(&h, name), Limited::High, "{name}");
    }
    assert!(h.value("TIC.OUT") < 100.0, "TIC stands at no limit of its own");
    feed(&mut h, "PV2", 100.0, Quality::Good);
    h.run(3000);
    assert_eq!(h.value("VALVE"), 5.0);
    for name in ["FIC.OUT", "VALVE", "TIC.OUT"] {
        assert_eq!(limited(&h, name), Limited::Low, "{name}");
    }
}

#[test]
fn the_output_of_a_loop_in_manual_stands_and_one_that_follows_does_not() {
    let mut h = cascade();
    h.mode("FIC", Mode::Manual).unwrap();
    h.run(3);
    assert_eq!((limited(&h, "FIC.OUT"), limited(&h, "VALVE")), (Limited::Constant, Limited::Constant));
    assert_eq!(h.actual("TIC"), Mode::Initialising);
    assert_eq!(limited(&h, "TIC.OUT"), Limited::No, "it follows the set point below");
}

#[test]
fn a_set_point_is_limited_at_its_limits() {
    let mut h = cascade();
    for (sp, expected) in [(80.0, Limited::High), (79.0, Limited::No), (10.0, Limited::Low)] {
        h.write("TIC.SP", sp).unwrap();
        h.scan();
        assert_eq!(limited(&h, "TIC.SP"), expected, "{sp}");
    }
}

#[test]
fn a_measurement_beyond_its_range_is_limited_there_and_a_lost_one_stands() {
    let mut h = cascade();
    for (value, quality, expected) in [
        (112.0, Quality::UncertainEngineeringRange, Limited::High),
        (-9.0, Quality::UncertainEngineeringRange, Limited::Low),
        // A device that calls its sensor inaccurate says nothing of a limit.
        (50.0, Quality::UncertainEngineeringRange, Limited::No),
        (50.0, Quality::UncertainSubNormal, Limited::No),
        (50.0, Quality::UncertainLastUsable, Limited::Constant),
        (50.0, Quality::BadNoCommunication, Limited::Constant),
        (50.0, Quality::Good, Limited::No),
    ] {
        feed(&mut h, "PV1", value, quality);
        assert_eq!(limited(&h, "PV1"), expected, "{value} {quality:?}");
        assert_eq!(limited(&h, "TIC.PV"), expected, "the PV of its loop, {value} {quality:?}");
    }
}

#[test]
fn what_a_device_says_of_its_input_counts_before_what_the_value_shows() {
    let mut h = cascade();
    let point = h.point("PV1");
    for (quality, said) in [(Quality::Good, Limited::Low), (Quality::BadSensorFailure, Limited::High)] {
        feed(&mut h, "PV1", 50.0, quality);
        let mut view = seen(&h);
        view.device_limits = vec![(point, said)];
        assert_eq!(in_view(&h, &view, "PV1"), said);
        assert_eq!(in_view(&h, &view, "PV2"), Limited::No, "the next point");
    }
}

#[test]
fn what_a_person_forces_and_what_an_interlock_dictates_stands() {
    let text = format!("{TUNED}{VALVE}");
    let mut h = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(40.0);
    h.run(5);
    assert_eq!((limited(&h, "ZT-1"), limited(&h, "TIC-1.OUT")), (Limited::No, Limited::No));
    let (point, value, for_ms) = (h.point("ZT-1"), 12.0, 60_000);
    h.ask(Action::Force { point, value, for_ms }).unwrap();
    assert_eq!(limited(&h, "ZT-1"), Limited::Constant);
    feed(&mut h, "LT-2", 60.0, Quality::Good);
    assert_eq!(h.actual("TIC-1"), Mode::Tracking);
    assert_eq!((limited(&h, "TV-1"), limited(&h, "TIC-1.OUT")), (Limited::Constant, Limited::Constant));
}

#[test]
fn a_filter_and_a_selector_are_limited_as_what_they_read() {
    let mut b = Builder::new();
    let (one, two) = (b.input("A"), b.input("B"));
    b.selector("HS", vec![one, two], Pick::High, None);
    b.filter("F", one, 1.0);
    let mut h = b.finish();
    h.all_good(10.0);
    h.run(2);
    feed(&mut h, "A", 110.0, Quality::UncertainEngineeringRange);
    assert_eq!((limited(&h, "F.OUT"), limited(&h, "HS.OUT")), (Limited::High, Limited::High));
    feed(&mut h, "A", -9.0, Quality::UncertainEngineeringRange);
    assert_eq!((limited(&h, "F.OUT"), limited(&h, "HS.OUT")), (Limited::Low, Limited::No), "B is taken");
}

#[test]
fn an_output_of_a_split_range_is_limited_at_the_ends_of_its_line() {
    let mut h = bare(
        r#"
[pid.TIC-1]
description = "Temperature"
pv = "TT-1"
action = "reverse"
task = "10 ms"
on_bad_pv = "manual"
out_unit = "%"
out_range = [0, 100]
kc = 10.0
ti = "1 s"
sp = "100 degC"
[analog_output.TY-1]
description = "Half the signal is the whole stroke"
input = "TIC-1.OUT"
out = "TV-1"
from = [0, 50]
to = [10, 90]
task = "10 ms"
"#,
    );
    h.all_good(0.0);
    h.run(2000);
    assert_eq!((h.value("TV-1"), limited(&h, "TV-1")), (90.0, Limited::High));
    feed(&mut h, "TT-1", 200.0, Quality::Good);
    h.run(2000);
    assert_eq!((h.value("TV-1"), limited(&h, "TV-1")), (10.0, Limited::Low));
}

#[test]
fn why_tells_that_a_master_is_limited_by_what_takes_its_output() {
    let mut h = cascade();
    feed(&mut h, "PV2", 0.0, Quality::Good);
    h.run(2000);
    let why = control::why(&h.plant(), &seen(&h), "TIC").unwrap();
    let out = why.lines.iter().find_map(|line| match &line.fact {
        WhyFact::Value(value) if value.label == "OUT" => Some((value.limited, line.text())),
        _ => None,
    });
    let (limited, text) = out.unwrap();
    assert_eq!(limited, Limited::High);
    assert!(text.ends_with(", high limited"), "{text}");
    let why = control::why(&h.plant(), &seen(&h), "FIC").unwrap();
    assert!(support::words(&why).contains("at its high limit 60"), "{}", support::words(&why));
}
