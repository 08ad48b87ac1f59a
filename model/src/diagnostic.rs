//! What the plant compiler has to say: file, place, what is wrong, what to write instead.

use alloc::{string::String, vec::Vec};
use core::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path below the plant folder, with forward slashes.
    pub path: String,
    pub text: String,
}

impl Source {
    /// Folders of a plant that belong to the simulator, not to the controller: they are not part of the
    /// plant's hash, and a change in them changes nothing that is controlled.
    pub const SIMULATED: [&str; 2] = ["field", "scenarios"];

    /// True for text of the simulator, which the plant's compiler never sees.
    pub fn is_simulated(&self) -> bool {
        self.path.split_once('/').is_some_and(|(folder, _)| Self::SIMULATED.contains(&folder))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Stable name of the kind of mistake, such as `unknown-name`.
    pub code: &'static str,
    pub message: String,
    /// The place that is wrong, with what is wrong there.
    pub primary: Option<Label>,
    /// Further places that belong to it, such as the other writer.
    pub related: Vec<Label>,
    /// What to write instead.
    pub help: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Index into the list of sources.
    pub source: usize,
    /// Bytes of the source's text.
    pub span: Range<usize>,
    pub text: String,
}

impl Source {
    /// Line and column of a byte, both from 1, the column in characters.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let mut end = byte.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // Of bytes, since this goes through megabytes for every mistake of a large plant.
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}
