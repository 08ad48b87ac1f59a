//! Whether a value can still move: the limits of FF-891 and OPC UA, beside its quality.

use serde::{Deserialize, Serialize};

/// In which direction a value can move no further (FF-891: the limit bits of a status; OPC UA Part 8: LimitBits).
///
/// The numbers are those of both standards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Limited {
    /// It moves freely.
    #[default]
    No = 0,
    /// At a lower limit: of its sensor, of its block, or of what comes behind that.
    Low = 1,
    High = 2,
    /// It stands, whatever the process does.
    Constant = 3,
}

impl Limited {
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Of the two bits of a status; others do not count.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::No,
            1 => Self::Low,
            2 => Self::High,
            _ => Self::Constant,
        }
    }

    /// At neither limit, one of them, or at both, between which nothing can move.
    pub const fn at(low: bool, high: bool) -> Self {
        match (low, high) {
            (false, false) => Self::No,
            (true, false) => Self::Low,
            (false, true) => Self::High,
            (true, true) => Self::Constant,
        }
    }

    /// Where a value lies outside its range.
    pub fn outside(value: f64, low: f64, high: f64) -> Self {
        Self::at(value < low, value > high)
    }

    /// This one, or the other where this one says nothing.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match self {
            Self::No => other,
            said => said,
        }
    }

    /// Of a value that falls while this one rises.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
            same => same,
        }
    }

    /// Words for people; nothing of a value that moves freely.
    pub const fn text(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Low => "low limited",
            Self::High => "high limited",
            Self::Constant => "constant",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Limited;

    #[test]
    fn the_bits_are_those_of_the_standards_and_come_back() {
        let all = [Limited::No, Limited::Low, Limited::High, Limited::Constant];
        for (bits, limited) in (0u8..).zip(all) {
            assert_eq!(limited.bits(), bits);
            assert_eq!(Limited::from_bits(bits), limited);
            assert_eq!(Limited::from_bits(bits | 0b1111_0100), limited, "other bits do not count");
        }
    }

    #[test]
    fn a_value_is_limited_on_the_side_on_which_it_lies_outside() {
        assert_eq!(Limited::outside(5.0, 0.0, 4.0), Limited::High);
        assert_eq!(Limited::outside(-1.0, 0.0, 4.0), Limited::Low);
        assert_eq!(Limited::outside(4.0, 0.0, 4.0), Limited::No);
        assert_eq!(Limited::outside(f64::NAN, 0.0, 4.0), Limited::No);
    }
}
