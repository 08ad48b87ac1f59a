//! Reads `name = { value, unit, source, trust }` with the line of every mistake.

use std::collections::BTreeSet;
use std::fmt;

use model::Unit;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One mistake in a parameter file, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterMistake {
    pub file: String,
    /// From 1; 0 when the mistake is that something is missing.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for ParameterMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// How far a number may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    Measured,
    Published,
    Recalled,
    Asserted,
}

impl Trust {
    pub const ALL: [Self; 4] = [Self::Measured, Self::Published, Self::Recalled, Self::Asserted];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Published => "published",
            Self::Recalled => "recalled",
            Self::Asserted => "asserted",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trust| trust.word() == text)
    }
}

/// A parameter as its file tells it, for people who ask where a number comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterEntry {
    pub name: String,
    pub value: f64,
    pub unit: String,
    pub source: String,
    pub trust: Trust,
    pub file: String,
    pub line: usize,
    /// What it means; empty where the name says it all.
    pub text: String,
    /// The unit in which the model asks for it, and what it accepts in that unit.
    pub asked: &'static str,
    pub low: f64,
    pub high: f64,
    /// Counts or chooses: no fractions.
    pub whole: bool,
}

/// A number that a person gives on the command line; it wins over every file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) value: f64,
    /// As written; `None` means the unit that the model asks for.
    pub(crate) unit: Option<String>,
    /// The flag as written, for messages.
    pub(crate) flag: String,
}

struct Document<'a> {
    file: &'a str,
    text: &'a str,
    tables: DeTable<'a>,
}

impl Document<'_> {
    fn line(&self, byte: usize) -> usize {
        self.text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count() + 1
    }
}

