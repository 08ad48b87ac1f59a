//! Split range: one signal for two or three valves, each over its own part of the signal's range; or an analog output
//! (FF-891: AO), one signal for one valve.
//!
//! ```text
//!  100 % ┤\                 / OUT2        from = [0, 48],   to = [100, 0]    cooling, reverse
//!        │ \ OUT1          /             from = [52, 100], to = [0, 100]    heating
//!    0 % ┤  \____________/               between 48 and 52 both are closed
//!        └────┴──────────┴────► IN
//! ```
//!
//! The loop above is answered as a secondary would do it (FF-892, SPLT; BKCAL_OUT):
//!
//! * It is heard while at least one valve obeys. Otherwise it initialises to the signal at which the
//!   valves would stand where they do, in the sense of least squares.
//! * A valve that somebody else has moved goes on from where it stands: the difference to its line
//!   fades over [`BALANCE_S`] (FF-891: BAL_TIME).
//! * The loop is told that it is limited where no obeying valve would move any more, and its integral
//!   is led to the signal that works while the valve of its present part does not obey.
//!
//! A bad signal leaves the valves where they are; the wanted positions are then bad.

use alloc::boxed::Box;

use model::{PointId, Quality, StateWalk};

use super::ramp::approach;
use super::{Context, Handshake, bounded, dictated, link_of};
use crate::image::Image;
use crate::plant::{Plant, Split, SplitValve};

pub(crate) const VALVES: usize = 3;
/// Time in which the balance of a valve that was moved fades.
const BALANCE_S: f64 = 20.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct ValveState {
    balance: f64,
    /// How much the balance fades per second.
    fade: f64,
    /// Where this block last saw or put the tag.
    known: f64,
    /// Somebody else put it there.
    taken: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SplitState {
    valves: [ValveState; VALVES],
    /// The signal was bad at the last run.
    lost: bool,
}

impl SplitState {
    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        for valve in &mut self.valves {
            walk.f64(&mut valve.balance);
            walk.f64(&mut valve.fade);
            walk.f64(&mut valve.known);
            walk.bool(&mut valve.taken);
        }
        walk.bool(&mut self.lost);
    }

    /// As after a bad signal: the valves go on from where they stand.
    pub(super) fn after_gap(&mut self) {
        self.lost = true;
    }
}

/// Link states of the devices that the valves hang on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    links: Box<[Option<PointId>]>,
}

impl Fixed {
    pub(super) fn new(plant: &Plant, split: &Split) -> Self {
        Self { links: split.valves.iter().map(|valve| link_of(plant, valve.target)).collect() }
    }
}

/// Before the first run: the signal at which the valves stand.
pub(super) fn start(split: &Split, state: &mut SplitState, image: &mut Image) -> Handshake {
    let back = standing(split, image, image.value(split.signal));
    image.set(split.signal, back, Quality::Good);
    for (valve, memory) in split.valves.iter().zip(&mut state.valves) {
        memory.known = image.value(valve.target);
        memory.keep(valve, back);
    }
    Handshake { back, feedback: back, ..Handshake::SILENT }
}

pub(super) fn run(
    split: &Split,
    fixed: &Fixed,
    state: &mut SplitState,
    block: usize,
    context: &mut Context<'_>,
) {
    let (raw, quality) = (context.image.value(split.input), context.image.quality(split.input));
    let signal = bounded(raw, split.low, split.high);
    let lost = quality.is_bad();
    let anew = core::mem::replace(&mut state.lost, lost) || lost;
    context.image.set(split.signal, signal, quality);
    let mut moved = false;
    for ((valve, link), memory) in split.valves.iter().zip(&fixed.links).zip(&mut state.valves) {
        let taken = dictated(valve.target, *link, context);
        let there = context.image.value(valve.target);
        let elsewhere = there != memory.known;
        moved |= elsewhere && !taken;
        memory.known = there;
        if taken || anew || elsewhere || memory.taken {
            memory.keep(valve, signal);
        } else {
            memory.balance = approach(memory.balance, 0.0, memory.fade * context.dt);
        }
        memory.taken = taken;
        let wanted = valve.at(signal) + if taken { 0.0 } else { memory.balance };
        let wanted = bounded(wanted, valve.low, valve.high);
        context.image.set(valve.out, wanted, if lost { Quality::BadCalculation } else { quality });
        if !taken && !lost {
            context.image.set(valve.target, wanted, Quality::Good);
            memory.known = context.image.value(valve.target);
        }
    }
    let heard = !lost && !moved && state.valves.iter().take(split.valves.len()).any(|valve| !valve.taken);
    context.handshakes[block] = answer(split, state, signal, heard, context.image);
}

