//! What the scan and a device's task hand to each other: the latest value, never a queue.
//!
//! Both directions are triple buffers. The scan's side neither waits nor allocates: it reads the
//! newest [`InputBank`] with `input_bank.read()`, and fills `output_bank.input_buffer_mut()` in
//! place before `publish()`. A buffer that comes back holds an older bank, so every entry has to be
//! written every time.
//!
//! # Quality of an input
//!
//! | when | quality | value |
//! | --- | --- | --- |
//! | before the first connection attempt has ended | `BadWaitingForInitialData` | 0 |
//! | the device does not answer | `BadNoCommunication` | the last one |
//! | connected again, and this point not read yet | `BadNoCommunication` | the last one |
//! | the device refuses this point | `BadDeviceFailure` | the last one |
//! | read | as [`crate::signal`] and the device's own status say | new, or the last one |
//!
//! # A meeting
//!
//! Nobody may assert old commands on a device whose watchdog has driven its outputs to their fail
//! positions meanwhile: a pump that stopped must not start because a cable is back. So every
//! connection begins with a look at the outputs, and nothing is written before the scan has seen it.
//!
//! ```text
//!   device task                                     scan
//!   connect, read the outputs ── meeting n, read_back ──► takes them over where they differ
//!   first heartbeat           ◄── meeting n, values ───── goes on from there
//!   reads the outputs again: as before ─► writes; otherwise the watchdog was faster: meeting n + 1
//! ```
//! A heartbeat that was not sent for as long as the watchdog waits ends the connection, and with it
//! the meeting.
//!
//! # A device that refuses
//!
//! | it refuses | then |
//! | --- | --- |
//! | its heartbeat, for less than the watchdog waits | no output is written, the heartbeat goes on being tried; once it is taken the outputs are looked at, and a new meeting begins if they have moved |
//! | its heartbeat, for as long as the watchdog waits | the link is lost: a PLC in STOP, or write-protected, drives nothing |
//! | an output, with its heartbeat accepted | the link stays up; past the watchdog's time `refused_outputs` says so |
//!
//! # A device that somebody else drives
//!
//! Each controller finds its own heartbeat again before it writes the next (`rival`). One that starts and sees the
//! heartbeat move leaves the device to whoever moves it: its link is down, and says why. Where two drive a device all
//! the same, both links stay up and `contested` says so: nobody here knows which of them is the wrong one, and a
//! link that went down would let any stray client stop a plant.
//!
//! No link comes up before the device has accepted its own heartbeat value, written back as it was read: that
//! proves that it can be written, and is no life to its watchdog. A heartbeat that cannot be read is not touched
//! so, unless it was refused before; there the first heartbeats of the scan decide.

use model::Quality;

use crate::limits::InputLimits;
use crate::signal::Reading;

/// One entry per input of the device, in the order of `DeviceLink::inputs`, in the tag's unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputBank {
    /// Counts every publication: a bank that stands still has lost its task.
    pub sequence: u64,
    /// The device answers.
    pub up: bool,
    pub values: Vec<f64>,
    pub qualities: Vec<Quality>,
    /// Counts how often the outputs were looked at before anything was written; 0 before the first time.
    pub meeting: u32,
    /// What each output of the device was at this meeting, in the order of `DeviceLink::outputs`: the
    /// scan goes on from there and moves nothing. `None` for an output that the device does not tell.
    pub read_back: Vec<Option<f64>>,
    /// Per output, in the same order: the device has been refusing it for longer than its watchdog waits, and
    /// drives something else than the scan believes. Empty before the first output was due.
    pub refused_outputs: Vec<bool>,
    /// Another client writes the device's heartbeat, so most likely its outputs as well.
    pub contested: bool,
}

/// One entry per output of the device, in the order of `DeviceLink::outputs`, in the tag's unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputBank {
    /// Moves with every scan. The device learns of it only while it moves.
    pub heartbeat: u32,
    /// The meeting whose outputs the scan knows; 0 before it has computed its own for the first time.
    /// Nothing is written for another meeting than the present one.
    pub meeting: u32,
    /// The values are commands. While the scan still waits for other devices they are none, and only the heartbeat
    /// goes out: the device holds what it has, and its watchdog waits.
    pub drives: bool,
    pub values: Vec<f64>,
}

/// The device task's side of the input bank.
pub(crate) struct FieldBank {
    current: InputBank,
    limits: InputLimits,
    publisher: triple_buffer::Input<InputBank>,
}

