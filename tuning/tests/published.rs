//! What the literature says, as tests.

use std::f64::consts::PI;
use tuning::rules::{self, Rule};
use tuning::{Complex, Controller, Process, Tuning, margins, margins_of};

fn close(found: f64, published: f64, digits: i32) -> bool {
    (found - published).abs() <= 0.5 * f64::powi(10.0, -digits) * 1.001
}

/// Skogestad, J. Process Control 13 (2003) 291, Table 1, with tauc = theta. Its gain margin of 3.14 is pi.
#[test]
fn simc_has_the_margins_of_its_table_1() {
    for (tau, delay) in [(8.0, 1.0), (3.0, 1.0), (1.0, 1.0)] {
        let process = Process::Lag { gain: 2.5, tau, delay };
        let found = margins(&process, &Controller::continuous(rules::simc(&process, delay))).unwrap();
        assert!(close(found.ms, 1.590, 2) && close(found.gain_margin, PI, 2), "{found:?}");
        assert!(close(found.phase_margin_deg, 61.4, 1) && found.stable, "{found:?}");
        assert!(close(found.delay_margin_s / delay, 2.14, 2), "{found:?}");
    }
    let tank = Process::Integrating { slope: -0.3, tau: 0.0, delay: 2.0 };
    let found = margins(&tank, &Controller::continuous(rules::simc(&tank, 2.0))).unwrap();
    assert!(close(found.ms, 1.704, 2) && close(found.gain_margin, 2.96, 2), "{found:?}");
    assert!(close(found.phase_margin_deg, 46.9, 1) && found.stable, "{found:?}");
    assert!(close(found.delay_margin_s / 2.0, 1.59, 2), "{found:?}");
}

/// Section 2 there: the effective dead time has the time of an inverse response in it, also beside a second lag.
#[test]
fn simc_counts_an_inverse_response_as_dead_time() {
    for tau2 in [4.0, 2.1, 1.9, 0.5] {
        let inverse = Process::Inverse { gain: -1.5, tau1: 10.0, tau2, zero: 1.25, delay: 0.75 };
        let late = Process::TwoLags { gain: -1.5, tau1: 10.0, tau2, delay: 2.0 };
        assert_eq!(rules::simc(&inverse, 3.0), rules::simc(&late, 3.0), "{tau2}");
    }
}

/// *Advanced PID Control*, ch. 7, in closed form at L = T = K = 1.
#[test]
fn amigo_gives_the_figures_of_its_formulas() {
    let process = Process::Lag { gain: 1.0, tau: 1.0, delay: 1.0 };
    let pi = rules::amigo_pi(&process);
    assert!((pi.gain - 0.25).abs() < 1e-12 && (pi.ti - 1.0).abs() < 1e-12, "{pi:?}");
    let pid = rules::amigo_pid(&process);
    assert!((pid.gain - 0.65).abs() < 1e-12 && (pid.ti - 1.2 / 1.1).abs() < 1e-12, "{pid:?}");
    assert!((pid.td - 0.5 / 1.3).abs() < 1e-12, "{pid:?}");
}

#[test]
fn the_margins_of_the_block_in_samples_go_to_those_in_continuous_time() {
    let process = Process::TwoLags { gain: 1.0, tau1: 10.0, tau2: 4.0, delay: 1.0 };
    let form = Controller::continuous(rules::simc(&process, 1.5));
    let truth = margins(&process, &form).unwrap().ms;
    let error = |dt: f64| (margins(&process, &Controller { dt, ..form }).unwrap().ms - truth).abs();
    assert!(
        error(0.01) < 0.02 && error(0.001) < 0.1 * error(0.01) + 1e-4,
        "{} {}",
        error(0.01),
        error(0.001)
    );
}

#[test]
fn a_loop_beyond_its_gain_margin_is_told_unstable() {
    let process = Process::Lag { gain: 1.0, tau: 5.0, delay: 1.0 };
    let tuning = rules::simc(&process, 1.0);
    let scaled = |factor: f64| {
        margins(&process, &Controller::continuous(Tuning { gain: tuning.gain * factor, ..tuning })).unwrap()
    };
    assert!(scaled(3.1).stable && !scaled(3.2).stable && !scaled(20.0).stable);
    let tank = Process::Integrating { slope: 1.0, tau: 0.0, delay: 1.0 };
    let tuning = Tuning { gain: 0.5, ti: 0.5, td: 0.0 };
    assert!(!margins(&tank, &Controller::continuous(tuning)).unwrap().stable);
    // The wrong sign runs away however small it is.
    let wrong = Controller::continuous(Tuning { gain: -0.1, ti: 5.0, td: 0.0 });
    assert!(!margins(&process, &wrong).unwrap().stable);
}

