//! Hydroxides and calcite of a liquor on their way to saturation, out of it or back into it.
//!
//! Each goes there at its first-order rate, implicit in its extent. A hydroxide sees the hydrogen ion that its own
//! extent leaves by the buffer of the liquor, `d ln[H+] = n x / B`, so no extent needs a new solution of the pH; a
//! carbonate sees what is left of the carbonate.

use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::root;
use crate::solution::equilibria::activity_shift;
use crate::solution::{Notes, Slurry};
use crate::species::Species;

const CALCITE: [(Species, f64); 3] =
    [(Species::Calcium, -1.0), (Species::Carbonate, -1.0), (Species::CalciumCarbonate, 1.0)];

pub(super) const TEN: f64 = core::f64::consts::LN_10;

/// What all reactions of one step share.
pub(super) struct Liquor {
    pub(super) kelvin: f64,
    pub(super) ionic: f64,
    pub(super) litres: f64,
    /// Free share of the carbonate.
    pub(super) free: f64,
    /// Rate by step: what an implicit Euler step goes per distance that it leaves to saturation. Its steady state is exact.
    weight: f64,
    /// ln[H+] of activity.
    acidity: f64,
    /// mol of net acid per rise of ln[H+].
    buffer: f64,
}

impl Liquor {
    pub(super) fn of(slurry: &Slurry, rate: f64, dt: f64) -> Self {
        let (species, litres) = (&slurry.species, slurry.liquor * 1e3);
        let all = species.carbonate + species.bicarbonate + species.carbon_dioxide;
        Self {
            kelvin: slurry.temperature.clamp(250.0, 450.0),
            ionic: slurry.ionic_strength(),
            litres,
            free: if all > 0.0 { species.carbonate / all } else { 1.0 },
            weight: rate * dt,
            acidity: -TEN * species.ph,
            buffer: species.buffer(&slurry.matter, slurry.liquor, &slurry.equilibria) * litres,
        }
    }

    pub(super) fn shift(&self, charges: f64, interaction: f64) -> f64 {
        activity_shift(self.kelvin, self.ionic, charges, interaction)
    }

    /// log10 of a constant of this heat (J/mol) less that at 25 degC.
    fn van_t_hoff(&self, heat: f64) -> f64 {
        -heat / GAS / TEN * (1.0 / self.kelvin - 1.0 / REFERENCE)
    }

    /// Of a hydroxide of two charges in acid, by the ledger's enthalpies.
    pub(super) fn warmth(&self, aqueous: Species, solid: Species, c: &Chemistry) -> f64 {
        let formed = |species: Species| c.formation[species.index()];
        self.van_t_hoff(formed(aqueous) + 2.0 * formed(Species::Water) - formed(solid))
    }

    /// Of the solubility product of calcite.
    pub(super) fn calcite_warmth(&self, c: &Chemistry) -> f64 {
        let formed = |species: Species| c.formation[species.index()];
        let dissolved = formed(Species::Calcium) + formed(Species::Carbonate);
        self.van_t_hoff(dissolved - formed(Species::CalciumCarbonate))
    }

    /// One hydroxide; `always` (mol/L) stays dissolved at any acidity.
    pub(super) fn hydroxide(
        &mut self,
        slurry: &mut Slurry,
        aqueous: Species,
        solid: Species,
        log: f64,
        always: f64,
        notes: &mut Notes,
    ) {
        let (dissolved, present) = (slurry.matter[aqueous].max(0.0), slurry.matter[solid].max(0.0));
        if dissolved + present <= 0.0 {
            return;
        }
        let n = aqueous.charge();
        let saturated = (TEN * log + n * self.acidity).clamp(-70.0, 50.0);
        let steep = n * n / self.buffer.max(1e-30);
        let wanted = |extent: f64| {
            let left = self.litres * (always + libm::exp((saturated + steep * extent).min(60.0)));
            self.weight * (dissolved - extent - left)
        };
        let extent = root::implicit(wanted(0.0), -present, dissolved, notes, wanted);
        let row = [(aqueous, -1.0), (Species::Water, -n), (solid, 1.0), (Species::Acid, n)];
        slurry.matter.react(&row, extent);
        self.acidity += n * extent / self.buffer.max(1e-30);
    }

    /// CaCO3 with its product of concentrations.
    pub(super) fn calcite(&self, slurry: &mut Slurry, product: f64, notes: &mut Notes) {
        let present = slurry.matter[Species::CalciumCarbonate].max(0.0);
        let calcium = slurry.matter[Species::Calcium].max(0.0);
        let carbonate = slurry.matter[Species::Carbonate].max(0.0);
        if calcium + present <= 0.0 {
            return;
        }
        let wanted = |extent: f64| {
            let left = self.free * (carbonate - extent).max(0.0);
            self.weight * (calcium - extent - product * self.litres * self.litres / left)
        };
        let most = calcium.min(carbonate);
        let extent = root::implicit(wanted(0.0), -present, most, notes, wanted);
        slurry.matter.react(&CALCITE, extent);
    }
}
