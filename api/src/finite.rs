//! JSON has no NaN: serde writes `null`, and a client that expects a number refuses the whole frame.
//! A value that is no number goes out as 0 with a quality that says so.

use model::Quality;
use model::wire::{BatchStatus, Frame, HistoryReply, HistorySample, PointValue};

pub(crate) fn frame(mut frame: Frame) -> Frame {
    for value in &mut frame.values {
        *value = point(*value);
    }
    frame.batches = frame.batches.map(batches);
    for force in frame.forced.iter_mut().flatten() {
        force.value = number(force.value);
        force.raw = force.raw.map(number);
    }
    frame.system.scan_load_percent = number(frame.system.scan_load_percent);
    frame.system.scan_us_max = number(frame.system.scan_us_max);
    for late in [&mut frame.system.late_us_p50, &mut frame.system.late_us_p99, &mut frame.system.late_us_max]
    {
        *late = number(*late);
    }
    frame
}

pub(crate) fn point(value: PointValue) -> PointValue {
    let (number, quality) = with_quality(value.1, value.2);
    PointValue(value.0, number, quality)
}

pub(crate) fn batches(mut batches: Vec<BatchStatus>) -> Vec<BatchStatus> {
    for parameter in batches.iter_mut().flat_map(|batch| &mut batch.parameters) {
        *parameter = number(*parameter);
    }
    batches
}

pub(crate) fn history(mut reply: HistoryReply) -> HistoryReply {
    for sample in &mut reply.samples {
        let HistorySample { value, min, max, quality, .. } = *sample;
        let (value, quality) = with_quality(value, quality);
        *sample = HistorySample {
            value,
            min: if min.is_finite() { min } else { value },
            max: if max.is_finite() { max } else { value },
            quality,
            ..*sample
        };
    }
    reply
}

pub(crate) fn number(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

fn with_quality(value: f64, quality: Quality) -> (f64, Quality) {
    if value.is_finite() { (value, quality) } else { (0.0, quality.worst(Quality::BadOutOfRange)) }
}

#[cfg(test)]
mod tests {
    use super::{history, point};
    use model::wire::{HistoryReply, HistorySample, PointValue};
    use model::{PointId, Quality, Unit};

    #[test]
    fn a_value_that_is_no_number_is_bad_and_readable() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let sent = point(PointValue(PointId(3), value, Quality::Good));
            assert_eq!(sent, PointValue(PointId(3), 0.0, Quality::BadOutOfRange));
            let text = serde_json::to_string(&sent).unwrap();
            assert_eq!(serde_json::from_str::<PointValue>(&text).unwrap(), sent);
        }
        let failed = point(PointValue(PointId(3), f64::NAN, Quality::BadSensorFailure));
        assert_eq!(failed.2, Quality::BadSensorFailure);
    }

    #[test]
    fn an_empty_column_of_a_trend_reads_back() {
        let empty = HistorySample {
            time_ms: 1,
            value: f64::NAN,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            quality: Quality::Good,
        };
        let reply =
            HistoryReply { point: "T".into(), unit: Unit::NONE, samples: vec![empty], gaps: Vec::new() };
        let text = serde_json::to_string(&history(reply)).unwrap();
        let back: HistoryReply = serde_json::from_str(&text).unwrap();
        assert_eq!(back.samples[0].quality, Quality::BadOutOfRange);
    }
}
