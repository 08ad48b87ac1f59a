//! One column of chelating resin (iminodiacetic, aminophosphonic) for calcium and magnesium out of lithium brine.
//!
//! ```text
//! eps dC/dt + u dC/dz = -dq/dt,   dq/dt = k (q* - q)       16 cells, upwind and LDF, both implicit (basis 2.2)
//! q*: mass action of H+, M+ and M2+ for the same sites     ion_exchange/bed.rs
//! dp = d u mu/mu_25 + f (dirt per area)                    dirt stays in the bed until it is backwashed
//! ```
//!
//! What comes in decides what happens: brine loads the resin, water displaces, HCl turns it to the H-form, LiOH to
//! the Li-form. The pH of every cell follows from the acid that the sites give or take, so an H-form bed makes
//! brine sour and takes no calcium. The resin counts as its cations less as much `Acid`; the H-form is nothing.
//! Sources: basis 2.2 (capacity, LDF, pH, flows, leakage); affinities are set so that a brine of 20 g/L Li with
//! 10 mg/L Ca loads 9 g/L at 20 ppb and 15 g/L at the end, and a brine of 300 g/L NaCl with 5 mg/L 13 and 20. The column has one temperature. Left out: swelling, sulfate and fluoride complexes,
//! Fe(III) and Al, kinetics of each ion, cracks and channels, heat of exchange beyond that of neutralisation.

mod bed;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::REFERENCE;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::density::{Makeup, water_viscosity};
use crate::solution::equilibria::{Speciation, Totals};
use crate::solution::{Notes, Remark, Slurry, dilution};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::heat_loss::Wall;

use bed::{CA, Cell, ION, IONS, LI, MG, Resin};

tables! {
    Column {
        /// Settled resin
        volume: "m3", 1e-5, 100.0;
        /// Inner diameter
        diameter: "m", 0.005, 5.0;
        /// Share of the bed that is liquid
        voidage: "", 0.2, 0.7;
        /// Heat capacity of resin and steel, per volume of resin
        metal: "kJ/(L K)", 0.1, 20.0;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Pressure drop of the clean bed at 10 m/h of water at 25 degC
        drop: "mbar", 0.1, 5000.0;
        /// Pressure drop that dirt adds at 10 m/h
        dirt: "mbar per kg/m2", 0.0, 1e4;
        /// Upward velocity that lifts the bed
        fluidise: "m/h", 0.5, 50.0;
        /// Time in which a lifted bed mixes and loses two thirds of its dirt
        backwash_time: "s", 1.0, 7200.0;
    }
    ResinTable {
        /// Total capacity, per volume of settled resin
        capacity: "mol/L", 0.1, 10.0;
        /// Linear driving force
        rate: "1/s", 1e-6, 1.0;
        /// Affinity of H+, against Li+ = 1
        proton: "", 1e3, 1e12;
        /// Share of the capacity that free chlorine destroys, per mol/L and hour
        chlorine: "", 0.0, 1e4;
    }
    Feed {
        /// Brine
        flow: "m3/h", 0.0, 1e4;
        /// Lithium in it, as chloride
        lithium: "g/L", 0.0, 90.0;
        /// Sodium in it, as chloride
        sodium: "g/L", 0.0, 125.0;
        /// Calcium in it
        calcium: "mg/L", 0.0, 5000.0;
        /// Magnesium in it
        magnesium: "mg/L", 0.0, 5000.0;
        /// Its pH
        ph: "pH", 1.0, 12.5;
        /// Of everything that comes
        temperature: "degC", 0.0, 95.0;
        /// Water
        water: "m3/h", 0.0, 1e4;
        /// Hydrochloric acid
        acid: "m3/h", 0.0, 1e4;
        /// HCl in it
        acid_strength: "wt%", 0.1, 20.0;
        /// LiOH solution
        lye: "m3/h", 0.0, 1e4;
        /// LiOH in it
        lye_strength: "wt%", 0.1, 11.0;
        /// Flow from below
        upflow: "", 0.0, 1.0, whole;
    }
    Start {
        /// Share of the sites in Li-form; the rest is H-form
        lithium: "", 0.0, 1.0;
        /// Share of the sites that calcium holds
        calcium: "", 0.0, 1.0;
    }
}

const CELLS: usize = 16;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    column: Column,
    resin: ResinTable,
    affinity: [f64; IONS],
    feed: Feed,
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            column: Column::read(r, "column"),
            resin: ResinTable::read(r, "resin"),
            affinity: ION.map(|(name, _)| r.described("affinity", name, "Against Li+ = 1", "", 1e-3, 1e9)),
            feed: Feed::read(r, "feed"),
            start: Start::read(r, "start"),
        }
    }
}

pub const FEED: usize = 0;
pub const OUTLET: usize = 0;

