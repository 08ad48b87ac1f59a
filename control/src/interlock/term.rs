//! A cause as the engine keeps it: most are comparisons with constants and switches, alone or joined by AND, OR or a
//! vote, with or without a delay, and those need no stack. What comes out is to the bit what the stack machine says.

use alloc::{vec, vec::Vec};
use model::PointId;

use crate::image::Image;
use crate::machine::{How, Memory, Now, Truth, slice};
use crate::plant::{Cause, Op, Plant};

/// The causes of all interlocks in their order, close together: a large plant has thousands.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    causes: Vec<Term>,
    /// The first cause of each interlock, and the end of the last.
    first: Vec<u32>,
    /// The runs of [`Body::Run`], one behind the other.
    comparisons: Vec<Comparison>,
}

impl Terms {
    pub(crate) fn new(plant: &Plant) -> Self {
        let mut terms = Self { causes: Vec::new(), first: vec![0], comparisons: Vec::new() };
        for interlock in &plant.interlocks {
            for cause in &interlock.causes {
                let term = Term::new(&plant.code.ops, cause, &mut terms.comparisons);
                terms.causes.push(term);
            }
            terms.first.push(terms.causes.len() as u32);
        }
        terms
    }

    /// The causes of one interlock.
    pub(crate) fn causes(&self, interlock: usize) -> &[Term] {
        &self.causes[self.first[interlock] as usize..self.first[interlock + 1] as usize]
    }

