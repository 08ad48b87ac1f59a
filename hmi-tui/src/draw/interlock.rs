//! Interlocks: one line on a unit, and the whole of one with its reasons as they are now.

use model::wire::{CauseView, InterlockStatus, InterlockView};
use model::{InterlockId, Priority};
use ratatui::style::Style;

use super::overlay;
use crate::pane::{Pane, wrapped};
use crate::state::State;

/// Width of one cause on a unit's display.
const CAUSE_WIDTH: u16 = 40;

/// Word and style of an interlock's state.
fn word(pane: &Pane<'_>, status: Option<&InterlockStatus>) -> (&'static str, Style) {
    let (word, style) = match status {
        None => ("unknown", pane.look.dim()),
        Some(status) if status.tripped => (" TRIPPED ", pane.look.fill(Priority::Critical)),
        Some(status) if status.active => (" ACTIVE ", pane.look.fill(Priority::Critical)),
        Some(status) if status.bypassed_until_ms.is_some() => {
            (" BYPASSED ", pane.look.fill(Priority::Medium))
        }
        Some(_) => ("clear", pane.look.value()),
    };
    (word, if pane.look.lost { pane.look.faint() } else { style })
}

/// `IL-301  Electrolyser trip   TRIPPED  first out 2: header dP low  since 14:02:11`
pub(super) fn summary_line(pane: &mut Pane<'_>, y: u16, state: &State, view: &InterlockView) {
    let (text, dim) = (pane.look.text(), pane.look.dim());
    let status = state.live.interlock(view.id);
    pane.fit(1, y, 10, &view.name, text);
    pane.fit(12, y, 24, &view.description, dim);
    let (word, style) = word(pane, status);
    let end = pane.text(if word.starts_with(' ') { 36 } else { 37 }, y, word, style);
    let words = status.map(|status| status_words(state, view, status)).unwrap_or_default();
    let actions = format!("-> {}", view.actions.join(", "));
    let words = if words.is_empty() { actions } else { words };
    pane.fit(end.max(46) + 1, y, pane.width().saturating_sub(end.max(46) + 2), &words, dim);
}

fn status_words(state: &State, view: &InterlockView, status: &InterlockStatus) -> String {
    let zone = state.settings.zone;
    let mut words = Vec::new();
    if status.tripped || status.active {
        if let Some(cause) = status.first_out.and_then(|number| view.causes.get(usize::from(number))) {
            let bad = status.first_bad.as_ref().map_or(String::new(), |bad| format!(" ({bad})"));
            words.push(format!("first out: {}{bad}", short(cause)));
        }
        words.push(format!("since {}", zone.clock(status.since_ms)));
        if !status.active {
            words.push("cause gone, R resets".to_owned());
        }
    }
    if let Some(until) = status.bypassed_until_ms {
        words.push(format!("bypass ends {}", zone.clock(until)));
    }
    words.join("   ")
}

/// The engineers' words for a cause, else the condition as written.
fn short(cause: &CauseView) -> &str {
    if cause.description.is_empty() { &cause.text } else { &cause.description }
}

/// Whether one cause stands, as far as the frame says: the first one out is named, the rest only
/// while nothing stands.
fn cause_word(state: &State, view: &InterlockView, number: usize) -> &'static str {
    match state.live.interlock(view.id) {
        Some(status) if status.first_out.map(usize::from) == Some(number) && status.active => "TRIPPED",
        Some(status) if status.first_out.map(usize::from) == Some(number) && status.tripped => "first out",
        Some(status) if !status.active => "clear",
        _ => "",
    }
}

