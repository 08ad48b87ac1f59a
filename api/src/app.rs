//! What the handlers share, and the gate that every request passes before it reaches one.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use model::wire::{PlantView, Role};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::backend::{AuditKind, AuditRecord, Backend, InForce};
use crate::doors::{Asking, Conduct};
use crate::endpoint::Access;
use crate::error::ApiError;
use crate::limits::HASHES_AT_ONCE;
use crate::names::Names;
use crate::server::Options;
use crate::session::{SessionId, Sessions, equal};
use crate::throttle::Throttle;
use crate::users::{Account, Users};

/// Commands that the backend works on at once: the journal's group commit takes them together.
const COMMANDS_AT_ONCE: usize = 64;

pub(crate) struct App<B> {
    pub(crate) backend: Arc<B>,
    served: Mutex<Arc<Served>>,
    pub(crate) users: Arc<Users>,
    pub(crate) sessions: Sessions,
    pub(crate) throttle: Throttle,
    pub(crate) options: Options,
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) commands: Arc<Semaphore>,
    pub(crate) live: Arc<Semaphore>,
    /// Becomes true when the server ends.
    pub(crate) stop: watch::Receiver<bool>,
    /// Held by every connection; the server has ended when the last is dropped.
    pub(crate) alive: mpsc::Sender<()>,
}

/// The plant in force, with what is made from it once.
pub(crate) struct Served {
    pub(crate) force: Arc<InForce>,
    pub(crate) names: Names,
}

impl Served {
    fn of(force: Arc<InForce>) -> Arc<Self> {
        Arc::new(Self { names: Names::of(&force.plant), force })
    }

    pub(crate) fn plant(&self) -> &PlantView {
        &self.force.plant
    }
}

/// The far end of a connection, as the socket says, and what it has shown of itself.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) conduct: Arc<Conduct>,
}

/// Where a request comes from: the peer, or whom the trusted proxy names.
#[derive(Clone, Copy)]
pub(crate) struct From(pub(crate) IpAddr);

/// Who is behind a request. Put there by the gate alone.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) session: SessionId,
    pub(crate) user: String,
    pub(crate) role: Role,
    pub(crate) must_change: bool,
    pub(crate) address: IpAddr,
}

impl<B: Backend> App<B> {
    pub(crate) fn new(
        backend: Arc<B>,
        users: Arc<Users>,
        options: Options,
        stop: watch::Receiver<bool>,
        alive: mpsc::Sender<()>,
    ) -> Self {
        Self {
            served: Mutex::new(Served::of(backend.in_force())),
            backend,
            users,
            sessions: Sessions::new(&options.limits),
            throttle: Throttle::default(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            commands: Arc::new(Semaphore::new(COMMANDS_AT_ONCE)),
            live: Arc::new(Semaphore::new(options.limits.live_connections)),
            options,
            stop,
            alive,
        }
    }

    /// The plant in force at this moment; one request keeps to what it got.
    pub(crate) fn served(&self) -> Arc<Served> {
        let force = self.backend.in_force();
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&served.force, &force) {
            *served = Served::of(force);
        }
        Arc::clone(&served)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.options.clock.now_ms()
    }

    /// The account behind a session that stands; ends it when user or password are not what they were.
    pub(crate) fn account_of(&self, id: SessionId) -> Option<Account> {
        let now_ms = self.now_ms();
        let found = self.sessions.touch(id, now_ms)?;
        let account =
            self.users.account(&found.user).filter(|account| equal(&account.credential, &found.credential));
        if account.is_none() {
            self.sessions.close(found.id, now_ms);
        }
        account
    }

    pub(crate) fn audit(&self, caller: &Caller, kind: AuditKind, text: String, reason: String) {
        tracing::info!(user = caller.user, address = %caller.address, "{}: {text}", kind.word());
        self.backend.audit(AuditRecord {
            time_ms: self.now_ms(),
            user: caller.user.clone(),
            role: Some(caller.role),
            address: caller.address,
            kind,
            text,
            reason,
        });
    }

