//! From a record to a model that may be trusted, or the reason why not.
//!
//! Shapes are tried from the simple to the rich; a richer one is taken only when it leaves a tenth
//! less of the squares, an inverse response half. A lag that is far longer than what was seen of it is an integrating process
//! (Skogestad 2003: the rules then depend on its slope alone).
//!
//! What is refused, and why: a record too short or not sound; an OUT that did not move; a PV whose
//! movement drowns in its noise; a model that leaves more than a fifth of the movement unexplained;
//! a gain or a time that the record does not determine. A step up and down again tells a slow
//! disturbance from the response; a single step does not, and its model says so (`drifts`).

use alloc::vec::Vec;
use core::fmt;

use crate::fit::{Fit, Fitter, Shape};
use crate::process::Process;
use crate::record::{Record, mean, noise, span, variance};

/// More samples than this are thinned before the fit.
const SAMPLES: usize = 400;
const SAMPLES_LEAST: usize = 20;
/// PV must move by so many standard deviations of its noise.
const ABOVE_NOISE: f64 = 4.0;
/// Share of the movement that a model must explain.
const EXPLAINED_LEAST: f64 = 0.8;
/// Share of the squares that an inverse response must leave of what others do: it can imitate a dead time, and says more.
const INVERSE_LEAVES: f64 = 0.5;
/// Below this share of the lags hardly anything of it is seen: it would be a third lag or a dead time in disguise.
const INVERSE_SHOWS: f64 = 0.1;
/// One standard error of the gain and of the time constants, relative.
const ERROR_MOST: f64 = 0.25;

#[derive(Clone, Debug, PartialEq)]
pub struct Identified {
    pub process: Process,
    /// Share of the PV's movement that the model explains, 0 to 1 (R squared).
    pub explained: f64,
    /// One standard error of the gain, relative.
    pub gain_error: f64,
    /// One standard error, seconds.
    pub lag_error_s: f64,
    pub delay_error_s: f64,
    /// Standard deviation of the PV's noise.
    pub noise: f64,
    /// OUT went one way only: a disturbance during the test would look like the response.
    pub one_way: bool,
    /// What was fitted (thinned, when it was long), and the model's PV beside it.
    pub record: Record,
    pub pv: Vec<f64>,
}

/// Why a record gives no model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    NotSound,
    TooShort { samples: usize },
    NoMovement,
    Drowned { movement: f64, noise: f64 },
    Unexplained { explained: f64 },
    GainUncertain { error: f64 },
    TimeUncertain { error: f64 },
    TooFewCycles { cycles: usize },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSound => write!(f, "the record has values that are no numbers, or no period"),
            Self::TooShort { samples } => {
                write!(f, "only {samples} samples, at least {SAMPLES_LEAST} are needed: take a longer span")
            }
            Self::NoMovement => {
                write!(f, "OUT did not move: make a step of a few percent in manual, or run a relay test")
            }
            Self::Drowned { movement, noise } => write!(
                f,
                "PV moved by {movement:.3}, and its noise is {noise:.3} (one sigma): make a larger step"
            ),
            Self::Unexplained { explained } => write!(
                f,
                "the best model explains {:.0} % of the movement, {:.0} are needed: a disturbance or a \
                 sticking valve was at work; repeat the test in a quiet hour",
                explained * 100.0,
                EXPLAINED_LEAST * 100.0
            ),
            Self::GainUncertain { error } => write!(
                f,
                "the gain is uncertain by {:.0} %: wait longer after the step, or make a larger one",
                error * 100.0
            ),
            Self::TimeUncertain { error } => write!(
                f,
                "the time constants are uncertain by {:.0} %: the record has too little of the rise",
                error * 100.0
            ),
            Self::TooFewCycles { cycles } => {
                write!(f, "{cycles} whole cycles of the relay, at least 2 are needed: let it run on")
            }
        }
    }
}

impl core::error::Error for Doubt {}

/// The process behind a record in which OUT moved.
pub fn identify(record: &Record) -> Result<Identified, Doubt> {
    let found = explain(record)?;
    if found.gain_error.is_nan() || found.gain_error > ERROR_MOST {
        return Err(Doubt::GainUncertain { error: found.gain_error });
    }
    let [lag, _] = found.process.lags();
    let time_error = found.lag_error_s.max(found.delay_error_s);
    let share = time_error / (lag + found.process.delay()).max(found.record.dt);
    if share.is_nan() || share > ERROR_MOST {
        return Err(Doubt::TimeUncertain { error: share });
    }
    Ok(found)
}

