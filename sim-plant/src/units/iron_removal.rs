//! Iron and aluminium out of a leach liquor by pH, in two stirred tanks with weirs, and the cobalt that goes along.
//!
//! ```text
//! 2 Fe2+ + H2O2 + 2 H+ -> 2 Fe3+ + 2 H2O        r = k_f [Fe2+][H2O2]        2 H2O2 -> 2 H2O + O2   r = k_d [H2O2]
//! ```
//!
//! Sources: basis 4.4. What falls at which pH and temperature, and what the solids hold, stands in `hydroxides.rs`. Left
//! out: oxidation by air.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::equilibria::Speciation;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::cementation::{METALS, liquor, read_liquor};
use crate::units::compartments::Vent;
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, OPEN_TANK, gripped, stirrable};
use crate::units::hydroxides::{HYDROXIDE, Hydroxides};
use crate::units::water::ATMOSPHERE;

tables! {
    Tanks {
        /// Slurry below the weir of each tank
        volume: "m3", 1e-4, 500.0;
        /// Heat loss of each tank
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Power of each agitator that ends as heat
        agitator: "kW", 0.0, 200.0;
        /// Largest duty of the heating coil of each tank
        coil: "kW", 0.0, 1e4;
        /// Saturated steam in the coils: its largest duty reaches a tank up to 100 degC, and nothing one as hot as the steam
        steam: "degC", 105.0, 250.0;
    }
    Peroxide {
        /// Oxidation of Fe2+
        oxidation: "L/mol/s", 0.0, 1e4;
        /// Decay of H2O2 by itself
        decay: "1/s", 0.0, 1.0;
        /// Decay of H2O2 per dissolved iron
        decay_iron: "L/mol/s", 0.0, 10.0;
    }
    Feed {
        /// Liquor to the first tank
        flow: "L/h", 0.0, 1e6;
        /// Free sulfuric acid in it
        acid: "mol/L", 0.0, 3.0;
        /// Of all feeds
        temperature: "degC", 0.0, 95.0;
        /// H2O2 to the first tank, mol per mol of Fe2+ in the feed; one half is stoichiometric
        peroxide: "", 0.0, 10.0;
        /// The first tank is titrated to this pH
        ph_1: "pH", 0.0, 11.0;
        /// The second tank is titrated to this pH
        ph_2: "pH", 0.0, 11.0;
        /// Duty of each coil
        coil: "kW", 0.0, 1e4;
    }
    Base {
        /// Lye, mol of hydroxide
        strength: "mol/L", 0.05, 10.0;
        /// Share of LiOH in it; the rest is NaOH
        lithium: "", 0.0, 1.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tanks: Tanks,
    peroxide: Peroxide,
    feed: Feed,
    base: Base,
    liquor: [f64; METALS.len()],
    hydroxides: Hydroxides,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            tanks: Tanks::read(r, "tanks"),
            peroxide: Peroxide::read(r, "peroxide"),
            feed: Feed::read(r, "feed"),
            base: Base::read(r, "base"),
            liquor: read_liquor(r),
            hydroxides: Hydroxides::read(r),
        }
    }
}

const TANKS: usize = 2;
/// Metals whose loss is shown, the first of the hydroxides.
const REMOVED: usize = 6;

