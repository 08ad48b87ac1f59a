//! The process image of a soft PLC: what its field holds, and what the controller commands.
//!
//! One short lock, never held across an await. The watchdog is looked at on every access, so nobody
//! can see an output of a dead controller, and no task has to tick.

use std::sync::Arc;
use std::time::Duration;

use model::{Direction, IoPoint, Quality};
use parking_lot::Mutex;

use crate::watchdog::{Clock, Watchdog, WatchdogState};

/// Shared between the simulator (which sets inputs and reads outputs) and the protocol servers.
///
/// Points are numbered as in the slice given to [`PlcMemory::new`], inputs and outputs together.
#[derive(Debug)]
pub struct PlcMemory {
    directions: Vec<Direction>,
    fail_values: Vec<f64>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    values: Vec<f64>,
    qualities: Vec<Quality>,
    heartbeat: u32,
    watchdog: Watchdog,
    version: u64,
    write_protected: bool,
    stopped: bool,
}

/// Why a command is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Outputs stand at their fail values until the heartbeat moves.
    WatchdogHasFired,
    /// Nothing can be written, the heartbeat included.
    WriteProtected,
    /// No program runs that could take a command.
    Stopped,
}

impl PlcMemory {
    /// A memory that holds `initial`, one value per point in the tag's unit.
    ///
    /// Inputs start Good. A point without an initial value starts at its fail value, and an input
    /// then waits for its first data.
    pub fn new(points: &[IoPoint], initial: &[f64], watchdog: Duration, clock: Clock) -> Arc<Self> {
        let fail_values: Vec<f64> = points.iter().map(|point| point.fail_value).collect();
        let values =
            fail_values.iter().enumerate().map(|(i, fail)| *initial.get(i).unwrap_or(fail)).collect();
        let qualities = points.iter().enumerate().map(|(i, point)| match point.direction {
            Direction::Input if i >= initial.len() => Quality::BadWaitingForInitialData,
            Direction::Input | Direction::Output => Quality::Good,
        });
        Arc::new(Self {
            directions: points.iter().map(|point| point.direction).collect(),
            state: Mutex::new(State {
                values,
                qualities: qualities.collect(),
                heartbeat: 0,
                watchdog: Watchdog::new(watchdog),
                version: 0,
                write_protected: false,
                stopped: false,
            }),
            fail_values,
            clock,
        })
    }

    pub fn len(&self) -> usize {
        self.directions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.directions.is_empty()
    }

    /// Sets one input, in the tag's unit. Outputs and unknown points are left alone.
    pub fn set_input(&self, point: usize, value: f64, quality: Quality) {
        self.set_inputs([(point, value, quality)]);
    }

    /// Sets many inputs at one instant, so that a reader sees all of them or none. In STOP nothing reads them in,
    /// and the memory keeps those of the moment before.
    pub fn set_inputs(&self, inputs: impl IntoIterator<Item = (usize, f64, Quality)>) {
        let mut state = self.state.lock();
        if state.stopped {
            return;
        }
        for (point, value, quality) in inputs {
            if self.directions.get(point) == Some(&Direction::Input) {
                state.values[point] = value;
                state.qualities[point] = quality;
            }
        }
        state.version += 1;
    }

    /// What the PLC drives now, in the tag's unit; NaN for a point that does not exist.
    pub fn output(&self, point: usize) -> f64 {
        self.look(|values, _, _| values.get(point).copied().unwrap_or(f64::NAN))
    }

    /// All points at one instant, in order; `into` is cleared first.
    pub fn copy_values(&self, into: &mut Vec<f64>) {
        into.clear();
        self.look(|values, _, _| into.extend_from_slice(values));
    }

    /// Like a PLC whose key stands on "write-protected": its program runs, it is read as ever, and refuses every
    /// write. The watchdog goes on waiting for a heartbeat.
    pub fn set_write_protected(&self, protected: bool) {
        self.state.lock().write_protected = protected;
    }

    /// The key switch on STOP: every output goes to its fail value at once, inputs stay as they were, and writes are
    /// refused. Back in RUN an output keeps its fail value until it is written.
    pub fn set_stopped(&self, stopped: bool) {
        let mut state = self.state.lock();
        self.poll(&mut state);
        if stopped && !state.stopped {
            self.fail(&mut state);
        }
        state.stopped = stopped;
    }

    pub fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    pub fn watchdog(&self) -> WatchdogState {
        let mut state = self.state.lock();
        self.poll(&mut state);
        state.watchdog.state()
    }

    pub fn heartbeat(&self) -> u32 {
        self.state.lock().heartbeat
    }

    /// Changes whenever anything in the memory may have changed.
    pub(crate) fn version(&self) -> u64 {
        let mut state = self.state.lock();
        self.poll(&mut state);
        state.version
    }

    /// Values, qualities and heartbeat of one instant.
    pub(crate) fn look<R>(&self, reader: impl FnOnce(&[f64], &[Quality], u32) -> R) -> R {
        let mut state = self.state.lock();
        self.poll(&mut state);
        reader(&state.values, &state.qualities, state.heartbeat)
    }

