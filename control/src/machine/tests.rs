use alloc::vec;
use model::{PointId, Quality};
use proptest::prelude::*;

use super::{Memory, Now, Slot, Truth};
use crate::image::Image;
use crate::plant::{Code, Op, Plant};

const A: PointId = PointId(0);
const B: PointId = PointId(1);
const C: PointId = PointId(2);

struct Bench {
    plant: Plant,
    image: Image,
    memory: Memory,
    tick: u64,
}

fn bench(ops: &[Op]) -> Bench {
    let mut plant = crate::testing::plant(3);
    plant.code = Code { ops: ops.to_vec(), timers: 2, edges: 2, rates: 1, stack: ops.len() as u32 };
    let mut image = Image::new(&plant);
    for point in [A, B, C] {
        image.set(point, 0.0, Quality::Good);
    }
    let memory = Memory::new(&plant, &image);
    Bench { plant, image, memory, tick: 0 }
}

impl Bench {
    /// One evaluation, 10 ms after the last.
    fn eval(&mut self) -> Slot {
        self.tick += 1;
        let expr = crate::testing::expr(0, self.plant.code.ops.len() as u32);
        let now = Now { tick: self.tick, period_ms: 10 };
        let result = self.memory.eval(&self.plant.code.ops, &expr, &self.image, now);
        self.memory.previous.take(&self.image);
        result
    }

    fn set(&mut self, point: PointId, truth: Truth) {
        match truth {
            Truth::False => self.image.set(point, 0.0, Quality::Good),
            Truth::True => self.image.set(point, 1.0, Quality::Good),
            Truth::Bad => self.image.set_quality(point, Quality::BadSensorFailure),
        }
    }

    fn truth(&mut self, truth: Truth) -> Truth {
        self.set(A, truth);
        self.eval().truth()
    }
}

fn value(ops: &[Op]) -> Slot {
    bench(ops).eval()
}

#[test]
fn arithmetic_is_what_it_says() {
    let c = Op::Const;
    for (ops, expected) in [
        (vec![c(7.0), c(2.0), Op::Subtract], 5.0),
        (vec![c(7.0), c(2.0), Op::Divide], 3.5),
        (vec![c(7.5), c(2.0), Op::Modulo], 1.5),
        (vec![c(-7.5), c(2.0), Op::Modulo], -1.5),
        (vec![c(7.5), c(-2.0), Op::Modulo], 1.5),
        (vec![c(2.5), Op::Round], 2.0),
        (vec![c(3.5), Op::Round], 4.0),
        (vec![c(-2.6), Op::Round], -3.0),
        (vec![c(2.9), Op::Truncate], 2.0),
        (vec![c(-2.9), Op::Truncate], -2.0),
        (vec![c(2.0), c(10.0), Op::Power], 1024.0),
        (vec![c(-2.0), Op::Abs], 2.0),
        (vec![c(9.0), Op::Sqrt], 3.0),
        (vec![c(1.0), Op::Exp, Op::Ln], 1.0),
        (vec![c(0.0), c(7.0), c(5.0), Op::Limit], 5.0),
        (vec![c(0.0), c(-7.0), c(5.0), Op::Limit], 0.0),
        (vec![c(3.0), c(1.0), c(2.0), Op::Median { of: 3 }], 2.0),
        (vec![c(1.0), c(3.0), c(2.0), Op::Median { of: 3 }], 2.0),
        (vec![c(1.0), c(3.0), c(2.0), Op::Select], 3.0),
        (vec![c(0.0), c(3.0), c(2.0), Op::Select], 2.0),
        (vec![c(4.0), c(3.0), Op::Max, c(9.0), Op::Min, Op::Negate], -4.0),
    ] {
        let result = value(&ops);
        assert!((result.value - expected).abs() < 1e-15 && result.quality.is_good(), "{ops:?} {result:?}");
    }
}

#[test]
fn what_is_no_number_is_bad() {
    let c = Op::Const;
    for ops in [
        vec![c(1.0), c(0.0), Op::Divide],
        vec![c(0.0), c(0.0), Op::Divide],
        vec![c(7.0), c(0.0), Op::Modulo],
        vec![c(-1.0), Op::Sqrt],
        vec![c(0.0), Op::Ln],
        vec![c(1e4), Op::Exp],
        vec![c(1e300), c(1e300), Op::Multiply],
        vec![c(-1.0), c(0.5), Op::Power],
    ] {
        let result = value(&ops);
        assert_eq!(result.quality, Quality::BadCalculation, "{ops:?}");
        assert!(result.value.is_finite());
    }
}

