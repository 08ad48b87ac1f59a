//! The simulated plant against real time, behind its soft PLCs.
//!
//! One thread steps the physics; the protocol servers run on tokio and share only the PLCs'
//! memories with it. A trainer reaches the plant between two steps through [`SharedPlant`].

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use miette::IntoDiagnostic as _;
use model::{Direction, IoMap, IoPoint, Quality};
use plc_bridge::{Clock, PlcMemory, ServeOptions, SoftPlc, WatchdogState};
use sim_plant::{Binding, Point, Simulator};
use tokio::runtime::Handle;

use crate::plant_time::PlantTime;

/// The physics advance, and the PLCs scan, this often.
pub const STEP_MS: u32 = 100;
/// A machine that slept is not made up for beyond this.
const CATCH_UP: Duration = Duration::from_secs(2);

/// One PLC with its share of the points.
struct Plc {
    name: String,
    memory: Arc<PlcMemory>,
    server: SoftPlc,
    /// Where each point of the memory is in the simulator.
    points: Vec<Point>,
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
        map: &IoMap,
        simulator: Simulator,
        time: PlantTime,
        pki: &std::path::Path,
    ) -> miette::Result<Arc<Self>> {
        let binding = simulator.bind_map(map).into_diagnostic()?;
        let mut plcs = Vec::new();
        for index in 0..map.devices.len() {
            plcs.push(open_plc(runtime, map, index, &simulator, &binding, pki)?);
        }
        Ok(Arc::new(Self { simulator: Mutex::new(simulator), time, plcs }))
    }

    /// A line per PLC: where it listens, who is there, how its watchdog stands.
    pub fn plc_lines(&self) -> Vec<String> {
        let line = |plc: &Plc| {
            let watchdog = match plc.memory.watchdog() {
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
                if let Point::Actuator(actuator) = point {
                    simulator.actuator(*actuator, plc.memory.output(index));
                }
            }
        }
        simulator.step(STEP_MS);
        self.time.remember(simulator);
        for plc in &self.plcs {
            plc.server.set_link(!simulator.device_is_lost(&plc.name));
            plc.memory.set_inputs(plc.points.iter().enumerate().filter_map(|(index, point)| match point {
                Point::Sensor(sensor) => {
                    let (value, quality) = simulator.sensor(*sensor);
                    Some((index, value, quality))
                }
                Point::Actuator(_) => None,
            }));
        }
    }
}

fn open_plc(
    runtime: &Handle,
    map: &IoMap,
    index: usize,
    simulator: &Simulator,
    binding: &Binding,
    pki: &std::path::Path,
) -> miette::Result<Plc> {
    let device = &map.devices[index];
    let (mut points, mut places, mut initial) = (Vec::<IoPoint>::new(), Vec::new(), Vec::new());
    for (point, place) in map.points.iter().zip(&binding.points) {
        if point.device.index() == index {
            points.push(point.clone());
            places.push(*place);
            initial.push(match place {
                Point::Sensor(sensor) => simulator.sensor(*sensor).0,
                Point::Actuator(actuator) => simulator.actuator_value(*actuator),
            });
        }
    }
    debug_assert!(points.iter().zip(&places).all(|(point, place)| {
        matches!(
            (point.direction, place),
            (Direction::Input, Point::Sensor(_)) | (Direction::Output, Point::Actuator(_))
        )
    }));
    let watchdog = Duration::from_millis(u64::from(device.watchdog_ms));
    let memory = PlcMemory::new(&points, &initial, watchdog, Clock::machine());
    memory.set_inputs(places.iter().zip(&initial).enumerate().filter_map(|(index, (place, value))| {
        matches!(place, Point::Sensor(_)).then_some((index, *value, Quality::Good))
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
        if !plant.time.is_paused() {
            let mut simulator = plant.simulator.lock().unwrap_or_else(PoisonError::into_inner);
            plant.exchange(&mut simulator);
        }
        due += Duration::from_millis(u64::from(STEP_MS)).div_f64(plant.time.speed());
        let now = Instant::now();
        if now > due + CATCH_UP {
            due = now;
        }
        thread::sleep(due.saturating_duration_since(now));
    }
}
