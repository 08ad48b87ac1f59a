//! What the history owes to a disk that refuses: events wait here, samples in their store, and people are told when it
//! begins, and at the end what it has cost.

use std::fmt::Display;

use model::wire::EventRecord;

use crate::clock;
use crate::wiring;

#[derive(Debug, Default)]
pub struct Backlog {
    waiting: Vec<EventRecord>,
    lost_events: u64,
    events_refused: bool,
    /// Either of the stores.
    refused: Option<Refused>,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    since_ms: i64,
    lost_samples: u64,
    lost_events: u64,
}

impl Backlog {
    /// Returns how many of the oldest had to go.
    pub fn add(&mut self, events: Vec<EventRecord>) -> u64 {
        self.waiting.extend(events);
        let over = self.waiting.len().saturating_sub(wiring::EVENTS_WAITING);
        self.waiting.drain(..over);
        self.lost_events += over as u64;
        over as u64
    }

    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// A store that refuses is not asked for every event, only with the next commit.
    pub fn are_events_refused(&self) -> bool {
        self.events_refused
    }

    /// What is refused goes on waiting.
    pub fn store<E>(&mut self, write: impl FnOnce(&[EventRecord]) -> Result<(), E>) -> Result<(), E> {
        let written = write(&self.waiting);
        self.events_refused = written.is_err();
        if written.is_ok() {
            self.waiting.clear();
        }
        written
    }

    /// The events after the samples, whatever became of those: neither store costs what the other would take.
    /// Returns why something was refused.
    pub fn store_after<E: Display>(
        &mut self,
        samples: Result<(), E>,
        write: impl FnOnce(&[EventRecord]) -> Result<(), E>,
    ) -> Option<String> {
        let refusals = [samples, self.store(write)].into_iter().filter_map(Result::err);
        refusals.map(|error| error.to_string()).reduce(|first, second| format!("{first}; {second}"))
    }

    /// At the end of the run, after the last try: returns how many still wait, and are lost.
    pub fn give_up(&mut self) -> u64 {
        let lost = std::mem::take(&mut self.waiting).len() as u64;
        self.lost_events += lost;
        lost
    }

    /// After a try to write all: what there is to tell now. `lost_samples` have found no room in memory so far.
    pub fn tried(&mut self, refusal: Option<String>, now_ms: i64, lost_samples: u64) -> Option<String> {
        match (refusal, self.refused) {
            (Some(why), None) => {
                self.refused =
                    Some(Refused { since_ms: now_ms, lost_samples, lost_events: self.lost_events });
                Some(format!(
                    "the history cannot be written: {why}; what is refused waits in memory, and the oldest events and \
                     the newest samples are lost when that is full: free the disk"
                ))
            }
            (None, Some(Refused { since_ms, lost_samples: samples, lost_events: events })) => {
                self.refused = None;
                Some(format!(
                    "the history is written again; the disk refused it from {} to {}: {} samples and {} events of that \
                     time are lost, the others are there",
                    clock::local_text(since_ms),
                    clock::local_text(now_ms),
                    lost_samples.saturating_sub(samples),
                    self.lost_events - events
                ))
            }
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::wire::{EventKind, EventRecord};

    use super::Backlog;
    use crate::wiring::EVENTS_WAITING;

    fn events(from: usize, count: usize) -> Vec<EventRecord> {
        let event = |number: usize| EventRecord {
            time_ms: number as i64,
            kind: EventKind::System,
            tag: String::new(),
            text: String::new(),
            user: String::new(),
        };
        (from..from + count).map(event).collect()
    }

    #[test]
    fn events_that_a_full_disk_refuses_wait_and_are_written_when_there_is_room() {
        let mut backlog = Backlog::default();
        backlog.add(events(0, 3));
        assert_eq!(backlog.store(|_| Err("full")), Err("full"));
        assert!(backlog.tried(Some("full".into()), 10, 0).unwrap().contains("cannot be written: full"));
        assert!(backlog.is_refused());
        backlog.add(events(3, 2));
        assert_eq!(backlog.tried(Some("full".into()), 20, 0), None, "told once");
        let mut written = Vec::new();
        let store = |events: &[EventRecord]| {
            written.extend(events.iter().map(|event| event.time_ms));
            Ok::<_, &str>(())
        };
        backlog.store(store).unwrap();
        assert_eq!(written, [0, 1, 2, 3, 4]);
        let told = backlog.tried(None, 30, 0).unwrap();
        assert!(told.contains("0 samples and 0 events of that time are lost"), "{told}");
        assert_eq!(backlog.tried(None, 40, 0), None);
    }

    #[test]
    fn samples_that_are_refused_cost_no_event_and_both_refusals_are_told() {
        let mut backlog = Backlog::default();
        backlog.add(events(0, 3));
        let mut written = 0;
        let store = |events: &[EventRecord]| {
            written += events.len();
            Ok(())
        };
        assert_eq!(backlog.store_after(Err("no room for samples"), store).unwrap(), "no room for samples");
        assert_eq!(written, 3);
        backlog.tried(Some("no room for samples".into()), 10, 0);
        assert!(backlog.is_refused() && !backlog.are_events_refused(), "events go their direct way still");

        backlog.add(events(3, 1));
        let both = backlog.store_after(Err("no room for samples"), |_| Err("none for events")).unwrap();
        assert_eq!(both, "no room for samples; none for events");
        assert!(backlog.are_events_refused());
        assert_eq!(backlog.store_after(Ok(()), |_| Err("none for events")).unwrap(), "none for events");
        assert_eq!(backlog.store_after(Ok::<_, &str>(()), |_| Ok(())), None);
        assert!(!backlog.are_events_refused());
    }

    #[test]
    fn events_that_still_wait_at_the_end_are_counted_as_lost() {
        let mut backlog = Backlog::default();
        backlog.add(events(0, 3));
        assert_eq!(backlog.store(|_| Err("full")), Err("full"));
        assert_eq!((backlog.give_up(), backlog.give_up()), (3, 0));
    }

    #[test]
    fn what_finds_no_room_in_memory_is_counted_and_told() {
        let mut backlog = Backlog::default();
        backlog.tried(Some("full".into()), 10, 7);
        assert_eq!(backlog.add(events(0, EVENTS_WAITING)), 0);
        assert_eq!(backlog.add(events(EVENTS_WAITING, 5)), 5);
        backlog
            .store(|events| {
                assert_eq!((events.len(), events[0].time_ms), (EVENTS_WAITING, 5), "the oldest have gone");
                Ok::<_, &str>(())
            })
            .unwrap();
        let told = backlog.tried(None, 20, 9).unwrap();
        assert!(told.contains("2 samples and 5 events"), "{told}");
    }
}
