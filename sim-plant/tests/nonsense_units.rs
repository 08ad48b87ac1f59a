//! Whatever is sent into a unit, what it shows and what leaves it stays a number, and its books close.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use sim_plant::ParameterEntry;
use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{self, Conditions, Experiment};
use sim_plant::flowsheet::{End, Flowsheet, Link};
use sim_plant::matter::Matter;
use sim_plant::solution::Remark;
use sim_plant::species::Species;
use sim_plant::station::Station;
use sim_plant::unit::Row;
use sim_plant::units::CATALOGUE;

static CHEMISTRY: LazyLock<Arc<Chemistry>> = LazyLock::new(|| Arc::new(Chemistry::built_in().unwrap()));

fn station(name: &str) -> Station {
    Station::new(experiment::unit(name, None, &CHEMISTRY).unwrap())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-1.0),
        Just(0.0),
        Just(1e30),
        -1e3..1e3,
        0.0..1e-3,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn streams_that_are_no_matter_are_turned_away(
        amounts in prop::collection::vec((0..Species::ALL.len(), number()), 1..6),
        enthalpy in number(),
        order in number(),
        unit in 0..CATALOGUE.len(),
    ) {
        let mut here = station(CATALOGUE[unit].shape.name);
        for _ in 0..5 {
            for inlet in 0..here.inlets().len() {
                let inlet = here.inlet(inlet);
                for &(species, amount) in &amounts {
                    inlet.amount[species] = amount;
                }
                inlet.enthalpy = enthalpy;
            }
            here.orders.fill(order);
            here.step(&CHEMISTRY, here.shape().step_max);
        }
        for (reading, shape) in here.readings().iter().zip(here.shape().readings) {
            prop_assert!(reading.is_finite(), "{} {}: {reading}", here.shape().name, shape.name);
        }
        prop_assert!(here.outlets.iter().all(Matter::is_finite));
        let balance = here.balance(&CHEMISTRY);
        prop_assert!(balance.elements.iter().all(|error| *error < 1e-9), "{balance:?}");
        prop_assert!(balance.energy < 1e-9 && balance.mass < 1e-9, "{balance:?}");
        if !order.is_finite() && !here.shape().orders.is_empty() {
            prop_assert!(here.notes().count(Remark::BadInput) > 0);
        }
    }

    #[test]
    fn any_liquor_within_reason_keeps_a_unit_alive(
        acid in -2.0..6.0_f64, salt in 0.0..5.0_f64, carbonate in 0.0..1.0_f64, kelvin in 274.0..370.0_f64,
        unit in 0..CATALOGUE.len(), inlet in 0..12_usize,
    ) {
        use sim_plant::solution::{Notes, Slurry};
        let mut here = station(CATALOGUE[unit].shape.name);
        prop_assume!(!here.inlets().is_empty());
        let mut recipe = Matter::default();
        let litre = 1.0;
        recipe[Species::Lithium] = salt * litre + (-acid).max(0.0) + 2.0 * carbonate;
        recipe[Species::Sodium] = salt * litre;
        recipe[Species::Chloride] = 2.0 * salt * litre + acid.max(0.0);
        recipe[Species::Carbonate] = carbonate;
        recipe[Species::Acid] = acid;
        let liquor = Slurry::filled(&recipe, 1e-3, kelvin, &CHEMISTRY, &mut Notes::default()).matter;
        let inlet = inlet % here.inlets().len();
        here.orders.iter_mut().for_each(|order| *order = order.max(0.0));
        for _ in 0..60 {
            *here.inlet(inlet) = liquor.clone();
            here.step(&CHEMISTRY, here.shape().step_max);
        }
        prop_assert!(here.readings().iter().all(|reading| reading.is_finite()), "{:?}", here.readings());
        prop_assert!(here.balance(&CHEMISTRY).worst() < 1e-9, "{:?}", here.balance(&CHEMISTRY));
        prop_assert_eq!(here.notes().count(Remark::PhNotFound), 0);
    }
}

