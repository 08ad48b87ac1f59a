//! The running PID against closed forms, in time and in frequency, and against another PID.
//!
//! T1 step and ramp responses, T2 margins of the SIMC rules, T9 the derivative's filter, T14 the
//! crate `discrete_pid` on what both can do. Sources: Åström and Murray, *Feedback Systems*, ch. 11;
//! Skogestad, *J. Process Control* 13 (2003) 291.

mod support;

use std::f64::consts::PI;

use control::plant::PidOptions;
use discrete_pid::pid::{PidConfigBuilder, PidController};
use discrete_pid::time::Millis;
use model::{Mode, PointId};
use proptest::prelude::*;
use support::{Builder, Harness, Loop};

struct Rig {
    h: Harness,
    pv: PointId,
    valve: PointId,
}

fn rig(period_ms: u32, options: &Loop) -> Rig {
    let mut b = Builder::new();
    b.plant.period_ms = period_ms;
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    b.pid("LIC", pv, &Loop { target: Some(valve), ..options.clone() });
    let mut h = b.finish();
    h.preset(valve, 50.0);
    h.all_good(50.0);
    h.scan();
    Rig { h, pv, valve }
}

impl Rig {
    fn step(&mut self, pv: f64) -> f64 {
        self.h.set(self.pv, pv);
        self.h.scan();
        self.h.at(self.valve)
    }
}

#[test]
fn a_snapshot_leaves_the_loop_that_it_is_taken_of_as_it_is() {
    let options = Loop { kc: 2.0, td: 20.0, derivative_n: 8.0, ..Loop::default() };
    let (mut saved, mut other) = (rig(100, &options), rig(100, &options));
    for pv in [52.0, 53.0, 55.0, 55.0, 54.0, 50.0] {
        saved.h.save();
        assert_eq!(saved.step(pv), other.step(pv), "at {pv}");
    }
}

#[test]
fn a_snapshot_with_another_td_brings_the_lag_of_its_derivative_along() {
    let options = Loop { kc: 2.0, td: 20.0, ti: 0.0, derivative_n: 8.0, ..Loop::default() };
    let (mut tuned, mut other) = (rig(100, &options), rig(100, &options));
    tuned.h.write("LIC.TD", 5.0).unwrap();
    other.h.scan();
    assert_ne!(tuned.step(52.0), other.step(52.0), "they control differently");
    other.h.engine.restore(&tuned.h.save()).unwrap();
    for pv in [53.0, 55.0, 55.0, 54.0, 50.0] {
        assert_eq!(tuned.step(pv), other.step(pv), "at {pv}");
    }
}

/// Largest deviation of OUT from `expected(t)` while the PV follows `pv(t)`.
fn worst(
    period_ms: u32,
    options: &Loop,
    seconds: f64,
    pv: impl Fn(f64) -> f64,
    expected: impl Fn(f64) -> f64,
) -> f64 {
    let mut rig = rig(period_ms, options);
    let dt = f64::from(period_ms) * 1e-3;
    let mut worst: f64 = 0.0;
    for k in 1..=(seconds / dt) as usize {
        let t = k as f64 * dt;
        worst = worst.max((rig.step(pv(t)) - expected(t)).abs());
    }
    worst
}

/// The error shrinks in proportion to the period: the closed form is the limit.
fn converges(error: impl Fn(u32) -> f64, bound: f64) {
    let (coarse, fine) = (error(40), error(10));
    assert!(fine < bound, "{fine} at 10 ms");
    assert!((3.6..4.4).contains(&(coarse / fine)), "first order: {coarse} at 40 ms, {fine} at 10 ms");
}

/// T1. PI on a ramp of the PV, u = -K r (t + t^2/(2 Ti)).
#[test]
fn the_ramp_response_of_pi_converges_to_the_analytic_one() {
    let options = Loop { kc: 2.0, ti: 8.0, ..Loop::default() };
    let (rate, kc, ti) = (0.5, 2.0, 8.0);
    let expected = |t: f64| 50.0 - kc * rate * (t + t * t / (2.0 * ti));
    converges(|ms| worst(ms, &options, 10.0, |t| 50.0 + rate * t, expected), 0.01);
}

