//! How the scan keeps its time: measured outside of the engine, told to it as inputs.
//!
//! What an alarm makes of a late scan so comes out of the journal again, bit for bit: a replay reads no
//! clock. Only what has changed is told, so a scan that is in time costs the journal nothing.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use control::Input;
use control::plant::{Origin, Plant, ScanTiming};
use model::{PointId, Quality, Unit};

use crate::wiring::{CLOCK_GRAIN_MS, LATENESS_KEPT};

/// Tags that read the scan: five kinds, in each plant of a site.
const READINGS: usize = 16;

/// The tags of one plant that read the scan's time.
#[derive(Clone, Debug, Default)]
pub struct Readings(Vec<Reading>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    point: PointId,
    timing: ScanTiming,
    /// From milliseconds to the tag's unit; 1 for a count.
    scale: f64,
    told: Option<f64>,
}

impl Readings {
    pub fn of(plant: &Plant) -> Self {
        let readings = plant.points.iter().enumerate().filter_map(|(index, point)| {
            let Origin::Scan(timing) = point.origin else { return None };
            if !timing.is_told() {
                return None;
            }
            let of_ms = || Unit::parse("ms")?.convert(1.0, point.unit);
            let scale = if timing.is_time() { of_ms().unwrap_or(1.0) } else { 1.0 };
            Some(Reading { point: PointId(index as u32), timing, scale, told: None })
        });
        Self(readings.collect())
    }
}

/// What the scan knows of its own time.
#[derive(Debug)]
pub struct ScanMeter {
    readings: Readings,
    period: Duration,
    late: Duration,
    over: Duration,
    late_ticks: u64,
    overruns: u64,
    ahead_ms: i64,
}

impl ScanMeter {
    pub fn new(plant: &Plant, period: Duration) -> Self {
        let period = period.max(Duration::from_millis(1));
        let (late, over) = (Duration::ZERO, Duration::ZERO);
        Self { readings: Readings::of(plant), period, late, over, late_ticks: 0, overruns: 0, ahead_ms: 0 }
    }

    /// Room for what it tells at once, also after a change of the plant to one with more tags.
    pub fn inputs_max(&self) -> usize {
        self.readings.0.len().max(READINGS)
    }

    /// The scan of `tick` woke so much after its time. Returns the whole periods in that.
    pub fn woke(&mut self, tick: u64, late: Duration, stats: &ScanStats) -> u64 {
        let periods = u64::try_from(late.as_nanos() / self.period.as_nanos()).unwrap_or(u64::MAX);
        self.late = if periods > 0 { late } else { Duration::ZERO };
        if periods > 0 {
            self.late_ticks += 1;
            stats.late_ticks.store(self.late_ticks, Relaxed);
            stats.late_tick.store(tick, Relaxed);
        }
        stats.lateness.keep(late);
        periods
    }

    /// The controller's time is ahead of the clock on the wall by so much. What the two drift apart in a second is not
    /// told to the engine, nor what is lost in rounding: the journal would grow by it for nothing.
    pub fn clock(&mut self, ahead_ms: i64, stats: &ScanStats) {
        stats.clock_ahead_ms.store(ahead_ms, Relaxed);
        if ahead_ms.abs_diff(self.ahead_ms) >= CLOCK_GRAIN_MS {
            self.ahead_ms = ahead_ms;
        }
    }

    /// The scan of `tick` took so long.
    pub fn took(&mut self, tick: u64, spent: Duration, stats: &ScanStats) {
        self.over = spent.saturating_sub(self.period);
        if !self.over.is_zero() {
            self.overruns += 1;
            stats.overruns.store(self.overruns, Relaxed);
            stats.overrun_tick.store(tick, Relaxed);
        }
        let spent_ns = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
        stats.scan_ns_max.fetch_max(spent_ns, Relaxed);
        let mean = stats.scan_ns_mean.load(Relaxed);
        // An exponential mean over about a second of scans.
        stats.scan_ns_mean.store(if mean == 0 { spent_ns } else { (mean * 127 + spent_ns) / 128 }, Relaxed);
    }

