//! The journal folder as the shell uses it: written, killed, resumed, replayed.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use historian::HistorianError;
use historian::journal::{
    JournalHeader, JournalOptions, JournalReader, JournalWriter, RunEnd, ScanRecord, SegmentStart,
};
use model::{Action, AlarmId, Command, PointId, Quality, UserId};

fn header(continues: Option<u64>) -> JournalHeader {
    JournalHeader {
        plant_hash: [7; 32],
        plant_name: "refinery".to_owned(),
        epoch_ms: 1_700_000_000_000,
        period_ms: 100,
        continues,
    }
}

fn writer(folder: &Path, continues: Option<u64>) -> JournalWriter {
    JournalWriter::create(folder, header(continues), JournalOptions::default()).unwrap()
}

/// A scan whose content follows from its tick, so that any record can be checked alone.
fn scan(tick: u64) -> ScanRecord {
    let point = (tick % 7) as u32;
    let mut record =
        ScanRecord { tick, hash: tick.wrapping_mul(0x9e37_79b9_7f4a_7c15), ..ScanRecord::default() };
    if !tick.is_multiple_of(3) {
        record.inputs.push((PointId(point), tick as f64 * 0.1, Quality::Good));
        record.inputs.push((PointId(point + 20), -(tick as f64), Quality::UncertainLastUsable));
    }
    if tick.is_multiple_of(5) {
        let action = Action::Acknowledge { alarm: AlarmId(point) };
        record.commands.push(Command { id: tick, user: UserId(1), action });
    }
    record
}

fn write(writer: &mut JournalWriter, ticks: std::ops::RangeInclusive<u64>) {
    for tick in ticks {
        writer.append(&scan(tick)).unwrap();
    }
    writer.commit().unwrap();
}

fn ticks(records: impl Iterator<Item = Result<ScanRecord, HistorianError>>) -> Vec<u64> {
    records
        .map(|record| {
            let record = record.unwrap();
            assert_eq!(record, scan(record.tick), "tick {}", record.tick);
            record.tick
        })
        .collect()
}

fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().ends_with(suffix));
    files.sort();
    files
}

