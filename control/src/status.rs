//! A state view as the parts of an API frame: alarms, interlocks, batches.

use alloc::{format, string::String, vec::Vec};
use model::wire::{
    AlarmStatus, BatchStatus, ForceStatus, InterlockStatus, NodeStatus, PhaseStatus, ServiceStatus,
};
use model::{AlarmId, AlarmState, BlockId, InterlockId, Mode, PhaseId, ProcState, RecipeId, UserId};

use crate::describe::{bad_text, refused_text};
use crate::explain::waiting_text;
use crate::phase::{Cause, PhaseMemory};
use crate::plant::{Block, BlockBody, Interlock, Origin, Plant};
use crate::state_view::{LoopView, StateView};

/// Every alarm that is not normal. `time` turns a tick into milliseconds since 1970.
pub fn alarm_status(
    plant: &Plant,
    view: &StateView,
    time: &impl Fn(u64) -> i64,
    name: &impl Fn(UserId) -> String,
) -> Vec<AlarmStatus> {
    let known = (0..).zip(&view.alarms).take(plant.alarms.len());
    let not_normal = known.filter(|(_, alarm)| alarm.state != AlarmState::Normal);
    let status = |(id, alarm): (u32, &crate::alarm::AlarmMemory)| AlarmStatus {
        alarm: AlarmId(id),
        state: alarm.state,
        active: alarm.active,
        since_ms: time(alarm.since),
        acknowledged_by: (alarm.state == AlarmState::Acked).then(|| name(alarm.user)),
        shelved_until_ms: (alarm.state == AlarmState::Shelved).then(|| time(alarm.shelved_until)),
    };
    not_normal.map(status).collect()
}

/// Every interlock.
pub fn interlock_status(
    plant: &Plant,
    view: &StateView,
    time: &impl Fn(u64) -> i64,
    name: &impl Fn(UserId) -> String,
) -> Vec<InterlockStatus> {
    let known = (0..).zip(&view.interlocks).take(plant.interlocks.len());
    let status = |(id, interlock): (u32, &crate::interlock::InterlockMemory)| InterlockStatus {
        interlock: InterlockId(id),
        tripped: interlock.tripped,
        active: interlock.active,
        first_out: interlock.first_out.checked_sub(1),
        first_bad: interlock.first_bad.map(|bad| bad_text(plant, bad)),
        since_ms: time(interlock.since),
        bypassed_until_ms: (interlock.bypassed_until != 0).then(|| time(interlock.bypassed_until)),
        bypassed_by: (interlock.bypassed_until != 0).then(|| name(interlock.bypassed_by)),
    };
    known.map(status).collect()
}

/// Every tag that is forced, the oldest force first.
pub fn force_status(
    plant: &Plant,
    view: &StateView,
    time: &impl Fn(u64) -> i64,
    name: &impl Fn(UserId) -> String,
) -> Vec<ForceStatus> {
    let known = view.forces.all().iter().filter(|force| force.point.index() < plant.points.len());
    let status = |force: &crate::force::Force| {
        let input = matches!(plant.point(force.point).origin, Origin::Field(_));
        ForceStatus {
            point: force.point,
            value: if force.follows == 0 { force.value } else { view.value(force.point) },
            follows: force.follows.checked_sub(1).map(BlockId),
            raw: input.then_some(force.raw),
            raw_quality: input.then_some(force.raw_quality),
            since_ms: time(force.since),
            until_ms: time(force.until),
            by: name(force.user),
        }
    };
    known.map(status).collect()
}

/// Every device and loop that is out of service, in the order of the plant.
pub fn service_status(
    plant: &Plant,
    view: &StateView,
    time: &impl Fn(u64) -> i64,
    name: &impl Fn(UserId) -> String,
) -> Vec<ServiceStatus> {
    let known = (0..).zip(view.loops.iter().zip(&plant.blocks));
    let status = |(id, (state, block)): (u32, (&LoopView, &Block))| {
        let is_loop = matches!(block.body, BlockBody::Pid(_)) && state.target == Mode::OutOfService;
        (is_loop || state.out_of_service.is_some()).then(|| ServiceStatus {
            block: BlockId(id),
            since_ms: state.out_of_service.map(|(since, _)| time(since)),
            // A phase has no name among people.
            by: state.out_of_service.filter(|(_, by)| *by != UserId::SYSTEM).map(|(_, by)| name(by)),
        })
    };
    known.filter_map(status).collect()
}

/// Every control recipe that stands on a unit.
pub fn batch_status(plant: &Plant, view: &StateView, time: &impl Fn(u64) -> i64) -> Vec<BatchStatus> {
    let period_ms = u64::from(plant.period_ms);
    let mut batches = Vec::new();
    for ((id, batch), recipe) in (0..).zip(&view.batches).zip(&plant.recipes) {
        if !batch.is_present() {
            continue;
        }
        let phase = batch.running_phase(recipe);
        let nodes = batch.nodes().iter().map(|node| NodeStatus {
            state: node.state,
            elapsed_ms: node.elapsed_ticks.saturating_mul(period_ms),
        });
        batches.push(BatchStatus {
            recipe: RecipeId(id),
            batch: batch.batch(),
            state: batch.state(),
            since_ms: time(batch.since_tick()),
            nodes: nodes.collect(),
            parameters: batch.parameters().to_vec(),
            phase: phase.and_then(|phase| phase_status(plant, view, phase)),
            cause: phase
                .filter(|_| batch.state() != ProcState::Running)
                .and_then(|phase| cause(plant, view, phase)),
        });
    }
    batches
}

/// The phase, its step and what it waits for.
pub fn phase_status(plant: &Plant, view: &StateView, id: PhaseId) -> Option<PhaseStatus> {
    let (phase, memory) = (plant.phases.get(id.index())?, view.phases.get(id.index())?);
    let section = phase.section(memory.state);
    let step = section.and_then(|section| section.get(usize::from(memory.step)));
    let in_running = matches!(memory.state, ProcState::Running | ProcState::Pausing | ProcState::Paused);
    let ticks = if memory.entered { view.tick.saturating_sub(memory.step_since) } else { 0 };
    Some(PhaseStatus {
        phase: id,
        state: memory.state,
        step: if in_running { memory.step } else { memory.left },
        step_text: step.map(|step| step.title.clone()).unwrap_or_default(),
        step_elapsed_ms: ticks.saturating_mul(u64::from(plant.period_ms)),
        waiting: waiting_text(plant, view, id),
    })
}

/// Why the phase is not running: `Fill step 1, catholyte level does not rise`.
pub(crate) fn cause(plant: &Plant, view: &StateView, id: PhaseId) -> Option<String> {
    let (phase, memory): (_, &PhaseMemory) = (plant.phases.get(id.index())?, view.phases.get(id.index())?);
    match memory.cause {
        Cause::None => None,
        Cause::Order => Some("ordered".into()),
        Cause::Trip => tripped_by(plant, memory).map(|interlock| format!("{} tripped", interlock.name)),
        Cause::Late => {
            let step = phase.section(memory.late_state)?.get(usize::from(memory.late_step))?;
            let why = match memory.late_refusal() {
                Some(refused) => refused_text(plant, step, refused),
                None => step.within.as_ref().map_or(String::new(), |within| within.why.clone()),
            };
            Some(format!("{} step {}, {why}", phase.name, memory.late_step + 1))
        }
    }
}

/// The interlock whose trip started the phase, or ended it.
pub(crate) fn tripped_by<'p>(plant: &'p Plant, memory: &PhaseMemory) -> Option<&'p Interlock> {
    plant.interlocks.get((memory.trip as usize).checked_sub(1)?)
}
