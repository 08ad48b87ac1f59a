//! What the controller moves: control valves, on/off valves, motors, set points of packaged units, switches.
//!
//! Their kind follows from their tags, so the text only names them:
//!
//! | tags of `X` | element |
//! | --- | --- |
//! | `X` in per cent, output | control valve, or the speed of a drive when `X.CMD` runs it |
//! | `X.CMD` with `X.ZSO` or `X.ZSC` | on/off valve with its limit switches |
//! | `X.CMD` with `X.RUN` (`X.FAULT`, `X.SPEED`) | motor, with speed reference where there is one |
//! | `X` in another unit, output | set point of a packaged unit, over its range |
//! | `X.CMD` alone | switch |

use model::StateWalk;

use crate::parameters::{Actuator, MOTOR_START};
use crate::valve::{BlockValve, ControlValve, Pump, equal_percentage};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Element {
    Valve {
        valve: ControlValve,
        command: f64,
    },
    Block {
        valve: BlockValve,
        open: bool,
    },
    Motor {
        motor: Pump,
        run: bool,
        speed: f64,
    },
    /// Share of its range, 0..1.
    SetPoint {
        share: f64,
        command: f64,
    },
    Switch {
        on: bool,
    },
}

/// Which part of an element an output moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// Valve position, set point: share of the range.
    Share,
    /// CMD
    On,
    /// Speed reference of a motor.
    Speed,
}

impl Channel {
    /// True when an element would follow whoever spoke last.
    pub(super) const fn moves_the_same(self, other: Self) -> bool {
        matches!((self, other), (Self::On, Self::On) | (Self::Share | Self::Speed, Self::Share | Self::Speed))
    }
}

/// Which part of an element an input shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feedback {
    Open,
    Closed,
    Runs,
    Fault,
    /// 0..1
    Position,
}

/// A packaged unit follows its set point so fast, s.
const SET_POINT_LAG: f64 = 1.0;
/// Largest over smallest flow that an equal-percentage trim controls.
const RANGEABILITY: f64 = 30.0;

impl Element {
    pub(super) fn command(&mut self, channel: Channel, share: f64) {
        match (self, channel) {
            (Self::Valve { command, .. } | Self::SetPoint { command, .. }, Channel::Share) => {
                *command = share;
            }
            (Self::Block { open, .. }, Channel::On) => *open = share >= 0.5,
            (Self::Motor { run, .. }, Channel::On) => *run = share >= 0.5,
            (Self::Motor { speed, .. }, Channel::Speed | Channel::Share) => *speed = share,
            (Self::Switch { on }, Channel::On) => *on = share >= 0.5,
            _ => {}
        }
    }

    pub(super) fn step(&mut self, p: &Actuator, start_time: f64, dt: f64) {
        match self {
            Self::Valve { valve, command } => valve.step(p, *command, dt),
            Self::Block { valve, open } => valve.step(p, *open, dt),
            Self::Motor { motor, run, .. } => motor.step(*run, start_time, dt),
            Self::SetPoint { share, command } => *share += (*command - *share) * (dt / (dt + SET_POINT_LAG)),
            Self::Switch { .. } => {}
        }
    }

    /// How much of a flow it lets through, or how much of an order it gives, 0..1.
    pub(super) fn conductance(&self, equal: bool) -> f64 {
        match self {
            Self::Valve { valve, .. } if equal => equal_percentage(valve.position, RANGEABILITY),
            Self::Valve { valve, .. } => valve.position,
            Self::Block { valve, .. } => valve.position,
            Self::Motor { motor, speed, .. } => motor.speed * speed,
            Self::SetPoint { share, .. } => *share,
            Self::Switch { on } => f64::from(u8::from(*on)),
        }
    }

    pub(super) fn feedback(&self, feedback: Feedback) -> f64 {
        let switch = |on: bool| f64::from(u8::from(on));
        match (self, feedback) {
            (Self::Block { valve, .. }, Feedback::Open) => switch(valve.is_open()),
            (Self::Block { valve, .. }, Feedback::Closed) => switch(valve.is_closed()),
            (Self::Motor { motor, .. }, Feedback::Runs) => switch(motor.runs()),
            (Self::Motor { motor, .. }, Feedback::Fault) => switch(motor.tripped),
            (Self::Valve { valve, .. }, Feedback::Open) => switch(valve.position > 0.98),
            (Self::Valve { valve, .. }, Feedback::Closed) => switch(valve.position < 0.02),
            _ => self.conductance(false),
        }
    }

    /// Puts it at rest where a running plant has it.
    pub(super) fn settle(&mut self) {
        match self {
            Self::Valve { valve, command } => *valve = ControlValve::at(*command),
            Self::Block { valve, open } => valve.position = f64::from(u8::from(*open)),
            Self::Motor { motor, run, .. } => motor.speed = f64::from(u8::from(*run)),
            Self::SetPoint { share, command } => *share = *command,
            Self::Switch { .. } => {}
        }
    }

    /// The voltage of the net goes or comes back.
    pub(super) fn lose_power(&mut self, lost: bool) {
        if let Self::Motor { motor, .. } = self {
            motor.dead = lost;
        }
    }

    /// The fault `valve-stuck` or `pump-trip`; false where the element has no such fault.
    pub(super) fn set_fault(&mut self, fault: &str, on: bool) -> bool {
        match (self, fault) {
            (Self::Valve { valve, .. }, "valve-stuck") => valve.stuck = on,
            (Self::Block { valve, .. }, "valve-stuck") => valve.stuck = on,
            (Self::Motor { motor, .. }, "pump-trip") => motor.tripped = on,
            _ => return false,
        }
        true
    }

    /// The name of the fault that it has, if any.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Valve { valve, .. } if valve.stuck => Some("valve-stuck"),
            Self::Block { valve, .. } if valve.stuck => Some("valve-stuck"),
            Self::Motor { motor, .. } if motor.tripped => Some("pump-trip"),
            _ => None,
        }
    }

    /// In words.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Valve { .. } => "control valve",
            Self::Block { .. } => "on/off valve",
            Self::Motor { .. } => "motor",
            Self::SetPoint { .. } => "set point of a packaged unit",
            Self::Switch { .. } => "switch",
        }
    }

    /// Whether the parameter of this name says how it moves.
    pub(super) fn travels_by(&self, parameter: &str) -> bool {
        match self {
            Self::Valve { .. } => parameter.starts_with("actuator.valve_"),
            Self::Block { .. } => parameter == "actuator.block_stroke",
            Self::Motor { .. } => parameter == MOTOR_START,
            Self::SetPoint { .. } | Self::Switch { .. } => false,
        }
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        match self {
            Self::Valve { valve, command } => {
                valve.state(walk);
                walk.f64(command);
            }
            Self::Block { valve, open } => {
                valve.state(walk);
                walk.bool(open);
            }
            Self::Motor { motor, run, speed } => {
                motor.state(walk);
                walk.bool(run);
                walk.f64(speed);
            }
            Self::SetPoint { share, command } => {
                walk.f64(share);
                walk.f64(command);
            }
            Self::Switch { on } => walk.bool(on),
        }
    }
}
