//! What acts on the plant: whether it may, the line that asks, and the command that goes out.

use crate::event::Effect;
use crate::keymap::Act;
use crate::state::{
    Entry, FieldKind, Item, LastAction, Outcome, Page, Pending, Plant, Purpose, State, alarm_list_height,
    parameter_points, row_under_cursor, worst_unacknowledged,
};
use model::wire::{BlockKind, CommandRequest};
use model::{Action, AlarmId, BlockId, PointId, ProcOrder, ProcState, RecipeId, StrokeResult, next_batch};

pub(super) fn block_shown(state: &State) -> Option<BlockId> {
    match state.detail()? {
        Item::Block(block) => Some(block),
        _ => None,
    }
}

/// What `V` writes on this view.
pub(super) fn value_target(state: &State, plant: &Plant) -> Option<PointId> {
    if let Some(row) = state.nav.parameter {
        return parameter_points(state).get(row).copied();
    }
    match state.detail()? {
        Item::Block(block) => match plant.block(block)?.kind {
            BlockKind::Pid => plant.part(block, "SP"),
            BlockKind::Motor | BlockKind::Valve | BlockKind::Breaker => plant.part(block, "CMD"),
            BlockKind::Ratio => plant.part(block, "RATIO"),
            BlockKind::Ramp => plant.part(block, "TARGET"),
            _ => plant.main_point(block),
        },
        Item::Point(point) => Some(point),
        Item::Interlock(_) => None,
    }
}

/// RESULT says that a stroke test runs.
pub(super) fn stroke_runs(state: &State, plant: &Plant, block: BlockId) -> bool {
    let result = plant.part(block, "RESULT").and_then(|point| state.live.usable(point));
    result.is_some_and(|result| StrokeResult::from_value(result) == StrokeResult::Running)
}

fn batch_state(state: &State) -> Option<ProcState> {
    Some(state.live.batch(state.selected_recipe()?)?.state)
}

pub(super) fn restart_or_reset(state: &State) -> ProcOrder {
    if batch_state(state).is_some_and(ProcState::is_final) { ProcOrder::Reset } else { ProcOrder::Restart }
}

pub(super) fn pause_or_resume(state: &State) -> ProcOrder {
    match batch_state(state) {
        Some(ProcState::Paused | ProcState::Pausing) => ProcOrder::Resume,
        _ => ProcOrder::Pause,
    }
}

/// Opens the line that asks before anything is sent.
pub(super) fn begin(state: &mut State, act: Act) {
    let Some(plant) = state.plant.clone() else { return };
    state.entry = entry_for(state, &plant, act);
}

fn entry_for(state: &State, plant: &Plant, act: Act) -> Option<Entry> {
    let entry = |purpose, kinds| Some(Entry::new(purpose, kinds, state.now_ms));
    let retype = |tag: &str| FieldKind::Retype(tag.to_owned());
    match act {
        Act::SetValue if state.nav.page == Page::Batch && state.nav.details.is_empty() => {
            let parameter = u16::try_from(state.nav.parameter?).ok()?;
            let recipe = state.selected_recipe()?;
            entry(Purpose::Parameter { recipe, parameter }, vec![FieldKind::Number])
        }
        Act::SetValue => {
            entry(Purpose::Write { point: value_target(state, plant)? }, vec![FieldKind::Number])
        }
        Act::SetOutput => {
            let point = plant.part(block_shown(state)?, "OUT")?;
            entry(Purpose::Write { point }, vec![FieldKind::Number])
        }
        Act::SetMode => {
            let block = block_shown(state)?;
            let pick = state.mode_of(block).unwrap_or_default();
            entry(Purpose::Mode { block, pick }, vec![])
        }
        Act::Switch(on) => {
            let block = block_shown(state)?;
            entry(Purpose::Switch { block, point: plant.part(block, "CMD")?, on }, vec![])
        }
        Act::Shelve => {
            let alarm = state.alarm_list.selected()?;
            match state.live.alarm(alarm).map(|status| status.state) {
                Some(model::AlarmState::Shelved) => entry(Purpose::Unshelve { alarm }, vec![]),
                _ => entry(
                    Purpose::Shelve { alarm },
                    vec![FieldKind::Minutes, FieldKind::Reason { needed: true }],
                ),
            }
        }
        Act::ResetTrip | Act::Bypass => {
            let Item::Interlock(interlock) = state.detail()? else { return None };
            let name = &plant.interlock(interlock)?.name;
            let bypassed = state.live.interlock(interlock).is_some_and(|s| s.bypassed_until_ms.is_some());
            match act {
                Act::ResetTrip => entry(Purpose::ResetTrip { interlock }, vec![retype(name)]),
                _ if bypassed => {
                    entry(Purpose::Restore { interlock }, vec![FieldKind::Reason { needed: true }])
                }
                _ => entry(
                    Purpose::Bypass { interlock },
                    vec![FieldKind::Minutes, FieldKind::Reason { needed: true }, retype(name)],
                ),
            }
        }
        Act::Force => {
            let Item::Point(point) = state.detail()? else { return None };
            if state.live.force(point).is_some() {
                return entry(Purpose::Unforce { point }, vec![]);
            }
            let name = &plant.point(point)?.name;
            let kinds = [FieldKind::Number, FieldKind::Minutes, FieldKind::Reason { needed: true }];
            entry(Purpose::Force { point }, kinds.into_iter().chain([retype(name)]).collect())
        }
        Act::Simulate => {
            let block = block_shown(state)?;
            if state.live.simulation(block).is_some() {
                return entry(Purpose::EndSimulation { block }, vec![]);
            }
            let name = &plant.block(block)?.name;
            let kinds = vec![FieldKind::Minutes, FieldKind::Reason { needed: true }, retype(name)];
            entry(Purpose::Simulate { block }, kinds)
        }
        Act::Stroke => {
            let block = block_shown(state)?;
            if stroke_runs(state, plant, block) {
                return entry(Purpose::EndStroke { block }, vec![]);
            }
            let view = plant.block(block)?;
            let pick = *view.strokes.first()?;
            let kinds = vec![FieldKind::Reason { needed: true }, retype(&view.name)];
            entry(Purpose::Stroke { block, pick }, kinds)
        }
        Act::Prepare => {
            let recipe = state.selected_recipe()?;
            let number = next_batch_number(state).to_string();
            entry(Purpose::Prepare { recipe }, vec![FieldKind::Number]).map(|entry| entry.prefilled(&number))
        }
        Act::Order(order) => order_entry(state, plant, order),
        Act::RestartOrReset => order_entry(state, plant, restart_or_reset(state)),
        Act::PauseOrResume => order_entry(state, plant, pause_or_resume(state)),
        _ => None,
    }
}

