//! Expressions back from postfix code to a tree, evaluated on a view and written with live values.

use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use model::wire::{DelayKind, WhyDelay, WhyTerm, WhyValue};
use model::words::short_number;
use model::{PointId, Quality, Unit};

use crate::machine::{self, Slot, Truth};
use crate::plant::{Expr, Op, Plant};
use crate::state_view::StateView;
use crate::text::{duration, joined, word};

/// One operation with its operands.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    Const(f64),
    Point(PointId),
    Previous(PointId),
    IsGood(PointId),
    IsBad(PointId),
    Unary(Op, Box<Term>),
    Binary(Op, Box<Term>, Box<Term>),
    Ternary(Op, Box<[Term; 3]>),
    Vote {
        need: u8,
        of: Vec<Term>,
    },
    OnDelay {
        timer: u32,
        lasts: Lasting,
        of: Box<Term>,
    },
    OffDelay {
        timer: u32,
        ms: u32,
        of: Box<Term>,
    },
    Edge {
        rising: bool,
        of: Box<Term>,
    },
    Median(Vec<Term>),
    /// x, on, off
    Hysteresis {
        edge: u32,
        parts: Box<[Term; 3]>,
    },
    Rate {
        rate: u32,
        ms: u32,
        of: Box<Term>,
    },
}

/// How long an on-delay lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lasting {
    /// Milliseconds.
    Fixed(u32),
    /// As long as a point says, whose unit has so many milliseconds.
    Of(PointId, u32),
}

impl Lasting {
    fn ms(self, scene: Scene<'_>) -> u64 {
        match self {
            Self::Fixed(ms) => u64::from(ms),
            Self::Of(time, unit_ms) => libm::round(scene.view.value(time) * f64::from(unit_ms)) as u64,
        }
    }

    fn text(self, plant: &Plant) -> String {
        match self {
            Self::Fixed(ms) => duration(u64::from(ms)),
            Self::Of(time, _) => plant.point(time).name.clone(),
        }
    }
}

/// A plant and the state to read from it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) plant: &'a Plant,
    pub(super) view: &'a StateView,
}

/// The tree of an expression; nothing if the code is not whole.
pub(crate) fn tree(plant: &Plant, expr: &Expr) -> Option<Term> {
    let mut stack: Vec<Term> = Vec::new();
    for op in machine::slice(&plant.code.ops, expr) {
        let term = match *op {
            Op::Const(value) => Term::Const(value),
            Op::Load(point) => Term::Point(point),
            Op::LoadPrevious(point) => Term::Previous(point),
            Op::IsGood(point) => Term::IsGood(point),
            Op::IsBad(point) => Term::IsBad(point),
            Op::Vote { need, of } => {
                let start = stack.len().checked_sub(usize::from(of))?;
                Term::Vote { need, of: stack.split_off(start) }
            }
            Op::OnDelay { timer, ms } => {
                Term::OnDelay { timer, lasts: Lasting::Fixed(ms), of: stack.pop()?.into() }
            }
            Op::OnDelayOf { timer, time, ms } => {
                Term::OnDelay { timer, lasts: Lasting::Of(time, ms), of: stack.pop()?.into() }
            }
            Op::OffDelay { timer, ms } => Term::OffDelay { timer, ms, of: stack.pop()?.into() },
            Op::Rise { .. } => Term::Edge { rising: true, of: stack.pop()?.into() },
            Op::Fall { .. } => Term::Edge { rising: false, of: stack.pop()?.into() },
            Op::Median { of } => {
                let start = stack.len().checked_sub(usize::from(of))?;
                Term::Median(stack.split_off(start))
            }
            Op::Hysteresis { edge } => {
                let (c, b, a) = (stack.pop()?, stack.pop()?, stack.pop()?);
                Term::Hysteresis { edge, parts: Box::new([a, b, c]) }
            }
            Op::Rate { rate, ms } => Term::Rate { rate, ms, of: stack.pop()?.into() },
            op => match op.operands() {
                1 => Term::Unary(op, stack.pop()?.into()),
                2 => {
                    let (b, a) = (stack.pop()?, stack.pop()?);
                    Term::Binary(op, a.into(), b.into())
                }
                _ => {
                    let (c, b, a) = (stack.pop()?, stack.pop()?, stack.pop()?);
                    Term::Ternary(op, Box::new([a, b, c]))
                }
            },
        };
        stack.push(term);
    }
    stack.pop().filter(|_| stack.is_empty())
}

