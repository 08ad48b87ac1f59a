//! Which interlocks a forced input would defeat: those that read it, also by way of blocks.
//!
//! ```text
//! LT-311 ──► filter ──► selector ──► IL-304 "level above 90 %"          LT-311 defeats IL-304
//! ```
//!
//! The way goes back from each cause through what a block **measures**: a calculation, a filter, a selector, a
//! function block, the PV of a loop, the feedbacks of a motor or valve. It ends at output tags, set points and phases:
//! what a controller decides from an input is really told to the field, and an interlock that reads it sees it.

use alloc::{collections::BTreeSet, vec, vec::Vec};
use model::{BlockId, InterlockId, PointId};

use crate::machine::read_points;
use crate::plant::{BlockBody, Device, Expr, FunctionInput, Interlock, Origin, Plant};

#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// Per point: an interlock that may never be bypassed reads it.
    barred: Vec<bool>,
    /// Per block: such an interlock asks whether the device has failed, and out of service it never has.
    service: Vec<bool>,
    /// Per block: the interlocks that watch a valve that may be stroked.
    watching: Vec<Vec<u32>>,
}

impl Reach {
    pub(crate) fn new(plant: &Plant) -> Self {
        let mut barred = vec![false; plant.points.len()];
        let mut service = vec![false; plant.blocks.len()];
        for interlock in plant.interlocks.iter().filter(|interlock| interlock.bypass.is_none()) {
            inputs_of(plant, interlock).into_iter().for_each(|input| barred[input.index()] = true);
            devices_of(plant, interlock).for_each(|block| service[block] = true);
        }
        let mut watching = vec![Vec::new(); plant.blocks.len()];
        for (number, interlock) in plant.interlocks.iter().enumerate() {
            let read = points_behind(plant, causes_of(plant, interlock));
            for (index, block) in plant.blocks.iter().enumerate() {
                if sees_stroke(&read, &block.body) {
                    watching[index].push(number as u32);
                }
            }
        }
        Self { barred, service, watching }
    }

    /// The interlocks that see a stroke of this valve.
    pub(crate) fn watching(&self, block: BlockId) -> &[u32] {
        self.watching.get(block.index()).map_or(&[], Vec::as_slice)
    }

    /// The device may not be taken out of service.
    pub(crate) fn bars_service(&self, block: BlockId) -> bool {
        self.service.get(block.index()).copied().unwrap_or(false)
    }

    /// It may not be forced.
    pub(crate) fn bars(&self, point: PointId) -> bool {
        self.barred.get(point.index()).copied().unwrap_or(false)
    }
}

/// The interlocks that a force of this point defeats, in their order.
pub(crate) fn defeated(plant: &Plant, point: PointId) -> Vec<InterlockId> {
    let reads = |index: &usize| inputs_of(plant, &plant.interlocks[*index]).contains(&point);
    (0..plant.interlocks.len()).filter(reads).map(|index| InterlockId(index as u32)).collect()
}

/// The interlocks that see a stroke of this valve, in their order.
pub(crate) fn watching(plant: &Plant, block: BlockId) -> Vec<InterlockId> {
    let Some(block) = plant.blocks.get(block.index()) else { return Vec::new() };
    let sees = |index: &usize| {
        sees_stroke(&points_behind(plant, causes_of(plant, &plant.interlocks[*index])), &block.body)
    };
    (0..plant.interlocks.len()).filter(sees).map(|index| InterlockId(index as u32)).collect()
}

/// The interlocks that ask whether this device has failed, in their order.
pub(crate) fn asking(plant: &Plant, block: BlockId) -> Vec<InterlockId> {
    let asks =
        |index: &usize| devices_of(plant, &plant.interlocks[*index]).any(|other| other == block.index());
    (0..plant.interlocks.len()).filter(asks).map(|index| InterlockId(index as u32)).collect()
}

/// By point: the interlocks that a force of it defeats.
pub(crate) fn all_defeated(plant: &Plant) -> Vec<Vec<InterlockId>> {
    let mut all = vec![Vec::new(); plant.points.len()];
    for (index, interlock) in plant.interlocks.iter().enumerate() {
        for input in inputs_of(plant, interlock) {
            all[input.index()].push(InterlockId(index as u32));
        }
    }
    all
}

