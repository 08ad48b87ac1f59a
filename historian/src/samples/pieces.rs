//! Where the samples of a point are: in blocks of several partitions, and in its open run.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use model::Unit;

use super::aggregate::{Aggregate, Part};
use super::block::{BlockEntry, HEADER_BYTES};
use super::codec::Scratch;
use super::gaps::Gap;
use super::partition::Partition;
use super::sample::{PointInfo, Run, Sample, SampleId};
use super::shared::Shared;
use crate::error::{HistorianError, io_error};

/// Everything that a query needs, taken under the lock; files are read after it has been let go.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) point: PointInfo,
    /// In time order; all that overlap the span.
    pub(super) pieces: Vec<Piece>,
    /// The last sample at or before the start, when no piece holds it.
    pub(super) bound: Option<Sample>,
    /// The first sample after the end, when no piece reaches that far: the line to it crosses the end.
    pub(super) beyond: Option<Sample>,
    /// All that touch the span, and the stretches to the samples on either side of it.
    pub(super) gaps: Vec<Gap>,
    pub(super) alive_ms: Option<i64>,
}

/// Samples in one place, and how to tell them in the unit that the point has now.
#[derive(Debug)]
pub(super) struct Piece {
    place: Place,
    convert: Option<(Unit, Unit)>,
}

#[derive(Debug)]
enum Place {
    Block { partition: PathBuf, entry: BlockEntry },
    Open(Run, Sample, Sample),
}

impl Piece {
    fn block(partition: PathBuf, entry: BlockEntry, convert: Option<(Unit, Unit)>) -> Self {
        Self { place: Place::Block { partition, entry }, convert }
    }

    pub(super) fn first(&self) -> Sample {
        self.convert(match &self.place {
            Place::Block { entry, .. } => entry.header.first,
            Place::Open(_, first, _) => *first,
        })
    }

    pub(super) fn last(&self) -> Sample {
        self.convert(match &self.place {
            Place::Block { entry, .. } => entry.header.last,
            Place::Open(_, _, last) => *last,
        })
    }

    pub(super) fn convert(&self, sample: Sample) -> Sample {
        Sample { value: self.converted(sample.value), ..sample }
    }

    /// What the block's header says; nothing for an open run.
    pub(super) fn aggregate(&self, stepped: bool) -> Option<Aggregate> {
        let Place::Block { entry, .. } = &self.place else { return None };
        let all = entry.header.aggregate(stepped)?;
        if self.convert.is_none() {
            return Some(all);
        }
        let part = |part: Part| {
            if part.is_none() {
                return part;
            }
            let weight = part.weight_ms as f64;
            let integral =
                if part.weight_ms == 0 { 0.0 } else { self.converted(part.integral / weight) * weight };
            Part { min: self.converted(part.min), max: self.converted(part.max), integral, ..part }
        };
        let ends = all.ends.map(|(first, last)| (self.converted(first), self.converted(last)));
        Some(Aggregate { ends, usable: part(all.usable), bad: part(all.bad), ..all })
    }

    fn converted(&self, value: f64) -> f64 {
        self.convert.map_or(value, |(from, to)| from.convert(value, to).unwrap_or(value))
    }
}

/// One number of a point's name, as it stood under the lock.
struct Generation {
    id: SampleId,
    convert: Option<(Unit, Unit)>,
    open: Run,
    current: Vec<BlockEntry>,
}

struct View {
    point: PointInfo,
    generations: Vec<Generation>,
    current: Option<PathBuf>,
    closed: Vec<Arc<Partition>>,
    partition_ms: i64,
    gaps: Vec<Gap>,
    alive_ms: Option<i64>,
}

