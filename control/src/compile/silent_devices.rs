//! Devices whose failure nobody is told: no alarm looks at their FAIL, their STATE or their feedback.

use alloc::format;
use alloc::vec::Vec;
use model::PointId;

use super::draft::Draft;
use super::items::Items;
use super::report::{Mistake, Report};
use crate::force::points_behind;
use crate::machine::read_points;
use crate::plant::{AlarmCondition, BlockBody, Device, Duty, Plant};

pub(super) fn warn(plant: &Plant, draft: &Draft, items: &Items, report: &mut Report) {
    let told =
        points_behind(plant, plant.alarms.iter().flat_map(|alarm| read(plant, &alarm.condition)).collect());
    let is_told = |point: &PointId| told.contains(point);
    // The plant compiles, so every block of its text is there.
    for (draft, block) in draft.blocks.iter().zip(&plant.blocks) {
        let item = &items.items[draft.item];
        if item.table.get("fault_alarm").is_some() {
            continue;
        }
        let (silent, blind) = match &block.body {
            BlockBody::Device(device) => (!seen(device).iter().any(is_told), feedbacks(device).is_empty()),
            BlockBody::Duty(Duty { fail, state, ready, .. }) => {
                (![fail, state, ready].into_iter().any(is_told), false)
            }
            _ => continue,
        };
        if !silent {
            continue;
        }
        let name = &draft.name;
        let (label, help) = if blind {
            (
                "it has no feedback: FAIL never comes",
                "name the feedback under `on` or `off`, or write `fault_alarm = false` if there is none"
                    .into(),
            )
        } else {
            (
                "nobody is told when it does not follow",
                format!(
                    "add an alarm with `tag = \"{name}\"` and `fault = true`, or one `when` that reads `{name}.FAIL`; write `fault_alarm = false` if it needs none"
                ),
            )
        };
        report.add(
            Mistake::warning("silent-device", format!("no alarm tells that `{name}` has failed"))
                .at(item.name.place, label)
                .help(help),
        );
    }
}

fn read(plant: &Plant, condition: &AlarmCondition) -> Vec<PointId> {
    match condition {
        AlarmCondition::Above { point, .. }
        | AlarmCondition::Below { point, .. }
        | AlarmCondition::Fault { point, .. } => Vec::from([*point]),
        AlarmCondition::Deviation { pv, sp, .. } => Vec::from([*pv, *sp]),
        AlarmCondition::When(expr) => read_points(plant, expr).collect(),
    }
}

/// By these an alarm may tell that it has failed.
fn seen(device: &Device) -> Vec<PointId> {
    let mut points = feedbacks(device);
    points.extend([device.fail, device.state]);
    points
}

fn feedbacks(device: &Device) -> Vec<PointId> {
    let fault = device.drive.as_ref().and_then(|drive| drive.fault);
    device.on.into_iter().chain(device.off).chain(fault).collect()
}
