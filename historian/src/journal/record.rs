//! One scan in the journal, and its bytes.

use model::{Command, PointId, Quality};

use super::command;
use crate::varint::{Cursor, put, unzigzag, zigzag};

/// More points than any plant has; a number beyond it is damage, not a reason to allocate.
const POINTS_MAX: usize = 1 << 22;

const HAS_INPUTS: u64 = 1;
const HAS_COMMANDS: u64 = 2;

/// What went into one scan, and the hash of the state that came out. Meant to be reused.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanRecord {
    pub tick: u64,
    /// Inputs that the scan was told, in the order in which it was told them.
    pub inputs: Vec<(PointId, f64, Quality)>,
    pub commands: Vec<Command>,
    pub hash: u64,
}

/// What a record is told relative to: the same on both sides, and empty at the start of a segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    values: Vec<(u64, u8)>,
}

impl Context {
    /// Starts anew without giving the memory back.
    pub(super) fn reset(&mut self) {
        self.values.fill((0, 0));
    }

    fn slot(&mut self, index: usize) -> &mut (u64, u8) {
        if index >= self.values.len() {
            self.values.resize((index + 1).next_power_of_two(), (0, 0));
        }
        &mut self.values[index]
    }
}

/// `tick_before` is that of the record before in this frame, or the frame's first tick.
pub(super) fn encode(record: &ScanRecord, tick_before: u64, context: &mut Context, out: &mut Vec<u8>) {
    let mut head = (record.tick - tick_before) << 2;
    if !record.inputs.is_empty() {
        head |= HAS_INPUTS;
    }
    if !record.commands.is_empty() {
        head |= HAS_COMMANDS;
    }
    put(out, head);
    out.extend_from_slice(&record.hash.to_le_bytes());
    if !record.inputs.is_empty() {
        put(out, record.inputs.len() as u64);
        let mut before = -1i64;
        for &(point, value, quality) in &record.inputs {
            put(out, zigzag(i64::from(point.0) - before - 1));
            before = i64::from(point.0);
            encode_value(value.to_bits(), quality.into(), context.slot(point.index()), out);
        }
    }
    if !record.commands.is_empty() {
        put(out, record.commands.len() as u64);
        for command in &record.commands {
            command::encode(command, out);
        }
    }
}

fn encode_value(bits: u64, quality: u8, slot: &mut (u64, u8), out: &mut Vec<u8>) {
    let difference = bits ^ slot.0;
    let leading = difference.leading_zeros() / 8;
    let trailing = if difference == 0 { 0 } else { difference.trailing_zeros() / 8 };
    let changed = quality != slot.1;
    out.push((leading as u8) << 4 | (trailing as u8) << 1 | u8::from(changed));
    let bytes = (difference >> (8 * trailing)).to_le_bytes();
    out.extend_from_slice(&bytes[..8 - (leading + trailing) as usize]);
    if changed {
        out.push(quality);
    }
    *slot = (bits, quality);
}

/// Fills `record`; `None` when the bytes are no record.
pub(super) fn decode(
    bytes: &mut Cursor<'_>,
    tick_before: u64,
    context: &mut Context,
    record: &mut ScanRecord,
) -> Option<()> {
    record.inputs.clear();
    record.commands.clear();
    let head = bytes.varint()?;
    record.tick = tick_before.checked_add(head >> 2)?;
    record.hash = bytes.u64()?;
    if head & HAS_INPUTS != 0 {
        let mut before = -1i64;
        for _ in 0..bytes.count()? {
            before = before.checked_add(1)?.checked_add(unzigzag(bytes.varint()?))?;
            let point = u32::try_from(before).ok().filter(|point| (*point as usize) < POINTS_MAX)?;
            let slot = context.slot(point as usize);
            decode_value(bytes, slot)?;
            record.inputs.push((PointId(point), f64::from_bits(slot.0), slot.1.into()));
        }
    }
    if head & HAS_COMMANDS != 0 {
        for _ in 0..bytes.count()? {
            record.commands.push(command::decode(bytes)?);
        }
    }
    Some(())
}

fn decode_value(bytes: &mut Cursor<'_>, slot: &mut (u64, u8)) -> Option<()> {
    let shape = bytes.u8()?;
    let (leading, trailing) = (usize::from(shape >> 4), usize::from(shape >> 1 & 7));
    let count = 8usize.checked_sub(leading + trailing)?;
    let mut wide = [0; 8];
    wide[..count].copy_from_slice(bytes.take(count)?);
    slot.0 ^= u64::from_le_bytes(wide) << (8 * trailing);
    if shape & 1 != 0 {
        slot.1 = bytes.u8()?;
    }
    Some(())
}

/// Every point that the journal can carry.
pub(super) fn fits(record: &ScanRecord) -> bool {
    record.inputs.iter().all(|(point, _, _)| point.index() < POINTS_MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::journal::command::tests::commands;
    use proptest::prelude::*;

    pub(crate) fn runs() -> impl Strategy<Value = Vec<ScanRecord>> {
        let value = prop_oneof![any::<f64>(), (-1000i32..1000).prop_map(|raw| f64::from(raw) * 0.1)];
        let input = (0u32..40, value, any::<u8>())
            .prop_map(|(point, value, quality)| (PointId(point), value, Quality::from(quality)));
        let scan = (
            1u64..5,
            prop::collection::vec(input, 0..6),
            prop::collection::vec(commands(), 0..2),
            any::<u64>(),
        );
        prop::collection::vec(scan, 1..30).prop_map(|scans| {
            let mut tick = 0;
            let record = |(step, inputs, commands, hash)| {
                tick += step;
                ScanRecord { tick, inputs, commands, hash }
            };
            scans.into_iter().map(record).collect()
        })
    }

    /// Equality of bits: a NaN equals itself here, and -0 is not 0.
    pub(crate) fn bits(record: &ScanRecord) -> String {
        let inputs: Vec<_> = record.inputs.iter().map(|(p, v, q)| (p.0, v.to_bits(), *q)).collect();
        format!("{} {:x} {inputs:?} {:?}", record.tick, record.hash, record.commands)
    }

    proptest! {
        #[test]
        fn every_run_of_scans_reads_back_bit_for_bit(run in runs()) {
            let (mut bytes, mut writing, mut reading) = (Vec::new(), Context::default(), Context::default());
            let mut before = 0;
            for record in &run {
                encode(record, before, &mut writing, &mut bytes);
                before = record.tick;
            }
            let (mut cursor, mut record, mut before) = (Cursor::new(&bytes), ScanRecord::default(), 0);
            for expected in &run {
                decode(&mut cursor, before, &mut reading, &mut record).unwrap();
                before = record.tick;
                prop_assert_eq!(bits(&record), bits(expected));
            }
            prop_assert!(cursor.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let (mut context, mut record) = (Context::default(), ScanRecord::default());
            let mut cursor = Cursor::new(&bytes);
            while decode(&mut cursor, 0, &mut context, &mut record).is_some() {}
        }
    }

    #[test]
    fn a_scan_in_which_nothing_changed_costs_nine_bytes() {
        let mut bytes = Vec::new();
        let record = ScanRecord { tick: 1001, hash: u64::MAX, ..ScanRecord::default() };
        encode(&record, 1000, &mut Context::default(), &mut bytes);
        assert_eq!(bytes.len(), 9);
    }
}
