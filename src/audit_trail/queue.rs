//! Entries between those who report them and the thread that writes them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use historian::Lost;
use historian::audit::AuditEntry;

/// What the log gets, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    Entry(Box<AuditEntry>),
    /// Stands where entries found no room.
    Lost(Lost),
    /// The entries of this file are written: it can go.
    Remove(PathBuf),
}

/// Bounded. Whoever reports never waits for the disk.
#[derive(Debug)]
pub struct Queue {
    inside: Mutex<Inside>,
    changed: Condvar,
    room: usize,
}

#[derive(Debug, Default)]
struct Inside {
    items: VecDeque<Item>,
    closed: bool,
}

impl Queue {
    pub fn new(room: usize) -> Self {
        Self { inside: Mutex::default(), changed: Condvar::new(), room }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Without room the entry is counted in place of being kept: those before it tell how it came to this.
    pub fn push(&self, entry: AuditEntry) {
        let mut inside = self.lock();
        if inside.items.len() < self.room {
            inside.items.push_back(Item::Entry(Box::new(entry)));
        } else if let Some(Item::Lost(lost)) = inside.items.back_mut() {
            lost.entries += 1;
            lost.to_ms = entry.time_ms;
        } else {
            let (from_ms, to_ms) = (entry.time_ms, entry.time_ms);
            inside.items.push_back(Item::Lost(Lost { entries: 1, from_ms, to_ms }));
        }
        self.changed.notify_one();
    }

    /// Beside the bound: it holds no entry.
    pub fn push_item(&self, item: Item) {
        self.lock().items.push_back(item);
        self.changed.notify_one();
    }

    /// Waits for the next one, after a refusal at least for so long; `None` when it is closed and empty.
    pub fn next(&self, pause: Option<Duration>) -> Option<Item> {
        let until = pause.map(|pause| Instant::now() + pause);
        let mut inside = self.lock();
        loop {
            let left = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
            if inside.closed || (left.is_zero() && !inside.items.is_empty()) {
                return inside.items.pop_front();
            }
            inside = if left.is_zero() {
                self.changed.wait(inside).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.changed.wait_timeout(inside, left).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Everything that waits, as the next start has to know it.
    pub fn unwritten(&self) -> Option<Lost> {
        let inside = self.lock();
        let each = inside.items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(Lost { entries: 1, from_ms: entry.time_ms, to_ms: entry.time_ms }),
            Item::Lost(lost) => Some(*lost),
            Item::Remove(_) => None,
        });
        each.reduce(Lost::and)
    }

    /// What the disk has refused, before all others. Returns how many entries wait.
    pub fn put_back(&self, item: Item) -> usize {
        let mut inside = self.lock();
        inside.items.push_front(item);
        inside.items.iter().filter(|item| matches!(item, Item::Entry(_))).count()
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, Queue};
    use historian::Lost;
    use historian::audit::AuditEntry;

    fn entry(time_ms: i64) -> AuditEntry {
        AuditEntry { time_ms, ..AuditEntry::default() }
    }

    fn kept(time_ms: i64) -> Item {
        Item::Entry(Box::new(entry(time_ms)))
    }

    fn all(queue: &Queue) -> Vec<Item> {
        queue.close();
        std::iter::from_fn(|| queue.next(None)).collect()
    }

    #[test]
    fn what_finds_no_room_is_one_item_that_counts_it_where_it_would_have_stood() {
        let queue = Queue::new(3);
        (1..=7).for_each(|time_ms| queue.push(entry(time_ms)));
        // The disk takes the first two, so that there is room for one more behind the gap.
        assert_eq!((queue.next(None), queue.next(None)), (Some(kept(1)), Some(kept(2))));
        (8..=10).for_each(|time_ms| queue.push(entry(time_ms)));
        let lost = |entries, from_ms, to_ms| Item::Lost(Lost { entries, from_ms, to_ms });
        assert_eq!(all(&queue), [kept(3), lost(4, 4, 7), kept(8), lost(2, 9, 10)]);
    }

    #[test]
    fn what_the_disk_refused_comes_first_again() {
        let queue = Queue::new(3);
        (1..=2).for_each(|time_ms| queue.push(entry(time_ms)));
        let first = queue.next(None).unwrap();
        assert_eq!(queue.put_back(first), 2);
        assert_eq!(all(&queue), [kept(1), kept(2)]);
    }
}
