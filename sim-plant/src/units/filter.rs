//! Solids out of a liquor: filter press, belt filter or centrifuge, as the settings say.
//!
//! ```text
//! dp = mu q (alpha w + R),  alpha = alpha_1 (dp/1 bar)^s            Darcy through cake and cloth (Ruth)
//! cake = solids + pores;  pores hold V_s e/(1 - e) of liquor, what is more is filtrate
//! left of the mother liquor after n pore volumes of wash:  R(n) = e^-4n (1 + 3n + 4n^2 + (8/3) n^3)
//! pores drain towards S by a time constant;  R grows with the filtrate, the cloth wash takes it back
//! passing: p (bare) until a few kg/m2 bridge the cloth, then p (formed)
//! ```
//!
//! `R(n)` is displacement through four mixed layers: 80 % at one pore volume, 98 % at two; what channels through
//! cracks washes nothing. Sources: Ruth's equation and Kozeny's ranges as in Svarovsky, Solid-Liquid Separation
//! (recalled). With `cake_time = 0` it is a press: the cake waits for `discharge`. Otherwise the cake leaves by
//! itself after that mean time, as from a belt or a pusher centrifuge, and each kilogram is washed by the wash of
//! its own moment. What the pressure or the chamber does not take returns through `overflow`. Any solid counts;
//! what is neither solid nor liquor goes with the liquor. Left out: solids that dissolve in the wash, cracks that
//! grow, particle sizes, heat losses, water of the cloth wash.

mod cake;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::density::Makeup;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::cementation::{METALS, liquor, read_liquor};

use cake::Cake;

tables! {
    Plates {
        /// Filter area
        area: "m2", 1e-3, 2000.0;
        /// Room for cake
        chamber: "L", 1e-2, 1e5;
        /// Largest pressure difference: pump, vacuum, or what the drum's speed is worth
        pressure_max: "bar", 0.01, 50.0;
        /// The cake leaves by itself after this mean time; 0 for a press, which waits for `discharge`
        cake_time: "s", 0.0, 3600.0;
        /// An open press is empty after this time
        discharge_time: "s", 1.0, 7200.0;
    }
    Cloth {
        /// Resistance of the clean cloth
        clean: "1/m", 1e7, 1e13;
        /// Resistance that every m3/m2 of filtrate adds
        blinding: "1/m2", 0.0, 1e13;
        /// Time in which the cloth wash takes two thirds of that back
        wash_time: "s", 1.0, 7200.0;
        /// Share of the solids that passes a bare cloth
        passing_bare: "", 0.0, 1.0;
        /// Share of the solids that passes a formed cake
        passing_formed: "", 0.0, 1.0;
        /// Cake that bridges the cloth
        bridge: "kg/m2", 1e-3, 10.0;
        /// Share of the slurry that goes through a tear
        torn: "", 0.0, 1.0;
    }
    CakeTable {
        /// Specific resistance at 1 bar
        resistance: "m/kg", 1e7, 1e14;
        /// Exponent of the pressure in it
        compressibility: "", 0.0, 0.9;
        /// Share of the cake's volume that is pores
        porosity: "", 0.1, 0.95;
        /// Share of the pores that is full after draining
        saturation: "", 0.0, 1.0;
        /// Time constant of draining
        drain_time: "s", 1.0, 3600.0;
        /// Share of the wash that channels through
        channelling: "", 0.0, 1.0;
    }
    Feed {
        /// Slurry
        flow: "L/h", 0.0, 1e6;
        /// Solids in it
        solids: "g/L", 0.0, 800.0;
        /// Wash water
        wash: "L/h", 0.0, 1e6;
        /// Free sulfuric acid in the liquor
        acid: "mol/L", 0.0, 3.0;
        /// Of slurry and wash
        temperature: "degC", 0.0, 95.0;
        /// Runs
        runs: "", 0.0, 1.0, whole;
        /// Press: opened
        discharge: "", 0.0, 1.0, whole;
        /// Press: air blows through the cake
        blow: "", 0.0, 1.0, whole;
        /// Sprays on the cloth
        cloth_wash: "", 0.0, 1.0, whole;
    }
}

