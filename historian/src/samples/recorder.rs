//! What is worth a sample: exception reporting with a deadband.
//!
//! A value is stored when it has moved by more than its deadband since the one stored last, when its
//! quality has changed, or when its longest interval is over. If the value before it would not lie on
//! the line that is drawn to it, that one is stored first: so a step after a flat stretch is a step,
//! and a steady ramp needs no more than its ends.
//!
//! ```text
//!  offered   ──────────────┐            stored   o             o
//!                          └─────                              o
//! ```

use model::{PointId, Quality};

use super::sample::SampleId;
use super::store::SampleStore;
use crate::error::HistorianError;

/// How one point is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointPolicy {
    /// Where its value stands in the slices that are offered.
    pub source: PointId,
    /// What [`SampleStore::register`] gave for its name.
    pub id: SampleId,
    /// Movement up to this is not stored. 0 stores every change.
    pub deadband: f64,
    /// A value is stored at least this often; 0 leaves it to the changes.
    pub max_interval_ms: u32,
    /// The value stands between samples (switches, set points, modes).
    pub stepped: bool,
    /// Stored values are rounded to a power of ten not above this; 0 stores every bit. A tenth of the
    /// deadband is well below what the deadband hides already, and compresses several times better.
    pub resolution: f64,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    source: usize,
    id: SampleId,
    deadband: f64,
    interval_ms: i64,
    stepped: bool,
    /// Values are divided and multiplied by it; 0 leaves them as they are.
    scale: f64,
    stored_ms: i64,
    stored: f64,
    quality: Quality,
    /// The value offered last; it was not stored when `held` is true.
    offered: f64,
    held: bool,
    known: bool,
}

/// Offers each scan's values to a store, and appends what is worth it.
#[derive(Clone, Debug)]
pub struct Recorder {
    tracks: Vec<Track>,
    offered_ms: i64,
}

impl Recorder {
    pub fn new(points: &[PointPolicy]) -> Self {
        Self { tracks: points.iter().map(Track::new).collect(), offered_ms: i64::MIN }
    }

    /// `values` and `qualities` are indexed by [`PointPolicy::source`]. Returns how many samples were
    /// appended. A point beyond the slices is left alone.
    pub fn offer(
        &mut self,
        store: &mut SampleStore,
        time_ms: i64,
        values: &[f64],
        qualities: &[Quality],
    ) -> Result<usize, HistorianError> {
        store.alive(time_ms)?;
        // The same scan again, or a clock that went back: there is no line to draw backwards.
        if time_ms <= self.offered_ms {
            return Ok(0);
        }
        let before_ms = self.offered_ms;
        self.offered_ms = time_ms;
        let mut appended = 0;
        for track in &mut self.tracks {
            let (Some(&value), Some(&quality)) = (values.get(track.source), qualities.get(track.source))
            else {
                continue;
            };
            if !track.is_due(time_ms, value, quality) {
                track.held = true;
                track.offered = value;
                continue;
            }
            if track.needs_held(before_ms, time_ms, value) {
                store.append(before_ms, track.id, track.rounded(track.offered), track.quality)?;
                appended += 1;
            }
            store.append(time_ms, track.id, track.rounded(value), quality)?;
            appended += 1;
            track.store(time_ms, value, quality);
        }
        Ok(appended)
    }

    /// Every point is stored at the next offer: after samples were lost, or a gap was marked.
    pub fn store_all_next(&mut self) {
        for track in &mut self.tracks {
            track.known = false;
        }
    }
}

impl Track {
    fn new(policy: &PointPolicy) -> Self {
        let usable = policy.resolution.is_finite() && policy.resolution > 0.0;
        let exponent = if usable { (-policy.resolution.log10()).ceil() } else { 0.0 };
        let scale = if usable && (0.0..=9.0).contains(&exponent) { 10f64.powi(exponent as i32) } else { 0.0 };
        Self {
            source: policy.source.index(),
            id: policy.id,
            deadband: if policy.deadband.is_finite() { policy.deadband.max(0.0) } else { 0.0 },
            interval_ms: if policy.max_interval_ms == 0 {
                i64::MAX
            } else {
                i64::from(policy.max_interval_ms)
            },
            stepped: policy.stepped,
            scale,
            stored_ms: 0,
            stored: 0.0,
            quality: Quality::Good,
            offered: 0.0,
            held: false,
            known: false,
        }
    }

    fn is_due(&self, time_ms: i64, value: f64, quality: Quality) -> bool {
        let moved = if value.is_finite() && self.stored.is_finite() {
            (value - self.stored).abs() > self.deadband
        } else {
            value.to_bits() != self.stored.to_bits()
        };
        !self.known
            || moved
            || quality != self.quality
            || time_ms.saturating_sub(self.stored_ms) >= self.interval_ms
    }

    /// The value before would be missed by the line from the stored one to the new one.
    fn needs_held(&self, before_ms: i64, time_ms: i64, value: f64) -> bool {
        if !self.known || !self.held || self.stepped || before_ms <= self.stored_ms {
            return false;
        }
        let share = (before_ms - self.stored_ms) as f64 / (time_ms - self.stored_ms) as f64;
        let line = self.stored + (value - self.stored) * share;
        // Also true when either is no number: then there is no line.
        (line - self.offered).abs().is_nan() || (line - self.offered).abs() > self.deadband / 2.0
    }

    fn store(&mut self, time_ms: i64, value: f64, quality: Quality) {
        (self.stored_ms, self.stored, self.quality) = (time_ms, value, quality);
        (self.offered, self.held, self.known) = (value, false, true);
    }

    fn rounded(&self, value: f64) -> f64 {
        let scaled = (value * self.scale).round();
        // Beyond this a whole number is not exact any more, and neither was the value's last decimal.
        if self.scale == 0.0 || !value.is_finite() || scaled.abs() > 4e15 {
            return value;
        }
        // No negative zero: it would look like another value.
        scaled / self.scale + 0.0
    }
}
