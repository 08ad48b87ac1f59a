//! What a PID may have besides the ordinary: form, shape of the error, schedule, rates, overrides.
//!
//! Most loops have none of it. A run looks at these only when [`PidOptions::is_plain`] is false.

use alloc::vec::Vec;
use model::{Mode, PointId};

use super::{Expr, Pid};

#[derive(Clone, Debug, PartialEq)]
pub struct PidOptions {
    pub form: PidForm,
    /// Set-point weight of the derivative, 0 to 1.
    pub gamma: f64,
    /// The PV filter is of second order, `1 / (1 + T s + (T s)^2 / 2)` (Garpinger and Hägglund 2014).
    pub second_order: bool,
    pub gap: Option<Gap>,
    /// Share of the gain that does not grow with the error: 1 is linear, 0 error-squared.
    pub linearity: f64,
    pub schedule: Option<Schedule>,
    /// Change of OUT per second in modes that control; infinite without.
    pub out_rate: f64,
    /// In manual the set point follows the PV.
    pub sp_tracks_pv: bool,
    /// Other modes in which it does (FF-891: CONTROL_OPTS, SP-PV track in LO or IMan, in ROut).
    pub sp_tracks_in: TracksIn,
    /// An uncertain PV or cascade set point counts as a bad one (FF-891: STATUS_OPTS).
    pub uncertain_is_bad: bool,
    /// So long a bad PV holds OUT before it sheds the loop; `None`: see `Pid::patience_ms`.
    pub bad_pv_delay_ms: Option<u32>,
    /// What of OUT really works, as it is measured: the valve's position, or the PV of the secondary.
    pub feedback: Option<Feedback>,
    /// OUT must leave its limit by so much before the loop above is told that there is room (FF-891: BKCAL_HYS).
    pub limit_hysteresis: f64,
    /// Downwards, per second; `None` is as upwards.
    pub sp_rate_down: Option<f64>,
    pub track: Option<Track>,
    pub remote: Option<Remote>,
    /// The feed-forward is a factor of OUT and not a part of it.
    pub ff_multiplies: bool,
    pub ff_gain: Option<PointId>,
    /// While false the feed-forward does nothing.
    pub ff_when: Option<Expr>,
}

impl Default for PidOptions {
    fn default() -> Self {
        Self {
            form: PidForm::Isa,
            gamma: 0.0,
            second_order: false,
            gap: None,
            linearity: 1.0,
            schedule: None,
            out_rate: f64::INFINITY,
            sp_tracks_pv: true,
            sp_tracks_in: TracksIn::default(),
            uncertain_is_bad: false,
            bad_pv_delay_ms: None,
            feedback: None,
            limit_hysteresis: 0.0,
            sp_rate_down: None,
            track: None,
            remote: None,
            ff_multiplies: false,
            ff_gain: None,
            ff_when: None,
        }
    }
}

impl PidOptions {
    /// The loop is an ordinary one. The weight of the derivative, what an uncertain value counts as and how long a bad
    /// one is borne cost nothing and do not count.
    pub fn is_plain(&self) -> bool {
        let Self { form, gamma: _, second_order, gap, linearity, schedule, out_rate, .. } = self;
        let Self { sp_tracks_pv, sp_rate_down, track, remote, ff_gain, ff_when, .. } = self;
        let Self { sp_tracks_in, feedback, limit_hysteresis, ff_multiplies, .. } = self;
        let Self { uncertain_is_bad: _, bad_pv_delay_ms: _, .. } = self;
        *form == PidForm::Isa
            && !second_order
            && gap.is_none()
            && *linearity >= 1.0
            && schedule.is_none()
            && out_rate.is_infinite()
            && *sp_tracks_pv
            && sp_rate_down.is_none()
            && track.is_none()
            && remote.is_none()
            && ff_gain.is_none()
            && ff_when.is_none()
            && *sp_tracks_in == TracksIn::default()
            && feedback.is_none()
            && *limit_hysteresis == 0.0
            && !ff_multiplies
    }
}

/// Modes without control in which the set point follows the PV, besides manual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TracksIn {
    pub tracking: bool,
    pub initialising: bool,
    pub remote_output: bool,
}

impl TracksIn {
    pub(crate) fn contains(self, actual: Mode) -> bool {
        match actual {
            Mode::Tracking => self.tracking,
            Mode::Initialising => self.initialising,
            Mode::RemoteOutput => self.remote_output,
            Mode::OutOfService | Mode::Manual | Mode::Auto | Mode::Cascade | Mode::RemoteCascade => false,
        }
    }
}

/// A measurement of what OUT does, in the unit of OUT.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feedback {
    pub point: PointId,
    /// A difference up to here is the play of a valve and the error of its transmitter, no limit.
    pub band: f64,
}

/// A factor beyond these would take all of OUT, or leave nothing that could come back.
pub(crate) const FACTOR: (f64, f64) = (0.05, 20.0);

/// What KC, TI and TD mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidForm {
    /// `KC (e + 1/TI int e + TD de/dt)`
    Isa,
    /// `KC e + 1/TI int e + TD de/dt`: three independent gains, TI being one over the integral's.
    Parallel,
    /// `KC (1 + 1/(TI s)) (1 + TD s) e`: pneumatic and early electronic controllers.
    Series,
    /// `KC/TI int e` alone, for processes that answer at once.
    Integral,
}

/// Inside `band` around the set point the gain is `gain` times the ordinary one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Half its width, in units of the PV.
    pub band: f64,
    /// 0 to 1.
    pub gain: f64,
}

