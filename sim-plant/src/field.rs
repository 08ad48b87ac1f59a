//! The field of a plant as text tells it: units joined by lines, moved by actuators, seen by instruments.
//!
//! ```text
//! tags written ─► actuators ─► lines (flow = largest x conductances x suction) ─► units ─► instruments ─► tags read
//!                  10 a second        10 a second, summed up                    once a second   10 a second
//! ```
//!
//! A plant folder that has `field/*.toml` needs no Rust to be simulated: supplies at the battery limit, units
//! out of [`crate::units::CATALOGUE`], lines between them, and for every tag of the I/O map what it measures or
//! moves. `docs/field.md` is the manual. Everything is checked against the plant's tags when it is read; a
//! mistake names its file and line.

mod text;
mod supply;
mod actuator;
mod driven;
mod instrument;
mod line;
mod compile;
mod order;
mod origin;
mod pace;
mod vent;
mod watch;
mod faults;
mod explain;
mod words;

pub use compile::NO_RUNNING_START;

use std::sync::Arc;

use model::{Direction, Quality, StateWalk, Unit};

use crate::chemistry::Chemistry;
use crate::constants::ZERO_CELSIUS;
use crate::electrolysis::neighbours::{Neighbours, WATER};
use crate::flowsheet::{End, Flowsheet};

use crate::matter::{Balance, Matter};
use crate::noise::Noise;
use crate::parameters::{Actuator, ParameterEntry, SensorKind};
use crate::renewed::Renewed;
use crate::sensor::bank::Instruments;
use crate::sensor::{Sensor, kind_of};
use crate::simulator::{Part, UnitName};
use crate::station::Station;
use crate::tags::Kind;
use crate::turns::{self, Turns};

use actuator::Channel;
use driven::Driven;
use instrument::Truth;
use line::Line;
use order::{Order, Term};
use origin::Origin;
use pace::Pace;
use supply::Supply;
use vent::Vent;
use watch::Watch;

pub(crate) use compile::{Beginning, ELECTROLYSIS};
pub use words::{FieldWords, words};

/// A tag of the plant's I/O map, as the field needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldTag {
    pub name: String,
    pub direction: Direction,
    pub unit: Unit,
    pub low: f64,
    pub high: f64,
    /// Where the PLC drives an output when the controller is gone.
    pub fail: f64,
    /// The device that carries it.
    pub device: String,
}

/// A file of the field's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFile {
    pub name: String,
    pub text: String,
}

/// The units move on this often, s.
const PROCESS_STEP: f64 = 1.0;

/// An analogue or digital input with its instrument. Ten times a second all of them are read, so what is needed
/// for that stands close together.
struct Input {
    truth: Truth,
    kind: Kind,
    range: (f64, f64),
    /// Of the field's links, the one that carries it.
    link: usize,
    sensor: Sensor,
    tag: Box<FieldTag>,
}

impl Input {
    /// A switch shows what is; true when that is something else than it was.
    fn show(&mut self, value: f64) -> bool {
        let before = (self.sensor.shown.to_bits(), self.sensor.quality);
        self.sensor.show(value);
        before != (self.sensor.shown.to_bits(), self.sensor.quality)
    }
}

/// An output and what it moves.
struct Output {
    range: (f64, f64),
    fail: f64,
    /// Of the field's links, the one that carries it.
    link: usize,
    element: usize,
    channel: Channel,
    written: f64,
    /// What of that the element was told, by its bits; `None` when it has to be told again.
    told: Option<u64>,
    tag: Box<FieldTag>,
}

/// The PLC that carries tags; a fault may cut it off, or stop its program.
struct Link {
    device: String,
    lost: bool,
    /// How long it has been lost.
    seconds: f64,
    stopped: bool,
}

/// Where a unit of the text stands.
struct UnitPlace {
    name: String,
    file: String,
    kind: &'static str,
    text: String,
    entries: Vec<ParameterEntry>,
    origin: Origin,
    pace: Pace,
}

