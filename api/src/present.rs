//! The plant as it is: its description, its newest frame, its alarms, its reasons.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use model::wire::{AlarmStatus, Frame, Why};
use serde_json::{Value, json};

use crate::app::App;
use crate::backend::Backend;
use crate::error::ApiError;
use crate::finite;
use crate::names;

pub(crate) async fn health<B: Backend>(State(app): State<Arc<App<B>>>) -> Json<Value> {
    Json(json!({ "ok": true, "version": app.options.version }))
}

pub(crate) async fn plant<B: Backend>(State(app): State<Arc<App<B>>>) -> Response {
    Json(app.served().plant()).into_response()
}

pub(crate) async fn snapshot<B: Backend>(State(app): State<Arc<App<B>>>) -> Json<Frame> {
    let newest = Arc::clone(&app.backend.in_force().frames.borrow());
    let mut frame = finite::frame(Frame::clone(&newest));
    frame.full = true;
    frame.system.sessions = app.sessions.count(app.now_ms());
    Json(frame)
}

pub(crate) async fn alarms<B: Backend>(State(app): State<Arc<App<B>>>) -> Json<Vec<AlarmStatus>> {
    let newest = Arc::clone(&app.backend.in_force().frames.borrow());
    Json(newest.alarms.clone().unwrap_or_default())
}

pub(crate) async fn why<B: Backend>(
    State(app): State<Arc<App<B>>>,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<Why>, ApiError> {
    let Path(name) = path.map_err(|_| ApiError::bad_request("the name in the path is no UTF-8 text"))?;
    let served = app.served();
    let known = names::explainable(served.plant()).find(|known| known.eq_ignore_ascii_case(&name));
    let unknown = || {
        names::unknown(
            "block, interlock, alarm, phase, recipe or point",
            &name,
            names::explainable(served.plant()),
        )
    };
    app.backend.why(known.ok_or_else(unknown)?).map(Json).ok_or_else(unknown)
}
