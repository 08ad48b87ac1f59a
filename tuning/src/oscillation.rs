//! Does the loop swing, how fast and how regularly?
//!
//! ```text
//!   IAE between zero crossings of e = PV - SP   >=  2 a / w_i        is a half swing that counts
//!   ten of them within 50 TI                                         is an oscillation
//!   r = mean(period) / (3 sigma(period))        > 1                  is a regular one
//! ```
//!
//! `a` is the amplitude that is tolerated, `w_i = 2 pi / TI` a frequency at which the loop may still
//! be expected to act: slower disturbances are its business, faster ones beyond it. The period and
//! its regularity come from the zero crossings of the autocorrelation, where noise is gone.
//!
//! Sources: Hagglund, *Control Eng. Practice* 3 (1995) 1543; Thornhill, Huang and Zhang, *J. Process
//! Control* 13 (2003) 91 (autocorrelation, regularity).

use alloc::vec::Vec;

use crate::record::{mean, variance};

/// Half swings that make an oscillation, and the time in which they must come, in TI.
const HALF_SWINGS: usize = 10;
const SUPERVISED_TI: f64 = 50.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oscillation {
    /// Share of the time in which the loop was found swinging, 0 to 1.
    pub share: f64,
    /// Half swings that counted, in the whole record.
    pub half_swings: usize,
    /// By the autocorrelation; `None` when it has no regular period.
    pub period_s: Option<f64>,
    /// Above 1: regular.
    pub regularity: f64,
    /// Half the swing, as a sine of the same deviation would have.
    pub amplitude: f64,
}

impl Oscillation {
    /// Large enough for a quarter of the time, and with a period: noise has none.
    pub fn is_swinging(&self) -> bool {
        self.share > 0.25 && self.period_s.is_some()
    }
}

/// `error` is PV - SP; `ti` the integral time of the loop and `tolerated` the amplitude that is none, in units of PV.
pub fn detect(error: &[f64], dt: f64, ti: f64, tolerated: f64) -> Option<Oscillation> {
    if error.len() < 10 || !(dt > 0.0 && dt.is_finite()) || !error.iter().all(|e| e.is_finite()) {
        return None;
    }
    let middle = mean(error);
    let around: Vec<f64> = error.iter().map(|e| e - middle).collect();
    // A loop without integral action, or a nonsense one, is watched at the pace of the record.
    let ti = if ti > 0.0 { ti.max(5.0 * dt) } else { error.len() as f64 * dt / SUPERVISED_TI };
    let limit = 2.0 * tolerated * ti / core::f64::consts::TAU;
    let counted = half_swings(&around, dt, limit);
    let window = SUPERVISED_TI * ti;
    let mut swinging = 0.0;
    let mut until = f64::NEG_INFINITY;
    for ten in counted.windows(HALF_SWINGS) {
        let (from, to) = (ten[0], ten[HALF_SWINGS - 1]);
        if to - from <= window {
            swinging += to - from.max(until);
            until = to;
        }
    }
    let (period_s, regularity) = regular_period(&around, dt);
    Some(Oscillation {
        share: (swinging / (error.len() as f64 * dt)).min(1.0),
        half_swings: counted.len(),
        period_s,
        regularity,
        amplitude: libm::sqrt(2.0 * variance(error)),
    })
}

/// Times at which half swings end whose IAE counts.
fn half_swings(error: &[f64], dt: f64, limit: f64) -> Vec<f64> {
    let mut counted = Vec::new();
    let mut area = 0.0;
    for (k, pair) in error.windows(2).enumerate() {
        area += libm::fabs(pair[0]) * dt;
        if (pair[0] < 0.0) != (pair[1] < 0.0) {
            if area >= limit && area > 0.0 {
                counted.push((k + 1) as f64 * dt);
            }
            area = 0.0;
        }
    }
    counted
}

/// Period and regularity by the zero crossings of the autocorrelation.
fn regular_period(error: &[f64], dt: f64) -> (Option<f64>, f64) {
    let lags = error.len() / 2;
    let power: f64 = error.iter().map(|e| e * e).sum();
    if power <= 0.0 {
        return (None, 0.0);
    }
    let correlation =
        |lag: usize| -> f64 { error[lag..].iter().zip(error).map(|(a, b)| a * b).sum::<f64>() / power };
    // At most so many crossings: a fast swing shows its period early.
    let mut crossings = Vec::new();
    let (mut last, mut extreme) = (1.0, 1.0_f64);
    for lag in 1..lags {
        let now = correlation(lag);
        if (now < 0.0) != (last < 0.0) {
            // A crossing after a lobe that noise alone could make is none.
            if extreme < 0.1 {
                break;
            }
            crossings.push((lag - 1) as f64 + last / (last - now));
            extreme = 0.0;
            if crossings.len() == 22 {
                break;
            }
        }
        extreme = extreme.max(libm::fabs(now));
        last = now;
    }
    let periods: Vec<f64> = crossings.windows(2).map(|two| 2.0 * (two[1] - two[0]) * dt).collect();
    if periods.len() < 4 {
        return (None, 0.0);
    }
    let (period, spread) = (mean(&periods), libm::sqrt(variance(&periods)));
    let regularity = if spread > 0.0 { (period / (3.0 * spread)).min(100.0) } else { 100.0 };
    ((regularity > 1.0).then_some(period), regularity)
}

#[cfg(test)]
mod tests {
    use super::detect;
    use crate::testing::Dice;
    use std::vec::Vec;

    #[test]
    fn a_sine_in_noise_is_found_with_its_period_and_amplitude() {
        let mut dice = Dice(1);
        let error: Vec<f64> = (0..4000)
            .map(|k| 2.0 + 1.5 * f64::sin(core::f64::consts::TAU * f64::from(k) / 75.0) + 0.3 * dice.normal())
            .collect();
        let found = detect(&error, 2.0, 60.0, 0.5).unwrap();
        assert!(found.is_swinging(), "{found:?}");
        assert!((found.period_s.unwrap() - 150.0).abs() < 2.0, "{found:?}");
        assert!((found.amplitude - 1.5).abs() < 0.1 && found.regularity > 5.0, "{found:?}");
    }

    #[test]
    fn noise_a_drift_and_one_disturbance_do_not_swing() {
        let mut dice = Dice(2);
        let noise: Vec<f64> = (0..4000).map(|_| dice.normal()).collect();
        let drift: Vec<f64> = (0..4000).map(|k| f64::from(k) * 1e-2).collect();
        let bump: Vec<f64> = (0..4000).map(|k| f64::exp(-f64::from(k) / 200.0) * 5.0).collect();
        for (name, error) in [("noise", noise), ("drift", drift), ("bump", bump)] {
            let found = detect(&error, 2.0, 60.0, 0.5).unwrap();
            assert!(!found.is_swinging() && found.period_s.is_none(), "{name}: {found:?}");
        }
    }

    #[test]
    fn what_stays_within_the_tolerance_is_left_in_peace() {
        let error: Vec<f64> = (0..4000).map(|k| 0.1 * f64::sin(f64::from(k) / 10.0)).collect();
        assert_eq!(detect(&error, 1.0, 60.0, 0.5).unwrap().half_swings, 0);
        assert_eq!(detect(&[f64::NAN; 100], 1.0, 60.0, 0.5), None);
        assert_eq!(detect(&[0.0; 100], 0.0, 60.0, 0.5), None);
    }
}
