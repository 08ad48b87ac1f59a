//! Copper cemented out of an acid liquor with iron powder, in one stirred tank with a weir.
//!
//! ```text
//! Cu2+ + Fe -> Cu + Fe2+        r = k_c A [Cu]        2 Fe3+ + Fe -> 3 Fe2+     r = k_c A [Fe3+] / 2
//! Fe + 2 H+ -> Fe2+ + H2        r = k_h A [H+] / 2    A = 6 n0^(1/3) n^(2/3) M / (d rho)   shrinking grains
//! Cu + 2 Fe3+ -> Cu2+ + 2 Fe2+  r = k_c A_c [Fe3+] / 2   A_c = 6 n M / (d_c rho)             cement
//! ```
//!
//! Sources: basis 4.4 (1.3 times the stoichiometric iron at pH 2: more than 99 % of the copper). The standard
//! voltages of 0.78 V and 0.43 V make the first and the last reaction one way: Fe(III) goes first, and as long as there
//! is any it takes the cement back. `k_c` is transport to grains and cement; the copper that grows on the grains
//! neither hinders nor helps here. Left out: cementation of nickel and cobalt, air that is drawn in, arsine (no arsenic
//! in the ledger).

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, NORMAL_VOLUME, REFERENCE};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::compartments::Vent;
use crate::units::heat_loss::Wall;
use crate::units::heating::{gripped, stirrable};
use crate::units::water::ATMOSPHERE;

tables! {
    Tank {
        /// Slurry below the weir
        volume: "m3", 1e-4, 500.0;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Power of the agitator that ends as heat
        agitator: "kW", 0.0, 200.0;
        /// Kinetics that remain when the agitator stands still
        still: "", 0.0, 1.0;
    }
    Kinetics {
        /// Transport of Cu2+ and Fe3+ to the grains at 25 degC
        copper: "m/s", 0.0, 1e-2;
        /// Hydrogen evolution, per H+, at 25 degC
        hydrogen: "m/s", 0.0, 1e-3;
        /// Activation energy of both
        activation: "kJ/mol", 0.0, 100.0;
        /// Diameter of the iron grains
        grain: "um", 1.0, 2000.0;
        /// Diameter of the copper cement
        cement: "um", 1.0, 2000.0;
    }
    Feed {
        /// Liquor
        flow: "L/h", 0.0, 1e6;
        /// Iron powder, mol per mol of copper in the feed
        iron: "", 0.0, 10.0;
        /// Iron powder besides, whatever copper there is
        powder: "g/L", 0.0, 100.0;
        /// Free sulfuric acid in the liquor
        acid: "mol/L", 0.0, 3.0;
        /// Of liquor and powder
        temperature: "degC", 0.0, 95.0;
    }
    Start {
        /// Iron powder in a tank full of feed, mol per mol of its copper
        iron: "", 0.0, 10.0;
        /// Iron powder besides
        powder: "g/L", 0.0, 100.0;
    }
}

/// What a leach liquor holds, as sulfates.
pub(super) const METALS: [(&str, Species); 9] = [
    ("Li", Species::Lithium),
    ("Na", Species::Sodium),
    ("Ni", Species::Nickel),
    ("Co", Species::Cobalt),
    ("Mn", Species::Manganese),
    ("Cu", Species::Copper),
    ("Fe2", Species::Ferrous),
    ("Fe3", Species::Ferric),
    ("Al", Species::Aluminium),
];

/// kg/m3 of every metal, from the table `liquor`.
pub(super) fn read_liquor(r: &mut Reader<'_>) -> [f64; METALS.len()] {
    read_metals(r, "liquor", "As sulfate in the liquor")
}

/// kg/m3 of every metal, from a table that may hold other things besides.
pub(super) fn read_metals(r: &mut Reader<'_>, table: &str, text: &'static str) -> [f64; METALS.len()] {
    METALS.map(|(name, _)| r.described(table, name, text, "g/L", 0.0, 250.0))
}

/// The metals as sulfates in so many m3.
pub(super) fn dissolve(
    recipe: &mut Matter,
    metals: &[f64; METALS.len()],
    volume: f64,
    chemistry: &Chemistry,
) {
    for ((_, species), mass) in METALS.iter().zip(metals) {
        let amount = mass * volume / chemistry.molar_mass(*species);
        recipe[*species] += amount;
        recipe[Species::Sulfate] += 0.5 * species.charge() * amount;
    }
}

