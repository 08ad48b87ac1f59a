//! A membrane cell on chloride brine: LiCl, NaCl or both, on the bench or as a string that is stirred as one.
//!
//! ```text
//! anode    2 Cl- -> Cl2 + 2 e-,  beside it 2 H2O -> O2 + 4 H+ + 4 e-      cathode  2 H2O + 2 e- -> H2 + 2 OH-
//! O2 share = 1/(1 + (c_Cl/c_half)^m) + s h/(h + [H+])                     starved of chloride, short of acid
//! membrane t_M + t_H + t_OH = 1,  t_H = r x/(1 + (r-1) x),  x = [H+]/([H+] + [M+]) at its face
//! film     [M+] at the face = [M+] - j (t_M - t_liquor)/(F k), t_liquor of alkali being carried there by the current itself:
//!          by what each salt and acid of the anolyte conducts, and its alkali of that
//!          t_OH = (a0 + a1 [OH-]^p)(j_ref/j)^q + k_Ca Ca_m,  water with the cations: w0 + w1 ([OH-] - c_ref)
//! gas      Cl2 + H2O <-> HClO + H+ + Cl-,  [HClO][H+][Cl-] = K_h H p_Cl2;  3 HClO -> ClO3- + 2 Cl- + 3 H+
//! V = E_rev + b_a asinh(j/2 j0_a) + b_c asinh(j/2 j0_c) + j (r_m + sum d/(k (1-e)^1.5) + r_hw + k_Mg Mg_m)
//! heat     U A (T_a - T_c) through the membrane with its two films, exponential in the step
//! ```
//!
//! Sources: basis 1.1-1.7 and what stands with each number; the equations are those of area 300 (`electro.rs`), the
//! numbers too until they are set otherwise. Area 300's own cells have their own ledger, manifolds and reversal, and are
//! faster; a test holds this one to them. Each compartment is stirred; the power that is no enthalpy of the products
//! warms the liquors, half each; lye above saturation lets LiOH.H2O fall out. Left out: molecular chlorine that leaves
//! dissolved, reversal without current, holes, the part of the magnesium that clean brine washes out.

mod settings;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use model::StateWalk;

use super::compartments::{DRY, Vent, carried, covered, crystallise, evaporable, free_water, over_weir};
use super::film::Film;
use super::heat_loss::{Wall, through};
use super::heating::no_colder_than_water;
use super::water::ATMOSPHERE;
use crate::chemistry::Chemistry;
use crate::constants::{FARADAY, GAS, MASS_LIOH, MASS_NAOH, MASS_WATER, REFERENCE, ZERO_CELSIUS};
use crate::electro::{
    Shares, faraday, gap_resistance, leakage, leakage_at, membrane_resistance, overpotential,
    reversible_voltage, water_per_lithium,
};
use crate::matter::{Account, Matter};
use crate::root::rising;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::unit::{Duty, Exchange, Shape, UnitOperation, ratio};

pub use settings::Settings;
pub use shape::SHAPE;
use shape::{BRINE, CATHOLYTE_FEED, CHLORINE, HYDROGEN, LYE, SPENT};

/// 2 Cl- -> Cl2(g) + 2 e-, per electron. The charge that is missing goes through the membrane.
const CHLORINE_EVOLUTION: [(Species, f64); 2] = [(Species::Chloride, -1.0), (Species::Chlorine, 0.5)];
const OXYGEN_EVOLUTION: [(Species, f64); 3] =
    [(Species::Water, -0.5), (Species::Acid, 1.0), (Species::Oxygen, 0.25)];
const HYDROGEN_EVOLUTION: [(Species, f64); 2] = [(Species::Acid, -1.0), (Species::Hydrogen, 0.5)];
const HYDROLYSIS: [(Species, f64); 5] = [
    (Species::Chlorine, -1.0),
    (Species::Water, -1.0),
    (Species::HypochlorousAcid, 1.0),
    (Species::Acid, 1.0),
    (Species::Chloride, 1.0),
];
const CHLORATE: [(Species, f64); 4] = [
    (Species::HypochlorousAcid, -3.0),
    (Species::Chlorate, 1.0),
    (Species::Chloride, 2.0),
    (Species::Acid, 3.0),
];
/// What the last step did, for the readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Passed {
    density: f64,
    parts: Parts,
    alkali: f64,
    /// mol/m3 at the membrane.
    face: f64,
    water: f64,
    made: f64,
    /// mol/s of Cl2, O2 and H2 in the anode's gas, and of H2 from the cathode.
    anode: [f64; 3],
    hydrogen: f64,
    charge: f64,
    total: f64,
}

