//! What reacts in one tank in one step.

use super::{Settings, Tank, arrhenius};
use crate::chemistry::Chemistry;
use crate::constants::REFERENCE;
use crate::matter::Matter;
use crate::solution::solubility::lithium_fluoride_product;
use crate::solution::{Notes, Remark, Slurry};
use crate::species::Species;
use crate::units::compartments::{Vent, evaporable};
use Species::{
    Acid, Aluminium, AluminiumHydroxide, AluminiumMetal, Cobalt, CobaltDioxide, CobaltHydroxide, Copper,
    CopperHydroxide, CopperMetal, Ferric, FerricHydroxide, FerricPhosphate, Ferrous, FerrousHydroxide,
    Fluoride, Hydrogen, IronMetal, LatticeCobalt, LatticeLithium, LatticeManganese, LatticeNickel, Lithium,
    LithiumFluoride, LithiumIronPhosphate, Manganese, ManganeseDioxide, ManganeseHydroxide, Nickel,
    NickelDioxide, NickelHydroxide, Oxygen, Peroxide, Phosphate, Sulfate, Sulfite, Water,
};

type Row = [(Species, f64)];

/// mol/L of H+ at which the lattice dissolves half as fast as its order has it: what the hydrolysis of the dissolved metals sets free
/// near pH 5 takes no oxide apart. Asserted.
const SPENT: f64 = 1e-3;

/// Where each element is: dissolved, and solid. Li, Ni, Co, Mn, Cu, Al, Fe.
pub(super) const ELEMENTS: [(&[Species], &[Species]); 7] = [
    (&[Lithium], &[LatticeLithium, LithiumIronPhosphate, LithiumFluoride]),
    (&[Nickel], &[LatticeNickel, NickelDioxide, NickelHydroxide]),
    (&[Cobalt], &[LatticeCobalt, CobaltDioxide, CobaltHydroxide]),
    (&[Manganese], &[LatticeManganese, ManganeseDioxide, ManganeseHydroxide]),
    (&[Copper], &[CopperMetal, CopperHydroxide]),
    (&[Aluminium], &[AluminiumMetal, AluminiumHydroxide]),
    (
        &[Ferrous, Ferric],
        &[IronMetal, LithiumIronPhosphate, FerricPhosphate, FerricHydroxide, FerrousHydroxide],
    ),
];

struct Metal {
    fresh: Species,
    dioxide: Species,
    ion: Species,
}

const METALS: [Metal; 3] = [
    Metal { fresh: LatticeNickel, dioxide: NickelDioxide, ion: Nickel },
    Metal { fresh: LatticeCobalt, dioxide: CobaltDioxide, ion: Cobalt },
    Metal { fresh: LatticeManganese, dioxide: ManganeseDioxide, ion: Manganese },
];

/// Extents that are wanted in this step, with what they take of acid and reductants.
#[derive(Default)]
struct Wanted {
    /// H+ and H2O2 and SO3--, mol.
    acid: f64,
    peroxide: f64,
    sulfite: f64,
    ferrous: f64,
}

/// How much of what is wanted can be had: never more than there is, and smooth.
fn granted(held: f64, wanted: f64) -> f64 {
    if wanted > 0.0 { held.max(0.0) / (held.max(0.0) + wanted) } else { 1.0 }
}

/// `3 n0^(1/3) n^(2/3)`, mol.
fn surface(grains: f64, held: f64) -> f64 {
    let held = held.max(0.0);
    3.0 * libm::cbrt(grains.max(held)) * libm::cbrt(held * held)
}

fn go(matter: &mut Matter, row: &Row, extent: f64) {
    let extent = extent.clamp(0.0, matter.reach(row));
    matter.react(row, extent);
}

