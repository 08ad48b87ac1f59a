//! A copy of what people see, for readers outside the scan.

use alloc::vec::Vec;

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
        let listener = |answer| answering(&self.plant, answer);
        view.loops.clear();
        view.loops.extend(state.blocks.iter().map(|block| match block {
            BlockState::Pid(pid, fixed) => LoopView {
                target: pid.target,
                integral: pid.integral,
                calculated: pid.calculated,
                downstream: fixed.downstream.map(listener),
                out_of_service: None,
            },
            BlockState::Device(device, _) => {
                LoopView { out_of_service: device.service.order(), ..LoopView::default() }
            }
            BlockState::Ratio(_, fixed) => {
                LoopView { downstream: fixed.secondary.map(listener), ..LoopView::default() }
            }
            BlockState::Ramp(fixed) => {
                LoopView { downstream: fixed.consumer.map(listener), ..LoopView::default() }
            }
            BlockState::Function(_, fixed) => {
                LoopView { downstream: fixed.downstream.map(listener), ..LoopView::default() }
            }
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
