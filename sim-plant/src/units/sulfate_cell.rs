//! Electrolysis of lithium sulfate: two or three compartments, lumped over the cells of one string.
//!
//! ```text
//! anode    H2O -> 1/2 O2 + 2 H+ + 2 e-        cathode  2 H2O + 2 e- -> H2 + 2 OH-
//! cation membrane   t_Li + t_Na + t_H + t_OH = 1,   eta = 1 - t_H - t_OH
//!   t_H = r x/(1 + (r-1) x),  x = [H+]/([H+] + [Li+] + [Na+]) where the membrane drinks
//!   t_OH = a [OH-]^p (j_ref/j)^q,   water with the cations: w0 + w1 ([OH-] - 2.5)
//! anion membrane (3 compartments)   t_SO4 + t_H' = 1,   t_H' = b [H2SO4]^p' (j_ref/j)^q
//! films    c at a membrane's face = c - j (t_membrane - t_liquor)/(z F k),  of Li+ and Na+ at the one, of SO4-- at the other;
//!          t_liquor by what each salt and acid of the liquor conducts, and its ions of that: acid takes it from the alkali.
//!          the limiting current F k c/(t_m - t): what does not arrive, H+ and OH- of split water carry
//! heat     U A dT through each membrane with its two films, exponential in the step
//! V = E_rev(T) + b_a asinh(j/2 j0_a) + b_c asinh(j/2 j0_c) + j (r_m + sum d/(k (1-e)^1.5) + r_hw)
//! ```
//!
//! Sources: basis 1.1-1.5; the efficiencies are calibrated to Henderson 2024 (E4, E5). With two compartments the
//! cation membrane drinks from the anolyte, whose acid then takes part in the current: the efficiency falls
//! along a batch. Each compartment is stirred over all cells; activities are concentrations in E_rev; the
//! power that is no enthalpy of the products warms the liquors, half each. Gas leaves saturated with water. When the
//! rectifier's voltage does not suffice, the current falls. Left out: single cells, fouling, crossover of gas, the voltage
//! that films and split water take, acid that gathers in a film.

use std::sync::Arc;

use model::StateWalk;

use super::compartments::{DRY, Vent, carried, covered, crystallise, evaporable, over_weir};
use super::film::Film;
use super::heat_loss::{Wall, through};
use super::heating::no_colder_than_water;
use crate::chemistry::Chemistry;

use crate::constants::{FARADAY, MASS_LIOH, NORMAL_VOLUME, REFERENCE};
use crate::electro::overpotential;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::root::rising;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};

