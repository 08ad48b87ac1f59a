//! Alarms: condition with deadband, delays, and the state table of ISA-18.2.
//!
//! ```text
//!            active                      acknowledge
//!  Normal ─────────────► Unacked ───────────────────► Acked
//!    ▲                      │ clears                    │ clears
//!    │     acknowledge      ▼      ◄── active again     │
//!    ├──────────────── Returned                         │
//!    └──────────────────────────────────────────────────┘
//!  any of these four: shelve ─► Shelved (for a bounded time), `enable` false ─► Suppressed;
//!  from both back to what the condition then asks for. Shelved outlasts suppression.
//! ```
//!
//! A bad value freezes the condition and its delays: it neither raises nor clears an alarm. Bad
//! inputs have their own alarms (link, device fault).

use model::{AlarmState, Quality, Refusal, StateWalk, UserId};

use crate::engine::Gap;
use crate::image::Image;
use crate::machine::{Memory, Now, Truth};
use crate::plant::{Alarm, AlarmCondition, Op};

/// Nobody may hide an alarm for longer: a shift and a half.
pub const SHELVE_MAX_MS: u32 = 12 * 3600 * 1000;

/// State of one alarm, as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmMemory {
    pub state: AlarmState,
    /// The condition stands, delays included.
    pub active: bool,
    /// The condition as it is before the delays: past the limit, or while it is active within the deadband.
    pub raw: bool,
    /// Since which tick `raw` and `active` differ; meaningful while they do.
    pub raw_since: u64,
    /// When it last became unacknowledged, or entered its present quiet state.
    pub since: u64,
    /// Who acknowledged it; meaningful while `Acked`.
    pub user: UserId,
    /// Tick at which it comes off the shelf; meaningful while `Shelved`.
    pub shelved_until: u64,
}

impl Default for AlarmMemory {
    fn default() -> Self {
        Self {
            state: AlarmState::Normal,
            active: false,
            raw: false,
            raw_since: 0,
            since: 0,
            user: UserId::SYSTEM,
            shelved_until: 0,
        }
    }
}

/// What the state table reacts to, apart from the condition itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Acknowledge(UserId),
    /// Until this tick.
    Shelve(u64),
    Unshelve,
}

