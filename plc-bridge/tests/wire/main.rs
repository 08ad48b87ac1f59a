//! The bridge over real sockets on loopback: both halves against each other, against strangers, and
//! against peers that mean no good.

mod field;
mod both;
mod refusals;
mod rivals;
mod modbus;
mod opcua;
mod strangers;
mod scale;
