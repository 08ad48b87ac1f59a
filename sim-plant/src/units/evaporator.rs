//! LiOH.H2O evaporative crystalliser with vapour recompression, centrifuge and return of the mother liquor.
//!
//! ```text
//! Li+ + OH- + H2O -> LiOH.H2O(s)     s = sqrt(m_Li m_OH)/m*(T) - 1,  G = k_g s^g,  B = k_b M_T s^2 + k_p (s - s_m)+^2
//! evaporation k (p_w(T, x) - P);  vapour space P V = n R T;  compressor takes q N P/(R T)
//! Q = n (h_steam + w - h_condensate),  w = cp T ((p_sat(T + Q/UA)/P)^(R/cp) - 1)/eta
//! ```
//!
//! Sources: basis 2.3 (growth and nucleation, moments, purge, washing), 5.3 (solubility); the boiling-point elevation is
//! that of the water activity. Growth is implicit in what crystallises, so that the area of a dense slurry needs no short
//! step. The population is in `crystals.rs`. Left out: mother liquor enclosed in the crystals, other solids
//! (Li2CO3, Li2SO4, NaOH), scaling, crystals that the wash dissolves, classification, carbonation by air.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, MASS_LIOH, MASS_WATER, REFERENCE, ZERO_CELSIUS};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::properties::saturation_pressure;
use crate::root;
use crate::solution::oversaturated::{Anion, note_oversaturated};
use crate::solution::solubility::Salt;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation, ratio};
use crate::units::crystals::Crystals;
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, free_volume};

tables! {
    Body {
        /// Slurry at 100 % level
        volume: "m3", 0.01, 1000.0;
        /// Vapour space with separator and duct
        space: "m3", 0.1, 1000.0;
        /// Evaporation per pressure difference
        evaporation: "mol/(s bar)", 1.0, 1e6;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Circulation pump; ends as heat
        pump: "kW", 0.0, 1000.0;
    }
    Vapour {
        /// Compressor at full speed, suction
        suction: "m3/s", 0.0, 1000.0;
        /// Isentropic efficiency with motor
        efficiency: "", 0.1, 1.0;
        /// Largest pressure ratio; above it the flow gives way
        ratio: "", 1.05, 5.0;
        /// Heater, by the temperature difference of condensing vapour and slurry
        exchange: "kW/K", 1.0, 1e5;
        /// The condensate leaves at this temperature, cooled by the feed
        condensate: "degC", 20.0, 100.0;
        /// Largest duty of the live steam
        steam: "kW", 0.0, 1e5;
        /// Saturation temperature of the live steam: its largest duty reaches a slurry up to 115 degC, and nothing one as hot
        live: "degC", 120.0, 250.0;
        /// Vent at full opening, suction
        vent: "m3/s", 0.0, 100.0;
    }
    Growth {
        /// Growth at a supersaturation of 1 % (s = 0.01)
        growth: "m/s", 0.0, 1e-4;
        /// Exponent g
        order: "", 0.5, 3.0;
        /// Dissolution at s = -0.01
        dissolution: "m/s", 0.0, 1e-4;
        /// k_b: nuclei per s and kg of crystals at s = 1
        secondary: "1/(kg s)", 0.0, 1e14;
        /// k_p: nuclei per s and m3 at s - s_m = 1
        primary: "1/(m3 s)", 0.0, 1e20;
        /// s_m, edge of the metastable zone
        metastable: "", 0.0, 1.0;
        /// Volume of a crystal per cube of its length
        shape: "", 0.1, 1.0;
    }
    Centrifuge {
        /// Liquor that stays in the cake
        moisture: "wt%", 0.1, 40.0;
        /// Mother liquor in the cake that one cake volume of wash displaces
        wash: "", 0.0, 1.0;
    }
    Feed {
        /// LiOH in the feed
        strength: "wt%", 0.5, 12.0;
        /// Sodium in the feed
        sodium: "mg/L", 0.0, 50000.0;
        /// Chloride in the feed
        chloride: "mg/L", 0.0, 50000.0;
        /// Sulfate in the feed
        sulfate: "mg/L", 0.0, 50000.0;
        /// Temperature of feed and wash
        temperature: "degC", 5.0, 100.0;
        /// Feed per percent of level below the set point, from twice the nominal down to nothing
        nominal: "kg/h", 0.0, 1e6;
        /// Level that the feed holds
        level: "%", 5.0, 100.0;
        /// Pressure that live steam and vent hold
        pressure: "bar", 0.1, 3.0;
        /// Speed of the compressor
        compressor: "", 0.0, 1.0;
        /// Live steam to the heater whatever the pressure, as without a compressor; the vent holds the pressure
        steam: "kW", 0.0, 1e5;
        /// Solids in the slurry that the draw holds
        solids: "wt%", 1.0, 50.0;
        /// Draw at that density
        draw: "m3/h", 0.0, 1000.0;
        /// Share of the mother liquor that is purged
        purge: "", 0.0, 1.0;
        /// Wash water
        wash: "kg/h", 0.0, 1e5;
    }
    Start {
        /// The liquor is saturated at
        temperature: "degC", 20.0, 110.0;
        /// Crystals at the start
        solids: "g/L", 0.0, 600.0;
        /// Their mass median
        size: "um", 1.0, 5000.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    body: Body,
    vapour: Vapour,
    growth: Growth,
    centrifuge: Centrifuge,
    feed: Feed,
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        Self {
            body: Body::read(r, "body"),
            vapour: Vapour::read(r, "vapour"),
            growth: Growth::read(r, "growth"),
            centrifuge: Centrifuge::read(r, "centrifuge"),
            feed: Feed::read(r, "feed"),
            start: Start::read(r, "start"),
        }
    }
}

