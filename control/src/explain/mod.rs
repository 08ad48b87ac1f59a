//! Why something is as it is: the answer to `GET /why/{name}`, from a published copy of the state.
//!
//! The same objects that the scan runs are read here, so the explanation cannot differ from what
//! happens.

mod condition;
mod item;
mod loop_options;
mod procedure;
mod term;

use alloc::{format, string::String, vec::Vec};
use model::wire::{Why, WhyLine};
use model::{BlockId, PhaseId, PointId};

use crate::force::Force;
use crate::plant::{Expr, Origin, Plant};
use crate::state_view::StateView;
use crate::text::{batch_name, doubt, duration, part_of, value_text};
use term::Scene;

/// Explains a block, tag, interlock, alarm, phase or recipe by its name; `None` when there is none.
pub fn why(plant: &Plant, view: &StateView, name: &str) -> Option<Why> {
    let scene = Scene { plant, view };
    if let Some(block) = plant.find_block(name) {
        return Some(item::block(scene, block));
    }
    if let Some(id) = plant.find_interlock(name) {
        return Some(item::interlock(scene, id.index()));
    }
    if let Some(id) = plant.find_alarm(name) {
        return Some(item::alarm(scene, id.index()));
    }
    if let Some(id) = plant.find_phase(name) {
        return Some(procedure::phase(scene, id));
    }
    if let Some(id) = plant.find_recipe(name) {
        return Some(procedure::recipe(scene, id.index()));
    }
    plant.find_point(name).map(|id| point(scene, id))
}

/// What a phase waits for, in one line: `AT-341 < 1 %vol for 30 s: now 4.2 %vol`.
pub(crate) fn waiting_text(plant: &Plant, view: &StateView, id: PhaseId) -> String {
    procedure::waiting(Scene { plant, view }, id)
}

/// What a condition is made of, with live values.
pub(crate) fn condition_lines(plant: &Plant, view: &StateView, expr: &Expr) -> Vec<WhyLine> {
    let mut lines = Vec::new();
    condition::lines(Scene { plant, view }, expr, 0, &mut lines);
    lines
}

/// What a condition still waits for, in one line.
pub(crate) fn missing_text(plant: &Plant, view: &StateView, expr: &Expr) -> String {
    condition::missing(Scene { plant, view }, expr)
}

fn point(scene: Scene<'_>, id: PointId) -> Why {
    if let Some((block, _)) = part_of(scene.plant, id) {
        return item::block(scene, block);
    }
    let definition = scene.plant.point(id);
    let mut lines = Vec::new();
    lines.push(line(
        0,
        format!("now {}{}", value_text(scene.plant, id, scene.view.value(id)), doubt(scene.view.quality(id))),
    ));
    let origin = match definition.origin {
        Origin::Field(_) => "measured",
        Origin::FieldOutput(_) => "an output to the field",
        Origin::Link(_) => "state of the link to the device",
        Origin::Block(_) => "calculated",
        Origin::Entry => "entered by hand",
        Origin::Phase(_) => "parameter of a phase",
        Origin::Scan(_) => "how the scan keeps its time",
    };
    let source = definition.source.as_ref().map_or_else(String::new, |source| format!(", {source}"));
    lines.push(line(0, format!("{origin}{source}")));
    if let Some(driver) = item::driver_of(scene.plant, id) {
        let name = scene.plant.blocks[driver.index()].name.clone();
        lines.push(WhyLine { block: Some(driver), ..line(0, format!("driven by {name}")) });
    }
    holders(scene, id, &mut lines);
    Why { title: title(&definition.name, &definition.description), lines }
}

fn forced_text(scene: Scene<'_>, force: &Force) -> String {
    let value = value_text(scene.plant, force.point, force.value);
    let ticks = force.until.saturating_sub(scene.view.tick);
    let left = duration(ticks.saturating_mul(u64::from(scene.plant.period_ms)));
    let says = match scene.plant.point(force.point).origin {
        Origin::Field(_) => {
            let raw = value_text(scene.plant, force.point, force.raw);
            format!("; the field says {raw}{}", doubt(force.raw_quality))
        }
        _ => String::new(),
    };
    format!("forced by hand to {value} for {left} more{says}")
}

/// The person or the interlock that forces a point and the phase that owns it.
fn holders(scene: Scene<'_>, id: PointId, lines: &mut Vec<WhyLine>) {
    if let Some(force) = scene.view.forces.find(id) {
        lines.push(WhyLine { holds: Some(true), ..line(0, forced_text(scene, force)) });
    }
    let hold = scene.view.hold(id);
    if let Some(interlock) =
        hold.interlock.checked_sub(1).and_then(|i| scene.plant.interlocks.get(i as usize))
    {
        let text = format!("forced by interlock {}: {}", interlock.name, interlock.description);
        lines.push(WhyLine { holds: Some(true), ..line(0, text) });
        if let Some(number) = scene.plant.interlocks.iter().position(|other| other.name == interlock.name) {
            item::standing_causes(scene, number, 1, lines);
        }
    }
    if let Some(number) = hold.phase.checked_sub(1)
        && let (Some(phase), Some(memory)) =
            (scene.plant.phases.get(number as usize), scene.view.phases.get(number as usize))
    {
        let batch =
            if memory.batch == 0 { String::new() } else { format!(" of {}", batch_name(memory.batch)) };
        let text = format!("owned by phase {}{batch}, {}", phase.name, memory.state.word());
        lines.push(line(0, text));
    }
}

fn line(indent: u8, text: String) -> WhyLine {
    WhyLine { indent, text, holds: None, block: None }
}

fn title(name: &str, description: &str) -> String {
    if description.is_empty() { name.into() } else { format!("{name} {description}") }
}

/// A point with its value, as a line that leads to its block.
fn point_line(scene: Scene<'_>, indent: u8, label: &str, id: PointId) -> WhyLine {
    let value = value_text(scene.plant, id, scene.view.value(id));
    let text = format!("{label} {value}{}", doubt(scene.view.quality(id)));
    WhyLine { block: part_of(scene.plant, id).map(|(block, _): (BlockId, _)| block), ..line(indent, text) }
}

#[cfg(test)]
mod tests;
