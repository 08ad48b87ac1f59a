//! The stack machine that evaluates expressions, and the memory that they need.
//!
//! Conditions are three-valued: true, false, or bad when the bad inputs could make the difference
//! (Kleene's logic). Delays keep two clocks for that reason: how long the operand has been true for
//! certain, and how long it could have been. What a bad condition means is decided by who asks.

use alloc::{vec, vec::Vec};
use model::{PointId, Quality, StateWalk};

use crate::engine::Gap;
use crate::image::{Image, Previous};
use crate::plant::{Expr, Op, Plant};
use logic::Logic;

pub(crate) use logic::How;

mod edge;
mod logic;
mod rate;

pub use edge::Edge;
pub use rate::Rate;

/// A value on the stack, and the result of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) value: f64,
    pub(crate) quality: Quality,
}

impl Slot {
    const BAD: Self = Self { value: 0.0, quality: Quality::BadCalculation };

    pub(crate) const fn good(value: f64) -> Self {
        Self { value, quality: Quality::Good }
    }

    const fn logic(truth: bool) -> Self {
        Self::good(if truth { 1.0 } else { 0.0 })
    }

    fn of(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::logic(true),
            Truth::False => Self::logic(false),
            Truth::Bad => Self::BAD,
        }
    }

    pub(crate) fn truth(self) -> Truth {
        if self.quality.is_bad() {
            Truth::Bad
        } else if self.value == 0.0 {
            Truth::False
        } else {
            Truth::True
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    False,
    True,
    /// Bad inputs could make it either.
    Bad,
}

impl Truth {
    pub(crate) fn is_true(self) -> bool {
        self == Self::True
    }
}

/// Never yet.
const NEVER: u64 = u64::MAX;

/// State of one on- or off-delay.
///
/// On-delay: since when the operand has been true without a break, for certain and possibly.
/// Off-delay: when it was last true, for certain and possibly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    certain: u64,
    possible: u64,
}

impl Timer {
    const IDLE: Self = Self { certain: NEVER, possible: NEVER };

    /// `plain` waits for nothing but time.
    fn on_after_gap(&mut self, ms: u32, plain: bool, gap: Gap) {
        for since in [&mut self.certain, &mut self.possible] {
            if plain && *since != NEVER {
                *since = gap.stood_still(*since);
            } else if !gap.before.held(*since, ms) {
                *since = NEVER;
            }
        }
    }

    fn off_after_gap(&mut self, ms: u32, gap: Gap) {
        for last in [&mut self.certain, &mut self.possible] {
            if gap.before.within(*last, ms) {
                *last = gap.after.tick;
            }
        }
    }

    /// Since which tick the operand of an on-delay has been true without a break.
    pub fn since(&self) -> Option<u64> {
        (self.certain != NEVER).then_some(self.certain)
    }
}

/// Time as expressions see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) tick: u64,
    pub(crate) period_ms: u64,
}

impl Now {
    /// Milliseconds since a tick. A tick in the future counts as now.
    pub(crate) fn since_ms(self, tick: u64) -> u64 {
        self.tick.saturating_sub(tick).saturating_mul(self.period_ms)
    }

    /// The tick at which what stands since `since` has stood for `ms`.
    pub(crate) fn until(self, since: u64, ms: u32) -> u64 {
        since.saturating_add(u64::from(ms).div_ceil(self.period_ms.max(1)))
    }

    /// True when `tick` has been and lies less than `ms` back.
    fn within(self, tick: u64, ms: u32) -> bool {
        tick != NEVER && self.since_ms(tick) < u64::from(ms)
    }

    /// True when it has been so since `tick` for `ms`.
    fn held(self, tick: u64, ms: u32) -> bool {
        tick != NEVER && self.since_ms(tick) >= u64::from(ms)
    }
}

/// Memory of all expressions: timers, edges, last values. The stack is scratch.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) timers: Vec<Timer>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) rates: Vec<Rate>,
    pub(crate) previous: Previous,
    /// Conditions in the form that needs no stack of numbers; no state.
    logic: Logic,
    stack: Vec<Slot>,
    /// Scratch: the first tick at which what was evaluated since [`Self::begin_look`] may come out differently
    /// although no point has changed.
    due: u64,
}

