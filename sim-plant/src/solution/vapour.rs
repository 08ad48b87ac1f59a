//! Vapour pressure of water over a liquor: Antoine times the water activity from osmotic coefficients.

use super::density::Makeup;
use super::{Notes, Remark};
use crate::constants::MASS_WATER;
use crate::exp::exp;
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

/// Osmotic coefficient of LiCl at 25 degC by molality, Robinson and Stokes (recalled); beyond 20 mol/kg Conde 2009, as
/// absorptionlib 1.1.0 has it (computed, 55 wt%).
const LITHIUM_CHLORIDE: [(f64, f64); 14] = [
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
    (23.59, 3.164),
    (28.83, 3.133),
];
const LITHIUM_CHLORIDE_MOST: f64 = 28.84;

/// Osmotic coefficient of NaOH at 25 degC by molality: Robinson and Stokes to 4 mol/kg (recalled), then Olsson 1997, as
/// absorptionlib 1.1.0 has it (computed; measured to 42 wt% at 20, to 50 from there and to 65 wt% above 60 degC).
const SODIUM_HYDROXIDE: [(f64, f64); 14] = [
    (0.0, 1.0),
    (0.2, 0.926),
    (1.0, 0.958),
    (2.0, 1.02),
    (4.0, 1.17),
    (6.25, 1.454),
    (8.335, 1.757),
    (10.717, 2.067),
    (13.465, 2.369),
    (16.671, 2.639),
    (20.46, 2.825),
    (25.01, 2.861),
    (30.56, 2.730),
    (37.51, 2.493),
];
const SODIUM_HYDROXIDE_MOST: f64 = 30.57;

/// Sulfuric acid by molality: `-ln a_w` at 300 K, and K by which `ln a_w` rises as 1/T falls (the partial enthalpy of its
/// water over R). Zeleznik 1991 (J. Phys. Chem. Ref. Data 20, 1157; 200 to 350 K) from the pressures and heats that a public
/// program tabulates of it, seen; 1 and 2 mol/kg by Robinson and Stokes (recalled).
const SULFURIC_ACID: [(f64, f64, f64); 21] = [
    (0.0, 0.0, 0.0),
    (0.56, 0.0205, 0.0),
    (1.0, 0.0390, 2.0),
    (2.0, 0.0915, 6.0),
    (2.92, 0.1583, 11.0),
    (6.17, 0.4904, 121.0),
    (9.80, 0.9679, 301.0),
    (13.88, 1.564, 533.0),
    (18.50, 2.265, 805.0),
    (23.79, 3.059, 1110.0),
    (29.89, 3.933, 1439.0),
    (37.0, 4.868, 1782.0),
    (45.4, 5.838, 2130.0),
    (55.5, 6.807, 2463.0),
    (67.8, 7.737, 2770.0),
    (83.3, 8.589, 3040.0),
    (103.1, 9.330, 3250.0),
    (129.5, 9.944, 3428.0),
    (222.0, 10.88, 3592.0),
    (499.6, 12.15, 4151.0),
    (1000.0, 13.0, 4151.0),
];
const SULFURIC_ACID_MOST: f64 = 500.0;

/// The share of water down to which a liquor is one: acid of 98 wt%.
const LEAST_WATER: f64 = 0.02;

/// `-ln a_w` that so much H2SO4 makes at any temperature.
fn sulfuric_acid(molality: f64, kelvin: f64) -> f64 {
    const AT: f64 = 300.0;
    let last = SULFURIC_ACID[SULFURIC_ACID.len() - 1];
    let pair = SULFURIC_ACID.windows(2).find(|pair| molality <= pair[1].0);
    let (log, heat) = pair.map_or((last.1, last.2), |pair| {
        let share = ((molality - pair[0].0) / (pair[1].0 - pair[0].0)).max(0.0);
        (pair[0].1 + share * (pair[1].1 - pair[0].1), pair[0].2 + share * (pair[1].2 - pair[0].2))
    });
    log - heat * (1.0 / AT - 1.0 / kelvin.clamp(250.0, 425.0))
}

/// Of NaOH at any temperature: what differs from 1 fades by 0.85 % per kelvin, as Olsson's pressures do within 3 % from 25
/// to 150 degC.
fn sodium_hydroxide(molality: f64, kelvin: f64) -> f64 {
    let at = super::interpolate(&SODIUM_HYDROXIDE, molality);
    1.0 + (at - 1.0) * exp(-0.0085 * (kelvin.clamp(250.0, 425.0) - 298.15))
}

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

