//! Another plant for the controller that runs: what it would change, and doing it. For engineers alone.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::wire::{CommandReply, PlantChange, PlantPlan, Role};

use crate::app::{App, Caller};
use crate::backend::{AuditKind, Backend, Who};
use crate::body::read_json_up_to;
use crate::error::ApiError;
use crate::limits::{PLANT_BYTES, REASON_CHARS};

/// Compiling a large plant, and waiting for the scan, take longer than any command.
const ANSWER_MAX: Duration = Duration::from_secs(60);
const SILENT: &str =
    "the controller has not answered in time; look at which plant is in force before you try again";

pub(crate) async fn plan<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<PlantPlan>, ApiError> {
    let change = admitted(&app, &caller, request, "plan another plant").await?;
    let backend = Arc::clone(&app.backend);
    let planned =
        in_time(tokio::spawn(async move { backend.plan(change).await }), ANSWER_MAX, SILENT).await?;
    planned.map(Json).map_err(|text| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, text))
}

pub(crate) async fn apply<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<CommandReply>, ApiError> {
    let change = admitted(&app, &caller, request, "apply another plant").await?;
    if change.to.is_empty() || change.from.is_empty() {
        return Err(ApiError::bad_request(
            "say from which plant to which, as the plan said it: POST /api/v1/plan first",
        ));
    }
    if change.reason.trim().is_empty() {
        return Err(ApiError::bad_request("another plant needs a reason, which the audit log keeps"));
    }
    let who = Who { user: caller.user, role: caller.role, address: caller.address };
    let backend = Arc::clone(&app.backend);
    // A task of its own: a change that has begun ends, also when its client hangs up.
    let reply =
        in_time(tokio::spawn(async move { backend.apply(who, change).await }), ANSWER_MAX, SILENT).await?;
    if reply.unrecorded { Err(ApiError::unrecorded(reply)) } else { Ok(Json(reply)) }
}

/// The request, when role and reason allow it.
async fn admitted<B: Backend>(
    app: &App<B>,
    caller: &Caller,
    request: Request,
    what: &str,
) -> Result<PlantChange, ApiError> {
    if caller.role < Role::Engineer {
        let refused = ApiError::forbidden(format!(
            "to {what} needs the role {}; you are logged in as {}",
            Role::Engineer.word(),
            caller.role.word()
        ));
        app.audit(caller, AuditKind::CommandRefused, format!("{what}: {}", refused.text), String::new());
        return Err(refused);
    }
    let change: PlantChange = read_json_up_to(request, app.options.limits.body_timeout, PLANT_BYTES).await?;
    a_line(&change.reason)?;
    Ok(change)
}

pub(crate) fn a_line(reason: &str) -> Result<(), ApiError> {
    if reason.chars().count() > REASON_CHARS || reason.chars().any(char::is_control) {
        return Err(ApiError::bad_request(format!(
            "the reason is one plain line of at most {REASON_CHARS} characters"
        )));
    }
    Ok(())
}

/// The task's answer. `silent` is said when none comes within `most`.
pub(crate) async fn in_time<T>(
    task: tokio::task::JoinHandle<T>,
    most: Duration,
    silent: &str,
) -> Result<T, ApiError> {
    match tokio::time::timeout(most, task).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(ApiError::internal(
            "the controller failed over this; look at what was done before you try again",
        )),
        Err(_) => Err(ApiError::new(StatusCode::GATEWAY_TIMEOUT, silent)),
    }
}
