//! Characteriser: OUT by straight lines through `points = [[x, y], ...]` with x rising (FF-892 SGCR).
//!
//! Beyond the ends OUT stays at the end's y; the table is never extrapolated.

use alloc::boxed::Box;

use super::{Bad, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "characteriser",
    equation: "OUT = table of the input",
    inputs: &[inlet("input", Takes::Value, "\"LT-311\"")],
    ports: &[result("OUT", "", Scale::Own)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Characteriser {
    points: Box<[(f64, f64)]>,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let points = form.characteristic("points", "[[0, 0], [50, 18], [100, 60]]")?;
    Some((Law::Characteriser(Characteriser { points: points.into() }), 0))
}

impl Characteriser {
    pub(super) fn step(&self, io: &mut Io) {
        io.put(0, self.at(io.input(0)));
    }

    /// Where y rises or falls all the way.
    pub(super) fn slope(&self) -> Option<f64> {
        let steps = || self.points.windows(2).map(|pair| pair[1].1 - pair[0].1);
        if steps().all(|step| step > 0.0) {
            Some(1.0)
        } else if steps().all(|step| step < 0.0) {
            Some(-1.0)
        } else {
            None
        }
    }

    pub(super) fn inverse(&self, y: f64) -> f64 {
        let rising = self.slope().unwrap_or(1.0);
        let after = self.points.partition_point(|(_, at)| *at * rising <= y * rising);
        match (after.checked_sub(1).and_then(|before| self.points.get(before)), self.points.get(after)) {
            (Some((x0, y0)), Some((x1, y1))) => x0 + (x1 - x0) * ((y - y0) / (y1 - y0)),
            (Some((x, _)), None) | (None, Some((x, _))) => *x,
            (None, None) => y,
        }
    }

    fn at(&self, x: f64) -> f64 {
        let after = self.points.partition_point(|(from, _)| *from <= x);
        match (after.checked_sub(1).and_then(|before| self.points.get(before)), self.points.get(after)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((x - x0) / (x1 - x0)),
            (Some((_, y)), None) | (None, Some((_, y))) => *y,
            (None, None) => 0.0,
        }
    }
}
