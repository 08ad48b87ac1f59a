//! Header, banner, last action and hints: the same rows on every page.

use model::Priority;
use model::wire::{BlockKind, BlockView, Role};

use super::entry;
use crate::clock;
use crate::keymap::{Act, Binding, KEYMAP, Scope};
use crate::layout::Rows;
use crate::pane::{Pane, columns, shortened};
use crate::state::{AlarmTab, Item, Outcome, Overlay, Page, Plant, State, worst_unacknowledged};
use crate::update::why_not;

pub(super) fn draw(screen: &mut Pane<'_>, state: &State, rows: &Rows) {
    header(screen, state);
    banner(screen, 1, state);
    screen.rule(2);
    screen.rule(rows.lower_rule);
    match &state.entry {
        Some(entry) => entry::draw(screen, rows, state, entry),
        None => {
            last_action(screen, rows.last, state);
            match overlay_hint(state) {
                Some(words) => {
                    let dim = screen.look.dim();
                    screen.fit(1, rows.hints, screen.width().saturating_sub(2), words, dim);
                }
                None => hints(screen, rows.hints, state),
            }
        }
    }
}

/// Plant, path and level to the left; scan, bridges, user and the controller's clock to the right.
pub(super) fn header(screen: &mut Pane<'_>, state: &State) {
    let width = screen.width();
    let (text, dim) = (screen.look.text(), screen.look.dim());
    let end = width.saturating_sub(1);
    let mut left_of_right = if let Some(age) = state.lost_for() {
        let words = match state.live.has_frame() {
            true => format!(" LINK LOST {} ", clock::age(age as i64)),
            false => format!(" NO LINK {} ", clock::age(age as i64)),
        };
        let fill = screen.look.fill(Priority::Critical);
        let start = screen.right(end, 0, &state.settings.zone.clock(state.live.time_ms), dim);
        screen.right(start.saturating_sub(2), 0, &words, fill)
    } else {
        screen.right(end, 0, &state.settings.zone.clock(state.live.time_ms), text)
    };
    let system = &state.live.system;
    let user = state.session.as_ref().map_or_else(String::new, |session| {
        let view = if state.settings.view_only { " VIEW ONLY" } else { "" };
        format!("{} {}{view}", session.user, session.role.word().to_uppercase())
    });
    let bridge = format!("bridge {}/{}", system.links_up, system.links);
    let scan = format!("scan {:.0}%", system.scan_load_percent);
    let (plant, place) = path(state);
    let path = format!("{plant}   {place}");
    // What does not fit beside the path is left out, the least needed first.
    let least = columns(&place).min(width / 2) + 2;
    let exceptions = [
        ("FORCED", state.live.forced.len()),
        ("BYPASS", state.live.bypassed().count()),
        ("OOS", state.live.out_of_service.len()),
    ];
    for (word, count) in exceptions {
        if count > 0 {
            let fill =
                if screen.look.lost { screen.look.faint() } else { screen.look.fill(Priority::Medium) };
            left_of_right =
                screen.right(left_of_right.saturating_sub(2), 0, &format!(" {word} {count} "), fill);
        }
    }
    for (words, style) in [(user, text), (bridge, dim), (scan, dim)] {
        let needed = columns(&words) + 3;
        if left_of_right > least + needed {
            left_of_right = screen.right(left_of_right - 3, 0, &words, style);
        }
    }
    // On a narrow screen the place matters more than the name of the plant.
    let room = left_of_right.saturating_sub(3);
    screen.fit(1, 0, room, if columns(&path) <= room { &path } else { &place }, text);
}

/// `LITHIUM REFINERY 1   Overview > 300 Electrolysis > EL-301 > TIC-311  L3`
fn path(state: &State) -> (String, String) {
    let Some(plant) = state.plant.as_deref() else { return ("Catholyte".to_owned(), String::new()) };
    let place = match state.nav.page {
        Page::Overview => {
            plant.overview().map_or("Plant overview", |display| display.title.as_str()).to_owned()
        }
        Page::Units => match plant.unit(state.nav.unit) {
            Some(unit) => {
                let area = plant.area_title(&unit.area);
                // The faceplate's name matters more than the way to it.
                if state.nav.details.is_empty() {
                    format!("Overview > {area} > {}", unit.name)
                } else {
                    format!("... > {}", unit.name)
                }
            }
            None => "Units".to_owned(),
        },
        Page::Alarms => "Alarm summary".to_owned(),
        Page::Trends => "Trends".to_owned(),
        Page::Batch => "Batch".to_owned(),
        Page::History => "History".to_owned(),
        Page::System => "System".to_owned(),
    };
    let details = state.nav.details.iter().map(|item| plant.item_name(*item));
    let path = std::iter::once(place.as_str()).chain(details).collect::<Vec<_>>().join(" > ");
    let level = match (state.nav.details.last(), state.nav.page) {
        (Some(_), _) => "L3",
        (None, Page::Overview) => "L1",
        (None, Page::Units) => "L2",
        _ => "L4",
    };
    (plant.view.title.clone(), format!("{path}  {level}"))
}

