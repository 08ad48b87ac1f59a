//! One scan: ten thousand loops, five thousand interlock terms, and the state's hash.

use benchmarks::{Run, interlocks, loops};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn pid(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(30);
    for (name, alarms) in [("10000 PID", false), ("10000 PID with an alarm each", true)] {
        let mut run = Run::new(&loops(10_000, alarms));
        group.throughput(Throughput::Elements(10_000));
        group.bench_function(name, |bencher| bencher.iter(|| run.scan(&[])));
        if !alarms {
            group.bench_function("hash of the state of 10000 PID", |bencher| {
                bencher.iter(|| run.engine.state_hash());
            });
        }
    }
    // Every transmitter moves at every scan: filter, derivative, integral and output all have work to do.
    let mut run = Run::new(&loops(10_000, false));
    let moved = [run.field(48.0), run.field(49.0)];
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("10000 PID whose PV moves", |bencher| {
        bencher.iter(|| {
            let inputs = &moved[run.tick as usize % 2];
            run.scan(inputs);
        });
    });
    group.finish();
}

fn terms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("interlocks");
    group.sample_size(30);
    type Condition = fn(&str) -> String;
    // Another transmitter than this one.
    fn next(tag: &str, by: usize) -> String {
        let number: usize = tag.trim_start_matches("T-").parse().unwrap_or(0);
        format!("T-{}", (number + by) % 500)
    }
    let kinds: [(&str, Condition); 7] = [
        ("5000 comparisons", |tag| format!("{tag} > 90 %")),
        ("5000 comparisons with a delay", |tag| format!("{tag} > 90 % FOR 2 s")),
        ("2500 causes of two comparisons", |tag| format!("{tag} > 90 % AND {tag} < 95 %")),
        ("5000 causes of three, mixed", |tag| format!("({tag} > 90 % OR {tag} < 5 %) AND {tag} < 95 %")),
        ("5000 causes of three transmitters, mixed", |tag| {
            format!("({tag} > 90 % OR {} < 5 %) AND {} < 95 %", next(tag, 1), next(tag, 2))
        }),
        ("5000 negated comparisons of two", |tag| format!("NOT ({tag} > 90 % OR {tag} < 5 %)")),
        ("2500 causes of two with a delay", |tag| format!("({tag} > 90 % OR {tag} < 5 %) FOR 2 s")),
    ];
    for (name, condition) in kinds {
        let count = if name.starts_with("2500") { 2_500 } else { 5_000 };
        // Per comparison, as the bar counts.
        let of_each = match name {
            mixed if mixed.contains("mixed") => 3,
            one if one.starts_with("5000 comparisons") => 1,
            _ => 2,
        };
        group.throughput(Throughput::Elements(count as u64 * of_each));
        let mut run = Run::new(&interlocks(count, condition));
        // A scan passes over what stands still: every transmitter moves, so that every cause is looked at.
        let moved = [run.field(48.0), run.field(49.0)];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let inputs = &moved[run.tick as usize % 2];
                run.scan(inputs);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, pid, terms);
criterion_main!(benches);
