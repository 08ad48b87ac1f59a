//! A unit in its place: guarded inlets and orders, its outlets, its readings, its own books.
//!
//! Both users of a unit step it through here, so that nonsense is stopped once, at the door: a stream
//! that is no matter (not finite, negative amounts, a temperature that nothing has) is turned away and
//! noted, an order is held inside its range.

mod turn;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::constants::REFERENCE;
use crate::matter::{Account, Balance, Books, Matter};
use crate::solution::{Notes, Remark};
use crate::species::Species;
use crate::unit::{Exchange, Order, Shape, UnitOperation};
use crate::work::{self, Work};

use turn::Turn;

pub struct Station {
    unit: Box<dyn UnitOperation>,
    /// mol and J of the coming step; empty again afterwards.
    inlets: Vec<Matter>,
    /// Inlets in which something may stand, by their bits; the others are empty, and nobody looks at them.
    waiting: u64,
    /// They stand until they are changed.
    pub orders: Vec<f64>,
    /// mol and J of the last step, as far as they have not been fetched.
    pub outlets: Vec<Matter>,
    readings: Vec<f64>,
    held: Vec<f64>,
    books: Books,
    /// What was turned away at the door.
    notes: Notes,
    /// How often, at each inlet and then for each order.
    refused: Vec<u64>,
    /// What was turned away since it was fetched; its owner counts it as gone.
    turned_away: Option<Box<Matter>>,
    turn: Turn,
    /// Steps of the flowsheet that the last step went over; in how many more its outlets are given evenly; it was
    /// taken in the last step of the flowsheet.
    span: u32,
    rest: u32,
    fresh: bool,
    /// Outlets in which something may stand, by their bits; of the others nobody need look.
    full: u64,
    /// Inlets and outlets of a step that is taken in parts.
    parts: Vec<Matter>,
}

impl Station {
    pub fn new(unit: Box<dyn UnitOperation>) -> Self {
        Self::paced(unit, 1, 0.0)
    }

    /// A slow unit that moves once in `every` steps of its flowsheet, or at once when its orders change abruptly; what
    /// comes in meanwhile waits at its inlets. `phase` (0..1) sets those of one pace apart.
    pub fn paced(mut unit: Box<dyn UnitOperation>, every: u32, phase: f64) -> Self {
        // One that keeps the pace by itself moves in every step.
        let every = if unit.keep_pace(f64::from(every), phase) { 1 } else { every.max(1) };
        let shape = unit.shape();
        let orders: Vec<f64> = shape.orders.iter().map(Order::standing).collect();
        let mut made = Self {
            inlets: vec![Matter::default(); shape.inlets.len()],
            waiting: 0,
            turn: Turn::new(every, (phase * f64::from(every)) as u32, &orders),
            orders,
            outlets: vec![Matter::default(); shape.outlets.len()],
            readings: vec![0.0; shape.readings.len()],
            held: vec![0.0; shape.orders.len()],
            books: Books::default(),
            notes: Notes::default(),
            refused: vec![0; shape.inlets.len() + shape.orders.len()],
            turned_away: None,
            span: 1,
            rest: 0,
            fresh: false,
            full: u64::MAX,
            parts: vec![Matter::default(); shape.inlets.len() + shape.outlets.len()],
            unit,
        };
        made.books = Books::open(made.contents());
        made.unit.read(&mut made.readings);
        made
    }

