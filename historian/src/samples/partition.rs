//! Partitions: one file per span of time, blocks one behind another, and an index once it is closed.
//!
//! ```text
//! part-<start_ms>.chp   frame: 'CHP' version:u16 start_ms:i64     then blocks (block.rs)
//! part-<start_ms>.chi   frame: 'CHI' version:u16 partition_bytes:u64 points:u32 (point:u32 count:u32)*
//!                       then (offset:u64 block header, crc32 of both:u32)*, by point, in time order
//! ```
//! Without a fitting index the partition is walked from header to header instead.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::block::{self, BlockEntry, BlockHeader, HEADER_BYTES};
use super::sample::SampleId;
use crate::disk;
use crate::error::{HistorianError, io_error};
use crate::frame::{self, Damage, Frames, Step};
use crate::varint::Cursor;

pub(crate) const PREFIX: &str = "part-";
pub(crate) const SUFFIX: &str = ".chp";
const INDEX_SUFFIX: &str = ".chi";
const MAGIC: [u8; 3] = *b"CHP";
const INDEX_MAGIC: [u8; 3] = *b"CHI";
const VERSION: u16 = 1;
const INDEX_ENTRY: usize = 8 + HEADER_BYTES + 4;

/// Blocks by point, in time order.
pub(crate) type Blocks = HashMap<SampleId, Vec<BlockEntry>>;

/// Length of the file's own header, which is the same in every partition.
pub(crate) const START: u64 = (frame::OVERHEAD + 3 + 2 + 8) as u64;

pub(crate) fn path(folder: &Path, start_ms: i64) -> PathBuf {
    folder.join(format!("{PREFIX}{start_ms:016}{SUFFIX}"))
}

pub(crate) fn index_path(partition: &Path) -> PathBuf {
    partition.with_extension("chi")
}

pub(crate) fn start_of(path: &Path) -> Option<i64> {
    disk::number_in_name(path, PREFIX, SUFFIX).and_then(|start| i64::try_from(start).ok())
}

pub(crate) fn file_header(start_ms: i64) -> Result<Vec<u8>, HistorianError> {
    let mut bytes = Vec::new();
    let start = frame::begin(&mut bytes);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&start_ms.to_le_bytes());
    frame::end(&mut bytes, start)?;
    Ok(bytes)
}

/// What a walk over a partition found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub(crate) blocks: Blocks,
    /// Behind the last whole block.
    pub(crate) end: u64,
    pub(crate) damage: Vec<Damage>,
}

/// Reads every block header of a partition. A file that vanished meanwhile has no blocks.
pub(crate) fn walk(path: &Path) -> Result<Walk, HistorianError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Walk::default()),
        Err(error) => return Err(io_error("open", path)(error)),
    };
    let size = file.metadata().map_err(io_error("look at", path))?.len();
    let mut walk = Walk::default();
    let mut head = vec![0; START as usize];
    let whole = size >= START && file.read_exact(&mut head).is_ok();
    if !whole || !matches!(Frames::new(&head).next(), Some(Step::Frame { .. })) {
        if size > 0 {
            let what = "the partition's header; its blocks are looked for behind it";
            let bytes = size.min(START) as usize;
            walk.damage.push(frame::damage(path, 0, bytes, size <= START, what));
        }
    } else {
        check_version(&head, path)?;
    }
    let mut offset = START.min(size);
    walk.end = offset;
    while offset < size {
        match header_at(&mut file, offset, size).map_err(io_error("read", path))? {
            Some(header) => {
                let entry = BlockEntry { offset, header };
                walk.blocks.entry(header.id).or_default().push(entry);
                offset = entry.end();
                walk.end = offset;
            }
            None => {
                let next = next_block(&mut file, offset + 1, size).map_err(io_error("read", path))?;
                let bytes = next.unwrap_or(size) - offset;
                let what = "one or more blocks of samples cannot be read";
                walk.damage.push(frame::damage(path, offset as usize, bytes as usize, next.is_none(), what));
                offset = next.unwrap_or(size);
            }
        }
    }
    for blocks in walk.blocks.values_mut() {
        blocks.sort_by_key(|entry| entry.header.first.time_ms);
    }
    Ok(walk)
}

fn check_version(head: &[u8], path: &Path) -> Result<(), HistorianError> {
    let mut cursor = Cursor::new(&head[frame::OVERHEAD..]);
    let magic = cursor.array::<3>();
    match cursor.u16() {
        Some(VERSION) if magic == Some(MAGIC) => Ok(()),
        Some(found) if magic == Some(MAGIC) => {
            Err(HistorianError::Version { path: path.to_owned(), found, known: VERSION })
        }
        _ => {
            let what = "it is no partition of samples".to_owned();
            Err(HistorianError::Damaged { path: path.to_owned(), offset: 0, what })
        }
    }
}

/// The block header at an offset, when header and payload lie within the file.
fn header_at(file: &mut File, offset: u64, size: u64) -> io::Result<Option<BlockHeader>> {
    if size - offset < HEADER_BYTES as u64 {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_BYTES];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    let header = BlockHeader::read(&bytes);
    Ok(header.filter(|header| offset + HEADER_BYTES as u64 + u64::from(header.payload_bytes) <= size))
}

