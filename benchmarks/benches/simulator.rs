//! The simulator without a controller: a step of every unit, and a second of every plant that ships.

use std::sync::Arc;

use benchmarks::{compile_folder, folder};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};
use sim_plant::units::CATALOGUE;
use sim_plant::{Initial, Parameters, Simulator};

/// As lockstep and the soft PLCs step it.
const STEP_MS: u32 = 100;

fn cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A unit under the feeds and orders of its own parameter file, in a step of a second as a field gives it, or its
/// longest where that is shorter.
fn units(criterion: &mut Criterion) {
    let chemistry = Arc::new(Chemistry::built_in().expect("the built-in files are read"));
    let mut group = criterion.benchmark_group("unit");
    group.sample_size(20);
    for row in CATALOGUE {
        let step = row.shape.step_max.min(1.0);
        let conditions = Conditions { step: Some(step), ..Conditions::default() };
        let mut unit =
            Experiment::open(row.shape.name, &conditions, &chemistry).expect("its own file is sound");
        let mut time = 600.0 * step;
        unit.run_to(time);
        group.bench_function(row.shape.name, |bencher| {
            bencher.iter(|| {
                time += step;
                unit.run_to(time);
            });
        });
    }
    group.finish();
}

/// A cold plant at rest has all its units, lines and instruments; only what flows is missing.
fn plants(criterion: &mut Criterion) {
    let parameters = Parameters::built_in().expect("the built-in parameters are read");
    let mut group = criterion.benchmark_group("plant, one second");
    group.sample_size(20);
    let mut area_300 = Simulator::new(&parameters, Initial::Running, 7);
    measure(&mut group, "area 300 alone, running", &mut area_300);
    for name in ["refinery", "recycling"] {
        let sources = folder(name);
        let plant = compile_folder(&sources);
        let mut simulator = lockstep::simulator(&plant, &sources, &parameters, Initial::Cold, 7)
            .expect("the field of a plant that ships is sound");
        measure(&mut group, name, &mut simulator);
    }
    group.finish();
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn measure(group: &mut Group<'_>, name: &str, simulator: &mut Simulator) {
    const SECONDS: u32 = 600;
    let began = cpu_s();
    for _ in 0..SECONDS * 1000 / STEP_MS {
        simulator.step(STEP_MS);
    }
    let factor = f64::from(SECONDS) / (cpu_s() - began);
    println!("{name}: {} tags, {factor:.0} times real time (processor time)", simulator.tag_names().count());
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            for _ in 0..1000 / STEP_MS {
                simulator.step(STEP_MS);
            }
        });
    });
}

criterion_group!(benches, units, plants);
criterion_main!(benches);
