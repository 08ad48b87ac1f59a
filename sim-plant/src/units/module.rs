//! A battery module at receipt: capacity test, resistance, grade, discharge with the energy returned, runaway.
//!
//! ```text
//! V = U(SoC) - R0 I - V1,  dV1/dt = (R1 I - V1) / tau      current tapers where V meets a limit
//! R0 = r0 (s a(E_ct) + (1 - s) a(E_k)),  R1 = r1 a(E_ct),  a(E) = exp(E/R (1/T - 1/T0))     held below -40 and above 60 degC
//! energy:  H = H_formation + C (T - T0) + int U dq + sum h_i x_i      what is drawn leaves it as V I dt
//! runaway: dx/dt = -A exp(-E/RT) f(x): SEI and anode (slowed by exp(-z/z0)), cathode a (1 - a)
//! heat:    SEI always; anode (lithium in the carbon) and cathode (oxide without its lithium) h SoC dx, out of int U dq
//! full:    4.2 V at rest; charged on, it stores to 4.9 V and a quarter more, then what flows decomposes the electrolyte: heat
//! short:   dSoC/dt = -SoC / tau once the separator has been hotter than it bears; no voltage and no current from then on
//! gas:     leaves as hot as the module with its own enthalpy; what forming it takes beyond the three heats is the residue's
//!          C3H6O3 -> 3 CO + 3 H2,  MO1.5 + 1.5 C -> M + 1.5 CO,  C2H2F2 -> 2 C + 2 HF, with SoC times the cathode's progress
//! ```
//!
//! Sources: basis 4.1; rates of Hatchard and Kim, recalled; that an empty cell does not run away and gas grows with the
//! charge, Golubkov 2015 (RSC Advances 5, 57171), recalled. Stored charge and the SEI are part of the enthalpy, so heat,
//! electricity and gas close. Left out: entropic heat, ageing, cells that differ, LiPF6 (HF here is that of the binder
//! alone), electrolyte that boils off an empty cell, lithium in the gas, lithium plated on the anode of an overcharged one and what it does to
//! the onset, fire outside the module.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::{GAS, NORMAL_VOLUME, REFERENCE, ZERO_CELSIUS};
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::{Notes, Remark, interpolate};
use crate::species::{Phase, Species};
use crate::unit::{Duty, Exchange, LIQUORS, Order, Port, Reading, Shape, UnitOperation};
use crate::units::heat_loss::Wall;

tables! {
    Pack {
        /// Cells in series
        cells: "", 1.0, 500.0, whole;
        /// Capacity when it was new
        capacity: "Ah", 0.1, 1000.0;
        /// Capacity that it has, of that; the test has to find it
        health: "", 0.05, 1.1;
        /// Mass of all cells
        mass: "kg", 0.01, 2000.0;
        /// Resistance of a cell at once, at 25 degC
        r0: "mohm", 0.01, 1000.0;
        /// Resistance of a cell that comes after, at 25 degC
        r1: "mohm", 0.0, 1000.0;
        /// Share of r0 that is charge transfer; the rest is electrolyte
        transfer: "", 0.0, 1.0;
        /// Activation energy of charge transfer and of r1
        transfer_energy: "kJ/mol", 0.0, 100.0;
        /// Activation energy of the electrolyte's conduction
        electrolyte_energy: "kJ/mol", 0.0, 100.0;
        /// Time of that
        tau: "s", 1.0, 1000.0;
        /// Heat capacity
        heat_capacity: "kJ/kg", 0.3, 3.0;
        /// Heat loss of the module
        heat_loss: "W/K", 0.0, 1000.0;
        /// Surroundings
        ambient: "degC", -30.0, 60.0;
    }
    Runaway {
        /// Frequency of the SEI
        sei_rate: "1/s", 0.0, 1e20;
        /// Activation energy of the SEI
        sei_energy: "kJ/mol", 50.0, 300.0;
        /// Heat of the SEI, of the cell
        sei_heat: "kJ/kg", 0.0, 2000.0;
        /// Frequency of anode with electrolyte
        anode_rate: "1/s", 0.0, 1e20;
        /// Activation energy of that
        anode_energy: "kJ/mol", 50.0, 300.0;
        /// Heat of that at full charge, of the cell; in proportion to the charge below
        anode_heat: "kJ/kg", 0.0, 2000.0;
        /// Frequency of cathode with electrolyte
        cathode_rate: "1/s", 0.0, 1e20;
        /// Activation energy of that
        cathode_energy: "kJ/mol", 50.0, 300.0;
        /// Heat of that at full charge, of the cell; in proportion to the charge below
        cathode_heat: "kJ/kg", 0.0, 2000.0;
        /// Where the separator gives way: from then on the charge that is left shorts
        separator: "degC", 130.0, 1000.0;
        /// Time of that short
        short: "s", 0.1, 1e5;
    }
    Bench {
        /// Discharge is positive
        current: "A", -1000.0, 1000.0;
        /// Per cell; discharge tapers there
        low: "V", 0.0, 4.0;
        /// Per cell; charge tapers there. Above 4.2 V it overcharges, above 4.9 V without end
        high: "V", 2.0, 6.0;
        /// Of the converter to the grid
        efficiency: "", 0.5, 1.0;
        /// Heating plate
        heater: "kW", 0.0, 1000.0;
        /// The plate's own limit: it gives nothing to a module that is hotter
        plate: "degC", 50.0, 1200.0;
    }
    Start {
        /// State of charge
        charge: "", 0.0, 1.0;
        /// Of the module
        temperature: "degC", -30.0, 300.0;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pack: Pack,
    runaway: Runaway,
    bench: Bench,
    start: Start,
}

impl Settings {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let made = Self {
            pack: Pack::read(r, "pack"),
            runaway: Runaway::read(r, "runaway"),
            bench: Bench::read(r, "bench"),
            start: Start::read(r, "start"),
        };
        if made.bench.low >= made.bench.high {
            let message = "not below bench.high, the other end of the voltages; lower it or raise bench.high";
            r.refuse("bench.low", message);
        }
        made
    }
}

