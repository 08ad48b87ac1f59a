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
//! | points | name | value and quality; tuning (KC, TI, TD) when its text did not change |
//! | blocks | name and kind | all memory: integral, modes, back-calculation, device timers |
//! | delays and edges | owner and the text of the expression | since when they hold |
//! | alarms, interlocks | name | state, first out, shelf, bypass; the scan then judges by the new text |
//! | forces | the tag, of the same kind and no smaller range | all; one that could not stay is an obstacle |
//! | phases, recipes | name, and the same text while they run | step, timers, batch, parameters |
//!
//! New loops and devices begin as at a first start: from the output that stands in the image.

mod carry;
mod expressions;
mod plan;
mod transfer;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use model::PointId;

use crate::engine::Engine;
use crate::exchange::ScanOutput;
use crate::plant::{Origin, Plant};
pub(crate) use plan::WORDS;
pub use plan::{Change, Plan};
pub use transfer::Transfer;

/// An output that would jump by more of its range is a bump.
const BUMP: f64 = 0.005;
/// So is one that would go another way as fast as this share of its range in one run of its task.
const STEEP: f64 = 0.05;

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
    /// Outputs that the next scan would write otherwise than without the change: name, without, with.
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
        let parted = parted(self, &next);
        for Parted { name, without, with, again } in &parted {
            let point = plant.find_point(name).map(|point| plant.point(point));
            let (span, digits) =
                point.map_or((1.0, 2), |point| (point.high - point.low, usize::from(point.decimals) + 1));
            let apart = with - without;
            // What is twice as far apart a run later began without a jump: the loop only goes another way.
            let jump = again.map_or(apart, |again| 2.0 * apart - again);
            if jump.abs() > BUMP * span || apart.abs() > STEEP * span {
                obstacles.push(format!(
                    "the output {name} would go from {without:.digits$} to {with:.digits$} at once"
                ));
            }
        }
        let moved = parted.into_iter().map(|parted| (parted.name, parted.without, parted.with)).collect();
        let (plan, carried) = (transfer.plan, transfer.carried);
        Ok((next, Migration { plan, obstacles, moved, carried }))
    }
}

/// An output where two engines part.
struct Parted {
    name: String,
    without: f64,
    with: f64,
    /// How far they are apart when that changes for the first time.
    again: Option<f64>,
}

/// Lets both engines go on without news from the field until every task has run twice, and tells where each output
/// that differs after the first time does so first. Later differences are what the change is for.
fn parted(old: &Engine, new: &Engine) -> Vec<Parted> {
    let mut out = ScanOutput::with_capacity(64);
    let (mut old, mut new) = (old.clone(), new.clone());
    let tasks = old.plant().tasks.iter().chain(&new.plant().tasks);
    let longest = tasks.map(|task| u64::from(task.period_ticks)).max().unwrap_or(1);
    let outputs = old.plant().points.iter().enumerate();
    let mut followed: Vec<(PointId, PointId, Option<usize>)> = outputs
        .filter(|(_, point)| matches!(point.origin, Origin::FieldOutput(_)))
        .filter_map(|(index, point)| {
            Some((PointId(index as u32), new.plant().find_point(&point.name)?, None))
        })
        .collect();
    let mut parted: Vec<Parted> = Vec::new();
    for scan in 0..2 * longest {
        let tick = old.tick() + 1;
        old.scan(tick, &[], &[], &mut out);
        new.scan(tick, &[], &[], &mut out);
        for (before, after, known) in &mut followed {
            let (without, with) = (old.image().value(*before), new.image().value(*after));
            match known.map(|known: usize| &mut parted[known]) {
                Some(Parted { again: Some(_), .. }) => {}
                Some(first) => {
                    let apart = with - without;
                    first.again = (apart != first.with - first.without).then_some(apart);
                }
                None if scan < longest && without.to_bits() != with.to_bits() => {
                    *known = Some(parted.len());
                    let name = old.plant().point(*before).name.clone();
                    parted.push(Parted { name, without, with, again: None });
                }
                None => {}
            }
        }
    }
    parted
}
