//! ISA-88: master recipes and the execution of their procedures.
//!
//! What happens here: a control recipe is stepped through its operations and phases, from the
//! states that the phases report to the orders that they get. What never happens here: phase logic
//! (that is `control`), files, clocks, randomness. In come phase states and orders of people, out go
//! orders to phases. Begin at [`MasterRecipe`].
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod master;

pub use master::{Argument, ArgumentValue, MasterRecipe, Operation, Parameter, PhaseCall};
