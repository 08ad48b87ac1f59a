//! Requests and their answers: bounded, and renewed once when the session is over.

use std::sync::Arc;
use std::time::Duration;

use crate::event::{ApiEvent, Effect};
use model::wire::{CommandReply, ErrorReply};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

pub(super) const CONNECT_MOST: Duration = Duration::from_secs(3);
/// The server gives the controller ten seconds for an answer.
pub(super) const ANSWER_MOST: Duration = Duration::from_secs(15);
/// A plant of ten thousand points is some megabytes of JSON.
pub(super) const BODY_MOST: usize = 64 << 20;

/// What went wrong with a request, for the one who decides what to do next.
pub(super) enum Trouble {
    /// The session is over.
    Unauthorised,
    /// Logged in, but not allowed to ask this.
    Forbidden(String),
    /// The command has acted, and no journal keeps it.
    Unrecorded(CommandReply),
    /// The server's words, or the network's.
    Other { text: String, sent: bool },
}

impl Trouble {
    pub(super) fn text(self) -> String {
        match self {
            Self::Unauthorised => "the session is over; logging in again".to_owned(),
            Self::Forbidden(text) | Self::Other { text, .. } => text,
            Self::Unrecorded(reply) => reply.message,
        }
    }
}

/// What all tasks share.
pub(super) struct Link {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) tokens: watch::Receiver<Option<Arc<str>>>,
    pub(super) log_in_again: Notify,
}

impl Link {
    pub(super) fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(parts);
        }
        url
    }

    /// Carries out a question or a command. A session that is over is renewed once.
    pub(super) async fn answer(&self, order: Effect) -> Option<ApiEvent> {
        match order {
            Effect::Command { request, command } => {
                let result = self.ask(|link| link.post(&["commands"], &command)).await;
                let result: Result<CommandReply, String> = result.or_else(|trouble| match trouble {
                    Trouble::Unrecorded(reply) => Ok(reply),
                    other => Err(other),
                }).map_err(|trouble| match trouble {
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

    pub(super) fn get(&self, parts: &[&str]) -> RequestBuilder {
        self.http.request(Method::GET, self.url(parts))
    }

    pub(super) fn post(&self, parts: &[&str], body: &impl Serialize) -> RequestBuilder {
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
        // Unless another request has had it done meanwhile.
        if self.tokens.borrow().as_ref() == Some(&token) {
            self.log_in_again.notify_one();
        }
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

pub(super) async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Trouble> {
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
    let (text, acted) =
        reply.map_or_else(|| (format!("the server says {status}"), None), |reply| (reply.error, reply.reply));
    if let Some(reply) = acted {
        return Err(Trouble::Unrecorded(reply));
    }
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
