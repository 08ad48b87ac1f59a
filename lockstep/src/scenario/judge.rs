//! One expectation while the scenario runs.

use control::plant::{BlockBody, Expr, Plant};
use control::{Expectation, Expected, StateView, Watch};
use model::{AlarmId, AlarmState, EventBody, InterlockChange, InterlockId, RecipeId};

use super::{Story, Verdict, time_text};
use crate::Lockstep;

pub(super) struct Judge<'s> {
    expectation: &'s Expectation,
    /// Passed or not, when, and why not.
    decided: Option<(bool, u64, String)>,
    /// Interlocks that have tripped so far in its time.
    tripped: Vec<InterlockId>,
}

impl<'s> Judge<'s> {
    pub(super) fn new(expectation: &'s Expectation) -> Self {
        Self { expectation, decided: None, tripped: Vec::new() }
    }

    /// Looks at the plant after a scan.
    pub(super) fn look(&mut self, lockstep: &Lockstep, watch: &mut Watch, story: &Story) {
        if self.decided.is_some() {
            return;
        }
        let now = lockstep.now_ms();
        let (inside, over) = (
            now >= self.expectation.from_ms && now <= self.expectation.until_ms,
            now >= self.expectation.until_ms,
        );
        let engine = &lockstep.engine;
        match &self.expectation.what {
            // Delays and edges must see every scan, whether it counts or not.
            Expected::Becomes(expr) => {
                if watch.truth(expr, engine) == Some(true) && inside {
                    return self.pass(now);
                }
            }
            Expected::Is(expr) => {
                if watch.truth(expr, engine) == Some(true) && over {
                    return self.pass(now);
                }
            }
            Expected::Always(expr) => {
                if watch.truth(expr, engine) != Some(true) && inside {
                    let reason = watch.missing(expr, engine);
                    return self.fail(now, reason);
                }
            }
            Expected::Never(expr) => {
                if watch.truth(expr, engine) == Some(true) && inside {
                    let reason = what_holds(watch, expr, lockstep);
                    return self.fail(now, reason);
                }
            }
            Expected::Ends(recipe, wanted) => {
                if inside && story.batches[recipe.index()].is_some_and(|(_, state)| state == *wanted) {
                    return self.pass(now);
                }
            }
            Expected::Trips(allowed) => {
                if inside && let Some(unexpected) = self.hear_trips(lockstep, allowed) {
                    return self.fail(now, unexpected);
                }
            }
            Expected::Safe(interlock) => {
                if inside && unsafe_yet(lockstep, *interlock).is_none() {
                    return self.pass(now);
                }
            }
            Expected::Tells(alarm) => {
                if inside && tells(lockstep, *alarm) {
                    return self.pass(now);
                }
            }
            Expected::Quiet(alarm) => {
                if inside && let Some(reason) = what_tells(lockstep, *alarm) {
                    return self.fail(now, reason);
                }
            }
        }
        if over {
            self.decide(lockstep, watch, story);
        }
    }

    fn pass(&mut self, at_ms: u64) {
        self.decided = Some((true, at_ms, String::new()));
    }

    fn fail(&mut self, at_ms: u64, reason: String) {
        self.decided = Some((false, at_ms, reason));
    }

    /// Its time is over: what has not happened by now has not happened.
    fn decide(&mut self, lockstep: &Lockstep, watch: &mut Watch, story: &Story) {
        let now = lockstep.now_ms();
        match &self.expectation.what {
            Expected::Always(_) | Expected::Never(_) | Expected::Quiet(_) => self.pass(now),
            Expected::Tells(alarm) => self.fail(now, alarm_now(lockstep, *alarm)),
            Expected::Becomes(expr) | Expected::Is(expr) => {
                let reason = watch.missing(expr, &lockstep.engine);
                let reason =
                    if reason.is_empty() { "it was true at another time".to_owned() } else { reason };
                self.fail(now, reason);
            }
            Expected::Ends(recipe, _) => {
                let reason = batch_now(lockstep, story, *recipe);
                self.fail(now, reason);
            }
            Expected::Trips(wanted) => {
                let missing: Vec<&str> = wanted
                    .iter()
                    .filter(|interlock| !self.tripped.contains(interlock))
                    .map(|interlock| lockstep.plant().interlocks[interlock.index()].name.as_str())
                    .collect();
                match missing.as_slice() {
                    [] => self.pass(now),
                    names => self.fail(now, format!("{} did not trip", names.join(", "))),
                }
            }
            Expected::Safe(interlock) => {
                let reason = unsafe_yet(lockstep, *interlock);
                self.fail(now, reason.unwrap_or_default());
            }
        }
    }

    /// Notes the trips of this scan; gives the words of one that nobody expects.
    fn hear_trips(&mut self, lockstep: &Lockstep, allowed: &[InterlockId]) -> Option<String> {
        for event in lockstep.last_events() {
            if let EventBody::Interlock { interlock, change: InterlockChange::Tripped { .. } } = event.body {
                self.tripped.push(interlock);
                if !allowed.contains(&interlock) {
                    let (_, tag, text) = control::describe(lockstep.plant(), event);
                    return Some(format!("{tag} {text}"));
                }
            }
        }
        None
    }

