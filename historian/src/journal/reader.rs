//! A journal folder, or one segment of it, read while the writer may be running.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::header::{self, JournalHeader, SegmentStart};
use super::records::{Loaded, Records};
use super::retention::numbered;
use super::snapshot::{self, Snapshot};
use super::writer::{MAGIC, PREFIX, SUFFIX};
use crate::disk;
use crate::error::{HistorianError, io_error};
use crate::frame::{Damage, Frames, Step};
use crate::varint::Cursor;

/// The first frame of a segment is shorter than this, whatever the plant is called.
const HEADER_BYTES: usize = 2048;

/// The header and the first group of records of a segment are no longer than this.
const FIRST_WRITE: u64 = 2 << 20;

/// One file of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub path: PathBuf,
    pub first_tick: u64,
    pub bytes: u64,
}

/// Where a run can be taken up again.
#[derive(Debug)]
pub struct ResumePoint {
    /// Plant, epoch and period of the run to resume.
    pub header: JournalHeader,
    /// `None`: begin from the plant's initial state.
    pub snapshot: Option<Snapshot>,
    /// The scans to run again, up to the last one that was committed.
    pub records: Records,
    /// Snapshots that were passed over because they are damaged.
    pub damage: Vec<Damage>,
}

/// A folder in which something was written, and from which no run can be taken up again.
#[derive(Clone, Debug)]
pub struct Wreck {
    pub segments: usize,
    pub snapshots: usize,
    /// Whose journal it was and the time of its last scan, as far as a segment can be read.
    pub last: Option<(JournalHeader, u64)>,
    pub damage: Vec<Damage>,
}

impl std::fmt::Display for Wreck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        write!(
            f,
            "{} and {}, from none of which a state can be had",
            many(self.segments, "segment"),
            many(self.snapshots, "snapshot")
        )?;
        self.damage.iter().try_for_each(|damage| write!(f, "\n    {damage}"))
    }
}

/// Looks at the folder once, when opened; open it again to see what came later.
#[derive(Clone, Debug)]
pub struct JournalReader {
    folder: PathBuf,
    segments: Vec<Segment>,
    snapshots: Vec<(u64, PathBuf)>,
}

impl JournalReader {
    /// `path` is a journal folder, or one segment file.
    pub fn open(path: &Path) -> Result<Self, HistorianError> {
        let meta = fs::metadata(path).map_err(io_error("open", path))?;
        if meta.is_dir() {
            let mut segments = Vec::new();
            for (first_tick, path) in numbered(path, PREFIX, SUFFIX)? {
                match fs::metadata(&path) {
                    Ok(meta) => segments.push(Segment { path, first_tick, bytes: meta.len() }),
                    // Retention took it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(io_error("look at", &path)(error)),
                }
            }
            let snapshots = numbered(path, snapshot::PREFIX, snapshot::SUFFIX)?;
            return Ok(Self { folder: path.to_owned(), segments, snapshots });
        }
        let first_tick = disk::number_in_name(path, PREFIX, SUFFIX).unwrap_or(0);
        let segment = Segment { path: path.to_owned(), first_tick, bytes: meta.len() };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { folder, segments: vec![segment], snapshots: Vec::new() })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Ticks of the snapshots, oldest first.
    pub fn snapshots(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.snapshots.iter().map(|(tick, _)| *tick)
    }

    /// What a segment says of itself: plant, times, and what its first record starts from.
    pub fn describe(&self, segment: &Segment) -> Result<(JournalHeader, SegmentStart), HistorianError> {
        let path = &segment.path;
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        let file = fs::File::open(path).map_err(io_error("open", path))?;
        file.take(HEADER_BYTES as u64).read_to_end(&mut bytes).map_err(io_error("read", path))?;
        let Some(Step::Frame { payload, .. }) = Frames::new(&bytes).next() else {
            let what = "the header cannot be read, and without it no scan of this segment".to_owned();
            return Err(HistorianError::Damaged { path: path.clone(), offset: 0, what });
        };
        header::decode(MAGIC, &mut Cursor::new(payload), path)
    }

    pub fn snapshot(&self, tick: u64) -> Result<Snapshot, HistorianError> {
        snapshot::read(&snapshot::path(&self.folder, tick))
    }

