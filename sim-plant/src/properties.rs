//! Properties of the two liquors, each with its source and its range.
//!
//! Outside its range a property still gives its best value (the fit is held at the edge of its
//! range where that is the safer guess), and says so: the excursion is counted and shown.

use model::StateWalk;

use crate::constants::{GAS, MASS_HCL, MASS_LICL, MASS_LIOH, MASS_WATER, ZERO_CELSIUS};
use crate::exp::{exp, exps};
use crate::liquid::{CL, CLO3, H, Liquid, W};
use crate::parameters::{Conductivity, Density, Parameters};
use crate::solution::density::water_density;
use crate::solution::laliberte::{FITS, LIOH, lye_warmer};
use crate::solution::solubility::LITHIUM_HYDROXIDE;
use crate::solution::{interpolate, parabola};

/// A property that has a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    DensityOfLithiumChloride,
    DensityOfLithiumHydroxide,
    DensityOfHydrogenChloride,
    ConductivityOfLithiumChloride,
    ConductivityOfLithiumHydroxide,
    SolubilityOfLithiumHydroxide,
    VapourPressure,
}

impl Property {
    pub const ALL: [Self; 7] = [
        Self::DensityOfLithiumChloride,
        Self::DensityOfLithiumHydroxide,
        Self::DensityOfHydrogenChloride,
        Self::ConductivityOfLithiumChloride,
        Self::ConductivityOfLithiumHydroxide,
        Self::SolubilityOfLithiumHydroxide,
        Self::VapourPressure,
    ];

    /// What it is and how far it reaches.
    pub const fn text(self) -> &'static str {
        match self {
            Self::DensityOfLithiumChloride => "density LiCl (Laliberte, -5..127 degC, 45 wt%)",
            Self::DensityOfLithiumHydroxide => "density LiOH (Laliberte, carried on to 10..110 degC, 18 wt%)",
            Self::DensityOfHydrogenChloride => "density HCl (Laliberte, 5..99 degC, 37.6 wt%)",
            Self::ConductivityOfLithiumChloride => "conductivity LiCl (PHREEQC fit, 15..95 degC, 5.5 mol/kg)",
            Self::ConductivityOfLithiumHydroxide => {
                "conductivity LiOH (PHREEQC fit, 15..95 degC, 5.5 mol/kg)"
            }
            Self::SolubilityOfLithiumHydroxide => "LiOH stronger than saturated; crystals are not modelled",
            Self::VapourPressure => "vapour pressure of water (Antoine, 10..110 degC)",
        }
    }
}

/// How often each property was asked for outside its range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excursions([u64; Property::ALL.len()]);

impl Excursions {
    pub fn count(&self, property: Property) -> u64 {
        self.0[property as usize]
    }

    fn note(&mut self, property: Property, inside: bool) {
        self.0[property as usize] += u64::from(!inside);
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for count in &mut self.0 {
            walk.u64(count);
        }
    }
}

/// What the liquor is made of, as the correlations want it: mass fractions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Makeup {
    pub(crate) water: f64,
    pub(crate) lithium_chloride: f64,
    pub(crate) lithium_hydroxide: f64,
    pub(crate) hydrogen_chloride: f64,
}

impl Makeup {
    /// Chlorate, free chlorine and hardness count as lithium chloride.
    pub(crate) fn of(liquid: &Liquid) -> Self {
        let mass = liquid.mass().max(1e-9);
        let hydroxide = (-liquid.amount[H]).max(0.0);
        let acid = liquid.amount[H].max(0.0).min(liquid.amount[CL] + liquid.amount[CLO3]);
        let water = ((liquid.amount[W] - hydroxide) * MASS_WATER / mass).clamp(0.0, 1.0);
        let lithium_hydroxide = hydroxide * MASS_LIOH / mass;
        let hydrogen_chloride = acid * MASS_HCL / mass;
        let lithium_chloride = (1.0 - water - lithium_hydroxide - hydrogen_chloride).max(0.0);
        Self { water, lithium_chloride, lithium_hydroxide, hydrogen_chloride }
    }

    /// mol/kg water of LiCl and LiOH.
    pub(crate) fn molalities(&self) -> (f64, f64) {
        let water = self.water.max(0.05);
        (self.lithium_chloride / MASS_LICL / water, self.lithium_hydroxide / MASS_LIOH / water)
    }
}

