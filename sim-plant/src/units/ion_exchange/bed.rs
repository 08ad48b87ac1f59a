//! One cell of the bed: a litre of brine against its resin, over one step.
//!
//! ```text
//! shares of the sites:  t_H = k_H [H] y,  t_i = k_i [i] y^z,  sum = 1        mass action for H, M+ and M2+
//! q_i(new) = q_i + K (Q t_i - q_i),  K = 1 - exp(-k dt)                      LDF, implicit in what the liquid holds
//! ```
//!
//! For a given `y` the amounts of every ion, the [H+] that fills the sites, and the acid that the resin gave away
//! all follow without iteration; the one equation that is left says that this acid makes this [H+]. It grows with
//! `y`, so a bracketed Newton in ln y always ends.

use model::StateWalk;

use crate::exp::exp;
use crate::matter::Matter;
use crate::solution::equilibria::{Equilibria, PROTON_MAX, PROTON_MIN, Speciation, Totals};
use crate::solution::{Notes, Remark};
use crate::species::Species;

/// Cations that the sites hold, beside H+.
pub(super) const IONS: usize = 9;
pub(super) const ION: [(&str, Species); IONS] = [
    ("Li", Species::Lithium),
    ("Na", Species::Sodium),
    ("K", Species::Potassium),
    ("Ca", Species::Calcium),
    ("Mg", Species::Magnesium),
    ("Ni", Species::Nickel),
    ("Co", Species::Cobalt),
    ("Mn", Species::Manganese),
    ("Cu", Species::Copper),
];
pub(super) const LI: usize = 0;
pub(super) const CA: usize = 3;
pub(super) const MG: usize = 4;

/// What the resin of every cell has in common in this step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resin {
    /// L/mol of H+.
    pub proton: f64,
    /// L/mol of each ion, against Li+ = 1.
    pub affinity: [f64; IONS],
    /// Equivalents of one cell.
    pub capacity: f64,
    /// Share of the way to equilibrium in this step.
    pub way: f64,
    /// Litres of liquid in one cell.
    pub litres: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// Amounts only: the energy is the column's.
    pub liquid: Matter,
    /// mol on the sites.
    pub held: [f64; IONS],
    /// ln y of the last step.
    pub log: f64,
    /// mol/L of H+.
    pub proton: f64,
}

/// What a trial `y` makes of a cell.
struct Trial {
    /// mol in the liquid.
    free: [f64; IONS],
    /// Shares of the sites, and their derivative against ln y.
    shares: f64,
    shares_slope: f64,
    /// mol of acid that the resin has given, and its derivative.
    acid: f64,
    acid_slope: f64,
}

fn charge(ion: usize) -> f64 {
    if ion < CA { 1.0 } else { 2.0 }
}

impl Cell {
    fn trial(&self, y: f64, resin: &Resin) -> Trial {
        let mut t = Trial { free: [0.0; IONS], shares: 0.0, shares_slope: 0.0, acid: 0.0, acid_slope: 0.0 };
        let step = resin.way * resin.capacity;
        for (ion, (_, species)) in ION.iter().enumerate() {
            let (liquid, held) = (self.liquid[*species].max(0.0), self.held[ion]);
            let amount = liquid + resin.way * held;
            if amount <= 0.0 {
                continue;
            }
            let z = charge(ion);
            let pull = resin.affinity[ion] * if ion < CA { y } else { y * y } / resin.litres;
            let gain = step * pull / z;
            let free = amount / (1.0 + gain);
            let share = pull * free;
            let slope = z * share / (1.0 + gain);
            t.free[ion] = free;
            t.shares += share;
            t.shares_slope += slope;
            t.acid += step * share - resin.way * z * held;
            t.acid_slope += step * slope;
        }
        t
    }

    /// Lets resin and liquid meet for one step.
    pub(super) fn exchange(&mut self, resin: &Resin, k: &Equilibria, notes: &mut Notes) {
        let totals = Totals::of(&self.liquid, resin.litres * 1e-3);
        let lowest = libm::log(1e-4 / (resin.proton * PROTON_MAX));
        let (mut low, mut high) = (lowest, libm::log(2.0 / (resin.proton * PROTON_MIN)));
        let mut log = if self.log > low && self.log < high { self.log } else { 0.5 * (low + high) };
        let mut found = false;
        for _ in 0..100 {
            let y = exp(log);
            let t = self.trial(y, resin);
            let left = 1.0 - t.shares;
            let mut step = f64::NAN;
            if left <= 0.0 {
                high = log;
            } else {
                let proton = left / (resin.proton * y);
                let (acid, slope) = Speciation::protons(proton.clamp(PROTON_MIN, PROTON_MAX), &totals, k);
                let error = totals.acid + t.acid / resin.litres - acid;
                if error > 0.0 {
                    high = log;
                } else {
                    low = log;
                }
                step = -error / (t.acid_slope / resin.litres + slope * (t.shares_slope / left + 1.0));
            }
            let mut next = log + step.clamp(-3.0, 3.0);
            if !(next > low && next < high) {
                next = 0.5 * (low + high);
            }
            if (next - log).abs() < 1e-11 || high - low < 1e-11 {
                found = true;
                break;
            }
            log = next;
        }
        notes.check(Remark::Iteration, found);
        self.take(log, resin, k, notes);
    }

    /// Moves the ions that `log` says.
    fn take(&mut self, log: f64, resin: &Resin, k: &Equilibria, notes: &mut Notes) {
        let y = exp(log);
        let t = self.trial(y, resin);
        self.log = log;
        for (ion, (_, species)) in ION.iter().enumerate() {
            let before = self.liquid[*species].max(0.0);
            if before <= 0.0 && self.held[ion] <= 0.0 {
                continue;
            }
            let moved = before - t.free[ion];
            self.liquid[*species] -= moved;
            self.liquid[Species::Acid] += charge(ion) * moved;
            self.held[ion] += moved;
        }
        self.proton = ((1.0 - t.shares) / (resin.proton * y)).clamp(PROTON_MIN, PROTON_MAX);
        // Sites that hold next to no H+ tell it as the difference of near equals: whatever comes out of that would stand in
        // the column's energy as so much OH-. The liquor's own acid tells it then.
        let totals = Totals::of(&self.liquid, resin.litres * 1e-3);
        let (acid, slope) = Speciation::protons(self.proton, &totals, k);
        if (acid - totals.acid).abs() > 1e-6 * slope {
            self.proton = Speciation::solve(&self.liquid, resin.litres * 1e-3, k, self.proton, notes).proton;
        }
    }

    /// Adds what the resin holds to `matter`: an ion stands for H+, which counts as nothing.
    pub(super) fn count(&self, matter: &mut Matter) {
        for (ion, (_, species)) in ION.iter().enumerate() {
            matter[*species] += self.held[ion];
            matter[Species::Acid] -= charge(ion) * self.held[ion];
        }
    }

    /// Equivalents of one ion.
    pub(super) fn equivalents(&self, ion: usize) -> f64 {
        charge(ion) * self.held[ion]
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        self.liquid.state(walk);
        for value in &mut self.held {
            walk.f64(value);
        }
        walk.f64(&mut self.log);
        walk.f64(&mut self.proton);
    }
}
