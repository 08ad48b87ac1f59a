//! The field's text into a field: names resolved, units converted, every tag accounted for.

mod courses;
mod elements;
pub(super) mod measures;
mod phases;
pub(super) mod streams;
pub(super) mod stations;
mod vent;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::flowsheet::{Flowsheet, Link as StreamLink};
use crate::initial::Initial;
use crate::noise::Noise;
use crate::parameters::{ParameterMistake, Parameters};
use crate::renewed::Renewed;
use crate::sensor::kind_of;
use crate::station::Station;
use crate::turns::Turns;

use super::actuator::Feedback;
use super::driven::Driven;
use super::line::{self, Line, Source};
use super::order::Order;
use super::supply::Supply;
use super::text::{Document, Item, Mistakes, hint};
use super::watch::Watch;
use super::{Field, FieldFile, FieldTag, Input, Link, Output, Ports, UnitPlace};

/// What is said to whoever wants a running plant of a text that knows only a cold one.
pub const NO_RUNNING_START: &str =
    "no [start.running] says how this plant runs: start it cold, and by its recipes";

pub(super) const TABLES: [&str; 6] = ["supply", "unit", "line", "measure", "start", "unused"];

/// The unit kind that is the electrolyser string of area 300 with its own model and instruments.
pub(crate) const ELECTROLYSIS: &str = "electrolysis";
pub(crate) const ELECTROLYSIS_INLETS: [&str; 3] = ["brine", "acid", "water"];
pub(crate) const ELECTROLYSIS_OUTLETS: [&str; 5] = ["lye", "spent", "hydrogen", "chlorine", "chlorine-vent"];

pub(super) use phases::{import_is_gas, import_is_vent};

/// Everything that the text has said so far.
struct Compiler<'a> {
    chemistry: &'a Arc<Chemistry>,
    tags: &'a [FieldTag],
    initial: Initial,
    mistakes: Mistakes,
    supplies: Vec<Supply>,
    units: Vec<UnitPlace>,
    stations: Vec<Station>,
    /// Names of units with their own model.
    foreign: Vec<String>,
    elements: Vec<Driven>,
    used: Vec<bool>,
    outputs: Vec<Output>,
    lines: Vec<Line>,
    links: Vec<StreamLink>,
    /// The PLCs that carry the field's tags.
    devices: Vec<Link>,
    ports: Ports,
    orders: Vec<Order>,
    /// Inlets and draws of tanks that lines have taken.
    taken: Vec<(usize, usize, bool)>,
}

/// Where a field starts from.
pub(crate) struct Beginning<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) chemistry: &'a Arc<Chemistry>,
    pub(crate) initial: Initial,
    pub(crate) seed: u64,
}

