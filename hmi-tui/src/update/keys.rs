//! A key goes to whatever is on top: login, entry line, overlay, text field, page.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use model::wire::{Login, PasswordChange};
use model::{Mode, Priority};

use super::{choose, command, cursor, open, permission, question};
use crate::event::Effect;
use crate::keymap::{Act, meaning};
use crate::state::{AlarmTab, Choosing, Item, LoginForm, Overlay, Page, Purpose, State, under_cursor};

pub(super) fn press(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    if key.kind == KeyEventKind::Release {
        return;
    }
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        effects.push(Effect::Quit);
        return;
    }
    if let Some(form) = &mut state.login {
        return match form.change.is_some() {
            true => new_password_key(form, key, effects),
            false => login_key(form, key, effects),
        };
    }
    // Nobody may act on what he cannot see.
    if state.plant.is_none() || state.is_small() {
        if key.code == KeyCode::Char('q') {
            effects.push(Effect::Quit);
        }
        return;
    }
    if state.entry.is_some() {
        return entry_key(state, key, effects);
    }
    if state.overlay.is_some() {
        return overlay_key(state, key, effects);
    }
    if state.query.editing && state.nav.page == Page::History && state.nav.details.is_empty() {
        return query_key(state, key, effects);
    }
    let Some(act) = meaning(state.scope(), key) else { return };
    match permission::why_not(state, act) {
        Some(reason) => state.note(format!("{}: {reason}", key_name(key))),
        None => perform(state, act, effects),
    }
}

fn key_name(key: KeyEvent) -> String {
    match key.code {
        KeyCode::Char(letter) => letter.to_string(),
        code => code.to_string(),
    }
}

fn login_key(form: &mut LoginForm, key: KeyEvent, effects: &mut Vec<Effect>) {
    match key.code {
        KeyCode::Esc => effects.push(Effect::Quit),
        KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down => form.on_password = !form.on_password,
        KeyCode::Enter if !form.on_password => form.on_password = true,
        KeyCode::Enter if form.user.is_empty() || form.password.is_empty() => {
            form.trouble = Some("type user and password".to_owned());
        }
        KeyCode::Enter if !form.waiting => {
            form.waiting = true;
            form.trouble = None;
            let login = Login { user: form.user.text().trim().to_owned(), password: form.password.text() };
            effects.push(Effect::Login(login));
        }
        _ => {
            let field = if form.on_password { &mut form.password } else { &mut form.user };
            field.key(key);
        }
    }
}

fn new_password_key(form: &mut LoginForm, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(change) = &mut form.change else { return };
    match key.code {
        KeyCode::Esc => effects.push(Effect::Quit),
        KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down => change.on_again = !change.on_again,
        KeyCode::Enter if !change.on_again => change.on_again = true,
        KeyCode::Enter if change.new != change.again => {
            form.trouble = Some("the two are not the same; type both again".to_owned());
            form.change = Some(Default::default());
        }
        KeyCode::Enter if !form.waiting => {
            form.waiting = true;
            form.trouble = None;
            effects
                .push(Effect::ChangePassword(PasswordChange { old: String::new(), new: change.new.text() }));
        }
        _ => {
            let field = if change.on_again { &mut change.again } else { &mut change.new };
            field.key(key);
        }
    }
}

