//! What the physics knows about every species: atoms, mass, enthalpy, heat capacity, volume.
//!
//! One [`Chemistry`] is read at the start from `parameters/species.toml` and `parameters/solution.toml`
//! and shared by all units; it never changes.

use core::ops::Range;

use crate::constants::REFERENCE;
use crate::matter::Matter;
use crate::parameters::{ParameterEntry, ParameterError, Reader};
use crate::solution::equilibria::Constants;
use crate::species::{ATOMS, ELEMENTS, Phase, SPECIES, Species, composition};

const FILES: [(&str, &str); 2] = [
    ("sim-plant/parameters/species.toml", include_str!("../parameters/species.toml")),
    ("sim-plant/parameters/solution.toml", include_str!("../parameters/solution.toml")),
];

/// Data of every species, ready for dot products; SI.
#[derive(Clone, Debug)]
pub struct Chemistry {
    /// kg/mol
    pub mass: [f64; SPECIES],
    /// Atoms of each kind.
    pub atoms: Vec<[f64; ELEMENTS]>,
    /// J/mol at 25 degC.
    pub formation: [f64; SPECIES],
    /// J/(mol K)
    pub heat_capacity: [f64; SPECIES],
    /// m3/mol of the solids; of the organic phase as well, zero for the rest.
    pub volume: [f64; SPECIES],
    pub(crate) constants: Constants,
    ranges: [Range<usize>; 4],
    entries: Vec<ParameterEntry>,
}

impl Chemistry {
    /// The files that ship with the simulator.
    pub fn built_in() -> Result<Self, ParameterError> {
        Self::read(&FILES)
    }

    /// `text` wins over the built-in files, entry by entry; `name` stands in its messages.
    pub fn with_overrides(name: &str, text: &str) -> Result<Self, ParameterError> {
        Self::read(&[(name, text), FILES[0], FILES[1]])
    }

    fn read(files: &[(&str, &str)]) -> Result<Self, ParameterError> {
        let mut reader = Reader::new(files);
        if !reader.mistakes.is_empty() {
            return Err(ParameterError::Mistakes(reader.mistakes));
        }
        let mut chemistry = Self {
            mass: [0.0; SPECIES],
            atoms: Vec::with_capacity(SPECIES),
            formation: [0.0; SPECIES],
            heat_capacity: [0.0; SPECIES],
            volume: [0.0; SPECIES],
            constants: Constants::read(&mut reader),
            ranges: Phase::ALL.map(range),
            entries: Vec::new(),
        };
        for (k, species) in Species::ALL.iter().enumerate() {
            let atoms = composition(species.formula());
            chemistry.mass[k] = atoms.iter().zip(ATOMS).map(|(count, (_, mass))| count * mass).sum();
            chemistry.atoms.push(atoms);
            let symbol = species.symbol();
            chemistry.formation[k] = reader.number("formation", symbol, "kJ/mol", -1e4, 1e3);
            chemistry.heat_capacity[k] = reader.number("heat_capacity", symbol, "J/(mol K)", -200.0, 2000.0);
            let density = match species.phase() {
                Phase::Solid => reader.number("density", symbol, "kg/m3", 500.0, 2e4),
                Phase::Organic => reader.number("density", "organic phase", "kg/m3", 500.0, 1500.0),
                Phase::Aqueous | Phase::Gas => f64::INFINITY,
            };
            chemistry.volume[k] = chemistry.mass[k] / density;
        }
        reader.refuse_unknown();
        if !reader.mistakes.is_empty() {
            return Err(ParameterError::Mistakes(reader.mistakes));
        }
        chemistry.entries = reader.entries;
        Ok(chemistry)
    }

    /// Every number with its source and trust.
    pub fn entries(&self) -> &[ParameterEntry] {
        &self.entries
    }

    /// Where a phase lies in [`Matter::amount`].
    pub fn range(&self, phase: Phase) -> Range<usize> {
        self.ranges[phase as usize].clone()
    }

    /// kg/mol
    pub fn molar_mass(&self, species: Species) -> f64 {
        self.mass[species.index()]
    }

    /// J/mol of a species or component as it travels by itself at `kelvin`.
    pub fn molar_enthalpy(&self, species: Species, kelvin: f64) -> f64 {
        let k = species.index();
        self.formation[k] + self.heat_capacity[k] * (kelvin - REFERENCE)
    }

