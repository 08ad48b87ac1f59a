//! The compiled plant: arrays and indices, made once by [`crate::compile`], never changed by a scan.
//!
//! This is the contract between the compiler, which proves every reference, and the engine,
//! which trusts them. All times are in ticks of the base period or in milliseconds, all values in
//! the unit of their point.

use alloc::{boxed::Box, string::String, vec::Vec};
use model::wire::{AlarmKind, BlockKind, DisplayView, Role};
use model::{AlarmId, BlockId, InterlockId, IoMap, Mode, PhaseId, PointId, Priority, RecipeId, Source, Unit};

mod device;
pub(crate) mod function;
pub(crate) mod pid_options;
mod split;

pub use device::{Auto, Device, DeviceKind, DeviceState, Drive, Duty, Member, ValveStroke, Wear, Wish};
pub use function::{Function, FunctionInput};
pub use pid_options::{Feedback, Gap, PidForm, PidOptions, Remote, Schedule, Track, TracksIn};
pub use split::{Split, SplitValve};

#[derive(Clone, Debug, PartialEq)]
pub struct Plant {
    pub name: String,
    pub title: String,
    /// SHA-256 of the sources, in order of their paths.
    pub hash: [u8; 32],
    pub sources: Vec<Source>,
    pub period_ms: u32,
    pub areas: Vec<Area>,
    pub units: Vec<EquipmentUnit>,
    pub io: IoMap,
    pub points: Vec<Point>,
    pub code: Code,
    pub blocks: Vec<Block>,
    /// Fastest first. Blocks inside a task stand in order of data flow.
    pub tasks: Vec<Task>,
    pub alarms: Vec<Alarm>,
    pub interlocks: Vec<Interlock>,
    pub phases: Vec<Phase>,
    pub recipes: Vec<recipes::MasterRecipe>,
    pub displays: Vec<DisplayView>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    pub id: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct EquipmentUnit {
    pub name: String,
    pub description: String,
    pub area: String,
}

/// One value of the process image.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub name: String,
    pub description: String,
    pub area: String,
    pub unit: Unit,
    pub low: f64,
    pub high: f64,
    pub decimals: u8,
    pub normal: Option<(f64, f64)>,
    pub words: Option<(String, String)>,
    /// Value before the first scan. A field input starts Bad (waiting), everything else Good.
    pub initial: f64,
    pub origin: Origin,
    /// Who may write it by command, and within which limits.
    pub write: Option<Write>,
    /// Device and address, for people.
    pub source: Option<String>,
}

/// Where the value of a point comes from: its one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `io.points[_]`, direction input.
    Field(u32),
    /// `io.points[_]`, direction output; written by a block, a phase or a person.
    FieldOutput(u32),
    /// The link state of a device.
    Link(model::DeviceId),
    /// A part of a block: some are results, some (SP, CMD, tuning) are written by commands.
    Block(BlockId),
    /// Entered by hand.
    Entry,
    /// A parameter of a phase, set from its recipe.
    Phase(PhaseId),
    /// How the scan keeps its time. The shell tells it as an input, so a replay hears it from the journal.
    Scan(ScanTiming),
}

/// What a tag with `scan` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanTiming {
    /// By how much this scan began late; 0 below one base period.
    Lateness,
    /// By how much the scan before took longer than the base period.
    Overrun,
    /// Scans that began at least one base period late, since the controller started.
    LateTicks,
    /// Scans that took longer than the base period, since the controller started.
    Overruns,
    /// Tags that are forced at this moment. The engine itself knows it; the shell does not tell it.
    Forced,
    /// Interlocks that are bypassed at this moment; the engine itself knows it too.
    Bypassed,
    /// Devices and loops that are out of service at this moment; the engine itself knows it too.
    OutOfService,
    /// By how much the controller's time is ahead of the clock on the wall; negative when it is behind.
    ClockOffset,
}

impl ScanTiming {
    pub const ALL: [(&'static str, Self); 8] = [
        ("lateness", Self::Lateness),
        ("overrun", Self::Overrun),
        ("late-ticks", Self::LateTicks),
        ("overruns", Self::Overruns),
        ("forced", Self::Forced),
        ("bypassed", Self::Bypassed),
        ("out-of-service", Self::OutOfService),
        ("clock-offset", Self::ClockOffset),
    ];

    /// The shell tells it; the others are of the engine's own state.
    pub fn is_told(self) -> bool {
        !matches!(self, Self::Forced | Self::Bypassed | Self::OutOfService)
    }

    /// A time, or a count.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Lateness | Self::Overrun | Self::ClockOffset)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Write {
    pub low: f64,
    pub high: f64,
    pub role: Role,
}

/// All expressions of the plant as postfix code for one small stack machine.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Code {
    pub ops: Vec<Op>,
    /// How many on/off-delay timers the code uses; their state belongs to the engine.
    pub timers: u32,
    /// How many memories of edges and hystereses.
    pub edges: u32,
    /// How many memories of rates of change.
    pub rates: u32,
    /// The deepest stack that any expression needs.
    pub stack: u32,
}