pub const FEED: usize = 0;
pub const WASH: usize = 1;
pub const PRODUCT: usize = 0;
pub const PURGE: usize = 1;
pub const CONDENSATE: usize = 2;
pub const VENT: usize = 3;
pub const OVERFLOW: usize = 4;

/// The body runs over at this share of its volume.
const BRIM: f64 = 1.1;
/// Below this level the heater's tubes lose their liquor, and the pump draws vapour.
const COVERED: f64 = 0.05;
/// K of the slurry up to which the live steam gives all its duty: it boils at 105 to 108 degC at 1 bar.
const RATED: f64 = 388.15;
/// kg of product below which nothing is per product.
const GRAM: f64 = 1e-3;
/// No step warms what is in the body by more, K: a heater that would has run dry.
const STEP_RISE: f64 = 5.0;

pub static SHAPE: Shape = Shape {
    name: "evaporator",
    text: "LiOH.H2O evaporative crystalliser with vapour recompression and centrifuge",
    inlets: &[
        Port { name: "feed", text: "LiOH liquor to the body" },
        Port { name: "wash", text: "water on the cake" },
    ],
    outlets: &[
        Port { name: "product", text: "washed cake" },
        Port { name: "purge", text: "mother liquor" },
        Port { name: "condensate", text: "of the compressed vapour" },
        Port { name: "vent", text: "vapour that is not compressed" },
        Port { name: "overflow", text: "slurry above 110 % level" },
    ],
    orders: &[
        Order { name: "compressor", unit: "", low: 0.0, high: 1.0, text: "speed" },
        Order { name: "steam", unit: "kW", low: 0.0, high: 1e5, text: "duty of the live steam" },
        Order { name: "vent", unit: "", low: 0.0, high: 1.0, text: "valve to the condenser" },
        Order { name: "draw", unit: "m3/h", low: 0.0, high: 1000.0, text: "slurry to the centrifuge" },
        Order { name: "purge", unit: "", low: 0.0, high: 1.0, text: "share of the mother liquor" },
    ],
    readings: &[
        Reading { name: "T", unit: "degC", text: "slurry" },
        Reading { name: "pressure", unit: "bar", text: "vapour space, absolute" },
        Reading { name: "level", unit: "%", text: "slurry" },
        Reading { name: "BPE", unit: "K", text: "boiling-point elevation of the liquor" },
        Reading { name: "supersaturation", unit: "%", text: "of the liquor" },
        Reading { name: "solids", unit: "wt%", text: "crystals in the slurry" },
        Reading { name: "density", unit: "kg/m3", text: "slurry" },
        Reading { name: "d50", unit: "um", text: "mass median of the crystals" },
        Reading { name: "CV", unit: "", text: "coefficient of variation of their mass by size" },
        Reading { name: "growth", unit: "nm/s", text: "of the crystals" },
        Reading { name: "LiOH", unit: "g/L", text: "hydroxide of the liquor as LiOH" },
        Reading { name: "Na", unit: "g/L", text: "mother liquor" },
        Reading { name: "Cl", unit: "g/L", text: "mother liquor" },
        Reading { name: "SO4", unit: "g/L", text: "mother liquor" },
        Reading { name: "evaporated", unit: "kg/h", text: "water" },
        Reading { name: "product", unit: "kg/h", text: "LiOH.H2O in the cake" },
        Reading { name: "product-Na", unit: "ppm", text: "per LiOH.H2O, by mass" },
        Reading { name: "product-Cl", unit: "ppm", text: "per LiOH.H2O, by mass" },
        Reading { name: "product-SO4", unit: "ppm", text: "per LiOH.H2O, by mass" },
        Reading { name: "water-per-t", unit: "t", text: "evaporated per t of LiOH.H2O, since the start" },
        Reading { name: "compressor", unit: "kW", text: "shaft with motor" },
        Reading { name: "ratio", unit: "", text: "pressure ratio of the compressor" },
        Reading { name: "kWh-per-t-water", unit: "kWh", text: "compressor, per t compressed" },
        Reading {
            name: "kWh-per-t",
            unit: "kWh",
            text: "compressor, pump, live steam per t LiOH.H2O, since the start",
        },
        Reading { name: "steam", unit: "kW", text: "live steam" },
    ],
    step_max: 2.0,
};

