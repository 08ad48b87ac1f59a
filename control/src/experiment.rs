//! Tuning experiments: a step, a pulse or a relay on the output of a loop, inside the scan; and the stroke test of a
//! valve, which is bounded, ended and undone in the same way.
//!
//! ```text
//!                  Resting ──► Moving ──► (Pulse: Back) ──► Returning ──► mode before
//!                     └───────────┴───────────┴── abort ──────►┘
//! ```
//!
//! | stage | OUT | lasts |
//! | --- | --- | --- |
//! | Resting | where it stood, loop in manual | a quarter of the plan's time; a tenth for a relay |
//! | Moving | a step: moved by the amplitude; a relay: one level or the other | the plan's time, or [`CYCLES`] |
//! | Moving | a stroke: see [`crate::stroke`] | until the valve is judged |
//! | Back | where it stood | the plan's time |
//! | Returning | where it stood | until the block has taken it over |
//!
//! An experiment is no part of the PID. It does what an engineer would do by hand, through the same
//! gate ([`write`], [`order_mode`]): puts the loop in manual and writes its OUT. So every rule that
//! holds for a person holds for it (limits, interlocks, phases, a lost device), the way back is the
//! block's own bumpless one, ten thousand loops pay nothing for it, and a journal replays it.
//!
//! It ends at once, and says why, when PV is bad or has left its bounds, when somebody changes the mode
//! or moves the output (theirs is then the last word), when something dictates the output, and after
//! a restart. PV and OUT are in the history as always; that record is what tuning is identified from.
//!
//! Source of the relay: Astrom and Hagglund, *Automatica* 20 (1984) 645.

use model::{
    BlockId, EventBody, Experiment, ExperimentChange, ExperimentEnd, ExperimentShape, Mode, Refusal,
    StateWalk,
};

use crate::blocks::BlockState;
use crate::phase::Scene;
use crate::plant::{BlockBody, Pid, Plant};
use crate::service::device_of;
use crate::stroke::{StrokeMemory, plan_of, position_of};
use crate::write::{Actor, order_mode, write};

/// Experiments at a time, in the whole plant: each needs eyes.
pub const EXPERIMENTS: usize = 4;
/// OUT moves by at most this share of its range, to either side.
pub const AMPLITUDE_MOST: f64 = 0.25;
/// The longest stage.
pub const EXPERIMENT_MAX_MS: u32 = 6 * 3_600_000;
/// Whole cycles of a relay; the first ones are on their way to the limit cycle.
const CYCLES: u16 = 6;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    #[default]
    Resting = 0,
    Moving = 1,
    Back = 2,
    Returning = 3,
}

impl Stage {
    const fn text(self) -> &'static str {
        match self {
            Self::Resting => "rests where OUT stood",
            Self::Moving => "moves OUT",
            Self::Back => "is back where OUT stood",
            Self::Returning => "has ended, and gives OUT back",
        }
    }
}

/// An experiment that runs, as published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExperimentView {
    /// The loop whose OUT it has.
    pub block: BlockId,
    /// What people named: that loop, or a valve whose position is watched.
    pub named: BlockId,
    pub shape: ExperimentShape,
    /// What it does, and since which tick.
    pub stage: &'static str,
    pub since: u64,
    pub out_before: f64,
    pub mode_before: Mode,
}

/// One place for an experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExperimentMemory {
    /// Number of the block, from one; zero when the place is free.
    block: u32,
    plan: Experiment,
    stage: Stage,
    /// Tick at which the stage began.
    since: u64,
    /// Why it returns.
    end: ExperimentEnd,
    mode_before: Mode,
    out_before: f64,
    pv_before: f64,
    /// What it last wrote to OUT; anything else there is somebody else's.
    written: f64,
    /// A relay stands at its upper level.
    high: bool,
    cycles: u16,
    /// Tick of the last turn upwards, and PV's extremes since.
    turned: u64,
    pv_low: f64,
    pv_high: f64,
    stroke: StrokeMemory,
}

