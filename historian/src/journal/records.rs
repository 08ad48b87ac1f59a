//! The records of one unbroken run, segment after segment.

use std::ops::Range;
use std::path::PathBuf;

use super::header::{self, JournalHeader, SegmentStart};
use super::reader::Segment;
use super::record::{self, Context, ScanRecord};
use super::writer::MAGIC;
use crate::disk;
use crate::error::HistorianError;
use crate::frame::{self, Damage, Frames, Step};
use crate::varint::Cursor;

/// Why there is no further record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// More may follow.
    Running,
    /// Everything that was committed has been read.
    Complete,
    /// What follows was there and cannot be read; see [`Records::damage`].
    Damaged,
    /// Scans between these two ticks are missing; the later part needs its own snapshot.
    Hole { last: u64, next: u64 },
    /// A cold start, or another plant, begins at this tick.
    NewRun { tick: u64 },
}

/// Reads records, up to where replaying from the same state would no longer be the truth.
#[derive(Debug)]
pub struct Records {
    /// Still to be opened, newest first.
    waiting: Vec<Segment>,
    segment: Option<Loaded>,
    header: Option<JournalHeader>,
    /// The tick whose state we stand at.
    last: Option<u64>,
    skip_below: u64,
    end: RunEnd,
    follows_restart: bool,
    damage: Vec<Damage>,
    /// The segment read last ended in damage that is more than a torn tail.
    spoiled: bool,
}

impl Records {
    /// Starts in the segment that holds `tick`, whatever that segment started from.
    pub(super) fn from(segments: &[Segment], tick: u64) -> Result<Self, HistorianError> {
        let mut records = Self::queue(segments, tick, None);
        // The first readable segment: the caller says where the state for it comes from.
        while records.segment.is_none()
            && let Some(segment) = records.waiting.pop()
        {
            records.open(&segment)?;
        }
        if records.segment.is_none() {
            records.finish();
        }
        Ok(records)
    }

    /// `header` is that of the snapshot, when one gave the state.
    pub(super) fn after(
        segments: &[Segment],
        tick: u64,
        header: Option<JournalHeader>,
    ) -> Result<Self, HistorianError> {
        let mut records = Self::queue(segments, tick + 1, Some(tick));
        records.header = header;
        let holds_tick = records.waiting.last().is_some_and(|segment| segment.first_tick <= tick);
        if holds_tick && let Some(segment) = records.waiting.pop() {
            records.open(&segment)?;
        }
        if records.segment.is_none() {
            records.advance()?;
        }
        Ok(records)
    }

    fn queue(segments: &[Segment], skip_below: u64, last: Option<u64>) -> Self {
        let holds = segments.iter().rposition(|segment| segment.first_tick <= skip_below).unwrap_or(0);
        let waiting = segments.iter().skip(holds).rev().cloned().collect();
        Self {
            waiting,
            segment: None,
            header: None,
            last,
            skip_below,
            end: RunEnd::Running,
            follows_restart: false,
            damage: Vec::new(),
            spoiled: false,
        }
    }

    /// Of the segment that was read last.
    pub const fn header(&self) -> Option<&JournalHeader> {
        self.header.as_ref()
    }

    pub const fn end(&self) -> &RunEnd {
        &self.end
    }

    /// Everything unreadable that was met so far; a torn tail after which the run went on included.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Damage that was met before these records, to be told with theirs.
    pub fn note_damage(&mut self, before: Vec<Damage>) {
        self.damage.splice(0..0, before);
    }

    /// The tick of the last record read, or of the state that they started from.
    pub const fn last_tick(&self) -> Option<u64> {
        self.last
    }

    /// A new process took the run up with the record read last.
    pub const fn follows_restart(&self) -> bool {
        self.follows_restart
    }

