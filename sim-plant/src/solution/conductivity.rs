//! Electrical conductivity of a liquor: Casteel-Amis fits, mixed by equivalents.
//!
//! `kappa = kmax (m/mu)^a exp(b (m-mu)^2 - a (m-mu)/mu)` at 25, 60, 80 degC, a parabola between; fitted to the
//! PHREEQC values of basis 5.2 (LiCl, Li2SO4 within 0.4 %: published; LiOH lowered above 2 m toward Kohlrausch: recalled),
//! of NaCl to the table of the CRC Handbook at 20 degC (1-25 wt%, within 1 %, warmth as LiCl's), of HCl, H2SO4 and NaOH to
//! Kohlrausch's at 18 degC with his temperature coefficients (International Critical Tables; 1-35, 1-50, 2.5-40 wt%, within 1, 2
//! and 3 %; H2SO4 of 30 wt% at 50 degC as Darling 1964: recalled). By the same tables Na2SO4 (5-15 wt%), MgSO4 (5-25), Na2CO3
//! (5-15), CaCl2 (5-35) and KCl (5-20), within 1.5 %, with the equivalent conductances of the CRC Handbook at 0.1 mol/L (recalled);
//! CuSO4 and ZnSO4 (2.5-30), which differ by less than 3 %, together for every other sulfate of two charges. Below its first
//! tenth or so of an equivalent each goes on to the limiting conductivity by the root of its strength ([`Fit::diluted`]). In a mixture each salt conducts as it would alone at the
//! liquor's total equivalents, weighted by its share of them. Sulfuric and hydrochloric acid conduct by their free protons:
//! what the pH solver leaves free of them in the mixture over what it would in the acid alone ([`Protons`]); one
//! that stands as bisulfate conducts half of what lithium sulfate does, chosen with PHREEQC's H2SO4 beside Li2SO4 in sight
//! (validation, peers). Every other salt borrows its class (chlorides of two charges CaCl2, K2SO4 Na2SO4, KOH NaOH, the rest
//! LiCl), and that is noted. Hypochlorite counts as chloride.

use super::density::Makeup;
use super::laliberte as l;
use super::laliberte::SOLUTES;
use super::vapour::ions;
use super::{Notes, Remark};
use crate::constants::ZERO_CELSIUS;
use crate::exp::exp;

/// kmax, mu, a, b at 25, 60, 80 degC; the largest molality; equivalents per formula; the molality below which it goes on
/// to the limiting conductivity, and that at 25 degC, S cm2 per equivalent.
struct Fit {
    at: [[f64; 4]; 3],
    molality_max: f64,
    equivalents: f64,
    dilute: f64,
    limit: f64,
}

/// How much the slope with the root eases, (kg/equivalent)^1/2: one number for all salts keeps them within 2 % of the
/// equivalent conductances of the CRC Handbook (recalled) at 0.01 and 0.001 equivalents per litre, 4 % where both ions have two charges.
const EASE: f64 = 0.7;

impl Fit {
    /// S/m at so many degC; held at the end of its molalities.
    fn conductivity(&self, molality: f64, t: f64) -> f64 {
        let m = molality.clamp(self.dilute, self.molality_max);
        let at = self.at.map(|[top, mu, a, b]| {
            top * exp(a * libm::log(m / mu) + b * (m - mu) * (m - mu) - a * (m - mu) / mu)
        });
        let here = super::parabola(t, [(25.0, at[0]), (60.0, at[1]), (80.0, at[2])]).max(0.2 * at[0]);
        if molality >= self.dilute { here } else { here * self.diluted(molality.max(0.0), at[0]) }
    }

    /// Of what it conducts at [`Self::dilute`], `there` S/m at 25 degC, so much at a lower molality: what an equivalent
    /// conducts goes to the limit as `L0 / (1 + P r / (1 + EASE r))`, `r` the root of the equivalents, with the `P` that meets the fit.
    fn diluted(&self, molality: f64, there: f64) -> f64 {
        let eased = |molality: f64| {
            let root = (molality * self.equivalents).sqrt();
            root / (1.0 + EASE * root)
        };
        let share = molality / self.dilute;
        // S/m of a molality is ten times the equivalent's conductivity over 100.
        let hindered = (0.1 * self.limit * self.dilute * self.equivalents / there - 1.0).max(0.0);
        share * (1.0 + hindered) / (1.0 + hindered * eased(molality) / eased(self.dilute))
    }
}

