//! What the caller decides before the first cell is drawn.

use std::{env, io};

/// How to start the HMI.
#[derive(Clone)]
pub struct Options {
    /// Where the controller's API listens, `http://127.0.0.1:8600`.
    pub url: String,
    pub user: Option<String>,
    /// With the user it logs in by itself; without it the login page asks.
    pub password: Option<String>,
    /// Looking only: no key can change the plant.
    pub view_only: bool,
    pub theme: Theme,
    pub glyphs: Glyphs,
    /// Nothing blinks.
    pub reduced_motion: bool,
    /// Printed to the terminal after leaving, such as where the plant still runs.
    pub footer: Option<String>,
}

impl Options {
    /// Colours and characters as the terminal's environment asks for.
    pub fn new(url: String) -> Self {
        Self {
            url,
            user: None,
            password: None,
            view_only: false,
            theme: Theme::from_environment(),
            glyphs: Glyphs::from_environment(),
            reduced_motion: false,
            footer: None,
        }
    }
}

/// Colours: two for 256-colour terminals, one for 16 colours, one for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Night,
    Day,
    Sixteen,
    Mono,
}

impl Theme {
    pub const ALL: [Self; 4] = [Self::Night, Self::Day, Self::Sixteen, Self::Mono];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Night => "night",
            Self::Day => "day",
            Self::Sixteen => "16",
            Self::Mono => "mono",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word().eq_ignore_ascii_case(text))
    }

    /// What `NO_COLOR`, `COLORTERM` and `TERM` ask for.
    pub fn from_environment() -> Self {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let term = env::var("TERM").unwrap_or_default();
        match term.as_str() {
            _ if is_set("NO_COLOR") => Self::Mono,
            "dumb" => Self::Mono,
            _ if term.starts_with("vt") => Self::Mono,
            _ if is_set("COLORTERM") || term.contains("256") || term.contains("direct") => Self::Night,
            "alacritty" | "foot" | "wezterm" | "xterm-kitty" | "xterm-ghostty" => Self::Night,
            "" if cfg!(windows) => Self::Night,
            _ => Self::Sixteen,
        }
    }
}

/// Characters that the terminal's font is trusted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Boxes, blocks and braille trends.
    #[default]
    Full,
    /// Boxes and blocks.
    Blocks,
    /// Nothing but ASCII, for a Linux console, a serial line or a locale of wide characters.
    Ascii,
}

impl Glyphs {
    pub const ALL: [Self; 3] = [Self::Full, Self::Blocks, Self::Ascii];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Blocks => "blocks",
            Self::Ascii => "ascii",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|glyphs| glyphs.word().eq_ignore_ascii_case(text))
    }

    /// What the locale and `TERM` can show.
    pub fn from_environment() -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
            .unwrap_or_default();
        Self::suited_to(&env::var("TERM").unwrap_or_default(), &locale)
    }

    fn suited_to(term: &str, locale: &str) -> Self {
        let locale = locale.to_ascii_lowercase();
        let unicode = locale.contains("utf-8") || locale.contains("utf8") || cfg!(windows);
        // Box and block characters may be two cells wide there.
        let wide = ["zh", "ja", "ko"].iter().any(|language| locale.starts_with(language));
        match term {
            _ if !unicode || wide => Self::Ascii,
            "linux" | "dumb" | "ansi" => Self::Ascii,
            _ if term.starts_with("vt") => Self::Ascii,
            _ => Self::Full,
        }
    }
}

/// Why the HMI could not start or had to leave.
#[derive(Debug, thiserror::Error)]
pub enum HmiError {
    #[error(
        "{0} asks for TLS, which this version of the HMI does not speak; \
         use http:// to a local TLS proxy that forwards to the controller"
    )]
    TlsUnsupported(String),
    #[error("{0} is no address of a controller; write it like http://127.0.0.1:8600")]
    BadUrl(String),
    #[error("the HTTP client cannot start: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the terminal cannot be used: {0}; the HMI needs an interactive terminal")]
    Terminal(#[from] io::Error),
    #[error("standard output is no terminal; the HMI needs an interactive terminal")]
    NoTerminal,
}

#[cfg(test)]
mod tests {
    use super::Glyphs;

    #[test]
    fn a_console_without_a_font_for_boxes_gets_ascii() {
        assert_eq!(Glyphs::suited_to("xterm-256color", "en_GB.UTF-8"), Glyphs::Full);
        assert_eq!(Glyphs::suited_to("linux", "en_GB.UTF-8"), Glyphs::Ascii);
        assert_eq!(Glyphs::suited_to("xterm-256color", "ja_JP.UTF-8"), Glyphs::Ascii);
        assert_eq!(Glyphs::suited_to("vt220", "de_DE.UTF-8"), Glyphs::Ascii);
        if !cfg!(windows) {
            assert_eq!(Glyphs::suited_to("xterm", "C"), Glyphs::Ascii);
        }
    }
}
