//! The API client: one task keeps the session and the live link, others ask and command.
//!
//! ```text
//!            ┌── 401 ───────────────────────────────┐
//!            ▼                                      │
//!  wait for credentials ─► login ─► plant ─► live link ─► frames, events
//!            ▲               │         ▲            │
//!            └── refused ────┘         └─ back-off ─┘ broken, silent
//! ```

mod keeper;
mod link;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use model::wire::{API, Login};
use reqwest::{Method, Url};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

use self::keeper::Keeper;
use self::link::{ANSWER_MOST, CONNECT_MOST, Link};
use crate::event::{ApiEvent, Effect};
use crate::{HmiError, Options};

/// Questions that wait for their turn; the overview asks one for each row.
const QUESTIONS_MOST: usize = 512;
/// Commands that wait for their turn: acknowledging a full screen of alarms.
const COMMANDS_MOST: usize = 128;
/// A farewell is a courtesy; nobody waits for it.
const LOGOUT_MOST: Duration = Duration::from_millis(500);
/// Questions under way at once.
const ASKERS: usize = 2;

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
