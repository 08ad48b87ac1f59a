//! What a change does to the outputs: both engines go on beside each other without news from the field, and every
//! output is watched for the scan in which the new one leaves the old one.
//!
//! ```text
//! another slope       ───╱╱╱╱     steps grow and stay grown: the loop only goes another way
//! jump                ───┐___     one step that neither the step before nor the one behind it is like
//! jump of a slow task ─────┐_     the old one has moved a little before, so the first difference tells nothing
//! ```
//!
//! An interlock whose cause stands behind a delay acts later than anybody would wait for, so a second pair of engines
//! goes on for which the delays of all causes are over.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use model::{PointId, StateWriter};

use crate::engine::Engine;
use crate::exchange::ScanOutput;
use crate::plant::{Op, Origin, Plant};

/// An output that would jump by more of its range is a bump.
const BUMP: f64 = 0.005;
/// So is one that would go another way as fast as this share of its range in one run of its task.
const STEEP: f64 = 0.05;

/// An output of both plants, followed scan by scan.
struct Output {
    old: PointId,
    new: PointId,
    span: f64,
    /// In both, after the scan before.
    stood: (f64, f64),
    /// Where it stood before the first scan.
    began: f64,
    first: Option<First>,
    /// The last step of the new engine, while the next is not known.
    step: Option<Step>,
    /// The largest jump, and without and with the change there.
    worst: Option<(f64, f64, f64)>,
}

/// Where the two part first.
#[derive(Clone, Copy)]
struct First {
    without: f64,
    with: f64,
    /// How far they are apart when that changes for the first time.
    again: Option<f64>,
}

/// One step of the new engine.
#[derive(Clone, Copy)]
struct Step {
    /// The step before; at the first one, what the old engine has done since.
    before: f64,
    by: f64,
    /// What of it the old engine does not do.
    alone: f64,
    without: f64,
    with: f64,
}

/// An output that the change moves: name, without, with, and whether it jumps.
pub(super) struct Moved {
    pub(super) name: String,
    pub(super) without: f64,
    pub(super) with: f64,
    pub(super) jumps: bool,
}

/// Lets both engines go on until every task has run twice, and tells each output that the change moves while every
/// task runs once. Later differences are what the change is for.
pub(super) fn moved(old: &Engine, new: &Engine) -> Vec<Moved> {
    let mut outputs = outputs(old, new);
    let longest = longest(old, new);
    let (mut old, mut new) = (old.clone(), new.clone());
    let mut out = ScanOutput::with_capacity(64);
    for scan in 0..2 * longest {
        let tick = old.tick() + 1;
        old.scan(tick, &[], &[], &mut out);
        new.scan(tick, &[], &[], &mut out);
        for output in &mut outputs {
            let now = (old.image().value(output.old), new.image().value(output.new));
            output.follow(now, scan < longest);
        }
    }
    let plant = old.plant();
    outputs.iter_mut().filter_map(|output| output.verdict(&plant.point(output.old).name)).collect()
}

/// The scans in which every task of both runs once.
fn longest(old: &Engine, new: &Engine) -> u64 {
    let tasks = old.plant().tasks.iter().chain(&new.plant().tasks);
    tasks.map(|task| u64::from(task.period_ticks)).max().unwrap_or(1)
}

fn outputs(old: &Engine, new: &Engine) -> Vec<Output> {
    let points = old.plant().points.iter().enumerate();
    let of_field = points.filter(|(_, point)| matches!(point.origin, Origin::FieldOutput(_)));
    let both = |(index, point): (usize, &crate::plant::Point)| {
        let (old_id, new_id) = (PointId(index as u32), new.plant().find_point(&point.name)?);
        let there = new.plant().point(new_id);
        let stood = (old.image().value(old_id), new.image().value(new_id));
        Some(Output {
            old: old_id,
            new: new_id,
            span: there.high - there.low,
            stood,
            began: stood.0,
            first: None,
            step: None,
            worst: None,
        })
    };
    of_field.filter_map(both).collect()
}

impl Output {
    /// One scan of both. `early`: not every task has run once.
    fn follow(&mut self, (without, with): (f64, f64), early: bool) {
        let known = self.first.is_some();
        match &mut self.first {
            Some(First { again: Some(_), .. }) => {}
            Some(first) => {
                let apart = with - without;
                first.again = (apart != first.with - first.without).then_some(apart);
            }
            None if early && without.to_bits() != with.to_bits() => {
                self.first = Some(First { without, with, again: None });
            }
            None => {}
        }
        let (old_step, by) = (without - self.stood.0, with - self.stood.1);
        self.stood = (without, with);
        if by == 0.0 {
            return;
        }
        let before = self.step.map_or(without - self.began, |step| step.by);
        self.settle(by);
        // Where they part first is judged by itself, and a late step only tells what the last early one was.
        let alone = if known && early { by - old_step } else { 0.0 };
        self.step = Some(Step { before, by, alone, without, with });
    }

