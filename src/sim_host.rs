//! The simulated plant against real time, behind its soft PLCs.
//!
//! One thread steps the physics; the protocol servers run on tokio and share only the PLCs'
//! memories with it. A trainer reaches the plant between two steps through [`SharedPlant`].

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use control::plant::Plant;
use miette::IntoDiagnostic as _;
use model::{Direction, IoPoint, Quality};
use plc_bridge::{Clock, PlcMemory, ServeOptions, SoftPlc, WatchdogState};
use sim_plant::{Point, Simulator};
use tokio::runtime::Handle;

use crate::plant_time::PlantTime;

/// The physics advance, and the PLCs scan, this often.
pub const STEP_MS: u32 = 100;
/// A machine that slept is not made up for beyond this.
const CATCH_UP: Duration = Duration::from_secs(2);
/// Between two steps of a plant that runs as fast as it can.
const BREATH: Duration = Duration::from_micros(50);

/// One PLC with its share of the points.
struct Plc {
    name: String,
    memory: Arc<PlcMemory>,
    server: SoftPlc,
    /// Where each point of the memory is in the simulator; `None` where it has no physics.
    points: Vec<Option<Point>>,
}

/// The plant as the control socket sees it.
pub struct SharedPlant {
    pub simulator: Mutex<Simulator>,
    pub time: PlantTime,
    plcs: Vec<Plc>,
}

impl SharedPlant {
    /// Opens the PLCs' ports. Nothing moves before [`run`].
    pub fn open(
        runtime: &Handle,
        plant: &Plant,
        simulator: Simulator,
        time: PlantTime,
        pki: &std::path::Path,
    ) -> miette::Result<Arc<Self>> {
        let places = bind(plant, &simulator)?;
        let mut plcs = Vec::new();
        for index in 0..plant.io.devices.len() {
            plcs.push(open_plc(runtime, plant, index, &simulator, &places, pki)?);
        }
        Ok(Arc::new(Self { simulator: Mutex::new(simulator), time, plcs }))
    }

    /// A line per PLC: where it listens, who is there, how its watchdog stands.
    pub fn plc_lines(&self) -> Vec<String> {
        let line = |plc: &Plc| {
            let watchdog = match plc.memory.watchdog() {
                _ if plc.memory.is_stopped() => "in STOP, outputs at their fail positions, writes refused",
                WatchdogState::Unarmed => "unarmed (no controller yet)",
                WatchdogState::Alive => "ok",
                WatchdogState::Fired => "FIRED, outputs at their fail positions",
            };
            format!(
                "{}  {}  {} peers  watchdog {watchdog}",
                plc.name,
                plc.server.endpoint(),
                plc.server.peers()
            )
        };
        self.plcs.iter().map(line).collect()
    }

    /// One step of the plant, with its PLCs.
    pub fn exchange(&self, simulator: &mut Simulator) {
        for plc in &self.plcs {
            for (index, point) in plc.points.iter().enumerate() {
                if let Some(Point::Actuator(actuator)) = point {
                    simulator.actuator(*actuator, plc.memory.output(index));
                }
            }
        }
        simulator.step(STEP_MS);
        self.time.remember(simulator);
        for plc in &self.plcs {
            plc.server.set_link(!simulator.device_is_lost(&plc.name));
            plc.memory.set_stopped(simulator.device_is_stopped(&plc.name));
            plc.memory.set_inputs(plc.points.iter().enumerate().filter_map(|(index, point)| match point {
                Some(Point::Sensor(sensor)) => {
                    let (value, quality) = simulator.sensor(*sensor);
                    Some((index, value, quality))
                }
                Some(Point::Actuator(_)) | None => None,
            }));
        }
    }
}

