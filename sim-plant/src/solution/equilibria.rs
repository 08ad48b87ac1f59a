//! What equilibrium makes of the components: pH, bisulfate, carbonate, fluoride, phosphate, sulfite.
//!
//! The proton condition of the components is
//!
//! ```text
//! Acid/V = [H+] - [OH-] + [HSO4-] + [HCO3-] + 2 [CO2] + [HF] + [HPO4] + 2 [H2PO4] + 3 [H3PO4]
//!        + [HSO3-] + 2 [SO2] - [ClO-] - [MOH]
//! ```
//!
//! Its right side grows with [H+], so a safeguarded Newton in ln[H+] between fixed bounds always ends.
//! Constants: pK at 25 degC, to other temperatures by van 't Hoff with the enthalpies of formation of
//! `species.toml` (HSO4-: 2.4 at 60, 2.7 at 90 degC); water by a parabola through 25, 60, 90 degC. To
//! concentrations by the SIT form `log K' = log K + dz2 D + b I`, `D = A sqrt(I)/(1 + 1.5 sqrt(I))`, held at
//! I = 6; for water `b` is that of H+ and of OH- with the liquor's cations. pH is that of activity, `-log [H+] + D - e I`. Of
//! the hydrolysis of Fe(III), Al, Cu, Ni, Co, Mn and Fe(II) the first step counts, in liquors that hold them, and of aluminium
//! the last as well, the aluminate of lye; sulfate complexes, which would hinder it, and the further steps and dimers, which
//! go on with it, are left out. Copper's dimer stands in its constant: at 0.1 mol/L it makes the acid.

use model::StateWalk;

use super::{Notes, Remark, parabola};
use crate::constants::{GAS, REFERENCE, ZERO_CELSIUS};
use crate::exp::{exp, exps};
use crate::matter::Matter;
use crate::parameters::Reader;
use crate::species::Species;
use crate::work::{self, Work};

/// Acids that take part: proton donor, what it leaves, squared charges gained, and their pK.
const ACIDS: usize = 10;
const NAMES: [&str; ACIDS] =
    ["HSO4-", "HCO3-", "CO2(aq)", "HF(aq)", "HPO4--", "H2PO4-", "H3PO4(aq)", "HSO3-", "SO2(aq)", "HClO"];
/// `z(base)^2 + 1 - z(acid)^2`
const CHARGES: [f64; ACIDS] = [4.0, 4.0, 2.0, 2.0, 6.0, 4.0, 2.0, 4.0, 2.0, 2.0];

/// Metals that give a proton of their water away: the ion, what it becomes.
const METALS: usize = 7;
const HYDROLYSED: [(&str, &str, Species); METALS] = [
    ("Fe3+", "FeOH++", Species::Ferric),
    ("Al3+", "AlOH++", Species::Aluminium),
    ("Cu2+", "CuOH+", Species::Copper),
    ("Ni2+", "NiOH+", Species::Nickel),
    ("Co2+", "CoOH+", Species::Cobalt),
    ("Mn2+", "MnOH+", Species::Manganese),
    ("Fe2+", "FeOH+", Species::Ferrous),
];

/// Aluminium among them, what it becomes in lye, and of which solid lye holds no more than it dissolves.
const ALUMINIUM: usize = 1;
const ALUMINATE: &str = "Al(OH)4-";
const ALUMINATE_OF: &str = "Al(OH)3(s)";

/// `z^2 - (z - 1)^2` of each.
const SQUARES_LOST: [f64; METALS] = [5.0, 5.0, 3.0, 3.0, 3.0, 3.0, 3.0];

/// Squared charges that a metal of so many charges gains, `(z - 1)^2 + 1 - z^2`.
fn hydrolysis(charge: f64) -> f64 {
    2.0 - 2.0 * charge
}

/// Constants as the files give them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    pk: [f64; ACIDS],
    /// J/mol of giving the proton away.
    heat: [f64; ACIDS],
    /// `b` of the activity form, L/mol.
    interaction: [f64; ACIDS],
    water: [f64; 3],
    proton_interaction: f64,
    /// Of OH- with Li+, Na+ and K+, L/mol.
    lye: [f64; 3],
    /// pK, J/mol and `b` of the first hydrolysis of each metal.
    metals: [(f64, f64, f64); METALS],
    /// pK and J/mol of Al3+ + 4 H2O = Al(OH)4- + 4 H+, and of Al(OH)3 + H2O = Al(OH)4- + H+.
    aluminate: [(f64, f64); 2],
    /// What the species adds to the components it is made of: J/mol, J/(mol K).
    extra: [(f64, f64); ACIDS],
    hydroxide: (f64, f64),
}

