//! Logging in and out, and changing the password.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::wire::{Login, PasswordChange, Session};

use crate::app::{App, Caller, From};
use crate::backend::{AuditKind, AuditRecord, Backend};
use crate::body::read_json;
use crate::error::ApiError;
use crate::limits::HASH_WAIT;
use crate::session::NotOpened;
use crate::throttle::Attempt;
use crate::users::{UserError, Users};

pub(crate) async fn login<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(From(address)): Extension<From>,
    request: Request,
) -> Result<Json<Session>, ApiError> {
    let login: Login = read_json(request, app.options.limits.body_timeout).await?;
    let attempt = admit(&app, &login.user, address)?;
    let (user, password) = (login.user.clone(), login.password);
    let account = hash_work(&app, move |users| users.login(&user, &password)).await?;
    let known = account.clone().or_else(|| app.users.account(&login.user));
    let record = |kind, text: &str| AuditRecord {
        time_ms: app.now_ms(),
        user: known.as_ref().map(|known| known.name.clone()).unwrap_or_default(),
        role: known.as_ref().map(|known| known.role),
        address,
        kind,
        text: format!("{text}{}", turned_away(&attempt)),
        reason: String::new(),
    };
    let Some(account) = account else {
        let text = if known.is_some() { "wrong password" } else { "unknown user" };
        tracing::warn!(%address, user = known.as_ref().map(|known| &*known.name), "login refused: {text}");
        app.backend.audit(record(AuditKind::LoginRefused, text));
        return Err(ApiError::not_logged_in("user or password is wrong"));
    };
    app.throttle.succeeded(&attempt);
    let opened = app.sessions.open(&account, app.now_ms()).map_err(|refused| {
        app.backend.audit(record(AuditKind::LoginRefused, "no session is free"));
        match refused {
            NotOpened::Full(max) => {
                ApiError::busy(format!("all {max} sessions are taken; log out somewhere, or try again later"))
            }
            NotOpened::NoRandomNumbers(error) => ApiError::internal(error.to_string()),
        }
    })?;
    tracing::info!(%address, user = account.name, role = account.role.word(), "login");
    app.backend.audit(record(AuditKind::Login, "logged in"));
    Ok(Json(Session {
        token: opened.token,
        user: account.name,
        role: account.role,
        expires_ms: opened.expires_ms,
    }))
}

pub(crate) async fn logout<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
) -> StatusCode {
    app.sessions.close(caller.session, app.now_ms());
    app.audit(&caller, AuditKind::Logout, "logged out".into(), String::new());
    StatusCode::NO_CONTENT
}

pub(crate) async fn change_password<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let change: PasswordChange = read_json(request, app.options.limits.body_timeout).await?;
    let attempt = admit(&app, &caller.user, caller.address)?;
    let user = caller.user.clone();
    let changed =
        hash_work(&app, move |users| users.change_password(&user, &change.old, &change.new)).await?;
    // Only a wrong old password is a guess.
    if !matches!(changed, Err(UserError::WrongPassword)) {
        app.throttle.succeeded(&attempt);
    }
    match changed {
        Ok(account) => {
            app.sessions.renew(caller.session, &account, app.now_ms());
            app.audit(&caller, AuditKind::PasswordChanged, "own password changed".into(), String::new());
            Ok(StatusCode::NO_CONTENT)
        }
        Err(error) => {
            app.audit(&caller, AuditKind::PasswordRefused, error.to_string(), String::new());
            Err(match error {
                UserError::WrongPassword => ApiError::forbidden(error.to_string()),
                UserError::Password(_) => ApiError::bad_request(error.to_string()),
                _ => ApiError::internal(error.to_string()),
            })
        }
    }
}

fn admit<B: Backend>(app: &App<B>, user: &str, address: IpAddr) -> Result<Attempt, ApiError> {
    app.throttle.admit(user, address, app.now_ms()).map_err(|closed| {
        let seconds = closed.wait_ms.saturating_add(999) / 1000;
        ApiError::too_often(
            format!("too many failed logins from {address}; wait {seconds} s, then try again"),
            seconds,
        )
    })
}

fn turned_away(attempt: &Attempt) -> String {
    match attempt.turned_away {
        0 => String::new(),
        count => format!("; {count} attempts before it were turned away unread"),
    }
}

/// Hashes off the server's own tasks, few at once. The work goes on when the client hangs up, and
/// still counts.
async fn hash_work<B: Backend, T: Send + 'static>(
    app: &App<B>,
    work: impl FnOnce(&Users) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let free = tokio::time::timeout(HASH_WAIT, Arc::clone(&app.hashing).acquire_owned()).await;
    let Ok(Ok(permit)) = free else {
        return Err(ApiError::busy("too many logins at once; try again"));
    };
    let users = Arc::clone(&app.users);
    let task = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work(&users)
    });
    task.await.map_err(|_| ApiError::internal("the login failed inside; try again, and look into the log"))
}