/// T1. PD on an exponential PV of time constant T: the filtered derivative of 1 - exp(-t/T) is
/// Td (exp(-t/T) - exp(-t/Tf)) / (T - Tf).
#[test]
fn the_response_of_pd_to_an_exponential_converges_to_the_analytic_one() {
    let (kc, td, n, time) = (1.5, 4.0, 8.0, 3.0);
    let options = Loop { kc, td, ti: 0.0, derivative_n: n, ..Loop::default() };
    let tf = td / n;
    let pv = |t: f64| 50.0 + 5.0 * (1.0 - (-t / time).exp());
    let expected = |t: f64| {
        let rise = 5.0 * (1.0 - (-t / time).exp());
        let derivative = 5.0 * td * ((-t / time).exp() - (-t / tf).exp()) / (time - tf);
        50.0 - kc * (rise + derivative)
    };
    converges(|ms| worst(ms, &options, 12.0, pv, expected), 0.2);
}

/// T1. Two-degree-of-freedom PID, a step of SP: P and D by their weights, I by the whole error.
#[test]
fn the_set_point_response_with_both_weights_converges_to_the_analytic_one() {
    let (kc, ti, td, n, beta, gamma) = (1.2, 20.0, 4.0, 5.0, 0.6, 0.3);
    let options = PidOptions { gamma, ..PidOptions::default() };
    let options = Loop { kc, ti, td, derivative_n: n, beta, options, ..Loop::default() };
    let error = |period_ms: u32| {
        let mut rig = rig(period_ms, &options);
        rig.h.write("LIC.SP", 55.0).unwrap();
        let dt = f64::from(period_ms) * 1e-3;
        let mut worst: f64 = 0.0;
        for k in 1..=(10.0 / dt) as usize {
            let t = k as f64 * dt;
            let expected = 50.0 + kc * 5.0 * (beta + t / ti + gamma * n * (-t * n / td).exp());
            worst = worst.max((rig.h.at(rig.valve) - expected).abs());
            rig.h.scan();
        }
        worst
    };
    converges(error, 0.1);
}

#[derive(Clone, Copy, Debug)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    fn times(self, o: Self) -> Self {
        Self { re: self.re * o.re - self.im * o.im, im: self.re * o.im + self.im * o.re }
    }

    fn over(self, o: Self) -> Self {
        let size = o.re * o.re + o.im * o.im;
        Self { re: (self.re * o.re + self.im * o.im) / size, im: (self.im * o.re - self.re * o.im) / size }
    }

    fn size(self) -> f64 {
        self.re.hypot(self.im)
    }
}

/// The frequency response of the running block: a sine into the PV, and the sine that OUT is, by
/// least squares of constant, sine and cosine over `periods` after `settle` seconds.
fn controller(period_ms: u32, options: &Loop, omega: f64, settle: f64, periods: f64) -> Complex {
    let mut rig = rig(period_ms, options);
    let dt = f64::from(period_ms) * 1e-3;
    let (first, last) = (settle / dt, (settle + periods * 2.0 * PI / omega) / dt);
    // Normal equations of u = a + b sin + c cos.
    let (mut m, mut v) = ([[0.0; 3]; 3], [0.0; 3]);
    for k in 1..=last as usize {
        let (sin, cos) = (omega * k as f64 * dt).sin_cos();
        let out = rig.step(50.0 - sin);
        if k as f64 >= first {
            let row = [1.0, sin, cos];
            for i in 0..3 {
                v[i] += row[i] * (out - 50.0);
                for j in 0..3 {
                    m[i][j] += row[i] * row[j];
                }
            }
        }
    }
    let [_, b, c] = solve(m, v);
    Complex { re: b, im: c }
}

