//! Battery modules to black mass: shredder under nitrogen, solvent dryer, sieve.
//!
//! ```text
//! gas:    n_N2 + n_air + solvent - off-gas, one mixed chamber at 1 bar         O2 by the air that leaks in
//! solvent: DMC(l) -> DMC(g)                      towards p*(T) = 1 atm exp(-H/R (1/T - 1/363 K))
//! salt:   LiPF6 + H2O(g) -> LiF + POF3 + 2 HF    r = k n y_H2O      (what leaves the dryer keeps the rest)
//! sieve:  every solid parts into black mass and the rest by its own share
//! ```
//!
//! Sources: basis 4.2 (nitrogen, oxygen and temperature limits, vacuum dryer 80-120 degC, mass split); the boiling
//! point of DMC is 90 degC there, its heat of evaporation 38 kJ/mol is the ledger's. All carbonates count as DMC.
//! What is shredded stays in the chamber for its mean time, then in the dryer, then goes over the sieve; what is
//! not yet shredded waits in the hopper. Residual charge comes as heat of the modules. Left out: fires and flame
//! speed, hydrogen, dust in the gas, decay of LiPF6 by heat alone (PF5 is no species of the ledger), odd cells.

mod gases;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::NORMAL_VOLUME;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Remark};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, LIQUORS, Order, Port, Reading, Shape, UnitOperation};

use gases::Vessel;

tables! {
    Chamber {
        /// Modules that the rotor takes
        capacity: "kg/h", 0.1, 1e5;
        /// Work of the rotor that ends as heat
        work: "kJ/kg", 0.0, 1000.0;
        /// Free volume
        volume: "m3", 0.01, 200.0;
        /// Mean time of the shreds in it
        time: "s", 1.0, 3600.0;
        /// Heat capacity of the steel
        metal: "kJ/K", 0.1, 1e5;
        /// Conductance to the cooled walls
        cooling: "W/K", 0.0, 1e5;
        /// Cooling water
        water: "degC", 0.0, 50.0;
        /// Evaporation of the solvent
        transfer: "1/s", 0.0, 1.0;
        /// Hydrolysis of LiPF6, per mole fraction of steam
        hydrolysis: "1/s", 0.0, 10.0;
    }
    Dryer {
        /// Absolute pressure that the vacuum pump reaches
        pressure: "mbar", 5.0, 1100.0;
        /// Time in which the pump comes two thirds of the way, and in which air comes back without it
        evacuation: "s", 1.0, 3600.0;
        /// Mean time of the shreds in it
        time: "s", 1.0, 2e4;
        /// Heat capacity of the steel
        metal: "kJ/K", 0.1, 1e5;
        /// Heating medium
        jacket: "degC", 20.0, 200.0;
        /// Conductance from it
        conductance: "W/K", 0.0, 1e5;
        /// Evaporation of the solvent
        transfer: "1/s", 0.0, 1.0;
        /// Temperature at the start
        start: "degC", -20.0, 200.0;
        /// Absolute pressure at the start
        start_pressure: "mbar", 5.0, 1100.0;
    }
    /// Share of each that goes through the sieve.
    Sieve {
        /// Cathode, graphite, salt and fluoride
        active: "", 0.0, 1.0;
        /// Binder
        binder: "", 0.0, 1.0;
        /// Copper foil
        copper: "", 0.0, 1.0;
        /// Aluminium
        aluminium: "", 0.0, 1.0;
        /// Steel
        steel: "", 0.0, 1.0;
        /// Plastic and the inert rest
        plastic: "", 0.0, 1.0;
    }
    Module {
        /// Cathode material
        active: "wt%", 0.0, 100.0;
        /// NMC grade in tenths of Ni, Co, Mn: 111, 532, 622 or 811
        grade: "", 100.0, 999.0, whole;
        /// Share of LiFePO4 in the cathode material
        lfp: "", 0.0, 1.0;
        /// Graphite
        graphite: "wt%", 0.0, 100.0;
        /// Binder
        binder: "wt%", 0.0, 100.0;
        /// Copper
        copper: "wt%", 0.0, 100.0;
        /// Aluminium, foil and housing
        aluminium: "wt%", 0.0, 100.0;
        /// Steel
        steel: "wt%", 0.0, 100.0;
        /// Plastic
        plastic: "wt%", 0.0, 100.0;
        /// Solvent
        solvent: "wt%", 0.0, 100.0;
        /// LiPF6
        salt: "wt%", 0.0, 100.0;
        /// Inert rest
        inert: "wt%", 0.0, 100.0;
    }
    Feed {
        /// Modules
        modules: "kg/h", 0.0, 1e5;
        /// Charge that is left in them
        charge: "kJ/kg", 0.0, 400.0;
        /// Nitrogen
        nitrogen: "Nm3/h", 0.0, 1e5;
        /// Air that leaks in
        air: "Nm3/h", 0.0, 1e5;
        /// Steam in that air
        humidity: "%vol", 0.0, 10.0;
        /// Of everything that comes
        temperature: "degC", -20.0, 60.0;
        /// Rotor runs
        runs: "", 0.0, 1.0, whole;
        /// The duty of the dryer holds this temperature
        hold: "degC", 0.0, 200.0;
        /// Dryer runs
        dryer: "", 0.0, 1.0, whole;
        /// Its vacuum pump runs
        vacuum: "", 0.0, 1.0, whole;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    chamber: Chamber,
    dryer: Dryer,
    sieve: Sieve,
    module: Module,
    feed: Feed,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let made = Self {
            chamber: Chamber::read(r, "chamber"),
            dryer: Dryer::read(r, "dryer"),
            sieve: Sieve::read(r, "sieve"),
            module: Module::read(r, "module"),
            feed: Feed::read(r, "feed"),
        };
        made.module.check(r);
        made
    }
}

