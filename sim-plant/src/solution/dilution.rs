//! What strong liquors have beyond their ions in much water: hydrochloric and sulfuric acid and caustic soda their heat of
//! dilution; lye of NaOH, brine of LiCl and sulfuric acid their heat capacity.
//!
//! Hydrochloric acid by Parker 1965 (NSRDS-NBS 2) as the CRC Handbook prints it, seen: kJ that a mole gives when the acid is
//! diluted without end at 25 degC; a few per cent more or less at the temperatures of an absorber. Sulfuric acid and caustic soda by the
//! integral heats of solution of the NBS tables as textbooks print them (Felder and Rousseau, table B.11; recalled). The lyes
//! of lithium are left out: 4.4 kJ/mol at saturation.
//!
//! Acid is what no other anion can hold: each carbonate, sulfite (two), phosphate (three), sulfate and fluoride (one) counts as
//! full, as it is in strong acid. Chloride takes it first, a second proton of the sulfate is sulfuric acid. So the heat depends on
//! amounts alone and not on a pH. In thin acid beside sulfates, where bisulfate comes apart, it is too small: at most by
//! 0.6 kJ per mol of free acid at 0.1 mol/kg, by 1.7 at 1 mol/kg.

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

/// mol of H2SO4 per kg of water, J per mol of it beyond bisulfate, sulfate and H+ as the pH solver parts them at 25 degC: in the
/// table 0.92 kJ beyond H+ and HSO4- in 50 mol of water, 7.23 in 10, 46.2 in one, 74.3 without.
const SULFURIC_ACID: [(f64, f64); 19] = [
    (0.0, 0.0),
    (0.05, 1900.0),
    (0.1, 2000.0),
    (0.5551, 2200.0),
    (1.110, 2200.0),
    (2.220, 2790.0),
    (5.551, 7710.0),
    (11.10, 16_540.0),
    (13.88, 20_460.0),
    (18.50, 25_500.0),
    (27.75, 32_560.0),
    (37.00, 37_580.0),
    (55.51, 46_400.0),
    (111.0, 58_700.0),
    (166.5, 64_000.0),
    (250.0, 67_400.0),
    (500.0, 70_900.0),
    (1000.0, 72_600.0),
    (5000.0, 74_200.0),
];

/// mol of NaOH per kg of water, J per mol. Of the table to 18.5 mol/kg; 50 wt% by the enthalpy chart of McCabe and Smith
/// (221 Btu/lb at 197 degF, recalled), NaOH.H2O by its heats of solution and of fusion (recalled).
const CAUSTIC_SODA: [(f64, f64); 13] = [
    (0.0, 0.0),
    (0.0555, 420.0),
    (0.2775, 630.0),
    (0.5551, 550.0),
    (1.110, 380.0),
    (1.850, 170.0),
    (2.775, 50.0),
    (5.551, 380.0),
    (11.10, 5150.0),
    (13.88, 8460.0),
    (18.50, 14_020.0),
    (25.0, 19_500.0),
    (55.51, 34_000.0),
];

/// J that the acids or the caustic soda in a liquor have beyond the formation enthalpies of its ions. Each counts by its own
/// molality, whatever salts are beside it.
pub(crate) fn enthalpy(matter: &Matter, chemistry: &Chemistry) -> f64 {
    let of = |moles: f64, water: f64, table: &[(f64, f64)]| {
        if moles <= 0.0 {
            return 0.0;
        }
        let kilograms = water * chemistry.molar_mass(Species::Water);
        // Without water it is as strong as the table goes.
        let molality = if kilograms > 0.0 { moles / kilograms } else { f64::INFINITY };
        moles * super::interpolate(table, molality)
    };
    let water = matter[Species::Water];
    if matter[Species::Acid] <= 0.0 {
        let hydroxide = hydroxide(matter);
        return of(hydroxide.min(matter[Species::Sodium]), water - hydroxide, &CAUSTIC_SODA);
    }
    let held: f64 = HOLDERS.iter().map(|(species, protons)| protons * matter[*species].max(0.0)).sum();
    let free = matter[Species::Acid] - held;
    if free <= 0.0 {
        return 0.0;
    }
    let hydrochloric = free.min(matter[Species::Chloride]).max(0.0);
    let sulfuric = (free - hydrochloric).min(matter[Species::Sulfate]);
    of(hydrochloric, water, &HYDROCHLORIC_ACID) + of(sulfuric, water, &SULFURIC_ACID)
}