/// A slice of [`Code::ops`], with what people wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub start: u32,
    pub len: u32,
    pub unit: Unit,
    /// True for conditions.
    pub boolean: bool,
    pub text: String,
}

/// One operation. Operands come off the stack, the result goes on it. Truth is 1, falsehood 0.
/// Unless said otherwise the quality of the result is the worst of the operands'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Const(f64),
    Load(PointId),
    /// The value that the point had at the end of the scan before.
    LoadPrevious(PointId),
    Add,
    Subtract,
    Multiply,
    /// Division by zero gives a bad result.
    Divide,
    /// Remainder of a division whose quotient is cut to a whole number: it has the sign of the dividend. Zero gives a bad result.
    Modulo,
    Negate,
    Min,
    Max,
    Abs,
    Sqrt,
    Exp,
    Ln,
    /// To the nearest whole number, halves to the even one (IEC 60559).
    Round,
    /// To the next whole number towards zero.
    Truncate,
    Power,
    /// low, x, high
    Limit,
    /// Middle one of the last `of` operands, or the mean of the two in the middle.
    Median {
        of: u8,
    },
    /// condition, a, b
    Select,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    /// A false good operand makes the result false and good, whatever the other's quality.
    And,
    /// A true good operand makes the result true and good, whatever the other's quality.
    Or,
    Xor,
    Not,
    /// At least `need` of the last `of` operands; those of bad quality do not count as true.
    Vote {
        need: u8,
        of: u8,
    },
    /// Quality of a point as a truth, itself always good.
    IsGood(PointId),
    IsBad(PointId),
    /// True when the operand has been true for `ms` without a break.
    OnDelay {
        timer: u32,
        ms: u32,
    },
    /// Stays true for `ms` after the operand has gone false.
    OffDelay {
        timer: u32,
        ms: u32,
    },
    Rise {
        edge: u32,
    },
    Fall {
        edge: u32,
    },
    /// x, on, off: true from `on` until `off`, and between them what it was.
    Hysteresis {
        edge: u32,
    },
    /// Change of the operand per minute, smoothed with a lag of `ms`.
    Rate {
        rate: u32,
        ms: u32,
    },
}

