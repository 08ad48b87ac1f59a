//! The three columns of a block in bytes: times, values, qualities.
//!
//! ```text
//! times      unit:varint, then packed zigzag of the change of the distance, in units
//!            (a point sampled every second costs a byte for 32 samples)
//! values     1 exponent:u8 first:varint zigzag, then packed zigzag of the differences:
//!            every value is a whole number divided by 10^exponent, exactly
//!            2 shift:u8 first:u64, then packed (bits XOR bits before) >> shift
//! qualities  (quality:u8 run length:varint)*
//! ```
//! Lossless: every bit of every value comes back, NaN and -0 included.

use super::packed;
use super::sample::Run;
use crate::varint::{Cursor, put, unzigzag, zigzag};

const DECIMAL: u8 = 1;
const XOR: u8 = 2;
const EXPONENT_MAX: u8 = 9;
const POWERS: [f64; EXPONENT_MAX as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers up to here are exact in an f64, and so are their differences in an i64.
const WHOLE_MAX: f64 = 4_503_599_627_370_496.0;

/// Buffers that encoding and decoding reuse.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    words: Vec<u64>,
    whole: Vec<i64>,
}

pub(super) fn encode(run: &Run, scratch: &mut Scratch, out: &mut Vec<u8>) {
    encode_times(&run.times, scratch, out);
    encode_values(&run.values, scratch, out);
    encode_qualities(&run.qualities, out);
}

/// Fills `run` with `count` samples from `first_ms` on; `None` when the bytes are not such a block.
pub(super) fn decode(
    bytes: &[u8],
    first_ms: i64,
    count: usize,
    scratch: &mut Scratch,
    run: &mut Run,
) -> Option<()> {
    run.clear();
    let mut cursor = Cursor::new(bytes);
    decode_times(&mut cursor, first_ms, count, scratch, &mut run.times)?;
    decode_values(&mut cursor, count, scratch, &mut run.values)?;
    decode_qualities(&mut cursor, count, &mut run.qualities)?;
    cursor.is_empty().then_some(())
}

fn encode_times(times: &[i64], scratch: &mut Scratch, out: &mut Vec<u8>) {
    let unit =
        times.windows(2).fold(0, |unit, pair| common_divisor(unit, pair[1].wrapping_sub(pair[0]) as u64));
    let unit = unit.max(1);
    put(out, unit);
    let mut before = 0i64;
    scratch.words.clear();
    scratch.words.extend(times.windows(2).map(|pair| {
        let distance = (pair[1].wrapping_sub(pair[0]) as u64 / unit) as i64;
        let word = zigzag(distance.wrapping_sub(before));
        before = distance;
        word
    }));
    packed::encode(&scratch.words, out);
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn decode_times(
    bytes: &mut Cursor<'_>,
    first_ms: i64,
    count: usize,
    scratch: &mut Scratch,
    times: &mut Vec<i64>,
) -> Option<()> {
    let unit = bytes.varint()?;
    scratch.words.clear();
    packed::decode(bytes, count.checked_sub(1)?, &mut scratch.words)?;
    let (mut time, mut distance) = (first_ms, 0i64);
    times.push(time);
    times.extend(scratch.words.iter().map(|word| {
        distance = distance.wrapping_add(unzigzag(*word));
        time = time.wrapping_add((distance as u64).wrapping_mul(unit) as i64);
        time
    }));
    Some(())
}

fn encode_values(values: &[f64], scratch: &mut Scratch, out: &mut Vec<u8>) {
    if let Some(exponent) = decimal_exponent(values, &mut scratch.whole) {
        out.extend_from_slice(&[DECIMAL, exponent]);
        put(out, zigzag(scratch.whole[0]));
        scratch.words.clear();
        scratch.words.extend(scratch.whole.windows(2).map(|pair| zigzag(pair[1] - pair[0])));
        packed::encode(&scratch.words, out);
        return;
    }
    let bits = |index: usize| values[index].to_bits();
    let all = (1..values.len()).fold(0, |all, index| all | (bits(index) ^ bits(index - 1)));
    let shift = if all == 0 { 0 } else { all.trailing_zeros() };
    out.extend_from_slice(&[XOR, shift as u8]);
    out.extend_from_slice(&bits(0).to_le_bytes());
    scratch.words.clear();
    scratch.words.extend((1..values.len()).map(|index| (bits(index) ^ bits(index - 1)) >> shift));
    packed::encode(&scratch.words, out);
}

/// The least power of ten that makes every value a whole number without losing a bit.
fn decimal_exponent(values: &[f64], whole: &mut Vec<i64>) -> Option<u8> {
    let mut exponent = 0;
    'next: while exponent <= EXPONENT_MAX {
        whole.clear();
        let power = POWERS[usize::from(exponent)];
        for value in values {
            let scaled = (value * power).round();
            if scaled.is_nan() || scaled.abs() > WHOLE_MAX {
                return None;
            }
            if (scaled as i64 as f64 / power).to_bits() != value.to_bits() {
                exponent += 1;
                continue 'next;
            }
            whole.push(scaled as i64);
        }
        return Some(exponent);
    }
    None
}

