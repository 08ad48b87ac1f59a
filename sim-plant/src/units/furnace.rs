//! Synthesis of hydrochloric acid: hydrogen burns in chlorine, a cooled film takes up the HCl, a tower the rest.
//!
//! ```text
//! H2 + Cl2 -> 2 HCl          dH = -92.31 kJ/mol HCl       2 H2 + O2 -> 2 H2O with what hydrogen is left
//! chlorine that finds no hydrogen: s L(e/s), L(z) = phi(z) - z Q(z)      e = H2/Cl2 - 1, s spread of the mixing
//! flame temperature and radicals: equilibrium (`furnace/flame.rs`)
//! T_gas = T_s + (T_flame - T_s) exp(-UA/(n cp)),  C dT_s/dt = Q - UA_w (T_s - T_w) - UA_l (T_s - T_a)
//! gas and weak acid down the film together, tail gas up the tower against water (`furnace/absorber.rs`)
//! ```
//!
//! Sources: basis 3.1. The flame is lit by the igniter and goes out when a gas fails or the mixture leaves
//! 4-93 % H2; then the gases pass unburnt. The radicals recombine on the way: what the flame shows
//! is not what leaves. Left out: light-off in air, explosions, heat capacities that rise with temperature in the
//! ledger (the flame has them), Deacon's reaction.

pub(super) mod absorber;
mod flame;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{MASS_HCL, REFERENCE, ZERO_CELSIUS};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, LIQUORS, Order, Port, Reading, Shape, UnitOperation};

use absorber::{Build, Cell, hydrogen_chloride_pressure, strength};
use flame::{Burnt, Flame, Mixture};

tables! {
    Combustion {
        /// Spread of the local ratio of hydrogen to chlorine where the burner mixes them
        spread: "", 1e-4, 0.5;
        /// Least flow of each gas that keeps a flame
        least: "kg/h", 0.0, 1e3;
        /// Pressure in furnace and absorber, absolute
        pressure: "bar", 0.5, 3.0;
        /// From the gas to the shell
        exchange: "W/K", 1.0, 1e5;
        /// Heat capacity of the shell
        capacity: "kJ/K", 10.0, 1e6;
        /// From the shell to the cooling water
        jacket: "W/K", 0.0, 1e6;
        /// From the gas to the cooling water behind the furnace
        cooler: "W/K", 0.0, 1e5;
        /// From the shell to the surroundings
        loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Cooling water
        water: "degC", 0.0, 50.0;
    }
    Absorption {
        /// Transfer of the whole film
        film: "mol/(s bar)", 0.0, 1e4;
        /// Cooling of the whole film
        cooling: "kW/K", 0.0, 1e3;
        /// Heat capacity of the whole film's graphite
        graphite: "kJ/K", 100.0, 1e5;
        /// Transfer of the tail tower
        tower: "mol/(s bar)", 0.0, 1e4;
        /// Heat capacity of the tower
        packing: "kJ/K", 10.0, 1e5;
        /// Weak acid that the tower holds
        weak: "kg", 1.0, 1e4;
        /// Acid below the weir of the acid tank
        tank: "m3", 0.01, 100.0;
    }
    Feed {
        /// Chlorine gas
        chlorine: "kg/h", 0.0, 1e5;
        /// mol H2 per mol Cl2
        ratio: "", 0.0, 10.0;
        /// Oxygen in the chlorine
        oxygen: "%vol", 0.0, 50.0;
        /// Nitrogen in the hydrogen
        nitrogen: "%vol", 0.0, 90.0;
        /// Temperature of both gases
        temperature: "degC", 0.0, 100.0;
        /// Strength that the water would give if it took up all HCl of the chlorine
        strength: "wt%", 1.0, 45.0;
        /// Temperature of the water
        water: "degC", 0.0, 60.0;
        /// The igniter is on
        igniter: "", 0.0, 1.0, whole;
        /// Cooling water of furnace and cooler, share of the design
        cooling_furnace: "", 0.0, 1.0;
        /// Cooling water of the film, share of the design
        cooling_film: "", 0.0, 1.0;
    }
    Start {
        /// Strength of the acid in the tank
        strength: "wt%", 0.0, 40.0;
        /// Of everything
        temperature: "degC", 0.0, 100.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    combustion: Combustion,
    absorption: Absorption,
    feed: Feed,
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            combustion: Combustion::read(r, "combustion"),
            absorption: Absorption::read(r, "absorption"),
            feed: Feed::read(r, "feed"),
            start: Start::read(r, "start"),
        }
    }
}

