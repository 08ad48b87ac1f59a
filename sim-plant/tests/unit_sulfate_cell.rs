//! What only the sulfate cell must do.

use std::sync::Arc;

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};

fn after(minutes: f64, settings: &[&str]) -> Experiment {
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut experiment = Experiment::open("sulfate-cell", &conditions, &chemistry).unwrap();
    experiment.run_to(minutes * 60.0);
    assert!(experiment.balance().worst() < 1e-9, "{:?}", experiment.balance());
    experiment
}

fn reading(experiment: &Experiment, name: &str) -> f64 {
    experiment.reading(name).unwrap()
}

#[test]
fn hydrogen_and_oxygen_follow_faraday() {
    let cell = after(10.0, &[]);
    // 10 A: 0.5 and 0.25 mol per mol of electrons.
    let electrons = 10.0 / 96_485.332;
    let nm3 = 0.022_413_97 * 3600.0;
    assert!((reading(&cell, "H2") / (0.5 * electrons * nm3) - 1.0).abs() < 1e-6);
    assert!((reading(&cell, "O2") / (0.25 * electrons * nm3) - 1.0).abs() < 1e-6);
}

#[test]
fn in_two_compartments_the_acid_takes_the_current_as_the_batch_goes_on() {
    let batch = ["compartments=2", "start.acid=0.01mol/L", "feed.liquor=0L/h", "water_anolyte=0L/h"];
    let early = after(5.0, &batch);
    let late = after(480.0, &batch);
    assert!(reading(&late, "H2SO4") > 3.0 * reading(&early, "H2SO4").max(0.05));
    assert!(reading(&late, "CE-LiOH") < reading(&early, "CE-LiOH") - 10.0);
}

#[test]
fn without_water_the_lye_grows_stronger_and_the_efficiency_falls() {
    let watered = after(300.0, &[]);
    let dry = after(300.0, &["water_catholyte=0L/h"]);
    assert!(reading(&dry, "LiOH") > 1.1 * reading(&watered, "LiOH"));
    assert!(reading(&dry, "CE-LiOH") < reading(&watered, "CE-LiOH"));
}

#[test]
fn without_feed_the_cell_starves_but_goes_on_in_numbers() {
    let starved = after(1440.0, &["feed.liquor=0L/h", "start.sulfate=0.2mol/L", "water_anolyte=0L/h"]);
    assert!(reading(&starved, "Li-feed") < 0.05, "{}", reading(&starved, "Li-feed"));
    assert!(reading(&starved, "CE-LiOH") < 40.0, "{}", reading(&starved, "CE-LiOH"));
    assert!(starved.readings().iter().all(|value| value.is_finite()));
}

#[test]
fn the_power_that_is_no_chemistry_warms_the_liquors() {
    let warm = after(
        30.0,
        &["thermostat=0", "heat_loss=0W/K", "water_catholyte=0L/h", "water_anolyte=0L/h", "feed.liquor=0L/h"],
    );
    assert!(reading(&warm, "T-anolyte") > 50.3 && reading(&warm, "T-catholyte") > 50.3);
}

#[test]
fn a_bare_cell_cools_to_its_surroundings_and_never_below_and_a_dry_one_does_not_glow() {
    let settings = ["current=0", "thermostat=0", "heat_loss=10000W/K", "ambient=-10degC", "volume=0.05L"];
    let bare = after(30.0, &[&settings[..], &["feed.liquor=0L/h"]].concat());
    for name in ["T-anolyte", "T-catholyte"] {
        assert!((reading(&bare, name) + 10.0).abs() < 0.1, "{name}: {}", reading(&bare, name));
    }
    let settings = ["feed.liquor=0L/h", "water_anolyte=0L/h", "water_catholyte=0L/h", "thermostat=0"];
    let mut dry = after(60.0, &[&settings[..], &["feed.current=10", "voltage_max=30"]].concat());
    for hour in 2..48 {
        dry.run_to(f64::from(hour) * 3600.0);
        let hottest = reading(&dry, "T-anolyte").max(reading(&dry, "T-catholyte"));
        assert!(hottest < 155.0, "{hottest} after {hour} h");
    }
    assert!(reading(&dry, "current") < 1.0 && dry.balance().worst() < 1e-9, "{:?}", dry.readings());
}