impl Term {
    /// The value now, as far as a view can tell: edges are over before anybody sees them.
    pub(super) fn eval(&self, scene: Scene<'_>) -> Slot {
        let view = scene.view;
        let logic = |truth: bool| Slot::good(f64::from(u8::from(truth)));
        match self {
            Self::Const(value) => Slot::good(*value),
            Self::Point(point) => Slot { value: view.value(*point), quality: view.quality(*point) },
            Self::Previous(point) => {
                let (value, quality) = view.previous(*point);
                Slot { value, quality }
            }
            Self::IsGood(point) => logic(view.quality(*point).is_good()),
            Self::IsBad(point) => logic(view.quality(*point).is_bad()),
            Self::Unary(op, a) => machine::unary(*op, a.eval(scene)),
            Self::Binary(op, a, b) => machine::binary(*op, a.eval(scene), b.eval(scene)),
            Self::Ternary(op, parts) => {
                let [a, b, c] = &**parts;
                machine::ternary(*op, a.eval(scene), b.eval(scene), c.eval(scene))
            }
            Self::Vote { need, of } => {
                let truths = of.iter().map(|term| term.eval(scene).truth());
                let (certain, possible) = truths.fold((0, 0), |(certain, possible), truth| match truth {
                    Truth::True => (certain + 1, possible + 1),
                    Truth::Bad => (certain, possible + 1),
                    Truth::False => (certain, possible),
                });
                if certain < usize::from(*need) && possible >= usize::from(*need) {
                    Slot { value: 0.0, quality: Quality::BadCalculation }
                } else {
                    logic(certain >= usize::from(*need))
                }
            }
            Self::OnDelay { timer, lasts, of } => {
                let operand = of.eval(scene);
                if operand.truth() != Truth::True {
                    return operand;
                }
                logic(scene.held_ms(*timer).is_some_and(|held| held >= lasts.ms(scene)))
            }
            Self::OffDelay { timer, ms, of } => {
                let operand = of.eval(scene);
                if operand.truth() == Truth::True {
                    return operand;
                }
                logic(scene.held_ms(*timer).is_some_and(|since| since < u64::from(*ms)))
            }
            Self::Edge { of, .. } => Slot { value: 0.0, quality: of.eval(scene).quality },
            Self::Median(of) => {
                let mut operands: Vec<Slot> = of.iter().map(|term| term.eval(scene)).collect();
                machine::median(&mut operands)
            }
            Self::Hysteresis { edge, parts } => {
                let worst =
                    parts.iter().fold(Quality::Good, |worst, part| worst.worst(part.eval(scene).quality));
                let on = view.edges.get(*edge as usize).is_some_and(|edge| edge.is_on());
                Slot { value: logic(on && worst.is_usable()).value, quality: worst }
            }
            Self::Rate { rate, of, .. } => {
                let quality = of.eval(scene).quality;
                let unknown = Slot { value: 0.0, quality: Quality::BadCalculation };
                view.rates.get(*rate as usize).map_or(unknown, |rate| rate.read(quality))
            }
        }
    }

