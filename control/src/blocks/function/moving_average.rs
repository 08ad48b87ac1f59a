//! Moving average: the mean of the last `N = window / task` inputs, `OUT += (input - input[N ago]) / N`
//! (S. W. Smith: The Scientist and Engineer's Guide to Digital Signal Processing, chapter 15).
//!
//! A ring of N cells and a running sum. The sum is made anew from the ring each time the ring comes
//! round, so rounding errors never live longer than one window. It starts filled with its input.

use super::{Bad, CELLS, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "moving_average",
    equation: "OUT = mean of the input over the window",
    inputs: &[inlet("input", Takes::Value, "\"FT-301\"")],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MovingAverage;

/// Head and sum stand before the ring.
const HEAD: usize = 2;

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let window_s = form.time_s("window", "\"60 s\"")?;
    let runs = form.runs("window", window_s, CELLS - HEAD)?;
    Some((Law::MovingAverage(MovingAverage), runs.max(1) + HEAD))
}

impl MovingAverage {
    pub(super) fn step(io: &mut Io, cells: &mut [f64]) {
        let [head, sum, ring @ ..] = cells else { return };
        let input = io.input(0);
        if io.fresh {
            ring.fill(input);
            (*head, *sum) = (0.0, input * ring.len() as f64);
            return io.put(0, input);
        }
        let at = *head as usize % ring.len();
        *sum += input - ring[at];
        ring[at] = input;
        *head = ((at + 1) % ring.len()) as f64;
        if at + 1 == ring.len() {
            *sum = ring.iter().sum();
        }
        io.put(0, *sum / ring.len() as f64);
    }
}
