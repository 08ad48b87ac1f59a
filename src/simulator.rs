//! `catholyte sim`: the plant alone, and the trainer's hand on it.
//!
//! A running simulator listens on a Unix socket in its data folder, readable by its owner alone. A
//! request is one line of words, the answer is text up to the end of the stream:
//!
//! ```text
//! status | faults | fault NAME key=value ... | clear NAME [key=value ...] | clear all
//! explain TAG | pause | resume | speed FACTOR | step TIME | rewind TIME
//! snapshot NAME | restore NAME | snapshots | state
//! ```

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use miette::{Context as _, IntoDiagnostic as _, miette};
use model::wire::SimulatorStatus;
use sim_plant::{Initial, Parameters, Simulator};

use crate::cli::{SimArgs, SimCommand, SimServeArgs, SimTarget, Start};
use crate::data_folder::DataFolder;
use crate::plant_time::{self, PlantTime};
use crate::sim_host::{self, STEP_MS, SharedPlant};
use crate::{check, demo, real_time, settings, sim_field, sim_unit, trainer};

/// A request is a few words; more is a mistake or an attack.
const REQUEST_MAX: u64 = 4096;
/// A client that says nothing for so long is dropped.
const PATIENCE: Duration = Duration::from_secs(2);

pub fn run(args: SimArgs) -> miette::Result<()> {
    let Some(command) = args.command else { return serve(&args.serve) };
    let ask = |target: &SimTarget, request: &str| ask(target.data.as_deref(), request);
    match command {
        SimCommand::Status(target) => ask(&target, "status"),
        SimCommand::Faults(target) => ask(&target, "faults"),
        SimCommand::Fault { name, parameters, target } => {
            ask(&target, &format!("fault {name} {}", parameters.join(" ")))
        }
        SimCommand::Clear { name, parameters, target } => {
            ask(&target, &format!("clear {name} {}", parameters.join(" ")))
        }
        SimCommand::Explain { tag, target } => ask(&target, &format!("explain {tag}")),
        SimCommand::Pause(target) => ask(&target, "pause"),
        SimCommand::Resume(target) => ask(&target, "resume"),
        SimCommand::Speed { speed, target } => ask(&target, &format!("speed {}", speed.word())),
        SimCommand::Step { time, target } => ask(&target, &timed("step", &time)?),
        SimCommand::Rewind { time, target } => ask(&target, &timed("rewind", &time)?),
        SimCommand::Snapshot { name, target } => ask(&target, &named("snapshot", &name)?),
        SimCommand::Restore { name, target } => ask(&target, &named("restore", &name)?),
        SimCommand::Snapshots(target) => ask(&target, "snapshots"),
        SimCommand::Unit(args) => sim_unit::run(&args),
    }
}

/// A name is one word of the request: of two the second would be taken for a parameter.
fn named(verb: &str, name: &str) -> miette::Result<String> {
    trainer::a_word(name).map(|name| format!("{verb} {name}")).map_err(|error| miette!("{error}"))
}

/// `5 s` is a time, too, and one word of the request.
fn timed(verb: &str, time: &str) -> miette::Result<String> {
    plant_time::way(time).map_err(|error| miette!("{error}"))?;
    Ok(format!("{verb} {}", time.split_whitespace().collect::<String>()))
}

fn ask(data: Option<&Path>, request: &str) -> miette::Result<()> {
    let folder = demo::data_or_newest(data)?;
    let answer = trainer::ask(&folder, request).map_err(|error| miette!("{error}"))?;
    print!("{answer}");
    Ok(())
}

