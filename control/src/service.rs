//! Modes of devices: out of service, by hand, in auto. Only people order them, and each order moves nothing but the
//! one that takes a device out: that puts its output where it is safe.

use alloc::vec::Vec;
use model::{BlockId, Mode, Quality, Refusal, StateWalk, UserId};

use crate::blocks::BlockState;
use crate::engine::{Layout, State};
use crate::phase::Scene;
use crate::plant::{Block, BlockBody, Device, Plant};
use crate::write::{Actor, order_mode, owned};

/// Since when loops are out of service, and by whom: of each loop whose text has that mode.
///
/// A device keeps it in its own memory; that of a loop is walked through in every scan, and has no room for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoopOrders(Vec<LoopOrder>);

#[derive(Clone, Debug, PartialEq)]
struct LoopOrder {
    /// Of the plant, no state.
    block: u32,
    since: u64,
    by: UserId,
}

impl LoopOrders {
    pub(crate) fn new(plant: &Plant) -> Self {
        let may_go_out = |block: &Block| matches!(&block.body, BlockBody::Pid(pid) if pid.modes.contains(&Mode::OutOfService));
        let blocks = (0..).zip(&plant.blocks).filter(|(_, block)| may_go_out(block));
        Self(blocks.map(|(block, _)| LoopOrder { block, since: 0, by: UserId::SYSTEM }).collect())
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for order in &mut self.0 {
            walk.u64(&mut order.since);
            walk.u32(&mut order.by.0);
        }
    }

    pub(crate) fn note(&mut self, block: u32, since: u64, by: UserId) {
        if let Ok(place) = self.0.binary_search_by_key(&block, |order| order.block) {
            self.0[place] = LoopOrder { block, since, by };
        }
    }

    /// The last order that took it out, whether or not it is still out.
    pub(crate) fn last(&self, block: u32) -> Option<(u64, UserId)> {
        let place = self.0.binary_search_by_key(&block, |order| order.block).ok()?;
        Some((self.0[place].since, self.0[place].by))
    }
}

impl Scene<'_> {
    /// Orders the mode of a loop or a device and gives the one before.
    pub(crate) fn order_mode(&mut self, block: BlockId, mode: Mode, user: UserId) -> Result<f64, Refusal> {
        match device_of(self.plant, block) {
            Some(device) => self.order_device_mode(block, device, mode, user),
            None => {
                let old = order_mode(self.plant, self.state, block.0, mode, Actor::Person)?;
                if mode == Mode::OutOfService && old != mode.value() {
                    self.state.loop_orders.note(block.0, self.state.tick, user);
                }
                Ok(old)
            }
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
