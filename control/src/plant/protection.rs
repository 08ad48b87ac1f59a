//! Alarms and interlocks.

use alloc::{string::String, vec::Vec};
use model::wire::{AlarmKind, Role};
use model::{BlockId, PhaseId, PointId, Priority};

use super::Expr;

#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub name: String,
    pub tag: String,
    pub area: String,
    pub equipment: Option<String>,
    pub kind: AlarmKind,
    pub priority: Priority,
    pub condition: AlarmCondition,
    pub on_delay_ms: u32,
    pub off_delay_ms: u32,
    pub enable: Option<Expr>,
    pub text: String,
    pub cause: String,
    pub consequence: String,
    pub response: String,
    pub time_to_respond: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AlarmCondition {
    /// A bad value does not alarm here; the link and fault alarms do.
    Above {
        point: PointId,
        limit: f64,
        deadband: f64,
    },
    Below {
        point: PointId,
        limit: f64,
        deadband: f64,
    },
    Deviation {
        pv: PointId,
        sp: PointId,
        limit: f64,
        deadband: f64,
    },
    When(Expr),
    /// A device's FAIL point, or a link that is 0.
    Fault {
        point: PointId,
        faulty_at: f64,
    },
}

impl Alarm {
    /// The point that the alarm is about, if it is about one.
    pub fn point(&self) -> Option<PointId> {
        match &self.condition {
            AlarmCondition::Above { point, .. }
            | AlarmCondition::Below { point, .. }
            | AlarmCondition::Fault { point, .. } => Some(*point),
            AlarmCondition::Deviation { pv, .. } => Some(*pv),
            AlarmCondition::When(_) => None,
        }
    }

    pub fn limit(&self) -> Option<f64> {
        match &self.condition {
            AlarmCondition::Above { limit, .. }
            | AlarmCondition::Below { limit, .. }
            | AlarmCondition::Deviation { limit, .. } => Some(*limit),
            AlarmCondition::When(_) | AlarmCondition::Fault { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Interlock {
    pub name: String,
    pub description: String,
    pub area: String,
    pub equipment: Option<String>,
    pub causes: Vec<Cause>,
    pub actions: Vec<Forcing>,
    /// The phase that a trip starts.
    pub start: Option<PhaseId>,
    /// Stays tripped until somebody resets it.
    pub latched: bool,
    /// Least role that may bypass; `None`: never.
    pub bypass: Option<Role>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    pub when: Expr,
    pub text: String,
    pub show: Option<PointId>,
    /// A cause whose inputs are bad counts as standing.
    pub trips_on_bad: bool,
}

/// What an interlock dictates, every scan while it is tripped.
#[derive(Clone, Debug, PartialEq)]
pub struct Forcing {
    /// An output tag, or the command point of a device (then `out` of the device is forced too).
    pub point: PointId,
    pub device: Option<BlockId>,
    pub value: f64,
    pub text: String,
}
