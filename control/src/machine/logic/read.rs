//! Reads the code of a stack machine as the steps of a condition.
//!
//! A value is a truth or a number only in the eyes of who takes it: a point that is loaded gets its step when
//! somebody joins it, and none when a comparison takes it as its side. What turns out to be a number that is worked
//! out goes back to be code.

use alloc::vec::Vec;
use model::PointId;

use super::{DEPTH, How, Join, Step};
use crate::plant::Op;

/// Where each expression begins. They stand one behind the other; each leaves one value on the stack.
pub(super) fn expressions(ops: &[Op]) -> Vec<usize> {
    let mut starts = Vec::new();
    for (index, op) in ops.iter().enumerate() {
        match op.operands() {
            0 => starts.push(index),
            // The first of its operands is where it begins.
            count if count <= starts.len() => starts.truncate(starts.len() - count + 1),
            _ => return Vec::new(),
        }
    }
    starts
}

/// What stands on the stack while code is read.
#[derive(Clone, Copy, Debug)]
struct Item {
    /// Where its code begins.
    start: usize,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// A truth whose steps begin there.
    Truth {
        steps: usize,
    },
    /// A value that is not asked for yet: it may turn out to be a truth, or the side of a comparison.
    Const(f64),
    Point(PointId),
    /// The stack machine has to do it.
    Code,
}

/// Puts the steps of one expression behind the others; nothing when it is too deep.
pub(super) fn read(ops: &[Op], offset: usize, steps: &mut Vec<Step>) -> Option<()> {
    let mut reader = Reader { offset, steps, items: Vec::new() };
    for (index, op) in ops.iter().enumerate() {
        reader.op(*op, index)?;
    }
    reader.settle(reader.items.len(), ops.len());
    (reader.items.len() == 1).then_some(())
}

struct Reader<'s> {
    /// Of the expression in the code of the plant.
    offset: usize,
    steps: &'s mut Vec<Step>,
    items: Vec<Item>,
}

impl Reader<'_> {
    fn op(&mut self, op: Op, index: usize) -> Option<()> {
        let count = op.operands();
        let kept = self.items.len().checked_sub(count)?;
        if kept >= DEPTH {
            return None;
        }
        let what = match (op, self.compared(op, kept)) {
            (Op::Const(value), _) if !value.is_finite() => return None,
            (Op::Const(value), _) => What::Const(value),
            (Op::Load(point), _) => What::Point(point),
            (_, Some(comparison)) => self.single(kept, index, comparison),
            (Op::IsGood(point), _) => self.single(kept, index, Step::IsGood(point)),
            (Op::IsBad(point), _) => self.single(kept, index, Step::IsBad(point)),
            (Op::And | Op::Or | Op::Xor | Op::Not | Op::Vote { .. }, _) => self.joined(op, kept, index),
            (Op::OnDelay { .. } | Op::OffDelay { .. } | Op::Rise { .. } | Op::Fall { .. }, _) => {
                self.settle(self.items.len(), index);
                self.steps.push(Step::Remember(op));
                What::Truth { steps: self.first_step(kept) }
            }
            _ => {
                // The code does it all: the steps of its operands are not needed.
                self.steps.truncate(self.first_step(kept));
                What::Code
            }
        };
        let start = self.items.get(kept).map_or(index, |first| first.start);
        self.items.truncate(kept);
        self.items.push(Item { start, what });
        Some(())
    }

    /// The comparison of the two uppermost, when both are points or constants.
    fn compared(&self, op: Op, kept: usize) -> Option<Step> {
        let how = How::of(op)?;
        let join = Join::Nothing;
        match self.items.get(kept..)? {
            [Item { what: What::Point(point), .. }, Item { what: What::Const(limit), .. }] => {
                Some(Step::Limit { point: *point, how, join, limit: *limit })
            }
            [Item { what: What::Const(limit), .. }, Item { what: What::Point(point), .. }] => {
                Some(Step::Limit { point: *point, how: how.turned(), join, limit: *limit })
            }
            [Item { what: What::Point(left), .. }, Item { what: What::Point(right), .. }] => {
                Some(Step::Points { left: *left, right: *right, how, join })
            }
            _ => None,
        }
    }

    /// One step is all of it, once what lies below has its own.
    fn single(&mut self, below: usize, index: usize, step: Step) -> What {
        self.settle(below, index);
        self.steps.push(step);
        What::Truth { steps: self.steps.len() - 1 }
    }

    /// Where the steps of this and all that lies above it begin. What has none yet has nothing with steps above it.
    fn first_step(&self, item: usize) -> usize {
        match self.items.get(item).map(|item| item.what) {
            Some(What::Truth { steps }) => steps,
            _ => self.steps.len(),
        }
    }

    /// Gives steps to the lowest `count` that have none: they count as truths, which they are for whoever comes now.
    fn settle(&mut self, count: usize, end: usize) {
        for number in 0..count {
            let next = self.items.get(number + 1).map_or(end, |item| item.start);
            let item = &mut self.items[number];
            let step = match item.what {
                What::Truth { .. } => continue,
                What::Const(value) => Step::Certain(value != 0.0),
                What::Point(point) => {
                    Step::Limit { point, how: How::NotEqual, join: Join::Nothing, limit: 0.0 }
                }
                What::Code => {
                    Step::Code { start: (self.offset + item.start) as u32, len: (next - item.start) as u32 }
                }
            };
            item.what = What::Truth { steps: self.steps.len() };
            self.steps.push(step);
        }
    }

    /// AND, OR, XOR, NOT and votes; a comparison takes the first two or a NOT along.
    fn joined(&mut self, op: Op, kept: usize, index: usize) -> What {
        self.settle(self.items.len(), index);
        let whole = What::Truth { steps: self.first_step(kept) };
        let last = self.steps.last_mut();
        if let Some(Step::Limit { join, how, .. } | Step::Points { join, how, .. }) = last
            && *join == Join::Nothing
            && let Op::And | Op::Or | Op::Not = op
        {
            match op {
                Op::And => *join = Join::And,
                Op::Or => *join = Join::Or,
                _ => *how = how.negated(),
            }
            return whole;
        }
        self.steps.push(match op {
            Op::And => Step::And,
            Op::Or => Step::Or,
            Op::Xor => Step::Xor,
            Op::Vote { need, of } => Step::Vote { need, of },
            _ => Step::Not,
        });
        whole
    }
}
