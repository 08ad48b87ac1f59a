//! What a function block tells the loop above it, and the output that it drives.
//!
//! A law that can be turned round passes back what works below it (FF-891: BKCAL_IN to BKCAL_OUT), so
//! that the loop above begins without a bump and knows its limits. While the block below does not
//! listen the law stays settled at its input, which is then what leads to the value that stands.
//!
//! An `on_off` or `pulse_width` with `out` drives a switch of the field. What an interlock does to it,
//! or a device that is lost, is read back: it goes on from there.

use model::{PointId, Quality};

use super::super::{Context, Handshake, bounded, dictated, link_of, taker};
use super::Law;
use crate::image::Image;
use crate::machine::Slot;
use crate::plant::{Function, Plant};

/// What follows from the plant alone. It is no state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fixed {
    /// The block that takes OUT and answers.
    pub(crate) downstream: Option<u32>,
    link: Option<PointId>,
    /// Range of the first port.
    range: (f64, f64),
}

impl Law {
    /// Whether more of the first input makes more of the first port (1) or less (-1); nothing when
    /// the law cannot be turned round.
    pub(crate) fn slope(&self) -> Option<f64> {
        match self {
            Self::Bias(_) | Self::RateLimit(_) | Self::PulseWidth(_) => Some(1.0),
            Self::LeadLag(law) => law.slope(),
            Self::Characteriser(law) => law.slope(),
            _ => None,
        }
    }

    /// The first input that gives this at the first port, when all has settled.
    fn inverse(&self, function: &Function, image: &Image, out: f64) -> f64 {
        match self {
            Self::Bias(_) => out - image.value(function.ports[1]),
            Self::LeadLag(law) => law.inverse(out),
            Self::Characteriser(law) => law.inverse(out),
            Self::PulseWidth(law) => law.inverse(out),
            _ => out,
        }
    }
}

/// It goes on from the output that the field holds; before the first run as well.
pub(crate) fn read_back(function: &Function, image: &mut Image) {
    if let Some(target) = function.target {
        image.set(function.ports[0], f64::from(u8::from(image.is_on(target))), Quality::Good);
    }
}

impl Fixed {
    pub(crate) fn new(plant: &Plant, function: &Function) -> Self {
        let Some(first) = function.ports.first() else { return Self::default() };
        let point = plant.point(*first);
        Self {
            downstream: function.law.slope().and_then(|_| taker(plant, *first)).map(|index| index as u32),
            link: function.target.and_then(|target| link_of(plant, target)),
            range: (point.low, point.high),
        }
    }

    /// Before the first run of who feeds it.
    pub(crate) fn start_back(
        self,
        function: &Function,
        image: &Image,
        handshakes: &[Handshake],
    ) -> Handshake {
        if function.law.slope().is_none() {
            return Handshake::SILENT;
        }
        // A pulse says nothing of its share: the loop above begins at the low end.
        let wanted = self.downstream.map_or(0.0, |below| handshakes[below as usize].back);
        let back = function.law.inverse(function, image, wanted);
        Handshake { back, feedback: back, ..Handshake::SILENT }
    }

    /// The block below takes its value from elsewhere.
    pub(super) fn is_ignored(self, handshakes: &[Handshake]) -> bool {
        self.downstream.is_some_and(|below| !handshakes[below as usize].invited)
    }

    /// Reads back what somebody else did to the output.
    pub(super) fn begin(self, function: &Function, context: &mut Context<'_>) -> bool {
        let Some(target) = function.target else { return false };
        let dictated = dictated(target, self.link, context);
        if dictated {
            read_back(function, context.image);
        }
        dictated
    }

    /// Drives the output and answers the loop above. `input` is the first one, when it is usable.
    pub(super) fn end(
        self,
        function: &Function,
        input: Option<Slot>,
        taken: bool,
        block: usize,
        context: &mut Context<'_>,
    ) {
        let image = &mut *context.image;
        if let Some(target) = function.target {
            if taken {
                read_back(function, image);
            } else {
                image.set(target, f64::from(u8::from(image.is_on(function.ports[0]))), Quality::Good);
            }
        }
        let Some(slope) = function.law.slope() else { return };
        let usable = input.filter(|input| input.quality.is_usable());
        let out = image.value(function.ports[0]);
        let below = self.downstream.map(|index| context.handshakes[index as usize]);
        let turned = |out: f64| function.law.inverse(function, context.image, out);
        let answer = match (below, function.target) {
            (Some(below), _) => {
                let (low, high) = self.range;
                let high = out >= high || below.limited_up;
                let low = out <= low || below.limited_down;
                let (limited_up, limited_down) = if slope > 0.0 { (high, low) } else { (low, high) };
                let (back, feedback) = (turned(below.back), turned(below.feedback));
                Handshake {
                    invited: below.invited && usable.is_some(),
                    back,
                    feedback,
                    limited_up,
                    limited_down,
                }
            }
            (None, Some(target)) => {
                let (low, high) = (turned(0.0), turned(1.0));
                // Who forces the output decides the share; a device that is lost leaves it as it was.
                let hold = context.holds[target.index()];
                let works = match usable {
                    Some(input) if !hold.is_dictated() && !hold.seized => bounded(input.value, low, high),
                    _ if out >= 0.5 => high,
                    _ => low,
                };
                Handshake {
                    invited: !taken && usable.is_some(),
                    back: works,
                    feedback: works,
                    limited_up: !taken && works >= high,
                    limited_down: !taken && works <= low,
                }
            }
            (None, None) => return,
        };
        context.handshakes[block] = answer;
    }
}
