use std::sync::LazyLock;

use super::density::Makeup;
use super::solubility::Salt;
use super::{Notes, Remark, Slurry};
use crate::chemistry::Chemistry;
use crate::constants::ZERO_CELSIUS;
use crate::matter::Matter;
use crate::species::Species;
use Species::{Acid, Aluminium, Carbonate, Chloride, Ferric, Lithium, Nickel, Sodium, Sulfate, Water};

static CHEMISTRY: LazyLock<Chemistry> = LazyLock::new(|| Chemistry::built_in().unwrap());

/// One kilogram of a solution of so many weight per cent.
fn solution(ions: &[(Species, f64)], percent: f64) -> Matter {
    let c = &*CHEMISTRY;
    let mass: f64 = ions.iter().map(|(ion, count)| count * c.molar_mass(*ion)).sum();
    let mut made = Matter::default();
    let moles = percent / 100.0 / mass;
    for &(ion, count) in ions {
        made[ion] += count * moles;
    }
    let missing: f64 = 1.0 - made.mass(c);
    made[Water] += missing / c.molar_mass(Water);
    made
}

const LITHIUM_HYDROXIDE: &[(Species, f64)] = &[(Lithium, 1.0), (Acid, -1.0), (Water, 1.0)];
const LITHIUM_CHLORIDE: &[(Species, f64)] = &[(Lithium, 1.0), (Chloride, 1.0)];
const LITHIUM_SULFATE: &[(Species, f64)] = &[(Lithium, 2.0), (Sulfate, 1.0)];
const SULFURIC_ACID: &[(Species, f64)] = &[(Acid, 2.0), (Sulfate, 1.0)];
const HYDROCHLORIC_ACID: &[(Species, f64)] = &[(Acid, 1.0), (Chloride, 1.0)];
const SODIUM_HYDROXIDE: &[(Species, f64)] = &[(Sodium, 1.0), (Acid, -1.0), (Water, 1.0)];
const NICKEL_SULFATE: &[(Species, f64)] = &[(Nickel, 1.0), (Sulfate, 1.0)];

#[test]
fn densities_and_viscosities_match_the_reference_values_of_the_basis() {
    let cases = [
        (LITHIUM_HYDROXIDE, 5.0, 1051.6, 1037.6, 1.55),
        (LITHIUM_HYDROXIDE, 10.0, 1102.5, 1086.8, 3.27),
        (LITHIUM_CHLORIDE, 20.0, 1114.1, 1099.5, 1.89),
        (LITHIUM_CHLORIDE, 40.0, 1251.4, 1234.8, 8.27),
        (LITHIUM_SULFATE, 10.0, 1084.3, 1068.0, 1.52),
        (LITHIUM_SULFATE, 20.0, 1177.4, 1161.5, 2.94),
        (SULFURIC_ACID, 20.0, 1137.7, 1115.7, 1.42),
        (HYDROCHLORIC_ACID, 32.0, 1155.5, 1133.4, 1.63),
        (SODIUM_HYDROXIDE, 32.0, 1345.0, 1328.2, 12.7),
        (NICKEL_SULFATE, 20.0, 1238.5, 1220.2, 2.69),
    ];
    let mut notes = Notes::default();
    for (ions, percent, cold, warm, viscosity) in cases {
        let makeup = Makeup::of(&solution(ions, percent), &CHEMISTRY);
        for (t, expected) in [(25.0, cold), (60.0, warm)] {
            let found = makeup.density(t + 273.15, &mut notes);
            assert!((found / expected - 1.0).abs() < 0.0008, "{ions:?} {percent} {t}: {found} {expected}");
        }
        let found = makeup.viscosity(298.15, &mut notes) * 1e3;
        assert!((found / viscosity - 1.0).abs() < 0.02, "{ions:?} {percent}: {found} {viscosity}");
    }
    assert_eq!(notes.lines(), Vec::new());
}

