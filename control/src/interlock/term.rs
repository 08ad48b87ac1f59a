//! A cause as the engine keeps it: most are comparisons with constants and switches, alone or joined by AND, OR, NOT or a
//! vote, with or without a delay, and those need no stack (`clauses.rs`). What comes out is to the bit what the stack machine says.

use crate::image::Image;
use crate::machine::{Memory, Now, Truth, slice};
use crate::plant::{Cause, Op, Plant};
use alloc::{vec, vec::Vec};

use super::clauses::{Comparison, Form};

/// The causes of all interlocks in their order, close together: a large plant has thousands.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    causes: Vec<Term>,
    /// The first cause of each interlock, and the end of the last.
    first: Vec<u32>,
    /// Those of [`Body::Clauses`] and [`Body::Vote`], one behind the other.
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
            Body::One(comparison) => truth(comparison.look(image)),
            Body::Clauses { first, count, inverted } => clauses(self.run(first, count), inverted, image),
            Body::Vote { first, count, need } => at_least(need, self.run(first, count), image),
            Body::Code { start, len } => return memory.truth_at(ops, (start, len), image, now),
        };
        match term.delay {
            Some(Delay { timer, ms }) => memory.delayed(timer, truth, ms, now),
            None => truth,
        }
    }

    #[inline]
    fn run(&self, first: u32, count: u16) -> &[Comparison] {
        &self.comparisons[first as usize..first as usize + usize::from(count)]
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
    /// ORs of comparisons, joined by AND; or the opposite of that.
    Clauses {
        first: u32,
        count: u16,
        inverted: bool,
    },
    /// At least `need` of the comparisons.
    Vote {
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

#[inline]
fn truth((certain, possible): (bool, bool)) -> Truth {
    match (certain, possible) {
        (true, _) => Truth::True,
        (_, true) => Truth::Bad,
        _ => Truth::False,
    }
}

/// Without a branch on what a comparison says: what comes next is seldom what came last.
#[inline]
fn clauses(comparisons: &[Comparison], inverted: bool, image: &Image) -> Truth {
    let (mut certain, mut possible) = (true, true);
    let mut clause = (false, false);
    for comparison in comparisons {
        let (is, may_be) = comparison.look(image);
        let open = !comparison.closes;
        clause = (clause.0 | is, clause.1 | may_be);
        certain &= clause.0 | open;
        possible &= clause.1 | open;
        clause = (clause.0 & open, clause.1 & open);
    }
    if inverted { truth((!possible, !certain)) } else { truth((certain, possible)) }
}

/// True when enough are for certain, bad when the bad ones could make the difference.
#[inline]
fn at_least(need: u16, comparisons: &[Comparison], image: &Image) -> Truth {
    let (mut certain, mut possible) = (0, 0);
    for comparison in comparisons {
        let (is, may_be) = comparison.look(image);
        certain += u16::from(is);
        possible += u16::from(may_be);
    }
    truth((certain >= need, possible >= need))
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
        let first = comparisons.len() as u32;
        let form = Form::read(ops)?;
        if let Form::Vote { need, of } = form {
            let (count, need) = (u16::try_from(of.len()).ok()?, u16::try_from(need).ok()?);
            comparisons.extend(of);
            return Some(Self::Vote { first, count, need });
        }
        let (clauses, inverted) = form.clauses()?;
        if let [one] = clauses.as_slice() {
            return Some(Self::One(if inverted { one.negated() } else { *one }));
        }
        let count = u16::try_from(clauses.len()).ok()?;
        comparisons.extend(clauses);
        Some(Self::Clauses { first, count, inverted })
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec, vec::Vec};
    use model::{PointId, Quality};

    use super::{Body, Terms};
    use crate::image::Image;
    use crate::machine::{Memory, Now};
    use crate::plant::{Cause, Code, Op};
    use crate::testing;

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
        let below = [Op::Load(point), Op::Const(50.0), Op::Less];
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
        // AND and OR mixed, negated, twice over one point; a constant on the left; a vote negated.
        cause(&[&high[..], &low, &[Op::And], &on, &[Op::Or]].concat());
        cause(&[&high[..], &low, &[Op::Or], &on, &off, &[Op::Or, Op::And, Op::Not]].concat());
        cause(&[&high[..], &low, &on, &[Op::And, Op::Or, Op::OnDelay { timer: 7, ms: 30 }]].concat());
        cause(&[&high[..], &below, &[Op::Or], &low, &[Op::And]].concat());
        cause(&[&high[..], &below, &[Op::Or, Op::Not]].concat());
        cause(&[&high[..], &low, &[Op::And], &below, &[Op::Or]].concat());
        cause(&[Op::Const(50.0), Op::Load(point), Op::Less]);
        cause(&[&high[..], &on, &low, &vote, &[Op::Not]].concat());
        let fast = 28;
        // Votes among others, three levels, two points.
        cause(&[&off[..], &high, &on, &low, &vote, &[Op::And]].concat());
        cause(&[&high[..], &low, &[Op::And], &on, &[Op::Or], &below, &[Op::And]].concat());
        cause(&[Op::Load(point), Op::Load(other), Op::Less]);
        let unequal = [Op::Load(point), Op::Const(f64::NAN), Op::NotEqual];
        cause(&[&high[..], &unequal, &[Op::Or]].concat());
        // The vote asks two and says nothing about what was put there before them.
        cause(&[&high[..], &on, &low, &[Op::Vote { need: 2, of: 2 }]].concat());
        plant.code = Code { ops, timers: 8, edges: 0, rates: 0, stack: 5 };
        plant.interlocks = vec![testing::interlock(causes)];
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
