//! Liquors above the solubility of something whose crystals are left out: what is noted of them.

use super::equilibria::activity_shift;
use super::solubility::{LITHIUM_HYDROXIDE, Salt, lithium_carbonate_product, lithium_fluoride_product};
use super::{Notes, Remark, Slurry, interpolate};
use crate::chemistry::Chemistry;
use crate::constants::{MASS_H, MASS_O, MASS_WATER, ZERO_CELSIUS};
use crate::species::Species;

/// g NaOH per 100 g of water: Seidell's table (recalled); at 90 degC 76.28 wt%, ACS Omega 2020, 5, 4875, table 5, looked up.
const SODIUM_HYDROXIDE: [(f64, f64); 10] = [
    (0.0, 42.0),
    (10.0, 51.0),
    (20.0, 109.0),
    (30.0, 119.0),
    (40.0, 129.0),
    (50.0, 145.0),
    (60.0, 174.0),
    (80.0, 313.0),
    (90.0, 321.6),
    (100.0, 347.0),
];

/// g NaCl per 100 g of water: CRC Handbook (97th ed.), recalled.
const SODIUM_CHLORIDE: [(f64, f64); 7] =
    [(0.0, 35.7), (20.0, 35.9), (30.0, 36.1), (40.0, 36.4), (60.0, 37.1), (80.0, 38.1), (100.0, 39.2)];

/// g per 100 g of water, CRC Handbook (97th ed.) and Seidell, recalled: potassium, calcium, magnesium, copper.
const POTASSIUM_CHLORIDE: [(f64, f64); 8] = [
    (0.0, 28.0),
    (10.0, 31.2),
    (20.0, 34.2),
    (30.0, 37.2),
    (40.0, 40.1),
    (60.0, 45.8),
    (80.0, 51.3),
    (100.0, 56.3),
];
const CALCIUM_CHLORIDE: [(f64, f64); 8] = [
    (0.0, 59.5),
    (10.0, 64.7),
    (20.0, 74.5),
    (30.0, 100.0),
    (40.0, 128.0),
    (60.0, 137.0),
    (80.0, 147.0),
    (100.0, 159.0),
];
const MAGNESIUM_SULFATE: [(f64, f64); 9] = [
    (0.0, 22.0),
    (10.0, 28.2),
    (20.0, 33.7),
    (30.0, 38.9),
    (40.0, 44.5),
    (60.0, 54.6),
    (80.0, 55.8),
    (90.0, 52.9),
    (100.0, 50.4),
];
const COPPER_SULFATE: [(f64, f64); 8] = [
    (0.0, 14.3),
    (10.0, 17.4),
    (20.0, 20.7),
    (30.0, 25.0),
    (40.0, 28.5),
    (60.0, 40.0),
    (80.0, 55.0),
    (100.0, 75.4),
];
/// The same of soda: that of the 10-hydrate rises ever more steeply up to the corner at 35.4 degC.
const SODIUM_CARBONATE: [(f64, f64); 10] = [
    (0.0, 7.1),
    (10.0, 12.5),
    (15.0, 16.4),
    (20.0, 21.5),
    (25.0, 29.4),
    (30.0, 38.8),
    (35.4, 49.5),
    (60.0, 46.4),
    (80.0, 45.1),
    (100.0, 44.7),
];
const SODIUM_BICARBONATE: [(f64, f64); 9] = [
    (0.0, 6.9),
    (10.0, 8.15),
    (20.0, 9.6),
    (30.0, 11.1),
    (40.0, 12.7),
    (50.0, 14.45),
    (60.0, 16.4),
    (80.0, 20.2),
    (100.0, 23.6),
];

/// What a cation makes a salt with: an ion of the ledger, or a form of one that equilibrium decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anion {
    Of(Species),
    Hydroxide,
    Carbonate,
    Bicarbonate,
}

/// A salt that a liquor may hold more of than dissolves: its name, its cation with how many of it, its anion, its table.
type Dissolving = (&'static str, Species, f64, Anion, &'static [(f64, f64)]);