/// The stack machine spells its dispatch out, in the hottest match of a scan; it must agree with the table.
#[test]
fn every_operation_takes_as_many_operands_as_its_table_says() {
    let ops = [
        Op::Const(1.0),
        Op::Load(A),
        Op::LoadPrevious(A),
        Op::IsGood(A),
        Op::IsBad(A),
        Op::Add,
        Op::Subtract,
        Op::Multiply,
        Op::Divide,
        Op::Modulo,
        Op::Negate,
        Op::Min,
        Op::Max,
        Op::Abs,
        Op::Sqrt,
        Op::Exp,
        Op::Ln,
        Op::Round,
        Op::Truncate,
        Op::Power,
        Op::Limit,
        Op::Median { of: 3 },
        Op::Select,
        Op::Less,
        Op::LessEqual,
        Op::Greater,
        Op::GreaterEqual,
        Op::Equal,
        Op::NotEqual,
        Op::And,
        Op::Or,
        Op::Xor,
        Op::Not,
        Op::Vote { need: 1, of: 4 },
        Op::OnDelay { timer: 0, ms: 10 },
        Op::OffDelay { timer: 1, ms: 10 },
        Op::Rise { edge: 0 },
        Op::Fall { edge: 1 },
        Op::Hysteresis { edge: 0 },
        Op::Rate { rate: 0, ms: 10 },
    ];
    for op in ops {
        let mut bench = bench(&[op]);
        bench.memory.stack = vec![Slot::good(1.0); 6];
        bench.memory.one(op, &bench.image, Now { tick: 1, period_ms: 10 });
        assert_eq!(bench.memory.stack.len(), 6 - op.operands() + 1, "{op:?}");
    }
}

/// An uncertain value may be off, and counts as it is: what a condition says of it is what it says of a good one.
#[test]
fn an_uncertain_input_counts_with_its_value_in_every_condition() {
    let codes: [&[Op]; 9] = [
        &[Op::Load(A), Op::Const(0.5), Op::Greater],
        &[Op::Load(A), Op::Not],
        &[Op::Load(A), Op::Load(B), Op::And],
        &[Op::Load(A), Op::Load(B), Op::Or],
        &[Op::Load(A), Op::Load(B), Op::Xor],
        &[Op::Load(A), Op::Load(B), Op::Load(C), Op::Vote { need: 2, of: 3 }],
        &[
            Op::Load(A),
            Op::OnDelay { timer: 0, ms: 20 },
            Op::Load(B),
            Op::OffDelay { timer: 1, ms: 20 },
            Op::Or,
        ],
        &[Op::Load(A), Op::Rise { edge: 0 }, Op::Load(B), Op::Fall { edge: 1 }, Op::Or],
        &[Op::Load(A), Op::Const(0.7), Op::Const(0.3), Op::Hysteresis { edge: 0 }],
    ];
    for code in codes {
        let (mut good, mut uncertain) = (bench(code), bench(code));
        let mut seen = [false; 2];
        for round in 0_u32..64 {
            for (bit, point) in [A, B, C].into_iter().enumerate() {
                let value = f64::from((round / 3) >> bit & 1);
                good.image.set(point, value, Quality::Good);
                uncertain.image.set(point, value, Quality::UncertainSubNormal);
            }
            let (expected, found) = (good.eval().truth(), uncertain.eval().truth());
            assert_eq!(found, expected, "{code:?} in round {round}");
            seen[usize::from(found.is_true())] = true;
        }
        assert_eq!(seen, [true; 2], "{code:?} was both");
    }
    let mut bench = bench(&[Op::IsGood(A), Op::IsBad(A), Op::Or]);
    bench.image.set(A, 1.0, Quality::UncertainSubNormal);
    assert_eq!(bench.eval().truth(), Truth::False, "it is neither good nor bad");
}

#[test]
fn code_that_is_not_whole_gives_a_bad_value_and_no_panic() {
    for ops in [vec![], vec![Op::Add], vec![Op::Const(1.0), Op::Select], vec![Op::Vote { need: 2, of: 9 }]] {
        assert!(value(&ops).quality.is_bad() || ops == [Op::Vote { need: 2, of: 9 }], "{ops:?}");
    }
}

