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
//!
//! With a wish (`auto`, or a group of duty and standby) the device follows it while AUTO is on. An
//! interlock, a force and a phase go first; when they let go the wish counts again, and the permissive with it.
//! A motor that fails while it is told to run is told to no more, and FAIL stands until somebody commands it: it would start by
//! itself when its voltage is back (EN 60204-1, 7.5.4; ISO 12100, 6.2.11.4). What is in AUTO follows its condition.
//! What fails while its group wants it is given up: the failure stands, although it is commanded off, until a person takes
//! it by hand or the group starts anew, which takes FAIL back.
//!
//! Out of service ([`service`]) it stands at the fail position of its output, and none of this applies to it.
//!
//! A motor heats up when it starts (IEC 60034-1, duty S4; NEMA MG 1, 12.54): with `min_off` and
//! `starts_per_hour` it is not permitted to start until it has rested, which REST counts down. What is
//! on when the controller begins counts as neither started nor stopped.

use model::{BlockId, EventBody, InterlockId, Mode, Quality, StateWalk};

mod drive;
mod service;

use service::Service;

use super::{Context, Handshake, fail_value, walk_flags};
use crate::engine::Gap;
use crate::image::Image;
use crate::machine::{Now, Truth};
use crate::plant::{Device, DeviceKind, DeviceState, Plant, Wear, Wish};

/// So many starts are remembered.
pub(crate) const STARTS: usize = 10;
const HOUR_MS: u64 = 3_600_000;

/// What follows from the plant alone. It is no state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fixed {
    /// Where the output is driven out of service.
    pub(crate) safe: f64,
    drive: drive::Fixed,
}

