use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::experiment::{Conditions, Experiment};
use crate::solution::Remark;

fn run(settings: &[&str], hours: f64) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut unit = Experiment::open("iron_removal", &conditions, &chemistry).unwrap();
    unit.run_to(hours * 3600.0);
    unit
}

/// A batch held at one pH.
fn batch(ph: &str, more: &[&str]) -> Experiment {
    let (one, two) = (format!("ph_1={ph}"), format!("ph_2={ph}"));
    let mut settings =
        vec!["feed.flow=0", "feed.acid=0.1mol/L", "liquor.Fe2=0", "liquor.Fe3=2.5g/L", &one, &two];
    settings.extend(more);
    run(&settings, 2.0)
}

#[test]
fn raising_the_ph_drops_iron_then_aluminium_then_loses_cobalt() {
    let points: Vec<[f64; 4]> = ["2.0", "3.5", "5.0", "5.5", "7.5"]
        .iter()
        .map(|ph| {
            let unit = batch(ph, &[]);
            let value = |name: &str| unit.reading(name).unwrap();
            assert!((value("pH-2") - ph.parse::<f64>().unwrap()).abs() < 0.05, "{ph}: {}", value("pH-2"));
            assert_eq!(unit.notes().count(Remark::Iteration), 0);
            [value("Fe-removed"), value("Al-removed"), value("Co-lost"), value("Mn-lost")]
        })
        .collect();
    assert!(points[0][0] < 1.0 && points[0][1] < 1.0, "{points:?}");
    assert!(points[1][0] > 90.0 && points[1][1] < 2.0 && points[1][2] < 1.0, "{points:?}");
    assert!(points[2][0] > 99.0 && points[2][1] > 99.0 && points[2][2] < 5.0, "{points:?}");
    assert!(points[3][1] > 99.0 && (2.0..8.0).contains(&points[3][2]), "{points:?}");
    assert!(points[4][2] > 70.0 && points[4][3] < 40.0, "{points:?}");
}

#[test]
fn aluminium_is_least_soluble_near_ph_6_and_lye_takes_it_up_again() {
    let aluminium = |ph: &str, temperature: &str| {
        let unit = batch(ph, &[temperature, "feed.coil=0"]);
        assert!((unit.reading("pH-2").unwrap() - ph.parse::<f64>().unwrap()).abs() < 0.05, "{ph}");
        assert_eq!(unit.notes().count(Remark::Iteration), 0, "{ph}");
        assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
        unit.reading("Al").unwrap()
    };
    let cold = "feed.temperature=25degC";
    let [sour, least, lye] = ["5.0", "6.3", "9.0"].map(|ph| aluminium(ph, cold));
    // Baes and Mesmer 1976: the least near pH 6, a few hundredths of a milligram; 10^-3.7 mol/L at pH 9.
    assert!(least < 0.2 && sour > 5.0 * least && lye > 20.0 * least, "{sour} {least} {lye}");
    // What it neutralises warms it by some kelvin.
    assert!((5.0..10.0).contains(&lye), "{lye}");
    // 10^-1.7 mol/L at pH 11; with 59.3 kJ/mol twelve times that at 60 degC, so all of it.
    let strong = aluminium("11.0", cold);
    assert!((500.0..1000.0).contains(&strong), "{strong}");
    assert!(aluminium("11.0", "feed.temperature=60degC") > 1.5 * strong);
}

#[test]
fn ferrous_iron_stays_without_peroxide_and_goes_with_it() {
    let without = run(&["peroxide=0"], 6.0);
    assert!(without.reading("Fe").unwrap() > 2000.0);
    let with = run(&[], 6.0);
    assert!(with.reading("Fe").unwrap() < 10.0, "{}", with.reading("Fe").unwrap());
    assert!(with.reading("Al").unwrap() < 10.0 && with.reading("Co-lost").unwrap() < 6.0);
    assert!(with.reading("O2").unwrap() > 0.0);
}

