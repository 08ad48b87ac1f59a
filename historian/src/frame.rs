//! Frames: how anything that grows at its end is written, so that a cut or a flipped bit is found.
//!
//! ```text
//! ┌──────────┬─────────┬───────────────────────┬─────────┐
//! │ C7 'CLF' │ length  │ crc32(length,payload) │ payload │   numbers little-endian, 4 bytes each
//! └──────────┴─────────┴───────────────────────┴─────────┘
//! ```
//! A reader takes frames from the front. Where one does not check, it looks for the next marker
//! that begins a frame that does, and reports the bytes between as damage. Damage that reaches the
//! end of the file is the torn tail of a process that was killed: it was never committed.

use std::path::{Path, PathBuf};

use crate::error::HistorianError;

const MARKER: [u8; 4] = [0xC7, b'C', b'L', b'F'];
pub(crate) const OVERHEAD: usize = 12;
/// Longer than any frame that is written; a damaged length is not believed beyond it.
pub(crate) const PAYLOAD_MAX: usize = 64 << 20;

/// A piece of a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub path: PathBuf,
    /// First byte that does not check.
    pub offset: u64,
    pub bytes: u64,
    /// The damage reaches the end of the file: what a kill in mid write leaves.
    pub torn_tail: bool,
    /// What was lost with it, as far as that can be known.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.torn_tail { "unfinished end" } else { "damage" };
        write!(
            f,
            "{}: {kind} at byte {}, {} bytes: {}",
            self.path.display(),
            self.offset,
            self.bytes,
            self.what
        )
    }
}

/// Opens a frame at the end of `out`; the payload follows, then [`end`] with what this returned.
pub(crate) fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&[0; 8]);
    start
}

pub(crate) fn end(out: &mut [u8], start: usize) -> Result<(), HistorianError> {
    let size = out.len() - start - OVERHEAD;
    let length = u32::try_from(size)
        .ok()
        .filter(|_| size <= PAYLOAD_MAX)
        .ok_or(HistorianError::TooLarge { what: "a frame", size, limit: PAYLOAD_MAX })?
        .to_le_bytes();
    out[start + 4..start + 8].copy_from_slice(&length);
    let sum = checksum(length, &out[start + OVERHEAD..]);
    out[start + 8..start + OVERHEAD].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

/// What stands next in a file of frames.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Frame { offset: usize, payload: &'a [u8] },
    Damage { offset: usize, bytes: usize, torn_tail: bool },
}

/// Walks the frames of a file's bytes.
#[derive(Clone, Debug)]
pub(crate) struct Frames<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Frames<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub(crate) const fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// Where the next step begins.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let offset = self.offset;
        if offset >= self.bytes.len() {
            return None;
        }
        if let Some(payload) = intact(&self.bytes[offset..]) {
            self.offset = offset + OVERHEAD + payload.len();
            return Some(Step::Frame { offset, payload });
        }
        let next = (offset + 1..self.bytes.len()).find(|start| {
            self.bytes[*start..].starts_with(&MARKER) && intact(&self.bytes[*start..]).is_some()
        });
        self.offset = next.unwrap_or(self.bytes.len());
        Some(Step::Damage { offset, bytes: self.offset - offset, torn_tail: next.is_none() })
    }
}

/// The payload of the frame at the front of `bytes`, when it checks.
fn intact(bytes: &[u8]) -> Option<&[u8]> {
    let (marker, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let size = u32::from_le_bytes(*length) as usize;
    if *marker != MARKER || size > PAYLOAD_MAX {
        return None;
    }
    let payload = rest.get(..size)?;
    (checksum(*length, payload) == u32::from_le_bytes(*sum)).then_some(payload)
}

/// Damage of a step, told for people.
pub(crate) fn damage(path: &Path, offset: usize, bytes: usize, torn_tail: bool, what: &str) -> Damage {
    Damage {
        path: path.to_owned(),
        offset: offset as u64,
        bytes: bytes as u64,
        torn_tail,
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Frames, Step, begin, end};

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for payload in payloads {
            let start = begin(&mut bytes);
            bytes.extend_from_slice(payload);
            end(&mut bytes, start).unwrap();
        }
        bytes
    }

    fn payloads(bytes: &[u8]) -> Vec<Vec<u8>> {
        Frames::new(bytes)
            .filter_map(|step| match step {
                Step::Frame { payload, .. } => Some(payload.to_vec()),
                Step::Damage { .. } => None,
            })
            .collect()
    }

    #[test]
    fn a_cut_at_any_byte_keeps_every_whole_frame_and_names_the_rest() {
        let bytes = file(&[b"one", b"", b"three"]);
        let ends = [15, 27, 44];
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            let steps: Vec<_> = Frames::new(&bytes[..cut]).collect();
            let boundary = cut == 0 || ends.contains(&cut);
            assert_eq!(steps.len(), whole + usize::from(!boundary), "cut at {cut}");
            if !boundary {
                assert!(matches!(steps[whole], Step::Damage { torn_tail: true, .. }), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_costs_one_frame_and_no_other() {
        let bytes = file(&[b"one", b"two", b"three"]);
        for byte in 0..bytes.len() {
            let mut hurt = bytes.clone();
            hurt[byte] ^= 0x10;
            assert_eq!(payloads(&hurt).len(), 2, "byte {byte}");
        }
    }
}