pub const HYDROGEN: usize = 0;
pub const CHLORINE: usize = 1;
pub const WATER: usize = 2;
pub const ACID: usize = 0;
pub const TAIL: usize = 1;

const IGNITER: usize = 0;
const COOLING_FURNACE: usize = 1;
const COOLING_FILM: usize = 2;
const COOLING_WATER: usize = 3;

pub static SHAPE: Shape = Shape {
    name: "furnace",
    text: "HCl synthesis: furnace, falling-film absorber, tail tower, acid tank",
    inlets: &[
        Port { name: "hydrogen", text: "to the burner" },
        Port { name: "chlorine", text: "to the burner" },
        Port { name: "water", text: "to the top of the tail tower" },
    ],
    outlets: &[
        Port { name: "acid", text: "over the weir of the acid tank" },
        Port { name: "tail-gas", text: "from the tail tower" },
    ],
    orders: &[
        Order { name: "igniter", unit: "", low: 0.0, high: 1.0, text: "on above one half" },
        Order { name: "cooling-furnace", unit: "", low: 0.0, high: 1.0, text: "share of the design flow" },
        Order { name: "cooling-film", unit: "", low: 0.0, high: 1.0, text: "share of the design flow" },
        Order { name: "cooling-water", unit: "degC", low: 0.0, high: 95.0, text: "how warm it comes" },
    ],
    readings: &[
        Reading { name: "flame", unit: "", text: "1 while it burns" },
        Reading { name: "T-flame", unit: "K", text: "adiabatic" },
        Reading { name: "x-HCl", unit: "", text: "mole fraction in the flame" },
        Reading { name: "x-Cl", unit: "", text: "atomic chlorine in the flame" },
        Reading { name: "x-H", unit: "", text: "atomic hydrogen in the flame" },
        Reading { name: "x-Cl2", unit: "", text: "chlorine in the flame" },
        Reading { name: "x-H2O", unit: "", text: "steam in the flame" },
        Reading { name: "ratio", unit: "", text: "mol H2 per mol Cl2" },
        Reading { name: "T-shell", unit: "degC", text: "shell of the furnace" },
        Reading { name: "T-furnace", unit: "degC", text: "gas that leaves the furnace" },
        Reading { name: "T-gas", unit: "degC", text: "gas that leaves the cooler" },
        Reading { name: "Cl2-gas", unit: "ppm", text: "free chlorine in that gas, by volume" },
        Reading { name: "HCl-made", unit: "kg/h", text: "burnt" },
        Reading { name: "heat", unit: "MJ/kg", text: "of combustion per HCl made" },
        Reading { name: "T-film", unit: "degC", text: "hottest cell of the film" },
        Reading { name: "film-strength", unit: "wt%", text: "acid that leaves the film" },
        Reading { name: "limit", unit: "wt%", text: "acid in equilibrium with the gas at the film's foot" },
        Reading { name: "strength", unit: "wt%", text: "acid in the tank" },
        Reading { name: "T-acid", unit: "degC", text: "acid in the tank" },
        Reading { name: "density", unit: "kg/m3", text: "acid in the tank" },
        Reading { name: "Cl2-acid", unit: "mg/L", text: "free chlorine in the tank" },
        Reading { name: "acid", unit: "kg/h", text: "leaving" },
        Reading {
            name: "recovery",
            unit: "%",
            text: "HCl in the weak and strong acid per HCl made, since the start",
        },
        Reading { name: "tail", unit: "Nm3/h", text: "tail gas" },
        Reading { name: "tail-H2", unit: "%vol", text: "hydrogen in it" },
        Reading { name: "tail-HCl", unit: "ppm", text: "HCl in it, by volume" },
        Reading { name: "tail-Cl2", unit: "ppm", text: "chlorine in it, by volume" },
        Reading { name: "T-tail", unit: "degC", text: "tail gas" },
        Reading { name: "cooling-heat", unit: "kW", text: "of shell, gas and film, into the cooling water" },
    ],
    step_max: 2.0,
};

const BURN: [(Species, f64); 3] =
    [(Species::Hydrogen, -1.0), (Species::Chlorine, -1.0), (Species::HydrogenChloride, 2.0)];
const BURN_OXYGEN: [(Species, f64); 3] =
    [(Species::Hydrogen, -2.0), (Species::Oxygen, -1.0), (Species::Steam, 2.0)];

const CELLS: usize = 8;

