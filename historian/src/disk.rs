//! The few moves on files that must be right for what was said to be on disk to be there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{HistorianError, io_error};

/// Replaces a file so that a reader, or the next start, sees the old content or the new one whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<File, HistorianError> {
    let temporary = with_suffix(path, ".tmp");
    let mut file = File::create(&temporary).map_err(io_error("create", &temporary))?;
    if let Err(error) = file.write_all(bytes) {
        // Half a file would keep what little room there is.
        let _ = fs::remove_file(&temporary);
        return Err(io_error("write", &temporary)(error));
    }
    file.sync_all().map_err(io_error("make durable", &temporary))?;
    fs::rename(&temporary, path).map_err(io_error("put in place", path))?;
    sync_parent(path)?;
    Ok(file)
}

/// A new name in a folder is durable only when the folder itself is.
pub(crate) fn sync_parent(path: &Path) -> Result<(), HistorianError> {
    match path.parent() {
        Some(parent) if cfg!(unix) => {
            let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(folder).and_then(|file| file.sync_all()).map_err(io_error("make durable", folder))
        }
        _ => Ok(()),
    }
}

pub(crate) fn create_folder(path: &Path) -> Result<(), HistorianError> {
    fs::create_dir_all(path).map_err(io_error("create the folder", path))
}

/// A folder's lock for its one writer.
pub(crate) fn lock(folder: &Path) -> Result<File, HistorianError> {
    claim(folder, "writer.lock")
}

/// The lock file of this name in a folder, for one process alone: see [`hold`].
pub fn claim(folder: &Path, name: &str) -> Result<File, HistorianError> {
    let path = folder.join(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    hold(file, folder)
}

/// Locks a file for one process alone, as long as it is open; the operating system lets go of it when the process dies.
/// `what` is what the lock stands for.
pub(crate) fn hold(file: File, what: &Path) -> Result<File, HistorianError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HistorianError::Locked { path: what.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io_error("lock", what)(source)),
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, HistorianError> {
    fs::read(path).map_err(io_error("read", path))
}

/// `None` when there is no such file, which is how a new store begins.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, HistorianError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// The files of a folder with this name's beginning and end, sorted by name.
pub(crate) fn list(folder: &Path, prefix: &str, suffix: &str) -> Result<Vec<PathBuf>, HistorianError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error("list", folder))? {
        let entry = entry.map_err(io_error("list", folder))?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix)) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The number between prefix and suffix of a file name.
pub(crate) fn number_in_name(path: &Path, prefix: &str, suffix: &str) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix(prefix)?.strip_suffix(suffix)?.parse().ok()
}

/// Gives a file that cannot be used a name under which nobody looks for it, and keeps it.
pub(crate) fn set_aside(path: &Path) -> Result<PathBuf, HistorianError> {
    let free =
        (1u32..).map(|number| with_suffix(path, &format!(".damaged-{number}"))).find(|name| !name.exists());
    let aside = free.unwrap_or_else(|| with_suffix(path, ".damaged"));
    fs::rename(path, &aside).map_err(io_error("set aside", path))?;
    sync_parent(path)?;
    Ok(aside)
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
