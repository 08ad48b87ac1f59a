//! Ports, orders and readings of the cell.

use crate::unit::{Order, Port, Reading, Shape};

pub(super) const BRINE: usize = 0;
pub(super) const CATHOLYTE_FEED: usize = 1;
pub(super) const LYE: usize = 0;
pub(super) const SPENT: usize = 1;
pub(super) const HYDROGEN: usize = 2;
pub(super) const CHLORINE: usize = 3;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

const fn heat(name: &'static str) -> Order {
    Order { name, unit: "kW", low: -1e5, high: 1e5, text: "heat into it; negative cools" }
}

pub static SHAPE: Shape = Shape {
    name: "chloride-cell",
    text: "electrolysis of LiCl or NaCl brine to lye, chlorine and hydrogen through a cation membrane",
    inlets: &[
        Port { name: "brine", text: "to the anolyte" },
        Port { name: "catholyte-feed", text: "water or weak lye" },
    ],
    outlets: &[
        Port { name: "lye", text: "catholyte over its weir" },
        Port { name: "spent-brine", text: "anolyte over its weir" },
        Port { name: "hydrogen", text: "with its steam" },
        Port { name: "chlorine", text: "with oxygen, hydrogen and steam" },
    ],
    orders: &[
        Order { name: "current", unit: "kA/m2", low: 0.0, high: 10.0, text: "asked of the rectifier" },
        heat("heater-anolyte"),
        heat("cooler-catholyte"),
    ],
    readings: &[
        reading("current", "kA/m2", "that flows"),
        reading("voltage", "V", "of a cell"),
        reading("E-reversible", "V", "part of the voltage"),
        reading("overpotentials", "V", "part of the voltage, both electrodes"),
        reading("membrane-drop", "V", "part of the voltage"),
        reading("liquor-drop", "V", "part of the voltage: both gaps, bars and contacts"),
        reading("power", "kW", "all cells"),
        reading("CE", "%", "alkali through the membrane per charge"),
        reading("CE-chlorine", "%", "chlorine that leaves as gas per charge"),
        reading("SEC", "kWh/kg", "per kg of LiOH, or NaOH, made; 0 while none is"),
        reading("lye", "mol/L", "LiOH and NaOH in the catholyte"),
        reading("chloride", "mol/L", "anolyte"),
        reading("face", "mol/L", "alkali at the membrane's face to the anolyte"),
        reading("pH", "pH", "anolyte"),
        reading("free-chlorine", "g/L", "HClO and ClO- in the anolyte, as Cl2"),
        reading("chlorate", "g/L", "ClO3- in the anolyte"),
        reading("Cl-lye", "mg/L", "chloride in the catholyte"),
        reading("O2", "%", "in the dry chlorine"),
        reading("H2", "%", "in the dry chlorine"),
        reading("T-anolyte", "degC", ""),
        reading("T-catholyte", "degC", ""),
        reading("water-transfer", "mol/mol", "water with each alkali ion; 0 while none goes"),
        reading("alkali-made", "mol/h", "through the membrane, all cells"),
        reading("chlorine-made", "mol/h", "as gas, all cells"),
        reading("hydrogen-made", "mol/h", "all cells"),
        reading("Ca-membrane", "g/m2", "calcium that stays in it"),
        reading("Mg-membrane", "g/m2", "magnesium that stays in it"),
        reading("crystals", "g/L", "LiOH.H2O in the catholyte, above saturation"),
        reading("charge", "kAh", "per cell since the start"),
        reading("made", "kg", "LiOH and NaOH since the start"),
    ],
    step_max: 1.0,
};