impl Field {
    /// Reads the text against the tags of the plant. `covered` says which tags another part of the simulator
    /// has.
    pub(crate) fn read(
        files: &[FieldFile],
        tags: &[FieldTag],
        from: &Beginning<'_>,
        covered: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Vec<ParameterMistake>> {
        let mut mistakes = Vec::new();
        let documents: Vec<Document<'_>> =
            files.iter().filter_map(|file| Document::parse(&file.name, &file.text, &mut mistakes)).collect();
        let told = devices_told_of(&documents, tags);
        let own: Vec<FieldTag> = tags
            .iter()
            .filter(|tag| !covered(&tag.name) && told.contains(tag.device.as_str()))
            .cloned()
            .collect();
        let mut compiler = Compiler {
            chemistry: from.chemistry,
            tags: &own,
            initial: from.initial,
            mistakes,
            supplies: Vec::new(),
            units: Vec::new(),
            stations: Vec::new(),
            foreign: Vec::new(),
            elements: Vec::new(),
            used: Vec::new(),
            outputs: Vec::new(),
            lines: Vec::new(),
            links: Vec::new(),
            devices: devices_of(&own),
            ports: Ports::default(),
            orders: Vec::new(),
            taken: Vec::new(),
        };
        compiler.gather_elements(&documents);
        // What builds on a mistake is no mistake of its own, so the stages end where one is found.
        let mut inputs = Vec::new();
        for stage in [Compiler::read_units, Compiler::read_lines] {
            if compiler.mistakes.is_empty() {
                stage(&mut compiler, &documents);
            }
        }
        if compiler.mistakes.is_empty() {
            inputs = compiler.inputs(&documents);
            compiler.refuse_idle_outputs(&documents);
        }
        if compiler.mistakes.is_empty() {
            Ok(compiler.build(inputs, from))
        } else {
            let mut mistakes = compiler.mistakes;
            mistakes.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            Err(mistakes)
        }
    }
}

impl Compiler<'_> {
    fn read_units(&mut self, documents: &[Document<'_>]) {
        for document in documents {
            document.refuse_unknown(&TABLES, &mut self.mistakes);
        }
        for (name, item) in self.all("supply", documents) {
            self.refuse_second(self.supplies.iter().any(|supply| supply.name == name), "supply", name, &item);
            self.supplies.extend(Supply::read(name, item, self.chemistry, &mut self.mistakes));
        }
        let units = self.all("unit", documents);
        for (name, item) in &units {
            self.refuse_second(self.units.iter().any(|unit| unit.name == *name), "unit", name, item);
            self.station(name, item);
        }
        for (name, item) in &units {
            self.orders_of(name, item);
        }
        self.leave_orders();
    }

    fn read_lines(&mut self, documents: &[Document<'_>]) {
        for (name, item) in self.all("line", documents) {
            self.refuse_second(self.lines.iter().any(|line| line.name == name), "line", name, &item);
            self.line(name, &item);
        }
        self.check_courses(documents);
        self.join_vent(documents);
        self.start(documents);
    }

    fn all<'d>(&mut self, kind: &str, documents: &'d [Document<'d>]) -> Vec<(&'d str, Item<'d>)> {
        documents.iter().flat_map(|document| document.entries(kind, &mut self.mistakes)).collect()
    }

    fn refuse_second(&mut self, there: bool, kind: &str, name: &str, item: &Item<'_>) {
        if there {
            self.mistakes
                .push(item.mistake(format!("there is another {kind} {name}: give this one its own name")));
        }
    }

    /// `[start.running]`: what stands at the outputs of a running plant.
    fn start(&mut self, documents: &[Document<'_>]) {
        for output in &mut self.outputs {
            output.written = output.tag.fail;
        }
        if self.initial != Initial::Running {
            return;
        }
        let starts: Vec<_> = documents
            .iter()
            .flat_map(|document| document.entries("start", &mut self.mistakes))
            .filter(|(name, _)| *name == "running")
            .collect();
        if starts.is_empty() && !self.outputs.is_empty() {
            let file = documents.first().map_or("field", |document| document.file).to_owned();
            self.mistakes.push(ParameterMistake { file, line: 0, message: NO_RUNNING_START.to_owned() });
        }
        for (_, item) in starts {
            for (tag, value) in item.table().map(|table| table.entries()).unwrap_or_default() {
                let number = value.number().or(value.boolean().map(|on| f64::from(u8::from(on))));
                let names = self.outputs.iter().map(|output| output.tag.name.clone()).collect::<Vec<_>>();
                match (self.outputs.iter_mut().find(|output| output.tag.name == tag), number) {
                    (Some(output), Some(number)) if number >= output.tag.low && number <= output.tag.high => {
                        output.written = number;
                    }
                    (Some(output), _) => self.mistakes.push(value.mistake(format!(
                        "{tag} is a number from {} to {}, or true and false",
                        output.tag.low, output.tag.high
                    ))),
                    (None, _) => self.mistakes.push(value.mistake(format!(
                        "no output is called {tag}{}",
                        hint(tag, names.iter().map(String::as_str))
                    ))),
                }
            }
        }
    }

    /// Outputs that move nothing are forgotten lines, unless the text says `unused`.
    fn refuse_idle_outputs(&mut self, documents: &[Document<'_>]) {
        let mut idle: Vec<String> = Vec::new();
        for document in documents {
            for (name, item) in document.entries("unused", &mut self.mistakes) {
                if name != "tags" {
                    self.mistakes.push(item.mistake("write [unused] tags = [\"HA-301\"]"));
                }
                idle.extend(item.list().iter().filter_map(Item::text).map(str::to_owned));
            }
        }
        for output in &self.outputs {
            if !self.used[output.element] && !idle.contains(&output.tag.name) {
                let file = self.home_of(&output.tag.device, documents).to_owned();
                let message = format!(
                    "nothing moves with the output {}: name {} in a line's `through`, in a unit's orders, or in [unused]",
                    output.tag.name, self.elements[output.element].name
                );
                self.mistakes.push(ParameterMistake { file, line: 0, message });
            }
        }
    }

    /// The device that carries a tag.
    fn link_of(&self, tag: &FieldTag) -> usize {
        let link = self.devices.iter().position(|link| link.device == tag.device);
        link.expect("the links were made from the devices of these very tags")
    }

    fn build(self, inputs: Vec<Input>, from: &Beginning<'_>) -> Field {
        let p = from.parameters;
        let mut ports = self.ports;
        // What no line takes leaves the plant at the string's own door.
        for import in 0..ports.imports.len() {
            let taken = self.lines.iter().any(|line| line.source == Source::Import(import));
            ports.untaken.push(!taken);
        }
        let mut lines = self.lines;
        line::know_siblings(&mut lines);
        ports.came = vec![crate::matter::Matter::default(); ports.imports.len()];
        ports.asked = vec![0.0; ports.exports.len()];
        let watch = Watch::new(self.elements.len(), &lines, &inputs);
        let turn = |(k, input): (usize, &Input)| Some((k, input.range, kind_of(&p.sensors, input.kind)?));
        let turns = Turns::new(inputs.iter().enumerate().filter_map(turn));
        let mut field = Field {
            chemistry: self.chemistry.clone(),
            actuator: p.actuator.clone(),
            motor_start: p.anolyte.pump_start_time,
            sensors: p.sensors.clone(),
            instruments: (0..p.sensors.len()).map(|kind| p.instrument(kind).cloned()).collect(),
            travel: p.travel(),
            sheet: Flowsheet::new(self.stations, self.links, self.chemistry.clone()),
            units: self.units,
            supplies: self.supplies,
            elements: self.elements,
            lines,
            orders: self.orders,
            renewed: Renewed::new(inputs.len()),
            inputs,
            outputs: self.outputs,
            links: self.devices,
            watch,
            turns,
            noise: Noise::new(from.seed ^ 0x6669_656c),
            since: 0.0,
            new: true,
            written: true,
            dark: false,
            moved: true,
            ports,
        };
        field.take_orders(0.0);
        for element in &mut field.elements {
            element.settle();
        }
        for line in &mut field.lines {
            line.work_out(&field.sheet, &field.supplies, &field.elements, &field.ports, 0.0);
        }
        field.settle_sensors();
        field
    }
}

/// The devices of which the text names a tag, or what a tag is part of (`P-301` of `P-301.RUN`). A device of which
/// it names none is none of the field's: a site may have such ones.
fn devices_told_of<'t>(documents: &[Document<'_>], tags: &'t [FieldTag]) -> BTreeSet<&'t str> {
    let mut names = BTreeSet::new();
    for document in documents {
        document.names(&mut names);
    }
    let named = |tag: &&FieldTag| names.contains(tag.name.split('.').next().unwrap_or(&tag.name));
    tags.iter().filter(named).map(|tag| tag.device.as_str()).collect()
}

/// The links of all devices, in the order of their first tags.
fn devices_of(tags: &[FieldTag]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for tag in tags {
        if !links.iter().any(|link| link.device == tag.device) {
            links.push(Link { device: tag.device.clone(), lost: false, seconds: 0.0, stopped: false });
        }
    }
    links
}

/// An input that an element brings by itself, such as `XV-301.ZSO`.
fn own_feedback(suffix: &str) -> Option<Feedback> {
    match suffix {
        "ZSO" => Some(Feedback::Open),
        "ZSC" => Some(Feedback::Closed),
        "RUN" => Some(Feedback::Runs),
        "FAULT" => Some(Feedback::Fault),
        "CLOSED" | "POS" => Some(Feedback::Position),
        _ => None,
    }
}
