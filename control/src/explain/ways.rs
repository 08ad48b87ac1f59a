//! The ways out of a step: where each leads, and what it still misses.

use alloc::{format, string::String, vec::Vec};
use model::PhaseId;
use model::wire::{WhyFact, WhyLine};

use super::condition;
use super::term::{Scene, tree};
use crate::phase::PhaseMemory;
use crate::plant::{Step, Way};

/// A step that waits for one thing and then goes on to the next needs no word of where.
fn plain(step: &Step) -> bool {
    matches!(&step.ways[..], [Way { to: None, when: Some(_) }])
}

/// What a step waits for, in one line: `to Drain: LT-1 > 50 %: now 20.0; or to Boil: ...`.
pub(super) fn waiting(scene: Scene<'_>, id: PhaseId, memory: &PhaseMemory, step: &Step) -> String {
    let texts = step.ways.iter().map(|way| {
        let missing = way.when.as_ref().map_or(String::new(), |when| condition::missing(scene, when));
        if plain(step) { missing } else { format!("{}: {missing}", name(scene, id, memory, way)) }
    });
    texts.collect::<Vec<_>>().join("; or ")
}

/// The same line by line; with `unmet` only what does not hold yet.
pub(super) fn lines(
    scene: Scene<'_>,
    id: PhaseId,
    memory: &PhaseMemory,
    step: &Step,
    (indent, unmet): (u8, bool),
    lines: &mut Vec<WhyLine>,
) {
    let write = if unmet { condition::unmet } else { condition::lines };
    for way in &step.ways {
        let deeper = if plain(step) { indent } else { indent.saturating_add(1) };
        if !plain(step) {
            let term = way.when.as_ref().and_then(|when| tree(scene.plant, when));
            let holds = match &term {
                Some(term) => condition::holds(scene, term),
                None => Some(way.when.is_none()),
            };
            lines.push(WhyLine { holds, ..WhyLine::new(indent, target(scene, id, memory, way)) });
        }
        if let Some(when) = &way.when {
            write(scene, when, deeper, lines);
        }
    }
}

fn target(scene: Scene<'_>, id: PhaseId, memory: &PhaseMemory, way: &Way) -> WhyFact {
    let to = way.to.unwrap_or(memory.step.saturating_add(1));
    let section = scene.plant.phases[id.index()].section(memory.state).unwrap_or(&[]);
    match section.get(usize::from(to)) {
        Some(step) => WhyFact::Way { to: Some(to.saturating_add(1)), title: step.title.clone() },
        None => WhyFact::Way { to: None, title: String::new() },
    }
}

/// `to Drain`, `to the end`
fn name(scene: Scene<'_>, id: PhaseId, memory: &PhaseMemory, way: &Way) -> String {
    let section = scene.plant.phases[id.index()].section(memory.state).unwrap_or(&[]);
    match way.to.and_then(|to| section.get(usize::from(to))) {
        Some(step) => format!("to {}", step.name),
        None => WhyLine::new(0, target(scene, id, memory, way)).text(),
    }
}
