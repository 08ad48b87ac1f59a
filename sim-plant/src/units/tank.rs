//! A tank: stirred liquor, slurry, organic or dry solids between two units, heated or cooled, drawn by volume.
//!
//! ```text
//! dn/dt = sum of inlets - sum of draws - overflow        draw = order * suction,  0 at 1 % level, full at 3 %
//! dH/dt = streams + heat + agitator - UA (T - ambient)
//! ```
//!
//! Everything in it is well mixed, also while the agitator stands: what settles out of a slurry is not modelled.
//! Gas that comes in leaves through the vent at the tank's temperature, and so does CO2 that the liquor does not hold: in
//! bubbles, or slowly from the surface (`exhaling.rs`). Above its rim it runs over, and what runs over is lost to the bund.
//!
//! Matter comes and goes in every step. What follows from it (heat, temperature, density, pH) is worked out, for all the
//! time since, when the pace that the plant sets has gone by or 1 % of the contents has come or gone, whichever is
//! sooner; in between a tank gives what it holds, by mass at its last density.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::density::Makeup;
use crate::solution::oversaturated::note_oversaturated;
use crate::solution::solutes::{SOLUTES, molar_mass};
use crate::solution::{Notes, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::exhaling::Exhaling;
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, OPEN_TANK, gripped, stirrable};