impl Constants {
    pub(crate) fn read(r: &mut Reader<'_>) -> Self {
        let mut c = Self::default();
        let mut formation = |name: &str| r.number("formation", name, "kJ/mol", -1e4, 1e3);
        let (water, sulfate, carbonate) = (formation("H2O"), formation("SO4--"), formation("CO3--"));
        let (fluoride, phosphate, sulfite) = (formation("F-"), formation("PO4---"), formation("SO3--"));
        let hypochlorite = formation("ClO-");
        let acid = NAMES.map(&mut formation);
        let hydroxide = formation("OH-");
        // Of each acid, as a sum of components; and of its conjugate base.
        let [hso4, hco3, co2, hf, hpo4, h2po4, h3po4, hso3, so2, hclo] = acid;
        let base = [
            sulfate,
            carbonate,
            hco3 - water,
            fluoride,
            phosphate,
            hpo4,
            h2po4,
            sulfite,
            hso3 - water,
            hypochlorite,
        ];
        for k in 0..ACIDS {
            c.heat[k] = base[k] - acid[k];
        }
        let mut capacity = |name: &str| r.number("heat_capacity", name, "J/(mol K)", -200.0, 2000.0);
        let (cp_water, cp_sulfate) = (capacity("H2O"), capacity("SO4--"));
        let (cp_hydroxide, cp_bisulfate) = (capacity("OH-"), capacity("HSO4-"));
        c.hydroxide = (hydroxide - water, cp_hydroxide - cp_water);
        c.extra = [
            (hso4 - sulfate, cp_bisulfate - cp_sulfate),
            (hco3 - carbonate, 0.0),
            // The water that these two lose again keeps its heat capacity.
            (co2 + water - carbonate, cp_water),
            (hf - fluoride, 0.0),
            (hpo4 - phosphate, 0.0),
            (h2po4 - phosphate, 0.0),
            (h3po4 - phosphate, 0.0),
            (hso3 - sulfite, 0.0),
            (so2 + water - sulfite, cp_water),
            // Per ClO-, the species that differs from its component.
            (hypochlorite - hclo, 0.0),
        ];
        for (k, name) in NAMES.iter().enumerate() {
            c.pk[k] = r.number("pk", name, "", -5.0, 20.0);
            c.interaction[k] = r.number("interaction", name, "L/mol", -2.0, 2.0);
        }
        c.water = ["25", "60", "90"].map(|t| r.number("pk_water", t, "", 10.0, 16.0));
        c.proton_interaction = r.number("interaction", "H+", "L/mol", -2.0, 2.0);
        c.metals = HYDROLYSED.map(|(ion, product, _)| {
            let heat = r.number("formation", product, "kJ/mol", -1e4, 1e3)
                - r.number("formation", ion, "kJ/mol", -1e4, 1e3)
                - water;
            let interaction = r.number("interaction", ion, "L/mol", -2.0, 2.0);
            (r.number("pk", ion, "", -5.0, 20.0), heat, interaction)
        });
        let [aluminate, ion, solid] = [ALUMINATE, HYDROLYSED[ALUMINIUM].0, ALUMINATE_OF]
            .map(|name| r.number("formation", name, "kJ/mol", -1e4, 1e3));
        c.aluminate = [
            (r.number("pk", ALUMINATE, "", 10.0, 40.0), aluminate - ion - 4.0 * water),
            (r.number("pk", ALUMINATE_OF, "", 5.0, 20.0), aluminate - solid - water),
        ];
        c.lye =
            ["OH-, Li+", "OH-, Na+", "OH-, K+"].map(|pair| r.number("interaction", pair, "L/mol", -2.0, 2.0));
        c
    }
}

impl Constants {
    /// `e` of OH- among the cations of this liquor, L/mol; that of Na+ where there is none of the three.
    pub(crate) fn lye_interaction(&self, matter: &Matter) -> f64 {
        let cations = [Species::Lithium, Species::Sodium, Species::Potassium].map(|ion| matter[ion].max(0.0));
        let all: f64 = cations.iter().sum();
        if all > 0.0 {
            cations.iter().zip(&self.lye).map(|(amount, e)| amount * e).sum::<f64>() / all
        } else {
            self.lye[1]
        }
    }
}

