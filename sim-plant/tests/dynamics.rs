//! Step responses against their closed forms.

mod common;

use common::{Operator, cold, running};

#[test]
fn filling_follows_the_flow() {
    let mut plant = cold();
    plant.write("XV-322.CMD", 1.0);
    plant.write("FV-322", 50.0);
    plant.idle(30.0);
    let start = (plant.read("LT-321"), plant.read("FT-322"));
    assert!((start.1 - 0.9).abs() < 0.02, "half of 1.8 m3/h: {}", start.1);
    plant.idle(1200.0);
    let risen = plant.read("LT-321") - start.0;
    let expected = start.1 * 1200.0 / 3600.0 / 2.0 * 100.0;
    // Hot water into cold lye, and mixing, change the volume by a few tenths of a per cent.
    assert!((risen / expected - 1.0).abs() < 0.04, "{risen} {expected}");
}

#[test]
fn a_tank_mixes_with_the_time_constant_of_its_volume_and_flow() {
    // Water in and lye out at constant level: c = c0 exp(-t q/V), V being tank and cells together.
    let mut plant = cold();
    plant.write("P-321.CMD", 1.0);
    plant.write("XV-322.CMD", 1.0);
    plant.write("FV-322", 60.0);
    let mut operator = Operator::new(&plant);
    for out in ["FV-322", "LV-311", "FV-313", "TV-311", "TV-321", "PV-341", "PV-351"] {
        operator.leave(out);
    }
    operator.brine_per_current = 0.0;
    plant.write("XV-325.CMD", 1.0);
    plant.run(&mut operator, 5400);
    let start = plant.read("AT-322");
    let (mut volume, mut flow) = (0.0, 0.0);
    let seconds = 2400;
    for _ in 0..seconds / 10 {
        plant.run(&mut operator, 10);
        volume += plant.read("LT-321") / 100.0 * 2.0 + 24.0 * 0.025;
        flow += plant.read("FT-325") / 3600.0;
    }
    let samples = f64::from(seconds / 10);
    let expected = start * (-(flow / samples) / (volume / samples) * f64::from(seconds)).exp();
    // Both readings are equally late, by the analyser's dead time.
    let found = plant.read("AT-322");
    assert!((found / expected - 1.0).abs() < 0.08, "{start} -> {found}, closed form {expected}");
}

#[test]
fn gas_follows_faraday_at_every_load() {
    let mut plant = running();
    let mut operator = Operator::new(&plant);
    for current in [1.5, 3.0, 4.5, 6.0] {
        plant.write("IY-301", current);
        plant.run(&mut operator, 1200);
        let faraday = 24.0 * current * 1e3 / (2.0 * 96_485.332) * 0.022_413_97 * 3600.0;
        let hydrogen = plant.read("FT-341");
        assert!((hydrogen / faraday - 1.0).abs() < 0.015, "{current} kA: {hydrogen} of {faraday} Nm3/h");
        let chlorine = plant.read("FT-351");
        // While the acid follows the load, part of the chlorine stays in the liquor as HClO.
        assert!((0.82..1.02).contains(&(chlorine / faraday)), "{current} kA: {chlorine} of {faraday}");
    }
}

#[test]
fn the_current_ramps_with_the_rectifier_and_the_power_with_both() {
    let mut plant = running();
    plant.write("IY-301", 5.0);
    plant.idle(1.0);
    assert!((plant.read("IT-301") - 4.43).abs() < 0.06, "0.5 kA/s less the lag: {}", plant.read("IT-301"));
    plant.idle(3.0);
    assert!((plant.read("IT-301") - 5.0).abs() < 0.02);
    let power = plant.read("IT-301") * plant.read("ET-301");
    assert!((plant.read("JT-301") / power - 1.0).abs() < 0.01);
}

#[test]
fn lithium_hydroxide_leaves_as_the_efficiency_says() {
    let mut plant = running();
    let mut operator = Operator::new(&plant);
    let (mut moles, mut charge) = (0.0, 0.0);
    for _ in 0..6 * 360 {
        plant.run(&mut operator, 10);
        let strength = plant.read("AT-322") / 100.0 * plant.read("AT-321") / 0.023_948;
        moles += strength * plant.read("FT-325") / 360.0;
        charge += plant.read("IT-301") * 1e3 * 10.0;
    }
    let efficiency = moles / (24.0 * charge / 96_485.332);
    let told = plant.efficiency();
    assert!((efficiency / told - 1.0).abs() < 0.03, "{efficiency} {told}");
    assert!((0.74..0.81).contains(&efficiency), "basis 1.5: 70-80 % at 2-3 M: {efficiency}");
}

#[test]
fn heat_that_is_not_taken_away_warms_the_liquor_as_its_capacity_says() {
    let mut plant = running();
    let start = plant.read("TT-322");
    let water = (plant.read("TT-372") - plant.read("TT-371")) * plant.read("FT-371") / 3600.0;
    plant.fault("cooling-loss", &[]);
    plant.idle(600.0);
    assert_eq!(plant.read("FSL-371"), 0.0);
    let risen = plant.read("TT-322") - start;
    // The cooling water carries the duty of the catholyte cooler and of the gas coolers. The first
    // now stays in 3.9 m3 of liquor of about 3.8 MJ/(m3 K); the second leaves as before.
    let duty = water * 4.12e6;
    assert!((30e3..120e3).contains(&duty), "{duty} W");
    assert!(risen > 0.4, "{risen}");
    assert!(risen < duty * 600.0 / (3.9 * 3.8e6) * 1.1, "{risen} K, {duty} W");
}
