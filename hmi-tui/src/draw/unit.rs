//! L2: the mimic of a unit, the one thing peculiar to it, its loops and its interlocks.

use model::wire::{DisplayView, InterlockView, RowView};

use super::{cells, fields, first_shown, interlock, overview};
use crate::clock;
use crate::pane::{Pane, columns};
use crate::state::{Plant, State};
use crate::widget::{badge_of, bar, put_reading, sparkline};

/// What the small trend of a row spans.
const ROW_SPAN_MS: i64 = 600_000;
/// Rows of loops that must stay visible beside a mimic.
const ROWS_LEAST: u16 = 6;

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    let Some(display) = plant.unit(state.nav.unit) else {
        let dim = body.look.dim();
        body.text(1, 1, "This plant has no display of a unit; 1 leads to the overview.", dim);
        return;
    };
    head(body, state, plant, display);
    let mimic: Vec<&str> = display.mimic.trim_matches('\n').lines().collect();
    let mimic_width = mimic.iter().map(|line| fields::line_width(line)).max().unwrap_or(0);
    let beside = body.width() > mimic_width + cells::WIDTH;
    let bars = display.bars.as_ref().filter(|_| beside);
    let picture = (mimic.len() as u16).max(bars.map_or(0, cells::height));
    let both = body.height() >= 1 + picture + 1 + ROWS_LEAST;
    let mut y = 1;
    if both || state.nav.mimic_first {
        draw_mimic(body, y, &mimic, state);
        if let Some(bars) = bars {
            let x = body.width().saturating_sub(cells::WIDTH + 1);
            let mut panel = body.part(x, y, cells::WIDTH, cells::height(bars));
            cells::draw(&mut panel, state, plant, bars);
        }
        y += picture + 1;
    } else if let Some(bars) = &display.bars {
        let dim = body.look.dim();
        let words = format!("{}   (m shows the mimic)", cells::summary(state, plant, bars));
        body.fit(1, y, body.width().saturating_sub(2), &words, dim);
        y += 1;
    }
    if both && display.bars.is_some() && bars.is_none() {
        let dim = body.look.dim();
        if let Some(bars) = &display.bars {
            body.fit(1, y - 1, body.width().saturating_sub(2), &cells::summary(state, plant, bars), dim);
        }
    }
    if both || !state.nav.mimic_first {
        let mut lower = body.below(y);
        draw_rows(&mut lower, state, plant, display);
    }
}

/// Unit, what its batch does, and the header line of the display.
fn head(body: &mut Pane<'_>, state: &State, plant: &Plant, display: &DisplayView) {
    let (bright, dim) = (body.look.bright(), body.look.dim());
    let width = body.width();
    let header = fields::line_width(&display.header);
    let start = width.saturating_sub(header + 1).max(1);
    fields::put_line(body, start, 0, &display.header, state, dim);
    let room = start.saturating_sub(3);
    if room < 12 {
        return;
    }
    let batch = state.live.batches.iter().find(|status| {
        status.state.is_active()
            && plant.recipe(status.recipe).is_some_and(|recipe| Some(&recipe.unit) == display.unit.as_ref())
    });
    let doing = batch.map_or_else(String::new, |status| {
        let phase = status.phase.as_ref().and_then(|phase| plant.phase(phase.phase));
        let phase = phase.map_or("", |phase| phase.name.as_str());
        let since = clock::stopwatch(state.live.time_ms - status.since_ms);
        format!("   {}  {phase} {since}", status.state.word())
    });
    let whole = format!("{}{doing}", display.title);
    // The title stands in the path as well; what the unit does stands only here.
    let short = format!("{}{doing}", display.unit.as_deref().unwrap_or(&display.name));
    body.fit(1, 0, room, if columns(&whole) <= room { &whole } else { &short }, bright);
}

fn draw_mimic(body: &mut Pane<'_>, y: u16, mimic: &[&str], state: &State) {
    let plain = body.look.dim();
    for (line, y) in mimic.iter().zip(y..) {
        fields::put_line(body, 1, y, line, state, plain);
    }
}

/// Where each column of the loops stands; 0 leaves one out.
struct Columns {
    label_width: u16,
    mode: u16,
    value_end: u16,
    set_point_end: u16,
    output_end: u16,
    unit: u16,
    bar: (u16, u16),
    trend: (u16, u16),
    alarm: u16,
}

fn columns_for(width: u16) -> Columns {
    let alarm = width.saturating_sub(4);
    let (label_width, mode) = if width >= 90 { (22, 36) } else { (18, 32) };
    let unit = mode + 32;
    let bar = (unit + 8).min(width);
    let room = alarm.saturating_sub(bar + 2);
    let (bar_width, trend_width) = match room {
        38.. => (21, room - 24),
        12..38 => (room.min(21), 0),
        _ => (0, 0),
    };
    Columns {
        label_width,
        mode,
        value_end: mode + 14,
        set_point_end: mode + 22,
        output_end: mode + 30,
        unit,
        bar: (bar, bar_width),
        trend: (bar + bar_width + 3, trend_width),
        alarm,
    }
}