pub const VENT: usize = 0;

const fn reading(name: &'static str, unit: &'static str, text: &'static str) -> Reading {
    Reading { name, unit, text }
}

pub static SHAPE: Shape = Shape {
    name: "module",
    text: "a battery module on the test bench: capacity, resistance, grade, discharge, thermal runaway",
    inlets: &[],
    outlets: &[Port { name: "vent", text: "gas of a runaway" }],
    orders: &[
        Order { name: "current", unit: "A", low: -1000.0, high: 1000.0, text: "discharge is positive" },
        Order { name: "heater", unit: "kW", low: 0.0, high: 1000.0, text: "heating plate" },
    ],
    readings: &[
        reading("V", "V", "of the module"),
        reading("V-cell", "V", "of a cell"),
        reading("OCV-cell", "V", "of a cell at rest"),
        reading("I", "A", "as it flows"),
        reading("SoC", "%", "of the capacity that it has"),
        reading("T", "degC", ""),
        reading("Ah", "Ah", "delivered since the last full charge"),
        reading("grid", "kWh", "returned to the grid less taken, since the start"),
        reading("SoH", "%", "of the last full discharge; 0 before one"),
        reading("R-10s", "mohm", "of a cell, as a pulse of ten seconds shows it"),
        reading("grade", "", "1 reuse, 2 stationary, 3 recycling, 0 not tested"),
        reading(
            "may-shred",
            "",
            "1: at rest not above 0.5 V a cell and 60 V, no charge in a short, below 60 degC",
        ),
        reading("self-heating", "K/min", "of the runaway reactions"),
        reading("onset", "degC", "where self-heating first passed 1 K/min; 0 before"),
        reading("T-max", "degC", "highest so far"),
        reading("gas", "NL/kg", "vented since the start, of the cells"),
        reading("HF", "mg/Wh", "vented since the start, of the nominal energy"),
    ],
    step_max: 0.5,
};

/// V at rest against state of charge, NMC with graphite, basis 4.1, recalled; below empty it falls to nothing.
const OCV: [(f64, f64); 11] = [
    (-0.06, 0.0),
    (-0.03, 2.0),
    (0.0, 3.0),
    (0.05, 3.35),
    (0.2, 3.55),
    (0.5, 3.68),
    (0.8, 3.98),
    (0.95, 4.12),
    (1.0, 4.2),
    // Overcharged: a plateau near 4.9 V, where the electrolyte is oxidised (recalled).
    (1.1, 4.55),
    (1.25, 4.9),
];
const EMPTY: f64 = -0.06;
const FULL: f64 = 1.0;
/// Where the oxide holds no lithium that it could give.
const BURSTING: f64 = 1.25;

/// int U d(SoC) from [`EMPTY`], V: exact for straight lines.
fn stored(charge: f64) -> f64 {
    OCV.windows(2)
        .map(|pair| {
            let top = charge.clamp(pair[0].0, pair[1].0);
            0.5 * (pair[0].1 + interpolate(&OCV, top)) * (top - pair[0].0)
        })
        .sum()
}

