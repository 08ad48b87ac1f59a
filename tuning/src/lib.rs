//! Tuning and watching of loops: mathematics on recorded trends.
//!
//! What happens here: a [`Record`] of PV and OUT becomes a [`Process`] model ([`identify`],
//! [`relay`]), the model becomes a proposal ([`rules`]) with its margins ([`margins()`]) and its
//! predicted response ([`predict`]); a record of normal running becomes indices of performance
//! ([`harris`], [`oscillation`], [`stiction`], [`service`]).
//!
//! What never happens here: no plant, no file, no clock, no command. Nothing here can change a
//! loop: a proposal is a value, and a person carries it to the controller.
//!
//! Begin reading at [`Process`], then at [`identify()`], then at [`rules`].
//!
//! ```
//! use tuning::{Process, Record, Controller, identify, margins, rules};
//!
//! // A step of 10 % on a heater that gains 0.5 degC per %, with 120 s lag and 20 s dead time.
//! let heater = Process::Lag { gain: 0.5, tau: 120.0, delay: 20.0 };
//! let out: Vec<f64> = (0..600).map(|k| if k < 60 { 40.0 } else { 50.0 }).collect();
//! let record = Record { dt: 2.0, pv: heater.response(&out, 2.0, 60.0), out };
//!
//! let found = identify(&record).unwrap();
//! let Process::Lag { gain, tau, delay } = found.process else { panic!("{found:?}") };
//! assert!((gain - 0.5).abs() < 1e-3 && (tau - 120.0).abs() < 0.5 && (delay - 20.0).abs() < 0.5);
//!
//! let pi = Controller::continuous(rules::simc(&found.process, delay));
//! let margins = margins(&found.process, &pi).unwrap();
//! assert!((margins.ms - 1.59).abs() < 0.01 && margins.stable);
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod complex;
mod linear;
mod record;
mod process;
mod fit;
pub mod identify;
pub mod relay;
mod controller;
mod margins;
pub mod rules;
pub mod predict;
pub mod harris;
pub mod oscillation;
pub mod stiction;
pub mod service;
#[cfg(test)]
mod testing;

pub use complex::Complex;
pub use controller::{Controller, Law, Tuning};
pub use identify::{Doubt, Identified, identify};
pub use margins::{Margins, margins, margins_of};
pub use process::{Process, Running};
pub use record::Record;
