//! Phases: the interpreter of `*.phase` texts, with the states of ISA-88.
//!
//! A phase runs the section of its state step by step: at its entry a step does its actions in
//! order, then it waits for its condition, then the next run enters the next step. An action that a
//! rule forbids (an interlock holds the output elsewhere, a permissive is missing, a loop follows the one
//! below it) is tried again every run; what it waits for can be asked, and is told once when it has stood
//! for [`TOLD_MS`]. `WITHIN` bounds both, and a step that was late by a refusal says that one.
//!
//! A step may have several ways out, as in IEC 61131-3 (SFC, divergence of a selection): all of them are looked at
//! in every run, and of those that hold the first written is taken. Its target may be any step of the
//! section, also one before, or the section's end.
//!
//! | section done | then |
//! | --- | --- |
//! | RUNNING | Complete |
//! | HOLDING | Held |
//! | RESTARTING | Running, in the step that was left, whose actions are done again |
//! | STOPPING, ABORTING | Stopped, Aborted |
//!
//! On the way to a safe state nothing may hang: in HOLDING, STOPPING and ABORTING an action that
//! stays forbidden is passed over after [`PATIENCE_MS`], and a late step whose order makes no sense
//! there (HOLD while aborting) is left for the next one. Both are reported.

use model::{EventBody, InterlockId, PhaseId, ProcOrder, ProcState, Refusal, RefusedAction, StateWalk};

use crate::engine::{Gap, Layout, State};
use crate::exchange::ScanOutput;
use crate::plant::{Otherwise, Phase, Plant, Step};
use crate::write::{Actor, write};

/// How long a way to safety insists on an action that is forbidden.
const PATIENCE_MS: u64 = 5000;

/// What is refused so long is told. A loop takes a turn of its task to hear that the one below listens: that is no news.
const TOLD_MS: u64 = 1000;

/// Why a phase left its running, for those who ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    #[default]
    None = 0,
    /// A person or the batch above ordered it.
    Order = 1,
    /// A step was late; see [`PhaseMemory::late_state`] and [`PhaseMemory::late_step`].
    Late = 2,
    /// The trip of an interlock took the unit for its own phase; see [`PhaseMemory::trip`].
    Trip = 3,
}

/// State of one phase, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseMemory {
    pub state: ProcState,
    /// Step of the section that the state runs.
    pub step: u16,
    /// Step of RUNNING to come back to.
    pub left: u16,
    /// How many actions of the step are done.
    pub action: u16,
    /// The step has been entered.
    pub entered: bool,
    /// The step has taken longer than its text allows, and that has been reported.
    pub late: bool,
    /// When the step was entered.
    pub step_since: u64,
    /// When the state was entered.
    pub since: u64,
    /// Number of the recipe that runs it, from one; zero when a person does.
    pub recipe: u32,
    pub batch: u32,
    /// Code of the rule that forbids the next action; zero when none does.
    pub refused: u8,
    /// When that began, and that it has been told.
    pub refused_since: u64,
    pub told: bool,
    pub cause: Cause,
    pub late_state: ProcState,
    pub late_step: u16,
    /// The action that was refused when the step was late, and the rule; zero when none was.
    pub late_action: u16,
    pub late_refused: u8,
    /// Number of the interlock, from one, whose trip started it or, with [`Cause::Trip`], ended it; zero when none did.
    pub trip: u32,
}

