//! The simulator: area 300 behind its instruments, stepped by whoever owns the time.

mod faults;
mod measure;
mod explain;

use model::{Direction, IoMap, Quality, StateHash, StateReader, StateWalk, StateWriter};
use thiserror::Error;

use crate::electrolysis::{Electrolysis, Orders};
use crate::fault::hint;
use crate::initial::{self, Initial};
use crate::ledger::Closure;
use crate::noise::Noise;
use crate::parameters::Parameters;
use crate::properties::Excursions;
use crate::sensor::{Sensor, kind_of};
use crate::tags::{Input, Output, PLCS, Side, Target, inputs, outputs};

/// No step of the physics is longer.
pub const STEP_MAX_MS: u32 = 100;
/// One call of [`Simulator::step`] advances by at most this much.
pub const ADVANCE_MAX_MS: u32 = 60_000;

#[derive(Debug, Error, PartialEq, Eq)]
pub enum BindError {
    #[error("{}", .0.join("\n"))]
    Tags(Vec<String>),
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum RestoreError {
    #[error("this snapshot is of another plant, version, seed or parameter file; start without it")]
    Foreign,
    #[error("the snapshot has {found} bytes and should have {expected}; it is damaged")]
    Length { found: usize, expected: usize },
}

/// One tag of a binding: an index for [`Simulator::sensor`] or [`Simulator::actuator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    Sensor(usize),
    Actuator(usize),
}

/// Tags by dense index, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    pub points: Vec<Point>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Link {
    lost: bool,
    seconds: f64,
}

/// Area 300 with its instruments. Deterministic: the same parameters, seed and calls give the
/// same bits on every machine.
#[derive(Clone, Debug)]
pub struct Simulator {
    plant: Electrolysis,
    orders: Orders,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    sensors: Vec<Sensor>,
    /// What the controller last wrote, in the tag's unit.
    written: Vec<f64>,
    links: [Link; PLCS.len()],
    noise: Noise,
    now_ms: u64,
    fingerprint: u64,
}

impl Simulator {
    /// Builds the plant. `Initial::Running` settles it first, which takes a few hundred milliseconds.
    pub fn new(parameters: &Parameters, initial: Initial, seed: u64) -> Self {
        let (plant, orders) = match initial {
            Initial::Running => initial::running(parameters, seed),
            Initial::Cold => initial::cold(parameters, seed),
        };
        let inputs = inputs();
        let outputs = outputs();
        let written = outputs.iter().map(|output| order_of(&orders, output)).collect();
        let sensors = inputs.iter().map(|input| Sensor::new(measure::truth(&plant, input.signal))).collect();
        let mut fingerprint = StateHash::new();
        // The seed makes the cells what they are, and they are not in the snapshot.
        fingerprint.u64(&mut { seed });
        for entry in parameters.entries() {
            let mut bits = entry.value.to_bits();
            fingerprint.u64(&mut bits);
        }
        Self {
            plant,
            orders,
            sensors,
            inputs,
            outputs,
            written,
            links: Default::default(),
            noise: Noise::new(seed),
            now_ms: 0,
            fingerprint: fingerprint.finish(),
        }
    }

    /// Looks tags up. Every name that is unknown, or used in the wrong direction, is reported.
    pub fn bind(&self, tags: &[(&str, Direction)]) -> Result<Binding, BindError> {
        let mut mistakes = Vec::new();
        let mut points = Vec::with_capacity(tags.len());
        for &(tag, direction) in tags {
            let sensor = self.inputs.iter().position(|input| input.name == tag);
            let actuator = self.outputs.iter().position(|output| output.name == tag);
            match (direction, sensor, actuator) {
                (Direction::Input, Some(index), _) => points.push(Point::Sensor(index)),
                (Direction::Output, _, Some(index)) => points.push(Point::Actuator(index)),
                (Direction::Input, None, Some(_)) => {
                    mistakes.push(format!(
                        "{tag} is an output of the simulator; declare it as holding, coil or write"
                    ));
                }
                (Direction::Output, Some(_), None) => {
                    mistakes.push(format!(
                        "{tag} is measured by the simulator; declare it as input, discrete or node"
                    ));
                }
                (_, None, None) => {
                    let hint = hint(tag, self.tag_names());
                    mistakes.push(format!("the simulator of area 300 has no tag {tag}{hint}"));
                }
            }
        }
        if mistakes.is_empty() { Ok(Binding { points }) } else { Err(BindError::Tags(mistakes)) }
    }

    /// Binds every point of an I/O map, in its order.
    pub fn bind_map(&self, map: &IoMap) -> Result<Binding, BindError> {
        let tags: Vec<(&str, Direction)> =
            map.points.iter().map(|point| (point.tag.as_str(), point.direction)).collect();
        self.bind(&tags)
    }

