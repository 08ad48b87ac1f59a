//! A population of crystals by its moments.
//!
//! ```text
//! m_k = integral L^k n(L) dL      dm_0/dt = B,  dm_k/dt = k G m_(k-1)      exact over a step in which G stands
//! solids = rho k_v m_3,  so m_3 is the ledger's; mass-weighted mean m_4/m_3, variance m_5/m_3 - (m_4/m_3)^2
//! d50: median of the gamma distribution with that mean and variance (Wilson and Hilferty)
//! ```
//!
//! Randolph and Larson, Theory of Particulate Processes (recalled). In a well-mixed vessel with constant growth the mass is
//! distributed as gamma of order 4, d50 = 3.67 G tau, which a test holds. Left out: growth that depends on size, breakage,
//! agglomeration, classification.

use model::StateWalk;

pub(super) const MOMENTS: usize = 6;

/// Moments of everything in the vessel: m^k.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Crystals(pub [f64; MOMENTS]);

impl Crystals {
    /// The population of a well-mixed vessel with this volume of crystals (m3 / k_v) and this d50 (m).
    pub(super) fn mixed(third: f64, d50: f64) -> Self {
        let scale = d50 / 3.672;
        // m_k = k! n0 scale^(k + 1)
        let zeroth = third / (6.0 * scale * scale * scale);
        let mut moment = zeroth;
        let mut made = Self::default();
        for k in 0..MOMENTS {
            made.0[k] = moment;
            moment *= (k + 1) as f64 * scale;
        }
        made
    }

    /// The moments after every crystal has grown by `length` (m).
    pub(super) fn grown(&self, length: f64) -> Self {
        const BINOMIAL: [[f64; MOMENTS]; MOMENTS] = [
            [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 2.0, 1.0, 0.0, 0.0, 0.0],
            [1.0, 3.0, 3.0, 1.0, 0.0, 0.0],
            [1.0, 4.0, 6.0, 4.0, 1.0, 0.0],
            [1.0, 5.0, 10.0, 10.0, 5.0, 1.0],
        ];
        let mut made = Self::default();
        for (k, moment) in made.0.iter_mut().enumerate() {
            let mut power = 1.0;
            for j in (0..=k).rev() {
                *moment += BINOMIAL[k][j] * self.0[j] * power;
                power *= length;
            }
        }
        made
    }

    /// The third moment alone after every crystal has grown by `length` (m): cheap inside an iteration.
    pub(super) fn third_after(&self, length: f64) -> f64 {
        let [zeroth, first, second, third, ..] = self.0;
        third + length * (3.0 * second + length * (3.0 * first + length * zeroth))
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// Brings the third moment to what the ledger holds. A loss shrinks all crystals alike.
    pub(super) fn match_solids(&mut self, third: f64) {
        if third <= 0.0 || self.0[3] <= 0.0 {
            if third <= 0.0 {
                self.0 = [0.0; MOMENTS];
            }
            return;
        }
        let ratio = libm::cbrt(third / self.0[3]);
        let mut power = 1.0;
        for moment in &mut self.0 {
            *moment *= power;
            power *= ratio;
        }
        self.0[3] = third;
    }

    pub(super) fn scale(&mut self, share: f64) {
        for moment in &mut self.0 {
            *moment *= share;
        }
    }

    /// Mass median (m) and coefficient of variation.
    pub(super) fn size(&self) -> (f64, f64) {
        let [_, _, _, third, fourth, fifth] = self.0;
        if third <= 1e-15 {
            return (0.0, 0.0);
        }
        let mean = fourth / third;
        let variance = (fifth / third - mean * mean).max(0.0);
        let inverse = (variance / (mean * mean).max(1e-300)).min(4.0);
        let factor = (1.0 - inverse / 9.0).max(0.0);
        (mean * factor * factor * factor, inverse.sqrt())
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        for moment in &mut self.0 {
            walk.f64(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crystals;

    #[test]
    fn a_well_mixed_vessel_reaches_the_gamma_distribution_of_randolph_and_larson() {
        let (growth, residence, dt) = (2e-8, 7200.0, 2.0);
        let mut crystals = Crystals::default();
        for _ in 0..60_000 {
            crystals = crystals.grown(growth * dt);
            crystals.0[0] += 1e6 * dt;
            crystals.scale(1.0 - dt / residence);
        }
        let (d50, spread) = crystals.size();
        assert!((d50 / (3.672 * growth * residence) - 1.0).abs() < 3e-3, "{d50}");
        assert!((spread - 0.5).abs() < 3e-3, "{spread}");
        let same = Crystals::mixed(crystals.0[3], d50);
        for (ours, theirs) in same.0.iter().zip(crystals.0) {
            assert!((ours / theirs - 1.0).abs() < 0.02, "{same:?} {crystals:?}");
        }
    }

    #[test]
    fn crystals_of_one_size_grow_alike_and_shrink_to_nothing() {
        let mut one = Crystals(core::array::from_fn(|k| 1e9 * libm::pow(1e-4, k as f64)));
        let grown = one.grown(1e-4);
        assert!((grown.0[5] / (1e9 * libm::pow(2e-4, 5.0)) - 1.0).abs() < 1e-12);
        assert!((grown.size().0 - 2e-4).abs() < 1e-9 && grown.size().1 < 1e-5);
        assert!((one.third_after(1e-4) / grown.0[3] - 1.0).abs() < 1e-12);
        one.match_solids(one.0[3] / 8.0);
        assert!((one.size().0 - 0.5e-4).abs() < 1e-9);
        one.match_solids(0.0);
        assert_eq!(one, Crystals::default());
    }
}
