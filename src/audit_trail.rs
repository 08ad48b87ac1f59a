//! Everything that people did or tried, on its way into the hash-chained log.
//!
//! One thread owns the log, so that its `fdatasync` never holds up whoever reports. The log has room of its own on a full
//! disk. When that is used up entries wait in a bounded queue; what goes beyond the bound becomes one entry that tells how
//! many are missing and from when to when. What waits stands in a note as well, in number and times: a start after a kill
//! enters it as missing.
//!
//! The chain has no key, so its head is kept elsewhere as well ([`heads`]): a log that was cut or written anew is told at
//! the next start, to everybody, and stops nothing.

pub mod handed;
pub mod heads;
mod queue;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use api::{AuditRecord, Who};
use historian::audit::{AuditEntry, AuditLog, AuditRecovery, Head, HeadNote};
use historian::{HistorianError, Lost, UnwrittenNote};
use model::wire::{CommandReply, Role};
use queue::{Item, Queue};

use crate::data_folder::DataFolder;
use crate::disk_trouble::DiskTrouble;
use crate::{clock, wiring};

pub struct AuditTrail {
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
    handed: Option<JoinHandle<()>>,
    /// As the log stands.
    head: Arc<Mutex<Head>>,
    /// What was wrong with the log at the start.
    found: Option<String>,
}

impl AuditTrail {
    /// `trouble` is told why the log cannot be written, and that it can be again; and when it is not the log that was left.
    pub fn open(data: &DataFolder, trouble: DiskTrouble) -> Result<Self, HistorianError> {
        let path = &data.audit();
        let (mut head_note, kept) = head_note(data)?;
        let (mut log, recovery) = open_when_free(path, &Vec::from_iter(kept))?;
        log.keep_room(wiring::AUDIT_ROOM);
        let head = Arc::new(Mutex::new(log.head()));
        let mut note = UnwrittenNote::open(&note_path(path))?;
        let queue = Arc::new(Queue::new(wiring::AUDIT_WAITING));
        if let Some(lost) = note.said() {
            tracing::warn!("audit log: {}", told(&lost));
            queue.put_back(Item::Lost(lost));
        }
        if recovery.removed_bytes > 0 || recovery.broken.is_some() {
            let broken = recovery
                .broken
                .map_or_else(String::new, |(line, why)| format!("; chain broken at line {line}: {why}"));
            queue.push(AuditEntry {
                time_ms: clock::now_ms(),
                user: "system".to_owned(),
                action: "audit log opened".to_owned(),
                outcome: format!("{} bytes of an unfinished entry removed{broken}", recovery.removed_bytes),
                ..AuditEntry::default()
            });
        }
        let waiting = queue.clone();
        let found = recovery.differences.first().map(|found| {
            format!("{found}. Look who could write the data folder, and hold it against what was kept elsewhere: catholyte audit verify")
        });
        if let Some(found) = &found {
            tracing::error!("audit log: {found}");
            trouble.set(Some(format!("audit log: {found}")));
            queue.push(AuditEntry {
                time_ms: clock::now_ms(),
                user: "system".to_owned(),
                action: "audit log opened".to_owned(),
                outcome: found.clone(),
                ..AuditEntry::default()
            });
        }
        let (shown, fits) = (head.clone(), found.is_none());
        let standing = found.as_ref().map(|found| format!("audit log: {found}"));
        let writer = thread::Builder::new().name("audit".to_owned()).spawn(move || {
            // A disk that refuses even the note leaves it as it was.
            let keep_note = |unwritten| drop(note.say(unwritten));
            let append = |entry: &AuditEntry| {
                log.append(entry)?;
                // Behind the log it says less, and nothing that is wrong. One that the log does not fit to is what is known of
                // the entries that are gone: it stays.
                if fits && let Err(error) = head_note.say(&log.head()) {
                    tracing::warn!("the head of the audit log is not kept: {error}");
                }
                *shown.lock().unwrap_or_else(PoisonError::into_inner) = log.head();
                Ok(())
            };
            write(append, keep_note, &waiting, (&trouble, standing));
        });
        let failed =
            |source| HistorianError::Io { doing: "start the thread of", path: path.to_owned(), source };
        let writer = Some(writer.map_err(failed)?);
        let handed = Some(handed::watch(path, &queue).map_err(failed)?);
        Ok(Self { queue, writer, handed, head, found })
    }

