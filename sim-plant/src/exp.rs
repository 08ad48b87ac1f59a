//! The exponential, where a step asks for thousands of them: without a table, a branch or a division, so that several go
//! side by side. Sums and products alone, in a fixed order: the same bits on every machine and in every build.

/// From here on the library answers.
const BEYOND: f64 = 700.0;
/// `ln 2`, what a product with a whole number of up to eleven bits keeps exactly and the rest.
const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
/// A sum with it is a whole number, which then stands in its last bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// 1/2! to 1/13!: beyond them, of what is within half of `ln 2`, 4e-18 is left.
const TERMS: [f64; 12] = [
    0.5,
    1.666_666_666_666_666_6e-1,
    4.166_666_666_666_666_4e-2,
    8.333_333_333_333_333e-3,
    1.388_888_888_888_889e-3,
    1.984_126_984_126_984e-4,
    2.480_158_730_158_73e-5,
    2.755_731_922_398_589e-6,
    2.755_731_922_398_589e-7,
    2.505_210_838_544_172e-8,
    2.087_675_698_786_81e-9,
    1.605_904_383_682_161_3e-10,
];

/// `e^x` to a unit in the last place.
pub(crate) fn exp(x: f64) -> f64 {
    if x.abs() < BEYOND { within(x) } else { libm::exp(x) }
}

/// [`exp`] of several, which then do not wait for each other.
pub(crate) fn exps<const N: usize>(x: [f64; N]) -> [f64; N] {
    if x.iter().all(|x| x.abs() < BEYOND) { x.map(within) } else { x.map(libm::exp) }
}

#[inline(always)]
fn within(x: f64) -> f64 {
    let sum = x * core::f64::consts::LOG2_E + WHOLE;
    let whole = sum - WHOLE;
    let r = (x - whole * LN_2.0) - whole * LN_2.1;
    let [c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13] = TERMS;
    let r2 = r * r;
    let r4 = r2 * r2;
    // In pairs, so that no term waits for all of those before it.
    let low = (c2 + c3 * r) + (c4 + c5 * r) * r2;
    let middle = (c6 + c7 * r) + (c8 + c9 * r) * r2;
    let high = (c10 + c11 * r) + (c12 + c13 * r) * r2;
    let rest = low + (middle + high * r4) * r4;
    let scale = f64::from_bits((sum.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    scale + scale * (r + r2 * rest)
}

#[cfg(test)]
mod tests {
    use super::{exp, exps};

    fn apart(x: f64) -> u64 {
        exp(x).to_bits().abs_diff(libm::exp(x).to_bits())
    }

    #[test]
    fn it_is_that_of_the_library_but_for_the_last_place() {
        let mut worst = 0;
        for k in -140_000_i32..=140_000 {
            let x = f64::from(k) * 0.005 + 1e-4 * libm::sin(f64::from(k));
            worst = worst.max(apart(x));
        }
        assert!(worst <= 1, "{worst}");
        for x in [0.0, -0.0, 1e-300, -1e-9, 699.999, -699.999, 0.346_573, -0.346_574] {
            assert!(apart(x) <= 1, "{x}");
        }
    }

    #[test]
    fn what_is_out_of_reach_and_what_is_no_number_is_as_the_library_has_it() {
        for x in [700.0, 709.7, 710.0, -745.0, -800.0, 1e300, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(exp(x), libm::exp(x), "{x}");
        }
        assert!(exp(f64::NAN).is_nan() && exp(0.0) == 1.0);
    }

    #[test]
    fn several_side_by_side_are_each_alone() {
        for scale in [0.01, 1.0, 30.0, 200.0] {
            let all: [f64; 11] = core::array::from_fn(|k| (k as f64 - 4.7) * scale);
            assert_eq!(exps(all).map(f64::to_bits), all.map(|x| exp(x).to_bits()), "{scale}");
        }
    }
}
