//! A liquid: amounts of components, and its enthalpy with the heats of formation in it.
//!
//! Components are a basis, not species: `Cl2(aq) = X + H + CL - W`, `ClO- = X - H`, `OH- = W - H`,
//! where X is HClO and H is the net acid, H+ - OH- - ClO- + Cl2. Equilibria therefore never change
//! a component, and every reaction is a row of whole numbers that conserves elements and charge.
//! Because formation enthalpies are in the enthalpy, heats of reaction, dilution by acid and
//! evaporation need no terms of their own, and the energy balance can close exactly.

use model::StateWalk;

use crate::constants::{
    MASS_CA, MASS_CL, MASS_H, MASS_HCL, MASS_LI, MASS_LICL, MASS_MG, MASS_O, MASS_WATER, REFERENCE,
};
use crate::parameters::{Parameters, Thermo};
use crate::properties::{Equilibria, Excursions, Makeup, density, vapour_pressure};

pub(crate) const LI: usize = 0;
pub(crate) const CL: usize = 1;
/// Free chlorine as HClO.
pub(crate) const X: usize = 2;
pub(crate) const CLO3: usize = 3;
/// Net acid.
pub(crate) const H: usize = 4;
pub(crate) const W: usize = 5;
pub(crate) const CA: usize = 6;
pub(crate) const MG: usize = 7;
pub(crate) const COMPONENTS: usize = 8;

/// kg/mol of each component.
const MASS: [f64; COMPONENTS] = [
    MASS_LI,
    MASS_CL,
    MASS_H + MASS_CL + MASS_O,
    MASS_CL + 3.0 * MASS_O,
    MASS_H,
    MASS_WATER,
    MASS_CA,
    MASS_MG,
];

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Liquid {
    /// mol
    pub(crate) amount: [f64; COMPONENTS],
    /// J, elements at 25 degC being zero.
    pub(crate) enthalpy: f64,
}

impl Liquid {
    pub(crate) fn mass(&self) -> f64 {
        self.amount.iter().zip(&MASS).map(|(amount, mass)| amount * mass).sum()
    }

    /// Elementary charges in mol; zero for a real liquid.
    pub(crate) fn charge(&self) -> f64 {
        let a = &self.amount;
        a[LI] + a[H] + 2.0 * (a[CA] + a[MG]) - a[CL] - a[CLO3]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.amount.iter_mut().zip(&other.amount) {
            *mine += theirs;
        }
        self.enthalpy += other.enthalpy;
    }

    /// A part of it, `share` of everything.
    #[must_use]
    pub(crate) fn part(&self, share: f64) -> Self {
        Self { amount: self.amount.map(|amount| amount * share), enthalpy: self.enthalpy * share }
    }

    /// Takes out `share` of everything.
    pub(crate) fn take(&mut self, share: f64) -> Self {
        let taken = self.part(share);
        for (mine, theirs) in self.amount.iter_mut().zip(&taken.amount) {
            *mine -= theirs;
        }
        self.enthalpy -= taken.enthalpy;
        taken
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64s(&mut self.amount);
        walk.f64(&mut self.enthalpy);
    }
}

/// Concentrations of the species that equilibrium decides, mol/m3.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Speciation {
    pub(crate) proton: f64,
    pub(crate) hydroxide: f64,
    pub(crate) chlorine: f64,
    pub(crate) hypochlorous: f64,
    pub(crate) hypochlorite: f64,
}

/// mol/m3 of what decides the proton condition.
#[derive(Clone, Copy, Debug)]
struct Totals {
    acid: f64,
    free: f64,
    chloride: f64,
}

impl Speciation {
    /// Newton in ln[H+] on the proton condition, from the last solution; monotone, so it converges. Of several liquors
    /// side by side: each stops where it would alone, and none waits for the divisions of another.
    fn solve<const N: usize>(of: &[Totals; N], k: [&Equilibria; N], guess: [f64; N]) -> [Self; N] {
        let free = of.map(|totals| totals.free.max(0.0));
        let by_chlorine: [f64; N] = core::array::from_fn(|n| of[n].chloride.max(0.0) / k[n].hydrolysis);
        let (water, weak) = (k.map(|k| k.water), k.map(|k| k.hypochlorous));
        let mut proton = guess.map(|guess| guess.clamp(1e-13, 1e5));
        let mut found = [false; N];
        for _ in 0..80 {
            let mut all = true;
            for n in 0..N {
                let hydroxide = water[n] / proton[n];
                let up = proton[n] * by_chlorine[n];
                let down = weak[n] / proton[n];
                let split = 1.0 / (1.0 + up + down);
                let residual = proton[n] - hydroxide + free[n] * (up - down) * split - of[n].acid;
                // d(residual)/d(ln proton)
                let mean = (up - down) * split;
                let slope = proton[n] + hydroxide + free[n] * ((up + down) * split - mean * mean);
                let step = (-residual / slope).clamp(-1.0, 1.0);
                // A rational exp: exact enough for a Newton step, and the same on every machine.
                let next = proton[n] * ((2.0 + step) / (2.0 - step));
                proton[n] = if found[n] { proton[n] } else { next };
                found[n] |= step.abs() < 1e-10;
                all &= found[n];
            }
            if all {
                break;
            }
        }
        core::array::from_fn(|n| {
            let up = proton[n] * by_chlorine[n];
            let down = weak[n] / proton[n];
            let hypochlorous = free[n] / (1.0 + up + down);
            Self {
                proton: proton[n],
                hydroxide: water[n] / proton[n],
                chlorine: hypochlorous * up,
                hypochlorous,
                hypochlorite: hypochlorous * down,
            }
        })
    }

