//! The API client: one task keeps the session and the live link, others ask and command.
//!
//! ```text
//!            ┌── 401 ───────────────────────────────┐
//!            ▼                                      │
//!  wait for credentials ─► login ─► plant ─► live link ─► frames, events
//!            ▲               │         ▲            │
//!            └── refused ────┘         └─ back-off ─┘ broken, silent
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use model::wire::{API, CommandReply, ErrorReply, Login, PlantView, ServerMessage, Session};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::event::{ApiEvent, Effect};
use crate::{HmiError, Options};

/// First and longest pause before the next try to reconnect.
const BACK_OFF_FIRST: Duration = Duration::from_millis(250);
const BACK_OFF_MOST: Duration = Duration::from_secs(5);
/// Frames come ten times a second; a link that is silent for so long is broken.
const SILENCE_MOST: Duration = Duration::from_secs(5);
const CONNECT_MOST: Duration = Duration::from_secs(3);
/// The server gives the controller ten seconds for an answer.
const ANSWER_MOST: Duration = Duration::from_secs(15);
/// A plant of ten thousand points is some megabytes of JSON.
const BODY_MOST: usize = 64 << 20;
/// Questions that wait for their turn; the overview asks one for each row.
const QUESTIONS_MOST: usize = 512;
/// Commands that wait for their turn: acknowledging a full screen of alarms.
const COMMANDS_MOST: usize = 128;
/// A farewell is a courtesy; nobody waits for it.
const LOGOUT_MOST: Duration = Duration::from_millis(500);
/// Questions under way at once.
const ASKERS: usize = 2;

/// What went wrong with a request, for the one who decides what to do next.
enum Trouble {
    /// The session is over.
    Unauthorised,
    /// Logged in, but not allowed to ask this.
    Forbidden(String),
    /// The server's words, or the network's.
    Other { text: String, sent: bool },
}

impl Trouble {
    fn text(self) -> String {
        match self {
            Self::Unauthorised => "the session is over; logging in again".to_owned(),
            Self::Forbidden(text) | Self::Other { text, .. } => text,
        }
    }
}

/// Where effects go. Dropping it ends the tasks.
pub(crate) struct Client {
    logins: mpsc::Sender<Effect>,
    questions: mpsc::Sender<Effect>,
    commands: mpsc::Sender<Effect>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    link: Arc<Link>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Client {
    /// Starts the tasks; what they hear goes to `events`.
    pub(crate) fn start(options: &Options, events: mpsc::Sender<ApiEvent>) -> Result<Self, HmiError> {
        let base = base_url(&options.url)?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_MOST)
            .timeout(ANSWER_MOST)
            .no_proxy()
            .build()?;
        let (token, tokens) = watch::channel(None);
        let link = Arc::new(Link { http, base, tokens, log_in_again: Notify::new() });
        let (logins, login_orders) = mpsc::channel(4);
        let (questions, question_orders) = mpsc::channel(QUESTIONS_MOST);
        let (commands, command_orders) = mpsc::channel(COMMANDS_MOST);
        let known = options.user.clone().zip(options.password.clone());
        let known = known.map(|(user, password)| Login { user, password });
        let keeper = Keeper { link: Arc::clone(&link), events: events.clone(), token, credentials: known };
        let mut tasks = vec![tokio::spawn(keeper.run(login_orders))];
        let question_orders = Arc::new(tokio::sync::Mutex::new(question_orders));
        for _ in 0..ASKERS {
            let (link, events) = (Arc::clone(&link), events.clone());
            let orders = Arc::clone(&question_orders);
            tasks.push(tokio::spawn(async move {
                loop {
                    let order = orders.lock().await.recv().await;
                    let Some(order) = order else { return };
                    if let Some(answer) = link.answer(order).await
                        && events.send(answer).await.is_err()
                    {
                        return;
                    }
                }
            }));
        }
        let commander = Arc::clone(&link);
        tasks.push(tokio::spawn(async move {
            let mut orders = command_orders;
            // One after the other: the order in which a person acted is the order in which it happens.
            while let Some(order) = orders.recv().await {
                if let Some(answer) = commander.answer(order).await
                    && events.send(answer).await.is_err()
                {
                    return;
                }
            }
        }));
        Ok(Self { logins, questions, commands, tasks, link })
    }

