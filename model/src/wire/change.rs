//! Another plant for a controller that runs.

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// One file of a plant folder: its path below the folder, and its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantFile {
    pub path: String,
    pub text: String,
}

/// From which plant to which. What is planned and what is applied is the same request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantChange {
    /// The new plant; `None` goes back to the one that was in force before the last change.
    pub files: Option<Vec<PlantFile>>,
    /// Hash of the plant in force, as the person has seen it; a plan may leave it empty.
    #[serde(default)]
    pub from: String,
    /// Hash of the plant to apply, as its plan said it; a plan may leave it empty.
    #[serde(default)]
    pub to: String,
    /// Apply also what cannot be taken over bumplessly.
    #[serde(default)]
    pub force: bool,
    /// Why, in the words of the person; kept in the audit log.
    #[serde(default)]
    pub reason: String,
}

/// What a change would do at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantPlan {
    pub from: String,
    pub to: String,
    /// Every difference in the words of the process, ready to read.
    pub text: String,
    /// What cannot be taken over bumplessly, one line each; applied only with `force`.
    pub obstacles: Vec<String>,
    /// What a running controller cannot take over at all.
    pub impossible: Vec<String>,
}