/// Gauss without pivoting: the matrix is positive definite.
fn solve(mut m: [[f64; 3]; 3], mut v: [f64; 3]) -> [f64; 3] {
    for i in 0..3 {
        for j in i + 1..3 {
            let factor = m[j][i] / m[i][i];
            let row = m[i];
            for (cell, above) in m[j].iter_mut().zip(row) {
                *cell -= factor * above;
            }
            v[j] -= factor * v[i];
        }
    }
    let z = v[2] / m[2][2];
    let y = (v[1] - m[1][2] * z) / m[1][1];
    [(v[0] - m[0][1] * y - m[0][2] * z) / m[0][0], y, z]
}

/// Ms, gain margin, phase margin in degrees of the running block on a process.
fn margins(options: &Loop, process: impl Fn(f64) -> Complex) -> (f64, f64, f64) {
    let open_loop = |omega: f64| controller(50, options, omega, 0.0, 1.0).times(process(omega));
    let bisect = |mut low: f64, mut high: f64, below: &dyn Fn(Complex) -> bool| {
        for _ in 0..18 {
            let middle = (low * high).sqrt();
            if below(open_loop(middle)) { low = middle } else { high = middle }
        }
        (low * high).sqrt()
    };
    // Below the phase crossover the imaginary part is negative, from -90 down to -180 degrees.
    let crossover = bisect(0.08, 0.3, &|l| l.im < 0.0);
    let gain_margin = 1.0 / open_loop(crossover).size();
    let unity = bisect(0.01, 0.2, &|l| l.size() > 1.0);
    let l = open_loop(unity);
    let phase_margin = 180.0 + l.im.atan2(l.re).to_degrees();
    let sensitivity = |omega: f64| {
        let l = open_loop(omega);
        1.0 / Complex { re: 1.0 + l.re, im: l.im }.size()
    };
    // One maximum: ternary search.
    let (mut low, mut high) = (unity * 0.7, crossover * 1.5);
    for _ in 0..14 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if sensitivity(a) < sensitivity(b) { low = a } else { high = b }
    }
    (sensitivity(f64::midpoint(low, high)), gain_margin, phase_margin)
}

fn delay(omega: f64, seconds: f64) -> Complex {
    Complex { re: (omega * seconds).cos(), im: -(omega * seconds).sin() }
}

/// T2. SIMC with tauc = theta on exp(-10 s)/(40 s + 1): Skogestad's table 1 says 1.59, 3.14, 61.4.
#[test]
fn simc_tuning_of_a_lag_gives_the_published_margins_on_the_running_block() {
    let options = Loop { kc: 40.0 / 20.0, ti: 40.0, ..Loop::default() };
    let lag = |omega: f64| delay(omega, 10.0).over(Complex { re: 1.0, im: 40.0 * omega });
    let (ms, gm, pm) = margins(&options, lag);
    assert!((ms - 1.59).abs() < 0.01, "Ms {ms}");
    // Exactly pi: L is 0.5 exp(-theta s)/(theta s).
    assert!((gm - PI).abs() < 0.02, "GM {gm}");
    assert!((pm - 61.4).abs() < 0.2, "PM {pm}");
}

/// T2. SIMC on the integrating process 0.05 exp(-10 s)/s: 1.70, 2.96, 46.9.
#[test]
fn simc_tuning_of_an_integrator_gives_the_published_margins_on_the_running_block() {
    let options = Loop { kc: 1.0 / (0.05 * 20.0), ti: 80.0, ..Loop::default() };
    let integrator = |omega: f64| {
        delay(omega, 10.0).times(Complex { re: 0.05, im: 0.0 }).over(Complex { re: 0.0, im: omega })
    };
    let (ms, gm, pm) = margins(&options, integrator);
    assert!((ms - 1.70).abs() < 0.01, "Ms {ms}");
    assert!((gm - 2.96).abs() < 0.02, "GM {gm}");
    assert!((pm - 46.9).abs() < 0.2, "PM {pm}");
}

