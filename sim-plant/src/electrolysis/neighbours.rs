//! Streams to and from the areas around the string, where there are any.
//!
//! Brine, acid and water then come out of a neighbour's tank through a short pipe, and what the string makes is handed
//! over instead of leaving the plant. The string's own liquid has eight components; what else a neighbour's
//! brine brings (sodium, sulfate, carbonate ..) travels with the anolyte as neutral salts and leaves with the
//! spent brine. Carbonate takes its two protons along, as CO2 does at the anolyte's pH. What demineralised water still
//! brings goes with the lye. The utilities may say how warm their cooling water is and how much of it there is, and take the heat that it carries off.
//! An absorber of theirs may take what XV-353 vents: then it says against which pressure.

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::gas::Gas;
use crate::joining::is_of_area_300;
use crate::liquid::Liquid;
use crate::matter::Matter;
use crate::solution::{Notes, Slurry};
use crate::species::Species;

/// What comes in, in the order of [`Neighbours::pipes`].
pub(crate) const BRINE: usize = 0;
pub(crate) const ACID: usize = 1;
pub(crate) const WATER: usize = 2;
/// What goes out, in the order of [`Neighbours::out`].
pub(crate) const LYE: usize = 0;
pub(crate) const SPENT: usize = 1;
pub(crate) const HYDROGEN: usize = 2;
pub(crate) const CHLORINE: usize = 3;
/// What XV-353 and the header's seal let go.
pub(crate) const CHLORINE_VENT: usize = 4;

/// A pipe holds so many seconds of its flow,
const HOLDS: f64 = 2.0;
/// but so many m3 when little or nothing flows, or it would stay dry until somebody draws from it.
const LEAST: f64 = 2e-3;
/// It is filled up to that within so many seconds.
const FILLS: f64 = 5.0;
/// A pipe with less than this share of `LEAST` is dry,
const LOW: f64 = 0.1;
/// and after so many seconds of it has lost its pressure.
const DRY: f64 = 5.0;

/// A pipe from a neighbour's tank, with what stands in it. What the string counts of it and what not is told apart when it
/// is filled; what is drawn until then is the same liquor, only less of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pipe {
    known: Liquid,
    strangers: Matter,
    /// As it was filled last.
    filled: Slurry,
    /// m3
    volume: f64,
    /// m3/s that the neighbour is asked for.
    pub(crate) asked: f64,
    /// s since there was liquid in it.
    dry: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Neighbours {
    /// `None` where the string lives on its own supply.
    pub(crate) pipes: [Option<Pipe>; 3],
    /// What has gone out since it was fetched.
    pub(crate) out: [Outlet; 5],
    /// In the anolyte tank: what the string's liquid does not count.
    strangers: Matter,
    /// K of the cooling water; `None` where it comes over the battery limit.
    pub(crate) cooling: Option<f64>,
    /// How much of the design flow of cooling water there is; `None` as with `cooling`.
    pub(crate) cooling_flow: Option<f64>,
    /// J that the coolers have given to it since it was fetched.
    pub(crate) cooling_heat: f64,
    /// What takes the vented chlorine; `None` where it leaves by the string's own door.
    pub(crate) absorber: Option<Absorber>,
}

/// What has gone out, as the string counts it: ten times a second something is added, and fetched as matter once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outlet {
    liquid: Liquid,
    gas: Gas,
    strangers: Matter,
}

impl Outlet {
    /// It is empty afterwards.
    pub(crate) fn fetch(&mut self) -> Matter {
        let Self { liquid, gas, strangers } = core::mem::take(self);
        let mut matter = Matter::from(&liquid);
        matter.add(&Matter::from(&gas));
        matter.add(&strangers);
        matter
    }

    fn state(&mut self, walk: &mut impl StateWalk) {
        self.liquid.state(walk);
        self.gas.state(walk);
        self.strangers.state(walk);
    }
}

/// The neighbour's absorber behind XV-353, as the string knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Absorber {
    /// At its gas inlet, Pa above the outside.
    pub(crate) pressure: f64,
    /// How open the pipe to it is, 0..1.
    pub(crate) open: f64,
    /// Its fan turns.
    pub(crate) fan: bool,
    /// Free NaOH of its liquor, per cent by mass.
    pub(crate) lye: f64,
}

