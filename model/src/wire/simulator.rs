//! The time of the simulated plant, for trainers: tests, lessons, and whoever cannot wait.

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What the plant's time is told. It moves the plant alone: the controller keeps its own pace, and finds a plant that
/// has jumped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum TimeOrder {
    Pause,
    Resume,
    /// Times real time, 0.1 to 100; `None` is as fast as the machine can.
    Speed {
        times: Option<f64>,
    },
    /// Lets so many seconds of plant time pass at once, at most 600.
    Step {
        seconds: f64,
    },
    /// Takes the plant back by so many seconds, up to two hours.
    Rewind {
        seconds: f64,
    },
    /// Keeps the plant's state under a name.
    Snapshot {
        name: String,
    },
    /// Goes to a state that was kept.
    Restore {
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeRequest {
    pub order: TimeOrder,
    /// Why, in the words of the person; kept in the audit log.
    #[serde(default)]
    pub reason: String,
}

/// How the simulated plant is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulatorStatus {
    pub paused: bool,
    /// Times real time; `None` is as fast as the machine can.
    pub times: Option<f64>,
    /// Plant time since its start, s.
    pub seconds: f64,
    /// So far back it can be rewound, s.
    pub rewindable: f64,
    /// The states that were kept, by name.
    pub snapshots: Vec<String>,
    /// Faults that are on.
    pub faults: Vec<String>,
    /// The worst of its balances, relative.
    pub closure: f64,
}