    /// Gives the session back, so that it does not stand until it runs out.
    pub(crate) async fn log_out(&self) {
        let Some(token) = self.link.tokens.borrow().clone() else { return };
        let request = self.link.http.request(Method::POST, self.link.url(&["logout"])).bearer_auth(&token);
        let _ = timeout(LOGOUT_MOST, request.send()).await;
    }

    /// Hands an effect over; what cannot be taken is answered at once.
    pub(crate) fn carry_out(&self, effect: Effect) -> Option<ApiEvent> {
        let queue = match &effect {
            Effect::Login(_) | Effect::ChangePassword(_) => &self.logins,
            Effect::Command { .. } => &self.commands,
            _ => &self.questions,
        };
        let effect = queue.try_send(effect).err()?.into_inner();
        let text = || "too many questions at once; try again".to_owned();
        match effect {
            Effect::Command { request, .. } => Some(ApiEvent::Reply {
                request,
                result: Err("not sent: too many commands at once".to_owned()),
            }),
            Effect::History { request, .. } => Some(ApiEvent::History { request, result: Err(text()) }),
            Effect::Events { request, .. } => Some(ApiEvent::Events { request, result: Err(text()) }),
            Effect::Why { request, .. } => Some(ApiEvent::Why { request, result: Err(text()) }),
            Effect::Login(_) | Effect::ChangePassword(_) | Effect::Quit => None,
        }
    }
}

/// The address without a path, refused when it asks for what this version does not speak.
pub(crate) fn base_url(text: &str) -> Result<Url, HmiError> {
    let bad = || HmiError::BadUrl(text.to_owned());
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&with_scheme).map_err(|_| bad())?;
    match url.scheme() {
        "https" | "wss" => return Err(HmiError::TlsUnsupported(text.to_owned())),
        "http" if url.host().is_some() => {}
        _ => return Err(bad()),
    }
    url.join(API).map_err(|_| bad())
}

/// What all tasks share.
struct Link {
    http: reqwest::Client,
    base: Url,
    tokens: watch::Receiver<Option<Arc<str>>>,
    log_in_again: Notify,
}

