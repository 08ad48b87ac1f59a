//! What happened becomes a new state and a list of things to do. No clock, no socket, no terminal.

mod api;
mod choose;
mod command;
mod cursor;
mod keys;
mod open;
mod permission;
mod question;

use crate::state::{ENTRY_EXPIRES_MS, Pending, State, TRACK_SLOTS, TRACK_SPAN_MS, explained_name, watched};
use crate::{Effect, Event};

pub(crate) use choose::choices;
pub(crate) use command::may_give_reason;
pub(crate) use open::show;
pub(crate) use permission::why_not;

/// How often an open explanation is asked for again.
const WHY_EVERY_MS: u64 = 2_000;

/// Takes one event at `now_ms` of our own clock, which counts from the start and never goes back.
pub fn update(state: &mut State, now_ms: u64, event: Event) -> Vec<Effect> {
    state.now_ms = state.now_ms.max(now_ms);
    expire_entry(state);
    let mut effects = Vec::new();
    match event {
        Event::Key(key) => keys::press(state, key, &mut effects),
        Event::Resize(width, height) => {
            (state.width, state.height) = (width, height);
            if state.is_small() && state.entry.take().is_some() {
                state.note("cancelled: the screen is too small to show it, nothing was sent");
            }
        }
        Event::Tick => {}
        Event::Api(event) => api::take(state, event, &mut effects),
    }
    note_link(state);
    ask_for_what_is_shown(state, &mut effects);
    effects
}

fn expire_entry(state: &mut State) {
    if state.entry.as_ref().is_some_and(|entry| entry.is_expired(state.now_ms)) {
        state.entry = None;
        state.note(format!("cancelled: no key for {} s, nothing was sent", ENTRY_EXPIRES_MS / 1000));
    }
}

/// When the link comes back, the hour behind it has a hole that the history can fill.
fn note_link(state: &mut State) {
    let lost = state.lost_for().is_some();
    if state.was_lost && !lost {
        state.tracks.forget_answers();
        state.trend.ask_again();
    }
    state.was_lost = lost;
}

fn ask_for_what_is_shown(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.live.has_frame() || state.session.is_none() || state.lost_for().is_some() {
        return;
    }
    let Some(plant) = state.plant.clone() else { return };
    let now = state.live.time_ms;
    for point in watched(state) {
        if state.tracks.watch(point, state.now_ms)
            && let Some(view) = plant.point(point)
        {
            effects.push(Effect::History {
                request: state.request(Pending::Track(point)),
                point: view.name.clone(),
                from_ms: now - TRACK_SPAN_MS,
                to_ms: now,
                columns: TRACK_SLOTS as u32,
            });
        }
    }
    ask_for_pens(state, effects);
    ask_why(state, effects);
}

fn ask_for_pens(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plant) = state.plant.clone() else { return };
    let (from_ms, to_ms) = state.trend.window(state.live.time_ms);
    // Two columns of braille in each cell.
    let columns = u32::from(state.width).clamp(40, 250) * 2;
    for index in 0..state.trend.pens.len() {
        let pen = &mut state.trend.pens[index];
        if std::mem::replace(&mut pen.asked, true) {
            continue;
        }
        let id = pen.point;
        // An answer to the question before would come too late.
        state.pending.retain(|_, pending| *pending != Pending::Pen(id));
        if let Some(view) = plant.point(id) {
            let request = state.request(Pending::Pen(id));
            effects.push(Effect::History { request, point: view.name.clone(), from_ms, to_ms, columns });
        }
    }
}

fn ask_why(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(name) = explained_name(state) else {
        state.explanation = Default::default();
        return;
    };
    if state.explanation.name != name {
        state.explanation = crate::state::Explanation { name: name.clone(), ..Default::default() };
    }
    let due = state.explanation.asked_ms.is_none_or(|at| state.now_ms >= at + WHY_EVERY_MS);
    if due {
        state.explanation.asked_ms = Some(state.now_ms);
        let request = state.request(Pending::Why(name.clone()));
        effects.push(Effect::Why { request, name });
    }
}
