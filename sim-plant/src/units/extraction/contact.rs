//! What one contact of liquor and organic does: the isotherm, and the pH that charge balance leaves.
//!
//! ```text
//! M(z+) + z HA(o) = MA_z(o) + z H+        log10 D = s (pH - p) + z log10([HA] / [HA]0) + w,   D = [MA_z]/[M]
//! w = -dH/(R ln 10) (1/T - 1/298.15 K)    with the heat of reaction that the ledger books (van 't Hoff)
//! sum of A:   [HA] Vo + sum z M(o) = A            sum of H:   Acid(pH) Va + [HA] Vo = H
//! ```
//!
//! No pH profile is given from outside: both sums are what the phases brought with them, the second grows with
//! falling pH and the first with [HA], so two nested bounded searches always end. `[HA]0` is the free extractant
//! for which `p` is told; `s` is the slope at constant free extractant, two for a divalent metal in theory.

use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::exp::exp;
use crate::parameters::Reader;
use crate::root;
use crate::solution::equilibria::Speciation;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;

pub(super) const METALS: usize = 10;

pub(super) struct Metal {
    pub(super) symbol: &'static str,
    pub(super) aqueous: Species,
    pub(super) organic: Species,
}

const fn metal(symbol: &'static str, aqueous: Species, organic: Species) -> Metal {
    Metal { symbol, aqueous, organic }
}

pub(super) const METAL: [Metal; METALS] = [
    metal("Li", Species::Lithium, Species::ExtractantLithium),
    metal("Na", Species::Sodium, Species::ExtractantSodium),
    metal("Ni", Species::Nickel, Species::ExtractantNickel),
    metal("Co", Species::Cobalt, Species::ExtractantCobalt),
    metal("Mn", Species::Manganese, Species::ExtractantManganese),
    metal("Ca", Species::Calcium, Species::ExtractantCalcium),
    metal("Mg", Species::Magnesium, Species::ExtractantMagnesium),
    metal("Cu", Species::Copper, Species::ExtractantCopper),
    metal("Fe", Species::Ferric, Species::ExtractantFerric),
    metal("Al", Species::Aluminium, Species::ExtractantAluminium),
];

/// Their places in [`METAL`].
pub(super) const LITHIUM: usize = 0;
pub(super) const SODIUM: usize = 1;
pub(super) const NICKEL: usize = 2;
pub(super) const COBALT: usize = 3;
pub(super) const MANGANESE: usize = 4;
const FERRIC: usize = 8;

/// All metals, and those that change places with H+ at once.
pub(super) const ALL: [bool; METALS] = [true; METALS];
pub(super) const ALKALI: [bool; METALS] =
    [true, true, false, false, false, false, false, false, false, false];

/// `log10 D` of every metal with one extractant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Isotherm {
    slope: [f64; METALS],
    ph: [f64; METALS],
    /// mol/L
    free: [f64; METALS],
    /// J/mol of the exchange at 25 degC.
    heat: [f64; METALS],
    /// Of Fe(III), in proportion to the other metals.
    pace: f64,
}

impl Isotherm {
    /// From the tables `NAME_slope`, `NAME_ph` and `NAME_free`.
    pub(super) fn read(r: &mut Reader<'_>, name: &str) -> Self {
        let mut column = |table: &str, text: &str, unit, low, high| {
            METAL.map(|m| r.described(&format!("{name}_{table}"), m.symbol, text, unit, low, high))
        };
        Self {
            slope: column("slope", "Slope of log10 D against pH", "", 0.1, 4.0),
            ph: column("ph", "pH at which D is one", "pH", -3.0, 14.0),
            free: column("free", "Free extractant where that was measured", "mol/L", 1e-3, 3.0)
                .map(|free| free * 1e-3),
            heat: [0.0; METALS],
            pace: r.described(
                "ferric_pace",
                name,
                "Fe(III) moves so fast, the other metals being one",
                "",
                1e-3,
                1.0,
            ),
        }
    }

    /// The same with the heats of reaction of the ledger, so that a warm battery is one that took up that heat.
    pub(super) fn with_heats(self, chemistry: &Chemistry) -> Self {
        let h = |species| chemistry.molar_enthalpy(species, REFERENCE);
        let heat = core::array::from_fn(|k| {
            let m = &METAL[k];
            let z = m.aqueous.charge();
            h(m.organic) - h(m.aqueous) - z * (h(Species::Extractant) - h(Species::Acid))
        });
        Self { heat, ..self }
    }

    /// `w` of the head of this file.
    fn warmth(&self, kelvin: f64) -> [f64; METALS] {
        let by = -(1.0 / kelvin - 1.0 / REFERENCE) / (GAS * core::f64::consts::LN_10);
        self.heat.map(|heat| heat * by)
    }

