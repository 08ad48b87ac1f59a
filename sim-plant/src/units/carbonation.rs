//! Li2CO3 precipitated from a lithium liquor with soda or CO2, in one or two stirred tanks with weirs.
//!
//! ```text
//! 2 Li+ + CO3-- <-> Li2CO3(s)        S^3 = [Li]^2 [CO3] / (4 s(T)^3 f (1 + k [SO4])),  G = k_g (S - 1)^g,  -k_d (1 - S) below
//! nuclei  k_b M_T (S - 1)^b  +  k_p exp(-A / ln^2 S) V
//! CO2(g) + 2 OH- -> CO3-- + H2O      k_L a E (K_H p - [CO2]),  E by Wellek from Hatta's number and k_OH [OH]
//! CO2 + CO3-- + H2O <-> 2 HCO3-      at equilibrium, so too much CO2 takes the product into solution again
//! ```
//!
//! `f` is the share of carbonate that stays free in saturated water, so that the product gives the table there.
//! Sources: basis 2.4 (concentration product with the table of Greil 2024, induction, growth, k_OH, sizes at 25 and
//! 60 degC), 6.3 (why no activity model stands in for it). Growth and absorption are implicit in their extents, because a
//! dense slurry relaxes, and a liquor near pH 10 is spent, within a step. The tanks are in `carbonation/tank.rs`, sizes in
//! `crystals.rs`. Left out: agglomerates and their breakage, mother liquor enclosed in crystals, LiNaCO3 and other
//! solids (what comes in as a solid goes through), scaling of the coils, foam.

mod tank;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{NORMAL_VOLUME, ZERO_CELSIUS};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::oversaturated::{Anion, note_oversaturated};
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation, parts};
use crate::units::brine::Brine;
use crate::units::crystals::Crystals;
use crate::units::haste::gas_capacity;
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, OPEN_TANK, gripped, stirrable};

use tank::Tank;

