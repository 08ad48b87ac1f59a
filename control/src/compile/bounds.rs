//! Between which values an expression stays, as far as its points tell: interval arithmetic over its operations.
//!
//! Source: Moore, Kearfott and Cloud, *Introduction to Interval Analysis* (SIAM 2009), ch. 2. An operation that is not
//! followed gives every number, so what is told to never change never does.

use alloc::vec::Vec;
use model::{Address, BlockId, IoPoint, PointId, RANGE_BAND, RegisterFormat, SUPERVISED_COUNTS};

use super::draft::Draft;
use crate::plant::{Block, BlockBody, Op, Origin};

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

const TRUTH: Bounds = Bounds { low: 0.0, high: 1.0 };

impl Bounds {
    pub(super) const ANY: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    fn new(low: f64, high: f64) -> Self {
        // Infinity times zero says nothing.
        if low <= high { Self { low, high } } else { Self::ANY }
    }

    /// Around the results at all corners; an operation without monotony must not come here.
    fn corners(first: Self, second: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let all = [
            of(first.low, second.low),
            of(first.low, second.high),
            of(first.high, second.low),
            of(first.high, second.high),
        ];
        if all.iter().any(|value| value.is_nan()) {
            return Self::ANY;
        }
        let low = all.into_iter().fold(f64::INFINITY, f64::min);
        Self::new(low, all.into_iter().fold(f64::NEG_INFINITY, f64::max))
    }

    fn both(first: Self, second: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self::new(of(first.low, second.low), of(first.high, second.high))
    }

    fn around(all: &[Self]) -> Self {
        let low = all.iter().map(|one| one.low).fold(f64::INFINITY, f64::min);
        Self::new(low, all.iter().map(|one| one.high).fold(f64::NEG_INFINITY, f64::max))
    }

    fn of_point(draft: &Draft, id: PointId) -> Self {
        let point = draft.point(id);
        if !draft.is_sure(id) {
            return Self::ANY;
        }
        match point.origin {
            Origin::Field(index) => draft
                .io
                .points
                .get(index as usize)
                .map_or(Self::ANY, |io| of_field(io, point.low, point.high)),
            Origin::Entry => Self::new(point.low, point.high),
            Origin::Block(_) => draft.reach.get(&id).copied().unwrap_or(Self::ANY),
            _ => Self::ANY,
        }
    }

    /// The value that it always has.
    pub(super) fn fixed(self) -> Option<f64> {
        (self.low == self.high && self.low.is_finite()).then_some(self.low)
    }

