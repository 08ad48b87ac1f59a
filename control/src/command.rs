//! Commands: each is done or refused at once, and answered by an event with its number.

use model::{Action, AlarmState, Command, EventBody, InterlockChange, PointId, Refusal};

use crate::alarm::{self, Order, reported_value};
use crate::engine::count_bypasses;
use crate::interlock::BYPASS_MAX_MS;
use crate::phase::Scene;
use crate::write::{Actor, write};

/// Commands that one scan does; those beyond are answered with "too many".
pub const COMMANDS_PER_SCAN: usize = 256;

impl Scene<'_> {
    pub(crate) fn take_commands(&mut self, commands: &[Command]) {
        for (number, command) in commands.iter().enumerate() {
            let answer =
                if number < COMMANDS_PER_SCAN { self.command(command) } else { Err(Refusal::TooMany) };
            let (old, refused) = match answer {
                Ok(old) => (old, None),
                Err(refusal) => (self.present(&command.action, refusal), Some(refusal)),
            };
            self.out.push(self.state.tick, EventBody::Command { command: tame(*command), old, refused });
        }
    }

    fn command(&mut self, command: &Command) -> Result<f64, Refusal> {
        match command.action {
            Action::Write { point, value } => {
                write(self.plant, self.layout, self.state, point, value, Actor::Person)
            }
            Action::Mode { block, mode } => self.order_mode(block, mode, command.user),
            Action::Acknowledge { alarm } => {
                self.order_alarm(alarm.index(), Order::Acknowledge(command.user), command)
            }
            Action::Shelve { alarm, for_ms } => {
                if for_ms > alarm::SHELVE_MAX_MS {
                    return Err(Refusal::AboveLimit);
                }
                let order = if for_ms == 0 { Order::Unshelve } else { Order::Shelve(self.after_ms(for_ms)) };
                self.order_alarm(alarm.index(), order, command)
            }
            Action::ResetInterlock { interlock } => {
                let tick = self.state.tick;
                let memory = self.state.interlocks.get_mut(interlock.index()).ok_or(Refusal::Unknown)?;
                let old = f64::from(u8::from(memory.tripped));
                memory.reset(tick)?;
                let change = InterlockChange::Reset;
                self.out.push(tick, EventBody::Interlock { interlock, change });
                Ok(old)
            }
            Action::Bypass { interlock, for_ms } => self.bypass(interlock, for_ms, command.user),
            Action::Prepare { recipe, batch } => {
                self.known_recipe(recipe.index())?;
                self.prepare_batch(recipe.index(), batch).map(|()| 0.0)
            }
            Action::Parameter { recipe, parameter, value } => {
                let definition = self.plant.recipes.get(recipe.index()).ok_or(Refusal::Unknown)?;
                self.state.procedures[recipe.index()].set_parameter(definition, parameter, value)
            }
            Action::Batch { recipe, order } => {
                self.known_recipe(recipe.index())?;
                self.order_batch(recipe.index(), order).map(|from| f64::from(from as u8))
            }
            Action::Phase { phase, order } => {
                let index = self.known_phase(phase)?;
                self.order_single_phase(index, order).map(|from| f64::from(from as u8))
            }
            Action::Experiment { block, plan } => self.begin_experiment(block, plan),
            Action::EndExperiment { block } => self.end_experiment(block),
            Action::Force { point, value, for_ms } => self.force(point, value, for_ms, command.user),
            Action::Unforce { point } => self.unforce(point, command.user),
            Action::Simulate { block, for_ms } => self.simulate(block, for_ms, command.user),
        }
    }

    fn order_alarm(&mut self, index: usize, order: Order, command: &Command) -> Result<f64, Refusal> {
        let tick = self.state.tick;
        let memory = self.state.alarms.get_mut(index).ok_or(Refusal::Unknown)?;
        let from = memory.order(order, tick)?;
        let (to, memory) = (memory.state, *memory);
        if from != to {
            self.report_alarm(index, from, &memory, command.user);
        }
        Ok(f64::from(from as u8))
    }

    pub(crate) fn report_alarm(
        &mut self,
        index: usize,
        from: AlarmState,
        memory: &alarm::AlarmMemory,
        user: model::UserId,
    ) {
        let value = reported_value(&self.plant.alarms[index], memory, &self.state.image);
        let alarm = model::AlarmId(index as u32);
        self.out.push(self.state.tick, EventBody::Alarm { alarm, from, to: memory.state, value, user });
    }

    fn bypass(
        &mut self,
        interlock: model::InterlockId,
        for_ms: u32,
        user: model::UserId,
    ) -> Result<f64, Refusal> {
        let definition = self.plant.interlocks.get(interlock.index()).ok_or(Refusal::Unknown)?;
        if definition.bypass.is_none() {
            return Err(Refusal::NotPermitted);
        }
        if for_ms > BYPASS_MAX_MS {
            return Err(Refusal::AboveLimit);
        }
        let until = if for_ms == 0 { 0 } else { self.after_ms(for_ms) };
        let memory = &mut self.state.interlocks[interlock.index()];
        let old = f64::from(u8::from(memory.bypassed_until != 0));
        let change = memory.bypass(until, user)?;
        count_bypasses(self.layout, &self.state.interlocks, &mut self.state.image);
        self.out.push(self.state.tick, EventBody::Interlock { interlock, change });
        Ok(old)
    }

    /// The tick at which `ms` from now are over.
    pub(crate) fn after_ms(&self, ms: u32) -> u64 {
        let ticks = u64::from(ms).div_ceil(u64::from(self.plant.period_ms.max(1)));
        self.state.tick.saturating_add(ticks.max(1))
    }

    fn known_recipe(&self, index: usize) -> Result<(), Refusal> {
        if index < self.plant.recipes.len() { Ok(()) } else { Err(Refusal::Unknown) }
    }

    /// What stands where a refused command wanted something else.
    fn present(&self, action: &Action, refusal: Refusal) -> f64 {
        if let Some(found) = self.in_the_way(action, refusal) {
            return found;
        }
        let value =
            |point: PointId| (point.index() < self.plant.points.len()).then(|| self.state.image.value(point));
        let found = match *action {
            Action::Write { point, .. } | Action::Force { point, .. } | Action::Unforce { point } => {
                value(point)
            }
            Action::Mode { block, .. } => match self.plant.blocks.get(block.index()).map(|block| &block.body)
            {
                Some(crate::plant::BlockBody::Pid(pid)) => value(pid.mode),
                Some(crate::plant::BlockBody::Device(device)) => value(device.mode),
                _ => None,
            },
            Action::Acknowledge { alarm } | Action::Shelve { alarm, .. } => {
                self.state.alarms.get(alarm.index()).map(|alarm| f64::from(alarm.state as u8))
            }
            Action::ResetInterlock { interlock } | Action::Bypass { interlock, .. } => {
                self.state.interlocks.get(interlock.index()).map(|memory| f64::from(u8::from(memory.tripped)))
            }
            Action::Parameter { recipe, parameter, .. } => self
                .state
                .procedures
                .get(recipe.index())
                .and_then(|procedure| procedure.parameters().get(usize::from(parameter)).copied()),
            Action::Prepare { recipe, .. } | Action::Batch { recipe, .. } => {
                self.state.procedures.get(recipe.index()).map(|procedure| f64::from(procedure.state() as u8))
            }
            Action::Experiment { block, .. } | Action::EndExperiment { block } => {
                match self.plant.blocks.get(block.index()).map(|block| &block.body) {
                    Some(crate::plant::BlockBody::Pid(pid)) => value(pid.out),
                    Some(crate::plant::BlockBody::Position(position)) => value(position.target),
                    _ => None,
                }
            }
            Action::Simulate { block, .. } => {
                let follows = |force: &&crate::Force| force.follows == block.0.wrapping_add(1);
                Some(f64::from(u8::from(self.state.forces.all().iter().any(|force| follows(&force)))))
            }
            Action::Phase { phase, .. } => {
                self.state.phases.get(phase.index()).map(|phase| f64::from(phase.state as u8))
            }
        };
        found.unwrap_or(0.0)
    }
}

/// An event never carries what is no number: JSON could not.
fn tame(mut command: Command) -> Command {
    match &mut command.action {
        Action::Write { value, .. } | Action::Parameter { value, .. } | Action::Force { value, .. }
            if !value.is_finite() =>
        {
            *value = 0.0;
        }
        Action::Experiment { plan, .. } => {
            for value in [&mut plan.amplitude, &mut plan.bias, &mut plan.hysteresis, &mut plan.deviation] {
                if !value.is_finite() {
                    *value = 0.0;
                }
            }
        }
        _ => {}
    }
    command
}
