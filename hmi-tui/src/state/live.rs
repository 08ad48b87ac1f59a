//! What the controller said last, and when.

use crate::clock::sane;
use model::wire::{
    AlarmStatus, BatchStatus, ForceStatus, Frame, InterlockStatus, LimitedPoint, ServiceStatus, SystemStatus,
};
use model::{AlarmId, BlockId, InterlockId, Limited, PointId, Quality, RecipeId};

/// Without a frame for so long the link counts as lost (HMI guide).
pub(crate) const LINK_LOST_MS: u64 = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Live {
    values: Vec<Option<(f64, Quality)>>,
    pub(crate) alarms: Vec<AlarmStatus>,
    pub(crate) interlocks: Vec<InterlockStatus>,
    pub(crate) batches: Vec<BatchStatus>,
    pub(crate) forced: Vec<ForceStatus>,
    pub(crate) out_of_service: Vec<ServiceStatus>,
    /// In the order of the points.
    limited: Vec<LimitedPoint>,
    pub(crate) system: SystemStatus,
    pub(crate) tick: u64,
    /// The controller's clock.
    pub(crate) time_ms: i64,
    /// Our clock at the last frame.
    frame_at: Option<u64>,
    pub(crate) frames: u64,
}

impl Live {
    pub(crate) fn new(points: usize) -> Self {
        Self { values: vec![None; points], ..Self::default() }
    }

    pub(crate) fn take(&mut self, frame: Frame, now_ms: u64) {
        if frame.full {
            self.values.fill(None);
        }
        for value in &frame.values {
            if let Some(place) = self.values.get_mut(value.0.index()) {
                *place = Some((value.1, value.2));
            }
        }
        if let Some(mut alarms) = frame.alarms {
            for status in &mut alarms {
                status.since_ms = sane(status.since_ms);
                status.shelved_until_ms = status.shelved_until_ms.map(sane);
            }
            self.alarms = alarms;
        }
        if let Some(mut interlocks) = frame.interlocks {
            for status in &mut interlocks {
                status.since_ms = sane(status.since_ms);
                status.bypassed_until_ms = status.bypassed_until_ms.map(sane);
            }
            self.interlocks = interlocks;
        }
        if let Some(mut batches) = frame.batches {
            batches.iter_mut().for_each(|status| status.since_ms = sane(status.since_ms));
            self.batches = batches;
        }
        if let Some(mut forced) = frame.forced {
            for status in &mut forced {
                (status.since_ms, status.until_ms) = (sane(status.since_ms), sane(status.until_ms));
            }
            self.forced = forced;
        }
        if let Some(mut out) = frame.out_of_service {
            out.iter_mut().for_each(|status| status.since_ms = status.since_ms.map(sane));
            self.out_of_service = out;
        }
        if let Some(limited) = frame.limited {
            self.limited = limited;
        }
        self.system = frame.system;
        self.tick = frame.tick;
        self.time_ms = sane(frame.time_ms);
        self.frame_at = Some(now_ms);
        self.frames += 1;
    }

    /// The value, or none yet.
    pub(crate) fn value(&self, point: PointId) -> (f64, Quality) {
        let known = self.values.get(point.index()).copied().flatten();
        known.unwrap_or((f64::NAN, Quality::BadWaitingForInitialData))
    }

    pub(crate) fn limited(&self, point: PointId) -> Limited {
        let found = self.limited.iter().find(|LimitedPoint(limited, _)| *limited == point);
        found.map_or(Limited::No, |LimitedPoint(_, limited)| *limited)
    }

    /// The value, if it is a number that may be trusted.
    pub(crate) fn usable(&self, point: PointId) -> Option<f64> {
        let (value, quality) = self.value(point);
        (quality.is_usable() && value.is_finite()).then_some(value)
    }

    pub(crate) fn alarm(&self, id: AlarmId) -> Option<&AlarmStatus> {
        self.alarms.iter().find(|status| status.alarm == id)
    }

    pub(crate) fn interlock(&self, id: InterlockId) -> Option<&InterlockStatus> {
        self.interlocks.iter().find(|status| status.interlock == id)
    }

    /// Interlocks that are bypassed, in the plant's order.
    pub(crate) fn bypassed(&self) -> impl Iterator<Item = &InterlockStatus> {
        self.interlocks.iter().filter(|status| status.bypassed_until_ms.is_some())
    }

    pub(crate) fn force(&self, id: PointId) -> Option<&ForceStatus> {
        self.forced.iter().find(|status| status.point == id)
    }

    /// The first of the forces by which a device is simulated.
    pub(crate) fn simulation(&self, id: BlockId) -> Option<&ForceStatus> {
        self.forced.iter().find(|status| status.follows == Some(id))
    }

    pub(crate) fn service(&self, id: BlockId) -> Option<&ServiceStatus> {
        self.out_of_service.iter().find(|status| status.block == id)
    }

    pub(crate) fn batch(&self, id: RecipeId) -> Option<&BatchStatus> {
        self.batches.iter().find(|status| status.recipe == id)
    }

    /// Age of the last frame, when it is too old; zero-th frame counts from the start.
    pub(crate) fn lost_for(&self, now_ms: u64) -> Option<u64> {
        let age = now_ms.saturating_sub(self.frame_at.unwrap_or(0));
        (age > LINK_LOST_MS).then_some(age)
    }

    pub(crate) fn has_frame(&self) -> bool {
        self.frame_at.is_some()
    }

    pub(crate) fn frame_age(&self, now_ms: u64) -> Option<u64> {
        self.frame_at.map(|at| now_ms.saturating_sub(at))
    }
}
