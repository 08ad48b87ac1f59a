//! Why a key is off now. The server judges again; this is what the hint row and the help page say.

use model::wire::{ForceView, Role};
use model::{Mode, PointId, ProcOrder, ProcState};

use super::command::{
    block_shown, pause_or_resume, restart_or_reset, stroke_runs, targets, value_target, visible,
};
use crate::keymap::Act;
use crate::state::{Item, Page, Plant, State, interlocks_here, mode_role, worst_unacknowledged, write_role};

/// Why a key is off now, for the line, the hint row and the help page.
pub(crate) fn why_not(state: &State, act: Act) -> Option<String> {
    let Some(plant) = state.plant.as_deref() else {
        let useful = matches!(act, Act::Leave | Act::Help | Act::Palette | Act::Page(_) | Act::Back);
        return (!useful).then(|| "the plant is not loaded yet".to_owned());
    };
    if act.is_command()
        && let Some(reason) = state.command_refusal(Role::Operator)
    {
        return Some(reason);
    }
    match act {
        Act::SetValue => set_value_refusal(state, plant),
        Act::SetMode => mode_refusal(state, plant),
        Act::SetOutput => output_refusal(state, plant),
        Act::Switch(on) => switch_refusal(state, plant, on),
        Act::ResetTrip => reset_refusal(state),
        Act::Bypass => bypass_refusal(state, plant),
        Act::Force => force_refusal(state, plant),
        Act::Simulate => simulate_refusal(state, plant),
        Act::Stroke => stroke_refusal(state, plant),
        Act::Prepare => prepare_refusal(state),
        Act::Order(order) => order_refusal(state, order),
        Act::RestartOrReset => order_refusal(state, restart_or_reset(state)),
        Act::PauseOrResume => order_refusal(state, pause_or_resume(state)),
        Act::Shelve => state.alarm_list.selected().is_none().then(|| CHOOSE_ALARM.to_owned()),
        Act::Acknowledge => targets(state).is_empty().then(|| match state.nav.page {
            Page::Alarms if state.nav.details.is_empty() && state.alarm_list.selected().is_none() => {
                CHOOSE_ALARM.to_owned()
            }
            _ => "nothing here waits for acknowledgement".to_owned(),
        }),
        Act::AcknowledgeVisible => visible(state).is_empty().then(|| "nothing to acknowledge".to_owned()),
        Act::PenOnOff | Act::DropPen | Act::PenScale => {
            state.trend.pens.is_empty().then(|| "no pen yet; n adds one".to_owned())
        }
        Act::Banner => worst_unacknowledged(plant, &state.live)
            .is_none()
            .then(|| "no unacknowledged alarm stands".to_owned()),
        Act::Interlocks => interlocks_here(state).is_empty().then(|| "no interlock acts here".to_owned()),
        _ => None,
    }
}

const CHOOSE_ALARM: &str = "choose an alarm with Up/Down first";

fn write_refusal(state: &State, plant: &Plant, point: PointId) -> Option<String> {
    let Some(view) = plant.point(point) else { return Some("no such point".to_owned()) };
    if view.write.is_none() {
        return Some(format!("{} is measured or calculated; it cannot be written", view.name));
    }
    state.command_refusal(write_role(plant, point))
}

fn set_value_refusal(state: &State, plant: &Plant) -> Option<String> {
    if state.nav.page == Page::Batch && state.nav.details.is_empty() {
        return parameter_refusal(state);
    }
    let Some(point) = value_target(state, plant) else { return Some("nothing here can be set".to_owned()) };
    if plant.role(point).is_some_and(|(_, role)| role == "CMD") {
        return Some("use S and P for a device".to_owned());
    }
    write_refusal(state, plant, point)
}

fn parameter_refusal(state: &State) -> Option<String> {
    if state.nav.parameter.is_none() {
        return Some("choose a parameter with p first".to_owned());
    }
    let status = state.selected_recipe().and_then(|recipe| state.live.batch(recipe));
    match status.map(|status| status.state) {
        None => Some("prepare a batch with N first".to_owned()),
        Some(ProcState::Idle) => None,
        Some(other) => Some(format!("parameters are set before the start; the batch is {}", other.word())),
    }
}

fn mode_refusal(state: &State, plant: &Plant) -> Option<String> {
    let Some(block) = block_shown(state).and_then(|block| plant.block(block)) else {
        return Some("this has no mode".to_owned());
    };
    if block.modes.len() < 2 {
        return Some(format!("{} has no other mode", block.name));
    }
    state.command_refusal(mode_role(plant, block.id))
}

