//! Columns of a plot against the same sums done the slow way.

mod common;

use historian::{Column, GapReason, PointInfo, Sample, SampleOptions, SampleStore};
use model::{Quality, Unit};
use proptest::prelude::*;

/// Value and quality at every millisecond, from the samples alone: the definition, without any short cut.
fn known_at(
    samples: &[Sample],
    stepped: bool,
    alive_ms: i64,
    gap: Option<(i64, i64)>,
    time_ms: i64,
) -> Option<(f64, Quality)> {
    let index = samples.iter().rposition(|sample| sample.time_ms <= time_ms)?;
    let here = samples[index];
    let next = samples.get(index + 1);
    let until = next.map_or(alive_ms, |next| next.time_ms);
    let cut = gap.filter(|(from, to)| *to > here.time_ms && *from < until);
    if time_ms >= until || cut.is_some_and(|(from, _)| time_ms >= from.max(here.time_ms)) {
        return None;
    }
    let line =
        next.filter(|next| !stepped && cut.is_none() && next.quality.is_usable() == here.quality.is_usable());
    let value = line.map_or(here.value, |next| {
        let share = (time_ms - here.time_ms) as f64 / (next.time_ms - here.time_ms) as f64;
        here.value + (next.value - here.value) * share
    });
    Some((value, here.quality))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * (1.0 + a.abs().max(b.abs()))
}

