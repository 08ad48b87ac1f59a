//! The live connection: a full frame, then changes and events, for as long as the session stands.
//!
//! Nothing is queued for a client. A frame is made when the client can take it, from the newest one;
//! what lies between is never sent. Events wait in the backend's bounded ring; who lags loses the
//! oldest and is told how many.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::Uri;
use axum::response::Response;
use model::wire::{EventKind, EventRecord, Frame, ServerMessage};
use serde::Deserialize;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::app::{App, Caller, stopped};
use crate::backend::{Backend, InForce};
use crate::body::read_query;
use crate::difference::Difference;
use crate::error::ApiError;
use crate::limits::LIVE_MESSAGE_BYTES;

/// How long a farewell may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Hash of the plant whose names the client holds.
    plant: Option<String>,
}

pub(crate) async fn live<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Wanted { plant } = read_query(&uri)?;
    let upgrade = upgrade.map_err(|_| ApiError::bad_request("this is a WebSocket: ask for an upgrade"))?;
    let Ok(permit) = Arc::clone(&app.live).try_acquire_owned() else {
        let max = app.options.limits.live_connections;
        return Err(ApiError::busy(format!(
            "all {max} live connections are taken; close one, or try again later"
        )));
    };
    let upgrade =
        upgrade.max_message_size(LIVE_MESSAGE_BYTES).max_frame_size(LIVE_MESSAGE_BYTES).write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let _held = (permit, app.alive.clone());
        tracing::debug!(user = caller.user, address = %caller.address, "live connection opened");
        let (user, address) = (caller.user.clone(), caller.address);
        let end = Live::new(app, caller, plant, socket).run().await;
        tracing::debug!(user, %address, ?end, "live connection closed");
    }))
}

struct Live<B> {
    app: Arc<App<B>>,
    caller: Caller,
    /// The plant whose names the client holds, where it said so.
    plant: Option<String>,
    socket: WebSocket,
    difference: Difference,
    /// Pings since the client was last heard. Counted, not timed, so that a server that was itself
    /// asleep does not drop everybody when it wakes.
    unanswered: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The client left, or its network did.
    Gone,
    /// It did not take what was sent, or did not answer when asked.
    Silent,
    SessionEnded,
    /// It sent what nobody asked for.
    Talks,
    /// Another plant is in force: every id may mean something else.
    PlantChanged,
    Stopping,
}

enum Step {
    Stop,
    /// The frames of this plant have ended.
    NoMore,
    Check,
    Heard(Option<Result<Message, axum::Error>>),
    Ping,
    Frame,
    Event(EventRecord),
    Lost(u64),
}

impl<B: Backend> Live<B> {
    fn new(app: Arc<App<B>>, caller: Caller, plant: Option<String>, socket: WebSocket) -> Self {
        Self { app, caller, plant, socket, difference: Difference::default(), unanswered: 0 }
    }

