//! Leaching of black mass in sulfuric acid with hydrogen peroxide or sulfite: up to four tanks in series.
//!
//! ```text
//! lattice, M = Ni, Co, Mn (III):
//!   LiO0.5 + H+                   -> Li+ + 1/2 H2O                 a first share of it fast; and with every M that leaves
//!   MO1.5 + 1/2 H2O2 + 2 H+       -> M2+ + 3/2 H2O + 1/2 O2        reductive; also 1/2 SO3--, 1/2 Cu
//!   MO1.5 + Fe2+ + 3 H+           -> M2+ + Fe3+ + 3/2 H2O          and 2 Fe3+ + Cu, 3 Fe3+ + Al, 2 Fe3+ + Fe give Fe2+ back
//!   2 MO1.5 + 2 H+                -> M2+ + MO2 + H2O               without reductant: disproportionation
//!   MO1.5 + 2 H+                  -> M2+ + H2O + 1/4 O2            or oxidation of water, share w
//!   MO2 + H2O2 + 2 H+             -> M2+ + 2 H2O + O2              what was left behind; also SO3--
//! shrinking grains: dX/dt = 3 a (k_r [red]^p + k_a) [H+]^m (1-X)^(2/3),  n0 travels with the grains
//! 2 H2O2 -> 2 H2O + O2            (k0 + k_Fe [Fe] + k_Cu [Cu]) [H2O2]
//! Al + 3 H+ -> Al3+ + 3/2 H2,  Fe + 2 H+ -> Fe2+ + H2,  Cu + H2O2 + 2 H+ -> Cu2+ + 2 H2O
//! LiF <-> Li+ + F-                1 - [Li][F] / P, F- being what acid has not made HF of
//! 2 Fe2+ + H2O2 + 2 H+ -> 2 Fe3+ + 2 H2O
//! LiFePO4 + H+ + 1/4 O2 (1/2 H2O2) -> Li+ + FePO4 + 1/2 H2O (H2O);  LiFePO4 + 3 H+ -> Li+ + Fe2+ + H3PO4
//! ```
//!
//! Sources: basis 4.3. Without a reductant the plateau of Co and Mn (Meshram 2016) follows from the dioxide
//! that is left behind. Rate constants differ more than tenfold between laboratories, so `activity` scales them
//! for a lot; activation energies and orders stay. The step is explicit with demands for acid and reductant
//! damped so that neither is overdrawn. Where the acid runs out the hydroxides of `hydroxides.rs` fall. Left out: the ash layer that Jha sees on LCO, dissolved oxygen, SO2 and HF
//! in the gas, gypsum, fluoride that aluminium and iron hold in solution.

mod reactions;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, NORMAL_VOLUME};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation, parts};
use crate::units::cementation::{METALS, dissolve, read_metals};
use crate::units::compartments::{Vent, wetness};
use crate::units::haste::gas_capacity;
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, OPEN_TANK};
use crate::units::hydroxides::Hydroxides;

