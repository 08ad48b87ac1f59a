//! The whole state after one tick: where a resume begins.

use std::path::{Path, PathBuf};

use super::header::{self, JournalHeader, SegmentStart};
use crate::disk;
use crate::error::HistorianError;
use crate::frame::{self, Frames, Step};
use crate::varint::Cursor;

const MAGIC: [u8; 3] = *b"CLS";
pub(super) const PREFIX: &str = "snapshot-";
pub(super) const SUFFIX: &str = ".csn";

/// Read back with its checksum found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The state is the one after the scan of this tick.
    pub tick: u64,
    pub header: JournalHeader,
    /// What [`model::StateWriter`] wrote.
    pub state: Vec<u8>,
}

pub(super) fn path(folder: &Path, tick: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{tick:020}{SUFFIX}"))
}

pub(super) fn write(
    folder: &Path,
    header: &JournalHeader,
    tick: u64,
    state: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(), HistorianError> {
    buffer.clear();
    let start = frame::begin(buffer);
    header::encode(MAGIC, header, SegmentStart::After(tick), buffer);
    buffer.extend_from_slice(state);
    frame::end(buffer, start)?;
    disk::replace(&path(folder, tick), buffer).map(drop)
}

pub(super) fn read(path: &Path) -> Result<Snapshot, HistorianError> {
    let bytes = disk::read(path)?;
    let mut frames = Frames::new(&bytes);
    let Some(Step::Frame { payload, .. }) = frames.next() else {
        let what = "the snapshot does not match its checksum".to_owned();
        return Err(HistorianError::Damaged { path: path.to_owned(), offset: 0, what });
    };
    let mut cursor = Cursor::new(payload);
    let (header, start) = header::decode(MAGIC, &mut cursor, path)?;
    let state = cursor.take(cursor.len()).unwrap_or_default().to_vec();
    match start {
        SegmentStart::After(tick) => Ok(Snapshot { tick, header, state }),
        SegmentStart::Cold | SegmentStart::Loss | SegmentStart::Resumed(_) => {
            let what = "a snapshot without its tick".to_owned();
            Err(HistorianError::Damaged { path: path.to_owned(), offset: 0, what })
        }
    }
}
