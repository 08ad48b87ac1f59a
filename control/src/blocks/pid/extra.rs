//! What a loop with options remembers and does besides the ordinary law.
//!
//! * Second-order PV filter, `T^2/2 y'' + T y' + y = u`, by backward Euler: stable for any `dt`.
//! * Schedule: KC, TI and TD are looked up before the law; the law takes new tuning without a bump.
//! * Gap and non-linear gain: the error is multiplied by a share that is continuous in the error.
//! * Remote modes: while the loop is in another mode RCAS follows SP and ROUT follows OUT, so that
//!   whoever takes over begins there. Silence for longer than the timeout sheds. A loop that an
//!   active phase owns is not silent: the phase writes once and then means it.
//! * External reset by a measurement of what OUT does: the position of the valve, or the PV of the secondary
//!   (Shinskey, *Process Control Systems*; McMillan calls it dynamic reset limiting). The integral then waits
//!   for a valve that is slow, stuck or limited, whatever its reason.
//! * Multiplicative feed-forward: `u = FF (P + I + D)`, the gain of the whole loop and what stands in its
//!   integral go with the load (Shinskey; FF-891 knows the sum alone). See `law.rs`.
//! * Local override: while its condition holds OUT is its value; a bad value holds OUT, a bad
//!   condition does not count.
//!
//! A loop without options has none of this: the pointer to it is the one question that it costs.

use model::{Mode, Quality, StateWalk};

use super::super::{Context, bounded, walk_flags};
use super::fixed::{KC, OUT, SP, TD, TI};
use super::{Fixed, PidState};
use crate::image::Image;
use crate::plant::pid_options::{Shape, characterise};
use crate::plant::{BlockBody, Feedback, PidOptions, Plant, TracksIn};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extra {
    // Derived from the plant, no state.
    pub(super) shape: Shape,
    /// Weights of the second-order filter; `None` is the ordinary one.
    second_order: Option<(f64, f64, f64)>,
    pub(super) out_step: f64,
    pub(super) sp_step_down: f64,
    pub(super) sp_tracks_pv: bool,
    tracks_in: TracksIn,
    feedback: Option<Feedback>,

    // State.
    /// The PV's rate of change behind the second-order filter, per second.
    slope: f64,
    /// What the feed-forward was multiplied with.
    pub(super) ff_factor: f64,
    /// Tick of the last remote value, or of the order for a remote mode.
    pub(crate) heard: u64,
    /// The local override stands.
    pub(super) overridden: bool,
    /// Where it wants OUT.
    pub(super) override_out: f64,
    ends: Ends,
}

/// What the loop above was told of OUT's limits: it leaves one only by more than the hysteresis (FF-891: BKCAL_HYS).
#[derive(Clone, Debug, PartialEq)]
struct Ends {
    hysteresis: f64,
    at_high: bool,
    at_low: bool,
}

impl Ends {
    fn look(&mut self, out: f64, (low, high): (f64, f64)) -> (bool, bool) {
        self.at_high = out >= high || (self.at_high && out > high - self.hysteresis);
        self.at_low = out <= low || (self.at_low && out < low + self.hysteresis);
        (self.at_high, self.at_low)
    }
}

impl Extra {
    pub(super) fn new(pid: &crate::plant::Pid, dt: f64) -> Self {
        let (t, options) = (pid.filter_s, &pid.options);
        let stiffness = 2.0 / (t * t);
        let weights = (dt * stiffness, dt * 2.0 / t, dt * dt * stiffness);
        let finite = weights.0.is_finite() && weights.1.is_finite() && weights.2.is_finite();
        let step = |rate: f64| if rate.is_finite() && rate > 0.0 { rate * dt } else { f64::INFINITY };
        Self {
            shape: Shape::new(pid),
            second_order: (options.second_order && t > 0.0 && finite).then_some(weights),
            out_step: step(options.out_rate),
            sp_step_down: step(options.sp_rate_down.unwrap_or(pid.sp_rate)),
            sp_tracks_pv: options.sp_tracks_pv,
            tracks_in: options.sp_tracks_in,
            feedback: options.feedback,
            slope: 0.0,
            ff_factor: 0.0,
            heard: 0,
            overridden: false,
            override_out: 0.0,
            ends: Ends { hysteresis: options.limit_hysteresis, at_high: false, at_low: false },
        }
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.slope);
        walk.f64(&mut self.ff_factor);
        walk.f64(&mut self.override_out);
        walk.u64(&mut self.heard);
        walk_flags(walk, [&mut self.overridden, &mut self.ends.at_high, &mut self.ends.at_low]);
    }

    /// The filtered PV.
    pub(super) fn filter(&mut self, last: f64, raw: f64, weight: f64, fresh: bool) -> f64 {
        let Some((push, drag, spring)) = self.second_order else {
            return if fresh { raw } else { last + (raw - last) * weight };
        };
        if fresh {
            self.slope = 0.0;
            return raw;
        }
        // weights: dt 2/T^2, dt 2/T, dt^2 2/T^2
        let slope = (self.slope + push * (raw - last)) / (1.0 + drag + spring);
        // dt = spring / push
        let pv = last + slope * (spring / push);
        if !pv.is_finite() {
            self.slope = 0.0;
            return last;
        }
        self.slope = slope;
        pv
    }

    /// What of OUT really works, when it was `ordered`: where the valve is, or what the secondary has made of it.
    /// Without a usable measurement that is the order itself.
    pub(super) fn feedback(&self, ordered: f64, image: &Image) -> f64 {
        let Some(feedback) = self.feedback.filter(|feedback| image.quality(feedback.point).is_usable())
        else {
            return ordered;
        };
        let away = image.value(feedback.point) - ordered;
        // Continuous at the edge of the band, so that nothing starts with a step there.
        ordered + (away - bounded(away, -feedback.band, feedback.band))
    }

    /// Whether OUT counts as standing at its limits, the high one and the low one.
    pub(super) fn at_limits(&mut self, out: f64, limits: (f64, f64)) -> (bool, bool) {
        self.ends.look(out, limits)
    }

    /// In this mode the set point follows the PV, until somebody enters one.
    pub(super) fn tracks_in(&self, actual: Mode) -> bool {
        self.tracks_in.contains(actual)
    }

    /// One step of the working set point, up or down at its own pace.
    pub(super) fn ramp(&self, from: f64, goal: f64, step_up: f64) -> f64 {
        bounded(goal, from - self.sp_step_down, from + step_up)
    }
}

