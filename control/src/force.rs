//! Forces: for a bounded time a person's value in place of what the field says of an input, or is told of an output.
//!
//! ```text
//!              field says ──► raw ─┐ kept beside                    blocks ─┐ track
//! input tag:   person forces ──────┴──► image ──► blocks     person forces ─┴──► image ──► field
//!                                                            interlock ─────────► wins, and ends the force
//! ```
//!
//! * **An input** shows the forced value with the quality "good, forced by hand"; what the field says meanwhile is
//!   kept beside it, and is there at once when the force ends. Whether a start may act is judged by what
//!   the field says.
//! * **An output** is written after everything that drives it, which tracks: a loop, split range or drive goes on from
//!   there without a bump, a motor or valve keeps its command, an output that people or phases write stays.
//! * **Interlocks** are stronger. A trip ends the force of an output that it acts on, and nothing moves
//!   again by itself when it is reset. An input that an interlock reads ([`reach`]) can be forced only when
//!   every such interlock may be bypassed.
//! * **A device that comes back** with its output elsewhere, as its watchdog left it, ends the force as well.
//!
//! * **A simulated device** ([`simulate`]) has its feedbacks forced, and the values follow its order.
//!
//! Forces are in the state: snapshot, restart and replay know them. After a restart they stand again once the
//! field has delivered; one whose time has passed meanwhile ends in the first scan, before anything acts.

use model::{
    BlockId, EventBody, ForceChange, ForceEnd, InterlockId, PointId, Quality, Refusal, StateWalk, UserId,
};

use crate::blocks::{BlockState, Hold};
use crate::exchange::Input;
use crate::image::Image;
use crate::phase::Scene;
use crate::plant::{BlockBody, Origin, Plant};

mod reach;
mod simulate;

pub(crate) use reach::{
    Reach, all_asking, all_defeated, asking, defeated, measured, points_behind, watching,
};
pub(crate) use simulate::{can_be_simulated, feedbacks};

/// Tags that can be forced at a time, in the whole plant: more than anybody keeps in mind.
pub const FORCES: usize = 32;
/// Nobody may force a tag for longer: one shift, as for a bypass.
pub const FORCE_MAX_MS: u32 = crate::interlock::BYPASS_MAX_MS;

/// One tag that is forced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Force {
    pub point: PointId,
    pub value: f64,
    /// What the field says of an input meanwhile; what an output was when it was forced.
    pub raw: f64,
    pub raw_quality: Quality,
    /// Ticks at which it began and at which it ends.
    pub since: u64,
    pub until: u64,
    pub user: UserId,
    /// Number of the device, from one, whose order the value follows; zero for what a person has said.
    pub follows: u32,
}

impl Force {
    /// A place that is free.
    const NONE: Self = Self {
        point: PointId(0),
        value: 0.0,
        raw: 0.0,
        raw_quality: Quality::Good,
        since: 0,
        until: 0,
        user: UserId(0),
        follows: 0,
    };

    fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u32(&mut self.point.0);
        walk.f64(&mut self.value);
        walk.f64(&mut self.raw);
        let mut code = u8::from(self.raw_quality);
        walk.u8(&mut code);
        self.raw_quality = Quality::from(code);
        walk.u64(&mut self.since);
        walk.u64(&mut self.until);
        walk.u32(&mut self.user.0);
        walk.u32(&mut self.follows);
    }
}

/// Everything that is forced, in the order in which it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forces {
    standing: u32,
    places: [Force; FORCES],
}

impl Default for Forces {
    fn default() -> Self {
        Self { standing: 0, places: [Force::NONE; FORCES] }
    }
}

impl Forces {
    pub fn all(&self) -> &[Force] {
        self.places.get(..self.standing as usize).unwrap_or(&self.places)
    }

    pub fn find(&self, point: PointId) -> Option<&Force> {
        self.all().iter().find(|force| force.point == point)
    }

    fn standing_mut(&mut self) -> &mut [Force] {
        let count = (self.standing as usize).min(FORCES);
        &mut self.places[..count]
    }

