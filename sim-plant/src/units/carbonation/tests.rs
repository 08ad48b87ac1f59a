use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::experiment::{Conditions, Experiment};
use crate::solution::Remark;

fn open(settings: &[&str], step: f64) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, step: Some(step), ..Conditions::default() };
    Experiment::open("carbonation", &conditions, &chemistry).unwrap()
}

/// LiOH liquor of 2 mol/L in one tank, with CO2 that nothing stops.
const LYE: [&str; 11] = [
    "count=1",
    "feed.liquor=0",
    "start.solids=0",
    "start.temperature=25degC",
    "feed.hold=25degC",
    "spent.lithium=13.9g/L",
    "spent.sodium=0",
    "spent.hydroxide=2mol/L",
    "spent.carbonate=0",
    "co2_1=200kg/h",
    "ph_end=5",
];

#[test]
fn co2_makes_most_product_near_its_end_point_and_dissolves_it_beyond() {
    let mut unit = open(&LYE, 2.0);
    let (mut most, mut at) = (0.0, 0.0);
    for minute in 1..=240 {
        unit.run_to(f64::from(minute) * 60.0);
        let solids = unit.reading("solids-1").unwrap();
        if solids > most {
            (most, at) = (solids, unit.reading("pH-1").unwrap());
        }
    }
    assert!((9.5..11.0).contains(&at), "{at}");
    // 2 mol/L of LiOH hold 73.9 g/L of Li2CO3, of which about 15 stay dissolved.
    assert!((54.0..60.0).contains(&most), "{most}");
    let value = |name: &str| unit.reading(name).unwrap();
    assert!(value("solids-1") < 0.6 * most && value("HCO3") > 60.0 && value("vent-CO2") > 99.0);
    assert!(unit.balance().worst() < 1e-9);
    assert_eq!(unit.notes().count(Remark::Iteration), 0);
}

#[test]
fn hydroxide_takes_all_the_co2_and_bicarbonate_lets_it_go_when_it_is_heated_and_swept() {
    let mut settings = LYE.to_vec();
    settings.extend(["co2_1=0kg/h@4h", "feed.hold=90degC@4h", "sweep=50kg/h@4h"]);
    let mut unit = open(&settings, 2.0);
    unit.run_to(1800.0);
    assert!((unit.reading("CO2-absorbed").unwrap() - 200.0).abs() < 0.1);
    assert!(unit.reading("vent").unwrap() < 0.1);
    unit.run_to(4.0 * 3600.0);
    let before = unit.reading("solids-1").unwrap();
    unit.run_to(12.0 * 3600.0);
    let value = |name: &str| unit.reading(name).unwrap();
    assert!(value("T-1") > 85.0 && value("solids-1") > before + 25.0, "{before} {}", value("solids-1"));
    assert!(value("HCO3") < 10.0 && value("level-1") < 99.0);
    assert!(unit.balance().worst() < 1e-9);
}

#[test]
fn a_liquor_inside_the_metastable_zone_stays_clear_and_one_beyond_it_does_not() {
    let batch = |carbonate: &str| {
        let carbonate = format!("spent.carbonate={carbonate}");
        let settings = [
            "count=1",
            "feed.liquor=0",
            "start.solids=0",
            "start.temperature=25degC",
            "feed.hold=25degC",
            "spent.lithium=10.41g/L",
            "spent.sodium=0",
            "spent.sulfate=0",
            &carbonate,
        ];
        let mut unit = open(&settings, 2.0);
        let start = unit.reading("S-1").unwrap();
        unit.run_to(1800.0);
        (start, unit.reading("solids-1").unwrap())
    };
    let (start, clear) = batch("0.018mol/L");
    assert!((1.15..1.25).contains(&start) && clear < 1e-3, "{start} {clear}");
    let (start, turbid) = batch("0.060mol/L");
    assert!(start > 1.7 && turbid > 1.0, "{start} {turbid}");
}

#[test]
fn without_agitators_the_solids_stay_in_the_tanks_and_nothing_is_lost() {
    use crate::experiment;
    use crate::matter::Matter;
    use crate::station::Station;

    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut here = Station::new(experiment::unit("carbonation", None, &chemistry).unwrap());
    let mut duty = crate::unit::Duty {
        feeds: vec![Matter::default(); here.shape().inlets.len()],
        orders: vec![0.0; here.shape().orders.len()],
        ..Default::default()
    };
    let solids = |here: &Station, which: usize| here.readings()[6 + which];
    let mut run = |here: &mut Station, agitator: f64, steps: usize| {
        let mut product = 0.0;
        for _ in 0..steps {
            here.unit().duty(&mut duty);
            for (inlet, feed) in duty.feeds.iter().enumerate() {
                *here.inlet(inlet) = feed.part(2.0);
            }
            here.orders.copy_from_slice(&duty.orders);
            here.orders[..2].fill(agitator);
            here.step(&chemistry, 2.0);
            product = here.readings()[21];
        }
        product
    };
    let stirred = run(&mut here, 1.0, 3600);
    let before = solids(&here, 0);
    let still = run(&mut here, 0.0, 3600);
    assert!(still < 0.2 * stirred, "{still} {stirred}");
    assert!(solids(&here, 0) > 1.5 * before, "{} {before}", solids(&here, 0));
    assert!(here.balance(&chemistry).worst() < 1e-9);
}

#[test]
fn the_step_hardly_matters() {
    let end = |step: f64| {
        let mut unit = open(&[], step);
        unit.run_to(4.0 * 3600.0);
        ["Li", "S-1", "d50-2", "solids-2", "pH-2"].map(|name| unit.reading(name).unwrap())
    };
    for (long, short) in end(2.0).iter().zip(end(0.5)) {
        assert!((long / short - 1.0).abs() < 2e-3, "{long} {short}");
    }
}

#[test]
fn two_tanks_leave_less_lithium_than_one() {
    let left = |count: &str| {
        let mut unit = open(&[count], 2.0);
        unit.run_to(12.0 * 3600.0);
        (unit.reading("Li").unwrap(), unit.reading("S-2").unwrap())
    };
    let ((one, over), (two, rest)) = (left("count=1"), left("count=2"));
    assert!(two < one && rest < over && rest < 1.01, "{one} {two} {over} {rest}");
}

#[test]
fn a_coil_that_is_left_on_boils_water_off_and_no_more() {
    let mut unit = open(&["feed.liquor=0", "feed.hold=100degC", "feed.co2_1=0"], 2.0);
    unit.run_to(3.0 * 3600.0);
    let value = |name: &str| unit.reading(name).unwrap();
    assert!((95.0..=101.5).contains(&value("T-1")), "{}", value("T-1"));
    assert!(value("level-1") <= 100.0 && unit.balance().worst() < 1e-9);
}

#[test]
fn carbon_dioxide_dries_a_slurry_down_to_the_sparger_and_not_to_bare_crystals() {
    let dried = Experiment::after(
        "carbonation",
        36.0,
        &[
            "count=1",
            "feed.liquor=0",
            "spent.lithium=0",
            "spent.sodium=0",
            "spent.carbonate=0",
            "start.solids=150",
            "start.temperature=90",
            "feed.hold=90",
            "co2_1=300kg/h",
            "ph_end=5",
        ],
    );
    // 80 L under the sparger keep their carbonate, and the ions that balance it.
    assert!(dried.reading("CO3").unwrap() > 1.0, "{:?}", dried.readings());
    assert!((7.5..9.0).contains(&dried.reading("pH-1").unwrap()), "{:?}", dried.readings());
    assert!(dried.balance().worst() < 1e-9, "{:?}", dried.balance());
}
