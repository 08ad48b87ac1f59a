//! The same calls give the same bits; a snapshot goes on where it was taken.

mod common;

use common::{Operator, cold, running};
use sim_plant::{Initial, Parameters, RestoreError, Simulator};

#[test]
fn two_runs_have_the_same_hash_at_every_minute() {
    let mut one = running();
    let mut two = running();
    let (mut first, mut second) = (Operator::new(&one), Operator::new(&two));
    for minute in 0..30 {
        if minute == 10 {
            for plant in [&mut one, &mut two] {
                plant.fault("pinhole", &[("cell", "2")]);
                plant.write("IY-301", 5.5);
            }
        }
        one.run(&mut first, 60);
        two.run(&mut second, 60);
        assert_eq!(one.simulator.hash(), two.simulator.hash(), "minute {minute}");
    }
}

#[test]
fn a_settled_plant_is_the_same_however_often_it_is_built_and_another_seed_is_another_plant() {
    let parameters = Parameters::built_in().unwrap();
    let mut one = Simulator::new(&parameters, Initial::Running, 5);
    let mut two = Simulator::new(&parameters, Initial::Running, 5);
    let mut other = Simulator::new(&parameters, Initial::Running, 6);
    assert_eq!(one.hash(), two.hash());
    assert_ne!(one.hash(), other.hash());
}

#[test]
fn a_restored_snapshot_goes_on_bit_for_bit() {
    let mut plant = running();
    plant.fault("sensor-drift", &[("tag", "TT-311"), ("per_hour", "2")]);
    plant.fault("brine-hardness", &[("ca_ppb", "800")]);
    plant.fault("link-loss", &[("device", "RF-300")]);
    plant.idle(61.3);
    let snapshot = plant.simulator.snapshot();
    let mut resumed = running();
    resumed.idle(5.0);
    resumed.simulator.restore(&snapshot).unwrap();
    assert_eq!(resumed.simulator.now_ms(), plant.simulator.now_ms());
    assert_eq!(resumed.simulator.active_faults(), plant.simulator.active_faults());
    for _ in 0..20 {
        plant.idle(30.0);
        resumed.idle(30.0);
        assert_eq!(plant.simulator.hash(), resumed.simulator.hash());
    }
    assert_eq!(plant.simulator.snapshot(), resumed.simulator.snapshot());
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut plant = cold();
    let before = plant.simulator.hash();
    let snapshot = plant.simulator.snapshot();
    let short = plant.simulator.restore(&snapshot[..100]);
    assert!(matches!(short, Err(RestoreError::Length { found: 100, .. })));
    let mut foreign = snapshot.clone();
    foreign[0] ^= 1;
    assert_eq!(plant.simulator.restore(&foreign), Err(RestoreError::Foreign));
    for byte in [8, snapshot.len() / 2, snapshot.len() - 9, snapshot.len() - 1] {
        let mut damaged = snapshot.clone();
        damaged[byte] ^= 0x10;
        assert_eq!(plant.simulator.restore(&damaged), Err(RestoreError::Damaged), "byte {byte}");
    }
    assert_eq!(plant.simulator.hash(), before);
}
