//! A disk that tests can fill.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// A file system of its own, in memory, that goes when dropped.
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, and a line that says so, without the right to mount one.
    pub fn new(mb: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = CString::new(format!("size={mb}m")).unwrap();
        match mount("tmpfs", folder.path(), "tmpfs", MountFlags::empty(), Some(size.as_c_str())) {
            Ok(()) => Some(Self(folder)),
            Err(error) => {
                eprintln!("not tested, a file system of {mb} MB cannot be mounted here: {error}");
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Until not a byte more goes in.
    pub fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.filler()).unwrap();
        while file.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
    }

    pub fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}
