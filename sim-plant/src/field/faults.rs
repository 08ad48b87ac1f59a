//! Switching a field's faults on and off while it runs.

use crate::fault::{ActiveFault, FIELD_FAULTS, FaultCall, FaultError, FaultKind, hint};
use crate::sensor::SensorFaults;
use crate::tags::Kind;

use super::Field;
use super::instrument::Truth;
use super::supply::Nature;

impl Field {
    /// Switches a fault on (or changes its parameters), or off.
    pub(crate) fn set_fault(
        &mut self,
        fault: &str,
        parameters: &[(String, String)],
        on: bool,
    ) -> Result<(), FaultError> {
        let call = FaultCall::read(FIELD_FAULTS, fault, parameters, on)?;
        if !on && !self.is_on(&call) {
            let on: Vec<String> = parameters.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            return Err(FaultError::NotActive { fault: call.kind.name, on: on.concat() });
        }
        self.all_new();
        match fault {
            "sensor-drift" | "sensor-freeze" | "sensor-noise" | "sensor-fail" => self.set_sensor(&call, on),
            "valve-stuck" | "pump-trip" => self.set_element(&call, on),
            "power-lost" => {
                self.dark = on;
                self.elements.iter_mut().for_each(|element| element.lose_power(on));
                Ok(())
            }
            "link-loss" | "plc-stop" => {
                let device = call.name_of("device");
                let names: Vec<String> = self.links.iter().map(|link| link.device.clone()).collect();
                let link = self.links.iter_mut().find(|link| link.device == device);
                let link = link.ok_or_else(|| missing(&call, "device", device, &names))?;
                *if fault == "plc-stop" { &mut link.stopped } else { &mut link.lost } = on;
                Ok(())
            }
            "supply-loss" | "supply-spoiled" => self.set_supply(&call, on),
            "line-blocked" => {
                let name = call.name_of("line");
                let names: Vec<String> = self.lines.iter().map(|line| line.name.clone()).collect();
                let line = self.lines.iter_mut().find(|line| line.name == name);
                let share = if on { call.number_of("percent") * 0.01 } else { 0.0 };
                line.map(|line| line.blocked = share).ok_or_else(|| missing(&call, "line", name, &names))
            }
            "switch-pressed" => self.press(&call, on),
            _ => self.force(&call, on),
        }
    }

    fn is_on(&self, call: &FaultCall) -> bool {
        let named = |active: &ActiveFault| {
            active.parameters.iter().all(|(name, value)| {
                let asked = call.name_of(name);
                asked.is_empty() || asked == value
            })
        };
        self.active_faults().iter().any(|active| active.name == call.kind.name && named(active))
    }

    fn set_sensor(&mut self, call: &FaultCall, on: bool) -> Result<(), FaultError> {
        let tag = call.name_of("tag");
        let analogue = |input: &&mut super::Input| input.kind != Kind::Switch && input.tag.name == tag;
        let names: Vec<String> = self
            .inputs
            .iter()
            .filter(|input| input.kind != Kind::Switch)
            .map(|input| input.tag.name.clone())
            .collect();
        let Some(input) = self.inputs.iter_mut().find(analogue) else {
            return Err(missing(call, "analogue input", tag, &names));
        };
        let faults = &mut input.sensor.faults;
        match call.kind.name {
            "sensor-drift" => {
                faults.drift = if on { call.number_of("per_hour") } else { 0.0 };
                // A recalibration takes the gathered error away.
                if !on {
                    faults.drifted = 0.0;
                }
            }
            "sensor-freeze" => faults.frozen = on,
            "sensor-noise" => faults.noise = if on { call.number_of("factor") } else { 1.0 },
            _ => faults.failed = on,
        }
        Ok(())
    }

    fn set_element(&mut self, call: &FaultCall, on: bool) -> Result<(), FaultError> {
        let tag = call.name_of("tag");
        let what = if call.kind.name == "pump-trip" { "motor" } else { "valve" };
        let done = self
            .elements
            .iter_mut()
            .find(|element| element.name == tag)
            .is_some_and(|element| element.set_fault(call.kind.name, on));
        if done {
            return Ok(());
        }
        let names: Vec<String> = self
            .elements
            .iter()
            .filter(|known| (*known).clone().set_fault(call.kind.name, on))
            .map(|known| known.name.clone())
            .collect();
        Err(missing(call, what, tag, &names))
    }

    fn set_supply(&mut self, call: &FaultCall, on: bool) -> Result<(), FaultError> {
        let name = call.name_of("supply");
        let names: Vec<String> = self.supplies.iter().map(|supply| supply.name.clone()).collect();
        let Some(supply) = self.supplies.iter_mut().find(|supply| supply.name == name) else {
            return Err(missing(call, "supply", name, &names));
        };
        if call.kind.name == "supply-loss" {
            supply.lost = on;
            return Ok(());
        }
        if !on {
            supply.spoiled = crate::matter::Matter::default();
            return Ok(());
        }
        let solute = call.name_of("solute");
        let what = match supply.kind {
            Nature::Liquor => None,
            Nature::Solid => Some("a solid"),
            Nature::Gas => Some("a gas"),
            Nature::Organic => Some("organic"),
        };
        if let Some(what) = what {
            let (supply, solute) = (name.to_owned(), solute.chars().take(40).collect());
            return Err(FaultError::NoLiquor { fault: call.kind.name, supply, what, solute });
        }
        if supply.spoil(solute, call.number_of("g_per_L"), &self.chemistry) {
            return Ok(());
        }
        let known: Vec<String> =
            crate::solution::solutes::SOLUTES.iter().map(|(name, _)| (*name).to_owned()).collect();
        Err(missing(call, "solute", solute, &known))
    }

