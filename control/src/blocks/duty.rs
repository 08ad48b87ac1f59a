//! Duty and standby: of two to four motors so many run as are wanted, and the others stand by. No standard has
//! equations for it; the rules are those of pumping stations (Karassik and others: *Pump Handbook*, on alternation).
//!
//! ```text
//! commanded on:  DUTY leads; it and the next ones that are ready run
//!   the lead fails, is taken by hand, or an interlock holds it ──► DUTY passes to the next ready one
//!   the lead has run for `alternate` and another is ready      ──► DUTY passes to the next ready one
//!   none is ready and none runs                                ──► FAIL
//! ```
//!
//! Who leaves stays on until those that are wanted run, unless it has failed: the flow does not stop.
//! A motor that failed on duty is not tried again by itself, or two that are broken would start each
//! other for ever: its FAIL stands, and it counts again when a person takes it by hand and gives it back, or when the group
//! is stopped and started.
//!
//! A motor whose device is silent for longer than its watchdog counts as stopped: who can be heard takes over. While nobody
//! else is ready the group wants it on, and takes it up as the device has it when it comes back.

use model::{BlockId, EventBody, PointId, Quality, StateWalk};

use super::{Context, link_of, walk_flags};
use crate::image::Image;
use crate::plant::{DeviceState, Duty, Member, Origin, Plant};

pub(crate) const MOTORS: usize = 4;

/// What follows from the plant alone. It is no state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// The link of each motor's device, and how long that may be down.
    links: [Option<(PointId, u32)>; MOTORS],
}

impl Fixed {
    pub(super) fn new(plant: &Plant, duty: &Duty) -> Self {
        let mut links = [None; MOTORS];
        for (link, member) in links.iter_mut().zip(&duty.members) {
            let Origin::FieldOutput(index) = plant.point(member.out).origin else { continue };
            let device = plant.io.points.get(index as usize).map(|io| io.device);
            let watchdog_ms = device.and_then(|device| plant.io.devices.get(device.index()));
            *link = link_of(plant, member.out).zip(watchdog_ms.map(|device| device.watchdog_ms));
        }
        Self { links }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DutyState {
    /// It failed while it was wanted.
    lost: [bool; MOTORS],
    was_on: bool,
    failed: bool,
    /// How long the lead has run.
    led_ms: u64,
    /// The lead at the last run, from 1.
    lead: u64,
    /// How long the device of each motor has been silent.
    silent_ms: [u64; MOTORS],
}

impl DutyState {
    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.led_ms);
        walk.u64(&mut self.lead);
        self.silent_ms.iter_mut().for_each(|ms| walk.u64(ms));
        let [a, b, c, d] = &mut self.lost;
        walk_flags(walk, [a, b, c, d, &mut self.was_on, &mut self.failed]);
    }

    /// Nobody was there to hear.
    pub(super) fn after_gap(&mut self) {
        self.silent_ms = [0; MOTORS];
    }

    /// Whose device has been heard of within its watchdog.
    fn listen(&mut self, fixed: &Fixed, image: &Image, dt: f64) -> [bool; MOTORS] {
        let mut heard = [true; MOTORS];
        for ((heard, silent_ms), link) in heard.iter_mut().zip(&mut self.silent_ms).zip(fixed.links) {
            let Some((link, watchdog_ms)) = link else { continue };
            let more = libm::round(dt * 1000.0) as u64;
            *silent_ms = if image.is_on(link) { 0 } else { silent_ms.saturating_add(more) };
            *heard = *silent_ms <= u64::from(watchdog_ms);
        }
        heard
    }

    /// A person has stopped and started the group: what has failed is tried again, also what a group of another name had
    /// given up.
    fn forgive(&mut self, members: &[Member], image: &mut Image) {
        for (lost, member) in core::mem::take(&mut self.lost).into_iter().zip(members) {
            if (lost || image.is_on(member.fail)) && image.is_on(member.switch) {
                image.set(member.fail, 0.0, Quality::Good);
                // Its own next run says whether it is.
                image.set(member.ready, 1.0, Quality::Good);
            }
        }
    }

    fn judge(&mut self, number: usize, member: &Member, image: &Image) -> bool {
        if !image.is_on(member.switch) {
            self.lost[number] = false;
        } else if image.is_on(member.fail) && image.is_on(member.wanted) {
            self.lost[number] = true;
        }
        image.is_on(member.ready) && !self.lost[number]
    }
}

/// Before the first run: what runs is wanted, and the first of them leads.
pub(super) fn start(duty: &Duty, state: &mut DutyState, image: &mut Image) {
    let mut lead = None;
    for (number, member) in duty.members.iter().enumerate() {
        let on = image.is_on(member.command);
        image.set(member.wanted, f64::from(u8::from(on)), Quality::Good);
        // The group may run before its motors have told: one that runs is ready.
        image.set(member.ready, f64::from(u8::from(on)), Quality::Good);
        if on && lead.is_none() {
            lead = Some(number);
        }
    }
    image.set(duty.command, f64::from(u8::from(lead.is_some())), Quality::Good);
    if let Some(lead) = lead {
        image.set(duty.duty, lead as f64 + 1.0, Quality::Good);
    }
    state.was_on = lead.is_some();
}