#[test]
fn a_flowsheet_with_a_recycle_closes() {
    // Slurry of one leach to the next, a third of it back.
    let link = |from, to: (usize, usize), share| Link { from, to: End::Inlet(to.0, to.1), share };
    let links = vec![
        link((0, 0), (1, 1), 1.0),
        link((1, 0), (0, 1), 0.33),
        // More than there is left: the rest is what it gets.
        link((1, 1), (0, 1), f64::NAN),
    ];
    let mut plant = Flowsheet::new(vec![station("leach"), station("leach")], links, CHEMISTRY.clone());
    let water = CHEMISTRY.parcel(&[(Species::Water, 0.05)], 293.15);
    for _ in 0..3600 {
        plant.feed(0, 1, &water);
        plant.step(1.0);
    }
    let balance = plant.balance();
    assert!(balance.worst() < 1e-9, "{balance:?}");
    assert!(plant.stations.iter().all(|station| station.balance(&CHEMISTRY).worst() < 1e-9));
}

/// How a run with sound readings came to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Run {
    Refused,
    /// It said itself that it goes no further.
    Told,
    Whole,
}

/// Runs a unit with these settings for a while; what it shows that cannot be, unless it says so.
fn shown(name: &str, settings: &[String], steps: f64) -> Result<Run, String> {
    let conditions = Conditions { settings: settings.to_vec(), ..Conditions::default() };
    // Some ends contradict each other, and are refused in words.
    let Ok(mut unit) = Experiment::open(name, &conditions, &CHEMISTRY) else { return Ok(Run::Refused) };
    let shape = unit.shape();
    unit.run_to(steps * shape.step_max);
    if let Some(beyond) = unit.beyond() {
        let told = beyond.to_string();
        let whole = settings.iter().all(|setting| told.contains(setting.as_str()));
        let good = whole && told.contains(name) && told.contains("let it hold more");
        return if good { Ok(Run::Told) } else { Err(format!("{name} {settings:?}: {told}")) };
    }
    for (reading, value) in shape.readings.iter().zip(unit.readings()) {
        let (low, high) = match (reading.unit, name) {
            // Gas in a flame, a burning module, a boiler under pressure, hot gas over powder.
            ("degC", "furnace") => (-50.0, 3300.0),
            ("degC", "module") => (-50.0, 1500.0),
            ("degC", "boiler" | "dryer" | "shredder") => (-50.0, 500.0),
            ("degC", _) => (-50.0, 200.0),
            ("mol/L" | "g/L" | "mg/L" | "wt%", _) => (-1e-6, 1e6),
            _ => (f64::MIN, f64::MAX),
        };
        if !(low..=high).contains(value) {
            return Err(format!("{name} {settings:?}: {} reads {value} {}", reading.name, reading.unit));
        }
    }
    let worst = unit.balance().worst();
    if worst < 1e-9 {
        Ok(Run::Whole)
    } else {
        Err(format!("{name} {settings:?}: balances close to {worst:e}"))
    }
}

/// Both ends of all that can be set on a unit: what a curious visitor tries first.
fn ends(row: &'static Row) -> Vec<Vec<String>> {
    let written = |entry: &ParameterEntry, end: f64| format!("{}={end} {}", entry.name, entry.asked);
    Experiment::settables(row)
        .iter()
        .map(|entry| vec![written(entry, entry.low), written(entry, entry.high)])
        .collect()
}