#[test]
fn heat_capacities_come_out_of_the_ions() {
    for (ions, percent, expected) in [
        (LITHIUM_HYDROXIDE, 5.0, 3.96),
        (LITHIUM_CHLORIDE, 20.0, 3.26),
        (LITHIUM_SULFATE, 10.0, 3.73),
        (SULFURIC_ACID, 20.0, 3.51),
    ] {
        let slurry = Slurry::at(&solution(ions, percent), 298.15, &CHEMISTRY, &mut Notes::default());
        let found = slurry.capacity * 1e-3;
        assert!((found / expected - 1.0).abs() < 0.02, "{ions:?}: {found} {expected}");
        let published = slurry.published_heat_capacity(&CHEMISTRY).unwrap() * 1e-3;
        assert!((published / expected - 1.0).abs() < 0.02, "{ions:?}: {published} {expected}");
    }
}

#[test]
fn acids_lyes_and_salts_have_the_ph_of_the_textbook() {
    let ph = |ions: &[(Species, f64)], molality: f64| {
        let mut matter = Matter::default();
        matter[Water] = 1.0 / CHEMISTRY.molar_mass(Water);
        for &(ion, count) in ions {
            matter[ion] += count * molality;
        }
        Slurry::at(&matter, 298.15, &CHEMISTRY, &mut Notes::default()).ph()
    };
    for (ions, molality, expected, within) in [
        (HYDROCHLORIC_ACID, 0.1, 1.09, 0.05),
        (SULFURIC_ACID, 0.05, 1.22, 0.10),
        (SODIUM_HYDROXIDE, 0.01, 11.95, 0.05),
        (&[(Lithium, 2.0), (Carbonate, 1.0)][..], 0.1, 11.3, 0.2),
        (&[(Lithium, 1.0), (Acid, 1.0), (Carbonate, 1.0)][..], 0.1, 8.25, 0.15),
        (LITHIUM_CHLORIDE, 1.0, 7.0, 0.3),
    ] {
        let found = ph(ions, molality);
        assert!((found - expected).abs() < within, "{ions:?} {molality}: {found}, not {expected}");
    }
}

#[test]
fn a_slurry_gives_its_temperature_back() {
    let mut notes = Notes::default();
    let slurry = Slurry::at(&solution(LITHIUM_SULFATE, 12.0), 333.15, &CHEMISTRY, &mut notes);
    let mut again = slurry.clone();
    again.settle(&CHEMISTRY, &mut notes);
    assert!((again.temperature - 333.15).abs() < 1e-6, "{}", again.temperature);
    assert!((again.volume() / slurry.volume() - 1.0).abs() < 1e-12);
}

#[test]
fn carbonic_acid_carries_no_current_and_bicarbonate_one_charge() {
    let conductivity = |ions: &[(Species, f64)], molality: f64| {
        let mut matter = Matter::default();
        matter[Water] = 1.0 / CHEMISTRY.molar_mass(Water);
        for &(ion, count) in ions {
            matter[ion] += count * molality;
        }
        let mut notes = Notes::default();
        Slurry::at(&matter, 298.15, &CHEMISTRY, &mut notes).conductivity(&CHEMISTRY, &mut notes)
    };
    let bicarbonate = conductivity(&[(Lithium, 1.0), (Acid, 1.0), (Carbonate, 1.0)], 0.1);
    let chloride = conductivity(LITHIUM_CHLORIDE, 0.1);
    let soda_water = conductivity(&[(Acid, 2.0), (Carbonate, 1.0)], 0.03);
    assert!((bicarbonate / chloride - 1.0).abs() < 0.06, "{bicarbonate} {chloride}");
    assert!(soda_water < 0.02 * bicarbonate, "{soda_water}");
}

#[test]
fn a_liquor_beyond_the_osmotic_coefficients_says_so() {
    let remarks = |ions: &[(Species, f64)], percent: f64| {
        let (mut notes, mut quiet) = (Notes::default(), Notes::default());
        let slurry = Slurry::at(&solution(ions, percent), 333.15, &CHEMISTRY, &mut quiet);
        slurry.vapour_pressure(&CHEMISTRY, &mut notes);
        let pressure = notes.count(Remark::Vapour);
        slurry.boiling_point(101_325.0, &CHEMISTRY, &mut notes);
        (pressure, notes.count(Remark::Vapour) - pressure)
    };
    for (ions, within, beyond) in [
        (HYDROCHLORIC_ACID, 10.0, 20.0),
        (SODIUM_HYDROXIDE, 50.0, 60.0),
        (SULFURIC_ACID, 60.0, 99.0),
        (LITHIUM_CHLORIDE, 46.0, 57.0),
        (LITHIUM_HYDROXIDE, 18.0, 20.0),
    ] {
        assert_eq!(remarks(ions, within), (0, 0), "{ions:?}");
        assert_eq!(remarks(ions, beyond), (1, 1), "{ions:?}");
    }
}

