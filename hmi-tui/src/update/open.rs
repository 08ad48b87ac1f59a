//! Looking around: pages, cursors, faceplates, filters, questions to the history.

use model::PointId;

use super::question::ask_history;
use super::{choose, keys};
use crate::event::Effect;
use crate::state::{
    AlarmTab, Choosing, Item, Overlay, Page, State, interlocks_here, parameter_count, parameter_points,
    row_under_cursor, under_cursor,
};

pub(super) fn page(state: &mut State, page: Page) {
    state.nav.go(page);
    if page == Page::Alarms {
        state.alarm_list.tag = None;
        state.alarm_list.tab = AlarmTab::Active;
        if let Some(plant) = state.plant.clone() {
            state.alarm_list.home(&plant, &state.live, state.now_ms);
        }
    }
}

pub(super) fn enter(state: &mut State, effects: &mut Vec<Effect>) {
    if state.nav.on_banner {
        return banner(state);
    }
    if state.nav.parameter.is_some() {
        return match super::why_not(state, crate::keymap::Act::SetValue) {
            Some(reason) => state.note(format!("V: {reason}")),
            None => super::command::begin(state, crate::keymap::Act::SetValue),
        };
    }
    if state.detail().is_some() {
        return;
    }
    match state.nav.page {
        Page::Overview => enter_overview(state),
        Page::Units => {
            if let Some(item) = under_cursor(state) {
                open(state, item);
            }
        }
        Page::Alarms if state.alarm_list.tab == AlarmTab::Journal => {
            let tag = state.journal.iter().nth(state.alarm_list.journal_row).map(|event| event.tag.clone());
            let item = tag.and_then(|tag| state.plant.as_deref()?.find(&tag));
            match item {
                Some(item) => open(state, item),
                None => state.note("this line belongs to no tag"),
            }
        }
        Page::Alarms => {
            let plant = state.plant.clone();
            let alarm = state.alarm_list.selected().and_then(|id| plant.as_ref()?.alarm(id).cloned());
            match alarm.and_then(|alarm| plant.as_ref()?.alarm_item(&alarm)) {
                Some(item) => go_to(state, item),
                None => state.note("choose an alarm with Up/Down first"),
            }
        }
        Page::Trends => choose::open(state, Choosing::Pen),
        Page::Batch => parameters(state),
        Page::History => {
            if state.query.input.is_empty() {
                state.query.editing = true;
            } else {
                ask_history(state, effects);
            }
        }
        Page::System => {}
    }
}

/// From the overview down to the unit that shows the row, or to the batch.
fn enter_overview(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    if let Some(row) = row_under_cursor(state) {
        let item = plant.row_item(row);
        let area = row.area.clone();
        match plant.unit_showing(item).or_else(|| Some((plant.unit_of_area(&area)?, 0))) {
            Some((unit, row)) => {
                state.nav.go(Page::Units);
                state.nav.unit = unit;
                state.nav.set_unit_row(row);
            }
            None => open(state, item),
        }
        return;
    }
    let index = state.nav.overview_row.saturating_sub(plant.overview_rows().len());
    if let Some(recipe) = state.live.batches.get(index).map(|status| status.recipe) {
        state.nav.go(Page::Batch);
        state.recipe_row = plant.view.recipes.iter().position(|view| view.id == recipe).unwrap_or(0);
    }
}

/// To the display on which something can be mended: its row on a unit, else its faceplate.
pub(super) fn go_to(state: &mut State, item: Item) {
    let Some(plant) = state.plant.clone() else { return };
    let from = state.nav.page;
    match plant.unit_showing(item) {
        Some((unit, row)) => {
            state.nav.go(Page::Units);
            state.nav.unit = unit;
            state.nav.set_unit_row(row);
            state.nav.came_from = (from == Page::Alarms).then_some(from);
        }
        None => open(state, item),
    }
}

pub(super) fn banner(state: &mut State) {
    if let Some((item, _)) = keys::banner_item(state) {
        go_to(state, item);
    }
    state.nav.on_banner = false;
}

pub(super) fn back(state: &mut State) {
    if state.nav.on_banner {
        state.nav.on_banner = false;
    } else if state.nav.parameter.is_some() {
        state.nav.parameter = None;
    } else if state.nav.details.pop().is_none() {
        page(state, state.nav.came_from.unwrap_or(Page::Overview));
    }
}