impl Module {
    /// Refuses what no module can be.
    fn check(&self, r: &mut Reader<'_>) {
        let parts = [
            ("active", self.active),
            ("graphite", self.graphite),
            ("binder", self.binder),
            ("copper", self.copper),
            ("aluminium", self.aluminium),
            ("steel", self.steel),
            ("plastic", self.plastic),
            ("solvent", self.solvent),
            ("salt", self.salt),
            ("inert", self.inert),
        ];
        r.at_most_whole("module", &parts, "wt%");
        if !self.grade.is_nan() && ![111.0, 532.0, 622.0, 811.0].contains(&self.grade) {
            let message = format!("no NMC grade is called {}; write 111, 532, 622 or 811", self.grade);
            r.refuse("module.grade", &message);
        }
    }
}

pub const MODULES: usize = 0;
pub const NITROGEN: usize = 1;
pub const AIR: usize = 2;
pub const BLACK_MASS: usize = 0;
pub const METALS: usize = 1;
pub const REST: usize = 2;
pub const OFF_GAS: usize = 3;

const RUNS: usize = 0;
const DRYER: usize = 1;
const DUTY: usize = 2;
const VACUUM: usize = 3;

/// Pa outside.
const OUTSIDE: f64 = 101_325.0;

pub static SHAPE: Shape = Shape {
    name: "shredder",
    text: "battery modules to black mass: shredder under nitrogen, solvent dryer, sieve",
    inlets: &[
        Port { name: "modules", text: "discharged modules" },
        Port { name: "nitrogen", text: "blanket" },
        Port { name: "air", text: "what leaks in through locks and seals" },
    ],
    outlets: &[
        Port { name: "black-mass", text: "through the sieve" },
        Port { name: "metals", text: "copper and aluminium, with the active mass that sticks to them" },
        Port { name: "rest", text: "plastic, steel and inert matter" },
        Port { name: "off-gas", text: "to condenser and scrubber" },
    ],
    orders: &[
        Order { name: "runs", unit: "", low: 0.0, high: 1.0, text: "rotor turns" },
        Order { name: "dryer", unit: "", low: 0.0, high: 1.0, text: "dryer and sieve run" },
        Order { name: "duty", unit: "kW", low: 0.0, high: 1e4, text: "heat asked from the dryer's jacket" },
        Order { name: "vacuum", unit: "", low: 0.0, high: 1.0, text: "vacuum pump of the dryer runs" },
    ],
    readings: &[
        Reading { name: "O2", unit: "%vol", text: "in the chamber" },
        Reading { name: "T", unit: "degC", text: "in the chamber" },
        Reading { name: "T-dryer", unit: "degC", text: "" },
        Reading { name: "p-dryer", unit: "mbar", text: "absolute" },
        Reading { name: "HF", unit: "ppm", text: "in the chamber, by volume" },
        Reading { name: "POF3", unit: "ppm", text: "in the chamber, by volume" },
        Reading { name: "solvent", unit: "%vol", text: "vapour in the chamber" },
        Reading { name: "off-gas", unit: "Nm3/h", text: "of chamber and dryer" },
        Reading { name: "solvent-off", unit: "kg/h", text: "in the off-gas" },
        Reading { name: "black-mass", unit: "kg/h", text: "" },
        Reading { name: "metals", unit: "kg/h", text: "" },
        Reading { name: "rest", unit: "kg/h", text: "" },
        Reading { name: "hopper", unit: "kg", text: "not yet shredded" },
        Reading { name: "in-dryer", unit: "kg", text: "" },
        Reading { name: "residual-solvent", unit: "%", text: "in what leaves the dryer" },
        Reading { name: "Cu", unit: "%", text: "in the black mass" },
        Reading { name: "Al", unit: "%", text: "in the black mass" },
        Reading { name: "power", unit: "kW", text: "of the rotor" },
    ],
    step_max: 2.0,
};