    /// Why the log is not the one that was left, if it is not.
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// Shows how the log stands, for as long as it is written.
    pub fn head(&self) -> Arc<Mutex<Head>> {
        self.head.clone()
    }

    /// What was tried at the door: logins, refusals by role.
    pub fn tried(&self, record: AuditRecord) {
        self.keep(AuditEntry {
            time_ms: record.time_ms,
            user: record.user,
            role: record.role,
            from: record.address.to_string(),
            action: record.kind.word().to_owned(),
            reason: record.reason,
            outcome: record.text,
            ..AuditEntry::default()
        });
    }

    /// A command and what the scan made of it.
    pub fn done(&self, who: &Who, reason: &str, reply: &CommandReply) {
        self.changed(who, reason, reply, None);
    }

    /// The same, with what stood before and what stands now where the answer does not say it.
    pub fn changed(&self, who: &Who, reason: &str, reply: &CommandReply, from_to: Option<(String, String)>) {
        let (old, new) = from_to.unzip();
        self.keep(AuditEntry {
            time_ms: reply.time_ms,
            user: who.user.clone(),
            role: Some(who.role),
            from: who.address.to_string(),
            action: reply.message.clone(),
            old,
            new,
            reason: reason.to_owned(),
            outcome: match (reply.accepted, reply.unrecorded) {
                (false, _) => "refused",
                (true, false) => "done",
                (true, true) => "done, and not in the journal",
            }
            .to_owned(),
            ..AuditEntry::default()
        });
    }

    /// Another plant goes on from the state of the one before, or the state was left behind: whoever may start the
    /// controller did it.
    pub fn decided(&self, action: &str, note: &str) {
        self.keep(AuditEntry {
            time_ms: clock::now_ms(),
            user: "system".to_owned(),
            action: action.to_owned(),
            outcome: note.to_owned(),
            ..AuditEntry::default()
        });
    }

    fn keep(&self, entry: AuditEntry) {
        self.queue.push(entry);
    }
}

impl Drop for AuditTrail {
    /// Whatever waits is tried once more.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(handed) = self.handed.take() {
            handed.thread().unpark();
            drop(handed.join());
        }
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the thread of the audit log ended in a panic");
        }
    }
}

/// `catholyte user` has the log for a moment. The folder is this controller's, so whoever has it lets go.
fn open_when_free(path: &Path, kept: &[Head]) -> Result<(AuditLog, AuditRecovery), HistorianError> {
    let deadline = Instant::now() + wiring::AUDIT_WAIT;
    loop {
        match AuditLog::open_against(path, kept) {
            Err(HistorianError::Locked { .. }) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(20));
            }
            opened => return opened,
        }
    }
}

/// The note, and the head that the log should have at least: the note's, or without one the newest that the events tell.
fn head_note(data: &DataFolder) -> Result<(HeadNote, Option<Head>), HistorianError> {
    let folder = data.history();
    let failed = |source| HistorianError::Io { doing: "create the folder", path: folder.clone(), source };
    fs::create_dir_all(&folder).map_err(failed)?;
    let (note, kept) = HeadNote::open(&data.audit_head())?;
    Ok((note, kept.or_else(|| heads::of_events(data).into_iter().next())))
}

/// Until the queue is closed: in order, and nothing goes on before what the disk refused is written.
fn write(
    mut append: impl FnMut(&AuditEntry) -> Result<(), HistorianError>,
    mut keep_note: impl FnMut(Option<Lost>),
    queue: &Queue,
    (trouble, standing): (&DiskTrouble, Option<String>),
) {
    // The process before may have left something in the note, and that waits in front of all others.
    let (mut refused, mut noted) = (false, true);
    while let Some(item) = queue.next(refused.then_some(wiring::DISK_RETRY)) {
        let entry = match &item {
            Item::Entry(entry) => (**entry).clone(),
            Item::Lost(lost) => gap(lost),
            Item::Remove(path) => {
                // All that was in it is written. One that cannot be removed is taken up again at the next start.
                drop(fs::remove_file(path));
                continue;
            }
        };
        match append(&entry) {
            Ok(()) => {
                if std::mem::replace(&mut refused, false) {
                    trouble.set(standing.clone());
                    tracing::info!("the audit log is written again");
                }
                if noted {
                    let unwritten = queue.unwritten();
                    noted = unwritten.is_some();
                    keep_note(unwritten);
                }
            }
            Err(error) => {
                let waiting = queue.put_back(item);
                noted = true;
                keep_note(queue.unwritten());
                let why =
                    format!("the audit log cannot be written, {waiting} entries wait in memory: {error}");
                if !std::mem::replace(&mut refused, true) {
                    tracing::error!("{why}");
                }
                trouble.set(Some(why));
                if queue.is_closed() {
                    tracing::error!("{waiting} audit entries end unwritten with this process: {error}");
                    return;
                }
            }
        }
    }
}

