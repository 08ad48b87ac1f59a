use super::*;
use crate::experiment::{Conditions, Experiment};

fn bed(settings: &[&str]) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    Experiment::open("mixed_bed", &Conditions { settings, ..Conditions::default() }, &chemistry).unwrap()
}

/// A small bed, so that it is spent within hours, on plain salt.
const SMALL: [&str; 8] = [
    "bed.cation=1L",
    "bed.anion=2L",
    "bed.design=0.1m3/h",
    "feed.flow=0.1m3/h",
    "strength.NaCl=58.44mg/L",
    "strength.CO2=0mg/L",
    "strength.Na2CO3=0mg/L",
    "strength.Na2SO4=0mg/L",
];

#[test]
fn a_fresh_bed_gives_water_that_conducts_almost_by_itself_alone() {
    let mut unit = bed(&[]);
    unit.run_to(3600.0);
    let (good, raw) = (unit.reading("conductivity").unwrap(), unit.reading("conductivity-feed").unwrap());
    assert!((0.054..0.1).contains(&good), "{good}");
    assert!((15.0..40.0).contains(&raw), "{raw}");
    assert!((unit.reading("pH").unwrap() - 7.08).abs() < 0.3, "{:?}", unit.reading("pH"));
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}

#[test]
fn a_bed_is_spent_when_its_sites_are_and_warns_before() {
    // 1 mmol/L of NaCl (the settings leave a little calcium and magnesium): 1.9 eq of sites last 19 h at 0.1 m3/h.
    let mut unit = bed(&SMALL);
    unit.run_to(12.0 * 3600.0);
    assert!(unit.reading("conductivity").unwrap() < 0.2, "{:?}", unit.reading("conductivity"));
    unit.run_to(17.5 * 3600.0);
    let early = unit.reading("conductivity").unwrap();
    assert!(early > 0.5, "{early}");
    unit.run_to(24.0 * 3600.0);
    assert!(unit.reading("cation-spent").unwrap() > 97.0);
    // Cation sites go first: what follows is acid of the anions, then salt.
    assert!(unit.reading("conductivity").unwrap() > 50.0);
    assert!(unit.balance().worst() < 1e-9);
}

#[test]
fn acid_and_lye_bring_a_spent_bed_back_and_air_mixes_it() {
    let spent = [
        &SMALL[..3],
        &[
            "start.spent=100%",
            "feed.flow=0.1m3/h",
            "feed.flow=0m3/h@1h",
            "feed.acid=4L/h@1h",
            "feed.lye=7L/h@1h",
            "feed.acid=0L/h@2h",
            "feed.lye=0L/h@2h",
            "feed.mix=1@2h",
            "feed.mix=0@150min",
            "feed.flow=0.1m3/h@150min",
        ],
    ]
    .concat();
    let mut unit = bed(&spent);
    unit.run_to(3600.0);
    assert!(unit.reading("conductivity").unwrap() > 10.0);
    unit.run_to(2.0 * 3600.0);
    let (cation, anion) = (unit.reading("cation-spent").unwrap(), unit.reading("anion-spent").unwrap());
    assert!((5.0..40.0).contains(&cation) && (5.0..40.0).contains(&anion), "{cation} {anion}");
    assert!(unit.reading("mixed").unwrap() < 1.0);
    unit.run_to(4.0 * 3600.0);
    assert!(unit.reading("mixed").unwrap() > 99.0);
    assert!(unit.reading("conductivity").unwrap() < 1.0, "{:?}", unit.reading("conductivity"));
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}
