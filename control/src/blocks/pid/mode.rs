//! The modes of a loop: which one is ordered, and which one it is really in (the table in `pid.rs`).

use model::{BlockId, EventBody, Mode, Quality, StateWalk};

use super::super::{Context, Handshake, dictated};
use super::fixed::MODE;
use super::{Fixed, PidState};
use crate::machine::Now;
use crate::plant::OnBad;

/// The mode controls by itself.
pub(crate) const fn is_automatic(mode: Mode) -> bool {
    match mode {
        Mode::Auto | Mode::Cascade | Mode::RemoteCascade => true,
        Mode::OutOfService | Mode::Manual | Mode::RemoteOutput | Mode::Initialising | Mode::Tracking => false,
    }
}

/// Set point or output come from a recipe or another system.
pub(crate) const fn is_remote(mode: Mode) -> bool {
    matches!(mode, Mode::RemoteCascade | Mode::RemoteOutput)
}

pub(super) fn walk_mode(walk: &mut impl StateWalk, mode: &mut Mode) {
    let mut code = *mode as u8;
    walk.u8(&mut code);
    *mode = Mode::ALL.get(usize::from(code)).copied().unwrap_or(Mode::Manual);
}

/// What a PV that is bad, by this quality, does to an automatic loop; the output that it should be driven to, if any.
pub(super) fn shed(pid: &Fixed, state: &mut PidState, quality: Quality, now: Now) -> Option<f64> {
    if !is_automatic(state.target) || !state.pv_met {
        return None;
    }
    let out = match pid.on_bad_pv {
        OnBad::Hold => return None,
        OnBad::Manual => None,
        OnBad::Drive(out) => Some(out),
    };
    if now.since_ms(state.lost_at) < pid.patience_ms(quality) {
        return None;
    }
    state.target = Mode::Manual;
    state.commanded = false;
    // Nobody has chosen manual: what the operator wanted is still there when the PV comes back.
    state.sp_entered = true;
    out
}

/// The actual mode, and where a local override wants OUT.
pub(super) fn actual_mode(
    pid: &Fixed,
    state: &PidState,
    lost: bool,
    below: Option<Handshake>,
    context: &Context<'_>,
) -> (Mode, Option<f64>) {
    if state.target == Mode::OutOfService {
        return (Mode::OutOfService, None);
    }
    if pid.target.is_some_and(|target| dictated(target, pid.link, context)) {
        return (Mode::Tracking, None);
    }
    if below.is_some_and(|below| !below.invited) {
        return (Mode::Initialising, None);
    }
    if let Some(extra) = &state.extra
        && extra.overridden
    {
        return (Mode::Tracking, Some(extra.override_out));
    }
    let mode = match state.target {
        automatic if lost && is_automatic(automatic) => Mode::Manual,
        Mode::Cascade if pid.cascade.is_none_or(|source| pid.refuses(context.image.quality(source))) => {
            Mode::Auto
        }
        Mode::Initialising | Mode::Tracking => Mode::Manual,
        target => target,
    };
    (mode, None)
}

/// Shows the actual mode, and reports it when it has changed by itself.
pub(super) fn show_mode(
    pid: &Fixed,
    state: &mut PidState,
    actual: Mode,
    block: usize,
    context: &mut Context<'_>,
) {
    if state.actual != actual {
        let by_order = state.commanded && actual == state.target;
        if !by_order {
            let (from, to) = (state.actual, actual);
            context.out.push(context.now.tick, EventBody::Mode { block: BlockId(block as u32), from, to });
        }
        state.actual = actual;
    }
    state.commanded = false;
    context.image.set(pid.point(MODE), actual.value(), Quality::Good);
}
