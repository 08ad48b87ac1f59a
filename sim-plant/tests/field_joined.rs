//! The electrolyser string between the tanks of a field: brine comes out of one, lye and spent brine go into others.

#[path = "common/points.rs"]
mod points;

use model::{Direction, Unit};
use points::{read, write};
use sim_plant::{FieldFile, FieldTag, Initial, Parameters, Simulator};

const TEXT: &str = r#"
[supply.acid]
liquor = { HCl = "32 wt%" }

[unit.EL-301]
kind = "electrolysis"
orders = { cooling-water = { of = "CT-701.T-supply" } }

[unit.T-201]
kind = "tank"
set = ["tank.volume=40m3", "start.level=80%", "start.temperature=70degC", "strength.LiCl=200g/L", "strength.Na2SO4=4g/L", "strength.Li2CO3=0.5g/L"]

[unit.T-202]
kind = "tank"
set = ["tank.volume=40m3", "start.level=5%", "strength.LiCl=170g/L"]

[unit.T-401]
kind = "tank"
set = ["tank.volume=20m3", "start.level=5%", "strength.LiOH=55g/L"]

[line.brine]
from = "T-201"
to = "EL-301.brine"

[line.spent]
from = "EL-301.spent"
to = "T-202"

[line.lye]
from = "EL-301.lye"
to = "T-401"

[unit.T-720]
kind = "tank"
set = ["tank.volume=10m3", "start.level=50%"]

[line.water]
from = "T-720"
to = "EL-301.water"

[unit.CT-701]
kind = "cooling_tower"
set = ["basin.temperature=26degC"]
orders = { circulation = "50 m3/h", fan = 1, load = { of = "EL-301.cooling-heat" }, blowdown = "0 m3/h" }

[measure]
LT-720 = "T-720.level"
JT-701 = "CT-701.load"
LT-201 = "T-201.level"
LT-202 = "T-202.level"
LT-401 = "T-401.level"
AT-202 = "T-202.SO4"
AT-401 = "T-401.LiOH"
"#;

fn plant() -> Simulator {
    plant_of(TEXT, Initial::Running)
}

