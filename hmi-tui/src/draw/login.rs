//! Before there is a plant: who are you, and is anybody there.

use crate::pane::{Pane, wrapped};
use crate::state::{LoginForm, State};
use ratatui::style::Modifier;

const WIDTH: u16 = 60;

pub(super) fn draw(screen: &mut Pane<'_>, state: &State) {
    let Some(form) = &state.login else { return };
    let height = 13.min(screen.height());
    let width = WIDTH.min(screen.width());
    let (x, y) = ((screen.width() - width) / 2, (screen.height() - height) / 2);
    let mut part = screen.part(x, y, width, height);
    let mut inside = part.boxed("CATHOLYTE  log in");
    let dim = inside.look.dim();
    inside.fit(2, 1, width.saturating_sub(5), &state.settings.url, dim);
    match &form.change {
        Some(change) => {
            field(&mut inside, 3, "new", &"*".repeat(change.new.text().chars().count()), !change.on_again);
            field(&mut inside, 5, "again", &"*".repeat(change.again.text().chars().count()), change.on_again);
        }
        None => {
            field(&mut inside, 3, "user", &form.user.text(), !form.on_password);
            let stars = "*".repeat(form.password.text().chars().count());
            field(&mut inside, 5, "password", &stars, form.on_password);
        }
    }
    trouble(&mut inside, state, form);
    let y = inside.height().saturating_sub(1);
    inside.text(2, y, "Enter next, log in   Tab other field   Esc leave", dim);
}

fn field(inside: &mut Pane<'_>, y: u16, label: &str, words: &str, active: bool) {
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    inside.text(2, y, label, if active { bright } else { dim });
    let x = inside.text(13, y, words, text);
    if active {
        inside.text(x, y, "_", bright.add_modifier(Modifier::UNDERLINED));
    }
}

fn trouble(inside: &mut Pane<'_>, state: &State, form: &LoginForm) {
    let (text, dim) = (inside.look.text(), inside.look.dim());
    let (words, style) = match (&form.trouble, form.waiting) {
        (_, true) => ("asking the controller ...", dim),
        (Some(trouble), false) => (trouble.as_str(), text),
        (None, false) if form.change.is_some() => ("The password must be changed first.", text),
        (None, false) => ("", dim),
    };
    let room = inside.width().saturating_sub(4);
    for (line, y) in wrapped(words, room).iter().zip(7..inside.height().saturating_sub(1)) {
        inside.text(2, y, line, style);
    }
    let _ = state;
}

pub(super) fn draw_connecting(screen: &mut Pane<'_>, state: &State) {
    let (text, dim) = (screen.look.text(), screen.look.dim());
    let middle = screen.height() / 2;
    let width = screen.width().saturating_sub(4);
    screen.fit(2, middle.saturating_sub(1), width, &format!("Connecting to {}", state.settings.url), text);
    let trouble = state.trouble.as_deref().unwrap_or("waiting for the plant");
    for (line, y) in wrapped(trouble, width).iter().zip(middle + 1..) {
        screen.text(2, y, line, dim);
    }
    let bottom = screen.height().saturating_sub(1);
    screen.text(2, bottom, "It goes on trying.   q leave", dim);
}
