//! The model of one shape that comes closest to a record, by separable least squares.
//!
//! ```text
//!   PV(t) = K x(t; lags, L) + c0 [+ c1 exp(-t/T1)] [+ c1 t]  + noise
//! ```
//!
//! `x` is the exact response of the shape, with gain one, to the recorded OUT, so any movement of
//! OUT serves: a step, two steps, a relay, a loop that works. K (with K Z of an inverse response) and the c follow by linear least
//! squares inside; lags and dead time are sought outside, first on a grid, then by a simplex. c1 is
//! what the start not at rest left (lags), or the imbalance of an integrating process.
//!
//! Sources: Golub and Pereyra (1973) for the separation; Ljung, *System Identification*, ch. 7
//! (output error), ch. 9 (covariance).

use alloc::{vec, vec::Vec};

use crate::linear::{descend, least_squares, products, solve};
use crate::process::Process;
use crate::record::{Record, mean};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Lag,
    TwoLags,
    /// Two lags behind a zero in the right half plane.
    Inverse,
    Integrating,
    /// With a lag beside its dead time.
    IntegratingLag,
}

impl Shape {
    fn of(self, gain: f64, [first, second]: [f64; 2], delay: f64, zero: f64) -> Process {
        match self {
            Self::Lag => Process::Lag { gain, tau: first, delay },
            Self::TwoLags => {
                Process::TwoLags { gain, tau1: first.max(second), tau2: first.min(second), delay }
            }
            Self::Inverse => {
                Process::Inverse { gain, tau1: first.max(second), tau2: first.min(second), zero, delay }
            }
            Self::Integrating => Process::Integrating { slope: gain, tau: 0.0, delay },
            Self::IntegratingLag => Process::Integrating { slope: gain, tau: first, delay },
        }
    }

    fn has_two_lags(self) -> bool {
        matches!(self, Self::TwoLags | Self::Inverse)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub(crate) process: Process,
    /// Sum of squares that is left.
    pub(crate) rest: f64,
    /// PV as the model has it.
    pub(crate) pv: Vec<f64>,
    /// One standard error of gain, longest lag and dead time.
    pub(crate) errors: [f64; 3],
}

/// What of the record every trial needs.
pub(crate) struct Fitter<'a> {
    record: &'a Record,
    /// The record did not begin at rest.
    moving: bool,
    /// Seconds from the first movement of OUT to the end.
    after: f64,
}

impl<'a> Fitter<'a> {
    pub(crate) fn new(record: &'a Record, moving: bool, after: f64) -> Self {
        Self { record, moving, after }
    }

    pub(crate) fn fit(&self, shape: Shape) -> Option<Fit> {
        let dt = self.record.dt;
        let delays: Vec<f64> = core::iter::once(0.0)
            .chain((0..12).map(|k| 0.5 * dt * libm::pow(0.8 * self.after / dt, f64::from(k) / 11.0)))
            .collect();
        let taus: Vec<f64> =
            (0..14).map(|k| 0.5 * dt * libm::pow(10.0 * self.after / dt, f64::from(k) / 13.0)).collect();
        let ratios: &[f64] = if shape.has_two_lags() { &[0.9, 0.5, 0.15] } else { &[0.0] };
        let taus = if shape == Shape::Integrating { &[0.0][..] } else { &taus[..] };
        let mut best = ([0.0; 3], f64::INFINITY);
        for tau in taus {
            for ratio in ratios {
                for delay in &delays {
                    let rest =
                        self.trial(shape, [*tau, *tau * *ratio], *delay).map_or(f64::INFINITY, |t| t.1);
                    if rest < best.1 {
                        best = ([libm::log(tau.max(1e-3 * dt)), *ratio, libm::sqrt(*delay / dt)], rest);
                    }
                }
            }
        }
        if !best.1.is_finite() {
            return None;
        }
        // The dead time goes in as a square: it cannot become negative, and zero can be reached.
        let read = |point: &[f64; 3]| {
            let tau = if shape == Shape::Integrating { 0.0 } else { libm::exp(point[0]) };
            let ratio = if shape.has_two_lags() { libm::fabs(point[1]).min(1.0) } else { 0.0 };
            ([tau, tau * ratio], point[2] * point[2] * dt)
        };
        let goal = |point: &[f64; 3]| {
            let (lags, delay) = read(point);
            if delay > self.after || lags[0] > 100.0 * self.after {
                return f64::INFINITY;
            }
            self.trial(shape, lags, delay).map_or(f64::INFINITY, |trial| trial.1)
        };
        let near = descend(best.0, 0.3, 90, goal);
        let (lags, delay) = read(&descend(near, 0.05, 60, goal));
        self.finish(shape, lags, delay)
    }

    /// Columns beside the response. The last one of an inverse response is what a zero as long as its lag does.
    fn beside(&self, shape: Shape, lags: [f64; 2], delay: f64) -> Vec<Vec<f64>> {
        let tau = lags[0];
        let n = self.record.len();
        let times = (0..n).map(|k| k as f64 * self.record.dt);
        let mut columns = vec![vec![1.0; n]];
        match shape {
            Shape::Integrating | Shape::IntegratingLag => columns.push(times.collect()),
            Shape::Lag | Shape::TwoLags | Shape::Inverse if self.moving && tau > 0.0 => {
                columns.push(times.map(|t| libm::exp(-t / tau)).collect());
            }
            Shape::Lag | Shape::TwoLags | Shape::Inverse => {}
        }
        if shape == Shape::Inverse {
            let (with, without) =
                (self.unit_response(shape, lags, delay, tau), self.unit_response(shape, lags, delay, 0.0));
            columns.push(with.iter().zip(without).map(|(with, without)| with - without).collect());
        }
        columns
    }

