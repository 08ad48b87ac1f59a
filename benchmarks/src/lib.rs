//! Plants of any size, made from text like every other, and a recorded stretch of the refinery's life.
//!
//! The measurements are in `benches/`; `docs/performance.md` says how to run them and what came out.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use control::plant::Plant;
use control::{Engine, Input, ScanOutput};
use model::{Direction, PointId, Quality, Source};
use sim_plant::{Initial, Parameters, Point};

const HEAD: &str = "[plant]\nname = \"cost\"\ntitle = \"COST\"\nperiod = \"10 ms\"\n[area.300]\ntitle = \"A\"\n\
                    [unit.EL-301]\ndescription = \"E\"\narea = \"300\"\n\
                    [device.PLC]\ndescription = \"D\"\nprotocol = \"opc-ua\"\nendpoint = \"opc.tcp://127.0.0.1:4840/\"\n\
                    namespace = \"urn:cost\"\nwatchdog = \"2 s\"\nheartbeat = \"HEARTBEAT\"\n";

/// # Panics
/// When the text does not compile: it is ours.
pub fn compile(sources: &[Source]) -> Arc<Plant> {
    match control::compile(sources) {
        Ok(compiled) => Arc::new(compiled.plant),
        Err(mistakes) => panic!("{:#?}", &mistakes[..mistakes.len().min(3)]),
    }
}

fn one_file(body: &str) -> Arc<Plant> {
    compile(&[Source { path: "plant.toml".into(), text: format!("{HEAD}{body}") }])
}

fn tag(text: &mut String, name: &str, output: bool) {
    let (write, fail) = if output { (", write = true", "fail = 0\n") } else { ("", "") };
    let _ = writeln!(
        text,
        "[tag.\"{name}\"]\ndescription = \"{name}\"\nunit = \"%\"\nrange = [0, 100]\n{fail}\
         io = {{ device = \"PLC\", node = \"{name}\"{write} }}"
    );
}

/// Level loops with filter, derivative and set point ramp, all in the 10 ms task; with a high alarm each when asked.
pub fn loops(count: usize, alarms: bool) -> Arc<Plant> {
    let mut text = String::new();
    for n in 0..count {
        tag(&mut text, &format!("LT-{n}"), false);
        tag(&mut text, &format!("LV-{n}"), true);
        let _ = writeln!(
            text,
            "[pid.LIC-{n}]\ndescription = \"level\"\npv = \"LT-{n}\"\nout = \"LV-{n}\"\naction = \"reverse\"\n\
             task = \"10 ms\"\nkc = 1.5\nti = \"20 s\"\ntd = \"2 s\"\nfilter = \"1 s\"\nsp = \"50 %\"\n\
             modes = [\"manual\", \"auto\"]\nmode = \"auto\"\nsp_rate = \"10 %/s\"",
        );
        if alarms {
            let _ = writeln!(
                text,
                "[alarm.\"LT-{n}.H\"]\ntag = \"LT-{n}\"\nhigh = \"90 %\"\npriority = \"low\"\ncause = \"c\"\n\
                 consequence = \"c\"\nresponse = \"r\"\ntime = \"1 min\""
            );
        }
    }
    one_file(&text)
}

/// Interlocks of twenty causes each over 500 transmitters; `condition` gets the name of one.
pub fn interlocks(count: usize, condition: impl Fn(&str) -> String) -> Arc<Plant> {
    let (causes, tags) = (20, 500);
    let mut text = String::new();
    tag(&mut text, "OUT", true);
    for n in 0..tags {
        tag(&mut text, &format!("T-{n}"), false);
    }
    text.push_str(
        "[pid.LIC]\ndescription = \"l\"\npv = \"T-0\"\nout = \"OUT\"\naction = \"reverse\"\nkc = 1\nti = \"20 s\"\n\
         modes = [\"manual\", \"auto\"]\nmode = \"auto\"\n",
    );
    for il in 0..count / causes {
        let _ = writeln!(
            text,
            "[interlock.IL-{il}]\ndescription = \"trip\"\nunit_of = \"EL-301\"\nreset = \"manual\"\ntrip = ["
        );
        for cause in 0..causes {
            let when = condition(&format!("T-{}", (il * causes + cause * 7) % tags));
            let _ = writeln!(text, "{{ when = \"{when}\", text = \"high\" }},");
        }
        text.push_str("]\ndo = [\"OUT := 0 %\"]\n");
    }
    one_file(&text)
}

