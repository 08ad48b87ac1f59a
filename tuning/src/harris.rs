//! How near a loop's variability is to the least that any controller could leave.
//!
//! ```text
//!   y(t) = a1 y(t-b) + a2 y(t-b-1) + ... + am y(t-b-m+1) + e(t)      y = PV - SP, b = dead time in samples
//!   index = var(e) / mean square of y                                1: minimum variance;  0: all could go
//! ```
//!
//! What can be foreseen `b` samples ahead a controller could have taken out; what remains nobody can. The
//! index says how much of the variability is of the second kind. It judges regulation against
//! disturbances, and asks for a dead time that is known: with one too long it flatters.
//!
//! Sources: Harris, *Can. J. Chem. Eng.* 67 (1989) 856; Desborough and Harris, *Can. J. Chem. Eng.* 70
//! (1992) 1186 (the regression).

use alloc::vec::Vec;

use crate::linear::least_squares;
use crate::record::mean;

/// Terms of the regression.
const TERMS: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harris {
    /// 0 to 1; 1 is minimum variance.
    pub index: f64,
    /// Standard deviation of PV - SP, and what minimum variance would leave of it.
    pub sigma: f64,
    pub sigma_least: f64,
    /// Mean of PV - SP: an offset is no variability, and shown apart.
    pub offset: f64,
}

/// `error` is PV - SP, evenly sampled; `delay` is the dead time in samples, at least one.
///
/// `None` for fewer than ten samples a term, or an error that does not move.
pub fn harris(error: &[f64], delay: usize) -> Option<Harris> {
    let delay = delay.max(1);
    let first = delay + TERMS - 1;
    if error.len() < first + 10 * TERMS || !error.iter().all(|e| e.is_finite()) {
        return None;
    }
    let offset = mean(error);
    let around: Vec<f64> = error.iter().map(|e| e - offset).collect();
    let y = &around[first..];
    let column = |term: usize| around[TERMS - 1 - term..around.len() - delay - term].to_vec();
    let all: f64 = y.iter().map(|y| y * y).sum();
    if all <= 0.0 {
        return None;
    }
    // A swing without noise is foreseen by two terms, and more would have no one solution.
    let (_, rest) = [TERMS, 2, 1]
        .into_iter()
        .find_map(|terms| least_squares(&(0..terms).map(column).collect::<Vec<_>>(), y))?;
    // The regression has taken TERMS of the freedoms away.
    let least = rest / (y.len() - TERMS) as f64;
    let whole = all / y.len() as f64;
    Some(Harris {
        index: (least / whole).clamp(0.0, 1.0),
        sigma: libm::sqrt(whole),
        sigma_least: libm::sqrt(least.min(whole)),
        offset,
    })
}

#[cfg(test)]
mod tests {
    use super::harris;
    use crate::testing::Dice;
    use std::vec::Vec;

    /// y(t) = phi y(t-1) + a(t): its best forecast b ahead leaves 1 - phi^(2b) of the variance.
    #[test]
    fn an_autoregression_has_the_index_of_its_closed_form() {
        for (phi, delay) in [(0.9, 1), (0.9, 3), (0.7, 2), (0.95, 10)] {
            let mut dice = Dice(3);
            let mut y = 0.0;
            let error: Vec<f64> = (0..40_000)
                .map(|_| {
                    y = phi * y + dice.normal();
                    y
                })
                .collect();
            let found = harris(&error, delay).unwrap();
            let truth = 1.0 - f64::powi(phi, 2 * delay as i32);
            assert!((found.index - truth).abs() < 0.03, "{phi} {delay}: {} for {truth}", found.index);
        }
    }

    #[test]
    fn a_minimum_variance_loop_has_index_one_and_a_swinging_one_nearly_none() {
        let mut dice = Dice(5);
        let noise: Vec<f64> = (0..5000).map(|_| dice.normal()).collect();
        // Minimum variance leaves a moving average of the length of the dead time.
        let moving: Vec<f64> = noise.windows(3).map(|w| w[2] + 0.8 * w[1] + 0.6 * w[0]).collect();
        assert!(harris(&moving, 3).unwrap().index > 0.95);
        let swinging: Vec<f64> =
            noise.iter().enumerate().map(|(k, e)| f64::sin(k as f64 / 5.0) * 10.0 + e).collect();
        assert!(harris(&swinging, 3).unwrap().index < 0.1);
        let pure: Vec<f64> = (0..5000).map(|k| f64::sin(f64::from(k) / 5.0)).collect();
        assert!(harris(&pure, 3).unwrap().index < 1e-3);
    }

    #[test]
    fn too_little_or_nothing_has_no_index() {
        assert_eq!(harris(&[1.0; 20], 1), None);
        assert_eq!(harris(&[1.0; 2000], 1), None);
        assert_eq!(harris(&[f64::NAN; 2000], 1), None);
    }
}
