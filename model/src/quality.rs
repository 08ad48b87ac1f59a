//! How far a value may be trusted: OPC UA's Good, Uncertain and Bad with a reason.

use serde::{Deserialize, Serialize};

/// Quality of a value, OPC UA's severity with the sub-status that control acts on.
///
/// The number is stable: it is what the history, the journal and the API carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
#[repr(u8)]
pub enum Quality {
    #[default]
    Good = 0,
    /// Good, and forced by hand in place of what the field says or is told.
    GoodLocalOverride = 1,
    /// The last usable value, shown while its source is in doubt.
    UncertainLastUsable = 64,
    /// The sensor reports that it is outside its calibrated range.
    UncertainEngineeringRange = 65,
    /// Derived from inputs of which at least one is uncertain.
    UncertainSubNormal = 66,
    /// No value has been received yet.
    BadWaitingForInitialData = 128,
    /// The link to the device is down; the value is the last one that arrived.
    BadNoCommunication = 129,
    /// The device says that its sensor has failed.
    BadSensorFailure = 130,
    /// The device answers, and refuses this item.
    BadDeviceFailure = 131,
    /// A value that is no number, or outside what the item can carry.
    BadOutOfRange = 132,
    /// Taken out of service by a person.
    BadOutOfService = 133,
    /// A calculation whose inputs are bad, or whose result is no number.
    BadCalculation = 134,
}

impl Quality {
    pub const fn is_good(self) -> bool {
        (self as u8) < 64
    }

    pub const fn is_uncertain(self) -> bool {
        let code = self as u8;
        code >= 64 && code < 128
    }

    pub const fn is_bad(self) -> bool {
        self as u8 >= 128
    }

    /// Usable for control: Good or Uncertain.
    pub const fn is_usable(self) -> bool {
        !self.is_bad()
    }

    /// The poorer of two, which is what a result of both deserves.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other as u8 / 64 > self as u8 / 64 { other } else { self }
    }

    /// The letter behind a value on a screen: nothing when good.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Good => "",
            Self::GoodLocalOverride => "F",
            _ if self.is_uncertain() => "?",
            _ => "!",
        }
    }

    /// Words for people, in the manner of NE 107.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::GoodLocalOverride => "good, forced by hand",
            Self::UncertainLastUsable => "uncertain, last usable value",
            Self::UncertainEngineeringRange => "uncertain, outside the calibrated range",
            Self::UncertainSubNormal => "uncertain, derived from uncertain inputs",
            Self::BadWaitingForInitialData => "bad, no value received yet",
            Self::BadNoCommunication => "bad, no communication with the device",
            Self::BadSensorFailure => "bad, sensor failure",
            Self::BadDeviceFailure => "bad, the device refuses this item",
            Self::BadOutOfRange => "bad, not a number or out of range",
            Self::BadOutOfService => "bad, out of service",
            Self::BadCalculation => "bad, calculation without usable inputs",
        }
    }
}

impl From<Quality> for u8 {
    fn from(quality: Quality) -> Self {
        quality as u8
    }
}

/// An unknown code keeps its severity, so that a newer peer is never read as Good.
impl From<u8> for Quality {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::Good,
            1 => Self::GoodLocalOverride,
            64 => Self::UncertainLastUsable,
            65 => Self::UncertainEngineeringRange,
            66 => Self::UncertainSubNormal,
            128 => Self::BadWaitingForInitialData,
            129 => Self::BadNoCommunication,
            130 => Self::BadSensorFailure,
            131 => Self::BadDeviceFailure,
            132 => Self::BadOutOfRange,
            133 => Self::BadOutOfService,
            134 => Self::BadCalculation,
            2..=127 => Self::UncertainSubNormal,
            _ => Self::BadDeviceFailure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quality;

    #[test]
    fn every_code_survives_the_round_trip_or_keeps_its_doubt() {
        for code in 0..=255u8 {
            let quality = Quality::from(code);
            if u8::from(quality) != code {
                assert!(!quality.is_good(), "code {code} must not be read as good");
            }
        }
    }

    #[test]
    fn the_worst_of_two_keeps_the_first_of_equal_severity() {
        let first = Quality::BadSensorFailure;
        assert_eq!(first.worst(Quality::BadNoCommunication), first);
        assert_eq!(Quality::Good.worst(first), first);
    }
}
