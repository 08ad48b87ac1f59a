//! Time-proportioned output: OUT is on for `input / 100 %` of every `period`
//! (Astrom, Hagglund: PID Controllers: Theory, Design, and Tuning, 2nd ed., on pulse width modulated outputs).
//!
//! The share is taken when a period begins, so one period is one pulse. A pulse shorter than
//! `min_on`, or a pause shorter than that, is left out: the contactor is spared. A bad input switches
//! off, bad.

use model::Quality;

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "pulse_width",
    equation: "OUT is on for the input's share of each period",
    inputs: &[inlet("input", Takes::Value, "\"TIC-311.OUT\"")],
    ports: &[result("OUT", "", Scale::Switch("off", "on"))],
    bad: Bad::Law,
    drives: &["out"],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PulseWidth {
    period_s: f64,
    min_on_s: f64,
    low: f64,
    high: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let period_s = form.time_s("period", "\"20 s\"");
    let min_on_s = form.optional_time_s("min_on").unwrap_or(0.0);
    let (low, high) = form.input_range(0);
    let period_s = period_s?;
    if period_s < 2.0 * form.dt || min_on_s > 0.5 * period_s {
        form.refuse(
            "period",
            "out-of-range",
            "the period has no room for a pulse",
            "too short for the task, or for `min_on`",
            "write a period of many runs of the task, and at least twice `min_on`",
        );
        return None;
    }
    Some((Law::PulseWidth(PulseWidth { period_s, min_on_s, low, high }), 2))
}

impl PulseWidth {
    /// The input of a share of the period.
    pub(super) fn inverse(&self, share: f64) -> f64 {
        self.low + (self.high - self.low) * share
    }

    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [into, on_s] = cells else { return };
        if io.is_bad(0) {
            *into = self.period_s;
            io.put_switch(0, false);
            return io.doubt(0, Quality::BadCalculation);
        }
        *into += io.dt;
        // Half a run of tolerance: ten times 0.1 s are not quite 1 s.
        if io.fresh || *into >= self.period_s - 0.5 * io.dt {
            *into = 0.0;
            let share = bounded((io.input(0) - self.low) / (self.high - self.low), 0.0, 1.0);
            let on = share * self.period_s;
            *on_s = if on < self.min_on_s {
                0.0
            } else if self.period_s - on < self.min_on_s {
                self.period_s
            } else {
                on
            };
        }
        io.put_switch(0, *into < *on_s - 0.5 * io.dt);
    }
}
