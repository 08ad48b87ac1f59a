//! Selector: the highest, the lowest or the middle one of its usable inputs.
//!
//! Of measurements it is the input selector of FF-892; of loops the control selector of FF-891 (Shinskey, *Process
//! Control Systems*: override control).
//!
//! Bad inputs are left out. An even number of usable inputs has no middle one: the median is then
//! the mean of the two in the middle, and SELECTED names the lower of them. Inputs that differ by
//! more than the deviation make OUT uncertain. With no usable input OUT keeps its last value, bad.
//!
//! As an override selector (inputs are outputs of loops, OUT is the set point of a secondary) it
//! passes back what really works, so that the losers do not wind up. Selectors may stand behind each
//! other, and lead to a ratio's trim as well.

use model::{PointId, Quality};

use super::{Context, Handshake, taker};
use crate::image::Image;
use crate::plant::{Pick, Plant, Selector};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    secondary: Option<u32>,
}

impl Fixed {
    pub(super) fn new(plant: &Plant, selector: &Selector) -> Self {
        Self { secondary: taker(plant, selector.out).map(|index| index as u32) }
    }

    pub(super) fn start(self, handshakes: &[Handshake]) -> Handshake {
        self.secondary.map_or(Handshake::SILENT, |index| handshakes[index as usize])
    }
}

pub(super) fn run(selector: &Selector, fixed: &Fixed, block: usize, context: &mut Context<'_>) {
    select(selector, context.image);
    if let Some(secondary) = fixed.secondary {
        context.handshakes[block] = context.handshakes[secondary as usize];
    } else {
        let out = context.image.value(selector.out);
        context.handshakes[block] =
            Handshake { invited: true, back: out, feedback: out, limited_up: false, limited_down: false };
    }
}

fn select(selector: &Selector, image: &mut Image) {
    let inputs = &selector.inputs[..];
    let usable = usable(inputs, image).count();
    if usable == 0 {
        image.set(selector.selected, 0.0, Quality::Good);
        image.set_quality(selector.out, Quality::BadCalculation);
        return;
    }
    let both = |one| (one, one);
    let (low, high) = match selector.pick {
        Pick::Low => both(lowest(inputs, image)),
        Pick::High => both(highest(inputs, image)),
        Pick::Median => (ranked(inputs, image, (usable - 1) / 2), ranked(inputs, image, usable / 2)),
    };
    let (Some((number, low)), Some((other, high))) = (low, high) else { return };
    let mut quality = image.quality(inputs[number]).worst(image.quality(inputs[other]));
    if let (Some(limit), Some((_, lowest)), Some((_, highest))) =
        (selector.deviation, lowest(inputs, image), highest(inputs, image))
        && highest - lowest > limit
    {
        quality = quality.worst(Quality::UncertainSubNormal);
    }
    let out = if number == other { low } else { low + (high - low) * 0.5 };
    image.set(selector.out, out, quality);
    image.set(selector.selected, number as f64 + 1.0, Quality::Good);
}

fn usable<'a>(inputs: &'a [PointId], image: &'a Image) -> impl Iterator<Item = (usize, f64)> {
    inputs
        .iter()
        .enumerate()
        .filter(|(_, point)| image.quality(**point).is_usable())
        .map(|(index, point)| (index, image.value(*point)))
}

/// The first of the smallest.
fn lowest(inputs: &[PointId], image: &Image) -> Option<(usize, f64)> {
    usable(inputs, image).reduce(|best, next| if next.1 < best.1 { next } else { best })
}

/// The last of the largest.
fn highest(inputs: &[PointId], image: &Image) -> Option<(usize, f64)> {
    usable(inputs, image).reduce(|best, next| if next.1 >= best.1 { next } else { best })
}

/// The usable input with exactly `rank` smaller ones; of equal ones the first counts as smaller.
fn ranked(inputs: &[PointId], image: &Image, rank: usize) -> Option<(usize, f64)> {
    usable(inputs, image).find(|(index, value)| {
        let smaller =
            |(other, against): &(usize, f64)| against < value || (against == value && other < index);
        usable(inputs, image).filter(smaller).count() == rank
    })
}
