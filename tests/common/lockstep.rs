//! Engine and simulator in one thread on virtual time: a day of plant in seconds, and no sockets.

use std::path::Path;
use std::sync::Arc;

use control::plant::Plant;
use control::{Engine, Input, ScanOutput};
use model::{
    Action, Command, Event, EventBody, Mode, PointId, ProcOrder, ProcState, Quality, Refusal, Source, UserId,
};
use sim_plant::{Initial, Parameters, Point, Simulator};

/// The simulator steps, and its PLCs answer, this often.
const FIELD_MS: u32 = 100;

pub struct Lockstep {
    pub engine: Engine,
    pub simulator: Simulator,
    field: Vec<(PointId, Point)>,
    links: Vec<PointId>,
    told: Vec<(u64, Quality)>,
    tick: u64,
    commands: Vec<Command>,
    next_command: u64,
    output: ScanOutput,
    pub events: Vec<Event>,
}

pub fn refinery() -> Arc<Plant> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants/refinery");
    let mut sources = Vec::new();
    collect(&folder, &folder, &mut sources);
    sources.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    match control::compile(&sources) {
        Ok(compiled) => Arc::new(compiled.plant),
        Err(findings) => panic!("{findings:#?}"),
    }
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|ending| ending == "toml" || ending == "phase") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push(Source { path: name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

impl Lockstep {
    pub fn new(plant: &Arc<Plant>, initial: Initial) -> Self {
        let simulator = Simulator::new(&Parameters::built_in().unwrap(), initial, 7);
        let binding = simulator.bind_map(&plant.io).unwrap();
        let field = plant.io.points.iter().map(|point| point.point).zip(binding.points).collect::<Vec<_>>();
        Self {
            engine: Engine::new(plant.clone()),
            told: vec![(0, Quality::BadWaitingForInitialData); field.len()],
            field,
            links: plant.io.devices.iter().map(|device| device.link).collect(),
            simulator,
            tick: 0,
            commands: Vec::new(),
            next_command: 1,
            output: ScanOutput::with_capacity(4096),
            events: Vec::new(),
        }
    }

    /// Lets `seconds` of plant time pass.
    pub fn run(&mut self, seconds: f64) {
        let ticks = (seconds * 1000.0 / f64::from(self.engine.plant().period_ms)) as u64;
        for _ in 0..ticks {
            self.scan();
        }
    }

    /// Runs until `done`, at most so long; says whether it came.
    pub fn run_until(&mut self, hours: f64, mut done: impl FnMut(&Self) -> bool) -> bool {
        for _ in 0..(hours * 3600.0) as u64 {
            self.run(1.0);
            if done(self) {
                return true;
            }
        }
        false
    }

    fn scan(&mut self) {
        let field_ticks = u64::from(FIELD_MS / self.engine.plant().period_ms);
        let mut inputs = Vec::new();
        if self.tick == 0 {
            self.take_over(&mut inputs);
        }
        if self.tick.is_multiple_of(field_ticks) {
            if self.tick > 0 {
                self.drive();
            }
            self.simulator.step(FIELD_MS);
            self.measure(&mut inputs);
        }
        let commands = std::mem::take(&mut self.commands);
        self.engine.scan(self.tick, &inputs, &commands, &mut self.output);
        self.events.extend(self.output.events());
        self.tick += 1;
    }

    /// The controller dies. The PLCs miss its heartbeat and go to their fail positions; after so long a
    /// new process takes the state up and meets them there.
    pub fn restart_controller(&mut self, away_s: f64) {
        let mut saved = model::StateWriter::default();
        self.engine.save(&mut saved);
        let plant = self.engine.plant().clone();
        for (point, place) in &self.field {
            if let Point::Actuator(index) = place {
                let io = plant.io.points.iter().find(|io| io.point == *point).unwrap();
                self.simulator.actuator(*index, io.fail_value);
            }
        }
        for _ in 0..(away_s * 1000.0) as u32 / FIELD_MS {
            self.simulator.step(FIELD_MS);
        }
        self.engine = Engine::new(plant);
        self.engine.restore(&saved.0).unwrap();
        self.engine.resume();
        self.tick += (away_s * 1000.0) as u64 / u64::from(self.engine.plant().period_ms);
        self.told.fill((0, Quality::BadWaitingForInitialData));
        let mut inputs = Vec::new();
        self.take_over(&mut inputs);
        // The outputs first, as the shell tells them: then the links.
        inputs.rotate_left(self.links.len());
        self.measure(&mut inputs);
        self.engine.scan(self.tick, &inputs, &[], &mut self.output);
        self.events.extend(self.output.events());
        self.tick += 1;
    }

    fn take_over(&self, inputs: &mut Vec<Input>) {
        for link in &self.links {
            inputs.push(Input { point: *link, value: 1.0, quality: Quality::Good });
        }
        for (point, place) in &self.field {
            if let Point::Actuator(index) = place {
                let value = self.simulator.actuator_value(*index);
                inputs.push(Input { point: *point, value, quality: Quality::Good });
            }
        }
    }

    fn drive(&mut self) {
        if !self.engine.is_ready() {
            return;
        }
        for (point, place) in &self.field {
            if let Point::Actuator(index) = place {
                self.simulator.actuator(*index, self.engine.image().value(*point));
            }
        }
    }

    fn measure(&mut self, inputs: &mut Vec<Input>) {
        for ((point, place), told) in self.field.iter().zip(&mut self.told) {
            if let Point::Sensor(index) = place {
                let (value, quality) = self.simulator.sensor(*index);
                if *told != (value.to_bits(), quality) {
                    *told = (value.to_bits(), quality);
                    inputs.push(Input { point: *point, value, quality });
                }
            }
        }
    }

    pub fn value(&self, name: &str) -> f64 {
        let point = self.engine.plant().find_point(name).unwrap_or_else(|| panic!("no point {name}"));
        self.engine.image().value(point)
    }

    pub fn mode(&self, block: &str) -> Mode {
        Mode::from_value(self.value(&format!("{block}.MODE")))
    }

    /// Sends a command, runs the scan that takes it, and returns its answer.
    pub fn execute(&mut self, action: Action) -> Result<(), Refusal> {
        let id = self.next_command;
        self.next_command += 1;
        self.commands.push(Command { id, user: UserId(1), action });
        let before = self.events.len();
        self.scan();
        let answer = self.events[before..].iter().find_map(|event| match event.body {
            EventBody::Command { command, refused, .. } if command.id == id => Some(refused),
            _ => None,
        });
        match answer.expect("every command is answered in the scan that takes it") {
            None => Ok(()),
            Some(refusal) => Err(refusal),
        }
    }

    pub fn write(&mut self, name: &str, value: f64) -> Result<(), Refusal> {
        let point = self.engine.plant().find_point(name).unwrap_or_else(|| panic!("no point {name}"));
        self.execute(Action::Write { point, value })
    }

    pub fn start_recipe(&mut self, name: &str, batch: u32) -> Result<(), Refusal> {
        let recipe = self.engine.plant().find_recipe(name).unwrap_or_else(|| panic!("no recipe {name}"));
        self.execute(Action::Prepare { recipe, batch })?;
        self.execute(Action::Batch { recipe, order: ProcOrder::Start })
    }

    /// The state that the batch went to last.
    pub fn batch_state(&self, number: u32) -> Option<ProcState> {
        self.events.iter().rev().find_map(|event| match event.body {
            EventBody::Batch { batch, to, .. } if batch == number => Some(to),
            _ => None,
        })
    }

    pub fn hour(&self) -> f64 {
        self.tick as f64 * f64::from(self.engine.plant().period_ms) / 3.6e6
    }

    /// What happened, ready to read; for the message of a failing test.
    pub fn story(&self, last: usize) -> String {
        let plant = self.engine.plant();
        let from = self.events.len().saturating_sub(last);
        let line = |event: &Event| {
            let (kind, tag, text) = control::describe(plant, event);
            let seconds = event.tick as f64 * f64::from(plant.period_ms) / 1e3;
            format!("{seconds:>10.2} s  {:<6} {tag:<12} {text}\n", kind.word())
        };
        self.events[from..].iter().map(line).collect()
    }

    pub fn trips(&self) -> Vec<String> {
        self.events
            .iter()
            .filter(|event| {
                matches!(
                    event.body,
                    EventBody::Interlock { change: model::InterlockChange::Tripped { .. }, .. }
                )
            })
            .map(|event| {
                let (_, tag, text) = control::describe(self.engine.plant(), event);
                format!("{tag} {text}")
            })
            .collect()
    }
}
