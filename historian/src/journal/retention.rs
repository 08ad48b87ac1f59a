//! Which files of a journal may go: the oldest, and never what a resume needs.

use std::fs;
use std::path::{Path, PathBuf};

use super::snapshot;
use super::writer::{self, JournalOptions};
use crate::disk;
use crate::error::{HistorianError, io_error};

struct Item {
    path: PathBuf,
    bytes: u64,
    /// The last tick that it can speak of.
    until: u64,
}

/// Removes the oldest files until the rest fits. Returns what was removed.
pub(super) fn enforce(folder: &Path, options: &JournalOptions) -> Result<Vec<PathBuf>, HistorianError> {
    let segments = numbered(folder, writer::PREFIX, writer::SUFFIX)?;
    let snapshots = numbered(folder, snapshot::PREFIX, snapshot::SUFFIX)?;
    let keep = options.keep_snapshots.max(1);
    let Some(oldest_kept) = snapshots.iter().rev().nth(keep - 1).or(snapshots.first()) else {
        return Ok(Vec::new());
    };
    let needed_from = oldest_kept.0;
    let mut items = Vec::new();
    for (index, (_, path)) in segments.iter().enumerate() {
        let until = segments.get(index + 1).map_or(u64::MAX, |(next, _)| next - 1);
        items.push(item(path, until)?);
    }
    for (tick, path) in &snapshots {
        items.push(item(path, if *tick < needed_from { *tick } else { u64::MAX })?);
    }
    items.sort_by_key(|item| item.until);
    let mut total: u64 = items.iter().map(|item| item.bytes).sum();
    let mut removed = Vec::new();
    for item in items {
        if total <= options.keep_bytes || item.until > needed_from {
            break;
        }
        fs::remove_file(&item.path).map_err(io_error("remove", &item.path))?;
        total -= item.bytes;
        removed.push(item.path);
    }
    Ok(removed)
}

fn item(path: &Path, until: u64) -> Result<Item, HistorianError> {
    let bytes = fs::metadata(path).map_err(io_error("look at", path))?.len();
    Ok(Item { path: path.to_owned(), bytes, until })
}

pub(super) fn numbered(
    folder: &Path,
    prefix: &str,
    suffix: &str,
) -> Result<Vec<(u64, PathBuf)>, HistorianError> {
    let files = disk::list(folder, prefix, suffix)?;
    let number = |path: PathBuf| disk::number_in_name(&path, prefix, suffix).map(|number| (number, path));
    let mut found: Vec<_> = files.into_iter().filter_map(number).collect();
    found.sort_unstable();
    Ok(found)
}
