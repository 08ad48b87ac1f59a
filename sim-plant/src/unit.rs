//! What every unit operation is: matter in, orders in; matter out, readings out; one fixed step.
//!
//! Two users drive the same object: an area's flowsheet joins units by their streams, and
//! [`crate::experiment`] runs one alone from stated conditions. A unit is one file in `units/`, one
//! parameter file, one row in [`crate::units::CATALOGUE`]; `docs/simulator.md` shows how to add one.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Matter};
use crate::parameters::Reader;
use crate::solution::Notes;

/// A stream's end at the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    pub name: &'static str,
    pub text: &'static str,
}

/// Something that the unit is told: a valve, a motor, a duty. Held inside its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    pub name: &'static str,
    pub unit: &'static str,
    pub low: f64,
    pub high: f64,
    pub text: &'static str,
}

impl Order {
    /// Where it stands while nobody gives it.
    pub(crate) const fn standing(&self) -> f64 {
        self.low.max(0.0)
    }

    /// `0 to 100 kW`
    pub(crate) fn range(&self) -> String {
        format!("{} to {} {}", self.low, self.high, self.unit).trim_end().to_owned()
    }
}

/// A true value that an instrument could show, in the unit named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub name: &'static str,
    pub unit: &'static str,
    pub text: &'static str,
}

/// What a kind of unit looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub name: &'static str,
    pub text: &'static str,
    pub inlets: &'static [Port],
    pub outlets: &'static [Port],
    pub orders: &'static [Order],
    pub readings: &'static [Reading],
    /// The longest step that the model is made for, s.
    pub step_max: f64,
}

/// One step's traffic across the boundary.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// mol and J of this step, one for each inlet.
    pub inlets: &'a [Matter],
    /// Inlets in which there is something, by their bits.
    pub fed: u64,
    pub orders: &'a [f64],
    /// Comes empty, one for each outlet.
    pub outlets: &'a mut [Matter],
    /// J that crossed without matter: jacket, losses, motors; inward is positive.
    pub heat: f64,
}

/// Feeds (mol/s, W) and orders of a unit that runs alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Duty {
    pub feeds: Vec<Matter>,
    pub orders: Vec<f64>,
    /// What the feeds could not do: a titrator that misses its target.
    pub notes: Notes,
}

/// A unit operation. No clock, no random number, no allocation in [`UnitOperation::step`].
pub trait UnitOperation: Send {
    fn shape(&self) -> &'static Shape;

    /// Moves on by `dt` seconds, at most [`Shape::step_max`]. What comes in may be anything; what
    /// leaves is finite, and inventory + out = inventory before + in.
    fn step(&mut self, exchange: &mut Exchange<'_>, dt: f64);

    /// How many parts a step has to be taken in, because more comes, goes or reacts in it than the unit can follow at
    /// once ([`parts`]). 1 in any plant of sound sizes.
    fn parts(&self, _inlets: &[Matter], _orders: &[f64], _dt: f64) -> u32 {
        1
    }

    /// K that the properties of what it holds carry; an experiment that leaves them ends there.
    fn carries(&self) -> (f64, f64) {
        LIQUORS
    }

    /// The readings of [`Shape::readings`], in their order and units.
    fn read(&self, readings: &mut [f64]);

    /// As [`Self::read`], after a step: what it has not changed stands there already.
    fn read_again(&self, readings: &mut [f64]) {
        self.read(readings);
    }

    /// Outlets that the last step may have put something into, by their bits. A unit with many of them that mostly give
    /// nothing knows; of the others all are looked at.
    fn gave(&self) -> u64 {
        u64::MAX
    }

    /// A flowsheet says once in how many seconds the unit has to work out what follows from its contents, and how far in
    /// between (0..1) it is at the start. `true` when it sees to that by itself and takes part in every step.
    fn keep_pace(&mut self, _step: f64, _phase: f64) -> bool {
        false
    }

    /// Counts what the unit holds.
    fn contents(&self, account: &mut Account);

    /// What the physics has to say about itself.
    fn notes(&self) -> &Notes;

    /// The feeds and orders that the parameter file states, for a run without neighbours. It may look at
    /// the unit's own readings, as the titrator of a laboratory does.
    fn duty(&self, duty: &mut Duty);

    fn state(&mut self, walk: &mut dyn StateWalk);
}

/// A row of the catalogue: a kind of unit, its parameter file, and how it is built.
pub struct Row {
    pub shape: &'static Shape,
    pub(crate) file: (&'static str, &'static str),
    pub(crate) build: Build,
}

/// Reads the settings and builds the unit; `None` when the reader found mistakes.
pub(crate) type Build = fn(&mut Reader<'_>, &Arc<Chemistry>) -> Option<Box<dyn UnitOperation>>;

impl Shape {
    /// Holds an order inside its range; what is no number becomes the low end. Says whether it was good.
    pub fn hold(&self, order: usize, value: f64) -> (f64, bool) {
        let Order { low, high, .. } = self.orders[order];
        if value.is_nan() {
            return (low, false);
        }
        (value.clamp(low, high), value >= low && value <= high)
    }
}

/// K: where liquors, their densities and heats are still those of liquors.
pub(crate) const LIQUORS: (f64, f64) = (223.15, 473.15);

/// Of what a unit holds, or of what its temperature can bear, at most so much is exchanged in one part of a step.
const EXCHANGED: f64 = 0.1;
/// A step is taken in so many parts at most: what needs more ends an experiment by what it shows.
const PARTS: f64 = 64.0;

/// Parts of a step in which `exchanged` passes through a unit that holds `held`.
pub(crate) fn parts(exchanged: f64, held: f64) -> u32 {
    let wanted = exchanged / (EXCHANGED * held.max(0.0));
    // Nothing in nothing is no number, and needs no part.
    if wanted > 1.0 { libm::ceil(wanted).min(PARTS) as u32 } else { 1 }
}

/// A reading that is so much per something: 0, which is no value, where there is not even `least` of that to divide by.
pub(crate) fn ratio(amount: f64, per: f64, least: f64) -> f64 {
    if per > least { amount / per } else { 0.0 }
}
