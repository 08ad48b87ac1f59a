//! The points of a store: number, name, unit, and whether they step.
//!
//! ```text
//! points.chc            frame: 'CHC' version:u16 partition_ms:i64
//! points.copy.chc       frame per point: id:u32 stepped:u8 unit:v+text name:v+text
//! ```
//! Two equal files, replaced one after the other, so that damage to one costs nothing. A name whose
//! unit has changed has several numbers: the later one is in use, the earlier ones are converted.

use std::collections::HashMap;
use std::path::Path;

use model::Unit;

use super::sample::{PointInfo, SampleId};
use crate::disk;
use crate::error::HistorianError;
use crate::frame::{self, Damage, Frames, Step};
use crate::varint::{Cursor, put_bytes};

const FILES: [&str; 2] = ["points.chc", "points.copy.chc"];
const MAGIC: [u8; 3] = *b"CHC";
const VERSION: u16 = 1;
const NAME_MAX: usize = 512;
/// The history outlives many plants, but not without end.
const POINTS_MAX: usize = 1 << 20;

#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) partition_ms: i64,
    /// By number; `None` where damage took both copies.
    points: Vec<Option<PointInfo>>,
    /// Numbers of a name, the one in use last.
    by_name: HashMap<String, Vec<SampleId>>,
}

impl Catalogue {
    pub(crate) fn new(partition_ms: i64) -> Self {
        Self { partition_ms, ..Self::default() }
    }

    /// `None` when there is no catalogue yet.
    pub(crate) fn read(folder: &Path, damage: &mut Vec<Damage>) -> Result<Option<Self>, HistorianError> {
        let mut found: Option<Self> = None;
        for name in FILES {
            let path = folder.join(name);
            if let Some(bytes) = disk::read_if_there(&path)? {
                let catalogue = found.get_or_insert_with(Self::default);
                catalogue.merge(&bytes, &path, damage)?;
            }
        }
        match found {
            Some(catalogue) if catalogue.partition_ms == 0 => {
                let what = "neither of the two catalogues of points can be read".to_owned();
                Err(HistorianError::Damaged { path: folder.join(FILES[0]), offset: 0, what })
            }
            found => Ok(found),
        }
    }

    fn merge(&mut self, bytes: &[u8], path: &Path, damage: &mut Vec<Damage>) -> Result<(), HistorianError> {
        for step in Frames::new(bytes) {
            match step {
                Step::Frame { payload, .. } if payload.starts_with(&MAGIC) => {
                    let mut cursor = Cursor::new(&payload[MAGIC.len()..]);
                    let found = cursor.u16().unwrap_or(0);
                    if found != VERSION {
                        return Err(HistorianError::Version { path: path.to_owned(), found, known: VERSION });
                    }
                    self.partition_ms = cursor.i64().unwrap_or(0).max(0);
                }
                Step::Frame { offset, payload } => match point(payload) {
                    Some((id, info)) => self.put(id, info),
                    None => damage.push(frame::damage(path, offset, payload.len(), false, "a point")),
                },
                Step::Damage { offset, bytes, torn_tail } => {
                    let what = "points of the catalogue; the other copy is used";
                    damage.push(frame::damage(path, offset, bytes, torn_tail, what));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn has_both_copies(folder: &Path) -> bool {
        FILES.iter().all(|name| folder.join(name).exists())
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), HistorianError> {
        let mut out = Vec::new();
        let start = frame::begin(&mut out);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.partition_ms.to_le_bytes());
        frame::end(&mut out, start)?;
        for (id, info) in self.points.iter().enumerate() {
            let Some(info) = info else { continue };
            let start = frame::begin(&mut out);
            out.extend_from_slice(&(id as u32).to_le_bytes());
            out.push(u8::from(info.stepped));
            put_bytes(&mut out, info.unit.symbol().as_bytes());
            put_bytes(&mut out, info.name.as_bytes());
            frame::end(&mut out, start)?;
        }
        for name in FILES {
            disk::replace(&folder.join(name), &out)?;
        }
        Ok(())
    }

    /// The number of a point, a new one when the name is new or its unit has changed.
    /// The flag tells whether the catalogue must be written.
    pub(crate) fn register(&mut self, point: &PointInfo) -> Result<(SampleId, bool), HistorianError> {
        let name = &point.name;
        if name.len() > NAME_MAX {
            return Err(HistorianError::TooLarge {
                what: "the name of a point",
                size: name.len(),
                limit: NAME_MAX,
            });
        }
        if let Some(&id) = self.by_name.get(name).and_then(|ids| ids.last())
            && let Some(Some(known)) = self.points.get(id.index())
            && known.unit == point.unit
        {
            let changed = known.stepped != point.stepped;
            if changed {
                self.points[id.index()] = Some(point.clone());
            }
            return Ok((id, changed));
        }
        let size = self.points.len();
        if size >= POINTS_MAX {
            return Err(HistorianError::TooLarge {
                what: "the catalogue of points",
                size,
                limit: POINTS_MAX,
            });
        }
        let id = SampleId(size as u32);
        self.put(id, point.clone());
        Ok((id, true))
    }

    fn put(&mut self, id: SampleId, info: PointInfo) {
        if id.index() >= POINTS_MAX {
            return;
        }
        if self.points.len() <= id.index() {
            self.points.resize(id.index() + 1, None);
        }
        let ids = self.by_name.entry(info.name.clone()).or_default();
        if let Err(place) = ids.binary_search(&id) {
            ids.insert(place, id);
        }
        self.points[id.index()] = Some(info);
    }

    /// Numbers below this may have been given.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn get(&self, id: SampleId) -> Option<&PointInfo> {
        self.points.get(id.index())?.as_ref()
    }

    /// All numbers of a name, the one in use last; never empty.
    pub(crate) fn find(&self, name: &str) -> Result<&[SampleId], HistorianError> {
        match self.by_name.get(name) {
            Some(ids) if !ids.is_empty() => Ok(ids),
            _ => {
                let names = self.by_name.keys().map(String::as_str);
                let nearest = model::nearest(name, names).map(str::to_owned);
                Err(HistorianError::UnknownPoint { name: name.to_owned(), nearest })
            }
        }
    }

    /// The points in use, by name.
    pub(crate) fn points(&self) -> Vec<PointInfo> {
        let newest = |ids: &Vec<SampleId>| ids.last().and_then(|id| self.get(*id)).cloned();
        let mut points: Vec<_> = self.by_name.values().filter_map(newest).collect();
        points.sort_by(|a, b| a.name.cmp(&b.name));
        points
    }
}

fn point(payload: &[u8]) -> Option<(SampleId, PointInfo)> {
    let mut cursor = Cursor::new(payload);
    let id = SampleId(cursor.u32()?);
    let stepped = cursor.u8()? != 0;
    // A unit that this program does not know is shown as a plain number.
    let unit = Unit::parse(cursor.text()?).unwrap_or_default();
    let name = cursor.text()?.to_owned();
    Some((id, PointInfo { name, unit, stepped }))
}