/// Where every point of the I/O map is in the simulator. A device of which the simulator knows no tag at
/// all belongs to a part of the plant without physics: it is served, and stands still. One unknown tag
/// among known ones is a mistake.
fn bind(plant: &Plant, simulator: &Simulator) -> miette::Result<Vec<Option<Point>>> {
    let known: BTreeSet<&str> = simulator.tag_names().collect();
    let map = &plant.io;
    let mut has_physics = vec![false; map.devices.len()];
    for point in &map.points {
        has_physics[point.device.index()] |= known.contains(point.tag.as_str());
    }
    for (device, _) in map.devices.iter().zip(&has_physics).filter(|(_, has)| !**has) {
        tracing::warn!(
            "{}: no physics behind its tags; it is served, and its values stand still",
            device.name
        );
    }
    let bound = map.points.iter().filter(|point| has_physics[point.device.index()]);
    let tags: Vec<(&str, Direction)> = bound.map(|point| (point.tag.as_str(), point.direction)).collect();
    let mut found = simulator.bind(&tags).into_diagnostic()?.points.into_iter();
    let place = |point: &IoPoint| if has_physics[point.device.index()] { found.next() } else { None };
    Ok(map.points.iter().map(place).collect())
}

/// What an instrument without physics shows: the middle of where it normally is.
fn at_rest(point: &control::plant::Point) -> f64 {
    if point.words.is_some() {
        return point.initial;
    }
    let (low, high) = point.normal.unwrap_or((point.low, point.high));
    low + (high - low) / 2.0
}

fn open_plc(
    runtime: &Handle,
    plant: &Plant,
    index: usize,
    simulator: &Simulator,
    all: &[Option<Point>],
    pki: &std::path::Path,
) -> miette::Result<Plc> {
    let device = &plant.io.devices[index];
    let (mut points, mut places, mut initial) = (Vec::<IoPoint>::new(), Vec::new(), Vec::new());
    for (point, place) in plant.io.points.iter().zip(all) {
        if point.device.index() == index {
            points.push(point.clone());
            places.push(*place);
            initial.push(match (place, point.direction) {
                (Some(Point::Sensor(sensor)), _) => simulator.sensor(*sensor).0,
                (Some(Point::Actuator(actuator)), _) => simulator.actuator_value(*actuator),
                (None, Direction::Input) => at_rest(plant.point(point.point)),
                (None, Direction::Output) => point.fail_value,
            });
        }
    }
    debug_assert!(points.iter().zip(&places).all(|(point, place)| {
        matches!(
            (point.direction, place),
            (_, None)
                | (Direction::Input, Some(Point::Sensor(_)))
                | (Direction::Output, Some(Point::Actuator(_)))
        )
    }));
    let watchdog = Duration::from_millis(u64::from(device.watchdog_ms));
    let memory = PlcMemory::new(&points, &initial, watchdog, Clock::machine());
    memory.set_inputs(points.iter().zip(&initial).enumerate().filter_map(|(index, (point, value))| {
        (point.direction == Direction::Input).then_some((index, *value, Quality::Good))
    }));
    let options = ServeOptions { pki_dir: pki.join(&device.name), ..ServeOptions::default() };
    let server =
        runtime.block_on(plc_bridge::serve(device, &points, memory.clone(), &options)).into_diagnostic()?;
    tracing::info!("{} listens on {}", device.name, server.endpoint());
    Ok(Plc { name: device.name.clone(), memory, server, points: places })
}

/// Steps the plant until `stop`.
pub fn run(plant: &SharedPlant, stop: &AtomicBool) {
    let mut due = Instant::now();
    while !stop.load(Relaxed) {
        let paused = plant.time.is_paused();
        if !paused {
            let mut simulator = plant.simulator.lock().unwrap_or_else(PoisonError::into_inner);
            plant.exchange(&mut simulator);
        }
        let now = Instant::now();
        let pace = if paused { Some(1.0) } else { plant.time.speed().times() };
        let Some(times) = pace else {
            // Whoever else waits for the plant gets it in between.
            thread::sleep(BREATH);
            due = now;
            continue;
        };
        due += Duration::from_millis(u64::from(STEP_MS)).div_f64(times);
        if now > due + CATCH_UP {
            due = now;
        }
        thread::sleep(due.saturating_duration_since(now));
    }
}