fn store_of(
    samples: &[Sample],
    stepped: bool,
    gap: Option<(i64, i64)>,
    folder: &std::path::Path,
) -> SampleStore {
    let options = SampleOptions { block_samples: 8, partition_ms: 1000, tail_bytes: 1000 };
    let (mut store, _) = SampleStore::open(folder, options).unwrap();
    let point = PointInfo { name: "P".to_owned(), unit: Unit::NONE, stepped };
    let id = store.register(&[point]).unwrap()[0];
    for sample in samples {
        store.append(sample.time_ms, id, sample.value, sample.quality).unwrap();
    }
    store.commit().unwrap();
    if let Some((from, to)) = gap {
        store.mark_gap(from, to, GapReason::Lost).unwrap();
    }
    store
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let quality = prop_oneof![6 => Just(Quality::Good), 1 => Just(Quality::UncertainSubNormal), 1 => Just(Quality::BadNoCommunication)];
    prop::collection::vec((1i64..60, -100i32..100, quality), 1..60).prop_map(|steps| {
        let mut time_ms = 0;
        let sample = |(step, value, quality)| {
            time_ms += step;
            Sample { time_ms, value: f64::from(value), quality }
        };
        steps.into_iter().map(sample).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn columns_agree_with_the_definition_whatever_is_answered_from_headers(
        samples in samples(),
        stepped: bool,
        from in 0i64..1500,
        width in 1i64..400,
        count in 1usize..12,
        gap in prop::option::of((0i64..2000, 1i64..300)),
    ) {
        let folder = common::folder();
        let gap = gap.map(|(from, length)| (from, from + length));
        let store = store_of(&samples, stepped, gap, folder.path());
        let to = from + width * count as i64;
        let reader = store.reader();
        let columns = reader.query_columns("P", from, to, count).unwrap().columns;
        let alive = samples.last().unwrap().time_ms;
        for index in 0..count as i64 {
            let start = from + index * width;
            let column = columns.iter().find(|column| column.start_ms == start);
            check(column, &samples, stepped, alive, gap, start, start + width)?;
        }
        let outside = SampleStore::open_read_only(folder.path()).unwrap();
        prop_assert_eq!(outside.query_columns("P", from, to, count).unwrap().columns, columns);
    }
}

fn check(
    column: Option<&Column>,
    samples: &[Sample],
    stepped: bool,
    alive: i64,
    gap: Option<(i64, i64)>,
    start: i64,
    end: i64,
) -> Result<(), TestCaseError> {
    let inside: Vec<_> = samples.iter().filter(|sample| (start..end).contains(&sample.time_ms)).collect();
    let known: Vec<_> =
        (start..end).filter_map(|time| known_at(samples, stepped, alive, gap, time)).collect();
    let Some(column) = column else {
        prop_assert!(inside.is_empty() && known.is_empty(), "a column that knows something is missing");
        return Ok(());
    };
    prop_assert_eq!(column.count, inside.len() as u64);
    let worst = |worst: Quality, quality: Quality| worst.worst(quality);
    let qualities =
        inside.iter().map(|sample| sample.quality).chain(known.iter().map(|(_, quality)| *quality));
    prop_assert_eq!(u8::from(column.quality) / 64, u8::from(qualities.fold(Quality::Good, worst)) / 64);
    let usable = |quality: &Quality| quality.is_usable();
    let any = known.iter().any(|(_, quality)| usable(quality))
        || inside.iter().any(|sample| usable(&sample.quality));
    let speaks = |quality: Quality| quality.is_usable() == any;
    let values: Vec<f64> =
        known.iter().filter(|(_, quality)| speaks(*quality)).map(|(value, _)| *value).collect();
    for value in values
        .iter()
        .copied()
        .chain(inside.iter().filter(|sample| speaks(sample.quality)).map(|sample| sample.value))
    {
        prop_assert!(column.min <= value + 1e-9 && value <= column.max + 1e-9, "{value} outside {column:?}");
    }
    prop_assert!(column.min <= column.mean && column.mean <= column.max);
    // Sampling every millisecond approaches the integral of straight lines to half a step at each bend.
    if !values.is_empty() {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let slack = if stepped { 1e-6 } else { 200.0 * (inside.len() + 2) as f64 / values.len() as f64 };
        prop_assert!((column.mean - mean).abs() <= slack, "mean {} is not {mean}", column.mean);
    }
    Ok(())
}

fn at(time_ms: i64, value: f64, quality: Quality) -> Sample {
    Sample { time_ms, value, quality }
}

#[test]
fn a_held_value_fills_the_columns_in_which_nothing_changed() {
    let folder = common::folder();
    let samples = [at(0, 5.0, Quality::Good), at(1000, 5.0, Quality::Good)];
    let store = store_of(&samples, true, None, folder.path());
    let columns = store.reader().query_columns("P", 0, 1000, 10).unwrap().columns;
    assert_eq!(columns.len(), 10);
    assert_eq!(columns.iter().map(|column| column.count).sum::<u64>(), 1);
    assert!(columns.iter().all(|column| column.min == 5.0 && column.max == 5.0 && column.mean == 5.0));
}

#[test]
fn a_ramp_is_a_ramp_and_a_step_is_a_step() {
    for (stepped, means) in [(false, [1.25, 3.75, 6.25, 8.75]), (true, [0.0, 0.0, 0.0, 0.0])] {
        let folder = common::folder();
        let samples = [at(0, 0.0, Quality::Good), at(1000, 10.0, Quality::Good)];
        let store = store_of(&samples, stepped, None, folder.path());
        let columns = store.reader().query_columns("P", 0, 1000, 4).unwrap().columns;
        for (column, mean) in columns.iter().zip(means) {
            assert!(close(column.mean, mean), "{column:?}");
        }
    }
}

/// The sample that ends the line may be in a block that the span does not touch.
#[test]
fn the_line_out_of_the_span_is_drawn_to_a_sample_in_the_next_block() {
    let folder = common::folder();
    let mut samples: Vec<_> = (0..8).map(|index| at(index * 10, 0.0, Quality::Good)).collect();
    samples.extend((0..8).map(|index| at(170 + index * 10, 100.0, Quality::Good)));
    for (gap, (min, max)) in [(None, (30.0, 50.0)), (Some((150, 160)), (0.0, 0.0))] {
        let folder = folder.path().join(format!("{}", gap.is_some()));
        std::fs::create_dir(&folder).unwrap();
        let store = store_of(&samples, false, gap, &folder);
        let columns = store.reader().query_columns("P", 100, 120, 1).unwrap().columns;
        assert!(close(columns[0].min, min) && close(columns[0].max, max), "{columns:?}");
    }
}

/// The sample before the span may be in a block of its own, with a gap between it and the span.
#[test]
fn a_gap_between_the_last_sample_and_the_span_ends_what_was_known() {
    let folder = common::folder();
    let samples = [at(980, 0.0, Quality::Good), at(1000, -1.0, Quality::Good), at(1001, 0.0, Quality::Good)];
    let store = store_of(&samples, true, Some((746, 981)), folder.path());
    let columns = store.reader().query_columns("P", 997, 1001, 1).unwrap().columns;
    assert!(close(columns[0].mean, -1.0), "{columns:?}");
}

#[test]
fn no_line_is_drawn_across_a_gap_and_bad_values_speak_only_when_alone() {
    let folder = common::folder();
    let samples =
        [at(0, 1.0, Quality::Good), at(400, 9.0, Quality::BadSensorFailure), at(1000, 2.0, Quality::Good)];
    let store = store_of(&samples, false, Some((600, 900)), folder.path());
    let columns = store.reader().query_columns("P", 0, 1100, 11).unwrap().columns;
    let starts: Vec<_> = columns.iter().map(|column| column.start_ms).collect();
    assert_eq!(starts, [0, 100, 200, 300, 400, 500, 1000]);
    assert!(columns[..4].iter().all(|column| column.mean == 1.0 && column.quality.is_good()));
    assert!(columns[4..6].iter().all(|column| column.mean == 9.0 && column.quality.is_bad()));
}

#[test]
fn nothing_is_known_before_the_first_sample_nor_after_the_last_sign_of_life() {
    let folder = common::folder();
    let mut store = store_of(&[at(500, 3.0, Quality::Good)], true, None, folder.path());
    store.alive(800).unwrap();
    store.commit().unwrap();
    let columns = store.reader().query_columns("P", 0, 1000, 10).unwrap().columns;
    assert_eq!(columns.iter().map(|column| column.start_ms).collect::<Vec<_>>(), [500, 600, 700]);
    assert!(store.reader().query_columns("P", 0, 1000, 0).unwrap().columns.is_empty());
    assert!(store.reader().query_columns("P", 1000, 0, 10).unwrap().columns.is_empty());
    store.reader().query_columns("P", i64::MIN, i64::MAX, 100).unwrap();
}