tables! {
    Cell {
        /// 2: anolyte and catholyte; 3: with a feed compartment between two membranes
        compartments: "", 2.0, 3.0, whole;
        /// Cells in series
        cells: "", 1.0, 500.0, whole;
        /// Active area of one
        area: "m2", 1e-4, 10.0;
        /// Liquor of each compartment, all cells and tanks together
        volume: "L", 0.01, 1e5;
        /// Between membrane and anode
        anode_gap: "mm", 0.05, 30.0;
        /// Between the membranes
        feed_gap: "mm", 0.05, 30.0;
        /// Between membrane and cathode
        cathode_gap: "mm", 0.05, 30.0;
        /// Mass transfer of ions to a membrane's face
        film: "m/s", 1e-7, 1e-2;
        /// Gas in the liquor of both gaps
        gas: "", 0.0, 0.6;
        /// What the rectifier gives at most, per cell
        voltage_max: "V", 1.0, 30.0;
        /// Heat loss of each compartment
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Pressure of the gases, absolute
        pressure: "bar", 0.5, 5.0;
    }
    Voltage {
        /// Reversible at 25 degC, anolyte pH 1
        reversible: "V", 1.0, 4.0;
        /// and per kelvin
        reversible_slope: "V/K", -0.01, 0.01;
        /// Tafel slope of the anode
        anode_slope: "V/dec", 0.01, 0.3;
        /// Exchange current of the anode
        anode_exchange: "A/m2", 1e-6, 1e4;
        /// Tafel slope of the cathode
        cathode_slope: "V/dec", 0.01, 0.3;
        /// Exchange current of the cathode
        cathode_exchange: "A/m2", 1e-6, 1e4;
        /// Cation membrane at 80 degC
        cation_membrane: "ohm m2", 0.0, 1e-2;
        /// Anion membrane at 80 degC
        anion_membrane: "ohm m2", 0.0, 1e-2;
        /// Temperature of membrane conduction
        activation: "K", 0.0, 5000.0;
        /// Bars and contacts
        hardware: "ohm m2", 0.0, 1e-2;
    }
    Membrane {
        /// Back-migration of OH- at 1 mol/L and the reference current
        hydroxide: "", 0.0, 0.9;
        /// Exponent of its strength
        hydroxide_exponent: "", 0.1, 3.0;
        /// Protons against lithium in the cation membrane
        proton: "", 0.5, 20.0;
        /// Protons through the anion membrane at 1 mol/L of acid and the reference current
        acid: "", 0.0, 0.9;
        /// Exponent of its strength
        acid_exponent: "", 0.1, 3.0;
        /// Exponent of the current in both leaks
        current_exponent: "", 0.0, 1.0;
        /// Current density of the constants
        reference: "kA/m2", 0.05, 10.0;
        /// Water per cation at 2.5 mol/L LiOH
        water: "", 0.0, 30.0;
        /// and per mol/L above
        water_slope: "1/M", -10.0, 10.0;
        /// Heat through each membrane, with the films of both liquors
        heat_transfer: "W/(m2 K)", 0.0, 5000.0;
        /// Sulfate that leaks into the catholyte with its lithium
        sulfate: "m/s", 0.0, 1e-6;
    }
    Start {
        /// LiOH in the catholyte
        hydroxide: "mol/L", 0.01, 5.0;
        /// H2SO4 in the anolyte
        acid: "mol/L", 0.0, 4.0;
        /// Li2SO4 in the compartment that feeds the cation membrane
        sulfate: "mol/L", 0.0, 2.8;
        /// of all
        temperature: "degC", 5.0, 95.0;
    }
    Feed {
        /// Current density
        current: "kA/m2", 0.0, 10.0;
        /// Li2SO4 liquor
        liquor: "L/h", 0.0, 1e6;
        /// its strength
        strength: "mol/L", 0.0, 2.8;
        /// Water to the catholyte
        water_catholyte: "L/h", 0.0, 1e6;
        /// Water to the anolyte
        water_anolyte: "L/h", 0.0, 1e6;
        /// of these
        temperature: "degC", 0.0, 95.0;
        /// What the coolers hold
        hold: "degC", 5.0, 95.0;
        /// 1: they hold it; 0: no cooler
        thermostat: "", 0.0, 1.0, whole;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    cell: Cell,
    voltage: Voltage,
    membrane: Membrane,
    start: Start,
    feed: Feed,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            cell: Cell::read(r, "cell"),
            voltage: Voltage::read(r, "voltage"),
            membrane: Membrane::read(r, "membrane"),
            start: Start::read(r, "start"),
            feed: Feed::read(r, "feed"),
        }
    }
}

pub const LIQUOR: usize = 0;
pub const WATER_CATHOLYTE: usize = 1;
pub const WATER_ANOLYTE: usize = 2;
pub const LYE: usize = 0;
pub const ACID: usize = 1;
pub const SPENT: usize = 2;
pub const HYDROGEN: usize = 3;
pub const OXYGEN: usize = 4;

/// Compartments. With two, the middle one does not exist and the anolyte feeds the cation membrane.
const ANOLYTE: usize = 0;
const MIDDLE: usize = 1;
const CATHOLYTE: usize = 2;