/// Apparent specific volume of a solute, m3/kg, Laliberte 2007; held at the edges of the fit.
fn solute_volume(fit: &Density, fraction: f64, water: f64, kelvin: f64) -> (f64, bool) {
    let inside = kelvin >= fit.temperature_min
        && kelvin <= fit.temperature_max
        && fraction <= fit.mass_fraction_max + 1e-12;
    let t = kelvin.clamp(fit.temperature_min, fit.temperature_max) - ZERO_CELSIUS;
    let solute = (1.0 - water).clamp(0.0, fit.mass_fraction_max);
    let shift = t + fit.c4;
    let density = (fit.c0 * solute + fit.c1) * exp(1e-6 * shift * shift) / (solute + fit.c2 + fit.c3 * t);
    (1.0 / density, inside)
}

/// kg/m3.
pub(crate) fn density(p: &Parameters, makeup: &Makeup, kelvin: f64, seen: &mut Excursions) -> f64 {
    const TRACE: f64 = 1e-9;
    let mut volume = makeup.water / water_density(kelvin - ZERO_CELSIUS);
    let solutes = [
        (&p.density_lithium_chloride, makeup.lithium_chloride, Property::DensityOfLithiumChloride),
        (&p.density_lithium_hydroxide, makeup.lithium_hydroxide, Property::DensityOfLithiumHydroxide),
        (&p.density_hydrogen_chloride, makeup.hydrogen_chloride, Property::DensityOfHydrogenChloride),
    ];
    for (fit, fraction, property) in solutes {
        if fraction > TRACE {
            let (mut specific, mut inside) = solute_volume(fit, fraction, makeup.water, kelvin);
            if property == Property::DensityOfLithiumHydroxide {
                // The fit's own ends hold in `solute_volume`; what carries it on is shared with the other units.
                let (t, range) = (kelvin - ZERO_CELSIUS, FITS[LIOH].density.1);
                specific += lye_warmer(t);
                inside = (range.low..=range.high).contains(&t) && fraction <= range.fraction;
            }
            seen.note(property, inside);
            volume += fraction * specific;
        }
    }
    1.0 / volume
}

fn casteel_amis(fit: &Conductivity, molality: f64, kelvin: f64) -> (f64, bool) {
    let t = kelvin - ZERO_CELSIUS;
    let inside = (15.0..=95.0).contains(&t) && molality <= fit.molality_max;
    let m = molality.clamp(1e-6, fit.molality_max);
    let t = t.clamp(0.0, 110.0);
    let ratio = m / fit.molality_at_maximum;
    let away = m - fit.molality_at_maximum;
    let power = fit.exponent * libm::log(ratio) + fit.curvature * away * away
        - fit.exponent * away / fit.molality_at_maximum;
    let warm = parabola(t, [(25.0, 1.0), (60.0, fit.ratio_60), (80.0, fit.ratio_80)]);
    (fit.maximum * exp(power) * warm.max(0.1), inside)
}

/// S/m.
pub(crate) fn conductivity(p: &Parameters, makeup: &Makeup, kelvin: f64, seen: &mut Excursions) -> f64 {
    // What pure water with a little of anything conducts, so that nothing divides by zero.
    const FLOOR: f64 = 0.01;
    let (chloride, hydroxide) = makeup.molalities();
    let mut sum = FLOOR;
    let salts = [
        (&p.conductivity_lithium_chloride, chloride, Property::ConductivityOfLithiumChloride),
        (&p.conductivity_lithium_hydroxide, hydroxide, Property::ConductivityOfLithiumHydroxide),
    ];
    for (fit, molality, property) in salts {
        if molality > 1e-3 {
            let (value, inside) = casteel_amis(fit, molality, kelvin);
            seen.note(property, inside);
            sum += value;
        }
    }
    sum
}

/// Pa over the liquor: Antoine for water, times the water activity from the osmotic coefficient.
pub(crate) fn vapour_pressure(p: &Parameters, makeup: &Makeup, kelvin: f64, seen: &mut Excursions) -> f64 {
    let (chloride, hydroxide) = makeup.molalities();
    let a = &p.activity;
    let chloride_term = (a.lithium_chloride_constant + a.lithium_chloride_slope * chloride) * chloride;
    let hydroxide_term = (a.lithium_hydroxide_constant + a.lithium_hydroxide_slope * hydroxide) * hydroxide;
    let activity = exp(-2.0 * MASS_WATER * (chloride_term + hydroxide_term));
    seen.note(Property::VapourPressure, (283.15..=383.15).contains(&kelvin));
    activity * saturation_pressure(kelvin)
}

