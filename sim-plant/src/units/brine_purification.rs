//! Calcium, magnesium and traces out of a lithium brine with lye and carbonate: reactor, clarifier, pH trim.
//!
//! ```text
//! brine, lye, carbonate ─► reactor ─► clarifier ─► trim ◄─ acid
//!                             ▲           │          └───► clear, to the polishing filter
//!                             └── seed ◄──┴─► sludge
//! Mg(OH)2:  log [Mg] = log K - 2 pH + 4 D + b I + log(1 + k [SO4])       dC/dt = -k_s (C - C_sat)
//! CaCO3:    log [Ca][CO3] = log K + 8 D + b I + log(1 + k [SO4])         k_s = k (u + (1 - u) m/(m + m_half)),  m solids
//! Li2CO3:   [Li]^2 [CO3] <= 4 s(T)^3 f: the ceiling of the carbonate
//! ```
//!
//! Sources: basis 2.1 (solubilities, rates with seed, clarifier, carbonate ceiling), `D` and `b` as in
//! `solution/equilibria.rs`; constants move with the temperature by the ledger's own enthalpies. The chemistry is in
//! `brine_purification/precipitation.rs`, the settling in `clarifier.rs` beside it. Left out: silica and fluoride on the
//! sludge, sulfate of calcium, Li-Al hydroxide, crystal sizes, the mass of the polymer, CO2 that too much acid would free.

mod clarifier;
mod precipitation;

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::ZERO_CELSIUS;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::equilibria::Speciation;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, Order, Port, Reading, Shape, UnitOperation};
use crate::units::brine::{Brine, balance};
use crate::units::heat_loss::Wall;
use crate::units::heating::{Coil, OPEN_TANK, gripped, stirrable};

use clarifier::{Clarifier, Clarity};
use precipitation::{Precipitation, Solubility, TRACES};

tables! {
    Reactor {
        /// Slurry below the weir
        volume: "m3", 1e-4, 1000.0;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Surroundings
        ambient: "degC", -20.0, 50.0;
        /// Power of the agitator that ends as heat
        agitator: "kW", 0.0, 500.0;
        /// Largest duty of the coil
        coil: "kW", 0.0, 1e4;
        /// Saturated steam in the coil: its largest duty reaches a tank up to 100 degC, and nothing one as hot as the steam
        steam: "degC", 105.0, 250.0;
        /// Precipitation that remains when the agitator stands still
        still: "", 0.0, 1.0;
        /// Liquor below the weir of the trim tank
        trim: "m3", 1e-4, 1000.0;
    }
    Feed {
        /// Brine to the reactor
        brine: "m3/h", 0.0, 1000.0;
        /// The reactor is titrated with lye to this pH
        ph: "pH", 2.0, 14.0;
        /// Strength of the lye
        lye_strength: "mol/L", 0.05, 5.0;
        /// Share of LiOH in the lye; the rest is NaOH
        lye_lithium: "", 0.0, 1.0;
        /// Carbonate to the reactor, mol per mol of calcium in the brine
        carbonate: "", 0.0, 100.0;
        /// Strength of the carbonate, as soda
        carbonate_strength: "mol/L", 0.05, 3.0;
        /// The trim tank is titrated with acid down to this pH
        ph_trim: "pH", 2.0, 14.0;
        /// Strength of the acid, HCl
        acid_strength: "mol/L", 0.05, 12.0;
        /// Temperature of all feeds
        temperature: "degC", 0.0, 100.0;
        /// The coil holds this temperature
        hold: "degC", 0.0, 100.0;
        /// Sludge back to the reactor as seed
        seed: "m3/h", 0.0, 1000.0;
        /// Sludge that leaves
        sludge: "m3/h", 0.0, 1000.0;
    }
    Start {
        /// Temperature
        temperature: "degC", 0.0, 100.0;
        /// pH of everything
        ph: "pH", 2.0, 14.0;
        /// Share of the impurities that is still dissolved
        impurities: "", 0.0, 1.0;
        /// Solids in the reactor, as CaCO3 and Mg(OH)2 of equal mass
        solids: "g/L", 0.0, 300.0;
        /// Sludge bed, of the clarifier's volume
        bed: "%", 0.0, 60.0;
    }
}

