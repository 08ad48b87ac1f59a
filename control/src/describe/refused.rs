//! A refused command in words: the rule, and what exactly stands against it.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::{Action, AlarmState, InterlockId, ProcOrder, ProcState, RecipeId, Refusal};

use super::{block_name, interlock_name, recipe_name};
use crate::alarm::SHELVE_MAX_MS;
use crate::force::{FORCES, asking, defeated, watching};
use crate::interlock::BYPASS_MAX_MS;
use crate::plant::Plant;
use crate::service::device_of;
use crate::text::{bare_text, batch_name, duration, joined, state_word, value_text};

/// `old` is what the scan found in the way, see [`model::EventBody::Command`].
pub(super) fn text(plant: &Plant, action: &Action, old: f64, refusal: Refusal) -> String {
    in_the_way(plant, action, old, refusal).unwrap_or_else(|| {
        let details = limits(plant, action, refusal).unwrap_or_default();
        format!("{refusal}{details}")
    })
}

/// Which batch, phase or state stands against an order, and which order would be taken.
fn in_the_way(plant: &Plant, action: &Action, old: f64, refusal: Refusal) -> Option<String> {
    let unit = |recipe: RecipeId| plant.recipes.get(recipe.index()).map(|recipe| recipe.equipment.as_str());
    // Numbers come as the scan's f64, which holds every batch number exactly.
    let batch = || batch_name(old as u32);
    Some(match (*action, refusal) {
        (Action::Prepare { recipe, .. }, Refusal::UnitBusy) => format!(
            "{} stands on {}: let it end or stop it, then reset it; one that is idle a reset takes back",
            batch(),
            unit(recipe)?
        ),
        (Action::Prepare { batch, .. }, Refusal::NumberTaken) => {
            let other = recipe_name(plant, RecipeId(old as u32));
            format!("{} is a batch of {other} already; give another number", batch_name(batch))
        }
        (Action::Batch { recipe, .. }, Refusal::UnitBusy) => {
            let phase = &plant.phases.get(old as usize)?.name;
            format!("phase {phase} runs on {}: let it end or stop it first", unit(recipe)?)
        }
        (Action::Batch { recipe, .. }, Refusal::NotInThisState) if old < 0.0 => {
            format!("no batch of it stands on {}; prepare one first", unit(recipe)?)
        }
        (Action::Batch { order, .. }, Refusal::NotInThisState) => {
            let state = ProcState::from_code(old as u8);
            // What has not begun can be taken back.
            let reset = (state == ProcState::Idle).then_some(ProcOrder::Reset);
            not_now("the batch", state, order, state.takes().chain(reset))
        }
        (Action::Parameter { .. }, Refusal::NotInThisState) => {
            "a parameter is set between prepare and start, or while the batch is HELD".to_owned()
        }
        (Action::Phase { phase, .. }, Refusal::UnitBusy) => {
            let unit = &plant.phases.get(phase.index())?.equipment;
            format!("{} commands the phases of {unit}: give the order to the batch", batch())
        }
        (Action::Phase { order, .. }, Refusal::NotInThisState) => {
            let state = ProcState::from_code(old as u8);
            not_now("it", state, order, state.takes())
        }
        (Action::Shelve { .. }, Refusal::NotInThisState) => {
            let state = AlarmState::from_code(old as u8).word();
            format!("it is {state}, and so hidden already")
        }
        (Action::Experiment { .. }, Refusal::NotInThisState) if old < 0.0 => {
            "a stroke test of it runs: let it end, or end it".to_owned()
        }
        (Action::Experiment { block, .. }, Refusal::NotInThisState) => {
            let state = state_word(device_of(plant, block)?.kind, old);
            format!("{} is {state}: a stroke begins at rest", block_name(plant, block.index()))
        }
        _ => return None,
    })
}

/// `the batch is HELD: hold is not possible now; restart, stop, abort are`
fn not_now(who: &str, state: ProcState, order: ProcOrder, takes: impl Iterator<Item = ProcOrder>) -> String {
    let taken: Vec<&str> = takes.map(ProcOrder::word).collect();
    let taken = match taken.as_slice() {
        [] => "no order is, until that is over".to_owned(),
        [one] => format!("{one} is"),
        several => format!("{} are", several.join(", ")),
    };
    format!("{who} is {}: {} is not possible now; {taken}", state.word(), order.word())
}

/// What a refused command should have been: ` (0.0 to 100.0 %)`, ` (at most 12 h)`, ` (IL-301)`.
fn limits(plant: &Plant, action: &Action, refusal: Refusal) -> Option<String> {
    let at_most = |ms: u32| Some(format!(" (at most {})", duration(u64::from(ms))));
    let point = match (*action, refusal) {
        (Action::Force { point, .. }, _) => point,
        (Action::Write { point, .. }, Refusal::BelowLimit | Refusal::AboveLimit) => {
            let definition = plant.points.get(point.index())?;
            let write = definition.write.as_ref()?;
            let high = value_text(plant, point, write.high);
            return Some(format!(" ({} to {high})", bare_text(plant, point, write.low)));
        }
        (Action::Parameter { recipe, parameter, .. }, Refusal::BelowLimit | Refusal::AboveLimit) => {
            let found = plant.recipes.get(recipe.index())?.parameters.get(usize::from(parameter))?;
            let high = joined(&format!("{}", found.high), found.unit.symbol());
            return Some(format!(" ({} to {high})", found.low));
        }
        (Action::Shelve { .. }, Refusal::AboveLimit) => return at_most(SHELVE_MAX_MS),
        (Action::Bypass { .. }, Refusal::AboveLimit) => return at_most(BYPASS_MAX_MS),
        (Action::Experiment { block, .. }, Refusal::WouldTrip) => {
            return named(plant, &watching(plant, block), true);
        }
        (Action::Mode { block, .. }, Refusal::DefeatsInterlock) => {
            return named(plant, &never_bypassed(plant, asking(plant, block)), false);
        }
        _ => return None,
    };
    let definition = plant.points.get(point.index())?;
    match refusal {
        Refusal::BelowLimit | Refusal::AboveLimit => {
            let high = value_text(plant, point, definition.high);
            Some(format!(" ({} to {high})", bare_text(plant, point, definition.low)))
        }
        Refusal::DefeatsInterlock => named(plant, &never_bypassed(plant, defeated(plant, point)), false),
        Refusal::ForcesFull => Some(format!(" ({FORCES} are)")),
        _ => None,
    }
}

fn never_bypassed(plant: &Plant, mut interlocks: Vec<InterlockId>) -> Vec<InterlockId> {
    interlocks.retain(|id| plant.interlocks[id.index()].bypass.is_none());
    interlocks
}

/// ` (IL-301, IL-551, which has no bypass)`, with or without what is said of a bypass.
fn named(plant: &Plant, interlocks: &[InterlockId], bypass: bool) -> Option<String> {
    let says = |id: &InterlockId| {
        let none = bypass && plant.interlocks[id.index()].bypass.is_none();
        interlock_name(plant, *id) + if none { ", which has no bypass" } else { "" }
    };
    let names: Vec<String> = interlocks.iter().map(says).collect();
    (!names.is_empty()).then(|| format!(" ({})", names.join(", ")))
}
