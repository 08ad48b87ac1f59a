//! What came in and what went out since the start: elements, mass, energy.
//!
//! The closure report is the simulator's conscience: inventory now = inventory then + in - out.

use model::StateWalk;

use crate::gas::{CL2, Gas, H2, N2, O2, STEAM};
use crate::liquid::{CA, CL, CLO3, H, LI, Liquid, MG, W, X};
use crate::matter::Balance;
use crate::species::ATOMS;

/// Li, Cl, H, O, Ca, Mg, N.
pub(crate) const ELEMENTS: usize = 7;
pub const ELEMENT_NAMES: [&str; ELEMENTS] = ["Li", "Cl", "H", "O", "Ca", "Mg", "N"];

/// mol of the elements, kg, J.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) elements: [f64; ELEMENTS],
    pub(crate) mass: f64,
    pub(crate) energy: f64,
}

impl Account {
    pub(crate) fn liquid(&mut self, liquid: &Liquid) {
        let a = &liquid.amount;
        let e = &mut self.elements;
        e[0] += a[LI];
        e[1] += a[CL] + a[X] + a[CLO3];
        e[2] += 2.0 * a[W] + a[H] + a[X];
        e[3] += a[W] + a[X] + 3.0 * a[CLO3];
        e[4] += a[CA];
        e[5] += a[MG];
        self.mass += liquid.mass();
        self.energy += liquid.enthalpy;
    }

    pub(crate) fn gas(&mut self, gas: &Gas) {
        let a = &gas.amount;
        let e = &mut self.elements;
        e[1] += 2.0 * a[CL2];
        e[2] += 2.0 * (a[H2] + a[STEAM]);
        e[3] += 2.0 * a[O2] + a[STEAM];
        e[6] += 2.0 * a[N2];
        self.mass += gas.mass();
        self.energy += gas.enthalpy;
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for element in &mut self.elements {
            walk.f64(element);
        }
        walk.f64(&mut self.mass);
        walk.f64(&mut self.energy);
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ledger {
    pub(crate) start: Account,
    pub(crate) inward: Account,
    pub(crate) outward: Account,
}

/// How well the balances close, each relative to what the plant held and received.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Closure {
    pub elements: [f64; ELEMENTS],
    /// The worst of all other elements of the ledger.
    pub others: f64,
    pub mass: f64,
    pub energy: f64,
    /// Largest charge of any liquid relative to its lithium.
    pub charge: f64,
}

impl Closure {
    /// The worst of all.
    pub fn worst(&self) -> f64 {
        self.parts().map(|(_, error)| error).fold(0.0, worse)
    }

    /// Every balance by its name.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let rest = [
            ("other elements", self.others),
            ("mass", self.mass),
            ("energy", self.energy),
            ("charge", self.charge),
        ];
        ELEMENT_NAMES.into_iter().zip(self.elements).chain(rest)
    }

    /// The worse of this and the balance of another part of the plant.
    pub(crate) fn add(&mut self, balance: &Balance) {
        for ((symbol, _), error) in ATOMS.iter().zip(&balance.elements) {
            let own = ELEMENT_NAMES.iter().position(|name| name == symbol);
            let mine = own.map_or(&mut self.others, |k| &mut self.elements[k]);
            *mine = worse(*mine, *error);
        }
        self.mass = worse(self.mass, balance.mass);
        self.energy = worse(self.energy, balance.energy);
        self.charge = worse(self.charge, balance.charge);
    }
}

/// `f64::max` would let what is no number pass for closed.
const fn worse(one: f64, other: f64) -> f64 {
    if one.is_nan() || one > other { one } else { other }
}

impl Ledger {
    pub(crate) fn closure(&self, now: &Account, charge: f64) -> Closure {
        let error = |now: f64, start: f64, inward: f64, outward: f64| {
            let scale = start.abs() + inward.abs() + outward.abs();
            // What is no number has not closed.
            if scale == 0.0 { 0.0 } else { ((now - start) - (inward - outward)).abs() / scale }
        };
        let mut elements = [0.0; ELEMENTS];
        for (k, element) in elements.iter_mut().enumerate() {
            *element = error(
                now.elements[k],
                self.start.elements[k],
                self.inward.elements[k],
                self.outward.elements[k],
            );
        }
        Closure {
            elements,
            others: 0.0,
            mass: error(now.mass, self.start.mass, self.inward.mass, self.outward.mass),
            energy: error(now.energy, self.start.energy, self.inward.energy, self.outward.energy),
            charge,
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.start.state(walk);
        self.inward.state(walk);
        self.outward.state(walk);
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Closure, Ledger};

    #[test]
    fn what_is_no_number_has_not_closed() {
        let mut ledger = Ledger::default();
        ledger.inward.energy = f64::NAN;
        let closure = ledger.closure(&Account::default(), 0.0);
        assert!(closure.energy.is_nan() && closure.worst().is_nan(), "{closure:?}");
        assert!(Closure::default().worst() == 0.0);
    }
}
