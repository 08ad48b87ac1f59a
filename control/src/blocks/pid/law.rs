//! The control law: its terms, and one step of its integral.

use model::Quality;

use super::super::filter::weight;
use super::super::ramp::approach;
use super::super::{Context, Handshake, bounded};
use super::extra::options;
use super::fixed::{FF, KC, OUT, TD, TI};
use super::{Fixed, PidState};
use crate::image::Row;
use crate::plant::pid_options::{FACTOR, Tuning};
use crate::plant::{BlockBody, Plant};

/// The terms of the law that do not depend on the integral.
pub(super) struct Terms {
    /// K e, as the integral takes it.
    pub(super) error: f64,
    /// P + D
    pub(super) prompt: f64,
    /// D alone
    pub(super) derivative: f64,
    pub(super) feed_forward: f64,
    /// Integral time of the ISA form, seconds.
    pub(super) ti: f64,
}

/// Divisions whose operands change when somebody tunes, kept with what they were made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shares {
    /// Of a new value in the derivative's lag, for the TD of the state; below zero when that may have come from elsewhere.
    lag: f64,
    ti: f64,
    /// Of the error in one step of the integral.
    reset: f64,
}

impl Shares {
    pub(super) fn new(pid: &Fixed) -> Self {
        Self { lag: lag(pid, 0.0), ti: 0.0, reset: reset(pid, 0.0) }
    }

    pub(super) fn forget_lag(&mut self) {
        self.lag = -1.0;
    }

    #[inline]
    fn reset(&mut self, pid: &Fixed, ti: f64) -> f64 {
        if ti != self.ti {
            (self.ti, self.reset) = (ti, reset(pid, ti));
        }
        self.reset
    }
}

#[cold]
fn lag(pid: &Fixed, td: f64) -> f64 {
    weight(td / pid.derivative_n, pid.dt)
}

#[cold]
fn reset(pid: &Fixed, ti: f64) -> f64 {
    (pid.dt / ti).min(1.0)
}

#[inline(always)]
pub(super) fn terms(
    pid: &Fixed,
    state: &mut PidState,
    (pv, working): (f64, f64),
    taken_over: bool,
    factor: f64,
    own: &Row<'_>,
) -> Terms {
    let (kc, ti, td) = (own.value(KC), own.value(TI), own.value(TD));
    let mut tuning = Tuning { gain: kc * pid.scale, ti, td };
    let mut error = working - pv;
    let (mut proportional, mut derivative) = (pid.beta * working - pv, pid.derivative_n);
    if let Some(extra) = &state.extra {
        let shape = extra.shape;
        tuning = shape.tuning(kc, pid.scale, ti, td);
        tuning.gain *= factor;
        let share = shape.share(error);
        // What the set-point weight takes away is not bent: the gap refuses a weight below one.
        proportional += (share - 1.0) * error;
        derivative *= share;
        error *= share;
        if !shape.is_prompt() {
            (proportional, derivative) = (0.0, 0.0);
        }
    }
    let signal = pv - pid.gamma * working;
    if taken_over && pid.gamma != 0.0 {
        // A set point that changed while nobody controlled is no rate of change.
        state.lagged = signal;
    }
    let last_lagged = state.lagged;
    if state.shares.lag.is_sign_negative() {
        state.shares.lag = lag(pid, state.td);
    }
    let last_lag = state.shares.lag;
    if tuning.td != state.td {
        state.shares.lag = lag(pid, tuning.td);
    }
    state.lagged += (signal - last_lagged) * state.shares.lag;
    let rate = derivative * (state.lagged - signal);
    let form = proportional + rate;
    if tuning.gain != state.gain || tuning.td != state.td {
        // New tuning: the integral takes up what the other terms lose.
        let lagged = last_lagged + (signal - last_lagged) * last_lag;
        let before = proportional + derivative * (lagged - signal);
        state.integral += state.gain * before - tuning.gain * form;
        state.gain = tuning.gain;
        state.td = tuning.td;
    }
    let (error, reset) = match &state.extra {
        Some(extra) => extra.shape.reset(tuning, pid.scale * factor, ti, error, pid.dt),
        None => (tuning.gain * error, tuning.ti),
    };
    Terms { error, prompt: tuning.gain * form, derivative: tuning.gain * rate, feed_forward: 0.0, ti: reset }
}

/// What the feed-forward adds. Its coming, its going and a change of its gain are taken up by the
/// integral; while its calculation is bad it stays.
#[inline(never)]
pub(super) fn feed_forward(
    pid: &Fixed,
    plant: &Plant,
    block: usize,
    state: &mut PidState,
    context: &mut Context<'_>,
) -> f64 {
    let BlockBody::Pid(body) = &plant.blocks[block].body else { return 0.0 };
    let Some(expr) = &body.feed_forward else { return 0.0 };
    let last = context.image.value(pid.point(FF));
    let now = context.memory.eval(context.ops, expr, context.image, context.now);
    let factor = factor(plant, block, context);
    let image = &mut *context.image;
    if factor == 0.0 {
        state.ff_lost = true;
        state.integral += last;
        image.set(pid.point(FF), 0.0, Quality::Good);
        return 0.0;
    }
    if now.quality.is_bad() {
        state.ff_lost = true;
        image.set_quality(pid.point(FF), Quality::BadCalculation);
        return last;
    }
    let value = now.value * factor;
    if state.ff_lost {
        state.ff_lost = false;
        state.integral += last - value;
    } else if let Some(extra) = &state.extra
        && extra.ff_factor != factor
    {
        state.integral += (extra.ff_factor - factor) * now.value;
    }
    if let Some(extra) = &mut state.extra {
        extra.ff_factor = factor;
    }
    image.set(pid.point(FF), value, now.quality);
    image.value(pid.point(FF))
}

