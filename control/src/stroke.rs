//! Stroke test of a control valve: OUT slowly away and back, and what the measured position makes of it.
//!
//! ```text
//!   OUT          ____        OUT back by BREAK until the position moves: dead band and stick band, S.
//!            ___/    \___    The valve travels back by OUT's way less S - J, for past the jump it trails by (S - J)/2
//!        ___/            \   on either side. So J = BREAK - (way of OUT - way of the valve), at rest: no lag is in it.
//!       Out      There  Back  Home
//! ```
//!
//! S and J are those of Choudhury, Thornhill and Shah, *Control Engineering Practice* 13 (2005) 641. They are
//! measured on the way back alone: on the way out it depends on the past how much of the band is already used up.
//! A movement counts when it is larger than the noise, MOVED; BREAK and JUMP read up to so much too high.
//!
//! A valve that has not moved when OUT has gone further than the greatest breakaway fails at once, before it lets
//! go with a jump (as ISA-TR96.05.01 has it for block valves). The rest of the experiment, its
//! beginning, its abort and its end, is [`crate::experiment`]'s.

use model::{
    BlockId, EventBody, Experiment, ExperimentChange, ExperimentEnd, Quality, Refusal, StateWalk,
    StrokeResult,
};

use crate::phase::Scene;
use crate::plant::{BlockBody, Plant, Position, Stroke};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
enum Leg {
    #[default]
    Out = 0,
    There = 1,
    Back = 2,
    Home = 3,
}

/// What a stroke test remembers beside the experiment that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct StrokeMemory {
    /// Number of the block of the valve, from one; zero for the other experiments.
    valve: u32,
    leg: Leg,
    /// Tick at which the leg began, and the position at it.
    since: u64,
    rest: f64,
    /// The position has moved in this leg.
    broke: bool,
    /// How far OUT has gone, 0 to 1, at the last scan: what the position answers to.
    share: f64,
    breakaway: f64,
    jump: f64,
    travel_ms: u32,
    result: StrokeResult,
}

/// What one scan of a stroke test sees.
struct Sight<'a> {
    limits: &'a Stroke,
    /// Way of OUT, with its sign, and the time of its ramp.
    by: f64,
    ramp_ms: u32,
    position: f64,
    tick: u64,
    period_ms: u64,
}

impl StrokeMemory {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u32(&mut self.valve);
        let mut codes = [self.leg as u8, self.result as u8];
        codes.iter_mut().for_each(|code| walk.u8(code));
        self.leg = match codes[0] {
            0 => Leg::Out,
            1 => Leg::There,
            2 => Leg::Back,
            _ => Leg::Home,
        };
        self.result = StrokeResult::from_value(f64::from(codes[1]));
        walk.u64(&mut self.since);
        walk.u32(&mut self.travel_ms);
        walk.bool(&mut self.broke);
        for value in [&mut self.rest, &mut self.share, &mut self.breakaway, &mut self.jump] {
            walk.f64(value);
        }
    }

    pub(crate) fn of(valve: BlockId) -> Self {
        Self { valve: valve.0 + 1, result: StrokeResult::Running, ..Self::default() }
    }

    /// The block of the valve.
    pub(crate) fn valve(&self) -> Option<BlockId> {
        self.valve.checked_sub(1).map(BlockId)
    }

    pub(crate) fn share(&self) -> f64 {
        self.share
    }

    pub(crate) fn begin(&mut self, tick: u64, position: f64) {
        self.enter(Leg::Out, tick, position);
    }

    fn enter(&mut self, leg: Leg, tick: u64, position: f64) {
        (self.leg, self.since, self.rest, self.broke) = (leg, tick, position, false);
    }

    /// One scan further; true when the test knows its result.
    fn step(&mut self, sight: &Sight<'_>) -> bool {
        let limits = sight.limits;
        let (way, sign) = (sight.by.abs(), if sight.by < 0.0 { -1.0 } else { 1.0 });
        let ms = sight.tick.saturating_sub(self.since).saturating_mul(sight.period_ms);
        let ramp = (ms as f64 / f64::from(sight.ramp_ms.max(1))).min(1.0);
        let late = ms > u64::from(limits.travel_most_ms);
        // At rest it stands for a quarter of a ramp.
        let rested = ms >= u64::from(sight.ramp_ms / 4);
        let toward = if matches!(self.leg, Leg::Out | Leg::There) { sign } else { -sign };
        let travelled = (sight.position - self.rest) * toward;
        let arrived = travelled >= way - limits.breakaway_most;
        let told = way * if self.leg == Leg::Out { self.share } else { 1.0 - self.share };
        match self.leg {
            Leg::Out | Leg::Back => {
                if !self.broke {
                    self.broke = travelled.abs() >= limits.moved;
                    let stuck = !self.broke && told > limits.breakaway_most;
                    if self.leg == Leg::Back || stuck {
                        self.breakaway = told;
                    }
                    if stuck {
                        return self.judge(false);
                    }
                }
                self.share = if self.leg == Leg::Out { ramp } else { 1.0 - ramp };
                if self.leg == Leg::Back {
                    if ramp >= 1.0 {
                        self.leg = Leg::Home;
                    }
                    return false;
                }
                self.travel_ms = u32::try_from(ms).unwrap_or(u32::MAX);
                if ramp >= 1.0 && arrived {
                    self.enter(Leg::There, sight.tick, sight.position);
                } else if late {
                    return self.judge(false);
                }
            }
            Leg::There if rested => self.enter(Leg::Back, sight.tick, sight.position),
            Leg::There => {}
            // Its clock is that of the way back.
            Leg::Home => {
                let settled = ms >= u64::from(sight.ramp_ms) + u64::from(sight.ramp_ms / 4);
                if !self.broke {
                    self.broke = travelled.abs() >= limits.moved;
                    self.breakaway = way;
                }
                if settled && arrived {
                    self.jump = (self.breakaway - (way - travelled)).max(0.0);
                    return self.judge(true);
                }
                if settled && late {
                    return self.judge(false);
                }
            }
        }
        false
    }

    /// What was measured is more than the valve is allowed.
    fn exceeds(&self, limits: &Stroke) -> bool {
        self.breakaway > limits.breakaway_most
            || self.jump > limits.jump_most
            || self.travel_ms > limits.travel_most_ms
    }

    fn judge(&mut self, arrived: bool) -> bool {
        self.result = if arrived { StrokeResult::Passed } else { StrokeResult::Failed };
        true
    }
}

