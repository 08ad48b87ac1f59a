//! A steam boiler: burner, heating surface, and a drum in which water and steam are in balance.
//!
//! ```text
//! H = H_liquor(n - n_s, T) + n_s h_s(T) + C_metal T        one temperature for water, steam and metal
//! n_s = p_s(T) V_steam / (R T)                             implicit in T: pressure falls, water flashes
//! swell = t_rise (made + flashed)                          bubbles below the surface: steam drawn lifts the level,
//!                                                          cold feed or a dying fire shrinks it
//! ```
//!
//! Users take heat, not kilograms: `load` draws what it condenses to, as far as the pressure drives so much through
//! the header, and returns a share of it as condensate. What leaves by `steam` is live. Sources: steam tables
//! IAPWS-IF97; swell after Astroem and Bell (2000), with one rise time for all bubbles. Left out: superheat, air
//! (a boiler below the atmosphere shows none), carry-over of salts, oxygen, corrosion, the stack. The ledger's latent heat
//! is 3 % above the tables' at 8 bar.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::root;
use crate::solution::{Notes, Remark};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, LIQUORS, Order, Port, Reading, Shape, UnitOperation};

use super::water::{ATMOSPHERE, boiling_density, dissolved, steam_pressure};
use crate::units::heat_loss::Wall;

tables! {
    Drum {
        /// Water and steam space together
        volume: "m3", 0.01, 1e3;
        /// Water at 0 % of the level gauge
        bottom: "m3", 0.0, 1e3;
        /// and at 100 %
        top: "m3", 0.01, 1e3;
        /// Water that just covers the heating surface
        covered: "m3", 0.0, 1e3;
        /// Heat capacity of the metal
        metal: "kJ/K", 0.1, 1e6;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e5;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Time that a bubble takes to the surface
        rise: "s", 0.1, 10.0;
    }
    Fire {
        /// Heat of the fuel at full fire
        power: "kW", 1.0, 1e6;
        /// Share of it that reaches the water
        efficiency: "", 0.1, 1.0;
        /// Time in which the fire follows
        lag: "s", 0.1, 300.0;
    }
    Header {
        /// Gauge pressure at which the nozzle passes `flow`
        design: "bar", 0.1, 30.0;
        /// Largest flow to the users
        flow: "kg/h", 0.1, 1e6;
        /// Safety valve opens
        relief: "bar", 0.1, 40.0;
        /// and passes so much 10 % above that
        relief_flow: "kg/h", 0.1, 1e6;
        /// Condensate
        condensate: "degC", 20.0, 140.0;
        /// Share of the users' steam that comes back
        returned: "", 0.0, 1.0;
    }
    Start {
        /// Level gauge at the start
        level: "%", 0.0, 100.0;
        /// and temperature
        temperature: "degC", 5.0, 200.0;
        /// Salts, as Na2SO4
        salts: "mg/L", 0.0, 1e4;
    }
    Feed {
        /// Feed water is taken to hold this level
        hold: "%", 0.0, 100.0;
        /// Temperature of the feed water
        temperature: "degC", 5.0, 140.0;
        /// Salts in it, as Na2SO4
        salts: "mg/L", 0.0, 1e4;
        /// The fire holds this gauge pressure
        pressure: "bar", 0.0, 30.0;
        /// Largest fire
        fire: "", 0.0, 1.0;
        /// Heat of the users
        load: "kW", 0.0, 1e6;
        /// Live steam
        steam: "kg/h", 0.0, 1e6;
        /// Blowdown
        blowdown: "kg/h", 0.0, 1e5;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    drum: Drum,
    fire: Fire,
    header: Header,
    start: Start,
    feed: Feed,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let made = Self {
            drum: Drum::read(r, "drum"),
            fire: Fire::read(r, "fire"),
            header: Header::read(r, "header"),
            start: Start::read(r, "start"),
            feed: Feed::read(r, "feed"),
        };
        let d = &made.drum;
        if d.bottom >= d.top {
            let message =
                "not below drum.top: a gauge has its 0 % below its 100 %; lower it or raise drum.top";
            r.refuse("drum.bottom", message);
        }
        for (name, part) in [("drum.top", d.top), ("drum.covered", d.covered)] {
            if part > d.volume {
                r.refuse(name, "beyond drum.volume; lower it or raise the volume");
            }
        }
        made
    }
}

