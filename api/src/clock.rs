//! The time by which sessions and throttles are measured. It is a parameter, so that tests own it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC, that never go back.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The computer's time at the start, then its monotonic clock: setting the time of day
    /// neither ends a session nor prolongs one.
    pub fn system() -> Self {
        let start = Instant::now();
        let start_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, whole_ms);
        Self::from_fn(move || start_ms.saturating_add(whole_ms(start.elapsed())))
    }

    pub fn from_fn(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now_ms())
    }
}

pub(crate) fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
