//! The wall clock, at the edge: scans count ticks, people read time.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, NaiveDateTime, TimeZone as _};

use crate::real_time;

/// Milliseconds since 1970, UTC.
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds of a clock that nobody sets, since an arbitrary start.
pub fn monotonic_ms() -> u64 {
    u64::try_from(real_time::now().as_millis()).unwrap_or(u64::MAX)
}

/// When each tick was: tick 0 stood at `epoch_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickClock {
    pub epoch_ms: i64,
    pub period_ms: u32,
}

impl TickClock {
    pub fn time_ms(self, tick: u64) -> i64 {
        let elapsed = i64::try_from(tick.saturating_mul(u64::from(self.period_ms))).unwrap_or(i64::MAX);
        self.epoch_ms.saturating_add(elapsed)
    }

    pub fn tick_at(self, time_ms: i64) -> u64 {
        u64::try_from(time_ms.saturating_sub(self.epoch_ms)).unwrap_or(0) / u64::from(self.period_ms.max(1))
    }

    /// The first tick of a run that begins now: that of the clock on the wall, but never one that a run before has
    /// taken, however far that clock has been set back since.
    pub fn first_tick(self, taken: Option<u64>, now_ms: i64) -> u64 {
        self.tick_at(now_ms).max(taken.map_or(0, |tick| tick + 1))
    }

    /// By how much the time of this tick is ahead of the clock on the wall.
    pub fn ahead_ms(self, tick: u64, now_ms: i64) -> i64 {
        self.time_ms(tick).saturating_sub(now_ms)
    }
}

pub fn local_text(time_ms: i64) -> String {
    DateTime::from_timestamp_millis(time_ms).map_or_else(
        || format!("{time_ms} ms"),
        |time| time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
    )
}

/// For files that other programs read.
pub fn utc_text(time_ms: i64) -> String {
    DateTime::from_timestamp_millis(time_ms)
        .map_or_else(|| time_ms.to_string(), |time| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Reads `now`, `-10min` (before `reference_ms`), or a local time such as `2026-11-23T14:00:00`.
pub fn parse(text: &str, reference_ms: i64) -> Result<i64, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(reference_ms);
    }
    if let Some(back) = text.strip_prefix('-') {
        let digits = back.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(back.len());
        let (number, unit) = back.split_at(digits);
        let scale = model::Unit::parse(if unit == "m" { "min" } else { unit })
            .filter(|unit| unit.dimension() == model::Dimension::Time)
            .and_then(|unit| unit.convert(1.0, model::Unit::parse("ms")?));
        if let (Ok(number), Some(scale)) = (number.parse::<f64>(), scale) {
            return Ok(reference_ms - (number * scale) as i64);
        }
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp_millis());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format)
            && let Some(local) = Local.from_local_datetime(&time).earliest()
        {
            return Ok(local.timestamp_millis());
        }
    }
    Err(format!("cannot read the time \"{text}\": write now, -10min, -2h, or 2026-11-23T14:00:00"))
}

#[cfg(test)]
mod tests {
    use super::{TickClock, parse};

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(parse("now", 1_000_000), Ok(1_000_000));
        assert_eq!(parse("-10min", 1_000_000), Ok(400_000));
        assert_eq!(parse("-1.5s", 1_000_000), Ok(998_500));
        assert_eq!(parse("1970-01-01T00:00:01Z", 0), Ok(1000));
        assert!(parse("-5parsecs", 0).unwrap_err().contains("parsecs"));
    }

    #[test]
    fn ticks_and_times_convert_into_each_other() {
        let clock = TickClock { epoch_ms: 1000, period_ms: 10 };
        assert_eq!((clock.time_ms(5), clock.tick_at(1050), clock.tick_at(0)), (1050, 5, 0));
    }
}
