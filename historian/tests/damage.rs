//! Every file of the sample store, cut and spoiled at every byte: what was committed is read back,
//! the damage is told, nothing panics.

mod common;

use std::fs;
use std::path::Path;

use historian::{
    GapReason, HistorianError, PointInfo, RecoveryReport, SampleOptions, SampleReader, SampleStore,
};
use model::{Quality, Unit};

const OPTIONS: SampleOptions = SampleOptions { block_samples: 8, partition_ms: 100_000, tail_bytes: 1 << 20 };

fn open(folder: &Path) -> (SampleStore, RecoveryReport) {
    SampleStore::open(folder, OPTIONS).unwrap()
}

fn value(time_ms: i64) -> f64 {
    time_ms as f64 * 0.37
}

/// One sample a second, one commit per sample.
fn fill(store: &mut SampleStore, name: &str, seconds: std::ops::Range<i64>) {
    let point = PointInfo { name: name.to_owned(), unit: Unit::NONE, stepped: false };
    let id = store.register(&[point]).unwrap()[0];
    for time_ms in seconds.map(|second| second * 1000) {
        store.append(time_ms, id, value(time_ms), Quality::Good).unwrap();
        store.commit().unwrap();
    }
}

/// The times that a reader finds, after seeing that each value is the right one.
fn times(reader: &SampleReader, name: &str) -> Vec<i64> {
    let series = match reader.query_raw(name, 0, i64::MAX, usize::MAX) {
        Ok(series) => series,
        Err(HistorianError::UnknownPoint { .. }) => return Vec::new(),
        Err(error) => panic!("{error}"),
    };
    let right =
        |time_ms: i64, read: f64| assert_eq!(read.to_bits(), value(time_ms).to_bits(), "at {time_ms}");
    series.samples.iter().for_each(|sample| right(sample.time_ms, sample.value));
    series.samples.iter().map(|sample| sample.time_ms).collect()
}

fn seconds(range: std::ops::Range<i64>) -> Vec<i64> {
    range.map(|second| second * 1000).collect()
}

/// A copy with one file changed, opened read-only and then for writing; returns both findings.
fn with(
    original: &Path,
    file: &str,
    content: &[u8],
) -> (tempfile::TempDir, SampleReader, SampleStore, RecoveryReport) {
    let folder = common::folder();
    for entry in fs::read_dir(original).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    fs::write(folder.path().join(file), content).unwrap();
    let reader = SampleStore::open_read_only(folder.path()).unwrap();
    let found = times(&reader, "TT-311");
    reader.verify().unwrap();
    let (store, report) = open(folder.path());
    assert_eq!(times(&store.reader(), "TT-311"), found, "a reader and the writer agree");
    (folder, reader, store, report)
}

#[test]
fn a_tail_cut_at_any_byte_keeps_every_commit_before_the_cut_and_goes_on() {
    let folder = common::folder();
    let (mut store, _) = open(folder.path());
    let tail = folder.path().join("tail.cht");
    fill(&mut store, "TT-311", 0..0);
    let mut ends = vec![fs::metadata(&tail).unwrap().len() as usize];
    for second in 0..4 {
        fill(&mut store, "TT-311", second..second + 1);
        ends.push(fs::metadata(&tail).unwrap().len() as usize);
    }
    drop(store);
    let whole = fs::read(&tail).unwrap();
    for cut in 0..=whole.len() {
        let (_folder, reader, mut store, report) = with(folder.path(), "tail.cht", &whole[..cut]);
        let commits = ends.iter().skip(1).filter(|end| **end <= cut).count() as i64;
        assert_eq!(times(&reader, "TT-311"), seconds(0..commits), "cut at {cut}");
        assert_eq!(report.damage.is_empty(), cut == 0 || ends.contains(&cut), "cut at {cut}");
        fill(&mut store, "TT-311", 10..12);
        let mut expected = seconds(0..commits);
        expected.extend(seconds(10..12));
        assert_eq!(times(&store.reader(), "TT-311"), expected, "cut at {cut}");
        let gaps = store.reader().gaps(0, 20_000);
        let expected = (commits > 0).then_some(((commits - 1) * 1000, 10_000, GapReason::Crashed));
        assert_eq!(
            gaps.iter().map(|gap| (gap.from_ms, gap.to_ms, gap.reason)).next(),
            expected,
            "cut at {cut}"
        );
    }
}

#[test]
fn a_flipped_bit_in_the_tail_costs_one_commit_and_is_a_gap() {
    let folder = common::folder();
    let (mut store, _) = open(folder.path());
    fill(&mut store, "TT-311", 0..0);
    let head = fs::metadata(folder.path().join("tail.cht")).unwrap().len() as usize;
    fill(&mut store, "TT-311", 0..5);
    drop(store);
    let whole = fs::read(folder.path().join("tail.cht")).unwrap();
    for byte in 0..whole.len() {
        let mut hurt = whole.clone();
        hurt[byte] ^= 1 << (byte % 8);
        let (_folder, reader, store, report) = with(folder.path(), "tail.cht", &hurt);
        let lost = byte.checked_sub(head).map(|byte| (byte / ((whole.len() - head) / 5)) as i64);
        let expected: Vec<_> = seconds(0..5).into_iter().filter(|time| Some(time / 1000) != lost).collect();
        assert_eq!(times(&reader, "TT-311"), expected, "byte {byte}");
        assert_eq!(report.damage.len(), 1, "byte {byte}");
        let gap = store.reader().gaps(0, 9999).first().map(|gap| (gap.from_ms, gap.to_ms, gap.reason));
        let between = lost.filter(|lost| (1..4).contains(lost));
        let expected = between.map(|lost| ((lost - 1) * 1000, (lost + 1) * 1000, GapReason::Damaged));
        assert_eq!(gap, expected, "byte {byte}");
    }
}

