//! Gas scrubbed with lye or water: packed column over a sump, circulation pump, fan.
//!
//! ```text
//! taken = (1 - e^-N) (n_in - n*),  n* = n_rest p*/(P - p*)        N = N_d (L/L_d)^0.5 (G_d/G)^0.3 per gas
//! Cl2 + H2O = HClO + H+ + Cl-      p* = [HClO][H+][Cl-]/(K H)     SO2, CO2, HF by Henry, HCl by Perry's table
//! POF3 + 3 H2O -> H3PO4 + 3 HF     p* = 0                         steam towards p_w of the liquor
//! ```
//!
//! `p*` is that after the step (`scrubber/gases.rs`), so a lye that is exhausted turns from absorbing to giving
//! chlorine within minutes and without ringing. In lye all acid gases are taken at p* = 0; carbon dioxide more slowly
//! the less hydroxide there is. Sources: Henry's constants of Sander (recalled), K = 4e-4 at 25 degC (recalled),
//! transfer units asserted. Left out: chlorate and decay of hypochlorite, flooding, mist, a column that holds gas.

mod gases;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::NORMAL_VOLUME;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::oversaturated::note_oversaturated;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation, parts};
use crate::units::haste::gas_capacity;
use crate::units::heat_loss::Wall;

use gases::GASES;

tables! {
    Sump {
        /// Liquor at which the level is 100 %; more runs over with the liquor
        volume: "m3", 1e-3, 500.0;
        /// Largest draw
        draw: "m3/h", 0.0, 500.0;
        /// Largest duty of the cooler
        cooler: "kW", 0.0, 1e5;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
    }
    Column {
        /// Absolute pressure
        pressure: "bar", 0.5, 5.0;
        /// Gas for which the transfer units hold
        gas: "Nm3/h", 0.1, 1e6;
        /// Pressure drop at that flow
        drop: "mbar", 0.1, 200.0;
        /// Suction of the fan at full speed
        fan: "mbar", 0.1, 500.0;
        /// Transfer that remains when the pump stands still
        dry: "", 0.0, 1.0;
        /// Hydroxide at which CO2 is taken half as fast as at best
        half: "mol/L", 1e-3, 10.0;
    }
    Feed {
        /// Gas, without the acid gases below
        gas: "Nm3/h", 0.0, 1e6;
        /// Cl2 in it
        chlorine: "%vol", 0.0, 60.0;
        /// HCl in it
        hydrogen_chloride: "%vol", 0.0, 60.0;
        /// HF in it
        hydrogen_fluoride: "%vol", 0.0, 60.0;
        /// SO2 in it
        sulfur_dioxide: "%vol", 0.0, 60.0;
        /// CO2 in it
        carbon_dioxide: "%vol", 0.0, 60.0;
        /// Lye
        lye: "L/h", 0.0, 1e5;
        /// NaOH in it
        strength: "wt%", 0.0, 45.0;
        /// Water
        water: "L/h", 0.0, 1e5;
        /// Of gas, lye and water
        temperature: "degC", 0.0, 90.0;
        /// Circulation, of the pump's largest
        circulation: "", 0.0, 1.0;
        /// Fan, of full speed
        fan: "", 0.0, 1.0;
        /// Draw of the largest
        draw: "", 0.0, 1.0;
        /// Cooling
        cooling: "kW", 0.0, 1e5;
    }
    Start {
        /// Level
        level: "%", 1.0, 100.0;
        /// NaOH in the sump
        strength: "wt%", 0.0, 45.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    sump: Sump,
    column: Column,
    /// Transfer units of each gas at the design flows.
    units: [f64; GASES.len()],
    feed: Feed,
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let text = "Transfer units at the design flows";
        let made = Self {
            sump: Sump::read(r, "sump"),
            column: Column::read(r, "column"),
            units: GASES.map(|gas| r.described("transfer", gas.name, text, "", 0.0, 50.0)),
            feed: Feed::read(r, "feed"),
            start: Start::read(r, "start"),
        };
        let f = &made.feed;
        let gases = [
            ("chlorine", f.chlorine),
            ("hydrogen_chloride", f.hydrogen_chloride),
            ("hydrogen_fluoride", f.hydrogen_fluoride),
            ("sulfur_dioxide", f.sulfur_dioxide),
            ("carbon_dioxide", f.carbon_dioxide),
        ];
        r.at_most_whole("feed", &gases, "%vol");
        made
    }
}

