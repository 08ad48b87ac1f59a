//! An instrument: lag, noise, resolution, analyser cycle and dead time, and its faults.

pub(crate) mod bank;

use model::{Quality, StateWalk};

use crate::parameters::{PENDING_MAX, SensorKind};
use crate::tags::Kind;

/// NAMUR NE 43: a transmitter's current ends at 3.8 and 20.5 mA.
const BELOW: f64 = 0.0125;
const ABOVE: f64 = 0.031_25;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SensorFaults {
    pub(crate) frozen: bool,
    pub(crate) failed: bool,
    /// Factor on the noise; 1 when sound.
    pub(crate) noise: f64,
    /// Unit per hour, and what has gathered.
    pub(crate) drift: f64,
    pub(crate) drifted: f64,
}

impl SensorFaults {
    pub(crate) const NONE: Self = Self { frozen: false, failed: false, noise: 1.0, drift: 0.0, drifted: 0.0 };
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sensor {
    lagged: f64,
    pub(crate) shown: f64,
    pub(crate) quality: Quality,
    pub(crate) faults: SensorFaults,
    /// Of its steps of resolution, how many make a unit of what it shows; 0 where it shows everything.
    fineness: f64,
    /// Apart, because a plant walks over its thousand instruments ten times a second and few of them are analysers.
    analyser: Option<Box<Analyser>>,
}

/// Results on their way.
#[derive(Clone, Debug, PartialEq)]
struct Analyser {
    pending: [f64; PENDING_MAX + 1],
    next: u32,
    since: f64,
}

impl SensorKind {
    /// How much of its way to what is true it goes in `dt` seconds.
    pub(crate) fn follows(&self, dt: f64) -> f64 {
        dt / (dt + self.lag)
    }
}

impl Sensor {
    /// Of an instrument with the parameters `p` over a range.
    pub(crate) fn new((low, high): (f64, f64), p: Option<&SensorKind>, value: f64) -> Self {
        let step = p.map_or(0.0, |p| p.resolution * (high - low));
        let analyser = || Box::new(Analyser { pending: [value; PENDING_MAX + 1], next: 0, since: 0.0 });
        Self {
            lagged: value,
            shown: value,
            quality: Quality::Good,
            faults: SensorFaults::NONE,
            fineness: if step > 0.0 { 1.0 / step } else { 0.0 },
            analyser: p.filter(|p| p.cycle > 0.0).map(|_| analyser()),
        }
    }

    /// `dt` seconds go by, in which it goes `share` of its way ([`SensorKind::follows`]); `drawn` is its noise, of
    /// deviation 1.
    fn see(
        &mut self,
        (low, high): (f64, f64),
        p: &SensorKind,
        value: f64,
        drawn: f64,
        (dt, share): (f64, f64),
    ) {
        let span = high - low;
        let hiss = drawn * p.noise * span * self.faults.noise;
        if self.faults.drift != 0.0 {
            self.faults.drifted += self.faults.drift * dt / 3600.0;
        }
        self.lagged += (value - self.lagged) * share;
        let Some(seen) = self.analyse(p, dt) else {
            return;
        };
        if self.faults.frozen {
            return;
        }
        if self.faults.failed || !seen.is_finite() {
            self.quality = Quality::BadSensorFailure;
            return;
        }
        let raw = seen + hiss + self.faults.drifted;
        // Nobody waits for a division in a thousand instruments ten times a second.
        let stepped =
            if self.fineness > 0.0 { nearest(raw * self.fineness) * (p.resolution * span) } else { raw };
        let (low, high) = (low - BELOW * span, high + ABOVE * span);
        self.shown = stepped.clamp(low, high);
        let inside = stepped >= low && stepped <= high;
        self.quality = if inside { Quality::Good } else { Quality::UncertainEngineeringRange };
    }

    /// It shows what it sees at once, and nothing is wrong with it.
    fn is_sound_transmitter(&self) -> bool {
        let SensorFaults { frozen, failed, noise, drift, drifted } = self.faults;
        let kept = (noise.to_bits() ^ 1.0_f64.to_bits()) | drift.to_bits() | drifted.to_bits();
        self.analyser.is_none() && !(frozen | failed) && kept == 0
    }

    const fn show_good(&mut self, lagged: f64, shown: f64) {
        self.lagged = lagged;
        self.shown = shown;
        self.quality = Quality::Good;
    }

    /// A switch: what is, without lag or noise.
    pub(crate) const fn show(&mut self, value: f64) {
        self.shown = value;
        self.quality = if self.faults.failed { Quality::BadSensorFailure } else { Quality::Good };
    }

