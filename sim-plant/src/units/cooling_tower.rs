//! An evaporative cooling tower over its basin, with the circuit through the users of the site.
//!
//! ```text
//! T_hot = T_basin + load / (L cp)                       users heat what the pumps send
//! Me(T_cold) = integral cp dT / (h_s(T) - h_air(T))     Merkel, four Chebyshev points from T_cold to T_hot
//! Me(T_cold) = C (L/G)^-n                               the fill; implicit in T_cold, never past the wet bulb
//! E = G (w_s(h_out) - w_in)                             air leaves saturated at the enthalpy that it has taken up
//! ```
//!
//! Water below the wet bulb is warmed: range and driving force have the other sign, and the rest is the same. Water at the
//! wet bulb still evaporates, with heat that the air gives.
//!
//! The basin is stirred, so what it holds gives the circuit its inertia; salts stay behind and rise until the
//! blowdown carries out what the make-up brings. Sources: Merkel 1925 with Lewis number one; the four points are
//! those of the Cooling Technology Institute; humidity by ASHRAE. Left out: the water that evaporates inside the
//! fill (1 to 2 % of the flow), dew that water colder than the dew point takes out of the air, fog, ice, scaling,
//! biology, the pumps' heat. The fill strips dissolved CO2 as a degasifier does.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::root;
use crate::solution::solutes::{SOLUTES, molar_mass};
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation, parts};

use super::exhaling::Exhaling;
use super::water::{air_enthalpy, conductivity, humidity, saturated_humidity};

tables! {
    Air {
        /// Wet bulb
        wet_bulb: "degC", 0.5, 32.0;
        /// Dry bulb above the wet bulb
        spread: "dK", 0.0, 20.0;
        /// Dry air at full speed of the fan
        flow: "kg/s", 0.01, 1e4;
        /// Share of it that a standing fan lets through
        draught: "", 0.01, 0.5;
        /// Motor of the fan at full speed
        fan: "kW", 0.0, 1e4;
    }
    Fill {
        /// Merkel number at L/G = 1
        merkel: "", 0.1, 5.0;
        /// Exponent of L/G
        exponent: "", 0.0, 1.0;
        /// Share of the circulation that leaves as drops
        drift: "", 0.0, 0.01;
        /// Transfer units in which a pass over the fill gives dissolved CO2 to the air
        stripping: "", 0.0, 20.0;
    }
    Basin {
        /// To the rim
        volume: "m3", 0.1, 1e4;
        /// Level at the start
        level: "%", 1.0, 100.0;
        /// and temperature
        temperature: "degC", 0.5, 60.0;
        /// Hottest water that users can make
        hottest: "degC", 30.0, 95.0;
    }
    Feed {
        /// Heat of the users
        load: "kW", 0.0, 1e6;
        /// Circulation
        circulation: "m3/h", 0.0, 1e5;
        /// Speed of the fan
        fan: "", 0.0, 1.0;
        /// Blowdown
        blowdown: "m3/h", 0.0, 1e3;
        /// Make-up holds this level
        hold: "%", 0.0, 100.0;
        /// Temperature of the make-up
        temperature: "degC", 0.5, 40.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    air: Air,
    fill: Fill,
    basin: Basin,
    feed: Feed,
    /// kg/m3 of the make-up, and of the basin at the start.
    strength: [f64; SOLUTES.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            air: Air::read(r, "air"),
            fill: Fill::read(r, "fill"),
            basin: Basin::read(r, "basin"),
            feed: Feed::read(r, "feed"),
            strength: SOLUTES.map(|(name, _)| {
                r.described("strength", name, "In the make-up and at the start", "g/L", 0.0, 5.0)
            }),
        }
    }
}

pub const BLOWDOWN: usize = 0;
pub const OVERFLOW: usize = 1;
pub const AIR: usize = 2;

const FAN: usize = 0;
const CIRCULATION: usize = 1;
const BLOW: usize = 2;
const LOAD: usize = 3;
const WARMER: usize = 4;