    async fn run(mut self) -> End {
        let end = match self.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        let (code, reason) = match end {
            End::Gone | End::Silent => return end,
            End::SessionEnded => (close_code::POLICY, "the session has ended; log in again"),
            End::Talks => (close_code::POLICY, "this connection takes no messages; POST /api/v1/commands"),
            End::PlantChanged => (close_code::RESTART, "the plant has changed; read it again"),
            End::Stopping => (close_code::AWAY, "the controller is stopping"),
        };
        let farewell = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let _ = timeout(CLOSE_TIMEOUT, self.socket.send(farewell)).await;
        end
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let limits = self.app.options.limits.clone();
        // Events first, so that none falls between them and the first frame.
        let mut events = Some(self.app.backend.events());
        let force = self.app.backend.in_force();
        if self.plant.as_ref().is_some_and(|plant| *plant != force.plant.hash) {
            // It changed after the client had read it: this client has no names for what would come.
            return Err(self.changed(&force).await);
        }
        let mut frames = force.frames.clone();
        let mut stop = self.app.stop.clone();
        let mut check = interval(limits.live_check);
        let mut ping = interval(limits.ping_interval);
        for timer in [&mut check, &mut ping] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        self.send_frame(&mut frames).await?;
        let mut next_frame = Instant::now() + limits.frame_interval;
        loop {
            // In this order: a client that floods us with pings starves its own frames, not its end.
            let step = tokio::select! {
                biased;
                () = stopped(&mut stop) => Step::Stop,
                _ = check.tick() => Step::Check,
                message = self.socket.recv() => Step::Heard(message),
                _ = ping.tick() => Step::Ping,
                changed = newer(&mut frames, next_frame) => if changed { Step::Frame } else { Step::NoMore },
                step = next_event(&mut events) => step,
            };
            match step {
                Step::Stop => return Err(End::Stopping),
                Step::NoMore => return Err(self.no_more(&force).await),
                Step::Check => self.check_session()?,
                Step::Heard(message) => self.hear(message.as_ref())?,
                Step::Ping => {
                    if limits.ping_interval.saturating_mul(self.unanswered) >= limits.pong_timeout {
                        return Err(End::Silent);
                    }
                    self.unanswered += 1;
                    self.send(Message::Ping(Bytes::new())).await?;
                }
                Step::Frame => {
                    self.send_frame(&mut frames).await?;
                    next_frame = Instant::now() + limits.frame_interval;
                }
                Step::Event(event) => self.send_message(&ServerMessage::Event(event)).await?,
                Step::Lost(count) => {
                    let record = lost_events(count, self.app.now_ms());
                    self.send_message(&ServerMessage::Event(record)).await?;
                }
            }
        }
    }

    /// The frames have ended: with the server, or because another plant is in force.
    async fn no_more(&mut self, force: &Arc<InForce>) -> End {
        let now = self.app.backend.in_force();
        if Arc::ptr_eq(&now, force) {
            return End::Stopping;
        }
        self.changed(&now).await
    }

    async fn changed(&mut self, now: &InForce) -> End {
        let hash = now.plant.hash.clone();
        match self.send_message(&ServerMessage::PlantChanged { hash }).await {
            Ok(()) => End::PlantChanged,
            Err(end) => end,
        }
    }

    fn check_session(&self) -> Result<(), End> {
        match self.app.account_of(self.caller.session) {
            Some(account) if !account.must_change => Ok(()),
            _ => Err(End::SessionEnded),
        }
    }

    fn hear(&mut self, message: Option<&Result<Message, axum::Error>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.unanswered = 0;
                Ok(())
            }
            Some(Ok(Message::Text(_) | Message::Binary(_))) => Err(End::Talks),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn send_frame(&mut self, frames: &mut watch::Receiver<Arc<Frame>>) -> Result<(), End> {
        let newest = Arc::clone(&frames.borrow_and_update());
        let mut frame = self.difference.next(&newest);
        frame.system.sessions = self.app.sessions.count(self.app.now_ms());
        self.send_message(&ServerMessage::Frame(frame)).await
    }

    async fn send_message(&mut self, message: &ServerMessage) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|error| {
            tracing::error!(%error, "a message for live clients cannot be written");
            End::Stopping
        })?;
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.app.options.limits.stall_timeout, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Silent),
        }
    }
}

/// False when there will be no more frames.
async fn newer(frames: &mut watch::Receiver<Arc<Frame>>, not_before: Instant) -> bool {
    sleep_until(not_before).await;
    frames.changed().await.is_ok()
}

async fn next_event(events: &mut Option<broadcast::Receiver<EventRecord>>) -> Step {
    let Some(receiver) = events else { return pending().await };
    match receiver.recv().await {
        Ok(event) => Step::Event(event),
        Err(broadcast::error::RecvError::Lagged(count)) => Step::Lost(count),
        Err(broadcast::error::RecvError::Closed) => {
            *events = None;
            pending().await
        }
    }
}

fn lost_events(count: u64, time_ms: i64) -> EventRecord {
    EventRecord {
        time_ms,
        kind: EventKind::System,
        tag: "API".into(),
        text: format!("{count} events came too fast for this connection; the event list has them"),
        user: String::new(),
    }
}
