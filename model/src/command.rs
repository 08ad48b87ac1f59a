//! What people, recipes and programs ask of the plant, and how it may be refused.
//!
//! Commands are `Copy`: they cross into the scan through a bounded ring, and nothing is freed there.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::{AlarmId, BlockId, Experiment, InterlockId, Mode, PhaseId, PointId, ProcOrder, RecipeId, UserId};

/// One request to the scan. `id` comes back in [`crate::EventBody::Command`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub id: u64,
    pub user: UserId,
    pub action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Set point, manual output, tuning parameter, device command, manual entry.
    Write {
        point: PointId,
        value: f64,
    },
    Mode {
        block: BlockId,
        mode: Mode,
    },
    Acknowledge {
        alarm: AlarmId,
    },
    /// Hide for a bounded time. `for_ms` 0 takes it off the shelf.
    Shelve {
        alarm: AlarmId,
        for_ms: u32,
    },
    /// Let a latched interlock go; refused while its cause stands.
    ResetInterlock {
        interlock: InterlockId,
    },
    /// Take an interlock out for a bounded time. `for_ms` 0 puts it back.
    Bypass {
        interlock: InterlockId,
        for_ms: u32,
    },
    /// Put a master recipe on its unit as a new control recipe, idle, with its default parameters.
    /// `batch` is the number that the batch will carry.
    Prepare {
        recipe: RecipeId,
        batch: u32,
    },
    /// Parameter of the prepared control recipe, by position in the recipe.
    Parameter {
        recipe: RecipeId,
        parameter: u16,
        value: f64,
    },
    /// Order to the control recipe that stands on the recipe's unit.
    Batch {
        recipe: RecipeId,
        order: ProcOrder,
    },
    /// Order to a single phase, when no batch owns it.
    Phase {
        phase: PhaseId,
        order: ProcOrder,
    },
    /// Begin a tuning experiment on a loop.
    Experiment {
        block: BlockId,
        plan: Experiment,
    },
    /// End it: the output goes back to where it was, the loop to its mode.
    EndExperiment {
        block: BlockId,
    },
    /// Put a value in place of what the field says of an input, or of what it is told of an output, for a
    /// bounded time.
    Force {
        point: PointId,
        value: f64,
        for_ms: u32,
    },
    /// Let the feedbacks of a device follow its order instead of the field, for a bounded time. `for_ms` 0 ends it.
    Simulate {
        block: BlockId,
        for_ms: u32,
    },
    /// End a force: the input is again what the field says, the output whoever drives it.
    Unforce {
        point: PointId,
    },
}

/// Why the scan refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Refusal {
    Unknown = 1,
    NotWritable,
    NotANumber,
    BelowLimit,
    AboveLimit,
    WrongMode,
    ModeNotPermitted,
    OwnedByPhase,
    Interlocked,
    NotPermitted,
    CauseStands,
    NothingToDo,
    NotInThisState,
    UnitBusy,
    TooMany,
    NotForceable,
    Forced,
    DefeatsInterlock,
    ForceTime,
    ForcesFull,
    NotReady,
    OutOfService,
    NoFeedback,
    Simulated,
    NoTest,
    WouldTrip,
    Follows,
    NumberTaken,
}

impl Refusal {
    pub const ALL: [Self; 28] = [
        Self::Unknown,
        Self::NotWritable,
        Self::NotANumber,
        Self::BelowLimit,
        Self::AboveLimit,
        Self::WrongMode,
        Self::ModeNotPermitted,
        Self::OwnedByPhase,
        Self::Interlocked,
        Self::NotPermitted,
        Self::CauseStands,
        Self::NothingToDo,
        Self::NotInThisState,
        Self::UnitBusy,
        Self::TooMany,
        Self::NotForceable,
        Self::Forced,
        Self::DefeatsInterlock,
        Self::ForceTime,
        Self::ForcesFull,
        Self::NotReady,
        Self::OutOfService,
        Self::NoFeedback,
        Self::Simulated,
        Self::NoTest,
        Self::WouldTrip,
        Self::Follows,
        Self::NumberTaken,
    ];

    pub fn from_code(code: u8) -> Self {
        Self::ALL.into_iter().find(|refusal| *refusal as u8 == code).unwrap_or(Self::Unknown)
    }

    /// What happened and what to do, for the operator.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "no such item in this plant; reload the display",
            Self::NotWritable => "this value is measured or calculated; it cannot be written",
            Self::NotANumber => "not a number",
            Self::BelowLimit => "below the low limit",
            Self::AboveLimit => "above the high limit",
            Self::WrongMode => "not in this mode; change the mode first",
            Self::ModeNotPermitted => "the block is not configured for that mode",
            Self::OwnedByPhase => "a phase owns this; hold or stop the batch first",
            Self::Interlocked => "an interlock holds it; clear the cause and reset",
            Self::NotPermitted => "a permissive is missing; see why on the faceplate",
            Self::CauseStands => "the cause still stands",
            Self::NothingToDo => "nothing to do: it is already so",
            Self::NotInThisState => "the state model does not allow this order now",
            Self::UnitBusy => "the unit is busy with another batch",
            Self::TooMany => "too many commands at once; try again",
            Self::NotForceable => "only what comes from the field or goes to it can be forced",
            Self::Forced => "it is forced; release it first",
            Self::DefeatsInterlock => "an interlock that may not be bypassed reads it",
            Self::ForceTime => "a force has an end, at most 8 h from now",
            Self::ForcesFull => "so many tags are forced that there is no room; release one first",
            Self::NotReady => "the field has not delivered yet; try again in some seconds",
            Self::NoTest => "its text declares no such test",
            Self::WouldTrip => "an interlock watches it and could trip; bypass that first",
            Self::Follows => {
                "it follows what it drives: the loop below does not listen, its device is lost, or `track` dictates its output"
            }
            Self::NoFeedback => "no feedback of it comes from the field",
            Self::Simulated => "its device is simulated; end that first",
            Self::OutOfService => "it is out of service: order manual first",
            Self::NumberTaken => "another batch has this number; give it the next one",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
