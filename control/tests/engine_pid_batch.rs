//! T3. The test batch of Åström and Hägglund (*Advanced PID Control*, ch. 7) on the running block: each family is
//! stepped by hand, identified from its record, tuned in the running loop, and then judged by the sensitivity that a
//! sine shows in the loop itself, and by a step of the load.
//!
//! The rules alone, on all 133 members and in continuous time: `tuning/tests/batch.rs`.

mod support;

use std::f64::consts::TAU;

use model::Mode;
use support::{Builder, Harness, Loop};
use tuning::identify::identify_lag;
use tuning::rules::{Rule, propose};
use tuning::{Complex, Controller, Record, Tuning};

/// Seconds from scan to scan; the times of a process make 50 s together.
const DT: f64 = 0.1;
const TOTAL_S: f64 = 50.0;

/// `exp(-delay s) (1 - zero s) / (s^integrating * product of (1 + tau s) * (1 + 1.4 T s + T^2 s^2))`
#[derive(Clone, Debug)]
struct Process {
    name: &'static str,
    delay: f64,
    zero: f64,
    integrating: bool,
    taus: Vec<f64>,
    swing: Option<f64>,
    /// From 50 %, as PV and OUT are.
    stages: Vec<f64>,
    turning: (f64, f64),
    level: f64,
    past: Vec<f64>,
    now: usize,
}

impl Process {
    fn new(name: &'static str, delay: f64, taus: &[f64]) -> Self {
        Self {
            name,
            delay,
            zero: 0.0,
            integrating: false,
            taus: taus.to_vec(),
            swing: None,
            stages: vec![0.0; taus.len()],
            turning: (0.0, 0.0),
            level: 0.0,
            past: vec![],
            now: 0,
        }
    }

    fn scaled(mut self) -> Self {
        let total = self.taus.iter().sum::<f64>() + self.delay + self.zero + 1.4 * self.swing.unwrap_or(0.0);
        let scale = TOTAL_S / total;
        self.delay *= scale;
        self.zero *= scale;
        self.taus.iter_mut().for_each(|tau| *tau *= scale);
        self.swing = self.swing.map(|t| t * scale);
        self.past = vec![0.0; (self.delay / DT).round() as usize + 1];
        self
    }

    fn at(&self, omega: f64) -> Complex {
        let s = Complex::new(0.0, omega);
        let mut below = if self.integrating { s * TOTAL_S } else { Complex::ONE };
        for tau in &self.taus {
            below = below * (Complex::ONE + s * *tau);
        }
        if let Some(t) = self.swing {
            below = below * (Complex::ONE + s * (1.4 * t) + s * s * (t * t));
        }
        // The output stands from scan to scan, which delays it by half of one.
        Complex::turn(-omega * (self.delay + DT / 2.0)) * (Complex::ONE - s * self.zero) / below
    }

    /// What the measurement is after one scan of this output.
    fn step(&mut self, out: f64) -> f64 {
        let length = self.past.len();
        self.past[self.now % length] = out;
        self.now += 1;
        let late = self.past[self.now % length];
        let fine = 20;
        let small = DT / f64::from(fine);
        let mut value = 0.0;
        for _ in 0..fine {
            value = late;
            let mut slope = 0.0;
            for (stage, tau) in self.stages.iter_mut().zip(&self.taus) {
                let before = *stage;
                *stage += (value - *stage) * (1.0 - (-small / tau).exp());
                slope = (*stage - before) / small;
                value = *stage;
            }
            if let Some(t) = self.swing {
                self.turning.1 += small * (value - self.turning.0 - 1.4 * t * self.turning.1) / (t * t);
                self.turning.0 += small * self.turning.1;
                value = self.turning.0;
            }
            value -= self.zero * slope;
            if self.integrating {
                self.level += value * small / TOTAL_S;
                value = self.level;
            }
        }
        value
    }
}

/// One or two of every family, from lag to dead time.
fn batch() -> Vec<Process> {
    let mut all = vec![
        Process::new("P1 T=0.3", 1.0, &[0.3]),
        Process::new("P1 T=2", 1.0, &[2.0]),
        Process::new("P1 T=10", 1.0, &[10.0]),
        Process::new("P2 T=0.5", 1.0, &[0.5, 0.5]),
        Process::new("P2 T=4", 1.0, &[4.0, 4.0]),
        Process::new("P3 T=0.2", 0.0, &[1.0, 0.2, 0.2]),
        Process::new("P4 n=4", 0.0, &[1.0; 4]),
        Process::new("P4 n=8", 0.0, &[1.0; 8]),
        Process::new("P5 a=0.5", 0.0, &[1.0, 0.5, 0.25, 0.125]),
        Process { integrating: true, ..Process::new("P6 L=0.5", 0.5, &[0.5]) },
        Process::new("P7 T=2 L=0.5", 0.5, &[2.0, 0.5]),
        Process { zero: 0.5, ..Process::new("P8 a=0.5", 0.0, &[1.0; 3]) },
        Process { swing: Some(0.3), ..Process::new("P9 T=0.3", 0.0, &[1.0]) },
    ];
    all = all.into_iter().map(Process::scaled).collect();
    all
}

/// The loop LIC on a process, both at 50 %.
struct Rig {
    h: Harness,
    process: Process,
}

