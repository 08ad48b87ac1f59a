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

use std::time::{Duration, Instant};

use model::Quality;

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
    /// What each output of the device was when it was first met, in the order of
    /// `DeviceLink::outputs`: a new controller begins there and moves nothing. `None` for an output
    /// that the device does not tell; empty until the first connection.
    pub read_back: Vec<Option<f64>>,
}

/// One entry per output of the device, in the order of `DeviceLink::outputs`, in the tag's unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputBank {
    /// Moves with every scan. The device learns of it only while it moves.
    pub heartbeat: u32,
    /// False until the scan has computed its outputs once; nothing is written before.
    pub valid: bool,
    pub values: Vec<f64>,
}

/// The device task's side of the input bank.
pub(crate) struct FieldBank {
    current: InputBank,
    publisher: triple_buffer::Input<InputBank>,
}

impl FieldBank {
    pub(crate) fn new(points: usize) -> (Self, triple_buffer::Output<InputBank>) {
        let current = InputBank {
            sequence: 0,
            up: false,
            values: vec![0.0; points],
            qualities: vec![Quality::BadWaitingForInitialData; points],
            read_back: Vec::new(),
        };
        let (publisher, reader) = triple_buffer::triple_buffer(&current);
        (Self { current, publisher }, reader)
    }

    /// True when the point turns bad because the device refuses it.
    pub(crate) fn set(&mut self, point: usize, reading: Reading) -> bool {
        let slot = (self.current.values.get_mut(point), self.current.qualities.get_mut(point));
        let (Some(value), Some(quality)) = slot else { return false };
        let is_new = *quality != reading.quality;
        *value = reading.value.unwrap_or(*value);
        *quality = reading.quality;
        is_new && reading.quality == Quality::BadDeviceFailure
    }

    /// How many points the device refuses at present.
    pub(crate) fn refused(&self) -> usize {
        self.current.qualities.iter().filter(|quality| **quality == Quality::BadDeviceFailure).count()
    }

    /// Only the first connection asks: later ones would read what we have written ourselves.
    pub(crate) fn wants_read_back(&self) -> bool {
        self.current.read_back.is_empty()
    }

    pub(crate) fn set_read_back(&mut self, outputs: Vec<Option<f64>>) {
        self.current.read_back = outputs;
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
        self.current.qualities.fill(Quality::BadNoCommunication);
    }

    pub(crate) fn publish(&mut self) {
        self.current.sequence += 1;
        let bank = self.publisher.input_buffer_mut();
        bank.sequence = self.current.sequence;
        bank.up = self.current.up;
        bank.values.clone_from(&self.current.values);
        bank.qualities.clone_from(&self.current.qualities);
        bank.read_back.clone_from(&self.current.read_back);
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

/// What is due to the device now.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Due {
    /// Goes first.
    pub(crate) heartbeat: Option<u32>,
    /// One flag per output.
    pub(crate) outputs: Vec<bool>,
}

impl Due {
    pub(crate) fn has_outputs(&self) -> bool {
        self.outputs.contains(&true)
    }
}

/// Decides when which output goes to the device, and holds everything back from a dead scan.
///
/// Outputs are written when they change, all of them on every connection, on the first heartbeat
/// after a standstill, and once per refresh period. While the heartbeat stands still nothing is
/// written at all: commands of a dead scan must not be asserted again, and the PLC has to notice.
pub(crate) struct OutputSchedule {
    refresh: Duration,
    standstill: Duration,
    sent: Vec<Option<u64>>,
    sent_heartbeat: Option<u32>,
    seen_heartbeat: Option<u32>,
    moved_at: Option<Instant>,
    refreshed_at: Option<Instant>,
}

impl OutputSchedule {
    pub(crate) fn new(points: usize, refresh: Duration, standstill: Duration) -> Self {
        Self {
            refresh,
            standstill,
            sent: vec![None; points],
            sent_heartbeat: None,
            seen_heartbeat: None,
            moved_at: None,
            refreshed_at: None,
        }
    }

    /// A new connection knows nothing of what an older one has written.
    pub(crate) fn forget(&mut self) {
        self.sent.fill(None);
        self.sent_heartbeat = None;
        self.refreshed_at = None;
    }

