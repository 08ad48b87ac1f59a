//! The alarm list: sorted by priority, then newest, without ever moving the row under the cursor.

use model::wire::AlarmStatus;
use model::{AlarmId, AlarmState};

use super::{Live, Plant};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AlarmTab {
    #[default]
    Active,
    Shelved,
    Suppressed,
    OutOfService,
    Journal,
}

impl AlarmTab {
    pub(crate) const ALL: [Self; 5] =
        [Self::Active, Self::Shelved, Self::Suppressed, Self::OutOfService, Self::Journal];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Shelved => "SHELVED",
            Self::Suppressed => "SUPPRESSED",
            Self::OutOfService => "OUT OF SERVICE",
            Self::Journal => "JOURNAL",
        }
    }

    pub(crate) fn holds(self, state: AlarmState) -> bool {
        match self {
            Self::Active => state.is_annunciated(),
            Self::Shelved => state == AlarmState::Shelved,
            Self::Suppressed => state == AlarmState::Suppressed,
            Self::OutOfService => state == AlarmState::OutOfService,
            Self::Journal => false,
        }
    }
}

/// Nobody has touched the list for so long: it lets go of the row and shows the worst again.
const LET_GO_MS: u64 = 30_000;

#[derive(Debug, Default)]
pub(crate) struct AlarmList {
    pub(crate) tab: AlarmTab,
    /// Only this area, or all.
    pub(crate) area: Option<String>,
    /// Only this tag, when the list was opened from its faceplate.
    pub(crate) tag: Option<String>,
    /// The alarm under the cursor, as it was last seen in the list.
    cursor: Option<AlarmStatus>,
    /// The line of the list in which the cursor stands.
    line: usize,
    touched_ms: u64,
    pub(crate) journal_row: usize,
}

/// What stands in the lines of the list.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct AlarmLines {
    /// `None` is an empty line, which keeps the cursor's row in its place.
    pub(crate) lines: Vec<Option<AlarmStatus>>,
    pub(crate) cursor: Option<usize>,
    pub(crate) above: usize,
    pub(crate) below: usize,
}

impl AlarmList {
    /// The cursor to the worst and newest, at the top.
    pub(crate) fn home(&mut self, plant: &Plant, live: &Live, now_ms: u64) {
        self.cursor = self.sorted(plant, live).into_iter().next();
        self.line = 0;
        self.touched_ms = now_ms;
    }

    pub(crate) fn selected(&self) -> Option<AlarmId> {
        self.cursor.as_ref().map(|status| status.alarm)
    }

    /// After a frame: what the cursor stands on is remembered as it is now.
    pub(crate) fn refresh(&mut self, live: &Live, now_ms: u64) {
        if now_ms.saturating_sub(self.touched_ms) > LET_GO_MS {
            self.cursor = None;
            self.line = 0;
        }
        if let Some(cursor) = &mut self.cursor {
            match live.alarm(cursor.alarm) {
                Some(status) => *cursor = status.clone(),
                None => {
                    cursor.state = AlarmState::Normal;
                    cursor.active = false;
                }
            }
        }
    }

    fn passes(&self, plant: &Plant, status: &AlarmStatus) -> bool {
        let Some(alarm) = plant.alarm(status.alarm) else { return false };
        self.tab.holds(status.state)
            && self.area.as_ref().is_none_or(|area| *area == alarm.area)
            && self.tag.as_ref().is_none_or(|tag| *tag == alarm.tag)
    }

    /// Every alarm of the list, in its order.
    pub(crate) fn sorted(&self, plant: &Plant, live: &Live) -> Vec<AlarmStatus> {
        let mut list: Vec<AlarmStatus> =
            live.alarms.iter().filter(|status| self.passes(plant, status)).cloned().collect();
        sort(plant, &mut list);
        list
    }

    /// The list with the cursor's alarm in it, even when that has just left the list.
    fn with_cursor(&self, plant: &Plant, live: &Live) -> (Vec<AlarmStatus>, usize) {
        let mut list = self.sorted(plant, live);
        let Some(cursor) = &self.cursor else { return (list, 0) };
        if !list.iter().any(|status| status.alarm == cursor.alarm) {
            list.push(cursor.clone());
            sort(plant, &mut list);
        }
        let index = list.iter().position(|status| status.alarm == cursor.alarm).unwrap_or(0);
        (list, index)
    }

    /// What to draw in `height` lines.
    pub(crate) fn lines(&self, plant: &Plant, live: &Live, height: usize) -> AlarmLines {
        let (list, index) = self.with_cursor(plant, live);
        if list.is_empty() || height == 0 {
            return AlarmLines { below: list.len(), ..AlarmLines::default() };
        }
        let line = self.line.min(height - 1);
        let above = index.saturating_sub(line);
        let blank = line.saturating_sub(index);
        let shown: Vec<AlarmStatus> = list.iter().skip(above).take(height - blank).cloned().collect();
        let below = list.len() - above - shown.len();
        let lines = std::iter::repeat_n(None, blank).chain(shown.into_iter().map(Some)).collect();
        AlarmLines { lines, cursor: self.cursor.as_ref().map(|_| line), above, below }
    }

    /// The person moves the cursor: now, and only now, the list may settle.
    pub(crate) fn step(&mut self, plant: &Plant, live: &Live, by: isize, height: usize, now_ms: u64) {
        if self.cursor.is_none() {
            return self.home(plant, live, now_ms);
        }
        self.touched_ms = now_ms;
        let (list, index) = self.with_cursor(plant, live);
        let target = index.saturating_add_signed(by).min(list.len().saturating_sub(1));
        let first = index.saturating_sub(self.line);
        let settled = self.sorted(plant, live);
        let wanted = list.get(target).map(|status| status.alarm);
        let Some(place) = settled.iter().position(|status| Some(status.alarm) == wanted) else {
            if settled.is_empty() {
                self.cursor = None;
            }
            return;
        };
        self.line = place.saturating_sub(first).min(height.saturating_sub(1));
        self.cursor = settled.get(place).cloned();
    }
}

fn sort(plant: &Plant, list: &mut [AlarmStatus]) {
    list.sort_by_key(|status| {
        let priority = plant.alarm(status.alarm).map(|alarm| alarm.priority);
        (priority.map_or(u8::MAX, |priority| priority as u8), -status.since_ms, status.alarm)
    });
}

/// The alarm of the banner: the worst that nobody has acknowledged, the newest of equals.
pub(crate) fn worst_unacknowledged<'a>(plant: &Plant, live: &'a Live) -> Option<&'a AlarmStatus> {
    live.alarms.iter().filter(|status| status.state.needs_acknowledge()).min_by_key(|status| {
        let priority = plant.alarm(status.alarm).map_or(u8::MAX, |alarm| alarm.priority as u8);
        (status.state == AlarmState::Returned, priority, -status.since_ms, status.alarm)
    })
}
