//! The process image: value and quality of every point.
//!
//! What belongs to a point stands together: blocks and conditions reach for single points, and one look into the list
//! then costs one check of its length and one line of the cache.
//!
//! Two rules hold always: a value is finite, and a bad value is the last usable one.

use alloc::{vec, vec::Vec};
use model::{PointId, Quality, StateWalk};

use crate::plant::{Origin, Plant, Point};

/// All points, indexed by [`PointId`].
#[derive(Clone, Debug)]
pub struct Image {
    cells: Vec<Cell>,
    /// Points that were given another value or quality since [`Self::forget_changes`], in the order in which they
    /// first were, each once; no part of the state.
    changed: Changes,
}

/// Points in the order in which they first changed.
#[derive(Clone, Debug)]
struct Changes {
    points: Vec<PointId>,
    /// The mark of a cell that stands among them. Another one forgets them all, without a look at the cells.
    mark: u32,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    value: f64,
    quality: Quality,
    /// Equal to that of the changes: it stands among them.
    mark: u32,
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.values().eq(other.values()) && self.qualities().eq(other.qualities())
    }
}

impl Image {
    /// The image before the first scan: field inputs wait for their first data, all else is good.
    pub fn new(plant: &Plant) -> Self {
        let quality = |origin: &Origin| match origin {
            Origin::Field(_) => Quality::BadWaitingForInitialData,
            Origin::FieldOutput(_)
            | Origin::Link(_)
            | Origin::Block(_)
            | Origin::Entry
            | Origin::Phase(_)
            | Origin::Interlock(_)
            | Origin::Scan(_) => Quality::Good,
        };
        let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
        let cell =
            |point: &Point| Cell { value: finite(point.initial), quality: quality(&point.origin), mark: 0 };
        Self {
            cells: plant.points.iter().map(cell).collect(),
            changed: Changes { points: Vec::with_capacity(plant.points.len()), mark: 1 },
        }
    }

    pub fn value(&self, point: PointId) -> f64 {
        self.cells[point.index()].value
    }

    pub fn quality(&self, point: PointId) -> Quality {
        self.cells[point.index()].quality
    }

    /// Both with one look.
    #[inline]
    pub(crate) fn read(&self, point: PointId) -> (f64, Quality) {
        let cell = &self.cells[point.index()];
        (cell.value, cell.quality)
    }

    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> {
        self.cells.iter().map(|cell| cell.value)
    }

    pub fn qualities(&self) -> impl ExactSizeIterator<Item = Quality> {
        self.cells.iter().map(|cell| cell.quality)
    }

    /// A switch is on from one half upwards.
    pub fn is_on(&self, point: PointId) -> bool {
        self.value(point) >= 0.5
    }

    /// Writes a value. One that is no number leaves the last value and turns the quality bad.
    #[inline]
    pub(crate) fn set(&mut self, point: PointId, value: f64, quality: Quality) {
        write(&mut self.cells[point.index()], &mut self.changed, point, value, quality);
    }

    /// `count` points side by side.
    #[inline]
    pub(crate) fn row(&mut self, first: PointId, count: usize) -> Row<'_> {
        let from = first.index();
        Row { cells: &mut self.cells[from..from + count], first, changed: &mut self.changed }
    }

    /// Keeps the value and tells how far it may be trusted.
    pub(crate) fn set_quality(&mut self, point: PointId, quality: Quality) {
        let cell = &mut self.cells[point.index()];
        if quality != cell.quality {
            cell.quality = quality;
            note(cell, &mut self.changed, point);
        }
    }

    /// The points that have changed, in the order in which they first did.
    pub(crate) fn changed(&self) -> &[PointId] {
        &self.changed.points
    }

    pub(crate) fn forget_changes(&mut self) {
        self.changed.points.clear();
        if let Some(mark) = self.changed.mark.checked_add(1) {
            self.changed.mark = mark;
            return;
        }
        // After four thousand million scans: the marks begin anew.
        self.cells.iter_mut().for_each(|cell| cell.mark = 0);
        self.changed.mark = 1;
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for cell in &mut self.cells {
            walk.f64(&mut cell.value);
        }
        // Eight qualities to a word: the journal's hash walks over them.
        for cells in self.cells.chunks_mut(8) {
            let mut bytes = [0; 8];
            for (byte, cell) in bytes.iter_mut().zip(cells.iter()) {
                *byte = u8::from(cell.quality);
            }
            let before = u64::from_le_bytes(bytes);
            let mut word = before;
            walk.u64(&mut word);
            if word == before {
                continue;
            }
            for (byte, cell) in word.to_le_bytes().into_iter().zip(cells) {
                cell.quality = Quality::from(byte);
            }
        }
    }
}

