use super::{Verdict, detect};
use crate::controller::{Controller, Law, Tuning};
use crate::process::{Process, Running};
use crate::testing::Dice;
use std::vec::Vec;

/// The two-parameter valve of He et al. (2007): static and kinetic friction in percent of OUT.
struct Valve {
    still: f64,
    kinetic: f64,
    position: f64,
    residual: f64,
    last: f64,
}

impl Valve {
    fn new(still: f64, kinetic: f64) -> Self {
        Self { still, kinetic, position: 0.0, residual: 0.0, last: 0.0 }
    }

    fn step(&mut self, out: f64) -> f64 {
        let force = self.residual + out - self.last;
        self.last = out;
        if force.abs() > self.still {
            self.residual = self.kinetic.copysign(force);
            self.position = out - self.residual;
        } else {
            self.residual = force;
        }
        self.position
    }
}

fn run(process: Process, tuning: Tuning, still: f64, kinetic: f64, shake: f64) -> (Vec<f64>, Vec<f64>) {
    let controller = Controller { dt: 1.0, ..Controller::continuous(tuning) };
    let mut law = Law::at_rest(controller, (-50.0, 50.0));
    let (mut running, mut valve, mut dice) =
        (Running::new(&process, 1.0), Valve::new(still, kinetic), Dice(9));
    let mut record = (Vec::new(), Vec::new());
    for k in 0..6000 {
        let pv = running.pv() + 0.02 * dice.normal();
        // Off zero, so that the valve has a reason to move at all.
        let out = law.step(1.03, pv, 1.0);
        running.step(valve.step(out) + shake * f64::sin(f64::from(k) / 20.0));
        if k >= 2000 {
            record.0.push(pv);
            record.1.push(out);
        }
    }
    record
}

const FLOW: Process = Process::Lag { gain: 1.0, tau: 10.0, delay: 3.0 };
const CALM: Tuning = Tuning { gain: 0.5, ti: 10.0, td: 0.0 };

#[test]
fn a_sticking_valve_is_found() {
    let (pv, out) = run(FLOW, CALM, 5.0, 2.0, 0.0);
    let found = detect(&pv, &out, false).unwrap();
    assert_eq!(found.verdict, Verdict::Sticks, "{found:?}");
    assert!(found.swing > 2.0 && found.swing < 15.0, "{found:?}");
}

#[test]
fn a_shaken_loop_is_not_blamed_on_its_valve() {
    let (pv, out) = run(FLOW, CALM, 0.0, 0.0, 5.0);
    let found = detect(&pv, &out, false).unwrap();
    assert_eq!(found.verdict, Verdict::Free, "{found:?}");
}

#[test]
fn a_loop_tuned_too_hard_is_not_blamed_on_its_valve() {
    // Just beyond its ultimate gain, so that it swings between nothing and its growth.
    let (pv, out) = run(FLOW, Tuning { gain: 5.44, ti: 30.0, td: 0.0 }, 0.0, 0.0, 0.0);
    let found = detect(&pv, &out, false).unwrap();
    assert_ne!(found.verdict, Verdict::Sticks, "{found:?}");
}

#[test]
fn on_an_integrating_process_the_shape_of_the_pv_tells() {
    let tank = Process::Integrating { slope: 0.02, tau: 0.0, delay: 1.0 };
    let hard = Tuning { gain: 2.0, ti: 100.0, td: 0.0 };
    let (pv, out) = run(tank, hard, 5.0, 0.5, 0.0);
    let sticking = detect(&pv, &out, true).unwrap();
    assert_eq!(sticking.verdict, Verdict::Sticks, "{sticking:?}");
    let (pv, out) = run(tank, hard, 0.0, 0.0, 5.0);
    let shaken = detect(&pv, &out, true).unwrap();
    assert_eq!(shaken.verdict, Verdict::Free, "{shaken:?}");
}

#[test]
fn nothing_to_see_gives_no_verdict() {
    assert_eq!(detect(&[0.0; 500], &[0.0; 500], false), None);
    assert_eq!(detect(&[f64::NAN; 500], &[0.0; 500], false), None);
    assert_eq!(detect(&[], &[], false), None);
}
