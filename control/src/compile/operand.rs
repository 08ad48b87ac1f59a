//! The code of one operand, and what it leaves on the stack.

use alloc::vec;
use alloc::vec::Vec;
use model::{Dimension, Unit};

use super::quantity::span_in;
use crate::plant::Op;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Type {
    Truth,
    /// A number without unit in the text: it is in the unit of whatever it meets.
    Bare,
    Of(Unit),
    /// A product of two values with units, or something else that is not followed.
    Free,
}

/// The code of one operand, and what it leaves on the stack.
pub(super) struct Operand {
    pub(super) found: Type,
    pub(super) ops: Vec<Op>,
}

impl Operand {
    pub(super) fn new(found: Type, op: Op) -> Self {
        Self { found, ops: vec![op] }
    }

    /// This operand, then one operation on it.
    pub(super) fn then(mut self, op: Op, found: Type) -> Self {
        self.ops.push(op);
        Self { found, ..self }
    }

    /// This operand, then the other, then one operation on both.
    pub(super) fn with(mut self, other: Self, op: Op, found: Type) -> Self {
        self.ops.extend(other.ops);
        self.then(op, found)
    }

    pub(super) fn constant(&self) -> Option<f64> {
        if let [Op::Const(value)] = self.ops[..] { Some(value) } else { None }
    }

    /// `value * factor + offset`, at once when the value is known.
    pub(super) fn scaled(mut self, factor: f64, offset: f64) -> Self {
        if let [Op::Const(value)] = &mut self.ops[..] {
            *value = *value * factor + offset;
            return self;
        }
        if factor != 1.0 {
            self.ops.extend([Op::Const(factor), Op::Multiply]);
        }
        if offset != 0.0 {
            self.ops.extend([Op::Const(offset), Op::Add]);
        }
        self
    }

    pub(super) fn temperature(&self) -> Option<Unit> {
        match self.found {
            Type::Of(unit) if unit.dimension() == Dimension::Temperature => Some(unit),
            _ => None,
        }
    }

    /// A difference of temperatures as degrees of `unit`, `None` when it is something else.
    pub(super) fn difference(&self, unit: Unit) -> Option<f64> {
        match self.found {
            Type::Of(own) if own.dimension() == Dimension::TemperatureDifference => span_in(own, unit),
            _ => None,
        }
    }
}

/// The operand in another unit of the same dimension.
pub(super) fn converted(operand: Operand, own: Unit, to: Unit) -> Option<Operand> {
    if own == to {
        return Some(operand);
    }
    if let Some(value) = operand.constant() {
        return Some(Operand::new(Type::Of(to), Op::Const(own.convert(value, to)?)));
    }
    let (factor, offset) = own.factor_and_offset(to)?;
    Some(operand.scaled(factor, offset))
}

/// How many values stand on the stack at once, at most.
pub(super) fn stack_depth(ops: &[Op]) -> u32 {
    let (mut depth, mut deepest) = (0_usize, 0);
    for op in ops {
        depth = depth.saturating_sub(op.operands()) + 1;
        deepest = deepest.max(depth);
    }
    deepest as u32
}
