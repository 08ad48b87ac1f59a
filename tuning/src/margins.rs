//! Margins of a loop, from its frequency response.
//!
//! ```text
//!   Ms = max |1 / (1 + L)|      Mt = max |L / (1 + L)|
//!   gain margin: 1 / |L| where the phase of L is -180 degrees
//!   phase margin: 180 degrees + phase of L where |L| = 1
//! ```
//!
//! Whether the loop is stable at all is told by Nyquist's criterion: with `m` integrators and no
//! other pole of L to the right, `1 + L` turns by `m * 90` degrees on the way from zero to high
//! frequency, and by 180 less for each unstable pole.
//!
//! Sources: Astrom and Murray, *Feedback Systems*, ch. 10; Skogestad, *J. Process Control* 13 (2003)
//! 291, Table 1, whose figures are tests here.

use core::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::complex::Complex;
use crate::controller::Controller;
use crate::process::Process;

const POINTS: u32 = 3000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    pub stable: bool,
    /// Greatest sensitivity; 1.2 to 2.0 is usual, less is more robust.
    pub ms: f64,
    pub mt: f64,
    /// As a factor; infinite where the phase never gets there.
    pub gain_margin: f64,
    pub phase_margin_deg: f64,
    /// Dead time that may be added before the loop swings, seconds.
    pub delay_margin_s: f64,
}

/// Margins of this process with this controller; `None` when a number in them is none.
pub fn margins(process: &Process, controller: &Controller) -> Option<Margins> {
    let tuning = controller.tuning;
    let slowest = process.slowest().max(tuning.ti).max(controller.dt);
    let mut high = 1e6 / slowest;
    if process.delay() > 0.0 {
        high = high.min(200.0 / process.delay());
    }
    if controller.dt > 0.0 {
        high = high.min(PI / controller.dt);
    }
    let integrators = u32::from(tuning.ti > 0.0) + u32::from(process.is_integrating());
    margins_of(|omega| process.at(omega) * controller.at(omega), (1e-3 / slowest, high), integrators)
}

/// Margins of any loop `L(j omega)` between two frequencies, with this many integrators in it.
pub fn margins_of(
    response: impl Fn(f64) -> Complex,
    (low, high): (f64, f64),
    integrators: u32,
) -> Option<Margins> {
    let ratio = high / low;
    if !(ratio.is_finite() && ratio > 1.0) {
        return None;
    }
    let frequency = |k: u32| low * libm::pow(ratio, f64::from(k) / f64::from(POINTS));
    let sensitivity = |omega: f64| 1.0 / (Complex::ONE + response(omega)).abs();
    let complementary = |omega: f64| {
        let l = response(omega);
        (l / (Complex::ONE + l)).abs()
    };
    let (mut ms, mut mt) = ((0.0, 0u32), (0.0, 0u32));
    let (mut gain_margin, mut phase_margin, mut delay_margin) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut turned = 0.0;
    let mut last = response(low);
    for k in 1..=POINTS {
        let (omega, before) = (frequency(k), frequency(k - 1));
        let now = response(omega);
        if !(now.re.is_finite() && now.im.is_finite()) {
            return None;
        }
        turned += wrapped((Complex::ONE + now).arg() - (Complex::ONE + last).arg());
        let s = 1.0 / (Complex::ONE + now).abs();
        let t = now.abs() * s;
        ms = if s > ms.0 { (s, k) } else { ms };
        mt = if t > mt.0 { (t, k) } else { mt };
        if (last.im < 0.0) != (now.im < 0.0) && last.re < 0.0 && now.re < 0.0 {
            let at = crossing(before, omega, |w| response(w).im);
            let size = response(at).abs();
            if size < 1.0 {
                gain_margin = gain_margin.min(1.0 / size);
            }
        }
        if (last.abs() < 1.0) != (now.abs() < 1.0) {
            let at = crossing(before, omega, |w| response(w).abs() - 1.0);
            let phase = response(at).arg();
            phase_margin = f64::min(phase_margin, wrapped(PI + phase));
            let way = if phase > 0.0 { phase - PI } else { phase + PI };
            let way = if way < 0.0 { way + TAU } else { way };
            delay_margin = f64::min(delay_margin, way / at);
        }
        last = now;
    }
    let around = |k: u32| (frequency(k.saturating_sub(1)), frequency((k + 1).min(POINTS)));
    Some(Margins {
        stable: libm::fabs(turned - f64::from(integrators) * FRAC_PI_2) < FRAC_PI_2,
        ms: summit(around(ms.1), sensitivity).max(ms.0),
        mt: summit(around(mt.1), complementary).max(mt.0),
        gain_margin,
        phase_margin_deg: phase_margin.to_degrees(),
        delay_margin_s: delay_margin,
    })
}

/// An angle between -180 and 180 degrees.
fn wrapped(angle: f64) -> f64 {
    let turns = libm::round(angle / TAU);
    angle - turns * TAU
}

fn crossing(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let rising = f(high) > f(low);
    for _ in 0..60 {
        let middle = libm::sqrt(low * high);
        if (f(middle) > 0.0) == rising { high = middle } else { low = middle }
    }
    libm::sqrt(low * high)
}

/// The greatest value between two frequencies that stand around it.
fn summit((mut low, mut high): (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..60 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if f(a) < f(b) { low = a } else { high = b }
    }
    f(f64::midpoint(low, high))
}
