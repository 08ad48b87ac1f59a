use crate::experiment::Experiment;

fn after(hours: f64, settings: &[&str]) -> Experiment {
    Experiment::after("shredder", hours, settings)
}

fn reading(unit: &Experiment, name: &str) -> f64 {
    unit.reading(name).unwrap()
}

#[test]
fn modules_part_as_the_field_has_it() {
    let unit = after(12.0, &[]);
    // 1000 kg/h of modules: 45-55 % black mass, copper and aluminium 16-27 %, solvent 8-12 %.
    assert!((450.0..550.0).contains(&reading(&unit, "black-mass")), "{:?}", unit.readings());
    assert!((160.0..270.0).contains(&reading(&unit, "metals")), "{:?}", unit.readings());
    assert!((80.0..120.0).contains(&reading(&unit, "solvent-off")), "{:?}", unit.readings());
    assert!(reading(&unit, "residual-solvent") < 1.0 && reading(&unit, "T") < 60.0);
    assert!((1.0..5.0).contains(&reading(&unit, "Cu")) && (1.0..5.0).contains(&reading(&unit, "Al")));
}

#[test]
fn oxygen_is_the_share_of_air_and_nitrogen_that_fails_lets_it_rise() {
    let mut unit = after(6.0, &["modules=0", "nitrogen=0@6h"]);
    let share = 0.21 * 3.0 / (3.0 + 60.0) * 0.99 * 100.0;
    assert!((reading(&unit, "O2") / share - 1.0).abs() < 0.02, "{share} {}", reading(&unit, "O2"));
    unit.run_to(8.0 * 3600.0);
    assert!(reading(&unit, "O2") > 4.0, "{}", reading(&unit, "O2"));
}

#[test]
fn moist_air_makes_hydrogen_fluoride_of_the_salt() {
    let (dry, moist) = (after(4.0, &["humidity=0"]), after(4.0, &["air=10Nm3/h", "humidity=2%vol"]));
    assert!(reading(&dry, "HF") < 1e-6 && reading(&moist, "HF") > 3.0, "{}", reading(&moist, "HF"));
    assert!((reading(&moist, "HF") / reading(&moist, "POF3") - 2.0).abs() < 1e-6);
}

#[test]
fn charge_that_is_left_heats_the_chamber_and_a_stopped_rotor_fills_the_hopper() {
    let (empty, charged) = (after(4.0, &[]), after(4.0, &["charge=100kJ/kg"]));
    assert!(reading(&charged, "T") > reading(&empty, "T") + 5.0, "{}", reading(&charged, "T"));
    let stopped = after(1.0, &["runs=0"]);
    assert!((reading(&stopped, "hopper") - 1000.0).abs() < 1.0 && reading(&stopped, "power") == 0.0);
}

#[test]
fn a_cold_dryer_leaves_the_solvent_in_the_black_mass() {
    let cold = after(6.0, &["hold=20degC", "pressure=900mbar"]);
    assert!(reading(&cold, "residual-solvent") > 3.0, "{}", reading(&cold, "residual-solvent"));
}

#[test]
fn a_dryer_without_vacuum_keeps_more_solvent_in_the_black_mass() {
    let (vacuum, open) = (after(6.0, &["hold=80degC"]), after(6.0, &["hold=80degC", "vacuum=0"]));
    assert!((reading(&vacuum, "p-dryer") - 80.0).abs() < 1.0 && reading(&open, "p-dryer") > 1000.0);
    let left = reading(&open, "residual-solvent");
    assert!(left > 5.0 * reading(&vacuum, "residual-solvent"), "{left}");
}