    /// `D / [HA]^z` at a pH, of the metals that are there; nobody asks for the others.
    fn pull(&self, ph: f64, warmth: &[f64; METALS], metals: &[f64; METALS]) -> [f64; METALS] {
        core::array::from_fn(|k| {
            if metals[k] <= 0.0 {
                return 0.0;
            }
            let log = self.slope[k] * (ph - self.ph[k]) + warmth[k];
            let free = powered(self.free[k], METAL[k].aqueous.charge());
            exp(core::f64::consts::LN_10 * log.clamp(-40.0, 40.0)) / free
        })
    }
}

/// `x` to the power of a charge, 1 to 3.
fn powered(x: f64, charge: f64) -> f64 {
    match charge {
        c if c < 1.5 => x,
        c if c < 2.5 => x * x,
        _ => x * x * x,
    }
}

/// Totals of one contact, mol, and litres of both phases.
struct Contact {
    metals: [f64; METALS],
    anion: f64,
    aqueous: f64,
    organic: f64,
}

impl Contact {
    fn loaded(&self, k: usize, pull: f64, free: f64) -> f64 {
        let d = pull * powered(free, METAL[k].aqueous.charge()) * self.organic;
        self.metals[k] * d / (self.aqueous + d)
    }

    /// mol/L of free extractant at these pulls: the sum of A grows with it.
    fn free(&self, pull: &[f64; METALS], guess: f64, notes: &mut Notes) -> f64 {
        let (mut low, mut high) = (0.0, self.anion / self.organic);
        let mut free = if guess > low && guess < high { guess } else { 0.5 * high };
        for _ in 0..80 {
            let (mut sum, mut slope) = (free * self.organic, self.organic);
            for (k, pull) in pull.iter().enumerate() {
                if self.metals[k] > 0.0 {
                    let z = METAL[k].aqueous.charge();
                    let loaded = self.loaded(k, *pull, free);
                    sum += z * loaded;
                    slope += z * z * loaded * (1.0 - loaded / self.metals[k]) / free;
                }
            }
            let residual = sum - self.anion;
            if residual > 0.0 {
                high = free;
            } else {
                low = free;
            }
            let newton = free - residual / slope;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - free).abs() <= 1e-12 * free || high - low <= 1e-14 * high {
                return next;
            }
            free = next;
        }
        notes.note(Remark::Iteration);
        free
    }
}

/// Moves towards equilibrium at so many time constants: a share of `1 - exp(-rate)` of the way, of Fe(III) less. Only `mobile`
/// metals take part, the others keep their places. Changes amounts only; the caller settles.
pub(super) fn towards_equilibrium(
    slurry: &mut Slurry,
    isotherm: &Isotherm,
    mobile: &[bool; METALS],
    rate: f64,
    notes: &mut Notes,
) {
    let share = -libm::expm1(-rate);
    let (aqueous, organic) = (slurry.liquor * 1e3, slurry.solids * 1e3);
    let matter = &slurry.matter;
    let mut contact = Contact { metals: [0.0; METALS], anion: matter[Species::Extractant], aqueous, organic };
    for (k, m) in METAL.iter().enumerate() {
        if mobile[k] {
            contact.metals[k] = (matter[m.aqueous] + matter[m.organic]).max(0.0);
            contact.anion += m.aqueous.charge() * matter[m.organic];
        }
    }
    if aqueous < 1e-6 || organic < 1e-6 || contact.anion <= 1e-12 || share <= 0.0 {
        return;
    }
    let warmth = isotherm.warmth(slurry.temperature);
    let protons = matter[Species::Acid] + matter[Species::Extractant];
    let mut free = matter[Species::Extractant] / organic;
    let mut failed = Notes::default();
    let mut excess = |acidity: f64| {
        free = contact.free(&isotherm.pull(-acidity, &warmth, &contact.metals), free, &mut failed);
        let acid = Speciation::acid_at(-acidity, matter, slurry.liquor, &slurry.equilibria);
        acid * aqueous + free * organic - protons
    };
    // The pH moves little in one step; after a start or a shock the bracket walks, ever faster.
    let near = -slurry.species.ph.clamp(-1.0, 14.0);
    let (mut low, mut high, mut width) = (near - 0.1, near + 0.1, 0.2);
    while excess(low) > 0.0 && low > -16.0 {
        (low, high, width) = (low - width, low, 2.0 * width);
    }
    while excess(high) < 0.0 && high < 4.0 {
        (low, high, width) = (high, high + width, 2.0 * width);
    }
    let acidity = root::rising(&mut excess, low, high, 1e-9, notes);
    notes.add(&failed);
    let pull = isotherm.pull(-acidity, &warmth, &contact.metals);
    let free = contact.free(&pull, slurry.matter[Species::Extractant] / organic, notes);
    for (k, m) in METAL.iter().enumerate() {
        if mobile[k] && contact.metals[k] > 0.0 {
            let (z, target) = (m.aqueous.charge(), contact.loaded(k, pull[k], free));
            let share = if k == FERRIC { -libm::expm1(-rate * isotherm.pace) } else { share };
            let extent = (target - slurry.matter[m.organic]) * share;
            let row = [(m.aqueous, -1.0), (Species::Extractant, -z), (m.organic, 1.0), (Species::Acid, z)];
            slurry.matter.react(&row, extent);
        }
    }
}