pub(super) fn trend(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    let points: Vec<PointId> = match under_cursor(state) {
        Some(Item::Block(block)) => {
            let parts: Vec<PointId> =
                ["PV", "SP", "OUT"].iter().filter_map(|role| plant.part(block, role)).collect();
            if parts.is_empty() { plant.main_point(block).into_iter().collect() } else { parts }
        }
        Some(Item::Point(point)) => vec![point],
        _ => return state.note("choose a row with a value first"),
    };
    state.trend.fit(state.live.system.uptime_ms);
    points.into_iter().for_each(|point| state.trend.add(point));
    state.trend.selected = 0;
    page(state, Page::Trends);
}

pub(super) fn interlocks(state: &mut State) {
    let here = interlocks_here(state);
    let tripped = |item: &&Item| {
        let Item::Interlock(id) = item else { return false };
        state.live.interlock(*id).is_some_and(|status| status.tripped)
    };
    if let Some(item) = here.iter().find(tripped).or(here.first()).copied() {
        open(state, item);
    }
}

/// Opens a faceplate; of an interlock that stands, at the cause that was first out.
pub(super) fn open(state: &mut State, item: Item) {
    state.nav.open(item);
    if let Item::Interlock(id) = item {
        let status = state.live.interlock(id).filter(|status| status.tripped || status.active);
        state.nav.cause_row = status.and_then(|status| status.first_out).map_or(0, usize::from);
    }
}

pub(super) fn tuning(state: &mut State) {
    if parameter_points(state).is_empty() {
        return state.note("g: there are no parameters here");
    }
    state.nav.parameter = if state.nav.parameter.is_some() { None } else { Some(0) };
}

pub(super) fn parameters(state: &mut State) {
    if parameter_count(state) == 0 {
        return state.note("p: this recipe has no parameters");
    }
    state.nav.parameter = if state.nav.parameter.is_some() { None } else { Some(0) };
}

pub(super) fn tag_alarms(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    let Some(item) = state.detail() else { return };
    let alarm = plant.alarms_of(item).first().and_then(|id| plant.alarm(*id));
    let Some(tag) = alarm.map(|alarm| alarm.tag.clone()) else {
        return state.note(format!("e: {} has no alarms", plant.item_name(item)));
    };
    page(state, Page::Alarms);
    state.alarm_list.tab = AlarmTab::Active;
    state.alarm_list.tag = Some(tag);
    state.alarm_list.home(&plant, &state.live, state.now_ms);
}

pub(super) fn tag_history(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plant) = state.plant.clone() else { return };
    let Some(item) = under_cursor(state) else { return };
    let point = match item {
        Item::Block(block) => plant.main_point(block),
        Item::Point(point) => Some(point),
        Item::Interlock(_) => None,
    };
    let Some(view) = point.and_then(|point| plant.point(point)) else { return };
    let text = format!("{} 1h every 1m", view.name);
    page(state, Page::History);
    state.query.input = crate::input::TextInput::new(&text);
    ask_history(state, effects);
}

pub(super) fn why(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    let name = match under_cursor(state) {
        Some(Item::Interlock(_)) if state.detail().is_some() => {
            return state.note("w: the reasons stand below, as they are now");
        }
        Some(item) => plant.item_name(item).to_owned(),
        None if state.nav.page == Page::Batch => {
            let status = state.selected_recipe().and_then(|recipe| state.live.batch(recipe));
            let phase = status.and_then(|status| status.phase.as_ref());
            match phase.and_then(|phase| plant.phase(phase.phase)) {
                Some(phase) => phase.name.clone(),
                None => return state.note("w: no phase runs"),
            }
        }
        None => return,
    };
    state.overlay = Some(Overlay::Why { name, scroll: 0 });
}

/// Opens a page, a unit display or a faceplate by its name.
pub(crate) fn show(state: &mut State, name: &str) {
    if let Some(wanted) = Page::ALL.into_iter().find(|page| page.word().eq_ignore_ascii_case(name)) {
        return page(state, wanted);
    }
    let Some(plant) = state.plant.clone() else { return };
    if let Some(unit) = plant.unit_named(name) {
        state.nav.go(Page::Units);
        state.nav.unit = unit;
    } else if let Some(item) = plant.find(name) {
        if let Some((unit, row)) = plant.unit_showing(item) {
            state.nav.go(Page::Units);
            state.nav.unit = unit;
            state.nav.set_unit_row(row);
        }
        state.nav.open(item);
    }
}