    /// The unit of the result, where the operands tell it.
    pub(crate) fn unit(&self, plant: &Plant) -> Option<(Unit, u8)> {
        match self {
            Self::Point(point) | Self::Previous(point) => {
                let definition = plant.point(*point);
                Some((definition.unit, definition.decimals))
            }
            Self::Unary(Op::Negate | Op::Abs | Op::Round | Op::Truncate, a) => a.unit(plant),
            Self::Binary(Op::Add | Op::Subtract | Op::Modulo | Op::Min | Op::Max, a, b) => {
                a.unit(plant).or_else(|| b.unit(plant))
            }
            // What decides says nothing of what is chosen.
            Self::Ternary(Op::Select, parts) => parts[1..].iter().find_map(|part| part.unit(plant)),
            Self::Ternary(_, parts) => parts.iter().find_map(|part| part.unit(plant)),
            Self::Median(parts) => parts.iter().find_map(|part| part.unit(plant)),
            Self::Rate { of, .. } => {
                let (unit, decimals) = of.unit(plant)?;
                Some((unit.per_minute()?.0, decimals.max(2)))
            }
            _ => None,
        }
    }

    fn precedence(&self) -> u8 {
        match self {
            Self::Binary(Op::Or, ..) => 1,
            Self::Binary(Op::Xor, ..) => 2,
            Self::Binary(Op::And, ..) => 3,
            Self::OnDelay { .. } | Self::OffDelay { .. } => 4,
            Self::Unary(Op::Not, _) => 5,
            Self::Binary(op, ..) if comparison(*op).is_some() => 6,
            Self::Binary(Op::Add | Op::Subtract, ..) => 7,
            Self::Binary(Op::Multiply | Op::Divide | Op::Modulo, ..) => 8,
            _ => 9,
        }
    }

    /// As people write it, constants in the unit of what they are compared with.
    pub(crate) fn text(&self, plant: &Plant) -> String {
        self.text_with(plant, None)
    }

    pub(crate) fn text_with(&self, plant: &Plant, unit: Option<(Unit, u8)>) -> String {
        let name = |point: &PointId| plant.point(*point).name.clone();
        let inner = |term: &Self, unit| {
            let text = term.text_with(plant, unit);
            if term.precedence() <= self.precedence() { format!("({text})") } else { text }
        };
        match self {
            Self::Const(value) => constant(*value, unit),
            Self::Point(point) => name(point),
            Self::Previous(point) => format!("PREV({})", name(point)),
            Self::IsGood(point) => format!("GOOD({})", name(point)),
            Self::IsBad(point) => format!("BAD({})", name(point)),
            Self::Unary(Op::Not, a) => format!("NOT {}", inner(a, None)),
            Self::Unary(Op::Negate, a) => format!("-{}", inner(a, unit)),
            Self::Unary(op, a) => format!("{}({})", function(*op), a.text_with(plant, None)),
            Self::Binary(op @ (Op::Min | Op::Max), a, b) => {
                let unit = unit.or_else(|| self.unit(plant));
                format!("{}({}, {})", function(*op), a.text_with(plant, unit), b.text_with(plant, unit))
            }
            Self::Binary(Op::Power, a, b) => {
                format!("POW({}, {})", a.text_with(plant, None), b.text_with(plant, None))
            }
            Self::Binary(op, a, b) => {
                let unit = match op {
                    Op::Multiply | Op::Divide => None,
                    _ => self.operand_unit(plant).or(unit),
                };
                // Of a chain of equals only the right side needs its parentheses.
                let left = a.text_with(plant, unit);
                let left = if a.precedence() < self.precedence() { format!("({left})") } else { left };
                format!("{left} {} {}", operator(*op), inner(b, unit))
            }
            Self::Ternary(op, parts) => {
                let unit = unit.or_else(|| self.unit(plant));
                let texts: Vec<String> = parts.iter().map(|part| part.text_with(plant, unit)).collect();
                format!("{}({})", function(*op), texts.join(", "))
            }
            Self::Median(parts) => {
                let unit = unit.or_else(|| self.unit(plant));
                let texts: Vec<String> = parts.iter().map(|part| part.text_with(plant, unit)).collect();
                format!("MEDIAN({})", texts.join(", "))
            }
            Self::Hysteresis { parts, .. } => {
                let unit = parts[0].unit(plant);
                let texts: Vec<String> = parts.iter().map(|part| part.text_with(plant, unit)).collect();
                format!("HYST({})", texts.join(", "))
            }
            Self::Rate { ms, of, .. } => {
                format!("RATE({}, {})", of.text_with(plant, None), duration(u64::from(*ms)))
            }
            Self::Vote { need, of } => {
                let texts: Vec<String> = of.iter().map(|term| term.text(plant)).collect();
                format!("{need} OF ({})", texts.join(", "))
            }
            Self::OnDelay { lasts, of, .. } => match **of {
                Self::Const(_) => format!("TRUE for {}", lasts.text(plant)),
                _ => format!("{} for {}", inner(of, None), lasts.text(plant)),
            },
            Self::OffDelay { ms, of, .. } => {
                format!("{} offdelay {}", inner(of, None), duration(u64::from(*ms)))
            }
            Self::Edge { rising, of } => {
                format!("{}({})", if *rising { "RISE" } else { "FALL" }, of.text_with(plant, None))
            }
        }
    }

