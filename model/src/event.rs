//! What the scan reports: every change that a person or an auditor may ask about.

use serde::{Deserialize, Serialize};

use crate::{
    AlarmId, AlarmState, BlockId, Command, DeviceId, ExperimentChange, ForceChange, InterlockId, Mode,
    PhaseId, PointId, ProcState, Quality, RecipeId, Refusal, UserId,
};

/// One event, at the tick of the scan that made it. `Copy`, for the ring out of the scan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub tick: u64,
    pub body: EventBody,
}

/// Why a device that answers is not to be relied on. It travels to the scan as the quality of a link that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkDoubt {
    /// It refuses outputs, and holds what it has.
    Refuses,
    /// Another client moves its heartbeat, so most likely its outputs as well.
    Contested,
}

impl LinkDoubt {
    pub const fn quality(self) -> Quality {
        match self {
            Self::Refuses => Quality::UncertainSubNormal,
            Self::Contested => Quality::UncertainLastUsable,
        }
    }

    /// Of a link that is up with this quality.
    pub fn of(quality: Quality) -> Option<Self> {
        match quality {
            Quality::UncertainLastUsable => Some(Self::Contested),
            doubtful => doubtful.is_uncertain().then_some(Self::Refuses),
        }
    }
}

/// An action of a phase that cannot be done: its place in its step, and the rule that forbids it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAction {
    pub action: u16,
    pub by: Refusal,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    Alarm {
        alarm: AlarmId,
        from: AlarmState,
        to: AlarmState,
        value: f64,
        user: UserId,
    },
    /// The answer to a command: what stood before, or why it was refused. `old` of a refused order to a batch or a phase
    /// is what stands against it: its state, or the number of the batch, recipe or phase that is in the way; below zero
    /// when there is nothing that could obey.
    Command {
        command: Command,
        old: f64,
        refused: Option<Refusal>,
    },
    /// A mode changed by itself: shed on bad input, tracking, initialising.
    Mode {
        block: BlockId,
        from: Mode,
        to: Mode,
    },
    /// A device did not follow its command, or does again.
    Device {
        block: BlockId,
        failed: bool,
    },
    Interlock {
        interlock: InterlockId,
        change: InterlockChange,
    },
    /// What a tripped interlock has made of a motor, a valve or a breaker.
    Dictated {
        block: BlockId,
        on: bool,
        interlock: InterlockId,
    },
    Link {
        device: DeviceId,
        up: bool,
    },
    /// A device that came back held outputs elsewhere than commanded, as a watchdog leaves them.
    /// They were taken over: nothing moves by itself.
    TakenOver {
        device: DeviceId,
        outputs: u16,
    },
    /// The device of this output goes on refusing its command.
    OutputRefused {
        point: PointId,
    },
    /// A device that answers and takes its heartbeat is not to be relied on, or is so again.
    Doubted {
        device: DeviceId,
        doubt: Option<LinkDoubt>,
    },
    Phase {
        phase: PhaseId,
        batch: u32,
        from: ProcState,
        to: ProcState,
        /// The interlock whose trip brought it about.
        #[serde(default)]
        trip: Option<InterlockId>,
    },
    Step {
        phase: PhaseId,
        batch: u32,
        step: u16,
    },
    /// A step did not reach its condition in the time that its text allows.
    StepLate {
        phase: PhaseId,
        batch: u32,
        step: u16,
        /// The action that it could not do, when that is why.
        #[serde(default)]
        refused: Option<RefusedAction>,
    },
    /// An action of a step has been refused for a second. It is tried again until the obstacle goes.
    StepRefused {
        phase: PhaseId,
        batch: u32,
        step: u16,
        refused: RefusedAction,
    },
    Batch {
        recipe: RecipeId,
        batch: u32,
        from: ProcState,
        to: ProcState,
    },
    /// A tuning experiment began, turned or ended.
    Experiment {
        block: BlockId,
        change: ExperimentChange,
    },
    /// A tag of the field was forced, or is no longer. `user` is who forced or released it.
    Force {
        point: PointId,
        change: ForceChange,
        user: UserId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterlockChange {
    /// Tripped by its `cause`-th condition, the first one out; also when it acts again at the end of a bypass.
    Tripped {
        cause: u16,
        /// Why the condition counted as standing, when it was not true.
        #[serde(default)]
        bad: Option<BadInput>,
    },
    /// The condition has gone; a latched interlock waits for its reset.
    Cleared,
    Reset,
    Bypassed,
    /// A cause stands, and so soon the bypass ends and it trips.
    Ending {
        cause: u16,
        left_ms: u64,
    },
    Restored,
}

/// What could not be told: a bad input counts as a cause that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadInput {
    /// The first bad one that the condition reads; none when they are good again and a delay has remembered it.
    pub point: Option<PointId>,
    pub quality: Quality,
}
