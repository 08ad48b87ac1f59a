//! What lies over the page until Esc.

use crate::keymap::KEYMAP;
use crate::pane::{Pane, columns, wrapped};
use crate::state::{Choosing, Overlay, State};
use crate::update::{choices, why_not};

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    match &state.overlay {
        None => {}
        Some(Overlay::Help { scroll }) => help(body, state, *scroll),
        Some(Overlay::Choose { purpose, input, pick }) => {
            let (before, behind) = input.halves();
            choose(body, state, *purpose, (&before, &behind), *pick);
        }
        Some(Overlay::Why { name, scroll }) => why(body, state, name, *scroll),
        Some(Overlay::Note { title, text }) => note(body, title, text),
    }
}

/// A cleared box in the middle.
fn over<'a>(body: &'a mut Pane<'_>, width: u16, height: u16) -> Pane<'a> {
    let (width, height) = (width.min(body.width()), height.min(body.height()));
    let (x, y) = ((body.width() - width) / 2, (body.height() - height) / 2);
    let mut part = body.part(x, y, width, height);
    part.clear();
    part
}

fn help(body: &mut Pane<'_>, state: &State, scroll: u16) {
    let height = body.height();
    let mut part = over(body, 100, height);
    let mut inside = part.boxed("KEYS OF THIS VIEW   Esc closes");
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    let scope = state.scope();
    let bindings = KEYMAP.iter().filter(|binding| binding.scope.meets(scope));
    let lines = bindings.skip(usize::from(scroll));
    let last = inside.height().saturating_sub(2);
    for (binding, y) in lines.zip(0..last) {
        let off = binding.acts.iter().find_map(|act| why_not(state, *act));
        let (key, words) = if off.is_some() { (dim, dim) } else { (bright, text) };
        inside.right(11, y, binding.label, key);
        inside.fit(13, y, 38, binding.help, words);
        if let Some(reason) = off {
            let width = inside.width().saturating_sub(53);
            inside.fit(52, y, width, &format!("off: {reason}"), dim);
        }
    }
    let words = "Small letters look or acknowledge, capitals act on the plant and ask again. Up/Down scroll.";
    inside.fit(1, last + 1, inside.width().saturating_sub(2), words, dim);
}

fn choose(body: &mut Pane<'_>, state: &State, purpose: Choosing, typed: (&str, &str), pick: usize) {
    let title = match purpose {
        Choosing::Command => "COMMAND   pages, tags, settings",
        Choosing::Faceplate => "FIND A TAG",
        Choosing::Pen => "ADD A PEN",
        Choosing::EventTag => "EVENTS OF WHICH TAG",
    };
    let height = body.height().min(20);
    let mut part = over(body, 76, height);
    let mut inside = part.boxed(title);
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    let (before, behind) = typed;
    let sign = if purpose == Choosing::Command { ":" } else { "/" };
    let x = inside.line(1, 0, &[(sign, dim), (before, bright)]);
    let under = behind.chars().next().unwrap_or('_');
    let cursor = bright.add_modifier(ratatui::style::Modifier::UNDERLINED);
    let x = inside.text(x, 0, under.encode_utf8(&mut [0; 4]), cursor);
    inside.text(x, 0, &behind.chars().skip(1).collect::<String>(), bright);
    let found = choices(state, purpose, &format!("{before}{behind}"));
    let rows = usize::from(inside.height().saturating_sub(1));
    let first = super::first_shown(pick, found.len(), rows);
    for ((index, choice), y) in found.iter().enumerate().skip(first).take(rows).zip(1..) {
        let chosen = index == pick;
        if chosen {
            inside.text(1, y, ">", bright);
        }
        inside.fit(3, y, 22, &choice.name, if chosen { bright } else { text });
        inside.fit(26, y, inside.width().saturating_sub(27), &choice.detail, dim);
    }
    if found.is_empty() {
        inside.text(3, 1, "nothing fits", dim);
    }
}

fn why(body: &mut Pane<'_>, state: &State, name: &str, scroll: u16) {
    let height = body.height().min(24);
    let mut part = over(body, 110, height);
    let mut inside = part.boxed(&format!("WHY {name}   as it is now, Esc closes"));
    draw_explanation(&mut inside, state, scroll);
}

/// The reasons as the controller gives them: each term with its truth.
pub(super) fn draw_explanation(inside: &mut Pane<'_>, state: &State, scroll: u16) {
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    let why = match &state.explanation.answer {
        None => {
            inside.text(1, 0, "asking the controller ...", dim);
            return;
        }
        Some(Err(trouble)) => {
            let width = inside.width().saturating_sub(2);
            inside.fit(1, 0, width, trouble, text);
            return;
        }
        Some(Ok(why)) => why,
    };
    let mut y = 0;
    let width = inside.width().saturating_sub(2);
    inside.fit(1, y, width, &why.title, bright);
    for line in why.shown().iter().skip(usize::from(scroll)) {
        y += 1;
        let (truth, style) = match line.holds {
            Some(true) => ("true ", bright),
            Some(false) => ("false", dim),
            None => ("     ", text),
        };
        inside.text(1, y, truth, style);
        let x = 8 + u16::from(line.indent).min(20) * 2;
        let room = inside.width().saturating_sub(x + 1);
        for (index, part) in wrapped(&line.text(), room).iter().enumerate() {
            y += u16::from(index > 0);
            inside.text(x, y, part, if line.holds == Some(true) { bright } else { text });
        }
    }
}

fn note(body: &mut Pane<'_>, title: &str, words: &str) {
    let width = body.width().min(90);
    let lines = wrapped(words, width.saturating_sub(4));
    let widest = lines.iter().map(|line| columns(line)).max().unwrap_or(0);
    let mut part = over(body, (widest + 4).max(30), lines.len() as u16 + 4);
    let mut inside = part.boxed(title);
    let (text, dim) = (inside.look.text(), inside.look.dim());
    for (line, y) in lines.iter().zip(0..) {
        inside.text(1, y, line, text);
    }
    let y = inside.height().saturating_sub(1);
    inside.text(1, y, "any key closes", dim);
}