    #[inline]
    pub(crate) fn truth(
        &self,
        term: &Term,
        ops: &[Op],
        image: &Image,
        memory: &mut Memory,
        now: Now,
    ) -> Truth {
        let truth = match term.body {
            Body::One(comparison) => comparison.truth(image),
            Body::Run { first, count, need } => {
                let first = first as usize;
                at_least(need, &self.comparisons[first..first + usize::from(count)], image)
            }
            Body::Code { start, len } => return memory.truth_at(ops, (start, len), image, now),
        };
        match term.delay {
            Some(Delay { timer, ms }) => memory.delayed(timer, truth, ms, now),
            None => truth,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    body: Body,
    delay: Option<Delay>,
    pub(crate) trips_on_bad: bool,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    One(Comparison),
    /// At least `need` of the comparisons: all of them for AND, one for OR.
    Run {
        first: u32,
        count: u16,
        need: u16,
    },
    /// Anything else goes through the stack machine.
    Code {
        start: u32,
        len: u32,
    },
}

/// An on-delay.
#[derive(Clone, Copy, Debug)]
struct Delay {
    timer: u32,
    ms: u32,
}

/// A point against a constant; a switch is one that differs from 0.
#[derive(Clone, Copy, Debug)]
struct Comparison {
    limit: f64,
    point: PointId,
    how: How,
}

impl Comparison {
    /// The comparison that the code begins with, negated or not, and the rest of the code.
    fn parse(ops: &[Op]) -> Option<(Self, &[Op])> {
        let (mut one, mut rest) = match ops {
            [Op::Load(point), Op::Const(limit), compare, rest @ ..] if !limit.is_nan() => {
                (Self { limit: *limit, point: *point, how: How::of(*compare)? }, rest)
            }
            [Op::Load(point), rest @ ..] => (Self { limit: 0.0, point: *point, how: How::NotEqual }, rest),
            _ => return None,
        };
        // A bad one stays bad when it is negated.
        while let [Op::Not, behind @ ..] = rest {
            (one.how, rest) = (one.how.negated(), behind);
        }
        Some((one, rest))
    }

    #[inline]
    fn truth(self, image: &Image) -> Truth {
        if image.quality(self.point).is_bad() {
            return Truth::Bad;
        }
        let truth = self.how.holds(image.value(self.point), self.limit);
        if truth { Truth::True } else { Truth::False }
    }
}

/// True when enough are for certain, bad when the bad ones could make the difference.
#[inline]
fn at_least(need: u16, comparisons: &[Comparison], image: &Image) -> Truth {
    let (mut certain, mut possible) = (0, 0);
    for comparison in comparisons {
        let truth = comparison.truth(image);
        certain += u16::from(truth == Truth::True);
        possible += u16::from(truth != Truth::False);
    }
    if certain >= need {
        Truth::True
    } else if possible >= need {
        Truth::Bad
    } else {
        Truth::False
    }
}

impl Term {
    fn new(ops: &[Op], cause: &Cause, comparisons: &mut Vec<Comparison>) -> Self {
        let trips_on_bad = cause.trips_on_bad;
        let (ops, delay) = match slice(ops, &cause.when) {
            [operand @ .., Op::OnDelay { timer, ms }] => (operand, Some(Delay { timer: *timer, ms: *ms })),
            all => (all, None),
        };
        match Body::parse(ops, comparisons) {
            Some(body) => Self { body, delay, trips_on_bad },
            None => {
                let body = Body::Code { start: cause.when.start, len: cause.when.len };
                Self { body, delay: None, trips_on_bad }
            }
        }
    }
}

impl Body {
    /// Nothing when the stack machine has to do it.
    fn parse(ops: &[Op], comparisons: &mut Vec<Comparison>) -> Option<Self> {
        let (one, rest) = Comparison::parse(ops)?;
        if rest.is_empty() {
            return Some(Self::One(one));
        }
        let (run, need) = joined(one, rest).or_else(|| vote(one, rest))?;
        let (first, count) = (comparisons.len() as u32, u16::try_from(run.len()).ok()?);
        comparisons.extend(run);
        Some(Self::Run { first, count, need })
    }
}

/// `a AND b AND c` is the code `a b AND c AND`; nothing when AND and OR are mixed.
fn joined(one: Comparison, mut rest: &[Op]) -> Option<(Vec<Comparison>, u16)> {
    let mut run = vec![one];
    let mut all = None;
    while !rest.is_empty() {
        let (next, behind) = Comparison::parse(rest)?;
        let (join, behind) = behind.split_first()?;
        let and = match join {
            Op::And => true,
            Op::Or => false,
            _ => return None,
        };
        if *all.get_or_insert(and) != and {
            return None;
        }
        run.push(next);
        rest = behind;
    }
    let need = if all? { u16::try_from(run.len()).ok()? } else { 1 };
    Some((run, need))
}

/// So many of so many, all of them comparisons.
fn vote(one: Comparison, mut rest: &[Op]) -> Option<(Vec<Comparison>, u16)> {
    let mut run = vec![one];
    loop {
        match rest {
            [Op::Vote { need, of }] if usize::from(*of) == run.len() => return Some((run, u16::from(*need))),
            _ => {
                let (next, behind) = Comparison::parse(rest)?;
                run.push(next);
                rest = behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec, vec::Vec};
    use model::{PointId, Quality};

    use super::{Body, Terms};
    use crate::image::Image;
    use crate::machine::{Memory, Now};
    use crate::plant::{Cause, Code, Interlock, Op};
    use crate::testing;

    fn interlock(causes: Vec<Cause>) -> Interlock {
        Interlock {
            name: String::new(),
            description: String::new(),
            area: String::new(),
            equipment: None,
            causes,
            actions: vec![],
            start: None,
            latched: false,
            bypass: None,
        }
    }

    const COMPARISONS: [Op; 6] =
        [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual];

    #[test]
    fn a_term_says_at_every_scan_what_the_stack_machine_says() {
        let (point, other, switch) = (PointId(0), PointId(1), PointId(2));
        let mut plant = testing::plant(3);
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
        let high = [Op::Load(point), Op::Const(60.0), Op::Greater];
        let low = [Op::Load(other), Op::Const(50.0), Op::LessEqual];
        let (on, off) = ([Op::Load(switch)], [Op::Load(switch), Op::Not]);
        let delay = [Op::OnDelay { timer: 6, ms: 30 }];
        let vote = [Op::Vote { need: 2, of: 3 }];
        cause(&on);
        cause(&off);
        cause(&[&high[..], &low, &[Op::And]].concat());
        cause(&[&high[..], &low, &[Op::Or], &off, &[Op::Or]].concat());
        cause(&[&high[..], &low, &[Op::And], &on, &[Op::And], &delay].concat());
        cause(&[&high[..], &on, &low, &vote].concat());
        cause(&[Op::Load(point), Op::Const(50.0), Op::Less, Op::Not]);
        cause(&[&high[..], &[Op::Not], &low, &[Op::Not, Op::Or]].concat());
        let fast = 20;
        // AND and OR mixed, a vote about less than all, a constant on the left, two points.
        cause(&[&high[..], &low, &[Op::And], &on, &[Op::Or]].concat());
        cause(&[&off[..], &high, &on, &low, &vote, &[Op::And]].concat());
        cause(&[Op::Const(50.0), Op::Load(point), Op::Less]);
        cause(&[Op::Load(point), Op::Load(other), Op::Less]);
        let unequal = [Op::Load(point), Op::Const(f64::NAN), Op::NotEqual];
        cause(&[&high[..], &unequal, &[Op::Or]].concat());
        // The vote asks two and says nothing about what was put there before them.
        cause(&[&high[..], &on, &low, &[Op::Vote { need: 2, of: 2 }]].concat());
        plant.code = Code { ops, timers: 7, edges: 0, rates: 0, stack: 5 };
        plant.interlocks = vec![interlock(causes)];
        let (ops, causes) = (&plant.code.ops, &plant.interlocks[0].causes);
        let terms = Terms::new(&plant);
        for (number, term) in terms.causes(0).iter().enumerate() {
            assert_eq!(!matches!(term.body, Body::Code { .. }), number < fast, "cause {number}");
        }
        let mut image = Image::new(&plant);
        let (mut one, mut two) = (Memory::new(&plant, &image), Memory::new(&plant, &image));
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
                let point = PointId((dice >> 24) as u32 % 3);
                let values = if point == switch { [0.0, 1.0, 0.0, 1.0] } else { [49.0, 50.0, 51.0, 61.0] };
                image.set(point, values[(dice >> 8) as usize % 4], Quality::Good);
                image.set_quality(point, qualities[(dice >> 16) as usize % 4]);
            }
            let now = Now { tick, period_ms: 10 };
            for (number, (term, cause)) in terms.causes(0).iter().zip(causes).enumerate() {
                let fast = terms.truth(term, ops, &image, &mut one, now);
                assert_eq!(fast, two.eval(ops, &cause.when, &image, now).truth(), "cause {number} at {tick}");
                if !seen.contains(&(number, fast)) {
                    seen.push((number, fast));
                }
            }
            assert_eq!(one.timers, two.timers);
        }
        // What is compared with no number is bad, so the last cause is never false.
        assert_eq!(seen.len(), causes.len() * 3 - 1, "each was true, false and bad");
    }
}
