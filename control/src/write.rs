//! Writing a point on behalf of a person or a phase: every rule in one place.

use model::{Mode, PointId, Quality, Refusal, UserId};

use crate::blocks::{BlockState, pid, pid::PidState};
use crate::engine::{Binding, Layout, State};
use crate::plant::{BlockBody, OnBad, Origin, Pid, Plant};
use crate::service::device_of;

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    Person,
    /// Number of the phase, from one.
    Phase(u32),
}

/// Writes a value and gives the old one, or says which rule forbids it.
pub(crate) fn write(
    plant: &Plant,
    layout: &Layout,
    state: &mut State,
    point: PointId,
    value: f64,
    actor: Actor,
) -> Result<f64, Refusal> {
    let Some(definition) = plant.points.get(point.index()) else { return Err(Refusal::Unknown) };
    let old = state.image.value(point);
    let binding = layout.bindings[point.index()];
    if let Binding::LoopMode(block) = binding {
        writable(definition.write.is_some(), definition.origin, actor)?;
        if !value.is_finite() {
            return Err(Refusal::NotANumber);
        }
        let mode = Mode::from_value(value);
        if mode.value() != value {
            return Err(Refusal::ModeNotPermitted);
        }
        return order_mode(plant, state, block, mode, actor);
    }
    writable(definition.write.is_some(), definition.origin, actor)?;
    if !value.is_finite() {
        return Err(Refusal::NotANumber);
    }
    let (low, high) =
        definition.write.map_or((definition.low, definition.high), |write| (write.low, write.high));
    if value < low {
        return Err(Refusal::BelowLimit);
    }
    if value > high {
        return Err(Refusal::AboveLimit);
    }
    free(state, point, actor)?;
    match binding {
        Binding::SetPoint(block) => {
            set_point(state, block, actor)?;
            from_phase(plant, state, block, value, Mode::RemoteCascade);
        }
        Binding::LoopOutput(block) => {
            loop_output(plant, state, block, actor)?;
            from_phase(plant, state, block, value, Mode::RemoteOutput);
        }
        Binding::RemoteSetPoint(block) => remote_value(state, block, Mode::RemoteCascade)?,
        Binding::RemoteOutput(block) => remote_value(state, block, Mode::RemoteOutput)?,
        Binding::DeviceCommand(block) => {
            device_command(plant, state, block, value >= 0.5, actor)?;
            state.image.set(point, f64::from(u8::from(value >= 0.5)), Quality::Good);
            return Ok(old);
        }
        Binding::DeviceAuto(block) => {
            if let Some(BlockState::Device(memory, _)) = state.blocks.get(block as usize)
                && memory.service.is_out()
            {
                return Err(Refusal::OutOfService);
            }
        }
        Binding::PhaseParameter(phase) => {
            let phase = state.phases.get(phase as usize);
            if actor == Actor::Person
                && phase.is_some_and(|phase| phase.recipe != 0 && phase.state.is_active())
            {
                return Err(Refusal::OwnedByPhase);
            }
        }
        Binding::Driven(_) => {
            // The loop behind this output tracks from now on, until the phase gives it back.
            state.holds[point.index()].seized = matches!(actor, Actor::Phase(_));
        }
        Binding::Plain | Binding::LoopMode(_) => {}
    }
    state.image.set(point, value, Quality::Good);
    Ok(old)
}