pub const LIQUOR: usize = 0;
pub const PEROXIDE: usize = 1;
pub const BASE_1: usize = 2;
pub const BASE_2: usize = 3;
pub const SLURRY: usize = 0;
pub const VENT: usize = 1;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub static SHAPE: Shape = Shape {
    name: "iron_removal",
    text: "iron and aluminium out by pH in two tanks, with the cobalt that they hold",
    inlets: &[
        Port { name: "liquor", text: "to the first tank" },
        Port { name: "peroxide", text: "to the first tank" },
        Port { name: "base-1", text: "to the first tank" },
        Port { name: "base-2", text: "to the second tank" },
    ],
    outlets: &[
        Port { name: "slurry", text: "over the weir of the second tank, to the filter" },
        Port { name: "vent", text: "oxygen of decayed peroxide, and steam when it boils" },
    ],
    orders: &[
        Order { name: "agitator-1", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "agitator-2", unit: "", low: 0.0, high: 1.0, text: "runs" },
        Order { name: "coil-1", unit: "kW", low: 0.0, high: 1e4, text: "heating duty" },
        Order { name: "coil-2", unit: "kW", low: 0.0, high: 1e4, text: "heating duty" },
    ],
    readings: &[
        reading("pH-1", "pH", "first tank"),
        reading("pH-2", "pH", "second tank"),
        reading("T-1", "degC", "first tank"),
        reading("T-2", "degC", "second tank"),
        reading("Fe-1", "mg/L", "dissolved iron, first tank"),
        reading("Fe2-1", "mg/L", "of it ferrous"),
        reading("Fe", "mg/L", "dissolved iron, second tank"),
        reading("Al", "mg/L", "dissolved, second tank"),
        reading("Cu", "mg/L", "dissolved, second tank"),
        reading("Ni", "g/L", "dissolved, second tank"),
        reading("Co", "g/L", "dissolved, second tank"),
        reading("Mn", "g/L", "dissolved, second tank"),
        reading("Fe-removed", "%", "in the solids of the second tank, of what is there"),
        reading("Al-removed", "%", "as Fe-removed"),
        reading("Cu-removed", "%", "as Fe-removed"),
        reading("Ni-lost", "%", "as Fe-removed"),
        reading("Co-lost", "%", "as Fe-removed"),
        reading("Mn-lost", "%", "as Fe-removed"),
        reading("solids", "g/L", "second tank"),
        reading("base-1", "mol/h", "hydroxide given to the first tank"),
        reading("base-2", "mol/h", "hydroxide given to the second tank"),
        reading("O2", "Nm3/h", "to the vent"),
    ],
    step_max: 4.0,
};

const OXIDISE: [(Species, f64); 5] = [
    (Species::Ferrous, -2.0),
    (Species::Peroxide, -1.0),
    (Species::Acid, -2.0),
    (Species::Ferric, 2.0),
    (Species::Water, 2.0),
];
const DECAY: [(Species, f64); 3] = [(Species::Peroxide, -1.0), (Species::Water, 1.0), (Species::Oxygen, 0.5)];

#[derive(Clone, Debug, Default, PartialEq)]
struct Tank {
    slurry: Slurry,
    /// What came in during the last step without its base, mol/s.
    come: Matter,
    /// Hydroxide given in the last step, mol/s.
    base: f64,
}

#[derive(Clone, Debug)]
pub struct IronRemoval {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    tanks: [Tank; TANKS],
    /// One m3 of liquor and of lye.
    recipe: Matter,
    lye: Matter,
    notes: Notes,
    /// mol/s
    oxygen: f64,
    /// Length of the last step, s.
    step: f64,
}

