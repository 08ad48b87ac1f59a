//! Journal volume and processor time: 5,000 tags, a tenth of them changing every 100 ms, 10 ms scans.

use criterion::{Criterion, criterion_group, criterion_main};
use historian::journal::{JournalHeader, JournalOptions, JournalReader, JournalWriter, ScanRecord};
use model::{PointId, Quality};
use rustix::time::{ClockId, clock_gettime};

const TAGS: u32 = 5_000;
const SCANS_PER_MINUTE: u64 = 6_000;

fn cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Transmitters of 12 bits over 0..100 %: a reading moves by a few counts. Every tag is due every second.
fn scan(tick: u64, counts: &mut [i32], noise: &mut u64, record: &mut ScanRecord) {
    record.tick = tick;
    record.inputs.clear();
    let mut die = || {
        *noise ^= *noise << 13;
        *noise ^= *noise >> 7;
        *noise ^= *noise << 17;
        *noise
    };
    record.hash = die();
    for tag in (0..TAGS).filter(|tag| u64::from(tag % 100) == tick % 100) {
        let count = &mut counts[tag as usize];
        *count = (*count + (die() % 9) as i32 - 4).clamp(0, 4095);
        record.inputs.push((PointId(tag), f64::from(*count) / 40.95, Quality::Good));
    }
}

fn journal(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let header = JournalHeader {
        plant_hash: [1; 32],
        plant_name: "cost".into(),
        epoch_ms: 0,
        period_ms: 10,
        continues: None,
    };
    let mut writer =
        JournalWriter::create(folder.path(), header, JournalOptions::default()).expect("a journal");
    let (mut record, mut noise) = (ScanRecord::default(), 0x9e37_79b9_7f4a_7c15);
    let mut counts: Vec<i32> = (0..TAGS as i32).map(|tag| tag % 4096).collect();
    let mut tick = 0;
    let mut minute = |writer: &mut JournalWriter| {
        for _ in 0..SCANS_PER_MINUTE {
            tick += 1;
            scan(tick, &mut counts, &mut noise, &mut record);
            writer.append(&record).expect("appends");
            // Group commit every 50 ms.
            if tick % 5 == 0 {
                writer.commit().expect("commits");
            }
        }
    };
    minute(&mut writer);
    let bytes = |folder| -> u64 {
        JournalReader::open(folder).expect("reads").segments().iter().map(|segment| segment.bytes).sum()
    };
    let (before, began) = (bytes(folder.path()), cpu_s());
    minute(&mut writer);
    let (used, spent) = (bytes(folder.path()) - before, cpu_s() - began);
    println!(
        "journal: {:.2} MB a minute, {:.3} s of processor time a minute ({:.2} % of a core), commits included",
        used as f64 / 1e6,
        spent,
        spent / 60.0 * 100.0
    );
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(10);
    group.bench_function("one minute read back", |bencher| {
        bencher.iter(|| {
            let mut records = JournalReader::open(folder.path())
                .expect("reads")
                .records(SCANS_PER_MINUTE + 1)
                .expect("reads");
            let mut count = 0;
            while records.read(&mut record).expect("reads") {
                count += 1;
            }
            assert_eq!(count, SCANS_PER_MINUTE);
        });
    });
    group.finish();
}

criterion_group!(benches, journal);
criterion_main!(benches);
