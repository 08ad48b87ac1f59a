//! What can go wrong between this crate and the disk, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// The one error of this crate. Every message names the file and the next step.
#[derive(Debug, thiserror::Error)]
pub enum HistorianError {
    #[error("cannot {doing} {}: {source}; {}", path.display(), advice(source))]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is in use by another writer; stop that process, or open it read-only", path.display())]
    Locked { path: PathBuf },
    #[error(
        "{} is damaged at byte {offset}: {what}; restore it from a backup, or move it away to go on without it",
        path.display()
    )]
    Damaged { path: PathBuf, offset: u64, what: String },
    #[error("{} was written in format {found}, this program reads {known}; use the program that wrote it", path.display())]
    Version { path: PathBuf, found: u16, known: u16 },
    #[error("the history has no point {name}{}", nearest.as_ref().map_or_else(
        || "; see the list of points".to_owned(), |near| format!("; did you mean {near}?")))]
    UnknownPoint { name: String, nearest: Option<String> },
    #[error("sample for point number {id}, which was never registered; register the point first")]
    UnknownId { id: u32 },
    #[error("sample time {time_ms} ms lies outside 1970..9999; set the clock of this machine")]
    TimeOutOfRange { time_ms: i64 },
    #[error("the journal in {} holds ticks up to {last}, so tick {given} cannot follow; go on at {} or use an empty folder",
        path.display(), last + 1)]
    TickBehind { path: PathBuf, last: u64, given: u64 },
    #[error("snapshot of tick {tick}, but the journal's last scan is {last:?}; append that scan first")]
    SnapshotTick { tick: u64, last: Option<u64> },
    #[error("no plant {hash} beside the journal in {}; copy plant-{hash}.cpa there from the machine that ran it", path.display())]
    UnknownPlant { path: PathBuf, hash: String },
    #[error("event store {}: {source}; see that the disk has room, else move the file away and start anew", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("{what} has {size} bytes, the limit is {limit}; shorten it")]
    TooLarge { what: &'static str, size: usize, limit: usize },
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space on that disk, or lower the retention"
        }
        io::ErrorKind::FileTooLarge => {
            "raise the limit on the size of files of this process (`ulimit -f`, `LimitFSIZE=`)"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give this user the right to it, or choose another folder"
        }
        io::ErrorKind::NotFound => "see that the folder is the right one",
        _ => "see the state of that disk",
    }
}

/// Turns an [`io::Error`] into one that says what was done to which file.
pub(crate) fn io_error<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> HistorianError + Copy + 'a {
    move |source| HistorianError::Io { doing, path: path.to_owned(), source }
}
