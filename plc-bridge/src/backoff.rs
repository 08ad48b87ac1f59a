//! How long to wait before the next attempt: doubling, bounded, and a little different for everyone,
//! so that forty devices behind one switch do not return in step.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new((first, longest): (Duration, Duration)) -> Self {
        Self { first, longest, next: first }
    }

    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let jitter_percent = RandomState::new().hash_one(self.next) % 20;
        let pause = self.next + self.next * jitter_percent as u32 / 100;
        self.next = (self.next * 2).min(self.longest);
        pause.min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_bound_and_starts_again_after_success() {
        let bounds = (Duration::from_millis(250), Duration::from_secs(2));
        let mut backoff = Backoff::new(bounds);
        let pauses: Vec<Duration> = (0..50).map(|_| backoff.pause()).collect();
        assert!(pauses[0] >= bounds.0 && pauses[0] <= bounds.0 * 12 / 10);
        assert!(pauses[1] >= bounds.0 * 2);
        assert!(pauses.iter().all(|pause| *pause <= bounds.1));
        assert_eq!(pauses[49], bounds.1);
        backoff.reset();
        assert!(backoff.pause() <= bounds.0 * 12 / 10);
    }
}