/// What the last step moved: kg/s, mol/s, W.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flows {
    gas: f64,
    solvent: f64,
    black_mass: f64,
    metals: f64,
    rest: f64,
    copper: f64,
    aluminium: f64,
    power: f64,
}

#[derive(Clone, Debug)]
pub struct Shredder {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    hopper: Matter,
    chamber: Vessel,
    dryer: Vessel,
    /// Pa in the dryer.
    pressure: f64,
    flows: Flows,
    /// One kg of modules, one mol of nitrogen and of air.
    modules: Matter,
    nitrogen: Matter,
    air: Matter,
    notes: Notes,
}

impl Shredder {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let f = &settings.feed;
        let kelvin = f.temperature;
        let nitrogen = chemistry.parcel(&[(Species::Nitrogen, 1.0)], kelvin);
        let dry = 1.0 - f.humidity;
        let air =
            [(Species::Oxygen, 0.21 * dry), (Species::Nitrogen, 0.79 * dry), (Species::Steam, f.humidity)];
        let air = chemistry.parcel(&air, kelvin);
        let mut modules = modules(&settings.module, kelvin, &chemistry);
        modules.enthalpy += f.charge;
        let filled = gases::moles(1e5, settings.chamber.volume, kelvin);
        let chamber = Vessel::at(nitrogen.part(filled), kelvin, settings.chamber.metal * 1e3);
        let dryer = Vessel::at(Matter::default(), settings.dryer.start, settings.dryer.metal * 1e3);
        Self {
            hopper: Matter::default(),
            chamber,
            dryer,
            pressure: settings.dryer.start_pressure,
            settings,
            flows: Flows::default(),
            modules,
            nitrogen,
            air,
            notes: Notes::default(),
            chemistry,
        }
    }

    /// LiPF6 and steam, for one step; implicit in the salt, and no more than the steam there is.
    fn hydrolyse(&mut self, dt: f64) {
        const ROW: [(Species, f64); 5] = [
            (Species::LithiumHexafluorophosphate, -1.0),
            (Species::Steam, -1.0),
            (Species::LithiumFluoride, 1.0),
            (Species::PhosphorylFluoride, 1.0),
            (Species::HydrogenFluoride, 2.0),
        ];
        let held = &mut self.chamber.matter;
        let moles = held.phase_moles(Phase::Gas, &self.chemistry);
        let steam = held[Species::Steam].max(0.0);
        if moles <= 0.0 || steam <= 0.0 {
            return;
        }
        let salt = held[Species::LithiumHexafluorophosphate].max(0.0);
        // First order in the steam, whose own decay decides.
        let rate = self.settings.chamber.hydrolysis * salt / moles;
        let extent = (steam * -libm::expm1(-rate * dt)).min(salt);
        held.react(&ROW, extent);
    }

    /// Parts what leaves the dryer.
    fn sieve(&mut self, shreds: &Matter, x: &mut Exchange<'_>, dt: f64) {
        let (s, c, kelvin) = (&self.settings.sieve, &self.chemistry, self.dryer.temperature);
        let mut left = shreds.clone();
        let mut parts = [Matter::default(), Matter::default()];
        for k in c.range(Phase::Solid) {
            let species = Species::ALL[k];
            let amount = shreds.amount[k];
            let (share, rest) = match species {
                Species::CopperMetal => (s.copper, METALS),
                Species::AluminiumMetal => (s.aluminium, METALS),
                Species::IronMetal => (s.steel, REST),
                Species::Plastic | Species::Inert => (s.plastic, REST),
                Species::Binder => (s.binder, METALS),
                _ => (s.active, METALS),
            };
            let out = amount * (1.0 - share);
            let part = &mut parts[rest - METALS];
            part.amount[k] += out;
            part.enthalpy += out * c.molar_enthalpy(species, kelvin);
        }
        for part in &parts {
            left.subtract(part);
        }
        let mass = left.mass(c);
        let of = |species: Species| left[species] * c.molar_mass(species) / mass.max(1e-12);
        if mass > 1e-9 {
            (self.flows.copper, self.flows.aluminium) =
                (of(Species::CopperMetal), of(Species::AluminiumMetal));
        }
        self.flows.black_mass = mass / dt;
        self.flows.metals = parts[0].mass(c) / dt;
        self.flows.rest = parts[1].mass(c) / dt;
        x.outlets[BLACK_MASS].add(&left);
        x.outlets[METALS].add(&parts[0]);
        x.outlets[REST].add(&parts[1]);
    }
}

