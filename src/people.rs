//! The numbers that stand for people inside the scan, kept so that they mean the same after a restart.
//!
//! One name a line; the line number is the [`UserId`]. Line 0 is the system itself.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use model::UserId;

pub struct People {
    path: PathBuf,
    names: Mutex<Vec<String>>,
}

impl People {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut names: Vec<String> = match fs::read(path) {
            // A damaged letter costs that letter: the line's number is what the journal knows.
            Ok(bytes) => String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        if names.is_empty() {
            names.push("system".to_owned());
            fs::write(path, "system\n")?;
        }
        Ok(Self { path: path.to_owned(), names: Mutex::new(names) })
    }

    /// The number of a name, given once and for all.
    pub fn id(&self, name: &str) -> io::Result<UserId> {
        let mut names = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(index) = names.iter().position(|known| known == name) {
            return Ok(UserId(index as u32));
        }
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        file.write_all(format!("{}\n", name.replace(['\n', '\r'], " ")).as_bytes())?;
        file.sync_data()?;
        names.push(name.to_owned());
        Ok(UserId(names.len() as u32 - 1))
    }

    pub fn name(&self, id: UserId) -> String {
        let names = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        names.get(id.index()).cloned().unwrap_or_else(|| format!("user {}", id.0))
    }
}

#[cfg(test)]
mod tests {
    use super::People;
    use model::UserId;

    #[test]
    fn a_name_keeps_its_number_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people");
        let first = People::open(&path).unwrap();
        let jane = first.id("jane").unwrap();
        assert_eq!(first.id("jane").unwrap(), jane);
        let second = People::open(&path).unwrap();
        assert_eq!(second.id("jane").unwrap(), jane);
        assert_eq!(second.name(UserId::SYSTEM), "system");
        assert_eq!(second.name(jane), "jane");
    }

    #[test]
    fn a_damaged_letter_costs_no_other_name_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people");
        let first = People::open(&path).unwrap();
        let (jane, joe) = (first.id("jane").unwrap(), first.id("joe").unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        let letter = bytes.iter().position(|byte| *byte == b'j').unwrap();
        bytes[letter] = 0xFF;
        std::fs::write(&path, bytes).unwrap();
        let second = People::open(&path).unwrap();
        assert_eq!(second.name(jane), "\u{FFFD}ane");
        assert_eq!(second.id("joe").unwrap(), joe);
    }
}
