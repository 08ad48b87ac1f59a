//! Lines of the text.

use model::Dimension;

use crate::flowsheet::{End, Link};
use crate::parameters::ParameterMistake;
use crate::units::tank;

use super::super::instrument::Basis;
use super::super::line::{Line, Source};
use super::super::origin::Origin;
use super::super::text::{Item, Table, hint};
use super::Compiler;

pub(in crate::field) const KEYS: [&str; 8] =
    ["from", "to", "flow", "through", "trim", "text", "source", "trust"];
/// Where a line goes that leaves the plant.
const OUTSIDE: &str = "outside";

impl Compiler<'_> {
    pub(super) fn line(&mut self, name: &str, item: &Item<'_>) {
        if let Err(mistake) = self.try_line(name, item) {
            self.mistakes.push(mistake);
        }
    }

    fn try_line(&mut self, name: &str, item: &Item<'_>) -> Result<(), ParameterMistake> {
        let table = item.table().ok_or_else(|| item.mistake(format!("write [line.{name}]")))?;
        table.refuse_unknown(&KEYS, &mut self.mistakes);
        let source = self.source(&table)?;
        let to = self.destination(&table)?;
        if to == End::Outside && matches!(source, Source::Supply(_) | Source::Import(_)) {
            return Err(table.mistake("this line passes the plant by: begin it at a tank or a unit"));
        }
        self.may_flow(&table, source, to)?;
        let (basis, most) = self.size(&table, source, to)?;
        let mut line = Line::new(name, source, to, basis, most, Origin::read(&table)?);
        let through = table.get("through").map(|item| item.list()).unwrap_or_default();
        line.gates = through.iter().map(|item| self.gate(item)).collect::<Result<_, _>>()?;
        line.equal = match table.get("trim").map(|trim| (trim, trim.text())) {
            None | Some((_, Some("linear"))) => false,
            Some((_, Some("equal"))) => true,
            Some((trim, _)) => return Err(trim.mistake("trim is \"linear\" or \"equal\" (equal percentage)")),
        };
        if line.equal {
            line.gates.iter().flat_map(|gate| &gate.0).for_each(|element| self.elements[*element].trim());
        }
        let from = match source {
            Source::Draw { station, order } => Some((station, order - tank::DRAW, 1.0)),
            Source::Outlet { station, outlet } => Some((station, outlet, 0.0)),
            Source::Supply(_) | Source::Import(_) => None,
        };
        if let Some((station, outlet, share)) = from {
            line.link = Some(self.links.len());
            self.links.push(Link { from: (station, outlet), to, share });
        }
        self.lines.push(line);
        Ok(())
    }

    fn source(&mut self, table: &Table<'_>) -> Result<Source, ParameterMistake> {
        let text = table.text("from", "\"supply.acid\", \"T-301\" or \"R-301.slurry\"")?;
        let item = table.get("from").ok_or_else(|| table.mistake("from is missing"))?;
        if let Some(name) = text.strip_prefix("supply.") {
            let found = self.supplies.iter().position(|supply| supply.name == name);
            return found.map(Source::Supply).ok_or_else(|| {
                let names = self.supplies.iter().map(|supply| supply.name.as_str());
                item.mistake(format!("no supply is called {name}{}", hint(name, names)))
            });
        }
        if let Some(import) = self.ports.imports.iter().position(|port| port == text) {
            return Ok(Source::Import(import));
        }
        let (station, port) = self.place(text, &item)?;
        let shape = self.stations[station].shape();
        let Some(port) = port else {
            if shape.name != tank::SHAPE.name {
                let names: Vec<&str> = shape.outlets.iter().map(|port| port.name).collect();
                return Err(item.mistake(format!("say which outlet of {text}: {}", names.join(", "))));
            }
            let free = (0..tank::DRAWS).find(|draw| !self.taken.contains(&(station, *draw, false)));
            let draw =
                free.ok_or_else(|| item.mistake(format!("{text} has no more than {} draws", tank::DRAWS)))?;
            self.taken.push((station, draw, false));
            return Ok(Source::Draw { station, order: tank::DRAW + draw });
        };
        let outlet = shape.outlets.iter().position(|known| known.name == port).ok_or_else(|| {
            let names: Vec<&str> = shape.outlets.iter().map(|port| port.name).collect();
            let near = hint(port, names.iter().copied());
            item.mistake(format!("a {} has no outlet {port}{near}; it has {}", shape.name, names.join(", ")))
        })?;
        Ok(Source::Outlet { station, outlet })
    }

    fn destination(&mut self, table: &Table<'_>) -> Result<End, ParameterMistake> {
        let text = table.text("to", "\"R-301.acid\" or \"T-301\"")?;
        let item = table.get("to").ok_or_else(|| table.mistake("to is missing"))?;
        if text == OUTSIDE {
            return Ok(End::Outside);
        }
        if let Some(export) = self.ports.exports.iter().position(|port| port == text) {
            return Ok(End::Export(export));
        }
        let (station, port) = self.place(text, &item)?;
        let shape = self.stations[station].shape();
        let Some(port) = port else {
            if shape.name != tank::SHAPE.name {
                let names: Vec<&str> = shape.inlets.iter().map(|port| port.name).collect();
                return Err(item.mistake(format!("say which inlet of {text}: {}", names.join(", "))));
            }
            // A tank's inlets are all alike: once they are taken, further lines share the last one.
            let count = shape.inlets.len();
            let free = (0..count).find(|inlet| !self.taken.contains(&(station, *inlet, true)));
            let inlet = free.unwrap_or(count - 1);
            self.taken.push((station, inlet, true));
            return Ok(End::Inlet(station, inlet));
        };
        let inlet = shape.inlets.iter().position(|known| known.name == port).ok_or_else(|| {
            let names: Vec<&str> = shape.inlets.iter().map(|port| port.name).collect();
            let near = hint(port, names.iter().copied());
            item.mistake(format!("a {} has no inlet {port}{near}; it has {}", shape.name, names.join(", ")))
        })?;
        Ok(End::Inlet(station, inlet))
    }

    /// No line leads back to where it begins.
    fn may_flow(&self, table: &Table<'_>, source: Source, to: End) -> Result<(), ParameterMistake> {
        let End::Inlet(station, _) = to else { return Ok(()) };
        let item = table.get("to").ok_or_else(|| table.mistake("to is missing"))?;
        if source.station() == Some(station) {
            let name = &self.units[station].name;
            return Err(item.mistake(format!(
                "this line ends at {name}, where it begins: lead it to another unit, or leave it out"
            )));
        }
        Ok(())
    }

    /// A unit by its name, or a unit and the port behind the last dot.
    pub(super) fn place<'t>(
        &self,
        text: &'t str,
        item: &Item<'_>,
    ) -> Result<(usize, Option<&'t str>), ParameterMistake> {
        let find = |name: &str| self.units.iter().position(|unit| unit.name == name);
        if let Some(station) = find(text) {
            return Ok((station, None));
        }
        let (name, port) = text.rsplit_once('.').unwrap_or((text, ""));
        match find(name) {
            Some(station) if !port.is_empty() => Ok((station, Some(port))),
            _ => {
                let names = self.units.iter().map(|unit| unit.name.as_str());
                let ports = self.ports.exports.iter().chain(&self.ports.imports).map(String::as_str);
                let near = hint(if port.is_empty() { text } else { name }, names.chain(ports));
                Err(item.mistake(format!("no unit is called {name}{near}")))
            }
        }
    }

    /// Basis and largest flow. What leaves a unit by itself, and what another model asks for, has none.
    fn size(&self, table: &Table<'_>, source: Source, to: End) -> Result<(Basis, f64), ParameterMistake> {
        let driven = matches!(source, Source::Supply(_) | Source::Draw { .. });
        let asked = matches!(to, End::Export(_));
        let Some(flow) = table.get("flow") else {
            if driven && !asked {
                return Err(table.mistake("flow is missing: the largest flow, such as flow = \"8 m3/h\""));
            }
            return Ok((Basis::Volume, 0.0));
        };
        if !driven || asked {
            return Err(
                flow.mistake("this line has no flow of its own: what leaves the unit flows; leave it out")
            );
        }
        let (value, unit) = flow.quantity()?;
        let (basis, si) = match unit.dimension() {
            Dimension::VolumeFlow => (Basis::Volume, "m3/s"),
            Dimension::MassFlow => (Basis::Mass, "kg/s"),
            Dimension::NormalVolumeFlow => (Basis::Normal, "Nm3/h"),
            _ => return Err(flow.mistake("a flow is in m3/h, kg/h or Nm3/h")),
        };
        let most = flow.quantity_in(si)? / if basis == Basis::Normal { 3600.0 } else { 1.0 };
        if !(0.0..=1e3).contains(&most) {
            return Err(flow.mistake(format!("a flow of {value} {unit} cannot be")));
        }
        let (gas, tank) = match source {
            Source::Supply(supply) => (self.supplies[supply].normal > 0.0, false),
            _ => (false, true),
        };
        if gas && basis == Basis::Volume {
            return Err(flow.mistake("a gas flows in Nm3/h or kg/h"));
        }
        if (tank || !gas) && basis == Basis::Normal {
            return Err(flow.mistake("Nm3/h is for gases; write m3/h or kg/h"));
        }
        Ok((basis, most))
    }
}
