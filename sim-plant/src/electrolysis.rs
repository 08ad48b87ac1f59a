//! Area 300: the string of cells, its two circuits, its two headers, its rectifier.
//!
//! One fixed step of the physics. It knows openings and switches, not tags: those are in `tags`.

pub(crate) mod neighbours;
mod supplies;
mod gases;
mod books;
mod rounds;

use std::sync::Arc;

use crate::cell::{Cell, CellDuty, CellMake, CellYield, disproportionate};
use crate::chemistry::Chemistry;
use crate::circuit::{Circuit, Exchanger, utility_rise};
use crate::constants::{MASS_CA, MASS_MG};
use crate::electro::leakage_at;
use crate::gas::{CL2, GasEnthalpies, Header};
use crate::ledger::Ledger;
use crate::liquid::{CA, CL, Enthalpies, Holdup, Liquid, MG};
use crate::noise::Noise;
use crate::parameters::Parameters;
use crate::properties::Excursions;
use crate::rectifier::{Rectifier, RectifierDuty};
use crate::surroundings::Surroundings;
use crate::valve::{BlockValve, ControlValve};

use neighbours::Neighbours;
use rounds::{GROUPS, Rounds};
pub(crate) use supplies::Supplies;

pub(crate) const CELLS: usize = 24;

/// Control valves, in the order of `Electrolysis::valves`.
pub(crate) mod valve {
    pub(crate) const BRINE: usize = 0;
    pub(crate) const ACID: usize = 1;
    pub(crate) const WATER: usize = 2;
    pub(crate) const SPENT: usize = 3;
    pub(crate) const PRODUCT: usize = 4;
    pub(crate) const HEATER: usize = 5;
    pub(crate) const COOLER: usize = 6;
    pub(crate) const HYDROGEN: usize = 7;
    pub(crate) const CHLORINE: usize = 8;
    pub(crate) const COUNT: usize = 9;
}

/// On/off valves, in the order of `Electrolysis::blocks`.
pub(crate) mod block {
    pub(crate) const BRINE: usize = 0;
    pub(crate) const WATER: usize = 1;
    pub(crate) const NITROGEN_HYDROGEN: usize = 2;
    pub(crate) const SCRUBBER: usize = 3;
    pub(crate) const FURNACE: usize = 4;
    pub(crate) const NITROGEN_CHLORINE: usize = 5;
    pub(crate) const VENT: usize = 6;
    pub(crate) const USER: usize = 7;
    pub(crate) const PRODUCT: usize = 8;
    pub(crate) const COUNT: usize = 9;
}

/// What the PLCs command: openings 0..1, switches, amperes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Orders {
    pub(crate) valves: [f64; valve::COUNT],
    pub(crate) blocks: [bool; block::COUNT],
    pub(crate) anolyte_pump: bool,
    pub(crate) catholyte_pump: bool,
    pub(crate) demand: f64,
    pub(crate) close_breaker: bool,
    pub(crate) polarise: bool,
}

/// Faults of the plant that have no place of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Upsets {
    /// Added to the brine, mass shares.
    pub(crate) calcium: f64,
    pub(crate) magnesium: f64,
    pub(crate) no_water: bool,
    pub(crate) no_cooling: bool,
    pub(crate) no_fan: bool,
    pub(crate) emergency_stop: bool,
    /// The motors and the rectifier are dead.
    pub(crate) no_power: bool,
    /// mol/s into the room.
    pub(crate) chlorine_leak: f64,
    pub(crate) hydrogen_leak: f64,
}

/// Flows and heats of the last step, for the instruments; m3/s, W.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) brine: f64,
    pub(crate) acid: f64,
    pub(crate) water: f64,
    pub(crate) cooling: f64,
    pub(crate) cooling_heat: f64,
    /// What the preheater gives to the water of the utilities.
    pub(crate) water_heat: f64,
    /// A, V, W of the string.
    pub(crate) current: f64,
    pub(crate) voltage: f64,
    pub(crate) power: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct Electrolysis {
    pub(crate) p: Parameters,
    pub(crate) h: Enthalpies,
    g: GasEnthalpies,
    pub(crate) supplies: Supplies,
    pub(crate) neighbours: Neighbours,
    pub(crate) chemistry: Arc<Chemistry>,
    pub(crate) cells: [Cell; CELLS],
    pub(crate) makes: [CellMake; CELLS],
    rounds: Rounds,
    pub(crate) anolyte: Circuit,
    pub(crate) catholyte: Circuit,
    pub(crate) hydrogen: Header,
    pub(crate) chlorine: Header,
    pub(crate) rectifier: Rectifier,
    pub(crate) valves: [ControlValve; valve::COUNT],
    pub(crate) blocks: [BlockValve; block::COUNT],
    pub(crate) surroundings: Surroundings,
    pub(crate) upsets: Upsets,
    pub(crate) rates: Rates,
    pub(crate) excursions: Excursions,
    ledger: Ledger,
    next_refresh: u32,
    oxygen_half_proton: f64,
}

