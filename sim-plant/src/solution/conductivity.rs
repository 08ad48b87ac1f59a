//! Electrical conductivity of a liquor: Casteel-Amis fits, mixed by equivalents.
//!
//! `kappa = kmax (m/mu)^a exp(b (m-mu)^2 - a (m-mu)/mu)` at 25, 60, 80 degC, a parabola between; fitted to the
//! PHREEQC values of basis 5.2 (LiCl, Li2SO4 within 0.4 %: published; LiOH lowered above 2 m toward Kohlrausch
//! and H2SO4, which reads low above 1 M: recalled). In a mixture each salt conducts as it would alone at the
//! liquor's total equivalents, weighted by its share of them. Every other salt borrows its class (chlorides
//! LiCl, sulfates Li2SO4, lyes LiOH, acids H2SO4), and that is noted.

use super::density::Makeup;
use super::laliberte as l;
use super::laliberte::SOLUTES;
use super::vapour::ions;
use super::{Notes, Remark};
use crate::constants::ZERO_CELSIUS;

/// kmax, mu, a, b at 25, 60, 80 degC; the largest molality; equivalents per formula.
struct Fit {
    at: [[f64; 4]; 3],
    molality_max: f64,
    equivalents: f64,
}

const CHLORIDE: Fit = Fit {
    at: [
        [19.089064798135134, 6.52823175484425, 0.9267846198531071, -0.00032742377910989853],
        [33.02763238196446, 6.921705327231409, 0.954729212132039, 0.002090801420122471],
        [40.74633988976907, 6.31215231651237, 0.9463447457300509, 0.00020659211580717815],
    ],
    molality_max: 5.5,
    equivalents: 1.0,
};
const HYDROXIDE: Fit = Fit {
    at: [
        [42.955261608412044, 10.698342723501899, 0.9312061533604268, 0.004068017638958634],
        [67.69749229485738, 10.698342723501899, 0.9312061533604268, 0.004068017638958634],
        [80.66998130059782, 10.698342723501899, 0.9312061533604268, 0.004068017638958634],
    ],
    molality_max: 5.5,
    equivalents: 1.0,
};
const SULFATE: Fit = Fit {
    at: [
        [8.137170657792247, 1.843102073821378, 0.8607146378979643, -0.0660618456587024],
        [16.518066843597108, 2.084431853494168, 0.784829059607126, -0.06068148659434942],
        [22.806910096369435, 2.1837297045369333, 0.8387465688097684, -0.04598178819310425],
    ],
    molality_max: 3.0,
    equivalents: 2.0,
};
const ACID: Fit = Fit {
    at: [
        [54.376642175986376, 3.581394615072377, 1.0178013079073562, 0.00752712931883745],
        [70.36942440119515, 3.5578656764350343, 1.0120676763668355, 0.004770143527770978],
        [75.52626672276693, 3.5061047697772154, 1.0101009520542181, 0.002576660629912103],
    ],
    molality_max: 3.0,
    equivalents: 2.0,
};

/// By number, not by name: every tank asks for all its solutes every second.
const fn class(solute: usize) -> (&'static Fit, bool) {
    match solute {
        l::LICL => (&CHLORIDE, true),
        l::LIOH => (&HYDROXIDE, true),
        l::LI2SO4 => (&SULFATE, true),
        l::H2SO4 => (&ACID, true),
        l::HCL => (&ACID, false),
        l::NAOH | l::KOH => (&HYDROXIDE, false),
        l::NA2CO3 => (&SULFATE, false),
        _ if l::is_sulfate(solute) => (&SULFATE, false),
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

/// S/m
pub(crate) fn conductivity(makeup: &Makeup, kelvin: f64, notes: &mut Notes) -> f64 {
    // What pure water with a little of anything conducts.
    const FLOOR: f64 = 1e-4;
    let water = makeup.water.max(0.05);
    let of = |solute: usize| makeup.solutes[solute] / ions(solute).1 / water * equivalents(solute);
    let present = || (0..SOLUTES).filter(|solute| makeup.solutes[*solute] != 0.0);
    let total: f64 = present().map(of).sum();
    if total < 1e-9 {
        return FLOOR;
    }
    let t = kelvin - ZERO_CELSIUS;
    let mut inside = (15.0..=95.0).contains(&t);
    let t = t.clamp(0.0, 110.0);
    let mut sum = FLOOR;
    for solute in present() {
        let share = of(solute) / total;
        if share < 1e-6 {
            continue;
        }
        let (fit, own) = class(solute);
        let molality = total / fit.equivalents;
        inside &= (own && molality <= fit.molality_max) || share < 0.02;
        let m = molality.clamp(1e-9, fit.molality_max);
        let at = fit.at.map(|[top, mu, a, b]| {
            top * libm::exp(a * libm::log(m / mu) + b * (m - mu) * (m - mu) - a * (m - mu) / mu)
        });
        sum += share * super::parabola(t, [(25.0, at[0]), (60.0, at[1]), (80.0, at[2])]).max(0.2 * at[0]);
    }
    notes.check(Remark::Conductivity, inside);
    sum
}

#[cfg(test)]
mod tests {
    use super::{SULFATE, class, equivalents};
    use crate::solution::laliberte::{FITS, is_sulfate};

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
            let sulfate = name.contains("CO3") || name.contains("SO4") && name != "H2SO4";
            assert_eq!(class(solute).0.at == SULFATE.at, sulfate, "{name}");
        }
    }
}