tables! {
    Tanks {
        /// How many in series, 1 or 2
        count: "", 1.0, 2.0, whole;
        /// Slurry with gas below the weir of each tank
        volume: "m3", 1e-4, 1000.0;
        /// Inner diameter of each tank
        diameter: "m", 0.03, 20.0;
        /// Heat loss of each tank
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Power of each agitator that ends as heat
        agitator: "kW", 0.0, 500.0;
        /// Largest duty of the coil of each tank
        coil: "kW", 0.0, 1e4;
        /// Saturated steam in the coils: its largest duty reaches a tank up to 100 degC, and nothing one as hot as the steam
        steam: "degC", 105.0, 250.0;
        /// Kinetics, gas transfer and lifted solids that remain when an agitator stands still
        still: "", 0.0, 1.0;
    }
    Gas {
        /// Film coefficient k_L of CO2 at the bubbles
        film: "m/s", 1e-6, 1e-2;
        /// Diameter of the bubbles
        bubble: "mm", 0.1, 50.0;
        /// Rise of the bubbles through the liquor
        rise: "m/s", 0.01, 1.0;
        /// Transfer to bubbles of its own when a liquor holds more CO2 than the pressure keeps in it
        effervescence: "1/s", 0.0, 10.0;
        /// Pressure over the tanks, absolute
        pressure: "bar", 0.5, 10.0;
    }
    Growth {
        /// Growth at S = 2 and 25 degC
        growth: "m/s", 0.0, 1e-4;
        /// Exponent g
        order: "", 0.5, 4.0;
        /// Activation energy of growth and dissolution
        activation: "kJ/mol", 0.0, 150.0;
        /// Dissolution in pure water at 25 degC
        dissolution: "m/s", 0.0, 1e-4;
        /// k_b: nuclei per s and kg of crystals at S = 2 and 25 degC
        secondary: "1/(kg s)", 0.0, 1e14;
        /// Exponent b
        secondary_order: "", 0.5, 4.0;
        /// Activation energy of k_b; below zero warmth lowers it
        secondary_activation: "kJ/mol", -100.0, 150.0;
        /// k_p: nuclei per s and m3 at an S without end
        primary: "1/(m3 s)", 0.0, 1e20;
        /// Barrier A of these nuclei
        barrier: "", 0.0, 100.0;
        /// Volume of a crystal per cube of its length
        shape: "", 0.1, 1.0;
        /// The solubility product rises by this per sulfate
        sulfate: "L/mol", 0.0, 10.0;
    }
    Feed {
        /// Lithium liquor to the first tank
        liquor: "m3/h", 0.0, 1000.0;
        /// Soda to the first tank, mol of carbonate per 2 mol of lithium in the liquor
        soda: "", 0.0, 5.0;
        /// Strength of the soda
        soda_strength: "mol/L", 0.05, 3.0;
        /// CO2 to the first tank
        co2_1: "kg/h", 0.0, 1e5;
        /// CO2 to the second tank
        co2_2: "kg/h", 0.0, 1e5;
        /// CO2 is throttled to hold this pH
        ph_end: "pH", 5.0, 14.0;
        /// Air or nitrogen with it, to each tank
        sweep: "kg/h", 0.0, 1e5;
        /// Water to the first tank
        water: "m3/h", 0.0, 1000.0;
        /// Temperature of liquor, soda and water
        temperature: "degC", 0.0, 100.0;
        /// The coils hold this temperature
        hold: "degC", 0.0, 100.0;
    }
    Start {
        /// Of the weir's volume, in each tank
        fill: "%", 1.0, 100.0;
        /// Temperature
        temperature: "degC", 0.0, 100.0;
        /// Li2CO3 in it
        solids: "g/L", 0.0, 800.0;
        /// Mass median of these crystals, and of all that come in with a stream
        size: "um", 0.5, 2000.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tanks: Tanks,
    gas: Gas,
    growth: Growth,
    feed: Feed,
    liquor: Brine,
    start: Start,
    /// The liquor in the tanks at the start.
    spent: Brine,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            tanks: Tanks::read(r, "tanks"),
            gas: Gas::read(r, "gas"),
            growth: Growth::read(r, "growth"),
            feed: Feed::read(r, "feed"),
            liquor: Brine::read(r, "liquor"),
            start: Start::read(r, "start"),
            spent: Brine::read(r, "spent"),
        }
    }
}

const TANKS: usize = 2;

