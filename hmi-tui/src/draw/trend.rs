//! Four pens over one span of time, with a cursor, figures and the events between.

use crate::clock;
use crate::pane::{Pane, columns};
use crate::state::{Pen, Plant, State, usable};
use crate::value;
use crate::widget::{Curve, badge_of, plot, put_reading, widened};
use model::wire::HistorySample;

const NAMES: [char; 4] = ['A', 'B', 'C', 'D'];
/// Columns of the axis before the plot.
const AXIS: u16 = 7;

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    let trend = &state.trend;
    legend(body, state, plant);
    let top = 1 + trend.pens.len().max(1) as u16 + 1;
    let height = body.height().saturating_sub(top + 5);
    let width = body.width().saturating_sub(AXIS + 1);
    let (from, to) = trend.window(state.live.time_ms);
    frame_of(body, state, top, width, height);
    let curves: Vec<Curve> = trend
        .pens
        .iter()
        .enumerate()
        .filter(|(_, pen)| pen.on)
        .map(|(index, pen)| {
            let (low, high) = scale(state, plant, pen);
            let span = if high > low { high - low } else { 1.0 };
            let share = |at: f64| (at - low) / span;
            let columns = spread(pen, from, to, width * 2);
            Curve {
                columns: columns
                    .into_iter()
                    .map(|c| c.map(|(least, most)| (share(least), share(most))))
                    .collect(),
                selected: index == trend.selected,
                name: NAMES.get(index).copied(),
            }
        })
        .collect();
    {
        let mut part = body.part(AXIS, top + 1, width, height);
        cursor_line(&mut part, state, from, to);
        plot(&mut part, &curves);
    }
    let y = top + height + 2;
    time_axis(body, state, y, width, from, to);
    events(body, state, plant, y + 1, width, from, to);
    status(body, state, y + 2);
}

fn legend(body: &mut Pane<'_>, state: &State, plant: &Plant) {
    let dim = body.look.dim();
    let wide = body.width() >= 110;
    let at = if wide { 49 } else { 29 };
    body.text(1, 0, "PEN", dim);
    body.text(6, 0, "TAG", dim);
    if wide {
        body.text(19, 0, "DESCRIPTION", dim);
    }
    body.right(at, 0, "AT CURSOR", dim);
    body.right(at + 9, 0, "NOW", dim);
    body.text(at + 14, 0, "UNIT", dim);
    for (offset, head) in [(29, "MIN"), (37, "MAX"), (45, "MEAN")] {
        if at + offset <= body.width() {
            body.right(at + offset, 0, head, dim);
        }
    }
    if wide {
        body.text(at + 48, 0, "SCALE", dim);
    }
    if state.trend.pens.is_empty() {
        body.text(
            1,
            1,
            "No pens yet: n adds a tag here, t on a row or a faceplate brings its tag along.",
            dim,
        );
    }
    for (index, (pen, y)) in state.trend.pens.iter().zip(1..).enumerate() {
        legend_line(body, state, plant, (index, pen), y, at, wide);
    }
}

fn legend_line(
    body: &mut Pane<'_>,
    state: &State,
    plant: &Plant,
    (index, pen): (usize, &Pen),
    y: u16,
    at: u16,
    wide: bool,
) {
    let Some(view) = plant.point(pen.point) else { return };
    let selected = index == state.trend.selected;
    let (dim, value_style) = (body.look.dim(), body.look.value());
    let style = match (selected, pen.on) {
        (_, false) => body.look.faint(),
        (true, true) => body.look.bright(),
        (false, true) => body.look.text(),
    };
    if selected {
        body.text(0, y, ">", style);
    }
    let name = NAMES.get(index).copied().unwrap_or('?');
    body.text(2, y, name.encode_utf8(&mut [0; 4]), style);
    body.fit(6, y, 12, &view.name, style);
    if wide {
        body.fit(19, y, 20, &view.description, dim);
    }
    let decimals = view.decimals;
    let (from, to) = state.trend.window(state.live.time_ms);
    let at_cursor = at_time(&pen.samples, state.trend.cursor_ms.unwrap_or(to));
    let at_cursor = at_cursor.map_or_else(|| value::dashes(decimals), |at| value::number(at, decimals));
    body.right(at, y, &at_cursor, value_style);
    put_reading(body, at + 9, y, state, pen.point);
    badge_of(body, at + 10, y, state, plant.alarms_of(plant.home(pen.point)));
    body.fit(at + 14, y, 7, view.unit.symbol(), dim);
    if let Some(trouble) = &pen.trouble {
        body.fit(at + 22, y, body.width().saturating_sub(at + 23), trouble, dim);
        return;
    }
    let figures = figures(pen, from, to);
    for (offset, figure) in
        [(29, figures.map(|f| f.0)), (37, figures.map(|f| f.1)), (45, figures.map(|f| f.2))]
    {
        let words = figure.map_or_else(|| value::dashes(decimals), |figure| value::number(figure, decimals));
        if at + offset <= body.width() {
            body.right(at + offset, y, &words, value_style);
        }
    }
    if wide {
        let (low, high) = scale(state, plant, pen);
        let own = if pen.own_scale { " own" } else { "" };
        let words = format!("{} .. {}{own}", value::trimmed(low), value::trimmed(high));
        body.fit(at + 48, y, body.width().saturating_sub(at + 49), &words, dim);
    }
}

