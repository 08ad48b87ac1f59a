//! The alarm summary: list, what to do about the one under the cursor, load, journal.

use model::AlarmState;
use model::wire::{AlarmStatus, AlarmView};

use super::journal;
use crate::clock;
use crate::layout;
use crate::pane::{Pane, columns};
use crate::state::{AlarmTab, Plant, State, TRACK_SPAN_MS, alarm_list_height, explained_alarm};
use crate::value;
use crate::widget::sparkline;

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    tabs(body, state, plant);
    if state.alarm_list.tab == AlarmTab::Journal {
        let mut part = body.below(2);
        draw_journal(&mut part, state, state.alarm_list.journal_row, true);
        return;
    }
    let rows = layout::alarm_rows(body.height());
    let mut list = body.part(0, 2, body.width(), rows.list + 1);
    draw_list(&mut list, state, plant);
    let mut y = 3 + rows.list;
    if rows.detail > 0 {
        let mut part = body.part(0, y, body.width(), rows.detail);
        draw_detail(&mut part, state, plant);
        y += rows.detail;
    }
    if rows.journal > 0 {
        let dim = body.look.dim();
        body.text(1, y + 1, "JOURNAL (newest first)", dim);
        let mut part = body.part(0, y + 2, body.width(), rows.journal - 2);
        draw_journal(&mut part, state, 0, false);
    }
}

fn tabs(body: &mut Pane<'_>, state: &State, plant: &Plant) {
    let (dim, bright) = (body.look.dim(), body.look.bright());
    let mut x = 1;
    for tab in AlarmTab::ALL {
        let count = match tab {
            AlarmTab::Journal => String::new(),
            _ => {
                let of_tab = |status: &&AlarmStatus| tab.holds(status.state);
                format!(" {}", state.live.alarms.iter().filter(of_tab).count())
            }
        };
        let chosen = tab == state.alarm_list.tab;
        let words = format!("{}{count}", tab.word());
        let style = if chosen { bright.add_modifier(ratatui::style::Modifier::UNDERLINED) } else { dim };
        x = body.text(x, 0, &words, style) + 4;
    }
    let filter = match (&state.alarm_list.tag, &state.alarm_list.area) {
        (Some(tag), _) => format!("filter: {tag}"),
        (None, Some(area)) => format!("filter: {}", plant.area_title(area)),
        (None, None) => "filter: all areas".to_owned(),
    };
    let end = body.width().saturating_sub(1);
    if end > x + columns(&filter) {
        body.right(end, 0, &filter, dim);
    }
}

/// Where the columns stand; 0 leaves one out.
struct Columns {
    state: u16,
    since: u16,
    age: u16,
    area: u16,
    tag: u16,
    text: u16,
    value_end: u16,
    limit_end: u16,
    by: u16,
}

fn columns_for(width: u16) -> Columns {
    match width {
        110.. => Columns {
            state: 6,
            since: 14,
            age: 25,
            area: 34,
            tag: 40,
            text: 53,
            value_end: width - 31,
            limit_end: width - 20,
            by: width - 16,
        },
        _ => Columns {
            state: 5,
            since: 0,
            age: 11,
            area: 0,
            tag: 18,
            text: 29,
            value_end: width.saturating_sub(11),
            limit_end: 0,
            by: width.saturating_sub(9),
        },
    }
}

fn draw_list(list: &mut Pane<'_>, state: &State, plant: &Plant) {
    let at = columns_for(list.width());
    let (dim, bright) = (list.look.dim(), list.look.bright());
    list.text(1, 0, "PRI", dim);
    list.text(at.state, 0, "STATE", dim);
    if at.since > 0 {
        list.text(at.since, 0, "SINCE", dim);
        list.text(at.area, 0, "AREA", dim);
        list.right(at.limit_end, 0, "LIMIT", dim);
    }
    list.text(at.age, 0, "AGE", dim);
    list.text(at.tag, 0, "TAG", dim);
    list.text(at.text, 0, "CONDITION", dim);
    list.right(at.value_end, 0, "VALUE", dim);
    list.text(at.by, 0, "ACK", dim);
    let lines = state.alarm_list.lines(plant, &state.live, alarm_list_height(state));
    if lines.lines.is_empty() {
        let nothing = match state.alarm_list.tab {
            AlarmTab::Active => "No alarm stands.",
            _ => "Nothing here.",
        };
        list.text(1, 1, nothing, dim);
    }
    for (number, (status, y)) in lines.lines.iter().zip(1..).enumerate() {
        let chosen = lines.cursor == Some(number) && !state.nav.on_banner;
        if let Some(status) = status {
            line(list, y, state, plant, status, &at);
        }
        if chosen {
            list.text(0, y, ">", bright);
        }
    }
    let mut hidden = Vec::new();
    if lines.above > 0 {
        hidden.push(format!("{} more urgent or newer above (Home)", lines.above));
    }
    if lines.below > 0 {
        hidden.push(format!("{} below", lines.below));
    }
    if !hidden.is_empty() {
        let end = list.width().saturating_sub(1);
        let style = if lines.above > 0 { bright } else { dim };
        // In the row of the heads: the list itself must not move for it.
        let words = format!("  {}", hidden.join(", "));
        list.right(end, 0, &words, style);
    }
}

