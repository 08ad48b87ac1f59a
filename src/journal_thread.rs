//! From the scan's rings to the disk: records, snapshots, and then the answers.
//!
//! The order is the promise: a record is durable before anybody hears of its events. A disk that refuses breaks it, and
//! no scan, alarm or command waits for one: then records wait in memory, and a command that has acted is answered as what
//! it is, done and not kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use control::plant::Plant;
use historian::journal::{JournalHeader, JournalWriter, ScanRecord};
use historian::{Lost, Room};
use model::wire::{CommandReply, EventKind, EventRecord};
use model::{Event, EventBody, InterlockChange};
use tokio::sync::{broadcast, oneshot};

use crate::audit_trail::heads::{self, HeadEvents};
use crate::clock::{self, TickClock};
use crate::clock_watch::ClockWatch;
use crate::disk_trouble::{self, DiskTrouble};
use crate::people::People;
use crate::plant_change::Change;
use crate::recorder::RecorderItem;
use crate::scan_meter::ScanStats;
use crate::scan_thread::{JournalItem, SavedState};
use crate::wiring;

/// Who waits for which command, by command number.
pub type Waiting = Arc<Mutex<HashMap<u64, Asker>>>;

/// Somebody who has given a command, and why.
pub struct Asker {
    pub reply: oneshot::Sender<CommandReply>,
    pub reason: String,
}

/// The thread wakes this often to look at its rings.
const PACE: Duration = Duration::from_millis(10);

pub struct JournalThread {
    pub plant: Arc<Plant>,
    pub clock: TickClock,
    pub people: Arc<People>,
    pub writer: JournalWriter,
    pub items: rtrb::Consumer<JournalItem>,
    pub changed: rtrb::Consumer<Box<Change>>,
    pub events: rtrb::Consumer<Event>,
    pub snapshots: triple_buffer::Output<SavedState>,
    pub waiting: Waiting,
    pub broadcast: broadcast::Sender<EventRecord>,
    pub records: SyncSender<RecorderItem>,
    pub stats: Arc<ScanStats>,
    /// Asks the scan for a snapshot: after lost records only one leads on.
    pub snapshot_wanted: Arc<AtomicBool>,
    /// When the journal last reached the disk.
    pub committed_ms: Arc<AtomicU64>,
    /// Why it does not, for whoever looks at the System page.
    pub trouble: DiskTrouble,
    /// That the disk is full and the journal lives on the room that it has kept.
    pub full: DiskTrouble,
    /// Of the records up to this tick at least one was given up and will never be on disk.
    pub given_up: Option<u64>,
    /// Tells when the wall clock and the controller's time part.
    pub clock_watch: ClockWatch,
    /// What this start has done with the state of the last run, when it did not simply go on.
    pub decided: Option<String>,
    /// What was wrong with the audit log at the start.
    pub audit_found: Option<String>,
    pub audit_head: HeadEvents,
    pub stop: Arc<AtomicBool>,
}

impl JournalThread {
    /// Runs until told to stop, and until the rings are empty then.
    pub fn run(mut self) {
        let mut record = ScanRecord::default();
        let (mut committed, mut tried) = (Instant::now(), Instant::now());
        self.tell_what_was_left_before();
        if let Some(note) = self.decided.take() {
            self.tell_of("PLANT", note);
        }
        if let Some(found) = self.audit_found.take() {
            self.tell_of(heads::TAG, found);
        }
        self.tell_audit_head(true);
        self.keep_room();
        let mut kept_room = Instant::now();
        loop {
            // Read before the rings: what came before the order to stop is still written.
            let stopping = self.stop.load(Relaxed);
            let mut urgent = self.has_tripped();
            while let Ok(item) = self.items.pop() {
                urgent |= matches!(item, JournalItem::Command(_));
                self.take(item, &mut record);
            }
            if urgent || stopping || committed.elapsed() >= wiring::JOURNAL_COMMIT {
                // A disk that refused is not asked twenty times a second to take all that waits.
                if self.trouble.get().is_none() || stopping || tried.elapsed() >= wiring::DISK_RETRY {
                    self.commit();
                    tried = Instant::now();
                }
                committed = Instant::now();
                // While the disk worked the scan went on: what it has told since is not on it yet, and may be told in
                // the names of another plant.
                self.announce((!stopping).then_some(record.tick));
            }
            if stopping {
                return;
            }
            if kept_room.elapsed() >= wiring::DISK_RETRY {
                self.keep_room();
                self.compare_clocks();
                self.tell_audit_head(false);
                kept_room = Instant::now();
            }
            std::thread::sleep(PACE);
        }
    }