/// Pa of pure water, Antoine (Reid, Prausnitz, Sherwood).
pub(crate) fn saturation_pressure(kelvin: f64) -> f64 {
    exp(23.1964 - 3816.44 / (kelvin.clamp(250.0, 441.0) - 46.13))
}

/// g LiOH per 100 g of water.
pub(crate) fn lithium_hydroxide_solubility(kelvin: f64) -> f64 {
    interpolate(&LITHIUM_HYDROXIDE, kelvin - ZERO_CELSIUS)
}

pub(crate) fn note_saturation(makeup: &Makeup, kelvin: f64, seen: &mut Excursions) {
    let strength = 100.0 * makeup.lithium_hydroxide / makeup.water.max(0.05);
    let inside = strength <= lithium_hydroxide_solubility(kelvin);
    seen.note(Property::SolubilityOfLithiumHydroxide, inside);
}

/// Equilibria of water and chlorine in mol/m3, at one temperature.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Equilibria {
    /// [H+][OH-]
    pub(crate) water: f64,
    /// [H+][ClO-]/[HClO]
    pub(crate) hypochlorous: f64,
    /// [H+][Cl-][HClO]/[Cl2]
    pub(crate) hydrolysis: f64,
    /// Dissolved Cl2 per pressure, mol/(m3 Pa).
    pub(crate) chlorine: f64,
    /// Chlorate formation, (m3/mol)^2/s.
    pub(crate) chlorate: f64,
}