pub const GAS: usize = 0;
pub const MAKE_UP: usize = 1;
pub const LIQUOR: usize = 0;
pub const CLEAN_GAS: usize = 1;

const PUMP: usize = 0;
const FAN: usize = 1;
const DRAW: usize = 2;
const COOLING: usize = 3;

pub static SHAPE: Shape = Shape {
    name: "scrubber",
    text: "acid gases and chlorine into lye or water, with sump and circulation",
    inlets: &[
        Port { name: "gas", text: "with Cl2, HCl, HF, SO2, CO2, POF3" },
        Port { name: "make-up", text: "lye and water into the sump" },
    ],
    outlets: &[
        Port { name: "liquor", text: "drawn from the sump, and what runs over" },
        Port { name: "clean-gas", text: "to the stack" },
    ],
    orders: &[
        Order { name: "circulation", unit: "", low: 0.0, high: 1.0, text: "pump, of its largest flow" },
        Order { name: "fan", unit: "", low: 0.0, high: 1.0, text: "of full speed" },
        Order { name: "draw", unit: "", low: 0.0, high: 1.0, text: "of the largest draw" },
        Order { name: "cooling", unit: "kW", low: 0.0, high: 1e5, text: "of the circulated liquor" },
    ],
    readings: &[
        Reading { name: "NaOH", unit: "wt%", text: "free hydroxide, as NaOH" },
        Reading { name: "level", unit: "%", text: "" },
        Reading { name: "pH", unit: "pH", text: "of the liquor" },
        Reading { name: "ORP", unit: "mV", text: "against Ag/AgCl, by the couple HClO/Cl-" },
        Reading { name: "T", unit: "degC", text: "of the liquor" },
        Reading { name: "ClO", unit: "g/L", text: "hypochlorite and HClO, as Cl2" },
        Reading { name: "Cl2-out", unit: "ppm", text: "by volume" },
        Reading { name: "HCl-out", unit: "ppm", text: "by volume" },
        Reading { name: "HF-out", unit: "ppm", text: "by volume" },
        Reading { name: "SO2-out", unit: "ppm", text: "by volume" },
        Reading { name: "CO2-out", unit: "%vol", text: "" },
        Reading { name: "gas", unit: "Nm3/h", text: "to the stack" },
        Reading { name: "suction", unit: "mbar", text: "at the gas inlet, negative below the outside" },
        Reading { name: "draw", unit: "m3/h", text: "liquor that leaves" },
        Reading { name: "density", unit: "kg/m3", text: "of the liquor" },
        Reading { name: "cooling-heat", unit: "kW", text: "that the cooler takes" },
    ],
    step_max: 2.0,
};

/// m3 of liquor that meet no gas any more.
const DRY: f64 = 1e-6;

/// What the last step showed: mole fractions, mol/s, Pa, m3/s.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flows {
    out: [f64; GASES.len()],
    gas: f64,
    suction: f64,
    draw: f64,
    /// W
    cooling: f64,
}

#[derive(Clone, Debug)]
pub struct Scrubber {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    sump: Slurry,
    flows: Flows,
    /// One mol of gas, one m3 of lye and of water.
    gas: Matter,
    lye: Matter,
    water: Matter,
    notes: Notes,
}