/// What the brine brings besides its salts.
const IMPURITIES: [(&str, Species); 8] = [
    ("Ca", Species::Calcium),
    ("Mg", Species::Magnesium),
    ("Mn", Species::Manganese),
    ("Ni", Species::Nickel),
    ("Co", Species::Cobalt),
    ("Cu", Species::Copper),
    ("Fe3", Species::Ferric),
    ("Al", Species::Aluminium),
];

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    reactor: Reactor,
    solubility: Solubility,
    precipitation: Precipitation,
    clarity: Clarity,
    feed: Feed,
    liquor: Brine,
    /// kg/m3
    impurities: [f64; IMPURITIES.len()],
    start: Start,
    /// log10 of mol/L dissolved at pH 0.
    traces: [f64; TRACES.len()],
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let impurities = IMPURITIES
            .map(|(name, _)| r.described("impurities", name, "Dissolved in the brine", "mg/L", 0.0, 20_000.0))
            // The plant's mg/L are not among the units that the reader turns.
            .map(|milligrams| milligrams * 1e-3);
        let traces = TRACES
            .map(|(name, ..)| r.described("traces", name, "L of log10 [M] = L - n pH, mol/L", "", 0.0, 25.0));
        Self {
            reactor: Reactor::read(r, "reactor"),
            solubility: Solubility::read(r, "solubility"),
            precipitation: Precipitation::read(r, "precipitation"),
            clarity: Clarity::read(r, "clarifier"),
            feed: Feed::read(r, "feed"),
            liquor: Brine::read(r, "liquor"),
            impurities,
            start: Start::read(r, "start"),
            traces,
        }
    }

    /// Solutes (mol) in `volume` (m3) of brine, with this share of its impurities.
    fn brine(&self, volume: f64, share: f64, c: &Chemistry) -> Matter {
        let mut made = self.liquor.solutes(volume, c);
        for ((_, species), mass) in IMPURITIES.iter().zip(&self.impurities) {
            let amount = share * mass / c.molar_mass(*species) * volume;
            made[*species] += amount;
            balance(&mut made, amount * species.charge(), self.liquor.sulfate);
        }
        made
    }
}

pub const BRINE: usize = 0;
pub const LYE: usize = 1;
pub const CARBONATE: usize = 2;
pub const ACID: usize = 3;
pub const CLEAR: usize = 0;
pub const SLUDGE: usize = 1;

const AGITATOR: usize = 0;
const HEATING: usize = 1;
const SEED_DRAW: usize = 2;
const SLUDGE_DRAW: usize = 3;
const FLOCCULANT: usize = 4;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub static SHAPE: Shape = Shape {
    name: "brine_purification",
    text: "calcium, magnesium and traces out of a brine: reactor, clarifier with seed, pH trim",
    inlets: &[
        Port { name: "brine", text: "to the reactor" },
        Port { name: "lye", text: "LiOH or NaOH to the reactor" },
        Port { name: "carbonate", text: "Na2CO3 or Li2CO3, dissolved or as slurry, to the reactor" },
        Port { name: "acid", text: "to the trim tank behind the clarifier" },
    ],
    outlets: &[
        Port { name: "clear", text: "over the weir of the trim tank, to the polishing filter" },
        Port { name: "sludge", text: "drawn from the clarifier's bed" },
    ],
    orders: &[
        Order { name: "agitator", unit: "", low: 0.0, high: 1.0, text: "of the reactor runs" },
        Order {
            name: "heating",
            unit: "kW",
            low: -1e4,
            high: 1e4,
            text: "duty of the coil; below zero it cools",
        },
        Order { name: "seed", unit: "m3/h", low: 0.0, high: 1000.0, text: "sludge back to the reactor" },
        Order { name: "sludge", unit: "m3/h", low: 0.0, high: 1000.0, text: "sludge that leaves" },
        Order {
            name: "flocculant",
            unit: "",
            low: 0.0,
            high: 1.0,
            text: "of the dose that the settling is made for",
        },
    ],
    readings: &[
        reading("pH-1", "pH", "reactor"),
        reading("pH-2", "pH", "clear liquor behind the trim"),
        reading("T-1", "degC", "reactor"),
        reading("T-2", "degC", "clear liquor"),
        reading("level-1", "%", "of the reactor's weir"),
        reading("solids-1", "g/L", "reactor"),
        reading("Ca-1", "ppb", "dissolved, reactor"),
        reading("Mg-1", "ppb", "dissolved, reactor"),
        reading("CO3-1", "mg/L", "dissolved carbonate, reactor"),
        reading("OH-1", "mmol/L", "free hydroxide, reactor"),
        reading(
            "S-Li2CO3",
            "",
            "saturation of the reactor with Li2CO3; above 1 the carbonate is at its ceiling",
        ),
        reading("rate", "1/min", "of precipitation in the reactor"),
        reading("rise", "m/h", "overflow per area of the clarifier"),
        reading("bed", "%", "sludge, of the clarifier's volume"),
        reading("sludge-solids", "g/L", "in what is drawn from the clarifier"),
        reading("turbidity", "mg/L", "solids in the clear liquor"),
        reading("Ca", "ppb", "dissolved, clear liquor"),
        reading("Mg", "ppb", "dissolved, clear liquor"),
        reading("hardness", "ppb", "Ca and Mg, dissolved and as solids, clear liquor"),
        reading("Mn", "ppb", "dissolved, clear liquor"),
        reading("Ni", "ppb", "dissolved, clear liquor"),
        reading("Co", "ppb", "dissolved, clear liquor"),
        reading("Cu", "ppb", "dissolved, clear liquor"),
        reading("Fe", "ppb", "dissolved, clear liquor"),
        reading("Al", "ppb", "dissolved, clear liquor"),
        reading("Li", "g/L", "dissolved, clear liquor"),
        reading("Na", "g/L", "dissolved, clear liquor"),
        reading("clear", "m3/h", "over the weir of the trim tank"),
        reading("sludge", "m3/h", "that leaves"),
        reading("seed", "m3/h", "back to the reactor"),
        reading("sludge-dry", "kg/h", "solids that leave with the sludge"),
    ],
    step_max: 4.0,
};