/// Constants at one temperature and ionic strength, in mol/L.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Equilibria {
    /// [H+][base]/[acid]
    pub(crate) acid: [f64; ACIDS],
    /// [H+][OH-]
    pub(crate) water: f64,
    /// log10 of the activity coefficient of H+.
    pub(crate) proton: f64,
    /// [H+][MOH]/[M] of the metals that hydrolyse; 0 in a liquor without them.
    metals: [f64; METALS],
    /// [H+]^4[Al(OH)4-]/[Al3+], and [H+][Al(OH)4-] over the hydroxide, H+ of activity; 0 in a liquor without aluminium.
    aluminate: [f64; 2],
}

/// The activity model reaches so far, mol/L.
const IONIC_STRENGTH_MAX: f64 = 6.0;
/// Where strong acid or lye alone decides [H+], the constants that are held play no part up to here, mol/L.
const STRONG_MAX: f64 = 12.0;
/// K up to which the constants follow the temperature: at 110 degC pKw is within 0.05 of IAPWS R11-07 (12.10).
const HOTTEST: f64 = ZERO_CELSIUS + 110.0;

/// log10 of the activity of water falls by this, L/mol, as in an ideal solution of an electrolyte of two ions.
const WATER_ACTIVITY: f64 = 2.0 * 0.018_015 / core::f64::consts::LN_10;

/// `D` of the activity form, `A sqrt(I)/(1 + 1.5 sqrt(I))`; `A` of water is 0.491 at 0, 0.509 at 25, 0.600 at 100 degC.
fn debye_hueckel(kelvin: f64, ionic: f64) -> f64 {
    let t = kelvin - ZERO_CELSIUS;
    let root = ionic.sqrt();
    (0.491 + t * (6.1e-4 + 4.8e-6 * t)) * root / (1.0 + 1.5 * root)
}

/// log10 of a constant at `ionic` (mol/L) less that at infinite dilution: `charges` squared charges gained, `interaction`
/// the difference of SIT coefficients (L/mol).
pub(crate) fn activity_shift(kelvin: f64, ionic: f64, charges: f64, interaction: f64) -> f64 {
    let kelvin = kelvin.clamp(ZERO_CELSIUS, HOTTEST);
    let ionic = ionic.clamp(0.0, IONIC_STRENGTH_MAX);
    charges * debye_hueckel(kelvin, ionic) + interaction * ionic
}

impl Equilibria {
    /// `lye` is the interaction of OH- with the cations.
    pub(crate) fn at(c: &Constants, kelvin: f64, ionic: f64, lye: f64, notes: &mut Notes) -> Self {
        notes.check(Remark::Equilibria, (ZERO_CELSIUS - 0.01..=HOTTEST + 0.01).contains(&kelvin));
        let kelvin = kelvin.clamp(ZERO_CELSIUS, HOTTEST);
        let ionic = ionic.clamp(0.0, IONIC_STRENGTH_MAX);
        let t = kelvin - ZERO_CELSIUS;
        let d = debye_hueckel(kelvin, ionic);
        let ten = core::f64::consts::LN_10;
        let inverse = 1.0 / kelvin - 1.0 / REFERENCE;
        let mut logs = [0.0; ACIDS + 1];
        for (k, log) in logs[..ACIDS].iter_mut().enumerate() {
            let shifted = -c.pk[k] + CHARGES[k] * d + c.interaction[k] * ionic;
            *log = ten * shifted - c.heat[k] / GAS * inverse;
        }
        let pkw = parabola(t, [(25.0, c.water[0]), (60.0, c.water[1]), (90.0, c.water[2])]);
        logs[ACIDS] = ten * (2.0 * d - pkw - (c.proton_interaction + lye + WATER_ACTIVITY) * ionic);
        let [acid @ .., water] = exps(logs);
        let proton = c.proton_interaction * ionic - d;
        Self { acid, water, proton, metals: [0.0; METALS], aluminate: [0.0; 2] }
    }

