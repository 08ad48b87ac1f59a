//! PID controller, ISA standard form, with external reset feedback.
//!
//! ```text
//!   e = SPW - PV                         K = +-KC * (OUT span) / (PV span), + for reverse action
//!   P = K (beta SPW - PV)
//!   y = PV - gamma SPW                   gamma is 0 unless said: derivative on the PV alone
//!   D = K N (lag(y, TD/N) - y)           filter Tf = TD/N
//!   u = P + I + D + FF                   OUT = u within its limits
//!   I += dt/TI (K e + (actual - u))      `actual`: what of the last u really works
//! ```
//!
//! Other forms, gap, schedule, rates and overrides: see `extra.rs`.
//!
//! Sources: Astrom and Murray, *Feedback Systems*, ch. 11 (form, set-point weight, derivative
//! filter); Shinskey, *Process Control Systems* (external reset); FF-891 (modes, handshake).
//!
//! * The integral is an output, not an integral of error: tuning can change without a bump. When KC
//!   changes, I takes up what P and D lose.
//! * `actual` is read back from the tag that OUT drives, or from the secondary through the
//!   handshake. While it lags behind u (a limit, a ramp, an override) the integral follows it with TI
//!   and cannot wind up. Towards a limit that is active downstream it does not move at all.
//! * Every way into an automatic mode, every time that somebody else has moved the output, and after a time without a
//!   controller, I is set so that OUT begins where the output stands.
//! * `TI = 0` means no integral: I is the bias that the last take-over left, and a time without a controller is none.
//! * `dt/TI` is limited to one, and the filters are backward Euler: stable for any `dt`.
//!
//! The actual mode stands in the MODE point. The first of these that applies:
//!
//! | actual mode | when | OUT |
//! | --- | --- | --- |
//! | out of service | so ordered | stays |
//! | tracking | an interlock, a force or a phase dictates the output, or its device is lost | follows it |
//! | initialising | the secondary does not listen | the secondary's set point |
//! | tracking | the local override stands | its value |
//! | manual | so ordered, or the PV is bad | stays, or where a person puts it |
//! | auto | cascade is ordered but its source is bad | controls with the last set point |
//! | remote output | so ordered | where the remote puts it |
//! | cascade, auto, remote cascade | so ordered | controls |
//!
//! OUT is good in every mode: it is an order and no measurement. A loop that holds because its PV is bad says so by
//! its mode and to the loop above, which initialises (FF-891: a block in Man puts out Good, constant; propagating
//! the fault forward is an option there that we do not have).
//!
//! In manual the set point follows the PV, unless somebody has entered one there on purpose, or a bad PV and no person has
//! put the loop there: then it stays where it was. With a
//! ramp, the working set point follows the PV in every mode that does not control, so that control
//! always begins at the plant and then ramps.

use alloc::boxed::Box;
use model::{Mode, Quality, StateWalk};

mod extra;
mod fixed;
mod law;
mod mode;

use super::ramp::approach;
use super::{Context, Handshake, bounded, dictated, walk_flags};
use crate::engine::Gap;
use crate::image::{Image, Row};
use crate::plant::{Pid, Plant};

use extra::Extra;
pub(crate) use fixed::{Fixed, Kinds};
use fixed::{MODE, OUT, PV, SP, SP_WORKING, TI};
use law::{Shares, control, terms};
use mode::{actual_mode, shed, show_mode, walk_mode};
pub(crate) use mode::{is_automatic, is_remote};

/// Stands for what was left in the output when there was no controller since: OUT begins where it stands. No range
/// reaches so far.
const AWAY: f64 = f64::MIN;

/// What a PID remembers between its runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PidState {
    /// The mode that was ordered; MODE shows the actual one.
    pub(crate) target: Mode,
    pub(crate) actual: Mode,
    /// A person ordered the mode: its change is no news.
    pub(crate) commanded: bool,
    /// Somebody entered a set point where it follows the PV: it no longer does.
    pub(crate) sp_entered: bool,
    /// The first good PV becomes the set point.
    pub(crate) sp_awaited: bool,
    pub(crate) integral: f64,
    /// OUT as calculated by the last run, before its limits.
    pub(crate) calculated: f64,
    /// The PV behind the derivative's filter.
    lagged: f64,
    /// Signed gain in units of OUT per unit of PV at the last run.
    gain: f64,
    /// TD at the last run.
    td: f64,
    /// What this block last left in the output, or [`AWAY`].
    written: f64,
    pv_lost: bool,
    /// Tick since which it is.
    lost_at: u64,
    /// A usable PV has come since the first start: what never was there cannot be lost.
    pv_met: bool,
    ff_lost: bool,
    /// Only of a loop with options.
    pub(crate) extra: Option<Box<Extra>>,
    /// What follows from TI and TD, no state.
    shares: Shares,
}

