//! Three-point step output: a motor-operated valve that stays where it is, driven by two contacts, RAISE and LOWER.
//!
//! ```text
//!  POS ' = (RAISE - LOWER) / run_time                  estimated; or the `position` that is measured
//!
//!  RAISE ─┐  need = input - POS
//!         │   need >  dead_band, and a pulse of `min_pulse` or more:  RAISE until POS has come to the input
//!     off │   need < -dead_band, likewise:                            LOWER
//!         │   else both off
//!  LOWER ─┘  the other way only after `pause`: the motor has come to rest
//! ```
//!
//! The motor is an integrator, so its controller puts out movements, as a velocity algorithm does (Astrom, Hagglund: PID
//! Controllers: Theory, Design, and Tuning, 2nd ed., on velocity algorithms and actuators that integrate). What the contacts
//! really did is counted, also when an interlock closes one of them.
//!
//! An estimate drifts. At either end of its range the input holds the contact closed for `overrun` longer, or until `opened`
//! or `closed` says so: there the estimate finds itself again. Until then POS is uncertain.
//!
//! With a bad input both contacts open and the valve stays. With a bad `position` the estimate goes on from the last good one.

use alloc::format;

use model::Quality;

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, option, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "raise_lower",
    equation: "RAISE or LOWER is on until POS has come to the input",
    inputs: &[
        inlet("input", Takes::Value, "\"TIC-311.OUT\""),
        option("position", Takes::Alike),
        option("opened", Takes::Condition),
        option("closed", Takes::Condition),
    ],
    ports: &[
        result("RAISE", ", raises", Scale::Switch("off", "on")),
        result("LOWER", ", lowers", Scale::Switch("off", "on")),
        result("POS", ", position", Scale::First),
    ],
    bad: Bad::Law,
    drives: &["raise", "lower"],
    signal: false,
    read,
};

const POSITION: usize = 1;
const OPENED: usize = 2;
const CLOSED: usize = 3;
const POS: usize = 2;

/// Of the stroke, unless the text says otherwise.
const DEAD_BAND: f64 = 0.01;
/// Longer pulses leave the valve no more than this many positions.
const POSITIONS: f64 = 5.0;
const PAUSE_S: f64 = 0.5;
/// Of the run time: a motor at its end switch stands, so more does no harm.
const OVERRUN: f64 = 0.05;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RaiseLower {
    low: f64,
    high: f64,
    /// All times in seconds; a part of the stroke is the time that the motor needs for it.
    run_s: f64,
    band_s: f64,
    min_pulse_s: f64,
    pause_s: f64,
    overrun_s: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    form.distinct((OPENED, "opened"), (CLOSED, "closed"), "the valve would be open and closed at once");
    let run_s = form.time_s("run_time", "\"60 s\"");
    let (low, high) = form.range(POS);
    let band = form.amount("dead_band", form.unit(POS).difference());
    let _ = form.initial(POS, "initial", low);
    let (min_pulse, pause, overrun) = (
        form.optional_time_s("min_pulse"),
        form.optional_time_s("pause").unwrap_or(PAUSE_S),
        form.optional_time_s("overrun"),
    );
    let run_s = run_s?;
    let least_s = 2.0 * POSITIONS * form.dt;
    if run_s < least_s {
        let label = format!("{least_s} s or more is possible");
        form.refuse(
            "run_time",
            "out-of-range",
            &format!("one run of the task is a large part of the stroke of {run_s} s"),
            &label,
            "write the time from closed to open, or make `task` faster",
        );
        return None;
    }
    let finest = form.dt / run_s * (high - low);
    let band = band.unwrap_or(f64::max(DEAD_BAND * (high - low), finest));
    form.fits_span("dead_band", band, POS)?;
    let band_s = band / (high - low) * run_s;
    if band_s < 0.5 * form.dt && form.is_sure(POS) {
        form.refuse(
            "dead_band",
            "out-of-range",
            "the valve cannot stand that exactly",
            &format!("one run of the task moves it by {finest:.3}"),
            "write a wider band, or make `task` faster",
        );
        return None;
    }
    let min_pulse_s = min_pulse.unwrap_or(form.dt).max(form.dt);
    if min_pulse_s > run_s / POSITIONS {
        form.refuse(
            "min_pulse",
            "out-of-range",
            &format!("a pulse of {min_pulse_s} s leaves the valve hardly any positions"),
            &format!("{} s or less is possible", run_s / POSITIONS),
            "write the shortest pulse that moves the valve, some tenths of a second",
        );
        return None;
    }
    let overrun_s = overrun.unwrap_or(f64::max(OVERRUN * run_s, 2.0 * f64::max(band_s, min_pulse_s)));
    let law = RaiseLower { low, high, run_s, band_s, min_pulse_s, pause_s: pause, overrun_s };
    Some((Law::RaiseLower(law), 5))
}

