//! Minimum, maximum and time-weighted mean, of a block or of a column of a plot.
//!
//! A usable value counts before a bad one: only where no usable value is known at all do the bad
//! ones speak (the last value before a link went down is still drawn, with its mark).

use model::Quality;

use super::sample::{Run, Sample};

/// Extremes and integral of values of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Value times milliseconds.
    pub(crate) integral: f64,
    pub(crate) weight_ms: u64,
}

impl Part {
    pub(crate) const NONE: Self =
        Self { min: f64::INFINITY, max: f64::NEG_INFINITY, integral: 0.0, weight_ms: 0 };

    pub(crate) fn is_none(&self) -> bool {
        self.min > self.max
    }

    fn touch(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.integral += other.integral;
        self.weight_ms += other.weight_ms;
    }
}

/// What is known of a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) count: u64,
    pub(crate) worst: Quality,
    /// First and last finite value.
    pub(crate) ends: Option<(f64, f64)>,
    pub(crate) usable: Part,
    pub(crate) bad: Part,
}

impl Aggregate {
    pub(crate) const EMPTY: Self =
        Self { count: 0, worst: Quality::Good, ends: None, usable: Part::NONE, bad: Part::NONE };

    /// All of a run, up to its last sample.
    pub(crate) fn of(run: &Run, stepped: bool) -> Self {
        let mut all = Self::EMPTY;
        let mut before: Option<Sample> = None;
        for sample in run.samples() {
            if let Some(before) = before {
                let span = Span::between(&before, &sample, stepped);
                all.add_span(&span);
            }
            all.add_sample(&sample);
            before = Some(sample);
        }
        all
    }

    pub(crate) fn add_sample(&mut self, sample: &Sample) {
        self.count += 1;
        self.worst = self.worst.worst(sample.quality);
        if sample.value.is_finite() {
            self.end_at(sample.value);
            self.part(sample.quality).touch(sample.value);
        }
    }

    pub(crate) fn add_span(&mut self, span: &Span) {
        self.worst = self.worst.worst(span.quality);
        if span.from_value.is_finite() && span.to_value.is_finite() {
            self.end_at(span.from_value);
            self.end_at(span.to_value);
            let part = self.part(span.quality);
            part.touch(span.from_value);
            part.touch(span.to_value);
            let length = span.to_ms.abs_diff(span.from_ms);
            part.integral += (span.from_value * 0.5 + span.to_value * 0.5) * length as f64;
            part.weight_ms += length;
        }
    }

    /// A later stretch.
    pub(crate) fn add(&mut self, later: &Self) {
        self.count += later.count;
        self.worst = self.worst.worst(later.worst);
        if let Some((first, last)) = later.ends {
            self.end_at(first);
            self.end_at(last);
        }
        self.usable.add(&later.usable);
        self.bad.add(&later.bad);
    }

    /// The part that speaks for all, if any does.
    pub(crate) fn speaks(&self) -> Option<&Part> {
        [&self.usable, &self.bad].into_iter().find(|part| !part.is_none())
    }

    fn end_at(&mut self, value: f64) {
        self.ends = Some((self.ends.map_or(value, |(first, _)| first), value));
    }

    fn part(&mut self, quality: Quality) -> &mut Part {
        if quality.is_usable() { &mut self.usable } else { &mut self.bad }
    }
}

/// The value between two neighbouring samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) from_value: f64,
    pub(crate) to_value: f64,
    pub(crate) quality: Quality,
}

impl Span {
    /// A straight line for a sloped point between two values of the same kind, else the first stands.
    pub(crate) fn between(a: &Sample, b: &Sample, stepped: bool) -> Self {
        let line = !stepped && b.value.is_finite() && a.quality.is_usable() == b.quality.is_usable();
        Self {
            from_ms: a.time_ms,
            to_ms: b.time_ms,
            from_value: a.value,
            to_value: if line { b.value } else { a.value },
            quality: a.quality,
        }
    }

    /// The value stands until a time.
    pub(crate) fn hold(sample: &Sample, until_ms: i64) -> Self {
        Self {
            from_ms: sample.time_ms,
            to_ms: until_ms,
            from_value: sample.value,
            to_value: sample.value,
            quality: sample.quality,
        }
    }

    /// The part of it inside `[from_ms, to_ms]`, if there is any.
    pub(crate) fn clip(&self, from_ms: i64, to_ms: i64) -> Option<Self> {
        let (from, to) = (self.from_ms.max(from_ms), self.to_ms.min(to_ms));
        (from < to).then(|| Self {
            from_ms: from,
            to_ms: to,
            from_value: self.value_at(from),
            to_value: self.value_at(to),
            quality: self.quality,
        })
    }

    fn value_at(&self, time_ms: i64) -> f64 {
        if self.from_value.to_bits() == self.to_value.to_bits() || time_ms <= self.from_ms {
            return self.from_value;
        }
        if time_ms >= self.to_ms {
            return self.to_value;
        }
        let share = time_ms.abs_diff(self.from_ms) as f64 / self.to_ms.abs_diff(self.from_ms) as f64;
        self.from_value * (1.0 - share) + self.to_value * share
    }
}
