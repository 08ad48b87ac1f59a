//! Modes of devices: out of service, by hand, in auto. Only people order them, and each order moves nothing but the
//! one that takes a device out: that puts its output where it is safe.

use model::{BlockId, Mode, Quality, Refusal, UserId};

use crate::blocks::BlockState;
use crate::engine::{Layout, State};
use crate::phase::Scene;
use crate::plant::{BlockBody, Device, Plant};
use crate::write::{Actor, order_mode, owned};

impl Scene<'_> {
    /// Orders the mode of a loop or a device and gives the one before.
    pub(crate) fn order_mode(&mut self, block: BlockId, mode: Mode, user: UserId) -> Result<f64, Refusal> {
        match device_of(self.plant, block) {
            Some(device) => self.order_device_mode(block, device, mode, user),
            None => order_mode(self.plant, self.state, block.0, mode, Actor::Person),
        }
    }

    fn order_device_mode(
        &mut self,
        block: BlockId,
        device: &Device,
        mode: Mode,
        user: UserId,
    ) -> Result<f64, Refusal> {
        let tick = self.state.tick;
        let Some(BlockState::Device(memory, fixed)) = self.state.blocks.get(block.index()) else {
            return Err(Refusal::Unknown);
        };
        let (is_out, safe) = (memory.service.is_out(), fixed.safe);
        let switch = device.auto.as_ref().map(|auto| auto.switch);
        let by_itself = switch.is_some_and(|switch| self.state.image.is_on(switch));
        match mode {
            Mode::OutOfService if is_out => return Err(Refusal::NothingToDo),
            Mode::OutOfService => self.may_go_out(block, device)?,
            Mode::Manual if !is_out && !by_itself => return Err(Refusal::NothingToDo),
            Mode::Manual => owned(self.state, device.command, Actor::Person)?,
            Mode::Auto if switch.is_none() => return Err(Refusal::ModeNotPermitted),
            Mode::Auto if is_out => return Err(Refusal::OutOfService),
            Mode::Auto if by_itself => return Err(Refusal::NothingToDo),
            Mode::Auto => owned(self.state, device.command, Actor::Person)?,
            _ => return Err(Refusal::ModeNotPermitted),
        }
        let held = self.is_interlocked(device);
        let State { blocks, image, holds, .. } = &mut *self.state;
        let Some(BlockState::Device(memory, _)) = blocks.get_mut(block.index()) else {
            return Err(Refusal::Unknown);
        };
        let old = match (is_out, by_itself) {
            (true, _) => Mode::OutOfService,
            (false, true) => Mode::Auto,
            (false, false) => Mode::Manual,
        };
        if let Some(switch) = switch {
            image.set(switch, f64::from(u8::from(mode == Mode::Auto)), Quality::Good);
        }
        match mode {
            Mode::OutOfService => {
                let rest = if held { image.is_on(device.out) } else { safe >= 0.5 };
                memory.service.take_out(tick, user, rest);
                if !held {
                    image.set(device.out, safe, Quality::Good);
                    image.set(device.command, safe, Quality::Good);
                }
            }
            _ if is_out => {
                let rest = f64::from(u8::from(memory.service.put_back()));
                // A force may have ended since it ran last.
                if !held && !holds[device.out.index()].forced {
                    image.set(device.out, rest, Quality::Good);
                    image.set(device.command, rest, Quality::Good);
                }
                // What the feedback says now it may need its time for.
                memory.commanded();
            }
            _ => {}
        }
        image.set(device.mode, mode.value(), Quality::Good);
        Ok(old.value())
    }

    /// What forbids to take a device out of service.
    fn may_go_out(&self, block: BlockId, device: &Device) -> Result<(), Refusal> {
        if !self.state.ready {
            return Err(Refusal::NotReady);
        }
        if self.layout.reach.bars_service(block) {
            return Err(Refusal::DefeatsInterlock);
        }
        owned(self.state, device.command, Actor::Person)?;
        let forced = |point: model::PointId| self.state.holds[point.index()].forced;
        let speed = device.drive.as_ref().map(|drive| drive.speed);
        if [device.command, device.out].into_iter().chain(speed).any(forced) {
            return Err(Refusal::Forced);
        }
        Ok(())
    }

    fn is_interlocked(&self, device: &Device) -> bool {
        [device.command, device.out].iter().any(|point| self.state.holds[point.index()].interlock != 0)
    }
}

/// For the tags of the plant that show how many there are, and their alarms.
pub(crate) fn count_out_of_service(layout: &Layout, state: &mut State) {
    if layout.service_counts.is_empty() {
        return;
    }
    let out = |block: &&BlockState| match block {
        BlockState::Device(memory, _) => memory.service.is_out(),
        BlockState::Pid(memory, _) => memory.target == Mode::OutOfService,
        _ => false,
    };
    let count = state.blocks.iter().filter(out).count() as f64;
    for point in &layout.service_counts {
        state.image.set(*point, count, Quality::Good);
    }
}

/// The modes that people may order of a device.
pub(crate) fn modes(device: &Device) -> &'static [Mode] {
    match device.auto {
        Some(_) => &[Mode::OutOfService, Mode::Manual, Mode::Auto],
        None => &[Mode::OutOfService, Mode::Manual],
    }
}

/// The motor, valve or breaker that a block is.
pub(crate) fn device_of(plant: &Plant, block: BlockId) -> Option<&Device> {
    match plant.blocks.get(block.index()).map(|block| &block.body) {
        Some(BlockBody::Device(device)) => Some(device),
        _ => None,
    }
}
