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
//! the register is ours for two seconds.

use std::time::{Duration, Instant};

/// The heartbeat is read back this often while it is written.
const LOOK_PERIOD: Duration = Duration::from_millis(250);
/// What a slow gateway may still show of ours: a second of heartbeats.
const REMEMBERED: usize = 16;
/// A foreign value counts four looks at ours, so that a rival who writes seldom is found too.
const FOREIGN: u32 = 4;
const CERTAIN: u32 = 3 * FOREIGN;
/// Ours again for eight looks, two seconds, ends the strongest suspicion.
const WORST: u32 = CERTAIN + FOREIGN;
const OURS: u32 = 2;
/// Who comes new watches for 0.2 s: whoever drives the device writes its heartbeat each 0.1 s. The start after a kill
/// has to fit into the watchdog's time with it.
const FIRST_LOOKS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
pub(crate) struct Rival {
    written: Vec<u32>,
    suspicion: u32,
    is_certain: bool,
    looked_at: Option<Instant>,
    /// A connection of this process was up: the heartbeat that moves next time may still be its own.
    has_met: bool,
}

/// Watches a heartbeat for a moment, before this process has written one.
pub(crate) struct FirstWatch<T> {
    looks_left: u32,
    seen: Option<T>,
}

impl<T: PartialEq> FirstWatch<T> {
    /// Until the next look; `None` when it has been watched for long enough.
    pub(crate) fn pause(&mut self) -> Option<Duration> {
        self.looks_left = self.looks_left.checked_sub(1)?;
        Some(FIRST_PAUSE)
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
    /// A new connection: what was written before it may have come later than anybody knows.
    pub(crate) fn begin(&mut self) {
        *self = Self { has_met: self.has_met, ..Self::default() };
    }

    pub(crate) fn is_met(&mut self) {
        self.has_met = true;
    }

    /// Over before it begins for a device that this process has driven before.
    pub(crate) fn first_watch<T>(&self) -> FirstWatch<T> {
        FirstWatch { looks_left: if self.has_met { 0 } else { FIRST_LOOKS }, seen: None }
    }

    pub(crate) fn wrote(&mut self, heartbeat: u32) {
        if self.written.len() == REMEMBERED {
            self.written.remove(0);
        }
        self.written.push(heartbeat);
    }

    /// Before the next heartbeat is written: is it time to read the last one?
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let waited = self.looked_at.is_none_or(|looked| now.duration_since(looked) >= LOOK_PERIOD);
        waited && !self.written.is_empty()
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
        let is_ours = self.written.iter().any(|written| shown(*written) == *held);
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

    struct Played {
        rival: Rival,
        now: Instant,
        heartbeat: u32,
    }

    impl Played {
        fn new() -> Self {
            Self { rival: Rival::default(), now: Instant::now(), heartbeat: 70_000 }
        }

        /// Ours is written, the device shows `held`, and it is looked at.
        fn look(&mut self, held: impl Fn(u32) -> u16) -> bool {
            self.heartbeat += 10;
            self.rival.wrote(self.heartbeat);
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
                9..15 => ours.wrapping_sub(100) as u16,
                _ => ours as u16,
            });
            assert!(!told && !played.rival.is_certain(), "{look}");
        }
    }

    #[test]
    fn a_device_that_does_not_tell_its_heartbeat_gives_no_verdict() {
        let (mut rival, now) = (Rival::default(), Instant::now());
        assert!(!rival.is_due(now), "nothing was written yet");
        rival.wrote(1);
        for look in 0..50 {
            let at = now + LOOK_PERIOD * look;
            assert!(rival.is_due(at));
            assert!(!rival.found(None::<&u16>, |heartbeat| heartbeat as u16, at));
        }
    }

    #[test]
    fn who_comes_new_sees_a_heartbeat_that_moves_and_waits_for_none_that_was_never_moved() {
        let mut rival = Rival::default();
        let play = |rival: &Rival, held: &dyn Fn(u32) -> u16| {
            let (mut watch, mut looks) = (rival.first_watch(), 0);
            while watch.pause().is_some() {
                looks += 1;
                if watch.moves(held(looks), held(looks) == 0) {
                    return (looks, true);
                }
            }
            (looks, false)
        };
        assert_eq!(play(&rival, &|look| look as u16), (2, true));
        assert_eq!(play(&rival, &|_| 7), (FIRST_LOOKS, false), "of a controller that was killed");
        assert_eq!(play(&rival, &|_| 0), (1, false), "of none");
        rival.is_met();
        rival.begin();
        assert_eq!(play(&rival, &|look| look as u16), (0, false), "after a cable is back");
    }
}
