//! The simulator: a plant behind its instruments, stepped by whoever owns the time.
//!
//! A plant has up to two parts: area 300, whose string of cells has a fast model of its own, and a field that
//! is told as text ([`crate::field`]). They are joined by streams. Tags are one list, faults one catalogue.

use std::sync::Arc;

use model::{Direction, IoMap, Quality, StateHash, StateReader, StateWalk, StateWriter};
use thiserror::Error;

use crate::area_300::Area300;
use crate::chemistry::Chemistry;
use crate::fault::{ActiveFault, FAULTS, FIELD_FAULTS, FaultError, FaultKind, hint};
use crate::field::{Beginning, Field, FieldFile, FieldTag};
use crate::initial::Initial;
use crate::ledger::Closure;
use crate::parameters::{ParameterError, ParameterMistake, Parameters};
use crate::properties::Excursions;
use crate::station::Station;

/// No step of the physics is longer.
pub const STEP_MAX_MS: u32 = 100;
/// One call of [`Simulator::step`] advances by at most this much.
pub const ADVANCE_MAX_MS: u32 = 60_000;

#[derive(Debug, Error)]
pub enum BuildError {
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// What is wrong in the field's text, by file and line.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Field(Vec<ParameterMistake>),
}

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
    #[error("the snapshot is not what was written: a byte of it has changed; take another one")]
    Damaged,
}

/// One tag of a binding: an index for [`Simulator::sensor`] or [`Simulator::actuator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    Sensor(usize),
    Actuator(usize),
}

/// A part of the plant, in the order in which a step comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The string of cells of area 300 with its instruments.
    Cells,
    /// Valves, motors and lines of the field.
    Lines,
    /// Matter on its way between units.
    Streams,
    /// A unit of [`Simulator::units`].
    Unit(usize),
    /// The field's instruments.
    Instruments,
}

/// A unit of the field's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitName<'a> {
    pub name: &'a str,
    pub kind: &'static str,
    /// The file that tells of it, which is that of an area.
    pub file: &'a str,
}

/// So long the pipes of a running plant have been fed when it is opened: they hold two seconds of their flow then.
const REHEARSAL_MS: u32 = 30_000;

/// Tags by dense index, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    pub points: Vec<Point>,
}

/// A plant with its instruments. Deterministic: the same text, parameters, seed and calls give the same bits
/// on every machine.
pub struct Simulator {
    area: Option<Box<Area300>>,
    field: Option<Field>,
    /// How many of the inputs, and of the outputs, are area 300's; they come first.
    split: (usize, usize),
    now_ms: u64,
    fingerprint: u64,
    /// Instruments that had a turn in the last step.
    renewed: Vec<usize>,
}

impl Simulator {
    /// Area 300 alone. `Initial::Running` settles it first, which takes a few hundred milliseconds.
    pub fn new(parameters: &Parameters, initial: Initial, seed: u64) -> Self {
        let chemistry = Arc::new(
            Chemistry::built_in().expect("the species files that ship are sound; a test reads them"),
        );
        let area = Box::new(Area300::new(parameters, initial, seed, chemistry));
        Self::of(Some(area), None, fingerprint(parameters, &[], seed))
    }

    /// The plant whose field stands in `files`, against the tags of its I/O map. Without files it is area 300.
    pub fn open(
        parameters: &Parameters,
        initial: Initial,
        seed: u64,
        files: &[FieldFile],
        tags: &[FieldTag],
    ) -> Result<Self, BuildError> {
        if files.is_empty() {
            return Ok(Self::new(parameters, initial, seed));
        }
        let chemistry = Arc::new(Chemistry::built_in()?);
        let mut area = Field::has_electrolysis(files)
            .then(|| Box::new(Area300::new(parameters, initial, seed, chemistry.clone())));
        let covered = |tag: &str| {
            area.as_ref()
                .is_some_and(|area| area.input_names().chain(area.output_names()).any(|name| name == tag))
        };
        let from = Beginning { parameters, chemistry: &chemistry, initial, seed };
        let field = Field::read(files, tags, &from, &covered).map_err(BuildError::Field)?;
        let mut joined = false;
        if let Some(area) = &mut area {
            for pipe in field.joined() {
                joined = true;
                area.join(pipe);
            }
            field.tell_of_absorber(area.neighbours());
            area.know_absorber();
        }
        let fingerprint = fingerprint(parameters, files, seed);
        let mut opened = Self::of(area, Some(field), fingerprint);
        if joined && initial == Initial::Running {
            opened.fill_pipes();
        }
        Ok(opened)
    }