impl PidState {
    pub(super) fn new(pid: &Pid, fixed: &Fixed) -> Self {
        // At a first start nobody has been heard yet.
        let remote = pid.options.remote.as_ref().filter(|_| is_remote(pid.normal_mode));
        Self {
            target: remote.map_or(pid.normal_mode, |remote| remote.shed),
            actual: Mode::Manual,
            commanded: true,
            sp_entered: !pid.sp_from_pv,
            sp_awaited: pid.sp_from_pv,
            integral: 0.0,
            calculated: 0.0,
            lagged: 0.0,
            gain: 0.0,
            td: 0.0,
            written: 0.0,
            pv_lost: true,
            lost_at: 0,
            pv_met: false,
            ff_lost: true,
            extra: (!pid.options.is_plain()).then(|| Box::new(Extra::new(pid, fixed.dt))),
            shares: Shares::new(fixed),
        }
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk_mode(walk, &mut self.target);
        walk_mode(walk, &mut self.actual);
        let flags = [
            &mut self.commanded,
            &mut self.sp_entered,
            &mut self.sp_awaited,
            &mut self.pv_lost,
            &mut self.ff_lost,
            &mut self.pv_met,
        ];
        walk_flags(walk, flags);
        walk.u64(&mut self.lost_at);
        walk.f64(&mut self.integral);
        walk.f64(&mut self.calculated);
        walk.f64(&mut self.lagged);
        walk.f64(&mut self.gain);
        walk.f64(&mut self.td);
        self.shares.forget_lag();
        walk.f64(&mut self.written);
        if let Some(extra) = &mut self.extra {
            extra.state(walk);
        }
    }
}

impl PidState {
    /// As after a lost PV: filter and derivative know nothing of the time before, and OUT goes on from where it stands.
    pub(super) fn after_gap(&mut self, gap: Gap) {
        (self.pv_lost, self.lost_at) = (true, gap.after.tick);
        (self.ff_lost, self.written) = (true, AWAY);
        if let Some(extra) = &mut self.extra {
            // Nobody could be heard.
            extra.heard = gap.after.tick;
        }
    }
}

/// Before the first run: OUT is where the field's output stands.
pub(super) fn start(pid: &Fixed, state: &mut PidState, image: &mut Image) -> Handshake {
    if let Some(target) = pid.target {
        let value = image.value(target);
        image.set(pid.point(OUT), value, Quality::Good);
    }
    state.written = image.value(pid.point(OUT));
    state.calculated = state.written;
    if state.sp_awaited && !pid.refuses(image.quality(pid.input)) {
        // Before anybody upstream asks for it.
        let sp = bounded(image.value(pid.input), pid.sp_limit_low, pid.sp_limit_high);
        image.set(pid.point(SP), sp, Quality::Good);
    }
    let sp = image.value(pid.point(SP));
    Handshake { back: sp, feedback: sp, ..Handshake::SILENT }
}

/// Before the first run of a primary: OUT is what its secondary has.
pub(super) fn start_source(pid: &Fixed, state: &mut PidState, image: &mut Image, handshakes: &[Handshake]) {
    if let Some(below) = pid.downstream {
        let out = bounded(handshakes[below as usize].back, pid.out_low, pid.out_high);
        image.set(pid.point(OUT), out, Quality::Good);
        state.written = image.value(pid.point(OUT));
        state.calculated = state.written;
    }
}

pub(super) fn run(pid: &Fixed, plant: &Plant, state: &mut PidState, block: usize, context: &mut Context<'_>) {
    if !run_undisturbed(pid, state, context) {
        run_in_full(pid, plant, state, block, context);
    }
}

