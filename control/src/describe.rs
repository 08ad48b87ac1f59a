//! Events as lines that people read: kind, tag, text.

mod refused;

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::wire::EventKind;
use model::{
    Action, AlarmId, AlarmState, BadInput, BlockId, Command, Event, EventBody, ExperimentChange, ForceChange,
    ForceEnd, InterlockChange, InterlockId, LinkDoubt, Mode, PhaseId, PointId, ProcState, RecipeId,
    RefusedAction, StrokeResult, UserId,
};

use crate::force::defeated;
use crate::plant::{BlockBody, Cause, DeviceState, Phase, Plant};
use crate::service::device_of;
use crate::text::{
    bare_text, batch_name, duration, joined, kind_word, number, part_of, state_word, value_text,
};

/// Kind, tag and text of an event: `SP 11.0 -> 11.2 m3/h`, `HI 88.7 % (limit 85.0)`.
pub fn describe(plant: &Plant, event: &Event) -> (EventKind, String, String) {
    match &event.body {
        EventBody::Alarm { alarm, from, to, value, .. } => {
            (EventKind::Alarm, alarm_tag(plant, *alarm), alarm_text(plant, *alarm, *from, *to, *value))
        }
        EventBody::Command { command, old, refused } => {
            let (tag, wish) = command_text(plant, command, *old);
            let text = match refused {
                Some(refusal) => {
                    format!("{wish} refused: {}", refused::text(plant, &command.action, *old, *refusal))
                }
                None => wish,
            };
            (EventKind::Operator, tag, text)
        }
        EventBody::Mode { block, from, to } => {
            (EventKind::Mode, block_name(plant, block.index()), format!("{} -> {}", from.short(), to.short()))
        }
        EventBody::Device { block, failed } => {
            let text = if *failed { "does not follow its command" } else { "follows its command again" };
            (EventKind::System, block_name(plant, block.index()), text.to_owned())
        }
        EventBody::Interlock { interlock, change } => {
            (EventKind::Interlock, interlock_name(plant, *interlock), change_text(plant, *interlock, *change))
        }
        EventBody::Dictated { block, on, interlock } => {
            let by = interlock_name(plant, *interlock);
            (EventKind::System, block_name(plant, block.index()), dictated_text(plant, *block, *on, &by))
        }
        EventBody::Link { device, up } => {
            let name = plant.io.devices.get(device.index()).map(|device| device.name.clone());
            let text = if *up { "answers" } else { "no communication" };
            (EventKind::Link, name.unwrap_or_default(), text.to_owned())
        }
        EventBody::TakenOver { device, outputs } => {
            let name = plant.io.devices.get(device.index()).map(|device| device.name.clone());
            let text = format!("held {outputs} outputs elsewhere than commanded: taken over, nothing moved");
            (EventKind::Link, name.unwrap_or_default(), text)
        }
        EventBody::OutputRefused { point } => {
            let text = "its device refuses the command and holds what it has: the System page says why";
            let name = plant.points.get(point.index()).map(|point| point.name.clone());
            (EventKind::Link, name.unwrap_or_default(), text.to_owned())
        }
        EventBody::Doubted { device, doubt } => {
            let name = plant.io.devices.get(device.index()).map(|device| device.name.clone());
            let text = match doubt {
                Some(LinkDoubt::Refuses) => "refuses outputs and holds what it has: the System page says why",
                Some(LinkDoubt::Contested) => {
                    "another client drives it too: stop that one, or this controller; the System page says more"
                }
                None => "takes all outputs again, and from this controller alone",
            };
            (EventKind::Link, name.unwrap_or_default(), text.to_owned())
        }
        EventBody::Phase { phase, batch, from, to, trip } => {
            let by = trip.and_then(|id| plant.interlocks.get(id.index()));
            let by = by.map_or(String::new(), |interlock| format!(" by the trip of {}", interlock.name));
            phase_event(plant, *phase, *batch, &format!("{} -> {}{by}", from.word(), to.word()))
        }
        EventBody::Step { phase, batch, step } => {
            phase_event(plant, *phase, *batch, &step_text(plant, *phase, *step))
        }
        EventBody::StepLate { phase, batch, step, refused } => {
            let found = find_step(plant, *phase, *step).map(|(_, _, step)| step);
            let why = match refused {
                Some(refused) => found.map(|step| refused_text(plant, step, *refused)),
                None => found.and_then(|step| step.within.as_ref()).map(|within| within.why.clone()),
            };
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            phase_event(plant, *phase, *batch, &format!("late in {}{why}", step_text(plant, *phase, *step)))
        }
        EventBody::StepRefused { phase, batch, step, refused } => {
            let found = find_step(plant, *phase, *step).map(|(_, _, step)| step);
            let why =
                found.map_or(String::new(), |step| format!(": {}", refused_text(plant, step, *refused)));
            phase_event(
                plant,
                *phase,
                *batch,
                &format!("refused in {}{why}", step_text(plant, *phase, *step)),
            )
        }
        EventBody::Batch { recipe, batch, from, to } => (
            EventKind::Batch,
            recipe_name(plant, *recipe),
            format!("{} {} -> {}", batch_name(*batch), from.word(), to.word()),
        ),
        EventBody::Experiment { block, change } => {
            (EventKind::Mode, block_name(plant, block.index()), experiment_text(plant, *block, change))
        }
        EventBody::Force { point, change, .. } => {
            (EventKind::System, point_name(plant, *point), force_text(plant, *point, *change))
        }
    }
}