pub struct Field {
    chemistry: Arc<Chemistry>,
    actuator: Actuator,
    motor_start: f64,
    sensors: [SensorKind; 10],
    /// Of each kind of instrument its lag, as the parameter file gives it.
    instruments: Vec<Option<ParameterEntry>>,
    /// The parameters that say how fast valves and motors are.
    travel: Vec<ParameterEntry>,
    sheet: Flowsheet,
    units: Vec<UnitPlace>,
    supplies: Vec<Supply>,
    elements: Vec<Driven>,
    lines: Vec<Line>,
    orders: Vec<Order>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    links: Vec<Link>,
    watch: Watch,
    /// When the instruments show something new.
    turns: Turns,
    renewed: Renewed,
    noise: Noise,
    /// s since the units moved last.
    since: f64,
    /// Everything has to be looked at again: the units have moved, a fault has come or gone, a state was taken up.
    new: bool,
    /// Somebody has written to an output since the orders were taken last.
    written: bool,
    /// The net is dead: see the fault `power-lost`.
    dark: bool,
    /// The units have moved since the string next door was met.
    moved: bool,
    ports: Ports,
}

/// Streams to and from a part of the plant that has its own model (the electrolyser string of area 300).
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    /// Names such as `EL-301.brine`, in the order of the flowsheet's exports.
    pub(crate) exports: Vec<String>,
    /// m3/s that the other side asks of each export.
    pub(crate) asked: Vec<f64>,
    pub(crate) imports: Vec<String>,
    /// Matter that came in since the units moved last.
    pub(crate) came: Vec<Matter>,
    /// Imports that no line takes.
    pub(crate) untaken: Vec<bool>,
    /// J that the string has given to the cooling water since the units moved last.
    heat: f64,
    /// How warm the cooling water is that it gets, degC.
    cooling: Option<Term>,
    /// How much of its design flow there is.
    cooling_flow: Option<Term>,
    /// The absorber of the chlorine that it vents.
    vent: Vent,
}

