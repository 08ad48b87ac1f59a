//! The controller whose loop is judged: the law of the PID block, and its frequency response.
//!
//! ```text
//!   u = K (beta SP - PV) + I + D                  K in units of OUT per unit of PV
//!   I += min(dt/TI, 1) K (SP - PV)                backward Euler, with external reset at a limit
//!   D  = K N (lag(PV, TD/N) - PV)                 derivative on the PV, lag by backward Euler
//!   PV = lag(measurement, filter)
//! ```
//!
//! With `dt = 0` it is the same law in continuous time, which is what published margins are of.

use crate::complex::Complex;

/// What a person sets. The gain has the sign of the process's gain, so that the loop closes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Units of OUT per unit of PV.
    pub gain: f64,
    /// Seconds; 0 means no integral.
    pub ti: f64,
    /// Seconds.
    pub td: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controller {
    pub tuning: Tuning,
    /// Derivative filter: Tf = TD / N.
    pub derivative_n: f64,
    /// Set-point weight.
    pub beta: f64,
    /// Of the PV, seconds. 0 where the process was identified from the filtered PV.
    pub filter_s: f64,
    /// Period of its task, seconds; 0 for continuous time.
    pub dt: f64,
}

impl Controller {
    pub const fn continuous(tuning: Tuning) -> Self {
        Self { tuning, derivative_n: 10.0, beta: 1.0, filter_s: 0.0, dt: 0.0 }
    }

    /// The same form with other tuning.
    pub fn with(&self, tuning: Tuning) -> Self {
        Self { tuning, ..*self }
    }

    /// From measurement to OUT, with the sign turned: the loop is `G C`.
    pub fn at(&self, omega: f64) -> Complex {
        let Tuning { gain, ti, td } = self.tuning;
        let n = self.derivative_n;
        if self.dt <= 0.0 {
            let s = Complex::new(0.0, omega);
            let integral = if ti > 0.0 { Complex::ONE / (s * ti) } else { Complex::default() };
            let derivative = s * td / (Complex::ONE + s * (td / n));
            let filter = Complex::ONE / (Complex::ONE + s * self.filter_s);
            return (Complex::ONE + integral + derivative) * filter * gain;
        }
        let angle = omega * self.dt;
        let back = Complex::turn(-angle);
        let lag = |time: f64| {
            let weight = self.dt / (time + self.dt);
            Complex::real(weight) / (Complex::ONE - back * (1.0 - weight))
        };
        let integral = if ti > 0.0 {
            Complex::real((self.dt / ti).min(1.0)) / (Complex::ONE - back)
        } else {
            Complex::default()
        };
        let derivative = (Complex::ONE - lag(td / n)) * n;
        let hold = Complex::new(libm::sin(angle) / angle, -(1.0 - libm::cos(angle)) / angle);
        (Complex::ONE + integral + derivative) * lag(self.filter_s) * hold * gain
    }
}

/// The law as it runs, in deviations from rest.
#[derive(Clone, Debug)]
pub struct Law {
    controller: Controller,
    limits: (f64, f64),
    integral: f64,
    calculated: f64,
    lagged: f64,
    filtered: f64,
    out: f64,
}

impl Law {
    pub fn at_rest(controller: Controller, limits: (f64, f64)) -> Self {
        Self { controller, limits, integral: 0.0, calculated: 0.0, lagged: 0.0, filtered: 0.0, out: 0.0 }
    }

    pub fn step(&mut self, sp: f64, measured: f64, dt: f64) -> f64 {
        let Controller { tuning: Tuning { gain, ti, td }, derivative_n: n, beta, filter_s, .. } =
            self.controller;
        self.filtered += (measured - self.filtered) * dt / (filter_s + dt);
        let pv = self.filtered;
        self.lagged += (pv - self.lagged) * dt / (td / n + dt);
        if ti > 0.0 {
            self.integral += (dt / ti).min(1.0) * (gain * (sp - pv) + self.out - self.calculated);
        }
        self.calculated = gain * (beta * sp - pv + n * (self.lagged - pv)) + self.integral;
        self.out = self.calculated.max(self.limits.0).min(self.limits.1);
        self.out
    }
}
