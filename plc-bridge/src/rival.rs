//! Does somebody else write the heartbeat of this device? Pure: what was written and found, in; a verdict, out.
//!
//! A device has one controller. Two of them, each with a data folder of its own, both find it answering and both
//! write its outputs, by turns and for as long as nobody looks. But each of them leaves its heartbeat, and before
//! the next one the register still has to hold the last. So it is read from time to time:
//!
//! | found | is |
//! | --- | --- |
//! | what was written last, or a little before that (a gateway that is late) | ours |
//! | 0, or nothing | a device that has started anew, or wipes what it has read: no evidence |
//! | anything else | somebody else's |
//!
//! One foreign value may be an engineer's hand. Three within a second are a second controller, and it has gone when
//! the register is ours for two seconds. Two whose counts are less than two seconds apart are not told apart.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The heartbeat is read back this often while it is written.
const LOOK_PERIOD: Duration = Duration::from_millis(250);
/// What a slow gateway may still show of ours, and of what was there before us.
const REMEMBERED: Duration = Duration::from_secs(2);
/// Two seconds of the fastest scan, and a bound for any other.
const MOST_REMEMBERED: usize = 256;
/// However slow the scan: the last heartbeat and the one before.
const LEAST_REMEMBERED: usize = 2;
/// A foreign value counts four looks at ours, so that a rival who writes seldom is found too.
const FOREIGN: u32 = 4;
const CERTAIN: u32 = 3 * FOREIGN;
/// Ours again for eight looks, two seconds, ends the strongest suspicion.
const WORST: u32 = CERTAIN + FOREIGN;
const OURS: u32 = 2;
/// Who comes new watches for two heartbeats of a controller of the same plant, at least for so long: one that scans
/// faster than its bridge writes leaves a heartbeat about each 0.1 s.
const SHORTEST_WATCH: Duration = Duration::from_millis(200);
const FIRST_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Rival {
    watchdog: Duration,
    first_watch: Duration,
    /// The oldest first.
    written: VecDeque<(u32, Instant)>,
    /// The first heartbeat of this connection.
    begun_at: Option<Instant>,
    suspicion: u32,
    is_certain: bool,
    looked_at: Option<Instant>,
    /// The last heartbeat of this process, on any connection: one that moves soon after may still be its own.
    driven_at: Option<Instant>,
}

/// Watches a heartbeat for a moment, before this process has written one.
pub(crate) struct FirstWatch<T> {
    looks_left: u32,
    seen: Option<T>,
}

impl<T: PartialEq> FirstWatch<T> {
    /// Before the next look; `None` when it has been watched for long enough.
    pub(crate) fn pause(&mut self) -> Option<Duration> {
        self.looks_left = self.looks_left.checked_sub(1)?;
        Some(if self.seen.is_none() { Duration::ZERO } else { FIRST_PAUSE })
    }

    /// True when somebody moves it. One that nobody has ever moved needs no watching.
    pub(crate) fn moves(&mut self, held: T, is_blank: bool) -> bool {
        let moves = self.seen.as_ref().is_some_and(|seen| *seen != held) && !is_blank;
        if is_blank && self.seen.is_none() {
            self.looks_left = 0;
        }
        self.seen = Some(held);
        moves
    }
}

impl Rival {
    /// `scan` is the period in which this plant's heartbeat moves. The start after a kill has to fit into the
    /// watchdog's time, so a first watch takes three quarters of it at most.
    pub(crate) fn new(watchdog: Duration, scan: Duration) -> Self {
        Self {
            watchdog,
            first_watch: SHORTEST_WATCH.max(2 * scan).min(watchdog * 3 / 4),
            written: VecDeque::with_capacity(MOST_REMEMBERED),
            begun_at: None,
            suspicion: 0,
            is_certain: false,
            looked_at: None,
            driven_at: None,
        }
    }

    /// A new connection: what was written before it may have come later than anybody knows.
    pub(crate) fn begin(&mut self) {
        self.written.clear();
        self.begun_at = None;
        self.suspicion = 0;
        self.is_certain = false;
        self.looked_at = None;
    }

    /// Over before it begins for a device that this process drives. One that was away for as long as its watchdog
    /// waits may have another controller by now.
    pub(crate) fn first_watch<T>(&self, now: Instant) -> FirstWatch<T> {
        let drives = self.driven_at.is_some_and(|driven| now.duration_since(driven) < self.watchdog);
        let looks = 1 + self.first_watch.as_millis().div_ceil(FIRST_PAUSE.as_millis()) as u32;
        FirstWatch { looks_left: if drives { 0 } else { looks }, seen: None }
    }

