//! Who looks at whom, so that what has not moved costs nothing: of each element the lines that it is a gate of, of
//! elements and lines the switches that show them.

use super::Input;
use super::driven::Driven;
use super::instrument::Truth;
use super::line::Line;
use crate::flowsheet::End;
use crate::tags::Kind;
use crate::work::{self, Work};

#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    of_element: Vec<Watchers>,
    /// Of each line, the switches that show its flow.
    of_line: Vec<Vec<usize>>,
    /// Inputs that show what is, without an instrument that lags and hisses and has its turns.
    switches: Vec<usize>,
    /// Of each element, whether a step of `dt` seconds may change it: it has been told something, or is on its way.
    awake: Vec<bool>,
    dt: f64,
    /// Lines that feed another model: what it asks for may change with every step.
    exports: Vec<usize>,
    /// Elements that have moved in this step, and lines whose flow was worked out again for that.
    moved: Vec<usize>,
    pub(super) worked_out: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Watchers {
    lines: Vec<usize>,
    switches: Vec<usize>,
}

impl Watch {
    pub(super) fn new(elements: usize, lines: &[Line], inputs: &[Input]) -> Self {
        let is_switch = |input: &usize| inputs[*input].kind == Kind::Switch;
        let feeds_another = |line: &usize| matches!(lines[*line].to, End::Export(_));
        let mut made = Self {
            exports: (0..lines.len()).filter(feeds_another).collect(),
            of_element: vec![Watchers::default(); elements],
            of_line: vec![Vec::new(); lines.len()],
            switches: (0..inputs.len()).filter(is_switch).collect(),
            awake: vec![true; elements],
            dt: 0.0,
            moved: Vec::with_capacity(elements),
            worked_out: Vec::new(),
        };
        for (index, line) in lines.iter().enumerate() {
            for element in line.gates.iter().flat_map(|gate| &gate.0) {
                made.of_element[*element].lines.push(index);
            }
        }
        let gates = made.of_element.iter().map(|watchers| watchers.lines.len()).sum::<usize>();
        made.worked_out.reserve(gates + made.exports.len());
        for (index, input) in inputs.iter().enumerate().filter(|(index, _)| is_switch(index)) {
            match input.truth {
                Truth::Flow { line, .. } => made.of_line[line].push(index),
                Truth::Element { element, .. } => made.of_element[element].switches.push(index),
                Truth::Reading { .. }
                | Truth::Limit { .. }
                | Truth::Healthy { .. }
                | Truth::Power
                | Truth::Utility { .. } => {}
            }
        }
        made
    }

    /// Somebody has told an element something.
    pub(super) fn wake(&mut self, element: usize) {
        self.awake[element] = true;
    }

    pub(super) fn wake_all(&mut self) {
        self.awake.fill(true);
    }

    /// Steps every element that may move.
    pub(super) fn step(&mut self, elements: &mut [Driven], dt: f64, step: impl Fn(&mut Driven)) {
        if self.dt != dt {
            // What stands in steps of another length may move in these.
            self.dt = dt;
            self.wake_all();
        }
        self.moved.clear();
        for (index, awake) in self.awake.iter_mut().enumerate().filter(|(_, awake)| **awake) {
            let element = &mut elements[index];
            work::count(Work::Element);
            step(element);
            if element.moved() {
                self.moved.push(index);
            }
            *awake = !element.is_asleep(dt);
        }
    }

    /// Notes the lines whose flow may be another than in the step before, though the units have not moved.
    pub(super) fn look_at_lines(&mut self) {
        let moved = self.moved.iter().flat_map(|element| &self.of_element[*element].lines);
        self.worked_out.clear();
        self.worked_out.extend(moved.chain(&self.exports));
    }

    /// The switches that may show something else than in the step before: all of them where the units have moved.
    pub(super) fn to_show(&self, all: bool) -> impl Iterator<Item = usize> + '_ {
        let every: &[usize] = if all { &self.switches } else { &[] };
        let (moved, lines): (&[usize], &[usize]) =
            if all { (&[], &[]) } else { (&self.moved, &self.worked_out) };
        let elements = moved.iter().flat_map(|element| &self.of_element[*element].switches);
        let lines = lines.iter().flat_map(|line| &self.of_line[*line]);
        every.iter().chain(elements).chain(lines).copied()
    }
}