impl Op {
    /// How many operands it takes off the stack; it leaves one result there.
    #[inline]
    pub const fn operands(self) -> usize {
        match self {
            Self::Const(_) | Self::Load(_) | Self::LoadPrevious(_) | Self::IsGood(_) | Self::IsBad(_) => 0,
            Self::Negate
            | Self::Abs
            | Self::Sqrt
            | Self::Exp
            | Self::Ln
            | Self::Round
            | Self::Truncate
            | Self::Not
            | Self::OnDelay { .. }
            | Self::OffDelay { .. }
            | Self::Rise { .. }
            | Self::Fall { .. }
            | Self::Rate { .. } => 1,
            Self::Add
            | Self::Subtract
            | Self::Multiply
            | Self::Divide
            | Self::Modulo
            | Self::Min
            | Self::Max
            | Self::Power
            | Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual
            | Self::Equal
            | Self::NotEqual
            | Self::And
            | Self::Or
            | Self::Xor => 2,
            Self::Limit | Self::Select | Self::Hysteresis { .. } => 3,
            Self::Median { of } | Self::Vote { of, .. } => of as usize,
        }
    }
}

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
        let speed = match self {
            Self::Device(device) => device.drive.as_ref().map(|drive| drive.speed),
            _ => None,
        };
        one.into_iter().chain(speed).chain(valves.iter().map(|valve| valve.target))
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
    pub(crate) fn refuses(&self, quality: model::Quality) -> bool {
        quality.is_bad() || (self.options.uncertain_is_bad && !quality.is_good())
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

#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub name: String,
    pub tag: String,
    pub area: String,
    pub equipment: Option<String>,
    pub kind: AlarmKind,
    pub priority: Priority,
    pub condition: AlarmCondition,
    pub on_delay_ms: u32,
    pub off_delay_ms: u32,
    pub enable: Option<Expr>,
    pub text: String,
    pub cause: String,
    pub consequence: String,
    pub response: String,
    pub time_to_respond: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AlarmCondition {
    /// A bad value does not alarm here; the link and fault alarms do.
    Above {
        point: PointId,
        limit: f64,
        deadband: f64,
    },
    Below {
        point: PointId,
        limit: f64,
        deadband: f64,
    },
    Deviation {
        pv: PointId,
        sp: PointId,
        limit: f64,
        deadband: f64,
    },
    When(Expr),
    /// A device's FAIL point, or a link that is 0.
    Fault {
        point: PointId,
        faulty_at: f64,
    },
}

impl Alarm {
    /// The point that the alarm is about, if it is about one.
    pub fn point(&self) -> Option<PointId> {
        match &self.condition {
            AlarmCondition::Above { point, .. }
            | AlarmCondition::Below { point, .. }
            | AlarmCondition::Fault { point, .. } => Some(*point),
            AlarmCondition::Deviation { pv, .. } => Some(*pv),
            AlarmCondition::When(_) => None,
        }
    }

    pub fn limit(&self) -> Option<f64> {
        match &self.condition {
            AlarmCondition::Above { limit, .. }
            | AlarmCondition::Below { limit, .. }
            | AlarmCondition::Deviation { limit, .. } => Some(*limit),
            AlarmCondition::When(_) | AlarmCondition::Fault { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Interlock {
    pub name: String,
    pub description: String,
    pub area: String,
    pub equipment: Option<String>,
    pub causes: Vec<Cause>,
    pub actions: Vec<Forcing>,
    /// The phase that a trip starts.
    pub start: Option<PhaseId>,
    /// Stays tripped until somebody resets it.
    pub latched: bool,
    /// Least role that may bypass; `None`: never.
    pub bypass: Option<Role>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    pub when: Expr,
    pub text: String,
    pub show: Option<PointId>,
    /// A cause whose inputs are bad counts as standing.
    pub trips_on_bad: bool,
}

/// What an interlock dictates, every scan while it is tripped.
#[derive(Clone, Debug, PartialEq)]
pub struct Forcing {
    /// An output tag, or the command point of a device (then `out` of the device is forced too).
    pub point: PointId,
    pub device: Option<BlockId>,
    pub value: f64,
    pub text: String,
}

/// An equipment phase: its logic in the sections of ISA-88.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    pub name: String,
    pub description: String,
    pub equipment: String,
    pub parameters: Vec<PointId>,
    pub running: Vec<Step>,
    pub holding: Vec<Step>,
    pub restarting: Vec<Step>,
    pub stopping: Vec<Step>,
    pub aborting: Vec<Step>,
    /// Every point that its text writes: owned by the phase while it is active.
    pub owns: Vec<PointId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What `GOTO` calls it; empty when nobody does.
    pub name: String,
    pub title: String,
    pub actions: Vec<Assignment>,
    /// In order of priority. Without any the step goes on at the next run.
    pub ways: Vec<Way>,
    /// It has no way out: only an order ends it.
    pub stays: bool,
    pub within: Option<Within>,
}

/// A way out of a step: the transition of IEC 61131-3.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Nothing: at once.
    pub when: Option<Expr>,
    /// A step of the section, or its number of steps for the section's end. Nothing: the next step.
    pub to: Option<u16>,
}

impl Step {
    /// The conditions of its ways out.
    pub fn conditions(&self) -> impl Iterator<Item = &Expr> {
        self.ways.iter().filter_map(|way| way.when.as_ref())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// An output tag, an entry, a loop's SP, OUT or MODE, or a device's command.
    pub point: PointId,
    pub block: Option<BlockId>,
    pub value: Expr,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Within {
    pub ms: u32,
    pub otherwise: Otherwise,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Hold,
    Abort,
    /// Say so and go on waiting.
    Alarm,
}

impl Plant {
    pub fn point(&self, id: PointId) -> &Point {
        &self.points[id.index()]
    }

    pub fn find_point(&self, name: &str) -> Option<PointId> {
        self.points.iter().position(|point| point.name == name).map(|index| PointId(index as u32))
    }

    pub fn find_block(&self, name: &str) -> Option<BlockId> {
        self.blocks.iter().position(|block| block.name == name).map(|index| BlockId(index as u32))
    }

    pub fn find_alarm(&self, name: &str) -> Option<AlarmId> {
        self.alarms.iter().position(|alarm| alarm.name == name).map(|index| AlarmId(index as u32))
    }

    pub fn find_interlock(&self, name: &str) -> Option<InterlockId> {
        self.interlocks
            .iter()
            .position(|interlock| interlock.name == name)
            .map(|index| InterlockId(index as u32))
    }

    pub fn find_phase(&self, name: &str) -> Option<PhaseId> {
        self.phases.iter().position(|phase| phase.name == name).map(|index| PhaseId(index as u32))
    }

    pub fn find_recipe(&self, name: &str) -> Option<RecipeId> {
        self.recipes.iter().position(|recipe| recipe.name == name).map(|index| RecipeId(index as u32))
    }
}