pub static SHAPE: Shape = Shape {
    name: "ion_exchange",
    text: "one column of chelating resin: Ca and Mg out of lithium brine, and its regeneration",
    inlets: &[Port { name: "feed", text: "brine, water, acid or lye: what the valves let in" }],
    outlets: &[Port { name: "outlet", text: "what leaves at the other end" }],
    orders: &[Order {
        name: "upflow",
        unit: "",
        low: 0.0,
        high: 1.0,
        text: "in from below, as in backwashing",
    }],
    readings: &[
        Reading { name: "Ca+Mg", unit: "ppb", text: "in the outlet" },
        Reading { name: "Ca", unit: "ppb", text: "in the outlet" },
        Reading { name: "Mg", unit: "ppb", text: "in the outlet" },
        Reading { name: "heavy", unit: "ppb", text: "Ni, Co, Mn, Cu in the outlet" },
        Reading { name: "pH", unit: "pH", text: "of the outlet" },
        Reading { name: "T", unit: "degC", text: "of the outlet" },
        Reading { name: "flow", unit: "m3/h", text: "" },
        Reading { name: "BV", unit: "1/h", text: "bed volumes per hour" },
        Reading { name: "dp", unit: "bar", text: "over the bed" },
        Reading { name: "loading", unit: "%", text: "sites that divalent ions hold" },
        Reading { name: "front", unit: "%", text: "the same, in the last sixteenth of the bed" },
        Reading { name: "Ca-held", unit: "g/L", text: "calcium per volume of resin" },
        Reading { name: "Mg-held", unit: "g/L", text: "magnesium per volume of resin" },
        Reading { name: "Li-form", unit: "%", text: "of the sites" },
        Reading { name: "H-form", unit: "%", text: "of the sites" },
        Reading { name: "capacity", unit: "%", text: "sites that chlorine has left" },
    ],
    step_max: 10.0,
};

#[derive(Clone, Debug)]
pub struct IonExchange {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    cells: Vec<Cell>,
    /// Solids that the bed has caught; amounts only.
    dirt: Matter,
    /// J of the whole column.
    energy: f64,
    /// K
    temperature: f64,
    /// What left in the last step.
    out: Slurry,
    /// Share of the sites that is left.
    sound: f64,
    /// m3/s and Pa of the last step.
    flow: f64,
    pressure: f64,
    /// One m3 of brine, water, acid, lye.
    recipes: [Matter; 4],
    notes: Notes,
}

