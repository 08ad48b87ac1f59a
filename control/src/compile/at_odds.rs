//! Parts of the text that are each right and cannot both be meant: a permit that waits for what it permits, a primary that
//! asks for more than its secondary measures, two alarms of one limit, a step whose second action its first forbids.

use alloc::format;
use model::{Mode, PointId};

use super::draft::Draft;
use super::items::{Items, Kind};
use super::phase_text::{PhaseText, Section, StepText};
use super::place::Place;
use super::report::{Mistake, Report};
use crate::machine::slice;
use crate::plant::{AlarmCondition, BlockBody, Device, Op, Phase, Pid, Plant, Step};

pub(super) fn warn(plant: &Plant, draft: &Draft, items: &Items, texts: &[PhaseText], report: &mut Report) {
    // The plant compiles, so every block and every phase of its text is there.
    for (draft, block) in draft.blocks.iter().zip(&plant.blocks) {
        let fields = items.items[draft.item].fields();
        match &block.body {
            BlockBody::Device(device) => own_permit(plant, device, fields.place_of("permit"), report),
            BlockBody::Pid(pid) => {
                cascade_range(plant, pid, (draft.name.as_str(), fields.place_of("out_range")), report);
            }
            _ => {}
        }
    }
    same_alarms(plant, items, report);
    for (text, phase) in texts.iter().filter_map(|text| Some((text, find(plant, text)?))) {
        for section in &text.sections {
            for (text, step) in section.steps.iter().zip(steps(phase, section.section)) {
                out_in_auto(plant, text, step, report);
                beyond_set_point(plant, phase, text, step, report);
            }
        }
    }
}

fn find<'p>(plant: &'p Plant, text: &PhaseText) -> Option<&'p Phase> {
    plant.phases.iter().find(|phase| phase.name == text.name.as_str())
}

fn steps(phase: &Phase, section: Section) -> &[Step] {
    match section {
        Section::Running => &phase.running,
        Section::Holding => &phase.holding,
        Section::Restarting => &phase.restarting,
        Section::Stopping => &phase.stopping,
        Section::Aborting => &phase.aborting,
    }
}

/// Its own feedback, joined by AND alone: it comes only when it runs.
fn own_permit(plant: &Plant, device: &Device, place: Place, report: &mut Report) {
    let (Some(permit), Some(on)) = (&device.permit, device.on) else { return };
    let ops = slice(&plant.code.ops, permit);
    let joined = |op: &Op| {
        matches!(
            op,
            Op::Load(_) | Op::And | Op::Const(_) | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual
        )
    };
    let loads = |op: &Op| matches!(op, Op::Load(point) if *point == on);
    if !ops.iter().all(joined) || !ops.iter().any(loads) {
        return;
    }
    let name = &plant.point(on).name;
    report.add(
        Mistake::warning("own-permit", format!("it may start only when `{name}` says that it runs"))
            .at(place, "it can never be started")
            .help("write what must be before it starts; what must go on while it runs is for an interlock"),
    );
}

/// Beyond a hundredth of the secondary's range.
fn cascade_range(plant: &Plant, pid: &Pid, (name, place): (&str, Place), report: &mut Report) {
    let Some(secondary) = pid.secondary else { return };
    let block = &plant.blocks[secondary.index()];
    let BlockBody::Pid(below) = &block.body else { return };
    let unit = plant.point(pid.out).unit;
    if plant.point(below.pv).unit != unit {
        return;
    }
    let slack = (below.pv_high - below.pv_low) / 100.0;
    if pid.out_low >= below.pv_low - slack && pid.out_high <= below.pv_high + slack {
        return;
    }
    let (range, measured) = (
        format!("{} to {} {unit}", pid.out_low, pid.out_high),
        format!("{} to {} {unit}", below.pv_low, below.pv_high),
    );
    report.add(
        Mistake::warning("cascade-range", format!("`{name}` asks `{}` for more than it measures", block.name))
            .at(place, format!("{range}, and the PV of `{}` is {measured}", block.name))
            .help(format!(
                "write `out_range = [{}, {}]`: what lies beyond is lost, and the gain of `{name}` is that of the wider range",
                below.pv_low, below.pv_high
            )),
    );
}

