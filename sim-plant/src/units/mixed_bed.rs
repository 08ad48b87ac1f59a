//! A mixed bed of strong cation and anion resin: salts out of water, down to what water conducts by itself.
//!
//! ```text
//! M(z+) + z RH  -> R M + z H+        A(z-) + z ROH -> R A + z OH-        H+ + OH- -> H2O
//! per cell    taken = c (1 - e^(-N free)),   N = transfer units of the cell at this flow,  free = sites that are left
//! CO2, HCO3-  take one site as HCO3-, silica one as HSiO3-
//! ```
//!
//! Eight cells in a row: the front wanders down, and behind it the bed is full; what is left of the driving force at
//! the outlet end is the leakage, and it rises days before the bed is spent. Acid regenerates cation sites, lye anion
//! sites, each to a share that falls with what is left to regenerate; both leave by `waste`. A bed that was regenerated
//! has to be mixed with air (`mix`) before it polishes again. Sources: capacities of makers' sheets; the approach to equilibrium
//! with free sites is a linear driving force. Left out: selectivity between ions (chromatographic peaks), temperature,
//! fouling by iron and organics, resin lost, dp.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::solutes::{SOLUTES, molar_mass};
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};

use super::water::conductivity;

tables! {
    Bed {
        /// Cation resin
        cation: "L", 0.1, 1e5;
        /// Anion resin
        anion: "L", 0.1, 1e5;
        /// Sites of the cation resin
        cation_capacity: "eq/L", 0.1, 3.0;
        /// Sites of the anion resin
        anion_capacity: "eq/L", 0.1, 3.0;
        /// Transfer units of the fresh bed at the design flow
        transfer: "", 1.0, 200.0;
        /// Design flow
        design: "m3/h", 1e-3, 1e4;
        /// Share that passes the bed untouched
        channels: "", 0.0, 0.1;
        /// Equivalents of chemical per equivalent of sites at which two thirds are free
        excess: "", 0.5, 10.0;
        /// Air mixes the bed within
        mixing: "min", 1.0, 60.0;
    }
    Start {
        /// Sites that are taken at the start
        spent: "%", 0.0, 100.0;
        /// Mixed at the start
        mixed: "", 0.0, 1.0;
    }
    Feed {
        /// Water
        flow: "m3/h", 0.0, 1e4;
        /// and its temperature
        temperature: "degC", 1.0, 60.0;
        /// HCl of 5 %
        acid: "L/h", 0.0, 1e5;
        /// NaOH of 4 %
        lye: "L/h", 0.0, 1e5;
        /// Air mixes
        mix: "", 0.0, 1.0, whole;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    bed: Bed,
    start: Start,
    feed: Feed,
    strength: [f64; SOLUTES.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            bed: Bed::read(r, "bed"),
            start: Start::read(r, "start"),
            feed: Feed::read(r, "feed"),
            strength: SOLUTES
                .map(|(name, _)| r.described("strength", name, "In the feed", "mg/L", 0.0, 5000.0)),
        }
    }
}

pub const WATER: usize = 0;
pub const WASTE: usize = 1;

const FEED: usize = 0;
const ACID: usize = 1;
const LYE: usize = 2;
const MIX: usize = 0;

pub static SHAPE: Shape = Shape {
    name: "mixed_bed",
    text: "mixed-bed ion exchanger for demineralised water",
    inlets: &[
        Port { name: "feed", text: "water" },
        Port { name: "acid", text: "regenerates the cation resin" },
        Port { name: "lye", text: "regenerates the anion resin" },
    ],
    outlets: &[
        Port { name: "water", text: "what the feed became" },
        Port { name: "waste", text: "what acid and lye became" },
    ],
    orders: &[Order { name: "mix", unit: "", low: 0.0, high: 1.0, text: "air mixes the resins" }],
    readings: &[
        reading("conductivity", "uS/cm", "of the water, at 25 degC"),
        reading("conductivity-feed", "uS/cm", "of the feed, at 25 degC"),
        reading("pH", "pH", "of the water"),
        reading("silica", "ug/L", "of the water"),
        reading("Na", "ug/L", "of the water"),
        reading("flow", "m3/h", "of the water"),
        reading("T", "degC", "of the water"),
        reading("cation-spent", "%", "cation sites that are taken"),
        reading("anion-spent", "%", "anion sites that are taken"),
        reading("left", "m3", "of such a feed until the first of the resins is spent"),
        reading("mixed", "%", "of the bed"),
        reading("waste-pH", "pH", "of what acid and lye became"),
    ],
    step_max: 5.0,
};

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub const CELLS: usize = 8;
/// What the cation resin takes, with the protons that it gives back.
const CATIONS: [(Species, f64); 6] = [
    (Species::Calcium, 2.0),
    (Species::Magnesium, 2.0),
    (Species::Potassium, 1.0),
    (Species::Sodium, 1.0),
    (Species::Lithium, 1.0),
    (Species::Ferrous, 2.0),
];
/// What the anion resin takes; carbonate as bicarbonate, silica as it is: one site each.
const ANIONS: [(Species, f64); 5] = [
    (Species::Sulfate, 2.0),
    (Species::Chloride, 1.0),
    (Species::Fluoride, 1.0),
    (Species::Carbonate, 1.0),
    (Species::Silica, 1.0),
];

