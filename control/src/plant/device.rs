//! Motors, valves and breakers of the compiled plant, alone and in groups.

use alloc::vec::Vec;
use model::PointId;

use super::Expr;

/// A motor, an on/off valve or a breaker: command, feedback, travel time, permissive.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    pub kind: DeviceKind,
    /// 1 = run, open, close the breaker. Written by operator or phase; forced by interlocks.
    pub command: PointId,
    /// See [`DeviceState`].
    pub state: PointId,
    /// 1 when the feedback contradicts the command for longer than the travel time.
    pub fail: PointId,
    /// Out of service, by hand, in auto, or held by an interlock or a force.
    pub mode: PointId,
    /// The output tag; it may be `command` itself.
    pub out: PointId,
    pub on: Option<PointId>,
    pub off: Option<PointId>,
    pub travel_ms: u32,
    pub permit: Option<Expr>,
    pub wear: Wear,
    pub auto: Option<Auto>,
    pub drive: Option<Drive>,
    pub stroke: Option<ValveStroke>,
}

/// The stroke tests that an on/off valve may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValveStroke {
    /// All the way.
    pub full: bool,
    /// Off its seat within so long; zero without that test.
    pub partial_ms: u32,
    /// See [`model::StrokeResult`].
    pub result: PointId,
    /// Seconds of its last whole stroke.
    pub opens: PointId,
    pub closes: PointId,
}

/// What spares a device, and what is counted of its life. All of it may be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wear {
    /// It rests so long after it was switched off.
    pub min_off_ms: u32,
    /// So many starts in any hour, at most [`crate::blocks::device::STARTS`]; 0 is any number.
    pub starts_per_hour: u8,
    /// Seconds until it may be switched on again.
    pub rest: Option<PointId>,
    /// Hours for which it has been on.
    pub hours: Option<PointId>,
    pub starts: Option<PointId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    Motor,
    Valve,
    Breaker,
}

impl DeviceKind {
    /// Words for command 0 and 1.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Motor => ("stop", "start"),
            // A breaker closes to conduct, a valve opens to let through.
            Self::Valve => ("close", "open"),
            Self::Breaker => ("open", "close"),
        }
    }
}

/// Value of a device's STATE point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DeviceState {
    Off = 0,
    On = 1,
    TurningOn = 2,
    TurningOff = 3,
    Failed = 4,
}

/// Somebody besides people and phases who commands a device, while its switch AUTO is on.
#[derive(Clone, Debug, PartialEq)]
pub struct Auto {
    pub switch: PointId,
    pub wish: Wish,
    /// 1 while a group may count on it: it runs or may start, and obeys.
    pub ready: Option<PointId>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// On while this holds; a bad one leaves the device as it is.
    Condition(Expr),
    /// On while a group wants it.
    Group(PointId),
}

/// The speed of a motor behind a frequency converter.
#[derive(Clone, Debug, PartialEq)]
pub struct Drive {
    /// The speed that is wanted.
    pub set_point: PointId,
    /// The speed that it is told, behind its ramp; and the output tag for that.
    pub out: PointId,
    pub speed: PointId,
    /// Who gives the set point, in place of people and phases.
    pub source: Option<PointId>,
    pub actual: Option<PointId>,
    pub fault: Option<PointId>,
    /// Somebody at the machine runs it.
    pub local: Option<PointId>,
    pub min: f64,
    pub low: f64,
    pub high: f64,
    /// It is told no more than this says, such as the load that others allow.
    pub limit: Option<PointId>,
    /// Per second, up and down; infinite without a ramp.
    pub ramp: f64,
    pub ramp_down: f64,
}

/// Motors of which some run and the others stand by.
#[derive(Clone, Debug, PartialEq)]
pub struct Duty {
    pub command: PointId,
    pub state: PointId,
    pub fail: PointId,
    /// Number of the motor that leads, from 1.
    pub duty: PointId,
    /// How many could run.
    pub ready: PointId,
    pub members: Vec<Member>,
    /// So many run at once.
    pub on_duty: u8,
    /// The lead passes on after so long; 0 is never.
    pub alternate_ms: u32,
}

/// What a group sees of a motor, and says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub wanted: PointId,
    pub command: PointId,
    pub out: PointId,
    pub state: PointId,
    pub fail: PointId,
    pub switch: PointId,
    pub ready: PointId,
}
