//! A gap: there was no controller between two scans. What that means for everything that remembers is said here, once.
//!
//! A gap begins with the last scan that acted before [`super::Engine::resume`] and ends with the first that acts after it, when
//! the field has answered. Nobody looked in between, as if every link had been lost for so long:
//!
//! | what | after a gap |
//! | --- | --- |
//! | what has tripped, come true, been latched or counted | stays as it is, and is judged by what is seen now |
//! | delays of a condition that have not run out: `FOR`, `OFFDELAY`, `on_delay`, `off_delay`, TON, TOF, a device's travel time | begin anew: nobody has seen it stand without a break |
//! | time that waits for nothing but itself: `WAIT TRUE FOR 10 min`, the time of a step and its `WITHIN`, TP, procedures | stood still |
//! | derivative and PV filter of a loop, filters, averages, dead times, notches, lead-lags, predictors | settle at what is seen now |
//! | outputs of loops, ratios and split ranges | go on from where they stand, without a bump; a loop without integral keeps its bias |
//! | where a valve of two contacts stands | is not known until an end has been found |
//! | rates of change | keep what they were, and go on from what is seen now |
//! | what ends by the clock: bypasses, shelves, forces, the rest of a motor, the age of a sample | time went on |
//!
//! It follows from the state and the tick alone, so a replay, which resumes where the journal says that a controller began,
//! comes to the same.

use crate::machine::Now;
use crate::plant::Plant;

use super::State;

/// The stretch without a controller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap {
    /// The last scan that acted before it.
    pub(crate) before: Now,
    /// The first that acts after it.
    pub(crate) after: Now,
}

impl Gap {
    pub(crate) fn seconds(self) -> f64 {
        self.after.since_ms(self.before.tick) as f64 * 1e-3
    }

    /// A moment before the gap, so that no time has passed since then but that before it.
    pub(crate) fn stood_still(self, tick: u64) -> u64 {
        tick.saturating_add(self.after.tick.saturating_sub(self.before.tick)).min(self.after.tick)
    }
}

/// The field has answered: before anything acts, all that remembers hears of the gap.
pub(super) fn close(plant: &Plant, state: &mut State) {
    let after = state.now(plant);
    let gap = Gap { before: Now { tick: state.left, ..after }, after };
    state.procedure_tick = after.tick;
    state.memory.after_gap(&plant.code.ops, &state.image, gap);
    let State { blocks, image, .. } = state;
    for (state, block) in blocks.iter_mut().zip(&plant.blocks) {
        state.after_gap(&block.body, image, gap);
    }
    for alarm in &mut state.alarms {
        alarm.after_gap(gap);
    }
    for phase in &mut state.phases {
        phase.after_gap(gap);
    }
}