/// What was last seen, per second.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    /// 1/s of precipitation in the reactor, m/s of rise in the clarifier.
    rate: f64,
    rise: f64,
    saturation: f64,
    /// kg/m3 of what is drawn.
    sludge_solids: f64,
    /// m3/s
    clear: f64,
    sludge: f64,
    seed: f64,
    /// kg/s
    sludge_dry: f64,
}

#[derive(Clone, Debug)]
pub struct BrinePurification {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    reactor: Slurry,
    clarifier: Clarifier,
    trim: Slurry,
    /// One m3 of brine, lye, carbonate and acid.
    recipes: [Matter; 4],
    /// mol of calcium in a m3 of brine.
    calcium: f64,
    seen: Seen,
    notes: Notes,
}

impl BrinePurification {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut notes = Notes::default();
        let (c, s) = (&*chemistry, &settings.start);
        let mut filled = |volume: f64, solids: f64| {
            let mut recipe = settings.brine(volume, s.impurities, c);
            for solid in [Species::CalciumCarbonate, Species::MagnesiumHydroxide] {
                recipe[solid] = 0.5 * solids * volume / c.molar_mass(solid);
            }
            let made = Slurry::filled(&recipe, volume, s.temperature, c, &mut notes);
            titrated(made, s.ph, c, &mut notes)
        };
        let (reactor, trim) = (filled(settings.reactor.volume, s.solids), filled(settings.reactor.trim, 0.0));
        let volume = settings.clarity.volume();
        let bed = filled((s.bed * volume).max(1e-6), settings.clarity.bed).matter;
        let clear = filled(volume * (1.0 - s.bed), 0.0);
        let recipes = recipes(&settings, c, &mut notes);
        let calcium = recipes[BRINE][Species::Calcium];
        let clarifier = Clarifier::new(clear, bed);
        Self { settings, reactor, clarifier, trim, recipes, calcium, seen: Seen::default(), notes, chemistry }
    }
}

/// mol/L of hydroxide: what dissolves of LiOH at room temperature, 12.8 g in 100 g of water. A pH that takes more is none of a liquor.
const LYE_MOST: f64 = 5.0;

/// Brought to a pH with LiOH or HCl, as far as lye dissolves.
fn titrated(mut slurry: Slurry, ph: f64, c: &Chemistry, notes: &mut Notes) -> Slurry {
    // The constants follow the ionic strength, so it goes twice.
    for _ in 0..2 {
        let goal = Speciation::acid_at(ph, &slurry.matter, slurry.liquor, &slurry.equilibria);
        notes.check(Remark::Limited, goal >= -LYE_MOST);
        let more = goal.max(-LYE_MOST) * slurry.liquor * 1e3 - slurry.matter[Species::Acid];
        slurry.matter[Species::Acid] += more;
        slurry.matter[Species::Chloride] += more.max(0.0);
        slurry.matter[Species::Lithium] += (-more).max(0.0);
        slurry = Slurry::at(&slurry.matter, slurry.temperature, c, notes);
    }
    slurry
}

