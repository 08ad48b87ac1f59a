//! The one writer of a folder of samples.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use model::Quality;

use super::catalogue::Catalogue;
use super::codec::Scratch;
use super::gaps::{self, Gap, GapFile, GapReason};
use super::partition;
use super::reader::SampleReader;
use super::sample::{PointInfo, Run, Sample, SampleId};
use super::seal::OpenPartition;
use super::shared::{RecoveryReport, Shared, cut_to_checkpoint, load};
use super::tail::{self, Checkpoint, Row, Tail};
use crate::disk;
use crate::error::{HistorianError, io_error};

/// What may wait in memory while the disk refuses; beyond it samples are counted as lost.
const PENDING_MAX: usize = 1 << 20;
/// 31 December 9999.
const TIME_MAX_MS: i64 = 253_402_300_799_999;

#[derive(Clone, Copy, Debug)]
pub struct SampleOptions {
    /// About so many samples make a block.
    pub block_samples: usize,
    /// Span of one partition. Fixed when the store is made; a later value is ignored.
    pub partition_ms: i64,
    /// The tail is written anew when it has grown to this, or to twice what was needed last time.
    pub tail_bytes: u64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self { block_samples: 512, partition_ms: 6 * 3_600_000, tail_bytes: 8 << 20 }
    }
}

/// Counters since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleStats {
    pub appended: u64,
    /// Older than what is already in a block of its point: dropped.
    pub late_dropped: u64,
    /// Of the same time as another sample of its point, which it replaced.
    pub replaced: u64,
    /// Given up because the disk refused for too long; marked as a gap.
    pub lost: u64,
    pub blocks: u64,
    pub block_bytes: u64,
    /// Samples in those blocks.
    pub block_samples: u64,
    pub tail_bytes: u64,
}

/// How much to keep; `None` is no bound. Whole partitions go, the oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub max_bytes: Option<u64>,
    pub max_age_ms: Option<i64>,
}

/// Takes samples; they are durable and visible to readers when [`SampleStore::commit`] returns.
#[derive(Debug)]
pub struct SampleStore {
    pub(super) folder: PathBuf,
    pub(super) options: SampleOptions,
    pub(super) partition_ms: i64,
    pub(super) shared: Arc<RwLock<Shared>>,
    pending: Vec<Row>,
    pub(super) tail: Tail,
    pub(super) tail_base: u64,
    gap_file: GapFile,
    pub(super) partition: OpenPartition,
    /// Last time in a block, by point: nothing older is taken.
    pub(super) sealed: Vec<i64>,
    /// Points whose open run has reached its length.
    pub(super) full: Vec<SampleId>,
    pub(super) newest_ms: Option<i64>,
    pub(super) alive_ms: Option<i64>,
    committed_alive_ms: Option<i64>,
    /// Since then nothing was recorded, and why; the gap is noted when recording begins again.
    silent: Option<(i64, GapReason)>,
    resumed_ms: Option<i64>,
    lost_span: Option<(i64, i64)>,
    pub(super) stats: SampleStats,
    pub(super) scratch: Scratch,
    pub(super) blocks_out: Vec<u8>,
    _lock: File,
}

impl SampleStore {
    /// Opens or makes the store in this folder, and takes it for this process.
    pub fn open(folder: &Path, options: SampleOptions) -> Result<(Self, RecoveryReport), HistorianError> {
        disk::create_folder(folder)?;
        let lock = disk::lock(folder)?;
        let mut damage = Vec::new();
        let found = Catalogue::read(folder, &mut damage)?;
        let whole = found.is_some() && damage.is_empty() && Catalogue::has_both_copies(folder);
        let catalogue = found.unwrap_or_else(|| Catalogue::new(options.partition_ms.max(1000)));
        if !whole {
            catalogue.write(folder)?;
        }
        let tail = tail::read(folder)?;
        cut_to_checkpoint(folder, &tail, &mut damage)?;
        let partition_ms = catalogue.partition_ms;
        let (shared, mut recovered) = load(folder, catalogue, tail)?;
        recovered.report.damage.splice(0..0, damage);
        recovered.report.clean &= recovered.report.damage.is_empty();
        for index in partition::orphaned_indices(folder)? {
            fs::remove_file(&index).map_err(io_error("remove", &index))?;
        }
        let partition = OpenPartition::resume(&shared, &recovered)?;
        let gap_file = match GapFile::open_whole(folder, shared.gaps.len())? {
            Some(file) => file,
            None => gaps::replace(folder, &shared.gaps)?,
        };
        let stopped = recovered.stopped;
        let reason = if stopped { GapReason::Stopped } else { GapReason::Crashed };
        let alive_ms = shared.alive_ms;
        let checkpoint = Checkpoint {
            partition: partition.start_ms(),
            partition_bytes: partition.bytes(),
            alive_ms,
            stopped,
        };
        let tail = Tail::replace(folder, &checkpoint, &open_rows(&shared))?;
        let store = Self {
            folder: folder.to_owned(),
            options,
            partition_ms,
            newest_ms: newest(&shared),
            full: full_runs(&shared, options.block_samples),
            shared: Arc::new(RwLock::new(shared)),
            pending: Vec::new(),
            tail_base: tail.bytes,
            tail,
            gap_file,
            partition,
            sealed: recovered.sealed,
            alive_ms,
            committed_alive_ms: alive_ms,
            silent: alive_ms.map(|from| (from, reason)),
            resumed_ms: None,
            lost_span: None,
            stats: SampleStats::default(),
            scratch: Scratch::default(),
            blocks_out: Vec::new(),
            _lock: lock,
        };
        Ok((store, recovered.report))
    }