    fn operand_unit(&self, plant: &Plant) -> Option<(Unit, u8)> {
        match self {
            Self::Binary(_, a, b) => a.unit(plant).or_else(|| b.unit(plant)),
            _ => self.unit(plant),
        }
    }

    /// A single statement: nothing below it that would need lines of its own.
    pub(super) fn is_leaf(&self) -> bool {
        match self {
            // An edge is one moment: what its condition is now stands in a line of its own.
            Self::Binary(Op::And | Op::Or | Op::Xor, ..) | Self::Vote { .. } | Self::Edge { .. } => false,
            Self::Unary(Op::Not, of) | Self::OnDelay { of, .. } | Self::OffDelay { of, .. } => of.is_leaf(),
            _ => true,
        }
    }

    /// A leaf as data: `FT-301 < 8.4 m3/h for 30 s`, its tag, operator, limit, value now and delay.
    pub(super) fn fact(&self, scene: Scene<'_>) -> WhyTerm {
        let (core, negated, delay) = self.unwrapped(scene);
        let mut condition = self.text(scene.plant);
        if let Self::OnDelay { lasts: lasts @ Lasting::Of(..), .. } = self {
            condition.push_str(&format!(" ({})", duration(lasts.ms(scene))));
        }
        let mut fact = WhyTerm { condition, negated, delay, tag: core.tag(scene), ..WhyTerm::default() };
        match core {
            Self::Const(_) => {}
            Self::IsGood(point) | Self::IsBad(point) => {
                let word = if matches!(core, Self::IsGood(_)) { "good" } else { "bad" };
                fact.operator = Some(word.to_owned());
                fact.now = Some(scene.now(*point));
            }
            Self::Hysteresis { edge, parts } => {
                // While it stands, the limit that matters is the one that ends it.
                let stands = scene.view.edges.get(*edge as usize).is_some_and(|edge| edge.is_on());
                let (on, off) = (parts[1].eval(scene).value, parts[2].eval(scene).value);
                let op = if on >= off { Op::GreaterEqual } else { Op::LessEqual };
                compare(&mut fact, scene, op, &parts[0], &parts[if stands { 2 } else { 1 }]);
                fact.limit_moves = false;
            }
            Self::Binary(op, a, b) if comparison(*op).is_some() => match (&**a, &**b) {
                (limit @ Self::Const(_), now) => {
                    compare(&mut fact, scene, mirrored(*op), now, limit);
                }
                (now, limit) => {
                    compare(&mut fact, scene, *op, now, limit);
                }
            },
            _ => {
                fact.operator = fact.tag.is_some().then(|| "on".to_owned());
                fact.now = Some(core.value(scene, None));
            }
        }
        fact
    }

