//! The simulator of a plant folder: its field's text against the tags of the compiled plant.

use std::path::Path;

use control::plant::Plant;
use miette::{IntoDiagnostic as _, miette};
use model::Source;
use sim_plant::{BuildError, FieldFile, FieldTag, Initial, Parameters, Simulator};

use crate::plant_files;

/// Builds the simulated plant of a folder, or of the refinery that ships when none was named.
pub fn open(
    folder: Option<&Path>,
    plant: &Plant,
    parameters: &Parameters,
    initial: Initial,
    seed: u64,
) -> miette::Result<Simulator> {
    let files = match folder {
        Some(folder) => files(plant_files::read_field(folder).into_diagnostic()?),
        None => files(plant_files::shipped_field()),
    };
    let simulator = Simulator::open(parameters, initial, seed, &files, &tags(plant));
    simulator.map_err(|error| match error {
        BuildError::Field(mistakes) => {
            let count = mistakes.len();
            let list: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            miette!("the field of {} has {count} mistakes:\n{}", plant.name, list.join("\n"))
        }
        other @ BuildError::Parameters(_) => miette!("{other}"),
    })
}

fn files(sources: Vec<Source>) -> Vec<FieldFile> {
    sources.into_iter().map(|source| FieldFile { name: source.path, text: source.text }).collect()
}

/// What is wrong with the field of a plant that compiles; a plant without a field has none.
pub fn mistakes(folder: &Path, plant: &Plant) -> Vec<String> {
    let files = match plant_files::read_field(folder) {
        Ok(sources) => files(sources),
        Err(error) => return vec![error.to_string()],
    };
    let parameters = match Parameters::built_in() {
        Ok(parameters) if !files.is_empty() => parameters,
        Ok(_) => return Vec::new(),
        Err(error) => return vec![error.to_string()],
    };
    match Simulator::open(&parameters, Initial::Cold, 0, &files, &tags(plant)) {
        Ok(_) => Vec::new(),
        Err(BuildError::Field(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// The tags of the plant's devices, as the field needs them.
pub fn tags(plant: &Plant) -> Vec<FieldTag> {
    let tag = |io: &model::IoPoint| {
        let point = &plant.points[io.point.index()];
        FieldTag {
            name: io.tag.clone(),
            direction: io.direction,
            unit: point.unit,
            low: point.low,
            high: point.high,
            fail: io.fail_value,
            device: plant.io.devices[io.device.index()].name.clone(),
        }
    };
    plant.io.points.iter().map(tag).collect()
}