    pub fn shape(&self) -> &'static Shape {
        self.unit.shape()
    }

    /// What waits for the coming step.
    pub fn inlets(&self) -> &[Matter] {
        &self.inlets
    }

    /// To put something into an inlet.
    pub fn inlet(&mut self, inlet: usize) -> &mut Matter {
        self.waiting |= 1 << inlet;
        &mut self.inlets[inlet]
    }

    /// J that what waits at the inlets brings.
    pub(crate) fn waiting_heat(&self) -> f64 {
        bits(self.waiting).map(|inlet| self.inlets[inlet].enthalpy).sum()
    }

    pub fn unit(&self) -> &dyn UnitOperation {
        self.unit.as_ref()
    }

    /// It moves once in so many steps of its flowsheet.
    pub fn every(&self) -> u32 {
        self.turn.every()
    }

    /// Whether it moves in the coming step of its flowsheet, with the orders that it has now.
    pub(crate) fn is_due(&self) -> bool {
        self.turn.is_due(&self.orders)
    }

    /// A step of its flowsheet. True when it was the unit's turn; a unit that cannot take so long a step
    /// takes several.
    pub fn advance(&mut self, chemistry: &Chemistry, dt: f64) -> bool {
        self.fresh = self.is_due();
        if !self.fresh {
            self.turn.wait(&self.orders);
            return false;
        }
        self.span = self.turn.begin(&mut self.orders);
        self.rest = self.every();
        let whole = dt * f64::from(self.span);
        let parts = libm::ceil(whole / self.unit.shape().step_max * (1.0 - 1e-9)).max(self.haste(whole));
        if parts == 1.0
            && bits(self.full).take_while(|k| *k < self.outlets.len()).all(|k| self.outlets[k].is_nothing())
        {
            // What was given is gone: nothing is left to be cleared.
            self.full = 0;
            self.move_on(chemistry, whole);
        } else {
            self.step_in_parts(chemistry, whole, parts);
        }
        self.turn.end(&mut self.orders);
        true
    }

    /// What the last step has left in the outlets stays there.
    fn step_in_parts(&mut self, chemistry: &Chemistry, whole: f64, parts: f64) {
        let (inlets, waiting) = (self.inlets.len(), self.waiting);
        for (part, inlet) in self.parts.iter_mut().zip(&self.inlets) {
            *part = inlet.part(1.0 / parts);
        }
        self.parts[inlets..].clone_from_slice(&self.outlets);
        for _ in 0..parts as u32 {
            self.inlets.clone_from_slice(&self.parts[..inlets]);
            self.waiting = waiting;
            self.move_on(chemistry, whole / parts);
            for (sum, outlet) in self.parts[inlets..].iter_mut().zip(&self.outlets) {
                sum.add(outlet);
            }
        }
        self.outlets.clone_from_slice(&self.parts[inlets..]);
        self.full = u64::MAX;
    }

    /// Steps of the flowsheet that what stands in the outlets was made in, if it is new.
    pub(crate) fn made_in(&self) -> Option<u32> {
        self.fresh.then_some(self.span)
    }

    /// Whether outlets that are given evenly still have something; counts down.
    pub(crate) fn give(&mut self) -> Option<f64> {
        let rest = self.rest;
        self.rest = rest.saturating_sub(1);
        (rest > 0).then(|| 1.0 / f64::from(rest))
    }

    /// False when nothing stands in an outlet.
    pub(crate) const fn may_give(&self, outlet: usize) -> bool {
        self.full & 1 << outlet != 0
    }

    /// Parts that the unit needs for `dt` seconds of what stands at its door, 1 or more.
    fn haste(&self, dt: f64) -> f64 {
        f64::from(self.unit.parts(&self.inlets, &self.orders, dt).max(1))
    }

    /// One step of `dt` seconds, at most [`Shape::step_max`]: what is in `inlets` goes in.
    pub fn step(&mut self, chemistry: &Chemistry, dt: f64) {
        let parts = self.haste(dt);
        if parts == 1.0 {
            self.move_on(chemistry, dt);
        } else {
            clear(&mut self.outlets, self.full);
            self.step_in_parts(chemistry, dt, parts);
        }
    }

    /// A step that the unit takes at once.
    fn move_on(&mut self, chemistry: &Chemistry, dt: f64) {
        work::count(Work::Unit);
        let shape = self.unit.shape();
        debug_assert!(dt > 0.0 && dt <= shape.step_max * (1.0 + 1e-9), "{}: {dt}", shape.name);
        let mut fed = 0_u64;
        // Most inlets of a plant at rest get nothing, and nothing is sound.
        for k in bits(core::mem::take(&mut self.waiting)) {
            let inlet = &mut self.inlets[k];
            if inlet.is_nothing() {
                continue;
            }
            fed |= 1 << k;
            if is_matter(inlet, chemistry) {
                self.books.inward.add(inlet);
            } else {
                let refused = core::mem::take(inlet);
                self.turn_away(k, &refused);
            }
        }
        for (k, (held, order)) in self.held.iter_mut().zip(&self.orders).enumerate() {
            let (value, good) = shape.hold(k, *order);
            if !good {
                self.notes.note(Remark::BadInput);
                self.refused[shape.inlets.len() + k] += 1;
            }
            *held = value;
        }
        clear(&mut self.outlets, self.full);
        debug_assert!(self.inlets.iter().enumerate().all(|(k, i)| fed & 1 << k != 0 || i.is_nothing()));
        let mut exchange =
            Exchange { inlets: &self.inlets, fed, orders: &self.held, outlets: &mut self.outlets, heat: 0.0 };
        self.unit.step(&mut exchange, dt);
        self.books.inward.enthalpy += exchange.heat;
        clear(&mut self.inlets, fed);
        self.full = 0;
        // A kind has fewer ports than a word has bits.
        for k in bits(self.unit.gave() & ((1 << self.outlets.len()) - 1)) {
            let outlet = &self.outlets[k];
            if !outlet.is_nothing() {
                self.books.outward.add(outlet);
                self.full |= 1 << k;
            }
        }
        debug_assert!(
            self.outlets.iter().enumerate().all(|(k, o)| self.full & 1 << k != 0 || o.is_nothing())
        );
        self.unit.read_again(&mut self.readings);
    }

    /// What the door turns away has come and has left: into the bund, as far as the books go. What is no number
    /// cannot be counted.
    fn turn_away(&mut self, inlet: usize, refused: &Matter) {
        self.notes.note(Remark::BadInput);
        self.refused[inlet] += 1;
        if refused.is_finite() {
            self.books.inward.add(refused);
            self.books.outward.add(refused);
            self.turned_away.get_or_insert_default().add(refused);
        }
    }

    /// What the door has turned away since this was asked last.
    pub(crate) fn take_turned_away(&mut self) -> Option<Box<Matter>> {
        self.turned_away.take()
    }

    /// The readings of the last step, in the order of [`Shape::readings`].
    pub fn readings(&self) -> &[f64] {
        &self.readings
    }

    pub fn contents(&self) -> Account {
        let mut held = Account::default();
        self.unit.contents(&mut held);
        held
    }

    /// How well the unit's own books close.
    pub fn balance(&self, chemistry: &Chemistry) -> Balance {
        self.books.balance(&self.contents(), chemistry)
    }

    /// J that came in without matter is part of `inward.enthalpy`.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// What the physics and the door have to say.
    pub fn notes(&self) -> Notes {
        let mut notes = self.unit.notes().clone();
        notes.add(&self.notes);
        notes
    }

    /// [`Self::notes`] in words, with inlets and orders by their names, and how often each was noted.
    pub fn remarks(&self) -> Vec<(String, u64)> {
        let shape = self.shape();
        let doors: u64 = self.refused.iter().sum();
        let generic = Remark::BadInput.words();
        let mut lines = self.notes().lines();
        lines.retain_mut(|(text, count)| {
            if *text == generic {
                *count = count.saturating_sub(doors);
            }
            *count > 0
        });
        for (k, count) in self.refused.iter().enumerate().filter(|(_, count)| **count > 0) {
            let text = match k.checked_sub(shape.inlets.len()) {
                None => {
                    let name = shape.inlets[k].name;
                    format!(
                        "inlet {name}: no matter (not finite, negative, or of no temperature); turned away \
                         and lost, as the books have it"
                    )
                }
                Some(order) => {
                    let order = &shape.orders[order];
                    format!("order {}: no number, or outside {}; held inside", order.name, order.range())
                }
            };
            lines.push((text, *count));
        }
        lines
    }

    /// True when it has noted something that it had not when its notes were `notes`, refused at so many doors.
    pub(crate) fn says_more_than(&self, notes: &Notes, doors: usize) -> bool {
        self.refusing() > doors || self.notes().says_more_than(notes)
    }

    /// Inlets and orders at which something was turned away or held.
    pub(crate) fn refusing(&self) -> usize {
        self.refused.iter().filter(|count| **count > 0).count()
    }

    /// Another unit of the same kind takes over the state of this one.
    pub fn replace(&mut self, mut unit: Box<dyn UnitOperation>) {
        let mut state = model::StateWriter::default();
        self.unit.state(&mut state);
        unit.state(&mut model::StateReader::new(&state.0));
        self.unit = unit;
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        // The walk may have filled them.
        self.full = u64::MAX;
        self.waiting = (1 << self.inlets.len()) - 1;
        self.unit.state(walk);
        self.books.state(walk);
        self.notes.state(walk);
        for count in &mut self.refused {
            walk.u64(count);
        }
        for matter in self.inlets.iter_mut().chain(&mut self.outlets) {
            matter.state(walk);
        }
        walk.f64s(&mut self.orders);
        walk.f64s(&mut self.readings);
        self.turn.state(walk);
        walk.u32(&mut self.span);
        walk.u32(&mut self.rest);
        walk.bool(&mut self.fresh);
    }
}

