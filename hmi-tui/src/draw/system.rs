//! The controller itself: scan, links, journal, sessions, and the events about them.

use model::Priority;
use model::wire::EventKind;

use super::{bypassed, first_shown, forced, journal, service};
use crate::clock;
use crate::pane::{Pane, wrapped};
use crate::state::{Plant, State};
use crate::value;

pub(super) fn draw(body: &mut Pane<'_>, state: &State) {
    let Some(plant) = state.plant.as_deref() else { return };
    let width = body.width().saturating_sub(2);
    let half = width / 2;
    // What does not act as the plant says. Two such lists need the empty lines of the boxes on a small screen,
    // and three most of the others too.
    let counts = [state.live.forced.len(), state.live.bypassed().count(), state.live.out_of_service.len()];
    let mut waiting = counts.iter().filter(|count| **count > 0).count() as u16;
    let boxes = match waiting {
        2 if body.height() < 24 => 10,
        3.. if body.height() < 24 => 5,
        _ => 13,
    };
    let boxes = boxes.min(body.height());
    {
        let mut panel = body.part(1, 0, half, boxes);
        controller_box(&mut panel, state, plant);
    }
    {
        let mut panel = body.part(half + 2, 0, width - half - 1, boxes);
        record_box(&mut panel, state);
    }
    let mut rest = body.height() - boxes;
    let lists = counts.map(|count| {
        let rows = list_rows(count, if waiting > 1 { rest / waiting } else { rest });
        waiting -= u16::from(count > 0);
        rest -= rows;
        rows
    });
    let rows = plant.view.devices.len() + more_lines(state, plant, width.saturating_sub(2));
    let links = (rows as u16 + 3).min(if rest >= 16 { rest - 8 } else { rest });
    {
        let mut panel = body.part(1, boxes, width, links);
        links_box(&mut panel, state, plant);
    }
    let mut top = boxes + links;
    let draws = [forced::list, bypassed::list, service::list];
    for (draw, rows) in draws.into_iter().zip(lists).filter(|(_, rows)| *rows > 0) {
        draw(&mut body.part(1, top, width, rows), state, plant);
        top += rows;
    }
    let mut part = body.below(top);
    events(&mut part, state);
}

/// How many rows a list takes of those that are left, with its frame and heads; none while it is empty. On a small
/// screen it goes before the links: those have alarms.
fn list_rows(count: usize, left: u16) -> u16 {
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    let most = if left >= 16 { left / 2 } else { left };
    if count == 0 { 0 } else { count.saturating_add(3).min(most) }
}

fn lines(inside: &mut Pane<'_>, lines: &[(&str, String)]) {
    let (text, dim) = (inside.look.value(), inside.look.dim());
    for ((label, words), y) in lines.iter().zip(0..) {
        inside.text(1, y, label, dim);
        inside.fit(15, y, inside.width().saturating_sub(16), words, text);
    }
}

fn controller_box(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let mut inside = panel.boxed("CONTROLLER");
    let system = &state.live.system;
    let load = system.scan_load_percent;
    lines(
        &mut inside,
        &[
            (
                "plant",
                format!("{}  {}", plant.view.name, plant.view.hash.get(..12).unwrap_or(&plant.view.hash)),
            ),
            ("base period", format!("{} ms", plant.view.period_ms)),
            ("scan load", format!("{load:.1} %   longest {:.0} us", system.scan_us_max)),
            (
                "overruns",
                format!("{}   late {}, p99 {:.0} us", system.overruns, system.late_ticks, system.late_us_p99),
            ),
            ("tick", state.live.tick.to_string()),
            ("up for", clock::stopwatch(i64::try_from(system.uptime_ms).unwrap_or(i64::MAX))),
        ],
    );
    let (text, dim) = (inside.look.value(), inside.look.dim());
    let mut row = 6;
    if let Some(words) = wall_clock(system.clock_ahead_ms) {
        inside.text(1, row, "wall clock", dim);
        let fill = inside.look.fill(Priority::Medium);
        inside.text(15, row, &words, fill);
        row += 1;
    }
    inside.text(1, row, "real time", dim);
    for (line, y) in wrapped(&system.real_time, inside.width().saturating_sub(16)).iter().zip(row..) {
        inside.text(15, y, line, text);
    }
    if load >= 80.0 || system.overruns > 0 {
        let (words, fill) = match load >= 80.0 {
            true => (" LOAD HIGH ", inside.look.fill(Priority::Medium)),
            false => (" OVERRUN ", inside.look.fill(Priority::Low)),
        };
        inside.right(inside.width().saturating_sub(1), 2, words, fill);
    }
}

/// Where the clock of the controller's machine stands against the controller's time, when they differ by a second.
fn wall_clock(ahead_ms: i64) -> Option<String> {
    let span_ms = i64::try_from(ahead_ms.unsigned_abs()).unwrap_or(i64::MAX);
    let side = if ahead_ms > 0 { "behind" } else { "ahead" };
    (span_ms >= 1000).then(|| format!(" {} {side} ", clock::stopwatch(span_ms)))
}