fn experiment_text(plant: &Plant, block: BlockId, change: &ExperimentChange) -> String {
    let pid = plant.blocks.get(block.index()).and_then(|block| match &block.body {
        BlockBody::Pid(pid) => Some((pid.out, pid.pv)),
        BlockBody::Position(valve) => match plant.blocks.get(valve.pid.index()).map(|block| &block.body) {
            Some(BlockBody::Pid(pid)) => Some((pid.out, pid.pv)),
            _ => None,
        },
        _ => None,
    });
    let text = |point: Option<PointId>, value: f64| {
        point.map_or_else(|| format!("{value}"), |point| value_text(plant, point, value))
    };
    let (out, pv) = (pid.map(|pid| pid.0), pid.map(|pid| pid.1));
    if let (Some(device), ExperimentChange::Began { shape, out: at, .. }) = (device_of(plant, block), *change)
    {
        return format!("{} begins from {}", shape.word(), value_text(plant, device.command, at));
    }
    match *change {
        ExperimentChange::Timed { result: StrokeResult::Aborted, .. } => "the valve is not judged".to_owned(),
        ExperimentChange::Timed { result, away_ms, back_ms } => format!(
            "stroke test {}: {} away, {} back",
            result.word(),
            duration(u64::from(away_ms)),
            duration(u64::from(back_ms))
        ),
        ExperimentChange::Began { shape, out: at, pv: stood } => {
            format!("{} begins at OUT {}, PV {}", shape.word(), text(out, at), text(pv, stood))
        }
        ExperimentChange::Cycle { period_ms, low, high } => format!(
            "relay cycle of {}, PV {} to {}",
            duration(u64::from(period_ms)),
            text(pv, low),
            text(pv, high)
        ),
        ExperimentChange::Stroked { result: StrokeResult::Aborted, .. } => {
            "the valve is not judged".to_owned()
        }
        ExperimentChange::Stroked { result, breakaway, jump, travel_ms } => format!(
            "stroke test {}: breakaway {}, slip jump {}, travel {}",
            result.word(),
            text(out, breakaway),
            text(out, jump),
            duration(u64::from(travel_ms))
        ),
        ExperimentChange::Ended { shape, reason } => format!("{} ended: {}", shape.word(), reason.text()),
    }
}

fn force_text(plant: &Plant, point: PointId, change: ForceChange) -> String {
    match change {
        ForceChange::Began { value, for_ms } => {
            let (value, time) = (value_text(plant, point, value), duration(u64::from(for_ms)));
            format!("FORCED to {value} for {time}{}", defeats_text(plant, point))
        }
        ForceChange::Simulated { block, for_ms } => {
            let (name, time) = (block_name(plant, block.index()), duration(u64::from(for_ms)));
            format!("SIMULATED with {name} for {time}{}", defeats_text(plant, point))
        }
        ForceChange::Ended { reason } => match reason {
            ForceEnd::Released => "force released".to_owned(),
            ForceEnd::Expired => "force ended: its time is up".to_owned(),
            ForceEnd::Interlocked { interlock } => {
                format!("force ended: {} acts on it", interlock_name(plant, interlock))
            }
            ForceEnd::TakenOver => "force ended: the device came back with it elsewhere".to_owned(),
        },
    }
}

/// `, defeats IL-301`; nothing when it defeats none.
fn defeats_text(plant: &Plant, point: PointId) -> String {
    let defeated = names(plant, &defeated(plant, point));
    if defeated.is_empty() { defeated } else { format!(", defeats {defeated}") }
}

