//! Solvent extraction: a battery of counter-current mixer-settlers, for extraction, scrubbing and stripping.
//!
//! ```text
//!  feed ─► 1 ─► 2 ─► ... ─► N ─► raffinate          HA + NaOH -> NaA + H2O before stage N, or LiOH
//!  loaded ◄─ 1 ◄─ 2 ◄─ ... ◄─ N ◄─ organic + lye    the lye's water comes along with the organic
//! mixer:    d M(o)/dt = k (M(o)* - M(o)),  M* from `contact.rs`;  stage efficiency k t/(1 + k t)
//! settler:  organic over the rim H_o, aqueous through a jack-leg of height H_a:
//!           h_a + (rho_o/rho_a) h_o = H_a,  h_a + h_o = H_o: the interface h_a follows the jack-leg
//! band:     b = b4 (q/4)^2.5 with q the m3/m2/h of both phases; a layer thinner than it carries the other over
//! carry:    e = e4 (q/4)^2, of organic in the aqueous three times that when the mixer is aqueous-continuous
//! ```
//!
//! Sources: basis 4.5. Li and Na change places with H+ ten times as fast as the other metals. Left out: sulfate
//! in the organic, crud, evaporation, loss of extractant by solubility. The
//! anion A weighs what that of Cyanex 272 weighs, also where the isotherm is that of D2EHPA.

mod contact;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::heat_loss::Wall;

use contact::{
    ALKALI, ALL, COBALT, Isotherm, LITHIUM, MANGANESE, METAL, METALS, NICKEL, SODIUM, towards_equilibrium,
};

tables! {
    Battery {
        /// Mixer-settlers in a row
        stages: "", 1.0, 8.0, whole;
        /// The isotherm: 1 Cyanex 272, 2 D2EHPA
        extractant: "", 1.0, 2.0, whole;
        /// Liquor and organic in each mixer
        mixer: "m3", 1e-5, 50.0;
        /// Share of the streams that passes a mixer without taking part
        bypass: "", 0.0, 0.5;
        /// Approach to equilibrium in a mixer that runs
        transfer: "1/s", 1e-4, 1.0;
        /// Shaft power of each mixer
        power: "kW", 0.0, 100.0;
        /// Heat loss of each stage
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
    }
    Settler {
        /// Of each settler
        area: "m2", 1e-4, 500.0;
        /// The organic leaves over this height
        rim: "m", 0.02, 3.0;
        /// Time in which a level finds its weir
        lag: "s", 5.0, 600.0;
        /// Dispersion band at 4 m3/m2/h
        band: "m", 0.0, 1.0;
        /// Carry-over of either phase at 4 m3/m2/h, by volume
        entrainment: "%vol", 0.0, 1.0;
    }
    Feed {
        /// Aqueous feed
        flow: "L/h", 0.0, 1e6;
        /// Free sulfuric acid in it
        acid: "mol/L", 0.0, 5.0;
        /// Of all feeds
        temperature: "degC", 0.0, 80.0;
        /// Height of the jack-legs; the interface follows
        jack_leg: "m", 0.0, 3.0;
    }
    Organic {
        /// Organic feed
        flow: "L/h", 0.0, 1e6;
        /// Extractant in it, free and loaded
        extractant: "mol/L", 0.01, 3.0;
    }
    Lye {
        /// NaOH solution that saponifies the organic
        flow: "L/h", 0.0, 1e5;
        /// Its strength
        strength: "wt%", 0.1, 50.0;
        /// A titrator for batches adds lye until the last mixer has this pH; 0 is off
        titrate: "pH", 0.0, 12.0;
    }
    Start {
        /// Organic in the mixers at the start, by volume; the rest is feed
        organic: "", 0.02, 0.98;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    battery: Battery,
    settler: Settler,
    feed: Feed,
    organic: Organic,
    lye: Lye,
    start: Start,
    /// kg/m3 of the metals in the aqueous feed, and bound in the organic feed.
    liquor: [f64; METALS],
    loaded: [f64; METALS],
    isotherms: [Isotherm; 2],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let battery = Battery::read(r, "battery");
        let settler = Settler::read(r, "settler");
        let feed = Feed::read(r, "feed");
        let liquor =
            METAL.map(|m| r.described("liquor", m.symbol, "As sulfate in the feed", "g/L", 0.0, 150.0));
        let organic = Organic::read(r, "organic");
        let loaded =
            METAL.map(|m| r.described("loaded", m.symbol, "Bound in the organic feed", "g/L", 0.0, 100.0));
        Self {
            battery,
            settler,
            feed,
            organic,
            lye: Lye::read(r, "lye"),
            start: Start::read(r, "start"),
            liquor,
            loaded,
            isotherms: [Isotherm::read(r, "cyanex272"), Isotherm::read(r, "d2ehpa")],
        }
    }
}

