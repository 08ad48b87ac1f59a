//! Recipes and batches of ISA-88: procedure, parameters, the phase that runs and what it waits for.

use model::wire::{BatchStatus, EventKind, ProcedureLevel, RecipeView};
use model::{ProcState, RecipeId};

use super::{first_shown, journal};
use crate::clock;
use crate::pane::{Pane, wrapped};
use crate::state::{Plant, State};
use crate::value;

/// Lines of the recipe list.
const RECIPES_MAX: usize = 6;

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    if plant.view.recipes.is_empty() {
        let dim = body.look.dim();
        body.text(1, 1, "This plant has no recipes.", dim);
        return;
    }
    let listed = recipe_list(body, state, plant);
    let Some(recipe) = state.selected_recipe().and_then(|id| plant.recipe(id)) else { return };
    let status = state.live.batch(recipe.id);
    let y = listed + 1;
    title_line(body, y, state, recipe, status);
    let rest = body.height().saturating_sub(y + 1);
    let events = if rest >= 22 { 7 } else { 0 };
    let boxes = rest - events;
    // The parameters need 53 columns inside their box to show everything.
    let left = if body.width() >= 110 { body.width() - 58 } else { (body.width() / 2).saturating_sub(1) };
    {
        let mut panel = body.part(1, y + 1, left, boxes);
        procedure_box(&mut panel, state, recipe, status);
    }
    {
        let width = body.width().saturating_sub(left + 3);
        let mut panel = body.part(left + 2, y + 1, width, boxes);
        let wanted = recipe.parameters.len() as u16 + 3;
        let parameters = wanted.clamp(4, (boxes / 2).max(4));
        {
            let mut upper = panel.part(0, 0, width, parameters);
            parameters_box(&mut upper, state, recipe, status);
        }
        let mut lower = panel.below(parameters);
        phase_box(&mut lower, state, plant, recipe.id, status);
    }
    if events > 0 {
        let mut part = body.below(y + 1 + boxes);
        batch_events(&mut part, state);
    }
}

/// `B-0412`, as the journal writes it.
pub(super) fn batch_name(number: u32) -> String {
    format!("B-{number:04}")
}

fn recipe_list(body: &mut Pane<'_>, state: &State, plant: &Plant) -> u16 {
    let (text, dim, bright) = (body.look.text(), body.look.dim(), body.look.bright());
    let wide = body.width() >= 110;
    let batch_at = if wide { 66 } else { 43 };
    // `B-28684800`: a number is the second in which it was given.
    let (state_at, since_at) = (batch_at + 11, batch_at + 23);
    body.text(1, 0, "RECIPE", dim);
    body.text(14, 0, "TITLE", dim);
    if wide {
        body.text(50, 0, "UNIT", dim);
    }
    body.text(batch_at, 0, "BATCH", dim);
    body.text(state_at, 0, "STATE", dim);
    body.text(since_at, 0, "SINCE", dim);
    let count = plant.view.recipes.len();
    let height = count.min(RECIPES_MAX);
    let first = first_shown(state.recipe_row, count, height);
    for ((index, recipe), y) in plant.view.recipes.iter().enumerate().skip(first).take(height).zip(1..) {
        let chosen = index == state.recipe_row;
        if chosen && !state.nav.on_banner {
            body.text(0, y, ">", bright);
        }
        body.fit(1, y, 12, &recipe.name, if chosen { bright } else { text });
        body.fit(14, y, batch_at.min(50) - 15, &recipe.title, dim);
        if wide {
            body.fit(50, y, 15, &recipe.unit, dim);
        }
        if let Some(status) = state.live.batch(recipe.id) {
            let value = body.look.value();
            body.text(batch_at, y, &batch_name(status.batch), value);
            body.text(
                state_at,
                y,
                status.state.word(),
                if status.state.is_active() { bright } else { value },
            );
            let since = clock::stopwatch(state.live.time_ms - status.since_ms);
            body.text(since_at, y, &since, value);
        } else {
            body.text(batch_at, y, "none", dim);
        }
    }
    height as u16 + 1
}