/// What a plant begins with.
pub(crate) struct Beginning {
    pub(crate) anolyte: Holdup,
    pub(crate) catholyte: Holdup,
    /// Dry composition of the headers, and their pressure, Pa absolute.
    pub(crate) hydrogen: [f64; 5],
    pub(crate) chlorine: [f64; 5],
    pub(crate) hydrogen_pressure: f64,
    pub(crate) chlorine_pressure: f64,
}

impl Electrolysis {
    pub(crate) fn new(p: &Parameters, seed: u64, from: &Beginning, chemistry: Arc<Chemistry>) -> Self {
        let h = Enthalpies::new(&p.thermo);
        let g = GasEnthalpies::new(&p.thermo);
        let mut noise = Noise::new(seed ^ 0x6365_6c6c);
        let makes: [CellMake; CELLS] = core::array::from_fn(|_| CellMake::draw(p, &mut noise));
        let cells = [Cell::new(&from.anolyte, &from.catholyte, p, &h); CELLS];
        let mut plant = Self {
            supplies: Supplies::new(p, &h, &Upsets::default()),
            neighbours: Neighbours::default(),
            cells,
            makes,
            rounds: Rounds::default(),
            anolyte: Circuit::new(from.anolyte),
            catholyte: Circuit::new(from.catholyte),
            hydrogen: Header::new(&p.hydrogen_header, from.hydrogen, from.hydrogen_pressure, &g),
            chlorine: Header::new(&p.chlorine_header, from.chlorine, from.chlorine_pressure, &g),
            rectifier: Rectifier::new(p.site.temperature),
            valves: [ControlValve::default(); valve::COUNT],
            blocks: [BlockValve::default(); block::COUNT],
            surroundings: Surroundings::new(&p.site),
            upsets: Upsets::default(),
            rates: Rates::default(),
            excursions: Excursions::default(),
            ledger: Ledger::default(),
            next_refresh: 0,
            oxygen_half_proton: 1e3 * libm::exp(-core::f64::consts::LN_10 * p.electrode.oxygen_alkaline_ph),
            chemistry,
            p: p.clone(),
            h,
            g,
        };
        plant.refresh_all();
        plant.open_ledger();
        plant
    }

    /// The balances count from now on.
    pub(crate) fn open_ledger(&mut self) {
        self.ledger = Ledger { start: self.inventory(), ..Ledger::default() };
    }

    /// Something about the supplies has changed.
    pub(crate) fn renew_supplies(&mut self) {
        self.supplies = Supplies::new(&self.p, &self.h, &self.upsets);
    }

    fn refresh_all(&mut self) {
        for _ in 0..CELLS {
            self.refresh_some();
        }
    }

    /// The slow properties of one cell, and in turn with the cells of one tank.
    fn refresh_some(&mut self) {
        let k = self.next_refresh as usize % CELLS;
        let pressures = (self.hydrogen.pressure, self.chlorine.pressure);
        self.cells[k].refresh(&self.p, pressures, &mut self.excursions);
        let circuit = if k.is_multiple_of(2) { &mut self.anolyte } else { &mut self.catholyte };
        circuit.tank.refresh(&self.p, &mut self.excursions);
        self.next_refresh = (self.next_refresh + 1) % CELLS as u32;
    }

    /// One fixed step of `dt` seconds.
    pub(crate) fn step(&mut self, orders: &Orders, dt: f64) {
        self.move_actuators(orders, dt);
        let current = self.drive_rectifier(orders, dt);
        self.refresh_some();
        let anolyte = self.send_anolyte(orders, dt);
        let catholyte = self.send_catholyte(orders, dt);
        let mut made = self.step_cells(current, &anolyte, &catholyte, dt);
        self.feed_and_draw(dt);
        self.anolyte.tank.liquid.add(&made.anolyte);
        self.catholyte.tank.liquid.add(&made.catholyte);
        self.breathe(&mut made.chlorine, dt);
        disproportionate(&mut self.anolyte.tank, dt);
        self.step_headers(&made, dt);
        self.neighbours.cooling_heat += self.rates.cooling_heat * dt;
        self.lose(dt);
        self.anolyte.resolve(&self.h);
        self.catholyte.resolve(&self.h);
        self.ledger.inward.energy += made.work;
        self.ledger.outward.energy += made.loss;
    }

