//! Second-order filter: `T^2 y'' + 2 z T y' + y = u`, unit gain, damping `z`.
//!
//! Solved exactly for an input that is constant from run to run, from the eigenvalues of the
//! equation (Franklin, Powell, Workman: Digital Control of Dynamic Systems, 3rd ed., section 4.3), so
//! it is stable for every `T` and period. A damping below 1 overshoots by `exp(-pi z / sqrt(1 - z^2))`.
//! It starts at rest at its input; a time of zero passes the input on.

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "filter2",
    equation: "T^2 OUT'' + 2 damping T OUT' + OUT = input",
    inputs: &[inlet("input", Takes::Value, "\"TT-311\"")],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

/// The transition of (y - u, y') over one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SecondOrder {
    xx: f64,
    xv: f64,
    vx: f64,
    vv: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let time_s = form.time_s("time", "\"20 s\"");
    let damping = form.number("damping", 1.0, 0.1, 10.0);
    Some((Law::SecondOrder(SecondOrder::new(time_s?, damping?, form.dt)), 1))
}

impl SecondOrder {
    fn new(time_s: f64, damping: f64, dt: f64) -> Self {
        if time_s <= 0.0 {
            return Self { xx: 0.0, xv: 0.0, vx: 0.0, vv: 0.0 };
        }
        let w = 1.0 / time_s;
        let decay = libm::exp(-damping * w * dt);
        // e^(-z w t) times cosine and sine / frequency: circular, straight or hyperbolic.
        let inside = 1.0 - damping * damping;
        let (c, s) = if libm::fabs(inside) < 1e-9 {
            (decay, decay * dt)
        } else if inside > 0.0 {
            let wd = w * libm::sqrt(inside);
            (decay * libm::cos(wd * dt), decay * libm::sin(wd * dt) / wd)
        } else {
            let wd = w * libm::sqrt(-inside);
            // The two real poles apart: a cosh alone would overflow for a short T.
            let slow = libm::exp(-(damping * w - wd) * dt);
            let fast = libm::exp(-(damping * w + wd) * dt);
            (0.5 * (slow + fast), 0.5 * (slow - fast) / wd)
        };
        let a = damping * w;
        Self { xx: c + a * s, xv: s, vx: -w * w * s, vv: c - a * s }
    }

    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [speed] = cells else { return };
        let input = io.input(0);
        if io.fresh {
            *speed = 0.0;
            return io.put(0, input);
        }
        let x = io.port(0) - input;
        io.put(0, input + self.xx * x + self.xv * *speed);
        *speed = self.vx * x + self.vv * *speed;
    }
}
