use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::experiment::{Conditions, Experiment};
use crate::parameters::{ParameterEntry, Parameters};

fn run(hours: f64, settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut cell = Experiment::open("chloride-cell", &conditions, &chemistry).unwrap();
    cell.run_to(hours * 3600.0);
    assert!(cell.balance().worst() < 1e-9, "{:?}", cell.balance());
    cell
}

fn read(cell: &Experiment, name: &str) -> f64 {
    cell.reading(name).unwrap()
}

/// The bench answers for the plant only while both have the same electrodes and membrane.
#[test]
fn its_numbers_are_those_of_area_300() {
    let p = Parameters::built_in().unwrap();
    let cell = run(0.0, &[]);
    let of = |entries: &[ParameterEntry], name: &str| {
        let entry = entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("{name}"));
        (entry.value, entry.unit.clone())
    };
    let same = [
        ("voltage.reversible", "reversible.standard_voltage"),
        ("voltage.reversible_slope", "reversible.temperature_coefficient"),
        ("voltage.anode_slope", "cell.anode_tafel_slope"),
        ("voltage.anode_exchange", "cell.anode_exchange_current"),
        ("voltage.cathode_slope", "cell.cathode_tafel_slope"),
        ("voltage.cathode_exchange", "cell.cathode_exchange_current"),
        ("voltage.hardware", "cell.hardware_resistance"),
        ("membrane.water", "membrane.water_per_lithium"),
        ("membrane.water_slope", "membrane.water_per_lithium_slope"),
        ("anode.half_chloride", "electrode.oxygen_half_chloride"),
        ("anode.exponent", "electrode.oxygen_exponent"),
        ("anode.alkaline_share", "electrode.oxygen_alkaline_share"),
        ("anode.alkaline_ph", "electrode.oxygen_alkaline_ph"),
        ("chlorine.hydrolysis", "chemistry.chlorine_hydrolysis"),
        ("chlorine.solubility", "chemistry.chlorine_solubility"),
        ("chlorine.chlorate", "chemistry.chlorate_rate"),
    ];
    let renamed = |own: &str| same.iter().find(|(one, _)| *one == own).map(|(_, there)| *there);
    let mut compared = 0;
    for entry in cell.entries() {
        let there =
            renamed(&entry.name).or_else(|| entry.name.starts_with("membrane.").then_some(&*entry.name));
        if let Some(there) = there {
            assert_eq!((entry.value, entry.unit.clone()), of(p.entries(), there), "{}", entry.name);
            compared += 1;
        }
    }
    assert_eq!(compared, 36);
}

#[test]
fn charge_that_carries_no_alkali_takes_acid_and_without_acid_makes_hypochlorite_and_oxygen() {
    let acid = run(12.0, &["feed.acid=0.26mol/L"]);
    let none = run(12.0, &["feed.acid=0"]);
    // Chlor-alkali anolytes without acid stand at pH 4 to 5 (O'Brien, Bommaraju and Hine 2005).
    assert!(read(&acid, "pH") < 3.0 && (4.0..5.0).contains(&read(&none, "pH")), "{}", read(&none, "pH"));
    assert!(read(&none, "O2") > 2.0 * read(&acid, "O2"), "{} {}", read(&none, "O2"), read(&acid, "O2"));
    assert!(read(&none, "free-chlorine") > 5.0 * read(&acid, "free-chlorine"));
    assert!(read(&none, "CE-chlorine") < read(&acid, "CE-chlorine") - 5.0);
}

/// At 85 degC and half an atmosphere [HClO] [H+] [Cl-] is 1.5e-3 M2 * 0.017 M/atm * 0.5 atm, with [Cl-] of 4 M (Morris 1946; Wilhelm and
/// others 1977); the activity of the proton is no more than threefold its concentration.
#[test]
fn the_anolyte_holds_the_free_chlorine_of_its_equilibrium_and_makes_little_chlorate() {
    let cell = run(12.0, &[]);
    let equilibrium = 1.5e-3 * 0.017 * 0.5 / 4.0;
    let free = read(&cell, "free-chlorine") / 70.9;
    let proton = libm::pow(10.0, -read(&cell, "pH"));
    let product = free * proton;
    assert!(
        (equilibrium / 3.0..equilibrium * 3.0).contains(&product),
        "{product} M2 in place of {equilibrium}"
    );
    // At pH 3 a thousandth of it is hypochlorite: 1 1/(M2 s) makes some milligrams in half a day.
    assert!(read(&cell, "chlorate") < 0.1, "{} g/L", read(&cell, "chlorate"));
}

