//! The history of a loop on one even grid of time.

use historian::{SampleReader, Series};
use miette::IntoDiagnostic as _;
use model::Mode;
use tuning::Record;
use tuning::service::Moment;

use super::Loop;

/// Rows of one point that are read at most: a day at ten a second.
const ROWS_MOST: usize = 900_000;

/// PV, SP, OUT and MODE together; where one of them is unknown or bad, the instant is unknown.
pub struct Trend {
    pub record: Record,
    pub sp: Vec<f64>,
    pub moments: Vec<Option<Moment>>,
}

impl Trend {
    pub fn read(
        reader: &SampleReader,
        of: &Loop<'_>,
        (from_ms, to_ms): (i64, i64),
        dt: f64,
    ) -> miette::Result<Self> {
        let [pv, sp, out, mode] = ["PV", "SP", "OUT", "MODE"].map(|part| {
            let name = format!("{}.{part}", of.name);
            reader.query_raw(&name, from_ms, to_ms, ROWS_MOST).into_diagnostic()
        });
        let (pv, sp, out, mode) = (Cursor::of(pv?), Cursor::of(sp?), Cursor::of(out?), Cursor::of(mode?));
        let step_ms = (dt * 1e3).max(1.0);
        let samples = ((to_ms - from_ms) as f64 / step_ms) as usize;
        let mut trend = Self {
            record: Record { dt: step_ms * 1e-3, ..Record::default() },
            sp: Vec::with_capacity(samples),
            moments: Vec::with_capacity(samples),
        };
        let mut cursors = [pv, sp, out, mode];
        // What was recorded last does not stand for ever: only as long as somebody recorded.
        let last =
            cursors.iter().filter_map(|cursor| cursor.series.samples.last()).map(|last| last.time_ms).max();
        let alive_ms = reader.storage().alive_ms.max(last).unwrap_or(i64::MIN);
        for k in 0..samples {
            let time_ms = from_ms + (k as f64 * step_ms) as i64;
            let [pv, sp, out, mode] = cursors.each_mut().map(|cursor| cursor.at(time_ms));
            let known = time_ms <= alive_ms && pv.known && sp.known && out.known && mode.known;
            let actual = Mode::from_value(mode.value);
            trend.record.pv.push(pv.value);
            trend.record.out.push(out.value);
            trend.sp.push(sp.value);
            trend.moments.push(known.then_some(Moment {
                normal: actual == of.pid.normal_mode,
                automatic: matches!(actual, Mode::Auto | Mode::Cascade | Mode::RemoteCascade),
                mode: actual as u8,
            }));
        }
        Ok(trend)
    }

    /// The longest unbroken stretch in which the loop controlled.
    pub fn controlled(&self) -> std::ops::Range<usize> {
        self.longest(|moment| moment.is_some_and(|moment| moment.automatic))
    }

    /// The longest unbroken stretch that is known at all.
    pub fn known(&self) -> std::ops::Range<usize> {
        self.longest(Option::is_some)
    }

    fn longest(&self, fits: impl Fn(&Option<Moment>) -> bool) -> std::ops::Range<usize> {
        let (mut best, mut start) = (0..0, 0);
        for (k, moment) in self.moments.iter().enumerate() {
            if !fits(moment) {
                start = k + 1;
            } else if k + 1 - start > best.len() {
                best = start..k + 1;
            }
        }
        best
    }
}

#[derive(Clone, Copy)]
struct Known {
    value: f64,
    known: bool,
}

/// Walks through samples in the order of time; each stands until the next.
struct Cursor {
    series: Series,
    next: usize,
    last: Known,
}

impl Cursor {
    fn of(series: Series) -> Self {
        Self { series, next: 0, last: Known { value: 0.0, known: false } }
    }

    fn at(&mut self, time_ms: i64) -> Known {
        while let Some(sample) = self.series.samples.get(self.next)
            && sample.time_ms <= time_ms
        {
            if sample.value.is_finite() {
                self.last = Known { value: sample.value, known: sample.quality.is_usable() };
            }
            self.next += 1;
        }
        let inside = |gap: &historian::Gap| gap.from_ms <= time_ms && time_ms < gap.to_ms;
        let ended = self.series.truncated && self.next == self.series.samples.len();
        let known = self.last.known && !ended && !self.series.gaps.iter().any(inside);
        Known { value: self.last.value, known }
    }
}
