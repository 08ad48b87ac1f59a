//! Interlocks: causes, latch, bypass, and the forcing that has the last word.
//!
//! Every scan, after everything else, each cause is evaluated. The first that stands at the moment
//! of the trip is kept as first out. A latched interlock stays tripped until somebody resets it,
//! which is refused while a cause stands. A bypassed one is evaluated and shown, and forces nothing;
//! when the bypass ends with a cause that stands it trips anew, and says so some minutes ahead.
//!
//! What a tripped interlock dictates is written every scan. If two dictate the same point, the
//! first in the order of the plant wins. A trip may also start a phase, once: [`sequence`].

use model::{BadInput, InterlockChange, PointId, Quality, Refusal, StateWalk, UserId};

use crate::image::Image;
use crate::machine::{Memory, Now, Truth, slice};
use crate::plant::{Cause, Interlock, Op};

mod clauses;
mod sequence;
mod term;

pub(crate) use term::Terms;

/// Nobody may take an interlock out for longer: one shift.
pub const BYPASS_MAX_MS: u32 = 8 * 3600 * 1000;

/// So long before its end a bypass with a cause that stands is told of.
pub const BYPASS_NOTICE_MS: u64 = 5 * 60 * 1000;

/// State of one interlock, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterlockMemory {
    pub tripped: bool,
    /// A cause stands at this moment.
    pub active: bool,
    /// Number of the cause that was first out, plus one; zero before the first trip.
    pub first_out: u16,
    /// Why that one counted as standing, when it was not true.
    pub first_bad: Option<BadInput>,
    /// Tick of the last trip, clearing or reset.
    pub since: u64,
    /// Tick at which the bypass ends; zero when there is none.
    pub bypassed_until: u64,
    /// Who bypassed it last.
    pub bypassed_by: UserId,
    /// It has tripped, and the phase that the trip starts has not begun yet.
    pub starting: bool,
    /// That this bypass ends with a cause standing has been told.
    pub noticed: bool,
    /// The bypass has ended, and the causes have not been looked at since.
    pub ended: bool,
}

