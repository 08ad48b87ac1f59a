//! One walk over state serves hash, snapshot and restore, so that the three cannot disagree.

use alloc::vec::Vec;

/// Visits every bit of state that the next scan may depend on, in a fixed order.
///
/// A struct that is part of the state has one `fn state(&mut self, walk: &mut impl StateWalk)`
/// that names its fields once. The hash reads through it, the snapshot writes through it, the
/// restore fills through it.
pub trait StateWalk {
    fn u64(&mut self, value: &mut u64);

    fn f64(&mut self, value: &mut f64) {
        let mut bits = value.to_bits();
        self.u64(&mut bits);
        *value = f64::from_bits(bits);
    }

    /// The same as [`Self::f64`] of one after the other; a walk that can do better with a run of them does.
    fn f64s(&mut self, values: &mut [f64]) {
        for value in values {
            self.f64(value);
        }
    }

    fn u32(&mut self, value: &mut u32) {
        let mut wide = u64::from(*value);
        self.u64(&mut wide);
        *value = wide as u32;
    }

    fn u16(&mut self, value: &mut u16) {
        let mut wide = u64::from(*value);
        self.u64(&mut wide);
        *value = wide as u16;
    }

    fn u8(&mut self, value: &mut u8) {
        let mut wide = u64::from(*value);
        self.u64(&mut wide);
        *value = wide as u8;
    }

    fn bool(&mut self, value: &mut bool) {
        let mut wide = u64::from(*value);
        self.u64(&mut wide);
        *value = wide != 0;
    }
}

/// A fast 64-bit fold of the state; it finds a difference, it does not defend against forgery.
///
/// Four lanes take the words in turn, so that no multiplication waits for the one before. A lane is a
/// bijection of its word, and the last fold is one of each lane: a single changed word always shows.
#[derive(Clone, Debug)]
pub struct StateHash([u64; 4]);

impl StateHash {
    pub const fn new() -> Self {
        Self([0xcbf2_9ce4_8422_2325, 0x8422_2325_cbf2_9ce4, 0x9ce4_cbf2_2325_8422, 0x2325_9ce4_8422_cbf2])
    }

    const fn mix(lane: u64, word: u64) -> u64 {
        // Folded, because the product alone leaves a flipped top bit alone: two changes could cancel.
        let product = (lane.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        product ^ product >> 29
    }

    /// The same as two words one after the other.
    #[inline]
    pub const fn pair(&mut self, first: u64, second: u64) {
        let [a, b, c, d] = self.0;
        self.0 = [c, d, Self::mix(a, first), Self::mix(b, second)];
    }

    pub const fn finish(&self) -> u64 {
        // The final mix of MurmurHash3: every input bit reaches every output bit.
        let [a, b, c, d] = self.0;
        let mut hash = Self::mix(Self::mix(Self::mix(a, b), c), d);
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }
}

impl Default for StateHash {
    fn default() -> Self {
        Self::new()
    }
}

impl StateWalk for StateHash {
    fn u64(&mut self, value: &mut u64) {
        let [a, b, c, d] = self.0;
        self.0 = [b, c, d, Self::mix(a, *value)];
    }

    /// Four words at a time take every lane once, so the lanes stay where they are.
    fn f64s(&mut self, values: &mut [f64]) {
        let (fours, rest) = values.as_chunks_mut::<4>();
        let [mut a, mut b, mut c, mut d] = self.0;
        for [first, second, third, fourth] in fours {
            a = Self::mix(a, first.to_bits());
            b = Self::mix(b, second.to_bits());
            c = Self::mix(c, third.to_bits());
            d = Self::mix(d, fourth.to_bits());
        }
        self.0 = [a, b, c, d];
        for value in rest {
            self.f64(value);
        }
    }
}

/// Writes the state out, eight bytes a field, little-endian.
#[derive(Debug, Default)]
pub struct StateWriter(pub Vec<u8>);

impl StateWalk for StateWriter {
    fn u64(&mut self, value: &mut u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn f64s(&mut self, values: &mut [f64]) {
        self.0.reserve(values.len() * 8);
        for value in values {
            self.f64(value);
        }
    }
}

/// Fills the state from what [`StateWriter`] wrote.
#[derive(Debug)]
pub struct StateReader<'a> {
    rest: &'a [u8],
    short: bool,
}

impl<'a> StateReader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, short: false }
    }

    /// True when the bytes were exactly as many as the state has.
    pub const fn is_complete(&self) -> bool {
        !self.short && self.rest.is_empty()
    }
}

