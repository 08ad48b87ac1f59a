//! Values, times and names as people read them.

use alloc::{format, string::String, vec::Vec};
use model::wire::AlarmKind;
use model::{BlockId, Mode, PointId, Quality};

pub(crate) use model::words::{duration, joined, number};

use crate::plant::{BlockBody, DeviceKind, DeviceState, Origin, Plant, Point};

/// A value of a point as its faceplate shows it: with unit, or as a word.
pub(crate) fn value_text(plant: &Plant, point: PointId, value: f64) -> String {
    let definition = plant.point(point);
    match word(plant, point, value) {
        Some(word) => word,
        None => with_unit(definition, value),
    }
}

/// The same without the unit, for the first of two values.
pub(crate) fn bare_text(plant: &Plant, point: PointId, value: f64) -> String {
    word(plant, point, value).unwrap_or_else(|| readable(value, plant.point(point).decimals))
}

fn with_unit(point: &Point, value: f64) -> String {
    joined(&readable(value, point.decimals), point.unit.symbol())
}

/// With its decimals, unless those would be hundreds of digits: what somebody has asked for may be any number.
fn readable(value: f64, decimals: u8) -> String {
    if libm::fabs(value) < 1e15 { number(value, decimals) } else { format!("{value:e}") }
}

/// The word for a value that is no quantity: a mode, a state, a switch.
pub(crate) fn word(plant: &Plant, point: PointId, value: f64) -> Option<String> {
    let definition = plant.point(point);
    if let Origin::Block(block) = definition.origin {
        match &plant.blocks.get(block.index())?.body {
            BlockBody::Pid(pid) if pid.mode == point => return Some(Mode::from_value(value).short().into()),
            BlockBody::Duty(duty) if duty.state == point => {
                return Some(state_word(DeviceKind::Motor, value).into());
            }
            BlockBody::Device(device) if device.mode == point => {
                return Some(Mode::from_value(value).short().into());
            }
            BlockBody::Device(device) if device.state == point => {
                return Some(state_word(device.kind, value).into());
            }
            BlockBody::Device(device) if device.command == point && definition.words.is_none() => {
                let (off, on) = device.kind.words();
                return Some(if value >= 0.5 { on } else { off }.into());
            }
            _ => {}
        }
    }
    let (off, on) = definition.words.as_ref()?;
    match value {
        1.0 => Some(on.clone()),
        0.0 => Some(off.clone()),
        _ => None,
    }
}

/// The word for a device's STATE.
pub(crate) fn state_word(kind: DeviceKind, value: f64) -> &'static str {
    let words = match kind {
        DeviceKind::Motor => ["stopped", "running", "starting", "stopping", "failed"],
        DeviceKind::Valve => ["closed", "open", "opening", "closing", "failed"],
        DeviceKind::Breaker => ["open", "closed", "closing", "opening", "failed"],
    };
    let states = [
        DeviceState::Off,
        DeviceState::On,
        DeviceState::TurningOn,
        DeviceState::TurningOff,
        DeviceState::Failed,
    ];
    let index = states.into_iter().position(|state| f64::from(state as u8) == value);
    index.map_or("unknown", |index| words[index])
}

/// `B-0412`, the name of a batch on every screen.
pub(crate) fn batch_name(batch: u32) -> String {
    format!("B-{batch:04}")
}

/// The word of an alarm's kind in journal and list.
pub(crate) fn kind_word(kind: AlarmKind) -> Option<&'static str> {
    match kind {
        AlarmKind::HighHigh => Some("HI HI"),
        AlarmKind::High => Some("HI"),
        AlarmKind::Low => Some("LO"),
        AlarmKind::LowLow => Some("LO LO"),
        AlarmKind::Deviation => Some("DEV"),
        AlarmKind::Condition | AlarmKind::Fault => None,
    }
}

/// `, bad, no communication with the device`; nothing when good.
pub(crate) fn doubt(quality: Quality) -> String {
    if quality == Quality::Good { String::new() } else { format!(" ({})", quality.text()) }
}