    /// Opens the store for reading only, while its writer runs in another process or none does.
    pub fn open_read_only(folder: &Path) -> Result<SampleReader, HistorianError> {
        SampleReader::open(folder)
    }

    /// A handle for queries from other threads of this process.
    pub fn reader(&self) -> SampleReader {
        SampleReader::of(self.shared.clone())
    }

    /// Makes points known, durable before it returns. Known ones keep their number.
    pub fn register(&mut self, points: &[PointInfo]) -> Result<Vec<SampleId>, HistorianError> {
        let mut catalogue = self.read().catalogue.clone();
        let mut changed = false;
        let mut ids = Vec::with_capacity(points.len());
        for point in points {
            let (id, new) = catalogue.register(point)?;
            changed |= new;
            ids.push(id);
        }
        if changed {
            catalogue.write(&self.folder)?;
        }
        let slots = catalogue.len().max(self.sealed.len());
        self.sealed.resize(slots, i64::MIN);
        let mut shared = self.write();
        shared.open.resize_with(slots, Run::default);
        shared.catalogue = catalogue;
        drop(shared);
        Ok(ids)
    }

    /// Takes a sample into the buffer. Too late is counted, not refused: see [`SampleStats`].
    pub fn append(
        &mut self,
        time_ms: i64,
        id: SampleId,
        value: f64,
        quality: Quality,
    ) -> Result<(), HistorianError> {
        let Some(sealed) = self.sealed.get(id.index()) else {
            return Err(HistorianError::UnknownId { id: id.0 });
        };
        let sealed = *sealed;
        self.alive(time_ms)?;
        self.stats.appended += 1;
        if time_ms <= sealed || self.partition.start_ms().is_some_and(|start| time_ms < start) {
            self.stats.late_dropped += 1;
        } else if self.pending.len() >= PENDING_MAX {
            self.stats.lost += 1;
            let (from, to) = self.lost_span.unwrap_or((time_ms, time_ms));
            self.lost_span = Some((from.min(time_ms), to.max(time_ms)));
        } else {
            self.pending.push(Row { id, sample: Sample { time_ms, value, quality } });
        }
        Ok(())
    }

    /// The recorder ran at this time, whether or not anything had changed.
    pub fn alive(&mut self, time_ms: i64) -> Result<(), HistorianError> {
        if !(0..=TIME_MAX_MS).contains(&time_ms) {
            return Err(HistorianError::TimeOutOfRange { time_ms });
        }
        if self.resumed_ms.is_none() && self.silent.is_some_and(|(from, _)| time_ms > from) {
            self.resumed_ms = Some(time_ms);
        }
        self.alive_ms = self.alive_ms.max(Some(time_ms));
        Ok(())
    }

    /// When this returns `Ok`, every sample so far survives a power cut, and readers see it.
    pub fn commit(&mut self) -> Result<(), HistorianError> {
        self.note_silence()?;
        if !self.pending.is_empty() || self.alive_ms != self.committed_alive_ms {
            self.tail.append(self.alive_ms, &self.pending)?;
            self.committed_alive_ms = self.alive_ms;
            self.publish();
        }
        if let Some((from_ms, to_ms)) = self.lost_span {
            self.mark_gap(from_ms, to_ms, GapReason::Lost)?;
            self.lost_span = None;
        }
        self.maintain()
    }

    /// Notes that nothing was recorded in a span: samples lost on the way here, a link that was down.
    pub fn mark_gap(&mut self, from_ms: i64, to_ms: i64, reason: GapReason) -> Result<(), HistorianError> {
        let gap = Gap { from_ms, to_ms: to_ms.max(from_ms), reason };
        self.gap_file.append(&gap)?;
        self.write().add_gap(gap);
        Ok(())
    }

