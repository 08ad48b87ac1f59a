//! Notch: takes one frequency out of a signal, such as the mains.
//!
//! `H(s) = (s^2 + w0^2) / (s^2 + s w0 / Q + w0^2)` by the bilinear transform with the notch at its
//! place (R. Bristow-Johnson, Audio EQ Cookbook: notch), in transposed direct form II. Gain 1 at rest
//! and zero at `frequency`; `q` is that over the width at -3 dB. It starts at rest at its input.
//! The frequency must stand below half the rate of the task (Nyquist); aliases that the sampling has
//! made of a higher one are taken out where they appear.

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "notch",
    equation: "OUT = input without the frequency of the notch",
    inputs: &[inlet("input", Takes::Value, "\"PT-341\"")],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Notch {
    b0: f64,
    b1: f64,
    a2: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let frequency = form.need_quantity("frequency", "\"5 Hz\"", "Hz");
    let q = form.number("q", 5.0, 0.1, 1000.0);
    let (frequency, q) = (frequency?, q?);
    let most = 0.5 / form.dt;
    if !(frequency > 0.0 && frequency < most) {
        form.refuse(
            "frequency",
            "out-of-range",
            "the task cannot see this frequency",
            &alloc::format!("above 0 Hz and below {most} Hz is possible"),
            "make `task` shorter, or take out the alias that this task sees",
        );
        return None;
    }
    let w = 2.0 * core::f64::consts::PI * frequency * form.dt;
    let alpha = libm::sin(w) / (2.0 * q);
    let law = Notch {
        b0: 1.0 / (1.0 + alpha),
        b1: -2.0 * libm::cos(w) / (1.0 + alpha),
        a2: (1.0 - alpha) / (1.0 + alpha),
    };
    Some((Law::Notch(law), 2))
}

impl Notch {
    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [first, second] = cells else { return };
        let input = io.input(0);
        if io.fresh {
            // What both cells hold when input and output have stood for ever.
            *first = input * (1.0 - self.b0);
            *second = input * (self.b0 - self.a2);
            return io.put(0, input);
        }
        let out = self.b0 * input + *first;
        *first = self.b1 * (input - out) + *second;
        *second = self.b0 * input - self.a2 * out;
        io.put(0, out);
    }
}
