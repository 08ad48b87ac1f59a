//! A question to the history as a table with its gaps, a graph and a summary; events below.

use model::wire::HistorySample;

use super::{first_shown, journal};
use crate::clock;
use crate::pane::Pane;
use crate::state::{Plant, State, journal_events, usable};
use crate::value;
use crate::widget::{Curve, plot, widened};

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    query_line(body, state);
    let height = body.height();
    let graph = if height >= 30 && state.query.asked.is_some() { 10 } else { 0 };
    let rest = height.saturating_sub(3 + graph + 1);
    let table = if state.query.in_journal { rest / 3 } else { rest * 3 / 5 };
    {
        let mut part = body.part(0, 2, body.width(), table + 1);
        draw_table(&mut part, state, plant);
    }
    let y = 3 + table;
    if graph > 0 {
        let width = body.width().saturating_sub(44);
        {
            let mut part = body.part(1, y, width, graph);
            draw_graph(&mut part, state, plant);
        }
        let mut part = body.part(width + 2, y, 41, graph);
        draw_summary(&mut part, state, plant);
    }
    let mut part = body.below(y + graph);
    draw_events(&mut part, state);
}

fn query_line(body: &mut Pane<'_>, state: &State) {
    let (text, dim, bright) = (body.look.text(), body.look.dim(), body.look.bright());
    let query = &state.query;
    let x = body.text(1, 0, "query> ", dim);
    let (before, behind) = query.input.halves();
    let x = body.text(x, 0, &before, if query.editing { bright } else { text });
    let x = if query.editing {
        let cursor = bright.add_modifier(ratatui::style::Modifier::UNDERLINED);
        let under = behind.chars().next().unwrap_or('_');
        let x = body.text(x, 0, under.encode_utf8(&mut [0; 4]), cursor);
        body.text(x, 0, &behind.chars().skip(1).collect::<String>(), bright)
    } else {
        body.text(x, 0, &behind, text)
    };
    let _ = x;
    let words = match (&query.trouble, query.editing, &query.asked) {
        (Some(trouble), ..) => trouble.clone(),
        (None, true, _) => {
            "TAG, TAG  span  every step   like  TT-311, TIC-311.SP  24h every 5m   Tab completes".to_owned()
        }
        (None, false, None) => "n asks: up to three tags side by side, a span, a step".to_owned(),
        (None, false, Some(asked)) => {
            let span = clock::span(asked.to_ms - asked.from_ms);
            let took = asked.took_ms.map_or("waiting".to_owned(), |took| format!("{took} ms"));
            let gaps = match gaps(state).len() {
                0 => "no gaps".to_owned(),
                1 => "1 gap".to_owned(),
                count => format!("{count} gaps"),
            };
            format!("{} rows over {span}   answer in {took}   {gaps}", asked.rows())
        }
    };
    body.fit(8, 1, body.width().saturating_sub(9), &words, dim);
}

/// Gaps in any of the columns.
fn gaps(state: &State) -> Vec<(i64, i64)> {
    let Some(asked) = &state.query.asked else { return Vec::new() };
    let replies = asked.replies.iter().flatten().flatten();
    let mut gaps: Vec<(i64, i64)> = replies.flat_map(|reply| reply.gaps.iter().copied()).collect();
    gaps.sort_unstable();
    gaps.dedup();
    gaps
}