tables! {
    Tanks {
        /// Tanks in series, 1 to 4; a laboratory has one
        count: "", 1.0, 4.0, whole;
        /// Slurry below the weir of each tank
        volume: "m3", 1e-5, 1000.0;
        /// Heat loss of each tank
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Rates that remain when an agitator stands still
        still: "", 0.0, 1.0;
        /// Pressure over the slurry, absolute
        pressure: "bar", 0.5, 30.0;
        /// Partial pressure of oxygen where some is blown in; counts for LiFePO4
        oxygen: "bar", 0.0, 25.0;
        /// Largest heating or cooling by each jacket
        jacket: "kW", 0.0, 1e5;
        /// Saturated steam in the jackets: its largest duty reaches a tank up to 100 degC, and nothing one as hot as the steam
        steam: "degC", 105.0, 250.0;
    }
    Kinetics {
        /// Of this lot against the lot of the constants; multiplies every rate of the lattice
        activity: "", 1e-3, 100.0;
        /// Reductive, lithium, at 60 degC, 1 mol/L of H+ and of reductant
        lithium: "1/min", 0.0, 100.0;
        /// Reductive, nickel
        nickel: "1/min", 0.0, 100.0;
        /// Reductive, cobalt
        cobalt: "1/min", 0.0, 100.0;
        /// Reductive, manganese
        manganese: "1/min", 0.0, 100.0;
        /// Attack of acid alone on the lattice, metals, at 60 degC and 1 mol/L of H+
        attack: "1/min", 0.0, 10.0;
        /// The same for lithium
        attack_lithium: "1/min", 0.0, 10.0;
        /// First stage of delithiation by acid, at 60 degC and 1 mol/L of H+
        first: "1/min", 0.0, 10.0;
        /// Share of the lithium that can leave in it
        first_share: "", 0.0, 1.0;
        /// Activation energy of it
        activation_first: "kJ/mol", 0.0, 150.0;
        /// Share of the nickel so attacked that oxidises water; the rest disproportionates
        water_nickel: "", 0.0, 1.0;
        /// Share of the cobalt
        water_cobalt: "", 0.0, 1.0;
        /// Share of the manganese
        water_manganese: "", 0.0, 1.0;
        /// Order in free H+
        acid_order: "", 0.0, 2.0;
        /// Order in the reductant
        reductant_order: "", 0.0, 2.0;
        /// Activation energy of the reductive steps, lithium
        activation_lithium: "kJ/mol", 0.0, 150.0;
        /// Activation energy of the reductive steps, metals
        activation_metal: "kJ/mol", 0.0, 150.0;
        /// Activation energy of the attack of acid alone
        activation_attack: "kJ/mol", 0.0, 150.0;
        /// Sulfite as reductant, against peroxide of the same strength
        sulfite: "", 0.0, 100.0;
        /// Fe2+ as reductant, against peroxide of the same strength
        ferrous: "", 0.0, 100.0;
    }
    Side {
        /// Decomposition of H2O2 by itself, at 60 degC
        decomposition: "1/s", 0.0, 1.0;
        /// by dissolved iron
        decomposition_iron: "L/(mol s)", 0.0, 100.0;
        /// by dissolved copper
        decomposition_copper: "L/(mol s)", 0.0, 100.0;
        /// Activation energy of the decomposition
        activation: "kJ/mol", 0.0, 200.0;
        /// Aluminium in 1 mol/L H+ at 60 degC
        aluminium: "1/min", 0.0, 100.0;
        /// Iron in 1 mol/L H+ at 60 degC
        iron: "1/min", 0.0, 100.0;
        /// Copper in 1 mol/L H2O2 at 60 degC
        copper: "1/min", 0.0, 100.0;
        /// Copper by lattice oxide, at 60 degC
        copper_lattice: "1/min", 0.0, 100.0;
        /// Copper, aluminium and iron by 1 mol/L of Fe3+ at 60 degC
        ferric: "1/min", 0.0, 100.0;
        /// LiFePO4 oxidised in 1 mol/L H2O2 or 1 bar O2, at 60 degC
        phosphate_oxidation: "1/min", 0.0, 100.0;
        /// LiFePO4 dissolved whole in 1 mol/L H+ without an oxidant, at 60 degC
        phosphate_acid: "1/min", 0.0, 100.0;
        /// LiF dissolving in pure water, at 60 degC; towards saturation ever slower
        fluoride: "1/min", 0.0, 100.0;
        /// Activation energy of these
        activation_metals: "kJ/mol", 0.0, 150.0;
    }
    Solid {
        /// Layered oxide LiMO2
        active: "wt%", 0.0, 100.0;
        /// Nickel among its metals, by moles; the three count as parts of their sum
        nickel: "", 0.0, 1.0;
        /// Cobalt among its metals
        cobalt: "", 0.0, 1.0;
        /// Manganese among its metals
        manganese: "", 0.0, 1.0;
        /// LiFePO4
        phosphate: "wt%", 0.0, 100.0;
        /// Copper metal
        copper: "wt%", 0.0, 50.0;
        /// Aluminium metal
        aluminium: "wt%", 0.0, 50.0;
        /// Iron metal
        iron: "wt%", 0.0, 50.0;
        /// LiF
        fluoride: "wt%", 0.0, 20.0;
        /// Graphite and carbon black; what is then missing to 100 % is inert
        carbon: "wt%", 0.0, 100.0;
    }
    Charge {
        /// Black mass in the first tank at the start, per litre of liquor
        solids: "g/L", 0.0, 500.0;
        /// Graphite that black mass has left in every tank before the start, per litre of liquor
        residue: "g/L", 0.0, 200.0;
        /// Liquor in the tanks at the start, of the volume below the weir
        fill: "%", 1.0, 100.0;
        /// H2SO4 in all tanks at the start
        acid: "mol/L", 0.0, 6.0;
        /// H2O2 in all tanks at the start
        peroxide: "mol/L", 0.0, 10.0;
        /// NaHSO3 in all tanks at the start
        bisulfite: "mol/L", 0.0, 2.0;
        /// at this temperature
        temperature: "degC", 5.0, 99.0;
    }
    Feed {
        /// Black mass to the first tank
        solids: "kg/h", 0.0, 1e5;
        /// Acid to the first tank
        acid: "m3/h", 0.0, 1000.0;
        /// Strength of the acid
        acid_strength: "mol/L", 0.0, 6.0;
        /// H2O2 solution to the first tank
        peroxide_1: "L/h", 0.0, 1e5;
        /// to the second
        peroxide_2: "L/h", 0.0, 1e5;
        /// to the third
        peroxide_3: "L/h", 0.0, 1e5;
        /// to the fourth
        peroxide_4: "L/h", 0.0, 1e5;
        /// Strength of the H2O2 solution
        peroxide_strength: "mol/L", 0.0, 18.0;
        /// Oxygen blown into each tank
        oxygen: "kg/h", 0.0, 1e4;
        /// Temperature of the feeds
        temperature: "degC", 0.0, 95.0;
        /// What the thermostats hold the tanks at
        hold: "degC", 5.0, 99.0;
        /// 1: the jackets hold that temperature; 0: no jacket
        thermostat: "", 0.0, 1.0, whole;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tanks: Tanks,
    kinetics: Kinetics,
    side: Side,
    solid: Solid,
    charge: Charge,
    /// kg/m3 of the metals, as sulfates, in all tanks at the start.
    dissolved: [f64; METALS.len()],
    feed: Feed,
    hydroxides: Hydroxides,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let made = Self {
            tanks: Tanks::read(r, "tanks"),
            kinetics: Kinetics::read(r, "kinetics"),
            side: Side::read(r, "side"),
            solid: Solid::read(r, "solid"),
            charge: Charge::read(r, "charge"),
            dissolved: read_metals(r, "charge", "As sulfate in all tanks at the start"),
            feed: Feed::read(r, "feed"),
            hydroxides: Hydroxides::read(r),
        };
        made.solid.check(r);
        let t = &made.tanks;
        if t.oxygen > t.pressure {
            let message = "more than tanks.pressure, of which it is a part; lower it or raise the pressure";
            r.refuse("tanks.oxygen", message);
        }
        made
    }
}