/// Finds what overlaps `[from_ms, to_ms]`.
pub(super) fn gather(
    shared: &RwLock<Shared>,
    name: &str,
    from_ms: i64,
    to_ms: i64,
) -> Result<Gathered, HistorianError> {
    let view = view(shared, name, from_ms)?;
    let mut pieces = Vec::new();
    for generation in &view.generations {
        view.overlapping(generation, from_ms, to_ms, &mut pieces)?;
    }
    pieces.sort_by_key(|piece| piece.first().time_ms);
    let bound = match pieces.first() {
        Some(first) if first.first().time_ms <= from_ms => None,
        _ => view.bound(from_ms)?,
    };
    let last = pieces.iter().map(|piece| piece.last().time_ms).max();
    let beyond = if last.is_some_and(|last| last >= to_ms) { None } else { view.beyond(to_ms)? };
    let first = bound.or(pieces.first().map(Piece::first));
    // A gap before the span may have ended what was known at its start, one after it the line out of it.
    let since = first.map_or(from_ms, |first| first.time_ms.min(from_ms));
    let until = beyond.map(|sample| sample.time_ms).max(last).map_or(to_ms, |last| last.max(to_ms));
    let gaps = gaps_within(&view.gaps, since, until);
    Ok(Gathered { point: view.point, pieces, bound, beyond, gaps, alive_ms: view.alive_ms })
}

fn view(shared: &RwLock<Shared>, name: &str, from_ms: i64) -> Result<View, HistorianError> {
    let shared = shared.read().unwrap_or_else(PoisonError::into_inner);
    let ids = shared.catalogue.find(name)?;
    let point = ids.last().map(|id| shared.info(*id)).unwrap_or_default();
    let mut generations = Vec::new();
    for id in ids {
        let unit = shared.info(*id).unit;
        // A name that meant something else once: its old values have no place in this unit.
        if !unit.converts_to(point.unit) {
            continue;
        }
        let run = shared.open.get(id.index());
        let open = run.map_or_else(Run::default, |run| {
            // With the sample that stood at the start.
            let start = run.before(from_ms.saturating_add(1)).saturating_sub(1);
            run.slice(start..run.len())
        });
        let current = shared.current.as_ref().and_then(|current| current.blocks.get(id));
        let convert = (unit != point.unit).then_some((unit, point.unit));
        generations.push(Generation {
            id: *id,
            convert,
            open,
            current: current.cloned().unwrap_or_default(),
        });
    }
    Ok(View {
        point,
        generations,
        current: shared.current.as_ref().map(|current| current.path.clone()),
        closed: shared.closed.clone(),
        partition_ms: shared.catalogue.partition_ms,
        gaps: shared.gaps.clone(),
        alive_ms: shared.alive_ms,
    })
}

impl View {
    fn overlapping(
        &self,
        generation: &Generation,
        from_ms: i64,
        to_ms: i64,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), HistorianError> {
        let overlaps =
            |entry: &BlockEntry| entry.header.last.time_ms >= from_ms && entry.header.first.time_ms <= to_ms;
        for partition in &self.closed {
            let end = partition.start_ms.saturating_add(self.partition_ms);
            if end > from_ms && partition.start_ms <= to_ms {
                for entry in partition.blocks(generation.id)?.into_iter().filter(overlaps) {
                    pieces.push(Piece::block(partition.path.clone(), entry, generation.convert));
                }
            }
        }
        if let Some(path) = &self.current {
            for entry in generation.current.iter().filter(|entry| overlaps(entry)) {
                pieces.push(Piece::block(path.clone(), *entry, generation.convert));
            }
        }
        let open = &generation.open;
        if let Some(last) = open.last() {
            let first = open.get(0);
            if last.time_ms >= from_ms && first.time_ms <= to_ms {
                let place = Place::Open(open.clone(), first, last);
                pieces.push(Piece { place, convert: generation.convert });
            }
        }
        Ok(())
    }

