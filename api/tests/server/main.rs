//! The server over real sockets, with a scripted plant behind it.

mod plant;
mod script;
mod server;
mod login;
mod routes;
mod roles;
mod live;
mod hostile;
mod secrets;
