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
//! Beside the estimate stand the lowest and the highest place at which the valve can be: all three move with the motor, and
//! none beyond an end. POS is good while the two are within the dead band of each other. Unknown is the whole stroke; at an
//! end of its range the input holds the contact closed until the farther of the two must have come there, and `overrun`
//! longer, or until `opened` or `closed` says so. A lost device moves one of them for as long as its contact may be on.
//!
//! An end switch that contradicts what the motor has done is not believed until it changes, and FAIL is on: one that does
//! not clear when the valve has left it, and one that has not come after the whole stroke and the overrun. With both on
//! the contacts open, as nobody knows which of them is true. A measured position that stays while the motor goes the reach of
//! a switch (a tenth of the stroke and the overrun) is FAIL as well; the motor stops when it has gone the whole stroke for it.
//!
//! With a bad input both contacts open and the valve stays. With a bad `position` the estimate goes on from the last good one.

use alloc::format;

use model::Quality;

use super::super::bounded;
use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, option, result};
use crate::compile::Form;

mod motor;

use motor::{CELLS, Motor, Seen, UNKNOWN};

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
        result("FAIL", ", switches or position contradict the motor", Scale::Switch("ok", "FAILED")),
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
const FAIL: usize = 3;

/// Of the stroke, unless the text says otherwise.
const DEAD_BAND: f64 = 0.01;
/// Longer pulses leave the valve no more than this many positions.
const POSITIONS: f64 = 5.0;
const PAUSE_S: f64 = 0.5;
/// Of the run time: a motor at its end switch stands, so more does no harm.
const OVERRUN: f64 = 0.05;
/// Of the run time: so far from its end a switch may still be on, and the overrun besides.
const REACH: f64 = 0.1;

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
    Some((Law::RaiseLower(law), CELLS))
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
        let Ok(cells) = <&mut [f64; CELLS]>::try_from(cells) else { return };
        let mut memory = Motor::of(cells);
        if io.fresh {
            memory = Motor {
                at: self.seconds(io.port(POS)),
                opened: memory.opened,
                closed: memory.closed,
                probe: memory.probe,
                ..UNKNOWN
            };
            self.forget(&mut memory);
        }
        let going = direction(io.port(0) - io.port(1));
        self.follow(&mut memory, going, io);
        let seen = Seen {
            measured: io.inputs[POSITION].filter(|seen| seen.quality.is_usable()).map(|seen| seen.value),
            opened: memory.opened.hear(io.reads(OPENED)),
            closed: memory.closed.hear(io.reads(CLOSED)),
        };
        self.watch(&mut memory, &seen, going * io.dt);
        self.locate(&mut memory, &seen, going, io.dt);
        let both = memory.opened.is_on() && memory.closed.is_on();
        let failed = both || memory.opened.wrong || memory.closed.wrong || memory.probe.stuck;
        self.tell(io, &memory, (&seen, failed));

        let next = if io.is_bad(0) || both {
            0.0
        } else {
            let wanted_s = self.seconds(io.input(0));
            self.decide(&memory, (wanted_s, seen.measured.is_some()), going, io.dt)
        };
        if next == 0.0 && going != 0.0 {
            (memory.rested, memory.last) = (0.0, going);
        }
        io.put_switch(0, next > 0.0);
        io.put_switch(1, next < 0.0);
        let contacts = if io.is_bad(0) { Quality::BadCalculation } else { Quality::Good };
        io.doubt(0, contacts);
        io.doubt(1, contacts);
        *cells = memory.cells();
    }

    /// What the contacts have done since the run before, and may have done while the device is lost.
    fn follow(&self, memory: &mut Motor, going: f64, io: &Io) {
        for place in [&mut memory.at, &mut memory.low, &mut memory.high] {
            *place = self.moved(*place, going, io.dt);
        }
        memory.ran = if memory.ran * going > 0.0 { memory.ran + going * io.dt } else { going * io.dt };
        memory.rested = if going == 0.0 { memory.rested + io.dt } else { memory.rested };
        let Some((up, down)) = io.adrift else {
            memory.adrift = (false, false);
            return;
        };
        // What was on when the device was lost may be on all the time, whatever an interlock says meanwhile.
        memory.adrift = (memory.adrift.0 || up, memory.adrift.1 || down);
        if memory.adrift.0 {
            memory.high = bounded(memory.high + io.dt, 0.0, f64::max(memory.high, self.run_s));
        }
        if memory.adrift.1 {
            memory.low = bounded(memory.low - io.dt, f64::min(memory.low, 0.0), self.run_s);
        }
    }

    /// A valve that leaves an end moves from there at once; beyond an end the overrun is counted.
    fn moved(&self, place: f64, going: f64, dt: f64) -> f64 {
        if going > 0.0 {
            f64::min(f64::max(place, 0.0) + dt, self.run_s + self.overrun_s)
        } else if going < 0.0 {
            f64::max(f64::min(place, self.run_s) - dt, -self.overrun_s)
        } else {
            place
        }
    }

    fn forget(&self, memory: &mut Motor) {
        (memory.low, memory.high) = (0.0, self.run_s);
    }

    fn is_known(&self, memory: &Motor, dt: f64) -> bool {
        memory.high - memory.low <= f64::max(self.band_s, 0.5 * dt) + self.run_s * NEARLY
    }

    /// What the motor has done since the run before, held against the position that is measured.
    fn watch(&self, memory: &mut Motor, seen: &Seen, moved_s: f64) {
        match seen.measured {
            Some(measured) => {
                let reach_s = REACH * self.run_s + self.overrun_s;
                memory.probe.follow(self.seconds(measured), moved_s, (self.run_s, self.band_s, reach_s));
            }
            None => memory.probe.wait(),
        }
    }

    /// Where the valve is known to be: at its transmitter, at an end switch; and which switch cannot be right.
    fn locate(&self, memory: &mut Motor, seen: &Seen, going: f64, dt: f64) {
        let half = 0.5 * dt;
        let (run_s, full_s) = (self.run_s, self.run_s + self.overrun_s);
        let reach_s = REACH * run_s + self.overrun_s;
        if let Some(measured) = seen.measured {
            memory.stand(self.seconds(measured));
        }
        match (memory.opened.is_on(), memory.closed.is_on()) {
            (true, true) if seen.measured.is_none() => self.forget(memory),
            (true, false) => {
                let comes = going >= 0.0 && seen.opened || !self.is_known(memory, dt);
                if seen.measured.is_none() && comes {
                    memory.stand(f64::max(memory.at, run_s));
                }
                memory.opened.wrong = memory.at < run_s - reach_s;
            }
            (false, true) => {
                let comes = going <= 0.0 && seen.closed || !self.is_known(memory, dt);
                if seen.measured.is_none() && comes {
                    memory.stand(f64::min(memory.at, 0.0));
                }
                memory.closed.wrong = memory.at > reach_s;
            }
            _ => {}
        }
        if seen.measured.is_some() {
            return;
        }
        // The count has come to an end, and the switch there has not: it is the count that has drifted, until the motor has
        // run for longer than the whole stroke.
        let ran_out = libm::fabs(memory.ran) >= full_s - half;
        if memory.opened.is_off() && memory.at >= full_s - half {
            self.forget(memory);
            if going > 0.0 && ran_out {
                memory.opened.wrong = true;
                memory.stand(full_s);
            }
        } else if memory.closed.is_off() && memory.at <= half - self.overrun_s {
            self.forget(memory);
            if going < 0.0 && ran_out {
                memory.closed.wrong = true;
                memory.stand(-self.overrun_s);
            }
        }
    }

    fn tell(&self, io: &mut Io, memory: &Motor, (seen, failed): (&Seen, bool)) {
        let position = bounded(memory.at / self.run_s, 0.0, 1.0);
        io.put(POS, self.low + (self.high - self.low) * position);
        let doubt = match io.inputs[POSITION] {
            Some(_) if seen.measured.is_none() => Quality::UncertainLastUsable,
            _ if failed || !self.is_known(memory, io.dt) => Quality::UncertainSubNormal,
            _ => Quality::Good,
        };
        io.doubt(POS, doubt);
        io.put_switch(FAIL, failed);
        io.doubt(FAIL, Quality::Good);
    }

    /// Which contact is closed from now on: 1, -1, or 0.
    fn decide(&self, memory: &Motor, (wanted_s, measured): (f64, bool), going: f64, dt: f64) -> f64 {
        // Half a run of tolerance: ten times 0.1 s are not quite 1 s.
        let half = 0.5 * dt;
        let need_s = self.need(memory, wanted_s, measured);
        let (opened, closed) = (memory.opened.is_on(), memory.closed.is_on());
        let full_s = self.run_s + self.overrun_s;
        let stopped = |way: f64| {
            way > 0.0 && opened || way < 0.0 && closed || memory.probe.is_spent(way, full_s - half)
        };
        if going != 0.0 {
            let there = need_s * going <= half && libm::fabs(memory.ran) >= self.min_pulse_s - half;
            return if there || stopped(going) { 0.0 } else { going };
        }
        let toward = direction(need_s);
        // Near an end whose switch is on still the motor would not go back: the valve stays, and its place is counted on.
        let far = libm::fabs(need_s) > self.band_s && libm::fabs(need_s) >= self.min_pulse_s - half;
        let free = memory.last == 0.0 || toward == memory.last || memory.rested >= self.pause_s - half;
        if far && free && !stopped(toward) { toward } else { 0.0 }
    }

    /// Seconds that the motor still has to run, downwards below zero. At an end of the input from the farthest place at
    /// which the valve can be; and where a switch would tell, on for as long as the whole stroke may take.
    fn need(&self, memory: &Motor, wanted_s: f64, measured: bool) -> f64 {
        let full_s = self.run_s + self.overrun_s;
        if wanted_s >= self.run_s && !measured && !memory.opened.is_on() {
            let waits = if memory.opened.is_off() { full_s - f64::max(memory.ran, 0.0) } else { 0.0 };
            f64::max(full_s - f64::min(memory.low, memory.at), waits)
        } else if wanted_s <= 0.0 && !measured && !memory.closed.is_on() {
            let waits = if memory.closed.is_off() { full_s + f64::min(memory.ran, 0.0) } else { 0.0 };
            f64::min(-self.overrun_s - f64::max(memory.high, memory.at), -waits)
        } else {
            // A valve that leaves an end moves from there at once.
            wanted_s - bounded(memory.at, 0.0, self.run_s)
        }
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
