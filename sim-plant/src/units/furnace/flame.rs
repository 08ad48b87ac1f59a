//! Adiabatic flame of hydrogen and chlorine: chemical equilibrium at constant pressure and enthalpy.
//!
//! ```text
//! ln K_i(T) = -g_i/RT + a g_H/RT + b g_Cl/RT + c g_O/RT      of species H_a Cl_b O_c from its atoms
//! p_i = K_i p_H^a p_Cl^b p_O^c,   sum p_i + p_inert = P,   Cl/H and O/H as fed,   sum n_i h_i(T) = H_feed
//! ```
//!
//! Enthalpies and Gibbs functions are the NASA seven-coefficient polynomials that ship with Cantera 3.2.0
//! (`nasa_gas.yaml`, after Burcat and McBride; each row names its own source). The three nested searches are bounded, and
//! `p_H` needs none: the sum of pressures is quadratic in it. Left out: ClO, HOCl, HO2, radiation of the flame.

use crate::constants::GAS;
use crate::exp::exp;
use crate::root;
use crate::solution::Notes;
use crate::work::{self, Work};

/// Coefficients below and above 1000 K.
struct Polynomial {
    low: [f64; 7],
    high: [f64; 7],
}

/// What the flame is made of, in the order of [`Flame::fractions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Burnt {
    Hydrogen,
    Chlorine,
    HydrogenChloride,
    AtomicHydrogen,
    AtomicChlorine,
    Steam,
    #[expect(dead_code, reason = "known by its place in the list")]
    Hydroxyl,
    Oxygen,
    AtomicOxygen,
    Nitrogen,
}

pub(super) const BURNT: usize = 10;

/// H, Cl and O atoms of each; nitrogen stands for everything that does not burn.
const ATOMS: [[f64; 3]; BURNT] = [
    [2.0, 0.0, 0.0],
    [0.0, 2.0, 0.0],
    [1.0, 1.0, 0.0],
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [2.0, 0.0, 1.0],
    [1.0, 0.0, 1.0],
    [0.0, 0.0, 2.0],
    [0.0, 0.0, 1.0],
    [0.0, 0.0, 0.0],
];

#[rustfmt::skip]
const POLYNOMIALS: [Polynomial; BURNT] = [
    // H2, TPIS 1978
    Polynomial {
        low: [2.34433112, 0.00798052075, -1.9478151e-05, 2.01572094e-08, -7.37611761e-12, -917.935173, 0.683010238],
        high: [2.93286579, 0.000826607967, -1.46402335e-07, 1.54100359e-11, -6.88804432e-16, -813.065597, -1.02432887],
    },
    // Cl2, TPIS 1989
    Polynomial {
        low: [2.73638114, 0.007835257, -1.45104963e-05, 1.25730834e-08, -4.13247145e-12, -1058.80114, 9.44555879],
        high: [4.74727508, -0.00048858171, 2.68444871e-07, -2.43476083e-11, -1.03683148e-15, -1511.01862, -0.344551305],
    },
    // HCl, JANAF 1964
    Polynomial {
        low: [3.5248171, 2.9984862e-05, -8.6221891e-07, 2.0979721e-09, -9.8658191e-13, -12150.509, 2.40892359],
        high: [2.7665884, 0.0014381883, -4.6993e-07, 7.3499408e-11, -4.3731106e-15, -11917.468, 6.47150629],
    },
    // H, L 5/93
    Polynomial {
        low: [2.5, 0.0, 0.0, 0.0, 0.0, 25473.6599, -0.446682853],
        high: [2.50000286, -5.65334214e-09, 3.63251723e-12, -9.1994972e-16, 7.95260746e-20, 25473.6589, -0.446698494],
    },
    // Cl, JANAF 1982
    Polynomial {
        low: [2.2606248, 0.00154154399, -6.80283622e-07, -1.59972975e-09, 1.15416636e-12, 13855.2986, 6.57020799],
        high: [2.94658358, -0.000385985408, 1.36139388e-07, -2.17032923e-11, 1.28751025e-15, 13697.0327, 3.11330136],
    },
    // H2O, L 8/89
    Polynomial {
        low: [4.19864056, -0.0020364341, 6.52040211e-06, -5.48797062e-09, 1.77197817e-12, -30293.7267, -0.849032208],
        high: [2.67703787, 0.00297318329, -7.7376969e-07, 9.44336689e-11, -4.26900959e-15, -29885.8938, 6.88255571],
    },
    // OH, TPIS 1978
    Polynomial {
        low: [3.99201543, -0.00240131752, 4.61793841e-06, -3.88113333e-09, 1.3641147e-12, 3615.08056, -0.103925458],
        high: [2.83864607, 0.00110725586, -2.93914978e-07, 4.20524247e-11, -2.42169092e-15, 3943.95852, 5.84452662],
    },
    // O2, TPIS 1989
    Polynomial {
        low: [3.78245636, -0.00299673415, 9.847302e-06, -9.68129508e-09, 3.24372836e-12, -1063.94356, 3.65767573],
        high: [3.66096083, 0.000656365523, -1.41149485e-07, 2.05797658e-11, -1.29913248e-15, -1215.97725, 3.41536184],
    },
    // O, L 1/90
    Polynomial {
        low: [3.1682671, -0.00327931884, 6.64306396e-06, -6.12806624e-09, 2.11265971e-12, 29122.2592, 2.05193346],
        high: [2.54363697, -2.73162486e-05, -4.1902952e-09, 4.95481845e-12, -4.79553694e-16, 29226.012, 4.92229457],
    },
    // N2, TPIS 1978
    Polynomial {
        low: [3.53100528, -0.000123660987, -5.02999437e-07, 2.43530612e-09, -1.40881235e-12, -1046.97628, 2.96747468],
        high: [2.95257626, 0.00139690057, -4.92631691e-07, 7.86010367e-11, -4.60755321e-15, -923.948645, 5.87189252],
    },
];

