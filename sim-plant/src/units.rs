//! The unit operations that there are: one file each, one parameter file each, one row each.

mod brine;
pub mod boiler;
pub mod brine_purification;
pub mod carbonation;
pub mod cementation;
pub mod chloride_cell;
mod compartments;
pub mod cooling_tower;
mod crystals;
pub mod dechlorinator;
pub mod dissolver;
pub mod dryer;
pub mod evaporator;
mod exhaling;
mod film;
pub mod filter;
pub mod furnace;
mod hardness;
mod haste;
mod heat_loss;
mod heating;
mod hydroxides;
pub mod ion_exchange;
pub mod iron_removal;
pub mod leach;
pub mod extraction;
pub mod liquor;
pub mod mixed_bed;
pub mod module;
pub mod scrubber;
pub mod shredder;
pub mod sulfate_cell;
pub mod sulfate_crystalliser;
pub mod tank;
mod water;

use crate::unit::Row;

/// `row!(module, Type, "name")`: the module has `SHAPE`, `Settings` and the type; the parameter file is
/// `parameters/units/name.toml`.
macro_rules! row {
    ($module:ident, $unit:ident, $name:literal) => {
        Row {
            shape: &$module::SHAPE,
            file: (
                concat!("sim-plant/parameters/units/", $name, ".toml"),
                include_str!(concat!("../parameters/units/", $name, ".toml")),
            ),
            build: |reader, chemistry| {
                let settings = $module::Settings::read(reader);
                reader.mistakes.is_empty().then(|| -> Box<dyn crate::unit::UnitOperation> {
                    Box::new($module::$unit::new(settings, chemistry.clone()))
                })
            },
        }
    };
}

/// Every unit operation, in the order of the process.
pub const CATALOGUE: &[Row] = &[
    // One row each, in the order of the process.
    row!(liquor, Liquor, "liquor"),
    row!(tank, StorageTank, "tank"),
    row!(ion_exchange, IonExchange, "ion_exchange"),
    row!(dissolver, Dissolver, "dissolver"),
    row!(dechlorinator, Dechlorinator, "dechlorinator"),
    row!(brine_purification, BrinePurification, "brine_purification"),
    row!(furnace, Furnace, "furnace"),
    row!(scrubber, Scrubber, "scrubber"),
    row!(chloride_cell, ChlorideCell, "chloride-cell"),
    row!(sulfate_cell, SulfateCell, "sulfate-cell"),
    row!(evaporator, Evaporator, "evaporator"),
    row!(dryer, Dryer, "dryer"),
    row!(carbonation, Carbonation, "carbonation"),
    row!(shredder, Shredder, "shredder"),
    row!(leach, Leach, "leach"),
    row!(filter, Filter, "filter"),
    row!(cementation, Cementation, "cementation"),
    row!(iron_removal, IronRemoval, "iron_removal"),
    row!(extraction, Extraction, "extraction"),
    row!(module, Module, "module"),
    row!(sulfate_crystalliser, SulfateCrystalliser, "sulfate_crystalliser"),
    row!(cooling_tower, CoolingTower, "cooling_tower"),
    row!(boiler, Boiler, "boiler"),
    row!(mixed_bed, MixedBed, "mixed_bed"),
];

/// The row of this name; otherwise the name that was probably meant.
pub fn find(name: &str) -> Result<&'static Row, Option<&'static str>> {
    let row = CATALOGUE.iter().find(|row| row.shape.name == name);
    row.ok_or_else(|| model::nearest(name, CATALOGUE.iter().map(|row| row.shape.name)))
}
