//! Questions to the history, and the filters of its journal.

use model::wire::EventKind;

use super::choose;
use crate::event::Effect;
use crate::state::{Choosing, Pending, State, parse_query};

pub(super) fn ask_history(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plant) = state.plant.clone() else { return };
    let asked = parse_query(&state.query.input.text(), &plant, state.live.time_ms, state.now_ms);
    state.pending.retain(|_, pending| !matches!(pending, Pending::Column(_)));
    match asked {
        Ok(asked) => {
            for (column, point) in asked.points.iter().enumerate() {
                let Some(view) = plant.point(*point) else { continue };
                effects.push(Effect::History {
                    request: state.request(Pending::Column(column)),
                    point: view.name.clone(),
                    from_ms: asked.from_ms,
                    to_ms: asked.to_ms,
                    columns: asked.columns(),
                });
            }
            state.query.asked = Some(asked);
            state.query.trouble = None;
            state.query.editing = false;
            state.query.row = 0;
        }
        Err(trouble) => state.query.trouble = Some(trouble),
    }
}

/// Tab in the query completes the last word to the first tag that begins with it.
pub(super) fn complete_query(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    let text = state.query.input.text();
    let start = text.rfind([' ', ',']).map_or(0, |at| at + 1);
    let (kept, word) = text.split_at(start);
    let word = word.to_uppercase();
    let mut names = plant.view.points.iter().map(|point| point.name.as_str());
    if let Some(name) = names.find(|name| !word.is_empty() && name.to_uppercase().starts_with(&word)) {
        state.query.input = crate::input::TextInput::new(&format!("{kept}{name}"));
    }
}

pub(super) fn next_kind(state: &mut State) {
    state.query.kind = match state.query.kind {
        None => EventKind::ALL.first().copied(),
        Some(kind) => {
            let at = EventKind::ALL.iter().position(|known| *known == kind);
            at.and_then(|at| EventKind::ALL.get(at + 1)).copied()
        }
    };
    state.query.event_row = 0;
}

/// Off when it is on; else asks for a tag.
pub(super) fn event_tag(state: &mut State) {
    if state.query.tag.take().is_some() {
        state.query.events = None;
        state.query.event_row = 0;
        return;
    }
    choose::open(state, Choosing::EventTag);
}
