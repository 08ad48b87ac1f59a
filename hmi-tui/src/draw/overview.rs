//! L1: key figures, three vital variables for each area, running batches.

use model::ProcState;
use model::wire::{BlockKind, RowView};

use super::batch::batch_name;
use super::{first_shown, journal};
use crate::pane::{Pane, shortened};
use crate::state::{Plant, State, TRACK_SPAN_MS};
use crate::widget::{Scale, badge_of, bar, bar_heading, limits_of, put_reading, sparkline};
use crate::{clock, value};

/// Where each column stands on a screen of some width; a width of 0 leaves it out.
struct Columns {
    area: u16,
    state: u16,
    tag: u16,
    label: u16,
    label_width: u16,
    value_end: u16,
    set_point_end: u16,
    unit: u16,
    bar: (u16, u16),
    trend: (u16, u16),
    alarm: u16,
}

fn columns_for(width: u16) -> Columns {
    let alarm = width.saturating_sub(4);
    match width {
        118.. => Columns {
            area: 1,
            state: 19,
            tag: 30,
            label: 41,
            label_width: 17,
            value_end: 66,
            set_point_end: 73,
            unit: 75,
            bar: (82, 20),
            trend: (104, alarm.saturating_sub(105)),
            alarm,
        },
        _ => {
            let bar = width.saturating_sub(76 + 6);
            Columns {
                area: 1,
                state: 6,
                tag: 17,
                label: 28,
                label_width: 19,
                value_end: 56,
                set_point_end: 65,
                unit: 67,
                bar: (75, if bar >= 12 { bar } else { 0 }),
                trend: (0, 0),
                alarm,
            }
        }
    }
}

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    let Some(display) = plant.overview() else {
        let dim = body.look.dim();
        body.text(1, 1, "This plant has no overview. 2 leads to the units, / finds a tag.", dim);
        return;
    };
    let mut y = key_figures(body, state, plant, &display.key_figures);
    let columns = columns_for(body.width());
    head(body, y, &columns);
    y += 1;
    let lines = lines(state, plant, usize::from(body.height().saturating_sub(y)));
    let height = usize::from(body.height().saturating_sub(y));
    let cursor = lines.iter().position(|line| line.cursor() == Some(state.nav.overview_row)).unwrap_or(0);
    let first = first_shown(cursor, lines.len(), height);
    let mut area_shown = None;
    for (line, y) in lines.iter().skip(first).take(height).zip(y..) {
        let chosen = line.cursor() == Some(state.nav.overview_row) && !state.nav.on_banner;
        if chosen {
            let bright = body.look.bright();
            body.text(0, y, ">", bright);
        }
        match line {
            Line::Blank => {}
            Line::Row { view, .. } => {
                let new_area = area_shown != Some(view.area.as_str());
                area_shown = Some(view.area.as_str());
                row(body, y, state, plant, view, &columns, new_area);
            }
            Line::Batch { index, .. } => batch(body, y, state, plant, *index, columns.state.max(8)),
            Line::Waiting { index } => waiting(body, y, state, *index, columns.state.max(8)),
        }
    }
    let used = y + lines.len() as u16 + 1;
    if used + 4 < body.height() {
        let mut part = body.below(used);
        last_events(&mut part, state);
    }
}

/// What is left of a tall screen says what happened last.
fn last_events(part: &mut Pane<'_>, state: &State) {
    let dim = part.look.dim();
    part.text(1, 0, "LAST EVENTS (newest first)", dim);
    let events = state.journal.iter().filter(|event| journal::is_news(event));
    for (event, y) in events.take(usize::from(part.height().saturating_sub(1))).zip(1..) {
        journal::line(part, y, state, event, false);
    }
}

enum Line<'a> {
    Blank,
    Row {
        cursor: usize,
        view: &'a RowView,
    },
    Batch {
        cursor: usize,
        index: usize,
    },
    /// What the batch above waits for.
    Waiting {
        index: usize,
    },
}

impl Line<'_> {
    fn cursor(&self) -> Option<usize> {
        match self {
            Self::Blank | Self::Waiting { .. } => None,
            Self::Row { cursor, .. } | Self::Batch { cursor, .. } => Some(*cursor),
        }
    }
}

