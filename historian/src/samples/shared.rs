//! What the writer and the readers of one process hold in common, and how a folder becomes it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::Catalogue;
use super::gaps::{self, Gap};
use super::partition::{self, Blocks, Partition};
use super::sample::{PointInfo, Run, SampleId};
use super::tail::{Checkpoint, Row, TailContent};
use crate::error::{HistorianError, io_error};
use crate::frame::{self, Damage};

#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) catalogue: Catalogue,
    /// Samples that no block holds yet, by point.
    pub(crate) open: Vec<Run>,
    /// Oldest first.
    pub(crate) closed: Vec<Arc<Partition>>,
    /// The partition that is being written, if it has been begun.
    pub(crate) current: Option<Current>,
    /// By start.
    pub(crate) gaps: Vec<Gap>,
    /// The recorder is known to have run until then.
    pub(crate) alive_ms: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) start_ms: i64,
    pub(crate) path: PathBuf,
    pub(crate) blocks: Blocks,
}

/// What was found when a store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// The store is new, or was closed in order.
    pub clean: bool,
    /// The recorder is known to have run until then; a gap begins there.
    pub last_ms: Option<i64>,
    /// Samples that were taken from the tail because no block held them yet.
    pub from_tail: u64,
    pub damage: Vec<Damage>,
}

/// What else the writer needs to go on.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) report: RecoveryReport,
    /// Last time that a block of the open partition holds, by point.
    pub(crate) sealed: Vec<i64>,
    /// Behind the last whole block of the open partition.
    pub(crate) partition_bytes: u64,
    /// The open partition when the tail began, whether or not it has a file.
    pub(crate) partition_start: Option<i64>,
    /// The recorder before was stopped in order.
    pub(crate) stopped: bool,
}

/// Reads a folder. A writer may change it meanwhile: the tail was read before the blocks are, so that
/// samples which move from the one to the other are seen twice, and told apart by their time.
pub(crate) fn load(
    folder: &Path,
    catalogue: Catalogue,
    mut tail: TailContent,
) -> Result<(Shared, Recovered), HistorianError> {
    let mut damage = std::mem::take(&mut tail.damage);
    let mut gaps = gaps::read(folder, &mut damage)?;
    gaps.append(&mut tail.gaps);
    let mut shared = Shared { folder: folder.to_owned(), catalogue, gaps, ..Shared::default() };
    let checkpoint = tail.checkpoint.unwrap_or_default();
    let mut partition_bytes = 0;
    for (start_ms, path) in partition::list(folder)? {
        shared.closed.push(Arc::new(Partition::new(start_ms, path)));
    }
    let newest = shared.closed.last().map(|partition| partition.start_ms);
    if newest.is_some()
        && newest >= checkpoint.partition
        && let Some(newest) = shared.closed.pop()
    {
        let walk = partition::walk(&newest.path)?;
        damage.extend(walk.damage);
        partition_bytes = walk.end;
        let (start_ms, path) = (newest.start_ms, newest.path.clone());
        shared.current = Some(Current { start_ms, path, blocks: walk.blocks });
    }
    let last_block = shared.current.as_ref().and_then(Current::last_ms);
    shared.alive_ms = tail.alive_ms.max(last_block);
    let points = shared.point_slots(&tail);
    shared.open.resize_with(points, Run::default);
    let sealed = shared.sealed(points);
    let from_tail = shared.take_tail(&tail, &sealed)?;
    let clean = tail.checkpoint.map_or(shared.current.is_none(), |_| tail.stopped) && damage.is_empty();
    let report = RecoveryReport { clean, last_ms: shared.alive_ms, from_tail, damage };
    let partition_start = checkpoint.partition;
    Ok((shared, Recovered { report, sealed, partition_bytes, partition_start, stopped: tail.stopped }))
}