/// Least, most and mean of what is usable in the window.
fn figures(pen: &Pen, from: i64, to: i64) -> Option<(f64, f64, f64)> {
    let inside = pen.samples.iter().filter(|sample| (from..=to).contains(&sample.time_ms)).filter_map(usable);
    let (mut low, mut high, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0u32);
    for (least, most, value) in inside {
        low = low.min(least);
        high = high.max(most);
        sum += value;
        count += 1;
    }
    (count > 0).then(|| (low, high, sum / f64::from(count)))
}

fn scale(state: &State, plant: &Plant, pen: &Pen) -> (f64, f64) {
    let range = plant.point(pen.point).map_or((0.0, 1.0), |view| (view.low, view.high));
    if !pen.own_scale {
        return range;
    }
    let (from, to) = state.trend.window(state.live.time_ms);
    figures(pen, from, to)
        .map_or(range, |(low, high, _)| widened(low, high, (range.1 - range.0).abs() * 0.01))
}

/// The value that stood at a time.
fn at_time(samples: &[HistorySample], time_ms: i64) -> Option<f64> {
    let behind = samples.partition_point(|sample| sample.time_ms <= time_ms);
    usable(samples.get(behind.checked_sub(1)?)?).map(|(_, _, value)| value)
}

/// Least and most for each column; a value stands until the next one, but not across a gap.
fn spread(pen: &Pen, from: i64, to: i64, count: u16) -> Vec<Option<(f64, f64)>> {
    let mut columns: Vec<Option<(f64, f64)>> = vec![None; usize::from(count)];
    if to <= from || count == 0 {
        return columns;
    }
    let column = |time: i64| {
        let at = i128::from(time - from) * i128::from(count) / i128::from(to - from);
        usize::try_from(at).unwrap_or(0).min(usize::from(count) - 1)
    };
    let mut next_times = pen.samples.iter().skip(1).map(|sample| sample.time_ms);
    for sample in &pen.samples {
        let next = next_times.next();
        let Some((least, most, value)) = usable(sample) else { continue };
        let until = next.unwrap_or(sample.time_ms).min(to);
        if sample.time_ms > to || until < from {
            continue;
        }
        if sample.time_ms >= from {
            merge(&mut columns[column(sample.time_ms)], least, most);
        }
        let gap = pen.gaps.iter().find(|(start, _)| (sample.time_ms..until).contains(start));
        let until = gap.map_or(until, |(start, _)| *start);
        let first = column(sample.time_ms.max(from)) + usize::from(sample.time_ms >= from);
        let last = if until > from { column(until) } else { continue };
        for place in columns.iter_mut().take(last).skip(first) {
            merge(place, value, value);
        }
    }
    columns
}

fn merge(place: &mut Option<(f64, f64)>, least: f64, most: f64) {
    let (low, high) = place.unwrap_or((least, most));
    *place = Some((low.min(least), high.max(most)));
}

fn frame_of(body: &mut Pane<'_>, state: &State, top: u16, width: u16, height: u16) {
    let (dim, faint) = (body.look.dim(), body.look.faint());
    let line = "─".repeat(usize::from(width));
    body.text(AXIS - 1, top, &format!("┌{line}"), faint);
    body.text(AXIS - 1, top + height + 1, &format!("└{line}"), faint);
    for y in 0..height {
        body.text(AXIS - 1, top + 1 + y, "│", faint);
    }
    for quarter in 0..=4u16 {
        let y = height.saturating_sub(1) * quarter / 4;
        body.right(AXIS - 2, top + 1 + y, &format!("{}%", 100 - quarter * 25), dim);
    }
    let (from, to) = state.trend.window(state.live.time_ms);
    if let Some(x) = state.trend.cursor_ms.and_then(|at| place(at, from, to, width)) {
        let words = state.settings.zone.clock(state.trend.cursor_ms.unwrap_or(to));
        let x = (AXIS + x).saturating_sub(columns(&words) / 2);
        let bright = body.look.bright();
        body.text(x, top, &words, bright);
    }
}

/// The cell of a time along the axis, if it is in the window.
fn place(at: i64, from: i64, to: i64, width: u16) -> Option<u16> {
    if !(from..=to).contains(&at) || to <= from || width == 0 {
        return None;
    }
    let cell = i128::from(at - from) * i128::from(width - 1) / i128::from(to - from);
    u16::try_from(cell).ok()
}

