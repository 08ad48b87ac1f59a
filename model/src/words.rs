//! Numbers and times as people read them, the same on every screen and in every list.

use alloc::{borrow::ToOwned, format, string::String};

/// A number with a fixed count of decimals; never `-0.0`.
pub fn number(value: f64, decimals: u8) -> String {
    let text = format!("{value:.*}", usize::from(decimals.min(9)));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// As short as it was written: no more decimals than it needs, at most nine.
pub fn short_number(value: f64) -> String {
    let text = number(value, 9);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number with its unit, if it has one.
pub fn joined(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// `12 s`, `3 min 5 s`, `1 h 20 min`, `0.5 s`.
pub fn duration(ms: u64) -> String {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    match seconds {
        0 if rest != 0 => format!("{} s", number(ms as f64 / 1000.0, if rest % 100 == 0 { 1 } else { 2 })),
        0..60 if rest != 0 => format!("{} s", number(ms as f64 / 1000.0, 1)),
        0..60 => format!("{seconds} s"),
        60..3600 if seconds % 60 == 0 => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, number, short_number};

    #[test]
    fn numbers_have_no_negative_zero() {
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(-0.006, 2), "-0.01");
        assert_eq!(number(11.25, 1), "11.2");
        assert_eq!([8.4, 50.0, -0.0].map(short_number), ["8.4", "50", "0"]);
    }

    #[test]
    fn durations_read_as_people_say_them() {
        let texts: alloc::vec::Vec<_> =
            [0, 500, 2500, 12_000, 60_000, 185_000, 3_600_000, 4_800_000].map(duration).into();
        assert_eq!(texts, ["0 s", "0.5 s", "2.5 s", "12 s", "1 min", "3 min 5 s", "1 h", "1 h 20 min"]);
    }
}
