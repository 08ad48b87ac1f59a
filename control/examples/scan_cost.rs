//! What a scan costs: a loop, an interlock term, and a small plant replayed as fast as it goes.
//!
//! `cargo run --release -p control --example scan_cost`

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use control::plant::Plant;
use control::{Engine, Input, ScanOutput, StateView};
use model::{Direction, Quality, Source};

fn plant(body: &str, phases: &[(&str, &str)]) -> Arc<Plant> {
    let head = "[plant]\nname = \"cost\"\ntitle = \"COST\"\nperiod = \"10 ms\"\n[area.300]\ntitle = \"A\"\n\
                [unit.EL-301]\ndescription = \"E\"\narea = \"300\"\n\
                [device.PLC]\ndescription = \"D\"\nprotocol = \"opc-ua\"\nendpoint = \"opc.tcp://127.0.0.1:4840/\"\n\
                namespace = \"urn:cost\"\nwatchdog = \"2 s\"\nheartbeat = \"HEARTBEAT\"\n";
    let mut sources = vec![Source { path: "plant.toml".into(), text: format!("{head}{body}") }];
    sources.extend(phases.iter().map(|(path, text)| Source { path: (*path).into(), text: (*text).into() }));
    match control::compile(&sources) {
        Ok(compiled) => Arc::new(compiled.plant),
        Err(mistakes) => {
            for mistake in mistakes.iter().take(5) {
                eprintln!("{}: {}", mistake.message, mistake.help);
            }
            panic!("the example's plant does not compile");
        }
    }
}

fn tag(text: &mut String, name: &str, output: bool) {
    let write = if output { ", write = true" } else { "" };
    let fail = if output { "fail = 0\n" } else { "" };
    writeln!(
        text,
        "[tag.\"{name}\"]\ndescription = \"{name}\"\nunit = \"%\"\nrange = [0, 100]\n{fail}\
         io = {{ device = \"PLC\", node = \"{name}\"{write} }}"
    )
    .expect("a string takes everything");
}

fn loops(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        tag(&mut text, &format!("LT-{n}"), false);
        tag(&mut text, &format!("LV-{n}"), true);
        writeln!(
            text,
            "[pid.LIC-{n}]\ndescription = \"level\"\npv = \"LT-{n}\"\nout = \"LV-{n}\"\naction = \"reverse\"\n\
             task = \"10 ms\"\nkc = 1.5\nti = \"20 s\"\ntd = \"2 s\"\nfilter = \"1 s\"\nsp = \"50 %\"\nmodes = [\"manual\", \"auto\"]\n\
             mode = \"auto\"\nsp_rate = \"10 %/s\"",
        )
        .expect("a string takes everything");
    }
    text
}

struct Run {
    engine: Engine,
    out: ScanOutput,
    inputs: Vec<Input>,
    tick: u64,
}

impl Run {
    fn new(plant: &Arc<Plant>) -> Self {
        let mut run = Self {
            engine: Engine::new(Arc::clone(plant)),
            out: ScanOutput::with_capacity(4096),
            inputs: vec![],
            tick: 0,
        };
        let good = |point, value| Input { point, value, quality: Quality::Good };
        run.inputs.extend(plant.io.devices.iter().map(|device| good(device.link, 1.0)));
        let inputs = plant.io.points.iter().filter(|io| io.direction == Direction::Input);
        run.inputs.extend(inputs.map(|io| good(io.point, 48.0)));
        run.scan();
        run.inputs.clear();
        run
    }

    fn scan(&mut self) {
        self.tick += 1;
        self.engine.scan(self.tick, &self.inputs, &[], &mut self.out);
    }

    /// Nanoseconds per scan, the best of many short rounds: others use this machine, too.
    fn cost(&mut self, scans: usize) -> f64 {
        let rounds = (0..60).map(|_| {
            let began = Instant::now();
            for _ in 0..scans {
                self.scan();
            }
            began.elapsed().as_nanos() as f64 / scans as f64
        });
        rounds.fold(f64::INFINITY, f64::min)
    }
}

fn loop_cost() {
    for count in [100, 1000, 10_000] {
        let plant = plant(&loops(count), &[]);
        let mut run = Run::new(&plant);
        let ns = run.cost(200_000 / count);
        println!("{count:6} loops       {:8.1} us a scan   {:6.1} ns a loop", ns / 1e3, ns / count as f64);
    }
}