/// mol of OH-, which is water less a proton; ClO- has given its proton away as well.
fn hydroxide(matter: &Matter) -> f64 {
    (-matter[Species::Acid] - matter[Species::HypochlorousAcid].max(0.0)).max(0.0)
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
    let hydroxide = hydroxide(matter);
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

    /// J per mol of `solute` in `water` mol, beyond what it has in ten cubic metres.
    fn beyond_endless(solute: &[(Species, f64)], water: f64, c: &Chemistry) -> f64 {
        let notes = &mut Notes::default();
        let mut of = |water: f64| {
            let mut made = Matter::default();
            made.react(solute, 1.0);
            made[Species::Water] += water;
            Slurry::at(&made, 298.15, c, notes).matter.enthalpy
        };
        let much = 5.55e5;
        of(water) - of(much) + (much - water) * c.molar_enthalpy(Species::Water, 298.15)
    }

    #[test]
    fn sulfuric_acid_gives_to_much_water_what_the_tables_say() {
        let c = Chemistry::built_in().unwrap();
        let acid = [(Species::Acid, 2.0), (Species::Sulfate, 1.0)];
        // kJ/mol: 96.19 to endless water less the integral heat of solution in so many mol of water.
        for (water, solution) in [
            (0.5, 15.73),
            (1.0, 28.07),
            (2.0, 41.92),
            (5.0, 58.03),
            (10.0, 67.03),
            (25.0, 72.3),
            (50.0, 73.34),
        ] {
            let found = 1e-3 * beyond_endless(&acid, water, &c);
            assert!((found - (96.19 - solution)).abs() < 0.7, "{water}: {found} kJ/mol");
        }
    }

    #[test]
    fn caustic_soda_gives_to_much_water_what_the_tables_say() {
        let c = Chemistry::built_in().unwrap();
        let lye = [(Species::Sodium, 1.0), (Species::Acid, -1.0), (Species::Water, 1.0)];
        for (water, solution) in [(3.0, 28.87), (4.0, 34.43), (5.0, 37.74), (10.0, 42.51), (20.0, 42.84)] {
            let found = 1e-3 * beyond_endless(&lye, water, &c);
            assert!((found - (42.89 - solution)).abs() < 0.3, "{water}: {found} kJ/mol");
        }
        // What ClO- holds is no hydroxide.
        let bleach = [(Species::Sodium, 1.0), (Species::HypochlorousAcid, 1.0), (Species::Acid, -1.0)];
        let mut made = Matter::default();
        made.react(&bleach, 1.0);
        made[Species::Water] = 3.0;
        assert_eq!(enthalpy(&made, &c), 0.0);
    }

    #[test]
    fn oil_of_vitriol_makes_the_water_boil_that_is_as_much_as_itself() {
        let (c, notes) = (Chemistry::built_in().unwrap(), &mut Notes::default());
        let mut mixed = Matter::default();
        mixed[Species::Acid] = 2.0 * 0.98 / 98.08e-3;
        mixed[Species::Sulfate] = 0.98 / 98.08e-3;
        mixed[Species::Water] = 0.02 / c.molar_mass(Species::Water);
        let mut mixed = Slurry::at(&mixed, 298.15, &c, notes);
        let water = Slurry::at(&acid(0.0, &c), 298.15, &c, notes);
        mixed.matter.add(&water.matter);
        for _ in 0..4 {
            mixed.settle(&c, notes);
        }
        // 71 less 16 kJ/mol from 9.99 mol into 2 kg of 49 wt% with 2.5 kJ/(kg K).
        let rise = mixed.temperature - 298.15;
        assert!((100.0..115.0).contains(&rise), "{rise} K");
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