    /// Commits, and notes that the recorder stopped in order.
    pub fn close(&mut self, now_ms: i64) -> Result<(), HistorianError> {
        // A time out of range must not keep the samples from the disk.
        let known = self.alive(now_ms);
        self.commit()?;
        known?;
        self.checkpoint()?;
        self.tail.append_stopped(now_ms)
    }

    /// Removes what is older or more than may be kept. Returns how many partitions went.
    pub fn enforce(&mut self, now_ms: i64, retention: &Retention) -> Result<usize, HistorianError> {
        let sizes: Vec<(i64, PathBuf, u64)> = self.read().closed.iter().map(size_of).collect();
        let current = self.partition.bytes() + self.tail.bytes;
        let mut total: u64 = sizes.iter().map(|(_, _, bytes)| bytes).sum::<u64>() + current;
        let mut removed = 0;
        for (start_ms, path, bytes) in sizes {
            let end_ms = start_ms.saturating_add(self.partition_ms);
            let old = retention.max_age_ms.is_some_and(|age| end_ms < now_ms.saturating_sub(age));
            let much = retention.max_bytes.is_some_and(|max| total > max);
            if !old && !much {
                break;
            }
            self.write().closed.retain(|partition| partition.path != path);
            for file in [path.clone(), partition::index_path(&path)] {
                if file.exists() {
                    fs::remove_file(&file).map_err(io_error("remove", &file))?;
                }
            }
            total -= bytes;
            removed += 1;
        }
        if removed > 0 {
            self.forget_old_gaps()?;
        }
        Ok(removed)
    }

    pub fn stats(&self) -> SampleStats {
        SampleStats { tail_bytes: self.tail.bytes, ..self.stats }
    }

    fn forget_old_gaps(&mut self) -> Result<(), HistorianError> {
        let oldest = self.read().closed.first().map(|partition| partition.start_ms);
        let Some(oldest) = oldest.or(self.partition.start_ms()) else { return Ok(()) };
        let kept: Vec<Gap> = self.read().gaps.iter().filter(|gap| gap.to_ms >= oldest).copied().collect();
        self.gap_file = gaps::replace(&self.folder, &kept)?;
        self.write().gaps = kept;
        Ok(())
    }

    /// The gap between the run before and this one, once this one has begun.
    fn note_silence(&mut self) -> Result<(), HistorianError> {
        if let (Some((from, reason)), Some(to)) = (self.silent, self.resumed_ms) {
            self.mark_gap(from, to, reason)?;
            self.silent = None;
        }
        Ok(())
    }

    /// Hands the committed samples to the readers.
    fn publish(&mut self) {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        for Row { id, sample } in self.pending.drain(..) {
            let Some(run) = shared.open.get_mut(id.index()) else { continue };
            if !run.insert(sample) {
                self.stats.replaced += 1;
            } else if run.len() == run_length(id, self.options.block_samples) {
                self.full.push(id);
            }
            self.newest_ms = self.newest_ms.max(Some(sample.time_ms));
        }
        shared.alive_ms = self.alive_ms;
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Shared> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Shared> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spread by point, so that points which began together are not sealed together.
pub(super) fn run_length(id: SampleId, block_samples: usize) -> usize {
    let spread = (id.0.wrapping_mul(0x9e37_79b9) >> 16) as usize;
    (block_samples * 3 / 4 + spread % (block_samples / 2).max(1)).max(1)
}

pub(super) fn open_rows(shared: &Shared) -> Vec<Row> {
    let rows = |(id, run): (usize, &Run)| -> Vec<Row> {
        run.samples().map(|sample| Row { id: SampleId(id as u32), sample }).collect()
    };
    shared.open.iter().enumerate().flat_map(rows).collect()
}

fn newest(shared: &Shared) -> Option<i64> {
    shared.open.iter().filter_map(|run| run.last().map(|sample| sample.time_ms)).max()
}

fn full_runs(shared: &Shared, block_samples: usize) -> Vec<SampleId> {
    let ids = (0..shared.open.len()).map(|id| SampleId(id as u32));
    ids.filter(|id| shared.open[id.index()].len() >= run_length(*id, block_samples)).collect()
}

fn size_of(partition: &Arc<partition::Partition>) -> (i64, PathBuf, u64) {
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |meta| meta.len());
    let total = bytes(&partition.path) + bytes(&partition::index_path(&partition.path));
    (partition.start_ms, partition.path.clone(), total)
}
