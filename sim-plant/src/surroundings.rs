//! What stands around the electrolyser: the cell room's air and the hypochlorite scrubber.

use model::StateWalk;

use crate::constants::{GAS, MASS_NAOH};
use crate::gas::{CL2, GASES, H2};
use crate::parameters::Site;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Surroundings {
    /// mol in the room's air.
    room_chlorine: f64,
    room_hydrogen: f64,
    /// kg NaOH in the scrubber.
    lye: f64,
}

impl Surroundings {
    pub(crate) fn new(p: &Site) -> Self {
        Self { room_chlorine: 0.0, room_hydrogen: 0.0, lye: p.scrubber_liquor * p.scrubber_strength }
    }

    /// `leaks` and `slipped` (chlorine) escaped into the room, `scrubbed` went to the own scrubber; mol in this step.
    pub(crate) fn step(&mut self, p: &Site, leaks: &[[f64; GASES]; 2], slipped: f64, scrubbed: f64, dt: f64) {
        let fresh = (p.room_changes * dt).min(1.0);
        for leak in leaks {
            self.room_chlorine += leak[CL2];
            self.room_hydrogen += leak[H2];
        }
        self.room_chlorine += slipped;
        self.room_chlorine -= self.room_chlorine * fresh;
        self.room_hydrogen -= self.room_hydrogen * fresh;
        // Cl2 + 2 NaOH -> NaOCl + NaCl + H2O.
        let full = p.scrubber_liquor * p.scrubber_strength;
        let used = 2.0 * MASS_NAOH * scrubbed;
        self.lye = (self.lye - used + p.scrubber_refill * dt).clamp(0.0, full);
    }

    fn share(moles: f64, p: &Site) -> f64 {
        moles * GAS * p.temperature / (p.pressure * p.room_volume)
    }

    pub(crate) fn chlorine_ppm(&self, p: &Site) -> f64 {
        1e6 * Self::share(self.room_chlorine, p)
    }

    /// Per cent of the lower explosive limit, 4 %vol.
    pub(crate) fn hydrogen_lel(&self, p: &Site) -> f64 {
        100.0 * Self::share(self.room_hydrogen, p) / 0.04
    }

    pub(crate) fn lye_percent(&self, p: &Site) -> f64 {
        100.0 * self.lye / p.scrubber_liquor
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.room_chlorine);
        walk.f64(&mut self.room_hydrogen);
        walk.f64(&mut self.lye);
    }
}