/// Pressure of the standard state, Pa.
const STANDARD: f64 = 101_325.0;

/// Bounds of the flame temperature, K; the polynomials reach from 300 to 5000 K.
const COLDEST: f64 = 600.0;
const HOTTEST: f64 = 4500.0;

fn coefficients(species: usize, kelvin: f64) -> &'static [f64; 7] {
    let polynomial = &POLYNOMIALS[species];
    if kelvin < 1000.0 { &polynomial.low } else { &polynomial.high }
}

/// J/mol with the heat of formation.
pub(super) fn enthalpy(species: Burnt, kelvin: f64) -> f64 {
    of_index(species as usize, kelvin)
}

fn of_index(species: usize, t: f64) -> f64 {
    let a = coefficients(species, t);
    let sum = a[0] + t * (a[1] / 2.0 + t * (a[2] / 3.0 + t * (a[3] / 4.0 + t * a[4] / 5.0)));
    GAS * (sum * t + a[5])
}

/// Gibbs function over RT at the standard pressure.
fn gibbs(species: usize, t: f64) -> f64 {
    let a = coefficients(species, t);
    let heat = a[0] + t * (a[1] / 2.0 + t * (a[2] / 3.0 + t * (a[3] / 4.0 + t * a[4] / 5.0))) + a[5] / t;
    let entropy =
        a[0] * libm::log(t) + t * (a[1] + t * (a[2] / 2.0 + t * (a[3] / 3.0 + t * a[4] / 4.0))) + a[6];
    heat - entropy
}

/// What goes into the flame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mixture {
    /// mol of H, Cl and O atoms.
    pub atoms: [f64; 3],
    /// mol that do not burn.
    pub inert: f64,
    /// J, by the polynomials.
    pub enthalpy: f64,
    /// Pa
    pub pressure: f64,
}

/// What it becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Flame {
    /// K
    pub temperature: f64,
    /// Mole fractions, in the order of [`Burnt`].
    pub fractions: [f64; BURNT],
}

/// Where the searches of an equilibrium begin: ln of the pressures of atomic chlorine and oxygen. What is
/// out of range begins anywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    chlorine: f64,
    oxygen: f64,
}

impl Start {
    fn of(flame: &Flame, mixture: &Mixture) -> Self {
        let log = |species: Burnt| libm::log(flame.fractions[species as usize] * mixture.pressure / STANDARD);
        Self { chlorine: log(Burnt::AtomicChlorine), oxygen: log(Burnt::AtomicOxygen) }
    }
}