impl Memory {
    pub(crate) fn new(plant: &Plant, image: &Image) -> Self {
        Self {
            timers: vec![Timer::IDLE; plant.code.timers as usize],
            edges: vec![Edge::default(); plant.code.edges as usize],
            rates: vec![Rate::default(); plant.code.rates as usize],
            previous: Previous::new(plant, image),
            logic: Logic::new(&plant.code.ops),
            stack: Vec::with_capacity(plant.code.stack as usize + 1),
            due: NEVER,
        }
    }

    pub(crate) fn begin_look(&mut self) {
        self.due = NEVER;
    }

    /// What was looked at has to be looked at again at `tick` at the latest.
    pub(crate) fn look_at(&mut self, tick: u64) {
        self.due = self.due.min(tick);
    }

    /// When it has to be looked at again, if nothing changes before.
    pub(crate) fn end_look(&self) -> u64 {
        self.due
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for timer in &mut self.timers {
            walk.u64(&mut timer.certain);
            walk.u64(&mut timer.possible);
        }
        for edge in &mut self.edges {
            edge.state(walk);
        }
        for rate in &mut self.rates {
            rate.state(walk);
        }
        self.previous.state(walk);
    }

    /// Forgets what the delays and edges of an expression have seen: it begins to wait anew.
    pub(crate) fn reset(&mut self, ops: &[Op], expr: &Expr) {
        for op in slice(ops, expr) {
            match *op {
                Op::OnDelay { timer, .. } | Op::OnDelayOf { timer, .. } | Op::OffDelay { timer, .. } => {
                    self.timers[timer as usize] = Timer::IDLE;
                }
                Op::Rise { edge } | Op::Fall { edge } | Op::Hysteresis { edge } => {
                    self.edges[edge as usize] = Edge::default();
                }
                Op::Rate { rate, .. } => self.rates[rate as usize] = Rate::ANEW,
                _ => {}
            }
        }
    }

    /// Delays that have not run out begin anew, those of nothing but time go on; see [`Gap`].
    pub(crate) fn after_gap(&mut self, ops: &[Op], image: &Image, gap: Gap) {
        let mut before = None;
        for op in ops {
            let plain = matches!(before, Some(Op::Const(_)));
            match *op {
                Op::OnDelay { timer, ms } => self.timers[timer as usize].on_after_gap(ms, plain, gap),
                Op::OnDelayOf { timer, time, ms } => {
                    // What lasts for nobody knows how long has not run out.
                    let ms = lasting(image, time, ms).unwrap_or(u32::MAX);
                    self.timers[timer as usize].on_after_gap(ms, plain, gap);
                }
                Op::OffDelay { timer, ms } => self.timers[timer as usize].off_after_gap(ms, gap),
                Op::Rate { rate, .. } => self.rates[rate as usize].after_gap(),
                _ => {}
            }
            before = Some(*op);
        }
    }

    pub(crate) fn truth(&mut self, ops: &[Op], expr: &Expr, image: &Image, now: Now) -> Truth {
        self.truth_at(ops, (expr.start, expr.len), image, now)
    }

    pub(crate) fn eval(&mut self, ops: &[Op], expr: &Expr, image: &Image, now: Now) -> Slot {
        self.run(slice(ops, expr), image, now)
    }

    fn run(&mut self, ops: &[Op], image: &Image, now: Now) -> Slot {
        self.stack.clear();
        for op in ops {
            self.one(*op, image, now);
        }
        let result = self.pop();
        if result.value.is_finite() { result } else { Slot::BAD }
    }

    /// Of the expression that begins at `start` and has `len` operations.
    pub(crate) fn truth_at(&mut self, ops: &[Op], place: (u32, u32), image: &Image, now: Now) -> Truth {
        match self.reason(ops, place, image, now) {
            Some(truth) => truth,
            None => self.run(part(ops, place), image, now).truth(),
        }
    }