impl IronRemoval {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let recipe = liquor(&settings.liquor, f.acid, f.temperature, &chemistry, &mut notes);
        let slurry = Slurry::at(&recipe.part(settings.tanks.volume), f.temperature, &chemistry, &mut notes);
        let mut lye = Matter::default();
        let b = &settings.base;
        lye[Species::Lithium] = b.strength * b.lithium;
        lye[Species::Sodium] = b.strength * (1.0 - b.lithium);
        lye[Species::Acid] = -b.strength;
        let lye = Slurry::filled(&lye, 1.0, f.temperature, &chemistry, &mut notes).matter;
        let tank = Tank { slurry, ..Tank::default() };
        Self {
            settings,
            chemistry,
            tanks: [tank.clone(), tank],
            recipe,
            lye,
            notes,
            oxygen: 0.0,
            step: SHAPE.step_max,
        }
    }

    /// The lye, m3/s, with which a tank ends the next step at its target, and whether it can. What comes in is what came in
    /// before; what the peroxide and the hydroxides do at the target is known, so there is nothing to search.
    fn titrate(&self, tank: usize, target: f64) -> (f64, bool) {
        let Tank { slurry, come, .. } = &self.tanks[tank];
        let (dt, quiet) = (self.step, &mut Notes::default());
        let mut trial = slurry.clone();
        trial.matter.add(&come.part(dt));
        trial.settle(&self.chemistry, quiet);
        oxidise(&mut trial, &self.settings.peroxide, 1.0, dt);
        let freed = self.settings.hydroxides.ahead(&trial, 1.0, dt).acid_freed(target);
        let goal = Speciation::acid_at(target, &trial.matter, trial.liquor, &trial.equilibria);
        let missing = trial.matter[Species::Acid] + freed - goal * trial.liquor * 1e3;
        let wanted = missing / (dt * self.settings.base.strength);
        let given = wanted.clamp(0.0, TITRATOR * trial.liquor);
        (given, wanted == given || (slurry.ph() - target).abs() < CLOSE)
    }
}

/// A titrator gives at most this share of the liquor, 1/s.
const TITRATOR: f64 = 0.25;
/// A pH within this of the target is not a missed one.
const CLOSE: f64 = 0.05;

/// Peroxide oxidises ferrous iron, and decays. Both are linear in the scarcer partner for one step.
fn oxidise(slurry: &mut Slurry, p: &Peroxide, running: f64, dt: f64) {
    let litres = slurry.liquor.max(1e-12) * 1e3;
    let (ferrous, peroxide) =
        (slurry.matter[Species::Ferrous].max(0.0), slurry.matter[Species::Peroxide].max(0.0));
    if peroxide <= 0.0 {
        return;
    }
    let rate = p.oxidation * running * (0.5 * ferrous).max(peroxide) * 2.0 / litres;
    let extent = (0.5 * ferrous).min(peroxide) * -libm::expm1(-rate * dt);
    slurry.matter.react(&OXIDISE, extent);
    let iron = slurry.concentration(Species::Ferrous) + slurry.concentration(Species::Ferric);
    let decay = p.decay + p.decay_iron * iron.max(0.0);
    let extent = slurry.matter[Species::Peroxide].max(0.0) * -libm::expm1(-decay * dt);
    slurry.matter.react(&DECAY, extent);
}