    /// The pipes between the string and its neighbours are full before somebody looks: a controller that comes within the
    /// first second would take empty pipes for what the plant does. They are filled in a rehearsal of which nothing else is
    /// kept.
    fn fill_pipes(&mut self) {
        let beginning = self.snapshot();
        self.step(REHEARSAL_MS);
        let filled = self.area.as_mut().map(|area| area.neighbours().pipes.clone());
        self.restore(&beginning).expect("it is its own, of a moment ago");
        self.renewed.clear();
        if let (Some(area), Some(filled)) = (&mut self.area, filled) {
            area.neighbours().pipes = filled;
        }
    }

    fn of(area: Option<Box<Area300>>, field: Option<Field>, fingerprint: u64) -> Self {
        let count = |area: &Area300| (area.input_names().count(), area.output_names().count());
        let split = area.as_deref().map_or((0, 0), count);
        let inputs = split.0 + field.as_ref().map_or(0, |field| field.input_names().count());
        Self { area, field, split, now_ms: 0, fingerprint, renewed: Vec::with_capacity(inputs) }
    }

    /// Looks tags up. Every name that is unknown, or used in the wrong direction, is reported.
    pub fn bind(&self, tags: &[(&str, Direction)]) -> Result<Binding, BindError> {
        let inputs: Vec<&str> = self.input_names().collect();
        let outputs: Vec<&str> = self.output_names().collect();
        let mut mistakes = Vec::new();
        let mut points = Vec::with_capacity(tags.len());
        for &(tag, direction) in tags {
            let sensor = inputs.iter().position(|name| *name == tag);
            let actuator = outputs.iter().position(|name| *name == tag);
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
                    let hint = hint(tag, inputs.iter().chain(&outputs).copied());
                    mistakes.push(format!("the simulator has no tag {tag}{hint}"));
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

    fn input_names(&self) -> impl Iterator<Item = &str> {
        let area = self.area.iter().flat_map(|area| area.input_names());
        area.chain(self.field.iter().flat_map(Field::input_names))
    }

    fn output_names(&self) -> impl Iterator<Item = &str> {
        let area = self.area.iter().flat_map(|area| area.output_names());
        area.chain(self.field.iter().flat_map(Field::output_names))
    }

    pub fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.input_names().chain(self.output_names())
    }

    /// Advances the plant by `dt_ms` (at most [`ADVANCE_MAX_MS`]), in equal steps of at most
    /// [`STEP_MAX_MS`].
    pub fn step(&mut self, dt_ms: u32) {
        self.step_watched(dt_ms, &mut |_| ());
    }

    /// The units of the field, as [`Part::Unit`] counts them.
    pub fn units(&self) -> impl Iterator<Item = UnitName<'_>> {
        self.field.iter().flat_map(Field::units)
    }

    /// Each of them in its place, with what its physics has to say about itself.
    pub(crate) fn stations(&self) -> impl Iterator<Item = &Station> {
        self.field.iter().flat_map(Field::stations)
    }

    /// [`Self::step`] for whoever wants to know what it costs: `done` hears of every part when it has moved on.
    pub fn step_watched(&mut self, dt_ms: u32, done: &mut impl FnMut(Part)) {
        let dt_ms = dt_ms.min(ADVANCE_MAX_MS);
        let steps = dt_ms.div_ceil(STEP_MAX_MS);
        if steps == 0 {
            return;
        }
        let dt = f64::from(dt_ms) / f64::from(steps) / 1000.0;
        self.renewed.clear();
        for _ in 0..steps {
            if let Some(area) = &mut self.area {
                area.step(dt);
                if let Some(field) = &mut self.field {
                    field.meet(area.neighbours(), dt);
                }
                done(Part::Cells);
            }
            if let Some(field) = &mut self.field {
                field.step(dt, done);
            }
        }
        if let Some(area) = &mut self.area {
            area.renewed().take(|input| self.renewed.push(input));
        }
        if let Some(field) = &mut self.field {
            field.renewed().take(|input| self.renewed.push(input + self.split.0));
        }
        self.now_ms += u64::from(dt_ms);
    }

