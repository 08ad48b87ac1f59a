//! The sample store as the recorder fills it and as plots ask it.

mod common;

use std::path::Path;

use historian::{
    GapReason, HistorianError, PointInfo, Retention, Sample, SampleId, SampleOptions, SampleReader,
    SampleStore,
};
use model::{Quality, Unit};

fn options() -> SampleOptions {
    SampleOptions { block_samples: 16, partition_ms: 100_000, tail_bytes: 2000 }
}

fn open(folder: &Path) -> SampleStore {
    SampleStore::open(folder, options()).unwrap().0
}

fn point(name: &str, unit: &str, stepped: bool) -> PointInfo {
    PointInfo { name: name.to_owned(), unit: Unit::parse(unit).unwrap(), stepped }
}

fn register(store: &mut SampleStore) -> (SampleId, SampleId) {
    let ids = store.register(&[point("TT-311", "degC", false), point("XV-319", "", true)]).unwrap();
    (ids[0], ids[1])
}

/// The value of TT-311 at a time, so that any sample can be checked alone.
fn temperature(time_ms: i64) -> f64 {
    (60_000 + time_ms / 10 % 5000) as f64 / 1000.0
}

fn fill(store: &mut SampleStore, id: SampleId, times: impl Iterator<Item = i64>) {
    for time_ms in times {
        store.append(time_ms, id, temperature(time_ms), Quality::Good).unwrap();
        if time_ms % 5000 == 0 {
            store.commit().unwrap();
        }
    }
    store.commit().unwrap();
}

fn times(reader: &SampleReader, name: &str, from: i64, to: i64) -> Vec<i64> {
    let series = reader.query_raw(name, from, to, usize::MAX).unwrap();
    series.samples.iter().map(|sample| sample.time_ms).collect()
}

fn seconds(range: std::ops::Range<i64>) -> impl Iterator<Item = i64> {
    range.map(|second| second * 1000)
}

#[test]
fn samples_come_back_from_tail_blocks_and_closed_partitions_alike() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, _) = register(&mut store);
    fill(&mut store, id, seconds(0..350));
    let reader = store.reader();
    let series = reader.query_raw("TT-311", 0, 400_000, usize::MAX).unwrap();
    assert_eq!(series.point, point("TT-311", "degC", false));
    assert_eq!(series.samples.len(), 350);
    for sample in &series.samples {
        assert_eq!((sample.value, sample.quality), (temperature(sample.time_ms), Quality::Good));
    }
    assert!(store.stats().blocks > 15 && reader.storage().partitions == 4);
    let outside = SampleStore::open_read_only(folder.path()).unwrap();
    assert_eq!(times(&outside, "TT-311", 0, 400_000), seconds(0..350).collect::<Vec<_>>());
    store.close(350_000).unwrap();
    drop(store);
    let (store, report) = SampleStore::open(folder.path(), options()).unwrap();
    assert!(report.clean, "{report:?}");
    assert_eq!(times(&store.reader(), "TT-311", 0, 400_000), seconds(0..350).collect::<Vec<_>>());
    assert!(store.reader().verify().unwrap().is_sound());
    assert_eq!(store.reader().verify().unwrap().samples, 350);
}

