//! The compiled plant: arrays and indices, made once by [`crate::compile`], never changed by a scan.
//!
//! This is the contract between the compiler, which proves every reference, and the engine,
//! which trusts them. All times are in ticks of the base period or in milliseconds, all values in
//! the unit of their point.

use alloc::{string::String, vec::Vec};
use model::wire::DisplayView;
use model::{AlarmId, BlockId, InterlockId, IoMap, PhaseId, PointId, RecipeId, Source};

mod point;
mod code;
mod block;
mod device;
pub(crate) mod function;
pub(crate) mod pid_options;
mod split;
mod protection;
mod phase;

pub use block::{
    Block, BlockBody, Calc, Filter, OnBad, Pick, Pid, Position, Ramp, Ratio, Selector, Stroke, Task,
};
pub use code::{Code, Expr, Op};
pub use device::{Auto, Device, DeviceKind, DeviceState, Drive, Duty, Member, ValveStroke, Wear, Wish};
pub use function::{Function, FunctionInput};
pub use phase::{Assignment, Otherwise, Phase, Step, Way, Within};
pub use pid_options::{Feedback, Gap, PidForm, PidOptions, Remote, Schedule, Track, TracksIn};
pub use point::{Origin, Point, ScanTiming, Write};
pub use protection::{Alarm, AlarmCondition, Cause, Forcing, Interlock};
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
