//! Selector: the highest, the lowest or the middle one of its usable inputs.
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
    let usable = selector.inputs.iter().filter(|point| image.quality(**point).is_usable()).count();
    if usable == 0 {
        image.set(selector.selected, 0.0, Quality::Good);
        image.set_quality(selector.out, Quality::BadCalculation);
        return;
    }
    let (first, second) = match selector.pick {
        Pick::Low => (0, 0),
        Pick::High => (usable - 1, usable - 1),
        Pick::Median => ((usable - 1) / 2, usable / 2),
    };
    let (low, high) = (ranked(&selector.inputs, image, first), ranked(&selector.inputs, image, second));
    let (Some((number, low)), Some((other, high))) = (low, high) else { return };
    let mut quality = image.quality(selector.inputs[number]).worst(image.quality(selector.inputs[other]));
    if let (Some(limit), Some((_, lowest)), Some((_, highest))) =
        (selector.deviation, ranked(&selector.inputs, image, 0), ranked(&selector.inputs, image, usable - 1))
        && highest - lowest > limit
    {
        quality = quality.worst(Quality::UncertainSubNormal);
    }
    let out = if number == other { low } else { low + (high - low) * 0.5 };
    image.set(selector.out, out, quality);
    image.set(selector.selected, number as f64 + 1.0, Quality::Good);
}

/// The usable input with exactly `rank` smaller ones; of equal ones the first counts as smaller.
fn ranked(inputs: &[PointId], image: &Image, rank: usize) -> Option<(usize, f64)> {
    let usable = |index: usize| image.quality(inputs[index]).is_usable();
    (0..inputs.len()).filter(|index| usable(*index)).find_map(|index| {
        let value = image.value(inputs[index]);
        let smaller = (0..inputs.len())
            .filter(|other| usable(*other))
            .filter(|other| {
                let against = image.value(inputs[*other]);
                against < value || (against == value && *other < index)
            })
            .count();
        (smaller == rank).then_some((index, value))
    })
}
