//! A cake dried to a product: stirred bed over a weir, heated by a jacket, swept by a gas or under vacuum.
//!
//! ```text
//! e = k dt min(1, X/X_c) (a_w p_w(T) - p_gas)     water evaporates, implicit in e: T falls and p_gas rises with it
//! Q = min(duty, UA (T_jacket - T))                bed, metal and gas share one temperature
//! LiOH.H2O(s) <-> LiOH(s) + H2O(g)                ln p_d = dS/R - dH/RT;  r = k_d n (1 - p_gas/p_d) below p_d
//! 2 LiOH.H2O(s) + CO2 -> Li2CO3(s) + 3 H2O(g)     a share of the CO2 that the gas brings
//! ```
//!
//! What is dissolved in the moisture crystallises as the water leaves (`dryer/bed.rs`). `dH` is the ledger's
//! (61 kJ/mol) and `dS` that of NBS tables, so the hydrate is in balance with 1 bar of steam at 109 degC and with
//! 58 mbar at 60 degC: a hot bed or a dry vacuum makes anhydrous hydroxide, a moist gas does not. Sources: basis 2.3
//! (CO2-free gas, below 60-80 degC, dehydration above about 100 degC); two drying periods as in Perry (recalled).
//! Left out: other hydrates (they keep their water), dust, lumps, a bed that is not of one mind, heat of sorption.

mod bed;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::properties::saturation_pressure;
use crate::root;
use crate::solution::density::Makeup;
use crate::solution::{Notes, Remark, Slurry, vapour};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, LIQUORS, Order, Port, Reading, Shape, UnitOperation};
use crate::units::heat_loss::Wall;

tables! {
    Vessel {
        /// Dry solids below the weir
        holdup: "kg", 0.01, 1e5;
        /// Heat capacity of the metal that follows the bed
        metal: "kJ/K", 0.1, 1e5;
        /// Absolute pressure
        pressure: "bar", 0.005, 2.0;
        /// Steam in the jacket
        jacket: "degC", 20.0, 250.0;
        /// Conductance from jacket to bed
        conductance: "W/K", 0.0, 1e5;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Conductance and evaporation that remain when the rotor stands still
        still: "", 0.0, 1.0;
        /// Time in which an opened dryer loses two thirds of its bed
        discharge_time: "s", 1.0, 7200.0;
    }
    Drying {
        /// Evaporation per pressure difference, wet
        transfer: "mol/(s bar)", 0.0, 1e5;
        /// Moisture per dry solids below which evaporation slows down
        critical: "wt%", 0.01, 50.0;
        /// Entropy of LiOH.H2O to LiOH and steam
        entropy: "J/(mol K)", 100.0, 250.0;
        /// Dehydration of LiOH.H2O into dry gas at 100 degC
        dehydration: "1/h", 0.0, 100.0;
        /// Activation energy of it
        activation: "kJ/mol", 0.0, 200.0;
        /// Share of the CO2 in the gas that LiOH.H2O takes
        carbonation: "", 0.0, 1.0;
    }
    Feed {
        /// Wet cake
        cake: "kg/h", 0.0, 1e5;
        /// Moisture in it
        moisture: "wt%", 0.0, 80.0;
        /// LiOH in the moisture
        strength: "wt%", 0.0, 12.0;
        /// Na2SO4 in the moisture
        sulfate: "wt%", 0.0, 15.0;
        /// Of the cake
        temperature: "degC", 0.0, 95.0;
        /// Nitrogen
        gas: "Nm3/h", 0.0, 1e5;
        /// Steam in the gas
        humidity: "%vol", 0.0, 90.0;
        /// CO2 in the gas
        carbon_dioxide: "%vol", 0.0, 20.0;
        /// Of the gas
        gas_temperature: "degC", 0.0, 200.0;
        /// The duty holds this temperature
        hold: "degC", 0.0, 200.0;
        /// Largest duty
        duty_max: "kW", 0.0, 1e4;
        /// Rotor runs
        runs: "", 0.0, 1.0, whole;
        /// Opened
        discharge: "", 0.0, 1.0, whole;
    }
}