    /// The constants of the metals as well, where there are any: most liquors do without, and pay nothing for it.
    pub(crate) fn with_metals(mut self, matter: &Matter, c: &Constants, kelvin: f64, ionic: f64) -> Self {
        let kelvin = kelvin.clamp(ZERO_CELSIUS, HOTTEST);
        let constant = |charges: f64, pk: f64, heat: f64, interaction: f64| {
            let log = activity_shift(kelvin, ionic, charges, interaction) - pk;
            exp(core::f64::consts::LN_10 * log - heat / GAS * (1.0 / kelvin - 1.0 / REFERENCE))
        };
        let aluminium = matter[Species::Aluminium] > 0.0 || matter[Species::AluminiumHydroxide] > 0.0;
        for (k, (_, _, ion)) in HYDROLYSED.into_iter().enumerate() {
            if matter[ion] > 0.0 || (k == ALUMINIUM && aluminium) {
                let (pk, heat, interaction) = c.metals[k];
                self.metals[k] = constant(hydrolysis(ion.charge()), pk, heat, interaction);
            }
        }
        if aluminium {
            let [ion, solid] = c.aluminate;
            // One charge and four protons for three charges.
            self.aluminate = [constant(-4.0, ion.0, ion.1, 0.0), constant(0.0, solid.0, solid.1, 0.0)];
        }
        self
    }

    /// [Al(OH)4-] over the hydroxide at a pH of activity, mol/L.
    pub(crate) fn saturated_aluminate(&self, ph: f64) -> f64 {
        self.aluminate[1] * exp(core::f64::consts::LN_10 * ph.min(16.0))
    }

    /// AlOH++ and Al(OH)4- of so much aluminium at a [H+], mol/L. Aluminate is no more than the hydroxide would leave of it:
    /// what is above that and has not fallen yet are polymers that have given away less, and count with the first step.
    fn aluminium(&self, proton: f64, total: f64) -> (f64, f64, bool) {
        let square = proton * proton;
        let (one, four) = (self.metals[ALUMINIUM] / proton, self.aluminate[0] / (square * square));
        let free = total * four / (1.0 + one + four);
        let most = self.aluminate[1] * exp(-core::f64::consts::LN_10 * self.proton) / proton;
        let held = free.min(most);
        ((total - held) * one / (1.0 + one), held, most < free)
    }

    /// mol/L of protons that so much of a metal has given away at a pH of activity: Fe(III), Al, Cu, Ni, Co, Mn, Fe(II).
    pub(crate) fn given(&self, metal: usize, total: f64, ph: f64) -> f64 {
        let constant = self.metals[metal];
        if constant <= 0.0 || total <= 0.0 {
            return 0.0;
        }
        let proton = exp(-core::f64::consts::LN_10 * (ph + self.proton));
        if metal == ALUMINIUM {
            let (one, four, _) = self.aluminium(proton, total);
            return one + 4.0 * four;
        }
        total * constant / (proton + constant)
    }

    /// Whether these constants do for this liquor, in which `species` were found with them: up to 6 mol/L; up to 12 where
    /// no weak acid has a say, as in hydrochloric acid and in lye (there the pH itself is that of 6 mol/L: it shows -1.5 for 32 wt% HCl,
    /// whose activity makes it -2.4).
    pub(crate) fn reach(&self, ionic: f64, species: &Speciation, matter: &Matter, liquor: f64) -> bool {
        let strong = species.proton + species.hydroxide;
        ionic <= IONIC_STRENGTH_MAX
            || (ionic <= STRONG_MAX && species.buffer(matter, liquor, self) <= 1.01 * strong)
    }

    /// [H+][CO3--]/[HCO3-]
    pub(crate) fn bicarbonate(&self) -> f64 {
        self.acid[1]
    }

    pub(crate) fn state(&mut self, walk: &mut dyn StateWalk) {
        for value in &mut self.acid {
            walk.f64(value);
        }
        walk.f64(&mut self.water);
        walk.f64(&mut self.proton);
        for value in &mut self.metals {
            walk.f64(value);
        }
        for value in &mut self.aluminate {
            walk.f64(value);
        }
    }
}

/// Concentrations that equilibrium decides, mol/L.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speciation {
    pub proton: f64,
    pub hydroxide: f64,
    pub bisulfate: f64,
    pub sulfate: f64,
    pub bicarbonate: f64,
    pub carbon_dioxide: f64,
    pub carbonate: f64,
    pub hydrogen_fluoride: f64,
    pub fluoride: f64,
    /// HPO4--, H2PO4-, H3PO4, and PO4---.
    pub phosphates: [f64; 4],
    pub bisulfite: f64,
    pub sulfur_dioxide: f64,
    pub hypochlorite: f64,
    /// FeOH++, AlOH++ and those of the metals of two charges.
    pub hydrolysed: [f64; METALS],
    /// Al(OH)4-
    pub aluminate: f64,
    /// Of activity, as an ideal electrode shows it.
    pub ph: f64,
}

