//! Instruments that have their turn together, worked out side by side: a plant walks over hundreds of them ten times a
//! second, and nearly all of them are sound transmitters. What is not goes its own way ([`Sensor::see`]).

use super::{ABOVE, BELOW, Sensor, nearest};
use crate::noise::Noise;
use crate::parameters::SensorKind;
use crate::turns::Turns;
use crate::work::{self, Work};

/// Instruments by their places, and column by column what they have to themselves and what they come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bank {
    members: Vec<usize>,
    kinds: Vec<SensorKind>,
    ranges: Vec<(f64, f64)>,
    noise: Vec<f64>,
    span: Vec<f64>,
    fineness: Vec<f64>,
    step: Vec<f64>,
    /// What it shows at the ends of its current.
    ends: Vec<(f64, f64)>,
    /// How much of its way each goes in the seconds since the turn before.
    share: Vec<f64>,
    seconds: f64,
    value: Vec<f64>,
    lagged: Vec<f64>,
    drawn: Vec<f64>,
    shown: Vec<f64>,
}

/// What has instruments and gives them their turns.
pub(crate) trait Instruments {
    /// What the instrument would show if it were perfect.
    fn truth(&self, instrument: usize) -> f64;
    fn sensor(&self, instrument: usize) -> &Sensor;
    fn sensor_mut(&mut self, instrument: usize) -> &mut Sensor;
    fn noise(&mut self) -> &mut Noise;
    fn turns(&mut self) -> &mut Turns;
    fn has_shown(&mut self, instrument: usize);
}

impl Bank {
    pub(crate) fn push(&mut self, instrument: usize, (low, high): (f64, f64), kind: &SensorKind) {
        let span = high - low;
        let step = kind.resolution * span;
        self.members.push(instrument);
        self.kinds.push(kind.clone());
        self.ranges.push((low, high));
        self.noise.push(kind.noise);
        self.span.push(span);
        self.step.push(step);
        self.fineness.push(if step > 0.0 { 1.0 / step } else { 0.0 });
        self.ends.push((low - BELOW * span, high + ABOVE * span));
        for column in [&mut self.share, &mut self.value, &mut self.lagged, &mut self.drawn, &mut self.shown] {
            column.push(0.0);
        }
        self.seconds = 0.0;
    }

    pub(crate) fn members(&self) -> &[usize] {
        &self.members
    }

    /// Every member shows what is true now, `seconds` after its turn before.
    pub(crate) fn read(&mut self, seconds: f64, plant: &mut impl Instruments) {
        if self.seconds.to_bits() != seconds.to_bits() {
            self.seconds = seconds;
            for (share, kind) in self.share.iter_mut().zip(&self.kinds) {
                *share = kind.follows(seconds);
            }
        }
        let columns = self.value.iter_mut().zip(&mut self.lagged);
        for (member, (value, lagged)) in self.members.iter().zip(columns) {
            *value = plant.truth(*member);
            *lagged = plant.sensor(*member).lagged;
        }
        // In their order, and drawn even when it is not shown: a fault does not shift the other instruments' noise.
        let noise = plant.noise();
        self.drawn.iter_mut().for_each(|drawn| *drawn = noise.normal());
        self.work_out();
        let columns = self.lagged.iter().zip(&self.shown).zip(&self.ends);
        for (at, (member, ((lagged, shown), (low, high)))) in self.members.iter().zip(columns).enumerate() {
            work::count(Work::Instrument);
            let sensor = plant.sensor_mut(*member);
            if sensor.is_sound_transmitter() && shown >= low && shown <= high {
                sensor.show_good(*lagged, *shown);
            } else {
                self.give(at, sensor);
            }
        }
    }

    /// The steps of [`Sensor::see`] for sound transmitters, in its order, without a branch.
    fn work_out(&mut self) {
        let count = self.members.len();
        let (lagged, shown) = (&mut self.lagged[..count], &mut self.shown[..count]);
        let (value, share, drawn) = (&self.value[..count], &self.share[..count], &self.drawn[..count]);
        let (noise, span) = (&self.noise[..count], &self.span[..count]);
        let (fineness, step) = (&self.fineness[..count], &self.step[..count]);
        for k in 0..count {
            lagged[k] += (value[k] - lagged[k]) * share[k];
            let raw = lagged[k] + drawn[k] * noise[k] * span[k] + 0.0;
            let stepped = nearest(raw * fineness[k]) * step[k];
            shown[k] = if fineness[k] > 0.0 { stepped } else { raw };
        }
    }