const CHLORIDE: Fit = Fit {
    at: [
        [19.089064798135134, 6.52823175484425, 0.9267846198531071, -0.00032742377910989853],
        [33.02763238196446, 6.921705327231409, 0.954729212132039, 0.002090801420122471],
        [40.74633988976907, 6.31215231651237, 0.9463447457300509, 0.00020659211580717815],
    ],
    molality_max: 5.5,
    equivalents: 1.0,
    dilute: 0.1,
    limit: LITHIUM + CHLORIDE_ION,
};
const HYDROXIDE: Fit = Fit {
    at: [
        [42.955261608412044, 10.698342723501899, 0.9312061533604268, 0.004068017638958634],
        [67.69749229485738, 10.698342723501899, 0.9312061533604268, 0.004068017638958634],
        [80.66998130059782, 10.698342723501899, 0.9312061533604268, 0.004068017638958634],
    ],
    molality_max: 5.5,
    equivalents: 1.0,
    dilute: 0.2,
    limit: LITHIUM + HYDROXIDE_ION,
};
const SULFATE: Fit = Fit {
    at: [
        [8.137170657792247, 1.843102073821378, 0.8607146378979643, -0.0660618456587024],
        [16.518066843597108, 2.084431853494168, 0.784829059607126, -0.06068148659434942],
        [22.806910096369435, 2.1837297045369333, 0.8387465688097684, -0.04598178819310425],
    ],
    molality_max: 3.0,
    equivalents: 2.0,
    dilute: 0.05,
    limit: LITHIUM + SULFATE_ION,
};
const SODIUM_CHLORIDE: Fit = Fit {
    at: [
        [25.243493391894376, 7.0660705661246626, 0.9518449217218352, -0.0012626649345117396],
        [43.67124356797709, 7.0660705661246626, 0.9518449217218352, -0.0012626649345117396],
        [53.894858391695934, 7.0660705661246626, 0.9518449217218352, -0.0012626649345117396],
    ],
    molality_max: 6.2,
    equivalents: 1.0,
    dilute: 0.1,
    limit: SODIUM + CHLORIDE_ION,
};
const SODIUM_HYDROXIDE: Fit = Fit {
    at: [
        [40.529483750557915, 4.563421059698817, 1.156674524209945, 0.004630030379847084],
        [72.69623042237293, 5.593798497019084, 1.0947586287510385, 0.0035936616557325136],
        [91.63720957422235, 5.939193275942707, 1.0806282717674252, 0.0032436111202499254],
    ],
    molality_max: 16.7,
    equivalents: 1.0,
    dilute: 0.7,
    limit: SODIUM + HYDROXIDE_ION,
};
const HYDROCHLORIC: Fit = Fit {
    at: [
        [84.46709974208584, 6.36048085111194, 1.035525854832827, 0.003391227475724986],
        [125.5899753370665, 6.31157722040236, 1.0292673581420142, 0.0033751664828255757],
        [149.0904062891938, 6.295819934914445, 1.0272766446121384, 0.003370099822681967],
    ],
    molality_max: 14.8,
    equivalents: 1.0,
    dilute: 0.5,
    limit: PROTON + CHLORIDE_ION,
};
const SULFURIC: Fit = Fit {
    at: [
        [82.48127427300861, 4.806854683903488, 1.0085243596068267, 0.002376224020986223],
        [125.5733800930146, 5.198370177428282, 1.0143481203078233, 0.001382648669629697],
        [150.37835567230354, 5.3267895414815065, 1.0167506060499538, 0.0010415482438999855],
    ],
    molality_max: 10.2,
    equivalents: 2.0,
    dilute: 0.07,
    limit: PROTON + SULFATE_ION,
};

