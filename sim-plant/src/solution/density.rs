//! Density, viscosity and heat capacity of a mixed liquor (Laliberte), from its ions.
//!
//! The correlations know salts; a liquor has ions. Each cation is shared out over the anions in proportion
//! to their equivalents, so a pure salt is itself and a mixture is smooth in every amount. A pair that was
//! never measured takes the fit of its nearest relative (carbonates that of Na2CO3, CaSO4 that of MgSO4)
//! with its own mass.

use super::laliberte as l;
use super::laliberte::{FITS, SOLUTES};
use super::{AQUEOUS, Notes, Remark};
use crate::chemistry::Chemistry;
use crate::constants::{MASS_H, MASS_WATER, ZERO_CELSIUS};
use crate::exp::exp;
use crate::matter::Matter;
use crate::species::Species;

/// Mass fractions of the liquor, by the solutes that the fits know.
#[derive(Clone, Debug)]
pub(crate) struct Makeup {
    /// kg of liquor.
    pub(crate) mass: f64,
    pub(crate) water: f64,
    pub(crate) solutes: [f64; SOLUTES],
}

const CHLORIDE: usize = 0;
const SULFATE: usize = 1;
const HYDROXIDE: usize = 2;
const CARBONATE: usize = 3;
const FLUORIDE: usize = 4;

/// Rows: H, Li, Na, K, Ca, Mg, Ni, Co, Mn, Fe2, Fe3, Cu, Al. Columns: the anions above.
#[rustfmt::skip]
const PAIRS: [[usize; 5]; 13] = [
    [l::HCL, l::H2SO4, l::LIOH, l::H2SO4, l::HCL],
    [l::LICL, l::LI2SO4, l::LIOH, l::NA2CO3, l::NAF],
    [l::NACL, l::NA2SO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::KCL, l::K2SO4, l::KOH, l::NA2CO3, l::NAF],
    [l::CACL2, l::MGSO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::MGCL2, l::MGSO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::NICL2, l::NISO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::COCL2, l::COSO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::MNCL2, l::MNSO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::FECL2, l::FESO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::FECL3, l::FE2SO43, l::NAOH, l::NA2CO3, l::NAF],
    [l::CUCL2, l::CUSO4, l::NAOH, l::NA2CO3, l::NAF],
    [l::ALCL3, l::AL2SO43, l::NAOH, l::NA2CO3, l::NAF],
];

const CATIONS: [Species; 13] = [
    Species::Acid,
    Species::Lithium,
    Species::Sodium,
    Species::Potassium,
    Species::Calcium,
    Species::Magnesium,
    Species::Nickel,
    Species::Cobalt,
    Species::Manganese,
    Species::Ferrous,
    Species::Ferric,
    Species::Copper,
    Species::Aluminium,
];

const ANIONS: [(Species, usize); 7] = [
    (Species::Chloride, CHLORIDE),
    (Species::Chlorate, CHLORIDE),
    (Species::Sulfate, SULFATE),
    (Species::Sulfite, SULFATE),
    (Species::Phosphate, SULFATE),
    (Species::Carbonate, CARBONATE),
    (Species::Fluoride, FLUORIDE),
];

impl Makeup {
    pub(crate) fn of(matter: &Matter, chemistry: &Chemistry) -> Self {
        let mass: f64 = (0..AQUEOUS).map(|k| matter.amount[k] * chemistry.mass[k]).sum();
        let mut made = Self { mass: mass.max(0.0), water: 1.0, solutes: [0.0; SOLUTES] };
        if mass < 1e-12 {
            return made;
        }
        let hydroxide = (-matter[Species::Acid]).max(0.0);
        // Equivalents and kg of each class of anion.
        let mut anions = [(0.0, 0.0); 5];
        anions[HYDROXIDE] = (hydroxide, hydroxide * (MASS_WATER - MASS_H));
        for (species, class) in ANIONS {
            let amount = matter[species].max(0.0);
            anions[class].0 -= amount * species.charge();
            anions[class].1 += amount * chemistry.molar_mass(species);
        }
        let negative: f64 = anions.iter().map(|(equivalents, _)| equivalents).sum();
        let positive: f64 = CATIONS.iter().map(|cation| matter[*cation].max(0.0) * cation.charge()).sum();
        if negative > 0.0 && positive > 0.0 {
            // A pair gets the cation by the anion's equivalents and the anion by the cation's.
            let shares =
                anions.map(|(equivalents, own)| (equivalents / negative / mass, own / positive / mass));
            for (cation, pairs) in CATIONS.iter().zip(&PAIRS) {
                let amount = matter[*cation].max(0.0);
                if amount == 0.0 {
                    continue;
                }
                let (equivalents, own) = (amount * cation.charge(), amount * chemistry.molar_mass(*cation));
                for ((of_cation, of_anion), &solute) in shares.iter().zip(pairs) {
                    made.solutes[solute] += own * of_cation + equivalents * of_anion;
                }
            }
        }
        let neutral = [Species::Peroxide, Species::HypochlorousAcid, Species::Silica];
        made.solutes[l::H2O2] =
            neutral.iter().map(|s| matter[*s].max(0.0) * chemistry.molar_mass(*s)).sum::<f64>() / mass;
        made.water = (1.0 - made.solutes.iter().sum::<f64>()).clamp(0.0, 1.0);
        made
    }