/// The voltage and what it is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Parts {
    reversible: f64,
    electrodes: f64,
    membrane: f64,
    liquors: f64,
}

impl Parts {
    fn sum(&self) -> f64 {
        self.reversible + self.electrodes + self.membrane + self.liquors
    }
}

#[derive(Clone, Debug)]
pub struct ChlorideCell {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    anolyte: Slurry,
    catholyte: Slurry,
    /// Ca(OH)2 and Mg(OH)2 in the membranes.
    fouling: Matter,
    feeds: Vec<Matter>,
    notes: Notes,
    passed: Passed,
}

impl ChlorideCell {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let (s, weir) = (&settings.start, settings.cell.volume);
        let brine = settings.salt(s.salt, s.acid, weir);
        let lye = settings.lye(s.hydroxide, weir);
        Self {
            anolyte: Slurry::filled(&brine, weir, s.temperature, &chemistry, &mut notes),
            catholyte: Slurry::filled(&lye, weir, s.temperature, &chemistry, &mut notes),
            fouling: Matter::default(),
            feeds: settings.feeds(&chemistry, &mut notes),
            settings,
            chemistry,
            notes,
            passed: Passed::default(),
        }
    }

    fn area(&self) -> f64 {
        self.settings.cell.area * self.settings.cell.cells
    }

    /// mol/m3 of OH- in the catholyte.
    fn hydroxide(&self) -> f64 {
        self.catholyte.species.hydroxide * 1e3
    }

    /// mol of lithium and sodium.
    fn alkali(liquor: &Slurry) -> f64 {
        liquor.matter[Species::Lithium].max(0.0) + liquor.matter[Species::Sodium].max(0.0)
    }

    /// Of a cell at `density`, A/m2 of the whole area, `cover` of which is under liquor.
    fn voltage(&self, density: f64, cover: f64, conductivities: [f64; 2], vapours: [f64; 2]) -> Parts {
        let (v, c) = (&self.settings.voltage, &self.settings.cell);
        let kelvin = 0.5 * (self.anolyte.temperature + self.catholyte.temperature);
        let dense = density / cover;
        let chloride = self.anolyte.concentration(Species::Chloride) * 1e3;
        let hydroxide = self.hydroxide();
        let load = self.fouling[Species::MagnesiumHydroxide] / self.area();
        let membrane = &self.settings.membrane;
        Parts {
            reversible: reversible_voltage(
                &v.reversible(),
                kelvin,
                chloride,
                hydroxide * v.hydroxide_activity,
                c.pressure - vapours[1],
                c.pressure - vapours[0],
            ),
            electrodes: overpotential(dense, v.anode_exchange, v.anode_slope)
                + overpotential(dense, v.cathode_exchange, v.cathode_slope),
            membrane: dense
                * (membrane_resistance(membrane, kelvin, hydroxide) + membrane.magnesium_resistance * load),
            liquors: dense
                * (v.hardware
                    + gap_resistance(c.anode_gap, conductivities[0], c.gas)
                    + gap_resistance(c.cathode_gap, conductivities[1], c.gas)),
        }
    }

    /// Heat through the part of the membranes that liquor covers on both sides.
    fn level(&mut self, dt: f64) {
        let weir = self.settings.cell.volume;
        let cover = covered(&self.anolyte, weir).min(covered(&self.catholyte, weir));
        let conductance = self.settings.membrane.heat_transfer * self.area() * cover;
        through(conductance, &mut self.anolyte, &mut self.catholyte, dt);
    }

    /// What flows, A/m2, and the parts of the voltage: what is asked, or what the rectifier can drive. And the share of it
    /// that alkali carries through the anolyte.
    fn drive(&mut self, asked: f64, dt: f64) -> (f64, Parts, f64) {
        let weir = self.settings.cell.volume;
        let bearable = evaporable(&self.anolyte).min(evaporable(&self.catholyte)) / (0.5 * self.area() * dt);
        let cover = covered(&self.anolyte, weir).min(covered(&self.catholyte, weir));
        if asked <= 0.0 || cover <= DRY {
            self.notes.check(Remark::Limited, asked <= 0.0);
            return (0.0, Parts::default(), 0.0);
        }
        let mut notes = core::mem::take(&mut self.notes);
        let liquors = [&self.anolyte, &self.catholyte];
        let conductions = liquors.map(|l| l.conduction(&self.chemistry, &mut notes));
        let conductivities = conductions.map(|liquor| liquor.all.max(1e-3));
        let pressure = self.settings.cell.pressure;
        let vapours = liquors.map(|l| l.vapour_pressure(&self.chemistry, &mut notes).min(0.9 * pressure));
        let at = |density: f64| self.voltage(density, cover, conductivities, vapours);
        let limit = self.settings.cell.voltage_max;
        let density = if at(asked).sum() > limit {
            notes.note(Remark::Limited);
            rising(|j| at(j).sum() - limit, 0.0, asked, 1e-6 * asked, &mut notes)
        } else {
            asked
        };
        let mut found = (density, at(density));
        let power = density * found.1.sum();
        if power > bearable {
            notes.note(Remark::Limited);
            found.0 *= bearable / power;
            found.1 = at(found.0);
        }
        self.notes = notes;
        (found.0, found.1, conductions[0].alkali_share())
    }

    /// Share of the anode's current that makes oxygen.
    fn oxygen_share(&self) -> f64 {
        let a = &self.settings.anode;
        let ratio = self.anolyte.concentration(Species::Chloride).max(0.0) * 1e3 / a.half_chloride;
        let half = libm::exp(-core::f64::consts::LN_10 * a.alkaline_ph);
        let alkaline = a.alkaline_share * half / (half + self.anolyte.species.proton);
        (1.0 / (1.0 + libm::pow(ratio, a.exponent)) + alkaline).min(1.0)
    }

    fn react_at_the_electrodes(&mut self, electrons: f64) {
        let wanted = electrons * (1.0 - self.oxygen_share());
        // Never more than there is in this step; water gives what chloride does not.
        let chlorine = wanted.min(0.5 * self.anolyte.matter[Species::Chloride].max(0.0));
        self.anolyte.matter.react(&CHLORINE_EVOLUTION, chlorine);
        self.anolyte.matter.react(&OXYGEN_EVOLUTION, electrons - chlorine);
        self.catholyte.matter.react(&HYDROGEN_EVOLUTION, electrons);
    }

    /// What the charge (mol of electrons through all cells) moves through the membranes.
    fn pass(&mut self, electrons: f64, density: f64, carried: f64, dt: f64) {
        let m = &self.settings.membrane;
        let hydroxide = self.hydroxide();
        let load = self.fouling[Species::CalciumHydroxide] / self.area();
        let back = leakage(m, hydroxide) * leakage_at(m, density) + m.calcium_efficiency * load;
        let held = Self::alkali(&self.anolyte);
        let face = self.face(density, back, carried);
        self.passed.face = face;
        let m = &self.settings.membrane;
        let shares = Shares::new(m, back, self.anolyte.species.proton * 1e3, face);
        // What the alkali that is left does not carry, protons do.
        let moved = (shares.lithium * electrons).min(0.5 * held);
        let protons = shares.proton * electrons + shares.lithium * electrons - moved;
        let sodium = if held > 0.0 { self.anolyte.matter[Species::Sodium].max(0.0) / held } else { 0.0 };
        let drag = water_per_lithium(m, hydroxide) * moved + m.water_per_proton * protons;
        let water = drag.min(0.1 * free_water(&self.anolyte));
        let mut across = Matter::default();
        across[Species::Lithium] = moved * (1.0 - sodium);
        across[Species::Sodium] = moved * sodium;
        across[Species::Acid] = protons;
        across[Species::Water] = water;
        // OH- is water less net acid.
        let mut returning = Matter::default();
        returning[Species::Water] = shares.hydroxide * electrons;
        returning[Species::Acid] = -shares.hydroxide * electrons;
        self.forward(&across);
        self.backward(&returning);
        self.foul(water, sodium);
        self.diffuse(sodium, dt);
        self.passed.alkali = moved;
        self.passed.water = ratio(water, moved, 1e-6 * electrons);
        self.passed.made = across[Species::Lithium] * MASS_LIOH + across[Species::Sodium] * MASS_NAOH;
    }

    /// mol/m3 of alkali at the membrane's face, where more is taken than the current brings: the less of it there is the
    /// more the protons carry, so it ends above nought however weak the anolyte.
    fn face(&mut self, density: f64, back: f64, carried: f64) -> f64 {
        let litres = (self.anolyte.liquor * 1e3).max(1e-9);
        let bulk = 1e3 * Self::alkali(&self.anolyte) / litres;
        let protons = self.anolyte.species.proton * 1e3;
        let m = &self.settings.membrane;
        let film = Film { bulk, pull: density / (FARADAY * self.settings.cell.film), carried };
        film.share(|face| Shares::new(m, back, protons, face).lithium, &mut self.notes).1
    }

    /// Salt through the membrane, driven by the difference of chloride.
    fn diffuse(&mut self, sodium: f64, dt: f64) {
        let chloride = |liquor: &Slurry| liquor.concentration(Species::Chloride).max(0.0) * 1e3;
        let difference = (chloride(&self.anolyte) - chloride(&self.catholyte)).max(0.0);
        let salt = self.settings.membrane.chloride_permeability * self.area() * difference * dt;
        let salt = salt
            .min(0.1 * Self::alkali(&self.anolyte))
            .min(0.1 * self.anolyte.matter[Species::Chloride].max(0.0));
        let mut across = Matter::default();
        across[Species::Chloride] = salt;
        across[Species::Lithium] = salt * (1.0 - sodium);
        across[Species::Sodium] = salt * sodium;
        self.forward(&across);
    }

    /// From the anolyte to the catholyte, at the giver's temperature.
    fn forward(&mut self, what: &Matter) {
        let parcel = carried(what, &self.anolyte, &self.chemistry);
        self.anolyte.matter.subtract(&parcel);
        self.catholyte.matter.add(&parcel);
    }

    /// From the catholyte to the anolyte.
    fn backward(&mut self, what: &Matter) {
        let parcel = carried(what, &self.catholyte, &self.chemistry);
        self.catholyte.matter.subtract(&parcel);
        self.anolyte.matter.add(&parcel);
    }

    /// Calcium and magnesium ride on the water and stay in the membrane as hydroxides of the catholyte's lye.
    fn foul(&mut self, water: f64, sodium: f64) {
        let volume = water * MASS_WATER / 1000.0 * self.settings.membrane.hardness_retained;
        for (ion, solid) in
            [(Species::Calcium, Species::CalciumHydroxide), (Species::Magnesium, Species::MagnesiumHydroxide)]
        {
            let amount = (self.anolyte.concentration(ion).max(0.0) * 1e3 * volume)
                .min(0.5 * self.anolyte.matter[ion].max(0.0));
            let mut across = Matter::default();
            across[ion] = amount;
            // The alkali that they stand in for stays behind.
            across[Species::Lithium] = -2.0 * amount * (1.0 - sodium);
            across[Species::Sodium] = -2.0 * amount * sodium;
            self.forward(&across);
            self.catholyte
                .matter
                .react(&[(ion, -1.0), (Species::Water, -2.0), (Species::Acid, 2.0), (solid, 1.0)], amount);
            let stays = self.chemistry.parcel(&[(solid, amount)], self.catholyte.temperature);
            self.catholyte.matter.subtract(&stays);
            self.fouling.add(&stays);
        }
    }

    /// Chlorine and water come to equilibrium with the anode's gas, as far as there is gas to dissolve.
    fn hydrolyse(&mut self) {
        let c = &self.settings.chlorine;
        let kelvin = self.anolyte.temperature;
        let warm = 1.0 / kelvin - 1.0 / REFERENCE;
        let gas = self.anolyte.matter[Species::Chlorine];
        let all = gas + self.anolyte.matter[Species::Oxygen];
        let vapour = self.anolyte.vapour_pressure(&self.chemistry, &mut self.notes);
        let partial =
            (self.settings.cell.pressure - vapour).max(0.0) * if all > 0.0 { gas / all } else { 1.0 };
        // mol/L, and (mol/L)^3: M, M/atm and 1/(M2 s) come as they are written.
        let dissolved = c.solubility * libm::exp(c.warming * warm) * partial / ATMOSPHERE;
        let constant = c.hydrolysis * libm::exp(-c.hydrolysis_enthalpy / GAS * warm) * dissolved;
        let free = self.anolyte.matter[Species::HypochlorousAcid].max(0.0);
        if gas + free <= 0.0 {
            return;
        }
        let before = self.anolyte.clone();
        let anolyte = &mut self.anolyte;
        let litres = (anolyte.liquor * 1e3).max(1e-9);
        let mut quiet = Notes::default();
        let excess = |extent: f64| {
            anolyte.matter.clone_from(&before.matter);
            anolyte.matter.react(&HYDROLYSIS, extent);
            anolyte.respeciate(&mut quiet);
            let acid = anolyte.matter[Species::HypochlorousAcid] / litres - anolyte.species.hypochlorite;
            let chloride = anolyte.matter[Species::Chloride] / litres;
            acid.max(0.0) * anolyte.species.proton * chloride.max(0.0) - constant
        };
        // Back to chlorine a mole of free chlorine takes one of chloride: of a spent brine there is less of that.
        let back = free.min(before.matter[Species::Chloride].max(0.0));
        let extent = rising(excess, -back, gas, 1e-9 * (gas + free), &mut self.notes);
        self.anolyte = before;
        self.anolyte.matter.react(&HYDROLYSIS, extent);
        self.anolyte.respeciate(&mut self.notes);
    }

    fn disproportionate(&mut self, dt: f64) {
        let c = &self.settings.chlorine;
        let litres = self.anolyte.liquor * 1e3;
        let free = self.anolyte.matter[Species::HypochlorousAcid].max(0.0);
        let hypochlorite = self.anolyte.species.hypochlorite;
        let acid = (free / litres.max(1e-9) - hypochlorite).max(0.0);
        let warm = libm::exp(-c.chlorate_activation / GAS * (1.0 / self.anolyte.temperature - 1.0 / 353.15));
        let rate = c.chlorate * warm * acid * acid * hypochlorite;
        self.anolyte.matter.react(&CHLORATE, (rate * litres * dt).min(0.1 * free));
    }

    fn settle(&mut self) {
        self.anolyte.settle(&self.chemistry, &mut self.notes);
        self.catholyte.settle(&self.chemistry, &mut self.notes);
    }

    /// Both gases leave with their steam; hydrogen seeps through the membranes into the chlorine.
    fn release(&mut self, outlets: &mut [Matter], dt: f64) {
        let pressure = self.settings.cell.pressure;
        let chemistry = self.chemistry.clone();
        let vent = Vent { pressure, chemistry: &chemistry };
        let seeping = self.settings.membrane.hydrogen_permeability * self.area() * pressure / 1e5 * dt;
        let seeping = seeping.min(0.5 * self.catholyte.matter[Species::Hydrogen].max(0.0));
        let parcel = chemistry.parcel(&[(Species::Hydrogen, seeping)], self.catholyte.temperature);
        self.catholyte.matter.subtract(&parcel);
        self.anolyte.matter.add(&parcel);
        let gases = [Species::Chlorine, Species::Oxygen, Species::Hydrogen];
        let anode = vent.release(&mut self.anolyte, gases, &mut self.notes, &mut outlets[CHLORINE]);
        let [hydrogen] =
            vent.release(&mut self.catholyte, [Species::Hydrogen], &mut self.notes, &mut outlets[HYDROGEN]);
        self.passed.anode = anode.map(|amount| amount / dt);
        self.passed.hydrogen = hydrogen / dt;
        self.settle();
        vent.boil(&mut self.anolyte, &mut self.notes, &mut outlets[CHLORINE]);
        vent.boil(&mut self.catholyte, &mut self.notes, &mut outlets[HYDROGEN]);
    }
}