/// The model that explains a record, whether or not the record determines each of its numbers: a
/// symmetrical relay says nothing of the gain at rest, and what it does say needs none.
pub(crate) fn explain(record: &Record) -> Result<Identified, Doubt> {
    if !record.is_sound() {
        return Err(Doubt::NotSound);
    }
    if record.len() < SAMPLES_LEAST {
        return Err(Doubt::TooShort { samples: record.len() });
    }
    let noise = noise(&record.pv[..record.len()]);
    let thin = record.thinned(SAMPLES);
    let n = thin.len();
    let (pv, out) = (&thin.pv[..n], &thin.out[..n]);
    let moved = span(out);
    if moved <= 1e-9 * out.iter().fold(1e-300, |most: f64, value| most.max(libm::fabs(*value))) {
        return Err(Doubt::NoMovement);
    }
    let movement = span(pv);
    if movement <= ABOVE_NOISE * noise || movement == 0.0 {
        return Err(Doubt::Drowned { movement, noise });
    }
    let first = out.windows(2).position(|two| libm::fabs(two[1] - two[0]) > 0.02 * moved).unwrap_or(0);
    let after = (n - first) as f64 * thin.dt;
    let fitter = Fitter::new(&thin, starts_moving(pv, out, first, moved, movement), after);
    let squares = variance(pv) * n as f64;
    let fit = choose(&fitter, after, squares).ok_or(Doubt::Unexplained { explained: 0.0 })?;
    let explained = 1.0 - fit.rest / squares;
    if explained.is_nan() || explained < EXPLAINED_LEAST {
        return Err(Doubt::Unexplained { explained: explained.max(0.0) });
    }
    let gain_error = fit.errors[0] / libm::fabs(fit.process.gain());
    let (lag_error_s, delay_error_s) = (fit.errors[1], fit.errors[2]);
    let one_way = first > 0 && is_one_way(out, moved);
    Ok(Identified {
        process: fit.process,
        explained,
        gain_error,
        lag_error_s,
        delay_error_s,
        noise,
        one_way,
        pv: fit.pv,
        record: thin,
    })
}

fn choose(fitter: &Fitter<'_>, after: f64, squares: f64) -> Option<Fit> {
    // Below this, what is left is arithmetic.
    let floor = 1e-7 * squares;
    let better = |rich: &Fit, plain: &Fit| rich.rest + floor < 0.9 * (plain.rest + floor);
    let lag = fitter.fit(Shape::Lag);
    let slow = lag.as_ref().is_none_or(|fit| fit.process.lags()[0] > 4.0 * after);
    let plain = if slow {
        let tank = fitter.fit(Shape::Integrating)?;
        let tank = fitter.fit(Shape::IntegratingLag).filter(|rich| better(rich, &tank)).unwrap_or(tank);
        lag.filter(|lag| better(lag, &tank)).unwrap_or(tank)
    } else {
        let lag = lag?;
        let two = fitter.fit(Shape::TwoLags);
        let apart = |rich: &Fit| rich.process.lags()[1] > 0.02 * rich.process.lags()[0];
        two.filter(|rich| better(rich, &lag) && apart(rich)).unwrap_or(lag)
    };
    let shows = |inverse: &Fit| {
        let [first, second] = inverse.process.lags();
        inverse.process.zero() > INVERSE_SHOWS * (first + second)
    };
    let inverse = fitter.fit(Shape::Inverse);
    let far_better = |inverse: &Fit| inverse.rest + floor < INVERSE_LEAVES * (plain.rest + floor);
    inverse.filter(|inverse| shows(inverse) && far_better(inverse)).or(Some(plain))
}

/// First-order with dead time, whatever the process: for rules that are made for it (AMIGO).
pub fn identify_lag(record: &Record) -> Result<Process, Doubt> {
    let found = identify(record)?;
    if found.process.is_integrating() {
        return Ok(found.process.halved());
    }
    let thin = &found.record;
    let first = thin.out.windows(2).position(|two| two[0] != two[1]).unwrap_or(0);
    let fitter = Fitter::new(thin, false, (thin.len() - first) as f64 * thin.dt);
    fitter.fit(Shape::Lag).map(|fit| fit.process).ok_or(Doubt::Unexplained { explained: 0.0 })
}

/// The PV was on its way, or OUT was at work, before the record began.
fn starts_moving(pv: &[f64], out: &[f64], first: usize, moved: f64, movement: f64) -> bool {
    let moves = out.windows(2).filter(|two| libm::fabs(two[1] - two[0]) > 1e-3 * moved).count();
    if first < 6 {
        return moves > out.len() / 10;
    }
    let half = first / 2;
    libm::fabs(mean(&pv[half..first]) - mean(&pv[..half])) > 0.05 * movement
}

fn is_one_way(out: &[f64], moved: f64) -> bool {
    let (first, last) = (out[0], out[out.len() - 1]);
    libm::fabs(last - first) > 0.9 * moved
}
