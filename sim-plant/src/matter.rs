//! An amount of matter: moles of every species, and its enthalpy with the heats of formation in it.
//!
//! A stream over one step, the contents of a tank and a parcel of gas are all [`Matter`]. Because
//! enthalpies of formation are in the enthalpy, heats of reaction, dilution, evaporation and
//! crystallisation need no terms of their own, and the energy balance can close exactly.

use core::ops::{Index, IndexMut};

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::species::{ATOMS, ELEMENTS, Phase, SPECIES, Species};

#[derive(Clone, Debug, PartialEq)]
pub struct Matter {
    /// mol
    pub amount: [f64; SPECIES],
    /// J; elements at 25 degC are zero.
    pub enthalpy: f64,
}

impl Default for Matter {
    fn default() -> Self {
        Self { amount: [0.0; SPECIES], enthalpy: 0.0 }
    }
}

impl Index<Species> for Matter {
    type Output = f64;

    fn index(&self, species: Species) -> &f64 {
        &self.amount[species.index()]
    }
}

impl IndexMut<Species> for Matter {
    fn index_mut(&mut self, species: Species) -> &mut f64 {
        &mut self.amount[species.index()]
    }
}

/// Amounts are looked at in runs of so many species: most matter holds a few, which stand together.
const RUN: usize = 8;

impl Matter {
    /// The runs of species of which there is some, with the place of their first. What is not there adds nothing to
    /// a sum, so a sum over these is one over all, bit for bit.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let chunks = self.amount.chunks(RUN).enumerate();
        chunks.filter(|(_, run)| is_some(run)).map(|(run, amounts)| (run * RUN, amounts))
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.amount.iter_mut().zip(&other.amount) {
            *mine += theirs;
        }
        self.enthalpy += other.enthalpy;
    }

    /// True when there is none: no matter, no energy.
    pub fn is_nothing(&self) -> bool {
        self.enthalpy == 0.0 && !is_some(&self.amount)
    }

    /// Adds `share` of `other`.
    pub fn add_part(&mut self, other: &Self, share: f64) {
        for (mine, theirs) in self.amount.iter_mut().zip(&other.amount) {
            *mine += theirs * share;
        }
        self.enthalpy += other.enthalpy * share;
    }

    /// `share` of everything; the original stays.
    #[must_use]
    pub fn part(&self, share: f64) -> Self {
        Self { amount: self.amount.map(|amount| amount * share), enthalpy: self.enthalpy * share }
    }

    /// Takes out `share` (0..1) of everything.
    pub fn take(&mut self, share: f64) -> Self {
        let taken = self.part(share.clamp(0.0, 1.0));
        self.subtract(&taken);
        taken
    }

    /// `share` (0..1) of everything goes over to `other`.
    pub(crate) fn give(&mut self, share: f64, other: &mut Self) {
        let share = share.clamp(0.0, 1.0);
        if share == 0.0 {
            return;
        }
        for (mine, theirs) in self.amount.iter_mut().zip(&mut other.amount) {
            let taken = *mine * share;
            *mine -= taken;
            *theirs += taken;
        }
        let taken = self.enthalpy * share;
        self.enthalpy -= taken;
        other.enthalpy += taken;
    }

    /// `share` (0..1) of everything is gone.
    pub fn lose(&mut self, share: f64) {
        let share = share.clamp(0.0, 1.0);
        for amount in &mut self.amount {
            *amount -= *amount * share;
        }
        self.enthalpy -= self.enthalpy * share;
    }

    /// Takes `other` out.
    pub fn subtract(&mut self, other: &Self) {
        for (mine, theirs) in self.amount.iter_mut().zip(&other.amount) {
            *mine -= theirs;
        }
        self.enthalpy -= other.enthalpy;
    }

    /// Lets a reaction run by `extent` mol: a row of species and whole (or lattice) numbers. The
    /// enthalpy stays, so the heat of reaction appears as temperature.
    pub fn react(&mut self, row: &[(Species, f64)], extent: f64) {
        for &(species, number) in row {
            self[species] += number * extent;
        }
    }

    /// How far `row` can run before something is used up, mol. `Water` and `Acid` do not limit: a
    /// liquor has water, and a negative net acid is a lye.
    pub fn reach(&self, row: &[(Species, f64)]) -> f64 {
        row.iter()
            .filter(|(species, number)| *number < 0.0 && !matches!(species, Species::Acid | Species::Water))
            .map(|&(species, number)| (self[species] / -number).max(0.0))
            .fold(f64::INFINITY, f64::min)
    }

    /// kg of everything.
    pub fn mass(&self, chemistry: &Chemistry) -> f64 {
        let mut sum = 0.0;
        for (first, amounts) in self.runs() {
            for (amount, mass) in amounts.iter().zip(&chemistry.mass[first..]) {
                sum += amount * mass;
            }
        }
        sum
    }

    /// kg in one phase.
    pub fn phase_mass(&self, phase: Phase, chemistry: &Chemistry) -> f64 {
        chemistry.range(phase).map(|k| self.amount[k] * chemistry.mass[k]).sum()
    }

    /// mol in one phase.
    pub fn phase_moles(&self, phase: Phase, chemistry: &Chemistry) -> f64 {
        chemistry.range(phase).map(|k| self.amount[k]).sum()
    }

    /// Elementary charges in mol; zero for real matter.
    pub fn charge(&self) -> f64 {
        Species::ALL.iter().map(|species| species.charge() * self[*species]).sum()
    }

    /// True when every number is finite.
    pub fn is_finite(&self) -> bool {
        self.enthalpy.is_finite() && self.amount.iter().all(|amount| amount.is_finite())
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        walk.f64s(&mut self.amount);
        walk.f64(&mut self.enthalpy);
    }
}

