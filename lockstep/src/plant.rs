//! The simulator of a plant: its field's text against the tags of the compiled plant.

use control::plant::Plant;
use model::Source;
use sim_plant::{BuildError, FieldFile, FieldTag, Initial, Parameters, Simulator};

/// Builds it. Of `sources` the field's text counts: all of it, also that of included plants.
pub fn simulator(
    plant: &Plant,
    sources: &[Source],
    parameters: &Parameters,
    initial: Initial,
    seed: u64,
) -> Result<Simulator, BuildError> {
    let of_field = |source: &&Source| source.path.split('/').rev().nth(1) == Some("field");
    let file = |source: &Source| FieldFile { name: source.path.clone(), text: source.text.clone() };
    let files: Vec<FieldFile> = sources.iter().filter(of_field).map(file).collect();
    Simulator::open(parameters, initial, seed, &files, &tags(plant))
}

/// The tags of the plant's devices, as the field needs them.
fn tags(plant: &Plant) -> Vec<FieldTag> {
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
