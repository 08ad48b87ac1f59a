//! A record of a loop: PV and OUT on one even grid of time.

use alloc::vec::Vec;

/// PV and OUT in the units of their points, sampled together every `dt` seconds.
///
/// OUT stands from its sample to the next one (zero-order hold), as a controller leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub dt: f64,
    pub pv: Vec<f64>,
    pub out: Vec<f64>,
}

impl Record {
    /// Samples that both have.
    pub fn len(&self) -> usize {
        self.pv.len().min(self.out.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn seconds(&self) -> f64 {
        self.len() as f64 * self.dt
    }

    /// No NaN, no infinity, a period above zero.
    pub fn is_sound(&self) -> bool {
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        self.dt.is_finite() && self.dt > 0.0 && finite(&self.pv) && finite(&self.out)
    }

    /// At most about `most` samples: groups of an odd number become one. PV is the mean about the first
    /// instant of a group and OUT the mean over it, so that the dead time between them does not move.
    pub fn thinned(&self, most: usize) -> Self {
        let half = self.len().div_ceil(most.max(1)).saturating_sub(1).div_ceil(2);
        if half == 0 {
            return self.clone();
        }
        let group = 2 * half + 1;
        let n = self.len();
        let starts = || (half..).step_by(group).take_while(|start| start + group <= n);
        Self {
            dt: self.dt * group as f64,
            pv: starts().map(|start| mean(&self.pv[start - half..=start + half])).collect(),
            out: starts().map(|start| mean(&self.out[start..start + group])).collect(),
        }
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// About the mean, with N.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    if values.is_empty() {
        return 0.0;
    }
    values.iter().map(|value| (value - middle) * (value - middle)).sum::<f64>() / values.len() as f64
}

/// Noise of a signal that moves slowly: from second differences, whose variance is six times it.
/// Their median makes a few steps harmless.
pub(crate) fn noise(values: &[f64]) -> f64 {
    let mut bends: Vec<f64> =
        values.windows(3).map(|three| libm::fabs(three[2] - 2.0 * three[1] + three[0])).collect();
    if bends.is_empty() {
        return 0.0;
    }
    bends.sort_by(f64::total_cmp);
    // The median of |x| of a normal distribution is 0.6745 sigma.
    bends[bends.len() / 2] / 0.674_5 / libm::sqrt(6.0)
}

pub(crate) fn span(values: &[f64]) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high >= low { high - low } else { 0.0 }
}
