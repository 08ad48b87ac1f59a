//! What every journal file says of itself first.

use std::path::Path;

use crate::error::HistorianError;
use crate::varint::{Cursor, put, put_bytes};

pub(super) const VERSION: u16 = 1;
const NAME_MAX: usize = 1024;

/// Whose journal this is, and how its ticks become times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalHeader {
    /// Content hash of the plant folder.
    pub plant_hash: [u8; 32],
    pub plant_name: String,
    /// Wall time of tick 0, milliseconds since 1970.
    pub epoch_ms: i64,
    pub period_ms: u32,
    /// The tick whose state the first record starts from: `None` for a cold start.
    pub continues: Option<u64>,
}

impl JournalHeader {
    pub fn time_ms(&self, tick: u64) -> i64 {
        let since = i64::try_from(tick).unwrap_or(i64::MAX).saturating_mul(i64::from(self.period_ms));
        self.epoch_ms.saturating_add(since)
    }
}

/// What the first record of a segment starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentStart {
    /// The plant's initial state.
    Cold,
    /// The state after this tick, which stands in the segment or snapshot before.
    After(u64),
    /// The state after this tick, taken up by a new process: it waits for the field again.
    Resumed(u64),
    /// Records before it were lost; only a snapshot leads into this segment.
    Loss,
}

pub(super) fn encode(magic: [u8; 3], header: &JournalHeader, start: SegmentStart, out: &mut Vec<u8>) {
    out.extend_from_slice(&magic);
    out.extend_from_slice(&VERSION.to_le_bytes());
    let (kind, after) = match start {
        SegmentStart::Cold => (0, 0),
        SegmentStart::After(tick) => (1, tick),
        SegmentStart::Loss => (2, 0),
        SegmentStart::Resumed(tick) => (3, tick),
    };
    out.push(kind);
    put(out, after);
    out.extend_from_slice(&header.plant_hash);
    out.extend_from_slice(&header.epoch_ms.to_le_bytes());
    out.extend_from_slice(&header.period_ms.to_le_bytes());
    let name = header.plant_name.as_bytes();
    put_bytes(out, &name[..header.plant_name.floor_char_boundary(NAME_MAX)]);
}

pub(super) fn decode(
    magic: [u8; 3],
    bytes: &mut Cursor<'_>,
    path: &Path,
) -> Result<(JournalHeader, SegmentStart), HistorianError> {
    let damaged =
        |what: &str| HistorianError::Damaged { path: path.to_owned(), offset: 0, what: what.to_owned() };
    if bytes.array() != Some(magic) {
        return Err(damaged("it is no file of this journal"));
    }
    let found = bytes.u16().ok_or_else(|| damaged("its header is cut short"))?;
    if found != VERSION {
        return Err(HistorianError::Version { path: path.to_owned(), found, known: VERSION });
    }
    fields(bytes).ok_or_else(|| damaged("its header makes no sense"))
}

fn fields(bytes: &mut Cursor<'_>) -> Option<(JournalHeader, SegmentStart)> {
    let kind = bytes.u8()?;
    let after = bytes.varint()?;
    let start = match kind {
        0 => SegmentStart::Cold,
        1 => SegmentStart::After(after),
        2 => SegmentStart::Loss,
        3 => SegmentStart::Resumed(after),
        _ => return None,
    };
    let header = JournalHeader {
        plant_hash: bytes.array()?,
        epoch_ms: bytes.i64()?,
        period_ms: bytes.u32()?,
        plant_name: bytes.text()?.to_owned(),
        continues: match start {
            SegmentStart::After(tick) | SegmentStart::Resumed(tick) => Some(tick),
            SegmentStart::Cold | SegmentStart::Loss => None,
        },
    };
    Some((header, start))
}
