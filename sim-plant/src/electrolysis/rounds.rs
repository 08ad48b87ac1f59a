//! The cells in turns: a cell moves once in 1.2 s, over all of that time, and in each tenth of a second two of them do.
//!
//! ```text
//! pumps ─► way ─► the cells whose turn it is ─► tanks and headers       a cell holds liquor for a minute
//! ```
//!
//! A cell passes the charge that has gone through the string since its last turn, and takes its part of the liquor that
//! the pumps have sent meanwhile; that stands in the way until then and is counted there. Its voltage follows the
//! current in every step, along its slope. When the current leaves that (a trip, a breaker) all cells move at once, over
//! what was before, and begin anew.

use model::StateWalk;

use super::CELLS;
use crate::cell::{Cell, CellMake};
use crate::liquid::Liquid;

pub(crate) const GROUPS: usize = 12;
/// s from one turn of a cell to its next.
const TURN: f64 = 1.2;
/// A current that differs by more than this share of itself, and by so many ampere, is another one.
const ABRUPT: (f64, f64) = (0.02, 2.0);

/// Liquor that a pump has sent and no cell has taken yet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Way {
    pub(crate) liquid: Liquid,
    /// m3
    volume: f64,
}

impl Way {
    pub(crate) fn send(&mut self, per_volume: &Liquid, volume: f64) {
        self.liquid.add(&per_volume.part(volume));
        self.volume += volume;
    }

    /// m3/s for each unit of flow share, where `waiting` of those (times seconds) share what is there; and a cubic metre
    /// of it.
    pub(crate) fn offer(&self, waiting: f64) -> (f64, Liquid) {
        const LITTLE: f64 = 1e-12;
        if self.volume < LITTLE || waiting <= 0.0 {
            return (0.0, Liquid::default());
        }
        (self.volume / waiting, self.liquid.part(1.0 / self.volume))
    }

    pub(crate) fn take(&mut self, per_volume: &Liquid, volume: f64) {
        self.liquid.add(&per_volume.part(-volume));
        self.volume = (self.volume - volume).max(0.0);
    }

    fn state(&mut self, walk: &mut impl StateWalk) {
        self.liquid.state(walk);
        walk.f64(&mut self.volume);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounds {
    /// Of each group: s until its turn, s and A s since its last one.
    left: [f64; GROUPS],
    seconds: [f64; GROUPS],
    charge: [f64; GROUPS],
    /// A for which the slopes hold.
    reference: f64,
    pub(crate) anolyte: Way,
    pub(crate) catholyte: Way,
}

impl Default for Rounds {
    fn default() -> Self {
        Self {
            left: core::array::from_fn(|group| TURN * (group + 1) as f64 / GROUPS as f64),
            seconds: [0.0; GROUPS],
            charge: [0.0; GROUPS],
            reference: 0.0,
            anolyte: Way::default(),
            catholyte: Way::default(),
        }
    }
}

impl Rounds {
    /// Whether `current` has left what the slopes of the voltages hold for; it is what they hold for from now on.
    pub(crate) fn is_abrupt(&mut self, current: f64) -> bool {
        let (share, least) = ABRUPT;
        let away = (current - self.reference).abs() > share * self.reference.abs() + least;
        if away {
            self.reference = current;
        }
        away
    }

    /// `dt` seconds go by with `current`.
    pub(crate) fn pass(&mut self, current: f64, dt: f64) {
        for group in 0..GROUPS {
            self.left[group] -= dt;
            self.seconds[group] += dt;
            self.charge[group] += current * dt;
        }
    }

    /// True when it is the turn of a group; the next one comes a turn later.
    pub(crate) fn is_due(&mut self, group: usize, dt: f64) -> bool {
        let due = self.left[group] < 0.5 * dt;
        if due {
            self.left[group] += TURN;
        }
        due
    }

    /// s since a group's last turn and the mean current over them; `None` when it has just had one.
    pub(crate) fn begin(&mut self, group: usize) -> Option<(f64, f64)> {
        let seconds = self.seconds[group];
        let charge = core::mem::take(&mut self.charge[group]);
        (seconds > 0.0).then(|| (seconds, charge / seconds))
    }

    pub(crate) fn end(&mut self, group: usize) {
        self.seconds[group] = 0.0;
    }

    /// Flow shares times the seconds for which they have not been served: anolyte and catholyte, of all groups.
    pub(crate) fn waiting(&self, cells: &[Cell; CELLS], makes: &[CellMake; CELLS]) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        for (k, (cell, make)) in cells.iter().zip(makes).enumerate() {
            let seconds = self.seconds[k % GROUPS];
            sums.0 += make.flow * (1.0 - cell.blocked) * seconds;
            sums.1 += make.flow * seconds;
        }
        sums
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for values in [&mut self.left, &mut self.seconds, &mut self.charge] {
            walk.f64s(values);
        }
        walk.f64(&mut self.reference);
        self.anolyte.state(walk);
        self.catholyte.state(walk);
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, Rounds, TURN};

    #[test]
    fn every_group_passes_all_the_charge_and_one_of_them_moves_in_each_tenth() {
        let mut rounds = Rounds::default();
        let (mut sent, mut passed) = (0.0, [0.0; GROUPS]);
        for step in 0..1000_u32 {
            let current = 4000.0 - 3.0 * f64::from(step);
            rounds.pass(current, 0.1);
            sent += current * 0.1;
            let mut moved = 0;
            for (group, charge) in passed.iter_mut().enumerate() {
                if rounds.is_due(group, 0.1) {
                    let (seconds, mean) = rounds.begin(group).unwrap();
                    assert!(step < GROUPS as u32 || (seconds - TURN).abs() < 1e-9, "{seconds}");
                    *charge += seconds * mean;
                    rounds.end(group);
                    moved += 1;
                }
            }
            assert_eq!(moved, 1, "step {step}");
        }
        for (group, charge) in passed.iter_mut().enumerate() {
            *charge += rounds.begin(group).map_or(0.0, |(seconds, mean)| seconds * mean);
            assert!((*charge / sent - 1.0).abs() < 1e-12, "{charge} {sent}");
        }
    }

    #[test]
    fn only_a_current_that_has_left_its_slope_is_abrupt() {
        let mut rounds = Rounds::default();
        let seen: Vec<bool> =
            [4000.0, 4050.0, 4079.0, 4100.0, 0.0, 1.0].map(|current| rounds.is_abrupt(current)).into();
        assert_eq!(seen, [true, false, false, true, true, false]);
    }
}
