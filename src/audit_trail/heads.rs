//! Heads of the audit log that are kept where the log is not: the newest in a note with the journal, and one an hour
//! among the events, so in the history and in whatever is exported of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use historian::EventReader;
use historian::audit::{Head, HeadNote};
use model::wire::EventKind;

use crate::data_folder::DataFolder;
use crate::wiring;

/// Tag of the events.
pub const TAG: &str = "AUDIT";

const BEGINS: &str = "the audit log has the head ";
/// More than an hour each for as long as a history is kept.
const EVENTS: usize = 100_000;

/// The text of an event that keeps a head.
pub fn told(head: &Head) -> String {
    format!("{BEGINS}{head}")
}

fn of_text(text: &str) -> Option<Head> {
    text.strip_prefix(BEGINS)?.parse().ok()
}

/// All heads that a data folder keeps. To be read before the log, which may grow meanwhile.
pub fn kept(data: &DataFolder) -> Vec<Head> {
    of_events(data).into_iter().chain(HeadNote::read(&data.audit_head())).collect()
}

/// The newest first.
pub fn of_events(data: &DataFolder) -> Vec<Head> {
    let events = EventReader::open(&data.history())
        .and_then(|events| events.query(i64::MIN, i64::MAX, Some(TAG), &[EventKind::System], EVENTS));
    events.unwrap_or_default().iter().filter_map(|event| of_text(&event.text)).collect()
}

/// What the event list gets: at a start and once an hour, when the log has grown.
#[derive(Debug, Default)]
pub struct HeadEvents {
    head: Arc<Mutex<Head>>,
    told: Head,
    told_at: Option<Instant>,
}

impl HeadEvents {
    pub fn of(head: Arc<Mutex<Head>>) -> Self {
        Self { head, ..Self::default() }
    }

    /// The text of the event that is due now; `at_once` does not wait for the hour.
    pub fn due(&mut self, at_once: bool) -> Option<String> {
        if !at_once && self.told_at.is_some_and(|at| at.elapsed() < wiring::AUDIT_HEAD) {
            return None;
        }
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if head == self.told {
            return None;
        }
        self.told_at = Some(Instant::now());
        self.told = head;
        Some(told(&self.told))
    }
}

#[cfg(test)]
mod tests {
    use super::{HeadEvents, kept, of_text, told};
    use crate::data_folder::DataFolder;
    use historian::EventStore;
    use historian::audit::{Head, HeadNote};
    use model::wire::{EventKind, EventRecord};

    #[test]
    fn the_heads_of_note_and_events_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        assert_eq!(kept(&data), []);
        let head = |entries| Head { entries, hash: "5f".repeat(32) };
        assert_eq!(of_text(&told(&head(7))), Some(head(7)));
        let event = |tag: &str, text: String| EventRecord {
            time_ms: 1,
            kind: EventKind::System,
            tag: tag.to_owned(),
            text,
            user: String::new(),
        };
        let mut store = EventStore::open(&data.history()).unwrap();
        let others = event("AUDIT", "something else".to_owned());
        store.append_batch(&[event("AUDIT", told(&head(7))), others, event("LT-1", told(&head(8)))]).unwrap();
        HeadNote::open(&data.audit_head()).unwrap().0.say(&head(9)).unwrap();
        assert_eq!(kept(&data), [head(7), head(9)]);
    }

    #[test]
    fn a_head_is_told_at_once_when_it_is_asked_for_and_otherwise_once_an_hour() {
        let head = std::sync::Arc::default();
        let mut events = HeadEvents::of(std::sync::Arc::clone(&head));
        assert_eq!(events.due(true), None, "there is no entry");
        let grow = |entries| *head.lock().unwrap() = Head { entries, hash: "5f".repeat(32) };
        grow(1);
        assert!(events.due(false).is_some_and(|text| text.contains(" 1:5f")));
        grow(2);
        assert_eq!(events.due(false), None, "not twice an hour");
        assert!(events.due(true).is_some());
        assert_eq!(events.due(true), None, "it has not grown");
    }
}
