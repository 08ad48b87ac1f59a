//! Latch of IEC 61131-3 (2013), table 43: Q goes on with `set` and off with `reset`. When both are on,
//! `dominant` decides: `reset` (RS, default) or `set` (SR).
//!
//! A dominant input that is known to be on decides even when the other is bad; otherwise a bad input
//! holds Q, bad.

use model::Quality;

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "latch",
    equation: "Q on with set, off with reset",
    inputs: &[
        inlet("set", Takes::Condition, "\"LT-311 > 90 %\""),
        inlet("reset", Takes::Condition, "\"LT-311 < 20 %\""),
    ],
    ports: &[result("Q", "", Scale::Switch("off", "on"))],
    bad: Bad::Law,
    drives: &[],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latch {
    set_wins: bool,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    form.distinct((0, "set"), (1, "reset"), "it sets and resets at once");
    let set_wins = form.word("dominant", &[("reset", false), ("set", true)], false)?;
    Some((Law::Latch(Latch { set_wins }), 0))
}

impl Latch {
    pub(super) fn step(self, io: &mut Io) {
        let (winner, other) = if self.set_wins { (0, 1) } else { (1, 0) };
        if io.is_on(winner) {
            io.put_switch(0, self.set_wins);
            let good = io.inputs[winner].is_some_and(|slot| slot.quality.is_good());
            io.doubt(0, if good { Quality::Good } else { Quality::UncertainSubNormal });
        } else if io.is_bad(winner) || io.is_bad(other) {
            io.doubt(0, Quality::BadCalculation);
        } else if io.is_on(other) {
            io.put_switch(0, !self.set_wins);
        }
    }
}
