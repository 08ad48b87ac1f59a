//! Modbus TCP: block planner, client task, and a server with its own sans-IO codec.

mod plan;
mod pdu;
mod map;
mod request;
mod reads;
mod writes;
pub(crate) mod client;
pub(crate) mod server;

pub(crate) use map::RegisterMap;
pub(crate) use plan::Span;
