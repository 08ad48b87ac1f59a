//! Heat that a vessel loses to its surroundings, implicit: whatever the step, it comes near them and never past.
//!
//! ```text
//! C (T' - T) = Q + UA dt (T_a - T')    so the heat that goes in is  (Q + UA dt (T_a - T)) / (1 + UA dt / C)
//! ```

use crate::solution::Slurry;

/// The wall between a vessel and its surroundings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wall {
    /// W/K
    pub(super) conductance: f64,
    /// K
    pub(super) ambient: f64,
}

impl Wall {
    /// J that a body of `capacity` (J/K) at `kelvin` takes up in `dt` (s) when `joule` goes in besides: negative
    /// when it loses more than that.
    pub(super) fn heat(self, capacity: f64, kelvin: f64, joule: f64, dt: f64) -> f64 {
        let passed = self.conductance * dt;
        if passed <= 0.0 {
            return joule;
        }
        // A vessel without content takes nothing: all that goes in goes out through the wall.
        let capacity = capacity.max(0.0);
        (joule + passed * (self.ambient - kelvin)) * capacity / (capacity + passed)
    }

    /// The same for a slurry that was settled before; J that crossed.
    pub(super) fn warm(self, slurry: &mut Slurry, joule: f64, dt: f64) -> f64 {
        let crossed = self.heat(slurry.capacity, slurry.temperature, joule, dt);
        slurry.heat(crossed);
        crossed
    }
}

#[cfg(test)]
mod tests {
    use super::Wall;

    #[test]
    fn a_small_loss_is_conductance_times_difference_and_a_great_one_ends_at_the_surroundings() {
        let wall = |conductance| Wall { conductance, ambient: 293.15 };
        let gentle = wall(1.0).heat(4e6, 333.15, 0.0, 1.0);
        assert!((gentle + 40.0).abs() < 1e-4, "{gentle}");
        let fierce = wall(1e9).heat(4e3, 333.15, 0.0, 1.0);
        assert!((fierce / 4e3 + 40.0).abs() < 1e-3, "{fierce}");
        // A heater that makes up for it leaves the temperature where it is.
        assert!(wall(1e4).heat(4e3, 333.15, 4e5, 1.0).abs() < 1e-9);
        assert_eq!(wall(1e4).heat(0.0, 333.15, 4e5, 1.0), 0.0);
    }
}
