//! A day of production under the simplest controllers.

mod common;

use common::{Operator, running};

/// Tag, lowest and highest value that a day may show.
const BOUNDS: [(&str, f64, f64); 24] = [
    ("LT-311", 45.0, 65.0),
    ("LT-321", 45.0, 65.0),
    ("TT-311", 76.0, 84.0),
    ("TT-312", 76.0, 86.0),
    ("TT-321", 78.0, 82.0),
    ("TT-322", 78.0, 85.0),
    ("AT-311", 2.0, 4.5),
    ("AT-312", 155.0, 190.0),
    ("AT-313", 100.0, 3000.0),
    ("AT-322", 5.3, 6.3),
    ("FT-301", 1.8, 2.1),
    ("FT-312", 1.2, 2.0),
    ("FT-313", 50.0, 110.0),
    ("FT-322", 0.6, 0.95),
    ("FT-325", 0.9, 1.3),
    ("PT-341", 30.0, 40.0),
    ("PT-351", 1.0, 9.0),
    ("PDT-345A", 24.0, 36.0),
    ("AT-351", 0.0, 0.1),
    ("AT-352", 0.2, 1.5),
    ("AT-342", 99.0, 101.0),
    ("AT-353", 97.0, 101.0),
    ("ET-301", 75.0, 85.0),
    ("TT-302", 30.0, 60.0),
];

#[test]
fn a_day_of_production_stays_in_bounds_and_in_balance() {
    let mut plant = running();
    let mut operator = Operator::new(&plant);
    for minute in 0..24 * 60 {
        plant.run(&mut operator, 60);
        for (tag, low, high) in BOUNDS {
            let value = plant.read(tag);
            assert!((low..=high).contains(&value), "{tag} = {value} after {minute} min");
        }
    }
    let closure = plant.simulator.closure();
    assert!(closure.worst() < 1e-9, "{closure:?}");
}

#[test]
fn a_controller_takes_over_without_a_bump() {
    let mut plant = running();
    let before: Vec<f64> =
        ["LT-311", "LT-321", "TT-321", "PT-341", "PT-351", "AT-321"].map(|tag| plant.read(tag)).to_vec();
    plant.idle(900.0);
    let after = ["LT-311", "LT-321", "TT-321", "PT-341", "PT-351", "AT-321"].map(|tag| plant.read(tag));
    for (before, after) in before.iter().zip(after) {
        assert!((before - after).abs() < 1.0, "{before} -> {after} with nobody at the valves");
    }
}

#[test]
fn every_load_from_a_quarter_to_full_is_controllable() {
    let mut plant = running();
    let mut operator = Operator::new(&plant);
    for current in [1.5, 6.0] {
        // 0.3 kA per minute, as an operator would.
        while (plant.read("IT-301") - current).abs() > 0.05 {
            let step = (current - plant.read("IT-301")).clamp(-0.3, 0.3);
            plant.write("IY-301", plant.read("IT-301") + step);
            plant.run(&mut operator, 60);
        }
        plant.write("IY-301", current);
        for _ in 0..6 {
            plant.run(&mut operator, 3600);
        }
        for valve in ["FV-301", "FV-313", "FV-322", "LV-311", "LV-321", "PV-341", "PV-351"] {
            let opening = plant.written(valve);
            assert!((4.0..92.0).contains(&opening), "{valve} at {opening} % for {current} kA");
        }
        for (tag, low, high) in
            [("TT-321", 77.0, 81.5), ("AT-311", 2.3, 3.8), ("PDT-345A", 25.0, 35.0), ("LT-321", 50.0, 60.0)]
        {
            let value = plant.read(tag);
            assert!((low..=high).contains(&value), "{tag} = {value} at {current} kA");
        }
    }
}
