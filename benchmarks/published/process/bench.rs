//! The bench: processes, the registers that a controller sees, and the score of each loop.
//!
//! Its clock is the controller's heartbeat, which counts scans: a process lives through one period for each. So the figures do not
//! depend on how busy the machine is, as long as the controller counts right, and without a controller nothing moves.

use std::ops::Range;

use crate::models::Model;

/// Registers of a value: singles take two.
pub const WORDS: u16 = 2;
/// Holding registers: the heartbeat, and the commands from here on.
pub const HEARTBEAT: u16 = 0;
pub const COMMANDS: u16 = 10;
/// A heartbeat that jumps further is of another controller: nothing is known of the time between.
const SCANS_AT_MOST: u16 = 2000;

/// An error as small as this has settled.
const SETTLED: f64 = 0.05;
/// A command that has moved, and is not only rounded.
const MOVED: f64 = 1e-4;

/// One process on the bench.
pub struct Process {
    pub model: Model,
    /// Seconds or minutes of the process's life in one scan, whatever its constants count in.
    pub scan: f64,
    /// Those of the bench's commands that move it.
    pub commands: Range<usize>,
}

/// How a loop did since it was looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    /// Integral of the error's absolute value.
    pub iae: f64,
    /// Integral of the error, set point less measurement.
    pub ie: f64,
    /// The largest error of either sign: below the set point, above it.
    pub below: f64,
    pub above: f64,
    /// When the error was last larger than [`SETTLED`].
    pub settled: f64,
    pub time: f64,
}

impl Score {
    /// By the trapezoidal rule.
    fn add(&mut self, before: f64, error: f64, scan: f64) {
        self.time += scan;
        self.iae += f64::midpoint(before.abs(), error.abs()) * scan;
        self.ie += f64::midpoint(before, error) * scan;
        self.below = self.below.max(error);
        self.above = self.above.max(-error);
        if error.abs() > SETTLED {
            self.settled = self.time;
        }
    }
}

/// When scores begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    Now,
    /// For each process with the first of its commands that moves: the scan in which a loop answers to a new set point.
    FirstMove,
}

pub struct Bench {
    processes: Vec<Process>,
    commands: Vec<f64>,
    measurements: Vec<f64>,
    scores: Vec<Score>,
    targets: Vec<Option<f64>>,
    /// Per process: its scores begin with the first move.
    waits: Vec<bool>,
    /// Per command the largest step between two scans since the scores began.
    steps: Vec<f64>,
    last: Vec<f64>,
    heartbeat: Option<u16>,
    scans: u64,
}

impl Bench {
    /// `commands` are what the controller finds: the processes rest at them.
    pub fn new(processes: Vec<Process>, commands: Vec<f64>) -> Self {
        let count = processes.iter().map(|process| process.model.measured()).sum();
        let mut bench = Self {
            measurements: vec![0.0; count],
            scores: vec![Score::default(); count],
            targets: vec![None; count],
            waits: vec![false; processes.len()],
            processes,
            steps: vec![0.0; commands.len()],
            last: commands.clone(),
            commands,
            heartbeat: None,
            scans: 0,
        };
        bench.measure();
        bench
    }

    pub fn measurements(&self) -> &[f64] {
        &self.measurements
    }

    pub fn commands(&self) -> &[f64] {
        &self.commands
    }

    pub fn scans(&self) -> u64 {
        self.scans
    }

    pub fn scores(&self) -> &[Score] {
        &self.scores
    }

    pub fn step_of(&self, command: usize) -> f64 {
        self.steps[command]
    }

    /// A disturbance: added to an input of a process from now on. Says whether there is such an input.
    pub fn load(&mut self, process: usize, input: usize, load: f64) -> bool {
        self.processes.get_mut(process).is_some_and(|process| process.model.set_load(input, load))
    }

