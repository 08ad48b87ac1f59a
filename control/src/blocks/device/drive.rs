//! The speed of a motor behind a frequency converter: reference, ramp, local and fault as in the drive profiles of
//! IEC 61800-7. `OUT += clamp(SP - OUT, -ramp dt, +ramp dt)`, not below the least speed while the motor runs.
//!
//! ```text
//! at rest     OUT = low end, at once, and the loop above initialises at the least speed
//! running     OUT goes from the least speed to SP with `ramp` and `ramp_down`; never below the least speed; down
//!             to a `limit` that has fallen with `ramp_down`
//! in local    OUT follows the measured speed, the command the feedback: coming back makes no bump
//! ```
//!
//! A rectifier is one whose speed is a current.
//!
//! The loop above is told what the motor is really told: while the ramp holds it back the integral
//! waits, and at the least and the highest speed it knows its limit.

use model::{PointId, Quality};

use super::super::ramp::approach;
use super::super::{Context, Handshake, bounded, dictated, fail_value, link_of};
use crate::image::Image;
use crate::plant::{Device, Drive, Plant};

/// What follows from the plant alone. It is no state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fixed {
    link: Option<PointId>,
    /// What it is told out of service.
    safe: f64,
}

impl Fixed {
    pub(crate) fn new(plant: &Plant, device: &Device) -> Self {
        let Some(drive) = &device.drive else { return Self::default() };
        Self { link: link_of(plant, drive.speed), safe: fail_value(plant, drive.speed) }
    }
}

impl Drive {
    pub(super) fn is_local(&self, image: &Image) -> bool {
        self.local.is_some_and(|local| image.is_on(local))
    }

    pub(super) fn is_faulty(&self, image: &Image) -> bool {
        self.fault.is_some_and(|fault| image.is_on(fault))
    }

    fn running(&self, speed: f64) -> f64 {
        bounded(speed, self.min, self.high)
    }
}

/// Before the first run: the speed is what the output is.
pub(super) fn start(drive: &Drive, on: bool, image: &mut Image) -> Handshake {
    let speed = image.value(drive.speed);
    image.set(drive.out, speed, Quality::Good);
    let back = drive.running(if on { speed } else { drive.min });
    if on || drive.source.is_some() {
        image.set(drive.set_point, back, Quality::Good);
    }
    Handshake { back, feedback: back, ..Handshake::SILENT }
}

pub(super) fn run(
    drive: &Drive,
    fixed: Fixed,
    (on, out_of_service): (bool, bool),
    block: usize,
    context: &mut Context<'_>,
) {
    let taken = dictated(drive.speed, fixed.link, context);
    let image = &mut *context.image;
    let mut usable = true;
    if let Some(source) = drive.source {
        let (value, quality) = (image.value(source), image.quality(source));
        usable = quality.is_usable();
        if usable {
            image.set(drive.set_point, bounded(value, drive.low, drive.high), quality);
        } else {
            image.set_quality(drive.set_point, Quality::BadCalculation);
        }
    }
    // From the output itself, which may have been moved while this controller was away.
    let (last, local) = (image.value(drive.speed), drive.is_local(image));
    // A bad limit stays where it was, as every bad value does.
    let limit = drive.limit.map_or(drive.high, |limit| drive.running(image.value(limit)));
    let goal = bounded(drive.running(image.value(drive.set_point)), drive.min, limit);
    let out = if taken {
        image.value(drive.speed)
    } else if out_of_service {
        bounded(fixed.safe, drive.low, drive.high)
    } else if local {
        let seen = drive.actual.filter(|actual| image.quality(*actual).is_usable());
        seen.map_or(last, |actual| bounded(image.value(actual), drive.low, drive.high))
    } else if on {
        let from = if last < drive.min { drive.min } else { last };
        let ramp = if goal < from { drive.ramp_down } else { drive.ramp };
        approach(from, goal, ramp * context.dt)
    } else {
        drive.low
    };
    image.set(drive.out, out, Quality::Good);
    if !taken {
        image.set(drive.speed, out, Quality::Good);
    }
    let listens = on && !out_of_service && !local && !taken && usable;
    let works = if !out_of_service && (on || local) { drive.running(out) } else { drive.min };
    context.handshakes[block] = Handshake {
        invited: listens,
        back: works,
        feedback: works,
        limited_up: listens && out >= limit,
        limited_down: listens && out <= drive.min,
    };
}
