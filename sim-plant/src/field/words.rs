//! What the field's text may say, from the lists that its readers go by: for a schema.

use super::compile::{ELECTROLYSIS, TABLES, measures, stations, streams};
use super::instrument::KINDS;
use super::supply;
use crate::units::CATALOGUE;

/// Tables and keys of `field/*.toml`.
#[derive(Clone, Debug)]
pub struct FieldWords {
    /// What stands at the head of a file: `[supply.NAME]`, `[measure]`.
    pub tables: &'static [&'static str],
    /// By kind of table: its keys. `term` is one of an order that is written as a table.
    pub keys: [(&'static str, &'static [&'static str]); 5],
    /// Kinds of units.
    pub units: Vec<&'static str>,
    /// Kinds of instruments.
    pub instruments: Vec<&'static str>,
}

pub fn words() -> FieldWords {
    FieldWords {
        tables: &TABLES,
        keys: [
            ("supply", &supply::KEYS),
            ("unit", &stations::KEYS),
            ("line", &streams::KEYS),
            ("measure", &measures::KEYS),
            ("term", &stations::TERM),
        ],
        units: CATALOGUE.iter().map(|row| row.shape.name).chain([ELECTROLYSIS]).collect(),
        instruments: KINDS.iter().map(|(word, _)| *word).collect(),
    }
}
