//! Between what the wire carries and the tag's unit: the only place where values are scaled.
//!
//! # From the wire
//!
//! | what arrives | value | quality |
//! | --- | --- | --- |
//! | a number inside the raw range, or as far outside as [`crate::range`] allows | scaled | Good |
//! | further out, up to the ends of an analogue module | scaled | `UncertainEngineeringRange` |
//! | further out still | the last one stays | `BadOutOfRange` |
//! | the failure code of the module | the last one stays | `BadSensorFailure` |
//! | NaN or an infinity, or a scaled value that is none | the last one stays | `BadOutOfRange` |
//!
//! The range is supervised where the raw range is that of an analogue module: a `U16` or `I16`
//! register whose raw range is at least [`SUPERVISED_COUNTS`] counts wide (0..27648, 0..4095,
//! 4000..20000). A narrower raw range is a factor (0..10 means tenths), and `U32` counts: there only the
//! last row applies. So it does here to `F32` and OPC UA numbers, which carry their own unit; of an input
//! they are held against the tag's range afterwards, with the same thresholds ([`crate::range::check`]).
//!
//! Failure codes of a supervised register, unless the raw range itself contains them:
//! 32767 (0x7FFF, as Siemens modules give for 0..27648) in `U16` and `I16`, 65535 (0xFFFF) in `U16`,
//! and -32768 (0x8000) in `I16`.
//!
//! # To the wire
//!
//! A value that is no finite number is never written. Integers are rounded to the nearest count and
//! held inside what the format can carry; a command to a supervised register is held inside the
//! 17.6 % band, and no value can turn into a failure code by accident.

use model::{Limited, Quality, RANGE_BAND, RegisterFormat, SUPERVISED_COUNTS, Scaling};

use crate::range;

const FAILED_SIGNED: f64 = 32767.0;
const FAILED_UNSIGNED: f64 = 65535.0;
const FAILED_BELOW: f64 = -32768.0;

/// What one reading brings: no value means that the last one stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub value: Option<f64>,
    pub quality: Quality,
    /// Whether it could still move, as far as the wire tells.
    pub limited: Limited,
}

impl Reading {
    pub const fn good(value: f64) -> Self {
        Self { value: Some(value), quality: Quality::Good, limited: Limited::No }
    }

    pub const fn without_value(quality: Quality) -> Self {
        Self { value: None, quality, limited: Limited::No }
    }
}

/// The registers of one value, most significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    words: [u16; 2],
    count: usize,
}

impl Words {
    const fn one(word: u16) -> Self {
        Self { words: [word, 0], count: 1 }
    }

    const fn two(value: u32) -> Self {
        Self { words: [(value >> 16) as u16, value as u16], count: 2 }
    }

    pub fn as_slice(&self) -> &[u16] {
        &self.words[..self.count]
    }
}

/// Registers into the tag's unit. Too few registers are no number.
pub fn from_registers(format: RegisterFormat, scaling: Scaling, words: &[u16]) -> Reading {
    let raw = match (format, words) {
        (RegisterFormat::Bit, [word, ..]) => f64::from(u8::from(*word != 0)),
        (RegisterFormat::U16, [word, ..]) => f64::from(*word),
        (RegisterFormat::I16, [word, ..]) => f64::from(*word as i16),
        (RegisterFormat::U32, [high, low, ..]) => f64::from(join(*high, *low)),
        (RegisterFormat::F32, [high, low, ..]) => f64::from(f32::from_bits(join(*high, *low))),
        _ => f64::NAN,
    };
    if is_supervised(format, scaling) {
        return from_analogue(format, scaling, raw);
    }
    from_number(scaling, raw)
}

pub fn from_bit(scaling: Scaling, bit: bool) -> Reading {
    from_number(scaling, f64::from(u8::from(bit)))
}

/// A number that carries its own unit, or a unit that differs by a factor.
pub fn from_number(scaling: Scaling, raw: f64) -> Reading {
    let value = scaling.to_unit(raw);
    if value.is_finite() { Reading::good(value) } else { Reading::without_value(Quality::BadOutOfRange) }
}

/// A command into registers; `None` when it is no finite number.
pub fn to_registers(format: RegisterFormat, scaling: Scaling, value: f64) -> Option<Words> {
    let raw = scaling.to_raw(value);
    if !raw.is_finite() {
        return None;
    }
    if !is_supervised(format, scaling) {
        return Some(pack(format, scaling, raw));
    }
    let margin = RANGE_BAND * (scaling.raw_high - scaling.raw_low).abs();
    let (low, high) = ordered(scaling);
    Some(pack(format, scaling, raw.clamp((low - margin).ceil(), (high + margin).floor())))
}