#[test]
fn a_resume_gets_the_newest_snapshot_and_every_scan_after_it() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    write(&mut journal, 1..=10);
    journal.snapshot(10, b"state ten").unwrap();
    write(&mut journal, 11..=25);
    journal.snapshot(22, b"state twenty-two").unwrap();
    write(&mut journal, 26..=30);
    drop(journal);
    let reader = JournalReader::open(folder.path()).unwrap();
    let resume = reader.resume_point().unwrap().unwrap();
    assert_eq!(resume.header.plant_name, "refinery");
    let snapshot = resume.snapshot.unwrap();
    assert_eq!((snapshot.tick, snapshot.state.as_slice()), (22, b"state twenty-two".as_slice()));
    let mut records = resume.records;
    assert_eq!(ticks(&mut records), (23..=30).collect::<Vec<_>>());
    assert_eq!(*records.end(), RunEnd::Complete);
    assert_eq!(ticks(reader.records(0).unwrap()), (1..=30).collect::<Vec<_>>());
    assert_eq!(ticks(reader.records(17).unwrap()), (17..=30).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_gives_no_state_says_what_is_lost_and_one_in_which_nothing_was_committed_does_not() {
    let folder = common::folder();
    let wreck = || JournalReader::open(folder.path()).unwrap().wreck().unwrap();
    let mut journal = writer(folder.path(), None);
    assert!(wreck().is_none());
    write(&mut journal, 1..=10);
    journal.snapshot(10, b"state ten").unwrap();
    write(&mut journal, 11..=12);
    drop(journal);
    // Killed in its first write.
    let (segments, snapshots) = (files(folder.path(), ".cjl"), files(folder.path(), ".csn"));
    let torn = fs::read(&segments[0]).unwrap()[..30].to_vec();
    let spoil = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[20] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    spoil(&segments[0]);
    spoil(&snapshots[0]);
    assert!(JournalReader::open(folder.path()).unwrap().resume_point().unwrap().is_none());
    let found = wreck().unwrap();
    assert_eq!((found.segments, found.snapshots, found.damage.len()), (2, 1, 2));
    assert_eq!(found.last.map(|(header, tick)| (header.plant_name, tick)), Some(("refinery".into(), 12)));

    fs::remove_file(&snapshots[0]).unwrap();
    fs::remove_file(&segments[1]).unwrap();
    assert!(wreck().is_some(), "its header alone cannot be read, and scans follow it");
    fs::write(&segments[0], torn).unwrap();
    assert!(wreck().is_none(), "what was cut in its first write was answered for nothing");
}

#[test]
fn a_resumed_run_joins_the_one_before_without_a_seam() {
    let folder = common::folder();
    write(&mut writer(folder.path(), None), 1..=10);
    // The scan thread goes on later: ticks are times, and the plant stood still in between.
    write(&mut writer(folder.path(), Some(10)), 50..=55);
    let mut records = JournalReader::open(folder.path()).unwrap().resume_point().unwrap().unwrap().records;
    assert_eq!(ticks(&mut records), (1..=10).chain(50..=55).collect::<Vec<_>>());
    assert_eq!(*records.end(), RunEnd::Complete);
}

#[test]
fn the_first_scan_of_every_new_process_is_marked() {
    let folder = common::folder();
    let mut first = writer(folder.path(), None);
    write(&mut first, 1..=10);
    first.snapshot(10, b"state").unwrap();
    write(&mut first, 11..=12);
    drop(first);
    write(&mut writer(folder.path(), Some(12)), 50..=52);
    // Killed before its own first snapshot, so the next resume runs through it.
    write(&mut writer(folder.path(), Some(52)), 70..=71);
    let reader = JournalReader::open(folder.path()).unwrap();
    let restarts = |mut records: historian::journal::Records| {
        let mut record = ScanRecord::default();
        let mut restarts = Vec::new();
        while records.read(&mut record).unwrap() {
            restarts.extend(records.follows_restart().then_some(record.tick));
        }
        restarts
    };
    assert_eq!(restarts(reader.resume_point().unwrap().unwrap().records), [50, 70]);
    assert_eq!(restarts(reader.records(1).unwrap()), [50, 70]);
    assert_eq!(restarts(reader.records_after(50).unwrap()), [70]);
}

#[test]
fn a_cold_start_ends_the_run_before_and_is_what_the_next_resume_uses() {
    let folder = common::folder();
    let mut first = writer(folder.path(), None);
    write(&mut first, 1..=10);
    first.snapshot(10, b"old").unwrap();
    write(&mut first, 11..=12);
    drop(first);
    write(&mut writer(folder.path(), None), 100..=105);
    assert_eq!(JournalReader::next_tick(folder.path()).unwrap(), 106);
    assert_eq!(JournalReader::next_tick(&folder.path().join("none")).unwrap(), 0);
    let reader = JournalReader::open(folder.path()).unwrap();
    let resume = reader.resume_point().unwrap().unwrap();
    assert_eq!(resume.snapshot, None);
    assert_eq!(ticks(resume.records), (100..=105).collect::<Vec<_>>());
    let mut old = reader.records(1).unwrap();
    assert_eq!(ticks(&mut old), (1..=12).collect::<Vec<_>>());
    assert_eq!(*old.end(), RunEnd::NewRun { tick: 100 });
    assert_eq!(reader.describe(&reader.segments()[2]).unwrap().1, SegmentStart::Cold);
}

#[test]
fn a_cut_at_any_byte_keeps_what_was_committed_and_lets_the_run_go_on() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    let mut committed = vec![(0, 0)];
    for tick in 1..=8 {
        write(&mut journal, tick..=tick);
        let bytes = fs::metadata(&files(folder.path(), ".cjl")[0]).unwrap().len() as usize;
        committed.push((bytes, tick));
    }
    drop(journal);
    let segment = files(folder.path(), ".cjl")[0].clone();
    let whole = fs::read(&segment).unwrap();
    let header_end = 12 + u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
    for cut in 0..=whole.len() {
        let folder = common::folder();
        fs::write(folder.path().join(segment.file_name().unwrap()), &whole[..cut]).unwrap();
        let expected = committed.iter().rev().find(|(bytes, _)| *bytes <= cut).unwrap().1;
        let reader = JournalReader::open(folder.path()).unwrap();
        let mut records = reader.records(0).unwrap();
        assert_eq!(ticks(&mut records), (1..=expected).collect::<Vec<_>>(), "cut at {cut}");
        let clean = cut == header_end || committed.iter().skip(1).any(|(bytes, _)| *bytes == cut);
        assert_eq!(records.damage().is_empty(), clean, "cut at {cut}");
        assert_eq!(*records.end(), RunEnd::Complete, "a torn tail was never committed");
        let continues = (expected > 0).then_some(expected);
        write(&mut writer(folder.path(), continues), expected + 1..=expected + 3);
        let reader = JournalReader::open(folder.path()).unwrap();
        let all = ticks(reader.records(0).unwrap());
        assert_eq!(all, (1..=expected + 3).collect::<Vec<_>>(), "cut at {cut}, then resumed");
    }
}