    /// What stands behind negations, delays and edges; whether it is negated; the outermost delay.
    fn unwrapped(&self, scene: Scene<'_>) -> (&Self, bool, Option<WhyDelay>) {
        let (mut core, mut negated, mut delay) = (self, false, None);
        loop {
            core = match core {
                Self::Unary(Op::Not, of) => {
                    negated = !negated;
                    of
                }
                Self::OnDelay { of, .. } | Self::OffDelay { of, .. } => {
                    delay = delay.or_else(|| core.delay(scene));
                    of
                }
                Self::Edge { of, .. } => of,
                _ => return (core, negated, delay),
            };
        }
    }

    /// The tag that it is, if it is one.
    fn tag(&self, scene: Scene<'_>) -> Option<String> {
        match self {
            Self::Point(point) | Self::Previous(point) | Self::IsGood(point) | Self::IsBad(point) => {
                Some(scene.plant.point(*point).name.clone())
            }
            _ => None,
        }
    }

    /// Its value now; a constant in the unit of what it is compared with.
    fn value(&self, scene: Scene<'_>, unit: Option<(Unit, u8)>) -> WhyValue {
        let slot = self.eval(scene);
        match self {
            Self::Point(point) | Self::Previous(point) => scene.value(*point, slot.value, slot.quality),
            Self::Const(value) => {
                WhyValue::number(*value, unit.map_or("", |(unit, _)| unit.symbol()), None, Quality::Good)
            }
            _ => match self.unit(scene.plant) {
                Some((unit, decimals)) => {
                    WhyValue::number(slot.value, unit.symbol(), Some(decimals), slot.quality)
                }
                None => WhyValue::number(slot.value, "", None, slot.quality),
            },
        }
    }

    /// A delay, and how far it has come.
    pub(super) fn delay(&self, scene: Scene<'_>) -> Option<WhyDelay> {
        let (kind, timer, delay_ms, of) = match self {
            Self::OnDelay { timer, lasts, of } => (DelayKind::On, timer, lasts.ms(scene), of),
            Self::OffDelay { timer, ms, of } => (DelayKind::Off, timer, u64::from(*ms), of),
            _ => return None,
        };
        let stands = of.eval(scene).truth() == Truth::True;
        let elapsed_ms = scene.held_ms(*timer).filter(|_| stands == (kind == DelayKind::On));
        let remaining_ms = elapsed_ms.and_then(|held| delay_ms.checked_sub(held)).filter(|left| *left > 0);
        Some(WhyDelay { kind, delay_ms, elapsed_ms, remaining_ms })
    }

    /// The parts of a chain of one operator.
    pub(crate) fn chain<'t>(&'t self, op: Op, parts: &mut Vec<&'t Self>) {
        match self {
            Self::Binary(other, a, b) if *other == op => {
                a.chain(op, parts);
                b.chain(op, parts);
            }
            _ => parts.push(self),
        }
    }

    /// The points that it reads, each once, in order.
    pub(crate) fn points(&self, found: &mut Vec<PointId>) {
        match self {
            Self::Const(_) => {}
            Self::Point(point) | Self::Previous(point) | Self::IsGood(point) | Self::IsBad(point) => {
                if !found.contains(point) {
                    found.push(*point);
                }
            }
            Self::OnDelay { lasts: Lasting::Of(time, _), of, .. } => {
                of.points(found);
                if !found.contains(time) {
                    found.push(*time);
                }
            }
            Self::Unary(_, of)
            | Self::OnDelay { of, .. }
            | Self::OffDelay { of, .. }
            | Self::Edge { of, .. }
            | Self::Rate { of, .. } => of.points(found),
            Self::Binary(_, a, b) => {
                a.points(found);
                b.points(found);
            }
            Self::Ternary(_, parts) | Self::Hysteresis { parts, .. } => {
                parts.iter().for_each(|part| part.points(found));
            }
            Self::Median(parts) => parts.iter().for_each(|part| part.points(found)),
            Self::Vote { of, .. } => of.iter().for_each(|part| part.points(found)),
        }
    }
}