/// A measurement into registers, with its quality as far as registers can tell it.
///
/// A failed sensor becomes the failure code of a supervised register, and NaN in `F32`. Modbus has
/// no way to tell more: bits, counters and factors go out with their last value.
pub fn measurement_to_registers(
    format: RegisterFormat,
    scaling: Scaling,
    value: f64,
    quality: Quality,
) -> Option<Words> {
    if quality.is_bad() {
        if format == RegisterFormat::F32 {
            return Some(Words::two(f32::NAN.to_bits()));
        }
        if let Some(code) = failure_code(format, scaling) {
            return Some(Words::one(code));
        }
    }
    let raw = scaling.to_raw(value);
    if raw.is_finite() {
        return Some(pack(format, scaling, raw));
    }
    match format {
        RegisterFormat::F32 => Some(Words::two(f32::NAN.to_bits())),
        _ => failure_code(format, scaling).map(Words::one),
    }
}

/// A command for a coil: set from the middle of the range upwards.
pub fn to_bit(scaling: Scaling, value: f64) -> Option<bool> {
    to_number(scaling, value).map(|raw| raw >= 0.5)
}

pub fn to_number(scaling: Scaling, value: f64) -> Option<f64> {
    let raw = scaling.to_raw(value);
    raw.is_finite().then_some(raw)
}

/// A scaling that divides by zero in one direction or the other.
pub fn has_no_width(scaling: Scaling) -> bool {
    let raw = scaling.raw_high - scaling.raw_low;
    let unit = scaling.high - scaling.low;
    !(raw.is_finite() && unit.is_finite()) || raw == 0.0 || unit == 0.0
}

fn from_analogue(format: RegisterFormat, scaling: Scaling, raw: f64) -> Reading {
    if is_failure_code(format, scaling, raw) {
        return Reading::without_value(Quality::BadSensorFailure);
    }
    let fraction = (raw - scaling.raw_low) / (scaling.raw_high - scaling.raw_low);
    let quality = range::quality(fraction, 0.0, 1.0);
    let limited =
        range::limited(scaling.to_unit(raw), scaling.low.min(scaling.high), scaling.low.max(scaling.high));
    if quality.is_bad() {
        return Reading { limited, ..Reading::without_value(quality) };
    }
    let reading = from_number(scaling, raw);
    Reading { quality: reading.quality.worst(quality), limited, ..reading }
}

fn is_supervised(format: RegisterFormat, scaling: Scaling) -> bool {
    matches!(format, RegisterFormat::U16 | RegisterFormat::I16)
        && (scaling.raw_high - scaling.raw_low).abs() >= SUPERVISED_COUNTS
}

fn is_failure_code(format: RegisterFormat, scaling: Scaling, raw: f64) -> bool {
    let (low, high) = ordered(scaling);
    match format {
        RegisterFormat::U16 => {
            (raw == FAILED_SIGNED && high < FAILED_SIGNED)
                || (raw == FAILED_UNSIGNED && high < FAILED_UNSIGNED)
        }
        RegisterFormat::I16 => {
            (raw == FAILED_SIGNED && high < FAILED_SIGNED) || (raw == FAILED_BELOW && low > FAILED_BELOW)
        }
        RegisterFormat::Bit | RegisterFormat::U32 | RegisterFormat::F32 => false,
    }
}

/// The code that says "sensor failed" in this register, if it has one.
fn failure_code(format: RegisterFormat, scaling: Scaling) -> Option<u16> {
    if !is_supervised(format, scaling) {
        return None;
    }
    let codes: &[f64] = match format {
        RegisterFormat::U16 => &[FAILED_SIGNED, FAILED_UNSIGNED],
        RegisterFormat::I16 => &[FAILED_SIGNED, FAILED_BELOW],
        RegisterFormat::Bit | RegisterFormat::U32 | RegisterFormat::F32 => &[],
    };
    let code = codes.iter().copied().find(|code| is_failure_code(format, scaling, *code))?;
    Some(if code < 0.0 { code as i16 as u16 } else { code as u16 })
}

fn pack(format: RegisterFormat, scaling: Scaling, raw: f64) -> Words {
    match format {
        RegisterFormat::Bit => Words::one(u16::from(raw >= 0.5)),
        RegisterFormat::U16 => Words::one(hold(format, scaling, raw, 0.0, 65535.0) as u16),
        RegisterFormat::I16 => Words::one(hold(format, scaling, raw, -32768.0, 32767.0) as i16 as u16),
        // The cast saturates, so a count beyond the format stays at its end.
        RegisterFormat::U32 => Words::two(raw.round() as u32),
        RegisterFormat::F32 => {
            let single = raw as f32;
            Words::two(if single.is_finite() { single } else { f32::MAX.copysign(single) }.to_bits())
        }
    }
}

