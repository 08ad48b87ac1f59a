//! The simulated plant beside the controller, where there is one: how it is, and its time. For engineers alone.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::wire::{CommandReply, Role, SimulatorStatus, TimeRequest};

use crate::app::{App, Caller};
use crate::backend::{AuditKind, Backend, Who};
use crate::body::read_json;
use crate::change::{a_line, in_time};
use crate::error::ApiError;

/// Ten minutes of a large plant at once.
const ANSWER_MAX: Duration = Duration::from_secs(120);

pub(crate) async fn status<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<SimulatorStatus>, ApiError> {
    // Which faults are on is what a trainee has to find out.
    if caller.role < Role::Engineer {
        return Err(too_low(&caller, "see how the simulator is"));
    }
    let backend = Arc::clone(&app.backend);
    let asked = in_time(tokio::spawn(async move { backend.simulator().await }), ANSWER_MAX, SILENT).await?;
    asked.map(Json).map_err(|text| ApiError::new(StatusCode::NOT_FOUND, text))
}

pub(crate) async fn order<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<CommandReply>, ApiError> {
    if caller.role < Role::Engineer {
        let refused = too_low(&caller, "move the plant's time");
        app.audit(&caller, AuditKind::CommandRefused, refused.text.clone(), String::new());
        return Err(refused);
    }
    let request: TimeRequest = read_json(request, app.options.limits.body_timeout).await?;
    a_line(&request.reason)?;
    let who = Who { user: caller.user, role: caller.role, address: caller.address };
    let backend = Arc::clone(&app.backend);
    // A task of its own: what has begun is kept in the audit log, also when its client hangs up.
    let moved = tokio::spawn(async move { backend.move_time(who, request).await });
    in_time(moved, ANSWER_MAX, SILENT).await.map(Json)
}

fn too_low(caller: &Caller, what: &str) -> ApiError {
    let (needed, given) = (Role::Engineer.word(), caller.role.word());
    ApiError::forbidden(format!("to {what} needs the role {needed}; you are logged in as {given}"))
}

const SILENT: &str = "the simulator has not answered in time; look at how it is before you try again";