impl Solid {
    /// Refuses what no black mass can be.
    fn check(&self, r: &mut Reader<'_>) {
        let parts = [
            ("active", self.active),
            ("phosphate", self.phosphate),
            ("copper", self.copper),
            ("aluminium", self.aluminium),
            ("iron", self.iron),
            ("fluoride", self.fluoride),
            ("carbon", self.carbon),
        ];
        r.at_most_whole("solid", &parts, "wt%");
        if self.active > 0.0 && self.nickel + self.cobalt + self.manganese <= 0.0 {
            let message = "with solid.cobalt and solid.manganese there is no metal in the oxide; raise one of \
                           them, or set solid.active=0";
            r.refuse("solid.nickel", message);
        }
    }
}

const TANKS: usize = 4;

pub const SOLIDS: usize = 0;
pub const ACID: usize = 1;
/// H2O2 to the first of the tanks; the others follow.
pub const PEROXIDE: usize = 2;
/// O2 to the first of the tanks; the others follow.
pub const OXYGEN: usize = PEROXIDE + TANKS;
pub const SLURRY: usize = 0;
pub const VENT: usize = 1;

const AGITATOR: Order = Order { name: "", unit: "", low: 0.0, high: 1.0, text: "agitator runs" };
const JACKET: Order =
    Order { name: "", unit: "kW", low: -1e5, high: 1e5, text: "heat into the tank; negative cools" };