impl UnitOperation for ChlorideCell {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 3] = core::array::from_fn(|k| SHAPE.hold(k, x.orders[k]).0);
        self.anolyte.matter.add(&x.inlets[BRINE]);
        self.catholyte.matter.add(&x.inlets[CATHOLYTE_FEED]);
        let c = &self.settings.cell;
        let wall = Wall { conductance: c.heat_loss, ambient: c.ambient };
        for (liquor, order) in [(&mut self.anolyte, orders[1]), (&mut self.catholyte, orders[2])] {
            let joule = no_colder_than_water(liquor, order * 1e3 * dt);
            x.heat += wall.warm(liquor, joule, dt);
        }
        self.settle();
        self.level(dt);
        let (density, parts, carried) = self.drive(orders[0] * 1e3, dt);
        let charge = density * self.area() * dt;
        let electrons = faraday(1.0, charge);
        let (before, total) = (self.passed.charge, self.passed.total);
        self.passed = Passed { density, parts, ..Passed::default() };
        self.react_at_the_electrodes(electrons);
        self.pass(electrons, density, carried, dt);
        let work = charge * parts.sum();
        x.heat += work;
        self.anolyte.heat(0.5 * work);
        self.catholyte.heat(0.5 * work);
        self.hydrolyse();
        self.disproportionate(dt);
        self.release(x.outlets, dt);
        crystallise(&mut self.catholyte, &self.chemistry, &mut self.notes);
        self.passed.charge = before + density * self.settings.cell.area * dt;
        self.passed.total = total + self.passed.made;
        self.passed.alkali /= dt;
        self.passed.made /= dt;
        let weir = self.settings.cell.volume;
        x.outlets[SPENT].add(&over_weir(&mut self.anolyte, weir));
        x.outlets[LYE].add(&over_weir(&mut self.catholyte, weir));
        self.settle();
    }

    fn read(&self, readings: &mut [f64]) {
        let p = &self.passed;
        let area = self.area();
        let electrons = p.density * area / FARADAY;
        let share = |amount: f64, of: f64| if of > 1e-12 { 100.0 * amount / of } else { 0.0 };
        let dry: f64 = p.anode.iter().sum();
        let power = p.density * area * p.parts.sum();
        let lye = &self.catholyte;
        let grams = |solid: Species, metal: Species| {
            self.fouling[solid] * self.chemistry.molar_mass(metal) * 1e3 / area
        };
        let values = [
            p.density * 1e-3,
            p.parts.sum(),
            p.parts.reversible,
            p.parts.electrodes,
            p.parts.membrane,
            p.parts.liquors,
            power * 1e-3,
            share(p.alkali, electrons),
            share(2.0 * p.anode[0], electrons),
            if p.made > 1e-15 { power / p.made / 3.6e6 } else { 0.0 },
            (-lye.matter[Species::Acid] / (lye.liquor * 1e3).max(1e-9)).max(0.0),
            self.anolyte.concentration(Species::Chloride),
            p.face * 1e-3,
            self.anolyte.ph(),
            self.anolyte.concentration(Species::HypochlorousAcid)
                * self.chemistry.molar_mass(Species::Chlorine)
                * 1e3,
            self.anolyte.grams_per_litre(Species::Chlorate, &self.chemistry),
            lye.grams_per_litre(Species::Chloride, &self.chemistry) * 1e3,
            share(p.anode[1], dry),
            share(p.anode[2], dry),
            self.anolyte.temperature - ZERO_CELSIUS,
            lye.temperature - ZERO_CELSIUS,
            p.water,
            p.alkali * 3600.0,
            p.anode[0] * 3600.0,
            p.hydrogen * 3600.0,
            grams(Species::CalciumHydroxide, Species::Calcium),
            grams(Species::MagnesiumHydroxide, Species::Magnesium),
            lye.solids_per_volume(&self.chemistry),
            p.charge / 3.6e6,
            p.total,
        ];
        readings.copy_from_slice(&values);
    }

    fn contents(&self, account: &mut Account) {
        for matter in [&self.anolyte.matter, &self.catholyte.matter, &self.fouling] {
            account.count(matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds.clone_from_slice(&self.feeds);
        duty.orders[0] = f.current * 1e-3;
        for (order, liquor) in [(1, &self.anolyte), (2, &self.catholyte)] {
            let heat = liquor.capacity * (f.hold - liquor.temperature) / 5.0;
            duty.orders[order] = if f.thermostat >= 0.5 { heat * 1e-3 } else { 0.0 };
        }
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.anolyte.state(walk);
        self.catholyte.state(walk);
        self.fouling.state(walk);
        self.notes.state(walk);
        let p = &mut self.passed;
        let parts = &mut p.parts;
        for value in [
            &mut p.density,
            &mut parts.reversible,
            &mut parts.electrodes,
            &mut parts.membrane,
            &mut parts.liquors,
            &mut p.alkali,
            &mut p.face,
            &mut p.water,
            &mut p.made,
            &mut p.hydrogen,
            &mut p.charge,
            &mut p.total,
        ] {
            walk.f64(value);
        }
        p.anode.iter_mut().for_each(|value| walk.f64(value));
    }
}
