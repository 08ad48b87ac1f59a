//! A bounded search for a root, for implicit steps.

use crate::solution::{Notes, Remark};

/// Evaluations that a search may take beyond what halving alone would.
const SPARE: u32 = 2;

/// Where the growing function `f` passes zero between `low` and `high`; an end when it does not. To `tolerance` in the
/// argument, or to the last few digits of a float where that is finer, within [`SPARE`] evaluations of what
/// halving takes, whatever the function. `f` may be infinite, may jump and have kinks; it may not
/// return NaN: then the failure is noted and the best value stands.
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

/// Chandrupatla's search (Advances in Engineering Software 28, 1997): inverse quadratic interpolation where three points
/// make it safe, else a halving. On a curved function it may creep from one side; so each point is projected onto what
/// Oliveira and Takahashi (ACM TOMS 47, 2020) let a search use up, and a search that creeps is halving soon.
fn between(
    mut f: impl FnMut(f64) -> f64,
    (mut a, mut fa): (f64, f64),
    (mut b, mut fb): (f64, f64),
    tolerance: f64,
    notes: &mut Notes,
) -> f64 {
    let span = b - a;
    if fa.is_nan() || fb.is_nan() || !span.is_finite() {
        notes.note(Remark::Iteration);
        return a;
    }
    if fa >= 0.0 {
        return a;
    }
    if fb <= 0.0 {
        return b;
    }
    let finest = 4.0 * f64::EPSILON * a.abs().max(b.abs());
    let tolerance = tolerance.max(finest).max(f64::MIN_POSITIVE);
    let mut rounds = SPARE;
    let mut allowed = tolerance;
    while allowed < span {
        allowed *= 2.0;
        rounds += 1;
    }
    // The width that is allowed after a round: twice that of the round after it, `tolerance` after the last.
    allowed *= f64::from(1_u32 << SPARE);
    let mut dropped = None;
    for _ in 0..rounds {
        let half = 0.5 * (b - a);
        if 2.0 * half <= tolerance {
            break;
        }
        allowed *= 0.5;
        let middle = a + half;
        let guess = dropped.map_or_else(|| secant((a, fa), (b, fb)), |c| quadratic((a, fa), (b, fb), c));
        let c = if guess > a && guess < b { guess } else { middle };
        let room = (allowed - half).max(0.0);
        // A step of half the tolerance at least: it encloses a root that is as good as found.
        let c = c.clamp(middle - room, middle + room).clamp(a + 0.5 * tolerance, b - 0.5 * tolerance);
        let fc = f(c);
        if fc.is_nan() {
            notes.note(Remark::Iteration);
            return middle;
        }
        if fc == 0.0 {
            return c;
        }
        if fc < 0.0 {
            dropped = Some((a, fa));
            (a, fa) = (c, fc);
        } else {
            dropped = Some((b, fb));
            (b, fb) = (c, fc);
        }
    }
    // Rounding may leave a trace above.
    notes.check(Remark::Iteration, b - a <= 1.001 * tolerance);
    let root = secant((a, fa), (b, fb));
    if root >= a && root <= b { root } else { 0.5 * (a + b) }
}

fn secant((a, fa): (f64, f64), (b, fb): (f64, f64)) -> f64 {
    a + (b - a) * (fa / (fa - fb))
}

/// Where the parabola x(f) through the ends and the point that was dropped last passes zero; NaN when the three do not
/// lie so that it grows between the ends.
fn quadratic((a, fa): (f64, f64), (b, fb): (f64, f64), (c, fc): (f64, f64)) -> f64 {
    // The newest is the end on whose side the dropped one lies.
    let (near, f_near, far, f_far) = if c < a { (a, fa, b, fb) } else { (b, fb, a, fa) };
    let place = (near - far) / (c - far);
    let height = (f_near - f_far) / (fc - f_far);
    if height * height < place && (1.0 - height) * (1.0 - height) < 1.0 - place {
        let share = f_near / (f_far - f_near) * (fc / (f_far - fc))
            + (c - near) / (far - near) * (f_near / (fc - f_near)) * (f_far / (fc - f_far));
        near + share * (far - near)
    } else {
        f64::NAN
    }
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
    rising(error, low, high, NEGLIGIBLE * range, notes)
}

#[cfg(test)]
mod tests {
    use super::{SPARE, implicit, rising, rising_near};
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

    /// Root and looks between the ends, which are looked at as well.
    fn searched(f: impl Fn(f64) -> f64, (low, high): (f64, f64), tolerance: f64) -> (f64, u32, u64) {
        let (mut notes, mut looks) = (Notes::default(), 0);
        let counted = |x: f64| {
            looks += 1;
            f(x)
        };
        let root = rising(counted, low, high, tolerance, &mut notes);
        (root, looks - 2, notes.count(Remark::Iteration))
    }

    /// What halving would take.
    fn halvings((low, high): (f64, f64), tolerance: f64) -> u32 {
        let mut width = high - low;
        let mut count = 0;
        while width > tolerance {
            width *= 0.5;
            count += 1;
        }
        count
    }