fn line(list: &mut Pane<'_>, y: u16, state: &State, plant: &Plant, status: &AlarmStatus, at: &Columns) {
    let Some(alarm) = plant.alarm(status.alarm) else { return };
    let (value, dim) = (list.look.value(), list.look.dim());
    let now = state.live.time_ms;
    if status.state.is_annunciated() {
        // Only what stands and waits blinks; what has returned waits in peace.
        list.badge(1, y, alarm.priority, status.state == AlarmState::Unacked);
    } else {
        list.text(1, y, alarm.priority.badge(), dim);
    }
    let strong = if status.state == AlarmState::Unacked { list.look.bright() } else { value };
    let word = match status.state {
        AlarmState::Suppressed => "SUPPR",
        AlarmState::OutOfService => "OOS",
        AlarmState::Normal => "gone",
        state => state.word(),
    };
    list.text(at.state, y, word, strong);
    if at.since > 0 {
        list.text(at.since, y, &state.settings.zone.clock(status.since_ms), value);
        list.fit(at.area, y, 5, &alarm.area, dim);
        let limit = alarm.limit.map(value::trimmed).unwrap_or_default();
        list.right(at.limit_end, y, &limit, dim);
    }
    list.text(at.age, y, &clock::age(now - status.since_ms), value);
    list.fit(at.tag, y, at.text.saturating_sub(at.tag + 1), &alarm.tag, strong);
    let shown = value_words(state, plant, alarm, status);
    let start = list.right(at.value_end, y, &shown, value);
    list.fit(at.text, y, start.saturating_sub(at.text + 1), &alarm.text, strong);
    let by = acknowledged_words(status, now, list.width() >= 110);
    list.fit(at.by, y, list.width().saturating_sub(at.by + 1), &by, dim);
}

fn value_words(state: &State, plant: &Plant, alarm: &AlarmView, status: &AlarmStatus) -> String {
    if !status.active {
        return "cleared".to_owned();
    }
    let Some(point) = alarm.point.and_then(|point| plant.point(point)) else { return String::new() };
    let (text, mark) = state.reading(point.id);
    format!("{text}{mark} {}", point.unit).trim_end().to_owned()
}

fn acknowledged_words(status: &AlarmStatus, now: i64, wide: bool) -> String {
    match (status.state, status.shelved_until_ms, &status.acknowledged_by) {
        (AlarmState::Shelved, Some(until), _) => {
            format!("{}{}", clock::age(until - now), if wide { " left" } else { "" })
        }
        (AlarmState::Returned, _, _) => (if wide { "waiting ack" } else { "to ack" }).to_owned(),
        (_, _, Some(user)) => user.clone(),
        _ => String::new(),
    }
}

fn draw_detail(part: &mut Pane<'_>, state: &State, plant: &Plant) {
    let (width, height) = (part.width(), part.height());
    let load = if width >= 110 { 42 } else { 0 };
    let status = explained_alarm(state);
    let alarm = status.as_ref().and_then(|status| plant.alarm(status.alarm));
    {
        let mut panel = part.part(1, 0, width.saturating_sub(load + 2), height);
        let title = alarm.map_or_else(String::new, |alarm| format!("{}  {}", alarm.name, alarm.text));
        let mut inside = panel.boxed(&title);
        if let (Some(status), Some(alarm)) = (&status, alarm) {
            detail_lines(&mut inside, state, plant, alarm, status);
        } else {
            let dim = inside.look.dim();
            inside.text(1, 0, "Nothing to explain.", dim);
        }
        let style = alarm.map(|alarm| panel.look.badge(alarm.priority, false));
        if let (Some(style), Some(alarm)) = (style, alarm) {
            let words = format!(" {} ", alarm.priority.word());
            let x = panel.width().saturating_sub(columns(&words) + 5);
            let behind = panel.text(x, 0, alarm.priority.badge(), style);
            let dim = panel.look.dim();
            panel.text(behind, 0, &words, dim);
        }
    }
    if load > 0 {
        let mut panel = part.part(width - load, 0, load - 1, height);
        draw_load(&mut panel, state, plant);
    }
}