const SODIUM_SULFATE: Fit = Fit {
    at: [
        [12.870918, 2.695176, 0.885211, -0.000103],
        [21.536855, 2.194274, 0.867182, -0.045346],
        [26.626608, 2.125976, 0.862343, -0.057573],
    ],
    molality_max: 2.0,
    equivalents: 2.0,
    dilute: 0.05,
    limit: SODIUM + SULFATE_ION,
};
const METAL_SULFATE: Fit = Fit {
    at: [
        [5.693610, 1.970209, 0.791892, -0.073356],
        [9.989832, 2.094406, 0.791943, -0.068296],
        [12.455330, 2.129625, 0.791925, -0.067149],
    ],
    molality_max: 2.7,
    equivalents: 2.0,
    dilute: 0.05,
    limit: COPPER + SULFATE_ION,
};
const MAGNESIUM_SULFATE: Fit = Fit {
    at: [
        [5.777637, 1.790847, 0.778676, -0.067184],
        [10.271070, 1.894037, 0.770513, -0.069964],
        [12.847115, 1.921390, 0.768241, -0.070967],
    ],
    molality_max: 2.8,
    equivalents: 2.0,
    dilute: 0.05,
    limit: MAGNESIUM + SULFATE_ION,
};
const SODIUM_CARBONATE: Fit = Fit {
    at: [
        [10.461616, 2.181466, 0.806967, -0.038008],
        [19.931004, 2.360927, 0.792457, -0.044400],
        [25.366501, 2.401647, 0.788595, -0.046499],
    ],
    molality_max: 1.7,
    equivalents: 2.0,
    dilute: 0.05,
    limit: SODIUM + CARBONATE_ION,
};
const CALCIUM_CHLORIDE: Fit = Fit {
    at: [
        [20.386056, 2.861930, 0.915520, -0.023412],
        [33.083087, 2.940179, 0.921125, -0.015251],
        [40.345756, 2.966052, 0.922675, -0.012961],
    ],
    molality_max: 4.9,
    equivalents: 2.0,
    dilute: 0.05,
    limit: CALCIUM + CHLORIDE_ION,
};
const POTASSIUM_CHLORIDE: Fit = Fit {
    at: [
        [50.408910, 9.970665, 0.941849, -0.002758],
        [87.950497, 22.369365, 0.956090, 0.000955],
        [98.478187, 20.236560, 0.958876, 0.001171],
    ],
    molality_max: 3.4,
    equivalents: 1.0,
    dilute: 0.1,
    limit: POTASSIUM + CHLORIDE_ION,
};

/// By number, not by name: every tank asks for all its solutes every second.
const fn class(solute: usize) -> (&'static Fit, bool) {
    match solute {
        l::LICL => (&CHLORIDE, true),
        l::LIOH => (&HYDROXIDE, true),
        l::LI2SO4 => (&SULFATE, true),
        l::H2SO4 => (&SULFURIC, true),
        l::HCL => (&HYDROCHLORIC, true),
        l::NACL => (&SODIUM_CHLORIDE, true),
        l::KCL => (&POTASSIUM_CHLORIDE, true),
        l::CACL2 => (&CALCIUM_CHLORIDE, true),
        l::NAOH => (&SODIUM_HYDROXIDE, true),
        l::KOH => (&SODIUM_HYDROXIDE, false),
        l::NA2CO3 => (&SODIUM_CARBONATE, true),
        l::NA2SO4 => (&SODIUM_SULFATE, true),
        l::K2SO4 => (&SODIUM_SULFATE, false),
        l::MGSO4 => (&MAGNESIUM_SULFATE, true),
        l::CUSO4 => (&METAL_SULFATE, true),
        _ if l::is_sulfate(solute) => (&METAL_SULFATE, false),
        l::MGCL2 | l::NICL2 | l::COCL2 | l::MNCL2 | l::FECL2 | l::CUCL2 => (&CALCIUM_CHLORIDE, false),
        _ => (&CHLORIDE, false),
    }
}

/// Equivalents per mol of the solute, from its ions: 2 for NiSO4 and CaCl2, 6 for Fe2(SO4)3.
const fn equivalents(solute: usize) -> f64 {
    match solute {
        l::FE2SO43 | l::AL2SO43 => 6.0,
        l::FECL3 | l::ALCL3 => 3.0,
        l::H2O2 => 0.0,
        l::NA2CO3 | l::CACL2 | l::MGCL2 | l::NICL2 | l::COCL2 | l::MNCL2 | l::FECL2 | l::CUCL2 => 2.0,
        _ if l::is_sulfate(solute) => 2.0,
        _ => 1.0,
    }
}

/// What sulfate does to the protons of a mixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Protons {
    /// Share of the acid's protons that is free here, and that would be free in H2SO4 of as many equivalents alone.
    pub(crate) free: f64,
    pub(crate) alone: f64,
}

impl Protons {
    /// Without a sulfate beside the acid.
    pub(crate) const ALONE: Self = Self { free: 1.0, alone: 1.0 };