#[test]
fn blocks_that_are_not_yet_durable_may_be_spoiled_anywhere_without_a_loss() {
    let folder = common::folder();
    let (mut store, _) = open(folder.path());
    fill(&mut store, "TT-311", 0..40);
    assert!(store.stats().blocks > 1);
    drop(store);
    let file = "part-0000000000000000.chp";
    let whole = fs::read(folder.path().join(file)).unwrap();
    for byte in 0..whole.len() {
        let copy = common::folder();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let mut hurt = whole.clone();
        hurt[byte] ^= 0x08;
        let path = copy.path().join(file);
        fs::write(&path, if byte % 2 == 0 { &hurt } else { &whole[..byte] }).unwrap();
        let (store, _) = open(copy.path());
        assert_eq!(times(&store.reader(), "TT-311"), seconds(0..40), "byte {byte}");
        assert!(store.reader().verify().unwrap().is_sound(), "byte {byte}");
    }
}

/// Two closed partitions and an open one, all durable, and a second point.
fn durable(folder: &Path) {
    let (mut store, _) = open(folder);
    fill(&mut store, "XV-319", 0..1);
    fill(&mut store, "TT-311", 0..230);
    store.mark_gap(500, 700, GapReason::Lost).unwrap();
    store.close(230_000).unwrap();
    drop(store);
}

#[test]
fn a_spoiled_partition_costs_its_block_and_says_which_time_is_missing() {
    let folder = common::folder();
    durable(folder.path());
    let file = "part-0000000000100000.chp";
    let whole = fs::read(folder.path().join(file)).unwrap();
    for byte in (0..whole.len()).step_by(7) {
        let mut hurt = whole.clone();
        hurt[byte] ^= 0x20;
        let (_folder, reader, ..) = with(folder.path(), file, &hurt);
        let found = times(&reader, "TT-311");
        assert!(found.len() >= 230 - 16, "byte {byte}: {} left", found.len());
        assert_eq!(found[..100], seconds(0..100), "byte {byte}");
        assert_eq!(found[found.len() - 30..], seconds(200..230), "byte {byte}");
        assert!(!reader.verify().unwrap().is_sound(), "byte {byte}");
        if found.len() < 230 {
            let gaps = reader.query_raw("TT-311", 100_000, 200_000, 1000).unwrap().gaps;
            let missing = seconds(0..230).into_iter().filter(|time| !found.contains(time));
            for time in missing {
                let told = |gap: &historian::Gap| (gap.from_ms..=gap.to_ms).contains(&time);
                assert!(gaps.iter().any(told), "byte {byte}: {time} is missing without a word");
            }
        }
        reader.query_columns("TT-311", 0, 230_000, 23).unwrap();
    }
    for cut in (0..whole.len()).step_by(11) {
        let (_folder, reader, ..) = with(folder.path(), file, &whole[..cut]);
        let found = times(&reader, "TT-311");
        assert!(found.len() >= 130, "cut at {cut}");
        assert!(!reader.verify().unwrap().is_sound() || found.len() < 230 || cut == 0, "cut at {cut}");
    }
}

#[test]
fn a_spoiled_index_costs_nothing() {
    let folder = common::folder();
    durable(folder.path());
    let file = "part-0000000000000000.chi";
    let whole = fs::read(folder.path().join(file)).unwrap();
    for byte in (0..whole.len()).step_by(2) {
        let mut hurt = whole.clone();
        hurt[byte] ^= 0x01;
        for content in [&hurt[..], &whole[..byte]] {
            let (_folder, reader, ..) = with(folder.path(), file, content);
            assert_eq!(times(&reader, "TT-311"), seconds(0..230), "byte {byte}");
        }
    }
}

#[test]
fn one_of_two_catalogues_may_be_spoiled_anywhere() {
    let folder = common::folder();
    durable(folder.path());
    for file in ["points.chc", "points.copy.chc"] {
        let whole = fs::read(folder.path().join(file)).unwrap();
        for byte in 0..whole.len() {
            let mut hurt = whole.clone();
            hurt[byte] ^= 0x04;
            for content in [&hurt[..], &whole[..byte]] {
                let (_folder, reader, store, _) = with(folder.path(), file, content);
                assert_eq!(times(&reader, "TT-311"), seconds(0..230), "{file} byte {byte}");
                assert_eq!(times(&reader, "XV-319"), seconds(0..1), "{file} byte {byte}");
                drop(store);
            }
        }
    }
}

#[test]
fn two_spoiled_catalogues_are_an_error_that_names_the_file() {
    let folder = common::folder();
    durable(folder.path());
    for file in ["points.chc", "points.copy.chc"] {
        fs::write(folder.path().join(file), b"gone").unwrap();
    }
    let Err(error) = SampleStore::open(folder.path(), OPTIONS) else {
        panic!("nothing says which point is which")
    };
    assert!(matches!(error, HistorianError::Damaged { .. }), "{error}");
}

#[test]
fn spoiled_notes_of_gaps_cost_one_note() {
    let folder = common::folder();
    durable(folder.path());
    let whole = fs::read(folder.path().join("gaps.chg")).unwrap();
    for byte in 0..whole.len() {
        let mut hurt = whole.clone();
        hurt[byte] ^= 0x80;
        let (_folder, _, store, report) = with(folder.path(), "gaps.chg", &hurt);
        assert_eq!(report.damage.len(), 1, "byte {byte}");
        assert!(store.reader().gaps(0, 1000).len() <= 1);
    }
}