impl PhaseMemory {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        let mut codes = [self.state as u8, self.late_state as u8, self.cause as u8];
        for code in &mut codes {
            walk.u8(code);
        }
        self.state = ProcState::from_code(codes[0]);
        self.late_state = ProcState::from_code(codes[1]);
        self.cause = match codes[2] {
            1 => Cause::Order,
            2 => Cause::Late,
            3 => Cause::Trip,
            _ => Cause::None,
        };
        for number in [&mut self.step, &mut self.left, &mut self.action, &mut self.late_step]
            .into_iter()
            .chain([&mut self.late_action])
        {
            walk.u16(number);
        }
        walk.bool(&mut self.entered);
        walk.bool(&mut self.late);
        walk.u64(&mut self.step_since);
        walk.u64(&mut self.since);
        walk.u32(&mut self.recipe);
        walk.u32(&mut self.batch);
        walk.u8(&mut self.refused);
        walk.u64(&mut self.refused_since);
        walk.bool(&mut self.told);
        walk.u8(&mut self.late_refused);
        walk.u32(&mut self.trip);
    }

    /// The time of its step stood still.
    pub(crate) fn after_gap(&mut self, gap: Gap) {
        self.step_since = gap.stood_still(self.step_since);
        self.refused_since = gap.stood_still(self.refused_since);
    }

    /// Why the next action cannot be done, if it cannot.
    pub fn refusal(&self) -> Option<Refusal> {
        (self.refused != 0).then(|| Refusal::from_code(self.refused))
    }

    /// What was refused when the step was late.
    pub(crate) fn late_refusal(&self) -> Option<RefusedAction> {
        let by = (self.late_refused != 0).then(|| Refusal::from_code(self.late_refused))?;
        Some(RefusedAction { action: self.late_action, by })
    }

    fn refused_action(&self) -> Option<RefusedAction> {
        Some(RefusedAction { action: self.action, by: self.refusal()? })
    }

    /// The next action cannot be done, at this tick.
    fn refuse(&mut self, refusal: Refusal, tick: u64) {
        if self.refused == 0 {
            self.refused_since = tick;
            self.told = false;
        }
        self.refused = refusal as u8;
    }
}

impl Phase {
    /// The steps that a state runs; nothing for a state of rest.
    pub fn section(&self, state: ProcState) -> Option<&[Step]> {
        match state {
            ProcState::Running | ProcState::Pausing => Some(&self.running),
            ProcState::Holding => Some(&self.holding),
            ProcState::Restarting => Some(&self.restarting),
            ProcState::Stopping => Some(&self.stopping),
            ProcState::Aborting => Some(&self.aborting),
            ProcState::Idle
            | ProcState::Held
            | ProcState::Paused
            | ProcState::Stopped
            | ProcState::Aborted
            | ProcState::Complete => None,
        }
    }
}

/// The scan as phases see it.
pub(crate) struct Scene<'a> {
    pub(crate) plant: &'a Plant,
    pub(crate) layout: &'a Layout,
    pub(crate) state: &'a mut State,
    pub(crate) out: &'a mut ScanOutput,
}

