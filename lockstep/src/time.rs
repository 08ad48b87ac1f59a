//! Virtual time: scans and plant steps in turn, and commands in between.

use std::sync::Arc;

use control::plant::Plant;
use control::{Engine, Input, ScanOutput};
use model::{
    Action, Command, Event, EventBody, InterlockChange, Mode, ProcOrder, ProcState, RecipeId, Refusal, UserId,
};
use sim_plant::Simulator;

use crate::{Field, LockstepError};

/// A scan reports no more events than this; what is beyond is counted.
const EVENTS_PER_SCAN: usize = 4096;

/// A controller and its plant.
pub struct Lockstep {
    pub engine: Engine,
    pub field: Field,
    /// Everything that was reported.
    pub events: Vec<Event>,
    /// What the last scan was given.
    pub inputs: Vec<Input>,
    pub taken: Vec<Command>,
    commands: Vec<Command>,
    tick: u64,
    next_command: u64,
    output: ScanOutput,
}

impl Lockstep {
    /// # Errors
    ///
    /// When the simulator does not have a tag that the plant asks for.
    pub fn new(plant: Arc<Plant>, simulator: Simulator) -> Result<Self, LockstepError> {
        Ok(Self {
            field: Field::new(&plant, simulator)?,
            engine: Engine::new(plant),
            events: Vec::new(),
            inputs: Vec::new(),
            taken: Vec::new(),
            commands: Vec::new(),
            tick: 0,
            next_command: 1,
            output: ScanOutput::with_capacity(EVENTS_PER_SCAN),
        })
    }

    pub fn plant(&self) -> &Arc<Plant> {
        self.engine.plant()
    }

    fn period_ms(&self) -> u64 {
        u64::from(self.engine.plant().period_ms.max(1))
    }

    /// Plant time since the start.
    pub fn now_ms(&self) -> u64 {
        self.tick * self.period_ms()
    }

    pub fn hour(&self) -> f64 {
        self.now_ms() as f64 / 3.6e6
    }

