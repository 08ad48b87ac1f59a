//! What a PID needs of the plant, gathered so that its run stays in one place of memory.

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fixed {
    pub(super) input: PointId,
    /// The first of the loop's own points.
    first: PointId,
    pub(super) target: Option<PointId>,
    pub(super) cascade: Option<PointId>,
    /// The block that takes OUT and answers through the handshake.
    pub(crate) downstream: Option<u32>,
    /// Link state of the device that OUT drives.
    pub(super) link: Option<PointId>,
    /// No loop above or below, no feed-forward.
    pub(crate) stands_alone: bool,
    pub(super) feeds_forward: bool,
    /// The feed-forward is a factor.
    pub(super) ff_multiplies: bool,
    pub(super) uncertain_is_bad: bool,
    pub(super) direct: bool,
    pub(super) on_bad_pv: OnBad,
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

impl Fixed {
    pub(crate) fn new(plant: &Plant, block: usize, pid: &Pid) -> Self {
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
        Self {
            input: pid.input,
            first: pid.pv,
            target: pid.target,
            cascade: pid.cascade,
            downstream,
            link: pid.target.and_then(|target| link_of(plant, target)),
            stands_alone: downstream.is_none() && pid.cascade.is_none() && pid.feed_forward.is_none(),
            feeds_forward: pid.feed_forward.is_some() && !pid.options.ff_multiplies,
            ff_multiplies: pid.feed_forward.is_some() && pid.options.ff_multiplies,
            uncertain_is_bad: pid.options.uncertain_is_bad,
            direct: pid.direct,
            on_bad_pv: pid.on_bad_pv,
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
}

/// Who takes OUT, when the plant text does not say it: a cascade, a ratio's trim, an override selector.
fn listener(plant: &Plant, pid: &Pid) -> Option<u32> {
    if pid.target.is_some() {
        return None;
    }
    taker(plant, pid.out).map(|index| index as u32)
}