pub static SHAPE: Shape = Shape {
    name: "leach",
    text: "black mass in sulfuric acid with H2O2 or sulfite, up to four tanks in series",
    inlets: &[
        Port { name: "solids", text: "black mass to the first tank" },
        Port { name: "acid", text: "acid and return liquor to the first tank" },
        Port { name: "peroxide-1", text: "H2O2 to the first tank" },
        Port { name: "peroxide-2", text: "H2O2 to the second tank" },
        Port { name: "peroxide-3", text: "H2O2 to the third tank" },
        Port { name: "peroxide-4", text: "H2O2 to the fourth tank" },
        Port { name: "oxygen-1", text: "O2 into the first tank" },
        Port { name: "oxygen-2", text: "O2 into the second tank" },
        Port { name: "oxygen-3", text: "O2 into the third tank" },
        Port { name: "oxygen-4", text: "O2 into the fourth tank" },
    ],
    outlets: &[
        Port { name: "slurry", text: "over the weir of the last tank" },
        Port { name: "vent", text: "O2, H2 and steam" },
    ],
    orders: &[
        Order { name: "agitator-1", ..AGITATOR },
        Order { name: "agitator-2", ..AGITATOR },
        Order { name: "agitator-3", ..AGITATOR },
        Order { name: "agitator-4", ..AGITATOR },
        Order { name: "jacket-1", ..JACKET },
        Order { name: "jacket-2", ..JACKET },
        Order { name: "jacket-3", ..JACKET },
        Order { name: "jacket-4", ..JACKET },
    ],
    readings: &[
        Reading { name: "X-Li", unit: "%", text: "dissolved, last tank" },
        Reading { name: "X-Ni", unit: "%", text: "dissolved, last tank" },
        Reading { name: "X-Co", unit: "%", text: "dissolved, last tank" },
        Reading { name: "X-Mn", unit: "%", text: "dissolved, last tank" },
        Reading { name: "X-Cu", unit: "%", text: "dissolved, last tank" },
        Reading { name: "X-Al", unit: "%", text: "dissolved, last tank" },
        Reading { name: "X-Fe", unit: "%", text: "dissolved, last tank" },
        Reading { name: "Li", unit: "g/L", text: "last tank" },
        Reading { name: "Ni", unit: "g/L", text: "last tank" },
        Reading { name: "Co", unit: "g/L", text: "last tank" },
        Reading { name: "Mn", unit: "g/L", text: "last tank" },
        Reading { name: "Cu", unit: "g/L", text: "last tank" },
        Reading { name: "Al", unit: "g/L", text: "last tank" },
        Reading { name: "Fe", unit: "g/L", text: "last tank" },
        Reading { name: "free-acid", unit: "g/L", text: "H+ and HSO4- as H2SO4, last tank" },
        Reading { name: "pH", unit: "pH", text: "last tank" },
        Reading { name: "H2O2", unit: "mol/L", text: "last tank" },
        Reading { name: "T-1", unit: "degC", text: "first tank" },
        Reading { name: "T", unit: "degC", text: "last tank" },
        Reading { name: "solids", unit: "g/L", text: "last tank" },
        Reading { name: "O2", unit: "Nm3/h", text: "to the vent" },
        Reading { name: "H2", unit: "Nm3/h", text: "to the vent" },
        Reading { name: "H2-share", unit: "%vol", text: "of the dry gas" },
        Reading { name: "cooling", unit: "kW", text: "by the jackets" },
        Reading { name: "T-2", unit: "degC", text: "second tank, or the last one" },
        Reading { name: "T-3", unit: "degC", text: "third tank, or the last one" },
        Reading { name: "H2O2-1", unit: "mol/L", text: "first tank" },
        Reading { name: "free-acid-1", unit: "g/L", text: "H+ and HSO4- as H2SO4, first tank" },
    ],
    step_max: 2.0,
};