    /// Told before it is sent: the device may have taken one whose answer is lost or odd.
    pub(crate) fn writes(&mut self, heartbeat: u32, now: Instant) {
        let is_old = |(_, at): &(u32, Instant)| now.duration_since(*at) > REMEMBERED;
        while self.written.len() >= MOST_REMEMBERED
            || (self.written.len() >= LEAST_REMEMBERED && self.written.front().is_some_and(is_old))
        {
            self.written.pop_front();
        }
        self.written.push_back((heartbeat, now));
        self.begun_at.get_or_insert(now);
        self.driven_at = Some(now);
    }

    /// Before the next heartbeat is written: is it time to read the last one? Not before a slow gateway has to show
    /// ours.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let is_known = self.begun_at.is_some_and(|begun| now.duration_since(begun) >= REMEMBERED);
        is_known && self.looked_at.is_none_or(|looked| now.duration_since(looked) >= LOOK_PERIOD)
    }

    /// `held` is what the device tells, if it tells one; `shown` what it makes of a heartbeat of ours, because a register
    /// may be narrower. True when the verdict has changed.
    pub(crate) fn found<T: PartialEq>(
        &mut self,
        held: Option<&T>,
        shown: impl Fn(u32) -> T,
        now: Instant,
    ) -> bool {
        self.looked_at = Some(now);
        let Some(held) = held.filter(|held| **held != shown(0)) else { return false };
        let is_ours = self.written.iter().any(|(written, _)| shown(*written) == *held);
        self.suspicion = match is_ours {
            true => self.suspicion.saturating_sub(OURS),
            false => (self.suspicion + FOREIGN).min(WORST),
        };
        let was_certain = self.is_certain;
        self.is_certain = self.suspicion >= CERTAIN || (was_certain && self.suspicion > 0);
        self.is_certain != was_certain
    }

    pub(crate) fn is_certain(&self) -> bool {
        self.is_certain
    }
}

/// Why a controller that comes new stays away.
pub(crate) fn driven(device: &str) -> String {
    format!(
        "another client moves the heartbeat of {device}: does another controller drive it? Nothing is written to it; \
         stop that one, and this one takes over"
    )
}

