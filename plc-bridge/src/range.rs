//! How far outside its range a measurement may be: NAMUR NE 43, for every wire alike.
//!
//! | share of the span | quality | on a 4-20 mA loop |
//! | --- | --- | --- |
//! | up to 1.25 % below and 3.125 % above the range | Good | 3.8 to 20.5 mA: still a measurement |
//! | up to 17.6 % outside | `UncertainEngineeringRange` | under- and over-range of the analogue module |
//! | further out | `BadOutOfRange`, and the last value stays | no measurement |
//!
//! An integer is judged by its counts ([`crate::signal`]), before anything is scaled. A number that
//! carries its own unit (`F32`, OPC UA) has no counts, so [`check`] holds it against the tag's range: an
//! instrument on a fieldbus that tells 900 degC with a range of 0..120 has as little measured that as a
//! loop of 100 mA.

use model::{Limited, Quality, RANGE_BAND};

use crate::signal::Reading;

/// NE 43: 3.8 mA is still a measurement.
const MEASURING_UNDER: f64 = 0.0125;
/// NE 43: 20.5 mA is still a measurement.
const MEASURING_OVER: f64 = 0.03125;

/// A reading in the tag's unit, held against the tag's range where it has one to be held against.
///
/// A status that came with the value stays when it is the worse, or as bad.
pub fn check(reading: Reading, range: Option<(f64, f64)>) -> Reading {
    let (Some(value), Some((low, high))) = (reading.value, range) else { return reading };
    let quality = reading.quality.worst(quality(value, low, high));
    let limited = reading.limited.or(limited(value, low, high));
    Reading { value: (!quality.is_bad()).then_some(value), quality, limited }
}

/// On which side of its range a value is that is no measurement of its instrument any more.
pub(crate) fn limited(value: f64, low: f64, high: f64) -> Limited {
    match quality(value, low, high) {
        Quality::Good => Limited::No,
        _ => Limited::outside(value, low, high),
    }
}

/// What is no number is outside of everything.
pub(crate) fn quality(value: f64, low: f64, high: f64) -> Quality {
    let span = high - low;
    if (low - MEASURING_UNDER * span..=high + MEASURING_OVER * span).contains(&value) {
        return Quality::Good;
    }
    if (low - RANGE_BAND * span..=high + RANGE_BAND * span).contains(&value) {
        return Quality::UncertainEngineeringRange;
    }
    Quality::BadOutOfRange
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Option<(f64, f64)> = Some((-10.0, 150.0));

    fn quality_of(value: f64) -> Quality {
        check(Reading::good(value), RANGE).quality
    }

    #[test]
    fn a_number_is_good_uncertain_and_bad_by_its_distance_from_the_range() {
        for (value, expected) in [
            (70.0, Quality::Good),
            (-12.0, Quality::Good),
            (155.0, Quality::Good),
            (-12.1, Quality::UncertainEngineeringRange),
            (155.1, Quality::UncertainEngineeringRange),
            (-38.1, Quality::UncertainEngineeringRange),
            (178.1, Quality::UncertainEngineeringRange),
            (-38.2, Quality::BadOutOfRange),
            (178.2, Quality::BadOutOfRange),
            (1e30, Quality::BadOutOfRange),
            (f64::NAN, Quality::BadOutOfRange),
        ] {
            assert_eq!(quality_of(value), expected, "{value}");
        }
    }

    #[test]
    fn a_doubtful_value_goes_on_and_a_bad_one_leaves_the_last() {
        let quality = Quality::UncertainEngineeringRange;
        let far = Reading { value: Some(170.0), quality, limited: Limited::High };
        assert_eq!(check(Reading::good(170.0), RANGE), far);
        let below = Reading { value: Some(-20.0), quality, limited: Limited::Low };
        assert_eq!(check(Reading::good(-20.0), RANGE), below);
        let lost = |limited| Reading { limited, ..Reading::without_value(Quality::BadOutOfRange) };
        assert_eq!(check(Reading::good(900.0), RANGE), lost(Limited::High));
        assert_eq!(check(Reading::good(-900.0), RANGE), lost(Limited::Low));
    }

    #[test]
    fn what_the_device_says_of_its_value_is_not_made_better() {
        let doubtful = Reading { quality: Quality::UncertainSubNormal, ..Reading::good(70.0) };
        assert_eq!(check(doubtful, RANGE), doubtful);
        let quality = Quality::GoodLocalOverride;
        let forced = Reading { quality, limited: Limited::Constant, ..Reading::good(70.0) };
        assert_eq!(check(forced, RANGE), forced);
        let failed = Reading::without_value(Quality::BadSensorFailure);
        assert_eq!(check(failed, RANGE), failed);
        let doubtful_and_far = Reading { value: Some(900.0), ..doubtful };
        let lost = Reading { limited: Limited::High, ..Reading::without_value(Quality::BadOutOfRange) };
        assert_eq!(check(doubtful_and_far, RANGE), lost);
    }

    #[test]
    fn without_a_range_nothing_is_checked() {
        assert_eq!(check(Reading::good(1e30), None), Reading::good(1e30));
    }
}
