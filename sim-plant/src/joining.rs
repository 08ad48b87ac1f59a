//! Where area 300's own liquids and gases meet the shared ledger.
//!
//! Area 300 counts eight components and five gases with the same enthalpies as the ledger (a test in
//! `chemistry` compares them), so a stream crosses amount by amount and joule by joule, in both directions.

use crate::gas::{self, Gas};
use crate::liquid::{self, COMPONENTS, Liquid};
use crate::matter::Matter;
use crate::species::{SPECIES, Species};

const LIQUID: [(usize, Species); COMPONENTS] = [
    (liquid::LI, Species::Lithium),
    (liquid::CL, Species::Chloride),
    (liquid::X, Species::HypochlorousAcid),
    (liquid::CLO3, Species::Chlorate),
    (liquid::H, Species::Acid),
    (liquid::W, Species::Water),
    (liquid::CA, Species::Calcium),
    (liquid::MG, Species::Magnesium),
];

const GASES: [(usize, Species); gas::GASES] = [
    (gas::H2, Species::Hydrogen),
    (gas::CL2, Species::Chlorine),
    (gas::O2, Species::Oxygen),
    (gas::N2, Species::Nitrogen),
    (gas::STEAM, Species::Steam),
];

/// By species: whether area 300's liquids count it.
const COUNTED: [bool; SPECIES] = {
    let mut counted = [false; SPECIES];
    let mut k = 0;
    while k < LIQUID.len() {
        counted[LIQUID[k].1.index()] = true;
        k += 1;
    }
    counted
};

/// True for what area 300's liquids count.
pub(crate) const fn is_of_area_300(species: Species) -> bool {
    COUNTED[species.index()]
}

impl From<&Liquid> for Matter {
    fn from(liquid: &Liquid) -> Self {
        let mut made = Self { enthalpy: liquid.enthalpy, ..Self::default() };
        for (component, species) in LIQUID {
            made[species] = liquid.amount[component];
        }
        made
    }
}

impl From<&Gas> for Matter {
    fn from(gas: &Gas) -> Self {
        let mut made = Self { enthalpy: gas.enthalpy, ..Self::default() };
        for (component, species) in GASES {
            made[species] = gas.amount[component];
        }
        made
    }
}

impl Liquid {
    /// What area 300 counts of a stream, less what of it belongs to `others`.
    pub(crate) fn counted(matter: &Matter, others: &Matter) -> Self {
        let mut made = Self { enthalpy: matter.enthalpy - others.enthalpy, ..Self::default() };
        for (component, species) in LIQUID {
            made.amount[component] = matter[species] - others[species];
        }
        made
    }
}

/// `Err` names a species that area 300 does not count: it has to be kept out of the stream, or said.
impl TryFrom<&Matter> for Liquid {
    type Error = Species;

    fn try_from(matter: &Matter) -> Result<Self, Species> {
        if let Some(stranger) =
            Species::ALL.iter().find(|species| matter[**species] != 0.0 && !is_of_area_300(**species))
        {
            return Err(*stranger);
        }
        let mut made = Self { enthalpy: matter.enthalpy, ..Self::default() };
        for (component, species) in LIQUID {
            made.amount[component] = matter[species];
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use crate::chemistry::Chemistry;
    use crate::gas::{Gas, GasEnthalpies, H2, STEAM};
    use crate::liquid::{Enthalpies, Holdup, Liquid, Recipe};
    use crate::matter::Matter;
    use crate::parameters::Parameters;
    use crate::solution::{Notes, Slurry};
    use crate::species::Species;

    #[test]
    fn a_liquor_of_area_300_has_the_same_mass_charge_and_temperature_in_the_ledger() {
        let (p, chemistry) = (Parameters::built_in().unwrap(), Chemistry::built_in().unwrap());
        let h = Enthalpies::new(&p.thermo);
        let lye = Recipe { kelvin: 353.15, lithium: 2500.0, acid: -2500.0, ..Recipe::default() };
        let brine = Recipe { kelvin: 333.15, lithium: 5000.0, acid: 1.0, calcium: 0.1, ..Recipe::default() };
        for recipe in [lye, brine] {
            let holdup = Holdup::mix(&recipe, 1.0, &p, &h);
            let matter = Matter::from(&holdup.liquid);
            assert!((matter.mass(&chemistry) / holdup.liquid.mass() - 1.0).abs() < 1e-12);
            assert!((matter.charge() - holdup.liquid.charge()).abs() < 1e-9);
            let mut slurry = Slurry { matter, temperature: recipe.kelvin, ..Slurry::default() };
            slurry.settle(&chemistry, &mut Notes::default());
            assert!((slurry.temperature - recipe.kelvin).abs() < 0.05, "{}", slurry.temperature);
            assert!((slurry.liquor - holdup.volume).abs() < 1e-3, "{} {}", slurry.liquor, holdup.volume);
            assert_eq!(Liquid::try_from(&slurry.matter), Ok(holdup.liquid));
        }
    }

    #[test]
    fn a_gas_crosses_with_its_heat_and_a_stranger_is_named() {
        let (p, chemistry) = (Parameters::built_in().unwrap(), Chemistry::built_in().unwrap());
        let mut gas = Gas::default();
        (gas.amount[H2], gas.amount[STEAM]) = (3.0, 0.5);
        gas.enthalpy = GasEnthalpies::new(&p.thermo).of(&gas.amount, 350.0);
        let same = chemistry.parcel(&[(Species::Hydrogen, 3.0), (Species::Steam, 0.5)], 350.0);
        let crossed = Matter::from(&gas);
        assert_eq!(crossed.amount, same.amount);
        assert!((crossed.enthalpy - same.enthalpy).abs() < 1e-6);
        let mut strange = Matter::default();
        strange[Species::Sodium] = 1.0;
        assert_eq!(Liquid::try_from(&strange), Err(Species::Sodium));
    }
}
