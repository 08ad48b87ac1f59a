//! Aqueous liquor and slurry: what follows from the amounts and the enthalpy of a stirred volume.
//!
//! `laliberte` and `density` give mass per volume, viscosity, heat capacity; `equilibria` solves the pH;
//! every property says when it is asked for outside its range ([`Notes`]).

pub(crate) mod conductivity;
pub(crate) mod density;
pub(crate) mod dilution;
pub(crate) mod equilibria;
pub(crate) mod laliberte;
pub mod notes;
pub(crate) mod oversaturated;
pub mod solubility;
pub(crate) mod solutes;
pub(crate) mod vapour;

use model::StateWalk;

pub use notes::{Notes, Remark};

use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE, ZERO_CELSIUS};
use crate::matter::Matter;
use crate::species::{Phase, Species};
use crate::work::{self, Work};
use conductivity::{Conduction, Protons};
use density::Makeup;
use equilibria::{Equilibria, Speciation};

/// Below this volume of liquor, m3, it counts as dry.
pub(crate) const VOLUME_FLOOR: f64 = 1e-9;
/// K between which every liquor is shown, ten beyond those that its properties carry (`unit::LIQUORS`): an experiment ends
/// there, and a plant goes on. The heat beyond stays in the enthalpy, so no balance knows of it, and comes out again first.
const SHOWN: (f64, f64) = (213.15, 483.15);
/// K; J/mol of melting there, and J/(mol K) that water has beyond ice.
const FREEZING: f64 = ZERO_CELSIUS;
const FUSION: f64 = 6008.0;
const WARMER: f64 = 38.0;

/// A stirred volume of slurry, with what follows from its amounts and enthalpy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slurry {
    pub matter: Matter,
    /// K
    pub temperature: f64,
    /// J/K
    pub capacity: f64,
    /// m3 of liquor, and of solids with organic phase.
    pub liquor: f64,
    pub solids: f64,
    /// kg/m3 of liquor.
    pub density: f64,
    pub species: Speciation,
    pub(crate) equilibria: Equilibria,
}

impl Slurry {
    /// From amounts (mol) at a temperature: enthalpy and speciation are worked out. `matter.enthalpy` on
    /// the way in does not matter.
    pub fn at(matter: &Matter, kelvin: f64, chemistry: &Chemistry, notes: &mut Notes) -> Self {
        let mut made = Self { matter: matter.clone(), temperature: kelvin, ..Self::default() };
        // Ionic strength and pH depend on each other; three rounds agree to the last digits.
        for _ in 0..4 {
            made.volumes(chemistry, notes);
            made.solve(chemistry, notes);
        }
        let (enthalpy, capacity) = made.sums(chemistry);
        made.capacity = capacity;
        made.matter.enthalpy = enthalpy + capacity * (kelvin - REFERENCE);
        made
    }

    /// As [`Self::at`], with as much water as fills `volume` (m3) of liquor and solids.
    pub fn filled(
        matter: &Matter,
        volume: f64,
        kelvin: f64,
        chemistry: &Chemistry,
        notes: &mut Notes,
    ) -> Self {
        let molar = chemistry.molar_mass(Species::Water);
        let mut recipe = matter.clone();
        recipe[Species::Water] = 0.0;
        let solids = chemistry.condensed_volume(&recipe);
        let solutes: f64 = (0..AQUEOUS).map(|k| recipe.amount[k] * chemistry.mass[k]).sum();
        let liquor = (volume - solids).max(0.01 * volume);
        recipe[Species::Water] = liquor * 1000.0 / molar;
        // The density of the mixture decides how much water that is.
        for _ in 0..40 {
            let density = Makeup::of(&recipe, chemistry).density(kelvin, &mut Notes::default());
            recipe[Species::Water] =
                ((density * liquor - solutes) / molar).max(0.01 * liquor * 1000.0 / molar);
        }
        Self::at(&recipe, kelvin, chemistry, notes)
    }

    /// Other amounts at a temperature, the species of the last ones being the first guess; one round of
    /// [`Self::at`], for a stream that changes slowly.
    pub(crate) fn become_at(
        &mut self,
        matter: &Matter,
        kelvin: f64,
        chemistry: &Chemistry,
        notes: &mut Notes,
    ) {
        self.matter.clone_from(matter);
        self.temperature = kelvin;
        self.volumes(chemistry, notes);
        self.solve(chemistry, notes);
        let (enthalpy, capacity) = self.sums(chemistry);
        self.capacity = capacity;
        self.matter.enthalpy = enthalpy + capacity * (kelvin - REFERENCE);
    }

