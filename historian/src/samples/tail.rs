//! The tail: recent samples as they came, durable at each commit, until their blocks are.
//!
//! ```text
//! tail.cht
//! first frame    1:u8 'CHT' version:u16 partition_ms start:i64 partition bytes:u64 alive_ms:i64 stopped:u8
//! per commit     2:u8 alive_ms:i64 base_ms:i64 count:v  (id:v (time - base):v zigzag value:f64 quality:u8)*
//! at an orderly end   3:u8 stopped_ms:i64
//! ```
//! The first frame says how much of the open partition was durable when this tail began: whatever
//! stands behind that in the partition is in the tail as well, so a start cuts the partition there
//! and takes the samples from here.
//!
//! When the tail has grown large, the samples that no block holds yet are written to a new tail,
//! which takes the place of the old one by renaming.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use model::Quality;

use super::gaps::{Gap, GapReason};
use super::sample::{Sample, SampleId};
use crate::disk;
use crate::error::{HistorianError, io_error};
use crate::frame::{self, Damage, Frames, Step};
use crate::varint::{Cursor, put, unzigzag, zigzag};

pub(crate) const FILE: &str = "tail.cht";
const MAGIC: [u8; 3] = *b"CHT";
const VERSION: u16 = 1;
const CHECKPOINT: u8 = 1;
const SAMPLES: u8 = 2;
const STOPPED: u8 = 3;
/// A longer list of samples is split over several frames.
const ROWS_PER_FRAME: usize = 100_000;

/// A sample on its way to the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: SampleId,
    pub(crate) sample: Sample,
}

/// What was durable, and how the recorder stood, when a tail began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Start of the open partition.
    pub(crate) partition: Option<i64>,
    pub(crate) partition_bytes: u64,
    /// The recorder is known to have run until then.
    pub(crate) alive_ms: Option<i64>,
    /// The recorder was stopped in order at `alive_ms`, and has recorded nothing since.
    pub(crate) stopped: bool,
}

#[derive(Debug, Default)]
pub(crate) struct TailContent {
    pub(crate) checkpoint: Option<Checkpoint>,
    bytes: Vec<u8>,
    /// Where the samples stand in the bytes: decoded one by one, they never all lie in memory.
    lists: Vec<Range<usize>>,
    pub(crate) alive_ms: Option<i64>,
    pub(crate) stopped: bool,
    pub(crate) damage: Vec<Damage>,
    /// Between the signs of life on both sides of damage.
    pub(crate) gaps: Vec<Gap>,
}

impl TailContent {
    /// Everything that was ever committed to it has been read.
    pub(crate) fn is_whole(&self) -> bool {
        self.checkpoint.is_some() && self.damage.iter().all(|damage| damage.torn_tail)
    }

    /// The samples as they came.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.lists.iter().flat_map(|list| Rows::new(&self.bytes[list.clone()]))
    }
}

pub(crate) fn read(folder: &Path) -> Result<TailContent, HistorianError> {
    let path = folder.join(FILE);
    let mut tail = TailContent::default();
    let bytes = disk::read_if_there(&path)?.unwrap_or_default();
    let mut damaged_from = None;
    for step in Frames::new(&bytes) {
        match step {
            Step::Frame { offset, payload } => {
                let known = tail.take(payload, offset + frame::OVERHEAD, &path)?;
                if let Some(from_ms) = damaged_from.take()
                    && let Some(to_ms) = tail.alive_ms
                    && from_ms < to_ms
                {
                    tail.gaps.push(Gap { from_ms, to_ms, reason: GapReason::Damaged });
                }
                if known.is_none() {
                    let what = "a note in the tail that this program does not understand";
                    tail.damage.push(frame::damage(&path, offset, payload.len(), false, what));
                }
            }
            Step::Damage { offset, bytes, torn_tail } => {
                let what = if torn_tail { "samples that were not committed" } else { "recent samples" };
                tail.damage.push(frame::damage(&path, offset, bytes, torn_tail, what));
                damaged_from = tail.alive_ms;
            }
        }
    }
    tail.bytes = bytes;
    Ok(tail)
}

impl TailContent {
    /// Takes one frame, whose payload begins at an offset of the file.
    fn take(&mut self, payload: &[u8], offset: usize, path: &Path) -> Result<Option<()>, HistorianError> {
        let mut cursor = Cursor::new(payload);
        match cursor.u8() {
            Some(CHECKPOINT) => {
                if cursor.array() != Some(MAGIC) {
                    return Ok(None);
                }
                let found = cursor.u16().unwrap_or(0);
                if found != VERSION {
                    return Err(HistorianError::Version { path: path.to_owned(), found, known: VERSION });
                }
                Ok(self.take_checkpoint(&mut cursor))
            }
            Some(SAMPLES) => {
                self.lists.push(offset + 1 + 8..offset + payload.len());
                Ok(cursor.i64().map(|alive_ms| self.take_life(alive_ms)))
            }
            Some(STOPPED) => Ok(cursor.i64().map(|time| {
                self.alive_ms = self.alive_ms.max(Some(time));
                self.stopped = true;
            })),
            _ => Ok(None),
        }
    }

