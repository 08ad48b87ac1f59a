//! Flip-flop (T): Q changes with each rise of `toggle` and goes off with `reset`, which goes first
//! (`Q := NOT Q` at each `R_TRIG` of IEC 61131-3 (2013), table 44).
//!
//! An input that is on at the start, or comes back on after it was bad, has not risen. A bad input
//! holds Q, bad.

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, option, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "flip_flop",
    equation: "Q changes with each rise of toggle",
    inputs: &[inlet("toggle", Takes::Condition, "\"HS-311\""), option("reset", Takes::Condition)],
    ports: &[result("Q", "", Scale::Switch("off", "on"))],
    bad: Bad::Hold,
    drives: &[],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlipFlop;

fn read(_: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    Some((Law::FlipFlop(FlipFlop), 1))
}

impl FlipFlop {
    pub(super) fn step(io: &mut Io, cells: &mut [f64]) {
        let [was] = cells else { return };
        let on = io.is_on(0);
        let rises = on && *was == 0.0 && !io.fresh;
        *was = f64::from(u8::from(on));
        io.put_switch(0, !io.is_on(1) && (io.port(0) >= 0.5) != rises);
    }
}
