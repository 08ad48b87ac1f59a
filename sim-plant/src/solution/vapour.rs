//! Vapour pressure of water over a liquor: Antoine times the water activity from osmotic coefficients.

use super::density::Makeup;
use super::{Notes, Remark};
use crate::constants::MASS_WATER;
use crate::properties::saturation_pressure;
use crate::solution::laliberte::{FITS, SOLUTES};

/// Ions per formula and kg/mol of each solute of the fits.
fn ions(solute: usize) -> (f64, f64) {
    // In the order of the fits.
    const IONS: [(f64, f64); SOLUTES] = [
        (2.0, 0.042_39),
        (2.0, 0.023_95),
        (3.0, 0.109_94),
        (2.0, 0.036_46),
        (2.0, 0.098_08),
        (2.0, 0.040_0),
        (2.0, 0.058_44),
        (3.0, 0.142_04),
        (3.0, 0.105_99),
        (2.0, 0.041_99),
        (2.0, 0.056_11),
        (2.0, 0.074_55),
        (3.0, 0.174_26),
        (3.0, 0.110_98),
        (3.0, 0.095_21),
        (2.0, 0.120_37),
        (2.0, 0.154_75),
        (3.0, 0.129_6),
        (2.0, 0.155_0),
        (3.0, 0.129_84),
        (2.0, 0.151_0),
        (3.0, 0.125_84),
        (2.0, 0.151_91),
        (3.0, 0.126_75),
        (5.0, 0.399_88),
        (4.0, 0.162_2),
        (2.0, 0.159_61),
        (3.0, 0.134_45),
        (5.0, 0.342_15),
        (4.0, 0.133_34),
        (1.0, 0.034_01),
    ];
    IONS[solute]
}

/// Water activity; osmotic coefficients 0.9 + 0.1 m for the chlorides and acids of lithium refining
/// (recalled, as in area 300: LiCl 0.94 + 0.115 m, LiOH 0.90 + 0.02 m), 0.7 for sulfates of divalent metals.
pub(crate) fn water_activity(makeup: &Makeup) -> f64 {
    let water = makeup.water.max(0.05);
    let mut sum = 0.0;
    for (solute, &fraction) in makeup.solutes.iter().enumerate() {
        if fraction <= 0.0 {
            continue;
        }
        let (count, mass) = ions(solute);
        let molality = fraction / mass / water;
        let (constant, slope) = match FITS[solute].name {
            "LiCl" => (0.94, 0.115),
            "LiOH" => (0.90, 0.02),
            "HCl" => (0.94, 0.13),
            "NaOH" => (0.90, 0.07),
            "Li2SO4" => (0.80, 0.06),
            name if name.contains("SO4") => (0.65, 0.05),
            _ => (0.92, 0.04),
        };
        sum += count * molality * (constant + slope * molality.min(12.0));
    }
    libm::exp(-MASS_WATER * sum)
}

/// Pa
pub(crate) fn pressure(makeup: &Makeup, kelvin: f64, notes: &mut Notes) -> f64 {
    notes.check(Remark::Vapour, (273.15..=393.15).contains(&kelvin));
    water_activity(makeup) * saturation_pressure(kelvin)
}
