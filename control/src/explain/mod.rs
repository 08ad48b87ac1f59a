//! Why something is as it is: the answer to `GET /why/{name}`, from a published copy of the state.
//!
//! The same objects that the scan runs are read here, so the explanation cannot differ from what
//! happens. What comes out is data ([`model::wire::WhyFact`]), and its words are made of nothing else.

mod condition;
mod field_device;
mod item;
mod loop_options;
mod missing;
mod procedure;
pub(crate) mod refused;
pub(crate) mod term;
mod verdict;
mod ways;

use alloc::{format, string::String, vec::Vec};
use model::wire::{Why, WhyFact, WhyKind, WhyLine, WhyPoint, WhyValue};
use model::{DeviceId, PhaseId, PointId, Quality};

use crate::limits;
use crate::plant::{Expr, Origin, Plant};
use crate::state_view::StateView;
use crate::text::{batch_name, part_of};
use term::Scene;

/// Explains a block, tag, interlock, alarm, phase, recipe or device of the field by its name; `None` when there is none.
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
    if let Some(id) = plant.io.devices.iter().position(|device| device.name == name) {
        return Some(field_device::field_device(scene, DeviceId(id as u32)));
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
    lines.push(WhyLine { block: None, ..point_line(scene, 0, "now", id) });
    let origin = match definition.origin {
        Origin::Field(_) => "measured",
        Origin::FieldOutput(_) => "an output to the field",
        Origin::Link(_) => "state of the link to the device",
        Origin::Block(_) => "calculated",
        Origin::Entry => "entered by hand",
        Origin::Phase(_) => "parameter of a phase",
        Origin::Interlock(_) => "whether the interlock has tripped and nobody has reset it since",
        Origin::Scan(_) => "how the scan keeps its time",
    };
    let source = definition.source.as_ref().map_or_else(String::new, |source| format!(", {source}"));
    lines.push(WhyLine::words(0, format!("{origin}{source}")));
    if let Some(driver) = item::driver_of(scene.plant, id) {
        let name = scene.plant.blocks[driver.index()].name.clone();
        lines.push(WhyLine { block: Some(driver), ..WhyLine::words(0, format!("driven by {name}")) });
    }
    holders(scene, id, &mut lines);
    let verdict = scene.now(id).text();
    answer((&definition.name, &definition.description), WhyKind::Tag, verdict, lines)
}

/// The answer about something that nothing is missing for.
fn answer((name, description): (&str, &str), kind: WhyKind, verdict: String, lines: Vec<WhyLine>) -> Why {
    let title = if description.is_empty() { name.into() } else { format!("{name} {description}") };
    Why { title, name: name.into(), kind, verdict, lines, missing: None }
}

/// The person or the interlock that forces a point and the phase that owns it.
fn holders(scene: Scene<'_>, id: PointId, lines: &mut Vec<WhyLine>) {
    if let Some(force) = scene.view.forces.find(id) {
        let is_input = matches!(scene.plant.point(force.point).origin, Origin::Field(_));
        let fact = WhyFact::Forced {
            to: scene.value(force.point, force.value, Quality::Good),
            remaining_ms: scene.ms_until(force.until),
            field: is_input.then(|| WhyValue {
                forced: false,
                ..scene.value(force.point, force.raw, force.raw_quality)
            }),
        };
        lines.push(WhyLine { holds: Some(true), ..WhyLine::new(0, fact) });
    }
    let hold = scene.view.hold(id);
    if let Some(number) = hold.interlock.checked_sub(1)
        && let Some(interlock) = scene.plant.interlocks.get(number as usize)
    {
        let (name, description) = (interlock.name.clone(), interlock.description.clone());
        let fact = WhyFact::ForcedBy { interlock: name, description };
        lines.push(WhyLine { holds: Some(true), ..WhyLine::new(0, fact) });
        item::standing_causes(scene, number as usize, 1, lines);
    }
    if let Some(number) = hold.phase.checked_sub(1)
        && let (Some(phase), Some(memory)) =
            (scene.plant.phases.get(number as usize), scene.view.phases.get(number as usize))
    {
        let batch = (memory.batch != 0).then(|| batch_name(memory.batch));
        let fact = WhyFact::OwnedBy { phase: phase.name.clone(), batch, state: memory.state };
        lines.push(WhyLine::new(0, fact));
    }
}

/// A point with its value, as a line that leads to its block.
fn point_line(scene: Scene<'_>, indent: u8, label: &str, id: PointId) -> WhyLine {
    let (label, tag) = (label.into(), scene.plant.point(id).name.clone());
    let limited = limits::limited(scene.plant, scene.view, id);
    let fact = WhyFact::Value(WhyPoint { label, tag, now: scene.now(id), limited, ..WhyPoint::default() });
    WhyLine { block: part_of(scene.plant, id).map(|(block, _)| block), ..WhyLine::new(indent, fact) }
}

#[cfg(test)]
mod tests;
