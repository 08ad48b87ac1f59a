//! What a PID needs of the plant, gathered so that its run stays in one place of memory.
//!
//! Ten thousand loops pass through the cache in every scan, so each carries its own points alone. Limits, weights and
//! whatever else comes from ranges and options stands once for all loops that have the same of it.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::ops::Deref;

use model::{PointId, Quality};

use super::super::filter::weight;
use super::super::{link_of, taker};
use crate::image::{Image, Row};
use crate::plant::{OnBad, Pid, Plant};

/// Places of the loop's own points, which the compiler puts side by side.
pub(super) const PV: usize = 0;
pub(super) const SP: usize = 1;
pub(super) const SP_WORKING: usize = 2;
pub(super) const OUT: usize = 3;
pub(super) const MODE: usize = 4;
pub(super) const KC: usize = 5;
pub(super) const TI: usize = 6;
pub(super) const TD: usize = 7;
pub(super) const FF: usize = 8;
const OWN: usize = 9;

/// What follows from the plant alone. It is no state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fixed {
    pub(super) input: PointId,
    /// The first of the loop's own points.
    first: PointId,
    pub(super) target: Option<PointId>,
    /// No loop above or below, no feed-forward.
    pub(crate) stands_alone: bool,
    common: Arc<Common>,
}

/// Loops of one kind share it: it is read as if it were each one's own.
#[derive(Debug, PartialEq)]
pub(crate) struct Common {
    pub(super) cascade: Option<PointId>,
    /// The block that takes OUT and answers through the handshake.
    pub(crate) downstream: Option<u32>,
    /// Link state of the device that OUT drives.
    pub(super) link: Option<PointId>,
    pub(super) feeds_forward: bool,
    /// The feed-forward is a factor.
    pub(super) ff_multiplies: bool,
    pub(super) uncertain_is_bad: bool,
    pub(super) direct: bool,
    pub(super) on_bad_pv: OnBad,
    /// What is borne of silence before that, and of any other fault.
    silence_ms: u32,
    fault_ms: u32,
    /// KC to signed gain.
    pub(super) scale: f64,
    pub(super) pv_weight: f64,
    /// A process value further than its range outside of it says nothing more: the law takes it as there.
    pub(super) pv_floor: f64,
    pub(super) pv_ceiling: f64,
    pub(super) dt: f64,
    pub(super) beta: f64,
    pub(super) gamma: f64,
    pub(super) derivative_n: f64,
    pub(super) out_low: f64,
    pub(super) out_high: f64,
    pub(super) out_limit_low: f64,
    pub(super) out_limit_high: f64,
    pub(super) sp_limit_low: f64,
    pub(super) sp_limit_high: f64,
    /// Change of the working set point in one run; infinite without a ramp.
    pub(super) sp_step: f64,
}

impl Deref for Fixed {
    type Target = Common;

    #[inline]
    fn deref(&self) -> &Common {
        &self.common
    }
}

/// The kinds of loops that there are, by every bit of what they have in common.
#[derive(Default)]
pub(crate) struct Kinds(BTreeMap<([bool; 4], [u64; KIND]), Arc<Common>>);

/// So many words tell one kind from the others, besides its switches.
const KIND: usize = 22;

impl Kinds {
    fn share(&mut self, common: Common) -> Arc<Common> {
        Arc::clone(self.0.entry(common.words()).or_insert_with(|| Arc::new(common)))
    }
}