/// What the solids of a run alone can be.
const SOLIDS: [(&str, Species); 6] = [
    ("LiOHH2O", Species::LithiumHydroxideHydrate),
    ("Li2CO3", Species::LithiumCarbonate),
    ("NiSO46H2O", Species::NickelSulfate6),
    ("CoSO46H2O", Species::CobaltSulfate6),
    ("MnSO4H2O", Species::ManganeseSulfate1),
    ("graphite", Species::Graphite),
];

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    vessel: Vessel,
    drying: Drying,
    feed: Feed,
    solids: [f64; SOLIDS.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            vessel: Vessel::read(r, "vessel"),
            drying: Drying::read(r, "drying"),
            feed: Feed::read(r, "feed"),
            solids: SOLIDS.map(|(name, _)| r.described("solid", name, "Part of the solids", "kg", 0.0, 1e3)),
        }
    }
}

pub const CAKE: usize = 0;
pub const SWEEP: usize = 1;
pub const PRODUCT: usize = 0;
pub const VAPOUR: usize = 1;

const DUTY: usize = 0;
const RUNS: usize = 1;
const DISCHARGE: usize = 2;

pub static SHAPE: Shape = Shape {
    name: "dryer",
    text: "cake dried to a product, by jacket and sweep gas or under vacuum",
    inlets: &[Port { name: "cake", text: "wet cake" }, Port { name: "gas", text: "sweep gas" }],
    outlets: &[
        Port { name: "product", text: "over the weir, or all of it when opened" },
        Port { name: "vapour", text: "sweep gas with the steam" },
    ],
    orders: &[
        Order { name: "duty", unit: "kW", low: 0.0, high: 1e4, text: "heat asked from the jacket" },
        Order { name: "runs", unit: "", low: 0.0, high: 1.0, text: "rotor turns and conveys" },
        Order { name: "discharge", unit: "", low: 0.0, high: 1.0, text: "opened: the whole bed leaves" },
    ],
    readings: &[
        Reading { name: "T", unit: "degC", text: "bed and vapour" },
        Reading { name: "moisture", unit: "%", text: "free water in the bed, by mass" },
        Reading { name: "product", unit: "kg/h", text: "" },
        Reading { name: "evaporation", unit: "kg/h", text: "water that leaves the solids" },
        Reading { name: "vapour", unit: "kg/h", text: "gas and steam" },
        Reading { name: "humidity", unit: "%vol", text: "steam in the vapour" },
        Reading { name: "duty", unit: "kW", text: "that the jacket gives" },
        Reading { name: "level", unit: "%", text: "dry solids, of the weir" },
        Reading { name: "LiOH", unit: "%", text: "anhydrous, of the solids" },
        Reading { name: "Li2CO3", unit: "%", text: "of the solids" },
        Reading { name: "hydrate-pressure", unit: "mbar", text: "steam in balance with LiOH.H2O" },
        Reading { name: "pressure", unit: "mbar", text: "absolute" },
    ],
    step_max: 5.0,
};

const EVAPORATE: [(Species, f64); 1] = [(Species::Water, -1.0)];
const DEHYDRATE: [(Species, f64); 3] =
    [(Species::LithiumHydroxideHydrate, -1.0), (Species::LithiumHydroxide, 1.0), (Species::Steam, 1.0)];
const HYDRATE: [(Species, f64); 3] =
    [(Species::LithiumHydroxide, -1.0), (Species::Water, -1.0), (Species::LithiumHydroxideHydrate, 1.0)];
const CARBONATE: [(Species, f64); 4] = [
    (Species::LithiumHydroxideHydrate, -2.0),
    (Species::CarbonDioxide, -1.0),
    (Species::LithiumCarbonate, 1.0),
    (Species::Steam, 3.0),
];

/// What the last step moved: kg/s, W, mole fraction of steam.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flows {
    product: f64,
    evaporation: f64,
    vapour: f64,
    humidity: f64,
    duty: f64,
}