/// The worst alarm that nobody has acknowledged, and how many stand.
pub(super) fn banner(screen: &mut Pane<'_>, y: u16, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    let (text, dim) = (screen.look.text(), screen.look.dim());
    let counts_from = counts(screen, y, state);
    let Some(status) = worst_unacknowledged(plant, &state.live) else {
        let end = screen.text(1, y, "no unacknowledged alarm", dim);
        tripped_words(screen, end + 3, y, counts_from, state, plant);
        return;
    };
    let Some(alarm) = plant.alarm(status.alarm) else { return };
    let start = screen.text(0, y, if state.nav.on_banner { ">" } else { " " }, text);
    let behind = screen.badge(start, y, alarm.priority, status.state == model::AlarmState::Unacked);
    let value = alarm.point.filter(|_| status.active).and_then(|point| {
        let unit = plant.point(point)?.unit;
        let (text, mark) = state.reading(point);
        Some(format!("  {text}{mark} {unit}"))
    });
    let age = clock::age(state.live.time_ms - status.since_ms);
    let words =
        format!("{} {}{}  {} {age}", alarm.tag, alarm.text, value.unwrap_or_default(), status.state.word());
    let style = if state.nav.on_banner { screen.look.bright() } else { screen.look.value() };
    screen.fit(behind + 1, y, counts_from.saturating_sub(behind + 3), &words, style);
}

/// A trip that waits for its reset is no alarm, and must not be overlooked either.
fn tripped_words(screen: &mut Pane<'_>, x: u16, y: u16, end: u16, state: &State, plant: &Plant) {
    let tripped = state.live.interlocks.iter().filter(|status| status.tripped);
    let names: Vec<&str> = tripped.map(|status| plant.item_name(Item::Interlock(status.interlock))).collect();
    if names.is_empty() {
        return;
    }
    let fill = if screen.look.lost { screen.look.faint() } else { screen.look.fill(Priority::Critical) };
    let x = screen.text(x, y, " TRIPPED ", fill);
    let text = screen.look.value();
    screen.fit(x + 1, y, end.saturating_sub(x + 2), &names.join(" "), text);
}

fn counts(screen: &mut Pane<'_>, y: u16, state: &State) -> u16 {
    let (counts, shelved) = state.alarm_counts();
    let dim = screen.look.dim();
    let wide = screen.width() >= 110;
    let mut x = screen.width().saturating_sub(1);
    if shelved > 0 && wide {
        x = screen.right(x, y, &format!("shelved {shelved}"), dim).saturating_sub(3);
    }
    let gap = if wide { 3 } else { 1 };
    for priority in Priority::ALL.into_iter().rev() {
        let count = counts[priority as usize - 1];
        x = screen.right(x, y, &format!(" {count}"), if count > 0 { screen.look.value() } else { dim });
        let fill = if count > 0 { screen.look.badge(priority, false) } else { screen.look.faint() };
        x = screen.right(x, y, priority.badge(), fill).saturating_sub(gap);
    }
    x + gap
}

/// What the last command came to, or what the last key said.
fn last_action(screen: &mut Pane<'_>, y: u16, state: &State) {
    let last = &state.last;
    let (text, dim) = (screen.look.text(), screen.look.dim());
    if last.text.is_empty() {
        let words = standing_words(state);
        screen.fit(1, y, screen.width().saturating_sub(2), &words, dim);
        return;
    }
    if last.outcome == Outcome::Note {
        screen.fit(1, y, screen.width().saturating_sub(2), &last.text, text);
        return;
    }
    let time = last.time_ms.map(|time| state.settings.zone.clock(time)).unwrap_or_default();
    let x = screen.text(1, y, &format!("Last action {time}  {}  ", last.user), dim);
    let (outcome, style) = match last.outcome {
        Outcome::Sent => ("  sent, the controller has not answered yet", dim),
        Outcome::Accepted if last.open > 0 => ("  accepted, more to come", text),
        Outcome::Accepted => ("  accepted", text),
        Outcome::Refused | Outcome::Note => ("  REFUSED", screen.look.bright()),
    };
    let room = screen.width().saturating_sub(x + columns(outcome) + 1);
    let shown = shortened(&last.text, room);
    let x = screen.text(x, y, &shown, text);
    screen.text(x, y, outcome, style);
}

