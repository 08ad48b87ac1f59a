//! What people weigh in: salts, acids and bases by the ions that they give.

use crate::chemistry::Chemistry;
use crate::species::Species;

use Species::{Acid, Water};

pub(crate) type Recipe = &'static [(Species, f64)];

/// What can be dissolved, in ions and water.
pub(crate) const SOLUTES: [(&str, Recipe); 25] = [
    ("LiOH", &[(Species::Lithium, 1.0), (Acid, -1.0), (Water, 1.0)]),
    ("LiCl", &[(Species::Lithium, 1.0), (Species::Chloride, 1.0)]),
    ("Li2SO4", &[(Species::Lithium, 2.0), (Species::Sulfate, 1.0)]),
    ("Li2CO3", &[(Species::Lithium, 2.0), (Species::Carbonate, 1.0)]),
    ("HCl", &[(Acid, 1.0), (Species::Chloride, 1.0)]),
    ("H2SO4", &[(Acid, 2.0), (Species::Sulfate, 1.0)]),
    ("CO2", &[(Species::Carbonate, 1.0), (Acid, 2.0), (Water, -1.0)]),
    ("NaOH", &[(Species::Sodium, 1.0), (Acid, -1.0), (Water, 1.0)]),
    ("NaCl", &[(Species::Sodium, 1.0), (Species::Chloride, 1.0)]),
    ("Na2SO4", &[(Species::Sodium, 2.0), (Species::Sulfate, 1.0)]),
    ("Na2CO3", &[(Species::Sodium, 2.0), (Species::Carbonate, 1.0)]),
    ("NiSO4", &[(Species::Nickel, 1.0), (Species::Sulfate, 1.0)]),
    ("CoSO4", &[(Species::Cobalt, 1.0), (Species::Sulfate, 1.0)]),
    ("MnSO4", &[(Species::Manganese, 1.0), (Species::Sulfate, 1.0)]),
    ("MgSO4", &[(Species::Magnesium, 1.0), (Species::Sulfate, 1.0)]),
    ("MgCl2", &[(Species::Magnesium, 1.0), (Species::Chloride, 2.0)]),
    ("CaCl2", &[(Species::Calcium, 1.0), (Species::Chloride, 2.0)]),
    ("FeSO4", &[(Species::Ferrous, 1.0), (Species::Sulfate, 1.0)]),
    ("Fe2SO43", &[(Species::Ferric, 2.0), (Species::Sulfate, 3.0)]),
    ("CuSO4", &[(Species::Copper, 1.0), (Species::Sulfate, 1.0)]),
    ("Al2SO43", &[(Species::Aluminium, 2.0), (Species::Sulfate, 3.0)]),
    ("KCl", &[(Species::Potassium, 1.0), (Species::Chloride, 1.0)]),
    ("NaOCl", &[(Species::Sodium, 1.0), (Species::HypochlorousAcid, 1.0), (Acid, -1.0)]),
    ("LiF", &[(Species::Lithium, 1.0), (Species::Fluoride, 1.0)]),
    ("H2O2", &[(Species::Peroxide, 1.0)]),
];

/// kg/mol of a solute.
pub(crate) fn molar_mass(recipe: Recipe, chemistry: &Chemistry) -> f64 {
    recipe.iter().map(|(species, n)| n * chemistry.molar_mass(*species)).sum()
}