impl Link {
    fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(parts);
        }
        url
    }

    /// Carries out a question or a command. A session that is over is renewed once.
    async fn answer(&self, order: Effect) -> Option<ApiEvent> {
        match order {
            Effect::Command { request, command } => {
                let result = self.ask(|link| link.post(&["commands"], &command)).await;
                let result: Result<CommandReply, String> = result.map_err(|trouble| match trouble {
                    Trouble::Other { text, sent: true } => format!(
                        "no answer ({text}): it is not known whether the controller acted; look at the value"
                    ),
                    other => format!("not sent: {}", other.text()),
                });
                Some(ApiEvent::Reply { request, result })
            }
            Effect::History { request, point, from_ms, to_ms, columns } => {
                let query = [
                    ("point", point),
                    ("from", from_ms.to_string()),
                    ("to", to_ms.to_string()),
                    ("columns", columns.to_string()),
                ];
                let result = self.ask(|link| link.get(&["history"]).query(&query)).await;
                Some(ApiEvent::History { request, result: result.map_err(Trouble::text) })
            }
            Effect::Events { request, from_ms, to_ms, tag, max } => {
                let mut query =
                    vec![("from", from_ms.to_string()), ("to", to_ms.to_string()), ("max", max.to_string())];
                query.extend(tag.map(|tag| ("tag", tag)));
                let result = self.ask(|link| link.get(&["events"]).query(&query)).await;
                Some(ApiEvent::Events { request, result: result.map_err(Trouble::text) })
            }
            Effect::Why { request, name } => {
                let result = self.ask(|link| link.get(&["why", &name])).await;
                Some(ApiEvent::Why { request, result: result.map_err(Trouble::text) })
            }
            Effect::Login(_) | Effect::ChangePassword(_) | Effect::Quit => None,
        }
    }

    fn get(&self, parts: &[&str]) -> RequestBuilder {
        self.http.request(Method::GET, self.url(parts))
    }

    fn post(&self, parts: &[&str], body: &impl Serialize) -> RequestBuilder {
        self.http.request(Method::POST, self.url(parts)).json(body)
    }

    async fn ask<T: DeserializeOwned>(&self, build: impl Fn(&Self) -> RequestBuilder) -> Result<T, Trouble> {
        let Some(token) = self.tokens.borrow().clone() else {
            return Err(Trouble::Other { text: "not connected to the controller".to_owned(), sent: false });
        };
        match send(build(self).bearer_auth(&token)).await {
            Err(Trouble::Unauthorised) => {}
            other => return other,
        }
        // The controller was restarted, or the session ended: the keeper logs in, then once more.
        self.log_in_again.notify_one();
        let mut tokens = self.tokens.clone();
        let renewed = tokens.wait_for(|now| now.as_ref().is_some_and(|now| *now != token));
        let fresh = match timeout(ANSWER_MOST, renewed).await {
            Ok(Ok(fresh)) => fresh.clone(),
            _ => None,
        };
        match fresh {
            Some(fresh) => send(build(self).bearer_auth(&fresh)).await,
            None => Err(Trouble::Unauthorised),
        }
    }
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Trouble> {
    let other = |text: String, sent: bool| Trouble::Other { text, sent };
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() => {
            return Err(other("the controller does not answer".to_owned(), false));
        }
        Err(error) if error.is_timeout() => {
            return Err(other(format!("no answer for {} s", ANSWER_MOST.as_secs()), true));
        }
        Err(error) => return Err(other(error.to_string(), true)),
    };
    let status = response.status();
    let body = bounded(response).await.map_err(|text| other(text, true))?;
    if status.is_success() {
        // An empty answer is the unit value.
        let text: &[u8] = if body.is_empty() { b"null" } else { &body };
        return serde_json::from_slice(text)
            .map_err(|error| other(format!("the answer cannot be read: {error}"), true));
    }
    let reply: Option<ErrorReply> = serde_json::from_slice(&body).ok();
    let text = reply.map_or_else(|| format!("the server says {status}"), |reply| reply.error);
    match status {
        StatusCode::UNAUTHORIZED => Err(Trouble::Unauthorised),
        StatusCode::FORBIDDEN => Err(Trouble::Forbidden(text)),
        // A server that refused has not acted; one that broke down may have.
        _ => Err(other(text, status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE)),
    }
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
        if body.len() + chunk.len() > BODY_MOST {
            return Err(format!("the answer is longer than {} MiB", BODY_MOST >> 20));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why the live link ended.
enum LiveEnd {
    Unauthorised,
    Broken(String),
    /// Nobody listens any more.
    Closed,
}

/// Keeps the session and the live link.
struct Keeper {
    link: Arc<Link>,
    events: mpsc::Sender<ApiEvent>,
    token: watch::Sender<Option<Arc<str>>>,
    credentials: Option<Login>,
}

impl Keeper {
    async fn run(mut self, mut orders: mpsc::Receiver<Effect>) {
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
            Err(Trouble::Other { text, .. }) => Err(text),
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
                Ok(()) => self.live(pause).await,
                Err(Trouble::Unauthorised) => LiveEnd::Unauthorised,
                Err(Trouble::Forbidden(text)) => {
                    if !self.change_password(orders, text).await {
                        return false;
                    }
                    continue;
                }
                Err(Trouble::Other { text, .. }) => LiveEnd::Broken(text),
            };
            match end {
                LiveEnd::Unauthorised => return true,
                LiveEnd::Closed => return false,
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
    async fn load_plant(&self) -> Result<(), Trouble> {
        let Some(token) = self.token.borrow().clone() else { return Err(Trouble::Unauthorised) };
        let view: PlantView = send(self.link.get(&["plant"]).bearer_auth(&token)).await?;
        self.tell(ApiEvent::Plant(Box::new(view))).await;
        Ok(())
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

    async fn live(&self, pause: &mut Duration) -> LiveEnd {
        let token = self.token.borrow().clone().unwrap_or_else(|| "".into());
        let mut url = self.link.url(&["live"]);
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
            if !self.tell(ApiEvent::Message(Box::new(message))).await {
                return LiveEnd::Closed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;
    use crate::HmiError;

    #[test]
    fn addresses_are_completed_and_tls_is_refused_with_a_way_out() {
        assert_eq!(base_url("http://127.0.0.1:8600").unwrap().as_str(), "http://127.0.0.1:8600/api/v1");
        assert_eq!(base_url("localhost:8600").unwrap().as_str(), "http://localhost:8600/api/v1");
        assert!(matches!(base_url("ftp://x"), Err(HmiError::BadUrl(_))));
        assert!(matches!(base_url("http://"), Err(HmiError::BadUrl(_))));
        let error = base_url("https://plant.example").unwrap_err();
        assert!(error.to_string().contains("TLS proxy"), "{error}");
    }
}