pub(crate) fn position_of(plant: &Plant, block: BlockId) -> Option<&Position> {
    match plant.blocks.get(block.index()).map(|block| &block.body) {
        Some(BlockBody::Position(position)) => Some(position),
        _ => None,
    }
}

/// The declared plan, with what the command makes smaller or turns the other way.
pub(crate) fn plan_of(plan: Experiment, declared: &Stroke) -> Result<Experiment, Refusal> {
    let within = |asked: f64, declared: f64| match asked {
        asked if !asked.is_finite() => Err(Refusal::NotANumber),
        0.0 => Ok(declared),
        asked if asked.abs() > declared.abs() => Err(Refusal::AboveLimit),
        asked => Ok(asked),
    };
    let for_ms = if plan.for_ms == 0 { declared.ramp_ms } else { plan.for_ms };
    if for_ms > declared.travel_most_ms {
        return Err(Refusal::AboveLimit);
    }
    let amplitude = within(plan.amplitude, declared.by)?;
    if amplitude.abs() <= declared.breakaway_most {
        // The greatest breakaway that is allowed could hide in it.
        return Err(Refusal::BelowLimit);
    }
    let deviation = within(plan.deviation, declared.guard)?;
    Ok(Experiment { amplitude, deviation, for_ms, bias: 0.0, hysteresis: 0.0, ..plan })
}

impl Scene<'_> {
    /// Takes a stroke test one scan further; true when it is over.
    pub(crate) fn advance_stroke(&self, stroke: &mut StrokeMemory, plan: &Experiment) -> bool {
        let Some(valve) = stroke.valve().and_then(|valve| position_of(self.plant, valve)) else {
            return true;
        };
        let position = self.state.image.value(valve.position);
        stroke.step(&Sight {
            limits: &valve.stroke,
            by: plan.amplitude,
            ramp_ms: plan.for_ms,
            position,
            tick: self.state.tick,
            period_ms: u64::from(self.plant.period_ms),
        })
    }

    /// Its position is known, and is what the field says: one that a person forces proves nothing.
    pub(crate) fn is_seen(&self, valve: &Position) -> bool {
        !self.state.image.quality(valve.position).is_bad() && self.state.forces.find(valve.position).is_none()
    }

    /// Says in the image that a test of this valve runs.
    pub(crate) fn show_stroke(&mut self, stroke: &StrokeMemory) {
        let Some(valve) = stroke.valve().and_then(|valve| position_of(self.plant, valve)) else { return };
        self.state.image.set(valve.result, f64::from(stroke.result as u8), Quality::Good);
    }

    /// The verdict, as points and as an event.
    pub(crate) fn report_stroke(&mut self, mut stroke: StrokeMemory, end: ExperimentEnd) {
        let Some(block) = stroke.valve() else { return };
        let Some(valve) = position_of(self.plant, block) else { return };
        if end != ExperimentEnd::Done {
            stroke.result = StrokeResult::Aborted;
        } else if stroke.exceeds(&valve.stroke) {
            stroke.result = StrokeResult::Failed;
        }
        self.show_stroke(&stroke);
        if stroke.result != StrokeResult::Aborted {
            // An aborted test has measured nothing: the numbers of the last one stand.
            let image = &mut self.state.image;
            image.set(valve.breakaway, stroke.breakaway, Quality::Good);
            image.set(valve.jump, stroke.jump, Quality::Good);
            image.set(valve.travel, f64::from(stroke.travel_ms) / 1000.0, Quality::Good);
        }
        let StrokeMemory { result, breakaway, jump, travel_ms, .. } = stroke;
        let change = ExperimentChange::Stroked { result, breakaway, jump, travel_ms };
        self.out.push(self.state.tick, EventBody::Experiment { block, change });
    }
}

pub(crate) mod valve;

#[cfg(test)]
mod tests;