/// Of every ten tags: nine inputs, one output with its loop, a calculation with a delay, and an alarm.
pub fn large(tags: usize) -> Vec<Source> {
    let (mut io, mut loops, mut alarms) = (String::new(), String::new(), String::new());
    for group in 0..tags / 10 {
        let (plc, register) = (group / 5_000, group % 5_000);
        if register == 0 {
            let _ = writeln!(
                io,
                "[device.PLC-{plc}]\nprotocol = \"modbus-tcp\"\nendpoint = \"127.0.0.1:{}\"\nwatchdog = \"2 s\"\n\
                 heartbeat = \"holding 65000\"",
                5020 + plc
            );
        }
        for input in 0..9 {
            let _ = writeln!(
                io,
                "[tag.TT-{group}-{input}]\ndescription = \"Temperature {input} of group {group}\"\nunit = \"degC\"\n\
                 range = [0, 120]\nio = {{ device = \"PLC-{plc}\", input = {}, raw = [0, 27648] }}",
                register * 9 + input
            );
        }
        let _ = writeln!(
            io,
            "[tag.TV-{group}]\ndescription = \"Valve of group {group}\"\nunit = \"%\"\nrange = [0, 100]\nfail = 0\n\
             io = {{ device = \"PLC-{plc}\", holding = {register}, raw = [0, 27648] }}"
        );
        let _ = writeln!(
            loops,
            "[calc.TDI-{group}]\nunit = \"dK\"\nrange = [-100, 100]\nvalue = \"SEL(TT-{group}-0 > 50 degC FOR 5 s, \
             TT-{group}-1 - TT-{group}-2, AVG(TT-{group}-3, TT-{group}-4) - TT-{group}-5)\"\n\
             [pid.TIC-{group}]\npv = \"TT-{group}-0\"\nout = \"TV-{group}\"\naction = \"reverse\"\nkc = 1\nti = \"60 s\"\n\
             ff = \"TDI-{group} / 1 dK * 1 %\""
        );
        let _ = writeln!(
            alarms,
            "[alarm.\"TT-{group}-0.H\"]\ntag = \"TT-{group}-0\"\nhigh = \"90 degC\"\npriority = \"low\"\ncause = \"c\"\n\
             consequence = \"c\"\nresponse = \"r\"\ntime = \"10 min\""
        );
    }
    let head = "[plant]\nname = \"large\"\n".to_owned();
    [("plant.toml", head), ("io.toml", io), ("loops.toml", loops), ("alarms.toml", alarms)]
        .map(|(path, text)| Source { path: path.into(), text })
        .into()
}

/// An engine with a live field, ready to be scanned.
pub struct Run {
    pub engine: Engine,
    pub out: ScanOutput,
    pub tick: u64,
}

impl Run {
    pub fn new(plant: &Arc<Plant>) -> Self {
        let good = |point, value| Input { point, value, quality: Quality::Good };
        let mut inputs: Vec<_> = plant.io.devices.iter().map(|device| good(device.link, 1.0)).collect();
        let mut run =
            Self { engine: Engine::new(Arc::clone(plant)), out: ScanOutput::with_capacity(4096), tick: 0 };
        inputs.extend(run.field(48.0));
        run.scan(&inputs);
        run
    }

    /// All inputs of the field at one value.
    pub fn field(&self, value: f64) -> Vec<Input> {
        let field = self.engine.plant().io.points.iter().filter(|io| io.direction == Direction::Input);
        field.map(|io| Input { point: io.point, value, quality: Quality::Good }).collect()
    }

    pub fn scan(&mut self, inputs: &[Input]) {
        self.tick += 1;
        self.engine.scan(self.tick, inputs, &[], &mut self.out);
    }
}

