//! What the bench cells share: matter that crosses a membrane, gas that leaves, liquor that boils or runs out.

use crate::chemistry::Chemistry;
use crate::constants::{MASS_LIOH, MASS_WATER, REFERENCE};
use crate::matter::Matter;
use crate::root;
use crate::solution::density::Makeup;
use crate::solution::solubility::Salt;
use crate::solution::{AQUEOUS, Notes, Remark, Slurry, vapour};
use crate::species::Species;
use crate::units::water::steam_pressure;

/// What goes from one liquor to another, with the enthalpy that it has at the temperature it leaves.
pub(super) fn carried(what: &Matter, from: &Slurry, chemistry: &Chemistry) -> Matter {
    let (enthalpy, capacity) = chemistry.sums(what);
    let mut parcel = what.clone();
    parcel.enthalpy = enthalpy + capacity * (from.temperature - REFERENCE);
    parcel
}

/// K, the end of the range of vapour pressures; and Pa above which water boils too near to it for a search within.
const RANGE: f64 = 423.15;
const AUTOCLAVE: f64 = 3.6e5;

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
        let wet = self.carried(liquor, steam, amounts.iter().sum());
        self.let_out(liquor, wet, out);
        for (gas, amount) in gases.into_iter().zip(amounts) {
            let parcel = self.chemistry.parcel(&[(gas, amount)], liquor.temperature);
            liquor.matter.subtract(&parcel);
            out.add(&parcel);
        }
        amounts
    }

    /// mol of steam that `dry` mol of gas take along under `steam` Pa of it: a step takes half of the free water at most.
    pub(super) fn carried(self, liquor: &Slurry, steam: f64, dry: f64) -> f64 {
        (dry * steam / (self.pressure - steam)).min(0.5 * free_water(liquor))
    }

    /// No liquor stays above its boiling point: the heat that is too much leaves as steam.
    pub(super) fn boil(self, liquor: &mut Slurry, notes: &mut Notes, out: &mut Matter) {
        // No water boils below its own boiling point, and to ask costs more than to look.
        if steam_pressure(liquor.temperature) < 0.95 * self.pressure {
            return;
        }
        let tame = self.pressure < AUTOCLAVE && liquor.temperature <= RANGE;
        if tame && liquor.vapour_pressure(self.chemistry, notes) <= self.pressure {
            return;
        }
        let point = self.boiling_point(liquor, notes);
        if liquor.temperature <= point {
            return;
        }
        let steam = liquor.capacity * (liquor.temperature - point) / LATENT;
        let most = 0.5 * free_water(liquor);
        notes.check(Remark::BoilingDry, steam <= most);
        self.let_out(liquor, steam.min(most), out);
        liquor.settle(self.chemistry, notes);
    }

    /// J that a liquor can take up in a step: what warms it to its boiling point, and what then leaves with a quarter of
    /// its free water.
    pub(super) fn bearable(self, liquor: &Slurry, notes: &mut Notes) -> f64 {
        let point = self.boiling_point(liquor, notes);
        evaporable(liquor) + (liquor.capacity * (point - liquor.temperature)).max(0.0)
    }

    /// K; in an autoclave beyond the range of the osmotic coefficients, with the water activity at the end of it.
    fn boiling_point(self, liquor: &Slurry, notes: &mut Notes) -> f64 {
        // Where the search ends: what holds its water there is no liquor any more.
        const DRYING: f64 = 600.0;
        if self.pressure < AUTOCLAVE {
            return liquor.boiling_point(self.pressure, self.chemistry, notes);
        }
        let makeup = Makeup::of(&liquor.matter, self.chemistry);
        let activity = vapour::water_activity(&makeup, liquor.temperature.min(RANGE));
        root::rising(|k| activity * steam_pressure(k) - self.pressure, 373.15, DRYING, 1e-4, notes)
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

/// mol of water that no crystal would keep. With one to a charge of a cation, as in LiCl.H2O and NaOH.H2O, or less a liquor
/// is none any more. A proton in bisulfate keeps none.
pub(super) fn free_water(liquor: &Slurry) -> f64 {
    let m = &liquor.matter;
    let metals = Species::ALL[..AQUEOUS].iter().filter(|ion| !matches!(ion, Species::Acid));
    let charges: f64 = metals.map(|ion| ion.charge().max(0.0) * m[*ion].max(0.0)).sum();
    let protons = (liquor.species.proton * liquor.liquor * 1e3).clamp(0.0, m[Species::Acid].max(0.0));
    // Hydroxide is counted as water.
    let hydroxide = (-m[Species::Acid]).max(0.0);
    (m[Species::Water] - hydroxide - charges - protons).max(0.0)
}

/// 1 for a liquor, falling to 0 as the last twentieth of its free water goes: nothing reacts in a salt.
pub(super) fn wetness(liquor: &Slurry) -> f64 {
    (free_water(liquor) / (0.05 * liquor.matter[Species::Water].max(1e-12))).min(1.0)
}

/// J that the last of a liquor can take up in a step: a quarter of its free water boils away. No more current flows, and
/// nothing reacts faster, than gives that heat.
pub(super) fn evaporable(liquor: &Slurry) -> f64 {
    0.25 * LATENT * free_water(liquor)
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
