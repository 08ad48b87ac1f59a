//! Events as the recorder writes them and as people ask for them.

mod common;

use std::fs;

use historian::{EventReader, EventRetention, EventStore};
use model::wire::{EventKind, EventRecord};

fn event(time_ms: i64, kind: EventKind, tag: &str) -> EventRecord {
    let text = format!("{} at {time_ms}", kind.word());
    EventRecord { time_ms, kind, tag: tag.to_owned(), text, user: "j.ortiz".to_owned() }
}

fn some_events() -> Vec<EventRecord> {
    vec![
        event(1000, EventKind::Alarm, "AI-319.HI"),
        event(2000, EventKind::Operator, "FIC-301.SP"),
        event(2000, EventKind::Mode, "FIC-301"),
        event(3000, EventKind::Interlock, "IL-301"),
        event(4000, EventKind::Operator, "FIC-3011.SP"),
    ]
}

fn times(records: &[EventRecord]) -> Vec<i64> {
    records.iter().map(|record| record.time_ms).collect()
}

#[test]
fn events_come_back_newest_first_and_whole() {
    let folder = common::folder();
    let mut store = EventStore::open(folder.path()).unwrap();
    store.append_batch(&some_events()).unwrap();
    let mut expected = some_events();
    expected.reverse();
    assert_eq!(store.reader().unwrap().query(0, 9999, None, &[], 100).unwrap(), expected);
}

#[test]
fn filters_by_time_tag_and_kind_narrow_together() {
    let folder = common::folder();
    let mut store = EventStore::open(folder.path()).unwrap();
    store.append_batch(&some_events()).unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(times(&reader.query(2000, 3000, None, &[], 100).unwrap()), [3000, 2000, 2000]);
    let of_loop = reader.query(0, 9999, Some("FIC-301"), &[], 100).unwrap();
    assert_eq!(
        of_loop.iter().map(|record| record.tag.as_str()).collect::<Vec<_>>(),
        ["FIC-301", "FIC-301.SP"]
    );
    let kinds = [EventKind::Operator, EventKind::Interlock];
    assert_eq!(times(&reader.query(0, 9999, None, &kinds, 2).unwrap()), [4000, 3000]);
    assert!(reader.query(0, 9999, Some("FIC-30%"), &[], 10).unwrap().is_empty());
    assert!(reader.query(0, 9999, Some("' OR 1=1 --"), &[], 10).unwrap().is_empty());
}

#[test]
fn a_second_handle_sees_each_batch_while_the_writer_runs() {
    let folder = common::folder();
    let mut store = EventStore::open(folder.path()).unwrap();
    let reader = EventReader::open(folder.path()).unwrap();
    for round in 1..=20 {
        store.append_batch(&[event(round, EventKind::System, "")]).unwrap();
        assert_eq!(reader.count().unwrap(), round as u64);
    }
    assert!(reader.check().unwrap().is_empty());
}

#[test]
fn retention_removes_the_oldest_by_age_and_by_number() {
    let folder = common::folder();
    let mut store = EventStore::open(folder.path()).unwrap();
    let events: Vec<_> = (0..100).map(|time| event(time, EventKind::System, "")).collect();
    store.append_batch(&events).unwrap();
    let by_age = EventRetention { max_age_ms: Some(60), ..EventRetention::default() };
    assert_eq!(store.enforce(100, &by_age).unwrap(), 40);
    let by_number = EventRetention { max_rows: Some(10), ..EventRetention::default() };
    assert_eq!(store.enforce(100, &by_number).unwrap(), 50);
    let left = store.reader().unwrap().query(0, 999, None, &[], 100).unwrap();
    assert_eq!(times(&left), (90..100).rev().collect::<Vec<_>>());
    assert_eq!(store.enforce(100, &by_number).unwrap(), 0);
}

#[test]
fn a_file_that_is_no_database_is_set_aside_and_a_new_store_begins() {
    let folder = common::folder();
    let mut store = EventStore::open(folder.path()).unwrap();
    store.append_batch(&some_events()).unwrap();
    drop(store);
    let path = folder.path().join("events.sqlite");
    fs::write(&path, "this was a database once".repeat(500)).unwrap();
    let mut store = EventStore::open(folder.path()).unwrap();
    assert!(store.set_aside().is_some_and(std::path::Path::exists));
    store.append_batch(&some_events()).unwrap();
    assert_eq!(store.reader().unwrap().count().unwrap(), 5);
}

/// SQLite promises that a cut write-ahead log costs the transactions at its end and no others.
#[test]
fn a_write_ahead_log_cut_anywhere_keeps_the_batches_before_the_cut() {
    let folder = common::folder();
    let mut store = EventStore::open(folder.path()).unwrap();
    let wal = folder.path().join("events.sqlite-wal");
    let mut ends = Vec::new();
    for round in 1..=5 {
        store.append_batch(&[event(round, EventKind::Alarm, "TT-311")]).unwrap();
        ends.push(fs::metadata(&wal).unwrap().len());
    }
    // Copied while open: what a killed process leaves behind.
    let (main, log) = (fs::read(folder.path().join("events.sqlite")).unwrap(), fs::read(&wal).unwrap());
    for cut in (0..=log.len()).step_by(1031) {
        let folder = common::folder();
        fs::write(folder.path().join("events.sqlite"), &main).unwrap();
        fs::write(folder.path().join("events.sqlite-wal"), &log[..cut]).unwrap();
        let mut store = EventStore::open(folder.path()).unwrap();
        assert_eq!(store.set_aside(), None, "cut at {cut}");
        let kept = ends.iter().filter(|end| **end <= cut as u64).count() as u64;
        assert_eq!(store.reader().unwrap().count().unwrap(), kept, "cut at {cut}");
        store.append_batch(&some_events()).unwrap();
    }
}
