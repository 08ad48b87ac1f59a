//! Looking around: pages, cursors, faceplates, filters, questions to the history.

use model::PointId;
use model::wire::{BlockKind, EventKind, RowView};

use super::{choose, keys};
use crate::event::Effect;
use crate::layout;
use crate::state::{
    AlarmTab, Asked, Choosing, Item, Overlay, Page, Pending, Plant, State, parse_query, worst_unacknowledged,
};

/// More sparklines than any screen has rows.
const WATCHED_MAX: usize = 200;

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

/// Lines of the alarm list on the present screen.
pub(crate) fn alarm_list_height(state: &State) -> usize {
    let body = layout::body_height(state.height);
    usize::from(match state.alarm_list.tab {
        AlarmTab::Journal => body.saturating_sub(3),
        _ => layout::alarm_rows(body).list,
    })
}

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
            let count = crate::draw::journal_events(state).len();
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
                open(state, Item::Interlock(next.id));
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
pub(super) fn under_cursor(state: &State) -> Option<Item> {
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
    points.into_iter().for_each(|point| state.trend.add(point));
    state.trend.selected = 0;
    page(state, Page::Trends);
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

fn parameter_count(state: &State) -> usize {
    match (state.detail(), state.nav.page) {
        (None, Page::Batch) => state
            .selected_recipe()
            .and_then(|recipe| state.plant.as_deref()?.recipe(recipe))
            .map_or(0, |recipe| recipe.parameters.len()),
        _ => parameter_points(state).len(),
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

/// The name whose reasons are on the screen and are kept fresh.
pub(super) fn explained(state: &State) -> Option<String> {
    if let Some(Overlay::Why { name, .. }) = &state.overlay {
        return Some(name.clone());
    }
    match state.detail()? {
        item @ Item::Interlock(_) => Some(state.plant.as_deref()?.item_name(item).to_owned()),
        _ => None,
    }
}

/// The points whose last hour is on the screen.
pub(super) fn watched(state: &State) -> Vec<PointId> {
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
            points.extend(
                crate::draw::explained_alarm(state).and_then(|status| plant.alarm(status.alarm)?.point),
            );
        }
        _ => {}
    }
    points.truncate(WATCHED_MAX);
    points
}

pub(super) fn ask_history(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plant) = state.plant.clone() else { return };
    let asked = parse_query(&state.query.input.text(), &plant, state.live.time_ms, state.now_ms);
    state.pending.retain(|_, pending| !matches!(pending, Pending::Column(_)));
    match asked {
        Ok(asked) => {
            for (column, point) in asked.points.iter().enumerate() {
                let Some(view) = plant.point(*point) else { continue };
                effects.push(Effect::History {
                    request: state.request(Pending::Column(column)),
                    point: view.name.clone(),
                    from_ms: asked.from_ms,
                    to_ms: asked.to_ms,
                    columns: asked.columns(),
                });
            }
            state.query.asked = Some(asked);
            state.query.trouble = None;
            state.query.editing = false;
            state.query.row = 0;
        }
        Err(trouble) => state.query.trouble = Some(trouble),
    }
}

/// Tab in the query completes the last word to the first tag that begins with it.
pub(super) fn complete_query(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    let text = state.query.input.text();
    let start = text.rfind([' ', ',']).map_or(0, |at| at + 1);
    let (kept, word) = text.split_at(start);
    let word = word.to_uppercase();
    let mut names = plant.view.points.iter().map(|point| point.name.as_str());
    if let Some(name) = names.find(|name| !word.is_empty() && name.to_uppercase().starts_with(&word)) {
        state.query.input = crate::input::TextInput::new(&format!("{kept}{name}"));
    }
}

pub(super) fn next_kind(state: &mut State) {
    state.query.kind = match state.query.kind {
        None => EventKind::ALL.first().copied(),
        Some(kind) => {
            let at = EventKind::ALL.iter().position(|known| *known == kind);
            at.and_then(|at| EventKind::ALL.get(at + 1)).copied()
        }
    };
    state.query.event_row = 0;
}

/// Off when it is on; else asks for a tag.
pub(super) fn event_tag(state: &mut State) {
    if state.query.tag.take().is_some() {
        state.query.events = None;
        state.query.event_row = 0;
        return;
    }
    choose::open(state, Choosing::EventTag);
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
