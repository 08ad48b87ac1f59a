//! Who looks at whom, so that what has not moved costs nothing: of each element the lines that it is a gate of, of
//! elements and lines the inputs that show them.

use super::Input;
use super::instrument::Truth;
use super::line::Line;
use crate::tags::Kind;

#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    of_element: Vec<Watchers>,
    /// Of each line, the inputs that show its flow.
    of_line: Vec<Vec<usize>>,
    /// Inputs that show what is, without an instrument that lags and hisses.
    pub(super) switches: Vec<usize>,
    /// Elements that have moved in this step, and lines whose flow was worked out again.
    pub(super) moved: Vec<usize>,
    pub(super) worked_out: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Watchers {
    lines: Vec<usize>,
    inputs: Vec<usize>,
}

impl Watch {
    pub(super) fn new(elements: usize, lines: &[Line], inputs: &[Input]) -> Self {
        let is_switch = |input: &usize| inputs[*input].kind == Kind::Switch;
        let mut made = Self {
            of_element: vec![Watchers::default(); elements],
            of_line: vec![Vec::new(); lines.len()],
            switches: (0..inputs.len()).filter(is_switch).collect(),
            moved: Vec::with_capacity(elements),
            worked_out: Vec::with_capacity(lines.len()),
        };
        for (index, line) in lines.iter().enumerate() {
            for element in line.gates.iter().flat_map(|gate| &gate.0) {
                made.of_element[*element].lines.push(index);
            }
        }
        for (index, input) in inputs.iter().enumerate() {
            match input.truth {
                Truth::Flow { line, .. } => made.of_line[line].push(index),
                Truth::Element { element, .. } => made.of_element[element].inputs.push(index),
                Truth::Reading { .. }
                | Truth::Limit { .. }
                | Truth::Healthy { .. }
                | Truth::Utility { .. } => {}
            }
        }
        made
    }

    /// The lines of which an element has moved.
    pub(super) fn lines(&self) -> impl Iterator<Item = usize> + '_ {
        self.moved.iter().flat_map(|element| &self.of_element[*element].lines).copied()
    }

    /// The inputs that may show something else than in the step before, though the units have not moved.
    pub(super) fn inputs(&self) -> impl Iterator<Item = usize> + '_ {
        let elements = self.moved.iter().flat_map(|element| &self.of_element[*element].inputs);
        elements.chain(self.worked_out.iter().flat_map(|line| &self.of_line[*line])).copied()
    }
}
