//! Counter of IEC 61131-3 (2013), table 45 (CTU, CTD, CTUD): CV goes up with each rise of `up`, down
//! with each rise of `down`, and to zero with `reset`, which goes first. QU is on at PV and above, QD at
//! zero and below.
//!
//! An edge is only what was seen to rise: an input that is on when counting begins, or comes back on
//! after it was bad, does not count. CV stops at 0 and at 1e9.

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, option, result, setting};
use crate::compile::Form;

const MOST: f64 = 1e9;

pub(super) static SHAPE: Shape = Shape {
    word: "counter",
    equation: "CV counts the rises of up less those of down",
    inputs: &[
        inlet("up", Takes::Condition, "\"XV-311.OPEN\""),
        option("down", Takes::Condition),
        option("reset", Takes::Condition),
    ],
    ports: &[
        result("CV", "", Scale::Fixed("", 0.0, MOST, 0)),
        setting("PV", ", preset", Scale::Fixed("", 0.0, MOST, 0)),
        result("QU", ", preset reached", Scale::Switch("below", "reached")),
        result("QD", ", at zero", Scale::Switch("counting", "zero")),
        setting("RESET", ", reset", Scale::Switch("count", "reset")),
    ],
    bad: Bad::Hold,
    drives: &[],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Counter;

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    form.distinct((0, "up"), (1, "down"), "it counts up and down at once");
    form.distinct((0, "up"), (2, "reset"), "every count is taken back at once");
    form.initial(1, "preset", MOST)?;
    Some((Law::Counter(Counter), 2))
}

impl Counter {
    pub(super) fn step(io: &mut Io, cells: &mut [f64]) {
        let [up, down] = cells else { return };
        let (is_up, is_down) = (io.is_on(0), io.is_on(1));
        let rises = f64::from(u8::from(is_up && *up == 0.0 && !io.fresh));
        let falls = f64::from(u8::from(is_down && *down == 0.0 && !io.fresh));
        (*up, *down) = (f64::from(u8::from(is_up)), f64::from(u8::from(is_down)));
        let mut count = bounded(io.port(0) + rises - falls, 0.0, MOST);
        if io.is_on(2) || io.port(4) >= 0.5 {
            count = 0.0;
            io.put(4, 0.0);
        }
        let preset = io.port(1);
        io.put(0, count);
        io.put_switch(2, count >= preset);
        io.put_switch(3, count <= 0.0);
    }
}
