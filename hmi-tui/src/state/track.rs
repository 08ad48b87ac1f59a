//! The last hour of the points that are on a screen, in slots of equal length.

use std::collections::{BTreeMap, VecDeque};

use model::wire::{HistoryReply, HistorySample};
use model::{PointId, Quality};

/// Length of what a sparkline can show.
pub(crate) const TRACK_SPAN_MS: i64 = 3_600_000;
/// Slots over that hour: enough for a braille trend across a wide screen.
pub(crate) const TRACK_SLOTS: i64 = 240;
const SLOT_MS: i64 = TRACK_SPAN_MS / TRACK_SLOTS;
/// More points than any screen has rows; the longest unused go first.
const TRACKS_MAX: usize = 256;
/// An unanswered question for history is put again after so long.
const ASK_AGAIN_MS: u64 = 30_000;

/// One slot: least, most and last value of its span, unless nothing good was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) start_ms: i64,
    pub(crate) value: Option<(f64, f64, f64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Track {
    pub(crate) slots: VecDeque<Slot>,
    asked_ms: Option<u64>,
    answered: bool,
    used: u64,
}

impl Track {
    fn slot_start(time_ms: i64) -> i64 {
        time_ms.div_euclid(SLOT_MS) * SLOT_MS
    }

    /// Adds a value of now; a slot that passed without one stays empty.
    fn push(&mut self, time_ms: i64, value: Option<f64>) {
        let start = Self::slot_start(time_ms);
        match self.slots.back_mut() {
            Some(slot) if slot.start_ms > start => return,
            Some(slot) if slot.start_ms == start => {
                if let Some(value) = value {
                    let (low, high, _) = slot.value.unwrap_or((value, value, value));
                    slot.value = Some((low.min(value), high.max(value), value));
                }
            }
            _ => self.slots.push_back(Slot { start_ms: start, value: value.map(|v| (v, v, v)) }),
        }
        while self.slots.front().is_some_and(|slot| slot.start_ms <= start - TRACK_SPAN_MS) {
            self.slots.pop_front();
        }
    }

    /// Lays the recorded hour under what was seen since.
    fn fill(&mut self, reply: &HistoryReply) {
        let mut slots: BTreeMap<i64, Slot> = BTreeMap::new();
        for sample in &reply.samples {
            let start_ms = Self::slot_start(sample.time_ms);
            let entry = slots.entry(start_ms).or_insert(Slot { start_ms, value: None });
            if let Some((low, high, value)) = usable(sample) {
                let (old_low, old_high, _) = entry.value.unwrap_or((low, high, value));
                entry.value = Some((old_low.min(low), old_high.max(high), value));
            }
        }
        for slot in &self.slots {
            slots.insert(slot.start_ms, *slot);
        }
        self.slots = slots.into_values().collect();
        let newest = self.slots.back().map_or(0, |slot| slot.start_ms);
        while self.slots.front().is_some_and(|slot| slot.start_ms <= newest - TRACK_SPAN_MS) {
            self.slots.pop_front();
        }
        self.answered = true;
    }

    /// `count` columns that end now, each least, most and last of its part of the span.
    pub(crate) fn columns(&self, now_ms: i64, span_ms: i64, count: u16) -> Vec<Option<(f64, f64, f64)>> {
        let mut columns = vec![None; usize::from(count)];
        let start = now_ms - span_ms;
        for slot in &self.slots {
            let Some((low, high, value)) = slot.value else { continue };
            let from = slot.start_ms.max(start);
            let to = (slot.start_ms + SLOT_MS).min(now_ms + 1);
            if from >= to || span_ms <= 0 {
                continue;
            }
            let column = |time: i64| ((time - start) * i64::from(count) / span_ms).clamp(0, i64::from(count));
            let first = usize::try_from(column(from)).unwrap_or(0);
            let last = usize::try_from(column(to - 1)).unwrap_or(0);
            for place in columns.iter_mut().take(last + 1).skip(first) {
                let (old_low, old_high, _) = place.unwrap_or((low, high, value));
                *place = Some((old_low.min(low), old_high.max(high), value));
            }
        }
        columns
    }
}

pub(crate) fn usable(sample: &HistorySample) -> Option<(f64, f64, f64)> {
    let finite = sample.value.is_finite() && sample.min.is_finite() && sample.max.is_finite();
    (sample.quality.is_usable() && finite).then_some((sample.min, sample.max, sample.value))
}

#[derive(Debug, Default)]
pub(crate) struct Tracks {
    tracks: BTreeMap<PointId, Track>,
    clock: u64,
}

impl Tracks {
    pub(crate) fn get(&self, point: PointId) -> Option<&Track> {
        self.tracks.get(&point)
    }

    /// Wants a point followed; says whether its recorded hour must be asked for.
    pub(crate) fn watch(&mut self, point: PointId, now_ms: u64) -> bool {
        self.clock += 1;
        if !self.tracks.contains_key(&point) && self.tracks.len() >= TRACKS_MAX {
            let oldest = self.tracks.iter().min_by_key(|(_, track)| track.used).map(|(point, _)| *point);
            if let Some(oldest) = oldest {
                self.tracks.remove(&oldest);
            }
        }
        let track = self.tracks.entry(point).or_default();
        track.used = self.clock;
        let asked_lately = track.asked_ms.is_some_and(|at| now_ms < at + ASK_AGAIN_MS);
        if track.answered || asked_lately {
            return false;
        }
        track.asked_ms = Some(now_ms);
        true
    }

    pub(crate) fn answer(&mut self, point: PointId, reply: &HistoryReply) {
        if let Some(track) = self.tracks.get_mut(&point) {
            track.fill(reply);
        }
    }

    /// Takes the values of a frame.
    pub(crate) fn push(&mut self, time_ms: i64, value: impl Fn(PointId) -> (f64, Quality)) {
        for (point, track) in &mut self.tracks {
            let (number, quality) = value(*point);
            track.push(time_ms, (quality.is_usable() && number.is_finite()).then_some(number));
        }
    }

    /// After a break in the link the missing part has to be asked for again.
    pub(crate) fn forget_answers(&mut self) {
        for track in self.tracks.values_mut() {
            track.answered = false;
            track.asked_ms = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{PointId, Quality, Unit, wire::*};

    use super::{SLOT_MS, Tracks};

    fn sample(time_ms: i64, value: f64) -> HistorySample {
        HistorySample { time_ms, value, min: value - 1.0, max: value + 1.0, quality: Quality::Good }
    }

    #[test]
    fn history_lies_under_what_was_seen_since() {
        let point = PointId(7);
        let now = 1_000 * SLOT_MS;
        let mut tracks = Tracks::default();
        assert!(tracks.watch(point, 0), "the first look asks for the recorded hour");
        assert!(!tracks.watch(point, 10), "and does not ask twice");
        tracks.push(now, |_| (5.0, Quality::Good));
        let samples = vec![sample(now - 2 * SLOT_MS, 3.0), sample(now, 99.0)];
        let reply = HistoryReply { point: "x".into(), unit: Unit::NONE, samples, gaps: vec![] };
        tracks.answer(point, &reply);
        let track = tracks.get(point).unwrap();
        assert_eq!(track.columns(now, 4 * SLOT_MS, 4), [None, None, Some((2.0, 4.0, 3.0)), None]);
        assert_eq!(track.slots.back().unwrap().value, Some((5.0, 5.0, 5.0)));
    }

    #[test]
    fn bad_values_leave_a_hole() {
        let point = PointId(0);
        let mut tracks = Tracks::default();
        tracks.watch(point, 0);
        tracks.push(0, |_| (1.0, Quality::Good));
        tracks.push(SLOT_MS, |_| (1.0, Quality::BadNoCommunication));
        tracks.push(2 * SLOT_MS, |_| (2.0, Quality::Good));
        let columns = tracks.get(point).unwrap().columns(3 * SLOT_MS - 1, 3 * SLOT_MS - 1, 3);
        assert!(columns[1].is_none());
        assert!(columns[0].is_some() && columns[2].is_some());
    }
}
