//! Expressions back from postfix code to a tree, evaluated on a view and written with live values.

use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use model::{PointId, Quality, Unit};

use crate::machine::{self, Slot, Truth};
use crate::plant::{Expr, Op, Plant};
use crate::state_view::StateView;
use crate::text::{doubt, duration, joined, number, value_text};

/// One operation with its operands.
#[derive(Clone, Debug)]
pub(super) enum Term {
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
        ms: u32,
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

/// A plant and the state to read from it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) plant: &'a Plant,
    pub(super) view: &'a StateView,
}

/// The tree of an expression; nothing if the code is not whole.
pub(super) fn tree(plant: &Plant, expr: &Expr) -> Option<Term> {
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
            Op::OnDelay { timer, ms } => Term::OnDelay { timer, ms, of: stack.pop()?.into() },
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
            Self::OnDelay { timer, ms, of } => {
                let operand = of.eval(scene);
                if operand.truth() != Truth::True {
                    return operand;
                }
                logic(scene.held_ms(*timer).is_some_and(|held| held >= u64::from(*ms)))
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
    fn unit(&self, plant: &Plant) -> Option<(Unit, u8)> {
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
    pub(super) fn text(&self, plant: &Plant) -> String {
        self.text_with(plant, None)
    }

    fn text_with(&self, plant: &Plant, unit: Option<(Unit, u8)>) -> String {
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
            Self::OnDelay { ms, of, .. } => format!("{} for {}", inner(of, None), duration(u64::from(*ms))),
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

    /// Both sides of a comparison.
    fn compared(&self) -> Option<(&Self, &Self)> {
        match self {
            Self::Binary(op, a, b) if comparison(*op).is_some() => Some((a, b)),
            _ => None,
        }
    }

    /// A single statement: nothing below it that would need lines of its own.
    pub(super) fn is_leaf(&self) -> bool {
        match self {
            Self::Binary(Op::And | Op::Or | Op::Xor, ..) | Self::Vote { .. } => false,
            Self::Unary(Op::Not, of)
            | Self::OnDelay { of, .. }
            | Self::OffDelay { of, .. }
            | Self::Edge { of, .. } => of.is_leaf(),
            _ => true,
        }
    }

    /// A leaf with its live value: `FT-301 < 8.4 m3/h for 30 s: now 11.2 m3/h, 12 s so far`.
    pub(super) fn live(&self, scene: Scene<'_>) -> String {
        let mut text = self.text(scene.plant);
        let now = self.now_text(scene);
        if !now.is_empty() {
            text.push_str(": now ");
            text.push_str(&now);
        }
        text.push_str(&self.progress(scene));
        text
    }

    fn now_text(&self, scene: Scene<'_>) -> String {
        match self {
            Self::Unary(Op::Not, of)
            | Self::OnDelay { of, .. }
            | Self::OffDelay { of, .. }
            | Self::Edge { of, .. } => of.now_text(scene),
            Self::IsGood(point) | Self::IsBad(point) => scene.view.quality(*point).text().to_owned(),
            Self::Const(_) => String::new(),
            Self::Hysteresis { parts, .. } => parts[0].value_now(scene),
            _ => match self.compared() {
                Some((Self::Const(_), b)) => b.value_now(scene),
                Some((a, Self::Const(_))) => a.value_now(scene),
                Some((a, b)) => format!("{} against {}", a.value_now(scene), b.value_now(scene)),
                None => self.value_now(scene),
            },
        }
    }

    fn value_now(&self, scene: Scene<'_>) -> String {
        let slot = self.eval(scene);
        let text = match self {
            Self::Point(point) | Self::Previous(point) => value_text(scene.plant, *point, slot.value),
            Self::Const(value) => constant(*value, None),
            _ => match self.unit(scene.plant) {
                Some((unit, decimals)) => joined(&number(slot.value, decimals), unit.symbol()),
                None => constant(slot.value, None),
            },
        };
        format!("{text}{}", doubt(slot.quality))
    }

    /// How far a delay has come.
    pub(super) fn progress(&self, scene: Scene<'_>) -> String {
        let Self::OnDelay { timer, ms, of } = self else { return String::new() };
        match scene.held_ms(*timer) {
            Some(held) if of.eval(scene).truth() == Truth::True && held < u64::from(*ms) => {
                format!(", {} so far of {}", duration(held / 100 * 100), duration(u64::from(*ms)))
            }
            _ => String::new(),
        }
    }

    /// The points that it reads, each once, in order.
    pub(super) fn points(&self, found: &mut Vec<PointId>) {
        match self {
            Self::Const(_) => {}
            Self::Point(point) | Self::Previous(point) | Self::IsGood(point) | Self::IsBad(point) => {
                if !found.contains(point) {
                    found.push(*point);
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

impl Scene<'_> {
    fn held_ms(&self, timer: u32) -> Option<u64> {
        let since = self.view.timers.get(timer as usize)?.since()?;
        Some(self.ms_since(since))
    }

    pub(super) fn ms_since(&self, tick: u64) -> u64 {
        self.view.tick.saturating_sub(tick).saturating_mul(u64::from(self.plant.period_ms))
    }
}

fn constant(value: f64, unit: Option<(Unit, u8)>) -> String {
    // As short as it was written: no more decimals than it needs, at most nine.
    let text = number(value, 9);
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    joined(short, unit.map_or("", |(unit, _)| unit.symbol()))
}

fn comparison(op: Op) -> Option<&'static str> {
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
