//! Failed logins cost time, so that passwords cannot be guessed.
//!
//! Counted per user at one address, and per address over all users. Not per user over all
//! addresses: whoever knows an operator's name could lock that operator out of the plant.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::limits::THROTTLE_ENTRIES;

/// Slips of the finger that cost nothing.
const FREE_PER_USER: u32 = 5;
const FREE_PER_ADDRESS: u32 = 20;
const FIRST_WAIT_MS: i64 = 1_000;
const LONGEST_WAIT_MS: i64 = 5 * 60_000;
/// A count is forgotten when nothing was tried for so long.
const FORGET_MS: i64 = 15 * 60_000;
/// Longer than any user's name; what is longer counts as one.
const NAME_CHARS: usize = 32;

#[derive(Default)]
pub(crate) struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    User(IpAddr, String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Default)]
struct Count {
    failed: u32,
    last_ms: i64,
    closed_until_ms: i64,
    turned_away: u64,
}

/// An attempt that may go on. It counts as failed until it succeeds, so that many at once gain nothing.
pub(crate) struct Attempt {
    user: Key,
    address: Key,
    /// Attempts that were turned away since the last one that went on.
    pub(crate) turned_away: u64,
}

/// Come back in so many milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) wait_ms: i64,
}

impl Throttle {
    pub(crate) fn admit(&self, user: &str, address: IpAddr, now_ms: i64) -> Result<Attempt, Closed> {
        let address = neighbourhood(address);
        let user = Key::User(address, user.chars().take(NAME_CHARS).collect());
        let address = Key::Address(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let wait_ms = [&user, &address]
            .into_iter()
            .filter_map(|key| counts.get(key))
            .map(|count| count.closed_until_ms.saturating_sub(now_ms))
            .max()
            .unwrap_or(0);
        if wait_ms > 0 {
            for key in [&user, &address] {
                if let Some(count) = counts.get_mut(key) {
                    count.turned_away += 1;
                }
            }
            return Err(Closed { wait_ms });
        }
        make_room(&mut counts, now_ms);
        let here = count_failure(&mut counts, &user, FREE_PER_USER, now_ms);
        let anybody = count_failure(&mut counts, &address, FREE_PER_ADDRESS, now_ms);
        Ok(Attempt { user, address, turned_away: here.max(anybody) })
    }

    /// Forgets the failures of this user here, and takes this attempt back from the address.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(&attempt.user);
        if let Some(count) = counts.get_mut(&attempt.address) {
            count.failed = count.failed.saturating_sub(1);
            if count.failed < FREE_PER_ADDRESS {
                count.closed_until_ms = 0;
            }
        }
    }
}

fn count_failure(counts: &mut HashMap<Key, Count>, key: &Key, free: u32, now_ms: i64) -> u64 {
    let count = counts.entry(key.clone()).or_default();
    if now_ms.saturating_sub(count.last_ms) > FORGET_MS {
        *count = Count::default();
    }
    count.failed = count.failed.saturating_add(1);
    count.last_ms = now_ms;
    if count.failed >= free {
        let doubled = FIRST_WAIT_MS << (count.failed - free).min(20);
        count.closed_until_ms = now_ms.saturating_add(doubled.min(LONGEST_WAIT_MS));
    }
    std::mem::take(&mut count.turned_away)
}

/// Two places must be free. The table forgets what is old, then whatever was tried longest ago.
fn make_room(counts: &mut HashMap<Key, Count>, now_ms: i64) {
    if counts.len() + 2 <= THROTTLE_ENTRIES {
        return;
    }
    counts.retain(|_, count| now_ms.saturating_sub(count.last_ms) <= FORGET_MS);
    if counts.len() + 2 <= THROTTLE_ENTRIES {
        return;
    }
    // An eighth at a time, so that a flood of names does not sort the table at every attempt.
    let mut ages: Vec<i64> = counts.values().map(|count| count.last_ms).collect();
    let (_, median, _) = ages.select_nth_unstable(THROTTLE_ENTRIES / 8);
    let oldest = *median;
    counts.retain(|_, count| count.last_ms > oldest);
}

/// One customer of an IPv6 network owns a whole /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{Closed, LONGEST_WAIT_MS, Throttle};
    use crate::limits::THROTTLE_ENTRIES;
    use std::net::IpAddr;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fail(throttle: &Throttle, user: &str, from: &str, now_ms: i64) -> Result<(), Closed> {
        throttle.admit(user, address(from), now_ms).map(drop)
    }

    #[test]
    fn after_five_failures_the_wait_doubles_up_to_five_minutes() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(fail(&throttle, "jane", "10.0.0.5", 0), Ok(()));
        }
        let mut now_ms = 0;
        for wait_ms in
            [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]
        {
            assert_eq!(fail(&throttle, "jane", "10.0.0.5", now_ms), Err(Closed { wait_ms }));
            now_ms += wait_ms;
            assert_eq!(fail(&throttle, "jane", "10.0.0.5", now_ms), Ok(()));
        }
        assert_eq!(LONGEST_WAIT_MS, 300_000);
    }

    #[test]
    fn others_at_the_address_and_the_same_user_elsewhere_are_let_in() {
        let throttle = Throttle::default();
        for _ in 0..6 {
            let _ = fail(&throttle, "jane", "10.0.0.5", 0);
        }
        assert!(fail(&throttle, "jane", "10.0.0.5", 0).is_err());
        assert_eq!(fail(&throttle, "bob", "10.0.0.5", 0), Ok(()));
        assert_eq!(fail(&throttle, "jane", "10.0.0.6", 0), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_names_is_closed_for_all_of_them() {
        let throttle = Throttle::default();
        for number in 0..20 {
            assert_eq!(fail(&throttle, &format!("user{number}"), "2001:db8::1", 0), Ok(()));
        }
        assert!(fail(&throttle, "another", "2001:db8::ffff", 0).is_err(), "the same /64");
        assert_eq!(fail(&throttle, "another", "2001:db8:0:1::1", 0), Ok(()));
    }

    #[test]
    fn a_success_forgets_the_slips_before_it() {
        let throttle = Throttle::default();
        for now_ms in 0..100 {
            for _ in 0..3 {
                fail(&throttle, "jane", "10.0.0.5", now_ms * 3_600_000).unwrap();
            }
            let attempt = throttle.admit("jane", address("10.0.0.5"), now_ms * 3_600_000).ok().unwrap();
            throttle.succeeded(&attempt);
        }
    }

    #[test]
    fn successes_alone_never_close_an_address() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let attempt = throttle.admit("script", address("10.0.0.5"), 0).ok().unwrap();
            throttle.succeeded(&attempt);
        }
    }

    #[test]
    fn what_was_turned_away_is_told_with_the_next_attempt() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            fail(&throttle, "jane", "10.0.0.5", 0).unwrap();
        }
        for _ in 0..7 {
            assert!(fail(&throttle, "jane", "10.0.0.5", 1).is_err());
        }
        assert_eq!(throttle.admit("jane", address("10.0.0.5"), 1_000).ok().unwrap().turned_away, 7);
    }

    #[test]
    fn the_table_stays_bounded_under_a_flood_of_addresses() {
        let throttle = Throttle::default();
        for number in 0..3 * THROTTLE_ENTRIES as u32 {
            let from = IpAddr::from(std::net::Ipv4Addr::from_bits(number));
            let _ = throttle.admit("admin", from, i64::from(number));
            assert!(throttle.counts.lock().unwrap().len() <= THROTTLE_ENTRIES);
        }
        assert!(throttle.counts.lock().unwrap().len() > THROTTLE_ENTRIES / 2);
    }
}