/// Points of one block that stand side by side: looked up once, and then known by their place.
pub(crate) struct Row<'a> {
    cells: &'a mut [Cell],
    first: PointId,
    changed: &'a mut Changes,
}

impl Row<'_> {
    #[inline]
    pub(crate) fn value(&self, place: usize) -> f64 {
        self.cells[place].value
    }

    /// As [`Image::set`].
    #[inline]
    pub(crate) fn set(&mut self, place: usize, value: f64, quality: Quality) {
        write(&mut self.cells[place], self.changed, PointId(self.first.0 + place as u32), value, quality);
    }
}

#[inline]
fn write(cell: &mut Cell, changed: &mut Changes, point: PointId, value: f64, quality: Quality) {
    if !value.is_finite() {
        return spoil(cell, changed, point);
    }
    if value.to_bits() != cell.value.to_bits() || quality != cell.quality {
        cell.value = value;
        cell.quality = quality;
        note(cell, changed, point);
    }
}

#[cold]
fn spoil(cell: &mut Cell, changed: &mut Changes, point: PointId) {
    if cell.quality != Quality::BadCalculation {
        cell.quality = Quality::BadCalculation;
        note(cell, changed, point);
    }
}

#[inline]
fn note(cell: &mut Cell, changed: &mut Changes, point: PointId) {
    if cell.mark != changed.mark {
        cell.mark = changed.mark;
        changed.points.push(point);
    }
}

/// The values that some points had at the end of the scan before, for `PREV(x)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Previous {
    watched: Vec<PointId>,
    values: Vec<f64>,
    qualities: Vec<Quality>,
    /// What the watched points gave in the scan that has ended, for those who ask afterwards; no part of the state.
    given: Vec<(f64, Quality)>,
}

impl Previous {
    /// Remembers only the points that an expression asks for; the room is that of a whole image.
    pub(crate) fn new(plant: &Plant, image: &Image) -> Self {
        let mut asked = vec![false; plant.points.len()];
        for op in &plant.code.ops {
            if let crate::plant::Op::LoadPrevious(point) = op {
                asked[point.index()] = true;
            }
        }
        let watched: Vec<PointId> = (0..plant.points.len())
            .filter(|index| asked[*index])
            .map(|index| PointId(index as u32))
            .collect();
        Self {
            given: watched.iter().map(|point| (image.value(*point), image.quality(*point))).collect(),
            watched,
            values: image.values().collect(),
            qualities: image.qualities().collect(),
        }
    }

    /// The last values of another plant's points; `theirs` gives the old index of each. A point that
    /// was not watched there, or is new, has its present value.
    pub(crate) fn adopt(&mut self, image: &Image, theirs: &[Option<usize>], other: &Self) {
        self.take(image);
        for (point, given) in self.watched.iter().zip(&mut self.given) {
            let index = point.index();
            *given = (self.values[index], self.qualities[index]);
            let old = theirs[index].map(|old| PointId(old as u32));
            if let Some(old) = old
                && let Some(place) = other.watched.iter().position(|watched| *watched == old)
            {
                *given = other.given[place];
                self.values[index] = other.values[old.index()];
                self.qualities[index] = other.qualities[old.index()];
            }
        }
    }

