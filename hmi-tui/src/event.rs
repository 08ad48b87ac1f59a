//! What comes into the state, and what it asks to be done.

use crossterm::event::KeyEvent;
use model::wire::{
    CommandReply, CommandRequest, EventRecord, HistoryReply, Login, PasswordChange, PlantView, ServerMessage,
    Session, Why,
};

/// One thing that happened. Time comes beside it, in [`crate::update`].
#[derive(Clone, Debug)]
pub enum Event {
    Key(KeyEvent),
    Resize(u16, u16),
    /// Half a second has passed.
    Tick,
    Api(ApiEvent),
}

/// What the client heard from the controller.
#[derive(Clone, Debug)]
pub enum ApiEvent {
    Session(Session),
    /// The controller knows neither this user nor this password.
    LoginRefused(String),
    /// Logged in with a one-time password, or the new one was refused.
    PasswordChangeNeeded(String),
    Plant(Box<PlantView>),
    Message(Box<ServerMessage>),
    /// The live link broke; the client goes on trying.
    Disconnected(String),
    History {
        request: u64,
        result: Result<HistoryReply, String>,
    },
    Events {
        request: u64,
        result: Result<Vec<EventRecord>, String>,
    },
    Why {
        request: u64,
        result: Result<Why, String>,
    },
    Reply {
        request: u64,
        result: Result<CommandReply, String>,
    },
}

/// What the state asks of the world. `request` comes back in the [`ApiEvent`] that answers it.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Login(Login),
    /// The client fills in the old one, which it holds.
    ChangePassword(PasswordChange),
    Command {
        request: u64,
        command: CommandRequest,
    },
    History {
        request: u64,
        point: String,
        from_ms: i64,
        to_ms: i64,
        columns: u32,
    },
    Events {
        request: u64,
        from_ms: i64,
        to_ms: i64,
        tag: Option<String>,
        max: u32,
    },
    Why {
        request: u64,
        name: String,
    },
    Quit,
}