/// OH- is Water - Acid.
const CRYSTALLISE: [(Species, f64); 4] = [
    (Species::Lithium, -1.0),
    (Species::Water, -2.0),
    (Species::Acid, 1.0),
    (Species::LithiumHydroxideHydrate, 1.0),
];

/// J/mol of steam at 100 degC, IAPWS-IF97.
const LATENT: f64 = 40.66e3;

/// What was last seen, for the readings and the next step.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    elevation: f64,
    supersaturation: f64,
    growth: f64,
    /// kg/s
    evaporated: f64,
    product: f64,
    impurities: [f64; 3],
    /// W
    shaft: f64,
    steam: f64,
    ratio: f64,
    /// kg/s to the compressor; W that the heater gave.
    compressed: f64,
    duty: f64,
}

#[derive(Clone, Debug)]
pub struct Evaporator {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    slurry: Slurry,
    vapour: Matter,
    crystals: Crystals,
    seen: Seen,
    /// Since the start: kg of water, kg of product, J.
    water: f64,
    made: f64,
    energy: f64,
    notes: Notes,
}

impl Evaporator {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let (s, b, f) = (&settings.start, &settings.body, &settings.feed);
        let volume = b.volume * f.level;
        let saturated = Salt::LithiumHydroxide.solubility(s.temperature, &mut notes);
        let mut recipe = Matter::default();
        let crystals = s.solids * volume / chemistry.molar_mass(Species::LithiumHydroxideHydrate);
        recipe[Species::LithiumHydroxideHydrate] = crystals;
        // Filling makes the water beside crystals and lye, and that water holds so much lye. From 0.95 kg in a litre each
        // round comes five times nearer.
        let mut water = 950.0 * volume;
        for _ in 0..12 {
            let lye = saturated * 0.01 * water / MASS_LIOH;
            recipe[Species::Lithium] = lye;
            recipe[Species::Acid] = -lye;
            let filled =
                Slurry::filled(&recipe, volume, s.temperature, &chemistry, &mut Notes::default()).matter;
            water = (filled[Species::Water] - lye) * chemistry.molar_mass(Species::Water);
        }
        let slurry = Slurry::filled(&recipe, volume, s.temperature, &chemistry, &mut notes);
        let pressure = slurry.vapour_pressure(&chemistry, &mut notes);
        let steam = pressure * b.space / (GAS * s.temperature);
        let third =
            crystals * chemistry.volume[Species::LithiumHydroxideHydrate.index()] / settings.growth.shape;
        Self {
            vapour: chemistry.parcel(&[(Species::Steam, steam)], s.temperature),
            crystals: Crystals::mixed(third, s.size),
            slurry,
            seen: Seen::default(),
            water: 0.0,
            made: 0.0,
            energy: 0.0,
            settings,
            chemistry,
            notes,
        }
    }

    fn vapour_temperature(&self) -> f64 {
        let (formed, capacity) = self.chemistry.sums(&self.vapour);
        if capacity > 1e-9 {
            (REFERENCE + (self.vapour.enthalpy - formed) / capacity).clamp(250.0, 1000.0)
        } else {
            self.slurry.temperature
        }
    }

    /// Opening of the vent that takes, in a step, what has evaporated in the last one and half of what is too much: more
    /// would empty the vapour space at once, and shut again.
    fn calm_vent(&self) -> f64 {
        let (space, pressure) = (self.settings.body.space, self.pressure());
        let reach = self.settings.vapour.vent * SHAPE.step_max;
        if reach <= 0.0 || pressure <= 0.0 {
            return 1.0;
        }
        let excess = 0.5 * (1.0 - self.settings.feed.pressure / pressure).max(0.0);
        let held = pressure * space / (GAS * self.vapour_temperature());
        let made = self.seen.evaporated.max(0.0) * SHAPE.step_max / MASS_WATER / held;
        // Of a space that is emptied more than once in a step nothing is left to hold back.
        let share = (excess + made).min(0.999);
        -libm::log1p(-share) * space / reach
    }

    /// Pa
    fn pressure(&self) -> f64 {
        let moles = self.vapour.phase_moles(Phase::Gas, &self.chemistry).max(0.0);
        moles * GAS * self.vapour_temperature() / self.settings.body.space
    }

    /// Water to the vapour space, implicit in what leaves.
    fn evaporate(&mut self, dt: f64) {
        let b = &self.settings.body;
        let (kelvin, pressure) = (self.slurry.temperature, self.pressure());
        let over = self.slurry.vapour_pressure(&self.chemistry, &mut self.notes);
        let latent = self.chemistry.molar_enthalpy(Species::Steam, kelvin)
            - self.chemistry.molar_enthalpy(Species::Water, kelvin);
        let cools = over * latent * latent / (GAS * kelvin * kelvin * self.slurry.capacity.max(1.0));
        let fills = GAS * kelvin / b.space;
        let rate = b.evaporation * 1e-5 * dt;
        let extent = rate * (over - pressure) / (1.0 + rate * (cools + fills));
        // Vapour condenses when the pressure is above that of the slurry.
        let extent = extent.clamp(
            -0.5 * self.vapour[Species::Steam].max(0.0),
            0.05 * self.slurry.matter[Species::Water].max(0.0),
        );
        self.slurry.matter.react(&[(Species::Water, -1.0), (Species::Steam, 1.0)], extent.max(0.0));
        if extent > 0.0 {
            let steam = self.chemistry.parcel(&[(Species::Steam, extent)], kelvin);
            self.slurry.matter.subtract(&steam);
            self.vapour.add(&steam);
        } else {
            let mut back = self.chemistry.parcel(&[(Species::Steam, -extent)], self.vapour_temperature());
            self.vapour.subtract(&back);
            back.react(&[(Species::Steam, -1.0), (Species::Water, 1.0)], -extent);
            self.slurry.matter.add(&back);
        }
        self.seen.evaporated = extent * MASS_WATER / dt;
        self.water += extent * MASS_WATER;
        let boiling = self.slurry.boiling_point(pressure, &self.chemistry, &mut self.notes);
        let pure = |kelvin: f64| saturation_pressure(kelvin) - pressure;
        self.seen.elevation = boiling - root::rising(pure, 273.15, 423.15, 1e-4, &mut self.notes);
    }

    /// Compresses vapour, condenses it in the heater; live steam and pump as well. J from outside.
    fn heat(&mut self, x: &mut Exchange<'_>, dt: f64) -> f64 {
        let (v, b) = (&self.settings.vapour, &self.settings.body);
        let (pressure, kelvin) = (self.pressure(), self.vapour_temperature());
        let condensing = self.slurry.temperature + self.seen.duty / (v.exchange * 1e3);
        let wanted = (saturation_pressure(condensing) / pressure.max(100.0)).max(1.0);
        // A compressor that is asked for more gives way.
        let yields = if wanted > v.ratio { (v.ratio - 1.0) / (wanted - 1.0) } else { 1.0 };
        self.notes.check(Remark::Limited, yields >= 1.0);
        let ratio = wanted.min(v.ratio);
        let take = |flow: f64| 1.0 - libm::exp(-flow * dt / b.space);
        let wet = (free_volume(&self.slurry) / (COVERED * b.volume)).min(1.0);
        self.notes.check(Remark::Limited, wet >= 1.0);
        // What the slurry can take up in one step, and the vapour whose condensation gives as much.
        let most = STEP_RISE * self.slurry.capacity.max(0.0);
        let condensed = most / LATENT / self.vapour[Species::Steam].max(1e-9);
        let mut steam = self.vapour.take((wet * take(v.suction * x.orders[0] * yields)).min(condensed));
        let moles = steam.phase_moles(Phase::Gas, &self.chemistry).max(0.0);
        let capacity = 33.6;
        let work = moles * capacity * kelvin * (libm::pow(ratio, GAS / capacity) - 1.0) / v.efficiency;
        let vapour = steam.enthalpy;
        let water = steam[Species::Steam];
        steam.react(&[(Species::Steam, -1.0), (Species::Water, 1.0)], water);
        let (formed, held) = self.chemistry.sums(&steam);
        steam.enthalpy = formed + held * (v.condensate - REFERENCE);
        let from_vapour = vapour + work - steam.enthalpy;
        let mass = steam.mass(&self.chemistry);
        x.outlets[CONDENSATE].add(&steam);
        let vented = self.vapour.take(take(v.vent * x.orders[2]));
        x.outlets[VENT].add(&vented);
        let coil = Coil { largest: v.steam, steam: v.live, rated: RATED };
        let live = coil.warm(&self.slurry, wet * x.orders[1] * 1e3, dt).min(most);
        let pump = (wet * b.pump * dt).min(most);
        let wall = Wall { conductance: b.heat_loss, ambient: b.ambient };
        let crossed = wall.warm(&mut self.slurry, from_vapour + live + pump, dt);
        let s = &mut self.seen;
        (s.shaft, s.steam, s.ratio) = (work / dt, live / dt, ratio);
        s.compressed = mass / dt;
        // The heater's temperature difference follows its duty within seconds.
        s.duty += ((from_vapour + live) / dt - s.duty) * (1.0 - libm::exp(-dt / 10.0));
        s.duty = s.duty.clamp(0.0, 1e9);
        self.energy += work + live + pump;
        work + crossed - from_vapour
    }

    /// Supersaturation of amounts in `matter`.
    fn supersaturation(matter: &Matter, saturated: f64) -> f64 {
        let water = (matter[Species::Water] * MASS_WATER).max(1e-9);
        let product = matter[Species::Lithium].max(0.0) * (-matter[Species::Acid]).max(0.0);
        product.sqrt() / water / saturated - 1.0
    }

    /// Nuclei, and growth implicit in what crystallises.
    fn crystallise(&mut self, dt: f64) {
        let g = &self.settings.growth;
        let kelvin = self.slurry.temperature;
        let saturated = Salt::LithiumHydroxide.solubility(kelvin, &mut self.notes) * 0.01 / MASS_LIOH;
        let matter = &self.slurry.matter;
        let held = matter[Species::LithiumHydroxideHydrate].max(0.0);
        let now = Self::supersaturation(matter, saturated);
        let over = now.max(0.0);
        let mass = held * self.chemistry.molar_mass(Species::LithiumHydroxideHydrate);
        let beyond = (over - g.metastable).max(0.0);
        let nuclei = g.secondary * mass * over * over + g.primary * self.slurry.liquor * beyond * beyond;
        self.crystals.0[0] += nuclei * dt;
        let per_third = g.shape / self.chemistry.volume[Species::LithiumHydroxideHydrate.index()];
        let crystals = &self.crystals;
        let speed = |s: f64| {
            if s > 0.0 { g.growth * libm::pow(s * 100.0, g.order) } else { g.dissolution * s * 100.0 }
        };
        let mut trial = matter.clone();
        let error = |extent: f64| {
            trial.amount = matter.amount;
            trial.react(&CRYSTALLISE, extent);
            let length = speed(Self::supersaturation(&trial, saturated)) * dt;
            let wanted = if length > 0.0 {
                per_third * (crystals.grown(length).0[3] - crystals.0[3])
            } else {
                // The area that is there dissolves.
                3.0 * per_third * crystals.0[2] * length
            };
            extent - wanted
        };
        let most = (0.9 * matter[Species::Lithium]).min(-0.9 * matter[Species::Acid]);
        let most = most.min(0.4 * matter[Species::Water]).max(0.0);
        let extent = root::rising(error, -held, most, 1e-12 * (held + most), &mut self.notes);
        self.slurry.matter.react(&CRYSTALLISE, extent);
        let s = Self::supersaturation(&self.slurry.matter, saturated);
        if extent > 0.0 {
            self.crystals = self.crystals.grown(speed(s.max(0.0)) * dt);
        }
        self.crystals.match_solids(self.slurry.matter[Species::LithiumHydroxideHydrate].max(0.0) / per_third);
        (self.seen.supersaturation, self.seen.growth) = (s, speed(s));
    }

    /// What stands above the brim leaves as it is.
    fn run_over(&mut self) -> Matter {
        let volume = self.slurry.volume();
        let brim = BRIM * self.settings.body.volume;
        if volume <= brim {
            return Matter::default();
        }
        self.notes.note(Remark::Limited);
        let share = 1.0 - brim / volume;
        self.crystals.scale(1.0 - share);
        self.slurry.draw(share)
    }

    /// Slurry to the centrifuge; cake and purge leave, the rest of the liquor comes back.
    fn separate(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let volume = self.slurry.volume();
        let share = (x.orders[3] / 3600.0 * dt / volume.max(1e-9)).clamp(0.0, 0.5);
        self.crystals.scale(1.0 - share);
        let kelvin = self.slurry.temperature;
        let mut liquor = self.slurry.matter.take(share);
        let mut cake = self.chemistry.parcel_of(&liquor, Phase::Solid, 1.0, kelvin);
        liquor.subtract(&cake);
        let solids = cake.mass(&self.chemistry);
        let c = &self.settings.centrifuge;
        let retained = solids * c.moisture / (1.0 - c.moisture);
        let held = (retained / liquor.mass(&self.chemistry).max(1e-12)).min(1.0);
        let mut wash = x.inlets[WASH].clone();
        let water = wash.mass(&self.chemistry);
        let displaced = c.wash * (water / retained.max(1e-12)).min(1.0);
        cake.add(&liquor.take(held * (1.0 - displaced)));
        cake.add(&wash.take(retained * displaced / water.max(1e-12)));
        liquor.add(&wash);
        x.outlets[PURGE].add(&liquor.take(x.orders[4]));
        self.slurry.matter.add(&liquor);
        let hydrate = cake[Species::LithiumHydroxideHydrate]
            * self.chemistry.molar_mass(Species::LithiumHydroxideHydrate);
        self.seen.product = hydrate / dt;
        self.made += hydrate;
        self.seen.impurities = IMPURITIES
            .map(|species| ratio(cake[species] * self.chemistry.molar_mass(species), hydrate, 1e-9));
        x.outlets[PRODUCT].add(&cake);
    }
}