pub const CONDENSATE: usize = 0;
pub const STEAM: usize = 1;
pub const RELIEF: usize = 2;
pub const BLOWDOWN: usize = 3;

const FIRE: usize = 0;
const LOAD: usize = 1;
const LIVE: usize = 2;
const BLOW: usize = 3;

pub static SHAPE: Shape = Shape {
    name: "boiler",
    text: "steam boiler with drum, burner, users that condense its steam",
    inlets: &[Port { name: "feed", text: "feed water" }, Port { name: "dose", text: "chemicals" }],
    outlets: &[
        Port { name: "condensate", text: "from the users" },
        Port { name: "steam", text: "live, and what the users do not give back" },
        Port { name: "relief", text: "safety valve" },
        Port { name: "blowdown", text: "boiler water" },
    ],
    orders: &[
        Order { name: "fire", unit: "", low: 0.0, high: 1.0, text: "of full fire" },
        Order { name: "load", unit: "kW", low: 0.0, high: 1e6, text: "heat that the users want" },
        Order { name: "steam", unit: "kg/h", low: 0.0, high: 1e6, text: "live steam at the design pressure" },
        Order { name: "blowdown", unit: "kg/h", low: 0.0, high: 1e5, text: "boiler water" },
    ],
    readings: &[
        reading("pressure", "bar", "above the atmosphere"),
        reading("T", "degC", "water, steam and metal"),
        reading("level", "%", "of the gauge, bubbles included"),
        reading("water", "kg", "in the drum"),
        reading("steam", "kg/h", "that leaves the drum to users and as live steam"),
        reading("evaporation", "kg/h", "made from water"),
        reading("fire", "kW", "of the fuel"),
        reading("duty", "kW", "into the water"),
        reading("delivered", "kW", "that the users get"),
        reading("available", "", "share of what they want"),
        reading("swell", "%", "level by bubbles"),
        reading("relief", "kg/h", "safety valve"),
        reading("salts", "mg/L", "dissolved in the boiler water"),
        reading("exposed", "%", "heating surface without water"),
        reading("feed", "kg/h", "came in"),
    ],
    step_max: 2.0,
};

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

/// Coldest and hottest that a drum is solved for, K.
const RANGE: (f64, f64) = (253.15, 573.15);
/// A dry surface takes this share of the heat.
const DRY: f64 = 0.2;

#[derive(Clone, Debug, Default, PartialEq)]
struct Flows {
    steam: f64,
    evaporation: f64,
    duty: f64,
    delivered: f64,
    available: f64,
    relief: f64,
    feed: f64,
}

#[derive(Clone, Debug)]
pub struct Boiler {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    /// Water with its salts and its steam; one enthalpy.
    held: Matter,
    /// J of the metal above 25 degC.
    metal: f64,
    temperature: f64,
    /// 0..1 of full fire, as it burns.
    fire: f64,
    /// m3 of bubbles below the surface.
    bubbles: f64,
    flows: Flows,
    /// One kg of feed water.
    recipe: Matter,
    notes: Notes,
}

/// So many kg of water with salts (mg/L, as Na2SO4).
fn water(mass: f64, salts: f64, kelvin: f64, chemistry: &Chemistry) -> Matter {
    let sulfate = mass * 1e-6 * salts / 142.04e-3;
    let parts = [
        (Species::Water, mass / chemistry.molar_mass(Species::Water)),
        (Species::Sodium, 2.0 * sulfate),
        (Species::Sulfate, sulfate),
    ];
    // As the drum's own balance sums it: its pH, far above the range of the constants, plays no part.
    chemistry.parcel(&parts, kelvin)
}