/// The possible truths of a three-valued one.
fn worlds(truth: Truth) -> &'static [bool] {
    match truth {
        Truth::False => &[false],
        Truth::True => &[true],
        Truth::Bad => &[false, true],
    }
}

type Law = fn(bool, bool, bool) -> bool;

fn three() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(Truth::False), Just(Truth::True), Just(Truth::Bad)]
}

proptest! {
    /// Kleene: the result is bad exactly when the bad operands could decide it.
    #[test]
    fn bad_operands_matter_only_when_they_could_decide(a in three(), b in three(), c in three()) {
        let and_or: [(&[Op], Law); 4] = [
            (&[Op::Load(A), Op::Load(B), Op::And, Op::Load(C), Op::And], |a, b, c| a && b && c),
            (&[Op::Load(A), Op::Load(B), Op::Or, Op::Load(C), Op::Or], |a, b, c| a || b || c),
            (&[Op::Load(A), Op::Not, Op::Load(B), Op::And, Op::Load(C), Op::Or], |a, b, c| (!a && b) || c),
            (&[Op::Load(A), Op::Load(B), Op::Load(C), Op::Vote { need: 2, of: 3 }],
             |a, b, c| u8::from(a) + u8::from(b) + u8::from(c) >= 2),
        ];
        for (ops, law) in and_or {
            let mut bench = bench(ops);
            bench.set(A, a);
            bench.set(B, b);
            bench.set(C, c);
            let mut outcomes = vec![];
            for x in worlds(a) { for y in worlds(b) { for z in worlds(c) { outcomes.push(law(*x, *y, *z)); } } }
            let expected = match (outcomes.contains(&true), outcomes.contains(&false)) {
                (true, true) => Truth::Bad,
                (true, false) => Truth::True,
                _ => Truth::False,
            };
            prop_assert_eq!(bench.eval().truth(), expected);
        }
    }

    /// A delay on an operand that is sometimes bad: bad only when the bad moments could decide.
    #[test]
    fn delays_keep_certain_and_possible_apart(history in proptest::collection::vec(three(), 1..40)) {
        for (op, law) in [
            (Op::OnDelay { timer: 0, ms: 30 }, on_delayed as fn(&[bool]) -> bool),
            (Op::OffDelay { timer: 1, ms: 30 }, off_delayed as fn(&[bool]) -> bool),
        ] {
            let mut bench = bench(&[Op::Load(A), op]);
            for (index, truth) in history.iter().enumerate() {
                let result = bench.truth(*truth);
                let all_false: vec::Vec<bool> = history[..=index].iter().map(|t| *t == Truth::True).collect();
                let all_true: vec::Vec<bool> = history[..=index].iter().map(|t| *t != Truth::False).collect();
                // Both delays are monotonous: the worst and the best case bound all others.
                let expected = match (law(&all_false), law(&all_true)) {
                    (true, _) => Truth::True,
                    (false, true) => Truth::Bad,
                    (false, false) => Truth::False,
                };
                prop_assert_eq!(result, expected, "{:?} at {}", op, index);
            }
        }
    }
}

/// True now and at the three evaluations before: 30 ms.
fn on_delayed(history: &[bool]) -> bool {
    history.len() >= 4 && history.iter().rev().take(4).all(|truth| *truth)
}

/// True now or less than 30 ms ago.
fn off_delayed(history: &[bool]) -> bool {
    history.iter().rev().take(3).any(|truth| *truth)
}

#[test]
fn an_edge_fires_once_and_never_at_the_first_look() {
    let mut rise = bench(&[Op::Load(A), Op::Rise { edge: 0 }]);
    assert_eq!(rise.truth(Truth::True), Truth::False, "nobody saw it rise");
    assert_eq!(rise.truth(Truth::False), Truth::False);
    assert_eq!(rise.truth(Truth::True), Truth::True);
    assert_eq!(rise.truth(Truth::True), Truth::False);
    rise.truth(Truth::False);
    assert_eq!(rise.truth(Truth::Bad), Truth::Bad);
    assert_eq!(rise.truth(Truth::True), Truth::True, "the edge waited behind the bad value");
    let mut fall = bench(&[Op::Load(A), Op::Fall { edge: 0 }]);
    fall.truth(Truth::True);
    assert_eq!(fall.truth(Truth::False), Truth::True);
    assert_eq!(fall.truth(Truth::False), Truth::False);
}