/// The elements that grains are followed by: lattice Li, Ni, Co, Mn; Cu, Al, Fe, LiFePO4, LiF.
const GRAINS: usize = 9;
const GRAIN_SPECIES: [Species; GRAINS] = [
    Species::LatticeLithium,
    Species::LatticeNickel,
    Species::LatticeCobalt,
    Species::LatticeManganese,
    Species::CopperMetal,
    Species::AluminiumMetal,
    Species::IronMetal,
    Species::LithiumIronPhosphate,
    Species::LithiumFluoride,
];

#[derive(Clone, Debug, Default, PartialEq)]
struct Tank {
    slurry: Slurry,
    /// mol that the grains in here were when they came.
    grains: [f64; GRAINS],
}

#[derive(Clone, Debug)]
pub struct Leach {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    tanks: [Tank; TANKS],
    count: usize,
    feeds: Vec<Matter>,
    notes: Notes,
    /// mol/s to the vent, and W by the jackets, of the last step.
    oxygen: f64,
    hydrogen: f64,
    jacket: f64,
}

impl Leach {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let c = &settings.charge;
        let volume = settings.tanks.volume * c.fill;
        let mut recipe = Matter::default();
        recipe[Species::Acid] = (2.0 * c.acid + c.bisulfite) * volume;
        recipe[Species::Sulfate] = c.acid * volume;
        recipe[Species::Peroxide] = c.peroxide * volume;
        recipe[Species::Sodium] = c.bisulfite * volume;
        recipe[Species::Sulfite] = c.bisulfite * volume;
        dissolve(&mut recipe, &settings.dissolved, volume, &chemistry);
        let mut liquor = Slurry::filled(&recipe, volume, c.temperature, &chemistry, &mut notes);
        let residue = c.residue * volume / chemistry.molar_mass(Species::Graphite);
        liquor.matter.add(&chemistry.parcel(&[(Species::Graphite, residue)], c.temperature));
        liquor.settle(&chemistry, &mut notes);
        let mut tanks: [Tank; TANKS] =
            core::array::from_fn(|_| Tank { slurry: liquor.clone(), grains: [0.0; GRAINS] });
        let solids = black_mass(&settings.solid, c.solids * volume, c.temperature, &chemistry);
        tanks[0].slurry.matter.add(&solids);
        tanks[0].grains = GRAIN_SPECIES.map(|species| solids[species]);
        tanks[0].slurry.settle(&chemistry, &mut notes);
        let count = (settings.tanks.count.round() as usize).clamp(1, TANKS);
        let feeds = feeds(&settings, count, &chemistry, &mut notes);
        Self { settings, chemistry, tanks, count, feeds, notes, oxygen: 0.0, hydrogen: 0.0, jacket: 0.0 }
    }

    fn overflow(&mut self, tank: usize) -> (Matter, [f64; GRAINS]) {
        let t = &mut self.tanks[tank];
        let volume = t.slurry.volume();
        let weir = self.settings.tanks.volume;
        let share = if volume > weir { 1.0 - weir / volume } else { 0.0 };
        let grains = t.grains.map(|grain| grain * share);
        for (mine, gone) in t.grains.iter_mut().zip(&grains) {
            *mine -= gone;
        }
        (t.slurry.matter.take(share), grains)
    }
}

/// So many kg of black mass.
fn black_mass(solid: &Solid, kilograms: f64, kelvin: f64, chemistry: &Chemistry) -> Matter {
    let metals = (solid.nickel + solid.cobalt + solid.manganese).max(1e-12);
    let parts = [
        (Species::LatticeNickel, solid.nickel / metals),
        (Species::LatticeCobalt, solid.cobalt / metals),
        (Species::LatticeManganese, solid.manganese / metals),
    ];
    let mass: f64 = chemistry.molar_mass(Species::LatticeLithium)
        + parts.iter().map(|(species, share)| share * chemistry.molar_mass(*species)).sum::<f64>();
    let active = kilograms * solid.active / mass;
    let mut amounts = vec![(Species::LatticeLithium, active)];
    amounts.extend(parts.map(|(species, share)| (species, active * share)));
    let mut known = solid.active;
    for (species, fraction) in [
        (Species::LithiumIronPhosphate, solid.phosphate),
        (Species::CopperMetal, solid.copper),
        (Species::AluminiumMetal, solid.aluminium),
        (Species::IronMetal, solid.iron),
        (Species::LithiumFluoride, solid.fluoride),
        (Species::Graphite, solid.carbon),
    ] {
        known += fraction;
        amounts.push((species, kilograms * fraction / chemistry.molar_mass(species)));
    }
    let rest = kilograms * (1.0 - known).max(0.0);
    amounts.push((Species::Inert, rest / chemistry.molar_mass(Species::Inert)));
    chemistry.parcel(&amounts, kelvin)
}

