use std::sync::Arc;

use super::cake::remaining;
use crate::chemistry::Chemistry;
use crate::experiment::{Conditions, Experiment};

fn after(minutes: f64, settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut unit = Experiment::open("filter", &conditions, &chemistry).unwrap();
    unit.run_to(minutes * 60.0);
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
    unit
}

fn reading(unit: &Experiment, name: &str) -> f64 {
    unit.reading(name).unwrap()
}

const BELT: [&str; 5] =
    ["area=4m2", "cake_time=90s", "saturation=0.5", "drain_time=20s", "pressure_max=0.7bar"];

#[test]
fn pressure_of_a_press_rises_with_the_cake_as_ruth_says() {
    let rigid = ["compressibility=0", "blinding=0", "cloth.clean=1e8", "cloth.passing_bare=0.001"];
    let (one, two) = (after(60.0, &rigid), after(120.0, &rigid));
    assert!((reading(&two, "dp") / reading(&one, "dp") - 2.0).abs() < 0.01);
    // Flux times viscosity times resistance times load, the viscosity being near that of the liquor.
    let flux = reading(&one, "filtrate") / 3600.0 / 40.0;
    let apparent = reading(&one, "dp") * 1e5 / (flux * 3e11 * reading(&one, "cake-load"));
    assert!((0.5e-3..1.2e-3).contains(&apparent), "{apparent}");
    let soft = after(120.0, &["compressibility=0.5", "blinding=0"]);
    assert!(reading(&soft, "dp") != reading(&two, "dp"));
}

#[test]
fn a_full_press_sends_the_slurry_back_until_it_was_opened() {
    let mut full = after(600.0, &["feed.flow=5m3/h", "discharge=1@10h", "discharge=0@10.5h"]);
    assert!(reading(&full, "loading") > 99.0 || reading(&full, "dp") > 7.9);
    assert!(reading(&full, "overflow") > 1.0, "{}", reading(&full, "overflow"));
    full.run_to(10.5 * 3600.0);
    assert!(reading(&full, "cake-held") < 0.5, "{}", reading(&full, "cake-held"));
    // A bare cloth lets more through than a cake does.
    full.run_to(10.5 * 3600.0 + 10.0);
    let bare = reading(&full, "turbidity");
    full.run_to(11.5 * 3600.0);
    assert!(bare > 5.0 * reading(&full, "turbidity") && reading(&full, "overflow") == 0.0);
}

#[test]
fn washing_displaces_the_mother_liquor_and_blowing_dries_the_cake() {
    assert!((remaining(0.0) - 1.0).abs() < 1e-15 && (0.19..0.2).contains(&remaining(1.0)));
    let mut press = after(
        120.0,
        &[
            "channelling=0",
            "feed.flow=0@2h",
            "wash=200L/h@2h",
            "wash=0@3h",
            "blow=1@3h",
            "cake.saturation=0.5",
        ],
    );
    let (wet, mother) = (reading(&press, "moisture"), reading(&press, "mother-left"));
    assert!(mother > 99.9, "{mother}");
    press.run_to(3.0 * 3600.0);
    let ratio = reading(&press, "wash-ratio");
    assert!((reading(&press, "mother-left") / 100.0 - remaining(ratio)).abs() < 1e-6, "{ratio}");
    assert!(ratio > 1.0, "{ratio}");
    press.run_to(4.0 * 3600.0);
    assert!(reading(&press, "moisture") < 0.75 * wet, "{wet} {}", reading(&press, "moisture"));
}

#[test]
fn a_belt_reaches_a_steady_cake_and_a_torn_cloth_shows_in_the_filtrate() {
    let belt = after(60.0, &BELT);
    // 80 kg/h of solids with the moisture of the reading.
    let dry = reading(&belt, "cake") * (1.0 - reading(&belt, "moisture") / 100.0);
    assert!((dry / 80.0 - 1.0).abs() < 0.02, "{dry}");
    let mut torn = BELT.to_vec();
    torn.push("torn=0.1");
    assert!(reading(&after(60.0, &torn), "turbidity") > 10.0 * reading(&belt, "turbidity"));
    let mut stopped = BELT.to_vec();
    stopped.push("runs=0@30min");
    let stopped = after(60.0, &stopped);
    assert!(reading(&stopped, "cake") == 0.0 && reading(&stopped, "overflow") > 1.9);
}

#[test]
fn the_cloth_blinds_and_its_wash_opens_it_again() {
    let mut press = after(120.0, &["cloth_wash=1@2h"]);
    let blind = reading(&press, "cloth") - 5e10;
    press.run_to(3.0 * 3600.0);
    assert!(reading(&press, "cloth") - 5e10 < 0.1 * blind, "{blind} {}", reading(&press, "cloth"));
}
