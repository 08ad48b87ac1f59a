//! Questions to the history, from any thread, and from other processes while the writer runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use model::Unit;

use super::catalogue::Catalogue;
use super::columns::{Column, ColumnBuilder};
use super::gaps::Gap;
use super::pieces::{self, BlockSource, Piece};
use super::sample::{PointInfo, Sample};
use super::shared::{RecoveryReport, Shared, load};
use super::tail;
use crate::error::HistorianError;

/// Raw samples of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub point: PointInfo,
    /// In time order. The first may lie before the span asked for: it is the value that stood at its start.
    pub samples: Vec<Sample>,
    /// Recording gaps that touch the span.
    pub gaps: Vec<Gap>,
    /// There were more than `max`; ask again from the time of the last one.
    pub truncated: bool,
}

/// A point summed up for a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    pub point: PointInfo,
    /// In time order. Columns in which nothing is known (a gap, before the first sample) are left out.
    pub columns: Vec<Column>,
    /// Recording gaps that touch the span.
    pub gaps: Vec<Gap>,
}

/// What the store occupies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    pub bytes: u64,
    pub partitions: usize,
    /// Start of the oldest partition.
    pub oldest_ms: Option<i64>,
    /// The recorder is known to have run until then.
    pub alive_ms: Option<i64>,
}

/// A handle for queries; clones are cheap, and do not hold the writer up.
#[derive(Clone, Debug)]
pub struct SampleReader {
    pub(super) shared: Arc<RwLock<Shared>>,
    /// Present when the writer is another process: then [`SampleReader::refresh`] reads anew.
    folder: Option<PathBuf>,
}

impl SampleReader {
    pub(super) fn of(shared: Arc<RwLock<Shared>>) -> Self {
        Self { shared, folder: None }
    }

    pub(super) fn open(folder: &Path) -> Result<Self, HistorianError> {
        let (shared, _) = load_read_only(folder)?;
        Ok(Self { shared: Arc::new(RwLock::new(shared)), folder: Some(folder.to_owned()) })
    }

    /// Sees what another process has written since. Costs nothing beside a writer of this process.
    pub fn refresh(&self) -> Result<RecoveryReport, HistorianError> {
        let Some(folder) = &self.folder else { return Ok(RecoveryReport::default()) };
        let (shared, report) = load_read_only(folder)?;
        *self.shared.write().unwrap_or_else(PoisonError::into_inner) = shared;
        Ok(report)
    }

    /// All points in use, by name.
    pub fn names(&self) -> Vec<PointInfo> {
        self.read().catalogue.points()
    }

    /// Recording gaps that touch `[from_ms, to_ms]`.
    pub fn gaps(&self, from_ms: i64, to_ms: i64) -> Vec<Gap> {
        pieces::gaps_within(&self.read().gaps, from_ms, to_ms)
    }

    /// The last sample of a point, if it ever had one.
    pub fn latest(&self, name: &str) -> Result<Option<Sample>, HistorianError> {
        let gathered = pieces::gather(&self.shared, name, i64::MAX, i64::MAX)?;
        Ok(gathered.bound)
    }

    /// Samples of `[from_ms, to_ms]`, with the one at or before the start, at most `max`.
    pub fn query_raw(
        &self,
        name: &str,
        from_ms: i64,
        to_ms: i64,
        max: usize,
    ) -> Result<Series, HistorianError> {
        self.with_fresh_view(|reader| reader.raw(name, from_ms, to_ms, max))
    }

    fn raw(
        &self,
        name: &str,
        from_ms: i64,
        to_ms: i64,
        max: usize,
    ) -> Result<(Series, bool), HistorianError> {
        let gathered = pieces::gather(&self.shared, name, from_ms, to_ms)?;
        let mut source = BlockSource::default();
        let mut samples: Vec<Sample> = gathered.bound.into_iter().collect();
        let mut gaps = gathered.gaps;
        let (mut truncated, mut sound) = (false, true);
        for piece in &gathered.pieces {
            let Some(run) = source.samples(piece)? else {
                gaps.push(piece.damaged_gap());
                sound = false;
                continue;
            };
            for sample in run.samples().filter(|sample| sample.time_ms <= to_ms) {
                if sample.time_ms <= from_ms {
                    samples.clear();
                }
                if samples.len() >= max {
                    truncated = true;
                    break;
                }
                samples.push(piece.convert(sample));
            }
            if truncated {
                break;
            }
        }
        let since = samples.first().map_or(from_ms, |first| first.time_ms.min(from_ms));
        let gaps = pieces::gaps_within(&gaps, since, to_ms);
        Ok((Series { point: gathered.point, samples, gaps, truncated }, sound))
    }

