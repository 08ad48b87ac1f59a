//! Bias: `OUT = input + BIAS`, within the range of the input. BIAS is a setting of the operator
//! (FF-891, bias/gain, with a gain of one).

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result, setting};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "bias",
    equation: "OUT = input + BIAS",
    inputs: &[inlet("input", Takes::Value, "\"FT-301\"")],
    ports: &[result("OUT", "", Scale::First), setting("BIAS", ", bias", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bias {
    low: f64,
    high: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let (low, high) = form.range(0);
    let span = high - low;
    form.difference(1, -span, span);
    form.initial(1, "bias", 0.0)?;
    Some((Law::Bias(Bias { low, high }), 0))
}

impl Bias {
    pub(super) fn step(&self, io: &mut Io) {
        io.put(0, bounded(io.input(0) + io.port(1), self.low, self.high));
    }
}
