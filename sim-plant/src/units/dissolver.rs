//! Li2CO3 dissolved in hydrochloric acid, in two stirred tanks with weirs: coarse and trim.
//!
//! ```text
//! Li2CO3(s) + 2 H+ -> 2 Li+ + H2O + CO2          dH = -20.4 kJ/mol from the enthalpies of formation
//! dn/dt = -3 n0^(1/3) n^(2/3) (k_H [H+] + k_w (1 - W)),   W = [Li]^2 [CO3] / (4 s(T)^3)    shrinking grains
//! CO2(aq) -> CO2(g):  kLa ([CO2] - K_H p_CO2), with the steam that the gas carries
//! swell: gas hold-up e = U_g / (U_g + U_b),  level = V / (A (1 - e))
//! ```
//!
//! Sources: basis 3.2 (shrinking particle, complete in 10 min below 50 um at pH 2-4, swell), basis 2.4
//! (solubility product from s(T)). `n0` is what the grains in the tank weighed when they came; it travels with
//! them from tank to tank. The step is implicit in the dissolved amount, because at pH 4 the liquor holds
//! a second's worth of acid. CaCO3 and Mg(OH)2 that come with the carbonate go
//! to their own saturation (`hardness.rs`): all dissolved below pH 7. Left out: HCl vapour, other impurities
//! of the solid.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, NORMAL_VOLUME, REFERENCE};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::root;
use crate::solution::density::Makeup;
use crate::solution::{Notes, Remark, Slurry, solubility, vapour};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation, ratio};
use crate::units::compartments::Vent;
use crate::units::hardness::{Liquor, TEN};
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, OPEN_TANK, gripped, stirrable};

tables! {
    Tanks {
        /// Liquor and solids below the weir of each tank, without gas
        volume: "m3", 1e-4, 1000.0;
        /// Inner diameter of each tank
        diameter: "m", 0.03, 20.0;
        /// Height of the rim; a swollen level above it runs over
        height: "m", 0.03, 30.0;
        /// Heat loss of each tank
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Power of each agitator that ends as heat
        agitator: "kW", 0.0, 500.0;
        /// Largest duty of the heating coil of each tank
        coil: "kW", 0.0, 1e4;
        /// Saturated steam in the coils: its largest duty reaches a tank up to 100 degC, and nothing one as hot as the steam
        steam: "degC", 105.0, 250.0;
        /// Kinetics and gas transfer that remain when an agitator stands still
        still: "", 0.0, 1.0;
    }
    Kinetics {
        /// By acid: rate of the cube root of a 50 um grain per mol/L of H+, at 25 degC
        acid: "1/min", 0.0, 1e5;
        /// By water: the same at zero saturation, at 25 degC
        water: "1/min", 0.0, 100.0;
        /// Activation energy of both
        activation: "kJ/mol", 0.0, 150.0;
        /// Diameter of the grains that are fed
        grain: "um", 1.0, 2000.0;
    }
    Venting {
        /// Transfer coefficient of CO2 to bubbles and surface
        transfer: "1/s", 0.0, 10.0;
        /// Rise of the bubbles through the liquor
        rise: "m/s", 0.01, 1.0;
        /// Pressure in the vent, absolute
        pressure: "bar", 0.5, 3.0;
    }
    Impurities {
        /// Approach of CaCO3 and Mg(OH)2 to saturation, well stirred
        rate: "1/min", 0.0, 100.0;
        /// log10 K of Mg(OH)2 + 2 H+, 25 degC, without salt
        magnesium_hydroxide: "", 10.0, 25.0;
        /// log10 of the solubility product of CaCO3, 25 degC, without salt
        calcium_carbonate: "", -12.0, -5.0;
        /// SIT coefficient of Mg2+ and Ca2+, taken off their log K per ionic strength
        cation_interaction: "L/mol", -1.0, 1.0;
        /// SIT coefficient of CO3--
        carbonate_interaction: "L/mol", -1.0, 1.0;
    }
    Feed {
        /// Li2CO3, with what comes with it
        solids: "kg/h", 0.0, 1e5;
        /// CaCO3 in the solids
        calcium: "wt%", 0.0, 20.0;
        /// Mg(OH)2 in the solids
        magnesium: "wt%", 0.0, 20.0;
        /// Acid to the coarse tank, mol HCl per mol Li2CO3 fed
        acid_coarse: "", 0.0, 5.0;
        /// Acid to the trim tank, mol HCl per mol Li2CO3 fed
        acid_trim: "", 0.0, 5.0;
        /// Strength of the acid
        acid_strength: "wt%", 0.1, 37.0;
        /// Water to the coarse tank
        water: "kg/h", 0.0, 1e6;
        /// Temperature of solids, acid and water
        temperature: "degC", 0.0, 95.0;
        /// Duty of the coil in the coarse tank
        coil_coarse: "kW", 0.0, 1e4;
        /// Duty of the coil in the trim tank
        coil_trim: "kW", 0.0, 1e4;
    }
    Start {
        /// Both tanks begin full of a LiCl brine of this strength
        brine: "g/L", 0.0, 500.0;
        /// and at this temperature
        temperature: "degC", 0.0, 95.0;
        /// Li2CO3 in the coarse tank at the start, per volume
        solids: "g/L", 0.0, 500.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tanks: Tanks,
    kinetics: Kinetics,
    venting: Venting,
    impurities: Impurities,
    feed: Feed,
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            tanks: Tanks::read(r, "tanks"),
            kinetics: Kinetics::read(r, "kinetics"),
            venting: Venting::read(r, "venting"),
            impurities: Impurities::read(r, "impurities"),
            feed: Feed::read(r, "feed"),
            start: Start::read(r, "start"),
        }
    }
}

