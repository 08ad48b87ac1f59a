//! The processes: lags with dead time from commands to measurements, and Johansson's four tanks.

use std::collections::VecDeque;

pub enum Model {
    Lags(Lags),
    Tanks(Tanks),
}

impl Model {
    pub fn measured(&self) -> usize {
        match self {
            Self::Lags(lags) => lags.measured.len(),
            Self::Tanks(_) => 2,
        }
    }

    pub fn measure(&self) -> Vec<f64> {
        match self {
            Self::Lags(lags) => lags.measure(),
            Self::Tanks(tanks) => tanks.levels.iter().take(2).map(|level| GAUGE * level).collect(),
        }
    }

    /// Says whether there is such an input.
    pub fn set_load(&mut self, input: usize, load: f64) -> bool {
        let Self::Lags(lags) = self else { return false };
        let slot = lags.loads.get_mut(input);
        slot.map(|slot| *slot = load).is_some()
    }

    /// Lives through `dt` with these commands.
    pub fn step(&mut self, commands: &[f64], dt: f64) {
        match self {
            Self::Lags(lags) => lags.step(commands, dt),
            Self::Tanks(tanks) => tanks.step(commands, dt),
        }
    }
}

/// What a path begins at.
#[derive(Clone, Copy)]
pub enum From {
    /// A command of the bench, with the load of this number added.
    Command(usize, usize),
    /// A measurement of the same process.
    Measured(usize),
    /// A load alone.
    Load(usize),
}

/// `gain e^(-delay s) / (lag s + 1)`; without a lag, and `gain e^(-delay s) / s` of an integrator.
pub struct Path {
    from: From,
    gain: f64,
    lag: Lag,
    delay: f64,
    /// On the way, the oldest first, each for one step.
    way: VecDeque<f64>,
    value: f64,
}

#[derive(Clone, Copy)]
pub enum Lag {
    None,
    First(f64),
    Integrator,
}

pub fn path(from: From, gain: f64, lag: Lag, delay: f64) -> Path {
    Path { from, gain, lag, delay, way: VecDeque::new(), value: 0.0 }
}

impl Path {
    /// At rest with this input.
    fn settle(&mut self, input: f64) {
        self.way.clear();
        self.value = if matches!(self.lag, Lag::Integrator) { 0.0 } else { self.gain * input };
    }

    /// The exact answer to an input that stands still for `dt`. The dead time is a whole number of steps.
    fn step(&mut self, input: f64, dt: f64) {
        let steps = (self.delay / dt).round() as usize;
        self.way.push_back(input);
        // A path that has just begun rested at its first input.
        while self.way.len() <= steps {
            self.way.push_front(self.way[0]);
        }
        let due = self.gain * self.way.pop_front().unwrap_or(input);
        match self.lag {
            Lag::None => self.value = due,
            Lag::First(lag) => self.value += (due - self.value) * -(-dt / lag).exp_m1(),
            Lag::Integrator => self.value += due * dt,
        }
    }
}

/// Measurements that are sums of paths.
pub struct Lags {
    offsets: Vec<f64>,
    measured: Vec<Vec<Path>>,
    loads: Vec<f64>,
}

impl Lags {
    /// At rest with these commands and without loads.
    pub fn new(measured: Vec<(f64, Vec<Path>)>, loads: usize, commands: &[f64]) -> Self {
        let (offsets, measured) = measured.into_iter().unzip();
        let mut lags = Self { offsets, measured, loads: vec![0.0; loads] };
        for index in 0..lags.measured.len() {
            // A path from a measurement stands behind what it begins at.
            let inputs = lags.inputs(index, commands);
            lags.measured[index].iter_mut().zip(inputs).for_each(|(path, input)| path.settle(input));
        }
        lags
    }

    fn inputs(&self, index: usize, commands: &[f64]) -> Vec<f64> {
        let all = self.measure();
        let of = |path: &Path| match path.from {
            From::Command(command, load) => commands[command] + self.loads[load],
            From::Measured(measured) => all[measured],
            From::Load(load) => self.loads[load],
        };
        self.measured[index].iter().map(of).collect()
    }

    fn measure(&self) -> Vec<f64> {
        let sum =
            |(paths, offset): (&Vec<Path>, &f64)| offset + paths.iter().map(|path| path.value).sum::<f64>();
        self.measured.iter().zip(&self.offsets).map(sum).collect()
    }

    fn step(&mut self, commands: &[f64], dt: f64) {
        for index in 0..self.measured.len() {
            let inputs = self.inputs(index, commands);
            self.measured[index].iter_mut().zip(inputs).for_each(|(path, input)| path.step(input, dt));
        }
    }
}

/// V per cm.
const GAUGE: f64 = 0.5;
/// cm/s2.
const GRAVITY: f64 = 981.0;
/// Cross sections of tanks and of their outlets, cm2.
const TANKS: [f64; 4] = [28.0, 32.0, 28.0, 32.0];
const OUTLETS: [f64; 4] = [0.071, 0.057, 0.071, 0.057];

/// The quadruple tank: two pumps, each of which feeds a lower tank and the upper one of the other side.
pub struct Tanks {
    /// cm; 1 and 2 are the lower ones, which are measured.
    levels: [f64; 4],
    /// cm3/s per V.
    pumps: [f64; 2],
    /// Share of each pump that goes to its lower tank.
    shares: [f64; 2],
    /// The commands that are the pumps' voltages.
    volts: [usize; 2],
}

impl Tanks {
    /// At rest with these commands.
    pub fn new(pumps: [f64; 2], shares: [f64; 2], volts: [usize; 2], commands: &[f64]) -> Self {
        let flows = [pumps[0] * commands[volts[0]], pumps[1] * commands[volts[1]]];
        let upper = [(1.0 - shares[1]) * flows[1], (1.0 - shares[0]) * flows[0]];
        let through = [shares[0] * flows[0] + upper[0], shares[1] * flows[1] + upper[1], upper[0], upper[1]];
        let level = |tank: usize| (through[tank] / OUTLETS[tank]).powi(2) / (2.0 * GRAVITY);
        Self { levels: [level(0), level(1), level(2), level(3)], pumps, shares, volts }
    }

    fn step(&mut self, commands: &[f64], dt: f64) {
        // Heun's method; the fastest constant of the tanks is 23 s, a step a second at most.
        let first = self.slopes(self.levels, commands);
        let ahead = std::array::from_fn(|tank| self.levels[tank] + dt * first[tank]);
        let second = self.slopes(ahead, commands);
        self.levels = std::array::from_fn(|tank| {
            (self.levels[tank] + dt * (first[tank] + second[tank]) / 2.0).max(0.0)
        });
    }

    fn slopes(&self, levels: [f64; 4], commands: &[f64]) -> [f64; 4] {
        let out = |tank: usize| OUTLETS[tank] * (2.0 * GRAVITY * levels[tank].max(0.0)).sqrt();
        let flow = |pump: usize| self.pumps[pump] * commands[self.volts[pump]].clamp(0.0, 10.0);
        [
            (-out(0) + out(2) + self.shares[0] * flow(0)) / TANKS[0],
            (-out(1) + out(3) + self.shares[1] * flow(1)) / TANKS[1],
            (-out(2) + (1.0 - self.shares[1]) * flow(1)) / TANKS[2],
            (-out(3) + (1.0 - self.shares[0]) * flow(0)) / TANKS[3],
        ]
    }
}
