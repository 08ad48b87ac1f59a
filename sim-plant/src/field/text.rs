//! The field's text: TOML tables with the line of every mistake.

use std::collections::BTreeSet;

use model::{Unit, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::parameters::ParameterMistake;

/// One file, parsed.
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    text: &'a str,
    pub(super) root: DeTable<'a>,
}

/// A table of a file and what it is called, for messages.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    document: &'a Document<'a>,
    fields: &'a DeTable<'a>,
    line: usize,
}

/// A value of a table with its place.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    document: &'a Document<'a>,
    value: &'a Spanned<DeValue<'a>>,
}

pub(super) type Mistakes = Vec<ParameterMistake>;

impl<'a> Document<'a> {
    pub(super) fn parse(file: &'a str, text: &'a str, mistakes: &mut Mistakes) -> Option<Self> {
        match DeTable::parse(text) {
            Ok(root) => Some(Self { file, text, root: root.into_inner() }),
            Err(error) => {
                let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
                let message = error.message().to_owned();
                mistakes.push(ParameterMistake { file: file.to_owned(), line, message });
                None
            }
        }
    }

    fn line(&self, byte: usize) -> usize {
        self.text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count() + 1
    }

    /// The entries of a table of tables such as `[unit.R-301]`, in the order of the file.
    pub(super) fn entries(&'a self, kind: &str, mistakes: &mut Mistakes) -> Vec<(&'a str, Item<'a>)> {
        let Some(item) = self.root.get(kind) else { return Vec::new() };
        let Some(table) = item.get_ref().as_table() else {
            let line = self.line(item.span().start);
            let message = format!("{kind} is a table: write [{kind}.NAME]");
            mistakes.push(ParameterMistake { file: self.file.to_owned(), line, message });
            return Vec::new();
        };
        let mut entries: Vec<_> = table
            .iter()
            .map(|(name, value)| (name.get_ref().as_ref(), Item { document: self, value }, name.span().start))
            .collect();
        entries.sort_by_key(|(_, _, start)| *start);
        entries.into_iter().map(|(name, item, _)| (name, item)).collect()
    }

