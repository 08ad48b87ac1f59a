//! The clock on the wall against the controller's own time, in words.
//!
//! The controller's time is `epoch + tick x period` and only moves forward: state, journal and history hang on it.
//! It follows the wall clock of the start and no step of it since. So the two can differ, and people have to know:
//!
//! ```text
//!   the clock was set ahead while the controller ran      behind   the next start takes up the clock's time
//!   the clock was set back, or had been ahead at a start  ahead    it stays so until the clock has caught up
//! ```

use tracing::Level;

use crate::clock::{self, TickClock};
use crate::wiring::CLOCK_STEP_MS;

/// What was last said about the difference.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockWatch {
    told_ms: i64,
}

impl ClockWatch {
    /// What there is to say, when the difference has changed by more than drift.
    pub fn look(&mut self, ahead_ms: i64) -> Option<(Level, String)> {
        if ahead_ms.abs_diff(self.told_ms) < CLOCK_STEP_MS {
            return None;
        }
        self.told_ms = ahead_ms;
        let by = span_text(ahead_ms);
        if ahead_ms.unsigned_abs() < CLOCK_STEP_MS {
            let text = "this machine's clock and the controller's time agree again";
            return Some((Level::INFO, text.to_owned()));
        }
        let text = if ahead_ms > 0 {
            format!(
                "the controller's time is {by} ahead of this machine's clock, which was set back or was ahead when the \
                 controller began; times of scans, events and history {STAY}"
            )
        } else {
            format!(
                "the controller's time is {by} behind this machine's clock, which was set ahead, or the machine slept; \
                 times of scans, events and history stay behind until the next start, which takes up the clock's time"
            )
        };
        Some((Level::WARN, text))
    }
}

const STAY: &str = "stay ahead, because they never go back: to have them agree, keep the controller stopped for as long, \
                    or begin with another data folder";

/// What a start finds, after the tick that the runs before have taken, and what it does about it.
pub fn at_start(clock: TickClock, taken: Option<u64>, now_ms: i64) -> Option<(Level, String)> {
    let taken = taken?;
    let ahead_ms = clock.ahead_ms(taken, now_ms);
    let (by, last_scan) = (span_text(ahead_ms), clock::local_text(clock.time_ms(taken)));
    if ahead_ms >= CLOCK_STEP_MS.cast_signed() {
        let text = format!(
            "the journal is {by} ahead of this machine's clock: its last scan has the time {last_scan}, the clock says {}. \
             This start goes on from the journal's end, and times of scans, events and history {STAY}",
            clock::local_text(now_ms)
        );
        return Some((Level::WARN, text));
    }
    let text = if ahead_ms > 0 {
        format!(
            "the last scan has the time {last_scan}, {by} ahead of this machine's clock: too little to matter, and this \
             start goes on from there"
        )
    } else {
        format!(
            "by this machine's clock the last scan was {by} ago, at {last_scan}; if that is not so, set the clock right \
             before the controller runs, because its times never go back"
        )
    };
    Some((Level::INFO, text))
}

/// `2 h 59 min`, `1.5 s`: the two greatest parts, without a sign.
pub fn span_text(ms: i64) -> String {
    let ms = ms.unsigned_abs();
    let (days, hours, minutes) = (ms / 86_400_000, ms / 3_600_000 % 24, ms / 60_000 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{:.1} s", ms as f64 / 1e3),
        (0, 0, _) => format!("{minutes} min {} s", ms / 1000 % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::{ClockWatch, at_start, span_text};
    use crate::clock::TickClock;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn a_step_of_the_clock_is_told_once_with_what_to_do_and_so_is_its_end() {
        let mut watch = ClockWatch::default();
        assert_eq!(watch.look(-40), None, "what a start takes is no step");
        let (level, ahead) = watch.look(3 * HOUR_MS).unwrap();
        assert_eq!(level, Level::WARN);
        assert!(ahead.contains("3 h 0 min ahead") && ahead.contains("another data folder"), "{ahead}");
        assert_eq!(watch.look(3 * HOUR_MS + 300), None);
        let (_, behind) = watch.look(-90_000).unwrap();
        assert!(behind.contains("1 min 30 s behind") && behind.contains("next start"), "{behind}");
        let (level, agree) = watch.look(2).unwrap();
        assert!(
            level == Level::INFO && agree.contains("agree again"),
            "no trouble any more: {level} {agree}"
        );
        assert_eq!(watch.look(5), None);
    }

    #[test]
    fn a_start_after_the_clock_was_set_back_goes_on_from_the_journals_end_and_says_so() {
        let clock = TickClock { epoch_ms: 5 * HOUR_MS, period_ms: 100 };
        let taken = Some(36_000);
        let now_ms = 3 * HOUR_MS;
        assert_eq!(clock.first_tick(taken, now_ms), 36_001, "times never go back");
        let (level, text) = at_start(clock, taken, now_ms).unwrap();
        assert_eq!(level, Level::WARN);
        assert!(text.contains("3 h 0 min ahead of this machine's clock"), "{text}");
        assert_eq!(clock.ahead_ms(36_001, now_ms), 3 * HOUR_MS + 100);
    }

    #[test]
    fn a_start_with_a_clock_behind_which_nothing_lies_takes_up_its_time_and_says_how_long_ago_the_last_scan_was()
     {
        let clock = TickClock { epoch_ms: 0, period_ms: 100 };
        let (taken, now_ms) = (Some(9), 26 * HOUR_MS);
        assert_eq!(clock.first_tick(taken, now_ms), 936_000);
        let (level, text) = at_start(clock, taken, now_ms).unwrap();
        assert_eq!(level, Level::INFO);
        assert!(text.contains("1 d 1 h ago"), "{text}");
        assert!(at_start(clock, None, now_ms).is_none(), "nothing ran before");
    }

    #[test]
    fn a_last_scan_that_is_a_little_ahead_of_the_clock_is_not_told_as_one_before() {
        let clock = TickClock { epoch_ms: 0, period_ms: 100 };
        let (level, text) = at_start(clock, Some(10), 700).unwrap();
        assert_eq!(level, Level::INFO);
        assert!(text.contains("0.3 s ahead of this machine's clock") && !text.contains(" ago"), "{text}");
    }

    #[test]
    fn spans_are_told_in_their_two_greatest_parts() {
        let told = [999, 61_000, -HOUR_MS, 49 * HOUR_MS].map(span_text);
        assert_eq!(told, ["1.0 s", "1 min 1 s", "1 h 0 min", "2 d 1 h"]);
    }
}
