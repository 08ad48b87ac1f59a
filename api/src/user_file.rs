//! The users on disk: one JSON file for its owner alone, replaced as a whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::wire::Role;
use serde::{Deserialize, Serialize};

use crate::limits::{USERS, USERS_FILE_BYTES};
use crate::password;
use crate::users::UserError;

/// A change of the file takes milliseconds; whoever holds it longer is stuck.
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(20);
const VERSION: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// argon2id in PHC form.
    pub(crate) password: String,
    /// The password was made by the machine and shown once.
    #[serde(default)]
    pub(crate) must_change: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    users: Vec<User>,
}

/// Tells one version of the file from another. A replaced file has another inode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

pub(crate) struct UserFile {
    path: PathBuf,
}

impl UserFile {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `None` when the file is not to be seen at this moment.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        fs::metadata(&self.path).ok().map(|metadata| stamp(&metadata))
    }

    /// Makes an empty file, for its owner alone, if there is none.
    pub(crate) fn create(&self) -> Result<(), UserError> {
        if self.path.exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        if self.path.exists() { Ok(()) } else { self.replace(Vec::new()) }
    }

    pub(crate) fn read(&self) -> Result<(Vec<User>, Stamp), UserError> {
        let failed = |source| self.failed("read", source);
        let file = File::open(&self.path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.mode() & 0o077 != 0 {
            return Err(UserError::Open { path: self.path.clone(), mode: metadata.mode() & 0o777 });
        }
        let mut text = String::new();
        file.take(USERS_FILE_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        let users = parse(&text).map_err(|why| UserError::Damaged { path: self.path.clone(), why })?;
        Ok((users, stamp(&metadata)))
    }

    /// Reads, changes and replaces the file while no other process does.
    pub(crate) fn modify<T>(
        &self,
        change: impl FnOnce(&mut Vec<User>) -> Result<T, UserError>,
    ) -> Result<T, UserError> {
        let _lock = self.lock()?;
        let (mut users, _) = self.read()?;
        let result = change(&mut users)?;
        self.replace(users)?;
        Ok(result)
    }

    /// Whole or not at all: the new content is on disk before it takes the name.
    fn replace(&self, users: Vec<User>) -> Result<(), UserError> {
        let failed = |source| self.failed("write", source);
        let mut text = serde_json::to_string_pretty(&Content { version: VERSION, users })
            .map_err(|error| failed(error.into()))?;
        text.push('\n');
        let new = self.beside(".new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&new, &self.path).map_err(failed)?;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Held until the file is dropped; the command line and the server exclude each other by it.
    fn lock(&self) -> Result<File, UserError> {
        let failed = |source| self.failed("lock", source);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.beside(".lock"))
            .map_err(failed)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if start.elapsed() > LOCK_WAIT => {
                    return Err(failed(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "another process changes it; try again",
                    )));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_RETRY),
            }
        }
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name: OsString = self.path.clone().into();
        name.push(ending);
        name.into()
    }

    fn failed(&self, what: &'static str, source: io::Error) -> UserError {
        UserError::Io { what, path: self.path.clone(), source }
    }
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    Stamp {
        inode: metadata.ino(),
        length: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    }
}

/// The reason never quotes the text: it holds hashes.
fn parse(text: &str) -> Result<Vec<User>, String> {
    if text.len() as u64 > USERS_FILE_BYTES {
        return Err(format!("it is larger than {USERS_FILE_BYTES} bytes"));
    }
    let content: Content = serde_json::from_str(text).map_err(|error| {
        format!("line {}, column {} is not as it should be", error.line(), error.column())
    })?;
    if content.version != VERSION {
        return Err(format!("it has version {}, and this program knows version {VERSION}", content.version));
    }
    if content.users.len() > USERS {
        return Err(format!("it has more than {USERS} users"));
    }
    for (index, user) in content.users.iter().enumerate() {
        if !is_name(&user.name) {
            return Err(format!("user {} has no proper name", index + 1));
        }
        if content.users[..index].iter().any(|other| other.name == user.name) {
            return Err(format!("user {} stands in it twice", user.name));
        }
        if !password::is_usable(&user.password) {
            return Err(format!("the password hash of {} is no argon2id hash of bearable cost", user.name));
        }
    }
    Ok(content.users)
}

/// Names stand in logs, file lines and screens: small letters, digits, `.`, `_`, `-`, a letter first.
/// `system` is the control system itself.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=32).contains(&name.len())
        && name.bytes().all(allowed)
        && name.as_bytes()[0].is_ascii_lowercase()
        && name != "system"
}

#[cfg(test)]
mod tests {
    use super::{is_name, parse};
    use proptest::prelude::*;

    #[test]
    fn names_are_plain_words() {
        for good in ["admin", "j.ortiz", "shift-2_b", "a"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "Jane", "jane doe", "1st", "x\n", "system", "a/b", &"a".repeat(33)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_damaged_file_is_refused_without_quoting_it() {
        let user = r#"{"name":"jane","role":"operator","password":"plain-text-secret"}"#;
        for (text, why) in [
            (String::new(), "line 1"),
            (r#"{"version":2,"users":[]}"#.into(), "version 2"),
            (format!(r#"{{"version":1,"users":[{user}]}}"#), "password hash of jane"),
            (r#"{"version":1,"users":[{"name":"J","role":"viewer","password":""}]}"#.into(), "user 1"),
            (
                r#"{"version":1,"users":[{"name":"j","role":"plain-text-secret","password":""}]}"#.into(),
                "column",
            ),
        ] {
            let error = parse(&text).err().unwrap();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,400}") {
            let _ = parse(&text);
        }
    }
}
