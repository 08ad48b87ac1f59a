//! From open runs to blocks, from an open partition to a closed one, from a long tail to a short one.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::block::{self, BlockEntry};
use super::partition::{self, Blocks, Partition};
use super::sample::SampleId;
use super::shared::{Current, Recovered, Shared};
use super::store::{SampleStore, open_rows};
use super::tail::{Checkpoint, Tail};
use crate::disk;
use crate::error::{HistorianError, io_error};

/// The partition that blocks are appended to. It begins with its first block.
#[derive(Debug)]
pub(super) enum OpenPartition {
    /// No sample has ever been sealed.
    None,
    /// Known by its start, not yet a file.
    Empty(i64),
    File {
        start_ms: i64,
        path: PathBuf,
        file: File,
        bytes: u64,
    },
}

impl OpenPartition {
    /// Goes on behind the last whole block of a loaded folder.
    pub(super) fn resume(shared: &Shared, recovered: &Recovered) -> Result<Self, HistorianError> {
        let Some(Current { start_ms, path, .. }) = &shared.current else {
            return Ok(recovered.partition_start.map_or(Self::None, Self::Empty));
        };
        let bytes = recovered.partition_bytes;
        let index = partition::index_path(path);
        if index.exists() {
            fs::remove_file(&index).map_err(io_error("remove", &index))?;
        }
        let file = OpenOptions::new().write(true).open(path).map_err(io_error("open", path))?;
        file.set_len(bytes.max(partition::START)).map_err(io_error("cut to its whole blocks", path))?;
        if bytes < partition::START {
            write_at(&file, 0, &partition::file_header(*start_ms)?, path)?;
        }
        file.sync_data().map_err(io_error("make durable", path))?;
        Ok(Self::File { start_ms: *start_ms, path: path.clone(), file, bytes: bytes.max(partition::START) })
    }

    pub(super) fn start_ms(&self) -> Option<i64> {
        match self {
            Self::None => None,
            Self::Empty(start_ms) | Self::File { start_ms, .. } => Some(*start_ms),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        if let Self::File { bytes, .. } = self { *bytes } else { 0 }
    }

    fn sync(&self) -> Result<(), HistorianError> {
        if let Self::File { file, path, .. } = self {
            file.sync_data().map_err(io_error("make durable", path))?;
        }
        Ok(())
    }

    /// Returns where the bytes begin. After an error nothing has been added.
    fn append(&mut self, folder: &Path, added: &[u8]) -> Result<u64, HistorianError> {
        if let Self::Empty(start_ms) = *self {
            *self = create(folder, start_ms)?;
        }
        let Self::File { path, file, bytes, .. } = self else { return Ok(0) };
        let offset = *bytes;
        if let Err(error) = write_at(file, offset, added, path) {
            // Best effort: the next append writes over the same place.
            let _ = file.set_len(offset);
            return Err(error);
        }
        *bytes += added.len() as u64;
        Ok(offset)
    }
}

fn create(folder: &Path, start_ms: i64) -> Result<OpenPartition, HistorianError> {
    let path = partition::path(folder, start_ms);
    let file =
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(io_error("create", &path))?;
    let header = partition::file_header(start_ms)?;
    write_at(&file, 0, &header, &path)?;
    disk::sync_parent(&path)?;
    Ok(OpenPartition::File { start_ms, path, file, bytes: header.len() as u64 })
}

fn write_at(mut file: &File, offset: u64, bytes: &[u8], path: &Path) -> Result<(), HistorianError> {
    let written = file.seek(SeekFrom::Start(offset)).and_then(|_| file.write_all(bytes));
    written.map_err(io_error("write", path))
}

impl SampleStore {
    /// After each commit: whatever is due. An error leaves everything as it was, to be tried again.
    pub(super) fn maintain(&mut self) -> Result<(), HistorianError> {
        let Some(newest) = self.newest_ms else { return Ok(()) };
        let due = self.partition_of(newest);
        if self.partition.start_ms().is_none() {
            let oldest = self.oldest_open().map_or(due, |oldest| self.partition_of(oldest));
            self.partition = OpenPartition::Empty(oldest);
        }
        while self.partition.start_ms().is_some_and(|start| start < due) {
            self.roll(due)?;
        }
        if !self.full.is_empty() {
            let full = self.full.clone();
            self.seal(&full, i64::MAX)?;
            self.full.clear();
        }
        if self.tail.bytes > self.options.tail_bytes.max(2 * self.tail_base) {
            self.checkpoint()?;
        }
        Ok(())
    }

