//! The nouns of the plant.
//!
//! Every word that two rooms share is defined here once: quality, unit, mode, alarm, batch,
//! command, event, the field's I/O map, the compiler's diagnostics, and the walk over state.
//! What goes over a wire or to disk stands apart in [`wire`], with a version.
//!
//! What never happens here: no control, no I/O, no clock, no threads (`no_std` + `alloc`).
//!
//! Begin reading at [`Quality`], then [`Command`] and [`Event`], which are the two ways into and
//! out of a scan.
//!
//! ```
//! use model::{Quality, Unit};
//! let bar = Unit::parse("bar").unwrap();
//! assert_eq!(bar.convert(1.5, Unit::parse("mbar").unwrap()), Some(1500.0));
//! assert!(Quality::BadNoCommunication.is_bad());
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod quality;
mod limited;
mod unit;
mod id;
mod mode;
mod alarm;
mod batch;
mod command;
mod event;
mod experiment;
mod force;
mod io;
mod diagnostic;
mod state;
mod suggest;
pub mod words;
pub mod wire;

pub use alarm::{AlarmState, Priority};
pub use batch::{ProcOrder, ProcState, next_batch};
pub use command::{Action, Command, Refusal};
pub use diagnostic::{Diagnostic, Label, Severity, Source};
pub use event::{BadInput, Event, EventBody, InterlockChange, LinkDoubt, RefusedAction};
pub use experiment::{Experiment, ExperimentChange, ExperimentEnd, ExperimentShape, StrokeResult};
pub use force::{ForceChange, ForceEnd};
pub use id::{AlarmId, BlockId, DeviceId, InterlockId, PhaseId, PointId, RecipeId, UserId};
pub use io::{
    Address, Device, Direction, IoMap, IoPoint, ModbusTable, Protocol, RANGE_BAND, RegisterFormat,
    SUPERVISED_COUNTS, Scaling,
};
pub use limited::Limited;
pub use mode::Mode;
pub use quality::Quality;
pub use state::{StateHash, StateReader, StateWalk, StateWriter};
pub use suggest::nearest;
pub use unit::{Dimension, Unit};
