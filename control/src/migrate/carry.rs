//! Moving the state over, table by table. Nothing here allocates once there is room.

use model::{Mode, PointId, ProcState, Quality, StateReader};

use super::transfer::{Transfer, is_active};
use crate::blocks::BlockState;
use crate::engine::{Engine, State, begin, forced_points};
use crate::force::Force;
use crate::plant::{BlockBody, Origin, Pid, Plant};

impl Transfer {
    /// Fills an engine of the new plant, as [`Engine::new`] made it, with the state of the old one, which
    /// stays as it is. Both must be engines of the plants that this transfer is between.
    pub fn carry(&mut self, old: &mut Engine, new: &mut Engine) {
        assert!(
            old.plant().hash == self.old && new.plant().hash == self.new,
            "a transfer is between its own two plants"
        );
        let (from, to) = (old.state(), new.state_mut());
        to.tick = from.tick;
        to.began = from.began;
        to.left = from.left;
        to.running = from.running;
        to.ready = from.ready;
        to.initialised = from.initialised;
        to.procedure_tick = from.procedure_tick;
        to.chain = from.chain;
        self.points(from, to);
        for (new, old) in &self.slots.timers {
            to.memory.timers[*new] = from.memory.timers[*old];
        }
        for (new, old) in &self.slots.edges {
            to.memory.edges[*new] = from.memory.edges[*old];
        }
        for (new, old) in &self.slots.rates {
            to.memory.rates[*new] = from.memory.rates[*old];
        }
        self.blocks(old, new);
        self.alarms_and_interlocks(old, new);
        self.procedures(old, new);
        let (plant, _, state) = new.parts_mut();
        self.holds(old.state(), plant, state);
        self.forces(old.state(), new);
        new.count_bypasses();
        if new.state().initialised {
            self.begin_new_blocks(new);
        }
    }

    fn points(&self, from: &State, to: &mut State) {
        for (index, (old, retuned)) in self.points.iter().zip(&self.retuned).enumerate() {
            // What a phase has set is its own until it ends.
            let takes_text = |old: &usize| *retuned && from.holds[*old].phase == 0;
            let Some(old) = old.filter(|old| !takes_text(old)) else { continue };
            let (id, old) = (PointId(index as u32), PointId(old as u32));
            to.image.set(id, from.image.value(old), Quality::Good);
            to.image.set_quality(id, from.image.quality(old));
        }
        for total in &self.totals {
            let (id, old) = (PointId(total.point as u32), PointId(total.old as u32));
            to.image.set(id, from.image.value(old) * total.factor, Quality::Good);
            to.image.set_quality(id, from.image.quality(old));
        }
        let State { memory, image, .. } = to;
        memory.previous.adopt(image, &self.points, &from.memory.previous);
    }

    fn blocks(&mut self, old: &mut Engine, new: &mut Engine) {
        let (from, to) = (old.state_mut(), new.state_mut());
        for (index, old) in self.blocks.iter().enumerate() {
            let Some(old) = *old else { continue };
            // Only the walk knows a block's memory; a writer leaves what it walks over as it is.
            self.scratch.0.clear();
            from.blocks[old].state(&mut self.scratch);
            to.blocks[index].state(&mut StateReader::new(&self.scratch.0));
            to.handshakes[index] = from.handshakes[old];
            if let Some((since, by)) = from.loop_orders.last(old as u32) {
                to.loop_orders.note(index as u32, since, by);
            }
        }
        for (new, old) in &self.second_answers {
            to.handshakes[*new] = from.handshakes[*old];
        }
        for total in &self.totals {
            if let BlockState::Function(memory, _) = &mut to.blocks[total.block] {
                memory.scale(total.factor);
            }
        }
        self.shed_lost_modes(new);
    }

    /// Somebody insisted: a loop is not left in a mode that its text no longer has, and begins nothing by itself
    /// that it did not do before.
    fn shed_lost_modes(&self, new: &mut Engine) {
        let (plant, _, state) = new.parts_mut();
        for (index, old) in self.blocks.iter().enumerate() {
            let Some(lost) = old.map(|old| self.lost_modes[old]) else { continue };
            let (BlockState::Pid(memory, _), BlockBody::Pid(pid)) =
                (&mut state.blocks[index], &plant.blocks[index].body)
            else {
                continue;
            };
            if lost.has(memory.target) {
                memory.target = instead_of(memory.target, pid);
                memory.commanded = false;
            }
        }
    }

