//! Plays a scenario: its deeds at their times, its expectations after every scan.

mod deeds;
mod judge;

use std::sync::Arc;

use control::plant::Plant;
use control::{Scenario, Watch};
use model::{ProcState, StateHash, StateWalk as _};
use sim_plant::{Remarks, Simulator, UnitRemark};

use crate::{Lockstep, LockstepError};
use deeds::Deeds;
use judge::Judge;

/// How often state goes into a fingerprint: a walk over all of a site's state costs as much as a second of its plant's time.
pub(crate) const PRINT_EVERY_MS: u64 = 10_000;

/// How one expectation, or a deed that went otherwise than meant, came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub text: String,
    /// When it had to hold, for people.
    pub when: String,
    pub passed: bool,
    /// Plant time of the verdict.
    pub at_ms: u64,
    /// Why it failed, with the values of that moment.
    pub reason: String,
}

/// How a scenario came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub name: String,
    pub title: String,
    /// In order of the scenario's text; mishaps of deeds come first.
    pub verdicts: Vec<Verdict>,
    pub plant_ms: u64,
    /// How well the simulator's balances have closed.
    pub closure: f64,
    /// Of the state of engine and simulator every ten seconds: the same on every machine and build.
    pub fingerprint: u64,
    /// What the physics had to say about itself, looked for every ten seconds and at the end.
    pub remarks: Vec<UnitRemark>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.passed)
    }
}

/// What judges and deeds know of the run besides engine and field.
#[derive(Debug)]
struct Story {
    /// Per recipe: the number of its last batch, and the state that it went to last.
    batches: Vec<Option<(u32, ProcState)>>,
    next_batch: u32,
}

/// Plays `scenario` on a simulator that stands where the scenario starts. `watch` sees the plant after every scan.
///
/// # Errors
///
/// When the simulator does not fit the plant, or the engine cannot take its own state up.
pub fn run(
    plant: &Arc<Plant>,
    scenario: &Scenario,
    simulator: Simulator,
    mut watch: impl FnMut(&Lockstep),
) -> Result<(Outcome, Lockstep), LockstepError> {
    let mut lockstep = Lockstep::new(plant.clone(), simulator)?;
    let mut conditions = Watch::new(plant, scenario);
    let mut deeds = Deeds::new(scenario);
    let mut story = Story { batches: vec![None; plant.recipes.len()], next_batch: 1 };
    let mut judges: Vec<Judge<'_>> = scenario.expectations.iter().map(Judge::new).collect();
    let mut fingerprint = StateHash::new();
    let mut remarks = Remarks::default();
    let mut next_print_ms = 0;
    while lockstep.now_ms() < scenario.duration_ms {
        deeds.before_scan(&mut lockstep, &mut conditions, &mut story)?;
        lockstep.scan();
        story.hear(&lockstep);
        deeds.after_scan(&lockstep);
        for judge in &mut judges {
            judge.look(&lockstep, &mut conditions, &story);
        }
        conditions.end_scan(&lockstep.engine);
        if lockstep.now_ms() >= next_print_ms {
            next_print_ms = lockstep.now_ms() + PRINT_EVERY_MS;
            fingerprint.u64(&mut lockstep.engine.state_hash());
            fingerprint.u64(&mut lockstep.field.simulator.hash());
            remarks.look(&lockstep.field.simulator);
        }
        watch(&lockstep);
    }
    remarks.look(&lockstep.field.simulator);
    let closure = lockstep.field.closure().worst();
    let mut verdicts = deeds.mishaps;
    verdicts.extend(judges.into_iter().map(|judge| judge.verdict(&lockstep, &mut conditions, &story)));
    verdicts.push(balances(closure, scenario));
    let outcome = Outcome {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        verdicts,
        plant_ms: lockstep.now_ms(),
        closure,
        fingerprint: fingerprint.finish(),
        remarks: remarks.told(&lockstep.field.simulator),
    };
    Ok((outcome, lockstep))
}

fn balances(closure: f64, scenario: &Scenario) -> Verdict {
    // A closure that is no number has not closed.
    let passed = closure <= scenario.closure;
    let reason = if passed { String::new() } else { format!("they are open by {closure:.1e}") };
    Verdict {
        text: format!("balances close better than {:.0e}", scenario.closure),
        when: "at the end".to_owned(),
        passed,
        at_ms: scenario.duration_ms,
        reason,
    }
}

impl Story {
    fn hear(&mut self, lockstep: &Lockstep) {
        for event in lockstep.last_events() {
            if let model::EventBody::Batch { recipe, batch, to, .. } = event.body
                && let Some(last) = self.batches.get_mut(recipe.index())
            {
                *last = Some((batch, to));
            }
        }
    }
}

/// `1 h 5 min`, `12 min 3.1 s`, as people say it.
pub fn time_text(ms: u64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, (ms % 60_000) as f64 / 1000.0);
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(format!("{hours} h"));
    }
    if minutes > 0 {
        parts.push(format!("{minutes} min"));
    }
    if seconds > 0.0 || parts.is_empty() {
        let digits = if ms.is_multiple_of(1000) {
            0
        } else if ms.is_multiple_of(100) {
            1
        } else {
            2
        };
        parts.push(format!("{seconds:.digits$} s"));
    }
    parts.join(" ")
}
