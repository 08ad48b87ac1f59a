//! Alarms as in ISA-18.2: priorities, states, and the table of what may follow what.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Priority {
    Critical = 1,
    High = 2,
    Medium = 3,
    Low = 4,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The badge: a shape and a digit, so that it reads without colour.
    pub const fn badge(self) -> &'static str {
        match self {
            Self::Critical => "[1]",
            Self::High => "/2\\",
            Self::Medium => "\\3/",
            Self::Low => "(4)",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.word() == text)
    }
}

/// State of one alarm.
///
/// ```text
///            condition                  ack
///  Normal ─────────────► Unacked ───────────────► Acked
///    ▲                      │ clears                │ clears
///    │        ack           ▼                       │
///    ├──────────────── Returned (RTN)               │
///    └──────────────────────────────────────────────┘
/// ```
/// Shelved, suppressed by design and out of service stand beside it: the condition is still
/// evaluated, and on return the alarm takes the state that the condition then asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum AlarmState {
    #[default]
    Normal = 0,
    Unacked = 1,
    Acked = 2,
    /// The condition has cleared and nobody has acknowledged it.
    Returned = 3,
    Shelved = 4,
    Suppressed = 5,
    OutOfService = 6,
}

impl AlarmState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Unacked => "UNACK",
            Self::Acked => "ACKED",
            Self::Returned => "RTN",
            Self::Shelved => "SHELVED",
            Self::Suppressed => "SUPPRESSED",
            Self::OutOfService => "OUT OF SERVICE",
        }
    }

    /// Stands in the list of active alarms.
    pub const fn is_annunciated(self) -> bool {
        matches!(self, Self::Unacked | Self::Acked | Self::Returned)
    }

    pub const fn needs_acknowledge(self) -> bool {
        matches!(self, Self::Unacked | Self::Returned)
    }

    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Unacked,
            2 => Self::Acked,
            3 => Self::Returned,
            4 => Self::Shelved,
            5 => Self::Suppressed,
            6 => Self::OutOfService,
            _ => Self::Normal,
        }
    }
}