fn names(plant: &Plant, interlocks: &[InterlockId]) -> String {
    let names: Vec<String> = interlocks.iter().map(|id| interlock_name(plant, *id)).collect();
    names.join(", ")
}

/// The person behind an event, if there is one.
pub fn user_of(event: &Event) -> Option<UserId> {
    match event.body {
        EventBody::Command { command, .. } => Some(command.user),
        EventBody::Alarm { user, .. } | EventBody::Force { user, .. } => {
            (user != UserId::SYSTEM).then_some(user)
        }
        EventBody::Mode { .. }
        | EventBody::Device { .. }
        | EventBody::Interlock { .. }
        | EventBody::Dictated { .. }
        | EventBody::Link { .. }
        | EventBody::TakenOver { .. }
        | EventBody::OutputRefused { .. }
        | EventBody::Doubted { .. }
        | EventBody::Phase { .. }
        | EventBody::Step { .. }
        | EventBody::StepLate { .. }
        | EventBody::StepRefused { .. }
        | EventBody::Batch { .. }
        | EventBody::Experiment { .. } => None,
    }
}

fn point_name(plant: &Plant, id: PointId) -> String {
    plant.points.get(id.index()).map(|point| point.name.clone()).unwrap_or_default()
}

fn block_name(plant: &Plant, index: usize) -> String {
    plant.blocks.get(index).map(|block| block.name.clone()).unwrap_or_default()
}

fn interlock_name(plant: &Plant, id: InterlockId) -> String {
    plant.interlocks.get(id.index()).map(|interlock| interlock.name.clone()).unwrap_or_default()
}

fn recipe_name(plant: &Plant, id: RecipeId) -> String {
    plant.recipes.get(id.index()).map(|recipe| recipe.name.clone()).unwrap_or_default()
}

fn alarm_tag(plant: &Plant, id: AlarmId) -> String {
    plant.alarms.get(id.index()).map(|alarm| alarm.tag.clone()).unwrap_or_default()
}

/// What the list calls the alarm: `HI`, or its text when it is a condition.
fn alarm_label(plant: &Plant, id: AlarmId) -> String {
    let label = |alarm: &crate::plant::Alarm| {
        kind_word(alarm.kind).map_or_else(|| alarm.text.clone(), ToOwned::to_owned)
    };
    plant.alarms.get(id.index()).map(label).unwrap_or_default()
}

fn alarm_text(plant: &Plant, id: AlarmId, from: AlarmState, to: AlarmState, value: f64) -> String {
    use AlarmState as S;
    let label = alarm_label(plant, id);
    let (now, limit) = alarm_value(plant, id, value);
    match (from, to) {
        (_, S::Unacked) => format!("{label}{now}{limit}"),
        (S::Returned, S::Normal) => format!("{label} acknowledged, cleared"),
        (S::Unacked, S::Returned) | (S::Acked, S::Normal) => format!("{label} cleared{now}"),
        (_, S::Acked) => format!("{label} acknowledged"),
        (_, S::Shelved) => format!("{label} shelved"),
        (_, S::Suppressed) => format!("{label} suppressed by design"),
        (_, S::OutOfService) => format!("{label} out of service"),
        (S::Shelved, S::Normal) => format!("{label} off the shelf"),
        (S::Suppressed, S::Normal) => format!("{label} no longer suppressed"),
        (_, S::Normal | S::Returned) => format!("{label} {}", to.word().to_lowercase()),
    }
}

/// ` 88.7 %` and ` (limit 85.0)`, as far as the alarm has them.
fn alarm_value(plant: &Plant, id: AlarmId, value: f64) -> (String, String) {
    use crate::plant::AlarmCondition as C;
    let Some(alarm) = plant.alarms.get(id.index()) else { return (String::new(), String::new()) };
    match &alarm.condition {
        C::Above { point, limit, .. } | C::Below { point, limit, .. } => {
            let decimals = plant.point(*point).decimals;
            (
                format!(" {}", value_text(plant, *point, value)),
                format!(" (limit {})", number(*limit, decimals)),
            )
        }
        C::Deviation { pv, limit, .. } => {
            let definition = plant.point(*pv);
            let unit = definition.unit.difference();
            let sign = if value > 0.0 { "+" } else { "" };
            let now = joined(&format!("{sign}{}", number(value, definition.decimals)), unit.symbol());
            (format!(" {now}"), format!(" (limit {})", number(*limit, definition.decimals)))
        }
        C::When(_) | C::Fault { .. } => (String::new(), String::new()),
    }
}

