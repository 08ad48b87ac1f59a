//! The plant compiler: from the text of a plant folder to arrays and indices, or to all its mistakes.

mod place;
mod report;
mod tree;
mod quantity;
mod fields;
mod classes;
mod items;
mod draft;
mod lexer;
mod syntax;
mod emit;
mod plant_table;
mod devices;
mod tags;

use alloc::vec::Vec;
use model::{Diagnostic, Source};

use crate::plant::Plant;
use report::{Mistake, Report};

/// A plant, and what is doubtful in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    pub plant: Plant,
    pub warnings: Vec<Diagnostic>,
}

pub fn compile(sources: &[Source]) -> Result<Compiled, Vec<Diagnostic>> {
    let mut report = Report::default();
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by(|left, right| sources[*left].path.cmp(&sources[*right].path));
    let items = items::gather(sources, &order, &mut report);
    let mut draft = draft::Draft::default();
    let mut taken = devices::Taken::default();
    let _head = plant_table::compile(&items, &mut draft, &mut report);
    devices::compile(&items, &mut draft, &mut taken, &mut report);
    tags::compile(&items, &mut draft, &mut taken, &mut report);
    report.add(Mistake::error("unfinished", "only devices and tags are checked yet"));
    Err(report.finish(sources))
}
