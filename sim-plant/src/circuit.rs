//! A liquor circuit: tank, pump, exchanger. Anolyte and catholyte are two of a kind.

use model::StateWalk;

use crate::constants::MASS_WATER;
use crate::exp::exp;
use crate::liquid::{Enthalpies, Holdup, Liquid, VOLUME_FLOOR};
use crate::parameters::Loop;
use crate::valve::{Pump, equal_percentage};

/// J/(m3 K) of the utility water in an exchanger.
const WATER_CAPACITY: f64 = 75.4 / MASS_WATER * 985.0;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Circuit {
    pub(crate) tank: Holdup,
    pub(crate) pump: Pump,
    /// W from the exchanger into the liquor; negative when it cools.
    pub(crate) heat: f64,
    /// m3/s to the cells, of the last step.
    pub(crate) flow: f64,
    /// K to and from the cells.
    pub(crate) to_cells: f64,
    pub(crate) from_cells: f64,
    /// m3/s drawn, of the last step.
    pub(crate) drawn: f64,
}

/// The exchanger of a circuit, as its parameters and this step's valve have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchanger {
    pub(crate) supply: f64,
    pub(crate) flow_max: f64,
    pub(crate) exchange: f64,
    pub(crate) rangeability: f64,
    pub(crate) lag: f64,
    pub(crate) opening: f64,
}

impl Exchanger {
    /// m3/s of utility water.
    pub(crate) fn flow(&self) -> f64 {
        self.flow_max * equal_percentage(self.opening, self.rangeability)
    }

    /// W into a liquor at `kelvin` whose circulation runs at `turning` of the design.
    fn heat(&self, kelvin: f64, turning: f64) -> f64 {
        let capacity = self.flow() * WATER_CAPACITY;
        if capacity < 1.0 || turning < 0.05 {
            return 0.0;
        }
        // The liquor's side is many times larger: its temperature counts as constant.
        let units = self.exchange * libm::sqrt(turning) / capacity;
        capacity * (1.0 - exp(-units)) * (self.supply - kelvin)
    }
}

/// K that utility water gains when it carries `heat` W at `flow` m3/s.
pub(crate) fn utility_rise(heat: f64, flow: f64) -> f64 {
    if flow > 1e-6 { heat / (flow * WATER_CAPACITY) } else { 0.0 }
}

impl Circuit {
    pub(crate) fn new(tank: Holdup) -> Self {
        Self { tank, to_cells: tank.temperature, from_cells: tank.temperature, ..Self::default() }
    }

    /// 0..1
    pub(crate) fn level(&self, p: &Loop) -> f64 {
        self.tank.volume / p.tank_volume
    }

    /// Share of the pump's flow that the suction allows.
    fn suction(&self, p: &Loop) -> f64 {
        (self.level(p) / p.suction_level - 0.2).clamp(0.0, 1.0)
    }

    /// Pump and exchanger; returns the liquor to the cells, per cubic metre, and takes it from the tank.
    pub(crate) fn send(
        &mut self,
        p: &Loop,
        exchanger: &Exchanger,
        run: bool,
        free_way: f64,
        dt: f64,
    ) -> Liquid {
        self.pump.step(run, p.pump_start_time, dt);
        let volume = self.tank.volume.max(VOLUME_FLOOR);
        let wanted = p.recirculation * self.pump.speed * self.suction(p) * free_way;
        self.flow = wanted.min(0.2 * volume / dt);
        let turning = self.flow / p.recirculation;
        let target = exchanger.heat(self.tank.temperature, turning);
        self.heat += (target - self.heat) * (dt / (dt + exchanger.lag));
        let mut supply = self.tank.liquid.part(1.0 / volume);
        self.tank.liquid.add(&supply.part(-self.flow * dt));
        if turning > 0.05 {
            supply.enthalpy += self.heat / self.flow;
            let capacity = self.tank.capacity / volume * self.flow;
            self.to_cells = self.tank.temperature + self.heat / capacity;
        } else {
            self.tank.liquid.enthalpy += self.heat * dt;
            self.to_cells += (self.tank.temperature - self.to_cells) * (dt / 60.0).min(1.0);
        }
        supply
    }

    /// Draws `flow` m3/s at full head, what the pump and the level allow; tells its share of the tank.
    pub(crate) fn draw(&mut self, p: &Loop, flow: f64, dt: f64) -> (Liquid, f64) {
        let volume = self.tank.volume.max(VOLUME_FLOOR);
        let wanted = flow * self.pump.speed * self.pump.speed * self.suction(p);
        let share = (wanted * dt / volume).min(0.2);
        self.drawn = share * volume / dt;
        (self.tank.liquid.take(share), share)
    }

    /// What stands above the rim goes to the sump; tells its share of the tank.
    pub(crate) fn overflow(&mut self, p: &Loop) -> (Liquid, f64) {
        let above = self.tank.volume - p.tank_volume;
        if above > 0.0 {
            let share = (above / self.tank.volume).min(0.5);
            (self.tank.liquid.take(share), share)
        } else {
            (Liquid::default(), 0.0)
        }
    }

    /// J lost to the room.
    pub(crate) fn lose_heat(&mut self, p: &Loop, ambient: f64, dt: f64) -> f64 {
        let conductance = (p.heat_loss * dt).min(0.01 * self.tank.capacity);
        let loss = conductance * (self.tank.temperature - ambient);
        self.tank.liquid.enthalpy -= loss;
        loss
    }

    pub(crate) fn resolve(&mut self, h: &Enthalpies) {
        self.tank.resolve(h);
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.tank.state(walk);
        self.pump.state(walk);
        for value in
            [&mut self.heat, &mut self.flow, &mut self.to_cells, &mut self.from_cells, &mut self.drawn]
        {
            walk.f64(value);
        }
    }
}
