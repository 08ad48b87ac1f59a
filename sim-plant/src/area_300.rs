//! Area 300 behind its instruments: the string of cells with its own fast model.

mod faults;
mod measure;
mod explain;

use std::sync::Arc;

use model::{Quality, StateWalk};

use crate::chemistry::Chemistry;
use crate::electrolysis::neighbours::{Neighbours, Pipe};
use crate::electrolysis::{Electrolysis, Orders};
use crate::initial::{self, Initial};
use crate::ledger::Closure;
use crate::noise::Noise;
use crate::parameters::Parameters;
use crate::properties::Excursions;
use crate::renewed::Renewed;
use crate::sensor::bank::Instruments;
use crate::sensor::{Sensor, kind_of};
use crate::tags::{Input, Kind, Output, PLCS, Side, Signal, Target, inputs, outputs};
use crate::turns::{self, Turns};

#[derive(Clone, Debug, Default, PartialEq)]
struct Link {
    lost: bool,
    /// How long it has been lost.
    seconds: f64,
    stopped: bool,
}

/// Area 300 with its instruments. Deterministic: the same parameters, seed and calls give the
/// same bits on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Area300 {
    plant: Electrolysis,
    orders: Orders,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    sensors: Vec<Sensor>,
    /// When those with dynamics show something new.
    turns: Turns,
    /// Those without.
    switches: Vec<usize>,
    renewed: Renewed,
    /// What the controller last wrote, in the tag's unit.
    written: Vec<f64>,
    links: [Link; PLCS.len()],
    noise: Noise,
}

impl Area300 {
    /// Builds the plant. `Initial::Running` settles it first, which takes a few hundred milliseconds.
    pub(crate) fn new(
        parameters: &Parameters,
        initial: Initial,
        seed: u64,
        chemistry: Arc<Chemistry>,
    ) -> Self {
        let (plant, orders) = match initial {
            Initial::Running => initial::running(parameters, seed, chemistry),
            Initial::Cold => initial::cold(parameters, seed, chemistry),
        };
        let inputs = inputs();
        let outputs = outputs();
        let written = outputs.iter().map(|output| order_of(&orders, output)).collect();
        let sensor = |input: &Input| {
            let kind = kind_of(&plant.p.sensors, input.kind);
            Sensor::new((input.low, input.high), kind, measure::truth(&plant, input.signal))
        };
        let sensors = inputs.iter().map(sensor).collect();
        let turn = |(k, input): (usize, &Input)| {
            Some((k, (input.low, input.high), kind_of(&plant.p.sensors, input.kind)?))
        };
        let turns = Turns::new(inputs.iter().enumerate().filter_map(turn));
        let switches = (0..inputs.len()).filter(|input| inputs[*input].kind == Kind::Switch).collect();
        Self {
            plant,
            orders,
            sensors,
            turns,
            switches,
            renewed: Renewed::new(inputs.len()),
            inputs,
            outputs,
            written,
            links: Default::default(),
            noise: Noise::new(seed),
        }
    }

    pub(crate) fn tag_names(&self) -> impl Iterator<Item = &str> {
        let inputs = self.inputs.iter().map(|input| input.name.as_str());
        inputs.chain(self.outputs.iter().map(|output| output.name))
    }

