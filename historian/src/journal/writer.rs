//! The one writer of a journal folder.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::header::{self, JournalHeader, SegmentStart};
use super::reader::JournalReader;
use super::record::{self, Context, ScanRecord};
use super::{archive, retention, snapshot};
use crate::disk;
use crate::error::{HistorianError, io_error};
use crate::frame::{self, Damage};
use crate::room::{self, Room};
use crate::unwritten::{Lost, UnwrittenNote};
use crate::varint::put;

pub(super) const MAGIC: [u8; 3] = *b"CLJ";
pub(super) const PREFIX: &str = "journal-";
pub(super) const SUFFIX: &str = ".cjl";

/// A frame that has grown to this is written out before its commit.
const FRAME_BYTES: usize = 1 << 20;
/// What may wait in memory while the disk refuses; beyond it the records are given up.
const WAITING_MAX: usize = 32 << 20;

#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// A segment ends at a snapshot, or when it has grown to this.
    pub segment_bytes: u64,
    /// The oldest segments and snapshots go when all together exceed this.
    pub keep_bytes: u64,
    /// These many newest snapshots, and all that follows them, are never removed.
    pub keep_snapshots: usize,
    /// Room that the open segment keeps for a full disk.
    pub room_bytes: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { segment_bytes: 32 << 20, keep_bytes: 4 << 30, keep_snapshots: 2, room_bytes: 0 }
    }
}

/// Takes one record per scan. Nothing is durable before [`JournalWriter::commit`] returns.
#[derive(Debug)]
pub struct JournalWriter {
    folder: PathBuf,
    header: JournalHeader,
    options: JournalOptions,
    start: SegmentStart,
    segment: Option<OpenSegment>,
    /// The segment before, until the next one takes over the room behind its end.
    behind: Option<File>,
    room: Room,
    context: Context,
    /// The frame that is being filled; empty when no record waits.
    frame: Vec<u8>,
    frame_start: usize,
    frame_tick: u64,
    frame_records: u64,
    /// The frame is written out early when it has grown to this; moved up while the disk refuses.
    write_at: usize,
    last_tick: Option<u64>,
    /// A record or a snapshot has been taken since this writer was made.
    begun: bool,
    /// Written since the last fdatasync.
    unsynced: bool,
    lost_records: u64,
    note: UnwrittenNote,
    /// What the process before took with it.
    left_before: Option<Lost>,
    /// What will never be written, and no segment tells of yet: that, and what was given up since the disk refuses.
    gone: Option<Lost>,
    damage: Vec<Damage>,
    snapshot_buffer: Vec<u8>,
    _lock: File,
}

#[derive(Debug)]
struct OpenSegment {
    path: PathBuf,
    file: File,
    /// Everything before this is whole frames.
    bytes: u64,
}

impl JournalWriter {
    /// Makes the folder if need be and takes it for this process. Files begin with the first record.
    pub fn create(
        folder: &Path,
        header: JournalHeader,
        options: JournalOptions,
    ) -> Result<Self, HistorianError> {
        disk::create_folder(folder)?;
        let lock = disk::lock(folder)?;
        let reader = JournalReader::open(folder)?;
        let (on_disk, damage) = reader.last_tick()?;
        if let (Some(last), Some(after)) = (on_disk, header.continues)
            && after < last
        {
            return Err(HistorianError::TickBehind { path: folder.to_owned(), last, given: after + 1 });
        }
        let start = header.continues.map_or(SegmentStart::Cold, SegmentStart::Resumed);
        let note = UnwrittenNote::open(&folder.join("unwritten"))?;
        // On a full disk the start itself needs some: the rest becomes that of the first segment.
        if let Some(last) = reader.segments().last()
            && let Ok(file) = OpenOptions::new().write(true).open(&last.path)
        {
            room::give_back(&file);
        }
        Ok(Self {
            folder: folder.to_owned(),
            last_tick: header.continues.max(on_disk),
            header,
            options,
            start,
            segment: None,
            behind: None,
            room: Room::Kept(0),
            context: Context::default(),
            frame: Vec::with_capacity(FRAME_BYTES / 4),
            frame_start: 0,
            frame_tick: 0,
            frame_records: 0,
            write_at: FRAME_BYTES,
            begun: false,
            unsynced: false,
            lost_records: 0,
            left_before: note.said(),
            gone: note.said(),
            note,
            damage,
            snapshot_buffer: Vec::new(),
            _lock: lock,
        })
    }

    /// Damage that was found at the end of what stood in the folder before.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Records that were given up because the disk refused for too long.
    pub const fn lost_records(&self) -> u64 {
        self.lost_records
    }

