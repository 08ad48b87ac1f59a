//! Entries of whoever works on the data folder while a controller has its audit log: the command line hands them over in
//! a file beside the log, and the controller's log takes them up within a second, or at its next start.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use historian::HistorianError;
use historian::audit::{AuditEntry, AuditLog, HeadNote};

use super::queue::{Item, Queue};
use crate::clock;
use crate::data_folder::DataFolder;

const PACE: Duration = Duration::from_millis(500);
/// A link is not followed, and nothing that is no file is waited for.
const NO_LINK: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;

/// Enters what somebody has done to the folder at the command line, with or without a controller on it.
pub fn enter(data: &DataFolder, action: String, outcome: String) -> Result<(), HistorianError> {
    let entry = AuditEntry {
        time_ms: clock::now_ms(),
        user: os_user(),
        from: "command line".to_owned(),
        action,
        outcome,
        ..AuditEntry::default()
    };
    match AuditLog::open(&data.audit()) {
        Ok((mut log, _)) => {
            log.append(&entry)?;
            // A log that was cut stays told: the note is only ever brought forward by the log that it fits to.
            if !data.history().is_dir() {
                return Ok(());
            }
            let (mut note, kept) = HeadNote::open(&data.audit_head())?;
            let fits =
                |kept| historian::audit::differences(&data.audit(), &[kept]).map(|found| found.is_empty());
            if kept.map_or(Ok(true), fits)? {
                note.say(&log.head())?;
            }
            Ok(())
        }
        Err(HistorianError::Locked { .. }) => {
            let path = waiting(&data.audit());
            hand_over(&path, &entry).map_err(|source| HistorianError::Io { doing: "write", path, source })
        }
        Err(error) => Err(error),
    }
}

/// The person as the operating system knows it, and who they were before `sudo`.
fn os_user() -> String {
    let uid = fs::metadata("/proc/self").map(|me| me.uid()).ok();
    let named = |uid: u32| {
        let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let of = known.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = of.into_iter().find(|parts| parts.get(2).is_some_and(|id| *id == uid.to_string()));
        found.map_or_else(|| format!("uid {uid}"), |parts| parts[0].to_owned())
    };
    let name = uid.map_or_else(|| "unknown".to_owned(), named);
    match std::env::var("SUDO_USER") {
        Ok(before) if before != name => format!("{name} (sudo: {before})"),
        _ => name,
    }
}

fn waiting(log: &Path) -> PathBuf {
    beside(log, ".handed")
}

fn beside(log: &Path, suffix: &str) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Durable when this returns.
fn hand_over(path: &Path, entry: &AuditEntry) -> io::Result<()> {
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    loop {
        let mut file =
            OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(NO_LINK).open(path)?;
        file.lock()?;
        // The controller may have taken it away before the lock was had.
        if fs::metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino())) {
            let before = file.metadata()?.len();
            let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
            if written.is_err() {
                // Half a line would swallow the next one.
                drop(file.set_len(before));
            }
            return written;
        }
    }
}

/// Looks for what was handed over, until the queue is closed.
pub(super) fn watch(log: &Path, queue: &Arc<Queue>) -> io::Result<thread::JoinHandle<()>> {
    let (log, queue) = (log.to_owned(), queue.clone());
    // What a kill has left half taken may be in the log already: twice is better than never.
    take_up(&beside(&log, ".taken"), &queue);
    thread::Builder::new().name("audit-handed".to_owned()).spawn(move || {
        let mut told = false;
        loop {
            let last = queue.is_closed();
            let (waiting, taken) = (waiting(&log), beside(&log, ".taken"));
            if !last && waiting.symlink_metadata().is_ok() && !taken.exists() {
                match take_away(&waiting, &taken) {
                    Ok(()) => take_up(&taken, &queue),
                    Err(error) if !std::mem::replace(&mut told, true) => told_of(&waiting, &error, &queue),
                    Err(_) => {}
                }
            }
            if last {
                return;
            }
            thread::park_timeout(PACE);
        }
    })
}

/// What lies there stays there, and everybody who reads the log knows of it.
fn told_of(waiting: &Path, error: &io::Error, queue: &Queue) {
    let outcome = format!(
        "{} cannot be taken up: {error}. Give it to the user that runs the controller, and run `catholyte user` as that user",
        waiting.display()
    );
    tracing::error!("audit log: {outcome}");
    queue.push(AuditEntry {
        time_ms: clock::now_ms(),
        user: "system".to_owned(),
        action: "entries of the command line wait".to_owned(),
        outcome,
        ..AuditEntry::default()
    });
}

