//! The line behind the string's chlorine vent and what the string is told of the absorber there: both or neither.

use super::super::line::Source;
use super::super::text::Document;
use super::{Compiler, ELECTROLYSIS, import_is_vent};

/// Orders of the string, with their units.
pub(super) const ORDERS: [(&str, &str); 3] = [("vent-pressure", "Pa"), ("vent-fan", ""), ("vent-lye", "wt%")];

impl Compiler<'_> {
    pub(super) fn join_vent(&mut self, documents: &[Document<'_>]) {
        let vents = |source: Source| matches!(source, Source::Import(import) if import_is_vent(import));
        let mut lines = (0..self.lines.len()).filter(|line| vents(self.lines[*line].source));
        self.ports.vent.line = lines.next();
        let second = lines.next();
        let told = &self.ports.vent.told;
        let missing: Vec<&str> =
            ORDERS.iter().zip(told).filter(|(_, term)| term.is_none()).map(|((name, _), _)| *name).collect();
        let wrong = match (self.ports.vent.line, second) {
            (Some(_), Some(second)) => Some(format!(
                "{} takes the vented chlorine a second time: lead it through one line alone",
                self.lines[second].name
            )),
            (Some(line), None) if !missing.is_empty() => Some(format!(
                "{} takes the vented chlorine, and the string is not told of the absorber: give it the orders {}, such as \
                 vent-pressure = {{ of = \"C-550.suction\" }}, vent-fan = \"K-551\", vent-lye = {{ of = \"C-550.NaOH\" }}",
                self.lines[line].name,
                missing.join(", ")
            )),
            (None, _) if missing.len() < ORDERS.len() => Some(
                "the string is told of an absorber, and no line takes the chlorine there: write one from the outlet chlorine-vent"
                    .to_owned(),
            ),
            _ => None,
        };
        if let (Some(text), Some(item)) = (wrong, self.string_of(documents)) {
            self.mistakes.push(item.mistake(text));
        }
    }

    fn string_of<'d>(&mut self, documents: &'d [Document<'d>]) -> Option<super::Item<'d>> {
        self.all("unit", documents)
            .into_iter()
            .map(|(_, item)| item)
            .find(|item| item.table().is_some_and(|table| table.text("kind", "").ok() == Some(ELECTROLYSIS)))
    }
}
