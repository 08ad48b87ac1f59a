//! What the bench cells share: matter that crosses a membrane, gas that leaves, liquor that boils or runs out.

use crate::chemistry::Chemistry;
use crate::constants::{MASS_LIOH, MASS_WATER, REFERENCE};
use crate::matter::Matter;
use crate::solution::solubility::Salt;
use crate::solution::{Notes, Slurry};
use crate::species::Species;
use crate::units::water::ATMOSPHERE;

/// What goes from one liquor to another, with the enthalpy that it has at the temperature it leaves.
pub(super) fn carried(what: &Matter, from: &Slurry, chemistry: &Chemistry) -> Matter {
    let (enthalpy, capacity) = chemistry.sums(what);
    let mut parcel = what.clone();
    parcel.enthalpy = enthalpy + capacity * (from.temperature - REFERENCE);
    parcel
}

/// A gas at the pressure of its outlet takes its steam along.
#[derive(Clone, Copy)]
pub(super) struct Vent<'a> {
    pub(super) pressure: f64,
    pub(super) chemistry: &'a Chemistry,
}

impl Vent<'_> {
    /// The gas of these kinds leaves saturated; mol of each.
    pub(super) fn release<const N: usize>(
        self,
        liquor: &mut Slurry,
        gases: [Species; N],
        notes: &mut Notes,
        out: &mut Matter,
    ) -> [f64; N] {
        let steam = liquor.vapour_pressure(self.chemistry, notes).min(0.9 * self.pressure);
        let amounts = gases.map(|gas| liquor.matter[gas]);
        let dry: f64 = amounts.iter().sum();
        let wet = (dry * steam / (self.pressure - steam)).min(0.5 * free_water(liquor));
        self.let_out(liquor, wet, out);
        for (gas, amount) in gases.into_iter().zip(amounts) {
            let parcel = self.chemistry.parcel(&[(gas, amount)], liquor.temperature);
            liquor.matter.subtract(&parcel);
            out.add(&parcel);
        }
        amounts
    }

    /// No liquor stays above its boiling point: the heat that is too much leaves as steam.
    pub(super) fn boil(self, liquor: &mut Slurry, notes: &mut Notes, out: &mut Matter) {
        // Where the search for the boiling point ends: what holds its water there is no liquor any more.
        const DRYING: f64 = 423.15;
        let tame = liquor.temperature <= DRYING;
        if tame && liquor.vapour_pressure(self.chemistry, notes) <= self.pressure {
            return;
        }
        let point = liquor.boiling_point(self.pressure, self.chemistry, notes);
        let steam = liquor.capacity * (liquor.temperature - point).max(0.0) / LATENT;
        self.let_out(liquor, steam.min(0.5 * free_water(liquor)), out);
        liquor.settle(self.chemistry, notes);
    }

    fn let_out(self, liquor: &mut Slurry, steam: f64, out: &mut Matter) {
        liquor.matter.react(&[(Species::Water, -1.0), (Species::Steam, 1.0)], steam);
        let parcel = self.chemistry.parcel(&[(Species::Steam, steam)], liquor.temperature);
        liquor.matter.subtract(&parcel);
        out.add(&parcel);
    }
}

/// Share of the electrodes under liquor below which no current flows.
pub(super) const DRY: f64 = 0.01;

/// Heat of evaporation near the boiling point, J/mol.
const LATENT: f64 = 40.7e3;

/// mol of water that is no shell of an ion. With three to a cation or less a liquor is none any more: the heat
/// capacities of its ions, which hold for solutions, have eaten up that of its water.
pub(super) fn free_water(liquor: &Slurry) -> f64 {
    let m = &liquor.matter;
    let cations = [Species::Lithium, Species::Sodium, Species::Acid].map(|ion| m[ion].max(0.0));
    (m[Species::Water] - 3.0 * cations.iter().sum::<f64>()).max(0.0)
}

/// J that the last of a liquor can take up in a step: a quarter of its free water boils away. No more current flows than
/// gives that heat.
pub(super) fn evaporable(liquor: &Slurry) -> f64 {
    0.25 * LATENT * free_water(liquor)
}

/// An open tank boils at the pressure of the air; its steam leaves by the vent.
pub(super) fn boil_openly(liquor: &mut Slurry, chemistry: &Chemistry, notes: &mut Notes, out: &mut Matter) {
    // No liquor boils below 95 degC in the open, and to ask costs more than to look.
    if liquor.temperature > 368.15 {
        Vent { pressure: ATMOSPHERE, chemistry }.boil(liquor, notes, out);
    }
}

/// Share of the electrode that liquor covers: all of it until half of the weir's volume is gone.
pub(super) fn covered(liquor: &Slurry, weir: f64) -> f64 {
    (2.0 * liquor.liquor / weir).clamp(0.0, 1.0)
}

/// What stands above a weir of `volume` leaves.
pub(super) fn over_weir(liquor: &mut Slurry, weir: f64) -> Matter {
    let now = liquor.volume();
    if now > weir { liquor.matter.take(1.0 - weir / now) } else { Matter::default() }
}

/// Li+ + OH- + H2O -> LiOH.H2O, with OH- = Water - Acid.
const CRYSTALS: [(Species, f64); 4] = [
    (Species::Lithium, -1.0),
    (Species::Acid, 1.0),
    (Species::Water, -2.0),
    (Species::LithiumHydroxideHydrate, 1.0),
];

/// LiOH.H2O falls out of lye above saturation, and dissolves below.
pub(super) fn crystallise(lye: &mut Slurry, chemistry: &Chemistry, notes: &mut Notes) {
    let alkali = (-lye.matter[Species::Acid]).max(0.0);
    let lithium = alkali.min(lye.matter[Species::Lithium].max(0.0));
    let crystals = lye.matter[Species::LithiumHydroxideHydrate].max(0.0);
    let water = (lye.matter[Species::Water] - alkali).max(0.0) * MASS_WATER;
    // kg of LiOH in a kilogram of water.
    let most = 0.01 * Salt::LithiumHydroxide.solubility(lye.temperature, notes);
    let excess = lithium * MASS_LIOH - most * water;
    if excess > 0.0 || crystals > 0.0 {
        let extent = excess / (MASS_LIOH - most * MASS_WATER);
        lye.matter.react(&CRYSTALS, extent.clamp(-crystals, 0.5 * lithium));
        lye.settle(chemistry, notes);
    }
}