    /// mol/L of the solved mixture: free protons, bisulfate, sulfate, and equivalents of all cations.
    pub(crate) fn of(proton: f64, bisulfate: f64, sulfate: f64, equivalents: f64) -> Self {
        if bisulfate < 1e-9 || proton <= 0.0 {
            return Self::ALONE;
        }
        // [H+]^2 + (K - c) [H+] - 2 K c = 0 in c mol/L of H2SO4, of which one proton always leaves.
        let constant = proton * sulfate.max(0.0) / bisulfate;
        let c = (0.5 * equivalents).max(1e-9);
        let b = constant - c;
        let alone = 0.5 * (libm::sqrt(b * b + 8.0 * constant * c) - b) / (2.0 * c);
        Self { free: proton / (proton + bisulfate), alone: alone.clamp(1e-6, 1.0) }
    }

    /// Of what the acid alone conducts.
    fn share(self, solute: usize) -> f64 {
        match solute {
            l::H2SO4 => (self.free / self.alone).min(1.0),
            l::HCL => self.free,
            _ => 1.0,
        }
    }
}

/// What a proton in bisulfate conducts of what an equivalent of Li2SO4 does.
const BISULFATE: f64 = 0.5;

/// What carries a current through a liquor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Conduction {
    /// S/m
    pub(crate) all: f64,
    /// S/m of it that lithium and sodium carry, and that protons do.
    pub(crate) alkali: f64,
    pub(crate) protons: f64,
}

impl Conduction {
    /// Transference number of lithium and sodium.
    pub(crate) fn alkali_share(&self) -> f64 {
        self.alkali / self.all
    }

    /// What is left for the anions where no other cation is.
    pub(crate) fn anion_share(&self) -> f64 {
        1.0 - (self.alkali + self.protons) / self.all
    }
}

/// Limiting conductivities at 25 degC, S cm2 per equivalent (Robinson and Stokes, published).
const LITHIUM: f64 = 38.7;
const SODIUM: f64 = 50.1;
const PROTON: f64 = 349.8;
const POTASSIUM: f64 = 73.5;
const CALCIUM: f64 = 59.5;
const MAGNESIUM: f64 = 53.1;
const COPPER: f64 = 53.6;
const CHLORIDE_ION: f64 = 76.3;
const SULFATE_ION: f64 = 80.0;
const HYDROXIDE_ION: f64 = 198.0;
const CARBONATE_ION: f64 = 69.3;

/// Share of a solute's current that its lithium or sodium carries, and that its protons do: of the limiting
/// conductivities, which it keeps within some hundredths up to strong liquors and 90 degC.
const fn carried(solute: usize) -> (f64, f64) {
    match solute {
        l::LICL => (LITHIUM / (LITHIUM + CHLORIDE_ION), 0.0),
        l::LIOH => (LITHIUM / (LITHIUM + HYDROXIDE_ION), 0.0),
        l::LI2SO4 => (LITHIUM / (LITHIUM + SULFATE_ION), 0.0),
        l::NACL | l::NAF => (SODIUM / (SODIUM + CHLORIDE_ION), 0.0),
        l::NAOH => (SODIUM / (SODIUM + HYDROXIDE_ION), 0.0),
        l::NA2SO4 => (SODIUM / (SODIUM + SULFATE_ION), 0.0),
        l::NA2CO3 => (SODIUM / (SODIUM + CARBONATE_ION), 0.0),
        l::HCL => (0.0, PROTON / (PROTON + CHLORIDE_ION)),
        l::H2SO4 => (0.0, PROTON / (PROTON + SULFATE_ION)),
        _ => (0.0, 0.0),
    }
}

/// What conducts, and how much.
pub(crate) fn conduction(makeup: &Makeup, protons: Protons, kelvin: f64, notes: &mut Notes) -> Conduction {
    // What pure water with a little of anything conducts.
    const FLOOR: f64 = 1e-4;
    let water = makeup.water.max(0.05);
    let of = |solute: usize| makeup.solutes[solute] / ions(solute).1 / water * equivalents(solute);
    let present = || (0..SOLUTES).filter(|solute| makeup.solutes[*solute] != 0.0);
    let total: f64 = present().map(of).sum();
    let mut sum = Conduction { all: FLOOR, alkali: 0.0, protons: 0.0 };
    if total < 1e-9 {
        return sum;
    }
    let t = kelvin - ZERO_CELSIUS;
    let mut inside = (15.0..=95.0).contains(&t);
    let t = t.clamp(0.0, 110.0);
    for solute in present() {
        let share = of(solute) / total;
        if share < 1e-6 {
            continue;
        }
        let (fit, own) = class(solute);
        let molality = total / fit.equivalents;
        inside &= (own && molality <= fit.molality_max) || share < 0.02;
        let free = protons.share(solute);
        let here = share * free * fit.conductivity(molality, t);
        let (alkali, protons) = carried(solute);
        sum.all += here;
        sum.alkali += alkali * here;
        sum.protons += protons * here;
        if free < 1.0 {
            sum.all +=
                share * (1.0 - free) * BISULFATE * SULFATE.conductivity(total / SULFATE.equivalents, t);
        }
    }
    notes.check(Remark::Conductivity, inside);
    sum
}