const TANKS: usize = 2;

pub const SOLIDS: usize = 0;
pub const ACID_COARSE: usize = 1;
pub const ACID_TRIM: usize = 2;
pub const WATER: usize = 3;
pub const BRINE: usize = 0;
pub const VENT: usize = 1;

pub static SHAPE: Shape = Shape {
    name: "dissolver",
    text: "Li2CO3 dissolved in hydrochloric acid: coarse and trim tank, CO2 to the vent",
    inlets: &[
        Port { name: "solids", text: "Li2CO3 to the coarse tank" },
        Port { name: "acid-coarse", text: "acid to the coarse tank" },
        Port { name: "acid-trim", text: "acid to the trim tank" },
        Port { name: "water", text: "water to the coarse tank" },
    ],
    outlets: &[
        Port { name: "brine", text: "over the weir of the trim tank" },
        Port { name: "vent", text: "CO2 and steam" },
    ],
    orders: &[
        Order { name: "agitator-coarse", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "agitator-trim", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "coil-coarse", unit: "kW", low: 0.0, high: 1e4, text: "heating duty" },
        Order { name: "coil-trim", unit: "kW", low: 0.0, high: 1e4, text: "heating duty" },
    ],
    readings: &[
        Reading { name: "pH-coarse", unit: "pH", text: "coarse tank" },
        Reading { name: "pH-trim", unit: "pH", text: "trim tank" },
        Reading { name: "T-coarse", unit: "degC", text: "coarse tank" },
        Reading { name: "T-trim", unit: "degC", text: "trim tank" },
        Reading { name: "level-coarse", unit: "m", text: "with the gas in it" },
        Reading { name: "level-trim", unit: "m", text: "with the gas in it" },
        Reading { name: "solids-coarse", unit: "g/L", text: "undissolved" },
        Reading { name: "solids-trim", unit: "g/L", text: "undissolved" },
        Reading { name: "LiCl", unit: "g/L", text: "chloride of the trim tank as LiCl" },
        Reading { name: "density", unit: "kg/m3", text: "liquor of the trim tank" },
        Reading { name: "brine", unit: "kg/h", text: "leaving" },
        Reading { name: "CO2", unit: "kg/h", text: "to the vent" },
        Reading { name: "dissolved", unit: "kg", text: "Li2CO3 since the start" },
        Reading { name: "CO2-total", unit: "kg", text: "to the vent since the start" },
        Reading { name: "Ca", unit: "mg/L", text: "dissolved, trim tank" },
        Reading { name: "Mg", unit: "mg/L", text: "dissolved, trim tank" },
        Reading { name: "CO2-dissolved", unit: "mmol/L", text: "carbonate in all its forms, trim tank" },
        Reading { name: "CO2-per-t", unit: "Nm3", text: "to the vent per t of Li2CO3 dissolved" },
    ],
    step_max: 2.0,
};

const DISSOLVE: [(Species, f64); 3] =
    [(Species::LithiumCarbonate, -1.0), (Species::Lithium, 2.0), (Species::Carbonate, 1.0)];
