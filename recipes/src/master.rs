//! The master recipe: what is done in which order, with which parameters (ISA-88 part 1).

use alloc::{string::String, vec::Vec};
use model::{PhaseId, PointId, Unit};

#[derive(Clone, Debug, PartialEq)]
pub struct MasterRecipe {
    pub name: String,
    pub version: String,
    pub title: String,
    /// The equipment unit that it runs on.
    pub equipment: String,
    pub parameters: Vec<Parameter>,
    pub operations: Vec<Operation>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub description: String,
    pub unit: Unit,
    pub low: f64,
    pub high: f64,
    pub value: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub name: String,
    pub title: String,
    /// Run one after the other.
    pub phases: Vec<PhaseCall>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PhaseCall {
    pub phase: PhaseId,
    pub name: String,
    pub title: String,
    pub arguments: Vec<Argument>,
}

/// What a phase parameter gets when the phase starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Argument {
    pub point: PointId,
    pub value: ArgumentValue,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgumentValue {
    Constant(f64),
    /// Position in [`MasterRecipe::parameters`], already in the same unit; `factor` and `offset` convert.
    Parameter {
        index: u16,
        factor: f64,
        offset: f64,
    },
}

impl MasterRecipe {
    /// How many phases it calls, one after the other.
    pub fn calls(&self) -> usize {
        self.operations.iter().map(|operation| operation.phases.len()).sum()
    }

    /// The `position`-th phase that it calls, with the number of its operation.
    pub fn call(&self, position: usize) -> Option<(usize, &PhaseCall)> {
        let mut before = 0;
        for (number, operation) in self.operations.iter().enumerate() {
            if let Some(call) = operation.phases.get(position.checked_sub(before)?) {
                return Some((number, call));
            }
            before += operation.phases.len();
        }
        None
    }

    /// Nodes of the flattened procedure: the unit procedure, then each operation before its phases.
    pub fn nodes(&self) -> usize {
        1 + self.operations.len() + self.calls()
    }
}

impl ArgumentValue {
    /// The value for the phase, from the parameters of the control recipe; `None` when there is no such one.
    pub fn resolve(&self, parameters: &[f64]) -> Option<f64> {
        match *self {
            Self::Constant(value) => Some(value),
            Self::Parameter { index, factor, offset } => {
                Some(parameters.get(usize::from(index))? * factor + offset)
            }
        }
    }
}