/// The water of one cooler.
#[derive(Clone, Copy, Debug)]
struct Cooling {
    /// Of the design flow.
    share: f64,
    /// K
    water: f64,
}

/// What was last seen, for the readings.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    ratio: f64,
    /// K
    furnace_gas: f64,
    gas: f64,
    /// Mole fraction.
    free_chlorine: f64,
    /// kg/s
    made: f64,
    /// J/kg
    heat: f64,
    film_strength: f64,
    limit: f64,
    acid: f64,
    /// mol/s, and mole fractions of H2, HCl, Cl2.
    tail: f64,
    tail_gas: [f64; 3],
    /// W into the cooling water.
    cooling: f64,
}

#[derive(Clone, Debug)]
pub struct Furnace {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    lit: bool,
    /// The mixture of the last equilibrium, and what came of it.
    mixture: Mixture,
    flame: Flame,
    /// K
    shell: f64,
    film: [Cell; CELLS],
    tower: Cell,
    weak: Matter,
    tank: Slurry,
    seen: Seen,
    /// mol since the start: made by the flame, lost with the tail gas.
    made: f64,
    lost: f64,
    notes: Notes,
}

impl Furnace {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let (s, a) = (&settings.start, &settings.absorption);
        let mut recipe = Matter::default();
        let acid = s.strength * density(s.strength) * a.tank / MASS_HCL;
        recipe[Species::Acid] = acid;
        recipe[Species::Chloride] = acid;
        let mut water = Matter::default();
        water[Species::Water] = a.weak / chemistry.molar_mass(Species::Water);
        Self {
            lit: false,
            mixture: Mixture::default(),
            flame: Flame::default(),
            shell: s.temperature,
            film: core::array::from_fn(|_| Cell::at(s.temperature, a.graphite * 1e3 / CELLS as f64)),
            tower: Cell::at(s.temperature, a.packing * 1e3),
            weak: Slurry::at(&water, s.temperature, &chemistry, &mut notes).matter,
            tank: Slurry::filled(&recipe, a.tank, s.temperature, &chemistry, &mut notes),
            seen: Seen { furnace_gas: s.temperature, gas: s.temperature, ..Seen::default() },
            made: 0.0,
            lost: 0.0,
            settings,
            chemistry,
            notes,
        }
    }

    /// The igniter lights it; a gas that fails or a mixture outside 4-93 % H2 puts it out.
    fn light(&mut self, gas: &Matter, igniter: f64, dt: f64) {
        let (hydrogen, chlorine) = (gas[Species::Hydrogen], gas[Species::Chlorine]);
        let least = self.settings.combustion.least * dt;
        let enough = hydrogen > 1e-9
            && chlorine > 1e-9
            && chlorine * self.chemistry.molar_mass(Species::Chlorine) > least;
        let share = hydrogen / (hydrogen + chlorine).max(1e-12);
        self.lit = enough && (0.04..=0.93).contains(&share) && (self.lit || igniter > 0.5);
        self.seen.ratio = if chlorine > 1e-9 { (hydrogen / chlorine).min(1e3) } else { 0.0 };
    }

    /// The flame's temperature and radicals; nothing to do while the mixture stands.
    fn equilibrium(&mut self, gas: &Matter, kelvin: f64, dt: f64) {
        let kelvin = kelvin.clamp(250.0, 1500.0);
        let amount = |species: Species| gas[species].max(0.0) / dt;
        let (hydrogen, chlorine) = (amount(Species::Hydrogen), amount(Species::Chlorine));
        let (acid, steam, oxygen) =
            (amount(Species::HydrogenChloride), amount(Species::Steam), amount(Species::Oxygen));
        let known = hydrogen + chlorine + acid + steam + oxygen;
        let inert = (gas.phase_moles(Phase::Gas, &self.chemistry) / dt - known).max(0.0);
        let parts = [
            (Burnt::Hydrogen, hydrogen),
            (Burnt::Chlorine, chlorine),
            (Burnt::HydrogenChloride, acid),
            (Burnt::Steam, steam),
            (Burnt::Oxygen, oxygen),
            (Burnt::Nitrogen, inert),
        ];
        let mixture = Mixture {
            atoms: [2.0 * hydrogen + acid + 2.0 * steam, 2.0 * chlorine + acid, 2.0 * oxygen + steam],
            inert,
            enthalpy: parts.iter().map(|(species, moles)| moles * flame::enthalpy(*species, kelvin)).sum(),
            pressure: self.settings.combustion.pressure,
        };
        if mixture != self.mixture {
            self.flame = Flame::of(&mixture, &self.flame, &mut self.notes);
            self.mixture = mixture;
        }
    }

    /// Burns what finds its partner.
    fn burn(&mut self, gas: &mut Matter, dt: f64) {
        let (hydrogen, chlorine) = (gas[Species::Hydrogen].max(0.0), gas[Species::Chlorine].max(0.0));
        let formed = self.chemistry.sums(gas).0;
        let spread = self.settings.combustion.spread;
        let z = (hydrogen / chlorine - 1.0) / spread;
        let density = libm::exp(-0.5 * z * z) / (2.0 * core::f64::consts::PI).sqrt();
        let missed = spread * (density - z * 0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2));
        let extent = (chlorine * (1.0 - missed.clamp(0.0, 1.0))).min(hydrogen);
        gas.react(&BURN, extent);
        let water = gas.reach(&BURN_OXYGEN);
        gas.react(&BURN_OXYGEN, water);
        self.made += 2.0 * extent;
        self.seen.made = 2.0 * extent * MASS_HCL / dt;
        self.seen.heat = (formed - self.chemistry.sums(gas).0) / (2.0 * extent * MASS_HCL).max(1e-12);
    }

    /// Cools the gas by shell and cooler; J from outside.
    fn cool(&mut self, gas: &mut Matter, flame: f64, cooling: Cooling, dt: f64) -> f64 {
        let c = &self.settings.combustion;
        let (formed, own) = self.chemistry.sums(gas);
        // The ledger's heat capacities are those of 25 degC. What the flame has beyond them, in radicals and in
        // capacity that grows, comes back evenly on the way down: heat never goes from a flame to a hotter shell.
        let above = flame - REFERENCE;
        let beyond = gas.enthalpy - formed - own * above;
        let capacity = if above > 100.0 { own + beyond.max(0.0) / above } else { own };
        // The exchange of the settings counts on the gas at the ledger's capacity.
        let reach = |exchange: f64| libm::exp(-exchange * dt / own.max(1e-9));
        let hot = self.shell + (flame - self.shell) * reach(c.exchange);
        let cold = cooling.water + (hot - cooling.water) * reach(c.cooler * cooling.share);
        let to_shell = capacity * (flame - hot);
        let to_cooler = capacity * (hot - cold);
        gas.enthalpy -= to_shell + to_cooler;
        let (jacket, mass) = (c.jacket * cooling.share, c.capacity * 1e3);
        let exchange = jacket + c.loss;
        let warmed = self.shell + to_shell / mass;
        let rest = (jacket * cooling.water + c.loss * c.ambient) / exchange.max(1e-12);
        let shell = warmed + (rest - warmed) * (1.0 - libm::exp(-exchange * dt / mass));
        let outward = mass * (warmed - shell);
        self.shell = shell;
        // The jacket's part of it, over the mean distance of the shell from its rest.
        let to_jacket = jacket * (outward / exchange.max(1e-12) + (rest - cooling.water) * dt);
        self.seen.cooling = (to_jacket + to_cooler) / dt;
        (self.seen.furnace_gas, self.seen.gas) = (hot, cold);
        -(outward + to_cooler)
    }

    /// Film down, tower up; tail gas is what remains of `gas`. J from outside.
    fn absorb(&mut self, gas: &mut Matter, water: &Matter, cooling: Cooling, dt: f64) -> f64 {
        let a = &self.settings.absorption;
        let c = &self.settings.combustion;
        self.weak.add(water);
        let weak = self.weak.mass(&self.chemistry);
        let mut acid = self.weak.take(if weak > a.weak { 1.0 - a.weak / weak } else { 0.0 });
        let cells = CELLS as f64;
        let film = Build {
            transfer: a.film * 1e-5 / cells,
            capacity: a.graphite * 1e3 / cells,
            exchange: a.cooling * 1e3 * cooling.share / cells,
            water: cooling.water,
            pressure: c.pressure,
        };
        let tower = Build {
            transfer: a.tower * 1e-5,
            capacity: a.packing * 1e3,
            exchange: c.loss,
            water: c.ambient,
            pressure: c.pressure,
        };
        let mut heat = 0.0;
        for cell in &mut self.film {
            heat += cell.contact(&mut acid, gas, &film, &self.chemistry, &mut self.notes, dt);
        }
        self.seen.cooling -= heat / dt;
        self.foot(&acid, gas);
        heat += self.tower.contact(&mut self.weak, gas, &tower, &self.chemistry, &mut self.notes, dt);
        self.tank.matter.add(&acid);
        heat
    }

    /// Strength at the foot of the film, and the strength that the gas there could hold.
    fn foot(&mut self, acid: &Matter, gas: &Matter) {
        self.seen.film_strength = strength(acid, &self.chemistry);
        let moles = gas.phase_moles(Phase::Gas, &self.chemistry);
        let pressure =
            gas[Species::HydrogenChloride].max(0.0) / moles.max(1e-12) * self.settings.combustion.pressure;
        let kelvin = self.film[CELLS - 1].temperature;
        let over = |w: f64| hydrogen_chloride_pressure(w, kelvin) - pressure;
        self.seen.limit = crate::root::rising(over, 0.0, 0.42, 1e-6, &mut self.notes);
    }

    /// What leaves over the weir of the tank.
    fn draw(&mut self) -> Matter {
        self.tank.settle(&self.chemistry, &mut self.notes);
        let volume = self.tank.volume();
        let keep = self.settings.absorption.tank;
        let share = if volume > keep { 1.0 - keep / volume } else { 0.0 };
        let acid = self.tank.matter.take(share);
        self.tank.settle(&self.chemistry, &mut self.notes);
        acid
    }
}