/// What the solids of a run alone can be.
const SOLIDS: [(&str, Species); 8] = [
    ("graphite", Species::Graphite),
    ("FeOH3", Species::FerricHydroxide),
    ("AlOH3", Species::AluminiumHydroxide),
    ("Cu", Species::CopperMetal),
    ("Li2CO3", Species::LithiumCarbonate),
    ("CaCO3", Species::CalciumCarbonate),
    ("MgOH2", Species::MagnesiumHydroxide),
    ("gypsum", Species::Gypsum),
];

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    plates: Plates,
    cloth: Cloth,
    cake: CakeTable,
    feed: Feed,
    solids: [f64; SOLIDS.len()],
    liquor: [f64; METALS.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            plates: Plates::read(r, "plates"),
            cloth: Cloth::read(r, "cloth"),
            cake: CakeTable::read(r, "cake"),
            feed: Feed::read(r, "feed"),
            solids: SOLIDS.map(|(name, _)| r.described("solid", name, "Part of the solids", "kg", 0.0, 1e3)),
            liquor: read_liquor(r),
        }
    }
}

pub const SLURRY: usize = 0;
pub const WASH: usize = 1;
pub const CAKE: usize = 0;
pub const FILTRATE: usize = 1;
pub const WASH_FILTRATE: usize = 2;
pub const OVERFLOW: usize = 3;

const RUNS: usize = 0;
const DISCHARGE: usize = 1;
const BLOW: usize = 2;
const CLOTH_WASH: usize = 3;

pub static SHAPE: Shape = Shape {
    name: "filter",
    text: "filter press, belt filter or centrifuge with washing",
    inlets: &[
        Port { name: "slurry", text: "solids in a liquor" },
        Port { name: "wash", text: "wash water or liquor" },
    ],
    outlets: &[
        Port { name: "cake", text: "solids with what the pores hold" },
        Port { name: "filtrate", text: "mother liquor" },
        Port { name: "wash-filtrate", text: "what the wash displaces, and the wash itself" },
        Port { name: "overflow", text: "slurry that the filter does not take, back to its tank" },
    ],
    orders: &[
        Order { name: "runs", unit: "", low: 0.0, high: 1.0, text: "press closed, belt or drum turning" },
        Order { name: "discharge", unit: "", low: 0.0, high: 1.0, text: "press opened: the cake falls out" },
        Order { name: "blow", unit: "", low: 0.0, high: 1.0, text: "press: air through the cake" },
        Order { name: "cloth-wash", unit: "", low: 0.0, high: 1.0, text: "sprays on the cloth" },
    ],
    readings: &[
        Reading { name: "cake", unit: "kg/h", text: "wet cake that leaves" },
        Reading { name: "filtrate", unit: "m3/h", text: "mother liquor" },
        Reading { name: "wash-filtrate", unit: "m3/h", text: "" },
        Reading { name: "overflow", unit: "m3/h", text: "slurry not taken" },
        Reading { name: "moisture", unit: "%", text: "liquor in the cake, by mass" },
        Reading { name: "dp", unit: "bar", text: "over cake and cloth" },
        Reading { name: "turbidity", unit: "mg/L", text: "solids in the filtrate" },
        Reading { name: "loading", unit: "%", text: "of the room for cake" },
        Reading { name: "cake-load", unit: "kg/m2", text: "dry solids on the cloth" },
        Reading { name: "cake-held", unit: "kg", text: "wet cake in the filter" },
        Reading { name: "wash-ratio", unit: "", text: "pore volumes of wash that the cake saw" },
        Reading { name: "mother-left", unit: "%", text: "mother liquor in what the cake holds" },
        Reading { name: "cloth", unit: "1/m", text: "resistance of the cloth" },
        Reading { name: "T", unit: "degC", text: "of the slurry" },
    ],
    step_max: 5.0,
};

/// What the last step moved: kg/s and m3/s.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flows {
    cake: f64,
    filtrate: f64,
    wash_filtrate: f64,
    overflow: f64,
    /// kg/m3 in the last filtrate that flowed.
    turbidity: f64,
    /// Pa
    pressure: f64,
}