/// Tag, and what was asked there.
fn command_text(plant: &Plant, command: &Command, old: f64) -> (String, String) {
    match command.action {
        Action::Write { point, value } => write_text(plant, point, old, value),
        Action::Mode { block, mode } => {
            let old = Mode::from_value(old).short();
            (block_name(plant, block.index()), format!("MODE {old} -> {}", mode.short()))
        }
        Action::Acknowledge { alarm } => {
            (alarm_tag(plant, alarm), format!("acknowledge {}", alarm_label(plant, alarm)))
        }
        Action::Shelve { alarm, for_ms: 0 } => {
            (alarm_tag(plant, alarm), format!("take {} off the shelf", alarm_label(plant, alarm)))
        }
        Action::Shelve { alarm, for_ms } => {
            let time = duration(u64::from(for_ms));
            (alarm_tag(plant, alarm), format!("shelve {} for {time}", alarm_label(plant, alarm)))
        }
        Action::ResetInterlock { interlock } => (interlock_name(plant, interlock), "reset".to_owned()),
        Action::Bypass { interlock, for_ms: 0 } => {
            (interlock_name(plant, interlock), "end bypass".to_owned())
        }
        Action::Bypass { interlock, for_ms } => {
            (interlock_name(plant, interlock), format!("bypass for {}", duration(u64::from(for_ms))))
        }
        Action::Prepare { recipe, batch } => {
            (recipe_name(plant, recipe), format!("prepare {}", batch_name(batch)))
        }
        Action::Parameter { recipe, parameter, value } => {
            (recipe_name(plant, recipe), parameter_text(plant, recipe, parameter, old, value))
        }
        Action::Batch { recipe, order } => (recipe_name(plant, recipe), order.word().to_owned()),
        Action::Phase { phase, order } => match plant.phases.get(phase.index()) {
            Some(phase) => (phase.equipment.clone(), format!("{} {}", phase.name, order.word())),
            None => (String::new(), order.word().to_owned()),
        },
        Action::Experiment { block, plan } => {
            let name = block_name(plant, block.index());
            let amplitude = match plant.blocks.get(block.index()).map(|block| &block.body) {
                Some(BlockBody::Pid(pid)) => {
                    let out = plant.point(pid.out);
                    joined(&number(plan.amplitude, out.decimals), out.unit.symbol())
                }
                Some(BlockBody::Position(valve)) if plan.amplitude == 0.0 => {
                    let out = plant.point(valve.target);
                    joined(&number(valve.stroke.by, out.decimals), out.unit.symbol())
                }
                _ => format!("{}", plan.amplitude),
            };
            match device_of(plant, block) {
                Some(_) => (name, plan.shape.word().to_owned()),
                None => (name, format!("{} by {amplitude}", plan.shape.word())),
            }
        }
        Action::EndExperiment { block } => {
            (block_name(plant, block.index()), "end the experiment".to_owned())
        }
        Action::Force { point, value, for_ms } => {
            let value = match plant.points.get(point.index()) {
                Some(_) => value_text(plant, point, value),
                None => format!("{value}"),
            };
            (point_name(plant, point), format!("force {value} for {}", duration(u64::from(for_ms))))
        }
        Action::Simulate { block, for_ms: 0 } => {
            (block_name(plant, block.index()), "end the simulation".to_owned())
        }
        Action::Simulate { block, for_ms } => {
            (block_name(plant, block.index()), format!("simulate for {}", duration(u64::from(for_ms))))
        }
        Action::Unforce { point } => (point_name(plant, point), "release the force".to_owned()),
    }
}

fn write_text(plant: &Plant, point: PointId, old: f64, value: f64) -> (String, String) {
    let Some(definition) = plant.points.get(point.index()) else {
        return (String::new(), "write".to_owned());
    };
    let change = format!("{} -> {}", bare_text(plant, point, old), value_text(plant, point, value));
    match part_of(plant, point) {
        Some((block, role)) => (block_name(plant, block.index()), format!("{role} {change}")),
        None => (definition.name.clone(), change),
    }
}

fn parameter_text(plant: &Plant, recipe: RecipeId, parameter: u16, old: f64, value: f64) -> String {
    let found =
        plant.recipes.get(recipe.index()).and_then(|recipe| recipe.parameters.get(usize::from(parameter)));
    match found {
        Some(parameter) => {
            format!("{} {old} -> {}", parameter.name, joined(&format!("{value}"), parameter.unit.symbol()))
        }
        None => format!("parameter {parameter}"),
    }
}

