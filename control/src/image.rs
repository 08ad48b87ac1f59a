//! The process image: value and quality of every point, as structure of arrays.
//!
//! Two rules hold always: a value is finite, and a bad value is the last usable one.

use alloc::{vec, vec::Vec};
use model::{PointId, Quality, StateWalk};

use crate::plant::{Origin, Plant};

/// Values and qualities of all points, indexed by [`PointId`].
#[derive(Clone, Debug)]
pub struct Image {
    values: Vec<f64>,
    qualities: Vec<Quality>,
    /// What was given another value or quality since [`Self::forget_changes`]; no part of the state.
    changes: Changes,
}

/// Points in the order in which they first changed, each once.
#[derive(Clone, Debug, Default)]
struct Changes {
    points: Vec<PointId>,
    listed: Vec<bool>,
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.qualities == other.qualities
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
            | Origin::Scan(_) => Quality::Good,
        };
        let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
        let count = plant.points.len();
        Self {
            values: plant.points.iter().map(|point| finite(point.initial)).collect(),
            qualities: plant.points.iter().map(|point| quality(&point.origin)).collect(),
            changes: Changes { points: Vec::with_capacity(count), listed: vec![false; count] },
        }
    }

    pub fn value(&self, point: PointId) -> f64 {
        self.values[point.index()]
    }

    pub fn quality(&self, point: PointId) -> Quality {
        self.qualities[point.index()]
    }

    pub fn values(&self) -> &[f64] {
        &self.values
    }

    pub fn qualities(&self) -> &[Quality] {
        &self.qualities
    }

    /// A switch is on from one half upwards.
    pub fn is_on(&self, point: PointId) -> bool {
        self.value(point) >= 0.5
    }

    /// Writes a value. One that is no number leaves the last value and turns the quality bad.
    #[inline]
    pub(crate) fn set(&mut self, point: PointId, value: f64, quality: Quality) {
        let index = point.index();
        let last = self.values[index];
        let (value, quality) =
            if value.is_finite() { (value, quality) } else { (last, Quality::BadCalculation) };
        if value.to_bits() != last.to_bits() || quality != self.qualities[index] {
            self.values[index] = value;
            self.qualities[index] = quality;
            self.changes.note(point);
        }
    }

    /// Keeps the value and tells how far it may be trusted.
    pub(crate) fn set_quality(&mut self, point: PointId, quality: Quality) {
        if quality != self.qualities[point.index()] {
            self.qualities[point.index()] = quality;
            self.changes.note(point);
        }
    }

    /// The points that have changed, in the order in which they first did.
    pub(crate) fn changed(&self) -> &[PointId] {
        &self.changes.points
    }

    pub(crate) fn forget_changes(&mut self) {
        for point in &self.changes.points {
            self.changes.listed[point.index()] = false;
        }
        self.changes.points.clear();
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        for value in &mut self.values {
            walk.f64(value);
        }
        // Eight to a word: the hash of every scan walks over them.
        for qualities in self.qualities.chunks_mut(8) {
            let mut bytes = [0; 8];
            for (byte, quality) in bytes.iter_mut().zip(qualities.iter()) {
                *byte = u8::from(*quality);
            }
            let before = u64::from_le_bytes(bytes);
            let mut word = before;
            walk.u64(&mut word);
            if word == before {
                continue;
            }
            for (byte, quality) in word.to_le_bytes().into_iter().zip(qualities) {
                *quality = Quality::from(byte);
            }
        }
    }
}

impl Changes {
    #[inline]
    fn note(&mut self, point: PointId) {
        let listed = &mut self.listed[point.index()];
        if !*listed {
            *listed = true;
            self.points.push(point);
        }
    }
}

/// The values that some points had at the end of the scan before, for `PREV(x)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Previous {
    watched: Vec<PointId>,
    values: Vec<f64>,
    qualities: Vec<Quality>,
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
        let watched =
            (0..plant.points.len()).filter(|index| asked[*index]).map(|index| PointId(index as u32));
        Self { watched: watched.collect(), values: image.values.clone(), qualities: image.qualities.clone() }
    }

    /// The last values of another plant's points; `theirs` gives the old index of each. A point that
    /// was not watched there, or is new, has its present value.
    pub(crate) fn adopt(&mut self, image: &Image, theirs: &[Option<usize>], other: &Self) {
        self.take(image);
        for point in &self.watched {
            let old = theirs[point.index()].map(|old| PointId(old as u32));
            if let Some(old) = old.filter(|old| other.watched.contains(old)) {
                self.values[point.index()] = other.values[old.index()];
                self.qualities[point.index()] = other.qualities[old.index()];
            }
        }
    }

    pub(crate) fn get(&self, point: PointId) -> (f64, Quality) {
        (self.values[point.index()], self.qualities[point.index()])
    }

    pub(crate) fn take(&mut self, image: &Image) {
        for point in &self.watched {
            self.values[point.index()] = image.value(*point);
            self.qualities[point.index()] = image.quality(*point);
        }
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