    /// Records that the process before had when it ended, and the disk did not: their number at least, and their times.
    pub const fn left_before(&self) -> Option<Lost> {
        self.left_before
    }

    /// Renews the room that the open segment keeps for a full disk. To be called every second or so.
    pub fn keep_room(&mut self) -> Room {
        if let Some(segment) = &self.segment {
            self.room = room::keep(&segment.file, segment.bytes, self.options.room_bytes);
        }
        self.room
    }

    pub const fn last_tick(&self) -> Option<u64> {
        self.last_tick
    }

    /// Takes a record into the buffer. Fails for a tick that does not follow, and when the disk refuses.
    pub fn append(&mut self, record: &ScanRecord) -> Result<(), HistorianError> {
        if let Some(last) = self.last_tick
            && record.tick <= last
        {
            return Err(HistorianError::TickBehind { path: self.folder.clone(), last, given: record.tick });
        }
        if !record::fits(record) {
            let size = record.inputs.iter().map(|(point, _, _)| point.index()).max().unwrap_or(0);
            return Err(HistorianError::TooLarge { what: "a point number", size, limit: 1 << 22 });
        }
        if self.frame.is_empty() {
            self.begin_frame(record.tick)?;
        }
        let before = self.last_tick.filter(|last| *last > self.frame_tick).unwrap_or(self.frame_tick);
        record::encode(record, before, &mut self.context, &mut self.frame);
        self.last_tick = Some(record.tick);
        self.frame_records += 1;
        self.begun = true;
        if self.frame.len() >= self.write_at { self.write_frame() } else { Ok(()) }
    }

    /// When this returns `Ok`, every record so far survives a power cut.
    pub fn commit(&mut self) -> Result<(), HistorianError> {
        self.write_frame()?;
        if self.unsynced
            && let Some(segment) = &self.segment
        {
            segment.file.sync_data().map_err(io_error("make durable", &segment.path))?;
            self.unsynced = false;
        }
        let long = self.segment.as_ref().is_some_and(|segment| segment.bytes >= self.options.segment_bytes);
        // On a full disk the next one would find no room, and this one has some.
        if long && !matches!(self.room, Room::Short(_)) {
            self.rotate();
        }
        Ok(())
    }

    /// Says that scans after the last record will never come: what follows begins a segment that tells of
    /// the loss, so that no replay runs across it. Take a snapshot soon; only one leads on from here.
    pub fn lose(&mut self) -> Result<(), HistorianError> {
        let kept = self.commit();
        if !self.frame.is_empty() {
            self.give_up();
        }
        self.close_segment();
        self.start = SegmentStart::Loss;
        kept
    }

    /// Stores the state after `tick`, which must have been appended (or be what the journal continues).
    /// The segment ends here, and old files go as far as [`JournalOptions`] allows.
    pub fn snapshot(&mut self, tick: u64, state: &[u8]) -> Result<(), HistorianError> {
        let follows = match (self.begun, self.start) {
            (true, _) => self.last_tick.is_some_and(|last| tick <= last),
            (false, SegmentStart::After(after) | SegmentStart::Resumed(after)) => tick == after,
            // The state of a cold start, before its first scan.
            (false, SegmentStart::Cold | SegmentStart::Loss) => self.last_tick.is_none_or(|last| tick > last),
        };
        if !follows {
            return Err(HistorianError::SnapshotTick { tick, last: self.last_tick });
        }
        self.commit()?;
        snapshot::write(&self.folder, &self.header, tick, state, &mut self.snapshot_buffer)?;
        if !self.begun {
            self.begun = true;
            self.last_tick = Some(tick);
            if !matches!(self.start, SegmentStart::Resumed(_)) {
                self.start = SegmentStart::After(tick);
            }
        }
        self.rotate();
        retention::enforce(&self.folder, &self.options).map(drop)
    }

    /// Another plant goes on from here: `state` is that after `tick`, carried over into it. The segment ends,
    /// and the next one is of the new plant and begins with that state.
    pub fn change_plant(
        &mut self,
        header: JournalHeader,
        tick: u64,
        state: &[u8],
    ) -> Result<(), HistorianError> {
        let kept = self.commit();
        if !self.frame.is_empty() {
            // Scans of the old plant must not stand under the name of the new one.
            self.give_up();
        }
        self.rotate();
        self.header = header;
        self.start = SegmentStart::After(tick);
        kept.and_then(|()| self.snapshot(tick, state))
    }