/// Documents in order of precedence: an override first, then the built-in file.
pub(crate) struct Reader<'a> {
    documents: Vec<Document<'a>>,
    given: &'a [Given],
    known: BTreeSet<(String, String)>,
    pub(crate) entries: Vec<ParameterEntry>,
    pub(crate) mistakes: Vec<ParameterMistake>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &[(&'a str, &'a str)]) -> Self {
        Self::with_given(files, &[])
    }

    /// `given` wins over every file.
    pub(crate) fn with_given(files: &[(&'a str, &'a str)], given: &'a [Given]) -> Self {
        let mut reader = Self {
            documents: Vec::new(),
            given,
            known: BTreeSet::new(),
            entries: Vec::new(),
            mistakes: Vec::new(),
        };
        for &file in files {
            reader.stand_behind(file);
        }
        reader
    }

    /// One more file, behind all others: it gives what they leave out.
    pub(crate) fn stand_behind(&mut self, (file, text): (&'a str, &'a str)) {
        match DeTable::parse(text) {
            Ok(tables) => self.documents.push(Document { file, text, tables: tables.into_inner() }),
            Err(error) => {
                let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
                let message = error.message().to_owned();
                self.mistakes.push(ParameterMistake { file: file.to_owned(), line, message });
            }
        }
    }

    /// One number in SI (or in `unit` itself when that is not a plant unit), inside `low..=high` of `unit`.
    pub(crate) fn number(&mut self, table: &str, name: &str, unit: &'static str, low: f64, high: f64) -> f64 {
        self.described(table, name, "", unit, low, high)
    }

    /// As [`Self::number`], with what it means.
    pub(crate) fn described(
        &mut self,
        table: &str,
        name: &str,
        text: &str,
        unit: &'static str,
        low: f64,
        high: f64,
    ) -> f64 {
        let first = self.known.insert((table.to_owned(), name.to_owned()));
        match self.find(table, name, unit, low, high) {
            Ok((value, mut entry)) => {
                if first {
                    text.trim().clone_into(&mut entry.text);
                    self.entries.push(entry);
                }
                value
            }
            Err(mistake) => {
                self.mistakes.push(mistake);
                f64::NAN
            }
        }
    }

    fn find(
        &self,
        table: &str,
        name: &str,
        unit: &'static str,
        low: f64,
        high: f64,
    ) -> Result<(f64, ParameterEntry), ParameterMistake> {
        // The last of several flags for one number counts.
        let given = self.given.iter().rev().find(|given| given.table == table && given.name == name);
        if let Some(given) = given {
            return from_flag(given, unit, low, high);
        }
        let found = self.documents.iter().find_map(|document| {
            let item = document.tables.get(table)?.get_ref().as_table()?.get(name)?;
            Some((document, item))
        });
        let Some((document, item)) = found else {
            let file = self.documents.last().map_or("", |document| document.file).to_owned();
            let message = format!("parameter {table}.{name} is missing; add it in {unit} ({low} to {high})");
            return Err(ParameterMistake { file, line: 0, message });
        };
        let line = document.line(item.span().start);
        let fail = |message: String| ParameterMistake {
            file: document.file.to_owned(),
            line,
            message: format!("{table}.{name}: {message}"),
        };
        let Some(fields) = item.get_ref().as_table() else {
            return Err(fail("write { value = ..., unit = ..., source = ..., trust = ... }".to_owned()));
        };
        let text = |key: &str| fields.get(key).and_then(|value| value.get_ref().as_str());
        let given =
            fields.get("value").and_then(number_of).ok_or_else(|| fail("value is no number".into()))?;
        let written = text("unit").ok_or_else(|| fail(format!("unit is missing; write \"{unit}\"")))?;
        let value = convert(given, written, unit)
            .ok_or_else(|| fail(format!("unit \"{written}\" does not convert to \"{unit}\"")))?;
        if !value.is_finite() || value < low || value > high {
            return Err(fail(format!("{value} {unit} is outside {low} to {high}")));
        }
        let source = text("source").filter(|source| !source.is_empty());
        let source =
            source.ok_or_else(|| fail("source is missing; say where the number comes from".into()))?;
        let trust = text("trust").and_then(Trust::parse).ok_or_else(|| {
            fail("trust must be \"measured\", \"published\", \"recalled\" or \"asserted\"".into())
        })?;
        let entry = ParameterEntry {
            name: format!("{table}.{name}"),
            value: given,
            unit: written.to_owned(),
            source: source.to_owned(),
            trust,
            file: document.file.to_owned(),
            line,
            text: String::new(),
            asked: unit,
            low,
            high,
            whole: false,
        };
        Ok((to_si(value, unit), entry))
    }

    /// The number read last under this name counts or chooses something: a fraction is a mistake where it was written.
    pub(crate) fn whole(&mut self, table: &str, name: &str) {
        let name = format!("{table}.{name}");
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.name == name) else {
            return;
        };
        entry.whole = true;
        let value = entry.value;
        if value != libm::trunc(value) {
            let (below, above) = (libm::floor(value), libm::ceil(value));
            self.refuse(&name, &format!("{value} is no whole number; write {below} or {above}"));
        }
    }

    /// Numbers that are sound one by one and not together: a mistake where `name` was written.
    pub(crate) fn refuse(&mut self, name: &str, message: &str) {
        let written = self.entries.iter().find(|entry| entry.name == name);
        let (file, line) = written.map_or((String::new(), 0), |entry| (entry.file.clone(), entry.line));
        self.mistakes.push(ParameterMistake { file, line, message: format!("{name}: {message}") });
    }

    /// Parts of a table that are more than the whole together, as shares of one: a mistake where a person wrote one of them.
    pub(crate) fn at_most_whole(&mut self, table: &str, parts: &[(&str, f64)], unit: &str) {
        let sum: f64 = parts.iter().map(|(_, share)| share).sum();
        // A number that was refused before is NaN, and says nothing more here.
        if sum.is_nan() || sum <= 1.0 + 1e-9 {
            return;
        }
        let names: Vec<String> = parts.iter().map(|(part, _)| format!("{table}.{part}")).collect();
        let on_a_flag =
            |name: &&String| self.entries.iter().any(|entry| entry.name == **name && entry.line == 0);
        let name = names.iter().rfind(on_a_flag).unwrap_or(&names[0]).clone();
        let others: Vec<&str> = names.iter().filter(|other| **other != name).map(String::as_str).collect();
        let message = format!(
            "with {} it adds up to {:.1} {unit}; lower one of them, for together they are at most 100",
            others.join(", "),
            100.0 * sum
        );
        self.refuse(&name, &message);
    }

    /// Entries that no code reads are slips of the pen.
    pub(crate) fn refuse_unknown(&mut self) {
        for document in &self.documents {
            for (table_name, table) in &document.tables {
                let Some(entries) = table.get_ref().as_table() else {
                    continue;
                };
                for (key, value) in entries {
                    let pair = (table_name.get_ref().to_string(), key.get_ref().to_string());
                    if self.known.contains(&pair) {
                        continue;
                    }
                    let names: Vec<String> =
                        self.known.iter().map(|(table, name)| format!("{table}.{name}")).collect();
                    let name = format!("{}.{}", pair.0, pair.1);
                    let near = model::nearest(&name, names.iter().map(String::as_str));
                    let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
                    self.mistakes.push(ParameterMistake {
                        file: document.file.to_owned(),
                        line: document.line(value.span().start),
                        message: format!("no parameter is called {name}{hint}"),
                    });
                }
            }
        }
    }
}