impl Fixed {
    pub(crate) fn new(plant: &Plant, device: &Device) -> Self {
        Self { safe: fail_value(plant, device.out), drive: drive::Fixed::new(plant, device) }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeviceMemory {
    /// Since which tick feedback and command disagree; meaningful while `apart`.
    since: u64,
    apart: bool,
    failed: bool,
    /// It has failed while its group wanted it, and nobody has looked after it since.
    given_up: bool,
    /// It has failed while people or a phase had it on: it is off and stays failed until somebody commands it.
    dropped: bool,
    /// It has been commanded anew: it gets its full travel time again.
    renewed: bool,
    /// The permissive at the last run: true, and not for want of data.
    pub(crate) permitted: bool,
    /// AUTO is on: people do not command it.
    pub(crate) by_itself: bool,
    /// The command at the last run.
    was_on: bool,
    /// One more than the tick at which it was last switched off; 0 is never.
    stopped: u64,
    /// The same of its last starts, latest first.
    started: [u64; STARTS],
    starts: u64,
    on_ms: u64,
    pub(crate) service: Service,
}

impl DeviceMemory {
    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        self.service.state(walk);
        walk.u64(&mut self.since);
        walk.u64(&mut self.stopped);
        walk.u64(&mut self.starts);
        walk.u64(&mut self.on_ms);
        for start in &mut self.started {
            walk.u64(start);
        }
        let Self { apart, failed, renewed, permitted, was_on, by_itself, given_up, dropped, .. } = self;
        walk_flags(walk, [apart, failed, renewed, permitted, was_on, by_itself, given_up, dropped]);
    }
}

/// Before the first run: the command is what the output is.
pub(super) fn start(device: &Device, memory: &mut DeviceMemory, image: &mut Image) -> Handshake {
    let on = image.is_on(device.out);
    memory.was_on = on;
    image.set(device.command, f64::from(u8::from(on)), Quality::Good);
    device.drive.as_ref().map_or(Handshake::SILENT, |drive| drive::start(drive, on, image))
}

pub(super) fn run(
    device: &Device,
    fixed: Fixed,
    memory: &mut DeviceMemory,
    block: usize,
    context: &mut Context<'_>,
) {
    run_switch(device, memory, block, context);
    if let Some(drive) = &device.drive {
        let on = context.image.is_on(device.command);
        drive::run(drive, fixed.drive, (on, memory.service.is_out()), block, context);
    }
}

fn run_switch(device: &Device, memory: &mut DeviceMemory, block: usize, context: &mut Context<'_>) {
    memory.permitted = match &device.permit {
        None => true,
        Some(permit) => context.memory.truth(context.ops, permit, context.image, context.now).is_true(),
    };
    memory.by_itself = device.auto.as_ref().is_some_and(|auto| context.image.is_on(auto.switch));
    if memory.service.is_out() {
        memory.service.stand(device, context);
    } else {
        memory.obey_machine(device, context);
    }
    let image = &mut *context.image;
    if !memory.service.is_out() && device.out != device.command {
        if context.holds[device.out.index()].is_dictated() {
            // What an interlock or a force did to the output stays when it lets go, until somebody commands.
            let forced = f64::from(u8::from(image.is_on(device.out)));
            image.set(device.command, forced, Quality::Good);
        } else {
            let command = f64::from(u8::from(image.is_on(device.command)));
            image.set(device.out, command, Quality::Good);
        }
    }
    let taken_back = memory.is_taken_back(device, context.image);
    let failed = memory.failed && !taken_back;
    let by_its_wish = memory.follow_wish(device, failed, context);
    let command = context.image.is_on(device.command);
    memory.report_dictated(device, block, command, context);
    memory.wear(&device.wear, command, context);
    let mode = memory.mode(device, context).value();
    let image = &mut *context.image;
    image.set(device.mode, mode, Quality::Good);
    if memory.service.is_out() {
        return memory.rest(device, command, image);
    }
    let faulty = device.drive.as_ref().is_some_and(|drive| drive.is_faulty(image));
    let proven = match proven(device, image, command) {
        // A fault is a fault, whatever the feedback would say.
        Feedback::Unknown if faulty => None,
        Feedback::Unknown => return memory.freeze(context),
        Feedback::On => Some(true),
        Feedback::Off => Some(false),
        Feedback::Between => None,
    };
    let held = is_dictated(device, context);
    memory.dropped &= !(command || held || by_its_wish || memory.renewed);
    let state = memory.judge((proven, command, faulty), u64::from(device.travel_ms), context, block);
    memory.given_up |= memory.failed && memory.by_itself && is_wanted(device, context.image);
    if memory.failed && command && !held && !by_its_wish && device.kind == DeviceKind::Motor {
        memory.drop_out(device, context.image);
    }
    let image = &mut *context.image;
    image.set(device.state, f64::from(state as u8), by_hand(device, image));
    image.set(device.fail, f64::from(u8::from(memory.failed)), Quality::Good);
}

/// An interlock or a force says what it does.
fn is_dictated(device: &Device, context: &Context<'_>) -> bool {
    [device.command, device.out].iter().any(|point| context.holds[point.index()].is_dictated())
}

/// Its group wants it to run.
fn is_wanted(device: &Device, image: &Image) -> bool {
    device.auto.as_ref().is_some_and(|auto| matches!(auto.wish, Wish::Group(wanted) if image.is_on(wanted)))
}

/// A state that follows from a feedback that is forced or simulated says so.
fn by_hand(device: &Device, image: &Image) -> Quality {
    let forced = |point: &model::PointId| image.quality(*point) == Quality::GoodLocalOverride;
    let any = [device.on, device.off].iter().flatten().any(forced);
    if any { Quality::GoodLocalOverride } else { Quality::Good }
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
    /// Nobody saw whether it has followed: it gets its full travel time again.
    pub(super) fn after_gap(&mut self, gap: Gap) {
        if self.apart {
            self.since = gap.after.tick;
        }
    }

    /// It was told so long ago that a healthy one has followed. Out of service nobody waits for it.
    pub(crate) fn has_travelled(&self, device: &Device, now: Now) -> bool {
        self.service.is_out() || self.apart && now.since_ms(self.since) >= u64::from(device.travel_ms)
    }

    /// The mode that its MODE shows, by the rules of a loop: out of service goes before what dictates the output.
    pub(crate) fn mode(&self, device: &Device, context: &Context<'_>) -> Mode {
        let held = |point: model::PointId| context.holds[point.index()].is_dictated();
        if self.service.is_out() {
            Mode::OutOfService
        } else if held(device.out) || held(device.command) {
            Mode::Tracking
        } else if self.by_itself {
            Mode::Auto
        } else {
            Mode::Manual
        }
    }

    /// Out of service: the state is what the feedback says, and nothing is a failure. A bad feedback leaves it.
    fn rest(&mut self, device: &Device, command: bool, image: &mut Image) {
        (self.failed, self.apart, self.given_up, self.dropped) = (false, false, false, false);
        let was_failed = image.value(device.state) == f64::from(DeviceState::Failed as u8);
        let shown = match proven(device, image, command) {
            Feedback::On => Some(DeviceState::On),
            Feedback::Off => Some(DeviceState::Off),
            Feedback::Unknown if !was_failed => None,
            Feedback::Between | Feedback::Unknown if command => Some(DeviceState::TurningOn),
            Feedback::Between | Feedback::Unknown => Some(DeviceState::TurningOff),
        };
        if let Some(shown) = shown {
            image.set(device.state, f64::from(shown as u8), by_hand(device, image));
        }
        image.set(device.fail, 0.0, Quality::Good);
    }

    /// While nothing is known no time counts against the device.
    fn freeze(&mut self, context: &Context<'_>) {
        self.since = context.now.tick;
    }

    fn judge(
        &mut self,
        (proven, command, faulty): (Option<bool>, bool, bool),
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
        let failed = faulty
            || self.given_up
            || self.dropped
            || !agree && (stays || context.now.since_ms(self.since) > travel_ms);
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

    /// How long it must not start yet.
    fn rest_ms(&self, wear: &Wear, now: Now) -> u64 {
        let left = |mark: u64, ms: u64| match mark.checked_sub(1) {
            Some(tick) => ms.saturating_sub(now.since_ms(tick)),
            None => 0,
        };
        let first = usize::from(wear.starts_per_hour).checked_sub(1).and_then(|at| self.started.get(at));
        let hour = first.map_or(0, |mark| left(*mark, HOUR_MS));
        left(self.stopped, u64::from(wear.min_off_ms)).max(hour)
    }

    /// That an interlock has turned it, in whichever way: who looks for it by its tag finds why it stands.
    fn report_dictated(&self, device: &Device, block: usize, on: bool, context: &mut Context<'_>) {
        let held = [device.out, device.command].map(|point| context.holds[point.index()].interlock);
        if let Some(number) = held.into_iter().find(|number| *number != 0)
            && on != self.was_on
        {
            let (block, interlock) = (BlockId(block as u32), InterlockId(number - 1));
            context.out.push(context.now.tick, EventBody::Dictated { block, on, interlock });
        }
    }

    /// Counts, and withdraws the permit while it rests.
    fn wear(&mut self, wear: &Wear, on: bool, context: &mut Context<'_>) {
        let now = context.now;
        match (self.was_on, on) {
            (false, true) => {
                self.started.rotate_right(1);
                self.started[0] = now.tick + 1;
                self.starts += 1;
            }
            (true, false) => self.stopped = now.tick + 1,
            (true, true) => self.on_ms += libm::round(context.dt * 1000.0) as u64,
            (false, false) => {}
        }
        self.was_on = on;
        let rest = if on { 0 } else { self.rest_ms(wear, now) };
        self.permitted &= rest == 0;
        let counts = [
            (wear.rest, rest as f64 / 1000.0),
            (wear.hours, self.on_ms as f64 / HOUR_MS as f64),
            (wear.starts, self.starts as f64),
        ];
        for (point, value) in counts {
            if let Some(point) = point {
                context.image.set(point, value, Quality::Good);
            }
        }
    }

    /// In local the command follows the machine, so that it goes on as it is when it comes back; a
    /// drive that reports a fault is commanded off, so that nothing starts when the fault is gone.
    fn obey_machine(&mut self, device: &Device, context: &mut Context<'_>) {
        let Some(drive) = &device.drive else { return };
        let held = is_dictated(device, context);
        let image = &mut *context.image;
        let (local, faulty) = (drive.is_local(image), drive.is_faulty(image));
        self.permitted &= !local && !faulty;
        self.by_itself &= !local;
        let seen = device.on.filter(|on| local && image.quality(*on).is_usable()).map(|on| image.is_on(on));
        let wanted = if faulty { Some(false) } else { seen };
        if let Some(on) = wanted.filter(|_| !held) {
            for point in [device.command, device.out] {
                image.set(point, f64::from(u8::from(on)), Quality::Good);
            }
        }
    }

    /// Nothing that stands for want of voltage starts when the voltage is back.
    fn drop_out(&mut self, device: &Device, image: &mut Image) {
        self.dropped = true;
        for point in [device.command, device.out] {
            image.set(point, 0.0, Quality::Good);
        }
    }

    /// It was given up, and a person has it by hand now, or its group has taken FAIL back.
    fn is_taken_back(&mut self, device: &Device, image: &Image) -> bool {
        let stands = self.by_itself && image.is_on(device.fail);
        let back = self.given_up && !stands;
        self.given_up &= stands;
        back
    }

    /// What its condition or its group wants, unless an interlock, a force or a phase says what it does.
    /// True while its own condition or its group has it on, and nobody else.
    fn follow_wish(&mut self, device: &Device, failed: bool, context: &mut Context<'_>) -> bool {
        let Some(auto) = &device.auto else { return false };
        let wish = match &auto.wish {
            Wish::Condition(when) => context.memory.truth(context.ops, when, context.image, context.now),
            Wish::Group(wanted) if context.image.is_on(*wanted) => Truth::True,
            Wish::Group(_) => Truth::False,
        };
        let free = [device.command, device.out].into_iter().all(|point| {
            let hold = context.holds[point.index()];
            !hold.is_dictated() && hold.phase == 0
        });
        let image = &mut *context.image;
        let on = image.is_on(device.command);
        let may_run = on || self.permitted && self.rest_ms(&device.wear, context.now) == 0;
        let wanted = match wish {
            Truth::True => may_run,
            Truth::False => false,
            Truth::Bad => on,
        };
        if self.by_itself && free && wanted != on {
            for point in [device.command, device.out] {
                image.set(point, f64::from(u8::from(wanted)), Quality::Good);
            }
            self.renewed = true;
        }
        if let Some(ready) = auto.ready {
            let ready_now = self.by_itself && free && !failed && may_run;
            image.set(ready, f64::from(u8::from(ready_now)), Quality::Good);
        }
        self.by_itself && free && matches!(wish, Truth::True)
    }

    pub(crate) fn commanded(&mut self) {
        self.renewed = true;
    }
}