pub(super) fn options(plant: &Plant, block: usize) -> Option<&PidOptions> {
    match &plant.blocks[block].body {
        BlockBody::Pid(pid) => Some(&pid.options),
        _ => None,
    }
}

/// Before the modes are looked at: tuning, remote values, override.
pub(super) fn prepare(
    pid: &Fixed,
    plant: &Plant,
    state: &mut PidState,
    block: usize,
    context: &mut Context<'_>,
) {
    let Some(options) = options(plant, block) else { return };
    schedule(pid, options, context.image);
    remote(pid, options, state, context);
    let Some(extra) = &mut state.extra else { return };
    if let Some(track) = &options.track {
        let Context { memory, ops, image, now, .. } = context;
        extra.overridden = memory.truth(ops, &track.when, image, *now).is_true();
        let value = memory.eval(ops, &track.value, image, *now);
        extra.override_out = if value.quality.is_bad() {
            image.value(pid.point(OUT))
        } else {
            bounded(value.value, pid.out_low, pid.out_high)
        };
    }
}

fn schedule(pid: &Fixed, options: &PidOptions, image: &mut Image) {
    let Some(schedule) = &options.schedule else { return };
    if image.quality(schedule.by).is_bad() {
        return;
    }
    let x = image.value(schedule.by);
    for (table, place) in [(&schedule.kc, KC), (&schedule.ti, TI), (&schedule.td, TD)] {
        if let Some(value) = characterise(table, x) {
            image.set(pid.point(place), value, Quality::Good);
        }
    }
}

/// Takes the remote value, or sheds when there has been none for too long.
fn remote(pid: &Fixed, options: &PidOptions, state: &mut PidState, context: &mut Context<'_>) {
    let (Some(remote), Some(extra)) = (&options.remote, &mut state.extra) else { return };
    let (source, point) = match state.target {
        Mode::RemoteCascade => (remote.sp, pid.point(SP)),
        Mode::RemoteOutput => (remote.out, pid.point(OUT)),
        _ => return,
    };
    let owned = context.holds[point.index()].phase != 0;
    if owned {
        extra.heard = context.now.tick;
    }
    if context.now.since_ms(extra.heard) > u64::from(remote.timeout_ms) {
        state.target = remote.shed;
        return;
    }
    if let Some(source) = source {
        let value = context.image.value(source);
        context.image.set(point, value, Quality::Good);
    }
}

/// After the run: what is not listened to follows.
pub(super) fn settle(
    pid: &Fixed,
    plant: &Plant,
    state: &PidState,
    block: usize,
    actual: Mode,
    image: &mut Image,
) {
    let Some(remote) = options(plant, block).and_then(|options| options.remote.as_ref()) else { return };
    if let Some(point) = remote.sp
        && state.target != Mode::RemoteCascade
    {
        let sp = image.value(pid.point(SP));
        image.set(point, sp, Quality::Good);
    }
    if let Some(point) = remote.out
        && actual != Mode::RemoteOutput
    {
        let out = image.value(pid.point(OUT));
        image.set(point, out, Quality::Good);
    }
}

#[cfg(test)]
mod tests {
    use super::Ends;

    fn ends(hysteresis: f64) -> impl FnMut(f64) -> (bool, bool) {
        let mut ends = Ends { hysteresis, at_high: false, at_low: false };
        move |out| ends.look(out, (10.0, 90.0))
    }

    #[test]
    fn a_limit_is_reached_at_its_value_and_left_by_more_than_the_hysteresis() {
        let mut look = ends(5.0);
        assert_eq!(look(89.9), (false, false), "on the way up");
        assert_eq!(look(90.0), (true, false));
        assert_eq!(look(86.0), (true, false), "within the hysteresis");
        assert_eq!(look(85.0), (false, false), "as far as the hysteresis");
        assert_eq!(look(86.0), (false, false), "on the way back it is not reached");
        assert_eq!(look(91.0), (true, false), "beyond it as well");
        assert_eq!(look(10.1), (false, false), "on the way down");
        assert_eq!(look(10.0), (false, true));
        assert_eq!(look(14.0), (false, true), "within the hysteresis");
        assert_eq!(look(15.0), (false, false), "as far as the hysteresis");
        assert_eq!(look(14.0), (false, false), "on the way back it is not reached");
        assert_eq!(look(9.0), (false, true), "beyond it as well");
    }

    #[test]
    fn without_a_hysteresis_a_limit_is_left_at_once() {
        let mut look = ends(0.0);
        assert_eq!(look(90.0), (true, false));
        assert_eq!(look(89.9), (false, false));
        assert_eq!(look(10.0), (false, true));
        assert_eq!(look(10.1), (false, false));
    }
}