/// kg per kg of cell: the lattice of an NMC622 with its lithium, and the rest of a cell. Asserted.
const RECIPE: [(Species, f64); 10] = [
    (Species::LatticeLithium, 0.054),
    (Species::LatticeNickel, 0.18),
    (Species::LatticeCobalt, 0.06),
    (Species::LatticeManganese, 0.056),
    (Species::Graphite, 0.22),
    (Species::CopperMetal, 0.10),
    (Species::AluminiumMetal, 0.14),
    (Species::DimethylCarbonate, 0.12),
    (Species::Binder, 0.015),
    (Species::Plastic, 0.055),
];
const LATTICE: [(Species, Option<Species>); 3] = [
    (Species::LatticeNickel, Some(Species::NickelMetal)),
    (Species::LatticeCobalt, Some(Species::CobaltMetal)),
    (Species::LatticeManganese, None),
];
const Z0: f64 = 0.033;
/// Of the cathode's reaction, at the start; what has reacted begins it.
const CATHODE: f64 = 0.96;

#[derive(Clone, Debug)]
pub struct Module {
    settings: Settings,
    chemistry: Arc<Chemistry>,
    /// Everything that it is made of; the enthalpy has charge and reactants in it.
    matter: Matter,
    notes: Notes,
    charge: f64,
    /// Charge that the runaway has used up, of the capacity.
    spent: f64,
    polarisation: f64,
    /// What is left of SEI, anode and cathode reaction, and the layer on the anode.
    left: [f64; 3],
    layer: f64,
    /// J that the residue of the reactions has beyond the formation of the solids that stand for it.
    residue: f64,
    temperature: f64,
    voltage: f64,
    current: f64,
    delivered: f64,
    from_full: bool,
    health: f64,
    grid: f64,
    self_heating: f64,
    onset: f64,
    hottest: f64,
    gas: f64,
    fluoride: f64,
}

impl Module {
    pub fn new(settings: Settings, chemistry: Arc<Chemistry>) -> Self {
        let mut matter = Matter::default();
        for (species, share) in RECIPE {
            matter[species] = share * settings.pack.mass / chemistry.molar_mass(species);
        }
        let s = &settings.start;
        let mut made = Self {
            matter,
            notes: Notes::default(),
            charge: s.charge,
            spent: 0.0,
            polarisation: 0.0,
            left: [1.0, 1.0, CATHODE],
            layer: Z0,
            residue: 0.0,
            temperature: s.temperature,
            voltage: settings.pack.cells * interpolate(&OCV, s.charge),
            current: 0.0,
            delivered: 0.0,
            from_full: s.charge > 0.995,
            health: 0.0,
            grid: 0.0,
            self_heating: 0.0,
            onset: 0.0,
            hottest: s.temperature,
            gas: 0.0,
            fluoride: 0.0,
            settings,
            chemistry,
        };
        made.matter.enthalpy = made.fixed() + made.capacity() * (made.temperature - REFERENCE);
        made
    }

    /// J/K
    fn capacity(&self) -> f64 {
        self.settings.pack.heat_capacity * self.settings.pack.mass
    }

    /// C of a full module as it is now.
    fn coulomb(&self) -> f64 {
        3600.0 * self.settings.pack.capacity * self.settings.pack.health
    }

    /// J of formation, charge, SEI and residue: all that is no warmth.
    fn fixed(&self) -> f64 {
        let p = &self.settings.pack;
        let formation: f64 =
            self.matter.amount.iter().zip(&self.chemistry.formation).map(|(n, h)| n * h).sum();
        let sei = self.settings.runaway.sei_heat * self.left[0] * p.mass;
        formation + sei + self.residue + stored(self.charge) * self.coulomb() * p.cells
    }

    /// A molten separator shorts every cell for good.
    fn is_shorted(&self) -> bool {
        self.hottest >= self.settings.runaway.separator
    }

    /// V of a cell at rest.
    fn rest(&self) -> f64 {
        if self.is_shorted() { 0.0 } else { interpolate(&OCV, self.charge) }
    }

    /// ohm of a cell as warm as it is: at once, and what comes after.
    fn resistances(&self) -> (f64, f64) {
        /// Nobody measured the cells outside these, K.
        const KNOWN: (f64, f64) = (ZERO_CELSIUS - 40.0, ZERO_CELSIUS + 60.0);
        let p = &self.settings.pack;
        let inverse = (1.0 / self.temperature.clamp(KNOWN.0, KNOWN.1) - 1.0 / REFERENCE) / GAS;
        let transfer = libm::exp(p.transfer_energy * inverse);
        let electrolyte = libm::exp(p.electrolyte_energy * inverse);
        (p.r0 * (p.transfer * transfer + (1.0 - p.transfer) * electrolyte), p.r1 * transfer)
    }