/// Not while somebody writes it, and never waiting for whoever does: the next turn comes soon.
fn take_away(waiting: &Path, taken: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).custom_flags(NO_LINK).open(waiting)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    match file.try_lock() {
        Ok(()) => fs::rename(waiting, taken),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Into the queue, and behind them the order to remove the file.
fn take_up(taken: &Path, queue: &Queue) {
    let Ok(bytes) = fs::read(taken) else { return };
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        let unreadable = || AuditEntry {
            time_ms: clock::now_ms(),
            user: "unknown".to_owned(),
            from: "command line".to_owned(),
            action: line.clone().into_owned(),
            outcome: "handed over, and not readable".to_owned(),
            ..AuditEntry::default()
        };
        let entry = serde_json::from_str(&line).unwrap_or_else(|_| unreadable());
        // A handed line is never more than what somebody did at the command line.
        queue.push(AuditEntry { from: "command line".to_owned(), role: None, lost: None, ..entry });
    }
    queue.push_item(Item::Remove(taken.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::{beside, enter, os_user, waiting};
    use crate::audit_trail::{AuditTrail, readable};
    use crate::data_folder::DataFolder;
    use crate::disk_trouble::DiskTrouble;
    use historian::audit::{Verdict, head, verify};

    #[test]
    fn what_the_command_line_does_is_in_the_log_whether_or_not_a_controller_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        enter(&data, "user add jane".to_owned(), "done".to_owned()).unwrap();
        assert_eq!(head(&data.audit()).unwrap().entries, 1);
        let trail = AuditTrail::open(&data, DiskTrouble::default()).unwrap();
        enter(&data, "user remove joe".to_owned(), "done".to_owned()).unwrap();
        assert!(waiting(&data.audit()).exists(), "handed over");
        let taken_up = || head(&data.audit()).unwrap().entries == 2;
        for _ in 0..200 {
            if taken_up() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(taken_up());
        drop(trail);
        assert!(!waiting(&data.audit()).exists() && !beside(&data.audit(), ".taken").exists());
        // Between two controllers, and what one that was killed has left.
        std::fs::write(beside(&data.audit(), ".taken"), "{\"half\n").unwrap();
        let again = AuditTrail::open(&data, DiskTrouble::default()).unwrap();
        assert_eq!(again.found(), None, "it is the log that was left");
        drop(again);
        let text = std::fs::read_to_string(data.audit()).unwrap();
        let lines: Vec<_> = text.lines().map(readable).collect();
        assert!(lines[0].contains("user add jane") && lines[0].contains(&os_user()), "{lines:?}");
        assert!(lines[1].contains("user remove joe") && lines[1].contains("command line"), "{lines:?}");
        assert!(lines[2].contains("not readable"), "{lines:?}");
        assert!(matches!(verify(&data.audit()).unwrap(), Verdict::Intact { entries: 3, .. }));
    }

    /// The lines of the log, as a person reads them, when it has as many as that.
    fn entries(data: &DataFolder, count: usize) -> Vec<String> {
        let lines = || std::fs::read_to_string(data.audit()).unwrap_or_default();
        for _ in 0..200 {
            if lines().lines().count() >= count {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        lines().lines().map(readable).collect()
    }

    #[test]
    fn a_torn_line_costs_no_other_and_no_line_gives_itself_a_role() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let trail = AuditTrail::open(&data, DiskTrouble::default()).unwrap();
        enter(&data, "user add jane".to_owned(), "done".to_owned()).unwrap();
        let whole = std::fs::read(waiting(&data.audit())).unwrap();
        let forged = String::from_utf8(whole.clone()).unwrap().replace("command line", "10.0.0.7");
        let torn = [b"{\"user\":\"J\xc3\n".as_slice(), &whole, forged.as_bytes()].concat();
        std::fs::write(waiting(&data.audit()), torn).unwrap();
        let seen = entries(&data, 3);
        drop(trail);
        assert!(seen.iter().any(|line| line.contains("not readable")), "{seen:?}");
        assert!(seen.iter().filter(|line| line.contains("user add jane")).count() >= 2, "{seen:?}");
        assert!(!seen.iter().any(|line| line.contains("10.0.0.7")), "{seen:?}");
    }

    #[test]
    fn what_is_no_file_is_told_once_and_holds_no_stop() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let pipe =
            std::ffi::CString::new(waiting(&data.audit()).into_os_string().into_encoded_bytes()).unwrap();
        assert_eq!(mkfifo(&pipe), 0);
        let trail = AuditTrail::open(&data, DiskTrouble::default()).unwrap();
        let seen = entries(&data, 1);
        drop(trail);
        assert!(seen[0].contains("cannot be taken up") && seen[0].contains("no file"), "{seen:?}");
    }

    #[allow(unsafe_code)]
    fn mkfifo(path: &std::ffi::CStr) -> i32 {
        // SAFETY: the path is a string of C that lives through the call.
        unsafe { libc::mkfifo(path.as_ptr(), 0o600) }
    }

    #[test]
    fn a_start_waits_for_who_has_the_log_for_a_moment() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let (log, _) = historian::audit::AuditLog::open(&data.audit()).unwrap();
        let other = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(200));
            drop(log);
        });
        AuditTrail::open(&data, DiskTrouble::default()).unwrap();
        other.join().unwrap();
    }

    #[test]
    fn what_is_known_of_a_log_that_was_cut_outlives_the_start_that_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        drop(AuditTrail::open(&data, DiskTrouble::default()).unwrap());
        for name in ["jane", "joe", "jim"] {
            enter(&data, format!("user add {name}"), "done".to_owned()).unwrap();
        }
        let text = std::fs::read_to_string(data.audit()).unwrap();
        let first = text.split_inclusive('\n').next().unwrap();
        std::fs::write(data.audit(), first).unwrap();
        for start in ["the first start", "the next"] {
            let trail = AuditTrail::open(&data, DiskTrouble::default()).unwrap();
            assert!(trail.found().is_some(), "{start} tells it");
        }
    }
}