fn change_text(plant: &Plant, id: InterlockId, change: InterlockChange) -> String {
    let cause_of = |number: u16| {
        plant.interlocks.get(id.index()).and_then(|interlock| interlock.causes.get(usize::from(number)))
    };
    match change {
        InterlockChange::Tripped { cause, bad } => {
            let why = |cause: &Cause| match bad {
                Some(bad) => format!(" by {}: {}", cause.text, bad_text(plant, bad)),
                None => format!(" by {}: {}", cause.text, cause.when.text),
            };
            format!("TRIPPED{}", cause_of(cause).map_or(String::new(), why))
        }
        InterlockChange::Ending { cause, left_ms } => {
            let cause = cause_of(cause).map_or("a cause", |cause| cause.text.as_str());
            format!("{ENDING} {}, and it trips then: {cause} stands", duration(left_ms))
        }
        InterlockChange::Cleared => "cause has gone".to_owned(),
        InterlockChange::Reset => "reset".to_owned(),
        InterlockChange::Bypassed => "BYPASSED".to_owned(),
        InterlockChange::Restored => "bypass ended".to_owned(),
    }
}

/// How the event of a bypass begins whose end will trip.
pub const ENDING: &str = "bypass ends in";

/// `LT-1 bad: sensor failure, counts as standing`.
pub(crate) fn bad_text(plant: &Plant, bad: BadInput) -> String {
    let Some(point) = bad.point else { return "bad input, counts as standing".to_owned() };
    let why = bad.quality.text();
    let why = why.strip_prefix("bad, ").unwrap_or(why);
    format!("{} bad: {why}, counts as standing", point_name(plant, point))
}

/// `stopped: interlock IL-9 dictates it`.
fn dictated_text(plant: &Plant, block: BlockId, on: bool, by: &str) -> String {
    let state = if on { DeviceState::On } else { DeviceState::Off };
    let word = match plant.blocks.get(block.index()).map(|block| &block.body) {
        Some(BlockBody::Device(device)) => state_word(device.kind, f64::from(state as u8)),
        _ if on => "on",
        _ => "off",
    };
    format!("{word}: interlock {by} dictates it")
}

fn phase_event(plant: &Plant, id: PhaseId, batch: u32, text: &str) -> (EventKind, String, String) {
    let Some(phase) = plant.phases.get(id.index()) else {
        return (EventKind::Batch, String::new(), text.to_owned());
    };
    let batch = if batch == 0 { String::new() } else { format!("{} ", batch_name(batch)) };
    (EventKind::Batch, phase.equipment.clone(), format!("{batch}{} {text}", phase.name))
}

/// The states whose sections are numbered through in events, in this order.
const SECTIONS: [ProcState; 5] =
    [ProcState::Running, ProcState::Holding, ProcState::Restarting, ProcState::Stopping, ProcState::Aborting];

impl Phase {
    /// Number of a step through all sections, as events carry it.
    pub(crate) fn flat_step(&self, state: ProcState, step: u16) -> u16 {
        let state = if state == ProcState::Pausing { ProcState::Running } else { state };
        let before = SECTIONS.into_iter().take_while(|section| *section != state);
        let before: usize = before.filter_map(|section| self.section(section)).map(<[_]>::len).sum();
        u16::try_from(before).unwrap_or(u16::MAX).saturating_add(step)
    }
}

/// Section, number in it and the step itself, from the number in an event.
fn find_step(plant: &Plant, id: PhaseId, flat: u16) -> Option<(ProcState, usize, &crate::plant::Step)> {
    let phase = plant.phases.get(id.index())?;
    let mut rest = usize::from(flat);
    for state in SECTIONS {
        let section = phase.section(state).unwrap_or(&[]);
        if let Some(step) = section.get(rest) {
            return Some((state, rest, step));
        }
        rest -= section.len();
    }
    None
}

/// `AIC-140.OUT := 0 kg/h: AIC-140 follows WIC-120, which does not listen: order CAS there first`
pub(crate) fn refused_text(plant: &Plant, step: &crate::plant::Step, refused: RefusedAction) -> String {
    match step.actions.get(usize::from(refused.action)) {
        Some(action) => {
            format!("{}: {}", action.text, crate::explain::refused::in_event(plant, action, refused.by))
        }
        None => refused.by.text().to_owned(),
    }
}

fn step_text(plant: &Plant, id: PhaseId, flat: u16) -> String {
    match find_step(plant, id, flat) {
        Some((ProcState::Running, number, step)) => format!("step {}: {}", number + 1, step.title),
        Some((state, number, step)) => {
            format!("{} step {}: {}", state.word().to_lowercase(), number + 1, step.title)
        }
        None => format!("step {}", u32::from(flat) + 1),
    }
}
