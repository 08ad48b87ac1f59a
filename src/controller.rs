//! `catholyte run`: the controller. Resumes or begins, wires the threads, serves, stops in order.

mod assembly;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use control::plant::Plant;
use miette::{Context as _, IntoDiagnostic as _, miette};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::cli::RunArgs;
use crate::data_folder::DataFolder;
use crate::plant_change::FieldNames;
use crate::plant_to_run::{self, PlantToRun};
use crate::resume::{self, NotResumed, Resumed};
use crate::scan_thread::Field;
use crate::settings::{self, Settings};
use crate::{clock, clock_watch, demo, real_time, standing, take_over, wiring};
use assembly::Assembly;

pub fn run(args: &RunArgs) -> miette::Result<()> {
    if std::env::var_os(demo::CHILD).is_some() {
        real_time::die_with_parent();
    }
    let (data, folder) = plant_to_run::folders(args)?;
    // A second controller on the same folder must fail before it touches anything.
    let claim = data.claim().into_diagnostic()?;
    let PlantToRun { mut plant, started_with, follows_folder, kept } =
        plant_to_run::choose(args, folder, &data)?;
    let mut settings = settings::load(&data.settings()).into_diagnostic()?;
    if let Some(listen) = args.listen {
        settings.listen = listen;
    }
    settings::override_endpoints(&mut plant.io.devices, &settings.devices)
        .map_err(|error| miette!("{error}"))?;
    api::check_listen(settings.listen, settings.insecure_listen).into_diagnostic()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .into_diagnostic()?;
    let plant = Arc::new(plant);
    let mut resumed = last_state(&plant, &data, args)?;
    if let Some(kept) = kept {
        tracing::warn!("{kept}");
        resumed.note.push_str(&format!("; {kept}"));
        resumed.decided = Some("plant kept as it ran");
    }
    if follows_folder {
        // A folder that comes back later must not find an old decision in its way.
        take_over::forget_in_force(&data).into_diagnostic()?;
    }
    start(&runtime, plant, started_with, &data, claim, &settings, resumed)?.until_told_to_stop(&runtime)
}

/// The threads of a running controller.
struct Running {
    scan: JoinHandle<u64>,
    rest: Vec<JoinHandle<()>>,
    stop_scan: Arc<AtomicBool>,
    stop_rest: Arc<AtomicBool>,
    bridge: plc_bridge::Bridge,
    server: tokio::task::JoinHandle<Result<(), api::ServeError>>,
    shutdown: watch::Sender<bool>,
    /// The data folder is this controller's until the last of its threads has ended.
    _claim: File,
}

fn start(
    runtime: &Runtime,
    plant: Arc<Plant>,
    started_with: [u8; 32],
    data: &DataFolder,
    claim: File,
    settings: &Settings,
    resumed: Resumed,
) -> miette::Result<Running> {
    // The port first: a second controller on the same plant must fail before it touches a device.
    let listener = runtime
        .block_on(TcpListener::bind(settings.listen))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot listen on {}: does another controller run?", settings.listen))?;
    tracing::info!("{}", resumed.note);
    match clock_watch::at_start(resumed.clock, resumed.taken.max(resumed.continues), clock::now_ms()) {
        Some((tracing::Level::WARN, found)) => tracing::warn!("{found}"),
        Some((_, found)) => tracing::info!("{found}"),
        None => {}
    }

    let mut options = plc_bridge::BridgeOptions::default();
    options.opcua.pki_dir = data.pki().join("bridge");
    options.scan = Duration::from_millis(u64::from(plant.period_ms));
    let (links, bridge) = plc_bridge::connect(&plant.io, &options, runtime.handle()).into_diagnostic()?;
    let wiring = links.iter().map(|link| FieldNames::of(link, &plant)).collect();
    let mut fields: Vec<Field> = links.into_iter().map(Field::new).collect();
    wait_for_field(&mut fields, &plant);
    let assembly = Assembly { claim, plant, started_with, wiring, resumed, fields, data, settings };
    assembly.start(runtime, bridge, listener)
}