#[test]
fn ferrous_iron_falls_as_hydroxide_in_lye_and_not_in_acid() {
    // Without peroxide, 1.9 g/L of Fe(II): it begins near pH 7.5 and is below a milligram at pH 10.
    let left = |ph: &str| {
        let (one, two) = (format!("ph_1={ph}"), format!("ph_2={ph}"));
        let acid =
            ["feed.flow=0", "feed.acid=0.1mol/L", "feed.temperature=25degC", "feed.coil=0", "peroxide=0"];
        let metals = ["liquor.Fe2=1.9g/L", "liquor.Fe3=0", "liquor.Al=0", &one, &two];
        let unit = run(&[&acid[..], &metals[..]].concat(), 2.0);
        assert!((unit.reading("pH-2").unwrap() - ph.parse::<f64>().unwrap()).abs() < 0.05, "{ph}");
        assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
        (unit.reading("Fe").unwrap(), unit.reading("Fe-removed").unwrap())
    };
    let [sour, begins, most, all] = ["5.0", "7.0", "8.5", "10.0"].map(left);
    assert!(sour.0 > 1700.0 && sour.1 < 0.1 && begins.1 < 1.0, "{sour:?} {begins:?}");
    assert!((2.0..60.0).contains(&most.0), "{most:?}");
    assert!(all.0 < 0.1 && all.1 > 99.9, "{all:?}");
}

#[test]
fn aluminium_needs_its_minutes() {
    let at = |hours: f64| {
        let settings = ["feed.flow=0", "liquor.Fe2=0", "ph_1=5.5", "ph_2=5.5", "rate.Al=0.002"];
        run(&settings, hours).reading("Al-removed").unwrap()
    };
    let (early, late) = (at(0.5), at(4.0));
    assert!(early < 60.0 && late > 95.0, "{early} {late}");
}

#[test]
fn solids_dissolve_again_when_the_acid_comes_back() {
    let mut unit = {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        let settings = ["ph_1=5.2", "ph_2=5.2", "ph_1=0@4h", "ph_2=0@4h", "feed.acid=0.5mol/L@4h"];
        let settings = settings.iter().map(ToString::to_string).collect();
        let conditions = Conditions { settings, ..Conditions::default() };
        Experiment::open("iron_removal", &conditions, &chemistry).unwrap()
    };
    unit.run_to(4.0 * 3600.0);
    assert!(unit.reading("Al-removed").unwrap() > 80.0);
    unit.run_to(12.0 * 3600.0);
    assert!(unit.reading("Al-removed").unwrap() < 5.0, "{}", unit.reading("Al-removed").unwrap());
    assert!(unit.balance().worst() < 1e-9);
}

#[test]
fn a_ph_where_nickel_falls_is_held_and_a_target_below_the_feed_is_reported() {
    let mut unit = run(&["ph_2=7"], 6.0);
    let steady = |unit: &mut Experiment| {
        assert!((unit.reading("pH-2").unwrap() - 7.0).abs() < 0.01, "{}", unit.reading("pH-2").unwrap());
        unit.reading("Ni-lost").unwrap()
    };
    let first = steady(&mut unit);
    for minute in 1..30 {
        unit.run_to(6.0 * 3600.0 + f64::from(minute) * 60.0);
        assert!((steady(&mut unit) - first).abs() < 1.0);
    }
    assert_eq!(unit.notes().count(Remark::Limited), 0);
    let missed = run(&["ph_1=4.5", "ph_2=3.0"], 2.0);
    assert!(missed.notes().count(Remark::Limited) > 0);
}

#[test]
fn warm_liquor_gives_up_its_iron_at_a_lower_ph_and_constants_out_of_range_are_noted() {
    let left = |temperature: &str| {
        let unit = batch("3.0", &[temperature, "feed.coil=0"]);
        (unit.reading("Fe").unwrap(), unit.notes().count(Remark::Solubility))
    };
    let (cold, warm) = (left("feed.temperature=25degC"), left("feed.temperature=60degC"));
    assert!(cold.0 > 2000.0 && warm.0 < 100.0, "{cold:?} {warm:?}");
    assert_eq!((cold.1, warm.1), (0, 0));
    let frozen = batch("5.0", &["feed.temperature=5degC", "feed.coil=0"]);
    assert!(frozen.notes().count(Remark::Solubility) > 0);
}

#[test]
fn a_coil_that_stays_on_boils_the_liquor_and_no_more() {
    let unit = run(&["tanks.coil=500kW", "feed.coil=500kW"], 6.0);
    let temperature = unit.reading("T-2").unwrap();
    assert!((100.0..106.0).contains(&temperature), "{temperature}");
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}
