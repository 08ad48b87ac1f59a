//! The deterministic core: compile a plant, step it scan by scan.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod plant;
pub mod compile;
mod image;
mod exchange;
mod engine;
mod machine;
mod blocks;
mod write;
mod command;
mod phase;
mod batch;
mod alarm;
mod interlock;
mod state_view;
mod text;
mod describe;
mod view;
mod status;
mod explain;
#[cfg(test)]
mod testing;

pub use alarm::{AlarmMemory, SHELVE_MAX_MS};
pub use blocks::Hold;
pub use command::COMMANDS_PER_SCAN;
pub use compile::{Compiled, compile};
pub use describe::{describe, user_of};
pub use engine::{Engine, RestoreError};
pub use exchange::{Input, ScanOutput};
pub use explain::why;
pub use image::Image;
pub use interlock::{BYPASS_MAX_MS, InterlockMemory};
pub use machine::Timer;
pub use phase::{Cause, PhaseMemory};
pub use state_view::{LoopView, StateView};
pub use status::{alarm_status, batch_status, interlock_status, phase_status};
pub use view::plant_view;
