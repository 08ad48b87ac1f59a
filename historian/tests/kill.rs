//! `kill -9` in mid write, twenty times and more: whatever was said to be durable is there.
//!
//! The test starts itself again as a writer that fills all four stores and says after each commit how
//! far it got. At a moment drawn from a seed the writer is killed; then everything is read back.

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use historian::audit::{AuditEntry, AuditLog, Verdict, verify};
use historian::journal::{JournalHeader, JournalOptions, JournalReader, JournalWriter, RunEnd, ScanRecord};
use historian::{EventReader, EventStore, PointInfo, SampleId, SampleOptions, SampleReader, SampleStore};
use model::wire::{EventKind, EventRecord};
use model::{PointId, Quality, Unit};

const ROUNDS: u64 = 24;
const POINTS: u32 = 5;
/// A writer that says nothing for so long has hung.
const PATIENCE: Duration = Duration::from_secs(60);
const OPTIONS: SampleOptions = SampleOptions { block_samples: 16, partition_ms: 40_000, tail_bytes: 4000 };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--writer") => write_until_killed(Path::new(&arguments[2])),
        // What test runners ask before they run anything.
        Some("--list") => println!("what_was_committed_survives_every_kill: test"),
        _ => what_was_committed_survives_every_kill(),
    }
}

fn what_was_committed_survives_every_kill() {
    let folder = common::folder();
    let mut random = 0x5eed_u64;
    let mut said = Vec::new();
    for round in 0..ROUNDS {
        // splitmix64: the same kills on every machine, as far as lines go.
        random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let lines = mixed % 60;
        let micros = (mixed >> 32) % 3000;
        run_and_kill(folder.path(), lines, Duration::from_micros(micros), &mut said);
        check(folder.path(), &said, round);
    }
    println!("{ROUNDS} kills, {} commits, nothing that was committed is missing", said.len());
}

/// Adds the last tick of each commit that the writer called durable.
fn run_and_kill(folder: &Path, lines: u64, grace: Duration, said: &mut Vec<u64>) {
    let exe = std::env::current_exe().expect("the path of this test");
    let mut child = Process::new(exe)
        .arg("--writer")
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let heard = listen(&mut child);
    for _ in 0..=lines {
        said.push(heard.recv_timeout(PATIENCE).expect("the writer commits"));
    }
    // Not a wait for something to happen: it moves the kill to any point within a commit.
    said.extend(heard.recv_timeout(grace));
    child.kill().expect("the writer is killed");
    child.wait().expect("the writer is gone");
    said.extend(heard.iter());
}

fn listen(child: &mut Child) -> Receiver<u64> {
    let out = child.stdout.take().expect("the writer's output");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // A line that was cut by the kill was not said.
            let Some(tick) = line.strip_suffix('.').and_then(|tick| tick.parse().ok()) else { break };
            if sender.send(tick).is_err() {
                break;
            }
        }
    });
    receiver
}

fn value(tick: u64, point: u32) -> f64 {
    (tick * u64::from(point + 1)) as f64 * 0.1
}

fn scan(tick: u64) -> ScanRecord {
    let input = |point| (PointId(point), value(tick, point), Quality::Good);
    ScanRecord { tick, inputs: (0..POINTS).map(input).collect(), commands: Vec::new(), hash: tick ^ 0xabcd }
}

fn header(continues: Option<u64>) -> JournalHeader {
    let (plant_name, epoch_ms) = ("kill".to_owned(), 0);
    JournalHeader { plant_hash: [1; 32], plant_name, epoch_ms, period_ms: 100, continues }
}

