//! The list of everything that the API answers. Router and OpenAPI document are both made from it,
//! so that neither knows a route that the other does not.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use model::wire::API;

use crate::app::{App, gate};
use crate::backend::Backend;
use crate::error::ApiError;
use crate::{account, change, command, live, openapi, past, present, simulator};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Health,
    OpenApi,
    Login,
    Logout,
    Password,
    Plant,
    Snapshot,
    Live,
    Commands,
    Plan,
    Apply,
    Alarms,
    Events,
    History,
    Why,
    Simulator,
    SimulatorTime,
}

/// Who is let through the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Public,
    /// Any session, also one that was opened with a one-time password.
    EvenOneTimePassword,
    Session,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 17] = [
        Self::Health,
        Self::OpenApi,
        Self::Login,
        Self::Logout,
        Self::Password,
        Self::Plant,
        Self::Snapshot,
        Self::Live,
        Self::Commands,
        Self::Plan,
        Self::Apply,
        Self::Alarms,
        Self::Events,
        Self::History,
        Self::Why,
        Self::Simulator,
        Self::SimulatorTime,
    ];

    /// Below [`API`].
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::OpenApi => "/openapi.json",
            Self::Login => "/login",
            Self::Logout => "/logout",
            Self::Password => "/password",
            Self::Plant => "/plant",
            Self::Snapshot => "/snapshot",
            Self::Live => "/live",
            Self::Commands => "/commands",
            Self::Plan => "/plan",
            Self::Apply => "/apply",
            Self::Alarms => "/alarms",
            Self::Events => "/events",
            Self::History => "/history",
            Self::Why => "/why/{name}",
            Self::Simulator => "/simulator",
            Self::SimulatorTime => "/simulator/time",
        }
    }

    pub(crate) const fn method(self) -> Method {
        match self {
            Self::Login
            | Self::Logout
            | Self::Password
            | Self::Commands
            | Self::Plan
            | Self::Apply
            | Self::SimulatorTime => Method::Post,
            _ => Method::Get,
        }
    }

    pub(crate) const fn access(self) -> Access {
        match self {
            Self::Health | Self::OpenApi | Self::Login => Access::Public,
            Self::Logout | Self::Password => Access::EvenOneTimePassword,
            _ => Access::Session,
        }
    }

    fn handler<B: Backend>(self) -> MethodRouter<Arc<App<B>>> {
        match self {
            Self::Health => get(present::health),
            Self::OpenApi => {
                get(|| async { ([(header::CONTENT_TYPE, "application/json")], openapi::document()) })
            }
            Self::Login => post(account::login),
            Self::Logout => post(account::logout),
            Self::Password => post(account::change_password),
            Self::Plant => get(present::plant),
            Self::Snapshot => get(present::snapshot),
            Self::Live => get(live::live),
            Self::Commands => post(command::execute),
            Self::Plan => post(change::plan),
            Self::Apply => post(change::apply),
            Self::Alarms => get(present::alarms),
            Self::Events => get(past::events),
            Self::History => get(past::history),
            Self::Why => get(present::why),
            Self::Simulator => get(simulator::status),
            Self::SimulatorTime => post(simulator::order),
        }
    }
}

pub(crate) fn router<B: Backend>(app: &Arc<App<B>>) -> Router {
    let mut router = Router::new();
    for endpoint in Endpoint::ALL {
        let through = (Arc::clone(app), endpoint.access());
        let handler = endpoint.handler::<B>().route_layer(middleware::from_fn_with_state(through, gate::<B>));
        // Watchdogs and load balancers look for it at the root.
        if endpoint == Endpoint::Health {
            router = router.route(endpoint.path(), handler.clone());
        }
        router = router.route(&format!("{API}{}", endpoint.path()), handler);
    }
    router
        .fallback(|| async { ApiError::not_found("no such page; GET /api/v1/openapi.json lists all") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this page takes another method; GET /api/v1/openapi.json lists all",
            )
        })
        .layer(middleware::map_response(quiet))
        .with_state(Arc::clone(app))
}

/// Nothing here is for caches, and nothing is to be guessed at.
async fn quiet(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