impl Pipe {
    /// Matter arrives; its volume and temperature follow from it. `lye` is whether it goes to the lye.
    pub(crate) fn fill(&mut self, matter: &Matter, lye: bool, chemistry: &Chemistry) {
        let slurry = &mut self.filled;
        slurry.matter.clone_from(matter);
        slurry.matter.add(&Matter::from(&self.known));
        slurry.matter.add(&self.strangers);
        let kelvin = if slurry.temperature > 0.0 { slurry.temperature } else { 298.15 };
        slurry.temperature = kelvin;
        slurry.settle(chemistry, &mut Notes::default());
        if (slurry.temperature - kelvin).abs() > 0.1 {
            // The density was that of the last temperature.
            slurry.settle(chemistry, &mut Notes::default());
        }
        self.volume = slurry.volume();
        self.strangers = strangers(&slurry.matter, lye, slurry.temperature, chemistry);
        self.known = Liquid::counted(&slurry.matter, &self.strangers);
    }

    /// K; 0 where nothing has come yet.
    pub(crate) const fn temperature(&self) -> f64 {
        self.filled.temperature
    }

    /// J of what stands in it.
    #[cfg(test)]
    pub(super) const fn enthalpy(&self) -> f64 {
        self.known.enthalpy + self.strangers.enthalpy
    }

    /// Takes `volume` m3, as far as there is so much, and asks for what will be wanted: what the string counts of it, and
    /// m3. The rest goes to `others`.
    fn draw(&mut self, volume: f64, dt: f64, others: &mut Matter) -> (Liquid, f64) {
        let flow = volume / dt;
        let want = (HOLDS * flow).max(LEAST);
        self.asked = (flow + (want - self.volume) / FILLS).max(0.0);
        self.dry = if self.volume < LOW * LEAST { self.dry + dt } else { 0.0 };
        if self.volume <= 1e-9 {
            return (Liquid::default(), 0.0);
        }
        let share = (volume / self.volume).min(1.0);
        let taken = share * self.volume;
        self.volume -= taken;
        self.strangers.give(share, others);
        (self.known.take(share), taken)
    }

    /// True when it has stood empty for some seconds, whether something was drawn or not.
    pub(crate) const fn is_dry(&self) -> bool {
        self.dry > DRY
    }

    /// g/L of LiCl, and Ca and Mg as a mass share, of what stands in it.
    pub(crate) fn analysis(&self, chemistry: &Chemistry) -> (f64, f64) {
        let mut matter = Matter::from(&self.known);
        matter.add(&self.strangers);
        let mass = matter.mass(chemistry).max(1e-9);
        let hard = [Species::Calcium, Species::Magnesium]
            .iter()
            .map(|species| matter[*species] * chemistry.molar_mass(*species))
            .sum::<f64>();
        let salt = chemistry.molar_mass(Species::Lithium) + chemistry.molar_mass(Species::Chloride);
        (matter[Species::Lithium] * salt / self.volume.max(1e-9), hard / mass)
    }

    fn state(&mut self, walk: &mut impl StateWalk) {
        self.known.state(walk);
        self.strangers.state(walk);
        self.filled.state(walk);
        for value in [&mut self.volume, &mut self.asked, &mut self.dry] {
            walk.f64(value);
        }
    }
}

impl Neighbours {
    /// Draws from a neighbour: what the string counts of it, and its volume; `None` without a neighbour.
    pub(crate) fn draw(&mut self, which: usize, volume: f64, dt: f64) -> Option<(Liquid, f64)> {
        let others = if which == WATER { &mut self.out[LYE].strangers } else { &mut self.strangers };
        Some(self.pipes[which].as_mut()?.draw(volume, dt, others))
    }

    /// `liquid` has left the anolyte tank, `share` of it; strangers go along.
    pub(crate) fn spend(&mut self, liquid: &Liquid, share: f64) {
        self.out[SPENT].liquid.add(liquid);
        self.strangers.give(share, &mut self.out[SPENT].strangers);
    }

    /// Over the rim of the anolyte tank into the sump.
    pub(crate) fn spill(&mut self, share: f64) {
        if share > 0.0 {
            self.strangers.lose(share);
        }
    }

    pub(crate) fn give(&mut self, outlet: usize, liquid: &Liquid) {
        self.out[outlet].liquid.add(liquid);
    }

    pub(crate) fn deliver(&mut self, outlet: usize, gas: &Gas) {
        self.out[outlet].gas.add(gas);
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for pipe in self.pipes.iter_mut().flatten() {
            pipe.state(walk);
        }
        for outlet in &mut self.out {
            outlet.state(walk);
        }
        self.strangers.state(walk);
        walk.f64(&mut self.cooling_heat);
        let mut told = self.absorber.is_some();
        let mut absorber = self.absorber.unwrap_or_default();
        walk.bool(&mut told);
        for value in [&mut absorber.pressure, &mut absorber.open, &mut absorber.lye] {
            walk.f64(value);
        }
        walk.bool(&mut absorber.fan);
        self.absorber = told.then_some(absorber);
        for value in [&mut self.cooling, &mut self.cooling_flow] {
            let (mut told, mut number) = (value.is_some(), value.unwrap_or(0.0));
            walk.bool(&mut told);
            walk.f64(&mut number);
            *value = told.then_some(number);
        }
    }
}

