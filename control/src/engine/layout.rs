//! What the engine derives from the plant once: who stands behind each point, cadences.

use alloc::{vec, vec::Vec};
use model::{InterlockId, PointId};

use crate::force::Reach;
use crate::interlock::Terms;
use crate::plant::{BlockBody, Origin, Plant, Point, ScanTiming};

/// Phases and procedures run at this pace.
const PROCEDURE_MS: u32 = 100;
/// How long a start waits for the field before interlocks are evaluated all the same.
const GRACE_MS: u32 = 5000;

/// What a write to a point means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Only the value.
    Plain,
    SetPoint(u32),
    LoopOutput(u32),
    LoopMode(u32),
    /// Where a recipe or another system writes the set point, and the output, of a loop.
    RemoteSetPoint(u32),
    RemoteOutput(u32),
    DeviceCommand(u32),
    /// The switch by which a device is given to its wish or its group.
    DeviceAuto(u32),
    PhaseParameter(u32),
    /// An output tag that a loop or another block drives.
    Driven(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) bindings: Vec<Binding>,
    /// Per device: its link and the inputs that come over it.
    pub(crate) devices: Vec<(PointId, Vec<PointId>)>,
    /// Seconds between two runs, per task.
    pub(crate) task_dt: Vec<f64>,
    pub(crate) procedure_ticks: u64,
    pub(crate) grace_ticks: u64,
    /// The causes of all interlocks.
    pub(crate) terms: Terms,
    /// Which interlocks a force of an input would defeat.
    pub(crate) reach: Reach,
    /// The tags that show how many are forced.
    pub(crate) force_counts: Vec<PointId>,
    /// Tags that show how many interlocks are bypassed.
    pub(crate) bypass_counts: Vec<PointId>,
    /// The points that show which interlocks have tripped.
    pub(crate) trips: Vec<(PointId, InterlockId)>,
    /// And how many devices and loops are out of service.
    pub(crate) service_counts: Vec<PointId>,
}

impl Layout {
    pub(crate) fn new(plant: &Plant) -> Self {
        let period_ms = plant.period_ms.max(1);
        let seconds = |ticks: u32| f64::from(ticks.max(1)) * f64::from(period_ms) * 1e-3;
        Self {
            terms: Terms::new(plant),
            reach: Reach::new(plant),
            force_counts: counts_of(plant, ScanTiming::Forced),
            bypass_counts: counts_of(plant, ScanTiming::Bypassed),
            trips: trips(plant),
            service_counts: counts_of(plant, ScanTiming::OutOfService),
            bindings: bindings(plant),
            devices: devices(plant),
            task_dt: plant.tasks.iter().map(|task| seconds(task.period_ticks)).collect(),
            procedure_ticks: u64::from((PROCEDURE_MS / period_ms).max(1)),
            grace_ticks: u64::from((GRACE_MS / period_ms).max(1)),
        }
    }
}

fn trips(plant: &Plant) -> Vec<(PointId, InterlockId)> {
    let known = |(index, point): (usize, &Point)| match point.origin {
        Origin::Interlock(interlock) if interlock.index() < plant.interlocks.len() => {
            Some((PointId(index as u32), interlock))
        }
        _ => None,
    };
    plant.points.iter().enumerate().filter_map(known).collect()
}

fn bindings(plant: &Plant) -> Vec<Binding> {
    let mut bindings = vec![Binding::Plain; plant.points.len()];
    for (index, block) in plant.blocks.iter().enumerate() {
        let index = index as u32;
        match &block.body {
            BlockBody::Pid(pid) => {
                bindings[pid.sp.index()] = Binding::SetPoint(index);
                bindings[pid.out.index()] = Binding::LoopOutput(index);
                bindings[pid.mode.index()] = Binding::LoopMode(index);
                if let Some(remote) = &pid.options.remote {
                    for (point, binding) in [
                        (remote.sp, Binding::RemoteSetPoint(index)),
                        (remote.out, Binding::RemoteOutput(index)),
                    ] {
                        if let Some(point) = point {
                            bindings[point.index()] = binding;
                        }
                    }
                }
            }
            BlockBody::Device(device) => {
                bindings[device.command.index()] = Binding::DeviceCommand(index);
                if let Some(auto) = &device.auto {
                    bindings[auto.switch.index()] = Binding::DeviceAuto(index);
                }
            }
            BlockBody::Calc(_)
            | BlockBody::Filter(_)
            | BlockBody::Ratio(_)
            | BlockBody::Ramp(_)
            | BlockBody::Position(_)
            | BlockBody::Selector(_)
            | BlockBody::Split(_)
            | BlockBody::Duty(_)
            | BlockBody::Function(_) => {}
        }
        if !matches!(block.body, BlockBody::Device(_)) {
            for target in block.body.targets() {
                bindings[target.index()] = Binding::Driven(index);
            }
        }
    }
    for (point, binding) in plant.points.iter().zip(&mut bindings) {
        if let Origin::Phase(phase) = point.origin {
            *binding = Binding::PhaseParameter(phase.0);
        }
    }
    bindings
}

fn counts_of(plant: &Plant, what: ScanTiming) -> Vec<PointId> {
    let counts = |index: &usize| plant.points[*index].origin == Origin::Scan(what);
    (0..plant.points.len()).filter(counts).map(|index| PointId(index as u32)).collect()
}

fn devices(plant: &Plant) -> Vec<(PointId, Vec<PointId>)> {
    let inputs = |device: usize| {
        let mine =
            |io: &&model::IoPoint| io.device.index() == device && io.direction == model::Direction::Input;
        plant.io.points.iter().filter(mine).map(|io| io.point).collect()
    };
    plant.io.devices.iter().enumerate().map(|(index, device)| (device.link, inputs(index))).collect()
}
