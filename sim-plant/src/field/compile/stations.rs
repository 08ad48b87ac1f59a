//! Units of the text and what they are told.

use model::Unit;

use crate::experiment;
use crate::initial::Initial;
use crate::parameters::ParameterMistake;
use crate::station::Station;
use crate::unit;
use crate::units::tank;

use super::super::UnitPlace;
use super::super::order::{Amount, Order, Term};
use super::super::origin::Origin;
use super::super::pace::Pace;
use super::super::text::{Item, hint};
use super::{Compiler, ELECTROLYSIS, ELECTROLYSIS_INLETS, ELECTROLYSIS_OUTLETS, vent};

/// Of a term of an order, written as a table.
pub(in crate::field) const TERM: [&str; 5] = ["by", "at_0", "at_100", "of", "times"];
pub(in crate::field) const KEYS: [&str; 8] =
    ["kind", "text", "set", "running", "orders", "step", "source", "trust"];

impl Compiler<'_> {
    pub(super) fn station(&mut self, name: &str, item: &Item<'_>) {
        if let Err(mistakes) = self.try_station(name, item) {
            self.mistakes.extend(mistakes);
        }
    }

    fn try_station(&mut self, name: &str, item: &Item<'_>) -> Result<(), Vec<ParameterMistake>> {
        let table = item.table().ok_or_else(|| vec![item.mistake(format!("write [unit.{name}]"))])?;
        table.refuse_unknown(&KEYS, &mut self.mistakes);
        let kind =
            table.text("kind", "\"leach\"; `catholyte sim unit list` shows them").map_err(|m| vec![m])?;
        if kind == ELECTROLYSIS {
            self.foreign.push(name.to_owned());
            self.ports.exports.extend(ELECTROLYSIS_INLETS.map(|port| format!("{name}.{port}")));
            self.ports.imports.extend(ELECTROLYSIS_OUTLETS.map(|port| format!("{name}.{port}")));
            return Ok(());
        }
        let mut settings = Vec::new();
        let keys: &[&str] = if self.initial == Initial::Running { &["set", "running"] } else { &["set"] };
        for key in keys {
            for entry in table.get(key).map(|item| item.list()).unwrap_or_default() {
                let text = entry
                    .text()
                    .ok_or_else(|| vec![entry.mistake("a setting is a text such as \"tanks.volume=6m3\"")])?;
                settings.push((text.to_owned(), entry));
            }
        }
        let texts: Vec<String> = settings.iter().map(|(text, _)| text.clone()).collect();
        let origin = Origin::read(&table).map_err(|m| vec![m])?;
        let (unit, entries) = experiment::with_settings(kind, &texts, self.chemistry).map_err(|error| {
            // A mistake of one setting belongs to its line, one of the kind to the unit.
            let place = |mistake: &ParameterMistake| {
                let flag = mistake.file.strip_prefix("--set ").unwrap_or("");
                settings.iter().find(|(text, _)| text == flag).map_or(*item, |(_, entry)| *entry)
            };
            match error {
                experiment::ExperimentError::Mistakes(mistakes) => mistakes
                    .iter()
                    .map(|mistake| place(mistake).mistake(format!("{name}: {}", mistake.message)))
                    .collect(),
                other => vec![table.get("kind").unwrap_or(*item).mistake(other.to_string())],
            }
        })?;
        let shape = unit.shape();
        let pace = Pace::read(name, shape, &table).map_err(|m| vec![m])?;
        // Units of one pace move in different seconds, so that each has its share of them.
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let phase = (self.stations.len() as f64 * GOLDEN).fract();
        self.stations.push(Station::paced(unit, pace.seconds, phase));
        self.units.push(UnitPlace {
            name: name.to_owned(),
            file: item.file().to_owned(),
            kind: shape.name,
            text: table.get("text").and_then(|text| text.text()).unwrap_or(shape.text).to_owned(),
            entries: origin.own(entries),
            origin,
            pace,
        });
        Ok(())
    }

    /// `orders = { agitator-1 = "A-311", jacket-1 = { by = "TV-311", at_0 = "0 kW", at_100 = "300 kW" } }`
    pub(super) fn orders_of(&mut self, name: &str, item: &Item<'_>) {
        let Some(orders) = item.table().and_then(|table| table.get("orders")) else { return };
        if self.foreign.iter().any(|foreign| foreign == name) {
            return self.orders_of_string(&orders);
        }
        let Some(station) = self.units.iter().position(|unit| unit.name == name) else { return };
        let Some(orders) = orders.table() else {
            self.mistakes.push(orders.mistake("write orders = { agitator = \"A-311\" }"));
            return;
        };
        let shape = self.stations[station].shape();
        for (order, value) in orders.entries() {
            let Some(index) = shape.orders.iter().position(|known| known.name == order) else {
                let names = shape.orders.iter().map(|order| order.name);
                let all: Vec<&str> = names.clone().collect();
                self.mistakes.push(value.mistake(format!(
                    "a {} has no order {order}{}; it has {}",
                    shape.name,
                    hint(order, names),
                    all.join(", ")
                )));
                continue;
            };
            let known = shape.orders[index];
            let terms: Result<Vec<Term>, ParameterMistake> =
                value.list().iter().map(|term| self.term(term, known.unit)).collect();
            match terms.and_then(|terms| within(&known, terms, &value)) {
                Ok(terms) => self.orders.push(Order { station, order: index, terms, forced: None }),
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
    }

    /// Orders that the text does not give stand still, and a fault may force them. Draws of a tank are given by lines.
    pub(super) fn leave_orders(&mut self) {
        for (station, there) in self.stations.iter().enumerate() {
            let shape = there.shape();
            let orders = if shape.name == tank::SHAPE.name { tank::DRAW } else { shape.orders.len() };
            for order in 0..orders {
                if !self.orders.iter().any(|given| given.station == station && given.order == order) {
                    self.orders.push(Order { station, order, terms: Vec::new(), forced: None });
                }
            }
        }
    }

    /// The string has valves and pumps of its own; told is only what comes from its neighbours: cooling water, and the
    /// absorber of what it vents.
    fn orders_of_string(&mut self, orders: &Item<'_>) {
        const WRITE: &str = "the string is told of its cooling water: orders = { cooling-water = { of = \"CT-701.T-supply\" }, \
             cooling-flow = \"P-701A|P-701B\" }, and of the absorber of its vented chlorine: vent-pressure, vent-fan, vent-lye";
        let entries = orders.table().map(|table| table.entries()).unwrap_or_default();
        if entries.is_empty() {
            self.mistakes.push(orders.mistake(WRITE));
        }
        for (name, value) in &entries {
            let vent = vent::ORDERS.iter().position(|(known, _)| known == name);
            let unit = match (*name, vent) {
                (_, Some(told)) => vent::ORDERS[told].1,
                ("cooling-water", _) => "degC",
                ("cooling-flow", _) => "",
                _ => {
                    self.mistakes.push(value.mistake(format!("there is no order {name}: {WRITE}")));
                    continue;
                }
            };
            match self.term(value, unit) {
                // A temperature is not throttled: half open would be half of its degrees Celsius.
                Ok(term) if unit == "degC" && !(term.gates.is_empty() && term.times.is_none()) => {
                    let text = format!("cooling-water has a temperature, without by and times: {WRITE}");
                    self.mistakes.push(value.mistake(text));
                }
                Ok(term) if unit == "degC" => self.ports.cooling = Some(term),
                Ok(term) => match vent {
                    Some(told) => self.ports.vent.told[told] = Some(term),
                    None => self.ports.cooling_flow = Some(term),
                },
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
    }

    /// `{ of = "EV-411.steam" }`: what another unit shows, in the unit of the order.
    fn reading_term(&self, item: &Item<'_>, unit: &str) -> Result<Amount, ParameterMistake> {
        let heat = |name: &String| item.text() == Some(format!("{name}.cooling-heat").as_str());
        let (symbol, shown) = if self.foreign.iter().any(heat) {
            ("W", None)
        } else {
            let (station, reading) = self.reading(item)?;
            (self.stations[station].shape().readings[reading].unit, Some((station, reading)))
        };
        let converted = match (Unit::parse(symbol), Unit::parse(unit)) {
            (Some(from), Some(to)) => from.factor_and_offset(to),
            _ => (symbol == unit).then_some((1.0, 0.0)),
        };
        let (factor, offset) = converted.ok_or_else(|| {
            item.mistake(format!("this is in \"{symbol}\" and the order in \"{unit}\": they do not convert"))
        })?;
        Ok(match shown {
            Some((station, reading)) => Amount::Reading { station, reading, factor, offset },
            None => Amount::StringHeat { factor },
        })
    }

    fn term(&mut self, item: &Item<'_>, unit: &str) -> Result<Term, ParameterMistake> {
        if let Some(table) = item.table() {
            table.refuse_unknown(&TERM, &mut self.mistakes);
            let by = table.get("by").map(|by| by.list()).unwrap_or_default();
            let gates = by.iter().map(|item| self.gate(item)).collect::<Result<Vec<_>, _>>()?;
            let times = table.get("times").map(|item| self.share(&item)).transpose()?;
            if let Some(of) = table.get("of") {
                if let Some(beside) = table.get("at_0").or_else(|| table.get("at_100")) {
                    return Err(beside.mistake(
                        "of is the amount, so at_0 and at_100 have no meaning beside it: leave them out, or write \
                         a second term in [ ]",
                    ));
                }
                return Ok(Term { gates, amount: self.reading_term(&of, unit)?, times });
            }
            if gates.is_empty() {
                return Err(table.mistake("by is missing: by = \"TV-311\", or of = \"UNIT.reading\""));
            }
            let amount = |key: &str| table.get(key).map(|item| amount(&item, unit)).transpose();
            let at_0 = amount("at_0")?.unwrap_or(0.0);
            let at_100 = amount("at_100")?
                .ok_or_else(|| table.mistake(format!("at_100 is missing: at_100 = \"300 {unit}\"")))?;
            return Ok(Term { gates, amount: Amount::Between { at_0, at_100 }, times });
        }
        // A number, alone or with its unit, is a constant; everything else the name of a motor.
        let constant = item.number().is_some()
            || item
                .text()
                .is_some_and(|text| text.trim().starts_with(|c: char| c.is_ascii_digit() || c == '-'));
        if constant {
            let value = amount(item, unit)?;
            let amount = Amount::Between { at_0: value, at_100: value };
            return Ok(Term { gates: Vec::new(), amount, times: None });
        }
        let amount = Amount::Between { at_0: 0.0, at_100: 1.0 };
        Ok(Term { gates: vec![self.gate(item)?], amount, times: None })
    }

    /// A reading without unit, as a factor.
    fn share(&self, item: &Item<'_>) -> Result<(usize, usize), ParameterMistake> {
        let (station, reading) = self.reading(item)?;
        match self.stations[station].shape().readings[reading].unit {
            "" => Ok((station, reading)),
            unit => Err(item.mistake(format!("times takes a reading without unit; this one is in {unit}"))),
        }
    }
}

/// Refuses what an order can never be: a coil that cools, a billion kilowatt. What other units show is not known here, and
/// its share of the sum counts as nothing.
fn within(order: &unit::Order, terms: Vec<Term>, item: &Item<'_>) -> Result<Vec<Term>, ParameterMistake> {
    let ends = terms.iter().filter_map(|term| match term.amount {
        Amount::Between { at_0, at_100 } => {
            let none = if term.times.is_some() { 0.0 } else { at_0 };
            Some((at_0.min(at_100).min(none), at_0.max(at_100).max(none)))
        }
        Amount::Reading { .. } | Amount::StringHeat { .. } => None,
    });
    let (least, most) = ends.fold((0.0, 0.0), |sum: (f64, f64), end| (sum.0 + end.0, sum.1 + end.1));
    let told = if most > order.high { most } else { least };
    // Beside readings a term may be there to take something off.
    let alone = terms.iter().all(|term| matches!(term.amount, Amount::Between { .. }));
    if alone && !terms.is_empty() && (least < order.low || most > order.high) {
        let (name, range) = (order.name, order.range());
        return Err(item.mistake(format!("{name} takes {range}, and this can tell it {told}: change that")));
    }
    Ok(terms)
}

/// An amount in the unit that an order has; units that the plant does not know must be written as they are.
fn amount(item: &Item<'_>, unit: &str) -> Result<f64, ParameterMistake> {
    if let Some(number) = item.number() {
        return Ok(number);
    }
    match Unit::parse(unit) {
        Some(_) => item.quantity_in(unit),
        None => Err(item.mistake(format!("write a number; it counts in {unit}"))),
    }
}