impl Default for ExperimentMemory {
    fn default() -> Self {
        Self {
            block: 0,
            plan: Experiment {
                shape: ExperimentShape::Step,
                amplitude: 0.0,
                bias: 0.0,
                hysteresis: 0.0,
                deviation: 0.0,
                for_ms: 0,
            },
            stage: Stage::Resting,
            since: 0,
            end: ExperimentEnd::Done,
            mode_before: Mode::Manual,
            out_before: 0.0,
            pv_before: 0.0,
            written: 0.0,
            high: false,
            cycles: 0,
            turned: 0,
            pv_low: 0.0,
            pv_high: 0.0,
            stroke: StrokeMemory::default(),
        }
    }
}

impl ExperimentMemory {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        let Self { plan, .. } = self;
        walk.u32(&mut self.block);
        let mut codes = [plan.shape as u8, self.stage as u8, self.end as u8, self.mode_before as u8];
        codes.iter_mut().for_each(|code| walk.u8(code));
        let at = |code: u8| usize::from(code);
        plan.shape = ExperimentShape::ALL.get(at(codes[0])).copied().unwrap_or(ExperimentShape::Step);
        self.stage = match codes[1] {
            0 => Stage::Resting,
            1 => Stage::Moving,
            2 => Stage::Back,
            _ => Stage::Returning,
        };
        self.end = ExperimentEnd::ALL.get(at(codes[2])).copied().unwrap_or(ExperimentEnd::Interrupted);
        self.mode_before = Mode::ALL.get(at(codes[3])).copied().unwrap_or(Mode::Manual);
        for value in [&mut plan.amplitude, &mut plan.bias, &mut plan.hysteresis, &mut plan.deviation] {
            walk.f64(value);
        }
        walk.u32(&mut plan.for_ms);
        walk.u64(&mut self.since);
        walk.u64(&mut self.turned);
        walk.u16(&mut self.cycles);
        walk.bool(&mut self.high);
        for value in [
            &mut self.out_before,
            &mut self.pv_before,
            &mut self.written,
            &mut self.pv_low,
            &mut self.pv_high,
        ] {
            walk.f64(value);
        }
        self.stroke.state(walk);
    }

    /// The block that people named: the valve of a stroke test, else the loop.
    fn named(&self) -> BlockId {
        self.stroke.valve().unwrap_or(BlockId(self.block.saturating_sub(1)))
    }

    pub(crate) fn is_present(&self) -> bool {
        self.block != 0
    }

    /// What people see of it; `None` of a free place.
    pub(crate) fn view(&self) -> Option<ExperimentView> {
        Some(ExperimentView {
            block: BlockId(self.block.checked_sub(1)?),
            named: self.named(),
            shape: self.plan.shape,
            stage: self.stage.text(),
            since: self.since,
            out_before: self.out_before,
            mode_before: self.mode_before,
        })
    }

    /// After a restart nobody knows what the plant has done meanwhile.
    pub(crate) fn interrupt(&mut self) {
        if self.block != 0 {
            self.stage = Stage::Returning;
            self.end = ExperimentEnd::Interrupted;
        }
    }
}

fn pid_of(plant: &Plant, block: u32) -> Option<&Pid> {
    match plant.blocks.get(block as usize).map(|block| &block.body) {
        Some(BlockBody::Pid(pid)) => Some(pid),
        _ => None,
    }
}

