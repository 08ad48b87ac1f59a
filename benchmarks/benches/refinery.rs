//! The plant that ships: processor time of every scan of a recorded stretch, and how fast it replays.

use std::sync::Arc;

use benchmarks::{record, refinery};
use control::{Engine, ScanOutput};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};

const SECONDS: u32 = 600;

fn cpu_ns() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

fn scans(criterion: &mut Criterion) {
    let plant = refinery();
    let recorded = record(&plant, SECONDS);
    let mut out = ScanOutput::with_capacity(4096);

    // The clock itself costs a system call; what it takes is measured and not subtracted.
    let mut clock: Vec<i64> = (0..10_000).map(|_| -(cpu_ns() - cpu_ns())).collect();
    let mut costs = Vec::with_capacity(recorded.len() * 3);
    for _ in 0..3 {
        let mut engine = Engine::new(Arc::clone(&plant));
        for (tick, inputs) in (0..).zip(&recorded) {
            let began = cpu_ns();
            engine.scan(tick, inputs, &[], &mut out);
            std::hint::black_box(engine.scan_hash());
            costs.push(cpu_ns() - began);
        }
    }
    clock.sort_unstable();
    costs.sort_unstable();
    let at = |part: f64| costs[((costs.len() - 1) as f64 * part) as usize] as f64 / 1e3;
    println!(
        "refinery: {} points, {} blocks, {} alarms, {} interlocks; {} scans, scan and hash, processor time:\n\
         p50 {:.2} us, p90 {:.2} us, p99 {:.2} us, p99.9 {:.2} us, max {:.2} us; the clock costs {:.2} us of it",
        plant.points.len(),
        plant.blocks.len(),
        plant.alarms.len(),
        plant.interlocks.len(),
        costs.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0),
        clock[clock.len() / 2] as f64 / 1e3,
    );

    let mut group = criterion.benchmark_group("refinery");
    group.sample_size(10).throughput(Throughput::Elements(recorded.len() as u64));
    let began = cpu_ns();
    let mut rounds = 0;
    for (name, hashes) in [("replay of 10 minutes, a hash at every scan", true), ("scans alone", false)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                rounds += u32::from(hashes);
                let mut engine = Engine::new(Arc::clone(&plant));
                let mut hash = 0;
                for (tick, inputs) in (0..).zip(&recorded) {
                    engine.scan(tick, inputs, &[], &mut out);
                    if hashes {
                        hash ^= engine.scan_hash();
                    }
                }
                hash
            });
        });
        if hashes {
            let seconds = (cpu_ns() - began) as f64 / 1e9 / f64::from(rounds);
            println!("replay: {:.0} times real time (processor time)", f64::from(SECONDS) / seconds);
        }
    }
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