#[test]
fn a_span_begins_with_the_value_that_stood_at_its_start() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, valve) = register(&mut store);
    store.append(500, valve, 1.0, Quality::Good).unwrap();
    fill(&mut store, id, seconds(1..250));
    let reader = store.reader();
    assert_eq!(times(&reader, "TT-311", 10_500, 13_000), [10_000, 11_000, 12_000, 13_000]);
    assert_eq!(times(&reader, "TT-311", 10_000, 12_000), [10_000, 11_000, 12_000]);
    assert_eq!(times(&reader, "TT-311", 0, 2000), [1000, 2000]);
    // The valve moved once, two partitions ago.
    assert_eq!(times(&reader, "XV-319", 240_000, 245_000), [500]);
    assert_eq!(reader.latest("XV-319").unwrap().map(|sample| sample.time_ms), Some(500));
    assert_eq!(reader.latest("TT-311").unwrap().map(|sample| sample.time_ms), Some(249_000));
    let limited = reader.query_raw("TT-311", 10_500, 90_000, 5).unwrap();
    assert!(limited.truncated && limited.samples.len() == 5);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_one() {
    let folder = common::folder();
    let mut store = open(folder.path());
    register(&mut store);
    let Err(error) = store.reader().query_raw("TT-31", 0, 1, 1) else { panic!("TT-31 does not exist") };
    assert_eq!(error.to_string(), "the history has no point TT-31; did you mean TT-311?");
    let unknown = store.append(1, other_id(), 1.0, Quality::Good);
    assert!(matches!(unknown, Err(HistorianError::UnknownId { id: 99 })));
    let (id, _) = register(&mut store);
    let late = store.append(-1, id, 1.0, Quality::Good);
    assert!(matches!(late, Err(HistorianError::TimeOutOfRange { .. })));
}

/// A number that this store never gave.
fn other_id() -> SampleId {
    let folder = common::folder();
    let mut store = open(folder.path());
    let points: Vec<_> = (0..100).map(|index| point(&format!("P-{index}"), "", false)).collect();
    *store.register(&points).unwrap().last().unwrap()
}

#[test]
fn a_late_sample_finds_its_place_or_is_counted() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, valve) = register(&mut store);
    for time_ms in [1000, 3000, 2000, 3000] {
        store.append(time_ms, id, time_ms as f64, Quality::Good).unwrap();
    }
    store.commit().unwrap();
    assert_eq!(times(&store.reader(), "TT-311", 0, 9999), [1000, 2000, 3000]);
    assert_eq!(store.stats().replaced, 1);
    fill(&mut store, id, seconds(4..60));
    store.append(2500, id, 1.0, Quality::Good).unwrap();
    assert_eq!(store.stats().late_dropped, 1);
    fill(&mut store, id, seconds(60..120));
    store.append(50_000, valve, 1.0, Quality::Good).unwrap();
    store.commit().unwrap();
    assert_eq!(store.stats().late_dropped, 2, "its partition is closed");
    assert!(store.reader().latest("XV-319").unwrap().is_none());
}

#[test]
fn a_killed_recorder_leaves_a_gap_and_a_stopped_one_too() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, _) = register(&mut store);
    fill(&mut store, id, seconds(0..20));
    store.alive(19_500).unwrap();
    store.commit().unwrap();
    drop(store);
    let (mut store, report) = SampleStore::open(folder.path(), options()).unwrap();
    assert!(!report.clean);
    assert_eq!((report.last_ms, report.from_tail), (Some(19_500), 20));
    fill(&mut store, id, seconds(30..40));
    store.close(39_000).unwrap();
    drop(store);
    let mut store = open(folder.path());
    fill(&mut store, id, seconds(50..55));
    store.mark_gap(52_100, 52_900, GapReason::Lost).unwrap();
    let gaps = store.reader().gaps(0, 100_000);
    let expected = [
        (19_500, 30_000, GapReason::Crashed),
        (39_000, 50_000, GapReason::Stopped),
        (52_100, 52_900, GapReason::Lost),
    ];
    assert_eq!(gaps.iter().map(|gap| (gap.from_ms, gap.to_ms, gap.reason)).collect::<Vec<_>>(), expected);
    drop(store);
    let again = SampleStore::open_read_only(folder.path()).unwrap();
    assert_eq!(again.gaps(0, 100_000), gaps);
}

#[test]
fn two_processes_may_read_while_one_writes_and_a_second_writer_is_refused() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, _) = register(&mut store);
    let outside = SampleStore::open_read_only(folder.path()).unwrap();
    assert!(matches!(SampleStore::open(folder.path(), options()), Err(HistorianError::Locked { .. })));
    for round in 0..60 {
        fill(&mut store, id, seconds(round * 7..round * 7 + 7));
        outside.refresh().unwrap();
        let expected: Vec<_> = seconds(0..round * 7 + 7).collect();
        assert_eq!(times(&outside, "TT-311", 0, i64::MAX), expected, "round {round}");
        assert_eq!(times(&store.reader(), "TT-311", 0, i64::MAX), expected, "round {round}");
    }
    assert!(outside.verify().unwrap().is_sound());
}

