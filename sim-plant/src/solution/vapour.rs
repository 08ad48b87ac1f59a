//! Vapour pressure of water over a liquor: Antoine times the water activity from osmotic coefficients.

use super::density::Makeup;
use super::{Notes, Remark};
use crate::constants::MASS_WATER;
use crate::properties::saturation_pressure;
use crate::root::rising;
use crate::solution::laliberte as l;
use crate::solution::laliberte::SOLUTES;

/// Ions per formula and kg/mol of each solute of the fits.
pub(crate) fn ions(solute: usize) -> (f64, f64) {
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

/// Osmotic coefficient of LiCl at 25 degC by molality, Robinson and Stokes (recalled).
const LITHIUM_CHLORIDE: [(f64, f64); 12] = [
    (0.0, 1.0),
    (0.2, 0.939),
    (1.0, 1.018),
    (2.0, 1.142),
    (3.0, 1.286),
    (4.0, 1.449),
    (6.0, 1.791),
    (8.0, 2.135),
    (10.0, 2.458),
    (12.0, 2.73),
    (15.0, 3.0),
    (20.0, 3.115),
];

/// Osmotic coefficient of HCl at 25 degC by molality: Hamer and Wu 1972 to 6 mol/kg, then from the partial pressures of
/// water in Perry's table for 24 to 42 wt% (recalled; with those of HCl it gives the total pressures of the International
/// Critical Tables at 20 degC, looked up, within 2 % from 30 to 38 wt%).
const HYDROCHLORIC_ACID: [(f64, f64); 13] = [
    (0.0, 1.0),
    (0.2, 0.952),
    (1.0, 1.039),
    (2.0, 1.188),
    (3.0, 1.348),
    (4.0, 1.517),
    (5.0, 1.680),
    (6.0, 1.845),
    (8.66, 2.345),
    (11.75, 2.709),
    (14.13, 2.921),
    (16.81, 3.110),
    (19.86, 3.258),
];

/// Of HCl at any temperature: what exceeds 1 fades by 0.54 % per kelvin, as in Perry's table from 25 to 100 degC at
/// 20, 30, 38 wt%.
fn hydrochloric_acid(molality: f64, kelvin: f64) -> f64 {
    let at = super::interpolate(&HYDROCHLORIC_ACID, molality);
    1.0 + (at - 1.0) * (1.0 - 0.0054 * (kelvin - 298.15)).clamp(0.3, 1.2)
}

/// Of LiCl at any temperature: what exceeds 1 fades by 0.43 % per kelvin, which reproduces the boiling
/// points of 30, 40, 45 wt% of Conde 2009 (basis 3.2).
fn lithium_chloride(molality: f64, kelvin: f64) -> f64 {
    let at = super::interpolate(&LITHIUM_CHLORIDE, molality);
    1.0 + (at - 1.0) * (1.0 - 0.0043 * (kelvin - 298.15)).clamp(0.3, 1.2)
}

/// Water activity from osmotic coefficients: LiCl and HCl as above; LiOH 0.85, which Pitzer's equation (basis 5.4) gives
/// within 0.015 from 0.5 to 8 mol/kg and 0.045 at 10 (activity 0.85 over the liquor saturated at 25 degC, basis 2.3);
/// other acids, lyes and sulfates as straight lines in molality (recalled). Each solute sees the molality of its own ions
/// plus that of all others of its kind, so that mixtures add up.
pub(crate) fn water_activity(makeup: &Makeup, kelvin: f64) -> f64 {
    let water = makeup.water.max(0.05);
    let molality = |solute: usize| makeup.solutes[solute].max(0.0) / ions(solute).1 / water;
    let present = || (0..SOLUTES).filter(|solute| makeup.solutes[*solute] != 0.0);
    let total: f64 = present().map(|solute| molality(solute) * ions(solute).0).sum();
    let mut sum = 0.0;
    for solute in present() {
        let own = molality(solute);
        if own <= 0.0 {
            continue;
        }
        let count = ions(solute).0;
        let like = total / count;
        let osmotic = match solute {
            l::LICL => lithium_chloride(like, kelvin),
            l::LIOH => 0.85,
            l::HCL => hydrochloric_acid(like, kelvin),
            l::NAOH => 0.90 + 0.07 * like.min(16.0),
            l::LI2SO4 => 0.80 + 0.06 * like.min(4.0),
            l::H2O2 => 1.0,
            _ if l::is_sulfate(solute) => 0.65 + 0.05 * like.min(6.0),
            _ => 0.92 + 0.04 * like.min(8.0),
        };
        sum += count * own * osmotic;
    }
    libm::exp(-MASS_WATER * sum)
}

/// True when the osmotic coefficients were made for so strong a liquor: each solute up to the molality at which its
/// line above ends, hydrochloric acid up to `acid`.
fn within_fits(makeup: &Makeup, acid: f64) -> bool {
    let water = makeup.water.max(0.05);
    (0..SOLUTES).all(|solute| {
        let most = match solute {
            l::LICL => 20.0,
            l::HCL => acid,
            l::NAOH => 16.0,
            l::LIOH => 10.0,
            l::LI2SO4 => 4.0,
            _ if l::is_sulfate(solute) => 6.0,
            _ => 8.0,
        };
        makeup.solutes[solute] <= most * ions(solute).1 * water
    })
}

/// mol/kg of HCl whose own vapour, left out here, is below a hundredth of the water's.
const ACID_WITHOUT_VAPOUR: f64 = 5.0;
/// mol/kg of HCl at 42 wt%, where the table of its own vapour ends as well.
const ACID_WITH_VAPOUR: f64 = 19.9;

/// Pa over a liquor whose water alone evaporates.
pub(crate) fn pressure(makeup: &Makeup, kelvin: f64, notes: &mut Notes) -> f64 {
    check(makeup, kelvin, ACID_WITHOUT_VAPOUR, notes);
    water_activity(makeup, kelvin) * saturation_pressure(kelvin)
}

/// Pa of the water over strong hydrochloric acid, for a unit that reckons the HCl beside it by itself.
pub(crate) fn water_pressure(makeup: &Makeup, kelvin: f64, notes: &mut Notes) -> f64 {
    check(makeup, kelvin, ACID_WITH_VAPOUR, notes);
    water_activity(makeup, kelvin) * saturation_pressure(kelvin)
}

fn check(makeup: &Makeup, kelvin: f64, acid: f64, notes: &mut Notes) {
    notes.check(Remark::Vapour, (273.15..=423.15).contains(&kelvin) && within_fits(makeup, acid));
}

/// K at which the liquor boils under `pressure` (Pa).
pub(crate) fn boiling_point(makeup: &Makeup, pressure: f64, notes: &mut Notes) -> f64 {
    let excess = |kelvin: f64| water_activity(makeup, kelvin) * saturation_pressure(kelvin) - pressure;
    let kelvin = rising(excess, 273.15, 423.15, 1e-4, notes);
    notes.check(Remark::Vapour, kelvin < 423.1 && within_fits(makeup, ACID_WITHOUT_VAPOUR));
    kelvin
}