/// The nearest count that the format can carry, and one beside a failure code: a measurement must
/// not look like a dead sensor.
fn hold(format: RegisterFormat, scaling: Scaling, raw: f64, low: f64, high: f64) -> f64 {
    let count = raw.round().clamp(low, high);
    if !is_supervised(format, scaling) || !is_failure_code(format, scaling, count) {
        return count;
    }
    if count > 0.0 { count - 1.0 } else { count + 1.0 }
}

fn ordered(scaling: Scaling) -> (f64, f64) {
    (scaling.raw_low.min(scaling.raw_high), scaling.raw_low.max(scaling.raw_high))
}

const fn join(high: u16, low: u16) -> u32 {
    (high as u32) << 16 | low as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PERCENT: Scaling = Scaling { raw_low: 0.0, raw_high: 27648.0, low: 0.0, high: 100.0 };

    fn quality_of(format: RegisterFormat, word: u16) -> Quality {
        from_registers(format, PERCENT, &[word]).quality
    }

    #[test]
    fn an_analogue_value_is_good_uncertain_and_bad_by_its_distance_from_the_range() {
        let i16 = RegisterFormat::I16;
        assert_eq!(from_registers(i16, PERCENT, &[13824]), Reading::good(50.0));
        assert_eq!(quality_of(i16, 28000), Quality::Good);
        assert_eq!(quality_of(i16, 30000), Quality::UncertainEngineeringRange);
        assert_eq!(quality_of(i16, 32511), Quality::UncertainEngineeringRange);
        assert_eq!(quality_of(i16, 32600), Quality::BadOutOfRange);
        assert_eq!(quality_of(i16, -4864i16 as u16), Quality::UncertainEngineeringRange);
        assert_eq!(quality_of(i16, -5000i16 as u16), Quality::BadOutOfRange);
    }

    #[test]
    fn the_failure_codes_of_modules_are_failed_sensors_and_carry_no_value() {
        for (format, word) in [
            (RegisterFormat::I16, 0x7FFF),
            (RegisterFormat::I16, 0x8000),
            (RegisterFormat::U16, 0x7FFF),
            (RegisterFormat::U16, 0xFFFF),
        ] {
            let reading = from_registers(format, PERCENT, &[word]);
            assert_eq!(reading, Reading::without_value(Quality::BadSensorFailure), "{format:?} {word:#x}");
        }
    }

    #[test]
    fn a_code_inside_the_raw_range_is_a_measurement() {
        let full = Scaling { raw_low: 0.0, raw_high: 65535.0, low: 0.0, high: 1.0 };
        assert_eq!(from_registers(RegisterFormat::U16, full, &[0xFFFF]), Reading::good(1.0));
        assert_eq!(from_registers(RegisterFormat::U16, full, &[0x7FFF]).quality, Quality::Good);
    }

    #[test]
    fn a_factor_is_no_range() {
        let tenths = Scaling { raw_low: 0.0, raw_high: 10.0, low: 0.0, high: 1.0 };
        assert_eq!(from_registers(RegisterFormat::I16, tenths, &[253]), Reading::good(25.3));
        let (high, low) = (0x0001, 0x86A0);
        assert_eq!(from_registers(RegisterFormat::U32, tenths, &[high, low]), Reading::good(10_000.0));
    }

    #[test]
    fn what_is_no_number_is_out_of_range_and_is_never_written() {
        for bits in [f32::NAN.to_bits(), f32::INFINITY.to_bits(), f32::NEG_INFINITY.to_bits()] {
            let words = [(bits >> 16) as u16, bits as u16];
            let reading = from_registers(RegisterFormat::F32, Scaling::IDENTITY, &words);
            assert_eq!(reading, Reading::without_value(Quality::BadOutOfRange));
        }
        assert_eq!(
            from_registers(RegisterFormat::F32, Scaling::IDENTITY, &[1]).quality,
            Quality::BadOutOfRange
        );
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(to_registers(RegisterFormat::I16, PERCENT, value), None);
            assert_eq!(to_bit(Scaling::IDENTITY, value), None);
            assert_eq!(to_number(Scaling::IDENTITY, value), None);
        }
    }

    #[test]
    fn a_failed_sensor_crosses_the_wire_as_its_code() {
        for format in [RegisterFormat::U16, RegisterFormat::I16] {
            let words = measurement_to_registers(format, PERCENT, 40.0, Quality::BadSensorFailure).unwrap();
            assert_eq!(words.as_slice(), [0x7FFF]);
            assert_eq!(from_registers(format, PERCENT, words.as_slice()).quality, Quality::BadSensorFailure);
        }
        let single =
            measurement_to_registers(RegisterFormat::F32, Scaling::IDENTITY, 40.0, Quality::BadSensorFailure);
        let reading = from_registers(RegisterFormat::F32, Scaling::IDENTITY, single.unwrap().as_slice());
        assert_eq!(reading.quality, Quality::BadOutOfRange);
    }

    #[test]
    fn a_tank_that_runs_over_is_out_of_range_and_no_dead_sensor() {
        for format in [RegisterFormat::U16, RegisterFormat::I16] {
            for value in [118.6, 150.0, 1e9] {
                let words = measurement_to_registers(format, PERCENT, value, Quality::Good).unwrap();
                let reading = from_registers(format, PERCENT, words.as_slice());
                assert_eq!(reading.quality, Quality::BadOutOfRange, "{format:?} {value}");
            }
        }
    }

    #[test]
    fn an_inverted_contact_is_a_scaling() {
        let inverted = Scaling { raw_low: 0.0, raw_high: 1.0, low: 1.0, high: 0.0 };
        assert_eq!(from_bit(inverted, true), Reading::good(0.0));
        assert_eq!(to_bit(inverted, 0.0), Some(true));
    }

    fn formats() -> impl Strategy<Value = RegisterFormat> {
        prop_oneof![
            Just(RegisterFormat::Bit),
            Just(RegisterFormat::U16),
            Just(RegisterFormat::I16),
            Just(RegisterFormat::U32),
            Just(RegisterFormat::F32),
        ]
    }

    proptest! {
        #[test]
        fn a_command_inside_its_range_returns_within_half_a_count(
            fraction in 0.0..=1.0f64, low in -1e4..1e4f64, span in 1.0..1e4f64, reversed: bool,
        ) {
            let mut scaling = Scaling { low, high: low + span, ..PERCENT };
            if reversed { std::mem::swap(&mut scaling.low, &mut scaling.high); }
            let value = low + fraction * span;
            for format in [RegisterFormat::U16, RegisterFormat::I16] {
                let words = to_registers(format, scaling, value).unwrap();
                let reading = from_registers(format, scaling, words.as_slice());
                prop_assert_eq!(reading.quality, Quality::Good);
                prop_assert!((reading.value.unwrap() - value).abs() <= 0.5001 * span / 27648.0);
            }
        }

        #[test]
        fn singles_and_counters_return_what_went_in(single in -1e30f32..1e30, count: u32) {
            let words = to_registers(RegisterFormat::F32, Scaling::IDENTITY, f64::from(single)).unwrap();
            prop_assert_eq!(from_registers(RegisterFormat::F32, Scaling::IDENTITY, words.as_slice()), Reading::good(f64::from(single)));
            let words = to_registers(RegisterFormat::U32, Scaling::IDENTITY, f64::from(count)).unwrap();
            prop_assert_eq!(from_registers(RegisterFormat::U32, Scaling::IDENTITY, words.as_slice()), Reading::good(f64::from(count)));
        }

        #[test]
        fn no_command_ever_reads_as_bad(value in -1e12..1e12f64, raw_high in 1000.0..65535.0f64) {
            let scaling = Scaling { raw_low: 0.0, raw_high, low: 0.0, high: 100.0 };
            for format in [RegisterFormat::U16, RegisterFormat::I16] {
                // A signed register cannot carry more than 32767 counts, whatever its scaling says.
                if format == RegisterFormat::I16 && raw_high > 27648.0 { continue; }
                let words = to_registers(format, scaling, value).unwrap();
                prop_assert!(from_registers(format, scaling, words.as_slice()).quality.is_usable());
            }
        }

        #[test]
        fn every_reading_is_finite_or_keeps_the_last_value(
            format in formats(), words in proptest::collection::vec(any::<u16>(), 0..3),
            raw_low in -1e5..1e5f64, raw_high in -1e5..1e5f64, low in -1e5..1e5f64, high in -1e5..1e5f64,
        ) {
            let reading = from_registers(format, Scaling { raw_low, raw_high, low, high }, &words);
            match reading.value {
                Some(value) => prop_assert!(value.is_finite() && reading.quality.is_usable()),
                None => prop_assert!(reading.quality.is_bad()),
            }
        }
    }
}
