//! Conditions that no plant ever meets, or always, because of what they say of one point: `TT-1 > 90 AND TT-1 < 20`.
//!
//! Of every truth is known what its points must be when it is true, and when it is false: a span for each. What
//! AND joins must hold at once; where the spans of a point do not meet it never does, and NOT turns both over. What is not
//! followed says nothing, so what is told to never change never does.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use model::PointId;

use crate::machine::How;
use crate::plant::Op;

/// All numbers between two ends, each of which belongs to it or does not.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    low: (f64, bool),
    high: (f64, bool),
}

impl Span {
    const ANY: Self = Self { low: (f64::NEG_INFINITY, true), high: (f64::INFINITY, true) };

    /// Where a value is that compares so with the limit; what is only not equal may be anywhere.
    fn of(how: How, limit: f64) -> Self {
        match how {
            How::Less => Self { high: (limit, false), ..Self::ANY },
            How::LessEqual => Self { high: (limit, true), ..Self::ANY },
            How::Greater => Self { low: (limit, false), ..Self::ANY },
            How::GreaterEqual => Self { low: (limit, true), ..Self::ANY },
            How::Equal => Self { low: (limit, true), high: (limit, true) },
            How::NotEqual => Self::ANY,
        }
    }

    /// What both have; nothing where they do not meet.
    fn meet(self, other: Self) -> Option<Self> {
        let low = match self.low.0.total_cmp(&other.low.0) {
            core::cmp::Ordering::Less => other.low,
            core::cmp::Ordering::Greater => self.low,
            core::cmp::Ordering::Equal => (self.low.0, self.low.1 && other.low.1),
        };
        let high = match self.high.0.total_cmp(&other.high.0) {
            core::cmp::Ordering::Less => self.high,
            core::cmp::Ordering::Greater => other.high,
            core::cmp::Ordering::Equal => (self.high.0, self.high.1 && other.high.1),
        };
        let touch = low.0 == high.0 && low.1 && high.1;
        (low.0 < high.0 || touch).then_some(Self { low, high })
    }
}

/// What points must be; one that is not named may be anything.
type Claims = BTreeMap<PointId, Span>;

fn all(first: Option<&Claims>, second: Option<&Claims>) -> Option<Claims> {
    let mut both = first?.clone();
    for (point, span) in second? {
        let known = both.get(point).copied().unwrap_or(Span::ANY);
        both.insert(*point, known.meet(*span)?);
    }
    Some(both)
}

fn either(first: Option<&Claims>, second: Option<&Claims>) -> Option<Claims> {
    match (first, second) {
        (None, None) => None,
        (Some(only), None) | (None, Some(only)) => Some(only.clone()),
        (Some(_), Some(_)) => Some(Claims::new()),
    }
}

/// What an operation leaves on the stack.
#[derive(Clone, Debug)]
enum Part {
    Point(PointId),
    Number(f64),
    /// What must be for it to be true, and to be false; nothing where it never is.
    Truth {
        yes: Option<Claims>,
        no: Option<Claims>,
    },
}

impl Part {
    const UNKNOWN: Self = Self::Truth { yes: Some(Claims::new()), no: Some(Claims::new()) };

    fn truth(self) -> (Option<Claims>, Option<Claims>) {
        match self {
            Self::Truth { yes, no } => (yes, no),
            // A switch alone.
            Self::Point(point) => (
                Some(Claims::from([(point, Span { low: (0.5, true), ..Span::ANY })])),
                Some(Claims::from([(point, Span { high: (0.5, false), ..Span::ANY })])),
            ),
            Self::Number(value) if value != 0.0 => (Some(Claims::new()), None),
            Self::Number(_) => (None, Some(Claims::new())),
        }
    }

    fn compared(how: How, left: &Self, right: &Self) -> Self {
        let (point, how, limit) = match (left, right) {
            (Self::Point(point), Self::Number(limit)) => (*point, how, *limit),
            (Self::Number(limit), Self::Point(point)) => (*point, how.turned(), *limit),
            _ => return Self::UNKNOWN,
        };
        let claim = |how: How| Some(Claims::from([(point, Span::of(how, limit))]));
        Self::Truth { yes: claim(how), no: claim(how.negated()) }
    }

