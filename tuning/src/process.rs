//! The models of a process that tuning rules know.
//!
//! ```text
//!   Lag          K exp(-Ls) / (T s + 1)                    FOPDT
//!   TwoLags      K exp(-Ls) / ((T1 s + 1)(T2 s + 1))       SOPDT, T1 >= T2
//!   Inverse      K (1 - Z s) exp(-Ls) / ((T1 s + 1)(T2 s + 1))    answers the other way first
//!   Integrating  k exp(-Ls) / (s (T s + 1))                IPDT where T = 0
//! ```
//!
//! A step of the simulation is exact for an input that stands between samples (zero-order hold),
//! with a dead time that need not be a whole number of samples.
//!
//! Source: Astrom and Wittenmark, *Computer-Controlled Systems*, ch. 2.

use alloc::{vec, vec::Vec};

use crate::complex::Complex;

/// Gain in units of PV per unit of OUT (`Integrating`: per unit of OUT and second), times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Process {
    Lag { gain: f64, tau: f64, delay: f64 },
    TwoLags { gain: f64, tau1: f64, tau2: f64, delay: f64 },
    Inverse { gain: f64, tau1: f64, tau2: f64, zero: f64, delay: f64 },
    Integrating { slope: f64, tau: f64, delay: f64 },
}

impl Process {
    /// Gain or slope, with its sign.
    pub fn gain(&self) -> f64 {
        match *self {
            Self::Lag { gain, .. } | Self::TwoLags { gain, .. } | Self::Inverse { gain, .. } => gain,
            Self::Integrating { slope, .. } => slope,
        }
    }

    pub fn delay(&self) -> f64 {
        match *self {
            Self::Lag { delay, .. }
            | Self::TwoLags { delay, .. }
            | Self::Inverse { delay, .. }
            | Self::Integrating { delay, .. } => delay,
        }
    }

    /// Time of the zero in the right half plane; 0 without.
    pub fn zero(&self) -> f64 {
        if let Self::Inverse { zero, .. } = *self { zero } else { 0.0 }
    }

    /// The lags, longest first.
    pub fn lags(&self) -> [f64; 2] {
        match *self {
            Self::Lag { tau, .. } | Self::Integrating { tau, .. } => [tau, 0.0],
            Self::TwoLags { tau1, tau2, .. } | Self::Inverse { tau1, tau2, .. } => [tau1, tau2],
        }
    }

    pub fn is_integrating(&self) -> bool {
        matches!(self, Self::Integrating { .. })
    }

    /// Its longest time, for the length of a simulation or a grid of frequencies.
    pub fn slowest(&self) -> f64 {
        let [first, second] = self.lags();
        first.max(second).max(self.delay()).max(self.zero())
    }

    /// G(j omega)
    pub fn at(&self, omega: f64) -> Complex {
        let lag = |tau: f64| Complex::new(1.0, omega * tau);
        let late = Complex::turn(-omega * self.delay());
        match *self {
            Self::Lag { gain, tau, .. } => late * gain / lag(tau),
            Self::TwoLags { gain, tau1, tau2, .. } => late * gain / (lag(tau1) * lag(tau2)),
            Self::Inverse { gain, tau1, tau2, zero, .. } => {
                late * gain * lag(-zero) / (lag(tau1) * lag(tau2))
            }
            Self::Integrating { slope, tau, .. } => late * slope / (Complex::new(0.0, omega) * lag(tau)),
        }
    }

    /// PV for this OUT, from rest at `pv` with the first OUT.
    pub fn response(&self, out: &[f64], dt: f64, pv: f64) -> Vec<f64> {
        let rest = out.first().copied().unwrap_or(0.0);
        let mut running = Running::new(self, dt);
        out.iter()
            .map(|now| {
                let before = pv + running.pv();
                running.step(now - rest);
                before
            })
            .collect()
    }

    /// First-order with dead time, by the half rule: an inverse response counts as dead time (Skogestad 2003, section 2).
    pub fn halved(&self) -> Self {
        match *self {
            Self::TwoLags { gain, tau1, tau2, delay } => {
                Self::Lag { gain, tau: tau1 + tau2 / 2.0, delay: delay + tau2 / 2.0 }
            }
            Self::Inverse { gain, tau1, tau2, zero, delay } => {
                Self::Lag { gain, tau: tau1 + tau2 / 2.0, delay: delay + zero + tau2 / 2.0 }
            }
            Self::Integrating { slope, tau, delay } => {
                Self::Integrating { slope, tau: 0.0, delay: delay + tau }
            }
            same @ Self::Lag { .. } => same,
        }
    }
}

/// A process as it runs, in deviations from rest.
#[derive(Clone, Debug)]
pub struct Running {
    terms: [Term; 2],
    states: [f64; 2],
    /// What went in, oldest overwritten.
    past: Vec<f64>,
    next: usize,
    /// Dead time: whole samples, and the share of one.
    whole: usize,
}

/// One partial fraction: its share of the output, and what a step does to it.
#[derive(Clone, Copy, Debug, Default)]
struct Term {
    share: f64,
    keep: f64,
    older: f64,
    newer: f64,
}

impl Term {
    /// `1/(tau s + 1)`; the input changes after the share `split` of the step.
    fn lag(share: f64, tau: f64, dt: f64, split: f64) -> Self {
        if tau <= 0.0 {
            // Read at the sample: the newest input that has arrived.
            return Self { share, keep: 0.0, older: 0.0, newer: 1.0 };
        }
        let keep = libm::exp(-dt / tau);
        let later = libm::exp(-(1.0 - split) * dt / tau);
        Self { share, keep, older: later - keep, newer: 1.0 - later }
    }

