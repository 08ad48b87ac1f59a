//! What strong liquors have beyond their ions in much water: hydrochloric acid its heat of dilution; lye of NaOH, brine of
//! LiCl and sulfuric acid their heat capacity.
//!
//! Parker 1965 (NSRDS-NBS 2) as the CRC Handbook prints it, seen: kJ that a mole of HCl gives when the acid is diluted
//! without end at 25 degC; a few per cent more or less at the temperatures of an absorber. Of the other acids and of the lyes
//! it is left out: 4.4 kJ/mol for LiOH at saturation, but some 20 for sulfuric acid of 50 wt%.
//!
//! Acid is what no other anion can hold: each carbonate, sulfite (two), phosphate (three), sulfate and fluoride (one) counts as
//! full, as it is in strong acid. So the heat depends on amounts alone and not on a pH. In thin acid beside sulfates, where
//! bisulfate comes apart, it is too small: at most by 0.6 kJ per mol of free acid at 0.1 mol/kg, by 1.7 at 1 mol/kg.

use crate::chemistry::Chemistry;
use crate::matter::Matter;
use crate::species::Species;

/// mol of HCl per kg of water, J per mol of HCl.
const HYDROCHLORIC_ACID: [(f64, f64); 19] = [
    (0.0, 0.0),
    (0.01110, 197.0),
    (0.1, 556.0),
    (0.2, 761.0),
    (0.5, 1172.0),
    (1.0, 1695.0),
    (2.0, 2623.0),
    (3.0, 3506.0),
    (4.0, 4402.0),
    (5.0, 5318.0),
    (6.0, 6268.0),
    (7.0, 7217.0),
    (8.0, 8201.0),
    (9.0, 9213.0),
    (10.0, 10_240.0),
    (15.0, 15_400.0),
    (20.0, 19_870.0),
    (55.506, 45_610.0),
    (100.0, 45_610.0),
];

/// mol of protons that one of these can hold.
const HOLDERS: [(Species, f64); 5] = [
    (Species::Carbonate, 2.0),
    (Species::Sulfite, 2.0),
    (Species::Phosphate, 3.0),
    (Species::Sulfate, 1.0),
    (Species::Fluoride, 1.0),
];

/// J that the hydrochloric acid in a liquor has beyond the formation enthalpies of its ions. Acid beside other chlorides
/// counts by its own molality.
pub(crate) fn enthalpy(matter: &Matter, chemistry: &Chemistry) -> f64 {
    let held: f64 = HOLDERS.iter().map(|(species, protons)| protons * matter[*species].max(0.0)).sum();
    let acid = (matter[Species::Acid] - held).min(matter[Species::Chloride]);
    let water = matter[Species::Water] * chemistry.molar_mass(Species::Water);
    if acid <= 0.0 || water <= 0.0 {
        return 0.0;
    }
    acid * super::interpolate(&HYDROCHLORIC_ACID, acid / water)
}

/// J/(K mol of NaOH) beyond the ledger's ions, by molality: Laliberte 2009 to 30 wt%; 40 and 50 wt% as producers' tables
/// have it, 3.45 and 3.25 kJ/(kg K) (recalled).
const CAUSTIC: [(f64, f64); 7] =
    [(0.0, 0.0), (1.3, 0.0), (2.78, 13.0), (6.25, 60.0), (10.72, 86.0), (16.67, 98.0), (25.0, 97.0)];
/// J/(K mol of LiCl), Conde 2009, as absorptionlib 1.1.0 has it at 25 degC (computed, to 55 wt%).
const BRINE: [(f64, f64); 8] = [
    (0.0, 0.0),
    (6.5, 0.0),
    (7.86, 6.8),
    (10.11, 18.6),
    (15.73, 37.3),
    (19.3, 43.7),
    (23.59, 48.6),
    (28.83, 52.7),
];

/// J/(K mol of H2SO4), Laliberte 2009 to 94 wt%; 98 wt% by Perry's handbook, 1.42 kJ/(kg K) (recalled).
const OIL_OF_VITRIOL: [(f64, f64); 8] = [
    (0.0, 0.0),
    (6.8, 0.0),
    (10.2, 5.8),
    (15.29, 15.3),
    (23.79, 28.2),
    (40.78, 43.9),
    (91.76, 62.2),
    (499.6, 55.0),
];

