//! Sample and hold for an analyser that gives a result per cycle: `OUT = input` at the rise of `trigger`, constant
//! between (zero-order hold: Astrom, Wittenmark: Computer-Controlled Systems, 3rd ed., chapter 2; Shinskey, *Process
//! Control Systems*, on sampling analysers).
//!
//! OUT takes the input at each rise of `trigger` (cycle ready) and keeps it; AGE is the time since.
//! From `stale` on OUT is uncertain (last usable value), from twice `stale` bad. Before the first
//! cycle OUT is bad. A bad input at the trigger is no result: the last one goes on ageing. A bad
//! trigger does not sample, and an input that is bad between two cycles does not matter.

use model::Quality;

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

const DAY_S: f64 = 86_400.0;

pub(super) static SHAPE: Shape = Shape {
    word: "sample_hold",
    equation: "OUT = the input at the last rise of trigger",
    inputs: &[
        inlet("input", Takes::Value, "\"AT-311\""),
        inlet("trigger", Takes::Condition, "\"AT-311.READY\""),
    ],
    ports: &[
        result("OUT", "", Scale::First),
        result("AGE", ", age of the result", Scale::Fixed("s", 0.0, DAY_S, 0)),
    ],
    bad: Bad::Law,
    drives: &[],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SampleHold {
    stale_s: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let stale_s = form.time_s("stale", "\"20 min\"")?;
    Some((Law::SampleHold(SampleHold { stale_s }), 4))
}

/// What stands in the cell of the quality.
const NOTHING: f64 = 0.0;
const GOOD: f64 = 1.0;
const UNCERTAIN: f64 = 2.0;

impl SampleHold {
    /// A result gets older while nobody looks.
    pub(super) fn after_gap(seconds: f64, cells: &mut [f64]) {
        if let [_, age, ..] = cells {
            *age += seconds;
        }
    }

    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [was, age, sample, held] = cells else { return };
        let on = io.is_on(1);
        let rises = on && *was == 0.0;
        if !io.is_bad(1) {
            *was = f64::from(u8::from(on));
        }
        *age += io.dt;
        if rises && !io.is_bad(0) {
            (*age, *sample) = (0.0, io.input(0));
            *held = if io.inputs[0].is_some_and(|slot| slot.quality.is_good()) { GOOD } else { UNCERTAIN };
        }
        let age_s = age.min(DAY_S);
        *age = age_s;
        let quality = if *held == NOTHING {
            Quality::BadWaitingForInitialData
        } else if age_s >= 2.0 * self.stale_s {
            // The device is well; what is missing is a result of its own time.
            Quality::BadCalculation
        } else if age_s >= self.stale_s {
            Quality::UncertainLastUsable
        } else if *held == GOOD {
            Quality::Good
        } else {
            Quality::UncertainSubNormal
        };
        if *held != NOTHING {
            io.put(0, *sample);
        }
        io.doubt(0, quality);
        io.put(1, age_s);
        io.doubt(1, Quality::Good);
    }
}
