//! Lead-lag: `OUT = gain (1 + lead s) / (1 + lag s) input`, the usual dynamic of a feed-forward.
//!
//! With the lag `x' = (u - x) / lag` solved exactly for an input that is constant from run to run:
//! `OUT = gain (r u + (1 - r) x)`, `r = lead / lag`. A step of the input moves OUT by `gain r` at once
//! and by `gain` in the end (Seborg, Edgar, Mellichamp: Process Dynamics and Control, section 5.1;
//! FF-892 LL). It starts settled. OUT keeps within its range; what it remembers is not clamped.

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "lead_lag",
    equation: "OUT = gain (1 + lead s) / (1 + lag s) input",
    inputs: &[inlet("input", Takes::Value, "\"FT-301\"")],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LeadLag {
    gain: f64,
    /// Lead over lag.
    lead: f64,
    decay: f64,
    low: f64,
    high: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let lead_s = form.time_s("lead", "\"10 s\"");
    let lag_s = form.time_s("lag", "\"20 s\"");
    let gain = form.number("gain", 1.0, -1000.0, 1000.0);
    let (lead_s, lag_s, gain) = (lead_s?, lag_s?, gain?);
    if lag_s <= 0.0 || lead_s > 100.0 * lag_s {
        form.refuse(
            "lag",
            "out-of-range",
            "a lead needs a lag of at least a hundredth of it",
            "too short: every noise would come out a hundredfold",
            "write a longer `lag`, such as a tenth of the lead",
        );
        return None;
    }
    let range = form.range(0);
    let decay = libm::exp(-form.dt / lag_s);
    Some((Law::LeadLag(LeadLag { gain, lead: lead_s / lag_s, decay, low: range.0, high: range.1 }), 1))
}

impl LeadLag {
    /// Of the settled block.
    pub(super) fn slope(&self) -> Option<f64> {
        (self.gain != 0.0).then(|| libm::copysign(1.0, self.gain))
    }

    pub(super) fn inverse(&self, out: f64) -> f64 {
        out / self.gain
    }

    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [lag] = cells else { return };
        let input = io.input(0);
        *lag = if io.fresh { input } else { input + (*lag - input) * self.decay };
        let out = self.gain * (self.lead * input + (1.0 - self.lead) * *lag);
        io.put(0, bounded(out, self.low, self.high));
    }
}
