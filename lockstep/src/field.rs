//! The simulated plant behind links that go and come, as the scan sees a field.

use control::plant::Plant;
use control::{Engine, Input};
use model::{PointId, Quality};
use sim_plant::{Closure, Point, Simulator};

use crate::LockstepError;
use crate::wire::Wire;

/// The simulator steps, and its PLCs answer, this often.
pub const FIELD_MS: u32 = 100;

/// An input of the engine.
#[derive(Clone, Debug)]
struct Measured {
    wire: Wire,
    point: PointId,
    link: usize,
    sensor: usize,
    /// What the instrument showed last, over a link that is up: the wire makes the same of the same.
    seen: Option<(u64, Quality)>,
    /// What arrived last, and what the engine was told.
    value: f64,
    told: Option<(u64, Quality)>,
}

/// An output of the engine.
#[derive(Clone, Debug)]
struct Commanded {
    wire: Wire,
    point: PointId,
    link: usize,
    actuator: usize,
    fail: f64,
    /// What the engine said last over the link as it is up now, and what the wire made of it.
    said: Option<(u64, Option<f64>)>,
}

#[derive(Clone, Debug)]
struct Link {
    name: String,
    point: PointId,
    watchdog_ms: u64,
    /// What the engine was told of it.
    up: Option<bool>,
    /// For how long its PLC has been in STOP and refused the heartbeat.
    refused_ms: u64,
}

impl Link {
    /// Whether the bridge calls it up now. A PLC that refuses its heartbeat is lost after its watchdog's time, and no
    /// link comes up to one. Where a moment of STOP has moved outputs, the link is down for as long as it takes to
    /// look at them anew.
    fn answers(
        &mut self,
        is_lost: bool,
        is_stopped: bool,
        step_ms: u32,
        moved: impl FnOnce() -> bool,
    ) -> bool {
        let was_up = self.up == Some(true);
        let refused_ms = self.refused_ms;
        self.refused_ms = if is_stopped { refused_ms + u64::from(step_ms) } else { 0 };
        match (is_lost, is_stopped) {
            (true, _) => false,
            (false, true) => was_up && refused_ms < self.watchdog_ms,
            (false, false) => !(was_up && refused_ms > 0 && moved()),
        }
    }
}

/// Simulator and wires.
pub struct Field {
    pub simulator: Simulator,
    measured: Vec<Measured>,
    /// Of each of the simulator's instruments, its place in `measured`.
    by_sensor: Vec<Option<usize>>,
    commanded: Vec<Commanded>,
    links: Vec<Link>,
    /// Every instrument has to be looked at, not only those that have had a turn.
    all: bool,
    step_ms: u32,
}

impl Field {
    /// # Errors
    ///
    /// When the simulator does not have a tag that the plant asks for.
    pub fn new(plant: &Plant, simulator: Simulator) -> Result<Self, LockstepError> {
        let binding = simulator.bind_map(&plant.io)?;
        let (mut measured, mut commanded) = (Vec::new(), Vec::new());
        for (io, place) in plant.io.points.iter().zip(binding.points) {
            let (wire, point, link) = (Wire::of(io), io.point, io.device.index());
            match place {
                Point::Sensor(sensor) => {
                    let value = plant.point(point).initial;
                    measured.push(Measured { wire, point, link, sensor, seen: None, value, told: None });
                }
                Point::Actuator(actuator) => {
                    commanded.push(Commanded {
                        wire,
                        point,
                        link,
                        actuator,
                        fail: io.fail_value,
                        said: None,
                    });
                }
            }
        }
        let links = plant.io.devices.iter().map(|device| Link {
            name: device.name.clone(),
            point: device.link,
            watchdog_ms: u64::from(device.watchdog_ms),
            up: None,
            refused_ms: 0,
        });
        let mut by_sensor = vec![None; simulator.tag_names().count()];
        for (place, measured) in measured.iter().enumerate() {
            by_sensor[measured.sensor] = Some(place);
        }
        Ok(Self {
            measured,
            by_sensor,
            commanded,
            links: links.collect(),
            all: true,
            step_ms: FIELD_MS.max(plant.period_ms),
            simulator,
        })
    }

