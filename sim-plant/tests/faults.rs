//! Faults: what they do to the readings, and how a wrong call is refused.

mod common;

use common::{Plant, cold, running};
use model::{Direction, Quality};
use sim_plant::FAULTS;

fn refused(plant: &mut Plant, name: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    plant.simulator.apply_fault(name, &parameters).unwrap_err().to_string()
}

#[test]
fn a_wrong_call_says_what_is_wrong_and_what_would_be_right() {
    let mut plant = cold();
    assert_eq!(
        refused(&mut plant, "pinhol", &[]),
        "no fault is called pinhol (`faults` lists them); did you mean pinhole?"
    );
    assert_eq!(refused(&mut plant, "pinhole", &[]), "pinhole needs cell (number of the cell)");
    assert_eq!(
        refused(&mut plant, "pinhole", &[("cell", "25")]),
        "pinhole: cell = 25 is not a whole number from 1 to 24"
    );
    assert_eq!(
        refused(&mut plant, "pinhole", &[("cell", "nan")]),
        "pinhole: cell = nan is not a whole number from 1 to 24"
    );
    assert_eq!(
        refused(&mut plant, "pinhole", &[("cell", "3"), ("size", "2")]),
        "pinhole has no parameter size; it takes: cell, area_mm2, gas_share"
    );
    assert_eq!(
        refused(&mut plant, "sensor-freeze", &[("tag", "TT311")]),
        "sensor-freeze: there is no analogue input TT311; did you mean TT-311?"
    );
    assert_eq!(
        refused(&mut plant, "sensor-fail", &[("tag", "P-311.RUN")]),
        "sensor-fail: there is no analogue input P-311.RUN"
    );
    let cleared = plant.simulator.clear_fault("di-loss", &[]).unwrap_err().to_string();
    assert_eq!(cleared, "di-loss is not active");
    assert!(plant.simulator.active_faults().is_empty());
}

#[test]
fn every_fault_of_the_catalogue_can_be_set_listed_and_cleared() {
    let mut plant = running();
    for kind in FAULTS {
        let parameters: Vec<(String, String)> = kind
            .parameters
            .iter()
            .map(|parameter| {
                let value = match (parameter.name, kind.name) {
                    ("tag", "pump-trip") => "P-321".to_owned(),
                    ("tag", "valve-stuck") => "XV-344".to_owned(),
                    ("tag", _) => "TT-321".to_owned(),
                    ("device", _) => "RF-300".to_owned(),
                    ("cell", _) => "12".to_owned(),
                    _ => parameter.default.unwrap_or(2.0).to_string(),
                };
                (parameter.name.to_owned(), value)
            })
            .collect();
        plant.simulator.apply_fault(kind.name, &parameters).unwrap();
        plant.idle(1.0);
        let listed = plant.simulator.active_faults();
        assert_eq!(listed.iter().filter(|fault| fault.name == kind.name).count(), 1, "{listed:?}");
    }
    plant.simulator.clear_all_faults();
    assert_eq!(plant.simulator.active_faults(), []);
    assert!(plant.simulator.fault_catalogue().len() >= 14);
}

#[test]
fn sensor_faults_touch_only_what_is_shown() {
    let mut plant = running();
    let mut sound = running();
    plant.fault("sensor-freeze", &[("tag", "TT-321")]);
    plant.fault("sensor-drift", &[("tag", "LT-311"), ("per_hour", "10")]);
    plant.fault("sensor-fail", &[("tag", "PT-341")]);
    plant.fault("sensor-noise", &[("tag", "FT-301"), ("factor", "50")]);
    let frozen = plant.read("TT-321");
    let (mut wide, mut narrow) = (0.0, 0.0);
    // One reading tells a drift to a step of the resolution, their mean to less.
    let mut beside_drift = 0.0;
    for tens in 1..=360 {
        plant.idle(10.0);
        sound.idle(10.0);
        let drifted = plant.read("LT-311") - sound.read("LT-311");
        beside_drift += (drifted - f64::from(tens) / 36.0) / 360.0;
        wide += (plant.read("FT-301") - 1.96).abs();
        narrow += (sound.read("FT-301") - 1.96).abs();
    }
    assert_eq!(plant.read("TT-321"), frozen);
    assert!(beside_drift.abs() < 0.01, "{beside_drift}");
    assert_eq!(plant.quality("PT-341"), Quality::BadSensorFailure);
    assert!(wide > 10.0 * narrow, "{wide} {narrow}");
    // The rest of the plant has not noticed: the same noise, the same physics.
    assert_eq!(plant.read("AT-321"), sound.read("AT-321"));
    assert_eq!(plant.read("ET-331.13"), sound.read("ET-331.13"));
    plant.clear("sensor-fail", &[("tag", "PT-341")]);
    plant.idle(1.0);
    assert_eq!(plant.quality("PT-341"), Quality::Good);
}

#[test]
fn a_stuck_valve_does_not_move_and_an_on_off_valve_keeps_its_end_switch() {
    let mut plant = running();
    let before = plant.read("FT-301");
    plant.fault("valve-stuck", &[("tag", "FV-301")]);
    plant.fault("valve-stuck", &[("tag", "XV-345")]);
    plant.write("FV-301", 0.0);
    plant.write("XV-345.CMD", 0.0);
    plant.idle(60.0);
    assert!((plant.read("FT-301") - before).abs() < 0.05);
    assert_eq!(plant.read("XV-345.ZSO"), 1.0);
    plant.clear("valve-stuck", &[("tag", "FV-301")]);
    plant.idle(60.0);
    assert!(plant.read("FT-301") < 0.02);
    assert_eq!(plant.read("XV-345.ZSO"), 1.0);
}

