use alloc::{string::String, vec, vec::Vec};
use model::{PointId, Quality};

use super::{Comparison, Form};
use crate::image::Image;
use crate::interlock::Terms;
use crate::machine::{How, Memory, Now};
use crate::plant::{Cause, Code, Op};
use crate::testing::{self, Dice};

const A: PointId = PointId(0);
const B: PointId = PointId(1);

fn above(point: PointId, limit: f64) -> [Op; 3] {
    [Op::Load(point), Op::Const(limit), Op::Greater]
}

fn below(point: PointId, limit: f64) -> [Op; 3] {
    [Op::Load(point), Op::Const(limit), Op::Less]
}

/// How many comparisons each OR has, and whether the result is turned round.
fn shape(ops: &[Op]) -> Option<(Vec<usize>, bool)> {
    let (clauses, inverted) = Form::read(ops)?.clauses()?;
    Some((clauses.split_inclusive(|one| one.closes).map(<[_]>::len).collect(), inverted))
}

#[test]
fn bounds_of_one_point_are_one_range_and_those_of_two_points_stay_two() {
    let (high, low) = (above(A, 90.0), below(A, 5.0));
    let other = below(B, 5.0);
    let join = |parts: &[&[Op]]| shape(&parts.concat());
    assert_eq!(join(&[&high, &low, &[Op::Or]]), Some((vec![1], false)));
    assert_eq!(join(&[&high, &low, &[Op::Or, Op::Not]]), Some((vec![1], false)));
    assert_eq!(join(&[&high, &low, &[Op::And]]), Some((vec![1], false)));
    assert_eq!(join(&[&high, &other, &[Op::Or]]), Some((vec![2], false)));
    assert_eq!(join(&[&high, &other, &[Op::Or], &low, &[Op::And]]), Some((vec![1, 2], false)));
    assert_eq!(join(&[&high, &other, &[Op::And], &low, &[Op::Or]]), Some((vec![1, 2], true)));
    let three = join(&[&high, &other, &[Op::And], &low, &[Op::Or], &other, &[Op::And]]);
    assert_eq!(three, None, "deeper than two levels");
}

#[test]
fn a_comparison_holds_at_its_limit_and_next_to_it_as_its_operator_says_and_negated_as_its_opposite() {
    let hows = [How::Less, How::LessEqual, How::Greater, How::GreaterEqual, How::Equal, How::NotEqual];
    let mut image = Image::new(&testing::plant(1));
    let limits = [0.0, -0.0, 50.0, 5e-324, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY];
    for limit in limits {
        for value in [limit.next_down(), limit, limit.next_up(), 0.0, -0.0, 1.0, f64::MAX, f64::MIN] {
            if !value.is_finite() {
                continue;
            }
            image.set(A, value, Quality::Good);
            for how in hows {
                let one = Comparison::new(A, how, limit).expect("the limit is a number");
                let holds = how.holds(value, limit);
                assert_eq!(one.look(&image), (holds, holds), "{value:e} {how:?} {limit:e}");
                assert_eq!(one.negated().look(&image), (!holds, !holds), "not {value:e} {how:?} {limit:e}");
                for outside in [false, true] {
                    if let Some(said) = one.said(outside) {
                        assert_eq!(
                            said.look(&image),
                            (holds, holds),
                            "{value:e} {how:?} {limit:e} {outside}"
                        );
                    }
                }
            }
        }
    }
}

/// Conditions as they come.
fn truth(dice: &mut Dice, ops: &mut Vec<Op>, depth: u32) {
    match dice.below(if depth == 0 { 2 } else { 10 }) {
        0 => {
            let compares = [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual];
            let sides = [Op::Load(PointId(dice.below(3) as u32)), Op::Const(dice.below(4) as f64)];
            let turned = dice.below(4) == 0;
            ops.extend(if turned { [sides[1], sides[0]] } else { sides });
            ops.push(compares[dice.below(6) as usize]);
        }
        1 => ops.push(Op::Load(PointId(dice.below(3) as u32))),
        2 | 3 => {
            truth(dice, ops, depth - 1);
            ops.push(Op::Not);
        }
        4 => {
            let of = 1 + dice.below(3) as u8;
            (0..of).for_each(|_| truth(dice, ops, depth - 1));
            ops.push(Op::Vote { need: 1 + dice.below(u64::from(of)) as u8, of });
        }
        joined => {
            truth(dice, ops, depth - 1);
            truth(dice, ops, depth - 1);
            ops.push(if joined % 2 == 0 { Op::And } else { Op::Or });
        }
    }
}

#[test]
fn any_condition_says_as_data_what_the_stack_machine_says() {
    let mut dice = Dice(0xc1a5e5);
    let (mut ops, mut causes) = (Vec::new(), Vec::new());
    for number in 0..800 {
        let start = ops.len() as u32;
        truth(&mut dice, &mut ops, number % 4);
        let when = testing::expr(start, ops.len() as u32 - start);
        causes.push(Cause { when, text: String::new(), show: None, trips_on_bad: false });
    }
    let mut plant = testing::plant(3);
    plant.code = Code { ops, timers: 0, edges: 0, rates: 0, stack: 64 };
    plant.interlocks = vec![testing::interlock(causes)];
    let (ops, causes) = (&plant.code.ops, &plant.interlocks[0].causes);
    let code = |cause: &Cause| &ops[cause.when.start as usize..(cause.when.start + cause.when.len) as usize];
    let data = causes.iter().filter(|cause| Form::read(code(cause)).is_some());
    assert!(data.count() > 600, "most are data");
    let turned = |cause: &&Cause| matches!(shape(code(cause)), Some((_, true)));
    assert!(causes.iter().filter(turned).count() > 20);
    let terms = Terms::new(&plant);
    let mut image = Image::new(&plant);
    let (mut one, mut two) = (Memory::new(&plant, &image), Memory::new(&plant, &image));
    let qualities = [Quality::Good, Quality::Good, Quality::UncertainSubNormal, Quality::BadSensorFailure];
    let mut seen = [0; 3];
    for tick in 0..400 {
        let point = PointId(dice.below(3) as u32);
        image.set(point, dice.below(9) as f64 * 0.5 - 0.5, Quality::Good);
        image.set_quality(point, qualities[dice.below(4) as usize]);
        let now = Now { tick, period_ms: 10 };
        for (term, cause) in terms.causes(0).iter().zip(causes) {
            let fast = terms.truth(term, ops, &image, &mut one, now);
            assert_eq!(fast, two.eval(ops, &cause.when, &image, now).truth(), "{:?} at {tick}", code(cause));
            seen[fast as usize] += 1;
        }
    }
    assert!(seen.into_iter().all(|count| count > 20_000), "{seen:?}");
}
