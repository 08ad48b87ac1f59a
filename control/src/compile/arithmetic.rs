//! Sums, products and lists: values of one dimension are brought to one unit.

use alloc::format;
use alloc::vec::Vec;
use model::Unit;

use super::bounds::Bounds;
use super::emit::Emitter;
use super::operand::{Operand, Type, converted};
use super::quantity::{kind, quoted, span_in, unit_help};
use super::report::Mistake;
use super::syntax::Tree;
use crate::plant::Op;

impl Emitter<'_, '_, '_> {
    pub(super) fn mismatch(&mut self, left: (&Tree<'_>, Unit), right: (&Tree<'_>, Unit)) {
        let message = format!("{} does not go with {}", quoted(left.1), quoted(right.1));
        self.report.add(
            Mistake::error("unit-mismatch", message)
                .at(self.place(right.0), format!("this is {} ({})", kind(right.1), quoted(right.1)))
                .related(self.place(left.0), format!("this is {} ({})", kind(left.1), quoted(left.1)))
                .help(unit_help(right.1, left.1)),
        );
    }

    /// The right one in the unit of the left, and the type of both.
    pub(super) fn alike(
        &mut self,
        left: (&Tree<'_>, &Operand),
        right: (&Tree<'_>, Operand),
    ) -> Option<(Operand, Type)> {
        match (left.1.found, right.1.found) {
            (Type::Of(to), Type::Of(own)) => match converted(right.1, own, to) {
                Some(converted) => Some((converted, Type::Of(to))),
                None => {
                    self.mismatch((left.0, to), (right.0, own));
                    None
                }
            },
            (found @ Type::Of(_), _) | (_, found @ Type::Of(_)) => Some((right.1, found)),
            (Type::Free, _) | (_, Type::Free) => Some((right.1, Type::Free)),
            _ => Some((right.1, Type::Bare)),
        }
    }

    /// A temperature plus a difference is a temperature; two temperatures have no sum.
    pub(super) fn add(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        if let Some(unit) = first.temperature()
            && let Some(factor) = second.difference(unit)
        {
            let found = first.found;
            return Some(first.with(second.scaled(factor, 0.0), Op::Add, found));
        }
        if let Some(unit) = second.temperature()
            && let Some(factor) = first.difference(unit)
        {
            let found = second.found;
            return Some(first.scaled(factor, 0.0).with(second, Op::Add, found));
        }
        if first.temperature().is_some() && second.temperature().is_some() {
            self.report.add(
                Mistake::error("unit-mismatch", "two temperatures have no sum")
                    .at(self.place(right), "a temperature")
                    .related(self.place(left), "a temperature")
                    .help("add a difference in dK, or take the mean with AVG(a, b)"),
            );
            return None;
        }
        let (second, found) = self.alike((left, &first), (right, second))?;
        Some(first.with(second, Op::Add, found))
    }

    /// A temperature minus a temperature is a difference, minus a difference a temperature.
    pub(super) fn subtract(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        if let Some(unit) = first.temperature() {
            let found = first.found;
            if let Some(factor) = second.difference(unit) {
                return Some(first.with(second.scaled(factor, 0.0), Op::Subtract, found));
            }
            if let Some(own) = second.temperature() {
                let difference = unit.difference();
                let second = converted(second, own, unit)?;
                let factor = span_in(unit, difference).unwrap_or(1.0);
                return Some(first.with(second, Op::Subtract, Type::Of(difference)).scaled(factor, 0.0));
            }
        }
        let (second, found) = self.alike((left, &first), (right, second))?;
        Some(first.with(second, Op::Subtract, found))
    }

    pub(super) fn multiply(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        self.times_temperature((left, &first), &second);
        self.times_temperature((right, &second), &first);
        let found = match (first.found, second.found) {
            (Type::Bare | Type::Of(Unit::NONE), other) | (other, Type::Bare | Type::Of(Unit::NONE)) => other,
            _ => Type::Free,
        };
        Some(first.with(second, Op::Multiply, found))
    }

    /// Two values of one dimension are brought to one unit; their quotient may be a number or a percentage.
    pub(super) fn divide(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        self.divides(right, &second)?;
        self.times_temperature((left, &first), &second);
        match (first.found, second.found) {
            (found, Type::Bare | Type::Of(Unit::NONE)) => Some(first.with(second, Op::Divide, found)),
            (Type::Of(to), Type::Of(own)) if own.converts_to(to) => {
                let second = converted(second, own, to)?;
                Some(first.with(second, Op::Divide, Type::Free))
            }
            _ => Some(first.with(second, Op::Divide, Type::Free)),
        }
    }

    /// Two values of one dimension are brought to the unit of the left one, which the remainder has.
    pub(super) fn modulo(&mut self, left: &Tree<'_>, right: &Tree<'_>) -> Option<Operand> {
        let (first, second) = self.numbers(left, right)?;
        self.divides(right, &second)?;
        let (second, found) = self.alike((left, &first), (right, second))?;
        Some(first.with(second, Op::Modulo, found))
    }

    /// Nothing when it is zero for ever.
    fn divides(&mut self, tree: &Tree<'_>, divisor: &Operand) -> Option<()> {
        if Bounds::of(self.draft, &divisor.ops).fixed() != Some(0.0) {
            return Some(());
        }
        self.report.add(
            Mistake::error("division-by-zero", "a division by zero")
                .at(self.place(tree), "this is zero")
                .help("write another divisor"),
        );
        None
    }

    /// `op` after every one but the first.
    pub(super) fn fold(&mut self, list: &[Tree<'_>], op: Op) -> Option<Operand> {
        let (parts, found) = self.list(list, None)?;
        let mut ops = Vec::new();
        for (index, part) in parts.into_iter().enumerate() {
            ops.extend(part);
            if index > 0 {
                ops.push(op);
            }
        }
        Some(Operand { found, ops })
    }

    /// Numbers of one dimension, converted to the unit of the `main` one or of the first that has one.
    pub(super) fn list(&mut self, list: &[Tree<'_>], main: Option<usize>) -> Option<(Vec<Vec<Op>>, Type)> {
        let operands: Vec<Option<Operand>> = list.iter().map(|item| self.number(item)).collect();
        let operands: Vec<Operand> = operands.into_iter().collect::<Option<_>>()?;
        let unit_of = |index: usize| match operands[index].found {
            Type::Of(unit) => Some((index, unit)),
            _ => None,
        };
        let common = main.and_then(unit_of).or_else(|| (0..list.len()).find_map(unit_of));
        let free = operands.iter().any(|operand| operand.found == Type::Free);
        let Some((first, unit)) = common else {
            let found = if free { Type::Free } else { Type::Bare };
            return Some((operands.into_iter().map(|operand| operand.ops).collect(), found));
        };
        let mut parts = Vec::with_capacity(list.len());
        for (index, operand) in operands.into_iter().enumerate() {
            match operand.found {
                Type::Of(own) => match converted(operand, own, unit) {
                    Some(operand) => parts.push(operand.ops),
                    None => self.mismatch((&list[first], unit), (&list[index], own)),
                },
                _ => parts.push(operand.ops),
            }
        }
        (parts.len() == list.len()).then_some((parts, Type::Of(unit)))
    }
}
