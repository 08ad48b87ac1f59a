//! What is found in a record, and what is refused.

use tuning::{Doubt, Process, Record, identify};

/// SplitMix64 and Box-Muller: the same noise at every run.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

fn recorded(process: &Process, out: Vec<f64>, dt: f64, noise: f64, seed: u64) -> Record {
    let mut dice = Dice(seed);
    let pv = process.response(&out, dt, 60.0).iter().map(|pv| pv + noise * dice.normal()).collect();
    Record { dt, pv, out }
}

fn step(samples: usize, at: usize) -> Vec<f64> {
    (0..samples).map(|k| if k < at { 40.0 } else { 45.0 }).collect()
}

fn two_steps(samples: usize, up: usize, down: usize) -> Vec<f64> {
    (0..samples).map(|k| if (up..down).contains(&k) { 45.0 } else { 40.0 }).collect()
}

#[test]
fn a_step_in_noise_gives_the_model_and_an_honest_error() {
    let truth = Process::Lag { gain: -0.8, tau: 90.0, delay: 25.0 };
    let mut within = 0;
    for seed in 0..20 {
        let found = identify(&recorded(&truth, step(400, 40), 2.0, 0.15, seed)).unwrap();
        let Process::Lag { gain, tau, delay } = found.process else { panic!("{seed} {:?}", found.process) };
        assert!((gain / -0.8 - 1.0).abs() < 0.04, "{seed}: {gain}");
        assert!((tau - 90.0).abs() < 12.0 && (delay - 25.0).abs() < 6.0, "{seed}: {tau} {delay}");
        assert!((found.noise / 0.15 - 1.0).abs() < 0.3 && found.one_way, "{seed}: {}", found.noise);
        let off = |value: f64, truth: f64, error: f64| (value - truth).abs() < 2.0 * error;
        within += usize::from(off(gain, -0.8, found.gain_error * 0.8));
        within += usize::from(off(tau, 90.0, found.lag_error_s) && off(delay, 25.0, found.delay_error_s));
    }
    // Two standard errors hold 95 of 100; of these 40 hardly fewer than 34.
    assert!(within >= 34, "{within} of 40 within two standard errors");
}

#[test]
fn two_lags_an_integrator_and_a_pure_dead_time_are_told_apart() {
    let two = Process::TwoLags { gain: 2.0, tau1: 100.0, tau2: 40.0, delay: 5.0 };
    let found = identify(&recorded(&two, step(500, 50), 2.0, 0.02, 1)).unwrap();
    let Process::TwoLags { tau1, tau2, .. } = found.process else { panic!("{:?}", found.process) };
    assert!((tau1 + tau2 - 140.0).abs() < 7.0, "{tau1} {tau2}");

    let tank = Process::Integrating { slope: 0.004, tau: 0.0, delay: 20.0 };
    let found = identify(&recorded(&tank, two_steps(300, 40, 140), 2.0, 0.02, 2)).unwrap();
    let Process::Integrating { slope, delay, .. } = found.process else { panic!("{:?}", found.process) };
    assert!((slope / 0.004 - 1.0).abs() < 0.03 && (delay - 20.0).abs() < 3.0 && !found.one_way);

    let pipe = Process::Lag { gain: 1.0, tau: 0.0, delay: 30.0 };
    let found = identify(&recorded(&pipe, step(200, 40), 1.0, 0.02, 3)).unwrap();
    assert!((found.process.delay() + found.process.lags()[0] - 30.0).abs() < 1.5, "{:?}", found.process);
}

#[test]
fn a_tank_that_was_filling_before_the_test_keeps_its_slope() {
    let tank = Process::Integrating { slope: 0.01, tau: 0.0, delay: 4.0 };
    let mut record = recorded(&tank, two_steps(300, 60, 160), 1.0, 0.02, 4);
    record.pv.iter_mut().enumerate().for_each(|(k, pv)| *pv += 0.01 * k as f64);
    let Process::Integrating { slope, .. } = identify(&record).unwrap().process else { panic!() };
    assert!((slope / 0.01 - 1.0).abs() < 0.03, "{slope}");
}