    /// Lets so much plant time pass.
    pub fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms / self.period_ms() {
            self.scan();
        }
    }

    /// Runs until `done`, at most so long; says whether it came. It is asked once a second.
    pub fn run_until(&mut self, hours: f64, mut done: impl FnMut(&Self) -> bool) -> bool {
        for _ in 0..(hours * 3600.0) as u64 {
            self.run_ms(1000);
            if done(self) {
                return true;
            }
        }
        false
    }

    /// One scan, with a step of the plant before it when one is due.
    pub fn scan(&mut self) {
        self.inputs.clear();
        if self.now_ms().is_multiple_of(u64::from(self.field.step_ms())) {
            self.field.exchange(&self.engine, &mut self.inputs);
        }
        self.taken.clear();
        self.taken.append(&mut self.commands);
        self.engine.scan(self.tick, &self.inputs, &self.taken, &mut self.output);
        self.events.extend_from_slice(self.output.events());
        self.tick += 1;
    }

    /// The events of the last scan.
    pub fn last_events(&self) -> &[Event] {
        self.output.events()
    }

    /// The controller dies. The PLCs miss its heartbeat and go to their fail positions when their
    /// watchdogs say so; after so long a new process takes the state up and meets them there.
    ///
    /// # Errors
    ///
    /// When the state that was saved does not fit, which would be a mistake of the engine.
    pub fn restart_controller(&mut self, away_ms: u64) -> Result<(), LockstepError> {
        let mut saved = model::StateWriter::default();
        self.engine.save(&mut saved);
        self.field.leave_alone(away_ms);
        let mut engine = Engine::new(self.engine.plant().clone());
        engine.restore(&saved.0)?;
        engine.resume();
        self.engine = engine;
        // On the grid of the field's steps, so that the first scan meets the field.
        let step = u64::from(self.field.step_ms()) / self.period_ms();
        self.tick = (self.tick + away_ms / self.period_ms()).next_multiple_of(step.max(1));
        Ok(())
    }

    /// Goes on from where another pair of the same plant is, by way of its snapshots.
    pub(crate) fn adopt(&mut self, other: &mut Self) -> Result<(), LockstepError> {
        let mut saved = model::StateWriter::default();
        other.engine.save(&mut saved);
        let mut engine = Engine::new(other.engine.plant().clone());
        engine.restore(&saved.0)?;
        self.engine = engine;
        self.field.adopt(&mut other.field)?;
        self.commands.clone_from(&other.commands);
        (self.tick, self.next_command) = (other.tick, other.next_command);
        Ok(())
    }

    /// The value of a point after the last scan.
    pub fn value(&self, name: &str) -> Option<f64> {
        let point = self.engine.plant().find_point(name)?;
        Some(self.engine.image().value(point))
    }

    pub fn mode(&self, block: &str) -> Option<Mode> {
        self.value(&format!("{block}.MODE")).map(Mode::from_value)
    }

    /// Puts a command before the next scan, and gives its number.
    pub fn order(&mut self, action: Action) -> u64 {
        let id = self.next_command;
        self.next_command += 1;
        self.commands.push(Command { id, user: UserId(1), action });
        id
    }

    /// What the last scan answered to a command; `None` when it was not asked.
    pub fn answer(&self, id: u64) -> Option<Result<(), Refusal>> {
        self.output.events().iter().find_map(|event| match event.body {
            EventBody::Command { command, refused, .. } if command.id == id => {
                Some(refused.map_or(Ok(()), Err))
            }
            _ => None,
        })
    }

    /// Sends a command, runs the scan that takes it, and returns its answer.
    ///
    /// # Errors
    ///
    /// The reason of the refusal.
    pub fn execute(&mut self, action: Action) -> Result<(), Refusal> {
        let id = self.order(action);
        self.scan();
        self.answer(id).unwrap_or(Err(Refusal::TooMany))
    }

    /// # Errors
    ///
    /// The reason of the refusal; an unknown name is one.
    pub fn write(&mut self, name: &str, value: f64) -> Result<(), Refusal> {
        let point = self.engine.plant().find_point(name).ok_or(Refusal::Unknown)?;
        self.execute(Action::Write { point, value })
    }

    /// # Errors
    ///
    /// The reason of the first refusal.
    pub fn start_recipe(
        &mut self,
        recipe: RecipeId,
        batch: u32,
        parameters: &[(u16, f64)],
    ) -> Result<(), Refusal> {
        self.execute(Action::Prepare { recipe, batch })?;
        for (parameter, value) in parameters {
            self.execute(Action::Parameter { recipe, parameter: *parameter, value: *value })?;
        }
        self.execute(Action::Batch { recipe, order: ProcOrder::Start })
    }

    /// The state that the batch went to last.
    pub fn batch_state(&self, number: u32) -> Option<ProcState> {
        self.events.iter().rev().find_map(|event| match event.body {
            EventBody::Batch { batch, to, .. } if batch == number => Some(to),
            _ => None,
        })
    }

    /// What happened last, ready to read.
    pub fn story(&self, last: usize) -> String {
        let from = self.events.len().saturating_sub(last);
        self.events[from..].iter().map(|event| self.line(event)).collect()
    }

    fn line(&self, event: &Event) -> String {
        let (kind, tag, text) = control::describe(self.engine.plant(), event);
        let seconds = (event.tick * self.period_ms()) as f64 / 1e3;
        format!("{seconds:>10.2} s  {:<6} {tag:<12} {text}\n", kind.word())
    }

    /// Every trip, in words.
    pub fn trips(&self) -> Vec<String> {
        let is_trip = |event: &&Event| {
            matches!(event.body, EventBody::Interlock { change: InterlockChange::Tripped { .. }, .. })
        };
        let words = |event: &Event| {
            let (_, tag, text) = control::describe(self.engine.plant(), event);
            format!("{tag} {text}")
        };
        self.events.iter().filter(is_trip).map(words).collect()
    }
}
