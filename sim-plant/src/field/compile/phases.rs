//! Which ports of the units are for gases: no liquor flows into a burner or a sparger.

use super::ELECTROLYSIS_OUTLETS;
use crate::electrolysis::neighbours;
use crate::unit::Shape;

/// Inlets that take a gas alone.
const INLETS: [(&str, &str); 12] = [
    ("carbonation", "CO2-1"),
    ("carbonation", "CO2-2"),
    ("dechlorinator", "air"),
    ("dryer", "gas"),
    ("furnace", "hydrogen"),
    ("furnace", "chlorine"),
    ("leach", "oxygen-1"),
    ("leach", "oxygen-2"),
    ("leach", "oxygen-3"),
    ("leach", "oxygen-4"),
    ("scrubber", "gas"),
    ("shredder", "nitrogen"),
];

/// Outlets by which a gas leaves, wherever a unit has one of these.
const OUTLETS: [&str; 12] = [
    "vent",
    "gas",
    "vapour",
    "steam",
    "relief",
    "air",
    "tail-gas",
    "clean-gas",
    "off-gas",
    "hydrogen",
    "chlorine",
    "oxygen",
];

pub(super) fn takes_gas_alone(shape: &Shape, inlet: usize) -> bool {
    INLETS.contains(&(shape.name, shape.inlets[inlet].name))
}

pub(super) fn gives_gas(shape: &Shape, outlet: usize) -> bool {
    OUTLETS.contains(&shape.outlets[outlet].name)
}

/// Of the electrolyser string: lye and spent brine are no gases, the three behind them are.
pub(in super::super) fn import_is_gas(port: usize) -> bool {
    port % ELECTROLYSIS_OUTLETS.len() >= 2
}

/// What the chlorine header vents through XV-353 and its seal.
pub(in super::super) fn import_is_vent(port: usize) -> bool {
    port % ELECTROLYSIS_OUTLETS.len() == neighbours::CHLORINE_VENT
}

#[cfg(test)]
mod tests {
    use super::{INLETS, gives_gas};
    use crate::units::CATALOGUE;

    #[test]
    fn every_gas_inlet_is_one_of_the_catalogue_and_no_weir_gives_gas() {
        for (unit, port) in INLETS {
            let row = CATALOGUE.iter().find(|row| row.shape.name == unit).unwrap();
            assert!(row.shape.inlets.iter().any(|inlet| inlet.name == port), "{unit} has no {port}");
        }
        for row in CATALOGUE {
            for (outlet, port) in row.shape.outlets.iter().enumerate() {
                let liquid = ["slurry", "lye", "brine", "liquor", "overflow", "product"].contains(&port.name);
                assert!(!(liquid && gives_gas(row.shape, outlet)), "{}.{}", row.shape.name, port.name);
            }
        }
    }
}