fn entry_key(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(mut entry) = state.entry.take() else { return };
    entry.touched_ms = state.now_ms;
    match key.code {
        KeyCode::Esc => return state.note("cancelled, nothing was sent"),
        KeyCode::Enter => return command::enter(state, entry, effects),
        KeyCode::Tab if command::may_give_reason(&entry) => command::add_reason(&mut entry),
        KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown if entry.steps(state).is_some() => {
            let (fine, coarse) = entry.steps(state).unwrap_or_default();
            let step = match key.code {
                KeyCode::Up => fine,
                KeyCode::Down => -fine,
                KeyCode::PageUp => coarse,
                _ => -coarse,
            };
            entry.refusal = entry.nudge(state, step).err();
        }
        KeyCode::Tab | KeyCode::Down if entry.active + 1 < entry.fields.len() => entry.active += 1,
        KeyCode::BackTab | KeyCode::Up => entry.active = entry.active.saturating_sub(1),
        _ => {
            if let (Purpose::Mode { block, pick }, true) = (&mut entry.purpose, entry.fields.is_empty()) {
                let modes = state.plant.as_deref().and_then(|plant| plant.block(*block));
                let modes = modes.map(|block| block.modes.as_slice()).unwrap_or_default();
                pick_mode(modes, pick, key.code);
            } else if let (Purpose::Stroke { block, pick }, KeyCode::Left | KeyCode::Right, true) = (
                &mut entry.purpose,
                key.code,
                entry.active == 0 && entry.fields.first().is_some_and(|field| field.input.is_empty()),
            ) {
                let declared = state.plant.as_deref().and_then(|plant| plant.block(*block));
                let declared = declared.map(|block| block.strokes.as_slice()).unwrap_or_default();
                *pick = declared.iter().copied().find(|shape| shape != pick).unwrap_or(*pick);
            } else if let Some(field) = entry.fields.get_mut(entry.active) {
                field.input.key(key);
            }
            entry.refusal = None;
        }
    }
    state.entry = Some(entry);
}

/// Left and Right walk the modes; a letter chooses the next one that begins with it.
fn pick_mode(modes: &[Mode], pick: &mut Mode, code: KeyCode) {
    let at = modes.iter().position(|mode| mode == pick);
    let count = modes.len();
    let step = |by: usize| at.map_or(0, |at| (at + by) % count.max(1));
    let target = match code {
        KeyCode::Right | KeyCode::Down => Some(step(1)),
        KeyCode::Left | KeyCode::Up => Some(step(count.saturating_sub(1))),
        KeyCode::Char(letter) => (1..=count).map(step).find(|index| {
            modes.get(*index).is_some_and(|mode| mode.short().starts_with(letter.to_ascii_uppercase()))
        }),
        _ => None,
    };
    if let Some(mode) = target.and_then(|index| modes.get(index)) {
        *pick = *mode;
    }
}

fn overlay_key(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(mut overlay) = state.overlay.take() else { return };
    match &mut overlay {
        Overlay::Note { .. } => return,
        Overlay::Help { scroll } | Overlay::Why { scroll, .. } => match key.code {
            KeyCode::Up => *scroll = scroll.saturating_sub(1),
            KeyCode::Down => *scroll = scroll.saturating_add(1).min(500),
            KeyCode::PageUp => *scroll = scroll.saturating_sub(10),
            KeyCode::PageDown => *scroll = scroll.saturating_add(10).min(500),
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?' | 'w' | 'q') => return,
            _ => {}
        },
        Overlay::Choose { purpose, input, pick } => match key.code {
            KeyCode::Esc => return,
            KeyCode::Up => *pick = pick.saturating_sub(1),
            KeyCode::Down => {
                let found = choose::choices(state, *purpose, &input.text()).len();
                *pick = (*pick + 1).min(found.saturating_sub(1));
            }
            KeyCode::Enter => {
                let choice = choose::choices(state, *purpose, &input.text()).into_iter().nth(*pick);
                return match choice {
                    Some(choice) => choose::run(state, *purpose, choice, effects),
                    None => state.note(format!("nothing is called \"{}\"", input.text())),
                };
            }
            _ => {
                input.key(key);
                *pick = 0;
            }
        },
    }
    state.overlay = Some(overlay);
}

fn query_key(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    match key.code {
        KeyCode::Esc => state.query.editing = false,
        KeyCode::Enter => question::ask_history(state, effects),
        KeyCode::Tab => question::complete_query(state),
        _ => {
            state.query.input.key(key);
            state.query.trouble = None;
        }
    }
}