fn record_box(panel: &mut Pane<'_>, state: &State) {
    let mut inside = panel.boxed("RECORD AND PEOPLE");
    let system = &state.live.system;
    let session = state.session.as_ref();
    let frame_age =
        state.live.frame_age(state.now_ms).map_or_else(|| "never".to_owned(), |age| format!("{age} ms ago"));
    let expires = session.map_or(0, |session| session.expires_ms);
    let journal = match &system.journal_error {
        None => format!("reached the disk {} ms ago", system.journal_age_ms),
        Some(_) => format!("{} s", system.journal_age_ms / 1000),
    };
    let mut shown = vec![
        ("journal", journal),
        ("lost records", system.lost.to_string()),
        ("sessions", system.sessions.to_string()),
        ("you", session.map_or_else(String::new, |s| format!("{}  {}", s.user, s.role.word()))),
        ("session ends", state.settings.zone.day_minute(expires)),
        ("server", state.settings.url.clone()),
        ("this HMI", format!("version {}  API v1", env!("CARGO_PKG_VERSION"))),
        ("last frame", format!("{frame_age}   {} so far", state.live.frames)),
        ("reconnects", state.reconnects.to_string()),
        ("view", (if state.settings.view_only { "looking only" } else { "may command" }).to_owned()),
    ];
    // In full, above what matters less: what to do stands at its end.
    let width = inside.width().saturating_sub(16);
    let full = system.disk_full.iter().filter(|_| system.journal_error.is_none());
    let trouble = full.chain(&system.journal_error).chain(&system.audit_error);
    let trouble = trouble.flat_map(|why| wrapped(why, width));
    shown.splice(1..1, trouble.map(|line| ("", line)));
    lines(&mut inside, &shown);
    if system.journal_error.is_some() || system.audit_error.is_some() {
        let fill = inside.look.fill(Priority::High);
        let word = if system.journal_error.is_some() { " DISK REFUSES " } else { " AUDIT LOG " };
        inside.right(inside.width().saturating_sub(1), 0, word, fill);
    } else if system.disk_full.is_some() {
        let fill = inside.look.fill(Priority::High);
        inside.right(inside.width().saturating_sub(1), 0, " DISK FULL ", fill);
    } else if system.lost > 0 {
        let fill = inside.look.fill(Priority::Medium);
        inside.right(inside.width().saturating_sub(1), 1, " RECORDS LOST ", fill);
    }
}

fn links_box(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let system = &state.live.system;
    let mut inside = panel.boxed(&format!("LINKS  {} of {} up", system.links_up, system.links));
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    inside.text(1, 0, "DEVICE", dim);
    inside.text(14, 0, "LINK", dim);
    inside.text(23, 0, "DESCRIPTION", dim);
    let endpoint = inside.width().saturating_sub(32).max(40);
    inside.text(endpoint, 0, "ENDPOINT", dim);
    let devices = &plant.view.devices;
    let height = inside.height().saturating_sub(1);
    let more = more_lines(state, plant, inside.width()) as u16;
    let first =
        first_shown(state.nav.system_row, devices.len(), usize::from(height.saturating_sub(more).max(1)));
    let mut y = 0;
    for (index, device) in devices.iter().enumerate().skip(first) {
        y += 1;
        if y > height {
            break;
        }
        if index == state.nav.system_row && !state.nav.on_banner {
            inside.text(0, y, ">", bright);
        }
        inside.fit(1, y, 12, &device.name, text);
        let up = state.live.usable(device.link).map(|value| value >= 0.5);
        let trouble = trouble_lines(state, &device.name, inside.width());
        match up {
            Some(true) if trouble.first().is_some_and(|line| line.starts_with("refuses")) => {
                inside.text(14, y, "refuses", bright)
            }
            Some(true) if !trouble.is_empty() => inside.text(14, y, "shared", bright),
            Some(true) => inside.text(14, y, "up", text),
            _ if inside.look.lost => inside.text(14, y, "--", text),
            Some(false) => {
                let fill = inside.look.fill(Priority::High);
                inside.text(14, y, " DOWN ", fill)
            }
            None => {
                let words = value::dashes(0);
                inside.text(14, y, &words, text)
            }
        };
        if trouble.is_empty() {
            inside.fit(23, y, endpoint.saturating_sub(24), &device.description, dim);
            inside.fit(endpoint, y, inside.width().saturating_sub(endpoint + 1), &device.endpoint, dim);
        }
        for (index, line) in trouble.iter().enumerate() {
            y += u16::from(index > 0);
            if y <= height {
                inside.text(23, y, line, bright);
            }
        }
    }
}

/// Why a link is down or what its device refuses, where its description stands else.
fn trouble_lines(state: &State, device: &str, width: u16) -> Vec<String> {
    let trouble = state.live.system.link_troubles.iter().find(|trouble| trouble.device == device);
    trouble.map_or(Vec::new(), |trouble| wrapped(&trouble.text, width.saturating_sub(24)))
}

/// How many lines troubles take beyond the one of their device.
fn more_lines(state: &State, plant: &Plant, width: u16) -> usize {
    let lines = |name: &str| trouble_lines(state, name, width).len().saturating_sub(1);
    plant.view.devices.iter().map(|device| lines(&device.name)).sum()
}

fn events(part: &mut Pane<'_>, state: &State) {
    let dim = part.look.dim();
    part.text(1, 0, "LINK AND SYSTEM EVENTS (newest first)", dim);
    let wanted =
        state.journal.iter().filter(|event| matches!(event.kind, EventKind::Link | EventKind::System));
    for (event, y) in wanted.take(usize::from(part.height().saturating_sub(1))).zip(1..) {
        journal::line(part, y, state, event, false);
    }
}
