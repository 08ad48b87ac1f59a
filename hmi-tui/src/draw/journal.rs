//! Lines of the event journal.

use crate::pane::Pane;
use crate::state::{State, belongs};
use model::wire::{EventKind, EventRecord};

/// `14:31:26.400  ALARM  AI-319    HI 0.81 %vol (limit 0.8)    j.ortiz`
pub(super) fn line(pane: &mut Pane<'_>, y: u16, state: &State, event: &EventRecord, with_date: bool) {
    let (text, dim) = (pane.look.text(), pane.look.dim());
    let zone = state.settings.zone;
    let time = match with_date {
        true => zone.full(event.time_ms),
        false => zone.milli(event.time_ms),
    };
    let x = pane.text(1, y, &time, dim) + 2;
    pane.fit(x, y, 6, event.kind.word(), dim);
    pane.fit(x + 8, y, 12, &event.tag, text);
    let user = pane.width().saturating_sub(13);
    let room = if event.user.is_empty() { pane.width() } else { user };
    pane.fit(x + 21, y, room.saturating_sub(x + 22), &event.text, text);
    if !event.user.is_empty() {
        pane.fit(user, y, 12, &event.user, dim);
    }
}

/// Alarms that the plant suppresses by design come in dozens at each stop and start. They stand in
/// the journal; where only the newest few events are shown they would push everything else out.
pub(super) fn is_news(event: &EventRecord) -> bool {
    let routine = ["suppressed by design", "no longer suppressed"];
    event.kind != EventKind::Alarm || !routine.iter().any(|words| event.text.ends_with(words))
}

/// The newest events of one tag and its parts, with a heading.
pub(super) fn of_tag(part: &mut Pane<'_>, state: &State, tag: &str) {
    let dim = part.look.dim();
    part.text(1, 0, &format!("EVENTS OF {tag} (newest first)"), dim);
    let events = state.journal.iter().filter(|event| belongs(&event.tag, tag));
    let mut y = 1;
    for event in events.take(usize::from(part.height().saturating_sub(1))) {
        line(part, y, state, event, false);
        y += 1;
    }
    if y == 1 {
        part.text(1, 1, "None that this console knows.", dim);
    }
}
