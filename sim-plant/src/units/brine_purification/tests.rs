use std::sync::Arc;

use crate::chemistry::Chemistry;
use crate::experiment::{self, Conditions, Experiment};
use crate::matter::Matter;
use crate::solution::Remark;
use crate::station::Station;
use crate::unit::Duty;

fn run(settings: &[&str], hours: f64) -> Experiment {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut unit = Experiment::open("brine_purification", &conditions, &chemistry).unwrap();
    unit.run_to(hours * 3600.0);
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
    assert_eq!(unit.notes().count(Remark::Iteration), 0);
    unit
}

#[test]
fn lye_takes_magnesium_and_traces_and_carbonate_takes_calcium() {
    let brine = |ph: &str, carbonate: &str| {
        let unit = run(&[&format!("feed.ph={ph}"), &format!("feed.carbonate={carbonate}")], 24.0);
        ["Ca-1", "Mg-1", "Ni", "pH-1"].map(|name| unit.reading(name).unwrap())
    };
    let neutral = brine("8.0", "0");
    let [calcium, magnesium, nickel, _] = brine("11.0", "0");
    assert!(magnesium < 0.05 * neutral[1] && nickel < 0.2 * neutral[2], "{neutral:?} {magnesium} {nickel}");
    assert!(calcium > 0.9 * neutral[0], "{calcium} {neutral:?}");
    let [with, ..] = brine("11.0", "2.4");
    assert!(with < 0.15 * calcium, "{with} {calcium}");
}

#[test]
fn a_reactor_without_seed_leaves_more_behind() {
    let left = |seed: &str| run(&[seed], 24.0).reading("Mg-1").unwrap();
    let (with, without) = (left("feed.seed=0.8m3/h"), left("feed.seed=0"));
    assert!(without > 2.5 * with, "{with} {without}");
}

#[test]
fn more_carbonate_than_the_ceiling_bears_becomes_lithium_carbonate() {
    let unit = run(&["feed.carbonate=20"], 24.0);
    let value = |name: &str| unit.reading(name).unwrap();
    assert!((0.99..1.1).contains(&value("S-Li2CO3")), "{}", value("S-Li2CO3"));
    let modest = run(&["feed.carbonate=10"], 24.0);
    let ratio = value("Ca-1") / modest.reading("Ca-1").unwrap();
    assert!((0.85..1.0).contains(&ratio), "twice the soda gains little: {ratio}");
}

#[test]
fn the_overflow_clouds_without_flocculant_with_haste_and_with_a_full_bed() {
    let turbidity = |settings: &[&str], hours: f64| run(settings, hours).reading("turbidity").unwrap();
    let usual = turbidity(&[], 24.0);
    assert!((5.0..60.0).contains(&usual), "{usual}");
    let hasty = turbidity(&["area=7m2"], 24.0);
    assert!(hasty > 3.0 * usual, "{hasty} {usual}");
    let bare = turbidity(&["carbonate_flocs=1.2m/h", "hydroxide_flocs=0.375m/h"], 24.0);
    assert!(bare > 10.0 * usual, "{bare} {usual}");
    let full = turbidity(&["start.bed=60%", "feed.sludge=0", "Mg=1000mg/L", "Ca=1000mg/L"], 72.0);
    assert!(full > 10.0 * usual, "{full} {usual}");
}

#[test]
fn acid_behind_the_clarifier_brings_carried_magnesium_back() {
    let left = |trim: &str| {
        let unit = run(&[trim], 24.0);
        (unit.reading("pH-2").unwrap(), unit.reading("Mg").unwrap(), unit.reading("Mg-1").unwrap())
    };
    let (_, without, reactor) = left("ph_trim=14");
    assert!(without < 1.1 * reactor, "{without} {reactor}");
    let (ph, with, _) = left("ph_trim=9.0");
    assert!((ph - 9.0).abs() < 0.25 && with > 1.5 * without, "{ph} {with} {without}");
}

#[test]
fn a_bed_that_is_drawn_too_fast_thins_the_sludge_and_one_that_is_left_grows() {
    let fast = run(&["feed.sludge=0.5m3/h"], 24.0);
    assert!(fast.reading("sludge-solids").unwrap() < 20.0);
    let left = run(&["feed.sludge=0"], 48.0);
    let usual = run(&[], 48.0);
    assert!((usual.reading("sludge-solids").unwrap() - 80.0).abs() < 2.0);
    assert!(left.reading("bed").unwrap() > usual.reading("bed").unwrap() + 1.0);
}

#[test]
fn acid_instead_of_lye_dissolves_the_seed_and_keeps_the_books() {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut here = Station::new(experiment::unit("brine_purification", None, &chemistry).unwrap());
    let mut duty = Duty {
        feeds: vec![Matter::default(); here.shape().inlets.len()],
        orders: vec![0.0; here.shape().orders.len()],
        ..Default::default()
    };
    for _ in 0..7200 {
        here.unit().duty(&mut duty);
        *here.inlet(super::BRINE) = duty.feeds[super::BRINE].part(2.0);
        // Two cubic metres an hour of hydrochloric acid, 5 mol/L, into the lye's nozzle.
        let mut acid = Matter::default();
        acid[crate::species::Species::Acid] = 5.6;
        acid[crate::species::Species::Chloride] = 5.6;
        acid[crate::species::Species::Water] = 60.0;
        let notes = &mut crate::solution::Notes::default();
        *here.inlet(super::LYE) = crate::solution::Slurry::at(&acid, 298.15, &chemistry, notes).matter;
        here.orders.copy_from_slice(&duty.orders);
        here.step(&chemistry, 2.0);
    }
    let readings = here.readings();
    assert!(readings[0] < 2.0 && readings[5] < 1.0, "{readings:?}");
    assert!(readings.iter().all(|reading| reading.is_finite()));
    assert!(here.balance(&chemistry).worst() < 1e-9 && here.notes().count(Remark::Iteration) == 0);
}

#[test]
fn the_step_hardly_matters() {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let end = |step: f64| {
        let settings = vec!["start.impurities=1".to_owned(), "start.ph=8".to_owned()];
        let conditions = Conditions { settings, step: Some(step), ..Conditions::default() };
        let mut unit = Experiment::open("brine_purification", &conditions, &chemistry).unwrap();
        unit.run_to(2.0 * 3600.0);
        ["Mg-1", "Ca-1", "pH-1", "Mg", "turbidity"].map(|name| unit.reading(name).unwrap())
    };
    for (long, short) in end(2.0).iter().zip(end(0.5)) {
        assert!((long / short - 1.0).abs() < 0.01, "{long} {short}");
    }
}

#[test]
fn a_start_at_a_ph_that_no_lye_gives_holds_what_dissolves_and_says_so() {
    // pH 14 of activity in a lithium brine took forty times the water's worth of lye.
    let lye = run(&["start.ph=14"], 0.1);
    let lithium = lye.reading("Li").unwrap();
    assert!(lithium < 60.0 && lye.reading("OH-1").unwrap() < 5500.0, "{lithium}");
    assert!((20.0..100.0).contains(&lye.reading("T-1").unwrap()));
    assert!(lye.notes().count(Remark::Limited) > 0);
    assert_eq!(run(&["start.ph=11"], 0.01).notes().count(Remark::Limited), 0);
}
