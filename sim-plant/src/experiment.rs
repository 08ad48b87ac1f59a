//! One unit operation alone, from stated conditions: what a laboratory would call an experiment.
//!
//! Conditions are the entries of the unit's parameter file, a file that wins over it, and settings
//! `key=value` with any unit that converts. A setting may wait: `acid_coarse=0@20min`. A mistake names
//! the flag or the line; nothing runs before every condition is sound.

mod beyond;
mod setting;

use std::sync::Arc;

use thiserror::Error;

use model::{StateHash, StateReader, StateWriter};

use crate::chemistry::Chemistry;
use crate::matter::{Balance, Matter};
use crate::parameters::{Given, ParameterEntry, ParameterMistake, Reader};
use crate::solution::Notes;
use crate::station::Station;
use crate::unit::{Duty, Row, Shape, UnitOperation};
use crate::units;

pub use beyond::Beyond;
use setting::Setting;
pub use setting::parse_time;

#[derive(Debug, Error)]
pub enum ExperimentError {
    #[error("no unit operation is called \"{name}\"; {hint}`catholyte sim unit list` shows them all")]
    NoUnit { name: String, hint: String },
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<ParameterMistake>),
    #[error("{0}")]
    Time(String),
}

/// A unit built from its row, its file and nothing else, for a flowsheet or a test.
pub fn unit(
    name: &str,
    file: Option<&(String, String)>,
    chemistry: &Arc<Chemistry>,
) -> Result<Box<dyn UnitOperation>, ExperimentError> {
    let row = row(name)?;
    build(row, file, &[], chemistry).map(|(unit, _)| unit)
}

/// A unit with settings as on the command line, and every number that it was built from.
pub(crate) fn with_settings(
    name: &str,
    settings: &[String],
    chemistry: &Arc<Chemistry>,
) -> Result<Built, ExperimentError> {
    let row = row(name)?;
    let known = Experiment::settables(row);
    let mut mistakes = Vec::new();
    let mut given = Vec::new();
    for text in settings {
        match Setting::parse(text, &known) {
            Ok(setting) if setting.at > 0.0 => mistakes.push(ParameterMistake {
                file: setting.given.flag,
                line: 0,
                message: "a setting of a plant does not wait".to_owned(),
            }),
            Ok(setting) => given.push(setting.given),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(ExperimentError::Mistakes(mistakes));
    }
    build(row, None, &given, chemistry)
}

fn row(name: &str) -> Result<&'static Row, ExperimentError> {
    units::find(name).map_err(|near| ExperimentError::NoUnit {
        name: name.to_owned(),
        hint: near.map_or(String::new(), |near| format!("did you mean \"{near}\"? ")),
    })
}

/// The conditions of an experiment.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// `key=value`, `key=value unit`, `key=value unit@time`.
    pub settings: Vec<String>,
    /// Name and text of a parameter file that wins over the one that ships.
    pub file: Option<(String, String)>,
    /// s; the longest step that the unit allows, if left out.
    pub step: Option<f64>,
}

/// A unit that runs alone, with its feeds, its books and its clock.
pub struct Experiment {
    row: &'static Row,
    chemistry: Arc<Chemistry>,
    file: Option<(String, String)>,
    station: Station,
    entries: Vec<ParameterEntry>,
    given: Vec<Given>,
    /// Settings that wait, the next one last.
    waiting: Vec<Setting>,
    step: f64,
    steps: u64,
    duty: Duty,
    /// Why it goes no further.
    beyond: Option<Beyond>,
}

/// A step shorter than this is no use, s.
const STEP_MIN: f64 = 1e-3;

