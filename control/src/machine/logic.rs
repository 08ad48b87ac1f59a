//! Conditions without a stack of numbers: a truth is two bits, one for "certainly" and one for "possibly", and what
//! stands on the stack is one word of each. What comes out is to the bit what the stack machine says.
//!
//! ```text
//! certain possible
//!    1       1      true
//!    0       1      bad: could be either
//!    0       0      false
//! ```
//!
//! AND, OR and NOT of Kleene's logic are then those of the bits, and most conditions are comparisons of points with
//! constants, joined. What is none of this (arithmetic, hysteresis, a past value) stays code of the stack machine.

use alloc::{vec, vec::Vec};
use model::PointId;

use super::{Memory, Now, Slot, Truth};
use crate::image::Image;
use crate::plant::Op;

mod read;

use read::{expressions, read};

/// The conditions of a plant by the place of their code.
#[derive(Clone, Debug, Default)]
pub(super) struct Logic {
    /// Per operation: one more than the condition that begins there; 0 is none.
    at: Vec<u32>,
    conditions: Vec<Condition>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Condition {
    /// Where its code ends.
    end: u32,
    /// Where its steps begin and end.
    steps: (u32, u32),
    /// It asks the image alone, and remembers nothing.
    looks: bool,
}

/// One step: it puts a truth on the stack, or joins those that are there.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// A point against a constant.
    Limit {
        point: PointId,
        how: How,
        join: Join,
        limit: f64,
    },
    /// A point against another.
    Points {
        left: PointId,
        right: PointId,
        how: How,
        join: Join,
    },
    /// Whether the quality of a point is good, or is bad.
    IsGood(PointId),
    IsBad(PointId),
    Certain(bool),
    /// Code of the stack machine.
    Code {
        start: u32,
        len: u32,
    },
    And,
    Or,
    Xor,
    Not,
    Vote {
        need: u8,
        of: u8,
    },
    /// A delay or an edge, which remember.
    Remember(Op),
}

impl Step {
    fn looks(&self) -> bool {
        !matches!(self, Self::Code { .. } | Self::Remember(_))
    }
}

/// What a comparison does with the truth below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    Nothing,
    And,
    Or,
}

/// How two numbers are compared. The number is that of the orders for which it holds: less 1, equal 2, greater 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Less = 1,
    Equal = 2,
    LessEqual = 3,
    Greater = 4,
    NotEqual = 5,
    GreaterEqual = 6,
}

impl How {
    pub(crate) fn of(op: Op) -> Option<Self> {
        Some(match op {
            Op::Less => Self::Less,
            Op::LessEqual => Self::LessEqual,
            Op::Greater => Self::Greater,
            Op::GreaterEqual => Self::GreaterEqual,
            Op::Equal => Self::Equal,
            Op::NotEqual => Self::NotEqual,
            _ => return None,
        })
    }

    /// NOT of it, for what is a number on both sides.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
        }
    }

    /// The same with the two sides changed over.
    pub(crate) fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }

    /// For numbers, without a branch: what comes next is seldom what came last.
    #[inline]
    pub(crate) fn holds(self, left: f64, right: f64) -> bool {
        let order = u8::from(left < right) | u8::from(left == right) << 1 | u8::from(left > right) << 2;
        order & self as u8 != 0
    }
}

/// So many truths fit into a word.
const DEPTH: usize = 64;

/// Truths on top of each other, the uppermost in the lowest bit.
#[derive(Clone, Copy, Debug, Default)]
struct Truths {
    certain: u64,
    possible: u64,
}

impl Truths {
    #[inline]
    fn push(&mut self, certain: bool, possible: bool) {
        self.certain = self.certain << 1 | u64::from(certain);
        self.possible = self.possible << 1 | u64::from(possible);
    }

    #[inline]
    fn compared(&mut self, truth: bool, bad: bool, join: Join) {
        let (certain, possible) = (u64::from(truth & !bad), u64::from(truth | bad));
        match join {
            Join::Nothing => self.push(certain != 0, possible != 0),
            Join::And => {
                self.certain &= !1 | certain;
                self.possible &= !1 | possible;
            }
            Join::Or => {
                self.certain |= certain;
                self.possible |= possible;
            }
        }
    }

    fn push_truth(&mut self, truth: Truth) {
        self.push(truth == Truth::True, truth != Truth::False);
    }

    fn top(self) -> Truth {
        match (self.certain & 1, self.possible & 1) {
            (1, _) => Truth::True,
            (_, 1) => Truth::Bad,
            _ => Truth::False,
        }
    }

    fn pop(&mut self) -> Truth {
        let top = self.top();
        self.drop(1);
        top
    }

    fn drop(&mut self, count: u8) {
        self.certain = self.certain.checked_shr(u32::from(count)).unwrap_or(0);
        self.possible = self.possible.checked_shr(u32::from(count)).unwrap_or(0);
    }

