//! Reads a condition of comparisons as data: ORs of comparisons joined by AND, ANDs joined by OR, or so many of so many.
//!
//! NOT goes down to the comparisons: at each bound exactly one of two neighbouring numbers is on either side, and what is
//! bad stays bad. Bounds of one point that stand beside each other are one range, since both are bad together. What is
//! deeper than two levels, and whatever needs arithmetic or remembers, is none of this.

use alloc::{vec, vec::Vec};
use model::PointId;

use crate::image::Image;
use crate::machine::How;
use crate::plant::Op;

/// A point within a range, ends included, or outside of it. A switch that is on is outside of 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    low: f64,
    high: f64,
    point: PointId,
    outside: bool,
    /// The last of those that are joined by OR.
    pub(super) closes: bool,
}

impl Comparison {
    /// Nothing when the limit is no number: what is compared with it is bad.
    fn new(point: PointId, how: How, limit: f64) -> Option<Self> {
        if limit.is_nan() {
            return None;
        }
        let (low, high, outside) = match how {
            How::Less => (f64::NEG_INFINITY, limit.next_down(), false),
            How::LessEqual => (f64::NEG_INFINITY, limit, false),
            How::Greater => (limit.next_up(), f64::INFINITY, false),
            How::GreaterEqual => (limit, f64::INFINITY, false),
            How::Equal => (limit, limit, false),
            How::NotEqual => (limit, limit, true),
        };
        Some(Self { low, high, point, outside, closes: false })
    }

    /// Whether it is true for certain, and whether it may be: a bad point could have any value.
    #[inline]
    pub(super) fn look(&self, image: &Image) -> (bool, bool) {
        let (value, quality) = image.read(self.point);
        let holds = ((self.low <= value) & (value <= self.high)) ^ self.outside;
        let bad = quality.is_bad();
        (holds & !bad, holds | bad)
    }

    pub(super) fn negated(self) -> Self {
        Self { outside: !self.outside, ..self }
    }

    /// The same said the other way: what lies above a range without a lower end lies within one without an upper.
    fn said(self, outside: bool) -> Option<Self> {
        let (low, high) = match (self.low == f64::NEG_INFINITY, self.high == f64::INFINITY) {
            _ if self.outside == outside => (self.low, self.high),
            (true, _) => (self.high.next_up(), f64::INFINITY),
            (_, true) => (f64::NEG_INFINITY, self.low.next_down()),
            _ => return None,
        };
        Some(Self { low, high, outside, ..self })
    }

    /// Takes the other in: within both ranges (AND), or outside of what both have in common (OR). False when it cannot.
    fn takes(&mut self, other: Self, outside: bool) -> bool {
        let (Some(one), Some(other)) = (self.said(outside), other.said(outside)) else { return false };
        if self.point != other.point {
            return false;
        }
        *self = Self { low: one.low.max(other.low), high: one.high.min(other.high), ..one };
        true
    }
}

/// Comparisons joined on two levels.
#[derive(Debug)]
pub(super) enum Form {
    /// AND of ORs when it asks for all groups, otherwise OR of ANDs.
    Groups { all: bool, groups: Vec<Vec<Comparison>> },
    /// So many of these.
    Vote { need: usize, of: Vec<Comparison> },
}

impl Form {
    /// Nothing when it is more than comparisons.
    pub(super) fn read(ops: &[Op]) -> Option<Self> {
        let mut items = Vec::new();
        for op in ops {
            let item = match *op {
                Op::Load(point) => Item::Point(point),
                Op::Const(value) => Item::Const(value),
                Op::Not => Item::Form(pop(&mut items)?.negated()),
                Op::And | Op::Or => {
                    let (right, left) = (pop(&mut items)?, pop(&mut items)?);
                    Item::Form(left.joined(right, *op == Op::And)?)
                }
                Op::Vote { need, of } => {
                    Item::Form(Self::vote(usize::from(need), usize::from(of), &mut items)?)
                }
                compare => {
                    let how = How::of(compare)?;
                    let (right, left) = (items.pop()?, items.pop()?);
                    let one = match (left, right) {
                        (Item::Point(point), Item::Const(limit)) => Comparison::new(point, how, limit)?,
                        (Item::Const(limit), Item::Point(point)) => {
                            Comparison::new(point, how.turned(), limit)?
                        }
                        _ => return None,
                    };
                    Item::Form(Self::one(one))
                }
            };
            items.push(item);
        }
        let form = pop(&mut items)?;
        items.is_empty().then_some(form)
    }