/// Totals of what takes protons, mol/L.
pub(crate) struct Totals {
    pub(crate) acid: f64,
    sulfate: f64,
    carbonate: f64,
    fluoride: f64,
    phosphate: f64,
    sulfite: f64,
    hypochlorous: f64,
    metals: [f64; METALS],
}

pub(crate) const PROTON_MIN: f64 = 1e-17;
pub(crate) const PROTON_MAX: f64 = 1e2;

impl Totals {
    pub(crate) fn of(matter: &Matter, liquor: f64) -> Self {
        let per_litre = 1.0 / (liquor * 1e3);
        let of = |species: Species| (matter[species] * per_litre).max(0.0);
        Self {
            acid: matter[Species::Acid] * per_litre,
            sulfate: of(Species::Sulfate),
            carbonate: of(Species::Carbonate),
            fluoride: of(Species::Fluoride),
            phosphate: of(Species::Phosphate),
            sulfite: of(Species::Sulfite),
            hypochlorous: of(Species::HypochlorousAcid),
            metals: HYDROLYSED.map(|(_, _, ion)| of(ion)),
        }
    }
}

impl Speciation {
    pub(crate) fn solve(matter: &Matter, liquor: f64, k: &Equilibria, guess: f64, notes: &mut Notes) -> Self {
        let totals = Totals::of(matter, liquor);
        let (proton, found) = find_proton(&totals, k, guess);
        notes.check(Remark::PhNotFound, found);
        Self::distribute(proton, &totals, k)
    }

    /// How much net acid, mol/L, the liquor takes per rise of ln[H+].
    pub(crate) fn buffer(&self, matter: &Matter, liquor: f64, k: &Equilibria) -> f64 {
        Self::protons(self.proton, &Totals::of(matter, liquor), k).1
    }

    /// Net acid, mol/L, that this liquor has at a given pH of activity, whatever its `Acid` is.
    pub(crate) fn acid_at(ph: f64, matter: &Matter, liquor: f64, k: &Equilibria) -> f64 {
        let proton = exp(-core::f64::consts::LN_10 * (ph + k.proton)).clamp(PROTON_MIN, PROTON_MAX);
        Self::protons(proton, &Totals::of(matter, liquor), k).0
    }

    /// The species at a given [H+].
    pub(crate) fn distribute(h: f64, t: &Totals, k: &Equilibria) -> Self {
        let a = &k.acid;
        let bisulfate = t.sulfate * h / (h + a[0]);
        let (c1, c2) = (h / a[1], h * h / (a[1] * a[2]));
        let carbonate = t.carbonate / (1.0 + c1 + c2);
        let hydrogen_fluoride = t.fluoride * h / (h + a[3]);
        let (p1, p2) = (h / a[4], h * h / (a[4] * a[5]));
        let p3 = p2 * h / a[6];
        let phosphate = t.phosphate / (1.0 + p1 + p2 + p3);
        let (s1, s2) = (h / a[7], h * h / (a[7] * a[8]));
        let sulfite = t.sulfite / (1.0 + s1 + s2);
        let mut hydrolysed: [f64; METALS] =
            core::array::from_fn(|j| t.metals[j] * k.metals[j] / (h + k.metals[j]));
        let mut aluminate = 0.0;
        if k.aluminate[0] > 0.0 {
            (hydrolysed[ALUMINIUM], aluminate, _) = k.aluminium(h, t.metals[ALUMINIUM]);
        }
        Self {
            proton: h,
            hydroxide: k.water / h,
            bisulfate,
            sulfate: t.sulfate - bisulfate,
            bicarbonate: carbonate * c1,
            carbon_dioxide: carbonate * c2,
            carbonate,
            hydrogen_fluoride,
            fluoride: t.fluoride - hydrogen_fluoride,
            phosphates: [phosphate * p1, phosphate * p2, phosphate * p3, phosphate],
            bisulfite: sulfite * s1,
            sulfur_dioxide: sulfite * s2,
            hypochlorite: t.hypochlorous * a[9] / (h + a[9]),
            hydrolysed,
            aluminate,
            ph: -libm::log10(h) - k.proton,
        }
    }

