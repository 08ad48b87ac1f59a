//! First-order filter: `T dy/dt = u - y`, by backward Euler `y += (u - y) dt / (T + dt)`, which is
//! stable for any `dt` (Seborg, Edgar, Mellichamp: Process Dynamics and Control, chapter 17, the exponential
//! filter; Astrom, Wittenmark: Computer-Controlled Systems, 3rd ed., section 8.2, backward difference).
//!
//! A bad input holds the output and makes it bad; when it is good again the filter starts from it,
//! since what it remembers is of another time.

use model::StateWalk;

use super::Context;
use crate::plant::Filter;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilterState {
    /// The output follows from an unbroken run of usable inputs.
    filled: bool,
}

impl FilterState {
    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.bool(&mut self.filled);
    }

    pub(super) fn after_gap(&mut self) {
        self.filled = false;
    }
}

pub(super) fn run(filter: &Filter, state: &mut FilterState, context: &mut Context<'_>) {
    let (input, quality) = (context.image.value(filter.input), context.image.quality(filter.input));
    if quality.is_bad() {
        state.filled = false;
        context.image.set_quality(filter.out, quality);
        return;
    }
    let last = if state.filled { context.image.value(filter.out) } else { input };
    state.filled = true;
    context.image.set(filter.out, last + (input - last) * weight(filter.time_s, context.dt), quality);
}

/// Share of the new value in one step of a first-order lag.
pub(super) fn weight(time_s: f64, dt: f64) -> f64 {
    if time_s > 0.0 { dt / (time_s + dt) } else { 1.0 }
}
