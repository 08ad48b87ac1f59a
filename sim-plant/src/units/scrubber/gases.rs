//! The gases that a liquor takes: what they become, and their pressure over it.

use crate::chemistry::Chemistry;
use crate::constants::REFERENCE;
use crate::matter::Matter;
use crate::root;
use crate::solution::{Notes, Slurry, solubility};
use crate::species::{Phase, Species};
use crate::units::furnace::absorber::{hydrogen_chloride_pressure, strength};

use Species::{Acid, Water};

/// A gas, its name in the parameters, and what one mol of it becomes in the liquor.
pub(super) struct Gas {
    pub name: &'static str,
    pub gas: Species,
    row: &'static [(Species, f64)],
    /// What holds it, and mol of it per mol of gas: it can give no more than that back.
    holder: Species,
}

pub(super) const CL2: usize = 0;
pub(super) const HCL: usize = 1;
pub(super) const HF: usize = 2;
pub(super) const SO2: usize = 3;
pub(super) const CO2: usize = 4;

pub(super) const GASES: [Gas; 6] = [
    Gas {
        name: "Cl2",
        gas: Species::Chlorine,
        row: &[(Water, -1.0), (Species::HypochlorousAcid, 1.0), (Acid, 1.0), (Species::Chloride, 1.0)],
        holder: Species::HypochlorousAcid,
    },
    Gas {
        name: "HCl",
        gas: Species::HydrogenChloride,
        row: &[(Acid, 1.0), (Species::Chloride, 1.0)],
        holder: Species::Chloride,
    },
    Gas {
        name: "HF",
        gas: Species::HydrogenFluoride,
        row: &[(Acid, 1.0), (Species::Fluoride, 1.0)],
        holder: Species::Fluoride,
    },
    Gas {
        name: "SO2",
        gas: Species::SulfurDioxide,
        row: &[(Water, -1.0), (Species::Sulfite, 1.0), (Acid, 2.0)],
        holder: Species::Sulfite,
    },
    Gas {
        name: "CO2",
        gas: Species::CarbonDioxide,
        row: &[(Water, -1.0), (Species::Carbonate, 1.0), (Acid, 2.0)],
        holder: Species::Carbonate,
    },
    // It hydrolyses for good, so nothing comes back.
    Gas {
        name: "POF3",
        gas: Species::PhosphorylFluoride,
        row: &[(Water, -3.0), (Species::Phosphate, 1.0), (Species::Fluoride, 3.0), (Acid, 6.0)],
        holder: Water,
    },
];

/// mol/(L Pa): at 25 degC in mol/(L atm), and K of its temperature (Sander, recalled).
fn henry(at: f64, slope: f64, kelvin: f64) -> f64 {
    at / 101_325.0 * libm::exp(slope * (1.0 / kelvin.clamp(273.15, 373.15) - 1.0 / REFERENCE))
}

impl Gas {
    /// Pa of this gas over the liquor.
    fn pressure(&self, liquor: &Slurry, chemistry: &Chemistry) -> f64 {
        let (s, t) = (&liquor.species, liquor.temperature);
        match self.gas {
            Species::Chlorine => {
                let chloride = liquor.concentration(Species::Chloride).max(0.0);
                // 4e-4 mol2/L2 at 25 degC, 23 kJ/mol.
                let constant = 4e-4 * libm::exp(-2770.0 * (1.0 / t.clamp(273.15, 373.15) - 1.0 / REFERENCE));
                hypochlorous(liquor) * s.proton * chloride / constant / henry(0.062, 2300.0, t)
            }
            Species::HydrogenChloride => hydrogen_chloride_pressure(strength(&liquor.matter, chemistry), t),
            Species::HydrogenFluoride => s.hydrogen_fluoride / henry(9600.0, 7400.0, t),
            Species::SulfurDioxide => s.sulfur_dioxide / henry(1.23, 3000.0, t),
            Species::CarbonDioxide => {
                let salt = liquor.concentration(Species::Chloride).max(0.0);
                s.carbon_dioxide / solubility::carbon_dioxide(t, salt)
            }
            _ => 0.0,
        }
    }

    /// Takes `share` of the way to balance with the liquor as it is after the step.
    pub(super) fn absorb(
        &self,
        liquor: &mut Slurry,
        gas: &mut Matter,
        share: f64,
        pressure: f64,
        chemistry: &Chemistry,
        notes: &mut Notes,
    ) {
        let here = gas[self.gas].max(0.0);
        let held = if matches!(self.holder, Water) { 0.0 } else { liquor.matter[self.holder].max(0.0) };
        if here + held <= 1e-15 {
            return;
        }
        let rest = (gas.phase_moles(Phase::Gas, chemistry) - here).max(0.0);
        let before = liquor.matter.amount;
        let apply = |liquor: &mut Slurry, extent: f64, notes: &mut Notes| {
            liquor.matter.amount = before;
            liquor.matter.react(self.row, extent);
            liquor.respeciate(notes);
            let over = self.pressure(liquor, chemistry).min(0.9 * pressure);
            extent - share * (here - rest * over / (pressure - over))
        };
        // A lye takes all that meets it; only what pushes back needs the search.
        let full = share * here;
        if apply(liquor, full, notes).abs() > 1e-3 * full + 1e-12 {
            let low = -(0.5 * held).min(rest + here);
            let tolerance = 1e-9 * (here + held).min(rest + here).max(1e-12);
            let mut quiet = Notes::default();
            let extent = root::rising(
                |extent| apply(liquor, extent, &mut quiet),
                low,
                full.max(0.0),
                tolerance,
                notes,
            );
            apply(liquor, extent, notes);
            gas[self.gas] -= extent;
        } else {
            gas[self.gas] -= full;
        }
    }
}

/// mol/L of HClO that is not hypochlorite; by the constant, because in a lye it is a trace of the sum.
pub(super) fn hypochlorous(liquor: &Slurry) -> f64 {
    // The last of the acids.
    let [.., constant] = liquor.equilibria.acid;
    let proton = liquor.species.proton;
    liquor.concentration(Species::HypochlorousAcid).max(0.0) * proton / (proton + constant)
}

/// J of a gas at `kelvin`.
pub(super) fn enthalpy(gas: &Matter, kelvin: f64, chemistry: &Chemistry) -> f64 {
    let (formed, capacity) = chemistry.sums(gas);
    formed + capacity * (kelvin - REFERENCE)
}
