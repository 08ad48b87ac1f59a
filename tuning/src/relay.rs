//! A record of a relay test: the ultimate point, and a model through it.
//!
//! ```text
//!   G(j w) = first harmonic of PV / first harmonic of OUT        over whole cycles, w = 2 pi / period
//!   Ku = 4 d / (pi sqrt(a^2 - e^2)),  Tu = period                the describing function, for comparison
//! ```
//!
//! The describing function takes PV for a sine. For a first-order process with little dead time it is
//! a triangle, and Ku comes out 20 % low. The harmonic does not assume that; it is exact for any
//! wave, with hysteresis and with bias. It lies near the ultimate point, not at it, and a model
//! through the whole record carries it the rest of the way.
//!
//! Sources: Astrom and Hagglund, *Automatica* 20 (1984) 645; Hang, Astrom and Wang, *J. Process
//! Control* 12 (2002) 143 (Fourier analysis, biased relay).

use alloc::vec::Vec;

use crate::complex::Complex;
use crate::identify::{Doubt, Identified, explain};
use crate::process::Process;
use crate::record::{Record, mean, span};

/// Cycles are alike within this share of period and swing.
const ALIKE: f64 = 0.1;

#[derive(Clone, Debug, PartialEq)]
pub struct Relay {
    /// Whole cycles that were used: the last ones, as far as they are alike.
    pub cycles: usize,
    /// Seconds from cycle to cycle, and how much they differ (standard deviation).
    pub period_s: f64,
    pub period_spread_s: f64,
    /// Half the swing of PV, half the step of OUT.
    pub amplitude: f64,
    pub step: f64,
    /// Response of the process at the period of the test.
    pub at_period: Complex,
    /// By the describing function alone, with this hysteresis.
    pub describing_ku: f64,
    /// Gain of a proportional controller at which the loop would swing for ever, and its period.
    pub ku: f64,
    pub tu_s: f64,
    /// Its errors tell what the test did not determine; a symmetrical relay says little of the gain at rest.
    pub identified: Identified,
}

pub fn analyse(record: &Record, hysteresis: f64) -> Result<Relay, Doubt> {
    if !record.is_sound() {
        return Err(Doubt::NotSound);
    }
    let n = record.len();
    let (pv, out) = (&record.pv[..n], &record.out[..n]);
    let moved = span(out);
    if moved == 0.0 || n == 0 {
        return Err(Doubt::NoMovement);
    }
    let (low, high) = levels(out);
    let middle = f64::midpoint(low, high);
    let rises: Vec<usize> = (1..n).filter(|k| out[*k] > middle && out[*k - 1] <= middle).collect();
    let rises = settled(&rises, pv);
    if rises.len() < 3 {
        return Err(Doubt::TooFewCycles { cycles: rises.len().saturating_sub(1) });
    }
    let cycles = rises.len() - 1;
    let (begin, end) = (rises[0], rises[cycles]);
    let period_s = (end - begin) as f64 * record.dt / cycles as f64;
    let lengths: Vec<f64> = rises.windows(2).map(|two| (two[1] - two[0]) as f64 * record.dt).collect();
    let spread = libm::sqrt(crate::record::variance(&lengths));
    let omega = core::f64::consts::TAU / period_s;
    let swings: Vec<f64> = rises.windows(2).map(|two| span(&pv[two[0]..two[1]])).collect();
    let amplitude = mean(&swings) / 2.0;
    let step = (high - low) / 2.0;
    let at_period = harmonic(&pv[begin..end], omega, record.dt, cycles)
        / (harmonic(&out[begin..end], omega, record.dt, 0) * hold(omega * record.dt));
    let clear = amplitude * amplitude - hysteresis * hysteresis;
    let describing_ku = 4.0 * step / (core::f64::consts::PI * libm::sqrt(clear.max(f64::MIN_POSITIVE)));
    let identified = explain(record)?;
    let (ku, tu_s) = ultimate(&identified.process, at_period, omega);
    Ok(Relay {
        cycles,
        period_s,
        period_spread_s: spread,
        amplitude,
        step,
        at_period,
        describing_ku,
        ku,
        tu_s,
        identified,
    })
}