    /// The records from this tick on, as far as one unbroken run goes.
    pub fn records(&self, from_tick: u64) -> Result<Records, HistorianError> {
        Records::from(&self.segments, from_tick)
    }

    /// The records that follow the state after this tick.
    pub fn records_after(&self, tick: u64) -> Result<Records, HistorianError> {
        Records::after(&self.segments, tick, None)
    }

    /// The newest state that can be had: the newest snapshot that checks, or a later cold start.
    pub fn resume_point(&self) -> Result<Option<ResumePoint>, HistorianError> {
        let mut damage = Vec::new();
        let snapshot = self.newest_snapshot(&mut damage)?;
        let not_before = snapshot.as_ref().map_or(0, |snapshot| snapshot.tick + 1);
        if let Some((segment, header)) = self.newest_cold_start(not_before)? {
            let records = self.records(segment.first_tick)?;
            return Ok(Some(ResumePoint { header, snapshot: None, records, damage }));
        }
        let Some(snapshot) = snapshot else { return Ok(None) };
        let records = Records::after(&self.segments, snapshot.tick, Some(snapshot.header.clone()))?;
        Ok(Some(ResumePoint { header: snapshot.header.clone(), snapshot: Some(snapshot), records, damage }))
    }

    /// What is lost where [`Self::resume_point`] finds none: `None` when nothing was ever committed here.
    pub fn wreck(&self) -> Result<Option<Wreck>, HistorianError> {
        let mut damage = Vec::new();
        // Only those that cannot be read are passed over.
        drop(self.newest_snapshot(&mut damage)?);
        let mut last = None;
        let mut begun = 0;
        for segment in &self.segments {
            match Loaded::open(segment)? {
                Ok(mut loaded) => {
                    let tick = loaded.last_tick().unwrap_or(segment.first_tick);
                    last = Some((loaded.header, tick));
                }
                // What a process leaves that dies in its first write: it was answered for nothing.
                Err(torn) if torn.torn_tail && torn.bytes <= FIRST_WRITE => begun += 1,
                Err(unreadable) => damage.push(unreadable),
            }
        }
        let segments = self.segments.len() - begun;
        let snapshots = self.snapshots.len();
        let nothing = segments == 0 && snapshots == 0;
        Ok((!nothing).then_some(Wreck { segments, snapshots, last, damage }))
    }

    /// The last tick of which anything is on disk, and damage met on the way to it.
    pub fn last_tick(&self) -> Result<(Option<u64>, Vec<Damage>), HistorianError> {
        let mut damage = Vec::new();
        let newest_snapshot = self.snapshots.last().map(|(tick, _)| *tick);
        for segment in self.segments.iter().rev() {
            match Loaded::open(segment)? {
                Ok(mut loaded) => {
                    let last = loaded.last_tick();
                    damage.extend(loaded.damage);
                    if last.is_some() {
                        return Ok((last.max(newest_snapshot), damage));
                    }
                }
                Err(unreadable) => damage.push(unreadable),
            }
        }
        Ok((newest_snapshot, damage))
    }

    /// The least tick that a new run in this folder may begin with; 0 when there is no journal yet.
    pub fn next_tick(folder: &Path) -> Result<u64, HistorianError> {
        if !folder.exists() {
            return Ok(0);
        }
        let (last, _) = Self::open(folder)?.last_tick()?;
        Ok(last.map_or(0, |last| last + 1))
    }

    fn newest_snapshot(&self, damage: &mut Vec<Damage>) -> Result<Option<Snapshot>, HistorianError> {
        for (_, path) in self.snapshots.iter().rev() {
            match snapshot::read(path) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(HistorianError::Damaged { path, offset, what }) => {
                    let bytes = fs::metadata(&path).map_or(0, |meta| meta.len());
                    damage.push(Damage { path, offset, bytes, torn_tail: false, what });
                }
                Err(HistorianError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(other) => return Err(other),
            }
        }
        Ok(None)
    }

    fn newest_cold_start(
        &self,
        not_before: u64,
    ) -> Result<Option<(&Segment, JournalHeader)>, HistorianError> {
        for segment in self.segments.iter().rev().take_while(|segment| segment.first_tick >= not_before) {
            match self.describe(segment) {
                Ok((header, SegmentStart::Cold)) => return Ok(Some((segment, header))),
                Ok(_) | Err(HistorianError::Damaged { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(None)
    }
}