    fn trial(&self, shape: Shape, lags: [f64; 2], delay: f64) -> Option<(Vec<f64>, f64)> {
        let mut columns = self.beside(shape, lags, delay);
        columns.push(self.unit_response(shape, lags, delay, 0.0));
        let found = least_squares(&columns, &self.record.pv[..self.record.len()])?;
        (shape != Shape::Inverse || zero_of(&found.0, lags) > 0.0).then_some(found)
    }

    fn unit_response(&self, shape: Shape, lags: [f64; 2], delay: f64, zero: f64) -> Vec<f64> {
        let n = self.record.len();
        shape.of(1.0, lags, delay, zero).response(&self.record.out[..n], self.record.dt, 0.0)
    }

    fn finish(&self, shape: Shape, lags: [f64; 2], delay: f64) -> Option<Fit> {
        let (found, rest) = self.trial(shape, lags, delay)?;
        let gain = *found.last()?;
        let zero = if shape == Shape::Inverse { zero_of(&found, lags) } else { 0.0 };
        let beside = self.beside(shape, lags, delay);
        let plain = self.unit_response(shape, lags, delay, 0.0);
        let n = self.record.len();
        let pv = (0..n)
            .map(|k| {
                let offset: f64 = beside.iter().zip(&found).map(|(column, c)| c * column[k]).sum();
                offset + gain * plain[k]
            })
            .collect::<Vec<f64>>();
        let process = shape.of(gain, lags, delay, zero);
        let errors = self.errors(shape, (gain, lags, delay, zero), beside, &pv, rest);
        Some(Fit { process, rest, pv, errors })
    }

    /// From the slopes of the model with its parameters; residuals that lean on each other count less.
    fn errors(
        &self,
        shape: Shape,
        (gain, lags, delay, zero): (f64, [f64; 2], f64, f64),
        beside: Vec<Vec<f64>>,
        pv: &[f64],
        rest: f64,
    ) -> [f64; 3] {
        let response = self.unit_response(shape, lags, delay, zero);
        let slope = |lags: [f64; 2], delay: f64, by: f64| -> Vec<f64> {
            let moved = self.unit_response(shape, lags, delay, zero);
            moved.iter().zip(&response).map(|(a, b)| gain * (a - b) / by).collect()
        };
        let by_delay = 1e-2 * self.record.dt;
        let mut columns = vec![response.clone(), slope(lags, delay + by_delay, by_delay)];
        columns.extend(beside);
        if shape != Shape::Integrating {
            // Both lags together: apart, two equal ones cannot be told from each other.
            let longer = 1.0 + 1e-4 * (self.record.dt / lags[0]).max(1.0);
            columns.push(slope(lags.map(|lag| lag * longer), delay, lags[0] * (longer - 1.0)));
        }
        let residual: Vec<f64> = self.record.pv.iter().zip(pv).map(|(a, b)| a - b).collect();
        let variance = rest / (residual.len().saturating_sub(columns.len()).max(1)) as f64;
        let lean = lean(&residual);
        let variance = variance * (1.0 + lean) / (1.0 - lean);
        let lag = columns.len() - 1;
        if let Some([gain, delay, last]) = inverse_diagonal(&columns, [0, 1, lag]) {
            let lag = if shape == Shape::Integrating { 0.0 } else { last };
            return [gain, lag, delay].map(|share| libm::sqrt(share * variance));
        }
        // A time far shorter than a sample looks like dead time: it is known to a sample, no better.
        columns.pop();
        match inverse_diagonal(&columns, [0, 1, 1]) {
            Some([gain, delay, _]) => {
                [libm::sqrt(gain * variance), self.record.dt, libm::sqrt(delay * variance)]
            }
            None => [f64::INFINITY; 3],
        }
    }
}

/// Of an inverse response, by what was found: the number of its column over the gain, in the unit of that column.
fn zero_of(found: &[f64], lags: [f64; 2]) -> f64 {
    match found {
        [.., shifted, gain] => shifted / gain * lags[0],
        _ => 0.0,
    }
}

/// Three elements of the diagonal of the inverse of `X'X`; `None` when it has none.
fn inverse_diagonal(columns: &[Vec<f64>], wanted: [usize; 3]) -> Option<[f64; 3]> {
    let matrix = products(columns);
    let mut found = [0.0; 3];
    for (element, place) in found.iter_mut().zip(wanted) {
        let mut unit = vec![0.0; columns.len()];
        unit[place] = 1.0;
        if !solve(&mut matrix.clone(), &mut unit) || unit[place] < 0.0 {
            return None;
        }
        *element = unit[place];
    }
    Some(found)
}

/// How much each residual is like the one before: 0 for white noise, limited below one.
fn lean(residual: &[f64]) -> f64 {
    let middle = mean(residual);
    let square: f64 = residual.iter().map(|r| (r - middle) * (r - middle)).sum();
    let along: f64 = residual.windows(2).map(|two| (two[0] - middle) * (two[1] - middle)).sum();
    if square > 0.0 { (along / square).clamp(0.0, 0.98) } else { 0.0 }
}