/// An abort asks why, and for the unit to be typed; every other order asks once.
fn order_entry(state: &State, plant: &Plant, order: ProcOrder) -> Option<Entry> {
    let recipe = state.selected_recipe()?;
    let kinds = match order {
        ProcOrder::Abort => {
            vec![FieldKind::Reason { needed: true }, FieldKind::Retype(plant.recipe(recipe)?.unit.clone())]
        }
        _ => vec![],
    };
    Some(Entry::new(Purpose::Order { recipe, order }, kinds, state.now_ms))
}

fn next_batch_number(state: &State) -> u32 {
    let standing = &state.live.batches;
    next_batch(state.live.time_ms, |number| standing.iter().any(|status| status.batch == number))
}

pub(crate) fn may_give_reason(entry: &Entry) -> bool {
    let has = entry.fields.iter().any(|field| matches!(field.kind, FieldKind::Reason { .. }));
    !has && !matches!(entry.purpose, Purpose::Leave) && entry.active + 1 >= entry.fields.len()
}

/// Tab on the last field: a place for the reason, which goes into the audit log.
pub(super) fn add_reason(entry: &mut Entry) {
    let field = Entry::new(Purpose::Leave, vec![FieldKind::Reason { needed: false }], 0).fields.remove(0);
    entry.fields.push(field);
    entry.active = entry.fields.len() - 1;
}

/// Enter on the line: the next field, a refusal that stays on the line, or the command.
pub(super) fn enter(state: &mut State, mut entry: Entry, effects: &mut Vec<Effect>) {
    if entry.purpose == Purpose::Leave {
        effects.push(Effect::Quit);
        return;
    }
    if let Some(reason) = state.command_refusal(entry.role(state)) {
        entry.refusal = Some(reason);
        state.entry = Some(entry);
        return;
    }
    entry.refusal = None;
    match entry.enter(state) {
        Ok(Some(command)) => {
            let label = label(state, &command.action);
            send(state, command, label, effects);
        }
        Ok(None) => state.entry = Some(entry),
        Err(reason) => {
            entry.refusal = Some(reason);
            state.entry = Some(entry);
        }
    }
}

fn send(state: &mut State, mut command: CommandRequest, label: String, effects: &mut Vec<Effect>) {
    // Ids are indices into this plant and no other.
    command.plant = state.plant.as_ref().map_or_else(String::new, |plant| plant.view.hash.clone());
    state.last = LastAction {
        time_ms: Some(state.live.time_ms),
        user: state.user().to_owned(),
        text: label.clone(),
        outcome: Outcome::Sent,
        open: 1,
    };
    effects.push(Effect::Command { request: state.request(Pending::Command(label)), command });
}

