//! A clipped window onto the buffer: coordinates are its own, and nothing outside is ever touched.
//!
//! ratatui panics on a cell outside its buffer; all drawing goes through here, so no page can.

use crate::look::Look;
use model::Priority;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub(crate) struct Pane<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    pub(crate) look: &'a Look,
}

impl<'a> Pane<'a> {
    pub(crate) fn new(buffer: &'a mut Buffer, area: Rect, look: &'a Look) -> Self {
        let area = area.intersection(buffer.area);
        Self { buffer, area, look }
    }

    pub(crate) fn width(&self) -> u16 {
        self.area.width
    }

    pub(crate) fn height(&self) -> u16 {
        self.area.height
    }

    /// A part of this pane; what would stick out is cut off.
    pub(crate) fn part(&mut self, x: u16, y: u16, width: u16, height: u16) -> Pane<'_> {
        let wanted = Rect::new(self.area.x.saturating_add(x), self.area.y.saturating_add(y), width, height);
        let inside = x < self.area.width && y < self.area.height;
        let area = if inside { wanted.intersection(self.area) } else { Rect::ZERO };
        Pane { buffer: self.buffer, area, look: self.look }
    }

    pub(crate) fn below(&mut self, y: u16) -> Pane<'_> {
        self.part(0, y, self.area.width, self.area.height.saturating_sub(y))
    }

    /// Writes and returns the column behind the text.
    pub(crate) fn text(&mut self, x: u16, y: u16, text: &str, style: Style) -> u16 {
        if x >= self.area.width || y >= self.area.height {
            return x.saturating_add(columns(text));
        }
        let room = usize::from(self.area.width - x);
        let (end, _) = self.buffer.set_stringn(self.area.x + x, self.area.y + y, text, room, style);
        end - self.area.x
    }

    /// Writes so that the last character stands before column `end`.
    pub(crate) fn right(&mut self, end: u16, y: u16, text: &str, style: Style) -> u16 {
        let start = end.saturating_sub(columns(text));
        self.text(start, y, text, style);
        start
    }

    /// Writes at most `width` columns; a longer text ends in an ellipsis.
    pub(crate) fn fit(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        self.text(x, y, &shortened(text, width), style);
    }

    /// Texts one behind the other.
    pub(crate) fn line(&mut self, x: u16, y: u16, texts: &[(&str, Style)]) -> u16 {
        texts.iter().fold(x, |x, (text, style)| self.text(x, y, text, *style))
    }

    pub(crate) fn rule(&mut self, y: u16) {
        let line = "─".repeat(usize::from(self.area.width));
        let style = self.look.faint();
        self.text(0, y, &line, style);
    }

    pub(crate) fn clear(&mut self) {
        let blank = " ".repeat(usize::from(self.area.width));
        for y in 0..self.area.height {
            let style = self.look.text();
            self.text(0, y, &blank, style);
        }
    }

    /// Changes the style of a row and leaves its characters.
    pub(crate) fn restyle(&mut self, x: u16, y: u16, width: u16, style: Style) {
        let wanted = Rect::new(self.area.x.saturating_add(x), self.area.y.saturating_add(y), width, 1);
        if x < self.area.width && y < self.area.height {
            self.buffer.set_style(wanted.intersection(self.area), style);
        }
    }

    /// A box around the whole pane; gives what is inside it.
    pub(crate) fn boxed(&mut self, title: &str) -> Pane<'_> {
        let (width, height) = (self.area.width, self.area.height);
        let style = self.look.faint();
        if width >= 2 && height >= 2 {
            let line = "─".repeat(usize::from(width - 2));
            self.text(0, 0, &format!("┌{line}┐"), style);
            self.text(0, height - 1, &format!("└{line}┘"), style);
            for y in 1..height - 1 {
                self.text(0, y, "│", style);
                self.text(width - 1, y, "│", style);
            }
            if !title.is_empty() && width > 6 {
                let dim = self.look.dim();
                let title = shortened(title, width - 6);
                self.text(2, 0, &format!(" {title} "), dim);
            }
        }
        self.part(1, 1, width.saturating_sub(2), height.saturating_sub(2))
    }

    /// A badge in its fill.
    pub(crate) fn badge(&mut self, x: u16, y: u16, priority: Priority, unacknowledged: bool) -> u16 {
        let style = self.look.badge(priority, unacknowledged);
        self.text(x, y, priority.badge(), style)
    }
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> u16 {
    u16::try_from(ratatui::text::Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// The text, or its beginning with an ellipsis when it is wider than `width`.
pub(crate) fn shortened(text: &str, width: u16) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        let step = columns(letter.encode_utf8(&mut [0; 4]));
        if used + step > width {
            break;
        }
        used += step;
        kept.push(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// Breaks a text into lines of at most `width` columns, at spaces where there are any.
pub(crate) fn wrapped(text: &str, width: u16) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let needed = columns(&line) + u16::from(!line.is_empty()) + columns(word);
        if needed > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&shortened(word, width));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use ratatui::{buffer::Buffer, layout::Rect};

    use super::{Pane, shortened, wrapped};
    use crate::{Glyphs, Theme, look::Look};

    #[test]
    fn nothing_is_drawn_outside_the_pane() {
        let look = Look::new(Theme::Mono, Glyphs::Full);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 3));
        let mut pane = Pane::new(&mut buffer, Rect::new(4, 1, 90, 90), &look);
        assert_eq!((pane.width(), pane.height()), (6, 2));
        pane.text(0, 0, "abcdefghij", look.text());
        pane.text(50, 0, "x", look.text());
        pane.text(0, 50, "x", look.text());
        pane.part(5, 1, 40, 40).boxed("far too long a title");
        pane.part(60, 60, 4, 4).clear();
        assert_eq!(buffer, Buffer::with_lines(["          ", "    abcdef", "          "]));
    }

    #[test]
    fn a_text_that_does_not_fit_says_so() {
        assert_eq!(shortened("catholyte", 9), "catholyte");
        assert_eq!(shortened("catholyte", 5), "cath…");
        assert_eq!(shortened("catholyte", 0), "");
        assert_eq!(wrapped("cut the current to 4 kA now", 10), ["cut the", "current to", "4 kA now"]);
    }
}
