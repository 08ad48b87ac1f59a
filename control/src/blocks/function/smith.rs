//! Smith predictor: takes the dead time out of what a controller sees.
//!
//! `OUT = PV + m(t) - m(t - L)`, with the model `m' = (gain (u - u0) - m) / lag` of the controller's
//! output `u`. A controller that takes OUT as its `pv` sees the process without its dead time as far as
//! the model is right (O. J. M. Smith, Chem. Eng. Prog. 53, 1957; Astrom, Hagglund: Advanced PID
//! Control, section 8.3). `u` is that of the scan before: the loop through the controller is broken
//! there on purpose. It starts with no difference, so OUT = PV; `u0` is the output at that moment.
//! In the steady state OUT = PV, whatever the model.

use super::dead_time::DeadTime;
use super::{Bad, CELLS, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "smith",
    equation: "OUT = pv + model without dead time - model with it",
    inputs: &[
        inlet("pv", Takes::Value, "\"TT-311\""),
        inlet("controller_out", Takes::Previous, "\"TIC-311.OUT\""),
    ],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Smith {
    gain: f64,
    decay: f64,
    delay: DeadTime,
}

/// Output at the start, and the model's state, stand before the ring.
const HEAD: usize = 2;

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    form.need("gain", "1.2");
    let gain = form.number("gain", 1.0, -1e6, 1e6);
    let lag_s = form.time_s("lag", "\"60 s\"");
    let time_s = form.time_s("dead_time", "\"30 s\"");
    let (gain, lag_s, time_s) = (gain?, lag_s?, time_s?);
    if gain == 0.0 {
        let help = "write the gain of the process: PV per OUT; without a model the loop needs no predictor";
        form.refuse("gain", "out-of-range", "`gain` is 0", "a model that never moves", help);
        return None;
    }
    form.runs("dead_time", time_s, CELLS - 3 - HEAD)?;
    let (delay, cells) = DeadTime::new(time_s, form.dt);
    let decay = if lag_s > 0.0 { libm::exp(-form.dt / lag_s) } else { 0.0 };
    Some((Law::Smith(Smith { gain, decay, delay }), cells + HEAD))
}

impl Smith {
    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [start, model, ring @ ..] = cells else { return };
        if io.fresh {
            (*start, *model) = (io.input(1), 0.0);
        }
        let goal = self.gain * (io.input(1) - *start);
        *model = goal + (*model - goal) * self.decay;
        let delayed = self.delay.pass(*model, io.fresh, ring);
        io.put(0, io.input(0) + *model - delayed);
    }
}
