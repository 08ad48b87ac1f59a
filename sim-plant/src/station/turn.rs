//! When a slow unit moves: once in so many steps of its flowsheet, or at once when it is told something else.
//!
//! Between its turns its orders are summed up, so that a motor that ran for two of five seconds has run for two fifths
//! of the step. A pump that starts, a valve that is thrown open or shut, a heater that trips: the unit then moves at
//! once, over what has gone by.

use model::StateWalk;

/// An order that differs by more than this share from that of the last step makes the unit move at once.
const ABRUPT: f64 = 0.25;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turn {
    every: u32,
    /// Steps of the flowsheet since the unit moved, and until it moves by itself.
    waited: u32,
    left: u32,
    /// Orders summed up since then, and their means over the last step.
    sums: Vec<f64>,
    before: Vec<f64>,
}

impl Turn {
    /// Once in `every` steps, the first time `late` steps sooner than that.
    pub(super) fn new(every: u32, late: u32, orders: &[f64]) -> Self {
        let every = every.max(1);
        let left = every - late.min(every - 1);
        Self { every, waited: 0, left, sums: vec![0.0; orders.len()], before: orders.to_vec() }
    }

    pub(super) const fn every(&self) -> u32 {
        self.every
    }

    /// Whether the unit moves in the coming step with these orders.
    pub(super) fn is_due(&self, orders: &[f64]) -> bool {
        let abrupt =
            |(now, before): (&f64, &f64)| (now - before).abs() > ABRUPT * now.abs().max(before.abs());
        self.left <= 1 || orders.iter().zip(&self.before).any(abrupt)
    }

    /// A step of the flowsheet in which it does not move.
    pub(super) fn wait(&mut self, orders: &[f64]) {
        self.waited += 1;
        self.left -= 1;
        self.sum(orders);
    }

    fn sum(&mut self, orders: &[f64]) {
        for (sum, order) in self.sums.iter_mut().zip(orders) {
            *sum += order;
        }
    }

    /// The step in which it moves: over how many steps of the flowsheet. Puts the means of the orders in their place
    /// until [`Self::end`].
    pub(super) fn begin(&mut self, orders: &mut Vec<f64>) -> u32 {
        let steps = self.waited + 1;
        if self.waited > 0 {
            self.sum(orders);
            let share = 1.0 / f64::from(steps);
            self.sums.iter_mut().for_each(|sum| *sum *= share);
        } else {
            self.sums.copy_from_slice(orders);
        }
        core::mem::swap(&mut self.sums, orders);
        steps
    }

    pub(super) fn end(&mut self, orders: &mut Vec<f64>) {
        core::mem::swap(&mut self.sums, orders);
        core::mem::swap(&mut self.sums, &mut self.before);
        self.sums.fill(0.0);
        self.waited = 0;
        self.left = self.every;
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        walk.u32(&mut self.waited);
        walk.u32(&mut self.left);
        if self.every > 1 {
            walk.f64s(&mut self.sums);
            walk.f64s(&mut self.before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Turn;

    /// In which of `steps` it moves, over how many, and with which order.
    fn moves(turn: &mut Turn, steps: u32, order: impl Fn(u32) -> f64) -> Vec<(u32, u32, f64)> {
        let mut made = Vec::new();
        for step in 0..steps {
            let mut orders = vec![order(step)];
            if turn.is_due(&orders) {
                let over = turn.begin(&mut orders);
                made.push((step, over, orders[0]));
                turn.end(&mut orders);
                assert_eq!(orders, [order(step)]);
            } else {
                turn.wait(&orders);
            }
        }
        made
    }

    #[test]
    fn it_moves_once_in_so_many_steps_with_the_mean_of_its_orders() {
        let mut turn = Turn::new(4, 1, &[10.0]);
        let made = moves(&mut turn, 11, |step| 10.0 + 0.1 * f64::from(step));
        let over: Vec<(u32, u32)> = made.iter().map(|(step, over, _)| (*step, *over)).collect();
        assert_eq!(over, [(2, 3), (6, 4), (10, 4)]);
        assert!((made[1].2 - 10.45).abs() < 1e-12, "{made:?}");
    }

    #[test]
    fn what_is_told_abruptly_moves_it_at_once() {
        let mut turn = Turn::new(5, 0, &[0.0]);
        let made = moves(&mut turn, 9, |step| f64::from(u8::from(step >= 2)));
        assert_eq!(made[0], (2, 3, 1.0 / 3.0));
        assert_eq!(made[1], (3, 1, 1.0));
        assert_eq!(made[2], (8, 5, 1.0));
    }
}
