//! Moving the state over, table by table.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::{PointId, ProcState, Quality, StateReader, StateWriter};

use super::expressions;
use super::plan::Plan;
use crate::blocks::{Context, StartRound};
use crate::engine::{Engine, State};
use crate::exchange::ScanOutput;
use crate::plant::{BlockBody, Origin, Plant};

pub(super) struct Carry<'a> {
    old: &'a Engine,
    new: &'a mut Engine,
    plan: &'a Plan,
    /// Old index of each point, block and so on that is still there, by new index.
    points: Vec<Option<usize>>,
    blocks: Vec<Option<usize>>,
    pub(super) obstacles: Vec<String>,
    pub(super) points_carried: usize,
    pub(super) blocks_carried: usize,
}

impl<'a> Carry<'a> {
    pub(super) fn new(old: &'a Engine, new: &'a mut Engine, plan: &'a Plan) -> Self {
        let (before, after) = (old.plant(), new.plant());
        let there = by_name(before.points.iter().map(|point| point.name.as_str()));
        let same_kind = |index: &usize, origin: Origin| {
            core::mem::discriminant(&before.points[*index].origin) == core::mem::discriminant(&origin)
        };
        let points = after.points.iter().map(|point| {
            let found = there.get(point.name.as_str()).copied();
            // A number in another unit is not carried: it would mean something else.
            found.filter(|index| same_kind(index, point.origin) && before.points[*index].unit == point.unit)
        });
        let points = points.collect();
        let there = by_name(before.blocks.iter().map(|block| block.name.as_str()));
        let blocks = after.blocks.iter().map(|block| {
            let found = there.get(block.name.as_str()).copied();
            found.filter(|index| before.blocks[*index].body.remembers_like(&block.body))
        });
        let blocks = blocks.collect();
        let (points_carried, blocks_carried) = (0, 0);
        Self { old, new, plan, points, blocks, obstacles: Vec::new(), points_carried, blocks_carried }
    }

    pub(super) fn everything(&mut self) {
        let (old, new) = (self.old.state(), self.new.state_mut());
        new.tick = old.tick;
        new.began = old.began;
        new.running = old.running;
        new.ready = old.ready;
        new.initialised = old.initialised;
        new.procedure_tick = old.procedure_tick;
        self.points();
        self.expressions();
        self.blocks();
        self.alarms_and_interlocks();
        self.procedures();
        self.holds();
        if self.new.state_mut().initialised {
            self.begin_new_blocks();
        }
    }

    fn points(&mut self) {
        let tuning = tuning(self.new.plant());
        let (before, after) = (self.old.plant().clone(), self.new.plant().clone());
        let from = self.old.state();
        let to = self.new.state_mut();
        for (index, old_index) in self.points.iter().enumerate() {
            let Some(old_index) = *old_index else { continue };
            let (id, old_id) = (PointId(index as u32), PointId(old_index as u32));
            let retuned = before.points[old_index].initial.to_bits() != after.points[index].initial.to_bits();
            if tuning.contains(&id) && retuned {
                continue;
            }
            to.image.set(id, from.image.value(old_id), Quality::Good);
            to.image.set_quality(id, from.image.quality(old_id));
            self.points_carried += 1;
        }
        let State { memory, image, .. } = to;
        memory.previous.adopt(image, &self.points, &from.memory.previous);
    }

    fn expressions(&mut self) {
        let before = expressions::slots(self.old.plant());
        let after = expressions::slots(self.new.plant());
        let from = &self.old.state().memory;
        let to = &mut self.new.state_mut().memory;
        for (key, slots) in &after {
            let Some(old) = before.get(key) else { continue };
            for (timer, old) in slots.timers.iter().zip(&old.timers) {
                to.timers[*timer as usize] = from.timers[*old as usize];
            }
            for (edge, old) in slots.edges.iter().zip(&old.edges) {
                to.edges[*edge as usize] = from.edges[*old as usize];
            }
            for (rate, old) in slots.rates.iter().zip(&old.rates) {
                to.rates[*rate as usize] = from.rates[*old as usize];
            }
        }
    }

    fn blocks(&mut self) {
        for (index, old_index) in self.blocks.iter().enumerate() {
            let Some(old_index) = *old_index else { continue };
            let mut writer = StateWriter::default();
            // Only the walk knows a block's memory; a copy gives it, and the old engine stays as it is.
            self.old.state().blocks[old_index].clone().state(&mut writer);
            let to = self.new.state_mut();
            to.blocks[index].state(&mut StateReader::new(&writer.0));
            to.handshakes[index] = self.old.state().handshakes[old_index];
            self.blocks_carried += 1;
        }
    }

    fn alarms_and_interlocks(&mut self) {
        let (before, after) = (self.old.plant().clone(), self.new.plant().clone());
        let from = self.old.state();
        let there = by_name(before.alarms.iter().map(|alarm| alarm.name.as_str()));
        for (index, alarm) in after.alarms.iter().enumerate() {
            if let Some(old) = there.get(alarm.name.as_str()) {
                self.new.state_mut().alarms[index] = from.alarms[*old];
            }
        }
        let there = by_name(before.interlocks.iter().map(|interlock| interlock.name.as_str()));
        for (index, interlock) in after.interlocks.iter().enumerate() {
            let Some(old) = there.get(interlock.name.as_str()).copied() else { continue };
            let mut memory = from.interlocks[old];
            // The cause that was first out may have another number now, or be gone.
            let first = usize::from(memory.first_out).checked_sub(1);
            let first = first.and_then(|cause| before.interlocks[old].causes.get(cause));
            let same = |cause: &crate::plant::Cause| first.is_some_and(|first| first.text == cause.text);
            let number = interlock.causes.iter().position(same).map_or(0, |cause| cause as u16 + 1);
            memory.first_out = number;
            if interlock.bypass.is_none() {
                memory.bypassed_until = 0;
            }
            self.new.state_mut().interlocks[index] = memory;
        }
        for (index, interlock) in before.interlocks.iter().enumerate() {
            if from.interlocks[index].forces() && after.find_interlock(&interlock.name).is_none() {
                self.obstacles.push(format!(
                    "interlock {} is tripped and would be gone: what it holds would be free at once",
                    interlock.name
                ));
            }
        }
    }