/// J/K that a strong lye, brine or acid has beyond the ledger's ions.
pub(crate) fn capacity(matter: &Matter, chemistry: &Chemistry) -> f64 {
    let hydroxide = (-matter[Species::Acid]).max(0.0);
    // OH- is water less a proton.
    let water = (matter[Species::Water] - hydroxide) * chemistry.molar_mass(Species::Water);
    if water <= 0.0 {
        return 0.0;
    }
    let beyond = |moles: f64, table: &[(f64, f64)]| {
        let molality = moles / water;
        // The second point is where it begins.
        if molality <= table[1].0 { 0.0 } else { moles * super::interpolate(table, molality) }
    };
    beyond(hydroxide.min(matter[Species::Sodium]), &CAUSTIC)
        + beyond(matter[Species::Chloride].min(matter[Species::Lithium]), &BRINE)
        + beyond((0.5 * matter[Species::Acid]).min(matter[Species::Sulfate]), &OIL_OF_VITRIOL)
}

#[cfg(test)]
mod tests {
    use super::enthalpy;
    use crate::chemistry::Chemistry;
    use crate::constants::MASS_HCL;
    use crate::matter::Matter;
    use crate::solution::{Notes, Slurry};
    use crate::species::Species;

    fn acid(percent: f64, c: &Chemistry) -> Matter {
        let mut acid = Matter::default();
        acid[Species::Acid] = 0.01 * percent / MASS_HCL;
        acid[Species::Chloride] = acid[Species::Acid];
        acid[Species::Water] = (1.0 - 0.01 * percent) / c.molar_mass(Species::Water);
        acid
    }

    #[test]
    fn hydrogen_chloride_gives_less_heat_to_strong_acid_than_to_much_water() {
        let c = Chemistry::built_in().unwrap();
        // kJ/mol of solution in n mol of water, NBS tables (Wagman 1982): from -92.307 to -148.4 in 3 (20 mol/kg: 2.775),
        // -155.77 in 5, -161.3 in 10, -165.4 in 50.
        for (water, expected) in [(5.0, -155.77), (10.0, -161.32), (50.0, -165.36)] {
            let mut made = Matter::default();
            made[Species::Acid] = 1.0;
            made[Species::Chloride] = 1.0;
            made[Species::Water] = water;
            let found = -167.159 + 1e-3 * enthalpy(&made, &c);
            assert!((found - expected).abs() < 0.25, "{water}: {found} kJ/mol, not {expected}");
        }
    }

    #[test]
    fn strong_acid_warms_the_water_that_dilutes_it() {
        let (c, notes) = (Chemistry::built_in().unwrap(), &mut Notes::default());
        let mut mixed = Slurry::at(&acid(32.0, &c), 298.15, &c, notes);
        let water = Slurry::at(&acid(0.0, &c), 298.15, &c, notes);
        mixed.matter.add(&water.matter);
        for _ in 0..4 {
            mixed.settle(&c, notes);
        }
        // From 12.9 to 5.2 mol/kg: 13.2 less 5.5 kJ/mol from 8.78 mol, into 6.7 kJ/K.
        let rise = mixed.temperature - 298.15;
        assert!((9.0..11.5).contains(&rise), "{rise} K");
    }

    #[test]
    fn protons_that_bicarbonate_bisulfate_or_fluoride_hold_are_no_hydrochloric_acid() {
        let c = Chemistry::built_in().unwrap();
        // A kilogram of water with a mole of NaHCO3, NaHSO4 or HF beside a mole of NaCl.
        for (anion, sodium) in [(Species::Carbonate, 2.0), (Species::Sulfate, 2.0), (Species::Fluoride, 1.0)]
        {
            let mut liquor = Matter::default();
            liquor.react(&[(Species::Acid, 1.0), (anion, 1.0), (Species::Chloride, 1.0)], 1.0);
            liquor[Species::Sodium] = sodium;
            liquor[Species::Water] = 1.0 / c.molar_mass(Species::Water);
            assert_eq!(enthalpy(&liquor, &c), 0.0, "{anion:?}");
            // A mole of HCl more turns bicarbonate into CO2, but is free beside bisulfate and HF.
            liquor.react(&[(Species::Acid, 1.0), (Species::Chloride, 1.0)], 1.0);
            let expected = if anion == Species::Carbonate { 0.0 } else { 1695.0 };
            assert!((enthalpy(&liquor, &c) - expected).abs() < 1e-6, "{anion:?}");
        }
    }
}
