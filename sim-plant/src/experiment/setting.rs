//! `key=value unit@time`: one condition as a person writes it.

use model::{StateReader, StateWriter, Unit};

use crate::matter::{Account, Balance};
use crate::parameters::{Given, ParameterEntry, ParameterMistake};
use crate::unit::UnitOperation;

use super::{Built, ExperimentError};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) given: Given,
    /// s after the start; 0 from the beginning.
    pub(super) at: f64,
}

impl Setting {
    pub(super) fn parse(text: &str, known: &[ParameterEntry]) -> Result<Self, ParameterMistake> {
        let flag = format!("--set {text}");
        let fail = |message: String| ParameterMistake { file: flag.clone(), line: 0, message };
        let (key, value) =
            text.split_once('=').ok_or_else(|| fail("write key=value, such as temperature=40degC".into()))?;
        let (value, at) = match value.split_once('@') {
            Some((value, time)) => {
                let at = parse_time(time.trim()).map_err(&fail)?;
                (value.trim(), at)
            }
            None => (value.trim(), 0.0),
        };
        let (table, name) = find(key.trim(), known).map_err(&fail)?;
        let (number, unit) =
            number(value).ok_or_else(|| fail(format!("\"{value}\" does not begin with a number")))?;
        let unit = (!unit.is_empty()).then(|| unit.to_owned());
        Ok(Self { given: Given { table, name, value: number, unit, flag: flag.clone() }, at })
    }
}

/// Tables that say what a unit begins with.
const BEGINNINGS: [&str; 2] = ["start", "charge"];

/// Of one condition for one moment nobody can say which counts.
pub(super) fn twice(settings: &[Setting]) -> Vec<ParameterMistake> {
    let same = |one: &Setting, two: &Setting| {
        (&one.given.table, &one.given.name, one.at.to_bits())
            == (&two.given.table, &two.given.name, two.at.to_bits())
    };
    let again =
        settings.iter().enumerate().filter(|(k, one)| settings[..*k].iter().any(|two| same(one, two)));
    let mistake = |(_, one): (usize, &Setting)| one.mistake("is given twice for the same moment");
    again.map(mistake).collect()
}

/// s within which settings take effect together.
pub(super) const MOMENT: f64 = 1e-9;

/// Settings, in the order of time, that cannot take effect while the unit runs. `unit` is built from what is `given` at the
/// start. Numbers that contradict each other are the error, at the moment when they do.
pub(super) fn too_late(
    waiting: &[Setting],
    given: &[Given],
    unit: &mut dyn UnitOperation,
    build: impl Fn(&[Given]) -> Result<Built, ExperimentError>,
) -> Result<Vec<ParameterMistake>, ExperimentError> {
    let mut mistakes = Vec::new();
    let mut with = given.to_vec();
    for together in waiting.chunk_by(|one, next| next.at - one.at <= MOMENT) {
        with.extend(together.iter().map(|setting| setting.given.clone()));
        let (all, _) = build(&with)?;
        for setting in together {
            // By itself, so that none is blamed for another; where it needs the others, with them.
            let alone = [given, std::slice::from_ref(&setting.given)].concat();
            let (changed, _) = build(&alone).or_else(|_| build(&with))?;
            mistakes.extend(setting.cannot_wait(unit, changed));
        }
        if let (true, Some(last)) = (mistakes.is_empty(), together.last()) {
            mistakes.extend(last.cannot_wait(unit, all));
        }
    }
    Ok(mistakes)
}

impl Setting {
    fn mistake(&self, message: &str) -> ParameterMistake {
        let Given { table, name, flag, .. } = &self.given;
        ParameterMistake { file: flag.clone(), line: 0, message: format!("{table}.{name} {message}") }
    }