impl Experiment {
    pub fn open(
        name: &str,
        conditions: &Conditions,
        chemistry: &Arc<Chemistry>,
    ) -> Result<Self, ExperimentError> {
        let row = row(name)?;
        let step = conditions.step.unwrap_or(row.shape.step_max);
        if !(step >= STEP_MIN && step <= row.shape.step_max) {
            let (low, high) = (STEP_MIN, row.shape.step_max);
            return Err(ExperimentError::Time(format!("a step of {step} s is outside {low} to {high} s")));
        }
        let defaults = Self::settables(row);
        let mut mistakes = Vec::new();
        let mut settings: Vec<Setting> = Vec::new();
        for text in &conditions.settings {
            match Setting::parse(text, &defaults) {
                Ok(setting) => settings.push(setting),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        settings.sort_by(|a, b| a.at.total_cmp(&b.at));
        // A setting that waits must be sound now.
        let all: Vec<Given> = settings.iter().map(|setting| setting.given.clone()).collect();
        if let Err(ExperimentError::Mistakes(more)) = build(row, conditions.file.as_ref(), &all, chemistry) {
            mistakes.extend(more);
        }
        mistakes.extend(setting::twice(&settings));
        if !mistakes.is_empty() {
            return Err(ExperimentError::Mistakes(mistakes));
        }
        let (mut waiting, now): (Vec<_>, Vec<_>) = settings.into_iter().partition(|setting| setting.at > 0.0);
        let given: Vec<Given> = now.into_iter().map(|setting| setting.given).collect();
        let build = |given: &[Given]| build(row, conditions.file.as_ref(), given, chemistry);
        let (mut unit, entries) = build(&given)?;
        let mistakes = setting::too_late(&waiting, &given, unit.as_mut(), build)?;
        if !mistakes.is_empty() {
            return Err(ExperimentError::Mistakes(mistakes));
        }
        waiting.reverse();
        let shape = row.shape;
        let mut made = Self {
            row,
            chemistry: chemistry.clone(),
            file: conditions.file.clone(),
            station: Station::new(unit),
            entries,
            given,
            waiting,
            step,
            steps: 0,
            duty: Duty {
                feeds: vec![Matter::default(); shape.inlets.len()],
                orders: vec![0.0; shape.orders.len()],
                notes: Notes::default(),
            },
            beyond: None,
        };
        made.beyond = made.look();
        Ok(made)
    }

    /// What it shows that cannot be, with the settings that may have done it.
    fn look(&self) -> Option<Beyond> {
        let made = Beyond::of(&self.station, self.time(), self.step)?;
        Some(made.blaming(&self.given))
    }

    /// Why the experiment has ended before its time: it shows what cannot be, or what no property carries.
    pub const fn beyond(&self) -> Option<&Beyond> {
        self.beyond.as_ref()
    }

    /// Everything that can be set on a unit, with its default, unit, range and source.
    pub fn settables(row: &'static Row) -> Vec<ParameterEntry> {
        let mut reader = Reader::new(&[row.file]);
        let chemistry = Chemistry::built_in().map(Arc::new);
        if let Ok(chemistry) = chemistry {
            (row.build)(&mut reader, &chemistry);
        }
        reader.entries
    }

    pub fn shape(&self) -> &'static Shape {
        self.row.shape
    }

    /// The conditions as they stand, with where each comes from.
    pub fn entries(&self) -> &[ParameterEntry] {
        &self.entries
    }

    /// s after the start at which the last of the settings that wait takes effect.
    pub fn last_change(&self) -> f64 {
        self.waiting.first().map_or(0.0, |setting| setting.at)
    }

    /// s since the start.
    pub fn time(&self) -> f64 {
        self.steps as f64 * self.step
    }

    /// The readings, in the order of [`Shape::readings`].
    pub fn readings(&self) -> &[f64] {
        self.station.readings()
    }

    /// A reading by its name.
    pub fn reading(&self, name: &str) -> Option<f64> {
        let index = self.row.shape.readings.iter().position(|reading| reading.name == name)?;
        Some(self.station.readings()[index])
    }

    pub fn notes(&self) -> Notes {
        let mut notes = self.station.notes();
        notes.add(&self.duty.notes);
        notes
    }

    /// [`Self::notes`] in words, with inlets and orders by their names.
    pub fn remarks(&self) -> Vec<(String, u64)> {
        let mut lines = self.station.remarks();
        for (text, count) in self.duty.notes.lines() {
            match lines.iter_mut().find(|(told, _)| *told == text) {
                Some((_, sum)) => *sum += count,
                None => lines.push((text, count)),
            }
        }
        lines
    }

    pub fn balance(&self) -> Balance {
        self.station.balance(&self.chemistry)
    }

    /// Runs to `seconds` after the start, in whole steps; not further than to where it is [`Self::beyond`] what can be.
    pub fn run_to(&mut self, seconds: f64) {
        let steps = (seconds / self.step).round();
        while (self.steps as f64) < steps && self.beyond.is_none() {
            self.one_step();
            self.beyond = self.look();
        }
    }

    fn one_step(&mut self) {
        let now = self.time();
        let before = self.given.len();
        while let Some(setting) = self.waiting.pop_if(|setting| setting.at <= now + setting::MOMENT) {
            self.given.push(setting.given);
        }
        if self.given.len() > before {
            self.rebuild();
        }
        self.station.unit().duty(&mut self.duty);
        for (inlet, feed) in self.duty.feeds.iter().enumerate() {
            *self.station.inlet(inlet) = feed.part(self.step);
        }
        self.station.orders.copy_from_slice(&self.duty.orders);
        self.station.step(&self.chemistry, self.step);
        self.steps += 1;
    }

    /// The unit with its new conditions in the state of the old one.
    fn rebuild(&mut self) {
        // Every setting was sound when the experiment opened.
        if let Ok((unit, entries)) = build(self.row, self.file.as_ref(), &self.given, &self.chemistry) {
            self.station.replace(unit);
            self.entries = entries;
        }
    }

    /// A hash of everything that the next step depends on.
    pub fn hash(&mut self) -> u64 {
        let mut hash = StateHash::new();
        self.station.state(&mut hash);
        hash.finish()
    }

    /// The state, to go on from later.
    pub fn snapshot(&mut self) -> Vec<u8> {
        let mut writer = StateWriter::default();
        model::StateWalk::u64(&mut writer, &mut self.steps);
        self.duty.notes.state(&mut writer);
        self.station.state(&mut writer);
        writer.0
    }

    /// Goes on from a snapshot of an experiment with the same conditions; false when it does not fit.
    pub fn restore(&mut self, snapshot: &[u8]) -> bool {
        let own = self.snapshot();
        let mut reader = StateReader::new(if snapshot.len() == own.len() { snapshot } else { &own });
        model::StateWalk::u64(&mut reader, &mut self.steps);
        self.duty.notes.state(&mut reader);
        self.station.state(&mut reader);
        self.beyond = self.look();
        snapshot.len() == own.len()
    }

    /// The first line of a CSV table.
    pub fn csv_header(&self) -> String {
        let mut line = "time [s]".to_owned();
        for reading in self.row.shape.readings {
            line.push_str(&format!(",{} [{}]", reading.name, reading.unit));
        }
        line
    }

    /// The readings now, as a line of that table.
    pub fn csv_line(&self) -> String {
        let mut line = format!("{}", self.time());
        for value in self.station.readings() {
            line.push(',');
            line.push_str(&figure(*value));
        }
        line
    }
}

/// As a table shows it: with an exponent where there would be nothing but zeros.
fn figure(value: f64) -> String {
    let value = rounded(value);
    if value != 0.0 && !(1e-6..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// Seven digits, without the tail that binary fractions leave.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.6e}").parse().unwrap_or(value)
}

pub(crate) type Built = (Box<dyn UnitOperation>, Vec<ParameterEntry>);

fn build(
    row: &Row,
    file: Option<&(String, String)>,
    given: &[Given],
    chemistry: &Arc<Chemistry>,
) -> Result<Built, ExperimentError> {
    let mut files = Vec::new();
    if let Some((name, text)) = file {
        files.push((name.as_str(), text.as_str()));
    }
    files.push(row.file);
    let mut reader = Reader::with_given(&files, given);
    if !reader.mistakes.is_empty() {
        return Err(ExperimentError::Mistakes(reader.mistakes));
    }
    let built = (row.build)(&mut reader, chemistry);
    reader.refuse_unknown();
    match built {
        Some(unit) if reader.mistakes.is_empty() => Ok((unit, reader.entries)),
        _ => Err(ExperimentError::Mistakes(reader.mistakes)),
    }
}

#[cfg(test)]
impl Experiment {
    /// A unit after so many hours with these settings, its balances closed.
    pub(crate) fn after(unit: &str, hours: f64, settings: &[&str]) -> Self {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = settings.iter().map(ToString::to_string).collect();
        let conditions = Conditions { settings, ..Conditions::default() };
        let mut unit = Self::open(unit, &conditions, &chemistry).unwrap();
        unit.run_to(hours * 3600.0);
        assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn a_table_shows_seven_digits_and_no_row_of_zeros() {
        let shown = [0.0, 40.000_000_01, 0.000_630_054_54, -1.234_567_89e-9, 1e30, f64::NAN].map(figure);
        assert_eq!(shown, ["0", "40", "0.0006300545", "-1.234568e-9", "1e30", "NaN"]);
    }
}