fn output_refusal(state: &State, plant: &Plant) -> Option<String> {
    let block = block_shown(state)?;
    let Some(point) = plant.part(block, "OUT") else { return Some("this has no output".to_owned()) };
    match state.mode_of(block) {
        Some(Mode::Manual) => write_refusal(state, plant, point),
        mode => Some(format!("the mode is {}; MAN only", mode.map_or("unknown", Mode::short))),
    }
}

fn switch_refusal(state: &State, plant: &Plant, on: bool) -> Option<String> {
    let Some(point) = block_shown(state).and_then(|block| plant.part(block, "CMD")) else {
        return Some("this has no command".to_owned());
    };
    if state.live.usable(point) == Some(f64::from(on)) {
        let (word, _) = state.reading(point);
        return Some(format!("it is commanded {word} already"));
    }
    write_refusal(state, plant, point)
}

fn reset_refusal(state: &State) -> Option<String> {
    let Some(Item::Interlock(interlock)) = state.detail() else { return Some("no interlock".to_owned()) };
    match state.live.interlock(interlock) {
        Some(status) if status.active => Some("the cause still stands; w says which".to_owned()),
        Some(status) if status.tripped => None,
        _ => Some("it is not tripped".to_owned()),
    }
}

fn bypass_refusal(state: &State, plant: &Plant) -> Option<String> {
    let Some(Item::Interlock(interlock)) = state.detail() else { return Some("no interlock".to_owned()) };
    match plant.interlock(interlock).and_then(|interlock| interlock.bypass_role) {
        Some(role) => state.command_refusal(role),
        None => Some("this interlock may never be bypassed".to_owned()),
    }
}

fn force_refusal(state: &State, plant: &Plant) -> Option<String> {
    let point = match state.detail() {
        Some(Item::Point(point)) => plant.point(point),
        _ => None,
    };
    let Some((point, force)) = point.and_then(|point| Some((point, point.force.as_ref()?))) else {
        return Some("only what comes from the field or goes to it can be forced".to_owned());
    };
    if state.live.force(point.id).is_some() {
        return None;
    }
    match force.role {
        Some(role) => state.command_refusal(role),
        None => {
            let names = never_bypassed(plant, force);
            Some(format!("{names} reads it and may never be bypassed"))
        }
    }
}

fn simulate_refusal(state: &State, plant: &Plant) -> Option<String> {
    let Some(block) = block_shown(state).and_then(|block| plant.block(block)) else {
        return Some("this is no device".to_owned());
    };
    if state.live.simulation(block.id).is_some() {
        return None;
    }
    let Some(simulate) = &block.simulate else {
        return Some(format!("no feedback of {} comes from the field", block.name));
    };
    match simulate.role {
        Some(role) => state.command_refusal(role),
        None => {
            let names = never_bypassed(plant, simulate);
            Some(format!("{names} reads its feedback and may never be bypassed"))
        }
    }
}

fn stroke_refusal(state: &State, plant: &Plant) -> Option<String> {
    let Some(block) = block_shown(state).and_then(|block| plant.block(block)) else {
        return Some("this is no device".to_owned());
    };
    if block.strokes.is_empty() {
        return Some(format!("the text of {} declares no stroke test", block.name));
    }
    if stroke_runs(state, plant, block.id) { None } else { state.command_refusal(Role::Engineer) }
}

/// The interlocks that stand against a force.
fn never_bypassed(plant: &Plant, force: &ForceView) -> String {
    let all = force.defeats.iter().filter_map(|id| plant.interlock(*id));
    let never = all.filter(|interlock| interlock.bypass_role.is_none());
    never.map(|interlock| interlock.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn prepare_refusal(state: &State) -> Option<String> {
    let Some(recipe) = state.selected_recipe() else { return Some("this plant has no recipe".to_owned()) };
    let status = state.live.batch(recipe)?;
    status.state.is_active().then(|| format!("batch {} is {}", status.batch, status.state.word()))
}

fn order_refusal(state: &State, order: ProcOrder) -> Option<String> {
    let status = state.selected_recipe().and_then(|recipe| state.live.batch(recipe));
    let Some(status) = status else { return Some("no batch of this recipe; N prepares one".to_owned()) };
    let refused = status.state.after(order).is_none();
    refused.then(|| format!("{} is not possible while it is {}", order.word(), status.state.word()))
}
