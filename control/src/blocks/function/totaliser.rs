//! Totaliser: `OUT = integral of the input over time`, in the unit of the text (`m3` of a flow in `m3/h`).
//!
//! Summed with Neumaier's compensation (ZAMM 54, 1974), so that ten years of small steps lose
//! nothing. RESET, or `reset`, sets OUT to zero and begins anew. With `preset` DONE is on from there
//! up. With `pulse` PULSE is on for one run each time that amount has passed, for a counter outside, and off for one at
//! least: what comes faster is owed, and given out in every second run. Flows below `cut_off` count as none. A bad input keeps OUT, bad; counting goes on from there.

use alloc::format;

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, option, result, setting};
use crate::compile::{Form, Shown};

pub(super) static SHAPE: Shape = Shape {
    word: "totaliser",
    equation: "OUT = sum of input * time",
    inputs: &[inlet("input", Takes::Value, "\"FT-301\""), option("reset", Takes::Condition)],
    ports: &[
        result("OUT", "", Scale::Own),
        setting("RESET", ", reset", Scale::Switch("count", "reset")),
        result("DONE", ", preset reached", Scale::Switch("below", "reached")),
        result("PULSE", ", pulse", Scale::Switch("off", "pulse")),
    ],
    bad: Bad::Hold,
    drives: &[],
    signal: false,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Totaliser {
    /// Units of the total in one second of one unit of the flow.
    per_s: f64,
    cut_off: f64,
    preset: Option<f64>,
    pulse: Option<f64>,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let per_s = form.per_second(0);
    let preset = form.amount("preset", form.unit(0));
    form.within("preset", preset, form.range(0), "the range of OUT");
    let pulse = form.amount("pulse", form.unit(0));
    let cut_off = form.amount("cut_off", form.input_unit(0));
    form.within("cut_off", cut_off, form.input_range(0), "the range of the input");
    if let (Some(pulse), Some(per_s)) = (pulse, per_s) {
        fits(form, pulse, per_s);
    }
    Some((Law::Totaliser(Totaliser { per_s: per_s?, cut_off: cut_off.unwrap_or(0.0), preset, pulse }), 3))
}

/// A pulse takes a run on and a run off: more than that the range of the input must not bring.
fn fits(form: &mut Form<'_, '_, '_, '_>, pulse: f64, per_s: f64) {
    let (_, high) = form.input_range(0);
    let least = high * per_s * 2.0 * form.dt;
    if least <= pulse * (1.0 + NEARLY) || !form.is_input_sure(0) || !form.is_sure(0) {
        return;
    }
    let (unit, runs) = (form.unit(0), 2.0 * form.dt);
    let enough = libm::ceil(least * 1e6) * 1e-6;
    form.warn(
        "pulse",
        "pulses-late",
        "a pulse takes one run of the task on and one off, and they can come faster",
        &format!(
            "at {} {} one is due every {} s, and one can be given every {runs} s",
            Shown(high),
            form.input_unit(0),
            Shown(pulse / (high * per_s))
        ),
        &format!(
            "write {} {unit} or more, or make `task` faster: until then PULSE comes late",
            Shown(enough)
        ),
    );
}

/// A part that is none.
const NEARLY: f64 = 1e-9;

impl Totaliser {
    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [sum, lost, toward] = cells else { return };
        if io.is_on(1) || io.port(1) >= 0.5 {
            (*sum, *lost, *toward) = (0.0, 0.0, 0.0);
            io.put(1, 0.0);
        }
        let flow = io.input(0);
        let flow = if libm::fabs(flow) < self.cut_off { 0.0 } else { flow };
        let step = flow * self.per_s * io.dt;
        let next = *sum + step;
        *lost +=
            if libm::fabs(*sum) >= libm::fabs(step) { (*sum - next) + step } else { (step - next) + *sum };
        *sum = next;
        let total = *sum + *lost;
        io.put(0, total);
        io.put_switch(2, self.preset.is_some_and(|preset| total >= preset));
        let mut full = false;
        if let Some(pulse) = self.pulse {
            *toward += step;
            // A counter counts what rises, so a run without one comes between two; what is due meanwhile waits.
            full = *toward >= pulse && io.port(3) < 0.5;
            *toward -= if full { pulse } else { 0.0 };
        }
        io.put_switch(3, full);
    }
}
