//! The journal: every scan's inputs and commands, so that the run can be resumed and replayed bit for bit.
//!
//! ```text
//! journal/
//!   writer.lock                           held by the one writer
//!   journal-00000000000000000001.cjl      a segment, named by its first tick
//!   journal-00000000000000036001.cjl      begun after the snapshot below
//!   snapshot-00000000000000036000.csn     the whole state after that tick
//!   plant-<hash>.cpa                      the text of the plant that ran
//! ```
//!
//! A segment is a file of frames (`frame.rs`), numbers little-endian, `v` a varint:
//!
//! ```text
//! first frame   'CLJ' version:u16 start:u8 after:v plant_hash:32 epoch_ms:i64 period_ms:u32 name:v+text
//! other frames  first_tick:v  record*           one frame per commit
//! record        (tick - tick before) << 2 | commands? << 1 | inputs?   :v
//!               state hash                                             :u64
//!               inputs?    count:v  input*
//!               commands?  count:v  command*
//! input         point - point before - 1       :v zigzag
//!               shape: leading zero bytes << 4 | trailing zero bytes << 1 | quality changed?  :u8
//!               what is left of (bits XOR bits before of this point)   :0..8 bytes
//!               quality, if changed                                    :u8
//! command       id:v user:v action:u8 and its fields
//! ```
//! "Before" starts from zero at each segment, so a segment can be read alone. A scan in which
//! nothing changed costs nine bytes.
//!
//! What a state needs besides these records is in the snapshot: it must hold the image of inputs
//! too, because an input that does not change is not written again.
//!
//! A snapshot is one frame: `'CLS' version:u16 tick:u64`, the header fields as above, then the state.
//!
//! Ticks only grow within a folder, over all runs. A segment says what it follows: a cold start,
//! the state after a tick (an exact resume), or a loss. So a reader knows where one unbroken run
//! ends, and never replays across a hole.

mod archive;
mod command;
mod header;
mod reader;
mod record;
mod records;
mod retention;
mod snapshot;
mod writer;

pub use archive::{PlantFile, store as store_plant};
pub use header::{JournalHeader, SegmentStart};
pub use reader::{JournalReader, ResumePoint, Segment, Wreck};
pub use record::ScanRecord;
pub use records::{Records, RunEnd};
pub use snapshot::Snapshot;
pub use writer::{JournalOptions, JournalWriter};