#[test]
fn no_setting_at_either_end_of_its_range_makes_a_unit_show_what_cannot_be() {
    let mut wrong = Vec::new();
    for row in CATALOGUE {
        for setting in ends(row).into_iter().flatten() {
            match shown(row.shape.name, core::slice::from_ref(&setting), 100.0) {
                Ok(Run::Told) => wrong.push(format!("{} {setting} ends before its time", row.shape.name)),
                Ok(_) => {}
                Err(text) => wrong.push(text),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pairs of every unit that are tried; there are some hundreds of thousands in all.
const PAIRS: u64 = 40;

#[test]
fn no_two_settings_at_their_ends_make_a_unit_show_what_cannot_be() {
    let mut wrong = Vec::new();
    let mut whole = 0;
    // Any sequence will do that is always the same (Knuth's MMIX).
    let mut seed = 503_u64;
    let mut draw = |of: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % of
    };
    for row in CATALOGUE {
        let ends = ends(row);
        for _ in 0..PAIRS {
            let (one, other) = (draw(ends.len()), draw(ends.len()));
            if one == other {
                continue;
            }
            let pair = [ends[one][draw(2)].clone(), ends[other][draw(2)].clone()];
            match shown(row.shape.name, &pair, 40.0) {
                Ok(Run::Whole) => whole += 1,
                Ok(_) => {}
                Err(text) => wrong.push(text),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Most go through; those that are refused or end say why.
    assert!(whole > 700, "{whole} pairs of {}", PAIRS * CATALOGUE.len() as u64);
}

fn opened(name: &str, settings: &str) -> Experiment {
    let settings = settings.split_whitespace().map(str::to_owned).collect();
    Experiment::open(name, &Conditions { settings, ..Conditions::default() }, &CHEMISTRY).unwrap()
}

#[test]
fn a_unit_that_holds_little_follows_what_goes_through_it_in_shorter_steps() {
    for (name, settings, minutes, reading, (low, high)) in [
        ("scrubber", "sump.volume=0.001m3 feed.lye=0", 10.0, "T", (0.0, 40.0)),
        ("scrubber", "sump.volume=0.01m3 feed.lye=0", 10.0, "T", (0.0, 40.0)),
        ("scrubber", "feed.gas=1000000 feed.chlorine=60", 5.0, "T", (0.0, 60.0)),
        // Never below its wet bulb.
        ("cooling_tower", "basin.volume=0.1m3", 20.0, "T-supply", (19.0, 35.0)),
        ("cooling_tower", "basin.volume=0.1m3 feed.load=20000kW", 10.0, "T-supply", (19.0, 35.0)),
        ("carbonation", "tanks.volume=100L feed.co2_1=100000 feed.ph_end=5", 5.0, "T-1", (0.0, 100.0)),
    ] {
        let mut unit = opened(name, settings);
        unit.run_to(minutes * 60.0);
        assert_eq!(unit.beyond(), None, "{name} {settings}");
        let value = unit.reading(reading).unwrap();
        assert!((low..=high).contains(&value), "{name} {settings}: {reading} {value}");
        assert!(unit.balance().worst() < 1e-9, "{name} {settings}: {:?}", unit.balance());
    }
}

#[test]
fn a_run_that_leaves_what_its_properties_carry_ends_and_says_where_and_what_to_do() {
    for (name, settings, minutes, says) in [
        ("carbonation", "tanks.volume=0.1L feed.co2_2=100000", 10.0, "carbonation ends after 4 s: T-2 is"),
        ("carbonation", "tanks.diameter=0.03m feed.co2_1=100000 feed.co2_2=100000", 10.0, "T-1 is"),
        ("module", "pack.cells=500 start.temperature=-30 bench.current=1000", 2.0, "-50 to 1500 degC"),
        ("tank", "strength.CoSO4=1000 strength.Fe2SO43=1000 strength.LiF=1000", 2.0, "-50 to 200 degC"),
        ("cementation", "liquor.Fe3=250 liquor.Li=250", 30.0, "-50 to 200 degC"),
    ] {
        let mut unit = opened(name, settings);
        unit.run_to(minutes * 60.0);
        let told = unit.beyond().map(ToString::to_string).unwrap_or_default();
        assert!(told.contains(says) && told.contains("let it hold more"), "{name} {settings}: {told:?}");
        assert!(settings.split(' ').all(|setting| told.contains(setting)), "{name} {settings}: {told}");
        // It goes no further, and a snapshot of it neither.
        let (time, snapshot) = (unit.time(), unit.snapshot());
        unit.run_to(minutes * 120.0);
        assert_eq!(unit.time(), time);
        assert!(unit.restore(&snapshot) && unit.beyond().is_some());
    }
}

#[test]
fn an_anolyte_without_feed_ends_without_chloride_and_not_below() {
    for settings in ["feed.brine=0 chlorine.chlorate=0", "feed.brine=0 chlorine.chlorate=0 cell.cells=500"] {
        let mut unit = opened("chloride-cell", settings);
        for minute in 1..=300 {
            unit.run_to(f64::from(minute) * 60.0);
            let chloride = unit.reading("chloride").unwrap();
            assert!((0.0..5.0).contains(&chloride), "{settings}: {chloride} after {minute} min");
        }
        assert_eq!(unit.beyond(), None);
    }
}

#[test]
fn a_vent_that_is_too_large_for_its_space_does_not_make_the_pressure_jump() {
    let settings =
        "feed.pressure=0.3bar start.temperature=72degC feed.compressor=0 feed.steam=900kW vapour.vent=20";
    let mut unit = opened("evaporator", settings);
    unit.run_to(1000.0);
    let evaporated: Vec<f64> = (1..=20)
        .map(|step| {
            unit.run_to(1000.0 + 2.0 * f64::from(step));
            unit.reading("evaporated").unwrap()
        })
        .collect();
    let mean = evaporated.iter().sum::<f64>() / 20.0;
    assert!(evaporated.iter().all(|now| (now / mean - 1.0).abs() < 0.1), "{evaporated:?}");
    assert!((unit.reading("pressure").unwrap() - 0.3).abs() < 0.005);
}

#[test]
fn a_liquor_that_cannot_hold_what_is_dissolved_in_it_says_so() {
    let says = |name: &str, settings: &str| {
        let mut unit = opened(name, settings);
        unit.run_to(10.0);
        unit.notes().count(Remark::Oversaturated) > 0
    };
    for salt in ["LiOH=400", "NaCl=600", "NiSO4=700", "Na2SO4=400"] {
        assert!(says("tank", &format!("strength.{salt}")), "{salt}");
    }
    assert!(says("liquor", "weight.Li2CO3=20") && says("liquor", "weight.NaCl=30"));
    // Of the CRC Handbook at 25 degC, each a little above its solubility and a little below.
    for (salt, above, below) in [
        ("Na2CO3", 25, 21),
        ("KCl", 28, 24),
        ("CaCl2", 48, 42),
        ("MgSO4", 28, 25),
        ("CuSO4", 20, 17),
        ("LiF", 1, 0),
    ] {
        assert!(says("liquor", &format!("weight.{salt}={above}")), "{salt}");
        assert!(!says("liquor", &format!("weight.{salt}={below}")), "{salt}");
    }
    // Half a mole of carbonic acid to each of soda makes bicarbonate of it, of which 9 wt% dissolve.
    assert!(
        says("liquor", "weight.Na2CO3=12 weight.CO2=5") && !says("liquor", "weight.Na2CO3=5 weight.CO2=2")
    );
    // Gypsum: 2.1 g/L of it as CaSO4 in water, more beside salt.
    assert!(
        says("liquor", "weight.CaCl2=1 weight.Na2SO4=1.3")
            && !says("liquor", "weight.CaCl2=0.1 weight.Na2SO4=0.13")
    );
    assert!(!says("liquor", "weight.CaCl2=0.5 weight.Na2SO4=0.65 weight.NaCl=10"));
    for salt in ["LiOH=100", "NaCl=300", "NiSO4=200", "LiCl=400"] {
        assert!(!says("tank", &format!("strength.{salt}")), "{salt}");
    }
    assert!(!says("liquor", "weight.LiCl=40") && !says("liquor", "weight.NaCl=25"));
}

#[test]
fn a_crystalliser_says_so_of_the_salts_whose_crystals_it_does_not_make() {
    let says = |name: &str, settings: &str, hours: f64| {
        let mut unit = opened(name, settings);
        unit.run_to(hours * 3600.0);
        unit.notes().count(Remark::Oversaturated) > 0
    };
    // Glauber salt at 10 degC, of which 91 g dissolve in a kilogram of water.
    let cold = "feed.hold=10 start.temperature=10 feed.temperature=10";
    assert!(says("carbonation", cold, 8.0) && !says("carbonation", "", 8.0));
    let salt = "feed.sulfate=5000mg/L feed.purge=0 feed.wash=0";
    assert!(says("evaporator", salt, 240.0) && !says("evaporator", "", 8.0));
}