    /// The last sample at or before a time, looked for from the newest place to the oldest.
    fn bound(&self, at_ms: i64) -> Result<Option<Sample>, HistorianError> {
        for generation in self.generations.iter().rev() {
            let convert = |sample| generation.converted(sample);
            let open = generation.open.before(at_ms.saturating_add(1));
            if let Some(index) = open.checked_sub(1) {
                return Ok(Some(convert(generation.open.get(index))));
            }
            let last_of = |entries: &[BlockEntry]| {
                let before = entries.iter().rev().find(|entry| entry.header.last.time_ms <= at_ms);
                before.map(|entry| convert(entry.header.last))
            };
            if let Some(sample) = last_of(&generation.current) {
                return Ok(Some(sample));
            }
            for partition in self.closed.iter().rev().filter(|partition| partition.start_ms <= at_ms) {
                if let Some(sample) = last_of(&partition.blocks(generation.id)?) {
                    return Ok(Some(sample));
                }
            }
        }
        Ok(None)
    }

    /// The first sample after a time, looked for from the oldest place to the newest.
    fn beyond(&self, at_ms: i64) -> Result<Option<Sample>, HistorianError> {
        for generation in &self.generations {
            let first_of = |entries: &[BlockEntry]| {
                let after = entries.iter().find(|entry| entry.header.first.time_ms > at_ms);
                after.map(|entry| generation.converted(entry.header.first))
            };
            let ends_later =
                |partition: &&Arc<Partition>| partition.start_ms.saturating_add(self.partition_ms) > at_ms;
            for partition in self.closed.iter().filter(ends_later) {
                if let Some(sample) = first_of(&partition.blocks(generation.id)?) {
                    return Ok(Some(sample));
                }
            }
            if let Some(sample) = first_of(&generation.current) {
                return Ok(Some(sample));
            }
            let index = generation.open.before(at_ms.saturating_add(1));
            if index < generation.open.len() {
                return Ok(Some(generation.converted(generation.open.get(index))));
            }
        }
        Ok(None)
    }
}

impl Generation {
    fn converted(&self, sample: Sample) -> Sample {
        let value = self.convert.and_then(|(from, to)| from.convert(sample.value, to));
        Sample { value: value.unwrap_or(sample.value), ..sample }
    }
}

pub(super) fn gaps_within(gaps: &[Gap], from_ms: i64, to_ms: i64) -> Vec<Gap> {
    let touches = |gap: &&Gap| gap.to_ms >= from_ms && gap.from_ms <= to_ms;
    let mut within: Vec<_> = gaps.iter().filter(touches).copied().collect();
    within.sort_by_key(|gap| gap.from_ms);
    within
}

/// Reads blocks, keeping the file and the buffers between them.
#[derive(Debug, Default)]
pub(super) struct BlockSource {
    file: Option<(PathBuf, File)>,
    payload: Vec<u8>,
    scratch: Scratch,
    run: Run,
}

impl BlockSource {
    /// The samples of a piece in their own unit; `None` when the block on disk is damaged.
    pub(super) fn samples<'a>(&'a mut self, piece: &'a Piece) -> Result<Option<&'a Run>, HistorianError> {
        let (partition, entry) = match &piece.place {
            Place::Open(run, _, _) => return Ok(Some(run)),
            Place::Block { partition, entry } => (partition, entry),
        };
        self.block(partition, entry)
    }

    pub(super) fn block(
        &mut self,
        partition: &PathBuf,
        entry: &BlockEntry,
    ) -> Result<Option<&Run>, HistorianError> {
        if !self.read(partition, entry)? {
            return Ok(None);
        }
        let decoded = entry.header.decode(&self.payload, &mut self.scratch, &mut self.run);
        Ok(decoded.map(|()| &self.run))
    }

    fn read(&mut self, partition: &PathBuf, entry: &BlockEntry) -> Result<bool, HistorianError> {
        if self.file.as_ref().is_none_or(|(path, _)| path != partition) {
            match File::open(partition) {
                Ok(file) => self.file = Some((partition.clone(), file)),
                // Retention took it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(io_error("open", partition)(error)),
            }
        }
        let Some((path, file)) = &mut self.file else { return Ok(false) };
        self.payload.resize(entry.header.payload_bytes as usize, 0);
        let at = SeekFrom::Start(entry.offset + HEADER_BYTES as u64);
        match file.seek(at).and_then(|_| file.read_exact(&mut self.payload)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(io_error("read", path)(error)),
        }
    }
}
