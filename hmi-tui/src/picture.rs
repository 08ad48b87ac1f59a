//! A page as text or as SVG, drawn by the same code as the screen, so that a picture cannot go stale.

use std::fmt::Write as _;

use crate::state::State;
use crate::{Event, Theme, draw};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

/// Size of a cell in the picture.
const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 10.0;

fn painted(state: &State, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw::paint(state, &mut buffer, area);
    buffer
}

/// The screen as lines of text, without the blanks at their ends.
pub fn render_to_text(state: &State, width: u16, height: u16) -> String {
    let buffer = painted(state, width, height);
    let mut text = String::new();
    for y in 0..height {
        let mut line = String::new();
        (0..width).for_each(|x| line.push_str(buffer[(x, y)].symbol()));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The screen as an SVG with its colours. The size of `state` is set to that of the picture first.
pub fn render_to_svg(state: &mut State, width: u16, height: u16) -> String {
    let now = state.now_ms;
    crate::update(state, now, Event::Resize(width, height));
    let buffer = painted(state, width, height);
    let (page, ink) = match state.settings.theme {
        Theme::Day => ("#d0d0d0", "#1c1c1c"),
        Theme::Night => ("#262626", "#d0d0d0"),
        Theme::Sixteen => ("#000000", "#ffffff"),
        Theme::Mono => ("#ffffff", "#000000"),
    };
    let (pixels_wide, pixels_high) =
        (f64::from(width) * CELL.0 + 2.0 * MARGIN, f64::from(height) * CELL.1 + 2.0 * MARGIN);
    let mut svg = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {pixels_wide:.1} {pixels_high:.1}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{page}\"/>"
    );
    for y in 0..height {
        row(&mut svg, &buffer, y, width, page, ink);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Colours and weight of a cell as the picture needs them.
#[derive(Clone, PartialEq)]
struct Ink {
    foreground: String,
    background: String,
    bold: bool,
    dim: bool,
    underlined: bool,
}

fn ink_of(cell: &Cell, page: &str, ink: &str) -> Ink {
    let mut foreground = colour(cell.fg).unwrap_or_else(|| ink.to_owned());
    let mut background = colour(cell.bg).unwrap_or_else(|| page.to_owned());
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut foreground, &mut background);
    }
    Ink {
        foreground,
        background,
        bold: cell.modifier.contains(Modifier::BOLD),
        dim: cell.modifier.contains(Modifier::DIM),
        underlined: cell.modifier.contains(Modifier::UNDERLINED),
    }
}

/// Runs of one style become one text; blanks between them need none.
fn row(svg: &mut String, buffer: &Buffer, y: u16, width: u16, page: &str, ink: &str) {
    let mut x = 0;
    while x < width {
        let style = ink_of(&buffer[(x, y)], page, ink);
        let start = x;
        let mut text = String::new();
        while x < width && ink_of(&buffer[(x, y)], page, ink) == style {
            text.push_str(buffer[(x, y)].symbol());
            x += 1;
        }
        run(svg, (start, y), x - start, &text, &style, page);
    }
}

fn run(svg: &mut String, (x, y): (u16, u16), count: u16, text: &str, style: &Ink, page: &str) {
    let (left, top) = (MARGIN + f64::from(x) * CELL.0, MARGIN + f64::from(y) * CELL.1);
    if style.background != page {
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
            f64::from(count) * CELL.0,
            CELL.1,
            style.background
        );
    }
    let kept = text.trim_start_matches(' ');
    let skipped = text.len() - kept.len();
    let kept = kept.trim_end_matches(' ');
    if kept.is_empty() {
        return;
    }
    let letters = kept.chars().count();
    let mut more = String::new();
    if style.bold {
        more.push_str(" font-weight=\"bold\"");
    }
    if style.dim {
        more.push_str(" opacity=\"0.6\"");
    }
    if style.underlined {
        more.push_str(" text-decoration=\"underline\"");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{}\"{more}>{}</text>",
        left + skipped as f64 * CELL.0,
        top + 13.5,
        letters as f64 * CELL.0,
        style.foreground,
        escaped(kept)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn colour(colour: Color) -> Option<String> {
    Some(match colour {
        Color::Reset => return None,
        Color::Black => "#000000".to_owned(),
        Color::Red => "#cd0000".to_owned(),
        Color::Yellow => "#cdcd00".to_owned(),
        Color::Magenta => "#cd00cd".to_owned(),
        Color::Cyan => "#00cdcd".to_owned(),
        Color::White => "#ffffff".to_owned(),
        Color::Gray => "#bfbfbf".to_owned(),
        Color::DarkGray => "#7f7f7f".to_owned(),
        Color::Indexed(index) => xterm(index),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => return None,
    })
}

/// The colour cube and the greys of xterm.
fn xterm(index: u8) -> String {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    let (red, green, blue) = match index {
        16..=231 => {
            let index = index - 16;
            (level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
        _ => return if index == 0 { "#000000".to_owned() } else { "#bfbfbf".to_owned() },
    };
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::xterm;

    #[test]
    fn the_colours_are_those_of_the_guide() {
        let wanted =
            [(235, "#262626"), (196, "#ff0000"), (220, "#ffd700"), (134, "#af5fd7"), (153, "#afd7ff")];
        for (index, colour) in wanted {
            assert_eq!(xterm(index), colour);
        }
    }
}