#[derive(Clone, Debug)]
pub struct Dryer {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    bed: Matter,
    /// J of the metal above 25 degC.
    metal: f64,
    /// K
    temperature: f64,
    flows: Flows,
    /// One kg of cake, one mol of gas.
    recipe: Matter,
    gas: Matter,
    notes: Notes,
}

impl Dryer {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let recipe = cake(&settings, &chemistry, &mut notes);
        let (steam, carbon) = (f.humidity, f.carbon_dioxide.min(1.0 - f.humidity));
        let gas = [
            (Species::Steam, steam),
            (Species::CarbonDioxide, carbon),
            (Species::Nitrogen, 1.0 - steam - carbon),
        ];
        let gas = chemistry.parcel(&gas, f.gas_temperature);
        let mut bed = recipe.clone();
        let solids = bed.phase_mass(Phase::Solid, &chemistry).max(1e-6);
        bed = bed.part(settings.vessel.holdup / solids);
        let metal = settings.vessel.metal * 1e3 * (f.temperature - REFERENCE);
        let temperature = f.temperature;
        Self { settings, chemistry, bed, metal, temperature, flows: Flows::default(), recipe, gas, notes }
    }

    /// kg of dry solids.
    fn solids(&self) -> f64 {
        self.bed.phase_mass(Phase::Solid, &self.chemistry).max(0.0)
    }

    /// Pa of steam in balance with LiOH.H2O.
    fn hydrate_pressure(&self) -> f64 {
        let c = &self.chemistry;
        let at = |species| c.molar_enthalpy(species, REFERENCE);
        let heat = at(Species::LithiumHydroxide) + at(Species::Steam) - at(Species::LithiumHydroxideHydrate);
        let kelvin = self.temperature.clamp(250.0, 500.0);
        1e5 * libm::exp((self.settings.drying.entropy - heat / kelvin) / GAS)
    }

    /// Temperature of bed, metal and `gas` together, from all their energy.
    fn warm(&mut self, gas: &mut Matter) {
        let metal = self.settings.vessel.metal * 1e3;
        let (formed, capacity) = bed::sums(&self.bed, &self.chemistry);
        let (gas_formed, gas_capacity) = self.chemistry.sums(gas);
        let energy = self.bed.enthalpy + self.metal + gas.enthalpy;
        let capacity_all = (capacity + gas_capacity).max(0.0) + metal;
        let kelvin = REFERENCE + (energy - formed - gas_formed) / capacity_all;
        self.notes.check(Remark::Temperature, (253.15..=573.15).contains(&kelvin));
        self.temperature = kelvin.clamp(200.0, 1500.0);
        gas.enthalpy = gas_formed + gas_capacity * (self.temperature - REFERENCE);
        self.metal = metal * (self.temperature - REFERENCE);
        self.bed.enthalpy = energy - gas.enthalpy - self.metal;
    }

    /// Water into the gas, or back from it. Implicit in the extent; mol.
    fn evaporate(&mut self, gas: &mut Matter, stirred: f64, dt: f64) -> f64 {
        let (d, c) = (&self.settings.drying, &self.chemistry);
        let water = self.bed[Species::Water].max(0.0);
        let steam = gas[Species::Steam].max(0.0);
        let others = (gas.phase_moles(Phase::Gas, c) - steam).max(0.0);
        if water + steam <= 1e-9 || self.bed.mass(c) < 1e-6 {
            return 0.0;
        }
        let activity = vapour::water_activity(&Makeup::of(&self.bed, c), self.temperature);
        let pressure = self.settings.vessel.pressure;
        let critical = d.critical * self.solids().max(1e-9) / c.molar_mass(Species::Water);
        let rate = d.transfer * 1e-5 * stirred * dt;
        let (liquid, vapour) = (Species::Water.index(), Species::Steam.index());
        let change = c.formation[vapour] - c.formation[liquid];
        let (_, capacity) = bed::sums(&self.bed, c);
        let capacity = capacity.max(0.0) + self.settings.vessel.metal * 1e3;
        let now = self.temperature;
        let error = |extent: f64| {
            let kelvin = (now - extent * change / capacity).clamp(250.0, 500.0);
            let there = (steam + extent).max(0.0);
            let over = pressure * there / (there + others).max(1e-300);
            let drive = activity * saturation_pressure(kelvin) - over;
            let wet = if drive > 0.0 { ((water - extent) / critical).clamp(0.0, 1.0) } else { 1.0 };
            extent - rate * wet * drive
        };
        let extent = root::rising(error, -steam, water, 1e-9 * (water + steam), &mut self.notes);
        self.bed.react(&EVAPORATE, extent);
        gas[Species::Steam] += extent;
        extent
    }

    /// Hydrate to hydroxide and back, and what CO2 makes of it. Returns the steam that it gave, mol.
    fn convert(&mut self, gas: &mut Matter, dt: f64) -> f64 {
        let balance = self.hydrate_pressure();
        let d = &self.settings.drying;
        let moles = gas.phase_moles(Phase::Gas, &self.chemistry);
        let share = if moles > 1e-12 { gas[Species::Steam].max(0.0) / moles } else { 1.0 };
        let over = (self.settings.vessel.pressure * share / balance).min(1.0);
        let warm = libm::exp(-d.activation / GAS * (1.0 / self.temperature - 1.0 / 373.15));
        let hydrate = self.bed[Species::LithiumHydroxideHydrate].max(0.0);
        let mut lost = hydrate * -libm::expm1(-d.dehydration * warm * (1.0 - over) * dt);
        // No faster than the steam takes its room at the pressure of balance.
        let others = (moles - gas[Species::Steam].max(0.0)).max(0.0);
        if balance < self.settings.vessel.pressure {
            let room = others * balance / (self.settings.vessel.pressure - balance);
            lost = lost.min((room - gas[Species::Steam].max(0.0)).max(0.0));
        }
        react(&mut self.bed, gas, &DEHYDRATE, lost);
        let carbon = gas[Species::CarbonDioxide].max(0.0) * d.carbonation;
        let taken = carbon.min(0.5 * self.bed[Species::LithiumHydroxideHydrate].max(0.0));
        react(&mut self.bed, gas, &CARBONATE, taken);
        let wet = self.bed.reach(&HYDRATE).min(self.bed[Species::Water].max(0.0));
        self.bed.react(&HYDRATE, wet * -libm::expm1(-dt / 60.0));
        lost + 3.0 * taken
    }
}

