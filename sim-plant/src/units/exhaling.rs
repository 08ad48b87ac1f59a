//! Carbon dioxide that an open liquor gives to the air: slowly from its surface, at once in bubbles when it wants more room
//! than the air leaves it.

use crate::chemistry::Chemistry;
use crate::matter::Matter;
use crate::solution::{Slurry, solubility};
use crate::species::Species;
use crate::units::water::steam_pressure;

/// Pa of CO2 in open air, 420 ppm.
const AIR: f64 = 42.6;
const ATMOSPHERE: f64 = 101_325.0;

/// CO2(aq) is Carbonate + 2 Acid - Water.
const EVOLVE: [(Species, f64); 4] =
    [(Species::Carbonate, -1.0), (Species::Acid, -2.0), (Species::Water, 1.0), (Species::CarbonDioxide, 1.0)];

/// Shares of the way to balance that a step goes: with the air, and of what is beyond one atmosphere as bubbles.
#[derive(Clone, Copy)]
pub(super) struct Exhaling {
    pub(super) surface: f64,
    pub(super) bubbles: f64,
}

impl Exhaling {
    /// Takes out what leaves, bubbles with their steam, by the species of the last solution; the pH follows when the liquor is
    /// settled. Air gives none back: a lye in the open takes up carbonate that is not counted.
    pub(super) fn leave(self, liquor: &mut Slurry, chemistry: &Chemistry) -> Option<Matter> {
        let dissolved = liquor.species.carbon_dioxide;
        // Most liquors hold no carbonate, or hold it fast.
        if dissolved < 1e-7 || liquor.matter[Species::Carbonate] <= 0.0 {
            return None;
        }
        let kelvin = liquor.temperature;
        let henry = solubility::carbon_dioxide(kelvin, liquor.concentration(Species::Chloride));
        let steam = steam_pressure(kelvin).min(0.9 * ATMOSPHERE);
        let beyond = |pressure: f64| (dissolved - henry * pressure).max(0.0) * liquor.liquor * 1e3;
        let (open, choked) = (beyond(AIR), beyond(ATMOSPHERE - steam));
        let bubbles = choked * self.bubbles;
        let leaves = (open * self.surface + bubbles).min(open).min(liquor.matter[Species::Carbonate]);
        if leaves <= 0.0 {
            return None;
        }
        let water = 0.5 * liquor.matter[Species::Water].max(0.0);
        let wet = (bubbles * steam / (ATMOSPHERE - steam)).min(water);
        liquor.matter.react(&EVOLVE, leaves);
        liquor.matter.react(&[(Species::Water, -1.0), (Species::Steam, 1.0)], wet);
        let gas = chemistry.parcel(&[(Species::CarbonDioxide, leaves), (Species::Steam, wet)], kelvin);
        liquor.matter.subtract(&gas);
        Some(gas)
    }
}
