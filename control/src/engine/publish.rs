//! A copy of what people see, for readers outside the scan.

use alloc::vec::Vec;
use model::Mode;

use super::Engine;
use crate::blocks::{BlockState, answering};
use crate::experiment::ExperimentMemory;
use crate::state_view::{LoopView, StateView};

impl Engine {
    /// Fills the copy. Allocates only when the copy is of another plant, or new.
    pub fn publish(&self, view: &mut StateView) {
        let state = &self.state;
        view.tick = state.tick;
        view.ready = state.ready;
        refill(&mut view.values, state.image.values());
        refill(&mut view.qualities, state.image.qualities());
        copy(&mut view.alarms, &state.alarms);
        copy(&mut view.interlocks, &state.interlocks);
        copy(&mut view.phases, &state.phases);
        copy(&mut view.holds, &state.holds);
        copy(&mut view.timers, &state.memory.timers);
        copy(&mut view.edges, &state.memory.edges);
        copy(&mut view.rates, &state.memory.rates);
        view.previous.clear();
        view.previous.extend(state.memory.previous.given());
        view.forces = state.forces;
        // Who takes the output of a block, and whether he could do with more or less of it.
        let heard = |downstream: Option<u32>| {
            let below = downstream.and_then(|answer| state.handshakes.get(answer as usize));
            LoopView {
                downstream: downstream.map(|answer| answering(&self.plant, answer)),
                below_up: below.is_some_and(|below| below.limited_up),
                below_down: below.is_some_and(|below| below.limited_down),
                ..LoopView::default()
            }
        };
        view.loops.clear();
        view.loops.extend((0..).zip(&state.blocks).map(|(index, block)| match block {
            BlockState::Pid(pid, fixed) => LoopView {
                target: pid.target,
                integral: pid.integral,
                calculated: pid.calculated,
                out_of_service:
                    (pid.target == Mode::OutOfService).then(|| state.loop_orders.last(index)).flatten(),
                ..heard(fixed.downstream)
            },
            BlockState::Device(device, _) => {
                LoopView { out_of_service: device.service.order(), ..LoopView::default() }
            }
            BlockState::Ratio(_, fixed) => heard(fixed.secondary),
            BlockState::Ramp(fixed) => heard(fixed.consumer),
            BlockState::Function(_, fixed) => heard(fixed.downstream),
            BlockState::Stateless
            | BlockState::Filter(_)
            | BlockState::Selector(_)
            | BlockState::Split(..)
            | BlockState::Duty(..) => LoopView::default(),
        }));
        view.experiments.clear();
        view.experiments.extend(state.experiments.iter().filter_map(ExperimentMemory::view));
        if view.batches.len() == state.procedures.len() {
            for (copy, procedure) in view.batches.iter_mut().zip(&state.procedures) {
                copy.copy_from(procedure);
            }
        } else {
            view.batches.clone_from(&state.procedures);
        }
    }
}

fn copy<T: Copy>(to: &mut Vec<T>, from: &[T]) {
    refill(to, from.iter().copied());
}

fn refill<T>(to: &mut Vec<T>, from: impl ExactSizeIterator<Item = T>) {
    to.clear();
    to.extend(from);
}
