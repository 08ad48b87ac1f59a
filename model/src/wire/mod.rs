//! What crosses the API, version 1: JSON over HTTP and WebSocket under `/api/v1`.
//!
//! | request | body | answer |
//! | --- | --- | --- |
//! | `POST /login` | [`Login`] | [`Session`] |
//! | `POST /logout` | | |
//! | `POST /password` | [`PasswordChange`] | |
//! | `GET /plant` | | [`PlantView`]: everything that stays while this plant is in force |
//! | `POST /plan` | [`PlantChange`] | [`PlantPlan`]: what another plant would change |
//! | `POST /apply` | [`PlantChange`] | [`CommandReply`], when the other plant is in force |
//! | `GET /snapshot` | | [`Frame`] with every value |
//! | `GET /live` (WebSocket) | | a full [`Frame`], then changes, as [`ServerMessage`] |
//! | `POST /commands` | [`CommandRequest`] | [`CommandReply`], after the journal holds it; 503 with the reply when it cannot |
//! | `GET /alarms` | | `Vec<`[`AlarmStatus`]`>` |
//! | `GET /events?from=&to=&tag=&max=` | | `Vec<`[`EventRecord`]`>`, newest first |
//! | `GET /history?point=&from=&to=&columns=` | | [`HistoryReply`] |
//! | `GET /simulator` | | [`SimulatorStatus`] of the simulated plant beside this controller |
//! | `POST /simulator/time` | [`TimeRequest`] | [`CommandReply`], when the plant's time is as ordered |
//! | `GET /why/{name}` | | [`Why`]: why a block, interlock or phase is as it is, as data and in words |
//!
//! `GET /health` and `GET /openapi.json` (the same in OpenAPI) answer anybody. Every other request but
//! `/login` carries `Authorization: Bearer <token>`. An error is an
//! [`ErrorReply`] with a fitting HTTP status. Times are milliseconds since 1970, UTC.

mod live;
mod plant;
mod change;
mod simulator;
mod why;

pub use change::*;
pub use live::*;
pub use plant::*;
pub use simulator::*;
pub use why::*;

/// The path under which this version lives.
pub const API: &str = "/api/v1";
