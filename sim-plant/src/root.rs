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
    let (fa, fb) = (f(low), f(high));
    between(f, (low, fa), (high, fb), tolerance, notes)
}

/// [`rising`] when the root is likely near `guess`: the interval around it begins with `reach` to either side, and grows
/// eightfold where the root is not inside, up to `low..=high`.
pub(crate) fn rising_near(
    mut f: impl FnMut(f64) -> f64,
    (guess, reach): (f64, f64),
    (low, high): (f64, f64),
    tolerance: f64,
    notes: &mut Notes,
) -> f64 {
    if !(low..=high).contains(&guess) {
        return rising(f, low, high, tolerance, notes);
    }
    let mut reach = reach;
    let (mut a, mut b) = ((guess - reach).max(low), (guess + reach).min(high));
    let (mut fa, mut fb) = (f(a), f(b));
    while fa > 0.0 && a > low {
        reach *= 8.0;
        (b, fb) = (a, fa);
        a = (guess - reach).max(low);
        fa = f(a);
    }
    while fb < 0.0 && b < high {
        reach *= 8.0;
        (a, fa) = (b, fb);
        b = (guess + reach).min(high);
        fb = f(b);
    }
    between(f, (a, fa), (b, fb), tolerance, notes)
}

fn between(
    mut f: impl FnMut(f64) -> f64,
    (mut a, mut fa): (f64, f64),
    (mut b, mut fb): (f64, f64),
    tolerance: f64,
    notes: &mut Notes,
) -> f64 {
    if fa.is_nan() || fb.is_nan() {
        notes.note(Remark::Iteration);
        return a;
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

/// The extent of an implicit step: where `wanted`, which falls with the extent, gives the extent itself. At nothing it gives
/// `explicit`, so the answer lies between nothing and that, inside `low..=high`. It is exact to 1e-4 of `explicit`; what
/// is below 1e-11 of the whole range is the rounding of concentrations, and nothing.
pub(crate) fn implicit(
    explicit: f64,
    low: f64,
    high: f64,
    notes: &mut Notes,
    mut wanted: impl FnMut(f64) -> f64,
) -> f64 {
    const PRECISE: f64 = 1e-4;
    const NEGLIGIBLE: f64 = 1e-11;
    let range = high - low;
    let (low, high) = if explicit > 0.0 { (0.0, explicit.min(high)) } else { (explicit.max(low), 0.0) };
    if high - low <= NEGLIGIBLE * range {
        return 0.0;
    }
    let enough = PRECISE * (high - low);
    let error = |extent: f64| {
        let over = if extent == 0.0 { -explicit } else { extent - wanted(extent) };
        if over.abs() <= enough { 0.0 } else { over }
    };
    rising(error, low, high, 0.0, notes)
}

#[cfg(test)]
mod tests {
    use super::{implicit, rising, rising_near};
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

    #[test]
    fn a_guess_finds_the_same_root_wherever_it_stands_and_with_fewer_looks() {
        let mut notes = Notes::default();
        let mut looks = 0;
        let mut search = |guess: f64| {
            looks = 0;
            let cubic = |x: f64| {
                looks += 1;
                x * x * x - 2.0
            };
            (rising_near(cubic, (guess, 0.01), (0.0, 5.0), 1e-12, &mut notes), looks)
        };
        for guess in [1.26, 0.0, 1.0, 1.3, 5.0, -7.0, 80.0, f64::NAN] {
            let (root, _) = search(guess);
            assert!((root - libm::cbrt(2.0)).abs() < 1e-9, "{guess}: {root}");
        }
        assert!(search(1.26).1 < search(f64::NAN).1);
        assert_eq!(rising_near(|x| x + 1.0, (2.0, 0.1), (0.0, 5.0), 1e-12, &mut notes), 0.0);
        assert_eq!(rising_near(|x| x - 9.0, (2.0, 0.1), (0.0, 5.0), 1e-12, &mut notes), 5.0);
        assert_eq!(notes.count(Remark::Iteration), 0);
    }

    #[test]
    fn an_implicit_step_stops_short_of_the_explicit_one_and_inside_its_bounds() {
        let mut notes = Notes::default();
        // x = 3 (1 - x) has its root at 3/4, and at -3/4 the other way round.
        let step = implicit(3.0, -9.0, 9.0, &mut notes, |x| 3.0 * (1.0 - x));
        assert!((step - 0.75).abs() < 3e-4, "{step}");
        let step = implicit(-3.0, -9.0, 9.0, &mut notes, |x| -3.0 * (1.0 + x));
        assert!((step + 0.75).abs() < 3e-4, "{step}");
        assert_eq!(implicit(3.0, -9.0, 0.5, &mut notes, |x| 3.0 * (1.0 - x)), 0.5);
        assert_eq!(implicit(1e-12, -1.0, 1.0, &mut notes, |_| 1.0), 0.0);
        let step = implicit(f64::NEG_INFINITY, -2.0, 9.0, &mut notes, |x| -1.0 / (-x) - x);
        assert!(step > -2.0 && step < -0.5, "{step}");
        assert_eq!(notes.count(Remark::Iteration), 0);
    }
}
