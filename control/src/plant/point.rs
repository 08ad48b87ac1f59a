//! What a value of the plant is: range, where it comes from, who may write it.

use alloc::string::String;
use model::wire::Role;
use model::{BlockId, InterlockId, PhaseId, Unit};

/// One value of the process image.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub name: String,
    pub description: String,
    pub area: String,
    pub unit: Unit,
    pub low: f64,
    pub high: f64,
    pub decimals: u8,
    pub normal: Option<(f64, f64)>,
    pub words: Option<(String, String)>,
    /// Value before the first scan. A field input starts Bad (waiting), everything else Good.
    pub initial: f64,
    pub origin: Origin,
    /// Who may write it by command, and within which limits.
    pub write: Option<Write>,
    /// Device and address, for people.
    pub source: Option<String>,
}

/// Where the value of a point comes from: its one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `io.points[_]`, direction input.
    Field(u32),
    /// `io.points[_]`, direction output; written by a block, a phase or a person.
    FieldOutput(u32),
    /// The link state of a device.
    Link(model::DeviceId),
    /// A part of a block: some are results, some (SP, CMD, tuning) are written by commands.
    Block(BlockId),
    /// Entered by hand.
    Entry,
    /// A parameter of a phase, set from its recipe.
    Phase(PhaseId),
    /// Whether an interlock has tripped; the engine tells it after its interlocks.
    Interlock(InterlockId),
    /// How the scan keeps its time. The shell tells it as an input, so a replay hears it from the journal.
    Scan(ScanTiming),
}

/// What a tag with `scan` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanTiming {
    /// By how much this scan began late; 0 below one base period.
    Lateness,
    /// By how much the scan before took longer than the base period.
    Overrun,
    /// Scans that began at least one base period late, since the controller started.
    LateTicks,
    /// Scans that took longer than the base period, since the controller started.
    Overruns,
    /// Tags that are forced at this moment. The engine itself knows it; the shell does not tell it.
    Forced,
    /// Interlocks that are bypassed at this moment; the engine itself knows it too.
    Bypassed,
    /// Devices and loops that are out of service at this moment; the engine itself knows it too.
    OutOfService,
    /// By how much the controller's time is ahead of the clock on the wall; negative when it is behind.
    ClockOffset,
}

impl ScanTiming {
    pub const ALL: [(&'static str, Self); 8] = [
        ("lateness", Self::Lateness),
        ("overrun", Self::Overrun),
        ("late-ticks", Self::LateTicks),
        ("overruns", Self::Overruns),
        ("forced", Self::Forced),
        ("bypassed", Self::Bypassed),
        ("out-of-service", Self::OutOfService),
        ("clock-offset", Self::ClockOffset),
    ];

    /// The shell tells it; the others are of the engine's own state.
    pub fn is_told(self) -> bool {
        !matches!(self, Self::Forced | Self::Bypassed | Self::OutOfService)
    }

    /// A time, or a count.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Lateness | Self::Overrun | Self::ClockOffset)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Write {
    pub low: f64,
    pub high: f64,
    pub role: Role,
}