fn interlock_cost() {
    let mut text = String::new();
    tag(&mut text, "OUT", true);
    for n in 0..50 {
        tag(&mut text, &format!("T-{n}"), false);
    }
    text.push_str("[pid.LIC]\ndescription = \"l\"\npv = \"T-0\"\nout = \"OUT\"\naction = \"reverse\"\nkc = 1\nti = \"20 s\"\nmodes = [\"manual\", \"auto\"]\nmode = \"auto\"\n");
    let (interlocks, causes) = (50, 20);
    for il in 0..interlocks {
        writeln!(
            text,
            "[interlock.IL-{il}]\ndescription = \"trip\"\nunit_of = \"EL-301\"\nreset = \"manual\"\ntrip = ["
        )
        .expect("a string takes everything");
        for cause in 0..causes {
            let point = (il + cause) % 50;
            writeln!(text, "{{ when = \"T-{point} > 90 % FOR 2 s\", text = \"high\" }},").expect("likewise");
        }
        text.push_str("]\ndo = [\"OUT := 0 %\"]\n");
    }
    let plant = plant(&text, &[]);
    let mut run = Run::new(&plant);
    let ns = run.cost(500);
    println!(
        "{:6} causes      {:8.1} us a scan   {:6.1} ns a cause (comparison with delay)",
        interlocks * causes,
        ns / 1e3,
        ns / f64::from(interlocks * causes)
    );
}

fn small_plant() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let sources = [
        source("plant.toml", include_str!("../tests/engine/plant.toml")),
        source("fill.phase", include_str!("../tests/engine/fill.phase")),
        source("circulate.phase", include_str!("../tests/engine/circulate.phase")),
        source("load.phase", include_str!("../tests/engine/load.phase")),
    ];
    let plant = Arc::new(control::compile(&sources).expect("the test plant compiles").plant);
    let mut run = Run::new(&plant);
    let ns = run.cost(20_000);
    let points = plant.points.len();
    println!("{points:6} points      {:8.2} us a scan   (the test plant)", ns / 1e3);
    println!("                    {:8.0} times real time at 10 ms", 10e6 / ns);
}

/// About 150 tags of everything: what a replay of a plant costs, hash and inputs included.
fn replay() {
    let mut text = loops(30);
    for n in 0..90 {
        tag(&mut text, &format!("T-{n}"), false);
        writeln!(
            text,
            "[alarm.\"T-{n}.H\"]\ntag = \"T-{n}\"\nhigh = \"90 %\"\npriority = \"low\"\ncause = \"c\"\n\
             consequence = \"c\"\nresponse = \"r\"\ntime = \"1 min\""
        )
        .expect("a string takes everything");
    }
    for il in 0..10 {
        let a = il * 9;
        writeln!(
            text,
            "[interlock.IL-{il}]\ndescription = \"trip\"\nunit_of = \"EL-301\"\nreset = \"manual\"\ntrip = [\n\
             {{ when = \"T-{a} > 95 % FOR 2 s\", text = \"h\" }},\n\
             {{ when = \"2 OF (T-{a} < 1 %, T-{} < 1 %, T-{} < 1 %) FOR 3 s\", text = \"l\" }},\n]\ndo = [\"LV-{il} := 0 %\"]",
            a + 1,
            a + 2
        )
        .expect("a string takes everything");
    }
    let plant = plant(&text, &[]);
    let mut run = Run::new(&plant);
    let quiet = run.cost(5000);
    let points: Vec<_> = plant.io.points.iter().filter(|io| io.direction == Direction::Input).collect();
    let mut view = StateView::new(&plant);
    let (rounds, scans) = (100_u64, 1000_u64);
    let mut hash = 0;
    let mut ns = f64::INFINITY;
    for round in 0..rounds {
        let began = Instant::now();
        for scan in round * scans..(round + 1) * scans {
            run.inputs.clear();
            // Every input moves at ten times a second, spread over the scans.
            for (number, io) in points.iter().enumerate() {
                if (scan + number as u64).is_multiple_of(10) {
                    let value = 48.0 + ((scan + number as u64) % 100) as f64 * 0.01;
                    run.inputs.push(Input { point: io.point, value, quality: Quality::Good });
                }
            }
            run.scan();
            hash ^= run.engine.state_hash();
        }
        ns = ns.min(began.elapsed().as_nanos() as f64 / scans as f64);
    }
    println!(
        "{:6} tags        {:8.2} us a scan   quiet, {} points, 30 loops, 90 alarms, 10 interlocks",
        plant.io.points.len(),
        quiet / 1e3,
        plant.points.len()
    );
    println!(
        "                    {:8.2} us a scan   with inputs at 10 Hz and a state hash ({hash:x})",
        ns / 1e3
    );
    println!("                    {:8.0} times real time at 10 ms", 10e6 / ns);
    let began = Instant::now();
    for _ in 0..10_000 {
        run.engine.publish(&mut view);
    }
    println!("       publication  {:8.2} us", began.elapsed().as_nanos() as f64 / 1e7);
}

fn main() {
    loop_cost();
    interlock_cost();
    small_plant();
    replay();
}
