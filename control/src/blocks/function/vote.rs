//! Voter: one value of two or three transmitters of the same thing.
//!
//! Three usable: the middle one. Two usable: `two` says `average` (default), `high` or `low`; OUT is
//! uncertain when the third has failed, since its protection is gone. One usable: `one` says `use`
//! (default, uncertain) or `bad`. None: OUT keeps its value, bad. With `deviation`, DEV is the greatest
//! difference between any two usable ones and SPREAD is on, and OUT uncertain, above it; alarm on it
//! with `when = "NAME.SPREAD"`. USED counts the usable ones. (IEC 61511-1, 11.4; FF-892 ISEL.)

use model::Quality;

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, option, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "vote",
    equation: "OUT = the one of its transmitters that can be believed",
    inputs: &[
        inlet("a", Takes::Value, "\"TT-311A\""),
        inlet("b", Takes::Alike, "\"TT-311B\""),
        option("c", Takes::Alike),
    ],
    ports: &[
        result("OUT", "", Scale::First),
        result("USED", ", transmitters in use", Scale::Fixed("", 0.0, 3.0, 0)),
        result("DEV", ", deviation", Scale::First),
        result("SPREAD", ", transmitters disagree", Scale::Switch("agree", "DISAGREE")),
    ],
    bad: Bad::Law,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vote {
    two: Two,
    one_is_bad: bool,
    deviation: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Two {
    Average,
    High,
    Low,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let label = "one transmitter has one vote";
    for (first, second) in [((0, "a"), (1, "b")), ((0, "a"), (2, "c")), ((1, "b"), (2, "c"))] {
        form.distinct(first, second, label);
    }
    let two =
        form.word("two", &[("average", Two::Average), ("high", Two::High), ("low", Two::Low)], Two::Average);
    let one_is_bad = form.word("one", &[("use", false), ("bad", true)], false);
    let (low, high) = form.range(0);
    form.difference(2, 0.0, high - low);
    let deviation = form.amount("deviation", form.unit(0).difference());
    if let Some(deviation) = deviation {
        form.fits_span("deviation", deviation, 0)?;
    }
    Some((Law::Vote(Vote { two: two?, one_is_bad: one_is_bad?, deviation }), 0))
}

impl Vote {
    pub(super) fn step(&self, io: &mut Io) {
        let mut values = [0.0; 3];
        let (mut count, mut given) = (0, 0);
        let mut quality = Quality::Good;
        for slot in io.inputs.iter().flatten() {
            given += 1;
            if slot.quality.is_usable() {
                values[count] = slot.value;
                count += 1;
                quality = quality.worst(slot.quality);
            }
        }
        let usable = &mut values[..count];
        usable.sort_unstable_by(f64::total_cmp);
        let spread = usable.last().zip(usable.first()).map_or(0.0, |(high, low)| high - low);
        let out = match *usable {
            [_, middle, _] => Some(middle),
            [low, high] => Some(match self.two {
                Two::Average => low + (high - low) * 0.5,
                Two::High => high,
                Two::Low => low,
            }),
            [only] if !self.one_is_bad => Some(only),
            _ => None,
        };
        let apart = self.deviation.is_some_and(|limit| spread > limit);
        if apart || count < given || !quality.is_good() {
            quality = Quality::UncertainSubNormal;
        }
        match out {
            Some(value) => {
                io.put(0, value);
                io.doubt(0, quality);
            }
            None => io.doubt(0, Quality::BadCalculation),
        }
        io.put(1, count as f64);
        io.put(2, spread);
        io.put_switch(3, apart);
        io.doubt(1, Quality::Good);
        // With fewer than two there is nothing to compare.
        let known = if count < 2 { Quality::UncertainLastUsable } else { Quality::Good };
        io.doubt(2, known);
        io.doubt(3, known);
    }
}
