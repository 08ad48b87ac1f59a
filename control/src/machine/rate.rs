//! Rate of change: the difference quotient of what was seen, smoothed with a lag.
//!
//! ```text
//! r' = r + (1 - exp(-dt/T)) ((x - x_before)/dt - r)
//! ```
//!
//! A straight line of slope s gives s (1 - exp(-t/T)) exactly, at any pace of evaluation, and noise
//! of a transmitter is smoothed by the same lag.

use model::{Quality, StateWalk};

use super::{NEVER, Now, Slot, arithmetic};

/// Memory of one `RATE`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tick of the last evaluation, and since when it has been evaluated without a break.
    last: u64,
    since: u64,
    value: f64,
    per_minute: f64,
    /// Known from the first evaluation on; after a break it is so only when `T` has passed.
    known: bool,
}

/// At a first start everything stands still, until it is seen to move.
impl Default for Rate {
    fn default() -> Self {
        Self { last: NEVER, since: NEVER, value: 0.0, per_minute: 0.0, known: true }
    }
}

const MINUTE_MS: f64 = 60_000.0;

impl Rate {
    /// The past is gone. A rate of 0 would be a claim: until T has passed nothing is known, so a step
    /// that waits for a slow rate does not pass at its entry.
    pub(crate) const ANEW: Self =
        Self { last: NEVER, since: NEVER, value: 0.0, per_minute: 0.0, known: false };

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.last);
        walk.u64(&mut self.since);
        walk.f64(&mut self.value);
        walk.f64(&mut self.per_minute);
        walk.bool(&mut self.known);
    }

    /// What the operand did while nobody looked is no rate of change: it goes on from the next value.
    pub(super) fn after_gap(&mut self) {
        (self.last, self.since) = (NEVER, NEVER);
    }

    /// As it stands; bad while it is not known.
    pub(crate) fn read(&self, quality: Quality) -> Slot {
        let quality = if self.known { quality } else { quality.worst(Quality::BadCalculation) };
        Slot { value: self.per_minute, quality }
    }

    pub(super) fn follow(&mut self, operand: Slot, ms: u32, now: Now) -> Slot {
        if operand.quality.is_bad() {
            // A field that has not answered yet was not lost.
            if operand.quality != Quality::BadWaitingForInitialData {
                *self = Self::ANEW;
            }
            return Slot { value: 0.0, quality: operand.quality };
        }
        if self.last == NEVER {
            *self = Self { last: now.tick, since: now.tick, value: operand.value, ..*self };
        }
        let dt_ms = now.since_ms(self.last) as f64;
        if dt_ms > 0.0 {
            let slope = (operand.value - self.value) / dt_ms * MINUTE_MS;
            self.per_minute -= libm::expm1(-dt_ms / f64::from(ms.max(1))) * (slope - self.per_minute);
            self.value = operand.value;
            self.last = now.tick;
            self.known |= now.since_ms(self.since) >= u64::from(ms);
        }
        if !self.per_minute.is_finite() {
            *self = Self::ANEW;
            return Slot::BAD;
        }
        let Slot { value, quality } = self.read(operand.quality);
        arithmetic(value, quality)
    }
}