#[test]
fn a_loop_at_work_serves_when_its_set_point_was_moved() {
    use tuning::Controller;
    use tuning::predict::{Disturbance, simulate};
    let truth = Process::Lag { gain: 0.5, tau: 60.0, delay: 10.0 };
    let pi = Controller { dt: 1.0, ..Controller::continuous(tuning::rules::simc(&truth, 20.0)) };
    let what = Disturbance { sp: 2.0, load: 0.0, room: (-50.0, 50.0) };
    let response = simulate(&truth, &pi, what, 400.0);
    // The minute before the change belongs to the record: where OUT stood is where it began.
    let after_rest = |values: Vec<f64>| [vec![0.0; 60], values].concat();
    let record = Record { dt: response.dt, pv: after_rest(response.pv), out: after_rest(response.out) };
    let found = identify(&record).unwrap();
    let Process::Lag { gain, tau, delay } = found.process else { panic!("{:?}", found.process) };
    assert!((gain - 0.5).abs() < 0.01 && (tau - 60.0).abs() < 2.0 && (delay - 10.0).abs() < 1.0);
}

#[test]
fn bad_records_are_refused_with_the_reason() {
    let truth = Process::Lag { gain: 0.8, tau: 90.0, delay: 25.0 };
    let good = recorded(&truth, step(400, 40), 2.0, 0.05, 1);
    let with = |change: fn(&mut Record)| {
        let mut record = good.clone();
        change(&mut record);
        identify(&record).unwrap_err()
    };
    assert_eq!(with(|record| record.pv[7] = f64::NAN), Doubt::NotSound);
    assert_eq!(with(|record| record.out[7] = f64::INFINITY), Doubt::NotSound);
    assert_eq!(with(|record| record.dt = 0.0), Doubt::NotSound);
    assert_eq!(with(|record| record.pv.truncate(5)), Doubt::TooShort { samples: 5 });
    assert_eq!(with(|record| record.out.fill(40.0)), Doubt::NoMovement);
    let drowned = recorded(&truth, step(400, 40), 2.0, 20.0, 1);
    assert!(matches!(identify(&drowned), Err(Doubt::Drowned { .. } | Doubt::Unexplained { .. })));
    // The valve moved and nothing followed; the PV wandered by itself.
    let mut stranger = recorded(&truth, step(400, 40), 2.0, 0.05, 1);
    stranger.pv = (0..400).map(|k| 60.0 + 3.0 * f64::sin(f64::from(k) / 9.0)).collect();
    assert!(matches!(identify(&stranger), Err(Doubt::Unexplained { .. })), "{:?}", identify(&stranger));
    // Cut off while it still rises in the noise: neither gain nor time can be known.
    let mut short = recorded(&truth, step(400, 40), 2.0, 0.25, 1);
    short.pv.truncate(66);
    short.out.truncate(66);
    let doubt = identify(&short).map(|found| found.process);
    assert!(doubt.is_err() || doubt.as_ref().is_ok_and(Process::is_integrating), "{doubt:?}");
}

#[test]
fn the_prediction_is_the_closed_form_of_an_integral_loop() {
    use tuning::predict::{Disturbance, simulate};
    use tuning::{Controller, Tuning};
    // A lag whose TI cancels it: the closed loop is 1 / (tauc s + 1).
    let lag = Process::Lag { gain: 2.0, tau: 50.0, delay: 0.0 };
    let form = Controller {
        dt: 0.05,
        ..Controller::continuous(Tuning { gain: 50.0 / (2.0 * 10.0), ti: 50.0, td: 0.0 })
    };
    let found = simulate(&lag, &form, Disturbance { sp: 1.0, load: 0.0, room: (-99.0, 99.0) }, 60.0);
    for (k, pv) in found.pv.iter().enumerate() {
        let truth = 1.0 - f64::exp(-(k as f64) * found.dt / 10.0);
        assert!((pv - truth).abs() < 5e-3, "{k}: {pv} for {truth}");
    }
    assert!((found.iae - 10.0).abs() < 0.1 && found.overshoot < 1e-3);
    assert!((found.settled_s.unwrap() - 30.0).abs() < 0.5, "{:?}", found.settled_s);
    // IAE of a load is TI / K for a loop that does not swing (Astrom and Hagglund).
    let load = simulate(&lag, &form, Disturbance { sp: 0.0, load: 1.0, room: (-99.0, 99.0) }, 2000.0);
    assert!((load.iae / (50.0 / 2.5) - 1.0).abs() < 0.01, "{}", load.iae);
    // At a limit it waits there and comes back: no windup.
    let narrow = simulate(&lag, &form, Disturbance { sp: 1.0, load: 0.0, room: (-0.6, 0.6) }, 400.0);
    assert!(narrow.out.iter().all(|out| out.abs() <= 0.6) && narrow.overshoot < 0.02, "{}", narrow.overshoot);
}
