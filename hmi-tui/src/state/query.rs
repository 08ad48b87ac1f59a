//! The question of the history page: `TIC-311.PV, AI-319  24h every 5m`.

use model::PointId;
use model::wire::{EventKind, EventRecord, HistoryReply};

use super::Plant;
use crate::{clock, input::TextInput};

/// Columns of the table.
pub(crate) const QUERY_POINTS_MAX: usize = 3;
/// Rows that one question may bring.
const ROWS_MAX: i64 = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) input: TextInput,
    pub(crate) editing: bool,
    pub(crate) asked: Option<Asked>,
    pub(crate) trouble: Option<String>,
    pub(crate) row: usize,
    pub(crate) event_row: usize,
    /// The cursor walks the journal below.
    pub(crate) in_journal: bool,
    pub(crate) kind: Option<EventKind>,
    pub(crate) tag: Option<String>,
    /// The answer to the tag filter, which reaches further back than the journal here.
    pub(crate) events: Option<Vec<EventRecord>>,
}

/// A question that has been put, with its answers as they come.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) points: Vec<PointId>,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) step_ms: i64,
    pub(crate) replies: Vec<Option<Result<HistoryReply, String>>>,
    pub(crate) sent_ms: u64,
    pub(crate) took_ms: Option<u64>,
}

impl Asked {
    /// Columns over the span, as the API counts them.
    pub(crate) fn columns(&self) -> u32 {
        u32::try_from(((self.to_ms - self.from_ms) / self.step_ms).max(1)).unwrap_or(1)
    }

    /// Start of each row, newest first.
    pub(crate) fn rows(&self) -> usize {
        self.columns() as usize
    }

    pub(crate) fn row_start(&self, row: usize) -> i64 {
        let row = i64::try_from(row).unwrap_or(0);
        self.to_ms - (row + 1) * self.step_ms
    }
}

/// Reads a question; the end is a whole step before `now_ms`.
pub(crate) fn parse(text: &str, plant: &Plant, now_ms: i64, sent_ms: u64) -> Result<Asked, String> {
    let mut points = Vec::new();
    let mut spans = Vec::new();
    let words = text.split(|letter: char| letter == ',' || letter.is_whitespace());
    for word in words.filter(|word| !word.is_empty()) {
        if word.eq_ignore_ascii_case("every") || word.eq_ignore_ascii_case("last") {
            continue;
        }
        if let Some(span) = clock::parse_span(word) {
            spans.push(span);
            continue;
        }
        let known = plant.find_point(word).or_else(|| plant.find_point(&word.to_uppercase()));
        points.push(known.ok_or_else(|| unknown(word, plant))?);
    }
    if points.is_empty() {
        return Err("name a tag first, like TT-311 24h every 5m".to_owned());
    }
    if points.len() > QUERY_POINTS_MAX {
        return Err(format!("at most {QUERY_POINTS_MAX} tags side by side"));
    }
    let span = spans.first().copied().unwrap_or(3_600_000);
    let step_ms = spans.get(1).copied().unwrap_or_else(|| round_step(span));
    if step_ms > span || span / step_ms > ROWS_MAX {
        return Err(format!(
            "{} every {} gives no table of 1 to {ROWS_MAX} rows",
            clock::span(span),
            clock::span(step_ms)
        ));
    }
    let to_ms = now_ms.div_euclid(step_ms) * step_ms;
    let replies = vec![None; points.len()];
    Ok(Asked {
        points,
        from_ms: to_ms - span / step_ms * step_ms,
        to_ms,
        step_ms,
        replies,
        sent_ms,
        took_ms: None,
    })
}

fn unknown(word: &str, plant: &Plant) -> String {
    let names = plant.view.points.iter().map(|point| point.name.as_str());
    let names = names.chain(plant.view.blocks.iter().map(|block| block.name.as_str()));
    match model::nearest(word, names) {
        Some(near) => format!("{word} is no tag and no span; did you mean {near}?"),
        None => format!("{word} is no tag of this plant and no span like 30m or 24h"),
    }
}

/// A step that gives some hundred rows.
fn round_step(span_ms: i64) -> i64 {
    const STEPS: [i64; 9] =
        [1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000];
    STEPS.into_iter().find(|step| span_ms / step <= 300).unwrap_or(86_400_000)
}