impl Flame {
    /// The adiabatic flame of a mixture that has hydrogen and chlorine. A mixture changes little from step to step: the
    /// searches begin at the flame `before`; [`Flame::default`] begins anywhere.
    pub(super) fn of(mixture: &Mixture, before: &Self, notes: &mut Notes) -> Self {
        let mut made = Self::default();
        let mut inner = Notes::default();
        let mut start = Start::of(before, mixture);
        let excess = |kelvin: f64| {
            let (moles, fractions) = equilibrium(kelvin, mixture, &mut start, &mut inner);
            let held: f64 = (0..BURNT).map(|k| fractions[k] * of_index(k, kelvin)).sum();
            (moles * held - mixture.enthalpy) / mixture.atoms[0]
        };
        let guess = (before.temperature, 0.1);
        made.temperature = root::rising_near(excess, guess, (COLDEST, HOTTEST), 1e-6, notes);
        notes.add(&inner);
        made.fractions = equilibrium(made.temperature, mixture, &mut start, notes).1;
        made
    }
}

/// Moles and mole fractions at equilibrium; `start` becomes what was found.
pub(super) fn equilibrium(
    kelvin: f64,
    mixture: &Mixture,
    start: &mut Start,
    notes: &mut Notes,
) -> (f64, [f64; BURNT]) {
    /// Of the searches in logarithms: where they begin to look, and how well they know.
    const REACH: f64 = 1e-3;
    const TOLERANCE: f64 = 1e-9;
    let [hydrogen, chlorine, oxygen] = mixture.atoms;
    let constant = constants(kelvin);
    let total = mixture.pressure / STANDARD;
    let inert = mixture.inert / hydrogen;
    let pressures = |chlorine: f64, oxygen: f64| {
        work::count(Work::Flame);
        pressures(&constant, total, inert, chlorine, oxygen)
    };
    let whole = |found: [f64; BURNT]| {
        let sum: f64 = found.iter().sum();
        let held: f64 = (0..BURNT).map(|k| found[k] * ATOMS[k][0]).sum();
        (hydrogen * sum / held.max(1e-300), found.map(|pressure| pressure / sum))
    };
    // Logarithms, so that one scale serves a flame and a gas that has cooled.
    let range = (-230.0, libm::log(total));
    let wanted = [libm::log(chlorine / hydrogen), libm::log(oxygen / hydrogen)];
    if let Some(found) = follow(&pressures, wanted, *start, range) {
        *start = found;
        return whole(pressures(exp(found.chlorine), exp(found.oxygen)));
    }
    let mut inner = Notes::default();
    let mut log_oxygen = start.oxygen;
    let [ratio, oxygen_ratio] = wanted;
    let mut oxygen_at = |chlorine_atom: f64| {
        if oxygen <= 0.0 {
            return 0.0;
        }
        let error = |log: f64| log_ratio(&pressures(chlorine_atom, exp(log)), 2) - oxygen_ratio;
        log_oxygen = root::rising_near(error, (log_oxygen, REACH), range, TOLERANCE, &mut inner);
        exp(log_oxygen)
    };
    let error = |log: f64| {
        let atom = exp(log);
        log_ratio(&pressures(atom, oxygen_at(atom)), 1) - ratio
    };
    let log = root::rising_near(error, (start.chlorine, REACH), range, TOLERANCE, notes);
    let atom = exp(log);
    let found = pressures(atom, oxygen_at(atom));
    *start = Start { chlorine: log, oxygen: log_oxygen };
    notes.add(&inner);
    whole(found)
}

/// Newton from a flame that was near, in both logarithms at once: a few looks in place of two searches one inside the
/// other. `None` where it does not arrive at once, or there is no oxygen: then the searches find it.
fn follow(
    pressures: &impl Fn(f64, f64) -> [f64; BURNT],
    wanted: [f64; 2],
    start: Start,
    (low, high): (f64, f64),
) -> Option<Start> {
    const STEPS: u32 = 8;
    const FINE: f64 = 1e-10;
    const PROBE: f64 = 1e-6;
    /// Steps that are longer lead anywhere.
    const FAR: f64 = 0.5;
    let look = |chlorine: f64, oxygen: f64| {
        let found = pressures(exp(chlorine), exp(oxygen));
        [log_ratio(&found, 1) - wanted[0], log_ratio(&found, 2) - wanted[1]]
    };
    let Start { mut chlorine, mut oxygen } = start;
    for _ in 0..STEPS {
        let inside = |log: f64| log > low && log < high;
        if !inside(chlorine) || !inside(oxygen) {
            return None;
        }
        let here = look(chlorine, oxygen);
        let (by_chlorine, by_oxygen) = (look(chlorine + PROBE, oxygen), look(chlorine, oxygen + PROBE));
        let [[a, c], [b, d]] =
            [by_chlorine, by_oxygen].map(|there| [0, 1].map(|k| (there[k] - here[k]) / PROBE));
        let whole = a * d - b * c;
        let step = [(b * here[1] - d * here[0]) / whole, (c * here[0] - a * here[1]) / whole];
        // What is no number is not near.
        if !step.iter().all(|step| step.abs() < FAR) {
            return None;
        }
        chlorine += step[0];
        oxygen += step[1];
        if step.iter().all(|step| step.abs() < FINE) {
            return Some(Start { chlorine, oxygen });
        }
    }
    None
}