pub static SHAPE: Shape = Shape {
    name: "cooling_tower",
    text: "evaporative cooling tower with basin and the circuit through its users",
    inlets: &[
        Port { name: "make-up", text: "into the basin" },
        Port { name: "dose", text: "into the basin" },
    ],
    outlets: &[
        Port { name: "blowdown", text: "drawn from the basin" },
        Port { name: "overflow", text: "over the rim" },
        Port { name: "air", text: "steam and CO2 that the air takes up, and drops" },
    ],
    orders: &[
        Order { name: "fan", unit: "", low: 0.0, high: 1.0, text: "speed" },
        Order {
            name: "circulation",
            unit: "m3/h",
            low: 0.0,
            high: 1e5,
            text: "through the users and over the fill",
        },
        Order { name: "blowdown", unit: "m3/h", low: 0.0, high: 1e3, text: "drawn from the basin" },
        Order { name: "load", unit: "kW", low: 0.0, high: 1e6, text: "heat that the users have to give" },
        Order {
            name: "warmer",
            unit: "dK",
            low: 0.0,
            high: 15.0,
            text: "wet bulb above that of the settings",
        },
    ],
    readings: &[
        reading("T-supply", "degC", "basin, to the users"),
        reading("T-return", "degC", "from the users"),
        reading("T-wet-bulb", "degC", "of the air"),
        reading("approach", "dK", "supply above the wet bulb"),
        reading("range", "dK", "return above supply"),
        reading("flow", "m3/h", "circulation"),
        reading("load", "kW", "that the water takes from the users"),
        reading("heat", "kW", "that the air takes from the water"),
        reading("merkel", "", "number of the fill at this L/G"),
        reading("evaporation", "kg/h", "into the air"),
        reading("fan-power", "kW", ""),
        reading("level", "%", "of the basin"),
        reading("conductivity", "uS/cm", "of the basin, at 25 degC"),
        reading("pH", "pH", "of the basin"),
        reading("blowdown", "m3/h", ""),
        reading("cycles", "", "chloride of the basin over that of the make-up of the settings"),
        reading("suction", "", "share of the circulation that the level allows"),
    ],
    step_max: 5.0,
};

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

/// Places of the four Chebyshev points between cold and hot.
const POINTS: [f64; 4] = [0.1, 0.4, 0.6, 0.9];
/// J/kg below which the driving force counts as none.
const LEAST_FORCE: f64 = 10.0;
/// Pumps suck air between 5 and 10 % level.
const SUCTION: (f64, f64) = (0.05, 0.1);

/// What the last step moved; SI.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flows {
    hot: f64,
    cold: f64,
    flow: f64,
    load: f64,
    heat: f64,
    merkel: f64,
    evaporation: f64,
    power: f64,
    blowdown: f64,
    wet: f64,
}

#[derive(Clone, Debug)]
pub struct CoolingTower {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    basin: Slurry,
    /// One m3 of make-up.
    recipe: Matter,
    flows: Flows,
    notes: Notes,
}

