//! What the physics has to say about itself: ranges left, iterations that failed. Counted, never hidden.

use model::StateWalk;

use super::laliberte::{FITS, SOLUTES, stronger};

/// Something worth counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Density of this solute (index into the fits) outside its range.
    Density(usize),
    /// Viscosity of this solute outside its range, or never fitted.
    Viscosity(usize),
    /// The pH was not found within the iterations; the last value stands.
    PhNotFound,
    /// Ionic strength above what the activity model reaches, and what is there depends on it; held there.
    IonicStrength,
    /// Equilibrium constants outside 0..110 degC; held there.
    Equilibria,
    /// A liquor below -20 or above 180 degC.
    Temperature,
    /// Water that would freeze out of a liquor.
    Ice,
    /// Vapour pressure outside its range.
    Vapour,
    /// A solubility outside its table; held at its end.
    Solubility,
    /// Conductivity outside its fit.
    Conductivity,
    /// A bounded iteration of a unit did not converge; its best value stands.
    Iteration,
    /// A unit was asked for more than it holds or can do; it did what it could.
    Limited,
    /// A feed or an order was no number or outside its physical bounds, and was held inside.
    BadInput,
    /// A liquor above the solubility of something whose crystals are left out.
    Oversaturated,
    /// A vessel made more heat than its last water could carry away; it is held at what it can.
    BoilingDry,
    /// A battery charged beyond full.
    Overcharge,
}

const OTHERS: usize = 14;
const REMARKS: usize = 2 * SOLUTES + OTHERS;

impl Remark {
    const fn index(self) -> usize {
        match self {
            Self::Density(solute) => solute,
            Self::Viscosity(solute) => SOLUTES + solute,
            Self::PhNotFound => 2 * SOLUTES,
            Self::IonicStrength => 2 * SOLUTES + 1,
            Self::Equilibria => 2 * SOLUTES + 2,
            Self::Temperature => 2 * SOLUTES + 3,
            Self::Vapour => 2 * SOLUTES + 4,
            Self::Solubility => 2 * SOLUTES + 5,
            Self::Conductivity => 2 * SOLUTES + 6,
            Self::Iteration => 2 * SOLUTES + 7,
            Self::Limited => 2 * SOLUTES + 8,
            Self::BadInput => 2 * SOLUTES + 9,
            Self::Oversaturated => 2 * SOLUTES + 10,
            Self::BoilingDry => 2 * SOLUTES + 11,
            Self::Overcharge => 2 * SOLUTES + 12,
            Self::Ice => 2 * SOLUTES + 13,
        }
    }

    /// What it says.
    pub fn words(self) -> String {
        Self::text(self.index())
    }

    fn text(index: usize) -> String {
        let range = |what: &str, (low, high, fraction): (f64, f64, f64)| {
            format!("{what}: outside {low}..{high} degC, {:.1} wt%; held at the edge", fraction * 100.0)
        };
        match index {
            k if k < SOLUTES => {
                let r = FITS[k].density.1;
                let most = stronger(k, 1.0).map_or(r.fraction, |(_, most)| most);
                range(&format!("density of {}", FITS[k].name), (r.low, r.high, most))
            }
            k if k < 2 * SOLUTES => {
                let name = FITS[k - SOLUTES].name;
                FITS[k - SOLUTES].viscosity.map_or_else(
                    || format!("viscosity of {name}: never fitted; water's stands in"),
                    |(_, r)| range(&format!("viscosity of {name}"), (r.low, r.high, r.fraction)),
                )
            }
            k => [
                "pH: not found within the iterations; the last value stands",
                "activity: ionic strength above 6 mol/L (12 in strong acid or lye alone); held there",
                "equilibrium constants: outside 0..110 degC; held there",
                "temperature: a liquor below -20 or above 180 degC; shown between -60 and 210 degC, the heat beyond stays in the books",
                "vapour pressure, boiling point: outside 0..150 degC or the molality of the osmotic coefficients; HCl and H2SO4 have no vapour",
                "solubility: outside its table; held at the end",
                "conductivity: outside its fit, held at the edge; or a like salt stands in",
                "iteration: did not converge; the best value stands",
                "unit: asked for more than it holds or can do; it did what it could",
                "input: no number, or outside its physical bounds; held inside",
                "solubility: a liquor above it, whose crystals are left out",
                "vessel: it boils dry; no more reacts than its last free water can carry away as steam",
                "module: charged beyond full; its electrolyte decomposes above 4.9 V a cell",
                "temperature: a liquor below its freezing point; ice is left out",
            ][k - 2 * SOLUTES]
                .to_owned(),
        }
    }
}

/// How often each remark was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes([u64; REMARKS]);

impl Default for Notes {
    fn default() -> Self {
        Self([0; REMARKS])
    }
}

impl Notes {
    pub const fn count(&self, remark: Remark) -> u64 {
        self.0[remark.index()]
    }

    pub const fn note(&mut self, remark: Remark) {
        self.0[remark.index()] = self.0[remark.index()].saturating_add(1);
    }

    /// Counts when something is not as it should be.
    pub const fn check(&mut self, remark: Remark, good: bool) {
        if !good {
            self.note(remark);
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// True when something is noted here that `known` has never heard of.
    pub fn says_more_than(&self, known: &Self) -> bool {
        self.0.iter().zip(&known.0).any(|(mine, theirs)| *mine > 0 && *theirs == 0)
    }

    /// Everything that was noted, in words, with its count.
    pub fn lines(&self) -> Vec<(String, u64)> {
        let noted = self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        noted.map(|(index, &count)| (Remark::text(index), count)).collect()
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        for count in &mut self.0 {
            walk.u64(count);
        }
    }
}
