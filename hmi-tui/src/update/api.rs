//! What the controller says.

use crate::clock::sane;
use model::wire::{EventRecord, Frame, HistoryReply, ServerMessage};

use crate::event::{ApiEvent, Effect};
use crate::state::{LoginForm, Pending, State};

/// How far back the journal reaches when the HMI comes up.
const JOURNAL_SPAN_MS: i64 = 86_400_000;
const JOURNAL_EVENTS: u32 = 500;

pub(super) fn take(state: &mut State, event: ApiEvent, effects: &mut Vec<Effect>) {
    match event {
        ApiEvent::Session(session) => {
            // Whoever has just typed the password of another person sees that person's rights.
            state.login = None;
            state.entry = None;
            state.session = Some(session);
        }
        ApiEvent::LoginRefused(reason) => refuse_login(state, reason),
        ApiEvent::PasswordChangeNeeded(reason) => {
            let form = state.login.get_or_insert_default();
            form.change = Some(Default::default());
            form.waiting = false;
            form.trouble = Some(reason);
        }
        ApiEvent::Plant(view) => state.load_plant(*view),
        ApiEvent::Message(message) => match *message {
            ServerMessage::Frame(frame) => take_frame(state, frame, effects),
            ServerMessage::Event(mut event) => {
                event.time_ms = sane(event.time_ms);
                state.journal.push(event);
            }
            // The plant itself follows, and says so on the screen.
            ServerMessage::PlantChanged { .. } => {}
        },
        ApiEvent::Disconnected(reason) => {
            state.reconnects += 1;
            state.trouble = Some(reason);
            if let Some(form) = &mut state.login {
                form.waiting = false;
                form.trouble = state.trouble.clone();
            }
        }
        ApiEvent::History { request, result } => {
            let result = result.map(with_sane_times);
            take_history(state, request, result);
        }
        ApiEvent::Events { request, result } => {
            let result = result.map(|mut events| {
                events.iter_mut().for_each(|event| event.time_ms = sane(event.time_ms));
                events
            });
            take_events(state, request, result);
        }
        ApiEvent::Why { request, result } => {
            if let Some(Pending::Why(name)) = state.pending.remove(&request)
                && name == state.explanation.name
            {
                state.explanation.answer = Some(result);
            }
        }
        ApiEvent::Reply { request, result } => {
            if let Some(Pending::Command(label)) = state.pending.remove(&request) {
                state.command_answered(&label, result);
            }
        }
    }
}

fn refuse_login(state: &mut State, reason: String) {
    let mut form = state.login.take().unwrap_or_else(|| LoginForm {
        user: crate::input::TextInput::new(state.settings.user.as_deref().unwrap_or_default()),
        on_password: state.settings.user.is_some(),
        ..LoginForm::default()
    });
    form.waiting = false;
    form.password = Default::default();
    form.trouble = Some(reason);
    state.login = Some(form);
    state.session = None;
    state.entry = None;
    state.overlay = None;
}

fn take_frame(state: &mut State, frame: Frame, effects: &mut Vec<Effect>) {
    let Some(plant) = state.plant.clone() else { return };
    let first = !state.live.has_frame() || state.lost_for().is_some();
    state.live.take(frame, state.now_ms);
    state.trouble = None;
    let State { tracks, trend, live, .. } = state;
    tracks.push(live.time_ms, |point| live.value(point));
    if trend.end_ms.is_none() {
        trend.push(live.time_ms, |point| live.value(point));
    }
    state.load.take(&state.live.alarms, state.live.time_ms);
    state.alarm_list.refresh(&state.live, state.now_ms);
    let recipes = plant.view.recipes.len();
    state.recipe_row = state.recipe_row.min(recipes.saturating_sub(1));
    if first && state.session.is_some() {
        let to_ms = state.live.time_ms;
        let request = state.request(Pending::Journal);
        let from_ms = to_ms - JOURNAL_SPAN_MS;
        effects.push(Effect::Events { request, from_ms, to_ms, tag: None, max: JOURNAL_EVENTS });
    }
}

fn answer_query(state: &mut State, column: usize, result: Result<HistoryReply, String>) {
    let Some(asked) = &mut state.query.asked else { return };
    if let Some(place) = asked.replies.get_mut(column) {
        *place = Some(result);
    }
    if asked.replies.iter().all(Option::is_some) && asked.took_ms.is_none() {
        asked.took_ms = Some(state.now_ms.saturating_sub(asked.sent_ms));
    }
}

/// Samples and gaps at times with which one can reckon, in their order.
fn with_sane_times(mut reply: HistoryReply) -> HistoryReply {
    reply.samples.iter_mut().for_each(|sample| sample.time_ms = sane(sample.time_ms));
    reply.samples.sort_by_key(|sample| sample.time_ms);
    reply.gaps.iter_mut().for_each(|gap| *gap = (sane(gap.0), sane(gap.1)));
    reply
}

fn take_history(state: &mut State, request: u64, result: Result<HistoryReply, String>) {
    match state.pending.remove(&request) {
        Some(Pending::Track(point)) => {
            if let Ok(reply) = result {
                state.tracks.answer(point, &reply);
            }
        }
        Some(Pending::Pen(point)) => state.trend.answer(point, &result),
        Some(Pending::Column(column)) => answer_query(state, column, result),
        _ => {}
    }
}

fn take_events(state: &mut State, request: u64, result: Result<Vec<EventRecord>, String>) {
    match (state.pending.remove(&request), result) {
        (Some(Pending::Journal), Ok(events)) => state.journal.fill(events),
        (Some(Pending::EventsOf(tag)), Ok(events)) if state.query.tag == tag => {
            state.query.events = Some(events);
        }
        (Some(Pending::EventsOf(_)), Err(trouble)) => state.note(format!("events: {trouble}")),
        _ => {}
    }
}
