//! Numbers of about the same size, in as many bits as the largest of each group needs.
//!
//! ```text
//! per group of 32:   width:u8   32 x width bits, lowest first, padded to a byte
//! ```

use crate::varint::Cursor;

const GROUP: usize = 32;

pub(super) fn encode(values: &[u64], out: &mut Vec<u8>) {
    for group in values.chunks(GROUP) {
        let all = group.iter().fold(0, |all, value| all | value);
        let width = 64 - all.leading_zeros();
        out.push(width as u8);
        let (mut bits, mut held) = (0u128, 0);
        for value in group {
            bits |= u128::from(*value) << held;
            held += width;
            if held >= 64 {
                out.extend_from_slice(&(bits as u64).to_le_bytes());
                bits >>= 64;
                held -= 64;
            }
        }
        out.extend_from_slice(&(bits as u64).to_le_bytes()[..held.div_ceil(8) as usize]);
    }
}

/// Adds `count` numbers to `values`; `None` when the bytes do not hold them.
pub(super) fn decode(bytes: &mut Cursor<'_>, count: usize, values: &mut Vec<u64>) -> Option<()> {
    let mut left = count;
    while left > 0 {
        let size = left.min(GROUP);
        let width = u32::from(bytes.u8()?);
        if width > 64 {
            return None;
        }
        let mut packed = bytes.take((size * width as usize).div_ceil(8))?;
        let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
        let (mut bits, mut held) = (0u128, 0);
        for _ in 0..size {
            if held < width {
                let (word, more) = word(&mut packed);
                bits |= u128::from(word) << held;
                held += more;
            }
            values.push(bits as u64 & mask);
            bits >>= width;
            held = held.saturating_sub(width);
        }
        left -= size;
    }
    Some(())
}

/// Up to eight bytes from the front, and how many bits they are.
fn word(bytes: &mut &[u8]) -> (u64, u32) {
    if let Some((head, rest)) = bytes.split_first_chunk::<8>() {
        *bytes = rest;
        return (u64::from_le_bytes(*head), 64);
    }
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    *bytes = &[];
    (u64::from_le_bytes(wide), 64)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::varint::Cursor;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_of_any_size_read_back(values in prop::collection::vec((any::<u64>(), 0u32..64), 0..200)) {
            let values: Vec<u64> = values.into_iter().map(|(value, shift)| value >> shift).collect();
            let mut bytes = Vec::new();
            encode(&values, &mut bytes);
            let (mut cursor, mut read) = (Cursor::new(&bytes), Vec::new());
            prop_assert_eq!(decode(&mut cursor, values.len(), &mut read), Some(()));
            prop_assert_eq!(read, values);
            prop_assert!(cursor.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, count in 0usize..300) {
            let mut read = Vec::new();
            if decode(&mut Cursor::new(&bytes), count, &mut read).is_some() {
                prop_assert_eq!(read.len(), count);
            }
        }
    }

    #[test]
    fn numbers_that_are_all_zero_cost_a_byte_for_thirty_two() {
        let mut bytes = Vec::new();
        encode(&[0; 320], &mut bytes);
        assert_eq!(bytes.len(), 10);
    }
}