pub const LIQUOR: usize = 0;
pub const SODA: usize = 1;
pub const WATER: usize = 2;
pub const RECYCLE: usize = 3;
pub const CO2_1: usize = 4;
pub const CO2_2: usize = 5;
pub const SLURRY: usize = 0;
pub const VENT: usize = 1;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub static SHAPE: Shape = Shape {
    name: "carbonation",
    text: "Li2CO3 precipitated from a lithium liquor with soda or CO2, one or two tanks",
    inlets: &[
        Port { name: "liquor", text: "lithium liquor to the first tank" },
        Port { name: "soda", text: "Na2CO3 liquor to the first tank" },
        Port { name: "water", text: "water to the first tank" },
        Port { name: "recycle", text: "seed slurry or mother liquor to the first tank" },
        Port { name: "CO2-1", text: "gas under the agitator of the first tank" },
        Port { name: "CO2-2", text: "gas under the agitator of the second tank" },
    ],
    outlets: &[
        Port { name: "slurry", text: "over the weir of the last tank, to the centrifuge" },
        Port { name: "vent", text: "gas that was not absorbed, with its steam" },
    ],
    orders: &[
        Order { name: "agitator-1", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "agitator-2", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order {
            name: "heating-1",
            unit: "kW",
            low: -1e4,
            high: 1e4,
            text: "duty of the coil; below zero it cools",
        },
        Order {
            name: "heating-2",
            unit: "kW",
            low: -1e4,
            high: 1e4,
            text: "duty of the coil; below zero it cools",
        },
    ],
    readings: &[
        reading("pH-1", "pH", "first tank"),
        reading("pH-2", "pH", "last tank"),
        reading("T-1", "degC", "first tank"),
        reading("T-2", "degC", "last tank"),
        reading("level-1", "%", "of the weir's height, with the gas in it, first tank"),
        reading("level-2", "%", "of the weir's height, with the gas in it, last tank"),
        reading("solids-1", "g/L", "first tank"),
        reading("solids-2", "g/L", "last tank"),
        reading("d50-1", "um", "mass median of the crystals, first tank"),
        reading("d50-2", "um", "mass median of the crystals, last tank"),
        reading("CV-2", "", "coefficient of variation of their mass by size, last tank"),
        reading("S-1", "", "supersaturation, 1 is saturated, first tank"),
        reading("S-2", "", "supersaturation, 1 is saturated, last tank"),
        reading("Li-1", "g/L", "dissolved, first tank"),
        reading("Li", "g/L", "dissolved, last tank"),
        reading("Na", "g/L", "dissolved, last tank"),
        reading("CO3", "g/L", "all dissolved carbonate as CO3, last tank"),
        reading("HCO3", "g/L", "of it bicarbonate as HCO3, last tank"),
        reading("density", "kg/m3", "slurry of the last tank"),
        reading("recovery", "%", "of the lithium in the last tank that is solid"),
        reading("slurry", "m3/h", "over the weir"),
        reading("product", "kg/h", "Li2CO3 over the weir as solid"),
        reading("CO2-absorbed", "kg/h", "in all tanks; below zero what is driven off"),
        reading("vent", "Nm3/h", "gas that leaves, with its steam"),
        reading("vent-CO2", "%vol", "in the dry gas that leaves"),
    ],
    step_max: 4.0,
};

/// What was last seen leaving, per second.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    /// m3/s, kg/s
    slurry: f64,
    product: f64,
    /// mol/s
    absorbed: f64,
    vent: f64,
    vent_dry: f64,
    vent_co2: f64,
}

#[derive(Clone, Debug)]
pub struct Carbonation {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    tanks: [Tank; TANKS],
    count: usize,
    feeds: Vec<Matter>,
    seen: Seen,
    notes: Notes,
}

impl Carbonation {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let s = &settings.start;
        let volume = settings.tanks.volume * s.fill;
        let mut recipe = settings.spent.solutes(volume, &chemistry);
        recipe[Species::LithiumCarbonate] =
            s.solids * volume / chemistry.molar_mass(Species::LithiumCarbonate);
        let slurry = Slurry::filled(&recipe, volume, s.temperature, &chemistry, &mut notes);
        let crystals = settings.crystals(&slurry.matter, &chemistry);
        let tank = Tank::new(slurry, crystals);
        let count = (settings.tanks.count.round() as usize).clamp(1, TANKS);
        let feeds = feeds(&settings, &chemistry, &mut notes);
        let mut tanks = [tank.clone(), tank];
        for tank in &mut tanks {
            tank.supersaturation = tank.supersaturated(&settings, &chemistry, &mut notes);
        }
        Self { settings, chemistry, tanks, count, feeds, seen: Seen::default(), notes }
    }
}

impl Settings {
    /// The crystals in a stream.
    fn crystals(&self, matter: &Matter, chemistry: &Chemistry) -> Crystals {
        let volume = chemistry.volume[Species::LithiumCarbonate.index()];
        let third = matter[Species::LithiumCarbonate].max(0.0) * volume / self.growth.shape;
        Crystals::mixed(third, self.start.size)
    }
}