#[test]
fn prev_is_the_value_of_the_scan_before() {
    let mut bench = bench(&[Op::LoadPrevious(A)]);
    bench.image.set(A, 3.0, Quality::Good);
    assert_eq!(bench.eval().value, 0.0);
    bench.image.set(A, 4.0, Quality::Good);
    assert_eq!(bench.eval().value, 3.0);
    assert_eq!(bench.eval().value, 4.0);
}

/// Nothing tells anybody in the scan after that PREV has another value then.
#[test]
fn prev_is_looked_at_again_while_it_is_not_what_is_there_now() {
    let mut bench = bench(&[Op::LoadPrevious(A)]);
    let mut look = |value: f64, quality: Quality| {
        bench.image.set(A, value, quality);
        bench.memory.begin_look();
        let slot = bench.eval();
        (slot.quality, bench.memory.end_look() == bench.tick + 1)
    };
    assert_eq!(look(0.0, Quality::Good), (Quality::Good, false));
    assert_eq!(look(3.0, Quality::Good), (Quality::Good, true), "another value");
    assert_eq!(look(3.0, Quality::Good), (Quality::Good, false));
    assert_eq!(look(3.0, Quality::UncertainSubNormal), (Quality::Good, true), "another quality alone");
    assert_eq!(look(3.0, Quality::UncertainSubNormal), (Quality::UncertainSubNormal, false));
}

#[test]
fn what_stands_since_a_tick_has_stood_for_a_time_at_the_first_tick_that_is_not_before_it() {
    let until = |period_ms: u64, ms: u32| Now { tick: 0, period_ms }.until(100, ms);
    assert_eq!([0, 1, 10, 11, 25].map(|ms| until(10, ms)), [100, 101, 101, 102, 103]);
    assert_eq!(until(0, 5), 105, "a plant without a period has one of a millisecond");
}

#[test]
fn a_delay_that_is_reset_begins_anew() {
    let mut bench = bench(&[Op::Load(A), Op::OnDelay { timer: 0, ms: 20 }]);
    bench.truth(Truth::True);
    bench.truth(Truth::True);
    assert_eq!(bench.truth(Truth::True), Truth::True);
    let expr = crate::testing::expr(0, 2);
    bench.memory.reset(&bench.plant.code.ops, &expr);
    assert_eq!(bench.truth(Truth::True), Truth::False);
}

#[test]
fn a_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle() {
    let c = Op::Const;
    let five = [c(9.0), c(-1.0), c(4.0), c(7.0), c(5.0), Op::Median { of: 5 }];
    assert_eq!(value(&five), Slot::good(5.0));
    let four = [c(2.0), c(9.0), c(-1.0), c(4.0), c(7.0), Op::Median { of: 4 }, Op::Add];
    assert_eq!(value(&four), Slot::good(2.0 + 5.5), "what lies below on the stack stays");
    let mut bad = bench(&[Op::Load(A), Op::Load(B), Op::Load(C), Op::Median { of: 3 }]);
    bad.image.set_quality(B, Quality::BadSensorFailure);
    assert_eq!(bad.eval().quality, Quality::BadSensorFailure);
    assert!(value(&[Op::Median { of: 0 }]).quality.is_bad());
}

/// A, on at B, off at C.
fn switch(on: f64, off: f64) -> Bench {
    let mut bench = bench(&[Op::Load(A), Op::Load(B), Op::Load(C), Op::Hysteresis { edge: 0 }]);
    bench.image.set(B, on, Quality::Good);
    bench.image.set(C, off, Quality::Good);
    bench
}

#[test]
fn a_hysteresis_keeps_between_its_limits_what_it_was() {
    use Truth::{False, True};
    let high = [(70.0, False), (79.9, False), (80.0, True), (60.1, True), (60.0, False), (79.0, False)];
    let low = [(30.0, False), (20.1, False), (20.0, True), (39.9, True), (40.0, False), (21.0, False)];
    for (on, off, steps) in [(80.0, 60.0, high), (20.0, 40.0, low)] {
        let mut bench = switch(on, off);
        for (value, expected) in steps {
            bench.image.set(A, value, Quality::Good);
            assert_eq!(bench.eval().truth(), expected, "on {on}, off {off}, at {value}");
        }
    }
}

