//! Which rows of the screen belong to what; drawing and scrolling both go by it.

use ratatui::layout::Rect;

/// Below this the screen shows the banner and the worst alarms only (HMI guide).
pub(crate) const WIDTH_MIN: u16 = 80;
pub(crate) const HEIGHT_MIN: u16 = 24;
/// Header, banner and rule above; rule, last action and hints below.
const TOP: u16 = 3;
const BOTTOM: u16 = 3;

pub(crate) struct Rows {
    pub(crate) body: Rect,
    pub(crate) lower_rule: u16,
    pub(crate) last: u16,
    pub(crate) hints: u16,
}

pub(crate) fn rows(width: u16, height: u16) -> Rows {
    let body = height.saturating_sub(TOP + BOTTOM);
    Rows {
        body: Rect::new(0, TOP, width, body),
        lower_rule: height.saturating_sub(3),
        last: height.saturating_sub(2),
        hints: height.saturating_sub(1),
    }
}

pub(crate) fn body_height(height: u16) -> u16 {
    rows(0, height).body.height
}

/// Rows of the alarm page: tabs, blank and heads take three, then list, detail, journal.
pub(crate) struct AlarmRows {
    pub(crate) list: u16,
    pub(crate) detail: u16,
    pub(crate) journal: u16,
}

pub(crate) fn alarm_rows(body: u16) -> AlarmRows {
    let (detail, journal) = match body {
        30.. => (10, 8),
        22..30 => (8, 0),
        14..22 => (7, 0),
        _ => (0, 0),
    };
    AlarmRows { list: body.saturating_sub(3 + detail + journal), detail, journal }
}