/// CO2(aq) is Carbonate + 2 Acid - Water.
const EVOLVE: [(Species, f64); 4] =
    [(Species::Carbonate, -1.0), (Species::Acid, -2.0), (Species::Water, 1.0), (Species::CarbonDioxide, 1.0)];

/// Grain size of the rate constants, m.
const REFERENCE_GRAIN: f64 = 50e-6;

#[derive(Clone, Debug, Default, PartialEq)]
struct Tank {
    slurry: Slurry,
    /// mol of Li2CO3 that the grains in here were when they came.
    grains: f64,
    /// Gas hold-up, 0..1.
    gas: f64,
}

#[derive(Clone, Debug)]
pub struct Dissolver {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    tanks: [Tank; TANKS],
    feeds: Vec<Matter>,
    notes: Notes,
    /// kg/s of the last step.
    brine: f64,
    vent: f64,
    /// kg since the start.
    dissolved: f64,
    vented: f64,
}

impl Dissolver {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let s = &settings.start;
        let chloride =
            s.brine / (chemistry.molar_mass(Species::Lithium) + chemistry.molar_mass(Species::Chloride));
        let mut recipe = Matter::default();
        recipe[Species::Lithium] = chloride * settings.tanks.volume;
        recipe[Species::Chloride] = chloride * settings.tanks.volume;
        let trim = Slurry::filled(&recipe, settings.tanks.volume, s.temperature, &chemistry, &mut notes);
        let solids = s.solids * settings.tanks.volume / chemistry.molar_mass(Species::LithiumCarbonate);
        recipe[Species::LithiumCarbonate] = solids;
        let coarse = Slurry::filled(&recipe, settings.tanks.volume, s.temperature, &chemistry, &mut notes);
        Self {
            tanks: [
                Tank { slurry: coarse, grains: solids, gas: 0.0 },
                Tank { slurry: trim, ..Tank::default() },
            ],
            feeds: feeds(&settings, &chemistry),
            settings,
            chemistry,
            notes,
            brine: 0.0,
            vent: 0.0,
            dissolved: 0.0,
            vented: 0.0,
        }
    }

    /// Dissolves what one step dissolves, implicitly.
    fn dissolve(&mut self, tank: usize, stirred: f64, dt: f64) {
        let k = &self.settings.kinetics;
        let Tank { slurry, grains, .. } = &mut self.tanks[tank];
        let held = slurry.matter[Species::LithiumCarbonate];
        if held <= 0.0 {
            *grains = 0.0;
            return;
        }
        *grains = grains.max(held);
        let warm = libm::exp(-k.activation / GAS * (1.0 / slurry.temperature - 1.0 / REFERENCE));
        let speed = 3.0 * libm::cbrt(*grains) * warm * stirred * REFERENCE_GRAIN / k.grain * dt;
        let solubility = solubility::lithium_carbonate(slurry.temperature, &self.chemistry, &mut self.notes);
        let product = 4.0 * solubility * solubility * solubility;
        let (by_acid, by_water) = (k.acid, k.water);
        let mut trial = slurry.clone();
        let notes = &mut Notes::default();
        let mut error = |extent: f64| {
            trial.matter.amount = slurry.matter.amount;
            trial.matter.react(&DISSOLVE, extent);
            trial.respeciate(notes);
            let lithium = trial.concentration(Species::Lithium);
            let saturation = lithium * lithium * trial.species.carbonate / product;
            let left = (held - extent).max(0.0);
            let drive = by_acid * trial.species.proton + by_water * (1.0 - saturation).max(-10.0);
            extent - speed * libm::cbrt(left * left) * drive
        };
        let back = -slurry.matter.reach(&[(Species::Lithium, -2.0), (Species::Carbonate, -1.0)]);
        let extent = root::rising(&mut error, 0.5 * back, held, 1e-9 * held, &mut self.notes);
        slurry.matter.react(&DISSOLVE, extent);
        self.dissolved += extent * self.chemistry.molar_mass(Species::LithiumCarbonate);
        slurry.settle(&self.chemistry, &mut self.notes);
    }

    /// What the carbonate brings of calcium and magnesium goes into the acid liquor as well.
    fn harden(&mut self, tank: usize, stirred: f64, dt: f64) {
        const SOLIDS: [Species; 2] = [Species::MagnesiumHydroxide, Species::CalciumCarbonate];
        let k = &self.settings.impurities;
        let (slurry, c, notes) = (&mut self.tanks[tank].slurry, &self.chemistry, &mut self.notes);
        if slurry.liquor <= 1e-9 || SOLIDS.iter().all(|solid| slurry.matter[*solid] <= 0.0) {
            return;
        }
        let mut liquor = Liquor::of(slurry, k.rate * stirred, dt);
        let log = k.magnesium_hydroxide
            + liquor.shift(4.0, -k.cation_interaction)
            + liquor.warmth(Species::Magnesium, Species::MagnesiumHydroxide, c);
        liquor.hydroxide(slurry, Species::Magnesium, Species::MagnesiumHydroxide, log, 0.0, notes);
        let log = k.calcium_carbonate
            + liquor.shift(8.0, -k.cation_interaction - k.carbonate_interaction)
            + liquor.calcite_warmth(c);
        liquor.calcite(slurry, libm::exp(TEN * log), notes);
    }

    /// Lets CO2 leave with the steam that it carries; the parcel, mol.
    fn vent(&mut self, tank: usize, stirred: f64, dt: f64) -> Matter {
        let v = &self.settings.venting;
        let slurry = &mut self.tanks[tank].slurry;
        let makeup = Makeup::of(&slurry.matter, &self.chemistry);
        let steam = vapour::pressure(&makeup, slurry.temperature, &mut self.notes).min(0.95 * v.pressure);
        let salt = slurry.concentration(Species::Chloride);
        let at_rest = solubility::carbon_dioxide(slurry.temperature, salt) * (v.pressure - steam);
        let over = (slurry.species.carbon_dioxide - at_rest) * slurry.liquor * 1e3;
        let carbon = slurry.matter[Species::Carbonate].max(0.0);
        let leaves = (over * (1.0 - libm::exp(-v.transfer * stirred * dt))).clamp(0.0, carbon);
        let head = Vent { pressure: v.pressure, chemistry: &self.chemistry };
        let carries = head.carried(slurry, steam, leaves);
        slurry.matter.react(&EVOLVE, leaves);
        slurry.matter.react(&[(Species::Water, -1.0), (Species::Steam, 1.0)], carries);
        let gas = self
            .chemistry
            .parcel(&[(Species::CarbonDioxide, leaves), (Species::Steam, carries)], slurry.temperature);
        slurry.matter.subtract(&gas);
        let area = core::f64::consts::FRAC_PI_4 * self.settings.tanks.diameter * self.settings.tanks.diameter;
        let speed = (leaves + carries) / dt * GAS * slurry.temperature / v.pressure / area;
        self.tanks[tank].gas = speed / (speed + v.rise);
        gas
    }

    /// What runs over the weir, and the grains that it takes along.
    fn overflow(&mut self, tank: usize) -> (Matter, f64) {
        let t = &mut self.tanks[tank];
        let volume = t.slurry.volume();
        let keep = self.settings.tanks.volume * (1.0 - t.gas);
        let share = if volume > keep { 1.0 - keep / volume } else { 0.0 };
        let grains = t.grains * share;
        t.grains -= grains;
        (t.slurry.matter.take(share), grains)
    }
}