#[test]
fn strong_liquors_have_vapour_and_density_up_to_the_end_of_the_published_data() {
    let of = |ions: &[(Species, f64)], percent: f64, celsius: f64| {
        let mut notes = Notes::default();
        let slurry =
            Slurry::at(&solution(ions, percent), celsius + 273.15, &CHEMISTRY, &mut Notes::default());
        let pressure = slurry.vapour_pressure(&CHEMISTRY, &mut notes) * 1e-3;
        let density = Makeup::of(&slurry.matter, &CHEMISTRY).density(celsius + 273.15, &mut notes);
        (pressure, density, notes.lines())
    };
    // kPa and kg/m3: International Critical Tables and Perry for the acid, Olsson and Conde for the others.
    for (ions, percent, celsius, pressure, density) in [
        (SULFURIC_ACID, 50.0, 25.0, 1.128, 1391.0),
        (SULFURIC_ACID, 70.0, 25.0, 0.139, 1606.0),
        (SULFURIC_ACID, 80.0, 60.0, 0.196, 1688.0),
        (SODIUM_HYDROXIDE, 55.0, 60.0, 1.666, 1538.5),
        (LITHIUM_CHLORIDE, 55.0, 80.0, 3.867, 1356.0),
    ] {
        let (p, rho, said) = of(ions, percent, celsius);
        assert!((p / pressure - 1.0).abs() < 0.1, "{ions:?} {percent} {celsius}: {p} kPa for {pressure}");
        assert!((rho / density - 1.0).abs() < 0.008, "{ions:?} {percent} {celsius}: {rho} for {density}");
        assert_eq!(said, Vec::new(), "{ions:?} {percent}");
    }
    for (ions, percent) in [(SULFURIC_ACID, 98.6), (SODIUM_HYDROXIDE, 71.0), (LITHIUM_CHLORIDE, 57.0)] {
        assert_eq!(of(ions, percent, 60.0).2.len(), 2, "{ions:?} {percent}");
    }
}

#[test]
fn water_leaves_strong_liquors_without_a_step_in_pressure_or_density() {
    for (ions, most) in [(SULFURIC_ACID, 98), (SODIUM_HYDROXIDE, 70), (LITHIUM_CHLORIDE, 60)] {
        let at = |percent: f64| {
            let makeup = Makeup::of(&solution(ions, percent), &CHEMISTRY);
            let kelvin = 333.15;
            (super::vapour::water_activity(&makeup, kelvin), makeup.density(kelvin, &mut Notes::default()))
        };
        let mut last = at(1.0);
        for tenth in 11..=10 * most {
            let here = at(0.1 * f64::from(tenth));
            assert!(here.0 < last.0 && last.0 - here.0 < 0.005, "{ions:?} {tenth}: {last:?} {here:?}");
            assert!((here.1 - last.1).abs() < 4.0, "{ions:?} {tenth}: {last:?} {here:?}");
            last = here;
        }
    }
}

#[test]
fn protons_that_sulfate_holds_carry_no_current() {
    let conductivity = |acid: f64, salt: f64| {
        let mut matter = Matter::default();
        matter[Water] = 1.0 / CHEMISTRY.molar_mass(Water);
        matter.react(SULFURIC_ACID, acid);
        matter.react(LITHIUM_SULFATE, salt);
        let mut notes = Notes::default();
        Slurry::at(&matter, 298.15, &CHEMISTRY, &mut notes).conductivity(&CHEMISTRY, &mut notes)
    };
    let (salt, acid) = (conductivity(0.0, 2.0), conductivity(0.25, 0.0));
    // A quarter of a mole of acid in much sulfate is bisulfate for nineteen parts in twenty.
    let both = conductivity(0.25, 2.0);
    assert!(both < salt + 0.15 * acid, "{both} S/m; {salt} of the salt, {acid} of the acid");
    // Without the salt nothing changes, and it does so without a step.
    assert!((conductivity(0.25, 1e-4) / acid - 1.0).abs() < 2e-3);
    assert!((conductivity(1e-7, 2.0) / salt - 1.0).abs() < 1e-3);
}

