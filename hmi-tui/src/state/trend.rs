//! The trend page: at most four pens over one span of time.

use model::wire::{HistoryReply, HistorySample};
use model::{PointId, Quality};

pub(crate) const PENS_MAX: usize = 4;
/// The spans that + and - walk.
pub(crate) const SPANS_MS: [i64; 12] = [
    60_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
    7_200_000,
    14_400_000,
    28_800_000,
    86_400_000,
    259_200_000,
    604_800_000,
    2_592_000_000,
];
/// Least and most of what a new trend shows.
const FIRST_SPAN_MS: (i64, i64) = (300_000, 7_200_000);
/// Live samples kept between two answers of the history.
const SAMPLES_MAX: usize = 2_000;

#[derive(Debug)]
pub(crate) struct Pen {
    pub(crate) point: PointId,
    pub(crate) on: bool,
    /// Scaled to what it shows instead of to the range of the instrument.
    pub(crate) own_scale: bool,
    pub(crate) samples: Vec<HistorySample>,
    pub(crate) gaps: Vec<(i64, i64)>,
    pub(crate) trouble: Option<String>,
    /// What was last asked for.
    pub(crate) asked: bool,
}

impl Pen {
    pub(crate) fn new(point: PointId) -> Self {
        Self {
            point,
            on: true,
            own_scale: false,
            samples: Vec::new(),
            gaps: Vec::new(),
            trouble: None,
            asked: false,
        }
    }

    fn push(&mut self, time_ms: i64, width_ms: i64, value: f64, quality: Quality) {
        let same = |sample: &HistorySample| {
            sample.time_ms.div_euclid(width_ms) == time_ms.div_euclid(width_ms)
                && sample.quality.is_usable() == quality.is_usable()
        };
        match self.samples.last_mut() {
            Some(last) if last.time_ms > time_ms => {}
            Some(last) if same(last) => {
                last.min = last.min.min(value);
                last.max = last.max.max(value);
                last.value = value;
                last.quality = quality;
            }
            _ => self.samples.push(HistorySample { time_ms, value, min: value, max: value, quality }),
        }
        if self.samples.len() > SAMPLES_MAX {
            let surplus = self.samples.len() - SAMPLES_MAX;
            self.samples.drain(..surplus);
        }
    }

    fn answer(&mut self, reply: HistoryReply) {
        let newest = reply.samples.last().map_or(i64::MIN, |sample| sample.time_ms);
        let live = std::mem::take(&mut self.samples);
        self.samples = reply.samples;
        self.samples.extend(live.into_iter().filter(|sample| sample.time_ms > newest));
        self.gaps = reply.gaps;
        self.trouble = None;
    }
}

#[derive(Debug)]
pub(crate) struct Trend {
    pub(crate) pens: Vec<Pen>,
    pub(crate) selected: usize,
    pub(crate) span_ms: i64,
    /// A fixed end, or now.
    pub(crate) end_ms: Option<i64>,
    pub(crate) cursor_ms: Option<i64>,
}

impl Default for Trend {
    fn default() -> Self {
        Self { pens: Vec::new(), selected: 0, span_ms: FIRST_SPAN_MS.1, end_ms: None, cursor_ms: None }
    }
}

impl Trend {
    pub(crate) fn window(&self, now_ms: i64) -> (i64, i64) {
        let end = self.end_ms.unwrap_or(now_ms);
        (end - self.span_ms, end)
    }

    /// An empty page begins with as much as there is to see: a plant that has run for a minute would
    /// be a single column of two hours.
    pub(crate) fn fit(&mut self, uptime_ms: u64) {
        if self.pens.is_empty() {
            let fits = |span: &&i64| span.unsigned_abs() >= uptime_ms && **span >= FIRST_SPAN_MS.0;
            let span = SPANS_MS.iter().find(fits).copied().unwrap_or(FIRST_SPAN_MS.1);
            self.span_ms = span.min(FIRST_SPAN_MS.1);
        }
    }