impl UnitOperation for IronRemoval {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 4] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let mut flow = x.inlets[LIQUOR].clone();
        flow.add(&x.inlets[PEROXIDE]);
        self.oxygen = 0.0;
        self.step = dt;
        for tank in 0..TANKS {
            let base = &x.inlets[BASE_1 + tank];
            let here = &mut self.tanks[tank];
            here.come = flow.part(1.0 / dt);
            here.slurry.matter.add(&flow);
            here.slurry.matter.add(base);
            here.base = -base[Species::Acid] / dt;
            let t = &self.settings.tanks;
            let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
            let coil = Coil { largest: t.coil, steam: t.steam, rated: OPEN_TANK };
            let joule = coil.warm(&here.slurry, orders[2 + tank] * 1e3, dt)
                + t.agitator * orders[tank] * gripped(stirrable(&here.slurry), t.volume) * dt;
            x.heat += wall.warm(&mut here.slurry, joule, dt);
            here.slurry.settle(&self.chemistry, &mut self.notes);
            let air = Vent { pressure: ATMOSPHERE, chemistry: &self.chemistry };
            air.boil(&mut here.slurry, &mut self.notes, &mut x.outlets[VENT]);
            oxidise(&mut here.slurry, &self.settings.peroxide, orders[tank], dt);
            let oxygen = here.slurry.matter[Species::Oxygen].max(0.0);
            let gas = self.chemistry.parcel(&[(Species::Oxygen, oxygen)], here.slurry.temperature);
            here.slurry.matter.subtract(&gas);
            here.slurry.settle(&self.chemistry, &mut self.notes);
            self.oxygen += oxygen / dt;
            x.outlets[VENT].add(&gas);
            self.settings.hydroxides.precipitate(&mut here.slurry, orders[tank], dt, &mut self.notes);
            here.slurry.settle(&self.chemistry, &mut self.notes);
            let volume = here.slurry.volume();
            let keep = self.settings.tanks.volume;
            let share = if volume > keep { 1.0 - keep / volume } else { 0.0 };
            flow = here.slurry.matter.take(share);
            here.slurry.settle(&self.chemistry, &mut self.notes);
        }
        x.outlets[SLURRY].add(&flow);
    }

    fn read(&self, readings: &mut [f64]) {
        let c = &self.chemistry;
        let [first, second] = &self.tanks;
        let (one, two) = (&first.slurry, &second.slurry);
        let iron = |s: &Slurry| {
            (s.grams_per_litre(Species::Ferrous, c) + s.grams_per_litre(Species::Ferric, c)) * 1e3
        };
        let gram = |species| two.grams_per_litre(species, c);
        let removed = |k: usize| {
            let (_, aqueous, solid) = HYDROXIDE[k];
            // Iron is both of its ions, and both of their hydroxides.
            let (more, fallen) = if k == 0 {
                (two.matter[Species::Ferrous], two.matter[Species::FerrousHydroxide])
            } else {
                (0.0, 0.0)
            };
            let solid = two.matter[solid] + fallen;
            let all = two.matter[aqueous] + more + solid;
            if all > 0.0 { 100.0 * solid / all } else { 0.0 }
        };
        readings[..12].copy_from_slice(&[
            one.ph(),
            two.ph(),
            one.temperature - 273.15,
            two.temperature - 273.15,
            iron(one),
            one.grams_per_litre(Species::Ferrous, c) * 1e3,
            iron(two),
            gram(Species::Aluminium) * 1e3,
            gram(Species::Copper) * 1e3,
            gram(Species::Nickel),
            gram(Species::Cobalt),
            gram(Species::Manganese),
        ]);
        for k in 0..REMOVED {
            readings[12 + k] = removed(k);
        }
        readings[18] = two.matter.phase_mass(Phase::Solid, c) / two.volume().max(1e-9);
        readings[19] = first.base * 3600.0;
        readings[20] = second.base * 3600.0;
        readings[21] = self.oxygen * 3600.0 * crate::constants::NORMAL_VOLUME;
    }

    fn contents(&self, account: &mut Account) {
        for tank in &self.tanks {
            account.count(&tank.slurry.matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The titrator of each tank knows what the next step will set free at its target, as `titrate` says.
    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[LIQUOR] = self.recipe.part(f.flow);
        let peroxide = duty.feeds[LIQUOR][Species::Ferrous] * f.peroxide;
        // 30 wt%: 4.4 mol of water with every mol.
        let recipe = [(Species::Peroxide, peroxide), (Species::Water, 4.4 * peroxide)];
        duty.feeds[PEROXIDE] = self.chemistry.parcel(&recipe, f.temperature);
        for (k, target) in [f.ph_1, f.ph_2].into_iter().enumerate() {
            let (flow, reached) = self.titrate(k, target);
            duty.notes.check(Remark::Limited, reached);
            duty.feeds[BASE_1 + k] = self.lye.part(flow);
        }
        duty.orders.copy_from_slice(&[1.0, 1.0, f.coil * 1e-3, f.coil * 1e-3]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for tank in &mut self.tanks {
            tank.slurry.state(walk);
            tank.come.state(walk);
            walk.f64(&mut tank.base);
        }
        self.notes.state(walk);
        walk.f64(&mut self.oxygen);
        walk.f64(&mut self.step);
    }
}

#[cfg(test)]
#[path = "iron_removal/tests.rs"]
mod tests;