pub static SHAPE: Shape = Shape {
    name: "sulfate-cell",
    text: "electrolysis of Li2SO4 to LiOH and H2SO4, two or three compartments",
    inlets: &[
        Port { name: "liquor", text: "Li2SO4; to the anolyte where there are two compartments" },
        Port { name: "water-catholyte", text: "DI water" },
        Port { name: "water-anolyte", text: "DI water" },
    ],
    outlets: &[
        Port { name: "lye", text: "catholyte over its weir" },
        Port { name: "acid", text: "anolyte over its weir" },
        Port { name: "spent", text: "feed compartment over its weir" },
        Port { name: "hydrogen", text: "with its steam" },
        Port { name: "oxygen", text: "with its steam" },
    ],
    orders: &[
        Order { name: "current", unit: "kA/m2", low: 0.0, high: 10.0, text: "asked of the rectifier" },
        Order {
            name: "cooler-anolyte",
            unit: "kW",
            low: -1e5,
            high: 1e5,
            text: "heat into it; negative cools",
        },
        Order { name: "cooler-feed", unit: "kW", low: -1e5, high: 1e5, text: "heat into it; negative cools" },
        Order {
            name: "cooler-catholyte",
            unit: "kW",
            low: -1e5,
            high: 1e5,
            text: "heat into it; negative cools",
        },
    ],
    readings: &[
        Reading { name: "current", unit: "kA/m2", text: "that flows" },
        Reading { name: "voltage", unit: "V", text: "of one cell" },
        Reading { name: "power", unit: "kW", text: "of the string" },
        Reading { name: "CE-LiOH", unit: "%", text: "alkali through the cation membrane per charge" },
        Reading { name: "CE-acid", unit: "%", text: "acid gained in the anolyte per charge" },
        Reading { name: "SEC", unit: "kWh/kg", text: "per kg LiOH made; 0 while none is" },
        Reading { name: "LiOH", unit: "mol/L", text: "catholyte" },
        Reading { name: "H2SO4", unit: "mol/L", text: "anolyte, half its net acid" },
        Reading { name: "Li-feed", unit: "mol/L", text: "where the cation membrane drinks" },
        Reading { name: "pH-feed", unit: "pH", text: "where the cation membrane drinks" },
        Reading { name: "SO4-lye", unit: "mg/L", text: "catholyte" },
        Reading { name: "T-anolyte", unit: "degC", text: "" },
        Reading { name: "T-catholyte", unit: "degC", text: "" },
        Reading { name: "H2", unit: "Nm3/h", text: "dry" },
        Reading { name: "O2", unit: "Nm3/h", text: "dry" },
        Reading { name: "charge", unit: "kAh", text: "per cell since the start" },
        Reading { name: "LiOH-total", unit: "kg", text: "made since the start" },
        Reading { name: "face", unit: "mol/L", text: "alkali at the face where the cation membrane drinks" },
    ],
    step_max: 2.0,
};

/// Shares of the current through the liquor between the membranes.
#[derive(Clone, Copy, Debug, Default)]
struct Carried {
    alkali: f64,
    anions: f64,
}

/// What passed in the last step, for the readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Passed {
    density: f64,
    voltage: f64,
    alkali: f64,
    acid: f64,
    hydrogen: f64,
    oxygen: f64,
    charge: f64,
    made: f64,
    /// mol/m3 of alkali at the cation membrane.
    face: f64,
}

#[derive(Clone, Debug)]
pub struct SulfateCell {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    three: bool,
    liquors: [Slurry; 3],
    feeds: Vec<Matter>,
    notes: Notes,
    passed: Passed,
}

