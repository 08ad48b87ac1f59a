//! Samples, events and the journal on disk.

mod disk;
mod error;
mod frame;
mod varint;
pub mod audit;
mod events;
pub mod journal;
mod samples;

pub use error::HistorianError;
pub use events::{EventReader, EventRetention, EventStore};
pub use frame::Damage;
pub use samples::{
    Column, Columns, DamagedBlock, Gap, GapReason, PointInfo, PointPolicy, Recorder, RecoveryReport,
    Retention, Sample, SampleId, SampleOptions, SampleReader, SampleStats, SampleStore, Series, Storage,
    VerifyReport,
};