    /// What has tripped stays so, also for whoever goes on after a kill: that a power dip trips and kills at once is likely.
    pub(crate) fn has_tripped(&mut self) -> bool {
        let trip = |event: &Event| {
            matches!(event.body, EventBody::Interlock { change: InterlockChange::Tripped { .. }, .. })
        };
        let waiting = self.events.slots();
        self.events.read_chunk(waiting).is_ok_and(|chunk| {
            let (first, second) = chunk.as_slices();
            first.iter().chain(second).any(trip)
        })
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
                    if refused {
                        self.given_up = Some(record.tick);
                        self.lose();
                    }
                    self.snapshot_wanted.fetch_or(refused, Relaxed);
                    self.lost("a journal record", &error);
                }
                self.ask_after_loss(given_up, record.tick);
                record.inputs.clear();
                record.commands.clear();
            }
            JournalItem::Lost => {
                let given_up = self.writer.lost_records();
                self.lose();
                self.ask_after_loss(given_up, record.tick);
            }
            JournalItem::Change => {
                if let Ok(change) = self.changed.pop() {
                    self.change_plant(*change);
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

    /// The scan has turned to another plant, or has not, because something had come up.
    fn change_plant(&mut self, change: Change) {
        let Change { mut next, snapshots_end, tick, state, commands, done, note, user, .. } = change;
        if !done {
            let why = "something has come up that stands against it; look at the plan again";
            // Nobody waits any more: nothing was done.
            drop(next.answer.send(Err(why.to_owned())));
            return;
        }
        // The last words of the old plant, in its own names.
        self.commit();
        self.announce(Some(tick));
        let plant = next.in_force.plant.clone();
        let header = JournalHeader {
            plant_hash: plant.hash,
            plant_name: plant.name.clone(),
            epoch_ms: self.clock.epoch_ms,
            period_ms: plant.period_ms,
            continues: Some(tick),
        };
        if let Err(error) = self.writer.change_plant(header, tick, &state.0) {
            self.lost("the first state of another plant", &error);
            self.snapshot_wanted.store(true, Relaxed);
        }
        self.plant = plant;
        self.snapshots = snapshots_end;
        commands.retire(&self.waiting);
        self.tell(EventRecord {
            time_ms: self.clock.time_ms(tick),
            kind: EventKind::System,
            tag: "PLANT".to_owned(),
            text: note,
            user,
        });
        next.tick = tick;
        // The recorder always has room again: it takes everything fifty times a second.
        if self.records.send(RecorderItem::Plant(Box::new(next))).is_err() {
            tracing::error!("the recorder has gone: clients keep the names of the plant before");
        }
    }

    fn tell(&self, record: EventRecord) {
        // No client listens: nothing is lost, the event store has it.
        drop(self.broadcast.send(record.clone()));
        if self.records.try_send(RecorderItem::Event(record)).is_err() {
            self.stats.lost.fetch_add(1, Relaxed);
        }
    }

    /// The disk has refused for so long that records up to this tick were given up: a snapshot must follow them.
    fn ask_after_loss(&mut self, given_up_before: u64, tick: u64) {
        if self.writer.lost_records() != given_up_before {
            self.given_up = Some(tick);
            self.snapshot_wanted.store(true, Relaxed);
        }
    }

    fn lose(&mut self) {
        if let Err(error) = self.writer.lose() {
            self.lost("the journal's commit", &error);
        }
    }

    pub(crate) fn commit(&mut self) {
        let given_up = self.writer.lost_records();
        match self.writer.commit() {
            Ok(()) => {
                self.committed_ms.store(clock::monotonic_ms(), Relaxed);
                if self.trouble.set(None).is_some() {
                    self.tell_of("JOURNAL", "is written again".to_owned());
                }
            }
            Err(error) => {
                let why = format!("the journal cannot be written: {error}");
                if self.trouble.set(Some(why)).is_none() {
                    self.tell_of("JOURNAL", format!("cannot be written: {error}"));
                }
                self.lost("the journal's commit", &error);
            }
        }
        self.ask_after_loss(given_up, self.writer.last_tick().unwrap_or(0));
    }

    /// Asks the disk for room ahead of the records, and tells when it has none left.
    fn keep_room(&mut self) {
        let room = match self.writer.keep_room() {
            Room::Short(bytes) => Some(bytes),
            Room::Kept(_) | Room::Unknown => None,
        };
        let why = room.map(|bytes| {
            let mb = bytes as f64 / f64::from(1 << 20);
            format!("the disk is full or nearly so: the journal has {mb:.1} MB of its own left; free space on that disk")
        });
        match (self.full.set(why.clone()), why) {
            (None, Some(why)) => {
                tracing::error!("{why}");
                self.tell_of("JOURNAL", why);
            }
            (Some(_), None) => self.tell_of("JOURNAL", "has room on the disk again".to_owned()),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    fn compare_clocks(&mut self) {
        let ahead_ms = self.stats.clock_ahead_ms.load(Relaxed);
        let Some((level, text)) = self.clock_watch.look(ahead_ms) else { return };
        match level {
            tracing::Level::WARN => tracing::warn!("{text}"),
            _ => tracing::info!("{text}"),
        }
        let time_ms = self.clock.time_ms(self.stats.tick.load(Relaxed));
        let (tag, user) = ("CLOCK".to_owned(), String::new());
        self.tell(EventRecord { time_ms, kind: EventKind::System, tag, text, user });
    }

    /// In the event list it is where the log is not, and in what is exported of that.
    fn tell_audit_head(&mut self, at_once: bool) {
        if let Some(text) = self.audit_head.due(at_once) {
            self.tell_of(heads::TAG, text);
        }
    }

    fn tell_what_was_left_before(&self) {
        let Some(Lost { entries, from_ms, to_ms }) = self.writer.left_before() else { return };
        let text = format!(
            "the controller before ended while the disk refused: {entries} scans from {} to {} are not in the journal, \
             and this start goes on from before them; look at modes, set points and the batch",
            clock::local_text(from_ms),
            clock::local_text(to_ms)
        );
        tracing::warn!("{text}");
        self.tell_of("JOURNAL", text);
    }

    /// To the event list: at the first refusal and when it is over, not at every try.
    fn tell_of(&self, tag: &str, text: String) {
        self.tell(EventRecord {
            time_ms: self.clock.time_ms(self.stats.tick.load(Relaxed)),
            kind: EventKind::System,
            tag: tag.to_owned(),
            text,
            user: String::new(),
        });
    }

    /// Why the journal does not hold the scan of this tick, if it does not. To be asked after a commit.
    fn unrecorded(&self, tick: u64) -> Option<String> {
        let gone = || "the disk refused for so long that its journal record was given up".to_owned();
        self.given_up.filter(|until| tick <= *until).map(|_| gone()).or_else(|| self.trouble.get())
    }

    fn lost(&self, what: &str, error: &dyn std::fmt::Display) {
        // Counted at every failure, told at the first and then at powers of two: a full disk must not fill it more.
        let count = self.stats.lost.fetch_add(1, Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::error!("{what} could not be written ({count} so far): {error}");
        }
    }

    /// For tests that step both threads by hand.
    #[cfg(test)]
    pub(crate) fn tell_all(&mut self) {
        self.announce(None);
    }

    /// Everything that the scan reported up to the commit: to those who wait, to the log, to the clients.
    /// With a change of the plant only what is of the scans up to it, since what follows has other names.
    fn announce(&mut self, up_to: Option<u64>) {
        while let Ok(event) = self.events.peek().copied() {
            if up_to.is_some_and(|tick| event.tick > tick) {
                return;
            }
            // It is the one that was looked at.
            let _ = self.events.pop();
            let time_ms = self.clock.time_ms(event.tick);
            let (kind, tag, mut text) = control::describe(&self.plant, &event);
            if let EventBody::Command { command, refused, .. } = &event.body {
                let asker = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&command.id);
                if let Some(Asker { reply: sender, reason }) = asker {
                    let done = format!("{tag} {text}").trim_start().to_owned();
                    // What was refused has changed nothing that would have to be kept.
                    let why = refused.is_none().then(|| self.unrecorded(event.tick)).flatten();
                    let reply = CommandReply {
                        accepted: refused.is_none(),
                        unrecorded: why.is_some(),
                        message: why
                            .map_or_else(|| done.clone(), |why| disk_trouble::unrecorded(&done, &why)),
                        tick: event.tick,
                        time_ms,
                    };
                    // Nobody waits any more: the client has gone, the command has been done all the same.
                    drop(sender.send(reply));
                    // Whoever has only the events finds there what the audit log has.
                    if !reason.is_empty() {
                        text = format!("{text}  ({reason})");
                    }
                }
            }
            let user = control::user_of(&event).map_or_else(String::new, |id| self.people.name(id));
            self.tell(EventRecord { time_ms, kind, tag, text, user });
        }
    }
}

#[cfg(test)]
mod tests;
