//! Control recipes: carries the orders of [`recipes::Procedure`] to the phases.

use model::{Action, EventBody, PhaseId, ProcOrder, ProcState, Quality, RecipeId, Refusal};
use recipes::{Demand, PhaseCall};

use crate::phase::Scene;
use crate::service::device_of;

impl Scene<'_> {
    /// One step of every control recipe that is under way.
    pub(crate) fn run_procedures(&mut self, elapsed: u64) {
        for index in 0..self.plant.recipes.len() {
            if !self.state.procedures[index].state().is_active() {
                continue;
            }
            let from = self.state.procedures[index].state();
            let phase = self.phase_state(index);
            let (recipe, tick) = (&self.plant.recipes[index], self.state.tick);
            let demand = self.state.procedures[index].step(recipe, phase, elapsed, tick);
            self.obey(index, demand);
            self.report_batch(index, from);
        }
    }

    /// An order of a person to the control recipe. Gives the state that was left.
    pub(crate) fn order_batch(&mut self, index: usize, order: ProcOrder) -> Result<ProcState, Refusal> {
        let from = self.state.procedures[index].state();
        let begins = order == ProcOrder::Start && from == ProcState::Idle;
        let runs = || self.phase_that_runs_on(&self.plant.recipes[index].equipment);
        if begins && self.state.procedures[index].is_present() && runs().is_some() {
            return Err(Refusal::UnitBusy);
        }
        let phase = self.phase_state(index);
        let (recipe, tick) = (&self.plant.recipes[index], self.state.tick);
        let demand = self.state.procedures[index].order(recipe, order, phase, tick)?;
        self.obey(index, demand);
        self.report_batch(index, from);
        if order == ProcOrder::Reset {
            self.reset_phases_of(index);
        }
        Ok(from)
    }

    /// A new control recipe on its unit, if that is free.
    pub(crate) fn prepare_batch(&mut self, index: usize, batch: u32) -> Result<(), Refusal> {
        if self.unit_batch(&self.plant.recipes[index].equipment).is_some() {
            return Err(Refusal::UnitBusy);
        }
        // Events, phases and people know a batch by its number alone.
        if self.recipe_of_batch(batch).is_some() {
            return Err(Refusal::NumberTaken);
        }
        let (recipe, tick) = (&self.plant.recipes[index], self.state.tick);
        self.state.procedures[index].prepare(recipe, batch, tick)
    }

    fn recipe_of_batch(&self, batch: u32) -> Option<usize> {
        self.state.procedures.iter().position(|other| other.is_present() && other.batch() == batch)
    }

    /// What stands against a refused order to a batch, a phase or the valve of a stroke test, for the words of its answer.
    pub(crate) fn in_the_way(&self, action: &Action, refusal: Refusal) -> Option<f64> {
        const NOTHING: f64 = -1.0;
        let batch_on = |equipment: &str| {
            let index = self.unit_batch(equipment)?;
            Some(f64::from(self.state.procedures[index].batch()))
        };
        let equipment = |recipe: RecipeId| Some(&self.plant.recipes.get(recipe.index())?.equipment);
        match (*action, refusal) {
            (Action::Prepare { recipe, .. }, Refusal::UnitBusy) => batch_on(equipment(recipe)?),
            (Action::Prepare { batch, .. }, Refusal::NumberTaken) => {
                self.recipe_of_batch(batch).map(|index| index as f64)
            }
            (Action::Batch { recipe, .. }, Refusal::UnitBusy) => {
                self.phase_that_runs_on(equipment(recipe)?).map(|index| index as f64)
            }
            (Action::Batch { recipe, .. }, Refusal::NotInThisState) => {
                let procedure = self.state.procedures.get(recipe.index())?;
                Some(if procedure.is_present() { f64::from(procedure.state() as u8) } else { NOTHING })
            }
            (Action::Phase { phase, .. }, Refusal::UnitBusy) => {
                let owner = self.state.phases.get(phase.index())?.recipe.checked_sub(1);
                let owner = owner.and_then(|owner| self.state.procedures.get(owner as usize));
                let batch = owner.filter(|owner| owner.state().is_active()).map(recipes::Procedure::batch);
                let definition = self.plant.phases.get(phase.index())?;
                batch.map(f64::from).or_else(|| batch_on(&definition.equipment))
            }
            (Action::Experiment { block, .. }, Refusal::NotInThisState) => {
                let device = device_of(self.plant, block)?;
                let tested = self.state.valve_tests.iter().any(|test| test.is_of(block));
                Some(if tested { NOTHING } else { self.state.image.value(device.state) })
            }
            _ => None,
        }
    }

    /// An order of a person to a single phase, which must not belong to a batch.
    pub(crate) fn order_single_phase(
        &mut self,
        index: usize,
        order: ProcOrder,
    ) -> Result<ProcState, Refusal> {
        let owner = self.state.phases[index].recipe;
        let batch = self.unit_batch(&self.plant.phases[index].equipment);
        let runs = |recipe: usize| {
            self.state.procedures.get(recipe).is_some_and(|procedure| procedure.state().is_active())
        };
        let taken = owner != 0 && runs(owner as usize - 1);
        if taken || (order == ProcOrder::Start && batch.is_some_and(runs)) {
            return Err(Refusal::UnitBusy);
        }
        if order == ProcOrder::Start {
            let memory = &mut self.state.phases[index];
            (memory.recipe, memory.batch) = (0, 0);
        }
        self.order_phase(index, order)
    }

    /// State of the phase that is current, as far as it runs for this recipe.
    fn phase_state(&self, index: usize) -> ProcState {
        let call = self.state.procedures[index].current(&self.plant.recipes[index]);
        call.and_then(|call| self.state.phases.get(call.phase.index()))
            .filter(|phase| phase.recipe as usize == index + 1)
            .map_or(ProcState::Idle, |phase| phase.state)
    }

    fn obey(&mut self, index: usize, demand: Option<Demand>) {
        let Some(call) = self.state.procedures[index].current(&self.plant.recipes[index]) else { return };
        match demand {
            None => {}
            // What is refused now is demanded again at the next step.
            Some(Demand::Start) => {
                let started = self.start_phase(index, call);
                if started.is_ok() {
                    self.state.procedures[index].phase_started();
                }
            }
            Some(Demand::Order(order)) => {
                let _ = self.order_phase(call.phase.index(), order);
            }
        }
    }

    fn start_phase(&mut self, index: usize, call: &PhaseCall) -> Result<(), Refusal> {
        let phase = call.phase.index();
        let Some(definition) = self.plant.phases.get(phase) else { return Err(Refusal::Unknown) };
        let state = self.state.phases[phase].state;
        let elsewhere = self.unit_batch(&definition.equipment).is_some_and(|other| other != index);
        if state.is_active() || elsewhere {
            return Err(Refusal::UnitBusy);
        }
        for argument in &call.arguments {
            let point = self.plant.point(argument.point);
            let value = argument.value.resolve(self.state.procedures[index].parameters());
            match value {
                Some(value) if value < point.low => return Err(Refusal::BelowLimit),
                Some(value) if value > point.high => return Err(Refusal::AboveLimit),
                Some(value) if value.is_finite() => {
                    self.state.image.set(argument.point, value, Quality::Good);
                }
                Some(_) | None => return Err(Refusal::NotANumber),
            }
        }
        if state.is_final() {
            self.order_phase(phase, ProcOrder::Reset)?;
        }
        let memory = &mut self.state.phases[phase];
        (memory.recipe, memory.batch) = (index as u32 + 1, self.state.procedures[index].batch());
        self.order_phase(phase, ProcOrder::Start).map(|_| ())
    }

    /// The recipe whose control recipe stands on a unit.
    pub(crate) fn unit_batch(&self, equipment: &str) -> Option<usize> {
        (0..self.plant.recipes.len()).find(|index| {
            self.plant.recipes[*index].equipment == equipment && self.state.procedures[*index].is_present()
        })
    }

    /// A phase of the unit runs by a person's order.
    fn phase_that_runs_on(&self, equipment: &str) -> Option<usize> {
        let mut phases = self.plant.phases.iter().zip(&self.state.phases);
        phases.position(|(phase, memory)| phase.equipment == equipment && memory.state.is_active())
    }

    fn reset_phases_of(&mut self, index: usize) {
        for phase in 0..self.plant.phases.len() {
            let memory = &self.state.phases[phase];
            if memory.recipe as usize == index + 1 && memory.state.is_final() {
                // A final phase takes a reset.
                let _ = self.order_phase(phase, ProcOrder::Reset);
            }
        }
    }

    fn report_batch(&mut self, index: usize, from: ProcState) {
        let procedure = &self.state.procedures[index];
        let (to, batch) = (procedure.state(), procedure.batch());
        if from != to {
            let recipe = RecipeId(index as u32);
            self.out.push(self.state.tick, EventBody::Batch { recipe, batch, from, to });
        }
    }

    /// A single phase, by its number, if the plant has it.
    pub(crate) fn known_phase(&self, phase: PhaseId) -> Result<usize, Refusal> {
        if phase.index() < self.plant.phases.len() { Ok(phase.index()) } else { Err(Refusal::Unknown) }
    }
}