    fn found_within_bounds(name: &str, f: impl Fn(f64) -> f64, at: f64, range: (f64, f64), tolerance: f64) {
        let (root, looks, failures) = searched(f, range, tolerance);
        assert!((root - at).abs() <= tolerance, "{name}: {root} for {at}");
        assert_eq!(failures, 0, "{name}");
        let most = halvings(range, tolerance) + SPARE;
        assert!(looks <= most, "{name}: {looks} looks, {most} allowed");
    }

    #[test]
    fn a_curved_function_takes_no_longer_than_halving_and_two() {
        let cubed = |x: f64| (x - 0.77) * (x - 0.77) * (x - 0.77);
        found_within_bounds("flat at its root", cubed, 0.77, (-5.0, 5.0), 1e-9);
        let rises = |x: f64| libm::exp(x) - 1e3;
        found_within_bounds("exponential", rises, libm::log(1e3), (-20.0, 30.0), 1e-9);
        let settles = |x: f64| 1.0 - 5.0 * libm::exp(-3.0 * x);
        found_within_bounds("saturating", settles, libm::log(5.0) / 3.0, (-5.0, 50.0), 1e-9);
        found_within_bounds("cube root", |x| libm::cbrt(x - 0.77), 0.77, (-5.0, 5.0), 1e-9);
        found_within_bounds("pole", |x| 1.0 - 1.0 / x, 1.0, (1e-6, 10.0), 1e-9);
        found_within_bounds("jump", |x| if x < 1.0 { -1e-30 } else { 1e30 }, 1.0, (0.0, 5.0), 1e-6);
    }

    #[test]
    fn a_kink_takes_no_longer_than_halving_and_two_however_sharp_it_is() {
        for ratio in [1e3, 1e4, 1e5, 1e6] {
            for (below, above) in [(1.0, ratio), (ratio, 1.0)] {
                for aside in [-1e-3, -1e-7, 0.0, 1e-7, 1e-3] {
                    let f = |x: f64| if x < 0.7 { below * (x - 0.7) } else { above * (x - 0.7) } - aside;
                    let at = 0.7 + if aside < 0.0 { aside / below } else { aside / above };
                    found_within_bounds(&format!("{below} {above} {aside}"), f, at, (0.0, 1.0), 1e-9);
                }
            }
        }
    }

    #[test]
    fn what_smooth_functions_need_is_a_few_looks() {
        assert!(searched(|x| 3.0 * x - 1.1, (0.0, 5.0), 1e-9).1 <= 2);
        assert!(searched(|x| x * x * x - 2.0, (1.25, 1.27), 1e-12).1 <= 4);
        assert!(searched(|x| x * x * x - 2.0, (0.0, 5.0), 1e-12).1 <= 10);
        assert!(searched(|x| libm::exp(x) - 1e-6, (-230.0, 0.01), 1e-9).1 <= 15);
    }

    #[test]
    fn values_without_bound_are_searched_and_no_number_is_a_failure_that_counts() {
        for huge in [f64::INFINITY, f64::MAX] {
            let f = |x: f64| if x < 1.0 { -huge } else { huge };
            found_within_bounds("both sides", f, 1.0, (0.0, 5.0), 1e-6);
            found_within_bounds("above", |x| if x < 1.0 { x - 1.5 } else { huge }, 1.0, (0.0, 5.0), 1e-6);
            found_within_bounds("below", |x| if x < 1.0 { -huge } else { x }, 1.0, (0.0, 5.0), 1e-6);
        }
        // Without a tolerance it goes to the last digits and ends there.
        let (root, looks, failures) = searched(|x| if x < 0.3 { -1.0 } else { 1.0 }, (-1.0, 1.0), 0.0);
        assert!((root - 0.3).abs() < 1e-15 && looks <= 54 && failures == 0, "{root}: {looks} looks");
        for unknown in [(0.0, 5.0), (0.0, 0.5), (0.5, 5.0), (0.7, 0.8)] {
            let f = |x: f64| if (unknown.0..=unknown.1).contains(&x) { f64::NAN } else { x - 0.75 };
            let (root, _, failures) = searched(f, (0.0, 5.0), 1e-9);
            assert!((0.0..=5.0).contains(&root), "{unknown:?}: {root}");
            assert_eq!(failures, 1, "{unknown:?}");
        }
        for ends in [(0.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0), (0.0, f64::NAN), (-f64::MAX, f64::MAX)] {
            let (root, _, failures) = searched(|x| if x < 1.0 { -1.0 } else { 1.0 }, ends, 1e-9);
            assert_eq!(failures, 1, "{ends:?}: {root}");
        }
    }

    #[test]
    fn a_root_at_an_end_needs_no_look_between() {
        assert_eq!(searched(|x| x, (0.0, 5.0), 1e-9), (0.0, 0, 0));
        assert_eq!(searched(|x| x - 5.0, (0.0, 5.0), 1e-9), (5.0, 0, 0));
        assert_eq!(searched(|x| x + 1.0, (0.0, 5.0), 1e-9), (0.0, 0, 0));
        assert_eq!(searched(|x| x - 9.0, (0.0, 5.0), 1e-9), (5.0, 0, 0));
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