#[test]
fn a_hysteresis_says_bad_while_it_is_and_remembers() {
    let mut bench = switch(80.0, 60.0);
    bench.image.set(A, 85.0, Quality::Good);
    assert_eq!(bench.eval().truth(), Truth::True);
    bench.image.set_quality(A, Quality::BadSensorFailure);
    assert_eq!(bench.eval().truth(), Truth::Bad);
    bench.image.set(A, 70.0, Quality::UncertainSubNormal);
    assert_eq!(bench.eval(), Slot { value: 1.0, quality: Quality::UncertainSubNormal });
    let expr = crate::testing::expr(0, 4);
    bench.memory.reset(&bench.plant.code.ops, &expr);
    assert_eq!(bench.eval().truth(), Truth::False, "a step begins with it off");
}

/// The rate of A with a lag of 200 ms.
fn slope() -> Bench {
    bench(&[Op::Load(A), Op::Rate { rate: 0, ms: 200 }])
}

#[test]
fn the_rate_of_a_straight_line_approaches_its_slope_exponentially() {
    let mut bench = slope();
    assert_eq!(bench.eval(), Slot::good(0.0), "at a first start everything stands still");
    for k in 1..300 {
        // 3 a second, which is 180 a minute.
        bench.image.set(A, 0.03 * f64::from(k), Quality::Good);
        let expected = 180.0 * (1.0 - libm::exp(-0.01 * f64::from(k) / 0.2));
        let result = bench.eval();
        assert!(result.quality.is_good() && (result.value - expected).abs() < 1e-9, "{k}: {result:?}");
    }
}

#[test]
fn the_rate_does_not_depend_on_how_often_it_is_looked_at() {
    let (mut often, mut seldom) = (slope(), slope());
    often.eval();
    seldom.eval();
    for k in 1..=40 {
        often.image.set(A, 0.5 * f64::from(k), Quality::Good);
        often.eval();
        if k % 8 == 0 {
            seldom.image.set(A, 0.5 * f64::from(k), Quality::Good);
            seldom.tick = often.tick - 1;
            let (one, other) = (often.memory.rates[0].read(Quality::Good).value, seldom.eval().value);
            assert!((one - other).abs() < 1e-9, "{one} and {other}");
        }
    }
}

#[test]
fn after_a_bad_value_a_rate_is_unknown_until_its_lag_has_passed() {
    let mut bench = slope();
    bench.eval();
    bench.image.set_quality(A, Quality::BadSensorFailure);
    assert_eq!(bench.eval().quality, Quality::BadSensorFailure);
    bench.image.set(A, 50.0, Quality::Good);
    for _ in 0..20 {
        assert_eq!(bench.eval().quality, Quality::BadCalculation);
    }
    assert_eq!(bench.eval(), Slot::good(0.0), "the jump while nobody could see is none");
}

#[test]
fn a_step_that_waits_for_a_rate_does_not_pass_at_its_entry() {
    let mut bench = bench(&[Op::Load(A), Op::Rate { rate: 0, ms: 200 }, Op::Const(1.0), Op::Less]);
    let expr = crate::testing::expr(0, 4);
    bench.memory.reset(&bench.plant.code.ops, &expr);
    for _ in 0..20 {
        assert_eq!(bench.eval().truth(), Truth::Bad);
    }
    assert_eq!(bench.eval().truth(), Truth::True);
}

proptest! {
    /// Whatever comes in, what goes out is a number or says that it is none, and it recovers.
    #[test]
    fn a_rate_and_a_hysteresis_stay_finite_and_recover(values in proptest::collection::vec(proptest::num::f64::ANY, 1..60)) {
        let mut rate = slope();
        let mut switch = switch(80.0, 60.0);
        for value in values {
            // An image holds no such value; a calculation before may make one.
            rate.image.set(A, value, Quality::Good);
            switch.image.set(A, value, Quality::Good);
            let result = rate.eval();
            prop_assert!(result.value.is_finite());
            let result = switch.eval();
            prop_assert!(result.value == 0.0 || result.value == 1.0);
            prop_assert!(value.is_finite() || result.quality.is_bad());
        }
        rate.image.set(A, 1.0, Quality::Good);
        switch.image.set(A, 90.0, Quality::Good);
        for _ in 0..2000 {
            rate.eval();
        }
        let result = rate.eval();
        prop_assert!(result.quality.is_good());
        prop_assert_eq!(switch.eval().truth(), Truth::True);
    }
}
