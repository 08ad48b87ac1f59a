//! Physics of the LiOH.H2O crystalliser that no other unit has.

use std::sync::{Arc, LazyLock};

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};

static CHEMISTRY: LazyLock<Arc<Chemistry>> = LazyLock::new(|| Arc::new(Chemistry::built_in().unwrap()));

fn run(settings: &[&str], hours: f64) -> Experiment {
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut body = Experiment::open("evaporator", &conditions, &CHEMISTRY).unwrap();
    body.run_to(hours * 3600.0);
    assert!(body.balance().worst() < 1e-9, "{:?}", body.balance());
    body
}

fn of(body: &Experiment, name: &str) -> f64 {
    body.reading(name).unwrap()
}

#[test]
fn in_steady_state_crystals_have_the_size_of_a_well_mixed_vessel() {
    let body = run(&[], 36.0);
    // Residence time of the crystals: what is held by what leaves.
    let held = of(&body, "solids") * 0.01 * of(&body, "density") * 14.0 * of(&body, "level") * 0.01;
    let residence = held / of(&body, "product") * 3600.0;
    let expected = 3.672 * of(&body, "growth") * 1e-3 * residence;
    assert!((of(&body, "d50") / expected - 1.0).abs() < 0.05, "{} {expected}", of(&body, "d50"));
    assert!((of(&body, "CV") - 0.5).abs() < 0.02);
}

#[test]
fn size_follows_nucleation_and_residence_time_by_the_power_laws_of_a_well_mixed_vessel() {
    // M ~ B G^3 tau^4 with B ~ k_b M G^2: d50 ~ G tau ~ (tau/k_b)^(1/5).
    let here = run(&[], 36.0);
    let crowded = run(&["secondary=5e10 1/(kg s)"], 36.0);
    let expected = 0.1_f64.powf(0.2);
    let ratio = of(&crowded, "d50") / of(&here, "d50");
    assert!((ratio / expected - 1.0).abs() < 0.05, "{ratio} {expected}");
    let dense = run(&["feed.solids=32wt%"], 36.0);
    assert!(of(&dense, "d50") > 1.02 * of(&here, "d50"), "{}", of(&dense, "d50"));
}

#[test]
fn impurities_gather_until_the_purge_takes_out_what_comes_in() {
    let (little, much) = (run(&["purge=0.1"], 30.0), run(&["purge=0.4"], 30.0));
    assert!(of(&little, "Na") > 1.8 * of(&much, "Na"), "{} {}", of(&little, "Na"), of(&much, "Na"));
    assert!(of(&little, "product-Na") > 1.8 * of(&much, "product-Na"));
    let unwashed = run(&["purge=0.4", "feed.wash=0kg/h"], 30.0);
    assert!(of(&unwashed, "product-Na") > 5.0 * of(&much, "product-Na"));
}

#[test]
fn without_the_compressor_live_steam_pays_for_every_tonne_of_water() {
    let mvr = run(&[], 12.0);
    let steam = run(&["feed.compressor=0"], 12.0);
    assert!(of(&steam, "kWh-per-t-water") == 0.0 && of(&steam, "kWh-per-t") > 3.0 * of(&mvr, "kWh-per-t"));
    assert!(of(&mvr, "ratio") > 1.1, "the elevation and the heater ask for pressure");
}

#[test]
fn feed_without_lithium_ends_the_product_and_dissolves_what_it_replaces() {
    let before = of(&run(&[], 1.0), "product");
    let starved = run(&["strength=0.5wt%@1h"], 8.0);
    assert!(of(&starved, "product") < 0.1 * before, "{:?}", starved.readings());
    let weak = [
        "strength=0.5wt%@1h",
        "purge=1@1h",
        "feed.compressor=0@1h",
        "vapour.steam=0kW@1h",
        "feed.solids=5wt%@1h",
    ];
    let rinsed = run(&weak, 8.0);
    assert!(of(&rinsed, "supersaturation") < 0.0, "{:?}", rinsed.readings());
    assert!(of(&rinsed, "solids") < of(&starved, "solids"));
}

#[test]
fn a_body_that_is_fed_nothing_ends_dry_and_not_hot_and_one_that_is_flooded_runs_over() {
    let dry = run(&["feed.nominal=0kg/h"], 4.0);
    assert!(of(&dry, "T") < 150.0, "{} degC at {} bar", of(&dry, "T"), of(&dry, "pressure"));
    let flooded = run(&["feed.wash=100t/h"], 1.0);
    assert!(of(&flooded, "level") < 111.0, "{}", of(&flooded, "level"));
}

#[test]
fn live_steam_alone_evaporates_what_its_duty_is_worth() {
    let body = run(&["feed.compressor=0", "feed.steam=600kW"], 12.0);
    // Feed of 80 degC takes its part: 600 kW are 950 kg/h at 2.27 MJ/kg at the most.
    let evaporated = of(&body, "evaporated");
    assert!((600.0..950.0).contains(&evaporated), "{evaporated} kg/h, {} bar", of(&body, "pressure"));
}

#[test]
fn what_is_per_product_is_nothing_while_there_is_no_product() {
    let none = run(&["feed.nominal=0", "feed.steam=1000kW", "feed.draw=0"], 0.5);
    assert_eq!((of(&none, "water-per-t"), of(&none, "kWh-per-t")), (0.0, 0.0));
    assert!(of(&none, "evaporated") > 100.0);
}
