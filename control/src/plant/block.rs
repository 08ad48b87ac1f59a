//! Blocks and the tasks that run them.

use alloc::{boxed::Box, string::String, vec::Vec};
use model::wire::{BlockKind, Role};
use model::{BlockId, Mode, PointId, Quality};

use super::{Device, DeviceKind, Duty, Expr, Function, Origin, PidOptions, Plant, Split};

#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub period_ticks: u32,
    /// Runs when `tick % period_ticks == phase_ticks`; phases spread the load.
    pub phase_ticks: u32,
    pub blocks: Vec<BlockId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub name: String,
    pub description: String,
    pub area: String,
    pub equipment: Option<String>,
    /// Least role that may command it.
    pub role: Role,
    /// Index into [`Plant::tasks`].
    pub task: u32,
    pub body: BlockBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BlockBody {
    Calc(Calc),
    Filter(Filter),
    Pid(Pid),
    Ratio(Ratio),
    Ramp(Ramp),
    Selector(Selector),
    Split(Split),
    Function(Function),
    Device(Device),
    Duty(Duty),
    Position(Position),
}

impl BlockBody {
    /// Its result follows from its inputs at once, so it can be made before its turn.
    pub(crate) fn is_signal(&self) -> bool {
        match self {
            Self::Calc(_) | Self::Filter(_) | Self::Selector(_) => true,
            Self::Function(function) => function.shape().signal,
            Self::Pid(_)
            | Self::Ratio(_)
            | Self::Ramp(_)
            | Self::Split(_)
            | Self::Device(_)
            | Self::Duty(_)
            | Self::Position(_) => false,
        }
    }

    /// It stands between two loops and two outputs, and answers both.
    pub(crate) fn answers_twice(&self) -> bool {
        matches!(self, Self::Function(function) if function.crosses(0).is_some())
    }

