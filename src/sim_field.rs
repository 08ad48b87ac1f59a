//! The simulator of a plant folder: its field's text against the tags of the compiled plant.

use std::path::Path;

use control::plant::Plant;
use miette::{IntoDiagnostic as _, miette};
use sim_plant::{BuildError, Initial, Parameters, Simulator};

use crate::plant_files;

/// Builds the simulated plant of a folder, or of the refinery that ships when none was named.
pub fn open(
    folder: Option<&Path>,
    plant: &Plant,
    parameters: &Parameters,
    initial: Initial,
    seed: u64,
) -> miette::Result<Simulator> {
    let sources = match folder {
        Some(folder) => plant_files::read_field(folder).into_diagnostic()?,
        None => plant_files::shipped_field(),
    };
    let simulator = lockstep::simulator(plant, &sources, parameters, initial, seed);
    simulator.map_err(|error| match error {
        BuildError::Field(mistakes) => {
            let count = mistakes.len();
            let list: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            miette!("the field of {} has {count} mistakes:\n{}", plant.name, list.join("\n"))
        }
        other @ BuildError::Parameters(_) => miette!("{other}"),
    })
}

/// What is wrong with the field of a plant that compiles; a plant without a field has none.
pub fn mistakes(folder: &Path, plant: &Plant) -> Vec<String> {
    let sources = match plant_files::read_field(folder) {
        Ok(sources) => sources,
        Err(error) => return vec![error.to_string()],
    };
    let parameters = match Parameters::built_in() {
        Ok(parameters) if !sources.is_empty() => parameters,
        Ok(_) => return Vec::new(),
        Err(error) => return vec![error.to_string()],
    };
    match lockstep::simulator(plant, &sources, &parameters, Initial::Cold, 0) {
        Ok(_) => Vec::new(),
        Err(BuildError::Field(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    }
}
