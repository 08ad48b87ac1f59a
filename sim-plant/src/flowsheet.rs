//! Units joined by their streams.
//!
//! What leaves an outlet in one step enters the inlet at the other end of its link in the next; the
//! matter on the way is counted, so a plant with recycles closes like one without. Outlets without a link
//! leave the plant, inlets without one are fed from outside. Valves and pumps between units are the
//! field's: it decides how much of an outlet goes where by links with a share. An export is matter that
//! leaves for another part of the plant, which fetches it after the step.
//!
//! A slow unit gives in one piece what it has made in several steps, where all its takers are tanks or slow like it.
//! Where one of them is quicker, or lies in another part of the plant, the outlet is emptied evenly until the unit's
//! next turn.

use std::sync::Arc;

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::{Account, Balance, Books, Matter};
use crate::simulator::Part;
use crate::species::Phase;
use crate::station::Station;
use crate::units::tank;

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

/// From an outlet.
#[derive(Clone, Debug, Default, PartialEq)]
struct Route {
    /// The links that begin there, in their order.
    links: Vec<usize>,
    /// It is emptied evenly.
    evenly: bool,
}

pub struct Flowsheet {
    chemistry: Arc<Chemistry>,
    pub stations: Vec<Station>,
    pub links: Vec<Link>,
    /// Of each station, for each of its outlets.
    routes: Vec<Vec<Route>>,
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
        let hurries = |every: u32, link: &Link| match link.to {
            End::Inlet(station, _) => {
                let taker = &stations[station];
                taker.shape().name != tank::SHAPE.name && !taker.every().is_multiple_of(every)
            }
            End::Export(_) => true,
            End::Outside => false,
        };
        let from = |place: (usize, usize)| {
            let every = stations[place.0].every();
            let begin = (0..links.len()).filter(|link| links[*link].from == place).collect::<Vec<_>>();
            let evenly = every > 1 && begin.iter().any(|link| hurries(every, &links[*link]));
            Route { links: begin, evenly }
        };
        let routes = stations
            .iter()
            .enumerate()
            .map(|(station, there)| (0..there.outlets.len()).map(|outlet| from((station, outlet))).collect());
        let routes = routes.collect();
        let mut made = Self {
            routes,
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
        self.stations[station].inlet(inlet).add(matter);
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
            let (made_in, share) = (self.stations[station].made_in(), self.stations[station].give());
            for outlet in 0..self.stations[station].outlets.len() {
                match (self.routes[station][outlet].evenly, made_in, share) {
                    (true, _, Some(share)) => self.carry(station, outlet, share, dt),
                    (false, Some(steps), _) => self.carry(station, outlet, 1.0, dt * f64::from(steps)),
                    (true, _, None) | (false, None, _) => {}
                }
            }
        }
        done(Part::Streams);
        for (index, station) in self.stations.iter_mut().enumerate() {
            if station.is_due() {
                let before = station.books().inward.enthalpy;
                let carried = station.waiting_heat();
                station.advance(&self.chemistry, dt);
                self.heat += station.books().inward.enthalpy - before - carried;
                if let Some(refused) = station.take_turned_away() {
                    self.books.outward.add(&refused);
                }
            } else {
                station.advance(&self.chemistry, dt);
            }
            done(Part::Unit(index));
        }
    }

    /// `part` of what stands in an outlet goes on its ways, made in `dt` seconds.
    fn carry(&mut self, station: usize, outlet: usize, part: f64, dt: f64) {
        let routes = &self.routes[station][outlet].links;
        let giver = &mut self.stations[station];
        if !giver.may_give(outlet) || giver.outlets[outlet].is_nothing() {
            for link in routes {
                self.carried[*link] = Carried::default();
            }
            return;
        }
        let given = &mut giver.outlets[outlet];
        let out = if part < 1.0 { given.take(part) } else { core::mem::take(given) };
        let mut left = 1.0;
        let (mass, gas) = (out.mass(&self.chemistry), out.phase_moles(Phase::Gas, &self.chemistry));
        for index in routes {
            let link = &self.links[*index];
            let share = if link.share.is_nan() { 0.0 } else { link.share.clamp(0.0, left) };
            left -= share;
            self.carried[*index] = Carried { mass: mass * share / dt, gas: gas * share / dt };
            match link.to {
                End::Inlet(station, inlet) => self.stations[station].inlet(inlet).add_part(&out, share),
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
            for matter in station.outlets.iter().chain(station.inlets()) {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{End, Flowsheet, Link};
    use crate::chemistry::Chemistry;
    use crate::experiment;
    use crate::species::Species;
    use crate::station::Station;

    /// kg/s that a crystalliser gives to a unit of `kind`, each of both with its own pace, second by second.
    fn given(kind: &str, every: (u32, u32)) -> Vec<f64> {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let station =
            |name: &str, every| Station::paced(experiment::unit(name, None, &chemistry).unwrap(), every, 0.0);
        let stations = vec![station("sulfate_crystalliser", every.0), station(kind, every.1)];
        let links = vec![Link { from: (0, 0), to: End::Inlet(1, 0), share: 1.0 }];
        let mut sheet = Flowsheet::new(stations, links, chemistry.clone());
        let water = chemistry.parcel(&[(Species::Water, 100.0)], 313.15);
        let mut came = Vec::new();
        for _ in 0..200 {
            sheet.feed(0, 0, &water);
            let before = sheet.stations[1].inlets()[0].mass(&chemistry);
            let held = sheet.stations[1].books().inward.clone();
            sheet.step(1.0);
            let moved = sheet.stations[1].books().inward.clone() != held;
            let left = sheet.stations[1].inlets()[0].mass(&chemistry);
            came.push(if moved { f64::NAN } else { left - before });
            assert!(sheet.balance().worst() < 1e-11, "{:?}", sheet.balance());
        }
        came
    }

    #[test]
    fn a_quick_taker_of_a_slow_unit_gets_something_in_every_second() {
        // The taker of two seconds moves in every second one; in the other its inlet shows what came.
        let came: Vec<f64> =
            given("filter", (5, 2)).into_iter().skip(150).filter(|kg| !kg.is_nan()).collect();
        let mean = came.iter().sum::<f64>() / came.len() as f64;
        assert!(came.len() >= 20 && mean > 1.0, "{came:?}");
        assert!(came.iter().all(|kg| (kg / mean - 1.0).abs() < 0.05), "{came:?}");
    }

    #[test]
    fn what_a_door_turns_away_has_left_and_the_books_close() {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let station = Station::new(experiment::unit("tank", None, &chemistry).unwrap());
        let mut sheet = Flowsheet::new(vec![station], Vec::new(), chemistry.clone());
        // Liquor at 2,500 degC, and less than nothing of a salt.
        let hot = chemistry.parcel(&[(Species::Water, 2e4)], 2773.15);
        let less = chemistry.parcel(&[(Species::Water, 2e4), (Species::Lithium, -2e3)], 298.15);
        for nonsense in [hot, less] {
            sheet.feed(0, 0, &nonsense);
            sheet.step(1.0);
        }
        sheet.step(1.0);
        let left = sheet.books.outward.clone();
        assert_eq!((left[Species::Water], left[Species::Lithium]), (4e4, -2e3));
        assert!(sheet.balance().worst() < 1e-12, "{:?}", sheet.balance());
        assert!(sheet.stations[0].balance(&chemistry).worst() < 1e-12);
        let told = sheet.stations[0].remarks();
        assert!(
            told.iter().any(|(text, count)| text.contains("turned away and lost") && *count == 2),
            "{told:?}"
        );
    }

    #[test]
    fn one_that_is_slow_likewise_gets_it_in_one_piece() {
        let came: Vec<f64> =
            given("extraction", (2, 4)).into_iter().skip(150).filter(|kg| !kg.is_nan()).collect();
        // Of four seconds the taker moves in one, and in two of the other three a piece comes.
        let pieces = came.iter().filter(|kg| **kg > 0.0).count();
        assert!(came.len() > 30 && (3 * pieces).abs_diff(2 * came.len()) <= 3, "{came:?}");
    }
}