impl IonExchange {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let recipes = recipes(f, &chemistry, &mut notes);
        let mut clean = recipes[0].clone();
        clean[Species::Chloride] -= 2.0 * (clean[Species::Calcium] + clean[Species::Magnesium]);
        clean[Species::Calcium] = 0.0;
        clean[Species::Magnesium] = 0.0;
        let out = Slurry::at(&clean, f.temperature, &chemistry, &mut notes);
        let mut made = Self {
            cells: vec![Cell::default(); CELLS],
            dirt: Matter::default(),
            energy: 0.0,
            temperature: f.temperature,
            sound: 1.0,
            // In service as the feed says, so that a flow loop finds it running.
            flow: f.flow,
            pressure: 0.0,
            recipes,
            notes,
            out,
            chemistry,
            settings,
        };
        let resin = made.resin(1.0);
        let calcium = made.settings.start.calcium;
        let lithium = made.settings.start.lithium.min(1.0 - calcium);
        for cell in &mut made.cells {
            cell.liquid = made.out.matter.part(resin.litres * 1e-3 / made.out.liquor);
            cell.liquid.enthalpy = 0.0;
            cell.held[LI] = lithium * resin.capacity;
            cell.held[CA] = 0.5 * calcium * resin.capacity;
            cell.proton = made.out.species.proton;
        }
        let (formed, capacity) = made.sums();
        made.energy = formed + capacity * (made.temperature - REFERENCE);
        made
    }

    /// What the cells share in a step of `dt`.
    fn resin(&self, dt: f64) -> Resin {
        let (c, r) = (&self.settings.column, &self.settings.resin);
        let litres = c.volume * 1e3 / CELLS as f64;
        Resin {
            proton: r.proton,
            affinity: self.settings.affinity,
            capacity: r.capacity * 1e-3 * litres * self.sound,
            way: -libm::expm1(-r.rate * dt),
            litres: litres * c.voidage,
        }
    }

    /// J at 25 degC and J/K of everything in the column.
    fn sums(&self) -> (f64, f64) {
        let resin = self.resin(1.0);
        let mut all = self.dirt.clone();
        let (mut more, mut capacity) = (0.0, 0.0);
        for cell in &self.cells {
            all.add(&cell.liquid);
            cell.count(&mut all);
            let totals = Totals::of(&cell.liquid, resin.litres * 1e-3);
            let species = Speciation::distribute(cell.proton, &totals, &self.out.equilibria);
            let (joule, per_kelvin) = species.extra(&self.chemistry.constants);
            more += joule * resin.litres + dilution::enthalpy(&cell.liquid, &self.chemistry);
            capacity += per_kelvin * resin.litres;
        }
        let (enthalpy, own) = self.chemistry.sums(&all);
        let metal = self.settings.column.metal * 1e6 * self.settings.column.volume;
        (enthalpy + more, (own + capacity).max(0.0) + metal)
    }

    /// Pushes `flow` (m3) with what it carries through the cells, each of which meets its resin before it hands on;
    /// returns what leaves.
    fn push(&mut self, inlet: &Matter, flow: f64, upflow: bool, resin: &Resin) -> Matter {
        let ratio = flow * 1e3 / resin.litres;
        let share = ratio / (1.0 + ratio);
        let during = Resin { litres: resin.litres * (1.0 + ratio), ..*resin };
        let mut moving = inlet.clone();
        for k in 0..CELLS {
            let cell = &mut self.cells[if upflow { CELLS - 1 - k } else { k }];
            cell.liquid.add(&moving);
            cell.exchange(&during, &self.out.equilibria, &mut self.notes);
            moving = cell.liquid.part(share);
            cell.liquid.subtract(&moving);
        }
        moving
    }

    /// A lifted bed mixes and gives its dirt away.
    fn lift(&mut self, dt: f64) -> Matter {
        let share = -libm::expm1(-dt / self.settings.column.backwash_time);
        for ion in 0..IONS {
            let mean = self.cells.iter().map(|cell| cell.held[ion]).sum::<f64>() / CELLS as f64;
            for cell in &mut self.cells {
                cell.held[ion] += (mean - cell.held[ion]) * share;
            }
        }
        self.dirt.take(share)
    }

    /// Parts per billion by mass in the outlet.
    fn ppb(&self, species: Species) -> f64 {
        let mass = self.out.matter.phase_mass(Phase::Aqueous, &self.chemistry).max(1e-12);
        1e9 * self.out.matter[species].max(0.0) * self.chemistry.molar_mass(species) / mass
    }

    /// Equivalents of `ion` in the whole bed.
    fn held(&self, ion: usize) -> f64 {
        self.cells.iter().map(|cell| cell.equivalents(ion)).sum()
    }
}

/// One m3 of brine, water, acid and lye.
fn recipes(f: &Feed, chemistry: &Chemistry, notes: &mut Notes) -> [Matter; 4] {
    let mut fill = |recipe: &Matter| Slurry::filled(recipe, 1.0, f.temperature, chemistry, notes);
    let mut brine = Matter::default();
    for (species, mass) in [
        (Species::Lithium, f.lithium),
        (Species::Sodium, f.sodium),
        (Species::Calcium, f.calcium * 1e-3),
        (Species::Magnesium, f.magnesium * 1e-3),
    ] {
        brine[species] = mass / chemistry.molar_mass(species);
        brine[Species::Chloride] += species.charge() * brine[species];
    }
    let mut liquor = fill(&brine);
    for _ in 0..3 {
        let acid = Speciation::acid_at(f.ph, &liquor.matter, liquor.liquor, &liquor.equilibria) * 1e3;
        brine[Species::Lithium] += (-acid).max(0.0) + brine[Species::Acid].min(0.0);
        brine[Species::Chloride] += acid.max(0.0) - brine[Species::Acid].max(0.0);
        brine[Species::Acid] = acid;
        liquor = fill(&brine);
    }
    let (w, a) = (f.lye_strength, f.acid_strength);
    let mut acid = Matter::default();
    acid[Species::Acid] = a * 1000.0 * (1.0 + 0.5 * a) / 36.46e-3;
    acid[Species::Chloride] = acid[Species::Acid];
    let mut lye = Matter::default();
    lye[Species::Lithium] = w * 1000.0 * (1.0 + w) / 23.95e-3;
    lye[Species::Acid] = -lye[Species::Lithium];
    [liquor.matter, fill(&Matter::default()).matter, fill(&acid).matter, fill(&lye).matter]
}

