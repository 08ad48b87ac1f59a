//! Modes of a control block, as in FF-891 and in every control room.

use serde::{Deserialize, Serialize};

/// Mode of a control block. The number is its value in the process image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Mode {
    OutOfService = 0,
    #[default]
    Manual = 1,
    Auto = 2,
    /// The set point comes from another block.
    Cascade = 3,
    /// The set point comes from a phase or from another system.
    RemoteCascade = 4,
    /// The output comes from a phase or from another system.
    RemoteOutput = 5,
    /// A cascade primary that follows its secondary until that one listens.
    Initialising = 6,
    /// The output is dictated: an interlock, or a lost output.
    Tracking = 7,
}

impl Mode {
    pub const ALL: [Self; 8] = [
        Self::OutOfService,
        Self::Manual,
        Self::Auto,
        Self::Cascade,
        Self::RemoteCascade,
        Self::RemoteOutput,
        Self::Initialising,
        Self::Tracking,
    ];

    /// The word on the screen: at most four letters, so that columns line up.
    pub const fn short(self) -> &'static str {
        match self {
            Self::OutOfService => "OOS",
            Self::Manual => "MAN",
            Self::Auto => "AUTO",
            Self::Cascade => "CAS",
            Self::RemoteCascade => "RCAS",
            Self::RemoteOutput => "ROUT",
            Self::Initialising => "IMAN",
            Self::Tracking => "TRK",
        }
    }

    /// Reads a mode as people write it: `auto`, `AUTO`, `cas`, `cascade`.
    pub fn parse(text: &str) -> Option<Self> {
        let long = |mode: Self| match mode {
            Self::OutOfService => "out_of_service",
            Self::Manual => "manual",
            Self::Auto => "auto",
            Self::Cascade => "cascade",
            Self::RemoteCascade => "remote_cascade",
            Self::RemoteOutput => "remote_output",
            Self::Initialising => "initialising",
            Self::Tracking => "tracking",
        };
        Self::ALL
            .into_iter()
            .find(|mode| text.eq_ignore_ascii_case(mode.short()) || text.eq_ignore_ascii_case(long(*mode)))
    }

    /// The mode behind an image value; anything else reads as manual.
    pub fn from_value(value: f64) -> Self {
        Self::ALL.into_iter().find(|mode| f64::from(*mode as u8) == value).unwrap_or(Self::Manual)
    }

    pub const fn value(self) -> f64 {
        self as u8 as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn modes_survive_text_and_image() {
        for mode in Mode::ALL {
            assert_eq!(Mode::parse(mode.short()), Some(mode));
            assert_eq!(Mode::from_value(mode.value()), mode);
        }
        assert_eq!(Mode::parse("cascade"), Some(Mode::Cascade));
        assert_eq!(Mode::parse("automatic"), None);
        assert_eq!(Mode::from_value(f64::NAN), Mode::Manual);
    }
}