/// One kg of modules.
fn modules(m: &Module, kelvin: f64, chemistry: &Chemistry) -> Matter {
    let digits = [libm::floor(m.grade / 100.0), libm::floor(m.grade / 10.0) % 10.0, m.grade % 10.0];
    let sum: f64 = digits.iter().sum::<f64>().max(1.0);
    let lattice = [Species::LatticeNickel, Species::LatticeCobalt, Species::LatticeManganese];
    let mut oxide = vec![(Species::LatticeLithium, 1.0)];
    oxide.extend(lattice.into_iter().zip(digits.map(|digit| digit / sum)));
    let weight: f64 = oxide.iter().map(|(species, n)| n * chemistry.molar_mass(*species)).sum();
    let mass = |species, share: f64| (species, share / chemistry.molar_mass(species));
    let nmc = m.active * (1.0 - m.lfp) / weight;
    let mut parts: Vec<(Species, f64)> = oxide.into_iter().map(|(species, n)| (species, n * nmc)).collect();
    parts.extend([
        mass(Species::LithiumIronPhosphate, m.active * m.lfp),
        mass(Species::Graphite, m.graphite),
        mass(Species::Binder, m.binder),
        mass(Species::CopperMetal, m.copper),
        mass(Species::AluminiumMetal, m.aluminium),
        mass(Species::IronMetal, m.steel),
        mass(Species::Plastic, m.plastic),
        mass(Species::DimethylCarbonateLiquid, m.solvent),
        mass(Species::LithiumHexafluorophosphate, m.salt),
        mass(Species::Inert, m.inert),
    ]);
    let made = chemistry.parcel(&parts, kelvin);
    let all = made.mass(chemistry).max(1e-9);
    made.part(1.0 / all)
}

