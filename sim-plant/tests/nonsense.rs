//! Whatever is written, the plant stays finite, bounded and balanced.

mod common;

use common::{Plant, cold, running};
use model::Direction;
use proptest::prelude::*;

/// Every reading is a number inside what its instrument can show, every liquid quantity stays real.
fn check(plant: &Plant) -> Result<(), String> {
    let tags: Vec<String> = plant.simulator.tag_names().map(str::to_owned).collect();
    for tag in tags {
        if plant.simulator.bind(&[(&tag, Direction::Input)]).is_err() {
            continue;
        }
        let value = plant.read(&tag);
        if !value.is_finite() {
            return Err(format!("{tag} shows {value}"));
        }
        if tag.starts_with("LT-") && !(-2.0..=104.0).contains(&value) {
            return Err(format!("{tag} shows {value}"));
        }
        if tag.starts_with("PT-3") && value.abs() > 205.0 {
            return Err(format!("{tag} shows {value}"));
        }
    }
    let closure = plant.simulator.closure();
    if closure.worst() > 1e-9 { Err(format!("{closure:?}")) } else { Ok(()) }
}

fn nonsense() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(1e9),
        Just(-1e9),
        Just(0.0),
        Just(100.0),
        Just(1.0),
        -10.0..110.0,
    ]
}

const OUTPUTS: [&str; 23] = [
    "FV-301",
    "FV-313",
    "FV-322",
    "LV-311",
    "LV-321",
    "TV-311",
    "TV-321",
    "PV-341",
    "PV-351",
    "P-311.CMD",
    "P-321.CMD",
    "XV-301.CMD",
    "XV-322.CMD",
    "XV-343.CMD",
    "XV-353.CMD",
    "XV-354.CMD",
    "XV-355.CMD",
    "XV-344.CMD",
    "XV-345.CMD",
    "XV-325.CMD",
    "IY-301",
    "RF-301.CMD",
    "POL-301.CMD",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nonsense_on_every_output_leaves_the_plant_bounded_and_balanced(
        warm in any::<bool>(),
        writes in prop::collection::vec((0..OUTPUTS.len(), nonsense(), 1u32..300), 1..60),
    ) {
        let mut plant = if warm { running() } else { cold() };
        for (output, value, seconds) in writes {
            plant.write(OUTPUTS[output], value);
            plant.simulator.step(seconds * 1000 % 60_000);
            plant.idle(f64::from(seconds) / 10.0);
        }
        prop_assert_eq!(check(&plant), Ok(()));
    }
}

#[test]
fn a_command_that_is_no_number_is_not_taken_and_one_beyond_the_range_is_held_at_its_end() {
    let mut plant = running();
    let before = plant.written("FV-301");
    plant.write("FV-301", f64::NAN);
    assert_eq!(plant.written("FV-301"), before);
    plant.write("FV-301", 1e9);
    assert_eq!(plant.written("FV-301"), 100.0);
    plant.write("IY-301", f64::NEG_INFINITY);
    assert_eq!(plant.written("IY-301"), 0.0);
    plant.write("IY-301", 1e9);
    plant.idle(30.0);
    assert!(plant.read("IT-301") < 6.7, "the rectifier has its own limit");
}

#[test]
fn everything_shut_at_full_current_ends_in_seals_and_not_in_infinity() {
    let mut plant = running();
    for valve in ["FV-301", "FV-313", "FV-322", "LV-311", "LV-321", "TV-311", "TV-321", "PV-341", "PV-351"] {
        plant.write(valve, 0.0);
    }
    plant.write("P-311.CMD", 0.0);
    plant.write("P-321.CMD", 0.0);
    plant.write("IY-301", 6.0);
    for _ in 0..8 {
        plant.idle(3600.0);
        assert_eq!(check(&plant), Ok(()));
    }
    assert!(plant.read("IT-301") < 6.0, "dry cells let less and less through: {}", plant.read("IT-301"));
}

#[test]
fn indices_that_do_not_exist_are_bad_and_harmless() {
    let mut plant = cold();
    plant.simulator.actuator(9999, 1.0);
    assert!(plant.simulator.actuator_value(9999).is_nan());
    assert!(plant.simulator.sensor(9999).1.is_bad());
    plant.simulator.step(0);
    assert_eq!(plant.simulator.now_ms(), 0);
}