impl Scrubber {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let volume = settings.sump.volume * settings.start.level;
        let [lye, water, start] = [f.strength, 0.0, settings.start.strength]
            .map(|strength| lye(strength, f.temperature, &chemistry));
        let sump = Slurry::at(&start.part(volume), f.temperature, &chemistry, &mut notes);
        let mut parts = [
            (Species::Chlorine, f.chlorine),
            (Species::HydrogenChloride, f.hydrogen_chloride),
            (Species::HydrogenFluoride, f.hydrogen_fluoride),
            (Species::SulfurDioxide, f.sulfur_dioxide),
            (Species::CarbonDioxide, f.carbon_dioxide),
            (Species::Nitrogen, 1.0),
        ];
        // `gas` is the flow of the rest; the acid gases come on top as shares of the sum.
        let acid: f64 = parts[..5].iter().map(|(_, share)| share).sum();
        let scale = 1.0 / (1.0 - acid.min(0.95));
        parts[..5].iter_mut().for_each(|(_, share)| *share *= scale);
        let gas = chemistry.parcel(&parts, f.temperature);
        Self { settings, chemistry, sump, flows: Flows::default(), gas, lye, water, notes }
    }

    /// Lets the gas of one step meet the liquor that circulates.
    fn contact(&mut self, gas: &mut Matter, circulation: f64) {
        let (s, c) = (&self.settings.column, &self.chemistry);
        let moles = gas.phase_moles(Phase::Gas, c);
        if moles <= 1e-12 || self.sump.liquor < DRY {
            return;
        }
        let load = (self.flows.gas / s.gas).clamp(0.05, 20.0);
        let wet = circulation.sqrt().max(s.dry) * libm::pow(load, -0.3);
        let hydroxide = self.sump.species.hydroxide;
        for (k, kind) in GASES.iter().enumerate() {
            let slow = if matches!(kind.gas, Species::CarbonDioxide) {
                hydroxide / (hydroxide + s.half * 1e-3)
            } else {
                1.0
            };
            let share = -libm::expm1(-self.settings.units[k] * wet * slow.max(0.01));
            kind.absorb(&mut self.sump, gas, share, s.pressure, c, &mut self.notes);
        }
        let over = self.sump.vapour_pressure(c, &mut self.notes).min(0.9 * s.pressure);
        let steam = gas[Species::Steam].max(0.0);
        let rest = (gas.phase_moles(Phase::Gas, c) - steam).max(0.0);
        let goal = rest * over / (s.pressure - over);
        let share = -libm::expm1(-self.settings.units[0] * wet);
        let most = 0.1 * self.sump.matter[Species::Water].max(0.0);
        let extent = ((goal - steam) * share).clamp(-steam, most);
        gas[Species::Steam] += extent;
        self.sump.matter[Species::Water] -= extent;
    }

    /// mV against Ag/AgCl: HClO + H+ + 2 e- = Cl- + H2O at 1.482 V (recalled), held at a trace of HClO.
    fn potential(&self) -> f64 {
        let hypochlorous = gases::hypochlorous(&self.sump).max(1e-20);
        let chloride = self.sump.concentration(Species::Chloride).max(1e-3);
        let nernst = 0.0296 * (libm::log10(hypochlorous / chloride) - self.sump.ph());
        1e3 * (1.482 + nernst - 0.2)
    }
}

/// One m3 of lye of this mass fraction of NaOH. What it has to say it says in the sump: in a plant nobody feeds that of
/// the settings.
fn lye(strength: f64, kelvin: f64, chemistry: &Chemistry) -> Matter {
    let mut recipe = Matter::default();
    // Density near 1 + 1.1 w.
    recipe[Species::Sodium] = strength * 1000.0 * (1.0 + 1.1 * strength) / 39.997e-3;
    recipe[Species::Acid] = -recipe[Species::Sodium];
    Slurry::filled(&recipe, 1.0, kelvin, chemistry, &mut Notes::default()).matter
}

const DESTROY: [(Species, f64); 5] = [
    (Species::HypochlorousAcid, -1.0),
    (Species::Sulfite, -1.0),
    (Species::Sulfate, 1.0),
    (Species::Chloride, 1.0),
    (Species::Acid, 1.0),
];