    /// Goes on from where another field of the same plant is: the simulator from a snapshot.
    pub(crate) fn adopt(&mut self, other: &mut Self) -> Result<(), LockstepError> {
        self.simulator.restore(&other.simulator.snapshot())?;
        self.measured.clone_from(&other.measured);
        self.commanded.clone_from(&other.commanded);
        self.links.clone_from(&other.links);
        // What has been heard came over with the rest: both hear the same next, in the same order.
        self.all = other.all;
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
        for command in &mut self.commanded {
            let link = &self.links[command.link];
            if link.up != Some(true) || link.refused_ms > 0 {
                continue;
            }
            let value = engine.image().value(command.point);
            if command.said.is_some_and(|(said, _)| said == value.to_bits()) {
                continue;
            }
            let arrived = command.wire.commanded(value);
            command.said = Some((value.to_bits(), arrived));
            if let Some(value) = arrived {
                self.simulator.actuator(command.actuator, value);
            }
        }
    }

    /// What the engine must hear: where outputs stand behind a link that is new, the link itself, and
    /// every input that has changed.
    fn collect(&mut self, inputs: &mut Vec<Input>) {
        for (index, link) in self.links.iter_mut().enumerate() {
            let (is_lost, is_stopped) =
                (self.simulator.device_is_lost(&link.name), self.simulator.device_is_stopped(&link.name));
            let moved = |command: &Commanded| {
                let accepted = command.said.and_then(|(_, arrived)| arrived);
                accepted.is_some_and(|value| value != self.simulator.actuator_value(command.actuator))
            };
            let refused = link.refused_ms > 0;
            let of_link = || self.commanded.iter().filter(|command| command.link == index);
            let up = link.answers(is_lost, is_stopped, self.step_ms, || of_link().any(moved));
            // What has not been read in during a STOP is after it.
            self.all |= refused && link.refused_ms == 0;
            if link.up == Some(up) {
                continue;
            }
            link.up = Some(up);
            self.all = true;
            for command in self.commanded.iter_mut().filter(|command| command.link == index) {
                command.said = None;
                let stands = self.simulator.actuator_value(command.actuator);
                if let Some(value) = command.wire.commanded(stands).filter(|_| up) {
                    inputs.push(Input { point: command.point, value, quality: Quality::Good });
                }
            }
            inputs.push(Input { point: link.point, value: f64::from(u8::from(up)), quality: Quality::Good });
        }
        if core::mem::take(&mut self.all) {
            for measured in &mut self.measured {
                measured.hear(&self.simulator, &self.links[measured.link], inputs);
            }
        } else {
            for sensor in self.simulator.renewed() {
                let Some(place) = self.by_sensor[*sensor] else { continue };
                let measured = &mut self.measured[place];
                measured.hear(&self.simulator, &self.links[measured.link], inputs);
            }
        }
    }

    /// Nobody counts the heartbeat up for so long: watchdogs fire, and the plant goes on without a controller.
    /// Whoever comes back has been told nothing.
    pub fn leave_alone(&mut self, away_ms: u64) {
        let step = u64::from(self.step_ms);
        for elapsed in (0..away_ms).step_by(self.step_ms as usize) {
            for command in &self.commanded {
                if elapsed + step > self.links[command.link].watchdog_ms {
                    self.simulator.actuator(command.actuator, command.fail);
                }
            }
            self.simulator.step(self.step_ms);
        }
        self.links.iter_mut().for_each(|link| (link.up, link.refused_ms) = (None, 0));
        self.measured.iter_mut().for_each(|measured| (measured.seen, measured.told) = (None, None));
        self.all = true;
    }

    /// How well the simulator's balances have closed.
    pub fn closure(&self) -> Closure {
        self.simulator.closure()
    }
}