/// The feeds that the settings state, mol/s and W; worked out once.
fn feeds(settings: &Settings, c: &Chemistry, notes: &mut Notes) -> Vec<Matter> {
    let f = &settings.feed;
    let mut feeds = vec![Matter::default(); SHAPE.inlets.len()];
    let cubic = Slurry::filled(&settings.liquor.solutes(1.0, c), 1.0, f.temperature, c, notes).matter;
    feeds[LIQUOR] = cubic.part(f.liquor);
    let mut soda = Matter::default();
    soda[Species::Sodium] = 2.0 * f.soda_strength;
    soda[Species::Carbonate] = f.soda_strength;
    let flow = 0.5 * feeds[LIQUOR][Species::Lithium] * f.soda / f.soda_strength;
    feeds[SODA] = Slurry::filled(&soda, 1.0, f.temperature, c, notes).matter.part(flow);
    let water = Slurry::filled(&Matter::default(), 1.0, f.temperature, c, notes).matter;
    feeds[WATER] = water.part(f.water);
    for (inlet, co2) in [(CO2_1, f.co2_1), (CO2_2, f.co2_2)] {
        let amounts = [(Species::CarbonDioxide, co2 / c.molar_mass(Species::CarbonDioxide))];
        feeds[inlet] = c.parcel(&amounts, settings.tanks.ambient);
    }
    feeds
}