/// The feeds that the settings state, mol/s.
fn feeds(settings: &Settings, count: usize, c: &Chemistry, notes: &mut Notes) -> Vec<Matter> {
    let f = &settings.feed;
    let mut feeds = vec![Matter::default(); SHAPE.inlets.len()];
    feeds[SOLIDS] = black_mass(&settings.solid, f.solids, f.temperature, c);
    let mut solution = |recipe: &Matter, flow: f64| {
        if flow > 0.0 {
            Slurry::filled(recipe, flow, f.temperature, c, notes).matter
        } else {
            Matter::default()
        }
    };
    let mut acid = Matter::default();
    acid[Species::Acid] = 2.0 * f.acid_strength * f.acid;
    acid[Species::Sulfate] = f.acid_strength * f.acid;
    feeds[ACID] = solution(&acid, f.acid);
    for (k, flow) in [f.peroxide_1, f.peroxide_2, f.peroxide_3, f.peroxide_4].into_iter().enumerate() {
        let mut peroxide = Matter::default();
        peroxide[Species::Peroxide] = f.peroxide_strength * flow;
        feeds[PEROXIDE + k] = solution(&peroxide, flow);
    }
    for feed in &mut feeds[OXYGEN..OXYGEN + count] {
        *feed = c.parcel(&[(Species::Oxygen, f.oxygen / c.molar_mass(Species::Oxygen))], f.temperature);
    }
    feeds
}