    /// What equilibrium adds to the sum of z^2 c of the components (each as its bare anion), mol/L.
    pub(crate) fn charge_squares(&self) -> f64 {
        self.proton + self.hydroxide + self.hypochlorite
            - 3.0 * (self.bisulfate + self.bicarbonate + self.bisulfite)
            - 4.0 * (self.carbon_dioxide + self.sulfur_dioxide)
            - self.hydrogen_fluoride
            - 5.0 * self.phosphates[0]
            - 8.0 * self.phosphates[1]
            - 9.0 * self.phosphates[2]
            - 8.0 * self.aluminate
            - self.hydrolysed.iter().zip(SQUARES_LOST).map(|(amount, squares)| amount * squares).sum::<f64>()
    }

    /// Net acid that these species make, mol/L.
    #[cfg(test)]
    fn acid(&self) -> f64 {
        self.proton - self.hydroxide
            + self.bisulfate
            + self.bicarbonate
            + 2.0 * self.carbon_dioxide
            + self.hydrogen_fluoride
            + self.phosphates[0]
            + 2.0 * self.phosphates[1]
            + 3.0 * self.phosphates[2]
            + self.bisulfite
            + 2.0 * self.sulfur_dioxide
            - self.hypochlorite
            - self.hydrolysed.iter().sum::<f64>()
            - 4.0 * self.aluminate
    }

    /// J/L and J/(K L) beyond the components.
    pub(crate) fn extra(&self, c: &Constants) -> (f64, f64) {
        let amounts = [
            self.bisulfate,
            self.bicarbonate,
            self.carbon_dioxide,
            self.hydrogen_fluoride,
            self.phosphates[0],
            self.phosphates[1],
            self.phosphates[2],
            self.bisulfite,
            self.sulfur_dioxide,
            self.hypochlorite,
        ];
        let mut sum = (self.hydroxide * c.hydroxide.0, self.hydroxide * c.hydroxide.1);
        for (amount, extra) in amounts.iter().zip(&c.extra) {
            sum.0 += amount * extra.0;
            sum.1 += amount * extra.1;
        }
        // What the proton takes of the heat is the ion's that is left.
        for (amount, (_, heat, _)) in self.hydrolysed.iter().zip(&c.metals) {
            sum.0 += amount * heat;
        }
        sum.0 += self.aluminate * c.aluminate[0].1;
        sum
    }

    pub fn state(&mut self, walk: &mut dyn StateWalk) {
        for value in [
            &mut self.proton,
            &mut self.hydroxide,
            &mut self.bisulfate,
            &mut self.sulfate,
            &mut self.bicarbonate,
            &mut self.carbon_dioxide,
            &mut self.carbonate,
            &mut self.hydrogen_fluoride,
            &mut self.fluoride,
            &mut self.bisulfite,
            &mut self.sulfur_dioxide,
            &mut self.hypochlorite,
            &mut self.ph,
        ] {
            walk.f64(value);
        }
        for value in self.phosphates.iter_mut().chain(&mut self.hydrolysed) {
            walk.f64(value);
        }
        walk.f64(&mut self.aluminate);
    }
}

/// A step of Newton in ln[H+] after which nothing is left to do.
const CLOSE: f64 = 1e-7;

/// [H+] in mol/L, and whether it was found: Newton in ln[H+], kept between bounds by bisection.
fn find_proton(totals: &Totals, k: &Equilibria, guess: f64) -> (f64, bool) {
    let at = |h: f64| {
        let (acid, slope) = Speciation::protons(h, totals, k);
        (acid - totals.acid, slope)
    };
    let (mut low, mut high) = (PROTON_MIN, PROTON_MAX);
    let mut h = if guess > low && guess < high { guess } else { 1e-7 };
    for _ in 0..100 {
        work::count(Work::Protons);
        let (residual, slope) = at(h);
        if residual > 0.0 {
            high = h;
        } else {
            low = h;
        }
        let step = (-residual / slope).clamp(-1.5, 1.5);
        // A rational exp is exact enough for a Newton step, and the same on every machine.
        let mut next = h * (2.0 + step) / (2.0 - step);
        let newton = next > low && next < high;
        // What is left after a step of Newton is its square, times half the protons of an acid at most.
        if newton && step.abs() < CLOSE {
            return (next, true);
        }
        if !newton {
            next = (low * high).sqrt();
        }
        if (next / h - 1.0).abs() < 1e-12 || high / low < 1.0 + 1e-13 {
            return (next, true);
        }
        h = next;
    }
    (h, false)
}