const STAGES: usize = 8;

/// Place of the raffinate's pH among the readings, behind those of the mixers; the metals follow.
const RAFFINATE_PH: usize = STAGES;

pub const FEED: usize = 0;
pub const ORGANIC: usize = 1;
pub const LYE: usize = 2;
pub const RAFFINATE: usize = 0;
pub const LOADED: usize = 1;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub static SHAPE: Shape = Shape {
    name: "extraction",
    text: "solvent extraction: counter-current mixer-settlers, Cyanex 272 or D2EHPA",
    inlets: &[
        Port { name: "feed", text: "liquor, scrub liquor or strip acid to stage 1" },
        Port { name: "organic", text: "to stage N" },
        Port { name: "lye", text: "saponifies the organic before stage N" },
    ],
    outlets: &[
        Port { name: "raffinate", text: "aqueous from stage N" },
        Port { name: "loaded", text: "organic from stage 1" },
    ],
    orders: &[
        Order { name: "mixers", unit: "", low: 0.0, high: 1.0, text: "run" },
        Order { name: "jack-leg", unit: "m", low: 0.0, high: 3.0, text: "height; the interface follows" },
    ],
    readings: &[
        reading("pH-1", "pH", "mixer 1"),
        reading("pH-2", "pH", "mixer 2; a stage that is not there shows the last one"),
        reading("pH-3", "pH", "mixer 3"),
        reading("pH-4", "pH", "mixer 4"),
        reading("pH-5", "pH", "mixer 5"),
        reading("pH-6", "pH", "mixer 6"),
        reading("pH-7", "pH", "mixer 7"),
        reading("pH-8", "pH", "mixer 8"),
        reading("pH", "pH", "raffinate, in the last settler"),
        reading("Li", "g/L", "raffinate"),
        reading("Na", "g/L", "raffinate"),
        reading("Ni", "g/L", "raffinate"),
        reading("Co", "g/L", "raffinate"),
        reading("Mn", "g/L", "raffinate"),
        reading("Ca", "g/L", "raffinate"),
        reading("Mg", "g/L", "raffinate"),
        reading("Cu", "g/L", "raffinate"),
        reading("Fe", "g/L", "raffinate"),
        reading("Al", "g/L", "raffinate"),
        reading("Li-organic", "g/L", "loaded organic, settler 1"),
        reading("Na-organic", "g/L", "loaded organic, settler 1"),
        reading("Ni-organic", "g/L", "loaded organic, settler 1"),
        reading("Co-organic", "g/L", "loaded organic, settler 1"),
        reading("Mn-organic", "g/L", "loaded organic, settler 1"),
        reading("Ca-organic", "g/L", "loaded organic, settler 1"),
        reading("Mg-organic", "g/L", "loaded organic, settler 1"),
        reading("Cu-organic", "g/L", "loaded organic, settler 1"),
        reading("Fe-organic", "g/L", "loaded organic, settler 1"),
        reading("Al-organic", "g/L", "loaded organic, settler 1"),
        reading("E-Li", "%", "extracted of the feed; without feed, in the organic of mixer 1"),
        reading("E-Na", "%", "extracted, as E-Li"),
        reading("E-Ni", "%", "extracted, as E-Li"),
        reading("E-Co", "%", "extracted, as E-Li"),
        reading("E-Mn", "%", "extracted, as E-Li"),
        reading("E-Ca", "%", "extracted, as E-Li"),
        reading("E-Mg", "%", "extracted, as E-Li"),
        reading("E-Cu", "%", "extracted, as E-Li"),
        reading("E-Fe", "%", "extracted, as E-Li"),
        reading("E-Al", "%", "extracted, as E-Li"),
        reading("S-Li", "%", "stripped of the organic; 0 where none came"),
        reading("S-Na", "%", "stripped"),
        reading("S-Ni", "%", "stripped"),
        reading("S-Co", "%", "stripped"),
        reading("S-Mn", "%", "stripped"),
        reading("S-Ca", "%", "stripped"),
        reading("S-Mg", "%", "stripped"),
        reading("S-Cu", "%", "stripped"),
        reading("S-Fe", "%", "stripped"),
        reading("S-Al", "%", "stripped"),
        reading("beta-Mn-Co", "", "separation factor D(Mn)/D(Co) in mixer 1"),
        reading("beta-Co-Ni", "", "separation factor D(Co)/D(Ni) in mixer 1"),
        reading("loading", "%", "extractant bound to metals, settler 1"),
        reading("interface-1", "m", "settler 1"),
        reading("interface-N", "m", "last settler"),
        reading("band", "m", "dispersion band of the last settler"),
        reading("organic-in-raffinate", "ppm", "by volume"),
        reading("aqueous-in-loaded", "ppm", "by volume"),
        reading("aqueous-continuous", "", "mixer 1: 1 aqueous, 0 organic continuous"),
        reading("organic-inventory", "m3", "in the battery"),
        reading("T", "degC", "mixer 1"),
        reading("raffinate", "L/h", "leaving"),
        reading("loaded", "L/h", "leaving"),
    ],
    step_max: 5.0,
};