impl FieldBank {
    pub(crate) fn new(points: usize) -> (Self, triple_buffer::Output<InputBank>) {
        let current = InputBank {
            sequence: 0,
            up: false,
            values: vec![0.0; points],
            qualities: vec![Quality::BadWaitingForInitialData; points],
            meeting: 0,
            read_back: Vec::new(),
            refused_outputs: Vec::new(),
            contested: false,
        };
        let (publisher, reader) = triple_buffer::triple_buffer(&current);
        (Self { current, limits: InputLimits::new(points), publisher }, reader)
    }

    /// Where it notes how its inputs are limited.
    pub(crate) fn limits(&self) -> InputLimits {
        self.limits.clone()
    }

    /// True when the point turns bad because the device refuses it.
    pub(crate) fn set(&mut self, point: usize, reading: Reading) -> bool {
        let slot = (self.current.values.get_mut(point), self.current.qualities.get_mut(point));
        let (Some(value), Some(quality)) = slot else { return false };
        let is_new = *quality != reading.quality;
        *value = reading.value.unwrap_or(*value);
        *quality = reading.quality;
        self.limits.set(point, reading.limited);
        is_new && reading.quality == Quality::BadDeviceFailure
    }

    /// How many points the device refuses at present.
    pub(crate) fn refused(&self) -> usize {
        self.current.qualities.iter().filter(|quality| **quality == Quality::BadDeviceFailure).count()
    }

    /// Begins a new meeting with what the outputs are; its number.
    pub(crate) fn meet(&mut self, outputs: Vec<Option<f64>>) -> u32 {
        // Zero says that there was none yet.
        self.current.meeting = self.current.meeting.checked_add(1).unwrap_or(1);
        self.current.read_back = outputs;
        self.current.refused_outputs.clear();
        self.current.meeting
    }

    /// What an output was when the present meeting began.
    pub(crate) fn met(&self, output: usize) -> Option<f64> {
        self.current.read_back.get(output).copied().flatten()
    }

    /// How many they are.
    pub(crate) fn set_refused_outputs(&mut self, refused: impl Iterator<Item = bool>) -> usize {
        let flags = &mut self.current.refused_outputs;
        flags.clear();
        flags.extend(refused);
        flags.iter().filter(|refused| **refused).count()
    }

    pub(crate) fn set_contested(&mut self, contested: bool) {
        self.current.contested = contested;
    }

    pub(crate) fn is_up(&self) -> bool {
        self.current.up
    }

    pub(crate) fn set_up(&mut self) {
        self.current.up = true;
    }

    /// The device is away: the last values stay, and nobody may trust them.
    pub(crate) fn lose(&mut self) {
        self.current.up = false;
        self.current.contested = false;
        self.current.refused_outputs.clear();
        self.current.qualities.fill(Quality::BadNoCommunication);
        self.limits.forget();
    }

    pub(crate) fn publish(&mut self) {
        self.current.sequence += 1;
        let bank = self.publisher.input_buffer_mut();
        bank.sequence = self.current.sequence;
        bank.up = self.current.up;
        bank.values.clone_from(&self.current.values);
        bank.qualities.clone_from(&self.current.qualities);
        bank.meeting = self.current.meeting;
        bank.read_back.clone_from(&self.current.read_back);
        bank.refused_outputs.clone_from(&self.current.refused_outputs);
        bank.contested = self.current.contested;
        self.publisher.publish();
    }
}

/// However a task ends, a panic included, nobody may go on trusting what it has read.
impl Drop for FieldBank {
    fn drop(&mut self) {
        self.lose();
        self.publish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_device_keeps_its_last_values_and_says_so() {
        let (mut bank, mut reader) = FieldBank::new(2);
        assert_eq!(reader.read().qualities, [Quality::BadWaitingForInitialData; 2]);
        bank.set(0, Reading::good(12.5));
        bank.set(1, Reading::without_value(Quality::BadSensorFailure));
        bank.set(9, Reading::good(1.0));
        bank.set_up();
        bank.publish();
        let seen = reader.read();
        assert!(seen.up);
        assert_eq!(seen.qualities, [Quality::Good, Quality::BadSensorFailure]);
        bank.lose();
        bank.publish();
        let seen = reader.read();
        assert!(!seen.up);
        assert_eq!(seen.values, [12.5, 0.0]);
        assert_eq!(seen.qualities, [Quality::BadNoCommunication; 2]);
    }

    #[test]
    fn a_task_that_panics_takes_its_device_down() {
        let (mut bank, mut reader) = FieldBank::new(1);
        let task = std::thread::spawn(move || {
            bank.set(0, Reading::good(1.0));
            bank.set_up();
            bank.publish();
            // Not `panic!`, whose message would look like a failed test in the output.
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(task.join().is_err());
        assert!(!reader.read().up);
        assert_eq!(reader.read().qualities, [Quality::BadNoCommunication]);
    }
}
