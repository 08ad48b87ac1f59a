//! Nickel, cobalt, manganese, sodium and lithium sulfate crystallised by cooling or by vacuum, each as the hydrate of
//! its temperature.
//!
//! ```text
//! saturation:  m(cation)^a m(SO4) = a^a s^(a+1), s the solubility in water alone at this T (mol/kg), a = 1 or 2
//! growth:      dx/dt = k f (x* - x),  f = (solids / 50 g/L)^(2/3) up to one;  x* the extent at which it is saturated
//! nucleation:  without crystals nothing grows below S = 1 + metastable; above it f is at least 1 %
//! hydrates:    crystals of the wrong window turn into the right one and give or take the water, rate k_h
//! vacuum:      above its boiling point the liquor gives steam that cools it
//! ```
//!
//! Sources: basis 4.6 (solubilities, windows). One ion product for each salt makes a common ion lower the solubility
//! in a mixed liquor; activities are those of the pure saturated solution. Left out: size distribution, inclusions,
//! solid solutions of Ni and Co sulfate, LiNaSO4, the 7-hydrate of MnSO4 (below 9 degC), the two crystal forms of the nickel
//! 6-hydrate.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::ZERO_CELSIUS;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::root;
use crate::solution::solubility::Salt;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::cementation::{METALS, liquor, read_liquor};

tables! {
    Vessel {
        /// Slurry below the weir
        volume: "m3", 1e-4, 500.0;
        /// Heat exchange with the jacket
        exchange: "W/K", 0.0, 1e6;
        /// Power of the agitator that ends as heat
        agitator: "kW", 0.0, 200.0;
    }
    Crystals {
        /// Growth with 50 g/L of crystals
        growth: "1/min", 0.0, 100.0;
        /// Relative supersaturation below which nothing begins by itself
        metastable: "", 0.0, 1.0;
        /// A hydrate that left its window turns into the right one
        conversion: "1/min", 0.0, 100.0;
    }
    Feed {
        /// Liquor
        flow: "L/h", 0.0, 1e6;
        /// Free sulfuric acid in it
        acid: "mol/L", 0.0, 3.0;
        /// Of the liquor
        temperature: "degC", 0.0, 100.0;
        /// Of the jacket
        jacket: "degC", -15.0, 130.0;
        /// Over the liquor, absolute
        pressure: "bar", 0.01, 3.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    vessel: Vessel,
    crystals: Crystals,
    feed: Feed,
    liquor: [f64; METALS.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            vessel: Vessel::read(r, "vessel"),
            crystals: Crystals::read(r, "crystals"),
            feed: Feed::read(r, "feed"),
            liquor: read_liquor(r),
        }
    }
}

/// A salt, its cation with how many of them one sulfate has, kg/mol of the anhydrous salt is worked out; its
/// hydrates with their water.
struct Kind {
    salt: Salt,
    cation: Species,
    count: f64,
    hydrates: &'static [(Species, f64)],
}

const KINDS: [Kind; 5] = [
    Kind {
        salt: Salt::NickelSulfate,
        cation: Species::Nickel,
        count: 1.0,
        hydrates: &[(Species::NickelSulfate7, 7.0), (Species::NickelSulfate6, 6.0)],
    },
    Kind {
        salt: Salt::CobaltSulfate,
        cation: Species::Cobalt,
        count: 1.0,
        hydrates: &[
            (Species::CobaltSulfate7, 7.0),
            (Species::CobaltSulfate6, 6.0),
            (Species::CobaltSulfate1, 1.0),
        ],
    },
    Kind {
        salt: Salt::ManganeseSulfate,
        cation: Species::Manganese,
        count: 1.0,
        hydrates: &[(Species::ManganeseSulfate5, 5.0), (Species::ManganeseSulfate1, 1.0)],
    },
    Kind {
        salt: Salt::SodiumSulfate,
        cation: Species::Sodium,
        count: 2.0,
        hydrates: &[(Species::SodiumSulfate10, 10.0), (Species::SodiumSulfate, 0.0)],
    },
    Kind {
        salt: Salt::LithiumSulfate,
        cation: Species::Lithium,
        count: 2.0,
        hydrates: &[(Species::LithiumSulfateHydrate, 1.0)],
    },
];