    pub(crate) fn get(&self, point: PointId) -> (f64, Quality) {
        (self.values[point.index()], self.qualities[point.index()])
    }

    pub(crate) fn take(&mut self, image: &Image) {
        for (point, given) in self.watched.iter().zip(&mut self.given) {
            let index = point.index();
            *given = (self.values[index], self.qualities[index]);
            self.values[index] = image.value(*point);
            self.qualities[index] = image.quality(*point);
        }
    }

    /// What `PREV` gave in the scan that has ended, in the order of the points.
    pub(crate) fn given(&self) -> impl Iterator<Item = (PointId, f64, Quality)> {
        self.watched.iter().zip(&self.given).map(|(point, (value, quality))| (*point, *value, *quality))
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for point in &self.watched {
            walk.f64(&mut self.values[point.index()]);
            let mut code = u8::from(self.qualities[point.index()]);
            walk.u8(&mut code);
            self.qualities[point.index()] = Quality::from(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{PointId, Quality};

    use super::{Image, Previous};
    use crate::plant::Op;
    use crate::testing;

    #[test]
    fn two_images_are_equal_when_all_values_and_all_qualities_are() {
        let image = Image::new(&testing::plant(2));
        let mut other = image.clone();
        other.set(PointId(1), 2.0, Quality::Good);
        assert_ne!(image, other, "another value");
        other.set(PointId(1), image.value(PointId(1)), Quality::Good);
        assert_eq!(image, other, "whatever has changed meanwhile");
        other.set_quality(PointId(1), Quality::BadCalculation);
        assert_ne!(image, other, "another quality");
    }

    #[test]
    fn another_plant_takes_over_what_the_scan_before_gave_each_watched_point_by_its_old_place() {
        let watching = |points: [u32; 2]| {
            let mut plant = testing::plant(3);
            plant.code.ops = points.map(|point| Op::LoadPrevious(PointId(point))).into();
            plant
        };
        let (old, new) = (watching([0, 2]), watching([1, 2]));
        let mut image = Image::new(&old);
        let mut before = Previous::new(&old, &image);
        for (point, value) in [(0, 10.0), (1, 11.0), (2, 12.0)] {
            image.set(PointId(point), value, Quality::UncertainSubNormal);
        }
        before.take(&image);
        let mut now = Image::new(&new);
        let mut after = Previous::new(&new, &now);
        for (point, value) in [(0, 12.5), (1, 10.5), (2, 11.5)] {
            now.set(PointId(point), value, Quality::Good);
        }
        // 0 was 2, 1 was 0, and 2 was 1, which nobody watched.
        after.adopt(&now, &[Some(2), Some(0), Some(1)], &before);
        assert_eq!(after.get(PointId(1)), (10.0, Quality::UncertainSubNormal), "what it was");
        assert_eq!(after.get(PointId(2)), (11.5, Quality::Good), "nobody watched it there: what it is");
        let given: alloc::vec::Vec<_> = after.given().collect();
        assert_eq!(given, [(PointId(1), 0.0, Quality::Good), (PointId(2), 11.5, Quality::Good)]);
    }

    #[test]
    fn each_change_is_listed_once_also_when_the_marks_begin_anew() {
        let mut image = Image::new(&testing::plant(3));
        image.changed.mark = u32::MAX - 2;
        image.set(PointId(2), 0.5, Quality::Good);
        for scan in 0..6 {
            image.forget_changes();
            assert_eq!(image.changed(), []);
            for value in [1.0, 2.0] {
                image.set(PointId(1), f64::from(scan) * 10.0 + value, Quality::Good);
                image.set_quality(PointId(0), Quality::UncertainSubNormal);
                image.set_quality(PointId(0), Quality::Good);
            }
            assert_eq!(image.changed(), [PointId(1), PointId(0)], "scan {scan}");
        }
    }
}
