//! Stroke test of an on/off valve by its limit switches: all the way and back, or only off its seat.
//!
//! ```text
//!           ordered the other way            there, or late            ordered back
//!   stands ──────────────────────► Away ─────────────────────► Back ────────────────► stands
//!                    full:    the far switch is on, within `travel`
//!                    partial: the switch it stood on is off, within `partial_stroke`
//! ```
//!
//! Both ways are measured against `travel` (as in IEC 61508-2 and ISA-TR96.05.01 a valve that is late, or does not leave
//! its seat, has failed). An end without a switch counts as reached when the travel time is over.
//!
//! Like every experiment it orders as a person does, through the same gate ([`write`]), so a trip, a permit, a phase and
//! a force go first. A trip has the valve in the scan in which it acts; the test then orders nothing more and ends.

use model::{
    BlockId, EventBody, ExperimentChange, ExperimentEnd, ExperimentShape, PointId, Quality, Refusal,
    StateWalk, StrokeResult,
};

use crate::blocks::BlockState;
use crate::phase::Scene;
use crate::plant::{Device, DeviceState, ValveStroke};
use crate::service::device_of;
use crate::write::{Actor, write};

/// Valves that are tested at a time, in the whole plant: each needs eyes.
pub const VALVE_STROKES: usize = 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
enum Leg {
    #[default]
    Away = 0,
    Back = 1,
    /// After a restart: nobody knows what the valve has done meanwhile.
    Lost = 2,
}

/// One place for a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ValveTest {
    /// Number of the valve's block, from one; zero when the place is free.
    block: u32,
    leg: Leg,
    /// Tick at which the leg began.
    since: u64,
    partial: bool,
    /// Where it stood.
    on: bool,
    failed: bool,
    away_ms: u32,
    back_ms: u32,
}

impl ValveTest {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u32(&mut self.block);
        let mut leg = self.leg as u8;
        walk.u8(&mut leg);
        self.leg = match leg {
            0 => Leg::Away,
            1 => Leg::Back,
            _ => Leg::Lost,
        };
        walk.u64(&mut self.since);
        walk.u32(&mut self.away_ms);
        walk.u32(&mut self.back_ms);
        for flag in [&mut self.partial, &mut self.on, &mut self.failed] {
            walk.bool(flag);
        }
    }

    pub(crate) fn is_present(&self) -> bool {
        self.block != 0
    }

    pub(crate) fn is_of(&self, block: BlockId) -> bool {
        self.block == block.0.wrapping_add(1)
    }

    pub(crate) fn interrupt(&mut self) {
        self.leg = Leg::Lost;
    }

    fn shape(&self) -> ExperimentShape {
        if self.partial { ExperimentShape::PartialStroke } else { ExperimentShape::Stroke }
    }

    /// What it is ordered in this leg.
    fn ordered(&self) -> bool {
        if self.leg == Leg::Away { !self.on } else { self.on }
    }
}

