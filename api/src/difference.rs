//! What a client does not know yet: the newest frame less the one it was sent last.

use std::sync::Arc;

use model::wire::{Frame, PointValue};

use crate::finite;

/// One connection's memory. It is the last frame itself, shared with everybody who got the same.
#[derive(Default)]
pub(crate) struct Difference {
    last: Option<Arc<Frame>>,
}

impl Difference {
    /// A full frame the first time, and whenever the list of values is another; then changes only.
    pub(crate) fn next(&mut self, newest: &Arc<Frame>) -> Frame {
        let frame = match &self.last {
            Some(last) if same_points(last, newest) => changes(last, newest),
            _ => Frame { full: true, ..Frame::clone(newest) },
        };
        self.last = Some(Arc::clone(newest));
        finite::frame(frame)
    }
}

fn same_points(last: &Frame, newest: &Frame) -> bool {
    last.values.len() == newest.values.len()
        && last.values.iter().zip(&newest.values).all(|(last, newest)| last.0 == newest.0)
}

fn changes(last: &Frame, newest: &Frame) -> Frame {
    let values = last.values.iter().zip(&newest.values).filter(|(last, newest)| differ(last, newest));
    Frame {
        tick: newest.tick,
        time_ms: newest.time_ms,
        full: false,
        values: values.map(|(_, newest)| *newest).collect(),
        alarms: if last.alarms == newest.alarms { None } else { newest.alarms.clone() },
        interlocks: if last.interlocks == newest.interlocks { None } else { newest.interlocks.clone() },
        batches: if last.batches == newest.batches { None } else { newest.batches.clone() },
        forced: if last.forced == newest.forced { None } else { newest.forced.clone() },
        out_of_service: if last.out_of_service == newest.out_of_service {
            None
        } else {
            newest.out_of_service.clone()
        },
        limited: if last.limited == newest.limited { None } else { newest.limited.clone() },
        system: newest.system.clone(),
    }
}

/// By bits: NaN equals itself, and -0 is not 0.
fn differ(last: &PointValue, newest: &PointValue) -> bool {
    last.1.to_bits() != newest.1.to_bits() || last.2 != newest.2
}

#[cfg(test)]
mod tests;
