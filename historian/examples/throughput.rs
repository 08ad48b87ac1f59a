//! What the stores cost: samples, journal, in time, bytes and CPU. `cargo run --release --example throughput`

use std::path::Path;
use std::time::{Duration, Instant};

use historian::journal::{JournalHeader, JournalOptions, JournalReader, JournalWriter, ScanRecord};
use historian::{HistorianError, PointInfo, PointPolicy, Recorder, SampleOptions, SampleStore};
use model::{PointId, Quality, Unit};

const POINTS: u32 = 5000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    samples(&folder.path().join("plain"), "scaled registers (two decimals)", |raw| f64::from(raw) / 100.0)?;
    samples(&folder.path().join("single"), "32-bit floats", |raw| f64::from(raw as f32 * 0.01))?;
    samples(&folder.path().join("double"), "calculated values, all 52 bits", |raw| {
        f64::from(raw) * 0.01 + 0.1
    })?;
    recorder(&folder.path().join("recorder"))?;
    journal(&folder.path().join("journal-float"), "32-bit floats", |raw| f64::from(raw as f32 * 0.01))?;
    journal(&folder.path().join("journal-double"), "all 52 bits", |raw| f64::from(raw) * 0.01 + 0.1)?;
    Ok(())
}

/// A measurement with noise: a slow wander, and a few counts either way.
struct Noise(u64, Vec<i32>);

impl Noise {
    fn new() -> Self {
        Self(1, (0..POINTS as i32).map(|point| 1000 + point).collect())
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn raw(&mut self, point: usize) -> i32 {
        let bits = self.next();
        self.1[point] += (bits % 5) as i32 - 2;
        self.1[point] + (bits >> 8) as i32 % 16
    }
}

/// Processor time of this process so far, from the kernel's books.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<u64> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // utime and stime, in hundredths of a second; the state letter before them is no number.
    Duration::from_millis(10 * (fields.get(10).unwrap_or(&0) + fields.get(11).unwrap_or(&0)))
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}

fn points(stepped: bool) -> Vec<PointInfo> {
    (0..POINTS).map(|point| PointInfo { name: format!("TT-{point}"), unit: Unit::NONE, stepped }).collect()
}

fn samples(folder: &Path, kind: &str, value: impl Fn(i32) -> f64) -> Result<(), HistorianError> {
    let (mut store, _) = SampleStore::open(folder, SampleOptions::default())?;
    let ids = store.register(&points(false))?;
    let mut noise = Noise::new();
    let (begun, cpu_begun, mut slowest) = (Instant::now(), cpu(), Duration::ZERO);
    const SECONDS: i64 = 1200;
    for second in 0..SECONDS {
        for (point, id) in ids.iter().enumerate() {
            let value = value(noise.raw(point));
            store.append(1_700_000_000_000 + second * 1000, *id, value, Quality::Good)?;
        }
        let commit = Instant::now();
        store.commit()?;
        slowest = slowest.max(commit.elapsed());
    }
    let (took, used) = (begun.elapsed(), cpu() - cpu_begun);
    let stats = store.stats();
    let count = SECONDS as u64 * u64::from(POINTS);
    println!("samples, {kind}: {POINTS} points, one a second, {SECONDS} commits");
    println!(
        "  {:.2} M samples/s wall, {:.2} M samples/CPU-s, slowest commit {slowest:.1?}",
        count as f64 / took.as_secs_f64() / 1e6,
        count as f64 / used.as_secs_f64().max(0.01) / 1e6
    );
    println!("  {:.2} bytes/sample in blocks", stats.block_bytes as f64 / stats.block_samples.max(1) as f64);
    let reader = SampleStore::open_read_only(folder)?;
    let begun = Instant::now();
    let report = reader.verify()?;
    let rate = report.samples as f64 / begun.elapsed().as_secs_f64() / 1e6;
    println!(
        "  {rate:.1} M samples/s read and decoded, {} blocks, sound: {}",
        report.blocks,
        report.is_sound()
    );
    let begun = Instant::now();
    let columns = reader.query_columns("TT-7", 1_700_000_000_000, 1_700_001_200_000, 200)?;
    println!(
        "  200 columns of {SECONDS} samples in {:.2?} ({} known)",
        begun.elapsed(),
        columns.columns.len()
    );
    let begun = Instant::now();
    drop(store);
    let (_, report) = SampleStore::open(folder, SampleOptions::default())?;
    println!("  opened after a kill in {:.2?}, {} samples from the tail", begun.elapsed(), report.from_tail);
    Ok(())
}

