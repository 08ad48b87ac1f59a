//! Engine and simulated plant in one thread on virtual time: a day of plant in seconds.
//!
//! **What happens here.** A [`Lockstep`] lets the engine scan and the simulator step in turn and
//! carries the values between them as the bridge and the soft PLCs would: scaled to the wire and
//! back, with links that go and come, watchdogs, and outputs that are taken over. [`run`] plays a
//! scenario of the plant folder on it and judges its expectations; [`campaign`] throws dice.
//!
//! **What never happens here.** No clock, no socket, no thread: the same plant, seed and deeds give
//! the same bits on every machine.
//!
//! **Where to begin.** [`Field`] is the exchange, [`Lockstep`] the time, [`mod@scenario`] the play.
//!
//! ```
//! use std::sync::Arc;
//! use lockstep::Lockstep;
//! use model::Source;
//! use sim_plant::{Initial, Parameters, Simulator};
//!
//! let text = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
//! let sources = [
//!     text("plant.toml", "[plant]\nname = \"small\"\nperiod = \"10 ms\""),
//!     text("io.toml", r#"
//!         [device.PLC-300]
//!         description = "I/O"
//!         protocol = "modbus-tcp"
//!         endpoint = "127.0.0.1:5020"
//!         unit_id = 1
//!         watchdog = "2 s"
//!         heartbeat = "holding 0"
//!         [tag.TT-311]
//!         description = "Anolyte"
//!         unit = "degC"
//!         range = [0, 120]
//!         io = { device = "PLC-300", input = 4, raw = [0, 27648] }"#),
//! ];
//! let plant = Arc::new(control::compile(&sources).unwrap().plant);
//! let simulator = Simulator::new(&Parameters::built_in().unwrap(), Initial::Running, 7);
//! let mut small = Lockstep::new(plant, simulator).unwrap();
//! small.run_ms(10_000);
//! assert!(small.value("TT-311").unwrap() > 70.0);
//! ```

mod plant;
mod wire;
mod field;
mod time;
pub mod scenario;
mod campaign;

pub use campaign::{Breach, Campaign, CampaignOutcome, campaign};
pub use field::Field;
pub use plant::simulator;
pub use scenario::{Outcome, Verdict, run};
pub use time::Lockstep;

#[derive(Debug, thiserror::Error)]
pub enum LockstepError {
    #[error("the simulator does not have this plant's field:\n{0}")]
    Field(#[from] sim_plant::BindError),
    #[error("{0}")]
    Restore(#[from] control::RestoreError),
    #[error("{0}")]
    Snapshot(#[from] sim_plant::RestoreError),
}
