//! The control recipe: one master recipe under way on its unit (ISA-88 part 1, procedural control).
//!
//! A pure state machine. Each step it is told the state of the one phase that is current, and
//! answers with what that phase should do. States propagate both ways: an order goes down to the
//! phase, and a phase that holds, stops or aborts by itself takes the whole procedure with it.
//!
//! ```text
//!            ┌───────────── Pausing ──► Paused
//!            ▼ Resume ◄───────────────────┘
//!  Idle ─► Running ──► Complete
//!            │  ▲
//!       Hold ▼  │ Restart
//!         Holding ──► Held ──► Restarting
//!            any of these: Stop ─► Stopping ─► Stopped,  Abort ─► Aborting ─► Aborted
//! ```

use alloc::vec::Vec;
use model::{PhaseId, ProcOrder, ProcState, Refusal, StateWalk};

use crate::{MasterRecipe, PhaseCall};

/// What the procedure wants of its current phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Give it its parameters and start it; then say [`Procedure::phase_started`].
    Start,
    Order(ProcOrder),
}

/// One line of the procedure: the unit procedure, an operation or a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub state: ProcState,
    /// Time spent in it while active.
    pub elapsed_ticks: u64,
}

/// A control recipe, or an empty place for one. Sized once; stepping never allocates.
#[derive(Clone, Debug, PartialEq)]
pub struct Procedure {
    present: bool,
    batch: u32,
    state: ProcState,
    since_tick: u64,
    /// Number of the current phase call, counted through all operations.
    position: u32,
    /// The current phase runs for this procedure.
    started: bool,
    parameters: Vec<f64>,
    nodes: Vec<Node>,
}

impl Procedure {
    pub fn new(recipe: &MasterRecipe) -> Self {
        Self {
            present: false,
            batch: 0,
            state: ProcState::Idle,
            since_tick: 0,
            position: 0,
            started: false,
            parameters: recipe.parameters.iter().map(|parameter| parameter.value).collect(),
            nodes: (0..recipe.nodes()).map(|_| Node::default()).collect(),
        }
    }

    /// A control recipe stands on its unit.
    pub fn is_present(&self) -> bool {
        self.present
    }

    pub fn batch(&self) -> u32 {
        self.batch
    }

    pub fn state(&self) -> ProcState {
        self.state
    }

    pub fn since_tick(&self) -> u64 {
        self.since_tick
    }

