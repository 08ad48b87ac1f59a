//! The displays that a plant gets when its text draws none: an overview, and a page for each unit.
//!
//! A plant of twenty lines can be operated from its first minute. Whoever draws a display of level 1, or
//! one of a unit, replaces the standard one.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::wire::{DisplayView, RowView};
use model::{BlockId, InterlockId, PointId};

use super::draft::Draft;
use crate::plant::{Block, BlockBody, Interlock};

/// Rows of an area on the overview: the vital ones; the others are one level below.
const VITAL: usize = 8;
/// Rows of a unit's page.
const ROWS: usize = 40;

pub(super) fn add(
    displays: &mut Vec<DisplayView>,
    draft: &Draft,
    blocks: &[Option<Block>],
    interlocks: &[Interlock],
) {
    if draft.points.is_empty() {
        return;
    }
    if !displays.iter().any(|display| display.level == 1) {
        displays.insert(0, overview(draft, blocks));
    }
    for unit in &draft.units {
        if displays.iter().any(|display| display.unit.as_ref() == Some(&unit.name)) {
            continue;
        }
        let of_unit = |equipment: &Option<String>| equipment.as_ref() == Some(&unit.name);
        let own = blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| block.as_ref().is_some_and(|block| of_unit(&block.equipment)));
        let numbered = interlocks.iter().enumerate();
        displays.push(DisplayView {
            name: unit.name.clone(),
            title: format!("{} {}", unit.name, unit.description).trim_end().into(),
            level: 2,
            area: unit.area.clone(),
            unit: Some(unit.name.clone()),
            rows: rows(draft, &own, ROWS),
            interlocks: numbered
                .filter(|(_, interlock)| of_unit(&interlock.equipment))
                .map(|(index, _)| InterlockId(index as u32))
                .collect(),
            ..blank()
        });
    }
}

fn overview(draft: &Draft, blocks: &[Option<Block>]) -> DisplayView {
    let mut all = Vec::new();
    for area in &draft.areas {
        let own = blocks
            .iter()
            .enumerate()
            .filter(|(_, block)| block.as_ref().is_some_and(|block| block.area == area.id));
        let mut vital = rows(draft, &own, VITAL);
        if vital.is_empty() {
            // Nothing is controlled here: what is measured is what there is.
            let measured = draft.points.iter().enumerate();
            let measured = measured.filter(|(_, point)| point.area == area.id && point.source.is_some());
            vital.extend(
                measured.take(VITAL).map(|(index, _)| draft.display_row(PointId(index as u32), None, None)),
            );
        }
        all.append(&mut vital);
    }
    DisplayView { name: "overview".into(), title: "Plant overview".into(), level: 1, rows: all, ..blank() }
}

/// Loops first, then machines, then the rest, each in order of the text.
fn rows<'a>(
    draft: &Draft,
    blocks: &(impl Iterator<Item = (usize, &'a Option<Block>)> + Clone),
    most: usize,
) -> Vec<RowView> {
    let rank = |block: &Option<Block>| match block.as_ref().map(|block| &block.body) {
        Some(BlockBody::Pid(_)) => 0,
        Some(BlockBody::Device(_) | BlockBody::Duty(_)) => 1,
        Some(_) => 2,
        None => 3,
    };
    let mut found = Vec::new();
    for wanted in 0..3 {
        for (index, _) in blocks.clone().filter(|(_, block)| rank(block) == wanted) {
            if let Some(point) = draft.blocks[index].main_point() {
                found.push(draft.display_row(point, Some(BlockId(index as u32)), None));
            }
        }
    }
    found.truncate(most);
    found
}

fn blank() -> DisplayView {
    DisplayView {
        name: String::new(),
        title: String::new(),
        level: 2,
        area: String::new(),
        unit: None,
        header: String::new(),
        mimic: String::new(),
        bars: None,
        rows: Vec::new(),
        interlocks: Vec::new(),
        key_figures: Vec::new(),
    }
}