/// What a loop without options does in nearly every scan: it controls by itself an output that nobody else has touched.
/// These are the steps of [`run_in_full`], without the questions to which this is the answer. False: ask them.
#[inline]
fn run_undisturbed(pid: &Fixed, state: &mut PidState, context: &mut Context<'_>) -> bool {
    let Some(target) = pid.target.filter(|_| pid.stands_alone) else { return false };
    let in_auto = state.target == Mode::Auto && state.actual == Mode::Auto;
    let measured = context.image.read(pid.input);
    let readback = context.image.value(target);
    if !in_auto
        || state.extra.is_some()
        || state.sp_awaited
        || state.pv_lost
        || pid.refuses(measured.1)
        || readback != state.written
        || dictated(target, pid.link, context)
    {
        return false;
    }
    let mut own = pid.own(context.image);
    let pv = measure(pid, state, false, measured, &mut own);
    let working = set_point(pid, state, Mode::Auto, pv, None, &mut own);
    let terms = terms(pid, state, (pv, working), false, 1.0, &own);
    let out = control(pid, state, &terms, None, readback, None, &own);
    own.set(OUT, out, Quality::Good);
    context.image.set(target, out, Quality::Good);
    state.written = out;
    state.commanded = false;
    context.image.set(pid.point(MODE), Mode::Auto.value(), Quality::Good);
    true
}

fn run_in_full(pid: &Fixed, plant: &Plant, state: &mut PidState, block: usize, context: &mut Context<'_>) {
    let below = pid.downstream.map(|index| context.handshakes[index as usize]);
    let measured = context.image.read(pid.input);
    let lost = pid.refuses(measured.1);
    if lost && !state.pv_lost {
        state.lost_at = context.now.tick;
    }
    let pv = measure(pid, state, lost, measured, &mut pid.own(context.image));
    let readback = context.image.value(pid.target.unwrap_or(pid.point(OUT)));
    let away = state.written == AWAY;
    let moved = !away && readback != state.written;
    let shed = if lost { shed(pid, state, measured.1, context.now) } else { None };
    if state.extra.is_some() {
        extra::prepare(pid, plant, state, block, context);
    }
    let (actual, local) = actual_mode(pid, state, lost, below, context);
    let taken_over = state.actual != actual || moved || away;
    if away {
        // From here an output rate counts.
        state.written = readback;
    }
    // What nothing would ever bring back is not given away: without an integral the bias outlasts the time without a controller.
    // Where a watchdog has moved the output it begins there, as any other loop.
    let still =
        libm::fabs(readback - context.image.value(pid.point(OUT))) <= 1e-3 * (pid.out_high - pid.out_low);
    let keeps_bias = away && still && state.actual == actual && context.image.value(pid.point(TI)) == 0.0;
    if keeps_bias {
        state.ff_lost = false;
    }
    let from_above =
        pid.cascade.filter(|_| actual == Mode::Cascade).map(|source| context.image.value(source));
    let working = set_point(pid, state, actual, pv, from_above, &mut pid.own(context.image));
    let factor = if pid.ff_multiplies { law::multiplier(pid, plant, block, state, context) } else { 1.0 };
    let mut terms = terms(pid, state, (pv, working), taken_over, factor, &pid.own(context.image));
    if pid.feeds_forward {
        terms.feed_forward = law::feed_forward(pid, plant, block, state, context);
    }
    let out = if is_automatic(actual) {
        let ordered = if pid.target.is_some() { readback } else { below.map_or(readback, |b| b.feedback) };
        let start = (taken_over && !keeps_bias).then_some(readback);
        let feedback = state.extra.as_ref().map_or(ordered, |extra| extra.feedback(ordered, context.image));
        control(pid, state, &terms, start, feedback, below, &pid.own(context.image))
    } else {
        let out = match actual {
            Mode::Tracking => local.unwrap_or(readback),
            Mode::Initialising => {
                bounded(below.map_or(readback, |below| below.back), pid.out_low, pid.out_high)
            }
            _ if moved => readback,
            _ => bounded(shed.unwrap_or(context.image.value(pid.point(OUT))), pid.out_low, pid.out_high),
        };
        state.calculated = out;
        state.integral = out - terms.prompt - terms.feed_forward;
        if !state.integral.is_finite() {
            law::tame(state);
        }
        out
    };
    context.image.set(pid.point(OUT), out, Quality::Good);
    if let Some(target) = pid.target
        && (actual != Mode::Tracking || local.is_some())
    {
        context.image.set(target, out, Quality::Good);
    }
    state.written = out;
    if state.extra.is_some() {
        extra::settle(pid, plant, state, block, actual, context.image);
    }
    if pid.cascade.is_some() {
        let limits = (pid.out_limit_low, pid.out_limit_high);
        let at = match &mut state.extra {
            Some(extra) => extra.at_limits(out, limits),
            None => (out >= limits.1, out <= limits.0),
        };
        context.handshakes[block] = answer(pid, actual, at, working, below, context.image);
    }
    show_mode(pid, state, actual, block, context);
}

