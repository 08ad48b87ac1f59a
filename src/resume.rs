//! Taking up where the last run stopped: snapshot, then the journal's tail, scan by scan.

use std::path::Path;
use std::sync::Arc;

use control::plant::Plant;
use control::{Engine, Input, RestoreError, ScanOutput};
use historian::HistorianError;
use historian::journal::{JournalHeader, JournalReader, Records, ResumePoint, RunEnd, ScanRecord, Wreck};

use crate::clock::{self, TickClock};
use crate::wiring;

/// An engine that is ready to go on, or to begin.
pub struct Resumed {
    pub engine: Engine,
    pub clock: TickClock,
    /// The scan whose state the engine holds; `None` for a cold start.
    pub continues: Option<u64>,
    /// Ticks up to here are taken by earlier runs in the same journal.
    pub taken: Option<u64>,
    /// The journal does not lead to this engine's state, because scans in it are missing: before the
    /// first scan the state goes into the journal as a snapshot of this tick.
    pub anchor: Option<u64>,
    /// What happened, for the log.
    pub note: String,
    /// What somebody has decided about the state of the last run, as the audit log calls it.
    pub decided: Option<&'static str>,
}

/// Why a run does not go on from the last one.
#[derive(Debug, thiserror::Error)]
pub enum NotResumed {
    #[error(transparent)]
    Journal(#[from] HistorianError),
    #[error("the plant is not the one that ran last")]
    Plant(Box<JournalHeader>),
    #[error("the state that the last run left at scan {tick} cannot be read: {error}")]
    State { tick: u64, error: RestoreError },
    #[error("the journal is damaged: {0}")]
    Damaged(Box<Wreck>),
}

/// In the note of every start that leaves the last run's state behind.
pub const ANEW: &str = "begins anew";

/// Runs recorded scans again and compares their hashes.
pub struct Replayer {
    pub engine: Engine,
    output: ScanOutput,
    inputs: Vec<Input>,
    record: ScanRecord,
    pub scans: u64,
    /// The first scan whose state came out otherwise than it was recorded.
    pub first_difference: Option<u64>,
    /// Off where scans are missing: then a difference says nothing.
    compares: bool,
    /// No scan after this tick is run.
    until: Option<u64>,
}

impl Replayer {
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            output: ScanOutput::with_capacity(wiring::EVENTS_PER_SCAN),
            inputs: Vec::new(),
            record: ScanRecord::default(),
            scans: 0,
            first_difference: None,
            compares: true,
            until: None,
        }
    }

    pub fn until(self, until: Option<u64>) -> Self {
        Self { until, ..self }
    }

    /// What the last scan was given.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    pub fn commands(&self) -> &[model::Command] {
        &self.record.commands
    }

    /// What the last scan reported.
    pub fn events(&self) -> &[model::Event] {
        self.output.events()
    }

    /// One recorded scan; `None` at the end of the records, and at the first that is not wanted.
    pub fn step(&mut self, records: &mut Records) -> Result<Option<u64>, HistorianError> {
        if !records.read(&mut self.record)? || self.until.is_some_and(|until| self.record.tick > until) {
            return Ok(None);
        }
        if records.follows_restart() {
            self.engine.resume();
        }
        self.inputs.clear();
        let inputs = self.record.inputs.iter();
        self.inputs.extend(inputs.map(|(point, value, quality)| Input {
            point: *point,
            value: *value,
            quality: *quality,
        }));
        self.output.clear();
        self.engine.scan(self.record.tick, &self.inputs, &self.record.commands, &mut self.output);
        self.scans += 1;
        if self.compares && self.first_difference.is_none() && self.engine.scan_hash() != self.record.hash {
            self.first_difference = Some(self.record.tick);
        }
        Ok(Some(self.record.tick))
    }
}

/// A cold start in a journal folder that may hold earlier runs.
pub fn begin(plant: Arc<Plant>, journal: &Path, why: &str) -> Result<Resumed, HistorianError> {
    let (clock, taken) = earlier_runs(&plant, journal)?;
    let note = format!("{} {ANEW}: {why}", plant.name);
    Ok(Resumed {
        engine: Engine::new(plant),
        clock,
        continues: None,
        taken,
        anchor: None,
        note,
        decided: None,
    })
}

/// Exact resume, or a cold start where no run has left anything. A state that this plant or this program cannot go on
/// from is an error, and so is a journal that is too damaged to give one: that it is lost is somebody's decision.
pub fn from_journal(plant: Arc<Plant>, journal: &Path) -> Result<Resumed, NotResumed> {
    if !journal.is_dir() {
        return Ok(begin(plant, journal, "there is no journal yet")?);
    }
    let reader = JournalReader::open(journal)?;
    let Some(point) = reader.resume_point()? else {
        return match reader.wreck()? {
            Some(wreck) => Err(NotResumed::Damaged(Box::new(wreck))),
            None => Ok(begin(plant, journal, "the journal holds no run")?),
        };
    };
    if point.header.plant_hash != plant.hash {
        return Err(NotResumed::Plant(Box::new(point.header)));
    }
    continue_from(&plant, journal, point)
}

