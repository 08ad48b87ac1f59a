//! Where the numbers of a plant's own text come from: `source = "..."` and `trust = "..."` of a supply, a unit or a line.

use crate::parameters::{ParameterEntry, ParameterMistake, Trust};

use super::text::{Table, hint};

/// What a size is when its text says no more: somebody chose it for this plant.
const CHOSEN: &str = "chosen for this plant";

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    pub(super) source: String,
    pub(super) trust: Trust,
    /// File and line of the table that gives the numbers.
    pub(super) file: String,
    pub(super) line: usize,
}

impl Origin {
    pub(super) fn read(table: &Table<'_>) -> Result<Self, ParameterMistake> {
        let source = match table.get("source") {
            None => None,
            Some(item) => Some(item.text().filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                item.mistake("say where the numbers come from: source = \"data sheet 12\"")
            })?),
        };
        let trust = match table.get("trust") {
            None => Trust::Asserted,
            Some(item) => item.text().and_then(Trust::parse).ok_or_else(|| {
                let words = || Trust::ALL.iter().map(|trust| trust.word());
                let near = hint(item.text().unwrap_or(""), words());
                let all: Vec<&str> = words().collect();
                item.mistake(format!("trust is one of {}{near}", all.join(", ")))
            })?,
        };
        if source.is_none() && trust != Trust::Asserted {
            let word = trust.word();
            return Err(table.mistake(format!("{word} by whom? Write source = \"...\" beside trust")));
        }
        let source = source.unwrap_or(CHOSEN).to_owned();
        Ok(Self { source, trust, file: table.file().to_owned(), line: table.line() })
    }

    /// What a setting of the text has put in the place of the number that ships.
    pub(super) fn own(&self, mut entries: Vec<ParameterEntry>) -> Vec<ParameterEntry> {
        // A number from a file has a line.
        for entry in entries.iter_mut().filter(|entry| entry.line == 0) {
            entry.source.clone_from(&self.source);
            entry.trust = self.trust;
            entry.file.clone_from(&self.file);
            entry.line = self.line;
        }
        entries
    }

    /// "asserted: chosen for this plant, plants/refinery/field/500.toml:27"
    pub(super) fn words(&self) -> String {
        format!("{}: {}, {}:{}", self.trust.word(), self.source, self.file, self.line)
    }
}
