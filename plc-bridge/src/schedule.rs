//! When which output goes to a device, and when one that takes none is given up.

use std::time::{Duration, Instant};

use crate::bank::OutputBank;

/// Why a connection is given up whose heartbeat has paused for too long.
const SILENT: &str =
    "no heartbeat was sent for as long as the device's watchdog waits: its outputs are looked at anew";

/// Why a connection is given up whose device takes no heartbeat. `code` is the device's own word for it.
pub(crate) fn refusing(code: &impl std::fmt::Display) -> String {
    format!(
        "refuses its heartbeat ({code}): look whether it is in STOP or write-protected, gives the right to write, \
         and has its heartbeat at this address"
    )
}

/// What an output of the device should be, before anything is written to it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expected {
    /// As it was when the meeting began.
    AsMet,
    /// What the device has accepted since.
    Accepted(f64),
    /// It refuses this one: nothing is known.
    Anything,
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
/// Outputs are written when they change, all of them after every meeting, on the first heartbeat
/// after a standstill, and once per refresh period. While the heartbeat stands still nothing is
/// written at all: commands of a dead scan must not be asserted again, and the PLC has to notice.
pub(crate) struct OutputSchedule {
    refresh: Duration,
    standstill: Duration,
    watchdog: Duration,
    meeting: u32,
    /// The outputs were looked at again after the first heartbeat of this meeting.
    confirmed: bool,
    beaten_at: Option<Instant>,
    /// The device has refused every heartbeat since then, and why. Outlives a meeting: a device that refused
    /// must show that it no longer does.
    refused: Option<(Instant, String)>,
    sent: Vec<Option<u64>>,
    /// Per output, since when the device has refused it.
    output_refused_since: Vec<Option<Instant>>,
    sent_heartbeat: Option<u32>,
    seen_heartbeat: Option<u32>,
    moved_at: Option<Instant>,
    refreshed_at: Option<Instant>,
}

impl OutputSchedule {
    pub(crate) fn new(points: usize, refresh: Duration, standstill: Duration, watchdog: Duration) -> Self {
        Self {
            refresh,
            standstill,
            watchdog,
            meeting: 0,
            confirmed: false,
            beaten_at: None,
            refused: None,
            sent: vec![None; points],
            output_refused_since: vec![None; points],
            sent_heartbeat: None,
            seen_heartbeat: None,
            moved_at: None,
            refreshed_at: None,
        }
    }

    /// A new meeting knows nothing of what was written before it.
    pub(crate) fn begin(&mut self, meeting: u32) {
        self.meeting = meeting;
        self.confirmed = false;
        self.beaten_at = None;
        self.sent.fill(None);
        self.output_refused_since.fill(None);
        self.sent_heartbeat = None;
        self.refreshed_at = None;
    }

    /// Why the connection has to end, when the device was without a heartbeat for so long that its watchdog may
    /// have acted.
    pub(crate) fn silence(&self, now: Instant) -> Option<String> {
        let is_silent = self.beaten_at.is_some_and(|beaten| now.duration_since(beaten) >= self.watchdog);
        is_silent.then(|| self.refused.as_ref().map_or(SILENT.to_owned(), |(_, reason)| reason.clone()))
    }

