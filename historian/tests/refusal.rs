//! A disk that refuses for a while: nothing is lost that memory can hold, and it is told each time.
//!
//! The refusal is real: a folder stands where a file has to be made, or the folder has gone.

mod common;

use std::fs;
use std::path::Path;

use historian::journal::{JournalHeader, JournalOptions, JournalReader, JournalWriter, RunEnd, ScanRecord};
use historian::{HistorianError, PointInfo, SampleId, SampleOptions, SampleStore};
use model::{Quality, Unit};

const OPTIONS: SampleOptions = SampleOptions { block_samples: 8, partition_ms: 100_000, tail_bytes: 500 };

fn store(folder: &Path) -> (SampleStore, SampleId) {
    let (mut store, _) = SampleStore::open(folder, OPTIONS).unwrap();
    let point = PointInfo { name: "P".to_owned(), unit: Unit::NONE, stepped: false };
    let id = store.register(&[point]).unwrap()[0];
    (store, id)
}

fn append(store: &mut SampleStore, id: SampleId, seconds: std::ops::Range<i64>) {
    for second in seconds {
        store.append(second * 1000, id, second as f64, Quality::Good).unwrap();
    }
}

fn seconds(store: &SampleStore) -> Vec<i64> {
    let series = store.reader().query_raw("P", 0, i64::MAX, usize::MAX).unwrap();
    series.samples.iter().map(|sample| sample.time_ms / 1000).collect()
}

#[test]
fn samples_wait_for_a_partition_that_cannot_be_made() {
    let folder = common::folder();
    let (mut store, id) = store(folder.path());
    let obstacle = folder.path().join("part-0000000000000000.chp");
    fs::create_dir(&obstacle).unwrap();
    for round in 0..5 {
        append(&mut store, id, round * 10..round * 10 + 10);
        let refused = store.commit();
        assert!(matches!(refused, Err(HistorianError::Io { doing: "create", .. })), "round {round}");
        assert_eq!(seconds(&store), (0..round * 10 + 10).collect::<Vec<_>>(), "they are in the tail");
    }
    fs::remove_dir(&obstacle).unwrap();
    store.commit().unwrap();
    assert!(store.stats().blocks > 0);
    append(&mut store, id, 50..250);
    store.commit().unwrap();
    drop(store);
    let (store, _) = self::store(folder.path());
    assert_eq!(seconds(&store), (0..250).collect::<Vec<_>>());
    assert!(store.reader().verify().unwrap().is_sound());
}

#[test]
fn a_tail_that_cannot_be_renewed_goes_on_growing() {
    let folder = common::folder();
    let (mut store, id) = store(folder.path());
    let obstacle = folder.path().join("tail.cht.tmp");
    fs::create_dir(&obstacle).unwrap();
    append(&mut store, id, 0..80);
    let Err(error) = store.commit() else { panic!("the tail is longer than it may be") };
    assert!(matches!(error, HistorianError::Io { doing: "create", .. }), "{error}");
    append(&mut store, id, 80..90);
    assert!(store.commit().is_err());
    assert_eq!(seconds(&store), (0..90).collect::<Vec<_>>());
    fs::remove_dir(&obstacle).unwrap();
    store.commit().unwrap();
    assert!(store.stats().tail_bytes < 500);
    drop(store);
    let (store, _) = self::store(folder.path());
    assert_eq!(seconds(&store), (0..90).collect::<Vec<_>>());
}

#[test]
fn records_wait_for_a_folder_that_has_gone_and_come_back() {
    let folder = common::folder();
    let journal_folder = folder.path().join("journal");
    let header = JournalHeader {
        plant_hash: [0; 32],
        plant_name: "refinery".to_owned(),
        epoch_ms: 0,
        period_ms: 100,
        continues: None,
    };
    let mut journal = JournalWriter::create(&journal_folder, header, JournalOptions::default()).unwrap();
    fs::remove_dir_all(&journal_folder).unwrap();
    for tick in 1..=5 {
        journal.append(&ScanRecord { tick, hash: tick, ..ScanRecord::default() }).unwrap();
        assert!(matches!(journal.commit(), Err(HistorianError::Io { doing: "create", .. })));
    }
    fs::create_dir(&journal_folder).unwrap();
    journal.commit().unwrap();
    let mut records = JournalReader::open(&journal_folder).unwrap().records(0).unwrap();
    let ticks: Vec<u64> = records.by_ref().map(|record| record.unwrap().tick).collect();
    assert_eq!((ticks, records.end()), (vec![1, 2, 3, 4, 5], &RunEnd::Complete));
    assert_eq!(journal.lost_records(), 0);
}