tables! {
    Tank {
        /// To the rim
        volume: "m3", 1e-4, 1e4;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e5;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Power of the agitator that ends as heat
        agitator: "kW", 0.0, 500.0;
        /// Saturated steam in coil or jacket; it heats nothing in the tank beyond its own temperature
        steam: "degC", 105.0, 250.0;
        /// Pace at which dissolved CO2 leaves for the open air; a closed tank under its own gas has none
        breathing: "1/h", 0.0, 100.0;
        /// Pace at which it bubbles out of a liquor that holds more than an atmosphere of it
        bubbling: "1/s", 0.0, 10.0;
    }
    Start {
        /// Level at the start
        level: "%", 0.0, 100.0;
        /// and temperature
        temperature: "degC", 0.0, 95.0;
        /// Share of the start that is organic phase
        organic: "%", 0.0, 100.0;
        /// Share of the start that is dry black mass of NMC622
        black_mass: "%", 0.0, 100.0;
        /// Extractant in that organic phase; the rest is diluent
        extractant: "mol/L", 0.0, 3.0;
    }
    Feed {
        /// Liquor like that of the start into the first inlet
        flow: "m3/h", 0.0, 1e3;
        /// Water into the second inlet
        water: "m3/h", 0.0, 1e3;
        /// Its temperature
        water_temperature: "degC", 0.0, 95.0;
        /// Draw of the first outlet
        draw: "m3/h", 0.0, 1e3;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tank: Tank,
    start: Start,
    feed: Feed,
    /// kg/m3 of what is in it at the start.
    strength: [f64; SOLUTES.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let made = Self {
            tank: Tank::read(r, "tank"),
            start: Start::read(r, "start"),
            feed: Feed::read(r, "feed"),
            strength: SOLUTES.map(|(name, _)| {
                // 98 wt%, 63 wt%, and what a tank loses in bubbles without freezing.
                let most = match name {
                    "CO2" => 300.0,
                    "H2SO4" => 1800.0,
                    "NaOH" => 1050.0,
                    _ => 1000.0,
                };
                r.described("strength", name, "In it at the start", "g/L", 0.0, most)
            }),
        };
        let share = made.start.organic + made.start.black_mass;
        if share > 1.0 + 1e-9 {
            let message = format!(
                "with start.organic it is {:.0} % of the start: together they are at most 100 %",
                100.0 * share
            );
            r.refuse("start.black_mass", &message);
        }
        made
    }
}

pub const DRAWS: usize = 8;
pub const OVERFLOW: usize = DRAWS;
pub const VENT: usize = DRAWS + 1;
pub const AGITATOR: usize = 0;
pub const HEAT: usize = 1;
/// The first of [`DRAWS`] orders.
pub const DRAW: usize = 2;
/// Readings that a pipe behind the tank needs.
pub const LEVEL: usize = 0;
pub const BULK_DENSITY: usize = 2;
pub const SUCTION: usize = 3;
const MASS: usize = 9;
const RUNNING_OVER: usize = 10;

const DRAW_ORDER: Order =
    Order { name: "", unit: "m3/h", low: 0.0, high: 1e4, text: "asked of the outlet of this number" };

pub static SHAPE: Shape = Shape {
    name: "tank",
    text: "a stirred tank of liquor, slurry, organic or solids: level, heat, eight draws",
    inlets: &[
        Port { name: "in-1", text: "into the tank" },
        Port { name: "in-2", text: "into the tank" },
        Port { name: "in-3", text: "into the tank" },
        Port { name: "in-4", text: "into the tank" },
        Port { name: "in-5", text: "into the tank" },
        Port { name: "in-6", text: "into the tank" },
        Port { name: "in-7", text: "into the tank" },
        Port { name: "in-8", text: "into the tank" },
    ],
    outlets: &[
        Port { name: "out-1", text: "drawn" },
        Port { name: "out-2", text: "drawn" },
        Port { name: "out-3", text: "drawn" },
        Port { name: "out-4", text: "drawn" },
        Port { name: "out-5", text: "drawn" },
        Port { name: "out-6", text: "drawn" },
        Port { name: "out-7", text: "drawn" },
        Port { name: "out-8", text: "drawn" },
        Port { name: "overflow", text: "over the rim" },
        Port { name: "vent", text: "gas that came in" },
    ],
    orders: &[
        Order { name: "agitator", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "heat", unit: "kW", low: -1e5, high: 1e5, text: "by coil or jacket; negative cools" },
        Order { name: "draw-1", ..DRAW_ORDER },
        Order { name: "draw-2", ..DRAW_ORDER },
        Order { name: "draw-3", ..DRAW_ORDER },
        Order { name: "draw-4", ..DRAW_ORDER },
        Order { name: "draw-5", ..DRAW_ORDER },
        Order { name: "draw-6", ..DRAW_ORDER },
        Order { name: "draw-7", ..DRAW_ORDER },
        Order { name: "draw-8", ..DRAW_ORDER },
    ],
    readings: &[
        reading("level", "%", "of the volume to the rim"),
        reading("volume", "m3", "liquor, solids and organic"),
        reading("bulk-density", "kg/m3", "of everything"),
        reading("suction", "", "share of a draw that the level allows"),
        reading("T", "degC", ""),
        reading("pH", "pH", ""),
        reading("density", "kg/m3", "of the liquor"),
        reading("conductivity", "S/m", "of the liquor"),
        reading("solids", "g/L", "per volume of slurry"),
        reading("mass", "kg", "of everything"),
        reading("overflow", "m3/h", "over the rim"),
        reading("LiOH", "wt%", "of the liquor"),
        reading("LiCl", "g/L", "chloride of the lithium, as LiCl"),
        reading("HCl", "wt%", "of the liquor"),
        reading("free-acid", "g/L", "H+ and HSO4- as H2SO4"),
        reading("free-chlorine", "mg/L", "hypochlorous acid and hypochlorite as Cl2"),
        reading("NaOH", "wt%", "of the liquor"),
        reading("Li", "g/L", "dissolved"),
        reading("Na", "g/L", "dissolved"),
        reading("Ni", "g/L", "dissolved"),
        reading("Co", "g/L", "dissolved"),
        reading("Mn", "g/L", "dissolved"),
        reading("Cu", "mg/L", "dissolved"),
        reading("Fe", "mg/L", "dissolved"),
        reading("Al", "mg/L", "dissolved"),
        reading("Ca", "mg/L", "dissolved"),
        reading("Mg", "mg/L", "dissolved"),
        reading("Cl", "g/L", "dissolved"),
        reading("SO4", "g/L", "dissolved"),
        reading("CO3", "g/L", "dissolved, all its forms"),
    ],
    step_max: 2.0,
};

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

/// mol of Cl2 per mol of hypochlorite, kg/mol.
const MASS_CHLORINE: f64 = 70.906e-3;
const MASS_SULFURIC: f64 = 98.079e-3;
/// What is not more than this share of the volume is heel that no pump takes.
const HEEL: f64 = 0.01;
/// s after which a tank is worked out in which nothing comes or goes and that nobody heats: it only cools.
const REST: f64 = 60.0;
/// Share of the contents that may come and go before what follows from it is worked out.
const EXCHANGED: f64 = 0.01;

/// One m3 of organic phase with so much extractant (mol/m3).
pub(crate) fn organic(extractant: f64, kelvin: f64, chemistry: &Chemistry) -> Matter {
    let taken = extractant * chemistry.volume[Species::Extractant.index()];
    let diluent = (1.0 - taken).max(0.0) / chemistry.volume[Species::Diluent.index()];
    chemistry.parcel(&[(Species::Extractant, extractant), (Species::Diluent, diluent)], kelvin)
}

/// One m3 of dry black mass, without voids: 62 % NMC622, 31.5 % graphite, foil and fluoride (basis 4.2).
fn black_mass(kelvin: f64, chemistry: &Chemistry) -> Matter {
    const OXIDE: [(Species, f64); 4] = [
        (Species::LatticeLithium, 1.0),
        (Species::LatticeNickel, 0.6),
        (Species::LatticeCobalt, 0.2),
        (Species::LatticeManganese, 0.2),
    ];
    const REST: [(Species, f64); 5] = [
        (Species::Graphite, 0.315),
        (Species::CopperMetal, 0.025),
        (Species::AluminiumMetal, 0.015),
        (Species::IronMetal, 0.005),
        (Species::LithiumFluoride, 0.02),
    ];
    let formula: f64 = OXIDE.iter().map(|(species, n)| n * chemistry.molar_mass(*species)).sum();
    let oxide = OXIDE.iter().map(|(species, n)| (*species, 0.62 * n / formula));
    let rest = REST.iter().map(|(species, mass)| (*species, mass / chemistry.molar_mass(*species)));
    let parts: Vec<(Species, f64)> = oxide.chain(rest).collect();
    let volume: f64 = parts.iter().map(|(species, n)| n * chemistry.volume[species.index()]).sum();
    chemistry.parcel(&parts, kelvin).part(1.0 / volume)
}

#[derive(Clone, Debug)]
pub struct StorageTank {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    slurry: Slurry,
    /// One m3 of what it starts with.
    recipe: Matter,
    /// m3/s over the rim.
    overflow: f64,
    since: Since,
    notes: Notes,
}

/// What has gathered since the contents were settled.
#[derive(Clone, Debug, Default, PartialEq)]
struct Since {
    /// s from one time to the next, and what is left of them; 0 is every step.
    pace: f64,
    left: f64,
    seconds: f64,
    /// kg in the tank, and kg/m3 when it was settled.
    mass: f64,
    density: f64,
    /// kg that have come and gone.
    exchanged: f64,
    /// kJ asked of the coil; s that the agitator has turned.
    heat: f64,
    stirred: f64,
    /// Settled in the last step.
    settled: bool,
    /// Outlets that it gave something to in the last step, by their bits.
    gave: u64,
}

impl StorageTank {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let mut recipe = Matter::default();
        for ((_, solute), strength) in SOLUTES.iter().zip(&settings.strength) {
            recipe.react(solute, strength / molar_mass(solute, &chemistry));
        }
        let kelvin = settings.start.temperature;
        let recipe = Slurry::filled(&recipe, 1.0, kelvin, &chemistry, &mut notes).matter;
        let volume = settings.tank.volume * settings.start.level;
        let Start { organic: oil, black_mass: dry, extractant, .. } = settings.start;
        let mut held = recipe.part(volume * (1.0 - oil - dry).max(0.0));
        held.add(&organic(extractant, kelvin, &chemistry).part(volume * oil));
        held.add(&black_mass(kelvin, &chemistry).part(volume * dry));
        let slurry = Slurry::at(&held, kelvin, &chemistry, &mut notes);
        let mut made =
            Self { settings, chemistry, slurry, recipe, overflow: 0.0, since: Since::default(), notes };
        made.weigh();
        made
    }

    /// From here on it counts by mass.
    fn weigh(&mut self) {
        let (mass, volume) = (self.slurry.matter.mass(&self.chemistry), self.slurry.volume());
        let density = if volume > 1e-9 { mass / volume } else { 1000.0 };
        let pace = self.since.pace;
        self.since = Since { pace, left: pace, mass, density, ..Since::default() };
    }

    /// m3 of what it holds now.
    fn volume(&self) -> f64 {
        self.since.mass / self.since.density
    }

    fn level(&self) -> f64 {
        self.volume() / self.settings.tank.volume
    }

    fn suction(&self) -> f64 {
        ((self.level() - HEEL) / (2.0 * HEEL)).clamp(0.0, 1.0)
    }

    /// Whether what was worked out holds no longer. A heel changes with every drop, and gas does not stay.
    fn is_due(&self, dt: f64) -> bool {
        let since = &self.since;
        let rests = since.exchanged == 0.0 && since.heat == 0.0 && since.seconds < REST - 0.5 * dt;
        since.left < 0.5 * dt && !(since.pace > 0.0 && rests)
            || since.exchanged > EXCHANGED * since.mass
            || self.level() < 5.0 * HEEL
            || self.chemistry.range(Phase::Gas).any(|gas| self.slurry.matter.amount[gas] != 0.0)
    }

    /// Heat, temperature, density and species after what has come and gone, CO2 to the vent; J that crossed without matter.
    fn settle(&mut self, vent: &mut Matter) -> f64 {
        let t = &self.settings.tank;
        let Since { seconds, heat, stirred, .. } = self.since;
        let within = |pace: f64| -libm::expm1(-pace * seconds);
        let exhaling = Exhaling { surface: within(t.breathing), bubbles: within(t.bubbling) };
        if let Some(gas) = exhaling.leave(&mut self.slurry, &self.chemistry) {
            vent.add(&gas);
        }
        let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
        // The plant's own text says how much its coil gives; the order's range bounds it here.
        let coil = Coil { largest: SHAPE.orders[HEAT].high * 1e3, steam: t.steam, rated: OPEN_TANK };
        let organic = self.slurry.matter.phase_mass(Phase::Organic, &self.chemistry) * 1e-3;
        let liquid = stirrable(&self.slurry) + organic;
        let joule = coil.warm(&self.slurry, heat * 1e3 / seconds, seconds)
            + t.agitator * stirred * gripped(liquid, t.volume);
        let crossed = wall.warm(&mut self.slurry, joule, seconds);
        self.slurry.settle(&self.chemistry, &mut self.notes);
        note_oversaturated(&self.slurry, None, &self.chemistry, &mut self.notes);
        crossed
    }

    /// Gas does not stay.
    fn breathe(&mut self, vent: &mut Matter) {
        let slurry = &mut self.slurry;
        let mut gas = Matter::default();
        for k in self.chemistry.range(Phase::Gas) {
            let amount = slurry.matter.amount[k];
            if amount > 0.0 {
                gas.amount[k] = amount;
                let species = Species::ALL[k];
                gas.enthalpy += amount * self.chemistry.molar_enthalpy(species, slurry.temperature);
            }
        }
        if gas.enthalpy != 0.0 {
            slurry.matter.subtract(&gas);
            vent.add(&gas);
            slurry.settle(&self.chemistry, &mut self.notes);
        }
    }
}

