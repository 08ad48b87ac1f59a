//! Samples, events and the journal on disk.

mod disk;
mod error;
mod frame;
mod varint;
pub mod audit;
mod events;
pub mod journal;

pub use error::HistorianError;
pub use events::{EventReader, EventRetention, EventStore};
pub use frame::Damage;
