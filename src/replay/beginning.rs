//! Where a run can begin, and what lies unverified between two runs.
//!
//! Only a known state leads on: that of a cold start, or that of a snapshot. Every snapshot ends a segment, and every
//! start keeps the state that it goes on from, so the segment after a hole mostly begins with one; else (a segment that
//! ended because it was full, a snapshot that is damaged too) the replay goes on at the next one, a minute later at most.

use std::io;

use historian::HistorianError;
use historian::journal::{JournalHeader, JournalReader, Segment, SegmentStart, Snapshot};
use miette::IntoDiagnostic as _;

use crate::clock::{self, TickClock};

/// A segment whose first state is known.
pub struct Beginning {
    pub segment: Segment,
    pub header: JournalHeader,
    pub start: SegmentStart,
    /// `None` for a cold start.
    pub snapshot: Option<Snapshot>,
}

impl Beginning {
    /// The scan before the first one that is run from here.
    fn stands_at(&self) -> u64 {
        self.snapshot.as_ref().map_or(self.segment.first_tick.saturating_sub(1), |snapshot| snapshot.tick)
    }

    pub fn clock(&self) -> TickClock {
        TickClock { epoch_ms: self.header.epoch_ms, period_ms: self.header.period_ms }
    }
}

/// Scans of the journal that no replay reached.
pub struct Unverified {
    pub first: u64,
    /// `None`: to the end of the journal.
    pub last: Option<u64>,
    pub why: String,
    clock: TickClock,
}

impl std::fmt::Display for Unverified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |tick| clock::local_text(self.clock.time_ms(tick));
        let Self { first, why, .. } = self;
        match self.last {
            Some(last) => write!(
                f,
                "scans {first} to {last} ({} to {}) are not verified: {why}",
                time(*first),
                time(last)
            ),
            None => write!(f, "scans from {first} ({}) to the end are not verified: {why}", time(*first)),
        }
    }
}

/// What is looked for: the scan that comes next, and why it is not simply there.
pub struct Wanted {
    pub first: u64,
    /// No segment that begins earlier is looked at: one whose first record is damaged would be found again and again.
    pub from: u64,
    /// Empty when nothing is known to be missing.
    pub why: String,
    /// Of the run before, for its times.
    pub clock: Option<TickClock>,
}

/// The first beginning from the wanted scan on, and what is passed over on the way to it. Before the first run of
/// all, segments whose first state was removed with its age are no gap.
pub fn find(
    reader: &JournalReader,
    wanted: &Wanted,
) -> miette::Result<(Option<Beginning>, Option<Unverified>)> {
    let mut whys: Vec<String> = (!wanted.why.is_empty()).then(|| wanted.why.clone()).into_iter().collect();
    for segment in reader.segments().iter().filter(|segment| segment.first_tick >= wanted.from) {
        match look(reader, segment)? {
            Ok(found) => {
                let clock = wanted.clock.unwrap_or_else(|| found.clock());
                // Where all scans up to here are known, what was damaged comes after them.
                let missing = !whys.is_empty() && found.stands_at() >= wanted.first;
                let gap = missing.then(|| Unverified {
                    first: wanted.first,
                    last: Some(found.stands_at()),
                    why: whys.join("; "),
                    clock,
                });
                return Ok((Some(found), gap));
            }
            Err(Obstacle::Aged) if wanted.clock.is_none() && whys.is_empty() => {
                eprintln!(
                    "the segment of scan {} is passed over: its first state is not kept any more",
                    segment.first_tick
                );
            }
            Err(obstacle) => {
                let why = obstacle.text(segment.first_tick);
                // A whole row of segments may have the same to say.
                if whys.len() < 4 {
                    whys.push(why);
                }
            }
        }
    }
    let clock = wanted.clock.unwrap_or(TickClock { epoch_ms: 0, period_ms: 1 });
    let gap = Unverified { first: wanted.first, last: None, why: whys.join("; "), clock };
    Ok((None, (!whys.is_empty()).then_some(gap)))
}

/// Why a segment is no beginning.
enum Obstacle {
    /// The snapshot of its first state is not there.
    Aged,
    Lost,
    Damaged(String),
}

impl Obstacle {
    fn text(self, tick: u64) -> String {
        match self {
            Self::Aged => format!("the segment of scan {tick} has no snapshot of its first state"),
            Self::Lost => format!("records before scan {tick} were lost"),
            Self::Damaged(what) => what,
        }
    }
}

fn look(reader: &JournalReader, segment: &Segment) -> miette::Result<Result<Beginning, Obstacle>> {
    let (header, start) = match reader.describe(segment) {
        Ok(described) => described,
        Err(error @ HistorianError::Damaged { .. }) => return Ok(Err(Obstacle::Damaged(error.to_string()))),
        Err(other) => return Err(other).into_diagnostic(),
    };
    let snapshot = match start {
        SegmentStart::Cold => None,
        SegmentStart::Loss => return Ok(Err(Obstacle::Lost)),
        SegmentStart::After(tick) | SegmentStart::Resumed(tick) => match reader.snapshot(tick) {
            Ok(snapshot) => Some(snapshot),
            Err(HistorianError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(Err(Obstacle::Aged));
            }
            Err(error @ HistorianError::Damaged { .. }) => {
                return Ok(Err(Obstacle::Damaged(error.to_string())));
            }
            Err(other) => return Err(other).into_diagnostic(),
        },
    };
    Ok(Ok(Beginning { segment: segment.clone(), header, start, snapshot }))
}