impl StateWalk for StateReader<'_> {
    fn u64(&mut self, value: &mut u64) {
        match self.rest.split_first_chunk::<8>() {
            Some((head, rest)) => {
                *value = u64::from_le_bytes(*head);
                self.rest = rest;
            }
            None => self.short = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{StateHash, StateReader, StateWalk, StateWriter};

    fn walk(state: &mut (f64, u32, bool), walk: &mut impl StateWalk) {
        walk.f64(&mut state.0);
        walk.u32(&mut state.1);
        walk.bool(&mut state.2);
    }

    fn hash(state: &mut (f64, u32, bool)) -> u64 {
        let mut hash = StateHash::new();
        walk(state, &mut hash);
        hash.finish()
    }

    #[test]
    fn what_is_written_reads_back_with_the_same_hash() {
        let mut before = (-0.0, 7, true);
        let mut writer = StateWriter::default();
        walk(&mut before, &mut writer);
        let mut after = (0.0, 0, false);
        assert_ne!(hash(&mut before), hash(&mut after));
        let mut reader = StateReader::new(&writer.0);
        walk(&mut after, &mut reader);
        assert!(reader.is_complete());
        assert_eq!(hash(&mut before), hash(&mut after));
    }

    #[test]
    fn every_word_and_its_place_change_the_hash() {
        let of = |words: &[u64]| {
            let mut hash = StateHash::new();
            for mut word in words.iter().copied() {
                hash.u64(&mut word);
            }
            hash.finish()
        };
        let words: [u64; 11] = core::array::from_fn(|index| index as u64 * 3);
        let mut seen = alloc::vec![of(&words), of(&words[..10])];
        for place in 0..words.len() {
            for bit in 0..64 {
                let mut other = words;
                other[place] ^= 1 << bit;
                seen.push(of(&other));
            }
            for with in 0..place {
                let mut other = words;
                other.swap(place, with);
                seen.push(of(&other));
            }
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_run_of_numbers_is_the_same_as_one_after_the_other() {
        let mut numbers: [f64; 11] = core::array::from_fn(|index| index as f64 * -0.3);
        for before in 0..5 {
            for length in 0..=numbers.len() {
                let (mut run, mut single) = (StateHash::new(), StateHash::new());
                let (mut run_bytes, mut single_bytes) = (StateWriter::default(), StateWriter::default());
                for mut word in 0..before {
                    run.u64(&mut word);
                    single.u64(&mut word);
                }
                run.f64s(&mut numbers[..length]);
                run_bytes.f64s(&mut numbers[..length]);
                for number in &mut numbers[..length] {
                    single.f64(number);
                    single_bytes.f64(number);
                }
                // The next word has to fall on the same lane.
                run.u64(&mut 7);
                single.u64(&mut 7);
                assert_eq!(run.finish(), single.finish(), "{length} numbers after {before} words");
                assert_eq!(run_bytes.0, single_bytes.0);
                let mut read = [0.0; 11];
                let mut reader = StateReader::new(&run_bytes.0);
                reader.f64s(&mut read[..length]);
                assert!(reader.is_complete());
                assert_eq!(read[..length], numbers[..length]);
            }
        }
    }

    #[test]
    fn a_short_snapshot_is_noticed() {
        let mut state = (1.0, 2, true);
        let mut reader = StateReader::new(&[0; 20]);
        walk(&mut state, &mut reader);
        assert!(!reader.is_complete());
    }
}