    /// `1/s`
    fn integral(share: f64, dt: f64, split: f64) -> Self {
        Self { share, keep: 1.0, older: split * dt, newer: (1.0 - split) * dt }
    }
}

impl Running {
    pub fn new(process: &Process, dt: f64) -> Self {
        let samples = (process.delay() / dt).max(0.0);
        let whole = libm::floor(samples);
        let split = samples - whole;
        let whole = whole as usize;
        let lag = |share, tau| Term::lag(share, tau, dt, split);
        let terms = match *process {
            Process::Lag { gain, tau, .. } => [lag(gain, tau), Term::default()],
            Process::TwoLags { gain, tau1, tau2, .. } | Process::Inverse { gain, tau1, tau2, .. } => {
                let zero = process.zero();
                // Apart from each other, so that the partial fractions exist.
                let tau2 = if libm::fabs(tau1 - tau2) < 1e-4 * tau1 { tau2 * (1.0 - 1e-4) } else { tau2 };
                let apart = tau1 - tau2;
                if apart == 0.0 {
                    [lag(gain, tau1), Term::default()]
                } else {
                    [lag(gain * (tau1 + zero) / apart, tau1), lag(-gain * (tau2 + zero) / apart, tau2)]
                }
            }
            Process::Integrating { slope, tau, .. } => {
                let second = if tau > 0.0 { lag(-slope * tau, tau) } else { Term::default() };
                [Term::integral(slope, dt, split), second]
            }
        };
        Self { terms, states: [0.0; 2], past: vec![0.0; whole + 2], next: 0, whole }
    }

    /// PV now.
    pub fn pv(&self) -> f64 {
        self.terms[0].share * self.states[0] + self.terms[1].share * self.states[1]
    }

    /// Lets `out` stand for one period.
    pub fn step(&mut self, out: f64) {
        let places = self.past.len();
        self.past[self.next] = out;
        let newer = self.past[(self.next + places - self.whole) % places];
        let older = self.past[(self.next + places - self.whole - 1) % places];
        self.next = (self.next + 1) % places;
        for (state, term) in self.states.iter_mut().zip(&self.terms) {
            *state = term.keep * *state + term.older * older + term.newer * newer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn step_at_start(samples: usize) -> Vec<f64> {
        let mut out = vec![1.0; samples];
        out[0] = 0.0;
        out
    }

    /// 1 - ((T1 + Z) exp(-t/T1) - (T2 + Z) exp(-t/T2))/(T1 - T2), and its slope -Z/(T1 T2) at the start.
    #[test]
    fn an_inverse_response_goes_the_other_way_first_as_the_closed_form_says() {
        let (tau1, tau2, zero) = (10.0, 4.0, 6.0);
        let inverse = Process::Inverse { gain: 2.0, tau1, tau2, zero, delay: 1.5 };
        let answer = inverse.response(&step_at_start(400), 0.25, 0.0);
        for (k, pv) in answer.iter().enumerate().skip(1) {
            let t = (k as f64 - 1.0) * 0.25 - 1.5;
            let part = |tau: f64| (tau + zero) * f64::exp(-t.max(0.0) / tau);
            let expected = 2.0 * (1.0 - (part(tau1) - part(tau2)) / (tau1 - tau2));
            assert!((pv - expected).abs() < 1e-9, "{t}: {pv} instead of {expected}");
        }
        assert!(answer.iter().copied().fold(0.0, f64::min) < -0.2, "the other way");
        let s = Complex::new(0.0, 0.3);
        let one = Complex::new(1.0, 0.0);
        let expected = (one - s * zero) * 2.0 / ((one + s * tau1) * (one + s * tau2)) * Complex::turn(-0.45);
        assert!((inverse.at(0.3) - expected).abs() < 1e-12);
        assert_eq!(inverse.halved(), Process::Lag { gain: 2.0, tau: 12.0, delay: 9.5 });
    }

    #[test]
    fn a_step_response_is_the_textbook_one_at_any_period_and_dead_time() {
        for (dt, delay) in [(1.0, 3.0), (0.7, 2.45), (2.5, 1.0)] {
            let lag = Process::Lag { gain: 2.0, tau: 10.0, delay };
            let two = Process::TwoLags { gain: 2.0, tau1: 10.0, tau2: 4.0, delay };
            let same = Process::TwoLags { gain: 2.0, tau1: 5.0, tau2: 5.0, delay };
            let tank = Process::Integrating { slope: 0.3, tau: 6.0, delay };
            let late = |k: usize| (k as f64 * dt - dt - delay).max(0.0);
            type Truth = fn(f64) -> f64;
            let truths: [(Process, Truth); 4] = [
                (lag, |t| 2.0 * (1.0 - libm::exp(-t / 10.0))),
                (two, |t| 2.0 * (1.0 - (10.0 * libm::exp(-t / 10.0) - 4.0 * libm::exp(-t / 4.0)) / 6.0)),
                (same, |t| 2.0 * (1.0 - (1.0 + t / 5.0) * libm::exp(-t / 5.0))),
                (tank, |t| 0.3 * (t - 6.0 * (1.0 - libm::exp(-t / 6.0)))),
            ];
            for (process, truth) in truths {
                let pv = process.response(&step_at_start(60), dt, 0.0);
                for (k, value) in pv.iter().enumerate() {
                    assert!((value - truth(late(k))).abs() < 2e-4, "{process:?} {dt} {k}");
                }
            }
        }
    }
}