    const fn truth(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self { low: 1.0, high: 1.0 },
            Some(false) => Self { low: 0.0, high: 0.0 },
            None => TRUTH,
        }
    }

    /// What a condition always is.
    fn known(self) -> Option<bool> {
        self.fixed().map(|value| value != 0.0)
    }

    /// At least `need` of them.
    fn vote(need: usize, all: &[Self]) -> Self {
        let count = |wanted: fn(Option<bool>) -> bool| all.iter().filter(|one| wanted(one.known())).count();
        let surely = count(|known| known == Some(true)) >= need;
        let possibly = count(|known| known != Some(false)) >= need;
        Self::truth((surely == possibly).then_some(surely))
    }

    /// Of the code of a whole expression.
    pub(super) fn of(draft: &Draft, ops: &[Op]) -> Self {
        let mut stack: Vec<Self> = Vec::new();
        for op in ops {
            let Some(at) = stack.len().checked_sub(op.operands()) else { return Self::ANY };
            let result = Self::result(draft, *op, &stack[at..]);
            stack.truncate(at);
            stack.push(result);
        }
        stack.pop().unwrap_or(Self::ANY)
    }

    fn result(draft: &Draft, op: Op, operands: &[Self]) -> Self {
        match (op, operands) {
            (Op::Const(value), _) => Self::new(value, value),
            (Op::Load(point) | Op::LoadPrevious(point), _) => Self::of_point(draft, point),
            (Op::Add, &[a, b]) => Self::both(a, b, |a, b| a + b),
            (Op::Subtract, &[a, b]) => Self::new(a.low - b.high, a.high - b.low),
            (Op::Multiply, &[a, b]) => Self::corners(a, b, |a, b| a * b),
            (Op::Divide, &[a, b]) if b.low > 0.0 || b.high < 0.0 => Self::corners(a, b, |a, b| a / b),
            (Op::Negate, &[a]) => Self::new(-a.high, -a.low),
            (Op::Min, &[a, b]) => Self::both(a, b, f64::min),
            (Op::Max, &[a, b]) => Self::both(a, b, f64::max),
            (Op::Abs, &[a]) => {
                let near = if a.low <= 0.0 && a.high >= 0.0 { 0.0 } else { a.low.abs().min(a.high.abs()) };
                Self::new(near, a.low.abs().max(a.high.abs()))
            }
            (Op::Sqrt, &[a]) => Self::new(libm::sqrt(a.low.max(0.0)), libm::sqrt(a.high.max(0.0))),
            (Op::Exp, _) => Self::new(0.0, f64::INFINITY),
            (Op::Round | Op::Truncate, &[a]) => Self::new(libm::floor(a.low), libm::ceil(a.high)),
            (Op::Limit, &[low, x, high]) => Self::both(Self::both(x, low, f64::max), high, f64::min),
            (Op::Select, &[_, a, b]) => Self::around(&[a, b]),
            (Op::Median { .. }, all) => Self::around(all),
            (Op::Not, &[a]) => Self::truth(a.known().map(|a| !a)),
            (Op::And, &[a, b]) => Self::vote(2, &[a, b]),
            (Op::Or, &[a, b]) => Self::vote(1, &[a, b]),
            (Op::Xor, &[a, b]) => Self::truth(a.known().zip(b.known()).map(|(a, b)| a != b)),
            (Op::OnDelay { .. } | Op::OnDelayOf { .. } | Op::OffDelay { .. }, &[a]) => Self::truth(a.known()),
            (Op::Vote { need, .. }, all) => Self::vote(usize::from(need), all),
            (
                Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual | Op::Equal | Op::NotEqual,
                &[a, b],
            ) => Self::truth(Self::always(op, a, b)),
            (Op::IsGood(_) | Op::IsBad(_) | Op::Rise { .. } | Op::Fall { .. } | Op::Hysteresis { .. }, _) => {
                TRUTH
            }
            _ => Self::ANY,
        }
    }

    /// What a comparison of the two always comes to, if it does.
    pub(super) fn always(op: Op, left: Self, right: Self) -> Option<bool> {
        let (below, above) = (left.high < right.low, left.low > right.high);
        let (not_above, not_below) = (left.high <= right.low, left.low >= right.high);
        let same = left.fixed().is_some() && left == right;
        let known = |yes: bool, no: bool| if yes { Some(true) } else { no.then_some(false) };
        match op {
            Op::Less => known(below, not_below),
            Op::LessEqual => known(not_above, above),
            Op::Greater => known(above, not_above),
            Op::GreaterEqual => known(not_below, below),
            Op::Equal => known(same, below || above),
            Op::NotEqual => known(below || above, same),
            _ => None,
        }
    }
}

/// Between which values the results of the blocks stay, in the order in which they run; others read on.
pub(super) fn of_blocks(order: &[BlockId], blocks: &[Option<Block>], draft: &mut Draft) {
    for id in order {
        let Some(Some(block)) = blocks.get(id.index()) else { continue };
        for (point, bounds) in of_block(&block.body, draft) {
            // Before its first run, and with inputs that never came, it stands at its initial value.
            let initial = draft.point(point).initial;
            draft.reach.insert(point, Bounds::around(&[bounds, Bounds::new(initial, initial)]));
        }
    }
}

fn of_block(body: &BlockBody, draft: &Draft) -> Vec<(PointId, Bounds)> {
    let read = |point: PointId| Bounds::of_point(draft, point);
    match body {
        BlockBody::Filter(filter) => Vec::from([(filter.out, read(filter.input))]),
        BlockBody::Calc(calc) => {
            let (start, length) = (calc.value.start as usize, calc.value.len as usize);
            let ops = draft.code.ops.get(start..start + length).unwrap_or_default();
            Vec::from([(calc.out, Bounds::of(draft, ops))])
        }
        BlockBody::Selector(selector) => {
            let inputs: Vec<Bounds> = selector.inputs.iter().map(|input| read(*input)).collect();
            Vec::from([(selector.out, Bounds::around(&inputs))])
        }
        BlockBody::Pid(pid) => {
            let limits = Bounds::new(pid.sp_limit_low, pid.sp_limit_high);
            // A filter of second order overshoots.
            let pv = if pid.options.second_order { Bounds::ANY } else { read(pid.input) };
            Vec::from([(pid.sp, limits), (pid.sp_working, limits), (pid.pv, pv)])
        }
        _ => Vec::new(),
    }
}