    pub(super) fn verdict(mut self, lockstep: &Lockstep, watch: &mut Watch, story: &Story) -> Verdict {
        if self.decided.is_none() {
            self.decide(lockstep, watch, story);
        }
        let (passed, at_ms, reason) = self.decided.unwrap_or_default();
        let Expectation { from_ms, until_ms, text, .. } = self.expectation;
        let when = match &self.expectation.what {
            Expected::Is(_) => format!("at {}", time_text(*until_ms)),
            Expected::Always(_) | Expected::Never(_) | Expected::Trips(_) | Expected::Quiet(_) => {
                format!("{} to {}", time_text(*from_ms), time_text(*until_ms))
            }
            Expected::Becomes(_) | Expected::Ends(..) | Expected::Safe(_) | Expected::Tells(_) if passed => {
                format!("by {}: after {}", time_text(*until_ms), time_text(at_ms))
            }
            Expected::Becomes(_) | Expected::Ends(..) | Expected::Safe(_) | Expected::Tells(_) => {
                format!("by {}", time_text(*until_ms))
            }
        };
        Verdict { text: text.clone(), when, passed, at_ms, reason }
    }
}

/// The single statements of a condition that hold, with their values.
fn what_holds(watch: &mut Watch, expr: &Expr, lockstep: &Lockstep) -> String {
    let lines = watch.why(expr, &lockstep.engine);
    let is_leaf = |index: usize| lines.get(index + 1).is_none_or(|next| next.indent <= lines[index].indent);
    let holding =
        lines.iter().enumerate().filter(|(index, line)| line.holds == Some(true) && is_leaf(*index));
    holding.map(|(_, line)| line.text()).collect::<Vec<_>>().join("; ")
}

/// What keeps the plant from the safe state of an interlock; nothing when it is there.
fn unsafe_yet(lockstep: &Lockstep, id: InterlockId) -> Option<String> {
    let (plant, engine): (&Plant, _) = (lockstep.plant(), &lockstep.engine);
    let interlock = &plant.interlocks[id.index()];
    if !engine.interlocks()[id.index()].forces() {
        return Some(format!("{} has not tripped, or is bypassed", interlock.name));
    }
    let image = engine.image();
    interlock.actions.iter().find_map(|forcing| {
        // A device must have followed; of an output without feedback the order is all there is.
        let device = forcing.device.map(|block| &plant.blocks[block.index()].body);
        let point = match device {
            Some(BlockBody::Device(device)) => device.state,
            _ => forcing.point,
        };
        (image.value(point) != forcing.value).then(|| {
            let name = &plant.point(point).name;
            format!("{}: {name} is {}", forcing.text, image.value(point))
        })
    })
}

/// The operator sees it and its condition stands. One that is shelved or suppressed tells nobody, and one that has returned is over.
fn tells(lockstep: &Lockstep, alarm: AlarmId) -> bool {
    matches!(lockstep.engine.alarms()[alarm.index()].state, AlarmState::Unacked | AlarmState::Acked)
}

/// The alarm that should be quiet and is not; without one the first of all.
fn what_tells(lockstep: &Lockstep, alarm: Option<AlarmId>) -> Option<String> {
    let told = |alarm: AlarmId| tells(lockstep, alarm).then(|| alarm_now(lockstep, alarm));
    match alarm {
        Some(alarm) => told(alarm),
        None => (0..lockstep.plant().alarms.len() as u32).find_map(|id| told(AlarmId(id))),
    }
}

/// `LT-131.H is SUPPRESSED: coarse tank swells`, as it stands now.
fn alarm_now(lockstep: &Lockstep, alarm: AlarmId) -> String {
    let told = &lockstep.plant().alarms[alarm.index()];
    let state = lockstep.engine.alarms()[alarm.index()].state.word();
    format!("{} is {state}: {}", told.name, told.text)
}

/// Where the recipe's batch stands, and what it waits for.
fn batch_now(lockstep: &Lockstep, story: &Story, recipe: RecipeId) -> String {
    let name = &lockstep.plant().recipes[recipe.index()].name;
    let Some((_, state)) = story.batches[recipe.index()] else {
        return format!("no batch of {name} was started");
    };
    let mut view = StateView::new(lockstep.plant());
    lockstep.engine.publish(&mut view);
    let batches = control::batch_status(lockstep.plant(), &view, &|tick| tick as i64);
    let mut text = format!("{name} is {}", state.word());
    if let Some(batch) = batches.iter().find(|batch| batch.recipe == recipe) {
        if let Some(cause) = &batch.cause {
            text.push_str(&format!(", {cause}"));
        }
        if let Some(phase) = &batch.phase {
            text.push_str(&format!(", {}: {}", phase.step_text, phase.waiting));
        }
    }
    text
}