    /// The last word of the device about its heartbeat was no: before its link is called up, it has to accept
    /// one.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Before the first output of a meeting is written, and after a heartbeat that was refused, the outputs have
    /// to be looked at again.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    pub(crate) fn confirm(&mut self) {
        self.confirmed = true;
    }

    /// `None` while there is nothing to write. A bank of another length is not this device's, and
    /// is held back like that of a dead scan.
    pub(crate) fn due(&mut self, bank: &OutputBank, now: Instant) -> Option<Due> {
        if bank.meeting == 0 || bank.meeting != self.meeting || bank.values.len() != self.sent.len() {
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
        let heartbeat = (self.sent_heartbeat != Some(bank.heartbeat)).then_some(bank.heartbeat);
        if !bank.drives {
            let outputs = vec![false; bank.values.len()];
            return heartbeat.map(|heartbeat| Due { heartbeat: Some(heartbeat), outputs });
        }
        let all = self.refreshed_at.is_none_or(|refreshed| now - refreshed >= self.refresh);
        if all {
            self.refreshed_at = Some(now);
        }
        let changed = |(sent, value): (&Option<u64>, &f64)| all || *sent != Some(value.to_bits());
        let due = Due { heartbeat, outputs: self.sent.iter().zip(&bank.values).map(changed).collect() };
        (due.heartbeat.is_some() || due.has_outputs()).then_some(due)
    }

    pub(crate) fn heartbeat_was_sent(&mut self, heartbeat: u32, now: Instant) {
        self.sent_heartbeat = Some(heartbeat);
        self.beaten_at = Some(now);
        self.refused = None;
    }

    /// The device could be written, though with nothing new.
    pub(crate) fn probe_was_accepted(&mut self) {
        self.refused = None;
    }

    /// True when the device has refused for as long as its watchdog waits: nothing reaches it.
    pub(crate) fn heartbeat_was_refused(&mut self, reason: String, now: Instant) -> bool {
        // What was due with it was not written, and is due again. A PLC that was in STOP for a moment has moved
        // its outputs, and they must not be moved back by a command that is older than that.
        self.refreshed_at = None;
        self.confirmed = false;
        let since = self.refused.take().map_or(now, |(since, _)| since);
        self.refused = Some((since, reason));
        now.duration_since(since) >= self.watchdog
    }

    pub(crate) fn expected(&self, point: usize) -> Expected {
        let sent = self.sent.get(point).copied().flatten();
        match (sent, self.output_refused_since.get(point).copied().flatten()) {
            (_, Some(_)) => Expected::Anything,
            (Some(bits), None) => Expected::Accepted(f64::from_bits(bits)),
            (None, None) => Expected::AsMet,
        }
    }

    /// The device has it, or has nothing to take: a command that is no number.
    pub(crate) fn was_sent(&mut self, point: usize, value: f64) {
        self.settle(point, value, None);
    }

    /// The device said no. The next attempt comes with the next change or refresh, not with every tick.
    pub(crate) fn was_refused(&mut self, point: usize, value: f64, now: Instant) {
        let since = self.output_refused_since.get(point).copied().flatten();
        self.settle(point, value, since.or(Some(now)));
    }

    fn settle(&mut self, point: usize, value: f64, refused_since: Option<Instant>) {
        if let (Some(sent), Some(since)) =
            (self.sent.get_mut(point), self.output_refused_since.get_mut(point))
        {
            *sent = Some(value.to_bits());
            *since = refused_since;
        }
    }

    /// Per output: has the device refused it for longer than its watchdog waits? A device that is busy for a
    /// moment is none that refuses.
    pub(crate) fn refused_outputs(&self, now: Instant) -> impl Iterator<Item = bool> {
        let lasts = move |since: Instant| now.duration_since(since) >= self.watchdog;
        self.output_refused_since.iter().map(move |since| since.is_some_and(lasts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFRESH: Duration = Duration::from_secs(1);
    const STANDSTILL: Duration = Duration::from_millis(500);
    const WATCHDOG: Duration = Duration::from_secs(2);

    fn bank(heartbeat: u32, values: &[f64]) -> OutputBank {
        OutputBank { heartbeat, meeting: 1, drives: true, values: values.to_vec() }
    }

    fn schedule(points: usize) -> OutputSchedule {
        let mut schedule = OutputSchedule::new(points, REFRESH, STANDSTILL, WATCHDOG);
        schedule.begin(1);
        schedule
    }

    fn send(schedule: &mut OutputSchedule, bank: &OutputBank, now: Instant) -> Option<Due> {
        let due = schedule.due(bank, now)?;
        if let Some(heartbeat) = due.heartbeat {
            schedule.heartbeat_was_sent(heartbeat, now);
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
        let mut schedule = schedule(1);
        let blank = OutputBank { meeting: 0, ..bank(4, &[7.0]) };
        assert_eq!(schedule.due(&blank, Instant::now()), None);
    }

    #[test]
    fn a_scan_that_waits_for_others_sends_its_heartbeat_and_no_output() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut schedule = schedule(1);
        let waits = |heartbeat| OutputBank { drives: false, ..bank(heartbeat, &[7.0]) };
        assert_eq!(send(&mut schedule, &waits(1), at(0)), due(Some(1), &[false]));
        assert_eq!(send(&mut schedule, &waits(1), at(100)), None);
        assert_eq!(send(&mut schedule, &waits(2), at(2000)), due(Some(2), &[false]), "nor a refresh");
        assert_eq!(send(&mut schedule, &bank(3, &[7.0]), at(2100)), due(Some(3), &[true]));
    }

    #[test]
    fn outputs_go_out_at_first_then_on_change_then_on_refresh() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut schedule = schedule(2);
        assert_eq!(send(&mut schedule, &bank(1, &[1.0, 2.0]), at(0)), due(Some(1), &[true, true]));
        assert_eq!(send(&mut schedule, &bank(1, &[1.0, 2.0]), at(100)), None);
        assert_eq!(send(&mut schedule, &bank(2, &[1.0, 3.0]), at(200)), due(Some(2), &[false, true]));
        assert_eq!(send(&mut schedule, &bank(3, &[1.0, 3.0]), at(600)), due(Some(3), &[false, false]));
        assert_eq!(send(&mut schedule, &bank(4, &[1.0, 3.0]), at(1000)), due(Some(4), &[true, true]));
        schedule.begin(1);
        assert_eq!(send(&mut schedule, &bank(4, &[1.0, 3.0]), at(1100)), due(Some(4), &[true, true]));
    }

    #[test]
    fn nothing_is_written_before_the_scan_knows_of_the_meeting() {
        let now = Instant::now();
        let mut schedule = schedule(1);
        assert!(send(&mut schedule, &bank(1, &[1.0]), now).is_some());
        schedule.begin(2);
        assert_eq!(schedule.due(&bank(2, &[1.0]), now), None);
        let knowing = OutputBank { meeting: 2, ..bank(3, &[0.0]) };
        assert_eq!(schedule.due(&knowing, now), due(Some(3), &[true]));
        assert!(!schedule.is_confirmed());
    }

    #[test]
    fn a_heartbeat_that_came_too_late_is_noticed() {
        let start = Instant::now();
        let mut schedule = schedule(1);
        assert_eq!(schedule.silence(start + WATCHDOG), None, "nothing was promised yet");
        assert!(send(&mut schedule, &bank(1, &[1.0]), start).is_some());
        assert_eq!(schedule.silence(start + WATCHDOG / 2), None);
        assert_eq!(schedule.silence(start + WATCHDOG), Some(SILENT.to_owned()));
        assert!(!schedule.heartbeat_was_refused("no".into(), start + WATCHDOG));
        assert_eq!(schedule.silence(start + WATCHDOG), Some("no".into()), "it was tried, and refused");
    }

    #[test]
    fn a_heartbeat_that_is_refused_as_long_as_the_watchdog_waits_loses_the_link() {
        let start = Instant::now();
        let mut schedule = schedule(1);
        let refuse =
            |schedule: &mut OutputSchedule, at| schedule.heartbeat_was_refused("no".into(), start + at);
        assert!(!schedule.is_refused());
        assert!(!refuse(&mut schedule, Duration::ZERO));
        assert!(!refuse(&mut schedule, WATCHDOG / 2));
        assert!(refuse(&mut schedule, WATCHDOG));
        schedule.begin(2);
        assert!(schedule.is_refused(), "a new connection alone proves nothing");
        assert!(refuse(&mut schedule, WATCHDOG * 2), "and gives it no new time");
        schedule.probe_was_accepted();
        assert!(!schedule.is_refused());
        assert!(!refuse(&mut schedule, WATCHDOG * 3), "from there on it counts anew");
        schedule.heartbeat_was_sent(7, start + WATCHDOG * 3);
        assert!(!schedule.is_refused());
    }

    #[test]
    fn what_was_due_with_a_refused_heartbeat_is_due_again() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut schedule = schedule(1);
        assert!(send(&mut schedule, &bank(1, &[1.0]), at(0)).is_some());
        assert_eq!(schedule.due(&bank(2, &[1.0]), at(1000)), due(Some(2), &[true]), "the refresh");
        assert!(!schedule.heartbeat_was_refused("no".into(), at(1000)));
        assert_eq!(schedule.due(&bank(2, &[1.0]), at(1100)), due(Some(2), &[true]));
    }

    #[test]
    fn after_a_refused_heartbeat_the_outputs_are_looked_at_before_they_are_written() {
        let start = Instant::now();
        let mut schedule = schedule(3);
        schedule.confirm();
        schedule.was_sent(0, 62.5);
        schedule.was_refused(1, 1.0, start);
        assert!(!schedule.heartbeat_was_refused("no".into(), start));
        assert!(!schedule.is_confirmed());
        let expected: Vec<Expected> = (0..3).map(|point| schedule.expected(point)).collect();
        assert_eq!(expected, [Expected::Accepted(62.5), Expected::Anything, Expected::AsMet]);
    }

    #[test]
    fn an_output_counts_as_refused_when_that_lasts() {
        let start = Instant::now();
        let mut schedule = schedule(2);
        schedule.was_refused(0, 1.0, start);
        schedule.was_refused(1, 1.0, start);
        schedule.was_refused(9, 1.0, start);
        let refused = |schedule: &OutputSchedule, at| schedule.refused_outputs(at).collect::<Vec<bool>>();
        assert_eq!(refused(&schedule, start + WATCHDOG / 2), [false; 2], "a device may be busy for a moment");
        schedule.was_refused(0, 2.0, start + WATCHDOG / 2);
        assert_eq!(refused(&schedule, start + WATCHDOG), [true; 2]);
        schedule.was_sent(1, 1.0);
        assert_eq!(refused(&schedule, start + WATCHDOG), [true, false]);
        schedule.begin(2);
        assert_eq!(refused(&schedule, start + WATCHDOG), [false; 2]);
    }

    #[test]
    fn a_dead_scan_writes_nothing_and_a_living_one_asserts_everything_again() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut schedule = schedule(1);
        assert!(send(&mut schedule, &bank(1, &[1.0]), at(0)).is_some());
        for moment in (501..5000).step_by(100) {
            assert_eq!(send(&mut schedule, &bank(1, &[9.0]), at(moment)), None);
        }
        assert_eq!(send(&mut schedule, &bank(2, &[1.0]), at(5000)), due(Some(2), &[true]));
    }

    #[test]
    fn a_bank_of_another_length_is_held_back() {
        let mut schedule = schedule(2);
        assert_eq!(schedule.due(&bank(1, &[1.0]), Instant::now()), None);
    }
}
