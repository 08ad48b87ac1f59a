//! A value among its limits: `····l···├━━◆┿━┤··h··`.

use crate::pane::Pane;
use model::Priority;
use model::wire::AlarmKind;

/// What a bar measures against.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) normal: Option<(f64, f64)>,
    /// Alarm limits by kind.
    pub(crate) limits: Vec<(AlarmKind, f64)>,
    pub(crate) set_point: Option<f64>,
}

impl Scale {
    /// The cell of a value on a bar of `width` cells.
    fn cell(&self, value: f64, width: u16) -> u16 {
        let span = self.high - self.low;
        let share = if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.5 };
        (share * f64::from(width.saturating_sub(1))).round() as u16
    }
}

/// The letter of a limit: capitals for the outer ones.
fn letter(kind: AlarmKind) -> Option<&'static str> {
    match kind {
        AlarmKind::HighHigh => Some("H"),
        AlarmKind::High => Some("h"),
        AlarmKind::Low => Some("l"),
        AlarmKind::LowLow => Some("L"),
        _ => None,
    }
}

/// `pointer` is the value, if it can be trusted, with the priority of its worst alarm.
pub(crate) fn bar(
    pane: &mut Pane<'_>,
    at: (u16, u16),
    width: u16,
    scale: &Scale,
    pointer: Option<f64>,
    alarm: Option<(Priority, bool)>,
) {
    let (x, y) = at;
    if width < 3 {
        return;
    }
    let (faint, dim, value_style) = (pane.look.faint(), pane.look.dim(), pane.look.value());
    let ascii = pane.look.is_ascii();
    pane.text(x, y, &if ascii { "." } else { "·" }.repeat(usize::from(width)), faint);
    if let Some((low, high)) = scale.normal {
        let (first, last) = (scale.cell(low, width), scale.cell(high, width));
        let (open, line, close) = if ascii { ("[", "=", "]") } else { ("├", "━", "┤") };
        (first..=last).for_each(|cell| {
            pane.text(x + cell, y, line, dim);
        });
        pane.text(x + first, y, open, dim);
        pane.text(x + last, y, close, dim);
    }
    for (kind, limit) in &scale.limits {
        if let Some(letter) = letter(*kind) {
            pane.text(x + scale.cell(*limit, width), y, letter, dim);
        }
    }
    if let Some(set_point) = scale.set_point {
        pane.text(x + scale.cell(set_point, width), y, if ascii { "+" } else { "┿" }, value_style);
    }
    let Some(value) = pointer else { return };
    let cell = x + scale.cell(value, width);
    match alarm {
        Some((priority, unacknowledged)) => {
            let style = pane.look.badge(priority, unacknowledged);
            pane.text(cell, y, &(priority as u8).to_string(), style);
        }
        None => {
            let bright = if pane.look.lost { value_style } else { pane.look.bright() };
            pane.text(cell, y, if ascii { "O" } else { "◆" }, bright);
        }
    }
}

/// The head of a column of bars, which is its legend as well.
pub(crate) fn bar_heading(pane: &mut Pane<'_>, x: u16, y: u16, width: u16) {
    let dim = pane.look.dim();
    let text = match (pane.look.is_ascii(), width) {
        (true, 20..) => "l...[= normal =]...h",
        (false, 20..) => "l···├━ normal ━┤···h",
        _ => "RANGE",
    };
    pane.text(x, y, text, dim);
}

#[cfg(test)]
mod tests {
    use model::Priority;
    use model::wire::AlarmKind;
    use ratatui::{buffer::Buffer, layout::Rect};

    use super::{Scale, bar};
    use crate::{Glyphs, Theme, look::Look, pane::Pane};

    fn drawn(glyphs: Glyphs, pointer: Option<f64>, alarm: Option<Priority>) -> String {
        let look = Look::new(Theme::Mono, glyphs);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 21, 1));
        let scale = Scale {
            low: 0.0,
            high: 100.0,
            normal: Some((40.0, 60.0)),
            limits: vec![(AlarmKind::Low, 20.0), (AlarmKind::HighHigh, 90.0)],
            set_point: Some(55.0),
        };
        let mut pane = Pane::new(&mut buffer, Rect::new(0, 0, 21, 1), &look);
        bar(&mut pane, (0, 0), 21, &scale, pointer, alarm.map(|priority| (priority, false)));
        (0..21).map(|x| buffer[(x, 0)].symbol().to_owned()).collect()
    }

    #[test]
    fn the_pointer_stands_among_its_limits() {
        assert_eq!(drawn(Glyphs::Full, Some(50.0), None), "····l···├━◆┿┤·····H··");
        assert_eq!(drawn(Glyphs::Ascii, Some(50.0), None), "....l...[=O+].....H..");
        assert_eq!(drawn(Glyphs::Full, Some(95.0), Some(Priority::High)), "····l···├━━┿┤·····H2·");
        assert_eq!(drawn(Glyphs::Full, Some(-1e300), None), "◆···l···├━━┿┤·····H··");
        assert_eq!(drawn(Glyphs::Full, None, None), "····l···├━━┿┤·····H··");
    }
}