impl CoolingTower {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let mut recipe = Matter::default();
        for ((_, solute), strength) in SOLUTES.iter().zip(&settings.strength) {
            recipe.react(solute, strength / molar_mass(solute, &chemistry));
        }
        let fresh = Slurry::filled(&recipe, 1.0, settings.feed.temperature, &chemistry, &mut notes).matter;
        let b = &settings.basin;
        let held = Slurry::filled(&recipe, 1.0, b.temperature, &chemistry, &mut notes).matter;
        let held = held.part(b.volume * b.level);
        let basin = Slurry::at(&held, b.temperature, &chemistry, &mut notes);
        let flows =
            Flows { hot: b.temperature, cold: b.temperature, wet: settings.air.wet_bulb, ..Flows::default() };
        Self { settings, chemistry, basin, recipe: fresh, flows, notes }
    }

    fn level(&self) -> f64 {
        self.basin.volume() / self.settings.basin.volume
    }

    fn suction(&self) -> f64 {
        ((self.level() - SUCTION.0) / (SUCTION.1 - SUCTION.0)).clamp(0.0, 1.0)
    }

    /// The Merkel number that it takes to come from `hot` to `cold`, or up to it from water below the wet bulb, with air of
    /// `air` J/kg below and a ratio of water to air, in heat capacity of water per kg of air.
    fn demand(hot: f64, cold: f64, air: f64, ratio_capacity: f64, capacity: f64) -> f64 {
        let range = hot - cold;
        let inverse = |share: &f64| {
            let kelvin = cold + share * range;
            let force =
                air_enthalpy(kelvin, saturated_humidity(kelvin)) - (air + ratio_capacity * share * range);
            1.0 / (force * range.signum()).max(LEAST_FORCE)
        };
        0.25 * capacity * range.abs() * POINTS.iter().map(inverse).sum::<f64>()
    }

    /// Water of `hot` at `mass` kg/s over the fill: its temperature below, and what the air takes up.
    fn cool(&mut self, hot: f64, mass: f64, fan: f64, wet: f64) -> (f64, f64) {
        let (a, f) = (&self.settings.air, &self.settings.fill);
        let air = a.flow * fan.max(a.draught);
        let moisture = humidity(wet + a.spread, wet);
        let below = air_enthalpy(wet + a.spread, moisture);
        let capacity = self.basin.capacity / self.basin.matter.mass(&self.chemistry).max(1e-9);
        let ratio = mass / air;
        let own = f.merkel * libm::pow(ratio, -f.exponent);
        self.flows.merkel = own;
        let demand = |cold: f64| Self::demand(hot, cold, below, ratio * capacity, capacity);
        let cold = if (hot - wet).abs() <= 1e-3 {
            hot
        } else if hot > wet {
            root::rising(|cold| own - demand(cold), wet, hot, 1e-6, &mut self.notes)
        } else {
            root::rising(|cold| demand(cold) - own, hot, wet, 1e-6, &mut self.notes)
        };
        let above = below + ratio * capacity * (hot - cold);
        let leaves = root::rising(
            |kelvin| air_enthalpy(kelvin, saturated_humidity(kelvin)) - above,
            wet.min(hot) - 1.0,
            wet.max(hot) + 1.0,
            1e-5,
            &mut self.notes,
        );
        (cold, air * (saturated_humidity(leaves) - moisture).max(0.0))
    }

    /// Draws m3 of the basin.
    fn draw(&mut self, volume: f64) -> Matter {
        self.basin.draw((volume / self.basin.volume().max(1e-9)).min(0.5))
    }
}

impl UnitOperation for CoolingTower {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// What circulates comes back to the basin at another temperature.
    fn parts(&self, _inlets: &[Matter], orders: &[f64], dt: f64) -> u32 {
        let flow = SHAPE.hold(CIRCULATION, orders[CIRCULATION]).0 / 3600.0 * self.suction();
        parts(flow * dt, self.basin.volume())
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        for inlet in x.inlets {
            self.basin.matter.add(inlet);
        }
        // What comes as gas leaves as gas.
        let kelvin = self.basin.temperature;
        for k in self.chemistry.range(crate::species::Phase::Gas) {
            let amount = core::mem::take(&mut self.basin.matter.amount[k]);
            if amount != 0.0 {
                let energy = amount * self.chemistry.molar_enthalpy(Species::ALL[k], kelvin);
                self.basin.matter.enthalpy -= energy;
                x.outlets[AIR].amount[k] += amount;
                x.outlets[AIR].enthalpy += energy;
            }
        }
        self.basin.settle(&self.chemistry, &mut self.notes);
        let wet = self.settings.air.wet_bulb + x.orders[WARMER];
        let fan = x.orders[FAN];
        let flow = x.orders[CIRCULATION] / 3600.0 * self.suction();
        let mass = flow * self.basin.density;
        let mut heat = 0.0;
        let mut load = 0.0;
        let cold = self.basin.temperature;
        let (mut hot, mut below) = (cold, cold);
        let mut evaporated = 0.0;
        self.flows.merkel = 0.0;
        if mass > 1e-6 && self.basin.volume() > 1e-6 {
            let capacity = mass * self.basin.capacity / self.basin.matter.mass(&self.chemistry).max(1e-9);
            load = (x.orders[LOAD] * 1e3).min(capacity * (self.settings.basin.hottest - cold).max(0.0));
            hot = cold + load / capacity;
            (below, evaporated) = self.cool(hot, mass, fan, wet);
            heat = capacity * (hot - below);
        }
        self.notes.check(Remark::Limited, load >= x.orders[LOAD] * 1e3 - 1.0);
        let molar = self.chemistry.molar_mass(Species::Water);
        let steam = (evaporated * dt / molar).min(0.1 * self.basin.matter[Species::Water].max(0.0));
        let vapour = self.chemistry.parcel(&[(Species::Steam, steam)], below);
        let liquid = self.chemistry.parcel(&[(Species::Water, steam)], cold);
        self.basin.matter.subtract(&liquid);
        x.outlets[AIR].add(&vapour);
        let passes = flow * dt / self.basin.volume().max(1e-9);
        let share = -libm::expm1(-self.settings.fill.stripping) * -libm::expm1(-passes);
        if let Some(gas) = (Exhaling { surface: share, bubbles: 0.0 }).leave(&mut self.basin, &self.chemistry)
        {
            x.outlets[AIR].add(&gas);
        }
        // The air carries the heat off; what its steam carries is counted as matter.
        let joule = (load - heat) * dt;
        self.basin.heat(joule);
        x.heat += joule + vapour.enthalpy - liquid.enthalpy;
        self.basin.settle(&self.chemistry, &mut self.notes);
        let drops = self.draw(flow * self.settings.fill.drift * dt);
        x.outlets[AIR].add(&drops);
        let blowdown = x.orders[BLOW] / 3600.0 * self.suction();
        let blown = self.draw(blowdown * dt);
        x.outlets[BLOWDOWN].add(&blown);
        let over = 1.0 - 1.0 / self.level().max(1.0);
        let spilled = self.basin.draw(over);
        x.outlets[OVERFLOW].add(&spilled);
        let power = self.settings.air.fan * fan * fan * fan;
        let evaporation = steam * molar / dt;
        self.flows =
            Flows { hot, cold, flow, load, heat, evaporation, power, blowdown, wet, ..self.flows.clone() };
    }

