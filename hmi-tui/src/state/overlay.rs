//! What lies over the page until Esc: help, palette, finder, explanations, refusals.

use crate::input::TextInput;
use model::wire::Why;

#[derive(Debug)]
pub(crate) enum Overlay {
    Help {
        scroll: u16,
    },
    /// `:` runs what is chosen, `/` opens its faceplate, `n` gives it a pen.
    Choose {
        purpose: Choosing,
        input: TextInput,
        pick: usize,
    },
    Why {
        name: String,
        scroll: u16,
    },
    /// Something too long for the last line, such as a refusal in full.
    Note {
        title: String,
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choosing {
    Command,
    Faceplate,
    Pen,
    EventTag,
}

/// The explanation that is shown, and is asked for again while it is.
#[derive(Debug, Default)]
pub(crate) struct Explanation {
    pub(crate) name: String,
    pub(crate) answer: Option<Result<Why, String>>,
    pub(crate) asked_ms: Option<u64>,
}