/// Of one point, one kind and one limit, under the same condition.
fn same_alarms(plant: &Plant, items: &Items, report: &mut Report) {
    let place = |name: &str| {
        items.of(Kind::Alarm).find(|item| item.name.as_str() == name).map(|item| item.name.place)
    };
    for (index, alarm) in plant.alarms.iter().enumerate() {
        let same = |other: &&crate::plant::Alarm| {
            let limit = match (&alarm.condition, &other.condition) {
                (
                    AlarmCondition::Above { point, limit, .. },
                    AlarmCondition::Above { point: other, limit: same, .. },
                )
                | (
                    AlarmCondition::Below { point, limit, .. },
                    AlarmCondition::Below { point: other, limit: same, .. },
                ) => point == other && limit == same,
                _ => false,
            };
            limit && alarm.enable.is_none() && other.enable.is_none()
        };
        let Some(first) = plant.alarms[..index].iter().find(same) else { continue };
        let (Some(second_place), Some(first_place)) = (place(&alarm.name), place(&first.name)) else {
            continue;
        };
        report.add(
            Mistake::warning("same-alarm", format!("`{}` comes whenever `{}` comes", alarm.name, first.name))
                .at(second_place, "the same tag and the same limit")
                .related(first_place, "the first one")
                .help("keep one of them: the operator would have to acknowledge each thing twice"),
        );
    }
}

fn pid_of<'p>(plant: &'p Plant, action: &crate::plant::Assignment) -> Option<&'p Pid> {
    match &plant.blocks.get(action.block?.index())?.body {
        BlockBody::Pid(pid) => Some(pid),
        _ => None,
    }
}

/// A loop has its output in hand as soon as it is in AUTO: what writes OUT behind it is refused, and the step waits.
fn out_in_auto(plant: &Plant, text: &StepText, step: &Step, report: &mut Report) {
    for (index, action) in step.actions.iter().enumerate() {
        let Some(pid) = pid_of(plant, action).filter(|pid| pid.out == action.point) else { continue };
        let takes_it = |before: &&crate::plant::Assignment| {
            let automatic = match slice(&plant.code.ops, &before.value) {
                [Op::Const(mode)] => !matches!(Mode::from_value(*mode), Mode::Manual | Mode::OutOfService),
                _ => false,
            };
            before.point == pid.mode && automatic
        };
        let Some(before) = step.actions[..index].iter().position(|before| takes_it(&before)) else {
            continue;
        };
        let (Some(second), Some(first)) = (text.actions.get(index), text.actions.get(before)) else {
            continue;
        };
        report.add(
            Mistake::warning("out-in-auto", format!("`{}` is refused after `{}`", action.text, step.actions[before].text))
                .at(second.target.place, "the loop has its output in hand")
                .related(first.target.place, "since this")
                .help("write OUT in manual, in a STEP before, or leave it out: the loop takes over from where its output stands"),
        );
    }
}

/// A parameter that goes to a set point as it is, and may be what the loop refuses.
fn beyond_set_point(plant: &Plant, phase: &Phase, text: &StepText, step: &Step, report: &mut Report) {
    for (action, place) in step.actions.iter().zip(&text.actions) {
        let Some(pid) = pid_of(plant, action).filter(|pid| pid.sp == action.point) else { continue };
        let [Op::Load(parameter)] = slice(&plant.code.ops, &action.value) else { continue };
        let parameter: PointId = *parameter;
        let point = plant.point(parameter);
        let within = point.low >= pid.sp_limit_low && point.high <= pid.sp_limit_high;
        if within || !phase.parameters.contains(&parameter) || point.unit != plant.point(pid.sp).unit {
            continue;
        }
        let unit = point.unit;
        report.add(
            Mistake::warning(
                "parameter-beyond-limits",
                format!("a recipe may ask `{}` for a set point that the loop refuses", phase.name),
            )
            .at(
                place.target.place,
                format!(
                    "takes {} to {} {unit}, and the parameter may be {} to {}",
                    pid.sp_limit_low, pid.sp_limit_high, point.low, point.high
                ),
            )
            .help(format!(
                "write `IN {} .. {}` behind the parameter, or wider limits of the loop",
                pid.sp_limit_low, pid.sp_limit_high
            )),
        );
    }
}
