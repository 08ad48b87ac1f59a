//! What the solids of a brine do in one step of a stirred liquor.
//!
//! Each goes to saturation at its first-order rate, implicit in its extent, as `units/hardness.rs` tells.

use super::Settings;
use crate::chemistry::Chemistry;
use crate::root;
use crate::solution::{Notes, Slurry, solubility};
use crate::species::{Phase, Species};
use crate::units::hardness::{Liquor, TEN};

tables! {
    Solubility {
        /// log10 K of Mg(OH)2 + 2 H+, 25 degC, without salt
        magnesium_hydroxide: "", 10.0, 25.0;
        /// log10 K of Ca(OH)2 + 2 H+, 25 degC, without salt
        calcium_hydroxide: "", 15.0, 30.0;
        /// log10 of the solubility product of CaCO3, 25 degC, without salt
        calcium_carbonate: "", -12.0, -5.0;
        /// SIT coefficient of Mg2+ and Ca2+, taken off their log K per ionic strength
        cation_interaction: "L/mol", -1.0, 1.0;
        /// SIT coefficient of CO3--
        carbonate_interaction: "L/mol", -1.0, 1.0;
        /// Dissolved Mg rises by this per sulfate
        magnesium_sulfate: "L/mol", 0.0, 100.0;
        /// Dissolved Ca rises by this per sulfate
        calcium_sulfate: "L/mol", 0.0, 100.0;
        /// The solubility product of Li2CO3 rises by this per sulfate
        lithium_sulfate: "L/mol", 0.0, 10.0;
        /// log10 of dissolved Al as Al(OH)4-, less the pH
        aluminate: "", -25.0, 0.0;
    }
    Precipitation {
        /// Approach to saturation with plenty of seed
        rate: "1/min", 1e-4, 100.0;
        /// Share of it without any solids
        unseeded: "", 0.0, 1.0;
        /// Solids that give half of the rest
        seed: "g/L", 0.01, 300.0;
        /// Li2CO3, towards saturation and back
        lithium_carbonate: "1/min", 1e-4, 100.0;
        /// S - 1 at which Li2CO3 begins by itself
        metastable: "", 0.0, 2.0;
    }
}

/// Name of the parameter, dissolved, hydroxide.
pub(super) const TRACES: [(&str, Species, Species); 6] = [
    ("Mn", Species::Manganese, Species::ManganeseHydroxide),
    ("Ni", Species::Nickel, Species::NickelHydroxide),
    ("Co", Species::Cobalt, Species::CobaltHydroxide),
    ("Cu", Species::Copper, Species::CopperHydroxide),
    ("Fe3", Species::Ferric, Species::FerricHydroxide),
    ("Al", Species::Aluminium, Species::AluminiumHydroxide),
];

const LITHIUM: [(Species, f64); 3] =
    [(Species::Lithium, -2.0), (Species::Carbonate, -1.0), (Species::LithiumCarbonate, 1.0)];

/// One step; the rate (1/s) and the saturation with Li2CO3. The species must be those of the amounts; settle afterwards.
pub(super) fn run(
    slurry: &mut Slurry,
    s: &Settings,
    stirred: f64,
    c: &Chemistry,
    dt: f64,
    notes: &mut Notes,
) -> (f64, f64) {
    let (k, p) = (&s.solubility, &s.precipitation);
    if slurry.liquor <= 1e-9 {
        return (0.0, 0.0);
    }
    let solids = slurry.matter.phase_mass(Phase::Solid, c).max(0.0) / slurry.volume();
    let rate = p.rate * stirred * (p.unseeded + (1.0 - p.unseeded) * solids / (solids + p.seed));
    let mut liquor = Liquor::of(slurry, rate, dt);
    let sulfate = slurry.concentration(Species::Sulfate).max(0.0);

    let divalent = liquor.shift(4.0, -k.cation_interaction);
    let magnesium = k.magnesium_hydroxide + divalent + libm::log10(1.0 + k.magnesium_sulfate * sulfate);
    let log = magnesium + liquor.warmth(Species::Magnesium, Species::MagnesiumHydroxide, c);
    liquor.hydroxide(slurry, Species::Magnesium, Species::MagnesiumHydroxide, log, 0.0, notes);
    let calcium = libm::log10(1.0 + k.calcium_sulfate * sulfate);
    let log = k.calcium_hydroxide
        + divalent
        + calcium
        + liquor.warmth(Species::Calcium, Species::CalciumHydroxide, c);
    liquor.hydroxide(slurry, Species::Calcium, Species::CalciumHydroxide, log, 0.0, notes);
    for (&(_, aqueous, solid), log) in TRACES.iter().zip(&s.traces) {
        let aluminate = if matches!(aqueous, Species::Aluminium) {
            libm::exp(TEN * (k.aluminate + slurry.ph()).clamp(-30.0, 2.0))
        } else {
            0.0
        };
        liquor.hydroxide(slurry, aqueous, solid, *log, aluminate, notes);
    }
    let log = k.calcium_carbonate
        + liquor.shift(8.0, -k.cation_interaction - k.carbonate_interaction)
        + calcium
        + liquor.calcite_warmth(c);
    liquor.calcite(slurry, libm::exp(TEN * log), notes);
    let saturation = lithium(&liquor, slurry, s, c, stirred, dt, notes);
    (rate, saturation)
}

/// Li2CO3 towards its concentration product; the saturation before.
fn lithium(
    liquor: &Liquor,
    slurry: &mut Slurry,
    s: &Settings,
    c: &Chemistry,
    stirred: f64,
    dt: f64,
    notes: &mut Notes,
) -> f64 {
    let p = &s.precipitation;
    let product = solubility::lithium_carbonate_product(slurry, s.solubility.lithium_sulfate, c, notes);
    let cubed = product * liquor.litres * liquor.litres * liquor.litres;
    let present = slurry.matter[Species::LithiumCarbonate].max(0.0);
    let lithium = slurry.matter[Species::Lithium].max(0.0);
    let carbonate = slurry.matter[Species::Carbonate].max(0.0);
    let saturation = libm::cbrt(lithium * lithium * liquor.free * carbonate / cubed);
    if present <= 0.0 && saturation <= 1.0 + p.metastable {
        return saturation;
    }
    let weight = p.lithium_carbonate * stirred * dt;
    let wanted = |extent: f64| {
        let left = lithium - 2.0 * extent;
        weight * (carbonate - extent - cubed / (left * left * liquor.free))
    };
    let most = slurry.matter.reach(&LITHIUM);
    let extent = root::implicit(wanted(0.0), -present, most, notes, wanted);
    slurry.matter.react(&LITHIUM, extent);
    saturation
}