#[derive(Clone, Debug)]
pub struct Filter {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    cake: Cake,
    /// The slurry of the last step.
    feed: Slurry,
    /// Pa s of the liquor, and the temperature and density that it was worked out for.
    viscosity: [f64; 3],
    /// 1/m that filtrate has added to the cloth.
    blinding: f64,
    flows: Flows,
    /// One m3 of slurry and of wash.
    recipe: Matter,
    water: Matter,
    notes: Notes,
}

impl Filter {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        // The feed of the settings: in a plant nobody feeds it, so it makes no remarks.
        let quiet = &mut Notes::default();
        let f = &settings.feed;
        let mut recipe = liquor(&settings.liquor, f.acid, f.temperature, &chemistry, quiet);
        let parts: f64 = settings.solids.iter().sum();
        let mut solids = Matter::default();
        for ((_, species), part) in SOLIDS.iter().zip(&settings.solids) {
            let mass = f.solids * part / parts.max(1e-9);
            let amount = [(*species, mass / chemistry.molar_mass(*species))];
            solids.add(&chemistry.parcel(&amount, f.temperature));
        }
        recipe = recipe.part((1.0 - chemistry.condensed_volume(&solids)).max(0.05));
        recipe.add(&solids);
        let water = Slurry::filled(&Matter::default(), 1.0, f.temperature, &chemistry, quiet).matter;
        let feed = Slurry::at(&recipe, f.temperature, &chemistry, quiet);
        Self {
            settings,
            cake: Cake::default(),
            feed,
            viscosity: [0.0; 3],
            blinding: 0.0,
            flows: Flows::default(),
            recipe,
            water,
            notes: Notes::default(),
            chemistry,
        }
    }

    fn pore_room(&self, solid_volume: f64) -> f64 {
        let porosity = self.settings.cake.porosity;
        solid_volume * porosity / (1.0 - porosity)
    }

    /// kg/m2 of dry solids.
    fn load(&self) -> f64 {
        self.cake.solids.mass(&self.chemistry).max(0.0) / self.settings.plates.area
    }

    /// Share of the slurry that goes in, by the room for cake and by the pressure; and the pressure then, Pa.
    fn admit(&mut self, dt: f64) -> (f64, f64) {
        const BAR: f64 = 1e5;
        let (p, k, c) = (&self.settings.plates, &self.settings.cake, &self.chemistry);
        let whole = 1.0 - k.porosity;
        let new = self.feed.solids / whole;
        let room = (p.chamber - self.cake.solid_volume(c) / whole).max(0.0);
        let by_room = if new > room { room / new } else { 1.0 };
        let flux = self.feed.liquor / dt / p.area;
        if flux <= 0.0 {
            return (by_room, 0.0);
        }
        let [_, kelvin, density] = self.viscosity;
        let same = (self.feed.temperature - kelvin).abs() < 0.05
            && (self.feed.density - density).abs() < 5e-4 * density;
        if !same {
            let viscosity = self.feed.viscosity(c, &mut self.notes);
            self.viscosity = [viscosity, self.feed.temperature, self.feed.density];
        }
        let [viscosity, ..] = self.viscosity;
        let (load, cloth) = (self.load(), self.settings.cloth.clean + self.blinding);
        let need = |flux: f64, pressure: f64| {
            let alpha = k.resistance * libm::pow((pressure / BAR).clamp(1e-3, 1e3), k.compressibility);
            viscosity * flux * (alpha * load + cloth)
        };
        let by_pressure = p.pressure_max / need(flux, p.pressure_max);
        let share = by_room.min(by_pressure).min(1.0);
        // The exponent is below one, so this closes in on the pressure, the better the steadier the flow.
        let mut pressure = self.flows.pressure.max(0.01 * BAR);
        for _ in 0..4 {
            pressure = need(flux * share, pressure);
        }
        (share, pressure.min(p.pressure_max))
    }

    /// Slurry in: its solids on the cake, its liquor through it. Returns the fresh cake and the filtrate.
    fn form(&mut self, dt: f64) -> (Cake, Matter) {
        let load = self.load();
        let (s, c) = (&self.settings.cloth, &self.chemistry);
        let formed = libm::exp(-load / s.bridge);
        let passing = s.passing_formed + (s.passing_bare - s.passing_formed) * formed;
        let passing = s.torn + (1.0 - s.torn) * passing.clamp(0.0, 1.0);
        let mut solids = Matter::default();
        for k in c.range(Phase::Solid) {
            let amount = self.feed.matter.amount[k];
            solids.amount[k] = amount;
            solids.enthalpy += amount * c.molar_enthalpy(Species::ALL[k], self.feed.temperature);
        }
        let mut filtrate = self.feed.matter.clone();
        filtrate.subtract(&solids);
        let passed = solids.take(passing);
        let mut fresh = Cake { solids, ..Cake::default() };
        let room = self.pore_room(fresh.solid_volume(c));
        let kept = (room / self.feed.liquor.max(1e-12)).min(1.0);
        let stays = filtrate.take(kept);
        filtrate.add(&passed);
        let out = self.feed.liquor * (1.0 - kept);
        fresh.soak(&stays, self.feed.liquor * kept);
        self.flows.filtrate = out / dt;
        if out > 0.0 {
            self.flows.turbidity = passed.mass(c).max(0.0) / out;
            self.blinding += s.blinding * out / self.settings.plates.area;
        }
        (fresh, filtrate)
    }

    /// The wash that comes in one step, through `cake`.
    fn wash(&self, cake: &mut Cake, wash: &Matter) -> (Matter, f64) {
        let density =
            Makeup::of(wash, &self.chemistry).density(self.settings.feed.temperature, &mut Notes::default());
        let volume = wash.phase_mass(Phase::Aqueous, &self.chemistry).max(0.0) / density;
        let room = self.pore_room(cake.solid_volume(&self.chemistry));
        let channel = if room > 0.0 { self.settings.cake.channelling } else { 1.0 };
        let mut out = wash.part(channel);
        let mut rest = wash.clone();
        rest.subtract(&out);
        if room > 0.0 {
            let (more, _) = cake.displace(&rest, volume * (1.0 - channel), room);
            out.add(&more);
        }
        (out, volume)
    }
}

