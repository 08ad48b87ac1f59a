//! The task that logs in, loads the plant and keeps the live link.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use model::wire::{Login, PlantView, ServerMessage, Session};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use super::link::{BODY_MOST, CONNECT_MOST, Link, Trouble, send};
use crate::event::{ApiEvent, Effect};

/// First and longest pause before the next try to reconnect.
const BACK_OFF_FIRST: Duration = Duration::from_millis(250);
const BACK_OFF_MOST: Duration = Duration::from_secs(2);
/// Frames come ten times a second; a link that is silent for so long is broken.
const SILENCE_MOST: Duration = Duration::from_secs(5);

/// Why the live link ended.
enum LiveEnd {
    Unauthorised,
    /// Another plant is in force: it must be read before anything else is shown.
    PlantChanged,
    Broken(String),
    /// Nobody listens any more.
    Closed,
}

/// Keeps the session and the live link.
pub(super) struct Keeper {
    pub(super) link: Arc<Link>,
    pub(super) events: mpsc::Sender<ApiEvent>,
    pub(super) token: watch::Sender<Option<Arc<str>>>,
    pub(super) credentials: Option<Login>,
}

impl Keeper {
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Effect>) {
        let mut pause = BACK_OFF_FIRST;
        loop {
            let Some(login) = self.credentials.clone() else {
                match orders.recv().await {
                    Some(Effect::Login(login)) => self.credentials = Some(login),
                    Some(_) => {}
                    None => return,
                }
                continue;
            };
            match self.log_in(&login).await {
                Ok(true) => {}
                Ok(false) => continue,
                Err(text) => {
                    if !self.tell(ApiEvent::Disconnected(text)).await {
                        return;
                    }
                    self.rest(&mut pause, &mut orders).await;
                    continue;
                }
            }
            if !self.stay_connected(&mut orders, &mut pause).await {
                return;
            }
        }
    }

    async fn tell(&self, event: ApiEvent) -> bool {
        self.events.send(event).await.is_ok()
    }

    /// Waits before the next try; somebody who types a password is not kept waiting.
    async fn rest(&mut self, pause: &mut Duration, orders: &mut mpsc::Receiver<Effect>) {
        if let Ok(Some(Effect::Login(login))) = timeout(*pause, orders.recv()).await {
            self.credentials = Some(login);
        }
        *pause = (*pause * 2).min(BACK_OFF_MOST);
    }

    /// `Ok(false)` when the password is wrong and another must be asked for.
    async fn log_in(&mut self, login: &Login) -> Result<bool, String> {
        match send::<Session>(self.link.post(&["login"], login)).await {
            Ok(session) => {
                self.token.send_replace(Some(session.token.as_str().into()));
                self.tell(ApiEvent::Session(session)).await;
                Ok(true)
            }
            Err(Trouble::Unauthorised) => {
                self.forget("wrong user or password".to_owned()).await;
                Ok(false)
            }
            Err(Trouble::Forbidden(text)) => {
                self.forget(text).await;
                Ok(false)
            }
            Err(other) => Err(other.text()),
        }
    }

    async fn forget(&mut self, reason: String) {
        self.credentials = None;
        self.token.send_replace(None);
        self.tell(ApiEvent::LoginRefused(reason)).await;
    }

    /// Until the session is over (`true`) or nobody listens (`false`).
    async fn stay_connected(&mut self, orders: &mut mpsc::Receiver<Effect>, pause: &mut Duration) -> bool {
        loop {
            let end = match self.load_plant().await {
                Ok(plant) => self.live(&plant, pause).await,
                Err(Trouble::Unauthorised) => LiveEnd::Unauthorised,
                Err(Trouble::Forbidden(text)) => {
                    if !self.change_password(orders, text).await {
                        return false;
                    }
                    continue;
                }
                Err(other) => LiveEnd::Broken(other.text()),
            };
            match end {
                LiveEnd::Unauthorised => return true,
                LiveEnd::Closed => return false,
                LiveEnd::PlantChanged => {}
                LiveEnd::Broken(text) => {
                    if !self.tell(ApiEvent::Disconnected(text)).await {
                        return false;
                    }
                    self.rest(pause, orders).await;
                }
            }
        }
    }

    /// At each connection: the controller may have come back with another plant.
    /// Returns the hash of the plant that was read.
    async fn load_plant(&self) -> Result<String, Trouble> {
        let Some(token) = self.token.borrow().clone() else { return Err(Trouble::Unauthorised) };
        let view: PlantView = send(self.link.get(&["plant"]).bearer_auth(&token)).await?;
        let hash = view.hash.clone();
        self.tell(ApiEvent::Plant(Box::new(view))).await;
        Ok(hash)
    }

    /// Asks for a new password until the server takes one.
    async fn change_password(&mut self, orders: &mut mpsc::Receiver<Effect>, reason: String) -> bool {
        if !self.tell(ApiEvent::PasswordChangeNeeded(reason)).await {
            return false;
        }
        loop {
            let mut change = match orders.recv().await {
                Some(Effect::ChangePassword(change)) => change,
                Some(_) => continue,
                None => return false,
            };
            let Some(login) = self.credentials.clone() else { return true };
            change.old.clone_from(&login.password);
            let token = self.token.borrow().clone().unwrap_or_else(|| "".into());
            match send::<serde_json::Value>(self.link.post(&["password"], &change).bearer_auth(&token)).await
            {
                Ok(_) => {
                    let login = Login { user: login.user, password: change.new };
                    self.credentials = Some(login.clone());
                    // The old session may have ended with the old password.
                    return match self.log_in(&login).await {
                        Ok(_) => true,
                        Err(text) => self.tell(ApiEvent::PasswordChangeNeeded(text)).await,
                    };
                }
                Err(trouble) => {
                    if !self.tell(ApiEvent::PasswordChangeNeeded(trouble.text())).await {
                        return false;
                    }
                }
            }
        }
    }

    async fn live(&self, plant: &str, pause: &mut Duration) -> LiveEnd {
        let token = self.token.borrow().clone().unwrap_or_else(|| "".into());
        let mut url = self.link.url(&["live"]);
        // It may change between the two requests: then the link says so instead of sending frames.
        url.query_pairs_mut().append_pair("plant", plant);
        // From one special scheme to the other: this cannot be refused.
        let _ = url.set_scheme("ws");
        let request = url.as_str().into_client_request().ok().and_then(|mut request| {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
            request.headers_mut().insert("Authorization", value);
            Some(request)
        });
        let Some(request) = request else {
            return LiveEnd::Broken("the address makes no request".to_owned());
        };
        let limits = WebSocketConfig::default().max_message_size(Some(BODY_MOST));
        let connected =
            timeout(CONNECT_MOST, tokio_tungstenite::connect_async_with_config(request, Some(limits), true))
                .await;
        let mut socket = match connected {
            Err(_) => return LiveEnd::Broken("the live link does not open".to_owned()),
            Ok(Err(tungstenite::Error::Http(reply))) if reply.status().as_u16() == 401 => {
                return LiveEnd::Unauthorised;
            }
            Ok(Err(error)) => return LiveEnd::Broken(format!("the live link does not open: {error}")),
            Ok(Ok((socket, _))) => socket,
        };
        loop {
            let message = tokio::select! {
                () = self.link.log_in_again.notified() => return LiveEnd::Unauthorised,
                () = self.events.closed() => return LiveEnd::Closed,
                message = timeout(SILENCE_MOST, socket.next()) => message,
            };
            let text = match message {
                Err(_) => return LiveEnd::Broken(format!("silent for {} s", SILENCE_MOST.as_secs())),
                Ok(None | Some(Ok(Message::Close(_)))) => {
                    return LiveEnd::Broken("the controller closed the live link".to_owned());
                }
                Ok(Some(Err(error))) => return LiveEnd::Broken(format!("the live link broke: {error}")),
                Ok(Some(Ok(Message::Text(text)))) => text,
                Ok(Some(Ok(_))) => continue,
            };
            let message: ServerMessage = match serde_json::from_str(&text) {
                Ok(message) => message,
                Err(error) => return LiveEnd::Broken(format!("a live message cannot be read: {error}")),
            };
            *pause = BACK_OFF_FIRST;
            if matches!(message, ServerMessage::PlantChanged { .. }) {
                return LiveEnd::PlantChanged;
            }
            if !self.tell(ApiEvent::Message(Box::new(message))).await {
                return LiveEnd::Closed;
            }
        }
    }
}
