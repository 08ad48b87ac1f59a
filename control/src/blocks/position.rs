//! Position of a control valve: DEV is how far the valve is from where its output tells it to be.
//!
//! `DEV = output - position`, of the scan in which the output is made. A valve on its way deviates, so an alarm
//! on DEV has an on-delay longer than the stroke (position deviation as in IEC 61514-2, positioners). The stroke test and its results: [`crate::stroke`].

use super::Context;
use crate::plant::Position;

pub(super) fn run(body: &Position, context: &mut Context<'_>) {
    let image = &mut *context.image;
    let quality = image.quality(body.position);
    if quality.is_bad() {
        return image.set_quality(body.deviation, quality);
    }
    let deviation = image.value(body.target) - image.value(body.position);
    image.set(body.deviation, deviation, quality);
}