/// kg/m3 of acid at room temperature, straight through 32 wt% at 1,159 (Perry's handbook, table of HCl): what the tank holds
/// at the start has the strength that was asked for within 0.3 %.
fn density(strength: f64) -> f64 {
    1000.0 + 497.0 * strength
}

/// Takes the gases out of what the burner gets; liquid that came along stays in `matter`.
fn gases(matter: &mut Matter, chemistry: &Chemistry) -> (Matter, f64) {
    let (formed, capacity) = chemistry.sums(matter);
    let kelvin = if capacity > 1e-9 { REFERENCE + (matter.enthalpy - formed) / capacity } else { REFERENCE };
    let kelvin = kelvin.clamp(200.0, 1500.0);
    let mut gas = Matter::default();
    for k in chemistry.range(Phase::Gas) {
        gas.amount[k] = matter.amount[k];
    }
    let wet = matter.amount.iter().zip(&gas.amount).any(|(all, gas)| all != gas);
    let (formed, capacity) = chemistry.sums(&gas);
    gas.enthalpy = if wet { formed + capacity * (kelvin - REFERENCE) } else { matter.enthalpy };
    matter.subtract(&gas);
    (gas, kelvin)
}

impl UnitOperation for Furnace {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// Flames are as hot as the gases' heat capacities are known.
    fn carries(&self) -> (f64, f64) {
        (LIQUORS.0, 3500.0)
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let water = x.orders[COOLING_WATER] + ZERO_CELSIUS;
        let [of_furnace, of_film] =
            [COOLING_FURNACE, COOLING_FILM].map(|order| Cooling { share: x.orders[order], water });
        let mut feed = x.inlets[HYDROGEN].clone();
        feed.add(&x.inlets[CHLORINE]);
        let (mut gas, kelvin) = gases(&mut feed, &self.chemistry);
        self.notes.check(Remark::BadInput, feed.amount.iter().all(|amount| *amount == 0.0));
        // Slugs of liquid run through to the tank.
        self.tank.matter.add(&feed);
        self.light(&gas, x.orders[IGNITER], dt);
        if self.lit {
            self.equilibrium(&gas, kelvin, dt);
            self.burn(&mut gas, dt);
        } else {
            (self.flame, self.mixture) = (Flame::default(), Mixture::default());
            (self.seen.made, self.seen.heat) = (0.0, 0.0);
        }
        let hot = if self.lit { self.flame.temperature } else { kelvin };
        x.heat += self.cool(&mut gas, hot, of_furnace, dt);
        let moles = gas.phase_moles(Phase::Gas, &self.chemistry).max(1e-12);
        self.seen.free_chlorine = gas[Species::Chlorine] / moles;
        // Gases that came with the water join the others; the rest wets the tower.
        let mut water = x.inlets[WATER].clone();
        gas.add(&gases(&mut water, &self.chemistry).0);
        x.heat += self.absorb(&mut gas, &water, of_film, dt);
        let acid = self.draw();
        self.seen.acid = acid.mass(&self.chemistry) / dt;
        x.outlets[ACID].add(&acid);
        let moles = gas.phase_moles(Phase::Gas, &self.chemistry);
        self.seen.tail = moles / dt;
        self.seen.tail_gas = [Species::Hydrogen, Species::HydrogenChloride, Species::Chlorine]
            .map(|species| gas[species].max(0.0) / moles.max(1e-12));
        self.lost += gas[Species::HydrogenChloride].max(0.0);
        x.outlets[TAIL].add(&gas);
    }