fn cursor_line(part: &mut Pane<'_>, state: &State, from: i64, to: i64) {
    let Some(x) = state.trend.cursor_ms.and_then(|at| place(at, from, to, part.width())) else { return };
    let faint = part.look.faint();
    for y in 0..part.height() {
        part.text(x, y, "┊", faint);
    }
}

fn time_axis(body: &mut Pane<'_>, state: &State, y: u16, width: u16, from: i64, to: i64) {
    let dim = body.look.dim();
    let zone = state.settings.zone;
    let long = to - from > 86_400_000;
    let words = |at: i64| if long { zone.day_minute(at) } else { zone.minute(at) };
    for quarter in 0..4 {
        let at = from + (to - from) * i64::from(quarter) / 4;
        body.text(AXIS + width * quarter / 4, y, &words(at), dim);
    }
    body.right(AXIS + width, y, &words(to), dim);
}

/// What happened to the pens' tags, each at its time; one that has no room is left out.
fn events(body: &mut Pane<'_>, state: &State, plant: &Plant, y: u16, width: u16, from: i64, to: i64) {
    let dim = body.look.dim();
    body.text(1, y, "EVENT", dim);
    let names: Vec<&str> =
        state.trend.pens.iter().map(|pen| plant.item_name(plant.home(pen.point))).collect();
    let of_pens = state.journal.iter().filter(|event| {
        let tag = event.tag.split('.').next().unwrap_or_default();
        names.iter().any(|name| *name == event.tag || *name == tag)
    });
    let mut found: Vec<(u16, String)> = of_pens
        .filter_map(|event| {
            let x = place(event.time_ms, from, to, width)?;
            Some((x, format!("◇ {} {}", state.settings.zone.minute(event.time_ms), event.text)))
        })
        .collect();
    found.reverse();
    let mut free = 0;
    let mut found = found.into_iter().peekable();
    while let Some((x, words)) = found.next() {
        let next = found.peek().map_or(width, |(x, _)| *x);
        let room = next.saturating_sub(x + 1).clamp(16, 28).min(columns(&words));
        // At the right edge a text begins before its time.
        let x = x.min(width.saturating_sub(room));
        if x < free {
            continue;
        }
        body.fit(AXIS + x, y, room, &words, dim);
        free = x + room + 1;
    }
}

fn status(body: &mut Pane<'_>, state: &State, y: u16) {
    let trend = &state.trend;
    let end = match trend.end_ms {
        None => "live".to_owned(),
        Some(end) => format!("ends {}   0 goes live", state.settings.zone.day_minute(end)),
    };
    let (from, to) = trend.window(state.live.time_ms);
    let gaps: usize = trend
        .pens
        .iter()
        .map(|pen| pen.gaps.iter().filter(|(start, stop)| *start < to && *stop > from).count())
        .max()
        .unwrap_or(0);
    let gaps = match gaps {
        0 => "no gaps".to_owned(),
        1 => "1 gap in the record".to_owned(),
        _ => format!("{gaps} gaps in the record"),
    };
    let dim = body.look.dim();
    let words = format!("{end}   span {}   least and most per column   {gaps}", clock::span(trend.span_ms));
    body.fit(1, y, body.width().saturating_sub(2), &words, dim);
}

#[cfg(test)]
mod tests {
    use model::wire::HistorySample;
    use model::{PointId, Quality};

    use super::{at_time, spread};
    use crate::state::Pen;

    fn pen(samples: &[(i64, f64)]) -> Pen {
        let mut pen = Pen::new(PointId(0));
        pen.samples = samples
            .iter()
            .map(|(time_ms, value)| HistorySample {
                time_ms: *time_ms,
                value: *value,
                min: *value,
                max: *value,
                quality: if value.is_finite() { Quality::Good } else { Quality::BadNoCommunication },
            })
            .collect();
        pen
    }

    #[test]
    fn a_value_stands_until_the_next_one_but_not_across_a_gap() {
        let mut pen = pen(&[(0, 1.0), (40, 2.0), (80, f64::NAN), (100, 3.0)]);
        let one = Some((1.0, 1.0));
        let two = Some((2.0, 2.0));
        assert_eq!(
            spread(&pen, 0, 100, 10),
            [one, one, one, one, two, two, two, two, None, Some((3.0, 3.0))]
        );
        pen.gaps = vec![(20, 40)];
        assert_eq!(spread(&pen, 0, 100, 10)[..5], [one, one, None, None, two]);
        assert_eq!(at_time(&pen.samples, 39), Some(1.0));
        assert_eq!(at_time(&pen.samples, 85), None);
        assert_eq!(at_time(&pen.samples, -1), None);
    }
}