    /// The fault `power-lost`, or its end.
    pub(crate) fn lose_power(&mut self, lost: bool) {
        self.upsets.no_power = lost;
        for circuit in [&mut self.anolyte, &mut self.catholyte] {
            circuit.pump.dead = lost;
        }
    }

    fn move_actuators(&mut self, orders: &Orders, dt: f64) {
        for (valve, order) in self.valves.iter_mut().zip(&orders.valves) {
            valve.step(&self.p.actuator, *order, dt);
        }
        for (block, order) in self.blocks.iter_mut().zip(&orders.blocks) {
            block.step(&self.p.actuator, *order, dt);
        }
    }

    fn drive_rectifier(&mut self, orders: &Orders, dt: f64) -> f64 {
        let duty = RectifierDuty {
            dt,
            demand: orders.demand,
            close: orders.close_breaker,
            polarise: orders.polarise,
            emergency_stop: self.upsets.emergency_stop,
            dead: self.upsets.no_power,
            stack_voltage: self.rates.voltage,
            ambient: self.p.site.temperature,
        };
        self.rectifier.step(&self.p.rectifier, &duty);
        let open = self.cells.iter().any(|cell| cell.is_dry(&self.p));
        if open { 0.0 } else { self.rectifier.current(&self.p.rectifier) }
    }

    fn send_anolyte(&mut self, orders: &Orders, dt: f64) -> Liquid {
        let heater = &self.p.heater;
        let exchanger = Exchanger {
            supply: heater.supply_temperature,
            flow_max: heater.flow_max,
            exchange: heater.exchange,
            rangeability: heater.rangeability,
            lag: heater.lag,
            opening: self.valves[valve::HEATER].position,
        };
        let open: f64 = self.cells.iter().map(|cell| 1.0 - cell.blocked).sum();
        // Parallel ways: a blocked one takes little from the total.
        let open = (open / CELLS as f64).max(1e-6);
        let free_way = if open == 1.0 { 1.0 } else { libm::pow(open, 0.3) };
        let supply = self.anolyte.send(&self.p.anolyte, &exchanger, orders.anolyte_pump, free_way, dt);
        self.ledger.inward.energy += self.anolyte.heat * dt;
        supply
    }

    fn send_catholyte(&mut self, orders: &Orders, dt: f64) -> Liquid {
        let cooler = &self.p.cooler;
        let exchanger = Exchanger {
            supply: self.cooling_supply(),
            flow_max: cooler.flow_max * self.cooling_share(),
            exchange: cooler.exchange,
            rangeability: cooler.rangeability,
            lag: cooler.lag,
            opening: self.valves[valve::COOLER].position,
        };
        let supply = self.catholyte.send(&self.p.catholyte, &exchanger, orders.catholyte_pump, 1.0, dt);
        self.rates.cooling = exchanger.flow() + cooler.other_users * self.cooling_share();
        self.rates.cooling_heat = -self.catholyte.heat;
        self.ledger.inward.energy += self.catholyte.heat * dt;
        supply
    }

    fn step_cells(&mut self, current: f64, anolyte: &Liquid, catholyte: &Liquid, dt: f64) -> CellYield {
        let mut made = CellYield::default();
        let abrupt = self.rounds.is_abrupt(current);
        if abrupt {
            for group in 0..GROUPS {
                self.move_group(group, current, &mut made);
            }
            let mut cells = self.cells;
            let duty = self.duty(current, 0.0, (self.flows().0, anolyte), (self.flows().1, catholyte));
            for (cell, make) in cells.iter_mut().zip(&self.makes) {
                cell.electrify(make, &duty);
            }
            self.cells = cells;
        } else {
            let more = current - self.rates.current;
            self.cells.iter_mut().for_each(|cell| cell.voltage += cell.slope * more);
        }
        self.rounds.anolyte.send(anolyte, self.anolyte.flow * dt);
        self.rounds.catholyte.send(catholyte, self.catholyte.flow * dt);
        self.rounds.pass(current, dt);
        for group in 0..GROUPS {
            if self.rounds.is_due(group, dt) {
                self.move_group(group, current, &mut made);
            }
        }
        let mut voltage = current * self.p.rectifier.bus_resistance;
        let (mut warm_a, mut warm_c) = (0.0, 0.0);
        for cell in &self.cells {
            voltage += cell.voltage;
            warm_a += cell.anolyte.temperature;
            warm_c += cell.catholyte.temperature;
        }
        // What the returns show; without circulation the pipe keeps what the cells have.
        self.anolyte.from_cells = warm_a / CELLS as f64;
        self.catholyte.from_cells = warm_c / CELLS as f64;
        self.rates.current = current;
        self.rates.voltage = voltage;
        self.rates.power = voltage * current;
        made
    }