impl StorageTank {
    /// Draws, and what runs over the rim.
    fn give(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let volume = self.volume().max(1e-12);
        let suction = self.suction();
        let mut left = 1.0;
        for draw in 0..DRAWS {
            let wanted = x.orders[DRAW + draw] / 3600.0 * dt * suction / volume;
            let share = wanted.min(0.5 * left);
            left -= share;
            if share != 0.0 {
                x.outlets[draw].add_part(&self.slurry.matter, share);
                self.since.gave |= 1 << draw;
            }
        }
        let above = (left - self.settings.tank.volume / volume).max(0.0);
        self.overflow = above * volume / dt;
        if above != 0.0 {
            x.outlets[OVERFLOW].add_part(&self.slurry.matter, above);
            self.since.gave |= 1 << OVERFLOW;
        }
        let gone = 1.0 - left + above;
        if gone > 0.0 {
            self.slurry.lose(gone);
            self.since.exchanged += gone * self.since.mass;
            self.since.mass *= 1.0 - gone;
        }
    }
}

impl UnitOperation for StorageTank {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        for (_, inlet) in x.inlets.iter().enumerate().filter(|(k, _)| x.fed & 1 << k != 0) {
            self.slurry.matter.add(inlet);
            let came = inlet.mass(&self.chemistry);
            self.since.mass += came;
            self.since.exchanged += came;
        }
        self.since.seconds += dt;
        self.since.left -= dt;
        self.since.heat += x.orders[HEAT] * dt;
        self.since.stirred += x.orders[AGITATOR] * dt;
        let due = self.is_due(dt);
        if due {
            x.heat += self.settle(&mut x.outlets[VENT]);
            self.breathe(&mut x.outlets[VENT]);
            self.weigh();
        }
        self.since.settled = due;
        // A settled tank may have breathed.
        self.since.gave = if due { 1 << VENT } else { 0 };
        self.give(x, dt);
    }

    fn gave(&self) -> u64 {
        self.since.gave
    }

    fn read_again(&self, readings: &mut [f64]) {
        if self.since.settled {
            self.read(readings);
            return;
        }
        let now = [100.0 * self.level(), self.volume(), self.since.density, self.suction()];
        readings[..now.len()].copy_from_slice(&now);
        readings[MASS] = self.since.mass;
        readings[RUNNING_OVER] = self.overflow * 3600.0;
    }

    fn keep_pace(&mut self, step: f64, phase: f64) -> bool {
        self.since.pace = step;
        self.since.left = step * (1.0 - phase);
        true
    }

    fn read(&self, readings: &mut [f64]) {
        let (s, c) = (&self.slurry, &self.chemistry);
        let (volume, mass) = (self.volume(), self.since.mass);
        let dissolved = |species| s.grams_per_litre(species, c);
        let makeup = Makeup::of(&s.matter, c);
        let share = |solute: usize| 100.0 * makeup.solutes[solute];
        use crate::solution::laliberte as l;
        let chloride = s.concentration(Species::Chloride).min(s.concentration(Species::Lithium));
        let molar_chloride = c.molar_mass(Species::Lithium) + c.molar_mass(Species::Chloride);
        let mut quiet = Notes::default();
        readings.copy_from_slice(&[
            100.0 * self.level(),
            volume,
            self.since.density,
            self.suction(),
            s.temperature - 273.15,
            s.ph(),
            s.density,
            s.conductivity(c, &mut quiet),
            s.solids_per_volume(c),
            mass,
            self.overflow * 3600.0,
            share(l::LIOH),
            chloride.max(0.0) * molar_chloride * 1e3,
            share(l::HCL),
            (s.species.proton + s.species.bisulfate) * 0.5 * MASS_SULFURIC * 1e3,
            s.concentration(Species::HypochlorousAcid) * MASS_CHLORINE * 1e6,
            share(l::NAOH),
            dissolved(Species::Lithium),
            dissolved(Species::Sodium),
            dissolved(Species::Nickel),
            dissolved(Species::Cobalt),
            dissolved(Species::Manganese),
            dissolved(Species::Copper) * 1e3,
            (dissolved(Species::Ferrous) + dissolved(Species::Ferric)) * 1e3,
            dissolved(Species::Aluminium) * 1e3,
            dissolved(Species::Calcium) * 1e3,
            dissolved(Species::Magnesium) * 1e3,
            dissolved(Species::Chloride),
            dissolved(Species::Sulfate),
            dissolved(Species::Carbonate),
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.slurry.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[0] = self.recipe.part(f.flow);
        let water = f.water * 1000.0 / self.chemistry.molar_mass(Species::Water);
        duty.feeds[1] = self.chemistry.parcel(&[(Species::Water, water)], f.water_temperature);
        duty.orders[AGITATOR] = 1.0;
        duty.orders[DRAW] = f.draw * 3600.0;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.slurry.state(walk);
        self.notes.state(walk);
        walk.f64(&mut self.overflow);
        let since = &mut self.since;
        for value in [
            &mut since.left,
            &mut since.seconds,
            &mut since.mass,
            &mut since.density,
            &mut since.exchanged,
            &mut since.heat,
            &mut since.stirred,
        ] {
            walk.f64(value);
        }
        walk.bool(&mut since.settled);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{AGITATOR, HEAT};
    use crate::chemistry::Chemistry;
    use crate::experiment::{self, Conditions, Experiment};
    use crate::matter::Matter;
    use crate::solution::Notes;
    use crate::station::Station;
    use crate::unit::Duty;

    fn tank(settings: &[&str]) -> Experiment {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = settings.iter().map(ToString::to_string).collect();
        Experiment::open("tank", &Conditions { settings, ..Conditions::default() }, &chemistry).unwrap()
    }

    #[test]
    fn what_it_holds_is_what_came_less_what_was_drawn() {
        let mut unit = tank(&["start.level=50%", "feed.flow=2m3/h", "feed.draw=1m3/h", "tank.volume=10m3"]);
        unit.run_to(3600.0);
        assert!((unit.reading("level").unwrap() - 60.0).abs() < 0.3, "{:?}", unit.reading("level"));
        assert!(unit.balance().worst() < 1e-12);
    }

    #[test]
    fn it_runs_over_at_the_rim_and_no_pump_empties_it() {
        let mut full = tank(&["start.level=99%", "feed.flow=2m3/h", "feed.draw=0", "tank.volume=2m3"]);
        full.run_to(3600.0);
        assert!((full.reading("level").unwrap() - 100.0).abs() < 0.2);
        assert!((full.reading("overflow").unwrap() - 2.0).abs() < 0.02);
        let mut empty = tank(&["start.level=5%", "feed.flow=0", "feed.draw=9m3/h", "tank.volume=2m3"]);
        empty.run_to(3600.0);
        let level = empty.reading("level").unwrap();
        assert!(level > 0.5 && level < 1.5, "{level}");
        assert!(full.balance().worst() < 1e-12 && empty.balance().worst() < 1e-12);
    }

    #[test]
    fn the_strengths_of_the_start_are_read_back() {
        let unit = tank(&["strength.Li2SO4=110g/L", "strength.H2SO4=20g/L", "start.level=50%"]);
        assert!((unit.reading("Li").unwrap() - 110.0 * 13.88 / 109.94).abs() < 0.05);
        assert!(unit.reading("free-acid").unwrap() > 10.0 && unit.reading("pH").unwrap() < 1.5);
    }

    /// An hour of a tank that is fed, drawn, and heated for ten minutes, worked out once in so many seconds.
    fn hour(settings: &[&str], every: u32) -> (Station, u32) {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        let (unit, _) = experiment::with_settings("tank", &settings, &chemistry).unwrap();
        let mut station = Station::paced(unit, every, 0.0);
        let feeds = vec![Matter::default(); station.inlets().len()];
        let mut duty = Duty { feeds, orders: station.orders.clone(), notes: Notes::default() };
        let mut worked_out = 0;
        for second in 0..3600 {
            station.unit().duty(&mut duty);
            *station.inlet(0) = duty.feeds[0].part(1.0);
            station.orders.copy_from_slice(&duty.orders);
            station.orders[HEAT] = if (300..900).contains(&second) { 60.0 } else { 0.0 };
            station.orders[AGITATOR] = f64::from(second / 700 % 2);
            let before = station.readings()[4];
            station.advance(&chemistry, 1.0);
            worked_out += u32::from(station.readings()[4] != before);
        }
        assert!(station.balance(&chemistry).worst() < 1e-12, "{:?}", station.balance(&chemistry));
        (station, worked_out)
    }

    #[test]
    fn a_tank_that_is_worked_out_seldom_is_where_one_is_that_always_is() {
        let settings = [
            "tank.volume=2m3",
            "start.level=50%",
            "strength.NaOH=20g/L",
            "feed.flow=1m3/h",
            "feed.draw=1m3/h",
        ];
        let ((always, every), (seldom, fewer)) = (hour(&settings, 1), hour(&settings, 10));
        // The last minutes change nothing any more.
        assert!(every > 3000 && fewer.abs_diff(every / 10) < 40, "{every} {fewer}");
        for (k, within) in [(0, 0.05), (4, 0.1), (5, 0.01), (7, 0.02), (16, 0.002)] {
            let (one, other) = (always.readings()[k], seldom.readings()[k]);
            assert!((one - other).abs() < within, "reading {k}: {one} {other}");
        }
    }

    #[test]
    fn a_tank_whose_contents_change_fast_does_not_wait_for_its_pace() {
        // A tenth of its contents in a minute: 1 % has come and gone within four seconds.
        let (_, worked_out) =
            hour(&["tank.volume=0.4m3", "start.level=50%", "feed.flow=1.2m3/h", "draw=1.2m3/h"], 10);
        assert!(worked_out > 700, "{worked_out}");
    }

    #[test]
    fn an_acidified_carbonate_fizzes_at_once_and_goes_flat_in_the_open() {
        // A mole of NaHCO3 in a litre meets a mole of HCl.
        let settings = [
            "start.temperature=25degC",
            "tank.ambient=25degC",
            "tank.agitator=0",
            "tank.heat_loss=20000W/K",
            "strength.Na2CO3=53g/L",
            "strength.CO2=22g/L",
            "strength.HCl=36.46g/L",
            "feed.flow=0",
            "feed.draw=0",
        ];
        let mut open = tank(&settings);
        assert!(open.reading("CO3").unwrap() > 55.0);
        open.run_to(600.0);
        // An atmosphere of it keeps 34 mmol/L in water, 2 g/L as CO3, a little less in brine.
        let fizzed = open.reading("CO3").unwrap();
        assert!((1.4..2.1).contains(&fizzed), "{fizzed}");
        open.run_to(100.0 * 3600.0);
        let flat = open.reading("CO3").unwrap();
        assert!(flat < 0.01 && open.balance().worst() < 1e-12, "{flat}");
        let mut closed = tank(&[&settings[..], &["breathing=0"]].concat());
        closed.run_to(100.0 * 3600.0);
        assert!((closed.reading("CO3").unwrap() - fizzed).abs() < 0.1 * fizzed);
        // Soda holds its own.
        let mut soda = tank(&["strength.Na2CO3=53g/L", "feed.flow=0", "feed.draw=0"]);
        soda.run_to(10.0 * 3600.0);
        assert!((soda.reading("CO3").unwrap() - 30.0).abs() < 0.05, "{:?}", soda.reading("CO3"));
    }

    #[test]
    fn a_bin_of_black_mass_is_dry_and_as_heavy_as_its_grains() {
        let unit = tank(&[
            "start.black_mass=100%",
            "start.level=50%",
            "tank.volume=2m3",
            "feed.flow=0",
            "feed.draw=0",
        ]);
        let mass = unit.reading("mass").unwrap();
        assert!((2000.0..4000.0).contains(&mass), "{mass}");
        assert!((unit.reading("level").unwrap() - 50.0).abs() < 0.01);
    }

    #[test]
    fn organic_and_black_mass_fill_a_start_and_never_more_than_it() {
        let full = tank(&["start.organic=30%", "start.black_mass=70%", "start.level=50%"]);
        assert!((full.reading("level").unwrap() - 50.0).abs() < 0.01);
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = vec!["start.organic=60%".to_owned(), "start.black_mass=50%".to_owned()];
        let conditions = Conditions { settings, ..Conditions::default() };
        let refused = Experiment::open("tank", &conditions, &chemistry).err().unwrap().to_string();
        let told = "--set start.black_mass=50%: start.black_mass: with start.organic it is 110 % of the start: \
                    together they are at most 100 %";
        assert_eq!(refused, told);
    }
}
