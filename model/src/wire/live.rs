//! What changes while the plant runs: values, alarms, batches, events, commands, history.

use alloc::{string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::{
    Action, AlarmId, AlarmState, BlockId, InterlockId, Limited, PhaseId, PointId, ProcState, Quality,
    RecipeId, Unit,
};

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub user: String,
    pub password: String,
}

/// A one-time password must be changed before anything else is answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChange {
    pub old: String,
    pub new: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub token: String,
    pub user: String,
    pub role: Role,
    pub expires_ms: i64,
}

// Debug by hand: a password or a token must not reach a log by way of a `{:?}`.

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .field("role", &self.role)
            .field("expires_ms", &self.expires_ms)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorReply {
    /// What happened and what to do next.
    pub error: String,
    /// With a 503 of a command that has acted all the same, though the journal could not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<CommandReply>,
}

/// Over the WebSocket, server to client. The client sends nothing but pongs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
// Nearly every message is a frame, and none is kept: a box would only be one more allocation.
#[allow(clippy::large_enum_variant)]
pub enum ServerMessage {
    Frame(Frame),
    Event(EventRecord),
    /// Another plant is in force: every id may mean something else. The last message; read the plant
    /// again (`GET /plant`) and open a new connection.
    PlantChanged {
        /// Of the plant that is in force now.
        hash: String,
    },
}

/// The plant at one scan. `None` means: as in the frame before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub tick: u64,
    pub time_ms: i64,
    /// Every value, not only the changed ones.
    pub full: bool,
    pub values: Vec<PointValue>,
    /// Every alarm that is not normal.
    pub alarms: Option<Vec<AlarmStatus>>,
    /// Every interlock.
    pub interlocks: Option<Vec<InterlockStatus>>,
    /// Every control recipe that stands on a unit.
    pub batches: Option<Vec<BatchStatus>>,
    /// Every tag that is forced.
    #[serde(default)]
    pub forced: Option<Vec<ForceStatus>>,
    /// Every device and loop that is out of service.
    #[serde(default)]
    pub out_of_service: Option<Vec<ServiceStatus>>,
    /// Every value that is limited, in the order of the points.
    #[serde(default)]
    pub limited: Option<Vec<LimitedPoint>>,
    pub system: SystemStatus,
}

/// One value as a short JSON array: `[point, value, quality]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointValue(pub PointId, pub f64, pub Quality);

/// A value that can move no further in one direction, or not at all: `[point, "low" | "high" | "constant"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitedPoint(pub PointId, pub Limited);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmStatus {
    pub alarm: AlarmId,
    pub state: AlarmState,
    /// The condition stands at this moment.
    pub active: bool,
    /// When it last became unacknowledged.
    pub since_ms: i64,
    pub acknowledged_by: Option<String>,
    /// For a shelved alarm: when it comes back.
    pub shelved_until_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterlockStatus {
    pub interlock: InterlockId,
    pub tripped: bool,
    /// The cause stands at this moment.
    pub active: bool,
    /// Cause number that was first out at the last trip.
    pub first_out: Option<u16>,
    /// Why that one counted as standing, when a bad input and not its condition was it: `LT-1 bad: sensor failure, counts as standing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<String>,
    pub since_ms: i64,
    pub bypassed_until_ms: Option<i64>,
    /// Who bypassed it.
    #[serde(default)]
    pub bypassed_by: Option<String>,
}

/// A tag that a person forces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForceStatus {
    pub point: PointId,
    pub value: f64,
    /// What the field says of an input meanwhile, and how far that may be trusted.
    pub raw: Option<f64>,
    pub raw_quality: Option<Quality>,
    pub since_ms: i64,
    /// When it ends by itself.
    pub until_ms: i64,
    /// Who forced it.
    pub by: String,
    /// The device that is simulated: the value follows its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<BlockId>,
}

