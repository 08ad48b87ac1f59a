//! Ramp: OUT goes to TARGET at its rate, `OUT += clamp(TARGET - OUT, -rate dt, +rate dt)`
//! (the set point ramp generator of FF-892).
//!
//! While the loop that takes OUT in cascade is in another mode, OUT follows that loop's set point,
//! so that taking over starts from there. A target whose calculation is bad holds the ramp.

use model::Quality;

use super::{Context, Handshake, bounded, cascade_consumer};
use crate::image::Image;
use crate::plant::{Plant, Ramp};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// The loop that takes OUT as its set point, when there is exactly one.
    pub(crate) consumer: Option<u32>,
}

impl Fixed {
    pub(super) fn new(plant: &Plant, ramp: &Ramp) -> Self {
        Self { consumer: cascade_consumer(plant, ramp.out).map(|index| index as u32) }
    }
}

/// Before the first run: OUT is the set point of the loop that it feeds.
pub(super) fn start(ramp: &Ramp, fixed: &Fixed, image: &mut Image, handshakes: &[Handshake]) {
    if let Some(consumer) = fixed.consumer {
        let out = bounded(handshakes[consumer as usize].back, ramp.low, ramp.high);
        image.set(ramp.out, out, Quality::Good);
    }
}

pub(super) fn run(ramp: &Ramp, fixed: &Fixed, context: &mut Context<'_>) {
    let mut quality = Quality::Good;
    if let Some(source) = &ramp.source {
        let wanted = context.memory.eval(context.ops, source, context.image, context.now);
        if wanted.quality.is_bad() {
            context.image.set_quality(ramp.target, Quality::BadCalculation);
            quality = Quality::UncertainLastUsable;
        } else {
            context.image.set(ramp.target, wanted.value, wanted.quality);
        }
    }
    let last = context.image.value(ramp.out);
    let listener = fixed.consumer.map(|index| context.handshakes[index as usize]);
    let out = match listener {
        Some(listener) if !listener.invited => listener.back,
        _ if quality != Quality::Good => last,
        _ => approach(
            last,
            bounded(context.image.value(ramp.target), ramp.low, ramp.high),
            ramp.rate * context.dt,
        ),
    };
    context.image.set(ramp.out, bounded(out, ramp.low, ramp.high), quality);
}

/// One step towards the goal, no longer than `step`.
pub(super) fn approach(from: f64, goal: f64, step: f64) -> f64 {
    if goal > from + step {
        from + step
    } else if goal < from - step {
        from - step
    } else {
        goal
    }
}
