//! Valves and pumps: travel time, hysteresis, and what can go wrong with them.

use model::StateWalk;

use crate::parameters::Actuator;

/// A control valve with positioner. Openings are 0..1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ControlValve {
    pub(crate) position: f64,
    positioner: f64,
    pub(crate) stuck: bool,
}

impl ControlValve {
    /// Standing at rest.
    pub(crate) fn at(position: f64) -> Self {
        Self { position, positioner: position, stuck: false }
    }

    pub(crate) fn step(&mut self, p: &Actuator, command: f64, dt: f64) {
        let command = command.clamp(0.0, 1.0);
        self.positioner += (command - self.positioner) * (dt / (dt + p.valve_lag));
        if self.stuck {
            return;
        }
        // At its ends the positioner presses the plug home, through its own hysteresis.
        let half = if command <= 0.0 || command >= 1.0 { 0.0 } else { 0.5 * p.valve_hysteresis };
        let gap = self.positioner - self.position;
        let wanted = if gap.abs() > half { gap - half.copysign(gap) } else { 0.0 };
        let travel = dt / p.valve_stroke;
        self.position = (self.position + wanted.clamp(-travel, travel)).clamp(0.0, 1.0);
        if half == 0.0 && (self.position - command).abs() < 1e-4 {
            self.position = command;
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.position);
        walk.f64(&mut self.positioner);
        walk.bool(&mut self.stuck);
    }
}

/// An on/off valve with end switches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct BlockValve {
    pub(crate) position: f64,
    pub(crate) stuck: bool,
}

impl BlockValve {
    pub(crate) fn step(&mut self, p: &Actuator, open: bool, dt: f64) {
        if self.stuck {
            return;
        }
        let travel = dt / p.block_stroke;
        let target = f64::from(u8::from(open));
        self.position += (target - self.position).clamp(-travel, travel);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.position > 0.98
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.position < 0.02
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.position);
        walk.bool(&mut self.stuck);
    }
}

/// A circulation pump at fixed speed. `tripped` stays until the fault is cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pump {
    pub(crate) speed: f64,
    pub(crate) tripped: bool,
    /// It has no voltage. A contactor that is told to run pulls in again when it is back.
    pub(crate) dead: bool,
}

impl Pump {
    pub(crate) fn step(&mut self, run: bool, time: f64, dt: f64) {
        let target = if run && !self.tripped && !self.dead { 1.0 } else { 0.0 };
        self.speed += (target - self.speed) * (dt / (dt + time));
        if self.speed < 1e-3 {
            self.speed = 0.0;
        }
    }

    pub(crate) fn runs(&self) -> bool {
        self.speed > 0.5
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.speed);
        walk.bool(&mut self.tripped);
        walk.bool(&mut self.dead);
    }
}

/// Flow share of an equal-percentage trim that closes tightly.
pub(crate) fn equal_percentage(opening: f64, rangeability: f64) -> f64 {
    let flow = libm::exp((opening - 1.0) * libm::log(rangeability));
    // The last five per cent of travel close it.
    flow * (opening / 0.05).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::{ControlValve, equal_percentage};
    use crate::parameters::Parameters;

    #[test]
    fn a_valve_needs_its_stroke_time_and_arrives() {
        let p = Parameters::built_in().unwrap().actuator;
        let mut valve = ControlValve::at(0.0);
        let mut seconds = 0.0;
        while valve.position < 0.999 && seconds < 60.0 {
            valve.step(&p, 1.0, 0.1);
            seconds += 0.1;
        }
        assert!(seconds > p.valve_stroke - 0.1 && seconds < p.valve_stroke + 3.0, "{seconds}");
    }

    #[test]
    fn a_small_change_of_command_is_lost_in_the_hysteresis() {
        let p = Parameters::built_in().unwrap().actuator;
        let mut valve = ControlValve::at(0.5);
        for _ in 0..200 {
            valve.step(&p, 0.5 + 0.4 * p.valve_hysteresis, 0.1);
        }
        assert_eq!(valve.position, 0.5);
        valve.stuck = true;
        for _ in 0..200 {
            valve.step(&p, 1.0, 0.1);
        }
        assert_eq!(valve.position, 0.5);
    }

    #[test]
    fn an_equal_percentage_trim_closes_and_opens_fully() {
        assert_eq!(equal_percentage(0.0, 30.0), 0.0);
        assert!((equal_percentage(1.0, 30.0) - 1.0).abs() < 1e-12);
        assert!(
            (equal_percentage(0.6, 30.0) / equal_percentage(0.5, 30.0) - 30.0_f64.powf(0.1)).abs() < 1e-9
        );
    }
}
