//! The events that this console knows, newest first.

use std::collections::VecDeque;

use model::wire::EventRecord;

/// About a shift of a busy plant; older ones are on the history page.
const EVENTS_MAX: usize = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Journal {
    events: VecDeque<EventRecord>,
}

impl Journal {
    pub(crate) fn push(&mut self, event: EventRecord) {
        let place = self.events.iter().position(|known| known.time_ms <= event.time_ms);
        self.events.insert(place.unwrap_or(self.events.len()), event);
        self.events.truncate(EVENTS_MAX);
    }

    /// Adds what the controller recorded before; what is known already stays single.
    pub(crate) fn fill(&mut self, recorded: Vec<EventRecord>) {
        for event in recorded {
            let place = self.events.partition_point(|known| known.time_ms > event.time_ms);
            let mut equal = self.events.iter().skip(place).take_while(|known| known.time_ms == event.time_ms);
            if !equal.any(|known| *known == event) {
                // Behind its equals: the answer comes newest first.
                let end = self.events.partition_point(|known| known.time_ms >= event.time_ms);
                self.events.insert(end, event);
            }
        }
        self.events.truncate(EVENTS_MAX);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &EventRecord> {
        self.events.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use model::wire::{EventKind, EventRecord};

    use super::Journal;

    fn event(time_ms: i64, tag: &str) -> EventRecord {
        let text = String::new();
        EventRecord { time_ms, kind: EventKind::Alarm, tag: tag.into(), text, user: String::new() }
    }

    #[test]
    fn recorded_and_live_events_merge_without_doubles() {
        let mut journal = Journal::default();
        journal.push(event(30, "c"));
        journal.push(event(40, "d"));
        journal.fill(vec![event(30, "c"), event(30, "b"), event(10, "a")]);
        let tags: Vec<&str> = journal.iter().map(|event| event.tag.as_str()).collect();
        assert_eq!(tags, ["d", "c", "b", "a"]);
        assert_eq!(journal.len(), 4);
    }
}