impl Equilibria {
    pub(crate) fn at(p: &Parameters, kelvin: f64) -> Self {
        let c = &p.chemistry;
        let kelvin = kelvin.clamp(263.15, 393.15);
        let t = kelvin - ZERO_CELSIUS;
        let pkw = parabola(t, [(25.0, c.pkw_25), (60.0, c.pkw_60), (90.0, c.pkw_90)]);
        let inverse = 1.0 / kelvin - 1.0 / 298.15;
        let ten = core::f64::consts::LN_10;
        let from_80 = 1.0 / kelvin - 1.0 / 353.15;
        let [water, hypochlorous, hydrolysis, chlorine, chlorate] = exps([
            -ten * pkw,
            -ten * c.hypochlorous_pka - c.hypochlorous_enthalpy / GAS * inverse,
            -c.chlorine_hydrolysis_enthalpy / GAS * inverse,
            c.chlorine_solubility_temperature * inverse,
            -c.chlorate_activation / GAS * from_80,
        ]);
        Self {
            water: water * 1e6,
            hypochlorous: hypochlorous * 1e3,
            hydrolysis: c.chlorine_hydrolysis * hydrolysis * 1e6,
            chlorine: c.chlorine_solubility * chlorine * 1e3 / 101_325.0,
            chlorate: c.chlorate_rate * chlorate * 1e-6,
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for value in [
            &mut self.water,
            &mut self.hypochlorous,
            &mut self.hydrolysis,
            &mut self.chlorine,
            &mut self.chlorate,
        ] {
            walk.f64(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Equilibria, Excursions, Makeup, Property, conductivity, density, saturation_pressure};
    use super::{lithium_hydroxide_solubility, vapour_pressure};
    use crate::constants::{MASS_LICL, MASS_LIOH};
    use crate::parameters::Parameters;

    fn makeup(chloride: f64, hydroxide: f64, acid: f64) -> Makeup {
        Makeup {
            water: 1.0 - chloride - hydroxide - acid,
            lithium_chloride: chloride,
            lithium_hydroxide: hydroxide,
            hydrogen_chloride: acid,
        }
    }

    fn molal(chloride: f64, hydroxide: f64) -> Makeup {
        let solute = chloride * MASS_LICL + hydroxide * MASS_LIOH;
        makeup(chloride * MASS_LICL / (1.0 + solute), hydroxide * MASS_LIOH / (1.0 + solute), 0.0)
    }

    #[test]
    fn densities_match_the_reference_values_of_the_basis() {
        let p = Parameters::built_in().unwrap();
        let mut seen = Excursions::default();
        let cases = [
            (makeup(0.0, 0.05, 0.0), 25.0, 1051.6),
            (makeup(0.0, 0.10, 0.0), 25.0, 1102.5),
            (makeup(0.0, 0.10, 0.0), 60.0, 1086.8),
            (makeup(0.20, 0.0, 0.0), 25.0, 1114.1),
            (makeup(0.20, 0.0, 0.0), 60.0, 1099.5),
            (makeup(0.40, 0.0, 0.0), 60.0, 1234.8),
            (makeup(0.0, 0.0, 0.32), 25.0, 1155.5),
        ];
        for (makeup, t, expected) in cases {
            let found = density(&p, &makeup, t + 273.15, &mut seen);
            assert!((found / expected - 1.0).abs() < 0.0005, "{makeup:?} {t}: {found} {expected}");
        }
        assert_eq!(seen, Excursions::default());
    }

    #[test]
    fn conductivities_match_the_table_of_the_basis() {
        let p = Parameters::built_in().unwrap();
        let mut seen = Excursions::default();
        for (m, t, expected) in [(1.0, 25.0, 7.3), (1.0, 60.0, 12.7), (3.0, 80.0, 33.2), (5.0, 60.0, 31.8)] {
            let found = conductivity(&p, &molal(m, 0.0), t + 273.15, &mut seen);
            assert!((found / expected - 1.0).abs() < 0.03, "LiCl {m} m {t} degC: {found} {expected}");
        }
        let found = conductivity(&p, &molal(0.0, 1.0), 333.15, &mut seen);
        assert!((found / 26.2 - 1.0).abs() < 0.04, "LiOH 1 m 60 degC: {found}");
        // Kohlrausch at 18 degC, as the basis quotes him.
        let found = conductivity(&p, &makeup(0.0, 0.05, 0.0), 291.15, &mut seen);
        assert!((found / 24.0 - 1.0).abs() < 0.08, "LiOH 5 wt% 18 degC: {found}");
    }

    #[test]
    fn a_property_outside_its_range_is_counted() {
        let p = Parameters::built_in().unwrap();
        let mut seen = Excursions::default();
        density(&p, &makeup(0.0, 0.05, 0.0), 388.15, &mut seen);
        assert_eq!(seen.count(Property::DensityOfLithiumHydroxide), 1);
        conductivity(&p, &molal(9.0, 0.0), 353.15, &mut seen);
        assert_eq!(seen.count(Property::ConductivityOfLithiumChloride), 1);
    }

    #[test]
    fn the_cells_and_the_other_units_agree_about_lye_from_cold_to_boiling() {
        let p = Parameters::built_in().unwrap();
        let mut seen = Excursions::default();
        for t in [10.0, 20.0, 60.0, 85.0, 105.0] {
            for fraction in [0.02, 0.06, 0.10, 0.15] {
                let here = density(&p, &makeup(0.0, fraction, 0.0), t + 273.15, &mut seen);
                let mut lye = crate::solution::density::Makeup {
                    mass: 1.0,
                    water: 1.0 - fraction,
                    solutes: [0.0; crate::solution::laliberte::SOLUTES],
                };
                lye.solutes[crate::solution::laliberte::LIOH] = fraction;
                let there = lye.density(t + 273.15, &mut crate::solution::Notes::default());
                assert!((here / there - 1.0).abs() < 1e-6, "{t} degC {fraction}: {here} {there}");
            }
        }
        assert_eq!(seen, Excursions::default());
    }

    #[test]
    fn water_boils_at_100_degc_and_salt_lowers_its_vapour_pressure() {
        let p = Parameters::built_in().unwrap();
        assert!((saturation_pressure(373.15) / 101_325.0 - 1.0).abs() < 0.002);
        let over = vapour_pressure(&p, &molal(4.0, 0.0), 353.15, &mut Excursions::default());
        assert!((0.78..0.86).contains(&(over / saturation_pressure(353.15))));
    }

    #[test]
    fn equilibria_and_solubility_pass_through_their_sources() {
        let p = Parameters::built_in().unwrap();
        let at = |t: f64| Equilibria::at(&p, t + 273.15);
        assert!((libm::log10(at(60.0).water * 1e-6) + 13.02).abs() < 1e-9);
        assert!((at(25.0).hydrolysis / 390.0 - 1.0).abs() < 1e-9);
        assert_eq!(lithium_hydroxide_solubility(333.15), 13.8);
        assert!((lithium_hydroxide_solubility(343.15) - 14.55).abs() < 1e-9);
    }
}