    /// Adds what has changed since the engine was last told. What finds no room waits for the next scan:
    /// nothing is allocated.
    pub fn collect(&mut self, inputs: &mut Vec<Input>) {
        for reading in &mut self.readings.0 {
            if inputs.len() == inputs.capacity() {
                return;
            }
            let value = match reading.timing {
                ScanTiming::Lateness => self.late.as_secs_f64() * 1e3 * reading.scale,
                ScanTiming::Overrun => self.over.as_secs_f64() * 1e3 * reading.scale,
                ScanTiming::LateTicks => self.late_ticks as f64,
                ScanTiming::Overruns => self.overruns as f64,
                ScanTiming::ClockOffset => self.ahead_ms as f64 * reading.scale,
                // The engine counts them itself.
                ScanTiming::Forced | ScanTiming::Bypassed | ScanTiming::OutOfService => continue,
            };
            if reading.told != Some(value) {
                reading.told = Some(value);
                inputs.push(Input { point: reading.point, value, quality: Quality::Good });
            }
        }
    }

    /// From now on the tags are those of another plant, which has heard nothing yet.
    pub fn exchange(&mut self, readings: &mut Readings) {
        std::mem::swap(&mut self.readings, readings);
    }
}

/// How the scan keeps its time; written by the scan, read by whoever shows it.
#[derive(Debug, Default)]
pub struct ScanStats {
    pub scan_ns_mean: AtomicU64,
    pub scan_ns_max: AtomicU64,
    pub overruns: AtomicU64,
    pub late_ticks: AtomicU64,
    /// The last scan that took too long, and the last that began late; only with a count above zero.
    pub overrun_tick: AtomicU64,
    pub late_tick: AtomicU64,
    pub time_jumps: AtomicU64,
    pub lost: AtomicU64,
    pub tick: AtomicU64,
    /// By how much the controller's time is ahead of the clock on the wall.
    pub clock_ahead_ms: AtomicI64,
    pub lateness: Lateness,
}

/// By how much the latest scans woke after their time, early ones overwritten.
#[derive(Debug)]
pub struct Lateness {
    kept_ns: Box<[AtomicU32]>,
    count: AtomicU64,
}

impl Default for Lateness {
    fn default() -> Self {
        Self { kept_ns: (0..LATENESS_KEPT).map(|_| AtomicU32::new(0)).collect(), count: AtomicU64::new(0) }
    }
}

/// Percentiles of the latest scans' lateness, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    pub scans: usize,
    pub p50_us: f64,
    pub p99_us: f64,
    pub max_us: f64,
}

impl Lateness {
    /// For the scan alone: nobody else writes.
    fn keep(&self, late: Duration) {
        let count = self.count.load(Relaxed);
        let place = &self.kept_ns[(count % LATENESS_KEPT as u64) as usize];
        place.store(u32::try_from(late.as_nanos()).unwrap_or(u32::MAX), Relaxed);
        self.count.store(count.wrapping_add(1), Relaxed);
    }

    /// For readers: allocates, and may miss the scan that is being written.
    pub fn percentiles(&self) -> Percentiles {
        let scans = usize::try_from(self.count.load(Relaxed)).unwrap_or(usize::MAX).min(LATENESS_KEPT);
        let mut kept: Vec<u32> = self.kept_ns[..scans].iter().map(|one| one.load(Relaxed)).collect();
        kept.sort_unstable();
        let at = |part: usize| {
            let rank = (scans * part).div_ceil(100).saturating_sub(1);
            kept.get(rank).map_or(0.0, |ns| f64::from(*ns) / 1e3)
        };
        Percentiles { scans, p50_us: at(50), p99_us: at(99), max_us: at(100) }
    }
}

#[cfg(test)]
mod tests;