/// The feeds that the settings state, mol/s; worked out once. In a plant nobody feeds them, so they make no remarks.
fn feeds(settings: &Settings, c: &Chemistry) -> Vec<Matter> {
    let f = &settings.feed;
    let part = |species, share| (species, f.solids * share / c.molar_mass(species));
    let (calcium, magnesium) = (f.calcium, f.magnesium);
    let carbonate = part(Species::LithiumCarbonate, 1.0 - calcium - magnesium);
    let solids = carbonate.1;
    let acid = |ratio: f64| {
        let mut acid = Matter::default();
        let moles = solids * ratio;
        acid[Species::Acid] = moles;
        acid[Species::Chloride] = moles;
        let mass = moles * (c.molar_mass(Species::Acid) + c.molar_mass(Species::Chloride));
        acid[Species::Water] = mass * (1.0 / f.acid_strength - 1.0) / c.molar_mass(Species::Water);
        Slurry::at(&acid, f.temperature, c, &mut Notes::default()).matter
    };
    vec![
        c.parcel(
            &[
                carbonate,
                part(Species::CalciumCarbonate, calcium),
                part(Species::MagnesiumHydroxide, magnesium),
            ],
            f.temperature,
        ),
        acid(f.acid_coarse),
        acid(f.acid_trim),
        c.parcel(&[(Species::Water, f.water / c.molar_mass(Species::Water))], f.temperature),
    ]
}

