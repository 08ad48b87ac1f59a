//! What utilities need to know of water: steam tables, moist air, and how a dilute water conducts.

use crate::matter::Matter;
use crate::solution::Slurry;
use crate::species::Species;

/// Pa of one atmosphere, from which gauge pressures count.
pub(crate) const ATMOSPHERE: f64 = 101_325.0;

/// Pa of saturated steam, IAPWS-IF97 region 4; 0 to 350 degC, held at the ends.
pub(crate) fn steam_pressure(kelvin: f64) -> f64 {
    let t = kelvin.clamp(273.15, 623.15);
    let theta = t - 0.238_555_575_678_49 / (t - 650.175_348_447_98);
    let a = (theta + 1_167.052_145_276_7) * theta - 724_213.167_032_06;
    let b = (-17.073_846_940_092 * theta + 12_020.824_702_470) * theta - 3_232_555.032_233_3;
    let c = (14.915_108_613_530 * theta - 4_823.265_736_159_1) * theta + 405_113.405_420_57;
    let root = 2.0 * c / (-b + libm::sqrt(b * b - 4.0 * a * c));
    root * root * root * root * 1e6
}

/// kg/m3 of boiling water, IAPWS supplementary release on saturation (1992).
pub(crate) fn boiling_density(kelvin: f64) -> f64 {
    let u = libm::cbrt(1.0 - kelvin.clamp(273.16, 620.0) / 647.096);
    let power = |n: i32| libm::pow(u, f64::from(n));
    322.0
        * (1.0 + 1.992_740_64 * u + 1.099_653_42 * u * u
            - 0.510_839_303 * power(5)
            - 1.754_934_79 * power(16)
            - 45.517_035_2 * power(43)
            - 6.746_944_5e5 * power(110))
}

/// kg of steam per kg of dry air that is saturated at `kelvin`, at one atmosphere.
pub(crate) fn saturated_humidity(kelvin: f64) -> f64 {
    let pressure = steam_pressure(kelvin).min(0.9 * ATMOSPHERE);
    0.621_98 * pressure / (ATMOSPHERE - pressure)
}

/// J per kg of dry air, with so much steam in it (ASHRAE).
pub(crate) fn air_enthalpy(kelvin: f64, humidity: f64) -> f64 {
    let t = kelvin - 273.15;
    (1.006 * t + humidity * (2501.0 + 1.86 * t)) * 1e3
}

/// kg of steam per kg of dry air by its two thermometers (ASHRAE).
pub(crate) fn humidity(dry: f64, wet: f64) -> f64 {
    let (t, w) = (dry - 273.15, wet - 273.15);
    let saturated = saturated_humidity(wet);
    (((2501.0 - 2.326 * w) * saturated - 1.006 * (t - w)) / (2501.0 + 1.86 * t - 4.186 * w)).max(0.0)
}

/// S cm2/mol of each ion at 25 degC and infinite dilution (CRC Handbook), with its charge.
const IONS: [(Species, f64, f64); 8] = [
    (Species::Lithium, 38.7, 1.0),
    (Species::Sodium, 50.1, 1.0),
    (Species::Potassium, 73.5, 1.0),
    (Species::Calcium, 119.0, 2.0),
    (Species::Magnesium, 106.1, 2.0),
    (Species::Chloride, 76.3, 1.0),
    (Species::Sulfate, 160.0, 2.0),
    (Species::Fluoride, 55.4, 1.0),
];

/// S/m of a dilute water as an instrument that compensates to 25 degC shows it: Kohlrausch, lowered by the ionic
/// strength as Onsager does for NaCl; good to some per cent below 20 mmol/L.
pub(crate) fn conductivity(water: &Slurry) -> f64 {
    let s = &water.species;
    // The instrument takes out what the ion product of water does between here and 25 degC.
    let net = s.proton - s.hydroxide;
    let proton = 0.5 * (net + libm::sqrt(net * net + 4.0e-14));
    let carried = [
        (proton, 349.8, 1.0),
        (1.0e-14 / proton.max(1e-16), 198.0, 1.0),
        (s.bicarbonate, 44.5, 1.0),
        (s.carbonate, 138.6, 2.0),
    ];
    let own = IONS
        .iter()
        .map(|(species, lambda, charge)| (water.concentration(*species).max(0.0), *lambda, *charge));
    let (mut sum, mut strength) = (0.0, 0.0);
    for (molar, lambda, charge) in carried.into_iter().chain(own) {
        sum += molar * lambda;
        strength += 0.5 * molar * charge * charge;
    }
    // mol/L times S cm2/mol is 0.1 S/m.
    0.1 * sum * (1.0 - 0.7 * libm::sqrt(strength)).max(0.3)
}

/// kg of everything dissolved per kg of water.
pub(crate) fn dissolved(matter: &Matter, mass: &[f64]) -> f64 {
    let water = Species::Water.index();
    let salts: f64 = IONS.iter().map(|(species, ..)| matter[*species] * mass[species.index()]).sum();
    salts / (matter.amount[water] * mass[water]).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chemistry::Chemistry;
    use crate::solution::Notes;

    #[test]
    fn steam_and_boiling_water_are_those_of_the_published_tables() {
        // IF97, table 35, and the release's own check values.
        for (kelvin, mega) in [(300.0, 3.536_589_41e-3), (500.0, 2.638_897_76), (600.0, 12.344_314_6)] {
            assert!((steam_pressure(kelvin) * 1e-6 / mega - 1.0).abs() < 1e-8, "{kelvin}");
        }
        for (kelvin, density) in [(273.16, 999.789), (373.1243, 958.365), (453.03, 887.13)] {
            assert!((boiling_density(kelvin) / density - 1.0).abs() < 1e-4, "{}", boiling_density(kelvin));
        }
    }

    #[test]
    fn air_is_that_of_the_psychrometric_chart() {
        // 78 degF saturated: 41.58 Btu/lb above 0 degF is 78.8 kJ/kg above 0 degC.
        let wet = 298.706;
        let enthalpy = air_enthalpy(wet, saturated_humidity(wet)) * 1e-3;
        assert!((enthalpy - 78.8).abs() < 0.8, "{enthalpy}");
        // 35 degC dry, 25 degC wet: 15.9 g/kg.
        assert!((humidity(308.15, 298.15) - 0.0159).abs() < 2e-4);
    }

    #[test]
    fn pure_water_has_55_nanosiemens_and_a_millimole_of_salt_123_microsiemens() {
        let chemistry = Chemistry::built_in().unwrap();
        let mut notes = Notes::default();
        let made = |molar: f64, notes: &mut Notes| {
            let recipe = {
                let mut recipe = Matter::default();
                recipe[Species::Sodium] = molar;
                recipe[Species::Chloride] = molar;
                recipe
            };
            conductivity(&Slurry::filled(&recipe, 1e-3, 298.15, &chemistry, notes)) * 1e4
        };
        let pure = made(0.0, &mut notes);
        assert!((pure - 0.055).abs() < 0.002, "{pure}");
        // CRC Handbook: 123.7 S cm2/mol at 1 mmol/L, 118.5 at 10.
        assert!((made(1e-3, &mut notes) - 123.7).abs() < 1.5);
        assert!((made(1e-2, &mut notes) - 1185.0).abs() < 20.0);
    }
}