#[derive(Clone, Debug, Default, PartialEq)]
struct Stage {
    mixer: Slurry,
    settler: Slurry,
    /// m3/s that the settler was given in the last step.
    load: f64,
    aqueous_continuous: bool,
    /// Volume fractions that went over with the other phase.
    organic_over: f64,
    aqueous_over: f64,
}

impl Stage {
    /// D of one metal over D of another in the mixer; 0 where one of the four cannot be measured.
    fn separation(&self, one: usize, other: usize) -> f64 {
        let amounts = &self.mixer.matter;
        let [(a, b), (c, d)] = [one, other].map(|k| (amounts[METAL[k].organic], amounts[METAL[k].aqueous]));
        // A nanomole in a litre.
        let trace = 1e-6 * self.mixer.volume();
        if a.min(b).min(c).min(d) > trace { a / b * d / c } else { 0.0 }
    }
}

#[derive(Clone, Debug)]
pub struct Extraction {
    settings: Settings,
    isotherm: Isotherm,
    chemistry: Arc<Chemistry>,
    stages: Vec<Stage>,
    notes: Notes,
    /// What one m3 of each feed is.
    recipes: [Matter; 3],
    /// m3/s leaving.
    raffinate: f64,
    loaded: f64,
    /// mol/s of the metals: feed, raffinate, organic in, organic out.
    traffic: [[f64; METALS]; 4],
}

/// Litres of organic at which the interface of a phase flips, as a fraction of the mixer, with hysteresis.
const FLIP: (f64, f64) = (0.40, 0.50);
/// m3/m2/s of both phases for which band and entrainment are given.
const SPECIFIC: f64 = 4.0 / 3600.0;