impl Measured {
    /// Tells the engine what is new.
    fn hear(&mut self, simulator: &Simulator, link: &Link, inputs: &mut Vec<Input>) {
        let up = link.up == Some(true);
        // In STOP nothing reads the instruments in: what arrives is what stood there.
        if up && link.refused_ms > 0 {
            return;
        }
        let quality = if up {
            let (value, quality) = simulator.sensor(self.sensor);
            let now = Some((value.to_bits(), quality));
            if self.seen == now {
                return;
            }
            self.seen = now;
            let reading = self.wire.measured(value, quality);
            self.value = reading.value.unwrap_or(self.value);
            reading.quality
        } else {
            self.seen = None;
            Quality::BadNoCommunication
        };
        let now = (self.value.to_bits(), quality);
        if self.told != Some(now) {
            self.told = Some(now);
            inputs.push(Input { point: self.point, value: self.value, quality });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::Arc;

    use model::Source;
    use sim_plant::{Initial, Parameters, Simulator};

    use crate::Lockstep;

    /// Tag, unit and top of the range.
    type Tag = (&'static str, &'static str, f64);

    fn small(tags: &[Tag]) -> Lockstep {
        let mut io = r#"
            [device.PLC-300]
            description = "I/O"
            protocol = "modbus-tcp"
            endpoint = "127.0.0.1:5020"
            unit_id = 1
            watchdog = "2 s"
            heartbeat = "holding 0""#
            .to_owned();
        for (register, (tag, unit, top)) in tags.iter().enumerate() {
            let _ = write!(
                io,
                r#"
                [tag.{tag}]
                description = "measured"
                unit = "{unit}"
                range = [0, {top}]
                io = {{ device = "PLC-300", input = {register}, raw = [0, 27648] }}"#
            );
        }
        let plant = "[plant]\nname = \"small\"\nperiod = \"100 ms\"";
        let text = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        let sources = [text("plant.toml", plant), text("io.toml", &io)];
        let plant = Arc::new(control::compile(&sources).unwrap().plant);
        let simulator = Simulator::new(&Parameters::built_in().unwrap(), Initial::Running, 7);
        Lockstep::new(plant, simulator).unwrap()
    }

    #[test]
    fn whoever_looks_only_at_instruments_that_have_had_a_turn_has_heard_all_of_them() {
        let mut small = small(&[("TT-311", "degC", 120.0), ("LT-311", "%", 100.0)]);
        let faults: [(&str, &[(&str, &str)]); 4] = [
            ("sensor-fail", &[("tag", "TT-311")]),
            ("sensor-freeze", &[("tag", "LT-311")]),
            ("link-loss", &[("device", "PLC-300")]),
            ("plc-stop", &[("device", "PLC-300")]),
        ];
        let mut heard = 0;
        for second in 0..400_u32 {
            let (name, place) = faults[second as usize / 7 % 4];
            let place: Vec<_> = place.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
            let simulator = &mut small.field.simulator;
            match second % 7 {
                2 => simulator.apply_fault(name, &place).unwrap(),
                5 => simulator.clear_fault(name, &place).unwrap(),
                _ => {}
            }
            for _ in 0..10 {
                small.run_ms(100);
                let field = &small.field;
                for measured in &field.measured {
                    let link = &field.links[measured.link];
                    if link.up == Some(true) && link.refused_ms == 0 {
                        let (value, quality) = field.simulator.sensor(measured.sensor);
                        assert_eq!(measured.seen, Some((value.to_bits(), quality)), "{second} {name}");
                        heard += 1;
                    }
                }
            }
        }
        assert!(heard > 4000, "{heard}");
    }

    /// Whoever hears the same in another order counts another hash: here the flows stand in another order than the
    /// simulator's instruments have their turn.
    #[test]
    fn a_field_that_goes_on_from_another_hears_the_same_next_in_the_same_order() {
        let flows: [Tag; 4] = [
            ("FT-322", "m3/h", 2.0),
            ("FT-313", "L/h", 200.0),
            ("FT-311", "m3/h", 60.0),
            ("FT-301", "m3/h", 4.0),
        ];
        let (mut first, mut second) = (small(&flows), small(&flows));
        let mut heard_several = 0;
        for _ in 0..60 {
            second.field.adopt(&mut first.field).unwrap();
            let [mut here, mut there] = [Vec::new(), Vec::new()];
            let Lockstep { engine, field, .. } = &mut first;
            field.exchange(engine, &mut here);
            second.field.exchange(engine, &mut there);
            assert_eq!(here, there);
            heard_several += u32::from(here.len() > 1);
        }
        assert!(heard_several > 9, "{heard_several}");
    }
}
