//! Simulation of a device: its feedbacks are forced, and the forces follow the order that it is told.
//!
//! ```text
//!   order off ──► on          leaves its end at once          is there after the travel time
//!   off switch   ──────┐______________________________________________________________________
//!   on switch    ______________________________________________________________┌──────────────
//! ```
//!
//! With one feedback alone that one turns after the travel time. A measured speed follows what the drive is told. The
//! order goes to the field as ever: simulation says nothing to it, and needs nothing of it. Whoever reads a
//! feedback reads the simulated one: trips, permits, phases; so the rules are those of a force of each of them.

use model::{BlockId, EventBody, ForceChange, ForceEnd, PointId, Quality, Refusal, UserId};

use super::{FORCE_MAX_MS, FORCES, Force, is_of_the_field};
use crate::blocks::BlockState;
use crate::engine::State;
use crate::phase::Scene;
use crate::plant::{Device, Origin, Plant};
use crate::service::device_of;

/// What a device measures of what it does: the switches and the speed.
pub(crate) fn feedbacks(device: &Device) -> impl Iterator<Item = PointId> {
    let actual = device.drive.as_ref().and_then(|drive| drive.actual);
    device.on.into_iter().chain(device.off).chain(actual)
}

/// They come from the field, and there is one.
pub(crate) fn can_be_simulated(plant: &Plant, device: &Device) -> bool {
    let of_the_field = |point: PointId| matches!(plant.point(point).origin, Origin::Field(_));
    feedbacks(device).next().is_some() && feedbacks(device).all(of_the_field)
}

impl Scene<'_> {
    /// Begins a simulation, or ends it with a time of zero; gives whether it was simulated.
    pub(crate) fn simulate(&mut self, block: BlockId, for_ms: u32, user: UserId) -> Result<f64, Refusal> {
        let device = device_of(self.plant, block).ok_or(Refusal::Unknown)?;
        let was = self.state.forces.all().iter().any(|force| force.follows == block.0 + 1);
        let old = f64::from(u8::from(was));
        if for_ms == 0 {
            if !was {
                return Err(Refusal::NothingToDo);
            }
            self.end_simulation(block, ForceEnd::Released, user);
            return Ok(old);
        }
        self.may_simulate(block, device, for_ms)?;
        let (since, until) = (self.state.tick, self.after_ms(for_ms));
        for point in feedbacks(device) {
            let image = &self.state.image;
            let (value, quality) = (image.value(point), image.quality(point));
            let (raw, raw_quality) = (self.state.forces.find(point))
                .map_or((value, quality), |standing| (standing.raw, standing.raw_quality));
            let force = Force { point, value, raw, raw_quality, since, until, user, follows: block.0 + 1 };
            self.state.forces.put(force)?;
            self.state.holds[point.index()].forced = true;
            self.state.image.set(point, value, Quality::GoodLocalOverride);
            let change = ForceChange::Simulated { block, for_ms };
            self.out.push(since, EventBody::Force { point, change, user });
        }
        self.count_forces();
        Ok(old)
    }

    /// All that forbids it, before anything is done.
    fn may_simulate(&self, block: BlockId, device: &Device, for_ms: u32) -> Result<(), Refusal> {
        if !can_be_simulated(self.plant, device) {
            return Err(Refusal::NoFeedback);
        }
        if for_ms > FORCE_MAX_MS {
            return Err(Refusal::ForceTime);
        }
        if !self.state.ready {
            return Err(Refusal::NotReady);
        }
        let forces = &self.state.forces;
        let mut new = 0;
        for point in feedbacks(device) {
            if self.layout.reach.bars(point) {
                return Err(Refusal::DefeatsInterlock);
            }
            match forces.find(point) {
                Some(force) if force.follows != block.0 + 1 => return Err(Refusal::Forced),
                Some(_) => {}
                None => new += 1,
            }
        }
        if forces.all().len() + new > FORCES { Err(Refusal::ForcesFull) } else { Ok(()) }
    }

    pub(crate) fn end_simulation(&mut self, block: BlockId, reason: ForceEnd, user: UserId) {
        let follows = block.0 + 1;
        while let Some(force) = self.state.forces.all().iter().find(|force| force.follows == follows) {
            self.end_force(force.point, reason, user);
        }
    }

    /// Before the blocks run: what the field would have said.
    pub(crate) fn move_simulated(&mut self) {
        let now = self.state.now(self.plant);
        let State { forces, image, blocks, .. } = &mut *self.state;
        for force in forces.all() {
            let Some(number) = force.follows.checked_sub(1) else { continue };
            let Some(device) = device_of(self.plant, BlockId(number)) else { continue };
            let Some(BlockState::Device(memory, _)) = blocks.get(number as usize) else { continue };
            // All feedbacks at once, with the first of them.
            if feedbacks(device).next() != Some(force.point) {
                continue;
            }
            if let Some((drive, actual)) =
                device.drive.as_ref().and_then(|drive| Some((drive, drive.actual?)))
            {
                image.set(actual, image.value(drive.out), Quality::GoodLocalOverride);
            }
            let told = image.is_on(device.out);
            let there = device.on.is_none_or(|on| image.is_on(on) == told)
                && device.off.is_none_or(|off| image.is_on(off) != told);
            let (on, off) = match (device.on, device.off) {
                _ if there || memory.has_travelled(device, now) => (told, !told),
                (Some(_), Some(_)) => (false, false),
                // One switch alone turns when it is there.
                _ => continue,
            };
            for (point, on) in [(device.on, on), (device.off, off)] {
                if let Some(point) = point {
                    image.set(point, f64::from(u8::from(on)), Quality::GoodLocalOverride);
                }
            }
        }
    }
}

/// Read from a snapshot: the device is there and has this feedback.
pub(super) fn follows_soundly(plant: &Plant, force: &Force) -> bool {
    let Some(number) = force.follows.checked_sub(1) else { return true };
    let device = device_of(plant, BlockId(number));
    is_of_the_field(plant.point(force.point).origin)
        && device.is_some_and(|device| feedbacks(device).any(|point| point == force.point))
}