    /// An on-delay of what was evaluated elsewhere.
    #[inline]
    pub(crate) fn delayed(&mut self, timer: u32, operand: Truth, ms: u32, now: Now) -> Truth {
        // Most causes do not stand: there is nothing to wait for.
        if operand == Truth::False {
            self.timers[timer as usize] = Timer::IDLE;
            return Truth::False;
        }
        self.on_delay(timer, Slot::of(operand), ms, now).truth()
    }

    #[inline]
    fn on_delay(&mut self, timer: u32, operand: Slot, ms: u32, now: Now) -> Slot {
        let timer = &mut self.timers[timer as usize];
        let result = on_delay(timer, operand, ms, now);
        for since in [timer.certain, timer.possible] {
            if since != NEVER && !now.held(since, ms) {
                self.due = self.due.min(now.until(since, ms));
            }
        }
        result
    }

    /// What moves by itself is looked at in every scan.
    fn again(&mut self, moves: bool, now: Now) {
        if moves {
            self.look_at(now.tick.saturating_add(1));
        }
    }

    fn pop(&mut self) -> Slot {
        self.stack.pop().unwrap_or(Slot::BAD)
    }

    fn one(&mut self, op: Op, image: &Image, now: Now) {
        let result = match op {
            Op::Const(value) => Slot::good(value),
            Op::Load(point) => Slot { value: image.value(point), quality: image.quality(point) },
            Op::LoadPrevious(point) => {
                let (value, quality) = self.previous.get(point);
                let differs =
                    value.to_bits() != image.value(point).to_bits() || quality != image.quality(point);
                self.again(differs, now);
                Slot { value, quality }
            }
            Op::IsGood(point) => Slot::logic(image.quality(point).is_good()),
            Op::IsBad(point) => Slot::logic(image.quality(point).is_bad()),
            Op::Vote { need, of } => self.vote(need, of),
            Op::OnDelay { .. } | Op::OffDelay { .. } | Op::Rise { .. } | Op::Fall { .. } => {
                let operand = self.pop();
                self.remembering(op, operand, now)
            }
            Op::OnDelayOf { timer, time, ms } => {
                let operand = self.pop();
                match lasting(image, time, ms) {
                    Some(ms) => self.on_delay(timer, operand, ms, now),
                    None => Slot::BAD,
                }
            }
            Op::Hysteresis { edge } => {
                let (off, on, x) = (self.pop(), self.pop(), self.pop());
                self.edges[edge as usize].between(x, on, off)
            }
            Op::Rate { rate, ms } => {
                let operand = self.pop();
                self.again(true, now);
                self.rates[rate as usize].follow(operand, ms, now)
            }
            Op::Median { of } => {
                let first = self.stack.len().saturating_sub(usize::from(of));
                let result = median(&mut self.stack[first..]);
                self.stack.truncate(first);
                result
            }
            Op::Negate | Op::Abs | Op::Sqrt | Op::Exp | Op::Ln | Op::Round | Op::Truncate | Op::Not => {
                unary(op, self.pop())
            }
            Op::Limit | Op::Select => {
                let (c, b, a) = (self.pop(), self.pop(), self.pop());
                ternary(op, a, b, c)
            }
            Op::Add
            | Op::Subtract
            | Op::Multiply
            | Op::Divide
            | Op::Modulo
            | Op::Min
            | Op::Max
            | Op::Power
            | Op::Less
            | Op::LessEqual
            | Op::Greater
            | Op::GreaterEqual
            | Op::Equal
            | Op::NotEqual
            | Op::And
            | Op::Or
            | Op::Xor => {
                let (b, a) = (self.pop(), self.pop());
                binary(op, a, b)
            }
        };
        self.stack.push(result);
    }