/// A device came back with this output off that had been on. Nothing starts by itself: when none of its motors is on any
/// more the group is stopped as well.
pub(crate) fn found_off(duty: &Duty, output: PointId, image: &mut Image) {
    let is_mine = duty.members.iter().any(|member| member.out == output);
    if !is_mine || duty.members.iter().any(|member| image.is_on(member.command)) {
        return;
    }
    for point in duty.members.iter().map(|member| member.wanted).chain([duty.command]) {
        image.set(point, 0.0, Quality::Good);
    }
}

pub(super) fn run(
    duty: &Duty,
    fixed: &Fixed,
    state: &mut DutyState,
    block: usize,
    context: &mut Context<'_>,
) {
    let image = &mut *context.image;
    let count = duty.members.len().min(MOTORS);
    let on = image.is_on(duty.command);
    if on && !state.was_on {
        state.forgive(&duty.members, image);
    }
    state.was_on = on;
    let heard = state.listen(fixed, image, context.dt);
    let (mut ready, mut known) = ([false; MOTORS], [false; MOTORS]);
    for (number, member) in duty.members.iter().take(count).enumerate() {
        ready[number] = state.judge(number, member, image);
        known[number] = ready[number] && heard[number];
    }
    let number = libm::round(image.value(duty.duty)).clamp(1.0, count as f64);
    let mut lead = number as usize - 1;
    if state.lead != lead as u64 + 1 {
        state.led_ms = 0;
    }
    let next =
        |among: &[bool; MOTORS]| (1..count).map(|step| (lead + step) % count).find(|number| among[*number]);
    let tired = duty.alternate_ms > 0 && state.led_ms >= u64::from(duty.alternate_ms);
    let takes_over = if !known[lead] || tired { next(&known) } else { None };
    let takes_over = takes_over.or_else(|| if ready[lead] { None } else { next(&ready) });
    if let Some(other) = takes_over.filter(|_| on) {
        lead = other;
        state.led_ms = 0;
    }
    state.lead = lead as u64 + 1;
    let running = |number: usize, image: &Image| {
        image.value(duty.members[number].state) == f64::from(DeviceState::On as u8)
    };
    if running(lead, image) {
        state.led_ms += libm::round(context.dt * 1000.0) as u64;
    }
    let wanted = if on { wanted(lead, count, duty, (&ready, &known)) } else { [false; MOTORS] };
    let all_run = (0..count).all(|number| !wanted[number] || running(number, image));
    let any_wanted = wanted.contains(&true);
    let mut any_runs = false;
    for (number, member) in duty.members.iter().take(count).enumerate() {
        let runs = running(number, image);
        any_runs |= runs;
        let stays = on && any_wanted && !all_run && runs && ready[number];
        image.set(member.wanted, f64::from(u8::from(wanted[number] || stays)), Quality::Good);
    }
    let failed = on && !any_wanted && !any_runs;
    let stops = |member: &Member| image.value(member.state) == f64::from(DeviceState::TurningOff as u8);
    let any_stops = duty.members.iter().any(stops);
    let shown = match (failed, on) {
        (true, _) => DeviceState::Failed,
        (false, true) if any_wanted && all_run => DeviceState::On,
        (false, true) => DeviceState::TurningOn,
        (false, false) if any_runs || any_stops => DeviceState::TurningOff,
        (false, false) => DeviceState::Off,
    };
    let readies = ready.iter().filter(|ready| **ready).count();
    for (point, value) in [
        (duty.command, f64::from(u8::from(on))),
        (duty.state, f64::from(shown as u8)),
        (duty.fail, f64::from(u8::from(failed))),
        (duty.duty, lead as f64 + 1.0),
        (duty.ready, readies as f64),
    ] {
        image.set(point, value, Quality::Good);
    }
    if core::mem::replace(&mut state.failed, failed) != failed {
        let block = BlockId(block as u32);
        context.out.push(context.now.tick, EventBody::Device { block, failed });
    }
}

/// Who can be heard first; who cannot, and is ready as far as anybody knows, stays wanted where there are too few.
fn wanted(
    lead: usize,
    count: usize,
    duty: &Duty,
    (ready, known): (&[bool; MOTORS], &[bool; MOTORS]),
) -> [bool; MOTORS] {
    let on_duty = usize::from(duty.on_duty);
    let mut all = chosen(lead, count, on_duty, known);
    let missing = on_duty - all.iter().filter(|chosen| **chosen).count();
    let mut rest = *ready;
    rest.iter_mut().zip(known).for_each(|(rest, known)| *rest &= !known);
    let rest = chosen(lead, count, missing, &rest);
    all.iter_mut().zip(rest).for_each(|(all, rest)| *all |= rest);
    all
}

/// The lead and the next ones that are ready, as many as are wanted.
fn chosen(lead: usize, count: usize, wanted: usize, ready: &[bool; MOTORS]) -> [bool; MOTORS] {
    let mut chosen = [false; MOTORS];
    let ready = (0..count).map(|step| (lead + step) % count).filter(|number| ready[*number]);
    ready.take(wanted).for_each(|number| chosen[number] = true);
    chosen
}