/// ` 412  LiOH crystallisation   recipe LIOH-CRYST v7  CR-401     HELD 00:05:27`
fn title_line(body: &mut Pane<'_>, y: u16, state: &State, recipe: &RecipeView, status: Option<&BatchStatus>) {
    let (bright, dim) = (body.look.bright(), body.look.dim());
    let end = body.width().saturating_sub(1);
    let right = status.map_or_else(
        || "no batch; N prepares one".to_owned(),
        |status| {
            let since = clock::stopwatch(state.live.time_ms - status.since_ms);
            format!("{} {since}", status.state.word())
        },
    );
    let start = body.right(end, y, &right, bright);
    let number = status.map_or_else(String::new, |status| format!("{}  ", batch_name(status.batch)));
    let head =
        format!("{number}{}   recipe {} v{}   {}", recipe.title, recipe.name, recipe.version, recipe.unit);
    body.fit(1, y, start.saturating_sub(3), &head, dim);
}

fn procedure_box(panel: &mut Pane<'_>, state: &State, recipe: &RecipeView, status: Option<&BatchStatus>) {
    let mut inside = panel.boxed("PROCEDURE");
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    let height = usize::from(inside.height());
    let node = |index: usize| status.and_then(|status| status.nodes.get(index));
    let active =
        (0..recipe.procedure.len()).rev().find(|index| node(*index).is_some_and(|n| n.state.is_active()));
    let first = first_shown(active.unwrap_or(0), recipe.procedure.len(), height);
    let columns_of_state = if status.is_some() { 20 } else { 0 };
    let state_at = inside.width().saturating_sub(columns_of_state).max(12);
    for ((index, view), y) in recipe.procedure.iter().enumerate().skip(first).take(height).zip(0..) {
        let (indent, kind) = match view.level {
            ProcedureLevel::UnitProcedure => (0, "UP"),
            ProcedureLevel::Operation => (2, "OP"),
            ProcedureLevel::Phase => (4, "PH"),
        };
        let runs = node(index).is_some_and(|node| node.state.is_active());
        let style = if runs && !inside.look.lost { bright } else { text };
        if runs && view.level != ProcedureLevel::UnitProcedure {
            inside.text(1 + indent, y, ">", style);
        }
        let words = match view.title.is_empty() || view.title == view.name {
            true => format!("{kind} {}", view.name),
            false => format!("{kind} {}  {}", view.name, view.title),
        };
        inside.fit(3 + indent, y, state_at.saturating_sub(4 + indent), &words, style);
        let Some(node) = node(index) else { continue };
        let style = if runs { style } else { dim };
        inside.fit(state_at, y, 10, node.state.word(), style);
        if node.state != ProcState::Idle {
            let elapsed = clock::stopwatch(i64::try_from(node.elapsed_ms).unwrap_or(i64::MAX));
            inside.fit(state_at + 11, y, 8, &elapsed, dim);
        }
    }
    let _ = state;
}

fn parameters_box(panel: &mut Pane<'_>, state: &State, recipe: &RecipeView, status: Option<&BatchStatus>) {
    let walking = state.nav.parameter;
    let hint = match (walking, status.map(|status| status.state)) {
        (Some(_), Some(ProcState::Idle)) => "   Enter sets, Esc back",
        (_, Some(ProcState::Idle)) => "   p edits before the start",
        _ => "",
    };
    let mut inside = panel.boxed(&format!("PARAMETERS{hint}"));
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    let width = inside.width();
    // Name, recipe's value, this batch's value, limits, unit.
    let (recipe_end, now_end, limits, unit) = match width {
        52.. => (29, 37, 39, width - 7),
        _ => (0, 21, 23, width.saturating_sub(5)),
    };
    inside.text(1, 0, "parameter", dim);
    if recipe_end > 0 {
        inside.right(recipe_end, 0, "recipe", dim);
    }
    inside.right(now_end, 0, "batch", dim);
    inside.text(limits, 0, "limits", dim);
    inside.text(unit, 0, "unit", dim);
    let height = usize::from(inside.height().saturating_sub(1));
    let first = first_shown(walking.unwrap_or(0), recipe.parameters.len(), height);
    for ((index, view), y) in recipe.parameters.iter().enumerate().skip(first).take(height).zip(1..) {
        let chosen = walking == Some(index);
        if chosen {
            inside.text(0, y, ">", bright);
        }
        let room = if recipe_end > 0 { 20 } else { 13 };
        inside.fit(1, y, room, &view.name, if chosen { bright } else { text });
        if recipe_end > 0 {
            inside.right(recipe_end, y, &value::trimmed(view.value), dim);
        }
        let now = status.and_then(|status| status.parameters.get(index)).copied();
        let value_style = inside.look.value();
        inside.right(now_end, y, &now.map_or_else(|| "--".to_owned(), value::trimmed), value_style);
        let words = format!("{}..{}", value::trimmed(view.low), value::trimmed(view.high));
        inside.fit(limits, y, unit.saturating_sub(limits + 1), &words, dim);
        inside.fit(unit, y, width.saturating_sub(unit), view.unit.symbol(), dim);
    }
}