impl Boiler {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let (d, s, f) = (&settings.drum, &settings.start, &settings.feed);
        let kelvin = s.temperature;
        let volume = (d.bottom + s.level * (d.top - d.bottom)).min(0.98 * d.volume);
        let mut held = water(volume * boiling_density(kelvin), s.salts, kelvin, &chemistry);
        let steam = steam_pressure(kelvin) * (d.volume - volume) / (GAS * kelvin);
        held.add(&chemistry.parcel(&[(Species::Steam, steam)], kelvin));
        let metal = d.metal * 1e3 * (kelvin - REFERENCE);
        let recipe = water(1.0, f.salts, f.temperature, &chemistry);
        let mut made = Self {
            chemistry,
            held,
            metal,
            temperature: kelvin,
            fire: 0.0,
            bubbles: 0.0,
            flows: Flows { available: 1.0, ..Flows::default() },
            recipe,
            notes: Notes::default(),
            settings,
        };
        made.balance();
        made
    }

    /// Pa absolute.
    fn pressure(&self) -> f64 {
        steam_pressure(self.temperature)
    }

    /// Pa above the atmosphere.
    fn gauge(&self) -> f64 {
        (self.pressure() - ATMOSPHERE).max(0.0)
    }

    /// m3 of water without its bubbles.
    fn water_volume(&self) -> f64 {
        self.held[Species::Water].max(0.0) * self.chemistry.molar_mass(Species::Water)
            / boiling_density(self.temperature)
    }

    fn level(&self) -> f64 {
        let d = &self.settings.drum;
        ((self.water_volume() + self.bubbles - d.bottom) / (d.top - d.bottom).max(1e-6)).clamp(0.0, 1.2)
    }

    /// Share of the heating surface that stands in water or its bubbles.
    fn wetted(&self) -> f64 {
        ((self.water_volume() + self.bubbles) / self.settings.drum.covered.max(1e-9)).min(1.0)
    }

    /// Temperature and steam of everything that is held. Returns the steam that was made, mol.
    fn balance(&mut self) -> f64 {
        let c = &self.chemistry;
        let before = self.held[Species::Steam];
        let all = self.held[Species::Water].max(0.0) + before.max(0.0);
        let (metal, volume) = (self.settings.drum.metal * 1e3, self.settings.drum.volume);
        let energy = self.held.enthalpy + self.metal;
        let mut liquid = self.held.clone();
        liquid[Species::Water] = all;
        liquid[Species::Steam] = 0.0;
        let (formed, capacity) = c.sums(&liquid);
        let molar = c.molar_mass(Species::Water);
        let change = c.formation[Species::Steam.index()] - c.formation[Species::Water.index()];
        let less = c.heat_capacity[Species::Steam.index()] - c.heat_capacity[Species::Water.index()];
        let steam_at = |kelvin: f64| {
            let space =
                (volume - (all - before.max(0.0)).max(0.0) * molar / boiling_density(kelvin)).max(0.0);
            (steam_pressure(kelvin) * space / (GAS * kelvin)).min(all)
        };
        let error = |kelvin: f64| {
            let above = kelvin - REFERENCE;
            let steam = steam_at(kelvin);
            formed + (capacity.max(0.0) + metal) * above + steam * (change + less * above) - energy
        };
        let kelvin = root::rising(error, RANGE.0, RANGE.1, 1e-7, &mut self.notes);
        self.notes.check(Remark::Temperature, kelvin > RANGE.0 && kelvin < RANGE.1);
        let steam = steam_at(kelvin);
        self.temperature = kelvin;
        self.held[Species::Steam] = steam;
        self.held[Species::Water] += before - steam;
        self.metal = metal * (kelvin - REFERENCE);
        self.held.enthalpy = energy - self.metal;
        steam - before
    }

    /// Takes so many mol of steam out of the drum.
    fn take_steam(&mut self, moles: f64) -> Matter {
        let parcel = self.chemistry.parcel(&[(Species::Steam, moles)], self.temperature);
        self.held.subtract(&parcel);
        parcel
    }

    /// What the users, the live steam and the safety valve take.
    fn give(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let (c, h) = (self.chemistry.clone(), self.settings.header.clone());
        let molar = c.molar_mass(Species::Water);
        let gauge = self.gauge();
        // Flow goes with the absolute pressure, and dies with the pressure above the atmosphere.
        let drive = self.pressure() / (h.design + ATMOSPHERE) * (gauge / 2e4).min(1.0);
        let most = 0.5 * self.held[Species::Steam].max(0.0) + 0.02 * self.held[Species::Water].max(0.0);
        let latent = c.molar_enthalpy(Species::Steam, self.temperature)
            - c.molar_enthalpy(Species::Water, h.condensate);
        let wanted = x.orders[LOAD] * 1e3 * dt / latent;
        let users = wanted.min(h.flow * drive * dt / molar).min(most);
        let mut condensed = self.take_steam(users);
        condensed.react(&[(Species::Steam, -1.0), (Species::Water, 1.0)], users);
        let liquid = c.parcel(&[(Species::Water, users)], h.condensate);
        let joule = condensed.enthalpy - liquid.enthalpy;
        x.heat -= joule;
        x.outlets[CONDENSATE].add(&liquid.part(h.returned));
        x.outlets[STEAM].add(&liquid.part(1.0 - h.returned));
        let live = (x.orders[LIVE] / 3600.0 * drive * dt / molar).min(most);
        let live = self.take_steam(live);
        x.outlets[STEAM].add(&live);
        let over = ((gauge - h.relief) / (0.1 * h.relief)).clamp(0.0, 1.5);
        let blown = (h.relief_flow * over * dt / molar).min(most);
        let blown = self.take_steam(blown);
        x.outlets[RELIEF].add(&blown);
        let f = &mut self.flows;
        f.delivered = joule / dt;
        f.available = if wanted > 0.0 { users / wanted } else { (gauge / 1e5).min(1.0) };
        f.relief = blown[Species::Steam] * molar / dt;
        f.steam = (users + live[Species::Steam]) * molar / dt;
    }

    fn blow_down(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let mass = x.orders[BLOW] / 3600.0 * dt;
        let molar = self.chemistry.molar_mass(Species::Water);
        let water = self.held[Species::Water].max(0.0);
        let share = (mass / (water * molar).max(1e-9)).min(0.1);
        let mut liquid = self.held.clone();
        liquid[Species::Steam] = 0.0;
        let steam = self.chemistry.parcel(&[(Species::Steam, self.held[Species::Steam])], self.temperature);
        liquid.enthalpy = self.held.enthalpy - steam.enthalpy;
        let drawn = liquid.part(share);
        self.held.subtract(&drawn);
        x.outlets[BLOWDOWN].add(&drawn);
    }

    /// More water than the drum holds leaves with the steam.
    fn spill(&mut self, x: &mut Exchange<'_>) {
        let volume = self.water_volume();
        let room = 0.98 * self.settings.drum.volume;
        if volume > room {
            let moles = self.held[Species::Water] * (1.0 - room / volume);
            let water = self.chemistry.parcel(&[(Species::Water, moles)], self.temperature);
            self.held.subtract(&water);
            x.outlets[STEAM].add(&water);
            self.notes.note(Remark::Limited);
        }
    }
}