    /// Draws what may be drawn; J that leave the terminals.
    fn electric(&mut self, wanted: f64, dt: f64) -> f64 {
        if self.is_shorted() {
            self.notes.check(Remark::Limited, wanted == 0.0);
            (self.voltage, self.current, self.polarisation) = (0.0, 0.0, 0.0);
            return 0.0;
        }
        let (r0, r1) = self.resistances();
        let (p, b) = (&self.settings.pack, &self.settings.bench);
        let rest = interpolate(&OCV, self.charge);
        let highest = ((rest - self.polarisation - b.low) / r0).max(0.0);
        let lowest = ((rest - self.polarisation - b.high) / r0).min(0.0);
        let coulomb = self.coulomb();
        let current = wanted.clamp(lowest, highest).min((self.charge - EMPTY) * coulomb / dt);
        // What no electrode takes decomposes the electrolyte at the same voltage: its energy stays as heat.
        let kept = current.max((self.charge - BURSTING).min(0.0) * coulomb / dt);
        self.notes.check(Remark::Overcharge, current >= 0.0 || self.charge <= FULL);
        let before = stored(self.charge);
        self.charge -= kept * dt / coulomb;
        let decay = libm::exp(-dt / p.tau);
        self.polarisation = self.polarisation * decay + r1 * current * (1.0 - decay);
        // The charge moves in the step: the rest voltage is its mean.
        let mean =
            if kept.abs() > 1e-9 { (before - stored(self.charge)) * coulomb / (kept * dt) } else { rest };
        self.voltage = p.cells * (mean - r0 * current - self.polarisation);
        self.current = current;
        let energy = self.voltage * current * dt;
        self.grid += if energy > 0.0 { energy * b.efficiency } else { energy / b.efficiency };
        self.count(wanted, current, dt);
        energy
    }

    /// The books of the capacity test: from full until empty, or until the current tapers to a fortieth of what is
    /// wanted.
    fn count(&mut self, wanted: f64, current: f64, dt: f64) {
        // A full module stays the start of a test while it is discharged: what it gives first counts as well.
        if self.charge > 0.995 {
            self.from_full = true;
            if current < 0.0 {
                self.delivered = 0.0;
            }
        }
        self.delivered += current * dt / 3600.0;
        // A cell is empty at its lower limit, whatever a bench may draw below that.
        let done = self.charge <= 0.0 || (wanted > 0.0 && current < 0.025 * wanted);
        if self.from_full && done {
            self.health = self.delivered / self.settings.pack.capacity;
            self.from_full = false;
        }
    }

    /// The three reactions; share of all gas that they make in this step.
    fn run_away(&mut self, dt: f64) -> f64 {
        let r = &self.settings.runaway;
        let t = self.temperature.max(200.0);
        let rate = |a: f64, e: f64| a * libm::exp(-e / (GAS * t)) * dt;
        let [sei, anode, cathode] = self.left;
        let done = |left: f64, rate: f64| left * -libm::expm1(-rate);
        let sei_done = done(sei, rate(r.sei_rate, r.sei_energy));
        let anode_done = done(anode, rate(r.anode_rate, r.anode_energy) * libm::exp(-self.layer / Z0));
        let cathode_done = done(cathode, rate(r.cathode_rate, r.cathode_energy) * (1.0 - cathode));
        self.layer += anode_done;
        self.left = [sei - sei_done, anode - anode_done, cathode - cathode_done];
        // Lithium in the carbon and its gaps in the oxide are what reacts: as much as the module was charged.
        let charged = (self.charge + self.spent).clamp(0.0, 1.0);
        let p = &self.settings.pack;
        let wanted = charged * (r.anode_heat * anode_done + r.cathode_heat * cathode_done) * p.mass;
        let sei = r.sei_heat * sei_done;
        let heat = sei + (self.spend(wanted) + self.short(dt)) / self.settings.pack.mass;
        self.self_heating = heat / self.settings.pack.heat_capacity / dt * 60.0;
        charged * cathode_done / CATHODE
    }

