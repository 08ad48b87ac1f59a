//! The deterministic core: compile a plant, step it scan by scan.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod plant;
pub mod compile;

pub use compile::{Compiled, compile};