#[test]
fn too_much_acid_goes_through_the_membrane_instead_of_lithium() {
    let right = run(6.0, &[]);
    let sour = run(6.0, &["start.acid=1mol/L", "feed.acid=1.3mol/L"]);
    assert!(read(&sour, "CE") < read(&right, "CE") - 10.0, "{} {}", read(&sour, "CE"), read(&right, "CE"));
}

#[test]
fn an_anolyte_too_weak_for_its_current_starves_the_membrane_and_protons_go_instead() {
    // Fresh liquor, so that nothing but its strength and the current differ.
    let at = |salt: &str, current: &str| {
        let cell = run(10.0 / 3600.0, &[salt, "start.acid=0.001mol/L", "feed.acid=0", current]);
        (read(&cell, "CE"), read(&cell, "face"))
    };
    let strong = at("start.salt=4mol/L", "current=2kA/m2");
    let weak = at("start.salt=0.3mol/L", "current=2kA/m2");
    let slow = at("start.salt=0.3mol/L", "current=0.2kA/m2");
    // 2 kA/m2 (0.77 - 0.35) over F k: 0.29 mol/L.
    assert!((4.0 - strong.1 - 0.29).abs() < 0.03, "{strong:?}");
    assert!(weak.0 < strong.0 - 5.0 && weak.1 > 0.0 && weak.1 < 0.1, "{strong:?} {weak:?}");
    assert!(slow.1 > 0.2, "{slow:?}");
}

#[test]
fn strong_lye_leaves_an_ion_its_first_hydration_shell_and_a_membrane_set_to_drag_less_drags_less() {
    let water = |settings: &[&str]| {
        let fresh = ["start.acid=0.0001mol/L", "feed.acid=0", "start.hydroxide=5"];
        read(&run(2.0 / 3600.0, &[&fresh[..], settings].concat()), "water-transfer")
    };
    let strong = water(&["membrane.water=8", "water_slope=-5"]);
    let dry = water(&["membrane.water=0", "water_slope=0"]);
    // Protons bring a few hundredths.
    assert!((strong - 2.0).abs() < 0.05, "{strong}");
    assert!(dry.abs() < 0.05, "{dry}");
}

#[test]
fn brine_that_fails_leaves_an_acid_anolyte_that_makes_oxygen_and_less_lye() {
    let fed = run(20.0, &[]);
    let starved = run(20.0, &["feed.brine=0", "feed.acid=0"]);
    assert!(read(&starved, "chloride") < 0.6, "{}", read(&starved, "chloride"));
    assert!(read(&starved, "O2") > 30.0, "{}", read(&starved, "O2"));
    assert!(read(&starved, "pH") < 1.0, "{}", read(&starved, "pH"));
    assert!(read(&starved, "CE") < read(&fed, "CE") - 20.0, "{}", read(&starved, "CE"));
}

#[test]
fn lye_without_water_ends_at_saturation_with_crystals_and_the_liquors_below_boiling() {
    let cell = run(120.0, &["feed.catholyte=0", "feed.thermostat=0"]);
    // 15.3 g LiOH in 100 g of water at 80 degC are about 5.5 mol/L; nothing is far from it.
    let (lye, crystals) = (read(&cell, "lye"), read(&cell, "crystals"));
    assert!(lye < 7.0, "{lye}");
    assert!(lye > 4.5 && crystals >= 0.0, "{lye} {crystals}");
    assert!(read(&cell, "T-anolyte") < 115.0 && read(&cell, "T-catholyte") < 115.0);
}

