//! The film before a membrane: what of an ion is left at its face when the current takes more of it than it brings.
//!
//! ```text
//! c_face = c - j (t_membrane - t_liquor)/(z F k),   t_membrane as it is at c_face
//! ```
//!
//! Above the limiting current `F k c/(t_m - t)` hardly anything is left at the face, and what passes is what arrives. There the
//! face is a difference of like numbers: so it is the share that is searched for.

use crate::root;
use crate::solution::Notes;

#[derive(Clone, Copy, Debug)]
pub(super) struct Film {
    /// mol/m3 in the stirred liquor.
    pub(super) bulk: f64,
    /// mol/m3 that the face loses when the ion carries all of the current into the membrane.
    pub(super) pull: f64,
    /// Share of the current that the ion carries through the liquor.
    pub(super) carried: f64,
}

impl Film {
    /// Share of the current that the ion carries into the membrane, where `taken` is that share at a face of so many mol/m3
    /// (growing with them), and what is at the face.
    pub(super) fn share(self, taken: impl Fn(f64) -> f64, notes: &mut Notes) -> (f64, f64) {
        let face = |share: f64| (self.bulk - self.pull * (share - self.carried)).max(0.0);
        let share = root::rising(|share| share - taken(face(share)), 0.0, 1.0, 1e-12, notes);
        (share, face(share))
    }
}

#[cfg(test)]
mod tests {
    use super::Film;
    use crate::solution::Notes;

    #[test]
    fn below_the_limiting_current_the_membrane_chooses_and_above_it_what_arrives_passes() {
        // Half of what stands beside `rival` mol/m3 of another ion.
        let share = |bulk: f64, pull: f64, rival: f64| {
            let film = Film { bulk, pull, carried: 0.3 };
            film.share(|face| 0.8 * face / (face + rival).max(1e-300), &mut Notes::default())
        };
        let (strong, face) = share(3000.0, 300.0, 1e-3);
        assert!((strong - 0.8).abs() < 1e-5 && (face - 2850.0).abs() < 0.1, "{strong} {face}");
        // However little there is of what takes its place: 0.3 come with the current, 50/300 through the film.
        for rival in [1e-1, 1e-6, 1e-12] {
            let (weak, face) = share(50.0, 300.0, rival);
            assert!(
                (weak - (0.3 + 50.0 / 300.0)).abs() < 1e-3 && face < 10.0 * rival + 1e-6,
                "{weak} {face}"
            );
        }
        assert!(share(0.0, 300.0, 1e-3).0 <= 0.3);
        assert!((share(3000.0, 0.0, 1e-3).0 - 0.8).abs() < 1e-6);
    }
}