fn serve(args: &SimServeArgs) -> miette::Result<()> {
    if std::env::var_os(demo::CHILD).is_some() {
        real_time::die_with_parent();
    }
    let mut plant = check::compile_named(args.place.plant.as_deref())?;
    real_time::give_back_memory();
    let path = args.place.data.clone().unwrap_or_else(|| DataFolder::default_path(&plant.name));
    let data = DataFolder::open(&path).into_diagnostic()?;
    let settings = settings::load(&data.settings()).into_diagnostic()?;
    settings::override_endpoints(&mut plant.io.devices, &settings.devices)
        .map_err(|error| miette!("{error}"))?;
    let parameters = match &args.parameters {
        Some(file) => Parameters::from_path(file),
        None => Parameters::built_in(),
    }
    .into_diagnostic()?;
    let initial = match args.start {
        Start::Running => Initial::Running,
        Start::Cold => Initial::Cold,
    };
    let simulator = sim_field::open(args.place.plant.as_deref(), &plant, &parameters, initial, args.seed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .into_diagnostic()?;
    let time = PlantTime::new(args.speed, data.path().join("snapshots"));
    let shared = SharedPlant::open(runtime.handle(), &plant, simulator, time, &data.pki())?;
    let stop = Arc::new(AtomicBool::new(false));
    let socket = Socket::open(&data.simulator_socket())?;
    let (listener, plant) = (socket.listener.try_clone().into_diagnostic()?, shared.clone());
    thread::Builder::new()
        .name("trainer".to_owned())
        .spawn(move || answer_for_ever(&listener, &plant))
        .into_diagnostic()?;
    let stepping = {
        let (plant, stop) = (shared.clone(), stop.clone());
        thread::Builder::new()
            .name("plant".to_owned())
            .spawn(move || sim_host::run(&plant, &stop))
            .into_diagnostic()?
    };
    println!("The plant runs. Stop it with Ctrl-C.");
    let told = runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            result = tokio::signal::ctrl_c() => result,
        }
    });
    stop.store(true, Relaxed);
    let stepped = stepping.join();
    runtime.shutdown_timeout(Duration::from_secs(1));
    stepped.map_err(|_| miette!("the plant's thread ended in a panic"))?;
    told.into_diagnostic()
}

/// The control socket; its file goes with it.
struct Socket {
    listener: UnixListener,
    path: std::path::PathBuf,
}

impl Socket {
    fn open(path: &Path) -> miette::Result<Self> {
        if UnixStream::connect(path).is_ok() {
            return Err(miette!("another simulator runs on {}: stop it first", path.display()));
        }
        // What a killed simulator has left behind.
        if let Err(error) = fs::remove_file(path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(miette!("cannot remove the old {}: {error}", path.display()));
        }
        let listener = UnixListener::bind(path)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot listen on {}", path.display()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).into_diagnostic()?;
        Ok(Self { listener, path: path.to_owned() })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!("{} stays behind: {error}", self.path.display());
        }
    }
}

/// One request after the other: a trainer has two hands.
fn answer_for_ever(listener: &UnixListener, plant: &SharedPlant) {
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| answer(&stream, plant)) {
            tracing::warn!("a request to the simulator broke off: {error}");
        }
    }
}

fn answer(mut stream: &UnixStream, plant: &SharedPlant) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(REQUEST_MAX)).read_line(&mut line)?;
    let answer = obey(line.trim(), plant).unwrap_or_else(|error| format!("error: {error}\n"));
    stream.write_all(answer.as_bytes())
}