/// By block: the interlocks that ask whether the device has failed.
pub(crate) fn all_asking(plant: &Plant) -> Vec<Vec<InterlockId>> {
    let mut all = vec![Vec::new(); plant.blocks.len()];
    for (index, interlock) in plant.interlocks.iter().enumerate() {
        devices_of(plant, interlock).for_each(|block| all[block].push(InterlockId(index as u32)));
    }
    all
}

/// Everything by which one sees where a device stands or is told to go.
fn shown(device: &Device) -> impl Iterator<Item = PointId> {
    let own = [device.command, device.out, device.state, device.fail];
    own.into_iter().chain(device.on).chain(device.off)
}

/// Whether a stroke of this block, if it is a valve with one, shows in these points.
fn sees_stroke(read: &BTreeSet<PointId>, body: &BlockBody) -> bool {
    match body {
        BlockBody::Device(device) => {
            device.stroke.is_some() && shown(device).any(|point| read.contains(&point))
        }
        _ => false,
    }
}

/// The devices whose failure the causes of an interlock read.
fn devices_of(plant: &Plant, interlock: &Interlock) -> impl Iterator<Item = usize> {
    let read = points_behind(plant, causes_of(plant, interlock));
    plant.blocks.iter().enumerate().filter_map(move |(index, block)| match &block.body {
        BlockBody::Device(device) if read.contains(&device.fail) || read.contains(&device.state) => {
            Some(index)
        }
        _ => None,
    })
}

/// The inputs from which the causes of an interlock follow.
fn inputs_of(plant: &Plant, interlock: &Interlock) -> BTreeSet<PointId> {
    inputs_behind(plant, causes_of(plant, interlock))
}

fn causes_of(plant: &Plant, interlock: &Interlock) -> Vec<PointId> {
    interlock.causes.iter().flat_map(|cause| read_points(plant, &cause.when)).collect()
}

fn inputs_behind(plant: &Plant, waiting: Vec<PointId>) -> BTreeSet<PointId> {
    let field = |point: &PointId| matches!(plant.point(*point).origin, Origin::Field(_));
    points_behind(plant, waiting).into_iter().filter(field).collect()
}

/// These points, and all from which they follow by what blocks measure.
pub(crate) fn points_behind(plant: &Plant, mut waiting: Vec<PointId>) -> BTreeSet<PointId> {
    let mut seen = BTreeSet::new();
    while let Some(point) = waiting.pop() {
        if !seen.insert(point) {
            continue;
        }
        match plant.point(point).origin {
            Origin::Block(block) => {
                if let Some(block) = plant.blocks.get(block.index()) {
                    measured(plant, &block.body, &mut waiting);
                }
            }
            Origin::Field(_)
            | Origin::FieldOutput(_)
            | Origin::Link(_)
            | Origin::Entry
            | Origin::Phase(_)
            | Origin::Interlock(_)
            | Origin::Scan(_) => {}
        }
    }
    seen
}

/// The points from which the results of a block follow.
pub(crate) fn measured(plant: &Plant, body: &BlockBody, found: &mut Vec<PointId>) {
    let mut reads = |expr: &Expr| found.extend(read_points(plant, expr));
    match body {
        BlockBody::Calc(calc) => reads(&calc.value),
        BlockBody::Filter(filter) => found.push(filter.input),
        BlockBody::Pid(pid) => found.push(pid.input),
        BlockBody::Ratio(ratio) => found.push(ratio.input),
        BlockBody::Ramp(ramp) => ramp.source.iter().for_each(reads),
        BlockBody::Selector(selector) => found.extend(&selector.inputs),
        BlockBody::Split(split) => found.push(split.input),
        BlockBody::Position(body) => found.push(body.position),
        BlockBody::Function(function) => {
            for input in &function.inputs {
                if let FunctionInput::Condition(expr) = input {
                    reads(expr);
                }
            }
            found.extend(function.read_points());
        }
        BlockBody::Device(device) => {
            found.extend(device.on.into_iter().chain(device.off));
            if let Some(drive) = &device.drive {
                found.extend(drive.actual.into_iter().chain(drive.fault).chain(drive.local));
            }
        }
        BlockBody::Duty(duty) => {
            found.extend(duty.members.iter().flat_map(|member| [member.state, member.fail]));
        }
    }
}
