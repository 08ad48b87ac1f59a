//! The simulated plant behind links that go and come, as the scan sees a field.

use control::plant::Plant;
use control::{Engine, Input};
use model::{IoPoint, PointId, Quality};
use sim_plant::{Closure, Point, Simulator};

use crate::{LockstepError, wire};

/// The simulator steps, and its PLCs answer, this often.
pub const FIELD_MS: u32 = 100;

/// One tag of the field.
#[derive(Clone, Debug)]
struct Wire {
    io: IoPoint,
    place: Point,
    /// What arrived last, and what the engine was told.
    value: f64,
    told: Option<(u64, Quality)>,
}

#[derive(Clone, Debug)]
struct Link {
    name: String,
    point: PointId,
    watchdog_ms: u64,
    /// What the engine was told of it.
    up: Option<bool>,
}

/// Simulator and wires.
pub struct Field {
    pub simulator: Simulator,
    wires: Vec<Wire>,
    links: Vec<Link>,
    step_ms: u32,
}

impl Field {
    /// # Errors
    ///
    /// When the simulator does not have a tag that the plant asks for.
    pub fn new(plant: &Plant, simulator: Simulator) -> Result<Self, LockstepError> {
        let binding = simulator.bind_map(&plant.io)?;
        let wires = plant.io.points.iter().zip(binding.points).map(|(io, place)| {
            let value = plant.point(io.point).initial;
            Wire { io: io.clone(), place, value, told: None }
        });
        let links = plant.io.devices.iter().map(|device| Link {
            name: device.name.clone(),
            point: device.link,
            watchdog_ms: u64::from(device.watchdog_ms),
            up: None,
        });
        Ok(Self {
            wires: wires.collect(),
            links: links.collect(),
            step_ms: FIELD_MS.max(plant.period_ms),
            simulator,
        })
    }

    /// Goes on from where another field of the same plant is: the simulator from a snapshot.
    pub(crate) fn adopt(&mut self, other: &mut Self) -> Result<(), LockstepError> {
        self.simulator.restore(&other.simulator.snapshot())?;
        self.wires.clone_from(&other.wires);
        self.links.clone_from(&other.links);
        Ok(())
    }

    /// How much plant time one exchange takes.
    pub const fn step_ms(&self) -> u32 {
        self.step_ms
    }

    /// Outputs go out, the plant moves on, measurements come in.
    pub fn exchange(&mut self, engine: &Engine, inputs: &mut Vec<Input>) {
        if engine.is_ready() {
            self.drive(engine);
        }
        self.simulator.step(self.step_ms);
        self.collect(inputs);
    }

    fn drive(&mut self, engine: &Engine) {
        for wire in &self.wires {
            let Point::Actuator(index) = wire.place else { continue };
            let up = self.links[wire.io.device.index()].up == Some(true);
            if let Some(value) = wire::commanded(&wire.io, engine.image().value(wire.io.point)).filter(|_| up)
            {
                self.simulator.actuator(index, value);
            }
        }
    }

    /// What the engine must hear: where outputs stand behind a link that is new, the link itself, and
    /// every input that has changed.
    fn collect(&mut self, inputs: &mut Vec<Input>) {
        for (index, link) in self.links.iter_mut().enumerate() {
            let up = !self.simulator.device_is_lost(&link.name);
            if link.up == Some(up) {
                continue;
            }
            link.up = Some(up);
            for wire in self.wires.iter().filter(|wire| up && wire.io.device.index() == index) {
                if let Point::Actuator(actuator) = wire.place
                    && let Some(value) = wire::commanded(&wire.io, self.simulator.actuator_value(actuator))
                {
                    inputs.push(Input { point: wire.io.point, value, quality: Quality::Good });
                }
            }
            inputs.push(Input { point: link.point, value: f64::from(u8::from(up)), quality: Quality::Good });
        }
        for wire in &mut self.wires {
            let Point::Sensor(index) = wire.place else { continue };
            let (value, quality) = self.simulator.sensor(index);
            let quality = if self.links[wire.io.device.index()].up == Some(true) {
                let reading = wire::measured(&wire.io, value, quality);
                wire.value = reading.value.unwrap_or(wire.value);
                reading.quality
            } else {
                Quality::BadNoCommunication
            };
            let now = (wire.value.to_bits(), quality);
            if wire.told != Some(now) {
                wire.told = Some(now);
                inputs.push(Input { point: wire.io.point, value: wire.value, quality });
            }
        }
    }

    /// Nobody counts the heartbeat up for so long: watchdogs fire, and the plant goes on without a controller.
    /// Whoever comes back has been told nothing.
    pub fn leave_alone(&mut self, away_ms: u64) {
        let step = u64::from(self.step_ms);
        for elapsed in (0..away_ms).step_by(self.step_ms as usize) {
            for wire in &self.wires {
                let fired = elapsed + step > self.links[wire.io.device.index()].watchdog_ms;
                if let (Point::Actuator(index), true) = (wire.place, fired) {
                    self.simulator.actuator(index, wire.io.fail_value);
                }
            }
            self.simulator.step(self.step_ms);
        }
        self.links.iter_mut().for_each(|link| link.up = None);
        self.wires.iter_mut().for_each(|wire| wire.told = None);
    }

    /// How well the simulator's balances have closed.
    pub fn closure(&self) -> Closure {
        self.simulator.closure()
    }
}
