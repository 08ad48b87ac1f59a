use alloc::{vec, vec::Vec};
use model::{BadInput, InterlockChange as C, PointId, Quality, Refusal, UserId};

use super::{BYPASS_NOTICE_MS, InterlockMemory, Terms};
use crate::image::Image;
use crate::machine::{Memory, Now};
use crate::plant::{Cause, Code, Interlock, Op, Plant};

struct Bench {
    plant: Plant,
    image: Image,
    memory: Memory,
    state: InterlockMemory,
    tick: u64,
}

/// Two causes: point 0 and point 1, each a truth.
fn bench(latched: bool, trips_on_bad: bool) -> Bench {
    let mut plant = crate::testing::plant(2);
    plant.code = Code {
        ops: vec![Op::Load(PointId(0)), Op::Load(PointId(1))],
        timers: 0,
        edges: 0,
        rates: 0,
        stack: 1,
    };
    let cause = |start| Cause {
        when: crate::testing::expr(start, 1),
        text: "cause".into(),
        show: None,
        trips_on_bad,
    };
    plant.interlocks = vec![Interlock { latched, ..crate::testing::interlock(vec![cause(0), cause(1)]) }];
    let mut image = Image::new(&plant);
    for point in [PointId(0), PointId(1)] {
        image.set(point, 0.0, Quality::Good);
    }
    let memory = Memory::new(&plant, &image);
    Bench { plant, image, memory, state: InterlockMemory::default(), tick: 0 }
}

impl Bench {
    fn scan(&mut self, first: bool, second: bool) -> Vec<C> {
        for (point, on) in [(PointId(0), first), (PointId(1), second)] {
            if self.image.quality(point).is_good() {
                self.image.set(point, f64::from(u8::from(on)), Quality::Good);
            }
        }
        self.tick += 1;
        let now = Now { tick: self.tick, period_ms: 10 };
        let mut changes = vec![];
        let interlock = &self.plant.interlocks[0];
        let ops = &self.plant.code.ops;
        let terms = Terms::new(&self.plant);
        self.state.scan(interlock, (&terms, 0), (ops, &self.image, now), &mut self.memory, |change| {
            changes.push(change);
        });
        changes
    }
}

#[test]
fn a_latched_interlock_waits_for_its_reset_and_keeps_what_was_first_out() {
    let mut bench = bench(true, true);
    assert_eq!(bench.scan(false, false), []);
    assert_eq!(bench.scan(false, true), [C::Tripped { cause: 1, bad: None }]);
    assert_eq!(bench.scan(true, true), [], "the second cause is not the first out");
    assert_eq!(bench.state.first_out, 2);
    assert_eq!(bench.state.reset(9), Err(Refusal::CauseStands));
    assert_eq!(bench.scan(false, false), [C::Cleared]);
    assert_eq!(bench.scan(false, false), [], "it clears once");
    assert!(bench.state.forces());
    assert_eq!(bench.state.reset(9), Ok(()));
    assert!(!bench.state.forces());
    assert_eq!(bench.state.reset(9), Err(Refusal::NothingToDo));
    assert_eq!(bench.state.first_out, 2, "the last trip can still be asked");
}

#[test]
fn an_automatic_interlock_lets_go_with_its_cause() {
    let mut bench = bench(false, true);
    assert_eq!(bench.scan(true, false), [C::Tripped { cause: 0, bad: None }]);
    assert!(bench.state.forces());
    assert_eq!(bench.scan(false, false), [C::Cleared]);
    assert!(!bench.state.forces());
}

#[test]
fn of_two_causes_in_one_scan_the_first_in_the_text_is_first_out() {
    assert_eq!(bench(true, true).scan(true, true), [C::Tripped { cause: 0, bad: None }]);
}

#[test]
fn a_bad_input_trips_unless_the_cause_says_otherwise() {
    for trips in [true, false] {
        let mut bench = bench(true, trips);
        bench.image.set_quality(PointId(1), Quality::BadNoCommunication);
        let bad = Some(BadInput { point: Some(PointId(1)), quality: Quality::BadNoCommunication });
        let expected: &[C] = if trips { &[C::Tripped { cause: 1, bad }] } else { &[] };
        assert_eq!(bench.scan(false, false), expected);
        assert_eq!(bench.state.first_bad, bad.filter(|_| trips), "and that is kept");
    }
}