/// Before the writer loads: what stands in the open partition behind the checkpoint is in the tail.
pub(crate) fn cut_to_checkpoint(
    folder: &Path,
    tail: &TailContent,
    damage: &mut Vec<Damage>,
) -> Result<(), HistorianError> {
    let Some(Checkpoint { partition, partition_bytes, .. }) = tail.checkpoint else { return Ok(()) };
    let start_ms = match (partition, partition::list(folder)?.as_slice()) {
        (Some(start_ms), _) => start_ms,
        // The very first partition, begun after the tail.
        (None, [(start_ms, _)]) => *start_ms,
        (None, _) => return Ok(()),
    };
    let path = partition::path(folder, start_ms);
    let Ok(meta) = std::fs::metadata(&path) else {
        if partition_bytes > 0 {
            damage.push(frame::damage(&path, 0, 0, false, "the partition of the newest blocks has vanished"));
        }
        return Ok(());
    };
    if meta.len() < partition_bytes {
        let (at, lost) = (meta.len() as usize, (partition_bytes - meta.len()) as usize);
        damage.push(frame::damage(&path, at, lost, false, "the end of this partition is missing"));
    } else if meta.len() > partition_bytes && tail.is_whole() {
        let file = std::fs::OpenOptions::new().write(true).open(&path).map_err(io_error("open", &path))?;
        file.set_len(partition_bytes).map_err(io_error("cut to its durable part", &path))?;
    }
    Ok(())
}

impl Current {
    fn last_ms(&self) -> Option<i64> {
        self.blocks.values().flatten().map(|entry| entry.header.last.time_ms).max()
    }
}

impl Shared {
    /// Numbers that are in use anywhere: a point that the catalogue lost still has its samples.
    fn point_slots(&self, tail: &TailContent) -> usize {
        let in_tail = tail.rows().map(|row| row.id.index() + 1);
        let in_blocks =
            self.current.iter().flat_map(|current| current.blocks.keys()).map(|id| id.index() + 1);
        in_tail.chain(in_blocks).chain([self.catalogue.len()]).max().unwrap_or(0)
    }

    fn sealed(&self, points: usize) -> Vec<i64> {
        let mut sealed = vec![i64::MIN; points];
        for (id, blocks) in self.current.iter().flat_map(|current| &current.blocks) {
            sealed[id.index()] = blocks.last().map_or(i64::MIN, |entry| entry.header.last.time_ms);
        }
        sealed
    }

    /// Puts the tail's samples where no block holds them. Returns how many.
    fn take_tail(&mut self, tail: &TailContent, sealed: &[i64]) -> Result<u64, HistorianError> {
        let mut taken = 0;
        let floor = self.current.as_ref().map_or(i64::MIN, |current| current.start_ms);
        let mut older: HashMap<SampleId, i64> = HashMap::new();
        for Row { id, sample } in tail.rows() {
            let mut held_until = sealed[id.index()];
            if sample.time_ms < floor {
                held_until = match older.get(&id) {
                    Some(until) => *until,
                    None => *older.entry(id).or_insert(self.sealed_before(id)?),
                };
            }
            if sample.time_ms > held_until {
                taken += u64::from(self.open[id.index()].insert(sample));
            }
        }
        Ok(taken)
    }

    /// The last time that closed partitions hold of a point.
    fn sealed_before(&self, id: SampleId) -> Result<i64, HistorianError> {
        for partition in self.closed.iter().rev() {
            if let Some(last) = partition.blocks(id)?.last() {
                return Ok(last.header.last.time_ms);
            }
        }
        Ok(i64::MIN)
    }

    pub(crate) fn add_gap(&mut self, gap: Gap) {
        let place = self.gaps.partition_point(|other| other.from_ms <= gap.from_ms);
        self.gaps.insert(place, gap);
    }

    pub(crate) fn info(&self, id: SampleId) -> PointInfo {
        self.catalogue.get(id).cloned().unwrap_or_else(|| PointInfo {
            name: format!("#{}", id.0),
            unit: model::Unit::NONE,
            stepped: false,
        })
    }
}
