//! A plant of 50,000 tags: compile time, memory of the engine; and a resume of 10,000 tags.

use benchmarks::{Run, compile, large};
use criterion::{Criterion, criterion_group, criterion_main};
use model::{PointId, Quality, StateWriter};

/// Resident memory in MB, as the kernel counts it.
fn resident_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// As `catholyte run` does before its scan begins, see `src/real_time.rs`.
fn give_back_memory() {
    // SAFETY: takes no pointers, and what is in use stays where it is.
    #[cfg(target_env = "gnu")]
    #[allow(unsafe_code)]
    unsafe {
        libc::malloc_trim(0);
    }
}

fn plants(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    let sources = large(50_000);
    let before = resident_mb();
    let plant = compile(&sources);
    let mut run = Run::new(&plant);
    run.scan(&[]);
    give_back_memory();
    println!("50,000 tags: plant and running engine take {:.0} MB of memory", resident_mb() - before);
    group.bench_function("50000 tags", |bencher| bencher.iter(|| compile(&sources)));
    group.finish();

    let mut group = criterion.benchmark_group("resume");
    group.sample_size(10);
    let mut run = Run::new(&compile(&large(10_000)));
    let mut saved = StateWriter::default();
    run.engine.save(&mut saved);
    println!("10,000 tags: a snapshot has {:.1} MB", saved.0.len() as f64 / 1e6);
    let inputs: Vec<_> = (0..1000)
        .map(|point| control::Input { point: PointId(point), value: 50.0, quality: Quality::Good })
        .collect();
    group.bench_function("10000 tags, snapshot and 6000 scans of tail with hashes", |bencher| {
        bencher.iter(|| {
            run.engine.restore(&saved.0).expect("its own snapshot fits");
            run.tick = run.engine.tick();
            let mut hash = 0;
            for scan in 0..6000 {
                run.scan(if scan % 10 == 0 { &inputs } else { &[] });
                hash ^= run.engine.scan_hash();
            }
            hash
        });
    });
    group.finish();
}

criterion_group!(benches, plants);
criterion_main!(benches);
