//! Pieces that several pages draw: bars, sparklines, plots, tables of values.

mod bar;
mod plot;
mod reading;
mod spark;

pub(crate) use bar::{Scale, bar, bar_heading};
pub(crate) use plot::{Curve, plot};
pub(crate) use reading::{badge_of, limits_of, put_reading, put_reading_in};
pub(crate) use spark::{sparkline, widened};
