//! Solubilities, each with its source and range. Outside its table a value is held at the end and noted.

use super::{Notes, Remark};
use crate::chemistry::Chemistry;
use crate::constants::{MASS_LI, REFERENCE, ZERO_CELSIUS};
use crate::species::Species;

/// Straight lines between points (degC, value); held and noted outside.
fn between(points: &[(f64, f64)], kelvin: f64, notes: &mut Notes) -> f64 {
    let t = kelvin - ZERO_CELSIUS;
    let (first, last) = (points[0], points[points.len() - 1]);
    notes.check(Remark::Solubility, t >= first.0 - 0.01 && t <= last.0 + 0.01);
    let t = t.clamp(first.0, last.0);
    let pair = points.windows(2).find(|pair| t <= pair[1].0);
    pair.map_or(last.1, |pair| {
        let share = (t - pair[0].0) / (pair[1].0 - pair[0].0);
        pair[0].1 + share * (pair[1].1 - pair[0].1)
    })
}

/// g Li2CO3 per L of saturated solution: Greil 2024, ACS Omega 9, 7806, as quoted in basis 2.4. Published.
const LITHIUM_CARBONATE: [(f64, f64); 10] = [
    (0.0, 15.4),
    (20.0, 13.3),
    (25.0, 12.8),
    (40.0, 11.5),
    (50.0, 10.7),
    (60.0, 9.9),
    (70.0, 9.2),
    (80.0, 8.5),
    (90.0, 7.8),
    (100.0, 7.2),
];

/// mol/L of Li2CO3 in water: `[Li]^2 [CO3] = 4 s^3`.
pub(crate) fn lithium_carbonate(kelvin: f64, chemistry: &Chemistry, notes: &mut Notes) -> f64 {
    let mass = chemistry.molar_mass(Species::LithiumCarbonate);
    debug_assert!(mass > 2.0 * MASS_LI);
    between(&LITHIUM_CARBONATE, kelvin, notes) / (mass * 1e3)
}

/// mol/(L Pa) of CO2: Henry 0.034 mol/(L atm) at 25 degC, 2400 K (Sander, recalled), salted out with
/// 0.08 L/mol of chloride (asserted).
pub(crate) fn carbon_dioxide(kelvin: f64, salt: f64) -> f64 {
    let inverse = 1.0 / kelvin.clamp(ZERO_CELSIUS, ZERO_CELSIUS + 120.0) - 1.0 / REFERENCE;
    let pure = 0.034 / 101_325.0 * libm::exp(2400.0 * inverse);
    pure * libm::exp(-core::f64::consts::LN_10 * 0.08 * salt.clamp(0.0, 15.0))
}
