//! A split range of the compiled plant.

use alloc::vec::Vec;
use model::PointId;

/// One signal for two or three outputs, each over its own part of the signal's range; for one, an analog output.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    pub input: PointId,
    /// The signal as it works, for the faceplate.
    pub signal: PointId,
    pub low: f64,
    pub high: f64,
    pub valves: Vec<SplitValve>,
}

/// Goes in a straight line over `from`, and stays at the ends beyond it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitValve {
    /// The output tag, and what this block wants of it.
    pub target: PointId,
    pub out: PointId,
    /// Rising.
    pub from: (f64, f64),
    /// Rising or falling.
    pub to: (f64, f64),
    pub low: f64,
    pub high: f64,
}

impl SplitValve {
    /// Where the valve belongs at a signal.
    pub fn at(&self, signal: f64) -> f64 {
        let share = (signal - self.from.0) / (self.from.1 - self.from.0);
        // The ends are exact.
        if share <= 0.0 {
            self.to.0
        } else if share >= 1.0 {
            self.to.1
        } else {
            self.to.0 + (self.to.1 - self.to.0) * share
        }
    }
}
