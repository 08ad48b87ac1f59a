//! What the ports of the units take and give: gas, liquor, solids, organic. No liquor flows into a burner or a sparger, no
//! organic into a leach tank, no dry powder into an ion exchange column.

use super::ELECTROLYSIS_OUTLETS;
use crate::electrolysis::neighbours;
use crate::field::supply::Nature;
use crate::unit::Shape;
use crate::units::tank;

/// Some of gas, liquor, solids and organic. A slurry is a liquor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phases(u8);

impl Phases {
    pub(super) const NONE: Self = Self(0);
    pub(super) const GAS: Self = Self(1);
    pub(super) const LIQUOR: Self = Self(2);
    pub(super) const SOLID: Self = Self(4);
    pub(super) const ORGANIC: Self = Self(8);
    const SLURRY: Self = Self(2 | 4);
    const CONDENSED: Self = Self(2 | 4 | 8);
    pub(super) const ALL: Self = Self(15);

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What stays in a tank, whose gas leaves by its vent.
    pub(super) const fn condensed(self) -> Self {
        Self(self.0 & Self::CONDENSED.0)
    }

    pub(super) fn text(self) -> String {
        let names = [
            (Self::GAS, "a gas"),
            (Self::LIQUOR, "a liquor"),
            (Self::SOLID, "solids"),
            (Self::ORGANIC, "organic"),
        ];
        let there: Vec<&str> =
            names.iter().filter(|(kind, _)| self.meets(*kind)).map(|(_, name)| *name).collect();
        there.join(" or ")
    }
}

impl From<Nature> for Phases {
    fn from(kind: Nature) -> Self {
        match kind {
            Nature::Gas => Self::GAS,
            Nature::Liquor => Self::LIQUOR,
            Nature::Solid => Self::SOLID,
            Nature::Organic => Self::ORGANIC,
        }
    }
}

/// Inlets that take no slurry: all other inlets take liquors and what is stirred into them.
const INLETS: [(&str, &str, Phases); 38] = [
    ("boiler", "feed", Phases::LIQUOR),
    ("boiler", "dose", Phases::LIQUOR),
    ("carbonation", "CO2-1", Phases::GAS),
    ("carbonation", "CO2-2", Phases::GAS),
    ("carbonation", "water", Phases::LIQUOR),
    ("chloride-cell", "brine", Phases::LIQUOR),
    ("chloride-cell", "catholyte-feed", Phases::LIQUOR),
    ("cooling_tower", "make-up", Phases::LIQUOR),
    ("cooling_tower", "dose", Phases::LIQUOR),
    ("dechlorinator", "brine", Phases::LIQUOR),
    ("dechlorinator", "air", Phases::GAS),
    ("dechlorinator", "peroxide", Phases::LIQUOR),
    ("dissolver", "acid-coarse", Phases::LIQUOR),
    ("dissolver", "acid-trim", Phases::LIQUOR),
    ("dryer", "gas", Phases::GAS),
    ("evaporator", "wash", Phases::LIQUOR),
    ("extraction", "feed", Phases::LIQUOR),
    ("extraction", "organic", Phases::ORGANIC),
    ("extraction", "lye", Phases::LIQUOR),
    ("filter", "wash", Phases::LIQUOR),
    ("furnace", "hydrogen", Phases::GAS),
    ("furnace", "chlorine", Phases::GAS),
    ("furnace", "water", Phases::LIQUOR),
    ("ion_exchange", "feed", Phases::LIQUOR),
    ("leach", "oxygen-1", Phases::GAS),
    ("leach", "oxygen-2", Phases::GAS),
    ("leach", "oxygen-3", Phases::GAS),
    ("leach", "oxygen-4", Phases::GAS),
    ("mixed_bed", "feed", Phases::LIQUOR),
    ("mixed_bed", "acid", Phases::LIQUOR),
    ("mixed_bed", "lye", Phases::LIQUOR),
    ("scrubber", "gas", Phases::GAS),
    ("scrubber", "make-up", Phases::LIQUOR),
    ("shredder", "modules", Phases::SOLID),
    ("shredder", "nitrogen", Phases::GAS),
    ("shredder", "air", Phases::GAS),
    ("sulfate-cell", "water-catholyte", Phases::LIQUOR),
    ("sulfate-cell", "water-anolyte", Phases::LIQUOR),
];

/// Outlets by which a gas leaves, wherever a unit has one of these.
const GASES: [&str; 12] = [
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

/// Outlets of solids, dry or wet.
const SOLIDS: [(&str, &str); 6] = [
    ("dryer", "product"),
    ("evaporator", "product"),
    ("filter", "cake"),
    ("shredder", "black-mass"),
    ("shredder", "metals"),
    ("shredder", "rest"),
];

pub(super) fn takes(shape: &Shape, inlet: usize) -> Phases {
    let name = shape.inlets[inlet].name;
    let row = INLETS.iter().find(|(unit, port, _)| *unit == shape.name && *port == name);
    match row {
        Some((_, _, phases)) => *phases,
        None if shape.name == tank::SHAPE.name => Phases::ALL,
        None => Phases::SLURRY,
    }
}

/// What leaves by an outlet; of a tank, in which `tank` comes together.
pub(super) fn gives(shape: &Shape, outlet: usize, tank: Phases) -> Phases {
    let name = shape.outlets[outlet].name;
    if gives_gas(shape, outlet) {
        Phases::GAS
    } else if shape.name == tank::SHAPE.name {
        tank
    } else if SOLIDS.contains(&(shape.name, name)) {
        Phases::SOLID
    } else if (shape.name, name) == ("extraction", "loaded") {
        Phases::ORGANIC
    } else {
        Phases::LIQUOR
    }
}

pub(super) fn gives_gas(shape: &Shape, outlet: usize) -> bool {
    GASES.contains(&shape.outlets[outlet].name)
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
    use super::{INLETS, SOLIDS, gives_gas};
    use crate::units::CATALOGUE;

    #[test]
    fn every_port_of_the_lists_is_one_of_the_catalogue_and_no_weir_gives_gas() {
        let row = |unit: &str| CATALOGUE.iter().find(|row| row.shape.name == unit).unwrap();
        for (unit, port, _) in INLETS {
            assert!(row(unit).shape.inlets.iter().any(|inlet| inlet.name == port), "{unit} has no {port}");
        }
        for (unit, port) in SOLIDS {
            assert!(row(unit).shape.outlets.iter().any(|outlet| outlet.name == port), "{unit} has no {port}");
        }
        for row in CATALOGUE {
            for (outlet, port) in row.shape.outlets.iter().enumerate() {
                let liquid = ["slurry", "lye", "brine", "liquor", "overflow", "product"].contains(&port.name);
                assert!(!(liquid && gives_gas(row.shape, outlet)), "{}.{}", row.shape.name, port.name);
            }
        }
    }
}
