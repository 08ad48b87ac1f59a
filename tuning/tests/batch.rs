//! The test batch of Astrom and Hagglund (*J. Process Control* 14 (2004) 635; *Advanced PID Control*, ch. 7):
//! nine families that stand for what process control meets. Each is stepped, identified from the record
//! alone, tuned, and its true loop judged.

use tuning::identify::identify_lag;
use tuning::rules::{Rule, propose};
use tuning::{Complex, Controller, Doubt, Margins, Process, Record, Tuning, identify, margins_of};

/// `exp(-delay s) (1 - zero s) / (s^integrators * product of (1 + tau s) * (1 + 1.4 T s + T^2 s^2))`
#[derive(Clone, Debug, Default)]
struct Truth {
    name: String,
    delay: f64,
    zero: f64,
    integrators: u32,
    taus: Vec<f64>,
    swing: Option<f64>,
}

impl Truth {
    fn at(&self, w: f64) -> Complex {
        let s = Complex::new(0.0, w);
        let mut below = s.powi(self.integrators);
        for tau in &self.taus {
            below = below * (Complex::ONE + s * *tau);
        }
        if let Some(t) = self.swing {
            below = below * (Complex::ONE + s * (1.4 * t) + s * s * (t * t));
        }
        Complex::turn(-w * self.delay) * (Complex::ONE - s * self.zero) / below
    }

    fn slowest(&self) -> f64 {
        self.taus.iter().copied().chain(self.swing).fold(self.delay, f64::max)
    }

    fn total(&self) -> f64 {
        self.taus.iter().sum::<f64>() + self.delay + self.zero + 1.4 * self.swing.unwrap_or(0.0)
    }

    /// PV of a step up (and down again, where the process integrates), each stage by small exact steps.
    fn record(&self) -> Record {
        let total = self.total();
        let (dt, fine) = (total * 8.0 / 400.0, 40);
        let small = dt / f64::from(fine);
        let mut stages = vec![0.0; self.taus.len() + self.integrators as usize];
        let mut swing = (0.0, 0.0);
        let late = (self.delay / small).round() as usize;
        let mut past = vec![0.0; late + 1];
        let mut record = Record { dt, ..Record::default() };
        for k in 0..440 {
            let up = k >= 40 && (self.integrators == 0 || k < 140);
            let out = if up { 1.0 } else { 0.0 };
            record.out.push(out);
            let mut pv = 0.0;
            for part in 0..fine {
                let place = (k * fine as usize + part as usize) % past.len();
                past[place] = out;
                let mut value = past[(place + 1) % past.len()];
                let mut slope = 0.0;
                for (stage, tau) in stages.iter_mut().zip(&self.taus) {
                    let before = *stage;
                    *stage += (value - *stage) * (1.0 - f64::exp(-small / tau));
                    (slope, value) = ((value - before) / tau, before);
                }
                if let Some(t) = self.swing {
                    let before = swing;
                    swing.1 += small * (value - swing.0 - 1.4 * t * swing.1) / (t * t);
                    swing.0 += small * swing.1;
                    value = before.0;
                }
                value -= self.zero * slope;
                if self.integrators > 0 {
                    let last = stages.len() - 1;
                    let before = stages[last];
                    stages[last] += value * small;
                    value = before;
                }
                if part == 0 {
                    pv = value;
                }
            }
            record.pv.push(pv);
        }
        record
    }

    fn margins(&self, controller: &Controller) -> Margins {
        let slow = self.slowest().max(controller.tuning.ti);
        let fast = if self.delay > 0.0 { (200.0 / self.delay).min(1e6 / slow) } else { 1e6 / slow };
        margins_of(|w| self.at(w) * controller.at(w), (1e-4 / slow, fast), 1 + self.integrators).unwrap()
    }
}

