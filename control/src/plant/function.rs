//! A function block of the compiled plant.

use alloc::{boxed::Box, vec::Vec};
use model::PointId;

use super::Expr;
use crate::blocks::function::{Law, SHAPES, Shape};

/// Outputs that follow from inputs by one law; see the manual's "Function blocks".
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub(crate) kind: usize,
    pub(crate) law: Box<Law>,
    /// In the order of the kind's inputs.
    pub inputs: Vec<FunctionInput>,
    /// Its own points, in the order of the kind's.
    pub ports: Vec<PointId>,
    /// The output tag that its first point drives.
    pub target: Option<PointId>,
    /// And its second one, when the two are the contacts of one motor.
    pub second: Option<PointId>,
    /// How many numbers it remembers.
    pub(crate) cells: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FunctionInput {
    /// The text does not use this input.
    Absent,
    Point(PointId),
    Condition(Expr),
}

impl Function {
    pub(crate) fn shape(&self) -> &'static Shape {
        SHAPES[self.kind]
    }

    /// The word of its table in the text.
    pub fn word(&self) -> &'static str {
        self.shape().word
    }

    /// The output tags that it drives, each with its own point.
    pub fn outputs(&self) -> impl Iterator<Item = (PointId, PointId)> {
        self.target.into_iter().chain(self.second).zip(self.ports.iter().copied())
    }

    /// The point whose maker it answers, when its law can be turned round.
    pub(crate) fn answers_for(&self) -> Option<PointId> {
        match self.inputs.first() {
            Some(FunctionInput::Point(point)) if self.law.slope().is_some() => Some(*point),
            _ => None,
        }
    }

    /// The input of this number, when the block crosses two loops and answers both.
    pub(crate) fn crosses(&self, number: usize) -> Option<PointId> {
        match (&*self.law, self.inputs.get(number)) {
            (Law::Decoupler(_), Some(FunctionInput::Point(point))) => Some(*point),
            _ => None,
        }
    }

    /// Its own points that people and phases write.
    pub(crate) fn settings(&self) -> impl Iterator<Item = PointId> {
        self.ports.iter().zip(self.shape().ports).filter(|(_, port)| port.setting).map(|(point, _)| *point)
    }

    /// The point of a sum that it keeps in the unit of that point.
    pub(crate) fn total(&self) -> Option<PointId> {
        matches!(&*self.law, Law::Totaliser(_)).then(|| self.ports.first().copied())?
    }

    /// The points that it reads by name.
    pub fn read_points(&self) -> impl Iterator<Item = PointId> {
        self.inputs.iter().filter_map(|input| match input {
            FunctionInput::Point(point) => Some(*point),
            FunctionInput::Absent | FunctionInput::Condition(_) => None,
        })
    }
}