/// Orders a mode and gives the one that was ordered before.
pub(crate) fn order_mode(
    plant: &Plant,
    state: &mut State,
    block: u32,
    mode: Mode,
    actor: Actor,
) -> Result<f64, Refusal> {
    let Some(BlockBody::Pid(pid)) = plant.blocks.get(block as usize).map(|block| &block.body) else {
        return Err(Refusal::ModeNotPermitted);
    };
    if !pid.modes.contains(&mode) {
        return Err(Refusal::ModeNotPermitted);
    }
    owned(state, pid.mode, actor)?;
    let bad_pv = pid.refuses(state.image.quality(pid.input));
    if bad_pv && pid::is_automatic(mode) && pid.on_bad_pv != OnBad::Hold {
        // It would fall back at once.
        return Err(Refusal::NotPermitted);
    }
    let seized = pid.target.is_some_and(|target| state.holds[target.index()].seized);
    let tick = state.tick;
    let target = loop_state(state, block)?.target;
    let old = target.value();
    if target == mode && actor == Actor::Person && !seized {
        return Err(Refusal::NothingToDo);
    }
    if !seized {
        pass_on(state, block, pid)?;
    }
    let memory = loop_state(state, block)?;
    memory.target = mode;
    memory.commanded = actor == Actor::Person;
    if let Some(extra) = &mut memory.extra {
        // The remote has its timeout to say its first value.
        extra.heard = tick;
    }
    if mode == Mode::Manual && old != Mode::Manual.value() {
        memory.sp_entered = false;
    }
    if mode == Mode::OutOfService && old != mode.value() {
        // A person who orders it is noted by name.
        state.loop_orders.note(block, tick, UserId::SYSTEM);
    }
    give_back(state, pid);
    Ok(old)
}

/// A field input, a link and a result are nobody's to write; a person needs the plant's leave.
fn writable(by_people: bool, origin: Origin, actor: Actor) -> Result<(), Refusal> {
    let may = match (actor, origin) {
        (_, Origin::Field(_) | Origin::Link(_) | Origin::Interlock(_) | Origin::Scan(_)) => false,
        (Actor::Person, _) => by_people,
        (Actor::Phase(_), Origin::FieldOutput(_) | Origin::Block(_) | Origin::Entry | Origin::Phase(_)) => {
            true
        }
    };
    if may { Ok(()) } else { Err(Refusal::NotWritable) }
}

/// No interlock and nobody forces it, no phase but the writer owns it.
fn free(state: &State, point: PointId, actor: Actor) -> Result<(), Refusal> {
    undictated(state, point)?;
    owned(state, point, actor)
}

fn undictated(state: &State, point: PointId) -> Result<(), Refusal> {
    let hold = state.holds[point.index()];
    match (hold.interlock, hold.forced) {
        (0, false) => Ok(()),
        (0, true) => Err(Refusal::Forced),
        _ => Err(Refusal::Interlocked),
    }
}

pub(crate) fn owned(state: &State, point: PointId, actor: Actor) -> Result<(), Refusal> {
    let owner = state.holds[point.index()].phase;
    let allowed = match actor {
        _ if owner == 0 => true,
        Actor::Phase(number) => number == owner,
        // A held phase has put the unit in a safe state and lets people work.
        Actor::Person => {
            state.phases.get(owner as usize - 1).is_none_or(|phase| phase.state == model::ProcState::Held)
        }
    };
    if allowed { Ok(()) } else { Err(Refusal::OwnedByPhase) }
}

fn loop_state(state: &mut State, block: u32) -> Result<&mut PidState, Refusal> {
    match state.blocks.get_mut(block as usize) {
        Some(BlockState::Pid(memory, _)) => Ok(memory),
        _ => Err(Refusal::Unknown),
    }
}

/// What was put in OUT in the mode before and has not come to the output yet, because the loop has not run since: the next
/// mode begins there.
fn pass_on(state: &mut State, block: u32, pid: &Pid) -> Result<(), Refusal> {
    let out = state.image.value(pid.out);
    let Some(target) = pid.target.filter(|target| undictated(state, *target).is_ok()) else { return Ok(()) };
    if loop_state(state, block)?.was_given(out) {
        let out = out.clamp(pid.out_low, pid.out_high);
        state.image.set(target, out, Quality::Good);
        if let Some(remote) = pid.options.remote.as_ref().and_then(|remote| remote.out) {
            state.image.set(remote, out, Quality::Good);
        }
    }
    Ok(())
}

/// The loop drives its output again.
fn give_back(state: &mut State, pid: &Pid) {
    if let Some(target) = pid.target {
        state.holds[target.index()].seized = false;
    }
}

