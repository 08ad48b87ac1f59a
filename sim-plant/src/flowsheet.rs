//! Units joined by their streams.
//!
//! What leaves an outlet in one step enters the inlet at the other end of its link in the next; the
//! matter on the way is counted, so a plant with recycles closes like one without. Outlets without a link
//! leave the plant, inlets without one are fed from outside. Valves and pumps between units are the
//! field's: it decides how much of an outlet goes where by links with a share. An export is matter that
//! leaves for another part of the plant, which fetches it after the step.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Balance, Books, Matter};
use crate::simulator::Part;
use crate::species::Phase;
use crate::station::Station;

/// Where a link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Station and inlet.
    Inlet(usize, usize),
    /// An export of the flowsheet.
    Export(usize),
    /// The battery limit.
    Outside,
}

/// From an outlet (station, port) to where its matter goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub from: (usize, usize),
    pub to: End,
    /// Of what leaves the outlet, 0..1; a splitter has several links, and what they do not take leaves the
    /// plant. The field moves it, as a valve does.
    pub share: f64,
}

/// What a link carried in the last step, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Carried {
    /// kg/s
    pub mass: f64,
    /// mol/s of gas
    pub gas: f64,
}

pub struct Flowsheet {
    chemistry: Arc<Chemistry>,
    pub stations: Vec<Station>,
    pub links: Vec<Link>,
    /// Of each station, for each of its outlets: the links that begin there, in their order.
    routes: Vec<Vec<Vec<usize>>>,
    /// What each link carried in the last step.
    pub carried: Vec<Carried>,
    /// Matter for other parts of the plant, of the last step.
    pub exports: Vec<Matter>,
    books: Books,
    /// J that came without matter.
    heat: f64,
}

impl Flowsheet {
    pub fn new(stations: Vec<Station>, links: Vec<Link>, chemistry: Arc<Chemistry>) -> Self {
        let exports = links.iter().filter_map(|link| match link.to {
            End::Export(export) => Some(export + 1),
            End::Inlet(..) | End::Outside => None,
        });
        let from = |place: (usize, usize)| {
            (0..links.len()).filter(|link| links[*link].from == place).collect::<Vec<_>>()
        };
        let routes = stations
            .iter()
            .enumerate()
            .map(|(station, there)| (0..there.outlets.len()).map(|outlet| from((station, outlet))).collect());
        let mut made = Self {
            routes: routes.collect(),
            exports: vec![Matter::default(); exports.max().unwrap_or(0)],
            carried: vec![Carried::default(); links.len()],
            chemistry,
            stations,
            links,
            books: Books::default(),
            heat: 0.0,
        };
        made.books = Books::open(made.contents());
        made
    }

    /// Something from outside into an inlet in the coming step.
    pub fn feed(&mut self, station: usize, inlet: usize, matter: &Matter) {
        self.books.inward.add(matter);
        self.stations[station].inlets[inlet].add(matter);
    }

    /// One step: links carry, then every unit that is due moves on.
    pub fn step(&mut self, dt: f64) {
        self.step_watched(dt, &mut |_| ());
    }

    /// `done` hears of every part that has moved on.
    pub(crate) fn step_watched(&mut self, dt: f64, done: &mut impl FnMut(Part)) {
        for export in &mut self.exports {
            *export = Matter::default();
        }
        for station in 0..self.stations.len() {
            for outlet in 0..self.stations[station].outlets.len() {
                self.carry(station, outlet, dt);
            }
        }
        done(Part::Streams);
        for (index, station) in self.stations.iter_mut().enumerate() {
            let before = station.books().inward.enthalpy;
            let carried: f64 = station.inlets.iter().map(|inlet| inlet.enthalpy).sum();
            if station.advance(&self.chemistry, dt) {
                self.heat += station.books().inward.enthalpy - before - carried;
            }
            done(Part::Unit(index));
        }
    }

    fn carry(&mut self, station: usize, outlet: usize, dt: f64) {
        let routes = &self.routes[station][outlet];
        let giver = &self.stations[station];
        if !giver.may_give(outlet) || giver.outlets[outlet].is_nothing() {
            for link in routes {
                self.carried[*link] = Carried::default();
            }
            return;
        }
        let out = core::mem::take(&mut self.stations[station].outlets[outlet]);
        let mut left = 1.0;
        let (mass, gas) = (out.mass(&self.chemistry), out.phase_moles(Phase::Gas, &self.chemistry));
        for index in routes {
            let link = &self.links[*index];
            let share = if link.share.is_nan() { 0.0 } else { link.share.clamp(0.0, left) };
            left -= share;
            self.carried[*index] = Carried { mass: mass * share / dt, gas: gas * share / dt };
            match link.to {
                End::Inlet(station, inlet) => self.stations[station].inlets[inlet].add_part(&out, share),
                End::Export(export) => {
                    self.books.outward.add_part(&out, share);
                    self.exports[export].add_part(&out, share);
                }
                End::Outside => self.books.outward.add_part(&out, share),
            }
        }
        if left > 0.0 {
            self.books.outward.add_part(&out, left);
        }
    }

    /// All units, and what is on its way between them. Exports have left.
    pub fn contents(&self) -> Account {
        let mut held = Account::default();
        for station in &self.stations {
            station.unit().contents(&mut held);
            for matter in station.outlets.iter().chain(&station.inlets) {
                held.count(matter, &self.chemistry);
            }
        }
        held
    }

    /// How well the whole closes.
    pub fn balance(&self) -> Balance {
        let mut books = self.books.clone();
        books.inward.enthalpy += self.heat;
        books.balance(&self.contents(), &self.chemistry)
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        for station in &mut self.stations {
            station.state(walk);
        }
        for (link, carried) in self.links.iter_mut().zip(&mut self.carried) {
            for value in [&mut link.share, &mut carried.mass, &mut carried.gas] {
                walk.f64(value);
            }
        }
        for export in &mut self.exports {
            export.state(walk);
        }
        self.books.state(walk);
        walk.f64(&mut self.heat);
    }
}