/// What the string does not count, made neutral with its own ions; in the lye with hydroxide.
fn strangers(matter: &Matter, lye: bool, kelvin: f64, chemistry: &Chemistry) -> Matter {
    let mut found = Matter::default();
    let mut charge = 0.0;
    for (first, amounts) in matter.runs() {
        for (species, &amount) in Species::ALL[first..].iter().zip(amounts) {
            if amount != 0.0 && !is_of_area_300(*species) {
                found[*species] = amount;
                charge += species.charge() * amount;
            }
        }
    }
    let protons = 2.0 * found[Species::Carbonate];
    found[Species::Acid] = protons;
    charge += protons;
    if lye {
        found[Species::Acid] -= charge;
    } else if charge > 0.0 {
        found[Species::Chloride] = charge;
    } else {
        found[Species::Lithium] = -charge;
    }
    let mut enthalpy = 0.0;
    for (first, amounts) in found.runs() {
        for (species, amount) in Species::ALL[first..].iter().zip(amounts) {
            if *amount != 0.0 {
                enthalpy += amount * chemistry.molar_enthalpy(*species, kelvin);
            }
        }
    }
    found.enthalpy = enthalpy;
    found
}

#[cfg(test)]
mod tests {
    use super::{BRINE, LYE, Neighbours, Pipe, SPENT, WATER};
    use crate::chemistry::Chemistry;
    use crate::matter::Matter;
    use crate::solution::{Notes, Slurry};
    use crate::species::Species;

    #[test]
    fn what_the_string_does_not_count_passes_it_by_and_nothing_is_lost() {
        let chemistry = Chemistry::built_in().unwrap();
        let mut recipe = Matter::default();
        recipe[Species::Lithium] = 4.8;
        recipe[Species::Sodium] = 0.3;
        recipe[Species::Chloride] = 4.9;
        recipe[Species::Sulfate] = 0.05;
        recipe[Species::Carbonate] = 0.05;
        let brine = Slurry::filled(&recipe, 1e-3, 333.15, &chemistry, &mut Notes::default()).matter;
        let mut neighbours =
            Neighbours { pipes: [Some(Pipe::default()), None, None], ..Neighbours::default() };
        neighbours.pipes[BRINE].as_mut().unwrap().fill(&brine, false, &chemistry);
        let (liquid, volume) = neighbours.draw(BRINE, 1.0, 1.0).unwrap();
        assert!((volume - 1e-3).abs() < 1e-6 && liquid.charge().abs() < 1e-9, "{volume} {liquid:?}");
        neighbours.spend(&liquid, 1.0);
        let out = neighbours.out[SPENT].fetch();
        for species in Species::ALL {
            assert!((out[*species] - brine[*species]).abs() < 1e-12, "{species:?}");
        }
        assert!((out.enthalpy - brine.enthalpy).abs() < 1e-6 * brine.enthalpy.abs());
        assert!(neighbours.draw(BRINE, 1.0, 1.0).unwrap().1 == 0.0, "the pipe is empty");
    }

    #[test]
    fn salt_of_poor_water_leaves_with_the_lye_and_a_dry_pipe_says_so() {
        let chemistry = Chemistry::built_in().unwrap();
        let mut recipe = Matter::default();
        recipe[Species::Sodium] = 1e-3;
        recipe[Species::Chloride] = 4e-4;
        recipe[Species::Acid] = -6e-4;
        let water = Slurry::filled(&recipe, 1e-3, 293.15, &chemistry, &mut Notes::default()).matter;
        let mut neighbours =
            Neighbours { pipes: [None, None, Some(Pipe::default())], ..Neighbours::default() };
        neighbours.pipes[WATER].as_mut().unwrap().fill(&water, true, &chemistry);
        let (liquid, _) = neighbours.draw(WATER, 1e-3, 1.0).unwrap();
        assert!(liquid.charge().abs() < 1e-12 && neighbours.out[LYE].strangers.charge().abs() < 1e-12);
        assert!((neighbours.out[LYE].fetch()[Species::Sodium] - 1e-3).abs() < 1e-9);
        for _ in 0..60 {
            neighbours.draw(WATER, 1e-6, 0.1);
        }
        assert!(neighbours.pipes[WATER].as_ref().unwrap().is_dry());
        neighbours.pipes[WATER].as_mut().unwrap().fill(&water, true, &chemistry);
        neighbours.draw(WATER, 1e-6, 0.1);
        assert!(!neighbours.pipes[WATER].as_ref().unwrap().is_dry());
    }
}
