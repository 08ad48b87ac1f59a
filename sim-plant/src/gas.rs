//! Gases, and the two headers: pressure, composition, water vapour, valves, purge and seals.

use model::StateWalk;

use crate::constants::{GAS, MASS_CL, MASS_H, MASS_N, MASS_O, MASS_WATER, REFERENCE};
use crate::parameters::{Header as HeaderParameters, Thermo};
use crate::properties::saturation_pressure;

pub(crate) const H2: usize = 0;
pub(crate) const CL2: usize = 1;
pub(crate) const O2: usize = 2;
pub(crate) const N2: usize = 3;
pub(crate) const STEAM: usize = 4;
pub(crate) const GASES: usize = 5;

const MASS: [f64; GASES] = [2.0 * MASS_H, 2.0 * MASS_CL, 2.0 * MASS_O, 2.0 * MASS_N, MASS_WATER];

/// A parcel of gas, mol, with its enthalpy in J.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Gas {
    pub(crate) amount: [f64; GASES],
    pub(crate) enthalpy: f64,
}

impl Gas {
    pub(crate) fn total(&self) -> f64 {
        self.amount.iter().sum()
    }

    pub(crate) fn dry(&self) -> f64 {
        self.total() - self.amount[STEAM]
    }

    pub(crate) fn mass(&self) -> f64 {
        self.amount.iter().zip(&MASS).map(|(amount, mass)| amount * mass).sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.amount.iter_mut().zip(&other.amount) {
            *mine += theirs;
        }
        self.enthalpy += other.enthalpy;
    }

    /// Share of the dry gas.
    pub(crate) fn dry_share(&self, gas: usize) -> f64 {
        let dry = self.dry();
        if dry > 1e-12 { self.amount[gas] / dry } else { 0.0 }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for amount in &mut self.amount {
            walk.f64(amount);
        }
        walk.f64(&mut self.enthalpy);
    }
}

/// Enthalpies of the gases, J/mol and J/(mol K).
#[derive(Clone, Debug)]
pub(crate) struct GasEnthalpies {
    formation: [f64; GASES],
    cp: [f64; GASES],
}

impl GasEnthalpies {
    pub(crate) fn new(t: &Thermo) -> Self {
        Self {
            formation: [0.0, 0.0, 0.0, 0.0, t.water_vapour],
            cp: [t.cp_hydrogen, t.cp_chlorine, t.cp_oxygen, t.cp_nitrogen, t.cp_water_vapour],
        }
    }

    pub(crate) fn molar(&self, gas: usize, kelvin: f64) -> f64 {
        self.formation[gas] + self.cp[gas] * (kelvin - REFERENCE)
    }

    pub(crate) fn of(&self, amount: &[f64; GASES], kelvin: f64) -> f64 {
        (0..GASES).map(|gas| amount[gas] * self.molar(gas, kelvin)).sum()
    }
}

/// mol of air: 21 % oxygen.
pub(crate) fn air(moles: f64) -> [f64; GASES] {
    let mut amount = [0.0; GASES];
    amount[O2] = 0.21 * moles;
    amount[N2] = 0.79 * moles;
    amount
}

/// A gas header with its pressure valve, the two ways behind it, and its seals.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) gas: Gas,
    /// Pa, absolute.
    pub(crate) pressure: f64,
    /// mol/s of dry gas through the pressure valve.
    pub(crate) flow: f64,
    /// mol/s of dry gas that each way took: user, vent.
    pub(crate) ways: [f64; 2],
}

/// What the valves around a header do in this step; openings are 0..1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderDuty {
    pub(crate) dt: f64,
    pub(crate) site_pressure: f64,
    pub(crate) site_temperature: f64,
    pub(crate) valve: f64,
    pub(crate) user: f64,
    pub(crate) vent: f64,
    /// Gauge pressure behind the vent valve, Pa.
    pub(crate) vent_pressure: f64,
    pub(crate) purge: f64,
    /// mol/s that escape into the room.
    pub(crate) leak: f64,
}

/// What crossed the boundary in one step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeaderExchange {
    pub(crate) out: Gas,
    pub(crate) inward: Gas,
    /// Enthalpy that the gas lost in the cooler, J; the condensate's is still in it.
    pub(crate) cooled: f64,
    /// Water that condensed, mol, at the header's temperature.
    pub(crate) condensate: f64,
    /// Amounts that left into the room and by the vent way (seal included), mol.
    pub(crate) leaked: [f64; GASES],
    pub(crate) vented: [f64; GASES],
    /// What the user took.
    pub(crate) delivered: Gas,
}

impl Header {
    pub(crate) fn new(p: &HeaderParameters, dry: [f64; GASES], pressure: f64, g: &GasEnthalpies) -> Self {
        let sum: f64 = dry.iter().sum();
        let total = pressure * p.volume / (GAS * p.temperature);
        let steam = (saturation_pressure(p.temperature) / pressure).min(0.5) * total;
        let mut amount = dry.map(|share| share / sum * (total - steam));
        amount[STEAM] = steam;
        let enthalpy = g.of(&amount, p.temperature);
        Self { gas: Gas { amount, enthalpy }, pressure, flow: 0.0, ways: [0.0; 2] }
    }