impl Scene<'_> {
    /// One run of every active phase.
    pub(crate) fn run_phases(&mut self) {
        for index in 0..self.plant.phases.len() {
            if self.state.phases[index].state.is_active() {
                self.run_phase(index);
            }
        }
    }

    fn run_phase(&mut self, index: usize) {
        let phase = &self.plant.phases[index];
        let current = self.state.phases[index];
        let Some(section) = phase.section(current.state) else { return };
        let Some(step) = section.get(usize::from(current.step)) else {
            return self.finish(index);
        };
        if !current.entered {
            self.enter_step(index, step);
        }
        self.act(index, step);
        let memory = self.state.phases[index];
        let acted = usize::from(memory.action) >= step.actions.len();
        if acted && step.stays && memory.state == ProcState::Pausing {
            return self.go(index, ProcState::Paused);
        }
        let way = if acted { self.way_out(step, memory.step) } else { None };
        match way {
            Some(to) => self.leave_step(index, to),
            None => self.watch(index, step),
        }
    }

    /// Where the first way out that is open leads. All are looked at: each has its own delays and edges.
    fn way_out(&mut self, step: &Step, number: u16) -> Option<u16> {
        let now = self.state.now(self.plant);
        let next = number.saturating_add(1);
        if step.ways.is_empty() {
            return (!step.stays).then_some(next);
        }
        let mut found = None;
        for way in &step.ways {
            let state = &mut *self.state;
            let open = way.when.as_ref().is_none_or(|when| {
                state.memory.truth(&self.plant.code.ops, when, &state.image, now).is_true()
            });
            if open && found.is_none() {
                found = Some(way.to.unwrap_or(next));
            }
        }
        found
    }

    fn enter_step(&mut self, index: usize, step: &Step) {
        let tick = self.state.tick;
        for condition in step.conditions() {
            self.state.memory.reset(&self.plant.code.ops, condition);
        }
        let memory = &mut self.state.phases[index];
        memory.entered = true;
        memory.late = false;
        memory.action = 0;
        memory.refused = 0;
        memory.step_since = tick;
        let batch = memory.batch;
        let step = self.plant.phases[index].flat_step(memory.state, memory.step);
        self.out.push(tick, EventBody::Step { phase: PhaseId(index as u32), batch, step });
    }

    /// Does the actions that are still to do, up to the first that is forbidden.
    fn act(&mut self, index: usize, step: &Step) {
        let now = self.state.now(self.plant);
        while let Some(action) = step.actions.get(usize::from(self.state.phases[index].action)) {
            let state = &mut *self.state;
            let value = state.memory.eval(&self.plant.code.ops, &action.value, &state.image, now);
            let done = if value.quality.is_bad() {
                Err(Refusal::NotANumber)
            } else {
                let actor = Actor::Phase(index as u32 + 1);
                write(self.plant, self.layout, state, action.point, value.value, actor)
            };
            let stands = state.image.value(action.point) == value.value;
            let memory = &mut self.state.phases[index];
            match done {
                Ok(_) => memory.refused = 0,
                // The interlock or force that holds it has done what is ordered: a stop after a trip need not wait for a reset.
                Err(Refusal::Interlocked | Refusal::Forced) if stands => memory.refused = 0,
                // The phase of a trip has taken it and looks after it.
                Err(Refusal::OwnedByPhase) => memory.refused = 0,
                Err(refusal) => {
                    memory.refuse(refusal, now.tick);
                    let to_safety = matches!(
                        memory.state,
                        ProcState::Holding | ProcState::Stopping | ProcState::Aborting
                    );
                    if !to_safety || now.since_ms(memory.step_since) < PATIENCE_MS {
                        return self.tell_refused(index);
                    }
                    self.report_late(index);
                    self.state.phases[index].refused = 0;
                }
            }
            self.state.phases[index].action += 1;
        }
    }

    /// What has been refused for a while is no passing matter.
    fn tell_refused(&mut self, index: usize) {
        let now = self.state.now(self.plant);
        let memory = &mut self.state.phases[index];
        let Some(refused) = memory.refused_action() else { return };
        if memory.told || now.since_ms(memory.refused_since) < TOLD_MS {
            return;
        }
        memory.told = true;
        let batch = memory.batch;
        let step = self.plant.phases[index].flat_step(memory.state, memory.step);
        let phase = PhaseId(index as u32);
        self.out.push(now.tick, EventBody::StepRefused { phase, batch, step, refused });
    }

    /// The step took its time: does what its text says, once.
    fn watch(&mut self, index: usize, step: &Step) {
        let now = self.state.now(self.plant);
        let memory = self.state.phases[index];
        let Some(within) = &step.within else { return };
        let limit_ms = within.limit_ms(|point| self.state.image.value(point));
        if memory.late || now.since_ms(memory.step_since) < limit_ms {
            return;
        }
        self.state.phases[index].late = true;
        self.report_late(index);
        let order = match within.otherwise {
            Otherwise::Alarm => return,
            Otherwise::Hold => ProcOrder::Hold,
            Otherwise::Abort => ProcOrder::Abort,
        };
        match memory.state.after(order) {
            Some(next) => {
                let memory = &mut self.state.phases[index];
                memory.cause = Cause::Late;
                memory.late_state = memory.state;
                memory.late_step = memory.step;
                (memory.late_action, memory.late_refused) = (memory.action, memory.refused);
                self.go(index, next);
            }
            // Already on the way to safety: on with the next step.
            None => self.leave_step(index, memory.step.saturating_add(1)),
        }
    }

    fn report_late(&mut self, index: usize) {
        let memory = &self.state.phases[index];
        let batch = memory.batch;
        let step = self.plant.phases[index].flat_step(memory.state, memory.step);
        let (phase, refused) = (PhaseId(index as u32), memory.refused_action());
        self.out.push(self.state.tick, EventBody::StepLate { phase, batch, step, refused });
    }

    fn leave_step(&mut self, index: usize, to: u16) {
        let memory = &mut self.state.phases[index];
        memory.step = to;
        memory.entered = false;
        memory.refused = 0;
        let (state, step) = (memory.state, memory.step);
        let length = self.plant.phases[index].section(state).map_or(0, <[Step]>::len);
        if usize::from(step) >= length {
            self.finish(index);
        } else if state == ProcState::Pausing {
            self.go(index, ProcState::Paused);
        }
    }

    /// The section is done.
    fn finish(&mut self, index: usize) {
        let next = match self.state.phases[index].state {
            ProcState::Running | ProcState::Pausing => ProcState::Complete,
            ProcState::Holding => ProcState::Held,
            ProcState::Restarting => ProcState::Running,
            ProcState::Stopping => ProcState::Stopped,
            ProcState::Aborting => ProcState::Aborted,
            ProcState::Idle
            | ProcState::Held
            | ProcState::Paused
            | ProcState::Stopped
            | ProcState::Aborted
            | ProcState::Complete => return,
        };
        self.go(index, next);
    }

    /// Changes the state; a section without steps passes at once.
    pub(crate) fn go(&mut self, index: usize, next: ProcState) {
        self.go_by(index, next, 0);
    }

    /// `trip` is the number of the interlock, from one, whose trip brings it about; zero when none does.
    pub(crate) fn go_by(&mut self, index: usize, next: ProcState, trip: u32) {
        let tick = self.state.tick;
        let memory = &mut self.state.phases[index];
        let from = memory.state;
        match (from, next) {
            // What is left in the middle is come back to.
            (ProcState::Running | ProcState::Pausing | ProcState::Paused, ProcState::Holding) => {
                memory.left = memory.step;
                memory.step = 0;
            }
            (ProcState::Restarting, ProcState::Running) => memory.step = memory.left,
            // The step goes on as if nothing had been.
            (ProcState::Running, ProcState::Pausing) | (ProcState::Pausing, ProcState::Running) => {}
            (ProcState::Pausing, ProcState::Paused) | (ProcState::Paused, ProcState::Running) => {}
            _ => memory.step = 0,
        }
        if !matches!(
            (from, next),
            (ProcState::Running, ProcState::Pausing) | (ProcState::Pausing, ProcState::Running)
        ) {
            memory.entered = false;
            memory.refused = 0;
        }
        memory.state = next;
        memory.since = tick;
        let batch = memory.batch;
        let phase = PhaseId(index as u32);
        let trip = trip.checked_sub(1).map(InterlockId);
        self.out.push(tick, EventBody::Phase { phase, batch, from, to: next, trip });
        if next.is_final() {
            self.release(index);
        }
        if self.plant.phases[index].section(next).is_some_and(<[Step]>::is_empty) {
            self.finish(index);
        }
    }

    /// An order of a person, or of the batch above. Gives the state that was left.
    pub(crate) fn order_phase(&mut self, index: usize, order: ProcOrder) -> Result<ProcState, Refusal> {
        self.order_phase_by(index, order, 0)
    }

    /// The same for the trip of an interlock, by its number from one.
    pub(crate) fn order_phase_by(
        &mut self,
        index: usize,
        order: ProcOrder,
        trip: u32,
    ) -> Result<ProcState, Refusal> {
        let from = self.state.phases[index].state;
        let next = from.after(order).ok_or(Refusal::NotInThisState)?;
        match order {
            ProcOrder::Start => {
                self.claim(index)?;
                self.state.phases[index].trip = trip;
            }
            ProcOrder::Reset => {
                let memory = &mut self.state.phases[index];
                (memory.recipe, memory.batch, memory.trip) = (0, 0, 0);
            }
            ProcOrder::Hold
            | ProcOrder::Restart
            | ProcOrder::Pause
            | ProcOrder::Resume
            | ProcOrder::Stop
            | ProcOrder::Abort => {}
        }
        self.state.phases[index].cause =
            if matches!(order, ProcOrder::Start | ProcOrder::Restart) { Cause::None } else { Cause::Order };
        self.go_by(index, next, trip);
        Ok(from)
    }

    /// Takes what the phase's text writes, all or nothing.
    fn claim(&mut self, index: usize) -> Result<(), Refusal> {
        let owns = &self.plant.phases[index].owns;
        let number = index as u32 + 1;
        if owns.iter().any(|point| ![0, number].contains(&self.state.holds[point.index()].phase)) {
            return Err(Refusal::OwnedByPhase);
        }
        for point in owns {
            self.state.holds[point.index()].phase = number;
        }
        self.state.phases[index].left = 0;
        Ok(())
    }

    fn release(&mut self, index: usize) {
        for point in &self.plant.phases[index].owns {
            let hold = &mut self.state.holds[point.index()];
            if hold.phase == index as u32 + 1 {
                hold.phase = 0;
                hold.seized = false;
            }
        }
    }
}
