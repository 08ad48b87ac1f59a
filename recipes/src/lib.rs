//! ISA-88: master recipes and the execution of their procedures.
//!
//! What happens here: a control recipe is stepped through its operations and phases, from the
//! states that the phases report to the orders that they get. What never happens here: phase logic
//! (that is `control`), files, clocks, randomness, allocation while stepping. In come phase states
//! and orders of people, out go orders to phases. Begin at [`MasterRecipe`], then [`Procedure`].
//!
//! ```
//! use model::{PhaseId, ProcOrder, ProcState};
//! use recipes::{Demand, MasterRecipe, Operation, PhaseCall, Procedure};
//!
//! let call = PhaseCall { phase: PhaseId(0), name: "Fill".into(), title: String::new(), arguments: vec![] };
//! let recipe = MasterRecipe {
//!     name: "START".into(),
//!     version: "1".into(),
//!     title: String::new(),
//!     equipment: "EL-301".into(),
//!     parameters: vec![],
//!     operations: vec![Operation { name: "Prepare".into(), title: String::new(), phases: vec![call] }],
//! };
//! let mut batch = Procedure::new(&recipe);
//! batch.prepare(&recipe, 412, 0).unwrap();
//! batch.order(&recipe, ProcOrder::Start, ProcState::Idle, 1).unwrap();
//! assert_eq!(batch.step(&recipe, ProcState::Idle, 10, 11), Some(Demand::Start));
//! batch.phase_started();
//! assert_eq!(batch.step(&recipe, ProcState::Complete, 10, 21), None);
//! assert_eq!(batch.state(), ProcState::Complete);
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod master;
mod procedure;

pub use master::{Argument, ArgumentValue, MasterRecipe, Operation, Parameter, PhaseCall};
pub use procedure::{Demand, Node, Procedure};
