//! Elements, mass, energy and charge close, whatever is done to the plant.

mod common;

use common::{Operator, cold, running};

const EXACT: f64 = 1e-9;

#[test]
fn balances_close_over_hours_of_production_with_load_changes() {
    let mut plant = running();
    let mut operator = Operator::new(&plant);
    for current in [6.0, 1.5, 4.0] {
        plant.write("IY-301", current);
        plant.run(&mut operator, 3600);
    }
    let closure = plant.simulator.closure();
    assert!(closure.worst() < EXACT, "{closure:?}");
}

#[test]
fn balances_close_through_trips_purges_reversal_and_overflow() {
    let mut plant = running();
    plant.fault("pinhole", &[("cell", "3"), ("area_mm2", "4")]);
    plant.fault("brine-hardness", &[("ca_ppb", "2000"), ("mg_ppb", "2000")]);
    plant.idle(900.0);
    // An emergency: breaker open, chlorine to the scrubber, nitrogen everywhere, no polarisation.
    plant.write("RF-301.CMD", 0.0);
    plant.write("POL-301.CMD", 0.0);
    plant.write("XV-354.CMD", 0.0);
    plant.write("XV-353.CMD", 1.0);
    plant.write("XV-343.CMD", 1.0);
    plant.write("XV-355.CMD", 1.0);
    plant.write("XV-345.CMD", 0.0);
    plant.write("XV-344.CMD", 1.0);
    plant.idle(1800.0);
    // The tanks run over; then everything is let go empty.
    plant.write("FV-301", 100.0);
    plant.write("FV-322", 100.0);
    plant.write("LV-311", 0.0);
    plant.write("LV-321", 0.0);
    plant.idle(3600.0);
    plant.write("FV-301", 0.0);
    plant.write("FV-322", 0.0);
    plant.write("LV-311", 100.0);
    plant.write("LV-321", 100.0);
    plant.write("TV-311", 100.0);
    plant.idle(7200.0);
    let closure = plant.simulator.closure();
    assert!(closure.worst() < EXACT, "{closure:?}");
    assert!(plant.read("LT-311") < 5.0 && plant.read("LT-321") < 5.0, "the tanks are empty");
}

#[test]
fn a_cold_plant_at_rest_stays_as_it_is() {
    let mut plant = cold();
    plant.idle(3600.0);
    assert!((plant.read("LT-311") - 8.0).abs() < 0.5 && (plant.read("LT-321") - 24.0).abs() < 0.5);
    assert!((plant.read("TT-311") - 20.0).abs() < 0.5);
    assert!((plant.read("AT-341") - 21.0).abs() < 0.3, "air in the hydrogen header");
    assert!(plant.read("PT-341").abs() < 1.0 && plant.read("PT-351").abs() < 1.0);
    assert!(plant.simulator.closure().worst() < 1e-12);
}