    /// One step: `raw` comes wet and warm from the liquor.
    pub(crate) fn step(
        &mut self,
        p: &HeaderParameters,
        g: &GasEnthalpies,
        raw: &Gas,
        duty: &HeaderDuty,
    ) -> HeaderExchange {
        let mut exchange = HeaderExchange::default();
        self.take_in(p, g, raw, &mut exchange);
        let purge = duty.purge * p.purge_flow * duty.dt;
        self.gas.amount[N2] += purge;
        exchange.inward.amount[N2] += purge;
        let fresh = self.gas.total() * GAS * p.temperature / p.volume;
        self.let_out(p, g, fresh, duty, &mut exchange);
        exchange.inward.enthalpy += g.of(&exchange.inward.amount, duty.site_temperature);
        // The header is held at its temperature by its walls and the cooler.
        let held = g.of(&self.gas.amount, p.temperature);
        let carried = self.gas.enthalpy + exchange.inward.enthalpy - exchange.out.enthalpy;
        exchange.cooled += carried - held;
        self.gas.enthalpy = held;
        self.pressure = self.gas.total() * GAS * p.temperature / p.volume;
        exchange
    }

    /// Cools the raw gas; the water above saturation goes back to the liquor.
    fn take_in(&mut self, p: &HeaderParameters, g: &GasEnthalpies, raw: &Gas, exchange: &mut HeaderExchange) {
        let saturation = saturation_pressure(p.temperature).min(0.9 * self.pressure);
        let moist = raw.dry().max(0.0) * saturation / (self.pressure - saturation);
        let condensate = (raw.amount[STEAM] - moist).max(0.0);
        let mut cooled = raw.amount;
        cooled[STEAM] -= condensate;
        for (mine, theirs) in self.gas.amount.iter_mut().zip(&cooled) {
            *mine += theirs;
        }
        let enthalpy = g.of(&cooled, p.temperature);
        self.gas.enthalpy += enthalpy;
        exchange.condensate = condensate;
        exchange.cooled += raw.enthalpy - enthalpy;
    }

    fn let_out(
        &mut self,
        p: &HeaderParameters,
        g: &GasEnthalpies,
        fresh: f64,
        duty: &HeaderDuty,
        exchange: &mut HeaderExchange,
    ) {
        let gauge = fresh - duty.site_pressure;
        let total = self.gas.total().max(1e-9);
        let molar = self.gas.mass() / total;
        // mol/s per sqrt(Pa) of the full-open valve for this gas.
        let full = p.valve_capacity / libm::sqrt(5000.0) * libm::sqrt(p.valve_molar_mass / molar.max(1e-3));
        let ways = [duty.user * p.block_ratio * full, duty.vent * p.block_ratio * full];
        let block = ways[0] + ways[1];
        let valve = duty.valve * full;
        let stiffness = GAS * p.temperature / p.volume * duty.dt;
        let mut wanted = 0.0;
        if block > 0.0 && valve > 0.0 {
            let series = valve * block / libm::sqrt(valve * valve + block * block);
            let sink = (ways[0] * p.user_pressure + ways[1] * duty.vent_pressure) / block;
            wanted = implicit_flow(series, gauge - sink, stiffness) * duty.dt;
        }
        let seal = p.seal_capacity / libm::sqrt(1000.0);
        let blown = implicit_flow(seal, gauge - p.seal_high, stiffness) * duty.dt;
        let sucked = implicit_flow(seal, p.seal_low - gauge, stiffness) * duty.dt;
        let leaked = duty.leak * duty.dt;
        let most = 0.9 * total;
        let sum = wanted + blown + leaked;
        let scale = if sum > most { most / sum } else { 1.0 };
        let dry = self.gas.dry() / total;
        self.flow = wanted * scale * dry / duty.dt;
        let user_share = if block > 0.0 { ways[0] / block } else { 0.0 };
        self.ways = [self.flow * user_share, self.flow * (1.0 - user_share)];
        let shares = self.gas.amount.map(|amount| amount / total);
        let gone = sum * scale;
        exchange.leaked = shares.map(|share| share * leaked * scale);
        let vented = (wanted * (1.0 - user_share) + blown) * scale;
        exchange.vented = shares.map(|share| share * vented);
        let delivered = wanted * user_share * scale;
        exchange.delivered.amount = shares.map(|share| share * delivered);
        exchange.delivered.enthalpy = g.of(&exchange.delivered.amount, p.temperature);
        exchange.out.amount = shares.map(|share| share * gone);
        exchange.out.enthalpy = g.of(&exchange.out.amount, p.temperature);
        for (mine, lost) in self.gas.amount.iter_mut().zip(&exchange.out.amount) {
            *mine -= lost;
        }
        for (gas, moles) in air(sucked).iter().enumerate() {
            self.gas.amount[gas] += moles;
            exchange.inward.amount[gas] += moles;
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.gas.state(walk);
        walk.f64(&mut self.pressure);
        walk.f64(&mut self.flow);
        walk.f64(&mut self.ways[0]);
        walk.f64(&mut self.ways[1]);
    }
}

/// mol/s through a square-root resistance, with the pressure of the end of the step: linearised
/// once, so that a small header with a big valve cannot ring. Check valves: never backwards.
fn implicit_flow(conductance: f64, difference: f64, stiffness: f64) -> f64 {
    // Below this the root is a straight line; Pa.
    const LINEAR: f64 = 100.0;
    if difference <= 0.0 {
        return 0.0;
    }
    let (flow, slope) = if difference < LINEAR {
        let slope = conductance / 10.0;
        (slope * difference, slope)
    } else {
        let root = libm::sqrt(difference);
        (conductance * root, 0.5 * conductance / root)
    };
    flow / (1.0 + slope * stiffness)
}
