//! The deterministic core: compile a plant, step it scan by scan.
//!
//! What happens here: the text of a plant folder becomes arrays and indices ([`compile()`]), and an
//! [`Engine`] steps them: `state(k+1), outputs(k), events(k) = scan(state(k), inputs(k), commands(k))`.
//! Loops, devices, phases, recipes, alarms and interlocks are all inside.
//!
//! What never happens here: no clock, no file, no socket, no thread, no random number, no lock, and
//! in a scan no allocation and no `Result`. The same inputs give the same bits on every machine
//! (transcendental functions come from `libm`).
//!
//! In come [`Input`]s and [`model::Command`]s, out go the [`Image`] and the events in a
//! [`ScanOutput`]. Whoever looks from outside reads a [`StateView`], and asks it [`why`].
//!
//! Begin reading at [`plant`], the contract between compiler and engine, then at [`Engine::scan`].
//!
//! ```
//! use std::sync::Arc;
//! use control::{Engine, Input, ScanOutput};
//! use model::{Quality, Source};
//!
//! let text = r#"
//!     [plant]
//!     name = "tank"
//!     title = "TANK"
//!     period = "10 ms"
//!     [area.100]
//!     title = "Tank farm"
//!     [device.PLC-100]
//!     description = "I/O"
//!     protocol = "modbus-tcp"
//!     endpoint = "127.0.0.1:5020"
//!     unit_id = 1
//!     watchdog = "2 s"
//!     heartbeat = "holding 0"
//!     [tag.LT-101]
//!     description = "Level"
//!     unit = "%"
//!     range = [0, 100]
//!     io = { device = "PLC-100", input = 0, raw = [0, 27648] }
//!     [tag.LV-101]
//!     description = "Inlet valve"
//!     unit = "%"
//!     range = [0, 100]
//!     fail = 0
//!     io = { device = "PLC-100", holding = 1, raw = [0, 27648] }
//!     [pid.LIC-101]
//!     description = "Level control"
//!     pv = "LT-101"
//!     out = "LV-101"
//!     action = "reverse"
//!     kc = 2.0
//!     ti = "60 s"
//!     sp = "50 %"
//!     modes = ["manual", "auto"]
//!     mode = "auto"
//! "#;
//! let source = Source { path: "plant.toml".into(), text: text.into() };
//! let plant = Arc::new(control::compile(&[source]).unwrap().plant);
//! let mut engine = Engine::new(Arc::clone(&plant));
//! let mut out = ScanOutput::with_capacity(64);
//! let good = |name, value| Input { point: plant.find_point(name).unwrap(), value, quality: Quality::Good };
//!
//! // The field answers, and its valve stands at 30 %: the loop begins there, and then controls.
//! engine.scan(1, &[good("PLC-100.LINK", 1.0), good("LV-101", 30.0), good("LT-101", 50.0)], &[], &mut out);
//! let valve = plant.find_point("LV-101").unwrap();
//! assert_eq!(engine.image().value(valve), 30.0);
//! for tick in 2..100 {
//!     engine.scan(tick, &[good("LT-101", 45.0)], &[], &mut out);
//! }
//! assert!(engine.image().value(valve) > 40.0);
//! ```
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
mod experiment;
mod stroke;
mod force;
mod service;
mod phase;
mod batch;
mod alarm;
mod interlock;
mod state_view;
mod text;
mod describe;
mod view;
mod status;
mod limits;
mod explain;
pub mod matrix;
mod migrate;
mod parting;
mod scenario;
#[cfg(test)]
mod testing;

pub use alarm::{AlarmMemory, SHELVE_MAX_MS};
pub use blocks::Hold;
pub use command::COMMANDS_PER_SCAN;
pub use compile::{Compiled, compile, compile_with_scenarios};
pub use describe::{ENDING, describe, user_of};
pub use engine::{Engine, RestoreError};
pub use exchange::{Input, ScanOutput};
pub use experiment::ExperimentView;
pub use explain::why;
pub use force::{FORCE_MAX_MS, FORCES, Force, Forces};
pub use image::Image;
pub use interlock::{BYPASS_MAX_MS, InterlockMemory};
pub use limits::limit_status;
pub use machine::{Edge, Rate, Timer};
pub use migrate::{Carried, Change, MigrateError, Migration, Plan, Transfer};
pub use parting::{Pairs, Parted, Reason, parted};
pub use phase::{Cause, PhaseMemory};
pub use scenario::{Deed, Expectation, Expected, Scenario, TimedDeed, Watch};
pub use state_view::{LoopView, StateView};
pub use status::{alarm_status, batch_status, force_status, interlock_status, phase_status, service_status};
pub use view::plant_view;