impl Field {
    /// True when the text has an electrolyser string with its own model.
    pub(crate) fn has_electrolysis(files: &[FieldFile]) -> bool {
        let mut mistakes = Vec::new();
        let kind = |item: text::Item<'_>| {
            item.table().and_then(|table| table.get("kind")?.text().map(|k| k == ELECTROLYSIS))
        };
        files.iter().filter_map(|file| text::Document::parse(&file.name, &file.text, &mut mistakes)).any(
            |document| {
                document
                    .entries("unit", &mut Vec::new())
                    .into_iter()
                    .any(|(_, item)| kind(item) == Some(true))
            },
        )
    }

    pub(crate) fn input_names(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|input| input.tag.name.as_str())
    }

    pub(crate) fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|output| output.tag.name.as_str())
    }

    pub(crate) fn units(&self) -> impl Iterator<Item = UnitName<'_>> {
        self.units.iter().map(|unit| UnitName { name: &unit.name, kind: unit.kind, file: &unit.file })
    }

    pub(crate) fn stations(&self) -> impl Iterator<Item = &Station> {
        self.sheet.stations.iter()
    }

    /// What the instrument shows now. A lost PLC answers nothing: its last values, Bad.
    pub(crate) fn sensor(&self, index: usize) -> (f64, Quality) {
        match self.inputs.get(index) {
            Some(input) if self.links[input.link].lost => (input.sensor.shown, Quality::BadNoCommunication),
            Some(input) => (input.sensor.shown, input.sensor.quality),
            None => (f64::NAN, Quality::BadDeviceFailure),
        }
    }

    /// Inputs that have had a turn. A PLC that is lost or comes back is not told here.
    pub(crate) const fn renewed(&mut self) -> &mut Renewed {
        &mut self.renewed
    }

    pub(crate) fn is_lost(&self, device: &str) -> bool {
        self.links.iter().any(|link| link.lost && link.device == device)
    }

    pub(crate) fn is_stopped(&self, device: &str) -> bool {
        self.links.iter().any(|link| link.stopped && link.device == device)
    }

    /// Writes an output in its tag's unit; what is no number is not taken, what is beyond the range is held
    /// at its end, a lost PLC hears nothing, and one in STOP takes nothing.
    pub(crate) fn actuator(&mut self, index: usize, value: f64) {
        let Some(output) = self.outputs.get_mut(index) else { return };
        let link = &self.links[output.link];
        if value.is_nan() || link.lost || link.stopped {
            return;
        }
        let value = value.clamp(output.range.0, output.range.1);
        self.written |= value.to_bits() != output.written.to_bits();
        output.written = value;
    }

    pub(crate) fn actuator_value(&self, index: usize) -> f64 {
        self.outputs.get(index).map_or(f64::NAN, |output| output.written)
    }

    /// How well the books of all units and lines close.
    pub(crate) fn balance(&self) -> Balance {
        self.sheet.balance()
    }

    /// Which pipes of the electrolyser string are fed by a line.
    pub(crate) fn joined(&self) -> Vec<usize> {
        let fed = |export: &usize| self.sheet.links.iter().any(|link| link.to == End::Export(*export));
        (0..self.ports.exports.len()).filter(fed).collect()
    }

    /// Whether the units move in the step of `dt` seconds that ends when `since` have gone by.
    fn units_move(since: f64, dt: f64) -> bool {
        since + dt > PROCESS_STEP * (1.0 + 1e-9)
    }

    /// Before a step of `dt` seconds: hands streams over to the electrolyser string, and takes what it has given when
    /// the units are to move with it.
    pub(crate) fn meet(&mut self, string: &mut Neighbours, dt: f64) {
        self.ports.heat += core::mem::take(&mut string.cooling_heat);
        if let Some(term) = &self.ports.cooling {
            string.cooling = Some(term.value(&self.sheet, &self.elements, 0.0) + ZERO_CELSIUS);
        }
        if let Some(term) = &self.ports.cooling_flow {
            string.cooling_flow = Some(term.value(&self.sheet, &self.elements, 0.0).clamp(0.0, 1.0));
        }
        self.tell_of_absorber(string);
        for (export, pipe) in string.pipes.iter_mut().enumerate() {
            let (Some(pipe), Some(asked)) = (pipe, self.ports.asked.get_mut(export)) else { continue };
            *asked = pipe.asked;
            // Only units that have moved have put something there.
            let matter = &mut self.sheet.exports[export];
            if self.moved && !matter.is_nothing() {
                pipe.fill(&core::mem::take(matter), export == WATER, &self.chemistry);
            }
        }
        self.moved = false;
        if !Self::units_move(self.since + dt, dt) {
            return;
        }
        for ((given, came), untaken) in
            string.out.iter_mut().zip(&mut self.ports.came).zip(&self.ports.untaken)
        {
            let matter = given.fetch();
            if !untaken {
                came.add(&matter);
            }
        }
    }

    /// What stands behind the chlorine vent, if a line leads there.
    pub(crate) fn tell_of_absorber(&self, string: &mut Neighbours) {
        string.absorber = self.ports.vent.absorber(&self.sheet, &self.elements, &self.lines);
    }

    /// Advances by `dt` seconds, at most a tenth. `done` hears of every part that has moved on.
    pub(crate) fn step(&mut self, dt: f64, done: &mut impl FnMut(Part)) {
        self.take_orders(dt);
        self.move_lines();
        self.since += dt;
        done(Part::Lines);
        let units_move = Self::units_move(self.since, dt);
        if units_move {
            self.step_units(done);
            self.new = true;
            self.moved = true;
        }
        self.read_sensors(dt);
        // What the units have done shows in this step, and lets other flows through the lines in the next.
        self.new = units_move;
        done(Part::Instruments);
    }

    fn take_orders(&mut self, dt: f64) {
        let mut falling = false;
        for link in &mut self.links {
            link.seconds = if link.lost { link.seconds + dt } else { 0.0 };
            falling |= link.stopped || link.seconds > self.actuator.watchdog;
        }
        if core::mem::take(&mut self.written) || falling {
            self.tell_elements();
        }
        let (actuator, start) = (&self.actuator, self.motor_start);
        self.watch.step(&mut self.elements, dt, |element| element.step(actuator, start, dt));
    }

    /// What stands at the outputs, where it is something else than it was; a PLC that has stopped or missed its watchdog
    /// drives its own to their fail positions.
    fn tell_elements(&mut self) {
        for output in &mut self.outputs {
            let link = &self.links[output.link];
            if link.stopped || link.seconds > self.actuator.watchdog {
                output.written = output.fail;
            }
            if output.told != Some(output.written.to_bits()) {
                output.told = Some(output.written.to_bits());
                let (low, high) = output.range;
                self.watch.wake(output.element);
                self.elements[output.element].command(output.channel, (output.written - low) / (high - low));
            }
        }
    }

    /// Flows that have changed hold from now on.
    fn move_lines(&mut self) {
        let (sheet, supplies, elements) = (&self.sheet, &self.supplies, &self.elements);
        if self.new {
            for line in &mut self.lines {
                line.work_out(sheet, supplies, elements, &self.ports, self.since);
            }
        } else {
            self.watch.look_at_lines();
            for line in &self.watch.worked_out {
                self.lines[*line].work_out(sheet, supplies, elements, &self.ports, self.since);
            }
        }
    }

    fn step_units(&mut self, done: &mut impl FnMut(Part)) {
        let dt = core::mem::take(&mut self.since);
        // A cold catholyte takes heat from the cooling water; the tower has no order for that.
        let heat = (core::mem::take(&mut self.ports.heat) / dt).max(0.0);
        for order in &self.orders {
            order.give(&mut self.sheet, &self.elements, heat);
        }
        line::share_outlets(&self.lines, &mut self.sheet);
        for line in &mut self.lines {
            line.transfer(&mut self.sheet, &self.supplies, &mut self.ports, dt);
        }
        // What no line has let through leaves the plant at the string's own door.
        for rest in &mut self.ports.came {
            *rest = Matter::default();
        }
        self.sheet.step_watched(dt, done);
    }

    fn read_sensors(&mut self, dt: f64) {
        for index in self.watch.to_show(self.new) {
            let value = self.truth(&self.inputs[index].truth);
            if self.inputs[index].show(value) {
                self.renewed.mark(index);
            }
        }
        turns::give(self, dt);
    }

    /// Nothing of what was worked out before holds any more.
    fn all_new(&mut self) {
        self.new = true;
        self.written = true;
        self.moved = true;
        self.watch.wake_all();
        self.outputs.iter_mut().for_each(|output| output.told = None);
    }

    /// The true value in the tag's unit.
    fn truth(&self, truth: &Truth) -> f64 {
        let reading = |station: usize, reading: usize| {
            self.sheet.stations[station].readings().get(reading).copied().unwrap_or(f64::NAN)
        };
        let switch = |on: bool| f64::from(u8::from(on));
        match *truth {
            Truth::Reading { station, reading: at, factor, offset } => reading(station, at) * factor + offset,
            Truth::Flow { line, basis, factor } => self.lines[line].shown(basis, &self.sheet) * factor,
            Truth::Element { element, feedback, factor } => {
                self.elements[element].element().feedback(feedback) * factor
            }
            Truth::Limit { station, reading: at, limit, above } => {
                let value = reading(station, at);
                switch(if above { value > limit } else { value < limit })
            }
            Truth::Healthy { pressed } => switch(!pressed),
            Truth::Power => switch(!self.dark),
            Truth::Utility { supply, value } => {
                if self.supplies[supply].lost {
                    0.0
                } else {
                    value
                }
            }
        }
    }

    /// All instruments at the value that is there now, as after a long rest.
    fn settle_sensors(&mut self) {
        for index in 0..self.inputs.len() {
            let value = self.truth(&self.inputs[index].truth);
            let input = &mut self.inputs[index];
            input.sensor = Sensor::new(input.range, kind_of(&self.sensors, input.kind), value);
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        // The walk may have filled it.
        self.all_new();
        self.noise.state(walk);
        self.turns.state(walk);
        walk.f64(&mut self.since);
        walk.bool(&mut self.dark);
        for element in &mut self.elements {
            element.state(walk);
        }
        for supply in &mut self.supplies {
            walk.bool(&mut supply.lost);
            supply.spoiled.state(walk);
        }
        for line in &mut self.lines {
            line.state(walk);
        }
        for order in &mut self.orders {
            order.state(walk);
        }
        for input in &mut self.inputs {
            input.sensor.state(walk);
            if let Truth::Healthy { pressed } = &mut input.truth {
                walk.bool(pressed);
            }
        }
        for output in &mut self.outputs {
            walk.f64(&mut output.written);
        }
        for link in &mut self.links {
            walk.bool(&mut link.lost);
            walk.f64(&mut link.seconds);
            walk.bool(&mut link.stopped);
        }
        for matter in &mut self.ports.came {
            matter.state(walk);
        }
        for asked in &mut self.ports.asked {
            walk.f64(asked);
        }
        walk.f64(&mut self.ports.heat);
        self.sheet.state(walk);
    }
}

impl Instruments for Field {
    fn truth(&self, instrument: usize) -> f64 {
        Self::truth(self, &self.inputs[instrument].truth)
    }

    fn sensor(&self, instrument: usize) -> &Sensor {
        &self.inputs[instrument].sensor
    }

    fn sensor_mut(&mut self, instrument: usize) -> &mut Sensor {
        &mut self.inputs[instrument].sensor
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

#[cfg(test)]
mod tests;