impl RaiseLower {
    /// So near to the input the valve rests.
    pub(super) fn is_there(&self, input: f64, position: f64) -> bool {
        let rest_s = f64::max(self.band_s, self.min_pulse_s) + self.run_s * NEARLY;
        libm::fabs(self.seconds(input) - self.seconds(position)) <= rest_s
    }

    /// The range of the input.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// How long the motor runs from the low end to here.
    fn seconds(&self, value: f64) -> f64 {
        bounded((value - self.low) / (self.high - self.low), 0.0, 1.0) * self.run_s
    }

    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let [at_s, ran_s, rested_s, last, known] = cells else { return };
        // Half a run of tolerance: ten times 0.1 s are not quite 1 s.
        let half = 0.5 * io.dt;
        if io.fresh {
            (*at_s, *ran_s, *rested_s, *last, *known) = (self.seconds(io.port(POS)), 0.0, 0.0, 0.0, 0.0);
        }
        let going = direction(io.port(0) - io.port(1));
        let (opened, closed) = (io.is_on(OPENED), io.is_on(CLOSED));
        *at_s = bounded(*at_s + going * io.dt, -self.overrun_s, self.run_s + self.overrun_s);
        let measured = io.inputs[POSITION].filter(|seen| seen.quality.is_usable());
        self.locate(measured.map(|seen| seen.value), (opened, closed), half, [&mut *at_s, &mut *known]);
        let position = bounded(*at_s / self.run_s, 0.0, 1.0);
        io.put(POS, self.low + (self.high - self.low) * position);
        let doubt = match io.inputs[POSITION] {
            Some(_) if measured.is_none() => Quality::UncertainLastUsable,
            _ if *known == 0.0 => Quality::UncertainSubNormal,
            _ => Quality::Good,
        };
        io.doubt(POS, doubt);

        let next = if io.is_bad(0) {
            0.0
        } else {
            let need_s = self.need(self.seconds(io.input(0)), measured.is_some(), (opened, closed), at_s);
            let toward = direction(need_s);
            let shut = (toward > 0.0 && opened) || (toward < 0.0 && closed);
            if going == 0.0 {
                *rested_s += io.dt;
                let far = libm::fabs(need_s) > self.band_s && libm::fabs(need_s) >= self.min_pulse_s - half;
                let free = *last == 0.0 || toward == *last || *rested_s >= self.pause_s - half;
                if far && free && !shut { toward } else { 0.0 }
            } else {
                *ran_s += io.dt;
                let there = need_s * going <= half && *ran_s >= self.min_pulse_s - half;
                if there || (going > 0.0 && opened) || (going < 0.0 && closed) { 0.0 } else { going }
            }
        };
        if next == 0.0 && going != 0.0 {
            (*rested_s, *last) = (0.0, going);
        }
        if next != 0.0 && going == 0.0 {
            *ran_s = 0.0;
        }
        io.put_switch(0, next > 0.0);
        io.put_switch(1, next < 0.0);
        let contacts = if io.is_bad(0) { Quality::BadCalculation } else { Quality::Good };
        io.doubt(0, contacts);
        io.doubt(1, contacts);
    }

    /// Where the valve is known to be: at its transmitter, at an end switch, or at an end after the overrun.
    fn locate(&self, measured: Option<f64>, (opened, closed): (bool, bool), half: f64, cells: [&mut f64; 2]) {
        let [at_s, known] = cells;
        let overrun_s = self.overrun_s - half;
        if let Some(measured) = measured {
            *at_s = self.seconds(measured);
        } else if opened != closed {
            *at_s = if opened { f64::max(*at_s, self.run_s) } else { f64::min(*at_s, 0.0) };
        } else if overrun_s <= 0.0 || (*at_s < self.run_s + overrun_s && *at_s > -overrun_s) {
            return;
        }
        *known = 1.0;
    }

    /// Seconds that the motor still has to run, downwards below zero. At an end of the input the contact stays closed beyond
    /// it; a valve that leaves an end moves from there at once.
    fn need(&self, wanted_s: f64, measured: bool, (opened, closed): (bool, bool), at_s: &mut f64) -> f64 {
        let beyond = |stop: bool| if measured || stop { 0.0 } else { self.overrun_s };
        let wanted_s = if wanted_s >= self.run_s {
            self.run_s + beyond(opened)
        } else if wanted_s <= 0.0 {
            -beyond(closed)
        } else {
            wanted_s
        };
        if wanted_s < *at_s {
            *at_s = f64::min(*at_s, self.run_s);
        } else if wanted_s > *at_s {
            *at_s = f64::max(*at_s, 0.0);
        }
        wanted_s - *at_s
    }
}

/// A part of the stroke that is none.
const NEARLY: f64 = 1e-9;

/// 1, -1, or 0.
fn direction(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        0.0
    }
}