    /// J of the charge that goes through a molten separator.
    fn short(&mut self, dt: f64) -> f64 {
        let r = &self.settings.runaway;
        if !self.is_shorted() {
            return 0.0;
        }
        let before = stored(self.charge);
        let share = self.charge.max(0.0) * -libm::expm1(-dt / r.short);
        self.charge -= share;
        self.spent += share;
        (before - stored(self.charge)) * self.coulomb() * self.settings.pack.cells
    }

    /// Takes so many J out of the stored charge, as far as there is any; J that came.
    fn spend(&mut self, wanted: f64) -> f64 {
        let full = self.coulomb() * self.settings.pack.cells;
        let rest = interpolate(&OCV, self.charge).max(0.1);
        let share = (wanted / (rest * full)).min(self.charge.max(0.0));
        let before = stored(self.charge);
        self.charge -= share;
        self.spent += share;
        (before - stored(self.charge)) * full
    }

    /// `share` of all the gas that there is in the module. The heats of [`Runaway`] are those that a calorimeter sees, with
    /// the gas in them; what these rows would take or give beyond that stays with what is left of the module.
    fn vent(&mut self, share: f64) -> Matter {
        let before: f64 = self.matter.amount.iter().zip(&self.chemistry.formation).map(|(n, h)| n * h).sum();
        let (mass, c) = (self.settings.pack.mass, &self.chemistry);
        let m = &mut self.matter;
        // Of what the module was made of, as far as it is still there.
        let part = |m: &Matter, species: Species| {
            let recipe = RECIPE.iter().find(|(of, _)| *of == species).map_or(0.0, |(_, fraction)| *fraction);
            (share * recipe * mass / c.molar_mass(species)).min(m[species].max(0.0))
        };
        let electrolyte = part(m, Species::DimethylCarbonate);
        m.react(
            &[(Species::DimethylCarbonate, -1.0), (Species::CarbonMonoxide, 3.0), (Species::Hydrogen, 3.0)],
            electrolyte,
        );
        for (oxide, metal) in LATTICE {
            if let Some(metal) = metal {
                let row =
                    [(oxide, -1.0), (Species::Graphite, -1.5), (metal, 1.0), (Species::CarbonMonoxide, 1.5)];
                let extent = part(m, oxide).min(m.reach(&row));
                m.react(&row, extent);
            }
        }
        let binder = part(m, Species::Binder);
        m.react(
            &[(Species::Binder, -1.0), (Species::Graphite, 2.0), (Species::HydrogenFluoride, 2.0)],
            binder,
        );
        let after: f64 = self.matter.amount.iter().zip(&self.chemistry.formation).map(|(n, h)| n * h).sum();
        let gases = [Species::CarbonMonoxide, Species::Hydrogen, Species::HydrogenFluoride]
            .map(|species| (species, self.matter[species].max(0.0)));
        self.residue += before - after;
        let gas = self.chemistry.parcel(&gases, self.temperature);
        self.matter.subtract(&gas);
        gas
    }
}

