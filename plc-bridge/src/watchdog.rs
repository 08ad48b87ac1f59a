//! Does the controller live? The PLC's side of the heartbeat, as a pure state machine.
//!
//! ```text
//!              first heartbeat            heartbeat unchanged for `limit`
//!   Unarmed ───────────────────► Alive ───────────────────────────────────► Fired
//!                                  ▲                                          │
//!                                  └──────────── heartbeat moves ─────────────┘
//! ```
//!
//! * **Unarmed**: no controller has been here yet. Outputs hold what the memory was born with, so a
//!   simulated plant can start warm, and an engineer may write outputs by hand. A heartbeat arms when it
//!   differs from the 0 that the memory was born with: who writes back what stands there only tries whether
//!   the PLC can be written.
//! * **Alive**: only a heartbeat that differs from the one before counts as life; a value that is
//!   written again and again is a dead scan behind a living connection.
//! * **Fired**: every output stands at its fail value, and stays there. Writes to outputs are refused.
//!   The first heartbeat that differs lifts the refusal, and each output keeps its fail value until
//!   the controller writes it again. A write that carries heartbeat and outputs together counts its
//!   heartbeat first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchdogState {
    Unarmed,
    Alive,
    Fired,
}

#[derive(Debug)]
pub(crate) struct Watchdog {
    limit: Duration,
    state: WatchdogState,
    value: u32,
    moved_at: Duration,
}

impl Watchdog {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, state: WatchdogState::Unarmed, value: 0, moved_at: Duration::ZERO }
    }

    pub(crate) fn state(&self) -> WatchdogState {
        self.state
    }

    pub(crate) fn beat(&mut self, value: u32, now: Duration) {
        if value != self.value {
            self.state = WatchdogState::Alive;
            self.value = value;
            self.moved_at = now;
        }
    }

    /// True when it fires at this very look.
    pub(crate) fn poll(&mut self, now: Duration) -> bool {
        let fires = self.state == WatchdogState::Alive && now.saturating_sub(self.moved_at) >= self.limit;
        if fires {
            self.state = WatchdogState::Fired;
        }
        fires
    }
}

/// Monotonic time since some fixed moment: the machine's, or one that a test turns by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    Machine(Instant),
    Manual(Arc<AtomicU64>),
}

impl Clock {
    pub fn machine() -> Self {
        Self::Machine(Instant::now())
    }

    /// Starts at zero and moves only with [`Clock::advance`].
    pub fn manual() -> Self {
        Self::Manual(Arc::new(AtomicU64::new(0)))
    }

    pub fn now(&self) -> Duration {
        match self {
            Self::Machine(start) => start.elapsed(),
            Self::Manual(nanoseconds) => Duration::from_nanos(nanoseconds.load(Ordering::Acquire)),
        }
    }

    /// Turns a manual clock; the machine's own turns by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(nanoseconds) = self {
            nanoseconds.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(2);

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn nothing_fires_before_the_first_heartbeat() {
        let mut watchdog = Watchdog::new(LIMIT);
        assert!(!watchdog.poll(at(1_000_000)));
        assert_eq!(watchdog.state(), WatchdogState::Unarmed);
    }

    #[test]
    fn the_first_heartbeat_that_differs_from_what_stood_there_arms() {
        let mut watchdog = Watchdog::new(LIMIT);
        watchdog.beat(0, at(5));
        assert_eq!(watchdog.state(), WatchdogState::Unarmed);
        watchdog.beat(1, at(10));
        assert_eq!(watchdog.state(), WatchdogState::Alive);
        assert!(!watchdog.poll(at(2_009)));
        assert!(watchdog.poll(at(2_010)));
        assert!(!watchdog.poll(at(2_011)), "it fires once");
    }

    #[test]
    fn a_heartbeat_that_stands_still_is_no_life() {
        let mut watchdog = Watchdog::new(LIMIT);
        for moment in (0..2_000).step_by(100) {
            watchdog.beat(7, at(moment));
            assert!(!watchdog.poll(at(moment)));
        }
        assert!(watchdog.poll(at(2_000)));
        watchdog.beat(7, at(2_100));
        assert_eq!(watchdog.state(), WatchdogState::Fired);
        watchdog.beat(8, at(2_200));
        assert_eq!(watchdog.state(), WatchdogState::Alive);
    }
}
