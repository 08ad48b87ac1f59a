//! What is missing for what a person wants next: a reset, a start.

use alloc::{borrow::ToOwned, vec::Vec};
use model::wire::{Missing, WhyLine};
use model::{Mode, PointId};

use super::item::{DRIVE_FAULT, DRIVE_LOCAL, GIVEN_UP, NONE_READY, OUT_OF_SERVICE, causes};
use super::term::Scene;
use super::{condition, holders, point_line};
use crate::plant::{BlockBody, Device, DeviceKind, Duty, Wish};

/// The causes that have to go before an interlock lets go, or can be reset.
pub(super) fn reset(scene: Scene<'_>, index: usize) -> Missing {
    let mut lines = Vec::new();
    causes(scene, index, 0, true, &mut lines);
    let goal = if scene.plant.interlocks[index].latched { "reset" } else { "release" };
    Missing { goal: goal.to_owned(), lines }
}

/// What stands against a device that is off.
pub(super) fn block(scene: Scene<'_>, body: &BlockBody) -> Option<Missing> {
    match body {
        BlockBody::Device(body) => device(scene, body),
        BlockBody::Duty(body) => duty(scene, body),
        _ => None,
    }
}

fn device(scene: Scene<'_>, device: &Device) -> Option<Missing> {
    let view = scene.view;
    if view.value(device.command) >= 0.5 {
        return None;
    }
    let mut lines = Vec::new();
    if Mode::from_value(view.value(device.mode)) == Mode::OutOfService {
        lines.push(WhyLine::words(0, OUT_OF_SERVICE));
    }
    holders(scene, device.command, &mut lines);
    if let Some(rest) = device.wear.rest.filter(|rest| view.value(*rest) > 0.0) {
        lines.push(point_line(scene, 0, "it rests before the next start", rest));
    }
    let on = |point: Option<PointId>| point.is_some_and(|point| view.value(point) >= 0.5);
    let group = device.auto.as_ref().filter(|auto| matches!(auto.wish, Wish::Group(_)));
    if on(Some(device.fail)) && on(group.map(|auto| auto.switch)) {
        lines.push(WhyLine::words(0, GIVEN_UP));
    }
    if let Some(drive) = &device.drive {
        let against = [(drive.fault, DRIVE_FAULT), (drive.local, DRIVE_LOCAL)];
        let against = against.into_iter().filter(|(point, _)| on(*point));
        lines.extend(against.map(|(_, words)| WhyLine::words(0, words)));
    }
    if let Some(permit) = &device.permit {
        condition::unmet(scene, permit, 0, &mut lines);
    }
    Some(Missing { goal: device.kind.words().1.to_owned(), lines })
}

fn duty(scene: Scene<'_>, duty: &Duty) -> Option<Missing> {
    if scene.view.value(duty.command) >= 0.5 {
        return None;
    }
    let mut lines = Vec::new();
    holders(scene, duty.command, &mut lines);
    if !duty.members.iter().any(|member| scene.view.value(member.ready) >= 0.5) {
        lines.push(WhyLine::words(0, NONE_READY));
    }
    Some(Missing { goal: DeviceKind::Motor.words().1.to_owned(), lines })
}