fn batch() -> Vec<Truth> {
    let mut all = Vec::new();
    let mut add =
        |name: String, delay: f64, taus: Vec<f64>| all.push(Truth { name, delay, taus, ..Truth::default() });
    const P1: [f64; 21] = [
        0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 50.0, 100.0,
        200.0, 500.0, 1000.0,
    ];
    for t in P1 {
        add(format!("P1 T={t}"), 1.0, vec![t]);
    }
    const P2: [f64; 21] = [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 50.0,
        100.0, 200.0, 500.0,
    ];
    for t in P2 {
        add(format!("P2 T={t}"), 1.0, vec![t, t]);
    }
    for t in [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 2.0, 5.0, 10.0] {
        add(format!("P3 T={t}"), 0.0, vec![1.0, t, t]);
    }
    for n in 3..=8 {
        add(format!("P4 n={n}"), 0.0, vec![1.0; n]);
    }
    for a in (1..=9).map(|a| f64::from(a) / 10.0) {
        add(format!("P5 a={a}"), 0.0, vec![1.0, a, a * a, a * a * a]);
    }
    for l in [0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] {
        let taus = if l < 1.0 { vec![1.0 - l] } else { vec![] };
        add(format!("P6 L={l}"), l, taus);
    }
    for t in [1.0, 2.0, 5.0, 10.0] {
        for l in [0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] {
            let taus = if l < 1.0 { vec![t, 1.0 - l] } else { vec![t] };
            add(format!("P7 T={t} L={l}"), l, taus);
        }
    }
    for a in (1..=11).map(|a| f64::from(a) / 10.0) {
        add(format!("P8 a={a}"), 0.0, vec![1.0; 3]);
    }
    for t in (1..=10).map(|t| f64::from(t) / 10.0) {
        add(format!("P9 T={t}"), 0.0, vec![1.0]);
    }
    for truth in &mut all {
        let number = || truth.name.split('=').next_back().unwrap().parse().unwrap();
        match &truth.name[..2] {
            "P6" => truth.integrators = 1,
            "P8" => truth.zero = number(),
            "P9" => truth.swing = Some(number()),
            _ => {}
        }
    }
    all
}

fn judged(rule: Rule, ms_most: f64, model: impl Fn(&Record) -> Result<Process, Doubt>) -> Vec<(f64, String)> {
    let form = Controller::continuous(Tuning { gain: 0.0, ti: 0.0, td: 0.0 });
    let mut all: Vec<(f64, String)> = batch()
        .iter()
        .map(|truth| {
            let model = model(&truth.record()).unwrap_or_else(|doubt| panic!("{}: {doubt}", truth.name));
            let proposal = propose(&model, &form, rule, None, ms_most).expect(&truth.name);
            let margins = truth.margins(&form.with(proposal.tuning));
            assert!(margins.stable, "{} {model:?} {proposal:?} {margins:?}", truth.name);
            (margins.ms, format!("{} {model:?}", truth.name))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

#[test]
fn amigo_from_a_step_leaves_every_process_of_the_batch_with_its_margin() {
    let all = judged(Rule::AmigoPid, 2.0, identify_lag);
    assert_eq!(all.len(), 133);
    let (median, worst) = (all[66].0, all.last().unwrap());
    let within = all.iter().filter(|one| one.0 < 1.6).count();
    println!("AMIGO PID: median Ms {median:.3}, below 1.6 on {within}, worst {worst:?}");
    assert!(median <= 1.6, "{median}");
    assert!(worst.0 <= 2.0, "{:#?}", &all[125..]);
}

#[test]
fn simc_from_a_step_leaves_every_process_of_the_batch_with_its_margin() {
    let all = judged(Rule::Simc, 1.7, |record| identify(record).map(|found| found.process));
    let (median, worst) = (all[66].0, all.last().unwrap());
    println!("SIMC: median Ms {median:.3}, worst {worst:?}");
    assert!(median <= 1.7, "{median}");
    assert!(worst.0 <= 2.0, "{:#?}", &all[125..]);
}