    /// Flow of anolyte and catholyte, m3/s per unit of flow share.
    fn flows(&self) -> (f64, f64) {
        let anolyte: f64 =
            self.cells.iter().zip(&self.makes).map(|(cell, make)| make.flow * (1.0 - cell.blocked)).sum();
        let catholyte: f64 = self.makes.iter().map(|make| make.flow).sum();
        (self.anolyte.flow / anolyte.max(1e-9), self.catholyte.flow / catholyte.max(1e-9))
    }

    /// What the cells of a turn see: `flow` m3/s per unit of flow share, and a cubic metre of it.
    fn duty<'a>(
        &'a self,
        current: f64,
        dt: f64,
        (anolyte_flow, anolyte): (f64, &'a Liquid),
        (catholyte_flow, catholyte): (f64, &'a Liquid),
    ) -> CellDuty<'a> {
        CellDuty {
            p: &self.p,
            h: &self.h,
            g: &self.g,
            dt,
            current,
            leakage_factor: leakage_at(&self.p.membrane, current / self.p.cell.active_area),
            oxygen_half_proton: self.oxygen_half_proton,
            anolyte,
            anolyte_flow,
            catholyte,
            catholyte_flow,
            hydrogen_pressure: self.hydrogen.pressure,
            chlorine_pressure: self.chlorine.pressure,
            chlorine_share: self.chlorine.gas.dry_share(CL2),
            ambient: self.p.site.temperature,
        }
    }

    /// The turn of a group of cells; their voltages are those at `current` afterwards.
    fn move_group(&mut self, group: usize, current: f64, made: &mut CellYield) {
        let waiting = self.rounds.waiting(&self.cells, &self.makes);
        let Some((dt, mean)) = self.rounds.begin(group) else { return };
        let (anolyte_flow, anolyte) = self.rounds.anolyte.offer(waiting.0);
        let (catholyte_flow, catholyte) = self.rounds.catholyte.offer(waiting.1);
        let of_group = |turn: usize| group + turn * GROUPS;
        let mut cells: [Cell; CELLS / GROUPS] = core::array::from_fn(|turn| self.cells[of_group(turn)]);
        let duty = self.duty(mean, dt, (anolyte_flow, &anolyte), (catholyte_flow, &catholyte));
        let (mut ways_a, mut ways_c) = (0.0, 0.0);
        for (turn, cell) in cells.iter_mut().enumerate() {
            let make = &self.makes[of_group(turn)];
            ways_a += make.flow * (1.0 - cell.blocked);
            ways_c += make.flow;
            cell.step(make, &duty, made);
            cell.voltage += cell.slope * (current - mean);
        }
        for (turn, cell) in cells.into_iter().enumerate() {
            self.cells[of_group(turn)] = cell;
        }
        self.rounds.anolyte.take(&anolyte, anolyte_flow * ways_a * dt);
        self.rounds.catholyte.take(&catholyte, catholyte_flow * ways_c * dt);
        self.rounds.end(group);
    }