/// The writer: resumes where the journal ends, and goes on for ever.
fn write_until_killed(folder: &Path) {
    let journal_folder = folder.join("journal");
    let resumed = JournalReader::open(&journal_folder).ok().and_then(|journal| resume(&journal));
    let mut journal =
        JournalWriter::create(&journal_folder, header(resumed), JournalOptions::default()).expect("journal");
    let (mut samples, _) = SampleStore::open(&folder.join("history"), OPTIONS).expect("samples");
    let point = |index| PointInfo { name: format!("P-{index}"), unit: Unit::NONE, stepped: false };
    let ids = samples.register(&(0..POINTS).map(point).collect::<Vec<_>>()).expect("points");
    let mut events = EventStore::open(&folder.join("history")).expect("events");
    let (mut audit, _) = AuditLog::open(&folder.join("audit.log")).expect("audit log");
    for commit in 0.. {
        let first = resumed.unwrap_or(0) + 1 + commit * 10;
        for tick in first..first + 10 {
            journal.append(&scan(tick)).expect("record");
            append(&mut samples, &ids, tick);
        }
        let tick = first + 9;
        journal.commit().expect("journal commit");
        samples.commit().expect("samples commit");
        if commit % 7 == 6 {
            journal.snapshot(tick, &tick.to_le_bytes()).expect("snapshot");
        }
        if commit % 3 == 0 {
            events.append_batch(&[event(tick)]).expect("event");
            audit.append(&AuditEntry { action: tick.to_string(), ..AuditEntry::default() }).expect("entry");
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{tick}.").and_then(|()| out.flush()).expect("the test listens");
    }
}

fn append(samples: &mut SampleStore, ids: &[SampleId], tick: u64) {
    for (point, id) in ids.iter().enumerate() {
        samples.append(tick as i64 * 100, *id, value(tick, point as u32), Quality::Good).expect("sample");
    }
}

fn event(tick: u64) -> EventRecord {
    let (tag, text, user) = ("P-1".to_owned(), tick.to_string(), String::new());
    EventRecord { time_ms: tick as i64, kind: EventKind::System, tag, text, user }
}

fn resume(journal: &JournalReader) -> Option<u64> {
    let mut resume = journal.resume_point().expect("a readable journal")?;
    if let Some(snapshot) = &resume.snapshot {
        assert_eq!(snapshot.state, snapshot.tick.to_le_bytes());
    }
    let mut record = ScanRecord::default();
    while resume.records.read(&mut record).expect("a readable record") {
        assert_eq!(record, scan(record.tick));
    }
    assert_eq!(*resume.records.end(), RunEnd::Complete);
    resume.records.last_tick()
}

fn check(folder: &Path, said: &[u64], round: u64) {
    let newest = said.last().copied().unwrap_or(0);
    let journal = JournalReader::open(&folder.join("journal")).expect("journal");
    let resumed = resume(&journal).unwrap_or(0);
    assert!(resumed >= newest, "round {round}: the journal resumes at {resumed}, {newest} was committed");
    let all = journal.records(0).expect("journal").map(|record| record.expect("record").tick);
    assert!(all.eq(1..=resumed), "round {round}: the run has a hole");
    let samples = SampleStore::open_read_only(&folder.join("history")).expect("samples");
    for point in 0..POINTS {
        check_point(&samples, point, said, round);
    }
    assert!(samples.verify().expect("samples").damaged_blocks.is_empty(), "round {round}");
    let events = EventReader::open(&folder.join("history")).expect("events");
    let stored = events.query(0, i64::MAX, None, &[], 1).expect("events");
    let last = stored.first().map_or(0, |event| event.time_ms as u64);
    assert!(last + 30 > newest, "round {round}: the last event is {last}, {newest} was committed");
    assert!(events.check().expect("events").is_empty());
    let verdict = verify(&folder.join("audit.log")).expect("audit log");
    assert!(matches!(verdict, Verdict::Intact { entries, .. } if entries > 0), "round {round}: {verdict:?}");
}

/// The samples commit after the journal: what the journal has and they have not was never said, and is a gap.
fn check_point(samples: &SampleReader, point: u32, said: &[u64], round: u64) {
    let series = samples.query_raw(&format!("P-{point}"), 0, i64::MAX, usize::MAX).expect("samples");
    let mut found = Vec::new();
    for sample in &series.samples {
        let tick = sample.time_ms as u64 / 100;
        assert_eq!(sample.value, value(tick, point), "round {round}: P-{point}");
        found.push(tick);
    }
    for tick in said.iter().flat_map(|last| last - 9..=*last) {
        assert!(found.binary_search(&tick).is_ok(), "round {round}: P-{point} has lost tick {tick}");
    }
    for tick in (1..=said.last().copied().unwrap_or(0)).filter(|tick| found.binary_search(tick).is_err()) {
        let told = series.gaps.iter().any(|gap| (gap.from_ms..gap.to_ms).contains(&(tick as i64 * 100)));
        assert!(told, "round {round}: P-{point} misses tick {tick} without a word");
    }
}
