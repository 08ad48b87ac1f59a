//! Everything that the next scan may depend on, and the one walk over it.

use alloc::{vec, vec::Vec};
use model::{StateHash, StateWalk};
use recipes::Procedure;

use crate::alarm::AlarmMemory;
use crate::blocks::pid::Kinds;
use crate::blocks::{BlockState, Handshake, Hold, answers};
use crate::experiment::{EXPERIMENTS, ExperimentMemory};
use crate::force::Forces;
use crate::image::Image;
use crate::interlock::InterlockMemory;
use crate::machine::{Memory, Now};
use crate::phase::PhaseMemory;
use crate::plant::Plant;
use crate::service::LoopOrders;
use crate::stroke::valve::{VALVE_STROKES, ValveTest};

#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Of the last scan.
    pub(crate) tick: u64,
    /// Of the first scan since the start or the resumption.
    pub(crate) began: u64,
    /// Of the last scan that acted before the controller was away; meaningful while it is not `ready` again.
    pub(crate) left: u64,
    pub(crate) running: bool,
    pub(crate) ready: bool,
    /// Blocks have taken over what stood in the image.
    pub(crate) initialised: bool,
    /// Of the last run of phases and procedures.
    pub(crate) procedure_tick: u64,
    /// Folds what every scan has changed in the image; see [`crate::Engine::scan_hash`].
    pub(crate) chain: u64,
    pub(crate) image: Image,
    pub(crate) memory: Memory,
    pub(crate) blocks: Vec<BlockState>,
    pub(crate) handshakes: Vec<Handshake>,
    /// Per point: who dictates or owns it.
    pub(crate) holds: Vec<Hold>,
    pub(crate) alarms: Vec<AlarmMemory>,
    pub(crate) interlocks: Vec<InterlockMemory>,
    pub(crate) phases: Vec<PhaseMemory>,
    /// One per master recipe; at most one of a unit is present.
    pub(crate) procedures: Vec<Procedure>,
    pub(crate) experiments: [ExperimentMemory; EXPERIMENTS],
    pub(crate) forces: Forces,
    pub(crate) valve_tests: [ValveTest; VALVE_STROKES],
    pub(crate) loop_orders: LoopOrders,
}

impl State {
    pub(crate) fn new(plant: &Plant) -> Self {
        let image = Image::new(plant);
        let mut kinds = Kinds::default();
        Self {
            tick: 0,
            began: 0,
            left: 0,
            running: false,
            ready: false,
            initialised: false,
            procedure_tick: 0,
            chain: 0,
            memory: Memory::new(plant, &image),
            image,
            blocks: (0..plant.blocks.len()).map(|block| BlockState::new(plant, block, &mut kinds)).collect(),
            handshakes: vec![Handshake::SILENT; answers(plant)],
            holds: vec![Hold::default(); plant.points.len()],
            alarms: vec![AlarmMemory::default(); plant.alarms.len()],
            interlocks: vec![InterlockMemory::default(); plant.interlocks.len()],
            phases: vec![PhaseMemory::default(); plant.phases.len()],
            procedures: plant.recipes.iter().map(Procedure::new).collect(),
            experiments: [ExperimentMemory::default(); EXPERIMENTS],
            forces: Forces::default(),
            valve_tests: [ValveTest::default(); VALVE_STROKES],
            loop_orders: LoopOrders::new(plant),
        }
    }

    pub(crate) fn now(&self, plant: &Plant) -> Now {
        Now { tick: self.tick, period_ms: u64::from(plant.period_ms.max(1)) }
    }

    /// The end of a scan: what it has changed goes into the chain.
    pub(crate) fn extend_chain(&mut self) {
        let mut hash = StateHash::new();
        hash.u64(&mut self.chain);
        hash.u64(&mut self.tick);
        for point in self.image.changed() {
            let (value, quality) = self.image.read(*point);
            hash.pair(u64::from(point.0) << 8 | u64::from(u8::from(quality)), value.to_bits());
        }
        self.chain = hash.finish();
    }

    pub(crate) fn walk(&mut self, walk: &mut impl StateWalk) {
        walk.u64(&mut self.tick);
        walk.u64(&mut self.began);
        walk.u64(&mut self.left);
        walk.bool(&mut self.running);
        walk.bool(&mut self.ready);
        walk.bool(&mut self.initialised);
        walk.u64(&mut self.procedure_tick);
        walk.u64(&mut self.chain);
        self.image.state(walk);
        self.memory.state(walk);
        for block in &mut self.blocks {
            block.state(walk);
        }
        for handshake in &mut self.handshakes {
            handshake.state(walk);
        }
        for hold in &mut self.holds {
            hold.state(walk);
        }
        for alarm in &mut self.alarms {
            alarm.state(walk);
        }
        for interlock in &mut self.interlocks {
            interlock.state(walk);
        }
        for phase in &mut self.phases {
            phase.state(walk);
        }
        for procedure in &mut self.procedures {
            procedure.state_walk(walk);
        }
        for experiment in &mut self.experiments {
            experiment.state(walk);
        }
        self.forces.state(walk);
        for test in &mut self.valve_tests {
            test.state(walk);
        }
        self.loop_orders.state(walk);
    }
}
