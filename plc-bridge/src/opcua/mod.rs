//! OPC UA by `async-opcua` 0.19, wrapped so that nothing else sees it.
//!
//! Its faults that matter here, and what stands against them:
//!
//! * The client's own reconnect re-creates subscriptions and then receives nothing. Ours makes a
//!   new session and a new subscription on every connection ([`client`]).
//! * Neither half bounds the size that a chunk may announce; a peer could make it buffer 4 GiB. Every
//!   byte passes a [`chunk::ChunkGuard`] first, on both halves.
//! * The server accepts a scalar of a wrong type. Our node manager checks every write itself.
//! * The server has no bound on connections and cannot be told to drop them. A relay of our own holds
//!   the listening port ([`relay`]).

mod chunk;
mod value;
mod connect;
mod session;
pub(crate) mod client;
pub(crate) mod relay;
mod nodes;
pub(crate) mod server;

pub(crate) use session::Node;