#[cfg(test)]
mod tests {
    use super::{Makeup, Protons, SOLUTES, class, conduction, equivalents};
    use crate::constants::ZERO_CELSIUS;
    use crate::solution::laliberte::{self as l, FITS, is_sulfate};
    use crate::solution::{Notes, Remark};

    /// S/m of tables: CRC Handbook (20 degC) and Kohlrausch (18 degC), Darling for the last one.
    #[test]
    fn salt_acids_and_lye_conduct_as_the_tables_have_it() {
        let rows: [(usize, f64, f64, f64); 26] = [
            (l::NA2SO4, 5.0, 18.0, 4.09),
            (l::NA2SO4, 15.0, 18.0, 8.86),
            (l::CUSO4, 5.0, 18.0, 1.89),
            (l::CUSO4, 15.0, 18.0, 4.21),
            (l::MGSO4, 10.0, 18.0, 4.14),
            (l::MGSO4, 25.0, 18.0, 4.15),
            (l::NA2CO3, 5.0, 18.0, 4.51),
            (l::NA2CO3, 10.0, 18.0, 7.05),
            (l::CACL2, 10.0, 18.0, 11.41),
            (l::CACL2, 30.0, 18.0, 16.58),
            (l::KCL, 5.0, 18.0, 6.90),
            (l::KCL, 20.0, 18.0, 26.77),
            // Standards of the cell constant: 0.1 and 1 mol/L.
            (l::KCL, 0.743, 25.0, 1.286),
            (l::NACL, 5.0, 20.0, 7.01),
            (l::NACL, 10.0, 20.0, 12.6),
            (l::NACL, 20.0, 20.0, 20.4),
            (l::HCL, 5.0, 18.0, 39.5),
            (l::HCL, 20.0, 18.0, 76.2),
            (l::HCL, 30.0, 18.0, 66.2),
            (l::H2SO4, 5.0, 18.0, 20.9),
            (l::H2SO4, 20.0, 18.0, 65.3),
            (l::H2SO4, 30.0, 18.0, 73.9),
            (l::NAOH, 5.0, 18.0, 19.7),
            (l::NAOH, 15.0, 18.0, 34.6),
            (l::NAOH, 30.0, 18.0, 20.2),
            (l::H2SO4, 30.0, 50.0, 111.7),
        ];
        for (solute, percent, celsius, table) in rows {
            let mut makeup = Makeup { mass: 1.0, water: 1.0 - 0.01 * percent, solutes: [0.0; SOLUTES] };
            makeup.solutes[solute] = 0.01 * percent;
            let mut notes = Notes::default();
            let told = conduction(&makeup, Protons::ALONE, celsius + ZERO_CELSIUS, &mut notes).all;
            assert!(
                (told / table - 1.0).abs() < 0.045,
                "{} {percent} %: {told} for {table}",
                FITS[solute].name
            );
            assert_eq!(notes.count(Remark::Conductivity), 0, "{} {percent} %", FITS[solute].name);
        }
    }

