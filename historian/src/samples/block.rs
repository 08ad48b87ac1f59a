//! A block: some hundred samples of one point, compressed, behind a header that answers most questions.
//!
//! ```text
//! 'CHB1'  point:u32  count:u32  payload length:u32  payload crc32:u32
//! first_ms:i64  last_ms:i64  first:f64  last:f64  min:f64  max:f64  integral:f64  weight_ms:u64
//! quality of first:u8  of last:u8  worst:u8  flags:u8        1 stepped, 2 min..integral are of bad values
//! crc32 of the header so far:u32                              92 bytes, then the payload (codec.rs)
//! ```

use model::Quality;

use super::aggregate::{Aggregate, Part};
use super::codec::{self, Scratch};
use super::sample::{Run, Sample, SampleId};
use crate::varint::Cursor;

pub(crate) const MARKER: [u8; 4] = *b"CHB1";
pub(crate) const HEADER_BYTES: usize = 92;
/// No block that we write comes near these; a damaged header is not believed beyond them.
const COUNT_MAX: u32 = 1 << 16;
const PAYLOAD_MAX: u32 = 4 << 20;

const STEPPED: u8 = 1;
const OF_BAD: u8 = 2;

/// Most samples in a block.
pub(crate) const SAMPLES_MAX: usize = COUNT_MAX as usize;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BlockHeader {
    pub(crate) id: SampleId,
    pub(crate) count: u32,
    pub(crate) payload_bytes: u32,
    payload_crc: u32,
    pub(crate) first: Sample,
    pub(crate) last: Sample,
    part: Part,
    worst: Quality,
    flags: u8,
}

/// A block and where it stands in its partition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BlockEntry {
    pub(crate) offset: u64,
    pub(crate) header: BlockHeader,
}

impl BlockEntry {
    pub(crate) fn end(&self) -> u64 {
        self.offset + HEADER_BYTES as u64 + u64::from(self.header.payload_bytes)
    }
}

impl BlockHeader {
    /// What the block holds, without reading it; `None` when that would not be exact.
    pub(crate) fn aggregate(&self, stepped: bool) -> Option<Aggregate> {
        let exact = (self.flags & STEPPED != 0) == stepped || self.count == 1;
        (exact && self.first.value.is_finite() && self.last.value.is_finite()).then(|| {
            let of_bad = self.flags & OF_BAD != 0;
            Aggregate {
                count: u64::from(self.count),
                worst: self.worst,
                ends: Some((self.first.value, self.last.value)),
                usable: if of_bad { Part::NONE } else { self.part },
                bad: if of_bad { self.part } else { Part::NONE },
            }
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MARKER);
        for number in [self.id.0, self.count, self.payload_bytes, self.payload_crc] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.first.time_ms.to_le_bytes());
        out.extend_from_slice(&self.last.time_ms.to_le_bytes());
        let Part { min, max, integral, weight_ms } = self.part;
        for value in [self.first.value, self.last.value, min, max, integral] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&weight_ms.to_le_bytes());
        let [first, last, worst] = [self.first.quality, self.last.quality, self.worst].map(u8::from);
        out.extend_from_slice(&[first, last, worst, self.flags]);
        let sum = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&sum.to_le_bytes());
    }

    /// `None` for anything that is no whole, unchanged header.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.get(..HEADER_BYTES)?.split_last_chunk::<4>()?;
        let mut cursor = Cursor::new(body);
        if cursor.array() != Some(MARKER) || crc32fast::hash(body) != u32::from_le_bytes(*sum) {
            return None;
        }
        let id = SampleId(cursor.u32()?);
        let (count, payload_bytes, payload_crc) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let (first_ms, last_ms) = (cursor.i64()?, cursor.i64()?);
        let (first, last) = (cursor.f64()?, cursor.f64()?);
        let (min, max, integral) = (cursor.f64()?, cursor.f64()?, cursor.f64()?);
        let part = Part { min, max, integral, weight_ms: cursor.u64()? };
        let [first_quality, last_quality, worst, flags] = cursor.array()?;
        let believable =
            (1..=COUNT_MAX).contains(&count) && payload_bytes <= PAYLOAD_MAX && first_ms <= last_ms;
        believable.then(|| Self {
            id,
            count,
            payload_bytes,
            payload_crc,
            first: Sample { time_ms: first_ms, value: first, quality: first_quality.into() },
            last: Sample { time_ms: last_ms, value: last, quality: last_quality.into() },
            part,
            worst: worst.into(),
            flags,
        })
    }

    /// Fills `run` from the payload; `None` when it does not match this header.
    pub(crate) fn decode(&self, payload: &[u8], scratch: &mut Scratch, run: &mut Run) -> Option<()> {
        if crc32fast::hash(payload) != self.payload_crc {
            return None;
        }
        codec::decode(payload, self.first.time_ms, self.count as usize, scratch, run)
    }
}

/// Adds the block to `out` and returns its header. `None` for an empty run.
pub(crate) fn encode(
    id: SampleId,
    run: &Run,
    stepped: bool,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Option<BlockHeader> {
    let last = run.last()?;
    let start = out.len();
    out.resize(start + HEADER_BYTES, 0);
    codec::encode(run, scratch, out);
    let payload = &out[start + HEADER_BYTES..];
    let all = Aggregate::of(run, stepped);
    let of_bad = all.usable.is_none();
    let header = BlockHeader {
        id,
        count: run.len() as u32,
        payload_bytes: payload.len() as u32,
        payload_crc: crc32fast::hash(payload),
        first: run.get(0),
        last,
        part: if of_bad { all.bad } else { all.usable },
        worst: all.worst,
        flags: if stepped { STEPPED } else { 0 } | if of_bad { OF_BAD } else { 0 },
    };
    let mut head = Vec::with_capacity(HEADER_BYTES);
    header.write(&mut head);
    out[start..start + HEADER_BYTES].copy_from_slice(&head);
    Some(header)
}

/// The header again, for the index beside a closed partition.
pub(crate) fn write_header(header: &BlockHeader, out: &mut Vec<u8>) {
    header.write(out);
}

#[cfg(test)]
mod tests {
    use super::{BlockHeader, HEADER_BYTES, encode};
    use crate::samples::codec::Scratch;
    use crate::samples::codec::tests::runs;
    use crate::samples::sample::{Run, SampleId};
    use proptest::prelude::*;

    fn block(run: &Run) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(SampleId(7), run, false, &mut Scratch::default(), &mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Run> {
        let header = BlockHeader::read(bytes)?;
        let payload = bytes.get(HEADER_BYTES..HEADER_BYTES + header.payload_bytes as usize)?;
        let mut run = Run::default();
        header.decode(payload, &mut Scratch::default(), &mut run)?;
        Some(run)
    }

    proptest! {
        #[test]
        fn a_block_reads_back_and_any_change_to_it_is_noticed(run in runs(), place: prop::sample::Index) {
            let mut bytes = block(&run);
            prop_assert_eq!(read(&bytes).map(|run| run.times), Some(run.times));
            let byte = place.index(bytes.len());
            bytes[byte] ^= 0x20;
            prop_assert!(read(&bytes).is_none());
            prop_assert!(read(&bytes[..byte]).is_none());
        }
    }
}