    /// `[from_ms, to_ms)` in equal columns, each with extremes, ends and time-weighted mean.
    /// Blocks that lie within one column are answered from their headers.
    pub fn query_columns(
        &self,
        name: &str,
        from_ms: i64,
        to_ms: i64,
        columns: usize,
    ) -> Result<Columns, HistorianError> {
        self.with_fresh_view(|reader| reader.columns(name, from_ms, to_ms, columns))
    }

    fn columns(
        &self,
        name: &str,
        from_ms: i64,
        to_ms: i64,
        columns: usize,
    ) -> Result<(Columns, bool), HistorianError> {
        let gathered = pieces::gather(&self.shared, name, from_ms, to_ms)?;
        let mut source = BlockSource::default();
        let mut gaps = gathered.gaps;
        let stepped = gathered.point.stepped;
        let mut builder = ColumnBuilder::new(from_ms, to_ms, columns, stepped, &gaps);
        builder.begin(gathered.bound);
        let mut damaged = Vec::new();
        for piece in &gathered.pieces {
            if let Some(aggregate) = piece.aggregate(stepped)
                && builder.take_block(&piece.first(), &piece.last(), &aggregate)
            {
                continue;
            }
            match source.samples(piece)? {
                Some(run) => run.samples().for_each(|sample| builder.take(&piece.convert(sample))),
                None => {
                    builder.interrupt(piece.first().time_ms);
                    damaged.push(piece.damaged_gap());
                }
            }
        }
        if let Some(beyond) = &gathered.beyond {
            builder.take(beyond);
        }
        let columns = builder.finish(gathered.alive_ms.unwrap_or(i64::MIN));
        let sound = damaged.is_empty();
        gaps.extend(damaged);
        let gaps = pieces::gaps_within(&gaps, from_ms, to_ms);
        Ok((Columns { point: gathered.point, columns, gaps }, sound))
    }

    /// A block that cannot be read may have moved since another process was looked at: when its writer
    /// starts again, it takes from the tail what was not durable yet. So a second look decides.
    fn with_fresh_view<T>(
        &self,
        ask: impl Fn(&Self) -> Result<(T, bool), HistorianError>,
    ) -> Result<T, HistorianError> {
        let (answer, sound) = ask(self)?;
        if sound || self.folder.is_none() {
            return Ok(answer);
        }
        self.refresh()?;
        ask(self).map(|(answer, _)| answer)
    }

    pub fn storage(&self) -> Storage {
        let (folder, closed, oldest_ms, alive_ms) = {
            let shared = self.read();
            let current = shared.current.as_ref().map(|current| current.start_ms);
            let oldest = shared.closed.first().map(|partition| partition.start_ms).or(current);
            (shared.folder.clone(), shared.closed.len(), oldest, shared.alive_ms)
        };
        let sizes = fs::read_dir(&folder).into_iter().flatten().flatten();
        let bytes = sizes.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum();
        Storage { bytes, partitions: closed + 1, oldest_ms, alive_ms }
    }

    /// The unit in which this store gives a point's values.
    pub fn unit(&self, name: &str) -> Result<Unit, HistorianError> {
        let shared = self.read();
        let ids = shared.catalogue.find(name)?;
        Ok(ids.last().map_or(Unit::NONE, |id| shared.info(*id).unit))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Shared> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load_read_only(folder: &Path) -> Result<(Shared, RecoveryReport), HistorianError> {
    let mut damage = Vec::new();
    let Some(catalogue) = Catalogue::read(folder, &mut damage)? else {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "no history in this folder");
        return Err(HistorianError::Io { doing: "open", path: folder.to_owned(), source });
    };
    let (shared, mut recovered) = load(folder, catalogue, tail::read(folder)?)?;
    recovered.report.damage.splice(0..0, damage);
    Ok((shared, recovered.report))
}

impl Piece {
    fn damaged_gap(&self) -> Gap {
        Gap {
            from_ms: self.first().time_ms,
            to_ms: self.last().time_ms,
            reason: super::gaps::GapReason::Damaged,
        }
    }
}
