//! A value with its mark, its alarm and its limits.

use crate::pane::{Pane, columns, shortened};
use crate::state::State;
use crate::value;
use model::wire::AlarmKind;
use model::{AlarmId, PointId};

/// Right-aligned so that the last digit stands before `end`; the mark of doubt follows it.
pub(crate) fn put_reading(pane: &mut Pane<'_>, end: u16, y: u16, state: &State, point: PointId) {
    let (text, mark) = state.reading(point);
    let style = pane.look.value();
    pane.right(end, y, &text, style);
    if !mark.is_empty() {
        pane.text(end, y, mark, style);
    }
}

/// The text of a field exactly `width` wide: words to the left, numbers to the right, the mark last.
pub(crate) fn put_reading_in(state: &State, point: PointId, width: u16) -> String {
    let (text, mark) = state.reading(point);
    let is_word = text.starts_with(|letter: char| letter.is_alphabetic());
    let room = width.saturating_sub(columns(mark));
    let text = if columns(&text) <= room {
        text
    } else if is_word {
        shortened(&text, room)
    } else {
        narrowed(state, point, room)
    };
    let free = usize::from(room.saturating_sub(columns(&text)));
    let padding = " ".repeat(free);
    if is_word { format!("{text}{mark}{padding}") } else { format!("{padding}{text}{mark}") }
}

/// A number that is too wide gives up decimals, then shows that it does not fit.
fn narrowed(state: &State, point: PointId, room: u16) -> String {
    let decimals =
        state.plant.as_deref().and_then(|plant| plant.point(point)).map_or(0, |view| view.decimals);
    let number = state.live.usable(point);
    let fitting = (0..decimals).rev().map(|decimals| match number {
        Some(number) => value::number(number, decimals),
        None => value::dashes(decimals),
    });
    let fitting = fitting.into_iter().find(|text| columns(text) <= room);
    fitting.unwrap_or_else(|| "#".repeat(usize::from(room)))
}

/// The limits of some alarms, for a bar.
pub(crate) fn limits_of(state: &State, alarms: &[AlarmId]) -> Vec<(AlarmKind, f64)> {
    let Some(plant) = state.plant.as_deref() else { return Vec::new() };
    alarms
        .iter()
        .filter_map(|id| {
            let alarm = plant.alarm(*id)?;
            Some((alarm.kind, alarm.limit?))
        })
        .collect()
}

/// The worst badge of some alarms; gives the column behind it.
pub(crate) fn badge_of(pane: &mut Pane<'_>, x: u16, y: u16, state: &State, alarms: &[AlarmId]) -> u16 {
    match state.worst_of(alarms) {
        Some((priority, unacknowledged)) => pane.badge(x, y, priority, unacknowledged),
        None => x,
    }
}
