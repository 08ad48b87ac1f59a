//! Times and spans as people write them.

use chrono::{DateTime, FixedOffset, Local, TimeZone, Utc};

/// Whose clock on the wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Local,
    Utc,
}

impl Zone {
    fn at(self, time_ms: i64) -> Option<DateTime<FixedOffset>> {
        let utc = Utc.timestamp_millis_opt(time_ms).single()?;
        Some(match self {
            Self::Local => utc.with_timezone(&Local).fixed_offset(),
            Self::Utc => utc.fixed_offset(),
        })
    }

    fn format(self, time_ms: i64, pattern: &str) -> String {
        self.at(time_ms).map_or_else(|| "--".to_owned(), |time| time.format(pattern).to_string())
    }

    /// `14:32:07`
    pub(crate) fn clock(self, time_ms: i64) -> String {
        self.format(time_ms, "%H:%M:%S")
    }

    /// `14:32`
    pub(crate) fn minute(self, time_ms: i64) -> String {
        self.format(time_ms, "%H:%M")
    }

    /// `14:32:07.400`
    pub(crate) fn milli(self, time_ms: i64) -> String {
        self.format(time_ms, "%H:%M:%S%.3f")
    }

    /// `2026-10-28 14:32:07`
    pub(crate) fn full(self, time_ms: i64) -> String {
        self.format(time_ms, "%Y-%m-%d %H:%M:%S")
    }

    /// `28-Oct 14:32`
    pub(crate) fn day_minute(self, time_ms: i64) -> String {
        self.format(time_ms, "%d-%b %H:%M")
    }

    /// `+01:00`
    pub(crate) fn offset(self, time_ms: i64) -> String {
        self.format(time_ms, "%:z")
    }
}

/// A time that the wire carried, kept where differences of two cannot overflow: 1970 to 9999.
pub(crate) fn sane(time_ms: i64) -> i64 {
    time_ms.clamp(0, 253_402_300_799_000)
}

/// An age in two words at most: `41 s`, `29 m`, `2 h 20`, `3 d`.
pub(crate) fn age(span_ms: i64) -> String {
    let seconds = span_ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} m", seconds / 60),
        3600..86_400 => format!("{} h {:02}", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A span to the second: `00:05:27`.
pub(crate) fn stopwatch(span_ms: i64) -> String {
    let seconds = span_ms.max(0) / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A round span: `90 s`, `10 m`, `2 h`, `7 d`.
pub(crate) fn span(span_ms: i64) -> String {
    let seconds = span_ms / 1000;
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s >= 3600 && s % 3600 == 0 => format!("{} h", s / 3600),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s if s > 0 => format!("{s} s"),
        _ => format!("{span_ms} ms"),
    }
}

/// Reads `90s`, `10m`, `10min`, `2h`, `7d`.
pub(crate) fn parse_span(text: &str) -> Option<i64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor).filter(|span| *span > 0)
}

#[cfg(test)]
mod tests {
    use super::{Zone, age, parse_span, span, stopwatch};

    #[test]
    fn ages_are_short_and_spans_are_round() {
        assert_eq!(age(41_900), "41 s");
        assert_eq!(age(29 * 60_000), "29 m");
        assert_eq!(age(8_400_000), "2 h 20");
        assert_eq!(age(-5), "0 s");
        assert_eq!(stopwatch(327_000), "00:05:27");
        assert_eq!(span(7_200_000), "2 h");
        assert_eq!(span(600_000), "10 min");
        assert_eq!(Zone::Utc.milli(1_400), "00:00:01.400");
        assert_eq!(Zone::Utc.clock(i64::MAX), "--");
    }

    #[test]
    fn spans_read_back_and_nonsense_is_refused() {
        assert_eq!(parse_span("24h"), Some(86_400_000));
        assert_eq!(parse_span("5min"), Some(300_000));
        for wrong in ["", "h", "5", "0s", "5 parsecs", "99999999999999999999d"] {
            assert_eq!(parse_span(wrong), None, "{wrong}");
        }
    }
}