impl UnitOperation for Leach {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// The heat of the oxygen that is blown in against what the tanks can take.
    fn parts(&self, inlets: &[Matter], _orders: &[f64], _dt: f64) -> u32 {
        let oxygen = &inlets[OXYGEN..OXYGEN + TANKS];
        if oxygen.iter().all(|inlet| inlet[Species::Oxygen] <= 0.0) {
            return 1;
        }
        let tanks = self.tanks[..self.count].iter().map(|tank| &tank.slurry);
        let held = tanks.clone().map(|slurry| slurry.capacity.max(0.0)).fold(f64::INFINITY, f64::min);
        let warmest = tanks.map(|slurry| slurry.temperature).fold(0.0, f64::max);
        parts(oxygen.iter().map(|inlet| gas_capacity(inlet, warmest, &self.chemistry)).sum(), held)
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 2 * TANKS] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let mut flow = x.inlets[SOLIDS].clone();
        flow.add(&x.inlets[ACID]);
        let mut grains = GRAIN_SPECIES.map(|species| flow[species]);
        (self.oxygen, self.hydrogen, self.jacket) = (0.0, 0.0, 0.0);
        let chemistry = self.chemistry.clone();
        let head = Vent { pressure: self.settings.tanks.pressure, chemistry: &chemistry };
        for tank in 0..self.count {
            flow.add(&x.inlets[PEROXIDE + tank]);
            flow.add(&x.inlets[OXYGEN + tank]);
            let t = &self.settings.tanks;
            let jacket = Coil { largest: t.jacket, steam: t.steam, rated: OPEN_TANK };
            let here = &mut self.tanks[tank];
            here.slurry.matter.add(&flow);
            for (mine, come) in here.grains.iter_mut().zip(&grains) {
                *mine += come;
            }
            let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
            let joule = jacket.warm(&here.slurry, orders[TANKS + tank] * 1e3, dt);
            x.heat += wall.warm(&mut here.slurry, joule, dt);
            self.jacket += joule / dt;
            here.slurry.settle(&self.chemistry, &mut self.notes);
            let stirred = t.still + (1.0 - t.still) * orders[tank];
            self.settings.hydroxides.precipitate(&mut here.slurry, stirred, dt, &mut self.notes);
            let wet = wetness(&self.tanks[tank].slurry);
            reactions::run(&mut self.tanks[tank], &self.settings, head, stirred * wet, dt, &mut self.notes);
            let slurry = &mut self.tanks[tank].slurry;
            let gases = [Species::Oxygen, Species::Hydrogen];
            let [oxygen, hydrogen] = head.release(slurry, gases, &mut self.notes, &mut x.outlets[VENT]);
            self.oxygen += oxygen / dt;
            self.hydrogen += hydrogen / dt;
            (flow, grains) = self.overflow(tank);
            let slurry = &mut self.tanks[tank].slurry;
            slurry.settle(&self.chemistry, &mut self.notes);
            head.boil(slurry, &mut self.notes, &mut x.outlets[VENT]);
        }
        // What is sent to a tank that does not exist goes through: nothing is lost.
        for tank in self.count..TANKS {
            flow.add(&x.inlets[PEROXIDE + tank]);
            x.outlets[VENT].add(&x.inlets[OXYGEN + tank]);
        }
        x.outlets[SLURRY].add(&flow);
    }

    fn read(&self, readings: &mut [f64]) {
        let c = &self.chemistry;
        let s = &self.tanks[self.count - 1].slurry;
        for (k, (ions, solids)) in reactions::ELEMENTS.iter().enumerate() {
            let sum = |list: &[Species]| list.iter().map(|species| s.matter[*species]).sum::<f64>();
            let (dissolved, left) = (sum(ions), sum(solids));
            readings[k] = if dissolved + left > 1e-15 { 100.0 * dissolved / (dissolved + left) } else { 0.0 };
            readings[7 + k] = ions.iter().map(|species| s.grams_per_litre(*species, c)).sum();
        }
        let sulfuric = 2.0 * c.molar_mass(Species::Acid) + c.molar_mass(Species::Sulfate);
        let free_acid = |s: &Slurry| 0.5 * (s.species.proton + s.species.bisulfate) * sulfuric * 1e3;
        readings[14] = free_acid(s);
        readings[15] = s.ph();
        readings[16] = s.concentration(Species::Peroxide);
        readings[17] = self.tanks[0].slurry.temperature - 273.15;
        readings[18] = s.temperature - 273.15;
        readings[19] = s.solids_per_volume(c);
        readings[20] = self.oxygen * NORMAL_VOLUME * 3600.0;
        readings[21] = self.hydrogen * NORMAL_VOLUME * 3600.0;
        let gas = self.oxygen + self.hydrogen;
        readings[22] = if gas > 1e-15 { 100.0 * self.hydrogen / gas } else { 0.0 };
        readings[23] = -self.jacket * 1e-3;
        let tank = |k: usize| &self.tanks[k.min(self.count - 1)].slurry;
        readings[24] = tank(1).temperature - 273.15;
        readings[25] = tank(2).temperature - 273.15;
        readings[26] = tank(0).concentration(Species::Peroxide);
        readings[27] = free_acid(tank(0));
    }

    fn contents(&self, account: &mut Account) {
        for tank in &self.tanks[..self.count] {
            account.count(&tank.slurry.matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds.clone_from_slice(&self.feeds);
        for tank in 0..TANKS {
            let slurry = &self.tanks[tank].slurry;
            duty.orders[tank] = 1.0;
            // A laboratory's thermostat: it takes away what the reaction makes within seconds.
            let heat = slurry.capacity * (f.hold - slurry.temperature) / 5.0;
            let loss = self.settings.tanks.heat_loss * (slurry.temperature - self.settings.tanks.ambient);
            duty.orders[TANKS + tank] = if f.thermostat >= 0.5 { (heat + loss) * 1e-3 } else { 0.0 };
        }
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for tank in &mut self.tanks {
            tank.slurry.state(walk);
            for grain in &mut tank.grains {
                walk.f64(grain);
            }
        }
        self.notes.state(walk);
        for value in [&mut self.oxygen, &mut self.hydrogen, &mut self.jacket] {
            walk.f64(value);
        }
    }
}

/// `exp(-Ea/R (1/T - 1/T60))`
fn arrhenius(activation: f64, kelvin: f64) -> f64 {
    libm::exp(-activation / GAS * (1.0 / kelvin.clamp(250.0, 400.0) - 1.0 / 333.15))
}