    fn take_checkpoint(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let partition = cursor.i64().map(|start| (start != i64::MIN).then_some(start))?;
        let partition_bytes = cursor.u64()?;
        let alive_ms = cursor.i64().map(|time| (time != i64::MIN).then_some(time))?;
        let stopped = cursor.u8()? != 0;
        self.checkpoint = Some(Checkpoint { partition, partition_bytes, alive_ms, stopped });
        self.alive_ms = self.alive_ms.max(alive_ms);
        self.stopped = stopped;
        Some(())
    }

    fn take_life(&mut self, alive_ms: i64) {
        if alive_ms != i64::MIN && Some(alive_ms) > self.alive_ms {
            self.alive_ms = Some(alive_ms);
            self.stopped = false;
        }
    }
}

/// The samples of one frame.
struct Rows<'a> {
    cursor: Cursor<'a>,
    base_ms: i64,
    left: usize,
}

impl<'a> Rows<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut cursor = Cursor::new(bytes);
        let base_ms = cursor.i64().unwrap_or(0);
        let left = cursor.count().unwrap_or(0);
        Self { cursor, base_ms, left }
    }

    fn row(&mut self) -> Option<Row> {
        let id = SampleId(self.cursor.varint_u32()?);
        let time_ms = self.base_ms.wrapping_add(unzigzag(self.cursor.varint()?));
        let (value, quality) = (self.cursor.f64()?, Quality::from(self.cursor.u8()?));
        Some(Row { id, sample: Sample { time_ms, value, quality } })
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        self.left = self.left.checked_sub(1)?;
        self.row()
    }
}

/// The tail that the one writer appends to.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    file: File,
    /// Everything before this is whole frames.
    pub(crate) bytes: u64,
    frame: Vec<u8>,
}

impl Tail {
    /// Begins a new tail in the place of the old one, with these samples in it.
    pub(crate) fn replace(
        folder: &Path,
        checkpoint: &Checkpoint,
        rows: &[Row],
    ) -> Result<Self, HistorianError> {
        let path = folder.join(FILE);
        let mut out = Vec::new();
        let start = frame::begin(&mut out);
        out.push(CHECKPOINT);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&checkpoint.partition.unwrap_or(i64::MIN).to_le_bytes());
        out.extend_from_slice(&checkpoint.partition_bytes.to_le_bytes());
        out.extend_from_slice(&checkpoint.alive_ms.unwrap_or(i64::MIN).to_le_bytes());
        out.push(u8::from(checkpoint.stopped));
        frame::end(&mut out, start)?;
        put_rows(checkpoint.alive_ms, rows, &mut out)?;
        let file = disk::replace(&path, &out)?;
        let bytes = out.len() as u64;
        out.clear();
        Ok(Self { path, file, bytes, frame: out })
    }

    /// Durable when this returns. After an error the file is as it was before.
    pub(crate) fn append(&mut self, alive_ms: Option<i64>, rows: &[Row]) -> Result<(), HistorianError> {
        self.frame.clear();
        if rows.is_empty() {
            put_frame(alive_ms, rows, &mut self.frame)?;
        }
        put_rows(alive_ms, rows, &mut self.frame)?;
        self.write_frame()
    }

    pub(crate) fn append_stopped(&mut self, time_ms: i64) -> Result<(), HistorianError> {
        self.frame.clear();
        let start = frame::begin(&mut self.frame);
        self.frame.push(STOPPED);
        self.frame.extend_from_slice(&time_ms.to_le_bytes());
        frame::end(&mut self.frame, start)?;
        self.write_frame()
    }

    fn write_frame(&mut self) -> Result<(), HistorianError> {
        let at = SeekFrom::Start(self.bytes);
        let written = self.file.seek(at).and_then(|_| self.file.write_all(&self.frame));
        if let Err(source) = written.and_then(|()| self.file.sync_data()) {
            // Best effort: the next append writes over the same place.
            let _ = self.file.set_len(self.bytes);
            return Err(io_error("write", &self.path)(source));
        }
        self.bytes += self.frame.len() as u64;
        Ok(())
    }
}

fn put_rows(alive_ms: Option<i64>, rows: &[Row], out: &mut Vec<u8>) -> Result<(), HistorianError> {
    rows.chunks(ROWS_PER_FRAME).try_for_each(|rows| put_frame(alive_ms, rows, out))
}

fn put_frame(alive_ms: Option<i64>, rows: &[Row], out: &mut Vec<u8>) -> Result<(), HistorianError> {
    let start = frame::begin(out);
    let base = rows.first().map_or(0, |row| row.sample.time_ms);
    out.push(SAMPLES);
    out.extend_from_slice(&alive_ms.unwrap_or(i64::MIN).to_le_bytes());
    out.extend_from_slice(&base.to_le_bytes());
    put(out, rows.len() as u64);
    for Row { id, sample } in rows {
        put(out, u64::from(id.0));
        put(out, zigzag(sample.time_ms.wrapping_sub(base)));
        out.extend_from_slice(&sample.value.to_le_bytes());
        out.push(sample.quality.into());
    }
    frame::end(out, start)
}
