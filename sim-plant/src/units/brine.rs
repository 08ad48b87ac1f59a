//! A lithium liquor as a recipe: what stands in the parameter files of units that take one in.

use crate::chemistry::Chemistry;
use crate::matter::Matter;
use crate::species::Species;

tables! {
    Brine {
        /// Lithium in it
        lithium: "g/L", 0.0, 150.0;
        /// Sodium in it
        sodium: "g/L", 0.0, 150.0;
        /// Free hydroxide in it
        hydroxide: "mol/L", 0.0, 6.0;
        /// Carbonate in it; more than the cations hold becomes bicarbonate
        carbonate: "mol/L", 0.0, 3.0;
        /// Share of the other charge that is sulfate; the rest is chloride
        sulfate: "", 0.0, 1.0;
    }
}

impl Brine {
    /// Solutes (mol) in `volume` (m3) of it; the water is for [`crate::solution::Slurry::filled`] to find.
    pub(super) fn solutes(&self, volume: f64, chemistry: &Chemistry) -> Matter {
        let mut made = Matter::default();
        made[Species::Lithium] = self.lithium / chemistry.molar_mass(Species::Lithium) * volume;
        made[Species::Sodium] = self.sodium / chemistry.molar_mass(Species::Sodium) * volume;
        made[Species::Carbonate] = self.carbonate * volume;
        made[Species::Acid] = -self.hydroxide * volume;
        let charge = made.charge();
        if charge < 0.0 {
            made[Species::Acid] -= charge;
        }
        balance(&mut made, charge.max(0.0), self.sulfate);
        made
    }
}

/// Anions for so many mol of charge.
pub(super) fn balance(matter: &mut Matter, charge: f64, sulfate: f64) {
    matter[Species::Sulfate] += 0.5 * charge * sulfate;
    matter[Species::Chloride] += charge * (1.0 - sulfate);
}