impl AlarmMemory {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        // One word for what is small: the hash of every scan walks over all alarms.
        let small = u64::from(self.state as u8) << 2 | u64::from(self.active) << 1 | u64::from(self.raw);
        let before = u64::from(self.user.0) << 32 | small;
        let mut word = before;
        walk.u64(&mut word);
        self.walk_rest(walk);
        if word == before {
            return;
        }
        self.user = UserId((word >> 32) as u32);
        self.state = AlarmState::from_code((word >> 2) as u8);
        self.active = word & 2 != 0;
        self.raw = word & 1 != 0;
    }

    fn walk_rest(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.raw_since);
        walk.u64(&mut self.since);
        walk.u64(&mut self.shelved_until);
    }

    /// One scan. Returns the state that it left, when it did; `memory` gets the tick of the next look.
    pub(crate) fn scan(
        &mut self,
        alarm: &Alarm,
        ops: &[Op],
        image: &Image,
        memory: &mut Memory,
        now: Now,
    ) -> Option<AlarmState> {
        match condition(&alarm.condition, self.active, ops, image, memory, now) {
            Some(raw) => {
                let delay_ms = self.delay(raw, alarm, now);
                if raw != self.active {
                    memory.look_at(now.until(self.raw_since, delay_ms));
                }
            }
            // No time passes for the delays.
            None => {
                self.raw_since = now.tick;
                memory.look_at(now.tick.saturating_add(1));
            }
        }
        let enabled = match &alarm.enable {
            None => true,
            // Suppression must be certain: an unknown one does not hide an alarm.
            Some(enable) => memory.truth(ops, enable, image, now) != Truth::False,
        };
        let left = self.settle(enabled, now.tick);
        if self.state == AlarmState::Shelved {
            memory.look_at(self.shelved_until);
        }
        left
    }

    /// Returns the delay that holds now, in milliseconds.
    fn delay(&mut self, raw: bool, alarm: &Alarm, now: Now) -> u32 {
        if raw != self.raw {
            self.raw = raw;
            self.raw_since = now.tick;
        }
        let delay_ms = if raw { alarm.on_delay_ms } else { alarm.off_delay_ms };
        if raw != self.active && now.since_ms(self.raw_since) >= u64::from(delay_ms) {
            self.active = raw;
        }
        delay_ms
    }

    /// A delay that has not run out begins anew.
    pub(crate) fn after_gap(&mut self, gap: Gap) {
        if self.raw != self.active {
            self.raw_since = gap.after.tick;
        }
    }

    /// What happened while nobody could look: the condition counts as having stood, without its delay,
    /// and has gone unless the next scan finds it. Returns the state that it left, when it did.
    pub(crate) fn strike(&mut self, tick: u64) -> Option<AlarmState> {
        (self.raw, self.active) = (true, true);
        self.raw_since = tick;
        match self.state {
            AlarmState::Suppressed => None,
            _ => self.settle(true, tick),
        }
    }

    /// The table's column for the passing of time and the condition.
    pub(crate) fn settle(&mut self, enabled: bool, tick: u64) -> Option<AlarmState> {
        use AlarmState as S;
        let shelf_over = tick >= self.shelved_until;
        let next = match (self.state, enabled, self.active) {
            (S::OutOfService, _, _) => S::OutOfService,
            (S::Shelved, _, _) if !shelf_over => S::Shelved,
            (_, false, _) => S::Suppressed,
            (S::Normal | S::Returned | S::Shelved | S::Suppressed, true, true) => S::Unacked,
            (S::Shelved | S::Suppressed, true, false) => S::Normal,
            (S::Unacked, true, false) => S::Returned,
            (S::Acked, true, false) => S::Normal,
            (state @ (S::Unacked | S::Acked), true, true) => state,
            (state @ (S::Normal | S::Returned), true, false) => state,
        };
        self.enter(next, tick)
    }

    /// The table's columns for what people do. Returns the state that it left.
    pub(crate) fn order(&mut self, order: Order, tick: u64) -> Result<AlarmState, Refusal> {
        use AlarmState as S;
        let next = match (order, self.state) {
            (Order::Acknowledge(user), S::Unacked) => {
                self.user = user;
                S::Acked
            }
            (Order::Acknowledge(_), S::Returned) => S::Normal,
            (Order::Acknowledge(_), S::Normal | S::Acked | S::Shelved | S::Suppressed | S::OutOfService) => {
                return Err(Refusal::NothingToDo);
            }
            (Order::Shelve(until), S::Normal | S::Unacked | S::Acked | S::Returned | S::Shelved) => {
                self.shelved_until = until;
                S::Shelved
            }
            (Order::Shelve(_), S::Suppressed | S::OutOfService) => return Err(Refusal::NotInThisState),
            (Order::Unshelve, S::Shelved) => {
                self.shelved_until = 0;
                if self.active { S::Unacked } else { S::Normal }
            }
            (
                Order::Unshelve,
                S::Normal | S::Unacked | S::Acked | S::Returned | S::Suppressed | S::OutOfService,
            ) => return Err(Refusal::NothingToDo),
        };
        let from = self.state;
        self.enter(next, tick);
        Ok(from)
    }

    fn enter(&mut self, next: AlarmState, tick: u64) -> Option<AlarmState> {
        if next == self.state {
            return None;
        }
        let from = core::mem::replace(&mut self.state, next);
        // Acknowledging and returning do not make an alarm younger.
        if !matches!(next, AlarmState::Acked | AlarmState::Returned) {
            self.since = tick;
        }
        Some(from)
    }
}

/// The condition; nothing when bad values leave it open. The deadband holds what is `active`, delays included: what only
/// waits for its on-delay has to be beyond the limit itself all the while, and what waits for its off-delay beyond the deadband.
fn condition(
    condition: &AlarmCondition,
    active: bool,
    ops: &[Op],
    image: &Image,
    memory: &mut Memory,
    now: Now,
) -> Option<bool> {
    let usable = |quality: Quality| quality.is_usable();
    match condition {
        AlarmCondition::Above { point, limit, deadband } => usable(image.quality(*point))
            .then(|| image.value(*point) >= if active { limit - deadband } else { *limit }),
        AlarmCondition::Below { point, limit, deadband } => usable(image.quality(*point))
            .then(|| image.value(*point) <= if active { limit + deadband } else { *limit }),
        AlarmCondition::Deviation { pv, sp, limit, deadband } => {
            (usable(image.quality(*pv)) && usable(image.quality(*sp))).then(|| {
                let deviation = libm::fabs(image.value(*pv) - image.value(*sp));
                deviation >= if active { limit - deadband } else { *limit }
            })
        }
        AlarmCondition::When(expr) => match memory.truth(ops, expr, image, now) {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Bad => None,
        },
        AlarmCondition::Fault { point, faulty_at } => {
            usable(image.quality(*point)).then(|| image.value(*point) == *faulty_at)
        }
    }
}

/// The value to report with a transition: of the point, the deviation, or the truth of the condition.
pub(crate) fn reported_value(alarm: &Alarm, memory: &AlarmMemory, image: &Image) -> f64 {
    match &alarm.condition {
        AlarmCondition::Above { point, .. }
        | AlarmCondition::Below { point, .. }
        | AlarmCondition::Fault { point, .. } => image.value(*point),
        AlarmCondition::Deviation { pv, sp, .. } => image.value(*pv) - image.value(*sp),
        AlarmCondition::When(_) => f64::from(u8::from(memory.active)),
    }
}

#[cfg(test)]
mod tests;