    fn of(op: Op, operands: &[Self]) -> Self {
        let truth = |part: &Self| part.clone().truth();
        match (op, operands) {
            (Op::Const(value), _) => Self::Number(value),
            (Op::Load(point), _) => Self::Point(point),
            (Op::Not, [inner]) => {
                let (yes, no) = truth(inner);
                Self::Truth { yes: no, no: yes }
            }
            (Op::And, [left, right]) => {
                let (left, right) = (truth(left), truth(right));
                let (yes, no) =
                    (all(left.0.as_ref(), right.0.as_ref()), either(left.1.as_ref(), right.1.as_ref()));
                Self::Truth { yes, no }
            }
            (Op::Or, [left, right]) => {
                let (left, right) = (truth(left), truth(right));
                let (yes, no) =
                    (either(left.0.as_ref(), right.0.as_ref()), all(left.1.as_ref(), right.1.as_ref()));
                Self::Truth { yes, no }
            }
            // While it is true its condition is; what it waits for may be true while it is not.
            (Op::OnDelay { .. } | Op::OnDelayOf { .. }, [inner]) => {
                Self::Truth { yes: truth(inner).0, no: Some(Claims::new()) }
            }
            (Op::OffDelay { .. }, [inner]) => {
                let (yes, no) = truth(inner);
                Self::Truth { yes: yes.map(|_| Claims::new()), no }
            }
            (Op::Vote { need, .. }, parts) => {
                let possible = parts.iter().filter(|part| truth(part).0.is_some()).count();
                let yes = (possible >= usize::from(need)).then(Claims::new);
                Self::Truth { yes, no: Some(Claims::new()) }
            }
            (op, [left, right]) => How::of(op).map_or(Self::UNKNOWN, |how| Self::compared(how, left, right)),
            _ => Self::UNKNOWN,
        }
    }
}

/// What a condition always is, by what it says of its points.
pub(super) fn known(ops: &[Op]) -> Option<bool> {
    let mut stack: Vec<Part> = Vec::new();
    for op in ops {
        let at = stack.len().checked_sub(op.operands())?;
        let result = Part::of(*op, &stack[at..]);
        stack.truncate(at);
        stack.push(result);
    }
    match stack.pop()? {
        Part::Truth { yes: None, .. } => Some(false),
        Part::Truth { no: None, .. } => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::known;
    use crate::plant::Op;
    use alloc::vec::Vec;
    use model::PointId;

    fn compare(point: u32, op: Op, limit: f64) -> Vec<Op> {
        Vec::from([Op::Load(PointId(point)), Op::Const(limit), op])
    }

    fn joined(first: &[Op], second: &[Op], op: Op) -> Vec<Op> {
        [first, second, &[op]].concat()
    }

    #[test]
    fn two_limits_of_one_point_that_leave_nothing_between_them_never_hold() {
        let above = compare(1, Op::Greater, 90.0);
        assert_eq!(known(&joined(&above, &compare(1, Op::Less, 20.0), Op::And)), Some(false));
        assert_eq!(known(&joined(&above, &compare(1, Op::LessEqual, 90.0), Op::And)), Some(false));
        assert_eq!(known(&joined(&above, &compare(1, Op::Less, 95.0), Op::And)), None);
        assert_eq!(known(&joined(&above, &compare(2, Op::Less, 20.0), Op::And)), None, "of two points");
        let at_least = compare(1, Op::GreaterEqual, 90.0);
        assert_eq!(
            known(&joined(&at_least, &compare(1, Op::LessEqual, 90.0), Op::And)),
            None,
            "at 90 itself"
        );
        let delayed = [above.as_slice(), &[Op::OnDelay { timer: 0, ms: 10 }]].concat();
        assert_eq!(known(&joined(&delayed, &compare(1, Op::Less, 20.0), Op::And)), Some(false));
    }

    #[test]
    fn two_limits_of_one_point_that_overlap_always_hold() {
        let above = compare(1, Op::Greater, 20.0);
        assert_eq!(known(&joined(&above, &compare(1, Op::Less, 90.0), Op::Or)), Some(true));
        assert_eq!(known(&joined(&above, &compare(1, Op::LessEqual, 20.0), Op::Or)), Some(true));
        assert_eq!(known(&joined(&above, &compare(1, Op::Less, 20.0), Op::Or)), None, "not at 20 itself");
    }

    #[test]
    fn a_switch_and_its_opposite_never_hold_together() {
        let switch = [Op::Load(PointId(3))];
        let opposite = [Op::Load(PointId(3)), Op::Not];
        assert_eq!(known(&joined(&switch, &opposite, Op::And)), Some(false));
        assert_eq!(known(&joined(&switch, &opposite, Op::Or)), Some(true));
        assert_eq!(known(&joined(&switch, &switch, Op::And)), None);
    }

    #[test]
    fn a_bracket_within_another_is_followed() {
        let outside = joined(&compare(1, Op::Greater, 90.0), &compare(1, Op::Less, 5.0), Op::Or);
        let within = [outside.as_slice(), &[Op::Not]].concat();
        assert_eq!(known(&joined(&within, &compare(1, Op::Greater, 95.0), Op::And)), Some(false));
        assert_eq!(known(&joined(&outside, &compare(1, Op::Greater, 95.0), Op::And)), None);
    }
}