/// Rows by area with a blank between areas when there is room, then the batches.
fn lines<'a>(state: &State, plant: &'a Plant, height: usize) -> Vec<Line<'a>> {
    let Some(display) = plant.overview() else { return Vec::new() };
    let rows: Vec<&RowView> =
        plant.overview_rows().iter().filter_map(|index| display.rows.get(*index)).collect();
    let breaks = rows.windows(2).filter(|pair| pair[0].area != pair[1].area).count();
    let airy = rows.len() + breaks + 1 + state.live.batches.len() <= height;
    let mut lines = Vec::new();
    for (cursor, view) in rows.iter().enumerate() {
        if airy && cursor > 0 && rows[cursor - 1].area != view.area {
            lines.push(Line::Blank);
        }
        lines.push(Line::Row { cursor, view });
    }
    if !state.live.batches.is_empty() && rows.len() + state.live.batches.len() < height {
        lines.push(Line::Blank);
    }
    let batches = state.live.batches.len();
    let roomy = lines.len() + 2 * batches <= height;
    for index in 0..batches {
        lines.push(Line::Batch { cursor: rows.len() + index, index });
        if roomy && !waiting_words(state, index).is_empty() {
            lines.push(Line::Waiting { index });
        }
    }
    lines
}

/// Two figures beside each other; returns the row below them.
fn key_figures(body: &mut Pane<'_>, state: &State, plant: &Plant, figures: &[RowView]) -> u16 {
    if figures.is_empty() {
        return 0;
    }
    let half = body.width() / 2;
    for (index, figure) in figures.iter().enumerate() {
        let (x, y) = (index as u16 % 2 * half, index as u16 / 2);
        let Some(point) = plant.point(figure.point) else { continue };
        let (text, dim) = (body.look.text(), body.look.dim());
        let alarms = plant.alarms_of_row(figure);
        body.fit(x + 1, y, 18, &figure.label, text);
        put_reading(body, x + 27, y, state, figure.point);
        body.fit(x + 29, y, 6, point.unit.symbol(), dim);
        badge_of(body, x + 36, y, state, &alarms);
        if half >= 55 {
            let normal =
                point.normal.map(|(low, high)| format!("{}..{}", value::trimmed(low), value::trimmed(high)));
            if let (Some(normal), None) = (normal, state.worst_of(&alarms)) {
                body.fit(x + 36, y, 14, &format!("norm {normal}"), dim);
            }
            sparkline(body, (x + 51, y), half.saturating_sub(52), state, figure.point, TRACK_SPAN_MS);
        }
    }
    (figures.len() as u16).div_ceil(2) + 1
}

fn head(body: &mut Pane<'_>, y: u16, columns: &Columns) {
    let dim = body.look.dim();
    body.fit(columns.area, y, columns.state.saturating_sub(columns.area + 1), "AREA", dim);
    body.text(columns.state, y, "STATE", dim);
    body.text(columns.tag, y, "TAG", dim);
    body.text(columns.label, y, "VARIABLE", dim);
    body.right(columns.value_end, y, "PV", dim);
    body.right(columns.set_point_end, y, "SP", dim);
    body.text(columns.unit, y, "UNIT", dim);
    if columns.bar.1 > 0 {
        bar_heading(body, columns.bar.0, y, columns.bar.1);
    }
    if columns.trend.1 > 0 {
        body.text(columns.trend.0, y, "60 min", dim);
    }
    body.text(columns.alarm, y, "ALM", dim);
}

fn row(
    body: &mut Pane<'_>,
    y: u16,
    state: &State,
    plant: &Plant,
    view: &RowView,
    columns: &Columns,
    new_area: bool,
) {
    let (text, dim) = (body.look.text(), body.look.dim());
    if new_area {
        let width = columns.state.saturating_sub(columns.area + 1);
        let title = if width > 10 { plant.area_title(&view.area) } else { view.area.clone() };
        body.fit(columns.area, y, width, &title, text);
        let words = area_state(state, plant, &view.area);
        let style = if words == "TRIPPED" { body.look.bright() } else { body.look.value() };
        body.fit(columns.state, y, 10, words, style);
    }
    body.fit(columns.tag, y, 10, plant.row_tag(view), text);
    body.fit(columns.label, y, columns.label_width, &view.label, dim);
    let Some(point) = plant.point(view.point) else { return };
    put_reading(body, columns.value_end, y, state, view.point);
    let set_point = view.block.and_then(|block| plant.part(block, "SP"));
    if let Some(set_point) = set_point {
        put_reading(body, columns.set_point_end, y, state, set_point);
    }
    body.fit(columns.unit, y, 7, point.unit.symbol(), dim);
    let alarms = plant.alarms_of_row(view);
    let worst = state.worst_of(&alarms);
    let usable = state.live.usable(view.point);
    if columns.bar.1 > 0 {
        let quality = state.quality_of(view.point);
        if quality.is_bad() {
            let width = columns.bar.1 + columns.trend.1;
            body.fit(columns.bar.0, y, width, quality.text(), dim);
        } else if point.words.is_none() {
            let scale = scale_of(state, plant, view, point, &alarms);
            bar(body, (columns.bar.0, y), columns.bar.1, &scale, usable, worst);
        }
    }
    if columns.trend.1 > 0 && usable.is_some() {
        sparkline(body, (columns.trend.0, y), columns.trend.1, state, view.point, TRACK_SPAN_MS);
    }
    let behind = badge_of(body, columns.alarm, y, state, &alarms);
    mode_mark(body, behind, y, state, view);
}