impl InterlockMemory {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.bool(&mut self.tripped);
        walk.bool(&mut self.active);
        walk.u16(&mut self.first_out);
        walk.u64(&mut self.since);
        walk.u64(&mut self.bypassed_until);
        walk.u32(&mut self.bypassed_by.0);
        walk.bool(&mut self.starting);
        walk.bool(&mut self.noticed);
        walk.bool(&mut self.ended);
        walk_bad(walk, &mut self.first_bad);
    }

    /// It dictates its outputs now.
    pub fn forces(&self) -> bool {
        self.tripped && self.bypassed_until == 0
    }

    /// One scan over its causes, as the engine keeps them under its number. `report` takes the changes, at most two; `memory` gets
    /// the tick of the next look.
    pub(crate) fn scan(
        &mut self,
        interlock: &Interlock,
        (terms, number): (&Terms, usize),
        (ops, image, now): (&[Op], &Image, Now),
        memory: &mut Memory,
        report: impl FnMut(InterlockChange),
    ) {
        let causes = terms.causes(number).iter();
        let first = first(
            causes.map(|cause| stands(terms.truth(cause, ops, image, memory, now), cause.trips_on_bad)),
        );
        self.settle(first, interlock, (ops, image, now), report);
        if self.bypassed_until != 0 {
            let notice = self.notice_tick(now);
            memory.look_at(if now.tick < notice { notice } else { self.bypassed_until });
        }
    }

    /// From when on the end of the bypass is near.
    fn notice_tick(&self, now: Now) -> u64 {
        self.bypassed_until.saturating_sub(BYPASS_NOTICE_MS / now.period_ms.max(1))
    }

    /// What follows from the first cause that stands.
    fn settle(
        &mut self,
        first: Option<(u16, Stands)>,
        interlock: &Interlock,
        (ops, image, now): (&[Op], &Image, Now),
        mut report: impl FnMut(InterlockChange),
    ) {
        if self.bypassed_until != 0 && now.tick >= self.bypassed_until {
            self.bypassed_until = 0;
            self.ended = true;
            report(InterlockChange::Restored);
        }
        let ended = core::mem::take(&mut self.ended);
        let was_active = core::mem::replace(&mut self.active, first.is_some());
        match first {
            Some((cause, stands)) if self.bypassed_until == 0 && (ended || !self.tripped) => {
                let bad = (stands == Stands::ForBad).then(|| bad_input(interlock, cause, ops, image));
                self.tripped = true;
                self.first_out = cause.saturating_add(1);
                self.first_bad = bad;
                self.since = now.tick;
                self.starting = interlock.start.is_some();
                report(InterlockChange::Tripped { cause, bad });
            }
            Some((cause, _))
                if self.bypassed_until != 0 && !self.noticed && now.tick >= self.notice_tick(now) =>
            {
                self.noticed = true;
                let left_ms = (self.bypassed_until - now.tick) * now.period_ms;
                report(InterlockChange::Ending { cause, left_ms });
            }
            None if was_active && self.tripped => {
                self.tripped = interlock.latched;
                self.since = now.tick;
                report(InterlockChange::Cleared);
            }
            // Cleared while bypassed and unlatched, or nothing has changed.
            None if !interlock.latched => self.tripped = false,
            Some(_) | None => {}
        }
    }

    pub(crate) fn reset(&mut self, tick: u64) -> Result<(), Refusal> {
        if !self.tripped {
            return Err(Refusal::NothingToDo);
        }
        if self.active {
            return Err(Refusal::CauseStands);
        }
        self.tripped = false;
        self.starting = false;
        self.since = tick;
        Ok(())
    }

    /// Takes it out until a tick, or with zero puts it back.
    pub(crate) fn bypass(&mut self, until: u64, user: UserId) -> Result<InterlockChange, Refusal> {
        if until == 0 && self.bypassed_until == 0 {
            return Err(Refusal::NothingToDo);
        }
        self.bypassed_until = until;
        self.bypassed_by = user;
        self.starting = false;
        self.noticed = false;
        self.ended = until == 0;
        Ok(if until == 0 { InterlockChange::Restored } else { InterlockChange::Bypassed })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    ForCertain,
    /// Nobody can tell, and that counts as standing.
    ForBad,
}

fn stands(truth: Truth, trips_on_bad: bool) -> Option<Stands> {
    match truth {
        Truth::True => Some(Stands::ForCertain),
        Truth::False => None,
        Truth::Bad => trips_on_bad.then_some(Stands::ForBad),
    }
}

/// The number of the first that stands; the others are asked all the same.
fn first(causes: impl Iterator<Item = Option<Stands>>) -> Option<(u16, Stands)> {
    let mut first = None;
    for (number, stands) in causes.enumerate() {
        if first.is_none() {
            first = stands.map(|stands| (number as u16, stands));
        }
    }
    first
}

/// The first bad point that a cause reads.
fn bad_input(interlock: &Interlock, cause: u16, ops: &[Op], image: &Image) -> BadInput {
    let code =
        interlock.causes.get(usize::from(cause)).map_or(&[][..], |cause: &Cause| slice(ops, &cause.when));
    let bad = code.iter().find_map(|op| match *op {
        Op::Load(point) => Some((point, image.quality(point))).filter(|(_, quality)| quality.is_bad()),
        _ => None,
    });
    match bad {
        Some((point, quality)) => BadInput { point: Some(point), quality },
        None => BadInput { point: None, quality: Quality::BadCalculation },
    }
}

/// One more than the point, and the quality, which is never good: 0 is nothing.
fn walk_bad(walk: &mut impl StateWalk, bad: &mut Option<BadInput>) {
    let mut point = bad.and_then(|bad| bad.point).map_or(0, |point| point.0.saturating_add(1));
    let mut quality = bad.map_or(0, |bad| u8::from(bad.quality));
    walk.u32(&mut point);
    walk.u8(&mut quality);
    let found = |quality| BadInput { point: point.checked_sub(1).map(PointId), quality };
    *bad = Some(Quality::from(quality)).filter(|quality| quality.is_bad()).map(found);
}

#[cfg(test)]
mod tests;
