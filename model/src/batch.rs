//! Procedural states and commands of ISA-88 (the state model of IEC 61512-1, with its hold,
//! stop and abort branches).

use serde::{Deserialize, Serialize};

/// State of a phase, and of every procedural element above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ProcState {
    #[default]
    Idle = 0,
    Running = 1,
    Holding = 2,
    Held = 3,
    Restarting = 4,
    Pausing = 5,
    Paused = 6,
    Stopping = 7,
    Stopped = 8,
    Aborting = 9,
    Aborted = 10,
    Complete = 11,
}

impl ProcState {
    pub const ALL: [Self; 12] = [
        Self::Idle,
        Self::Running,
        Self::Holding,
        Self::Held,
        Self::Restarting,
        Self::Pausing,
        Self::Paused,
        Self::Stopping,
        Self::Stopped,
        Self::Aborting,
        Self::Aborted,
        Self::Complete,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::Running => "RUNNING",
            Self::Holding => "HOLDING",
            Self::Held => "HELD",
            Self::Restarting => "RESTARTING",
            Self::Pausing => "PAUSING",
            Self::Paused => "PAUSED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
            Self::Aborting => "ABORTING",
            Self::Aborted => "ABORTED",
            Self::Complete => "COMPLETE",
        }
    }

    /// Nothing more happens without a reset or a new start.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Aborted | Self::Complete)
    }

    /// Has been started and is not yet final.
    pub const fn is_active(self) -> bool {
        !self.is_final() && !matches!(self, Self::Idle)
    }

    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::Aborted)
    }

    /// The orders that this state takes.
    pub fn takes(self) -> impl Iterator<Item = ProcOrder> {
        ProcOrder::ALL.into_iter().filter(move |order| self.after(*order).is_some())
    }

    /// What `order` makes of this state, or `None` when the state model forbids it.
    pub const fn after(self, order: ProcOrder) -> Option<Self> {
        use ProcState as S;
        match (order, self) {
            (ProcOrder::Start, S::Idle) => Some(S::Running),
            (ProcOrder::Hold, S::Running | S::Pausing | S::Paused | S::Restarting) => Some(S::Holding),
            (ProcOrder::Restart, S::Held) => Some(S::Restarting),
            (ProcOrder::Pause, S::Running) => Some(S::Pausing),
            (ProcOrder::Resume, S::Pausing | S::Paused) => Some(S::Running),
            (ProcOrder::Stop, S::Running | S::Holding | S::Held | S::Restarting | S::Pausing | S::Paused) => {
                Some(S::Stopping)
            }
            (
                ProcOrder::Abort,
                S::Running | S::Holding | S::Held | S::Restarting | S::Pausing | S::Paused | S::Stopping,
            ) => Some(S::Aborting),
            (ProcOrder::Reset, S::Stopped | S::Aborted | S::Complete) => Some(S::Idle),
            _ => None,
        }
    }
}

/// What a person, or the level above, may order of a procedural element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ProcOrder {
    Start = 0,
    Hold = 1,
    Restart = 2,
    Pause = 3,
    Resume = 4,
    Stop = 5,
    Abort = 6,
    Reset = 7,
}

impl ProcOrder {
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::Hold,
        Self::Restart,
        Self::Pause,
        Self::Resume,
        Self::Stop,
        Self::Abort,
        Self::Reset,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Hold => "hold",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Abort => "abort",
            Self::Reset => "reset",
        }
    }
}

/// A number for the next batch: seconds since 2026, which rise and stay apart from those of all batches that ever were,
/// whoever gives them. One that is taken is passed over.
pub fn next_batch(time_ms: i64, taken: impl Fn(u32) -> bool) -> u32 {
    let seconds = time_ms.saturating_sub(YEAR_2026_MS) / 1000;
    let first = u32::try_from(seconds).unwrap_or(0).max(1);
    let free = |number: &u32| !taken(*number);
    (first..=u32::MAX).chain(1..first).find(free).unwrap_or(first)
}

const YEAR_2026_MS: i64 = 1_767_225_600_000;

#[cfg(test)]
mod tests {
    use super::{ProcOrder, ProcState, YEAR_2026_MS, next_batch};

    #[test]
    fn batch_numbers_rise_with_time_and_pass_over_those_that_are_taken() {
        let at = |seconds: i64| YEAR_2026_MS + seconds * 1000 + 999;
        assert_eq!(next_batch(at(86_400), |_| false), 86_400);
        assert_eq!(next_batch(at(86_401), |_| false), 86_401);
        assert_eq!(next_batch(at(86_400), |number| number < 86_403), 86_403);
        for early in [0, i64::MIN, YEAR_2026_MS - 1] {
            assert_eq!(next_batch(early, |_| false), 1, "a clock that is wrong");
        }
        assert_eq!(next_batch(i64::MAX, |number| number == 1), 2);
    }

    #[test]
    fn final_states_take_only_a_reset() {
        for state in ProcState::ALL.into_iter().filter(|state| state.is_final()) {
            for order in ProcOrder::ALL {
                assert_eq!(state.after(order).is_some(), order == ProcOrder::Reset, "{state:?} {order:?}");
            }
        }
    }

    #[test]
    fn every_active_state_but_aborting_can_be_aborted() {
        for state in ProcState::ALL.into_iter().filter(|state| state.is_active()) {
            let expected = (state != ProcState::Aborting).then_some(ProcState::Aborting);
            assert_eq!(state.after(ProcOrder::Abort), expected, "{state:?}");
        }
    }

    #[test]
    fn codes_read_back() {
        for state in ProcState::ALL {
            assert_eq!(ProcState::from_code(state as u8), state);
        }
    }
}