    fn read(&self, readings: &mut [f64]) {
        let (f, s) = (&self.flame, &self.seen);
        let x = |species: Burnt| f.fractions[species as usize];
        let celsius = |kelvin: f64| kelvin - ZERO_CELSIUS;
        let film = self.film.iter().map(|cell| cell.temperature).fold(0.0, f64::max);
        let chlorine = self.tank.concentration(Species::HypochlorousAcid)
            * self.chemistry.molar_mass(Species::Chlorine)
            * 1e6;
        readings.copy_from_slice(&[
            f64::from(u8::from(self.lit)),
            f.temperature,
            x(Burnt::HydrogenChloride),
            x(Burnt::AtomicChlorine),
            x(Burnt::AtomicHydrogen),
            x(Burnt::Chlorine),
            x(Burnt::Steam),
            s.ratio,
            celsius(self.shell),
            celsius(s.furnace_gas),
            celsius(s.gas),
            s.free_chlorine * 1e6,
            s.made * 3600.0,
            s.heat * 1e-6,
            celsius(film),
            s.film_strength * 100.0,
            s.limit * 100.0,
            strength(&self.tank.matter, &self.chemistry) * 100.0,
            celsius(self.tank.temperature),
            self.tank.density,
            chlorine,
            s.acid * 3600.0,
            if self.made > 0.0 { 100.0 * (1.0 - self.lost / self.made) } else { 0.0 },
            s.tail * crate::constants::NORMAL_VOLUME * 3600.0,
            s.tail_gas[0] * 100.0,
            s.tail_gas[1] * 1e6,
            s.tail_gas[2] * 1e6,
            celsius(self.tower.temperature),
            s.cooling * 1e-3,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.weak, &self.chemistry);
        account.count(&self.tank.matter, &self.chemistry);
        account.energy += self.settings.combustion.capacity * 1e3 * (self.shell - REFERENCE);
        account.energy += self.tower.energy + self.film.iter().map(|cell| cell.energy).sum::<f64>();
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let (f, c) = (&self.settings.feed, &self.chemistry);
        let chlorine = f.chlorine / c.molar_mass(Species::Chlorine);
        let hydrogen = chlorine * f.ratio;
        let oxygen = chlorine * f.oxygen / (1.0 - f.oxygen);
        let nitrogen = hydrogen * f.nitrogen / (1.0 - f.nitrogen);
        duty.feeds[HYDROGEN] =
            c.parcel(&[(Species::Hydrogen, hydrogen), (Species::Nitrogen, nitrogen)], f.temperature);
        duty.feeds[CHLORINE] =
            c.parcel(&[(Species::Chlorine, chlorine), (Species::Oxygen, oxygen)], f.temperature);
        let mut water = Matter::default();
        water[Species::Water] =
            2.0 * chlorine * MASS_HCL * (1.0 / f.strength - 1.0) / c.molar_mass(Species::Water);
        duty.feeds[WATER] = Slurry::at(&water, f.water, c, &mut Notes::default()).matter;
        duty.orders.copy_from_slice(&[
            f.igniter,
            f.cooling_furnace,
            f.cooling_film,
            self.settings.combustion.water - ZERO_CELSIUS,
        ]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        walk.bool(&mut self.lit);
        for cell in &mut self.film {
            cell.state(walk);
        }
        self.tower.state(walk);
        self.weak.state(walk);
        self.tank.state(walk);
        let (m, s) = (&mut self.mixture, &mut self.seen);
        let values = m.atoms.iter_mut().chain(&mut self.flame.fractions).chain(&mut s.tail_gas).chain([
            &mut m.inert,
            &mut m.enthalpy,
            &mut m.pressure,
            &mut self.flame.temperature,
            &mut self.shell,
            &mut s.ratio,
            &mut s.furnace_gas,
            &mut s.gas,
            &mut s.free_chlorine,
            &mut s.made,
            &mut s.heat,
            &mut s.film_strength,
            &mut s.limit,
            &mut s.acid,
            &mut s.tail,
            &mut s.cooling,
            &mut self.made,
            &mut self.lost,
        ]);
        for value in values {
            walk.f64(value);
        }
        self.notes.state(walk);
    }
}