fn gap(lost: &Lost) -> AuditEntry {
    AuditEntry {
        time_ms: clock::now_ms(),
        user: "system".to_owned(),
        action: "audit entries lost".to_owned(),
        outcome: told(lost),
        lost: Some(*lost),
        ..AuditEntry::default()
    }
}

/// Beside the log.
fn note_path(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".unwritten");
    name.into()
}

/// A gap in the log, for people.
pub fn told(lost: &Lost) -> String {
    format!(
        "{} entries lost from {} to {}: the log could not be written, and memory had no room left or ended with the controller",
        lost.entries,
        clock::local_text(lost.from_ms),
        clock::local_text(lost.to_ms)
    )
}

/// A line of the file as people read it; one that is no entry stays as it is.
pub fn readable(stored: &str) -> String {
    let entry = stored.split_once(' ').and_then(|(_, json)| serde_json::from_str::<AuditEntry>(json).ok());
    entry.map_or_else(|| stored.to_owned(), |entry| line(&entry))
}

/// One line of the log for people.
fn line(entry: &AuditEntry) -> String {
    let role = entry.role.map_or("", Role::word);
    let mut text = format!(
        "{}  {:<12} {:<13} {:<15} {}  {}",
        clock::local_text(entry.time_ms),
        entry.user,
        role,
        entry.from,
        entry.action,
        entry.outcome
    );
    if let (Some(old), Some(new)) = (&entry.old, &entry.new) {
        text.push_str(&format!("  [{old} -> {new}]"));
    }
    if !entry.reason.is_empty() {
        text.push_str(&format!("  ({})", entry.reason));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{AuditEntry, AuditLog, DiskTrouble, HistorianError, Queue, write};
    use historian::Lost;
    use historian::audit::{Verdict, verify};

    fn entry(time_ms: i64) -> AuditEntry {
        AuditEntry { time_ms, action: "write".to_owned(), ..AuditEntry::default() }
    }

    #[test]
    fn entries_beyond_what_memory_holds_leave_a_line_in_the_chain_that_counts_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let (mut log, _) = AuditLog::open(&path).unwrap();
        let (queue, trouble) = (Queue::new(3), DiskTrouble::default());
        queue.push(entry(1));
        let (mut refusals, mut told) = (0, None);
        let append = |entry: &AuditEntry| {
            if refusals == 0 {
                refusals += 1;
                // While the disk refuses the first, nine more come.
                (2..=10).for_each(|time_ms| queue.push(self::entry(time_ms)));
                let source = std::io::ErrorKind::StorageFull.into();
                return Err(HistorianError::Io { doing: "write", path: path.clone(), source });
            }
            told = told.take().or_else(|| trouble.get());
            // All that waits is written, and then the queue is closed.
            let written = log.append(entry).map(drop);
            if entry.lost.is_some() {
                queue.close();
            }
            written
        };
        let mut notes = Vec::new();
        write(append, |unwritten| notes.push(unwritten), &queue, (&trouble, None));
        let told = told.unwrap();
        assert!(told.contains("cannot be written") && told.contains("free space on that disk"), "{told}");
        assert_eq!(trouble.get(), None, "it is over");
        // All ten until the disk takes the first, and in the end none.
        let noted = |entries, from_ms| Some(Lost { entries, from_ms, to_ms: 10 });
        assert_eq!(notes, [noted(10, 1), noted(9, 2), noted(8, 3), noted(7, 4), noted(6, 5), None]);
        // The first one, three that found room behind it, and the line for the rest.
        let lost = vec![Lost { entries: 6, from_ms: 5, to_ms: 10 }];
        assert_eq!(verify(&path).unwrap(), Verdict::Intact { entries: 5, unfinished_bytes: 0, lost });
    }
}
