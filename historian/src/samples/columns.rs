//! A span of time in equal columns, as a plot wants it.

use model::Quality;

use super::aggregate::{Aggregate, Span};
use super::gaps::Gap;
use super::sample::Sample;

/// More columns than any screen or report has.
const COLUMNS_MAX: usize = 1 << 20;

/// What is known of a point during one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    pub start_ms: i64,
    pub min: f64,
    pub max: f64,
    pub first: f64,
    pub last: f64,
    /// Weighted by time; of usable values, or of bad ones where there are no usable ones.
    pub mean: f64,
    /// Samples in the column; 0 where only the value before it stands on.
    pub count: u64,
    /// The worst of the column.
    pub quality: Quality,
}

/// Takes samples and whole blocks in time order.
#[derive(Debug)]
pub(super) struct ColumnBuilder<'a> {
    from_ms: i64,
    to_ms: i64,
    stepped: bool,
    gaps: &'a [Gap],
    columns: Vec<Aggregate>,
    before: Option<Sample>,
}

impl<'a> ColumnBuilder<'a> {
    pub(super) fn new(from_ms: i64, to_ms: i64, columns: usize, stepped: bool, gaps: &'a [Gap]) -> Self {
        let to_ms = to_ms.max(from_ms);
        // No column is shorter than a millisecond.
        let most = usize::try_from(to_ms.abs_diff(from_ms)).unwrap_or(usize::MAX).min(COLUMNS_MAX);
        let columns = vec![Aggregate::EMPTY; columns.min(most)];
        Self { from_ms, to_ms, stepped, gaps, columns, before: None }
    }

    /// The value that stands at the start.
    pub(super) fn begin(&mut self, bound: Option<Sample>) {
        self.before = bound;
    }

    pub(super) fn take(&mut self, sample: &Sample) {
        self.reach(sample);
        if let Some(index) = self.index_of(sample.time_ms) {
            self.columns[index].add_sample(sample);
        }
        self.before = Some(*sample);
    }

    /// Takes a block as a whole; `false` when it has to be read sample by sample.
    pub(super) fn take_block(&mut self, first: &Sample, last: &Sample, all: &Aggregate) -> bool {
        let Some(index) = self.index_of(first.time_ms) else { return false };
        let within = self.index_of(last.time_ms) == Some(index);
        let gap = self.gaps.iter().any(|gap| gap.from_ms < last.time_ms && gap.to_ms > first.time_ms);
        if !within || gap {
            return false;
        }
        self.reach(first);
        self.columns[index].add(all);
        self.before = Some(*last);
        true
    }

    /// From this time on nothing is known until the next sample.
    pub(super) fn interrupt(&mut self, time_ms: i64) {
        if let Some(before) = self.before.take() {
            self.spread(&Span::hold(&before, time_ms.min(self.known_until(before.time_ms, time_ms))));
        }
    }

    /// The last value stands as long as the recorder is known to have run.
    pub(super) fn finish(mut self, alive_ms: i64) -> Vec<Column> {
        self.interrupt(alive_ms.min(self.to_ms));
        let starts = (0..self.columns.len()).map(|index| self.start_of(index));
        starts.zip(&self.columns).filter_map(|(start_ms, all)| column(start_ms, all)).collect()
    }

    /// The stretch from the sample before to this one.
    fn reach(&mut self, sample: &Sample) {
        let Some(before) = self.before else { return };
        let known = self.known_until(before.time_ms, sample.time_ms);
        let span = if known < sample.time_ms {
            // Across a gap no line is drawn.
            Span::hold(&before, known)
        } else {
            Span::between(&before, sample, self.stepped)
        };
        self.spread(&span);
    }

    /// A gap ends what was known before it, and what a sample within it says of the time after.
    fn known_until(&self, from_ms: i64, to_ms: i64) -> i64 {
        let cuts = self.gaps.iter().filter(|gap| gap.to_ms > from_ms && gap.from_ms < to_ms);
        cuts.map(|gap| gap.from_ms.max(from_ms)).min().unwrap_or(to_ms)
    }

    fn spread(&mut self, span: &Span) {
        let Some(inside) = span.clip(self.from_ms, self.to_ms) else { return };
        let (Some(first), Some(last)) = (self.index_of(inside.from_ms), self.index_of(inside.to_ms - 1))
        else {
            return;
        };
        for index in first..=last {
            if let Some(part) = inside.clip(self.start_of(index), self.start_of(index + 1)) {
                self.columns[index].add_span(&part);
            }
        }
    }

    /// Start of a column; of the one after the last, the end.
    fn start_of(&self, index: usize) -> i64 {
        let span = u128::from(self.to_ms.abs_diff(self.from_ms));
        let offset = span * index as u128 / self.columns.len().max(1) as u128;
        self.from_ms.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX))
    }

    fn index_of(&self, time_ms: i64) -> Option<usize> {
        if time_ms < self.from_ms || time_ms >= self.to_ms || self.columns.is_empty() {
            return None;
        }
        let span = u128::from(self.to_ms.abs_diff(self.from_ms));
        let offset = u128::from(time_ms.abs_diff(self.from_ms));
        // The last column whose start, rounded down, is not after this time.
        let index = ((offset + 1) * self.columns.len() as u128 - 1) / span;
        Some((index as usize).min(self.columns.len() - 1))
    }
}

fn column(start_ms: i64, all: &Aggregate) -> Option<Column> {
    let part = all.speaks()?;
    let (first, last) = all.ends?;
    let mean = if part.weight_ms == 0 { first } else { part.integral / part.weight_ms as f64 };
    Some(Column {
        start_ms,
        min: part.min,
        max: part.max,
        first,
        last,
        // Rounding must not carry the mean out of the band that it is drawn in.
        mean: if mean.is_finite() { mean.clamp(part.min, part.max) } else { first },
        count: all.count,
        quality: all.worst,
    })
}

#[cfg(test)]
mod tests {
    use super::ColumnBuilder;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_instant_belongs_to_the_column_that_contains_it(
            from in -1_000_000i64..1_000_000, span in 1i64..100_000, columns in 1usize..200, share in 0.0..1.0
        ) {
            let builder = ColumnBuilder::new(from, from + span, columns, true, &[]);
            let time = from + (span as f64 * share) as i64;
            let index = builder.index_of(time).unwrap();
            prop_assert!(builder.start_of(index) <= time && time < builder.start_of(index + 1));
        }
    }
}