/// T9. K (1 + Td s/(1 + Td/N s)) over three decades, the filter's corner among them.
#[test]
fn the_derivative_has_the_frequency_response_of_its_filter() {
    let (kc, td, n) = (0.5, 2.0, 8.0);
    let options = Loop { kc, td, ti: 0.0, derivative_n: n, ..Loop::default() };
    for omega in [0.05, 0.5, n / td, 12.0, 40.0] {
        let measured = controller(1, &options, omega, 3.0, 2.0);
        let filter = Complex { re: 1.0, im: omega * td / n };
        let derivative = Complex { re: 0.0, im: omega * td }.over(filter);
        let expected = Complex { re: kc * (1.0 + derivative.re), im: kc * derivative.im };
        let off = Complex { re: measured.re - expected.re, im: measured.im - expected.im }.size();
        assert!(off < 0.01 * expected.size(), "{omega} rad/s: {measured:?} instead of {expected:?}");
        assert!(measured.size() <= kc * (1.0 + n), "{measured:?}");
    }
}

/// T9. The second-order filter, 1/(1 + T s + (T s)^2/2): flat to 1/T, then 40 dB a decade.
#[test]
fn the_second_order_filter_has_its_frequency_response() {
    let options = PidOptions { second_order: true, ..PidOptions::default() };
    let options = Loop { kc: 1.0, ti: 0.0, filter_s: 0.5, options, ..Loop::default() };
    for omega in [0.2, 1.0, 2.0, 6.0, 20.0] {
        let measured = controller(1, &options, omega, 5.0, 2.0);
        let x = omega * 0.5;
        let expected = Complex { re: 1.0, im: 0.0 }.over(Complex { re: 1.0 - x * x / 2.0, im: x });
        let off = Complex { re: measured.re - expected.re, im: measured.im - expected.im }.size();
        // Backward Euler turns the phase by about omega dt.
        assert!(
            off < (0.002 + 1.5 * omega * 1e-3) * expected.size(),
            "{omega}: {measured:?} instead of {expected:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// T14. Within the limits both are u = K e + I + D with backward Euler, and do the same.
    #[test]
    fn another_pid_gives_the_same_output(
        kc in 0.1..2.0f64,
        ti in 1.0..100.0f64,
        td in 0.0..5.0f64,
        n in 2.0..20.0f64,
        period_ms in proptest::sample::select(vec![10u32, 100]),
        waves in proptest::collection::vec((0.01..3.0f64, 0.0..1.0f64), 1..4),
    ) {
        let options = Loop { kc, ti, td, derivative_n: n, out_limits: (-1e6, 1e6), out_range: (0.0, 100.0), ..Loop::default() };
        let mut ours = rig(period_ms, &options);
        let ms = u64::from(period_ms);
        let config = PidConfigBuilder::default()
            .kp(kc)
            .ki(kc / ti)
            .kd(kc * td)
            .filter_tc((td / n).max(1e-9))
            .sample_time(std::time::Duration::from_millis(ms))
            .use_derivative_on_measurement(true)
            .build()
            .unwrap();
        let mut theirs = PidController::new(config, Millis(0), 50.0, 50.0);
        for k in 1..=600u64 {
            let t = (k * ms) as f64 * 1e-3;
            let sp = if k < 200 { 50.0 } else { 53.0 };
            if k == 200 {
                let point = ours.h.point("LIC.SP");
                ours.h.order(model::Action::Write { point, value: sp });
            }
            let pv = 50.0 + waves.iter().map(|(omega, size)| size * (omega * t).sin()).sum::<f64>();
            let (a, b) = (ours.step(pv), theirs.compute(pv, sp, Millis(k * ms), None));
            prop_assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "scan {k}: {a} here, {b} there");
        }
        prop_assert_eq!(ours.h.actual("LIC"), Mode::Auto);
    }
}