enum Line<'a> {
    Row { cursor: usize, view: &'a RowView },
    Text(&'static str),
    Interlock { cursor: usize, view: &'a InterlockView },
    Causes { view: &'a InterlockView, first: usize },
}

fn draw_rows(lower: &mut Pane<'_>, state: &State, plant: &Plant, display: &DisplayView) {
    let places = columns_for(lower.width());
    head_of_rows(lower, &places);
    let height = usize::from(lower.height().saturating_sub(1));
    let lines = lines(plant, display, height, usize::from(lower.width() / 40).max(1));
    let cursor_of = |line: &Line<'_>| match line {
        Line::Row { cursor, .. } | Line::Interlock { cursor, .. } => Some(*cursor),
        _ => None,
    };
    let chosen = state.nav.unit_row();
    let at = lines.iter().position(|line| cursor_of(line) == Some(chosen)).unwrap_or(0);
    let first = first_shown(at, lines.len(), height);
    for (line, y) in lines.iter().skip(first).take(height).zip(1..) {
        if cursor_of(line) == Some(chosen) && !state.nav.on_banner {
            let bright = lower.look.bright();
            lower.text(0, y, ">", bright);
        }
        match line {
            Line::Row { view, .. } => row(lower, y, state, plant, view, &places),
            Line::Text(text) => {
                let dim = lower.look.dim();
                lower.text(1, y, text, dim);
            }
            Line::Interlock { view, .. } => interlock::summary_line(lower, y, state, view),
            Line::Causes { view, first } => interlock::causes_line(lower, y, state, view, *first),
        }
    }
}

/// Loops, then interlocks; the causes of the interlocks as far as there is room.
fn lines<'a>(plant: &'a Plant, display: &'a DisplayView, height: usize, beside: usize) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> =
        display.rows.iter().enumerate().map(|(cursor, view)| Line::Row { cursor, view }).collect();
    let interlocks: Vec<&InterlockView> =
        display.interlocks.iter().filter_map(|id| plant.interlock(*id)).collect();
    if interlocks.is_empty() {
        return lines;
    }
    let airy = lines.len() + 2 + interlocks.len() <= height;
    if airy {
        lines.push(Line::Text(""));
        lines.push(Line::Text("INTERLOCKS"));
    }
    let mut spare = height.saturating_sub(lines.len() + interlocks.len());
    for (index, view) in interlocks.into_iter().enumerate() {
        lines.push(Line::Interlock { cursor: display.rows.len() + index, view });
        let needed = view.causes.len().div_ceil(beside);
        if needed <= spare {
            spare -= needed;
            let starts = (0..view.causes.len()).step_by(beside);
            lines.extend(starts.map(|first| Line::Causes { view, first }));
        }
    }
    lines
}

fn head_of_rows(lower: &mut Pane<'_>, columns: &Columns) {
    let dim = lower.look.dim();
    lower.text(1, 0, "LOOP", dim);
    lower.text(12, 0, "SERVICE", dim);
    lower.text(columns.mode, 0, "MODE", dim);
    lower.right(columns.value_end, 0, "PV", dim);
    lower.right(columns.set_point_end, 0, "SP", dim);
    lower.right(columns.output_end, 0, "OUT", dim);
    lower.text(columns.unit, 0, "UNIT", dim);
    if columns.bar.1 > 0 {
        lower.text(columns.bar.0, 0, "RANGE", dim);
    }
    if columns.trend.1 > 0 {
        lower.text(columns.trend.0, 0, "10 min", dim);
    }
    lower.text(columns.alarm, 0, "ALM", dim);
}

fn row(lower: &mut Pane<'_>, y: u16, state: &State, plant: &Plant, view: &RowView, columns: &Columns) {
    let (text, dim, value) = (lower.look.text(), lower.look.dim(), lower.look.value());
    lower.fit(1, y, 10, plant.row_tag(view), text);
    lower.fit(12, y, columns.label_width, &view.label, dim);
    if let Some(block) = view.block {
        if let Some(mode) = state.mode_of(block) {
            lower.text(columns.mode, y, mode.short(), value);
        }
        if let Some(set_point) = plant.part(block, "SP") {
            put_reading(lower, columns.set_point_end, y, state, set_point);
        }
        let has_value_of_its_own = plant.part(block, "OUT").filter(|output| *output != view.point);
        if let Some(output) = has_value_of_its_own {
            put_reading(lower, columns.output_end, y, state, output);
        }
    }
    let device = view.block.and_then(|block| plant.part(block, "CMD"));
    let Some(point) = plant.point(view.point) else { return };
    put_reading(lower, columns.value_end, y, state, view.point);
    lower.fit(columns.unit, y, 7, point.unit.symbol(), dim);
    let alarms = plant.alarms_of_row(view);
    let worst = state.worst_of(&alarms);
    let usable = state.live.usable(view.point);
    let quality = state.quality_of(view.point);
    if columns.bar.1 > 0 && quality.is_bad() {
        let width = columns.bar.1 + columns.trend.1;
        lower.fit(columns.bar.0, y, width, quality.text(), dim);
    } else if let Some(command) = device {
        let words = format!("command {}", state.reading(command).0);
        lower.fit(columns.unit, y, 20, &words, dim);
    } else if columns.bar.1 > 0 && point.words.is_none() {
        let scale = overview::scale_of(state, plant, view, point, &alarms);
        bar(lower, (columns.bar.0, y), columns.bar.1, &scale, usable, worst);
    }
    if columns.trend.1 > 0 && usable.is_some() && device.is_none() {
        sparkline(lower, (columns.trend.0, y), columns.trend.1, state, view.point, ROW_SPAN_MS);
    }
    let behind = badge_of(lower, columns.alarm, y, state, &alarms);
    overview::mode_mark(lower, behind, y, state, view);
}