/// A device or a loop that a person has taken out of service. It comes back only by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    pub block: BlockId,
    /// Since when, and by whom; nobody when a phase did it, whose events tell.
    pub since_ms: Option<i64>,
    pub by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchStatus {
    pub recipe: RecipeId,
    pub batch: u32,
    pub state: ProcState,
    pub since_ms: i64,
    /// One per node of the recipe's procedure.
    pub nodes: Vec<NodeStatus>,
    /// One per parameter of the recipe.
    pub parameters: Vec<f64>,
    pub phase: Option<PhaseStatus>,
    /// Why it is held, if it is.
    pub cause: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeStatus {
    pub state: ProcState,
    pub elapsed_ms: u64,
}

/// The phase that runs, and what it waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseStatus {
    pub phase: PhaseId,
    pub state: ProcState,
    pub step: u16,
    pub step_text: String,
    pub step_elapsed_ms: u64,
    /// The transition with live values: `AT-341 < 1 %vol for 30 s: now 4.2 %vol`.
    pub waiting: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SystemStatus {
    /// Share of the base period that the scan needs, percent.
    pub scan_load_percent: f64,
    pub scan_us_max: f64,
    pub overruns: u64,
    pub late_ticks: u64,
    /// When a scan last took longer than the base period, and when one last began late.
    #[serde(default)]
    pub overrun_at_ms: Option<i64>,
    #[serde(default)]
    pub late_at_ms: Option<i64>,
    /// By how much the latest scans woke after their time: half of them, 99 of 100, all.
    #[serde(default)]
    pub late_us_p50: f64,
    #[serde(default)]
    pub late_us_p99: f64,
    #[serde(default)]
    pub late_us_max: f64,
    /// Samples, events or journal records that a full ring swallowed.
    pub lost: u64,
    pub links_up: u32,
    pub links: u32,
    /// What is wrong with links now; those without trouble are not listed.
    #[serde(default)]
    pub link_troubles: Vec<LinkTrouble>,
    /// `SCHED_FIFO 80, memory locked`, or what is missing and why.
    pub real_time: String,
    /// How long ago the journal last reached the disk.
    pub journal_age_ms: u64,
    /// The disk is full, and how much room the journal has kept for that; absent while there is room, or nobody can know.
    #[serde(default)]
    pub disk_full: Option<String>,
    /// Why the journal cannot be written, and what to do; absent while it can.
    #[serde(default)]
    pub journal_error: Option<String>,
    /// The same of the audit log, with the number of entries that wait in memory; or that it was found cut or written
    /// anew at the start.
    #[serde(default)]
    pub audit_error: Option<String>,
    /// By how much the controller's time (that of frames, events and history) is ahead of the clock of its machine;
    /// negative when it is behind.
    #[serde(default)]
    pub clock_ahead_ms: i64,
    pub uptime_ms: u64,
    pub sessions: u32,
}

/// Why a link is down, or what its device refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTrouble {
    /// `PLC-300`
    pub device: String,
    /// With the device's own word for it where it has said one: a Modbus exception, an OPC UA status, by name.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandRequest {
    pub action: Action,
    /// Why, in the words of the person; kept in the audit log.
    #[serde(default)]
    pub reason: String,
    /// Hash of the plant that the ids are of. Once the plant was changed while it runs, a command without it
    /// is refused, and one with another than that in force always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plant: String,
}

impl CommandRequest {
    pub fn new(action: Action, reason: impl Into<String>) -> Self {
        Self { action, reason: reason.into(), plant: String::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandReply {
    pub accepted: bool,
    /// `FIC-301.SP 11.0 -> 11.2 m3/h`, or which rule refused it.
    pub message: String,
    pub tick: u64,
    pub time_ms: i64,
    /// The scan has done it, but the journal cannot be written: a controller that restarts before it can be
    /// does not know of it. Such an answer comes as the `reply` of a 503.
    #[serde(default)]
    pub unrecorded: bool,
}

/// One line of the journal that people read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    pub time_ms: i64,
    pub kind: EventKind,
    pub tag: String,
    /// Ready to read: `HI 88.7 % (limit 85.0)`.
    pub text: String,
    pub user: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Alarm,
    Operator,
    Mode,
    Interlock,
    Batch,
    Link,
    System,
}

impl EventKind {
    pub const ALL: [Self; 7] =
        [Self::Alarm, Self::Operator, Self::Mode, Self::Interlock, Self::Batch, Self::Link, Self::System];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::Operator => "OPER",
            Self::Mode => "MODE",
            Self::Interlock => "TRIP",
            Self::Batch => "BATCH",
            Self::Link => "LINK",
            Self::System => "SYSTEM",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(text))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryReply {
    pub point: String,
    pub unit: Unit,
    /// Raw samples, or one column per interval when columns were asked for.
    pub samples: Vec<HistorySample>,
    /// Spans in which nothing was recorded because the recorder was not running or lost samples.
    pub gaps: Vec<(i64, i64)>,
}

/// `min` = `max` = `value` for a raw sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistorySample {
    pub time_ms: i64,
    pub value: f64,
    pub min: f64,
    pub max: f64,
    pub quality: Quality,
}

#[cfg(test)]
mod tests {
    use super::{Login, PasswordChange, Session};
    use crate::wire::Role;
    use std::format;

    #[test]
    fn no_secret_stands_in_a_debug_text() {
        let secret = || "s3cret-w0rd".into();
        let login = Login { user: "jane".into(), password: secret() };
        let change = PasswordChange { old: secret(), new: secret() };
        let session = Session { token: secret(), user: "jane".into(), role: Role::Operator, expires_ms: 7 };
        let text = format!("{login:?} {change:?} {session:?}");
        assert!(text.contains("jane") && !text.contains("s3cret-w0rd"), "{text}");
    }
}