impl ValveState {
    /// It goes on from where it stands.
    fn keep(&mut self, valve: &SplitValve, signal: f64) {
        self.balance = self.known - valve.at(signal);
        self.fade = libm::fabs(self.balance) / BALANCE_S;
    }
}

/// What the loop above is told.
fn answer(split: &Split, state: &SplitState, signal: f64, invited: bool, image: &Image) -> Handshake {
    let obeying = || split.valves.iter().zip(&state.valves).filter(|(_, memory)| !memory.taken);
    let works = obeying().any(|(valve, _)| valve.from.0 <= signal && signal <= valve.from.1);
    let all = state.valves.iter().take(split.valves.len()).all(|valve| !valve.taken);
    let back = standing(split, image, signal);
    Handshake {
        invited,
        back,
        feedback: if works || all { signal } else { back },
        limited_up: invited && obeying().all(|(valve, _)| signal >= valve.from.1),
        limited_down: invited && obeying().all(|(valve, _)| signal <= valve.from.0),
    }
}

/// The signal at which the valves stand where they do. If there is none, the one with the least
/// squares of what remains, in parts of each valve's stroke; if there are many, the nearest to `now`.
fn standing(split: &Split, image: &Image, now: f64) -> f64 {
    // Between two neighbouring ends of parts every valve goes in a straight line.
    let mut ends = [split.low; 2 * VALVES + 2];
    ends[1] = split.high;
    for (number, valve) in split.valves.iter().take(VALVES).enumerate() {
        ends[2 * number + 2] = bounded(valve.from.0, split.low, split.high);
        ends[2 * number + 3] = bounded(valve.from.1, split.low, split.high);
    }
    ends.sort_unstable_by(f64::total_cmp);
    let mut best = (f64::INFINITY, f64::INFINITY, bounded(now, split.low, split.high));
    for pair in ends.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if to <= from {
            continue;
        }
        let signal = bounded(least_squares(split, image, (from, to)).unwrap_or(now), from, to);
        let found = (remains(split, image, signal), libm::fabs(signal - now), signal);
        if found.0 < best.0 - SAME || (found.0 < best.0 + SAME && found.1 < best.1) {
            best = found;
        }
    }
    best.2
}

/// Squares of strokes that differ by less are the same.
const SAME: f64 = 1e-12;

/// Of one straight part; nothing when no valve moves there.
fn least_squares(split: &Split, image: &Image, (from, to): (f64, f64)) -> Option<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for valve in &split.valves {
        let stroke = libm::fabs(valve.to.1 - valve.to.0);
        let (first, last) = (valve.at(from) / stroke, valve.at(to) / stroke);
        let slope = (last - first) / (to - from);
        above += slope * (image.value(valve.target) / stroke - first);
        below += slope * slope;
    }
    (below > 0.0).then(|| from + above / below)
}

fn remains(split: &Split, image: &Image, signal: f64) -> f64 {
    let square = |valve: &SplitValve| {
        let part = (image.value(valve.target) - valve.at(signal)) / (valve.to.1 - valve.to.0);
        part * part
    };
    split.valves.iter().map(square).sum()
}