fn set_point(state: &mut State, block: u32, actor: Actor) -> Result<(), Refusal> {
    let memory = loop_state(state, block)?;
    match (memory.target, actor) {
        (Mode::Auto, _) => memory.sp_entered |= memory.tracks_now(),
        (Mode::Manual | Mode::OutOfService | Mode::RemoteOutput, _) => memory.sp_entered = true,
        (Mode::RemoteCascade, Actor::Phase(_)) => {}
        (Mode::RemoteCascade, Actor::Person) | (Mode::Cascade | Mode::Initialising | Mode::Tracking, _) => {
            return Err(Refusal::WrongMode);
        }
    }
    Ok(())
}

/// A remote value counts only while the loop listens to it: in other modes the point follows the loop.
fn remote_value(state: &mut State, block: u32, mode: Mode) -> Result<(), Refusal> {
    let tick = state.tick;
    let memory = loop_state(state, block)?;
    if memory.target != mode {
        return Err(Refusal::WrongMode);
    }
    if let Some(extra) = &mut memory.extra {
        extra.heard = tick;
    }
    Ok(())
}

/// In a remote mode a phase that writes SP or OUT is the remote.
fn from_phase(plant: &Plant, state: &mut State, block: u32, value: f64, mode: Mode) {
    let Some(BlockBody::Pid(pid)) = plant.blocks.get(block as usize).map(|block| &block.body) else { return };
    let Some(remote) = &pid.options.remote else { return };
    let point = if mode == Mode::RemoteCascade { remote.sp } else { remote.out };
    if let Some(point) = point
        && remote_value(state, block, mode).is_ok()
    {
        state.image.set(point, value, Quality::Good);
    }
}

fn loop_output(plant: &Plant, state: &mut State, block: u32, actor: Actor) -> Result<(), Refusal> {
    let Some(BlockBody::Pid(pid)) = plant.blocks.get(block as usize).map(|block| &block.body) else {
        return Err(Refusal::Unknown);
    };
    let hold = pid.target.map(|target| state.holds[target.index()]).unwrap_or_default();
    pid.target.map_or(Ok(()), |target| undictated(state, target))?;
    let memory = loop_state(state, block)?;
    let ordered = match (memory.target, actor) {
        (Mode::Manual, _) | (Mode::RemoteOutput, Actor::Phase(_)) => true,
        (Mode::RemoteOutput, Actor::Person)
        | (
            Mode::OutOfService
            | Mode::Auto
            | Mode::Cascade
            | Mode::RemoteCascade
            | Mode::Initialising
            | Mode::Tracking,
            _,
        ) => false,
    };
    // Following a lost device or a secondary, it would not keep what is written.
    let follows = memory.actual == Mode::Initialising || (memory.actual == Mode::Tracking && !hold.seized);
    if !ordered {
        return Err(Refusal::WrongMode);
    }
    if follows {
        return Err(Refusal::Follows);
    }
    give_back(state, pid);
    Ok(())
}

fn device_command(
    plant: &Plant,
    state: &mut State,
    block: u32,
    on: bool,
    actor: Actor,
) -> Result<(), Refusal> {
    let Some(device) = device_of(plant, model::BlockId(block)) else { return Err(Refusal::Unknown) };
    // An interlock forces the command as well.
    undictated(state, device.out)?;
    let stands = state.image.is_on(device.command) == on;
    match state.blocks.get_mut(block as usize) {
        // Where it stands a phase may want it: a stop of what is out of service goes through.
        Some(BlockState::Device(memory, _)) if memory.service.is_out() => {
            if actor != Actor::Person && stands { Ok(()) } else { Err(Refusal::OutOfService) }
        }
        // Its wish would undo it at once: whoever commands takes it by hand first.
        Some(BlockState::Device(memory, _)) if memory.by_itself && actor == Actor::Person => {
            Err(Refusal::WrongMode)
        }
        Some(BlockState::Device(memory, _)) if on && !memory.permitted => Err(Refusal::NotPermitted),
        Some(BlockState::Device(memory, _)) => {
            memory.commanded();
            Ok(())
        }
        _ => Err(Refusal::Unknown),
    }
}