    pub fn tag_names(&self) -> impl Iterator<Item = &str> {
        let inputs = self.inputs.iter().map(|input| input.name.as_str());
        inputs.chain(self.outputs.iter().map(|output| output.name))
    }

    /// Advances the plant by `dt_ms` (at most [`ADVANCE_MAX_MS`]), in equal steps of at most
    /// [`STEP_MAX_MS`].
    pub fn step(&mut self, dt_ms: u32) {
        let dt_ms = dt_ms.min(ADVANCE_MAX_MS);
        let steps = dt_ms.div_ceil(STEP_MAX_MS);
        if steps == 0 {
            return;
        }
        let dt = f64::from(dt_ms) / f64::from(steps) / 1000.0;
        for _ in 0..steps {
            self.take_orders(dt);
            self.plant.step(&self.orders, dt);
            self.read_sensors(dt);
        }
        self.now_ms += u64::from(dt_ms);
    }

    /// What the instrument shows now. A lost PLC answers nothing: its last values, Bad.
    pub fn sensor(&self, index: usize) -> (f64, Quality) {
        match (self.sensors.get(index), self.inputs.get(index)) {
            (Some(sensor), Some(_)) if self.link_is_lost(index) => {
                (sensor.shown, Quality::BadNoCommunication)
            }
            (Some(sensor), Some(_)) => (sensor.shown, sensor.quality),
            _ => (f64::NAN, Quality::BadDeviceFailure),
        }
    }

    fn link_is_lost(&self, input: usize) -> bool {
        self.links[self.inputs[input].plc as usize].lost
    }

    /// Writes an output in its tag's unit. What is no number is not taken; what is beyond the range
    /// is held at its end; a lost PLC hears nothing.
    pub fn actuator(&mut self, index: usize, value: f64) {
        let Some(output) = self.outputs.get(index) else {
            return;
        };
        if value.is_nan() || self.links[output.plc as usize].lost {
            return;
        }
        self.written[index] = value.clamp(0.0, output.high);
    }

    /// What stands at an output; at the start, where the initial condition has it.
    pub fn actuator_value(&self, index: usize) -> f64 {
        self.written.get(index).copied().unwrap_or(f64::NAN)
    }

    /// True while the fault `link-loss` cuts the PLC of this name off.
    pub fn device_is_lost(&self, device: &str) -> bool {
        PLCS.iter().any(|(name, plc)| *name == device && self.links[*plc as usize].lost)
    }

    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// How well elements, mass, energy and charge have closed since the start.
    pub fn closure(&self) -> Closure {
        self.plant.closure()
    }

    /// How often a property was asked for outside its range.
    pub fn excursions(&self) -> &Excursions {
        &self.plant.excursions
    }

    fn take_orders(&mut self, dt: f64) {
        for link in &mut self.links {
            link.seconds = if link.lost { link.seconds + dt } else { 0.0 };
        }
        let watchdog = self.plant.p.actuator.watchdog;
        for (output, written) in self.outputs.iter().zip(&mut self.written) {
            let link = &self.links[output.plc as usize];
            if link.lost && link.seconds > watchdog {
                *written = output.fail;
            }
            set_order(&mut self.orders, output, *written);
        }
    }

    fn read_sensors(&mut self, dt: f64) {
        for (sensor, input) in self.sensors.iter_mut().zip(&self.inputs) {
            let value = measure::truth(&self.plant, input.signal);
            let kind = kind_of(&self.plant.p.sensors, input.kind);
            sensor.step(input, kind, value, &mut self.noise, dt);
        }
    }

    /// Hash of everything that the next step depends on.
    pub fn hash(&mut self) -> u64 {
        let mut hash = StateHash::new();
        self.state(&mut hash);
        hash.finish()
    }

    /// Everything that the next step depends on.
    pub fn snapshot(&mut self) -> Vec<u8> {
        let mut writer = StateWriter::default();
        writer.u64(&mut { self.fingerprint });
        self.state(&mut writer);
        writer.0
    }

    /// Continues where a snapshot of the same parameters was taken.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let expected = self.snapshot();
        if bytes.len() != expected.len() {
            return Err(RestoreError::Length { found: bytes.len(), expected: expected.len() });
        }
        if bytes[..8] != expected[..8] {
            return Err(RestoreError::Foreign);
        }
        let mut reader = StateReader::new(&bytes[8..]);
        self.state(&mut reader);
        self.plant.renew_supplies();
        Ok(())
    }

    fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.now_ms);
        self.noise.state(walk);
        for sensor in &mut self.sensors {
            sensor.state(walk);
        }
        for written in &mut self.written {
            walk.f64(written);
        }
        for link in &mut self.links {
            walk.bool(&mut link.lost);
            walk.f64(&mut link.seconds);
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