    fn feed_and_draw(&mut self, dt: f64) {
        let position = |valves: &[ControlValve; valve::COUNT], k: usize| valves[k].position;
        let v = &self.valves;
        let brine = self.p.brine.flow_max * position(v, valve::BRINE) * self.blocks[block::BRINE].position;
        let acid = self.p.acid.flow_max * position(v, valve::ACID);
        let pressure = if self.upsets.no_water { 0.0 } else { 1.0 };
        let water =
            self.p.water.flow_max * position(v, valve::WATER) * self.blocks[block::WATER].position * pressure;
        let spent = self.p.anolyte.draw_max * position(v, valve::SPENT);
        let product =
            self.p.catholyte.draw_max * position(v, valve::PRODUCT) * self.blocks[block::PRODUCT].position;
        let brine = self.take_in(neighbours::BRINE, brine, dt);
        let acid = self.take_in(neighbours::ACID, acid, dt);
        let water = self.take_water(water, dt);
        self.rates = Rates { brine, acid, water, ..self.rates };
        let (drawn, share) = self.anolyte.draw(&self.p.anolyte, spent, dt);
        self.ledger.outward.liquid(&drawn);
        self.neighbours.spend(&drawn, share);
        let (lost, share) = self.anolyte.overflow(&self.p.anolyte);
        self.ledger.outward.liquid(&lost);
        self.neighbours.spill(share);
        let (drawn, _) = self.catholyte.draw(&self.p.catholyte, product, dt);
        self.ledger.outward.liquid(&drawn);
        self.neighbours.give(neighbours::LYE, &drawn);
        let (lost, _) = self.catholyte.overflow(&self.p.catholyte);
        self.ledger.outward.liquid(&lost);
    }

    /// DI water into the catholyte at `flow` m3/s, from the utilities or from the own supply; m3/s that came.
    fn take_water(&mut self, flow: f64, dt: f64) -> f64 {
        let (mut fed, came, heat) = match self.neighbours.draw(neighbours::WATER, flow * dt, dt) {
            Some((fed, volume)) => (fed, volume / dt, self.preheat(&fed)),
            None => (self.supplies.water.part(flow * dt), flow, 0.0),
        };
        self.ledger.inward.liquid(&fed);
        self.ledger.inward.energy += heat;
        self.rates.water_heat = heat / dt;
        fed.enthalpy += heat;
        self.catholyte.tank.liquid.add(&fed);
        came
    }

    /// J that bring the water of the utilities to the temperature of the own supply. The preheater is heated from
    /// outside the plant, as T-720 gives its water cold: no stream of the string or of the utilities pays for it.
    fn preheat(&self, water: &Liquid) -> f64 {
        let kelvin = self.p.water.temperature;
        let warm = water.amount.iter().enumerate().map(|(k, amount)| amount * self.h.molar(k, kelvin));
        (warm.sum::<f64>() - water.enthalpy).max(0.0)
    }

    /// Of the design flow of cooling water, what the utilities have.
    fn cooling_share(&self) -> f64 {
        if self.upsets.no_cooling { 0.0 } else { self.neighbours.cooling_flow.unwrap_or(1.0) }
    }

    /// K of the cooling water that comes.
    pub(crate) fn cooling_supply(&self) -> f64 {
        self.neighbours.cooling.unwrap_or(self.p.cooler.supply_temperature)
    }

    /// Brine or acid into the anolyte at `flow` m3/s, from a neighbour or from the own supply; m3/s that came.
    fn take_in(&mut self, what: usize, flow: f64, dt: f64) -> f64 {
        let (fed, came) = match self.neighbours.draw(what, flow * dt, dt) {
            Some((mut fed, volume)) => {
                if what == neighbours::BRINE {
                    self.spoil(&mut fed);
                }
                (fed, volume / dt)
            }
            None if what == neighbours::BRINE => (self.supplies.brine.part(flow * dt), flow),
            None => (self.supplies.acid.part(flow * dt), flow),
        };
        self.anolyte.tank.liquid.add(&fed);
        self.ledger.inward.liquid(&fed);
        came
    }

    /// The fault `brine-hardness`, in a neighbour's brine.
    fn spoil(&self, brine: &mut Liquid) {
        let mass = brine.mass();
        for (component, share, molar) in
            [(CA, self.upsets.calcium, MASS_CA), (MG, self.upsets.magnesium, MASS_MG)]
        {
            let amount = share * mass / molar;
            brine.amount[component] += amount;
            brine.amount[CL] += 2.0 * amount;
            let kelvin = self.anolyte.tank.temperature;
            brine.enthalpy += amount * (self.h.molar(component, kelvin) + 2.0 * self.h.molar(CL, kelvin));
        }
    }

    fn lose(&mut self, dt: f64) {
        let ambient = self.p.site.temperature;
        for (circuit, p) in [(&mut self.anolyte, &self.p.anolyte), (&mut self.catholyte, &self.p.catholyte)] {
            self.ledger.outward.energy += circuit.lose_heat(p, ambient, dt);
        }
    }

    /// K of the cooling water's return.
    pub(crate) fn cooling_return(&self) -> f64 {
        self.cooling_supply() + utility_rise(self.rates.cooling_heat, self.rates.cooling)
    }
}

#[cfg(test)]
mod tests;