/// The damage for which no run goes on from this journal, if that is so.
pub fn wreck(journal: &Path) -> Result<Option<Wreck>, HistorianError> {
    if !journal.is_dir() {
        return Ok(None);
    }
    let reader = JournalReader::open(journal)?;
    if reader.resume_point()?.is_some() { Ok(None) } else { reader.wreck() }
}

fn continue_from(plant: &Arc<Plant>, journal: &Path, point: ResumePoint) -> Result<Resumed, NotResumed> {
    let mut resumed = run_again(plant, journal, point)?;
    if resumed.continues.is_some() || resumed.anchor.is_some() {
        // This process has heard nothing of the field yet. The journal's next segment says the same.
        resumed.engine.resume();
    }
    Ok(resumed)
}

/// The engine as it was after the last recorded scan; it has not been told yet that the field is unknown.
pub fn run_again(plant: &Arc<Plant>, journal: &Path, point: ResumePoint) -> Result<Resumed, NotResumed> {
    let clock = TickClock { epoch_ms: point.header.epoch_ms, period_ms: point.header.period_ms };
    let mut engine = Engine::new(plant.clone());
    let mut last_tick = None;
    if let Some(snapshot) = &point.snapshot {
        let tick = snapshot.tick;
        engine.restore(&snapshot.state).map_err(|error| NotResumed::State { tick, error })?;
        last_tick = Some(snapshot.tick);
    }
    let mut replayer = Replayer::new(engine);
    let mut records = point.records;
    while let Some(tick) = replayer.step(&mut records)? {
        last_tick = Some(tick);
    }
    let missing = over_holes(&mut replayer, &mut records, journal)?;
    let mut note = format!(
        "resumed after tick {} with {} scans of the journal run again",
        replayer.engine.tick(),
        replayer.scans
    );
    for (last, next) in &missing {
        note.push_str(&format!(
            "; WARNING: scans between {last} and {next} are lost, what followed was applied all the same: \
             look at modes, set points and the batch before you go on"
        ));
    }
    if let Some(tick) = replayer.first_difference {
        note.push_str(&format!("; WARNING: the state differs from the recorded one from tick {tick} on"));
    }
    for damage in point.damage.iter().chain(records.damage()) {
        note.push_str(&format!("; {damage}"));
    }
    let (_, taken) = earlier_runs(plant, journal)?;
    let taken = taken.max(last_tick);
    let engine = replayer.engine;
    if missing.is_empty() {
        let continues = last_tick;
        return Ok(Resumed { engine, clock, continues, taken, anchor: None, note, decided: None });
    }
    let anchor = taken.map(|tick| tick + 1);
    Ok(Resumed { engine, clock, continues: None, taken: anchor, anchor, note, decided: None })
}

/// Where scans are missing the exact state cannot be had. Commands that people gave after the hole were
/// answered, so they are applied to the state before it; nothing is compared any more.
fn over_holes(
    replayer: &mut Replayer,
    records: &mut Records,
    journal: &Path,
) -> Result<Vec<(u64, u64)>, HistorianError> {
    let mut missing = Vec::new();
    while let RunEnd::Hole { last, next } = *records.end() {
        missing.push((last, next));
        replayer.compares = false;
        let damage = records.damage().to_vec();
        *records = JournalReader::open(journal)?.records(next)?;
        records.note_damage(damage);
        while replayer.step(records)?.is_some() {}
    }
    Ok(missing)
}

/// The clock of the runs before, so that ticks keep growing; a new one begins now.
fn earlier_runs(plant: &Plant, journal: &Path) -> Result<(TickClock, Option<u64>), HistorianError> {
    let new = TickClock { epoch_ms: clock::now_ms(), period_ms: plant.period_ms };
    if !journal.is_dir() {
        return Ok((new, None));
    }
    let reader = JournalReader::open(journal)?;
    let (taken, _) = reader.last_tick()?;
    // Of segments that cannot be read the names tell how far they had come at least.
    let Some(taken) = taken.or(reader.segments().last().map(|segment| segment.first_tick)) else {
        return Ok((new, None));
    };
    let described = reader.segments().iter().rev().find_map(|segment| reader.describe(segment).ok());
    let clock = match described {
        Some((header, _)) if header.period_ms == plant.period_ms => {
            TickClock { epoch_ms: header.epoch_ms, period_ms: header.period_ms }
        }
        // Another period, or nothing readable: place tick 0 so that the next tick is now.
        _ => {
            let elapsed = i64::try_from((taken + 1).saturating_mul(u64::from(plant.period_ms))).unwrap_or(0);
            TickClock { epoch_ms: clock::now_ms() - elapsed, period_ms: plant.period_ms }
        }
    };
    Ok((clock, Some(taken)))
}