#[test]
fn a_flipped_bit_anywhere_loses_no_scan_before_it_and_is_told() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    for tick in 1..=6 {
        write(&mut journal, tick..=tick);
    }
    drop(journal);
    let segment = files(folder.path(), ".cjl")[0].clone();
    let whole = fs::read(&segment).unwrap();
    for byte in 0..whole.len() {
        let mut hurt = whole.clone();
        hurt[byte] ^= 1 << (byte % 8);
        fs::write(&segment, &hurt).unwrap();
        let mut records = JournalReader::open(folder.path()).unwrap().records(0).unwrap();
        let read = ticks(&mut records);
        assert_eq!(read, (1..=read.len() as u64).collect::<Vec<_>>(), "byte {byte}");
        assert!(read.len() < 6, "byte {byte}");
        assert_eq!(records.damage().len(), 1, "byte {byte}");
        assert!(records.damage()[0].offset <= byte as u64);
        let torn = records.damage()[0].torn_tail;
        assert_eq!(*records.end(), if torn { RunEnd::Complete } else { RunEnd::Damaged }, "byte {byte}");
    }
}

#[test]
fn a_hole_stops_the_replay_and_the_next_snapshot_starts_it_again() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    write(&mut journal, 1..=5);
    write(&mut journal, 6..=10);
    journal.snapshot(10, b"ten").unwrap();
    write(&mut journal, 11..=15);
    drop(journal);
    let first = files(folder.path(), ".cjl")[0].clone();
    let mut bytes = fs::read(&first).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 0xff;
    fs::write(&first, bytes).unwrap();
    let reader = JournalReader::open(folder.path()).unwrap();
    let mut records = reader.records(1).unwrap();
    assert_eq!(ticks(&mut records), (1..=5).collect::<Vec<_>>());
    assert_eq!(*records.end(), RunEnd::Hole { last: 5, next: 11 });
    let resume = reader.resume_point().unwrap().unwrap();
    assert_eq!(ticks(resume.records), (11..=15).collect::<Vec<_>>());
}

#[test]
fn a_damaged_snapshot_is_named_and_the_one_before_it_is_used() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    write(&mut journal, 1..=5);
    journal.snapshot(5, b"five").unwrap();
    write(&mut journal, 6..=9);
    journal.snapshot(9, b"nine").unwrap();
    drop(journal);
    let newest = files(folder.path(), ".csn")[1].clone();
    let whole = fs::read(&newest).unwrap();
    for byte in 0..whole.len() {
        let mut hurt = whole.clone();
        hurt[byte] ^= 0x40;
        fs::write(&newest, &hurt).unwrap();
        let resume = JournalReader::open(folder.path()).unwrap().resume_point().unwrap().unwrap();
        assert_eq!(resume.snapshot.unwrap().state, b"five", "byte {byte}");
        assert_eq!(resume.damage.len(), 1, "byte {byte}");
        assert_eq!(ticks(resume.records), (6..=9).collect::<Vec<_>>(), "byte {byte}");
    }
}

#[test]
fn a_second_writer_and_a_tick_out_of_turn_are_refused() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    write(&mut journal, 1..=5);
    let second = JournalWriter::create(folder.path(), header(None), JournalOptions::default());
    assert!(matches!(second, Err(HistorianError::Locked { .. })));
    assert!(matches!(journal.append(&scan(5)), Err(HistorianError::TickBehind { last: 5, given: 5, .. })));
    assert!(matches!(journal.snapshot(6, b""), Err(HistorianError::SnapshotTick { tick: 6, .. })));
    drop(journal);
    let behind = JournalWriter::create(folder.path(), header(Some(3)), JournalOptions::default());
    assert!(matches!(behind, Err(HistorianError::TickBehind { last: 5, given: 4, .. })));
}