    /// The instruments that may show something else than before the last step, so that nobody need look at a thousand
    /// that have not moved. A PLC that is lost or comes back is not told here: then all that it carries is new.
    pub fn renewed(&self) -> &[usize] {
        &self.renewed
    }

    /// What the instrument shows now. A lost PLC answers nothing: its last values, Bad.
    pub fn sensor(&self, index: usize) -> (f64, Quality) {
        let inputs = self.split.0;
        match (&self.area, &self.field) {
            (Some(area), _) if index < inputs => area.sensor(index),
            (_, Some(field)) => field.sensor(index - inputs),
            _ => (f64::NAN, Quality::BadDeviceFailure),
        }
    }

    /// Writes an output in its tag's unit. What is no number is not taken; what is beyond the range
    /// is held at its end; a lost PLC hears nothing, and one in STOP takes nothing.
    pub fn actuator(&mut self, index: usize, value: f64) {
        let outputs = self.split.1;
        match (&mut self.area, &mut self.field) {
            (Some(area), _) if index < outputs => area.actuator(index, value),
            (_, Some(field)) => field.actuator(index - outputs, value),
            _ => {}
        }
    }

    /// What stands at an output; at the start, where the initial condition has it.
    pub fn actuator_value(&self, index: usize) -> f64 {
        let outputs = self.split.1;
        match (&self.area, &self.field) {
            (Some(area), _) if index < outputs => area.actuator_value(index),
            (_, Some(field)) => field.actuator_value(index - outputs),
            _ => f64::NAN,
        }
    }

    /// True while the fault `link-loss` cuts the PLC of this name off.
    pub fn device_is_lost(&self, device: &str) -> bool {
        self.area.as_ref().is_some_and(|area| area.device_is_lost(device))
            || self.field.as_ref().is_some_and(|field| field.is_lost(device))
    }

    /// True while the fault `plc-stop` holds the PLC of this name: its outputs stand at their fail positions, and
    /// whoever serves it answers reads with what it last read in, and refuses writes.
    pub fn device_is_stopped(&self, device: &str) -> bool {
        self.area.as_ref().is_some_and(|area| area.device_is_stopped(device))
            || self.field.as_ref().is_some_and(|field| field.is_stopped(device))
    }

    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// How well elements, mass, energy and charge have closed since the start.
    pub fn closure(&self) -> Closure {
        let mut closure = self.area.as_ref().map_or_else(Closure::default, |area| area.closure());
        if let Some(field) = &self.field {
            closure.add(&field.balance());
        }
        closure
    }

    /// How often a property of area 300 was asked for outside its range.
    pub fn excursions(&self) -> Excursions {
        self.area.as_ref().map_or_else(Excursions::default, |area| area.excursions().clone())
    }

