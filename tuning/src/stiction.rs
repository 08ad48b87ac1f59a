//! Does a valve stick? From PV and OUT of a loop that swings.
//!
//! A sticking valve stands until the integral has carried OUT over its friction, and then jumps. In
//! front of it OUT is a triangle; behind it the valve is a rectangle. A loop that is tuned too hard,
//! or shaken from outside, swings in sines.
//!
//! Two independent signs, each between 0 (none) and 1 (sticks):
//!
//! * **Shape** (He, Wang, Pottmann and Qin, *Ind. Eng. Chem. Res.* 46 (2007) 4549): each half swing of
//!   OUT (self-regulating process) or of PV (integrating) is fitted by a triangle and by a sine;
//!   `index = MSE(sine) / (MSE(sine) + MSE(triangle))`. Above 0.6 sticks, below 0.4 does not.
//! * **Phase** (Horch, *Control Eng. Practice* 7 (1999) 1221): the cross-correlation of OUT and PV is odd
//!   about zero when the valve sticks, even when it does not. Self-regulating processes with integral
//!   action only. Above 2/3 sticks, below 1/3 does not.

use alloc::vec::Vec;

use crate::record::mean;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sticks,
    Free,
    /// The signs are weak, or contradict each other.
    Undecided,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stiction {
    pub verdict: Verdict,
    pub shape: f64,
    /// Not for an integrating process.
    pub phase: Option<f64>,
    /// Width of the band that OUT crosses while the valve stands, at most: the swing of OUT.
    pub swing: f64,
    pub half_swings: usize,
}

/// Half swings that a shape needs.
const HALF_SWINGS_LEAST: usize = 6;
const SAMPLES_A_HALF_SWING: usize = 6;

/// PV and OUT of a loop that swings, evenly sampled; `None` when there are too few whole swings.
pub fn detect(pv: &[f64], out: &[f64], integrating: bool) -> Option<Stiction> {
    let n = pv.len().min(out.len());
    let finite = pv.iter().chain(out).all(|value| value.is_finite());
    if n < HALF_SWINGS_LEAST * SAMPLES_A_HALF_SWING || !finite {
        return None;
    }
    let (pv, out) = (centred(&pv[..n]), centred(&out[..n]));
    let (shape, half_swings, swing) = shape(if integrating { &pv } else { &out })?;
    let phase = if integrating { None } else { phase(&out, &pv) };
    let by_shape = sign(shape, 0.4, 0.6);
    let by_phase = phase.map(|phase| sign(phase, 1.0 / 3.0, 2.0 / 3.0));
    let verdict = match (by_shape, by_phase) {
        (one, None | Some(Verdict::Undecided)) | (Verdict::Undecided, Some(one)) => one,
        (one, Some(other)) if one == other => one,
        _ => Verdict::Undecided,
    };
    Some(Stiction { verdict, shape, phase, swing, half_swings })
}

fn sign(value: f64, free: f64, sticks: f64) -> Verdict {
    if value > sticks {
        Verdict::Sticks
    } else if value < free {
        Verdict::Free
    } else {
        Verdict::Undecided
    }
}

fn centred(values: &[f64]) -> Vec<f64> {
    let middle = mean(values);
    values.iter().map(|value| value - middle).collect()
}

/// Triangle against sine, over half swings of a signal about its mean.
fn shape(signal: &[f64]) -> Option<(f64, usize, f64)> {
    let crossings: Vec<usize> =
        (1..signal.len()).filter(|k| (signal[*k - 1] < 0.0) != (signal[*k] < 0.0)).collect();
    let longest = crossings.windows(2).map(|two| two[1] - two[0]).max()?;
    let (mut sine, mut triangle, mut count, mut swing) = (0.0, 0.0, 0usize, 0.0);
    for two in crossings.windows(2) {
        // What noise cuts into pieces at a crossing is no half swing.
        if two[1] - two[0] < SAMPLES_A_HALF_SWING.max(longest / 4) {
            continue;
        }
        let half = &signal[two[0]..two[1]];
        let peak = half.iter().fold(0.0, |most: f64, value| most.max(libm::fabs(*value)));
        if peak <= 0.0 {
            continue;
        }
        sine += sine_error(half) / (peak * peak);
        triangle += triangle_error(half) / (peak * peak);
        swing += 2.0 * peak;
        count += 1;
    }
    if count < HALF_SWINGS_LEAST {
        return None;
    }
    let whole = sine + triangle;
    let index = if whole > 0.0 { sine / whole } else { 0.5 };
    Some((index, count, swing / count as f64))
}

/// Mean square that the best half sine over this half swing leaves.
fn sine_error(half: &[f64]) -> f64 {
    let n = half.len() as f64;
    let wave = |k: usize| libm::sin(core::f64::consts::PI * (k as f64 + 0.5) / n);
    let (mut along, mut square) = (0.0, 0.0);
    for (k, value) in half.iter().enumerate() {
        along += value * wave(k);
        square += wave(k) * wave(k);
    }
    let height = along / square;
    half.iter().enumerate().map(|(k, value)| squared(value - height * wave(k))).sum::<f64>() / n
}

/// Mean square that the best triangle leaves: two straight lines from zero to a peak wherever it is best.
fn triangle_error(half: &[f64]) -> f64 {
    let n = half.len();
    let time = |k: usize| (k as f64 + 0.5) / n as f64;
    let mut best = f64::INFINITY;
    for peak in 1..n {
        let top = peak as f64 / n as f64;
        let wave = |k: usize| if time(k) < top { time(k) / top } else { (1.0 - time(k)) / (1.0 - top) };
        let (mut along, mut square) = (0.0, 0.0);
        for (k, value) in half.iter().enumerate() {
            along += value * wave(k);
            square += wave(k) * wave(k);
        }
        let height = along / square;
        let rest = half.iter().enumerate().map(|(k, value)| squared(value - height * wave(k))).sum::<f64>();
        best = best.min(rest / n as f64);
    }
    best
}

fn squared(value: f64) -> f64 {
    value * value
}

/// How odd the cross-correlation is about zero: the mean of Horch's two measures.
fn phase(out: &[f64], pv: &[f64]) -> Option<f64> {
    let n = out.len();
    let at = |lag: isize| -> f64 {
        let (early, late) = if lag >= 0 { (out, pv) } else { (pv, out) };
        let lag = lag.unsigned_abs();
        late[lag..].iter().zip(&early[..n - lag]).map(|(a, b)| a * b).sum()
    };
    let limit = (n / 2) as isize;
    let zero = at(0);
    let first_crossing = |step: isize| -> Option<isize> {
        let mut last = zero;
        let mut lag = step;
        while lag.abs() < limit {
            let now = at(lag);
            if (now < 0.0) != (last < 0.0) {
                return Some(lag.abs());
            }
            last = now;
            lag += step;
        }
        None
    };
    let (right, left) = (first_crossing(1)?, first_crossing(-1)?);
    let (shorter, longer) = (right.min(left) as f64, right.max(left) as f64);
    // The lobe about zero, from crossing to crossing.
    let peak = (-left..=right).map(|lag| libm::fabs(at(lag))).fold(0.0, f64::max);
    let asymmetry = (longer - shorter) / (longer + shorter);
    let height = (peak - libm::fabs(zero)) / (peak + libm::fabs(zero));
    Some(f64::midpoint(asymmetry, height))
}

#[cfg(test)]
mod tests;