/// What stands in the line when nobody has done anything yet.
fn standing_words(state: &State) -> String {
    match state.nav.page {
        Page::Alarms if state.nav.details.is_empty() && state.alarm_list.tab != AlarmTab::Journal => {
            let (counts, _) = state.alarm_counts();
            let waiting = state.live.alarms.iter().filter(|status| status.state.needs_acknowledge()).count();
            let active: usize = counts.iter().sum();
            format!("{active} active   {waiting} unacknowledged   sorted by priority, then newest")
        }
        _ => match &state.trouble {
            Some(trouble) => trouble.clone(),
            None => String::new(),
        },
    }
}

/// The keys of what lies over the page.
fn overlay_hint(state: &State) -> Option<&'static str> {
    Some(match state.overlay.as_ref()? {
        Overlay::Help { .. } | Overlay::Why { .. } => "Up/Down scroll   Esc close",
        Overlay::Choose { .. } => "type to search   Up/Down choose   Enter take it   Esc close",
        Overlay::Note { .. } => "any key closes",
    })
}

/// The keys of this view. What is off now stays listed, dim.
fn hints(screen: &mut Pane<'_>, y: u16, state: &State) {
    let scope = state.scope();
    let end = screen.width();
    let mut x = 1;
    let narrow = screen.width() < 110;
    if narrow && scope == Scope::OVERVIEW {
        let (bright, dim) = (screen.look.bright(), screen.look.dim());
        x = screen.line(x, y, &[("1-7", bright), (" pages  ", dim)]);
    }
    for binding in KEYMAP.iter().filter(|binding| binding.hinted.meets(scope)) {
        if narrow && matches!(binding.acts, [Act::Page(_)]) {
            continue;
        }
        // Most devices have no stroke test, and nothing would ever make one of this key.
        if matches!(binding.acts, [Act::Stroke]) && device(state).is_none_or(|view| view.strokes.is_empty()) {
            continue;
        }
        let off = binding.acts.iter().all(|act| why_not(state, *act).is_some());
        let (key, word) = match off {
            true => (screen.look.faint(), screen.look.faint()),
            false => (screen.look.bright(), screen.look.dim()),
        };
        let words = hint_word(state, binding);
        let needed = columns(binding.label) + 1 + columns(words);
        // Help is the way to all the others; there is always room for it.
        let kept = if binding.label == "?" { 0 } else { 8 };
        if x + needed + kept > end {
            continue;
        }
        let behind = screen.text(x, y, binding.label, key);
        x = screen.text(behind + 1, y, words, word) + 2;
    }
}

/// Some keys say what they would do now.
fn hint_word(state: &State, binding: &Binding) -> &'static str {
    let batch =
        || state.selected_recipe().and_then(|recipe| state.live.batch(recipe)).map(|status| status.state);
    match binding.acts.first() {
        Some(Act::RestartOrReset) if batch().is_some_and(model::ProcState::is_final) => "reset",
        Some(Act::PauseOrResume) if batch() == Some(model::ProcState::Paused) => "resume",
        Some(Act::Shelve) if state.alarm_list.tab == AlarmTab::Shelved => "unshelve",
        Some(Act::Switch(on)) => match (device(state).map(|view| view.kind), *on) {
            (Some(BlockKind::Motor), true) => "start",
            (Some(BlockKind::Motor), false) => "stop",
            (Some(BlockKind::Valve), true) | (Some(BlockKind::Breaker), false) => "open",
            (Some(BlockKind::Valve), false) | (Some(BlockKind::Breaker), true) => "close",
            _ => binding.word,
        },
        Some(Act::Freeze) if state.trend.end_ms.is_some() => "go on",
        _ => binding.word,
    }
}

/// The block whose faceplate stands open.
fn device(state: &State) -> Option<&BlockView> {
    match state.detail()? {
        Item::Block(block) => state.plant.as_deref()?.block(block),
        _ => None,
    }
}

/// For a box title: who may change what is in it.
pub(super) fn lock_words(state: &State, role: Role) -> &'static str {
    match state.session.as_ref().is_some_and(|session| session.role >= role) && !state.settings.view_only {
        true => "",
        false => "   read only",
    }
}