impl UnitOperation for IonExchange {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let (upflow, good) = SHAPE.hold(0, x.orders[0]);
        self.notes.check(Remark::BadInput, good);
        let upflow = upflow >= 0.5;
        let c = &self.settings.column;
        let area = 0.25 * core::f64::consts::PI * c.diameter * c.diameter;
        let wall = Wall { conductance: c.heat_loss, ambient: c.ambient };
        let loss = wall.heat(self.sums().1, self.temperature, 0.0, dt);
        x.heat += loss;
        let inlet = &x.inlets[FEED];
        self.energy += loss + inlet.enthalpy;
        let mut liquid = inlet.clone();
        liquid.enthalpy = 0.0;
        for k in self.chemistry.range(Phase::Solid) {
            self.dirt.amount[k] += core::mem::take(&mut liquid.amount[k]);
        }
        let makeup = Makeup::of(&liquid, &self.chemistry);
        let volume = makeup.mass / makeup.density(self.temperature, &mut Notes::default());
        self.flow = volume / dt;
        let velocity = self.flow / area;
        let thick = water_viscosity(self.temperature - 273.15) / water_viscosity(25.0);
        let dirt = self.dirt.mass(&self.chemistry).max(0.0) / area;
        // Both drops are those at 10 m/h.
        self.pressure = (c.drop * thick + c.dirt * 100.0 * dirt) * velocity * 360.0;
        let lifted = upflow && velocity * 3600.0 > c.fluidise;
        if lifted {
            self.pressure = self.pressure.min(c.drop);
        }
        let resin = self.resin(dt);
        let mut out = self.push(&liquid, volume, upflow, &resin);
        if lifted {
            out.add(&self.lift(dt));
        }
        let chlorine: f64 =
            self.cells.iter().map(|cell| cell.liquid[Species::HypochlorousAcid].max(0.0)).sum();
        let chlorine = chlorine / (resin.litres * CELLS as f64);
        self.sound *= libm::exp(-self.settings.resin.chlorine / 3600.0 * chlorine * dt);
        let (formed, capacity) = self.sums();
        let own = if volume > 1e-9 {
            self.out.become_at(&out, self.temperature, &self.chemistry, &mut self.notes);
            out = self.out.matter.clone();
            self.out.capacity
        } else {
            let (leaves, own) = self.chemistry.sums(&out);
            out.enthalpy = leaves + own * (self.temperature - REFERENCE);
            own
        }
        .max(0.0);
        // What leaves has the temperature of what stays: however much flows, the column follows it and no further.
        let rise = (self.energy - out.enthalpy - formed - capacity * (self.temperature - REFERENCE))
            / (capacity + own);
        let kelvin = self.temperature + rise;
        self.notes.check(Remark::Temperature, (253.15..=453.15).contains(&kelvin));
        self.temperature = kelvin.clamp(200.0, 1500.0);
        out.enthalpy += own * rise;
        self.energy -= out.enthalpy;
        x.outlets[OUTLET].add(&out);
    }

    fn read(&self, readings: &mut [f64]) {
        let s = &self.settings;
        let sites = self.resin(1.0).capacity * CELLS as f64;
        let last = &self.cells[CELLS - 1];
        let divalent: f64 = (CA..IONS).map(|ion| self.held(ion)).sum();
        let front: f64 = (CA..IONS).map(|ion| last.equivalents(ion)).sum();
        let monovalent: f64 = (LI..CA).map(|ion| self.held(ion)).sum();
        let percent = |equivalents: f64| 100.0 * equivalents / sites.max(1e-9);
        // mol/m3 of resin times kg/mol is g/L.
        let held =
            |ion: usize, species| 0.5 * self.held(ion) * self.chemistry.molar_mass(species) / s.column.volume;
        let (calcium, magnesium) = (self.ppb(Species::Calcium), self.ppb(Species::Magnesium));
        let heavy = [Species::Nickel, Species::Cobalt, Species::Manganese, Species::Copper];
        readings.copy_from_slice(&[
            calcium + magnesium,
            calcium,
            magnesium,
            heavy.iter().map(|species| self.ppb(*species)).sum(),
            self.out.ph(),
            self.temperature - 273.15,
            self.flow * 3600.0,
            self.flow * 3600.0 / s.column.volume,
            self.pressure * 1e-5,
            percent(divalent),
            percent(front * CELLS as f64),
            held(CA, Species::Calcium),
            held(MG, Species::Magnesium),
            percent(self.held(LI)),
            100.0 - percent(divalent + monovalent),
            100.0 * self.sound,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        let mut all = self.dirt.clone();
        for cell in &self.cells {
            all.add(&cell.liquid);
            cell.count(&mut all);
        }
        all.enthalpy = self.energy;
        account.count(&all, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[FEED] = Matter::default();
        for (recipe, flow) in self.recipes.iter().zip([f.flow, f.water, f.acid, f.lye]) {
            if flow > 0.0 {
                duty.feeds[FEED].add(&recipe.part(flow));
            }
        }
        duty.orders[0] = f.upflow;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for cell in &mut self.cells {
            cell.state(walk);
        }
        self.dirt.state(walk);
        self.out.state(walk);
        self.notes.state(walk);
        for value in
            [&mut self.energy, &mut self.temperature, &mut self.sound, &mut self.flow, &mut self.pressure]
        {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "ion_exchange/tests.rs"]
mod tests;