/// The cycles at the end that are alike: the first ones are on their way to the limit cycle.
fn settled<'a>(rises: &'a [usize], pv: &[f64]) -> &'a [usize] {
    let length = |k: usize| (rises[k + 1] - rises[k]) as f64;
    let swing = |k: usize| span(&pv[rises[k]..rises[k + 1]]);
    let cycles = rises.len().saturating_sub(1);
    let mut first = cycles;
    let (mut length_sum, mut swing_sum) = (0.0, 0.0);
    for k in (1..cycles).rev() {
        let known = (cycles - 1 - k) as f64;
        let strange = |value: f64, sum: f64| libm::fabs(value * known - sum) > ALIKE * sum;
        if known > 0.0 && (strange(length(k), length_sum) || strange(swing(k), swing_sum)) {
            break;
        }
        length_sum += length(k);
        swing_sum += swing(k);
        first = k;
    }
    &rises[first.min(rises.len())..]
}

/// The two levels between which OUT goes: the medians of its upper and lower samples.
fn levels(out: &[f64]) -> (f64, f64) {
    let low = out.iter().copied().fold(f64::INFINITY, f64::min);
    let high = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = f64::midpoint(low, high);
    let median = |mut part: Vec<f64>| {
        part.sort_by(f64::total_cmp);
        part.get(part.len() / 2).copied().unwrap_or(middle)
    };
    (
        median(out.iter().copied().filter(|value| *value <= middle).collect()),
        median(out.iter().copied().filter(|value| *value > middle).collect()),
    )
}

/// First harmonic; a drift over the whole record is taken out where `cycles` are given.
fn harmonic(values: &[f64], omega: f64, dt: f64, cycles: usize) -> Complex {
    let n = values.len();
    let cycle = n.checked_div(cycles).unwrap_or(0);
    let drift = if cycles >= 2 {
        (mean(&values[n - cycle..]) - mean(&values[..cycle])) / (n - cycle) as f64
    } else {
        0.0
    };
    let base = mean(values);
    values.iter().enumerate().fold(Complex::default(), |sum, (k, value)| {
        sum + Complex::turn(-omega * k as f64 * dt) * (value - base - drift * (k as f64 - n as f64 / 2.0))
    })
}

/// What holding OUT between samples does to its harmonic.
fn hold(angle: f64) -> Complex {
    Complex::new(libm::sin(angle) / angle, -(1.0 - libm::cos(angle)) / angle)
}

/// Where the phase of the model, brought through the measured point, crosses -180 degrees.
fn ultimate(model: &Process, measured: Complex, omega: f64) -> (f64, f64) {
    let sign = if model.gain() < 0.0 { -1.0 } else { 1.0 };
    let ratio = measured / model.at(omega);
    let late = ratio.arg();
    let phase = |w: f64| {
        let [first, second] = model.lags();
        let lags: f64 = [first, second, model.zero()].iter().map(|tau| libm::atan(w * tau)).sum();
        let integral = if model.is_integrating() { core::f64::consts::FRAC_PI_2 } else { 0.0 };
        // What the model lacks in phase is taken for dead time, which grows with the frequency.
        -integral - lags - w * model.delay() + late * w / omega + core::f64::consts::PI
    };
    let (mut low, mut high) = (omega / 10.0, omega * 10.0);
    for _ in 0..80 {
        let middle = libm::sqrt(low * high);
        if phase(middle) > 0.0 { low = middle } else { high = middle }
    }
    let size = model.at(low).abs() * ratio.abs();
    (sign / size, core::f64::consts::TAU / low)
}

#[cfg(test)]
mod tests;
