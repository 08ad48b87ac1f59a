//! What the server asks of the plant. The running controller answers it, and a scripted one in tests.

use std::net::IpAddr;
use std::sync::Arc;

use model::wire::{
    CommandReply, CommandRequest, EventRecord, Frame, HistoryReply, PlantChange, PlantPlan, PlantView, Role,
    SimulatorStatus, TimeRequest, Why,
};
use tokio::sync::{broadcast, watch};

/// The way from the API to the plant.
pub trait Backend: Send + Sync + 'static {
    /// The plant that is in force. It is another one when the plant was changed while it runs.
    fn in_force(&self) -> Arc<InForce>;

    /// Events as they happen. A receiver that lags loses the oldest, and its client is told.
    fn events(&self) -> broadcast::Receiver<EventRecord>;

    /// Carries a command to the scan. Resolves after the journal holds it, or with a refusal.
    /// The caller's role has been checked, and the ids of the action exist in the plant that
    /// `request.plant` names; when that is not in force any more, nothing may be done.
    fn execute(&self, who: Who, request: CommandRequest) -> impl Future<Output = CommandReply> + Send;

    /// Newest first, at most `max`.
    fn event_log(&self, query: EventQuery) -> impl Future<Output = Result<Vec<EventRecord>, String>> + Send;

    fn history(&self, query: HistoryQuery)
    -> impl Future<Output = Result<HistoryReply, HistoryError>> + Send;

    /// `None` when the backend knows no block, interlock or phase of that name.
    fn why(&self, name: &str) -> Option<Why>;

    /// What another plant would change at this moment, or why there is none.
    fn plan(&self, change: PlantChange) -> impl Future<Output = Result<PlantPlan, String>> + Send;

    /// Puts another plant in force. Resolves when it is, or with a refusal; the backend keeps both.
    /// The caller's role has been checked.
    fn apply(&self, who: Who, change: PlantChange) -> impl Future<Output = CommandReply> + Send;

    /// How the simulated plant beside this controller is; why there is nothing to tell where none runs.
    fn simulator(&self) -> impl Future<Output = Result<SimulatorStatus, String>> + Send;

    /// Moves the time of the simulated plant, or refuses. The caller's role has been checked.
    fn move_time(&self, who: Who, request: TimeRequest) -> impl Future<Output = CommandReply> + Send;

    /// Keeps what people tried. Must not block: it is called on the server's own tasks.
    fn audit(&self, record: AuditRecord);
}

/// A plant, and the frames whose ids are indices into it.
#[derive(Debug)]
pub struct InForce {
    pub plant: Arc<PlantView>,
    /// The newest frame, about ten times a second: `full`, and every `Option` is `Some`. It ends when
    /// another plant has taken this one's place.
    pub frames: watch::Receiver<Arc<Frame>>,
    /// How many plants were in force before it since the start.
    pub changes: u64,
}

/// The person behind a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub user: String,
    pub role: Role,
    pub address: IpAddr,
}

/// Times are inclusive, milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    pub from_ms: i64,
    pub to_ms: i64,
    /// Only events of this tag, as the plant writes it.
    pub tag: Option<String>,
    pub max: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// As the plant writes it: an index could be another point's by the time it is read.
    pub point: String,
    pub from_ms: i64,
    pub to_ms: i64,
    /// One sample per interval of the span; raw samples without.
    pub columns: Option<u32>,
    /// Beyond so many the answer is [`HistoryError::TooMany`].
    pub max_samples: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    #[error("no history is kept of this point; its value is in the snapshot")]
    NotRecorded,
    #[error("more than {max} samples; ask for a shorter span or for columns")]
    TooMany { max: usize },
    #[error("the history cannot be read: {0}")]
    Failed(String),
}

/// One thing that somebody tried at the door.
///
/// Commands that reach [`Backend::execute`] are not repeated here: the backend has them with their
/// outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    pub time_ms: i64,
    /// Empty when the name belongs to nobody: people type passwords into the wrong field.
    pub user: String,
    pub role: Option<Role>,
    pub address: IpAddr,
    pub kind: AuditKind,
    /// Ready to read.
    pub text: String,
    /// Why, in the words of the person, if there was a place for it.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditKind {
    Login,
    LoginRefused,
    Logout,
    PasswordChanged,
    PasswordRefused,
    CommandRefused,
}

impl AuditKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginRefused => "login refused",
            Self::Logout => "logout",
            Self::PasswordChanged => "password changed",
            Self::PasswordRefused => "password change refused",
            Self::CommandRefused => "command refused",
        }
    }
}
