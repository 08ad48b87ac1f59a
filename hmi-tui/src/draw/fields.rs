//! Text that the plant's engineers drew, with live values in the place of `{FIELDS}`.

use crate::pane::{Pane, columns};
use crate::state::{Item, State};
use crate::widget::put_reading_in;
use ratatui::style::Style;

/// A piece of a drawn line.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// Name, and the width with both braces.
    Field(&'a str, u16),
}

/// A brace that is never closed is text.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let (text, field) = (&rest[..open], &rest[open + 1..open + length]);
        if !text.is_empty() {
            found.push(Piece::Text(text));
        }
        found.push(Piece::Field(field.trim(), columns(field) + 2));
        rest = &rest[open + length + 1..];
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

/// Width of a drawn line; a field is as wide as it is written.
pub(super) fn line_width(line: &str) -> u16 {
    columns(line)
}

/// Draws one line and returns the column behind it.
pub(super) fn put_line(pane: &mut Pane<'_>, x: u16, y: u16, line: &str, state: &State, plain: Style) -> u16 {
    pieces(line).into_iter().fold(x, |x, piece| match piece {
        Piece::Text(text) => pane.text(x, y, text, plain),
        Piece::Field(name, width) => put_field(pane, (x, y), name, width, state),
    })
}

fn put_field(pane: &mut Pane<'_>, (x, y): (u16, u16), name: &str, width: u16, state: &State) -> u16 {
    let plant = state.plant.as_deref();
    let Some(point) = plant.and_then(|plant| plant.find_point(name)) else {
        let bright = pane.look.bright();
        return pane.text(x, y, &"?".repeat(usize::from(width)), bright);
    };
    let text = put_reading_in(state, point, width);
    let alarms = plant.map(|plant| plant.alarms_of(Item::Point(point))).unwrap_or_default();
    let style = match state.worst_of(alarms) {
        Some((priority, _)) if !pane.look.lost => pane.look.fill(priority),
        _ if pane.look.lost => pane.look.faint(),
        _ => pane.look.bright(),
    };
    pane.text(x, y, &text, style)
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn a_field_is_as_wide_as_it_is_written() {
        let line = "│ level {LT-311 }%│";
        assert_eq!(pieces(line), [Piece::Text("│ level "), Piece::Field("LT-311", 9), Piece::Text("%│")]);
    }

    #[test]
    fn a_brace_that_is_never_closed_is_text() {
        assert_eq!(pieces("a {b"), [Piece::Text("a {b")]);
        assert_eq!(pieces("}{"), [Piece::Text("}{")]);
        assert_eq!(pieces("{}"), [Piece::Field("", 2)]);
    }
}
