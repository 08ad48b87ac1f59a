//! How fast gas changes the liquor that it meets: what tells a unit that a step is too long for what it holds.

use crate::chemistry::Chemistry;
use crate::constants::GAS;
use crate::matter::Matter;
use crate::species::{Phase, Species};

use super::water::{ATMOSPHERE, steam_pressure};

/// J/(mol K) of a gas; J/mol of water that evaporates and of an acid gas that a lye takes.
const CAPACITY: f64 = 33.0;
const LATENT: f64 = 43e3;
const ABSORBED: f64 = 150e3;
/// K that what is absorbed may warm a liquor in a step.
const RISE: f64 = 50.0;

const ACIDS: [Species; 5] = [
    Species::Chlorine,
    Species::HydrogenChloride,
    Species::HydrogenFluoride,
    Species::SulfurDioxide,
    Species::CarbonDioxide,
];

/// J/K that a liquor of `kelvin` must be able to give to this gas: with the water that it takes up on its way to
/// saturation, and what its acid gases give.
pub(super) fn gas_capacity(gas: &Matter, kelvin: f64, chemistry: &Chemistry) -> f64 {
    let moles = gas.phase_moles(Phase::Gas, chemistry).max(0.0);
    if moles == 0.0 {
        return 0.0;
    }
    let over = (steam_pressure(kelvin) / ATMOSPHERE).min(0.9);
    // Clausius and Clapeyron: mol of steam per mol of dry gas and K.
    let steep = over / ((1.0 - over) * (1.0 - over)) * LATENT / (GAS * kelvin.max(200.0) * kelvin.max(200.0));
    let acids: f64 = ACIDS.iter().map(|acid| gas[*acid].max(0.0)).sum();
    moles * (CAPACITY + LATENT * steep) + acids * ABSORBED / RISE
}