fn perform(state: &mut State, act: Act, effects: &mut Vec<Effect>) {
    match act {
        Act::Page(page) => open::page(state, page),
        Act::Step(by) => cursor::step(state, by),
        Act::Leap(by) => cursor::step(state, by * cursor::leap(state)),
        Act::First => cursor::step(state, -100_000),
        Act::Last => cursor::step(state, 100_000),
        Act::Aside(by) => cursor::aside(state, by),
        Act::Open => open::enter(state, effects),
        Act::Back => open::back(state),
        Act::Tab => tab(state),
        Act::Banner => open::banner(state),
        Act::Find => choose::open(state, Choosing::Faceplate),
        Act::Palette => choose::open(state, Choosing::Command),
        Act::Help => state.overlay = Some(Overlay::Help { scroll: 0 }),
        Act::Leave => command::ask_to_leave(state),
        Act::Acknowledge => command::acknowledge(state, effects),
        Act::AcknowledgeVisible => command::acknowledge_visible(state, effects),
        Act::AreaFilter => next_area(state),
        Act::Mimic => state.nav.mimic_first = !state.nav.mimic_first,
        Act::Trend => open::trend(state),
        Act::Interlocks => open::interlocks(state),
        Act::Faceplate => {
            if let Some(item) = under_cursor(state) {
                state.nav.open(item);
            }
        }
        Act::Tuning => open::tuning(state),
        Act::TagAlarms => open::tag_alarms(state),
        Act::TagHistory => open::tag_history(state, effects),
        Act::Why => open::why(state),
        Act::Span(by) => state.trend.change_span(by),
        Act::Pan(by) => state.trend.pan(by, state.live.time_ms),
        Act::LiveEnd => {
            state.trend.end_ms = None;
            state.trend.cursor_ms = None;
            state.trend.ask_again();
        }
        Act::AddPen => choose::open(state, Choosing::Pen),
        Act::PenOnOff => {
            let selected = state.trend.selected;
            if let Some(pen) = state.trend.pens.get_mut(selected) {
                pen.on = !pen.on;
            }
        }
        Act::DropPen => state.trend.drop_selected(),
        Act::PenScale => {
            let selected = state.trend.selected;
            if let Some(pen) = state.trend.pens.get_mut(selected) {
                pen.own_scale = !pen.own_scale;
            }
        }
        Act::Freeze => match state.trend.end_ms {
            Some(_) => {
                state.trend.end_ms = None;
                state.trend.ask_again();
            }
            None => state.trend.end_ms = Some(state.live.time_ms),
        },
        Act::Parameters => open::parameters(state),
        Act::Query => state.query.editing = true,
        Act::EventKind => question::next_kind(state),
        Act::EventTag => question::event_tag(state),
        Act::Shelve
        | Act::SetValue
        | Act::SetMode
        | Act::SetOutput
        | Act::Switch(_)
        | Act::ResetTrip
        | Act::Bypass
        | Act::Force
        | Act::Simulate
        | Act::Stroke
        | Act::Prepare
        | Act::Order(_)
        | Act::RestartOrReset
        | Act::PauseOrResume => command::begin(state, act),
    }
}

fn tab(state: &mut State) {
    match state.nav.page {
        Page::Alarms => {
            let at = AlarmTab::ALL.iter().position(|tab| *tab == state.alarm_list.tab).unwrap_or(0);
            state.alarm_list.tab = AlarmTab::ALL[(at + 1) % AlarmTab::ALL.len()];
            state.alarm_list.journal_row = 0;
            if let Some(plant) = state.plant.clone() {
                state.alarm_list.home(&plant, &state.live, state.now_ms);
            }
        }
        Page::Trends => state.trend.next_pen(),
        Page::History => state.query.in_journal = !state.query.in_journal,
        _ => {}
    }
}

/// All areas, then each area that has alarms, then all again; a tag filter goes first.
fn next_area(state: &mut State) {
    let Some(plant) = state.plant.clone() else { return };
    let list = &mut state.alarm_list;
    if list.tag.take().is_none() {
        let areas: Vec<&str> = plant.view.areas.iter().map(|area| area.id.as_str()).collect();
        list.area = match &list.area {
            None => areas.first().map(|area| (*area).to_owned()),
            Some(area) => {
                let at = areas.iter().position(|known| known == area);
                at.and_then(|at| areas.get(at + 1)).map(|area| (*area).to_owned())
            }
        };
    }
    list.home(&plant, &state.live, state.now_ms);
}

/// For the banner: its alarm's place on the displays.
pub(super) fn banner_item(state: &State) -> Option<(Item, Priority)> {
    let plant = state.plant.as_deref()?;
    let status = crate::state::worst_unacknowledged(plant, &state.live)?;
    let alarm = plant.alarm(status.alarm)?;
    Some((plant.alarm_item(alarm)?, alarm.priority))
}