fn phase_box(
    panel: &mut Pane<'_>,
    state: &State,
    plant: &Plant,
    recipe: RecipeId,
    status: Option<&BatchStatus>,
) {
    let phase = status.and_then(|status| status.phase.as_ref());
    let view = phase.and_then(|phase| plant.phase(phase.phase));
    let title = match (phase, view) {
        (Some(phase), Some(view)) => {
            let steps = view.steps.len();
            format!("PHASE {}   {} at step {} of {steps}", view.name, phase.state.word(), phase.step + 1)
        }
        _ => "PHASE".to_owned(),
    };
    let mut inside = panel.boxed(&title);
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    let width = inside.width().saturating_sub(2);
    let mut y = 0;
    let mut put = |inside: &mut Pane<'_>, label: &str, words: &str, style| {
        if words.is_empty() {
            return;
        }
        inside.text(1, y, label, dim);
        for line in wrapped(words, width.saturating_sub(9)) {
            inside.text(10, y, &line, style);
            y += 1;
        }
    };
    if let Some(cause) = status.and_then(|status| status.cause.as_ref()) {
        put(&mut inside, "cause", cause, bright);
    }
    match phase {
        Some(phase) => {
            put(&mut inside, "step", &phase.step_text, text);
            let elapsed = i64::try_from(phase.step_elapsed_ms).unwrap_or(i64::MAX);
            put(&mut inside, "since", &clock::stopwatch(elapsed), text);
            put(&mut inside, "waits", &phase.waiting, text);
            if let Some(view) = view {
                put(&mut inside, "phase", &view.description, dim);
            }
        }
        None => {
            let words = match status.map(|status| status.state) {
                None => "No batch of this recipe stands on its unit. N prepares one.",
                Some(ProcState::Idle) => "Prepared. p edits the parameters, S starts it.",
                Some(state) if state.is_final() => "Over. R resets it, N prepares the next one.",
                Some(_) => "Between two phases.",
            };
            put(&mut inside, "", words, dim);
        }
    }
    steps(
        &mut inside,
        y + 1,
        phase.map(|phase| usize::from(phase.step)),
        view.map(|view| view.steps.as_slice()),
    );
    let _ = (state, recipe);
}

/// The steps around the one that runs.
fn steps(inside: &mut Pane<'_>, y: u16, now: Option<usize>, steps: Option<&[String]>) {
    let (Some(now), Some(steps)) = (now, steps) else { return };
    let (dim, bright) = (inside.look.dim(), inside.look.bright());
    let height = usize::from(inside.height().saturating_sub(y));
    let first = first_shown(now, steps.len(), height);
    for ((index, step), y) in steps.iter().enumerate().skip(first).take(height).zip(y..) {
        let style = if index == now { bright } else { dim };
        if index == now {
            inside.text(1, y, ">", style);
        }
        inside.right(5, y, &(index + 1).to_string(), style);
        inside.fit(7, y, inside.width().saturating_sub(8), step, style);
    }
}

fn batch_events(part: &mut Pane<'_>, state: &State) {
    let dim = part.look.dim();
    part.text(1, 0, "BATCH EVENTS (newest first)", dim);
    let recipes = state.plant.as_deref().map(|plant| plant.view.recipes.as_slice()).unwrap_or_default();
    let events = state.journal.iter().filter(|event| {
        event.kind == EventKind::Batch || recipes.iter().any(|recipe| recipe.name == event.tag)
    });
    for (event, y) in events.take(usize::from(part.height().saturating_sub(1))).zip(1..) {
        journal::line(part, y, state, event, false);
    }
}