impl Extraction {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let recipes = recipes(&settings, &chemistry, &mut notes);
        let filled = |volume: f64, organic: f64| {
            let mut matter = recipes[FEED].part(volume * (1.0 - organic));
            matter.add(&recipes[ORGANIC].part(volume * organic));
            let mut made = Slurry { matter, temperature: settings.feed.temperature, ..Slurry::default() };
            made.settle(&chemistry, &mut Notes::default());
            made.settle(&chemistry, &mut Notes::default());
            made
        };
        let s = &settings.settler;
        // The interface where the jack-leg will hold it.
        let ratio = 820.0 / recipes[FEED].mass(&chemistry);
        let interface = ((settings.feed.jack_leg - ratio * s.rim) / (1.0 - ratio)).clamp(0.0, s.rim);
        let settler = filled(s.area * s.rim, 1.0 - interface / s.rim);
        let mixer = filled(settings.battery.mixer, settings.start.organic);
        let aqueous_continuous = settings.start.organic < FLIP.0;
        let stage = Stage { mixer, settler, aqueous_continuous, ..Stage::default() };
        let stages = vec![stage; (settings.battery.stages.round() as usize).clamp(1, STAGES)];
        let isotherm = settings.isotherms[usize::from(settings.battery.extractant >= 1.5)].clone();
        Self {
            isotherm: isotherm.with_heats(&chemistry),
            settings,
            chemistry,
            stages,
            notes,
            recipes,
            raffinate: 0.0,
            loaded: 0.0,
            traffic: [[0.0; METALS]; 4],
        }
    }

    /// What leaves a settler in `dt`: aqueous with a little organic, organic with a little aqueous.
    fn overflow(&mut self, stage: usize, jack_leg: f64, dt: f64) -> (Matter, Matter) {
        let (s, c) = (&self.settings.settler, &self.chemistry);
        let st = &mut self.stages[stage];
        let settler = &mut st.settler;
        let organic_density = settler.matter.phase_mass(Phase::Organic, c) / settler.solids.max(1e-12);
        let (aqueous, organic) = (settler.liquor / s.area, settler.solids / s.area);
        let ratio = if settler.solids > 1e-12 { organic_density / settler.density } else { 1.0 };
        let share = -libm::expm1(-dt / s.lag);
        let down = (aqueous + organic * ratio - jack_leg).max(0.0) * s.area * share;
        let over = (aqueous + organic - s.rim).max(0.0) * s.area * share;
        let q = st.load / s.area / SPECIFIC;
        let band = s.band * libm::pow(q, 2.5);
        let carry = s.entrainment * q * q;
        // Half of the band lies on each side of the interface.
        let thin = |layer: f64| (1.0 - layer / (0.5 * band + 0.01)).clamp(0.0, 1.0);
        let wet = if st.aqueous_continuous { 3.0 } else { 1.0 };
        st.organic_over = (wet * carry).min(0.3).max(thin(aqueous));
        st.aqueous_over = carry.min(0.3).max(thin(organic));
        let (down_o, over_a) = (down * st.organic_over, over * st.aqueous_over);
        let part = |flow: f64, held: f64| (flow / held.max(1e-12)).min(0.45);
        let (liquor, solids) = (settler.liquor, settler.solids);
        let below = draw(settler, part(down - down_o, liquor), part(down_o, solids), c);
        let above = draw(settler, part(over_a, liquor), part(over - over_a, solids), c);
        (below, above)
    }

    /// Saponifies: the hydroxide of a lye of NaOH or LiOH takes the protons of the extractant at once, as far as there
    /// are any. A mixer's first order would leave a per cent of it, and with that the pH of a lye.
    fn saponify(organic: &mut Matter) {
        for metal in [SODIUM, LITHIUM] {
            let m = &METAL[metal];
            let extent =
                (-organic[Species::Acid]).min(organic[Species::Extractant]).min(organic[m.aqueous]).max(0.0);
            let row =
                [(m.aqueous, -1.0), (Species::Extractant, -1.0), (m.organic, 1.0), (Species::Acid, 1.0)];
            organic.react(&row, extent);
        }
    }

    /// Mixes what came in, lets it react, and passes on what the mixer cannot hold.
    fn stage(&mut self, stage: usize, mut inflow: Matter, running: f64, dt: f64, heat: &mut f64) {
        let b = &self.settings.battery;
        let isotherm = &self.isotherm;
        let (c, st) = (&self.chemistry, &mut self.stages[stage]);
        let past = inflow.take(b.bypass);
        let mixer = &mut st.mixer;
        mixer.matter.add(&inflow);
        let wall = Wall { conductance: b.heat_loss, ambient: b.ambient };
        *heat += wall.warm(mixer, b.power * running * dt, dt);
        mixer.settle(c, &mut self.notes);
        let rate = b.transfer * running * dt;
        towards_equilibrium(mixer, isotherm, &ALL, rate, &mut self.notes);
        mixer.solve(c, &mut self.notes);
        towards_equilibrium(mixer, isotherm, &ALKALI, 10.0 * rate, &mut self.notes);
        mixer.settle(c, &mut self.notes);
        let organic = mixer.solids / mixer.volume().max(1e-12);
        let edge = if st.aqueous_continuous { FLIP.1 } else { FLIP.0 };
        st.aqueous_continuous = organic < edge;
        let volume = mixer.volume();
        let share = if volume > b.mixer { 1.0 - b.mixer / volume } else { 0.0 };
        let mut out = mixer.matter.take(share);
        let aside = past.mass(c) / inflow.mass(c).max(1e-12);
        st.load = volume * share / dt * (1.0 + aside);
        out.add(&past);
        mixer.settle(c, &mut self.notes);
        st.settler.matter.add(&out);
        st.settler.settle(c, &mut self.notes);
    }
}

