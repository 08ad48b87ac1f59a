//! Colours and characters. Grey is normal; a filled cell is the only colour.

use crate::{Glyphs, Theme};
use model::Priority;
use ratatui::style::{Color, Modifier, Style};

/// Everything that decides how a cell looks, worked out once a frame.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) glyphs: Glyphs,
    /// The lit half of the second in which unacknowledged badges blink.
    pub(crate) lit: bool,
    /// No news from the controller: every value goes dim.
    pub(crate) lost: bool,
    text: Style,
    dim: Style,
    faint: Style,
    fills: [Style; 4],
}

impl Look {
    pub(crate) fn new(theme: Theme, glyphs: Glyphs) -> Self {
        let (text, dim, faint, fills) = match theme {
            Theme::Night => (
                indexed(252, 235),
                indexed(247, 235),
                indexed(240, 235),
                [indexed(16, 196), indexed(16, 220), indexed(16, 134), indexed(16, 153)],
            ),
            Theme::Day => (
                indexed(234, 252),
                indexed(239, 252),
                indexed(245, 252),
                [indexed(231, 124), indexed(16, 221), indexed(231, 54), indexed(16, 111)],
            ),
            Theme::Sixteen => (
                Style::new().fg(Color::White).bg(Color::Black),
                Style::new().fg(Color::Gray).bg(Color::Black),
                Style::new().fg(Color::DarkGray).bg(Color::Black),
                [
                    Style::new().fg(Color::White).bg(Color::Red),
                    Style::new().fg(Color::Black).bg(Color::Yellow),
                    Style::new().fg(Color::White).bg(Color::Magenta),
                    Style::new().fg(Color::Black).bg(Color::Cyan),
                ],
            ),
            Theme::Mono => {
                let plain = Style::new();
                (
                    plain,
                    plain.add_modifier(Modifier::DIM),
                    plain.add_modifier(Modifier::DIM),
                    [
                        plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
                        plain.add_modifier(Modifier::REVERSED),
                        plain.add_modifier(Modifier::BOLD),
                        plain,
                    ],
                )
            }
        };
        Self { glyphs, lit: true, lost: false, text, dim, faint, fills }
    }

    pub(crate) fn text(&self) -> Style {
        self.text
    }

    pub(crate) fn bright(&self) -> Style {
        self.text.add_modifier(Modifier::BOLD)
    }

    pub(crate) fn dim(&self) -> Style {
        self.dim
    }

    pub(crate) fn faint(&self) -> Style {
        self.faint
    }

    /// For whatever came from the plant.
    pub(crate) fn value(&self) -> Style {
        if self.lost { self.faint } else { self.text }
    }

    pub(crate) fn fill(&self, priority: Priority) -> Style {
        self.fills[priority as usize - 1]
    }

    /// The fill of a badge, which blinks while nobody has acknowledged it.
    pub(crate) fn badge(&self, priority: Priority, unacknowledged: bool) -> Style {
        match (self.lost, unacknowledged && !self.lit) {
            (true, _) => self.faint,
            (false, true) => self.text,
            (false, false) => self.fill(priority),
        }
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.glyphs == Glyphs::Ascii
    }
}

fn indexed(foreground: u8, background: u8) -> Style {
    Style::new().fg(Color::Indexed(foreground)).bg(Color::Indexed(background))
}

/// The nearest ASCII character, for terminals that are trusted with nothing else.
pub(crate) fn ascii(symbol: char) -> char {
    match symbol {
        ' '..='~' => symbol,
        '─' | '━' | '┄' | '┈' => '-',
        '│' | '┃' | '┊' | '┆' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '┿' | '╭' | '╮' | '╰' | '╯' => {
            '+'
        }
        '▶' | '►' | '→' => '>',
        '◀' | '◄' | '←' => '<',
        '▲' | '↑' => '^',
        '▼' | '↓' => 'v',
        '◆' | '◇' => 'o',
        '·' | '•' => '.',
        '…' => '~',
        '█' | '▓' => '#',
        '▒' => '=',
        '░' => '-',
        '▁' | '▂' => '_',
        '▃' | '▄' => '-',
        '▅' | '▆' | '▇' => '=',
        '°' => 'o',
        'µ' | 'μ' => 'u',
        '²' => '2',
        '³' => '3',
        '×' => 'x',
        '±' => '~',
        'ä' | 'á' | 'à' | 'â' | 'å' | 'ã' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ö' | 'ó' | 'ò' | 'ô' | 'ø' | 'õ' => 'o',
        'ü' | 'ú' | 'ù' | 'û' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        'ß' => 's',
        _ => '?',
    }
}
