//! Units joined by their streams.
//!
//! What leaves an outlet in one step enters the inlet at the other end of its link in the next; the
//! matter on the way is counted, so a plant with recycles closes like one without. Outlets without a link
//! leave the plant, inlets without one are fed from outside. Valves and pumps between units are the
//! area's: it decides how much of an outlet goes where by links with a share.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Balance, Books, Matter};
use crate::station::Station;

/// From an outlet to an inlet: (station, port).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub from: (usize, usize),
    pub to: (usize, usize),
    /// Of what leaves the outlet, 0..1; a splitter has several links, and what they do not take leaves the
    /// plant. An area may move it, as a valve does.
    pub share: f64,
}

pub struct Flowsheet {
    chemistry: Arc<Chemistry>,
    pub stations: Vec<Station>,
    pub links: Vec<Link>,
    books: Books,
    /// J that came without matter.
    heat: f64,
}

impl Flowsheet {
    pub fn new(stations: Vec<Station>, links: Vec<Link>, chemistry: Arc<Chemistry>) -> Self {
        let mut made = Self { chemistry, stations, links, books: Books::default(), heat: 0.0 };
        made.books = Books::open(made.contents());
        made
    }

    /// Something from outside into an inlet in the coming step.
    pub fn feed(&mut self, station: usize, inlet: usize, matter: &Matter) {
        self.books.inward.count(matter, &self.chemistry);
        self.stations[station].inlets[inlet].add(matter);
    }

    /// One step: links carry, then every unit moves on.
    pub fn step(&mut self, dt: f64) {
        for k in 0..self.stations.len() {
            for outlet in 0..self.stations[k].outlets.len() {
                let out = core::mem::take(&mut self.stations[k].outlets[outlet]);
                let mut left = 1.0;
                for link in self.links.iter().filter(|link| link.from == (k, outlet)) {
                    let share = if link.share.is_nan() { 0.0 } else { link.share.clamp(0.0, left) };
                    left -= share;
                    let (station, inlet) = link.to;
                    self.stations[station].inlets[inlet].add(&out.part(share));
                }
                self.books.outward.count(&out.part(left), &self.chemistry);
            }
        }
        for station in &mut self.stations {
            let before = station.books().inward.energy;
            let carried: f64 = station.inlets.iter().map(|inlet| inlet.enthalpy).sum();
            station.step(&self.chemistry, dt);
            self.heat += station.books().inward.energy - before - carried;
        }
    }

    /// All units, and what is on its way between them.
    pub fn contents(&self) -> Account {
        let mut held = Account::default();
        for station in &self.stations {
            station.unit().contents(&mut held);
            for outlet in &station.outlets {
                held.count(outlet, &self.chemistry);
            }
        }
        held
    }

    /// How well the whole closes.
    pub fn balance(&self) -> Balance {
        let mut books = self.books.clone();
        books.inward.energy += self.heat;
        books.balance(&self.contents())
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        for station in &mut self.stations {
            station.state(walk);
        }
        for link in &mut self.links {
            walk.f64(&mut link.share);
        }
        self.books.state(walk);
        walk.f64(&mut self.heat);
    }
}
