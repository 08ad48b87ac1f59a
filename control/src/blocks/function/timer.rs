//! Timers of IEC 61131-3 (2013), table 46: `TON` on-delay, `TOF` off-delay, `TP` pulse.
//!
//! ```text
//! TON  Q rises PT after IN has risen, falls with IN.      ET runs while IN, stays at PT.
//! TOF  Q rises with IN, falls PT after IN has fallen.     ET runs while not IN, stays at PT.
//! TP   Q is on for PT from the rise of IN, whatever IN does; ET goes back when IN is off after it.
//! ```
//! PT is a setting. A bad IN stops the clock and holds Q, bad.

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result, setting};
use crate::compile::Form;

const DAY_S: f64 = 86_400.0;

pub(super) static SHAPE: Shape = Shape {
    word: "timer",
    equation: "Q follows IN by a timer of IEC 61131-3",
    inputs: &[inlet("in", Takes::Condition, "\"LT-311 > 80 %\"")],
    ports: &[
        result("Q", "", Scale::Switch("off", "on")),
        result("ET", ", elapsed time", Scale::Fixed("s", 0.0, DAY_S, 1)),
        setting("PT", ", preset time", Scale::Fixed("s", 0.0, DAY_S, 1)),
    ],
    bad: Bad::Hold,
    drives: &[],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    OnDelay,
    OffDelay,
    Pulse,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let words = [("TON", Timer::OnDelay), ("TOF", Timer::OffDelay), ("TP", Timer::Pulse)];
    let law = form.need_word("function", &words, "\"TON\"");
    form.need("time", "\"10 s\"");
    form.initial(2, "time", 0.0)?;
    Some((Law::Timer(law?), 2))
}

impl Timer {
    /// A delay that has not run out begins anew with the next run: nobody has seen IN stand without a break. A pulse
    /// goes on: its time stood still.
    pub(super) fn after_gap(self, on: bool, cells: &mut [f64]) {
        let [_, was] = cells else { return };
        match self {
            Self::OnDelay if !on => *was = 0.0,
            Self::OffDelay if on => *was = 1.0,
            Self::OnDelay | Self::OffDelay | Self::Pulse => {}
        }
    }

    pub(super) fn step(self, io: &mut Io, cells: &mut [f64]) {
        let [runs, was] = cells else { return };
        let (on, preset) = (io.is_on(0), io.port(2));
        let (rises, falls) = (on && *was == 0.0, !on && *was != 0.0);
        *was = f64::from(u8::from(on));
        // Whole runs are counted: time by addition would drift from the preset.
        let elapsed = |runs: f64| runs * io.dt;
        let full = |runs: f64| elapsed(runs) >= preset - 1e-9;
        let q = match self {
            Self::OnDelay => {
                *runs = if !on || rises { 0.0 } else { *runs + 1.0 };
                on && full(*runs)
            }
            Self::OffDelay => {
                let counting = io.port(0) >= 0.5;
                *runs = match (on || falls, counting) {
                    (true, _) => 0.0,
                    (false, true) => *runs + 1.0,
                    (false, false) => *runs,
                };
                on || (counting && !full(*runs))
            }
            Self::Pulse => {
                if io.port(0) >= 0.5 {
                    *runs += 1.0;
                    !full(*runs)
                } else {
                    *runs = if rises || !on { 0.0 } else { *runs };
                    rises && preset > 0.0
                }
            }
        };
        let shown = elapsed(*runs).min(preset);
        io.put_switch(0, q);
        io.put(1, shown);
    }
}
