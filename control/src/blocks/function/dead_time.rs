//! Dead time: `OUT(t) = input(t - time)` (FF-892, dead time; Seborg, Edgar, Mellichamp: Process Dynamics and
//! Control, chapter 6).
//!
//! A ring of one input per run; between two runs OUT is interpolated, so a time need not be a
//! multiple of the task. It starts filled with its input. One block remembers 36 000 runs at most:
//! a longer transport needs a slower `task`.

use super::{Bad, CELLS, Io, Law, Scale, Shape, Takes, inlet, result};
use crate::compile::Form;

pub(super) static SHAPE: Shape = Shape {
    word: "dead_time",
    equation: "OUT = input, later by the dead time",
    inputs: &[inlet("input", Takes::Value, "\"FT-301\"")],
    ports: &[result("OUT", "", Scale::First)],
    bad: Bad::Hold,
    drives: &[],
    signal: true,
    read,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DeadTime {
    /// The part of a run behind the whole ones.
    rest: f64,
}

fn read(form: &mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)> {
    let time_s = form.time_s("time", "\"30 s\"")?;
    form.runs("time", time_s, CELLS - 3)?;
    let (law, cells) = DeadTime::new(time_s, form.dt);
    Some((Law::DeadTime(law), cells))
}

impl DeadTime {
    /// With the cells that it needs: the head, and one more input than the whole runs.
    pub(super) fn new(time_s: f64, dt: f64) -> (Self, usize) {
        let runs = time_s / dt;
        let whole = libm::floor(runs + 1e-9);
        (Self { rest: (runs - whole).clamp(0.0, 1.0) }, whole as usize + 3)
    }

    pub(super) fn step(&self, io: &mut Io, cells: &mut [f64]) {
        let delayed = self.pass(io.input(0), io.fresh, cells);
        io.put(0, delayed);
    }

    /// The input of `time` ago. The ring holds this input and those of all runs since.
    pub(super) fn pass(&self, input: f64, fresh: bool, cells: &mut [f64]) -> f64 {
        let Some((head, ring)) = cells.split_first_mut() else { return input };
        if fresh {
            ring.fill(input);
            *head = 0.0;
            return input;
        }
        let length = ring.len();
        let at = *head as usize % length;
        ring[at] = input;
        *head = ((at + 1) % length) as f64;
        // The oldest is next to be overwritten; `whole` runs ago stands one after it.
        let (oldest, next) = (ring[(at + 1) % length], ring[(at + 2) % length]);
        next + (oldest - next) * self.rest
    }
}
