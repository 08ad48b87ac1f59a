//! Where the person is: page, unit, faceplates on top, and the cursor on each.

use std::collections::BTreeMap;

use super::plant::Item;
use crate::keymap::Scope;

/// The seven pages of the digit keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    #[default]
    Overview,
    Units,
    Alarms,
    Trends,
    Batch,
    History,
    System,
}

impl Page {
    pub const ALL: [Self; 7] =
        [Self::Overview, Self::Units, Self::Alarms, Self::Trends, Self::Batch, Self::History, Self::System];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Units => "units",
            Self::Alarms => "alarms",
            Self::Trends => "trends",
            Self::Batch => "batch",
            Self::History => "history",
            Self::System => "system",
        }
    }

    pub(crate) const fn scope(self) -> Scope {
        match self {
            Self::Overview => Scope::OVERVIEW,
            Self::Units => Scope::UNIT,
            Self::Alarms => Scope::ALARMS,
            Self::Trends => Scope::TRENDS,
            Self::Batch => Scope::BATCH,
            Self::History => Scope::HISTORY,
            Self::System => Scope::SYSTEM,
        }
    }
}

/// Faceplates that may lie on each other before the lowest is forgotten.
const DETAILS_MAX: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Nav {
    pub(crate) page: Page,
    /// Faceplates on top of the page, the last one shown.
    pub(crate) details: Vec<Item>,
    pub(crate) overview_row: usize,
    pub(crate) unit: usize,
    unit_rows: BTreeMap<usize, usize>,
    pub(crate) system_row: usize,
    /// The cursor stands on the alarm banner.
    pub(crate) on_banner: bool,
    /// Row of the parameter box of a faceplate, while the cursor walks there.
    pub(crate) parameter: Option<usize>,
    /// First cause shown of an interlock.
    pub(crate) cause_row: usize,
    /// On a small screen the mimic takes the place of the rows.
    pub(crate) mimic_first: bool,
    /// Where Esc leads when a page was reached from an alarm.
    pub(crate) came_from: Option<Page>,
}

impl Nav {
    pub(crate) fn go(&mut self, page: Page) {
        self.page = page;
        self.details.clear();
        self.on_banner = false;
        self.parameter = None;
        self.came_from = None;
    }

    pub(crate) fn open(&mut self, item: Item) {
        if self.details.last() == Some(&item) {
            return;
        }
        if self.details.len() >= DETAILS_MAX {
            self.details.remove(0);
        }
        self.details.push(item);
        self.cause_row = 0;
        self.parameter = None;
        self.on_banner = false;
    }

    pub(crate) fn unit_row(&self) -> usize {
        self.unit_rows.get(&self.unit).copied().unwrap_or(0)
    }

    pub(crate) fn set_unit_row(&mut self, row: usize) {
        self.unit_rows.insert(self.unit, row);
    }
}
