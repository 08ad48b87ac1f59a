use alloc::{vec, vec::Vec};
use model::{PointId, Quality};

use super::super::{Memory, Now};
use super::{How, Join, Logic, Step};
use crate::image::Image;
use crate::plant::{Code, Op};
use crate::testing;

const A: PointId = PointId(0);
const B: PointId = PointId(1);

/// The steps of the one condition that is all of this code.
fn steps(ops: &[Op]) -> Vec<Step> {
    Logic::new(ops).steps
}

fn limit(point: PointId, how: How, join: Join, limit: f64) -> Step {
    Step::Limit { point, how, join, limit }
}

#[test]
fn a_comparison_takes_the_join_behind_it_along_and_a_negated_one_is_the_opposite_one() {
    let code = [Op::Load(A), Op::Const(5.0), Op::Less, Op::Not, Op::Load(B), Op::Not, Op::And];
    let first = limit(A, How::GreaterEqual, Join::Nothing, 5.0);
    assert_eq!(steps(&code), [first, limit(B, How::Equal, Join::And, 0.0)]);
    // The constant on the left.
    let code = [Op::Const(5.0), Op::Load(A), Op::Less];
    assert_eq!(steps(&code), [limit(A, How::Greater, Join::Nothing, 5.0)]);
}

#[test]
fn a_condition_of_arithmetic_alone_and_a_number_stay_with_the_stack_machine() {
    assert_eq!(steps(&[Op::Load(A), Op::Load(B), Op::Add, Op::Const(1.0), Op::Greater]), []);
    assert_eq!(steps(&[Op::Load(A), Op::Const(1.0), Op::Less, Op::Load(A), Op::Load(B), Op::Select]), []);
    assert_eq!(steps(&[Op::Load(A), Op::Const(f64::NAN), Op::NotEqual]), []);
}

#[test]
fn arithmetic_within_a_condition_is_code_among_steps() {
    let sum = [Op::Load(A), Op::Load(B), Op::Add, Op::Const(1.0), Op::Greater];
    let code = [&[Op::Load(B)][..], &sum, &[Op::Or]].concat();
    let switch = limit(B, How::NotEqual, Join::Nothing, 0.0);
    assert_eq!(steps(&code), [switch, Step::Code { start: 1, len: 5 }, Step::Or]);
}

#[test]
fn two_points_a_quality_a_delay_and_an_edge_are_steps_of_their_own() {
    let join = Join::And;
    let two = Step::Points { left: A, right: B, how: How::LessEqual, join };
    let one = limit(A, How::NotEqual, Join::Nothing, 0.0);
    assert_eq!(steps(&[Op::Load(A), Op::Load(A), Op::Load(B), Op::LessEqual, Op::And]), [one, two]);
    assert_eq!(steps(&[Op::IsGood(A), Op::IsBad(B), Op::Or]), [Step::IsGood(A), Step::IsBad(B), Step::Or]);
    let memories = [
        Op::OnDelay { timer: 0, ms: 10 },
        Op::OffDelay { timer: 0, ms: 10 },
        Op::Rise { edge: 0 },
        Op::Fall { edge: 0 },
    ];
    for memory in memories {
        assert_eq!(steps(&[Op::Load(A), memory]), [one, Step::Remember(memory)]);
    }
}

