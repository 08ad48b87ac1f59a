use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::experiment::{Conditions, Experiment};
use crate::solution::Remark;

fn after(minutes: f64, settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut unit = Experiment::open("scrubber", &conditions, &chemistry).unwrap();
    unit.run_to(minutes * 60.0);
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
    unit
}

fn reading(unit: &Experiment, name: &str) -> f64 {
    unit.reading(name).unwrap()
}

#[test]
fn chlorine_becomes_hypochlorite_two_hydroxides_each() {
    let unit = after(60.0, &["lye=0", "feed.draw=0"]);
    // 10 Nm3/h of chlorine beside 190 of nitrogen: 446 mol in an hour, into 3 m3.
    let chlorine = 10.0 / 0.022_414;
    let expected = chlorine * 70.906e-3 / (0.05 * reading(&unit, "level"));
    assert!((reading(&unit, "ClO") / expected - 1.0).abs() < 0.02, "{expected} {}", reading(&unit, "ClO"));
    let lost = 12.0 - reading(&unit, "NaOH");
    let mass = 0.05 * reading(&unit, "level") * reading(&unit, "density");
    assert!((lost * 0.01 * mass / (2.0 * chlorine * 0.04) - 1.0).abs() < 0.15, "{lost}");
    assert!(reading(&unit, "Cl2-out") < 5.0 && reading(&unit, "pH") > 12.0);
    assert!(reading(&unit, "ORP") > 500.0 && reading(&after(5.0, &["chlorine=0"]), "ORP") < 400.0);
}

#[test]
fn a_lye_that_is_used_up_lets_the_chlorine_through_and_acid_drives_it_out_again() {
    let mut unit = after(
        60.0,
        &["lye=0", "feed.draw=0", "start.strength=1wt%", "chlorine=0@3h", "hydrogen_chloride=5%vol@3h"],
    );
    assert!(reading(&unit, "Cl2-out") < 50.0, "{}", reading(&unit, "Cl2-out"));
    unit.run_to(3.0 * 3600.0);
    assert!(reading(&unit, "pH") < 8.0 && reading(&unit, "Cl2-out") > 10_000.0, "{:?}", unit.readings());
    let held = reading(&unit, "ClO");
    unit.run_to(5.0 * 3600.0);
    assert!(reading(&unit, "ClO") < 0.8 * held && reading(&unit, "pH") < 3.0, "{:?}", unit.readings());
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}

#[test]
fn acid_gases_are_taken_by_lye_and_the_pump_makes_the_difference() {
    let gases =
        ["chlorine=0", "hydrogen_fluoride=0.5%vol", "sulfur_dioxide=0.5%vol", "hydrogen_chloride=2%vol"];
    let runs = after(30.0, &gases);
    for name in ["HF-out", "SO2-out", "HCl-out"] {
        assert!(reading(&runs, name) < 5.0, "{name}: {}", reading(&runs, name));
    }
    let mut stopped = gases.to_vec();
    stopped.push("circulation=0");
    let stopped = after(30.0, &stopped);
    assert!(reading(&stopped, "HF-out") > 1000.0 && reading(&stopped, "HCl-out") > 1000.0);
}

#[test]
fn carbon_dioxide_is_taken_in_part_and_turns_the_lye_into_carbonate() {
    let unit = after(60.0, &["chlorine=0", "carbon_dioxide=10%vol"]);
    assert!((1.0..9.0).contains(&reading(&unit, "CO2-out")), "{}", reading(&unit, "CO2-out"));
    let spent = after(600.0, &["chlorine=0", "carbon_dioxide=10%vol", "lye=0", "start.strength=0.2wt%"]);
    assert!(reading(&spent, "CO2-out") > 9.0 && reading(&spent, "pH") < 9.0, "{:?}", spent.readings());
}

#[test]
fn a_fan_that_stops_leaves_the_inlet_above_the_outside_and_a_full_sump_runs_over() {
    let unit = after(10.0, &["feed.fan=0"]);
    assert!(reading(&unit, "suction") > 0.0 && reading(&after(10.0, &[]), "suction") < 0.0);
    let full = after(240.0, &["water=1000L/h", "feed.draw=0"]);
    assert!((reading(&full, "level") - 100.0).abs() < 0.5 && reading(&full, "draw") > 0.9);
}

#[test]
fn sulfite_destroys_the_hypochlorite_mole_for_mole() {
    let gases = |more: &[&str]| after(60.0, &[&["lye=0", "feed.draw=0"], more].concat());
    let alone = reading(&gases(&["chlorine=2%vol"]), "ClO");
    let half = reading(&gases(&["chlorine=2%vol", "sulfur_dioxide=1%vol"]), "ClO");
    let none = reading(&gases(&["chlorine=1%vol", "sulfur_dioxide=2%vol"]), "ClO");
    assert!((half / alone - 0.5).abs() < 0.03 && none < 1e-3 * alone, "{alone} {half} {none}");
}

#[test]
fn a_lye_that_dries_beyond_the_solubility_of_soda_says_so() {
    let still = ["sump.volume=0.05m3", "feed.lye=0", "feed.draw=0", "feed.cooling=0", "feed.chlorine=0%vol"];
    let over = |gas: &str| {
        let dried = after(60.0, &[&still[..], &["feed.temperature=90degC", gas]].concat());
        (reading(&dried, "NaOH"), dried.notes().count(Remark::Oversaturated))
    };
    let (weak, strong) = (over("feed.gas=1Nm3/h"), over("feed.gas=1500Nm3/h"));
    assert!(weak.0 < 30.0 && weak.1 == 0, "{weak:?}");
    assert!(strong.0 > 50.0 && strong.1 > 0, "{strong:?}");
}
