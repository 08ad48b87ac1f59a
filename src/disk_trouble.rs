//! What a thread cannot write to the disk, and why, for the System page and for the answers of commands.

use std::sync::{Arc, Mutex, PoisonError};

/// `None` while all can be written. One thread sets it; whoever wants to know looks.
#[derive(Clone, Debug, Default)]
pub struct DiskTrouble(Arc<Mutex<Option<String>>>);

impl DiskTrouble {
    pub fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what was said before.
    pub fn set(&self, why: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), why)
    }
}

/// What whoever gave a command is told when the scan has done it and the journal does not hold it.
pub fn unrecorded(done: &str, why: &str) -> String {
    format!(
        "{done}; this has acted, but {why}. Until the journal is written again nothing keeps it: \
         after a restart of the controller look at it and give it again"
    )
}
