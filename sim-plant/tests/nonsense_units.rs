//! Whatever is sent into a unit, what it shows and what leaves it stays a number, and its books close.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{self, Conditions, Experiment};
use sim_plant::flowsheet::{End, Flowsheet, Link};
use sim_plant::matter::Matter;
use sim_plant::solution::Remark;
use sim_plant::species::Species;
use sim_plant::station::Station;
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
            for inlet in &mut here.inlets {
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
        prop_assume!(!here.inlets.is_empty());
        let mut recipe = Matter::default();
        let litre = 1.0;
        recipe[Species::Lithium] = salt * litre + (-acid).max(0.0) + 2.0 * carbonate;
        recipe[Species::Sodium] = salt * litre;
        recipe[Species::Chloride] = 2.0 * salt * litre + acid.max(0.0);
        recipe[Species::Carbonate] = carbonate;
        recipe[Species::Acid] = acid;
        let liquor = Slurry::filled(&recipe, 1e-3, kelvin, &CHEMISTRY, &mut Notes::default()).matter;
        let inlet = inlet % here.inlets.len();
        here.orders.iter_mut().for_each(|order| *order = order.max(0.0));
        for _ in 0..60 {
            here.inlets[inlet] = liquor.clone();
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

/// A setting at one end of its range, for a while: what a curious visitor tries first.
fn at_the_end(name: &str, setting: &str) -> Option<String> {
    let conditions = Conditions { settings: vec![setting.to_owned()], ..Conditions::default() };
    // Some ends contradict other settings, and are refused in words.
    let mut unit = Experiment::open(name, &conditions, &CHEMISTRY).ok()?;
    let shape = unit.shape();
    unit.run_to(100.0 * shape.step_max);
    let noted = !unit.notes().lines().is_empty();
    for (reading, value) in shape.readings.iter().zip(unit.readings()) {
        // Gas in a flame and a burning module are hotter than any liquor.
        let liquor = reading.unit == "degC" && !matches!(name, "furnace" | "module");
        let (low, high) = if noted { (-60.0, 400.0) } else { (-40.0, 200.0) };
        let strange = liquor && !(low..=high).contains(value);
        if !value.is_finite() || strange {
            return Some(format!("{name} {setting}: {} reads {value} {}", reading.name, reading.unit));
        }
    }
    let worst = unit.balance().worst();
    (worst > 1e-9).then(|| format!("{name} {setting}: balances close to {worst:e}"))
}

#[test]
fn no_setting_at_either_end_of_its_range_makes_a_unit_show_what_cannot_be() {
    let mut wrong = Vec::new();
    for row in CATALOGUE {
        for entry in Experiment::settables(row) {
            for end in [entry.low, entry.high] {
                wrong.extend(at_the_end(row.shape.name, &format!("{}={end}{}", entry.name, entry.asked)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