pub const LIQUOR: usize = 0;
pub const SLURRY: usize = 0;
pub const VAPOUR: usize = 1;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub static SHAPE: Shape = Shape {
    name: "sulfate_crystalliser",
    text: "Ni, Co, Mn, Na and Li sulfate crystallised by cooling or vacuum, as the hydrate of the temperature",
    inlets: &[Port { name: "liquor", text: "sulfate liquor, with crystals or without" }],
    outlets: &[
        Port { name: "slurry", text: "over the weir, to the centrifuge" },
        Port { name: "vapour", text: "steam, when the liquor boils" },
    ],
    orders: &[
        Order { name: "agitator", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "jacket", unit: "degC", low: -15.0, high: 130.0, text: "temperature of the jacket" },
        Order { name: "pressure", unit: "bar", low: 0.01, high: 3.0, text: "over the liquor, absolute" },
    ],
    readings: &[
        reading("T", "degC", "slurry"),
        reading("pH", "pH", "mother liquor"),
        reading("solids", "g/L", "crystals in the slurry"),
        reading("crystals", "kg/h", "leaving in the slurry"),
        reading("vapour", "kg/h", "leaving"),
        reading("S-Ni", "", "supersaturation: ion product by that at saturation"),
        reading("S-Co", "", "as S-Ni"),
        reading("S-Mn", "", "as S-Ni"),
        reading("S-Na", "", "as S-Ni"),
        reading("S-Li", "", "as S-Ni"),
        reading("Ni", "g/L", "mother liquor"),
        reading("Co", "g/L", "mother liquor"),
        reading("Mn", "g/L", "mother liquor"),
        reading("Na", "g/L", "mother liquor"),
        reading("Li", "g/L", "mother liquor"),
        reading("Ni-yield", "%", "in crystals, of what is in the vessel"),
        reading("Co-yield", "%", "as Ni-yield"),
        reading("Mn-yield", "%", "as Ni-yield"),
        reading("Na-yield", "%", "as Ni-yield"),
        reading("Li-yield", "%", "as Ni-yield"),
        reading("Ni-water", "", "mol of water in a mol of the nickel crystals; 0 without crystals"),
        reading("Co-water", "", "as Ni-water"),
        reading("Mn-water", "", "as Ni-water"),
        reading("Na-water", "", "as Ni-water"),
        reading("Li-water", "", "as Ni-water"),
    ],
    step_max: 5.0,
};

/// Crystals with which growth has its full rate, kg/m3.
const SURFACE: f64 = 50.0;
/// Time in which a superheated liquor boils down, s.
const BOILING: f64 = 20.0;

#[derive(Clone, Debug)]
pub struct SulfateCrystalliser {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    slurry: Slurry,
    /// One m3 of feed.
    recipe: Matter,
    notes: Notes,
    /// kg/s leaving.
    crystals: f64,
    vapour: f64,
}

/// Ion product by that at saturation after `extent` more mol have crystallised with `water` each.
fn supersaturation(
    kind: &Kind,
    matter: &Matter,
    solubility: f64,
    extent: f64,
    water: f64,
    c: &Chemistry,
) -> f64 {
    let kilograms = (matter[Species::Water] - water * extent) * c.molar_mass(Species::Water);
    let cation = (matter[kind.cation] - kind.count * extent).max(0.0);
    let sulfate = (matter[Species::Sulfate] - extent).max(0.0);
    if kilograms <= 1e-12 {
        return if cation > 0.0 { 1e6 } else { 0.0 };
    }
    let relative = cation / kilograms / (kind.count * solubility);
    let anion = sulfate / kilograms / solubility;
    (if kind.count > 1.5 { relative * relative * anion } else { relative * anion }).min(1e6)
}