impl UnitOperation for Shredder {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// Shreds, and gas.
    fn carries(&self) -> (f64, f64) {
        (LIQUORS.0, 773.15)
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 4] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let (runs, dries) = (orders[RUNS] >= 0.5, orders[DRYER] >= 0.5);
        let c = self.chemistry.clone();
        let p = &self.settings.chamber;
        self.hopper.add(&x.inlets[MODULES]);
        self.chamber.matter.add(&x.inlets[NITROGEN]);
        self.chamber.matter.add(&x.inlets[AIR]);
        let waiting = self.hopper.mass(&c).max(0.0);
        let torn = if runs { waiting.min(p.capacity * dt) } else { 0.0 };
        let share = if waiting > 1e-9 { torn / waiting } else { 0.0 };
        self.chamber.matter.add(&self.hopper.take(share));
        self.flows.power = torn * p.work / dt;
        let joule = self.flows.power * dt + p.cooling * (p.water - self.chamber.temperature) * dt;
        let jacket = &self.settings.dryer;
        let duty = (orders[DUTY] * 1e3)
            .min((jacket.conductance * (jacket.jacket - self.dryer.temperature)).max(0.0));
        x.heat += joule + duty * dt;
        self.chamber.metal += joule;
        self.dryer.metal += duty * dt;
        self.chamber.settle(&c, p.metal * 1e3);
        let rate = -libm::expm1(-p.transfer * dt);
        self.chamber.evaporate(&c, 1e5, rate);
        self.hydrolyse(dt);
        self.chamber.settle(&c, self.settings.chamber.metal * 1e3);
        let volume = self.settings.chamber.volume;
        let gas = self.chamber.vent(&c, gases::moles(1e5, volume, self.chamber.temperature));
        let mut off = gas;
        if runs {
            let share = -libm::expm1(-dt / self.settings.chamber.time);
            let shreds = self.chamber.condensed(&c, share);
            self.dryer.matter.add(&shreds);
        }
        self.dryer.settle(&c, self.settings.dryer.metal * 1e3);
        let goal = if orders[VACUUM] >= 0.5 { self.settings.dryer.pressure } else { OUTSIDE };
        self.pressure += (goal - self.pressure) * -libm::expm1(-dt / self.settings.dryer.evacuation);
        self.flows = Flows {
            power: self.flows.power,
            copper: self.flows.copper,
            aluminium: self.flows.aluminium,
            ..Flows::default()
        };
        if dries {
            let rate = -libm::expm1(-self.settings.dryer.transfer * dt);
            self.dryer.boil(&c, self.pressure, rate);
            self.dryer.settle(&c, self.settings.dryer.metal * 1e3);
            off.add(&self.dryer.vent(&c, 0.0));
            let share = -libm::expm1(-dt / self.settings.dryer.time);
            let shreds = self.dryer.condensed(&c, share);
            self.sieve(&shreds, x, dt);
        }
        self.flows.gas = off.phase_moles(Phase::Gas, &c) / dt;
        let solvent = Species::DimethylCarbonate;
        self.flows.solvent = off[solvent] * c.molar_mass(solvent) / dt;
        x.outlets[OFF_GAS].add(&off);
        for vessel in [&self.chamber, &self.dryer] {
            self.notes.check(Remark::Temperature, (223.15..=573.15).contains(&vessel.temperature));
        }
    }

    fn read(&self, readings: &mut [f64]) {
        let (c, f, held) = (&self.chemistry, &self.flows, &self.chamber.matter);
        let moles = held.phase_moles(Phase::Gas, c).max(1e-12);
        let share = |species: Species| held[species].max(0.0) / moles;
        let dry = self.dryer.matter.mass(c);
        let solvent = Species::DimethylCarbonateLiquid;
        let residual = self.dryer.matter[solvent] * c.molar_mass(solvent);
        readings.copy_from_slice(&[
            100.0 * share(Species::Oxygen),
            self.chamber.temperature - 273.15,
            self.dryer.temperature - 273.15,
            self.pressure * 1e-2,
            1e6 * share(Species::HydrogenFluoride),
            1e6 * share(Species::PhosphorylFluoride),
            100.0 * share(Species::DimethylCarbonate),
            f.gas * 3600.0 * NORMAL_VOLUME,
            f.solvent * 3600.0,
            f.black_mass * 3600.0,
            f.metals * 3600.0,
            f.rest * 3600.0,
            self.hopper.mass(c),
            dry,
            if dry > 1e-6 { 100.0 * residual / dry } else { 0.0 },
            100.0 * f.copper,
            100.0 * f.aluminium,
            f.power * 1e-3,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.hopper, &self.chemistry);
        for vessel in [&self.chamber, &self.dryer] {
            account.count(&vessel.matter, &self.chemistry);
            account.energy += vessel.metal;
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The thermostat of the dryer asks for what it lacks, within half a minute.
    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[MODULES] = self.modules.part(f.modules);
        duty.feeds[NITROGEN] = self.nitrogen.part(f.nitrogen);
        duty.feeds[AIR] = self.air.part(f.air);
        let (_, capacity) = self.chemistry.sums(&self.dryer.matter);
        let lacks = (f.hold - self.dryer.temperature) * (capacity + self.settings.dryer.metal * 1e3);
        duty.orders[RUNS] = f.runs;
        duty.orders[DRYER] = f.dryer;
        duty.orders[VACUUM] = f.vacuum;
        duty.orders[DUTY] = (lacks / 30.0).clamp(0.0, 1e7) * 1e-3;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.hopper.state(walk);
        self.chamber.state(walk);
        self.dryer.state(walk);
        walk.f64(&mut self.pressure);
        self.notes.state(walk);
        let f = &mut self.flows;
        for value in [
            &mut f.gas,
            &mut f.solvent,
            &mut f.black_mass,
            &mut f.metals,
            &mut f.rest,
            &mut f.copper,
            &mut f.aluminium,
            &mut f.power,
        ] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "shredder/tests.rs"]
mod tests;
