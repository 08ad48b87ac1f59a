//! Rate limiter: OUT follows the input no faster than `rate` up and `rate_down` down.
//!
//! `OUT += clamp(input - OUT, -rate_down dt, +rate dt)`. It starts at its input
//! (Astrom, Hagglund: Advanced PID Control, on ramping and limiting the rate of set points).

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "rate_limit",
    equation: "OUT follows the input, no faster than its rates",
    inputs: &[inlet("input", Takes::Value, "\"FY-301\"")],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RateLimit {
    up: f64,
    down: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let up = form.rate("rate", true);
    let down = form.rate("rate_down", false);
    let up = up?;
    Some((Law::RateLimit(RateLimit { up, down: down.unwrap_or(up) }), 0))
}

impl RateLimit {
    pub(super) fn step(&self, io: &mut Io) {
        let (input, last) = (io.input(0), io.port(0));
        let out =
            if io.fresh { input } else { bounded(input, last - self.down * io.dt, last + self.up * io.dt) };
        io.put(0, out);
    }
}
