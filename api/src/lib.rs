//! The door of the plant: HTTP and WebSocket under `/api/v1`, users, sessions, and who may do what.
//!
//! ```text
//!  client ──► bounds ──► router ──► gate ────────► role, reason ──► Backend ──► plant
//!             server     endpoint   app            authority        (the shell)
//!             stall                 session, users
//!                                   throttle
//!  client ◄── live: a full frame, then changes and events, as fast as the client takes them
//! ```
//!
//! What comes in: requests from anybody who reaches the port. What goes out: what `model::wire`
//! says, and for every refusal one sentence that tells what to do next.
//!
//! What never happens here: no control, no knowledge of `control` (only of `model`); no command
//! without a session, a role and, where it matters, a reason; no queue that grows with a slow
//! client; no password or token on disk, in memory longer than needed, or in a log. TLS is not here
//! yet either: [`check_listen`] keeps plain HTTP on this machine.
//!
//! Begin reading at `endpoint.rs` (everything that is answered), then `app.rs` (the gate) and
//! `authority.rs` (who may do what); the numbers stand in `limits.rs`. The shell implements
//! [`Backend`] and calls [`serve`].
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! use model::wire::Role;
//!
//! let users = api::Users::open(&folder.path().join("users"))?;
//! if let Some(one_time) = users.first_administrator()? {
//!     println!("log in as admin with {one_time} and change it");
//! }
//! users.add("j.ortiz", Role::Operator)?;
//! assert_eq!(users.list(), [("admin".into(), Role::Administrator), ("j.ortiz".into(), Role::Operator)]);
//! assert!(api::check_listen("0.0.0.0:7300".parse()?, false).is_err());
//! # Ok(())
//! # }
//! ```

mod limits;
mod clock;
mod backend;
mod authority;
mod endpoint;
mod app;
mod account;
mod command;
mod change;
mod simulator;
mod present;
mod past;
mod live;
mod difference;
mod finite;
mod names;
mod body;
mod error;
mod openapi;
mod described;
mod schema;
mod examples;
mod examples_of_why;
mod server;
mod doors;
mod listen;
mod stall;
mod users;
mod user_file;
mod password;
mod session;
mod throttle;

pub use backend::{AuditKind, AuditRecord, Backend, EventQuery, HistoryError, HistoryQuery, InForce, Who};
pub use clock::Clock;
pub use limits::Limits;
pub use listen::{ListenError, check_listen};
pub use password::PasswordError;
pub use server::{Options, ServeError, serve};
pub use users::{UserError, Users};
