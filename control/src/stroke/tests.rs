//! The test of a valve leg by leg, against positions that are known to the tick.

use model::{BlockId, Experiment, ExperimentShape, Refusal, StrokeResult};

use super::{Sight, StrokeMemory, plan_of};
use crate::plant::Stroke;

/// 10 % in 10 s, then 2.5 s of rest, 10 s back and 2.5 s of rest: 25 s.
const LIMITS: Stroke = Stroke {
    by: 10.0,
    ramp_ms: 10_000,
    guard: 5.0,
    moved: 0.5,
    breakaway_most: 3.0,
    jump_most: 2.0,
    travel_most_ms: 20_000,
};

const PLAN: Experiment = Experiment {
    shape: ExperimentShape::Stroke,
    amplitude: 0.0,
    bias: 0.0,
    hysteresis: 0.0,
    deviation: 0.0,
    for_ms: 0,
};

/// What a test finds of a valve that stands at `position(ms, out)`, and when: a scan every 10 ms.
fn tested(limits: &Stroke, mut position: impl FnMut(u64, f64) -> f64) -> (StrokeMemory, u64) {
    let mut stroke = StrokeMemory::of(BlockId(0));
    stroke.begin(0, position(0, 0.0));
    for tick in 1..10_000 {
        let position = position(tick * 10, limits.by * stroke.share());
        let (by, ramp_ms) = (limits.by, limits.ramp_ms);
        if stroke.step(&Sight { limits, by, ramp_ms, position, tick, period_ms: 10 }) {
            return (stroke, tick * 10);
        }
    }
    panic!("it never ends: {stroke:?}");
}

#[test]
fn a_valve_that_follows_passes_after_two_ramps_and_two_rests() {
    for by in [10.0, -10.0] {
        let (stroke, ms) = tested(&Stroke { by, ..LIMITS }, |_, out| out);
        assert_eq!((stroke.result, ms), (StrokeResult::Passed, 25_000));
        assert_eq!(stroke.travel_ms, 10_000, "there when the ramp was");
        // It has moved when it has moved by 0.5 %; a scan of the ramp is 0.01 %.
        assert!((stroke.breakaway - 0.5).abs() < 0.02, "{}", stroke.breakaway);
    }
}

#[test]
fn a_valve_that_may_take_no_longer_than_the_ramp_rests_all_the_same_before_it_is_judged() {
    let (stroke, ms) = tested(&Stroke { travel_most_ms: 10_000, ..LIMITS }, |_, out| out);
    assert_eq!((stroke.result, ms), (StrokeResult::Passed, 25_000));
}

#[test]
fn a_valve_is_there_when_no_more_than_the_greatest_breakaway_is_missing() {
    // 10 % less 3 %.
    let (stroke, _) = tested(&LIMITS, |_, out| out * 0.71);
    assert_eq!(stroke.result, StrokeResult::Passed);
    let (stroke, ms) = tested(&LIMITS, |_, out| out * 0.69);
    assert_eq!((stroke.result, ms), (StrokeResult::Failed, 20_010), "the first scan after its time");
}

#[test]
fn a_valve_that_lets_go_behind_the_greatest_breakaway_is_judged_before_it_does() {
    let held = |most: f64| move |_, out: f64| if out > most { out } else { 0.0 };
    // At 3.00 % it may still stand; the next scan sees it move.
    assert_eq!(tested(&LIMITS, held(3.0)).0.result, StrokeResult::Passed);
    let (stroke, ms) = tested(&LIMITS, held(3.015));
    assert_eq!(stroke.result, StrokeResult::Failed);
    assert!((3_000..3_050).contains(&ms) && (stroke.breakaway - 3.01).abs() < 1e-9, "{stroke:?} at {ms}");
}

#[test]
fn a_valve_that_does_not_come_home_fails_when_its_time_is_over() {
    let mut there = false;
    let (stroke, ms) = tested(&LIMITS, |_, out| {
        there |= out >= 10.0;
        if there { out.max(4.0) } else { out }
    });
    // The way back began at 12.5 s.
    assert_eq!((stroke.result, ms), (StrokeResult::Failed, 32_510));
}

#[test]
fn a_valve_fails_only_beyond_its_limits() {
    let at = StrokeMemory { breakaway: 3.0, jump: 2.0, travel_ms: 20_000, ..StrokeMemory::of(BlockId(0)) };
    assert!(!at.exceeds(&LIMITS));
    for beyond in [
        StrokeMemory { breakaway: 3.01, ..at },
        StrokeMemory { jump: 2.01, ..at },
        StrokeMemory { travel_ms: 20_001, ..at },
    ] {
        assert!(beyond.exceeds(&LIMITS), "{beyond:?}");
    }
}

#[test]
fn a_plan_takes_from_the_command_what_is_smaller_and_nothing_that_a_stroke_has_no_use_for() {
    let declared = Experiment { amplitude: 10.0, deviation: 5.0, for_ms: 10_000, ..PLAN };
    assert_eq!(plan_of(PLAN, &LIMITS), Ok(declared));
    assert_eq!(plan_of(Experiment { bias: 0.3, hysteresis: 0.2, ..PLAN }, &LIMITS), Ok(declared));
    let smaller = Experiment { amplitude: -4.0, deviation: 2.0, for_ms: 20_000, ..PLAN };
    assert_eq!(plan_of(smaller, &LIMITS), Ok(smaller));
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for plan in [Experiment { amplitude: value, ..PLAN }, Experiment { deviation: value, ..PLAN }] {
            assert_eq!(plan_of(plan, &LIMITS), Err(Refusal::NotANumber));
        }
    }
    for amplitude in [3.0, -3.0] {
        let plan = Experiment { amplitude, ..PLAN };
        assert_eq!(plan_of(plan, &LIMITS), Err(Refusal::BelowLimit), "the greatest breakaway hides in it");
    }
}
