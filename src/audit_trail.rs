//! Everything that people did or tried, on its way into the hash-chained log.
//!
//! One thread owns the log, so that its `fdatasync` never holds up whoever reports.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use api::{AuditRecord, Who};
use historian::HistorianError;
use historian::audit::{AuditEntry, AuditLog};
use model::wire::{CommandReply, Role};

use crate::clock;

/// Entries that wait for the disk. People make one a second; a script is told "too many" long before.
const WAITING: usize = 4096;

pub struct AuditTrail(SyncSender<AuditEntry>);

impl AuditTrail {
    pub fn open(path: &Path) -> Result<Self, HistorianError> {
        let (mut log, recovery) = AuditLog::open(path)?;
        if recovery.removed_bytes > 0 || recovery.broken.is_some() {
            let broken = recovery
                .broken
                .map_or_else(String::new, |(line, why)| format!("; chain broken at line {line}: {why}"));
            log.append(&AuditEntry {
                time_ms: clock::now_ms(),
                user: "system".to_owned(),
                action: "audit log opened".to_owned(),
                outcome: format!("{} bytes of an unfinished entry removed{broken}", recovery.removed_bytes),
                ..AuditEntry::default()
            })?;
        }
        let (sender, receiver) = sync_channel(WAITING);
        thread::Builder::new().name("audit".to_owned()).spawn(move || write(log, &receiver)).map_err(
            |source| HistorianError::Io { doing: "start the thread of", path: path.to_owned(), source },
        )?;
        Ok(Self(sender))
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
        self.keep(AuditEntry {
            time_ms: reply.time_ms,
            user: who.user.clone(),
            role: Some(who.role),
            from: who.address.to_string(),
            action: reply.message.clone(),
            reason: reason.to_owned(),
            outcome: if reply.accepted { "done" } else { "refused" }.to_owned(),
            ..AuditEntry::default()
        });
    }

    /// Another plant goes on from the state of the one before: whoever may start the controller did it.
    pub fn applied(&self, note: &str) {
        self.keep(AuditEntry {
            time_ms: clock::now_ms(),
            user: "system".to_owned(),
            action: "plant applied".to_owned(),
            outcome: note.to_owned(),
            ..AuditEntry::default()
        });
    }

    fn keep(&self, entry: AuditEntry) {
        if let Err(error) = self.0.try_send(entry) {
            tracing::error!("an audit entry found no room and is lost: {error}");
        }
    }
}

fn write(mut log: AuditLog, entries: &Receiver<AuditEntry>) {
    for entry in entries {
        if let Err(error) = log.append(&entry) {
            tracing::error!("an audit entry could not be written: {error}; {entry:?}");
        }
    }
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
    if !entry.reason.is_empty() {
        text.push_str(&format!("  ({})", entry.reason));
    }
    text
}