    pub(crate) fn ph(&self) -> f64 {
        3.0 - libm::log10(self.proton.max(1e-15))
    }

    fn state(&mut self, walk: &mut impl StateWalk) {
        for value in [
            &mut self.proton,
            &mut self.hydroxide,
            &mut self.chlorine,
            &mut self.hypochlorous,
            &mut self.hypochlorite,
        ] {
            walk.f64(value);
        }
    }
}

/// Enthalpies of components and species, J/mol and J/(mol K), ready for dot products.
#[derive(Clone, Debug)]
pub(crate) struct Enthalpies {
    base: [f64; COMPONENTS],
    base_cp: [f64; COMPONENTS],
    /// What a species adds to the components that it is made of.
    hydroxide: f64,
    hydroxide_cp: f64,
    chlorine: f64,
    chlorine_cp: f64,
    hypochlorite: f64,
}

impl Enthalpies {
    pub(crate) fn new(t: &Thermo) -> Self {
        let base = [
            t.lithium_ion,
            t.chloride_ion,
            t.hypochlorous_acid,
            t.chlorate_ion,
            0.0,
            t.water,
            t.calcium_ion,
            t.magnesium_ion,
        ];
        Self {
            base,
            base_cp: [0.0, t.cp_chloride_ion, 0.0, t.cp_chloride_ion, 0.0, t.cp_water, 0.0, 0.0],
            hydroxide: t.hydroxide_ion - t.water,
            hydroxide_cp: t.cp_hydroxide_ion - t.cp_water,
            chlorine: t.dissolved_chlorine + t.water - t.hypochlorous_acid - t.chloride_ion,
            chlorine_cp: t.cp_water - t.cp_chloride_ion,
            hypochlorite: t.hypochlorite_ion - t.hypochlorous_acid,
        }
    }

    /// Enthalpy at 25 degC, and heat capacity, of the liquid in `volume`.
    fn sums(&self, liquid: &Liquid, species: &Speciation, volume: f64) -> (f64, f64) {
        let a = &liquid.amount;
        let mut enthalpy = 0.0;
        let mut capacity = 0.0;
        for (amount, (base, base_cp)) in a.iter().zip(self.base.iter().zip(&self.base_cp)) {
            enthalpy += amount * base;
            capacity += amount * base_cp;
        }
        let extra = species.hydroxide * self.hydroxide
            + species.chlorine * self.chlorine
            + species.hypochlorite * self.hypochlorite;
        let extra_cp = species.hydroxide * self.hydroxide_cp + species.chlorine * self.chlorine_cp;
        (enthalpy + extra * volume, capacity + extra_cp * volume)
    }

    /// Enthalpy of one mole of a component at `kelvin`, as it travels by itself.
    pub(crate) fn molar(&self, component: usize, kelvin: f64) -> f64 {
        self.base[component] + self.base_cp[component] * (kelvin - REFERENCE)
    }

    /// One mole of OH- at `kelvin`.
    pub(crate) fn molar_hydroxide(&self, kelvin: f64) -> f64 {
        self.molar(W, kelvin) + self.hydroxide + self.hydroxide_cp * (kelvin - REFERENCE)
    }
}

/// A stirred volume of liquid, with what follows from its amounts and enthalpy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Holdup {
    pub(crate) liquid: Liquid,
    pub(crate) species: Speciation,
    /// K
    pub(crate) temperature: f64,
    /// m3
    pub(crate) volume: f64,
    /// J/K
    pub(crate) capacity: f64,
    /// Slow properties, refreshed in turn: kg/m3, Pa.
    pub(crate) density: f64,
    pub(crate) vapour: f64,
    pub(crate) equilibria: Equilibria,
}

