//! What the next start has to know of a process that ended while the disk refused.
//!
//! One line in a file of its own, written over in place: it needs no room on the disk.
//!
//! ```text
//! {"entries":17,"from_ms":1764249605120,"to_ms":1764249611830}      and spaces up to the end of the line
//! ```

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::{HistorianError, io_error};

/// Longer than any line, and within one sector: it is there whole, or as it was.
const LINE: usize = 127;

/// Entries or records that are not on disk, because it refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    pub entries: u64,
    /// Times of the first and the last of them.
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Lost {
    /// Both of them, as one gap.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_add(other.entries),
            from_ms: self.from_ms.min(other.from_ms),
            to_ms: self.to_ms.max(other.to_ms),
        }
    }
}

/// The line, and whether it says anything now.
#[derive(Debug)]
pub struct UnwrittenNote {
    path: PathBuf,
    /// Missing where the disk was full before there was any.
    file: Option<File>,
    said: Option<Lost>,
}

impl UnwrittenNote {
    /// Made with room for its line when it is not there yet.
    pub fn open(path: &Path) -> Result<Self, HistorianError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = match file {
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                return Ok(Self { path: path.to_owned(), file: None, said: None });
            }
            file => file.map_err(io_error("open", path))?,
        };
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        let mut note = Self { path: path.to_owned(), file: Some(file), said: None };
        match read {
            Ok(length) if length > LINE => note.said = serde_json::from_str(text.trim_end()).ok(),
            // On a disk that is full already there is no note, and all the rest as ever.
            _ => drop(note.write(None).and_then(|()| disk::sync_parent(path))),
        }
        Ok(note)
    }

    /// What was left in it, or said last.
    pub const fn said(&self) -> Option<Lost> {
        self.said
    }

    /// Durable when this returns.
    pub fn say(&mut self, lost: Option<Lost>) -> Result<(), HistorianError> {
        if lost == self.said {
            return Ok(());
        }
        self.write(lost)?;
        self.said = lost;
        Ok(())
    }

    fn write(&mut self, lost: Option<Lost>) -> Result<(), HistorianError> {
        let text = lost.map(|lost| serde_json::to_string(&lost)).transpose();
        let text = text.map_err(|error| io_error("write", &self.path)(error.into()))?.unwrap_or_default();
        let line = format!("{text:LINE$}\n");
        let Some(file) = &mut self.file else { return Ok(()) };
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(line.as_bytes()))
            .and_then(|()| file.sync_data())
            .map_err(io_error("write", &self.path))
    }
}