fn draw_table(part: &mut Pane<'_>, state: &State, plant: &Plant) {
    let Some(asked) = &state.query.asked else { return };
    let (text, dim, bright) = (part.look.value(), part.look.dim(), part.look.bright());
    let zone = state.settings.zone;
    part.text(3, 0, &format!("TIME ({})", zone.offset(asked.to_ms)), dim);
    let single = asked.points.len() == 1;
    let ends: Vec<u16> = (0..3).map(|column| 42 + column * 20).collect();
    for (point, end) in asked.points.iter().zip(&ends) {
        if let Some(view) = plant.point(*point) {
            part.right(*end, 0, &format!("{} {}", view.name, view.unit), dim);
        }
    }
    if single {
        part.right(56, 0, "MIN", dim);
        part.right(70, 0, "MAX", dim);
    }
    let quality_at = if single { 73 } else { ends[asked.points.len().clamp(1, 3) - 1] + 3 };
    part.fit(quality_at, 0, part.width().saturating_sub(quality_at), "QUALITY", dim);
    let height = usize::from(part.height().saturating_sub(1));
    let first = first_shown(state.query.row, asked.rows(), height);
    let gaps = gaps(state);
    for (row, y) in (first..asked.rows()).take(height).zip(1..) {
        let start = asked.row_start(row);
        let chosen = row == state.query.row && !state.query.in_journal && !state.nav.on_banner;
        if chosen {
            part.text(1, y, ">", bright);
        }
        part.text(3, y, &zone.full(start), if chosen { bright } else { text });
        let mut words = String::new();
        let mut empty = true;
        for ((reply, point), end) in asked.replies.iter().zip(&asked.points).zip(&ends) {
            let decimals = plant.point(*point).map_or(2, |view| view.decimals);
            match reply {
                None => {
                    part.right(*end, y, "...", dim);
                    empty = false;
                }
                Some(Err(trouble)) => words.clone_from(trouble),
                Some(Ok(reply)) => {
                    let Some(sample) = sample_in(&reply.samples, start, asked.step_ms) else { continue };
                    empty = false;
                    put_sample(part, y, *end, sample, decimals, single);
                    if words.is_empty() && !sample.quality.is_good() {
                        sample.quality.text().clone_into(&mut words);
                    }
                }
            }
        }
        if empty && words.is_empty() {
            let gap = gaps.iter().find(|(from, to)| *from < start + asked.step_ms && *to > start);
            let words = gap.map_or_else(
                || "---   no value".to_owned(),
                |(from, to)| format!("---   no data {} .. {}", zone.clock(*from), zone.clock(*to)),
            );
            part.text(26, y, &words, dim);
        } else {
            let words = if words.is_empty() { "GOOD" } else { words.as_str() };
            part.fit(quality_at, y, part.width().saturating_sub(quality_at + 1), words, dim);
        }
    }
}

fn put_sample(part: &mut Pane<'_>, y: u16, end: u16, sample: &HistorySample, decimals: u8, single: bool) {
    let text = part.look.value();
    let shown = |number: f64| match sample.quality.is_bad() {
        true => value::dashes(decimals),
        false => value::number(number, decimals),
    };
    part.right(end, y, &shown(sample.value), text);
    part.text(end, y, sample.quality.mark(), text);
    if single {
        part.right(56, y, &shown(sample.min), text);
        part.right(70, y, &shown(sample.max), text);
    }
}

/// The sample of a row: the last one that begins in its interval.
fn sample_in(samples: &[HistorySample], start: i64, step: i64) -> Option<&HistorySample> {
    let behind = samples.partition_point(|sample| sample.time_ms < start + step);
    samples.get(behind.checked_sub(1)?).filter(|sample| sample.time_ms >= start)
}