    /// Fills `record` with the next one; `false` at the end, and [`Records::end`] says which.
    pub fn read(&mut self, record: &mut ScanRecord) -> Result<bool, HistorianError> {
        while self.end == RunEnd::Running {
            let found = self.segment.as_mut().and_then(|segment| segment.read_next(record));
            let Some(first_after_restart) = found else {
                self.advance()?;
                continue;
            };
            if record.tick >= self.skip_below {
                self.follows_restart = first_after_restart;
                self.last = Some(record.tick);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// To the next segment that has anything to say, if it follows what was read.
    fn advance(&mut self) -> Result<(), HistorianError> {
        if let Some(done) = self.segment.take() {
            self.spoiled = done.damage.as_ref().is_some_and(|damage| !damage.torn_tail);
            self.damage.extend(done.damage);
        }
        let Some(segment) = self.waiting.pop() else {
            self.finish();
            return Ok(());
        };
        self.open(&segment)?;
        let Some(opened) = &self.segment else { return Ok(()) };
        let same_plant =
            self.header.as_ref().is_none_or(|header| header.plant_hash == opened.header.plant_hash);
        let next = segment.first_tick;
        self.end = match (opened.start, self.last) {
            (SegmentStart::Cold, _) => RunEnd::NewRun { tick: next },
            _ if !same_plant => RunEnd::NewRun { tick: next },
            (SegmentStart::After(tick) | SegmentStart::Resumed(tick), Some(last)) if tick == last => {
                RunEnd::Running
            }
            (_, last) => RunEnd::Hole { last: last.unwrap_or(0), next },
        };
        if self.end == RunEnd::Running {
            self.header = Some(opened.header.clone());
        }
        Ok(())
    }

    /// Loads a segment; one that has no readable header becomes damage and is passed over.
    fn open(&mut self, segment: &Segment) -> Result<(), HistorianError> {
        match Loaded::open(segment)? {
            Ok(loaded) => {
                if self.header.is_none() {
                    self.header = Some(loaded.header.clone());
                }
                self.segment = Some(loaded);
            }
            Err(damage) => {
                self.spoiled = !damage.torn_tail;
                self.damage.push(damage);
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.end = if self.spoiled { RunEnd::Damaged } else { RunEnd::Complete };
    }
}

impl Iterator for Records {
    type Item = Result<ScanRecord, HistorianError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = ScanRecord::default();
        match self.read(&mut record) {
            Ok(true) => Some(Ok(record)),
            Ok(false) => None,
            Err(error) => {
                self.end = RunEnd::Damaged;
                Some(Err(error))
            }
        }
    }
}

/// One segment in memory, with the place where reading stands.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) header: JournalHeader,
    pub(super) start: SegmentStart,
    pub(super) damage: Option<Damage>,
    path: PathBuf,
    bytes: Vec<u8>,
    /// Where the next frame begins.
    next_frame: usize,
    /// The rest of the frame that is being read.
    rest: Range<usize>,
    tick: u64,
    /// No record of it was read yet.
    fresh: bool,
    context: Context,
}

impl Loaded {
    /// The inner error is a segment whose first frame cannot be read.
    pub(super) fn open(segment: &Segment) -> Result<Result<Self, Damage>, HistorianError> {
        let path = segment.path.clone();
        let bytes = disk::read(&path)?;
        let mut frames = Frames::new(&bytes);
        let payload = match frames.next() {
            Some(Step::Frame { payload, .. }) => payload,
            Some(Step::Damage { torn_tail, .. }) => {
                let what = "the header cannot be read, and without it no scan of this segment";
                return Ok(Err(frame::damage(&path, 0, bytes.len(), torn_tail, what)));
            }
            None => {
                return Ok(Err(frame::damage(&path, 0, 0, true, "the segment was begun and holds nothing")));
            }
        };
        let (header, start) = header::decode(MAGIC, &mut Cursor::new(payload), &path)?;
        let next_frame = frames.offset();
        Ok(Ok(Self {
            header,
            start,
            damage: None,
            path,
            bytes,
            next_frame,
            rest: 0..0,
            tick: 0,
            fresh: true,
            context: Context::default(),
        }))
    }

    /// Whether the record is the first one that a new process wrote; `None` where [`Self::read`] is false.
    fn read_next(&mut self, record: &mut ScanRecord) -> Option<bool> {
        let fresh = std::mem::replace(&mut self.fresh, false);
        self.read(record).then_some(fresh && matches!(self.start, SegmentStart::Resumed(_)))
    }

    /// `false` at the end of the file, or at the first frame that cannot be read.
    pub(super) fn read(&mut self, record: &mut ScanRecord) -> bool {
        while self.rest.is_empty() {
            if !self.next_frame() {
                return false;
            }
        }
        let mut cursor = Cursor::new(&self.bytes[self.rest.clone()]);
        if record::decode(&mut cursor, self.tick, &mut self.context, record).is_none() {
            let at = self.rest.start;
            self.spoil(at, false, "a record that this program does not understand");
            return false;
        }
        self.tick = record.tick;
        self.rest.start = self.rest.end - cursor.len();
        true
    }

    fn next_frame(&mut self) -> bool {
        let mut frames = Frames::at(&self.bytes, self.next_frame);
        match frames.next() {
            None => false,
            Some(Step::Frame { payload, .. }) => {
                let mut cursor = Cursor::new(payload);
                let end = frames.offset();
                self.next_frame = end;
                match cursor.varint() {
                    Some(first_tick) => {
                        self.tick = first_tick;
                        self.rest = end - cursor.len()..end;
                        true
                    }
                    None => {
                        self.spoil(end, false, "a frame without its tick");
                        false
                    }
                }
            }
            Some(Step::Damage { offset, torn_tail, .. }) => {
                self.spoil(offset, torn_tail, "");
                false
            }
        }
    }

    /// Values are told relative to those before, so nothing after damage can be trusted.
    fn spoil(&mut self, offset: usize, torn_tail: bool, why: &str) {
        let after = if self.tick == 0 { String::new() } else { format!(" after tick {}", self.tick) };
        let what = match (torn_tail, why) {
            (true, _) => format!("the last scans{after} were not committed"),
            (false, "") => format!("all scans{after} to the end of this segment are lost"),
            (false, why) => format!("{why}; all scans{after} to the end of this segment are lost"),
        };
        self.damage = Some(frame::damage(&self.path, offset, self.bytes.len() - offset, torn_tail, &what));
        self.next_frame = self.bytes.len();
        self.rest = 0..0;
    }

    /// Reads to the end for the tick alone.
    pub(super) fn last_tick(&mut self) -> Option<u64> {
        let mut record = ScanRecord::default();
        let mut last = None;
        while self.read(&mut record) {
            last = Some(record.tick);
        }
        last
    }
}