/// One m3 of liquor with `acid` mol of free sulfuric acid.
pub(super) fn liquor(
    metals: &[f64; METALS.len()],
    acid: f64,
    kelvin: f64,
    chemistry: &Chemistry,
    notes: &mut Notes,
) -> Matter {
    let mut recipe = Matter::default();
    recipe[Species::Acid] = 2.0 * acid;
    recipe[Species::Sulfate] = acid;
    dissolve(&mut recipe, metals, 1.0, chemistry);
    Slurry::filled(&recipe, 1.0, kelvin, chemistry, notes).matter
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tank: Tank,
    kinetics: Kinetics,
    feed: Feed,
    liquor: [f64; METALS.len()],
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            tank: Tank::read(r, "tank"),
            kinetics: Kinetics::read(r, "kinetics"),
            feed: Feed::read(r, "feed"),
            liquor: read_liquor(r),
            start: Start::read(r, "start"),
        }
    }
}

pub const LIQUOR: usize = 0;
pub const IRON: usize = 1;
pub const SLURRY: usize = 0;
pub const VENT: usize = 1;

pub static SHAPE: Shape = Shape {
    name: "cementation",
    text: "copper cemented out of a leach liquor with iron powder",
    inlets: &[Port { name: "liquor", text: "leach liquor" }, Port { name: "iron", text: "iron powder" }],
    outlets: &[
        Port { name: "slurry", text: "over the weir, to the filter" },
        Port { name: "vent", text: "hydrogen, and steam when it boils" },
    ],
    orders: &[Order { name: "agitator", unit: "", low: 0.0, high: 1.0, text: "runs" }],
    readings: &[
        Reading { name: "pH", unit: "pH", text: "" },
        Reading { name: "T", unit: "degC", text: "" },
        Reading { name: "Cu", unit: "mg/L", text: "dissolved" },
        Reading { name: "Cu-removed", unit: "%", text: "of the copper in the tank" },
        Reading { name: "Fe2", unit: "g/L", text: "dissolved, ferrous" },
        Reading { name: "Fe3", unit: "g/L", text: "dissolved, ferric" },
        Reading { name: "iron", unit: "g/L", text: "powder left" },
        Reading { name: "cement", unit: "g/L", text: "copper metal" },
        Reading { name: "H2", unit: "Nm3/h", text: "to the vent" },
        Reading { name: "H2-total", unit: "Nm3", text: "to the vent since the start" },
    ],
    step_max: 4.0,
};

const CEMENT: [(Species, f64); 4] = [
    (Species::Copper, -1.0),
    (Species::IronMetal, -1.0),
    (Species::CopperMetal, 1.0),
    (Species::Ferrous, 1.0),
];
const REDUCE: [(Species, f64); 3] =
    [(Species::Ferric, -2.0), (Species::IronMetal, -1.0), (Species::Ferrous, 3.0)];
const TAKE_BACK: [(Species, f64); 4] =
    [(Species::CopperMetal, -1.0), (Species::Ferric, -2.0), (Species::Copper, 1.0), (Species::Ferrous, 2.0)];
const DISSOLVE: [(Species, f64); 4] =
    [(Species::IronMetal, -1.0), (Species::Acid, -2.0), (Species::Ferrous, 1.0), (Species::Hydrogen, 1.0)];

#[derive(Clone, Debug)]
pub struct Cementation {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    slurry: Slurry,
    /// mol of iron that the grains in here were when they came.
    grains: f64,
    /// One m3 of feed.
    recipe: Matter,
    notes: Notes,
    /// mol/s, mol since the start.
    hydrogen: f64,
    hydrogen_total: f64,
}