const DISSOLVING: [Dissolving; 15] = [
    ("NaOH", Species::Sodium, 1.0, Anion::Hydroxide, &SODIUM_HYDROXIDE),
    ("LiOH", Species::Lithium, 1.0, Anion::Hydroxide, &LITHIUM_HYDROXIDE),
    ("NaCl", Species::Sodium, 1.0, Anion::Of(Species::Chloride), &SODIUM_CHLORIDE),
    ("LiCl", Species::Lithium, 1.0, Anion::Of(Species::Chloride), Salt::LithiumChloride.table()),
    ("KCl", Species::Potassium, 1.0, Anion::Of(Species::Chloride), &POTASSIUM_CHLORIDE),
    ("CaCl2", Species::Calcium, 0.5, Anion::Of(Species::Chloride), &CALCIUM_CHLORIDE),
    ("Li2SO4", Species::Lithium, 2.0, Anion::Of(Species::Sulfate), Salt::LithiumSulfate.table()),
    ("Na2SO4", Species::Sodium, 2.0, Anion::Of(Species::Sulfate), Salt::SodiumSulfate.table()),
    ("MgSO4", Species::Magnesium, 1.0, Anion::Of(Species::Sulfate), &MAGNESIUM_SULFATE),
    ("CuSO4", Species::Copper, 1.0, Anion::Of(Species::Sulfate), &COPPER_SULFATE),
    ("NiSO4", Species::Nickel, 1.0, Anion::Of(Species::Sulfate), Salt::NickelSulfate.table()),
    ("CoSO4", Species::Cobalt, 1.0, Anion::Of(Species::Sulfate), Salt::CobaltSulfate.table()),
    ("MnSO4", Species::Manganese, 1.0, Anion::Of(Species::Sulfate), Salt::ManganeseSulfate.table()),
    ("Na2CO3", Species::Sodium, 2.0, Anion::Carbonate, &SODIUM_CARBONATE),
    ("NaHCO3", Species::Sodium, 1.0, Anion::Bicarbonate, &SODIUM_BICARBONATE),
];
/// Of a salt in water so much more than its solubility may be the tables' own doubt; of a salt that hardly dissolves, so
/// many times its saturation is metastable for hours.
const DOUBT: f64 = 1.05;
const METASTABLE: f64 = 1.5;

/// A salt of which there is more than dissolves, and how many times as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Excess {
    pub(crate) salt: &'static str,
    pub(crate) times: f64,
}

/// Notes a liquor in whose water, with nothing else in it, one of its salts would not dissolve, but those of the cation and
/// the anion whose crystals are modelled there.
pub(crate) fn note_oversaturated(
    liquor: &Slurry,
    modelled: Option<(Species, Anion)>,
    chemistry: &Chemistry,
    notes: &mut Notes,
) {
    notes.check(Remark::Oversaturated, excess(liquor, modelled, chemistry).is_none());
}

/// The first salt that would not dissolve.
pub(crate) fn excess(
    liquor: &Slurry,
    modelled: Option<(Species, Anion)>,
    chemistry: &Chemistry,
) -> Option<Excess> {
    if liquor.liquor < super::VOLUME_FLOOR {
        return None;
    }
    let asked = |cation: Species, anion: Anion| modelled != Some((cation, anion));
    let lithium = |anion: Anion| asked(Species::Lithium, anion);
    let of = |salt: &'static str, times: f64, most: f64| (times > most).then_some(Excess { salt, times });
    DISSOLVING
        .iter()
        .filter(|salt| asked(salt.1, salt.3))
        .find_map(|salt| of(salt.0, of_table(liquor, salt, chemistry), DOUBT))
        .or_else(|| {
            let times = if lithium(Anion::Carbonate) { of_lithium_carbonate(liquor, chemistry) } else { 0.0 };
            of("Li2CO3", times, METASTABLE)
        })
        .or_else(|| {
            let anion = Anion::Of(Species::Fluoride);
            let times = if lithium(anion) { of_lithium_fluoride(liquor, chemistry) } else { 0.0 };
            of("LiF", times, METASTABLE)
        })
        .or_else(|| of("CaSO4.2H2O", of_gypsum(liquor), METASTABLE))
}

