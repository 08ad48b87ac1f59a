//! Heads of the log, kept where the log is not: only with them can a log be told from one that was cut or written anew.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{FIRST, HASH_DIGITS};
use crate::disk;
use crate::error::{HistorianError, io_error};

/// How many entries a log had, and the hash of the last: `890:5f2c...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub entries: u64,
    pub hash: String,
}

impl Head {
    pub(super) fn new(entries: u64, hash: &str) -> Self {
        Self { entries, hash: hash.to_owned() }
    }
}

/// Of a log without entries.
impl Default for Head {
    fn default() -> Self {
        Self::new(0, FIRST)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entries, self.hash)
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!("write N:HASH with {HASH_DIGITS} hexadecimal digits, as `catholyte audit head` prints it")
        };
        let (entries, hash) = text.trim().split_once(':').ok_or_else(wanted)?;
        let entries = entries.parse().map_err(|_| wanted())?;
        let hash = hash.to_ascii_lowercase();
        let fits = hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !fits || (entries == 0) != (hash == FIRST) {
            return Err(wanted());
        }
        Ok(Self { entries, hash })
    }
}

/// A head that was kept, and what the log has in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub kept: Head,
    /// The log now, when it ends before that entry.
    pub ends_at: Option<u64>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { entries, hash } = &self.kept;
        let hash = hash.get(..8).unwrap_or(hash);
        match self.ends_at {
            Some(ends_at) => write!(
                f,
                "the log had {entries} entries (the last with the hash {hash}...) and ends at {ends_at} now: entries \
                 were cut off, or it is another log"
            ),
            None => write!(
                f,
                "entry {entries} had the hash {hash}... and has another now: the log was written anew up to there"
            ),
        }
    }
}

/// The newest head in a file of its own. Its one line is written over, so that it needs no room on a full disk.
#[derive(Debug)]
pub struct HeadNote {
    path: PathBuf,
    /// Missing where the disk was full before there was any.
    file: Option<File>,
}

impl HeadNote {
    /// With what it holds, unless it is new or damaged.
    pub fn open(path: &Path) -> Result<(Self, Option<Head>), HistorianError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = match file {
            Err(error) if error.kind() == ErrorKind::StorageFull => None,
            file => Some(file.map_err(io_error("open", path))?),
        };
        disk::sync_parent(path)?;
        let kept = file.as_mut().and_then(Self::said);
        Ok((Self { path: path.to_owned(), file }, kept))
    }

    /// What a note says while its log may be written.
    pub fn read(path: &Path) -> Option<Head> {
        Self::said(&mut File::open(path).ok()?)
    }

    fn said(file: &mut File) -> Option<Head> {
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        text.parse().ok()
    }

    /// Durable when this returns.
    pub fn say(&mut self, head: &Head) -> Result<(), HistorianError> {
        // The widest number and the hash: each line covers the one before.
        let line = format!("{:<85}\n", head.to_string());
        let Some(file) = &mut self.file else { return Ok(()) };
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(line.as_bytes()))
            .and_then(|()| file.sync_data())
            .map_err(io_error("write", &self.path))
    }
}
