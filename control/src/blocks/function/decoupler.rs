//! Static decoupler of two loops: `OUT1 = a + D12 b`, `OUT2 = b + D21 a`, within their ranges.
//!
//! With the gains `K` of the process, `D12 = -K12 / K11` and `D21 = -K21 / K22` take the effect of each
//! controller on the other's measurement away (Seborg, Edgar, Mellichamp: Process Dynamics and Control,
//! section 18.3: simplified decoupling). `a` and `b` are outputs of the controllers. Both are answered (FF-891:
//! BKCAL_OUT): each follows what works of its own output and knows its limits, see `backward.rs`.

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result, setting};
use crate::compile::Form;

const FACTOR: Scale = Scale::Fixed("", -10.0, 10.0, 3);

pub(super) static SHAPE: Shape = Shape {
    word: "decoupler",
    equation: "OUT1 = a + D12 b, OUT2 = b + D21 a",
    inputs: &[inlet("a", Takes::Value, "\"TIC-311.OUT\""), inlet("b", Takes::Alike, "\"FIC-311.OUT\"")],
    ports: &[
        result("OUT1", ", first output", Scale::First),
        result("OUT2", ", second output", Scale::First),
        setting("D12", ", effect of b on the first", FACTOR),
        setting("D21", ", effect of a on the second", FACTOR),
    ],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decoupler {
    low: f64,
    high: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    form.distinct((0, "a"), (1, "b"), "there are not two loops");
    form.need("d12", "-0.3");
    form.need("d21", "-0.2");
    let first = form.initial(2, "d12", 0.0);
    let second = form.initial(3, "d21", 0.0);
    let (low, high) = form.range(0);
    first.and(second)?;
    Some((Law::Decoupler(Decoupler { low, high }), 0))
}

impl Decoupler {
    pub(super) fn step(&self, io: &mut Io) {
        let (a, b) = (io.input(0), io.input(1));
        let (first, second) = (a + io.port(2) * b, b + io.port(3) * a);
        io.put(0, bounded(first, self.low, self.high));
        io.put(1, bounded(second, self.low, self.high));
    }
}
