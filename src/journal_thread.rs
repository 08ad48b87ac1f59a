//! From the scan's rings to the disk: records, snapshots, and then the answers.
//!
//! The order is the promise: a record is durable before anybody hears of its events.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use control::plant::Plant;
use historian::journal::{JournalWriter, ScanRecord};
use model::wire::{CommandReply, EventRecord};
use model::{Event, EventBody};
use tokio::sync::{broadcast, oneshot};

use crate::clock::{self, TickClock};
use crate::people::People;
use crate::scan_thread::{JournalItem, SavedState, ScanStats};
use crate::wiring;

/// Who waits for which command, by command number.
pub type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<CommandReply>>>>;

/// The thread wakes this often to look at its rings.
const PACE: Duration = Duration::from_millis(10);

pub struct JournalThread {
    pub plant: Arc<Plant>,
    pub clock: TickClock,
    pub people: Arc<People>,
    pub writer: JournalWriter,
    pub items: rtrb::Consumer<JournalItem>,
    pub events: rtrb::Consumer<Event>,
    pub snapshots: triple_buffer::Output<SavedState>,
    pub waiting: Waiting,
    pub broadcast: broadcast::Sender<EventRecord>,
    pub records: SyncSender<EventRecord>,
    pub stats: Arc<ScanStats>,
    /// Asks the scan for a snapshot: after lost records only one leads on.
    pub snapshot_wanted: Arc<AtomicBool>,
    /// When the journal last reached the disk.
    pub committed_ms: Arc<AtomicI64>,
    pub stop: Arc<AtomicBool>,
}

impl JournalThread {
    /// Runs until told to stop, and until the rings are empty then.
    pub fn run(mut self) {
        let mut record = ScanRecord::default();
        let mut committed = Instant::now();
        loop {
            // Read before the rings: what came before the order to stop is still written.
            let stopping = self.stop.load(Relaxed);
            let mut urgent = false;
            while let Ok(item) = self.items.pop() {
                urgent |= matches!(item, JournalItem::Command(_));
                self.take(item, &mut record);
            }
            if urgent || stopping || committed.elapsed() >= wiring::JOURNAL_COMMIT {
                self.commit();
                committed = Instant::now();
                self.announce();
            }
            if stopping {
                return;
            }
            std::thread::sleep(PACE);
        }
    }

    pub(crate) fn take(&mut self, item: JournalItem, record: &mut ScanRecord) {
        match item {
            JournalItem::Input(input) => record.inputs.push((input.point, input.value, input.quality)),
            JournalItem::Command(command) => record.commands.push(command),
            JournalItem::Scan { tick, hash } => {
                record.tick = tick;
                record.hash = hash;
                let given_up = self.writer.lost_records();
                if let Err(error) = self.writer.append(record) {
                    // Refused, not only late: then it is missing, and the journal has to say so.
                    let refused = self.writer.last_tick() != Some(record.tick);
                    if refused && let Err(error) = self.writer.lose() {
                        self.lost("the journal's commit", &error);
                    }
                    self.snapshot_wanted.fetch_or(refused, Relaxed);
                    self.lost("a journal record", &error);
                }
                self.ask_after_loss(given_up);
                record.inputs.clear();
                record.commands.clear();
            }
            JournalItem::Lost => {
                if let Err(error) = self.writer.lose() {
                    self.lost("the journal's commit", &error);
                }
            }
            JournalItem::Snapshot { tick } => {
                self.snapshots.update();
                let saved = self.snapshots.output_buffer_mut();
                // A newer one may have overtaken it; then its own marker follows.
                if saved.tick == tick
                    && let Err(error) = self.writer.snapshot(tick, &saved.bytes)
                {
                    self.lost("a snapshot", &error);
                }
            }
        }
    }

    /// The disk has refused for so long that records were given up: a snapshot must follow them.
    fn ask_after_loss(&self, given_up_before: u64) {
        if self.writer.lost_records() != given_up_before {
            self.snapshot_wanted.store(true, Relaxed);
        }
    }

    fn commit(&mut self) {
        let given_up = self.writer.lost_records();
        match self.writer.commit() {
            Ok(()) => self.committed_ms.store(clock::now_ms(), Relaxed),
            Err(error) => self.lost("the journal's commit", &error),
        }
        self.ask_after_loss(given_up);
    }

    fn lost(&self, what: &str, error: &dyn std::fmt::Display) {
        // Counted at every failure, told at the first and then at powers of two: a full disk must not fill it more.
        let count = self.stats.lost.fetch_add(1, Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::error!("{what} could not be written ({count} so far): {error}; free the disk");
        }
    }

    /// Everything that the scan reported up to the commit: to those who wait, to the log, to the clients.
    fn announce(&mut self) {
        while let Ok(event) = self.events.pop() {
            let time_ms = self.clock.time_ms(event.tick);
            let (kind, tag, text) = control::describe(&self.plant, &event);
            if let EventBody::Command { command, refused, .. } = &event.body {
                let sender = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&command.id);
                if let Some(sender) = sender {
                    let reply = CommandReply {
                        accepted: refused.is_none(),
                        message: format!("{tag} {text}").trim_start().to_owned(),
                        tick: event.tick,
                        time_ms,
                    };
                    // Nobody waits any more: the client has gone, the command has been done all the same.
                    drop(sender.send(reply));
                }
            }
            let user = control::user_of(&event).map_or_else(String::new, |id| self.people.name(id));
            let record = EventRecord { time_ms, kind, tag, text, user };
            // No client listens: nothing is lost, the event store has it.
            drop(self.broadcast.send(record.clone()));
            if self.records.try_send(record).is_err() {
                self.stats.lost.fetch_add(1, Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