/// Takes a share of the aqueous and a share of the organic phase.
fn draw(slurry: &mut Slurry, aqueous: f64, organic: f64, c: &Chemistry) -> Matter {
    let mut oil = Matter::default();
    for k in c.range(Phase::Organic) {
        let amount = slurry.matter.amount[k];
        oil.amount[k] = amount;
        oil.enthalpy += amount * c.molar_enthalpy(Species::ALL[k], slurry.temperature);
    }
    let mut taken = slurry.matter.clone();
    taken.subtract(&oil);
    taken = taken.part(aqueous);
    taken.add(&oil.part(organic));
    slurry.matter.subtract(&taken);
    taken
}

/// What one m3 of feed, organic and lye is.
fn recipes(s: &Settings, c: &Chemistry, notes: &mut Notes) -> [Matter; 3] {
    let kelvin = s.feed.temperature;
    let mut feed = Matter::default();
    feed[Species::Acid] = 2.0 * s.feed.acid;
    feed[Species::Sulfate] = s.feed.acid;
    let mut organic = Matter::default();
    let mut bound = 0.0;
    for (k, m) in METAL.iter().enumerate() {
        let z = m.aqueous.charge();
        feed[m.aqueous] = s.liquor[k] / c.molar_mass(m.aqueous);
        feed[Species::Sulfate] += 0.5 * z * feed[m.aqueous];
        let room = (s.organic.extractant - bound).max(0.0) / z;
        let wanted = s.loaded[k] / c.molar_mass(m.aqueous);
        notes.check(Remark::BadInput, wanted <= room);
        organic[m.organic] = wanted.min(room);
        bound += z * organic[m.organic];
    }
    organic[Species::Extractant] = (s.organic.extractant - bound).max(0.0);
    let room = 1.0 - c.condensed_volume(&organic);
    notes.check(Remark::BadInput, room >= 0.0);
    organic[Species::Diluent] = room.max(0.0) / c.volume[Species::Diluent.index()];
    let organic = Species::ALL.iter().map(|species| (*species, organic[*species]));
    let organic: Vec<_> = organic.filter(|(_, amount)| *amount > 0.0).collect();
    let mut lye = Matter::default();
    let mass = c.molar_mass(Species::Sodium) + c.molar_mass(Species::Water) - c.molar_mass(Species::Acid);
    let moles = s.lye.strength / mass;
    lye[Species::Sodium] = moles;
    lye[Species::Acid] = -moles;
    lye[Species::Water] = moles + (1.0 - s.lye.strength) / c.molar_mass(Species::Water);
    let lye = Slurry::at(&lye, kelvin, c, notes);
    [
        Slurry::filled(&feed, 1.0, kelvin, c, notes).matter,
        c.parcel(&organic, kelvin),
        lye.matter.part(1.0 / lye.liquor),
    ]
}

/// A pH within this of the titrator's mark is not beyond it.
const CLOSE: f64 = 0.05;