/// Wood and Berry (1973): Luyben's biggest log modulus of the two loops, for three published tunings.
/// BLT is made so that it is 2n = 4 dB.
#[test]
fn wood_berry_has_the_log_modulus_of_blt() {
    let element = |k: f64, t: f64, d: f64, w: f64| Complex::turn(-w * d) * k / Complex::new(1.0, w * t);
    let pi = |kc: f64, ti: f64, w: f64| (Complex::ONE + Complex::ONE / Complex::new(0.0, w * ti)) * kc;
    let biggest = |first: (f64, f64), second: (f64, f64)| {
        (0..20_000)
            .map(|k| {
                let w = 1e-3 * f64::powf(1e4, f64::from(k) / 20_000.0);
                let (g11, g12) = (element(12.8, 16.7, 1.0, w), element(-18.9, 21.0, 3.0, w));
                let (g21, g22) = (element(6.6, 10.9, 7.0, w), element(-19.4, 14.4, 3.0, w));
                let (c1, c2) = (pi(first.0, first.1, w), pi(second.0, second.1, w));
                let det = (Complex::ONE + g11 * c1) * (Complex::ONE + g22 * c2) - g12 * c2 * g21 * c1;
                let turn = det - Complex::ONE;
                20.0 * (turn / (Complex::ONE + turn)).abs().log10()
            })
            .fold(f64::NEG_INFINITY, f64::max)
    };
    assert!((biggest((0.375, 8.29), (-0.075, 23.6)) - 3.98).abs() < 0.05);
    assert!((biggest((0.20, 4.44), (-0.04, 2.67)) - 10.1).abs() < 0.1);
    // Each loop alone, tuned for itself, has its margin; that the other loop takes it away is why BLT is slower.
    let top = Process::Lag { gain: 12.8, tau: 16.7, delay: 1.0 };
    let alone = rules::propose(
        &top,
        &Controller::continuous(Tuning { gain: 0.0, ti: 0.0, td: 0.0 }),
        Rule::Simc,
        Some(1.0),
        2.0,
    )
    .unwrap();
    assert!(close(alone.margins.ms, 1.61, 1) && alone.tuning.gain > 0.375, "{alone:?}");
}

#[test]
fn a_proposal_keeps_the_margin_that_it_was_asked_for() {
    let processes = [
        Process::Lag { gain: -0.4, tau: 300.0, delay: 2.0 },
        Process::Lag { gain: 3.0, tau: 0.0, delay: 20.0 },
        Process::TwoLags { gain: 1.0, tau1: 30.0, tau2: 25.0, delay: 0.5 },
        Process::Integrating { slope: 0.01, tau: 0.0, delay: 5.0 },
        Process::Integrating { slope: 0.01, tau: 8.0, delay: 1.0 },
    ];
    let form = Controller { dt: 0.5, ..Controller::continuous(Tuning { gain: 1.0, ti: 1.0, td: 0.0 }) };
    for process in processes {
        for rule in Rule::ALL {
            for most in [1.4, 1.7, 2.0] {
                let found = rules::propose(&process, &form, rule, Some(1.0), most);
                let found = found.unwrap_or_else(|| panic!("{process:?} {rule:?} {most}"));
                assert!(found.margins.stable && found.margins.ms <= most, "{process:?} {found:?}");
                assert!(found.tuning.gain * process.gain() > 0.0 && found.slowed >= 1.0);
            }
        }
    }
}

#[test]
fn margins_of_nonsense_are_none() {
    let process = Process::Lag { gain: f64::NAN, tau: 1.0, delay: 1.0 };
    assert_eq!(margins(&process, &Controller::continuous(Tuning { gain: 1.0, ti: 1.0, td: 0.0 })), None);
    assert_eq!(margins_of(|_| Complex::ONE, (0.0, 1.0), 0), None);
    assert_eq!(margins_of(|_| Complex::ONE, (1.0, f64::INFINITY), 0), None);
}
