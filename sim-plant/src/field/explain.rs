//! Why a tag of the field is as it is: what is true, what lies between, and where the numbers come from.

use std::fmt::Write;

use crate::parameters::by_trust;
use crate::sensor::kind_of;

use super::Field;
use super::instrument::{Basis, Truth};
use super::line::Source;

impl Field {
    /// Of a tag, a valve, a motor or a unit. `None` when the field has nothing of that name.
    pub(crate) fn explain(&self, name: &str) -> Option<String> {
        if let Some(index) = self.inputs.iter().position(|input| input.tag.name == name) {
            return Some(self.explain_input(index));
        }
        if let Some(output) = self.outputs.iter().find(|output| output.tag.name == name) {
            let mut text = format!("{name} is commanded to {:.3} {}", output.written, output.tag.unit);
            self.explain_element(&mut text, output.element);
            return Some(text);
        }
        if let Some(element) = self.elements.iter().position(|element| element.name == name) {
            return Some(self.explain_device(element));
        }
        let station = self.units.iter().position(|unit| unit.name == name)?;
        Some(self.explain_unit(station))
    }

    /// What `explain` knows besides the tags.
    pub(crate) fn device_names(&self) -> impl Iterator<Item = &str> {
        let elements = self.elements.iter().map(|element| element.name.as_str());
        elements.chain(self.units.iter().map(|unit| unit.name.as_str()))
    }

    fn explain_device(&self, element: usize) -> String {
        let mut text =
            format!("{}, {}", self.elements[element].name, self.elements[element].element().kind());
        let told = self.outputs.iter().filter(|output| output.element == element);
        for output in told {
            let value = format!("{:.3} {}", output.written, output.tag.unit);
            let _ = write!(text, "\n  {} tells it {}", output.tag.name, value.trim_end());
        }
        for (index, input) in self.inputs.iter().enumerate() {
            if matches!(input.truth, Truth::Element { element: shown, .. } if shown == element) {
                let (value, quality) = self.sensor(index);
                let _ = write!(text, "\n  {} shows {value:.4} ({})", input.tag.name, quality.text());
            }
        }
        self.explain_element(&mut text, element);
        text
    }

    /// Where it stands, how fast it gets there, and what it decides.
    fn explain_element(&self, text: &mut String, element: usize) {
        let driven = &self.elements[element];
        let _ = write!(text, "\n  {} stands at {:.1} %", driven.name, 100.0 * driven.conductance(false));
        if let Some(fault) = driven.element().fault() {
            let _ = write!(text, ", fault: {fault}");
        }
        for entry in self.travel.iter().filter(|entry| driven.element().travels_by(&entry.name)) {
            let (_, what) = entry.name.rsplit_once('.').unwrap_or(("", &entry.name));
            let what = what.replace('_', " ");
            let _ = write!(
                text,
                "\n  its {what} is {} {} ({}, {})",
                entry.value,
                entry.unit,
                entry.source,
                entry.trust.word()
            );
        }
        for line in self.lines.iter().filter(|line| line.gates.iter().any(|gate| gate.0.contains(&element))) {
            let _ = write!(text, "\n  it lies in line {}", line.name);
        }
        for order in &self.orders {
            let by = order.terms.iter().any(|term| term.gates.iter().any(|gate| gate.0.contains(&element)));
            if by {
                let shape = self.sheet.stations[order.station].shape();
                let unit = &self.units[order.station];
                let _ = write!(
                    text,
                    "\n  it gives {} of {} ({})",
                    shape.orders[order.order].name, unit.name, unit.text
                );
            }
        }
    }

    fn explain_unit(&self, station: usize) -> String {
        let unit = &self.units[station];
        let mut text = format!("{}, {}: {}", unit.name, unit.kind, unit.text);
        let of_unit = |truth: &Truth| match truth {
            Truth::Reading { station, .. } | Truth::Limit { station, .. } => Some(*station),
            _ => None,
        };
        let shown: Vec<&str> = self
            .inputs
            .iter()
            .filter(|input| of_unit(&input.truth) == Some(station))
            .map(|input| input.tag.name.as_str())
            .collect();
        if !shown.is_empty() {
            let _ = write!(text, "\n  seen by {}", shown.join(", "));
        }
        self.explain_model(&mut text, station);
        text
    }