    fn both(&mut self) -> (Self, Self) {
        let upper = *self;
        self.drop(1);
        (*self, upper)
    }

    fn and(&mut self) {
        let (lower, upper) = self.both();
        self.certain = lower.certain & (upper.certain | !1);
        self.possible = lower.possible & (upper.possible | !1);
    }

    fn or(&mut self) {
        let (lower, upper) = self.both();
        self.certain = lower.certain | upper.certain & 1;
        self.possible = lower.possible | upper.possible & 1;
    }

    fn xor(&mut self) {
        let (upper, lower) = (self.pop(), self.pop());
        let known = upper != Truth::Bad && lower != Truth::Bad;
        let differ = upper != lower;
        self.push(known && differ, !known || differ);
    }

    fn not(&mut self) {
        match self.pop() {
            Truth::True => self.push(false, false),
            Truth::False => self.push(true, true),
            Truth::Bad => self.push(false, true),
        }
    }

    /// A step that asks the image alone.
    #[inline(always)]
    fn look(&mut self, step: &Step, image: &Image) {
        match *step {
            Step::Limit { point, how, join, limit } => {
                let (value, quality) = image.read(point);
                self.compared(how.holds(value, limit), quality.is_bad(), join);
            }
            Step::Points { left, right, how, join } => {
                let (left, right) = (image.read(left), image.read(right));
                let bad = left.1.is_bad() | right.1.is_bad();
                self.compared(how.holds(left.0, right.0), bad, join);
            }
            Step::And => self.and(),
            Step::Or => self.or(),
            Step::Xor => self.xor(),
            Step::Not => self.not(),
            Step::Vote { need, of } => self.vote(need, of),
            Step::Certain(truth) => self.push(truth, truth),
            Step::IsGood(point) => {
                let good = image.quality(point).is_good();
                self.push(good, good);
            }
            Step::IsBad(point) => {
                let bad = image.quality(point).is_bad();
                self.push(bad, bad);
            }
            // Those remember: the caller's.
            Step::Remember(_) | Step::Code { .. } => {}
        }
    }

    fn vote(&mut self, need: u8, of: u8) {
        let asked = if usize::from(of) >= DEPTH { u64::MAX } else { (1 << of) - 1 };
        let certain = (self.certain & asked).count_ones() >= u32::from(need);
        let possible = (self.possible & asked).count_ones() >= u32::from(need);
        self.drop(of);
        self.push(certain, possible);
    }
}

impl Logic {
    pub(super) fn new(ops: &[Op]) -> Self {
        let mut logic = Self { at: vec![0; ops.len()], ..Self::default() };
        let starts = expressions(ops);
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(ops.len());
            let steps = logic.steps.len();
            match read(&ops[*start..end], *start, &mut logic.steps) {
                Some(()) if !matches!(logic.steps[steps..], [Step::Code { .. }]) => {
                    let looks = logic.steps[steps..].iter().all(Step::looks);
                    let steps = (steps as u32, logic.steps.len() as u32);
                    logic.conditions.push(Condition { end: end as u32, steps, looks });
                    logic.at[*start] = logic.conditions.len() as u32;
                }
                _ => logic.steps.truncate(steps),
            }
        }
        logic.steps.shrink_to_fit();
        logic.conditions.shrink_to_fit();
        logic
    }

    /// The condition that has this code; nothing when the stack machine has to do it.
    #[inline]
    fn condition(&self, (start, len): (u32, u32)) -> Option<usize> {
        let number = self.at.get(start as usize)?.checked_sub(1)? as usize;
        (self.conditions[number].end == start.saturating_add(len)).then_some(number)
    }
}

impl Memory {
    /// Nothing when the stack machine has to do it.
    #[inline]
    pub(super) fn reason(&mut self, ops: &[Op], place: (u32, u32), image: &Image, now: Now) -> Option<Truth> {
        let condition = self.logic.conditions[self.logic.condition(place)?];
        let mut truths = Truths::default();
        if condition.looks {
            // Most are of this kind: one slice, nothing else of the memory.
            for step in &self.logic.steps[condition.steps.0 as usize..condition.steps.1 as usize] {
                truths.look(step, image);
            }
            return Some(truths.top());
        }
        for index in condition.steps.0..condition.steps.1 {
            match self.logic.steps[index as usize] {
                Step::Remember(Op::OnDelay { timer, ms }) => {
                    let operand = truths.pop();
                    truths.push_truth(self.delayed(timer, operand, ms, now));
                }
                Step::Remember(op) => {
                    let operand = Slot::of(truths.pop());
                    truths.push_truth(self.remembering(op, operand, now).truth());
                }
                Step::Code { start, len } => {
                    truths.push_truth(self.run(super::part(ops, (start, len)), image, now).truth());
                }
                step => truths.look(&step, image),
            }
        }
        Some(truths.top())
    }
}

#[cfg(test)]
mod tests;