    /// Why this setting cannot take effect while the unit runs: `changed` has it, `unit` does not.
    pub(super) fn cannot_wait(
        &self,
        unit: &mut dyn UnitOperation,
        mut changed: Box<dyn UnitOperation>,
    ) -> Option<ParameterMistake> {
        if BEGINNINGS.contains(&self.given.table.as_str()) {
            return Some(self.mistake("says what the unit begins with; it has no effect later"));
        }
        let mut state = StateWriter::default();
        unit.state(&mut state);
        changed.state(&mut StateReader::new(&state.0));
        let mut own = StateWriter::default();
        changed.state(&mut own);
        let (mut before, mut after) = (Account::default(), Account::default());
        unit.contents(&mut before);
        changed.contents(&mut after);
        // What a unit holds cannot come or go because somebody says so.
        let none = Account::default();
        let closes =
            own.0.len() == state.0.len() && Balance::between(&before, &after, &none, &none).worst() <= 1e-9;
        (!closes).then(|| self.mistake("decides how the unit is built; it cannot change while it runs"))
    }
}

/// The full name of a key: `table.name`, or `name` alone where only one table has it.
fn find(key: &str, known: &[ParameterEntry]) -> Result<(String, String), String> {
    let split = |entry: &ParameterEntry| {
        let (table, name) = entry.name.split_once('.').unwrap_or(("", &entry.name));
        (table.to_owned(), name.to_owned())
    };
    if let Some(entry) = known.iter().find(|entry| entry.name == key) {
        return Ok(split(entry));
    }
    let same: Vec<&ParameterEntry> = known
        .iter()
        .filter(|entry| entry.name.split_once('.').is_some_and(|(_, name)| name == key))
        .collect();
    match same.as_slice() {
        [entry] => Ok(split(entry)),
        [] => {
            let names = known.iter().flat_map(|entry| {
                [entry.name.as_str(), entry.name.split_once('.').map_or("", |(_, name)| name)]
            });
            let hint =
                model::nearest(key, names).map_or(String::new(), |near| format!("; did you mean {near}?"));
            Err(format!("nothing is called {key}{hint}"))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|entry| entry.name.as_str()).collect();
            Err(format!("{key} is ambiguous: write {}", names.join(" or ")))
        }
    }
}

/// The number that the text begins with, and the rest of it.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .char_indices()
        .find(|(_, c)| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E' | '_')))
        .map_or(text.len(), |(index, _)| index);
    // `2e` of `2eq` is no number, `2` is.
    (1..=end).rev().find_map(|end| {
        let value: f64 = text[..end].replace('_', "").parse().ok()?;
        Some((value, text[end..].trim()))
    })
}

/// `60min`, `2 h`, `90` (seconds); finite and not negative.
pub fn parse_time(text: &str) -> Result<f64, String> {
    let (value, unit) = number(text).ok_or_else(|| format!("\"{text}\" is no time; write 60min or 2h"))?;
    let symbol = if unit.is_empty() { "s" } else { unit };
    let second = Unit::parse("s").unwrap_or(Unit::NONE);
    let seconds = Unit::parse(symbol).and_then(|unit| unit.convert(value, second));
    match seconds {
        Some(seconds) if seconds >= 0.0 && seconds.is_finite() => Ok(seconds),
        Some(_) => Err(format!("a time of {text} cannot be")),
        None => Err(format!("\"{unit}\" is no unit of time; write s, min, h or d")),
    }
}

#[cfg(test)]
mod tests {
    use super::{number, parse_time};

    #[test]
    fn a_number_and_its_unit_come_apart() {
        assert_eq!(number("40degC"), Some((40.0, "degC")));
        assert_eq!(number("1e-3 mol/L"), Some((1e-3, "mol/L")));
        assert_eq!(number("2eq"), Some((2.0, "eq")));
        assert_eq!(number("-5"), Some((-5.0, "")));
        assert_eq!(number("nan"), None);
        assert_eq!(number("inf"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn times_are_read_in_any_unit_of_time() {
        assert_eq!(parse_time("60min"), Ok(3600.0));
        assert_eq!(parse_time("2 h"), Ok(7200.0));
        assert_eq!(parse_time("90"), Ok(90.0));
        for wrong in ["-1 s", "1 kg", "soon", "1e999 s", ""] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