/// The points of a block by their role, in the order of the faceplate.
pub(crate) fn roles(body: &BlockBody) -> Vec<(&'static str, PointId)> {
    match body {
        BlockBody::Calc(calc) => [("OUT", calc.out)].into(),
        BlockBody::Filter(filter) => [("OUT", filter.out)].into(),
        BlockBody::Pid(pid) => {
            let mut roles: Vec<_> = [
                ("PV", pid.pv),
                ("SP", pid.sp),
                ("SPW", pid.sp_working),
                ("OUT", pid.out),
                ("MODE", pid.mode),
                ("KC", pid.kc),
                ("TI", pid.ti),
                ("TD", pid.td),
                ("FF", pid.ff),
            ]
            .into();
            let remote = pid.options.remote.as_ref();
            roles.extend(pid.options.ff_gain.map(|point| ("FFGAIN", point)));
            roles.extend(remote.and_then(|remote| remote.sp).map(|point| ("RCAS", point)));
            roles.extend(remote.and_then(|remote| remote.out).map(|point| ("ROUT", point)));
            roles
        }
        BlockBody::Ratio(ratio) => {
            [("IN", ratio.wild), ("RATIO", ratio.ratio), ("BIAS", ratio.bias), ("OUT", ratio.out)].into()
        }
        BlockBody::Ramp(ramp) => [("TARGET", ramp.target), ("OUT", ramp.out)].into(),
        BlockBody::Position(body) => [
            ("DEV", body.deviation),
            ("RESULT", body.result),
            ("BREAK", body.breakaway),
            ("JUMP", body.jump),
            ("TRAVEL", body.travel),
        ]
        .into(),
        BlockBody::Selector(selector) => [("OUT", selector.out), ("SELECTED", selector.selected)].into(),
        BlockBody::Split(split) => {
            let names: &[&str] = if split.valves.len() == 1 { &["OUT"] } else { &["OUT1", "OUT2", "OUT3"] };
            let valves = names.iter().copied().zip(split.valves.iter().map(|valve| valve.out));
            core::iter::once(("IN", split.signal)).chain(valves).collect()
        }
        BlockBody::Function(function) => {
            function.shape().ports.iter().map(|port| port.role).zip(function.ports.iter().copied()).collect()
        }
        BlockBody::Device(device) => {
            let mut roles: Vec<_> = [
                ("CMD", device.command),
                ("STATE", device.state),
                ("FAIL", device.fail),
                ("MODE", device.mode),
            ]
            .into();
            let wear =
                [("REST", device.wear.rest), ("HOURS", device.wear.hours), ("STARTS", device.wear.starts)];
            roles.extend(wear.into_iter().filter_map(|(role, point)| Some((role, point?))));
            if let Some(stroke) = &device.stroke {
                roles.extend([("RESULT", stroke.result), ("OPENS", stroke.opens), ("CLOSES", stroke.closes)]);
            }
            if let Some(drive) = &device.drive {
                roles.extend([("SP", drive.set_point), ("OUT", drive.out)]);
            }
            if let Some(auto) = &device.auto {
                roles.push(("AUTO", auto.switch));
                roles.extend(auto.ready.map(|ready| ("READY", ready)));
            }
            roles
        }
        BlockBody::Duty(duty) => {
            let own = [
                ("CMD", duty.command),
                ("STATE", duty.state),
                ("FAIL", duty.fail),
                ("DUTY", duty.duty),
                ("READY", duty.ready),
            ];
            let wanted = ["RUN1", "RUN2", "RUN3", "RUN4"];
            let members = wanted.into_iter().zip(duty.members.iter().map(|member| member.wanted));
            own.into_iter().chain(members).collect()
        }
    }
}

/// The block that a point is a part of, and its role there: `TIC-321.SP` is SP of TIC-321.
pub(crate) fn part_of(plant: &Plant, point: PointId) -> Option<(BlockId, &'static str)> {
    let mine = |block: BlockId| {
        let body = &plant.blocks.get(block.index())?.body;
        let (role, _) = roles(body).into_iter().find(|(_, part)| *part == point)?;
        Some((block, role))
    };
    match plant.point(point).origin {
        Origin::Block(block) => mine(block),
        // The command of a device may be its output tag.
        Origin::FieldOutput(_) => (0..plant.blocks.len())
            .map(|index| BlockId(index as u32))
            .filter(|block| matches!(plant.blocks[block.index()].body, BlockBody::Device(_)))
            .find_map(mine),
        Origin::Field(_)
        | Origin::Link(_)
        | Origin::Entry
        | Origin::Phase(_)
        | Origin::Interlock(_)
        | Origin::Scan(_) => None,
    }
}