    /// Every name that it speaks of: keys, and the words of its strings, each up to a full stop. A comment names
    /// nothing, and `FT-10` is not named where `FT-101` is.
    pub(super) fn names<'s>(&'s self, names: &mut BTreeSet<&'s str>) {
        let mut tables = vec![&self.root];
        let mut values: Vec<&DeValue<'a>> = Vec::new();
        while let Some(table) = tables.pop() {
            for (key, value) in table {
                names.extend(key.get_ref().split('.').next());
                values.push(value.get_ref());
            }
            while let Some(value) = values.pop() {
                match value {
                    DeValue::Table(table) => tables.push(table),
                    DeValue::Array(items) => values.extend(items.iter().map(Spanned::get_ref)),
                    DeValue::String(text) => {
                        let words = text.split(|letter: char| letter == '|' || letter.is_whitespace());
                        names.extend(words.filter_map(|word| word.split('.').next()));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Tables that nobody reads are slips of the pen.
    pub(super) fn refuse_unknown(&self, known: &[&str], mistakes: &mut Mistakes) {
        for (name, _) in &self.root {
            let name_text = name.get_ref().as_ref();
            if !known.contains(&name_text) {
                let hint = hint(name_text, known.iter().copied());
                mistakes.push(ParameterMistake {
                    file: self.file.to_owned(),
                    line: self.line(name.span().start),
                    message: format!("the field has no {name_text}{hint}; it has {}", known.join(", ")),
                });
            }
        }
    }
}

impl<'a> Item<'a> {
    pub(super) fn line(&self) -> usize {
        self.document.line(self.value.span().start)
    }

    pub(super) fn file(&self) -> &'a str {
        self.document.file
    }

    pub(super) fn mistake(&self, message: impl Into<String>) -> ParameterMistake {
        ParameterMistake { file: self.document.file.to_owned(), line: self.line(), message: message.into() }
    }

    pub(super) fn table(&self) -> Option<Table<'a>> {
        let fields = self.value.get_ref().as_table()?;
        Some(Table { document: self.document, fields, line: self.line() })
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.get_ref().as_str()
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        let digits = match self.value.get_ref() {
            DeValue::Float(float) => float.as_str().replace('_', ""),
            DeValue::Integer(integer) => integer.as_str().replace('_', ""),
            _ => return None,
        };
        digits.parse::<f64>().ok().filter(|value| value.is_finite())
    }

    /// The elements of an array; a lone value counts as an array of one.
    pub(super) fn list(&self) -> Vec<Self> {
        match self.value.get_ref() {
            DeValue::Array(values) => {
                values.iter().map(|value| Self { document: self.document, value }).collect()
            }
            _ => vec![*self],
        }
    }

    /// `"8 m3/h"`: a number with its unit.
    pub(super) fn quantity(&self) -> Result<(f64, Unit), ParameterMistake> {
        if let Some(value) = self.number() {
            return Ok((value, Unit::NONE));
        }
        let text =
            self.text().ok_or_else(|| self.mistake("write a number with its unit, such as \"8 m3/h\""))?;
        let (number, symbol) = split(text).ok_or_else(|| {
            self.mistake(format!("\"{text}\" does not begin with a number: write \"8 m3/h\""))
        })?;
        let unit = Unit::parse(symbol).ok_or_else(|| {
            let hint = hint(symbol, Unit::all().map(Unit::symbol));
            self.mistake(format!("\"{symbol}\" is no unit of the plant{hint}"))
        })?;
        Ok((number, unit))
    }

    /// As [`Self::quantity`], told in `unit`.
    pub(super) fn quantity_in(&self, unit: &str) -> Result<f64, ParameterMistake> {
        let (value, given) = self.quantity()?;
        let wanted = Unit::parse(unit).unwrap_or(Unit::NONE);
        given
            .convert(value, wanted)
            .ok_or_else(|| self.mistake(format!("\"{given}\" does not convert to \"{unit}\"")))
    }
}

impl<'a> Table<'a> {
    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        self.fields.get(key).map(|value| Item { document: self.document, value })
    }

    pub(super) fn file(&self) -> &'a str {
        self.document.file
    }

    pub(super) const fn line(&self) -> usize {
        self.line
    }

    pub(super) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        let mut entries: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| {
                (name.get_ref().as_ref(), Item { document: self.document, value }, name.span().start)
            })
            .collect();
        entries.sort_by_key(|(_, _, start)| *start);
        entries.into_iter().map(|(name, item, _)| (name, item)).collect()
    }

    pub(super) fn mistake(&self, message: impl Into<String>) -> ParameterMistake {
        ParameterMistake { file: self.document.file.to_owned(), line: self.line, message: message.into() }
    }

    /// The text of a key that must be there.
    pub(super) fn text(&self, key: &str, example: &str) -> Result<&'a str, ParameterMistake> {
        let item = self
            .get(key)
            .ok_or_else(|| self.mistake(format!("{key} is missing: write {key} = {example}")))?;
        item.text().ok_or_else(|| item.mistake(format!("{key} is a text: write {key} = {example}")))
    }

    pub(super) fn refuse_unknown(&self, known: &[&str], mistakes: &mut Mistakes) {
        for (name, item) in self.entries() {
            if !known.contains(&name) {
                let hint = hint(name, known.iter().copied());
                mistakes.push(item.mistake(format!("nothing here is called {name}{hint}")));
            }
        }
    }
}

/// The number that a text begins with, and the rest.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let value: f64 = number.replace('_', "").parse().ok()?;
    value.is_finite().then(|| (value, unit.trim()))
}

pub(super) fn hint<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or(String::new(), |near| format!("; did you mean {near}?"))
}