/// J/(kg K): no liquor has less, though the partial heat capacities of its ions, which are negative, say so of one
/// that is nearly without water. (26 molal LiCl has 2400.)
const CAPACITY_FLOOR: f64 = 1000.0;
/// Below this volume a hold-up counts as empty; m3.
pub(crate) const VOLUME_FLOOR: f64 = 1e-7;

impl Holdup {
    /// Mixes a liquor of the given concentrations (mol/m3) at `kelvin`, electrically neutral.
    pub(crate) fn mix(recipe: &Recipe, volume: f64, p: &Parameters, h: &Enthalpies) -> Self {
        let mut made = Self { temperature: recipe.kelvin, volume, density: 1000.0, ..Self::default() };
        made.equilibria = Equilibria::at(p, recipe.kelvin);
        let a = &mut made.liquid.amount;
        a[LI] = recipe.lithium * volume;
        a[X] = recipe.free_chlorine * volume;
        a[CLO3] = recipe.chlorate * volume;
        a[H] = recipe.acid * volume;
        a[CA] = recipe.calcium * volume;
        a[MG] = recipe.magnesium * volume;
        a[CL] = a[LI] + a[H] + 2.0 * (a[CA] + a[MG]) - a[CLO3];
        // The water that fills the rest of the volume: the density of the mixture decides.
        let mut seen = Excursions::default();
        let solutes: f64 = made.liquid.mass();
        let mut water = volume * 1000.0 / MASS_WATER;
        for _ in 0..60 {
            made.liquid.amount[W] = water;
            let fits = density(p, &Makeup::of(&made.liquid), recipe.kelvin, &mut seen) * volume;
            water = (fits - solutes) / MASS_WATER;
        }
        made.liquid.amount[W] = water;
        made.refresh(p, &mut seen);
        let a = &made.liquid.amount;
        made.volume = made.liquid.mass() / made.density;
        let totals =
            Totals { acid: a[H] / made.volume, free: a[X] / made.volume, chloride: a[CL] / made.volume };
        [made.species] = Speciation::solve(&[totals], [&made.equilibria], [1e-3]);
        let (enthalpy, capacity) = h.sums(&made.liquid, &made.species, made.volume);
        made.liquid.enthalpy = enthalpy + capacity * (recipe.kelvin - REFERENCE);
        made.resolve(h);
        made
    }

    /// Volume, speciation and temperature from amounts and enthalpy.
    pub(crate) fn resolve(&mut self, h: &Enthalpies) {
        Self::resolve_all([self], h);
    }

    /// [`Self::resolve`] of several at once, with the same results.
    pub(crate) fn resolve_all<const N: usize>(mut holdups: [&mut Self; N], h: &Enthalpies) {
        for holdup in &mut holdups {
            holdup.volume = (holdup.liquid.mass() / holdup.density).max(0.0);
        }
        // What is empty is solved as well, for something harmless, and keeps what it has.
        let totals = core::array::from_fn(|n| holdups[n].totals());
        let species = Speciation::solve(
            &totals,
            holdups.each_ref().map(|holdup| &holdup.equilibria),
            holdups.each_ref().map(|holdup| holdup.species.proton),
        );
        for (holdup, species) in holdups.iter_mut().zip(species) {
            if holdup.volume < VOLUME_FLOOR {
                continue;
            }
            holdup.species = species;
            let (enthalpy, capacity) = h.sums(&holdup.liquid, &holdup.species, holdup.volume);
            holdup.capacity = capacity.max(CAPACITY_FLOOR * holdup.volume * holdup.density);
            holdup.temperature = REFERENCE + (holdup.liquid.enthalpy - enthalpy) / holdup.capacity;
        }
    }

    fn totals(&self) -> Totals {
        let per_volume = 1.0 / self.volume.max(VOLUME_FLOOR);
        let a = &self.liquid.amount;
        Totals { acid: a[H] * per_volume, free: a[X] * per_volume, chloride: a[CL] * per_volume }
    }

    /// The slow properties at the present temperature and strength.
    pub(crate) fn refresh(&mut self, p: &Parameters, seen: &mut Excursions) -> Makeup {
        let makeup = Makeup::of(&self.liquid);
        self.density = density(p, &makeup, self.temperature, seen);
        self.vapour = vapour_pressure(p, &makeup, self.temperature, seen);
        self.equilibria = Equilibria::at(p, self.temperature);
        makeup
    }

    /// mol/m3
    pub(crate) fn concentration(&self, component: usize) -> f64 {
        self.liquid.amount[component] / self.volume.max(VOLUME_FLOOR)
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.liquid.state(walk);
        self.species.state(walk);
        self.equilibria.state(walk);
        for value in
            [&mut self.temperature, &mut self.volume, &mut self.capacity, &mut self.density, &mut self.vapour]
        {
            walk.f64(value);
        }
    }
}