fn plant_of(text: &str, initial: Initial) -> Simulator {
    let tag = |name: &str, unit: &str, high: f64| {
        let unit = Unit::parse(unit).unwrap();
        let direction = Direction::Input;
        FieldTag { name: name.into(), direction, unit, low: 0.0, high, fail: 0.0, device: "PLC-200".into() }
    };
    let tags = [
        tag("LT-201", "%", 100.0),
        tag("LT-202", "%", 100.0),
        tag("LT-401", "%", 100.0),
        tag("AT-202", "g/L", 50.0),
        tag("AT-401", "wt%", 12.0),
        tag("FT-301", "m3/h", 4.0),
        tag("LT-720", "%", 100.0),
        tag("JT-701", "kW", 1000.0),
    ];
    let files = [FieldFile { name: "field/300.toml".into(), text: text.into() }];
    Simulator::open(&Parameters::built_in().unwrap(), initial, 11, &files, &tags)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_string_drinks_from_a_tank_and_fills_others_and_the_whole_closes() {
    let mut plant = plant();
    for _ in 0..3600 {
        plant.step(1000);
    }
    let fed = read(&plant, "FT-301");
    assert!(fed > 1.0 && (read(&plant, "AT-301") - 200.0).abs() < 10.0, "{fed}");
    // The tank gives what the flow meter shows; the levels tell the rest.
    assert!((80.0 - read(&plant, "LT-201") - fed / 40.0 * 100.0).abs() < 0.5, "{}", read(&plant, "LT-201"));
    assert!(read(&plant, "LT-401") > 8.0 && read(&plant, "LT-202") > 7.0);
    assert!((read(&plant, "AT-401") - 5.5).abs() < 1.0, "{}", read(&plant, "AT-401"));
    assert!(read(&plant, "AT-202") > 0.1, "the sulfate of the brine arrives in the spent brine");
    let closure = plant.closure();
    assert!(closure.worst() < 1e-9, "{closure:?}");
}

#[test]
fn the_utilities_give_water_and_take_heat_at_their_own_temperature() {
    let mut plant = plant();
    for _ in 0..1200 {
        plant.step(1000);
    }
    let drunk = read(&plant, "FT-322") / 3.0;
    assert!(drunk > 0.1 && (50.0 - read(&plant, "LT-720") - 10.0 * drunk).abs() < 0.6, "{drunk}");
    // The tower cools the basin from 26 degC towards its wet bulb of 19 degC.
    let (supply, load) = (read(&plant, "TT-371"), read(&plant, "JT-701"));
    assert!((19.0..25.5).contains(&supply) && load > 20.0, "{supply} {load}");
    plant.apply_fault("line-blocked", &[("line".to_owned(), "water".to_owned())]).unwrap();
    for _ in 0..60 {
        plant.step(1000);
    }
    assert!(read(&plant, "FT-322") < 0.02 && read(&plant, "PT-372") < 0.2, "{}", read(&plant, "PT-372"));
    assert!(plant.closure().worst() < 1e-9);
}

fn run(plant: &mut Simulator, seconds: u32) {
    for _ in 0..seconds {
        plant.step(1000);
    }
}

#[test]
fn the_pressure_of_the_water_comes_back_with_the_water_while_its_valve_is_shut() {
    let mut plant = plant();
    let line = [("line".to_owned(), "water".to_owned())];
    plant.apply_fault("line-blocked", &line).unwrap();
    run(&mut plant, 60);
    assert!(read(&plant, "PT-372") < 0.2, "{}", read(&plant, "PT-372"));
    write(&mut plant, "FV-322", 0.0);
    write(&mut plant, "XV-322.CMD", 0.0);
    run(&mut plant, 30);
    plant.clear_fault("line-blocked", &line).unwrap();
    run(&mut plant, 30);
    assert!(read(&plant, "FT-322") < 0.02, "{}", read(&plant, "FT-322"));
    assert!((read(&plant, "PT-372") - 4.0).abs() < 0.2, "{}", read(&plant, "PT-372"));
    assert!(plant.closure().worst() < 1e-9);
}

#[test]
fn an_empty_water_tank_shows_no_pressure_at_a_cold_start() {
    let empty =
        TEXT.replace("\"tank.volume=10m3\", \"start.level=50%\"", "\"tank.volume=10m3\", \"start.level=0%\"");
    for (text, bar) in [(TEXT, 4.0), (empty.as_str(), 0.0)] {
        let mut plant = plant_of(text, Initial::Cold);
        run(&mut plant, 60);
        assert!((read(&plant, "PT-372") - bar).abs() < 0.2, "{bar}: {}", read(&plant, "PT-372"));
    }
}

#[test]
fn the_string_is_told_a_temperature_and_nothing_that_would_throttle_it() {
    let files = |text: String| [FieldFile { name: "field/300.toml".into(), text }];
    let told = "orders = { cooling-water = { of = \"CT-701.T-supply\" } }";
    for (order, mistake) in [
        ("{ of = \"CT-701.T-supply\", times = \"CT-701.suction\" }", "without by and times"),
        ("{ of = \"CT-701.T-supply\", at_100 = \"20 degC\" }", "of is the amount"),
        ("{ of = \"CT-701.load\" }", "they do not convert"),
        ("\"20 degC\", cooling-flow = \"20 degC\"", "does not convert"),
        ("\"20 degC\", coolant = 1", "no order coolant"),
    ] {
        let text = TEXT.replace(told, &format!("orders = {{ cooling-water = {order} }}"));
        let refused = Simulator::open(&Parameters::built_in().unwrap(), Initial::Cold, 11, &files(text), &[]);
        let error = refused.err().expect(order).to_string();
        assert!(error.starts_with("field/300.toml:7: ") && error.contains(mistake), "{order}: {error}");
    }
}

#[test]
fn without_a_pump_of_cooling_water_the_string_has_none() {
    let told = "cooling-water = { of = \"CT-701.T-supply\" }";
    let by_level = format!("{told}, cooling-flow = {{ of = \"CT-701.suction\" }}");
    let mut flows = Vec::new();
    for (orders, level) in [(told, 60), (by_level.as_str(), 60), (by_level.as_str(), 4)] {
        let basin = format!("\"basin.temperature=26degC\", \"basin.level={level}%\"");
        let text = TEXT.replace(told, orders).replace("\"basin.temperature=26degC\"", &basin);
        let mut plant = plant_of(&text, Initial::Running);
        run(&mut plant, 60);
        flows.push((read(&plant, "FT-371"), read(&plant, "FSL-371")));
        assert!(plant.closure().worst() < 1e-9);
    }
    // A full basin is as good as the battery limit; below the pumps' suction nothing comes.
    assert_eq!(flows[0], flows[1]);
    assert!(flows[0].0 > 3.0 && flows[0].1 == 1.0, "{flows:?}");
    assert!(flows[2].0 < 0.1 && flows[2].1 == 0.0, "{flows:?}");
}

#[test]
fn an_empty_brine_tank_starves_the_string() {
    let mut plant = plant();
    plant.apply_fault("line-blocked", &[("line".to_owned(), "brine".to_owned())]).unwrap();
    for _ in 0..30 {
        plant.step(1000);
    }
    assert!(read(&plant, "FT-301") < 0.05, "{}", read(&plant, "FT-301"));
    let faults = plant.active_faults();
    assert_eq!(faults.len(), 1);
    plant.apply_fault("pinhole", &[("cell".to_owned(), "7".to_owned())]).unwrap();
    assert!(plant.apply_fault("pinhol", &[]).unwrap_err().to_string().contains("did you mean"));
}

#[test]
fn a_snapshot_of_the_joined_plant_goes_on_bit_for_bit() {
    let (mut one, mut two) = (plant(), plant());
    for _ in 0..20 {
        one.step(1000);
    }
    let snapshot = one.snapshot();
    two.restore(&snapshot).unwrap();
    for _ in 0..20 {
        one.step(700);
        two.step(700);
    }
    assert_eq!(one.hash(), two.hash());
}

/// While it settled before the start the string gave half an hour's heat to nobody; all of it once came in the first second.
#[test]
fn the_tower_takes_no_heat_from_before_the_start() {
    let mut plant = plant();
    let loads: Vec<f64> = (0..120)
        .map(|_| {
            plant.step(1000);
            read(&plant, "JT-701")
        })
        .collect();
    let settled = loads[119];
    assert!(settled > 20.0, "{settled} kW");
    assert!(loads.iter().all(|load| *load < 1.2 * settled), "{loads:?}");
}