impl UnitOperation for Scrubber {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// The heat of its gas, of what is absorbed and of the water that evaporates into it, against what the sump can take.
    fn parts(&self, inlets: &[Matter], _orders: &[f64], _dt: f64) -> u32 {
        if self.sump.liquor < DRY {
            return 1;
        }
        let gas: f64 =
            inlets.iter().map(|inlet| gas_capacity(inlet, self.sump.temperature, &self.chemistry)).sum();
        let liquor: f64 = inlets.iter().map(|inlet| inlet[Species::Water].max(0.0)).sum();
        let water = self.sump.matter[Species::Water].max(0.0);
        parts(gas, self.sump.capacity.max(0.0)).max(parts(liquor, water))
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 4] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let p = &self.settings.sump;
        let warm = (self.sump.temperature - 278.15).max(0.0) * self.sump.capacity * 0.1 / dt;
        let cooling = (orders[COOLING] * 1e3).min(p.cooler * orders[PUMP]).min(warm);
        self.flows.cooling = cooling;
        let wall = Wall { conductance: p.heat_loss, ambient: p.ambient };
        x.heat += wall.warm(&mut self.sump, -cooling * dt, dt);
        for inlet in x.inlets {
            self.sump.matter.add(inlet);
        }
        let mut gas = Matter::default();
        for k in self.chemistry.range(Phase::Gas) {
            gas.amount[k] = core::mem::take(&mut self.sump.matter.amount[k]);
        }
        // Gas and liquor share one temperature; what the gas holds comes out of the sum.
        self.flows.gas = gas.phase_moles(Phase::Gas, &self.chemistry) / dt;
        let kelvin = self.sump.temperature;
        let parcel = gases::enthalpy(&gas, kelvin, &self.chemistry);
        self.sump.matter.enthalpy -= parcel;
        self.sump.settle(&self.chemistry, &mut self.notes);
        self.sump.matter.enthalpy += parcel;
        let load = self.flows.gas / self.settings.column.gas;
        let (fan, drop) = (self.settings.column.fan, self.settings.column.drop);
        self.flows.suction = drop * load * load - fan * orders[FAN] * orders[FAN];
        self.contact(&mut gas, orders[PUMP]);
        // HClO + SO3-- is over before the two can be told apart.
        let met = self.sump.matter.reach(&DESTROY).max(0.0);
        self.sump.matter.react(&DESTROY, met);
        let moles = gas.phase_moles(Phase::Gas, &self.chemistry);
        for (share, kind) in self.flows.out.iter_mut().zip(&GASES) {
            *share = if moles > 1e-12 { gas[kind.gas].max(0.0) / moles } else { 0.0 };
        }
        self.flows.gas = moles / dt;
        gas.enthalpy = gases::enthalpy(&gas, self.sump.temperature, &self.chemistry);
        self.sump.matter.enthalpy -= gas.enthalpy;
        x.outlets[CLEAN_GAS].add(&gas);
        let held = self.sump.volume();
        // The pump leaves a heel.
        let heel = 0.02 * self.settings.sump.volume;
        let drawn = (self.settings.sump.draw * orders[DRAW] * dt).min((held - heel).max(0.0));
        let out = drawn.max(held - self.settings.sump.volume);
        let share = if held > 0.0 { (out / held).min(1.0) } else { 0.0 };
        x.outlets[LIQUOR].add(&self.sump.matter.take(share));
        self.flows.draw = held * share / dt;
        self.sump.settle(&self.chemistry, &mut self.notes);
        note_oversaturated(&self.sump, None, &self.chemistry, &mut self.notes);
    }

    fn read(&self, readings: &mut [f64]) {
        let (s, f) = (&self.sump, &self.flows);
        let hypochlorite = s.concentration(Species::HypochlorousAcid).max(0.0);
        readings.copy_from_slice(&[
            // mol/L times kg/mol, per kg/L, in percent.
            100.0 * s.species.hydroxide * 39.997 / s.density.max(1.0),
            100.0 * s.volume() / self.settings.sump.volume,
            s.ph(),
            self.potential(),
            s.temperature - 273.15,
            hypochlorite * 70.906,
            f.out[gases::CL2] * 1e6,
            f.out[gases::HCL] * 1e6,
            f.out[gases::HF] * 1e6,
            f.out[gases::SO2] * 1e6,
            f.out[gases::CO2] * 100.0,
            f.gas * 3600.0 * NORMAL_VOLUME,
            f.suction * 1e-2,
            f.draw * 3600.0,
            s.density,
            f.cooling * 1e-3,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.sump.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[GAS] = self.gas.part(f.gas);
        duty.feeds[MAKE_UP] = self.lye.part(f.lye);
        duty.feeds[MAKE_UP].add(&self.water.part(f.water));
        duty.orders[PUMP] = f.circulation;
        duty.orders[FAN] = f.fan;
        duty.orders[DRAW] = f.draw;
        duty.orders[COOLING] = f.cooling * 1e-3;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.sump.state(walk);
        self.notes.state(walk);
        let f = &mut self.flows;
        for value in f.out.iter_mut().chain([&mut f.gas, &mut f.suction, &mut f.draw]) {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "scrubber/tests.rs"]
mod tests;