fn recorder(folder: &Path) -> Result<(), HistorianError> {
    let (mut store, _) = SampleStore::open(folder, SampleOptions::default())?;
    let ids = store.register(&points(false))?;
    let policy = |(point, id): (usize, &_)| PointPolicy {
        source: PointId(point as u32),
        id: *id,
        deadband: 0.05,
        max_interval_ms: 60_000,
        stepped: false,
        resolution: 0.005,
    };
    let mut recorder = Recorder::new(&ids.iter().enumerate().map(policy).collect::<Vec<_>>());
    let mut noise = Noise::new();
    let mut values = vec![0.0; POINTS as usize];
    let qualities = vec![Quality::Good; POINTS as usize];
    let (mut appended, mut offering) = (0, Duration::ZERO);
    let cpu_begun = cpu();
    const SCANS: i64 = 3000;
    for scan in 0..SCANS {
        for (point, value) in values.iter_mut().enumerate() {
            // One point in ten moves in a scan, and keeps all its bits.
            if noise.next().is_multiple_of(10) {
                *value = f64::from(noise.raw(point)) * 0.01 + 0.1;
            }
        }
        let begun = Instant::now();
        appended += recorder.offer(&mut store, scan * 100, &values, &qualities)?;
        offering += begun.elapsed();
        if scan % 10 == 9 {
            store.commit()?;
        }
    }
    let used = cpu() - cpu_begun;
    let stats = store.stats();
    println!("recorder: {POINTS} points, {SCANS} scans of 100 ms, deadband 0.05, one in ten moves per scan");
    println!(
        "  {:.1} us per offer, {:.1} CPU-s in all",
        offering.as_secs_f64() * 1e6 / SCANS as f64,
        used.as_secs_f64()
    );
    println!(
        "  {appended} samples of {}, {:.2} bytes/sample in blocks",
        SCANS * i64::from(POINTS),
        stats.block_bytes as f64 / stats.block_samples.max(1) as f64
    );
    Ok(())
}

fn journal(folder: &Path, kind: &str, value: impl Fn(i32) -> f64) -> Result<(), HistorianError> {
    let header = JournalHeader {
        plant_hash: [0; 32],
        plant_name: "throughput".to_owned(),
        epoch_ms: 0,
        period_ms: 100,
        continues: None,
    };
    let mut journal = JournalWriter::create(folder, header, JournalOptions::default())?;
    let mut noise = Noise::new();
    let (begun, cpu_begun, mut appending) = (Instant::now(), cpu(), Duration::ZERO);
    let mut record = ScanRecord::default();
    const SCANS: u64 = 6000;
    for tick in 1..=SCANS {
        record.tick = tick;
        record.hash = noise.next();
        record.inputs.clear();
        for point in 0..POINTS {
            if noise.next().is_multiple_of(10) {
                record.inputs.push((PointId(point), value(noise.raw(point as usize)), Quality::Good));
            }
        }
        let append = Instant::now();
        journal.append(&record)?;
        if tick % 10 == 0 {
            journal.commit()?;
        }
        appending += append.elapsed();
    }
    let (took, used) = (begun.elapsed(), cpu() - cpu_begun);
    let minutes = SCANS as f64 / 600.0;
    println!("journal, {kind}: {POINTS} points, a tenth changes per scan of 100 ms, {SCANS} scans");
    println!(
        "  {:.2} MB per minute of the plant; {:.0} us/scan with commits, {:.2} CPU-s of {:.1} s in all",
        size(folder) as f64 / minutes / 1e6,
        appending.as_secs_f64() * 1e6 / SCANS as f64,
        used.as_secs_f64(),
        took.as_secs_f64()
    );
    let begun = Instant::now();
    let mut records = JournalReader::open(folder)?.records(0)?;
    let mut count = 0;
    while records.read(&mut record)? {
        count += 1;
    }
    println!("  {count} records read in {:.2?}", begun.elapsed());
    Ok(())
}