fn decode_values(
    bytes: &mut Cursor<'_>,
    count: usize,
    scratch: &mut Scratch,
    values: &mut Vec<f64>,
) -> Option<()> {
    let (kind, detail) = (bytes.u8()?, bytes.u8()?);
    let (rest, words) = (count.checked_sub(1)?, &mut scratch.words);
    words.clear();
    match kind {
        DECIMAL => {
            let power = *POWERS.get(usize::from(detail))?;
            let mut whole = unzigzag(bytes.varint()?);
            packed::decode(bytes, rest, words)?;
            values.push(whole as f64 / power);
            values.extend(words.iter().map(|word| {
                whole = whole.wrapping_add(unzigzag(*word));
                whole as f64 / power
            }));
        }
        XOR if detail < 64 => {
            let mut bits = bytes.u64()?;
            packed::decode(bytes, rest, words)?;
            values.push(f64::from_bits(bits));
            values.extend(words.iter().map(|word| {
                bits ^= word << detail;
                f64::from_bits(bits)
            }));
        }
        _ => return None,
    }
    Some(())
}

fn encode_qualities(qualities: &[u8], out: &mut Vec<u8>) {
    for same in qualities.chunk_by(|a, b| a == b) {
        out.push(same[0]);
        put(out, same.len() as u64);
    }
}

fn decode_qualities(bytes: &mut Cursor<'_>, count: usize, qualities: &mut Vec<u8>) -> Option<()> {
    while qualities.len() < count {
        let quality = bytes.u8()?;
        let run = usize::try_from(bytes.varint()?).ok()?;
        if run == 0 || run > count - qualities.len() {
            return None;
        }
        qualities.resize(qualities.len() + run, quality);
    }
    Some(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Run, Scratch, decode, encode};
    use proptest::prelude::*;

    /// Runs as plants make them, and as no plant would.
    pub(crate) fn runs() -> impl Strategy<Value = Run> {
        let value = prop_oneof![
            any::<f64>(),
            (-5000i32..5000).prop_map(|raw| f64::from(raw) / 100.0),
            (-5000i32..5000).prop_map(|raw| f64::from(raw) * 0.01),
            any::<f32>().prop_map(f64::from),
            Just(f64::NAN),
            Just(-0.0),
        ];
        let distance =
            prop_oneof![Just(1000i64), (1i64..50).prop_map(|scans| scans * 100), 1i64..100_000_000_000];
        let sample = (distance, value, prop_oneof![9 => Just(0u8), 1 => any::<u8>()]);
        (0i64..4_000_000_000_000, prop::collection::vec(sample, 1..150)).prop_map(|(start, samples)| {
            let mut run = Run::default();
            let mut time = start;
            for (distance, value, quality) in samples {
                run.times.push(time);
                run.values.push(value);
                run.qualities.push(quality);
                time += distance;
            }
            run
        })
    }

    fn bits(run: &Run) -> (Vec<i64>, Vec<u64>, Vec<u8>) {
        (run.times.clone(), run.values.iter().map(|value| value.to_bits()).collect(), run.qualities.clone())
    }

    fn size(run: &Run) -> usize {
        let (mut bytes, mut scratch, mut read) = (Vec::new(), Scratch::default(), Run::default());
        encode(run, &mut scratch, &mut bytes);
        decode(&bytes, run.times[0], run.len(), &mut scratch, &mut read).unwrap();
        assert_eq!(bits(&read), bits(run));
        bytes.len()
    }

    fn run_of(count: usize, value: impl Fn(usize) -> f64) -> Run {
        Run {
            times: (0..count).map(|index| index as i64 * 1000).collect(),
            values: (0..count).map(value).collect(),
            qualities: vec![0; count],
        }
    }

    proptest! {
        #[test]
        fn every_run_reads_back_bit_for_bit(run in runs()) {
            prop_assert!(size(&run) > 0);
        }

        #[test]
        fn runs_of_one_kind_of_value_read_back(raw in prop::collection::vec(any::<i32>(), 1..100), kind in 0..4) {
            let run = run_of(raw.len(), |index| match kind {
                0 => f64::from(raw[index]) / 1000.0,
                1 => f64::from(raw[index] as f32 * 0.1),
                2 => f64::from(raw[index]),
                _ => f64::from_bits(u64::from(raw[index] as u32) << 32),
            });
            prop_assert!(size(&run) > 0);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, count in 0usize..100, first: i64) {
            let mut run = Run::default();
            let _ = decode(&bytes, first, count, &mut Scratch::default(), &mut run);
        }
    }

    #[test]
    fn a_steady_point_costs_next_to_nothing() {
        assert!(size(&run_of(512, |_| 63.0)) < 64);
    }

    #[test]
    fn a_noisy_measurement_of_two_decimals_costs_about_a_byte() {
        let noise = |index: usize| ((index * 7919) % 61) as f64 - 30.0;
        assert!(size(&run_of(512, |index| (6300.0 + noise(index)) / 100.0)) < 512 + 64);
    }
}