    /// The step behind the last is known: was that one a jump?
    fn settle(&mut self, next: f64) {
        let Some(step) = self.step else { return };
        let like = (step.before.min(next), step.before.max(next));
        let odd = step.by - step.by.clamp(like.0, like.1);
        let steep = step.by - step.before;
        // What the old engine does as well, and what only brings the new one to where the old one is, is no bump.
        let of_the_change =
            |size: f64| size.abs().min(step.alone.abs()).min((step.with - step.without).abs());
        let jump = of_the_change(odd);
        let bump = jump > BUMP * self.span || of_the_change(steep) > STEEP * self.span;
        if bump && self.worst.is_none_or(|(worst, ..)| worst < step.alone.abs()) {
            self.worst = Some((step.alone.abs(), step.without, step.with));
        }
    }

    fn verdict(&mut self, name: &str) -> Option<Moved> {
        self.settle(0.0);
        let first = self.first?;
        let apart = first.with - first.without;
        // What is twice as far apart a run later began without a jump: the loop only goes another way.
        let jump = first.again.map_or(apart, |again| 2.0 * apart - again);
        let at_once = jump.abs() > BUMP * self.span || apart.abs() > STEEP * self.span;
        let worst = self.worst.filter(|(size, ..)| !at_once || *size > apart.abs());
        let (without, with) = worst.map_or((first.without, first.with), |(_, without, with)| (without, with));
        Some(Moved { name: name.to_string(), without, with, jumps: at_once || worst.is_some() })
    }
}

/// Interlocks that the change makes trip once the delay of a cause that stands is over, and what they move then.
/// Those that trip at once are seen by what they move at once.
pub(super) fn behind_delays(old: &Engine, new: &Engine) -> Vec<String> {
    let hasty = |engine: &Engine| {
        let mut hasty = Engine::new(Arc::new(without_delays(engine.plant())?));
        let mut state = StateWriter::default();
        engine.clone().save(&mut state);
        // All that a state is made of is the same.
        hasty.restore(&state.0).ok().map(|()| hasty)
    };
    let (plain, Some(mut with)) = (hasty(old), hasty(new)) else { return Vec::new() };
    let mut without = plain.unwrap_or_else(|| old.clone());
    let mut new = new.clone();
    let mut outputs = outputs(&without, &with);
    let mut out = ScanOutput::with_capacity(64);
    for _ in 0..longest(old, &new) {
        let tick = without.tick() + 1;
        for engine in [&mut without, &mut with, &mut new] {
            engine.scan(tick, &[], &[], &mut out);
        }
    }
    outputs.retain(|output| {
        let (was, is) = (without.image().value(output.old), with.image().value(output.new));
        (is - was).abs() > BUMP * output.span
    });
    let plant = with.plant();
    let mut found = Vec::new();
    for (index, interlock) in plant.interlocks.iter().enumerate() {
        let of_old = without.plant().find_interlock(&interlock.name);
        let trips_anyway = of_old.is_some_and(|old| without.state().interlocks[old.index()].forces());
        let later = with.state().interlocks[index].forces() && !new.state().interlocks[index].forces();
        if trips_anyway || !later {
            continue;
        }
        let mine = |output: &&Output| with.state().holds[output.new.index()].interlock == index as u32 + 1;
        let moves: Vec<String> = outputs
            .iter()
            .filter(mine)
            .map(|output| {
                let point = plant.point(output.new);
                let digits = usize::from(point.decimals) + 1;
                let (was, is) = (without.image().value(output.old), with.image().value(output.new));
                format!("{} would go from {was:.digits$} to {is:.digits$}", point.name)
            })
            .collect();
        if !moves.is_empty() {
            found.push(format!(
                "interlock {} would trip when its delay is over, because its cause stands: {}",
                interlock.name,
                moves.join(", ")
            ));
        }
    }
    found
}

/// The same plant, whose interlocks wait for nothing; `None` when none of them waits.
fn without_delays(plant: &Plant) -> Option<Plant> {
    let causes = || plant.interlocks.iter().flat_map(|interlock| &interlock.causes);
    let range = |cause: &crate::plant::Cause| {
        let (start, len) = (cause.when.start as usize, cause.when.len as usize);
        start..start + len
    };
    let delays = |op: &Op| matches!(op, Op::OnDelay { ms, .. } | Op::OnDelayOf { ms, .. } if *ms > 0);
    if !causes().any(|cause| plant.code.ops.get(range(cause)).is_some_and(|ops| ops.iter().any(delays))) {
        return None;
    }
    let mut hasty = plant.clone();
    for cause in causes() {
        for op in hasty.code.ops.get_mut(range(cause)).unwrap_or_default() {
            // Of one whose length is a value, this is how long a unit of it lasts.
            if let Op::OnDelay { ms, .. } | Op::OnDelayOf { ms, .. } = op {
                *ms = 0;
            }
        }
    }
    Some(hasty)
}
