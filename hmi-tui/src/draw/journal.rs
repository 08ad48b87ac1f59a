//! Lines of the event journal.

use model::wire::EventRecord;

use crate::pane::Pane;
use crate::state::State;

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