impl UnitOperation for Dissolver {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 4] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let mut flow = Matter::default();
        for inlet in [SOLIDS, ACID_COARSE, WATER] {
            flow.add(&x.inlets[inlet]);
        }
        let mut grains = flow[Species::LithiumCarbonate];
        for tank in 0..TANKS {
            if tank == 1 {
                flow.add(&x.inlets[ACID_TRIM]);
            }
            let stirred = self.settings.tanks.still + (1.0 - self.settings.tanks.still) * orders[tank];
            let here = &mut self.tanks[tank];
            here.slurry.matter.add(&flow);
            here.grains += grains;
            let t = &self.settings.tanks;
            let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
            let coil = Coil { largest: t.coil, steam: t.steam, rated: OPEN_TANK };
            let joule = coil.warm(&here.slurry, orders[2 + tank] * 1e3, dt)
                + t.agitator * orders[tank] * gripped(stirrable(&here.slurry), t.volume) * dt;
            x.heat += wall.warm(&mut here.slurry, joule, dt);
            here.slurry.settle(&self.chemistry, &mut self.notes);
            let head = Vent { pressure: self.settings.venting.pressure, chemistry: &self.chemistry };
            head.boil(&mut here.slurry, &mut self.notes, &mut x.outlets[VENT]);
            self.dissolve(tank, stirred, dt);
            self.harden(tank, stirred, dt);
            let gas = self.vent(tank, stirred, dt);
            x.outlets[VENT].add(&gas);
            (flow, grains) = self.overflow(tank);
            self.tanks[tank].slurry.settle(&self.chemistry, &mut self.notes);
        }
        x.outlets[BRINE].add(&flow);
        self.brine = flow.mass(&self.chemistry) / dt;
        self.vent =
            x.outlets[VENT][Species::CarbonDioxide] * self.chemistry.molar_mass(Species::CarbonDioxide) / dt;
        self.vented += self.vent * dt;
    }

    fn read(&self, readings: &mut [f64]) {
        let area = core::f64::consts::FRAC_PI_4 * self.settings.tanks.diameter * self.settings.tanks.diameter;
        let c = &self.chemistry;
        let licl = c.molar_mass(Species::Lithium) + c.molar_mass(Species::Chloride);
        for (k, tank) in self.tanks.iter().enumerate() {
            let s = &tank.slurry;
            readings[k] = s.ph();
            readings[2 + k] = s.temperature - 273.15;
            let level = s.volume() / (area * (1.0 - tank.gas));
            readings[4 + k] = level.min(self.settings.tanks.height);
            readings[6 + k] = s.solids_per_volume(&self.chemistry);
        }
        let trim = &self.tanks[1].slurry;
        readings[8] = trim.concentration(Species::Chloride) * licl * 1e3;
        readings[9] = trim.density;
        readings[10] = self.brine * 3600.0;
        readings[11] = self.vent * 3600.0;
        readings[12] = self.dissolved;
        readings[13] = self.vented;
        let moles = self.vented / self.chemistry.molar_mass(Species::CarbonDioxide);
        let milligrams = |species| trim.concentration(species) * c.molar_mass(species) * 1e6;
        readings[14] = milligrams(Species::Calcium);
        readings[15] = milligrams(Species::Magnesium);
        readings[16] = trim.concentration(Species::Carbonate) * 1e3;
        readings[17] = ratio(moles * NORMAL_VOLUME, self.dissolved * 1e-3, 1e-6);
    }

    fn contents(&self, account: &mut Account) {
        for tank in &self.tanks {
            account.count(&tank.slurry.matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds.clone_from_slice(&self.feeds);
        duty.orders.copy_from_slice(&[1.0, 1.0, f.coil_coarse * 1e-3, f.coil_trim * 1e-3]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for tank in &mut self.tanks {
            tank.slurry.state(walk);
            walk.f64(&mut tank.grains);
            walk.f64(&mut tank.gas);
        }
        self.notes.state(walk);
        for value in [&mut self.brine, &mut self.vent, &mut self.dissolved, &mut self.vented] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "dissolver/tests.rs"]
mod tests;