/// Draws conditions: what comes is arbitrary and always the same.
struct Dice(u64, [u32; 2]);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }

    fn point(&mut self) -> PointId {
        PointId(self.roll(4) as u32)
    }

    fn next(&mut self, memory: usize) -> u32 {
        self.1[memory] += 1;
        self.1[memory] - 1
    }

    fn number(&mut self, ops: &mut Vec<Op>) {
        match self.roll(5) {
            0 | 1 => ops.push(Op::Const([0.0, 1.0, 2.0][self.roll(3) as usize])),
            2 => {
                ops.extend([Op::Load(self.point()), Op::Load(self.point())]);
                ops.push([Op::Add, Op::Divide, Op::Max][self.roll(3) as usize]);
            }
            _ => ops.push(Op::Load(self.point())),
        }
    }

    fn truth(&mut self, ops: &mut Vec<Op>, depth: u32) {
        match self.roll(if depth == 0 { 5 } else { 14 }) {
            0 => ops.push(Op::Load(self.point())),
            1 => ops.push([Op::IsGood, Op::IsBad][self.roll(2) as usize](self.point())),
            2..5 => {
                self.number(ops);
                self.number(ops);
                let compare =
                    [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual];
                ops.push(compare[self.roll(6) as usize]);
            }
            5..9 => {
                self.truth(ops, depth - 1);
                self.truth(ops, depth - 1);
                ops.push([Op::And, Op::Or, Op::And, Op::Or, Op::Xor][self.roll(5) as usize]);
            }
            9 | 10 => {
                self.truth(ops, depth - 1);
                ops.push(Op::Not);
            }
            11 => {
                let of = 1 + self.roll(4) as u8;
                (0..of).for_each(|_| self.truth(ops, depth - 1));
                ops.push(Op::Vote { need: 1 + self.roll(u64::from(of)) as u8, of });
            }
            12 => {
                self.truth(ops, depth - 1);
                let ms = 10 * self.roll(5) as u32;
                ops.push(match self.roll(4) {
                    0 => Op::OnDelay { timer: self.next(0), ms },
                    1 => Op::OffDelay { timer: self.next(0), ms },
                    2 => Op::Rise { edge: self.next(1) },
                    _ => Op::Fall { edge: self.next(1) },
                });
            }
            _ => {
                self.truth(ops, depth - 1);
                self.truth(ops, depth - 1);
                self.truth(ops, depth - 1);
                ops.push(Op::Select);
            }
        }
    }
}

#[test]
fn a_condition_says_at_every_scan_what_the_stack_machine_says_and_remembers_the_same() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d, [0, 0]);
    let (mut ops, mut places) = (vec![], vec![]);
    for number in 0..600 {
        let start = ops.len() as u32;
        dice.truth(&mut ops, number % 5);
        places.push((start, ops.len() as u32 - start));
    }
    let mut plant = testing::plant(4);
    let [timers, edges] = dice.1;
    plant.code = Code { ops, timers, edges, rates: 0, stack: 64 };
    let ops = &plant.code.ops;
    let mut image = Image::new(&plant);
    let (mut one, mut two) = (Memory::new(&plant, &image), Memory::new(&plant, &image));
    let without_stack = places.iter().filter(|(start, len)| one.logic.condition((*start, *len)).is_some());
    assert!(without_stack.count() > places.len() / 2);
    let (mut seen, now) = ([0; 3], |tick| Now { tick, period_ms: 10 });
    for tick in 0..600 {
        let qualities =
            [Quality::Good, Quality::Good, Quality::UncertainSubNormal, Quality::BadSensorFailure];
        let point = dice.point();
        image.set(point, [0.0, 1.0, 2.0, -1.0][dice.roll(4) as usize], Quality::Good);
        image.set_quality(point, qualities[dice.roll(4) as usize]);
        for (start, len) in &places {
            (one.due, two.due) = (u64::MAX, u64::MAX);
            let truth = match one.logic.condition((*start, *len)) {
                Some(_) => one.reason(ops, (*start, *len), &image, now(tick)).expect("it needs no stack"),
                None => one.truth_at(ops, (*start, *len), &image, now(tick)),
            };
            let code = &ops[*start as usize..(*start + *len) as usize];
            assert_eq!(truth, two.run(code, &image, now(tick)).truth(), "{code:?} at {tick}");
            assert_eq!(one.due, two.due, "{code:?} at {tick}");
            seen[truth as usize] += 1;
        }
        assert_eq!((&one.timers, &one.edges), (&two.timers, &two.edges), "at {tick}");
    }
    assert!(seen.into_iter().all(|count| count > 10_000), "{seen:?}");
}
