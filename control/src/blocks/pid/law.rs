//! The control law: its terms, and one step of its integral.

use model::Quality;

use super::super::filter::weight;
use super::super::{Context, Handshake, bounded};
use super::{Fixed, PidState};
use crate::image::Image;
use crate::plant::Expr;

/// The terms of the law that do not depend on the integral.
pub(super) struct Terms {
    /// K e
    pub(super) error: f64,
    /// P + D
    pub(super) prompt: f64,
    pub(super) feed_forward: f64,
}

pub(super) fn terms(
    pid: &Fixed,
    feed_forward: Option<&Expr>,
    state: &mut PidState,
    pv: f64,
    working: f64,
    context: &mut Context<'_>,
) -> Terms {
    let image = &mut *context.image;
    let td = image.value(pid.td);
    let n = pid.derivative_n;
    let last_lagged = state.lagged;
    state.lagged += (pv - last_lagged) * weight(td / n, pid.dt);
    let gain = image.value(pid.kc) * pid.scale;
    let shape = pid.beta * working - pv + n * (state.lagged - pv);
    if gain != state.gain || td != state.td {
        // New tuning: the integral takes up what the other terms lose.
        let lagged = last_lagged + (pv - last_lagged) * weight(state.td / n, pid.dt);
        let before = pid.beta * working - pv + n * (lagged - pv);
        state.integral += state.gain * before - gain * shape;
        state.gain = gain;
        state.td = td;
    }
    let feed_forward = match feed_forward {
        None => 0.0,
        Some(expr) => {
            let last = image.value(pid.ff);
            let now = context.memory.eval(context.ops, expr, image, context.now);
            if now.quality.is_bad() {
                state.ff_lost = true;
                image.set_quality(pid.ff, Quality::BadCalculation);
                last
            } else {
                if state.ff_lost {
                    state.ff_lost = false;
                    state.integral += last - now.value;
                }
                image.set(pid.ff, now.value, now.quality);
                now.value
            }
        }
    };
    Terms { error: gain * (working - pv), prompt: gain * shape, feed_forward }
}

/// One step of the control law; with a `start`, OUT begins there.
pub(super) fn control(
    pid: &Fixed,
    state: &mut PidState,
    terms: &Terms,
    start: Option<f64>,
    feedback: f64,
    below: Option<Handshake>,
    image: &Image,
) -> f64 {
    let other = terms.prompt + terms.feed_forward;
    if let Some(start) = start {
        state.integral = bounded(start, pid.out_limit_low, pid.out_limit_high) - other;
    } else {
        let ti = image.value(pid.ti);
        if ti > 0.0 {
            let share = if pid.dt < ti { pid.dt / ti } else { 1.0 };
            let step = share * (terms.error + feedback - state.calculated);
            let blocked = below
                .is_some_and(|below| (below.limited_up && step > 0.0) || (below.limited_down && step < 0.0));
            if !blocked {
                state.integral += step;
            }
        }
    }
    let calculated = other + state.integral;
    if calculated.is_finite() {
        state.calculated = calculated;
    } else {
        // Absurd tuning: keep OUT and begin again from it.
        state.calculated = image.value(pid.out);
        state.integral = 0.0;
    }
    bounded(state.calculated, pid.out_limit_low, pid.out_limit_high)
}