    /// Volumes, speciation and temperature from amounts and enthalpy; call it after every change.
    pub fn settle(&mut self, chemistry: &Chemistry, notes: &mut Notes) {
        work::count(Work::Settling);
        self.volumes(chemistry, notes);
        self.solve(chemistry, notes);
        let (enthalpy, capacity) = self.sums(chemistry);
        self.capacity = capacity;
        if capacity > 1e-9 {
            let kelvin = REFERENCE + (self.matter.enthalpy - enthalpy) / capacity;
            self.temperature = kelvin.clamp(SHOWN.0, SHOWN.1);
        }
        notes.check(Remark::Temperature, (253.15..=453.15).contains(&self.temperature));
        if self.temperature < FREEZING {
            notes.check(Remark::Ice, !self.freezes(chemistry));
        }
    }

    /// Whether ice would fall: the activity of the water is above that of ice, from its heat of fusion and what water's heat
    /// capacity has beyond ice's (IAPWS: 0.824 at -20 degC).
    fn freezes(&self, chemistry: &Chemistry) -> bool {
        if self.liquor < VOLUME_FLOOR {
            return false;
        }
        let ratio = FREEZING / self.temperature;
        let ice = FUSION / (GAS * FREEZING) * (1.0 - ratio) + WARMER / GAS * (ratio - 1.0 - libm::log(ratio));
        libm::log(vapour::water_activity(&Makeup::of(&self.matter, chemistry), self.temperature)) > ice + 1e-3
    }

    /// The species again after amounts have changed, at the volume and the constants of the last
    /// [`Self::settle`]: for the inside of an iteration, where jumps would hurt.
    pub(crate) fn respeciate(&mut self, notes: &mut Notes) {
        if self.liquor < VOLUME_FLOOR {
            return;
        }
        let guess = self.species.proton;
        self.species = Speciation::solve(&self.matter, self.liquor, &self.equilibria, guess, notes);
    }

    /// The species again, with the constants at the present temperature and ionic strength.
    pub(crate) fn solve(&mut self, chemistry: &Chemistry, notes: &mut Notes) {
        if self.liquor < VOLUME_FLOOR {
            return;
        }
        let ionic = self.ionic_strength();
        let lye = chemistry.constants.lye_interaction(&self.matter);
        self.equilibria = Equilibria::at(&chemistry.constants, self.temperature, ionic, lye, notes)
            .with_metals(&self.matter, &chemistry.constants, self.temperature, ionic);
        self.respeciate(notes);
        let within = self.equilibria.reach(ionic, &self.species, &self.matter, self.liquor);
        notes.check(Remark::IonicStrength, within);
    }

    fn volumes(&mut self, chemistry: &Chemistry, notes: &mut Notes) {
        let makeup = Makeup::of(&self.matter, chemistry);
        self.density = makeup.density(self.temperature, notes);
        self.liquor = (makeup.mass / self.density).max(0.0);
        self.solids = chemistry.condensed_volume(&self.matter).max(0.0);
    }

    /// mol/L, with the protonated anions of the last solution.
    pub(crate) fn ionic_strength(&self) -> f64 {
        let litres = self.liquor * 1e3;
        let mut sum = 0.0;
        for species in &Species::ALL[..AQUEOUS] {
            let charge = species.charge();
            let amount = self.matter[*species];
            sum += charge * charge * if matches!(species, Species::Acid) { 0.0 } else { amount };
        }
        (0.5 * (sum / litres + self.species.charge_squares())).max(0.0)
    }

    fn sums(&self, chemistry: &Chemistry) -> (f64, f64) {
        let (mut enthalpy, mut capacity) = chemistry.sums(&self.matter);
        if self.liquor >= VOLUME_FLOOR {
            let (more, more_capacity) = self.species.extra(&chemistry.constants);
            enthalpy += more * self.liquor * 1e3 + dilution::enthalpy(&self.matter, chemistry);
            capacity += more_capacity * self.liquor * 1e3 + dilution::capacity(&self.matter, chemistry);
        }
        (enthalpy, capacity)
    }

    /// Pa s of the liquor.
    pub fn viscosity(&self, chemistry: &Chemistry, notes: &mut Notes) -> f64 {
        Makeup::of(&self.matter, chemistry).viscosity(self.temperature, notes)
    }

    /// S/m of the liquor.
    pub fn conductivity(&self, chemistry: &Chemistry, notes: &mut Notes) -> f64 {
        self.conduction(chemistry, notes).all
    }