/// A comparison as data, what is measured on the left.
fn compare(fact: &mut WhyTerm, scene: Scene<'_>, op: Op, now: &Term, limit: &Term) {
    fact.tag = now.tag(scene);
    fact.operator = comparison(op).map(ToOwned::to_owned);
    fact.limit_tag = limit.tag(scene);
    fact.limit_moves = !matches!(limit, Term::Const(_));
    let unit = now.unit(scene.plant);
    let (now, limit) = (now.value(scene, None), limit.value(scene, unit));
    fact.distance = distance(op, &now, &limit);
    (fact.now, fact.limit) = (Some(now), Some(limit));
}

/// How far there is to go until the comparison holds; at or below 0 it is at the limit or beyond.
pub(super) fn distance(op: Op, now: &WhyValue, limit: &WhyValue) -> Option<f64> {
    if now.quality.is_bad() || limit.quality.is_bad() {
        return None;
    }
    let above = now.value - limit.value;
    let distance = match op {
        Op::Greater | Op::GreaterEqual => -above,
        Op::Less | Op::LessEqual => above,
        Op::Equal => libm::fabs(above),
        _ => return None,
    };
    distance.is_finite().then_some(distance + 0.0)
}

/// The same comparison with its sides exchanged.
fn mirrored(op: Op) -> Op {
    match op {
        Op::Less => Op::Greater,
        Op::LessEqual => Op::GreaterEqual,
        Op::Greater => Op::Less,
        Op::GreaterEqual => Op::LessEqual,
        other => other,
    }
}

impl Scene<'_> {
    /// A value of a point, in its words.
    pub(super) fn value(&self, point: PointId, value: f64, quality: Quality) -> WhyValue {
        let definition = self.plant.point(point);
        let forced = self.view.forces.find(point).is_some();
        let word = word(self.plant, point, value);
        let number =
            WhyValue::number(value, definition.unit.symbol(), Some(definition.decimals.min(9)), quality);
        WhyValue { word, forced, ..number }
    }

    pub(super) fn now(&self, point: PointId) -> WhyValue {
        self.value(point, self.view.value(point), self.view.quality(point))
    }

    fn held_ms(&self, timer: u32) -> Option<u64> {
        let since = self.view.timers.get(timer as usize)?.since()?;
        Some(self.ms_since(since))
    }

    /// How long it still is to a tick.
    pub(super) fn ms_until(&self, tick: u64) -> u64 {
        tick.saturating_sub(self.view.tick).saturating_mul(u64::from(self.plant.period_ms))
    }

    pub(super) fn ms_since(&self, tick: u64) -> u64 {
        self.view.tick.saturating_sub(tick).saturating_mul(u64::from(self.plant.period_ms))
    }
}

fn constant(value: f64, unit: Option<(Unit, u8)>) -> String {
    joined(&short_number(value), unit.map_or("", |(unit, _)| unit.symbol()))
}

pub(crate) fn comparison(op: Op) -> Option<&'static str> {
    match op {
        Op::Less => Some("<"),
        Op::LessEqual => Some("<="),
        Op::Greater => Some(">"),
        Op::GreaterEqual => Some(">="),
        Op::Equal => Some("="),
        Op::NotEqual => Some("<>"),
        _ => None,
    }
}

fn operator(op: Op) -> &'static str {
    match op {
        Op::Add => "+",
        Op::Subtract => "-",
        Op::Multiply => "*",
        Op::Divide => "/",
        Op::Modulo => "MOD",
        Op::And => "AND",
        Op::Or => "OR",
        Op::Xor => "XOR",
        _ => comparison(op).unwrap_or("?"),
    }
}

fn function(op: Op) -> &'static str {
    match op {
        Op::Abs => "ABS",
        Op::Sqrt => "SQRT",
        Op::Exp => "EXP",
        Op::Ln => "LN",
        Op::Round => "ROUND",
        Op::Truncate => "TRUNC",
        Op::Min => "MIN",
        Op::Max => "MAX",
        Op::Limit => "LIMIT",
        Op::Select => "SEL",
        _ => "?",
    }
}
