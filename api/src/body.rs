//! Bodies and queries, read within bounds and refused in words.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Query, Request};
use axum::http::{StatusCode, Uri, header};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::limits::BODY_BYTES;

pub(crate) async fn read_json<T: DeserializeOwned>(
    request: Request,
    within: Duration,
) -> Result<T, ApiError> {
    read_json_up_to(request, within, BODY_BYTES).await
}

pub(crate) async fn read_json_up_to<T: DeserializeOwned>(
    request: Request,
    within: Duration,
    bytes_max: usize,
) -> Result<T, ApiError> {
    let too_large =
        || ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {bytes_max} bytes"));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|text| text.parse::<u64>().ok()).is_some_and(|length| length > bytes_max as u64) {
        return Err(too_large());
    }
    let read = to_bytes(request.into_body(), bytes_max);
    let bytes = match tokio::time::timeout(within, read).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_length_limit(&error) => return Err(too_large()),
        Ok(Err(_)) => return Err(ApiError::bad_request("the body broke off; send it again")),
        Err(_) => {
            let text = format!("the body did not arrive within {} s; send it again", within.as_secs());
            return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, text));
        }
    };
    // The text may quote the body, a password too: it goes back to whoever sent it, and nowhere else.
    serde_json::from_slice(&bytes).map_err(|error| {
        let text: String = error.to_string().chars().take(200).collect();
        ApiError::bad_request(format!(
            "the body is not what this request takes: {}; see GET /api/v1/openapi.json",
            text.escape_debug()
        ))
    })
}

/// axum wraps the limit's own error, whose type it does not export.
fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(crate) fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    Query::try_from_uri(uri).map(|Query(query)| query).map_err(|rejection| {
        let text: String = rejection.body_text().chars().take(200).collect();
        ApiError::bad_request(format!("{}; see GET /api/v1/openapi.json", text.escape_debug()))
    })
}
