//! Free chlorine out of spent brine: stripped with air from the acid brine, the rest destroyed with hydrogen peroxide.
//!
//! ```text
//! Cl2(aq) + H2O <-> HClO + H+ + Cl-         K_h;  acid and chloride keep it as Cl2, which air takes
//! dn/dt = -min(k_La n_Cl2, G y*),  y* = p*/(P - p*),  p* = [Cl2] / H(T)
//! dn/dt = -k_e (n_Cl2 - (P - p_w) H V)      bubbles, without any air, where chlorine and steam press more than the tank does
//! HClO + H2O2 -> HCl + O2 + H2O             r = k [HClO][H2O2], complete while there is peroxide
//! ```
//!
//! Sources: practice of membrane chlor-alkali plants (O'Brien, Bommaraju, Hine: Handbook of Chlor-Alkali Technology:
//! vacuum or air stripping at pH below 2.5 to some 20 mg/L, then sulfite or peroxide); solubility and hydrolysis as
//! in area 300. Two parts, each a stirred tank: the stripper, and behind its weir the tank in which peroxide is
//! dosed. The air leaves with the chlorine it took and no more than saturates it. Left out: water that evaporates
//! into the air, chlorate (it stays), the carbonate of a brine that was not acid.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::REFERENCE;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Port, Reading, Shape, UnitOperation};
use crate::units::heat_loss::Wall;
use crate::units::water::ATMOSPHERE;

tables! {
    Tanks {
        /// Liquor below the weir of the stripper, and of the tank behind it
        volume: "m3", 1e-4, 100.0;
        /// Pressure over the stripper, absolute
        pressure: "bar", 0.05, 2.0;
        /// Heat loss of each
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
    }
    Transfer {
        /// Cl2 to the air, k_La, while air flows at its nominal rate
        stripping: "1/s", 0.0, 1.0;
        /// Air at which that is so
        air: "Nm3/h", 0.1, 1e4;
        /// Molecular Cl2 in water at 25 degC under one bar
        solubility: "mol/L", 1e-3, 1.0;
        /// d ln H / d(1/T) of that solubility
        warming: "K", 0.0, 6000.0;
        /// Bubbles of what presses more than the tank does
        effervescence: "1/s", 0.0, 10.0;
        /// K_h at 25 degC, (mol/L)^2
        hydrolysis: "", 1e-5, 1e-2;
        /// Reaction of HClO with peroxide
        peroxide: "L/mol/s", 0.0, 1e4;
    }
    Feed {
        /// Spent brine
        flow: "L/h", 0.0, 1e6;
        /// LiCl in it
        strength: "g/L", 0.0, 400.0;
        /// Free chlorine in it, as Cl2
        chlorine: "mg/L", 0.0, 1e4;
        /// Free acid in it; negative for a brine with alkali
        acid: "mol/L", -1.0, 1.0;
        /// Its temperature
        temperature: "degC", 5.0, 95.0;
        /// Air to the stripper
        air: "Nm3/h", 0.0, 1e4;
        /// H2O2, mol per mol of the free chlorine of the feed
        peroxide: "", 0.0, 3.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    tanks: Tanks,
    transfer: Transfer,
    feed: Feed,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            tanks: Tanks::read(r, "tanks"),
            transfer: Transfer::read(r, "transfer"),
            feed: Feed::read(r, "feed"),
        }
    }
}

pub const BRINE: usize = 0;
pub const AIR: usize = 1;
pub const PEROXIDE: usize = 2;
pub const CLEAN: usize = 0;
pub const GAS: usize = 1;

pub static SHAPE: Shape = Shape {
    name: "dechlorinator",
    text: "free chlorine out of spent brine: air stripper, then hydrogen peroxide",
    inlets: &[
        Port { name: "brine", text: "acid spent brine to the stripper" },
        Port { name: "air", text: "to the stripper" },
        Port { name: "peroxide", text: "H2O2 to the second tank" },
    ],
    outlets: &[
        Port { name: "brine", text: "over the weir of the second tank" },
        Port { name: "gas", text: "air with chlorine, oxygen" },
    ],
    orders: &[],
    readings: &[
        reading("pH", "pH", "stripper"),
        reading("T", "degC", "stripper"),
        reading("stripped", "mg/L", "free chlorine as Cl2 behind the stripper"),
        reading("free-chlorine", "mg/L", "free chlorine as Cl2 in what leaves"),
        reading("peroxide", "mg/L", "H2O2 in what leaves"),
        reading(
            "ORP",
            "mV",
            "of what leaves: 1100 with free chlorine, 250 with peroxide left, log of either",
        ),
        reading("pH-out", "pH", "of what leaves"),
        reading("Cl2", "kg/h", "in the gas"),
        reading("Cl2-share", "%vol", "of the gas"),
        reading("brine", "m3/h", "leaving"),
    ],
    step_max: 4.0,
};

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

