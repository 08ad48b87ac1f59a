//! Samples: what every point did, compressed, for as long as the disk allows.
//!
//! ```text
//! history/
//!   writer.lock                   held by the one writer
//!   points.chc, points.copy.chc   the catalogue: number, name, unit (catalogue.rs)
//!   gaps.chg                      when nothing was recorded, and why (gaps.rs)
//!   tail.cht                      the last minutes as they came, durable at each commit (tail.rs)
//!   part-<start_ms>.chp           blocks of one span of time, appended (partition.rs, block.rs)
//!   part-<start_ms>.chi           index of a span that is over; made anew from the blocks if lost
//! ```
//!
//! ```text
//! append ─► buffer ─commit─► tail (fsync) ─► open runs ─full, or span over─► blocks ─► partition
//!                                               │                              │
//!                                               └────────── readers ◄──────────┘
//! ```
//! What can be read has been committed. A sample is in the tail until its block is durable.

mod sample;
mod packed;
mod codec;
mod aggregate;
mod block;
mod partition;
mod catalogue;
mod gaps;
mod tail;
mod shared;
mod store;
mod seal;
mod pieces;
mod columns;
mod reader;
mod verify;
mod recorder;

pub use columns::Column;
pub use gaps::{Gap, GapReason};
pub use reader::{Columns, SampleReader, Series, Storage};
pub use recorder::{PointPolicy, Recorder};
pub use sample::{PointInfo, Sample, SampleId};
pub use shared::RecoveryReport;
pub use store::{Retention, SampleOptions, SampleStats, SampleStore};
pub use verify::{DamagedBlock, VerifyReport};
