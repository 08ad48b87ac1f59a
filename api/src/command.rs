//! Commands: checked against role and reason here, then carried to the scan by the backend.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::wire::{CommandReply, CommandRequest};

use crate::app::{App, Caller, Served};
use crate::authority;
use crate::backend::{AuditKind, Backend, Who};
use crate::body::read_json;
use crate::error::ApiError;
use crate::limits::REASON_CHARS;
use crate::session::Refusals;

pub(crate) async fn execute<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<CommandReply>, ApiError> {
    let mut request: CommandRequest = read_json(request, app.options.limits.body_timeout).await?;
    let served = app.served();
    of_the_plant_in_force(&served, &request)?;
    if let Err(refused) = authority::check(served.plant(), caller.role, &request) {
        return Err(keep_refusal(&app, &served, &caller, &request, refused));
    }
    request.plant.clone_from(&served.plant().hash);
    let Ok(permit) = Arc::clone(&app.commands).try_acquire_owned() else {
        return Err(ApiError::busy("too many commands at once; nothing was done, try again"));
    };
    let who = Who { user: caller.user, role: caller.role, address: caller.address };
    let backend = Arc::clone(&app.backend);
    // A task of its own: a command that has begun ends, also when its client hangs up.
    let task = tokio::spawn(async move {
        let _permit = permit;
        backend.execute(who, request).await
    });
    match tokio::time::timeout(app.options.limits.answer_timeout, task).await {
        Ok(Ok(reply)) if reply.unrecorded => Err(ApiError::unrecorded(reply)),
        Ok(Ok(reply)) => Ok(Json(reply)),
        Ok(Err(_)) => Err(ApiError::internal(
            "the controller failed over this command; look at the value and at the events before you try again",
        )),
        Err(_) => Err(ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "the controller has not answered in time, and the command may still be carried out; \
             look at the value and at the events before you try again",
        )),
    }
}

/// Ids are indices: those of another plant would lead to something else.
fn of_the_plant_in_force(served: &Served, request: &CommandRequest) -> Result<(), ApiError> {
    let said = request.plant.as_str();
    if said == served.plant().hash || (said.is_empty() && served.force.changes == 0) {
        return Ok(());
    }
    let text = if said.is_empty() {
        "the plant was changed while it runs: send its hash as `plant` with the command, so that ids are not mistaken"
    } else {
        "the plant has changed, and nothing was done; read it again (GET /api/v1/plant) and look before you act"
    };
    Err(ApiError::new(StatusCode::CONFLICT, text))
}

/// Whoever tries what is not theirs is remembered.
fn keep_refusal<B: Backend>(
    app: &App<B>,
    served: &Served,
    caller: &Caller,
    request: &CommandRequest,
    refused: ApiError,
) -> ApiError {
    let more = match app.sessions.refused(caller.session, app.now_ms()) {
        Refusals::Keep => "",
        Refusals::KeepAsLast => "; more of this session are not kept within this minute",
        Refusals::TooMany => {
            return ApiError::too_often(
                "too many refused commands; wait a minute, and ask for the right role",
                60,
            );
        }
    };
    let what = authority::describe(served.plant(), &request.action);
    let reason = request.reason.chars().filter(|letter| !letter.is_control()).take(REASON_CHARS).collect();
    app.audit(caller, AuditKind::CommandRefused, format!("{what}: {}{more}", refused.text), reason);
    refused
}
