//! The plant's memory on disk: samples, events, the journal of the scan, the audit log.
//!
//! What happens here: appending, making durable, reading back, and finding out what a kill or a bad
//! disk has spoiled. Plain blocking files, called from the shell's own threads.
//!
//! What never happens here: no clock (times are parameters), no socket, no async, no threads of its
//! own, no `unsafe`; nothing that is read makes it panic. Nothing is called durable before an fsync
//! has said so, and nothing that could not be read is passed over in silence: it comes back as a
//! [`Damage`] with file and byte, or as a [`Gap`] with its times.
//!
//! ```text
//!                in                              on disk                         out
//!  values ─► Recorder ─► SampleStore ──► history/part-*.chp, tail.cht ──► SampleReader: plots, export
//!  EventRecord ────────► EventStore ───► history/events.sqlite ────────► EventReader: lists, filters
//!  inputs, commands ───► JournalWriter ► journal/journal-*.cjl, ───────► JournalReader: resume, replay
//!                                        snapshot-*.csn, plant-*.cpa
//!  who, what, why ─────► AuditLog ─────► audit.log ────────────────────► audit::verify
//! ```
//!
//! ```text
//! <data>/
//!   history/   writer.lock
//!              points.chc  points.copy.chc     names, numbers, units               samples/catalogue.rs
//!              gaps.chg                        when nothing was recorded           samples/gaps.rs
//!              tail.cht                        the last minutes, as they came      samples/tail.rs
//!              part-<start_ms>.chp  .chi       blocks of six hours, their index    samples/partition.rs, block.rs
//!              events.sqlite                   events (SQLite, WAL)                events/
//!   journal/   writer.lock
//!              journal-<first tick>.cjl        inputs, commands, hash of each scan journal/
//!              snapshot-<tick>.csn             the whole state after a tick
//!              plant-<hash>.cpa                the text of the plant that ran
//!              unwritten                       what a disk refused before a kill   unwritten.rs
//!   audit.log                                  one hash-chained line per action    audit/
//!   audit.log.unwritten                        what a disk refused before a kill   unwritten.rs
//! ```
//!
//! Every store has one writer, which holds a lock, and any number of readers in any process, which
//! hold none. What grows at its end is written in frames with length and checksum (`frame.rs`); what
//! is replaced is replaced by renaming (`disk.rs`). A process that is killed leaves at most a torn
//! end that was never committed. Journal and audit log have room of their own on a full disk (`room.rs`).
//!
//! Room is left, and nothing built yet, for two things behind [`SampleReader`]: forwarding to InfluxDB
//! (pages of [`SampleReader::query_raw`] from the last time that was sent) and the aggregates of
//! OPC UA Part 13 (over the same raw samples, whose qualities and bounds are kept as they came).
//!
//! Begin reading at `samples/mod.rs` for the history, at `journal/mod.rs` for resume and replay.
//!
//! ```
//! use historian::{PointInfo, SampleOptions, SampleStore};
//! use model::{Quality, Unit};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let (mut store, found) = SampleStore::open(folder.path(), SampleOptions::default())?;
//! assert!(found.clean);
//! let unit = Unit::parse("degC").unwrap_or_default();
//! let point = PointInfo { name: "TT-311".into(), unit, stepped: false };
//! let id = store.register(&[point])?[0];
//! store.append(1_000, id, 62.4, Quality::Good)?;
//! store.append(3_000, id, 63.0, Quality::Good)?;
//! store.commit()?; // durable from here on, and visible
//!
//! let reader = store.reader();
//! assert_eq!(reader.query_raw("TT-311", 2_000, 9_000, 100)?.samples.len(), 2);
//! let columns = reader.query_columns("TT-311", 1_000, 3_000, 1)?.columns;
//! assert!((columns[0].mean - 62.7).abs() < 1e-9);
//! # Ok(())
//! # }
//! ```

mod error;
mod varint;
mod frame;
mod disk;
mod room;
mod unwritten;
mod samples;
mod events;
pub mod journal;
pub mod audit;

pub use disk::claim;
pub use error::HistorianError;
pub use events::{EventReader, EventRetention, EventStore};
pub use frame::Damage;
pub use room::Room;
pub use samples::{
    Column, Columns, DamagedBlock, Gap, GapReason, PointInfo, PointPolicy, Recorder, RecoveryReport,
    Retention, Sample, SampleId, SampleOptions, SampleReader, SampleStats, SampleStore, Series, Storage,
    VerifyReport,
};
pub use unwritten::{Lost, UnwrittenNote};
