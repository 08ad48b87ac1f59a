//! The plant as it was: events and history.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use model::wire::{EventRecord, HistoryReply};
use serde::Deserialize;

use crate::app::App;
use crate::backend::{Backend, EventQuery, HistoryError, HistoryQuery};
use crate::body::read_query;
use crate::error::ApiError;
use crate::finite;
use crate::limits::{
    EVENTS_DEFAULT, EVENTS_MAX, HISTORY_COLUMNS, HISTORY_SAMPLES, HISTORY_SPAN_MS, NAME_BYTES,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    from: Option<i64>,
    to: Option<i64>,
    tag: Option<String>,
    max: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    point: String,
    from: i64,
    to: i64,
    columns: Option<u32>,
}

pub(crate) async fn events<B: Backend>(
    State(app): State<Arc<App<B>>>,
    request: Request,
) -> Result<Json<Vec<EventRecord>>, ApiError> {
    let wanted: Events = read_query(request.uri())?;
    let max = wanted.max.unwrap_or(EVENTS_DEFAULT);
    if !(1..=EVENTS_MAX).contains(&max) {
        return Err(ApiError::bad_request(format!("max must be from 1 to {EVENTS_MAX}, and is {max}")));
    }
    if wanted.tag.as_ref().is_some_and(|tag| tag.len() > NAME_BYTES) {
        return Err(ApiError::bad_request(format!("no tag is longer than {NAME_BYTES} bytes")));
    }
    let (from_ms, to_ms) = (wanted.from.unwrap_or(0), wanted.to.unwrap_or(i64::MAX));
    if from_ms > to_ms {
        return Err(ApiError::bad_request("from is later than to"));
    }
    let query = EventQuery { from_ms, to_ms, tag: wanted.tag, max: max as usize };
    let answer = app.backend.event_log(query);
    let mut records = in_time(&app, answer)
        .await?
        .map_err(|error| ApiError::internal(format!("the events cannot be read: {error}")))?;
    records.truncate(max as usize);
    Ok(Json(records))
}

pub(crate) async fn history<B: Backend>(
    State(app): State<Arc<App<B>>>,
    request: Request,
) -> Result<Json<HistoryReply>, ApiError> {
    let wanted: History = read_query(request.uri())?;
    let served = app.served();
    let point = served.names.point(served.plant(), &wanted.point)?;
    let point = served.plant().points[point.index()].name.clone();
    check_span(wanted.from, wanted.to)?;
    if wanted.columns.is_some_and(|columns| !(1..=HISTORY_COLUMNS).contains(&columns)) {
        return Err(ApiError::bad_request(format!("columns must be from 1 to {HISTORY_COLUMNS}")));
    }
    let query = HistoryQuery {
        point,
        from_ms: wanted.from,
        to_ms: wanted.to,
        columns: wanted.columns,
        max_samples: HISTORY_SAMPLES,
    };
    match in_time(&app, app.backend.history(query)).await? {
        Ok(reply) if reply.samples.len() > HISTORY_SAMPLES => {
            Err(history_error(&HistoryError::TooMany { max: HISTORY_SAMPLES }))
        }
        Ok(reply) => Ok(Json(finite::history(reply))),
        Err(error) => Err(history_error(&error)),
    }
}

fn check_span(from_ms: i64, to_ms: i64) -> Result<(), ApiError> {
    if from_ms < 0 || to_ms < 0 {
        return Err(ApiError::bad_request("from and to are milliseconds since 1970, UTC"));
    }
    if from_ms >= to_ms {
        return Err(ApiError::bad_request("from must be earlier than to"));
    }
    if to_ms - from_ms > HISTORY_SPAN_MS {
        let days = HISTORY_SPAN_MS / 86_400_000;
        return Err(ApiError::bad_request(format!("a span is at most {days} days; ask for less at once")));
    }
    Ok(())
}

fn history_error(error: &HistoryError) -> ApiError {
    let status = match error {
        HistoryError::NotRecorded => StatusCode::NOT_FOUND,
        HistoryError::TooMany { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        HistoryError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    ApiError::new(status, error.to_string())
}

async fn in_time<B: Backend, T>(app: &App<B>, answer: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(app.options.limits.answer_timeout, answer).await.map_err(|_| {
        ApiError::new(StatusCode::GATEWAY_TIMEOUT, "no answer in time; ask for a shorter span, or try again")
    })
}

#[cfg(test)]
mod tests {
    use super::check_span;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_two_numbers_overflow_the_span(from: i64, to: i64) {
            if check_span(from, to).is_ok() {
                prop_assert!(0 <= from && from < to);
            }
        }
    }
}
