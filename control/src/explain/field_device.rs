//! Why of a device of the field: how its link stands, what is bad of what it delivers, and what depends on it.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::wire::{Why, WhyKind, WhyLine};
use model::{DeviceId, Direction, LinkDoubt, PointId, Protocol};

use super::term::Scene;
use super::{answer, item, point_line, verdict};
use crate::force::all_defeated;
use crate::plant::AlarmCondition;
use crate::text::duration;

/// So many names of a kind; the rest is counted.
const NAMES: usize = 12;

pub(super) fn field_device(scene: Scene<'_>, id: DeviceId) -> Why {
    let plant = scene.plant;
    let device = &plant.io.devices[id.index()];
    let up = scene.view.value(device.link) >= 0.5;
    let doubt = LinkDoubt::of(scene.view.quality(device.link)).filter(|_| up);
    let verdict = match doubt {
        _ if !up => "no answer",
        None => "answers",
        Some(LinkDoubt::Refuses) => "answers, and refuses outputs",
        Some(LinkDoubt::Contested) => "answers, and another client writes to it",
    };
    let mut lines = Vec::new();
    lines.push(point_line(scene, 0, "link", device.link));
    lines.push(WhyLine::words(0, connection(&device.protocol)));
    lines.push(WhyLine::words(
        0,
        format!(
            "asked every {}, lost after {} without an answer; its watchdog drives the outputs to their fail positions after {}",
            duration(u64::from(device.poll_ms)),
            duration(u64::from(device.timeout_ms)),
            duration(u64::from(device.watchdog_ms)),
        ),
    ));
    let of = |direction| {
        let mine = plant.io.points.iter().filter(move |io| io.device == id && io.direction == direction);
        mine.map(|io| io.point).collect::<Vec<PointId>>()
    };
    let (inputs, outputs) = (of(Direction::Input), of(Direction::Output));
    delivered(scene, &inputs, &mut lines);
    commanded(scene, &outputs, &mut lines);
    dependants(scene, device.link, &inputs, &mut lines);
    answer((&device.name, &device.description), WhyKind::Tag, verdict.to_owned(), lines)
}

fn connection(protocol: &Protocol) -> String {
    match protocol {
        Protocol::ModbusTcp { endpoint, unit_id } => format!("Modbus TCP at {endpoint}, unit {unit_id}"),
        Protocol::OpcUa { endpoint, .. } => format!("OPC UA at {endpoint}"),
    }
}

/// How many inputs, and those that are not good.
fn delivered(scene: Scene<'_>, inputs: &[PointId], lines: &mut Vec<WhyLine>) {
    let bad: Vec<PointId> =
        inputs.iter().copied().filter(|point| !scene.view.quality(*point).is_usable()).collect();
    let text = match bad.len() {
        0 => format!("inputs: {}, all usable", inputs.len()),
        bad => format!("inputs: {}, of which {bad} bad", inputs.len()),
    };
    lines.push(WhyLine::words(0, text));
    for point in bad.iter().take(NAMES) {
        lines.push(point_line(scene, 1, &scene.plant.point(*point).name, *point));
    }
    more(bad.len(), lines);
}

/// How many outputs, and what drives them.
fn commanded(scene: Scene<'_>, outputs: &[PointId], lines: &mut Vec<WhyLine>) {
    lines.push(WhyLine::words(0, format!("outputs: {}", outputs.len())));
    let mut drivers: Vec<_> =
        outputs.iter().filter_map(|output| item::driver_of(scene.plant, *output)).collect();
    drivers.sort_unstable_by_key(|id| id.index());
    drivers.dedup();
    for driver in drivers.iter().take(NAMES) {
        let name = &scene.plant.blocks[driver.index()].name;
        lines.push(WhyLine { block: Some(*driver), ..WhyLine::words(1, format!("driven by {name}")) });
    }
    more(drivers.len(), lines);
}

/// The interlocks that judge by it, and the alarms that tell of its loss.
fn dependants(scene: Scene<'_>, link: PointId, inputs: &[PointId], lines: &mut Vec<WhyLine>) {
    let plant = scene.plant;
    let all = all_defeated(plant);
    let mut interlocks: Vec<_> = inputs.iter().flat_map(|input| &all[input.index()]).collect();
    interlocks.sort_unstable_by_key(|id| id.index());
    interlocks.dedup();
    lines.push(WhyLine::words(0, format!("interlocks that judge by its inputs: {}", interlocks.len())));
    for id in interlocks.iter().take(NAMES) {
        let interlock = &plant.interlocks[id.index()];
        let memory = scene.view.interlocks.get(id.index()).copied().unwrap_or_default();
        let state = verdict::interlock(memory);
        lines.push(WhyLine::words(1, format!("{} {}: {state}", interlock.name, interlock.description)));
    }
    more(interlocks.len(), lines);
    for (alarm, memory) in plant.alarms.iter().zip(&scene.view.alarms) {
        if matches!(alarm.condition, AlarmCondition::Fault { point, .. } if point == link) {
            let text = format!("its loss raises {}: {}", alarm.name, memory.state.word());
            lines.push(WhyLine::words(0, text));
        }
    }
}

fn more(count: usize, lines: &mut Vec<WhyLine>) {
    if let Some(more) = count.checked_sub(NAMES).filter(|more| *more > 0) {
        lines.push(WhyLine::words(1, format!("and {more} more")));
    }
}
