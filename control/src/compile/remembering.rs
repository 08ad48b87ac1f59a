//! Functions of expressions that remember a value: hysteresis and rate of change.

use alloc::format;
use model::{Dimension, Unit};

use super::emit::Emitter;
use super::operand::{Operand, Type};
use super::quantity::{Shown, kind};
use super::report::Mistake;
use super::syntax::{Node, Tree};
use crate::plant::Op;

impl Emitter<'_, '_, '_> {
    /// On from `on` until `off`, both in the unit of the first argument.
    pub(super) fn hysteresis(
        &mut self,
        arguments: &[Tree<'_>],
        on: &Tree<'_>,
        off: &Tree<'_>,
    ) -> Option<Operand> {
        let (parts, _) = self.list(arguments, Some(0))?;
        let constant = |part: &[Op]| if let [Op::Const(value)] = part { Some(*value) } else { None };
        let limits = (constant(&parts[1]), constant(&parts[2]));
        if let (Some(first), Some(second)) = limits
            && first == second
        {
            self.report.add(
                Mistake::error("no-gap", format!("switches on and off at {}", Shown(first)))
                    .at(self.place(off), "the same as the one before")
                    .related(self.place(on), "on from here")
                    .help("leave a gap: on at the higher value for a high one, at the lower for a low one; or compare with `>=`"),
            );
            return None;
        }
        // The higher limit is reached from below, the lower one from above.
        let on_is_higher = limits.0.zip(limits.1).is_none_or(|(on, off)| on > off);
        let (higher, lower) = if on_is_higher {
            ((&parts[1], on), (&parts[2], off))
        } else {
            ((&parts[2], off), (&parts[1], on))
        };
        self.can_change(Op::GreaterEqual, (&arguments[0], &parts[0]), (higher.1, higher.0));
        self.can_change(Op::LessEqual, (&arguments[0], &parts[0]), (lower.1, lower.0));
        let edge = self.draft.code.edges;
        self.draft.code.edges += 1;
        let ops = parts.into_iter().flatten().collect();
        Some(Operand { found: Type::Truth, ops }.then(Op::Hysteresis { edge }, Type::Truth))
    }

    /// In the unit per minute of the first argument: `K/min` of a temperature.
    pub(super) fn rate(&mut self, value: &Tree<'_>, lag: &Tree<'_>) -> Option<Operand> {
        let operand = self.number(value);
        let ms = self.lag(lag);
        let (operand, ms) = (operand?, ms?);
        let (found, factor) = match operand.found {
            Type::Of(unit) => match unit.per_minute() {
                Some((rate, factor)) => (Type::Of(rate), factor),
                None if unit == Unit::NONE => (Type::Bare, 1.0),
                None => {
                    let written = self.written(value);
                    self.report.add(
                        Mistake::error("unit-mismatch", format!("there is no unit for the rate of change of \"{unit}\""))
                            .at(self.place(value), format!("this is {} (\"{unit}\")", kind(unit)))
                            .help(format!("make it a number without unit first: `{written} / (1 {unit})`; the rate is then per minute")),
                    );
                    return None;
                }
            },
            found => (found, 1.0),
        };
        let rate = self.draft.code.rates;
        self.draft.code.rates += 1;
        Some(operand.then(Op::Rate { rate, ms }, found).scaled(factor, 0.0))
    }

    fn lag(&mut self, tree: &Tree<'_>) -> Option<u32> {
        let ms = match tree.node {
            Node::Number(value, Some(unit)) if unit.dimension() == Dimension::Time => {
                Unit::parse("ms").and_then(|ms| unit.convert(value, ms))
            }
            _ => None,
        };
        let ms = ms.map(libm::round).filter(|ms| (1.0..=f64::from(u32::MAX)).contains(ms));
        if ms.is_none() && !matches!(tree.node, Node::Unread(_)) {
            let written = self.written(tree);
            self.report.add(
                Mistake::error("expression", format!("`{written}` is no time above zero"))
                    .at(self.place(tree), "how long the rate is smoothed")
                    .help("write a number with a unit of time: `RATE(TT-311, 30 s)`"),
            );
        }
        ms.map(|ms| ms as u32)
    }
}