/// A number from a flag: the unit it is written in, its range, and the flag in every message.
fn from_flag(
    given: &Given,
    unit: &'static str,
    low: f64,
    high: f64,
) -> Result<(f64, ParameterEntry), ParameterMistake> {
    let name = format!("{}.{}", given.table, given.name);
    let fail = |message: String| ParameterMistake { file: given.flag.clone(), line: 0, message };
    let written = given.unit.as_deref().unwrap_or(unit);
    let Some(value) = convert(given.value, written, unit) else {
        return Err(fail(format!("{name}: unit \"{written}\" does not convert to \"{unit}\"")));
    };
    if !value.is_finite() || value < low || value > high {
        return Err(fail(format!("{name}: {value} {unit} is outside {low} to {high}")));
    }
    let entry = ParameterEntry {
        name,
        value: given.value,
        unit: written.to_owned(),
        source: "given on the command line".to_owned(),
        trust: Trust::Asserted,
        file: given.flag.clone(),
        line: 0,
        text: String::new(),
        asked: unit,
        low,
        high,
        whole: false,
    };
    Ok((to_si(value, unit), entry))
}

fn number_of(value: &Spanned<DeValue<'_>>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
        DeValue::Integer(integer) => integer.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(value);
    }
    Unit::parse(from)?.convert(value, Unit::parse(to)?)
}

/// Plant units become SI; a unit that the plant does not know stays as it is.
fn to_si(value: f64, unit: &str) -> f64 {
    let si = match unit {
        "degC" => "K",
        "mbar" | "bar" => "Pa",
        "mm" => "m",
        "L" => "m3",
        "min" | "h" => "s",
        "m3/h" | "L/h" => "m3/s",
        "A" | "kA" => "A",
        "kA/s" => return value * 1e3,
        "kA/m2" => "A/m2",
        "mol/L" => "mol/m3",
        "mohm" => return value * 1e-3,
        "kJ/mol" => return value * 1e3,
        "g/mol" => return value * 1e-3,
        "g/L" => "kg/m3",
        "kg/h" => "kg/s",
        "ppb" => return value * 1e-9,
        "1/h" => return value / 3600.0,
        "m3/h per kA" => return value / 3600.0 / 1e3,
        "um" => "m",
        "L/min" | "L/s" => "m3/s",
        "t/h" => "kg/s",
        "kW" => "W",
        "wt%" | "%vol" => return value * 0.01,
        "kJ/kg" => return value * 1e3,
        "1/min" => return value / 60.0,
        "Nm3/h" => return value / 3600.0 / crate::constants::NORMAL_VOLUME,
        "%" => return value * 0.01,
        _ => return value,
    };
    // Mass concentration and density are one thing to the physics, two to the plant's units.
    if unit == "g/L" { value } else { convert(value, unit, si).unwrap_or(value) }
}
