//! What a unit's snapshot forgets, its next steps show: every unit of the catalogue is asked.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};
use sim_plant::units::CATALOGUE;

static CHEMISTRY: LazyLock<Arc<Chemistry>> = LazyLock::new(|| Arc::new(Chemistry::built_in().unwrap()));

fn open(unit: usize) -> Experiment {
    let chemistry = Arc::clone(&CHEMISTRY);
    Experiment::open(CATALOGUE[unit].shape.name, &Conditions::default(), &chemistry)
        .expect("its own file is sound")
}

fn goes_on_alike(unit: usize, before: u32, after: u32) -> Result<(), TestCaseError> {
    let name = CATALOGUE[unit].shape.name;
    let step = CATALOGUE[unit].shape.step_max;
    let mut first = open(unit);
    first.run_to(f64::from(before) * step);
    let mut second = open(unit);
    // Another past, so that what the snapshot leaves out cannot agree by chance.
    second.run_to(f64::from(before / 2 + 7) * step);
    prop_assert!(second.restore(&first.snapshot()), "{}", name);
    prop_assert_eq!(first.hash(), second.hash(), "{}", name);
    for further in 1..=after {
        for unit in [&mut first, &mut second] {
            unit.run_to(f64::from(before + further) * step);
        }
        let bits = |unit: &Experiment| unit.readings().iter().map(|r| r.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&first), bits(&second), "{} after {} steps", name, further);
        prop_assert_eq!(first.hash(), second.hash(), "{} after {} steps", name, further);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn every_unit_goes_on_from_its_snapshot_bit_for_bit(before in 0_u32..400, after in 1_u32..40) {
        for unit in 0..CATALOGUE.len() {
            goes_on_alike(unit, before, after)?;
        }
    }
}