impl Scene<'_> {
    /// Begins an experiment and gives OUT as it stands, or says which rule forbids it.
    pub(crate) fn begin_experiment(&mut self, named: BlockId, plan: Experiment) -> Result<f64, Refusal> {
        let plant = self.plant;
        if let Some(device) = device_of(plant, named) {
            let zero =
                [plan.amplitude, plan.bias, plan.hysteresis, plan.deviation].iter().all(|one| *one == 0.0);
            return match plan.shape {
                ExperimentShape::Stroke | ExperimentShape::PartialStroke if !zero || plan.for_ms != 0 => {
                    Err(Refusal::AboveLimit)
                }
                ExperimentShape::Stroke => self.begin_valve_stroke(named, device, false),
                ExperimentShape::PartialStroke => self.begin_valve_stroke(named, device, true),
                _ => Err(Refusal::NoTest),
            };
        }
        let (block, plan, stroke) = self.meant(named, plan)?;
        let pid = pid_of(plant, block.0).ok_or(Refusal::Unknown)?;
        let (out, pv) = (self.state.image.value(pid.out), self.state.image.value(pid.pv));
        check_plan(&plan, pid, out)?;
        let actual = Mode::from_value(self.state.image.value(pid.mode));
        if pid.refuses(self.state.image.quality(pid.input)) {
            return Err(Refusal::NotPermitted);
        }
        if !matches!(actual, Mode::Manual | Mode::Auto | Mode::Cascade) {
            return Err(Refusal::WrongMode);
        }
        let number = block.0 + 1;
        if self.state.experiments.iter().any(|one| one.block == number) {
            return Err(Refusal::NothingToDo);
        }
        let place = self.state.experiments.iter().position(|one| one.block == 0).ok_or(Refusal::TooMany)?;
        let Some(BlockState::Pid(memory, _)) = self.state.blocks.get(block.index()) else {
            return Err(Refusal::Unknown);
        };
        let mode_before = memory.target;
        let sp = self.state.image.value(pid.sp);
        if mode_before != Mode::Manual {
            order_mode(plant, self.state, block.0, Mode::Manual, Actor::Person)?;
            // Entered, so that it does not follow PV in manual, and stands when the mode comes back.
            let _ = write(plant, self.layout, self.state, pid.sp, sp, Actor::Person);
        }
        let tick = self.state.tick;
        self.state.experiments[place] = ExperimentMemory {
            block: number,
            plan,
            since: tick,
            turned: tick,
            mode_before,
            out_before: out,
            pv_before: pv,
            written: out,
            high: (plan.amplitude > 0.0) != pid.direct,
            stroke,
            ..ExperimentMemory::default()
        };
        let change = ExperimentChange::Began { shape: plan.shape, out, pv };
        self.out.push(tick, EventBody::Experiment { block: named, change });
        self.show_stroke(&stroke);
        Ok(out)
    }

    /// The loop that an experiment moves, and the plan with what the text of a valve declares.
    fn meant(
        &self,
        named: BlockId,
        plan: Experiment,
    ) -> Result<(BlockId, Experiment, StrokeMemory), Refusal> {
        if plan.shape == ExperimentShape::PartialStroke {
            return Err(Refusal::NoTest);
        }
        if plan.shape != ExperimentShape::Stroke {
            return Ok((named, plan, StrokeMemory::default()));
        }
        let valve = position_of(self.plant, named).ok_or(Refusal::Unknown)?;
        if !self.is_seen(valve) {
            return Err(Refusal::NotPermitted);
        }
        Ok((valve.pid, plan_of(plan, &valve.stroke)?, StrokeMemory::of(named)))
    }

    pub(crate) fn end_experiment(&mut self, block: BlockId) -> Result<f64, Refusal> {
        let number = block.0.wrapping_add(1);
        let tick = self.state.tick;
        let is_meant = |one: &&mut ExperimentMemory| {
            one.is_present() && number != 0 && (one.block == number || one.named() == block)
        };
        let one = self.state.experiments.iter_mut().find(is_meant);
        let Some(one) = one else { return self.end_valve_stroke(block) };
        if one.stage == Stage::Returning {
            return Err(Refusal::NothingToDo);
        }
        let written = one.written;
        (one.stage, one.end, one.since) = (Stage::Returning, ExperimentEnd::Ordered, tick);
        Ok(written)
    }

    pub(crate) fn run_experiments(&mut self) {
        for place in 0..EXPERIMENTS {
            if self.state.experiments[place].block != 0 {
                self.run_experiment(place);
            }
        }
    }

    fn run_experiment(&mut self, place: usize) {
        let plant = self.plant;
        let mut one = self.state.experiments[place];
        let Some(pid) = pid_of(plant, one.block - 1) else {
            self.state.experiments[place] = ExperimentMemory::default();
            return;
        };
        // The block has had its turn with what was written.
        let task = plant.tasks.get(plant.blocks[one.block as usize - 1].task as usize);
        let turn = u64::from(task.map_or(1, |task| task.period_ticks)) + 1;
        let in_stage = self.state.tick.saturating_sub(one.since);
        if let Some(end) = self.disturbed(&one, pid, turn) {
            if matches!(end, ExperimentEnd::TakenOver) {
                return self.finish_experiment(place, end);
            }
            if one.stage != Stage::Returning {
                (one.stage, one.end, one.since) = (Stage::Returning, end, self.state.tick);
            }
        } else if one.stage != Stage::Returning {
            self.advance(&mut one, pid, in_stage);
        }
        let wanted = match (one.stage, one.plan.shape) {
            (Stage::Resting | Stage::Back | Stage::Returning, _) => one.out_before,
            (Stage::Moving, ExperimentShape::Relay) => {
                let way = if one.high { 1.0 } else { -1.0 };
                one.out_before + one.plan.bias + way * one.plan.amplitude.abs()
            }
            (Stage::Moving, ExperimentShape::Stroke) => {
                one.out_before + one.plan.amplitude * one.stroke.share()
            }
            (Stage::Moving, _) => one.out_before + one.plan.amplitude,
        };
        let refused = wanted != one.written && {
            let answer = write(plant, self.layout, self.state, pid.out, wanted, Actor::Person);
            one.written = self.state.image.value(pid.out);
            if one.stage == Stage::Returning && answer.is_ok() {
                // The block has its turn with it from now on. Refused, somebody else has the output: it is theirs.
                one.since = self.state.tick;
            }
            answer.is_err()
        };
        if refused && one.stage != Stage::Returning {
            (one.stage, one.end, one.since) = (Stage::Returning, ExperimentEnd::Interrupted, self.state.tick);
        }
        self.state.experiments[place] = one;
        if one.stage == Stage::Returning && self.state.tick.saturating_sub(one.since) >= turn {
            if one.mode_before != Mode::Manual {
                // Refused where PV is bad or a phase has come: then it stays in manual.
                let _ = order_mode(plant, self.state, one.block - 1, one.mode_before, Actor::Person);
            }
            self.finish_experiment(place, one.end);
        }
    }

    /// What ends an experiment before its time.
    fn disturbed(&self, one: &ExperimentMemory, pid: &Pid, turn: u64) -> Option<ExperimentEnd> {
        let image = &self.state.image;
        let target = match self.state.blocks.get(one.block as usize - 1) {
            Some(BlockState::Pid(memory, _)) => memory.target,
            _ => Mode::OutOfService,
        };
        let valve = one.stroke.valve().and_then(|valve| position_of(self.plant, valve));
        let begun = one.stage != Stage::Resting || self.state.tick.saturating_sub(one.since) >= turn;
        let actual = Mode::from_value(image.value(pid.mode));
        let dictated = matches!(actual, Mode::Tracking | Mode::Initialising | Mode::OutOfService);
        let held = pid.target.is_some_and(|target| self.state.holds[target.index()].is_dictated())
            || self.state.holds[pid.out.index()].phase != 0;
        if held || (begun && dictated && target == Mode::Manual) {
            Some(ExperimentEnd::Interrupted)
        } else if pid.refuses(image.quality(pid.input)) {
            Some(ExperimentEnd::BadPv)
        } else if valve.is_some_and(|valve| !self.is_seen(valve)) {
            Some(ExperimentEnd::BadPosition)
        } else if target != Mode::Manual || image.value(pid.out) != one.written {
            Some(ExperimentEnd::TakenOver)
        } else if (image.value(pid.pv) - one.pv_before).abs() > one.plan.deviation {
            Some(ExperimentEnd::Deviation)
        } else {
            None
        }
    }

    /// From stage to stage, and the turns of a relay.
    fn advance(&mut self, one: &mut ExperimentMemory, pid: &Pid, in_stage: u64) {
        let tick = self.state.tick;
        let period_ms = u64::from(self.plant.period_ms.max(1));
        let ticks = |ms: u32| u64::from(ms).div_ceil(period_ms).max(1);
        let whole = ticks(one.plan.for_ms);
        let relay = one.plan.shape == ExperimentShape::Relay;
        match one.stage {
            Stage::Resting if in_stage >= whole / if relay { 10 } else { 4 } => {
                let pv = self.state.image.value(pid.pv);
                (one.stage, one.since, one.turned) = (Stage::Moving, tick, tick);
                (one.pv_low, one.pv_high) = (pv, pv);
                if let Some(valve) = one.stroke.valve().and_then(|valve| position_of(self.plant, valve)) {
                    one.stroke.begin(tick, self.state.image.value(valve.position));
                }
            }
            Stage::Moving if one.plan.shape == ExperimentShape::Stroke => {
                // Not in the guard: a stroke that goes on would fall to the arms below.
                let there = self.advance_stroke(&mut one.stroke, &one.plan);
                if there {
                    (one.stage, one.since) = (Stage::Returning, tick);
                }
            }
            Stage::Moving if relay => {
                self.relay(one, pid);
                let done = one.cycles >= CYCLES;
                if done || in_stage >= whole {
                    one.end = if done { ExperimentEnd::Done } else { ExperimentEnd::TimeUp };
                    (one.stage, one.since) = (Stage::Returning, tick);
                }
            }
            Stage::Moving if in_stage >= whole => {
                one.stage = match one.plan.shape {
                    ExperimentShape::Pulse => Stage::Back,
                    ExperimentShape::Step
                    | ExperimentShape::Relay
                    | ExperimentShape::Stroke
                    | ExperimentShape::PartialStroke => Stage::Returning,
                };
                one.since = tick;
            }
            Stage::Back if in_stage >= whole => (one.stage, one.since) = (Stage::Returning, tick),
            _ => {}
        }
    }

    fn relay(&mut self, one: &mut ExperimentMemory, pid: &Pid) {
        let pv = self.state.image.value(pid.pv);
        one.pv_low = one.pv_low.min(pv);
        one.pv_high = one.pv_high.max(pv);
        let above = pv > one.pv_before + one.plan.hysteresis;
        let below = pv < one.pv_before - one.plan.hysteresis;
        let high = if above {
            pid.direct
        } else if below {
            !pid.direct
        } else {
            one.high
        };
        if high && !one.high {
            let ms =
                self.state.tick.saturating_sub(one.turned).saturating_mul(u64::from(self.plant.period_ms));
            // The way to the first turn is no cycle.
            if one.cycles > 0 || one.turned > one.since {
                let period_ms = u32::try_from(ms).unwrap_or(u32::MAX);
                let change = ExperimentChange::Cycle { period_ms, low: one.pv_low, high: one.pv_high };
                let block = BlockId(one.block - 1);
                self.out.push(self.state.tick, EventBody::Experiment { block, change });
                one.cycles += 1;
            }
            one.turned = self.state.tick;
            (one.pv_low, one.pv_high) = (pv, pv);
        }
        one.high = high;
    }

    fn finish_experiment(&mut self, place: usize, reason: ExperimentEnd) {
        let one = self.state.experiments[place];
        self.state.experiments[place] = ExperimentMemory::default();
        self.report_stroke(one.stroke, reason);
        let change = ExperimentChange::Ended { shape: one.plan.shape, reason };
        self.out.push(self.state.tick, EventBody::Experiment { block: one.named(), change });
    }
}

