//! The last hour along the bottom of a faceplate.

use crate::pane::{Pane, shortened};
use crate::state::{State, TRACK_SPAN_MS};
use crate::value;
use crate::widget::{Curve, plot, widened};
use model::PointId;
use model::wire::PointView;

/// The last hour along the bottom.
pub(super) fn draw(strip: &mut Pane<'_>, state: &State, view: &PointView, set_point: Option<PointId>) {
    const AXIS: u16 = 9;
    let (dim, faint) = (strip.look.dim(), strip.look.faint());
    let (width, height) = (strip.width().saturating_sub(AXIS + 1), strip.height().saturating_sub(1));
    let now = state.live.time_ms;
    let columns = |point: PointId| {
        state.tracks.get(point).map(|track| track.columns(now, TRACK_SPAN_MS, width * 2)).unwrap_or_default()
    };
    let (values, set_points) = (columns(view.id), set_point.map(columns).unwrap_or_default());
    let known = values.iter().chain(&set_points).flatten();
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (least, most, _)| {
        (low.min(*least), high.max(*most))
    });
    let (low, high) = match view.words {
        Some(_) => (-0.05, 1.05),
        None => widened(low, high, (view.high - view.low).abs() * 0.02),
    };
    let edge = if strip.look.is_ascii() { "|" } else { "│" };
    (0..height).for_each(|y| {
        strip.text(AXIS - 1, y, edge, faint);
    });
    strip.text(AXIS - 1, height, "┴", faint);
    if low.is_finite() && high > low {
        let rows = [(0, high), (height / 2, (low + high) / 2.0), (height.saturating_sub(1), low)];
        for (y, at) in rows {
            let words = match &view.words {
                Some(_) if y == height / 2 => continue,
                Some((zero, one)) => shortened(if y == 0 { one } else { zero }, AXIS - 2),
                None => value::number(at, view.decimals),
            };
            strip.right(AXIS - 2, y, &words, dim);
        }
        let share = |at: f64| (at - low) / (high - low);
        let curve = |columns: &[Option<(f64, f64, f64)>], selected| Curve {
            columns: columns.iter().map(|c| c.map(|(least, most, _)| (share(least), share(most)))).collect(),
            selected,
            name: None,
        };
        let curves = [curve(&set_points, false), curve(&values, true)];
        let mut part = strip.part(AXIS, 0, width, height);
        plot(&mut part, &curves);
    } else {
        strip.text(AXIS + 1, height / 2, "no history yet", dim);
    }
    time_axis(strip, AXIS, height, width);
}

fn time_axis(strip: &mut Pane<'_>, x: u16, y: u16, width: u16) {
    let dim = strip.look.dim();
    strip.text(x, y, "-60 min", dim);
    for (share, words) in [(1, "-45"), (2, "-30"), (3, "-15")] {
        strip.text(x + width * share / 4, y, words, dim);
    }
    strip.right(x + width, y, "now", dim);
}