    /// One per parameter of the recipe.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// One per node of the flattened procedure.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The phase that is under way or next.
    pub fn current<'r>(&self, recipe: &'r MasterRecipe) -> Option<&'r PhaseCall> {
        recipe.call(self.position as usize).map(|(_, call)| call)
    }

    /// The phase that runs for this procedure now.
    pub fn running_phase(&self, recipe: &MasterRecipe) -> Option<PhaseId> {
        if self.present && self.started { self.current(recipe).map(|call| call.phase) } else { None }
    }

    /// Puts a new control recipe here, idle, with the defaults of its master.
    pub fn prepare(&mut self, recipe: &MasterRecipe, batch: u32, tick: u64) -> Result<(), Refusal> {
        if self.present {
            return Err(Refusal::UnitBusy);
        }
        self.present = true;
        self.batch = batch;
        self.state = ProcState::Idle;
        self.since_tick = tick;
        self.position = 0;
        self.started = false;
        for (value, parameter) in self.parameters.iter_mut().zip(&recipe.parameters) {
            *value = parameter.value;
        }
        self.nodes.fill(Node::default());
        Ok(())
    }

    /// Changes a parameter before the start, or while held; gives the old value.
    pub fn set_parameter(&mut self, recipe: &MasterRecipe, index: u16, value: f64) -> Result<f64, Refusal> {
        let (Some(slot), Some(parameter)) =
            (self.parameters.get_mut(usize::from(index)), recipe.parameters.get(usize::from(index)))
        else {
            return Err(Refusal::Unknown);
        };
        if !self.present || !matches!(self.state, ProcState::Idle | ProcState::Held) {
            return Err(Refusal::NotInThisState);
        }
        if !value.is_finite() {
            return Err(Refusal::NotANumber);
        }
        if value < parameter.low {
            return Err(Refusal::BelowLimit);
        }
        if value > parameter.high {
            return Err(Refusal::AboveLimit);
        }
        Ok(core::mem::replace(slot, value))
    }

    /// An order of a person. `phase` is the state of the current phase. What the phase should do comes back.
    pub fn order(
        &mut self,
        recipe: &MasterRecipe,
        order: ProcOrder,
        phase: ProcState,
        tick: u64,
    ) -> Result<Option<Demand>, Refusal> {
        if !self.present {
            return Err(Refusal::NotInThisState);
        }
        if order == ProcOrder::Reset {
            if self.state.is_active() {
                return Err(Refusal::NotInThisState);
            }
            self.release();
            return Ok(None);
        }
        let next = self.state.after(order).ok_or(Refusal::NotInThisState)?;
        self.enter(next, tick);
        if order == ProcOrder::Start {
            return Ok(None);
        }
        let phase = if self.started { phase } else { ProcState::Idle };
        let demand =
            (phase.after(order).is_some() && order != ProcOrder::Start).then_some(Demand::Order(order));
        self.mirror(recipe, phase, 0);
        Ok(demand)
    }

    /// One step, `elapsed` ticks after the last. `phase` is the state of the current phase.
    pub fn step(
        &mut self,
        recipe: &MasterRecipe,
        phase: ProcState,
        elapsed: u64,
        tick: u64,
    ) -> Option<Demand> {
        if !self.present || !self.state.is_active() {
            return None;
        }
        let phase = if self.started { phase } else { ProcState::Idle };
        self.follow(phase, tick);
        self.mirror(recipe, phase, elapsed);
        let demand = match self.state {
            ProcState::Running => self.run(recipe, phase, tick),
            ProcState::Holding => self.settle(phase, ProcOrder::Hold, ProcState::Held, tick),
            ProcState::Pausing => self.settle(phase, ProcOrder::Pause, ProcState::Paused, tick),
            ProcState::Restarting => self.restart(phase, tick),
            ProcState::Stopping => self.settle(phase, ProcOrder::Stop, ProcState::Stopped, tick),
            ProcState::Aborting => self.settle(phase, ProcOrder::Abort, ProcState::Aborted, tick),
            ProcState::Idle
            | ProcState::Held
            | ProcState::Paused
            | ProcState::Stopped
            | ProcState::Aborted
            | ProcState::Complete => None,
        };
        self.mirror_unit(recipe);
        demand
    }

    /// The phase has taken its parameters and runs.
    pub fn phase_started(&mut self) {
        self.started = true;
    }

    /// Becomes equal to another one of the same recipe, without allocating.
    pub fn copy_from(&mut self, other: &Self) {
        let Self { present, batch, state, since_tick, position, started, parameters, nodes } = other;
        (self.present, self.batch, self.state) = (*present, *batch, *state);
        (self.since_tick, self.position, self.started) = (*since_tick, *position, *started);
        self.parameters.clone_from(parameters);
        self.nodes.clone_from(nodes);
    }

    /// The walk over its state. Number of nodes and parameters belong to the recipe.
    pub fn state_walk(&mut self, walk: &mut impl StateWalk) {
        walk.bool(&mut self.present);
        walk.u32(&mut self.batch);
        walk_state(walk, &mut self.state);
        walk.u64(&mut self.since_tick);
        walk.u32(&mut self.position);
        walk.bool(&mut self.started);
        for value in &mut self.parameters {
            walk.f64(value);
        }
        for node in &mut self.nodes {
            walk_state(walk, &mut node.state);
            walk.u64(&mut node.elapsed_ticks);
        }
    }

    fn enter(&mut self, next: ProcState, tick: u64) {
        self.state = next;
        self.since_tick = tick;
    }

    fn release(&mut self) {
        self.present = false;
        self.batch = 0;
        self.state = ProcState::Idle;
        self.position = 0;
        self.started = false;
        self.nodes.fill(Node::default());
    }

    /// A phase that holds, stops or aborts by itself takes the procedure with it.
    fn follow(&mut self, phase: ProcState, tick: u64) {
        use ProcState as S;
        let next = match phase {
            S::Aborting | S::Aborted if self.state != S::Aborting => S::Aborting,
            S::Stopping | S::Stopped if !matches!(self.state, S::Stopping | S::Aborting) => S::Stopping,
            S::Holding | S::Held if matches!(self.state, S::Running | S::Pausing) => S::Holding,
            // A phase that holds again while it restarts; a held one has not yet taken the order.
            S::Holding if self.state == S::Restarting => S::Holding,
            S::Idle
            | S::Running
            | S::Holding
            | S::Held
            | S::Restarting
            | S::Pausing
            | S::Paused
            | S::Stopping
            | S::Stopped
            | S::Aborting
            | S::Aborted
            | S::Complete => return,
        };
        self.enter(next, tick);
    }

    fn run(&mut self, recipe: &MasterRecipe, phase: ProcState, tick: u64) -> Option<Demand> {
        match phase {
            ProcState::Complete => {
                self.position += 1;
                self.started = false;
            }
            // Resumed before the phase had paused, or the order has not arrived yet.
            ProcState::Paused | ProcState::Pausing => return Some(Demand::Order(ProcOrder::Resume)),
            ProcState::Idle => {}
            ProcState::Running
            | ProcState::Restarting
            | ProcState::Holding
            | ProcState::Held
            | ProcState::Stopping
            | ProcState::Stopped
            | ProcState::Aborting
            | ProcState::Aborted => return None,
        }
        if recipe.call(self.position as usize).is_none() {
            self.enter(ProcState::Complete, tick);
            return None;
        }
        Some(Demand::Start)
    }

    /// Waits until the phase has come to rest after `order`, and repeats the order until it is taken.
    fn settle(&mut self, phase: ProcState, order: ProcOrder, rest: ProcState, tick: u64) -> Option<Demand> {
        if phase == rest || !phase.is_active() {
            self.enter(rest, tick);
            return None;
        }
        phase.after(order).map(|_| Demand::Order(order))
    }

    fn restart(&mut self, phase: ProcState, tick: u64) -> Option<Demand> {
        match phase {
            ProcState::Held => Some(Demand::Order(ProcOrder::Restart)),
            ProcState::Restarting | ProcState::Holding => None,
            ProcState::Idle
            | ProcState::Running
            | ProcState::Pausing
            | ProcState::Paused
            | ProcState::Stopping
            | ProcState::Stopped
            | ProcState::Aborting
            | ProcState::Aborted
            | ProcState::Complete => {
                self.enter(ProcState::Running, tick);
                None
            }
        }
    }

    /// Copies the phase's state into its node and lets time run in the nodes that are active.
    fn mirror(&mut self, recipe: &MasterRecipe, phase: ProcState, elapsed: u64) {
        let Some((operation, _)) = recipe.call(self.position as usize) else {
            return self.mirror_unit(recipe);
        };
        let leaf = 2 + operation + self.position as usize;
        let before: usize =
            recipe.operations.iter().take(operation).map(|entry| 1 + entry.phases.len()).sum();
        for index in [0, 1 + before, leaf] {
            if let Some(node) = self.nodes.get_mut(index)
                && (self.started || index != leaf)
            {
                node.elapsed_ticks = node.elapsed_ticks.saturating_add(elapsed);
            }
        }
        if self.started
            && let Some(node) = self.nodes.get_mut(leaf)
        {
            node.state = phase;
        }
        self.mirror_unit(recipe);
    }

    /// The levels above the phase: complete behind the current call, as the procedure at it.
    fn mirror_unit(&mut self, recipe: &MasterRecipe) {
        let current = recipe.call(self.position as usize).map(|(operation, _)| operation);
        let mut index = 1;
        for (number, operation) in recipe.operations.iter().enumerate() {
            let state = match current {
                Some(current) if number > current => ProcState::Idle,
                Some(current) if number == current => self.state,
                _ => ProcState::Complete,
            };
            if let Some(node) = self.nodes.get_mut(index) {
                node.state = state;
            }
            index += 1 + operation.phases.len();
        }
        if let Some(node) = self.nodes.first_mut() {
            node.state = self.state;
        }
    }
}

fn walk_state(walk: &mut impl StateWalk, state: &mut ProcState) {
    let mut code = *state as u8;
    walk.u8(&mut code);
    *state = ProcState::from_code(code);
}

#[cfg(test)]
mod tests;
