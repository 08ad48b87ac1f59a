//! A standing bar with its scale, its normal band, its limits and its set point.

use crate::pane::{Pane, columns};
use crate::value;
use model::Priority;

pub(super) struct Gauge {
    pub(super) heading: String,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) value: Option<f64>,
    /// As it stands below the bar, with its mark.
    pub(super) reading: String,
    pub(super) normal: Option<(f64, f64)>,
    /// Beside the bar, the most important first.
    pub(super) marks: Vec<(f64, String)>,
    pub(super) alarm: Option<(Priority, bool)>,
    /// Of the filled part.
    pub(super) thickness: u16,
}

/// Column of the bar's left edge; the scale stands before it.
const EDGE: u16 = 10;

impl Gauge {
    /// The row of a value, counted from the bottom.
    fn row(&self, value: f64, rows: u16) -> u16 {
        let span = self.high - self.low;
        let share = if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.0 };
        (share * f64::from(rows.saturating_sub(1))).round() as u16
    }

    pub(super) fn draw(&self, pane: &mut Pane<'_>) {
        let (dim, faint, text) = (pane.look.dim(), pane.look.faint(), pane.look.value());
        pane.text(EDGE, 0, &self.heading, dim);
        let height = pane.height();
        let (top, rows) = (1, height.saturating_sub(2));
        if rows < 2 {
            return;
        }
        let line = |row: u16| top + rows - 1 - row;
        let edge = if pane.look.is_ascii() { "|" } else { "│" };
        for row in 0..rows {
            pane.text(EDGE, line(row), edge, faint);
            pane.text(EDGE + self.thickness + 1, line(row), edge, faint);
        }
        self.scale(pane, rows, &line);
        if let Some((low, high)) = self.normal {
            (self.row(low, rows)..=self.row(high, rows)).for_each(|row| {
                pane.text(EDGE - 1, line(row), "┃", dim);
            });
        }
        if let Some(value) = self.value {
            let full = "█".repeat(usize::from(self.thickness));
            let style = if pane.look.lost { faint } else { dim };
            (0..=self.row(value, rows)).for_each(|row| {
                pane.text(EDGE + 1, line(row), &full, style);
            });
            if let Some((priority, unacknowledged)) = self.alarm {
                let style = pane.look.badge(priority, unacknowledged);
                let digit = format!("{:^1$}", priority as u8, usize::from(self.thickness));
                pane.text(EDGE + 1, line(self.row(value, rows)), &digit, style);
            }
        }
        self.put_marks(pane, rows, &line);
        pane.text(EDGE, height - 1, &self.reading, text);
    }

    /// Round numbers along the bar, not closer than every third row.
    fn scale(&self, pane: &mut Pane<'_>, rows: u16, line: &impl Fn(u16) -> u16) {
        let dim = pane.look.dim();
        let Some(step) = round_step(self.high - self.low, f64::from(rows / 3).max(1.0)) else { return };
        let mut tick = (self.low / step).ceil() * step;
        for _ in 0..=rows {
            if tick > self.high + step * 1e-9 {
                break;
            }
            pane.right(EDGE - 2, line(self.row(tick, rows)), &value::trimmed(tick), dim);
            tick += step;
        }
    }

    /// A mark whose row is taken moves up by one or two, or is left out.
    fn put_marks(&self, pane: &mut Pane<'_>, rows: u16, line: &impl Fn(u16) -> u16) {
        let mut taken: Vec<u16> = Vec::new();
        for (at, words) in &self.marks {
            let own = self.row(*at, rows);
            let near = [Some(own), own.checked_add(1), own.checked_sub(1)];
            let free = near.into_iter().flatten().find(|row| *row < rows && !taken.contains(row));
            let Some(row) = free else { continue };
            taken.push(row);
            let style = if words.starts_with('<') { pane.look.bright() } else { pane.look.dim() };
            let x = EDGE + self.thickness + 3;
            pane.fit(x, line(row), pane.width().saturating_sub(x).min(columns(words)), words, style);
        }
    }
}

/// 1, 2 or 5 times a power of ten, so that the range has at most `most` steps.
pub(super) fn round_step(range: f64, most: f64) -> Option<f64> {
    if !(range.is_finite() && range > 0.0) {
        return None;
    }
    let rough = range / most.max(1.0);
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough * 0.999);
    step.filter(|step| step.is_normal())
}

#[cfg(test)]
mod tests {
    use super::round_step;

    #[test]
    fn steps_are_round_and_nonsense_has_none() {
        assert_eq!(round_step(100.0, 6.0), Some(20.0));
        assert_eq!(round_step(6.0, 7.0), Some(1.0));
        assert_eq!(round_step(0.15, 5.0), Some(0.05));
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(round_step(wrong, 5.0), None);
        }
    }
}
