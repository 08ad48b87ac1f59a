//! Why of phases and recipes: where they are and what they wait for.

use alloc::{format, string::String, vec::Vec};
use model::wire::{Why, WhyLine};
use model::{PhaseId, ProcState};

use super::condition;
use super::term::Scene;
use super::{line, title};
use crate::phase::{Cause, PhaseMemory};
use crate::plant::{Otherwise, Step};
use crate::status::{cause, tripped_by};
use crate::text::{batch_name, duration};

/// The step that a phase is in, if it is in one.
fn step<'a>(scene: Scene<'a>, id: PhaseId) -> Option<(&'a PhaseMemory, &'a Step)> {
    let memory = scene.view.phases.get(id.index())?;
    let section = scene.plant.phases.get(id.index())?.section(memory.state)?;
    Some((memory, section.get(usize::from(memory.step))?))
}

pub(super) fn waiting(scene: Scene<'_>, id: PhaseId) -> String {
    let Some((memory, step)) = step(scene, id) else { return String::new() };
    if let Some((action, refusal)) = refused(memory, step) {
        return format!("{action}: {refusal}");
    }
    match &step.wait {
        Some(wait) if memory.entered => condition::missing(scene, wait),
        _ => String::new(),
    }
}

/// The action that cannot be done now, and which rule forbids it.
fn refused<'a>(memory: &PhaseMemory, step: &'a Step) -> Option<(&'a str, &'static str)> {
    let refusal = memory.refusal()?;
    let action = step.actions.get(usize::from(memory.action))?;
    Some((&action.text, refusal.text()))
}

/// Name and state of the phase that a trip starts.
pub(super) fn started(scene: Scene<'_>, id: PhaseId) -> Option<(&str, ProcState)> {
    let (phase, memory) = (scene.plant.phases.get(id.index())?, scene.view.phases.get(id.index())?);
    Some((&phase.name, memory.state))
}

pub(super) fn phase(scene: Scene<'_>, id: PhaseId) -> Why {
    let phase = &scene.plant.phases[id.index()];
    let mut lines = Vec::new();
    phase_lines(scene, id, 0, &mut lines);
    Why { title: title(&format!("{} on {}", phase.name, phase.equipment), &phase.description), lines }
}

fn phase_lines(scene: Scene<'_>, id: PhaseId, indent: u8, lines: &mut Vec<WhyLine>) {
    let Some(memory) = scene.view.phases.get(id.index()) else { return };
    let batch = if memory.batch == 0 { String::new() } else { format!(" for {}", batch_name(memory.batch)) };
    let since = duration(scene.ms_since(memory.since) / 1000 * 1000);
    let since = if memory.state == ProcState::Idle { String::new() } else { format!(" since {since}") };
    lines.push(line(indent, format!("{}{since}{batch}", memory.state.word())));
    if memory.cause != Cause::Trip
        && let Some(interlock) = tripped_by(scene.plant, memory)
    {
        lines.push(line(indent, format!("started by the trip of {}", interlock.name)));
    }
    if !matches!(memory.state, ProcState::Running | ProcState::Idle | ProcState::Complete)
        && let Some(cause) = cause(scene.plant, scene.view, id)
    {
        lines.push(line(indent, format!("cause: {cause}")));
    }
    let Some((memory, step)) = step(scene, id) else { return };
    lines.push(line(indent, format!("step {}: {}", memory.step + 1, step.title)));
    let inner = indent.saturating_add(1);
    if let Some((action, refusal)) = refused(memory, step) {
        lines.push(WhyLine { holds: Some(false), ..line(inner, format!("{action}: {refusal}")) });
    }
    if let Some(wait) = &step.wait {
        lines.push(line(inner, "waits for".into()));
        condition::lines(scene, wait, inner.saturating_add(1), lines);
    }
    if let Some(within) = step.within.as_ref().filter(|_| memory.entered) {
        let so_far = duration(scene.ms_since(memory.step_since) / 1000 * 1000);
        let otherwise = match within.otherwise {
            Otherwise::Hold => "holds",
            Otherwise::Abort => "aborts",
            Otherwise::Alarm => "reports",
        };
        let limit = duration(u64::from(within.ms));
        lines.push(line(inner, format!("{so_far} so far of {limit}, then {otherwise}: {}", within.why)));
    }
}

pub(super) fn recipe(scene: Scene<'_>, index: usize) -> Why {
    let recipe = &scene.plant.recipes[index];
    let mut lines = Vec::new();
    match scene.view.batches.get(index) {
        Some(batch) if batch.is_present() => {
            let since = duration(scene.ms_since(batch.since_tick()) / 1000 * 1000);
            let name = batch_name(batch.batch());
            lines.push(line(0, format!("{name} {} since {since}", batch.state().word())));
            if let Some(call) = batch.current(recipe) {
                let started = batch.running_phase(recipe).is_some();
                let word = if started { "in" } else { "next" };
                lines.push(line(0, format!("{word} phase {}", call.name)));
                if started {
                    phase_lines(scene, call.phase, 1, &mut lines);
                } else if batch.state() == ProcState::Running {
                    blocked(scene, call.phase, &mut lines);
                }
            }
        }
        _ => lines.push(line(0, "not prepared".into())),
    }
    Why { title: title(&recipe.name, &recipe.title), lines }
}

/// Why the next phase does not start.
fn blocked(scene: Scene<'_>, id: PhaseId, lines: &mut Vec<WhyLine>) {
    let Some(memory) = scene.view.phases.get(id.index()) else { return };
    if memory.state.is_active() {
        lines.push(line(1, format!("the phase is {} for somebody else", memory.state.word())));
    }
    for point in &scene.plant.phases[id.index()].owns {
        let owner = scene.view.hold(*point).phase;
        if let Some(other) = owner.checked_sub(1).and_then(|index| scene.plant.phases.get(index as usize)) {
            let name = &scene.plant.point(*point).name;
            lines.push(line(1, format!("{name} is owned by phase {}", other.name)));
        }
    }
}
