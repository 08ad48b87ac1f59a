//! Another plant for an engine that runs: what did not change goes on, what is new begins bumplessly.
//!
//! [`Engine::migrate`] is a function of the engine's state and the new plant, and of nothing else.
//! So a journal needs no record of what was carried over: whoever has the state before and the two
//! texts makes the same engine, bit for bit, and replay goes through the change.
//!
//! Comparing the texts allocates and takes its time, so it is done beforehand, away from the scan's thread:
//! [`Transfer::between`]. What is left for the moment between two scans is copying: [`Transfer::carry`]
//! takes about as long as a snapshot, and allocates nothing.
//!
//! | what | how it is found again | what is carried |
//! | --- | --- | --- |
//! | points | name | value and quality; a setting (tuning, preset, ratio) when its text did not change |
//! | totals | name | the sum, in the unit that its text has now |
//! | blocks | name and kind | all memory: integral, modes, back-calculation, device timers |
//! | delays and edges | owner and the text of the expression | since when they hold |
//! | alarms, interlocks | name | state, first out, shelf, bypass; the scan then judges by the new text |
//! | forces | the tag, of the same kind and no smaller range | all; one that could not stay is an obstacle |
//! | phases, recipes | name, and the same text while they run | step, timers, batch, parameters |
//!
//! New loops and devices begin as at a first start: from the output that stands in the image.

mod bumps;
mod carry;
mod expressions;
mod obstacles;
mod plan;
mod transfer;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::engine::Engine;
use crate::plant::Plant;
use bumps::Moved;
pub(crate) use plan::WORDS;
pub use plan::{Change, Plan};
pub use transfer::Transfer;

/// How much of a state goes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub points: usize,
    pub blocks: usize,
}

/// What a migration does to a running engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    pub plan: Plan,
    /// What stands against it at this moment, besides [`Plan::obstacles`].
    pub obstacles: Vec<String>,
    /// Outputs that would be written otherwise than without the change while every task runs once: name, and without
    /// and with the change where they differ first, or jump.
    pub moved: Vec<(String, f64, f64)>,
    pub carried: Carried,
}

impl Migration {
    /// Nothing stands against it.
    pub fn is_bumpless(&self) -> bool {
        self.plan.is_bumpless() && self.obstacles.is_empty()
    }

    /// Everything that stands against it, one line each.
    pub fn reasons(&self) -> Vec<String> {
        let of_text = self.plan.obstacles();
        let line = |(difference, why): (&crate::compile::Difference, &str)| {
            format!("{} {} {}: {why}", difference.kind, difference.name, difference.verb.word())
        };
        of_text.map(line).chain(self.obstacles.iter().cloned()).collect()
    }
}

/// Why an engine cannot take another plant at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrateError {
    /// Ticks have another length there: every delay and timer would be wrong.
    Period { old_ms: u32, new_ms: u32 },
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period { old_ms, new_ms } => write!(
                f,
                "the base period would change from {old_ms} ms to {new_ms} ms, and with it the length of every \
                 delay; stop the controller and start it with the new plant"
            ),
        }
    }
}

impl core::error::Error for MigrateError {}

impl Engine {
    /// The engine that goes on from this state with another plant, and what that does.
    ///
    /// Whether it is used is the caller's decision: [`Migration::is_bumpless`] says whether it may be
    /// without asking. The same state and plant give the same engine on every machine.
    ///
    /// # Errors
    ///
    /// When no state can be carried over.
    pub fn migrate(&self, plant: &Arc<Plant>) -> Result<(Self, Migration), MigrateError> {
        let mut transfer = Transfer::between(self.plant(), plant)?;
        let mut next = Self::new(Arc::clone(plant));
        transfer.carry(&mut self.clone(), &mut next);
        let mut obstacles = transfer.obstacles(self);
        let mut moved = Vec::new();
        for Moved { name, without, with, jumps } in bumps::moved(self, &next) {
            if jumps {
                let decimals = plant.find_point(&name).map_or(1, |point| plant.point(point).decimals);
                let digits = usize::from(decimals) + 1;
                obstacles.push(format!(
                    "the output {name} would go from {without:.digits$} to {with:.digits$} at once"
                ));
            }
            moved.push((name, without, with));
        }
        obstacles.extend(bumps::behind_delays(self, &next));
        let (plan, carried) = (transfer.plan, transfer.carried);
        Ok((next, Migration { plan, obstacles, moved, carried }))
    }
}