    /// Puts it in the place of another force of the same tag, or behind the others.
    pub(crate) fn put(&mut self, force: Force) -> Result<(), Refusal> {
        if let Some(place) = self.standing_mut().iter_mut().find(|other| other.point == force.point) {
            *place = force;
            return Ok(());
        }
        let place = self.places.get_mut(self.standing as usize).ok_or(Refusal::ForcesFull)?;
        *place = force;
        self.standing += 1;
        Ok(())
    }

    fn take(&mut self, point: PointId) -> Option<Force> {
        let place = self.all().iter().position(|force| force.point == point)?;
        let found = self.places[place];
        self.standing_mut()[place..].rotate_left(1);
        self.standing -= 1;
        self.places[self.standing as usize] = Force::NONE;
        Some(found)
    }

    /// What the field says of an input that is forced, by the rule of the image: bad keeps the last value.
    pub(crate) fn hear(&mut self, input: &Input) {
        let Some(force) = self.standing_mut().iter_mut().find(|force| force.point == input.point) else {
            return;
        };
        match input.quality {
            bad if bad.is_bad() => force.raw_quality = bad,
            _ if !input.value.is_finite() => force.raw_quality = Quality::BadOutOfRange,
            usable => (force.raw, force.raw_quality) = (input.value, usable),
        }
    }

    /// The quality that the field gives a point, forced or not.
    pub(crate) fn raw_quality(&self, image: &Image, point: PointId) -> Quality {
        self.find(point).map_or_else(|| image.quality(point), |force| force.raw_quality)
    }

    /// A new start: the field has not said anything yet.
    pub(crate) fn await_field(&mut self, point: PointId) {
        if let Some(force) = self.standing_mut().iter_mut().find(|force| force.point == point) {
            force.raw_quality = Quality::BadWaitingForInitialData;
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u32(&mut self.standing);
        for place in &mut self.places {
            place.state(walk);
        }
    }

    /// Read from a snapshot: the tags are there, of the field, and held by their force and no other.
    pub(crate) fn is_sound(&self, plant: &Plant, holds: &[Hold]) -> bool {
        let of_the_field = |force: &Force| {
            let there = plant.points.get(force.point.index());
            there.is_some_and(|point| is_of_the_field(point.origin)) && holds[force.point.index()].forced
        };
        let held = holds.iter().filter(|hold| hold.forced).count();
        self.standing as usize <= FORCES
            && held == self.standing as usize
            && self.all().iter().all(of_the_field)
            && self.all().iter().all(|force| simulate::follows_soundly(plant, force))
            && self
                .all()
                .iter()
                .enumerate()
                .all(|(place, force)| self.all()[..place].iter().all(|other| other.point != force.point))
    }
}

/// Only what a device says or is told: everything else is calculated, and follows.
fn is_of_the_field(origin: Origin) -> bool {
    matches!(origin, Origin::Field(_) | Origin::FieldOutput(_))
}

impl Scene<'_> {
    /// Forces a tag and gives what stood there, or says which rule forbids it.
    pub(crate) fn force(
        &mut self,
        point: PointId,
        value: f64,
        for_ms: u32,
        user: UserId,
    ) -> Result<f64, Refusal> {
        let definition = self.plant.points.get(point.index()).ok_or(Refusal::Unknown)?;
        if !is_of_the_field(definition.origin) {
            return Err(Refusal::NotForceable);
        }
        if !value.is_finite() {
            return Err(Refusal::NotANumber);
        }
        if value < definition.low {
            return Err(Refusal::BelowLimit);
        }
        if value > definition.high {
            return Err(Refusal::AboveLimit);
        }
        if for_ms == 0 || for_ms > FORCE_MAX_MS {
            return Err(Refusal::ForceTime);
        }
        if !self.state.ready {
            return Err(Refusal::NotReady);
        }
        if self.layout.reach.bars(point) {
            return Err(Refusal::DefeatsInterlock);
        }
        if self.state.holds[point.index()].interlock != 0 {
            return Err(Refusal::Interlocked);
        }
        if self.state.forces.find(point).is_some_and(|force| force.follows != 0) {
            return Err(Refusal::Simulated);
        }
        let switch = definition.words.is_some();
        let value = if switch { f64::from(u8::from(value >= 0.5)) } else { value };
        let image = &self.state.image;
        let old = image.value(point);
        let (raw, raw_quality) = self
            .state
            .forces
            .find(point)
            .map_or((old, image.quality(point)), |standing| (standing.raw, standing.raw_quality));
        let (since, until) = (self.state.tick, self.after_ms(for_ms));
        self.state.forces.put(Force { point, value, raw, raw_quality, since, until, user, follows: 0 })?;
        self.state.holds[point.index()].forced = true;
        self.state.image.set(point, value, Quality::GoodLocalOverride);
        self.count_forces();
        let change = ForceChange::Began { value, for_ms };
        self.out.push(self.state.tick, EventBody::Force { point, change, user });
        Ok(old)
    }

