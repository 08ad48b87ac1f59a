//! Hydroxides of a sulfate liquor: what falls or dissolves again in one step, the pH that follows, and what is held.
//!
//! ```text
//! M(n+) + n H2O <-> M(OH)n + n H+               log10 [M]sat = log K(T) + m - n pH,    dx/dt = k(T) ([M] - [M]sat)
//! Al(OH)3 + H2O <-> Al(OH)4- + H+               adds 10^(log K_a(T) + pH) to [Al]sat: least near pH 6
//! Ni, Co, Mn, Cu, Fe(II) held by the Fe and Al hydroxides:  q = K 10^(s (pH - 5.5)) [M] (n_Fe + n_Al)
//! ```
//!
//! Sources: basis 4.4 and 6.2. `log K` is of the solid that falls first, moved from 25 degC by van 't Hoff. `m` is what
//! the liquor adds for the total of the dissolved metal: activity, sulfate complexes and hydrolysis in a sulfate liquor of
//! an ionic strength near 2; so it serves there and not in water. At one pH every metal goes its own way and its
//! extent is a closed form, so a step is one search for the pH at which the acid set free and the acid of the liquor
//! agree. What is held on the solids is counted as hydroxide, which gives two protons back as surface sites do. Left out:
//! green rust, jarosite and schwertmannite, basic sulfates, phosphate, fluoride, ageing.

use core::f64::consts::LN_10;

use crate::constants::{GAS, REFERENCE, ZERO_CELSIUS};
use crate::parameters::Reader;
use crate::root;
use crate::solution::equilibria::{Equilibria, Speciation};
use crate::solution::{Notes, Remark, Slurry, VOLUME_FLOOR};
use crate::species::Species;

const FILE: (&str, &str) =
    ("sim-plant/parameters/hydroxides.toml", include_str!("../../parameters/hydroxides.toml"));

pub(super) const HYDROXIDES: usize = 7;
/// Name of its parameters, dissolved, hydroxide. The metals that hydrolyse come first, as in [`Equilibria`].
pub(super) const HYDROXIDE: [(&str, Species, Species); HYDROXIDES] = [
    ("Fe", Species::Ferric, Species::FerricHydroxide),
    ("Al", Species::Aluminium, Species::AluminiumHydroxide),
    ("Cu", Species::Copper, Species::CopperHydroxide),
    ("Ni", Species::Nickel, Species::NickelHydroxide),
    ("Co", Species::Cobalt, Species::CobaltHydroxide),
    ("Mn", Species::Manganese, Species::ManganeseHydroxide),
    ("Fe2", Species::Ferrous, Species::FerrousHydroxide),
];

/// The constants serve between these temperatures, K; outside they are held and it is noted.
const WARMTH: (f64, f64) = (ZERO_CELSIUS + 15.0, ZERO_CELSIUS + 95.0);
/// Below this much sulfate, mol/L, the liquor is not the one that the constants are of.
const SULFATE_MIN: f64 = 0.05;
/// No liquor has its pH outside these.
const PH: (f64, f64) = (-3.0, 16.0);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hydroxides {
    /// log10 of the solubility constant at 25 degC.
    solubility: [f64; HYDROXIDES],
    /// J/mol of dissolving in acid.
    enthalpy: [f64; HYDROXIDES],
    /// What the liquor adds, log10.
    medium: [f64; HYDROXIDES],
    /// 1/s at 25 degC.
    rate: [f64; HYDROXIDES],
    /// J/mol
    activation: f64,
    /// Held at pH 5.5: L/mol.
    held: [f64; HYDROXIDES],
    held_slope: f64,
}

impl Hydroxides {
    /// The file of the hydroxides stands behind the unit's own, so one set of numbers serves every unit.
    pub(super) fn read(r: &mut Reader<'_>) -> Self {
        r.stand_behind(FILE);
        let mut column = |table: &str, text: &str, unit, low, high| {
            HYDROXIDE.map(|(name, ..)| r.described(table, name, text, unit, low, high))
        };
        Self {
            solubility: column(
                "solubility",
                "log10 of K of M(OH)n + n H+ = M + n H2O, 25 degC",
                "",
                0.0,
                25.0,
            ),
            enthalpy: column("enthalpy", "Of that reaction", "kJ/mol", -300.0, 100.0),
            medium: column("medium", "log10 of total over free metal, with its activity", "", -2.0, 8.0),
            rate: column("rate", "Approach to saturation at 25 degC", "1/min", 1e-4, 1e3),
            held: column(
                "held",
                "Held by Fe and Al hydroxide at pH 5.5, per mol of these",
                "L/mol",
                0.0,
                10.0,
            ),
            held_slope: r.described(
                "holding",
                "slope",
                "log10 of what is held rises by this per pH",
                "",
                0.0,
                3.0,
            ),
            activation: r.described(
                "precipitation",
                "activation_energy",
                "Activation energy of the approach to saturation",
                "kJ/mol",
                0.0,
                150.0,
            ),
        }
    }

