//! Compiled expressions: operations of a stack machine.

use alloc::{string::String, vec::Vec};
use model::{PointId, Unit};

/// All expressions of the plant as postfix code for one small stack machine.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Code {
    pub ops: Vec<Op>,
    /// How many on/off-delay timers the code uses; their state belongs to the engine.
    pub timers: u32,
    /// How many memories of edges and hystereses.
    pub edges: u32,
    /// How many memories of rates of change.
    pub rates: u32,
    /// The deepest stack that any expression needs.
    pub stack: u32,
}

/// A slice of [`Code::ops`], with what people wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub start: u32,
    pub len: u32,
    pub unit: Unit,
    /// True for conditions.
    pub boolean: bool,
    pub text: String,
}

/// One operation. Operands come off the stack, the result goes on it. Truth is 1, falsehood 0.
/// Unless said otherwise the quality of the result is the worst of the operands'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Const(f64),
    Load(PointId),
    /// The value that the point had at the end of the scan before.
    LoadPrevious(PointId),
    Add,
    Subtract,
    Multiply,
    /// Division by zero gives a bad result.
    Divide,
    /// Remainder of a division whose quotient is cut to a whole number: it has the sign of the dividend. Zero gives a bad result.
    Modulo,
    Negate,
    Min,
    Max,
    Abs,
    Sqrt,
    Exp,
    Ln,
    /// To the nearest whole number, halves to the even one (IEC 60559).
    Round,
    /// To the next whole number towards zero.
    Truncate,
    Power,
    /// low, x, high
    Limit,
    /// Middle one of the last `of` operands, or the mean of the two in the middle.
    Median {
        of: u8,
    },
    /// condition, a, b
    Select,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    /// A false good operand makes the result false and good, whatever the other's quality.
    And,
    /// A true good operand makes the result true and good, whatever the other's quality.
    Or,
    Xor,
    Not,
    /// At least `need` of the last `of` operands; those of bad quality do not count as true.
    Vote {
        need: u8,
        of: u8,
    },
    /// Quality of a point as a truth, itself always good.
    IsGood(PointId),
    IsBad(PointId),
    /// True when the operand has been true for `ms` without a break.
    OnDelay {
        timer: u32,
        ms: u32,
    },
    /// The same for as long as a point says, whose unit has so many `ms`: a parameter of a phase.
    OnDelayOf {
        timer: u32,
        time: PointId,
        ms: u32,
    },
    /// Stays true for `ms` after the operand has gone false.
    OffDelay {
        timer: u32,
        ms: u32,
    },
    Rise {
        edge: u32,
    },
    Fall {
        edge: u32,
    },
    /// x, on, off: true from `on` until `off`, and between them what it was.
    Hysteresis {
        edge: u32,
    },
    /// Change of the operand per minute, smoothed with a lag of `ms`.
    Rate {
        rate: u32,
        ms: u32,
    },
}

impl Op {
    /// How many operands it takes off the stack; it leaves one result there.
    #[inline]
    pub const fn operands(self) -> usize {
        match self {
            Self::Const(_) | Self::Load(_) | Self::LoadPrevious(_) | Self::IsGood(_) | Self::IsBad(_) => 0,
            Self::Negate
            | Self::Abs
            | Self::Sqrt
            | Self::Exp
            | Self::Ln
            | Self::Round
            | Self::Truncate
            | Self::Not
            | Self::OnDelay { .. }
            | Self::OnDelayOf { .. }
            | Self::OffDelay { .. }
            | Self::Rise { .. }
            | Self::Fall { .. }
            | Self::Rate { .. } => 1,
            Self::Add
            | Self::Subtract
            | Self::Multiply
            | Self::Divide
            | Self::Modulo
            | Self::Min
            | Self::Max
            | Self::Power
            | Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual
            | Self::Equal
            | Self::NotEqual
            | Self::And
            | Self::Or
            | Self::Xor => 2,
            Self::Limit | Self::Select | Self::Hysteresis { .. } => 3,
            Self::Median { of } | Self::Vote { of, .. } => of as usize,
        }
    }
}