impl UnitOperation for Carbonation {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// Liquor against what the tanks hold, and the heat of the gas with its steam and its CO2 against what they can take.
    fn parts(&self, inlets: &[Matter], _orders: &[f64], _dt: f64) -> u32 {
        // One without a drop has nothing that could change.
        let tanks = || self.tanks[..self.count].iter().filter(|tank| tank.slurry.liquor > 1e-6);
        let held = |of: fn(&Tank) -> f64| tanks().map(of).fold(f64::INFINITY, f64::min);
        let water: f64 = inlets.iter().map(|inlet| inlet[Species::Water].max(0.0)).sum();
        let warmest = tanks().map(|tank| tank.slurry.temperature).fold(0.0, f64::max);
        let gas: f64 = inlets.iter().map(|inlet| gas_capacity(inlet, warmest, &self.chemistry)).sum();
        let liquor = parts(water, held(|tank| tank.slurry.matter[Species::Water].max(0.0)));
        liquor.max(parts(gas, held(|tank| tank.slurry.capacity.max(0.0))))
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 2 * TANKS] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let (s, c, notes) = (&self.settings, &*self.chemistry, &mut self.notes);
        let t = &s.tanks;
        let mut flow = x.inlets[LIQUOR].clone();
        for inlet in [SODA, WATER, RECYCLE] {
            flow.add(&x.inlets[inlet]);
        }
        let mut crystals = s.crystals(&flow, c);
        self.seen = Seen::default();
        for k in 0..self.count {
            let stirred = t.still + (1.0 - t.still) * orders[k];
            let here = &mut self.tanks[k];
            flow.add(&x.inlets[CO2_1 + k]);
            crystals.add(&s.crystals(&x.inlets[CO2_1 + k], c));
            here.take_in(&flow, &crystals);
            let coil = Coil { largest: t.coil, steam: t.steam, rated: OPEN_TANK };
            let joule = coil.warm(&here.slurry, orders[TANKS + k] * 1e3, dt)
                + t.agitator * orders[k] * gripped(stirrable(&here.slurry), t.volume) * dt;
            let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
            x.heat += wall.warm(&mut here.slurry, joule, dt);
            here.slurry.respeciate(notes);
            let gas = here.bubble(s, c, stirred, dt, notes);
            here.crystallise(s, c, stirred, dt, notes);
            here.slurry.settle(c, notes);
            note_oversaturated(&here.slurry, Some((Species::Lithium, Anion::Carbonate)), c, notes);
            self.seen.count_gas(&gas, here.absorbed, c, dt);
            x.outlets[VENT].add(&gas);
            let volume = here.slurry.volume();
            (flow, crystals) = here.overflow(t.volume, stirred, c, notes);
            self.seen.slurry = (volume - here.slurry.volume()) / dt;
        }
        // What is sent to a tank that does not exist goes through: nothing is lost.
        for k in self.count..TANKS {
            x.outlets[VENT].add(&x.inlets[CO2_1 + k]);
        }
        self.seen.product = flow[Species::LithiumCarbonate] * c.molar_mass(Species::LithiumCarbonate) / dt;
        x.outlets[SLURRY].add(&flow);
    }

    fn read(&self, readings: &mut [f64]) {
        let c = &self.chemistry;
        let (first, last) = (&self.tanks[0], &self.tanks[self.count - 1]);
        let weir = self.settings.tanks.volume;
        for (k, tank) in [first, last].into_iter().enumerate() {
            let s = &tank.slurry;
            readings[k] = s.ph();
            readings[2 + k] = s.temperature - ZERO_CELSIUS;
            readings[4 + k] = 100.0 * s.volume() / (1.0 - tank.gas) / weir;
            readings[6 + k] = s.solids_per_volume(c);
            readings[8 + k] = tank.crystals.size().0 * 1e6;
            readings[11 + k] = tank.supersaturation;
        }
        readings[10] = last.crystals.size().1;
        let s = &last.slurry;
        let bicarbonate = c.molar_mass(Species::Carbonate) + c.molar_mass(Species::Acid);
        let solid = 2.0 * s.matter[Species::LithiumCarbonate];
        let lithium = (solid + s.matter[Species::Lithium]).max(1e-12);
        let seen = &self.seen;
        readings[13..].copy_from_slice(&[
            first.slurry.grams_per_litre(Species::Lithium, c),
            s.grams_per_litre(Species::Lithium, c),
            s.grams_per_litre(Species::Sodium, c),
            s.grams_per_litre(Species::Carbonate, c),
            s.species.bicarbonate * bicarbonate * 1e3,
            s.matter.mass(c) / s.volume().max(1e-9),
            100.0 * solid / lithium,
            seen.slurry * 3600.0,
            seen.product * 3600.0,
            seen.absorbed * c.molar_mass(Species::CarbonDioxide) * 3600.0,
            seen.vent * NORMAL_VOLUME * 3600.0,
            if seen.vent_dry > 1e-12 { 100.0 * seen.vent_co2 / seen.vent_dry } else { 0.0 },
        ]);
    }

    fn contents(&self, account: &mut Account) {
        for tank in &self.tanks[..self.count] {
            account.count(&tank.slurry.matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Ratios and constant flows; CO2 is throttled over 0.3 pH above the end point, the coils hold the temperature.
    fn duty(&self, duty: &mut Duty) {
        let (f, t) = (&self.settings.feed, &self.settings.tanks);
        duty.feeds.clone_from_slice(&self.feeds);
        let nitrogen = f.sweep / self.chemistry.molar_mass(Species::Nitrogen);
        let sweep = self.chemistry.parcel(&[(Species::Nitrogen, nitrogen)], t.ambient);
        for (k, tank) in self.tanks.iter().enumerate() {
            let slurry = &tank.slurry;
            let open = ((slurry.ph() - f.ph_end) / 0.3).clamp(0.0, 1.0);
            duty.feeds[CO2_1 + k] = self.feeds[CO2_1 + k].part(open);
            duty.feeds[CO2_1 + k].add(&sweep);
            duty.orders[k] = 1.0;
            let heat = slurry.capacity * (f.hold - slurry.temperature) / 20.0;
            let loss = t.heat_loss * (slurry.temperature - t.ambient);
            duty.orders[TANKS + k] = (heat + loss).clamp(-t.coil, t.coil) * 1e-3;
        }
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for tank in &mut self.tanks {
            tank.state(walk);
        }
        let s = &mut self.seen;
        for value in
            [&mut s.slurry, &mut s.product, &mut s.absorbed, &mut s.vent, &mut s.vent_dry, &mut s.vent_co2]
        {
            walk.f64(value);
        }
        self.notes.state(walk);
    }
}

impl Seen {
    fn count_gas(&mut self, gas: &Matter, absorbed: f64, chemistry: &Chemistry, dt: f64) {
        let moles = gas.phase_moles(crate::species::Phase::Gas, chemistry);
        self.absorbed += absorbed / dt;
        self.vent += moles / dt;
        self.vent_dry += (moles - gas[Species::Steam]) / dt;
        self.vent_co2 += gas[Species::CarbonDioxide] / dt;
    }
}

#[cfg(test)]
mod tests;