/// K of each from its atoms.
fn constants(kelvin: f64) -> [f64; BURNT] {
    let atom = [Burnt::AtomicHydrogen, Burnt::AtomicChlorine, Burnt::AtomicOxygen]
        .map(|species| gibbs(species as usize, kelvin));
    core::array::from_fn(|k| {
        let atoms: f64 = ATOMS[k].iter().zip(atom).map(|(count, gibbs)| count * gibbs).sum();
        exp(atoms - gibbs(k, kelvin))
    })
}

/// Pressures (in standard pressures) that add up to `total`, given those of atomic chlorine and oxygen.
fn pressures(k: &[f64; BURNT], total: f64, inert: f64, chlorine: f64, oxygen: f64) -> [f64; BURNT] {
    let [h2, cl2, hcl, _, _, water, hydroxyl, o2, _, _] = *k;
    let pairs = h2 + water * oxygen;
    let single = 1.0 + hcl * chlorine + hydroxyl * oxygen;
    let rest = total - chlorine - cl2 * chlorine * chlorine - oxygen - o2 * oxygen * oxygen;
    // a p^2 + b p = rest, with the inert gas that comes with each atom of hydrogen.
    let (a, b) = (pairs * (1.0 + 2.0 * inert), single * (1.0 + inert));
    let hydrogen = if rest > 0.0 { 2.0 * rest / (b + (b * b + 4.0 * a * rest).sqrt()) } else { 0.0 };
    [
        h2 * hydrogen * hydrogen,
        cl2 * chlorine * chlorine,
        hcl * hydrogen * chlorine,
        hydrogen,
        chlorine,
        water * hydrogen * hydrogen * oxygen,
        hydroxyl * hydrogen * oxygen,
        o2 * oxygen * oxygen,
        oxygen,
        inert * hydrogen * (2.0 * pairs * hydrogen + single),
    ]
}

/// ln of atoms of `element` per atom of hydrogen.
fn log_ratio(pressures: &[f64; BURNT], element: usize) -> f64 {
    let (mut own, mut hydrogen) = (1e-300, 1e-300);
    for (pressure, atoms) in pressures.iter().zip(&ATOMS) {
        own += pressure * atoms[element];
        hydrogen += pressure * atoms[0];
    }
    libm::log(own / hydrogen)
}

#[cfg(test)]
mod tests {
    use super::{ATOMS, BURNT, Burnt, Flame, Mixture, Start, enthalpy, equilibrium};
    use crate::solution::Notes;

    /// H2, Cl2, O2, N2 in mol at a temperature and a pressure.
    fn mixture(moles: [f64; 4], kelvin: f64, pressure: f64) -> Mixture {
        let species = [Burnt::Hydrogen, Burnt::Chlorine, Burnt::Oxygen, Burnt::Nitrogen];
        Mixture {
            atoms: [2.0 * moles[0], 2.0 * moles[1], 2.0 * moles[2]],
            inert: moles[3],
            enthalpy: species.iter().zip(moles).map(|(s, n)| n * enthalpy(*s, kelvin)).sum(),
            pressure,
        }
    }

    fn anywhere() -> Start {
        Start::of(&Flame::default(), &Mixture::default())
    }

