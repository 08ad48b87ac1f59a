//! Liquids that come from other areas, per cubic metre.

use crate::constants::{MASS_CA, MASS_MG};
use crate::electrolysis::Upsets;
use crate::liquid::{Enthalpies, Holdup, Liquid, Recipe, acid_per_kilogram, lithium_chloride_molarity};
use crate::parameters::Parameters;
use crate::properties::{Excursions, Makeup, density};

#[derive(Clone, Debug)]
pub(crate) struct Supplies {
    pub(crate) brine: Liquid,
    pub(crate) acid: Liquid,
    pub(crate) water: Liquid,
    /// Mass share of calcium and magnesium together.
    pub(crate) hardness: f64,
}

impl Supplies {
    pub(crate) fn new(p: &Parameters, h: &Enthalpies, upsets: &Upsets) -> Self {
        let lithium = lithium_chloride_molarity(p.brine.strength);
        let plain = Recipe { kelvin: p.brine.temperature, lithium, ..Recipe::default() };
        let heavy = Holdup::mix(&plain, 1.0, p, h).density;
        let calcium = p.brine.calcium + upsets.calcium;
        let magnesium = p.brine.magnesium + upsets.magnesium;
        let brine =
            Recipe { calcium: calcium * heavy / MASS_CA, magnesium: magnesium * heavy / MASS_MG, ..plain };
        let acid = acid_per_kilogram(p.acid.mass_fraction);
        let makeup = Makeup {
            water: 1.0 - p.acid.mass_fraction,
            lithium_chloride: 0.0,
            lithium_hydroxide: 0.0,
            hydrogen_chloride: p.acid.mass_fraction,
        };
        let acid_density = density(p, &makeup, p.acid.temperature, &mut Excursions::default());
        let acid = Recipe { kelvin: p.acid.temperature, acid: acid * acid_density, ..Recipe::default() };
        let water = Recipe { kelvin: p.water.temperature, ..Recipe::default() };
        let mix = |recipe: &Recipe| {
            let made = Holdup::mix(recipe, 1.0, p, h);
            made.liquid.part(1.0 / made.volume)
        };
        Self { brine: mix(&brine), acid: mix(&acid), water: mix(&water), hardness: calcium + magnesium }
    }
}
