//! A tuning experiment or a stroke test: what a person lets the controller do with the output of a loop, and
//! its end.

use serde::{Deserialize, Serialize};

/// The plan of an experiment. It is bounded on every side before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub shape: ExperimentShape,
    /// A step goes so far, with its sign; a relay goes so far to both sides. Units of OUT.
    pub amplitude: f64,
    /// A relay swings about OUT plus this; a little of it shows the gain at rest. Units of OUT.
    #[serde(default)]
    pub bias: f64,
    /// A relay turns when PV has passed where it stood by so much: more than the noise. Units of PV.
    #[serde(default)]
    pub hysteresis: f64,
    /// PV further than this from where it stood ends the experiment. Units of PV.
    pub deviation: f64,
    /// Each stage of a step lasts so long; a relay ends then at the latest.
    pub for_ms: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ExperimentShape {
    /// Rest, then a step.
    Step = 0,
    /// Rest, a step, and back: tells a drift from the response, and brings an integrating process back.
    Pulse = 1,
    /// Rest, then a relay about PV, until it has turned often enough.
    Relay = 2,
    /// Rest, then slowly away and back with the valve's position watched: named by the valve, not by the loop.
    /// Zero for amplitude, deviation or time means what the plant's text declares.
    /// Or, named by an on/off valve: all the way to its other limit switch and back.
    Stroke = 3,
    /// An on/off valve off its seat and back at once. The numbers of the plan are zero.
    PartialStroke = 4,
}

impl ExperimentShape {
    pub const ALL: [Self; 5] = [Self::Step, Self::Pulse, Self::Relay, Self::Stroke, Self::PartialStroke];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Step => "step test",
            Self::Pulse => "pulse test",
            Self::Relay => "relay test",
            Self::Stroke => "stroke test",
            Self::PartialStroke => "partial stroke test",
        }
    }
}

/// What an experiment reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentChange {
    /// OUT and PV as they stand, in manual.
    Began {
        shape: ExperimentShape,
        out: f64,
        pv: f64,
    },
    /// One whole cycle of a relay: its length and the extremes of PV.
    Cycle {
        period_ms: u32,
        low: f64,
        high: f64,
    },
    /// What a stroke test found: dead band plus stick band and slip jump in units of OUT, and how long the valve
    /// needed for the way out. A number that was not reached is where the test gave up.
    Stroked {
        result: StrokeResult,
        breakaway: f64,
        jump: f64,
        travel_ms: u32,
    },
    /// What the test of an on/off valve found: how long it needed for the way out, and for the way back.
    Timed {
        result: StrokeResult,
        away_ms: u32,
        back_ms: u32,
    },
    Ended {
        shape: ExperimentShape,
        reason: ExperimentEnd,
    },
}

/// How a valve came out of its last stroke test; the number is what its RESULT shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum StrokeResult {
    /// Never tested.
    #[default]
    None = 0,
    Running = 1,
    Passed = 2,
    /// It stuck, jumped or was late.
    Failed = 3,
    /// The test was cut off: it says nothing about the valve.
    Aborted = 4,
}

impl StrokeResult {
    pub const ALL: [Self; 5] = [Self::None, Self::Running, Self::Passed, Self::Failed, Self::Aborted];

    pub fn from_value(value: f64) -> Self {
        Self::ALL.into_iter().find(|result| f64::from(*result as u8) == value).unwrap_or_default()
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "not tested",
            Self::Running => "runs",
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::Aborted => "aborted",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ExperimentEnd {
    Done = 0,
    /// A relay that did not turn often enough in its time.
    TimeUp = 1,
    /// PV went too far.
    Deviation = 2,
    /// PV is bad.
    BadPv = 3,
    /// Somebody has changed the mode or moved the output.
    TakenOver = 4,
    /// An interlock, a phase or a lost device dictates the output, or the controller was restarted.
    Interrupted = 5,
    /// A person has ended it.
    Ordered = 6,
    /// The measured position of the valve is bad, or forced by hand.
    BadPosition = 7,
}

impl ExperimentEnd {
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::TimeUp,
        Self::Deviation,
        Self::BadPv,
        Self::TakenOver,
        Self::Interrupted,
        Self::Ordered,
        Self::BadPosition,
    ];

    pub const fn text(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::TimeUp => "its time is over before it turned often enough",
            Self::Deviation => "PV went too far",
            Self::BadPv => "PV is bad",
            Self::TakenOver => "the loop was taken over",
            Self::Interrupted => "interrupted",
            Self::Ordered => "ended by order",
            Self::BadPosition => "the position is bad or forced",
        }
    }
}