impl SulfateCell {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let s = &settings.start;
        let three = settings.cell.compartments >= 2.5;
        let volume = settings.cell.volume;
        let mut fill = |lithium: f64, acid: f64, sulfate: f64| {
            let mut recipe = Matter::default();
            recipe[Species::Lithium] = lithium * volume;
            recipe[Species::Acid] = acid * volume;
            recipe[Species::Sulfate] = sulfate * volume;
            Slurry::filled(&recipe, volume, s.temperature, &chemistry, &mut notes)
        };
        let middle = fill(2.0 * s.sulfate, 0.0, s.sulfate);
        let salt = if three { 0.0 } else { s.sulfate };
        let anolyte = fill(2.0 * salt, 2.0 * s.acid, salt + s.acid);
        let catholyte = fill(s.hydroxide, -s.hydroxide, 0.0);
        let feeds = feeds(&settings, &chemistry, &mut notes);
        Self {
            liquors: [anolyte, middle, catholyte],
            settings,
            chemistry,
            three,
            feeds,
            notes,
            passed: Passed::default(),
        }
    }

    /// The compartment that feeds the cation membrane.
    const fn source(&self) -> usize {
        if self.three { MIDDLE } else { ANOLYTE }
    }

    /// V of a cell at `density`, A/m2.
    fn voltage(&self, density: f64, conductivities: [f64; 3]) -> f64 {
        let (v, c) = (&self.settings.voltage, &self.settings.cell);
        let kelvin = 0.5 * (self.liquors[ANOLYTE].temperature + self.liquors[CATHOLYTE].temperature);
        let free = libm::pow(1.0 - c.gas, 1.5);
        let warm = libm::exp(v.activation * (1.0 / kelvin - 1.0 / 353.15));
        let mut ohmic = v.hardware
            + v.cation_membrane * warm
            + c.anode_gap / (conductivities[ANOLYTE] * free)
            + c.cathode_gap / (conductivities[CATHOLYTE] * free);
        if self.three {
            ohmic += v.anion_membrane * warm + c.feed_gap / conductivities[MIDDLE];
        }
        v.reversible
            + v.reversible_slope * (kelvin - REFERENCE)
            + overpotential(density, v.anode_exchange, v.anode_slope)
            + overpotential(density, v.cathode_exchange, v.cathode_slope)
            + density * ohmic
    }

    /// What flows, A/m2, and the cell's voltage: what is asked, or what the rectifier can drive. And what carries it where
    /// the cation membrane drinks.
    fn drive(&mut self, asked: f64, dt: f64) -> (f64, f64, Carried) {
        // Of the electrodes that liquor covers; a dry compartment conducts nothing.
        let weir = self.settings.cell.volume;
        let cover = (0..3)
            .filter(|k| self.three || *k != MIDDLE)
            .fold(1.0, |least: f64, k| least.min(covered(&self.liquors[k], weir)));
        if asked <= 0.0 || cover <= DRY {
            self.notes.check(Remark::Limited, asked <= 0.0);
            return (0.0, 0.0, Carried::default());
        }
        let mut notes = core::mem::take(&mut self.notes);
        let conductions = [0, 1, 2].map(|k: usize| self.liquors[k].conduction(&self.chemistry, &mut notes));
        let conductivities = conductions.map(|liquor| liquor.all.max(1e-3));
        let drunk = &conductions[self.source()];
        let carried = Carried { alkali: drunk.alkali_share(), anions: drunk.anion_share() };
        let limit = self.settings.cell.voltage_max;
        let voltage = |density: f64| self.voltage(density / cover, conductivities);
        let density = if voltage(asked) > limit {
            notes.note(Remark::Limited);
            rising(|j| voltage(j) - limit, 0.0, asked, 1e-6 * asked, &mut notes)
        } else {
            asked
        };
        let mut found = (density, voltage(density));
        let area = self.settings.cell.area * self.settings.cell.cells;
        let driest = evaporable(&self.liquors[ANOLYTE]).min(evaporable(&self.liquors[CATHOLYTE]));
        let (power, bearable) = (density * found.1, driest / (0.5 * area * dt));
        if power > bearable {
            notes.note(Remark::Limited);
            found.0 *= bearable / power;
            found.1 = voltage(found.0);
        }
        self.notes = notes;
        (found.0, found.1, carried)
    }

    /// What the charge (mol of electrons through all cells) moves and makes.
    fn pass(&mut self, electrons: f64, density: f64, carried: Carried, dt: f64) {
        let m = self.settings.membrane.clone();
        let source = self.source();
        let hydroxide = self.liquors[CATHOLYTE].species.hydroxide;
        let fade = libm::pow(m.reference / density.max(1.0), m.current_exponent);
        let back = (m.hydroxide * libm::pow(hydroxide, m.hydroxide_exponent) * fade).clamp(0.0, 0.95);
        let drink = &self.liquors[source];
        let (lithium, sodium) = (drink.concentration(Species::Lithium), drink.concentration(Species::Sodium));
        let alkali = (lithium + sodium).max(0.0);
        let (protons, face) = self.cations(density, back, alkali * 1e3, carried.alkali);
        let drink = &self.liquors[source];
        let share = if alkali > 0.0 { lithium.max(0.0) / alkali } else { 1.0 };
        let wanted = electrons * (1.0 - back - protons);
        let held = drink.matter[Species::Lithium].max(0.0) + drink.matter[Species::Sodium].max(0.0);
        // Never more than there is; what alkali does not carry, protons do.
        let moved = wanted.min(0.5 * held);
        let extra = wanted - moved;
        let strength = m.water + m.water_slope * (hydroxide - 2.5);
        let water = moved * strength.clamp(0.0, 30.0);

        let mut across = Matter::default();
        across[Species::Lithium] = moved * share;
        across[Species::Sodium] = moved * (1.0 - share);
        across[Species::Acid] = electrons * protons + extra;
        across[Species::Water] = water;
        self.carry(source, CATHOLYTE, &across);
        // OH- is water less net acid.
        let mut returning = Matter::default();
        returning[Species::Water] = electrons * back;
        returning[Species::Acid] = -electrons * back;
        self.carry(CATHOLYTE, source, &returning);
        let mut leak = Matter::default();
        let area = self.settings.cell.area * self.settings.cell.cells;
        let salt = self.liquors[source].species.sulfate * 1e3 * m.sulfate * area * dt;
        let salt = salt.min(0.1 * self.liquors[source].matter[Species::Lithium].max(0.0));
        leak[Species::Sulfate] = salt;
        leak[Species::Lithium] = 2.0 * salt;
        self.carry(source, CATHOLYTE, &leak);
        self.passed.alkali = moved;
        self.passed.face = face;
        self.passed.acid = electrons * (1.0 - protons - back) - extra;
        if self.three {
            let acid = 0.5 * self.liquors[ANOLYTE].matter[Species::Acid].max(0.0)
                / (self.liquors[ANOLYTE].liquor * 1e3).max(1e-9);
            let leak = (m.acid * libm::pow(acid, m.acid_exponent) * fade).clamp(0.0, 0.98);
            let anions = 0.5 * electrons * self.anions(density, leak, carried.anions);
            let sulfate = anions.min(0.5 * self.liquors[MIDDLE].matter[Species::Sulfate].max(0.0));
            let protons = electrons - 2.0 * sulfate;
            let mut out = Matter::default();
            out[Species::Sulfate] = sulfate;
            self.carry(MIDDLE, ANOLYTE, &out);
            let mut returning = Matter::default();
            returning[Species::Acid] = protons;
            self.carry(ANOLYTE, MIDDLE, &returning);
            self.passed.acid = electrons - protons;
        }
        let anode = [(Species::Water, -0.5), (Species::Acid, 1.0), (Species::Oxygen, 0.25)];
        self.liquors[ANOLYTE].matter.react(&anode, electrons);
        let cathode = [(Species::Acid, -1.0), (Species::Hydrogen, 0.5)];
        self.liquors[CATHOLYTE].matter.react(&cathode, electrons);
    }

    /// Share of the current that protons carry through the cation membrane, and the alkali (mol/m3) at its face, where more
    /// is taken than the current brings: the less of it there is the more the protons carry.
    fn cations(&mut self, density: f64, back: f64, bulk: f64, carried: f64) -> (f64, f64) {
        let mobility = self.settings.membrane.proton;
        let proton = self.liquors[self.source()].species.proton * 1e3;
        let share = |face: f64| {
            let x = proton / (proton + face).max(1e-12);
            (mobility * x / (1.0 + (mobility - 1.0) * x)).clamp(0.0, 1.0) * (1.0 - back)
        };
        let film = Film { bulk, pull: density / (FARADAY * self.settings.cell.film), carried };
        let (alkali, face) = film.share(|face| 1.0 - back - share(face), &mut self.notes);
        (1.0 - back - alkali, face)
    }

    /// Share of the current that sulfate carries through the anion membrane, of which `leak` belongs to protons: at its face
    /// OH- takes part the more the less sulfate arrives.
    fn anions(&mut self, density: f64, leak: f64, carried: f64) -> f64 {
        let liquor = &self.liquors[MIDDLE];
        let bulk = liquor.concentration(Species::Sulfate).max(0.0) * 1e3;
        let hydroxide = liquor.species.hydroxide * 1e3;
        let share = |face: f64| (1.0 - leak) * 2.0 * face / (2.0 * face + hydroxide).max(1e-12);
        let film = Film { bulk, pull: density / (2.0 * FARADAY * self.settings.cell.film), carried };
        film.share(share, &mut self.notes).0
    }

    /// Heat through the part of each membrane that liquor covers on both sides.
    fn level(&mut self, dt: f64) {
        let (c, m) = (&self.settings.cell, &self.settings.membrane);
        let sheet = m.heat_transfer * c.area * c.cells;
        let cover = [0, 1, 2].map(|k: usize| covered(&self.liquors[k], c.volume));
        let [anolyte, middle, catholyte] = &mut self.liquors;
        if self.three {
            through(sheet * cover[ANOLYTE].min(cover[MIDDLE]), anolyte, middle, dt);
            through(sheet * cover[MIDDLE].min(cover[CATHOLYTE]), middle, catholyte, dt);
        } else {
            through(sheet * cover[ANOLYTE].min(cover[CATHOLYTE]), anolyte, catholyte, dt);
        }
    }

    /// Ions and water go from one compartment to another, each with its enthalpy at the temperature it leaves.
    fn carry(&mut self, from: usize, to: usize, what: &Matter) {
        let parcel = carried(what, &self.liquors[from], &self.chemistry);
        self.liquors[from].matter.subtract(&parcel);
        self.liquors[to].matter.add(&parcel);
    }

    /// The gas of a compartment leaves with its steam, and what boils; mol of dry gas.
    fn release(&mut self, compartment: usize, gas: Species, out: &mut Matter) -> f64 {
        let vent = Vent { pressure: self.settings.cell.pressure, chemistry: &self.chemistry };
        let liquor = &mut self.liquors[compartment];
        let [dry] = vent.release(liquor, [gas], &mut self.notes, out);
        liquor.settle(&self.chemistry, &mut self.notes);
        vent.boil(liquor, &mut self.notes, out);
        dry
    }
}

