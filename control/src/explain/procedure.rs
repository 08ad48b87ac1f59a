//! Why of phases and recipes: where they are and what they wait for.

use alloc::{format, string::String, vec::Vec};
use model::wire::{Missing, Why, WhyFact, WhyKind, WhyLine};
use model::{PhaseId, ProcState};

use super::term::Scene;
use super::{answer, refused, ways};
use crate::phase::{Cause, PhaseMemory};
use crate::plant::{Otherwise, Step};
use crate::status::{cause, tripped_by};
use crate::text::batch_name;

/// The step that a phase is in, if it is in one.
fn step<'a>(scene: Scene<'a>, id: PhaseId) -> Option<(&'a PhaseMemory, &'a Step)> {
    let memory = scene.view.phases.get(id.index())?;
    let section = scene.plant.phases.get(id.index())?.section(memory.state)?;
    Some((memory, section.get(usize::from(memory.step))?))
}

pub(super) fn waiting(scene: Scene<'_>, id: PhaseId) -> String {
    let Some((memory, step)) = step(scene, id) else { return String::new() };
    if let Some((action, refusal)) = refused::now(memory, step) {
        return format!("{}: {}", action.text, refused::reason(scene, action, refusal));
    }
    if memory.entered { ways::waiting(scene, id, memory, step) } else { String::new() }
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
    let state = scene.view.phases.get(id.index()).map_or(ProcState::Idle, |memory| memory.state);
    let missing = match state {
        ProcState::Idle => Some(Missing { goal: "start".into(), lines: blocked(scene, id, 0) }),
        _ => next_step(scene, id),
    };
    let about = (phase.name.as_str(), phase.description.as_str());
    let title = format!("{} on {}", phase.name, phase.equipment);
    let title = if about.1.is_empty() { title } else { format!("{title} {}", about.1) };
    Why { title, missing, ..answer(about, WhyKind::Phase, state.word().into(), lines) }
}

/// What the step that a phase is in waits for.
fn next_step(scene: Scene<'_>, id: PhaseId) -> Option<Missing> {
    let (memory, step) = step(scene, id)?;
    let mut lines = Vec::new();
    if let Some((action, refusal)) = refused::now(memory, step) {
        refused::lines(scene, action, refusal, 0, &mut lines);
    } else {
        if !memory.entered || step.ways.is_empty() {
            return None;
        }
        ways::lines(scene, id, memory, step, (0, true), &mut lines);
    }
    Some(Missing { goal: "next step".into(), lines })
}

fn phase_lines(scene: Scene<'_>, id: PhaseId, indent: u8, lines: &mut Vec<WhyLine>) {
    let Some(memory) = scene.view.phases.get(id.index()) else { return };
    let batch = (memory.batch != 0).then(|| batch_name(memory.batch));
    let for_ms = (memory.state != ProcState::Idle).then(|| scene.ms_since(memory.since));
    lines.push(WhyLine::new(indent, WhyFact::Phase { state: memory.state, for_ms, batch }));
    if memory.cause != Cause::Trip
        && let Some(interlock) = tripped_by(scene.plant, memory)
    {
        lines.push(WhyLine::new(indent, WhyFact::StartedBy { interlock: interlock.name.clone() }));
    }
    if !matches!(memory.state, ProcState::Running | ProcState::Idle | ProcState::Complete)
        && let Some(cause) = cause(scene.plant, scene.view, id)
    {
        lines.push(WhyLine::words(indent, format!("cause: {cause}")));
    }
    let Some((memory, step)) = step(scene, id) else { return };
    let (number, title) = (memory.step + 1, step.title.clone());
    lines.push(WhyLine::new(indent, WhyFact::Step { number, title }));
    let inner = indent.saturating_add(1);
    if let Some((action, refusal)) = refused::now(memory, step) {
        refused::lines(scene, action, refusal, inner, lines);
    }
    if step.stays {
        lines.push(WhyLine::words(inner, "stays until somebody ends it"));
    }
    if !step.ways.is_empty() {
        lines.push(WhyLine::words(inner, "waits for"));
        ways::lines(scene, id, memory, step, (inner.saturating_add(1), false), lines);
    }
    if let Some(within) = step.within.as_ref().filter(|_| memory.entered) {
        let then = match within.otherwise {
            Otherwise::Hold => "holds",
            Otherwise::Abort => "aborts",
            Otherwise::Alarm => "reports",
        };
        let fact = WhyFact::Within {
            limit_ms: within.limit_ms(|point| scene.view.value(point)),
            elapsed_ms: scene.ms_since(memory.step_since),
            then: then.into(),
            because: within.why.clone(),
        };
        lines.push(WhyLine::new(inner, fact));
    }
}

pub(super) fn recipe(scene: Scene<'_>, index: usize) -> Why {
    let recipe = &scene.plant.recipes[index];
    let (mut lines, mut missing, mut verdict) = (Vec::new(), None, "not prepared");
    match scene.view.batches.get(index) {
        Some(batch) if batch.is_present() => {
            verdict = batch.state().word();
            let for_ms = scene.ms_since(batch.since_tick());
            let name = batch_name(batch.batch());
            lines.push(WhyLine::new(0, WhyFact::Batch { batch: name, state: batch.state(), for_ms }));
            if let Some(call) = batch.current(recipe) {
                let started = batch.running_phase(recipe).is_some();
                lines.push(WhyLine::new(0, WhyFact::Call { phase: call.name.clone(), started }));
                if started {
                    phase_lines(scene, call.phase, 1, &mut lines);
                    missing = next_step(scene, call.phase);
                } else if batch.state() == ProcState::Running {
                    let against = blocked(scene, call.phase, 1);
                    lines.extend(against.iter().cloned());
                    let against = against.into_iter().map(|line| WhyLine { indent: 0, ..line }).collect();
                    missing = Some(Missing { goal: "next phase".into(), lines: against });
                }
            }
        }
        _ => lines.push(WhyLine::words(0, verdict)),
    }
    Why { missing, ..answer((&recipe.name, &recipe.title), WhyKind::Recipe, verdict.into(), lines) }
}

/// Why a phase does not start.
fn blocked(scene: Scene<'_>, id: PhaseId, indent: u8) -> Vec<WhyLine> {
    let mut lines = Vec::new();
    let Some(memory) = scene.view.phases.get(id.index()) else { return lines };
    if memory.state.is_active() {
        let words = format!("the phase is {} for somebody else", memory.state.word());
        lines.push(WhyLine::words(indent, words));
    }
    for point in &scene.plant.phases[id.index()].owns {
        let owner = scene.view.hold(*point).phase;
        if let Some(other) = owner.checked_sub(1).and_then(|index| scene.plant.phases.get(index as usize)) {
            let name = &scene.plant.point(*point).name;
            lines.push(WhyLine::words(indent, format!("{name} is owned by phase {}", other.name)));
        }
    }
    lines
}