#[test]
fn a_bypassed_interlock_shows_and_forces_nothing_until_its_time_is_over() {
    let mut bench = bench(true, true);
    assert_eq!(bench.state.bypass(0, UserId(5)), Err(Refusal::NothingToDo));
    assert_eq!(bench.state.bypass(4, UserId(5)), Ok(C::Bypassed));
    assert_eq!(bench.scan(true, false), [C::Ending { cause: 0, left_ms: 30 }]);
    assert!(bench.state.active && !bench.state.tripped && !bench.state.forces());
    bench.scan(true, false);
    bench.scan(true, false);
    assert_eq!(bench.scan(true, false), [C::Restored, C::Tripped { cause: 0, bad: None }]);
    assert!(bench.state.forces());
}

#[test]
fn a_bypass_of_a_tripped_interlock_lets_its_outputs_go_and_ends_by_order() {
    let mut bench = bench(true, true);
    bench.scan(true, false);
    bench.state.bypass(100, UserId(5)).unwrap();
    assert!(!bench.state.forces());
    assert_eq!(bench.state.bypass(0, UserId(5)), Ok(C::Restored));
    assert!(bench.state.forces(), "the latch has not been reset");
}

#[test]
fn a_trip_that_was_latched_goes_when_the_interlock_has_become_automatic() {
    let mut bench = bench(true, true);
    bench.scan(true, false);
    bench.scan(false, false);
    assert!(bench.state.forces(), "latched");
    // The plant was changed while it stood tripped.
    bench.plant.interlocks[0].latched = false;
    bench.scan(false, false);
    assert!(!bench.state.tripped);
}

#[test]
fn a_trip_that_acts_again_when_its_bypass_ends_is_a_trip_of_its_own() {
    for by_order in [false, true] {
        let mut bench = bench(true, true);
        bench.scan(false, true);
        bench.state.bypass(5, UserId(5)).unwrap();
        assert_eq!(bench.scan(true, true), [C::Ending { cause: 0, left_ms: 30 }]);
        bench.scan(true, true);
        if by_order {
            assert_eq!(bench.state.bypass(0, UserId(5)), Ok(C::Restored));
        } else {
            bench.scan(true, true);
        }
        let expected = [C::Restored, C::Tripped { cause: 0, bad: None }];
        assert_eq!(bench.scan(true, true), expected[usize::from(by_order)..]);
        assert_eq!((bench.state.first_out, bench.state.since), (1, bench.tick), "cause and time are its own");
        assert_eq!(bench.scan(true, true), [], "once");
    }
}

#[test]
fn a_latched_trip_whose_cause_went_during_its_bypass_stays_without_a_second_one() {
    let mut bench = bench(true, true);
    bench.scan(true, false);
    bench.state.bypass(4, UserId(5)).unwrap();
    assert_eq!(bench.scan(false, false), [C::Cleared]);
    bench.scan(false, false);
    assert_eq!(bench.scan(false, false), [C::Restored]);
    assert!(bench.state.forces());
}

#[test]
fn the_end_of_a_bypass_is_told_five_minutes_ahead_once_and_only_while_a_cause_stands() {
    let notice = BYPASS_NOTICE_MS / 10;
    let mut bench = bench(true, true);
    bench.state.bypass(notice + 100, UserId(5)).unwrap();
    bench.scan(true, false);
    bench.tick = 98;
    assert_eq!(bench.scan(true, false), [], "it is far");
    let ending = [C::Ending { cause: 0, left_ms: BYPASS_NOTICE_MS }];
    assert_eq!(bench.scan(true, false), ending);
    assert_eq!(bench.scan(true, false), []);
    // Prolonged, it is told again; without a cause there is nothing to tell.
    bench.state.bypass(notice + 102, UserId(5)).unwrap();
    assert_eq!(bench.scan(false, false), []);
    assert_eq!(bench.scan(true, false).len(), 1);
}