    /// What the instrument sees now; `None` between the results of an analyser.
    fn analyse(&mut self, p: &SensorKind, dt: f64) -> Option<f64> {
        let Some(analyser) = &mut self.analyser else {
            return Some(self.lagged);
        };
        analyser.since += dt;
        if self.faults.failed {
            return Some(self.lagged);
        }
        // A cycle of whole updates ends with its last one, whatever their sum rounds to.
        if analyser.since < p.cycle - 1e-6 {
            return None;
        }
        analyser.since -= p.cycle;
        let waits = (libm::rint(p.dead / p.cycle) as usize).min(PENDING_MAX);
        let at = analyser.next as usize % (PENDING_MAX + 1);
        analyser.pending[at] = self.lagged;
        analyser.next = (analyser.next + 1) % (PENDING_MAX as u32 + 1);
        Some(analyser.pending[(at + PENDING_MAX + 1 - waits) % (PENDING_MAX + 1)])
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.lagged);
        walk.f64(&mut self.shown);
        let mut quality = u8::from(self.quality);
        walk.u8(&mut quality);
        self.quality = Quality::from(quality);
        walk.bool(&mut self.faults.frozen);
        walk.bool(&mut self.faults.failed);
        walk.f64(&mut self.faults.noise);
        walk.f64(&mut self.faults.drift);
        walk.f64(&mut self.faults.drifted);
        if let Some(analyser) = &mut self.analyser {
            walk.f64s(&mut analyser.pending);
            walk.u32(&mut analyser.next);
            walk.f64(&mut analyser.since);
        }
    }
}

/// The nearest whole number, of two the even one: `libm::rint` bit for bit, without its call.
fn nearest(x: f64) -> f64 {
    /// From here on there are only whole numbers, and a sum with it rounds to one.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let size = x.abs();
    if size < WHOLE { ((size + WHOLE) - WHOLE).copysign(x) } else { x }
}

/// The parameters of an instrument; a switch has none.
pub(crate) fn kind_of(kinds: &[SensorKind], kind: Kind) -> Option<&SensorKind> {
    kinds.get(kind as usize)
}

#[cfg(test)]
mod tests {
    use model::Quality;

    use super::{Sensor, nearest};
    use crate::noise::Noise;
    use crate::parameters::SensorKind;

    const RANGE: (f64, f64) = (0.0, 10.0);

    /// A step as whoever owns the instrument gives it.
    fn give(sensor: &mut Sensor, kind: &SensorKind, value: f64, noise: &mut Noise, dt: f64) {
        sensor.see(RANGE, kind, value, noise.normal(), (dt, kind.follows(dt)));
    }

    fn quiet(lag: f64, cycle: f64, dead: f64) -> SensorKind {
        SensorKind { lag, noise: 0.0, resolution: 0.0, cycle, dead, update: 0.1 }
    }

    #[test]
    fn an_analyser_shows_its_result_after_the_dead_time() {
        let mut noise = Noise::new(1);
        let kind = quiet(0.0, 60.0, 300.0);
        let mut sensor = Sensor::new(RANGE, Some(&kind), 1.0);
        let mut at = None;
        for step in 0..6000 {
            give(&mut sensor, &kind, 2.0, &mut noise, 0.1);
            if at.is_none() && sensor.shown > 1.5 {
                at = Some(f64::from(step) * 0.1);
            }
        }
        let at = at.unwrap();
        assert!((300.0..=361.0).contains(&at), "{at}");
    }

    #[test]
    fn a_lag_reaches_63_per_cent_after_its_time() {
        let mut sensor = Sensor::new(RANGE, None, 0.0);
        let mut noise = Noise::new(1);
        for _ in 0..1000 {
            give(&mut sensor, &quiet(10.0, 0.0, 0.0), 1.0, &mut noise, 0.01);
        }
        assert!((sensor.shown - 0.632).abs() < 0.002, "{}", sensor.shown);
    }

    #[test]
    fn a_sensor_ends_where_its_current_ends_and_says_so() {
        let mut sensor = Sensor::new(RANGE, None, 5.0);
        let mut noise = Noise::new(1);
        give(&mut sensor, &quiet(0.0, 0.0, 0.0), 1e9, &mut noise, 0.1);
        assert!((sensor.shown - 10.3125).abs() < 1e-9);
        assert_eq!(sensor.quality, Quality::UncertainEngineeringRange);
        give(&mut sensor, &quiet(0.0, 0.0, 0.0), f64::NAN, &mut noise, 0.1);
        assert_eq!(sensor.quality, Quality::BadSensorFailure);
    }

    #[test]
    fn the_nearest_whole_number_is_that_of_the_library() {
        let mut noise = Noise::new(3);
        let odd = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -3.5, 4.5e15, -4.6e15, 1e300, f64::INFINITY, f64::NAN];
        let drawn = (0..100_000).map(|k| noise.normal() * libm::pow(10.0, f64::from(k % 20) - 3.0));
        for x in odd.into_iter().chain(drawn) {
            assert_eq!(nearest(x).to_bits(), libm::rint(x).to_bits(), "{x}");
        }
    }

    #[test]
    fn a_drift_gathers_by_the_hour() {
        let mut sensor = Sensor::new(RANGE, None, 5.0);
        sensor.faults.drift = 0.6;
        let mut noise = Noise::new(1);
        for _ in 0..36_000 {
            give(&mut sensor, &quiet(0.0, 0.0, 0.0), 5.0, &mut noise, 0.1);
        }
        assert!((sensor.shown - 5.6).abs() < 1e-6, "{}", sensor.shown);
    }
}