    /// The same, and what carries it.
    pub(crate) fn conduction(&self, chemistry: &Chemistry, notes: &mut Notes) -> Conduction {
        // CO2, HF and SO2 carry nothing and bicarbonate one charge: to the salts it counts as a chloride, and so does
        // hypochlorite, which is no hydroxide.
        let litres = self.liquor * 1e3;
        let (neutral, single) = (self.species.carbon_dioxide * litres, self.species.bicarbonate * litres);
        let (fluoride, sulfite) =
            (self.species.hydrogen_fluoride * litres, self.species.sulfur_dioxide * litres);
        let mut ions = self.matter.clone();
        ions[Species::Carbonate] -= neutral + single;
        let bleach = self.species.hypochlorite * litres;
        ions[Species::HypochlorousAcid] -= bleach;
        ions[Species::Acid] += bleach;
        ions[Species::Chloride] += single + bleach;
        ions[Species::Fluoride] -= fluoride;
        ions[Species::Sulfite] -= sulfite;
        ions[Species::Acid] -= 2.0 * (neutral + sulfite) + single + fluoride;
        let equivalents: f64 = Species::ALL[..AQUEOUS]
            .iter()
            .map(|ion| ion.charge().max(0.0) * self.concentration(*ion).max(0.0))
            .sum();
        let s = &self.species;
        let protons = Protons::of(s.proton, s.bisulfate, s.sulfate, equivalents);
        conductivity::conduction(&Makeup::of(&ions, chemistry), protons, self.temperature, notes)
    }

    /// Pa of water vapour over the liquor.
    pub fn vapour_pressure(&self, chemistry: &Chemistry, notes: &mut Notes) -> f64 {
        vapour::pressure(&Makeup::of(&self.matter, chemistry), self.temperature, notes)
    }

    /// K at which the liquor boils under `pressure` (Pa).
    pub fn boiling_point(&self, pressure: f64, chemistry: &Chemistry, notes: &mut Notes) -> f64 {
        vapour::boiling_point(&Makeup::of(&self.matter, chemistry), pressure, notes)
    }

    /// J/(kg K) of the liquor as published, for comparison; `None` where a solute was never measured.
    pub fn published_heat_capacity(&self, chemistry: &Chemistry) -> Option<f64> {
        Makeup::of(&self.matter, chemistry).heat_capacity(self.temperature)
    }

    /// m3 of liquor, solids and organic phase.
    pub fn volume(&self) -> f64 {
        self.liquor + self.solids
    }

    /// mol/L of liquor.
    pub fn concentration(&self, species: Species) -> f64 {
        self.matter[species] / (self.liquor.max(VOLUME_FLOOR) * 1e3)
    }

    /// g/L of liquor.
    pub fn grams_per_litre(&self, species: Species, chemistry: &Chemistry) -> f64 {
        self.concentration(species) * chemistry.molar_mass(species) * 1e3
    }

    pub fn ph(&self) -> f64 {
        self.species.ph
    }

    /// kg of solids per m3 of slurry.
    pub fn solids_per_volume(&self, chemistry: &Chemistry) -> f64 {
        self.matter.phase_mass(Phase::Solid, chemistry) / self.volume().max(VOLUME_FLOOR)
    }

    /// Takes out `share` (0..1) of everything. What stays is the same slurry, only less of it, so it needs no
    /// [`Self::settle`].
    pub(crate) fn draw(&mut self, share: f64) -> Matter {
        self.shrink(share);
        self.matter.take(share)
    }

    fn shrink(&mut self, share: f64) {
        let left = 1.0 - share.clamp(0.0, 1.0);
        for extensive in [&mut self.liquor, &mut self.solids, &mut self.capacity] {
            *extensive *= left;
        }
    }

    /// As [`Self::draw`], where nobody wants what is drawn.
    pub(crate) fn lose(&mut self, share: f64) {
        self.shrink(share);
        self.matter.lose(share);
    }

    /// Heat (J) from outside.
    pub fn heat(&mut self, joule: f64) {
        self.matter.enthalpy += joule;
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        self.matter.state(walk);
        self.species.state(walk);
        self.equilibria.state(walk);
        for value in
            [&mut self.temperature, &mut self.capacity, &mut self.liquor, &mut self.solids, &mut self.density]
        {
            walk.f64(value);
        }
    }
}

/// The aqueous components come first in the list of species.
pub(crate) const AQUEOUS: usize = Species::Silica.index() + 1;

/// Straight lines between points; held at the ends.
pub(crate) fn interpolate(points: &[(f64, f64)], x: f64) -> f64 {
    let (first, last) = (points[0], points[points.len() - 1]);
    if x.is_nan() || x <= first.0 {
        return first.1;
    }
    let pair = points.windows(2).find(|pair| x <= pair[1].0);
    pair.map_or(last.1, |pair| {
        let share = (x - pair[0].0) / (pair[1].0 - pair[0].0);
        pair[0].1 + share * (pair[1].1 - pair[0].1)
    })
}

/// The parabola through three points.
pub(crate) fn parabola(x: f64, points: [(f64, f64); 3]) -> f64 {
    let [(x0, y0), (x1, y1), (x2, y2)] = points;
    y0 * (x - x1) * (x - x2) / ((x0 - x1) * (x0 - x2))
        + y1 * (x - x0) * (x - x2) / ((x1 - x0) * (x1 - x2))
        + y2 * (x - x0) * (x - x1) / ((x2 - x0) * (x2 - x1))
}

#[cfg(test)]
mod tests;