/// mol of each ion on the resin of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cell {
    cations: [f64; CATIONS.len()],
    anions: [f64; ANIONS.len()],
}

impl Cell {
    fn taken(&self) -> (f64, f64) {
        let sum = |amounts: &[f64], rows: &[(Species, f64)]| {
            amounts.iter().zip(rows).map(|(amount, (_, sites))| amount * sites).sum::<f64>()
        };
        (sum(&self.cations, &CATIONS), sum(&self.anions, &ANIONS))
    }
}

/// What an ion leaves in the water when `amount` of it goes onto the resin: protons, or hydroxide.
fn exchange(water: &mut Matter, resin: &mut Matter, moved: &[(Species, f64)], amount: f64, at: Heat<'_>) {
    for &(species, number) in moved {
        let moles = number * amount;
        let energy = moles * at.chemistry.molar_enthalpy(species, at.kelvin);
        water[species] += moles;
        water.enthalpy += energy;
        resin[species] -= moles;
        resin.enthalpy -= energy;
    }
}

#[derive(Clone, Copy)]
struct Heat<'a> {
    chemistry: &'a Chemistry,
    kelvin: f64,
}

/// The row of numbers by which the water changes when one mol of a cation is taken.
fn cation_row(k: usize) -> [(Species, f64); 2] {
    [(CATIONS[k].0, -1.0), (Species::Acid, CATIONS[k].1)]
}

/// and of an anion. Bicarbonate goes with its proton; silica leaves its site's hydroxide there.
fn anion_row(k: usize) -> [(Species, f64); 3] {
    let (species, sites) = ANIONS[k];
    match species {
        Species::Carbonate => [(species, -1.0), (Species::Acid, -2.0), (Species::Water, 1.0)],
        Species::Silica => [(species, -1.0), (Species::Acid, 0.0), (Species::Water, 0.0)],
        _ => [(species, -1.0), (Species::Acid, -sites), (Species::Water, sites)],
    }
}

#[derive(Clone, Debug)]
pub struct MixedBed {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    cells: [Cell; CELLS],
    /// What the resins hold against their fresh form; its enthalpy is that of what went on to them.
    resin: Matter,
    mixed: f64,
    /// m3/s, and equivalents per m3 of feed.
    flow: f64,
    cation_load: f64,
    anion_load: f64,
    water: Slurry,
    feed: Slurry,
    waste: Slurry,
    /// One m3 of feed, of acid, of lye.
    recipes: [Matter; 3],
    notes: Notes,
}