impl SulfateCrystalliser {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let recipe = liquor(&settings.liquor, f.acid, f.temperature, &chemistry, &mut notes);
        let matter = recipe.part(settings.vessel.volume);
        let slurry = Slurry::at(&matter, f.temperature, &chemistry, &mut notes);
        Self { settings, chemistry, slurry, recipe, notes, crystals: 0.0, vapour: 0.0 }
    }

    /// mol of anhydrous salt per kg of water at saturation.
    fn solubility(&self, kind: &Kind, notes: &mut Notes) -> f64 {
        let c = &self.chemistry;
        let mass = kind.count * c.molar_mass(kind.cation) + c.molar_mass(Species::Sulfate);
        kind.salt.solubility(self.slurry.temperature, notes) * 0.01 / mass
    }

    /// The crystals of a kind that belong to the temperature: which of its hydrates.
    fn window(&self, kind: &Kind) -> usize {
        let water = kind.salt.hydrate(self.slurry.temperature);
        kind.hydrates.iter().position(|(_, n)| (*n - water).abs() < 0.5).unwrap_or(0)
    }

    fn crystallise(&mut self, kind: &Kind, stirred: f64, dt: f64) {
        let k = &self.settings.crystals;
        let right = self.window(kind);
        let (solid, water) = kind.hydrates[right];
        // What lies outside its window turns over, and the water goes to or comes from the liquor.
        let turn = -libm::expm1(-k.conversion * stirred * dt);
        for (old, n) in kind.hydrates.iter().filter(|(old, _)| *old != solid) {
            let extent = self.slurry.matter[*old].max(0.0) * turn;
            let row = [(*old, -1.0), (solid, 1.0), (Species::Water, n - water)];
            self.slurry.matter.react(&row, extent);
        }
        let mut notes = Notes::default();
        let solubility = self.solubility(kind, &mut notes);
        let (matter, c) = (&self.slurry.matter, &self.chemistry);
        let present = matter[solid].max(0.0);
        let dissolved = matter[kind.cation].max(0.0);
        if present + dissolved <= 0.0 {
            return;
        }
        // A table that was left matters only to a salt that is there.
        self.notes.add(&notes);
        let ratio = |extent: f64| supersaturation(kind, matter, solubility, extent, water, c);
        let now = ratio(0.0);
        let solids = present * c.molar_mass(solid) / self.slurry.volume().max(1e-9);
        let mut surface = libm::cbrt(solids * solids / (SURFACE * SURFACE)).min(1.0);
        if now > 1.0 + k.metastable {
            surface = surface.max(0.01);
        }
        let way = -libm::expm1(-k.growth * surface * stirred * dt);
        if way <= 0.0 || (now <= 1.0 && present <= 0.0) {
            return;
        }
        let sulfate = matter[Species::Sulfate].max(0.0);
        let most =
            (dissolved / kind.count).min(sulfate).min(matter[Species::Water].max(0.0) / water.max(0.1));
        let (low, high) = if now > 1.0 { (0.0, most) } else { (-present, 0.0) };
        let tolerance = 1e-10 * (present + dissolved);
        let saturated = root::rising(|extent| 1.0 - ratio(extent), low, high, tolerance, &mut self.notes);
        let row =
            [(kind.cation, -kind.count), (Species::Sulfate, -1.0), (Species::Water, -water), (solid, 1.0)];
        self.slurry.matter.react(&row, saturated * way);
    }

    /// Boils off what the liquor has too much heat for.
    fn boil(&mut self, pressure: f64, dt: f64) -> Matter {
        let slurry = &mut self.slurry;
        if slurry.matter[Species::Water] <= 0.0 || slurry.liquor <= 1e-9 {
            return Matter::default();
        }
        let boiling = slurry.boiling_point(pressure, &self.chemistry, &mut self.notes);
        let over = (slurry.temperature - boiling) * slurry.capacity;
        if over <= 0.0 {
            return Matter::default();
        }
        let latent = self.chemistry.molar_enthalpy(Species::Steam, slurry.temperature)
            - self.chemistry.molar_enthalpy(Species::Water, slurry.temperature);
        let most = 0.05 * slurry.matter[Species::Water];
        let steam = (over / latent * -libm::expm1(-dt / BOILING)).min(most);
        slurry.matter.react(&[(Species::Water, -1.0), (Species::Steam, 1.0)], steam);
        let gas = self.chemistry.parcel(&[(Species::Steam, steam)], slurry.temperature);
        slurry.matter.subtract(&gas);
        gas
    }
}