/// A reaction between solids of the bed and gases above it.
fn react(bed: &mut Matter, gas: &mut Matter, row: &[(Species, f64)], extent: f64) {
    for &(species, number) in row {
        let side = if species.phase() == Phase::Gas { &mut *gas } else { &mut *bed };
        side[species] += number * extent;
    }
}

/// One kg of the cake that the settings tell.
fn cake(settings: &Settings, chemistry: &Chemistry, notes: &mut Notes) -> Matter {
    let f = &settings.feed;
    let parts: f64 = settings.solids.iter().sum();
    let mut made = Matter::default();
    for ((_, species), part) in SOLIDS.iter().zip(&settings.solids) {
        let mass = (1.0 - f.moisture) * part / parts.max(1e-9);
        made[*species] = mass / chemistry.molar_mass(*species);
    }
    let lithium = f.moisture * f.strength / 23.95e-3;
    let sulfate = f.moisture * f.sulfate / 142.04e-3;
    made[Species::Lithium] = lithium;
    made[Species::Acid] = -lithium;
    made[Species::Sodium] = 2.0 * sulfate;
    made[Species::Sulfate] = sulfate;
    made[Species::Water] =
        f.moisture * (1.0 - f.strength - f.sulfate) / chemistry.molar_mass(Species::Water) + lithium;
    Slurry::at(&made, f.temperature, chemistry, notes).matter
}

