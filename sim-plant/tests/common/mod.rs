//! A plant with its tags by name, and the simplest controllers that keep it running.

#![allow(dead_code)]

use std::sync::OnceLock;

use model::{Direction, Quality};
use sim_plant::{Initial, Parameters, Point, Simulator};

pub(crate) const STEP_MS: u32 = 100;

/// A plant in steady production; settled once, and set back to that for each test.
pub(crate) fn running() -> Plant {
    static SETTLED: OnceLock<Vec<u8>> = OnceLock::new();
    let settled = SETTLED.get_or_init(|| {
        let parameters = Parameters::built_in().expect("the built-in file");
        Simulator::new(&parameters, Initial::Running, 11).snapshot()
    });
    let mut plant = cold();
    plant.simulator.restore(settled).expect("a snapshot of the same plant");
    plant
}

pub(crate) fn cold() -> Plant {
    let parameters = Parameters::built_in().expect("the built-in file");
    Plant { simulator: Simulator::new(&parameters, Initial::Cold, 11) }
}

pub(crate) struct Plant {
    pub(crate) simulator: Simulator,
}

impl Plant {
    /// Another one in the same state.
    pub(crate) fn twin(&mut self) -> Self {
        let mut twin = cold();
        twin.simulator.restore(&self.simulator.snapshot()).expect("a snapshot of the same plant");
        twin
    }

    fn sensor_index(&self, tag: &str) -> usize {
        match self.simulator.bind(&[(tag, Direction::Input)]).expect("an input").points[0] {
            Point::Sensor(index) => index,
            Point::Actuator(_) => unreachable!(),
        }
    }

    fn actuator_index(&self, tag: &str) -> usize {
        match self.simulator.bind(&[(tag, Direction::Output)]).expect("an output").points[0] {
            Point::Actuator(index) => index,
            Point::Sensor(_) => unreachable!(),
        }
    }

    pub(crate) fn read(&self, tag: &str) -> f64 {
        self.simulator.sensor(self.sensor_index(tag)).0
    }

    pub(crate) fn quality(&self, tag: &str) -> Quality {
        self.simulator.sensor(self.sensor_index(tag)).1
    }

    pub(crate) fn write(&mut self, tag: &str, value: f64) {
        let index = self.actuator_index(tag);
        self.simulator.actuator(index, value);
    }

    pub(crate) fn written(&self, tag: &str) -> f64 {
        self.simulator.actuator_value(self.actuator_index(tag))
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: &[(&str, &str)]) {
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.simulator.apply_fault(name, &parameters).expect("a known fault");
    }

    pub(crate) fn clear(&mut self, name: &str, parameters: &[(&str, &str)]) {
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.simulator.clear_fault(name, &parameters).expect("an active fault");
    }

    /// Nobody controls.
    pub(crate) fn idle(&mut self, seconds: f64) {
        for _ in 0..(seconds * 1000.0 / f64::from(STEP_MS)).round() as u64 {
            self.simulator.step(STEP_MS);
        }
    }

    /// The operator looks once per second and leaves the rest to the controllers.
    pub(crate) fn run(&mut self, operator: &mut Operator, seconds: u32) {
        for _ in 0..seconds {
            for _ in 0..1000 / STEP_MS {
                self.simulator.step(STEP_MS);
            }
            operator.act(self, 1.0);
        }
    }

    /// Share of the current that makes lithium hydroxide, mean of the cells, as the plant explains it.
    pub(crate) fn efficiency(&self) -> f64 {
        let text = self.simulator.explain("AT-322").expect("a known tag");
        let end = text.find(" % of the current").expect("the efficiency is explained");
        let number = text[..end].rsplit(' ').next().expect("a number");
        number.parse::<f64>().expect("a number") / 100.0
    }

    pub(crate) fn cell_voltages(&self) -> Vec<f64> {
        (1..=24).map(|cell| self.read(&format!("ET-331.{cell:02}"))).collect()
    }
}

/// PI in velocity form on the tags' own units.
#[derive(Clone)]
pub(crate) struct Pi {
    pv: &'static str,
    out: &'static str,
    pub(crate) sp: f64,
    gain: f64,
    seconds: f64,
    last: f64,
    output: f64,
}

impl Pi {
    fn new(plant: &Plant, pv: &'static str, out: &'static str, sp: f64, gain: f64, seconds: f64) -> Self {
        Self { pv, out, sp, gain, seconds, last: sp - plant.read(pv), output: plant.written(out) }
    }

    fn act(&mut self, plant: &mut Plant, dt: f64) {
        let error = self.sp - plant.read(self.pv);
        self.output += self.gain * (error - self.last + error * dt / self.seconds);
        self.output = self.output.clamp(0.0, 100.0);
        self.last = error;
        plant.write(self.out, self.output);
    }
}

/// Plain loops on what the instruments show.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) loops: Vec<Pi>,
    /// m3/h of brine and of water, and L/h of acid, per kA; 0 leaves the valve alone.
    pub(crate) brine_per_current: f64,
}

impl Operator {
    /// A gain is per cent of valve per unit of the measurement.
    pub(crate) fn new(plant: &Plant) -> Self {
        let pi = |pv, out, sp, gain, seconds| Pi::new(plant, pv, out, sp, gain, seconds);
        Self {
            loops: vec![
                pi("LT-311", "LV-311", 55.0, -3.0, 900.0),
                pi("LT-321", "LV-321", 55.0, -3.0, 900.0),
                pi("AT-321", "FV-322", plant.read("AT-321").clamp(1030.0, 1035.0), -2.0, 1200.0),
                pi("AT-311", "FV-313", 3.0, -4.0, 300.0),
                pi("TT-311", "TV-311", 78.0, 3.0, 200.0),
                pi("TT-321", "TV-321", 80.0, -3.0, 200.0),
                pi("PT-341", "PV-341", 35.0, -0.4, 8.0),
                pi("PT-351", "PV-351", 5.0, -0.4, 8.0),
            ],
            brine_per_current: 0.49,
        }
    }

    pub(crate) fn loop_to(&mut self, out: &str) -> &mut Pi {
        self.loops.iter_mut().find(|pi| pi.out == out).expect("a loop on this valve")
    }

    pub(crate) fn leave(&mut self, out: &str) {
        self.loops.retain(|pi| pi.out != out);
    }

    fn act(&mut self, plant: &mut Plant, dt: f64) {
        for pi in &mut self.loops {
            pi.act(plant, dt);
        }
        if self.brine_per_current > 0.0 {
            // FV-301 is linear: 3.6 m3/h when open.
            let flow = self.brine_per_current * plant.read("IT-301");
            plant.write("FV-301", flow / 3.6 * 100.0);
        }
    }
}
