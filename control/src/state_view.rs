//! The plant at one scan, as everybody outside the scan sees it.

use alloc::vec::Vec;
use model::{Limited, Mode, PointId, Quality, UserId};
use recipes::Procedure;

use crate::alarm::AlarmMemory;
use crate::blocks::Hold;
use crate::experiment::{EXPERIMENTS, ExperimentView};
use crate::force::Forces;
use crate::interlock::InterlockMemory;
use crate::machine::{Edge, Rate, Timer};
use crate::phase::PhaseMemory;
use crate::plant::Plant;

/// A copy of the state that people ask about; filled by [`crate::Engine::publish`].
#[derive(Clone, Debug, Default)]
pub struct StateView {
    pub tick: u64,
    /// The field has delivered and everything acts.
    pub ready: bool,
    /// Indexed by [`PointId`], as are the qualities and holds.
    pub values: Vec<f64>,
    pub qualities: Vec<Quality>,
    pub holds: Vec<Hold>,
    /// Everything that people force.
    pub forces: Forces,
    /// Indexed by [`model::AlarmId`].
    pub alarms: Vec<AlarmMemory>,
    /// Indexed by [`model::InterlockId`].
    pub interlocks: Vec<InterlockMemory>,
    /// Indexed by [`model::PhaseId`].
    pub phases: Vec<PhaseMemory>,
    /// Indexed by [`model::RecipeId`].
    pub batches: Vec<Procedure>,
    /// Indexed by [`model::BlockId`].
    pub loops: Vec<LoopView>,
    /// Those that run.
    pub experiments: Vec<ExperimentView>,
    /// Delays of the expressions.
    pub timers: Vec<Timer>,
    /// What devices say of the limits of their inputs, in the order of the points. No part of a scan: the shell, which
    /// hears it beside the values, writes it into the copy.
    pub device_limits: Vec<(PointId, Limited)>,
    /// What `PREV` gave, in the order of the points.
    pub previous: Vec<(PointId, f64, Quality)>,
    /// Their edges and hystereses, and their rates of change.
    pub edges: Vec<Edge>,
    pub rates: Vec<Rate>,
}

/// What the points of a loop or a device do not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoopView {
    /// The mode that was ordered.
    pub target: Mode,
    pub integral: f64,
    /// OUT as it was calculated, before its limits and its rate.
    pub calculated: f64,
    /// The block that takes its output.
    pub downstream: Option<u32>,
    /// More of its output, or less, would do nothing: what takes it is limited.
    pub below_up: bool,
    pub below_down: bool,
    /// A device or a loop that is out of service: since which tick, and by whom.
    pub out_of_service: Option<(u64, UserId)>,
}

impl StateView {
    /// An empty view with room for the plant, so that the first publication need not allocate.
    pub fn new(plant: &Plant) -> Self {
        let points = plant.points.len();
        Self {
            tick: 0,
            ready: false,
            values: plant.points.iter().map(|point| point.initial).collect(),
            qualities: (0..points).map(|_| Quality::BadWaitingForInitialData).collect(),
            holds: (0..points).map(|_| Hold::default()).collect(),
            forces: Forces::default(),
            alarms: plant.alarms.iter().map(|_| AlarmMemory::default()).collect(),
            interlocks: plant.interlocks.iter().map(|_| InterlockMemory::default()).collect(),
            phases: plant.phases.iter().map(|_| PhaseMemory::default()).collect(),
            batches: plant.recipes.iter().map(Procedure::new).collect(),
            loops: plant.blocks.iter().map(|_| LoopView::default()).collect(),
            experiments: Vec::with_capacity(EXPERIMENTS),
            timers: Vec::with_capacity(plant.code.timers as usize),
            device_limits: Vec::new(),
            previous: Vec::new(),
            edges: Vec::with_capacity(plant.code.edges as usize),
            rates: Vec::with_capacity(plant.code.rates as usize),
        }
    }

    /// Value of a point; zero when the view is empty.
    pub fn value(&self, point: PointId) -> f64 {
        self.values.get(point.index()).copied().unwrap_or(0.0)
    }

    pub fn quality(&self, point: PointId) -> Quality {
        self.qualities.get(point.index()).copied().unwrap_or(Quality::BadWaitingForInitialData)
    }

    pub(crate) fn device_limit(&self, point: PointId) -> Limited {
        let found = self.device_limits.binary_search_by_key(&point, |(point, _)| *point);
        found.map_or(Limited::No, |place| self.device_limits[place].1)
    }

    /// What `PREV` of this point gave in the scan of the view.
    pub fn previous(&self, point: PointId) -> (f64, Quality) {
        match self.previous.binary_search_by_key(&point, |(point, ..)| *point) {
            Ok(found) => (self.previous[found].1, self.previous[found].2),
            Err(_) => (self.value(point), self.quality(point)),
        }
    }

    pub fn hold(&self, point: PointId) -> Hold {
        self.holds.get(point.index()).copied().unwrap_or_default()
    }
}
