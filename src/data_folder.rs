//! Where a running plant keeps what it must not lose.
//!
//! ```text
//! <data>/
//!   catholyte.toml   settings of this installation (optional)
//!   users            names, roles and password hashes
//!   journal/         inputs and commands of every scan, with snapshots: resume and replay
//!   history/         samples and events, and the newest head of the audit log
//!   audit.log        who did what, hash-chained; beside it what a full disk kept out of it, and what the command line hands over
//!   pki/             OPC UA certificates
//!   in-force         plants that were applied while a controller ran, so that a restart goes on with them
//!   plant/           the plant that the demo runs, as text (demo only)
//!   controller.lock  held by the controller that runs with this folder
//!   sim.sock         control socket of the simulator (while it runs)
//! ```

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use historian::HistorianError;

/// The file with the settings of an installation.
pub const SETTINGS: &str = "catholyte.toml";

#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    #[error("cannot create the data folder {path}: {source}; choose another with --data")]
    Create { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Lock(HistorianError),
    #[error(
        "another controller runs with the data folder {path}; stop it, or choose another folder with --data"
    )]
    Taken { path: PathBuf },
}

impl DataFolder {
    /// Opens the folder, made for its owner alone when it is new.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let fail = |source| DataFolderError::Create { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
        Ok(Self(fs::canonicalize(path).map_err(fail)?))
    }

    /// The folder to use when none is given: below the user's data home, by plant name.
    pub fn default_path(name: &str) -> PathBuf {
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
        std::env::var_os("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(home)
            .unwrap_or_else(std::env::temp_dir)
            .join("catholyte")
            .join(name)
    }

    /// For one controller alone, as long as the file lives; the operating system lets go of it when the process dies.
    pub fn claim(&self) -> Result<File, DataFolderError> {
        historian::claim(&self.0, "controller.lock").map_err(|error| match error {
            HistorianError::Locked { path } => DataFolderError::Taken { path },
            other => DataFolderError::Lock(other),
        })
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn settings(&self) -> PathBuf {
        self.0.join(SETTINGS)
    }

    pub fn users(&self) -> PathBuf {
        self.0.join("users")
    }

    pub fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    pub fn history(&self) -> PathBuf {
        self.0.join("history")
    }

    pub fn audit(&self) -> PathBuf {
        self.0.join("audit.log")
    }

    /// The newest head of the audit log.
    pub fn audit_head(&self) -> PathBuf {
        self.history().join("audit-head")
    }

    pub fn pki(&self) -> PathBuf {
        self.0.join("pki")
    }

    pub fn plants_in_force(&self) -> PathBuf {
        self.0.join("in-force")
    }

    pub fn plant(&self) -> PathBuf {
        self.0.join("plant")
    }

    pub fn log(&self, of: &str) -> PathBuf {
        self.0.join(format!("{of}.log"))
    }

    /// A socket's path has room for about a hundred bytes; a deep folder falls back to a short name.
    pub fn simulator_socket(&self) -> PathBuf {
        let inside = self.0.join("sim.sock");
        if inside.as_os_str().len() < 100 {
            return inside;
        }
        let mut hash = model::StateHash::new();
        for byte in self.0.as_os_str().as_encoded_bytes() {
            model::StateWalk::u64(&mut hash, &mut u64::from(*byte));
        }
        std::env::temp_dir().join(format!("catholyte-{:016x}.sock", hash.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::{DataFolder, DataFolderError};

    #[test]
    fn a_data_folder_is_one_controllers_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let first = data.claim().unwrap();
        assert!(matches!(data.claim(), Err(DataFolderError::Taken { .. })));
        drop(first);
        assert!(data.claim().is_ok());
    }
}
