//! Whose turn it is: instruments show a new value at their own update time, spread so that each tenth of a second has
//! its share of them.

use model::StateWalk;

use crate::parameters::SensorKind;
use crate::sensor::bank::{Bank, Instruments};

/// The shortest update time, s; the others are whole multiples of it.
pub(crate) const SLOT: f64 = 0.1;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turns {
    groups: Vec<Group>,
    /// Slots that have gone by, and s of the present one.
    slot: u32,
    since: f64,
}

/// Instruments that have their turn together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    every: u32,
    phase: u32,
    pub(crate) bank: Bank,
    /// s since their last turn.
    waited: f64,
    /// In the step that has just passed: s since the turn before.
    due: Option<f64>,
}

impl Turns {
    /// Of instruments by their places, ranges and kinds.
    pub(crate) fn new<'a>(instruments: impl Iterator<Item = (usize, (f64, f64), &'a SensorKind)>) -> Self {
        let mut made = Self::default();
        for (instrument, range, kind) in instruments {
            let every = (libm::rint(kind.update / SLOT) as u32).max(1);
            made.emptiest(every).bank.push(instrument, range, kind);
        }
        made
    }

    fn emptiest(&mut self, every: u32) -> &mut Group {
        if !self.groups.iter().any(|group| group.every == every) {
            let group = |phase| Group { every, phase, bank: Bank::default(), waited: 0.0, due: None };
            self.groups.extend((0..every).map(group));
        }
        let same = self.groups.iter_mut().filter(|group| group.every == every);
        same.min_by_key(|group| group.bank.members().len()).expect("it was there, or has been made")
    }

    /// `dt` seconds go by, at most a slot.
    pub(crate) fn pass(&mut self, dt: f64) {
        self.since += dt;
        let next = self.since >= SLOT * (1.0 - 1e-9);
        if next {
            self.since = 0.0;
            self.slot = self.slot.wrapping_add(1);
        }
        for group in &mut self.groups {
            group.waited += dt;
            let due = next && self.slot % group.every == group.phase;
            group.due = due.then(|| core::mem::take(&mut group.waited));
        }
    }

    /// Who has a turn in this step, and the seconds since the turn before.
    pub(crate) fn due(&mut self) -> impl Iterator<Item = (&mut Bank, f64)> {
        self.groups.iter_mut().filter_map(|group| group.due.map(|seconds| (&mut group.bank, seconds)))
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u32(&mut self.slot);
        walk.f64(&mut self.since);
        for group in &mut self.groups {
            walk.f64(&mut group.waited);
        }
    }
}

/// `dt` seconds of a plant go by, at most a slot: who has a turn shows what is true now.
pub(crate) fn give(plant: &mut impl Instruments, dt: f64) {
    // Beside the plant for as long as it is asked what is true.
    let mut turns = core::mem::take(plant.turns());
    turns.pass(dt);
    for (bank, seconds) in turns.due() {
        bank.read(seconds, plant);
        bank.members().iter().for_each(|member| plant.has_shown(*member));
    }
    *plant.turns() = turns;
}

#[cfg(test)]
mod tests {
    use super::Turns;
    use crate::parameters::SensorKind;

    fn kind(update: f64) -> SensorKind {
        SensorKind { lag: 0.0, noise: 0.0, resolution: 0.0, cycle: 0.0, dead: 0.0, update }
    }

    fn of(updates: &[f64]) -> Turns {
        let kinds: Vec<SensorKind> = updates.iter().copied().map(kind).collect();
        Turns::new(kinds.iter().enumerate().map(|(k, kind)| (k, (0.0, 1.0), kind)))
    }

    /// Turns that each of `updates` has in `steps` of `dt`, and the seconds that they cover.
    fn turns(updates: &[f64], steps: usize, dt: f64) -> Vec<(usize, f64)> {
        let mut turns = of(updates);
        let mut had = vec![(0, 0.0); updates.len()];
        for _ in 0..steps {
            turns.pass(dt);
            for (bank, seconds) in turns.due() {
                for member in bank.members() {
                    had[*member].0 += 1;
                    had[*member].1 += seconds;
                }
            }
        }
        had
    }

    #[test]
    fn everybody_has_a_turn_at_its_own_time_and_no_second_is_lost() {
        for (dt, steps) in [(0.1, 1000), (0.05, 2000)] {
            let had = turns(&[0.1, 0.5, 1.0, 0.0], steps, dt);
            assert_eq!(had.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [1000, 200, 100, 1000]);
            assert!(had.iter().all(|(_, seconds)| (*seconds - 100.0).abs() < 1.01), "{had:?}");
        }
    }

    #[test]
    fn those_of_one_time_are_spread_over_its_slots() {
        let mut turns = of(&[1.0; 40]);
        for _ in 0..10 {
            turns.pass(0.1);
            assert_eq!(turns.due().map(|(bank, _)| bank.members().len()).sum::<usize>(), 4);
        }
    }
}