/// Without its sign a number is zero when its bits are; a sum of bits needs no branch for each species.
fn is_some(amounts: &[f64]) -> bool {
    amounts.iter().fold(0, |all, amount| all | amount.to_bits() << 1) != 0
}

/// What a balance counts: mol of each element, charge, kg, J.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub elements: [f64; ELEMENTS],
    /// mol of elementary charges, and of positive ones as its scale.
    pub charge: f64,
    pub cations: f64,
    pub mass: f64,
    pub energy: f64,
}

impl Default for Account {
    fn default() -> Self {
        Self { elements: [0.0; ELEMENTS], charge: 0.0, cations: 0.0, mass: 0.0, energy: 0.0 }
    }
}

impl Account {
    fn of(matter: &Matter, chemistry: &Chemistry) -> Self {
        let mut made = Self::default();
        made.count(matter, chemistry);
        made
    }

    pub fn count(&mut self, matter: &Matter, chemistry: &Chemistry) {
        for (first, amounts) in matter.runs() {
            for (k, &amount) in (first..).zip(amounts) {
                if amount == 0.0 {
                    continue;
                }
                for (total, atoms) in self.elements.iter_mut().zip(&chemistry.atoms[k]) {
                    *total += amount * atoms;
                }
                let charge = Species::ALL[k].charge() * amount;
                self.charge += charge;
                self.cations += charge.max(0.0);
                self.mass += amount * chemistry.mass[k];
            }
        }
        self.energy += matter.enthalpy;
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        walk.f64s(&mut self.elements);
        for value in [&mut self.charge, &mut self.cations, &mut self.mass, &mut self.energy] {
            walk.f64(value);
        }
    }
}

/// The books of one unit or one plant: what it held, what came, what went. What crosses the boundary is summed up
/// by species, which costs every step a few additions; it is counted into elements only when somebody asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Books {
    pub start: Account,
    /// Its enthalpy counts heat that came without matter as well.
    pub inward: Matter,
    pub outward: Matter,
}

/// How well the books close: |held - before - in + out| relative to what was held and moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    pub elements: [f64; ELEMENTS],
    pub charge: f64,
    pub mass: f64,
    pub energy: f64,
}

impl Books {
    pub fn open(now: Account) -> Self {
        Self { start: now, inward: Matter::default(), outward: Matter::default() }
    }

    pub fn balance(&self, now: &Account, chemistry: &Chemistry) -> Balance {
        let [inward, outward] = [&self.inward, &self.outward].map(|matter| Account::of(matter, chemistry));
        Balance::between(&self.start, now, &inward, &outward)
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        self.start.state(walk);
        self.inward.state(walk);
        self.outward.state(walk);
    }
}

/// What is no number closes nothing.
const fn surely(error: f64) -> f64 {
    if error.is_nan() { f64::INFINITY } else { error }
}

impl Balance {
    /// Of something that held `start`, and holds `now` after so much has come and gone.
    pub fn between(start: &Account, now: &Account, inward: &Account, outward: &Account) -> Self {
        let error = |now: f64, start: f64, inward: f64, outward: f64| {
            let scale = now.abs() + start.abs() + inward.abs() + outward.abs();
            let error = if scale <= 1e-12 { 0.0 } else { ((now - start) - (inward - outward)).abs() / scale };
            surely(error)
        };
        let (s, i, o) = (start, inward, outward);
        let mut elements = [0.0; ELEMENTS];
        for (k, element) in elements.iter_mut().enumerate() {
            *element = error(now.elements[k], s.elements[k], i.elements[k], o.elements[k]);
        }
        Self {
            elements,
            // Charge has no scale of its own: what is held must be neutral against its cations.
            charge: surely(now.charge.abs() / now.cations.max(1e-12).max(s.cations)),
            mass: error(now.mass, s.mass, i.mass, o.mass),
            energy: error(now.energy, s.energy, i.energy, o.energy),
        }
    }

    /// The worst of all.
    pub fn worst(&self) -> f64 {
        let elements = self.elements.iter().copied().fold(0.0, f64::max);
        elements.max(self.charge).max(self.mass).max(self.energy)
    }

    /// What is worst, in words.
    pub fn worst_text(&self) -> &'static str {
        let worst = self.worst();
        let element = self.elements.iter().position(|error| *error == worst);
        match element {
            Some(k) => ATOMS[k].0,
            None if self.charge == worst => "charge",
            None if self.mass == worst => "mass",
            None => "energy",
        }
    }
}
