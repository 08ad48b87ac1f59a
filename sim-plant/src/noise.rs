//! A small seeded generator: the same seed gives the same noise on every machine.

use model::StateWalk;

/// SplitMix64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Nearly normal with mean 0 and deviation 1: the sum of four uniforms, bounded at 3.46.
    pub(crate) fn normal(&mut self) -> f64 {
        let bits = self.next();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        // Four uniforms of 0..65535 have mean 131070 and deviation 65536 / sqrt(3).
        // It fits 18 bits, and a signed word becomes a number in one instruction.
        (f64::from(sum as i32) - 131_070.0) * (1.732_050_807_568_877_2 / 65_536.0)
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Noise;

    #[test]
    fn noise_has_mean_zero_and_deviation_one() {
        let mut noise = Noise::new(7);
        let draws: Vec<f64> = (0..100_000).map(|_| noise.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
