use super::*;
use crate::experiment::{Conditions, Experiment};

fn tower(settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    Experiment::open("cooling_tower", &Conditions { settings, ..Conditions::default() }, &chemistry).unwrap()
}

#[test]
fn the_range_is_the_load_over_the_flow_and_the_heat_leaves_with_the_air() {
    let mut unit = tower(&[]);
    unit.run_to(3.0 * 3600.0);
    let range = unit.reading("range").unwrap();
    assert!((range - 1500.0 / (130.0 / 3.6 * 0.998 * 4.19)).abs() < 0.1, "{range}");
    // Warm make-up takes the rest.
    let (load, heat) = (unit.reading("load").unwrap(), unit.reading("heat").unwrap());
    assert!((heat / load - 1.0).abs() < 0.02, "{load} {heat}");
    // 1.5 MW evaporate at most 1.5/2.45 kg/s; some of it is sensible heat.
    let evaporation = unit.reading("evaporation").unwrap();
    assert!((1500.0..2204.0).contains(&evaporation), "{evaporation}");
    assert!(unit.balance().worst() < 1e-9);
}

#[test]
fn without_its_fan_the_water_becomes_hot_and_a_wetter_day_carries_over() {
    let approach = |settings: &[&str]| {
        let mut unit = tower(settings);
        unit.run_to(4.0 * 3600.0);
        (unit.reading("approach").unwrap(), unit.reading("T-supply").unwrap())
    };
    let (normal, supply) = approach(&[]);
    assert!((4.0..8.0).contains(&normal), "{normal}");
    assert!(approach(&["feed.fan=0"]).1 > supply + 10.0);
    let (wet, warm) = approach(&["air.wet_bulb=24degC"]);
    assert!(warm > supply + 3.0 && wet < normal, "{wet} {warm}: warm air takes more per degree");
}

#[test]
fn a_tower_without_load_brings_its_water_to_the_wet_bulb_from_either_side_and_evaporates_on() {
    let at = |kelvin: &str, hours: f64| {
        let start = format!("basin.temperature={kelvin}");
        let mut unit = tower(&["feed.load=0", "air.wet_bulb=30", &start, "feed.temperature=30"]);
        unit.run_to(hours * 3600.0);
        assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
        ["T-supply", "heat", "evaporation"].map(|name| unit.reading(name).unwrap())
    };
    let begun = at("5degC", 0.1);
    assert!(begun[0] > 7.0 && begun[0] < 25.0 && begun[1] < -1000.0, "{begun:?}");
    assert!(begun[2] >= 0.0, "air over cold water loses its moisture and takes none: {begun:?}");
    for start in ["5degC", "50degC"] {
        let [supply, heat, evaporation] = at(start, 12.0);
        assert!((supply - 30.0).abs() < 0.1, "from {start}: {supply}");
        assert!(heat.abs() < 20.0, "{heat}");
        // ASHRAE: 27.3 g/kg at saturation, 25.2 g/kg at 35 degC with this wet bulb; 32 kg/s of air.
        assert!((evaporation - 250.0).abs() < 15.0, "{evaporation}");
    }
}

#[test]
fn cycles_of_concentration_are_make_up_over_blowdown() {
    let mut unit = tower(&["basin.volume=2m3", "feed.blowdown=0.6m3/h"]);
    unit.run_to(24.0 * 3600.0);
    let evaporation = unit.reading("evaporation").unwrap() / 998.0;
    let lost = 0.6 + 130.0 * 2e-5;
    let expected = (evaporation + lost) / lost;
    let cycles = unit.reading("cycles").unwrap();
    assert!((cycles / expected - 1.0).abs() < 0.02, "{cycles} {expected}");
}

#[test]
fn a_dry_basin_or_a_dead_pump_takes_no_heat() {
    let mut unit = tower(&["feed.hold=0%", "feed.circulation=0m3/h"]);
    unit.run_to(600.0);
    assert!(unit.reading("load").unwrap() == 0.0 && unit.reading("heat").unwrap() == 0.0);
    let mut unit = tower(&["feed.hold=0%", "basin.level=4%"]);
    unit.run_to(600.0);
    assert!(unit.reading("flow").unwrap() == 0.0 && unit.notes().count(Remark::Limited) > 0);
}

#[test]
fn the_air_takes_the_carbon_dioxide_of_the_make_up_along() {
    let mut unit = tower(&["basin.volume=2m3"]);
    let fresh = unit.reading("pH").unwrap();
    unit.run_to(24.0 * 3600.0);
    let (held, ph) = (unit.reading("pH").unwrap() - fresh, unit.reading("pH").unwrap());
    assert!(held > 0.8 && (8.0..9.2).contains(&ph) && unit.balance().worst() < 1e-9, "{fresh} {ph}");
    let mut none = tower(&["basin.volume=2m3", "stripping=0"]);
    none.run_to(24.0 * 3600.0);
    assert!(none.reading("pH").unwrap() < ph - 0.5, "{:?}", none.reading("pH"));
}
