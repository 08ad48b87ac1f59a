//! The absorber behind XV-353: a line takes what the string vents, and the string is told against what it vents.
//!
//! How open the line is does not share out what has come, as with the string's other gases: it throttles the vent
//! itself, and what does not get through stays in the header.

use crate::electrolysis::neighbours::Absorber;
use crate::flowsheet::Flowsheet;

use super::driven::Driven;
use super::line::Line;
use super::order::Term;

#[derive(Clone, Debug, Default)]
pub(super) struct Vent {
    /// In the order of `compile::vent::ORDERS`: pressure at the gas inlet in Pa, fan, free lye in wt%.
    pub(super) told: [Option<Term>; 3],
    /// The line that takes what is vented.
    pub(super) line: Option<usize>,
}

impl Vent {
    pub(super) fn absorber(
        &self,
        sheet: &Flowsheet,
        elements: &[Driven],
        lines: &[Line],
    ) -> Option<Absorber> {
        let line = &lines[self.line?];
        let [Some(pressure), Some(fan), Some(lye)] = &self.told else { return None };
        let value = |term: &Term| term.value(sheet, elements, 0.0);
        Some(Absorber {
            pressure: value(pressure),
            open: line.open(),
            fan: value(fan) > 0.5,
            lye: value(lye),
        })
    }
}