#[test]
fn a_tripped_pump_stops_its_circuit_and_reports_it() {
    let mut plant = running();
    plant.fault("pump-trip", &[("tag", "P-311")]);
    plant.idle(20.0);
    assert_eq!((plant.read("P-311.RUN"), plant.read("P-311.FAULT")), (0.0, 1.0));
    assert!(plant.read("FT-311") < 0.5 && plant.read("FT-321") > 30.0);
}

#[test]
fn a_plc_in_stop_drives_its_fail_positions_at_once_and_takes_no_order_until_it_runs() {
    let mut plant = running();
    plant.fault("plc-stop", &[("device", "PLC-300")]);
    assert!(plant.simulator.device_is_stopped("PLC-300") && !plant.simulator.device_is_stopped("RF-300"));
    assert!(!plant.simulator.device_is_lost("PLC-300"), "it answers");
    plant.idle(0.1);
    plant.write("FV-301", 77.0);
    assert_eq!((plant.written("FV-301"), plant.written("XV-353.CMD")), (0.0, 1.0));
    assert_eq!(plant.quality("TT-311"), Quality::Good);
    let snapshot = plant.simulator.snapshot();
    let mut other = running();
    other.simulator.restore(&snapshot).unwrap();
    assert!(other.simulator.device_is_stopped("PLC-300"), "a snapshot knows it");

    plant.clear("plc-stop", &[("device", "PLC-300")]);
    plant.idle(1.0);
    assert_eq!(plant.written("FV-301"), 0.0, "RUN alone moves nothing");
    plant.write("FV-301", 55.0);
    assert_eq!(plant.written("FV-301"), 55.0);
}

#[test]
fn a_lost_plc_answers_nothing_and_fails_its_outputs_after_the_watchdog() {
    let mut plant = running();
    plant.fault("link-loss", &[("device", "PLC-300")]);
    plant.idle(1.0);
    assert_eq!(plant.quality("TT-311"), Quality::BadNoCommunication);
    assert_eq!(plant.quality("ET-301"), Quality::Good);
    assert!(plant.simulator.device_is_lost("PLC-300") && !plant.simulator.device_is_lost("RF-300"));
    plant.write("FV-301", 77.0);
    assert!(plant.written("FV-301") < 70.0, "it hears nothing");
    plant.idle(10.0);
    assert_eq!(plant.written("FV-301"), 0.0);
    assert_eq!(plant.written("XV-353.CMD"), 1.0, "chlorine to the scrubber");
    plant.clear("link-loss", &[("device", "PLC-300")]);
    plant.idle(10.0);
    assert_eq!(plant.quality("TT-311"), Quality::Good);
    assert_eq!((plant.read("XV-353.ZSO"), plant.read("XV-354.ZSC")), (1.0, 1.0));
}

#[test]
fn room_detectors_smell_a_leak_and_the_emergency_stop_opens_the_breaker() {
    let mut plant = running();
    plant.fault("chlorine-leak", &[("g_per_s", "0.05")]);
    plant.fault("hydrogen-leak", &[("g_per_s", "0.5")]);
    // After 15 min the air holds 5.02 %LEL, which noise and resolution hide.
    plant.idle(1200.0);
    assert!(plant.read("AT-361A") > 1.0 && plant.read("AT-361A") > plant.read("AT-361C"));
    assert!(plant.read("AT-362A") > 5.0, "{}", plant.read("AT-362A"));
    plant.fault("emergency-stop", &[]);
    plant.idle(0.5);
    assert_eq!((plant.read("HS-300"), plant.read("RF-301.CLOSED")), (0.0, 0.0));
    assert_eq!(plant.read("RF-301.READY"), 0.0);
}

#[test]
fn unknown_tags_are_named_all_at_once() {
    let plant = cold();
    let wrong = plant.simulator.bind(&[
        ("TT-311", Direction::Input),
        ("TT-31l", Direction::Input),
        ("FV-301", Direction::Input),
        ("TT-311", Direction::Output),
    ]);
    let text = wrong.unwrap_err().to_string();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("no tag TT-31l; did you mean TT-311?"), "{text}");
    let valve = plant.simulator.explain("XV-353").unwrap();
    assert!(
        valve.contains("XV-353.CMD is commanded to") && valve.contains("its stroke takes 2.5 s"),
        "{valve}"
    );
    assert!(plant.simulator.explain("P-311").unwrap().contains("P-311.RUN shows"));
    assert!(plant.simulator.explain("TT-3111").unwrap_err().contains("did you mean TT-311?"));
    let flow = plant.simulator.explain("FT-301").unwrap();
    assert!(flow.contains("XV-301 at 0 %"));
    // Where its numbers come from, and how far they may be trusted.
    assert!(flow.contains("lag 0.5 s (magnetic or Coriolis, recalled)"), "{flow}");
    assert!(
        flow.contains(" recalled, ") && flow.contains(" asserted; `catholyte sim explain string` shows each"),
        "{flow}"
    );
}