#[test]
fn strong_acid_and_lye_need_no_constants_and_a_strong_buffer_does() {
    let remarks = |ions: &[(Species, f64)], percent: f64| {
        let mut notes = Notes::default();
        Slurry::at(&solution(ions, percent), 333.15, &CHEMISTRY, &mut notes);
        notes.count(Remark::IonicStrength)
    };
    assert_eq!(remarks(HYDROCHLORIC_ACID, 36.0), 0);
    assert_eq!(remarks(LITHIUM_HYDROXIDE, 16.0), 0);
    // Its pH hangs on nothing else than the constants.
    let soda: &[(Species, f64)] = &[(Sodium, 8.0), (Chloride, 7.0), (Carbonate, 1.0), (Acid, 1.0)];
    assert!(remarks(soda, 35.0) > 0);
    // Half of the acid stands as bisulfate.
    assert!(remarks(SULFURIC_ACID, 60.0) > 0);
    // Stronger than what any table of the acid reaches.
    assert!(remarks(HYDROCHLORIC_ACID, 40.0) > 0);
}

#[test]
fn lye_grows_lighter_without_a_step_where_its_fit_is_carried_on() {
    let density = |t: f64, percent: f64| {
        let mut notes = Notes::default();
        let makeup = Makeup::of(&solution(LITHIUM_HYDROXIDE, percent), &CHEMISTRY);
        let found = makeup.density(t + 273.15, &mut notes);
        (found, notes.count(Remark::Density(super::laliberte::LIOH)))
    };
    for percent in [2.0, 8.0, 11.3, 14.0, 18.0] {
        let mut last = density(10.0, percent).0;
        for t in 11..=110 {
            let (here, noted) = density(f64::from(t), percent);
            assert!(here < last && last - here < 1.3 && noted == 0, "{t} degC {percent} wt%: {last} {here}");
            last = here;
        }
    }
    assert_eq!((density(9.0, 5.0).1, density(111.0, 5.0).1, density(60.0, 18.2).1), (1, 1, 1));
}

#[test]
fn iron_and_aluminium_make_their_water_sour() {
    let ph = |ions: &[(Species, f64)], percent| {
        Slurry::at(&solution(ions, percent), 298.15, &CHEMISTRY, &mut Notes::default()).ph()
    };
    // Of the field: ferric sulfate of 1 wt% near 2, alum liquor of 1 wt% near 3.5.
    let (iron, aluminium) =
        (ph(&[(Ferric, 2.0), (Sulfate, 3.0)], 1.0), ph(&[(Aluminium, 2.0), (Sulfate, 3.0)], 1.0));
    assert!((1.8..2.6).contains(&iron) && (3.0..3.9).contains(&aluminium), "{iron} {aluminium}");
    assert!((6.5..7.5).contains(&ph(&[(Sodium, 2.0), (Sulfate, 1.0)], 1.0)));
}

#[test]
fn copper_makes_its_water_sourer_than_nickel_and_cobalt_do() {
    let ph = |ion: Species| {
        Slurry::at(&solution(&[(ion, 1.0), (Sulfate, 1.0)], 1.55), 298.15, &CHEMISTRY, &mut Notes::default())
            .ph()
    };
    // 0.1 mol/L: copper by its dimer near 4.2, nickel and cobalt below 6, where their first step alone puts them.
    assert!((3.9..4.5).contains(&ph(Species::Copper)), "{}", ph(Species::Copper));
    for ion in [Nickel, Species::Cobalt, Species::Ferrous] {
        assert!((5.4..6.1).contains(&ph(ion)), "{ion:?}: {}", ph(ion));
    }
    assert!((5.9..6.6).contains(&ph(Species::Manganese)) && ph(Species::Magnesium) > 7.0);
}

