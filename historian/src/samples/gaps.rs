//! Where nothing was recorded, and why. Part of the truth: a plot must not draw a line across it.
//!
//! `gaps.chg`: frame `'CHG' version:u16`, then a frame per gap: `from_ms:i64 to_ms:i64 reason:u8`.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::{HistorianError, io_error};
use crate::frame::{self, Damage, Frames, Step};
use crate::varint::Cursor;

pub(crate) const FILE: &str = "gaps.chg";
const MAGIC: [u8; 3] = *b"CHG";
const VERSION: u16 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum GapReason {
    /// The recorder was stopped in order.
    Stopped = 1,
    /// The recorder ended without saying so: killed, crashed, power lost.
    Crashed = 2,
    /// Samples were lost: a ring or a disk was full.
    Lost = 3,
    /// Recorded once, and damaged on disk since.
    Damaged = 4,
}

impl GapReason {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Stopped => "recorder stopped",
            Self::Crashed => "recorder ended unexpectedly",
            Self::Lost => "samples lost",
            Self::Damaged => "damaged on disk",
        }
    }

    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Stopped,
            2 => Self::Crashed,
            4 => Self::Damaged,
            _ => Self::Lost,
        }
    }
}

/// A span without samples; the value is unknown from its start until the next sample after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from_ms: i64,
    pub to_ms: i64,
    pub reason: GapReason,
}

pub(crate) fn read(folder: &Path, damage: &mut Vec<Damage>) -> Result<Vec<Gap>, HistorianError> {
    let path = folder.join(FILE);
    let bytes = disk::read_if_there(&path)?.unwrap_or_default();
    let mut gaps = Vec::new();
    for step in Frames::new(&bytes) {
        match step {
            Step::Frame { payload, .. } if payload.starts_with(&MAGIC) => {
                let found = Cursor::new(&payload[MAGIC.len()..]).u16().unwrap_or(0);
                if found != VERSION {
                    return Err(HistorianError::Version { path, found, known: VERSION });
                }
            }
            Step::Frame { payload, .. } => gaps.extend(gap(payload)),
            Step::Damage { offset, bytes, torn_tail } => {
                damage.push(frame::damage(&path, offset, bytes, torn_tail, "notes of recording gaps"));
            }
        }
    }
    gaps.sort_by_key(|gap| gap.from_ms);
    Ok(gaps)
}

fn gap(payload: &[u8]) -> Option<Gap> {
    let mut cursor = Cursor::new(payload);
    let (from_ms, to_ms) = (cursor.i64()?, cursor.i64()?);
    Some(Gap { from_ms, to_ms, reason: GapReason::from_code(cursor.u8()?) })
}

/// Writes the list anew: at open without its damage, and when retention makes it shorter.
pub(crate) fn replace(folder: &Path, gaps: &[Gap]) -> Result<GapFile, HistorianError> {
    let path = folder.join(FILE);
    let mut out = Vec::new();
    let start = frame::begin(&mut out);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    frame::end(&mut out, start)?;
    for gap in gaps {
        put(gap, &mut out)?;
    }
    let file = disk::replace(&path, &out)?;
    Ok(GapFile { path, file, bytes: out.len() as u64 })
}

fn put(gap: &Gap, out: &mut Vec<u8>) -> Result<(), HistorianError> {
    let start = frame::begin(out);
    out.extend_from_slice(&gap.from_ms.to_le_bytes());
    out.extend_from_slice(&gap.to_ms.to_le_bytes());
    out.push(gap.reason as u8);
    frame::end(out, start)
}

#[derive(Debug)]
pub(crate) struct GapFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl GapFile {
    /// For appending, when the file holds exactly so many gaps and nothing that cannot be read.
    pub(crate) fn open_whole(folder: &Path, gaps: usize) -> Result<Option<Self>, HistorianError> {
        let mut damage = Vec::new();
        let path = folder.join(FILE);
        if !path.exists() || read(folder, &mut damage)?.len() != gaps || !damage.is_empty() {
            return Ok(None);
        }
        let file = OpenOptions::new().write(true).open(&path).map_err(io_error("open", &path))?;
        let bytes = file.metadata().map_err(io_error("look at", &path))?.len();
        Ok(Some(Self { path, file, bytes }))
    }

    /// Durable when this returns.
    pub(crate) fn append(&mut self, gap: &Gap) -> Result<(), HistorianError> {
        let mut out = Vec::new();
        put(gap, &mut out)?;
        let written = self.file.seek(SeekFrom::Start(self.bytes));
        written
            .and_then(|_| self.file.write_all(&out))
            .and_then(|()| self.file.sync_data())
            .map_err(io_error("write", &self.path))?;
        self.bytes += out.len() as u64;
        Ok(())
    }
}