impl Cementation {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let recipe = liquor(&settings.liquor, f.acid, f.temperature, &chemistry, &mut notes);
        let mut matter = recipe.part(settings.tank.volume);
        let powder = settings.start.powder * settings.tank.volume / chemistry.molar_mass(Species::IronMetal);
        let grains = matter[Species::Copper] * settings.start.iron + powder;
        matter[Species::IronMetal] = grains;
        let slurry = Slurry::at(&matter, f.temperature, &chemistry, &mut notes);
        Self { settings, chemistry, slurry, grains, recipe, notes, hydrogen: 0.0, hydrogen_total: 0.0 }
    }

    /// What one step cements, dissolves and takes back. Iron comes first: what Fe(III) it has left meets the cement.
    fn react(&mut self, stirred: f64, dt: f64) {
        if self.slurry.liquor <= 0.0 {
            return;
        }
        let (k, kelvin) = (&self.settings.kinetics, self.slurry.temperature);
        let warm = libm::exp(-k.activation / GAS * (1.0 / kelvin - 1.0 / REFERENCE));
        // Per area, to make an exponent of.
        let speed = warm * stirred * dt / self.slurry.liquor;
        let iron = self.spend_iron(speed);
        if self.take_back(speed) || iron {
            self.slurry.settle(&self.chemistry, &mut self.notes);
        }
    }

    /// The surface is that at the beginning of the step; what reacts on it decays exponentially, so no step is too long
    /// for the copper, and the iron is shared when it does not suffice.
    fn spend_iron(&mut self, speed: f64) -> bool {
        let k = &self.settings.kinetics;
        let slurry = &mut self.slurry;
        let iron = slurry.matter[Species::IronMetal];
        if iron <= 0.0 {
            self.grains = 0.0;
            return false;
        }
        self.grains = self.grains.max(iron);
        let volume = self.chemistry.volume[Species::IronMetal.index()];
        let area = 6.0 * libm::cbrt(self.grains * iron * iron) * volume / k.grain;
        let part = |rate: f64| -libm::expm1(-rate * area * speed);
        let protons = slurry.species.proton * slurry.liquor * 1e3;
        let wanted = [
            slurry.matter[Species::Copper].max(0.0) * part(k.copper),
            0.5 * slurry.matter[Species::Ferric].max(0.0) * part(k.copper),
            0.5 * protons * part(k.hydrogen),
        ];
        let sum: f64 = wanted.iter().sum();
        let share = if sum > iron { iron / sum } else { 1.0 };
        for (row, extent) in [&CEMENT[..], &REDUCE[..], &DISSOLVE[..]].into_iter().zip(wanted) {
            slurry.matter.react(row, extent * share);
        }
        true
    }

    fn take_back(&mut self, speed: f64) -> bool {
        let k = &self.settings.kinetics;
        let matter = &mut self.slurry.matter;
        let (cement, ferric) = (matter[Species::CopperMetal], matter[Species::Ferric]);
        if cement <= 0.0 || ferric <= 0.0 {
            return false;
        }
        let area = 6.0 * cement * self.chemistry.volume[Species::CopperMetal.index()] / k.cement;
        let extent = 0.5 * ferric * -libm::expm1(-k.copper * area * speed);
        matter.react(&TAKE_BACK, extent.min(cement));
        true
    }
}