/// Osmotic coefficients of CaCl2 and MgCl2 at 25 degC by molality, Robinson and Stokes (recalled).
const CALCIUM_CHLORIDE: [(f64, f64); 12] = [
    (0.0, 1.0),
    (0.1, 0.854),
    (0.5, 0.917),
    (1.0, 1.046),
    (2.0, 1.376),
    (3.0, 1.779),
    (4.0, 2.182),
    (5.0, 2.574),
    (6.0, 2.891),
    (7.0, 3.081),
    (8.0, 3.151),
    (10.0, 3.151),
];
const MAGNESIUM_CHLORIDE: [(f64, f64); 8] = [
    (0.0, 1.0),
    (0.1, 0.861),
    (0.5, 0.947),
    (1.0, 1.108),
    (2.0, 1.523),
    (3.0, 2.015),
    (4.0, 2.521),
    (5.0, 3.048),
];
const MAGNESIUM_CHLORIDE_MOST: f64 = 5.0;

/// Of a chloride of two charges at any temperature: what exceeds 1 fades by 0.63 % per kelvin, which gives the boiling points of 20,
/// 30 and 40 wt% CaCl2 of producers' handbooks (104.4, 110, 120 degC, recalled).
fn double_chloride(table: &[(f64, f64)], molality: f64, kelvin: f64) -> f64 {
    let at = super::interpolate(table, molality);
    1.0 + (at - 1.0) * exp(-0.0063 * (kelvin.clamp(250.0, 425.0) - 298.15))
}

/// What is left at 25, 60, 100 and 150 degC of what exceeds 1 in LiCl above 15.73 mol/kg (40 wt%), by molality: Conde 2009.
const STRONG_BRINE: [(f64, [f64; 4]); 3] = [
    (15.73, [1.0, 0.8495, 0.6775, 0.4625]),
    (23.59, [1.0, 0.7925, 0.624, 0.468]),
    (28.83, [1.0, 0.7586, 0.583, 0.430]),
];

/// Of LiCl at any temperature: what exceeds 1 fades by 0.43 % per kelvin, which reproduces the boiling
/// points of 30, 40, 45 wt% of Conde 2009 (basis 3.2); in stronger brine faster.
fn lithium_chloride(molality: f64, kelvin: f64) -> f64 {
    let at = super::interpolate(&LITHIUM_CHLORIDE, molality);
    let warmer = kelvin - 298.15;
    let usual = (1.0 - 0.0043 * warmer).clamp(0.3, 1.2);
    let fading = if molality <= STRONG_BRINE[0].0 || warmer <= 0.0 {
        usual
    } else {
        let left = |k: usize| {
            super::interpolate(&STRONG_BRINE.map(|(strength, left)| (strength, left[k])), molality)
        };
        let points = [(0.0, left(0)), (35.0, left(1)), (75.0, left(2)), (125.0, left(3))];
        super::interpolate(&points, warmer)
    };
    1.0 + (at - 1.0) * fading
}

/// Water activity from osmotic coefficients: LiCl and HCl as above; LiOH 0.85, which Pitzer's equation (basis 5.4) gives
/// within 0.015 from 0.5 to 8 mol/kg and 0.045 at 10 (activity 0.85 over the liquor saturated at 25 degC, basis 2.3); NaOH,
/// H2SO4, CaCl2 and MgCl2 as above, those of other metals of two charges as CaCl2; other lyes and sulfates as straight lines in molality (recalled). Each solute sees the molality of its own
/// ions plus that of all others of its kind, so that mixtures add up; sulfuric acid sees its own alone, for beside a
/// sulfate its protons are bound.
pub(crate) fn water_activity(makeup: &Makeup, kelvin: f64) -> f64 {
    let water = makeup.water.max(LEAST_WATER);
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
            l::NAOH => sodium_hydroxide(like, kelvin),
            l::H2SO4 => sulfuric_acid(own, kelvin) / (MASS_WATER * count * own),
            l::LI2SO4 => 0.80 + 0.06 * like.min(4.0),
            l::H2O2 => 1.0,
            l::MGCL2 => double_chloride(&MAGNESIUM_CHLORIDE, like, kelvin),
            l::CACL2 | l::NICL2 | l::COCL2 | l::MNCL2 | l::FECL2 | l::CUCL2 => {
                double_chloride(&CALCIUM_CHLORIDE, like, kelvin)
            }
            _ if l::is_sulfate(solute) => 0.65 + 0.05 * like.min(6.0),
            _ => 0.92 + 0.04 * like.min(8.0),
        };
        sum += count * own * osmotic;
    }
    exp(-MASS_WATER * sum)
}

/// True when the osmotic coefficients were made for so strong a liquor: each solute up to the molality at which its
/// line above ends, hydrochloric acid up to `acid`.
fn within_fits(makeup: &Makeup, acid: f64) -> bool {
    let water = makeup.water.max(LEAST_WATER);
    (0..SOLUTES).all(|solute| {
        let most = match solute {
            l::LICL => LITHIUM_CHLORIDE_MOST,
            l::HCL => acid,
            l::NAOH => SODIUM_HYDROXIDE_MOST,
            l::H2SO4 => SULFURIC_ACID_MOST,
            l::LIOH => 10.0,
            l::LI2SO4 => 4.0,
            l::MGCL2 => MAGNESIUM_CHLORIDE_MOST,
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
