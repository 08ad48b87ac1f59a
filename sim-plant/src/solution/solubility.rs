//! Solubilities, each with its source and range. Outside its table a value is held at the end and noted.

use super::equilibria::activity_shift;
use super::{Notes, Remark, Slurry, interpolate};
use crate::chemistry::Chemistry;
use crate::constants::{GAS, MASS_LI, REFERENCE, ZERO_CELSIUS};
use crate::species::Species;

/// Straight lines between points (degC, value); held and noted outside.
fn between(points: &[(f64, f64)], kelvin: f64, notes: &mut Notes) -> f64 {
    let t = kelvin - ZERO_CELSIUS;
    let inside = t >= points[0].0 - 0.01 && t <= points[points.len() - 1].0 + 0.01;
    notes.check(Remark::Solubility, inside);
    interpolate(points, t)
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

/// `[Li]^2 [CO3]` at saturation, (mol/L)^3, risen by `sulfate` (L/mol) per sulfate. The table tells what dissolves in water,
/// where a part of the carbonate turns to bicarbonate (2 % at 25, 10 % at 90 degC); the product is that of the free carbonate.
pub(crate) fn lithium_carbonate_product(
    slurry: &Slurry,
    sulfate: f64,
    chemistry: &Chemistry,
    notes: &mut Notes,
) -> f64 {
    let solubility = lithium_carbonate(slurry.temperature, chemistry, notes);
    let hydrolysis = slurry.equilibria.water / slurry.equilibria.bicarbonate();
    let root = (hydrolysis * (hydrolysis + 4.0 * solubility)).sqrt();
    let free = solubility - 0.5 * (root - hydrolysis);
    let sulfate = sulfate * slurry.concentration(Species::Sulfate).max(0.0);
    4.0 * solubility * solubility * free * (1.0 + sulfate)
}

/// `[Li][F]` of free fluoride at saturation, (mol/L)^2: 1.84e-3 of activities at 25 degC (CRC Handbook, published), moved by
/// van 't Hoff with the ledger's enthalpies of formation, and by the activity of two single charges.
pub(crate) fn lithium_fluoride_product(slurry: &Slurry, chemistry: &Chemistry) -> f64 {
    const AT_25: f64 = 1.84e-3;
    let formed = |species: Species| chemistry.formation[species.index()];
    let heat = formed(Species::Lithium) + formed(Species::Fluoride) - formed(Species::LithiumFluoride);
    let kelvin = slurry.temperature.clamp(ZERO_CELSIUS, ZERO_CELSIUS + 110.0);
    let warmth = heat / GAS * (1.0 / kelvin - 1.0 / REFERENCE);
    let activity = activity_shift(kelvin, slurry.ionic_strength(), 2.0, 0.0);
    AT_25 * libm::exp(core::f64::consts::LN_10 * activity - warmth)
}

/// mol/(L Pa) of CO2: Henry 0.034 mol/(L atm) at 25 degC, 2400 K (Sander, recalled), salted out with
/// 0.08 L/mol of chloride (asserted).
pub(crate) fn carbon_dioxide(kelvin: f64, salt: f64) -> f64 {
    let inverse = 1.0 / kelvin.clamp(ZERO_CELSIUS, ZERO_CELSIUS + 120.0) - 1.0 / REFERENCE;
    let pure = 0.034 / 101_325.0 * libm::exp(2400.0 * inverse);
    pure * libm::exp(-core::f64::consts::LN_10 * 0.08 * salt.clamp(0.0, 15.0))
}

/// g LiOH per 100 g of water: basis 5.3; at 115.6 degC the maximum of Stephen and Miller, BMI-1329 (1959), looked up.
pub(crate) const LITHIUM_HYDROXIDE: [(f64, f64); 8] = [
    (0.0, 12.7),
    (20.0, 12.8),
    (25.0, 12.9),
    (40.0, 13.0),
    (60.0, 13.8),
    (80.0, 15.3),
    (100.0, 17.5),
    (115.6, 17.7),
];

/// What form of NiSO4.6H2O grows at `kelvin`: 1 the blue, tetragonal one from 30.7 degC, 2 the green, monoclinic one above 53.8 degC
/// (basis 4.6, looked up); 0 where the 7-hydrate does.
pub(crate) fn nickel_sulfate_form(kelvin: f64) -> f64 {
    let t = kelvin - ZERO_CELSIUS;
    if Salt::NickelSulfate.hydrate(kelvin) > 6.5 {
        0.0
    } else if t < 53.8 {
        1.0
    } else {
        2.0
    }
}

/// A salt with a solubility in g of anhydrous salt per 100 g of water.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Salt {
    LithiumHydroxide,
    LithiumChloride,
    LithiumSulfate,
    NickelSulfate,
    CobaltSulfate,
    ManganeseSulfate,
    SodiumSulfate,
}

