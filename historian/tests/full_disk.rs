//! A disk that is really full: what has room of its own goes on, and what has none any more is told at the next start.

#[path = "common/small_disk.rs"]
mod small_disk;

use std::fs;
use std::path::Path;

use historian::audit::{AuditEntry, AuditLog, Verdict, verify};
use historian::journal::{
    JournalHeader, JournalOptions, JournalReader, JournalWriter, RunEnd, ScanRecord, SegmentStart,
};
use historian::{HistorianError, Lost, Room, UnwrittenNote};
use model::{PointId, Quality};
use small_disk::SmallDisk;

const PERIOD_MS: u32 = 100;

fn writer(folder: &Path, continues: Option<u64>) -> JournalWriter {
    let header = JournalHeader {
        plant_hash: [0; 32],
        plant_name: "refinery".to_owned(),
        epoch_ms: 0,
        period_ms: PERIOD_MS,
        continues,
    };
    let options = JournalOptions { segment_bytes: 100_000, room_bytes: 2 << 20, ..JournalOptions::default() };
    JournalWriter::create(&folder.join("journal"), header, options).unwrap()
}

/// About nine kilobytes.
fn record(tick: u64) -> ScanRecord {
    let value = |point: u32| f64::from(point).sqrt() * tick as f64;
    let inputs = (0..600).map(|point| (PointId(point), value(point), Quality::Good)).collect();
    ScanRecord { tick, hash: tick, inputs, ..ScanRecord::default() }
}

fn write(journal: &mut JournalWriter, ticks: std::ops::RangeInclusive<u64>) -> Result<(), HistorianError> {
    for tick in ticks {
        journal.append(&record(tick))?;
        journal.commit()?;
        journal.keep_room();
    }
    Ok(())
}

fn ticks(folder: &Path, from: u64) -> (Vec<u64>, RunEnd) {
    let mut records = JournalReader::open(&folder.join("journal")).unwrap().records(from).unwrap();
    let ticks = records.by_ref().map(|record| record.unwrap().tick).collect();
    (ticks, records.end().clone())
}

#[test]
fn a_journal_goes_on_in_its_own_room_on_a_full_disk_and_so_does_the_next_start() {
    let Some(disk) = SmallDisk::new(8) else { return };
    let mut journal = writer(disk.path(), None);
    write(&mut journal, 1..=3).unwrap();
    assert!(matches!(journal.keep_room(), Room::Kept(bytes) if bytes > 1 << 20));
    disk.fill();

    // Past the end of a segment of 100 kB, and past half of the room.
    write(&mut journal, 4..=150).unwrap();
    let Room::Short(left) = journal.keep_room() else { panic!("the disk has no more to give") };
    assert!(left > 500_000, "{left}");
    let segments = JournalReader::open(&disk.path().join("journal")).unwrap().segments().len();
    let refused = journal.snapshot(150, &[1; 10_000]);
    assert!(matches!(refused, Err(HistorianError::Io { .. })), "others have no room");
    write(&mut journal, 151..=152).unwrap();
    // Killed.
    drop(journal);

    let mut journal = writer(disk.path(), Some(152));
    assert_eq!(journal.left_before(), None, "nothing was left unwritten");
    write(&mut journal, 153..=160).unwrap();
    assert!(
        matches!(journal.keep_room(), Room::Short(bytes) if bytes > 300_000),
        "the room of the one before"
    );
    assert_eq!(ticks(disk.path(), 0), ((1..=160).collect(), RunEnd::Complete));
    assert_eq!(JournalReader::open(&disk.path().join("journal")).unwrap().segments().len(), segments + 1);

    disk.free();
    assert!(matches!(journal.keep_room(), Room::Kept(_)), "there is room again");
    journal.snapshot(160, &[1; 10_000]).unwrap();
    write(&mut journal, 161..=170).unwrap();
    assert_eq!(ticks(disk.path(), 0).0.last(), Some(&170));
}

#[test]
fn a_start_after_a_kill_on_a_full_disk_knows_how_many_records_it_lacks_and_of_which_time() {
    let Some(disk) = SmallDisk::new(8) else { return };
    let mut journal = writer(disk.path(), None);
    write(&mut journal, 1..=3).unwrap();
    disk.fill();
    let mut last = 3;
    while write(&mut journal, last + 1..=last + 1).is_ok() {
        last += 1;
    }
    assert!(last > 100, "it had room for {last}");
    for tick in last + 2..=last + 5 {
        journal.append(&record(tick)).unwrap();
        assert!(journal.commit().is_err());
    }
    drop(journal);

    let time_ms = |tick: u64| tick as i64 * i64::from(PERIOD_MS);
    let lost = Lost { entries: 5, from_ms: time_ms(last + 1), to_ms: time_ms(last + 5) };
    let (kept, end) = ticks(disk.path(), 0);
    assert_eq!((kept.last(), end), (Some(&last), RunEnd::Complete));
    // Two more starts that get no further than the first leave it standing.
    for _ in 0..2 {
        assert_eq!(writer(disk.path(), Some(last)).left_before(), Some(lost));
    }
    disk.free();
    let mut journal = writer(disk.path(), Some(last));
    write(&mut journal, last + 10..=last + 11).unwrap();
    drop(journal);
    assert_eq!(writer(disk.path(), Some(last + 11)).left_before(), None, "it has been told");
    let reader = JournalReader::open(&disk.path().join("journal")).unwrap();
    let newest = reader.segments().last().unwrap();
    assert_eq!(reader.describe(newest).unwrap().1, SegmentStart::Resumed(last));
}

#[test]
fn an_audit_log_goes_on_in_its_own_room_on_a_full_disk_and_renews_it_when_there_is_some() {
    let Some(disk) = SmallDisk::new(8) else { return };
    let path = disk.path().join("audit.log");
    let (mut log, _) = AuditLog::open(&path).unwrap();
    log.keep_room(64 << 10);
    disk.fill();
    let entry = AuditEntry { action: "write LIC-311 SP".to_owned(), ..AuditEntry::default() };
    let mut entries = 0;
    while log.append(&entry).is_ok() {
        entries += 1;
    }
    assert!(entries > 200, "{entries}");
    disk.free();
    for _ in 0..10 {
        log.append(&entry).unwrap();
    }
    disk.fill();
    for _ in 0..100 {
        log.append(&entry).unwrap();
    }
    drop(log);
    let whole = Verdict::Intact { entries: entries + 110, unfinished_bytes: 0, lost: Vec::new() };
    assert_eq!(verify(&path).unwrap(), whole);
}

#[test]
fn a_note_is_written_over_on_a_full_disk_and_a_torn_one_says_nothing() {
    let Some(disk) = SmallDisk::new(8) else { return };
    let path = disk.path().join("unwritten");
    let mut note = UnwrittenNote::open(&path).unwrap();
    disk.fill();
    let lost = Lost { entries: u64::MAX, from_ms: i64::MIN, to_ms: i64::MIN };
    note.say(Some(lost)).unwrap();
    assert_eq!(UnwrittenNote::open(&path).unwrap().said(), Some(lost));
    note.say(Some(Lost { entries: 1, from_ms: 2, to_ms: 3 })).unwrap();
    assert_eq!(UnwrittenNote::open(&path).unwrap().said(), Some(Lost { entries: 1, from_ms: 2, to_ms: 3 }));
    note.say(None).unwrap();
    assert_eq!(UnwrittenNote::open(&path).unwrap().said(), None);
    fs::write(&path, "{\"entries\":1,\"from_ms").unwrap();
    assert_eq!(UnwrittenNote::open(&path).unwrap().said(), None);
}
