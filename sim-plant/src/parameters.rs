//! The data file of area 300: every number of the physics, with its unit, source and trust.

mod reader;
#[macro_use]
mod tables;

use std::path::Path;

use thiserror::Error;

use crate::turns::SLOT;

pub(crate) use reader::{Given, Reader};
pub use reader::{ParameterEntry, ParameterMistake, Trust};
pub(crate) use tables::*;

const BUILT_IN: &str = include_str!("../parameters/electrolysis.toml");
const BUILT_IN_NAME: &str = "sim-plant/parameters/electrolysis.toml";

#[derive(Debug, Error)]
pub enum ParameterError {
    #[error("cannot read the parameter file {path}: {source}; check the path and its permissions")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{}", list(.0))]
    Mistakes(Vec<ParameterMistake>),
}

fn list(mistakes: &[ParameterMistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// How many numbers there are of each trust.
pub(crate) fn by_trust(entries: &[ParameterEntry]) -> String {
    let count = |trust: Trust| entries.iter().filter(|entry| entry.trust == trust).count();
    let words: Vec<String> =
        Trust::ALL.iter().map(|trust| format!("{} {}", count(*trust), trust.word())).collect();
    words.join(", ")
}

/// How long a motor takes to come up to speed, as the parameter files name it.
pub(crate) const MOTOR_START: &str = "anolyte.pump_start_time";

/// Everything that the simulator of area 300 takes from its data file, in SI.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    pub(crate) cell: Cell,
    pub(crate) reversible: Reversible,
    pub(crate) membrane: Membrane,
    pub(crate) electrode: Electrode,
    pub(crate) chemistry: Chemistry,
    pub(crate) thermo: Thermo,
    pub(crate) density_lithium_chloride: Density,
    pub(crate) density_lithium_hydroxide: Density,
    pub(crate) density_hydrogen_chloride: Density,
    pub(crate) conductivity_lithium_chloride: Conductivity,
    pub(crate) conductivity_lithium_hydroxide: Conductivity,
    pub(crate) activity: Activity,
    pub(crate) anolyte: Loop,
    pub(crate) catholyte: Loop,
    pub(crate) heater: Heater,
    pub(crate) cooler: Cooler,
    pub(crate) brine: Brine,
    pub(crate) acid: Acid,
    pub(crate) water: Water,
    pub(crate) hydrogen_header: Header,
    pub(crate) chlorine_header: Header,
    pub(crate) rectifier: Rectifier,
    pub(crate) site: Site,
    pub(crate) actuator: Actuator,
    pub(crate) start: Start,
    pub(crate) sensors: [SensorKind; SENSOR_KINDS.len()],
    entries: Vec<ParameterEntry>,
}

/// Tables of the sensor kinds, in the order of `Parameters::sensors`.
const SENSOR_KINDS: [&str; 10] = [
    "sensor_temperature",
    "sensor_level",
    "sensor_flow",
    "sensor_pressure",
    "sensor_ph",
    "sensor_density",
    "sensor_liquid_analyser",
    "sensor_gas_analyser",
    "sensor_room_detector",
    "sensor_electrical",
];

/// An analyser keeps at most this many results on their way.
pub(crate) const PENDING_MAX: usize = 16;

impl Parameters {
    /// The file that ships with the simulator.
    pub fn built_in() -> Result<Self, ParameterError> {
        Self::read(&[(BUILT_IN_NAME, BUILT_IN)])
    }

    /// `text` wins over the built-in file, entry by entry; `name` stands in its error messages.
    pub fn with_overrides(name: &str, text: &str) -> Result<Self, ParameterError> {
        Self::read(&[(name, text), (BUILT_IN_NAME, BUILT_IN)])
    }

    /// The file at `path` wins over the built-in one, entry by entry.
    pub fn from_path(path: &Path) -> Result<Self, ParameterError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ParameterError::Unreadable { path: name.clone(), source })?;
        Self::with_overrides(&name, &text)
    }

    /// Every parameter with its source and trust, in the order of the file.
    pub fn entries(&self) -> &[ParameterEntry] {
        &self.entries
    }

    /// The lag of an instrument of this kind: what it is, and how far its numbers may be trusted. A switch has none.
    pub(crate) fn instrument(&self, kind: usize) -> Option<&ParameterEntry> {
        let name = format!("{}.lag", SENSOR_KINDS.get(kind)?);
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// How fast valves and motors are.
    pub(crate) fn travel(&self) -> Vec<ParameterEntry> {
        let moves =
            |entry: &&ParameterEntry| entry.name.starts_with("actuator.") || entry.name == MOTOR_START;
        self.entries.iter().filter(moves).cloned().collect()
    }

    fn read(files: &[(&str, &str)]) -> Result<Self, ParameterError> {
        let mut reader = Reader::new(files);
        if !reader.mistakes.is_empty() {
            return Err(ParameterError::Mistakes(reader.mistakes));
        }
        let r = &mut reader;
        let mut parameters = Self {
            cell: Cell::read(r, "cell"),
            reversible: Reversible::read(r, "reversible"),
            membrane: Membrane::read(r, "membrane"),
            electrode: Electrode::read(r, "electrode"),
            chemistry: Chemistry::read(r, "chemistry"),
            thermo: Thermo::read(r, "thermo"),
            density_lithium_chloride: Density::read(r, "density_lithium_chloride"),
            density_lithium_hydroxide: Density::read(r, "density_lithium_hydroxide"),
            density_hydrogen_chloride: Density::read(r, "density_hydrogen_chloride"),
            conductivity_lithium_chloride: Conductivity::read(r, "conductivity_lithium_chloride"),
            conductivity_lithium_hydroxide: Conductivity::read(r, "conductivity_lithium_hydroxide"),
            activity: Activity::read(r, "activity"),
            anolyte: Loop::read(r, "anolyte"),
            catholyte: Loop::read(r, "catholyte"),
            heater: Heater::read(r, "heater"),
            cooler: Cooler::read(r, "cooler"),
            brine: Brine::read(r, "brine"),
            acid: Acid::read(r, "acid"),
            water: Water::read(r, "water"),
            hydrogen_header: Header::read(r, "hydrogen_header"),
            chlorine_header: Header::read(r, "chlorine_header"),
            rectifier: Rectifier::read(r, "rectifier"),
            site: Site::read(r, "site"),
            actuator: Actuator::read(r, "actuator"),
            start: Start::read(r, "start"),
            sensors: SENSOR_KINDS.map(|table| SensorKind::read(r, table)),
            entries: Vec::new(),
        };
        reader.refuse_unknown();
        for (table, kind) in SENSOR_KINDS.iter().zip(&parameters.sensors) {
            let slots = kind.update / SLOT;
            if (slots - slots.round()).abs() > 1e-6 {
                let message = format!("{table}.update is no whole number of tenths of a second");
                reader.mistakes.push(ParameterMistake { file: files[0].0.to_owned(), line: 0, message });
            }
            if kind.dead > kind.cycle * PENDING_MAX as f64 {
                reader.mistakes.push(ParameterMistake {
                    file: files[0].0.to_owned(),
                    line: 0,
                    message: format!("{table}.dead is longer than {PENDING_MAX} cycles; raise {table}.cycle"),
                });
            }
        }
        if !reader.mistakes.is_empty() {
            return Err(ParameterError::Mistakes(reader.mistakes));
        }
        parameters.entries = reader.entries;
        Ok(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::{ParameterError, Parameters, Trust};

    fn mistakes(text: &str) -> Vec<String> {
        match Parameters::with_overrides("mine.toml", text) {
            Err(ParameterError::Mistakes(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
            Err(other) => vec![other.to_string()],
            Ok(_) => Vec::new(),
        }
    }

    #[test]
    fn the_built_in_file_reads_and_every_entry_says_where_it_comes_from() {
        let parameters = Parameters::built_in().unwrap();
        assert!(parameters.entries().len() > 250);
        assert!(parameters.entries().iter().any(|entry| entry.trust == Trust::Asserted));
        assert!((parameters.membrane.reference_temperature - 353.15).abs() < 1e-9);
        assert!((parameters.anolyte.recirculation - 0.01).abs() < 1e-12);
    }

    #[test]
    fn an_override_wins_and_converts_its_unit() {
        let text = "[cell]\nactive_area = { value = 1.5, unit = \"m2\", source = \"mine\", trust = \"measured\" }\n\
                    [site]\ntemperature = { value = 300.0, unit = \"K\", source = \"mine\", trust = \"measured\" }\n";
        let parameters = Parameters::with_overrides("mine.toml", text).unwrap();
        assert_eq!(parameters.cell.active_area, 1.5);
        assert!((parameters.site.temperature - 300.0).abs() < 1e-9);
    }

    #[test]
    fn a_mistake_names_file_and_line() {
        let line = |value: &str, unit: &str| {
            format!(
                "# mine\n[cell]\nactive_area = {{ value = {value}, unit = \"{unit}\", source = \"x\", trust = \"asserted\" }}\n"
            )
        };
        assert_eq!(
            mistakes(&line("nan", "m2")),
            ["mine.toml:3: cell.active_area: NaN m2 is outside 0.01 to 10"]
        );
        assert_eq!(
            mistakes(&line("500", "m2")),
            ["mine.toml:3: cell.active_area: 500 m2 is outside 0.01 to 10"]
        );
        assert!(mistakes(&line("2", "kg"))[0].contains("mine.toml:3: cell.active_area: unit \"kg\""));
        assert!(
            mistakes("[cell]\nactive_are = { value = 2.0 }\n")[0].contains("did you mean cell.active_area?")
        );
        assert!(
            mistakes("[cell]\n\nactive_area = 2.0\n")[0]
                .starts_with("mine.toml:3: cell.active_area: write {")
        );
        assert!(mistakes("[cell\n")[0].starts_with("mine.toml:1: "));
    }

    #[test]
    fn a_file_that_lacks_an_entry_is_refused() {
        match Parameters::read(&[("half.toml", "[cell]\n")]) {
            Err(ParameterError::Mistakes(mistakes)) => {
                assert!(
                    mistakes[0].to_string().starts_with("half.toml: parameter cell.active_area is missing")
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