/// What to mix: concentrations in mol/m3.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recipe {
    pub(crate) kelvin: f64,
    pub(crate) lithium: f64,
    /// Net acid; negative for a lye.
    pub(crate) acid: f64,
    pub(crate) free_chlorine: f64,
    pub(crate) chlorate: f64,
    pub(crate) calcium: f64,
    pub(crate) magnesium: f64,
}

/// mol/m3 of LiCl in a brine of so many kg/m3.
pub(crate) fn lithium_chloride_molarity(strength: f64) -> f64 {
    strength / MASS_LICL
}

/// mol HCl in a kilogram of acid.
pub(crate) fn acid_per_kilogram(fraction: f64) -> f64 {
    fraction / MASS_HCL
}

#[cfg(test)]
mod tests {
    use super::{CL, Enthalpies, H, Holdup, LI, Recipe, Speciation, Totals, W, X};
    use crate::parameters::Parameters;
    use crate::properties::Equilibria;

    #[test]
    fn speciation_satisfies_its_equilibria_from_strong_acid_to_strong_lye() {
        let p = Parameters::built_in().unwrap();
        let k = Equilibria::at(&p, 353.15);
        for acid in [500.0, 10.0, 1.0, 0.0, -5.0, -100.0, -4000.0] {
            for free in [0.0, 1.0, 50.0] {
                let totals = Totals { acid, free, chloride: 3500.0 };
                let [s] = Speciation::solve(&[totals], [&k], [1.0]);
                let closes = s.proton - s.hydroxide - s.hypochlorite + s.chlorine - acid;
                let scale = s.proton + s.hydroxide + free + 1e-9;
                assert!(closes.abs() < 1e-8 * scale, "acid {acid} free {free}: {s:?} {closes}");
                assert!((s.chlorine + s.hypochlorous + s.hypochlorite - free).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_mixed_liquor_is_neutral_and_has_the_temperature_it_was_mixed_at() {
        let p = Parameters::built_in().unwrap();
        let h = Enthalpies::new(&p.thermo);
        let brine = Recipe { kelvin: 343.15, lithium: 4718.0, acid: 1.0, ..Recipe::default() };
        let made = Holdup::mix(&brine, 2.0, &p, &h);
        assert!(made.liquid.charge().abs() < 1e-9);
        assert!((made.temperature - 343.15).abs() < 1e-6);
        assert!((made.volume - 2.0).abs() < 1e-6);
        assert!((made.concentration(LI) - 4718.0).abs() < 0.01);
        let cp = made.capacity / made.liquid.mass();
        assert!((3200.0..3500.0).contains(&cp), "cp {cp}");
    }

    #[test]
    fn acid_into_lye_warms_by_the_heat_of_neutralisation() {
        let p = Parameters::built_in().unwrap();
        let h = Enthalpies::new(&p.thermo);
        let lye = Recipe { kelvin: 298.15, lithium: 1000.0, acid: -1000.0, ..Recipe::default() };
        let mut made = Holdup::mix(&lye, 1.0, &p, &h);
        let acid = Recipe { kelvin: 298.15, acid: 1000.0, ..Recipe::default() };
        let other = Holdup::mix(&acid, 1.0, &p, &h);
        made.liquid.add(&other.liquid);
        for _ in 0..50 {
            made.resolve(&h);
        }
        // 1 kmol at 55.8 kJ/mol into two cubic metres.
        let rise = 55_836e3 / made.capacity;
        assert!((made.temperature - 298.15 - rise).abs() < 0.02 * rise, "{} {rise}", made.temperature);
        assert!(made.liquid.amount[CL] > 999.0 && made.liquid.amount[X] == 0.0);
        assert!(made.liquid.amount[H].abs() < 1e-6 && made.liquid.amount[W] > 1e5);
    }

    /// As it stood once in a cell that had run dry: its ions alone would have -0.2 J/K, and whatever heat came in
    /// would have sent its temperature to infinity.
    #[test]
    fn a_residue_nearly_without_water_still_warms_when_heat_comes_in() {
        let p = Parameters::built_in().unwrap();
        let h = Enthalpies::new(&p.thermo);
        let recipe = Recipe { kelvin: 353.15, lithium: 2500.0, acid: -2500.0, ..Recipe::default() };
        let mut residue = Holdup::mix(&recipe, 1.0, &p, &h);
        residue.liquid.amount[W] *= 0.02;
        residue.liquid = residue.liquid.part(1e-3);
        residue.resolve(&h);
        let before = residue.temperature;
        residue.liquid.enthalpy += 100.0;
        residue.resolve(&h);
        let warmer = residue.temperature - before;
        assert!(warmer > 0.0 && warmer < 100.0 / (0.9e3 * residue.liquid.mass()), "{warmer} K");
    }
}