    /// S cm2 per equivalent at 0.01 and 0.001 equivalents per litre, 25 degC: CRC Handbook; of LiOH NaOH's less what the limits differ by.
    #[test]
    fn a_thin_liquor_goes_to_the_limiting_conductivity() {
        let rows: [(usize, f64, f64, f64); 9] = [
            (l::KCL, 141.2, 146.9, 0.01),
            (l::NACL, 118.4, 123.7, 0.01),
            (l::LICL, 107.3, 112.3, 0.01),
            (l::HCL, 411.8, 421.2, 0.01),
            (l::NAOH, 237.9, 244.6, 0.02),
            (l::LIOH, 226.5, 233.2, 0.02),
            (l::NA2SO4, 112.4, 124.1, 0.01),
            (l::CACL2, 120.3, 130.3, 0.02),
            (l::CUSO4, 83.1, 115.2, 0.04),
        ];
        let alone = |solute: usize, equivalent: f64| {
            let mut makeup = Makeup { mass: 1.0, water: 1.0, solutes: [0.0; SOLUTES] };
            makeup.solutes[solute] =
                equivalent / equivalents(solute) * crate::solution::vapour::ions(solute).1;
            let mut notes = Notes::default();
            let told = conduction(&makeup, Protons::ALONE, 298.15, &mut notes).all - 1e-4;
            assert_eq!(notes.count(Remark::Conductivity), 0);
            10.0 * told / equivalent
        };
        for (solute, hundredth, thousandth, within) in rows {
            for (equivalent, table) in [(0.01, hundredth), (0.001, thousandth)] {
                let told = alone(solute, equivalent);
                let name = FITS[solute].name;
                assert!((told / table - 1.0).abs() < within, "{name} {equivalent}: {told} for {table}");
            }
            // No jump where the fit takes over, and what one equivalent conducts never rises with its strength below it.
            let fit = class(solute).0;
            let at = fit.dilute * fit.equivalents;
            assert!((alone(solute, at * 0.999_999) / alone(solute, at) - 1.0).abs() < 1e-5);
            assert!(alone(solute, 0.9 * at) > alone(solute, at), "{}", FITS[solute].name);
        }
        assert!(alone(l::LIOH, 0.01) < alone(l::NAOH, 0.01) && alone(l::LIOH, 0.1) < alone(l::NAOH, 0.1));
    }

    #[test]
    fn a_little_acid_takes_much_of_the_current_from_the_alkali() {
        let of = |solutes: &[(usize, f64)]| {
            let mut makeup = Makeup { mass: 1.0, water: 0.9, solutes: [0.0; SOLUTES] };
            for (solute, mass) in solutes {
                makeup.solutes[*solute] = *mass;
            }
            conduction(&makeup, Protons::ALONE, 298.15, &mut Notes::default())
        };
        // Transference numbers of Robinson and Stokes at infinite dilution.
        let [lithium, sodium, acid] = [l::LI2SO4, l::NACL, l::HCL].map(|solute| of(&[(solute, 0.05)]));
        assert!(
            (lithium.alkali_share() - 0.326).abs() < 2e-3 && (lithium.anion_share() - 0.674).abs() < 2e-3
        );
        assert!((sodium.alkali_share() - 0.396).abs() < 2e-3, "{sodium:?}");
        assert!(acid.alkali == 0.0 && (acid.anion_share() - 0.179).abs() < 2e-3, "{acid:?}");
        // Of as many equivalents of both, the protons conduct five times as well as the lithium's salt.
        let both = of(&[(l::LICL, 0.0424), (l::HCL, 0.0365)]);
        assert!(both.alkali_share() < 0.1 && both.protons > 5.0 * both.alkali, "{both:?}");
        assert!((both.alkali + both.protons) / both.all + both.anion_share() == 1.0);
    }

    #[test]
    fn a_solute_s_number_says_of_its_class_what_its_name_says() {
        for (solute, fit) in FITS.iter().enumerate() {
            let name = fit.name;
            assert_eq!(is_sulfate(solute), name.contains("SO4"), "{name}");
            let expected = match name {
                "Fe2(SO4)3" | "Al2(SO4)3" => 6.0,
                "FeCl3" | "AlCl3" => 3.0,
                "H2O2" => 0.0,
                _ if name.contains("SO4") || name.contains("CO3") || name.ends_with("Cl2") => 2.0,
                _ => 1.0,
            };
            assert_eq!(equivalents(solute), expected, "{name}");
            // What has no fit of its own borrows one of as many equivalents, but those of three charges.
            let (fit, own) = class(solute);
            let three = ["Fe2(SO4)3", "Al2(SO4)3", "FeCl3", "AlCl3", "H2O2"].contains(&name);
            assert!(three || fit.equivalents == expected, "{name}");
            let measured = ["LiCl", "LiOH", "Li2SO4", "HCl", "H2SO4", "NaOH", "NaCl", "KCl", "CaCl2"];
            let more = ["Na2SO4", "Na2CO3", "MgSO4", "CuSO4"];
            assert_eq!(own, measured.contains(&name) || more.contains(&name), "{name}");
        }
    }
}