#[test]
fn a_reader_sees_each_commit_while_the_writer_goes_on() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    for tick in 1..=50 {
        write(&mut journal, tick..=tick);
        if tick % 10 == 0 {
            journal.snapshot(tick, &tick.to_le_bytes()).unwrap();
        }
        let reader = JournalReader::open(folder.path()).unwrap();
        assert_eq!(ticks(reader.records(0).unwrap()), (1..=tick).collect::<Vec<_>>());
        assert_eq!(reader.last_tick().unwrap().0, Some(tick));
    }
}

#[test]
fn retention_keeps_the_newest_snapshots_and_everything_after_them() {
    let folder = common::folder();
    let options = JournalOptions { keep_bytes: 1, keep_snapshots: 2, ..JournalOptions::default() };
    let mut journal = JournalWriter::create(folder.path(), header(None), options).unwrap();
    for round in 0..6u64 {
        write(&mut journal, round * 10 + 1..=round * 10 + 10);
        journal.snapshot(round * 10 + 10, b"state").unwrap();
    }
    write(&mut journal, 61..=65);
    let reader = JournalReader::open(folder.path()).unwrap();
    assert_eq!(reader.snapshots().collect::<Vec<_>>(), [50, 60]);
    assert_eq!(ticks(reader.records_after(50).unwrap()), (51..=65).collect::<Vec<_>>());
    assert_eq!(reader.segments().len(), 2);
}

#[test]
fn a_full_segment_makes_way_for_the_next_without_a_seam() {
    let folder = common::folder();
    let options = JournalOptions { segment_bytes: 300, ..JournalOptions::default() };
    let mut journal = JournalWriter::create(folder.path(), header(None), options).unwrap();
    for tick in 1..=40 {
        write(&mut journal, tick..=tick);
    }
    let reader = JournalReader::open(folder.path()).unwrap();
    assert!(reader.segments().len() > 3);
    assert_eq!(ticks(reader.records(0).unwrap()), (1..=40).collect::<Vec<_>>());
    let alone = JournalReader::open(&reader.segments()[1].path).unwrap();
    assert!(!ticks(alone.records(0).unwrap()).is_empty());
}

#[test]
fn the_plant_that_ran_is_found_again_and_a_damaged_copy_is_refused() {
    let folder = common::folder();
    let journal = writer(folder.path(), None);
    let files_in =
        [("plant.toml", "name = \"refinery\"\n"), ("areas/300 cells.toml", "# Lösung\nfile 3 x\n")];
    journal.store_plant([9; 32], &files_in).unwrap();
    journal.store_plant([9; 32], &files_in).unwrap();
    let reader = JournalReader::open(folder.path()).unwrap();
    let loaded = reader.load_plant([9; 32]).unwrap();
    let loaded: Vec<_> = loaded.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    assert_eq!(loaded, files_in);
    assert!(matches!(reader.load_plant([8; 32]), Err(HistorianError::UnknownPlant { .. })));
    let path = files(folder.path(), ".cpa")[0].clone();
    let whole = fs::read(&path).unwrap();
    for byte in 0..whole.len() {
        let mut hurt = whole.clone();
        hurt[byte] ^= 1;
        fs::write(&path, &hurt).unwrap();
        assert!(matches!(reader.load_plant([9; 32]), Err(HistorianError::Damaged { .. })), "byte {byte}");
        fs::write(&path, &whole[..byte]).unwrap();
        assert!(reader.load_plant([9; 32]).is_err(), "cut at {byte}");
    }
}

#[test]
fn scans_that_were_lost_before_they_came_here_are_a_hole() {
    let folder = common::folder();
    let mut journal = writer(folder.path(), None);
    write(&mut journal, 1..=5);
    journal.append(&scan(6)).unwrap();
    journal.lose().unwrap();
    write(&mut journal, 20..=24);
    journal.snapshot(22, b"twenty-two").unwrap();
    write(&mut journal, 25..=27);
    let reader = JournalReader::open(folder.path()).unwrap();
    let mut records = reader.records(1).unwrap();
    assert_eq!(ticks(&mut records), (1..=6).collect::<Vec<_>>());
    assert_eq!(*records.end(), RunEnd::Hole { last: 6, next: 20 });
    assert_eq!(reader.describe(&reader.segments()[1]).unwrap().1, SegmentStart::Loss);
    let resume = reader.resume_point().unwrap().unwrap();
    assert_eq!(ticks(resume.records), (23..=27).collect::<Vec<_>>());
}