    /// What one write of the controller carries, applied whole or not at all, heartbeat first.
    pub(crate) fn command(&self, heartbeat: Option<u32>, outputs: &[(usize, f64)]) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        self.poll(&mut state);
        if state.stopped {
            return Err(Refusal::Stopped);
        }
        if state.write_protected {
            return Err(Refusal::WriteProtected);
        }
        if let Some(value) = heartbeat {
            state.heartbeat = value;
            state.watchdog.beat(value, self.clock.now());
            state.version += 1;
        }
        if outputs.is_empty() {
            return Ok(());
        }
        if state.watchdog.state() == WatchdogState::Fired {
            return Err(Refusal::WatchdogHasFired);
        }
        for (point, value) in outputs {
            if self.directions.get(*point) == Some(&Direction::Output) {
                state.values[*point] = *value;
            }
        }
        state.version += 1;
        Ok(())
    }

    fn poll(&self, state: &mut State) {
        if state.watchdog.poll(self.clock.now()) {
            self.fail(state);
        }
    }

    fn fail(&self, state: &mut State) {
        for (point, direction) in self.directions.iter().enumerate() {
            if *direction == Direction::Output {
                state.values[point] = self.fail_values[point];
            }
        }
        state.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Address, DeviceId, PointId, Scaling};

    const LIMIT: Duration = Duration::from_secs(1);

    fn points() -> Vec<IoPoint> {
        let point = |tag: &str, direction, fail_value| IoPoint {
            point: PointId(0),
            tag: tag.into(),
            device: DeviceId(0),
            direction,
            address: Address::OpcUa { node: tag.into(), boolean: false },
            scaling: Scaling::IDENTITY,
            range: None,
            fail_value,
        };
        vec![point("LT-101", Direction::Input, 0.0), point("FV-101", Direction::Output, 5.0)]
    }

    #[test]
    fn a_warm_memory_drives_its_initial_outputs_until_a_controller_comes() {
        let clock = Clock::manual();
        let memory = PlcMemory::new(&points(), &[42.0, 63.0], LIMIT, clock.clone());
        clock.advance(Duration::from_secs(3600));
        assert_eq!(memory.output(1), 63.0);
        assert_eq!(memory.watchdog(), WatchdogState::Unarmed);
    }

    #[test]
    fn a_silent_controller_sends_outputs_to_their_fail_values_and_they_stay_until_written() {
        let clock = Clock::manual();
        let memory = PlcMemory::new(&points(), &[42.0, 63.0], LIMIT, clock.clone());
        memory.command(Some(1), &[(1, 80.0)]).unwrap();
        clock.advance(LIMIT);
        assert_eq!(memory.output(1), 5.0);
        assert_eq!(memory.command(None, &[(1, 81.0)]), Err(Refusal::WatchdogHasFired));
        memory.command(Some(2), &[]).unwrap();
        assert_eq!(memory.output(1), 5.0, "the heartbeat alone moves no output");
        memory.command(None, &[(1, 82.0)]).unwrap();
        assert_eq!(memory.output(1), 82.0);
    }

    #[test]
    fn a_heartbeat_in_the_same_write_lifts_the_refusal_first() {
        let clock = Clock::manual();
        let memory = PlcMemory::new(&points(), &[], LIMIT, clock.clone());
        memory.command(Some(1), &[]).unwrap();
        clock.advance(LIMIT);
        assert_eq!(memory.watchdog(), WatchdogState::Fired);
        memory.command(Some(2), &[(1, 70.0)]).unwrap();
        assert_eq!(memory.output(1), 70.0);
    }

    #[test]
    fn a_late_heartbeat_cannot_hide_that_the_watchdog_fired() {
        let clock = Clock::manual();
        let memory = PlcMemory::new(&points(), &[0.0, 63.0], LIMIT, clock.clone());
        memory.command(Some(1), &[(1, 80.0)]).unwrap();
        clock.advance(LIMIT * 5);
        // Nobody looked in between; the first to come is the heartbeat itself.
        memory.command(Some(2), &[]).unwrap();
        assert_eq!(memory.output(1), 5.0);
    }

    #[test]
    fn a_plc_in_stop_drives_its_fail_values_holds_its_inputs_and_takes_nothing() {
        let memory = PlcMemory::new(&points(), &[42.0, 63.0], LIMIT, Clock::manual());
        memory.command(Some(1), &[(1, 80.0)]).unwrap();
        memory.set_stopped(true);
        memory.set_input(0, 17.0, Quality::BadSensorFailure);
        assert_eq!(memory.command(Some(2), &[(1, 81.0)]), Err(Refusal::Stopped));
        assert_eq!((memory.output(0), memory.output(1), memory.heartbeat()), (42.0, 5.0, 1));
        memory.set_stopped(false);
        memory.set_input(0, 17.0, Quality::Good);
        assert_eq!((memory.output(0), memory.output(1)), (17.0, 5.0), "RUN alone moves no output");
        memory.command(Some(2), &[(1, 81.0)]).unwrap();
        assert_eq!(memory.output(1), 81.0);
    }

    #[test]
    fn neither_side_can_write_the_others_points() {
        let memory = PlcMemory::new(&points(), &[1.0, 2.0], LIMIT, Clock::manual());
        memory.set_input(1, 99.0, Quality::Good);
        memory.set_input(7, 99.0, Quality::Good);
        memory.command(None, &[(0, 99.0), (9, 99.0)]).unwrap();
        let mut values = Vec::new();
        memory.copy_values(&mut values);
        assert_eq!(values, [1.0, 2.0]);
        assert!(memory.output(9).is_nan());
    }
}
