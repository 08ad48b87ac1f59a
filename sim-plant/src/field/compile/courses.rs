//! Where matter goes, once all lines are known: no phase to an inlet that cannot take it, and no loop out of which nothing
//! can ever come.

use crate::flowsheet::End;
use crate::units::tank;

use super::super::line::{Line, Source};
use super::super::text::Document;
use super::Compiler;
use super::phases::{Phases, gives, import_is_gas, takes};

impl Compiler<'_> {
    pub(super) fn check_courses(&mut self, documents: &[Document<'_>]) {
        let held = self.held_by_tanks();
        let stuck = self.stuck();
        for (name, item) in self.all("line", documents) {
            // A line that could not be read has its own mistake.
            let line = self.lines.iter().find(|line| line.name == name);
            let to = item.table().and_then(|table| Some((table.get("to")?, table.get("from")?.text()?)));
            let (Some(line), Some((to, from))) = (line, to) else { continue };
            let wrong = self.wrong_phase(line, from, &held).or_else(|| self.enters_loop(line, &stuck));
            self.mistakes.extend(wrong.map(|text| to.mistake(text)));
        }
    }

    fn wrong_phase(&self, line: &Line, from: &str, held: &[Phases]) -> Option<String> {
        let End::Inlet(station, inlet) = line.to else { return None };
        let shape = self.stations[station].shape();
        let (given, taken) = (self.given(line.source, held), takes(shape, inlet));
        if given.meets(taken) || (given == Phases::NONE && taken != Phases::GAS) {
            return None;
        }
        let port = shape.inlets[inlet].name;
        let is = if taken == Phases::GAS { "none".to_owned() } else { given.text() };
        Some(format!("{port} of a {} takes {}, and what comes from {from} is {is}", shape.name, taken.text()))
    }

    fn given(&self, source: Source, held: &[Phases]) -> Phases {
        match source {
            Source::Supply(supply) => self.supplies[supply].kind.into(),
            Source::Import(port) if import_is_gas(port) => Phases::GAS,
            Source::Import(_) => Phases::LIQUOR,
            Source::Draw { station, .. } => held[station],
            Source::Outlet { station, outlet } => {
                gives(self.stations[station].shape(), outlet, held[station])
            }
        }
    }

    /// What comes together in each tank, as far as lines tell; nothing is known of one without lines.
    fn held_by_tanks(&self) -> Vec<Phases> {
        let mut held = vec![Phases::NONE; self.stations.len()];
        loop {
            let before = held.clone();
            for line in &self.lines {
                if let End::Inlet(station, _) = line.to
                    && self.stations[station].shape().name == tank::SHAPE.name
                {
                    held[station] = held[station].and(self.given(line.source, &before).condensed());
                }
            }
            if held == before {
                return held;
            }
        }
    }

    /// Units that lie on a loop and from which no way leads on: neither out of the plant nor into a tank that keeps it.
    fn stuck(&self) -> Vec<bool> {
        let count = self.stations.len();
        let reach: Vec<Vec<bool>> = (0..count).map(|station| self.reached_from(station)).collect();
        let leaves: Vec<bool> = (0..count).map(|station| self.leaves(station)).collect();
        (0..count)
            .map(|station| {
                reach[station][station] && (0..count).all(|next| !reach[station][next] || !leaves[next])
            })
            .collect()
    }

    fn next(&self, station: usize) -> impl Iterator<Item = usize> {
        self.lines.iter().filter(move |line| line.source.station() == Some(station)).filter_map(|line| {
            match line.to {
                End::Inlet(next, _) => Some(next),
                End::Export(_) | End::Outside => None,
            }
        })
    }

    fn reached_from(&self, station: usize) -> Vec<bool> {
        let mut reached = vec![false; self.stations.len()];
        let mut open = vec![station];
        while let Some(here) = open.pop() {
            for next in self.next(here) {
                if !core::mem::replace(&mut reached[next], true) {
                    open.push(next);
                }
            }
        }
        reached
    }

    /// Something leaves the plant here, or stays: by a line, by an outlet that has none, or because a tank has no line.
    fn leaves(&self, station: usize) -> bool {
        let shape = self.stations[station].shape();
        let mut lines = self.lines.iter().filter(|line| line.source.station() == Some(station)).peekable();
        if lines.peek().is_none() || lines.any(|line| !matches!(line.to, End::Inlet(..))) {
            return true;
        }
        // What runs over a tank's rim is lost, and its vent gives only gas that came in.
        let has_line =
            |outlet| self.lines.iter().any(|line| line.source == Source::Outlet { station, outlet });
        shape.name != tank::SHAPE.name && !(0..shape.outlets.len()).all(has_line)
    }

    /// What comes in from elsewhere only fills up a loop from which nothing leaves.
    fn enters_loop(&self, line: &Line, stuck: &[bool]) -> Option<String> {
        let End::Inlet(into, _) = line.to else { return None };
        let from_loop = line.source.station().is_some_and(|station| stuck[station]);
        if !stuck[into] || from_loop {
            return None;
        }
        let around = self.reached_from(into);
        let names: Vec<&str> = self
            .units
            .iter()
            .zip(around)
            .filter(|(_, there)| *there)
            .map(|(unit, _)| unit.name.as_str())
            .collect();
        Some(format!(
            "no line leads out of the loop of {}: what this line brings fills it until it runs over; lead a line from it to \
             another unit or outside",
            names.join(", ")
        ))
    }
}
