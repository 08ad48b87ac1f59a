//! The rectifier: breaker, own ramp, fast current loop, transformer, and the polarisation set.

use model::StateWalk;

use crate::parameters::Rectifier as RectifierParameters;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rectifier {
    pub(crate) closed: bool,
    /// A: the ramped reference, and what flows.
    pub(crate) reference: f64,
    pub(crate) main_current: f64,
    pub(crate) polarising: bool,
    /// K
    pub(crate) transformer: f64,
    /// Own protection has tripped; lets go when the command is withdrawn and the cause is gone.
    pub(crate) fault: bool,
    /// Training fault: tripped from outside.
    pub(crate) forced: bool,
    breaker_time: f64,
    polarisation_time: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RectifierDuty {
    pub(crate) dt: f64,
    /// A
    pub(crate) demand: f64,
    pub(crate) close: bool,
    pub(crate) polarise: bool,
    /// The emergency stop opens the breaker by wire.
    pub(crate) emergency_stop: bool,
    /// No voltage from the net: the breaker falls open.
    pub(crate) dead: bool,
    /// Of the step before.
    pub(crate) stack_voltage: f64,
    pub(crate) ambient: f64,
}

impl Rectifier {
    pub(crate) fn new(ambient: f64) -> Self {
        Self { transformer: ambient, ..Self::default() }
    }

    /// Ready to close: no fault, no emergency stop.
    pub(crate) fn is_ready(&self, emergency_stop: bool) -> bool {
        !self.fault && !emergency_stop
    }

    /// A through the string.
    pub(crate) fn current(&self, p: &RectifierParameters) -> f64 {
        if self.polarising { self.main_current.max(p.polarisation_current) } else { self.main_current }
    }

    pub(crate) fn step(&mut self, p: &RectifierParameters, duty: &RectifierDuty) {
        let hot = self.transformer > p.transformer_trip;
        if hot || self.forced {
            self.fault = true;
        } else if !duty.close {
            self.fault = false;
        }
        self.move_breaker(p, duty);
        self.drive(p, duty);
        if duty.polarise == self.polarising {
            self.polarisation_time = 0.0;
        } else {
            self.polarisation_time += duty.dt;
            if self.polarisation_time >= p.polarisation_delay {
                self.polarising = duty.polarise;
            }
        }
        // Copper loss grows with the square of the current; the rise is given at 6 kA.
        let load = self.main_current / 6000.0;
        let target = duty.ambient + p.transformer_rise * load * load;
        self.transformer += (target - self.transformer) * (duty.dt / p.transformer_time).min(1.0);
    }

    fn move_breaker(&mut self, p: &RectifierParameters, duty: &RectifierDuty) {
        let wanted = duty.close && !duty.dead && self.is_ready(duty.emergency_stop);
        if wanted == self.closed {
            self.breaker_time = 0.0;
            return;
        }
        self.breaker_time += duty.dt;
        let needed = if wanted { p.close_time } else { p.open_time };
        if self.breaker_time >= needed {
            self.closed = wanted;
            self.breaker_time = 0.0;
        }
    }

    fn drive(&mut self, p: &RectifierParameters, duty: &RectifierDuty) {
        if !self.closed {
            self.reference = 0.0;
            self.main_current = 0.0;
            return;
        }
        let demand = duty.demand.clamp(0.0, p.current_max);
        let step = p.ramp * duty.dt;
        self.reference += (demand - self.reference).clamp(-step, step);
        if duty.stack_voltage > p.voltage_max {
            // The thyristors are fully open; the current is what the voltage can drive.
            let share = (p.voltage_max / duty.stack_voltage).max(0.8);
            self.reference *= share;
            self.main_current *= share;
        }
        let follow = 1.0 - libm::exp(-duty.dt / p.loop_time);
        self.main_current += (self.reference - self.main_current) * follow;
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.bool(&mut self.closed);
        walk.f64(&mut self.reference);
        walk.f64(&mut self.main_current);
        walk.bool(&mut self.polarising);
        walk.f64(&mut self.transformer);
        walk.bool(&mut self.fault);
        walk.bool(&mut self.forced);
        walk.f64(&mut self.breaker_time);
        walk.f64(&mut self.polarisation_time);
    }
}

#[cfg(test)]
mod tests {
    use super::{Rectifier, RectifierDuty};
    use crate::parameters::Parameters;

    fn duty(demand: f64, close: bool) -> RectifierDuty {
        RectifierDuty {
            dt: 0.01,
            demand,
            close,
            polarise: false,
            emergency_stop: false,
            dead: false,
            stack_voltage: 80.0,
            ambient: 293.15,
        }
    }

    fn run(rectifier: &mut Rectifier, duty: &RectifierDuty, seconds: f64) {
        let p = Parameters::built_in().unwrap().rectifier;
        for _ in 0..(seconds / duty.dt) as u32 {
            rectifier.step(&p, duty);
        }
    }

    #[test]
    fn the_current_follows_its_ramp_with_the_lag_of_the_loop() {
        let p = Parameters::built_in().unwrap().rectifier;
        let mut rectifier = Rectifier::new(293.15);
        run(&mut rectifier, &duty(0.0, true), 1.0);
        assert!(rectifier.closed);
        run(&mut rectifier, &duty(4000.0, true), 4.0);
        // A first-order loop behind a ramp trails by ramp x time constant.
        let expected = p.ramp * (4.0 - p.loop_time);
        assert!((rectifier.main_current - expected).abs() < 0.01 * expected, "{}", rectifier.main_current);
    }

    #[test]
    fn the_breaker_opens_within_100_ms_and_the_current_is_gone() {
        let mut rectifier = Rectifier::new(293.15);
        run(&mut rectifier, &duty(4000.0, true), 20.0);
        assert!(rectifier.main_current > 3990.0);
        run(&mut rectifier, &duty(4000.0, false), 0.1);
        assert!(!rectifier.closed && rectifier.main_current == 0.0);
    }

    #[test]
    fn a_stack_that_wants_too_much_voltage_gets_less_current() {
        let mut rectifier = Rectifier::new(293.15);
        run(&mut rectifier, &duty(4000.0, true), 20.0);
        run(&mut rectifier, &RectifierDuty { stack_voltage: 200.0, ..duty(4000.0, true) }, 1.0);
        assert!(rectifier.main_current < 400.0, "{}", rectifier.main_current);
    }
}
