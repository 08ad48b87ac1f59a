//! What every input tag measures.

use model::{Dimension, Direction, Unit};

use crate::parameters::ParameterMistake;
use crate::sensor::Sensor;
use crate::tags::Kind;

use super::super::instrument::{Basis, KINDS, Truth, kind_of_tag};
use super::super::text::{Document, Item, Table, hint};
use super::super::{FieldTag, Input};
use super::{Compiler, own_feedback};
use crate::field::actuator::Feedback;

pub(in crate::field) const KEYS: [&str; 8] =
    ["of", "kind", "above", "below", "healthy", "power", "utility", "value"];

impl Compiler<'_> {
    pub(super) fn inputs(&mut self, documents: &[Document<'_>]) -> Vec<Input> {
        let mut found: Vec<Input> = Vec::new();
        for document in documents {
            for (name, item) in document.entries("measure", &mut self.mistakes) {
                if found.iter().any(|input| input.tag.name == name) {
                    self.mistakes.push(item.mistake(format!("{name} is measured twice")));
                }
                match self.measure(name, &item) {
                    Ok(input) => found.push(input),
                    Err(mistake) => self.mistakes.push(mistake),
                }
            }
        }
        // In the order of the I/O map; what an element brings by itself needs no line of text.
        let mut inputs = Vec::new();
        for tag in self.tags.iter().filter(|tag| tag.direction == Direction::Input) {
            if let Some(at) = found.iter().position(|input| input.tag.name == tag.name) {
                inputs.push(found.swap_remove(at));
            } else if let Some(own) = self.own(tag) {
                inputs.push(own);
            } else if !self
                .mistakes
                .iter()
                .any(|mistake| mistake.message.starts_with(&format!("{} ", tag.name)))
            {
                let file = self.home_of(&tag.device, documents).to_owned();
                let message = format!("{} measures nothing: write it in [measure]", tag.name);
                self.mistakes.push(ParameterMistake { file, line: 0, message });
            }
        }
        inputs
    }

    /// The file whose [measure] tells of the device's other tags; the first where none does.
    pub(super) fn home_of<'d>(&self, device: &str, documents: &[Document<'d>]) -> &'d str {
        let on_it = |name: &str| self.tags.iter().any(|tag| tag.device == device && tag.name == name);
        let tells = |document: &&Document<'_>| {
            document.entries("measure", &mut Vec::new()).iter().any(|(name, _)| on_it(name))
        };
        documents.iter().find(tells).or(documents.first()).map_or("field", |document| document.file)
    }

    fn input(&self, tag: &FieldTag, truth: Truth, kind: Kind) -> Input {
        debug_assert!(tag.direction == Direction::Input);
        // It is built before the plant that it looks at: its first value comes with the settling.
        let range = (tag.low, tag.high);
        let sensor = Sensor::new(range, None, 0.0);
        let link = self.link_of(tag);
        Input { truth, kind, range, link, sensor, tag: Box::new(tag.clone()) }
    }

    fn own(&self, tag: &FieldTag) -> Option<Input> {
        let (name, suffix) = tag.name.rsplit_once('.')?;
        let element = self.elements.iter().position(|known| known.name == name)?;
        if suffix == "READY" {
            return Some(self.input(tag, Truth::Healthy { pressed: false }, Kind::Switch));
        }
        let feedback = own_feedback(suffix)?;
        let analogue = tag.unit.symbol() == "%";
        let (factor, kind) = if analogue { (100.0, Kind::Electrical) } else { (1.0, Kind::Switch) };
        Some(self.input(tag, Truth::Element { element, feedback, factor }, kind))
    }

    fn measure(&self, name: &str, item: &Item<'_>) -> Result<Input, ParameterMistake> {
        let found = self.tags.iter().find(|tag| tag.name == name && tag.direction == Direction::Input);
        let tag = found.ok_or_else(|| {
            let inputs = self.tags.iter().filter(|tag| tag.direction == Direction::Input);
            let near = hint(name, inputs.map(|tag| tag.name.as_str()));
            item.mistake(format!("{name} is no input of the plant's devices{near}"))
        })?;
        let kind = kind_of_tag(name, tag.unit.symbol());
        let Some(table) = item.table() else {
            return Ok(self.input(tag, self.truth_of(item, tag)?, kind));
        };
        let mut slips = Vec::new();
        table.refuse_unknown(&KEYS, &mut slips);
        if let Some(slip) = slips.pop() {
            return Err(slip);
        }
        if let Some(healthy) = table.get("healthy") {
            return match healthy.boolean() {
                Some(true) => Ok(self.input(tag, Truth::Healthy { pressed: false }, Kind::Switch)),
                _ => Err(healthy.mistake(format!("{name} is healthy = true until a fault presses it"))),
            };
        }
        if let Some(power) = table.get("power") {
            return match power.boolean() {
                Some(true) => Ok(self.input(tag, Truth::Power, Kind::Switch)),
                _ => Err(power.mistake(format!("{name} shows the net with power = true"))),
            };
        }
        if table.get("utility").is_some() {
            return Ok(self.input(tag, self.utility(&table, tag)?, kind));
        }
        let of =
            table.get("of").ok_or_else(|| table.mistake(format!("{name} needs of = \"UNIT.reading\"")))?;
        if table.get("above").is_some() || table.get("below").is_some() {
            return Ok(self.input(tag, self.limit(&table, &of)?, Kind::Switch));
        }
        let kind = match table.get("kind") {
            None => kind,
            Some(word) => {
                let found = KINDS.iter().find(|(known, _)| Some(*known) == word.text());
                let all: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
                found
                    .map(|(_, kind)| *kind)
                    .ok_or_else(|| word.mistake(format!("kind is one of {}", all.join(", "))))?
            }
        };
        Ok(self.input(tag, self.truth_of(&of, tag)?, kind))
    }

    fn utility(&self, table: &Table<'_>, tag: &FieldTag) -> Result<Truth, ParameterMistake> {
        let name = table.text("utility", "\"di-water\"")?;
        let supply = self.supplies.iter().position(|supply| supply.name == name).ok_or_else(|| {
            let names = self.supplies.iter().map(|supply| supply.name.as_str());
            table.mistake(format!("no supply is called {name}{}", hint(name, names)))
        })?;
        let value = table.get("value").ok_or_else(|| table.mistake("value is missing: value = \"4 bar\""))?;
        Ok(Truth::Utility { supply, value: value.quantity_in(tag.unit.symbol())? })
    }

    fn limit(&self, table: &Table<'_>, of: &Item<'_>) -> Result<Truth, ParameterMistake> {
        let (station, reading) = self.reading(of)?;
        let unit = self.stations[station].shape().readings[reading].unit;
        let (item, above) = match (table.get("above"), table.get("below")) {
            (Some(item), None) => (item, true),
            (None, Some(item)) => (item, false),
            _ => return Err(table.mistake("write either above or below")),
        };
        let limit = match (item.number(), Unit::parse(unit)) {
            (Some(number), _) => number,
            (None, Some(_)) => item.quantity_in(unit)?,
            (None, None) => return Err(item.mistake(format!("write a number; it counts in {unit}"))),
        };
        Ok(Truth::Limit { station, reading, limit, above })
    }

    pub(super) fn reading(&self, item: &Item<'_>) -> Result<(usize, usize), ParameterMistake> {
        let text = item.text().ok_or_else(|| item.mistake("write \"UNIT.reading\" or \"line.NAME\""))?;
        let (station, reading) = self.place(text, item)?;
        let shape = self.stations[station].shape();
        let found = reading.and_then(|name| shape.readings.iter().position(|known| known.name == name));
        let index = found.ok_or_else(|| {
            let names: Vec<&str> = shape.readings.iter().map(|reading| reading.name).collect();
            let near = hint(reading.unwrap_or_default(), names.iter().copied());
            item.mistake(format!("{text}: a {} shows {}{near}", shape.name, names.join(", ")))
        })?;
        Ok((station, index))
    }

    fn truth_of(&self, item: &Item<'_>, tag: &FieldTag) -> Result<Truth, ParameterMistake> {
        let text = item.text().ok_or_else(|| item.mistake("write \"UNIT.reading\" or \"line.NAME\""))?;
        if let Some(name) = text.strip_prefix("line.") {
            return self.flow(name, item, tag);
        }
        if let Some((name, "position" | "speed")) = text.rsplit_once('.')
            && let Some(element) = self.elements.iter().position(|known| known.name == name)
        {
            return Ok(Truth::Element { element, feedback: Feedback::Position, factor: 100.0 });
        }
        let (station, reading) = self.reading(item)?;
        let symbol = self.stations[station].shape().readings[reading].unit;
        let (factor, offset) = match Unit::parse(symbol) {
            Some(unit) => unit.factor_and_offset(tag.unit).ok_or_else(|| {
                item.mistake(format!("{} in {} cannot show {text}, which is in {symbol}", tag.name, tag.unit))
            })?,
            None if tag.unit == Unit::NONE => (1.0, 0.0),
            None => {
                return Err(item.mistake(format!(
                    "{} in {} cannot show {text}, which is in {symbol}: give the tag no unit",
                    tag.name, tag.unit
                )));
            }
        };
        Ok(Truth::Reading { station, reading, factor, offset })
    }

    fn flow(&self, name: &str, item: &Item<'_>, tag: &FieldTag) -> Result<Truth, ParameterMistake> {
        let line = self.lines.iter().position(|line| line.name == name).ok_or_else(|| {
            let names = self.lines.iter().map(|line| line.name.as_str());
            item.mistake(format!("no line is called {name}{}", hint(name, names)))
        })?;
        let (basis, si) = match tag.unit.dimension() {
            Dimension::VolumeFlow => (Basis::Volume, "m3/s"),
            Dimension::MassFlow => (Basis::Mass, "kg/s"),
            Dimension::NormalVolumeFlow => (Basis::Normal, "Nm3/h"),
            _ => return Err(item.mistake(format!("{} in {} is no flow", tag.name, tag.unit))),
        };
        if !self.lines[line].can_show(basis) {
            return Err(item.mistake(format!(
                "line {name} cannot be measured in {}: what leaves a unit is known in kg/h (a gas in Nm3/h), \
                 or as a reading of the unit",
                tag.unit
            )));
        }
        let seconds = if basis == Basis::Normal { 3600.0 } else { 1.0 };
        let factor = Unit::parse(si).and_then(|unit| unit.convert(seconds, tag.unit)).unwrap_or(1.0);
        Ok(Truth::Flow { line, basis, factor })
    }
}
