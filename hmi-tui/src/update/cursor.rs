//! The cursor: rows, columns of time, neighbours.

use crate::layout;
use crate::state::{
    AlarmTab, Asked, Item, Page, State, alarm_list_height, journal_events, parameter_count,
    worst_unacknowledged,
};

/// Rows of a screenful.
pub(super) fn leap(state: &State) -> isize {
    isize::from(i16::try_from(layout::body_height(state.height)).unwrap_or(20)).max(4) / 2
}

pub(super) fn step(state: &mut State, by: isize) {
    let Some(plant) = state.plant.clone() else { return };
    if state.nav.on_banner {
        state.nav.on_banner = by < 0;
        return;
    }
    if let Some(row) = state.nav.parameter {
        let count = parameter_count(state);
        state.nav.parameter = Some(moved(row, by, count));
        return;
    }
    if let Some(Item::Interlock(interlock)) = state.detail() {
        let count = plant.interlock(interlock).map_or(0, |view| view.causes.len());
        state.nav.cause_row = moved(state.nav.cause_row, by, count);
        return;
    }
    if state.detail().is_some() {
        return;
    }
    let at_top = by == -1 && cursor_row(state) == Some(0);
    if at_top && worst_unacknowledged(&plant, &state.live).is_some() {
        state.nav.on_banner = true;
        return;
    }
    match state.nav.page {
        Page::Overview => {
            let count = plant.overview_rows().len() + state.live.batches.len();
            state.nav.overview_row = moved(state.nav.overview_row, by, count);
        }
        Page::Units => {
            let count = plant.unit(state.nav.unit).map_or(0, |unit| unit.rows.len() + unit.interlocks.len());
            let row = moved(state.nav.unit_row(), by, count);
            state.nav.set_unit_row(row);
        }
        Page::Alarms if state.alarm_list.tab == AlarmTab::Journal => {
            state.alarm_list.journal_row = moved(state.alarm_list.journal_row, by, state.journal.len());
        }
        Page::Alarms => {
            let height = alarm_list_height(state);
            state.alarm_list.step(&plant, &state.live, by, height, state.now_ms);
        }
        Page::Trends => {}
        Page::Batch => state.recipe_row = moved(state.recipe_row, by, plant.view.recipes.len()),
        Page::History if state.query.in_journal => {
            let count = journal_events(state).len();
            state.query.event_row = moved(state.query.event_row, by, count);
        }
        Page::History => {
            let count = state.query.asked.as_ref().map_or(0, Asked::rows);
            state.query.row = moved(state.query.row, by, count);
        }
        Page::System => {
            state.nav.system_row = moved(state.nav.system_row, by, plant.view.devices.len());
        }
    }
}

fn moved(row: usize, by: isize, count: usize) -> usize {
    row.saturating_add_signed(by).min(count.saturating_sub(1))
}

fn cursor_row(state: &State) -> Option<usize> {
    match state.nav.page {
        Page::Overview => Some(state.nav.overview_row),
        Page::Units => Some(state.nav.unit_row()),
        Page::Alarms if state.alarm_list.tab == AlarmTab::Journal => Some(state.alarm_list.journal_row),
        Page::Alarms => {
            let plant = state.plant.as_deref()?;
            let lines = state.alarm_list.lines(plant, &state.live, alarm_list_height(state));
            lines.cursor.filter(|_| lines.above == 0)
        }
        Page::Batch => Some(state.recipe_row),
        Page::System => Some(state.nav.system_row),
        Page::Trends | Page::History => None,
    }
}

pub(super) fn aside(state: &mut State, by: isize) {
    let Some(plant) = state.plant.clone() else { return };
    match state.detail() {
        Some(Item::Interlock(interlock)) => {
            let at = plant.view.interlocks.iter().position(|view| view.id == interlock).unwrap_or(0);
            let count = plant.view.interlocks.len();
            if let Some(next) = plant.view.interlocks.get(wrapping(at, by, count)) {
                state.nav.details.pop();
                super::open::open(state, Item::Interlock(next.id));
            }
        }
        Some(_) => {}
        None if state.nav.page == Page::Units => {
            state.nav.unit = wrapping(state.nav.unit, by, plant.unit_count());
        }
        None if state.nav.page == Page::Trends => {
            let columns = state.width.saturating_sub(8);
            state.trend.move_cursor(by, columns, state.live.time_ms);
        }
        None => {}
    }
}

fn wrapping(at: usize, by: isize, count: usize) -> usize {
    let step = if by < 0 { count.saturating_sub(1) } else { 1 };
    (at + step).checked_rem(count).unwrap_or(0)
}
