//! Interlocks: causes, latch, bypass, and the forcing that has the last word.
//!
//! Every scan, after everything else, each cause is evaluated. The first that stands at the moment
//! of the trip is kept as first out. A latched interlock stays tripped until somebody resets it,
//! which is refused while a cause stands. A bypassed one is evaluated and shown, and forces nothing;
//! when the bypass ends it acts again.
//!
//! What a tripped interlock dictates is written every scan. If two dictate the same point, the
//! first in the order of the plant wins. A trip may also start a phase, once: [`sequence`].

use model::{InterlockChange, Refusal, StateWalk, UserId};

use crate::image::Image;
use crate::machine::{Memory, Now, Truth};
use crate::plant::{Interlock, Op};

mod clauses;
mod sequence;
mod term;

pub(crate) use term::Terms;

/// Nobody may take an interlock out for longer: one shift.
pub const BYPASS_MAX_MS: u32 = 8 * 3600 * 1000;

/// State of one interlock, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterlockMemory {
    pub tripped: bool,
    /// A cause stands at this moment.
    pub active: bool,
    /// Number of the cause that was first out, plus one; zero before the first trip.
    pub first_out: u16,
    /// Tick of the last trip, clearing or reset.
    pub since: u64,
    /// Tick at which the bypass ends; zero when there is none.
    pub bypassed_until: u64,
    /// Who bypassed it last.
    pub bypassed_by: UserId,
    /// It has tripped, and the phase that the trip starts has not begun yet.
    pub starting: bool,
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
        self.settle(first, interlock, now, report);
        if self.bypassed_until != 0 {
            memory.look_at(self.bypassed_until);
        }
    }

    /// What follows from the first cause that stands.
    fn settle(
        &mut self,
        first: Option<u16>,
        interlock: &Interlock,
        now: Now,
        mut report: impl FnMut(InterlockChange),
    ) {
        if self.bypassed_until != 0 && now.tick >= self.bypassed_until {
            self.bypassed_until = 0;
            report(InterlockChange::Restored);
        }
        let was_active = core::mem::replace(&mut self.active, first.is_some());
        match first {
            Some(cause) if !self.tripped && self.bypassed_until == 0 => {
                self.tripped = true;
                self.first_out = cause.saturating_add(1);
                self.since = now.tick;
                self.starting = interlock.start.is_some();
                report(InterlockChange::Tripped { cause });
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
        Ok(if until == 0 { InterlockChange::Restored } else { InterlockChange::Bypassed })
    }
}

fn stands(truth: Truth, trips_on_bad: bool) -> bool {
    match truth {
        Truth::True => true,
        Truth::False => false,
        Truth::Bad => trips_on_bad,
    }
}

/// The number of the first that stands; the others are asked all the same.
fn first(causes: impl Iterator<Item = bool>) -> Option<u16> {
    let mut first = None;
    for (number, stands) in causes.enumerate() {
        if stands && first.is_none() {
            first = Some(number as u16);
        }
    }
    first
}

#[cfg(test)]
mod tests;