/// Everything runs, but makes no more heat in a step than warms the slurry to its boiling point and leaves with the steam
/// of a quarter of its free water: what has none left waits until the wall has cooled it.
pub(super) fn run(tank: &mut Tank, s: &Settings, head: Vent<'_>, stirred: f64, dt: f64, notes: &mut Notes) {
    let before = tank.slurry.matter.clone();
    lattice(tank, s, stirred, dt);
    side(tank, s, &Salt::of(&tank.slurry, head.chemistry), stirred, dt);
    follow(tank);
    let slurry = &mut tank.slurry;
    // J that formation and warmth have less now.
    let bound = |matter: &Matter| {
        let (formation, capacity) = head.chemistry.sums(matter);
        formation + capacity * (slurry.temperature - REFERENCE)
    };
    let heat = bound(&before) - bound(&slurry.matter);
    let after = core::mem::replace(&mut slurry.matter, before);
    if heat > evaporable(slurry) {
        let room = head.bearable(slurry, notes);
        if heat > room {
            notes.note(Remark::BoilingDry);
            let share = room / heat;
            for (now, then) in slurry.matter.amount.iter_mut().zip(&after.amount) {
                *now += share * (then - *now);
            }
            return;
        }
    }
    slurry.matter = after;
}

/// The layered oxide and its dioxides.
fn lattice(tank: &mut Tank, s: &Settings, stirred: f64, dt: f64) {
    let Tank { slurry, grains } = tank;
    let kelvin = slurry.temperature;
    let litres = slurry.liquor * 1e3;
    let k = &s.kinetics;
    let proton = slurry.species.proton;
    let acid = libm::pow(proton, k.acid_order) * proton / (proton + SPENT);
    let drive = stirred * k.activity * acid * dt;
    let order = |strength: f64| libm::pow(strength.max(0.0), k.reductant_order);
    let peroxide = order(slurry.concentration(Peroxide));
    let sulfite = k.sulfite * order(slurry.concentration(Sulfite));
    let ferrous = k.ferrous * order(slurry.concentration(Ferrous));
    let reductant = peroxide + sulfite + ferrous;
    let warm_metal = arrhenius(k.activation_metal, kelvin);
    let warm_attack = arrhenius(k.activation_attack, kelvin);
    let constants = [k.nickel, k.cobalt, k.manganese];
    let shares = [k.water_nickel, k.water_cobalt, k.water_manganese];

    // What the lattice wants, mol in this step.
    let first = (slurry.matter[LatticeLithium] - (1.0 - k.first_share) * grains[0]).max(0.0);
    let lithium = drive
        * surface(grains[0], slurry.matter[LatticeLithium])
        * (k.lithium * arrhenius(k.activation_lithium, kelvin) * reductant + k.attack_lithium * warm_attack)
        + drive * k.first * arrhenius(k.activation_first, kelvin) * first;
    let mut reduced = [0.0; 3];
    let mut attacked = [0.0; 3];
    let mut returned = [0.0; 3];
    let mut wanted = Wanted { acid: lithium, ..Wanted::default() };
    for (m, metal) in METALS.iter().enumerate() {
        let area = surface(grains[1 + m], slurry.matter[metal.fresh]);
        let left = surface(grains[1 + m], slurry.matter[metal.dioxide]);
        reduced[m] = drive * area * constants[m] * warm_metal * reductant;
        attacked[m] = drive * area * k.attack * warm_attack;
        returned[m] = drive * left * constants[m] * warm_metal * reductant;
        // In mol of peroxide: two electrons each, one of Fe2+.
        let electrons = 0.5 * reduced[m] + returned[m];
        // Fe2+ takes one H+ more for every electron than peroxide and sulfite do.
        let by_iron = if reductant > 0.0 { ferrous / reductant } else { 0.0 };
        wanted.acid += (2.0 + by_iron) * reduced[m] + (2.0 + 2.0 * by_iron) * returned[m];
        wanted.acid += (1.0 + shares[m]) * attacked[m];
        if reductant > 0.0 {
            wanted.peroxide += electrons * peroxide / reductant;
            wanted.sulfite += electrons * sulfite / reductant;
            wanted.ferrous += 2.0 * electrons * ferrous / reductant;
        }
    }
    let acid = granted((proton + slurry.species.bisulfate) * litres, wanted.acid);
    let by_peroxide = granted(slurry.matter[Peroxide], wanted.peroxide) * acid;
    let by_sulfite = granted(slurry.matter[Sulfite], wanted.sulfite) * acid;
    let by_ferrous = granted(slurry.matter[Ferrous], wanted.ferrous) * acid;

    let matter = &mut slurry.matter;
    go(matter, &[(LatticeLithium, -1.0), (Acid, -1.0), (Lithium, 1.0), (Water, 0.5)], lithium * acid);
    for (m, metal) in METALS.iter().enumerate() {
        let Metal { fresh, dioxide, ion } = *metal;
        let [p, q, f] = if reductant > 0.0 {
            [peroxide / reductant, sulfite / reductant, ferrous / reductant]
        } else {
            [0.0; 3]
        };
        go(
            matter,
            &[(fresh, -1.0), (Peroxide, -0.5), (Acid, -2.0), (ion, 1.0), (Water, 1.5), (Oxygen, 0.5)],
            reduced[m] * p * by_peroxide,
        );
        go(
            matter,
            &[(fresh, -1.0), (Sulfite, -0.5), (Acid, -2.0), (ion, 1.0), (Sulfate, 0.5), (Water, 1.0)],
            reduced[m] * q * by_sulfite,
        );
        go(
            matter,
            &[(dioxide, -1.0), (Peroxide, -1.0), (Acid, -2.0), (ion, 1.0), (Water, 2.0), (Oxygen, 1.0)],
            returned[m] * p * by_peroxide,
        );
        go(
            matter,
            &[(dioxide, -1.0), (Sulfite, -1.0), (Acid, -2.0), (ion, 1.0), (Sulfate, 1.0), (Water, 1.0)],
            returned[m] * q * by_sulfite,
        );
        go(
            matter,
            &[(fresh, -1.0), (Ferrous, -1.0), (Acid, -3.0), (ion, 1.0), (Ferric, 1.0), (Water, 1.5)],
            reduced[m] * f * by_ferrous,
        );
        go(
            matter,
            &[(dioxide, -1.0), (Ferrous, -2.0), (Acid, -4.0), (ion, 1.0), (Ferric, 2.0), (Water, 2.0)],
            returned[m] * f * by_ferrous,
        );
        go(
            matter,
            &[(fresh, -1.0), (Acid, -2.0), (ion, 1.0), (Water, 1.0), (Oxygen, 0.25)],
            attacked[m] * shares[m] * acid,
        );
        go(
            matter,
            &[(fresh, -1.0), (Acid, -1.0), (ion, 0.5), (dioxide, 0.5), (Water, 0.5)],
            attacked[m] * (1.0 - shares[m]) * acid,
        );
    }
}

