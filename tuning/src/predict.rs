//! What a tuning would do: the response of the closed loop to a set point and to a load.
//!
//! The law is that of the block with its period, the process is the model; both run in deviations
//! from rest. It shows what the model knows: no noise, no sticking valve, no other loop.

use alloc::vec::Vec;

use crate::controller::{Controller, Law};
use crate::process::{Process, Running};

/// What happens, in units of PV and OUT, at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disturbance {
    pub sp: f64,
    /// Acts on the process like a change of OUT.
    pub load: f64,
    /// OUT may go so far from where it stands.
    pub room: (f64, f64),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub dt: f64,
    pub pv: Vec<f64>,
    pub out: Vec<f64>,
    /// Integral of |SP - PV| dt.
    pub iae: f64,
    /// Greatest way past the set point, as a share of the step; 0 for a load.
    pub overshoot: f64,
    /// Greatest distance from the set point that a load makes.
    pub peak: f64,
    /// Since when PV stays within 5 % of the step, or of the load's peak; `None`: not within the time.
    pub settled_s: Option<f64>,
    /// Sum of |change of OUT|.
    pub travel: f64,
}

/// Samples of a prediction at most.
const SAMPLES_MOST: f64 = 20_000.0;

pub fn simulate(process: &Process, controller: &Controller, what: Disturbance, seconds: f64) -> Response {
    let wanted = if controller.dt > 0.0 { controller.dt } else { shortest(process, controller) / 20.0 };
    let dt = wanted.max(seconds / SAMPLES_MOST);
    let samples = libm::ceil(seconds / dt).clamp(1.0, SAMPLES_MOST) as usize;
    let mut law = Law::at_rest(*controller, what.room);
    let mut running = Running::new(process, dt);
    let (mut pv, mut out) = (Vec::with_capacity(samples), Vec::with_capacity(samples));
    for _ in 0..samples {
        let now = running.pv();
        let put = law.step(what.sp, now, dt);
        running.step(put + what.load);
        pv.push(now);
        out.push(put);
    }
    judge(dt, what, pv, out)
}

fn shortest(process: &Process, controller: &Controller) -> f64 {
    let tuning = controller.tuning;
    let [first, second] = process.lags();
    [first, second, process.delay(), tuning.ti, tuning.td]
        .into_iter()
        .filter(|time| *time > 0.0)
        .fold(f64::INFINITY, f64::min)
}

fn judge(dt: f64, what: Disturbance, pv: Vec<f64>, out: Vec<f64>) -> Response {
    let iae = pv.iter().map(|value| libm::fabs(what.sp - value) * dt).sum();
    let peak = pv.iter().map(|value| libm::fabs(value - what.sp)).fold(0.0, f64::max);
    let overshoot =
        if what.sp == 0.0 { 0.0 } else { pv.iter().map(|value| value / what.sp - 1.0).fold(0.0, f64::max) };
    let band = 0.05 * if what.sp == 0.0 { peak } else { libm::fabs(what.sp) };
    let last_out = pv.iter().rposition(|value| libm::fabs(value - what.sp) > band);
    let settled_s = match last_out {
        None => Some(0.0),
        Some(last) if last + 1 < pv.len() => Some((last + 1) as f64 * dt),
        Some(_) => None,
    };
    let travel = libm::fabs(out.first().copied().unwrap_or(0.0))
        + out.windows(2).map(|two| libm::fabs(two[1] - two[0])).sum::<f64>();
    Response { dt, pv, out, iae, overshoot, peak, settled_s, travel }
}