impl UnitOperation for Module {
    fn shape(&self) -> &'static Shape {
        &SHAPE
    }

    /// Its solids are solids up to here: above, copper and its oxides have melted.
    fn carries(&self) -> (f64, f64) {
        (LIQUORS.0, 1773.15)
    }

    fn step(&mut self, x: &mut Exchange<'_>, dt: f64) {
        let orders: [f64; 2] = core::array::from_fn(|k| {
            let (value, good) = SHAPE.hold(k, x.orders[k]);
            self.notes.check(Remark::BadInput, good);
            value
        });
        let drawn = self.electric(orders[0], dt);
        let p = &self.settings.pack;
        let wall = Wall { conductance: p.heat_loss, ambient: p.ambient };
        let cooler = (self.settings.bench.plate - self.temperature).max(0.0);
        let plate = (orders[1] * 1e3 * dt).min(self.capacity() * cooler);
        self.notes.check(Remark::Limited, plate >= orders[1] * 1e3 * dt);
        let joule = wall.heat(self.capacity(), self.temperature, plate, dt) - drawn;
        self.matter.enthalpy += joule;
        x.heat += joule;
        let share = self.run_away(dt);
        let gas = self.vent(share);
        self.gas += gas.phase_moles(Phase::Gas, &self.chemistry);
        self.fluoride += gas[Species::HydrogenFluoride];
        x.outlets[VENT].add(&gas);
        self.temperature = REFERENCE + (self.matter.enthalpy - self.fixed()) / self.capacity();
        self.hottest = self.hottest.max(self.temperature);
        if self.onset == 0.0 && self.self_heating > 1.0 {
            self.onset = self.temperature;
        }
    }

    fn read(&self, readings: &mut [f64]) {
        let p = &self.settings.pack;
        let (r0, r1) = self.resistances();
        let rest = self.rest();
        // What a short has not yet used up is still in there.
        let spent = !self.is_shorted() || self.charge < 0.01;
        let safe = spent && rest <= 0.5 && rest * p.cells <= 60.0 && self.temperature < ZERO_CELSIUS + 60.0;
        let grade = match self.health {
            h if self.onset > 0.0 || (h > 0.0 && h < 0.6) => 3.0,
            h if h >= 0.8 => 1.0,
            h if h > 0.0 => 2.0,
            _ => 0.0,
        };
        let celsius = |kelvin: f64| if kelvin > 0.0 { kelvin - ZERO_CELSIUS } else { 0.0 };
        let energy = p.capacity * p.cells * 3.7;
        readings.copy_from_slice(&[
            self.voltage,
            self.voltage / p.cells,
            rest,
            self.current,
            self.charge * 100.0,
            self.temperature - ZERO_CELSIUS,
            self.delivered,
            self.grid / 3.6e6,
            self.health * 100.0,
            (r0 + r1 * -libm::expm1(-10.0 / p.tau)) * 1e3,
            grade,
            f64::from(safe),
            self.self_heating,
            celsius(self.onset),
            celsius(self.hottest),
            self.gas * NORMAL_VOLUME * 1e3 / p.mass,
            self.fluoride * self.chemistry.molar_mass(Species::HydrogenFluoride) * 1e6 / energy,
        ]);
    }

    fn contents(&self, account: &mut Account) {
        account.count(&self.matter, &self.chemistry);
    }

    fn notes(&self) -> &Notes {
        &self.notes
    }

    fn duty(&self, duty: &mut Duty) {
        duty.orders.copy_from_slice(&[self.settings.bench.current, self.settings.bench.heater * 1e-3]);
    }

    fn state(&mut self, walk: &mut dyn StateWalk) {
        self.matter.state(walk);
        self.notes.state(walk);
        walk.bool(&mut self.from_full);
        for value in &mut self.left {
            walk.f64(value);
        }
        for value in [
            &mut self.charge,
            &mut self.spent,
            &mut self.polarisation,
            &mut self.layer,
            &mut self.residue,
            &mut self.temperature,
            &mut self.voltage,
            &mut self.current,
            &mut self.delivered,
            &mut self.health,
            &mut self.grid,
            &mut self.self_heating,
            &mut self.onset,
            &mut self.hottest,
            &mut self.gas,
            &mut self.fluoride,
        ] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::chemistry::Chemistry;
    use crate::experiment::{self, Conditions, Experiment};
    use crate::flowsheet::{End, Flowsheet, Link};
    use crate::solution::Remark;
    use crate::station::Station;

    fn run(settings: &[&str], hours: f64) -> Experiment {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = settings.iter().map(ToString::to_string).collect();
        let conditions = Conditions { settings, ..Conditions::default() };
        let mut unit = Experiment::open("module", &conditions, &chemistry).unwrap();
        unit.run_to(hours * 3600.0);
        unit
    }

    #[test]
    fn the_capacity_test_finds_the_health_and_grades_by_it() {
        for (health, grade) in [("0.92", 1.0), ("0.70", 2.0), ("0.45", 3.0)] {
            let unit = run(&[&format!("health={health}"), "charge=1"], 6.0);
            let expected: f64 = 100.0 * health.parse::<f64>().unwrap();
            let found = unit.reading("SoH").unwrap();
            assert!((found - expected).abs() < 2.0, "{health}: {found}");
            assert_eq!(unit.reading("grade").unwrap(), grade, "{health}");
        }
    }

    #[test]
    fn health_is_counted_from_the_first_charge_that_a_full_module_gives() {
        // Just above and just below the limit of the first grade.
        for (health, grade) in [("0.803", 1.0), ("0.797", 2.0)] {
            let unit = run(&[&format!("health={health}"), "charge=1", "bench.current=5"], 12.0);
            let expected: f64 = 100.0 * health.parse::<f64>().unwrap();
            let found = unit.reading("SoH").unwrap();
            assert!((found - expected).abs() < 0.15, "{health}: {found}");
            assert_eq!(unit.reading("grade").unwrap(), grade, "{health}");
        }
    }

    #[test]
    fn a_cold_module_resists_and_tapers_and_a_warm_one_gives_all() {
        let at = |celsius: &str, current: &str| {
            let here = [format!("ambient={celsius}"), format!("start.temperature={celsius}")];
            run(&[&here[0], &here[1], current, "charge=1", "heat_loss=1000"], 0.02)
        };
        let resistance = |unit: &Experiment| unit.reading("R-10s").unwrap();
        let [deep, cold, mild, warm] =
            ["-30degC", "-20degC", "25degC", "45degC"].map(|t| resistance(&at(t, "current=0")));
        assert!((mild - 1.4268).abs() < 1e-3, "{mild}");
        // Zhang, Xu and Jow 2003: the charge transfer about tenfold at -20 degC; the electrolyte less than that.
        assert!((6.0..10.0).contains(&(cold / mild)), "{cold} {mild}");
        assert!(deep > 1.4 * cold && (0.4..0.7).contains(&(warm / mild)), "{deep} {warm}");
        // At 1C the cold one stands at the lower limit and gives less than it is asked for.
        let frozen = at("-30degC", "current=50");
        assert!(frozen.reading("I").unwrap() < 45.0, "{:?}", frozen.readings());
        assert!((at("25degC", "current=50").reading("I").unwrap() - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_bench_that_draws_below_the_lower_limit_finds_no_more_health() {
        let unit = run(&["bench.low=0", "bench.current=50", "charge=1"], 10.0);
        let found = unit.reading("SoH").unwrap();
        assert!((found - 80.0).abs() < 0.5, "{found}");
        assert!(unit.reading("SoC").unwrap() < -1.0);
    }

    #[test]
    fn the_less_a_module_is_charged_the_less_it_heats_itself_and_vents() {
        let at = |charge: &str| run(&["current=0", &format!("charge={charge}"), "heater=0.25kW"], 4.0);
        let [empty, half, full] = [at("0"), at("0.5"), at("1")];
        let of = |unit: &Experiment, name: &str| unit.reading(name).unwrap();
        assert!(of(&empty, "gas") < 1.0 && of(&empty, "HF") < 1.0, "{:?}", empty.readings());
        assert!(of(&empty, "T-max") < 200.0, "{:?}", empty.readings());
        assert!(of(&half, "gas") > 0.3 * of(&full, "gas") && of(&half, "gas") < 0.7 * of(&full, "gas"));
        assert!(
            of(&half, "T-max") + 20.0 < of(&full, "T-max"),
            "{:?} {:?}",
            half.readings(),
            full.readings()
        );
        assert!(full.balance().worst() < 1e-9, "{:?}", full.balance());
        assert!(of(&full, "SoC") < 75.0, "what ran away is no charge any more");
    }

    #[test]
    fn a_separator_that_melts_shorts_what_charge_is_left_within_a_minute() {
        let adiabatic = ["current=0", "start.temperature=150degC", "heat_loss=0"];
        let at = |more: &[&str]| run(&[&adiabatic[..], more].concat(), 2.0);
        let [half, full, tough] =
            [&["charge=0.5"][..], &["charge=1"], &["charge=1", "separator=1000degC"]].map(at);
        let hottest = |unit: &Experiment| unit.reading("T-max").unwrap();
        // 40 Ah of 12 cells at some 3.7 V are 580 kJ/kg, of 1 kJ/(kg K); a seventh leaves with the gas.
        assert!((hottest(&full) - 650.0).abs() < 40.0, "{}", hottest(&full));
        assert!(hottest(&half) + 200.0 < hottest(&full) && hottest(&tough) + 200.0 < hottest(&full));
        assert!(full.reading("SoC").unwrap() < 1.0 && full.balance().worst() < 1e-9, "{:?}", full.readings());
    }

    #[test]
    fn a_scrubber_takes_the_gas_of_a_runaway_and_the_books_of_both_close() {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let made = |name: &str, settings: &[&str]| {
            let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
            Station::new(experiment::with_settings(name, &settings, &chemistry).unwrap().0)
        };
        let (module, scrubber) = (made("module", &["charge=1"]), made("scrubber", &[]));
        let gas = scrubber.shape().inlets.iter().position(|port| port.name == "gas").unwrap();
        let hood = Link { from: (0, super::VENT), to: End::Inlet(1, gas), share: 1.0 };
        let mut bench = Flowsheet::new(vec![module, scrubber], vec![hood], chemistry.clone());
        bench.stations[0].orders = vec![0.0, 1.5];
        bench.stations[1].orders.fill(1.0);
        for _ in 0..2 * 5400 {
            bench.step(0.5);
        }
        let gas = super::SHAPE.readings.iter().position(|reading| reading.name == "gas").unwrap();
        assert!(bench.stations[0].readings()[gas] > 100.0);
        assert_eq!(bench.stations[1].notes().count(Remark::BadInput), 0);
        assert!(bench.balance().worst() < 1e-9, "{:?}", bench.balance());
    }

    #[test]
    fn a_burnt_out_module_has_no_voltage_takes_no_charge_and_may_be_shredded_when_it_is_cold() {
        let heated = ["heater=2kW", "heater=0@30min", "start.charge=1", "current=0", "current=-20A@20h"];
        let unit = run(&heated, 24.0);
        let value = |name: &str| unit.reading(name).unwrap();
        assert!(value("gas") > 100.0 && value("T") < 60.0, "{:?}", unit.readings());
        assert_eq!((value("V"), value("OCV-cell"), value("I")), (0.0, 0.0, 0.0));
        assert_eq!(value("may-shred"), 1.0);
        assert!(unit.notes().count(Remark::Limited) > 0, "it does not take what is asked");
        let hot = run(&heated[..1], 0.5);
        assert_eq!(hot.reading("may-shred").unwrap(), 0.0);
    }

    #[test]
    fn a_bench_that_allows_more_than_a_full_cell_overcharges_it_and_one_that_never_ends_sets_it_off() {
        let charged = |high: &str| run(&["charge=0.9", "current=-50A", high], 2.0);
        let [usual, more, without] = ["high=4.2V", "high=4.5V", "high=5.5V"].map(charged);
        let value = |unit: &Experiment, name: &str| unit.reading(name).unwrap();
        assert_eq!(usual.notes().count(Remark::Overcharge), 0);
        assert!((value(&usual, "SoC") - 100.0).abs() < 1.0 && value(&usual, "T") < 60.0);
        // 4.5 V at rest are a twelfth more than full, and no runaway.
        assert!(more.notes().count(Remark::Overcharge) > 0 && (value(&more, "SoC") - 108.6).abs() < 1.0);
        assert!(value(&more, "onset") == 0.0 && value(&more, "T") < 60.0, "{:?}", more.readings());
        // 50 A at 5 V and 12 cells are 3 kW into 11 kJ/K.
        assert!(
            value(&without, "T-max") > 500.0 && value(&without, "gas") > 100.0,
            "{:?}",
            without.readings()
        );
        assert!(value(&without, "V") == 0.0 && without.balance().worst() < 1e-9, "{:?}", without.balance());
    }

    #[test]
    fn a_plate_heats_no_module_beyond_itself() {
        let unit = run(&["current=0", "charge=0.5", "heater=1000kW"], 3.0);
        assert!(unit.reading("T-max").unwrap() < 1200.0, "{:?}", unit.readings());
        assert!(unit.reading("T").unwrap() < 701.0 && unit.notes().count(Remark::Limited) > 0);
    }

    #[test]
    fn what_is_drawn_goes_to_the_grid_and_the_rest_warms_the_module() {
        let unit = run(&["charge=1", "efficiency=0.95", "heat_loss=0"], 6.0);
        let value = |name: &str| unit.reading(name).unwrap();
        // 12 cells of 50 Ah and about 3.7 V at a health of 0.8.
        assert!(value("grid") > 1.5 && value("grid") < 0.95 * 12.0 * 40.0 * 3.75e-3);
        assert!(value("T") > 25.5 && unit.balance().worst() < 1e-9);
    }

    #[test]
    fn a_module_is_fit_for_the_shredder_only_when_it_is_really_empty() {
        let usual = run(&["charge=0.3"], 6.0);
        assert_eq!(usual.reading("may-shred").unwrap(), 0.0);
        let deep = run(&["charge=0.3", "low=0.2V"], 12.0);
        assert_eq!(deep.reading("may-shred").unwrap(), 1.0, "{}", deep.reading("OCV-cell").unwrap());
    }

    #[test]
    fn a_heating_plate_sets_it_off_and_a_cool_module_never_does() {
        let hot = run(&["current=0", "charge=1", "heater=1.5kW"], 1.5);
        let value = |name: &str| hot.reading(name).unwrap();
        assert!(value("T-max") > 350.0 && value("gas") > 100.0, "{} {}", value("T-max"), value("gas"));
        assert_eq!(value("grade"), 3.0);
        assert!(hot.balance().worst() < 1e-9, "{:?}", hot.balance());
        let cool = run(&["current=0", "charge=1"], 24.0);
        assert_eq!(cool.reading("onset").unwrap(), 0.0);
        assert_eq!(cool.reading("gas").unwrap().round(), 0.0);
    }
}