    fn one(comparison: Comparison) -> Self {
        Self::Groups { all: true, groups: vec![vec![comparison]] }
    }

    /// The comparison that is all of it.
    fn single(self) -> Option<Comparison> {
        match self.groups(true)?.as_slice() {
            [group] if group.len() == 1 => group.first().copied(),
            _ => None,
        }
    }

    fn vote(need: usize, of: usize, items: &mut Vec<Item>) -> Option<Self> {
        let from = items.len().checked_sub(of)?;
        let of = items.drain(from..).map(|item| item.form()?.single()).collect::<Option<Vec<_>>>()?;
        (1..=of.len()).contains(&need).then_some(Self::Vote { need, of })
    }

    /// By De Morgan; of a vote, as many have to fail as leave too few.
    fn negated(self) -> Self {
        let opposite = |group: Vec<Comparison>| group.into_iter().map(Comparison::negated).collect();
        match self {
            Self::Groups { all, groups } => {
                Self::Groups { all: !all, groups: groups.into_iter().map(opposite).collect() }
            }
            Self::Vote { need, of } => Self::Vote { need: of.len() + 1 - need, of: opposite(of) },
        }
    }

    fn joined(self, other: Self, all: bool) -> Option<Self> {
        let mut groups = self.groups(all)?;
        groups.extend(other.groups(all)?);
        Some(Self::Groups { all, groups })
    }

    /// Its groups as AND of ORs, or as OR of ANDs. Nothing when that is deeper than two levels.
    pub(super) fn groups(self, wanted: bool) -> Option<Vec<Vec<Comparison>>> {
        let Self::Groups { all, groups } = self else { return None };
        if all == wanted {
            return Some(groups);
        }
        if groups.iter().all(|group| group.len() == 1) {
            return Some(vec![groups.concat()]);
        }
        (groups.len() == 1).then(|| groups.concat().into_iter().map(|one| vec![one]).collect())
    }

    /// The comparisons of an AND of ORs one behind the other, the last of each OR closing it; and whether the result is
    /// the opposite of what they say.
    pub(super) fn clauses(self) -> Option<(Vec<Comparison>, bool)> {
        let inverted = matches!(&self, Self::Groups { all: false, groups } if groups.len() > 1 && groups.iter().any(|group| group.len() > 1));
        let form = if inverted { self.negated() } else { self };
        let groups = form.groups(true)?.into_iter().map(|group| merged(group, true));
        let (alone, several): (Vec<_>, Vec<_>) = groups.partition(|group| group.len() == 1);
        let alone = merged(alone.concat(), false).into_iter().map(|one| vec![one]);
        let mut clauses = Vec::new();
        for group in alone.chain(several) {
            clauses.extend(group);
            clauses.last_mut()?.closes = true;
        }
        Some((clauses, inverted))
    }
}

/// Those of one point as one range where that can be: joined by OR outside of it, by AND within it.
fn merged(mut group: Vec<Comparison>, outside: bool) -> Vec<Comparison> {
    group.sort_by_key(|one| one.point);
    group.dedup_by(|next, kept| kept.takes(*next, outside));
    group
}

/// What stands on the stack while code is read: what is not compared may be a truth or a number.
enum Item {
    Point(PointId),
    Const(f64),
    Form(Form),
}

impl Item {
    fn form(self) -> Option<Form> {
        match self {
            Self::Form(form) => Some(form),
            Self::Point(point) => Comparison::new(point, How::NotEqual, 0.0).map(Form::one),
            Self::Const(_) => None,
        }
    }
}

fn pop(items: &mut Vec<Item>) -> Option<Form> {
    items.pop()?.form()
}

#[cfg(test)]
mod tests;