impl Common {
    /// All of it, to the bit: zeros of two signs are two kinds.
    fn words(&self) -> ([bool; 4], [u64; KIND]) {
        // One that is added has to stand here too.
        let Self {
            cascade,
            downstream,
            link,
            feeds_forward,
            ff_multiplies,
            uncertain_is_bad,
            direct,
            on_bad_pv,
            silence_ms,
            fault_ms,
            scale,
            pv_weight,
            pv_floor,
            pv_ceiling,
            dt,
            beta,
            gamma,
            derivative_n,
            out_low,
            out_high,
            out_limit_low,
            out_limit_high,
            sp_limit_low,
            sp_limit_high,
            sp_step,
        } = *self;
        let one_more = |number: Option<u32>| number.map_or(0, |number| u64::from(number) + 1);
        let (kind, drive) = match on_bad_pv {
            OnBad::Manual => (0, 0.0),
            OnBad::Hold => (1, 0.0),
            OnBad::Drive(out) => (2, out),
        };
        let switches = [feeds_forward, ff_multiplies, uncertain_is_bad, direct];
        let bad_pv = [kind, u64::from(silence_ms), u64::from(fault_ms)];
        let points = [
            one_more(cascade.map(|point| point.0)),
            one_more(downstream),
            one_more(link.map(|point| point.0)),
        ];
        let weights = [drive, scale, pv_weight, dt, beta, gamma, derivative_n];
        let limits = [pv_floor, pv_ceiling, out_low, out_high, out_limit_low, out_limit_high];
        let set_point = [sp_limit_low, sp_limit_high, sp_step];
        let numbers = weights.into_iter().chain(limits).chain(set_point);
        let mut words = [0; KIND];
        let all = points.into_iter().chain(bad_pv).chain(numbers.map(f64::to_bits));
        words.iter_mut().zip(all).for_each(|(word, part)| *word = part);
        (switches, words)
    }
}

impl Fixed {
    pub(crate) fn new(plant: &Plant, block: usize, pid: &Pid, kinds: &mut Kinds) -> Self {
        let task = plant.tasks.get(plant.blocks[block].task as usize);
        let ticks = task.map_or(1, |task| task.period_ticks.max(1));
        let dt = f64::from(ticks) * f64::from(plant.period_ms) * 1e-3;
        let span = (pid.out_high - pid.out_low) / (pid.pv_high - pid.pv_low);
        let scale = if span.is_finite() { span } else { 0.0 };
        let ramped = pid.sp_rate.is_finite() && pid.sp_rate > 0.0;
        let own: [_; OWN] =
            [pid.pv, pid.sp, pid.sp_working, pid.out, pid.mode, pid.kc, pid.ti, pid.td, pid.ff];
        debug_assert!(own.windows(2).all(|two| two[0].0 + 1 == two[1].0), "side by side, as Row takes them");
        let downstream = pid.secondary.map(|id| id.0).or_else(|| listener(plant, pid));
        let common = Common {
            cascade: pid.cascade,
            downstream,
            link: pid.target.and_then(|target| link_of(plant, target)),
            feeds_forward: pid.feed_forward.is_some() && !pid.options.ff_multiplies,
            ff_multiplies: pid.feed_forward.is_some() && pid.options.ff_multiplies,
            uncertain_is_bad: pid.options.uncertain_is_bad,
            direct: pid.direct,
            on_bad_pv: pid.on_bad_pv,
            silence_ms: pid.patience_ms(plant, Quality::BadNoCommunication),
            fault_ms: pid.patience_ms(plant, Quality::BadSensorFailure),
            scale: if pid.direct { -scale } else { scale },
            pv_weight: weight(pid.filter_s, dt),
            pv_floor: 2.0 * pid.pv_low - pid.pv_high,
            pv_ceiling: 2.0 * pid.pv_high - pid.pv_low,
            dt,
            beta: pid.beta,
            gamma: pid.options.gamma,
            derivative_n: if pid.derivative_n > 0.0 { pid.derivative_n } else { 1.0 },
            out_low: pid.out_low,
            out_high: pid.out_high,
            out_limit_low: pid.out_limit_low,
            out_limit_high: pid.out_limit_high,
            sp_limit_low: pid.sp_limit_low,
            sp_limit_high: pid.sp_limit_high,
            sp_step: if ramped { pid.sp_rate * dt } else { f64::INFINITY },
        };
        Self {
            input: pid.input,
            first: pid.pv,
            target: pid.target,
            stands_alone: downstream.is_none() && pid.cascade.is_none() && pid.feed_forward.is_none(),
            common: kinds.share(common),
        }
    }
}

impl Fixed {
    /// One of the loop's own points.
    #[inline]
    pub(super) fn point(&self, place: usize) -> PointId {
        PointId(self.first.0 + place as u32)
    }

