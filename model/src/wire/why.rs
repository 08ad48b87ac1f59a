//! Why something is as it is: data, and the lines that people read, made from the data and nothing else.
//!
//! A [`WhyLine`] holds no text. What a screen shows is [`WhyLine::text`], and the `text` that stands in JSON beside the
//! data is the same, written when the line is sent and not heard when it arrives.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

use crate::{AlarmState, BlockId, Limited, Mode, Priority, ProcState, Quality};

mod text;

/// Why something is as it is, one line per term, deeper terms indented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// Name and description, as a headline.
    pub title: String,
    /// What is explained: for `TIC-311.SP` that is the loop TIC-311.
    pub name: String,
    pub kind: WhyKind,
    /// How it stands, in the word that lists have for it: `tripped`, `AUTO`, `running`, `holding`.
    pub verdict: String,
    pub lines: Vec<WhyLine>,
    /// What the next thing that a person or the plant would do waits for; absent where nothing waits.
    pub missing: Option<Missing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyKind {
    Loop,
    Motor,
    Valve,
    Breaker,
    /// Motors that stand in for each other.
    Group,
    Calculation,
    Filter,
    Ratio,
    Ramp,
    Selector,
    Split,
    /// A function block.
    Function,
    /// A control valve whose position is measured.
    Position,
    Interlock,
    Alarm,
    Phase,
    Recipe,
    Tag,
}

/// What is missing for a goal; with no lines nothing is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// `reset`, `start`, `open`, `close`, `next step`.
    pub goal: String,
    pub lines: Vec<WhyLine>,
}

/// One line: its place, its truth, where Enter leads, and what it says, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Sent", into = "Sent")]
pub struct WhyLine {
    pub indent: u8,
    /// The truth of the term; `None` for one that is no condition or whose inputs are bad.
    pub holds: Option<bool>,
    pub block: Option<BlockId>,
    pub fact: WhyFact,
}

/// A line on the wire: with its text for whoever only shows it.
#[derive(Serialize, Deserialize)]
struct Sent {
    indent: u8,
    #[serde(default)]
    text: String,
    holds: Option<bool>,
    block: Option<BlockId>,
    #[serde(flatten)]
    fact: WhyFact,
}

impl From<Sent> for WhyLine {
    fn from(Sent { indent, holds, block, fact, .. }: Sent) -> Self {
        Self { indent, holds, block, fact }
    }
}

impl From<WhyLine> for Sent {
    fn from(line: WhyLine) -> Self {
        let text = line.text();
        let WhyLine { indent, holds, block, fact } = line;
        Self { indent, text, holds, block, fact }
    }
}

/// What a line says. Times are milliseconds; a `remaining_ms` counts down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WhyFact {
    /// A heading or a remark without a live value.
    Words {
        words: String,
    },
    /// One condition that is not taken apart further.
    Term(WhyTerm),
    /// Conditions that stand below it with a deeper indent.
    Group(WhyGroup),
    /// A value, and what the loop says of it.
    Value(WhyPoint),
    Forced {
        to: WhyValue,
        remaining_ms: u64,
        /// What the field says of an input that is forced.
        field: Option<WhyValue>,
    },
    /// An interlock dictates it.
    ForcedBy {
        interlock: String,
        description: String,
    },
    /// A phase owns it.
    OwnedBy {
        phase: String,
        batch: Option<String>,
        state: ProcState,
    },
    Mode {
        actual: Mode,
        ordered: Mode,
        normal: Mode,
    },
    /// The sum that makes OUT.
    Sum(WhySum),
    /// The gain is bent at this error; `band`: by the gap that the error lies in.
    Gain {
        factor: f64,
        band: Option<WhyValue>,
    },
    /// The rate limit holds OUT back.
    Moving {
        to: WhyValue,
        unit: String,
        per_s: f64,
    },
    /// A motor, valve, breaker or group: what it is told and how it is.
    Device {
        command: String,
        state: String,
    },
    /// The feedbacks of a device follow its order, whatever the field says.
    Simulated {
        remaining_ms: u64,
    },
    /// A motor of a group.
    Member {
        name: String,
        state: String,
        by_hand: bool,
        ready: bool,
        leads: bool,
    },
    Interlock {
        tripped: bool,
        cause_stands: bool,
        latched: bool,
    },
    Bypassed {
        remaining_ms: u64,
    },
    /// The cause that stood first at the last trip.
    FirstOut {
        number: u16,
        cause: String,
        ago_ms: u64,
    },
    /// A cause; its condition stands below it. `bad`: its inputs leave the truth open.
    Cause {
        number: u16,
        cause: String,
        bad: bool,
        trips_on_bad: bool,
    },
    /// What an interlock dictates, and where that stands now.
    Action {
        action: String,
        tag: String,
        to: WhyValue,
        now: WhyValue,
    },
    /// The phase that a trip starts; `waits` for the phase of an earlier trip to end.
    Starts {
        phase: String,
        state: ProcState,
        waits: bool,
    },
    Alarm {
        state: AlarmState,
        priority: Priority,
    },
    Shelved {
        remaining_ms: u64,
    },
    /// The alarm's condition and the alarm differ while this runs.
    Delay(WhyDelay),
    Phase {
        state: ProcState,
        for_ms: Option<u64>,
        batch: Option<String>,
    },
    Batch {
        batch: String,
        state: ProcState,
        for_ms: u64,
    },
    /// The trip that started a phase.
    StartedBy {
        interlock: String,
    },
    Step {
        number: u16,
        title: String,
    },
    /// A way out of a step that has several, or one elsewhere than to the next: in order of priority.
    Way {
        /// Number of the step; nothing for the end of its section.
        to: Option<u16>,
        title: String,
    },
    /// An action that cannot be done now.
    Refused {
        action: String,
        reason: String,
    },
    /// The time that a step has.
    Within {
        limit_ms: u64,
        elapsed_ms: u64,
        then: String,
        because: String,
    },
    /// The phase that a procedure is in, or comes to next.
    Call {
        phase: String,
        started: bool,
    },
}