/// The feed-forward as a factor of OUT. What it changes, OUT follows in proportion: the integral and the gain of the run
/// before are taken along. Its coming and its going are a change of tuning, without a bump; while it is bad it stays.
#[inline(never)]
pub(super) fn multiplier(
    pid: &Fixed,
    plant: &Plant,
    block: usize,
    state: &mut PidState,
    context: &mut Context<'_>,
) -> f64 {
    let BlockBody::Pid(body) = &plant.blocks[block].body else { return 1.0 };
    let (Some(expr), Some(extra)) = (&body.feed_forward, &mut state.extra) else { return 1.0 };
    let now = context.memory.eval(context.ops, expr, context.image, context.now);
    let on = factor(plant, block, context) != 0.0;
    let last = if extra.ff_factor > 0.0 { extra.ff_factor } else { 1.0 };
    let image = &mut *context.image;
    if on && now.quality.is_bad() {
        state.ff_lost = true;
        image.set_quality(pid.point(FF), Quality::BadCalculation);
        return last;
    }
    let (value, quality) =
        if on { (bounded(now.value, FACTOR.0, FACTOR.1), now.quality) } else { (1.0, Quality::Good) };
    if on && !state.ff_lost && value != last {
        let share = value / last;
        state.integral *= share;
        state.gain *= share;
    }
    state.ff_lost = !on;
    extra.ff_factor = value;
    image.set(pid.point(FF), value, quality);
    value
}

/// Gain of the feed-forward; zero while it is switched off. A bad condition switches it off.
fn factor(plant: &Plant, block: usize, context: &mut Context<'_>) -> f64 {
    let Some(options) = options(plant, block) else { return 1.0 };
    let on = options
        .ff_when
        .as_ref()
        .is_none_or(|when| context.memory.truth(context.ops, when, context.image, context.now).is_true());
    if on { options.ff_gain.map_or(1.0, |gain| context.image.value(gain)) } else { 0.0 }
}

/// A number that is none must not stay in the state.
#[cold]
pub(super) fn tame(state: &mut PidState) {
    state.integral = 0.0;
    if !state.lagged.is_finite() {
        state.lagged = 0.0;
    }
}

/// What the integral takes up: the error, and what of the last OUT did not come to work (a limit below, a rate, a person).
///
/// Where OUT would pass its own limit the integral is a lag of that limit, with the terms of this scan alone and without
/// the derivative. Those of the scan before do not belong to it: after a spike of the process value they would wind the
/// integral up.
fn back(pid: &Fixed, state: &PidState, terms: &Terms, share: f64, feedback: f64) -> f64 {
    let limited = |value: f64| bounded(value, pid.out_limit_low, pid.out_limit_high);
    let wanted = terms.error + feedback - limited(state.calculated);
    let now = terms.prompt + terms.feed_forward + state.integral;
    let free = now + share * wanted;
    let out = limited(free);
    if out == free { wanted } else { wanted + out - (now - terms.derivative) }
}

/// One step of the control law; with a `start`, OUT begins there.
#[inline(always)]
pub(super) fn control(
    pid: &Fixed,
    state: &mut PidState,
    terms: &Terms,
    start: Option<f64>,
    feedback: f64,
    below: Option<Handshake>,
    own: &Row<'_>,
) -> f64 {
    let other = terms.prompt + terms.feed_forward;
    if let Some(start) = start {
        state.integral = bounded(start, pid.out_limit_low, pid.out_limit_high) - other;
    } else if terms.ti > 0.0 {
        let share = state.shares.reset(pid, terms.ti);
        let mut step = share * back(pid, state, terms, share, feedback);
        if below.is_some_and(|below| below.limited_up) {
            step = step.min(0.0);
        }
        if below.is_some_and(|below| below.limited_down) {
            step = step.max(0.0);
        }
        state.integral += step;
        if state.extra.as_ref().is_some_and(|extra| !extra.shape.is_prompt()) {
            // No proportional action stands beside it that would leave the limit when the error changes its sign.
            state.integral = bounded(other + state.integral, pid.out_limit_low, pid.out_limit_high) - other;
        }
    }
    let calculated = other + state.integral;
    if calculated.is_finite() {
        state.calculated = calculated;
    } else {
        // Absurd tuning: keep OUT and begin again from it.
        state.calculated = own.value(OUT);
        tame(state);
    }
    let out = bounded(state.calculated, pid.out_limit_low, pid.out_limit_high);
    match &state.extra {
        Some(extra) => approach(start.unwrap_or(state.written), out, extra.out_step),
        None => out,
    }
}