    fn alarms_and_interlocks(&self, old: &Engine, new: &mut Engine) {
        let from = old.state();
        for (index, old) in self.alarms.iter().enumerate() {
            if let Some(old) = *old {
                new.state_mut().alarms[index] = from.alarms[old];
            }
        }
        for (index, moved) in self.interlocks.iter().enumerate() {
            let Some(moved) = moved else { continue };
            let mut memory = from.interlocks[moved.old];
            let first = usize::from(memory.first_out).checked_sub(1);
            memory.first_out = first.and_then(|cause| moved.causes.get(cause).copied()).unwrap_or(0);
            if let Some(bad) = &mut memory.first_bad {
                let moved = |old: PointId| self.points.iter().position(|from| *from == Some(old.index()));
                bad.point = bad.point.and_then(moved).map(|index| PointId(index as u32));
            }
            if new.plant().interlocks[index].bypass.is_none() && memory.bypassed_until != 0 {
                memory.bypassed_until = 0;
                memory.ended = true;
            }
            memory.starting &= new.plant().interlocks[index].start.is_some();
            new.state_mut().interlocks[index] = memory;
        }
    }

    fn procedures(&mut self, old: &mut Engine, new: &mut Engine) {
        let (from, to) = (old.state_mut(), new.state_mut());
        for (old, number) in self.phase_numbers.iter().enumerate() {
            let mut memory = from.phases[old];
            let Some(index) = (*number as usize).checked_sub(1) else { continue };
            if is_active(memory.state) && self.phase_changed[old] {
                continue;
            }
            memory.recipe = now(&self.recipe_numbers, memory.recipe);
            memory.trip = now(&self.interlock_numbers, memory.trip);
            to.phases[index] = memory;
        }
        for (old, number) in self.recipe_numbers.iter().enumerate() {
            let Some(index) = (*number as usize).checked_sub(1) else { continue };
            if self.recipe_changed[old] {
                continue;
            }
            self.scratch.0.clear();
            from.procedures[old].state_walk(&mut self.scratch);
            to.procedures[index].state_walk(&mut StateReader::new(&self.scratch.0));
        }
    }

    /// Who dictates a point, with the numbers that interlocks and phases have now.
    fn holds(&self, from: &State, plant: &Plant, to: &mut State) {
        for (index, old) in self.points.iter().enumerate() {
            let Some(old) = *old else { continue };
            let mut hold = from.holds[old];
            hold.interlock = now(&self.interlock_numbers, hold.interlock);
            hold.forced = false;
            // A scan lets go only of what its interlocks name: what this one names no longer would be held for ever.
            if hold.interlock > 0 && !forces(plant, hold.interlock as usize - 1, index) {
                hold.interlock = 0;
            }
            hold.phase = now(&self.phase_numbers, hold.phase);
            // A phase that begins anew owns nothing yet.
            let idle = hold.phase > 0 && to.phases[hold.phase as usize - 1].state == ProcState::Idle;
            if hold.phase == 0 || idle {
                hold.phase = 0;
                hold.seized = false;
            }
            to.holds[index] = hold;
        }
    }

    /// Forces of tags that are still there. Those that end here are obstacles to a change while the plant
    /// runs; an input is then what the field says.
    fn forces(&self, from: &State, new: &mut Engine) {
        for force in from.forces.all() {
            let old = Some(force.point.index());
            let Some(index) = self.points.iter().position(|there| *there == old) else { continue };
            let point = PointId(index as u32);
            let follows = self.follows_now(force);
            let kept =
                self.keeps(force) && new.state_mut().forces.put(Force { point, follows, ..*force }).is_ok();
            let input = matches!(new.plant().point(point).origin, Origin::Field(_));
            let state = new.state_mut();
            state.holds[index].forced = kept;
            if input && !kept {
                state.image.set(point, force.raw, force.raw_quality);
            }
        }
    }

    /// As at a first start, for the blocks that were not there: from what stands in the image.
    fn begin_new_blocks(&mut self, new: &mut Engine) {
        let (plant, task_dt, state) = new.parts_mut();
        self.out.clear();
        begin(plant, task_dt, state, &mut self.out, |index| self.blocks[index].is_none());
    }
}

/// A loop that controlled goes on at its set point, any other stays where it is.
fn instead_of(lost: Mode, pid: &Pid) -> Mode {
    let wanted = match lost {
        Mode::Cascade | Mode::RemoteCascade => Mode::Auto,
        _ => Mode::Manual,
    };
    let there = |mode: &Mode| pid.modes.contains(mode);
    [wanted, Mode::Manual].into_iter().find(there).unwrap_or(pid.normal_mode)
}

/// The number that the thing with this old number has now; both count from one, zero is nothing.
fn now(numbers: &[u32], old: u32) -> u32 {
    (old as usize).checked_sub(1).and_then(|old| numbers.get(old).copied()).unwrap_or(0)
}

/// True when an interlock of the plant acts on a point.
pub(super) fn forces(plant: &Plant, interlock: usize, point: usize) -> bool {
    plant.interlocks[interlock]
        .actions
        .iter()
        .any(|forcing| forced_points(plant, forcing).any(|forced| forced.index() == point))
}