    pub(crate) fn unforce(&mut self, point: PointId, user: UserId) -> Result<f64, Refusal> {
        let force = self.state.forces.find(point).ok_or(Refusal::NothingToDo)?;
        let old = self.state.image.value(point);
        match force.follows.checked_sub(1) {
            // Half a simulation would be none.
            Some(number) => self.end_simulation(BlockId(number), ForceEnd::Released, user),
            None => self.end_force(point, ForceEnd::Released, user),
        }
        Ok(old)
    }

    /// Ends those whose time is up, before anything acts on them.
    pub(crate) fn expire_forces(&mut self) {
        let tick = self.state.tick;
        while let Some(force) = self.state.forces.all().iter().find(|force| force.until <= tick) {
            self.end_force(force.point, ForceEnd::Expired, UserId::SYSTEM);
        }
        self.count_forces();
    }

    /// The last word on outputs but that of the interlocks.
    pub(crate) fn write_forced_outputs(&mut self) {
        let crate::engine::State { forces, image, holds, .. } = &mut *self.state;
        for force in forces.all() {
            let output = matches!(self.plant.point(force.point).origin, Origin::FieldOutput(_));
            if output && holds[force.point.index()].interlock == 0 {
                image.set(force.point, force.value, Quality::GoodLocalOverride);
            }
        }
    }

    /// What an interlock has put elsewhere is no longer forced, so that a reset moves nothing.
    pub(crate) fn yield_to_interlocks(&mut self) {
        let mut place = 0;
        while let Some(force) = self.state.forces.all().get(place) {
            match self.state.holds[force.point.index()].interlock.checked_sub(1) {
                Some(number) => {
                    let reason = ForceEnd::Interlocked { interlock: InterlockId(number) };
                    self.end_force(force.point, reason, UserId::SYSTEM);
                }
                None => place += 1,
            }
        }
    }

    pub(crate) fn end_force(&mut self, point: PointId, reason: ForceEnd, user: UserId) {
        let Some(force) = self.state.forces.take(point) else { return };
        self.state.holds[point.index()].forced = false;
        if matches!(self.plant.point(point).origin, Origin::Field(_)) {
            self.state.image.set(point, force.raw, force.raw_quality);
        } else {
            // It stays where it is until whoever drives it, or somebody, moves it.
            self.state.image.set_quality(point, Quality::Good);
            self.leave_untried(point, force.raw, reason);
        }
        self.count_forces();
        self.out
            .push(self.state.tick, EventBody::Force { point, change: ForceChange::Ended { reason }, user });
    }

    /// Nobody moves a device that is out of service: what a force made of it ends with the force, in the same scan. An
    /// interlock or the field, when they have ended it, have the last word.
    fn leave_untried(&mut self, point: PointId, before: f64, reason: ForceEnd) {
        let crate::engine::State { blocks, image, .. } = &mut *self.state;
        let there =
            self.plant.blocks.iter().zip(blocks).find_map(|(block, memory)| match (&block.body, memory) {
                (BlockBody::Device(device), BlockState::Device(memory, _)) if device.out == point => {
                    Some(memory)
                }
                _ => None,
            });
        let Some(memory) = there.filter(|memory| memory.service.is_out()) else { return };
        if matches!(reason, ForceEnd::Expired | ForceEnd::Released) {
            image.set(point, before, Quality::Good);
        }
        memory.service.taken_over(image.is_on(point));
    }

    /// For the tags of the plant that show how many there are, and their alarms.
    pub(crate) fn count_forces(&mut self) {
        let count = self.state.forces.all().len() as f64;
        for point in &self.layout.force_counts {
            self.state.image.set(*point, count, Quality::Good);
        }
    }
}