    /// A delay or an edge of a truth. The truth of the result depends on that of the operand alone.
    fn remembering(&mut self, op: Op, operand: Slot, now: Now) -> Slot {
        match op {
            Op::OnDelay { timer, ms } => self.on_delay(timer, operand, ms, now),
            Op::OffDelay { timer, ms } => {
                let timer = &mut self.timers[timer as usize];
                let result = off_delay(timer, operand, ms, now);
                let runs = operand.truth() != Truth::False
                    || now.within(timer.certain, ms)
                    || now.within(timer.possible, ms);
                self.again(runs, now);
                result
            }
            Op::Rise { edge } => {
                let result = self.edges[edge as usize].rises(operand);
                self.again(result.value != 0.0, now);
                result
            }
            Op::Fall { edge } => {
                let result = self.edges[edge as usize].falls(operand);
                self.again(result.value != 0.0, now);
                result
            }
            _ => Slot::BAD,
        }
    }

    /// True for certain, false for certain, or bad when the bad ones could decide it.
    fn vote(&mut self, need: u8, of: u8) -> Slot {
        let (mut certain, mut possible) = (0, 0);
        let mut quality = Quality::Good;
        for _ in 0..of {
            let operand = self.pop();
            match operand.truth() {
                Truth::True => {
                    certain += 1;
                    possible += 1;
                }
                Truth::Bad => {
                    possible += 1;
                    quality = quality.worst(operand.quality);
                }
                Truth::False => {}
            }
        }
        if certain >= need {
            Slot::logic(true)
        } else if possible >= need {
            Slot { value: 0.0, quality }
        } else {
            Slot::logic(false)
        }
    }
}

pub(crate) fn slice<'o>(ops: &'o [Op], expr: &Expr) -> &'o [Op] {
    part(ops, (expr.start, expr.len))
}

fn part(ops: &[Op], (start, len): (u32, u32)) -> &[Op] {
    let start = start as usize;
    ops.get(start..start.saturating_add(len as usize)).unwrap_or(&[])
}

/// The points that an expression reads.
pub(crate) fn read_points<'p>(plant: &'p Plant, expr: &Expr) -> impl Iterator<Item = PointId> + use<'p> {
    slice(&plant.code.ops, expr).iter().filter_map(|op| match op {
        Op::Load(point) | Op::LoadPrevious(point) | Op::IsGood(point) | Op::IsBad(point) => Some(*point),
        Op::OnDelayOf { time, .. } => Some(*time),
        _ => None,
    })
}

/// How long a delay lasts that a point tells, whose unit has so many milliseconds; nothing while it is bad.
fn lasting(image: &Image, time: PointId, unit_ms: u32) -> Option<u32> {
    let ms = libm::round(image.value(time) * f64::from(unit_ms));
    // A number beyond is cut off by the conversion.
    image.quality(time).is_usable().then_some(ms as u32)
}

/// Result of arithmetic: what is no number is bad.
fn arithmetic(value: f64, quality: Quality) -> Slot {
    if value.is_finite() { Slot { value, quality } } else { Slot::BAD }
}

fn compare(truth: bool, quality: Quality) -> Slot {
    // A bad comparison counts as false for whoever looks at the value alone.
    Slot { value: if truth && quality.is_usable() { 1.0 } else { 0.0 }, quality }
}

pub(crate) fn unary(op: Op, a: Slot) -> Slot {
    match op {
        Op::Negate => arithmetic(-a.value, a.quality),
        Op::Abs => arithmetic(libm::fabs(a.value), a.quality),
        Op::Sqrt => arithmetic(libm::sqrt(a.value), a.quality),
        Op::Exp => arithmetic(libm::exp(a.value), a.quality),
        Op::Ln => arithmetic(libm::log(a.value), a.quality),
        Op::Round => arithmetic(libm::rint(a.value), a.quality),
        Op::Truncate => arithmetic(libm::trunc(a.value), a.quality),
        Op::Not => compare(a.value == 0.0, a.quality),
        _ => Slot::BAD,
    }
}