    /// What one remembers the other can go on from.
    pub(crate) fn remembers_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Function(one), Self::Function(two)) => one.kind == two.kind && one.cells == two.cells,
            (Self::Split(one), Self::Split(two)) => one.valves.len() == two.valves.len(),
            (Self::Duty(one), Self::Duty(two)) => one.members.len() == two.members.len(),
            // Of two kinds that look alike to clients, such as a motor and a group of them.
            _ => {
                core::mem::discriminant(self) == core::mem::discriminant(other) && self.kind() == other.kind()
            }
        }
    }

    /// Numbers of its text that stand in the image, where people may set them otherwise: tuning, ratio, preset. A changed
    /// text is meant to take effect. Where it begins (a loop's set point, the target of a ramp) is none of them.
    pub(crate) fn settings(&self) -> impl Iterator<Item = PointId> {
        let (own, function) = match self {
            Self::Pid(pid) => ([Some(pid.kc), Some(pid.ti), Some(pid.td), pid.options.ff_gain], None),
            Self::Ratio(ratio) => ([Some(ratio.ratio), Some(ratio.bias), None, None], None),
            Self::Function(function) => ([None; 4], Some(function)),
            Self::Calc(_)
            | Self::Filter(_)
            | Self::Ramp(_)
            | Self::Selector(_)
            | Self::Split(_)
            | Self::Device(_)
            | Self::Duty(_)
            | Self::Position(_) => ([None; 4], None),
        };
        own.into_iter().flatten().chain(function.into_iter().flat_map(Function::settings))
    }

    /// The output tags that it drives.
    pub fn targets(&self) -> impl Iterator<Item = PointId> {
        let (one, valves) = match self {
            Self::Pid(pid) => (pid.target, &[][..]),
            Self::Function(function) => (function.target, &[][..]),
            Self::Device(device) => (Some(device.out), &[][..]),
            Self::Split(split) => (None, &split.valves[..]),
            Self::Calc(_)
            | Self::Filter(_)
            | Self::Ratio(_)
            | Self::Ramp(_)
            | Self::Selector(_)
            | Self::Duty(_)
            | Self::Position(_) => (None, &[][..]),
        };
        let second = match self {
            Self::Device(device) => device.drive.as_ref().map(|drive| drive.speed),
            Self::Function(function) => function.second,
            _ => None,
        };
        one.into_iter().chain(second).chain(valves.iter().map(|valve| valve.target))
    }

    pub fn kind(&self) -> BlockKind {
        match self {
            Self::Calc(_) => BlockKind::Calculation,
            Self::Filter(_) => BlockKind::Filter,
            Self::Pid(_) => BlockKind::Pid,
            Self::Ratio(_) => BlockKind::Ratio,
            Self::Ramp(_) => BlockKind::Ramp,
            Self::Selector(_) => BlockKind::Selector,
            Self::Function(_) | Self::Split(_) | Self::Position(_) => BlockKind::Function,
            Self::Duty(_) => BlockKind::Motor,
            Self::Device(device) => match device.kind {
                DeviceKind::Motor => BlockKind::Motor,
                DeviceKind::Valve => BlockKind::Valve,
                DeviceKind::Breaker => BlockKind::Breaker,
            },
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Calc {
    pub out: PointId,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub input: PointId,
    pub out: PointId,
    pub time_s: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pid {
    /// The measurement it reads, and its copy on the faceplate.
    pub input: PointId,
    pub pv: PointId,
    /// Set point as wanted, and as it works after its ramp.
    pub sp: PointId,
    pub sp_working: PointId,
    pub out: PointId,
    pub mode: PointId,
    pub kc: PointId,
    pub ti: PointId,
    pub td: PointId,
    /// The feed-forward as it acts, for the faceplate.
    pub ff: PointId,
    /// The tag that OUT drives; the PID reads it back, and tracks when somebody else put it elsewhere.
    pub target: Option<PointId>,
    /// The PID whose cascade set point is this OUT, for back-calculation.
    pub secondary: Option<BlockId>,
    pub pv_low: f64,
    pub pv_high: f64,
    pub out_low: f64,
    pub out_high: f64,
    pub out_limit_low: f64,
    pub out_limit_high: f64,
    pub sp_limit_low: f64,
    pub sp_limit_high: f64,
    /// No set point is given in the text: at its first good PV after a first start the loop takes
    /// SP = PV, so that a controller that takes over a running plant does not move it.
    pub sp_from_pv: bool,
    /// Per second; infinite when there is no ramp.
    pub sp_rate: f64,
    pub direct: bool,
    pub filter_s: f64,
    pub beta: f64,
    /// Derivative filter: Tf = Td / N.
    pub derivative_n: f64,
    pub cascade: Option<PointId>,
    pub feed_forward: Option<Expr>,
    pub modes: Vec<Mode>,
    pub normal_mode: Mode,
    pub on_bad_pv: OnBad,
    pub options: Box<PidOptions>,
}

impl Pid {
    /// A value of this quality is nothing to control with.
    pub(crate) fn refuses(&self, quality: Quality) -> bool {
        quality.is_bad() || (self.options.uncertain_is_bad && !quality.is_good())
    }

    /// How long a PV of this quality holds OUT before the loop is shed (FF-891 counts stale values for as long).
    ///
    /// Unless the text says it, silence is borne for as long as the silent device bears it, by its watchdog: until then it
    /// has moved none of its outputs. Anything else that is bad sheds at once.
    pub(crate) fn patience_ms(&self, plant: &Plant, quality: Quality) -> u32 {
        match (self.options.bad_pv_delay_ms, quality) {
            (Some(said), _) => said,
            (None, Quality::BadNoCommunication) => watchdog_behind(plant, self.input).unwrap_or(0),
            (None, _) => 0,
        }
    }
}

/// The watchdog of the device that a value comes from as it is, or through filters, which hand its quality on.
fn watchdog_behind(plant: &Plant, point: PointId) -> Option<u32> {
    match plant.point(point).origin {
        Origin::Field(index) => {
            let device = plant.io.points.get(index as usize)?.device;
            plant.io.devices.get(device.index()).map(|device| device.watchdog_ms)
        }
        Origin::Block(block) => match &plant.blocks.get(block.index())?.body {
            BlockBody::Filter(filter) => watchdog_behind(plant, filter.input),
            _ => None,
        },
        Origin::FieldOutput(_)
        | Origin::Link(_)
        | Origin::Entry
        | Origin::Phase(_)
        | Origin::Interlock(_)
        | Origin::Scan(_) => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OnBad {
    /// Shed to manual; a person takes it back.
    Manual,
    /// Keep the output and resume alone when the input is back.
    Hold,
    /// Drive the output there and shed to manual.
    Drive(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    pub input: PointId,
    pub wild: PointId,
    pub ratio: PointId,
    pub bias: PointId,
    pub out: PointId,
    pub trim: Option<PointId>,
    pub low: f64,
    pub high: f64,
    /// The PID that takes OUT as its cascade set point.
    pub secondary: Option<BlockId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ramp {
    pub target: PointId,
    pub source: Option<Expr>,
    pub out: PointId,
    /// Per second.
    pub rate: f64,
    pub low: f64,
    pub high: f64,
}

/// A control valve whose position is measured: how far it is from its output, and its stroke test.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The loop that drives the valve.
    pub pid: BlockId,
    /// Its output tag.
    pub target: PointId,
    /// The position transmitter.
    pub position: PointId,
    /// Output less position.
    pub deviation: PointId,
    /// [`model::StrokeResult`] of the last test, and what it measured.
    pub result: PointId,
    pub breakaway: PointId,
    pub jump: PointId,
    pub travel: PointId,
    pub stroke: Stroke,
}

/// What a stroke test may do, and what it must find. Distances in units of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// How far the output goes, with its sign.
    pub by: f64,
    /// The ramp out, and the ramp back.
    pub ramp_ms: u32,
    /// PV of the loop further than this from where it stood ends the test. Units of PV.
    pub guard: f64,
    /// The position has moved when it has moved by so much: more than its noise.
    pub moved: f64,
    pub breakaway_most: f64,
    pub jump_most: f64,
    /// From the first move of the output until the valve is there.
    pub travel_most_ms: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    pub inputs: Vec<PointId>,
    pub pick: Pick,
    pub out: PointId,
    /// Number of the input that was taken, from 1; 0 when there is none.
    pub selected: PointId,
    pub deviation: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    High,
    Low,
    Median,
}
