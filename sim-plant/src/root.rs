//! A bounded search for a root, for implicit steps.

use crate::solution::{Notes, Remark};

/// Where the growing function `f` passes zero between `low` and `high`; an end when it does not. Illinois'
/// false position, at most 60 evaluations, to `tolerance` in the argument; a failure is noted and the
/// best value stands. `f` may not return NaN; if it does, `low` stands and the failure is noted.
pub(crate) fn rising(
    mut f: impl FnMut(f64) -> f64,
    low: f64,
    high: f64,
    tolerance: f64,
    notes: &mut Notes,
) -> f64 {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa.is_nan() || fb.is_nan() {
        notes.note(Remark::Iteration);
        return low;
    }
    if fa >= 0.0 {
        return a;
    }
    if fb <= 0.0 {
        return b;
    }
    let mut kept_low = 0_i32;
    for round in 0..60 {
        // Every fourth point halves the interval, so that a flat function cannot stall it.
        let c = if round % 4 == 3 { 0.5 * (a + b) } else { (a * fb - b * fa) / (fb - fa) };
        let c = if c > a && c < b { c } else { 0.5 * (a + b) };
        let fc = f(c);
        if fc.is_nan() {
            break;
        }
        if fc == 0.0 || b - a <= tolerance {
            return c;
        }
        if fc < 0.0 {
            (a, fa) = (c, fc);
            kept_low = kept_low.min(0) - 1;
            if kept_low < -1 {
                fb *= 0.5;
            }
        } else {
            (b, fb) = (c, fc);
            kept_low = kept_low.max(0) + 1;
            if kept_low > 1 {
                fa *= 0.5;
            }
        }
    }
    notes.note(Remark::Iteration);
    0.5 * (a + b)
}

#[cfg(test)]
mod tests {
    use super::rising;
    use crate::solution::{Notes, Remark};

    #[test]
    fn a_root_is_found_and_an_end_stands_when_there_is_none() {
        let mut notes = Notes::default();
        let root = rising(|x| x * x * x - 2.0, 0.0, 5.0, 1e-12, &mut notes);
        assert!((root - libm::cbrt(2.0)).abs() < 1e-9);
        assert_eq!(rising(|x| x + 1.0, 0.0, 5.0, 1e-12, &mut notes), 0.0);
        assert_eq!(rising(|x| x - 9.0, 0.0, 5.0, 1e-12, &mut notes), 5.0);
        let steep = rising(|x| if x < 1.0 { -1e-30 } else { 1e30 }, 0.0, 5.0, 1e-6, &mut notes);
        assert!((steep - 1.0).abs() < 1e-5);
        assert_eq!(notes.count(Remark::Iteration), 0);
        rising(|_| f64::NAN, 0.0, 1.0, 1e-9, &mut notes);
        assert_eq!(notes.count(Remark::Iteration), 1);
    }
}
