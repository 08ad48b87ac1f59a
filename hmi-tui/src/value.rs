//! Numbers as they stand on a screen: fixed decimals, dashes for what is not known.

use model::wire::{BlockKind, PointView};
use model::{Mode, Quality};

/// A number with a fixed count of decimals; never `-0.0`.
pub(crate) fn number(value: f64, decimals: u8) -> String {
    if !value.is_finite() {
        return dashes(decimals);
    }
    let text = format!("{value:.*}", usize::from(decimals.min(9)));
    let zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// With a plus in front of what is positive, for changes and deviations.
pub(crate) fn signed(value: f64, decimals: u8) -> String {
    let text = number(value, decimals);
    if text.starts_with('-') { text } else { format!("+{text}") }
}

/// `--.--`
pub(crate) fn dashes(decimals: u8) -> String {
    match decimals {
        0 => "--".to_owned(),
        _ => format!("--.{}", "-".repeat(usize::from(decimals.min(9)))),
    }
}

/// A value in the manner of its point: words for a switch, a mode for a mode, else a number.
/// `part` is the block that it is a part of, and its role there.
pub(crate) fn shown(
    point: &PointView,
    part: Option<(BlockKind, &str)>,
    value: f64,
    quality: Quality,
) -> String {
    let word = part.and_then(|(kind, role)| word(kind, role, value));
    match (&point.words, word) {
        _ if quality.is_bad() || !value.is_finite() => dashes(point.decimals),
        (Some((zero, one)), _) => (if value >= 0.5 { one } else { zero }).clone(),
        (None, Some(word)) => word.to_owned(),
        (None, None) => number(value, point.decimals),
    }
}

/// The word for a mode, and for the command, state and failure of a device.
fn word(kind: BlockKind, role: &str, value: f64) -> Option<&'static str> {
    // Off, on, turning on, turning off, failed: the values of STATE.
    let states = match kind {
        BlockKind::Motor => ["stopped", "running", "starting", "stopping", "failed"],
        BlockKind::Valve => ["closed", "open", "opening", "closing", "failed"],
        BlockKind::Breaker => ["open", "closed", "closing", "opening", "failed"],
        _ => return (role == "MODE").then(|| Mode::from_value(value).short()),
    };
    match role {
        "MODE" => Some(Mode::from_value(value).short()),
        "STATE" => {
            Some(states.iter().zip(0..).find(|(_, at)| f64::from(*at) == value).map_or("unknown", |s| s.0))
        }
        "CMD" => Some(match (kind, value >= 0.5) {
            (BlockKind::Motor, on) => {
                if on {
                    "start"
                } else {
                    "stop"
                }
            }
            (BlockKind::Valve, on) => {
                if on {
                    "open"
                } else {
                    "close"
                }
            }
            (_, on) => {
                if on {
                    "close"
                } else {
                    "open"
                }
            }
        }),
        "FAIL" => Some(if value >= 0.5 { "does not follow" } else { "none" }),
        _ => None,
    }
}

/// A limit without the zeros that say nothing: `85`, `1.6`.
pub(crate) fn trimmed(value: f64) -> String {
    let text = number(value, 3);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Reads a number as people type it, with a point or a comma.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e'));
    text.parse::<f64>().ok().filter(|value| plain && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{number, parse, signed, trimmed};

    #[test]
    fn numbers_keep_their_decimals_and_lose_a_minus_before_zero() {
        assert_eq!(number(-0.04, 1), "0.0");
        assert_eq!(number(f64::NAN, 2), "--.--");
        assert_eq!(signed(0.0, 1), "+0.0");
        assert_eq!(signed(-3.0, 1), "-3.0");
        assert_eq!(trimmed(85.0), "85");
        assert_eq!(trimmed(1.60), "1.6");
    }

    #[test]
    fn people_type_commas_and_never_infinity() {
        assert_eq!(parse(" 63,5 "), Some(63.5));
        assert_eq!(parse("-1e2"), Some(-100.0));
        for wrong in ["", "inf", "NaN", "6 3", "0x10", "1e999"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