    fn read(&self, readings: &mut [f64]) {
        let f = &self.flows;
        let cold = self.basin.temperature;
        let fresh = self.settings.strength_of_chloride();
        let chloride = self.basin.concentration(Species::Chloride);
        readings.copy_from_slice(&[
            cold - 273.15,
            if f.flow > 0.0 { f.hot - 273.15 } else { cold - 273.15 },
            f.wet - 273.15,
            cold - f.wet,
            if f.flow > 0.0 { f.hot - f.cold } else { 0.0 },
            f.flow * 3600.0,
            f.load * 1e-3,
            f.heat * 1e-3,
            f.merkel,
            f.evaporation * 3600.0,
            f.power * 1e-3,
            100.0 * self.level(),
            conductivity(&self.basin) * 1e4,
            self.basin.ph(),
            f.blowdown * 3600.0,
            if fresh > 1e-9 { (chloride / fresh).min(1e3) } else { 0.0 },
            self.suction(),
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.basin.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Make-up brings the level back within a minute.
    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        let lacks = (f.hold - self.level()).max(0.0) * self.settings.basin.volume;
        duty.feeds[0] = self.recipe.part(lacks / 60.0);
        duty.orders[FAN] = f.fan;
        duty.orders[CIRCULATION] = f.circulation * 3600.0;
        duty.orders[BLOW] = f.blowdown * 3600.0;
        duty.orders[LOAD] = f.load * 1e-3;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.basin.state(walk);
        self.notes.state(walk);
        let f = &mut self.flows;
        for value in [
            &mut f.hot,
            &mut f.cold,
            &mut f.flow,
            &mut f.load,
            &mut f.heat,
            &mut f.merkel,
            &mut f.evaporation,
            &mut f.power,
            &mut f.blowdown,
            &mut f.wet,
        ] {
            walk.f64(value);
        }
    }
}

impl Settings {
    /// mol/L of chloride in the make-up.
    fn strength_of_chloride(&self) -> f64 {
        let grams = |wanted: &str| {
            SOLUTES.iter().zip(&self.strength).find(|((name, _), _)| *name == wanted).map_or(0.0, |(_, g)| *g)
        };
        grams("NaCl") / 58.44 + 2.0 * grams("CaCl2") / 110.98 + 2.0 * grams("MgCl2") / 95.21
    }
}

#[cfg(test)]
#[path = "cooling_tower/tests.rs"]
mod tests;
