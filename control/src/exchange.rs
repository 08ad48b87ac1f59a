//! What goes into a scan and what comes out of it.

use alloc::vec::Vec;
use model::{Event, EventBody, PointId, Quality};

/// One changed value from the field, or the state of a link (1 while the device answers).
///
/// A bad value keeps the last usable one in the image; one that is no number counts as bad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    pub point: PointId,
    pub value: f64,
    pub quality: Quality,
}

/// Where a scan reports. Its room is fixed: what does not fit is counted, never waited for.
#[derive(Clone, Debug)]
pub struct ScanOutput {
    events: Vec<Event>,
    capacity: usize,
    dropped: u64,
}

impl ScanOutput {
    pub fn with_capacity(events: usize) -> Self {
        Self { events: Vec::with_capacity(events), capacity: events, dropped: 0 }
    }

    /// Empties it for the next scan.
    pub fn clear(&mut self) {
        self.events.clear();
        self.dropped = 0;
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Events that found no room since [`Self::clear`].
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn push(&mut self, tick: u64, body: EventBody) {
        if self.events.len() < self.capacity {
            self.events.push(Event { tick, body });
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}
