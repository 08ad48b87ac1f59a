//! Tuning rules: from a model to gain, TI and TD of the ISA standard form.
//!
//! | rule | for | source |
//! | --- | --- | --- |
//! | SIMC | all; one knob, `tauc`: the time constant that the closed loop gets | Skogestad, *J. Process Control* 13 (2003) 291 |
//! | lambda | slow loops, no overshoot wanted | Dahlin 1968; Bialkowski; TAPPI TIP 0424 |
//! | AMIGO | first order with dead time, M = 1.4, no knob | Astrom and Hagglund, *Advanced PID Control* (2006) ch. 7 |
//!
//! [`propose`] takes the rule and then asks the frequency response of the block as it will run, with
//! its period, filter and derivative lag. A proposal that is less robust than wanted is made slower
//! until it is not.

use crate::controller::{Controller, Tuning};
use crate::margins::{Margins, margins};
use crate::process::Process;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    #[default]
    Simc,
    Lambda,
    AmigoPi,
    AmigoPid,
}

impl Rule {
    pub const ALL: [Self; 4] = [Self::Simc, Self::Lambda, Self::AmigoPi, Self::AmigoPid];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Simc => "simc",
            Self::Lambda => "lambda",
            Self::AmigoPi => "amigo-pi",
            Self::AmigoPid => "amigo-pid",
        }
    }
}

/// Ms that a proposal does not exceed unless one asks for it.
pub const MS_MOST: f64 = 1.7;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    pub rule: Rule,
    pub tuning: Tuning,
    pub margins: Margins,
    /// Closed-loop time constant that the rule was given, where it takes one.
    pub tauc_s: f64,
    /// By how much it was made slower than the rule says, to keep the margin: 1 is as the rule says.
    pub slowed: f64,
}

/// The closed-loop time constant with good margins: the dead time (Skogestad's choice), but no more than
/// four times faster than the process, nor faster than the block can see. Where hardly any dead time shows, what
/// limits the loop is what the model does not have, and the margins would promise too much.
pub fn usual_tauc(process: &Process, dt: f64) -> f64 {
    let plain = process.halved();
    let quarter = if plain.is_integrating() { 0.0 } else { plain.lags()[0] / 4.0 };
    plain.delay().max(quarter).max(4.0 * dt).max(f64::MIN_POSITIVE)
}

/// SIMC: PI, or PID where the second lag is longer than the dead time.
pub fn simc(process: &Process, tauc: f64) -> Tuning {
    match *process {
        Process::Lag { gain, tau, delay } => {
            let wait = tauc + delay;
            // A pure dead time gets a pure integrator: gain and TI small together.
            let tau = tau.max(0.01 * wait);
            Tuning { gain: tau / (gain * wait), ti: tau.min(4.0 * wait), td: 0.0 }
        }
        Process::TwoLags { gain, tau1, tau2, delay } if tau2 > delay => {
            let wait = tauc + delay;
            series(tau1 / (gain * wait), tau1.min(4.0 * wait), tau2)
        }
        Process::Inverse { gain, tau1, tau2, zero, delay } if tau2 > delay + zero => {
            let wait = tauc + delay + zero;
            series(tau1 / (gain * wait), tau1.min(4.0 * wait), tau2)
        }
        Process::Integrating { slope, tau, delay } if tau > delay => {
            let wait = tauc + delay;
            series(1.0 / (slope * wait), 4.0 * wait, tau)
        }
        Process::Integrating { slope, tau, delay } => {
            let wait = tauc + delay + tau;
            Tuning { gain: 1.0 / (slope * wait), ti: 4.0 * wait, td: 0.0 }
        }
        Process::TwoLags { .. } | Process::Inverse { .. } => simc(&process.halved(), tauc),
    }
}

/// Series form into the standard form of the block.
fn series(gain: f64, ti: f64, td: f64) -> Tuning {
    let factor = 1.0 + td / ti;
    Tuning { gain: gain * factor, ti: ti * factor, td: td / factor }
}