    #[test]
    fn a_flame_that_follows_another_is_the_one_that_it_would_be_alone() {
        let mut notes = Notes::default();
        let mut before = Flame::default();
        for (moles, kelvin, pressure) in [
            ([1.05, 1.0, 0.0, 0.0], 298.15, 1.01325e5),
            ([1.051, 1.0, 0.0, 0.0], 298.3, 1.01325e5),
            ([1.051, 1.0, 0.02, 0.05], 298.3, 1.01325e5),
            ([20.0, 1.0, 1e-9, 0.1], 310.0, 1.1e5),
            ([0.06, 1.0, 0.0, 3.0], 250.0, 1.0e5),
            ([1.0, 1.0, 0.3, 0.0], 400.0, 1.5e5),
        ] {
            let mixture = mixture(moles, kelvin, pressure);
            let alone = Flame::of(&mixture, &Flame::default(), &mut notes);
            let after = Flame::of(&mixture, &before, &mut notes);
            assert!((after.temperature - alone.temperature).abs() < 1e-5, "{moles:?}");
            for (a, b) in after.fractions.iter().zip(alone.fractions) {
                assert!((a - b).abs() <= 1e-7 * b + 1e-15, "{moles:?}: {a} {b}");
            }
            before = after;
        }
        assert!(notes.lines().is_empty(), "{:?}", notes.lines());
    }

    #[test]
    fn the_flame_agrees_with_cantera_at_any_ratio_with_oxygen_inert_gas_and_pressure() {
        // Cantera 3.2.0, the same ten species, HP equilibrium: K, then x of HCl, Cl, H, H2O.
        let cases = [
            ([1.0, 1.0, 0.0, 0.0], 298.15, 1.01325e5, [2493.137, 0.878943, 0.0784084, 0.00471654, 0.0]),
            ([1.05, 1.0, 0.0, 0.0], 298.15, 1.01325e5, [2501.842, 0.872318, 0.0669767, 0.00591238, 0.0]),
            ([0.9, 1.0, 0.0, 0.0], 298.15, 1.01325e5, [2403.683, 0.875698, 0.113081, 0.00144672, 0.0]),
            ([1.05, 1.0, 0.0, 0.0], 320.0, 1.5e5, [2537.058, 0.875718, 0.0647056, 0.00561342, 0.0]),
            (
                [1.05, 1.0, 0.02, 0.05],
                298.15,
                1.01325e5,
                [2501.627, 0.838308, 0.0748156, 0.00507703, 0.0177629],
            ),
        ];
        let mut notes = Notes::default();
        for (moles, kelvin, pressure, expected) in cases {
            let flame = Flame::of(&mixture(moles, kelvin, pressure), &Flame::default(), &mut notes);
            let x = |species: Burnt| flame.fractions[species as usize];
            let ours = [
                flame.temperature,
                x(Burnt::HydrogenChloride),
                x(Burnt::AtomicChlorine),
                x(Burnt::AtomicHydrogen),
                x(Burnt::Steam),
            ];
            for (ours, expected) in ours.iter().zip(expected) {
                assert!((ours - expected).abs() <= 2e-5 * expected + 1e-12, "{moles:?}: {ours} {expected}");
            }
        }
        assert!(notes.lines().is_empty(), "{:?}", notes.lines());
    }

    #[test]
    fn atoms_are_conserved_from_a_cool_gas_to_the_hottest_one() {
        let mut notes = Notes::default();
        for kelvin in [600.0, 673.15, 999.0, 1001.0, 2500.0, 4500.0] {
            for hydrogen in [0.05, 0.9, 1.0, 1.05, 20.0] {
                let mixture = mixture([hydrogen, 1.0, 0.02, 0.1], 298.15, 1.1e5);
                let (moles, x) = equilibrium(kelvin, &mixture, &mut anywhere(), &mut notes);
                for (element, fed) in mixture.atoms.iter().enumerate() {
                    let held: f64 = (0..BURNT).map(|k| moles * x[k] * ATOMS[k][element]).sum();
                    assert!((held / fed - 1.0).abs() < 1e-6, "{kelvin} K, {hydrogen}: {held} {fed}");
                }
                assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!((moles * x[Burnt::Nitrogen as usize] - 0.1).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn chlorine_is_all_but_gone_at_400_degc_when_hydrogen_is_in_excess() {
        let gas = mixture([1.05, 1.0, 0.0, 0.0], 298.15, 1.01325e5);
        let (_, x) = equilibrium(673.15, &gas, &mut anywhere(), &mut Notes::default());
        // Basis 3.1: 2e-14.
        let free = x[Burnt::Chlorine as usize];
        assert!((1e-14..4e-14).contains(&free), "{free}");
    }
}
