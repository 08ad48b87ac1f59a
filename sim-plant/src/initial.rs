//! How a plant begins: cold and open to the air, or settled in production.

use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::constants::MASS_LICL;
use crate::electrolysis::neighbours::Outlet;
use crate::electrolysis::{Beginning, Electrolysis, Orders, block, valve};
use crate::gas::{CL2, H2, air};
use crate::liquid::{Enthalpies, Holdup, Recipe};
use crate::parameters::Parameters;
use crate::valve::ControlValve;

/// The state in which a simulation starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initial {
    /// Steady production at the design current; the valves stand where a controller would hold them.
    Running,
    /// Drained to the heel, at ambient temperature, air in the headers, everything closed and off.
    Cold,
}

/// Enthalpies settle within this step as well as within a shorter one.
const SETTLE_STEP: f64 = 0.5;
const SETTLE_HOURS: f64 = 4.0;
const FINE_STEP: f64 = 0.1;
const FINE_SECONDS: f64 = 240.0;

pub(crate) fn cold(p: &Parameters, seed: u64, chemistry: Arc<Chemistry>) -> (Electrolysis, Orders) {
    let h = Enthalpies::new(&p.thermo);
    let kelvin = p.site.temperature;
    let brine =
        Recipe { kelvin, lithium: p.start.cold_anolyte_strength / MASS_LICL, acid: 0.1, ..Recipe::default() };
    let lye = Recipe {
        kelvin,
        lithium: p.start.cold_catholyte_strength,
        acid: -p.start.cold_catholyte_strength,
        ..Recipe::default()
    };
    let from = Beginning {
        anolyte: Holdup::mix(&brine, p.start.cold_anolyte_level * p.anolyte.tank_volume, p, &h),
        catholyte: Holdup::mix(&lye, p.start.cold_catholyte_level * p.catholyte.tank_volume, p, &h),
        hydrogen: air(1.0),
        chlorine: air(1.0),
        hydrogen_pressure: p.site.pressure,
        chlorine_pressure: p.site.pressure,
    };
    (Electrolysis::new(p, seed, &from, chemistry), Orders::default())
}

/// Settles the plant with perfect measurements and plain PI controllers, and hands over the valves.
pub(crate) fn running(p: &Parameters, seed: u64, chemistry: Arc<Chemistry>) -> (Electrolysis, Orders) {
    let mut plant = Electrolysis::new(p, seed, &near_production(p), chemistry);
    plant.rectifier.closed = true;
    plant.rectifier.reference = p.start.running_current;
    plant.rectifier.main_current = p.start.running_current;
    plant.rectifier.polarising = true;
    let load = p.start.running_current / 6000.0;
    plant.rectifier.transformer += p.rectifier.transformer_rise * load * load;
    for circuit in [&mut plant.anolyte, &mut plant.catholyte] {
        circuit.pump.speed = 1.0;
    }
    let mut operator = Operator::new(p);
    for k in [block::BRINE, block::WATER, block::FURNACE, block::USER, block::PRODUCT] {
        operator.orders.blocks[k] = true;
        plant.blocks[k].position = 1.0;
    }
    for _ in 0..(SETTLE_HOURS * 3600.0 / SETTLE_STEP) as u32 {
        operator.act(&mut plant, SETTLE_STEP);
    }
    for _ in 0..(FINE_SECONDS / FINE_STEP) as u32 {
        operator.act(&mut plant, FINE_STEP);
    }
    // At rest where they stand, so that the order that a controller takes over moves nothing.
    for (order, valve) in operator.orders.valves.iter_mut().zip(&mut plant.valves) {
        *order = valve.position;
        *valve = ControlValve::at(valve.position);
    }
    // What settled into the membranes meanwhile is not part of the story.
    for cell in &mut plant.cells {
        cell.calcium = 0.0;
        cell.magnesium_fixed = 0.0;
        cell.magnesium_loose = 0.0;
        cell.wear = 0.0;
    }
    plant.excursions = crate::properties::Excursions::default();
    // What it gave away meanwhile went nowhere.
    plant.neighbours.out = core::array::from_fn(|_| Outlet::default());
    plant.neighbours.cooling_heat = 0.0;
    plant.open_ledger();
    (plant, operator.orders)
}