impl Scene<'_> {
    /// Begins the test of a valve and gives its command, or says which rule forbids it.
    pub(crate) fn begin_valve_stroke(
        &mut self,
        block: BlockId,
        device: &Device,
        partial: bool,
    ) -> Result<f64, Refusal> {
        let stroke = device.stroke.as_ref().ok_or(Refusal::NoTest)?;
        if partial && stroke.partial_ms == 0 || !partial && !stroke.full {
            return Err(Refusal::NoTest);
        }
        let on = self.may_be_stroked(block, device, partial)?;
        if self.state.valve_tests.iter().any(|test| test.block == block.0 + 1) {
            return Err(Refusal::NothingToDo);
        }
        let free = self.state.valve_tests.iter().position(|test| !test.is_present());
        let place = free.ok_or(Refusal::TooMany)?;
        let since = self.state.tick;
        let test = ValveTest { block: block.0 + 1, since, partial, on, ..ValveTest::default() };
        self.order_valve(device, test.ordered())?;
        self.state.valve_tests[place] = test;
        self.state.image.set(stroke.result, f64::from(StrokeResult::Running as u8), Quality::Good);
        let command = f64::from(u8::from(on));
        let pv = self.state.image.value(device.state);
        let change = ExperimentChange::Began { shape: test.shape(), out: command, pv };
        self.out.push(since, EventBody::Experiment { block, change });
        Ok(command)
    }

    /// Where the valve stands, at rest and seen by the field; with the leave to go away and to come back.
    fn may_be_stroked(&self, block: BlockId, device: &Device, partial: bool) -> Result<bool, Refusal> {
        let Some(BlockState::Device(memory, _)) = self.state.blocks.get(block.index()) else {
            return Err(Refusal::Unknown);
        };
        if !self.state.ready {
            return Err(Refusal::NotReady);
        }
        if memory.service.is_out() {
            return Err(Refusal::OutOfService);
        }
        if memory.by_itself {
            return Err(Refusal::WrongMode);
        }
        let image = &self.state.image;
        let on = image.is_on(device.command);
        let rest = if on { DeviceState::On } else { DeviceState::Off };
        if image.value(device.state) != f64::from(rest as u8) {
            return Err(Refusal::NotInThisState);
        }
        let switches = [device.on, device.off];
        if switches.iter().flatten().any(|switch| self.state.forces.find(*switch).is_some()) {
            return Err(Refusal::Forced);
        }
        if switches.iter().flatten().any(|switch| image.quality(*switch).is_bad()) {
            return Err(Refusal::NotPermitted);
        }
        let seat = if on { device.on } else { device.off };
        if switches == [None, None] || partial && seat.is_none() {
            return Err(Refusal::NoFeedback);
        }
        // To open it has to be permitted, on the way there or on the way back.
        if !memory.permitted {
            return Err(Refusal::NotPermitted);
        }
        let would_trip = |interlock: &u32| {
            let memory = &self.state.interlocks[*interlock as usize];
            memory.bypassed_until == 0 && !memory.tripped
        };
        if self.layout.reach.watching(block).iter().any(would_trip) {
            return Err(Refusal::WouldTrip);
        }
        Ok(on)
    }

    /// The output goes with the command in the same scan: a valve that has left its seat does not go on until its block runs.
    fn order_valve(&mut self, device: &Device, on: bool) -> Result<f64, Refusal> {
        let value = f64::from(u8::from(on));
        let old = write(self.plant, self.layout, self.state, device.command, value, Actor::Person)?;
        self.state.image.set(device.out, value, Quality::Good);
        Ok(old)
    }

    /// By order of a person: back to where it stood.
    pub(crate) fn end_valve_stroke(&mut self, block: BlockId) -> Result<f64, Refusal> {
        let number = block.0.wrapping_add(1);
        let place = self.state.valve_tests.iter().position(|test| number != 0 && test.block == number);
        let place = place.ok_or(Refusal::NothingToDo)?;
        let old = f64::from(u8::from(self.state.valve_tests[place].ordered()));
        self.abort_valve_stroke(place, ExperimentEnd::Ordered);
        Ok(old)
    }

    pub(crate) fn run_valve_strokes(&mut self) {
        for place in 0..VALVE_STROKES {
            if self.state.valve_tests[place].is_present() {
                self.run_valve_stroke(place);
            }
        }
    }

    /// What a trip of this scan has taken is told in this scan, behind the trip.
    pub(crate) fn yield_valve_strokes(&mut self) {
        for place in 0..VALVE_STROKES {
            let test = self.state.valve_tests[place];
            let Some(device) =
                test.block.checked_sub(1).and_then(|block| device_of(self.plant, BlockId(block)))
            else {
                continue;
            };
            if [device.command, device.out].iter().any(|point| self.state.holds[point.index()].interlock != 0)
            {
                self.finish_valve_stroke(place, ExperimentEnd::Interrupted);
            }
        }
    }

    fn run_valve_stroke(&mut self, place: usize) {
        let test = self.state.valve_tests[place];
        let Some(device) = device_of(self.plant, BlockId(test.block - 1)) else {
            self.state.valve_tests[place] = ValveTest::default();
            return;
        };
        let Some(stroke) = &device.stroke else {
            self.state.valve_tests[place] = ValveTest::default();
            return;
        };
        match self.valve_disturbed(&test, device) {
            // Somebody else has it: theirs is the last word.
            Some(end @ (ExperimentEnd::TakenOver | ExperimentEnd::Interrupted)) => {
                return self.finish_valve_stroke(place, end);
            }
            // The field may have driven it to its fail position meanwhile: nothing moves by itself after a restart.
            _ if test.leg == Leg::Lost => {
                return self.finish_valve_stroke(place, ExperimentEnd::Interrupted);
            }
            Some(end) => return self.abort_valve_stroke(place, end),
            None => {}
        }
        let ms = self.state.now(self.plant).since_ms(test.since);
        match test.leg {
            Leg::Away => self.valve_away(place, device, stroke, ms),
            Leg::Back | Leg::Lost => self.valve_back(place, device, ms),
        }
    }

    /// What ends a test before its time.
    fn valve_disturbed(&self, test: &ValveTest, device: &Device) -> Option<ExperimentEnd> {
        let hold = |point: PointId| self.state.holds[point.index()];
        let held = |point: PointId| hold(point).is_dictated() || hold(point).phase != 0;
        let (out, by_itself) = match self.state.blocks.get(test.block as usize - 1) {
            Some(BlockState::Device(memory, _)) => (memory.service.is_out(), memory.by_itself),
            _ => (true, false),
        };
        let unseen = |switch: &PointId| {
            self.state.image.quality(*switch).is_bad() || self.state.forces.find(*switch).is_some()
        };
        let moved = test.leg != Leg::Lost && self.state.image.is_on(device.command) != test.ordered();
        if held(device.command) || held(device.out) {
            Some(ExperimentEnd::Interrupted)
        } else if out || by_itself || moved {
            Some(ExperimentEnd::TakenOver)
        } else if [device.on, device.off].iter().flatten().any(unseen) {
            Some(ExperimentEnd::BadPosition)
        } else {
            None
        }
    }

    fn valve_away(&mut self, place: usize, device: &Device, stroke: &ValveStroke, ms: u64) {
        let test = self.state.valve_tests[place];
        let (arrived, most) = if test.partial {
            let seat = if test.on { device.on } else { device.off };
            (seat.is_some_and(|seat| !self.state.image.is_on(seat)), u64::from(stroke.partial_ms))
        } else {
            (self.is_at(device, !test.on, ms), u64::from(device.travel_ms))
        };
        if !arrived && ms <= most {
            return;
        }
        let since = self.state.tick;
        let away_ms = u32::try_from(ms).unwrap_or(u32::MAX);
        let test = ValveTest { leg: Leg::Back, since, failed: !arrived, away_ms, ..test };
        self.state.valve_tests[place] = test;
        if self.order_valve(device, test.on).is_err() {
            self.finish_valve_stroke(place, ExperimentEnd::Interrupted);
        }
    }

    fn valve_back(&mut self, place: usize, device: &Device, ms: u64) {
        let test = self.state.valve_tests[place];
        let arrived = self.is_at(device, test.on, ms);
        if !arrived && ms <= u64::from(device.travel_ms) {
            return;
        }
        let test = &mut self.state.valve_tests[place];
        test.back_ms = u32::try_from(ms).unwrap_or(u32::MAX);
        test.failed |= !arrived;
        self.finish_valve_stroke(place, ExperimentEnd::Done);
    }

    /// The valve stands at this end. One that has no switch there has left the other and had its time.
    fn is_at(&self, device: &Device, on: bool, ms: u64) -> bool {
        let (there, other) = if on { (device.on, device.off) } else { (device.off, device.on) };
        let is_on = |switch: PointId| self.state.image.is_on(switch);
        let left = other.is_none_or(|other| !is_on(other));
        left && there.map_or(ms >= u64::from(device.travel_ms), is_on)
    }

    /// Back to where it stood, unless somebody else has it or may forbid it.
    fn abort_valve_stroke(&mut self, place: usize, end: ExperimentEnd) {
        let test = self.state.valve_tests[place];
        if let Some(device) = device_of(self.plant, BlockId(test.block - 1))
            && self.state.image.is_on(device.command) != test.on
        {
            let _ = self.order_valve(device, test.on);
        }
        self.finish_valve_stroke(place, end);
    }

    /// The verdict, as points and as events.
    fn finish_valve_stroke(&mut self, place: usize, reason: ExperimentEnd) {
        let test = core::mem::take(&mut self.state.valve_tests[place]);
        let block = BlockId(test.block - 1);
        let Some(stroke) = device_of(self.plant, block).and_then(|device| device.stroke.as_ref()) else {
            return;
        };
        let result = match (reason, test.failed) {
            (ExperimentEnd::Done, false) => StrokeResult::Passed,
            (ExperimentEnd::Done, true) => StrokeResult::Failed,
            _ => StrokeResult::Aborted,
        };
        let image = &mut self.state.image;
        image.set(stroke.result, f64::from(result as u8), Quality::Good);
        // An aborted test has measured nothing: the numbers of the last one stand.
        if result != StrokeResult::Aborted && !test.partial {
            let (opens, closes) =
                if test.on { (test.back_ms, test.away_ms) } else { (test.away_ms, test.back_ms) };
            image.set(stroke.opens, f64::from(opens) / 1000.0, Quality::Good);
            image.set(stroke.closes, f64::from(closes) / 1000.0, Quality::Good);
        }
        let (tick, ValveTest { away_ms, back_ms, .. }) = (self.state.tick, test);
        for change in [
            ExperimentChange::Timed { result, away_ms, back_ms },
            ExperimentChange::Ended { shape: test.shape(), reason },
        ] {
            self.out.push(tick, EventBody::Experiment { block, change });
        }
    }
}