impl UnitOperation for Extraction {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 2] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let last = self.stages.len() - 1;
        let mut below: [Matter; STAGES] = Default::default();
        let mut above: [Matter; STAGES] = Default::default();
        for stage in 0..=last {
            (below[stage], above[stage]) = self.overflow(stage, orders[1], dt);
        }
        let volume = |matter: &Matter, slurry: &Slurry, c: &Chemistry| {
            let oil = c.condensed_volume(matter);
            oil + (matter.mass(c) - matter.phase_mass(Phase::Organic, c)) / slurry.density
        };
        self.raffinate = volume(&below[last], &self.stages[last].settler, &self.chemistry) / dt;
        self.loaded = volume(&above[0], &self.stages[0].settler, &self.chemistry) / dt;
        for (k, m) in METAL.iter().enumerate() {
            self.traffic[0][k] = x.inlets[FEED][m.aqueous] / dt;
            self.traffic[1][k] = below[last][m.aqueous] / dt;
            self.traffic[2][k] = x.inlets[ORGANIC][m.organic] / dt;
            self.traffic[3][k] = above[0][m.organic] / dt;
        }
        x.outlets[RAFFINATE].add(&below[last]);
        x.outlets[LOADED].add(&above[0]);
        for stage in 0..=last {
            let mut inflow = if stage == last {
                let mut organic = x.inlets[ORGANIC].clone();
                organic.add(&x.inlets[LYE]);
                Self::saponify(&mut organic);
                organic
            } else {
                above[stage + 1].clone()
            };
            inflow.add(if stage == 0 { &x.inlets[FEED] } else { &below[stage - 1] });
            self.stage(stage, inflow, orders[0], dt, &mut x.heat);
        }
    }

    fn read(&self, readings: &mut [f64]) {
        let (c, last) = (&self.chemistry, self.stages.len() - 1);
        let (first, raffinate) = (&self.stages[0], &self.stages[last].settler);
        for (stage, ph) in readings[..STAGES].iter_mut().enumerate() {
            *ph = self.stages[stage.min(last)].mixer.ph();
        }
        readings[RAFFINATE_PH] = raffinate.ph();
        let litres = first.settler.solids.max(1e-12) * 1e3;
        let ratio = |part: f64, whole: f64| if whole > 1e-15 { 100.0 * part / whole } else { 0.0 };
        for (k, m) in METAL.iter().enumerate() {
            let of = |kind: usize| RAFFINATE_PH + 1 + kind * METALS + k;
            readings[of(0)] = raffinate.grams_per_litre(m.aqueous, c);
            let loaded = first.settler.matter[m.organic] / litres;
            readings[of(1)] = loaded * c.molar_mass(m.aqueous) * 1e3;
            let (aqueous, organic) = (first.mixer.matter[m.aqueous], first.mixer.matter[m.organic]);
            let [feed, left, came, went] = self.traffic.map(|row| row[k]);
            readings[of(2)] =
                if feed > 0.0 { ratio(feed - left, feed) } else { ratio(organic, organic + aqueous) };
            readings[of(3)] = ratio(came - went, came);
        }
        let s = &self.settings.settler;
        let bound: f64 = METAL.iter().map(|m| m.aqueous.charge() * first.settler.matter[m.organic]).sum();
        readings[RAFFINATE_PH + 1 + 4 * METALS..].copy_from_slice(&[
            first.separation(MANGANESE, COBALT),
            first.separation(COBALT, NICKEL),
            ratio(bound, bound + first.settler.matter[Species::Extractant]),
            first.settler.liquor / s.area,
            raffinate.liquor / s.area,
            s.band * libm::pow(self.stages[last].load / s.area / SPECIFIC, 2.5),
            self.stages[last].organic_over * 1e6,
            first.aqueous_over * 1e6,
            f64::from(first.aqueous_continuous),
            self.stages.iter().map(|stage| stage.mixer.solids + stage.settler.solids).sum(),
            first.mixer.temperature - 273.15,
            self.raffinate * 3.6e6,
            self.loaded * 3.6e6,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        for stage in &self.stages {
            account.count(&stage.mixer.matter, &self.chemistry);
            account.count(&stage.settler.matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let s = &self.settings;
        let mut lye = s.lye.flow;
        if s.lye.titrate > 0.0 {
            // As fast as would move a buffer of 0.2 mol/L per pH to the mark in three minutes.
            let mixer = &self.stages[self.stages.len() - 1].mixer;
            // A titrator can make a flask more alkaline only.
            duty.notes.check(Remark::Limited, mixer.ph() <= s.lye.titrate + CLOSE);
            let missing = (s.lye.titrate - mixer.ph()).clamp(0.0, 1.0) * 200.0 * mixer.volume();
            lye = missing / 180.0 / self.recipes[LYE][Species::Sodium].max(1e-9);
        }
        for (inlet, flow) in [(FEED, s.feed.flow), (ORGANIC, s.organic.flow), (LYE, lye)] {
            duty.feeds[inlet] = self.recipes[inlet].part(flow);
        }
        duty.orders.copy_from_slice(&[1.0, s.feed.jack_leg]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        for stage in &mut self.stages {
            stage.mixer.state(walk);
            stage.settler.state(walk);
            walk.bool(&mut stage.aqueous_continuous);
            for value in [&mut stage.load, &mut stage.organic_over, &mut stage.aqueous_over] {
                walk.f64(value);
            }
        }
        self.notes.state(walk);
        for value in [&mut self.raffinate, &mut self.loaded] {
            walk.f64(value);
        }
        for value in self.traffic.as_flattened_mut() {
            walk.f64(value);
        }
    }
}
