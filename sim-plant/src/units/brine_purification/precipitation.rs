//! What the solids of a brine do in one step of a stirred liquor.
//!
//! Each goes to saturation at its first-order rate, implicit in its extent. A hydroxide sees the hydrogen ion that its own
//! extent leaves by the buffer of the liquor, `d ln[H+] = n x / B`, so no extent needs a new solution of the pH; a
//! carbonate sees what is left of the carbonate.

use super::Settings;
use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::root;
use crate::solution::equilibria::activity_shift;
use crate::solution::{Notes, Slurry, solubility};
use crate::species::{Phase, Species};

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

const CALCITE: [(Species, f64); 3] =
    [(Species::Calcium, -1.0), (Species::Carbonate, -1.0), (Species::CalciumCarbonate, 1.0)];
const LITHIUM: [(Species, f64); 3] =
    [(Species::Lithium, -2.0), (Species::Carbonate, -1.0), (Species::LithiumCarbonate, 1.0)];

const TEN: f64 = core::f64::consts::LN_10;

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
        + liquor.van_t_hoff(
            c.formation[Species::Calcium.index()] + c.formation[Species::Carbonate.index()]
                - c.formation[Species::CalciumCarbonate.index()],
        );
    liquor.calcite(slurry, libm::exp(TEN * log), notes);
    let saturation = liquor.lithium(slurry, s, c, stirred, dt, notes);
    (rate, saturation)
}

/// What all precipitations of one step share.
struct Liquor {
    kelvin: f64,
    ionic: f64,
    litres: f64,
    /// Free share of the carbonate.
    free: f64,
    /// Rate by step: what an implicit Euler step goes per distance that it leaves to saturation. Its steady state is exact.
    weight: f64,
    /// ln[H+] of activity.
    acidity: f64,
    /// mol of net acid per rise of ln[H+].
    buffer: f64,
}

impl Liquor {
    fn of(slurry: &Slurry, rate: f64, dt: f64) -> Self {
        let (species, litres) = (&slurry.species, slurry.liquor * 1e3);
        let all = species.carbonate + species.bicarbonate + species.carbon_dioxide;
        Self {
            kelvin: slurry.temperature.clamp(250.0, 450.0),
            ionic: slurry.ionic_strength(),
            litres,
            free: if all > 0.0 { species.carbonate / all } else { 1.0 },
            weight: rate * dt,
            acidity: -TEN * species.ph,
            buffer: species.buffer(&slurry.matter, slurry.liquor, &slurry.equilibria) * litres,
        }
    }

    fn shift(&self, charges: f64, interaction: f64) -> f64 {
        activity_shift(self.kelvin, self.ionic, charges, interaction)
    }

    /// log10 of a constant of this heat (J/mol) less that at 25 degC.
    fn van_t_hoff(&self, heat: f64) -> f64 {
        -heat / GAS / TEN * (1.0 / self.kelvin - 1.0 / REFERENCE)
    }

    /// Of a hydroxide of two charges in acid, by the ledger's enthalpies.
    fn warmth(&self, aqueous: Species, solid: Species, c: &Chemistry) -> f64 {
        let formed = |species: Species| c.formation[species.index()];
        self.van_t_hoff(formed(aqueous) + 2.0 * formed(Species::Water) - formed(solid))
    }

    /// One hydroxide; `always` (mol/L) stays dissolved at any acidity.
    fn hydroxide(
        &mut self,
        slurry: &mut Slurry,
        aqueous: Species,
        solid: Species,
        log: f64,
        always: f64,
        notes: &mut Notes,
    ) {
        let (dissolved, present) = (slurry.matter[aqueous].max(0.0), slurry.matter[solid].max(0.0));
        if dissolved + present <= 0.0 {
            return;
        }
        let n = aqueous.charge();
        let saturated = (TEN * log + n * self.acidity).clamp(-70.0, 50.0);
        let steep = n * n / self.buffer.max(1e-30);
        let wanted = |extent: f64| {
            let left = self.litres * (always + libm::exp((saturated + steep * extent).min(60.0)));
            self.weight * (dissolved - extent - left)
        };
        let extent = root::implicit(wanted(0.0), -present, dissolved, notes, wanted);
        let row = [(aqueous, -1.0), (Species::Water, -n), (solid, 1.0), (Species::Acid, n)];
        slurry.matter.react(&row, extent);
        self.acidity += n * extent / self.buffer.max(1e-30);
    }

    /// CaCO3 with its product of concentrations.
    fn calcite(&self, slurry: &mut Slurry, product: f64, notes: &mut Notes) {
        let present = slurry.matter[Species::CalciumCarbonate].max(0.0);
        let calcium = slurry.matter[Species::Calcium].max(0.0);
        let carbonate = slurry.matter[Species::Carbonate].max(0.0);
        if calcium + present <= 0.0 {
            return;
        }
        let wanted = |extent: f64| {
            let left = self.free * (carbonate - extent).max(0.0);
            self.weight * (calcium - extent - product * self.litres * self.litres / left)
        };
        let most = calcium.min(carbonate);
        let extent = root::implicit(wanted(0.0), -present, most, notes, wanted);
        slurry.matter.react(&CALCITE, extent);
    }

    /// Li2CO3 towards its concentration product; the saturation before.
    fn lithium(
        &self,
        slurry: &mut Slurry,
        s: &Settings,
        c: &Chemistry,
        stirred: f64,
        dt: f64,
        notes: &mut Notes,
    ) -> f64 {
        let p = &s.precipitation;
        let product = solubility::lithium_carbonate_product(slurry, s.solubility.lithium_sulfate, c, notes);
        let cubed = product * self.litres * self.litres * self.litres;
        let present = slurry.matter[Species::LithiumCarbonate].max(0.0);
        let lithium = slurry.matter[Species::Lithium].max(0.0);
        let carbonate = slurry.matter[Species::Carbonate].max(0.0);
        let saturation = libm::cbrt(lithium * lithium * self.free * carbonate / cubed);
        if present <= 0.0 && saturation <= 1.0 + p.metastable {
            return saturation;
        }
        let weight = p.lithium_carbonate * stirred * dt;
        let wanted = |extent: f64| {
            let left = lithium - 2.0 * extent;
            weight * (carbonate - extent - cubed / (left * left * self.free))
        };
        let most = slurry.matter.reach(&LITHIUM);
        let extent = root::implicit(wanted(0.0), -present, most, notes, wanted);
        slurry.matter.react(&LITHIUM, extent);
        saturation
    }
}