const IMPURITIES: [Species; 3] = [Species::Sodium, Species::Chloride, Species::Sulfate];

impl UnitOperation for Evaporator {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let mut feed = x.inlets[FEED].clone();
        // Gases that come with the liquor flash into the vapour space.
        let gas = self.chemistry.parcel_of(&feed, Phase::Gas, 1.0, self.slurry.temperature);
        if gas.amount.iter().any(|amount| *amount != 0.0) {
            feed.subtract(&gas);
            self.vapour.add(&gas);
        }
        self.slurry.matter.add(&feed);
        x.heat += self.heat(x, dt);
        self.slurry.settle(&self.chemistry, &mut self.notes);
        self.evaporate(dt);
        self.crystallise(dt);
        self.slurry.settle(&self.chemistry, &mut self.notes);
        self.separate(x, dt);
        self.slurry.settle(&self.chemistry, &mut self.notes);
        let grown = Some((Species::Lithium, Anion::Hydroxide));
        note_oversaturated(&self.slurry, grown, &self.chemistry, &mut self.notes);
        x.outlets[OVERFLOW].add(&self.run_over());
    }

    fn read(&self, readings: &mut [f64]) {
        let (s, c) = (&self.seen, &self.chemistry);
        let (d50, spread) = self.crystals.size();
        let mass = self.slurry.matter.mass(c);
        let solids = self.slurry.matter.phase_mass(Phase::Solid, c);
        let [sodium, chloride, sulfate] = IMPURITIES.map(|species| self.slurry.grams_per_litre(species, c));
        readings.copy_from_slice(&[
            self.slurry.temperature - ZERO_CELSIUS,
            self.pressure() * 1e-5,
            self.slurry.volume() / self.settings.body.volume * 100.0,
            s.elevation,
            s.supersaturation * 100.0,
            solids / mass.max(1e-9) * 100.0,
            mass / self.slurry.volume().max(1e-9),
            d50 * 1e6,
            spread,
            s.growth * 1e9,
            -self.slurry.concentration(Species::Acid) * MASS_LIOH * 1e3,
            sodium,
            chloride,
            sulfate,
            s.evaporated * 3600.0,
            s.product * 3600.0,
            s.impurities[0] * 1e6,
            s.impurities[1] * 1e6,
            s.impurities[2] * 1e6,
            ratio(self.water, self.made, GRAM),
            s.shaft * 1e-3,
            s.ratio,
            ratio(s.shaft / 3600.0, s.compressed, 1e-9),
            ratio(self.energy / 3600.0, self.made, GRAM),
            s.steam * 1e-3,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.slurry.matter, &self.chemistry);
        account.count(&self.vapour, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// As an operator's loops would: feed by level, live steam and vent by pressure, draw by slurry density.
    fn duty(&self, duty: &mut Duty) {
        let (f, c) = (&self.settings.feed, &self.chemistry);
        let notes = &mut Notes::default();
        let level = self.slurry.volume() / self.settings.body.volume;
        let flow = f.nominal * (1.0 + 20.0 * (f.level - level)).clamp(0.0, 2.0);
        let mut recipe = Matter::default();
        let lye = flow * f.strength / MASS_LIOH;
        let litres = flow / (1.0 + 1.05 * f.strength);
        let amount = |milligrams: f64, species: Species| litres * milligrams * 1e-6 / c.molar_mass(species);
        let (sodium, chloride, sulfate) = (
            amount(f.sodium, Species::Sodium),
            amount(f.chloride, Species::Chloride),
            amount(f.sulfate, Species::Sulfate),
        );
        recipe[Species::Lithium] = lye + chloride + 2.0 * sulfate;
        recipe[Species::Sodium] = sodium;
        recipe[Species::Chloride] = chloride;
        recipe[Species::Sulfate] = sulfate;
        recipe[Species::Acid] = -lye - sodium;
        // Hydroxide is water less a proton.
        recipe[Species::Water] = flow * (1.0 - f.strength) / c.molar_mass(Species::Water) + lye + sodium;
        duty.feeds[FEED] = Slurry::at(&recipe, f.temperature, c, notes).matter;
        let mut wash = Matter::default();
        wash[Species::Water] = f.wash / c.molar_mass(Species::Water);
        duty.feeds[WASH] = Slurry::at(&wash, f.temperature, c, notes).matter;
        let low = f.pressure - self.pressure();
        let band = 0.05 * f.pressure;
        let solids = self.slurry.matter.phase_mass(Phase::Solid, c) / self.slurry.matter.mass(c).max(1e-9);
        duty.orders.copy_from_slice(&[
            f.compressor,
            (self.settings.vapour.steam * (low / band).clamp(0.0, 1.0)).max(f.steam) * 1e-3,
            (-low / band).clamp(0.0, 1.0).min(self.calm_vent()),
            f.draw * 3600.0 * (1.0 + 4.0 * (solids / f.solids - 1.0)).clamp(0.0, 2.0),
            f.purge,
        ]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.slurry.state(walk);
        self.vapour.state(walk);
        self.crystals.state(walk);
        let s = &mut self.seen;
        let values = s.impurities.iter_mut().chain([
            &mut s.elevation,
            &mut s.supersaturation,
            &mut s.growth,
            &mut s.evaporated,
            &mut s.product,
            &mut s.shaft,
            &mut s.steam,
            &mut s.ratio,
            &mut s.compressed,
            &mut s.duty,
            &mut self.water,
            &mut self.made,
            &mut self.energy,
        ]);
        for value in values {
            walk.f64(value);
        }
        self.notes.state(walk);
    }
}