    /// `None` while there is nothing to write. A bank of another length is not this device's, and
    /// is held back like that of a dead scan.
    pub(crate) fn due(&mut self, bank: &OutputBank, now: Instant) -> Option<Due> {
        if !bank.valid || bank.values.len() != self.sent.len() {
            return None;
        }
        if self.seen_heartbeat != Some(bank.heartbeat) {
            let stood_still = self.moved_at.is_some_and(|moved| now - moved > self.standstill);
            self.seen_heartbeat = Some(bank.heartbeat);
            self.moved_at = Some(now);
            if stood_still {
                self.refreshed_at = None;
            }
        }
        if self.moved_at.is_none_or(|moved| now - moved > self.standstill) {
            return None;
        }
        let all = self.refreshed_at.is_none_or(|refreshed| now - refreshed >= self.refresh);
        if all {
            self.refreshed_at = Some(now);
        }
        let changed = |(sent, value): (&Option<u64>, &f64)| all || *sent != Some(value.to_bits());
        let due = Due {
            heartbeat: (self.sent_heartbeat != Some(bank.heartbeat)).then_some(bank.heartbeat),
            outputs: self.sent.iter().zip(&bank.values).map(changed).collect(),
        };
        (due.heartbeat.is_some() || due.has_outputs()).then_some(due)
    }

    pub(crate) fn heartbeat_was_sent(&mut self, heartbeat: u32) {
        self.sent_heartbeat = Some(heartbeat);
    }

    pub(crate) fn was_sent(&mut self, point: usize, value: f64) {
        if let Some(sent) = self.sent.get_mut(point) {
            *sent = Some(value.to_bits());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFRESH: Duration = Duration::from_secs(1);
    const STANDSTILL: Duration = Duration::from_millis(500);

    fn bank(heartbeat: u32, values: &[f64]) -> OutputBank {
        OutputBank { heartbeat, valid: true, values: values.to_vec() }
    }

    fn send(schedule: &mut OutputSchedule, bank: &OutputBank, now: Instant) -> Option<Due> {
        let due = schedule.due(bank, now)?;
        if let Some(heartbeat) = due.heartbeat {
            schedule.heartbeat_was_sent(heartbeat);
        }
        for (point, _) in due.outputs.iter().enumerate().filter(|(_, is_due)| **is_due) {
            schedule.was_sent(point, bank.values[point]);
        }
        Some(due)
    }

    fn due(heartbeat: Option<u32>, outputs: &[bool]) -> Option<Due> {
        Some(Due { heartbeat, outputs: outputs.to_vec() })
    }

    #[test]
    fn nothing_is_written_before_the_scan_has_run() {
        let mut schedule = OutputSchedule::new(1, REFRESH, STANDSTILL);
        let blank = OutputBank { heartbeat: 4, valid: false, values: vec![7.0] };
        assert_eq!(schedule.due(&blank, Instant::now()), None);
    }

    #[test]
    fn outputs_go_out_at_first_then_on_change_then_on_refresh() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut schedule = OutputSchedule::new(2, REFRESH, STANDSTILL);
        assert_eq!(send(&mut schedule, &bank(1, &[1.0, 2.0]), at(0)), due(Some(1), &[true, true]));
        assert_eq!(send(&mut schedule, &bank(1, &[1.0, 2.0]), at(100)), None);
        assert_eq!(send(&mut schedule, &bank(2, &[1.0, 3.0]), at(200)), due(Some(2), &[false, true]));
        assert_eq!(send(&mut schedule, &bank(3, &[1.0, 3.0]), at(600)), due(Some(3), &[false, false]));
        assert_eq!(send(&mut schedule, &bank(4, &[1.0, 3.0]), at(1000)), due(Some(4), &[true, true]));
        schedule.forget();
        assert_eq!(send(&mut schedule, &bank(4, &[1.0, 3.0]), at(1100)), due(Some(4), &[true, true]));
    }

    #[test]
    fn a_dead_scan_writes_nothing_and_a_living_one_asserts_everything_again() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut schedule = OutputSchedule::new(1, REFRESH, STANDSTILL);
        assert!(send(&mut schedule, &bank(1, &[1.0]), at(0)).is_some());
        for moment in (501..5000).step_by(100) {
            assert_eq!(send(&mut schedule, &bank(1, &[9.0]), at(moment)), None);
        }
        assert_eq!(send(&mut schedule, &bank(2, &[1.0]), at(5000)), due(Some(2), &[true]));
    }

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

    #[test]
    fn a_bank_of_another_length_is_held_back() {
        let mut schedule = OutputSchedule::new(2, REFRESH, STANDSTILL);
        assert_eq!(schedule.due(&bank(1, &[1.0]), Instant::now()), None);
    }
}