impl MixedBed {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let mut recipe = Matter::default();
        for ((_, solute), strength) in SOLUTES.iter().zip(&settings.strength) {
            recipe.react(solute, strength * 1e-3 / molar_mass(solute, &chemistry));
        }
        let kelvin = settings.feed.temperature;
        let made = |name: &str, grams: f64, notes: &mut Notes| {
            let mut recipe = Matter::default();
            if let Some((_, solute)) = SOLUTES.iter().find(|(known, _)| *known == name) {
                recipe.react(solute, grams / molar_mass(solute, &chemistry));
            }
            Slurry::filled(&recipe, 1.0, kelvin, &chemistry, notes)
        };
        let feed = Slurry::filled(&recipe, 1.0, kelvin, &chemistry, &mut notes);
        // 5 % of HCl and 4 % of NaOH.
        let (acid, lye) = (made("HCl", 51.2, &mut notes), made("NaOH", 41.7, &mut notes));
        let pure = made("", 0.0, &mut notes);
        let recipes = [feed.matter.clone(), acid.matter, lye.matter];
        let mut unit = Self {
            cells: [Cell::default(); CELLS],
            resin: Matter::default(),
            mixed: settings.start.mixed,
            flow: 0.0,
            cation_load: 0.0,
            anion_load: 0.0,
            water: pure.clone(),
            waste: pure,
            feed,
            recipes,
            notes,
            chemistry,
            settings,
        };
        unit.spend(unit.settings.start.spent, kelvin);
        unit
    }

    /// Sites of one cell, eq.
    fn sites(&self) -> (f64, f64) {
        let b = &self.settings.bed;
        let cells = CELLS as f64;
        // The table keeps eq/L as it is; the resins are m3.
        (b.cation * 1e3 * b.cation_capacity / cells, b.anion * 1e3 * b.anion_capacity / cells)
    }

    /// A bed whose inlet end is full of sodium and chloride up to `share` of all sites.
    fn spend(&mut self, share: f64, kelvin: f64) {
        let (cations, anions) = self.sites();
        let heat = Heat { chemistry: &self.chemistry, kelvin };
        let mut nothing = Matter::default();
        for (index, cell) in self.cells.iter_mut().enumerate() {
            let full = (share * CELLS as f64 - index as f64).clamp(0.0, 1.0);
            let sodium = CATIONS.iter().position(|(species, _)| *species == Species::Sodium);
            let chloride = ANIONS.iter().position(|(species, _)| *species == Species::Chloride);
            if let (Some(sodium), Some(chloride)) = (sodium, chloride) {
                cell.cations[sodium] = full * cations;
                cell.anions[chloride] = full * anions;
                exchange(&mut nothing, &mut self.resin, &cation_row(sodium), full * cations, heat);
                exchange(&mut nothing, &mut self.resin, &anion_row(chloride), full * anions, heat);
            }
        }
    }

    /// Water goes down through the cells.
    fn polish(&mut self, water: &mut Matter, kelvin: f64, dt: f64) {
        let b = &self.settings.bed;
        let speed = (self.flow / b.design.max(1e-12)).max(1e-3);
        // A bed that lies in layers gives the anions no acid-free water: it does half of its work.
        let units = b.transfer / CELLS as f64 / libm::sqrt(speed) * (0.5 + 0.5 * self.mixed);
        let (cations, anions) = self.sites();
        let heat = Heat { chemistry: &self.chemistry, kelvin };
        let mut passing = water.take(1.0 - b.channels);
        let per = (self.flow * dt).max(1e-12);
        let load = |rows: &[(Species, f64)], water: &Matter| {
            rows.iter().map(|(species, sites)| water[*species].max(0.0) * sites).sum::<f64>() / per
        };
        self.cation_load = load(&CATIONS, &passing);
        self.anion_load = load(&ANIONS, &passing);
        for cell in &mut self.cells {
            let (cation, anion) = cell.taken();
            let free = |taken: f64, sites: f64| (1.0 - taken / sites.max(1e-12)).clamp(0.0, 1.0);
            let share = |free: f64| -libm::expm1(-units * free);
            let taken = share(free(cation, cations));
            let room = (cations - cation).max(0.0);
            let wanted: f64 = CATIONS.iter().map(|(s, z)| passing[*s].max(0.0) * z).sum::<f64>() * taken;
            let taken = taken * (room / wanted.max(1e-30)).min(1.0);
            for (k, (species, _)) in CATIONS.iter().enumerate() {
                let amount = passing[*species].max(0.0) * taken;
                exchange(&mut passing, &mut self.resin, &cation_row(k), amount, heat);
                cell.cations[k] += amount;
            }
            let taken = share(free(anion, anions));
            let room = (anions - anion).max(0.0);
            let wanted: f64 = ANIONS.iter().map(|(s, z)| passing[*s].max(0.0) * z).sum::<f64>() * taken;
            let taken = taken * (room / wanted.max(1e-30)).min(1.0);
            for (k, (species, _)) in ANIONS.iter().enumerate() {
                let amount = passing[*species].max(0.0) * taken;
                exchange(&mut passing, &mut self.resin, &anion_row(k), amount, heat);
                cell.anions[k] += amount;
            }
        }
        water.add(&passing);
    }

    /// Acid or lye through the whole bed: `strength` mol of H+ (or OH-).
    fn regenerate(&mut self, liquor: &mut Matter, strength: f64, kelvin: f64, acid: bool) {
        let (cations, anions) = self.sites();
        let all = CELLS as f64 * if acid { cations } else { anions };
        let held: f64 = self.cells.iter().map(|c| if acid { c.taken().0 } else { c.taken().1 }).sum();
        if held <= 0.0 || strength <= 0.0 {
            return;
        }
        // The less there is left, the more chemical it takes for it.
        let share = -libm::expm1(-strength / (self.settings.bed.excess * all));
        let share = share.min(strength / held).min(1.0);
        let heat = Heat { chemistry: &self.chemistry, kelvin };
        for cell in &mut self.cells {
            let rows = if acid { CATIONS.len() } else { ANIONS.len() };
            for k in 0..rows {
                let amount = if acid { &mut cell.cations[k] } else { &mut cell.anions[k] };
                let freed = *amount * share;
                *amount -= freed;
                if acid {
                    exchange(liquor, &mut self.resin, &cation_row(k), -freed, heat);
                } else {
                    exchange(liquor, &mut self.resin, &anion_row(k), -freed, heat);
                }
            }
        }
        self.mixed = 0.0;
    }

    /// K of what comes in, by the ledger; the last one where nothing comes.
    fn kelvin(matter: &Matter, was: f64, chemistry: &Chemistry, notes: &mut Notes) -> f64 {
        if matter[Species::Water] <= 1e-9 {
            return was;
        }
        let mut slurry = Slurry { matter: matter.clone(), temperature: was, ..Slurry::default() };
        slurry.settle(chemistry, notes);
        slurry.temperature.clamp(263.15, 373.15)
    }

    fn spent(&self) -> (f64, f64) {
        let (cations, anions) = self.sites();
        let (mut cation, mut anion) = (0.0, 0.0);
        for cell in &self.cells {
            let (c, a) = cell.taken();
            cation += c;
            anion += a;
        }
        (cation / (cations * CELLS as f64), anion / (anions * CELLS as f64))
    }

    /// Net acid of a regenerant: what is not balanced by weak anions counts.
    fn strength(liquor: &Matter, acid: bool) -> f64 {
        let net = liquor[Species::Acid] - 2.0 * liquor[Species::Carbonate];
        if acid { net.max(0.0) } else { (-liquor[Species::Acid]).max(0.0) }
    }
}

