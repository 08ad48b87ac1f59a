//! What a unit is told: a constant, a motor, a valve over its range, or the sum of several.

use model::StateWalk;

use crate::flowsheet::Flowsheet;

use super::actuator::Element;

/// One of several elements side by side (duty and standby): the most open counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gate(pub(super) Vec<usize>);

impl Gate {
    pub(super) fn conductance(&self, elements: &[(String, Element)], equal: bool) -> f64 {
        self.0.iter().map(|element| elements[*element].1.conductance(equal)).fold(0.0, f64::max)
    }
}

/// `at_0` with everything shut, `at_100` with everything open.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) gates: Vec<Gate>,
    pub(super) at_0: f64,
    pub(super) at_100: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) station: usize,
    pub(super) order: usize,
    pub(super) terms: Vec<Term>,
    /// A fault holds it here.
    pub(super) forced: Option<f64>,
}

impl Order {
    pub(super) fn give(&self, sheet: &mut Flowsheet, elements: &[(String, Element)]) {
        let value = |term: &Term| {
            let open: f64 = term.gates.iter().map(|gate| gate.conductance(elements, false)).product();
            term.at_0 + (term.at_100 - term.at_0) * open
        };
        sheet.stations[self.station].orders[self.order] =
            self.forced.unwrap_or_else(|| self.terms.iter().map(value).sum());
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        let (mut on, mut value) = (self.forced.is_some(), self.forced.unwrap_or(0.0));
        walk.bool(&mut on);
        walk.f64(&mut value);
        self.forced = on.then_some(value);
    }
}