    fn caller(&self, headers: &HeaderMap, address: IpAddr) -> Result<Caller, ApiError> {
        let token = bearer(headers)?;
        let ended = || ApiError::not_logged_in("the session has ended; log in again");
        let found = self.sessions.find(token, self.now_ms()).ok_or_else(ended)?;
        let account = self.account_of(found.id).ok_or_else(ended)?;
        Ok(Caller {
            session: found.id,
            user: account.name,
            role: account.role,
            must_change: account.must_change,
            address,
        })
    }
}

/// Resolves when the server ends.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server itself is gone, which is an end as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Who asks, from where, and whether this much of the API is open to them.
pub(crate) async fn gate<B: Backend>(
    State((app, access)): State<(Arc<App<B>>, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&app, access, &mut request) {
        Ok(asking) => {
            let response = next.run(request).await;
            drop(asking);
            response
        }
        Err(error) => error.into_response(),
    }
}

/// What is held until the answer, when anybody may ask it.
fn admit<B: Backend>(
    app: &App<B>,
    access: Access,
    request: &mut Request,
) -> Result<Option<Asking>, ApiError> {
    let peer = request
        .extensions()
        .get::<Peer>()
        .cloned()
        .ok_or_else(|| ApiError::internal("the connection has no address; open a new one"))?;
    let address = client_address(peer.address, request.headers(), app.options.forwarded_by);
    request.extensions_mut().insert(From(address));
    if access == Access::Public {
        return Ok(peer.conduct.asks());
    }
    let caller = app.caller(request.headers(), address).inspect_err(|_| peer.conduct.not_signed_in())?;
    if !peer.conduct.signed_in() {
        return Err(ApiError::busy(
            "this connection's place was given to another; nothing was done, connect again",
        ));
    }
    if caller.must_change && access != Access::EvenOneTimePassword {
        return Err(ApiError::forbidden(
            "the one-time password must be changed first: POST /api/v1/password {\"old\": ..., \"new\": ...}",
        ));
    }
    request.extensions_mut().insert(caller);
    Ok(None)
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        ApiError::not_logged_in(
            "not logged in: POST /api/v1/login, then send \"Authorization: Bearer <token>\"",
        )
    })?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        Ok(token.trim())
    } else {
        Err(ApiError::not_logged_in("the Authorization header must read \"Bearer <token>\""))
    }
}

/// The last address of `X-Forwarded-For` is the one that the proxy itself has seen; those before it
/// are anybody's word. Only the proxy that the settings name is believed at all.
fn client_address(peer: IpAddr, headers: &HeaderMap, proxy: Option<IpAddr>) -> IpAddr {
    let peer = peer.to_canonical();
    if proxy.map(|proxy| proxy.to_canonical()) != Some(peer) {
        return peer;
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.rsplit(',').next())
        .and_then(|text| text.trim().parse::<IpAddr>().ok())
        .map_or(peer, |address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::client_address;
    use axum::http::{HeaderMap, HeaderValue};
    use std::net::IpAddr;

    #[test]
    fn only_the_named_proxy_is_believed_and_only_its_last_word() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("6.6.6.6"));
        headers.append("x-forwarded-for", HeaderValue::from_static("7.7.7.7, 10.0.0.9"));
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxy = Some(ip("127.0.0.1"));
        assert_eq!(client_address(ip("127.0.0.1"), &headers, proxy), ip("10.0.0.9"));
        assert_eq!(client_address(ip("::ffff:127.0.0.1"), &headers, proxy), ip("10.0.0.9"));
        assert_eq!(client_address(ip("10.0.0.5"), &headers, proxy), ip("10.0.0.5"));
        assert_eq!(client_address(ip("127.0.0.1"), &headers, None), ip("127.0.0.1"));
        assert_eq!(client_address(ip("127.0.0.1"), &HeaderMap::new(), proxy), ip("127.0.0.1"));
    }
}