pub(crate) fn binary(op: Op, a: Slot, b: Slot) -> Slot {
    let quality = a.quality.worst(b.quality);
    match op {
        Op::Add => arithmetic(a.value + b.value, quality),
        Op::Subtract => arithmetic(a.value - b.value, quality),
        Op::Multiply => arithmetic(a.value * b.value, quality),
        Op::Divide => arithmetic(a.value / b.value, quality),
        Op::Modulo => arithmetic(libm::fmod(a.value, b.value), quality),
        Op::Min => arithmetic(libm::fmin(a.value, b.value), quality),
        Op::Max => arithmetic(libm::fmax(a.value, b.value), quality),
        Op::Power => arithmetic(libm::pow(a.value, b.value), quality),
        Op::Less => compare(a.value < b.value, quality),
        Op::LessEqual => compare(a.value <= b.value, quality),
        Op::Greater => compare(a.value > b.value, quality),
        Op::GreaterEqual => compare(a.value >= b.value, quality),
        Op::Equal => compare(a.value == b.value, quality),
        Op::NotEqual => compare(a.value != b.value, quality),
        Op::And => match (a.truth(), b.truth()) {
            (Truth::False, _) | (_, Truth::False) => Slot::logic(false),
            (Truth::True, Truth::True) => compare(true, quality),
            (Truth::Bad, _) | (_, Truth::Bad) => compare(false, quality),
        },
        Op::Or => match (a.truth(), b.truth()) {
            (Truth::True, _) | (_, Truth::True) => Slot::logic(true),
            (Truth::False, Truth::False) => compare(false, quality),
            (Truth::Bad, _) | (_, Truth::Bad) => compare(false, quality),
        },
        Op::Xor => compare((a.value != 0.0) != (b.value != 0.0), quality),
        _ => Slot::BAD,
    }
}

pub(crate) fn ternary(op: Op, a: Slot, b: Slot, c: Slot) -> Slot {
    let quality = a.quality.worst(b.quality).worst(c.quality);
    match op {
        // A low limit above the high one gives the high one.
        Op::Limit => arithmetic(libm::fmin(libm::fmax(a.value, b.value), c.value), quality),
        Op::Select => match a.truth() {
            Truth::True => b,
            Truth::False => c,
            Truth::Bad => Slot { value: c.value, quality: a.quality },
        },
        _ => Slot::BAD,
    }
}

/// The middle one, or the mean of the two in the middle. The operands are put in order.
pub(crate) fn median(operands: &mut [Slot]) -> Slot {
    let quality = operands.iter().fold(Quality::Good, |quality, operand| quality.worst(operand.quality));
    operands.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
    let middle = operands.len() / 2;
    match operands {
        [] => Slot::BAD,
        _ if operands.len() % 2 == 1 => arithmetic(operands[middle].value, quality),
        _ => arithmetic(0.5 * operands[middle - 1].value + 0.5 * operands[middle].value, quality),
    }
}

fn on_delay(timer: &mut Timer, operand: Slot, ms: u32, now: Now) -> Slot {
    let truth = operand.truth();
    let follow = |since: &mut u64, stands: bool| {
        if !stands {
            *since = NEVER;
        } else if *since == NEVER {
            *since = now.tick;
        }
    };
    follow(&mut timer.certain, truth == Truth::True);
    follow(&mut timer.possible, truth != Truth::False);
    if now.held(timer.certain, ms) {
        compare(true, operand.quality)
    } else if now.held(timer.possible, ms) {
        // True by now, unless the bad stretch in it was false.
        Slot {
            value: 0.0,
            quality: if truth == Truth::Bad { operand.quality } else { Quality::BadCalculation },
        }
    } else {
        Slot::logic(false)
    }
}

fn off_delay(timer: &mut Timer, operand: Slot, ms: u32, now: Now) -> Slot {
    let truth = operand.truth();
    if truth == Truth::True {
        timer.certain = now.tick;
    }
    if truth != Truth::False {
        timer.possible = now.tick;
    }
    if truth == Truth::True || now.within(timer.certain, ms) {
        compare(true, if truth == Truth::Bad { Quality::Good } else { operand.quality })
    } else if truth == Truth::Bad || now.within(timer.possible, ms) {
        Slot {
            value: 0.0,
            quality: if truth == Truth::Bad { operand.quality } else { Quality::BadCalculation },
        }
    } else {
        Slot::logic(false)
    }
}

#[cfg(test)]
mod tests;