#[test]
fn strong_lye_has_the_ph_that_its_activity_coefficients_give_it() {
    // 14 + log10(m g) - log10(a_w) by Hamer and Wu 1972 for 1 and 5 mol/kg of NaOH; PHREEQC with pitzer.dat for 3 mol/kg of LiOH.
    for (ions, percent, expected, within) in [
        (SODIUM_HYDROXIDE, 3.85, 13.85, 0.1),
        (SODIUM_HYDROXIDE, 16.67, 14.84, 0.25),
        (LITHIUM_HYDROXIDE, 6.70, 13.97, 0.1),
    ] {
        let ph = Slurry::at(&solution(ions, percent), 298.15, &CHEMISTRY, &mut Notes::default()).ph();
        assert!((ph - expected).abs() < within, "{percent} wt%: {ph} for {expected}");
    }
}

#[test]
fn water_dissociates_as_iapws_says_up_to_110_degc() {
    // IAPWS R11-07 along saturation, computed.
    for (t, expected) in [(25.0, 13.994), (60.0, 13.020), (90.0, 12.416), (100.0, 12.252), (110.0, 12.103)] {
        let k = super::equilibria::Equilibria::at(
            &CHEMISTRY.constants,
            t + 273.15,
            0.0,
            0.0,
            &mut Notes::default(),
        );
        assert!((libm::log10(k.water) + expected).abs() < 0.05, "{t} degC: {}", k.water);
    }
}

#[test]
fn sodium_sulfate_dissolves_as_the_handbook_says() {
    let notes = &mut Notes::default();
    for (t, grams) in
        [(0.0, 4.9), (5.0, 6.4), (10.0, 9.1), (20.0, 19.5), (25.0, 28.1), (30.0, 40.8), (60.0, 45.3)]
    {
        let found = Salt::SodiumSulfate.solubility(273.15 + t, notes);
        assert!((found / grams - 1.0).abs() < 1e-6, "{t} degC: {found}");
    }
    let between = Salt::SodiumSulfate.solubility(273.15 + 15.0, notes);
    assert!((between * between / (9.1 * 19.5) - 1.0).abs() < 0.01, "{between}");
}

#[test]
fn no_liquor_is_shown_beyond_what_carries_it_and_the_heat_beyond_comes_out_again() {
    let c = &*CHEMISTRY;
    for joule in [1e9, -1e9] {
        let mut water = Slurry::at(&c.parcel(&[(Water, 5e3)], 298.15), 298.15, c, &mut Notes::default());
        let (before, mut notes) = (water.matter.enthalpy, Notes::default());
        water.heat(joule);
        water.settle(c, &mut notes);
        assert!((213.0..=484.0).contains(&water.temperature), "{}", water.temperature);
        assert_eq!(notes.count(Remark::Temperature), 1);
        assert_eq!(water.matter.enthalpy, before + joule);
        water.heat(-joule);
        water.settle(c, &mut notes);
        assert!((water.temperature - 298.15).abs() < 1e-3, "{}", water.temperature);
    }
}

#[test]
fn a_liquor_below_its_freezing_point_says_so_and_brine_freezes_later() {
    let c = &*CHEMISTRY;
    let ice = |salt: f64, celsius: f64| {
        let recipe = c.parcel(&[(Water, 55.51), (Sodium, salt), (Chloride, salt)], 298.15);
        let mut notes = Notes::default();
        Slurry::at(&recipe, ZERO_CELSIUS + celsius, c, &mut notes).settle(c, &mut notes);
        notes.count(Remark::Ice)
    };
    // NaCl of 1 and 4 mol/kg freezes at -3.4 and -15.3 degC (CRC Handbook).
    assert_eq!([ice(0.0, 1.0), ice(0.0, -1.0)], [0, 1]);
    assert_eq!([ice(1.0, -2.5), ice(1.0, -4.5)], [0, 1]);
    assert_eq!([ice(4.0, -13.5), ice(4.0, -17.5)], [0, 1]);
}