impl UnitOperation for SulfateCrystalliser {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 3] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        self.slurry.matter.add(&x.inlets[LIQUOR]);
        self.slurry.settle(&self.chemistry, &mut self.notes);
        let v = &self.settings.vessel;
        // Implicit in the temperature of the slurry, whatever the exchange and the step.
        let capacity = self.slurry.capacity.max(1.0);
        let share = -libm::expm1(-v.exchange * dt / capacity);
        let jacket = orders[1] + ZERO_CELSIUS - self.slurry.temperature;
        let joule = jacket * capacity * share + v.agitator * orders[0] * dt;
        self.slurry.heat(joule);
        x.heat += joule;
        self.slurry.settle(&self.chemistry, &mut self.notes);
        let gas = self.boil(orders[2] * 1e5, dt);
        self.vapour = gas.mass(&self.chemistry) / dt;
        x.outlets[VAPOUR].add(&gas);
        for kind in &KINDS {
            self.crystallise(kind, orders[0], dt);
        }
        self.slurry.settle(&self.chemistry, &mut self.notes);
        let volume = self.slurry.volume();
        let keep = self.settings.vessel.volume;
        let share = if volume > keep { 1.0 - keep / volume } else { 0.0 };
        let out = self.slurry.matter.take(share);
        self.crystals = out.phase_mass(Phase::Solid, &self.chemistry) / dt;
        x.outlets[SLURRY].add(&out);
        self.slurry.settle(&self.chemistry, &mut self.notes);
    }

    fn read(&self, readings: &mut [f64]) {
        let (s, c) = (&self.slurry, &self.chemistry);
        readings[..5].copy_from_slice(&[
            s.temperature - ZERO_CELSIUS,
            s.ph(),
            s.solids_per_volume(c),
            self.crystals * 3600.0,
            self.vapour * 3600.0,
        ]);
        for (k, kind) in KINDS.iter().enumerate() {
            let solubility = self.solubility(kind, &mut Notes::default());
            readings[5 + k] = supersaturation(kind, &s.matter, solubility, 0.0, 0.0, c);
            readings[10 + k] = s.grams_per_litre(kind.cation, c);
            let bound: f64 = kind.hydrates.iter().map(|(solid, _)| s.matter[*solid]).sum();
            let water: f64 = kind.hydrates.iter().map(|(solid, n)| n * s.matter[*solid]).sum();
            let all = kind.count * bound + s.matter[kind.cation];
            readings[15 + k] = if all > 0.0 { 100.0 * kind.count * bound / all } else { 0.0 };
            readings[20 + k] = if bound > 1e-9 { water / bound } else { 0.0 };
        }
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.slurry.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[LIQUOR] = self.recipe.part(f.flow);
        duty.orders.copy_from_slice(&[1.0, f.jacket - ZERO_CELSIUS, f.pressure * 1e-5]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.slurry.state(walk);
        self.notes.state(walk);
        walk.f64(&mut self.crystals);
        walk.f64(&mut self.vapour);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::chemistry::Chemistry;
    use crate::experiment::{Conditions, Experiment};

    fn run(settings: &[&str], hours: f64) -> Experiment {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = settings.iter().map(ToString::to_string).collect();
        let conditions = Conditions { settings, ..Conditions::default() };
        let mut unit = Experiment::open("sulfate_crystalliser", &conditions, &chemistry).unwrap();
        unit.run_to(hours * 3600.0);
        unit
    }

    #[test]
    fn cooled_nickel_liquor_ends_saturated_with_what_the_table_leaves() {
        let unit = run(&["feed.flow=0", "jacket=20degC", "feed.acid=0", "agitator=0"], 24.0);
        let value = |name: &str| unit.reading(name).unwrap();
        assert!((value("S-Ni") - 1.0).abs() < 1e-3, "{}", value("S-Ni"));
        assert!((value("Ni-water") - 7.0).abs() < 1e-9);
        // 37.7 g of NiSO4 per 100 g of water at 20 degC: 14.3 g of Ni in 137.7 g of solution.
        let fraction = 37.7 / 137.7 * 58.693 / 154.753;
        assert!(value("Ni") / (fraction * 1000.0) > 1.2 && value("Ni") / (fraction * 1000.0) < 1.5);
        assert!(unit.balance().worst() < 1e-9);
    }

    #[test]
    fn nothing_begins_inside_the_metastable_zone() {
        // At 44 degC this liquor is just supersaturated.
        let clear = run(&["feed.flow=0", "jacket=44degC", "metastable=0.9", "agitator=0"], 6.0);
        assert!(clear.reading("S-Ni").unwrap() > 1.02, "{}", clear.reading("S-Ni").unwrap());
        assert!(clear.reading("solids").unwrap() < 1e-9);
        let seeded = run(&["feed.flow=0", "jacket=44degC", "metastable=0.0", "agitator=0"], 12.0);
        assert!(seeded.reading("solids").unwrap() > 1.0);
    }

    #[test]
    fn a_hydrate_that_leaves_its_window_turns_into_the_right_one() {
        let mut unit = run(&["feed.flow=0", "jacket=15degC", "jacket=36degC@8h"], 8.0);
        assert!((unit.reading("Ni-water").unwrap() - 7.0).abs() < 1e-6);
        unit.run_to(16.0 * 3600.0);
        assert!(unit.reading("solids").unwrap() > 1.0);
        assert!(
            (unit.reading("Ni-water").unwrap() - 6.0).abs() < 1e-3,
            "{}",
            unit.reading("Ni-water").unwrap()
        );
    }

    #[test]
    fn cooling_takes_sodium_out_of_a_lithium_liquor_as_glauber_salt() {
        let liquor = [
            "liquor.Ni=0",
            "liquor.Na=45g/L",
            "liquor.Li=12g/L",
            "feed.flow=0",
            "jacket=2degC",
            "feed.temperature=35degC",
        ];
        let unit = run(&liquor, 24.0);
        let value = |name: &str| unit.reading(name).unwrap();
        assert!(value("Na-yield") > 65.0 && value("Li-yield") == 0.0, "{}", value("Na-yield"));
        assert!((value("Na-water") - 10.0).abs() < 1e-6 && value("Li") > 12.0);
    }

    #[test]
    fn vacuum_boils_water_off_and_cools_the_liquor() {
        let unit = run(&["feed.flow=200L/h", "jacket=70degC", "pressure=0.08bar"], 12.0);
        let value = |name: &str| unit.reading(name).unwrap();
        assert!(value("vapour") > 20.0 && value("T") < 60.0 && value("Ni-yield") > 20.0);
        assert!((value("Ni-water") - 6.0).abs() < 1e-6);
    }
}