impl UnitOperation for Cementation {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let (running, good) = SHAPE.hold(0, x.orders[0]);
        self.notes.check(Remark::BadInput, good);
        let t = &self.settings.tank;
        for inlet in x.inlets {
            self.slurry.matter.add(inlet);
            self.grains += inlet[Species::IronMetal].max(0.0);
        }
        let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
        let joule = t.agitator * running * gripped(stirrable(&self.slurry), t.volume) * dt;
        x.heat += wall.warm(&mut self.slurry, joule, dt);
        self.slurry.settle(&self.chemistry, &mut self.notes);
        let air = Vent { pressure: ATMOSPHERE, chemistry: &self.chemistry };
        air.boil(&mut self.slurry, &mut self.notes, &mut x.outlets[VENT]);
        self.react(self.settings.tank.still.max(running), dt);
        let hydrogen = self.slurry.matter[Species::Hydrogen].max(0.0);
        let gas = self.chemistry.parcel(&[(Species::Hydrogen, hydrogen)], self.slurry.temperature);
        self.slurry.matter.subtract(&gas);
        x.outlets[VENT].add(&gas);
        self.hydrogen = hydrogen / dt;
        self.hydrogen_total += hydrogen;
        let volume = self.slurry.volume();
        let keep = self.settings.tank.volume;
        let share = if volume > keep { 1.0 - keep / volume } else { 0.0 };
        self.grains -= self.grains * share;
        x.outlets[SLURRY].add(&self.slurry.matter.take(share));
        self.slurry.settle(&self.chemistry, &mut self.notes);
    }

    fn read(&self, readings: &mut [f64]) {
        let (s, c) = (&self.slurry, &self.chemistry);
        let (left, cement) = (s.matter[Species::Copper], s.matter[Species::CopperMetal]);
        let solid = |species| s.matter[species] * c.molar_mass(species) / s.volume().max(1e-9);
        readings.copy_from_slice(&[
            s.ph(),
            s.temperature - 273.15,
            s.grams_per_litre(Species::Copper, c) * 1e3,
            if left + cement > 0.0 { 100.0 * cement / (left + cement) } else { 0.0 },
            s.grams_per_litre(Species::Ferrous, c),
            s.grams_per_litre(Species::Ferric, c),
            solid(Species::IronMetal),
            solid(Species::CopperMetal),
            self.hydrogen * 3600.0 * NORMAL_VOLUME,
            self.hydrogen_total * NORMAL_VOLUME,
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
        duty.feeds[LIQUOR] = self.recipe.part(f.flow);
        let powder = f.powder * f.flow / self.chemistry.molar_mass(Species::IronMetal);
        let iron = duty.feeds[LIQUOR][Species::Copper] * f.iron + powder;
        duty.feeds[IRON] = self.chemistry.parcel(&[(Species::IronMetal, iron)], f.temperature);
        duty.orders[0] = 1.0;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.slurry.state(walk);
        self.notes.state(walk);
        for value in [&mut self.grains, &mut self.hydrogen, &mut self.hydrogen_total] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::chemistry::Chemistry;
    use crate::experiment::{Conditions, Experiment};

    fn batch(settings: &[&str], minutes: f64) -> Experiment {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let mut settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        settings.push("feed.flow=0".to_owned());
        let conditions = Conditions { settings, ..Conditions::default() };
        let mut unit = Experiment::open("cementation", &conditions, &chemistry).unwrap();
        unit.run_to(minutes * 60.0);
        unit
    }

    #[test]
    fn too_little_iron_leaves_copper_mole_for_mole() {
        let unit = batch(&["start.iron=0.5", "liquor.Fe3=0", "kinetics.hydrogen=0"], 600.0);
        assert!((unit.reading("Cu-removed").unwrap() - 50.0).abs() < 0.1);
        assert!(unit.reading("iron").unwrap() < 1e-6);
    }

    #[test]
    fn ferric_iron_and_acid_cost_powder_and_acid_makes_hydrogen() {
        let mild = batch(&["start.iron=1.3"], 120.0);
        let sour = batch(&["start.iron=1.3", "feed.acid=0.5mol/L"], 120.0);
        let ferric = batch(&["start.iron=1.3", "liquor.Fe3=3g/L"], 120.0);
        assert!(sour.reading("H2-total").unwrap() > 2.0 * mild.reading("H2-total").unwrap());
        assert!(ferric.reading("Cu").unwrap() > 10.0 * mild.reading("Cu").unwrap());
        assert!(mild.reading("Fe3").unwrap() < 0.01);
        assert!(sour.balance().worst() < 1e-9 && mild.reading("pH") > sour.reading("pH"));
    }

    #[test]
    fn powder_without_copper_reduces_ferric_iron_three_for_two() {
        let unit = batch(
            &["liquor.Cu=0", "liquor.Fe2=0", "liquor.Fe3=3g/L", "start.powder=1g/L", "kinetics.hydrogen=0"],
            600.0,
        );
        // 3 g/L of Fe(III) ask for 1.5 of powder: 1 g/L leaves a third of it and makes 3 g/L of Fe(II).
        let value = |name: &str| unit.reading(name).unwrap();
        assert!(
            (value("Fe3") - 1.0).abs() < 0.02 && (value("Fe2") - 3.0).abs() < 0.02,
            "{:?}",
            unit.readings()
        );
        assert!(value("iron") < 1e-6 && unit.balance().worst() < 1e-9);
    }

    #[test]
    fn ferric_iron_goes_first_and_takes_cement_back_while_there_is_any() {
        let settings = ["liquor.Fe3=3g/L", "start.iron=0", "start.powder=2g/L", "kinetics.hydrogen=0"];
        let end = batch(&settings, 600.0);
        // 3 g/L of Fe(III) take 1.5 g/L of iron; half a gram is left and cements 0.57 g/L of the 2 of copper.
        assert!(end.reading("Fe3").unwrap() < 1e-3, "{:?}", end.readings());
        assert!((end.reading("Cu").unwrap() - 1431.0).abs() < 20.0, "{:?}", end.readings());
        // It had cemented more before it met the rest of the Fe(III).
        let most =
            (1..60).map(|k| batch(&settings, f64::from(k)).reading("cement").unwrap()).fold(0.0, f64::max);
        assert!(most > 1.02 * end.reading("cement").unwrap(), "{most} {:?}", end.readings());
    }

    #[test]
    fn a_tank_that_is_heated_beyond_its_boiling_point_gives_steam() {
        let unit = batch(&["tank.volume=0.1m3", "tank.agitator=50kW", "kinetics.hydrogen=0"], 20.0);
        let temperature = unit.reading("T").unwrap();
        assert!((100.0..104.0).contains(&temperature), "{temperature}");
        assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
    }
}