    /// Keeps the text of the plant beside its journal, once per hash.
    pub fn store_plant(&self, hash: [u8; 32], files: &[(&str, &str)]) -> Result<(), HistorianError> {
        archive::store(&self.folder, hash, files)
    }

    fn begin_frame(&mut self, tick: u64) -> Result<(), HistorianError> {
        if self.segment.is_none() {
            self.context.reset();
            let start = frame::begin(&mut self.frame);
            header::encode(MAGIC, &self.header, self.start, &mut self.frame);
            frame::end(&mut self.frame, start)?;
        }
        self.frame_start = frame::begin(&mut self.frame);
        self.frame_tick = tick;
        put(&mut self.frame, tick);
        Ok(())
    }

    /// Moves the waiting frame to the file. A write that failed half-way is cut off and done again.
    fn write_frame(&mut self) -> Result<(), HistorianError> {
        if self.frame.is_empty() {
            return Ok(());
        }
        frame::end(&mut self.frame, self.frame_start)?;
        match self.write_out() {
            Ok(()) => {
                self.empty_frame();
                self.unsynced = true;
                self.gone = None;
                self.note_unwritten();
                Ok(())
            }
            Err(error) => {
                self.write_at = self.frame.len() + FRAME_BYTES;
                self.note_unwritten();
                self.give_up_if_too_much();
                Err(error)
            }
        }
    }

    /// For the next start, should this process end before the disk takes what waits.
    fn note_unwritten(&mut self) {
        // A disk that refuses even this leaves the note as it was.
        let _ = self.note.say(self.unwritten());
    }

    fn unwritten(&self) -> Option<Lost> {
        let time_ms = |tick: u64| self.header.epoch_ms + tick as i64 * i64::from(self.header.period_ms);
        let waiting = (self.frame_records > 0).then(|| Lost {
            entries: self.frame_records,
            from_ms: time_ms(self.frame_tick),
            to_ms: time_ms(self.last_tick.unwrap_or(self.frame_tick)),
        });
        match (self.gone, waiting) {
            (Some(gone), Some(waiting)) => Some(gone.and(waiting)),
            (gone, waiting) => gone.or(waiting),
        }
    }

    fn write_out(&mut self) -> Result<(), HistorianError> {
        if self.segment.is_none() {
            let segment = create_segment(&self.folder, self.frame_tick)?;
            // At once, so that nobody else finds what one gives back before the other has it.
            if let Some(behind) = self.behind.take() {
                room::give_back(&behind);
            }
            self.room = room::keep(&segment.file, 0, self.options.room_bytes);
            self.segment = Some(segment);
        }
        let Some(segment) = &mut self.segment else { return Ok(()) };
        let written = segment.file.write_all(&self.frame);
        if written.is_err() {
            let back = segment.file.set_len(segment.bytes);
            back.and_then(|()| segment.file.seek(SeekFrom::Start(segment.bytes)))
                .map_err(io_error("cut back", &segment.path))?;
        }
        written.map_err(io_error("write", &segment.path))?;
        segment.bytes += self.frame.len() as u64;
        Ok(())
    }

    /// The disk has refused for so long that memory is at stake: the next segment tells of the loss.
    fn give_up_if_too_much(&mut self) {
        if self.frame.len() < WAITING_MAX {
            return;
        }
        self.give_up();
        self.close_segment();
        self.start = SegmentStart::Loss;
    }

    /// What waits will never be written.
    fn give_up(&mut self) {
        self.gone = self.unwritten();
        self.lost_records += self.frame_records;
        self.empty_frame();
    }

    fn empty_frame(&mut self) {
        self.frame.clear();
        self.frame_records = 0;
        self.write_at = FRAME_BYTES;
    }

    fn rotate(&mut self) {
        if self.close_segment()
            && let Some(tick) = self.last_tick
        {
            self.start = SegmentStart::After(tick);
        }
    }

    /// Whether one was open. Its room stays until the next one needs it.
    fn close_segment(&mut self) -> bool {
        let Some(segment) = self.segment.take() else { return false };
        self.behind = Some(segment.file);
        true
    }
}

fn create_segment(folder: &Path, tick: u64) -> Result<OpenSegment, HistorianError> {
    let path = folder.join(format!("{PREFIX}{tick:020}{SUFFIX}"));
    let create = || OpenOptions::new().write(true).create_new(true).open(&path);
    let file = match create() {
        // Left by a process that died before its first commit: it holds no record, or we would be behind it.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            disk::set_aside(&path)?;
            create()
        }
        other => other,
    };
    let file = file.map_err(io_error("create", &path))?;
    disk::sync_parent(&path)?;
    Ok(OpenSegment { path, file, bytes: 0 })
}