impl UnitOperation for MixedBed {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let c = self.chemistry.clone();
        let mut water = x.inlets[FEED].clone();
        self.flow = water.mass(&c) / 998.0 / dt;
        if water[Species::Water] > 1e-9 {
            let kelvin = Self::kelvin(&water, self.water.temperature.max(273.15), &c, &mut self.notes);
            self.feed.become_at(&water, kelvin, &c, &mut self.notes);
            self.polish(&mut water, kelvin, dt);
            self.water.become_at(&water, kelvin, &c, &mut self.notes);
        }
        x.outlets[WATER].add(&water);
        for (inlet, acid) in [(ACID, true), (LYE, false)] {
            let mut liquor = x.inlets[inlet].clone();
            if liquor[Species::Water] > 1e-9 {
                let kelvin = Self::kelvin(&liquor, 293.15, &c, &mut self.notes);
                let strength = Self::strength(&liquor, acid);
                self.notes.check(Remark::BadInput, strength > 0.0);
                self.regenerate(&mut liquor, strength, kelvin, acid);
                self.waste.become_at(&liquor, kelvin, &c, &mut self.notes);
            }
            x.outlets[WASTE].add(&liquor);
        }
        if x.orders[MIX] >= 0.5 {
            self.mixed += (1.0 - self.mixed) * -libm::expm1(-dt / self.settings.bed.mixing);
        }
    }

    fn read(&self, readings: &mut [f64]) {
        let (cation, anion) = self.spent();
        let (cations, anions) = self.sites();
        let micrograms = |species| self.water.grams_per_litre(species, &self.chemistry) * 1e6;
        let cells = CELLS as f64;
        let cation_left = (1.0 - cation) * cations * cells / self.cation_load.max(1e-3);
        let anion_left = (1.0 - anion) * anions * cells / self.anion_load.max(1e-3);
        readings.copy_from_slice(&[
            conductivity(&self.water) * 1e4,
            conductivity(&self.feed) * 1e4,
            self.water.ph(),
            micrograms(Species::Silica),
            micrograms(Species::Sodium),
            self.flow * 3600.0,
            self.water.temperature - 273.15,
            100.0 * cation,
            100.0 * anion,
            cation_left.min(anion_left).min(1e6),
            100.0 * self.mixed,
            self.waste.ph(),
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.resin, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        for (feed, (recipe, flow)) in
            duty.feeds.iter_mut().zip(self.recipes.iter().zip([f.flow, f.acid, f.lye]))
        {
            *feed = recipe.part(flow);
        }
        duty.orders[MIX] = f.mix;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.resin.state(walk);
        self.water.state(walk);
        self.feed.state(walk);
        self.waste.state(walk);
        self.notes.state(walk);
        for cell in &mut self.cells {
            for amount in cell.cations.iter_mut().chain(&mut cell.anions) {
                walk.f64(amount);
            }
        }
        for value in [&mut self.mixed, &mut self.flow, &mut self.cation_load, &mut self.anion_load] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "mixed_bed/tests.rs"]
mod tests;
