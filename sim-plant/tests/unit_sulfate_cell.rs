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

#[test]
fn heat_goes_through_the_membranes_and_keeps_the_sides_together() {
    let apart = |compartments: &str, transfer: &str| {
        let cell = after(1440.0, &["thermostat=0", "feed.current=2kA/m2", compartments, transfer]);
        reading(&cell, "T-catholyte") - reading(&cell, "T-anolyte")
    };
    for compartments in ["compartments=2", "compartments=3"] {
        let (sound, insulated) =
            (apart(compartments, "heat_transfer=800"), apart(compartments, "heat_transfer=0"));
        assert!(sound.abs() < 6.0, "{compartments}: {sound}");
        assert!(insulated > 20.0, "{compartments}: {insulated}");
    }
}

#[test]
fn a_current_above_the_limiting_one_splits_water_and_makes_no_more_lye() {
    // Fresh liquor, so that nothing but its strength and the current differ.
    let at = |sulfate: &str, current: &str| {
        let cell = after(2.0 / 60.0, &[sulfate, current, "feed.liquor=0"]);
        (reading(&cell, "CE-LiOH"), reading(&cell, "CE-acid"), reading(&cell, "face"))
    };
    let strong = at("start.sulfate=1.5", "feed.current=1");
    let weak = at("start.sulfate=0.01", "feed.current=1");
    // Cowan and Brown 1959: i t_m = F k c + i t, with 0.02 mol/L of lithium at 3e-5 m/s. No more of it arrives.
    let arrives = 96_485.0 * 3e-5 * 20.0 / 1000.0 + 0.33;
    assert!((weak.0 / 100.0 - arrives).abs() < 0.02, "{weak:?} {arrives}");
    assert!(strong.0 > 70.0 && weak.2 < 1e-4 && strong.2 > 2.8, "{strong:?} {weak:?}");
    // Far below the limiting current a weak liquor serves as well.
    let slow = at("start.sulfate=0.01", "feed.current=0.02");
    assert!(slow.2 > 0.015, "{slow:?}");
    assert!(weak.1 < strong.1 + 1e-9, "{weak:?} {strong:?}");
}

#[test]
fn a_cell_without_liquor_starves_gradually() {
    let mut cell = after(1200.0, &["feed.liquor=0"]);
    let mut seen = vec![];
    for minute in (1203..1440).step_by(3) {
        cell.run_to(f64::from(minute) * 60.0);
        seen.push(["CE-LiOH", "Li-feed", "current"].map(|name| reading(&cell, name)));
    }
    // Cowan and Brown 1959: 1 kA/m2 is the limiting current at j (t_m - t)/(F k), of Li2SO4 (0.717 - 0.326) and 3e-5 m/s.
    let limit = 1000.0 * (0.717 - 0.326) / (96_485.0 * 3e-5) / 1000.0;
    assert!(seen.iter().all(|now| now[0] > 70.0 || now[1] < 1.15 * limit), "{limit} {seen:?}");
    let below = |percent: f64| seen.iter().position(|now| now[0] < percent).unwrap();
    assert!((seen[below(65.0)][1] / limit - 0.95).abs() < 0.1, "{limit} {seen:?}");
    // Half an hour from there, and never in a jump: what diffuses passes until the liquor is water, which conducts no current.
    assert!(below(22.0) - below(65.0) > 10, "{} {} {seen:?}", below(65.0), below(22.0));
    let fading = &seen[..below(20.0)];
    let steepest = fading.windows(2).map(|pair| pair[0][0] - pair[1][0]).fold(0.0, f64::max);
    assert!(steepest < 4.0, "{steepest}");
    assert!(seen.last().unwrap()[2] < 0.01, "{seen:?}");
}