/// The state that this run goes on from. One that nobody has decided about is never left behind.
fn last_state(plant: &Arc<Plant>, data: &DataFolder, args: &RunArgs) -> miette::Result<Resumed> {
    let journal = data.journal();
    if args.fresh {
        let left = standing::of_last_run(data);
        let mut why =
            format!("asked for with --fresh; the last run left {}", left.as_deref().unwrap_or("nothing"));
        if let Some(wreck) = resume::wreck(&journal).into_diagnostic()? {
            why.push_str(&format!("; its journal was damaged: {wreck}"));
        }
        let mut begun = resume::begin(plant.clone(), &journal, &why).into_diagnostic()?;
        begun.decided = begun.taken.map(|_| "begun anew");
        return Ok(begun);
    }
    if args.apply || args.rollback {
        return take_over::from_journal(plant.clone(), &journal, args.force);
    }
    let why = match resume::from_journal(plant.clone(), &journal) {
        Ok(resumed) => return Ok(resumed),
        Err(why) => why,
    };
    if let NotResumed::Plant(last) = &why
        && take_over::says_the_same(last.plant_hash, plant, &journal).unwrap_or(false)
    {
        return take_over::from_journal(plant.clone(), &journal, false);
    }
    Err(standing::refusal(why, plant, data))
}

/// Gives the devices a moment to answer, so that the first scan does not see a dead plant. No device waits for another
/// until its watchdog acts.
fn wait_for_field(fields: &mut [Field], plant: &Plant) {
    let deadline = Instant::now() + wiring::FIELD_WAIT;
    let shortest = plant.io.devices.iter().map(|device| device.watchdog_ms).min().unwrap_or_default();
    let patience = Duration::from_millis(u64::from(shortest / wiring::FIELD_WAIT_SHARE));
    let mut answered = None;
    while Instant::now() < deadline && !fields.iter_mut().all(Field::has_told) {
        if fields.iter_mut().any(Field::answers) {
            let first = *answered.get_or_insert_with(Instant::now);
            if first.elapsed() > patience {
                return;
            }
        }
        thread::sleep(Duration::from_millis(10));
    }
}

impl Running {
    /// Waits for SIGTERM or SIGINT, or for a thread that has died, and stops in order: first the
    /// scan, then what writes down its last words.
    fn until_told_to_stop(mut self, runtime: &Runtime) -> miette::Result<()> {
        let told = runtime.block_on(self.told_to_stop());
        self.stop_scan.store(true, Relaxed);
        let scanned = self.scan.join();
        self.stop_rest.store(true, Relaxed);
        for thread in self.rest.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a recording thread ended in a panic");
            }
        }
        self.shutdown.send_replace(true);
        runtime.block_on(async {
            if tokio::time::timeout(Duration::from_secs(2), &mut self.server).await.is_err() {
                self.server.abort();
            }
            self.bridge.shutdown().await;
        });
        let tick = scanned
            .map_err(|_| miette!("the scan ended in a panic; the PLCs have gone to their fail positions"))?;
        tracing::info!("stopped after tick {tick}");
        told
    }

    async fn told_to_stop(&mut self) -> miette::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).into_diagnostic()?;
        let mut look = tokio::time::interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                result = tokio::signal::ctrl_c() => return result.into_diagnostic(),
                served = &mut self.server => {
                    return match served {
                        Ok(Ok(())) => Ok(()),
                        Ok(Err(error)) => Err(miette!("the API server ended: {error}")),
                        Err(error) => Err(miette!("the API server ended: {error}")),
                    };
                }
                _ = look.tick() => {
                    if self.scan.is_finished() || self.rest.iter().any(JoinHandle::is_finished) {
                        return Err(miette!("a thread of the controller ended by itself; see the log"));
                    }
                }
            }
        }
    }
}
