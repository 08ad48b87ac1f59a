//! Samples, and runs of them in columns.

use model::{Quality, Unit};

/// One value of one point at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub time_ms: i64,
    pub value: f64,
    pub quality: Quality,
}

/// Number of a point in one store; its names may outlive the plant that gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleId(pub(crate) u32);

impl SampleId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A point as the history knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointInfo {
    pub name: String,
    pub unit: Unit,
    /// Between two samples the value stands, instead of moving in a straight line.
    pub stepped: bool,
}

/// By how much a run grows.
const ROOM: usize = 64;

/// Samples of one point, strictly rising in time, one vector per column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
    pub(crate) qualities: Vec<u8>,
}

impl Run {
    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn get(&self, index: usize) -> Sample {
        Sample {
            time_ms: self.times[index],
            value: self.values[index],
            quality: Quality::from(self.qualities[index]),
        }
    }

    pub(crate) fn last(&self) -> Option<Sample> {
        self.len().checked_sub(1).map(|index| self.get(index))
    }

    pub(crate) fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Puts a sample in its place. `false` when it replaced one of the same time.
    pub(crate) fn insert(&mut self, sample: Sample) -> bool {
        let quality = u8::from(sample.quality);
        self.make_room();
        if self.times.last().is_none_or(|last| *last < sample.time_ms) {
            self.times.push(sample.time_ms);
            self.values.push(sample.value);
            self.qualities.push(quality);
            return true;
        }
        match self.times.binary_search(&sample.time_ms) {
            Ok(index) => {
                self.values[index] = sample.value;
                self.qualities[index] = quality;
                false
            }
            Err(index) => {
                self.times.insert(index, sample.time_ms);
                self.values.insert(index, sample.value);
                self.qualities.insert(index, quality);
                true
            }
        }
    }

    /// In small steps: thousands of runs that each keep half their memory in reserve would be most of it.
    fn make_room(&mut self) {
        if self.times.len() == self.times.capacity() {
            self.times.reserve_exact(ROOM);
            self.values.reserve_exact(ROOM);
            self.qualities.reserve_exact(ROOM);
        }
    }

    /// How many samples lie before this time.
    pub(crate) fn before(&self, time_ms: i64) -> usize {
        self.times.partition_point(|time| *time < time_ms)
    }

    pub(crate) fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            times: self.times[range.clone()].to_vec(),
            values: self.values[range.clone()].to_vec(),
            qualities: self.qualities[range].to_vec(),
        }
    }

    pub(crate) fn remove_front(&mut self, count: usize) {
        self.times.drain(..count);
        self.values.drain(..count);
        self.qualities.drain(..count);
    }

    pub(crate) fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
        self.qualities.clear();
    }
}