    #[cold]
    #[inline(never)]
    fn give(&self, at: usize, sensor: &mut Sensor) {
        let turn = (self.seconds, self.share[at]);
        sensor.see(self.ranges[at], &self.kinds[at], self.value[at], self.drawn[at], turn);
    }
}

#[cfg(test)]
mod tests {
    use super::{Bank, Instruments, Sensor};
    use crate::noise::Noise;
    use crate::parameters::SensorKind;
    use crate::turns::Turns;

    struct Few {
        truths: Vec<f64>,
        sensors: Vec<Sensor>,
        noise: Noise,
        turns: Turns,
        shown: Vec<usize>,
    }

    impl Instruments for Few {
        fn truth(&self, instrument: usize) -> f64 {
            self.truths[instrument]
        }

        fn sensor(&self, instrument: usize) -> &Sensor {
            &self.sensors[instrument]
        }

        fn sensor_mut(&mut self, instrument: usize) -> &mut Sensor {
            &mut self.sensors[instrument]
        }

        fn noise(&mut self) -> &mut Noise {
            &mut self.noise
        }

        fn turns(&mut self) -> &mut Turns {
            &mut self.turns
        }

        fn has_shown(&mut self, instrument: usize) {
            self.shown.push(instrument);
        }
    }

    const RANGE: (f64, f64) = (-1.0, 9.0);

    fn kinds() -> [SensorKind; 4] {
        let kind = |lag, noise, resolution, cycle| SensorKind {
            lag,
            noise,
            resolution,
            cycle,
            dead: cycle,
            update: 0.1,
        };
        [
            kind(0.3, 0.01, 1e-3, 0.0),
            kind(0.0, 0.02, 0.0, 0.0),
            kind(5.0, 0.005, 1e-2, 0.0),
            kind(1.0, 0.01, 1e-3, 0.7),
        ]
    }

    /// Sensors with every fault, among sound ones, and what they look at now.
    fn few(round: usize) -> Few {
        let mut sensors: Vec<Sensor> =
            (0..12).map(|k| Sensor::new(RANGE, Some(&kinds()[k % 4]), k as f64 * 0.5)).collect();
        sensors[4].faults.frozen = true;
        sensors[5].faults.failed = true;
        sensors[6].faults.noise = 7.0;
        sensors[8].faults.drift = 400.0;
        Few {
            truths: truths(round),
            sensors,
            noise: Noise::new(11),
            turns: Turns::default(),
            shown: Vec::new(),
        }
    }

    fn truths(round: usize) -> Vec<f64> {
        let odd = [f64::NAN, f64::INFINITY, 1e9, -0.0];
        let value = |k: usize| {
            if (round + k).is_multiple_of(17) { odd[k % 4] } else { (round * 7 + k * 3) as f64 % 11.0 - 1.0 }
        };
        (0..12).map(value).collect()
    }

    #[test]
    fn side_by_side_each_shows_what_it_would_alone_bit_for_bit() {
        let mut bank = Bank::default();
        (0..12).for_each(|k| bank.push(k, RANGE, &kinds()[k % 4]));
        let (mut together, mut alone) = (few(0), few(0));
        for round in 0..2000 {
            let dt = [0.1, 0.1, 0.05][round % 3];
            together.truths = truths(round);
            bank.read(dt, &mut together);
            for (k, truth) in truths(round).into_iter().enumerate() {
                let kind = &kinds()[k % 4];
                alone.sensors[k].see(RANGE, kind, truth, alone.noise.normal(), (dt, kind.follows(dt)));
                let (one, other) = (&together.sensors[k], &alone.sensors[k]);
                let bits =
                    |sensor: &Sensor| (sensor.lagged.to_bits(), sensor.shown.to_bits(), sensor.quality);
                assert_eq!(bits(one), bits(other), "{round} {k}");
            }
        }
    }
}
