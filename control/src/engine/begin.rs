//! Blocks that have not run yet take over what stands in the image: all of them when a plant begins, the new ones
//! when the engine goes on with another plant.
//!
//! What they take over may have been calculated: the process value of a loop is a selected transmitter, that of its
//! primary a filtered level. So signals are worked out first, or the loops above such a loop would begin from a
//! set point of zero.

use crate::blocks::{Context, StartRound};
use crate::engine::State;
use crate::exchange::ScanOutput;
use crate::plant::Plant;

/// `task_dt` are the nominal periods of the tasks in seconds; only blocks that are `fresh` begin.
pub(crate) fn begin(
    plant: &Plant,
    task_dt: &[f64],
    state: &mut State,
    out: &mut ScanOutput,
    fresh: impl Fn(usize) -> bool,
) {
    run_signals(plant, task_dt, state, out, &fresh);
    let State { image, blocks, handshakes, .. } = state;
    for round in StartRound::ALL {
        for (index, block) in blocks.iter_mut().enumerate().filter(|(index, _)| fresh(*index)) {
            block.start(plant, index, image, handshakes, round);
        }
    }
}

/// Results that others build on, before their task is due: tasks of different pace would otherwise start from nothing.
pub(crate) fn run_signals(
    plant: &Plant,
    task_dt: &[f64],
    state: &mut State,
    out: &mut ScanOutput,
    wanted: impl Fn(usize) -> bool,
) {
    let now = state.now(plant);
    let State { image, memory, holds, handshakes, blocks, .. } = state;
    let mut context = Context { ops: &plant.code.ops, image, memory, holds, handshakes, out, now, dt: 0.0 };
    // Slowest first: the fast ones build on the slow ones' results.
    for (task, dt) in plant.tasks.iter().zip(task_dt).rev() {
        context.dt = *dt;
        for block in task.blocks.iter().map(|block| block.index()).filter(|block| wanted(*block)) {
            if plant.blocks[block].body.is_signal() {
                blocks[block].run(plant, block, &mut context);
            }
        }
    }
}
