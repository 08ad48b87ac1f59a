//! The engine: one deterministic scan after the other.
//!
//! ```text
//! inputs ─► image ─► commands ─► tasks' blocks ─► phases, procedures ─► forces ─► alarms ─► interlocks ─► image
//! ```
//!
//! **Time** is the tick: `tick * period`. It may jump when the machine stalls; then tasks that were
//! due in between run once, and delays count the ticks that have passed.
//!
//! **Start.** Until every device has delivered its first data, or [five seconds](Engine::is_ready)
//! have passed, blocks, phases, alarms and interlocks stand still and the shell publishes no
//! outputs: a plant that runs can be taken over without a trip. What the outputs of the field are,
//! the shell tells as inputs to the output tags before that; loops and devices begin from there.
//! After a restart from a snapshot [`Engine::resume`] begins such a wait again; what the time without a controller
//! means for everything that remembers stands in `gap.rs`.
//!
//! **Return.** A device that was away may have driven its outputs to their fail positions. The shell
//! tells where they are before it tells that the link is up; what differs from the command is taken
//! over, so that nothing starts again by itself: motors are off, and with the last of its motors a group. What is in AUTO by
//! a condition of the text follows it.

mod begin;
mod gap;
mod layout;
mod publish;
mod quiet;
mod snapshot;
mod state;

use alloc::sync::Arc;
use model::{
    AlarmId, Command, DeviceId, EventBody, ForceEnd, InterlockChange, InterlockId, LinkDoubt, PointId,
    Quality, UserId,
};

use crate::blocks::{BlockState, Context, duty, link_of};
use crate::exchange::{Input, ScanOutput};
use crate::image::Image;
use crate::interlock::InterlockMemory;
use crate::phase::Scene;
use crate::plant::{AlarmCondition, BlockBody, Origin, Plant};
use crate::service::count_out_of_service;
use crate::stroke::valve::ValveTest;

pub(crate) use begin::begin;
pub(crate) use gap::Gap;
pub(crate) use layout::{Binding, Layout};
use quiet::Quiet;
pub use snapshot::RestoreError;
pub(crate) use state::State;

/// The deterministic core at run time. Nothing in a scan depends on anything but its arguments.
#[derive(Clone, Debug)]
pub struct Engine {
    plant: Arc<Plant>,
    layout: Layout,
    state: State,
    quiet: Quiet,
}

impl Engine {
    pub fn new(plant: Arc<Plant>) -> Self {
        let layout = Layout::new(&plant);
        let state = State::new(&plant);
        let quiet = Quiet::new(&plant);
        Self { plant, layout, state, quiet }
    }

    pub fn plant(&self) -> &Arc<Plant> {
        &self.plant
    }

    /// Values and qualities after the last scan. Output tags hold what the field should get.
    pub fn image(&self) -> &Image {
        &self.state.image
    }

    /// The tick of the last scan.
    pub fn tick(&self) -> u64 {
        self.state.tick
    }

    /// True when the field has delivered, or has had five seconds: only then do outputs mean anything.
    pub fn is_ready(&self) -> bool {
        self.state.ready
    }

    /// Every alarm after the last scan, by its number.
    pub fn alarms(&self) -> &[crate::AlarmMemory] {
        &self.state.alarms
    }