/// Tuning by a characteriser: straight lines between points, level beyond the ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The value that decides, such as a load or the PV itself. While it is bad the tuning stays.
    pub by: PointId,
    pub kc: Vec<(f64, f64)>,
    /// Seconds.
    pub ti: Vec<(f64, f64)>,
    pub td: Vec<(f64, f64)>,
}

/// Local override: while `when` holds, OUT is `value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    pub when: Expr,
    pub value: Expr,
}

/// Set point or output from a recipe or another system, watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// Where the set point is written in remote cascade, and the output in remote output.
    pub sp: Option<PointId>,
    pub out: Option<PointId>,
    /// Without a new value for so long the loop is ordered to `shed`.
    pub timeout_ms: u32,
    pub shed: Mode,
}

/// What of a loop bends its error and turns its tuning into that of the ISA form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    form: PidForm,
    gap: Option<Gap>,
    linearity: f64,
    pv_span: f64,
}

/// Absurd tuning stays finite: an effective TD of 30 years, an interaction of a million.
const LONGEST_S: f64 = 1e9;
const STEEPEST: f64 = 1e6;

/// Tuning of the ISA form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tuning {
    /// KC with its sign, in units of OUT per unit of PV.
    pub(crate) gain: f64,
    pub(crate) ti: f64,
    pub(crate) td: f64,
}

impl Shape {
    pub(crate) fn new(pid: &Pid) -> Self {
        let span = pid.pv_high - pid.pv_low;
        Self {
            form: pid.options.form,
            gap: pid.options.gap,
            linearity: pid.options.linearity,
            pv_span: if span > 0.0 { span } else { f64::INFINITY },
        }
    }

    /// Proportional and derivative action are there.
    pub(crate) fn is_prompt(&self) -> bool {
        self.form != PidForm::Integral
    }

    /// The tuning that the ISA form needs for the same action.
    pub(crate) fn tuning(&self, kc: f64, scale: f64, ti: f64, td: f64) -> Tuning {
        match self.form {
            PidForm::Isa | PidForm::Integral => Tuning { gain: kc * scale, ti, td },
            PidForm::Parallel => Tuning {
                gain: kc * scale,
                ti: kc * ti,
                td: if kc > 0.0 { (td / kc).min(LONGEST_S) } else { 0.0 },
            },
            PidForm::Series if ti > 0.0 => {
                let both = ti + td;
                Tuning { gain: kc * scale * (both / ti).min(STEEPEST), ti: both, td: ti * td / both }
            }
            PidForm::Series => Tuning { gain: kc * scale, ti, td },
        }
    }

    /// What one step of the integral makes of the error, and the time it follows OUT with. An
    /// independent integral works without any KC, too.
    pub(crate) fn reset(&self, tuning: Tuning, scale: f64, ti: f64, error: f64, dt: f64) -> (f64, f64) {
        if self.form == PidForm::Parallel && ti > 0.0 && tuning.ti < dt {
            (scale * error * (dt / ti), dt)
        } else {
            (tuning.gain * error, tuning.ti)
        }
    }

    /// What is left of the gain at this error, 0 to 1 (above 1 beyond a full span of error).
    /// It is continuous, so that OUT does not jump at the edge of the gap.
    pub(crate) fn share(&self, error: f64) -> f64 {
        let size = libm::fabs(error);
        let bent = self.linearity + (1.0 - self.linearity) * (size / self.pv_span);
        match self.gap {
            Some(gap) if size <= gap.band => bent * gap.gain,
            Some(gap) => bent * (size - gap.band * (1.0 - gap.gain)) / size,
            None => bent,
        }
    }
}

/// Straight lines between the points of a table; level beyond its ends.
pub(crate) fn characterise(table: &[(f64, f64)], x: f64) -> Option<f64> {
    let (first, last) = (table.first()?, table.last()?);
    if x <= first.0 {
        return Some(first.1);
    }
    if x >= last.0 {
        return Some(last.1);
    }
    let above = table.iter().position(|(at, _)| *at > x)?;
    let ((x0, y0), (x1, y1)) = (*table.get(above.checked_sub(1)?)?, *table.get(above)?);
    Some(y0 + (y1 - y0) * ((x - x0) / (x1 - x0)))
}

#[cfg(test)]
mod tests {
    use super::{PidForm, Shape, Tuning};

    fn shape(form: PidForm) -> Shape {
        Shape { form, gap: None, linearity: 1.0, pv_span: 100.0 }
    }

    #[test]
    fn a_form_without_its_gain_or_its_integral_is_that_of_what_is_left() {
        let tuning = |form, kc, ti| shape(form).tuning(kc, 0.5, ti, 3.0);
        assert_eq!(tuning(PidForm::Parallel, 0.0, 8.0), Tuning { gain: 0.0, ti: 0.0, td: 0.0 });
        assert_eq!(tuning(PidForm::Series, 2.0, 0.0), Tuning { gain: 1.0, ti: 0.0, td: 3.0 });
        assert_eq!(tuning(PidForm::Series, 2.0, 6.0), Tuning { gain: 1.5, ti: 9.0, td: 2.0 });
    }

    #[test]
    fn only_a_parallel_integral_goes_on_without_a_gain() {
        let reset = |form, ti| {
            let shape = shape(form);
            shape.reset(shape.tuning(1e-9, 0.5, ti, 0.0), 0.5, ti, 4.0, 0.1)
        };
        assert_eq!(reset(PidForm::Parallel, 8.0), (0.5 * 4.0 * (0.1 / 8.0), 0.1));
        assert_eq!(reset(PidForm::Parallel, 0.0), (1e-9 * 0.5 * 4.0, 0.0), "it has none");
        assert_eq!(reset(PidForm::Isa, 0.05), (1e-9 * 0.5 * 4.0, 0.05));
    }
}