/// How the trouble is told. `device` is its name in the plant.
pub(crate) fn trouble(device: &str) -> String {
    format!(
        "another client writes the heartbeat of {device}: two controllers? Its outputs are driven by both; \
         find out which one is to stay, and stop the other"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHDOG: Duration = Duration::from_secs(2);
    const SCAN: Duration = Duration::from_millis(10);

    struct Played {
        rival: Rival,
        now: Instant,
        heartbeat: u32,
    }

    impl Played {
        fn new() -> Self {
            let mut rival = Rival::new(WATCHDOG, SCAN);
            let (start, heartbeat) = (Instant::now(), 70_000);
            rival.writes(heartbeat, start);
            assert!(!rival.is_due(start + LOOK_PERIOD), "a slow gateway may show what was there before");
            Self { rival, now: start + REMEMBERED, heartbeat }
        }

        /// Ours is written, the device shows `held`, and it is looked at.
        fn look(&mut self, held: impl Fn(u32) -> u16) -> bool {
            self.heartbeat += 10;
            self.rival.writes(self.heartbeat, self.now);
            self.now += LOOK_PERIOD;
            assert!(self.rival.is_due(self.now));
            self.rival.found(Some(&held(self.heartbeat)), |heartbeat| heartbeat as u16, self.now)
        }
    }

    #[test]
    fn a_second_controller_is_found_at_the_third_look_told_once_and_forgotten_when_it_is_gone() {
        let mut played = Played::new();
        assert!(!played.look(|ours| ours as u16));
        assert!(!played.look(|_| 9) && !played.look(|_| 19));
        assert!(played.look(|_| 29), "told");
        assert!(played.rival.is_certain());
        assert!(!played.look(|_| 39), "once");
        let looks = (1..).find(|_| played.look(|ours| ours as u16)).unwrap();
        assert!(!played.rival.is_certain());
        assert_eq!(looks, 8, "two seconds");
    }

    #[test]
    fn a_rival_whose_value_is_seen_every_other_look_only_is_found_as_well() {
        let mut played = Played::new();
        let found =
            (0..20_u16).any(|look| played.look(|ours| if look % 2 == 0 { look + 1 } else { ours as u16 }));
        assert!(found);
    }

    #[test]
    fn a_device_that_restarts_wipes_or_lags_and_a_hand_that_writes_once_are_no_rival() {
        let mut played = Played::new();
        for look in 0..400_u32 {
            let told = played.look(|ours| match look % 20 {
                0 => 7,
                1..9 => 0,
                9..15 => ours.wrapping_sub(60) as u16,
                _ => ours as u16,
            });
            assert!(!told && !played.rival.is_certain(), "{look}");
        }
    }

    #[test]
    fn a_device_that_does_not_tell_its_heartbeat_gives_no_verdict() {
        let (mut rival, start) = (Rival::new(WATCHDOG, SCAN), Instant::now());
        let now = start + REMEMBERED;
        assert!(!rival.is_due(now), "nothing was written yet");
        rival.writes(1, start);
        for look in 0..50 {
            let at = now + LOOK_PERIOD * look;
            assert!(rival.is_due(at));
            assert!(!rival.found(None::<&u16>, |heartbeat| heartbeat as u16, at));
        }
    }

    #[test]
    fn who_comes_new_sees_a_heartbeat_that_moves_and_waits_for_none_that_was_never_moved() {
        let mut rival = Rival::new(WATCHDOG, SCAN);
        let start = Instant::now();
        assert_eq!(watched(&rival, start, |look| look as u16), (2, true));
        assert_eq!(watched(&rival, start, |_| 7), (5, false), "of a controller that was killed");
        assert_eq!(watched(&rival, start, |_| 0), (1, false), "of none");
        rival.writes(1, start);
        rival.begin();
        let back = start + WATCHDOG / 2;
        assert_eq!(watched(&rival, back, |look| look as u16), (0, false), "after a cable is back");
    }

    #[test]
    fn a_device_that_was_away_for_its_watchdogs_time_is_watched_as_one_that_is_new() {
        let mut rival = Rival::new(WATCHDOG, SCAN);
        let start = Instant::now();
        rival.writes(1, start);
        rival.begin();
        assert_eq!(watched(&rival, start + WATCHDOG, |look| look as u16), (2, true));
    }

    #[test]
    fn the_first_watch_lasts_two_scans_and_ends_before_the_watchdog() {
        let looks = |scan_ms| {
            let rival = Rival::new(WATCHDOG, Duration::from_millis(scan_ms));
            watched(&rival, Instant::now(), |_| 7).0
        };
        // The first look is at once, the others 50 ms apart.
        assert_eq!([10, 100, 500, 1000].map(looks), [5, 5, 21, 31]);
    }

    #[test]
    fn a_gateway_that_is_a_second_late_at_a_scan_of_10_ms_shows_what_is_ours() {
        let mut rival = Rival::new(WATCHDOG, SCAN);
        let start = Instant::now();
        let mut looks = 0;
        for scan in 0..1_000_u32 {
            let now = start + SCAN * scan;
            if rival.is_due(now) {
                looks += 1;
                rival.found(Some(&(70_000 + scan - 100)), |heartbeat| heartbeat, now);
                assert_eq!(rival.suspicion, 0, "{scan}");
            }
            rival.writes(70_000 + scan, now);
            assert!(rival.written.len() <= MOST_REMEMBERED);
        }
        assert!(looks > 20);
    }

    #[test]
    fn a_scan_slower_than_the_memory_knows_its_last_heartbeat() {
        let mut rival = Rival::new(WATCHDOG, SCAN);
        let start = Instant::now();
        for scan in 0..10 {
            rival.writes(70_000 + scan, start + REMEMBERED * 2 * scan);
        }
        assert!(rival.written.iter().map(|(written, _)| *written).eq([70_008, 70_009]));
    }

    /// How many looks a first watch took, and whether it saw a rival.
    fn watched(rival: &Rival, now: Instant, held: impl Fn(u32) -> u16) -> (u32, bool) {
        let (mut watch, mut looks) = (rival.first_watch(now), 0);
        while watch.pause().is_some() {
            looks += 1;
            if watch.moves(held(looks), held(looks) == 0) {
                return (looks, true);
            }
        }
        (looks, false)
    }
}