/// As many causes as fit beside each other.
pub(super) fn causes_line(pane: &mut Pane<'_>, y: u16, state: &State, view: &InterlockView, first: usize) {
    let (dim, bright, value) = (pane.look.dim(), pane.look.bright(), pane.look.value());
    let beside = usize::from(pane.width() / CAUSE_WIDTH).max(1);
    for (index, number) in (first..view.causes.len()).take(beside).enumerate() {
        let x = index as u16 * CAUSE_WIDTH + 2;
        let cause = &view.causes[number];
        pane.fit(x, y, 23, short(cause), dim);
        let word = cause_word(state, view, number);
        pane.fit(x + 24, y, 9, word, if word == "TRIPPED" { bright } else { value });
        if let Some(point) = cause.point {
            let (text, mark) = state.reading(point);
            pane.right(x + 38, y, &text, value);
            pane.text(x + 38, y, mark, value);
        }
    }
}

/// The whole of one interlock.
pub(super) fn draw(body: &mut Pane<'_>, state: &State, id: InterlockId) {
    let Some(plant) = state.plant.as_deref() else { return };
    let Some(view) = plant.interlock(id) else { return };
    let (text, dim, bright) = (body.look.text(), body.look.dim(), body.look.bright());
    let status = state.live.interlock(id);
    let mut x = body.line(1, 0, &[(&view.name, bright), ("  ", text), (&view.description, text)]) + 3;
    let (word, style) = word(body, status);
    x = body.text(x, 0, word, style) + 2;
    let words = status.map(|status| status_words(state, view, status)).unwrap_or_default();
    body.fit(x, 0, body.width().saturating_sub(x + 1), &words, text);
    let latched = if view.latched { "latched until somebody resets it" } else { "lets go by itself" };
    let bypass = view
        .bypass_role
        .map_or_else(|| "may never be bypassed".to_owned(), |role| format!("bypass needs {}", role.word()));
    body.text(1, 1, &format!("{latched}   {bypass}   unit {}", view.unit.as_deref().unwrap_or("none")), dim);
    // The reasons below need some rows as well.
    let least = (body.height() / 2).max(4);
    let causes = (view.causes.len() as u16 + 3).min(least);
    let mut part = body.part(0, 3, body.width(), causes);
    draw_causes(&mut part, state, view);
    let y = 3 + causes;
    let actions = wrapped(&view.actions.join(",  "), body.width().saturating_sub(12));
    body.text(1, y, "DOES", dim);
    for (line, row) in actions.iter().zip(y..) {
        body.text(10, row, line, text);
    }
    let y = y + actions.len().max(1) as u16 + 1;
    let mut why = body.below(y);
    let mut inside = why.boxed("WHY  as it is now");
    overlay::draw_explanation(&mut inside, state, 0);
}

fn draw_causes(part: &mut Pane<'_>, state: &State, view: &InterlockView) {
    let Some(plant) = state.plant.as_deref() else { return };
    let mut inside = part.boxed(&format!("TRIPS ON ANY OF {}", view.causes.len()));
    let (text, dim, value) = (inside.look.text(), inside.look.dim(), inside.look.value());
    let width = inside.width();
    let end = width.saturating_sub(10);
    inside.text(1, 0, " #  STATE      CAUSE", dim);
    inside.right(end, 0, "NOW", dim);
    let height = usize::from(inside.height().saturating_sub(1));
    let first = super::first_shown(state.nav.cause_row, view.causes.len(), height);
    for ((number, cause), y) in view.causes.iter().enumerate().skip(first).take(height).zip(1..) {
        if number == state.nav.cause_row && view.causes.len() > height {
            inside.text(0, y, ">", text);
        }
        inside.right(3, y, &(number + 1).to_string(), dim);
        let word = cause_word(state, view, number);
        let style = match word {
            "TRIPPED" | "first out" => inside.look.bright(),
            _ => value,
        };
        inside.text(5, y, word, style);
        let room = end.saturating_sub(16 + 10);
        let words = match cause.description.is_empty() {
            true => cause.text.clone(),
            false => format!("{}   {}", cause.description, cause.text),
        };
        inside.fit(16, y, room, &words, text);
        if let Some(point) = cause.point.and_then(|point| plant.point(point)) {
            let (reading, mark) = state.reading(point.id);
            inside.right(end, y, &reading, value);
            inside.fit(end, y, 1, mark, value);
            inside.fit(end + 2, y, 8, point.unit.symbol(), dim);
        }
    }
}
