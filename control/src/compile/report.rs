//! Where mistakes are collected: bounded, without repetition, in order of file and place.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::{Diagnostic, Label, Severity, Source};

use super::place::Place;

/// More than these are counted, not shown: nobody reads them.
pub(super) const SHOWN: usize = 200;
/// More than these are not even kept while compiling.
const KEPT: usize = 10_000;
/// What a wrong unit or range of one thing makes wrong in others.
const CONSEQUENCES: [&str; 5] =
    ["unit-mismatch", "type-mismatch", "outside-range", "limits-order", "raw-mismatch"];

#[derive(Default)]
pub(super) struct Report {
    found: Vec<Diagnostic>,
    /// By code, place and message without its numbers: the same mistake from another instance of a class.
    seen: BTreeMap<(&'static str, Option<Place>, String), usize>,
    repeats: BTreeMap<usize, BTreeSet<String>>,
    dropped: usize,
    errors: usize,
    /// Something that the present item depends on has a mistake of its own: what follows from it is not said.
    pub(super) doubtful: bool,
    /// A condition that protects is compiled: a part of it that can never hold is an error.
    pub(super) protects: bool,
    /// Notes which keys the readers ask for, when a schema is wanted.
    pub(super) recorder: Option<super::schema::Recorder>,
}

/// A mistake under construction; it is reported by [`Report::add`].
pub(super) struct Mistake {
    severity: Severity,
    code: &'static str,
    message: String,
    primary: Option<(Place, String)>,
    related: Vec<(Place, String)>,
    help: String,
}

impl Mistake {
    pub(super) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            primary: None,
            related: Vec::new(),
            help: String::new(),
        }
    }

    pub(super) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    pub(super) fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.primary = Some((place, text.into()));
        self
    }

    pub(super) fn related(mut self, place: Place, text: impl Into<String>) -> Self {
        self.related.push((place, text.into()));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl Report {
    pub(super) fn add(&mut self, mistake: Mistake) {
        if self.doubtful && CONSEQUENCES.contains(&mistake.code) {
            return;
        }
        if mistake.severity == Severity::Error {
            self.errors += 1;
        }
        let place = mistake.primary.as_ref().map(|(place, _)| *place);
        let alike: String = mistake.message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let key = (mistake.code, place, alike);
        if let Some(first) = self.seen.get(&key) {
            if self.found[*first].message != mistake.message {
                self.repeats.entry(*first).or_default().insert(mistake.message);
            }
            return;
        }
        if self.found.len() >= KEPT {
            self.dropped += 1;
            return;
        }
        self.seen.insert(key, self.found.len());
        let label = |(place, text): (Place, String)| Label {
            source: place.source as usize,
            span: place.span(),
            text,
        };
        self.found.push(Diagnostic {
            severity: mistake.severity,
            code: mistake.code,
            message: mistake.message,
            primary: mistake.primary.map(label),
            related: mistake.related.into_iter().map(label).collect(),
            help: mistake.help,
        });
    }

    /// Reads what does not depend on the thing in doubt: its mistakes are said all the same.
    pub(super) fn surely<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let doubtful = core::mem::take(&mut self.doubtful);
        let found = read(self);
        self.doubtful = doubtful;
        found
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// All that was found, in order of file and place, with a last word about what is not shown.
    pub(super) fn finish(mut self, sources: &[Source]) -> Vec<Diagnostic> {
        for (index, others) in &self.repeats {
            let plural = if others.len() == 1 { "instance" } else { "instances" };
            let message = &mut self.found[*index].message;
            *message = format!("{message} (and likewise in {} more {plural})", others.len());
        }
        self.found.sort_by(|left, right| order(left, sources).cmp(&order(right, sources)));
        // Errors first when there are too many: a warning must not hide one.
        if self.found.len() > SHOWN {
            let mut errors_left = SHOWN;
            let shown_errors = self.found.iter().filter(|d| d.severity == Severity::Error).count().min(SHOWN);
            let mut warnings_left = SHOWN - shown_errors;
            let before = self.found.len();
            self.found.retain(|diagnostic| {
                let left = match diagnostic.severity {
                    Severity::Error => &mut errors_left,
                    Severity::Warning => &mut warnings_left,
                };
                let keep = *left > 0;
                *left = left.saturating_sub(1);
                keep
            });
            self.dropped += before - self.found.len();
        }
        if self.dropped > 0 {
            self.found.push(Diagnostic {
                severity: if self.errors > 0 { Severity::Error } else { Severity::Warning },
                code: "more",
                message: format!("and {} more", self.dropped),
                primary: None,
                related: Vec::new(),
                help: "correct the ones above and check again".to_string(),
            });
        }
        self.found
    }
}

fn order<'a>(diagnostic: &Diagnostic, sources: &'a [Source]) -> (&'a str, usize, usize) {
    diagnostic.primary.as_ref().map_or(("", 0, 0), |label| {
        let path = sources.get(label.source).map_or("", |source| source.path.as_str());
        (path, label.span.start, label.span.end)
    })
}