const STRIP: [(Species, f64); 5] = [
    (Species::HypochlorousAcid, -1.0),
    (Species::Acid, -1.0),
    (Species::Chloride, -1.0),
    (Species::Chlorine, 1.0),
    (Species::Water, 1.0),
];
const DESTROY: [(Species, f64); 6] = [
    (Species::HypochlorousAcid, -1.0),
    (Species::Peroxide, -1.0),
    (Species::Acid, 1.0),
    (Species::Chloride, 1.0),
    (Species::Oxygen, 1.0),
    (Species::Water, 1.0),
];
/// g of Cl2 per mol of free chlorine.
const GRAMS_CL2: f64 = 70.906;

#[derive(Clone, Debug)]
pub struct Dechlorinator {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    stripper: Slurry,
    polish: Slurry,
    /// One m3 of feed.
    recipe: Matter,
    /// mol/s of chlorine and of all gas, m3/s of brine, of the last step.
    chlorine: f64,
    gas: f64,
    leaving: f64,
    notes: Notes,
}

impl Dechlorinator {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let f = &settings.feed;
        let salt = chemistry.molar_mass(Species::Lithium) + chemistry.molar_mass(Species::Chloride);
        let mut recipe = Matter::default();
        recipe[Species::Lithium] = f.strength / salt;
        recipe[Species::HypochlorousAcid] = f.chlorine / GRAMS_CL2;
        recipe[Species::Acid] = f.acid + recipe[Species::HypochlorousAcid];
        recipe[Species::Chloride] = recipe[Species::Lithium] + recipe[Species::Acid];
        let recipe = Slurry::filled(&recipe, 1.0, f.temperature, &chemistry, &mut notes).matter;
        let mut clean = recipe.clone();
        clean[Species::HypochlorousAcid] = 0.0;
        let volume = settings.tanks.volume;
        let tank = Slurry::at(&clean.part(volume), f.temperature, &chemistry, &mut notes);
        Self {
            settings,
            chemistry,
            stripper: tank.clone(),
            polish: tank,
            recipe,
            chlorine: 0.0,
            gas: 0.0,
            leaving: 0.0,
            notes,
        }
    }

    /// Share of the free chlorine that is Cl2, not HClO.
    fn molecular(&self, s: &Slurry) -> f64 {
        let ratio = s.species.proton * s.concentration(Species::Chloride).max(0.0)
            / self.settings.transfer.hydrolysis;
        ratio / (1.0 + ratio)
    }

    /// mol/(m3 Pa) of Cl2 in a liquor.
    fn solubility(&self, slurry: &Slurry) -> f64 {
        let t = &self.settings.transfer;
        t.solubility * libm::exp(t.warming * (1.0 / slurry.temperature - 1.0 / REFERENCE)) / 1e5
    }

    /// Chlorine and steam that together press more than the tank does leave as bubbles; mol of chlorine. First order
    /// towards that pressure.
    fn effervesce(
        &self,
        (slurry, pressure): (&mut Slurry, f64),
        vent: &mut Matter,
        notes: &mut Notes,
        dt: f64,
    ) -> f64 {
        let free = slurry.matter[Species::HypochlorousAcid].max(0.0);
        if free <= 0.0 {
            return 0.0;
        }
        let room = pressure - slurry.vapour_pressure(&self.chemistry, notes);
        let stays = room.max(0.0) * self.solubility(slurry) * slurry.liquor;
        let over = free * self.molecular(slurry) - stays;
        if over <= 0.0 {
            return 0.0;
        }
        let row = slurry.matter.reach(&STRIP).min(over);
        let leaves = row * -libm::expm1(-self.settings.transfer.effervescence * dt);
        slurry.matter.react(&STRIP, leaves);
        let gas = self.chemistry.parcel(&[(Species::Chlorine, leaves)], slurry.temperature);
        slurry.matter.subtract(&gas);
        vent.add(&gas);
        leaves
    }

    /// Chlorine into the air; mol.
    fn strip(&mut self, air: &Matter, vent: &mut Matter, dt: f64) {
        let t = &self.settings.transfer;
        let moles = air.phase_moles(Phase::Gas, &self.chemistry).max(0.0);
        let free = self.stripper.matter[Species::HypochlorousAcid].max(0.0);
        let dissolved = free * self.molecular(&self.stripper);
        let nominal = t.air * dt;
        let contact = (moles / nominal).min(1.0);
        let wanted = dissolved * (1.0 - libm::exp(-t.stripping * contact * dt));
        let partial = dissolved / self.stripper.liquor.max(1e-9) / self.solubility(&self.stripper);
        let partial = partial.min(0.9 * self.settings.tanks.pressure);
        let most = moles * partial / (self.settings.tanks.pressure - partial);
        let taken = wanted.min(most);
        self.stripper.matter.react(&STRIP, taken);
        let gas = self.chemistry.parcel(&[(Species::Chlorine, taken)], self.stripper.temperature);
        self.stripper.matter.subtract(&gas);
        vent.add(&gas);
        vent.add(air);
        self.chlorine += taken / dt;
        self.gas += (moles + taken) / dt;
    }

    /// Both tanks let go what they cannot hold; what the first does not have time for, the second does.
    fn bubble(&mut self, vent: &mut Matter, dt: f64) {
        let mut notes = core::mem::take(&mut self.notes);
        let (mut stripper, mut polish) =
            (core::mem::take(&mut self.stripper), core::mem::take(&mut self.polish));
        // The second tank is open.
        let tanks = [(&mut stripper, self.settings.tanks.pressure), (&mut polish, ATMOSPHERE)];
        let left: f64 = tanks.into_iter().map(|tank| self.effervesce(tank, vent, &mut notes, dt)).sum();
        (self.stripper, self.polish, self.notes) = (stripper, polish, notes);
        self.chlorine += left / dt;
        self.gas += left / dt;
    }

    /// What stands above a weir of `volume`.
    fn over(slurry: &mut Slurry, volume: f64) -> Matter {
        let now = slurry.volume();
        if now > volume { slurry.matter.take(1.0 - volume / now) } else { Matter::default() }
    }

    fn destroy(&mut self, dt: f64) {
        let s = &mut self.polish;
        let litres = s.liquor.max(1e-9) * 1e3;
        let free = s.matter[Species::HypochlorousAcid].max(0.0);
        let peroxide = s.matter[Species::Peroxide].max(0.0);
        // The scarcer one against the more plentiful: exact while that one hardly changes, and never too much.
        let rate = self.settings.transfer.peroxide * 1e3 * free.max(peroxide) / litres;
        s.matter.react(&DESTROY, free.min(peroxide) * (1.0 - libm::exp(-rate * dt)));
    }
}

