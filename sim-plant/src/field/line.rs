//! A line: from a supply, a tank or a unit's outlet, through pumps and valves, to an inlet.
//!
//! From a supply or a tank its flow is the largest one times every conductance in it; a tank adds its suction.
//! What leaves a unit by itself (a weir, a vent) is shared out over the lines of that outlet in proportion to
//! their conductances; when all of them are shut it is lost to the bund.

use model::StateWalk;

use crate::constants::NORMAL_VOLUME;
use crate::flowsheet::{End, Flowsheet};
use crate::matter::Matter;
use crate::units::tank::{BULK_DENSITY, SUCTION};

use super::Ports;
use super::compile::{import_is_gas, import_is_vent};
use super::driven::Driven;
use super::instrument::Basis;
use super::order::Gate;
use super::origin::Origin;
use super::supply::Supply;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Supply(usize),
    /// Station and order of a tank's draw.
    Draw {
        station: usize,
        order: usize,
    },
    /// Outlet of a unit that gives by itself.
    Outlet {
        station: usize,
        outlet: usize,
    },
    /// Import from a part of the plant with its own model.
    Import(usize),
}

impl Source {
    /// The unit where it begins, if it is one of the sheet's.
    pub(super) const fn station(self) -> Option<usize> {
        match self {
            Self::Draw { station, .. } | Self::Outlet { station, .. } => Some(station),
            Self::Supply(_) | Self::Import(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) to: End,
    /// Its link of the flowsheet; a supply and an import have none.
    pub(super) link: Option<usize>,
    /// Largest flow, per second in `basis`.
    pub(super) most: f64,
    pub(super) basis: Basis,
    pub(super) origin: Origin,
    pub(super) gates: Vec<Gate>,
    /// An equal-percentage trim.
    pub(super) equal: bool,
    /// Share that a fault keeps back.
    pub(super) blocked: f64,
    /// Conductance now, 0..1.
    open: f64,
    /// Asked of a tank, and what flows, per second in `basis`.
    asked: f64,
    now: f64,
    /// Asked since the units moved last, in `basis`, up to so many seconds after that.
    gathered: f64,
    until: f64,
    /// kg, m3 and Nm3 per unit of `basis`.
    per_basis: [f64; 3],
    /// Lines of the same outlet, itself among them.
    siblings: Vec<usize>,
}

impl Line {
    pub(super) fn new(name: &str, source: Source, to: End, basis: Basis, most: f64, origin: Origin) -> Self {
        Self {
            name: name.to_owned(),
            source,
            to,
            link: None,
            most,
            basis,
            origin,
            gates: Vec::new(),
            equal: false,
            blocked: 0.0,
            open: 0.0,
            asked: 0.0,
            now: 0.0,
            gathered: 0.0,
            until: 0.0,
            per_basis: [1.0; 3],
            siblings: Vec::new(),
        }
    }

    /// How open it is, 0..1.
    pub(super) const fn open(&self) -> f64 {
        self.open
    }

    /// Works out its flow from now on, `since` seconds after the units have moved.
    pub(super) fn work_out(
        &mut self,
        sheet: &Flowsheet,
        supplies: &[Supply],
        elements: &[Driven],
        ports: &Ports,
        since: f64,
    ) {
        let before = self.asked;
        self.ask(sheet, supplies, elements, ports);
        // Only what has changed ends what went before: looking twice must leave the same bits.
        if self.asked.to_bits() != before.to_bits() {
            self.gather(before, since);
        }
    }

    /// What was asked until `since` seconds after the units have moved.
    fn gather(&mut self, asked: f64, since: f64) {
        self.gathered += asked * (since - self.until);
        self.until = since;
    }

    /// Conductance and flow.
    fn ask(&mut self, sheet: &Flowsheet, supplies: &[Supply], elements: &[Driven], ports: &Ports) {
        let open: f64 = self.gates.iter().map(|gate| gate.conductance(elements, self.equal)).product();
        self.open = open * (1.0 - self.blocked);
        match self.source {
            Source::Supply(supply) => {
                let supply = &supplies[supply];
                self.asked = if supply.lost { 0.0 } else { self.most * self.open };
                self.now = self.asked;
                self.per_basis = per_basis(self.basis, supply.volume, supply.normal);
            }
            Source::Draw { station, .. } => {
                self.asked = match self.to {
                    End::Export(export) => ports.asked[export] * self.open,
                    End::Inlet(..) | End::Outside => self.most * self.open,
                };
                let readings = sheet.stations[station].readings();
                self.now = self.asked * readings[SUCTION];
                self.per_basis = per_basis(self.basis, 1.0 / readings[BULK_DENSITY].max(1.0), 0.0);
            }
            Source::Outlet { .. } | Source::Import(_) => {}
        }
    }

    /// Hands over what has gathered in `dt` seconds, or since the slow unit at its end has moved.
    pub(super) fn transfer(
        &mut self,
        sheet: &mut Flowsheet,
        supplies: &[Supply],
        ports: &mut Ports,
        dt: f64,
    ) {
        self.gather(self.asked, dt);
        self.until = 0.0;
        if let (Source::Supply(_), End::Inlet(station, _)) = (self.source, self.to)
            && !sheet.stations[station].is_due()
        {
            return;
        }
        let gathered = core::mem::take(&mut self.gathered);
        match (self.source, self.to) {
            (Source::Supply(supply), End::Inlet(station, inlet)) if gathered != 0.0 => {
                let mut matter = Matter::default();
                supplies[supply].take(gathered * self.per_basis[0], &mut matter);
                sheet.feed(station, inlet, &matter);
            }
            (Source::Draw { station, order }, _) => {
                sheet.stations[station].orders[order] = gathered * self.per_basis[1] / dt * 3600.0;
            }
            (Source::Import(import), End::Inlet(station, inlet)) => {
                // What the header has vented is on its way: how open this line is has decided already how much that was.
                let share = if import_is_vent(import) { 1.0 } else { self.open };
                let matter = ports.came[import].take(share);
                self.now = matter.amount.iter().sum::<f64>() / dt;
                self.per_basis[basis_index(Basis::Normal)] = NORMAL_VOLUME;
                sheet.feed(station, inlet, &matter);
            }
            _ => {}
        }
    }

    /// Flow in a basis, per second. The compiler has seen to it that the line can tell it.
    pub(super) fn shown(&self, basis: Basis, sheet: &Flowsheet) -> f64 {
        match (self.source, self.link) {
            (Source::Outlet { .. }, Some(link)) => match basis {
                Basis::Normal => sheet.carried[link].gas * NORMAL_VOLUME,
                Basis::Mass | Basis::Volume => sheet.carried[link].mass,
            },
            _ => self.now * self.per_basis[basis_index(basis)],
        }
    }

    /// True when it can be measured in this basis.
    pub(super) fn can_show(&self, basis: Basis) -> bool {
        match self.source {
            Source::Outlet { .. } => basis != Basis::Volume,
            Source::Import(port) => basis == Basis::Normal && import_is_gas(port),
            Source::Draw { .. } => basis != Basis::Normal,
            Source::Supply(_) => {
                (basis == Basis::Normal) == (self.basis == Basis::Normal) || basis == Basis::Mass
            }
        }
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        let [mass, volume, normal] = &mut self.per_basis;
        for value in [
            &mut self.blocked,
            &mut self.open,
            &mut self.asked,
            &mut self.now,
            &mut self.gathered,
            &mut self.until,
            mass,
            volume,
            normal,
        ] {
            walk.f64(value);
        }
    }
}

const fn basis_index(basis: Basis) -> usize {
    match basis {
        Basis::Mass => 0,
        Basis::Volume => 1,
        Basis::Normal => 2,
    }
}

/// kg, m3 and Nm3 in a unit of `basis`, of something with so many m3/kg and Nm3/kg.
fn per_basis(basis: Basis, volume: f64, normal: f64) -> [f64; 3] {
    let mass = match basis {
        Basis::Mass => 1.0,
        Basis::Volume => 1.0 / volume.max(1e-9),
        Basis::Normal => 1.0 / normal.max(1e-9),
    };
    [mass, mass * volume, mass * normal]
}

/// Tells the lines of an outlet from each other's.
pub(super) fn know_siblings(lines: &mut [Line]) {
    for k in 0..lines.len() {
        if let Source::Outlet { .. } = lines[k].source {
            let same = |other: &usize| lines[*other].source == lines[k].source;
            lines[k].siblings = (0..lines.len()).filter(same).collect();
        }
    }
}

/// The lines of an outlet share what leaves it.
pub(super) fn share_outlets(lines: &[Line], sheet: &mut Flowsheet) {
    for line in lines {
        let (Source::Outlet { .. }, Some(link)) = (line.source, line.link) else { continue };
        let sum: f64 = line.siblings.iter().map(|sibling| lines[*sibling].open).sum();
        sheet.links[link].share = if sum > 1e-6 { line.open / sum } else { 0.0 };
    }
}