    /// All of them, for the time being.
    #[inline]
    pub(super) fn own<'a>(&self, image: &'a mut Image) -> Row<'a> {
        image.row(self.first, OWN)
    }

    /// Nothing to control with, or to take a set point from.
    #[inline]
    pub(super) fn refuses(&self, quality: Quality) -> bool {
        quality.is_bad() || (self.uncertain_is_bad && !quality.is_good())
    }

    /// So long a PV of this quality only holds OUT.
    pub(super) fn patience_ms(&self, quality: Quality) -> u64 {
        u64::from(if quality == Quality::BadNoCommunication { self.silence_ms } else { self.fault_ms })
    }
}

/// Who takes OUT, when the plant text does not say it: a cascade, a ratio's trim, an override selector.
fn listener(plant: &Plant, pid: &Pid) -> Option<u32> {
    if pid.target.is_some() {
        return None;
    }
    taker(plant, pid.out).map(|index| index as u32)
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec::Vec;

    use super::{Common, Kinds};
    use crate::plant::OnBad;
    use model::PointId;

    fn common() -> Common {
        Common {
            cascade: None,
            downstream: None,
            link: None,
            feeds_forward: false,
            ff_multiplies: false,
            uncertain_is_bad: false,
            direct: false,
            on_bad_pv: OnBad::Manual,
            silence_ms: 0,
            fault_ms: 0,
            scale: 1.0,
            pv_weight: 1.0,
            pv_floor: 1.0,
            pv_ceiling: 1.0,
            dt: 1.0,
            beta: 1.0,
            gamma: 0.0,
            derivative_n: 1.0,
            out_low: 1.0,
            out_high: 1.0,
            out_limit_low: 1.0,
            out_limit_high: 1.0,
            sp_limit_low: 1.0,
            sp_limit_high: 1.0,
            sp_step: 1.0,
        }
    }

    #[test]
    fn loops_share_what_they_have_in_common_to_the_bit_and_nothing_else() {
        let changes: [fn(&mut Common); 28] = [
            |_| {},
            |kind| kind.cascade = Some(PointId(0)),
            |kind| kind.downstream = Some(0),
            |kind| kind.link = Some(PointId(0)),
            |kind| kind.feeds_forward = true,
            |kind| kind.ff_multiplies = true,
            |kind| kind.uncertain_is_bad = true,
            |kind| kind.direct = true,
            |kind| kind.on_bad_pv = OnBad::Hold,
            |kind| kind.on_bad_pv = OnBad::Drive(0.0),
            |kind| kind.on_bad_pv = OnBad::Drive(1.0),
            |kind| kind.silence_ms = 1,
            |kind| kind.fault_ms = 1,
            |kind| kind.scale = 2.0,
            |kind| kind.pv_weight = 2.0,
            |kind| kind.pv_floor = 2.0,
            |kind| kind.pv_ceiling = 2.0,
            |kind| kind.dt = 2.0,
            |kind| kind.beta = 2.0,
            |kind| kind.gamma = -0.0,
            |kind| kind.derivative_n = 2.0,
            |kind| kind.out_low = 2.0,
            |kind| kind.out_high = 2.0,
            |kind| kind.out_limit_low = 2.0,
            |kind| kind.out_limit_high = 2.0,
            |kind| kind.sp_limit_low = 2.0,
            |kind| kind.sp_limit_high = 2.0,
            |kind| kind.sp_step = 2.0,
        ];
        let made = |change: fn(&mut Common)| {
            let mut kind = common();
            change(&mut kind);
            kind
        };
        let mut kinds = Kinds::default();
        let first: Vec<_> = changes.map(|change| kinds.share(made(change))).into();
        for (number, (shared, change)) in first.iter().zip(changes).enumerate() {
            assert_eq!(**shared, made(change), "kind {number}");
            assert!(Arc::ptr_eq(shared, &kinds.share(made(change))), "kind {number} stands once");
        }
        for (number, one) in first.iter().enumerate() {
            let same = first.iter().filter(|other| Arc::ptr_eq(one, other));
            assert_eq!(same.count(), 1, "kind {number} is of its own");
        }
    }
}
