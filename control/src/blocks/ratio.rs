//! Ratio: `OUT = RATIO * IN + BIAS + trim`, within its range.
//!
//! While the secondary does not listen, OUT is the secondary's set point and the difference to the
//! calculated value is kept as a balance. When it listens again the balance fades to zero over
//! [`BALANCE_S`] (FF-891: BAL_TIME), so that RATIO and BIAS stay what people set and nothing jumps.
//! The trim, when a loop makes it, is initialised the same way through the handshake. Without a trim the handshake is for a
//! loop that makes the input: `IN = (OUT - BIAS) / RATIO`. A ratio of zero leaves it no say, so it counts as limited both ways.
//!
//! A bad input holds OUT and makes it bad, which sheds the secondary from cascade. After a time without a controller OUT
//! goes on from where it stands, with a balance that fades the same way.

use model::{Quality, StateWalk};

use super::ramp::approach;
use super::{Context, Handshake, bounded};
use crate::image::Image;
use crate::plant::{Plant, Ratio};

/// Time in which the balance of a take-over fades.
const BALANCE_S: f64 = 20.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RatioState {
    balance: f64,
    /// How much the balance fades per second since the take-over.
    fade: f64,
    /// There was no controller since the last run: OUT begins where it stands.
    away: bool,
}

impl RatioState {
    pub(super) fn after_gap(&mut self) {
        self.away = true;
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.balance);
        walk.f64(&mut self.fade);
        walk.bool(&mut self.away);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) secondary: Option<u32>,
    /// The handshake is for who makes the trim, and not for who makes the input.
    trimmed: bool,
}

impl Fixed {
    pub(super) fn new(plant: &Plant, block: usize, ratio: &Ratio) -> Self {
        let known = ratio.secondary.map(|id| id.0);
        let found = super::taker(plant, ratio.out).map(|index| index as u32);
        let secondary = known.or(found).filter(|index| *index as usize != block);
        Self { secondary, trimmed: ratio.trim.is_some() }
    }

    /// What the block above would have to make so that OUT were `out`, if all but that one adds up to `rest`.
    fn above(&self, ratio: f64, input: f64, out: f64, rest: f64) -> f64 {
        let turned = (out - rest) / ratio;
        match self.trimmed {
            true => out - (ratio * input + rest),
            false if turned.is_finite() => turned,
            false => input,
        }
    }
}

/// Before the first run: OUT is the secondary's set point, and the trim should be what leads there.
pub(super) fn start(ratio: &Ratio, fixed: &Fixed, image: &mut Image, handshakes: &[Handshake]) -> Handshake {
    let Some(secondary) = fixed.secondary else { return Handshake::SILENT };
    let wanted = handshakes[secondary as usize].back;
    image.set(ratio.out, bounded(wanted, ratio.low, ratio.high), Quality::Good);
    let back =
        fixed.above(image.value(ratio.ratio), image.value(ratio.input), wanted, image.value(ratio.bias));
    Handshake { back, feedback: back, ..Handshake::SILENT }
}

pub(super) fn run(
    ratio: &Ratio,
    fixed: &Fixed,
    state: &mut RatioState,
    block: usize,
    context: &mut Context<'_>,
) {
    let image = &mut *context.image;
    let (wild, wild_quality) = (image.value(ratio.input), image.quality(ratio.input));
    image.set(ratio.wild, wild, wild_quality);
    let (trim, trim_quality) =
        ratio.trim.map_or((0.0, Quality::Good), |point| (image.value(point), image.quality(point)));
    let quality = wild_quality.worst(trim_quality);
    let (factor, bias) = (image.value(ratio.ratio), image.value(ratio.bias));
    let base = factor * wild + bias;
    let last = image.value(ratio.out);
    let below = fixed.secondary.map(|index| context.handshakes[index as usize]);
    let invited = below.is_none_or(|below| below.invited);
    let away = core::mem::take(&mut state.away);
    let out = if quality.is_bad() || away && invited {
        state.balance = last - (base + trim);
        state.fade = libm::fabs(state.balance) / BALANCE_S;
        last
    } else {
        if let Some(below) = below.filter(|below| !below.invited) {
            state.balance = below.back - (base + trim);
            state.fade = libm::fabs(state.balance) / BALANCE_S;
        } else {
            state.balance = approach(state.balance, 0.0, state.fade * context.dt);
        }
        bounded(base + trim + state.balance, ratio.low, ratio.high)
    };
    let quality = match quality {
        bad if bad.is_bad() => Quality::BadCalculation,
        good if good.is_good() => Quality::Good,
        _ => Quality::UncertainSubNormal,
    };
    image.set(ratio.out, out, quality);
    let feedback = below.map_or(out, |below| below.feedback);
    let mut limited = (
        out >= ratio.high || below.is_some_and(|below| below.limited_up),
        out <= ratio.low || below.is_some_and(|below| below.limited_down),
    );
    if !fixed.trimmed && factor <= 0.0 {
        limited = if factor < 0.0 { (limited.1, limited.0) } else { (true, true) };
    }
    let made = if fixed.trimmed { trim } else { wild };
    context.handshakes[block] = Handshake {
        invited,
        // What makes OUT what the secondary has, without any balance.
        back: below.map_or(made, |below| fixed.above(factor, wild, below.back, bias)),
        feedback: fixed.above(factor, wild, feedback, bias + state.balance),
        limited_up: limited.0,
        limited_down: limited.1,
    };
}
