//! Every plant that ships in lockstep with its engine, and its simulator alone: how much faster than real time, and
//! which area the time goes to.

use std::collections::BTreeMap;

use benchmarks::{compile_folder, folder};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lockstep::Lockstep;
use rustix::time::{ClockId, clock_gettime};
use sim_plant::{Initial, Parameters, Part, Simulator};

/// Each plant lives so long before it is measured, and is measured over so long.
const WARM_MS: u64 = 20 * 60_000;
const SECONDS: u32 = 1200;
/// As lockstep and the soft PLCs step it.
const STEP_MS: u32 = 100;

fn cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn open(name: &str) -> Lockstep {
    let sources = folder(name);
    let plant = compile_folder(&sources);
    let parameters = Parameters::built_in().expect("the built-in parameters are read");
    // A plant whose text has no running state begins cold.
    let start = |initial| lockstep::simulator(&plant, &sources, &parameters, initial, 7);
    let simulator = start(Initial::Running)
        .or_else(|_| start(Initial::Cold))
        .expect("the field of a plant that ships is sound");
    let mut run = Lockstep::new(plant.clone(), simulator).expect("the simulator has the plant's tags");
    run.run_ms(WARM_MS);
    run
}

fn plants(criterion: &mut Criterion) {
    for name in ["refinery", "recycling", "site"] {
        let mut run = open(name);
        let began = cpu_s();
        run.run_ms(u64::from(SECONDS) * 1000);
        let whole = f64::from(SECONDS) / (cpu_s() - began);
        let mut group = criterion.benchmark_group("lockstep, one second");
        group.sample_size(20);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| run.run_ms(1000));
        });
        group.finish();

        let simulator = &mut run.field.simulator;
        let began = cpu_s();
        for _ in 0..SECONDS * 1000 / STEP_MS {
            simulator.step(STEP_MS);
        }
        let alone = f64::from(SECONDS) / (cpu_s() - began);
        println!(
            "{name}: {} tags, in lockstep {whole:.0} times real time, simulator alone {alone:.0} (processor time)",
            simulator.tag_names().count()
        );
        areas(simulator);
    }
}

/// Prints what the parts of a second cost, the units by the file of their area. Looking at the clock costs as
/// well, so the parts say where the time goes rather than how much it is.
fn areas(simulator: &mut Simulator) {
    let files: Vec<String> = simulator.units().map(|unit| unit.file.to_owned()).collect();
    let mut cost_s: BTreeMap<&str, f64> = BTreeMap::new();
    for _ in 0..SECONDS * 1000 / STEP_MS {
        let mut last = cpu_s();
        simulator.step_watched(STEP_MS, &mut |part| {
            let name = match part {
                Part::Cells => "string of cells",
                Part::Lines => "valves and lines",
                Part::Streams => "streams between units",
                Part::Unit(unit) => files[unit].as_str(),
                Part::Instruments => "instruments",
            };
            let now = cpu_s();
            *cost_s.entry(name).or_default() += now - last;
            last = now;
        });
    }
    for (name, cost_s) in cost_s {
        println!("  {:7.1} us a second  {name}", cost_s / f64::from(SECONDS) * 1e6);
    }
}

criterion_group!(benches, plants);
criterion_main!(benches);