#[test]
fn retention_by_age_and_by_size_takes_whole_partitions_from_the_old_end() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, _) = register(&mut store);
    store.mark_gap(1000, 2000, GapReason::Lost).unwrap();
    fill(&mut store, id, seconds(0..950));
    let reader = store.reader();
    let by_age = Retention { max_age_ms: Some(500_000), ..Retention::default() };
    assert_eq!(store.enforce(950_000, &by_age).unwrap(), 4);
    assert_eq!(reader.storage().oldest_ms, Some(400_000));
    assert!(reader.gaps(0, 10_000).is_empty());
    let bytes = reader.storage().bytes;
    let by_size = Retention { max_bytes: Some(bytes * 6 / 10), ..Retention::default() };
    assert!(store.enforce(950_000, &by_size).unwrap() >= 2);
    assert!(reader.storage().bytes < bytes * 7 / 10);
    assert_eq!(*times(&reader, "TT-311", 0, i64::MAX).last().unwrap(), 949_000);
    let all = Retention { max_bytes: Some(0), max_age_ms: Some(0) };
    store.enforce(i64::MAX, &all).unwrap();
    assert!(!times(&reader, "TT-311", 0, i64::MAX).is_empty(), "the open partition stays");
}

#[test]
fn a_changed_unit_converts_the_past_and_a_changed_meaning_hides_it() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let bar = store.register(&[point("PT-1", "bar", false)]).unwrap()[0];
    for time_ms in seconds(0..40) {
        store.append(time_ms, bar, 1.5, Quality::Good).unwrap();
    }
    store.commit().unwrap();
    let kpa = store.register(&[point("PT-1", "kPa", false)]).unwrap()[0];
    assert_ne!(bar, kpa);
    store.append(40_000, kpa, 160.0, Quality::Good).unwrap();
    store.commit().unwrap();
    let reader = store.reader();
    let series = reader.query_raw("PT-1", 0, 50_000, 100).unwrap();
    assert_eq!(series.samples.first().map(|sample| sample.value), Some(150.0));
    assert_eq!(series.samples.last().map(|sample| sample.value), Some(160.0));
    let columns = reader.query_columns("PT-1", 0, 40_000, 1).unwrap().columns;
    assert_eq!((columns[0].min, columns[0].max, columns[0].count), (150.0, 160.0, 40));
    store.register(&[point("PT-1", "m3/h", false)]).unwrap();
    assert!(reader.query_raw("PT-1", 0, 50_000, 100).unwrap().samples.is_empty());
}

#[test]
fn extreme_values_and_every_quality_survive_the_disk() {
    let folder = common::folder();
    let mut store = open(folder.path());
    let (id, _) = register(&mut store);
    let values = [f64::NAN, f64::INFINITY, -0.0, f64::MIN_POSITIVE / 2.0, f64::MAX, -1e-300, 0.1 + 0.2];
    let mut expected = Vec::new();
    for (index, value) in values.iter().cycle().take(70).enumerate() {
        let quality = Quality::from([0, 1, 64, 66, 128, 134][index % 6]);
        let sample = Sample { time_ms: index as i64 * 777, value: *value, quality };
        store.append(sample.time_ms, id, sample.value, quality).unwrap();
        expected.push((sample.time_ms, value.to_bits(), quality));
    }
    store.commit().unwrap();
    drop(store);
    let store = open(folder.path());
    let series = store.reader().query_raw("TT-311", 0, i64::MAX, 100).unwrap();
    let read: Vec<_> = series
        .samples
        .iter()
        .map(|sample| (sample.time_ms, sample.value.to_bits(), sample.quality))
        .collect();
    assert_eq!(read, expected);
    store.reader().query_columns("TT-311", 0, 60_000, 7).unwrap();
}
