//! How something stands, in one word.

use alloc::{borrow::ToOwned, string::String};
use model::wire::WhyKind;
use model::{BlockId, Mode};

use super::term::Scene;
use crate::interlock::InterlockMemory;
use crate::plant::{BlockBody, DeviceKind};
use crate::text::state_word;

pub(super) fn interlock(memory: InterlockMemory) -> &'static str {
    match (memory.bypassed_until != 0, memory.tripped, memory.active) {
        (true, ..) => "bypassed",
        (_, true, _) => "tripped",
        (_, _, true) => "cause stands",
        _ => "ready",
    }
}

/// What a block is, and its mode, its state or its result.
pub(super) fn block(scene: Scene<'_>, id: BlockId) -> (WhyKind, String) {
    let now = |point| scene.now(point).text();
    let state = |kind, point| state_word(kind, scene.view.value(point)).to_owned();
    match &scene.plant.blocks[id.index()].body {
        BlockBody::Pid(pid) => {
            (WhyKind::Loop, Mode::from_value(scene.view.value(pid.mode)).short().to_owned())
        }
        BlockBody::Device(device) => {
            let kind = match device.kind {
                DeviceKind::Motor => WhyKind::Motor,
                DeviceKind::Valve => WhyKind::Valve,
                DeviceKind::Breaker => WhyKind::Breaker,
            };
            (kind, state(device.kind, device.state))
        }
        BlockBody::Duty(duty) => (WhyKind::Group, state(DeviceKind::Motor, duty.state)),
        BlockBody::Calc(calc) => (WhyKind::Calculation, now(calc.out)),
        BlockBody::Filter(filter) => (WhyKind::Filter, now(filter.out)),
        BlockBody::Ratio(ratio) => (WhyKind::Ratio, now(ratio.out)),
        BlockBody::Ramp(ramp) => (WhyKind::Ramp, now(ramp.out)),
        BlockBody::Selector(selector) => (WhyKind::Selector, now(selector.out)),
        BlockBody::Split(split) => (WhyKind::Split, now(split.signal)),
        BlockBody::Position(position) => (WhyKind::Position, now(position.deviation)),
        BlockBody::Function(function) => {
            (WhyKind::Function, function.ports.first().map_or(String::new(), |port| now(*port)))
        }
    }
}