    fn present(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        const TRACE: f64 = 1e-7;
        self.solutes.iter().copied().enumerate().filter(|(_, fraction)| *fraction > TRACE)
    }

    /// kg/m3
    pub(crate) fn density(&self, kelvin: f64, notes: &mut Notes) -> f64 {
        let t = kelvin - ZERO_CELSIUS;
        let mut volume = self.water / water_density(t);
        for (solute, fraction) in self.present() {
            let (c, range) = &FITS[solute].density;
            let beyond = if fraction > range.fraction { l::stronger(solute, fraction) } else { None };
            let (stronger, most) = beyond.unwrap_or((0.0, range.fraction));
            let inside = t >= range.low && t <= range.high && fraction <= most + 1e-12;
            notes.check(Remark::Density(solute), inside || fraction < 1e-3);
            let (t, warmer) = if solute == l::LIOH {
                (l::lye_temperature(t), l::lye_warmer(t))
            } else {
                let t = t.clamp(range.low, range.high);
                (t, l::grown(solute, fraction, t))
            };
            let solutes = (1.0 - self.water).clamp(0.0, range.fraction);
            let shift = t + c[4];
            let own = (solutes + c[2] + c[3] * t) / ((c[0] * solutes + c[1]) * exp(1e-6 * shift * shift));
            // A mixture may lead a fit past its pole; no solute takes more room than water would.
            let specific = own + warmer + stronger;
            volume += fraction * if (-2e-3..2e-3).contains(&specific) { specific } else { 1e-3 };
        }
        1.0 / volume.clamp(3e-4, 2e-3)
    }

    /// Pa s
    pub(crate) fn viscosity(&self, kelvin: f64, notes: &mut Notes) -> f64 {
        let t = kelvin - ZERO_CELSIUS;
        let water = libm::log(water_viscosity(t));
        let mut log = self.water * water;
        for (solute, fraction) in self.present() {
            let Some((v, range)) = &FITS[solute].viscosity else {
                notes.note(Remark::Viscosity(solute));
                log += fraction * water;
                continue;
            };
            let inside = t >= range.low && t <= range.high && fraction <= range.fraction + 1e-12;
            notes.check(Remark::Viscosity(solute), inside || fraction < 1e-3);
            let t = t.clamp(range.low, range.high);
            let solutes = (1.0 - self.water).clamp(1e-9, range.fraction);
            let top = (v[0] * libm::pow(solutes, v[1]) + v[2]) / (v[3] * t + 1.0);
            log += fraction * (top - libm::log((v[4] * libm::pow(solutes, v[5]) + 1.0).max(1e-9)));
        }
        1e-3 * exp(log.clamp(-5.0, 12.0))
    }

    /// J/(kg K) as published; the ledger has its own, from the ions, so that its energy can close. `None`
    /// where a solute was never measured.
    pub(crate) fn heat_capacity(&self, kelvin: f64) -> Option<f64> {
        const WATER: f64 = 4.18;
        let t = kelvin - ZERO_CELSIUS;
        let mut sum = self.water * WATER;
        for (solute, fraction) in self.present() {
            let (a, range) = FITS[solute].heat_capacity.as_ref()?;
            let t = t.clamp(range.low, range.high);
            let solutes = (1.0 - self.water).clamp(1e-9, range.fraction);
            let alpha = a[1] * t + a[2] * exp(0.01 * t) + a[3] * solutes;
            sum += fraction * (a[0] * exp(alpha) + a[4] * libm::pow(solutes, a[5]));
        }
        Some(sum * 1e3)
    }
}

/// kg/m3 of water, Laliberte 2007; `t` in degC.
pub(crate) fn water_density(t: f64) -> f64 {
    let t = t.clamp(0.0, 120.0);
    let top = ((((-2.805_425_3e-10 * t + 1.055_630_2e-7) * t - 4.617_046_1e-5) * t - 0.007_987_040_1) * t
        + 16.945_176)
        * t
        + 999.839_52;
    top / (1.0 + 0.016_879_85 * t)
}

/// mPa s of water, Laliberte 2007; `t` in degC.
pub(crate) fn water_viscosity(t: f64) -> f64 {
    let t = t.clamp(0.0, 150.0);
    (t + 246.0) / ((0.055_94 * t + 5.2842) * t + 137.37)
}
