//! When the physics of which unit first had something to say, over a run.
//!
//! Units count their remarks and know no time; whoever runs the plant looks now and then.

use crate::properties::Property;
use crate::simulator::Simulator;
use crate::solution::Notes;
use crate::station::Station;

/// A remark of one unit's physics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRemark {
    pub unit: String,
    pub text: String,
    pub count: u64,
    /// Plant time of the look that found it first.
    pub first_ms: u64,
}

/// Per unit, how the counts stood when something new was found, and the finds.
#[derive(Debug, Default)]
pub struct Remarks {
    known: Vec<(Notes, usize)>,
    found: Vec<(usize, String, u64)>,
    /// Of the cells of area 300, which have properties of their own.
    cells: Vec<(Property, u64)>,
}

impl Remarks {
    /// Notes what is new.
    pub fn look(&mut self, plant: &Simulator) {
        let excursions = plant.excursions();
        for property in Property::ALL {
            if excursions.count(property) > 0 && !self.cells.iter().any(|(known, _)| *known == property) {
                self.cells.push((property, plant.now_ms()));
            }
        }
        for (unit, station) in plant.stations().enumerate() {
            if self.known.len() <= unit {
                self.known.push((Notes::default(), 0));
            }
            let known = &mut self.known[unit];
            if !station.says_more_than(&known.0, known.1) {
                continue;
            }
            let now = plant.now_ms();
            for (text, _) in station.remarks() {
                if !self.found.iter().any(|(at, told, _)| *at == unit && *told == text) {
                    self.found.push((unit, text, now));
                }
            }
            *known = (station.notes(), station.refusing());
        }
    }

    /// All of them, with their counts now, in the order in which they were found.
    pub fn told(&self, plant: &Simulator) -> Vec<UnitRemark> {
        let names: Vec<&str> = plant.units().map(|unit| unit.name).collect();
        let counts: Vec<Vec<(String, u64)>> = plant.stations().map(Station::remarks).collect();
        let count = |unit: usize, text: &str| {
            counts[unit].iter().find(|(told, _)| told == text).map_or(0, |(_, count)| *count)
        };
        let found = self.found.iter().map(|(unit, text, first_ms)| UnitRemark {
            unit: names[*unit].to_owned(),
            text: text.clone(),
            count: count(*unit, text),
            first_ms: *first_ms,
        });
        let excursions = plant.excursions();
        let cells = self.cells.iter().map(|(property, first_ms)| UnitRemark {
            unit: "area 300".to_owned(),
            text: format!("outside its range: {}", property.text()),
            count: excursions.count(*property),
            first_ms: *first_ms,
        });
        cells.chain(found).collect()
    }
}