impl UnitOperation for Boiler {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// Steam tables, of water alone.
    fn carries(&self) -> (f64, f64) {
        (LIQUORS.0, 623.15)
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let c = self.chemistry.clone();
        let mut fed = 0.0;
        for inlet in x.inlets {
            fed += inlet.mass(&c);
            self.held.add(inlet);
        }
        // Gas that came with the feed goes straight to the vent of the deaerated drum.
        for k in c.range(Phase::Gas) {
            if k == Species::Steam.index() {
                continue;
            }
            let amount = core::mem::take(&mut self.held.amount[k]);
            if amount != 0.0 {
                let energy = amount * c.molar_enthalpy(Species::ALL[k], self.temperature);
                self.held.enthalpy -= energy;
                x.outlets[STEAM].amount[k] += amount;
                x.outlets[STEAM].enthalpy += energy;
            }
        }
        let f = &self.settings.fire;
        self.fire += (x.orders[FIRE] - self.fire) * -libm::expm1(-dt / f.lag);
        let wet = self.wetted();
        let duty = self.fire * f.power * f.efficiency * (DRY + (1.0 - DRY) * wet);
        let d = &self.settings.drum;
        let wall = Wall { conductance: d.heat_loss, ambient: d.ambient };
        let capacity = c.sums(&self.held).1.max(0.0) + d.metal * 1e3;
        let joule = wall.heat(capacity, self.temperature, duty * dt, dt);
        x.heat += joule;
        self.held.enthalpy += joule;
        self.blow_down(x, dt);
        self.give(x, dt);
        // What was given is out of the drum already: whatever more steam there is now has boiled off.
        let made = self.balance();
        self.spill(x);
        let molar = c.molar_mass(Species::Water);
        let rise = self.settings.drum.rise;
        let bubbles = (made.max(0.0) / dt * GAS * self.temperature / self.pressure() * rise)
            .min(0.3 * self.settings.drum.volume);
        self.bubbles += (bubbles - self.bubbles) * -libm::expm1(-dt / (2.0 * rise));
        self.flows.evaporation = made * molar / dt;
        self.flows.duty = duty;
        self.flows.feed = fed / dt;
    }

