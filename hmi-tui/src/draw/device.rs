//! The faceplate of a motor, a valve or a breaker: what it is told, what it does, what holds it.

use model::wire::{BlockKind, BlockView};
use model::{BlockId, StrokeResult};

use super::{boxes, faceplate, interlock, journal, service};
use crate::clock;
use crate::pane::Pane;
use crate::state::{Item, Plant, State, interlocks_here};

pub(super) fn is_device(state: &State, id: BlockId) -> bool {
    let kind = faceplate::block_of(state, id).map(|block| block.kind);
    matches!(kind, Some(BlockKind::Motor | BlockKind::Valve | BlockKind::Breaker))
}

pub(super) fn draw(body: &mut Pane<'_>, state: &State, id: BlockId) {
    let Some(plant) = state.plant.as_deref() else { return };
    let Some(block) = plant.block(id) else { return };
    let Some(view) = plant.main_point(id).and_then(|point| plant.point(point)) else { return };
    faceplate::title_line(body, state, plant, Some(block), view);
    let width = body.width().saturating_sub(2);
    let rest = body.height().saturating_sub(1);
    let events = if rest >= 26 { 9 } else { 0 };
    let locks = (interlocks_here(state).len() as u16 + 2).clamp(3, 8).min(rest / 3);
    let boxes = rest - events - locks;
    let half = width / 2;
    {
        let mut panel = body.part(1, 1, half, boxes);
        device_box(&mut panel, state, plant, block);
    }
    {
        let mut panel = body.part(half + 2, 1, width - half - 1, boxes);
        boxes::alarms_box(&mut panel, state, plant, plant.alarms_of(Item::Block(id)));
    }
    {
        let mut panel = body.part(1, 1 + boxes, width, locks);
        locks_box(&mut panel, state, plant);
    }
    if events > 0 {
        let mut part = body.below(1 + boxes + locks);
        journal::of_tag(&mut part, state, &block.name);
    }
}

fn device_box(panel: &mut Pane<'_>, state: &State, plant: &Plant, block: &BlockView) {
    let mut inside = panel.boxed(&block.name);
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    let kind = format!("{:?}", block.kind).to_lowercase();
    inside.text(2, 1, "kind", dim);
    inside.text(14, 1, &kind, text);
    inside.text(2, 2, "unit", dim);
    inside.text(14, 2, block.unit.as_deref().unwrap_or("none"), text);
    // What makes it differ from a device that does as it is told stands where a small screen still shows it.
    if let Some(status) = state.live.simulation(block.id) {
        let left = clock::age(status.until_ms - state.live.time_ms);
        inside.text(2, 3, "SIMULATED", bright);
        inside.fit(
            14,
            3,
            inside.width().saturating_sub(14),
            &format!("{left} left, by {}", status.by),
            bright,
        );
    }
    let mut y = 4;
    for (role, label) in [("CMD", "COMMAND"), ("STATE", "STATE"), ("FAIL", "FAILURE")] {
        let Some(point) = plant.part(block.id, role) else { continue };
        let (words, mark) = state.reading(point);
        let words = words.to_uppercase();
        inside.text(2, y, label, dim);
        let style = if inside.look.lost { text } else { bright };
        let end = inside.text(14, y, &words, style);
        inside.text(end, y, mark, text);
        y += 1;
    }
    if let Some(mode) = state.mode_of(block.id) {
        inside.text(2, y, "MODE", dim);
        let style = if mode == block.normal_mode { text } else { bright };
        let end = inside.text(14, y, mode.short(), style);
        let words = match state.live.service(block.id) {
            Some(status) => service::words(state, status),
            None => format!("(normal: {})", block.normal_mode.short()),
        };
        inside.fit(end + 3, y, inside.width().saturating_sub(end + 3), &words, text);
        y += 1;
    }
    if let Some(point) = plant.part(block.id, "RESULT")
        && !block.strokes.is_empty()
    {
        let result = state.live.usable(point).map(StrokeResult::from_value);
        inside.text(2, y, "STROKE TEST", dim);
        let odd = matches!(result, Some(StrokeResult::Running | StrokeResult::Failed));
        inside.text(14, y, result.map_or("----", StrokeResult::word), if odd { bright } else { text });
        y += 1;
    }
    y += 1;
    for (label, point) in [("feedback", block.input), ("drives", block.output)] {
        let Some(view) = point.and_then(|point| plant.point(point)) else { continue };
        let (words, mark) = state.reading(view.id);
        inside.text(2, y, label, dim);
        inside.text(14, y, &format!("{words}{mark}"), text);
        inside.fit(26, y, inside.width().saturating_sub(27), &view.name, dim);
        y += 1;
    }
}

fn locks_box(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let mut inside = panel.boxed("INTERLOCKS THAT ACT ON IT");
    let dim = inside.look.dim();
    let here = interlocks_here(state);
    if here.is_empty() {
        inside.text(1, 0, "None.", dim);
    }
    for (item, y) in here.iter().zip(0..) {
        if let Item::Interlock(id) = item
            && let Some(view) = plant.interlock(*id)
        {
            interlock::summary_line(&mut inside, y, state, view);
        }
    }
}
