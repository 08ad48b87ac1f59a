//! A cause as the engine keeps it: most are a comparison with a constant, alone or with a delay, and
//! those need no stack. What comes out is to the bit what the stack machine says.

use model::PointId;

use crate::image::Image;
use crate::machine::{Memory, Now, Slot, Truth, binary, slice};
use crate::plant::{Cause, Op};

/// Small, because a large plant has thousands that are walked over at every scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    limit: f64,
    point: PointId,
    shape: Shape,
    /// Of the expression in the plant's code; with a delay, the timer and its milliseconds.
    words: (u32, u32),
    delayed: bool,
    pub(crate) trips_on_bad: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    /// Anything else goes through the stack machine.
    Code,
}

impl Shape {
    fn of(op: Op) -> Self {
        match op {
            Op::Less => Self::Less,
            Op::LessEqual => Self::LessEqual,
            Op::Greater => Self::Greater,
            Op::GreaterEqual => Self::GreaterEqual,
            Op::Equal => Self::Equal,
            Op::NotEqual => Self::NotEqual,
            _ => Self::Code,
        }
    }
}

impl Term {
    pub(crate) fn new(ops: &[Op], cause: &Cause) -> Self {
        let expr = &cause.when;
        let code = Self {
            limit: 0.0,
            point: PointId(0),
            shape: Shape::Code,
            words: (expr.start, expr.len),
            delayed: false,
            trips_on_bad: cause.trips_on_bad,
        };
        match *slice(ops, expr) {
            [Op::Load(point), Op::Const(limit), compare] if Shape::of(compare) != Shape::Code => {
                Self { limit, point, shape: Shape::of(compare), ..code }
            }
            [Op::Load(point), Op::Const(limit), compare, Op::OnDelay { timer, ms }]
                if Shape::of(compare) != Shape::Code =>
            {
                Self { limit, point, shape: Shape::of(compare), words: (timer, ms), delayed: true, ..code }
            }
            _ => code,
        }
    }

    #[inline]
    pub(crate) fn truth(&self, ops: &[Op], image: &Image, memory: &mut Memory, now: Now) -> Truth {
        let op = match self.shape {
            Shape::Less => Op::Less,
            Shape::LessEqual => Op::LessEqual,
            Shape::Greater => Op::Greater,
            Shape::GreaterEqual => Op::GreaterEqual,
            Shape::Equal => Op::Equal,
            Shape::NotEqual => Op::NotEqual,
            Shape::Code => return memory.truth_at(ops, self.words, image, now),
        };
        let read = Slot { value: image.value(self.point), quality: image.quality(self.point) };
        let result = binary(op, read, Slot::good(self.limit));
        if self.delayed { memory.delayed(self.words.0, result, self.words.1, now) } else { result.truth() }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec, vec::Vec};
    use model::{PointId, Quality};

    use super::{Shape, Term};
    use crate::image::Image;
    use crate::machine::{Memory, Now};
    use crate::plant::{Cause, Code, Op};
    use crate::testing;

    const COMPARISONS: [Op; 6] =
        [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual];

    #[test]
    fn a_term_says_at_every_scan_what_the_stack_machine_says() {
        let point = PointId(0);
        let mut plant = testing::plant(1);
        let (mut ops, mut causes) = (Vec::new(), Vec::new());
        let mut cause = |code: &[Op]| {
            let when = testing::expr(ops.len() as u32, code.len() as u32);
            ops.extend_from_slice(code);
            causes.push(Cause { when, text: String::new(), show: None, trips_on_bad: false });
        };
        for (timer, compare) in (0..).zip(COMPARISONS) {
            let code = [Op::Load(point), Op::Const(50.0), compare, Op::OnDelay { timer, ms: 30 }];
            cause(&code[..3]);
            cause(&code);
        }
        cause(&[Op::Load(point), Op::Const(50.0), Op::Less, Op::Not]);
        cause(&[Op::Const(50.0), Op::Load(point), Op::Less]);
        plant.code = Code { ops, timers: 6, edges: 0, rates: 0, stack: 2 };
        let ops = &plant.code.ops;
        let terms: Vec<Term> = causes.iter().map(|cause| Term::new(ops, cause)).collect();
        assert_eq!(terms.iter().filter(|term| term.shape != Shape::Code).count(), 12);
        let mut image = Image::new(&plant);
        let (mut one, mut other) = (Memory::new(&plant, &image), Memory::new(&plant, &image));
        let qualities =
            [Quality::Good, Quality::Good, Quality::UncertainSubNormal, Quality::BadSensorFailure];
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        let mut seen = vec![];
        for tick in 0..3000 {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            // Values stay for a while, so that delays run out.
            if dice.is_multiple_of(3) {
                image.set(point, [49.0, 50.0, 51.0, 61.0][(dice >> 8) as usize % 4], Quality::Good);
                image.set_quality(point, qualities[(dice >> 16) as usize % 4]);
            }
            let now = Now { tick, period_ms: 10 };
            for (number, (term, cause)) in terms.iter().zip(&causes).enumerate() {
                let fast = term.truth(ops, &image, &mut one, now);
                assert_eq!(fast, other.truth(ops, &cause.when, &image, now), "cause {number} at {tick}");
                if !seen.contains(&(number, fast)) {
                    seen.push((number, fast));
                }
            }
            assert_eq!(one.timers, other.timers);
        }
        assert_eq!(seen.len(), causes.len() * 3, "each was true, false and bad");
    }
}
