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

    /// The points that it reads by name.
    pub fn read_points(&self) -> impl Iterator<Item = PointId> {
        self.inputs.iter().filter_map(|input| match input {
            FunctionInput::Point(point) => Some(*point),
            FunctionInput::Absent | FunctionInput::Condition(_) => None,
        })
    }
}