/// What there is of one salt in all the water there is, over what would dissolve in it alone.
fn of_table(liquor: &Slurry, &(_, cation, count, anion, table): &Dissolving, chemistry: &Chemistry) -> f64 {
    let m = &liquor.matter;
    let litres = liquor.liquor * 1e3;
    let hydroxide = (-m[Species::Acid]).max(0.0);
    let carbonate = chemistry.molar_mass(Species::Carbonate);
    let (held, mass) = match anion {
        Anion::Of(species) => (m[species].max(0.0), chemistry.molar_mass(species)),
        Anion::Hydroxide => (hydroxide, MASS_O + MASS_H),
        Anion::Carbonate => (liquor.species.carbonate * litres, carbonate),
        Anion::Bicarbonate => (liquor.species.bicarbonate * litres, carbonate + MASS_H),
    };
    let moles = (m[cation].max(0.0) / count).min(held);
    if moles <= 0.0 {
        return 0.0;
    }
    let salt = moles * (count * chemistry.molar_mass(cation) + mass);
    salt / dissolved(table, liquor).max(1e-9)
}

/// kg that dissolve by a table in the water of a liquor. OH- is water less a proton.
fn dissolved(table: &[(f64, f64)], liquor: &Slurry) -> f64 {
    let m = &liquor.matter;
    let water = (m[Species::Water] - (-m[Species::Acid]).max(0.0)).max(0.0) * MASS_WATER;
    0.01 * interpolate(table, liquor.temperature - ZERO_CELSIUS) * water
}

/// g HCl per 100 g of water under one atmosphere of it: CRC Handbook, recalled.
const HYDROGEN_CHLORIDE: [(f64, f64); 7] =
    [(0.0, 82.3), (10.0, 77.2), (20.0, 72.1), (30.0, 67.3), (40.0, 63.3), (50.0, 59.6), (60.0, 56.1)];

/// HCl above what water takes up under one atmosphere of it: no vessel that is open holds that.
pub(crate) fn fuming(liquor: &Slurry, chemistry: &Chemistry) -> Option<Excess> {
    let m = &liquor.matter;
    let moles = m[Species::Acid].min(m[Species::Chloride]).max(0.0);
    let mass = moles * (MASS_H + chemistry.molar_mass(Species::Chloride));
    let times = mass / dissolved(&HYDROGEN_CHLORIDE, liquor).max(1e-9);
    (times > DOUBT).then_some(Excess { salt: "HCl", times })
}

/// Times the saturation, as a concentration.
fn of_lithium_carbonate(liquor: &Slurry, chemistry: &Chemistry) -> f64 {
    let (free, lithium) = (liquor.species.carbonate, liquor.concentration(Species::Lithium));
    if free <= 0.0 || lithium <= 0.0 {
        return 0.0;
    }
    let product = lithium_carbonate_product(liquor, 0.0, chemistry, &mut Notes::default());
    libm::cbrt(lithium * lithium * free / product)
}

fn of_lithium_fluoride(liquor: &Slurry, chemistry: &Chemistry) -> f64 {
    let (free, lithium) = (liquor.species.fluoride, liquor.concentration(Species::Lithium));
    if free <= 0.0 || lithium <= 0.0 {
        return 0.0;
    }
    libm::sqrt(lithium * free / lithium_fluoride_product(liquor, chemistry))
}

/// CaSO4.2H2O: log K -4.58 at 25 degC, which hardly moves with the temperature, and the pair CaSO4(aq) of log K 2.30 that
/// stands beside its ions (phreeqc.dat, recalled).
fn of_gypsum(liquor: &Slurry) -> f64 {
    /// Of activities, (mol/L)^2, and of the pair at saturation, mol/L.
    const PRODUCT: f64 = 2.63e-5;
    const PAIRED: f64 = 5.25e-3;
    // Of the pair there is less where calcium itself is scarce.
    let calcium = liquor.concentration(Species::Calcium) - PAIRED;
    let sulfate = liquor.species.sulfate - PAIRED;
    // Salt only makes it dissolve better; most liquors end here.
    if calcium <= 0.0 || calcium * sulfate < PRODUCT {
        return 0.0;
    }
    let activity = activity_shift(liquor.temperature, liquor.ionic_strength(), 8.0, 0.0);
    libm::sqrt(calcium * sulfate / PRODUCT) * libm::exp(-0.5 * core::f64::consts::LN_10 * activity)
}
