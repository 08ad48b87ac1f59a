//! The plant without the plant: first-principles unit models of the refinery, behind their
//! instruments and actuators.
//!
//! **What happens here.** Area 300, the membrane electrolysis of LiCl, as balances of elements,
//! charge and energy over 24 individual cells, two liquor circuits and two gas headers, behind
//! instruments and actuators that lag, drift, stick and fail. One call of [`Simulator::step`] moves
//! it on; the same parameters, seed and calls give the same bits on every machine.
//!
//! Everything else of the plants is unit operations over one ledger of species: `species` and `matter`
//! count, `solution` has the properties, `units` the models, `experiment` runs one alone.
//!
//! **What never happens here.** No control and no interlock: the plant does what it is told, also
//! when that is wrong. No clock, no socket, no thread: the shell steps it against real time and
//! serves it as soft PLCs, a test steps it as fast as it goes. No random number in the physics. Nothing is tuned to look good:
//! every number stands in `parameters/` with its source and how far to trust it.
//!
//! **In and out.** In: outputs of the controller by tag, faults by name. Out: what the instruments
//! show, with quality; explanations; the closure of all balances.
//!
//! **Where to begin.** `liquid` explains the components that make every balance exact; `cell` is the
//! heart; `electrolysis` puts 24 of them between tanks and headers; `simulator` adds instruments.
//! Inside, everything is in SI; units of the plant appear at the tags and in the data file only.
//! `docs/simulator.md` tells how to add a unit; `docs/process-electrolysis.md` has the equations, the ranges, and what is left out.
//!
//! ```
//! use model::Direction;
//! use sim_plant::{Initial, Parameters, Point, Simulator};
//!
//! let parameters = Parameters::built_in().unwrap();
//! let mut plant = Simulator::new(&parameters, Initial::Cold, 42);
//! let binding =
//!     plant.bind(&[("P-311.CMD", Direction::Output), ("P-311.RUN", Direction::Input)]).unwrap();
//! let (Point::Actuator(command), Point::Sensor(runs)) = (binding.points[0], binding.points[1]) else {
//!     unreachable!()
//! };
//! plant.actuator(command, 1.0);
//! for _ in 0..50 {
//!     plant.step(100);
//! }
//! assert_eq!(plant.sensor(runs).0, 1.0);
//! ```

mod constants;
#[macro_use]
mod parameters;
mod properties;
mod liquid;
mod gas;
mod electro;
mod exp;
mod noise;
mod cell;
mod circuit;
mod valve;
mod rectifier;
mod surroundings;
mod ledger;
mod electrolysis;
mod initial;
mod tags;
mod sensor;
mod turns;
mod fault;
mod area_300;

pub mod species;
pub mod chemistry;
pub mod matter;
pub mod solution;
mod renewed;
mod root;
pub mod unit;
pub mod station;
pub mod flowsheet;
mod joining;
pub mod units;
pub mod experiment;
pub mod field;
pub mod work;
mod simulator;
mod remarks;
#[cfg(test)]
mod validation;

pub use fault::{ActiveFault, FAULTS, FIELD_FAULTS, FaultError, FaultKind, FaultParameter};
pub use field::{FieldFile, FieldTag};
pub use initial::Initial;
pub use ledger::{Closure, ELEMENT_NAMES};
pub use parameters::{ParameterEntry, ParameterError, ParameterMistake, Parameters, Trust};
pub use properties::{Excursions, Property};
pub use remarks::{Remarks, UnitRemark};
pub use simulator::{
    ADVANCE_MAX_MS, BindError, Binding, BuildError, Part, Point, RestoreError, STEP_MAX_MS, Simulator,
    UnitName,
};