/// A value as it is now. Its quality is the number of `GET /snapshot`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WhyValue {
    pub value: f64,
    /// Empty for a number without one.
    pub unit: String,
    /// As its tag is shown; `None`: as many as the number needs.
    pub decimals: Option<u8>,
    /// Of a switch, a state, a mode.
    pub word: Option<String>,
    pub quality: Quality,
    /// A person forces the tag.
    pub forced: bool,
}

/// A condition: as it is written, and its parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WhyTerm {
    /// `FT-301 < 8.4 m3/h for 30 s`
    pub condition: String,
    /// What is compared, when it is one tag.
    pub tag: Option<String>,
    /// `<`, `<=`, `>`, `>=`, `=`, `<>`; `on` of a switch; `good` and `bad` of a quality. A limit stands to the right.
    pub operator: Option<String>,
    pub limit: Option<WhyValue>,
    /// The limit is no constant; it is this tag when it is one.
    pub limit_tag: Option<String>,
    /// The limit is no constant, so that both values are told.
    pub limit_moves: bool,
    /// What is compared, now.
    pub now: Option<WhyValue>,
    /// How far `now` is from the limit, in its unit: above 0 while the comparison does not hold, else 0 or below.
    pub distance: Option<f64>,
    /// The whole is true when the comparison is not.
    pub negated: bool,
    pub delay: Option<WhyDelay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayKind {
    /// True after it has been true for so long.
    On,
    /// True until it has been false for so long.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyDelay {
    pub kind: DelayKind,
    pub delay_ms: u64,
    /// `None` while it does not run.
    pub elapsed_ms: Option<u64>,
    pub remaining_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joined {
    All,
    Any,
    /// Exactly one of two.
    One,
    /// At least `need` of `count`.
    Vote,
    Not,
    /// The one below it, for a time.
    Delayed,
    /// At the moment at which the one below it becomes true, or false.
    Rise,
    Fall,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyGroup {
    pub of: Joined,
    pub need: u16,
    pub count: u16,
    pub delay: Option<WhyDelay>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WhyPoint {
    /// What the value is here: `PV`, `OUT`, `TT-311`.
    pub label: String,
    pub tag: String,
    pub now: WhyValue,
    /// A set point on its ramp.
    pub working: Option<WhyValue>,
    pub at_limit: Option<AtLimit>,
    /// Whether it can still move.
    #[serde(default)]
    pub limited: Limited,
    /// The tag that a cascade set point comes from.
    pub from: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtLimit {
    pub high: bool,
    pub limit: f64,
}

/// Parts of OUT, in its unit. A derivative or a feed-forward that the loop has not is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WhySum {
    pub proportional: f64,
    pub integral: f64,
    pub derivative: Option<f64>,
    pub feed_forward: Option<f64>,
    /// The feed-forward multiplies each part instead.
    pub factor: Option<f64>,
    pub decimals: u8,
}

impl Why {
    /// What a screen shows: the lines, and below them what is missing.
    pub fn shown(&self) -> Vec<WhyLine> {
        let mut lines = self.lines.clone();
        let Some(Missing { goal, lines: missing }) = &self.missing else { return lines };
        let mut head =
            String::from(if missing.is_empty() { "nothing is missing for: " } else { "missing for: " });
        head.push_str(goal);
        lines.push(WhyLine::new(0, WhyFact::Words { words: head }));
        let deeper = |line: &WhyLine| WhyLine { indent: line.indent.saturating_add(1), ..line.clone() };
        lines.extend(missing.iter().map(deeper));
        lines
    }
}

impl WhyLine {
    pub fn new(indent: u8, fact: WhyFact) -> Self {
        Self { indent, holds: None, block: None, fact }
    }

    /// Without a live value.
    pub fn words(indent: u8, words: impl Into<String>) -> Self {
        Self::new(indent, WhyFact::Words { words: words.into() })
    }

    /// What people read: `FT-301 < 8.4 m3/h for 30 s: now 11.2 m3/h, 12 s so far of 30 s`.
    pub fn text(&self) -> String {
        self.fact.text()
    }

    /// The condition, when the line is one that is not taken apart further.
    pub fn term(&self) -> Option<&WhyTerm> {
        match &self.fact {
            WhyFact::Term(term) => Some(term),
            _ => None,
        }
    }
}

impl WhyValue {
    /// A number that is of no tag. What is no number stands as 0 and is bad.
    pub fn number(value: f64, unit: &str, decimals: Option<u8>, quality: Quality) -> Self {
        let (value, quality) =
            if value.is_finite() { (value, quality) } else { (0.0, Quality::BadCalculation) };
        Self { value, unit: unit.to_owned(), decimals, word: None, quality, forced: false }
    }
}