impl UnitOperation for Dryer {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// A powder that is dry, and gas.
    fn carries(&self) -> (f64, f64) {
        (LIQUORS.0, 573.15)
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 3] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let runs = orders[RUNS] >= 0.5;
        let v = &self.settings.vessel;
        let stirred = if runs { 1.0 } else { v.still };
        let holdup = v.holdup;
        let jacket = (v.conductance * stirred * (v.jacket - self.temperature)).max(0.0);
        let duty = (orders[DUTY] * 1e3).min(jacket);
        let wall = Wall { conductance: v.heat_loss, ambient: v.ambient };
        let capacity = bed::sums(&self.bed, &self.chemistry).1.max(0.0) + v.metal * 1e3;
        let joule = wall.heat(capacity, self.temperature, duty * dt, dt);
        x.heat += joule;
        self.metal += joule;
        let mut gas = Matter::default();
        for inlet in x.inlets {
            self.bed.add(inlet);
        }
        // What is gas, wherever it came in, goes to the vapour; `warm` shares the energy out.
        for k in self.chemistry.range(Phase::Gas) {
            gas.amount[k] = core::mem::take(&mut self.bed.amount[k]);
        }
        self.warm(&mut gas);
        let mut steam = self.evaporate(&mut gas, stirred, dt);
        steam += self.convert(&mut gas, dt);
        bed::crystallise(&mut self.bed, &self.chemistry);
        self.warm(&mut gas);
        let over = (1.0 - holdup / self.solids().max(1e-9)).max(0.0);
        let open = -libm::expm1(-dt / self.settings.vessel.discharge_time);
        let share = match (runs, orders[DISCHARGE] >= 0.5) {
            (_, true) => over.max(open),
            (true, false) => over,
            (false, false) => 0.0,
        };
        let product = self.bed.take(share);
        let moles = gas.phase_moles(Phase::Gas, &self.chemistry);
        self.flows = Flows {
            product: product.mass(&self.chemistry) / dt,
            evaporation: steam * self.chemistry.molar_mass(Species::Water) / dt,
            vapour: gas.mass(&self.chemistry) / dt,
            humidity: if moles > 1e-12 { gas[Species::Steam] / moles } else { 0.0 },
            duty,
        };
        x.outlets[PRODUCT].add(&product);
        x.outlets[VAPOUR].add(&gas);
    }

    fn read(&self, readings: &mut [f64]) {
        let (c, f) = (&self.chemistry, &self.flows);
        let (solids, all) = (self.solids(), self.bed.mass(c).max(1e-9));
        let part = |species: Species| 100.0 * self.bed[species] * c.molar_mass(species) / solids.max(1e-9);
        readings.copy_from_slice(&[
            self.temperature - 273.15,
            100.0 * self.bed[Species::Water] * c.molar_mass(Species::Water) / all,
            f.product * 3600.0,
            f.evaporation * 3600.0,
            f.vapour * 3600.0,
            100.0 * f.humidity,
            f.duty * 1e-3,
            100.0 * solids / self.settings.vessel.holdup,
            part(Species::LithiumHydroxide),
            part(Species::LithiumCarbonate),
            self.hydrate_pressure() * 1e-2,
            self.settings.vessel.pressure * 1e-2,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.bed, &self.chemistry);
        account.energy += self.metal;
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The thermostat asks for what the bed lacks, within half a minute.
    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[CAKE] = self.recipe.part(f.cake);
        duty.feeds[SWEEP] = self.gas.part(f.gas);
        let (_, capacity) = bed::sums(&self.bed, &self.chemistry);
        let lacks = (f.hold - self.temperature) * (capacity + self.settings.vessel.metal * 1e3);
        duty.orders[DUTY] = (lacks / 30.0).clamp(0.0, f.duty_max) * 1e-3;
        duty.orders[RUNS] = f.runs;
        duty.orders[DISCHARGE] = f.discharge;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.bed.state(walk);
        self.notes.state(walk);
        walk.f64(&mut self.metal);
        walk.f64(&mut self.temperature);
        let f = &mut self.flows;
        for value in [&mut f.product, &mut f.evaporation, &mut f.vapour, &mut f.humidity, &mut f.duty] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "dryer/tests.rs"]
mod tests;