    fn press(&mut self, call: &FaultCall, on: bool) -> Result<(), FaultError> {
        let tag = call.name_of("tag");
        let names: Vec<String> = self
            .inputs
            .iter()
            .filter(|input| matches!(input.truth, Truth::Healthy { .. }))
            .map(|input| input.tag.name.clone())
            .collect();
        for input in &mut self.inputs {
            if let Truth::Healthy { pressed } = &mut input.truth
                && input.tag.name == tag
            {
                *pressed = on;
                return Ok(());
            }
        }
        Err(missing(call, "hand switch", tag, &names))
    }

    fn force(&mut self, call: &FaultCall, on: bool) -> Result<(), FaultError> {
        let (unit, order) = (call.name_of("unit"), call.name_of("order"));
        let units: Vec<String> = self.units.iter().map(|unit| unit.name.clone()).collect();
        let Some(station) = units.iter().position(|name| name == unit) else {
            return Err(missing(call, "unit", unit, &units));
        };
        let shape = self.sheet.stations[station].shape();
        let names: Vec<String> = shape.orders.iter().map(|order| order.name.to_owned()).collect();
        let Some(index) = names.iter().position(|name| name == order) else {
            return Err(missing(call, "order", order, &names));
        };
        let value = on.then(|| call.number_of("value"));
        let found = self.orders.iter_mut().find(|known| known.station == station && known.order == index);
        let Some(known) = found else {
            return Err(FaultError::DrawnByLine { fault: call.kind.name, order: order.to_owned() });
        };
        known.forced = value;
        if known.terms.is_empty() && value.is_none() {
            // Nobody else gives it: it goes back to where it stood.
            let stood = shape.orders[index].standing();
            self.sheet.stations[station].orders[index] = stood;
        }
        Ok(())
    }

    /// The faults that are on.
    pub(crate) fn active_faults(&self) -> Vec<ActiveFault> {
        let mut list = Vec::new();
        for input in &self.inputs {
            let tag = || ("tag", input.tag.name.clone());
            let faults = &input.sensor.faults;
            if *faults == SensorFaults::NONE && !matches!(input.truth, Truth::Healthy { pressed: true }) {
                continue;
            }
            if faults.drift != 0.0 || faults.drifted != 0.0 {
                push(&mut list, "sensor-drift", vec![tag(), ("per_hour", faults.drift.to_string())]);
            }
            if faults.frozen {
                push(&mut list, "sensor-freeze", vec![tag()]);
            }
            if faults.noise != 1.0 {
                push(&mut list, "sensor-noise", vec![tag(), ("factor", faults.noise.to_string())]);
            }
            if faults.failed {
                push(&mut list, "sensor-fail", vec![tag()]);
            }
            if matches!(input.truth, Truth::Healthy { pressed: true }) {
                push(&mut list, "switch-pressed", vec![tag()]);
            }
        }
        for element in &self.elements {
            if let Some(fault) = element.element().fault() {
                push(&mut list, fault, vec![("tag", element.name.clone())]);
            }
        }
        if self.dark {
            push(&mut list, "power-lost", Vec::new());
        }
        for link in &self.links {
            for (fault, _) in
                [("link-loss", link.lost), ("plc-stop", link.stopped)].iter().filter(|(_, on)| *on)
            {
                push(&mut list, fault, vec![("device", link.device.clone())]);
            }
        }
        for supply in &self.supplies {
            let name = || vec![("supply", supply.name.clone())];
            if supply.lost {
                push(&mut list, "supply-loss", name());
            }
            if supply.spoiled != crate::matter::Matter::default() {
                push(&mut list, "supply-spoiled", name());
            }
        }
        for line in self.lines.iter().filter(|line| line.blocked > 0.0) {
            let percent = ("percent", format!("{:.1}", line.blocked * 100.0));
            push(&mut list, "line-blocked", vec![("line", line.name.clone()), percent]);
        }
        for order in &self.orders {
            if let Some(value) = order.forced {
                let name = self.sheet.stations[order.station].shape().orders[order.order].name.to_owned();
                let unit = ("unit", self.units[order.station].name.clone());
                push(&mut list, "unit-forced", vec![unit, ("order", name), ("value", value.to_string())]);
            }
        }
        list
    }
}

fn push(list: &mut Vec<ActiveFault>, name: &str, parameters: Vec<(&'static str, String)>) {
    let kind: Option<&FaultKind> = FIELD_FAULTS.iter().find(|kind| kind.name == name);
    if let Some(kind) = kind {
        list.push(ActiveFault { name: kind.name, parameters });
    }
}

fn missing(call: &FaultCall, what: &'static str, name: &str, candidates: &[String]) -> FaultError {
    FaultError::NoSuchTarget {
        fault: call.kind.name,
        what,
        name: name.chars().take(40).collect(),
        hint: hint(name, candidates.iter().map(String::as_str)),
    }
}