/// Lambda: TI cancels the lag; PI.
pub fn lambda(process: &Process, lambda: f64) -> Tuning {
    match process.halved() {
        Process::Integrating { slope, delay, .. } => {
            let wait = lambda + delay;
            Tuning { gain: (2.0 * lambda + delay) / (slope * wait * wait), ti: 2.0 * lambda + delay, td: 0.0 }
        }
        other => {
            let (tau, wait) = (other.lags()[0], lambda + other.delay());
            let ti = tau.max(0.01 * wait);
            Tuning { gain: ti / (other.gain() * wait), ti, td: 0.0 }
        }
    }
}

/// AMIGO PI (*Advanced PID Control*, eq. 7.16 to 7.20). The dead time must be above zero.
pub fn amigo_pi(process: &Process) -> Tuning {
    let (plain, l) = plain(process);
    match plain {
        Process::Integrating { slope, .. } => Tuning { gain: 0.35 / (slope * l), ti: 13.4 * l, td: 0.0 },
        other => {
            let (k, t) = (other.gain(), other.lags()[0]);
            let sum = l + t;
            Tuning {
                gain: 0.15 / k + (0.35 - l * t / (sum * sum)) * t / (k * l),
                ti: 0.35 * l + 13.0 * l * t * t / (t * t + 12.0 * l * t + 7.0 * l * l),
                td: 0.0,
            }
        }
    }
}

/// AMIGO PID (*Advanced PID Control*, eq. 7.22 to 7.25). The dead time must be above zero.
pub fn amigo_pid(process: &Process) -> Tuning {
    let (plain, l) = plain(process);
    match plain {
        Process::Integrating { slope, .. } => Tuning { gain: 0.45 / (slope * l), ti: 8.0 * l, td: 0.5 * l },
        other => {
            let (k, t) = (other.gain(), other.lags()[0]);
            Tuning {
                gain: (0.2 + 0.45 * t / l) / k,
                ti: (0.4 * l + 0.8 * t) / (l + 0.1 * t) * l,
                td: 0.5 * l * t / (0.3 * l + t),
            }
        }
    }
}

/// First order; what has no dead time gets a hundredth of its lag, for the rules divide by it.
fn plain(process: &Process) -> (Process, f64) {
    let plain = process.halved();
    (plain, plain.delay().max(plain.lags()[0] * 0.01).max(f64::MIN_POSITIVE))
}

/// The tuning by this rule for a block of this form, made slower until its Ms is at most `ms_most`.
///
/// `tauc` is the wish for SIMC and lambda; without one, [`usual_tauc`] for SIMC and three times that for lambda.
/// `None` when no tuning of the rule gives a stable loop with that margin.
pub fn propose(
    process: &Process,
    form: &Controller,
    rule: Rule,
    tauc: Option<f64>,
    ms_most: f64,
) -> Option<Proposal> {
    let usual = usual_tauc(process, form.dt);
    let wish = tauc.unwrap_or(if rule == Rule::Lambda { 3.0 * usual } else { usual });
    let tuned = |slowed: f64| {
        let tuning = match rule {
            Rule::Simc => simc(process, wish * slowed),
            Rule::Lambda => lambda(process, wish * slowed),
            Rule::AmigoPi => softened(amigo_pi(process), process, slowed),
            Rule::AmigoPid => softened(amigo_pid(process), process, slowed),
        };
        let margins = margins(process, &form.with(tuning))?;
        let proposal = Proposal { rule, tuning, margins, tauc_s: wish * slowed, slowed };
        (margins.stable && margins.ms <= ms_most).then_some(proposal)
    };
    if let Some(asked) = tuned(1.0) {
        return Some(asked);
    }
    let (mut fast, mut slow) = (1.0, 1.0);
    let mut found = None;
    for _ in 0..12 {
        slow *= 2.0;
        found = tuned(slow);
        if found.is_some() {
            break;
        }
        fast = slow;
    }
    found.as_ref()?;
    for _ in 0..20 {
        let middle = libm::sqrt(fast * slow);
        match tuned(middle) {
            Some(proposal) => (found, slow) = (Some(proposal), middle),
            None => fast = middle,
        }
    }
    found
}

fn softened(tuning: Tuning, process: &Process, slowed: f64) -> Tuning {
    // An integrating loop swings when its gain alone is lowered.
    let ti = if process.is_integrating() { tuning.ti * slowed } else { tuning.ti };
    Tuning { gain: tuning.gain / slowed, ti, td: tuning.td }
}