fn detail_lines(
    inside: &mut Pane<'_>,
    state: &State,
    plant: &Plant,
    alarm: &AlarmView,
    status: &AlarmStatus,
) {
    let (text, dim) = (inside.look.text(), inside.look.dim());
    let spare = usize::from(inside.height()).saturating_sub(4);
    let mut y = 0;
    // The response may take a second line where there is one to spare.
    for (label, words, most) in [
        ("Response", &alarm.response, 1 + spare.min(2)),
        ("Cause", &alarm.cause, 1),
        ("Consequence", &alarm.consequence, 1),
    ] {
        inside.text(1, y, label, dim);
        let room = inside.width().saturating_sub(14);
        let lines = crate::pane::wrapped(words, room);
        for (index, line) in lines.iter().take(most).enumerate() {
            let cut = index + 1 == most && lines.len() > most;
            let line = if cut { format!("{line} …") } else { line.clone() };
            inside.fit(13, y, room, &line, text);
            y += 1;
        }
        y += u16::from(lines.is_empty());
    }
    let zone = state.settings.zone;
    inside.text(1, y, "Time", dim);
    let time = format!(
        "{} to respond   {} since {}",
        alarm.time_to_respond,
        status.state.word(),
        zone.clock(status.since_ms)
    );
    inside.fit(13, y, inside.width().saturating_sub(14), &time, text);
    y += 1;
    if y < inside.height() {
        inside.text(1, y, "Settings", dim);
        let unit = alarm.point.and_then(|point| plant.point(point)).map_or("", |point| point.unit.symbol());
        let limit = alarm
            .limit
            .map_or_else(String::new, |limit| format!("limit {} {unit}   ", value::trimmed(limit)));
        let words = format!(
            "{limit}deadband {}   on-delay {}   off-delay {}",
            value::trimmed(alarm.deadband),
            clock::span(i64::from(alarm.on_delay_ms)),
            clock::span(i64::from(alarm.off_delay_ms)),
        );
        inside.fit(13, y, inside.width().saturating_sub(14), &words, dim);
        y += 1;
    }
    if let Some(point) = alarm.point.filter(|_| y < inside.height()) {
        let y = inside.height() - 1;
        let room = inside.width().saturating_sub(24);
        sparkline(inside, (1, y), room, state, point, TRACK_SPAN_MS);
        inside.text(room + 3, y, "-60 min .. now", dim);
    }
}

fn draw_load(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let figures = state.load.figures(plant, state.live.time_ms);
    let mut inside = panel.boxed("ALARM LOAD  this console");
    let (text, dim) = (inside.look.value(), inside.look.dim());
    let flood = figures.ten_minutes >= 10;
    let standing =
        state.live.alarms.iter().filter(|status| {
            status.state.is_annunciated() && state.live.time_ms - status.since_ms > 86_400_000
        });
    let lines: [(&str, String, &str); 5] = [
        ("last 10 min", figures.ten_minutes.to_string(), if flood { "FLOOD" } else { "flood at 10" }),
        ("last hour", figures.hour.to_string(), "target 6, max 12"),
        ("last 24 h", figures.day.to_string(), "target 150"),
        ("standing > 24 h", standing.count().to_string(), "target under 5"),
        ("chattering", figures.chattering.to_string(), "target 0"),
    ];
    for ((label, count, target), y) in lines.iter().zip(0..) {
        inside.text(1, y, label, dim);
        inside.right(21, y, count, text);
        let style = if *target == "FLOOD" { inside.look.fill(model::Priority::High) } else { dim };
        inside.text(23, y, target, style);
    }
    let [first, second, third, fourth] = figures.percent;
    inside.text(1, 5, "priority %", dim);
    inside.text(13, 5, &format!("{first} {second} {third} {fourth}"), text);
    inside.text(27, 5, "1 5 15 80", dim);
    let since = state.load.since_ms.map(|since| state.settings.zone.minute(since)).unwrap_or_default();
    let most = figures.hourly.iter().copied().max().unwrap_or(0).max(1);
    let blocks: String = figures
        .hourly
        .iter()
        .map(|count| ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][(count * 7).div_ceil(most).min(7)])
        .collect();
    inside.text(1, 6, "24 h", dim);
    inside.text(6, 6, &blocks, dim);
    inside.text(31, 6, "hourly", dim);
    inside.text(1, 7, &format!("counted since {since}"), dim);
}

/// All of the journal with a cursor, or the newest few that are news.
fn draw_journal(part: &mut Pane<'_>, state: &State, row: usize, cursor: bool) {
    let height = usize::from(part.height());
    let first = super::first_shown(row, state.journal.len(), height);
    let bright = part.look.bright();
    let events = state.journal.iter().enumerate().filter(|(_, event)| cursor || journal::is_news(event));
    for ((index, event), y) in events.skip(first).take(height).zip(0..) {
        journal::line(part, y, state, event, false);
        if cursor && index == row && !state.nav.on_banner {
            part.text(0, y, ">", bright);
        }
    }
    if state.journal.len() == 0 {
        let dim = part.look.dim();
        part.text(1, 0, "No event yet.", dim);
    }
}
