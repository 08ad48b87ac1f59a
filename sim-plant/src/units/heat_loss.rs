//! Heat that a vessel loses to its surroundings, implicit: whatever the step, it comes near them and never past. And heat
//! between two liquors that a sheet parts, as the exponential that it is.
//!
//! ```text
//! C (T' - T) = Q + UA dt (T_a - T')    so the heat that goes in is  (Q + UA dt (T_a - T)) / (1 + UA dt / C)
//! Q = C (T_1 - T_2) (1 - exp(-UA dt / C)),  1/C = 1/C_1 + 1/C_2
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

/// J that go in `dt` (s) from the first of two liquors to the second, through a sheet of `conductance` (W/K) between them.
/// They were settled before, and are as well mixed as they are for everything else.
pub(super) fn through(conductance: f64, from: &mut Slurry, to: &mut Slurry, dt: f64) -> f64 {
    let joule = levelled(conductance * dt, [&*from, &*to].map(|side| (side.capacity, side.temperature)));
    from.heat(-joule);
    to.heat(joule);
    joule
}

/// The same of two bodies with their heat capacities (J/K) and temperatures (K); `passed` is W/K by s.
fn levelled(passed: f64, [(one, warm), (other, cold)]: [(f64, f64); 2]) -> f64 {
    let both = one.max(0.0) + other.max(0.0);
    if passed <= 0.0 || both <= 0.0 {
        return 0.0;
    }
    let capacity = one.max(0.0) * other.max(0.0) / both;
    // A side without content takes nothing.
    if capacity <= 0.0 { 0.0 } else { capacity * (warm - cold) * -libm::expm1(-passed / capacity) }
}

#[cfg(test)]
mod tests {
    use super::{Wall, levelled};

    #[test]
    fn two_sides_approach_each_other_as_the_exponential_whatever_the_step() {
        let (mut hot, mut cold) = (363.15, 313.15);
        let (one, other, conductance) = (8e3, 4e3, 8.0);
        let capacity = one * other / (one + other);
        for step in [1.0, 5.0, 44.0, 250.0] {
            let joule = levelled(conductance * step, [(one, hot), (other, cold)]);
            hot -= joule / one;
            cold += joule / other;
        }
        let left: f64 = 50.0 * libm::exp(-conductance * 300.0 / capacity);
        assert!((hot - cold - left).abs() < 1e-9, "{hot} {cold} {left}");
        assert!((one * hot + other * cold - (one * 363.15 + other * 313.15)).abs() < 1e-6);
        // However well the sheet conducts, they meet and do not change places; an empty side takes nothing.
        let level = levelled(1e12, [(one, 363.15), (other, 313.15)]);
        assert!((level - capacity * 50.0).abs() < 1e-6, "{level}");
        assert_eq!(levelled(8.0, [(one, 363.15), (0.0, 313.15)]), 0.0);
    }

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