    /// Every fault that this plant knows, with its parameters.
    pub fn fault_catalogue(&self) -> Vec<&'static FaultKind> {
        let mut kinds: Vec<&'static FaultKind> = Vec::new();
        if self.field.is_some() {
            kinds.extend(FIELD_FAULTS);
        }
        if self.area.is_some() {
            let new = |kind: &&FaultKind| !FIELD_FAULTS.iter().any(|known| known.name == kind.name);
            let special = FAULTS.iter().filter(|kind| self.field.is_none() || new(kind));
            kinds.extend(special);
        }
        kinds
    }

    /// Switches a fault on, or changes its parameters.
    pub fn apply_fault(&mut self, fault: &str, parameters: &[(String, String)]) -> Result<(), FaultError> {
        self.set_fault(fault, parameters, true)
    }

    /// Switches a fault off.
    pub fn clear_fault(&mut self, fault: &str, parameters: &[(String, String)]) -> Result<(), FaultError> {
        self.set_fault(fault, parameters, false)
    }

    /// The part that has the fault's place takes it; where none has, the part that knows the fault complains.
    fn set_fault(
        &mut self,
        fault: &str,
        parameters: &[(String, String)],
        on: bool,
    ) -> Result<(), FaultError> {
        let kinds = self.fault_catalogue();
        if !kinds.iter().any(|kind| kind.name == fault) {
            let hint = hint(fault, kinds.iter().map(|kind| kind.name));
            return Err(FaultError::Unknown { name: fault.to_owned(), hint });
        }
        let known = |kinds: &[FaultKind]| kinds.iter().any(|kind| kind.name == fault);
        let mut elsewhere = None;
        if let Some(field) = self.field.as_mut().filter(|_| known(FIELD_FAULTS)) {
            match field.set_fault(fault, parameters, on) {
                Err(error @ (FaultError::NoSuchTarget { .. } | FaultError::NotActive { .. })) => {
                    elsewhere = Some(error);
                }
                // One net feeds the string as well.
                Ok(()) if fault == "power-lost" => {}
                done => return done,
            }
        }
        let area = self.area.as_mut().filter(|_| known(FAULTS));
        let done = area.map(|area| {
            if on { area.apply_fault(fault, parameters) } else { area.clear_fault(fault, parameters) }
        });
        match (done, elsewhere) {
            (Some(Ok(())), _) => Ok(()),
            (None, None) if fault == "power-lost" => Ok(()),
            // Two parts have looked for the place; the nearer guess helps most.
            (Some(Err(FaultError::NoSuchTarget { hint, .. })), Some(error)) if hint.is_empty() => Err(error),
            (Some(Err(error)), _) | (None, Some(error)) => Err(error),
            (None, None) => Err(FaultError::Unknown { name: fault.to_owned(), hint: String::new() }),
        }
    }

    /// Switches every fault off.
    pub fn clear_all_faults(&mut self) {
        for active in self.active_faults() {
            let parameters: Vec<(String, String)> =
                active.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            // Every active fault was switched on through its own parameters, so this cannot miss.
            let _ = self.clear_fault(active.name, &parameters);
        }
    }

    /// The faults that are on.
    pub fn active_faults(&self) -> Vec<ActiveFault> {
        let mut list = self.area.as_ref().map(|area| area.active_faults()).unwrap_or_default();
        // What both parts have is told once.
        list.retain(|fault| self.field.is_none() || fault.name != "power-lost");
        list.extend(self.field.iter().flat_map(Field::active_faults));
        list
    }

    /// What the tag shows, what is true, which instrument and which faults lie between, and what
    /// in the plant drives it; of a valve, a motor or a unit what it is told and does. `Err` names the nearest.
    pub fn explain(&self, tag: &str) -> Result<String, String> {
        let field = self.field.as_ref().and_then(|field| field.explain(tag));
        let area = || self.area.as_ref().and_then(|area| area.explain(tag).ok());
        field.or_else(area).ok_or_else(|| {
            let devices = self.field.iter().flat_map(Field::device_names);
            format!("the simulator has no tag or device {tag}{}", hint(tag, self.tag_names().chain(devices)))
        })
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
        let mut checksum = checksum(&writer.0);
        writer.u64(&mut checksum);
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
        let (written, check) = bytes.split_at(bytes.len() - 8);
        if check != checksum(written).to_le_bytes() {
            return Err(RestoreError::Damaged);
        }
        let mut reader = StateReader::new(&written[8..]);
        self.state(&mut reader);
        if let Some(area) = &mut self.area {
            area.renew_supplies();
        }
        Ok(())
    }

    fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.now_ms);
        if let Some(area) = &mut self.area {
            area.state(walk);
        }
        if let Some(field) = &mut self.field {
            field.state(walk);
        }
    }
}

/// Of a snapshot, whose values are words.
fn checksum(words: &[u8]) -> u64 {
    let mut hash = StateHash::new();
    for word in words.as_chunks().0 {
        hash.u64(&mut u64::from_le_bytes(*word));
    }
    hash.finish()
}

/// The seed makes the cells what they are, and the text the plant; neither is in the snapshot.
fn fingerprint(parameters: &Parameters, files: &[FieldFile], seed: u64) -> u64 {
    let mut hash = StateHash::new();
    hash.u64(&mut { seed });
    for entry in parameters.entries() {
        let mut bits = entry.value.to_bits();
        hash.u64(&mut bits);
    }
    for byte in files.iter().flat_map(|file| file.text.bytes()) {
        hash.u8(&mut { byte });
    }
    hash.finish()
}
