//! A screen too small for a page: the banner and the worst alarms, nothing else.

use super::frame;
use crate::clock;
use crate::pane::Pane;
use crate::state::{AlarmList, State};

pub(super) fn draw(screen: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    frame::header(screen, state);
    frame::banner(screen, 1, state);
    let (value, dim) = (screen.look.value(), screen.look.dim());
    let list = AlarmList::default().sorted(plant, &state.live);
    for (status, y) in list.iter().zip(3..screen.height().saturating_sub(1)) {
        let Some(alarm) = plant.alarm(status.alarm) else { continue };
        screen.badge(1, y, alarm.priority, status.state == model::AlarmState::Unacked);
        let age = clock::age(state.live.time_ms - status.since_ms);
        let words = format!("{} {}  {} {age}", alarm.tag, alarm.text, status.state.word());
        screen.fit(5, y, screen.width().saturating_sub(6), &words, value);
    }
    if list.is_empty() {
        screen.text(1, 3, "No alarm stands.", dim);
    }
    let words = "too small for a page: 80 x 24 at least";
    screen.fit(1, screen.height().saturating_sub(1), screen.width().saturating_sub(2), words, dim);
}
