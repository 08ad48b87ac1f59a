//! What a unit is told: a constant, a motor, a valve over its range, what another unit does, or the sum of several.

use model::StateWalk;

use crate::flowsheet::Flowsheet;

use super::driven::Driven;

/// One of several elements side by side (duty and standby): the most open counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gate(pub(super) Vec<usize>);

impl Gate {
    pub(super) fn conductance(&self, elements: &[Driven], equal: bool) -> f64 {
        self.0.iter().map(|element| elements[*element].conductance(equal)).fold(0.0, f64::max)
    }
}

/// How much it is with its gates shut and open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    /// `at_0` with everything shut, `at_100` with everything open.
    Between { at_0: f64, at_100: f64 },
    /// A reading of a unit in the order's unit; nothing with everything shut.
    Reading { station: usize, reading: usize, factor: f64, offset: f64 },
    /// The heat that the electrolyser string gives to its cooling water, W times this.
    StringHeat { factor: f64 },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) gates: Vec<Gate>,
    pub(super) amount: Amount,
    /// Multiplied with a reading that has no unit (station, reading): the share of steam that there is.
    pub(super) times: Option<(usize, usize)>,
}

impl Term {
    /// What a unit of the sheet shows, and what the string's coolers give (W), decide as well.
    pub(super) fn value(&self, sheet: &Flowsheet, elements: &[Driven], string_heat: f64) -> f64 {
        let shown = |station: usize, reading: usize| sheet.stations[station].readings()[reading];
        let open: f64 = self.gates.iter().map(|gate| gate.conductance(elements, false)).product();
        let amount = match self.amount {
            Amount::Between { at_0, at_100 } => at_0 + (at_100 - at_0) * open,
            Amount::Reading { station, reading, factor, offset } => {
                (shown(station, reading) * factor + offset) * open
            }
            Amount::StringHeat { factor } => string_heat * factor * open,
        };
        amount * self.times.map_or(1.0, |(station, reading)| shown(station, reading))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) station: usize,
    pub(super) order: usize,
    /// None where the text leaves it as it stands.
    pub(super) terms: Vec<Term>,
    /// A fault holds it here.
    pub(super) forced: Option<f64>,
}

impl Order {
    pub(super) fn give(&self, sheet: &mut Flowsheet, elements: &[Driven], string_heat: f64) {
        if self.terms.is_empty() && self.forced.is_none() {
            return;
        }
        let sum = self.terms.iter().map(|term| term.value(sheet, elements, string_heat)).sum();
        sheet.stations[self.station].orders[self.order] = self.forced.unwrap_or(sum);
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        let (mut on, mut value) = (self.forced.is_some(), self.forced.unwrap_or(0.0));
        walk.bool(&mut on);
        walk.f64(&mut value);
        self.forced = on.then_some(value);
    }
}