    /// Begins all scores anew, against these targets: what each measurement should be. A measurement without one is not judged.
    pub fn look(&mut self, targets: &[Option<f64>], from: Begin) {
        self.targets = (0..self.scores.len()).map(|index| targets.get(index).copied().flatten()).collect();
        self.scores.fill(Score::default());
        self.steps.fill(0.0);
        self.last.clone_from(&self.commands);
        self.waits.fill(from == Begin::FirstMove);
    }

    /// The same, against where everything stands.
    pub fn look_here(&mut self) {
        let here: Vec<Option<f64>> = self.measurements.iter().copied().map(Some).collect();
        self.look(&here, Begin::Now);
    }

    /// What the controller writes: the heartbeat moves the time, a single a command.
    pub fn write(&mut self, register: u16, words: &[u16]) -> bool {
        if register == HEARTBEAT && words.len() == 1 {
            self.beat(words[0]);
            return true;
        }
        let Some(offset) = register.checked_sub(COMMANDS) else { return false };
        let (first, count) = (usize::from(offset / WORDS), words.len() / usize::from(WORDS));
        if !offset.is_multiple_of(WORDS)
            || !words.len().is_multiple_of(usize::from(WORDS))
            || first + count > self.commands.len()
        {
            return false;
        }
        for (command, pair) in self.commands[first..].iter_mut().zip(words.chunks(usize::from(WORDS))) {
            let value = f64::from(f32::from_bits(u32::from(pair[0]) << 16 | u32::from(pair[1])));
            if !value.is_finite() {
                return false;
            }
            *command = value;
        }
        true
    }

    /// Holding registers as they stand; one that nobody has is zero.
    pub fn holding(&self, register: u16) -> u16 {
        match register.checked_sub(COMMANDS) {
            None if register == HEARTBEAT => self.heartbeat.unwrap_or(0),
            None => 0,
            Some(offset) => word(&self.commands, offset),
        }
    }

    /// Input registers: the scans so far, then the measurements.
    pub fn input(&self, register: u16) -> u16 {
        match register.checked_sub(WORDS) {
            Some(register) => word(&self.measurements, register),
            None => word(&[self.scans as f64], register),
        }
    }

    fn beat(&mut self, heartbeat: u16) {
        let scans = self.heartbeat.map_or(0, |before| heartbeat.wrapping_sub(before));
        self.heartbeat = Some(heartbeat);
        if scans <= SCANS_AT_MOST {
            self.live(scans.into());
        }
    }

    /// Lives through so many scans with the commands that stand.
    pub fn live(&mut self, scans: u64) {
        (0..scans).for_each(|_| self.scan());
    }

    /// What a controller commands over a wire without registers.
    pub fn command(&mut self, command: usize, value: f64) {
        self.commands[command] = value;
    }

    fn scan(&mut self) {
        self.scans += 1;
        for ((step, last), now) in self.steps.iter_mut().zip(&mut self.last).zip(&self.commands) {
            *step = step.max((now - *last).abs());
            *last = *now;
        }
        for process in &mut self.processes {
            process.model.step(&self.commands, process.scan);
        }
        let before = self.measurements.clone();
        self.measure();
        let mut judged = self.scores.iter_mut().zip(&self.targets).zip(before).zip(&self.measurements);
        for (process, waits) in self.processes.iter().zip(&mut self.waits) {
            *waits &= self.steps[process.commands.clone()].iter().all(|step| *step < MOVED);
            for (((score, target), before), measured) in judged.by_ref().take(process.model.measured()) {
                if let Some(target) = target.filter(|_| !*waits) {
                    score.add(target - before, target - measured, process.scan);
                }
            }
        }
    }

    fn measure(&mut self) {
        let measured = self.processes.iter().flat_map(|process| process.model.measure());
        for (slot, value) in self.measurements.iter_mut().zip(measured) {
            *slot = value;
        }
    }
}

fn word(values: &[f64], register: u16) -> u16 {
    let bits = values.get(usize::from(register / WORDS)).map_or(0, |value| (*value as f32).to_bits());
    if register.is_multiple_of(WORDS) { (bits >> 16) as u16 } else { bits as u16 }
}