impl UnitOperation for Filter {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let [runs, discharge, blow, cloth_wash]: [bool; 4] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value >= 0.5
        });
        let press = self.settings.plates.cake_time <= 0.0;
        let open = press && discharge;
        self.flows =
            Flows { turbidity: self.flows.turbidity, pressure: self.flows.pressure, ..Flows::default() };
        self.take_slurry(x, runs && !open, dt);
        if cloth_wash {
            self.blinding *= libm::exp(-dt / self.settings.cloth.wash_time);
        }
        if runs && (!press || blow) {
            self.dewater(x, dt);
        }
        let share = match (press, open) {
            (true, true) => self.fall(dt),
            (true, false) => 0.0,
            (false, _) if runs => -libm::expm1(-dt / self.settings.plates.cake_time),
            (false, _) => 0.0,
        };
        if share > 0.0 {
            let out = self.cake.leave(share);
            self.flows.cake = out.mass(&self.chemistry) / dt;
            x.outlets[CAKE].add(&out);
        }
    }

    fn read(&self, readings: &mut [f64]) {
        let (c, f) = (&self.chemistry, &self.flows);
        let solids = self.cake.solids.mass(c);
        let liquor = self.cake.mother.mass(c) + self.cake.wash.mass(c);
        let held = self.cake.mother_volume + self.cake.wash_volume;
        let volume = self.cake.solid_volume(c) / (1.0 - self.settings.cake.porosity);
        readings.copy_from_slice(&[
            f.cake * 3600.0,
            f.filtrate * 3600.0,
            f.wash_filtrate * 3600.0,
            f.overflow * 3600.0,
            if solids + liquor > 1e-6 { 100.0 * liquor / (solids + liquor) } else { 0.0 },
            f.pressure * 1e-5,
            f.turbidity * 1e3,
            100.0 * volume / self.settings.plates.chamber,
            self.load(),
            solids + liquor,
            self.cake.ratio,
            if held > 1e-12 { 100.0 * self.cake.mother_volume / held } else { 0.0 },
            self.settings.cloth.clean + self.blinding,
            self.feed.temperature - 273.15,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        for matter in [&self.cake.solids, &self.cake.mother, &self.cake.wash] {
            account.count(matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        duty.feeds[SLURRY] = self.recipe.part(f.flow);
        duty.feeds[WASH] = self.water.part(f.wash);
        duty.orders[RUNS] = f.runs;
        duty.orders[DISCHARGE] = f.discharge;
        duty.orders[BLOW] = f.blow;
        duty.orders[CLOTH_WASH] = f.cloth_wash;
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.cake.state(walk);
        self.feed.state(walk);
        self.notes.state(walk);
        walk.f64(&mut self.blinding);
        for value in &mut self.viscosity {
            walk.f64(value);
        }
        let f = &mut self.flows;
        for value in [
            &mut f.cake,
            &mut f.filtrate,
            &mut f.wash_filtrate,
            &mut f.overflow,
            &mut f.turbidity,
            &mut f.pressure,
        ] {
            walk.f64(value);
        }
    }
}

impl Filter {
    /// Admits, forms, washes. A continuous filter washes what it has just formed; a press washes all it holds.
    fn take_slurry(&mut self, x: &mut Exchange<'_>, closed: bool, dt: f64) {
        let slurry = &x.inlets[SLURRY];
        let mut fresh = Cake::default();
        self.flows.pressure = 0.0;
        if slurry.phase_mass(Phase::Aqueous, &self.chemistry) > 1e-9 {
            self.feed.matter = slurry.clone();
            self.feed.settle(&self.chemistry, &mut self.notes);
            let (share, pressure) = if closed { self.admit(dt) } else { (0.0, 0.0) };
            let back = self.feed.matter.take(1.0 - share);
            x.outlets[OVERFLOW].add(&back);
            self.flows.overflow = self.feed.volume() * (1.0 - share) / dt;
            self.feed.liquor *= share;
            self.feed.solids *= share;
            if share > 0.0 {
                self.flows.pressure = pressure;
                let (cake, filtrate) = self.form(dt);
                fresh = cake;
                x.outlets[FILTRATE].add(&filtrate);
            }
        } else {
            // A drop, or dry matter that no liquor carries: it does not filter.
            x.outlets[OVERFLOW].add(slurry);
        }
        let continuous = self.settings.plates.cake_time > 0.0;
        if fresh.mother_volume > 0.0 && !continuous {
            self.cake.soak(&Matter::default(), 0.0);
        }
        let wash = &x.inlets[WASH];
        let mut cake = core::mem::take(&mut self.cake);
        let own = continuous && fresh.mother_volume > 0.0;
        if !own {
            cake.merge(&fresh);
        }
        let (out, volume) = self.wash(if own { &mut fresh } else { &mut cake }, wash);
        self.flows.wash_filtrate += volume / dt;
        x.outlets[WASH_FILTRATE].add(&out);
        if own {
            cake.merge(&fresh);
        }
        self.cake = cake;
    }

    /// Vacuum, spin or air draws the pores towards what they keep.
    fn dewater(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let k = &self.settings.cake;
        let keep = self.pore_room(self.cake.solid_volume(&self.chemistry)) * k.saturation;
        let held = self.cake.mother_volume + self.cake.wash_volume;
        let goal = keep + (held - keep).max(0.0) * libm::exp(-dt / k.drain_time);
        let washed = self.cake.ratio > 0.0;
        let (out, volume) = self.cake.overflow(goal);
        if washed {
            self.flows.wash_filtrate += volume / dt;
            x.outlets[WASH_FILTRATE].add(&out);
        } else {
            self.flows.filtrate += volume / dt;
            x.outlets[FILTRATE].add(&out);
        }
    }

    /// Share of the cake that falls out of an open press in one step; the last of it all at once.
    fn fall(&mut self, dt: f64) -> f64 {
        let p = &self.settings.plates;
        let left = self.cake.solid_volume(&self.chemistry) / p.chamber;
        if left < 1e-3 { 1.0 } else { -libm::expm1(-7.0 * dt / p.discharge_time) }
    }
}

#[cfg(test)]
#[path = "filter/tests.rs"]
mod tests;