impl Rig {
    fn new(process: Process) -> Self {
        let mut b = Builder::new();
        b.plant.period_ms = 100;
        let pv = b.input("PV");
        let valve = b.output("VALVE");
        b.pid("LIC", pv, &Loop { target: Some(valve), normal_mode: Mode::Manual, ..Loop::default() });
        let mut h = b.finish();
        h.preset(valve, 50.0);
        h.all_good(50.0);
        h.scan();
        Self { h, process }
    }

    /// One scan with this load on the process and this error of the transmitter; the true PV less 50 %.
    fn scan(&mut self, load: f64, error: f64) -> f64 {
        let value = self.process.step(self.h.value("VALVE") - 50.0 + load);
        let pv = self.h.point("PV");
        self.h.set(pv, 50.0 + value + error);
        self.h.scan();
        value
    }

    /// A step by hand; up and down again where the process integrates.
    fn record(&mut self) -> Record {
        let mut record = Record { dt: DT, ..Record::default() };
        let samples = (8.0 * TOTAL_S / DT) as usize;
        for k in 0..samples {
            if k == samples / 10 {
                self.h.write("LIC.OUT", 60.0).unwrap();
            } else if k == samples * 3 / 10 && self.process.integrating {
                self.h.write("LIC.OUT", 50.0).unwrap();
            }
            record.out.push(self.h.value("VALVE"));
            let value = self.scan(0.0, 0.0);
            record.pv.push(50.0 + value);
        }
        // A sample of the PV belongs to the output that stands from it on.
        record.pv.rotate_right(1);
        record.pv[0] = 50.0;
        record.thinned(400)
    }

    /// Scans until the loop has settled.
    fn settling(&self) -> usize {
        let totals = if self.process.integrating { 80.0 } else { 12.0 };
        (totals * TOTAL_S / DT) as usize
    }

    fn tune(&mut self, tuning: Tuning) {
        for (name, value) in [("LIC.KC", tuning.gain), ("LIC.TI", tuning.ti), ("LIC.TD", tuning.td)] {
            self.h.write(name, value).unwrap();
        }
    }

    /// |S| of the running loop at this frequency: what a sine at the transmitter makes of the measurement.
    fn sensitivity(&mut self, omega: f64) -> f64 {
        let settle = self.settling();
        let periods = (4.0 * TAU / omega / DT).round() as usize;
        let (mut sine, mut cosine) = (0.0, 0.0);
        for k in 0..settle + periods {
            let (sin, cos) = (omega * k as f64 * DT).sin_cos();
            let seen = self.scan(0.0, sin) + sin;
            if k >= settle {
                sine += seen * sin * 2.0 / periods as f64;
                cosine += seen * cos * 2.0 / periods as f64;
            }
        }
        sine.hypot(cosine)
    }
}

#[test]
fn every_family_of_the_batch_is_robust_and_rejects_its_load_on_the_running_block() {
    let form = Controller { dt: DT, ..Controller::continuous(Tuning { gain: 0.0, ti: 0.0, td: 0.0 }) };
    for process in batch() {
        let name = process.name;
        let mut rig = Rig::new(process.clone());
        let model = identify_lag(&rig.record()).unwrap_or_else(|doubt| panic!("{name}: {doubt}"));
        let tuning = propose(&model, &form, Rule::AmigoPid, None, 2.0).expect(name).tuning;

        // A load of 5 % of the valve, from rest.
        let mut rig = Rig::new(process.clone());
        rig.tune(tuning);
        rig.h.mode("LIC", Mode::Auto).unwrap();
        let (mut most, mut late) = (0.0_f64, 0.0_f64);
        let settling = rig.settling();
        for k in 0..settling + 1000 {
            let off = rig.scan(5.0, 0.0).abs();
            most = most.max(off);
            if k > settling {
                late = late.max(off);
            }
        }
        // By itself the load would take it 5 % away, and an integrating process ever further.
        let bound = if rig.process.integrating { 12.5 } else { 5.0 };
        assert!(most > 0.0 && most < bound, "{name}: {most} % off by a load of 5 %");
        assert!(late < 0.02 * most, "{name}: {late} % are left of {most} %");
        assert!((rig.h.value("VALVE") - 45.0).abs() < 0.1, "{name}: the valve takes the load up");

        // The frequency where the loop is most sensitive, by its equation; and what it shows there.
        let controller = form.with(tuning);
        let formula = |omega: f64| 1.0 / (Complex::ONE + process.at(omega) * controller.at(omega)).abs();
        let frequencies = (0..600).map(|k| 0.1 / TOTAL_S * 1.015_f64.powi(k)).filter(|w| *w < 3.0);
        let peak = frequencies.max_by(|a, b| formula(*a).total_cmp(&formula(*b))).unwrap();
        let mut rig = Rig::new(process.clone());
        rig.tune(tuning);
        rig.h.mode("LIC", Mode::Auto).unwrap();
        let seen = rig.sensitivity(peak);
        println!("{name}: Ms {seen:.2}, by its equation {:.2}, load {most:.2} %, {tuning:?}", formula(peak));
        assert!(seen <= 2.0, "{name}: Ms {seen}");
        assert!((seen - formula(peak)).abs() < 0.1 * seen, "{name}: Ms {seen}, not {}", formula(peak));
    }
}
