use crate::experiment::Experiment;

fn after(hours: f64, settings: &[&str]) -> Experiment {
    Experiment::after("dryer", hours, settings)
}

fn reading(unit: &Experiment, name: &str) -> f64 {
    unit.reading(name).unwrap()
}

#[test]
fn the_jacket_pays_for_the_water_and_for_the_warm_product() {
    let dryer = after(12.0, &["heat_loss=0"]);
    assert!(reading(&dryer, "moisture") < 0.3, "{}", reading(&dryer, "moisture"));
    let (evaporation, rise) = (reading(&dryer, "evaporation"), reading(&dryer, "T") - 40.0);
    // 2.4 MJ/kg of water, 1.9 kJ/(kg K) of hydrate, 1.3 kJ/(Nm3 K) of nitrogen.
    let expected = (evaporation * 2400.0 + 1000.0 * 1.9 * rise + 300.0 * 1.3 * rise) / 3600.0;
    assert!((reading(&dryer, "duty") / expected - 1.0).abs() < 0.05, "{expected}");
    assert!((reading(&dryer, "product") + evaporation - 1000.0).abs() < 2.0);
}

#[test]
fn a_cold_dryer_passes_its_cake_on_wet() {
    let cold = after(6.0, &["duty_max=0", "gas=20"]);
    assert!(reading(&cold, "T") < 40.0 && reading(&cold, "moisture") > 2.0);
}

#[test]
fn a_hot_bed_loses_the_water_of_the_hydrate_and_a_moist_gas_keeps_it() {
    let mild = after(8.0, &[]);
    let hot = after(8.0, &["hold=115degC", "duty_max=400kW"]);
    // The moisture of the cake itself keeps the gas above the hydrate's pressure while the bed is mild.
    assert!(reading(&mild, "LiOH") < 0.01, "{}", reading(&mild, "LiOH"));
    assert!(reading(&hot, "LiOH") > 3.0, "{}", reading(&hot, "LiOH"));
    let dry = after(8.0, &["gas=3000", "humidity=0", "duty_max=400kW"]);
    let moist = after(8.0, &["gas=3000", "humidity=12%vol", "duty_max=400kW"]);
    assert!(reading(&dry, "LiOH") > 0.03, "{}", reading(&dry, "LiOH"));
    assert!(reading(&moist, "LiOH") < 1e-4, "{}", reading(&moist, "LiOH"));
    let steady = reading(&mild, "hydrate-pressure");
    assert!((90.0..120.0).contains(&steady), "{steady}");
}

#[test]
fn under_vacuum_a_wet_bed_stays_at_the_boiling_point_of_its_moisture() {
    let wet = [
        "pressure=0.08bar",
        "gas=0",
        "moisture=25wt%",
        "cake=0",
        "strength=0",
        "hold=120degC",
        "duty_max=60kW",
    ];
    let vacuum = after(1.0, &wet);
    // Water boils at 41.5 degC under 80 mbar; the transfer needs some kelvin more.
    assert!((41.0..50.0).contains(&reading(&vacuum, "T")), "{}", reading(&vacuum, "T"));
    assert!(reading(&vacuum, "moisture") > 3.0 && reading(&vacuum, "evaporation") > 60.0);
}

#[test]
fn carbon_dioxide_in_the_gas_makes_carbonate() {
    let dirty = after(8.0, &["carbon_dioxide=1%vol"]);
    assert!(reading(&dirty, "Li2CO3") > 0.5 && reading(&after(8.0, &[]), "Li2CO3") < 1e-6);
}

#[test]
fn an_opened_dryer_runs_empty_and_a_stopped_one_keeps_its_cake() {
    let open = after(2.0, &["discharge=1", "cake=0"]);
    assert!(reading(&open, "level") < 1.0, "{}", reading(&open, "level"));
    let stopped = after(1.0, &["runs=0"]);
    assert!(reading(&stopped, "product") == 0.0 && reading(&stopped, "level") > 200.0);
}