    /// Gives a point a pen; a fifth takes the place of the selected one.
    pub(crate) fn add(&mut self, point: PointId) {
        if let Some(index) = self.pens.iter().position(|pen| pen.point == point) {
            self.selected = index;
            self.pens[index].on = true;
        } else if self.pens.len() < PENS_MAX {
            self.pens.push(Pen::new(point));
            self.selected = self.pens.len() - 1;
        } else if let Some(pen) = self.pens.get_mut(self.selected) {
            *pen = Pen::new(point);
        }
    }

    pub(crate) fn drop_selected(&mut self) {
        if self.selected < self.pens.len() {
            self.pens.remove(self.selected);
        }
        self.selected = self.selected.min(self.pens.len().saturating_sub(1));
    }

    pub(crate) fn next_pen(&mut self) {
        self.selected = (self.selected + 1).checked_rem(self.pens.len()).unwrap_or(0);
    }

    pub(crate) fn change_span(&mut self, by: isize) {
        let index = SPANS_MS.iter().position(|span| *span >= self.span_ms).unwrap_or(SPANS_MS.len() - 1);
        self.span_ms = SPANS_MS[index.saturating_add_signed(by).min(SPANS_MS.len() - 1)];
        self.ask_again();
    }

    pub(crate) fn pan(&mut self, by: isize, now_ms: i64) {
        let end = self.end_ms.unwrap_or(now_ms) + by as i64 * self.span_ms / 4;
        self.end_ms = (end < now_ms).then_some(end);
        self.ask_again();
    }

    pub(crate) fn move_cursor(&mut self, by: isize, columns: u16, now_ms: i64) {
        let (from, to) = self.window(now_ms);
        let step = (self.span_ms / i64::from(columns.max(1))).max(1);
        let cursor = self.cursor_ms.unwrap_or(to) + by as i64 * step;
        self.cursor_ms = (cursor < to).then_some(cursor.max(from));
    }

    pub(crate) fn ask_again(&mut self) {
        for pen in &mut self.pens {
            pen.asked = false;
        }
    }

    /// Takes the values of a frame into the live end.
    pub(crate) fn push(&mut self, time_ms: i64, value: impl Fn(PointId) -> (f64, Quality)) {
        let width = (self.span_ms / 400).max(100);
        for pen in &mut self.pens {
            let (number, quality) = value(pen.point);
            pen.push(time_ms, width, number, quality);
        }
    }

    pub(crate) fn answer(&mut self, point: PointId, result: &Result<HistoryReply, String>) {
        for pen in self.pens.iter_mut().filter(|pen| pen.point == point) {
            match result {
                Ok(reply) => pen.answer(reply.clone()),
                Err(trouble) => pen.trouble = Some(trouble.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::PointId;

    use super::{PENS_MAX, SPANS_MS, Trend};

    #[test]
    fn a_fifth_pen_replaces_the_selected_one() {
        let mut trend = Trend::default();
        (0..5).for_each(|index| trend.add(PointId(index)));
        assert_eq!(trend.pens.len(), PENS_MAX);
        assert_eq!(trend.pens[3].point, PointId(4));
        trend.add(PointId(1));
        assert_eq!(trend.selected, 1);
        (0..9).for_each(|_| trend.drop_selected());
        assert!(trend.pens.is_empty() && trend.selected == 0);
        trend.next_pen();
    }

    #[test]
    fn a_new_trend_shows_as_much_as_there_is() {
        let span = |uptime_ms| {
            let mut trend = Trend::default();
            trend.fit(uptime_ms);
            trend.span_ms
        };
        assert_eq!([span(0), span(400_000), span(u64::MAX)], [300_000, 600_000, 7_200_000]);
        let mut trend = Trend::default();
        trend.add(PointId(0));
        trend.fit(0);
        assert_eq!(trend.span_ms, 7_200_000, "what a person sees stays as it is");
    }

    #[test]
    fn panning_forward_ends_live_and_spans_stop_at_their_ends() {
        let mut trend = Trend::default();
        trend.pan(-1, 100_000_000);
        assert_eq!(trend.end_ms, Some(98_200_000));
        trend.pan(1, 100_000_000);
        assert_eq!(trend.end_ms, None);
        (0..40).for_each(|_| trend.change_span(1));
        assert_eq!(trend.span_ms, SPANS_MS[11]);
        (0..40).for_each(|_| trend.change_span(-1));
        assert_eq!(trend.span_ms, SPANS_MS[0]);
    }
}