    /// What can fall or dissolve in `slurry` in `dt` seconds; `running` scales the rates. Nothing where there is nothing.
    pub(super) fn ahead(&self, slurry: &Slurry, running: f64, dt: f64) -> Ahead {
        let kelvin = slurry.temperature.clamp(WARMTH.0, WARMTH.1);
        let inverse = (1.0 / kelvin - 1.0 / REFERENCE) / GAS;
        let pace = running * dt * libm::exp(-self.activation * inverse);
        let litres = slurry.liquor.max(VOLUME_FLOOR) * 1e3;
        let of = |species: Species| slurry.matter[species].max(0.0);
        let hosts = of(Species::FerricHydroxide) + of(Species::AluminiumHydroxide);
        let ways = core::array::from_fn(|k| {
            let (_, aqueous, solid) = HYDROXIDE[k];
            Way {
                dissolved: of(aqueous),
                present: of(solid),
                protons: aqueous.charge(),
                log: self.solubility[k] + self.medium[k] - self.enthalpy[k] * inverse / LN_10,
                weight: libm::expm1((self.rate[k] * pace).min(50.0)),
                sites: self.held[k] * hosts / litres,
            }
        });
        Ahead { ways, litres, held_slope: self.held_slope, equilibria: slurry.equilibria }
    }

    /// Moves every hydroxide towards its saturation, or towards what the iron and aluminium solids hold.
    pub(super) fn precipitate(&self, slurry: &mut Slurry, running: f64, dt: f64, notes: &mut Notes) {
        if slurry.liquor <= VOLUME_FLOOR {
            return;
        }
        let ahead = self.ahead(slurry, running, dt);
        let now = slurry.ph();
        if ahead.rests(now) {
            return;
        }
        let warm = (WARMTH.0..=WARMTH.1).contains(&slurry.temperature);
        let sulfate = slurry.concentration(Species::Sulfate) >= SULFATE_MIN;
        notes.check(Remark::Solubility, warm && sulfate);
        let (acid, litres) = (slurry.matter[Species::Acid], ahead.litres);
        let surplus = |ph: f64| {
            let has = Speciation::acid_at(ph, &slurry.matter, slurry.liquor, &slurry.equilibria) * litres;
            acid + ahead.acid_freed(ph) - has
        };
        let ph = root::rising_near(surplus, (now, 0.01), PH, 1e-10, notes);
        ahead.go(slurry, ph);
        slurry.respeciate(notes);
    }
}

/// What one metal can do in one step.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// mol
    dissolved: f64,
    present: f64,
    /// Protons that one mol sets free.
    protons: f64,
    /// log10 of the total dissolved at saturation and pH 0, mol/L.
    log: f64,
    /// w/(1 - w), w the share of the way that is gone in this step.
    weight: f64,
    /// What the hosts hold at pH 5.5, per mol dissolved.
    sites: f64,
}

impl Way {
    /// mol that fall in the step when it ends at this pH, `lye` mol/L staying as aluminate; negative dissolves. The longer
    /// of two ways: to saturation, and to what the hosts hold.
    fn extent(&self, ph: f64, lye: f64, litres: f64, slope: f64) -> f64 {
        if self.dissolved + self.present <= 0.0 {
            return 0.0;
        }
        let log = (self.log - self.protons * ph).clamp(-30.0, 12.0);
        let over = self.dissolved - (libm::exp(LN_10 * log) + lye) * litres;
        let held = self.sites * libm::exp(LN_10 * slope * (ph - 5.5));
        let weight = self.weight;
        let to_saturation = weight * over / (1.0 + weight);
        let to_hosts = weight * (held * self.dissolved - self.present) / (1.0 + weight * (1.0 + held));
        to_saturation.max(to_hosts).clamp(-self.present, self.dissolved)
    }
}

/// What can fall or dissolve in one step, as a function of the pH at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    ways: [Way; HYDROXIDES],
    litres: f64,
    held_slope: f64,
    equilibria: Equilibria,
}

impl Ahead {
    fn extent(&self, which: usize, ph: f64) -> f64 {
        let amphoteric = HYDROXIDE[which].1 == Species::Aluminium;
        let lye = if amphoteric { self.equilibria.saturated_aluminate(ph) } else { 0.0 };
        self.ways[which].extent(ph, lye, self.litres, self.held_slope)
    }

    /// Nothing falls and nothing dissolves at this pH.
    fn rests(&self, ph: f64) -> bool {
        (0..HYDROXIDES).all(|k| {
            let all = self.ways[k].dissolved + self.ways[k].present;
            self.extent(k, ph).abs() <= 1e-15 * all
        })
    }

    /// mol of H+ set free in a step that ends at this pH, beyond what the metal that falls has given away before: aluminate has
    /// given away more than falling does, and takes one back.
    pub(super) fn acid_freed(&self, ph: f64) -> f64 {
        (0..HYDROXIDES)
            .map(|k| {
                let (way, falls) = (&self.ways[k], self.extent(k, ph));
                let given = |moles: f64| self.equilibria.given(k, moles / self.litres, ph) * self.litres;
                way.protons * falls - (given(way.dissolved) - given(way.dissolved - falls))
            })
            .sum()
    }

    /// Lets it happen.
    fn go(&self, slurry: &mut Slurry, ph: f64) {
        for (k, (_, aqueous, solid)) in HYDROXIDE.into_iter().enumerate() {
            let n = self.ways[k].protons;
            let row = [(aqueous, -1.0), (Species::Water, -n), (solid, 1.0), (Species::Acid, n)];
            slurry.matter.react(&row, self.extent(k, ph));
        }
    }
}