/// Numbers that are numbers, an amplitude that is bounded, levels that OUT may take.
fn check_plan(plan: &Experiment, pid: &Pid, out: f64) -> Result<(), Refusal> {
    let numbers = [plan.amplitude, plan.bias, plan.hysteresis, plan.deviation];
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(Refusal::NotANumber);
    }
    if plan.amplitude == 0.0 || plan.deviation <= 0.0 || plan.hysteresis < 0.0 || plan.for_ms == 0 {
        return Err(Refusal::BelowLimit);
    }
    let reach = plan.amplitude.abs() + plan.bias.abs();
    if reach > AMPLITUDE_MOST * (pid.out_high - pid.out_low).abs() || plan.for_ms > EXPERIMENT_MAX_MS {
        return Err(Refusal::AboveLimit);
    }
    let (low, high) = match plan.shape {
        ExperimentShape::Relay => {
            (out + plan.bias - plan.amplitude.abs(), out + plan.bias + plan.amplitude.abs())
        }
        ExperimentShape::Step
        | ExperimentShape::Pulse
        | ExperimentShape::Stroke
        | ExperimentShape::PartialStroke => (out + plan.amplitude.min(0.0), out + plan.amplitude.max(0.0)),
    };
    if low < pid.out_limit_low {
        return Err(Refusal::BelowLimit);
    }
    if high > pid.out_limit_high {
        return Err(Refusal::AboveLimit);
    }
    if !pid.modes.contains(&Mode::Manual) {
        return Err(Refusal::ModeNotPermitted);
    }
    Ok(())
}