/// The plant that ships.
///
/// # Panics
/// When its folder cannot be read or does not compile.
pub fn refinery() -> Arc<Plant> {
    compile_folder(&folder("refinery"))
}

/// Everything in the folder of a plant that ships, and in those that it includes.
///
/// # Panics
/// When it cannot be read.
pub fn folder(name: &str) -> Vec<Source> {
    let plants = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plants");
    let mut sources = Vec::new();
    read(&plants.join(name), "", &mut sources);
    sources.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    sources
}

/// Compiles what of a folder is the engine's.
///
/// # Panics
/// When it does not compile.
pub fn compile_folder(sources: &[Source]) -> Arc<Plant> {
    // Of an included plant as well.
    let own = |source: &&Source| {
        !Source::SIMULATED.iter().any(|folder| source.path.rsplit('/').nth(1) == Some(folder))
    };
    compile(&sources.iter().filter(own).cloned().collect::<Vec<_>>())
}

/// Files of an included plant are named from the folder of the one that includes it.
fn read(root: &Path, prefix: &str, sources: &mut Vec<Source>) {
    let mut own = Vec::new();
    collect(root, root, &mut own);
    let head = own.iter().find(|source| source.path == "plant.toml").expect("a plant has its plant.toml");
    let includes = control::compile::includes(head);
    sources.extend(
        own.into_iter().map(|source| Source { path: format!("{prefix}{}", source.path), text: source.text }),
    );
    for include in includes {
        read(&root.join(&include.folder), &format!("{prefix}{}/", include.folder), sources);
    }
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("the plant folder can be listed") {
        let path = entry.expect("the plant folder can be listed").path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|ending| ending == "toml" || ending == "phase") {
            let name = path.strip_prefix(root).expect("it lies in it").to_string_lossy().into_owned();
            sources.push(Source {
                path: name,
                text: std::fs::read_to_string(&path).expect("plant text is UTF-8"),
            });
        }
    }
}

/// Inputs of each scan of a running plant, as its journal would hold them.
pub fn record(plant: &Arc<Plant>, seconds: u32) -> Vec<Vec<Input>> {
    const FIELD_MS: u32 = 100;
    let parameters = Parameters::built_in().expect("the built-in parameters are read");
    let mut simulator = lockstep::simulator(plant, &folder("refinery"), &parameters, Initial::Running, 7)
        .expect("the field of the refinery is sound");
    let binding = simulator.bind_map(&plant.io).expect("the simulator knows the refinery");
    let field: Vec<(PointId, Point)> =
        plant.io.points.iter().map(|point| point.point).zip(binding.points).collect();
    let mut engine = Engine::new(Arc::clone(plant));
    let mut out = ScanOutput::with_capacity(4096);
    let mut told = vec![None; field.len()];
    let good = |point, value| Input { point, value, quality: Quality::Good };
    let mut scans = Vec::new();
    for tick in 0..u64::from(seconds * 1000 / plant.period_ms) {
        let mut inputs = Vec::new();
        if tick == 0 {
            for (point, place) in &field {
                if let Point::Actuator(index) = place {
                    inputs.push(good(*point, simulator.actuator_value(*index)));
                }
            }
            inputs.extend(plant.io.devices.iter().map(|device| good(device.link, 1.0)));
        }
        if tick.is_multiple_of(u64::from(FIELD_MS / plant.period_ms)) {
            for (point, place) in &field {
                if let Point::Actuator(index) = place
                    && engine.is_ready()
                {
                    simulator.actuator(*index, engine.image().value(*point));
                }
            }
            simulator.step(FIELD_MS);
            for ((point, place), told) in field.iter().zip(&mut told) {
                if let Point::Sensor(index) = place {
                    let (value, quality) = simulator.sensor(*index);
                    if *told != Some((value.to_bits(), quality)) {
                        *told = Some((value.to_bits(), quality));
                        inputs.push(Input { point: *point, value, quality });
                    }
                }
            }
        }
        engine.scan(tick, &inputs, &[], &mut out);
        scans.push(inputs);
    }
    scans
}
