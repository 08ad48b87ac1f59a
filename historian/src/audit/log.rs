//! Appending to the chain.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use model::wire::Role;
use serde::{Deserialize, Serialize};

use super::verify::{Break, scan};
use super::{Difference, HASH_DIGITS, Head, chain};
use crate::disk;
use crate::error::{HistorianError, io_error};
use crate::room::{self, Room};
use crate::unwritten::Lost;

/// Longest text of one field; what a client sends beyond it is cut.
const TEXT_MAX: usize = 4096;

/// One action, refused ones too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub time_ms: i64,
    pub user: String,
    /// `None` before a login.
    pub role: Option<Role>,
    /// Address of the client.
    pub from: String,
    pub action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// In the words of the person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Done, or refused and why.
    pub outcome: String,
    /// In place of entries that could not be kept: how many are missing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// What was found in the file when it was opened. Worth an entry of its own unless all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecovery {
    pub entries: u64,
    /// Bytes of an unfinished last line that were removed.
    pub removed_bytes: u64,
    /// Line and reason where the chain was already broken. The log goes on after it all the same.
    pub broken: Option<(u64, String)>,
    /// Where it is not the log of which heads were kept.
    pub differences: Vec<Difference>,
}

/// The one writer of an audit log.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    file: File,
    bytes: u64,
    entries: u64,
    /// Kept behind them for a full disk.
    room: u64,
    head: String,
    line: Vec<u8>,
}

impl AuditLog {
    /// Reads the whole log once, to go on from its last hash.
    pub fn open(path: &Path) -> Result<(Self, AuditRecovery), HistorianError> {
        Self::open_against(path, &[])
    }

    /// The same, held against heads that were kept elsewhere.
    pub fn open_against(path: &Path, kept: &[Head]) -> Result<(Self, AuditRecovery), HistorianError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io_error("open", path))?;
        let file = disk::hold(file, path)?;
        disk::sync_parent(path)?;
        let found = scan(path, kept)?;
        if found.unfinished > 0 {
            file.set_len(found.bytes).map_err(io_error("cut the unfinished line off", path))?;
            file.sync_all().map_err(io_error("make durable", path))?;
        }
        let recovery = AuditRecovery {
            entries: found.lines,
            removed_bytes: found.unfinished,
            broken: found.broken.map(|Break { line, why }| (line, why)),
            differences: found.differences,
        };
        let log = Self {
            path: path.to_owned(),
            file,
            bytes: found.bytes,
            entries: found.lines,
            room: 0,
            head: found.head,
            line: Vec::new(),
        };
        Ok((log, recovery))
    }

    /// From now on the log has this many bytes of its own on a full disk, renewed by each entry.
    pub fn keep_room(&mut self, bytes: u64) -> Room {
        self.room = bytes;
        room::keep(&self.file, self.bytes, bytes)
    }

    /// Durable when this returns. Returns the hash of the new line.
    pub fn append(&mut self, entry: &AuditEntry) -> Result<&str, HistorianError> {
        self.line.clear();
        self.line.resize(HASH_DIGITS, b'0');
        self.line.push(b' ');
        // Strings and numbers only: there is nothing in an entry that JSON cannot carry.
        serde_json::to_writer(&mut self.line, &clipped(entry))
            .map_err(|error| io_error("write", &self.path)(error.into()))?;
        let head = chain(&self.head, &self.line[HASH_DIGITS + 1..]);
        self.line[..HASH_DIGITS].copy_from_slice(head.as_bytes());
        self.line.push(b'\n');
        if let Err(source) = self.write_line() {
            // Best effort: the next append seeks to the same place, and the next open cuts it off.
            let _ = self.file.set_len(self.bytes);
            return Err(io_error("write", &self.path)(source));
        }
        self.bytes += self.line.len() as u64;
        self.entries += 1;
        room::keep(&self.file, self.bytes, self.room);
        self.head = head;
        Ok(&self.head)
    }

    /// Number and hash of the last line: kept elsewhere, they prove that nothing up to it was changed or cut off.
    pub fn head(&self) -> Head {
        Head::new(self.entries, &self.head)
    }

    fn write_line(&mut self) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.bytes))?;
        self.file.write_all(&self.line)?;
        self.file.sync_data()
    }
}

fn clipped(entry: &AuditEntry) -> AuditEntry {
    let clip = |text: &String| text[..text.floor_char_boundary(TEXT_MAX)].to_owned();
    AuditEntry {
        time_ms: entry.time_ms,
        user: clip(&entry.user),
        role: entry.role,
        from: clip(&entry.from),
        action: clip(&entry.action),
        old: entry.old.as_ref().map(clip),
        new: entry.new.as_ref().map(clip),
        reason: clip(&entry.reason),
        outcome: clip(&entry.outcome),
        lost: entry.lost,
    }
}
