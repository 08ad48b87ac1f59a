//! Phases: sections of steps with their ways out.

use alloc::{string::String, vec::Vec};
use model::{BlockId, PointId};

use super::Expr;

/// An equipment phase: its logic in the sections of ISA-88.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    pub name: String,
    pub description: String,
    pub equipment: String,
    pub parameters: Vec<PointId>,
    pub running: Vec<Step>,
    pub holding: Vec<Step>,
    pub restarting: Vec<Step>,
    pub stopping: Vec<Step>,
    pub aborting: Vec<Step>,
    /// Every point that its text writes: owned by the phase while it is active.
    pub owns: Vec<PointId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What `GOTO` calls it; empty when nobody does.
    pub name: String,
    pub title: String,
    pub actions: Vec<Assignment>,
    /// In order of priority. Without any the step goes on at the next run.
    pub ways: Vec<Way>,
    /// It has no way out: only an order ends it.
    pub stays: bool,
    pub within: Option<Within>,
}

/// A way out of a step: the transition of IEC 61131-3.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Nothing: at once.
    pub when: Option<Expr>,
    /// A step of the section, or its number of steps for the section's end. Nothing: the next step.
    pub to: Option<u16>,
}

impl Step {
    /// The conditions of its ways out.
    pub fn conditions(&self) -> impl Iterator<Item = &Expr> {
        self.ways.iter().filter_map(|way| way.when.as_ref())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// An output tag, an entry, a loop's SP, OUT or MODE, or a device's command.
    pub point: PointId,
    pub block: Option<BlockId>,
    pub value: Expr,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Within {
    /// Milliseconds; of `of`, how many its unit has.
    pub ms: u32,
    /// The parameter of the phase that says how long.
    pub of: Option<PointId>,
    pub otherwise: Otherwise,
    pub why: String,
}

impl Within {
    /// In milliseconds, with what the parameter is now.
    pub fn limit_ms(&self, value: impl Fn(PointId) -> f64) -> u64 {
        self.of.map_or(u64::from(self.ms), |of| libm::round(value(of) * f64::from(self.ms)) as u64)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Hold,
    Abort,
    /// Say so and go on waiting.
    Alarm,
}