    fn read(&self, readings: &mut [f64]) {
        let (f, d) = (&self.flows, &self.settings.drum);
        let span = (d.top - d.bottom).max(1e-6);
        let density = boiling_density(self.temperature);
        readings.copy_from_slice(&[
            self.gauge() * 1e-5,
            self.temperature - 273.15,
            100.0 * self.level().min(1.0),
            self.water_volume() * density,
            f.steam * 3600.0,
            f.evaporation * 3600.0,
            self.fire * self.settings.fire.power * 1e-3,
            f.duty * 1e-3,
            f.delivered * 1e-3,
            f.available,
            100.0 * self.bubbles / span,
            f.relief * 3600.0,
            dissolved(&self.held, &self.chemistry.mass) * density * 1e3,
            100.0 * (1.0 - self.wetted()),
            f.feed * 3600.0,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.held, &self.chemistry);
        account.energy += self.metal;
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The fire asks for what the pressure lacks within a minute, the feed for the level.
    fn duty(&self, duty: &mut Duty) {
        let (f, d) = (&self.settings.feed, &self.settings.drum);
        let lacks = (f.hold - self.level()) * (d.top - d.bottom) * boiling_density(self.temperature);
        duty.feeds[0] = self.recipe.part((self.flows.steam + f.blowdown + lacks / 60.0).max(0.0));
        let base = self.flows.delivered / (self.settings.fire.power * self.settings.fire.efficiency);
        let wanted = base + 4.0 * (f.pressure - self.gauge()) / f.pressure.max(1e3);
        duty.orders[FIRE] = wanted.clamp(0.0, f.fire);
        duty.orders[LOAD] = f.load * 1e-3;
        duty.orders[LIVE] = f.steam * 3600.0;
        duty.orders[BLOW] = f.blowdown * 3600.0;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.held.state(walk);
        self.notes.state(walk);
        let f = &mut self.flows;
        for value in [
            &mut self.metal,
            &mut self.temperature,
            &mut self.fire,
            &mut self.bubbles,
            &mut f.steam,
            &mut f.evaporation,
            &mut f.duty,
            &mut f.delivered,
            &mut f.available,
            &mut f.relief,
            &mut f.feed,
        ] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
#[path = "boiler/tests.rs"]
mod tests;