    /// Every interlock after the last scan, by its number.
    pub fn interlocks(&self) -> &[InterlockMemory] {
        &self.state.interlocks
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn state_mut(&mut self) -> &mut State {
        self.quiet.look_everywhere();
        &mut self.state
    }

    /// After the interlocks' memories have come from elsewhere.
    pub(crate) fn count_bypasses(&mut self) {
        count_bypasses(&self.layout, &self.state.interlocks, &mut self.state.image);
    }

    /// The plant, the seconds between two runs of each task, and the state.
    pub(crate) fn parts_mut(&mut self) -> (&Plant, &[f64], &mut State) {
        self.quiet.look_everywhere();
        (&self.plant, &self.layout.task_dt, &mut self.state)
    }

    /// After a restore in a new process: waits for the field again before anything acts.
    ///
    /// It is no input of a scan: take a snapshot after it.
    pub fn resume(&mut self) {
        self.quiet.look_everywhere();
        if self.state.ready {
            self.state.left = self.state.tick;
        }
        self.state.running = false;
        self.state.ready = false;
        self.state.experiments.iter_mut().for_each(crate::experiment::ExperimentMemory::interrupt);
        self.state.valve_tests.iter_mut().for_each(ValveTest::interrupt);
        for (link, inputs) in &self.layout.devices {
            self.state.image.set(*link, 0.0, Quality::Good);
            for point in inputs {
                if self.state.holds[point.index()].forced {
                    self.state.forces.await_field(*point);
                } else {
                    self.state.image.set_quality(*point, Quality::BadWaitingForInitialData);
                }
            }
        }
    }

    /// One scan. `out` is emptied and filled; nothing is allocated.
    pub fn scan(&mut self, tick: u64, inputs: &[Input], commands: &[Command], out: &mut ScanOutput) {
        out.clear();
        let Self { plant, layout, state, quiet } = self;
        let plant: &Plant = plant;
        // What was changed between two scans is in the state; the next look is at everything.
        quiet.forget(&mut state.image);
        let last = if state.running { state.tick } else { tick };
        if !state.running {
            state.running = true;
            state.began = tick;
            state.procedure_tick = tick;
        }
        // Time does not run backwards; what would is a scan in which no time passes.
        state.tick = tick.max(last);
        take_inputs(plant, layout, state, inputs, out);
        let became_ready = !state.ready && layout.is_ready(state);
        state.ready |= became_ready;
        if became_ready && state.initialised {
            gap::close(plant, state);
        } else if became_ready {
            state.initialised = true;
            begin(plant, &layout.task_dt, state, out, |_| true);
        }
        let mut scene = Scene { plant, layout, state, out };
        scene.expire_forces();
        scene.take_commands(commands);
        if became_ready || !commands.is_empty() {
            quiet.look_everywhere();
        }
        if state.ready {
            act(plant, layout, state, quiet, out, (last, became_ready));
        }
        state.extend_chain();
        quiet.close(&mut state.image, &state.holds);
    }
}

/// Blocks, phases, alarms and interlocks. `last` is the tick of the scan before; `first` runs every task.
fn act(
    plant: &Plant,
    layout: &Layout,
    state: &mut State,
    quiet: &mut Quiet,
    out: &mut ScanOutput,
    (last, first): (u64, bool),
) {
    let mut scene = Scene { plant, layout, state, out };
    scene.move_simulated();
    scene.run_experiments();
    scene.run_valve_strokes();
    run_tasks(plant, layout, state, out, last, first);
    run_procedures(plant, layout, state, out, last);
    Scene { plant, layout, state, out }.write_forced_outputs();
    quiet.tell(&state.image, &state.holds);
    run_alarms(plant, layout, state, quiet, out);
    run_interlocks(plant, layout, state, quiet, out);
    let mut scene = Scene { plant, layout, state, out };
    scene.yield_to_interlocks();
    scene.yield_valve_strokes();
    state.memory.previous.take(&state.image);
}

impl Layout {
    fn is_ready(&self, state: &State) -> bool {
        let delivered = |(link, inputs): &(PointId, alloc::vec::Vec<PointId>)| {
            // What is forced says nothing of whether its device has delivered.
            let quality = |point: &PointId| state.forces.raw_quality(&state.image, *point);
            let waits = |point: &PointId| quality(point) == Quality::BadWaitingForInitialData;
            state.image.is_on(*link) && !inputs.iter().any(waits)
        };
        self.devices.iter().all(delivered) || state.tick.saturating_sub(state.began) >= self.grace_ticks
    }
}

/// Outputs that differ by less stand where they were commanded: no device resolves its range worse.
const RESOLUTION: f64 = 1e-3;

fn take_inputs(plant: &Plant, layout: &Layout, state: &mut State, inputs: &[Input], out: &mut ScanOutput) {
    let mut taken_over = 0;
    for input in inputs {
        let Some(point) = plant.points.get(input.point.index()) else { continue };
        match point.origin {
            Origin::Field(_) if state.holds[input.point.index()].forced => state.forces.hear(input),
            Origin::Field(_) | Origin::Scan(_) => match input.quality {
                bad if bad.is_bad() => state.image.set_quality(input.point, bad),
                _ if !input.value.is_finite() => {
                    state.image.set_quality(input.point, Quality::BadOutOfRange);
                }
                usable => state.image.set(input.point, input.value, usable),
            },
            Origin::Link(device) => {
                let up = input.value >= 0.5 && input.quality.is_usable();
                if up != state.image.is_on(input.point) {
                    state.image.set(input.point, f64::from(u8::from(up)), Quality::Good);
                    out.push(state.tick, EventBody::Link { device, up });
                    if up && taken_over > 0 {
                        out.push(state.tick, EventBody::TakenOver { device, outputs: taken_over });
                        strike_link_alarms(plant, layout, state, input.point, out);
                    }
                    taken_over = 0;
                }
                hear_doubt(plant, layout, state, (input, device, up), out);
            }
            Origin::FieldOutput(_) if input.quality.is_bad() => {
                out.push(state.tick, EventBody::OutputRefused { point: input.point });
            }
            // Before anything acts: what the field holds now. Loops and devices begin from it.
            Origin::FieldOutput(_) if !state.initialised && input.value.is_finite() => {
                preset(plant, state, input.point, input.value);
            }
            Origin::FieldOutput(_) if input.value.is_finite() => {
                let away = link_of(plant, input.point).is_some_and(|link| !state.image.is_on(link));
                let point = plant.point(input.point);
                let moved = (input.value - state.image.value(input.point)).abs();
                if away && moved > RESOLUTION * (point.high - point.low) {
                    let mut scene = Scene { plant, layout, state, out };
                    scene.end_force(input.point, ForceEnd::TakenOver, UserId::SYSTEM);
                    preset(plant, state, input.point, input.value);
                    taken_over += 1;
                }
            }
            Origin::FieldOutput(_)
            | Origin::Block(_)
            | Origin::Entry
            | Origin::Phase(_)
            | Origin::Interlock(_) => {}
        }
    }
}

/// A link that is up and uncertain belongs to a device that refuses outputs, or takes them from another client too: its
/// quality says which. They stand where nobody here commands them, so its alarm is raised, and what reads the link goes on:
/// its inputs are sound.
fn hear_doubt(
    plant: &Plant,
    layout: &Layout,
    state: &mut State,
    (input, device, up): (&Input, DeviceId, bool),
    out: &mut ScanOutput,
) {
    let doubt = LinkDoubt::of(input.quality).filter(|_| up);
    if doubt == LinkDoubt::of(state.image.quality(input.point)) {
        return;
    }
    state.image.set_quality(input.point, doubt.map_or(Quality::Good, LinkDoubt::quality));
    if up {
        out.push(state.tick, EventBody::Doubted { device, doubt });
    }
    if doubt.is_some() {
        strike_link_alarms(plant, layout, state, input.point, out);
    }
}

/// Outputs that moved by themselves concern the operator, also when the link was never seen to be down.
fn strike_link_alarms(
    plant: &Plant,
    layout: &Layout,
    state: &mut State,
    link: PointId,
    out: &mut ScanOutput,
) {
    for (index, alarm) in plant.alarms.iter().enumerate() {
        if !matches!(alarm.condition, AlarmCondition::Fault { point, .. } if point == link) {
            continue;
        }
        if let Some(from) = state.alarms[index].strike(state.tick) {
            let memory = state.alarms[index];
            let mut scene = Scene { plant, layout, state, out };
            scene.report_alarm(index, from, &memory, UserId::SYSTEM);
        }
    }
}

/// A controller that takes over a running plant begins with the outputs that the field holds.
fn preset(plant: &Plant, state: &mut State, point: PointId, value: f64) {
    state.image.set(point, value, Quality::Good);
    for (block, memory) in plant.blocks.iter().zip(&mut state.blocks) {
        if let (BlockBody::Device(device), BlockState::Device(memory, _)) = (&block.body, memory)
            && device.out == point
        {
            memory.service.taken_over(value >= 0.5);
            state.image.set(device.command, f64::from(u8::from(value >= 0.5)), Quality::Good);
        }
    }
    if state.initialised && value < 0.5 {
        for block in &plant.blocks {
            if let BlockBody::Duty(group) = &block.body {
                duty::found_off(group, point, &mut state.image);
            }
        }
    }
}

fn run_tasks(plant: &Plant, layout: &Layout, state: &mut State, out: &mut ScanOutput, last: u64, all: bool) {
    if all {
        begin::run_signals(plant, &layout.task_dt, state, out, |_| true);
    }
    let now = state.now(plant);
    let State { image, memory, holds, handshakes, blocks, .. } = state;
    let mut context = Context { ops: &plant.code.ops, image, memory, holds, handshakes, out, now, dt: 0.0 };
    for (index, task) in plant.tasks.iter().enumerate() {
        if all || is_due(now.tick, last, u64::from(task.period_ticks), u64::from(task.phase_ticks)) {
            context.dt = layout.task_dt[index];
            for block in &task.blocks {
                blocks[block.index()].run(plant, block.index(), &mut context);
            }
        }
    }
}

fn run_procedures(plant: &Plant, layout: &Layout, state: &mut State, out: &mut ScanOutput, last: u64) {
    if !is_due(state.tick, last, layout.procedure_ticks, 0) {
        return;
    }
    let elapsed = state.tick.saturating_sub(state.procedure_tick);
    state.procedure_tick = state.tick;
    let mut scene = Scene { plant, layout, state, out };
    scene.start_trip_phases();
    scene.run_phases();
    scene.run_procedures(elapsed);
    count_out_of_service(layout, state);
}

fn run_alarms(plant: &Plant, layout: &Layout, state: &mut State, quiet: &mut Quiet, out: &mut ScanOutput) {
    let now = state.now(plant);
    quiet.alarms.each(now.tick, |index| {
        let State { alarms, image, memory, .. } = &mut *state;
        memory.begin_look();
        let left = alarms[index].scan(&plant.alarms[index], &plant.code.ops, image, memory, now);
        let again = memory.end_look();
        if let Some(from) = left {
            let memory = alarms[index];
            let mut scene = Scene { plant, layout, state, out };
            scene.report_alarm(AlarmId(index as u32).index(), from, &memory, UserId::SYSTEM);
        }
        again
    });
}

fn run_interlocks(
    plant: &Plant,
    layout: &Layout,
    state: &mut State,
    quiet: &mut Quiet,
    out: &mut ScanOutput,
) {
    let now = state.now(plant);
    let State { interlocks, image, memory, .. } = &mut *state;
    let Quiet { interlocks: looks, touched, grip, .. } = &mut *quiet;
    let mut restored = false;
    looks.each(now.tick, |index| {
        let forced = interlocks[index].forces();
        memory.begin_look();
        let view = (&plant.code.ops[..], &*image, now);
        interlocks[index].scan(&plant.interlocks[index], (&layout.terms, index), view, memory, |change| {
            restored |= change == InterlockChange::Restored;
            out.push(now.tick, EventBody::Interlock { interlock: InterlockId(index as u32), change });
        });
        *grip |= forced != interlocks[index].forces();
        memory.end_look()
    });
    if core::mem::take(grip) | core::mem::take(touched) {
        quiet.forcing = interlocks.iter().any(InterlockMemory::forces);
        force(plant, state, quiet);
    }
    if restored {
        count_bypasses(layout, &state.interlocks, &mut state.image);
        layout.bypass_counts.iter().for_each(|point| quiet.tell_of(*point));
    }
    show_trips(layout, state, quiet);
}

/// For alarms and conditions of the plant. A reset, a bypass and a restored state come here as well.
fn show_trips(layout: &Layout, state: &mut State, quiet: &mut Quiet) {
    let State { interlocks, image, .. } = state;
    for (point, interlock) in &layout.trips {
        let tripped = f64::from(u8::from(interlocks[interlock.index()].tripped));
        if image.value(*point) != tripped {
            image.set(*point, tripped, Quality::Good);
            quiet.tell_of(*point);
        }
    }
}

/// For the tags of the plant that show how many there are, and their alarms.
pub(crate) fn count_bypasses(layout: &Layout, interlocks: &[InterlockMemory], image: &mut Image) {
    let count = interlocks.iter().filter(|interlock| interlock.bypassed_until != 0).count();
    for point in &layout.bypass_counts {
        image.set(*point, count as f64, Quality::Good);
    }
}

/// What tripped interlocks dictate. Of two that dictate one point the first wins.
fn force(plant: &Plant, state: &mut State, quiet: &mut Quiet) {
    let State { interlocks, image, holds, .. } = state;
    for forcing in plant.interlocks.iter().flat_map(|interlock| &interlock.actions) {
        for point in forced_points(plant, forcing) {
            holds[point.index()].interlock = 0;
        }
    }
    for (index, interlock) in plant.interlocks.iter().enumerate() {
        if !interlocks[index].forces() {
            continue;
        }
        for forcing in &interlock.actions {
            for point in forced_points(plant, forcing) {
                let hold = &mut holds[point.index()];
                if hold.interlock == 0 {
                    hold.interlock = index as u32 + 1;
                    image.set(point, forcing.value, Quality::Good);
                    quiet.tell_of(point);
                }
            }
        }
    }
}

/// The point that is forced, and what stands behind it: the output of a device, the motors of a group.
pub(crate) fn forced_points(plant: &Plant, forcing: &crate::plant::Forcing) -> impl Iterator<Item = PointId> {
    let (output, members) = match forcing.device.map(|block| &plant.blocks[block.index()].body) {
        Some(BlockBody::Device(device)) if device.out != forcing.point => (Some(device.out), &[][..]),
        Some(BlockBody::Duty(duty)) => (None, &duty.members[..]),
        _ => (None, &[][..]),
    };
    let motors = members.iter().flat_map(|member| {
        core::iter::once(member.command).chain((member.out != member.command).then_some(member.out))
    });
    core::iter::once(forcing.point).chain(output).chain(motors)
}

/// True when a moment `tick % period == phase` lies behind `last`, up to `tick`.
fn is_due(tick: u64, last: u64, period: u64, phase: u64) -> bool {
    let period = period.max(1);
    let count = |tick: u64| tick.saturating_add(period - phase % period) / period;
    tick > last && count(tick) != count(last)
}

#[cfg(test)]
mod tests;
