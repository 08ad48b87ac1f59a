//! A row of blocks: the last hour in a dozen cells.

use crate::pane::Pane;
use crate::state::State;
use model::PointId;

const BLOCKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII: [&str; 4] = ["_", "-", "=", "^"];
/// A wiggle below this share of the instrument's range is drawn as a wiggle, not as a mountain.
const LEAST_SHARE: f64 = 0.04;

/// Draws `width` cells of the last `span_ms`; what is not known stays blank.
pub(crate) fn sparkline(
    pane: &mut Pane<'_>,
    at: (u16, u16),
    width: u16,
    state: &State,
    point: PointId,
    span_ms: i64,
) {
    let Some(plant) = state.plant.as_deref() else { return };
    let (Some(view), Some(track)) = (plant.point(point), state.tracks.get(point)) else { return };
    let columns = track.columns(state.live.time_ms, span_ms, width);
    let known: Vec<f64> = columns.iter().flatten().map(|(_, _, last)| *last).collect();
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = widened(low, high, (view.high - view.low).abs() * LEAST_SHARE);
    let levels: &[&str] = if pane.look.is_ascii() { &ASCII } else { &BLOCKS };
    let style = if pane.look.lost { pane.look.faint() } else { pane.look.dim() };
    for (x, column) in (at.0..).zip(&columns) {
        if let Some((_, _, value)) = column {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            let level = (share * (levels.len() - 1) as f64).round() as usize;
            pane.text(x, at.1, levels[level.min(levels.len() - 1)], style);
        }
    }
}

/// At least `least` wide, about the same middle.
pub(crate) fn widened(low: f64, high: f64, least: f64) -> (f64, f64) {
    let lacking = (least - (high - low)).max(0.0) / 2.0;
    (low - lacking, high + lacking)
}