impl Salt {
    pub const ALL: [Self; 7] = [
        Self::LithiumHydroxide,
        Self::LithiumChloride,
        Self::LithiumSulfate,
        Self::NickelSulfate,
        Self::CobaltSulfate,
        Self::ManganeseSulfate,
        Self::SodiumSulfate,
    ];

    /// Basis 5.3 and 4.6: Seidell and Linke, recalled; 0, 20, 100 degC of LiOH looked up. LiCl below 0 degC goes on in a
    /// straight line. Sodium sulfate by the CRC Handbook (97th ed.) and Linke, 0 to 100 degC, recalled: that of the
    /// 10-hydrate rises ever more steeply up to the corner at 32.4 degC, where it ends; 15 degC lies between its
    /// neighbours in the logarithm.
    pub(super) const fn table(self) -> &'static [(f64, f64)] {
        match self {
            Self::LithiumHydroxide => &LITHIUM_HYDROXIDE,
            Self::LithiumChloride => &[
                (-10.0, 62.0),
                (0.0, 69.2),
                (20.0, 83.5),
                (25.0, 84.5),
                (40.0, 89.8),
                (60.0, 98.4),
                (80.0, 112.0),
                (100.0, 128.0),
            ],
            Self::LithiumSulfate => {
                &[(0.0, 36.1), (20.0, 34.8), (40.0, 33.7), (60.0, 32.6), (80.0, 31.4), (100.0, 30.9)]
            }
            Self::NickelSulfate => {
                &[(0.0, 26.5), (20.0, 37.7), (40.0, 48.0), (60.0, 55.0), (80.0, 65.5), (100.0, 77.0)]
            }
            Self::CobaltSulfate => {
                &[(0.0, 25.5), (20.0, 36.1), (40.0, 49.5), (60.0, 55.0), (80.0, 53.8), (100.0, 38.9)]
            }
            Self::ManganeseSulfate => {
                &[(0.0, 52.9), (20.0, 62.9), (40.0, 60.0), (60.0, 53.6), (80.0, 45.6), (100.0, 35.3)]
            }
            Self::SodiumSulfate => &[
                (0.0, 4.9),
                (5.0, 6.4),
                (10.0, 9.1),
                (15.0, 13.3),
                (20.0, 19.5),
                (25.0, 28.1),
                (30.0, 40.8),
                (32.4, 49.7),
                (40.0, 48.8),
                (60.0, 45.3),
                (80.0, 43.7),
                (100.0, 42.5),
            ],
        }
    }

    /// g of anhydrous salt per 100 g of water at saturation.
    pub fn solubility(self, kelvin: f64, notes: &mut Notes) -> f64 {
        between(self.table(), kelvin, notes)
    }

    /// mol of water in a mole of the crystals that form at `kelvin`: hydrate windows of basis 3.2 and 4.6
    /// (looked up; MnSO4 recalled: 5-hydrate below 27 degC).
    pub fn hydrate(self, kelvin: f64) -> f64 {
        let t = kelvin - ZERO_CELSIUS;
        match self {
            Self::LithiumHydroxide | Self::LithiumSulfate => 1.0,
            Self::LithiumChloride => {
                if t < 96.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Self::NickelSulfate => {
                if t < 30.7 {
                    7.0
                } else {
                    6.0
                }
            }
            Self::CobaltSulfate => match t {
                _ if t < 41.5 => 7.0,
                _ if t < 70.0 => 6.0,
                _ => 1.0,
            },
            Self::ManganeseSulfate => {
                if t < 27.0 {
                    5.0
                } else {
                    1.0
                }
            }
            Self::SodiumSulfate => {
                if t < 32.4 {
                    10.0
                } else {
                    0.0
                }
            }
        }
    }
}
