//! What a trip starts: a phase, once, besides the positions that the interlock dictates every scan.
//!
//! ```text
//! trip ──► starting ──► batch and phases of the unit: Aborting ──► the phase: Running, from its first step
//!             │  ▲
//!             └──┘ while the phase of an interlock that stands earlier in the text has the unit
//! ```
//!
//! The phase takes its unit and every point that it writes, whoever has them. It does not wait until what it ends has
//! come to rest: that goes through its ABORTING beside it, and leaves alone what it no longer owns.
//!
//! Whether a trip has still to start something is state of its interlock, so a restart and a replay go on with it. It
//! is forgotten when somebody resets or bypasses the interlock first; the cause may be gone again.

use model::{PhaseId, ProcOrder, ProcState, Quality};

use crate::phase::{Cause, PhaseMemory, Scene};

impl PhaseMemory {
    /// Number of the interlock, from one, whose trip started it, while it is at work.
    fn works_for_trip(&self) -> Option<u32> {
        let works = self.state.is_active() && !matches!(self.state, ProcState::Held | ProcState::Paused);
        (works && self.trip != 0 && self.cause != Cause::Trip).then_some(self.trip)
    }

    fn goes_on(&self) -> bool {
        matches!(self.state, ProcState::Running | ProcState::Restarting)
    }
}

impl Scene<'_> {
    /// Starts the phases of interlocks that have tripped since the last run, in the order of the text.
    pub(crate) fn start_trip_phases(&mut self) {
        for index in 0..self.plant.interlocks.len() {
            if !self.state.interlocks[index].starting {
                continue;
            }
            let Some(phase) = self.plant.interlocks[index].start.map(PhaseId::index) else { continue };
            if self.plant.phases.get(phase).is_none() || self.is_taken_by_an_earlier_trip(phase, index) {
                continue;
            }
            self.state.interlocks[index].starting = false;
            self.start_trip_phase(phase, index as u32 + 1);
        }
    }

    /// `trip` is the number of the interlock, from one.
    fn start_trip_phase(&mut self, phase: usize, trip: u32) {
        // It works for no batch any more, whose end it must not share.
        let memory = &mut self.state.phases[phase];
        (memory.recipe, memory.batch) = (0, 0);
        self.take_unit(phase, trip);
        if self.state.phases[phase].goes_on() {
            let memory = &mut self.state.phases[phase];
            if memory.trip == 0 {
                memory.trip = trip;
            }
            return;
        }
        if self.state.phases[phase].state.is_active() {
            self.go_by(phase, ProcState::Aborted, trip);
        }
        let plant = self.plant;
        let definition = &plant.phases[phase];
        for point in &definition.owns {
            self.state.holds[point.index()].phase = phase as u32 + 1;
        }
        for point in &definition.parameters {
            self.state.image.set(*point, plant.point(*point).initial, Quality::Good);
        }
        if self.state.phases[phase].state.is_final() {
            // A final phase takes a reset, an idle one that owns its points a start.
            let _ = self.order_phase(phase, ProcOrder::Reset);
        }
        let _ = self.order_phase_by(phase, ProcOrder::Start, trip);
        self.state.phases[phase].trip = trip;
    }

    /// Aborts what runs on the unit of the phase, and what has a point that it writes.
    fn take_unit(&mut self, phase: usize, trip: u32) {
        for other in 0..self.plant.phases.len() {
            let aborts = self.state.phases[other].state.after(ProcOrder::Abort).is_some();
            if other != phase && aborts && self.is_in_the_way(other, phase) {
                // The state model has just said that it takes the order.
                let _ = self.order_phase_by(other, ProcOrder::Abort, trip);
                let memory = &mut self.state.phases[other];
                (memory.cause, memory.trip) = (Cause::Trip, trip);
            }
        }
        if let Some(recipe) = self.unit_batch(&self.plant.phases[phase].equipment) {
            // A batch that has not begun or has ended refuses, and stays.
            let _ = self.order_batch(recipe, ProcOrder::Abort);
        }
    }

    fn is_in_the_way(&self, other: usize, phase: usize) -> bool {
        let (definition, occupant) = (&self.plant.phases[phase], &self.plant.phases[other]);
        let owns = |point: &model::PointId| self.state.holds[point.index()].phase == other as u32 + 1;
        definition.equipment == occupant.equipment || definition.owns.iter().any(owns)
    }

    /// Of two trips that want one unit the earlier in the text has it, as with positions.
    fn is_taken_by_an_earlier_trip(&self, phase: usize, interlock: usize) -> bool {
        (0..self.plant.phases.len()).any(|other| {
            let earlier =
                self.state.phases[other].works_for_trip().is_some_and(|trip| (trip as usize) <= interlock);
            other != phase && earlier && self.is_in_the_way(other, phase)
        })
    }
}