fn recipes(settings: &Settings, c: &Chemistry, notes: &mut Notes) -> [Matter; 4] {
    let f = &settings.feed;
    let mut lye = Matter::default();
    lye[Species::Lithium] = f.lye_strength * f.lye_lithium;
    lye[Species::Sodium] = f.lye_strength * (1.0 - f.lye_lithium);
    lye[Species::Acid] = -f.lye_strength;
    let mut soda = Matter::default();
    soda[Species::Sodium] = 2.0 * f.carbonate_strength;
    soda[Species::Carbonate] = f.carbonate_strength;
    let mut acid = Matter::default();
    acid[Species::Acid] = f.acid_strength;
    acid[Species::Chloride] = f.acid_strength;
    [settings.brine(1.0, 1.0, c), lye, soda, acid]
        .map(|recipe| Slurry::filled(&recipe, 1.0, f.temperature, c, notes).matter)
}

impl UnitOperation for BrinePurification {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 5] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let (s, c, notes) = (&self.settings, &*self.chemistry, &mut self.notes);
        let (seen, r) = (&mut self.seen, &s.reactor);
        let cubic = |order: f64| order / 3600.0 * dt;
        // Both pumps draw from the same bed.
        let drawn = cubic(orders[SEED_DRAW] + orders[SLUDGE_DRAW]);
        let (mut draw, volume) = self.clarifier.draw(drawn, &s.clarity, c);
        let solids = draw.phase_mass(Phase::Solid, c);
        seen.sludge_solids = if volume > 0.0 { solids / volume } else { 0.0 };
        let back = if drawn > 0.0 { cubic(orders[SEED_DRAW]) / drawn } else { 0.0 };
        let seed = draw.take(back);
        (seen.seed, seen.sludge) = (volume * back / dt, volume * (1.0 - back) / dt);
        seen.sludge_dry = solids * (1.0 - back) / dt;
        x.outlets[SLUDGE].add(&draw);

        let reactor = &mut self.reactor;
        for stream in [&x.inlets[BRINE], &x.inlets[LYE], &x.inlets[CARBONATE], &seed] {
            reactor.matter.add(stream);
        }
        let coil = Coil { largest: r.coil, steam: r.steam, rated: OPEN_TANK };
        let joule = coil.warm(reactor, orders[HEATING] * 1e3, dt)
            + r.agitator * orders[AGITATOR] * gripped(stirrable(reactor), r.volume) * dt;
        let wall = Wall { conductance: r.heat_loss, ambient: r.ambient };
        x.heat += wall.warm(reactor, joule, dt);
        reactor.respeciate(notes);
        let stirred = r.still + (1.0 - r.still) * orders[AGITATOR];
        (seen.rate, seen.saturation) = precipitation::run(reactor, s, stirred, c, dt, notes);
        reactor.settle(c, notes);
        let (volume, kelvin) = (reactor.volume(), reactor.temperature);
        let share = if volume > r.volume { 1.0 - r.volume / volume } else { 0.0 };
        let flow = reactor.draw(share);

        let rise = ((volume * share - drawn) / dt / s.clarity.area).max(0.0);
        let clarifier = &mut self.clarifier;
        let feed = clarifier::Feed { flow, kelvin, rise, flocculant: orders[FLOCCULANT] };
        clarifier.take_in(feed, &s.clarity, c, dt);
        let wall = Wall { conductance: s.clarity.heat_loss, ambient: r.ambient };
        x.heat += wall.warm(&mut clarifier.clear, 0.0, dt);
        clarifier.clear.settle(c, notes);
        let (over, volume) = clarifier.overflow(&s.clarity, c);
        seen.rise = volume / dt / s.clarity.area;

        let trim = &mut self.trim;
        trim.matter.add(&over);
        trim.matter.add(&x.inlets[ACID]);
        trim.respeciate(notes);
        precipitation::run(trim, s, 1.0, c, dt, notes);
        trim.settle(c, notes);
        let volume = trim.volume();
        let share = if volume > r.trim { 1.0 - r.trim / volume } else { 0.0 };
        seen.clear = volume * share / dt;
        x.outlets[CLEAR].add(&trim.draw(share));
    }

    fn read(&self, readings: &mut [f64]) {
        let (c, seen) = (&self.chemistry, &self.seen);
        let (one, two) = (&self.reactor, &self.trim);
        // By mass of liquor.
        let ppb = |s: &Slurry, species| s.grams_per_litre(species, c) / s.density.max(1.0) * 1e9;
        let hard = [Species::CalciumCarbonate, Species::CalciumHydroxide, Species::MagnesiumHydroxide];
        let metal = [Species::Calcium, Species::Calcium, Species::Magnesium];
        let solid: f64 = hard
            .iter()
            .zip(metal)
            .map(|(solid, metal)| {
                two.concentration(*solid) * c.molar_mass(metal) * 1e3 / two.density.max(1.0)
            })
            .sum();
        let dissolved = IMPURITIES.map(|(_, species)| ppb(two, species));
        readings[..16].copy_from_slice(&[
            one.ph(),
            two.ph(),
            one.temperature - ZERO_CELSIUS,
            two.temperature - ZERO_CELSIUS,
            100.0 * one.volume() / self.settings.reactor.volume,
            one.solids_per_volume(c),
            ppb(one, Species::Calcium),
            ppb(one, Species::Magnesium),
            one.grams_per_litre(Species::Carbonate, c) * 1e3,
            one.species.hydroxide * 1e3,
            seen.saturation,
            seen.rate * 60.0,
            seen.rise * 3600.0,
            100.0 * self.clarifier.bed_volume(c) / self.settings.clarity.volume(),
            seen.sludge_solids,
            two.solids_per_volume(c) * 1e3,
        ]);
        readings[16..18].copy_from_slice(&dissolved[..2]);
        readings[18] = dissolved[0] + dissolved[1] + solid * 1e9;
        readings[19..25].copy_from_slice(&dissolved[2..]);
        readings[25..].copy_from_slice(&[
            two.grams_per_litre(Species::Lithium, c),
            two.grams_per_litre(Species::Sodium, c),
            seen.clear * 3600.0,
            seen.sludge * 3600.0,
            seen.seed * 3600.0,
            seen.sludge_dry * 3600.0,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        for matter in
            [&self.reactor.matter, &self.clarifier.clear.matter, &self.clarifier.bed, &self.trim.matter]
        {
            account.count(matter, &self.chemistry);
        }
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Lye and acid by titrators, carbonate by ratio to the calcium, the coil by the temperature.
    fn duty(&self, duty: &mut Duty) {
        let f = &self.settings.feed;
        // mol/s of acid that bring a tank to its pH in so many seconds.
        let missing = |slurry: &Slurry, ph: f64, seconds: f64| {
            let goal = Speciation::acid_at(ph, &slurry.matter, slurry.liquor, &slurry.equilibria);
            (goal * slurry.liquor * 1e3 - slurry.matter[Species::Acid]) / seconds
        };
        let lye = -missing(&self.reactor, f.ph, 10.0) / f.lye_strength;
        let acid = missing(&self.trim, f.ph_trim, 4.0) / f.acid_strength;
        duty.feeds[BRINE] = self.recipes[BRINE].part(f.brine);
        duty.feeds[LYE] = self.recipes[LYE].part(lye.clamp(0.0, 0.005 * self.reactor.liquor));
        let soda = f.brine * self.calcium * f.carbonate / f.carbonate_strength;
        duty.feeds[CARBONATE] = self.recipes[CARBONATE].part(soda);
        duty.feeds[ACID] = self.recipes[ACID].part(acid.clamp(0.0, 0.005 * self.trim.liquor));
        let r = &self.settings.reactor;
        let heat = self.reactor.capacity * (f.hold - self.reactor.temperature) / 20.0;
        let loss = r.heat_loss * (self.reactor.temperature - r.ambient);
        let heating = (heat + loss).clamp(-r.coil, r.coil) * 1e-3;
        duty.orders.copy_from_slice(&[1.0, heating, f.seed * 3600.0, f.sludge * 3600.0, 1.0]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.reactor.state(walk);
        self.clarifier.state(walk);
        self.trim.state(walk);
        let s = &mut self.seen;
        for value in [
            &mut s.rate,
            &mut s.rise,
            &mut s.saturation,
            &mut s.sludge_solids,
            &mut s.clear,
            &mut s.sludge,
            &mut s.seed,
            &mut s.sludge_dry,
        ] {
            walk.f64(value);
        }
        self.notes.state(walk);
    }
}

#[cfg(test)]
mod tests;