/// A first guess close to the steady state, so that settling is short.
fn near_production(p: &Parameters) -> Beginning {
    let h = Enthalpies::new(&p.thermo);
    let s = &p.start;
    let acid = 1e3 * libm::exp(-core::f64::consts::LN_10 * s.running_ph);
    let free = 8.0;
    let brine = Recipe {
        kelvin: s.running_temperature,
        lithium: 0.85 * p.brine.strength / MASS_LICL,
        acid: acid + 0.7 * free,
        free_chlorine: free,
        ..Recipe::default()
    };
    let lye = Recipe {
        kelvin: s.running_temperature,
        lithium: s.running_strength,
        acid: -s.running_strength,
        ..Recipe::default()
    };
    let mut hydrogen = [0.0; 5];
    hydrogen[H2] = 1.0;
    let mut chlorine = [0.0; 5];
    chlorine[CL2] = 1.0;
    Beginning {
        anolyte: Holdup::mix(&brine, s.running_level * p.anolyte.tank_volume, p, &h),
        catholyte: Holdup::mix(&lye, s.running_level * p.catholyte.tank_volume, p, &h),
        hydrogen,
        chlorine,
        hydrogen_pressure: p.site.pressure + s.running_hydrogen_pressure,
        chlorine_pressure: p.site.pressure + s.running_chlorine_pressure,
    }
}

/// PI in velocity form, error and output as shares.
#[derive(Clone, Copy, Debug)]
struct Loop {
    gain: f64,
    time: f64,
    last: f64,
}

impl Loop {
    const fn new(gain: f64, time: f64) -> Self {
        Self { gain, time, last: f64::NAN }
    }

    fn act(&mut self, error: f64, output: &mut f64, dt: f64) {
        let change = if self.last.is_nan() { 0.0 } else { error - self.last };
        self.last = error;
        *output = (*output + self.gain * (change + error * dt / self.time)).clamp(0.0, 1.0);
    }
}

/// Ideal controllers, for settling only: they see the truth at once.
struct Operator {
    orders: Orders,
    spent: Loop,
    product: Loop,
    water: Loop,
    acid: Loop,
    heater: Loop,
    cooler: Loop,
    hydrogen: Loop,
    chlorine: Loop,
}

impl Operator {
    fn new(p: &Parameters) -> Self {
        let mut orders = Orders {
            anolyte_pump: true,
            catholyte_pump: true,
            close_breaker: true,
            polarise: true,
            demand: p.start.running_current,
            ..Orders::default()
        };
        let feed = p.start.running_feed_per_current * p.start.running_current;
        orders.valves[valve::BRINE] = (feed / p.brine.flow_max).min(1.0);
        orders.valves[valve::SPENT] = 0.5;
        orders.valves[valve::PRODUCT] = 0.45;
        orders.valves[valve::WATER] = 0.4;
        orders.valves[valve::ACID] = 0.35;
        orders.valves[valve::COOLER] = 0.3;
        orders.valves[valve::HYDROGEN] = 0.4;
        orders.valves[valve::CHLORINE] = 0.4;
        Self {
            orders,
            spent: Loop::new(4.0, 900.0),
            product: Loop::new(4.0, 900.0),
            water: Loop::new(6.0, 900.0),
            acid: Loop::new(0.04, 400.0),
            heater: Loop::new(0.05, 150.0),
            cooler: Loop::new(0.05, 150.0),
            hydrogen: Loop::new(0.02, 6.0),
            chlorine: Loop::new(0.02, 6.0),
        }
    }

    fn act(&mut self, plant: &mut Electrolysis, dt: f64) {
        let s = plant.p.start.clone();
        let v = &mut self.orders.valves;
        let level = plant.anolyte.level(&plant.p.anolyte) - s.running_level;
        self.spent.act(level, &mut v[valve::SPENT], dt);
        let level = plant.catholyte.level(&plant.p.catholyte) - s.running_level;
        self.product.act(level, &mut v[valve::PRODUCT], dt);
        let strength = plant.catholyte.tank.species.hydroxide / s.running_strength - 1.0;
        self.water.act(strength, &mut v[valve::WATER], dt);
        let ph = plant.anolyte.tank.species.ph() - s.running_ph;
        self.acid.act(ph, &mut v[valve::ACID], dt);
        // The heater works only when the cells do not warm the liquor themselves.
        let warm = plant.anolyte.to_cells - (s.running_temperature - 2.0);
        self.heater.act(-warm, &mut v[valve::HEATER], dt);
        let warm = plant.catholyte.to_cells - s.running_temperature;
        self.cooler.act(warm, &mut v[valve::COOLER], dt);
        let site = plant.p.site.pressure;
        let pressure = plant.hydrogen.pressure - site - s.running_hydrogen_pressure;
        self.hydrogen.act(pressure / 100.0, &mut v[valve::HYDROGEN], dt);
        let pressure = plant.chlorine.pressure - site - s.running_chlorine_pressure;
        self.chlorine.act(pressure / 100.0, &mut v[valve::CHLORINE], dt);
        plant.step(&self.orders, dt);
    }
}
