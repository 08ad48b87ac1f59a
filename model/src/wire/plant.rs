//! The plant as a client needs to know it: names, units, limits, displays. Fixed while it runs.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

use crate::{
    AlarmId, BlockId, DeviceId, ExperimentShape, InterlockId, Mode, PhaseId, PointId, Priority, RecipeId,
    Unit,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlantView {
    pub name: String,
    pub title: String,
    /// Content hash of the plant folder, in hex.
    pub hash: String,
    pub period_ms: u32,
    pub areas: Vec<AreaView>,
    pub devices: Vec<DeviceView>,
    /// Indexed by [`PointId`].
    pub points: Vec<PointView>,
    /// Indexed by [`BlockId`].
    pub blocks: Vec<BlockView>,
    /// Indexed by [`AlarmId`].
    pub alarms: Vec<AlarmView>,
    /// Indexed by [`InterlockId`].
    pub interlocks: Vec<InterlockView>,
    /// Indexed by [`PhaseId`].
    pub phases: Vec<PhaseView>,
    /// Indexed by [`RecipeId`].
    pub recipes: Vec<RecipeView>,
    pub displays: Vec<DisplayView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AreaView {
    pub id: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceView {
    pub id: DeviceId,
    pub name: String,
    pub description: String,
    pub endpoint: String,
    pub link: PointId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointView {
    pub id: PointId,
    /// `TT-311`, or `FIC-301.SP` for a part of a block.
    pub name: String,
    pub description: String,
    pub area: String,
    pub unit: Unit,
    /// Of the instrument or the parameter.
    pub low: f64,
    pub high: f64,
    pub decimals: u8,
    /// Where it stands when all is well.
    pub normal: Option<(f64, f64)>,
    /// Words for 0 and 1 when the point is a switch.
    pub words: Option<(String, String)>,
    /// Present when people may write it.
    pub write: Option<WriteView>,
    /// Device and address, for a point of the field.
    pub source: Option<String>,
    /// Present when people may force it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<ForceView>,
}

/// What it takes to force a tag of the field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForceView {
    /// The least role that may do it; none when one of the interlocks may never be bypassed.
    pub role: Option<Role>,
    /// Interlocks that read it, also by way of blocks: they see what is forced.
    pub defeats: Vec<InterlockId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteView {
    pub low: f64,
    pub high: f64,
    /// The least role that may do it.
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockView {
    pub id: BlockId,
    pub name: String,
    pub kind: BlockKind,
    pub description: String,
    pub area: String,
    /// The equipment unit it belongs to.
    pub unit: Option<String>,
    /// By role: `PV`, `SP`, `OUT`, `MODE`, `KC`, `TI`, `TD`, `CMD`, `STATE`, ...
    pub points: BTreeMap<String, PointId>,
    pub modes: Vec<Mode>,
    pub normal_mode: Mode,
    /// Present for a device: what it takes to take it out of service, or to put it back. The interlocks are those that ask
    /// whether it has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ForceView>,
    /// Present for a device whose feedbacks come from the field: what it takes to simulate them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulate: Option<ForceView>,
    /// The stroke tests that an on/off valve declares: engineers begin them, with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strokes: Vec<ExperimentShape>,
    /// The tag that it measures and the one that it drives, for people.
    pub input: Option<PointId>,
    pub output: Option<PointId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Pid,
    Ratio,
    Ramp,
    Filter,
    Selector,
    /// Any block whose outputs follow from inputs by one law, without modes: shown by its points.
    Function,
    Calculation,
    Motor,
    Valve,
    Breaker,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmView {
    pub id: AlarmId,
    /// `TT-321.HH`
    pub name: String,
    /// The tag that it belongs to, and where Enter leads.
    pub tag: String,
    pub point: Option<PointId>,
    pub area: String,
    pub unit: Option<String>,
    pub priority: Priority,
    pub kind: AlarmKind,
    pub limit: Option<f64>,
    pub deadband: f64,
    pub on_delay_ms: u32,
    pub off_delay_ms: u32,
    /// `catholyte temperature HI HI`
    pub text: String,
    pub cause: String,
    pub consequence: String,
    pub response: String,
    /// What the operator has until the consequence, in words (`10 min`).
    pub time_to_respond: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    HighHigh,
    High,
    Low,
    LowLow,
    /// PV against SP of a loop.
    Deviation,
    /// A condition in the plant's own words.
    Condition,
    /// A device that does not follow, a link that is down, a bad input.
    Fault,
}

impl AlarmKind {
    pub const fn short(self) -> &'static str {
        match self {
            Self::HighHigh => "HH",
            Self::High => "H",
            Self::Low => "L",
            Self::LowLow => "LL",
            Self::Deviation => "DEV",
            Self::Condition => "COND",
            Self::Fault => "FAULT",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterlockView {
    pub id: InterlockId,
    /// `IL-301`
    pub name: String,
    pub description: String,
    pub area: String,
    pub unit: Option<String>,
    /// Its causes as written, by number; any one trips.
    pub causes: Vec<CauseView>,
    /// What it does, as written: `RF-301 := open`.
    pub actions: Vec<String>,
    pub latched: bool,
    pub bypass_role: Option<Role>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CauseView {
    pub text: String,
    pub description: String,
    /// The point to show beside it.
    pub point: Option<PointId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseView {
    pub id: PhaseId,
    pub name: String,
    pub description: String,
    pub unit: String,
    pub steps: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecipeView {
    pub id: RecipeId,
    pub name: String,
    pub version: String,
    pub title: String,
    pub unit: String,
    pub parameters: Vec<ParameterView>,
    /// The procedure as a flattened tree, in the order of the page.
    pub procedure: Vec<ProcedureNode>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterView {
    pub name: String,
    pub description: String,
    pub unit: Unit,
    pub low: f64,
    pub high: f64,
    pub value: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcedureNode {
    pub level: ProcedureLevel,
    pub name: String,
    pub title: String,
    pub phase: Option<PhaseId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcedureLevel {
    UnitProcedure,
    Operation,
    Phase,
}

/// A page that the plant's engineers drew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisplayView {
    pub name: String,
    pub title: String,
    /// 1 overview, 2 unit.
    pub level: u8,
    pub area: String,
    pub unit: Option<String>,
    /// One line above the mimic, with fields in braces.
    pub header: String,
    /// Text with fields: `{TT-311   }` is replaced by the value, exactly as wide as it is written.
    pub mimic: String,
    /// The one thing peculiar to the unit: many like values against their mean.
    pub bars: Option<BarsView>,
    /// Points or blocks, by name, one line each with bar and trend.
    pub rows: Vec<RowView>,
    pub interlocks: Vec<InterlockId>,
    /// Key figures across the top of an overview.
    pub key_figures: Vec<RowView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarsView {
    pub title: String,
    pub points: Vec<PointId>,
    /// Deviation from the mean that fills the bar.
    pub span: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowView {
    pub label: String,
    pub area: String,
    /// The value.
    pub point: PointId,
    /// The loop behind it, when there is one.
    pub block: Option<BlockId>,
}

/// Who may do what; each includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Viewer,
    Operator,
    Supervisor,
    Engineer,
    Administrator,
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Operator, Self::Supervisor, Self::Engineer, Self::Administrator];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Engineer => "engineer",
            Self::Administrator => "administrator",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word().eq_ignore_ascii_case(text))
    }
}