#[test]
fn a_compartment_that_runs_dry_stops_the_current_and_nothing_glows() {
    let settings =
        ["feed.brine=0", "feed.catholyte=0", "feed.thermostat=0", "feed.current=10", "voltage_max=30"];
    let mut cell = run(3.0, &settings);
    // While it dries out, quarter of an hour by quarter of an hour.
    for quarter in 13..=40 {
        cell.run_to(f64::from(quarter) * 900.0);
        let hottest = read(&cell, "T-anolyte").max(read(&cell, "T-catholyte"));
        assert!(hottest < 155.0, "{hottest} after {quarter} quarters");
    }
    cell.run_to(400.0 * 3600.0);
    assert!(cell.balance().worst() < 1e-9, "{:?}", cell.balance());
    assert!(read(&cell, "current") < 1.0, "{}", read(&cell, "current"));
    assert!(read(&cell, "T-anolyte") < 150.0 && read(&cell, "T-catholyte") < 150.0);
}

#[test]
fn a_cell_that_loses_heat_to_a_cold_yard_ends_there_and_never_below() {
    let fierce =
        ["feed.current=0", "feed.thermostat=0", "heat_loss=10000W/K", "ambient=-10degC", "volume=0.05L"];
    let cell = run(0.5, &[&fierce[..], &["feed.brine=0", "feed.catholyte=0"]].concat());
    for name in ["T-anolyte", "T-catholyte"] {
        assert!((read(&cell, name) + 10.0).abs() < 0.1, "{name}: {}", read(&cell, name));
    }
}

#[test]
fn heat_goes_through_the_membrane_and_keeps_the_sides_together() {
    let apart = |settings: &[&str]| {
        let cell = run(24.0, &[&["feed.thermostat=0", "feed.current=4kA/m2"], settings].concat());
        read(&cell, "T-catholyte") - read(&cell, "T-anolyte")
    };
    // O'Brien, Bommaraju and Hine 2005: within a few kelvin. Without, they would go their own ways.
    let (sound, insulated) = (apart(&[]), apart(&["membrane.heat_transfer=0"]));
    assert!(sound.abs() < 6.0, "{sound}");
    assert!(insulated > 40.0, "{insulated}");
    // What passes is conductance by difference: with twice the one, half the other.
    let twice = apart(&["membrane.heat_transfer=1600W/(m2 K)"]);
    assert!((twice / sound - 0.5).abs() < 0.1, "{twice} {sound}");
}

#[test]
fn calcium_stays_in_the_membrane_and_the_efficiency_with_it() {
    let clean = run(24.0, &[]);
    let hard = run(24.0, &["feed.calcium=1mg/L"]);
    let again = run(48.0, &["feed.calcium=1mg/L", "feed.calcium=0@24h"]);
    let lost = read(&clean, "CE") - read(&hard, "CE");
    // Basis 1.7: 3 to 5 points for 1 ppm for 24 h.
    assert!((1.0..8.0).contains(&lost), "{lost}");
    assert!(read(&again, "CE") < read(&clean, "CE") - 0.8 * lost, "{}", read(&again, "CE"));
    assert!(read(&again, "Ca-membrane") >= read(&hard, "Ca-membrane"));
}

#[test]
fn the_parts_of_the_voltage_are_all_of_it() {
    let cell = run(0.1, &["feed.current=3"]);
    let parts = ["E-reversible", "overpotentials", "membrane-drop", "liquor-drop"];
    let sum: f64 = parts.iter().map(|part| read(&cell, part)).sum();
    assert!((sum - read(&cell, "voltage")).abs() < 1e-12);
    assert!(parts.iter().all(|part| read(&cell, part) > 0.0));
}

#[test]
fn what_is_per_alkali_is_nothing_while_no_alkali_goes() {
    let starved = run(8.0, &["feed.strength=0", "cell.volume=0.05L"]);
    let per = ["CE", "SEC", "water-transfer"].map(|name| read(&starved, name));
    assert!(per[0] < 1e-4 && per[1] == 0.0 && per[2] == 0.0, "{per:?}");
}