/// Lithium lies between the metals of the lattice: what has lost its metal leaves with it.
fn follow(tank: &mut Tank) {
    let Tank { slurry, grains } = tank;
    let came: f64 = grains[1..4].iter().sum();
    let left: f64 = METALS.iter().map(|metal| slurry.matter[metal.fresh].max(0.0)).sum();
    if came > 0.0 {
        let loose = slurry.matter[LatticeLithium] - grains[0] * (left / came);
        go(&mut slurry.matter, &[(LatticeLithium, -1.0), (Acid, -1.0), (Lithium, 1.0), (Water, 0.5)], loose);
    }
}

/// LiF <-> Li+ + F-: what drives it is how far the product of its ions is from saturation.
struct Salt {
    /// (mol/L)^2
    product: f64,
    /// Share of the fluoride that is no HF.
    free: f64,
}

impl Salt {
    fn of(slurry: &Slurry, chemistry: &Chemistry) -> Self {
        let species = &slurry.species;
        let all = species.fluoride + species.hydrogen_fluoride;
        let free = if all > 0.0 { (species.fluoride / all).clamp(0.0, 1.0) } else { 1.0 };
        Self { product: lithium_fluoride_product(slurry, chemistry), free }
    }

    /// mol that dissolve in a step, `x = K (1 - (Li + x) f (F + x) / P)` with K what dissolves in pure water; negative falls.
    /// The surface is that of the grains, or of those that the fluoride above saturation makes.
    fn extent(&self, matter: &Matter, grains: f64, pace: f64, litres: f64) -> f64 {
        let (held, lithium, fluoride) =
            (matter[LithiumFluoride].max(0.0), matter[Lithium].max(0.0), matter[Fluoride].max(0.0));
        let product = (self.product * litres * litres).max(1e-300);
        let over = lithium * self.free * fluoride > product;
        let rate = pace * surface(grains, if over { held.max(fluoride) } else { held });
        let slope = rate * self.free / product;
        let linear = 1.0 + slope * (lithium + fluoride);
        let constant = rate - slope * lithium * fluoride;
        let extent = 2.0 * constant / (linear + (linear * linear + 4.0 * slope * constant).max(0.0).sqrt());
        extent.clamp(-lithium.min(fluoride), held)
    }
}