/// What an input can show: far outside its range a reading is bad and the last value stays, counts go as far as their
/// register, and of a number that nobody checks nothing is known.
fn of_field(io: &IoPoint, low: f64, high: f64) -> Bounds {
    let banded = || {
        let margin = RANGE_BAND * (high - low);
        Bounds::new(low - margin, high + margin)
    };
    let counts = |first: f64, last: f64| {
        let (first, last) = (io.scaling.to_unit(first), io.scaling.to_unit(last));
        Bounds::new(first.min(last), first.max(last))
    };
    let supervised = (io.scaling.raw_high - io.scaling.raw_low).abs() >= SUPERVISED_COUNTS;
    match io.address {
        Address::Modbus { format: RegisterFormat::Bit, .. } | Address::OpcUa { boolean: true, .. } => TRUTH,
        Address::Modbus { format: RegisterFormat::U16 | RegisterFormat::I16, .. } if supervised => banded(),
        Address::Modbus { format: RegisterFormat::U16, .. } => counts(0.0, f64::from(u16::MAX)),
        Address::Modbus { format: RegisterFormat::I16, .. } => {
            counts(f64::from(i16::MIN), f64::from(i16::MAX))
        }
        Address::Modbus { format: RegisterFormat::U32, .. } => counts(0.0, f64::from(u32::MAX)),
        Address::Modbus { format: RegisterFormat::F32, .. } | Address::OpcUa { .. } => {
            if io.range.is_some() {
                banded()
            } else {
                Bounds::ANY
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(low: f64, high: f64) -> Bounds {
        Bounds { low, high }
    }

    #[test]
    fn a_comparison_is_known_where_the_two_do_not_meet() {
        let (low, high, wide) = (bounds(0.0, 1.0), bounds(1.0, 2.0), bounds(0.5, 3.0));
        assert_eq!(Bounds::always(Op::Less, low, high), None, "both may be one");
        assert_eq!(Bounds::always(Op::LessEqual, low, high), Some(true));
        assert_eq!(Bounds::always(Op::Greater, low, high), Some(false));
        assert_eq!(Bounds::always(Op::GreaterEqual, low, high), None);
        assert_eq!(Bounds::always(Op::Less, low, bounds(1.5, 2.0)), Some(true));
        assert_eq!(Bounds::always(Op::GreaterEqual, low, bounds(1.5, 2.0)), Some(false));
        assert_eq!(Bounds::always(Op::Equal, low, bounds(1.5, 2.0)), Some(false));
        assert_eq!(Bounds::always(Op::NotEqual, low, bounds(1.5, 2.0)), Some(true));
        for op in [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual] {
            assert_eq!(Bounds::always(op, low, wide), None);
            assert_eq!(Bounds::always(op, Bounds::ANY, high), None);
        }
    }

    #[test]
    fn conditions_are_known_where_the_others_make_no_difference() {
        let (never, always, either) = (Bounds::truth(Some(false)), Bounds::truth(Some(true)), TRUTH);
        assert_eq!(Bounds::vote(2, &[never, either]).known(), Some(false), "AND");
        assert_eq!(Bounds::vote(1, &[always, either]).known(), Some(true), "OR");
        assert_eq!(Bounds::vote(2, &[always, either]).known(), None);
        assert_eq!(Bounds::vote(2, &[always, Bounds::ANY, always]).known(), Some(true));
    }

    #[test]
    fn what_says_nothing_gives_every_number() {
        let times = |a: Bounds, b: Bounds| Bounds::corners(a, b, |a, b| a * b);
        assert_eq!(times(bounds(-2.0, 3.0), bounds(-5.0, 1.0)), bounds(-15.0, 10.0));
        assert_eq!(times(bounds(0.0, 1.0), Bounds::ANY), Bounds::ANY);
    }
}