/// A command in few words, until the controller says it in its own.
fn label(state: &State, action: &Action) -> String {
    let Some(plant) = state.plant.as_deref() else { return String::new() };
    let point = |id: PointId| plant.point(id).map_or("?", |point| point.name.as_str());
    let recipe = |id: RecipeId| plant.recipe(id).map_or("?", |recipe| recipe.name.as_str());
    let alarm = |id: AlarmId| plant.alarm(id).map_or("?", |alarm| alarm.name.as_str());
    match action {
        Action::Write { point: id, value } => format!("{} := {}", point(*id), crate::value::trimmed(*value)),
        Action::Mode { block, mode } => {
            format!("{} mode {}", plant.item_name(Item::Block(*block)), mode.short())
        }
        Action::Acknowledge { alarm: id } => format!("acknowledge {}", alarm(*id)),
        Action::Shelve { alarm: id, for_ms: 0 } => format!("unshelve {}", alarm(*id)),
        Action::Shelve { alarm: id, for_ms } => format!("shelve {} for {} min", alarm(*id), for_ms / 60_000),
        Action::ResetInterlock { interlock } => {
            format!("reset {}", plant.item_name(Item::Interlock(*interlock)))
        }
        Action::Bypass { interlock, for_ms: 0 } => {
            format!("restore {}", plant.item_name(Item::Interlock(*interlock)))
        }
        Action::Bypass { interlock, for_ms } => {
            format!("bypass {} for {} min", plant.item_name(Item::Interlock(*interlock)), for_ms / 60_000)
        }
        Action::Prepare { recipe: id, batch } => format!("prepare batch {batch} of {}", recipe(*id)),
        Action::Parameter { recipe: id, value, .. } => {
            format!("{} parameter := {}", recipe(*id), crate::value::trimmed(*value))
        }
        Action::Batch { recipe: id, order } => format!("{} {}", order.word(), recipe(*id)),
        Action::Phase { order, .. } => format!("{} phase", order.word()),
        Action::Experiment { block, plan } => {
            format!("{} of {}", plan.shape.word(), plant.item_name(Item::Block(*block)))
        }
        Action::EndExperiment { block } => {
            format!("end the experiment on {}", plant.item_name(Item::Block(*block)))
        }
        Action::Force { point: id, value, for_ms } => {
            format!("force {} to {} for {} min", point(*id), crate::value::trimmed(*value), for_ms / 60_000)
        }
        Action::Unforce { point: id } => format!("release {}", point(*id)),
        Action::Simulate { block, for_ms: 0 } => {
            format!("end the simulation of {}", plant.item_name(Item::Block(*block)))
        }
        Action::Simulate { block, for_ms } => {
            format!("simulate {} for {} min", plant.item_name(Item::Block(*block)), for_ms / 60_000)
        }
    }
}

pub(super) fn ask_to_leave(state: &mut State) {
    state.entry = Some(Entry::new(Purpose::Leave, vec![], state.now_ms));
}

/// The alarms that `a` acknowledges here: only ones that are on the screen under the cursor.
pub(super) fn targets(state: &State) -> Vec<AlarmId> {
    let Some(plant) = state.plant.as_deref() else { return Vec::new() };
    let waiting = |id: &AlarmId| state.live.alarm(*id).is_some_and(|status| status.state.needs_acknowledge());
    let mut alarms = if state.nav.on_banner {
        worst_unacknowledged(plant, &state.live).map(|status| status.alarm).into_iter().collect()
    } else if let Some(item) = state.detail() {
        plant.alarms_of(item).to_vec()
    } else {
        match state.nav.page {
            Page::Alarms => state.alarm_list.selected().into_iter().collect(),
            Page::Overview | Page::Units => {
                row_under_cursor(state).map(|row| plant.alarms_of_row(row)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    };
    alarms.retain(waiting);
    alarms
}

pub(super) fn visible(state: &State) -> Vec<AlarmId> {
    let Some(plant) = state.plant.as_deref() else { return Vec::new() };
    let height = alarm_list_height(state);
    let lines = state.alarm_list.lines(plant, &state.live, height).lines;
    let waiting = lines.into_iter().flatten().filter(|status| status.state.needs_acknowledge());
    waiting.map(|status| status.alarm).collect()
}

pub(super) fn acknowledge(state: &mut State, effects: &mut Vec<Effect>) {
    acknowledge_all(state, &targets(state), effects);
}

pub(super) fn acknowledge_visible(state: &mut State, effects: &mut Vec<Effect>) {
    acknowledge_all(state, &visible(state), effects);
}

fn acknowledge_all(state: &mut State, alarms: &[AlarmId], effects: &mut Vec<Effect>) {
    for alarm in alarms {
        let action = Action::Acknowledge { alarm: *alarm };
        let label = label(state, &action);
        send(state, CommandRequest::new(action, ""), label, effects);
    }
    if alarms.len() > 1 {
        state.last.text = format!("acknowledge {} alarms", alarms.len());
        state.last.open = alarms.len();
    }
}
