//! A device out of service: it stands where its outputs are safe, answers nobody, and fails nobody.
//!
//! ```text
//!               ordered by a person                       ordered by a person
//!   In service ─────────────────────► Out of service ─────────────────────────► In service, by hand
//!                 output := fail        output stays                              output stays
//! ```
//!
//! The order puts the output on the fail position of its tag. From then on it stays: what an interlock makes of it
//! stays when the interlock is reset, as in service; what a force made of it ends with the force, because a
//! valve that somebody works on must not be left where it was tried. Coming back moves nothing.

use model::{Quality, StateWalk, UserId};

use super::super::{Context, walk_flags};
use crate::plant::Device;

/// Whether a person has taken a device out of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Service {
    out: bool,
    since: u64,
    by: UserId,
    /// Where the output stands without a force.
    rest: bool,
    /// A force held it at the last run.
    was_forced: bool,
}

impl Service {
    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.since);
        walk.u32(&mut self.by.0);
        walk_flags(walk, [&mut self.out, &mut self.rest, &mut self.was_forced]);
    }

    pub(crate) fn is_out(&self) -> bool {
        self.out
    }

    /// Since which tick, and by whom.
    pub(crate) fn order(&self) -> Option<(u64, UserId)> {
        self.out.then_some((self.since, self.by))
    }

    /// From now on the output stands at `rest`.
    pub(crate) fn take_out(&mut self, since: u64, by: UserId, rest: bool) {
        *self = Self { out: true, since, by, rest, was_forced: false };
    }

    /// Gives where the output stands without a force.
    pub(crate) fn put_back(&mut self) -> bool {
        core::mem::take(self).rest
    }

    /// Its output stands there now: a force has ended, or the field has come back from being away.
    pub(crate) fn taken_over(&mut self, on: bool) {
        (self.rest, self.was_forced) = (on, false);
    }

    /// Nothing moves it but an interlock, a force, and a lost device that comes back elsewhere.
    pub(super) fn stand(&mut self, device: &Device, context: &mut Context<'_>) {
        let hold = context.holds[device.out.index()];
        let image = &mut *context.image;
        let forced = hold.interlock == 0 && hold.forced;
        if self.was_forced && !hold.is_dictated() {
            image.set(device.out, f64::from(u8::from(self.rest)), Quality::Good);
        } else if !forced {
            self.rest = image.is_on(device.out);
        }
        self.was_forced = forced;
        if device.out != device.command {
            image.set(device.command, f64::from(u8::from(self.rest)), Quality::Good);
        }
    }
}