    fn partition_of(&self, time_ms: i64) -> i64 {
        time_ms.div_euclid(self.partition_ms) * self.partition_ms
    }

    fn oldest_open(&self) -> Option<i64> {
        self.read().open.iter().filter_map(|run| run.times.first().copied()).min()
    }

    /// Closes the open partition with everything that belongs to it; the next one begins.
    fn roll(&mut self, due: i64) -> Result<(), HistorianError> {
        let Some(start) = self.partition.start_ms() else { return Ok(()) };
        let end = start.saturating_add(self.partition_ms);
        let count = self.read().open.len();
        let all: Vec<_> = (0..count).map(|id| SampleId(id as u32)).collect();
        self.seal(&all, end)?;
        self.partition.sync()?;
        if let OpenPartition::File { start_ms, path, bytes, .. } = &self.partition {
            // Nobody but this thread changes what is shared: it may be read at leisure, and readers go on.
            if let Some(current) = &self.read().current {
                partition::write_index(path, *bytes, &current.blocks)?;
            }
            let mut shared = self.write();
            shared.current = None;
            shared.closed.push(Arc::new(Partition::new(*start_ms, path.clone())));
        }
        let next = self.oldest_open().map_or(due, |oldest| self.partition_of(oldest).max(end));
        self.partition = OpenPartition::Empty(next);
        self.full.clear();
        // Before the first block of the next partition: see the checkpoint's promise in tail.rs.
        self.checkpoint()
    }

    /// Makes blocks of what these points have before a time. Readers see either samples or blocks.
    fn seal(&mut self, ids: &[SampleId], before_ms: i64) -> Result<(), HistorianError> {
        let mut blocks = self.encode(ids, before_ms);
        if blocks.is_empty() {
            return Ok(());
        }
        let offset = self.partition.append(&self.folder, &self.blocks_out)?;
        let OpenPartition::File { start_ms, path, .. } = &self.partition else { return Ok(()) };
        let mut shared = self.shared.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Shared { current, open, .. } = &mut *shared;
        let current = current.get_or_insert_with(|| Current {
            start_ms: *start_ms,
            path: path.clone(),
            blocks: Blocks::new(),
        });
        for entry in &mut blocks {
            entry.offset += offset;
            let header = &entry.header;
            open[header.id.index()].remove_front(header.count as usize);
            self.sealed[header.id.index()] = header.last.time_ms;
            self.stats.blocks += 1;
            self.stats.block_samples += u64::from(header.count);
            current.blocks.entry(header.id).or_default().push(*entry);
        }
        self.stats.block_bytes += self.blocks_out.len() as u64;
        Ok(())
    }

    /// Fills `blocks_out`; offsets count from its start.
    fn encode(&mut self, ids: &[SampleId], before_ms: i64) -> Vec<BlockEntry> {
        let shared = self.shared.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.blocks_out.clear();
        let mut blocks = Vec::new();
        let most = (self.options.block_samples * 2).clamp(1, block::SAMPLES_MAX);
        for id in ids {
            let Some(run) = shared.open.get(id.index()) else { continue };
            let stepped = shared.catalogue.get(*id).is_some_and(|point| point.stepped);
            let count = run.before(before_ms);
            for start in (0..count).step_by(most) {
                let part = run.slice(start..count.min(start + most));
                let offset = self.blocks_out.len() as u64;
                let header = block::encode(*id, &part, stepped, &mut self.scratch, &mut self.blocks_out);
                blocks.extend(header.map(|header| BlockEntry { offset, header }));
            }
        }
        blocks
    }

    /// Begins a new tail that holds only what no durable block does.
    pub(super) fn checkpoint(&mut self) -> Result<(), HistorianError> {
        self.partition.sync()?;
        let rows = open_rows(&self.read());
        let checkpoint = Checkpoint {
            partition: self.partition.start_ms(),
            partition_bytes: self.partition.bytes(),
            alive_ms: self.alive_ms,
            stopped: false,
        };
        self.tail = Tail::replace(&self.folder, &checkpoint, &rows)?;
        self.tail_base = self.tail.bytes;
        Ok(())
    }
}