fn obey(request: &str, plant: &SharedPlant) -> Result<String, String> {
    let mut words = request.split_whitespace();
    let (verb, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let parameters = words
        .map(|word| {
            let (key, value) = word.split_once('=').ok_or_else(|| format!("\"{word}\": write key=value"))?;
            Ok((key.to_owned(), value.to_owned()))
        })
        .collect::<Result<Vec<(String, String)>, String>>()?;
    let mut simulator = plant.simulator.lock().unwrap_or_else(PoisonError::into_inner);
    match verb {
        "status" => Ok(status(&simulator, plant)),
        "faults" => Ok(catalogue(&simulator)),
        "fault" => {
            simulator.apply_fault(name, &parameters).map_err(|error| error.to_string())?;
            Ok(format!("{name} is on\n"))
        }
        "clear" if name == "all" => {
            simulator.clear_all_faults();
            Ok("all faults are off\n".to_owned())
        }
        "clear" => {
            simulator.clear_fault(name, &parameters).map_err(|error| error.to_string())?;
            Ok(format!("{name} is off\n"))
        }
        "explain" => simulator.explain(name).map(|text| text + "\n"),
        "state" => Ok(state(&mut simulator, plant) + "\n"),
        "speed" => {
            let speed = name.parse()?;
            plant.time.set_speed(speed);
            Ok(format!("the plant runs {speed}\n"))
        }
        "step" => {
            for _ in 0..PlantTime::steps(plant_time::way(name)?, STEP_MS)? {
                plant.exchange(&mut simulator);
            }
            Ok(format!("{:.1} s since the start\n", simulator.now_ms() as f64 / 1e3))
        }
        "rewind" => {
            let back = plant.time.rewind(&mut simulator, plant_time::way(name)?)?;
            Ok(format!("the plant is back by {:.1} s; the controller is not\n", back.as_secs_f64()))
        }
        "snapshot" => {
            let path = plant.time.save(&mut simulator, name)?;
            Ok(format!("the plant's state is in {}\n", path.display()))
        }
        "restore" => {
            plant.time.restore(&mut simulator, name)?;
            Ok(format!("the plant is at {name}; the controller is not\n"))
        }
        "snapshots" => {
            let names = plant.time.names();
            let none = "no snapshots: `catholyte sim snapshot NAME` makes one";
            Ok(if names.is_empty() { none.to_owned() } else { names.join("\n") } + "\n")
        }
        "pause" | "resume" => {
            plant.time.pause(verb == "pause");
            Ok(format!("the plant's time {}\n", if verb == "pause" { "stands" } else { "goes on" }))
        }
        other => Err(format!("no request \"{other}\"")),
    }
}

fn status(simulator: &Simulator, plant: &SharedPlant) -> String {
    let state = if plant.time.is_paused() { "paused" } else { "running" };
    let mut text =
        format!("{state} {}, {:.1} s since the start\n", plant.time.speed(), simulator.now_ms() as f64 / 1e3);
    for line in plant.plc_lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&format!("balances close to {:.1e}\n", simulator.closure().worst()));
    let faults = simulator.active_faults();
    if faults.is_empty() {
        text.push_str("no faults are on\n");
    }
    for fault in faults {
        text.push_str(&format!("fault {fault}\n"));
    }
    text
}

/// [`status`] for programs, on one line.
fn state(simulator: &mut Simulator, plant: &SharedPlant) -> String {
    let status = SimulatorStatus {
        paused: plant.time.is_paused(),
        times: plant.time.speed().times(),
        seconds: simulator.now_ms() as f64 / 1e3,
        rewindable: plant.time.remembered(simulator.now_ms()).as_secs_f64(),
        snapshots: plant.time.names(),
        faults: simulator.active_faults().iter().map(ToString::to_string).collect(),
        closure: simulator.closure().worst(),
    };
    serde_json::to_string(&status).unwrap_or_default()
}

fn catalogue(simulator: &Simulator) -> String {
    let mut text = String::new();
    for kind in simulator.fault_catalogue() {
        text.push_str(&format!("{:<16} {}\n", kind.name, kind.text));
        for parameter in kind.parameters {
            let bounds = match (parameter.is_name, parameter.default) {
                (true, _) => String::new(),
                (false, Some(default)) => {
                    format!("  {} .. {}, {default} if left out", parameter.low, parameter.high)
                }
                (false, None) => format!("  {} .. {}", parameter.low, parameter.high),
            };
            text.push_str(&format!("    {}=  {}{bounds}\n", parameter.name, parameter.text));
        }
    }
    for fault in simulator.active_faults() {
        text.push_str(&format!("on: {fault}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{named, timed};

    #[test]
    fn what_is_no_name_or_no_time_is_refused_in_its_own_words_before_the_simulator_is_asked() {
        assert_eq!(named("snapshot", "before-start").unwrap(), "snapshot before-start");
        let said = named("snapshot", "a b").unwrap_err().to_string();
        assert!(said.contains("\"a b\" is no name for a snapshot"), "{said}");
        assert_eq!(timed("step", "1.5 min").unwrap(), "step 1.5min");
        for (time, wanted) in [("-5s", "`rewind` back"), ("0s", "nothing was done"), ("soon", "is no time")] {
            let said = timed("step", time).unwrap_err().to_string();
            assert!(said.contains(wanted), "{said}");
        }
    }
}