/// The feeds that the settings state, mol/s.
fn feeds(settings: &Settings, c: &Chemistry, notes: &mut Notes) -> Vec<Matter> {
    let f = &settings.feed;
    let mut liquor = Matter::default();
    liquor[Species::Lithium] = 2.0 * f.strength * f.liquor;
    liquor[Species::Sulfate] = f.strength * f.liquor;
    let liquor = if f.liquor > 0.0 {
        Slurry::filled(&liquor, f.liquor, f.temperature, c, notes).matter
    } else {
        liquor
    };
    let water =
        |flow: f64| c.parcel(&[(Species::Water, flow * 997.0 / c.molar_mass(Species::Water))], f.temperature);
    vec![liquor, water(f.water_catholyte), water(f.water_anolyte)]
}

impl UnitOperation for SulfateCell {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 4] = core::array::from_fn(|k| SHAPE.hold(k, x.orders[k]).0);
        let source = self.source();
        self.liquors[source].matter.add(&x.inlets[LIQUOR]);
        self.liquors[CATHOLYTE].matter.add(&x.inlets[WATER_CATHOLYTE]);
        self.liquors[ANOLYTE].matter.add(&x.inlets[WATER_ANOLYTE]);
        for k in 0..3 {
            let c = &self.settings.cell;
            if self.three || k != MIDDLE {
                let wall = Wall { conductance: c.heat_loss, ambient: c.ambient };
                let joule = no_colder_than_water(&self.liquors[k], orders[1 + k] * 1e3 * dt);
                x.heat += wall.warm(&mut self.liquors[k], joule, dt);
                self.liquors[k].settle(&self.chemistry, &mut self.notes);
            }
        }
        self.level(dt);
        let (density, voltage, carried) = self.drive(orders[0] * 1e3, dt);
        let area = self.settings.cell.area * self.settings.cell.cells;
        let charge = density * area * dt;
        let electrons = charge / FARADAY;
        let (before, made) = (self.passed.charge, self.passed.made);
        self.passed = Passed { density, voltage, ..Passed::default() };
        self.pass(electrons, density, carried, dt);
        let work = charge * voltage;
        x.heat += work;
        self.liquors[ANOLYTE].heat(0.5 * work);
        self.liquors[CATHOLYTE].heat(0.5 * work);
        self.passed.hydrogen = self.release(CATHOLYTE, Species::Hydrogen, &mut x.outlets[HYDROGEN]) / dt;
        self.passed.oxygen = self.release(ANOLYTE, Species::Oxygen, &mut x.outlets[OXYGEN]) / dt;
        self.passed.charge = before + density * self.settings.cell.area * dt;
        self.passed.made = made + self.passed.alkali * MASS_LIOH;
        self.passed.alkali /= electrons.max(1e-30);
        self.passed.acid /= electrons.max(1e-30);
        crystallise(&mut self.liquors[CATHOLYTE], &self.chemistry, &mut self.notes);
        for (k, outlet) in [(ANOLYTE, ACID), (MIDDLE, SPENT), (CATHOLYTE, LYE)] {
            if self.three || k != MIDDLE {
                x.outlets[outlet].add(&over_weir(&mut self.liquors[k], self.settings.cell.volume));
            }
            self.liquors[k].settle(&self.chemistry, &mut self.notes);
        }
    }

    fn read(&self, readings: &mut [f64]) {
        let p = &self.passed;
        let area = self.settings.cell.area * self.settings.cell.cells;
        let power = p.density * area * p.voltage;
        let net = |k: usize| self.liquors[k].matter[Species::Acid] / (self.liquors[k].liquor * 1e3).max(1e-9);
        let per_kilogram = p.voltage * FARADAY / (MASS_LIOH * p.alkali.max(1e-9)) / 3.6e6;
        let source = &self.liquors[self.source()];
        let values = [
            p.density * 1e-3,
            p.voltage,
            power * 1e-3,
            100.0 * p.alkali,
            100.0 * p.acid,
            if p.alkali > 1e-6 { per_kilogram } else { 0.0 },
            -net(CATHOLYTE),
            0.5 * net(ANOLYTE),
            source.concentration(Species::Lithium),
            source.ph(),
            self.liquors[CATHOLYTE].grams_per_litre(Species::Sulfate, &self.chemistry) * 1e3,
            self.liquors[ANOLYTE].temperature - 273.15,
            self.liquors[CATHOLYTE].temperature - 273.15,
            p.hydrogen * NORMAL_VOLUME * 3600.0,
            p.oxygen * NORMAL_VOLUME * 3600.0,
            p.charge / 3.6e6,
            p.made,
            p.face * 1e-3,
        ];
        readings.copy_from_slice(&values);
    }

    fn contents(&self, account: &mut Account) {
        for (k, liquor) in self.liquors.iter().enumerate() {
            if self.three || k != MIDDLE {
                account.count(&liquor.matter, &self.chemistry);
            }
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds.clone_from_slice(&self.feeds);
        duty.orders[0] = f.current * 1e-3;
        for k in 0..3 {
            let liquor = &self.liquors[k];
            let heat = liquor.capacity * (f.hold - liquor.temperature) / 5.0;
            duty.orders[1 + k] = if f.thermostat >= 0.5 { heat * 1e-3 } else { 0.0 };
        }
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for liquor in &mut self.liquors {
            liquor.state(walk);
        }
        self.notes.state(walk);
        let p = &mut self.passed;
        for value in [
            &mut p.density,
            &mut p.voltage,
            &mut p.alkali,
            &mut p.acid,
            &mut p.hydrogen,
            &mut p.oxygen,
            &mut p.charge,
            &mut p.made,
            &mut p.face,
        ] {
            walk.f64(value);
        }
    }
}