/// Metals, phosphate, fluoride, and the peroxide that is lost.
fn side(tank: &mut Tank, s: &Settings, salt: &Salt, stirred: f64, dt: f64) {
    let Tank { slurry, grains } = tank;
    let kelvin = slurry.temperature;
    let litres = slurry.liquor * 1e3;
    let side = &s.side;
    let free = (slurry.species.proton + slurry.species.bisulfate) * litres;
    let proton = slurry.species.proton;
    let warm = stirred * arrhenius(side.activation_metals, kelvin) * dt;
    let oxidant = slurry.concentration(Peroxide).max(0.0);
    let oxygen = s.tanks.oxygen * 1e-5;
    let ferric = slurry.concentration(Ferric).max(0.0);
    let (iron, copper) =
        (slurry.concentration(Ferrous) + slurry.concentration(Ferric), slurry.concentration(Copper));
    let decay = (side.decomposition + side.decomposition_iron * iron + side.decomposition_copper * copper)
        * arrhenius(side.activation, kelvin);
    let matter = &mut slurry.matter;

    let by_acid = |rate: f64, grain: f64, held: f64| warm * rate * proton * surface(grain, held);
    let aluminium = by_acid(side.aluminium, grains[5], matter[AluminiumMetal]);
    let metal_iron = by_acid(side.iron, grains[6], matter[IronMetal]);
    let phosphate = by_acid(side.phosphate_acid, grains[7], matter[LithiumIronPhosphate]);
    let copper_dissolving = warm * side.copper * oxidant * surface(grains[4], matter[CopperMetal]);
    let lattice: f64 = METALS.iter().map(|metal| matter[metal.fresh].max(0.0)).sum();
    let by_lattice = warm * side.copper_lattice * proton * surface(grains[4], matter[CopperMetal]);
    let by_lattice = by_lattice * granted(lattice, 2.0 * by_lattice);
    // Fe3+ takes the metals without acid; each gives back the Fe2+ that the lattice oxidises.
    let mediated = {
        let wish = |grain: usize, metal: Species| {
            warm * side.ferric * ferric * surface(grains[grain], matter[metal])
        };
        let wishes = [wish(4, CopperMetal), wish(5, AluminiumMetal), wish(6, IronMetal)];
        let share = granted(matter[Ferric], 2.0 * wishes[0] + 3.0 * wishes[1] + 2.0 * wishes[2]);
        wishes.map(|wish| wish * share)
    };
    let oxidised = warm * side.phosphate_oxidation * surface(grains[7], matter[LithiumIronPhosphate]);
    let demand = 3.0 * (aluminium + phosphate)
        + 2.0 * (metal_iron + copper_dissolving)
        + 3.0 * by_lattice
        + oxidised * (oxidant + oxygen);
    let acid = granted(free, demand);
    let enough = granted(matter[Peroxide], copper_dissolving + 0.5 * oxidised * oxidant) * acid;

    go(matter, &[(CopperMetal, -1.0), (Ferric, -2.0), (Copper, 1.0), (Ferrous, 2.0)], mediated[0]);
    go(matter, &[(AluminiumMetal, -1.0), (Ferric, -3.0), (Aluminium, 1.0), (Ferrous, 3.0)], mediated[1]);
    go(matter, &[(IronMetal, -1.0), (Ferric, -2.0), (Ferrous, 3.0)], mediated[2]);
    go(matter, &[(AluminiumMetal, -1.0), (Acid, -3.0), (Aluminium, 1.0), (Hydrogen, 1.5)], aluminium * acid);
    go(matter, &[(IronMetal, -1.0), (Acid, -2.0), (Ferrous, 1.0), (Hydrogen, 1.0)], metal_iron * acid);
    go(
        matter,
        &[(CopperMetal, -1.0), (Peroxide, -1.0), (Acid, -2.0), (Copper, 1.0), (Water, 2.0)],
        copper_dissolving * enough,
    );
    let fresh = [LatticeNickel, LatticeCobalt, LatticeManganese].map(|species| matter[species].max(0.0));
    for (metal, fresh) in METALS.iter().zip(fresh) {
        // Two lattice atoms take the two electrons of one copper.
        let share = if lattice > 0.0 { 2.0 * by_lattice * acid * fresh / lattice } else { 0.0 };
        go(
            matter,
            &[
                (metal.fresh, -1.0),
                (CopperMetal, -0.5),
                (Acid, -3.0),
                (metal.ion, 1.0),
                (Copper, 0.5),
                (Water, 1.5),
            ],
            share,
        );
    }
    go(
        matter,
        &[
            (LithiumIronPhosphate, -1.0),
            (Acid, -1.0),
            (Peroxide, -0.5),
            (Lithium, 1.0),
            (FerricPhosphate, 1.0),
            (Water, 1.0),
        ],
        oxidised * oxidant * enough,
    );
    // Not more oxygen than was blown in during this step.
    go(
        matter,
        &[
            (LithiumIronPhosphate, -1.0),
            (Acid, -1.0),
            (Oxygen, -0.25),
            (Lithium, 1.0),
            (FerricPhosphate, 1.0),
            (Water, 0.5),
        ],
        oxidised * oxygen * acid,
    );
    go(
        matter,
        // H3PO4 is Phosphate + 3 Acid: the acid that it binds stays counted as acid.
        &[(LithiumIronPhosphate, -1.0), (Lithium, 1.0), (Ferrous, 1.0), (Phosphate, 1.0)],
        phosphate * acid,
    );
    let pace = warm * side.fluoride;
    let dissolving = salt.extent(matter, grains[8], pace, litres.max(1e-9));
    matter.react(&[(LithiumFluoride, -1.0), (Lithium, 1.0), (Fluoride, 1.0)], dissolving);
    let lost = matter[Peroxide].max(0.0) * (1.0 - libm::exp(-decay * dt));
    matter.react(&[(Peroxide, -1.0), (Water, 1.0), (Oxygen, 0.5)], lost);
    // Ferrous iron is oxidised as fast as peroxide is there.
    let row = [(Ferrous, -1.0), (Peroxide, -0.5), (Acid, -1.0), (Ferric, 1.0), (Water, 1.0)];
    let extent = matter.reach(&row).min(free.max(0.0)) * (1.0 - libm::exp(-dt / 30.0));
    matter.react(&row, extent);
}