impl Speciation {
    /// Net acid at `h` and its derivative against ln `h`: for a polyprotic acid the derivative is the
    /// variance of the number of protons.
    pub(crate) fn protons(h: f64, t: &Totals, k: &Equilibria) -> (f64, f64) {
        let a = &k.acid;
        let hydroxide = k.water / h;
        let mut acid = h - hydroxide;
        let mut slope = h + hydroxide;
        let mut count = |total: f64, weights: [f64; 4]| {
            if total > 0.0 {
                let all: f64 = weights.iter().sum();
                let first = weights[1] + 2.0 * weights[2] + 3.0 * weights[3];
                let second = weights[1] + 4.0 * weights[2] + 9.0 * weights[3];
                let mean = first / all;
                acid += total * mean;
                slope += total * (second / all - mean * mean);
            }
        };
        count(t.sulfate, [1.0, h / a[0], 0.0, 0.0]);
        count(t.carbonate, [1.0, h / a[1], h * h / (a[1] * a[2]), 0.0]);
        count(t.fluoride, [1.0, h / a[3], 0.0, 0.0]);
        // Most liquors hold none, and this stands inside every iteration.
        if t.phosphate > 0.0 {
            let p2 = h * h / (a[4] * a[5]);
            count(t.phosphate, [1.0, h / a[4], p2, p2 * h / a[6]]);
        }
        count(t.sulfite, [1.0, h / a[7], h * h / (a[7] * a[8]), 0.0]);
        // HClO counts no proton as itself, and one less as ClO-; so does a metal with its water.
        count(t.hypochlorous, [1.0, h / a[9], 0.0, 0.0]);
        let mut bare = t.hypochlorous;
        for (j, (total, constant)) in t.metals.into_iter().zip(k.metals).enumerate() {
            if total > 0.0 && constant > 0.0 && (j != ALUMINIUM || k.aluminate[0] <= 0.0) {
                count(total, [1.0, h / constant, 0.0, 0.0]);
                bare += total;
            }
        }
        // Aluminium gives one away or four.
        let aluminium = t.metals[ALUMINIUM];
        if aluminium > 0.0 && k.aluminate[0] > 0.0 {
            let (one, four, capped) = k.aluminium(h, aluminium);
            let share = one / (aluminium - four).max(1e-300);
            acid -= one + 4.0 * four;
            // Over the hydroxide the aluminate goes with 1/[H+]; else it is the variance again.
            slope += if capped {
                one * (1.0 - share) + (4.0 - share) * four
            } else {
                let mean = (one + 4.0 * four) / aluminium;
                one + 16.0 * four - aluminium * mean * mean
            };
        }
        (acid - bare, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::{Speciation, Totals, find_proton};
    use crate::chemistry::Chemistry;
    use crate::solution::Notes;
    use crate::solution::equilibria::Equilibria;

    #[test]
    fn the_ph_that_is_found_satisfies_the_proton_condition_for_any_liquor() {
        let chemistry = Chemistry::built_in().unwrap();
        for kelvin in [273.15, 298.15, 363.15] {
            for ionic in [0.0, 0.1, 3.0] {
                let mut k = Equilibria::at(&chemistry.constants, kelvin, ionic, 0.0, &mut Notes::default());
                k.metals = [1e-3, 1e-6, 1e-8, 1e-10, 1e-10, 1e-11, 1e-10];
                k.aluminate = if ionic > 0.0 { [1e-23, 2e-13] } else { [0.0; 2] };
                for step in 0..60 {
                    let acid = libm::pow(10.0, f64::from(step % 30) * 0.3 - 8.0)
                        * if step < 30 { 1.0 } else { -1.0 };
                    let totals = Totals {
                        acid,
                        sulfate: 0.5,
                        carbonate: 0.05,
                        fluoride: 0.01,
                        phosphate: 0.02,
                        sulfite: 1e-3,
                        hypochlorous: 1e-3,
                        metals: [0.02, 0.05, 0.1, 0.5, 0.3, 0.2, 0.1],
                    };
                    let (h, found) = find_proton(&totals, &k, 1e-7);
                    assert!(found, "{kelvin} {ionic} {acid}");
                    let made = Speciation::distribute(h, &totals, &k).acid();
                    assert!((made - acid).abs() <= 1e-9 * (1.0 + acid.abs()), "{acid}: {made}");
                }
            }
        }
    }
}