/// Behind damage: the next place where a whole block begins.
fn next_block(file: &mut File, from: u64, size: u64) -> io::Result<Option<u64>> {
    let mut rest = Vec::new();
    file.seek(SeekFrom::Start(from.min(size)))?;
    file.take(size.saturating_sub(from)).read_to_end(&mut rest)?;
    for (index, window) in rest.windows(block::MARKER.len()).enumerate() {
        if window == block::MARKER {
            let whole = BlockHeader::read(&rest[index..])
                .is_some_and(|header| index + HEADER_BYTES + header.payload_bytes as usize <= rest.len());
            if whole {
                return Ok(Some(from + index as u64));
            }
        }
    }
    Ok(None)
}

/// A partition that is not written any more.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) start_ms: i64,
    pub(crate) path: PathBuf,
    /// Filled only when the index file is of no use: years of indices would not fit into memory.
    walked: OnceLock<Blocks>,
}

impl Partition {
    pub(crate) fn new(start_ms: i64, path: PathBuf) -> Self {
        Self { start_ms, path, walked: OnceLock::new() }
    }

    /// The blocks of one point, in time order.
    pub(crate) fn blocks(&self, id: SampleId) -> Result<Vec<BlockEntry>, HistorianError> {
        if let Some(blocks) = self.walked.get() {
            return Ok(blocks.get(&id).cloned().unwrap_or_default());
        }
        let size = fs::metadata(&self.path).map_or(0, |meta| meta.len());
        if let Some(entries) = blocks_from_index(&index_path(&self.path), size, id) {
            return Ok(entries);
        }
        let walked = walk(&self.path)?.blocks;
        Ok(self.walked.get_or_init(|| walked).get(&id).cloned().unwrap_or_default())
    }
}

/// Writes the index of a partition that will not grow any more.
pub(crate) fn write_index(
    partition: &Path,
    partition_bytes: u64,
    blocks: &Blocks,
) -> Result<(), HistorianError> {
    let ordered: BTreeMap<_, _> = blocks.iter().collect();
    let mut out = Vec::new();
    let start = frame::begin(&mut out);
    out.extend_from_slice(&INDEX_MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&partition_bytes.to_le_bytes());
    out.extend_from_slice(&(ordered.len() as u32).to_le_bytes());
    for (id, entries) in &ordered {
        out.extend_from_slice(&id.0.to_le_bytes());
        out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    }
    frame::end(&mut out, start)?;
    for entry in ordered.values().flat_map(|entries| entries.iter()) {
        let start = out.len();
        out.extend_from_slice(&entry.offset.to_le_bytes());
        block::write_header(&entry.header, &mut out);
        let sum = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&sum.to_le_bytes());
    }
    disk::replace(&index_path(partition), &out).map(drop)
}

/// `None` when there is no index, or it is damaged, or not of this partition: then the partition is walked.
fn blocks_from_index(path: &Path, partition_bytes: u64, id: SampleId) -> Option<Vec<BlockEntry>> {
    let mut file = File::open(path).ok()?;
    let mut bytes = vec![0; frame::OVERHEAD];
    file.read_exact(&mut bytes).ok()?;
    let length = Cursor::new(bytes.get(4..8)?).u32()? as usize;
    let directory = length.min(frame::PAYLOAD_MAX) as u64;
    (&mut file).take(directory).read_to_end(&mut bytes).ok()?;
    let Some(Step::Frame { payload, .. }) = Frames::new(&bytes).next() else { return None };
    let mut cursor = Cursor::new(payload);
    if cursor.array() != Some(INDEX_MAGIC) || cursor.u16() != Some(VERSION) {
        return None;
    }
    if cursor.u64()? != partition_bytes {
        return None;
    }
    let mut offset = (frame::OVERHEAD + payload.len()) as u64;
    for _ in 0..cursor.u32()? {
        let (other, count) = (SampleId(cursor.u32()?), cursor.u32()?);
        let size = u64::from(count) * INDEX_ENTRY as u64;
        if other == id {
            file.seek(SeekFrom::Start(offset)).ok()?;
            bytes.clear();
            file.take(size).read_to_end(&mut bytes).ok()?;
            return if bytes.len() as u64 == size {
                bytes.chunks(INDEX_ENTRY).map(index_entry).collect()
            } else {
                None
            };
        }
        offset += size;
    }
    Some(Vec::new())
}

fn index_entry(bytes: &[u8]) -> Option<BlockEntry> {
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut cursor = Cursor::new(body);
    Some(BlockEntry { offset: cursor.u64()?, header: BlockHeader::read(cursor.take(HEADER_BYTES)?)? })
}

/// Partition files of a folder, oldest first.
pub(crate) fn list(folder: &Path) -> Result<Vec<(i64, PathBuf)>, HistorianError> {
    let files = disk::list(folder, PREFIX, SUFFIX)?;
    let mut found: Vec<_> =
        files.into_iter().filter_map(|path| start_of(&path).map(|start| (start, path))).collect();
    found.sort_unstable();
    Ok(found)
}

/// Index files that belong to no partition any more.
pub(crate) fn orphaned_indices(folder: &Path) -> Result<Vec<PathBuf>, HistorianError> {
    let indices = disk::list(folder, PREFIX, INDEX_SUFFIX)?;
    Ok(indices.into_iter().filter(|path| !path.with_extension("chp").exists()).collect())
}