/// What the block upstream is told.
fn answer(
    pid: &Fixed,
    actual: Mode,
    (high, low): (bool, bool),
    working: f64,
    below: Option<Handshake>,
    image: &Image,
) -> Handshake {
    let high = high || below.is_some_and(|below| below.limited_up);
    let low = low || below.is_some_and(|below| below.limited_down);
    // What a higher set point would do to OUT.
    let (up, down) = if pid.direct { (low, high) } else { (high, low) };
    let (sp, automatic) = (image.value(pid.point(SP)), is_automatic(actual));
    Handshake {
        invited: actual == Mode::Cascade,
        back: sp,
        feedback: working,
        limited_up: automatic && (up || sp >= pid.sp_limit_high),
        limited_down: automatic && (down || sp <= pid.sp_limit_low),
    }
}

/// PV through its filter. A bad one stays where it was; what comes after it starts afresh.
#[inline(always)]
fn measure(
    pid: &Fixed,
    state: &mut PidState,
    lost: bool,
    (raw, quality): (f64, Quality),
    own: &mut Row<'_>,
) -> f64 {
    let raw = bounded(raw, pid.pv_floor, pid.pv_ceiling);
    let last = own.value(PV);
    let pv = if lost {
        state.pv_lost = true;
        last
    } else {
        let fresh = core::mem::replace(&mut state.pv_lost, false);
        state.pv_met = true;
        if fresh {
            state.lagged = raw;
        }
        match &mut state.extra {
            Some(extra) => extra.filter(last, raw, pid.pv_weight, fresh),
            None if fresh => raw,
            None => last + (raw - last) * pid.pv_weight,
        }
    };
    // What is shown for an uncertain value that counts as bad is the last one before it.
    let shown = if lost && quality.is_usable() { Quality::UncertainLastUsable } else { quality };
    own.set(PV, pv, shown);
    pv
}

/// SP and the working set point behind its ramp.
#[inline(always)]
fn set_point(
    pid: &Fixed,
    state: &mut PidState,
    actual: Mode,
    pv: f64,
    from_above: Option<f64>,
    own: &mut Row<'_>,
) -> f64 {
    let limited = |value: f64| bounded(value, pid.sp_limit_low, pid.sp_limit_high);
    let tracks = state.extra.as_ref().is_some_and(|extra| extra.tracks_in(actual));
    if state.target != Mode::Manual && !tracks {
        state.sp_entered = false;
    }
    let first = state.sp_awaited && !state.pv_lost;
    state.sp_awaited &= !first;
    let sp = match actual {
        _ if first => pv,
        Mode::Cascade => from_above.unwrap_or(own.value(SP)),
        Mode::Manual
            if state.target == Mode::Manual && !state.sp_entered && !state.pv_lost && follows(state) =>
        {
            pv
        }
        _ if tracks && !state.sp_entered && !state.pv_lost => pv,
        _ => own.value(SP),
    };
    let sp = limited(sp);
    own.set(SP, sp, Quality::Good);
    let ramped = pid.sp_step.is_finite();
    let working = match (ramped, is_automatic(actual)) {
        (false, _) => sp,
        // A loop that takes a running plant over begins at its PV, not on the way there.
        (true, true) if first => sp,
        (true, true) => {
            let last = own.value(SP_WORKING);
            state
                .extra
                .as_ref()
                .map_or_else(|| approach(last, sp, pid.sp_step), |extra| extra.ramp(last, sp, pid.sp_step))
        }
        (true, false) => limited(pv),
    };
    own.set(SP_WORKING, working, Quality::Good);
    working
}

impl PidState {
    /// Somebody has put OUT where it stands since the block ran last.
    pub(crate) fn was_given(&self, out: f64) -> bool {
        self.written != AWAY && self.written != out
    }

    /// The set point follows the PV where nobody would look for it: in a mode that the plant forces upon the loop.
    pub(crate) fn tracks_now(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.tracks_in(self.actual))
    }
}

/// The set point of a loop in manual follows its PV.
fn follows(state: &PidState) -> bool {
    state.extra.as_ref().is_none_or(|extra| extra.sp_tracks_pv)
}