    fn explain_input(&self, index: usize) -> String {
        let input = &self.inputs[index];
        let (shown, quality) = self.sensor(index);
        let truth = self.truth(&input.truth);
        let mut text = format!(
            "{} shows {shown:.4} {} ({}), true value {truth:.4}",
            input.tag.name,
            input.tag.unit,
            quality.text()
        );
        if let Some(kind) = kind_of(&self.sensors, input.kind) {
            let _ = write!(text, "; lag {} s", kind.lag);
            if let Some(entry) = self.instruments.get(input.kind as usize).and_then(Option::as_ref) {
                let _ = write!(text, " ({}, {})", entry.source, entry.trust.word());
            }
            let _ = write!(text, ", a new value every {} s", kind.update);
            if kind.cycle > 0.0 {
                let _ = write!(text, ", sampled every {} s, shown {} s later", kind.cycle, kind.dead);
            }
        }
        for fault in self.active_faults() {
            if fault
                .parameters
                .iter()
                .any(|(_, value)| *value == input.tag.name || *value == input.tag.device)
            {
                let _ = write!(text, "\n  fault: {fault}");
            }
        }
        match input.truth {
            Truth::Reading { station, reading, .. } => self.explain_reading(&mut text, station, reading),
            Truth::Limit { station, reading, limit, above } => {
                let unit = &self.sheet.stations[station].shape().readings[reading].unit;
                let side = if above { "above" } else { "below" };
                let _ = write!(text, "\n  it switches {side} {limit} {unit}");
                self.explain_reading(&mut text, station, reading);
            }
            Truth::Flow { line, .. } => self.explain_line(&mut text, line),
            Truth::Element { element, .. } => self.explain_element(&mut text, element),
            Truth::Healthy { .. } => text.push_str("\n  a hand switch; the fault switch-pressed presses it"),
            Truth::Power => text.push_str("\n  voltage of the net; the fault power-lost takes it away"),
            Truth::Utility { supply, .. } => {
                let supply = &self.supplies[supply];
                let lost = if supply.lost { "lost" } else { "there" };
                let origin = supply.origin.words();
                let _ = write!(text, "\n  the supply {} ({}) is {lost} ({origin})", supply.name, supply.text);
            }
        }
        text
    }

    fn explain_reading(&self, text: &mut String, station: usize, reading: usize) {
        let unit = &self.units[station];
        let shape = self.sheet.stations[station].shape();
        let reading = &shape.readings[reading];
        let _ = write!(
            text,
            "\n  {} of {}, {}: {} ({})",
            reading.name, unit.name, unit.kind, unit.text, reading.text
        );
        self.explain_model(text, station);
    }

    /// How a unit moves, what it is told, and where its numbers come from.
    fn explain_model(&self, text: &mut String, station: usize) {
        let unit = &self.units[station];
        let shape = self.sheet.stations[station].shape();
        let _ = write!(text, "\n  it moves every {} s: {}", unit.pace.seconds, unit.pace.why);
        let orders = shape.orders.iter().zip(&self.sheet.stations[station].orders);
        let told: Vec<String> =
            orders.map(|(order, value)| format!("{} {value:.3} {}", order.name, order.unit)).collect();
        if !told.is_empty() {
            let _ = write!(text, "\n  it is told: {}", told.join(", "));
        }
        let _ = write!(
            text,
            "\n  its model has {} numbers: {}; `catholyte sim unit {}` shows each with its source",
            unit.entries.len(),
            by_trust(&unit.entries),
            unit.kind
        );
        let own: Vec<String> = unit
            .entries
            .iter()
            .filter(|entry| entry.file == unit.origin.file)
            .map(|entry| format!("{} {} {}", entry.name, entry.value, entry.unit).trim_end().to_owned())
            .collect();
        if !own.is_empty() {
            let _ = write!(text, "\n  this plant gives it {} ({})", own.join(", "), unit.origin.words());
        }
        for (remark, count) in self.sheet.stations[station].remarks() {
            let _ = write!(text, "\n  noted {count} times: {remark}");
        }
    }

    fn explain_line(&self, text: &mut String, line: usize) {
        let line = &self.lines[line];
        let from = match line.source {
            Source::Supply(supply) => {
                let supply = &self.supplies[supply];
                format!("supply {} ({})", supply.name, supply.origin.words())
            }
            Source::Draw { station, .. } | Source::Outlet { station, .. } => self.units[station].name.clone(),
            Source::Import(import) => self.ports.imports[import].clone(),
        };
        let _ = write!(text, "\n  line {} from {from}", line.name);
        for gate in &line.gates {
            let open = gate.conductance(&self.elements, line.equal);
            let names: Vec<&str> =
                gate.0.iter().map(|element| self.elements[*element].name.as_str()).collect();
            let _ = write!(text, "; {} lets {:.1} % through", names.join(" or "), 100.0 * open);
        }
        if line.most > 0.0 {
            let unit = match line.basis {
                Basis::Volume => "m3/h",
                Basis::Mass => "kg/h",
                Basis::Normal => "Nm3/h",
            };
            let most = (3.6e9 * line.most).round() / 1e6;
            let _ = write!(text, "\n  at most {most} {unit} ({})", line.origin.words());
        }
        if line.blocked > 0.0 {
            let _ = write!(text, "; BLOCKED by {:.0} %", 100.0 * line.blocked);
        }
    }
}