fn draw_graph(part: &mut Pane<'_>, state: &State, plant: &Plant) {
    let Some(asked) = &state.query.asked else { return };
    let view = asked.points.first().and_then(|point| plant.point(*point));
    let title = view.map_or_else(String::new, |view| {
        format!("{} {}   {}", view.name, view.unit, clock::span(asked.to_ms - asked.from_ms))
    });
    let mut inside = part.boxed(&title);
    let (Some(view), Some(Some(Ok(reply)))) = (view, asked.replies.first()) else { return };
    let dim = inside.look.dim();
    let (width, height) = (inside.width().saturating_sub(9), inside.height().saturating_sub(1));
    let known: Vec<(f64, f64, f64)> = reply.samples.iter().filter_map(usable).collect();
    if known.is_empty() || width == 0 {
        inside.text(1, 0, "no usable value in this span", dim);
        return;
    }
    let low = known.iter().map(|sample| sample.0).fold(f64::INFINITY, f64::min);
    let high = known.iter().map(|sample| sample.1).fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = widened(low, high, (view.high - view.low).abs() * 0.02);
    let mut columns = vec![None; usize::from(width) * 2];
    let count = columns.len();
    let rows = asked.rows().max(1);
    for (index, place) in columns.iter_mut().enumerate() {
        let row = rows - 1 - index * rows / count;
        let sample = sample_in(&reply.samples, asked.row_start(row), asked.step_ms);
        let share = |at: f64| (at - low) / (high - low);
        *place = sample.and_then(usable).map(|(least, most, _)| (share(least), share(most)));
    }
    inside.right(7, 0, &value::number(high, view.decimals), dim);
    inside.right(7, height.saturating_sub(1), &value::number(low, view.decimals), dim);
    let zone = state.settings.zone;
    inside.text(8, height, &zone.day_minute(asked.from_ms), dim);
    inside.right(8 + width, height, &zone.day_minute(asked.to_ms), dim);
    let mut area = inside.part(8, 0, width, height);
    plot(&mut area, &[Curve { columns, selected: true, name: None }]);
}

fn draw_summary(part: &mut Pane<'_>, state: &State, plant: &Plant) {
    let mut inside = part.boxed("SUMMARY");
    let (text, dim) = (inside.look.value(), inside.look.dim());
    let Some(asked) = &state.query.asked else { return };
    for (end, head) in [(18, "min"), (25, "mean"), (32, "max"), (38, "std")] {
        inside.right(end, 0, head, dim);
    }
    let mut y = 1;
    for (point, reply) in asked.points.iter().zip(&asked.replies) {
        let (Some(view), Some(Ok(reply))) = (plant.point(*point), reply) else { continue };
        let known: Vec<(f64, f64, f64)> = reply.samples.iter().filter_map(usable).collect();
        inside.fit(1, y, 10, &view.name, dim);
        if !known.is_empty() {
            let count = known.len() as f64;
            let mean = known.iter().map(|sample| sample.2).sum::<f64>() / count;
            let deviation =
                (known.iter().map(|sample| (sample.2 - mean).powi(2)).sum::<f64>() / count).sqrt();
            let low = known.iter().map(|sample| sample.0).fold(f64::INFINITY, f64::min);
            let high = known.iter().map(|sample| sample.1).fold(f64::NEG_INFINITY, f64::max);
            for (end, figure) in [(18, low), (25, mean), (32, high), (38, deviation)] {
                inside.right(end, y, &value::number(figure, view.decimals), text);
            }
        }
        y += 1;
    }
    for (from, to) in gaps(state).iter().take(usize::from(inside.height().saturating_sub(y + 1))) {
        y += 1;
        let zone = state.settings.zone;
        inside.text(1, y, &format!("gap {} .. {}", zone.day_minute(*from), zone.day_minute(*to)), dim);
    }
}

fn draw_events(part: &mut Pane<'_>, state: &State) {
    let (dim, bright) = (part.look.dim(), part.look.bright());
    let events = journal_events(state);
    let kind = state.query.kind.map_or("all kinds", |kind| kind.word());
    let tag = state.query.tag.as_deref().unwrap_or("all tags");
    part.text(1, 0, &format!("EVENTS  {}   kind {kind}   tag {tag}", events.len()), dim);
    let height = usize::from(part.height().saturating_sub(1));
    let first = first_shown(state.query.event_row, events.len(), height);
    for ((index, event), y) in events.iter().enumerate().skip(first).take(height).zip(1..) {
        journal::line(part, y, state, event, true);
        if index == state.query.event_row && state.query.in_journal && !state.nav.on_banner {
            part.text(0, y, ">", bright);
        }
    }
    if events.is_empty() {
        part.text(1, 1, "No event passes the filter.", dim);
    }
}