    pub(crate) fn input_names(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|input| input.name.as_str())
    }

    pub(crate) fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|output| output.name)
    }

    /// The streams to and from the areas around it.
    pub(crate) fn neighbours(&mut self) -> &mut Neighbours {
        &mut self.plant.neighbours
    }

    /// From now on brine (or acid) comes out of a neighbour's tank.
    pub(crate) fn join(&mut self, pipe: usize) {
        self.plant.neighbours.pipes[pipe] = Some(Pipe::default());
    }

    /// The instruments of the scrubber show that of the neighbour, which has just been told.
    pub(crate) fn know_absorber(&mut self) {
        for (sensor, input) in self.sensors.iter_mut().zip(&self.inputs) {
            if matches!(input.signal, Signal::ScrubberFan | Signal::ScrubberLye) {
                let kind = kind_of(&self.plant.p.sensors, input.kind);
                *sensor =
                    Sensor::new((input.low, input.high), kind, measure::truth(&self.plant, input.signal));
            }
        }
    }

    /// Advances by `dt` seconds, at most a tenth.
    pub(crate) fn step(&mut self, dt: f64) {
        self.take_orders(dt);
        self.plant.step(&self.orders, dt);
        self.read_sensors(dt);
    }

    /// What the instrument shows now. A lost PLC answers nothing: its last values, Bad.
    pub(crate) fn sensor(&self, index: usize) -> (f64, Quality) {
        match (self.sensors.get(index), self.inputs.get(index)) {
            (Some(sensor), Some(_)) if self.link_is_lost(index) => {
                (sensor.shown, Quality::BadNoCommunication)
            }
            (Some(sensor), Some(_)) => (sensor.shown, sensor.quality),
            _ => (f64::NAN, Quality::BadDeviceFailure),
        }
    }

    /// As the field's.
    pub(crate) const fn renewed(&mut self) -> &mut Renewed {
        &mut self.renewed
    }

    fn link_is_lost(&self, input: usize) -> bool {
        self.links[self.inputs[input].plc as usize].lost
    }

    /// Writes an output in its tag's unit. What is no number is not taken; what is beyond the range
    /// is held at its end; a lost PLC hears nothing, and one in STOP takes nothing.
    pub(crate) fn actuator(&mut self, index: usize, value: f64) {
        let Some(output) = self.outputs.get(index) else {
            return;
        };
        let link = &self.links[output.plc as usize];
        if value.is_nan() || link.lost || link.stopped {
            return;
        }
        self.written[index] = value.clamp(0.0, output.high);
    }

    /// What stands at an output; at the start, where the initial condition has it.
    pub(crate) fn actuator_value(&self, index: usize) -> f64 {
        self.written.get(index).copied().unwrap_or(f64::NAN)
    }

    /// True while the fault `link-loss` cuts the PLC of this name off.
    pub(crate) fn device_is_lost(&self, device: &str) -> bool {
        PLCS.iter().any(|(name, plc)| *name == device && self.links[*plc as usize].lost)
    }

    /// True while the fault `plc-stop` holds the PLC of this name.
    pub(crate) fn device_is_stopped(&self, device: &str) -> bool {
        PLCS.iter().any(|(name, plc)| *name == device && self.links[*plc as usize].stopped)
    }

    /// How well elements, mass, energy and charge have closed since the start.
    pub(crate) fn closure(&self) -> Closure {
        self.plant.closure()
    }

    /// How often a property was asked for outside its range.
    pub(crate) fn excursions(&self) -> &Excursions {
        &self.plant.excursions
    }

    fn take_orders(&mut self, dt: f64) {
        for link in &mut self.links {
            link.seconds = if link.lost { link.seconds + dt } else { 0.0 };
        }
        let watchdog = self.plant.p.actuator.watchdog;
        for (output, written) in self.outputs.iter().zip(&mut self.written) {
            let link = &self.links[output.plc as usize];
            if link.stopped || link.lost && link.seconds > watchdog {
                *written = output.fail;
            }
            set_order(&mut self.orders, output, *written);
        }
    }

    fn read_sensors(&mut self, dt: f64) {
        for switch in &self.switches {
            let sensor = &mut self.sensors[*switch];
            let before = (sensor.shown.to_bits(), sensor.quality);
            sensor.show(measure::truth(&self.plant, self.inputs[*switch].signal));
            if before != (sensor.shown.to_bits(), sensor.quality) {
                self.renewed.mark(*switch);
            }
        }
        turns::give(self, dt);
    }

    pub(crate) fn renew_supplies(&mut self) {
        self.plant.renew_supplies();
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.noise.state(walk);
        self.turns.state(walk);
        for sensor in &mut self.sensors {
            sensor.state(walk);
        }
        walk.f64s(&mut self.written);
        for link in &mut self.links {
            walk.bool(&mut link.lost);
            walk.f64(&mut link.seconds);
            walk.bool(&mut link.stopped);
        }
        self.plant.state(walk);
    }
}

fn set_order(orders: &mut Orders, output: &Output, value: f64) {
    let on = value >= 0.5;
    match output.target {
        Target::Valve(k) => orders.valves[k] = value * 0.01,
        Target::Block(k) => orders.blocks[k] = on,
        Target::Pump(Side::Anolyte) => orders.anolyte_pump = on,
        Target::Pump(Side::Catholyte) => orders.catholyte_pump = on,
        Target::Demand => orders.demand = value * 1e3,
        Target::Breaker => orders.close_breaker = on,
        Target::Polarisation => orders.polarise = on,
    }
}

fn order_of(orders: &Orders, output: &Output) -> f64 {
    let switch = |on: bool| f64::from(u8::from(on));
    match output.target {
        Target::Valve(k) => orders.valves[k] * 100.0,
        Target::Block(k) => switch(orders.blocks[k]),
        Target::Pump(Side::Anolyte) => switch(orders.anolyte_pump),
        Target::Pump(Side::Catholyte) => switch(orders.catholyte_pump),
        Target::Demand => orders.demand / 1e3,
        Target::Breaker => switch(orders.close_breaker),
        Target::Polarisation => switch(orders.polarise),
    }
}

impl Instruments for Area300 {
    fn truth(&self, instrument: usize) -> f64 {
        measure::truth(&self.plant, self.inputs[instrument].signal)
    }

    fn sensor(&self, instrument: usize) -> &Sensor {
        &self.sensors[instrument]
    }

    fn sensor_mut(&mut self, instrument: usize) -> &mut Sensor {
        &mut self.sensors[instrument]
    }

    fn noise(&mut self) -> &mut Noise {
        &mut self.noise
    }

    fn turns(&mut self) -> &mut Turns {
        &mut self.turns
    }

    fn has_shown(&mut self, instrument: usize) {
        self.renewed.mark(instrument);
    }
}
