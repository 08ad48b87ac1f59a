//! Exception reporting: what is stored, and that the stored line stays near the truth.

mod common;

use historian::{PointInfo, PointPolicy, Recorder, Sample, SampleOptions, SampleStore};
use model::{PointId, Quality, Unit};
use proptest::prelude::*;

struct Rig {
    store: SampleStore,
    recorder: Recorder,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new(deadband: f64, max_interval_ms: u32, stepped: bool, resolution: f64) -> Self {
        let folder = common::folder();
        let (mut store, _) = SampleStore::open(folder.path(), SampleOptions::default()).unwrap();
        let point = PointInfo { name: "P".to_owned(), unit: Unit::NONE, stepped };
        let id = store.register(&[point]).unwrap()[0];
        let policy = PointPolicy { source: PointId(0), id, deadband, max_interval_ms, stepped, resolution };
        Self { store, recorder: Recorder::new(&[policy]), _folder: folder }
    }

    fn offer(&mut self, time_ms: i64, value: f64, quality: Quality) {
        self.recorder.offer(&mut self.store, time_ms, &[value], &[quality]).unwrap();
    }

    fn stored(&mut self) -> Vec<Sample> {
        self.store.commit().unwrap();
        self.store.reader().query_raw("P", 0, i64::MAX, usize::MAX).unwrap().samples
    }

    fn pairs(&mut self) -> Vec<(i64, f64)> {
        self.stored().iter().map(|sample| (sample.time_ms, sample.value)).collect()
    }
}

#[test]
fn a_step_after_a_flat_stretch_is_stored_as_a_step() {
    let mut rig = Rig::new(0.5, 0, false, 0.0);
    for scan in 0..100 {
        rig.offer(scan * 100, if scan < 50 { 10.0 } else { 20.0 }, Quality::Good);
    }
    assert_eq!(rig.pairs(), [(0, 10.0), (4900, 10.0), (5000, 20.0)]);
}

#[test]
fn a_stepped_point_needs_no_sample_before_its_step() {
    let mut rig = Rig::new(0.0, 0, true, 0.0);
    for scan in 0..100 {
        rig.offer(scan * 100, if scan < 50 { 0.0 } else { 1.0 }, Quality::Good);
    }
    assert_eq!(rig.pairs(), [(0, 0.0), (5000, 1.0)]);
}

#[test]
fn a_steady_ramp_costs_one_sample_per_deadband() {
    let mut rig = Rig::new(1.0, 0, false, 0.0);
    for scan in 0..1000 {
        rig.offer(scan * 100, scan as f64 * 0.01, Quality::Good);
    }
    let stored = rig.pairs();
    assert!(stored.len() <= 11, "{stored:?}");
}

#[test]
fn a_change_of_quality_and_a_long_silence_are_stored() {
    let mut rig = Rig::new(1.0, 1000, false, 0.0);
    for scan in 0..25 {
        let quality = if (12..14).contains(&scan) { Quality::BadNoCommunication } else { Quality::Good };
        rig.offer(scan * 100, 7.0, quality);
    }
    let stored = rig.stored();
    let seen: Vec<_> = stored.iter().map(|sample| (sample.time_ms, sample.quality.is_bad())).collect();
    assert_eq!(seen, [(0, false), (1000, false), (1200, true), (1400, false), (2400, false)]);
}

#[test]
fn values_that_are_no_numbers_are_stored_once_and_left_again() {
    let mut rig = Rig::new(1.0, 0, false, 0.1);
    for (scan, value) in
        [1.0, f64::NAN, f64::NAN, 1.0, f64::INFINITY, f64::INFINITY, 1.0].into_iter().enumerate()
    {
        rig.offer(scan as i64 * 100, value, Quality::Good);
    }
    let stored = rig.stored();
    assert_eq!(
        stored.iter().map(|sample| sample.time_ms).collect::<Vec<_>>(),
        [0, 100, 200, 300, 400, 500, 600]
    );
}

#[test]
fn rounding_keeps_to_the_resolution_and_the_same_scan_twice_is_one() {
    let mut rig = Rig::new(0.0, 0, true, 0.025);
    rig.offer(0, 1.234_567, Quality::Good);
    rig.offer(0, 9.0, Quality::Good);
    rig.offer(100, -0.001, Quality::Good);
    assert_eq!(rig.pairs(), [(0, 1.23), (100, 0.0)]);
    assert!(rig.stored()[1].value.is_sign_positive());
}

#[test]
fn after_a_loss_every_point_is_stored_anew() {
    let mut rig = Rig::new(1.0, 0, false, 0.0);
    rig.offer(0, 5.0, Quality::Good);
    rig.offer(100, 5.0, Quality::Good);
    rig.recorder.store_all_next();
    rig.offer(200, 5.0, Quality::Good);
    assert_eq!(rig.pairs(), [(0, 5.0), (200, 5.0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_stored_line_never_strays_from_the_truth_by_more_than_twice_the_deadband(
        moves in prop::collection::vec(prop_oneof![3 => -0.3f64..0.3, 1 => -20.0f64..20.0], 2..300),
    ) {
        let deadband = 1.0;
        let mut rig = Rig::new(deadband, 60_000, false, deadband / 10.0);
        let mut value = 50.0;
        let mut truth = Vec::new();
        for (scan, step) in moves.iter().enumerate() {
            value += step;
            truth.push((scan as i64 * 100, value));
            rig.offer(scan as i64 * 100, value, Quality::Good);
        }
        let stored = rig.pairs();
        let (last, _) = *stored.last().unwrap();
        for (time_ms, value) in truth {
            let after = stored.iter().position(|(stored, _)| *stored >= time_ms);
            let line = match after.map(|index| (index.checked_sub(1).map(|index| stored[index]), stored[index])) {
                None => stored.last().unwrap().1,
                Some((_, (at, value))) if at == time_ms => value,
                Some((None, (_, value))) => value,
                Some((Some((from, a)), (to, b))) => a + (b - a) * (time_ms - from) as f64 / (to - from) as f64,
            };
            prop_assert!((line - value).abs() <= 2.0 * deadband + 0.1, "{time_ms}: {line} for {value}, last {last}");
        }
    }
}
