use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::experiment::{self, Conditions, Experiment};
use crate::matter::Matter;
use crate::species::Species;
use crate::station::Station;

fn column(settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    Experiment::open("ion_exchange", &conditions, &chemistry).unwrap()
}

fn after(hours: f64, settings: &[&str]) -> Experiment {
    let mut unit = column(settings);
    unit.run_to(hours * 3600.0);
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
    assert!(unit.notes().lines().iter().all(|(line, _)| !line.contains("iteration")));
    unit
}

fn reading(unit: &Experiment, name: &str) -> f64 {
    unit.reading(name).unwrap()
}

#[test]
fn a_fresh_lithium_form_leaks_less_than_twenty_ppb_and_breaks_through_when_it_is_loaded() {
    let mut unit = after(2.0, &["feed.calcium=100mg/L"]);
    assert!(reading(&unit, "Ca+Mg") < 20.0, "{}", reading(&unit, "Ca+Mg"));
    assert!((9.0..11.0).contains(&reading(&unit, "pH")), "{}", reading(&unit, "pH"));
    unit.run_to(60.0 * 3600.0);
    assert!(reading(&unit, "Ca") > 20_000.0 && reading(&unit, "front") > 20.0, "{:?}", unit.readings());
}

#[test]
fn the_hydrogen_form_takes_no_calcium_and_makes_the_brine_sour() {
    let unit = after(1.0, &["start.lithium=0"]);
    assert!(reading(&unit, "pH") < 6.0, "{}", reading(&unit, "pH"));
    assert!(reading(&unit, "Ca") > 1000.0, "{}", reading(&unit, "Ca"));
}

#[test]
fn acid_strips_the_resin_and_lye_brings_the_lithium_form_back() {
    let mut unit = column(&[
        "start.calcium=0.14",
        "flow=0",
        "acid=3.5m3/h",
        "acid=0@2h",
        "water=4m3/h@2h",
        "water=0@3h",
        "lye=3.5m3/h@3h",
        "lye=0@5h",
        "flow=15m3/h@5h",
    ]);
    unit.run_to(7200.0);
    assert!(reading(&unit, "H-form") > 99.0 && reading(&unit, "loading") < 0.5, "{:?}", unit.readings());
    assert!(reading(&unit, "pH") < 1.0);
    unit.run_to(3.0 * 3600.0);
    let cold = reading(&unit, "T");
    unit.run_to(5.0 * 3600.0);
    assert!(reading(&unit, "Li-form") > 95.0 && reading(&unit, "pH") > 12.0, "{:?}", unit.readings());
    assert!(reading(&unit, "T") > cold);
    unit.run_to(7.0 * 3600.0);
    assert!(reading(&unit, "Ca+Mg") < 20.0, "{:?}", unit.readings());
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}

#[test]
fn lifting_the_bed_spreads_its_load_and_gives_the_dirt_away() {
    let mut unit = column(&["flow=0@2h", "water=12m3/h@2h", "upflow=1@2h", "feed.calcium=100mg/L"]);
    unit.run_to(7200.0);
    let front = reading(&unit, "front");
    unit.run_to(9000.0);
    assert!(reading(&unit, "front") > 10.0 * front, "{front} {}", reading(&unit, "front"));
}

#[test]
fn dirt_raises_the_pressure_until_it_is_backwashed_and_chlorine_destroys_sites() {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut column = Station::new(experiment::unit("ion_exchange", None, &chemistry).unwrap());
    let water = [(Species::Water, 150e3), (Species::Graphite, 50.0), (Species::HypochlorousAcid, 1.0)];
    // 15 m3/h with 0.2 g/L of dirt and 0.4 mmol/L of free chlorine for an hour.
    let feed = chemistry.parcel(&water, 333.15);
    let reading = |column: &Station, name: &str| {
        let at = column.shape().readings.iter().position(|reading| reading.name == name).unwrap();
        column.readings()[at]
    };
    let mut step = |upflow: f64, feed: &Matter| {
        *column.inlet(0) = feed.clone();
        column.orders[0] = upflow;
        column.step(&chemistry, 10.0);
        (reading(&column, "dp"), reading(&column, "capacity"), column.balance(&chemistry).worst())
    };
    let clean = step(0.0, &feed.part(10.0 / 3600.0 * 5.55));
    let dirty = (0..360).fold(clean, |_, _| step(0.0, &feed.part(10.0 / 3600.0 * 5.55)));
    assert!(dirty.0 > 1.5 * clean.0, "{clean:?} {dirty:?}");
    assert!((90.0..99.9).contains(&dirty.1) && dirty.2 < 1e-9, "{dirty:?}");
    let water = chemistry.parcel(&[(Species::Water, 1500.0)], 333.15);
    let washed = (0..180).fold(dirty, |_, _| step(1.0, &water));
    let after = step(0.0, &feed.part(10.0 / 3600.0 * 5.55));
    assert!(after.0 < 1.1 * clean.0 && washed.2 < 1e-9, "{clean:?} {after:?}");
}

#[test]
fn a_column_takes_the_saturated_brine_of_a_chlor_alkali_plant() {
    let unit = after(2.0, &["feed.sodium=120g/L", "feed.lithium=0", "feed.calcium=10mg/L"]);
    assert!(reading(&unit, "Ca+Mg") < 50.0, "{:?}", unit.readings());
}

#[test]
fn sodium_pushes_calcium_off_less_than_lithium_does() {
    // As many mol/L of either; what the bed holds when nothing more is taken.
    let held = |settings: &[&str]| {
        let mut all = vec!["feed.calcium=40mg/L", "flow=60m3/h", "rate=0.01"];
        all.extend_from_slice(settings);
        reading(&after(40.0, &all), "Ca-held")
    };
    let (lithium, sodium) = (held(&["feed.lithium=20g/L"]), held(&["feed.lithium=0", "feed.sodium=66.2g/L"]));
    assert!(sodium > 1.5 * lithium && lithium > 25.0, "{lithium} {sodium} g/L");
}

/// It once made 400 kelvin of nothing: the little H+ that such a resin holds came out of a difference of near equals, and
/// stood in the energy as hydroxide.
#[test]
fn a_resin_that_holds_next_to_no_acid_stays_as_warm_as_its_brine() {
    let mut unit = column(&["affinity.Li=1e9"]);
    for _ in 0..100 {
        unit.run_to(unit.time() + 10.0);
        let (warm, ph) = (reading(&unit, "T"), reading(&unit, "pH"));
        assert!((55.0..62.0).contains(&warm) && (9.0..10.0).contains(&ph), "{warm} degC, pH {ph}");
    }
}