/// The places of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let place = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (place < u64::BITS).then_some(place as usize)
    })
}

/// Empties the ports of these bits.
fn clear(ports: &mut [Matter], full: u64) {
    let there = ports.len();
    for port in bits(full).take_while(|port| *port < there) {
        ports[port] = Matter::default();
    }
}

/// True when it can exist: finite, nothing negative but net acid, between 100 and 1500 K (as far as that can
/// be told without its speciation), and no more than a plant could ever see in one step.
fn is_matter(matter: &Matter, chemistry: &Chemistry) -> bool {
    const MOLES_MAX: f64 = 1e9;
    if !matter.enthalpy.is_finite() {
        return false;
    }
    let acid = matter[Species::Acid];
    if !(-MOLES_MAX..=MOLES_MAX).contains(&acid) {
        return false;
    }
    for (first, amounts) in matter.runs() {
        // No branch for each species; what is no number is inside no range.
        let mut sound = true;
        for (k, amount) in (first..).zip(amounts) {
            sound &= (*amount >= -1e-9) & (*amount <= MOLES_MAX) | (k == Species::Acid.index());
        }
        if !sound {
            return false;
        }
    }
    let (enthalpy, capacity) = chemistry.sums(matter);
    // Ions in a strong lye carry up to 56 kJ/mol that the components do not show.
    let hidden = 60e3 * matter[Species::Acid].abs() + 30e3 * matter[Species::Sulfate].abs();
    let excess = (matter.enthalpy - enthalpy).abs() - hidden;
    excess <= capacity.max(0.0) * (1500.0 - REFERENCE) + 1e-3
}