    fn procedures(&mut self) {
        let (before, after) = (self.old.plant().clone(), self.new.plant().clone());
        let from = self.old.state();
        for (old, phase) in before.phases.iter().enumerate() {
            let memory = from.phases[old];
            let is_active = !matches!(
                memory.state,
                ProcState::Idle | ProcState::Complete | ProcState::Stopped | ProcState::Aborted
            );
            let changed = self.plan.find("phase", &phase.name).is_some();
            if is_active && changed {
                self.obstacles.push(format!(
                    "phase {} runs, and its text is not the same: the step that it is in may not be there",
                    phase.name
                ));
            }
            let Some(index) = after.find_phase(&phase.name) else { continue };
            if is_active && changed {
                continue;
            }
            let mut memory = memory;
            let recipe =
                (memory.recipe as usize).checked_sub(1).and_then(|recipe| before.recipes.get(recipe));
            let recipe = recipe.and_then(|recipe| after.find_recipe(&recipe.name));
            memory.recipe = recipe.map_or(0, |recipe| recipe.0 + 1);
            self.new.state_mut().phases[index.index()] = memory;
        }
        for (old, recipe) in before.recipes.iter().enumerate() {
            let runs = from.procedures[old].is_present();
            let changed = self.plan.find("recipe", &recipe.name).is_some();
            if runs && changed {
                self.obstacles.push(format!(
                    "a batch of {} runs, and its recipe is not the same; let it end first",
                    recipe.name
                ));
            }
            let Some(index) = after.find_recipe(&recipe.name) else { continue };
            if changed {
                continue;
            }
            let mut writer = StateWriter::default();
            from.procedures[old].clone().state_walk(&mut writer);
            self.new.state_mut().procedures[index.index()].state_walk(&mut StateReader::new(&writer.0));
        }
    }

    /// Who dictates a point, with the numbers that interlocks and phases have now.
    fn holds(&mut self) {
        let (before, after) = (self.old.plant().clone(), self.new.plant().clone());
        let from = self.old.state();
        let interlocks: Vec<u32> = before
            .interlocks
            .iter()
            .map(|interlock| after.find_interlock(&interlock.name).map_or(0, |id| id.0 + 1))
            .collect();
        let phases: Vec<u32> = before
            .phases
            .iter()
            .map(|phase| after.find_phase(&phase.name).map_or(0, |id| id.0 + 1))
            .collect();
        let now = |numbers: &[u32], old: u32| {
            (old as usize).checked_sub(1).and_then(|old| numbers.get(old).copied()).unwrap_or(0)
        };
        for (index, old_index) in self.points.iter().enumerate() {
            let Some(old_index) = *old_index else { continue };
            let mut hold = from.holds[old_index];
            hold.interlock = now(&interlocks, hold.interlock);
            hold.phase = now(&phases, hold.phase);
            // A phase that begins anew owns nothing yet.
            let to = self.new.state_mut();
            let idle = hold.phase > 0 && to.phases[hold.phase as usize - 1].state == ProcState::Idle;
            if hold.phase == 0 || idle {
                hold.phase = 0;
                hold.seized = false;
            }
            to.holds[index] = hold;
        }
    }

    /// As at a first start, for the blocks that were not there: from what stands in the image.
    fn begin_new_blocks(&mut self) {
        let plant = self.new.plant().clone();
        let task_dt = self.new.task_dt().to_vec();
        let fresh: Vec<bool> = self.blocks.iter().map(Option::is_none).collect();
        let state = self.new.state_mut();
        let now = state.now(&plant);
        let State { image, memory, holds, handshakes, blocks, .. } = state;
        for round in StartRound::ALL {
            for index in (0..blocks.len()).filter(|index| fresh[*index]) {
                blocks[index].start(&plant, index, image, handshakes, round);
            }
        }
        // Results that others build on are there before their task is due.
        let mut out = ScanOutput::with_capacity(64);
        let out = &mut out;
        let mut context =
            Context { ops: &plant.code.ops, image, memory, holds, handshakes, out, now, dt: 0.0 };
        for (number, task) in plant.tasks.iter().enumerate().rev() {
            context.dt = task_dt[number];
            for block in task.blocks.iter().filter(|block| fresh[block.index()]) {
                if plant.blocks[block.index()].body.is_signal() {
                    blocks[block.index()].run(&plant, block.index(), &mut context);
                }
            }
        }
    }
}

fn by_name<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    names.enumerate().map(|(index, name)| (name, index)).collect()
}

/// Points that carry tuning: a change of their text is meant to take effect.
fn tuning(plant: &Plant) -> BTreeSet<PointId> {
    let mut found = BTreeSet::new();
    for block in &plant.blocks {
        if let BlockBody::Pid(pid) = &block.body {
            found.extend([pid.kc, pid.ti, pid.td]);
        }
    }
    found
}
