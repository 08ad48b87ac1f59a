//! Boxes that several faceplates share: alarms with their response, parameters, users of a point.

use model::AlarmId;
use model::wire::{BlockKind, BlockView, PointView, Role};

use super::{first_shown, frame};
use crate::clock;
use crate::pane::{Pane, wrapped};
use crate::state::{Plant, State, parameter_points};
use crate::value;
use crate::widget::put_reading;

pub(super) fn limits_words(view: &PointView) -> String {
    view.write.as_ref().map_or_else(String::new, |write| {
        format!("limits {}..{}", value::trimmed(write.low), value::trimmed(write.high))
    })
}

/// A label, a value with its unit, and what belongs to it.
pub(super) fn value_line(
    inside: &mut Pane<'_>,
    y: u16,
    state: &State,
    label: &str,
    view: &PointView,
    more: &str,
) {
    let (text, dim) = (inside.look.text(), inside.look.dim());
    inside.fit(1, y, 6, label, dim);
    put_reading(inside, 14, y, state, view.id);
    let x = inside.text(16, y, view.unit.symbol(), dim).max(20) + 1;
    inside.fit(x, y, inside.width().saturating_sub(x), more, text);
}

pub(super) fn alarms_box(panel: &mut Pane<'_>, state: &State, plant: &Plant, alarms: &[AlarmId]) {
    let mut inside = panel.boxed("ALARMS");
    let (text, dim) = (inside.look.value(), inside.look.dim());
    if alarms.is_empty() {
        inside.text(1, 0, "This tag has no alarms.", dim);
        return;
    }
    // What stands first; and the response to it needs some lines of its own.
    let mut alarms = alarms.to_vec();
    alarms.sort_by_key(|id| {
        let stands = state.live.alarm(*id).is_some_and(|status| status.state.is_annunciated());
        (!stands, plant.alarm(*id).map(|alarm| (alarm.priority, alarm.id)))
    });
    let room = usize::from(inside.height().saturating_sub(3)).max(1);
    alarms.truncate(room);
    for (id, y) in alarms.iter().zip(0..) {
        let Some(alarm) = plant.alarm(*id) else { continue };
        let status = state.live.alarm(*id);
        let standing = status.filter(|status| status.state.is_annunciated());
        inside.text(1, y, alarm.kind.short(), dim);
        let limit = alarm.limit.map(value::trimmed).unwrap_or_default();
        inside.right(11, y, &limit, text);
        match standing {
            Some(status) => inside.badge(13, y, alarm.priority, status.state == model::AlarmState::Unacked),
            None => inside.text(13, y, alarm.priority.badge(), dim),
        };
        inside.right(20, y, &clock::span(i64::from(alarm.on_delay_ms)).replace(' ', ""), dim);
        let words = status.map_or_else(
            || "-".to_owned(),
            |status| match status.shelved_until_ms {
                Some(until) => format!("shelved {}", clock::age(until - state.live.time_ms)),
                None => {
                    format!("{} {}", status.state.word(), clock::age(state.live.time_ms - status.since_ms))
                }
            },
        );
        inside.fit(22, y, inside.width().saturating_sub(22), &words, text);
    }
    response_lines(&mut inside, state, plant, &alarms);
}

/// What to do about the alarm that stands, else about the gravest there could be.
fn response_lines(inside: &mut Pane<'_>, state: &State, plant: &Plant, alarms: &[AlarmId]) {
    let (text, dim) = (inside.look.text(), inside.look.dim());
    let tight = usize::from(inside.height()) < alarms.len() + 4;
    let first = alarms.len() as u16 + u16::from(!tight);
    let known = alarms.iter().filter_map(|id| plant.alarm(*id));
    let gravest = known.min_by_key(|alarm| {
        let stands = state.live.alarm(alarm.id).is_some_and(|status| status.state.is_annunciated());
        (!stands, alarm.priority)
    });
    let Some(alarm) = gravest else { return };
    let words =
        format!("Response to {}: {}  Time {}.", alarm.kind.short(), alarm.response, alarm.time_to_respond);
    for (line, y) in wrapped(&words, inside.width().saturating_sub(2)).iter().zip(first..) {
        inside.text(1, y, line, if y == first { text } else { dim });
    }
}

/// Tuning of a loop, or all values of another block; `g` walks them.
pub(super) fn parameters_box(panel: &mut Pane<'_>, state: &State, plant: &Plant, block: &BlockView) {
    let title = if block.kind == BlockKind::Pid { "TUNING" } else { "VALUES" };
    let lock = match block.kind {
        BlockKind::Pid => frame::lock_words(state, Role::Engineer),
        _ => "",
    };
    let hint = if state.nav.parameter.is_some() { "   Enter sets, Esc back" } else { lock };
    let mut inside = panel.boxed(&format!("{title}{hint}"));
    let (text, dim, bright) = (inside.look.text(), inside.look.dim(), inside.look.bright());
    let points = parameter_points(state);
    let height = usize::from(inside.height());
    let first = first_shown(state.nav.parameter.unwrap_or(0), points.len(), height);
    for ((index, point), y) in points.iter().enumerate().skip(first).take(height).zip(0..) {
        let Some(view) = plant.point(*point) else { continue };
        let role = plant.role(*point).map_or(view.name.as_str(), |(_, role)| role);
        let chosen = state.nav.parameter == Some(index);
        inside.fit(1, y, 9, role, if chosen { bright } else { dim });
        put_reading(&mut inside, 19, y, state, *point);
        let end = inside.text(21, y, view.unit.symbol(), dim);
        let width = inside.width().saturating_sub(end.max(24) + 1);
        let more = match &view.write {
            Some(write) => format!("{}..{}", value::trimmed(write.low), value::trimmed(write.high)),
            // `Brine feed, wild flow`: the role says the rest.
            None => view.description.rsplit(", ").next().unwrap_or_default().to_owned(),
        };
        inside.fit(end.max(24) + 1, y, width, &more, text);
        if chosen {
            inside.text(0, y, ">", bright);
        }
    }
}

/// Who reads this point.
pub(super) fn uses_box(panel: &mut Pane<'_>, plant: &Plant, view: &PointView) {
    let mut inside = panel.boxed("USED BY");
    let (text, dim) = (inside.look.text(), inside.look.dim());
    let blocks =
        plant.view.blocks.iter().filter(|block| [block.input, block.output].contains(&Some(view.id)));
    let blocks = blocks.map(|block| (block.name.as_str(), block.description.as_str()));
    let causes = |interlock: &&model::wire::InterlockView| {
        interlock.causes.iter().any(|cause| cause.point == Some(view.id) || cause.text.contains(&view.name))
    };
    let interlocks = plant.view.interlocks.iter().filter(causes);
    let interlocks = interlocks.map(|interlock| (interlock.name.as_str(), interlock.description.as_str()));
    let mut y = 0;
    for (name, description) in blocks.chain(interlocks) {
        inside.fit(1, y, 10, name, text);
        inside.fit(12, y, inside.width().saturating_sub(13), description, dim);
        y += 1;
    }
    if y == 0 {
        inside.text(1, 0, "No loop and no interlock names it.", dim);
    }
}