/// Gas does not stay dissolved here.
fn breathe(slurry: &mut Slurry, chemistry: &Chemistry, vent: &mut Matter) {
    let oxygen = slurry.matter[Species::Oxygen].max(0.0);
    if oxygen > 0.0 {
        let gas = chemistry.parcel(&[(Species::Oxygen, oxygen)], slurry.temperature);
        slurry.matter.subtract(&gas);
        vent.add(&gas);
    }
}

/// mg/L as Cl2.
fn milligrams(slurry: &Slurry) -> f64 {
    slurry.concentration(Species::HypochlorousAcid).max(0.0) * GRAMS_CL2 * 1e3
}

impl UnitOperation for Dechlorinator {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let t = &self.settings.tanks;
        let volume = t.volume;
        self.stripper.matter.add(&x.inlets[BRINE]);
        let wall = Wall { conductance: t.heat_loss, ambient: t.ambient };
        for slurry in [&mut self.stripper, &mut self.polish] {
            x.heat += wall.warm(slurry, 0.0, dt);
        }
        self.stripper.settle(&self.chemistry, &mut self.notes);
        let mut gas = Matter::default();
        (self.chlorine, self.gas) = (0.0, 0.0);
        self.bubble(&mut gas, dt);
        self.strip(&x.inlets[AIR], &mut gas, dt);
        self.polish.matter.add(&Self::over(&mut self.stripper, volume));
        self.polish.matter.add(&x.inlets[PEROXIDE]);
        self.destroy(dt);
        self.stripper.settle(&self.chemistry, &mut self.notes);
        self.polish.settle(&self.chemistry, &mut self.notes);
        breathe(&mut self.polish, &self.chemistry, &mut gas);
        let before = self.polish.volume();
        let out = Self::over(&mut self.polish, volume);
        self.leaving = (before - volume).max(0.0) / dt;
        self.polish.settle(&self.chemistry, &mut self.notes);
        x.outlets[CLEAN].add(&out);
        x.outlets[GAS].add(&gas);
    }

    fn read(&self, readings: &mut [f64]) {
        let (s, p) = (&self.stripper, &self.polish);
        let free = p.concentration(Species::HypochlorousAcid).max(0.0);
        let peroxide = p.concentration(Species::Peroxide).max(0.0);
        // 30 mV a decade to either side of the equivalence point, which is steep.
        let decade = |c: f64| libm::log10(1.0 + c * 1e6);
        let swing = decade(free) - decade(peroxide);
        let potential = 650.0 + 90.0 * swing.clamp(-5.0, 5.0);
        readings.copy_from_slice(&[
            s.ph(),
            s.temperature - 273.15,
            milligrams(s),
            milligrams(p),
            peroxide * 34.01e3,
            potential,
            p.ph(),
            self.chlorine * GRAMS_CL2 * 3.6,
            if self.gas > 0.0 { 100.0 * self.chlorine / self.gas } else { 0.0 },
            self.leaving * 3600.0,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.stripper.matter, &self.chemistry);
        account.count(&self.polish.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[BRINE] = self.recipe.part(f.flow);
        let air = f.air;
        duty.feeds[AIR] = self
            .chemistry
            .parcel(&[(Species::Nitrogen, 0.79 * air), (Species::Oxygen, 0.21 * air)], REFERENCE);
        let peroxide = f.peroxide * duty.feeds[BRINE][Species::HypochlorousAcid];
        duty.feeds[PEROXIDE] = self
            .chemistry
            .parcel(&[(Species::Peroxide, peroxide), (Species::Water, 4.0 * peroxide)], REFERENCE);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.stripper.state(walk);
        self.polish.state(walk);
        self.notes.state(walk);
        for value in [&mut self.chlorine, &mut self.gas, &mut self.leaving] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::chemistry::Chemistry;
    use crate::experiment::{Conditions, Experiment};

    fn run(settings: &[&str]) -> Experiment {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = settings.iter().map(ToString::to_string).collect();
        let conditions = Conditions { settings, ..Conditions::default() };
        let mut unit = Experiment::open("dechlorinator", &conditions, &chemistry).unwrap();
        unit.run_to(4.0 * 3600.0);
        assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
        unit
    }

    fn read(unit: &Experiment, name: &str) -> f64 {
        unit.reading(name).unwrap()
    }

    #[test]
    fn air_takes_most_of_the_chlorine_from_acid_brine_and_little_from_brine_that_is_not() {
        let acid = run(&["feed.peroxide=0"]);
        let mild = run(&["feed.peroxide=0", "feed.acid=-0.01mol/L"]);
        assert!(read(&acid, "stripped") < 60.0, "{}", read(&acid, "stripped"));
        assert!(read(&mild, "stripped") > 3.0 * read(&acid, "stripped"), "{}", read(&mild, "stripped"));
    }

    #[test]
    fn brine_with_more_chlorine_than_its_tank_presses_down_bubbles_it_off() {
        let still = ["feed.chlorine=5000mg/L", "feed.peroxide=0", "feed.air=0", "feed.acid=0.1"];
        let open = run(&still);
        // Sander: 0.062 mol/(L bar) at 25 degC and 2300 K, 0.0205 at 75; brine leaves chlorine some 0.65 bar of one.
        let held = 0.062 * libm::exp(2300.0 * (1.0 / 348.15 - 1.0 / 298.15)) * 0.65 * 70.9e3;
        let left = read(&open, "stripped");
        assert!((0.8 * held..2.0 * held).contains(&left), "{left} mg/L, {held}");
        assert!(read(&open, "Cl2") > 5.0 && read(&open, "Cl2-share") > 99.0, "{}", read(&open, "Cl2"));
        // At 10 degC it would press 0.75 bar: nothing bubbles.
        let cold = run(&[&still[..], &["feed.temperature=10degC", "tanks.ambient=10degC"]].concat());
        assert!((read(&cold, "stripped") - 5000.0).abs() < 100.0, "{}", read(&cold, "stripped"));
    }

    #[test]
    fn peroxide_destroys_the_rest_and_too_little_leaves_it() {
        let enough = run(&[]);
        assert!(read(&enough, "free-chlorine") < 0.1, "{}", read(&enough, "free-chlorine"));
        assert!(read(&enough, "ORP") < 650.0 && read(&enough, "peroxide") > 1.0);
        let none = run(&["feed.air=0", "feed.peroxide=0.5"]);
        // Without air half of the chlorine meets peroxide, mole for mole.
        assert!((read(&none, "free-chlorine") - 250.0).abs() < 8.0, "{}", read(&none, "free-chlorine"));
        assert!(read(&none, "ORP") > 650.0);
    }
}