/// The scale of a row: range and normal band of the value, limits of its alarms, set point.
pub(super) fn scale_of(
    state: &State,
    plant: &Plant,
    view: &RowView,
    point: &model::wire::PointView,
    alarms: &[model::AlarmId],
) -> Scale {
    let set_point = view.block.and_then(|block| plant.part(block, "SP"));
    let input = view.block.and_then(|block| plant.point(plant.block(block)?.input?));
    Scale {
        low: point.low,
        high: point.high,
        normal: point.normal.or_else(|| input.and_then(|input| input.normal)),
        limits: limits_of(state, alarms),
        set_point: set_point.and_then(|set_point| state.live.usable(set_point)),
    }
}

/// `M` when a loop is not in its normal mode.
pub(super) fn mode_mark(body: &mut Pane<'_>, x: u16, y: u16, state: &State, view: &RowView) {
    let plant = state.plant.as_deref();
    let Some(block) = view.block.and_then(|block| plant?.block(block)) else { return };
    if state.mode_of(block.id).is_some_and(|mode| mode != block.normal_mode) {
        let style = body.look.value();
        body.text(x, y, "M", style);
    }
}

/// In one word: a trip, else what the batches do, else whether anything runs.
fn area_state(state: &State, plant: &Plant, area: &str) -> &'static str {
    let tripped = state.live.interlocks.iter().any(|status| {
        status.tripped && plant.interlock(status.interlock).is_some_and(|interlock| interlock.area == area)
    });
    if tripped {
        return "TRIPPED";
    }
    let batch = state.live.batches.iter().filter(|status| status.state.is_active()).find(|status| {
        let unit = plant.recipe(status.recipe).map(|recipe| recipe.unit.as_str());
        unit.and_then(|unit| plant.area_of_unit(unit)) == Some(area)
    });
    if let Some(status) = batch {
        return status.state.word();
    }
    let machines =
        plant.view.blocks.iter().filter(|block| {
            block.area == area && matches!(block.kind, BlockKind::Motor | BlockKind::Breaker)
        });
    let states: Vec<Option<f64>> = machines
        .filter_map(|block| plant.part(block.id, "STATE"))
        .map(|point| state.live.usable(point))
        .collect();
    match states.iter().flatten().any(|value| *value == 1.0 || *value == 2.0) {
        true => ProcState::Running.word(),
        false if states.is_empty() => "",
        false if states.iter().any(Option::is_none) => "UNKNOWN",
        false => "STOPPED",
    }
}

/// `BATCH  412 LiOH crystallisation  CR-401  op 3/5 Cool and grow  HELD 00:05:27  wait LIC-402 < 80 %`
fn batch(body: &mut Pane<'_>, y: u16, state: &State, plant: &Plant, index: usize, x: u16) {
    let Some(status) = state.live.batches.get(index) else { return };
    let Some(recipe) = plant.recipe(status.recipe) else { return };
    let (text, dim) = (body.look.value(), body.look.dim());
    if index == 0 {
        body.text(1, y, "BATCH", dim);
    }
    let operations: Vec<usize> = recipe
        .procedure
        .iter()
        .enumerate()
        .filter(|(_, node)| node.level == model::wire::ProcedureLevel::Operation)
        .map(|(index, _)| index)
        .collect();
    let running =
        operations.iter().position(|node| status.nodes.get(*node).is_some_and(|node| node.state.is_active()));
    let operation = running.map_or_else(String::new, |at| {
        let node = recipe.procedure.get(operations[at]).filter(|_| body.width() >= 110);
        let title = node.map_or("", |node| node.title.as_str());
        format!("op {}/{} {title}", at + 1, operations.len())
    });
    let since = clock::stopwatch(state.live.time_ms - status.since_ms);
    let head = shortened(&format!("{} {}  {}", batch_name(status.batch), recipe.title, recipe.unit), 40);
    let end = body.text(x, y, &head, text);
    let end = body.text(end + 2, y, &operation, dim);
    body.text(end + 2, y, &format!("{} {since}", status.state.word()), text);
}

/// Why it is held, or what its phase waits for.
fn waiting_words(state: &State, index: usize) -> String {
    let Some(status) = state.live.batches.get(index) else { return String::new() };
    match (&status.cause, &status.phase) {
        (Some(cause), _) => format!("cause {cause}"),
        (None, Some(phase)) if !phase.waiting.is_empty() => format!("wait {}", phase.waiting),
        _ => String::new(),
    }
}

fn waiting(body: &mut Pane<'_>, y: u16, state: &State, index: usize, x: u16) {
    let dim = body.look.dim();
    body.fit(x, y, body.width().saturating_sub(x + 1), &waiting_words(state, index), dim);
}