    /// Enthalpy at 25 degC and heat capacity of everything, before equilibrium has its say.
    pub(crate) fn sums(&self, matter: &Matter) -> (f64, f64) {
        let mut enthalpy = 0.0;
        let mut capacity = 0.0;
        for (first, amounts) in matter.runs() {
            let data = self.formation[first..].iter().zip(&self.heat_capacity[first..]);
            for (amount, (formation, heat_capacity)) in amounts.iter().zip(data) {
                enthalpy += amount * formation;
                capacity += amount * heat_capacity;
            }
        }
        (enthalpy, capacity)
    }

    /// A dry parcel (gas, solids, organic phase) at `kelvin`: its enthalpy is set from its amounts.
    #[must_use]
    pub fn parcel(&self, amounts: &[(Species, f64)], kelvin: f64) -> Matter {
        let mut made = Matter::default();
        for &(species, amount) in amounts {
            made[species] += amount;
            made.enthalpy += amount * self.molar_enthalpy(species, kelvin);
        }
        made
    }

    /// `share` of one phase of `matter` as a parcel at `kelvin`; `matter` stays as it is.
    #[must_use]
    pub(crate) fn parcel_of(&self, matter: &Matter, phase: Phase, share: f64, kelvin: f64) -> Matter {
        let mut made = Matter::default();
        for k in self.range(phase) {
            made.amount[k] = matter.amount[k] * share;
        }
        let (formed, capacity) = self.sums(&made);
        made.enthalpy = formed + capacity * (kelvin - REFERENCE);
        made
    }

    /// m3 of solids and of organic phase.
    pub fn condensed_volume(&self, matter: &Matter) -> f64 {
        let mut sum = 0.0;
        for (first, amounts) in matter.runs() {
            for (amount, volume) in amounts.iter().zip(&self.volume[first..]) {
                sum += amount * volume;
            }
        }
        sum
    }
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Aqueous, Self::Solid, Self::Gas, Self::Organic];
}

fn range(phase: Phase) -> Range<usize> {
    let first = Species::ALL.iter().position(|species| species.phase() == phase).unwrap_or(0);
    let count = Species::ALL.iter().filter(|species| species.phase() == phase).count();
    first..first + count
}

#[cfg(test)]
mod tests {
    use super::Chemistry;
    use crate::parameters::{Parameters, Trust};
    use crate::species::{Phase, Species};

    #[test]
    fn every_species_has_its_numbers_with_source_and_trust() {
        let chemistry = Chemistry::built_in().unwrap();
        assert!(chemistry.entries().len() > 200);
        assert!(chemistry.entries().iter().any(|entry| entry.trust == Trust::Asserted));
        assert!((chemistry.molar_mass(Species::LithiumCarbonate) - 73.888e-3).abs() < 1e-5);
        assert!((chemistry.molar_mass(Species::NickelSulfate6) - 262.84e-3).abs() < 2e-4);
        for phase in Phase::ALL {
            for k in chemistry.range(phase) {
                assert_eq!(Species::ALL[k].phase(), phase);
            }
        }
    }

    #[test]
    fn area_300_and_the_shared_ledger_agree_about_every_component() {
        let chemistry = Chemistry::built_in().unwrap();
        let p = Parameters::built_in().unwrap();
        let t = &p.thermo;
        for (species, formation) in [
            (Species::Water, t.water),
            (Species::Lithium, t.lithium_ion),
            (Species::Chloride, t.chloride_ion),
            (Species::HypochlorousAcid, t.hypochlorous_acid),
            (Species::Chlorate, t.chlorate_ion),
            (Species::Calcium, t.calcium_ion),
            (Species::Magnesium, t.magnesium_ion),
            (Species::Steam, t.water_vapour),
        ] {
            assert_eq!(chemistry.formation[species.index()], formation, "{species:?}");
        }
        for (species, capacity) in [
            (Species::Water, t.cp_water),
            (Species::Chloride, t.cp_chloride_ion),
            (Species::Chlorate, t.cp_chloride_ion),
            (Species::Hydrogen, t.cp_hydrogen),
            (Species::Chlorine, t.cp_chlorine),
            (Species::Steam, t.cp_water_vapour),
        ] {
            assert_eq!(chemistry.heat_capacity[species.index()], capacity, "{species:?}");
        }
    }

    #[test]
    fn a_mistake_in_a_species_file_names_its_line() {
        let text = "[formation]\n\"Li+\" = { value = nan, unit = \"kJ/mol\", source = \"x\", trust = \"asserted\" }\n";
        let error = Chemistry::with_overrides("mine.toml", text).unwrap_err().to_string();
        assert!(error.starts_with("mine.toml:2: formation.Li+: NaN"), "{error}");
    }
}
