//! What is on the screen now: both the drawing and the keys must mean the same by "this".

use model::PointId;
use model::wire::{AlarmStatus, BlockKind, EventRecord, RowView};

use super::{AlarmTab, Item, Overlay, Page, Plant, State};
use crate::layout;

/// More sparklines than any screen has rows.
const WATCHED_MAX: usize = 200;

/// Lines of the alarm list on the present screen.
pub(crate) fn alarm_list_height(state: &State) -> usize {
    let body = layout::body_height(state.height);
    usize::from(match state.alarm_list.tab {
        AlarmTab::Journal => body.saturating_sub(3),
        _ => layout::alarm_rows(body).list,
    })
}

/// The row under the cursor of an overview or a unit.
pub(crate) fn row_under_cursor(state: &State) -> Option<&RowView> {
    let plant = state.plant.as_deref()?;
    match state.nav.page {
        Page::Overview => {
            let row = *plant.overview_rows().get(state.nav.overview_row)?;
            plant.overview()?.rows.get(row)
        }
        Page::Units => plant.unit(state.nav.unit)?.rows.get(state.nav.unit_row()),
        _ => None,
    }
}

/// What Enter, `t` and `h` mean by "this".
pub(crate) fn under_cursor(state: &State) -> Option<Item> {
    let plant = state.plant.as_deref()?;
    if let Some(item) = state.detail() {
        return Some(item);
    }
    if let Some(row) = row_under_cursor(state) {
        return Some(plant.row_item(row));
    }
    let unit = plant.unit(state.nav.unit).filter(|_| state.nav.page == Page::Units)?;
    let index = state.nav.unit_row().checked_sub(unit.rows.len())?;
    unit.interlocks.get(index).map(|interlock| Item::Interlock(*interlock))
}

/// The interlocks of the unit or of the block that is shown.
pub(crate) fn interlocks_here(state: &State) -> Vec<Item> {
    let Some(plant) = state.plant.as_deref() else { return Vec::new() };
    let name = state.detail().map(|item| plant.item_name(item).to_owned());
    match name {
        None => plant
            .unit(state.nav.unit)
            .map(|unit| unit.interlocks.iter().map(|id| Item::Interlock(*id)).collect())
            .unwrap_or_default(),
        Some(name) => interlocks_acting_on(plant, state.detail(), &name),
    }
}

fn interlocks_acting_on(plant: &Plant, item: Option<Item>, name: &str) -> Vec<Item> {
    let output = match item {
        Some(Item::Block(block)) => plant.block(block).and_then(|block| plant.point(block.output?)),
        _ => None,
    };
    let output = output.map(|point| point.name.as_str());
    let acts = |action: &String| {
        let target = action.split_whitespace().next().unwrap_or_default();
        target == name || Some(target) == output
    };
    let acting = plant.view.interlocks.iter().filter(|interlock| interlock.actions.iter().any(acts));
    acting.map(|interlock| Item::Interlock(interlock.id)).collect()
}

/// The points in the parameter box of a faceplate, in their order.
pub(crate) fn parameter_points(state: &State) -> Vec<PointId> {
    let Some(Item::Block(id)) = state.detail() else { return Vec::new() };
    let Some(block) = state.plant.as_deref().and_then(|plant| plant.block(id)) else { return Vec::new() };
    let elsewhere: &[&str] = match block.kind {
        BlockKind::Pid => &["PV", "SP", "SPW", "OUT", "MODE"],
        _ => &["MODE"],
    };
    let mut points: Vec<(&str, PointId)> = block
        .points
        .iter()
        .filter(|(role, _)| !elsewhere.contains(&role.as_str()))
        .map(|(role, point)| (role.as_str(), *point))
        .collect();
    let rank = |role: &str| ["KC", "TI", "TD"].iter().position(|known| *known == role).unwrap_or(9);
    points.sort_by_key(|(role, _)| rank(role));
    points.into_iter().map(|(_, point)| point).collect()
}

pub(crate) fn parameter_count(state: &State) -> usize {
    match (state.detail(), state.nav.page) {
        (None, Page::Batch) => state
            .selected_recipe()
            .and_then(|recipe| state.plant.as_deref()?.recipe(recipe))
            .map_or(0, |recipe| recipe.parameters.len()),
        _ => parameter_points(state).len(),
    }
}

/// The name whose reasons are on the screen and are kept fresh.
pub(crate) fn explained_name(state: &State) -> Option<String> {
    if let Some(Overlay::Why { name, .. }) = &state.overlay {
        return Some(name.clone());
    }
    match state.detail()? {
        item @ Item::Interlock(_) => Some(state.plant.as_deref()?.item_name(item).to_owned()),
        _ => None,
    }
}

/// The points whose last hour is on the screen.
pub(crate) fn watched(state: &State) -> Vec<PointId> {
    let Some(plant) = state.plant.as_deref() else { return Vec::new() };
    let mut points = Vec::new();
    match (state.detail(), state.nav.page) {
        (Some(Item::Block(block)), _) => {
            points.extend(plant.main_point(block));
            points.extend(plant.part(block, "SP"));
        }
        (Some(Item::Point(point)), _) => points.push(point),
        (Some(Item::Interlock(_)), _) => {}
        (None, Page::Overview) => {
            if let Some(display) = plant.overview() {
                points.extend(display.key_figures.iter().chain(&display.rows).map(|row| row.point));
            }
        }
        (None, Page::Units) => {
            points.extend(
                plant.unit(state.nav.unit).into_iter().flat_map(|unit| &unit.rows).map(|row| row.point),
            );
        }
        (None, Page::Alarms) => {
            points.extend(explained_alarm(state).and_then(|status| plant.alarm(status.alarm)?.point));
        }
        _ => {}
    }
    points.truncate(WATCHED_MAX);
    points
}

/// The alarm that the detail box explains: under the cursor, else the first of the list.
pub(crate) fn explained_alarm(state: &State) -> Option<AlarmStatus> {
    let plant = state.plant.as_deref()?;
    let lines = state.alarm_list.lines(plant, &state.live, alarm_list_height(state));
    let chosen = lines.cursor.and_then(|cursor| lines.lines.get(cursor).cloned().flatten());
    chosen.or_else(|| lines.lines.into_iter().flatten().next())
}

/// The events that pass the filters, newest first.
pub(crate) fn journal_events(state: &State) -> Vec<&EventRecord> {
    let query = &state.query;
    let of_kind = |event: &&EventRecord| query.kind.is_none_or(|kind| kind == event.kind);
    let of_tag = |event: &&EventRecord| query.tag.as_ref().is_none_or(|tag| belongs(&event.tag, tag));
    match &query.events {
        Some(events) => events.iter().filter(of_kind).collect(),
        None => state.journal.iter().filter(of_kind).filter(of_tag).collect(),
    }
}

/// `TIC-311.SP` belongs to `TIC-311`.
pub(crate) fn belongs(tag: &str, wanted: &str) -> bool {
    tag == wanted || tag.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}
