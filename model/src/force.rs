//! Forcing: a value that a person puts for a time in place of what the field says, or of what it is told.

use serde::{Deserialize, Serialize};

use crate::{BlockId, InterlockId};

/// What a force reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForceChange {
    /// The value stands; a second force of the same tag takes the place of the first.
    Began {
        value: f64,
        for_ms: u32,
    },
    /// The value stands and follows the order of this device from now on.
    Simulated {
        block: BlockId,
        for_ms: u32,
    },
    Ended {
        reason: ForceEnd,
    },
}

/// Why a force ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForceEnd {
    /// A person took it off.
    Released,
    /// Its time was up.
    Expired,
    /// An interlock put the output elsewhere. The force does not come back when it lets go.
    Interlocked { interlock: InterlockId },
    /// The device came back with the output elsewhere, where it was taken over.
    TakenOver,
}
