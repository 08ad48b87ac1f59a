//! What the tests of the stores have in common.

use std::path::Path;

use tempfile::TempDir;

/// A folder that goes when dropped; in memory where there is such a place, because what is tested
/// thousands of times here is what stands in the files, not how long the disk takes for it.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = TempDir::new_in(memory)
    {
        return folder;
    }
    TempDir::new().expect("a folder for the test")
}
