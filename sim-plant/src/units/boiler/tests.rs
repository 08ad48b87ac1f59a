use super::*;
use crate::experiment::{Conditions, Experiment};

fn boiler(settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    Experiment::open("boiler", &Conditions { settings, ..Conditions::default() }, &chemistry).unwrap()
}

const WARM: &str = "start.temperature=170.4degC";

fn warm(more: &[&str]) -> Experiment {
    boiler(&[&[WARM, "start.level=50%"], more].concat())
}

#[test]
fn steam_is_duty_over_the_heat_it_takes_and_the_books_close() {
    let mut unit = boiler(&[]);
    unit.run_to(4.0 * 3600.0);
    let (pressure, kelvin) = (unit.reading("pressure").unwrap(), unit.reading("T").unwrap());
    assert!((pressure - 7.0).abs() < 0.2, "{pressure}");
    let saturated = steam_pressure(kelvin + 273.15) - ATMOSPHERE;
    assert!((saturated * 1e-5 - pressure).abs() < 1e-9);
    assert!((unit.reading("delivered").unwrap() - 600.0).abs() < 0.1);
    // 600 kW at 2.39 MJ/kg from 7 bar steam to condensate of 90 degC.
    let steam = unit.reading("steam").unwrap();
    assert!((steam / (600.0 * 3600.0 / 2391.0) - 1.0).abs() < 0.03, "{steam}");
    // Once it stands, what boils is what leaves.
    let boiled = unit.reading("evaporation").unwrap();
    assert!((boiled / steam - 1.0).abs() < 0.01, "{boiled} kg/h boiled, {steam} left");
    assert!((unit.reading("level").unwrap() - 50.0).abs() < 3.0);
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}

#[test]
fn more_steam_lifts_the_level_before_it_lowers_it() {
    let mut unit = warm(&["feed.load=300kW", "feed.load=900kW@30min"]);
    unit.run_to(1800.0);
    let (level, swell) = (unit.reading("level").unwrap(), unit.reading("swell").unwrap());
    unit.run_to(1806.0);
    assert!(unit.reading("level").unwrap() > level + 0.5, "{level} {:?}", unit.reading("level"));
    assert!(unit.reading("swell").unwrap() > swell + 0.5);
}

#[test]
fn pressure_falls_when_the_fire_goes_out_and_the_users_starve() {
    let mut unit = warm(&["feed.fire=0"]);
    unit.run_to(3600.0);
    let (pressure, available) = (unit.reading("pressure").unwrap(), unit.reading("available").unwrap());
    assert!(pressure < 0.5 && available < 0.6, "{pressure} {available}");
}

#[test]
fn a_boiler_without_users_lifts_its_safety_valve_and_stays_below_its_limit() {
    let mut unit = warm(&["feed.load=0kW", "feed.pressure=20bar"]);
    unit.run_to(3600.0);
    assert!(unit.reading("relief").unwrap() > 500.0);
    assert!(unit.reading("pressure").unwrap() < 10.0, "{:?}", unit.reading("pressure"));
}

#[test]
fn without_feed_water_the_heating_surface_dries_and_takes_less_heat() {
    let mut unit = warm(&["feed.hold=0%", "feed.load=900kW"]);
    unit.run_to(1.5 * 3600.0);
    let level = unit.reading("level").unwrap();
    assert!(level < 40.0, "{level}");
    let mut dry = boiler(&[WARM, "feed.hold=0%", "start.level=0%", "drum.covered=2.6m3"]);
    dry.run_to(120.0);
    assert!(dry.reading("exposed").unwrap() > 10.0);
}

#[test]
fn salts_rise_until_the_blowdown_carries_out_what_the_feed_brings() {
    let mut unit = warm(&[
        "drum.volume=0.5m3",
        "drum.bottom=0.1m3",
        "drum.top=0.4m3",
        "drum.covered=0.1m3",
        "feed.load=300kW",
        "feed.blowdown=40kg/h",
        "start.salts=100mg/L",
    ]);
    unit.run_to(48.0 * 3600.0);
    let (salts, steam) = (unit.reading("salts").unwrap(), unit.reading("steam").unwrap());
    let expected = 20.0 * (steam + 40.0) / 40.0 * boiling_density(443.6) * 1e-3;
    assert!((salts / expected - 1.0).abs() < 0.05, "{salts} {expected}");
}
