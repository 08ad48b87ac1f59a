//! What a bed that dries holds: salts that crystallise out of its moisture, and its enthalpy.
//!
//! The last moisture of a bed is far beyond the range of the pH solver, so protons go to their anions one after
//! the other, the strongest base first, as a titration would show it. That is exact for a lye and within a
//! kelvin for an acid cake.

use crate::chemistry::Chemistry;
use crate::matter::Matter;
use crate::solution::equilibria::Speciation;
use crate::species::Species;

/// Salts as they crystallise, and mol per kg of water at which they begin (25-60 degC, solubility tables of
/// `solution/solubility.rs`, rounded; NaCl recalled).
const SALTS: [(&[(Species, f64)], f64); 8] = [
    (&[(Species::Lithium, -2.0), (Species::Carbonate, -1.0), (Species::LithiumCarbonate, 1.0)], 0.15),
    (
        &[
            (Species::Lithium, -1.0),
            (Species::Acid, 1.0),
            (Species::Water, -2.0),
            (Species::LithiumHydroxideHydrate, 1.0),
        ],
        5.4,
    ),
    (
        &[
            (Species::Lithium, -2.0),
            (Species::Sulfate, -1.0),
            (Species::Water, -1.0),
            (Species::LithiumSulfateHydrate, 1.0),
        ],
        3.0,
    ),
    (&[(Species::Sodium, -2.0), (Species::Sulfate, -1.0), (Species::SodiumSulfate, 1.0)], 3.3),
    (&[(Species::Sodium, -1.0), (Species::Chloride, -1.0), (Species::SodiumChloride, 1.0)], 6.2),
    (
        &[
            (Species::Nickel, -1.0),
            (Species::Sulfate, -1.0),
            (Species::Water, -6.0),
            (Species::NickelSulfate6, 1.0),
        ],
        3.3,
    ),
    (
        &[
            (Species::Cobalt, -1.0),
            (Species::Sulfate, -1.0),
            (Species::Water, -6.0),
            (Species::CobaltSulfate6, 1.0),
        ],
        3.3,
    ),
    (
        &[
            (Species::Manganese, -1.0),
            (Species::Sulfate, -1.0),
            (Species::Water, -1.0),
            (Species::ManganeseSulfate1, 1.0),
        ],
        3.6,
    ),
];

/// Lets go of what the water that is left cannot hold. The water that a hydrate takes is part of the sum; what
/// finds no water for its hydrate stays in solution.
pub(super) fn crystallise(bed: &mut Matter, chemistry: &Chemistry) {
    let molar = chemistry.molar_mass(Species::Water);
    for (row, molality) in SALTS {
        let mut salt = bed.reach(row);
        let mut hydrate = 0.0;
        for &(species, number) in row {
            match species {
                // Hydroxide is what the acid lacks.
                Species::Acid => salt = salt.min(-bed[Species::Acid] / number),
                Species::Water => hydrate = -number,
                _ => {}
            }
        }
        let water = bed[Species::Water].max(0.0);
        let excess = salt - molality * water * molar;
        if excess <= 0.0 {
            continue;
        }
        // Water that goes into the hydrate holds no salt any more.
        let extent = excess / (1.0 - (molality * molar * hydrate).min(0.9));
        let most = if hydrate > 0.0 { water / hydrate } else { f64::INFINITY };
        bed.react(row, extent.min(salt).min(most));
    }
}

/// J at 25 degC and J/K of the bed.
pub(super) fn sums(bed: &Matter, chemistry: &Chemistry) -> (f64, f64) {
    let (enthalpy, capacity) = chemistry.sums(bed);
    let mut species = Speciation::default();
    if bed[Species::Acid] < 0.0 {
        species.hydroxide = -bed[Species::Acid];
    }
    let mut protons = bed[Species::Acid].max(0.0);
    let mut give = |base: f64| {
        let taken = protons.min(base.max(0.0));
        protons -= taken;
        taken
    };
    let (carbonate, phosphate) = (bed[Species::Carbonate], bed[Species::Phosphate]);
    let first_phosphate = give(phosphate);
    let first_carbonate = give(carbonate);
    let first_sulfite = give(bed[Species::Sulfite]);
    let second_phosphate = give(first_phosphate);
    let second_carbonate = give(first_carbonate);
    species.hydrogen_fluoride = give(bed[Species::Fluoride]);
    species.phosphates = [first_phosphate - second_phosphate, second_phosphate, 0.0, 0.0];
    (species.bicarbonate, species.carbon_dioxide) = (first_carbonate - second_carbonate, second_carbonate);
    species.bisulfite = first_sulfite;
    species.bisulfate = give(bed[Species::Sulfate]);
    let (more, more_capacity) = species.extra(&chemistry.constants);
    (enthalpy + more, capacity + more_capacity)
}

#[cfg(test)]
mod tests {
    use super::{crystallise, sums};
    use crate::chemistry::Chemistry;
    use crate::constants::REFERENCE;
    use crate::matter::Matter;
    use crate::solution::{Notes, Slurry};
    use crate::species::Species;

    #[test]
    fn the_temperature_of_a_lye_and_of_an_acid_is_that_of_the_ledger() {
        let chemistry = Chemistry::built_in().unwrap();
        for (acid, sulfate, within) in [(-2.0, 0.5, 1e-3), (0.5, 0.75, 3.0), (0.0, 0.5, 1e-3)] {
            let mut recipe = Matter::default();
            recipe[Species::Acid] = acid;
            recipe[Species::Sulfate] = sulfate;
            recipe[Species::Lithium] = 2.0 * sulfate - acid;
            let liquor = Slurry::filled(&recipe, 1e-3, 333.15, &chemistry, &mut Notes::default()).matter;
            let (enthalpy, capacity) = sums(&liquor, &chemistry);
            let kelvin = REFERENCE + (liquor.enthalpy - enthalpy) / capacity;
            assert!((kelvin - 333.15).abs() < within, "{acid}: {kelvin}");
        }
    }

    #[test]
    fn a_liquor_that_loses_its_water_leaves_its_salts_behind() {
        let chemistry = Chemistry::built_in().unwrap();
        let mut bed = Matter::default();
        bed[Species::Lithium] = 3.0;
        bed[Species::Acid] = -1.0;
        bed[Species::Sulfate] = 1.0;
        bed[Species::Water] = 10.0;
        for _ in 0..200 {
            bed[Species::Water] *= 0.95;
            crystallise(&mut bed, &chemistry);
        }
        assert!((bed[Species::LithiumHydroxideHydrate] - 1.0).abs() < 0.01, "{bed:?}");
        assert!((bed[Species::LithiumSulfateHydrate] - 1.0).abs() < 0.01);
        assert!(bed[Species::Lithium] < 0.01 && bed[Species::Water] >= 0.0 && bed.charge().abs() < 1e-12);
    }
}
