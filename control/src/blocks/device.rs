//! Motor, on/off valve and breaker: a command, the feedback that must follow it, and a permissive.
//!
//! ```text
//!              command on                  feedback on
//!   Off ──────────────────► TurningOn ──────────────────► On
//!    ▲                          │ not within the travel    │
//!    │ feedback off             ▼ time, or lost for so long│ command off
//!    └──────── TurningOff ◄── Failed ◄─────────────────────┘ (Failed clears when they agree again)
//! ```
//!
//! The permissive is needed to switch on and is checked when somebody does; losing it later does
//! not switch off, that is what interlocks are for. A bad feedback proves nothing: the state stays
//! and the clock stands, the alarm on the link tells why. Without any feedback the device is
//! believed to follow at once.

use model::{BlockId, EventBody, Quality, StateWalk};

use super::{Context, walk_flags};
use crate::image::Image;
use crate::plant::{Device, DeviceState};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeviceMemory {
    /// Since which tick feedback and command disagree; meaningful while `apart`.
    since: u64,
    apart: bool,
    failed: bool,
    /// It has been commanded anew: it gets its full travel time again.
    renewed: bool,
    /// The permissive at the last run: true, and not for want of data.
    pub(crate) permitted: bool,
}

impl DeviceMemory {
    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.since);
        let flags = [&mut self.apart, &mut self.failed, &mut self.renewed, &mut self.permitted];
        walk_flags(walk, flags);
    }
}

/// Before the first run: the command is what the output is.
pub(super) fn start(device: &Device, image: &mut Image) {
    let on = image.is_on(device.out);
    image.set(device.command, f64::from(u8::from(on)), Quality::Good);
}

pub(super) fn run(device: &Device, memory: &mut DeviceMemory, block: usize, context: &mut Context<'_>) {
    memory.permitted = match &device.permit {
        None => true,
        Some(permit) => context.memory.truth(context.ops, permit, context.image, context.now).is_true(),
    };
    let image = &mut *context.image;
    if device.out != device.command {
        if context.holds[device.out.index()].interlock != 0 {
            // What an interlock did to the output stays when it lets go, until somebody commands.
            let forced = f64::from(u8::from(image.is_on(device.out)));
            image.set(device.command, forced, Quality::Good);
        } else {
            let command = f64::from(u8::from(image.is_on(device.command)));
            image.set(device.out, command, Quality::Good);
        }
    }
    let command = image.is_on(device.command);
    let proven = match proven(device, image, command) {
        Feedback::Unknown => return memory.freeze(context),
        Feedback::On => Some(true),
        Feedback::Off => Some(false),
        Feedback::Between => None,
    };
    let state = memory.judge(proven, command, u64::from(device.travel_ms), context, block);
    context.image.set(device.state, f64::from(state as u8), Quality::Good);
    context.image.set(device.fail, f64::from(u8::from(memory.failed)), Quality::Good);
}

enum Feedback {
    On,
    Off,
    Between,
    /// A feedback is bad.
    Unknown,
}

fn proven(device: &Device, image: &Image, command: bool) -> Feedback {
    let read = |point| if image.quality(point).is_bad() { None } else { Some(image.is_on(point)) };
    let (on, off) = match (device.on, device.off) {
        (None, None) => return if command { Feedback::On } else { Feedback::Off },
        (Some(on), None) => (read(on), read(on).map(|on| !on)),
        (None, Some(off)) => (read(off).map(|off| !off), read(off)),
        (Some(on), Some(off)) => (read(on), read(off)),
    };
    match (on, off) {
        (Some(true), Some(false)) => Feedback::On,
        (Some(false), Some(true)) => Feedback::Off,
        (Some(true), Some(true)) | (Some(false), Some(false)) => Feedback::Between,
        (None, _) | (_, None) => Feedback::Unknown,
    }
}

impl DeviceMemory {
    /// While nothing is known no time counts against the device.
    fn freeze(&mut self, context: &Context<'_>) {
        self.since = context.now.tick;
    }

    fn judge(
        &mut self,
        proven: Option<bool>,
        command: bool,
        travel_ms: u64,
        context: &mut Context<'_>,
        block: usize,
    ) -> DeviceState {
        let agree = proven == Some(command);
        if agree {
            self.apart = false;
        } else if !self.apart || self.renewed {
            self.apart = true;
            self.since = context.now.tick;
        }
        let stays = self.failed && !self.renewed;
        self.renewed = false;
        let failed = !agree && (stays || context.now.since_ms(self.since) > travel_ms);
        if failed != self.failed {
            self.failed = failed;
            let block = BlockId(block as u32);
            context.out.push(context.now.tick, EventBody::Device { block, failed });
        }
        match (failed, agree, command) {
            (true, _, _) => DeviceState::Failed,
            (false, true, true) => DeviceState::On,
            (false, true, false) => DeviceState::Off,
            (false, false, true) => DeviceState::TurningOn,
            (false, false, false) => DeviceState::TurningOff,
        }
    }

    pub(crate) fn commanded(&mut self) {
        self.renewed = true;
    }
}
